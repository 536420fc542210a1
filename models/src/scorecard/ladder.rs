//! Which card a portfolio can bear: the full one, a small one, or an expert's.
//!
//! The number of defaulted parents says what may be tried, and rows out of fold say whether it stands. A full card gives way to the small
//! one where it ranks worse than the rule of thumb, or the small one ranks better beyond chance; a small card that does not rank better
//! than the rule gives way to the expert's, which needs no data. Each step that was tried is told, with what it came to.

mod choice;
mod finish;

use super::calibration::{Calibration, Kind};
use super::comparison::AucComparison;
use super::expert::{self, ExpertCard, Observed};
use super::fit::{self, Counts, Fitted};
use super::{Sample, Scorecard, Unfit};
use std::fmt::{Display, Formatter};

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
    /// Take this step whatever the numbers say, if it can be fitted; else the expert card.
    pub forced: Option<Tier>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            full: fit::Options::full(),
            small: fit::Options::small(),
            full_groups_min: 100,
            small_groups_min: 30,
            platt_groups_min: 100,
            replicates: 500,
            forced: None,
        }
    }
}

/// What became of a step.
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
    Unfit(Unfit),
    /// It does not rank events better than the rule.
    NotBetterThanRule,
    /// It does not rank events better than the expert card.
    NotBetterThanExpert,
    /// The small card ranks better, at a one-sided 90 %.
    WorseThanSmall,
    /// A step above it stands.
    NotNeeded,
    /// Another step was asked for.
    NotForced,
}

impl Outcome {
    /// In one word, for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Chosen => "chosen",
            Outcome::TooFewEvents { .. } => "too_few_events",
            Outcome::Unfit(_) => "unfit",
            Outcome::NotBetterThanRule => "not_better_than_rule",
            Outcome::NotBetterThanExpert => "not_better_than_expert",
            Outcome::WorseThanSmall => "worse_than_small",
            Outcome::NotNeeded => "not_needed",
            Outcome::NotForced => "not_forced",
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Chosen => write!(formatter, "chosen"),
            Outcome::TooFewEvents { found, needed } => write!(formatter, "{found} defaulted parents, {needed} are needed"),
            Outcome::Unfit(unfit) => write!(formatter, "{unfit}"),
            Outcome::NotBetterThanRule => write!(formatter, "does not rank defaults better than the rule"),
            Outcome::NotBetterThanExpert => write!(formatter, "does not rank defaults better than the expert card"),
            Outcome::WorseThanSmall => write!(formatter, "ranks defaults worse than the small card"),
            Outcome::NotNeeded => write!(formatter, "a step above it stands"),
            Outcome::NotForced => write!(formatter, "another step was asked for"),
        }
    }
}

/// A step and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which.
    pub tier: Tier,
    /// What became of it.
    pub outcome: Outcome,
    /// How it ranks out of fold (first) beside the rule (second); `None` where it was not fitted, or there is one class.
    pub against_rule: Option<AucComparison>,
}

/// A chosen card.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Calibrated.
    pub scorecard: Scorecard,
    /// The step it stands on.
    pub tier: Tier,
    /// Full, small and expert, with what became of each.
    pub tried: Vec<Trial>,
    /// How it was calibrated; `None` for the expert card, whose level is its own, and where there was no row to calibrate on.
    pub calibration: Option<(Kind, Calibration)>,
    /// The fit behind it, before calibration; `None` for the expert card.
    pub fitted: Option<Fitted>,
    /// Log-odds of each row out of fold, **before** calibration, in the sample's order; of the expert card, which was not fitted to
    /// them, as they are.
    pub out_of_fold: Vec<f64>,
    /// What the sample holds.
    pub counts: Counts,
    /// The same of the calibration rows.
    pub calibration_counts: Counts,
}

/// Chooses, fits and calibrates a card.
///
/// - Full: at least `full_groups_min` groups with an event. It stands unless its AUC out of fold is below the rule's or the expert card's,
///   or the small card's is higher at a one-sided 90 % (paired cluster bootstrap).
/// - Small: at least `small_groups_min`. It stands if its AUC out of fold is above the rule's, and above the expert card's at a one-sided
///   90 %.
/// - Expert: always.
///
/// Fitted cards are calibrated on their log-odds out of fold of the rows marked `is_calibration`: level alone below `platt_groups_min`
/// groups with an event among them, or where Platt's slope would not be above 0; level and spread otherwise. Where no such row is an
/// event, or every one, their level is Jeffreys' mean.
///
/// `rule_score`: one a row, higher is riskier, NaN counts as the lowest. `expert`: its columns are those of the sample.
///
/// It does not fail: no rows, no event, nothing but events, constant and missing columns all end on the expert card.
///
/// # Panics
///
/// Where a list has another length than there are rows, or options or the expert card make no sense: see [`fit::fit`] and
/// [`super::expert::calibrated`].
pub fn fit_ladder(sample: &Sample, is_calibration: &[bool], rule_score: &[f64], expert: &ExpertCard, options: &Options) -> Ladder {
    let rows = sample.is_event.len();
    let mut lengths = sample.characteristics.iter().map(|characteristic| characteristic.values.len());
    let is_whole = lengths.all(|length| length == rows) && [is_calibration.len(), rule_score.len(), sample.group.len()] == [rows; 3];
    assert!(is_whole, "every list has one element for each of the {rows} rows");
    let calibration_rows = finish::calibration_rows(sample, is_calibration);
    let of_rows = |row: &u32| (sample.is_event[*row as usize], sample.group[*row as usize]);
    let (is_event, group): (Vec<bool>, Vec<u32>) = calibration_rows.iter().map(of_rows).unzip();
    let calibration_counts = Counts::of(&is_event, &group);
    let expert = expert::calibrated(expert, sample.characteristics, sample.is_event, Observed::of_sample(sample), options.small.level);
    let expert_log_odds: Vec<f64> = (0..rows).map(|row| expert::log_odds(&expert, sample.characteristics, row)).collect();
    let steps = choice::steps(sample, rule_score, &expert_log_odds, options);
    let mut tried = steps.tried;
    tried.push(Trial {
        tier: Tier::Expert,
        outcome: match (&steps.chosen, options.forced) {
            (None, _) => Outcome::Chosen,
            (Some(_), None) => Outcome::NotNeeded,
            (Some(_), Some(_)) => Outcome::NotForced,
        },
        against_rule: choice::against_rule(&expert_log_odds, sample, rule_score, options),
    });
    let counts = Counts::of(sample.is_event, sample.group);
    let Some((tier, fitted)) = steps.chosen else {
        let (scorecard, out_of_fold) = (expert, expert_log_odds);
        return Ladder { scorecard, tier: Tier::Expert, tried, calibration: None, fitted: None, out_of_fold, counts, calibration_counts };
    };
    let is_platt = calibration_counts.event_groups >= options.platt_groups_min;
    let (scorecard, calibration) = finish::calibrated(&fitted, sample, &calibration_rows, is_platt);
    let out_of_fold = fitted.out_of_fold.clone();
    Ladder { scorecard, tier, tried, calibration, fitted: Some(fitted), out_of_fold, counts, calibration_counts }
}
