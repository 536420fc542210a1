//! Orders that are not invoiced yet: billing that is already known.
//!
//! An order is billed on the day on which its invoice is expected. Where that day has passed the invoice is only late, and
//! is taken for the next day; an order that has waited for a month will hardly be invoiced and is left aside.

use super::snapshot::Companies;
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::facts::Facts;
use std::collections::BTreeMap;

/// Days after the expected invoice date from which an order is left aside.
const STALE_AFTER_DAYS: i32 = 30;

/// An order as it was known at an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whose.
    pub customer: u32,
    /// In what.
    pub currency: CurrencyIndex,
    /// How much, document currency, ten-thousandths, > 0.
    pub amount: i64,
    /// The day after the origin on which it is taken to be billed.
    pub billed: Day,
}

/// Orders as known at the end of a day.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    origin: Day,
    all: Vec<Order>,
}

impl Orders {
    /// The orders that were known and not invoiced at the end of `origin`, customer by customer.
    pub fn at(facts: &Facts, origin: Day) -> Self {
        let known = facts.orders(origin).filter(|order| order.amount > 0 && order.expected_invoice_date > origin - STALE_AFTER_DAYS);
        let all = known.map(|order| Order {
            customer: order.customer,
            currency: order.currency,
            amount: order.amount,
            billed: order.expected_invoice_date.max(origin + 1),
        });
        Orders { origin, all: all.collect() }
    }

    /// The orders.
    pub fn all(&self) -> &[Order] {
        &self.all
    }

    /// What is ordered of each company and currency, by week of the expected invoice after the origin, document currency,
    /// ten-thousandths.
    pub fn by_week(&self, companies: &Companies, weeks: usize) -> BTreeMap<(usize, CurrencyIndex), Vec<f64>> {
        let mut cells: BTreeMap<(usize, CurrencyIndex), Vec<f64>> = BTreeMap::new();
        for order in &self.all {
            let key = (companies.company(order.customer as usize), order.currency);
            let of_cell = cells.entry(key).or_insert_with(|| vec![0.0; weeks]);
            let week = usize::try_from((order.billed - self.origin - 1) / 7).expect("billed after the origin");
            if let Some(sum) = of_cell.get_mut(week) {
                *sum += order.amount as f64;
            }
        }
        cells
    }
}
