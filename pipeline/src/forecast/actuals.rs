//! What came in: the cash that forecasts are scored against.
//!
//! Actual cash are receipts by document date, less reversals and refunds. Of the items that were open at an origin it is
//! what receipts took off them, by the date of the money.

use super::snapshot::{Companies, Snapshot};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::facts::{Exit, Facts};
use std::collections::BTreeMap;

/// A company and a currency.
pub type Cell = (usize, CurrencyIndex);
/// Cash by company and currency and by day, document currency, ten-thousandths.
pub type CashByDay = BTreeMap<Cell, BTreeMap<Day, i64>>;

/// Receipts less reversals and refunds by day, as known at the end of `known`.
pub fn cash_by_day(facts: &Facts, companies: &Companies, known: Day) -> CashByDay {
    let mut cells = CashByDay::new();
    for customer in 0..facts.customers() {
        for item in facts.account_of(customer, known).filter(|item| item.is_cash) {
            let cell = cells.entry((companies.company(customer), item.currency)).or_default();
            *cell.entry(item.document_date).or_default() += item.signed_amount();
        }
    }
    cells
}

/// Cash that was taken off the items open in a snapshot, by the day of the money, as known at the end of `known`.
pub fn cash_of_open_items(facts: &Facts, companies: &Companies, snapshot: &Snapshot, known: Day) -> CashByDay {
    let mut cells = CashByDay::new();
    for (customer, as_of) in snapshot.customers.iter().enumerate() {
        for open in &as_of.open {
            let item = &facts.all_items_of(customer)[open.position as usize];
            let cell = cells.entry((companies.company(customer), item.currency)).or_default();
            for left in facts.left_since(item, snapshot.day, known) {
                if left.exit == Exit::Cash && left.effective_date > snapshot.day {
                    *cell.entry(left.effective_date).or_default() += left.amount;
                }
            }
        }
    }
    cells
}
