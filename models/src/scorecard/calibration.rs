//! Do log-odds mean what they say: their level, and how far apart they lie, brought to what came.

use super::comparison::GroupPlaces;
use crate::logistic::{Data, FitError, Options, fit_data, probability_from};

/// How near a shift is to the exact one, in log-odds.
const SHIFT_STEP: f64 = 1e-13;

/// What to estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The level alone.
    Intercept,
    /// Level and spread (Platt).
    Platt,
}

impl Kind {
    /// `intercept` or `platt`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Intercept => "intercept",
            Kind::Platt => "platt",
        }
    }
}

/// Calibrated log-odds = intercept + slope · log-odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// In log-odds.
    pub intercept: f64,
    /// 1 where the level alone was estimated; below 0 the log-odds say the opposite of what came.
    pub slope: f64,
    /// Cluster-robust covariance of (intercept, slope), row-major; 0 for what was not estimated.
    pub covariance: [f64; 4],
}

/// Calibrates log-odds to what came.
///
/// The unpenalised logistic regression of the target on the log-odds z: α + β · z for [`Kind::Platt`], α + z for
/// [`Kind::Intercept`]. Its covariance is H⁻¹ · (Σ_g s_g · s_gᵀ) · H⁻¹ · G ÷ (G − 1).
///
/// z: `log_odds`, of rows the model was not fitted to. `weight`: ≥ 0, in any unit; without it every row counts the same. H: Hessian of
/// the log-likelihood. s_g: its gradient over the rows of group g. G: number of groups.
///
/// Edge cases: with equal log-odds everywhere Platt's slope is 0.
///
/// # Errors
///
/// [`FitError::OneClass`] where nothing came or everything, [`FitError::NotConverged`] where the log-odds separate the classes.
///
/// # Panics
///
/// When the lists differ in length.
///
/// ```
/// use arrears_models::scorecard::calibration::{Kind, calibrate};
/// // Odds of 1 : 1 were said, one of four came: odds of 1 : 3.
/// let level = calibrate(&[0.0; 4], &[true, false, false, false], None, &[1, 2, 3, 4], Kind::Intercept).unwrap();
/// assert!((level.intercept + 3.0_f64.ln()).abs() < 1e-9 && level.slope == 1.0);
/// ```
///
/// Sources: J. C. Platt (1999), *Probabilistic Outputs for Support Vector Machines*. Covariance: K.-Y. Liang, S. L. Zeger (1986),
/// *Longitudinal Data Analysis Using Generalized Linear Models*, Biometrika 73, 13–22.
pub fn calibrate(log_odds: &[f64], is_event: &[bool], weight: Option<&[f64]>, group: &[u32], kind: Kind) -> Result<Calibration, FitError> {
    assert!(log_odds.len() == is_event.len() && group.len() == is_event.len(), "as many log-odds and groups as rows are needed");
    let target: Vec<f64> = is_event.iter().map(|is_event| f64::from(u8::from(*is_event))).collect();
    let (columns, offset) = match kind {
        Kind::Intercept => (0, Some(log_odds)),
        Kind::Platt => (1, None),
    };
    let data = Data { values: &log_odds[..columns * log_odds.len()], columns, target: &target, weight, offset };
    let fit = fit_data(data, &Options::with_ridge(0.0))?;
    let (intercept, slope) = (fit.intercept, fit.coefficients.first().copied().unwrap_or(f64::from(1 - columns as u8)));
    let probability = |z: &f64| probability_from(intercept + slope * z);
    let weight = |row: usize| weight.map_or(1.0, |weight| weight[row]);
    let residual: Vec<f64> = (0..target.len()).map(|row| weight(row) * (probability(&log_odds[row]) - target[row])).collect();
    let curvature: Vec<f64> =
        log_odds.iter().enumerate().map(|(row, z)| (probability(z), row)).map(|(p, row)| weight(row) * p * (1.0 - p)).collect();
    let covariance = covariance(log_odds, &residual, &curvature, group, kind);
    Ok(Calibration { intercept, slope, covariance })
}

