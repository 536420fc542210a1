//! Each customer as known at the end of a day: what it paid and how late, what it owes.
//!
//! Responsible for turning facts into the numbers that every feature starts from. Payments go back two years, so that the
//! view of a day does not depend on how far back the ledger was read. Not responsible for pools and blending: see
//! `behaviour`.

use super::facts::{DebitItem, Exit, Facts};
use crate::ledger::book::{LabelIndex, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use rayon::prelude::*;

/// How far back payments are looked at.
pub const HISTORY_DAYS: i32 = 730;
/// Days late are held to this range: one invoice that was forgotten for a year is no habit.
pub const DAYS_LATE_RANGE: (f64, f64) = (-60.0, 120.0);

/// What a customer paid on one day of items with the same terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Payment {
    /// When the money came.
    pub date: Day,
    /// Label of the items' terms.
    pub terms: LabelIndex,
    /// Days late, weighted by amount, clipped to [`DAYS_LATE_RANGE`].
    pub days_late: f64,
    /// How much, base currency at the items' dates, ten-thousandths.
    pub amount: f64,
}

/// An item that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenItem {
    /// Position among [`Facts::all_items_of`] the customer.
    pub position: u32,
    /// What is open, document currency, ten-thousandths, > 0.
    pub open: i64,
    /// How much of it is disputed.
    pub disputed: i64,
    /// When it is due; without a due date, its document date and the company's usual terms.
    pub due_date: Day,
    /// Whether the due date is its own.
    pub has_due_date: bool,
    /// Whether a part has been paid.
    pub is_partly_paid: bool,
}

/// A customer as known at the end of a day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerAsOf {
    /// What it paid, by date and terms, oldest first.
    pub payments: Vec<Payment>,
    /// Sale items settled with some cash in the last two years.
    pub settled: u32,
    /// Those of them that were settled after the due date.
    pub settled_late: u32,
    /// What it owes.
    pub open: Vec<OpenItem>,
    /// Credits that are not applied, less refunds and reversals that wait for them, by currency, ten-thousandths.
    pub unapplied: Vec<(CurrencyIndex, i64)>,
    /// Median amount of its sale items of the last two years, base currency, ten-thousandths; `None` without any.
    pub median_amount: Option<f64>,
}

/// Terms that stand in for a missing due date, by company, as known at the end of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsualTerms(Vec<Option<i32>>);

impl UsualTerms {
    /// Median days from document date to due date of the sales of two years, for each company; `None` where no sale has a
    /// due date. `company_of` tells a customer's.
    pub fn new(facts: &Facts, day: Day, companies: usize, company_of: impl Fn(usize) -> usize + Sync) -> Self {
        let none = || vec![Vec::new(); companies];
        let add = |mut days: Vec<Vec<i32>>, customer: usize| {
            let dated = facts.items_of(customer, day).filter(|item| is_recent_sale(item, day) && item.due_date != NO_DATE);
            days[company_of(customer)].extend(dated.map(|item| item.due_date - item.document_date));
            days
        };
        let parts = (0..facts.customers()).into_par_iter().fold(none, add);
        let days = parts.reduce(none, |mut days, others| {
            days.iter_mut().zip(others).for_each(|(days, others)| days.extend(others));
            days
        });
        UsualTerms(days.into_iter().map(|mut days| lower_median(&mut days)).collect())
    }

    /// The usual terms of a company, days.
    pub fn of(&self, company: usize) -> Option<i32> {
        self.0.get(company).copied().flatten()
    }
}

fn is_recent_sale(item: &DebitItem, day: Day) -> bool {
    item.is_sale && item.document_date > day - HISTORY_DAYS
}

/// The lower median of whole numbers.
fn lower_median<T: Copy + Ord>(values: &mut [T]) -> Option<T> {
    if values.is_empty() {
        return None;
    }
    let middle = (values.len() - 1) / 2;
    Some(*values.select_nth_unstable(middle).1)
}

