//! `cash_forecast` and `cash_baselines`.

use super::{CellName, sorted_cells};
use crate::error::Result;
use crate::forecast::accuracy::{BANDS, calibrated};
use crate::forecast::cash::{Component, LEVELS};
use crate::forecast::grid::{Grid, Period};
use crate::forecast::nightly::NightForecast;
use crate::forecast::replay::Target;
use crate::ledger::book::Book;
use crate::ledger::scopes::Scope;
use crate::marts::frame::{dates, optional_sums, sums, texts};
use polars::prelude::*;
use std::collections::BTreeMap;

/// One row of `cash_forecast`.
struct Row {
    cell: usize,
    period: Period,
    component: &'static str,
    mean: i128,
    quantiles: Option<[i128; LEVELS.len()]>,
    calibration: Option<&'static str>,
    origins: Option<i64>,
}

/// Cash to come by cell, period and component.
///
/// # Errors
/// When Polars fails.
pub fn cash_forecast(book: &Book, forecast: &NightForecast) -> Result<DataFrame> {
    let cash = &forecast.cash;
    let mut rows = Vec::new();
    for cell in sorted_cells(book, &cash.cells) {
        let mut periods: Vec<usize> = (0..cash.periods.all().len()).collect();
        periods.sort_by_key(|period| (cash.periods.all()[*period].grid.word(), cash.periods.all()[*period].start));
        for ahead in periods {
            add_rows(forecast, cell, ahead, &mut rows);
        }
    }
    let names: Vec<CellName> = rows.iter().map(|row| CellName::new(book, &cash.cells.all()[row.cell])).collect();
    let mut columns = vec![
        texts("company_id", names.iter().map(|name| Some(name.company))),
        texts("scope", names.iter().map(|name| Some(name.scope))),
        texts("scope_value", names.iter().map(|name| Some(name.value))),
        texts("basis", names.iter().map(|name| Some(name.basis))),
        texts("currency", names.iter().map(|name| Some(name.currency))),
        texts("grid", rows.iter().map(|row| Some(row.period.grid.word()))),
        dates("period_start", rows.iter().map(|row| Some(row.period.start))),
        dates("period_end", rows.iter().map(|row| Some(row.period.end))),
        Column::new("horizon".into(), rows.iter().map(|row| row.period.horizon as i64).collect::<Vec<i64>>()),
        texts("component", rows.iter().map(|row| Some(row.component))),
        sums("mean", rows.iter().map(|row| row.mean).collect()),
        texts("calibration", rows.iter().map(|row| row.calibration)),
        Column::new("origins".into(), rows.iter().map(|row| row.origins).collect::<Vec<Option<i64>>>()),
    ];
    for (at, level) in LEVELS.iter().enumerate() {
        let name = format!("p{:03}", (level * 1_000.0).round() as i64);
        columns.push(optional_sums(&name, &rows.iter().map(|row| row.quantiles.map(|quantiles| quantiles[at])).collect::<Vec<_>>()));
    }
    Ok(DataFrame::new_infer_height(columns)?)
}

fn add_rows(forecast: &NightForecast, cell: usize, ahead: usize, rows: &mut Vec<Row>) {
    let cash = &forecast.cash;
    let period = cash.periods.all()[ahead];
    let place = cash.place(cell, ahead);
    let means = cash.means[place];
    let scope = cash.cells.all()[cell].scope;
    let row = |component, mean| Row { cell, period, component, mean, quantiles: None, calibration: None, origins: None };
    // Sorted by the component's word.
    rows.push(row(Component::NewBilling.word(), means[Component::NewBilling as usize]));
    rows.push(row(Component::OpenItems.word(), means[Component::OpenItems as usize]));
    let open = means[Component::OpenItems as usize] + means[Component::Promises as usize];
    for (target, component, mean) in
        [(Target::OpenItems, "open_items_and_promises", open), (Target::Total, "total", means.iter().sum::<i128>())]
    {
        if target == Target::Total {
            rows.push(row(Component::Orders.word(), means[Component::Orders as usize]));
            rows.push(row(Component::Promises.word(), means[Component::Promises as usize]));
        }
        let mut row = row(component, mean);
        if scope == Scope::Company {
            let bands = calibrated(&forecast.replayed, cash, cell, target, ahead);
            let (_, low, high) = BANDS[1];
            let is_calibrated = bands.is_calibrated[low] && bands.is_calibrated[high];
            row.quantiles = Some(rounded(&bands.quantiles));
            row.calibration = Some(if is_calibrated { "calibrated" } else { "uncalibrated" });
            row.origins = Some(bands.origins as i64);
        } else {
            let raw = if target == Target::Total { &cash.quantiles } else { &cash.open_quantiles };
            row.quantiles = Some(rounded(&raw[place]));
            row.calibration = Some("simulated");
        }
        rows.push(row);
    }
}

fn rounded(quantiles: &[f64]) -> [i128; LEVELS.len()] {
    let mut whole = [0; LEVELS.len()];
    whole.iter_mut().zip(quantiles).for_each(|(whole, quantile)| *whole = quantile.round() as i128);
    whole
}

/// Weekly cash by the rules of thumb, of companies.
///
/// # Errors
/// When Polars fails.
pub fn cash_baselines(book: &Book, forecast: &NightForecast) -> Result<DataFrame> {
    let cash = &forecast.cash;
    let weeks: Vec<Period> = cash.periods.all().iter().filter(|period| period.grid == Grid::Week).copied().collect();
    let mut amounts: BTreeMap<(usize, &str, &str, usize), f64> = BTreeMap::new();
    for (order, cell) in sorted_cells(book, &cash.cells).into_iter().enumerate() {
        if cash.cells.all()[cell].scope != Scope::Company {
            continue;
        }
        for (target, method, of_cells) in &forecast.baselines {
            for week in 0..weeks.len() {
                amounts.insert((order, target.word(), method, week), of_cells[cell * weeks.len() + week]);
            }
        }
    }
    let order = sorted_cells(book, &cash.cells);
    let names: Vec<CellName> = amounts.keys().map(|key| CellName::new(book, &cash.cells.all()[order[key.0]])).collect();
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", names.iter().map(|name| Some(name.company))),
        texts("basis", names.iter().map(|name| Some(name.basis))),
        texts("currency", names.iter().map(|name| Some(name.currency))),
        texts("target", amounts.keys().map(|key| Some(key.1))),
        texts("method", amounts.keys().map(|key| Some(key.2))),
        dates("period_start", amounts.keys().map(|key| Some(weeks[key.3].start))),
        dates("period_end", amounts.keys().map(|key| Some(weeks[key.3].end))),
        Column::new("horizon".into(), amounts.keys().map(|key| weeks[key.3].horizon as i64).collect::<Vec<i64>>()),
        sums("amount", amounts.values().map(|amount| amount.round() as i128).collect()),
    ])?)
}
