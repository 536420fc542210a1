//! The rules of thumb that a forecast must beat: due dates, due dates and the customer's average delay, the shares that
//! buckets of the aging usually pay.
//!
//! Responsible for weekly cash from the items open at an origin. All use what was known at the origin.

use super::actuals::Cell;
use super::open_items::after_credits;
use super::snapshot::{Companies, Snapshot};
use crate::ledger::calendar::Day;
use crate::scoring::as_of::due_date_of;
use crate::scoring::facts::{Exit, Facts};
use arrears_models::smoothing::{fit_simple, mean_of_last, seasonal_naive};
use std::collections::BTreeMap;

/// Weekly cash of each company and currency.
pub type Weekly = BTreeMap<Cell, Vec<f64>>;

/// Every item is paid on its due date; what is past due, tomorrow.
pub fn due_date(facts: &Facts, companies: &Companies, snapshot: &Snapshot, weeks: usize) -> Weekly {
    on_dates(facts, companies, snapshot, weeks, |_, due_date| due_date)
}

/// Every item is paid its customer's average days late after its due date; where that is past, tomorrow. Customers that have
/// not paid anything yet have the average of all payments of their company.
pub fn due_date_and_average_delay(facts: &Facts, companies: &Companies, snapshot: &Snapshot, weeks: usize) -> Weekly {
    let mut sums = vec![(0.0, 0.0); companies.count()];
    let mut of_customer: Vec<Option<f64>> = Vec::with_capacity(snapshot.customers.len());
    for (customer, as_of) in snapshot.customers.iter().enumerate() {
        let sum: f64 = as_of.payments.iter().map(|payment| payment.days_late).sum();
        let count = as_of.payments.len() as f64;
        let company = &mut sums[companies.company(customer)];
        *company = (company.0 + sum, company.1 + count);
        of_customer.push((count > 0.0).then_some(sum / count));
    }
    on_dates(facts, companies, snapshot, weeks, |customer, due_date| {
        let (sum, count) = sums[companies.company(customer)];
        let delay = of_customer[customer].unwrap_or(if count > 0.0 { sum / count } else { 0.0 });
        due_date + delay.round() as i32
    })
}

fn on_dates(facts: &Facts, companies: &Companies, snapshot: &Snapshot, weeks: usize, paid_on: impl Fn(usize, Day) -> Day) -> Weekly {
    let mut cells = Weekly::new();
    for customer in 0..snapshot.customers.len() {
        let items = facts.all_items_of(customer);
        for (open, amount) in after_credits(facts, snapshot, customer) {
            let currency = items[open.position as usize].currency;
            let cell = cells.entry((companies.company(customer), currency)).or_insert_with(|| vec![0.0; weeks]);
            let paid = paid_on(customer, open.due_date).max(snapshot.day + 1);
            if let Some(week) = cell.get_mut(usize::try_from((paid - snapshot.day - 1) / 7).expect("paid after the origin")) {
                *week += amount as f64;
            }
        }
    }
    cells
}

/// Days past due up to which (included) each bucket of the aging reaches.
const BUCKETS: [i32; 5] = [0, 30, 60, 90, 120];
/// Days between the earlier days at which the shares are taken.
const SHARE_STEP_DAYS: i32 = 7;
/// How far they go back: as far as most ledgers do.
const SHARE_WINDOW_DAYS: i32 = 3 * 365;

