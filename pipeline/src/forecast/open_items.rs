//! What is open at an origin, and when it is expected to leave.
//!
//! A customer's unapplied credits are taken off first, from what has been due longest: that money is already in. Each item
//! then has a curve: the shares of it that have left by cash, credit and write-off after each business day.

use super::design::{DayFeatures, FOLLOWED_BEFORE_DAYS, Rows};
use super::direct_debits::{DirectDebits, collected};
use super::promises::{Promised, Promises};
use super::snapshot::{Companies, Snapshot};
use super::timing::{Tier, TimingModel};
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::as_of::OpenItem;
use crate::scoring::facts::{DebitItem, Facts};
use rayon::prelude::*;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// The business days after an origin on which a company's items may leave, and those before it on which they might have.
#[derive(Clone, Debug)]
pub struct DaysAhead {
    past: Vec<DayFeatures>,
    days: Vec<DayFeatures>,
}

impl DaysAhead {
    /// The business days after `origin`, up to `last`.
    pub fn new(calendar: &BusinessCalendar, origin: Day, last: Day) -> Self {
        let between = |from: Day, to: Day| {
            let days = calendar.index(from + 1)..calendar.index(to + 1);
            days.map(|index| DayFeatures::new(calendar, calendar.day_at(index))).collect()
        };
        DaysAhead { past: between(origin - FOLLOWED_BEFORE_DAYS, origin), days: between(origin, last) }
    }

    /// The days before the origin, in order.
    pub fn past(&self) -> &[DayFeatures] {
        &self.past
    }

    /// The days, in order.
    pub fn days(&self) -> &[DayFeatures] {
        &self.days
    }
}

/// An open item at an origin.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Whose.
    pub customer: u32,
    /// The item as it was known.
    pub open_item: OpenItem,
    /// In what.
    pub currency: CurrencyIndex,
    /// What is open after unapplied credits, document currency, ten-thousandths, ≥ 0.
    pub amount: i64,
    /// Shares that have left by cash, credit and write-off after each of the company's [`DaysAhead`], promises left aside.
    pub left: Vec<[f64; 3]>,
    /// What is promised of it.
    pub promised: Option<Promised>,
    /// Whether it is collected by direct debit on its due date: no model stands behind the shares.
    pub is_collected: bool,
    /// Names the item's random draws: the same wherever and in whatever order the ledger is read.
    pub name: u64,
}

impl Expected {
    /// What stands behind the shares, as it is published: the model's step of the ladder, or the direct debit.
    pub fn tier_word(&self, tier: Tier) -> &'static str {
        if self.is_collected { super::direct_debits::WORD } else { tier.word() }
    }

    /// Share of the item paid after each day, kept promises included; `days` are those of the company.
    pub fn paid<'a>(&'a self, days: &'a DaysAhead) -> impl Iterator<Item = f64> + 'a {
        let promised = self.promised.map(|promised| (promised.date, self.kept_share()));
        days.days().iter().zip(&self.left).map(move |(day, left)| match promised {
            None => left[0],
            Some((date, kept)) => f64::from(u8::from(day.day >= date)) * kept + (1.0 - kept) * left[0],
        })
    }

    /// Share of the item that is expected to be paid because it was promised.
    pub fn kept_share(&self) -> f64 {
        self.promised.map_or(0.0, |promised| promised.kept_rate * promised.amount as f64 / self.amount as f64)
    }
}

/// Every open item of a snapshot with its curve, customer by customer.
pub fn expected_items(
    facts: &Facts,
    companies: &Companies,
    snapshot: &Snapshot,
    model: &TimingModel,
    days: &[DaysAhead],
    promises: &Promises,
    direct_debits: &DirectDebits,
) -> Vec<Expected> {
    let of_customer = |customer: usize| {
        let days = &days[companies.company(customer)];
        let items = facts.all_items_of(customer);
        let balances = after_credits(facts, snapshot, customer);
        let promised = promises.of(facts, companies, customer, &balances);
        let names = names(companies.name(customer), items, &balances);
        let described = balances.into_iter().zip(promised).zip(names);
        described
            .map(|(((open_item, amount), promised), name)| {
                let item = &items[open_item.position as usize];
                let is_collected = direct_debits.collect(customer, &open_item, snapshot);
                let left = match is_collected {
                    true => collected(&open_item, days.days()),
                    false => {
                        let features = snapshot.features(customer, item, &open_item);
                        let rows = || Rows::new(&features, snapshot.habits.of(customer), item.document_date, days.past());
                        model.left(&features, rows, days.days())
                    }
                };
                let customer = u32::try_from(customer).expect("customers are counted in 32 bits");
                // What is collected needs no promise.
                let promised = promised.filter(|_| !is_collected);
                Expected { customer, open_item, currency: item.currency, amount, left, promised, is_collected, name }
            })
            .collect::<Vec<_>>()
    };
    (0..facts.customers()).into_par_iter().flat_map_iter(of_customer).collect()
}

/// A number for each item, from its customer, dates and amount; items that have all of these in common are numbered.
fn names(customer: u64, items: &[DebitItem], balances: &[(OpenItem, i64)]) -> Vec<u64> {
    let mut seen: BTreeMap<(Day, Day, i64, i64), u64> = BTreeMap::new();
    balances
        .iter()
        .map(|(open, _)| {
            let item = &items[open.position as usize];
            let alike = seen.entry((item.document_date, item.due_date, item.amount, open.open)).or_default();
            *alike += 1;
            let mut bytes = customer.to_le_bytes().to_vec();
            for number in [i64::from(item.document_date), i64::from(item.due_date), item.amount, open.open] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend(alike.to_le_bytes());
            xxh3_64(&bytes)
        })
        .collect()
}

/// The open items of a customer with what its unapplied credits leave of them.
pub fn after_credits(facts: &Facts, snapshot: &Snapshot, customer: usize) -> Vec<(OpenItem, i64)> {
    let as_of = &snapshot.customers[customer];
    let items = facts.all_items_of(customer);
    let mut balances: Vec<(OpenItem, i64)> = as_of.open.iter().map(|open| (*open, open.open)).collect();
    balances.sort_by_key(|(open, _)| (open.due_date, open.position));
    for (currency, credit) in &as_of.unapplied {
        let mut credit = (*credit).max(0);
        for (open, amount) in &mut balances {
            if items[open.position as usize].currency == *currency {
                let used = credit.min(*amount);
                *amount -= used;
                credit -= used;
            }
        }
    }
    balances
}
