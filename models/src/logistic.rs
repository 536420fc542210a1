//! Ridge logistic regression: the probability of an event from a row of numbers.
//!
//! [`fit`] takes weights, offsets and fractional targets and solves by Newton's method; [`fit_through_linfa`] gives the same answer
//! for what has none of these, with linfa's solver in front. Both certify what they return: where the gradient is not small, or the
//! coefficients would still move, there is an error and no fit.
//!
//! Columns are standardised for the fit and the coefficients brought back to the columns as they came, so that neither the ridge nor
//! the answer depends on a unit of measure. The result is the same to the bit with any number of threads; it depends, in the last
//! digits, on the order of the rows. The sums over the rows are in `pass`, linfa in `through_linfa`.

mod pass;
mod through_linfa;

use crate::linear::Cholesky;
pub(crate) use pass::Data;
use pass::{Number, Point, Problem};
use std::error::Error;
use std::fmt::{Display, Formatter};

/// The largest element of a certified gradient, per unit of weight.
const GRADIENT_NORM_MAX: f64 = 1e-8;
/// No coefficient on standardised columns would move by more than this in one more step: the fit is done.
const STEP_DONE: f64 = 1e-9;
/// The same where rounding allows no better, which shows in steps that do not shrink. Where the classes can be separated the gradient
/// vanishes and the next step does not: it stays near 1 for ever.
const STEP_NORM_MAX: f64 = 1e-3;
/// What rounding may add to an objective that has not risen.
const OBJECTIVE_SLACK: f64 = 1e-12;
/// A step is halved at most so often; beyond that it is lost in rounding.
const HALVINGS_MAX: i32 = 30;
/// Where a full step raises the objective, no coefficient on standardised columns moves further than this: where no row is in doubt the
/// curvature vanishes, and a step by it leads out of sight.
const STEP_NORM_LIMIT: f64 = 8.0;

/// The rows of a sample: numbers in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Row by row, `columns` numbers each, in whatever unit a column has; every one finite.
    pub values: &'a [f32],
    /// How many numbers a row has; 0 fits an intercept only.
    pub columns: usize,
}

/// What a logistic regression is fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// x.
    pub rows: Rows<'a>,
    /// y, one a row: the share of the row that is an event, 0 to 1.
    pub target: &'a [f32],
    /// w, one a row, ≥ 0, in any unit: how many observations the row stands for. Without it every row stands for one.
    pub weight: Option<&'a [f32]>,
    /// o, one a row, in log-odds: what is known of the row beforehand. Without it 0.
    pub offset: Option<&'a [f32]>,
}

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// λ ≥ 0: how strongly coefficients on standardised columns are drawn to 0, per unit of weight; the intercept is not.
    pub ridge: f64,
    /// How many steps of Newton's method may be taken. From 5 to 10 are usual.
    pub max_iterations: usize,
}

impl Options {
    /// A ridge, and the usual 50 steps at most.
    pub fn with_ridge(ridge: f64) -> Options {
        Options { ridge, max_iterations: 50 }
    }
}

/// A certified fit. Every list by column has one element for each column of the sample, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// a: the log-odds of a row of zeros.
    pub intercept: f64,
    /// b: log-odds per unit of each column as it came; 0 for a constant column.
    pub coefficients: Vec<f64>,
    /// Weighted mean of each column, in its unit.
    pub means: Vec<f64>,
    /// Weighted population standard deviation of each column, in its unit; 0 for a constant column.
    pub scales: Vec<f64>,
    /// Standard errors in the units of the estimates, the intercept first; 0 for a constant column, which is not estimated.
    pub standard_errors: Vec<f64>,
    /// The largest absolute element of the objective's gradient on standardised columns, per unit of weight; below 1e-8.
    pub gradient_norm: f64,
    /// Newton steps taken.
    pub iterations: usize,
    /// Weighted mean of the loss, in nats per unit of weight, without the penalty.
    pub log_loss: f64,
    /// The columns that are constant over the rows with a weight.
    pub columns_dropped: Vec<usize>,
}

