//! Numbers as people read them, in the sentences of a run.

use crate::ledger::money::{AMOUNT_ONE, display_amount};

/// `1 row`, `2 rows`, with thousands separated.
pub fn count(number: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A whole number with thousands separated.
pub fn grouped(number: u64) -> String {
    display_amount(i128::from(number) * i128::from(AMOUNT_ONE), 0)
}
