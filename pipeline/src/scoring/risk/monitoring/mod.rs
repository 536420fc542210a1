//! Is the model still right: what models of the past said beside what came of it, and how far customers have moved from those that the
//! night's model was fitted on.
//!
//! Responsible for which month ends are judged and for the figures. The replay of a month end stands in `backtest`, the published
//! tables in `tables`; when somebody is told is decided by the checks.

pub mod drift;
pub mod performance;
pub mod tables;
#[cfg(test)]
mod tests;

pub use drift::{Drift, drift};
pub use performance::{Figure, Judgement, figures};

use super::backtest::{PastModel, Tested, replay_origin};
use super::night::NightRisk;
use super::training::TrainingRows;
use super::{Looking, training_days};
use crate::ledger::calendar::Day;

/// Month ends that are judged, each by a model fitted for it.
const JUDGED: usize = 3;
/// Months between them: of 180 days of outcome two share 90 at most.
const MONTHS_APART: usize = 3;
/// With more rows to learn from, the night's own included, one month end is judged: a fit of 31,000 takes two seconds of a processor.
pub const ROWS_FOR_ALL: usize = 50_000;

/// A month end with what its model said and what came of it.
pub struct Matured {
    /// The model of that day.
    pub model: PastModel,
    /// Its customers.
    pub tested: Vec<Tested>,
}

/// The month ends that a night judges, newest first: of those that it learns from, whose outcome is known, the newest and those a
/// quarter and two before it; the newest alone where there are many rows.
pub fn judged_days(night: &NightRisk, first_day: Day) -> Vec<Day> {
    let days = training_days(night.day, first_day, &night.options);
    days.into_iter().rev().step_by(MONTHS_APART).take(how_many(&night.rows)).collect()
}

fn how_many(rows: &TrainingRows) -> usize {
    if rows.len() > ROWS_FOR_ALL { 1 } else { JUDGED }
}

/// Replays the month ends that are judged, oldest first. Their models learn from those of their training days that the night has looked
/// at anyway, which for the oldest is half a year less than a model of that day had.
pub fn matured(looking: &Looking, night: &NightRisk, advance: impl Fn()) -> Vec<Matured> {
    let mut days = judged_days(night, looking.first_day);
    days.reverse();
    let replayed = |day: Day| {
        let replayed = replay_origin(looking, &night.snapshots, day, &night.defaults, &night.options);
        advance();
        replayed.map(|(tested, model)| Matured { model, tested })
    };
    days.into_iter().filter_map(replayed).collect()
}
