//! How far forecasts were off, and whether their bands held what they promised: by cell, target, method and week ahead.
//!
//! Errors are added up over origins before they are divided: a ratio is never averaged. Bands are those that could have
//! been published at the origin: calibrated on what was final by then.

use super::cash::{CashForecast, Component, LEVELS};
use super::cells::Cell;
use super::grid::Grid;
use super::replay::{FINAL_AFTER_DAYS, ReplayedOrigin, Target};
use crate::ledger::calendar::Day;
use arrears_models::conformal::{Calibrated, Options, Origin, calibrate};
use arrears_models::forecast_scores::{ErrorSums, crps_of_quantiles, pinball};
use std::collections::BTreeMap;

/// The most origins that a band is calibrated on.
pub const ORIGINS_MOST: usize = 52;
/// The published bands: share, and the levels of both ends.
pub const BANDS: [(f64, usize, usize); 3] = [(0.50, 3, 5), (0.80, 2, 6), (0.95, 0, 8)];

/// The scores of one method over some origins.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// Errors of the mean.
    pub errors: ErrorSums,
    /// By origin and period, for intervals: |error|, actual.
    pub parts: Vec<(Day, f64, f64)>,
    /// Σ of the pinball losses of all levels ÷ their number.
    pub pinball: f64,
    /// Σ of the continuous ranked probability scores.
    pub crps: f64,
    /// By band: periods inside, periods with a calibrated band.
    pub inside: [(usize, usize); BANDS.len()],
    /// By origin, whether each band held: for intervals of coverage.
    pub held: Vec<(Day, [Option<bool>; BANDS.len()])>,
    /// Periods with quantiles.
    pub quantile_periods: usize,
    /// Σ of what came.
    pub actual: f64,
    /// What came, by weeks ahead and origin: what MASE divides by comes from it.
    came: BTreeMap<(usize, Day), f64>,
}

