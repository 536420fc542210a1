//! Isotonic regression: the rising curve nearest to what was observed.
//!
//! The pool-adjacent-violators algorithm: neighbours in the wrong order become one, at their weighted mean, until none is left. Points
//! must come by rising x and with each x once; [`without_ties`] makes them so.

/// One x with all that was observed there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// In any unit.
    pub x: f64,
    /// Weighted mean of the y.
    pub y: f64,
    /// Σ w, > 0.
    pub weight: f64,
}

/// The non-decreasing values nearest to `y` in weighted squares, one for each.
///
/// The minimum over f₁ ≤ f₂ ≤ … of Σ w_i · (y_i − f_i)².
///
/// y: in any unit, by rising x. w: `weight`, > 0, in any unit.
///
/// Edge cases: nothing gives nothing. Values already in order come back as they are.
///
/// # Panics
///
/// When the lists differ in length, a value is not finite, or a weight is not a finite number above 0.
///
/// ```
/// use arrears_models::isotonic::pool_adjacent_violators;
/// // 3 and 1 are in the wrong order: their mean, with the second counted three times, is 1.5.
/// assert_eq!(pool_adjacent_violators(&[1.0, 3.0, 1.0, 4.0], &[1.0, 1.0, 3.0, 1.0]), [1.0, 1.5, 1.5, 4.0]);
/// ```
///
/// Source: R. E. Barlow, D. J. Bartholomew, J. M. Bremner, H. D. Brunk (1972), *Statistical Inference under Order Restrictions*,
/// section 1.2.
pub fn pool_adjacent_violators(y: &[f64], weight: &[f64]) -> Vec<f64> {
    assert_eq!(y.len(), weight.len(), "as many weights as values are needed");
    for (y, weight) in y.iter().zip(weight) {
        assert!(y.is_finite() && *weight > 0.0 && weight.is_finite(), "a value or weight is not valid: {y}, {weight}");
    }
    // (Σ w · y, Σ w, how many)
    let points = y.iter().zip(weight).map(|(y, weight)| (y * weight, *weight, 1_usize));
    let mean = |block: &(f64, f64, usize)| block.0 / block.1;
    let blocks =
        pooled(points, |left, right| mean(left) > mean(right), |left, right| (left.0 + right.0, left.1 + right.1, left.2 + right.2));
    let single = |place: usize| y[place];
    let mut fitted = Vec::with_capacity(y.len());
    for block in &blocks {
        // A value that was not pooled comes back to the bit.
        let value = if block.2 == 1 { single(fitted.len()) } else { mean(block) };
        fitted.extend(std::iter::repeat_n(value, block.2));
    }
    fitted
}

/// The algorithm for anything that can be pooled: neighbours of which `violates` says so are merged.
pub(crate) fn pooled<T>(items: impl Iterator<Item = T>, violates: impl Fn(&T, &T) -> bool, merged: impl Fn(T, T) -> T) -> Vec<T> {
    let mut blocks: Vec<T> = Vec::new();
    for item in items {
        let mut last = item;
        while let Some(before) = blocks.pop_if(|before| violates(before, &last)) {
            last = merged(before, last);
        }
        blocks.push(last);
    }
    blocks
}

/// Observations by rising x, those of one x made one: their weighted mean with the sum of their weights.
///
/// Those of weight 0 say nothing and are left out.
///
/// # Panics
///
/// When the lists differ in length, x or y is not finite, or a weight is negative or not finite.
///
/// ```
/// use arrears_models::isotonic::{Point, without_ties};
/// let points = without_ties(&[2.0, 1.0, 2.0], &[1.0, 5.0, 4.0], &[1.0, 1.0, 2.0]);
/// assert_eq!(points, [Point { x: 1.0, y: 5.0, weight: 1.0 }, Point { x: 2.0, y: 3.0, weight: 3.0 }]);
/// ```
pub fn without_ties(x: &[f64], y: &[f64], weight: &[f64]) -> Vec<Point> {
    assert!(x.len() == y.len() && x.len() == weight.len(), "as many x and weights as values are needed");
    for ((x, y), weight) in x.iter().zip(y).zip(weight) {
        let is_valid = x.is_finite() && y.is_finite() && *weight >= 0.0 && weight.is_finite();
        assert!(is_valid, "an observation is not valid: {x}, {y}, {weight}");
    }
    let mut order: Vec<usize> = (0..x.len()).filter(|row| weight[*row] > 0.0).collect();
    // By all three, so that the sums do not depend on the order in which the observations came.
    let key = |row: usize| [x[row], y[row], weight[row]];
    order.sort_by(|left, right| {
        let pairs = key(*left).into_iter().zip(key(*right));
        pairs.map(|(left, right)| left.total_cmp(&right)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    let ties = order.chunk_by(|left, right| x[*left] == x[*right]);
    ties.map(|rows| {
        let total: f64 = rows.iter().map(|row| weight[*row]).sum();
        let y = if rows.len() == 1 { y[rows[0]] } else { rows.iter().map(|row| weight[*row] * y[*row]).sum::<f64>() / total };
        Point { x: x[rows[0]], y, weight: total }
    })
    .collect()
}
