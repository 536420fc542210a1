//! Quality of what came in: named rules, how many rows and how much money break each, and what a night does about it.
//!
//! A rule says what ought to hold of the input. Some are judged row by row when a file is read (the reason codes of the
//! quarantine), some when the ledger is loaded (rows that other rows break), the rest by looking at the whole book: a
//! duplicate, a slip of a decimal comma, a date in the wrong century. Rows that break a rule of the last kind are kept and
//! counted: they are shown, not mended. Whether that is told or forbids the night is the rule's severity, once the share of
//! rows or of amounts exceeds its threshold.
//!
//! Not responsible for the laws of the ledger ([`crate::checks`]), which know no threshold.

mod checked;
mod columns;
mod hits;
mod judge;
pub mod kept;
pub mod rules;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
pub mod tie_out;

pub use columns::{HeaderChange, delivery_before, header_changes};
pub use judge::{ALL, Input, Judged, Origin, Quality, Sums, Verdict, is_live, judge};
pub use rules::{RULES, Rule, Severity};
pub use table::quality_rules;

/// Rows that are kept of a rule that is broken; the count is exact all the same.
pub const ROWS_KEPT: usize = 10_000;
