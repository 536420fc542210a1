//! The timing model: on each business day, the chance that what is still open of an item leaves, and how.
//!
//! Responsible for the ladder: the full hazard where there is enough to learn from, below it the pooled curve over the days
//! from the expected date, below that the pooled curve over the days past due, and at last the due date itself, labelled as
//! no model. Credit notes and write-offs are competing exits, pooled by days past due. Not responsible for rows: see
//! `training`.

use super::design::{COLUMNS, DayFeatures, FIRST_RUN_COLUMN, ITEM_COLUMNS, ItemFeatures, Rows as ItemRows};
use super::training::{BANDS, OtherExits, TrainingRows, band_of};
use arrears_models::hazard::incidence;
use arrears_models::logistic::{Fit, FitError, Rows, Sample, fit_with_ridges};
use xxhash_rust::xxh3::Xxh3;

/// The steps of the ladder, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Every column.
    Hazard,
    /// Pooled, over the days from the date on which the customer would be expected to pay.
    ResidualCurve,
    /// Pooled, over the days past due.
    PooledCurve,
    /// On the due date.
    NoModel,
}

impl Tier {
    /// Every step, best first.
    pub const ALL: [Tier; 4] = [Tier::Hazard, Tier::ResidualCurve, Tier::PooledCurve, Tier::NoModel];

    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Tier::Hazard => "hazard",
            Tier::ResidualCurve => "residual_curve",
            Tier::PooledCurve => "pooled_curve",
            Tier::NoModel => "no_model",
        }
    }

    /// The step of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.word() == word)
    }

    /// The best step that so much data allows.
    pub fn allowed(events: f64, customers: usize) -> Self {
        match events {
            _ if events >= 1_000.0 && customers >= 50 => Tier::Hazard,
            _ if events >= 300.0 => Tier::ResidualCurve,
            _ if events >= 50.0 => Tier::PooledCurve,
            _ => Tier::NoModel,
        }
    }
}

/// Ridge of what changes from day to day, on standardised columns: it counts as much as this much weight of item-days.
pub const DAY_RIDGE: f64 = 20.0;
/// Ridge of the payment run, which is a chance already.
pub const RUN_RIDGE: f64 = 2.0;
/// Ridge of what tells items apart. It has few independent values, one a customer and landmark, and many rows of each.
pub const ITEM_RIDGE: f64 = 500.0;
/// Events that a day of a pooled curve needs: with fewer it borrows from the days around it.
const CURVE_EVENTS: f64 = 20.0;
/// Item-days that the exits of a band are held to the average with.
const BAND_PRIOR: f64 = 200.0;

/// A fitted model.
#[derive(Clone, Debug)]
pub struct TimingModel {
    /// The step of the ladder it stands on.
    pub tier: Tier,
    /// The hazard, on the first step.
    pub hazard: Option<Fit>,
    /// Chance of cash by day, on the second and third step.
    pub curve: Option<PooledCurve>,
    /// Chance of credit and write-off by band of days past due, a business day.
    pub others: [[f64; 2]; BANDS.len() + 1],
    /// Cash events it was fitted on.
    pub events: f64,
    /// Customers with an event.
    pub customers: usize,
    /// Rows.
    pub rows: usize,
    /// A hash of the rows.
    pub data_fingerprint: String,
}

/// A hazard by day.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledCurve {
    /// The first day; the last is `first + hazard.len() − 1`. Days beyond have the hazard of the nearest.
    pub first: i32,
    /// Share of what is there that is paid on the day.
    pub hazard: Vec<f64>,
}

impl PooledCurve {
    /// Shares paid by day, each from as many days around it as are needed for some events.
    fn fit(days: std::ops::RangeInclusive<i32>, rows: impl Iterator<Item = (f64, f64, f64)>) -> Self {
        let (first, last) = (*days.start(), *days.end());
        let count = usize::try_from(last - first + 1).unwrap_or(0);
        let (mut paid, mut at_risk) = (vec![0.0; count + 1], vec![0.0; count + 1]);
        for (day, target, weight) in rows {
            let place = (day.round().clamp(f64::from(first), f64::from(last)) - f64::from(first)) as usize;
            paid[place + 1] += target * weight;
            at_risk[place + 1] += weight;
        }
        for place in 0..count {
            paid[place + 1] += paid[place];
            at_risk[place + 1] += at_risk[place];
        }
        let between = |sums: &[f64], from: usize, to: usize| sums[to] - sums[from];
        let hazard = (0..count).map(|place| {
            let mut reach = 0;
            loop {
                let (from, to) = (place.saturating_sub(reach), (place + reach + 1).min(count));
                if between(&paid, from, to) >= CURVE_EVENTS || (from == 0 && to == count) {
                    let weight = between(&at_risk, from, to);
                    let share = if weight > 0.0 { between(&paid, from, to) / weight } else { 0.0 };
                    return share.clamp(1e-5, 0.98);
                }
                reach += 1;
            }
        });
        PooledCurve { first, hazard: hazard.collect() }
    }

