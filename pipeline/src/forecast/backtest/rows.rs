//! The rows that the model learns from and is asked about, for others to fit: what another method makes of the same figures.
//!
//! - `fits/<day>.parquet`: an item-day a row, with the share of what is still there that is paid on it, its weight, and every column
//!   of the design by name
//! - `items/<origin>.parquet`: every business day ahead of every open item, with the amount, the week, the chances of credit and
//!   write-off, what the model says, and the same columns
//! - `actuals.parquet`: by origin, company, currency and week the cash that came of open items, the model's and what is promised of it
//!
//! Amounts are in document currency, as numbers: they are for statistics. `rate` takes those of a week to base currency as of its
//! origin.

use super::file::write;
use super::{Origins, Plan};
use crate::error::Result;
use crate::forecast::cells::Cell;
use crate::forecast::design::{COLUMNS, Rows, column_names};
use crate::forecast::open_items::{DaysAhead, Expected};
use crate::forecast::replay::{Fitted, Forecaster, ReplayedOrigin, Target};
use crate::forecast::snapshot::Snapshot;
use crate::forecast::timing::Tier;
use crate::forecast::training::{Training, TrainingRows, band_of};
use crate::ledger::calendar::{Day, date_of};
use crate::ledger::money::RATE_ONE;
use arrow::array::{ArrayRef, Date32Array, Float32Array, Float64Array, Int32Array, StringArray, UInt64Array};
use std::path::Path;
use std::sync::Arc;

/// Ten-thousandths in a unit.
const UNIT: f64 = 10_000.0;

/// Writes the rows of the scored origins and of their fits. `done` hears of each origin.
///
/// # Errors
/// When a fit is not certified, or the folder cannot be written.
pub fn write_rows(
    folder: &Path,
    forecaster: &Forecaster,
    plan: &Plan,
    origins: &Origins,
    replayed: &[ReplayedOrigin],
    done: impl Fn(),
) -> Result<()> {
    let fits = plan.fits(&origins.all);
    let scored: Vec<(Day, Day)> = fits.iter().copied().zip(origins.all.iter().copied()).skip(origins.warm_up).collect();
    for alike in scored.chunk_by(|a, b| a.0 == b.0) {
        let day = alike[0].0;
        write(&folder.join("fits").join(format!("{}.parquet", date_of(day))), fit_columns(day, training_rows(forecaster, day)), &[])?;
        for fitted in forecaster.fit(&[day])? {
            for (_, origin) in alike {
                let columns = item_columns(forecaster, &fitted, *origin, plan);
                write(&folder.join("items").join(format!("{}.parquet", date_of(*origin))), columns, &[])?;
                done();
            }
        }
    }
    let scored = replayed.iter().filter(|replayed| replayed.origin >= plan.from);
    write(&folder.join("actuals.parquet"), actual_columns(forecaster, scored), &[])
}

fn training_rows(forecaster: &Forecaster, day: Day) -> TrainingRows {
    let Forecaster { facts, companies, half_life, .. } = *forecaster;
    let calendars = forecaster.calendars.at(facts, companies, day);
    let sample = forecaster.sample(day);
    Training { facts, companies, calendars: &calendars, half_life }.rows(&[day], sample, |_, _| {}).pop().unwrap_or_default()
}

fn fit_columns(day: Day, rows: TrainingRows) -> Vec<(String, ArrayRef)> {
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("fitted_on".into(), Arc::new(Date32Array::from(vec![day; rows.len()]))),
        ("target".into(), Arc::new(Float32Array::from(rows.target))),
        ("weight".into(), Arc::new(Float32Array::from(rows.weight))),
    ];
    columns.extend(design_columns(&rows.values));
    columns
}

/// The columns of the design, from rows that stand one after the other.
fn design_columns(values: &[f32]) -> impl Iterator<Item = (String, ArrayRef)> {
    column_names().into_iter().enumerate().map(|(column, name)| {
        let of_column = values.iter().skip(column).step_by(COLUMNS).copied();
        (name, Arc::new(Float32Array::from_iter_values(of_column)) as ArrayRef)
    })
}

/// Item-days at an origin.
#[derive(Default)]
struct ItemDays {
    company: Vec<String>,
    currency: Vec<String>,
    item: Vec<u64>,
    amount: Vec<f64>,
    day: Vec<Day>,
    week: Vec<i32>,
    credit: Vec<f64>,
    write_off: Vec<f64>,
    said: Vec<Option<f64>>,
    values: Vec<f32>,
}

