//! The scorecard of a day.

use super::training::TrainingRows;
use super::{Looking, RiskOptions};
use crate::ledger::calendar::Day;
use arrears_models::scorecard::Scorecard;
use arrears_models::scorecard::ladder::Ladder;

/// A fitted model.
#[derive(Clone, Debug)]
pub struct RiskModel {
    /// As of which day.
    pub day: Day,
    /// The card, the step it stands on, what was tried.
    pub ladder: Ladder,
    /// The month ends it was learnt from, oldest first.
    pub days: Vec<Day>,
}

impl RiskModel {
    /// Fits a model of `day` to rows.
    pub fn fit(rows: &TrainingRows, looking: &Looking, day: Day, options: &RiskOptions) -> Self {
        let ladder = rows.ladder(&rows.groups(looking), &rows.is_calibration(), options);
        let mut days = rows.day.clone();
        days.dedup();
        RiskModel { day, ladder, days }
    }

    /// The card.
    pub fn scorecard(&self) -> &Scorecard {
        &self.ladder.scorecard
    }
}
