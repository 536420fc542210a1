//! A discrete-time hazard: on each day a share of what is still there leaves, by one of several exits.
//!
//! Responsible for turning hazards into shares that have left, and for the basis in which a hazard varies over time. Not
//! responsible for fitting the hazard: see [`crate::logistic`].

/// Writes x and max(0, x − knot) for each knot: a line that bends at the knots. x and knots in one unit; the result has one
/// column more than there are knots.
///
/// ```
/// use arrears_models::hazard::hinges;
/// let mut columns = [0.0_f32; 3];
/// hinges(4.0, &[-2.0, 7.0], &mut columns);
/// assert_eq!(columns, [4.0, 6.0, 0.0]);
/// ```
///
/// # Panics
/// When `columns` is not one longer than `knots`.
pub fn hinges(x: f64, knots: &[f64], columns: &mut [f32]) {
    assert_eq!(columns.len(), knots.len() + 1, "one column for x and one for each knot");
    columns[0] = x as f32;
    for (column, knot) in columns[1..].iter_mut().zip(knots) {
        *column = (x - knot).max(0.0) as f32;
    }
}

/// Shares that have left by each of `EXITS` exits after each day, from the hazards of each day.
///
/// - S(0) = 1, S(t) = S(t − 1) · (1 − Σ_k h_k(t))
/// - I_k(t) = Σ over days s ≤ t of S(s − 1) · h_k(s)
///
/// t, s: days, counted in steps. h_k: the share of what is still there that leaves on the day by exit k, 0 to 1. Where the
/// hazards of a day add up to more than 1 they are scaled down to 1. The shares and S sum to 1 on every day.
///
/// ```
/// use arrears_models::hazard::incidence;
/// let left = incidence([[0.5, 0.1], [0.5, 0.0]].into_iter());
/// // Half is paid and a tenth credited on the first day; half of the remaining 0.4 is paid on the second.
/// assert!((left[1][0] - 0.7).abs() < 1e-12 && (left[1][1] - 0.1).abs() < 1e-12);
/// ```
pub fn incidence<const EXITS: usize>(hazards: impl Iterator<Item = [f64; EXITS]>) -> Vec<[f64; EXITS]> {
    let mut still_there = 1.0;
    let mut left = [0.0; EXITS];
    hazards
        .map(|of_day| {
            let total: f64 = of_day.iter().sum();
            let scale = if total > 1.0 { 1.0 / total } else { 1.0 };
            for (left, hazard) in left.iter_mut().zip(of_day) {
                *left += still_there * hazard * scale;
            }
            still_there *= 1.0 - (total * scale);
            left
        })
        .collect()
}

/// The first day (position) on which a share that only grows has reached `share`; `None` when it never does.
///
/// ```
/// use arrears_models::hazard::first_reaching;
/// assert_eq!(first_reaching(&[0.1, 0.5, 0.9], 0.5), Some(1));
/// assert_eq!(first_reaching(&[0.1, 0.5, 0.9], 0.95), None);
/// ```
pub fn first_reaching(left: &[f64], share: f64) -> Option<usize> {
    // Rounding must not move a quantile by a day.
    let position = left.partition_point(|left| *left < share - 1e-12);
    (position < left.len()).then_some(position)
}
