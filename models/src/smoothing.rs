//! Exponential smoothing of a series, and the simple forecasts it has to beat.
//!
//! A level follows what is seen, and with it, if asked, a trend that is damped: it is believed for the next weeks and not for
//! the next year. The parameters are those with the smallest squared one-step errors; the start is solved for exactly. The
//! search is a fixed grid and a refinement without chance: the same series gives the same bits.
//!
//! Nothing here knows that cash is never negative: a falling trend may lead below 0, and the caller says what that means.

/// Fewer observations say nothing about how fast a level moves.
pub const SIMPLE_MIN: usize = 3;
/// Fewer observations than twice the five numbers that a damped trend needs would only be drawn after.
pub const DAMPED_MIN: usize = 10;
/// A trend is damped by as much per period at least, or it would reach as far as a straight line.
const DAMPING_MAX: f64 = 0.995;
/// And by no more than this: beyond, it is gone before it is seen.
const DAMPING_MIN: f64 = 0.8;
/// Share of the product of its diagonal below which the determinant of the start's equations is rounding.
const DETERMINANT_MIN: f64 = 1e-12;
/// A refinement ends when what its corners differ by is this share of the errors.
const REFINED: f64 = 1e-12;
/// Or after so many steps.
const STEPS_MAX: usize = 400;

/// How fast level and trend follow what is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// α: share of the newest observation in the level, 0 to 1.
    pub level: f64,
    /// β: share of the newest change of the level in the trend, 0 to 1.
    pub trend: f64,
    /// φ: what is left of the trend after a period, 0 to 1.
    pub damping: f64,
}

/// Level and trend between two periods.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// l, in the unit of the series.
    pub level: f64,
    /// b, in the unit of the series per period; 0 for simple smoothing.
    pub trend: f64,
}

impl State {
    /// The forecasts of the next periods: ŷ(h) = l + (φ + φ² + … + φ^h) · b, for h = 1 to `horizon`.
    pub fn forecast(&self, damping: f64, horizon: usize) -> Vec<f64> {
        let mut power = 1.0;
        let mut sum = 0.0;
        let mut next = || {
            power *= damping;
            sum += power;
            self.level + sum * self.trend
        };
        (0..horizon).map(|_| next()).collect()
    }

    /// The forecast of the next period.
    fn next(&self, damping: f64) -> f64 {
        self.level + damping * self.trend
    }

    fn after(&self, parameters: &Parameters, observation: f64) -> Self {
        let level = parameters.level * observation + (1.0 - parameters.level) * self.next(parameters.damping);
        let trend = parameters.trend * (level - self.level) + (1.0 - parameters.trend) * parameters.damping * self.trend;
        Self { level, trend }
    }
}

/// A series smoothed with given parameters from a given start.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothed {
    /// The forecast of each period from those before it.
    pub forecasts: Vec<f64>,
    /// Level and trend after the last period.
    pub end: State,
    /// Σ (observation − forecast)².
    pub sum_of_squares: f64,
}

