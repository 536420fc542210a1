//! The gate before the first step of the ladder: out of time the hazard must not do worse than the pooled curve below it.
//!
//! Both are fitted on the rows of four weeks earlier, and asked about the items that were open then: what share of each is paid
//! on each business day since. Where the hazard's log-loss is larger, and by more than four weeks of these customers can show by
//! chance, the fit of today stands on the curve. Nothing of a fit depends on which others are made with it.
//!
//! Responsible for the judgement. Not responsible for fitting: see `replay`.

use super::open_items::DaysAhead;
use super::payment_runs::PaymentRuns;
use super::replay::{Fitted, Forecaster};
use super::snapshot::{Sample, Snapshot};
use super::timing::TimingModel;
use super::training::Followed;
use crate::ledger::calendar::{Day, date_of};
use crate::scoring::as_of::OpenItem;
use crate::scoring::facts::Exit;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Days between a fit and the earlier one that it is judged by: those between fits.
pub const EARLIER_DAYS: i32 = 28;
/// Chances are held so far from 0 and 1.
const CERTAINTY: f64 = 1e-9;

/// A fit with what it would stand on one step below.
pub struct Candidate<'a> {
    /// The fit.
    pub fitted: Fitted<'a>,
    /// The pooled curve on the same rows, where the fit is a hazard.
    pub curve: Option<TimingModel>,
}

/// What the gate found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The day of the earlier fit.
    pub earlier: Day,
    /// Business days of items.
    pub item_days: usize,
    /// Mean log-losses of the hazard and of the curve an item-day; `None` where there was no earlier hazard, or nothing was open.
    pub log_losses: Option<(f64, f64)>,
    /// By how much the hazard's may be larger: the one-sided 90 % bound of the difference, from the differences between customers.
    pub allowance: f64,
}

impl Judged {
    /// Whether the hazard may stand.
    pub fn is_passed(&self) -> bool {
        self.log_losses.is_some_and(|(hazard, curve)| hazard <= curve + self.allowance)
    }

    /// For the model's card.
    pub fn json(&self) -> Value {
        json!({
            "gate": "the hazard does not tell payments out of time worse than the pooled curve, beyond chance (one-sided, 90 %)",
            "fitted_on": date_of(self.earlier).to_string(),
            "asked_of": "items open then, over the days until this fit",
            "item_days": self.item_days,
            "log_loss": self.log_losses.map(|(hazard, curve)| json!({ "hazard": hazard, "residual_curve": curve })),
            "allowance": self.log_losses.map(|_| self.allowance),
            "passed": self.is_passed(),
            "reason": self.log_losses.is_none().then_some("four weeks before there were too few data for a hazard, or no open items"),
        })
    }
}

/// The days of fits with those that they are judged by.
pub fn with_earlier(days: &[Day]) -> Vec<Day> {
    let all: BTreeSet<Day> = days.iter().flat_map(|day| [*day - EARLIER_DAYS, *day]).collect();
    all.into_iter().collect()
}

/// The fits of `days`, each on the step of the ladder that the gate allows it.
pub fn judged<'a>(forecaster: &Forecaster<'a>, days: &[Day], candidates: Vec<Candidate<'a>>) -> Vec<Fitted<'a>> {
    let is_asked = |candidate: &Candidate| days.contains(&candidate.fitted.day) && candidate.curve.is_some();
    let judged: BTreeMap<Day, Judged> = candidates
        .iter()
        .filter(|candidate| is_asked(candidate))
        .map(|candidate| {
            let day = candidate.fitted.day;
            let earlier = candidates.iter().find(|other| other.fitted.day == day - EARLIER_DAYS);
            (day, earlier.map_or_else(|| Judged::nothing(day), |earlier| judge(forecaster, earlier, day)))
        })
        .collect();
    let stands = |candidate: Candidate<'a>| {
        let Candidate { mut fitted, curve } = candidate;
        fitted.gate = judged.get(&fitted.day).copied();
        if let Some(curve) = curve.filter(|_| fitted.gate.is_some_and(|gate| !gate.is_passed())) {
            fitted.model = curve;
        }
        fitted
    };
    candidates.into_iter().filter(|candidate| days.contains(&candidate.fitted.day)).map(stands).collect()
}

impl Judged {
    fn nothing(day: Day) -> Self {
        Judged { earlier: day - EARLIER_DAYS, item_days: 0, log_losses: None, allowance: 0.0 }
    }
}

/// Sums over item-days: weights, and the losses of both models times them.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    item_days: usize,
    weight: f64,
    losses: [f64; 2],
}

fn judge(forecaster: &Forecaster, earlier: &Candidate, until: Day) -> Judged {
    let Candidate { fitted, curve: Some(curve) } = earlier else { return Judged::nothing(until) };
    let Forecaster { facts, companies, half_life, .. } = *forecaster;
    let sample = forecaster.sample(fitted.day);
    let runs = match sample {
        Sample::ALL => forecaster.runs(fitted),
        sample => Arc::new(PaymentRuns::learn(facts, companies, &fitted.calendars, fitted.day, sample)),
    };
    let snapshot = Snapshot::new(facts, companies, runs, fitted.day, half_life, sample);
    let days: Vec<DaysAhead> = fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, fitted.day, until)).collect();
    let models = [&fitted.model, curve];
    let of_customer = |customer: usize| {
        let open = snapshot.customers[customer].open.iter();
        open.fold(Sums::default(), |sums, open| {
            sums.and(of_item(forecaster, &snapshot, models, &days[companies.company(customer)], (customer, open), until))
        })
    };
    // Added up in the order of the customers, whichever thread has looked at them.
    let parts: Vec<Sums> = (0..facts.customers()).into_par_iter().map(of_customer).collect();
    let sums = parts.iter().copied().fold(Sums::default(), Sums::and);
    let log_losses = (sums.weight > 0.0).then(|| (sums.losses[0] / sums.weight, sums.losses[1] / sums.weight));
    Judged { earlier: fitted.day, item_days: sums.item_days, log_losses, allowance: allowance(&parts) }
}

