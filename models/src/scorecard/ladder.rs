//! The ladder.

use super::calibration::{Calibration, Kind};
use super::expert::ExpertCard;
use super::fit::{self, Counts, Fitted};
use super::{Sample, Scorecard};

/// The step a card stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// All characteristics that help.
    Full,
    /// A few, strongly shrunk.
    Small,
    /// An expert's points.
    Expert,
}

impl Tier {
    /// `full`, `small` or `expert`.
    pub fn word(self) -> &'static str {
        match self {
            Tier::Full => "full",
            Tier::Small => "small",
            Tier::Expert => "expert",
        }
    }
}

/// How to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Of the full card.
    pub full: fit::Options,
    /// Of the small one.
    pub small: fit::Options,
    /// Groups with an event for the full card: 100.
    pub full_groups_min: usize,
    /// The same for the small one: 30.
    pub small_groups_min: usize,
    /// Groups with an event among the calibration rows for Platt: 100.
    pub platt_groups_min: usize,
    /// Replicates of the comparisons: 500.
    pub replicates: usize,
    /// Choose this step and no other, as far as it can be fitted.
    pub forced: Option<Tier>,
}

/// Why a step gave way.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It stands.
    Chosen,
    /// Too few groups with an event.
    TooFewEvents {
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// It could not be fitted.
    Unfit(super::Unfit),
    /// It does not tell events apart better than the rule.
    NotBetterThanRule,
    /// The small card is better, with a one-sided 90 % paired interval.
    WorseThanSmall,
    /// Another step was asked for.
    NotForced,
}

/// A step that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which.
    pub tier: Tier,
    /// What came of it.
    pub outcome: Outcome,
    /// AUC out of fold; `None` where it was not fitted, or there is one class.
    pub auc: Option<f64>,
    /// AUC of the rule on the same rows.
    pub rule_auc: Option<f64>,
}

/// A chosen card.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Calibrated.
    pub scorecard: Scorecard,
    /// The step it stands on.
    pub tier: Tier,
    /// What was tried, from the full card.
    pub tried: Vec<Trial>,
    /// How it was calibrated; `None` for the expert card and where there was nothing to calibrate on.
    pub calibration: Option<(Kind, Calibration)>,
    /// The fit behind it, before calibration; `None` for the expert card.
    pub fitted: Option<Fitted>,
    /// Log-odds of each row out of fold, **before** calibration, in the sample's order.
    pub out_of_fold: Vec<f64>,
    /// What the sample holds.
    pub counts: Counts,
    /// The same of the calibration rows.
    pub calibration_counts: Counts,
}

/// Chooses, fits and calibrates. Never fails: the expert card needs no rows.
pub fn fit_ladder(sample: &Sample, is_calibration: &[bool], rule_score: &[f64], expert: &ExpertCard, options: &Options) -> Ladder {
    let _ = (sample, is_calibration, rule_score, expert, options);
    unimplemented!()
}