/// The due date of an item, or what stands in for it.
pub fn due_date_of(item: &DebitItem, usual_terms: Option<i32>) -> Day {
    if item.due_date == NO_DATE { item.document_date + usual_terms.unwrap_or(0) } else { item.due_date }
}

/// A customer at the end of `day`. `usual_terms` stand in for missing due dates.
pub fn customer_as_of(facts: &Facts, customer: usize, day: Day, usual_terms: Option<i32>) -> CustomerAsOf {
    let mut seen = CustomerAsOf::default();
    let mut parts: Vec<(Day, LabelIndex, f64, f64)> = Vec::new();
    let mut amounts: Vec<i64> = Vec::new();
    let all = facts.all_items_of(customer);
    let dated = all.partition_point(|item| item.document_date <= day);
    for (position, item) in all[..dated].iter().enumerate() {
        if !item.is_known(day) {
            continue;
        }
        let due_date = due_date_of(item, usual_terms);
        let open = facts.open(item, day);
        let mut paid_last: Option<Day> = None;
        for left in facts.left(item, day).filter(|left| left.exit == Exit::Cash) {
            paid_last = paid_last.max(Some(left.effective_date));
            if item.is_sale && left.effective_date > day - HISTORY_DAYS {
                let days_late = f64::from(left.effective_date - due_date).clamp(DAYS_LATE_RANGE.0, DAYS_LATE_RANGE.1);
                parts.push((left.effective_date, item.terms, days_late, in_base(item, left.amount)));
            }
        }
        if open > 0 {
            seen.open.push(OpenItem {
                position: u32::try_from(position).expect("a customer has fewer than 2^32 items"),
                open,
                disputed: facts.disputed(item, open, day),
                due_date,
                has_due_date: item.due_date != NO_DATE,
                is_partly_paid: paid_last.is_some(),
            });
        } else if let Some(paid) = paid_last.filter(|paid| item.is_sale && *paid > day - HISTORY_DAYS) {
            seen.settled += 1;
            seen.settled_late += u32::from(paid > due_date);
        }
        if is_recent_sale(item, day) {
            amounts.push(in_base(item, item.amount).round() as i64);
        }
    }
    seen.median_amount = lower_median(&mut amounts).map(|amount| amount as f64);
    seen.payments = payments(parts);
    seen.unapplied = unapplied(facts, customer, day);
    seen
}

/// A part of an item in base currency at the rate of its date, in ten-thousandths.
pub(super) fn in_base(item: &DebitItem, amount: i64) -> f64 {
    amount as f64 * item.base_rate
}

/// Parts of items (date, terms, days late, amount), put together by date and terms.
pub(super) fn payments(mut parts: Vec<(Day, LabelIndex, f64, f64)>) -> Vec<Payment> {
    // The order of the items must not change a bit of the sums: equal keys are ordered by what is summed.
    parts.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)).then(a.3.total_cmp(&b.3)));
    let of_group = |group: &[(Day, LabelIndex, f64, f64)]| {
        let amount: f64 = group.iter().map(|part| part.3).sum();
        let weighted: f64 = group.iter().map(|part| part.2 * part.3).sum();
        Payment { date: group[0].0, terms: group[0].1, days_late: weighted / amount, amount }
    };
    let mut payments: Vec<Payment> = parts.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(of_group).collect();
    // Labels are numbered in the order in which they were read, which may differ from run to run.
    payments.sort_by(|a, b| a.date.cmp(&b.date).then(a.days_late.total_cmp(&b.days_late)).then(a.amount.total_cmp(&b.amount)));
    payments
}

fn unapplied(facts: &Facts, customer: usize, day: Day) -> Vec<(CurrencyIndex, i64)> {
    let mut unapplied: Vec<(CurrencyIndex, i64)> = Vec::new();
    for item in facts.account_of(customer, day) {
        let left = facts.unapplied(item, day);
        match unapplied.iter_mut().find(|(currency, _)| *currency == item.currency) {
            Some((_, sum)) => *sum += left,
            None => unapplied.push((item.currency, left)),
        }
    }
    unapplied.retain(|(_, sum)| *sum != 0);
    unapplied.sort_unstable();
    unapplied
}
