//! The same fit with linfa's solver in front: see [`super::fit_through_linfa`].

use super::pass::{Number, Problem};
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// linfa's limit; what it does not finish, Newton's steps do.
const ITERATIONS_MAX: u64 = 200;
/// Per row. linfa compares the gradient of the sum, so its tolerance is this times the number of rows.
///
/// No smaller, because one Newton step squares what is left, while linfa's line search may turn on the spot where the sum's rounding
/// hides the descent: at 1e-9, 100,000 rows took four times as long with one ridge as with another.
const GRADIENT_TOLERANCE: f64 = 1e-6;

/// Rows that linfa looks at, at most: it gives a place to start from, and so many tell a few dozen coefficients well enough for that.
const ROWS_MOST: usize = 1 << 16;

/// linfa's coefficients on standardised columns, the intercept first; `None` when it gives none or none that are finite.
///
/// It returns `Ok` whether it has converged or not: what comes back is only a place to start from. So of many rows it sees every second,
/// third and so on.
pub(super) fn coefficients<T: Number>(problem: &Problem<T>, is_event: &[bool], ridge: f64) -> Option<Vec<f64>> {
    let (step, kept) = (problem.rows().div_ceil(ROWS_MOST).max(1), &problem.kept);
    let rows = problem.rows().div_ceil(step);
    let records = Array2::from_shape_fn((rows, kept.len()), |(row, index)| problem.standardised(row * step, kept[index]));
    let dataset = DatasetBase::new(records, Array1::from_iter(is_event.iter().step_by(step).copied()));
    // Its objective is the sum over the rows, ours their mean: ridge and tolerance are scaled by the rows.
    let model = LogisticRegression::default()
        .alpha(ridge * rows as f64)
        .gradient_tolerance(GRADIENT_TOLERANCE * rows as f64)
        .max_iterations(ITERATIONS_MAX)
        .fit(&dataset)
        .ok()?;
    // It fits the odds of the more frequent class, whichever that is.
    let sign = if model.labels().pos.class { 1.0 } else { -1.0 };
    let fitted = std::iter::once(model.intercept()).chain(model.params().iter().copied());
    let coefficients: Vec<f64> = fitted.map(|coefficient| sign * coefficient).collect();
    coefficients.iter().all(|coefficient| coefficient.is_finite()).then_some(coefficients)
}
