//! Which decisions of people hold on a day.

use crate::ingest::load::knowledge::{Known, KnownOverride, KnownRates, OverrideKind};
use crate::ledger::calendar::Day;
use crate::scoring::grades::Grade;

/// The decisions about one customer that hold on a day, as known then: of each kind the one that was made last.
#[derive(Clone, Debug, Default)]
pub struct InForce<'a> {
    holding: Vec<&'a KnownOverride>,
    /// The last day on which anything was decided, whether it still holds or not.
    pub decided: Option<Day>,
    day: Day,
}

impl<'a> InForce<'a> {
    /// Looks through every version of the decisions about one customer. A limit in a currency without a rate is nobody's.
    pub fn of(overrides: &'a [Known<KnownOverride>], rates: &KnownRates, day: Day) -> Self {
        let known = || overrides.iter().filter(|known| known.is_known(day)).map(|known| &known.fact);
        let decided = known().map(|decision| decision.made_date).filter(|made| *made <= day).max();
        let last = |kind: OverrideKind| {
            let of_kind = known().filter(|decision| decision.kind == kind && decision.holds_on(day));
            let of_kind = of_kind.filter(|decision| kind == OverrideKind::Grade || limit_of(decision, rates, day).is_some());
            // Sorted by content, so that it does not matter in which order they were read.
            of_kind.max_by_key(|decision| (decision.made_date, &decision.id))
        };
        let holding = OverrideKind::ALL.into_iter().filter(|kind| *kind != OverrideKind::Review).filter_map(last).collect();
        InForce { holding, decided, day }
    }

    /// Whether any decision holds that changes something.
    pub fn any(&self) -> bool {
        !self.holding.is_empty()
    }

    /// The grade that was decided.
    pub fn grade(&self) -> Option<Grade> {
        self.holding.iter().find(|decision| decision.kind == OverrideKind::Grade)?.grade
    }

    /// The limit that was decided, base currency at the rate of the day; nothing is allowed on hold. `None` where no decision is
    /// about the limit, or the amount has no rate.
    pub fn limit(&self, rates: &KnownRates) -> Option<i128> {
        let first = self.holding.iter().find(|decision| matches!(decision.kind, OverrideKind::Hold | OverrideKind::CreditLimit))?;
        limit_of(first, rates, self.day)
    }

    /// Something of each decision that holds, holds first, then limits, then grades; `None` without any.
    pub fn list(&self, of: impl Fn(&KnownOverride) -> &str) -> Option<String> {
        let words: Vec<&str> = self.holding.iter().map(|decision| of(decision)).collect();
        (!words.is_empty()).then(|| words.join(" | "))
    }

    /// The last day on which all of them hold.
    pub fn until(&self) -> Option<Day> {
        self.holding.iter().filter_map(|decision| decision.until_date).min()
    }
}

/// The limit that a decision sets, base currency at the rate of a day.
pub fn limit_of(decision: &KnownOverride, rates: &KnownRates, day: Day) -> Option<i128> {
    match decision.kind {
        OverrideKind::Hold => Some(0),
        OverrideKind::CreditLimit => {
            rates.on(decision.currency, day, day)?;
            Some(i128::from(rates.value_on(decision.currency, day, day, decision.amount?)))
        }
        OverrideKind::Grade | OverrideKind::Review => None,
    }
}

/// The stretch of decisions about one customer; they are sorted by customer.
pub fn of_customer(overrides: &[Known<KnownOverride>], customer: usize) -> &[Known<KnownOverride>] {
    let of = |known: &Known<KnownOverride>| known.fact.customer as usize;
    let first = overrides.partition_point(|known| of(known) < customer);
    let count = overrides[first..].partition_point(|known| of(known) == customer);
    &overrides[first..first + count]
}
