//! Isotonic regression.

/// One x with all that was observed there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// In any unit.
    pub x: f64,
    /// Weighted mean of the y.
    pub y: f64,
    /// Σ w.
    pub weight: f64,
}

/// The non-decreasing values nearest to `y` in weighted squares.
pub fn pool_adjacent_violators(y: &[f64], weight: &[f64]) -> Vec<f64> {
    let _ = (y, weight);
    unimplemented!()
}

/// Observations sorted by x, those of one x made one.
pub fn without_ties(x: &[f64], y: &[f64], weight: &[f64]) -> Vec<Point> {
    let _ = (x, y, weight);
    unimplemented!()
}
