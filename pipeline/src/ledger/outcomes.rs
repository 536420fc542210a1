//! What became of each invoice and debit-note item by `as_of`: the rows that payment curves and delays are made from.

use super::calendar::Day;
use super::settlement::Cause;

/// An item that was never settled has no such date.
pub const NOT_SETTLED: Day = Day::MAX;
/// An item without a due date has no delay.
pub const NO_DELAY: i32 = i32::MIN;

/// What became of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its amount in base currency at its historical rate.
    pub amount: i64,
    /// Its lane: see [`super::walk::Walked::lane_scopes`].
    pub lane: u32,
    /// Its document date.
    pub document_date: Day,
    /// The day on which it was settled, or [`NOT_SETTLED`].
    pub settled_date: Day,
    /// Days from the document date to the effective date of its settlement, or to `as_of` while it is open.
    pub age: i32,
    /// Days from the due date to the effective date, or to `as_of` while it is open; [`NO_DELAY`] without a due date.
    pub delay: i32,
    /// What most of it was settled by.
    pub cause: Cause,
    /// Whether some of it was cash.
    pub has_cash: bool,
}

impl Outcome {
    /// Whether nothing is open of it.
    pub fn is_settled(&self) -> bool {
        self.settled_date != NOT_SETTLED
    }

    /// Whether it has a due date.
    pub fn has_due_date(&self) -> bool {
        self.delay != NO_DELAY
    }
}
