//! The cash of the first week ahead: what the sentence of a run says of a forecast.

use super::accuracy::{BANDS, calibrated};
use super::grid::Grid;
use super::nightly::NightForecast;
use super::replay::Target;
use crate::ledger::scopes::Scope;

/// The cash of all companies in the seven days after a night, base currency, ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextWeek {
    /// What is expected.
    pub mean: i128,
    /// Lower end of the 80 % band.
    pub low: i128,
    /// Upper end of it.
    pub high: i128,
    /// Whether earlier forecasts corrected the band.
    pub is_calibrated: bool,
}

impl NextWeek {
    /// As it is published in `cash_forecast`; `None` where nothing is expected and nothing can come.
    pub fn of(forecast: &NightForecast) -> Option<Self> {
        let cash = &forecast.cash;
        let group = cash.cells.all().iter().position(|cell| cell.company.is_none() && cell.scope == Scope::Company)?;
        let ahead = cash.periods.position(Grid::Week, 1)?;
        let (_, low, high) = BANDS[1];
        let bands = calibrated(&forecast.replayed, cash, group, Target::Total, ahead);
        let amount = |level: usize| bands.quantiles[level].round() as i128;
        let week = NextWeek {
            mean: cash.means[cash.place(group, ahead)].iter().sum(),
            low: amount(low),
            high: amount(high),
            is_calibrated: bands.is_calibrated[low] && bands.is_calibrated[high],
        };
        ((week.mean, week.low, week.high) != (0, 0, 0)).then_some(week)
    }
}
