//! The regression on weights of evidence, from which whatever counts the wrong way round leaves.

use super::super::Unfit;
use super::Prepared;
use super::selection::Development;
use crate::logistic::{Fit, FitError, Options, Rows, Sample, fit, fit_through_linfa};

/// How a regression is solved: both ways minimise the same.
#[derive(Clone, Copy)]
pub(super) enum Solver {
    /// Newton's method, with rows that are alike taken together.
    Newton,
    /// linfa in front, which knows no weights.
    Linfa,
}

impl Solver {
    fn solve(self, prepared: &Prepared, development: &Development, places: &[usize], options: &Options) -> Result<Fit, FitError> {
        let columns = places.len();
        match self {
            Solver::Newton => {
                let alike = development.patterns.weighted(development, places);
                let rows = Rows { values: &alike.values, columns };
                fit(&Sample { rows, target: &alike.target, weight: Some(&alike.weight), offset: None }, options)
            }
            Solver::Linfa => {
                let target = |row: &u32| f32::from(u8::from(prepared.is_event[*row as usize]));
                let target: Vec<f32> = development.rows.iter().map(target).collect();
                let rows = Rows { values: &evidence(development, places), columns };
                fit_through_linfa(&Sample { rows, target: &target, weight: None, offset: None }, options)
            }
        }
    }
}

/// A regression in which every characteristic counts in its declared direction.
pub(super) struct Regression {
    /// Places in [`Development::coded`], rising.
    pub(super) places: Vec<usize>,
    /// On their weights of evidence.
    pub(super) fit: Fit,
    /// λ, per row.
    pub(super) ridge: f64,
    /// Places that left, with their coefficients on standardised columns, in that order.
    pub(super) left: Vec<(usize, f64)>,
}

impl Regression {
    /// `ridge`: relative to the variance of the target.
    pub(super) fn of(
        prepared: &Prepared,
        development: &Development,
        places: &[usize],
        ridge: f64,
        solver: Solver,
    ) -> Result<Regression, Unfit> {
        let rate = development.events as f64 / development.rows.len() as f64;
        let options = Options::with_ridge(ridge * rate * (1.0 - rate));
        let mut places = places.to_vec();
        let mut left = Vec::new();
        while !places.is_empty() {
            let fit = solver.solve(prepared, development, &places, &options).map_err(Unfit::Fit)?;
            match most_wrong(&fit) {
                None => return Ok(Regression { places, fit, ridge: options.ridge, left }),
                Some((index, coefficient)) => left.push((places.remove(index), coefficient)),
            }
        }
        Err(Unfit::NoCharacteristic)
    }

    /// Log-odds of a row of the sample, kept or not.
    pub(super) fn log_odds(&self, development: &Development, row: usize) -> f64 {
        let parts = self.places.iter().zip(&self.fit.coefficients);
        parts.fold(self.fit.intercept, |sum, (place, coefficient)| sum + coefficient * development.coded[*place].woe(row))
    }
}

/// Weights of evidence of the rows that are kept, row by row.
fn evidence(development: &Development, places: &[usize]) -> Vec<f32> {
    let tables: Vec<Vec<f32>> =
        places.iter().map(|place| development.coded[*place].bins.bins.iter().map(|bin| bin.woe as f32).collect()).collect();
    let mut values = Vec::with_capacity(development.rows.len() * places.len());
    for row in development.rows.iter().map(|row| *row as usize) {
        values.extend(places.iter().zip(&tables).map(|(place, table)| table[development.coded[*place].codes[row] as usize]));
    }
    values
}

/// The column with the lowest coefficient on standardised columns, where that is not above 0; a constant column has 0.
fn most_wrong(fit: &Fit) -> Option<(usize, f64)> {
    let standardised = fit.coefficients.iter().zip(&fit.scales).map(|(coefficient, scale)| coefficient * scale);
    standardised.enumerate().filter(|(_, coefficient)| *coefficient <= 0.0).min_by(|left, right| left.1.total_cmp(&right.1))
}