/// The 90 % quantile of the normal distribution.
const ONE_SIDED_90: f64 = 1.281_551_565_544_6;

/// How far the mean difference of the losses may lie above 0 by chance: its standard error as a ratio of sums over customers, whose
/// items are late together, times the quantile.
fn allowance(customers: &[Sums]) -> f64 {
    let sums = customers.iter().copied().fold(Sums::default(), Sums::and);
    if sums.weight <= 0.0 {
        return 0.0;
    }
    let mean = (sums.losses[0] - sums.losses[1]) / sums.weight;
    let squares = customers.iter().map(|of| (of.losses[0] - of.losses[1] - mean * of.weight).powi(2)).sum::<f64>();
    ONE_SIDED_90 * squares.sqrt() / sums.weight
}

impl Sums {
    fn and(self, other: Sums) -> Sums {
        Sums {
            item_days: self.item_days + other.item_days,
            weight: self.weight + other.weight,
            losses: [self.losses[0] + other.losses[0], self.losses[1] + other.losses[1]],
        }
    }
}

/// What both models said of an item's days, and what came: each day weighs as much as was still there, as in a fit.
fn of_item(
    forecaster: &Forecaster,
    snapshot: &Snapshot,
    models: [&TimingModel; 2],
    days: &DaysAhead,
    (customer, open): (usize, &OpenItem),
    until: Day,
) -> Sums {
    let item = &forecaster.facts.all_items_of(customer)[open.position as usize];
    let Some(followed) = Followed::new(forecaster.facts, item, open, snapshot.day, until) else { return Sums::default() };
    let features = snapshot.features(customer, item, open);
    let said = models.map(|model| {
        let rows = || super::design::Rows::new(&features, snapshot.habits.of(customer), item.document_date, days.past());
        cash_hazards(&model.left(&features, rows, days.days()))
    });
    let mut sums = Sums::default();
    let mut there = 1.0;
    let mut exits = followed.exits.iter().peekable();
    for (place, day) in days.days().iter().enumerate() {
        let (mut paid, mut left) = (0.0, 0.0);
        while let Some((_, exit, share)) = exits.next_if(|(date, _, _)| *date <= day.day) {
            paid += if *exit == Exit::Cash { *share } else { 0.0 };
            left += share;
        }
        let target = f64::min(paid / there, 1.0);
        sums.item_days += 1;
        sums.weight += there;
        for (loss, said) in sums.losses.iter_mut().zip(&said) {
            *loss += there * log_loss(said[place], target);
        }
        there -= left;
        if there < 1e-9 {
            break;
        }
    }
    sums
}

/// What it costs to have said `probability` of a share: infinite for a certainty that fails, which nothing here may claim.
fn log_loss(probability: f64, share: f64) -> f64 {
    let probability = probability.clamp(CERTAINTY, 1.0 - CERTAINTY);
    -(share * probability.ln() + (1.0 - share) * (-probability).ln_1p())
}

/// The chance of cash on each day of what is still there, from the shares that have left by each exit.
fn cash_hazards(left: &[[f64; 3]]) -> Vec<f64> {
    let mut before = [0.0; 3];
    left.iter()
        .map(|left| {
            let there = 1.0 - before.iter().sum::<f64>();
            let hazard = if there > 1e-9 { ((left[0] - before[0]) / there).clamp(0.0, 1.0) } else { 1.0 };
            before = *left;
            hazard
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrears_models::hazard::incidence;

    #[test]
    fn hazards_are_what_shares_were_made_from() {
        let made = [[0.1, 0.02, 0.0], [0.5, 0.0, 0.01], [0.98, 0.0, 0.0], [0.3, 0.0, 0.0]];
        for (found, made) in cash_hazards(&incidence(made.into_iter())).iter().zip(made) {
            assert!((found - made[0]).abs() < 1e-9, "{found} {}", made[0]);
        }
    }

    #[test]
    fn every_fit_has_one_four_weeks_before() {
        assert_eq!(with_earlier(&[100, 128, 163]), [72, 100, 128, 135, 163]);
    }

    #[test]
    fn the_hazard_stands_where_it_is_no_worse() {
        let judged = |log_losses| Judged { earlier: 0, item_days: 9, log_losses, allowance: 0.01 };
        let losses = [Some((0.2, 0.3)), Some((0.2, 0.2)), Some((0.209, 0.2)), Some((0.3, 0.2)), None];
        assert_eq!(losses.map(|losses| judged(losses).is_passed()), [true, true, true, false, false]);
    }

    #[test]
    fn what_chance_can_do_is_seen_between_customers() {
        let customer = |weight, hazard, curve| Sums { item_days: 1, weight, losses: [hazard, curve] };
        // Differences 1, −1 and 3 on weights of 10: their mean is 0.1, they lie 0, −2 and 2 from it, and √8 ÷ 30 is the error.
        let customers = [customer(10.0, 3.0, 2.0), customer(10.0, 1.0, 2.0), customer(10.0, 4.0, 1.0)];
        assert!((allowance(&customers) - ONE_SIDED_90 * 8.0_f64.sqrt() / 30.0).abs() < 1e-12);
        // Customers that all say the same leave nothing to chance.
        assert!(allowance(&[customer(10.0, 3.0, 2.0); 3]).abs() < 1e-12);
        assert_eq!(allowance(&[]), 0.0);
    }
}
