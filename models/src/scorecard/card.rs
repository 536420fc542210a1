//! The card itself: bins with points, and what a customer scores by it.
//!
//! A score of 600 points means odds of 50 good to 1 bad, and 20 points double the odds. Points are whole tenths: base and points of the
//! bins sum to the score of everybody, and the probability is a function of the score alone, so that nobody who adds up the card by hand
//! comes to another probability.

mod reasons;
mod scorer;

pub use reasons::{REASONS_MAX, Reason};
pub use scorer::{Matrix, Scored};

use super::bins::{Bins, Direction};
use super::calibration::Calibration;
use crate::logistic::{log_odds_of, probability_from};
use crate::random::normal_quantile;
use scorer::Scorer;
use std::f64::consts::LN_2;

/// The score at which [`ODDS_AT_ANCHOR`] hold, in points.
pub const SCORE_AT_ANCHOR: f64 = 600.0;
/// Odds of good to bad at [`SCORE_AT_ANCHOR`].
pub const ODDS_AT_ANCHOR: f64 = 50.0;
/// Points that double the odds.
pub const POINTS_TO_DOUBLE: f64 = 20.0;
/// Tenths of a point per unit of log-odds.
const TENTHS_PER_LOG_ODDS: f64 = 10.0 * POINTS_TO_DOUBLE / LN_2;
/// No bin has more points than this, in tenths: sums stay whole numbers whatever an expert writes down.
const TENTHS_MAX: f64 = 1e6;

/// A characteristic of a card.
#[derive(Clone, Debug, PartialEq)]
pub struct CardCharacteristic {
    /// What it is called.
    pub name: String,
    /// Its position among the characteristics of the sample: where rows to be scored have it.
    pub column: usize,
    /// Which way it is riskier.
    pub direction: Direction,
    /// Its bins with weights of evidence.
    pub bins: Bins,
    /// Log-odds per unit of weight of evidence, > 0, calibrated.
    pub coefficient: f64,
    /// Points of each bin, in tenths; riskier bins have fewer, and a bin as risky as all rows has none.
    pub points_tenths: Vec<i32>,
}

/// Where the interval of a probability comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Uncertainty {
    /// C, the covariance of the intercept and the coefficients, row-major: log-odds ± z · √(xᵀ · C · x), where x is 1 and the weight of
    /// evidence of each characteristic of the card.
    Covariance(Vec<f64>),
    /// What to add to the log-odds for the lower and the upper bound, the same for all; infinite where a bound is 0 or 1.
    Shift {
        /// ≤ 0.
        lower: f64,
        /// ≥ 0.
        upper: f64,
    },
}

/// A scorecard, fitted or an expert's. Its fields are all there is to it: written down and read back, it scores the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// In the order of declaration.
    pub characteristics: Vec<CardCharacteristic>,
    /// Log-odds where every weight of evidence is 0, calibrated.
    pub intercept: f64,
    /// Points of everybody, in tenths.
    pub base_tenths: i32,
    /// For the interval.
    pub uncertainty: Uncertainty,
    /// Probability of the interval, between 0 and 1: 0.9.
    pub level: f64,
}

/// What a row's score is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreParts {
    /// `base_tenths` of the card + Σ `points_tenths`.
    pub score_tenths: i32,
    /// Bin of each characteristic of the card.
    pub bins: Vec<usize>,
    /// Points of each characteristic of the card, in tenths.
    pub points_tenths: Vec<i32>,
    /// Of the event, by the score alone.
    pub probability: f64,
    /// Lower bound.
    pub probability_lower: f64,
    /// Upper bound.
    pub probability_upper: f64,
    /// Up to four, the most points lost first.
    pub reasons: Vec<Reason>,
}