/// Holt's linear exponential smoothing with a damped trend; simple exponential smoothing where the trend starts at 0 and β = 0.
///
/// - ŷ(t) = l(t − 1) + φ·b(t − 1)
/// - l(t) = α·y(t) + (1 − α)·ŷ(t)
/// - b(t) = β·(l(t) − l(t − 1)) + (1 − β)·φ·b(t − 1)
///
/// y: series, oldest first. l, b: level and trend. α, β, φ: see [`Parameters`].
///
/// Edge cases: an empty series ends as it started.
///
/// ```
/// use arrears_models::smoothing::{smooth, Parameters, State};
/// let parameters = Parameters { level: 0.5, trend: 0.5, damping: 0.8 };
/// // Forecast 10 + 0.8 · 5 = 14 for 20; level 17, trend ½ · 7 + ½ · 4 = 5.5.
/// let smoothed = smooth(&[20.0], &parameters, State { level: 10.0, trend: 5.0 });
/// assert_eq!((smoothed.forecasts, smoothed.end, smoothed.sum_of_squares), (vec![14.0], State { level: 17.0, trend: 5.5 }, 36.0));
/// // 17 + 0.8 · 5.5, then 0.64 · 5.5 more.
/// let ahead = smoothed.end.forecast(0.8, 2);
/// assert!((ahead[0] - 21.4).abs() < 1e-12 && (ahead[1] - 24.92).abs() < 1e-12);
/// ```
///
/// # Panics
///
/// When an observation is not finite or a parameter is not within 0 to 1.
///
/// Source: E. S. Gardner, E. McKenzie (1985), *Forecasting Trends in Time Series*, Management Science 31, 1237–1246; as in
/// R. J. Hyndman, G. Athanasopoulos (2021), *Forecasting: Principles and Practice*, 3rd edition, section 8.2.
pub fn smooth(series: &[f64], parameters: &Parameters, start: State) -> Smoothed {
    check(series);
    let is_valid = [parameters.level, parameters.trend, parameters.damping].iter().all(|it| (0.0..=1.0).contains(it));
    assert!(is_valid, "parameters lie within 0 to 1: {parameters:?}");
    let mut forecasts = Vec::with_capacity(series.len());
    let (end, sum_of_squares) = run(series, parameters, start, |forecast| forecasts.push(forecast));
    Smoothed { forecasts, end, sum_of_squares }
}

fn check(series: &[f64]) {
    assert!(series.iter().all(|observation| observation.is_finite()), "a series holds finite numbers");
}

fn run(series: &[f64], parameters: &Parameters, start: State, mut seen: impl FnMut(f64)) -> (State, f64) {
    series.iter().fold((start, 0.0), |(state, squares), observation| {
        let forecast = state.next(parameters.damping);
        seen(forecast);
        (state.after(parameters, *observation), squares + (observation - forecast).powi(2))
    })
}

/// Parameters and start with the smallest squared one-step errors over a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Of the recursion in [`smooth`]; β = 0 and φ = 1 for simple smoothing.
    pub parameters: Parameters,
    /// Level and trend before the first period.
    pub start: State,
    /// Level and trend after the last period: what the forecast goes out from.
    pub end: State,
    /// Σ of the squared one-step errors.
    pub sum_of_squares: f64,
    /// Length of the series.
    pub observations: usize,
}

impl Fit {
    /// The forecasts of the next `horizon` periods. May be negative.
    pub fn forecast(&self, horizon: usize) -> Vec<f64> {
        self.end.forecast(self.parameters.damping, horizon)
    }
}

/// Simple exponential smoothing with the best α in 0 to 1 and the best start.
///
/// Grid of α in steps of 1/32, then golden section about the best of them; the start is the least-squares solution for each α.
///
/// Edge cases: `None` for fewer than 3 observations. The forecast is the same for all horizons.
///
/// ```
/// use arrears_models::smoothing::fit_simple;
/// // A step: the level must follow at once.
/// let fit = fit_simple(&[5.0, 5.0, 5.0, 9.0, 9.0, 9.0]).unwrap();
/// assert!((fit.parameters.level - 1.0).abs() < 1e-6 && (fit.forecast(2)[1] - 9.0).abs() < 1e-6);
/// assert_eq!(fit_simple(&[5.0, 5.0]), None);
/// ```
///
/// # Panics
///
/// When an observation is not finite.
///
/// Source: R. J. Hyndman, G. Athanasopoulos (2021), section 8.1.
pub fn fit_simple(series: &[f64]) -> Option<Fit> {
    const STEPS: usize = 32;
    check(series);
    if series.len() < SIMPLE_MIN {
        return None;
    }
    let of = |level: f64| fitted(series, &Parameters { level, trend: 0.0, damping: 1.0 }, false);
    let grid: Vec<Fit> = (0..=STEPS).map(|step| of(step as f64 / STEPS as f64)).collect();
    let best = best_of(grid.iter().copied())?;
    let around = 1.0 / STEPS as f64;
    let (lower, upper) = ((best.parameters.level - around).max(0.0), (best.parameters.level + around).min(1.0));
    best_of([best, golden_section(lower, upper, of)])
}

