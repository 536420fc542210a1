//! The card.

use super::bins::{Bins, Direction};

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
    /// Points of each bin, in tenths; riskier bins have fewer.
    pub points_tenths: Vec<i32>,
}

/// Where the interval of a probability comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Uncertainty {
    /// Covariance of (1, weight of evidence of each characteristic of the card), row-major: log-odds ± z · √(xᵀ C x).
    Covariance(Vec<f64>),
    /// Log-odds to add for the lower and the upper bound, the same for all.
    Shift {
        /// ≤ 0.
        lower: f64,
        /// ≥ 0.
        upper: f64,
    },
}

/// A scorecard, fitted or an expert's.
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
    /// Probability of the interval: 0.9.
    pub level: f64,
}

/// A reason: a characteristic riskier than the portfolio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Position in [`Scorecard::characteristics`].
    pub characteristic: usize,
    /// Points below the best bin of the characteristic, in tenths, > 0.
    pub lost_tenths: i32,
}

/// What a row's score is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreParts {
    /// `base_tenths` + Σ `points_tenths`.
    pub score_tenths: i32,
    /// Bin of each characteristic of the card.
    pub bins: Vec<usize>,
    /// Points of each characteristic of the card, in tenths.
    pub points_tenths: Vec<i32>,
    /// Of the event, of the score alone.
    pub probability: f64,
    /// Lower bound.
    pub probability_lower: f64,
    /// Upper bound.
    pub probability_upper: f64,
    /// Up to four, the most points lost first.
    pub reasons: Vec<Reason>,
}

/// Rows to be scored: f32 numbers of all declared characteristics (not of those of the card only).
#[derive(Clone, Copy, Debug)]
pub enum Matrix<'a> {
    /// Row by row, `columns` numbers each.
    RowMajor {
        /// The numbers.
        values: &'a [f32],
        /// Numbers a row.
        columns: usize,
    },
    /// One slice a declared characteristic, all of one length.
    Columns(&'a [&'a [f32]]),
}

/// Scores of many rows, one element a row each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// Score in tenths.
    pub score_tenths: Vec<i32>,
    /// Of the event.
    pub probability: Vec<f64>,
    /// Lower bound.
    pub probability_lower: Vec<f64>,
    /// Upper bound.
    pub probability_upper: Vec<f64>,
    /// Up to four reasons; `None` behind the last.
    pub reasons: Vec<[Option<Reason>; 4]>,
}

/// The probability that belongs to a score in tenths of a point: 1 ÷ (1 + 50 · 2^((score − 600) ÷ 20)).
pub fn probability_of_score(score_tenths: i32) -> f64 {
    let _ = score_tenths;
    unimplemented!()
}

/// The score in tenths, rounded, that belongs to a probability.
pub fn score_of_probability(probability: f64) -> i32 {
    let _ = probability;
    unimplemented!()
}

impl Scorecard {
    /// Scores one row: `values` of all declared characteristics.
    pub fn score_of(&self, values: &[f32]) -> ScoreParts {
        let _ = values;
        unimplemented!()
    }

    /// Scores many rows, on all threads.
    pub fn score_all(&self, rows: &Matrix) -> Scored {
        let _ = rows;
        unimplemented!()
    }
}