/// The probability that belongs to a score: 1 ÷ (1 + 50 · 2^((score − 600) ÷ 20)).
///
/// `score_tenths`: in tenths of a point. The result lies between 0 and 1.
///
/// ```
/// use arrears_models::scorecard::card::probability_of_score;
/// assert_eq!([6_000, 6_200, 5_800].map(probability_of_score), [1.0 / 51.0, 1.0 / 101.0, 1.0 / 26.0]);
/// ```
///
/// Source: N. Siddiqi (2017), *Intelligent Credit Scoring*, 2nd edition, chapter 10, section "Scorecard Scaling".
pub fn probability_of_score(score_tenths: i32) -> f64 {
    let doublings = (f64::from(score_tenths) / 10.0 - SCORE_AT_ANCHOR) / POINTS_TO_DOUBLE;
    1.0 / (1.0 + ODDS_AT_ANCHOR * doublings.exp2())
}

/// The score that belongs to a probability, rounded to a tenth: the inverse of [`probability_of_score`], within ± 1,000,000 tenths.
///
/// ```
/// use arrears_models::scorecard::card::{probability_of_score, score_of_probability};
/// assert_eq!((score_of_probability(1.0 / 51.0), score_of_probability(probability_of_score(5_437))), (6_000, 5_437));
/// ```
pub fn score_of_probability(probability: f64) -> i32 {
    base_of(log_odds_of(probability))
}

/// Log-odds of the event at a score.
fn log_odds_of_score(score_tenths: i32) -> f64 {
    let doublings = (f64::from(score_tenths) / 10.0 - SCORE_AT_ANCHOR) / POINTS_TO_DOUBLE;
    -ODDS_AT_ANCHOR.ln() - doublings * LN_2
}

fn base_of(log_odds: f64) -> i32 {
    tenths(10.0 * SCORE_AT_ANCHOR - TENTHS_PER_LOG_ODDS * (log_odds + ODDS_AT_ANCHOR.ln()))
}

fn tenths(points: f64) -> i32 {
    points.round().clamp(-TENTHS_MAX, TENTHS_MAX) as i32
}

impl CardCharacteristic {
    /// With the points that its coefficient gives its bins.
    pub fn new(name: String, column: usize, direction: Direction, bins: Bins, coefficient: f64) -> CardCharacteristic {
        let points_tenths = bins.bins.iter().map(|bin| tenths(-TENTHS_PER_LOG_ODDS * coefficient * bin.woe)).collect();
        CardCharacteristic { name, column, direction, bins, coefficient, points_tenths }
    }
}

impl Scorecard {
    /// A card whose points follow from its coefficients.
    pub fn new(characteristics: Vec<CardCharacteristic>, intercept: f64, uncertainty: Uncertainty, level: f64) -> Scorecard {
        Scorecard { characteristics, intercept, base_tenths: base_of(intercept), uncertainty, level }
    }

    /// Scores one row: `values` of all declared characteristics.
    ///
    /// # Panics
    ///
    /// When there are fewer values than the card's characteristics refer to.
    pub fn score_of(&self, values: &[f32]) -> ScoreParts {
        let bins: Vec<usize> = self.characteristics.iter().map(|part| part.bins.bin_of(values[part.column])).collect();
        let points_tenths: Vec<i32> = self.characteristics.iter().zip(&bins).map(|(part, bin)| part.points_tenths[*bin]).collect();
        let scored = Scorer::of(self).score(|place| bins[place]);
        ScoreParts {
            score_tenths: scored.score_tenths,
            points_tenths,
            probability: scored.probability[1],
            probability_lower: scored.probability[0],
            probability_upper: scored.probability[2],
            reasons: scored.reasons.into_iter().flatten().collect(),
            bins,
        }
    }

    /// Scores many rows, on all threads: each as [`Scorecard::score_of`] does.
    ///
    /// # Panics
    ///
    /// When a column that the card refers to is not there, columns differ in length, or rows are not whole.
    pub fn score_all(&self, rows: &Matrix) -> Scored {
        Scorer::of(self).score_all(rows)
    }

    /// Log-odds by the coefficients, before anything is rounded to points: for fits and calibrations. `values` of all declared
    /// characteristics.
    ///
    /// # Panics
    ///
    /// As [`Scorecard::score_of`].
    pub fn log_odds(&self, values: &[f32]) -> f64 {
        self.log_odds_by(|column| values[column])
    }

    pub(super) fn log_odds_by(&self, value_of: impl Fn(usize) -> f32) -> f64 {
        let part = |part: &CardCharacteristic| part.coefficient * part.bins.bins[part.bins.bin_of(value_of(part.column))].woe;
        self.characteristics.iter().fold(self.intercept, |sum, characteristic| sum + part(characteristic))
    }