/// Exponential smoothing with a damped trend: the best α and β in 0 to 1, φ in 0.8 to 0.995, and the best start.
///
/// A grid of the three parameters, then Nelder and Mead's simplex from the best three of its points, within the bounds; level
/// and trend before the first period are the least-squares solution for each.
///
/// Edge cases: `None` for fewer than 10 observations: the caller falls back to [`fit_simple`].
///
/// ```
/// use arrears_models::smoothing::{fit_damped, smooth, Parameters, State};
/// // A trend of 10 that halves in about seven periods, without noise, is found and continued.
/// let series = State { level: 100.0, trend: 10.0 }.forecast(0.9, 40);
/// let fit = fit_damped(&series[..30]).unwrap();
/// assert!(fit.forecast(10).iter().zip(&series[30..]).all(|(forecast, actual)| (forecast - actual).abs() < 0.05));
/// ```
///
/// # Panics
///
/// When an observation is not finite.
///
/// Sources: as [`smooth`]; J. A. Nelder, R. Mead (1965), *A Simplex Method for Function Minimization*, Computer Journal 7,
/// 308–313.
pub fn fit_damped(series: &[f64]) -> Option<Fit> {
    check(series);
    if series.len() < DAMPED_MIN {
        return None;
    }
    let of = |[level, trend, damping]: [f64; 3]| fitted(series, &Parameters { level, trend, damping }, true);
    let mut grid = Vec::new();
    for level in [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0] {
        for trend in [0.0, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0] {
            grid.extend([DAMPING_MIN, 0.9, 0.95, 0.98, DAMPING_MAX].map(|damping| of([level, trend, damping])));
        }
    }
    // Stable: among equals the first of the grid.
    grid.sort_by(|one, other| one.sum_of_squares.total_cmp(&other.sum_of_squares));
    best_of(grid[..3].iter().map(|start| simplex(*start, of)))
}

fn best_of(fits: impl IntoIterator<Item = Fit>) -> Option<Fit> {
    fits.into_iter().reduce(|best, fit| if fit.sum_of_squares < best.sum_of_squares { fit } else { best })
}

/// The series smoothed from its best start: the errors are linear in level and trend before the first period.
fn fitted(series: &[f64], parameters: &Parameters, has_trend: bool) -> Fit {
    let start = best_start(series, parameters, has_trend);
    let (end, sum_of_squares) = run(series, parameters, start, |_| ());
    Fit { parameters: *parameters, start, end, sum_of_squares, observations: series.len() }
}

/// Least squares of the errors from a start of nothing on what a level of 1 and a trend of 1 would have forecast.
fn best_start(series: &[f64], parameters: &Parameters, has_trend: bool) -> State {
    let mut nothing = State::default();
    let mut level = State { level: 1.0, trend: 0.0 };
    let mut trend = State { level: 0.0, trend: 1.0 };
    let [mut by_level, mut by_both, mut by_trend, mut level_error, mut trend_error] = [0.0; 5];
    for observation in series {
        let error = observation - nothing.next(parameters.damping);
        let (of_level, of_trend) = (level.next(parameters.damping), trend.next(parameters.damping));
        by_level += of_level * of_level;
        by_both += of_level * of_trend;
        by_trend += of_trend * of_trend;
        level_error += of_level * error;
        trend_error += of_trend * error;
        nothing = nothing.after(parameters, *observation);
        level = level.after(parameters, 0.0);
        trend = trend.after(parameters, 0.0);
    }
    let determinant = by_level * by_trend - by_both * by_both;
    // The first forecast is the level itself: by_level is at least 1. Only the trend may be impossible to tell from it.
    if !has_trend || determinant <= DETERMINANT_MIN * by_level * by_trend {
        return State { level: level_error / by_level, trend: 0.0 };
    }
    State {
        level: (level_error * by_trend - trend_error * by_both) / determinant,
        trend: (trend_error * by_level - level_error * by_both) / determinant,
    }
}

