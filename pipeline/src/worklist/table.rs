//! `worklist` as it is published.

use super::agency::Advice;
use super::chances::CHANCE_ONE;
use super::context::Context;
use super::ranking::{Place, Places};
use super::reason::reason;
use super::rows::{Row, rows};
use crate::config::Stage;
use crate::error::Result;
use crate::ledger::book::NO_DATE;
use crate::marts::frame::{amounts, dates, optional_amounts, optional_sums, sums, texts};
use polars::prelude::*;
use rayon::prelude::*;

/// The list of a night.
///
/// # Errors
/// When Polars fails.
pub fn worklist(context: &Context) -> Result<DataFrame> {
    let rows = rows(context);
    let mut columns = items(context, &rows);
    columns.extend(actions(context, &rows));
    columns.extend(conversations(context, &rows));
    columns.extend(expectations(context, &rows));
    columns.extend(customers(&rows));
    Ok(DataFrame::new_infer_height(columns)?)
}

fn items(context: &Context, rows: &[Row]) -> Vec<Column> {
    let book = context.book;
    let customer = |row: &Row| &book.customers[row.customer as usize];
    let days_past_due: Vec<Option<i64>> = rows.iter().map(|row| row.debit.days_past_due(context.as_of).map(i64::from)).collect();
    let is_supplied = book.supplied.disputes;
    vec![
        texts("company_id", rows.iter().map(|row| Some(book.companies[customer(row).company as usize].as_str()))),
        texts("customer_id", rows.iter().map(|row| Some(customer(row).id.as_str()))),
        texts("segment", rows.iter().map(|row| Some(book.labels[customer(row).labels[0] as usize].as_str()))),
        texts("account_manager", rows.iter().map(|row| Some(book.labels[row.debit.account_manager as usize].as_str()))),
        texts("document_id", rows.iter().map(|row| Some(row.debit.document_id))),
        Column::new("item_no".into(), rows.iter().map(|row| row.debit.number).collect::<Vec<i64>>()),
        texts("currency", rows.iter().map(|row| Some(book.rates.code(row.debit.currency)))),
        dates("document_date", rows.iter().map(|row| Some(row.debit.document_date))),
        dates("due_date", rows.iter().map(|row| (row.debit.due_date != NO_DATE).then_some(row.debit.due_date))),
        Column::new("days_past_due".into(), days_past_due),
        amounts("open_amount", rows.iter().map(|row| row.debit.open)),
        amounts("open_amount_base", rows.iter().map(|row| row.debit.open_base)),
        optional_amounts("disputed_amount", rows.iter().map(|row| is_supplied.then_some(row.debit.disputed))),
        amounts("unapplied_credit", rows.iter().map(|row| row.debit.credit)),
    ]
}

fn actions(context: &Context, rows: &[Row]) -> Vec<Column> {
    let reasons: Vec<String> = rows.par_iter().map(|row| reason(context, row)).collect();
    let stage = |of: fn(&Stage) -> Option<&str>| rows.iter().map(move |row| row.decision.stage.and_then(of));
    vec![
        texts("action", rows.iter().map(|row| Some(row.decision.action))),
        dates("work_date", rows.iter().map(|row| Some(row.work))),
        texts("stage", stage(|stage| Some(stage.name.as_str()))),
        texts("channel", stage(|stage| stage.channel.as_deref())),
        amounts("action_amount", rows.iter().map(|row| row.amount)),
        amounts("action_amount_base", rows.iter().map(|row| row.amount_base)),
        texts("reason", reasons.iter().map(|reason| Some(reason.as_str()))),
        Column::new("is_quiet".into(), rows.iter().map(|row| row.decision.quiet.is_some()).collect::<Vec<bool>>()),
        texts("quiet_reason", rows.iter().map(|row| row.decision.quiet.map(|quiet| quiet.reason))),
        dates("quiet_until", rows.iter().map(|row| row.decision.quiet.and_then(|quiet| quiet.until))),
    ]
}

