//! Who will default: the scorecard of a night, and what it says of each customer.
//!
//! Every month end of the last three years whose outcome is known is looked at as it was known then; a scorecard is fitted to what
//! came of it, by the ladder of `arrears_models::scorecard`, and scores everybody at the end of the date. The grades of earlier
//! month ends are those of the present model, so that no night depends on the one before.
//!
//! Responsible for rows, labels, grades and reasons. What a default is stands in `defaults`, what is read of a customer in
//! `characteristics`, the mathematics in the crate `arrears-models`.

pub mod backtest;
pub mod card;
pub mod expert;
pub mod explain;
pub mod model;
pub mod monitoring;
pub mod night;
pub mod scored;
pub mod tables;
pub mod training;

use super::characteristics::{RiskSnapshot, Sources};
use super::defaults::{Defaults, Families, Rule};
use crate::forecast::snapshot::Companies;
use crate::ledger::book::Book;
use crate::ledger::calendar::{Day, month_end, month_start};
use crate::scoring::facts::Facts;

/// An outcome counts as known so many days after its window has ended: bookings come late.
pub const FINAL_AFTER_DAYS: i32 = 10;
/// Month ends that nothing is learnt from at the beginning of a ledger: the payments behind them are too few.
const FIRST_DAYS: i32 = 180;

/// What a risk model is made with.
#[derive(Clone, Debug)]
pub struct RiskOptions {
    /// What a default is.
    pub rule: Rule,
    /// A default within so many days of a date is the event.
    pub horizon_days: i32,
    /// Month ends that are learnt from at most.
    pub history_months: u32,
    /// The step of the ladder that is forced; `None` for the best that the data allow.
    pub tier: Option<arrears_models::scorecard::ladder::Tier>,
    /// Half-life of payments in a customer's average, days.
    pub half_life_days: f64,
    /// Names the random draws.
    pub seed: u64,
}

/// What a risk model looks at.
pub struct Looking<'a> {
    /// The facts as they were known.
    pub sources: Sources<'a>,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// Which customers belong together.
    pub families: Families,
    /// The first document of the ledger.
    pub first_day: Day,
}

impl<'a> Looking<'a> {
    /// Looks at facts at the end of `day`; `first_day` is that of the first document, `None` without any.
    pub fn new(facts: &'a Facts, book: &Book, companies: &'a Companies, day: Day, first_day: Option<Day>) -> Self {
        Looking {
            sources: Sources::new(facts, book),
            companies,
            families: Families::new(facts, companies, day),
            first_day: first_day.unwrap_or(day),
        }
    }

    /// A number for a family that depends on its name alone, by which its rows stay together: the first bits of a hash.
    pub fn group(&self, family: u32) -> u32 {
        (self.companies.name(family as usize) >> 32) as u32
    }

    /// All customers at the end of `day`.
    pub fn snapshot(&self, day: Day, options: &RiskOptions) -> RiskSnapshot {
        RiskSnapshot::new(&self.sources, self.companies, &self.families, day, options.half_life_days)
    }

    /// Defaults as they were known at the end of each day, up to `day`.
    pub fn known_defaults(&self, day: Day, options: &RiskOptions) -> Defaults {
        Defaults::new(self.sources.facts, &options.rule, day)
    }
}

/// Month ends before `day`, newest first.
pub fn month_ends_before(day: Day) -> impl Iterator<Item = Day> {
    std::iter::successors(Some(month_start(day) - 1), |end| Some(month_start(*end) - 1))
        .inspect(|end| debug_assert!(month_end(*end) == *end))
}

/// The month ends that a model of `day` learns from, oldest first.
pub fn training_days(day: Day, first_day: Day, options: &RiskOptions) -> Vec<Day> {
    let newest = day - options.horizon_days - FINAL_AFTER_DAYS;
    let matured = std::iter::once(day).chain(month_ends_before(day)).filter(|end| *end <= newest && month_end(*end) == *end);
    let mut days: Vec<Day> =
        matured.take(options.history_months as usize).take_while(|end| *end >= first_day.saturating_add(FIRST_DAYS)).collect();
    days.reverse();
    days
}

/// The day before which nothing is asked of the facts of a night: the oldest month end that is learnt from, and the payments of two
/// years before it.
pub fn since(as_of: Day, options: &RiskOptions) -> Day {
    let months = i32::try_from(options.history_months).unwrap_or(600).saturating_add(1);
    as_of.saturating_sub(months.saturating_mul(31)).saturating_sub(options.horizon_days + FINAL_AFTER_DAYS + 2 * 366 + 366)
}
