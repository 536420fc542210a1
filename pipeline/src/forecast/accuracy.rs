//! How far forecasts were off: by company, currency, method and week ahead, and over all weeks.
//!
//! Errors are added up over origins before they are divided: a ratio is never averaged.

use super::actuals::Cell;
use super::replay::ReplayedOrigin;
use arrears_models::forecast_scores::ErrorSums;
use std::collections::BTreeMap;

/// Errors by company and currency, method and week ahead; week 0 is all weeks together.
pub fn errors(replayed: &[ReplayedOrigin]) -> BTreeMap<(Cell, &'static str, usize), ErrorSums> {
    let mut found: BTreeMap<(Cell, &'static str, usize), ErrorSums> = BTreeMap::new();
    for origin in replayed {
        for (method, forecast) in &origin.forecasts {
            for (cell, actual) in &origin.actual {
                for (week, actual) in actual.iter().enumerate() {
                    let forecast = forecast.get(cell).map_or(0.0, |weeks| weeks[week]);
                    found.entry((*cell, method, week + 1)).or_default().add(forecast, *actual);
                    found.entry((*cell, method, 0)).or_default().add(forecast, *actual);
                }
            }
        }
    }
    found
}