/// The best between two α, taking the errors to fall and then rise between them.
fn golden_section(mut lower: f64, mut upper: f64, of: impl Fn(f64) -> Fit) -> Fit {
    let share = (5.0_f64.sqrt() - 1.0) / 2.0;
    let inner = |lower: f64, upper: f64| (of(upper - share * (upper - lower)), of(lower + share * (upper - lower)));
    let mut best = of(lower);
    for _ in 0..40 {
        let (left, right) = inner(lower, upper);
        if left.sum_of_squares <= right.sum_of_squares {
            upper = right.parameters.level;
        } else {
            lower = left.parameters.level;
        }
        best = [left, right].into_iter().fold(best, |best, fit| if fit.sum_of_squares < best.sum_of_squares { fit } else { best });
    }
    // The edge itself: where the errors fall to it, no inner point reaches it.
    let edge = of(upper);
    if edge.sum_of_squares < best.sum_of_squares { edge } else { best }
}

/// The corners of a simplex, or a point: α, β, φ.
type Point = [f64; 3];

fn point(fit: &Fit) -> Point {
    [fit.parameters.level, fit.parameters.trend, fit.parameters.damping]
}

fn within_bounds([level, trend, damping]: Point) -> Point {
    [level.clamp(0.0, 1.0), trend.clamp(0.0, 1.0), damping.clamp(DAMPING_MIN, DAMPING_MAX)]
}

/// `from` + `share` · (`to` − `from`), within the bounds.
fn towards(from: &Point, to: &Point, share: f64) -> Point {
    within_bounds(std::array::from_fn(|at| from[at] + share * (to[at] - from[at])))
}

/// Nelder and Mead's search with its usual coefficients, points beyond a bound set back onto it.
fn simplex(start: Fit, of: impl Fn(Point) -> Fit) -> Fit {
    let mut corners = vec![start];
    for (at, step) in [0.05, 0.05, 0.03].into_iter().enumerate() {
        let mut corner = point(&start);
        corner[at] += step;
        if within_bounds(corner) != corner {
            corner[at] -= 2.0 * step;
        }
        corners.push(of(within_bounds(corner)));
    }
    for _ in 0..STEPS_MAX {
        corners.sort_by(|one, other| one.sum_of_squares.total_cmp(&other.sum_of_squares));
        let (best, second_worst, worst) = (corners[0], corners[2], corners[3]);
        if worst.sum_of_squares - best.sum_of_squares <= REFINED * best.sum_of_squares {
            break;
        }
        let middle: Point = std::array::from_fn(|at| corners[..3].iter().map(|corner| point(corner)[at]).sum::<f64>() / 3.0);
        let reflected = of(towards(&middle, &point(&worst), -1.0));
        corners[3] = if reflected.sum_of_squares < best.sum_of_squares {
            let expanded = of(towards(&middle, &point(&worst), -2.0));
            if expanded.sum_of_squares < reflected.sum_of_squares { expanded } else { reflected }
        } else if reflected.sum_of_squares < second_worst.sum_of_squares {
            reflected
        } else {
            let is_outside = reflected.sum_of_squares < worst.sum_of_squares;
            let contracted = of(towards(&middle, &point(&worst), if is_outside { -0.5 } else { 0.5 }));
            if contracted.sum_of_squares < worst.sum_of_squares.min(reflected.sum_of_squares) {
                contracted
            } else {
                corners[1..3].iter_mut().for_each(|corner| *corner = of(towards(&point(&best), &point(corner), 0.5)));
                of(towards(&point(&best), &point(&worst), 0.5))
            }
        };
    }
    corners.into_iter().fold(start, |best, corner| if corner.sum_of_squares < best.sum_of_squares { corner } else { best })
}

