//! How well defaults were told in advance: month ends of the past, each with the model of its day, against what came.
//!
//! A model of a month end learns from what was known by its end, labels included. What came is what is known now.
//!
//! Responsible for origins and their rows. What is measured stands in `measures`; scores of given outcomes in `outcomes`.

pub mod measures;
pub mod outcomes;

use super::model::RiskModel;
use super::scored::score;
use super::training::{TrainingRows, population, training_rows};
use super::{FINAL_AFTER_DAYS, Looking, RiskOptions, training_days};
use crate::ledger::calendar::Day;
use crate::scoring::characteristics::{CustomerRow, RiskSnapshot};
use crate::scoring::defaults::Defaults;
use crate::scoring::grades::Grade;
use arrears_models::scorecard::ladder::Tier;
use std::collections::{BTreeMap, BTreeSet};

/// A customer at an origin, what was said of it, and what came.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The month end.
    pub origin: Day,
    /// The customer.
    pub row: CustomerRow,
    /// Chance of default that was said, 0 to 1.
    pub pd: f64,
    /// The grade of that chance alone.
    pub grade: Grade,
    /// Whether it defaulted within the horizon.
    pub is_event: bool,
}

/// A model of the past.
#[derive(Clone, Debug)]
pub struct PastModel {
    /// Of which month end.
    pub origin: Day,
    /// The step it stood on.
    pub tier: Tier,
    /// Month ends it learnt from.
    pub month_ends: usize,
    /// Defaulted families among its rows.
    pub defaulted_families: usize,
    /// Characteristics of its card.
    pub characteristics: Vec<String>,
}

/// A backtest.
#[derive(Clone, Debug, Default)]
pub struct Backtest {
    /// By origin and customer.
    pub tested: Vec<Tested>,
    /// The models, oldest first.
    pub models: Vec<PastModel>,
    /// Every row that any of the models could have learnt from or was tested on, with what came by what is known now.
    pub rows: TrainingRows,
}

/// The snapshots that the origins and their models look at.
pub fn days_of(origins: &[Day], first_day: Day, options: &RiskOptions) -> BTreeSet<Day> {
    let of_models = origins.iter().flat_map(|origin| training_days(*origin, first_day, options));
    of_models.chain(origins.iter().copied()).collect()
}

/// Replays origins. `snapshots` holds [`days_of`] them, `outcomes` are the defaults in hindsight. `done` hears of each origin.
pub fn replay(
    looking: &Looking,
    snapshots: &BTreeMap<Day, RiskSnapshot>,
    origins: &[Day],
    outcomes: &Defaults,
    options: &RiskOptions,
    done: impl Fn(),
) -> Backtest {
    let mut backtest = Backtest { rows: TrainingRows::none(), ..Backtest::default() };
    for origin in origins {
        if let Some((tested, model)) = replay_origin(looking, snapshots, *origin, outcomes, options) {
            backtest.tested.extend(tested);
            backtest.models.push(model);
            done();
        }
    }
    backtest.rows = all_rows(looking, snapshots, outcomes, options);
    backtest
}

/// What the model of one month end said, and what came; `None` where `snapshots` does not hold it. The model learns from those of its
/// training days that `snapshots` holds.
pub fn replay_origin(
    looking: &Looking,
    snapshots: &BTreeMap<Day, RiskSnapshot>,
    origin: Day,
    outcomes: &Defaults,
    options: &RiskOptions,
) -> Option<(Vec<Tested>, PastModel)> {
    let snapshot = snapshots.get(&origin)?;
    let known = looking.known_defaults(origin, options);
    let days = training_days(origin, looking.first_day, options);
    // What is learnt from was known at the origin, labels too.
    let rows = training_rows(snapshots, &days, (&known, &known), origin, options);
    let model = RiskModel::fit(&rows, looking, origin, options);
    let scores = score(&model, snapshot);
    let mut place = 0;
    let mut tested = Vec::new();
    for row in population(snapshot, &known) {
        place += snapshot.rows[place..].iter().position(|of| of.customer == row.customer).expect("the population is a part of it");
        let pd = scores.probability[place];
        let is_event = outcomes.first_between(row.customer as usize, origin, origin + options.horizon_days).is_some();
        tested.push(Tested { origin, row: *row, pd, grade: Grade::of(pd), is_event });
    }
    let past = PastModel {
        origin,
        tier: model.ladder.tier,
        month_ends: model.days.len(),
        defaulted_families: model.ladder.counts.event_groups,
        characteristics: model.scorecard().characteristics.iter().map(|of| of.name.clone()).collect(),
    };
    Some((tested, past))
}

/// Every snapshot whose outcome is known, with the population as it was known then.
fn all_rows(looking: &Looking, snapshots: &BTreeMap<Day, RiskSnapshot>, outcomes: &Defaults, options: &RiskOptions) -> TrainingRows {
    let mut rows = TrainingRows::none();
    for (day, snapshot) in snapshots {
        rows.add(snapshot, &looking.known_defaults(*day, options), outcomes, options.horizon_days);
    }
    rows
}

/// Whether the outcome of an origin is known at the end of `known`.
pub fn is_matured(origin: Day, known: Day, options: &RiskOptions) -> bool {
    origin + options.horizon_days + FINAL_AFTER_DAYS <= known
}