fn conversations(context: &Context, rows: &[Row]) -> Vec<Column> {
    let state = |is_broken: bool| if is_broken { "broken" } else { "running" };
    vec![
        texts("promise_state", rows.iter().map(|row| row.promise.map(|under| state(under.is_broken)))),
        dates("promised_date", rows.iter().map(|row| row.promise.map(|under| under.promise.promise.promised_date))),
        optional_amounts("promised_amount", rows.iter().map(|row| row.promise.map(|under| under.promise.promise.amount))),
        optional_amounts("promise_received", rows.iter().map(|row| row.promise.map(|under| under.promise.received))),
        texts("promise_currency", rows.iter().map(|row| row.promise.map(|under| context.book.rates.code(under.promise.promise.currency)))),
        dates("last_contact_date", rows.iter().map(|row| row.last_contact.map(|contact| contact.date))),
        texts("last_contact_channel", rows.iter().map(|row| row.last_contact.and_then(|contact| contact.channel.as_deref()))),
        texts("last_contact_outcome", rows.iter().map(|row| row.last_contact.and_then(|contact| contact.outcome.as_deref()))),
    ]
}

fn expectations(context: &Context, rows: &[Row]) -> Vec<Column> {
    let unit = context.book.rates.base_unit();
    let share = |billionths: i64| billionths as f64 / CHANCE_ONE as f64;
    let figures = |row: &Row| row.advice.and_then(|advice: Advice| advice.figures);
    let doubles = |name: &str, value: &dyn Fn(&Row) -> Option<f64>| {
        let values: Vec<Option<f64>> = rows.iter().map(value).collect();
        Column::new(name.into(), values)
    };
    let of_rows = |value: &dyn Fn(&Row) -> Option<i128>| rows.iter().map(value).collect::<Vec<Option<i128>>>();
    let why_unknown = if context.chances.is_none() { "forecast_disabled" } else { "no_forecast" };
    vec![
        doubles("paid_probability_30d", &|row| row.chance.map(|chance| share(chance.within_30))),
        doubles("paid_probability_90d", &|row| row.chance.map(|chance| share(chance.within_90))),
        optional_sums("expected_value", &of_rows(&|row| row.expected_value(unit))),
        texts("expected_value_reason", rows.iter().map(|row| row.chance.is_none().then_some(why_unknown))),
        texts("agency_decision", rows.iter().map(|row| row.advice.map(|advice| advice.decision))),
        optional_sums("own_expected", &of_rows(&|row| figures(row).map(|figures| figures.own_expected))),
        optional_sums("agency_expected", &of_rows(&|row| figures(row).map(|figures| figures.agency_expected))),
        doubles("agency_break_even_probability", &|row| figures(row).map(|figures| figures.break_even_probability)),
        doubles("agency_recovery_needed", &|row| figures(row).and_then(|figures| figures.recovery_needed)),
    ]
}

/// The place of a customer in one of the orders.
type PlaceIn = fn(&Places) -> Option<Place>;

fn customers(rows: &[Row]) -> Vec<Column> {
    let expected: Vec<Option<i128>> = rows.iter().map(|row| row.totals.expected_value).collect();
    let oldest: Vec<Option<i64>> =
        rows.iter().map(|row| (row.totals.items > 0).then_some(i64::from(row.totals.days_past_due_max))).collect();
    let mut columns = vec![
        texts("customer_stage", rows.iter().map(|row| row.customer_stage.map(|stage| stage.name.as_str()))),
        sums("customer_overdue_amount_base", rows.iter().map(|row| row.totals.overdue).collect()),
        Column::new("customer_overdue_items".into(), rows.iter().map(|row| row.totals.items).collect::<Vec<i64>>()),
        Column::new("customer_days_past_due_max".into(), oldest),
        optional_sums("customer_expected_value", &expected),
    ];
    let orders: [(&str, PlaceIn); 3] = [
        ("oldest", |places| places.by_oldest),
        ("largest", |places| places.by_largest),
        ("expected_value", |places| places.by_expected_value),
    ];
    for (order, place) in orders {
        let places = || rows.iter().map(|row| place(&row.places));
        let ranks: Vec<Option<i64>> = places().map(|place| place.map(|place| place.rank)).collect();
        let marks: Vec<Option<bool>> = places().map(|place| place.map(|place| place.is_marked)).collect();
        columns.push(Column::new(format!("rank_by_{order}").as_str().into(), ranks));
        columns.push(Column::new(format!("is_first_80_percent_by_{order}").as_str().into(), marks));
    }
    columns
}