/// Why there is no fit.
#[derive(Clone, Debug, PartialEq)]
pub enum FitError {
    /// A list has another length than the targets ask for.
    Length {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// What the length should be.
        expected: usize,
    },
    /// A value that is not a finite number.
    Value {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
    },
    /// A target outside 0 to 1, or not a number.
    Target {
        /// Its row, from 0.
        row: usize,
    },
    /// A target other than 0 and 1, which linfa cannot take.
    FractionalTarget {
        /// Its row, from 0.
        row: usize,
    },
    /// A weight that is negative or not finite.
    Weight {
        /// Its row, from 0.
        row: usize,
    },
    /// An offset that is not a finite number.
    Offset {
        /// Its row, from 0.
        row: usize,
    },
    /// Weights or offsets were given, which linfa cannot take.
    WeightsOrOffsets,
    /// The ridge is negative or not a number.
    Ridge,
    /// No row has a weight, or the weights add up to more than a number holds.
    NoWeight,
    /// Every target is 0, or every target is 1: there is nothing to tell apart.
    OneClass,
    /// Without a ridge, a column that is a combination of the columns before it.
    Collinear {
        /// The column, from 0.
        column: usize,
    },
    /// The optimum was not reached, or lies at infinity because the classes can be separated.
    NotConverged {
        /// Newton steps taken.
        iterations: usize,
        /// The largest absolute element of the gradient, per unit of weight.
        gradient_norm: f64,
        /// By how much a coefficient on standardised columns would move next; infinite where no step can be computed.
        step_norm: f64,
    },
}

impl Display for FitError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            FitError::Length { what, found, expected } => write!(formatter, "{found} {what} where {expected} are expected"),
            FitError::Value { row, column } => write!(formatter, "the value in row {row}, column {column} is not a finite number"),
            FitError::Target { row } => write!(formatter, "the target of row {row} is not between 0 and 1"),
            FitError::FractionalTarget { row } => write!(formatter, "the target of row {row} is neither 0 nor 1"),
            FitError::Weight { row } => write!(formatter, "the weight of row {row} is negative or not finite"),
            FitError::Offset { row } => write!(formatter, "the offset of row {row} is not a finite number"),
            FitError::WeightsOrOffsets => write!(formatter, "linfa takes neither weights nor offsets"),
            FitError::Ridge => write!(formatter, "the ridge is negative or not a finite number"),
            FitError::NoWeight => write!(formatter, "the weights of the rows add up to nothing, or to more than a number holds"),
            FitError::OneClass => write!(formatter, "all targets are of one class"),
            FitError::Collinear { column } => write!(
                formatter,
                "column {column} is a combination of the columns before it\n\nhint: leave it out, or give a ridge above 0"
            ),
            FitError::NotConverged { iterations, gradient_norm, step_norm } => write!(
                formatter,
                "no optimum after {iterations} steps: gradient {gradient_norm:.1e}, next step {step_norm:.1e}\n\nhint: where the columns \
                 separate the classes there is none; give a ridge above 0"
            ),
        }
    }
}

impl Error for FitError {}

