//! The columns of the model of lateness: what may make an invoice late that is known when it is issued.
//!
//! Responsible for what stands in a row, under which name, and for telling what moved a probability. A row is what was known
//! of the customer at the end of the day before the invoice, and what stands on the invoice itself: amount, terms, dates.

use crate::ledger::book::LabelIndex;
use crate::ledger::business_days::weekday;
use crate::ledger::calendar::{Day, date_of};
use crate::scoring::as_of::CustomerAsOf;
use crate::scoring::behaviour::{CustomerBehaviour, Pools};
use arrears_models::logistic::Fit;
use chrono::Datelike as _;

/// As many invoices of the pool count with those of the customer in its late rate.
const LATE_RATE_PRIOR: f64 = 2.0;
/// Terms are held to this range, days.
const TERMS_RANGE: (i32, i32) = (0, 365);

/// What a row is made of: for each driver its name in plain words and those of its columns.
const DRIVERS: [(&str, &[&str]); 13] = [
    ("share of invoices paid late before", &["late_rate"]),
    ("days late to expect of the customer", &["expected_days_late"]),
    ("spread of the customer's days late", &["days_late_spread"]),
    ("number of invoices paid before", &["log_paid_count"]),
    ("days late of the last payment", &["days_late_last"]),
    ("days late of the last three payments", &["days_late_last_three"]),
    ("open invoices of the customer", &["log_open_count"]),
    ("overdue invoices of the customer", &["log_overdue_count"]),
    ("amount of the invoice", &["log_amount"]),
    ("payment terms", &["terms_days"]),
    ("day of the month", &["day_of_month"]),
    (
        "weekday of the invoice",
        &["issued_monday", "issued_tuesday", "issued_wednesday", "issued_thursday", "issued_friday", "issued_saturday"],
    ),
    ("weekday of the due date", &["due_monday", "due_tuesday", "due_wednesday", "due_thursday", "due_friday", "due_saturday"]),
];

/// Number of columns.
pub const COLUMNS: usize = 23;
/// The column of the customer's late rate.
pub const LATE_RATE: usize = 0;
/// The column of the days late to expect.
pub const EXPECTED_DAYS_LATE: usize = 1;

/// A row of the model.
pub type Columns = [f32; COLUMNS];

/// The names of the columns, in their order.
pub fn column_names() -> impl Iterator<Item = &'static str> {
    DRIVERS.iter().flat_map(|(_, columns)| columns.iter().copied())
}

/// What stands on an invoice when it is issued.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Invoice {
    /// Its date.
    pub document_date: Day,
    /// When it is due.
    pub due_date: Day,
    /// Label of its payment terms.
    pub terms: LabelIndex,
    /// Amount in base currency at the rate of its date, ten-thousandths, > 0.
    pub amount: f64,
}

/// The customer's late rate, held towards that of its pool: (late + 2 · pool) ÷ (paid + 2).
///
/// late, paid: sale items settled with some cash in the last two years. pool: the company's share, 0 to 1.
pub fn late_rate(customer: &CustomerAsOf, pool: f64) -> f64 {
    (f64::from(customer.settled_late) + LATE_RATE_PRIOR * pool) / (f64::from(customer.settled) + LATE_RATE_PRIOR)
}

/// The row of an invoice. `customer` and `behaviour` are those of the end of `day`, before the invoice; `late_rate` is from
/// [`late_rate`].
pub fn columns(
    invoice: &Invoice,
    (customer, behaviour, day): (&CustomerAsOf, &CustomerBehaviour, Day),
    pools: &Pools,
    late_rate: f64,
) -> Columns {
    let expected = pools.expected_days_late(behaviour, invoice.terms);
    let overdue = customer.open.iter().filter(|item| item.due_date < day).count();
    let mut row = [0.0; COLUMNS];
    let numbers = [
        late_rate,
        expected,
        pools.spread(behaviour),
        f64::from(customer.settled).ln_1p(),
        behaviour.last.unwrap_or(expected),
        behaviour.last_three.unwrap_or(expected),
        (customer.open.len() as f64).ln_1p(),
        (overdue as f64).ln_1p(),
        (invoice.amount / 10_000.0).max(1e-4).ln(),
        f64::from((invoice.due_date - invoice.document_date).clamp(TERMS_RANGE.0, TERMS_RANGE.1)),
        f64::from(date_of(invoice.document_date).day()),
    ];
    for (column, number) in row.iter_mut().zip(numbers) {
        *column = number as f32;
    }
    // Sunday is what the others are compared with.
    for (first, day) in [(numbers.len(), invoice.document_date), (numbers.len() + 6, invoice.due_date)] {
        let weekday = usize::from(weekday(day));
        if weekday < 6 {
            row[first + weekday] = 1.0;
        }
    }
    row
}

/// One of the things that moved a probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Driver {
    /// What, in plain words.
    pub name: &'static str,
    /// By how much, in log-odds against an average invoice of the fit; above 0 it makes lateness likelier.
    pub log_odds: f64,
}

/// What moved a row's log-odds from those of the average row of the fit, the strongest first.
///
/// Σ_j b_j · (x_j − m_j) over the columns of each driver. b: coefficient. x: the row. m: the mean of the fit's rows.
pub fn drivers(fit: &Fit, row: &Columns) -> Vec<Driver> {
    let mut drivers = Vec::with_capacity(DRIVERS.len());
    let mut column = 0;
    for (name, columns) in DRIVERS {
        let of_driver = column..column + columns.len();
        let log_odds = of_driver.map(|column| fit.coefficients[column] * (f64::from(row[column]) - fit.means[column])).sum();
        drivers.push(Driver { name, log_odds });
        column += columns.len();
    }
    drivers.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
    drivers
}
