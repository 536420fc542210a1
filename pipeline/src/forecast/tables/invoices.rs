//! `invoice_forecasts`: when each open item will be paid.

use crate::error::Result;
use crate::forecast::item_forecast::{DATES, ItemForecast, WITHIN_DAYS};
use crate::forecast::nightly::NightForecast;
use crate::forecast::open_items::Expected;
use crate::forecast::snapshot::Companies;
use crate::ledger::book::{Book, ItemIndex, NO_DATE};
use crate::marts::frame::{amounts, dates, texts};
use crate::scoring::facts::Facts;
use crate::scoring::late_at_issue::OpenItemsLate;
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::HashMap;

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
    id: &'a str,
    number: i64,
    forecast: ItemForecast<'a>,
}

/// Every open item with its forecast, by company and document.
///
/// # Errors
/// When Polars fails.
pub fn invoice_forecasts(context: &InvoiceContext, forecast: &NightForecast) -> Result<DataFrame> {
    let mut rows: Vec<Row> = forecast.expected.par_iter().filter_map(|expected| context.row(forecast, expected)).collect();
    let company = |row: &Row| context.companies.company(row.forecast.expected.customer as usize);
    rows.par_sort_by(|a, b| (company(a), a.id, a.number).cmp(&(company(b), b.id, b.number)));
    let book = context.book;
    let doubles = |name: &str, value: &dyn Fn(&Row) -> f64| Column::new(name.into(), rows.iter().map(value).collect::<Vec<f64>>());
    let mut columns = vec![
        texts("company_id", rows.iter().map(|row| Some(book.companies[company(row)].as_str()))),
        texts("document_id", rows.iter().map(|row| Some(row.id))),
        Column::new("item_no".into(), rows.iter().map(|row| row.number).collect::<Vec<i64>>()),
        texts("customer_id", rows.iter().map(|row| Some(book.customers[row.forecast.expected.customer as usize].id.as_str()))),
        texts("currency", rows.iter().map(|row| Some(book.rates.code(row.forecast.item.currency)))),
        dates("due_date", rows.iter().map(|row| (row.forecast.item.due_date != NO_DATE).then_some(row.forecast.item.due_date))),
        amounts("open_amount", rows.iter().map(|row| row.forecast.expected.open_item.open)),
        amounts("unapplied_credit", rows.iter().map(|row| row.forecast.expected.open_item.open - row.forecast.expected.amount)),
        doubles("expected_days_late", &|row| row.forecast.features.expected_days_late),
        Column::new("late_probability".into(), rows.iter().map(|row| row.forecast.late).collect::<Vec<Option<f64>>>()),
        Column::new("late_30_probability".into(), rows.iter().map(|row| row.forecast.late_30).collect::<Vec<Option<f64>>>()),
        Column::new(
            "late_at_issue_probability".into(),
            rows.iter().map(|row| context.late_at_issue(row.forecast.item.item)).collect::<Vec<Option<f64>>>(),
        ),
        dates("expected_date", rows.iter().map(|row| row.forecast.expected_date)),
        doubles("credit_probability", &|row| row.forecast.left[1]),
        doubles("write_off_probability", &|row| row.forecast.left[2]),
        doubles("beyond_horizon_probability", &|row| row.forecast.beyond_horizon()),
        dates("promised_date", rows.iter().map(|row| row.forecast.expected.promised.map(|promised| promised.date))),
        Column::new(
            "promise_kept_probability".into(),
            rows.iter().map(|row| row.forecast.expected.promised.map(|promised| promised.kept_rate)).collect::<Vec<Option<f64>>>(),
        ),
        texts("tier", rows.iter().map(|row| Some(row.forecast.expected.tier_word(forecast.fitted.model.tier)))),
        Column::new("is_disputed".into(), rows.iter().map(|row| row.forecast.expected.open_item.disputed > 0).collect::<Vec<bool>>()),
        texts("model_version", rows.iter().map(|_| Some(context.model_version))),
    ];
    for (at, days) in WITHIN_DAYS.iter().enumerate() {
        columns.push(doubles(&format!("paid_probability_{days}d"), &|row| row.forecast.within[at]));
    }
    for (at, share) in DATES.iter().enumerate() {
        columns.push(dates(&format!("paid_date_p{:.0}", share * 100.0), rows.iter().map(|row| row.forecast.dates[at])));
    }
    for at in 0..DRIVERS {
        columns.push(texts(&format!("driver_{}", at + 1), rows.iter().map(|row| row.forecast.drivers.get(at).map(|driver| driver.name))));
        let effects: Vec<Option<f64>> = rows.iter().map(|row| row.forecast.drivers.get(at).map(|driver| driver.effect)).collect();
        columns.push(Column::new(format!("driver_{}_effect", at + 1).as_str().into(), effects));
    }
    Ok(DataFrame::new_infer_height(columns)?)
}

impl InvoiceContext<'_> {
    fn late_at_issue(&self, item: ItemIndex) -> Option<f64> {
        let place = self.late.items.binary_search_by_key(&item, |(of, _)| *of).ok()?;
        self.late.items[place].1.probability
    }

    fn row<'a>(&'a self, forecast: &'a NightForecast, expected: &'a Expected) -> Option<Row<'a>> {
        let customer = expected.customer as usize;
        let item = &self.facts.all_items_of(customer)[expected.open_item.position as usize];
        let (id, number) = self.ids.get(self.item_rows.get(item.item as usize)?)?;
        let days_ahead = &forecast.days[self.companies.company(customer)];
        let mut forecast = ItemForecast::new(self.facts, &forecast.snapshot, &forecast.fitted.model, days_ahead, expected)?;
        forecast.drivers.truncate(DRIVERS);
        forecast.drivers.shrink_to_fit();
        Some(Row { id, number: *number, forecast })
    }
}
