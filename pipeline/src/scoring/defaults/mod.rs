//! Who defaulted, when, and whether it is over: the event that the risk model learns from.
//!
//! A customer defaults on the first day on which its undisputed amount 90 days past due, less its unapplied credits, reaches the
//! threshold of that day; on the day a write-off above the threshold counts; on the day of its insolvency, or on which its debt is
//! given to an agency. It is cured after 90 clean days with a payment among or after them. Every number is in [`Rule`].
//!
//! Technical cases are no defaults: the amount is disputed by a dispute that was opened within 30 days of the due date, unapplied
//! credits cover it, or the invoice was reversed by a credit note. They are listed apart.
//!
//! Responsible for the rule. What stood in the books on each day comes from `facts`; those of a night are in hindsight (labels are
//! what the run knows), those of an earlier month end as they were known (a population may not know more).

mod cure;
mod sweep;
#[cfg(test)]
mod tests;

use crate::forecast::snapshot::Companies;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use rayon::prelude::*;

pub use cure::Cure;

/// What a default is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// So many days past due, and no fewer.
    pub days_past_due: i32,
    /// The threshold is at least this much: base currency, ten-thousandths.
    pub amount_min: i64,
    /// And at least this share of the day's exposure, in millionths.
    pub exposure_share_min: i64,
    /// A dispute opened later than so many days after the due date does not stop the days from counting.
    pub dispute_within_days: i32,
    /// So many clean days cure.
    pub cure_days: i32,
}

impl Default for Rule {
    fn default() -> Self {
        Rule { days_past_due: 90, amount_min: 1_000_000, exposure_share_min: 10_000, dispute_within_days: 30, cure_days: 90 }
    }
}

impl Rule {
    /// What an amount must reach on a day with this exposure, both in base currency, ten-thousandths.
    pub fn threshold(&self, exposure: i128) -> i128 {
        let share = exposure.max(0) * i128::from(self.exposure_share_min);
        i128::from(self.amount_min).max((share + 999_999).div_euclid(1_000_000)).max(1)
    }
}

/// Why a customer is in default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It is insolvent.
    Insolvency,
    /// Its debt was given to an agency.
    Agency,
    /// A write-off.
    WriteOff,
    /// Too much is too long past due.
    DaysPastDue,
}

impl Cause {
    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Insolvency => "insolvency",
            Cause::Agency => "agency",
            Cause::WriteOff => "write_off",
            Cause::DaysPastDue => "days_past_due",
        }
    }
}

/// Why something that looks like a default is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Technical {
    /// The invoice was reversed.
    Reversed,
    /// It is disputed, and was in time.
    Disputed,
    /// Unapplied credits cover it.
    UnappliedCredits,
}

impl Technical {
    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Technical::Reversed => "invoice_reversed",
            Technical::Disputed => "disputed_in_time",
            Technical::UnappliedCredits => "unapplied_credits",
        }
    }
}

/// A default, or what only looks like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultEvent {
    /// Whose.
    pub customer: u32,
    /// The day.
    pub event_date: Day,
    /// Why.
    pub cause: Cause,
    /// Why it is none; `None` for a default.
    pub technical: Option<Technical>,
    /// What was past due, was written off, or was open: base currency at the documents' dates, ten-thousandths.
    pub amount: i64,
    /// What it had to reach.
    pub threshold: i64,
    /// Open debit items at the end of the day, and what was written off on it.
    pub exposure: i64,
    /// The day from which it is over; `None` while it lasts, and for what is none.
    pub cured_date: Option<Day>,
}

/// Every default of a ledger, by customer and date.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    events: Vec<DefaultEvent>,
    offsets: Vec<u32>,
}

impl Defaults {
    /// Looks at all customers up to the end of `end`.
    pub fn new(facts: &Facts, rule: &Rule, end: Day) -> Self {
        let of_customers: Vec<Vec<DefaultEvent>> =
            (0..facts.customers()).into_par_iter().map(|customer| sweep::events(facts, customer, rule, end)).collect();
        let mut defaults = Defaults { events: Vec::new(), offsets: vec![0] };
        for events in of_customers {
            defaults.events.extend(events);
            defaults.offsets.push(u32::try_from(defaults.events.len()).expect("defaults are counted in 32 bits"));
        }
        defaults
    }

    /// All of them, technical cases included, by customer and date.
    pub fn all(&self) -> &[DefaultEvent] {
        &self.events
    }

    /// The defaults of a customer, oldest first, without technical cases.
    pub fn of(&self, customer: usize) -> impl Iterator<Item = &DefaultEvent> {
        let range = self.offsets[customer] as usize..self.offsets[customer + 1] as usize;
        self.events[range].iter().filter(|event| event.technical.is_none())
    }

    /// The default that a customer is in at the end of `day`.
    pub fn current(&self, customer: usize, day: Day) -> Option<&DefaultEvent> {
        self.of(customer).find(|event| event.event_date <= day && event.cured_date.is_none_or(|cured| day < cured))
    }

    /// The first default of a customer after `day` and not after `until`.
    pub fn first_between(&self, customer: usize, day: Day, until: Day) -> Option<&DefaultEvent> {
        self.of(customer).find(|event| day < event.event_date && event.event_date <= until)
    }
}

/// Which customers belong together: those of one parent, by the number of the first of them.
#[derive(Clone, Debug)]
pub struct Families(Vec<u32>);

impl Families {
    /// The families of a ledger as they are known now. `companies` names customers that the ledger has no row of.
    pub fn new(facts: &Facts, companies: &Companies, day: Day) -> Self {
        use std::collections::HashMap;
        let parents: HashMap<i64, i64> = (0..facts.customers())
            .filter_map(|customer| facts.customer_row(customer, day))
            .map(|known| (known.fact.key, known.fact.parent))
            .collect();
        let root = |key: i64| {
            let mut at = key;
            // A chain of parents that comes back to itself ends somewhere all the same.
            for _ in 0..8 {
                match parents.get(&at) {
                    Some(parent) if *parent != at && *parent != key => at = *parent,
                    Some(parent) if *parent == key => return at.min(key),
                    _ => break,
                }
            }
            at
        };
        let mut numbers: HashMap<i64, u32> = HashMap::new();
        let of_customer = (0..facts.customers()).map(|customer| {
            let own = companies.name(customer).cast_signed();
            let key = facts.customer_row(customer, day).map_or(own, |known| root(known.fact.key));
            let next = u32::try_from(customer).expect("customers are counted in 32 bits");
            *numbers.entry(key).or_insert(next)
        });
        Families(of_customer.collect())
    }

    /// The family of a customer: the number of its first member.
    pub fn of(&self, customer: usize) -> u32 {
        self.0[customer]
    }
}
