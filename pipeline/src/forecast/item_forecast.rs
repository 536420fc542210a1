//! What is said of one open item: chances, dates and what moves them.
//!
//! The published table and the explanation of an invoice read the same figures from here, so that they cannot differ.

use super::design::{ItemFeatures, Rows};
use super::drivers::{Driver, drivers};
use super::open_items::{DaysAhead, Expected};
use super::snapshot::Snapshot;
use super::timing::TimingModel;
use crate::ledger::calendar::Day;
use crate::scoring::facts::{DebitItem, Facts};
use arrears_models::hazard::first_reaching;

/// Days within which the chance of payment is told.
pub const WITHIN_DAYS: [i32; 5] = [7, 14, 30, 60, 90];
/// Shares for which a date is told.
pub const DATES: [f64; 3] = [0.1, 0.5, 0.9];

/// The forecast of an open item.
#[derive(Clone, Debug)]
pub struct ItemForecast<'a> {
    /// The item as it is known.
    pub item: &'a DebitItem,
    /// Its curve.
    pub expected: &'a Expected,
    /// The item as the model sees it.
    pub features: ItemFeatures,
    /// Chance that it is paid within each of [`WITHIN_DAYS`].
    pub within: [f64; WITHIN_DAYS.len()],
    /// Chance that it is neither paid, credited nor written off by the due date; `None` where that lies beyond the days ahead.
    pub late: Option<f64>,
    /// The same 30 days after the due date.
    pub late_30: Option<f64>,
    /// Mean date of payment, of what is paid within the days ahead; `None` where nothing is.
    pub expected_date: Option<Day>,
    /// The dates by which [`DATES`] of it are paid; `None` beyond the days ahead.
    pub dates: [Option<Day>; DATES.len()],
    /// Shares paid, credited and written off at the end of the days ahead.
    pub left: [f64; 3],
    /// What moves its chance on the first day ahead, the largest first; empty where no hazard stands behind it.
    pub drivers: Vec<Driver>,
}

impl<'a> ItemForecast<'a> {
    /// Reads the curve of an item; `days_ahead` are those of its company. `None` where there are none.
    pub fn new(facts: &'a Facts, snapshot: &Snapshot, model: &TimingModel, days_ahead: &DaysAhead, expected: &'a Expected) -> Option<Self> {
        let customer = expected.customer as usize;
        let item = &facts.all_items_of(customer)[expected.open_item.position as usize];
        let days = days_ahead.days();
        let paid = paid_shares(days_ahead, expected);
        let as_of = snapshot.day;
        let due_date = expected.open_item.due_date;
        // Credits and write-offs before the day are not late either.
        let settled_by = |day: Day| {
            let place = days.partition_point(|ahead| ahead.day <= day).checked_sub(1);
            place.map_or(0.0, |place| paid[place] + expected.left[place][1] + expected.left[place][2])
        };
        let is_ahead = |day: Day| days.last().is_some_and(|last| day <= last.day);
        let late_after = |day: Day| match day <= as_of {
            true => Some(1.0),
            false => is_ahead(day).then(|| (1.0 - settled_by(day)).clamp(0.0, 1.0)),
        };
        let features = snapshot.features(customer, item, &expected.open_item);
        let rows = Rows::new(&features, snapshot.habits.of(customer), item.document_date, days_ahead.past());
        let drivers = if expected.is_collected { Vec::new() } else { drivers(model, rows, days.first()?) };
        let last = expected.left.last()?;
        let total = paid.last().copied().unwrap_or(0.0);
        let mut before = 0.0;
        let weighted: f64 = days
            .iter()
            .zip(&paid)
            .map(|(day, paid)| {
                let share = paid - before;
                before = *paid;
                share * f64::from(day.day - as_of)
            })
            .sum();
        Some(ItemForecast {
            item,
            expected,
            within: within(days_ahead, &paid, as_of),
            late: late_after(due_date),
            late_30: late_after(due_date + 30),
            expected_date: (total > 1e-6).then(|| as_of + (weighted / total).round() as i32),
            dates: DATES.map(|share| first_reaching(&paid, share).map(|place| days[place].day)),
            left: [total, last[1], last[2]],
            drivers,
            features,
        })
    }

    /// Share that is still open at the end of the days ahead.
    pub fn beyond_horizon(&self) -> f64 {
        (1.0 - self.left.iter().sum::<f64>()).max(0.0)
    }
}

/// Chance that an open item is paid within each of [`WITHIN_DAYS`] of `as_of`; `days_ahead` are those of its company.
pub fn paid_within(days_ahead: &DaysAhead, expected: &Expected, as_of: Day) -> [f64; WITHIN_DAYS.len()] {
    within(days_ahead, &paid_shares(days_ahead, expected), as_of)
}

/// Shares paid after each of the days ahead. What credits will take is paid already.
fn paid_shares(days_ahead: &DaysAhead, expected: &Expected) -> Vec<f64> {
    // A product of many shares may end a last digit above 1.
    expected.paid(days_ahead).map(|share| share.clamp(0.0, 1.0)).collect()
}

fn within(days_ahead: &DaysAhead, paid: &[f64], as_of: Day) -> [f64; WITHIN_DAYS.len()] {
    let days = days_ahead.days();
    let share_by = |day: Day| days.partition_point(|ahead| ahead.day <= day).checked_sub(1).map_or(0.0, |place| paid[place]);
    WITHIN_DAYS.map(|days| share_by(as_of + days))
}
