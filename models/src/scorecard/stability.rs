//! Has a population moved: the population stability index of counts by bin.

/// What an empty bin is taken to hold where the other population has rows in it: half a row.
const EMPTY: f64 = 0.5;

/// How far a distribution has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// PSI: Σ of the parts, ≥ 0. Below 0.1 little has moved, above 0.25 much has.
    pub index: f64,
    /// What each bin adds.
    pub parts: Vec<f64>,
    /// Σ of the counts then.
    pub expected_rows: u64,
    /// Σ of the counts now.
    pub actual_rows: u64,
}

/// The population stability index of counts by bin.
///
/// PSI = Σ_i (a_i − e_i) · ln(a_i ÷ e_i).
///
/// e: share of the bin in `expected`, then. a: share of the bin in `actual`, now.
///
/// Edge cases: `None` where one of the two has no rows. A bin that is empty on one side counts as half a row there; a bin that is empty
/// on both adds nothing. With few rows the index is large by chance, about (bins − 1) · (1 ÷ rows then + 1 ÷ rows now): publish the
/// rows beside it.
///
/// # Panics
///
/// When the lists differ in length.
///
/// ```
/// use arrears_models::scorecard::stability::population_stability;
/// // From half and half to one quarter and three: −1/4 · ln 1/2 + 1/4 · ln 3/2.
/// let moved = population_stability(&[50, 50], &[25, 75]).unwrap();
/// assert!((moved.index - 0.25 * 3.0_f64.ln()).abs() < 1e-15);
/// assert_eq!(population_stability(&[50, 50], &[0, 0]), None);
/// ```
///
/// Sources: E. M. Lewis (1994), *An Introduction to Credit Scoring*. What chance alone makes of it: B. Yurdakul, J. Naranjo (2020),
/// *Statistical Properties of the Population Stability Index*, Journal of Risk Model Validation 14(4).
pub fn population_stability(expected: &[u64], actual: &[u64]) -> Option<Stability> {
    assert_eq!(expected.len(), actual.len(), "both populations have the same bins");
    let (expected_rows, actual_rows) = (expected.iter().sum::<u64>(), actual.iter().sum::<u64>());
    if expected_rows == 0 || actual_rows == 0 {
        return None;
    }
    let share = |count: u64, rows: u64| if count == 0 { EMPTY } else { count as f64 } / rows as f64;
    let part = |(then, now): (&u64, &u64)| {
        if *then == 0 && *now == 0 {
            return 0.0;
        }
        let (then, now) = (share(*then, expected_rows), share(*now, actual_rows));
        (now - then) * (now / then).ln()
    };
    let parts: Vec<f64> = expected.iter().zip(actual).map(part).collect();
    Some(Stability { index: parts.iter().sum(), parts, expected_rows, actual_rows })
}
