//! Promises to pay: how often they are kept, and what they say about open items.
//!
//! A promise that is not due yet mixes in: with the chance that promises of the company are kept the amount comes on the
//! promised date, else as the model has it.

use super::snapshot::Companies;
use crate::ledger::book::Promise;
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::as_of::OpenItem;
use crate::scoring::facts::{Exit, Facts};

/// Promises of how many days show how often they are kept.
const WINDOW_DAYS: i32 = 365;
/// A company's promises count beside so many of which half were kept.
const PRIOR: f64 = 4.0;

/// A part of an open item that is promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promised {
    /// The day on which it was promised.
    pub date: Day,
    /// How much of the item, document currency, ten-thousandths.
    pub amount: i64,
    /// The chance that it is kept.
    pub kept_rate: f64,
}

/// Promises as known at the end of a day.
pub struct Promises {
    promises: Vec<Promise>,
    day: Day,
    kept_rates: Vec<f64>,
}

impl Promises {
    /// Looks at the promises that are known at the end of `day`.
    pub fn at(facts: &Facts, companies: &Companies, day: Day) -> Self {
        let promises = facts.promises(day);
        let mut counts = vec![(0.0, 0.0); companies.count()];
        let was_due = |promise: &&Promise| promise.promised_date <= day && promise.promised_date > day - WINDOW_DAYS;
        for promise in promises.iter().filter(was_due) {
            let (kept, all) = &mut counts[companies.company(promise.customer as usize)];
            *all += 1.0;
            if cash_within(promise, facts, day) >= promise.amount {
                *kept += 1.0;
            }
        }
        let kept_rates = counts.into_iter().map(|(kept, all)| (kept + PRIOR / 2.0) / (all + PRIOR)).collect();
        Promises { promises, day, kept_rates }
    }

    /// What is promised of a customer's open items, in their order: promises of a document on its items, others on what has been
    /// due longest. `open` has what is open of each after credits. A promise of a document may be in another currency than its items:
    /// it counts by its value on the day.
    pub fn of(&self, facts: &Facts, companies: &Companies, customer: usize, open: &[(OpenItem, i64)]) -> Vec<Option<Promised>> {
        let items = facts.all_items_of(customer);
        let mut promised: Vec<Option<Promised>> = vec![None; open.len()];
        for promise in self.of_customer(customer).iter().filter(|promise| promise.promised_date > self.day) {
            let mut rest = promise.amount;
            for ((open_item, amount), found) in open.iter().zip(&mut promised) {
                let item = &items[open_item.position as usize];
                let is_meant = promise.items.is_empty() || promise.items.contains(&item.item);
                let is_comparable = item.currency == promise.currency || !promise.items.is_empty();
                if rest <= 0 || *amount <= 0 || found.is_some() || !is_meant || !is_comparable {
                    continue;
                }
                let Some(factor) = self.factor(facts, promise.currency, item.currency) else { continue };
                let taken = ((rest as f64 * factor).round() as i64).min(*amount);
                rest -= (taken as f64 / factor).round() as i64;
                if taken <= 0 {
                    continue;
                }
                let kept_rate = self.kept_rates[companies.company(customer)];
                *found = Some(Promised { date: promise.promised_date, amount: taken, kept_rate });
            }
        }
        promised
    }

    /// What one unit of a currency is in another on the day; `None` without rates.
    fn factor(&self, facts: &Facts, from: CurrencyIndex, to: CurrencyIndex) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        let rate = |currency| facts.rates().on(currency, self.day, self.day).map(|rate| rate as f64);
        rate(from).zip(rate(to)).filter(|(_, to)| *to > 0.0).map(|(from, to)| from / to)
    }

    fn of_customer(&self, customer: usize) -> &[Promise] {
        let start = self.promises.partition_point(|promise| (promise.customer as usize) < customer);
        let end = self.promises.partition_point(|promise| (promise.customer as usize) <= customer);
        &self.promises[start..end]
    }
}

/// Cash from the day a promise was made to the promised one, on its items or else on the customer's, in the promise's currency.
pub fn cash_within(promise: &Promise, facts: &Facts, day: Day) -> i64 {
    let items = facts.items_of(promise.customer as usize, day).filter(|item| item.is_sale);
    items
        .filter(|item| promise.items.is_empty() || promise.items.contains(&item.item))
        .flat_map(|item| facts.left(item, day).map(move |left| (item, left)))
        .filter(|(_, left)| left.exit == Exit::Cash && (promise.made_date..=promise.promised_date).contains(&left.effective_date))
        .map(|(item, left)| match item.currency == promise.currency {
            true => left.amount,
            // As K21 has it: other currencies count by their base value.
            false => facts.rates().value_on(item.currency, promise.promised_date, day, left.amount),
        })
        .sum()
}