fn item_columns(forecaster: &Forecaster, fitted: &Fitted, origin: Day, plan: &Plan) -> Vec<(String, ArrayRef)> {
    let snapshot = forecaster.snapshot(origin, fitted);
    let last = plan.periods(origin).last_day();
    let days: Vec<DaysAhead> = fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, origin, last)).collect();
    let mut rows = ItemDays::default();
    for (number, expected) in forecaster.expected(&snapshot, fitted, &days).iter().enumerate() {
        let company = forecaster.companies.company(expected.customer as usize);
        rows.add(forecaster, fitted, &snapshot, &days[company], (number as u64, expected));
    }
    let count = rows.day.len();
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("origin".into(), Arc::new(Date32Array::from(vec![origin; count]))),
        ("fitted_on".into(), Arc::new(Date32Array::from(vec![fitted.day; count]))),
        ("company_id".into(), Arc::new(StringArray::from(rows.company))),
        ("currency".into(), Arc::new(StringArray::from(rows.currency))),
        ("item".into(), Arc::new(UInt64Array::from(rows.item))),
        ("amount".into(), Arc::new(Float64Array::from(rows.amount))),
        ("day".into(), Arc::new(Date32Array::from(rows.day))),
        ("week".into(), Arc::new(Int32Array::from(rows.week))),
        ("credit".into(), Arc::new(Float64Array::from(rows.credit))),
        ("write_off".into(), Arc::new(Float64Array::from(rows.write_off))),
        ("said".into(), Arc::new(Float64Array::from(rows.said))),
    ];
    columns.extend(design_columns(&rows.values));
    columns
}

impl ItemDays {
    fn add(
        &mut self,
        forecaster: &Forecaster,
        fitted: &Fitted,
        snapshot: &Snapshot,
        days: &DaysAhead,
        (number, expected): (u64, &Expected),
    ) {
        let customer = expected.customer as usize;
        let item = &forecaster.facts.all_items_of(customer)[expected.open_item.position as usize];
        let features = snapshot.features(customer, item, &expected.open_item);
        let mut item_rows = Rows::new(&features, snapshot.habits.of(customer), item.document_date, days.past());
        let mut row = [0.0; COLUMNS];
        for day in days.days() {
            item_rows.write(day, &mut row);
            let [credit, write_off] = fitted.model.others[band_of(day.day - features.due_date)];
            let hazard = fitted.model.hazard.as_ref().filter(|_| fitted.model.tier == Tier::Hazard);
            self.company.push(forecaster.book.companies[forecaster.companies.company(customer)].clone());
            self.currency.push(forecaster.book.rates.code(expected.currency).to_owned());
            self.item.push(number);
            self.amount.push(expected.amount as f64 * (1.0 - expected.kept_share()) / UNIT);
            self.day.push(day.day);
            self.week.push((day.day - snapshot.day - 1) / 7 + 1);
            self.credit.push(credit);
            self.write_off.push(write_off);
            self.said.push(hazard.map(|fit| fit.probability(&row)));
            self.values.extend_from_slice(&row);
        }
    }
}

/// Base currency for one unit of a cell's currency at an origin.
fn rate(forecaster: &Forecaster, origin: Day, cell: &Cell) -> Option<f64> {
    forecaster.facts.rates().on(cell.currency?, origin, origin).map(|rate| rate as f64 / RATE_ONE as f64)
}

fn actual_columns<'a>(forecaster: &Forecaster, replayed: impl Iterator<Item = &'a ReplayedOrigin>) -> Vec<(String, ArrayRef)> {
    let of_origin = |replayed: &'a ReplayedOrigin| {
        let cells = replayed.forecast.cells.all().iter().enumerate();
        cells.flat_map(move |(at, cell)| (0..replayed.forecast.periods.all().len()).map(move |period| (replayed, at, cell, period)))
    };
    let rows: Vec<(&ReplayedOrigin, usize, &Cell, usize)> =
        replayed.flat_map(of_origin).filter(|(_, _, cell, _)| cell.company.is_some() && cell.currency.is_some()).collect();
    let texts = |of: &dyn Fn(&Cell) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(|row| of(row.2)).collect::<StringArray>()) };
    let numbers = |of: &dyn Fn(&ReplayedOrigin, usize) -> Option<f64>| -> ArrayRef {
        let values =
            rows.iter().map(|(replayed, at, _, period)| of(replayed, replayed.forecast.place(*at, *period)).map(|value| value / UNIT));
        Arc::new(values.collect::<Float64Array>())
    };
    vec![
        ("origin".into(), Arc::new(rows.iter().map(|row| Some(row.0.origin)).collect::<Date32Array>())),
        ("fitted_on".into(), Arc::new(rows.iter().map(|row| Some(row.0.fitted)).collect::<Date32Array>())),
        ("tier".into(), Arc::new(rows.iter().map(|row| Some(row.0.tier.word())).collect::<StringArray>())),
        ("company_id".into(), texts(&|cell| cell.company.map(|company| forecaster.book.companies[company].clone()))),
        ("currency".into(), texts(&|cell| cell.currency.map(|currency| forecaster.book.rates.code(currency).to_owned()))),
        (
            "week".into(),
            Arc::new(rows.iter().map(|row| i32::try_from(row.0.forecast.periods.all()[row.3].horizon).ok()).collect::<Int32Array>()),
        ),
        ("rate".into(), Arc::new(rows.iter().map(|row| rate(forecaster, row.0.origin, row.2)).collect::<Float64Array>())),
        ("actual".into(), numbers(&|replayed, place| replayed.actual[Target::OpenItems as usize][place])),
        ("model".into(), numbers(&|replayed, place| Some((replayed.forecast.means[place][1] + replayed.forecast.means[place][2]) as f64))),
        ("promises".into(), numbers(&|replayed, place| Some(replayed.forecast.means[place][2] as f64))),
    ]
}