/// Each bucket of the aging pays the shares, week by week, that it paid before: amounts over amounts, at the weekly dates of
/// three years whose weeks had all ended by the origin.
pub fn aging_percentages(facts: &Facts, companies: &Companies, snapshot: &Snapshot, weeks: usize) -> Weekly {
    let origin = snapshot.day;
    let horizon = 7 * i32::try_from(weeks).expect("a forecast has some dozen weeks");
    let earlier: Vec<Day> =
        (0..).map(|back| origin - horizon - back * SHARE_STEP_DAYS).take_while(|day| *day > origin - SHARE_WINDOW_DAYS).collect();
    let bucket_of = |days_past_due: i32| BUCKETS.partition_point(|last| *last < days_past_due);
    let mut open = vec![[0.0; BUCKETS.len() + 1]; companies.count()];
    let mut paid = vec![vec![[0.0; BUCKETS.len() + 1]; weeks]; companies.count()];
    for customer in 0..facts.customers() {
        let company = companies.company(customer);
        let usual_terms = snapshot.usual_terms.of(company);
        for item in facts.items_of(customer, origin) {
            let settled = (facts.open(item, origin) == 0)
                .then(|| facts.left(item, origin).map(|left| left.visible_date.max(left.effective_date)).max())
                .flatten();
            for day in earlier.iter().filter(|day| **day >= item.visible_from() && settled.is_none_or(|settled| **day < settled)) {
                let balance = facts.open(item, *day);
                if balance <= 0 {
                    continue;
                }
                let bucket = bucket_of(day - due_date_of(item, usual_terms));
                open[company][bucket] += balance as f64 * item.base_rate;
                for left in facts.left_since(item, *day, origin).filter(|left| left.exit == Exit::Cash && left.effective_date > *day) {
                    if let Some(week) = paid[company].get_mut(usize::try_from((left.effective_date - day - 1) / 7).expect("after the day"))
                    {
                        week[bucket] += left.amount as f64 * item.base_rate;
                    }
                }
            }
        }
    }
    let mut cells = Weekly::new();
    for customer in 0..snapshot.customers.len() {
        let company = companies.company(customer);
        let items = facts.all_items_of(customer);
        for (item, amount) in after_credits(facts, snapshot, customer) {
            let bucket = bucket_of(origin - item.due_date);
            let cell = cells.entry((company, items[item.position as usize].currency)).or_insert_with(|| vec![0.0; weeks]);
            for (week, paid) in cell.iter_mut().zip(&paid[company]) {
                *week += if open[company][bucket] > 0.0 { amount as f64 * paid[bucket] / open[company][bucket] } else { 0.0 };
            }
        }
    }
    cells
}

/// A rule of thumb for all cash: from the past weeks, oldest first, to the weeks ahead.
pub type OfAllCash = fn(&[f64], usize) -> Vec<f64>;

/// The rules for all cash.
pub const OF_ALL_CASH: [(&str, OfAllCash); 3] =
    [("exponential_smoothing", smoothed), ("mean_of_8_weeks", mean_of_eight), ("seasonal_naive", same_week_last_year)];

/// The names of all rules of thumb.
pub const NAMES: [&str; 6] =
    ["aging_percentages", "due_date", "due_date_and_average_delay", "exponential_smoothing", "mean_of_8_weeks", "seasonal_naive"];

/// Weeks of cash that the rules look at.
const PAST_WEEKS: usize = 156;

/// Cash of past weeks, oldest first, the last one ending on `day`; from the first receipt on.
pub fn past_weeks(by_day: &BTreeMap<Day, i64>, day: Day) -> Vec<f64> {
    let Some((first, _)) = by_day.first_key_value() else { return Vec::new() };
    let weeks = usize::try_from((day - first + 1) / 7).unwrap_or(0).min(PAST_WEEKS);
    let week = |back: usize| {
        let end = day - 7 * i32::try_from(back).expect("some hundred weeks");
        by_day.range(end - 6..=end).map(|(_, amount)| *amount).sum::<i64>() as f64
    };
    (0..weeks).rev().map(week).collect()
}

fn smoothed(past: &[f64], weeks: usize) -> Vec<f64> {
    fit_simple(past).map_or_else(|| mean_of_eight(past, weeks), |fit| fit.forecast(weeks))
}

fn mean_of_eight(past: &[f64], weeks: usize) -> Vec<f64> {
    vec![mean_of_last(past, 8.min(past.len())).unwrap_or(0.0); weeks]
}

fn same_week_last_year(past: &[f64], weeks: usize) -> Vec<f64> {
    seasonal_naive(past, 52, weeks).unwrap_or_else(|| mean_of_eight(past, weeks))
}
