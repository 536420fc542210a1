//! How good the model of lateness is on invoices it has not seen, beside the rules of thumb it must beat.
//!
//! Responsible for the protocol: the model is fitted at a cut, from invoices due a while before it, and asked about those issued
//! after it, each as of its issue. Intervals are drawn over days of issue, because invoices of one day resemble each other.
//! How late invoices come in days is judged on those that were paid: mean absolute error.

use super::rows::{IssueRow, Issued, Outcome};
use super::{LateAtIssue, LateModel, PAID_BEFORE_MIN, invoices_of, is_late};
use crate::error::Result;
use crate::forecast::design::Rows;
use crate::forecast::open_items::DaysAhead;
use crate::forecast::replay::{Fitted, Forecaster};
use crate::forecast::snapshot::{Sample, Snapshot};
use crate::forecast::timing::Tier;
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;
use crate::scoring::as_of::OpenItem;
use arrears_models::bootstrap::{Estimate, Options, Part, interval, ratio};
use arrears_models::classification::Probabilities;
use arrears_models::hazard::first_reaching;
use rayon::prelude::*;
use std::ops::Range;

/// How long after its due date an invoice is followed for the median of the timing model.
const FOLLOWED_DAYS: i32 = 365;
/// All customers are looked at on every day of issue, which may be many: at most so many looks at a customer, and no fewer days than
/// these.
const LOOKS_MOST: usize = 2_000_000;
/// See [`LOOKS_MOST`].
const DAYS_LEAST: usize = 12;
/// Replicates of an interval, and rows of all of them together at most.
const REPLICATES: (usize, usize) = (1_000, 5_000_000);
/// Probability of an interval.
const LEVEL: f64 = 0.95;

/// The rules that give a probability of lateness.
pub const LATE_METHODS: [&str; 3] = ["model", "customer's late rate", "late rate of all"];
/// The rules that give days late.
pub const DAYS_METHODS: [&str; 4] = ["expected days late", "median of the timing model", "average of past delays", "due date"];
/// What each of [`DAYS_METHODS`] says, days from the due date.
pub type DaysSaid = [f64; DAYS_METHODS.len()];
/// What is measured of probabilities.
pub const LATE_MEASURES: [&str; 5] = ["auc", "log-loss", "brier", "slope", "intercept"];

/// An invoice of the test.
#[derive(Clone, Debug)]
pub struct Tested {
    /// As it was issued.
    pub row: IssueRow,
    /// What the model said.
    pub said: LateAtIssue,
    /// What each of [`DAYS_METHODS`] said, days from the due date; `None` where the day of issue was left out.
    pub days: Option<DaysSaid>,
    /// Whether it came late, with the day of the last payment.
    pub outcome: Outcome,
}

/// The model and what it said.
pub struct Backtest {
    /// As fitted at the cut.
    pub model: LateModel,
    /// The rows it was fitted on.
    pub fitted: Vec<IssueRow>,
    /// The step of the ladder the timing model stood on.
    pub tier: Tier,
    /// The invoices issued after the cut that were due by the end, by date of issue.
    pub tested: Vec<Tested>,
    /// How many more were issued and are not tested: not due by the end, credited, or without a due date as they are known.
    pub not_due: usize,
}

/// Fits at the end of `cut` from invoices due `gap_days` before, and asks about those issued after it and due before `end`.
///
/// # Errors
/// When the timing model's fit is not certified.
pub fn backtest(forecaster: &Forecaster, cut: Day, gap_days: i32, end: Day) -> Result<Backtest> {
    let Forecaster { facts, companies, half_life, .. } = *forecaster;
    let (model, fitted) = LateModel::fit(facts, companies, half_life, cut, cut - gap_days);
    let invoices = invoices_of(facts, companies, (Sample::ALL, cut, end), |_| true);
    // A paid invoice that is not due yet is no test: those of its day that will be late are still missing.
    let is_known = |issued: &Issued| issued.due_date < end && issued.outcome.is_some();
    let mut rows = model.rows(facts, companies, half_life, &invoices);
    let issued = rows.len();
    rows.retain(|row| is_known(&row.issued));
    rows.sort_by_key(|row| (row.issued.invoice.document_date, row.customer));
    let (tier, days) = days_late(forecaster, cut, &rows)?;
    let not_due = issued - rows.len();
    let tested = rows.into_iter().zip(days).filter_map(|(row, days)| {
        let said = model.of(companies.company(row.customer as usize), &row);
        Some(Tested { outcome: row.issued.outcome?, said, days, row })
    });
    Ok(Backtest { tested: tested.collect(), model, fitted, tier, not_due })
}

