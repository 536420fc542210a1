//! `restatements` and `restatement_rows`: what earlier nights published of a period and this one says otherwise, and the
//! items that make up the difference.
//!
//! A period end is first published by the oldest night on or after it. What that night said of it is compared with what
//! this night says; only what differs is listed. To know what each item said then, the ledger is loaded once more as that
//! night saw it: a manifest records how many deliveries there were, and nothing is ever taken out of the ledger.

mod compare;
mod first_nights;
mod items;

pub use compare::CurrentTables;
pub use first_nights::{FirstNight, first_nights};

use super::frame::Sink;
use crate::error::Result;
use crate::ingest::known::LedgerView;
use crate::ingest::load::Loaded;
use crate::ingest::load::due_dates::DueDateRules;
use crate::ledger::buckets::Buckets;
use std::path::Path;

/// The night that is being built.
pub struct ThisNight<'a> {
    /// Where it is going to be published.
    pub output: &'a Path,
    /// Its ledger.
    pub view: &'a LedgerView,
    /// Its book.
    pub loaded: &'a Loaded,
    /// Its business date.
    pub as_of: i32,
    /// Its period ends, oldest first.
    pub period_ends: &'a [i32],
    /// Aging buckets.
    pub buckets: &'a Buckets,
    /// Whether customers of the same group count like others.
    pub include_intercompany: bool,
    /// ISO code of the base currency.
    pub base_currency: &'a str,
    /// What fills due dates.
    pub due_dates: DueDateRules,
}

/// Writes both tables and returns how many figures are restated. `current` holds what this night says.
///
/// # Errors
/// When an earlier night or the ledger cannot be read.
pub fn write(night: &ThisNight, current: &CurrentTables, sink: &mut impl Sink) -> Result<usize> {
    let firsts = first_nights(night.output, night.as_of, night.period_ends, night.base_currency)?;
    if firsts.is_empty() {
        return Ok(0);
    }
    let differences = compare::differences(current, &firsts)?;
    if differences.height() == 0 {
        return Ok(0);
    }
    sink.write("restatements", &differences)?;
    let restated = compare::restated(&differences, &firsts)?;
    items::write_rows(night, &firsts, &restated, sink)?;
    Ok(differences.height())
}
