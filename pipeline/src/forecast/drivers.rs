//! What moves an item's chance of being paid: the parts of its log-odds, against the average row of the fit.

use super::design::{COLUMNS, DayFeatures, ITEM_COLUMNS, Rows, day_groups};
use super::timing::TimingModel;

/// A part of an item's log-odds of being paid on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// What it is.
    pub name: &'static str,
    /// By how much it differs from the average row; above 0 is sooner.
    pub effect: f64,
}

/// The parts of an item's log-odds on a day, the largest first; none where no hazard stands behind it. With the average they
/// sum to the item's log-odds.
pub fn drivers(model: &TimingModel, mut rows: Rows, day: &DayFeatures) -> Vec<Driver> {
    let Some(fit) = &model.hazard else { return Vec::new() };
    let mut row = [0.0; COLUMNS];
    rows.write(day, &mut row);
    let part = |column: usize| fit.coefficients[column] * (f64::from(row[column]) - fit.means[column]);
    let of_item = ITEM_COLUMNS.iter().enumerate().map(|(column, name)| Driver { name, effect: part(column) });
    let of_day = day_groups().map(|(name, columns)| Driver { name, effect: columns.map(part).sum() });
    let mut drivers: Vec<Driver> = of_item.chain(of_day).collect();
    drivers.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    drivers
}
