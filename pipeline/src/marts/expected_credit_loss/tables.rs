//! The published tables: `expected_credit_loss` and `expected_credit_loss_backtest`.

use super::matrix::Row;
use super::policy::View;
use crate::config::POOL_ALL;
use crate::error::Result;
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use crate::marts::frame::{dates, optional_sums, sums, texts};
use polars::prelude::*;

/// What both tables are written with.
pub struct Context<'a> {
    /// The book.
    pub book: &'a Book,
    /// The view of the matrix.
    pub view: &'a View<'a>,
    /// What counts as lost, as it is published.
    pub loss_definition: &'a str,
}

impl Context<'_> {
    /// The matrix of the night.
    ///
    /// # Errors
    /// When Polars fails.
    pub fn matrix(&self, rows: &[Row]) -> Result<DataFrame> {
        let rate = |row: &Row| row.in_force.filter(super::matrix::InForce::is_of_history).map(|in_force| in_force.rate);
        let mut columns = self.common(rows);
        columns.extend([
            texts(
                "rate_bucket",
                rows.iter()
                    .map(|row| row.in_force.map(|in_force| in_force.slot))
                    .map(|slot| self.word(slot))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(Option::as_deref),
            ),
            optional_sums("numerator", &rows.iter().map(|row| rate(row).map(|rate| rate.numerator)).collect::<Vec<_>>()),
            optional_sums("denominator", &rows.iter().map(|row| rate(row).map(|rate| rate.denominator)).collect::<Vec<_>>()),
            optional_sums("lost_amount", &rows.iter().map(|row| rate(row).map(|rate| rate.lost)).collect::<Vec<_>>()),
            optional_sums("rolled_amount", &rows.iter().map(|row| rate(row).and_then(|rate| rate.rolled)).collect::<Vec<_>>()),
            optional_sums("undetermined_amount", &rows.iter().map(|row| rate(row).map(|rate| rate.undetermined)).collect::<Vec<_>>()),
            Column::new("history_items".into(), rows.iter().map(|row| rate(row).map(|rate| rate.items)).collect::<Vec<Option<i64>>>()),
            Column::new(
                "overlay_factor".into(),
                rows.iter().map(|row| row.overlay as f64 / crate::config::FACTOR_ONE as f64).collect::<Vec<f64>>(),
            ),
            texts("judgement", rows.iter().map(|row| row.judgement)),
        ]);
        sorted(columns)
    }

    /// The matrix of an earlier day beside what followed until `end`, for what was open on it.
    ///
    /// # Errors
    /// When Polars fails.
    pub fn backtest(&self, rows: &[Row], end: Day) -> Result<DataFrame> {
        let open: Vec<Row> = rows.iter().filter(|row| row.balance.items > 0).cloned().collect();
        let mut columns = self.common(&open);
        let difference = |row: &Row| row.provision.map(|provision| provision - row.balance.lost);
        columns.extend([
            dates("matrix_date", open.iter().map(|_| Some(self.view.day))),
            dates("outcome_date", open.iter().map(|_| Some(end))),
            sums("actual_loss", open.iter().map(|row| row.balance.lost).collect()),
            sums("undetermined_amount", open.iter().map(|row| row.balance.undetermined).collect()),
            optional_sums("difference", &open.iter().map(difference).collect::<Vec<_>>()),
        ]);
        sorted(columns)
    }

    /// The columns that both tables have.
    fn common(&self, rows: &[Row]) -> Vec<Column> {
        let book = self.book;
        let words: Vec<Option<String>> = rows.iter().map(|row| self.word(Some(row.slot))).collect();
        let customer = |row: &Row| row.customer.map_or(POOL_ALL, |customer| book.customers[customer as usize].id.as_str());
        let loss_rate = |row: &Row| {
            let rate = row.in_force?.rate;
            Some(rate.numerator as f64 / rate.denominator as f64)
        };
        let unrated = |row: &Row| if row.in_force.is_some() { 0 } else { row.balance.gross };
        // customer_id ids outlive the closure's row: they are the book's.
        let customers: Vec<&str> = rows.iter().map(customer).collect();
        vec![
            texts("company_id", rows.iter().map(|row| Some(book.companies[row.company].as_str()))),
            texts("method", rows.iter().map(|row| Some(row.method.word()))),
            texts("pool", rows.iter().map(|row| Some(row.pool))),
            texts("assessment", rows.iter().map(|row| Some(row.assessment))),
            texts("customer_id", customers.into_iter().map(Some)),
            texts("bucket", words.iter().map(Option::as_deref)),
            sums("gross_amount", rows.iter().map(|row| row.balance.gross).collect()),
            Column::new("items".into(), rows.iter().map(|row| row.balance.items).collect::<Vec<i64>>()),
            Column::new("loss_rate".into(), rows.iter().map(loss_rate).collect::<Vec<Option<f64>>>()),
            texts("rate_source", rows.iter().map(|row| row.in_force.map(|in_force| in_force.source))),
            texts("reason", rows.iter().map(|row| row.reason)),
            dates("window_start", rows.iter().map(|row| row.window.map(|window| window.0))),
            dates("window_end", rows.iter().map(|row| row.window.map(|window| window.1))),
            optional_sums("provision", &rows.iter().map(|row| row.provision).collect::<Vec<_>>()),
            sums("unrated_amount", rows.iter().map(unrated).collect()),
            texts("loss_definition", rows.iter().map(|_| Some(self.loss_definition))),
        ]
    }

    fn word(&self, slot: Option<usize>) -> Option<String> {
        slot.map(|slot| self.view.buckets.due_word(slot))
    }
}

/// In the order of the published key.
fn sorted(columns: Vec<Column>) -> Result<DataFrame> {
    let key = ["company_id", "method", "pool", "assessment", "customer_id", "bucket"];
    Ok(DataFrame::new_infer_height(columns)?.sort(key, SortMultipleOptions::default())?)
}
