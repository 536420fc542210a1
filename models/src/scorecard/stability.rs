//! Population stability.

/// How far a distribution has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Stability {
    /// PSI: Σ of the parts.
    pub index: f64,
    /// What each bin adds.
    pub parts: Vec<f64>,
    /// Σ of the counts then.
    pub expected_rows: u64,
    /// Σ of the counts now.
    pub actual_rows: u64,
}

/// The population stability index of counts by bin; `None` where one of the two has no rows.
pub fn population_stability(expected: &[u64], actual: &[u64]) -> Option<Stability> {
    let _ = (expected, actual);
    unimplemented!()
}