/// The probability that belongs to log-odds.
///
/// p = 1 ÷ (1 + e^−z).
///
/// z: `log_odds`. p: 0 to 1.
///
/// Edge cases: exactly 0 and 1 only where the exact value is nearer to these than to any other number.
///
/// ```
/// use arrears_models::logistic::probability_from;
/// assert_eq!(probability_from(0.0), 0.5);
/// // Odds of 3 : 1.
/// assert!((probability_from(3.0_f64.ln()) - 0.75).abs() < 1e-15);
/// assert_eq!((probability_from(f64::NEG_INFINITY), probability_from(f64::INFINITY)), (0.0, 1.0));
/// ```
///
/// Source: D. R. Cox (1958), *The Regression Analysis of Binary Sequences*, Journal of the Royal Statistical Society B 20, 215–242.
pub fn probability_from(log_odds: f64) -> f64 {
    let small = (-log_odds.abs()).exp();
    if log_odds >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// The log-odds of a probability, the inverse of [`probability_from`].
///
/// z = ln(p ÷ (1 − p)).
///
/// p: `probability`, 0 to 1. z: log-odds.
///
/// Edge cases: −∞ for 0, ∞ for 1, NaN outside.
///
/// ```
/// use arrears_models::logistic::log_odds_of;
/// assert_eq!(log_odds_of(0.5), 0.0);
/// assert!((log_odds_of(0.75) - 3.0_f64.ln()).abs() < 1e-15);
/// ```
///
/// Source: D. R. Cox (1958), *The Regression Analysis of Binary Sequences*, Journal of the Royal Statistical Society B 20, 215–242.
pub fn log_odds_of(probability: f64) -> f64 {
    probability.ln() - (-probability).ln_1p()
}

impl Fit {
    /// The log-odds of a row, without its offset.
    ///
    /// z = a + Σ_j b_j · x_j.
    ///
    /// a: intercept, in log-odds. b: coefficients. x: `row`, in the units of the sample's columns.
    ///
    /// # Panics
    ///
    /// When the row has another number of columns than the sample had.
    pub fn log_odds(&self, row: &[f32]) -> f64 {
        assert_eq!(row.len(), self.coefficients.len(), "a row must have the columns of the sample");
        row.iter().zip(&self.coefficients).fold(self.intercept, |sum, (value, coefficient)| sum + f64::from(*value) * coefficient)
    }

    /// The probability of a row without offset: [`probability_from`] its [`Fit::log_odds`].
    ///
    /// # Panics
    ///
    /// When the row has another number of columns than the sample had.
    pub fn probability(&self, row: &[f32]) -> f64 {
        probability_from(self.log_odds(row))
    }
}

/// Fits a ridge logistic regression with weights, offsets and fractional targets, by Newton's method.
///
/// The minimum over a and β of Σ w · (ln(1 + e^z) − y · z) ÷ Σ w + λ ÷ 2 · Σ β_j², where z = o + a + Σ_j β_j · (x_j − m_j) ÷ s_j.
///
/// x: a row, each column in its unit. m, s: weighted mean and population standard deviation of a column, in its unit. y: target,
/// 0 to 1. w: weight, in any unit. o: offset, in log-odds. λ: `ridge`, per unit of weight. The fit is given on the columns as they
/// came: b_j = β_j ÷ s_j. Its standard errors are the roots of the diagonal of (Σ w · H)⁻¹ brought to the same scale, H being the
/// Hessian of the objective, penalty included; they take the sum of the weights as the number of independent observations, and with
/// a ridge they leave out its bias.
///
/// A fractional target counts as a row with y of its weight as an event and 1 − y as none.
///
/// Edge cases: a constant column is dropped and has the coefficient 0. Rows of weight 0 change nothing, but must be valid. With a
/// ridge the fit exists also where columns are copies of each other, or separate the classes.
///
/// # Errors
///
/// Bad input by its row. [`FitError::OneClass`] where nothing can be told apart. Without a ridge, [`FitError::Collinear`] where the
/// coefficients are not determined, and [`FitError::NotConverged`] where the classes can be separated and the optimum lies at
/// infinity: the gradient vanishes there too, so the next step must be small as well.
///
/// ```
/// use arrears_models::logistic::{fit, FitError, Options, Rows, Sample};
/// // One of four invoices was late without the mark, three of four with it: odds of 1 : 3 and 3 : 1, nine times as high.
/// let rows = Rows { values: &[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], columns: 1 };
/// let target = [1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
/// let sample = Sample { rows, target: &target, weight: None, offset: None };
/// let fitted = fit(&sample, &Options::with_ridge(0.0)).unwrap();
/// assert!((fitted.intercept - (1.0_f64 / 3.0).ln()).abs() < 1e-9);
/// assert!((fitted.coefficients[0] - 9.0_f64.ln()).abs() < 1e-9);
/// assert!((fitted.probability(&[1.0]) - 0.75).abs() < 1e-9);
/// // The variance of a log odds ratio: one over each cell of the table.
/// assert!((fitted.standard_errors[1] - (1.0_f64 + 1.0 / 3.0 + 1.0 / 3.0 + 1.0).sqrt()).abs() < 1e-9);
/// // When all were late, there is nothing to fit.
/// let all_late = Sample { target: &[1.0; 8], ..sample };
/// assert_eq!(fit(&all_late, &Options::with_ridge(0.0)), Err(FitError::OneClass));
/// ```
///
/// Sources: T. Hastie, R. Tibshirani, J. Friedman (2009), *The Elements of Statistical Learning*, 2nd edition, section 4.4.
/// S. le Cessie, J. C. van Houwelingen (1992), *Ridge Estimators in Logistic Regression*, Applied Statistics 41, 191–201.
/// Separation: A. Albert, J. A. Anderson (1984), *On the Existence of Maximum Likelihood Estimates in Logistic Regression Models*,
/// Biometrika 71, 1–10.
pub fn fit(sample: &Sample, options: &Options) -> Result<Fit, FitError> {
    fit_data(data_of(sample), options)
}

/// [`fit`] with a ridge of its own for each column: columns that say how something goes over time can be left free where those
/// that tell items apart are drawn to 0.
///
/// # Errors
/// As [`fit`]; [`FitError::Ridge`] also when there are not as many ridges as columns.
pub fn fit_with_ridges(sample: &Sample, ridges: &[f64], max_iterations: usize) -> Result<Fit, FitError> {
    if ridges.len() != sample.rows.columns {
        return Err(FitError::Ridge);
    }
    let problem = Problem::of(data_of(sample), ridges.to_vec())?;
    let start = coefficients_at_start(&problem);
    minimum(&problem, start, max_iterations)
}

/// Fits the same as [`fit`] to a sample without weights and offsets, with linfa's solver in front.
///
/// The objective, the certificate and the fit are those of [`fit`]. linfa's answer, which it gives whether it has converged or not, is
/// where Newton's method starts; where it has converged, a step or two remain, and `iterations` says how many. linfa sees 65,536 rows
/// at most, evenly spread; the fit is that of all.
///
/// Edge cases: those of [`fit`]. Where linfa gives nothing that is finite, Newton's method starts as in [`fit`].
///
/// # Errors
///
/// Those of [`fit`]; [`FitError::WeightsOrOffsets`] and [`FitError::FractionalTarget`] for what linfa does not know.
///
/// ```
/// use arrears_models::logistic::{fit, fit_through_linfa, Options, Rows, Sample};
/// let rows = Rows { values: &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], columns: 1 };
/// let sample = Sample { rows, target: &[1.0, 1.0, 0.0, 1.0, 1.0, 0.0], weight: None, offset: None };
/// let (own, linfa) = (fit(&sample, &Options::with_ridge(0.1)).unwrap(), fit_through_linfa(&sample, &Options::with_ridge(0.1)).unwrap());
/// assert!((own.coefficients[0] - linfa.coefficients[0]).abs() < 1e-7);
/// assert!(linfa.coefficients[0] < 0.0);
/// ```
///
/// Source: as [`fit`]; linfa-logistic 0.8.1 minimises the sum instead of the mean, by L-BFGS.
pub fn fit_through_linfa(sample: &Sample, options: &Options) -> Result<Fit, FitError> {
    if sample.weight.is_some() || sample.offset.is_some() {
        return Err(FitError::WeightsOrOffsets);
    }
    let problem = Problem::of(data_of(sample), vec![options.ridge; sample.rows.columns])?;
    if let Some(row) = sample.target.iter().position(|target| *target != 0.0 && *target != 1.0) {
        return Err(FitError::FractionalTarget { row });
    }
    let is_event: Vec<bool> = sample.target.iter().map(|target| *target == 1.0).collect();
    // With the intercept alone there is nothing to solve.
    let solved = if problem.kept.is_empty() { None } else { through_linfa::coefficients(&problem, &is_event, options.ridge) };
    let start = solved.unwrap_or_else(|| coefficients_at_start(&problem));
    minimum(&problem, start, options.max_iterations)
}

fn data_of<'a>(sample: &Sample<'a>) -> Data<'a, f32> {
    let Rows { values, columns } = sample.rows;
    Data { values, columns, target: sample.target, weight: sample.weight, offset: sample.offset }
}