/// The seasonal naive forecast: each of the next periods is as the same period of the last season was.
///
/// ŷ(h) = y(n − m + (h − 1) mod m), positions from 0, for h = 1 to `horizon`.
///
/// y: history of n periods, oldest first. m: `season` in periods, ≥ 1; 1 repeats the last period.
///
/// Edge cases: `None` when the history is shorter than a season.
///
/// ```
/// use arrears_models::smoothing::seasonal_naive;
/// assert_eq!(seasonal_naive(&[9.0, 1.0, 2.0, 3.0], 3, 5), Some(vec![1.0, 2.0, 3.0, 1.0, 2.0]));
/// assert_eq!(seasonal_naive(&[1.0, 2.0], 3, 5), None);
/// ```
///
/// # Panics
///
/// When the season is 0.
pub fn seasonal_naive(history: &[f64], season: usize, horizon: usize) -> Option<Vec<f64>> {
    assert!(season > 0, "a season has one period or more");
    let last = &history[history.len().checked_sub(season)?..];
    Some(last.iter().copied().cycle().take(horizon).collect())
}

/// The mean of the last `count` periods, the same forecast for every horizon (the 8-week mean).
///
/// Edge cases: `None` when the history is shorter, or the count is 0.
///
/// ```
/// use arrears_models::smoothing::mean_of_last;
/// assert_eq!((mean_of_last(&[9.0, 1.0, 3.0], 2), mean_of_last(&[1.0], 2)), (Some(2.0), None));
/// ```
pub fn mean_of_last(history: &[f64], count: usize) -> Option<f64> {
    let last = &history[history.len().checked_sub(count)?..];
    (count > 0).then(|| last.iter().sum::<f64>() / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_never_moves_is_forecast_as_it_is() {
        for fit in [fit_simple(&[7.0; 20]), fit_damped(&[7.0; 20]), fit_simple(&[0.0; 20]), fit_damped(&[0.0; 20])] {
            let fit = fit.expect("twenty are enough");
            assert!(fit.sum_of_squares < 1e-20, "{fit:?}");
            assert!(fit.forecast(50).iter().all(|forecast| (forecast - fit.end.level).abs() < 1e-9), "{fit:?}");
        }
    }

    #[test]
    fn short_series_are_not_smoothed() {
        assert_eq!((fit_simple(&[]), fit_simple(&[1.0; 2]), fit_damped(&[1.0; 9])), (None, None, None));
        assert!(fit_simple(&[1.0, 5.0, 2.0]).is_some() && fit_damped(&[1.0; 10]).is_some());
        assert_eq!((mean_of_last(&[1.0], 0), mean_of_last(&[], 0), seasonal_naive(&[], 1, 3)), (None, None, None));
    }

    #[test]
    fn noise_about_a_level_is_averaged_and_a_walk_is_followed() {
        let noise: Vec<f64> = (0..60).map(|week| 100.0 + [5.0, -3.0, -6.0, 4.0, 7.0, -7.0, 0.0][week % 7]).collect();
        let averaged = fit_simple(&noise).expect("sixty are enough");
        assert!(averaged.parameters.level < 0.05 && (averaged.end.level - 100.0).abs() < 1.0, "{averaged:?}");
        let walk: Vec<f64> = (0..60_i32).map(|week| f64::from(week / 20) * 50.0).collect();
        assert!(fit_simple(&walk).expect("sixty are enough").parameters.level > 0.95);
    }

    #[test]
    fn the_sum_of_squares_is_that_of_the_recursion_with_what_was_fitted() {
        let series: Vec<f64> = (0..80).map(|week| f64::from(week) * 0.5 + f64::from(week * week % 17)).collect();
        for fit in [fit_simple(&series), fit_damped(&series)] {
            let fit = fit.expect("eighty are enough");
            let smoothed = smooth(&series, &fit.parameters, fit.start);
            assert_eq!((smoothed.sum_of_squares, smoothed.end), (fit.sum_of_squares, fit.end));
        }
    }

    #[test]
    #[should_panic(expected = "a series holds finite numbers")]
    fn a_week_that_is_no_number_is_refused() {
        fit_simple(&[1.0, f64::NAN, 2.0]);
    }
}
