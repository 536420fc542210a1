//! `arrears what-if`: what cash, DSO and costs would be if customers paid otherwise.

use super::kept_ledger::KeptLedger;
use super::query::print;
use crate::cli::WhatIfArguments;
use crate::error::{Error, Result, io_error};
use crate::forecast::billing::Billing;
use crate::forecast::cash::Simulation;
use crate::forecast::nightly::CORRELATION;
use crate::forecast::open_items::DaysAhead;
use crate::forecast::orders::Orders;
use crate::forecast::replay::Refit;
use crate::forecast::what_if::base::{self, curves, item_facts, paid_curves};
use crate::forecast::what_if::changes::{Curves, OpenItemFacts, Touched, apply};
use crate::forecast::what_if::outcome::{Outcome, Summing};
use crate::forecast::what_if::scenario::{Change, Kind, Scenario};
use crate::forecast::what_if::selection::{Selected, select};
use crate::forecast::what_if::text::{Report, report};
use crate::ledger::calendar::{Day, day_of};
use crate::marts::frame::{dates, sums, texts};
use crate::scoring::facts::since;
use polars::prelude::{Column, DataFrame, ParquetWriter};
use std::path::Path;

pub(super) fn run(arguments: &WhatIfArguments) -> Result<()> {
    let scenario = Scenario::load(&arguments.scenario)?;
    let origin = day_of(arguments.as_of);
    let ledger = KeptLedger::open(&arguments.config, origin, since(origin))?;
    let (book, facts, companies) = (&ledger.book, &ledger.facts, &ledger.companies);
    let forecaster = ledger.forecaster(None);
    let fitted = forecaster.fit(&Refit::Calendar.days(&[origin]))?.pop().expect("one day, one model");
    let snapshot = forecaster.snapshot(origin, &fitted);
    let last = base::last_day(origin, scenario.weeks, &scenario.changes);
    let days: Vec<DaysAhead> = fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, origin, last)).collect();
    let expected = forecaster.expected(&snapshot, &fitted, &days);
    let billing = Billing::all(facts, companies, origin);
    let orders = Orders::at(facts, companies, origin);
    let items = item_facts(facts, |customer| companies.company(customer), &expected, &days, origin);
    let selected = select(&scenario.changes, book, &owed(&items, facts.customers()))?;
    let forecast = &ledger.config.forecast;
    let summing = Summing {
        forecaster: &forecaster,
        fitted: &fitted,
        origin,
        weeks: scenario.weeks,
        days: &days,
        expected: &expected,
        items: &items,
        billing: &billing,
        orders: &orders,
        simulation: Simulation { paths: *forecast.paths as usize, correlation: CORRELATION, seed: *forecast.seed },
    };
    let paid = paid_curves(&items, &expected, &days);
    let before = curves(&summing, &paid, &selected);
    let (after, touched) = apply_all(&scenario, before.clone(), &items, &selected, (origin, &days))?;
    let outcome = summing.compare(&before, &after);
    if let Some(path) = &arguments.out {
        write_weeks(path, &outcome, &book.companies, &ledger.config.base_currency)?;
    }
    let billed_base = before.parts.iter().map(|part| part.billed_base).sum();
    let report = report(&Report {
        scenario: &scenario,
        touched: &touched,
        outcome: &outcome,
        companies: &book.companies,
        base_currency: &ledger.config.base_currency,
        open_base: items.iter().map(|item| item.amount_base).sum(),
        billed_base,
        paths: summing.simulation.paths,
        tier: fitted.model.tier.word(),
        as_of: arguments.as_of.to_string(),
    });
    print(report.as_bytes())
}

/// What each customer owes, base currency.
fn owed(items: &[OpenItemFacts], customers: usize) -> Vec<f64> {
    let mut owed = vec![0.0; customers];
    items.iter().for_each(|item| owed[item.customer] += item.amount_base);
    owed
}