/// [`fit`] for numbers of either precision.
pub(crate) fn fit_data<T: Number>(data: Data<T>, options: &Options) -> Result<Fit, FitError> {
    let ridges = vec![options.ridge; data.columns];
    let problem = Problem::of(data, ridges)?;
    let start = coefficients_at_start(&problem);
    minimum(&problem, start, options.max_iterations)
}

/// The rate of all rows: where nothing is known beforehand, the best an intercept alone can do.
fn coefficients_at_start<T: Number>(problem: &Problem<T>) -> Vec<f64> {
    let mut coefficients = vec![0.0; 1 + problem.kept.len()];
    if !problem.has_offset() {
        coefficients[0] = log_odds_of(problem.event_share);
    }
    coefficients
}

/// Newton's method from some coefficients, until one more step would change nothing that matters.
fn minimum<T: Number>(problem: &Problem<T>, start: Vec<f64>, max_iterations: usize) -> Result<Fit, FitError> {
    let mut point = problem.at(start);
    let mut iterations = 0;
    let mut step_norm_before = f64::INFINITY;
    loop {
        let Ok(factor) = Cholesky::of(&point.hessian, point.coefficients.len()) else {
            return Err(undetermined(problem, &point, iterations));
        };
        let step = factor.solve(&point.gradient);
        let (gradient_norm, step_norm) = (largest(&point.gradient), largest(&step));
        let is_certified = |step_norm_max: f64| gradient_norm < GRADIENT_NORM_MAX && step_norm < step_norm_max;
        let is_at_rounding = step_norm > 0.5 * step_norm_before && is_certified(STEP_NORM_MAX);
        if is_certified(STEP_DONE) || is_at_rounding {
            return Ok(fit_at(problem, &point, &factor, iterations));
        }
        let next = if iterations < max_iterations { lower_point(problem, &point, &step) } else { None };
        match next {
            Some(next) => point = next,
            None if is_certified(STEP_NORM_MAX) => return Ok(fit_at(problem, &point, &factor, iterations)),
            None => return Err(FitError::NotConverged { iterations, gradient_norm, step_norm }),
        }
        iterations += 1;
        step_norm_before = step_norm;
    }
}