/// What scores are kept by: cell, target, method, weeks ahead (0 for all together).
pub type Key = (Cell, Target, &'static str, usize);

/// Scores of replayed origins from `first` on; earlier ones serve for calibration only.
pub fn scores(replayed: &[ReplayedOrigin], first: Day) -> BTreeMap<Key, Scores> {
    let mut found: BTreeMap<Key, Scores> = BTreeMap::new();
    for (position, origin) in replayed.iter().enumerate().filter(|(_, origin)| origin.origin >= first) {
        let periods = origin.forecast.periods.all();
        for (at, cell) in origin.forecast.cells.all().iter().enumerate() {
            let weeks = origin.forecast.periods.count(Grid::Week);
            for (ahead, period) in periods.iter().enumerate().filter(|(_, period)| period.grid == Grid::Week) {
                let place = origin.forecast.place(at, ahead);
                for target in Target::ALL {
                    let Some(actual) = origin.actual[target as usize][place] else { continue };
                    let keys = |method| [(cell.clone(), target, method, period.horizon), (cell.clone(), target, method, 0)];
                    let bands = calibrated(&replayed[..position], &origin.forecast, at, target, ahead);
                    for key in keys("model") {
                        let scores = found.entry(key).or_default();
                        scores.add_mean((origin.origin, period.horizon), mean_of(&origin.forecast, target, place), actual);
                        scores.add_quantiles(origin.origin, &bands, actual);
                    }
                    for (_, name, amounts) in origin.baselines.iter().filter(|(of, _, _)| *of == target) {
                        for key in keys(name) {
                            found.entry(key).or_default().add_mean(
                                (origin.origin, period.horizon),
                                amounts[at * weeks + period.horizon - 1],
                                actual,
                            );
                        }
                    }
                }
            }
        }
    }
    found
}

/// The mean that was forecast.
pub fn mean_of(forecast: &CashForecast, target: Target, place: usize) -> f64 {
    let means = &forecast.means[place];
    match target {
        // Promises are about open items.
        Target::OpenItems => (means[Component::OpenItems as usize] + means[Component::Promises as usize]) as f64,
        Target::Total => means.iter().sum::<i128>() as f64,
    }
}

fn raw(forecast: &CashForecast, target: Target, place: usize) -> &[f64; LEVELS.len()] {
    match target {
        Target::OpenItems => &forecast.open_quantiles[place],
        Target::Total => &forecast.quantiles[place],
    }
}

/// The quantiles of a cell's period of a forecast, calibrated on the replayed origins before it whose period of the same kind
/// was final by then.
pub fn calibrated(earlier: &[ReplayedOrigin], forecast: &CashForecast, cell: usize, target: Target, ahead: usize) -> Calibrated {
    let name = &forecast.cells.all()[cell];
    let period = forecast.periods.all()[ahead];
    let matured = earlier.iter().rev().filter_map(|other| {
        let position = other.forecast.periods.position(period.grid, period.horizon)?;
        let end = other.forecast.periods.all()[position].end;
        let at = other.forecast.cells.all().iter().position(|of| of == name)?;
        let place = other.forecast.place(at, position);
        let actual = other.actual[target as usize][place].filter(|_| end + FINAL_AFTER_DAYS <= forecast.periods.origin)?;
        Some(Origin { actual, quantiles: raw(&other.forecast, target, place), weight: 1.0 })
    });
    let mut matured: Vec<Origin> = matured.take(ORIGINS_MOST).collect();
    matured.reverse();
    let today = raw(forecast, target, forecast.place(cell, ahead));
    // Refunds can make cash negative; where that never was, it is no way to be wide.
    let least = matured.iter().all(|origin| origin.actual >= 0.0).then_some(0.0);
    let mut bands = calibrate(&LEVELS, &matured, today, &Options { is_median_shifted: false, least });
    if target == Target::OpenItems {
        let open = forecast.open[cell];
        bands.quantiles.iter_mut().for_each(|quantile| *quantile = quantile.min(open));
    }
    bands
}

impl Scores {
    /// One period: what was forecast, and what came.
    pub fn add_mean(&mut self, (origin, week): (Day, usize), forecast: f64, actual: f64) {
        self.errors.add(forecast, actual);
        self.came.insert((week, origin), actual);
        self.actual += actual;
        self.parts.push((origin, (forecast - actual).abs(), actual.abs()));
    }

    fn add_quantiles(&mut self, origin: Day, bands: &Calibrated, actual: f64) {
        let is_calibrated = BANDS.map(|(_, low, high)| bands.is_calibrated[low] && bands.is_calibrated[high]);
        self.add_bands(origin, &bands.quantiles, &is_calibrated, actual);
    }

    /// The quantiles of one period, which bands of them are calibrated, and what came.
    pub fn add_bands(&mut self, origin: Day, quantiles: &[f64], is_calibrated: &[bool; BANDS.len()], actual: f64) {
        let losses = LEVELS.iter().zip(quantiles).map(|(level, quantile)| pinball(*level, *quantile, actual));
        self.pinball += losses.sum::<f64>() / LEVELS.len() as f64;
        self.crps += crps_of_quantiles(&LEVELS, quantiles, actual).unwrap_or(0.0);
        self.quantile_periods += 1;
        let mut held = [None; BANDS.len()];
        for (band, (_, low, high)) in BANDS.into_iter().enumerate().filter(|(band, _)| is_calibrated[*band]) {
            let is_inside = (quantiles[low]..=quantiles[high]).contains(&actual);
            let (inside, all) = self.inside[band];
            self.inside[band] = (inside + usize::from(is_inside), all + 1);
            held[band] = Some(is_inside);
        }
        self.held.push((origin, held));
    }

    /// Mean absolute error over the mean change of what came from one week to the next, among the same weeks; `None` where no two
    /// origins lie a week apart.
    pub fn mase(&self) -> Option<f64> {
        let changes = self.came.iter().filter_map(|((week, origin), actual)| {
            let before = self.came.get(&(*week, origin - 7))?;
            Some((actual - before).abs())
        });
        let (sum, count) = changes.fold((0.0, 0), |(sum, count), change| (sum + change, count + 1));
        if count == 0 { None } else { self.errors.mase(sum / f64::from(count)) }
    }

    /// The mean of a sum over periods with quantiles, as a share of the mean of what came; `None` where there is neither.
    pub fn share_of_actual(&self, sum: f64) -> Option<f64> {
        (self.quantile_periods > 0 && self.actual > 0.0).then(|| sum / self.actual)
    }

    /// The share of periods inside a band, of those with a calibrated one.
    pub fn coverage(&self, band: usize) -> Option<f64> {
        let (inside, all) = self.inside[band];
        (all > 0).then(|| inside as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mase_divides_by_the_change_from_week_to_week() {
        let mut scores = Scores::default();
        for (origin, actual) in [(0, 100.0), (7, 140.0), (14, 120.0)] {
            scores.add_mean((origin, 1), 110.0, actual);
        }
        // Errors 10, 30 and 10; changes 40 and 20.
        assert!((scores.mase().expect("weeks follow each other") - (50.0 / 3.0) / 30.0).abs() < 1e-12);
        let mut single = Scores::default();
        single.add_mean((0, 1), 110.0, 100.0);
        assert_eq!(single.mase(), None);
    }

    #[test]
    fn a_band_holds_with_its_ends() {
        let quantiles: Vec<f64> = (1..=9).map(|level| f64::from(level) * 10.0).collect();
        let mut scores = Scores::default();
        for actual in [40.0, 60.0, 61.0, 71.0] {
            scores.add_bands(0, &quantiles, &[true, true, false], actual);
        }
        // The bands are 40 to 60, 30 to 70, and one that is not calibrated.
        assert_eq!([0, 1, 2].map(|band| scores.coverage(band)), [Some(0.5), Some(0.75), None]);
    }
}
