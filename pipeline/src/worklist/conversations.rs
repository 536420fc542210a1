//! What was said with customers by the end of the night's date, as known then: the last contact, and promises with what came.

use crate::ingest::load::knowledge::KnownContact;
use crate::ledger::book::{CustomerIndex, ItemIndex, Promise};
use crate::ledger::calendar::Day;
use crate::ledger::money::{RATE_ONE, divide_half_away, narrow};
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::facts::{Exit, Facts};
use std::sync::Arc;

/// The last contact with a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastContact {
    /// When.
    pub date: Day,
    /// By what means.
    pub channel: Option<Arc<str>>,
    /// With what result.
    pub outcome: Option<Arc<str>>,
    /// When somebody was last reached, which may be earlier: quiet days count from then.
    pub reached_date: Option<Day>,
}

/// A promise with what has come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseSoFar {
    /// What was promised.
    pub promise: Promise,
    /// Cash on its items from the day it was made on, no more than the promise, in its currency, ten-thousandths. Cash that keeps
    /// one promise keeps no other.
    pub received: i64,
    /// When somebody was last reached about it, or about the account.
    pub spoken_date: Option<Day>,
}

/// Everything that was said, by customer.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    contacts: Vec<(CustomerIndex, LastContact)>,
    promises: Vec<PromiseSoFar>,
}

impl Conversations {
    /// What was known at the end of `day`. Contacts with one of these outcomes reached nobody.
    pub fn at(facts: &Facts, day: Day, unreached_outcomes: &[String]) -> Self {
        let contacts: Vec<&KnownContact> = facts.contacts(day).collect();
        let promises = facts.promises(day);
        let of_customers = promises.chunk_by(|a, b| a.customer == b.customer);
        let has_reached = |contact: &KnownContact| !unreached_outcomes.iter().any(|word| contact.outcome.as_deref() == Some(word.as_str()));
        let so_far = |of_customer: &[Promise]| {
            let customer = of_customer[0].customer;
            let start = contacts.partition_point(|contact| contact.customer < customer);
            let with_customer = contacts[start..].iter().take_while(|contact| contact.customer == customer);
            let reached: Vec<&KnownContact> = with_customer.filter(|contact| has_reached(contact)).copied().collect();
            so_far(facts, of_customer, &reached, day)
        };
        Conversations {
            contacts: contacts
                .chunk_by(|a, b| a.customer == b.customer)
                .map(|of_customer| (of_customer[0].customer, last(of_customer, has_reached)))
                .collect(),
            promises: of_customers.flat_map(so_far).collect(),
        }
    }

    /// The last contact with a customer.
    pub fn last_contact(&self, customer: CustomerIndex) -> Option<&LastContact> {
        let place = self.contacts.binary_search_by_key(&customer, |(of, _)| *of).ok()?;
        Some(&self.contacts[place].1)
    }

    /// The promises of a customer, the earliest promised date first.
    pub fn promises(&self, customer: CustomerIndex) -> &[PromiseSoFar] {
        let of = |promise: &PromiseSoFar| promise.promise.customer;
        let start = self.promises.partition_point(|promise| of(promise) < customer);
        let count = self.promises[start..].partition_point(|promise| of(promise) <= customer);
        &self.promises[start..start + count]
    }
}

/// The last of a customer's contacts, which come by date.
fn last(contacts: &[&KnownContact], has_reached: impl Fn(&KnownContact) -> bool) -> LastContact {
    let last = contacts[contacts.len() - 1];
    LastContact {
        date: last.contact_date,
        channel: last.channel.clone(),
        outcome: last.outcome.clone(),
        reached_date: contacts.iter().rev().find(|contact| has_reached(contact)).map(|contact| contact.contact_date),
    }
}

/// A part of an item that was paid, and how much of it no promise has claimed yet.
struct Cash {
    item: ItemIndex,
    currency: CurrencyIndex,
    date: Day,
    rest: i64,
}

/// Gives the cash of a customer to its promises, those promised for earlier first. `reached` are the contacts that reached it, by date.
fn so_far(facts: &Facts, promises: &[Promise], reached: &[&KnownContact], day: Day) -> Vec<PromiseSoFar> {
    let mut promises: Vec<Promise> = promises.to_vec();
    promises.sort_by(|a, b| {
        let of = |promise: &Promise| (promise.promised_date, promise.made_date, promise.amount, promise.currency);
        of(a).cmp(&of(b)).then_with(|| keys(facts, a).cmp(&keys(facts, b)))
    });
    let first = promises.iter().map(|promise| promise.made_date).min().unwrap_or(day);
    let items = facts.items_of(promises.first().map_or(0, |promise| promise.customer as usize), day).filter(|item| item.is_sale);
    let mut cash: Vec<Cash> = items
        .flat_map(|item| facts.left(item, day).map(move |left| (item, left)))
        .filter(|(_, left)| left.exit == Exit::Cash && left.effective_date >= first && left.effective_date <= day)
        .map(|(item, left)| Cash { item: item.item, currency: item.currency, date: left.effective_date, rest: left.amount })
        .collect();
    // The facts come in an order that content decides, so that equal dates do too.
    cash.sort_by_key(|cash| cash.date);
    let with_cash = promises.into_iter().map(|promise| {
        let received = claim(facts, &promise, &mut cash, day);
        let keys = keys(facts, &promise);
        let is_about = |contact: &&&KnownContact| keys.is_empty() || contact.document_key.is_none_or(|key| keys.contains(&key));
        let spoken_date = reached.iter().rev().find(is_about).map(|contact| contact.contact_date);
        PromiseSoFar { promise, received, spoken_date }
    });
    with_cash.collect()
}

/// What a promise is about, in numbers that do not depend on the order of the ledger.
fn keys(facts: &Facts, promise: &Promise) -> Vec<i64> {
    let items = facts.all_items_of(promise.customer as usize);
    let key = |wanted: &ItemIndex| items.iter().find(|item| item.item == *wanted).map_or(0, |item| item.key);
    promise.items.iter().map(key).collect()
}

/// Takes what a promise is owed from the cash, oldest first.
fn claim(facts: &Facts, promise: &Promise, cash: &mut [Cash], day: Day) -> i64 {
    let mut received = 0;
    let is_meant = |cash: &&mut Cash| {
        cash.rest > 0 && cash.date >= promise.made_date && (promise.items.is_empty() || promise.items.contains(&cash.item))
    };
    for cash in cash.iter_mut().filter(is_meant) {
        let wanted = promise.amount - received;
        if wanted <= 0 {
            break;
        }
        let value = value_in(facts, promise, cash, day);
        if value <= wanted {
            received += value;
            cash.rest = 0;
        } else {
            received += wanted;
            let used = divide_half_away(i128::from(cash.rest) * i128::from(wanted), i128::from(value));
            cash.rest -= narrow(used);
        }
    }
    received
}

/// What cash is worth in the currency of a promise, by the rates of the promised date as they are known; 0 without one.
fn value_in(facts: &Facts, promise: &Promise, cash: &Cash, day: Day) -> i64 {
    let rates = facts.rates();
    if cash.currency == promise.currency {
        return cash.rest;
    }
    let base_value = rates.value_on(cash.currency, promise.promised_date, day, cash.rest);
    match rates.on(promise.currency, promise.promised_date, day) {
        None | Some(0) => 0,
        Some(rate) => narrow(divide_half_away(i128::from(base_value) * i128::from(RATE_ONE), i128::from(rate))),
    }
}