/// The largest absolute value; infinite where one is not a number, which a maximum would pass over.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| if value.is_nan() { f64::INFINITY } else { largest.max(value.abs()) })
}

/// Where the step leads, or the step shortened and halved until the objective does not rise; `None` when it always does.
fn lower_point<T: Number>(problem: &Problem<T>, point: &Point, step: &[f64]) -> Option<Point> {
    let highest = point.objective + OBJECTIVE_SLACK * (1.0 + point.objective.abs());
    let at_share = |share: f64| {
        let moved = point.coefficients.iter().zip(step).map(|(coefficient, step)| coefficient - share * step).collect();
        Some(problem.at(moved)).filter(|next| next.objective <= highest)
    };
    let shortened = (2.0 * STEP_NORM_LIMIT / largest(step)).min(1.0);
    at_share(1.0).or_else(|| (1..=HALVINGS_MAX).find_map(|halvings| at_share(shortened * 0.5_f64.powi(halvings))))
}

/// A Hessian without a factor means columns that are combinations of each other, or classes so far apart that no row is in doubt.
/// In the first case it has none at the start either, where every row is.
fn undetermined<T: Number>(problem: &Problem<T>, point: &Point, iterations: usize) -> FitError {
    let start = problem.at(vec![0.0; point.coefficients.len()]);
    match Cholesky::of(&start.hessian, start.coefficients.len()) {
        // Column 0 is the intercept: its diagonal is a sum of curvatures, above 0 unless offsets leave no row in doubt.
        Err(singular) if singular.column > 0 => FitError::Collinear { column: problem.kept[singular.column - 1] },
        _ => FitError::NotConverged { iterations, gradient_norm: largest(&point.gradient), step_norm: f64::INFINITY },
    }
}

/// Coefficients and standard errors on the columns as they came.
fn fit_at<T: Number>(problem: &Problem<T>, point: &Point, factor: &Cholesky, iterations: usize) -> Fit {
    let (size, columns) = (point.coefficients.len(), problem.columns());
    let covariance: Vec<f64> = factor.inverse().iter().map(|element| element / problem.weight).collect();
    let mut coefficients = vec![0.0; columns];
    let mut standard_errors = vec![0.0; 1 + columns];
    // a = α − Σ_j β_j · m_j ÷ s_j: these are its derivatives by α and β.
    let mut by_coefficient = vec![1.0; size];
    for (index, column) in problem.kept.iter().enumerate() {
        let (place, scale) = (index + 1, problem.scales[*column]);
        coefficients[*column] = point.coefficients[place] / scale;
        standard_errors[1 + column] = covariance[place * size + place].sqrt() / scale;
        by_coefficient[place] = -problem.means[*column] / scale;
    }
    let dot = |left: &[f64], right: &[f64]| -> f64 { left.iter().zip(right).map(|(left, right)| left * right).sum() };
    let variance: f64 = covariance.chunks(size).zip(&by_coefficient).map(|(row, derivative)| derivative * dot(row, &by_coefficient)).sum();
    standard_errors[0] = variance.sqrt();
    Fit {
        intercept: dot(&point.coefficients, &by_coefficient),
        coefficients,
        means: problem.means.clone(),
        scales: problem.scales.clone(),
        standard_errors,
        gradient_norm: largest(&point.gradient),
        iterations,
        log_loss: point.log_loss,
        columns_dropped: (0..columns).filter(|column| !problem.kept.contains(column)).collect(),
    }
}
