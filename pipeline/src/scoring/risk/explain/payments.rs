//! How a customer has paid: what came when, how late, what was promised, what went back.

use super::Explainer;
use crate::forecast::explain::{decimal, text_of};
use crate::forecast::promises::cash_within;
use crate::ingest::load::knowledge::EventKind;
use crate::ledger::book::{DocumentType, Promise};
use crate::ledger::calendar::{Day, date_of, month_end, month_start};
use crate::scoring::as_of::{CustomerAsOf, due_date_of};
use crate::scoring::facts::Exit;
use chrono::Datelike as _;
use serde::Serialize;

/// Payments that are listed, the newest.
const PAYMENTS_LISTED: usize = 8;
/// Quarters that are told one by one, the present one counted.
const QUARTERS: usize = 8;
/// Days of promises and returned payments.
const YEAR: i32 = 365;

/// How a customer has paid. Amounts are base currency at the rates of the items' dates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaymentsPart {
    /// Invoices of two years that were settled with cash.
    pub settled_items: u32,
    /// Those of them that were settled after the due date.
    pub settled_late_items: u32,
    /// The newest payments, newest first.
    pub last: Vec<PaymentPart>,
    /// The quarters of two years, oldest first.
    pub quarters: Vec<QuarterPart>,
    /// Promises that were due in the last 365 days or are not due yet, by promised date; `None` where the ledger has no promises.
    pub promises: Option<Vec<PromisePart>>,
    /// Payments of the last 365 days that were returned.
    pub returned: Vec<ReturnedPart>,
    /// Insolvency, agency, court.
    pub events: Vec<HappenedPart>,
}

/// What came on a day for invoices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaymentPart {
    /// The day.
    pub date: String,
    /// How much.
    pub amount_base: String,
    /// Days late, weighted by amount; below 0 early.
    pub days_late: f64,
}

/// What came in a quarter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuarterPart {
    /// `2024-Q3`.
    pub quarter: String,
    /// Its last day, or the date.
    pub to: String,
    /// Days on which something came.
    pub payments: usize,
    /// How much.
    pub amount_base: String,
    /// Days late, weighted by amount; `None` where nothing came.
    pub average_days_late: Option<f64>,
}

/// A promise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PromisePart {
    /// When it was made.
    pub made_date: String,
    /// When the money was to come.
    pub promised_date: String,
    /// How much.
    pub amount: String,
    /// In what.
    pub currency: String,
    /// What came by then.
    pub came: String,
    /// `kept`, `broken`, or `not_due`.
    pub status: &'static str,
}

/// A returned payment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReturnedPart {
    /// When.
    pub date: String,
    /// How much.
    pub amount_base: String,
}

/// Something that happened to the customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HappenedPart {
    /// When.
    pub date: String,
    /// `insolvency`, `agency`, `legal`.
    pub kind: &'static str,
}

/// What came on a day: base currency, and days late times it, both in ten-thousandths.
#[derive(Clone, Copy)]
struct Came {
    date: Day,
    amount: i128,
    late: i128,
}

impl PaymentsPart {
    /// Of any customer.
    pub fn new(explainer: &Explainer, customer: u32, seen: &CustomerAsOf) -> Self {
        let (base, day) = (explainer.base_code(), explainer.night.day);
        let came = came(explainer, customer as usize);
        let money = |amount: i128| decimal(i64::try_from(amount).expect("payments of a customer fit 64 bits of ten-thousandths"), base);
        let last = came.iter().rev().take(PAYMENTS_LISTED).map(|came| PaymentPart {
            date: text_of(came.date),
            amount_base: money(came.amount),
            days_late: average(std::slice::from_ref(came)).unwrap_or(0.0),
        });
        let quarter = |first: Day| {
            let end = month_end(month_end(month_end(first) + 1) + 1).min(day);
            let of = &came[came.partition_point(|came| came.date < first)..came.partition_point(|came| came.date <= end)];
            QuarterPart {
                quarter: quarter_word(first),
                to: text_of(end),
                payments: of.len(),
                amount_base: money(of.iter().map(|came| came.amount).sum()),
                average_days_late: average(of),
            }
        };
        PaymentsPart {
            settled_items: seen.settled,
            settled_late_items: seen.settled_late,
            last: last.collect(),
            quarters: quarters(day).into_iter().map(quarter).collect(),
            promises: explainer.book.supplied.promises.then(|| promises(explainer, customer)),
            returned: returned(explainer, customer as usize),
            events: explainer
                .facts
                .events(customer as usize, day)
                .map(|event| HappenedPart { date: text_of(event.event_date), kind: kind_word(event.kind) })
                .collect(),
        }
    }
}

