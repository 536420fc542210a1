//! Intervals of a rate.

/// A rate with its interval; all 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateInterval {
    /// (k + ½) ÷ (n + 1): never 0 or 1.
    pub mean: f64,
    /// Lower bound; 0 where k = 0.
    pub lower: f64,
    /// Upper bound; 1 where k = n.
    pub upper: f64,
}

/// Jeffreys' interval of a rate of `events` in `trials`.
pub fn jeffreys(events: f64, trials: f64, level: f64) -> RateInterval {
    let _ = (events, trials, level);
    unimplemented!()
}
