//! Scoring row by row: the card laid out as small tables, so that a million customers take less than a second.

use super::reasons::{REASONS_MAX, Reason, losses, worst};
use super::{Scorecard, Uncertainty, probabilities};
use rayon::prelude::*;

/// Rows of one task; without influence on the result.
const CHUNK_ROWS: usize = 8_192;

/// Rows to be scored: numbers of all declared characteristics, not of those of the card only; NaN is missing.
#[derive(Clone, Copy, Debug)]
pub enum Matrix<'a> {
    /// Row by row, `columns` numbers each.
    RowMajor {
        /// The numbers.
        values: &'a [f32],
        /// Numbers a row, > 0.
        columns: usize,
    },
    /// One slice a declared characteristic, all of one length.
    Columns(&'a [&'a [f32]]),
}

impl Matrix<'_> {
    /// How many rows there are; without columns none.
    ///
    /// # Panics
    ///
    /// When rows are not whole or columns differ in length.
    pub fn rows(&self) -> usize {
        match self {
            Matrix::RowMajor { values, columns } => {
                assert!(*columns > 0 && values.len() % columns == 0, "{} values are no whole rows of {columns}", values.len());
                values.len() / columns
            }
            Matrix::Columns(columns) => {
                let rows = columns.first().map_or(0, |column| column.len());
                assert!(columns.iter().all(|column| column.len() == rows), "the columns differ in length");
                rows
            }
        }
    }

    #[inline]
    fn value(&self, row: usize, column: usize) -> f32 {
        match self {
            Matrix::RowMajor { values, columns } => values[row * columns + column],
            Matrix::Columns(columns) => columns[column][row],
        }
    }
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
    pub reasons: Vec<[Option<Reason>; REASONS_MAX]>,
}

/// One row scored.
pub(super) struct Row {
    pub(super) score_tenths: i32,
    /// Lower bound, probability, upper bound.
    pub(super) probability: [f64; 3],
    pub(super) reasons: [Option<Reason>; REASONS_MAX],
}

/// What a bin means.
#[derive(Clone, Copy)]
struct BinTable {
    points_tenths: i32,
    lost_tenths: i32,
    woe: f64,
}

/// A card laid out for scoring.
pub(super) struct Scorer<'a> {
    card: &'a Scorecard,
    tables: Vec<Vec<BinTable>>,
    standard_errors: f64,
}

impl<'a> Scorer<'a> {
    pub(super) fn of(card: &'a Scorecard) -> Scorer<'a> {
        if let Uncertainty::Covariance(covariance) = &card.uncertainty {
            let size = 1 + card.characteristics.len();
            assert_eq!(covariance.len(), size * size, "the covariance of a card has a row for the intercept and each characteristic");
        }
        let tables = card.characteristics.iter().map(|part| {
            let bins = part.bins.bins.iter().zip(&part.points_tenths).zip(losses(part));
            bins.map(|((bin, points), lost_tenths)| BinTable { points_tenths: *points, lost_tenths, woe: bin.woe }).collect()
        });
        Scorer { card, tables: tables.collect(), standard_errors: card.standard_errors() }
    }

    /// Scores a row by the bins of the card's characteristics.
    #[inline]
    pub(super) fn score(&self, bin_of: impl Fn(usize) -> usize) -> Row {
        let bin = |place: usize| &self.tables[place][bin_of(place)];
        let places = 0..self.tables.len();
        let score_tenths = places.clone().fold(self.card.base_tenths, |sum, place| sum + bin(place).points_tenths);
        let (lower, upper) = match &self.card.uncertainty {
            Uncertainty::Shift { lower, upper } => (*lower, *upper),
            Uncertainty::Covariance(covariance) => {
                let half = self.standard_errors * variance(covariance, self.tables.len() + 1, |place| bin(place).woe).sqrt();
                (-half, half)
            }
        };
        let probability = probabilities(score_tenths, lower, upper);
        Row { score_tenths, probability, reasons: worst(places.map(|place| bin(place).lost_tenths)) }
    }

    pub(super) fn score_all(&self, matrix: &Matrix) -> Scored {
        let rows = matrix.rows();
        let mut scored = Scored {
            score_tenths: vec![0; rows],
            probability: vec![0.0; rows],
            probability_lower: vec![0.0; rows],
            probability_upper: vec![0.0; rows],
            reasons: vec![[None; REASONS_MAX]; rows],
        };
        let Scored { score_tenths, probability, probability_lower, probability_upper, reasons } = &mut scored;
        let chunks = score_tenths
            .par_chunks_mut(CHUNK_ROWS)
            .zip(probability.par_chunks_mut(CHUNK_ROWS))
            .zip(probability_lower.par_chunks_mut(CHUNK_ROWS).zip(probability_upper.par_chunks_mut(CHUNK_ROWS)))
            .zip(reasons.par_chunks_mut(CHUNK_ROWS));
        chunks.enumerate().for_each_init(
            || vec![0_usize; self.tables.len()],
            |bins, (chunk, (((score_tenths, probability), (lower, upper)), reasons))| {
                for place in 0..score_tenths.len() {
                    for (bin, part) in bins.iter_mut().zip(&self.card.characteristics) {
                        *bin = part.bins.bin_of(matrix.value(chunk * CHUNK_ROWS + place, part.column));
                    }
                    let row = self.score(|place| bins[place]);
                    score_tenths[place] = row.score_tenths;
                    [lower[place], probability[place], upper[place]] = row.probability;
                    reasons[place] = row.reasons;
                }
            },
        );
        scored
    }
}

/// xᵀ · C · x, ≥ 0, with x_0 = 1 and the others given.
#[inline]
fn variance(covariance: &[f64], size: usize, x: impl Fn(usize) -> f64) -> f64 {
    let mut variance = covariance[0];
    for row in 1..size {
        let products = (1..row).fold(covariance[row * size], |sum, column| sum + covariance[row * size + column] * x(column - 1));
        let value = x(row - 1);
        variance += value * (2.0 * products + covariance[row * size + row] * value);
    }
    // Rounding may leave a little less than nothing.
    variance.max(0.0)
}
