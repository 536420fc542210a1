//! The scorecard: a probability of default from a handful of characteristics, each cut into bins with points of its own.
//!
//! Bins are monotone in a direction declared beforehand ([`bins`]), their weights of evidence go through a ridge logistic regression
//! ([`fit`]), whose log-odds are calibrated ([`calibration`]) and written as whole tenths of a point ([`card`]): the points of a customer
//! sum to its score, and its probability is a function of the score alone. Where defaults are too few for a fit, an expert's points take
//! its place ([`expert`]); [`ladder`] chooses. How well two scores tell customers apart is compared in [`comparison`], whether a
//! population has moved in [`stability`].
//!
//! Rows of one group (a parent company) are not independent: they stay in one fold, are drawn together, and are counted once. Results
//! are the same to the bit with any number of threads and in any order of the rows.

pub mod bins;
pub mod calibration;
pub mod card;
pub mod comparison;
pub mod expert;
pub mod fit;
pub mod folds;
pub mod ladder;
pub mod stability;

pub use bins::{Bin, Bins, Direction, Unbinned};
pub use card::{Scorecard, Uncertainty};

use std::error::Error;
use std::fmt::{Display, Formatter};

/// One characteristic of every row of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Characteristic<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Which way it is riskier.
    pub direction: Direction,
    /// One value a row, in any unit; NaN where it is missing.
    pub values: &'a [f32],
}

/// What a scorecard is fitted to. Row by row: one customer at one month end.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The characteristics, in the order of declaration: [`Scorecard`]s name them by their position here.
    pub characteristics: &'a [Characteristic<'a>],
    /// Whether the event came, one a row.
    pub is_event: &'a [bool],
    /// The group (parent) of each row; any numbers, which must mean the same group from one fit to the next.
    pub group: &'a [u32],
}

/// Why there is no scorecard.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// A list has another length than there are rows.
    Length {
        /// Which list.
        what: String,
        /// Its length.
        found: usize,
        /// The number of rows.
        expected: usize,
    },
    /// There are no rows.
    NoRows,
    /// No row is an event, or every row is.
    OneClass {
        /// How many are.
        events: usize,
    },
    /// No characteristic tells events apart in its declared direction.
    NoCharacteristic,
    /// The logistic regression has no certified optimum.
    Fit(crate::logistic::FitError),
}

impl Display for Unfit {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Unfit::Length { what, found, expected } => write!(formatter, "{what}: {found} values where {expected} are expected"),
            Unfit::NoRows => write!(formatter, "there are no rows"),
            Unfit::OneClass { events: 0 } => write!(formatter, "no row is an event"),
            Unfit::OneClass { events } => write!(formatter, "all {events} rows are events"),
            Unfit::NoCharacteristic => write!(formatter, "no characteristic tells events apart in its declared direction"),
            Unfit::Fit(error) => write!(formatter, "{error}"),
        }
    }
}

impl Error for Unfit {}

impl Unfit {
    /// In one word, for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Unfit::Length { .. } => "length",
            Unfit::NoRows => "no_rows",
            Unfit::OneClass { .. } => "one_class",
            Unfit::NoCharacteristic => "no_characteristic",
            Unfit::Fit(_) => "not_converged",
        }
    }
}
