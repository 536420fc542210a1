//! `invoice_forecasts`: when each open item will be paid.

use crate::error::Result;
use crate::forecast::design::Rows;
use crate::forecast::drivers::{Driver, drivers};
use crate::forecast::nightly::NightForecast;
use crate::forecast::open_items::Expected;
use crate::forecast::snapshot::Companies;
use crate::ledger::book::{Book, ItemIndex, NO_DATE};
use crate::ledger::calendar::Day;
use crate::marts::frame::{amounts, dates, texts};
use crate::scoring::facts::{DebitItem, Facts};
use crate::scoring::late_at_issue::OpenItemsLate;
use arrears_models::hazard::first_reaching;
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::HashMap;

/// Days within which the chance of payment is told.
const WITHIN_DAYS: [i32; 5] = [7, 14, 30, 60, 90];
/// Shares for which a date is told.
const DATES: [f64; 3] = [0.1, 0.5, 0.9];
/// How many drivers are told.
const DRIVERS: usize = 3;

/// What the rows are made with.
pub struct InvoiceContext<'a> {
    /// The book.
    pub book: &'a Book,
    /// Its facts.
    pub facts: &'a Facts,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// Document id and item number of the rows of the ledger that are open.
    pub ids: &'a HashMap<u32, (String, i64)>,
    /// For each item of the book its row.
    pub item_rows: &'a [u32],
    /// The model's version.
    pub model_version: &'a str,
    /// The chance of lateness of open items as it was when they were issued.
    pub late: &'a OpenItemsLate,
}

/// One row.
struct Row<'a> {
    item: &'a DebitItem,
    expected: &'a Expected,
    id: &'a str,
    number: i64,
    expected_days_late: f64,
    within: [f64; WITHIN_DAYS.len()],
    late: f64,
    late_30: f64,
    expected_date: Option<Day>,
    dates: [Option<Day>; DATES.len()],
    left: [f64; 3],
    drivers: Vec<Driver>,
}

/// Every open item with its forecast, by company and document.
///
/// # Errors
/// When Polars fails.
pub fn invoice_forecasts(context: &InvoiceContext, forecast: &NightForecast) -> Result<DataFrame> {
    let mut rows: Vec<Row> = forecast.expected.par_iter().filter_map(|expected| context.row(forecast, expected)).collect();
    let company = |row: &Row| context.companies.company(row.expected.customer as usize);
    rows.par_sort_by(|a, b| (company(a), a.id, a.number).cmp(&(company(b), b.id, b.number)));
    let book = context.book;
    let doubles = |name: &str, value: &dyn Fn(&Row) -> f64| Column::new(name.into(), rows.iter().map(value).collect::<Vec<f64>>());
    let mut columns = vec![
        texts("company_id", rows.iter().map(|row| Some(book.companies[company(row)].as_str()))),
        texts("document_id", rows.iter().map(|row| Some(row.id))),
        Column::new("item_no".into(), rows.iter().map(|row| row.number).collect::<Vec<i64>>()),
        texts("customer_id", rows.iter().map(|row| Some(book.customers[row.expected.customer as usize].id.as_str()))),
        texts("currency", rows.iter().map(|row| Some(book.rates.code(row.item.currency)))),
        dates("due_date", rows.iter().map(|row| (row.item.due_date != NO_DATE).then_some(row.item.due_date))),
        amounts("open_amount", rows.iter().map(|row| row.expected.open_item.open)),
        amounts("unapplied_credit", rows.iter().map(|row| row.expected.open_item.open - row.expected.amount)),
        doubles("expected_days_late", &|row| row.expected_days_late),
        doubles("late_probability", &|row| row.late),
        doubles("late_30_probability", &|row| row.late_30),
        Column::new(
            "late_at_issue_probability".into(),
            rows.iter().map(|row| context.late_at_issue(row.item.item)).collect::<Vec<Option<f64>>>(),
        ),
        dates("expected_date", rows.iter().map(|row| row.expected_date)),
        doubles("credit_probability", &|row| row.left[1]),
        doubles("write_off_probability", &|row| row.left[2]),
        doubles("beyond_horizon_probability", &|row| (1.0 - row.left.iter().sum::<f64>()).max(0.0)),
        dates("promised_date", rows.iter().map(|row| row.expected.promised.map(|promised| promised.date))),
        Column::new(
            "promise_kept_probability".into(),
            rows.iter().map(|row| row.expected.promised.map(|promised| promised.kept_rate)).collect::<Vec<Option<f64>>>(),
        ),
        texts("tier", rows.iter().map(|_| Some(forecast.fitted.model.tier.word()))),
        Column::new("is_disputed".into(), rows.iter().map(|row| row.expected.open_item.disputed > 0).collect::<Vec<bool>>()),
        texts("model_version", rows.iter().map(|_| Some(context.model_version))),
    ];
    for (at, days) in WITHIN_DAYS.iter().enumerate() {
        columns.push(doubles(&format!("paid_probability_{days}d"), &|row| row.within[at]));
    }
    for (at, share) in DATES.iter().enumerate() {
        columns.push(dates(&format!("paid_date_p{:.0}", share * 100.0), rows.iter().map(|row| row.dates[at])));
    }
    for at in 0..DRIVERS {
        columns.push(texts(&format!("driver_{}", at + 1), rows.iter().map(|row| row.drivers.get(at).map(|driver| driver.name))));
        let effects: Vec<Option<f64>> = rows.iter().map(|row| row.drivers.get(at).map(|driver| driver.effect)).collect();
        columns.push(Column::new(format!("driver_{}_effect", at + 1).as_str().into(), effects));
    }
    Ok(DataFrame::new_infer_height(columns)?)
}

