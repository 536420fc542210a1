//! `collection_curves`: how much of a month's invoices was collected within so many days (K11).
//!
//! A cohort whose youngest item has not been out that long is immature: what it has collected so far says too little, so
//! its rate is null, and the estimate beside it takes the open items for what they are: not paid *yet*.

use super::frame::{dates, sums, texts};
use super::measures::{ScopeRow, Totals};
use super::outcomes::Observed;
use crate::error::Result;
use crate::ledger::calendar::{Day, month_start};
use crate::ledger::collections::{COHORT_DAYS, Cohort};
use crate::ledger::outcomes::Outcome;
use crate::ledger::timeline::Timeline;
use arrears_models::survival::CurveDay;
use polars::prelude::*;
use std::collections::HashMap;

/// A share below this is nothing.
const NOTHING: f64 = 1e-12;

/// The rows of one scope value, in the order of the key.
///
/// # Errors
/// When Polars fails.
pub fn collection_curves<'a>(
    row: &ScopeRow,
    outcomes: impl Iterator<Item = &'a Outcome>,
    timeline: &Timeline,
    history_start: Option<Day>,
) -> Result<DataFrame> {
    let Totals::All(totals) = row.totals else { return Ok(DataFrame::empty()) };
    let months = timeline.cohort_months();
    let curves = immature_curves(&totals.cohorts, &months, outcomes, timeline.as_of, history_start);
    let cohorts = || months.iter().zip(&totals.cohorts).filter(|(_, cohort)| cohort.items > 0);
    let cells = || cohorts().flat_map(|(month, cohort)| COHORT_DAYS.iter().enumerate().map(move |(at, days)| (*month, cohort, at, *days)));
    let rates: Vec<Rate> = cells().map(|(month, cohort, at, days)| rate(cohort, at, days, timeline.as_of, curves.get(&month))).collect();
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", cells().map(|_| Some(row.company_id))),
        texts("scope", cells().map(|_| Some(row.value.scope.word()))),
        texts("scope_value", cells().map(|_| Some(row.text.as_ref()))),
        dates("cohort_month", cells().map(|(month, ..)| Some(month))),
        Column::new("days".into(), cells().map(|(.., days)| i64::from(days)).collect::<Vec<_>>()),
        Column::new("items".into(), cells().map(|(_, cohort, ..)| i64::try_from(cohort.items).unwrap_or(i64::MAX)).collect::<Vec<_>>()),
        sums("billed", cells().map(|(_, cohort, ..)| cohort.billed).collect()),
        sums("credited", cells().map(|(_, cohort, ..)| cohort.credited).collect()),
        sums("collected", cells().map(|(_, cohort, at, _)| cohort.collected[at]).collect()),
        Column::new("rate".into(), rates.iter().map(|rate| rate.rate.ok()).collect::<Vec<_>>()),
        texts("reason", rates.iter().map(|rate| rate.rate.err())),
        Column::new("estimate".into(), rates.iter().map(|rate| rate.estimate).collect::<Vec<_>>()),
    ])?)
}

struct Rate {
    rate: std::result::Result<f64, &'static str>,
    estimate: Option<f64>,
}

fn rate(cohort: &Cohort, at: usize, days: i32, as_of: Day, curve: Option<&Vec<CurveDay>>) -> Rate {
    if as_of - cohort.youngest < days {
        let survival = curve.and_then(|curve| survival_at(curve, days)).unwrap_or(1.0);
        let is_observed = days <= as_of - cohort.oldest || survival <= NOTHING;
        return Rate { rate: Err("immature"), estimate: is_observed.then_some(1.0 - survival) };
    }
    let base = cohort.billed - cohort.credited;
    let rate = match () {
        () if base > 0 => Ok(cohort.collected[at] as f64 / base as f64),
        () if base == 0 => Err("zero_base"),
        () => Err("negative_base"),
    };
    Rate { rate, estimate: None }
}

fn survival_at(curve: &[CurveDay], days: i32) -> Option<f64> {
    let position = usize::try_from(days).ok()?;
    curve.get(position).or(curve.last()).map(|day| day.survival)
}

/// Payment curves, weighted by amount, of the months that are immature at some age.
fn immature_curves<'a>(
    cohorts: &[Cohort],
    months: &[Day],
    outcomes: impl Iterator<Item = &'a Outcome>,
    as_of: Day,
    history_start: Option<Day>,
) -> HashMap<Day, Vec<CurveDay>> {
    let longest = COHORT_DAYS[COHORT_DAYS.len() - 1];
    let is_immature = |(_, cohort): &(&Day, &Cohort)| cohort.items > 0 && as_of - cohort.youngest < longest;
    let mut observed: HashMap<Day, Observed> =
        months.iter().zip(cohorts).filter(is_immature).map(|(month, _)| (*month, Observed::default())).collect();
    let Some(first) = observed.keys().min().copied() else { return HashMap::new() };
    // The month of each day, looked up once a day and not once an item.
    let month_of: Vec<Day> = (first..=as_of).map(month_start).collect();
    for outcome in outcomes.filter(|outcome| outcome.document_date >= first) {
        let Ok(day) = usize::try_from(outcome.document_date - first) else { continue };
        if let Some(cohort) = observed.get_mut(&month_of[day]) {
            cohort.add(outcome, i128::from(outcome.amount), history_start);
        }
    }
    observed.into_iter().map(|(month, observed)| (month, observed.curve())).collect()
}