/// What the rules say of days late, for rows sorted by date of issue. With too many customers and days, every so many days.
fn days_late(forecaster: &Forecaster, cut: Day, rows: &[IssueRow]) -> Result<(Tier, Vec<Option<DaysSaid>>)> {
    let fits = forecaster.fit(&[cut])?;
    let fitted = &fits[0];
    let of_days: Vec<&[IssueRow]> = rows.chunk_by(|a, b| a.issued.invoice.document_date == b.issued.invoice.document_date).collect();
    let days_most = (LOOKS_MOST / forecaster.facts.customers().max(1)).max(DAYS_LEAST);
    let step = of_days.len().div_ceil(days_most).max(1);
    let mut days = Vec::with_capacity(rows.len());
    for (place, of_day) in of_days.into_iter().enumerate() {
        if place % step > 0 {
            days.extend(of_day.iter().map(|_| None));
            continue;
        }
        let snapshot = forecaster.snapshot(of_day[0].issued.invoice.document_date - 1, fitted);
        let averages = averages(forecaster, &snapshot);
        let of_row = |row: &IssueRow| {
            let (customer, terms) = (row.customer as usize, row.issued.invoice.terms);
            let expected = snapshot.behaviour.expected_days_late(customer, terms);
            let average = averages.0[customer].unwrap_or(averages.1[forecaster.companies.company(customer)]);
            Some([expected, median_days_late(forecaster, &snapshot, fitted, row), average, 0.0])
        };
        days.extend(of_day.par_iter().map(of_row).collect::<Vec<_>>());
    }
    Ok((fitted.model.tier, days))
}

/// The plain mean of each customer's days late, and that of each company.
fn averages(forecaster: &Forecaster, snapshot: &Snapshot) -> (Vec<Option<f64>>, Vec<f64>) {
    let mut companies = vec![(0.0, 0.0); forecaster.companies.count()];
    let mut customers = Vec::with_capacity(snapshot.customers.len());
    for (customer, seen) in snapshot.customers.iter().enumerate() {
        let sum: f64 = seen.payments.iter().map(|payment| payment.days_late).sum();
        let count = seen.payments.len() as f64;
        let company = &mut companies[forecaster.companies.company(customer)];
        *company = (company.0 + sum, company.1 + count);
        customers.push((count > 0.0).then_some(sum / count));
    }
    (customers, companies.into_iter().map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 }).collect())
}

/// The day on which half of what will be paid of the invoice has been paid, as days from its due date.
fn median_days_late(forecaster: &Forecaster, snapshot: &Snapshot, fitted: &Fitted, row: &IssueRow) -> f64 {
    let (customer, issued) = (row.customer as usize, &row.issued);
    let item = &forecaster.facts.all_items_of(customer)[issued.position as usize];
    let due_date = issued.invoice.due_date;
    let open = OpenItem { position: issued.position, open: item.amount, disputed: 0, due_date, has_due_date: true, is_partly_paid: false };
    let features = snapshot.features(customer, item, &open);
    let calendar: &BusinessCalendar = fitted.calendars[forecaster.companies.company(customer)];
    let days = DaysAhead::new(calendar, snapshot.day, due_date.max(snapshot.day) + FOLLOWED_DAYS);
    let rows = || Rows::new(&features, snapshot.habits.of(customer), item.document_date, days.past());
    let paid: Vec<f64> = fitted.model.left(&features, rows, days.days()).into_iter().map(|left| left[0]).collect();
    let half = paid.last().map_or(0.0, |paid| paid / 2.0);
    first_reaching(&paid, half).map_or(0.0, |position| f64::from(days.days()[position].day - due_date))
}