    /// The card with a calibration folded into its intercept, its coefficients and its points.
    ///
    /// z' = α + β · z. Its covariance is β² · x̃ᵀ · C · x̃ + (1, z) · K · (1, z)ᵀ, as one matrix of x = (1, weights of evidence).
    ///
    /// α, β: intercept and slope of the calibration, K their covariance. C: covariance of the card. x̃: x less `centre`, what x is on
    /// average over the rows of the calibration, by p · (1 − p); the calibration fixes the level there, so that what the fit did not
    /// know of it no longer matters.
    ///
    /// An interval that is a shift moves along, K left out.
    ///
    /// # Panics
    ///
    /// When `centre` does not have one number a characteristic, or the slope is not above 0.
    pub fn calibrated(&self, calibration: &Calibration, centre: &[f64]) -> Scorecard {
        assert_eq!(centre.len(), self.characteristics.len(), "a weight of evidence for each characteristic is needed");
        assert!(calibration.slope > 0.0, "a slope not above 0 turns the card round: {}", calibration.slope);
        let Calibration { intercept, slope, covariance: level } = *calibration;
        let size = 1 + centre.len();
        let uncertainty = match &self.uncertainty {
            Uncertainty::Shift { lower, upper } => Uncertainty::Shift { lower: slope * lower, upper: slope * upper },
            Uncertainty::Covariance(covariance) => {
                let mut folded: Vec<f64> = centred(covariance, centre).iter().map(|element| slope * slope * element).collect();
                // z as a function of x, beside 1, which is x_0.
                let by_x: Vec<f64> =
                    std::iter::once(self.intercept).chain(self.characteristics.iter().map(|part| part.coefficient)).collect();
                for (place, element) in folded.iter_mut().enumerate() {
                    let (row, column) = (place / size, place % size);
                    let is_first = |place: usize| f64::from(u8::from(place == 0));
                    *element += level[0] * is_first(row) * is_first(column)
                        + level[1] * (is_first(row) * by_x[column] + by_x[row] * is_first(column))
                        + level[3] * by_x[row] * by_x[column];
                }
                Uncertainty::Covariance(folded)
            }
        };
        let part = |part: &CardCharacteristic| {
            CardCharacteristic::new(part.name.clone(), part.column, part.direction, part.bins.clone(), slope * part.coefficient)
        };
        let characteristics = self.characteristics.iter().map(part).collect();
        Scorecard::new(characteristics, intercept + slope * self.intercept, uncertainty, self.level)
    }

    /// How many standard errors the interval is wide on each side.
    fn standard_errors(&self) -> f64 {
        normal_quantile(0.5 + 0.5 * self.level)
    }
}

/// Lᵀ · C · L with L · x = x less the centre: what C says of (0, w − w̄).
fn centred(covariance: &[f64], centre: &[f64]) -> Vec<f64> {
    let size = 1 + centre.len();
    let mut centred = covariance.to_vec();
    // x̃_0 = 0, so that row and column 0 of C drop out; x_0 takes −w̄ in their place.
    let inner = |row: usize, column: usize| covariance[row * size + column];
    let with_centre = |row: usize| -> f64 { (1..size).map(|column| inner(row, column) * centre[column - 1]).sum() };
    let products: Vec<f64> = (1..size).map(with_centre).collect();
    for (place, product) in products.iter().enumerate() {
        centred[place + 1] = -product;
        centred[(place + 1) * size] = -product;
    }
    centred[0] = products.iter().zip(centre).map(|(product, centre)| product * centre).sum();
    centred
}

/// Lower bound, probability and upper bound of a score, the interval by what is added to the log-odds.
fn probabilities(score_tenths: i32, lower: f64, upper: f64) -> [f64; 3] {
    let (log_odds, probability) = (log_odds_of_score(score_tenths), probability_of_score(score_tenths));
    // Rounding must not put a bound on the wrong side.
    [probability_from(log_odds + lower).min(probability), probability, probability_from(log_odds + upper).max(probability)]
}