/// The sandwich H⁻¹ · M · H⁻¹ of the level and, for Platt, the slope.
fn covariance(log_odds: &[f64], residual: &[f64], curvature: &[f64], group: &[u32], kind: Kind) -> [f64; 4] {
    let places = GroupPlaces::of(group);
    let mut scores = vec![[0.0; 2]; places.groups];
    let mut hessian = [0.0; 4];
    // What is not estimated has no derivative.
    let slope_counts = f64::from(u8::from(kind == Kind::Platt));
    for (row, z) in log_odds.iter().enumerate() {
        let z = slope_counts * z;
        let [level, slope] = &mut scores[places.place[row] as usize];
        (*level, *slope) = (*level + residual[row], *slope + residual[row] * z);
        hessian = add(hessian, [1.0, z, z, z * z].map(|product| curvature[row] * product));
    }
    // A single group does not say how groups differ.
    let groups = places.groups.max(2) as f64;
    let meat = scores.iter().fold([0.0; 4], |sum, [level, slope]| add(sum, [level * level, level * slope, slope * level, slope * slope]));
    let determinant = hessian[0] * hessian[3] - hessian[1] * hessian[2];
    let inverse = if determinant > 0.0 {
        [hessian[3], -hessian[1], -hessian[2], hessian[0]].map(|element| element / determinant)
    } else {
        [1.0 / hessian[0], 0.0, 0.0, 0.0]
    };
    times(times(inverse, meat), inverse).map(|element| element * groups / (groups - 1.0))
}

fn add(left: [f64; 4], right: [f64; 4]) -> [f64; 4] {
    std::array::from_fn(|place| left[place] + right[place])
}

/// Product of two matrices of two rows and columns, row-major.
fn times(left: [f64; 4], right: [f64; 4]) -> [f64; 4] {
    let element = |row: usize, column: usize| left[2 * row] * right[column] + left[2 * row + 1] * right[2 + column];
    [element(0, 0), element(0, 1), element(1, 0), element(1, 1)]
}

/// What to add to log-odds so that their probabilities have the mean `rate`.
///
/// The a with Σ p(z + a) ÷ n = rate, by bisection: the mean rises with a.
///
/// z: `log_odds`, finite, in any order. rate: 0 to 1.
///
/// Edge cases: −∞ for a rate of 0, ∞ for 1. Without rows the log-odds of the rate, as if one row had the log-odds 0.
///
/// # Panics
///
/// When the rate is not between 0 and 1.
///
/// ```
/// use arrears_models::scorecard::calibration::shift_to_rate;
/// assert!((shift_to_rate(&[0.0, 0.0], 0.25) + 3.0_f64.ln()).abs() < 1e-12);
/// assert_eq!(shift_to_rate(&[0.0], 0.0), f64::NEG_INFINITY);
/// ```
pub fn shift_to_rate(log_odds: &[f64], rate: f64) -> f64 {
    assert!((0.0..=1.0).contains(&rate), "a rate lies between 0 and 1: {rate}");
    let mut sorted = log_odds.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut counted: Vec<(f64, f64)> =
        sorted.chunk_by(|left, right| left == right).map(|equal| (equal[0], equal.len() as f64 / sorted.len() as f64)).collect();
    if counted.is_empty() {
        counted.push((0.0, 1.0));
    }
    let goal = crate::logistic::log_odds_of(rate);
    if goal.is_infinite() {
        return goal;
    }
    // Were all rows as the riskiest, or as the safest: the shift lies between.
    let (mut low, mut high) = (goal - counted[counted.len() - 1].0, goal - counted[0].0);
    while high - low > SHIFT_STEP {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        let mean: f64 = counted.iter().map(|(z, share)| share * probability_from(z + middle)).sum();
        if mean < rate {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