/// Cash for the invoices of a customer by the day it came, oldest first.
fn came(explainer: &Explainer, customer: usize) -> Vec<Came> {
    let (facts, day) = (explainer.facts, explainer.night.day);
    let usual = explainer.usual_terms.of(explainer.companies.company(customer));
    let mut parts: Vec<Came> = Vec::new();
    for item in facts.items_of(customer, day).filter(|item| item.is_sale) {
        let due_date = due_date_of(item, usual);
        for left in facts.left(item, day).filter(|left| left.exit == Exit::Cash) {
            let amount = i128::from(facts.rates().value_on(item.currency, item.document_date, day, left.amount));
            parts.push(Came { date: left.effective_date, amount, late: amount * i128::from(left.effective_date - due_date) });
        }
    }
    parts.sort_by_key(|part| part.date);
    let of_day = |of: &[Came]| Came {
        date: of[0].date,
        amount: of.iter().map(|part| part.amount).sum(),
        late: of.iter().map(|part| part.late).sum(),
    };
    parts.chunk_by(|a, b| a.date == b.date).map(of_day).collect()
}

/// Days late by amount, from whole numbers.
fn average(of: &[Came]) -> Option<f64> {
    let amount: i128 = of.iter().map(|came| came.amount).sum();
    let late: i128 = of.iter().map(|came| came.late).sum();
    (amount > 0).then(|| late as f64 / amount as f64)
}

/// First days of the quarters, oldest first.
fn quarters(day: Day) -> Vec<Day> {
    let mut first = month_start(day);
    while !date_of(first).month0().is_multiple_of(3) {
        first = month_start(first - 1);
    }
    let before = |first: &Day| Some((0..3).fold(*first, |at, _| month_start(at - 1)));
    let mut found: Vec<Day> = std::iter::successors(Some(first), before).take(QUARTERS).collect();
    found.reverse();
    found
}

fn quarter_word(first: Day) -> String {
    let date = date_of(first);
    format!("{}-Q{}", date.year(), date.month0() / 3 + 1)
}

fn promises(explainer: &Explainer, customer: u32) -> Vec<PromisePart> {
    let (facts, day) = (explainer.facts, explainer.night.day);
    let all = facts.promises(day);
    let wanted = all.iter().filter(|promise| promise.customer == customer && promise.promised_date > day - YEAR);
    let part = |promise: &Promise| {
        let code = explainer.book.rates.code(promise.currency);
        let came = cash_within(promise, facts, day);
        let status = match came >= promise.amount {
            true => "kept",
            // It may still be kept on the day itself.
            false if promise.promised_date >= day => "not_due",
            false => "broken",
        };
        PromisePart {
            made_date: text_of(promise.made_date),
            promised_date: text_of(promise.promised_date),
            amount: decimal(promise.amount, code),
            currency: code.to_owned(),
            came: decimal(came, code),
            status,
        }
    };
    let mut found: Vec<PromisePart> = wanted.map(part).collect();
    // Dates are written as they sort.
    found.sort_by(|a, b| {
        let key = |of: &PromisePart| [&of.promised_date, &of.made_date, &of.currency, &of.amount, &of.came].map(String::clone);
        key(a).cmp(&key(b))
    });
    found
}

fn returned(explainer: &Explainer, customer: usize) -> Vec<ReturnedPart> {
    let (facts, day, base) = (explainer.facts, explainer.night.day, explainer.base_code());
    let reversals = facts
        .account_of(customer, day)
        .filter(|item| item.document_type == DocumentType::ReceiptReversal && item.document_date > day - YEAR);
    let mut found: Vec<(Day, i64)> = reversals
        .map(|item| (item.document_date, facts.rates().value_on(item.currency, item.document_date, day, -item.signed_amount())))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(date, amount)| ReturnedPart { date: text_of(date), amount_base: decimal(amount, base) }).collect()
}

fn kind_word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Insolvency => "insolvency",
        EventKind::Agency => "agency",
        EventKind::Legal => "legal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::day_of;
    use chrono::NaiveDate;

    #[test]
    fn eight_quarters_end_with_that_of_the_date() {
        let day = day_of(NaiveDate::from_ymd_opt(2025, 5, 17).expect("a date"));
        let words: Vec<String> = quarters(day).into_iter().map(quarter_word).collect();
        assert_eq!(words, ["2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2"]);
    }

    #[test]
    fn lateness_is_weighted_by_amount_and_nothing_without_any() {
        // 100 ten days late and 300 two days early: (1000 − 600) ÷ 400 = 1 day.
        let came = [Came { date: 1, amount: 100, late: 1_000 }, Came { date: 2, amount: 300, late: -600 }];
        assert_eq!((average(&came), average(&[])), (Some(1.0), None));
    }
}