impl InvoiceContext<'_> {
    fn late_at_issue(&self, item: ItemIndex) -> Option<f64> {
        let place = self.late.items.binary_search_by_key(&item, |(of, _)| *of).ok()?;
        self.late.items[place].1.probability
    }

    fn row<'a>(&'a self, forecast: &NightForecast, expected: &'a Expected) -> Option<Row<'a>> {
        let customer = expected.customer as usize;
        let item = &self.facts.all_items_of(customer)[expected.open_item.position as usize];
        let (id, number) = self.ids.get(self.item_rows.get(item.item as usize)?)?;
        let days_ahead = &forecast.days[self.companies.company(customer)];
        let days = days_ahead.days();
        // What credits will take is paid already.
        let paid = expected.paid(days_ahead);
        let share_by = |day: Day| days.partition_point(|ahead| ahead.day <= day).checked_sub(1).map_or(0.0, |place| paid[place]);
        let as_of = forecast.snapshot.day;
        let due_date = expected.open_item.due_date;
        // Credits and write-offs before the day are not late either.
        let settled_by = |day: Day| {
            let place = days.partition_point(|ahead| ahead.day <= day).checked_sub(1);
            place.map_or(0.0, |place| paid[place] + expected.left[place][1] + expected.left[place][2])
        };
        let late_after = |day: Day| if day <= as_of { 1.0 } else { (1.0 - settled_by(day)).clamp(0.0, 1.0) };
        let features = forecast.snapshot.features(customer, item, &expected.open_item);
        let rows = Rows::new(&features, forecast.snapshot.habits.of(customer), item.document_date, days_ahead.past());
        let first_day = days.first()?;
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
        Some(Row {
            item,
            expected,
            id,
            number: *number,
            expected_days_late: features.expected_days_late,
            within: WITHIN_DAYS.map(|days| share_by(as_of + days)),
            late: late_after(due_date),
            late_30: late_after(due_date + 30),
            expected_date: (total > 1e-6).then(|| as_of + (weighted / total).round() as i32),
            dates: DATES.map(|share| first_reaching(&paid, share).map(|place| days[place].day)),
            left: [total, last[1], last[2]],
            drivers: drivers(&forecast.fitted.model, rows, first_day).into_iter().take(DRIVERS).collect(),
        })
    }
}