/// Makes the changes in the order of the file.
fn apply_all<'a>(
    scenario: &Scenario,
    mut curves: Curves<'a>,
    items: &[OpenItemFacts],
    selected: &Selected,
    (origin, days): (Day, &[DaysAhead]),
) -> Result<(Curves<'a>, Vec<Touched>)> {
    let days: Vec<Vec<Day>> = days.iter().map(|days| days.days().iter().map(|day| day.day).collect()).collect();
    let mut touched = Vec::with_capacity(scenario.changes.len());
    for (place, change) in scenario.changes.iter().enumerate() {
        check_terms(place, change, &curves)?;
        let (changed, about) = apply(curves, (place, change), items, selected, (origin, &days));
        curves = changed;
        touched.push(about);
    }
    Ok((curves, touched))
}

/// Refuses to move terms that nobody has.
fn check_terms(place: usize, change: &Change, curves: &Curves) -> Result<()> {
    let Kind::Terms { from_days, .. } = change.kind else { return Ok(()) };
    let mut terms: std::collections::BTreeMap<Option<i32>, f64> = std::collections::BTreeMap::new();
    for part in curves.parts.iter().filter(|part| part.selected & (1 << place) != 0) {
        *terms.entry(part.terms_days).or_default() += part.billed_base;
    }
    if terms.is_empty() || terms.contains_key(&Some(from_days)) || terms.keys().all(Option::is_none) {
        return Ok(());
    }
    let total: f64 = terms.values().sum();
    let mut usual: Vec<(i32, f64)> = terms.into_iter().filter_map(|(terms, billed)| Some((terms?, billed))).collect();
    usual.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let share = |billed: f64| if total > 0.0 { format!(" ({:.0} %)", billed / total * 100.0) } else { String::new() };
    let shown: Vec<String> = usual.iter().take(6).map(|(days, billed)| format!("{days} days{}", share(*billed))).collect();
    let what = format!("nothing was billed on terms of {from_days} days in the past year by those selected");
    Err(Error::usage("no_such_terms", what).at(&change.place).hint(format!("they bill on {}", shown.join(", "))))
}

/// The weekly table: all companies together, and then each where there are several.
fn write_weeks(path: &Path, outcome: &Outcome, companies: &[String], base_currency: &str) -> Result<()> {
    let rows = || {
        let weeks = outcome.weeks.iter();
        weeks.flat_map(|(company, weeks)| {
            weeks.iter().map(move |week| (company.map_or("(all)", |company| companies[company].as_str()), week))
        })
    };
    let whole = |amount: f64| amount.round() as i128;
    let mut table = DataFrame::new_infer_height(vec![
        texts("company_id", rows().map(|(company, _)| Some(company))),
        texts("currency", rows().map(|_| Some(base_currency))),
        Column::new("week".into(), rows().map(|(_, week)| week.week as i64).collect::<Vec<i64>>()),
        dates("start_date", rows().map(|(_, week)| Some(week.start))),
        dates("end_date", rows().map(|(_, week)| Some(week.end))),
        sums("base", rows().map(|(_, week)| week.base).collect()),
        sums("scenario", rows().map(|(_, week)| week.scenario).collect()),
        sums("change", rows().map(|(_, week)| week.change()).collect()),
        sums("change_p10", rows().map(|(_, week)| whole(week.change_band[0])).collect()),
        sums("change_p90", rows().map(|(_, week)| whole(week.change_band[1])).collect()),
        sums("cumulative_change", rows().map(|(_, week)| week.cumulative_change).collect()),
        sums("cumulative_change_p10", rows().map(|(_, week)| whole(week.cumulative_band[0])).collect()),
        sums("cumulative_change_p90", rows().map(|(_, week)| whole(week.cumulative_band[1])).collect()),
    ])?;
    let file = std::fs::File::create(path).map_err(|cause| io_error("write", path, &cause))?;
    ParquetWriter::new(file).finish(&mut table)?;
    Ok(())
}
