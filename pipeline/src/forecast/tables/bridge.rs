//! `cash_bridge`: from what due dates say to what is expected.

use super::{CellName, sorted_cells};
use crate::error::Result;
use crate::forecast::cash::Component;
use crate::forecast::grid::{Grid, Period};
use crate::forecast::nightly::NightForecast;
use crate::forecast::snapshot::Companies;
use crate::ledger::book::Book;
use crate::ledger::scopes::Scope;
use crate::marts::frame::{dates, sums, texts};
use polars::prelude::*;

/// The lines, in the order in which they lead from the first to the last.
const LINES: [&str; 6] = ["due_date_view", "unapplied_credits", "not_cash", "timing", "promises", "expected"];

/// Lines of the bridge of each company's weeks.
///
/// # Errors
/// When Polars fails.
pub fn cash_bridge(book: &Book, companies: &Companies, forecast: &NightForecast) -> Result<DataFrame> {
    let cash = &forecast.cash;
    let weeks: Vec<(usize, Period)> =
        cash.periods.all().iter().copied().enumerate().filter(|(_, period)| period.grid == Grid::Week).collect();
    let mut lines = vec![[0_i128; LINES.len()]; cash.cells.all().len() * weeks.len()];
    let origin = cash.periods.origin;
    let first_week = weeks.first().map_or(0, |(place, _)| *place);
    let week_of =
        |day: i32| cash.periods.of(day).find(|place| cash.periods.all()[*place].grid == Grid::Week).map(|place| place - first_week);
    for item in &forecast.expected {
        let company = companies.company(item.customer as usize);
        let days = forecast.days[company].days();
        let not_cash = item.left.last().map_or(0.0, |left| left[1] + left[2]);
        for (cell, rate) in cash.cells.of_company(company, item.currency) {
            let amount = |share: f64| (item.amount as f64 * rate * share).round() as i128;
            let at = |week: usize| *cell as usize * weeks.len() + week;
            if let Some(week) = week_of(item.open_item.due_date.max(origin + 1)) {
                let credits = item.open_item.open - item.amount;
                lines[at(week)][0] += (item.open_item.open as f64 * rate).round() as i128;
                lines[at(week)][1] -= (credits as f64 * rate).round() as i128;
                lines[at(week)][2] -= amount(not_cash);
            }
            let mut before = 0.0;
            for (day, left) in days.iter().zip(&item.left) {
                if let Some(week) = week_of(day.day) {
                    lines[at(week)][3] += amount(left[0] - before);
                }
                before = left[0];
            }
        }
    }
    for (cell, _) in cash.cells.all().iter().enumerate() {
        for (week, (place, _)) in weeks.iter().enumerate() {
            let line = &mut lines[cell * weeks.len() + week];
            let means = cash.means[cash.place(cell, *place)];
            let without_promises = line[3];
            line[5] = means[Component::OpenItems as usize] + means[Component::Promises as usize];
            line[4] = line[5] - without_promises;
            line[3] = without_promises - line[0] - line[1] - line[2];
        }
    }
    table(book, forecast, &weeks, &lines)
}

fn table(book: &Book, forecast: &NightForecast, weeks: &[(usize, Period)], lines: &[[i128; LINES.len()]]) -> Result<DataFrame> {
    let cash = &forecast.cash;
    let mut order: Vec<usize> = (0..LINES.len()).collect();
    order.sort_by_key(|line| LINES[*line]);
    let companies = sorted_cells(book, &cash.cells).into_iter().filter(|cell| cash.cells.all()[*cell].scope == Scope::Company);
    let mut rows: Vec<(CellName, Period, usize, i128)> = Vec::new();
    for cell in companies {
        for (week, (_, period)) in weeks.iter().enumerate() {
            for line in &order {
                let name = CellName::new(book, &cash.cells.all()[cell]);
                rows.push((name, *period, *line, lines[cell * weeks.len() + week][*line]));
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", rows.iter().map(|row| Some(row.0.company))),
        texts("basis", rows.iter().map(|row| Some(row.0.basis))),
        texts("currency", rows.iter().map(|row| Some(row.0.currency))),
        dates("period_start", rows.iter().map(|row| Some(row.1.start))),
        dates("period_end", rows.iter().map(|row| Some(row.1.end))),
        Column::new("horizon".into(), rows.iter().map(|row| row.1.horizon as i64).collect::<Vec<i64>>()),
        texts("line", rows.iter().map(|row| Some(LINES[row.2]))),
        sums("amount", rows.iter().map(|row| row.3).collect()),
    ])?)
}
