//! Calibration.

/// What to estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The level alone.
    Intercept,
    /// Level and spread (Platt).
    Platt,
}

/// log-odds = intercept + slope · log-odds before.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// In log-odds.
    pub intercept: f64,
    /// Above 0; 1 where the level alone was estimated.
    pub slope: f64,
    /// Cluster-robust covariance of (intercept, slope), row-major; zeros for what was not estimated.
    pub covariance: [f64; 4],
}

/// Calibrates log-odds to what came.
pub fn calibrate(
    log_odds: &[f64],
    is_event: &[bool],
    weight: Option<&[f64]>,
    group: &[u32],
    kind: Kind,
) -> Result<Calibration, crate::logistic::FitError> {
    let _ = (log_odds, is_event, weight, group, kind);
    unimplemented!()
}
