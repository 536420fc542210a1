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

/// Receipts less reversals and refunds by day, as known at the end of `known`.
pub fn cash_by_day(facts: &Facts, companies: &Companies, known: Day) -> BTreeMap<Cell, BTreeMap<Day, i64>> {
    let mut cells: BTreeMap<Cell, BTreeMap<Day, i64>> = BTreeMap::new();
    for customer in 0..facts.customers() {
        for item in facts.account_of(customer, known).filter(|item| item.is_cash) {
            let cell = cells.entry((companies.company(customer), item.currency)).or_default();
            *cell.entry(item.document_date).or_default() += item.signed_amount();
        }
    }
    cells
}

/// Cash that was taken off the items open in a snapshot, by the day of the money, as known at the end of `known`.
pub fn cash_of_open_items(facts: &Facts, companies: &Companies, snapshot: &Snapshot, known: Day) -> BTreeMap<Cell, BTreeMap<Day, i64>> {
    let mut cells: BTreeMap<Cell, BTreeMap<Day, i64>> = BTreeMap::new();
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

/// Sums over periods of seven days that begin on `first`.
pub fn weekly(by_day: &BTreeMap<Day, i64>, first: Day, weeks: usize) -> Vec<f64> {
    let mut sums = vec![0_i64; weeks];
    let end = first + 7 * i32::try_from(weeks).expect("a forecast has some dozen weeks");
    for (day, amount) in by_day.range(first..end) {
        sums[usize::try_from((day - first) / 7).expect("within the range")] += amount;
    }
    sums.into_iter().map(|sum| sum as f64).collect()
}