    fn on(&self, day: f64) -> f64 {
        let place = day.round() - f64::from(self.first);
        self.hazard[place.clamp(0.0, self.hazard.len() as f64 - 1.0) as usize]
    }
}

impl TimingModel {
    /// Fits the best step of the ladder that the rows allow, or the one that is asked for.
    ///
    /// # Errors
    /// When the hazard's fit is not certified.
    pub fn fit(rows: &TrainingRows, tier: Tier) -> Result<Self, FitError> {
        let mut model = TimingModel {
            tier,
            hazard: None,
            curve: None,
            others: other_hazards(&rows.others),
            events: rows.events,
            customers: rows.customers,
            rows: rows.len(),
            data_fingerprint: fingerprint(rows),
        };
        match tier {
            Tier::Hazard => {
                let sample = Sample {
                    rows: Rows { values: &rows.values, columns: COLUMNS },
                    target: &rows.target,
                    weight: Some(&rows.weight),
                    offset: None,
                };
                let ridge = |column: usize| match column {
                    _ if column < ITEM_COLUMNS.len() => ITEM_RIDGE,
                    _ if column < FIRST_RUN_COLUMN => DAY_RIDGE,
                    _ => RUN_RIDGE,
                };
                let weight: f64 = rows.weight.iter().map(|weight| f64::from(*weight)).sum();
                let ridges: Vec<f64> = (0..COLUMNS).map(|column| ridge(column) / weight.max(1.0)).collect();
                model.hazard = Some(fit_with_ridges(&sample, &ridges, 50)?);
            }
            Tier::ResidualCurve => model.curve = Some(PooledCurve::fit(-45..=60, column(rows, RESIDUAL_COLUMN))),
            Tier::PooledCurve => model.curve = Some(PooledCurve::fit(-60..=180, column(rows, PAST_DUE_COLUMN))),
            Tier::NoModel => {}
        }
        Ok(model)
    }

    /// The same rows on the pooled curve over the days from the expected date, one step below the hazard.
    pub fn on_residual_curve(&self, rows: &TrainingRows) -> Self {
        let curve = PooledCurve::fit(-45..=60, column(rows, RESIDUAL_COLUMN));
        TimingModel { tier: Tier::ResidualCurve, hazard: None, curve: Some(curve), ..self.clone() }
    }

    /// Shares of an open item that have left by cash, credit and write-off after each of the days. `rows` are asked for where the
    /// hazard stands: a curve needs none.
    pub fn left<'r>(&self, item: &ItemFeatures, rows: impl FnOnce() -> ItemRows<'r>, days: &[DayFeatures]) -> Vec<[f64; 3]> {
        let mut row = [0.0; COLUMNS];
        let mut rows = (self.tier == Tier::Hazard).then(rows);
        incidence(days.iter().map(|day| {
            let [credit, write_off] = self.others[band_of(day.day - item.due_date)];
            let past_due = f64::from(day.day - item.due_date);
            let cash = match (self.tier, self.hazard.as_ref().zip(rows.as_mut()), &self.curve) {
                (Tier::Hazard, Some((fit, rows)), _) => {
                    rows.write(day, &mut row);
                    fit.probability(&row)
                }
                (Tier::ResidualCurve, _, Some(curve)) => curve.on(past_due - item.expected_days_late),
                (Tier::PooledCurve, _, Some(curve)) => curve.on(past_due),
                _ => f64::from(u8::from(past_due >= 0.0)),
            };
            [cash, credit, write_off]
        }))
    }
}

const RESIDUAL_COLUMN: usize = ITEM_COLUMNS.len();
const PAST_DUE_COLUMN: usize = super::design::PAST_DUE_COLUMN;

fn column(rows: &TrainingRows, column: usize) -> impl Iterator<Item = (f64, f64, f64)> {
    rows.values
        .chunks_exact(COLUMNS)
        .zip(&rows.target)
        .zip(&rows.weight)
        .map(move |((row, target), weight)| (f64::from(row[column]), f64::from(*target), f64::from(*weight)))
}

fn fingerprint(rows: &TrainingRows) -> String {
    let mut hash = Xxh3::new();
    for numbers in [&rows.values, &rows.target, &rows.weight] {
        numbers.iter().for_each(|number| hash.update(&number.to_le_bytes()));
    }
    format!("{:032x}", hash.digest128())
}

/// Chances of credit and write-off in each band: those of all bands together count as some item-days more.
fn other_hazards(others: &[OtherExits; BANDS.len() + 1]) -> [[f64; 2]; BANDS.len() + 1] {
    let sum = |part: fn(&OtherExits) -> f64| others.iter().map(part).sum::<f64>();
    let at_risk = sum(|band| band.at_risk).max(1.0);
    let average = [sum(|band| band.credit) / at_risk, sum(|band| band.write_off) / at_risk];
    others.map(|band| {
        let held = |leaves: f64, average: f64| (leaves + average * BAND_PRIOR) / (band.at_risk + BAND_PRIOR);
        [held(band.credit, average[0]), held(band.write_off, average[1])]
    })
}
