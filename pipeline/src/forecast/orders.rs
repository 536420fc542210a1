//! Orders that are not invoiced yet: billing that is already known.
//!
//! An order is billed on the day on which its invoice is expected. Where that day has passed the invoice is only late, and
//! is taken for the next day; an order that has waited for a month will hardly be invoiced and is left aside.

use super::snapshot::Companies;
use crate::ingest::load::knowledge::KnownOrder;
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
    all: Vec<Order>,
    /// What is ordered of each company and currency, by week of the expected invoice after the origin.
    by_week: BTreeMap<(usize, CurrencyIndex), Vec<f64>>,
}

impl Orders {
    /// The orders that were known and not invoiced at the end of `origin`, customer by customer.
    pub fn at(facts: &Facts, companies: &Companies, origin: Day) -> Self {
        let known = facts.orders(origin).filter(|order| order.amount > 0 && order.expected_invoice_date > origin - STALE_AFTER_DAYS);
        let mut orders = Orders::default();
        for known in known {
            let KnownOrder { customer, currency, amount, expected_invoice_date } = *known;
            let billed = expected_invoice_date.max(origin + 1);
            let week = usize::try_from((billed - origin - 1) / 7).expect("billed after the origin");
            let by_week = orders.by_week.entry((companies.company(customer as usize), currency)).or_default();
            by_week.resize(by_week.len().max(week + 1), 0.0);
            by_week[week] += amount as f64;
            orders.all.push(Order { customer, currency, amount, billed });
        }
        orders
    }

    /// The orders.
    pub fn all(&self) -> &[Order] {
        &self.all
    }

    /// The weekly billing of a company in a currency after the origin, beyond what is ordered for the week: ≥ 0, in the unit of
    /// `level`, document currency, ten-thousandths.
    pub fn beyond(&self, cell: (usize, CurrencyIndex), mut level: Vec<f64>) -> Vec<f64> {
        if let Some(ordered) = self.by_week.get(&cell) {
            level.iter_mut().zip(ordered).for_each(|(level, ordered)| *level = (*level - ordered).max(0.0));
        }
        level
    }
}
