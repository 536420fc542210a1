//! How far a default is from being over.

use super::sweep::{points, stretches, sums_by_day};
use super::{DefaultEvent, Rule};
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;

/// What stands between a customer in default and the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cure {
    /// Undisputed and long past due, less unapplied credits, at the end of the day: base currency at the documents' dates,
    /// ten-thousandths, ≥ 0.
    pub counted: i64,
    /// What it must stay below.
    pub threshold: i64,
    /// The first of the clean days; `None` where the day itself is not clean.
    pub clean_from: Option<Day>,
    /// Whether it has paid since.
    pub has_paid: bool,
}

impl Cure {
    /// How a default stands at the end of `day`, which is not over by then. `facts` and `rule` are those it was found with.
    pub fn of(facts: &Facts, event: &DefaultEvent, rule: &Rule, day: Day) -> Self {
        let customer = event.customer as usize;
        let days = sums_by_day(facts, customer, rule, day);
        let standing = days.last().map(|(_, sums)| *sums).unwrap_or_default();
        let long = stretches(&days, rule, day);
        let unclean = long.iter().filter(|stretch| stretch.technical.is_none()).map(|stretch| stretch.end);
        let of_points = points(facts, customer, &days, rule, day).into_iter().map(|(day, ..)| day + 1);
        let clean_from = unclean.chain(of_points).fold(event.event_date + 1, Day::max);
        // A stretch that lasts ends on the day after the last that is looked at.
        let clean_from = Some(clean_from).filter(|from| *from <= day || !is_long(&standing, rule));
        let paid =
            |from: Day| facts.all_items_of(customer).iter().flat_map(|item| facts.cash_days(item)).any(|at| (from..=day).contains(&at));
        let money = |amount: i128| i64::try_from(amount).expect("amounts of a customer fit 64 bits of ten-thousandths");
        Cure {
            counted: money(standing.counted().max(0)),
            threshold: money(rule.threshold(standing.exposure)),
            clean_from,
            has_paid: clean_from.is_some_and(paid),
        }
    }

    /// The earliest day on which the default can be over if nothing becomes long past due again, and how it comes: from tomorrow on
    /// where the day is not clean.
    pub fn earliest(&self, rule: &Rule, day: Day) -> Day {
        self.clean_from.unwrap_or(day + 1).saturating_add(rule.cure_days).max(day + 1)
    }
}

fn is_long(sums: &super::sweep::Sums, rule: &Rule) -> bool {
    sums.counted() >= rule.threshold(sums.exposure)
}
