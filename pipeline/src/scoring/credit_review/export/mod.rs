//! The queue as files for the system that takes it: CSV and JSON, with a versioned JSON schema.
//!
//! Responsible for saying exactly what the published table says, in the order of the queue. Money is text in JSON, because readers
//! of JSON take numbers for floats. In CSV no text can be taken for a formula: see [`csv`]. Not responsible for what is in it.

mod cells;
pub mod csv;
mod json;
pub mod schema;

use crate::catalog::credit_reviews::CREDIT_REVIEWS;
use crate::error::Result;
use crate::publish::night::StagedNight;
use cells::{Cell, cells};
use polars::prelude::DataFrame;

/// The queue, ready to be written.
pub struct Queue {
    as_of_date: String,
    base_currency: String,
    /// Cells of the columns of the catalogue, by `queue_rank`.
    rows: Vec<Vec<Cell>>,
}

impl Queue {
    /// Takes up the rows of `credit_reviews`, whether computed or read from a published night.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn of(table: &DataFrame, as_of_date: &str, base_currency: &str) -> Result<Self> {
        let ranks: Vec<Option<i64>> = table.column("queue_rank")?.i64()?.iter().collect();
        let mut rows: Vec<(Option<i64>, Vec<Cell>)> = ranks.into_iter().zip(cells(&CREDIT_REVIEWS, table)?).collect();
        rows.sort_by_key(|(rank, _)| *rank);
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Queue { as_of_date: as_of_date.to_owned(), base_currency: base_currency.to_owned(), rows })
    }

    /// How many customers are in it.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As CSV; see [`csv`].
    pub fn to_csv(&self) -> String {
        csv::written(&self.as_of_date, &self.base_currency, &self.rows)
    }

    /// As JSON that [`schema`] describes.
    pub fn to_json(&self) -> String {
        json::written(&self.as_of_date, &self.base_currency, &self.rows)
    }
}

/// Writes the queue of a night beside its tables: `exports/credit_reviews.csv`, `exports/credit_reviews.json` and the schema.
///
/// # Errors
/// When a column is missing, or the disk is full.
pub fn export(night: &mut StagedNight, table: &DataFrame, as_of_date: &str, base_currency: &str) -> Result<()> {
    let queue = Queue::of(table, as_of_date, base_currency)?;
    night.export("credit_reviews.csv", queue.to_csv().as_bytes())?;
    night.export("credit_reviews.json", queue.to_json().as_bytes())?;
    night.export(schema::FILE_NAME, schema::TEXT.as_bytes())
}