/// [`LATE_MEASURES`] of each of [`LATE_METHODS`], `None` where they are not defined, for invoices sorted by date of issue.
/// `base_rate` is the late rate of all, 0 to 1.
pub fn late_measures(tested: &[&Tested], base_rate: f64) -> [[Option<Estimate>; LATE_MEASURES.len()]; LATE_METHODS.len()] {
    let target: Vec<f64> = tested.iter().map(|tested| f64::from(u8::from(tested.outcome.is_late))).collect();
    let days = by_day(tested);
    let said: [Option<Vec<f64>>; LATE_METHODS.len()] = [
        tested.iter().map(|tested| tested.said.probability).collect(),
        Some(tested.iter().map(|tested| tested.row.late_rate).collect()),
        Some(vec![base_rate; tested.len()]),
    ];
    let replicates = (REPLICATES.1 / tested.len().max(1)).clamp(200, REPLICATES.0);
    let options = Options { level: LEVEL, replicates, ..Options::default() };
    said.map(|said| {
        let Some(said) = said else { return [None; LATE_MEASURES.len()] };
        let measures: [fn(&Probabilities) -> Option<f64>; LATE_MEASURES.len()] = [
            |said| said.scores().auc(),
            |said| said.log_loss(),
            |said| said.brier(),
            |said| said.calibration().map(|calibration| calibration.slope),
            |said| said.calibration().map(|calibration| calibration.intercept),
        ];
        measures.map(|measure| {
            interval(days.len(), &options, |drawn| {
                let mut weight = vec![0.0; target.len()];
                for day in drawn {
                    for row in days[day].clone() {
                        weight[row] += 1.0;
                    }
                }
                measure(&Probabilities::new(&said, &target, Some(&weight)).ok()?)
            })
        })
    })
}

/// The mean absolute error of each of [`DAYS_METHODS`], days, over the invoices that were settled with cash and whose day of issue
/// was looked at; sorted by date of issue.
pub fn days_errors(tested: &[&Tested]) -> [Option<Estimate>; DAYS_METHODS.len()] {
    let days = by_day(tested);
    let options = Options { level: LEVEL, ..Options::default() };
    std::array::from_fn(|method| {
        let part = |rows: &Range<usize>| {
            let errors = tested[rows.clone()].iter().filter_map(|tested| {
                let days_late = f64::from(tested.outcome.days_late?);
                Some((tested.days?[method] - days_late).abs())
            });
            errors.fold(Part::default(), |part, error| Part { numerator: part.numerator + error, denominator: part.denominator + 1.0 })
        };
        ratio(&days.iter().map(part).collect::<Vec<_>>(), &options)
    })
}

/// The rows of each day of issue.
fn by_day(tested: &[&Tested]) -> Vec<Range<usize>> {
    let mut start = 0;
    let date = |tested: &Tested| tested.row.issued.invoice.document_date;
    let of_days = tested.chunk_by(|a, b| date(a) == date(b));
    of_days
        .map(|of_day| {
            start += of_day.len();
            start - of_day.len()..start
        })
        .collect()
}

impl Backtest {
    /// Share of the invoices learnt from that were late, 0 to 1; one half without any.
    pub fn base_rate(&self) -> f64 {
        let late = self.fitted.iter().filter(|row| is_late(row)).count();
        (late as f64 + 1.0) / (self.fitted.len() as f64 + 2.0)
    }

    /// The tested invoices of customers who had paid three or more before, and of a company where one is given.
    pub fn of_known_customers(&self, is_wanted: impl Fn(&Tested) -> bool) -> Vec<&Tested> {
        self.tested.iter().filter(|tested| tested.row.paid_before >= PAID_BEFORE_MIN && is_wanted(tested)).collect()
    }

    /// The tested invoices of the other customers.
    pub fn of_new_customers(&self) -> Vec<&Tested> {
        self.tested.iter().filter(|tested| tested.row.paid_before < PAID_BEFORE_MIN).collect()
    }
}
