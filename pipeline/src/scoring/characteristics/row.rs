//! The characteristics of one customer at the end of one day.

use super::COUNT;
use crate::forecast::promises::cash_within;
use crate::ledger::book::{Book, DocumentType, ItemIndex, NO_DATE, Promise};
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{CustomerAsOf, HISTORY_DAYS, due_date_of};
use crate::scoring::behaviour::{Behaviour, CustomerBehaviour};
use crate::scoring::facts::{DebitItem, Exit, Facts};

/// A year.
const YEAR: i32 = 365;
/// The recent part of it.
const RECENT: i32 = 90;
/// A part of an amount below this is no part worth mentioning.
const MATERIAL_SHARE: f64 = 0.01;
/// Payment days that a usual gap needs.
const PAYMENT_DAYS_MIN: usize = 3;

/// What characteristics are computed from.
pub struct Sources<'a> {
    /// What was known.
    pub facts: &'a Facts,
    /// Discounts that were offered: item and last day, by item.
    offered: Vec<(ItemIndex, Day)>,
}

impl<'a> Sources<'a> {
    /// The sources of a ledger.
    pub fn new(facts: &'a Facts, book: &Book) -> Self {
        let mut offered: Vec<(ItemIndex, Day)> = book.discounts.iter().map(|(item, terms)| (*item, terms.last_date)).collect();
        offered.sort_unstable();
        Sources { facts, offered }
    }

    fn offered_until(&self, item: ItemIndex) -> Option<Day> {
        self.offered.binary_search_by_key(&item, |(of, _)| *of).ok().map(|at| self.offered[at].1)
    }
}

/// What a customer owes and buys, base currency at the documents' dates, ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    /// Open debit items.
    pub open: f64,
    /// Of them, past due.
    pub overdue: f64,
    /// Sales of the last 365 days.
    pub sales: f64,
    /// Days past due of the oldest items that make up 1 % of what is open.
    pub worst_days_past_due: i32,
    /// Most days late of the last 365 days; `None` where nothing was paid or is due.
    pub worst_of_12_months: Option<i32>,
    /// Items settled with cash in two years.
    pub settled: u32,
}

/// A customer as it is looked at.
pub(super) struct Looked<'a> {
    pub customer: usize,
    pub day: Day,
    pub usual_terms: Option<i32>,
    pub as_of: &'a CustomerAsOf,
    pub items: &'a [DebitItem],
    pub behaviour: &'a Behaviour,
    pub promises: &'a [Promise],
    /// Whether anything is known of promises and of disputes at all.
    pub has_promises: bool,
    pub has_disputes: bool,
}

/// What a walk over a customer's items adds up.
#[derive(Default)]
struct Walked {
    sales: f64,
    recent_sales: f64,
    earlier_sales: f64,
    worst: Option<i32>,
    first_paid: u32,
    short_paid: u32,
    offered: u32,
    taken: u32,
    first_document: Option<Day>,
}

/// The characteristics of a customer but for that of its family, and its account.
pub(super) fn characteristics(sources: &Sources, looked: &Looked) -> ([f32; COUNT], Account) {
    let Looked { customer, day, as_of, items, .. } = *looked;
    let facts = sources.facts;
    let walked = walk(sources, looked);
    let base = |position: u32, amount: i64| amount as f64 * items[position as usize].base_rate;
    let open: f64 = as_of.open.iter().map(|item| base(item.position, item.open)).sum();
    let past =
        |days: i32| -> f64 { as_of.open.iter().filter(|item| day - item.due_date > days).map(|item| base(item.position, item.open)).sum() };
    let overdue = past(0);
    let mut aged: Vec<(i32, f64)> = as_of.open.iter().map(|item| (day - item.due_date, base(item.position, item.open))).collect();
    let worst_now = worst_days_past_due(&mut aged, open);
    let unapplied: f64 = unapplied(facts, as_of, day);
    let of_customer = looked.behaviour.customer(customer);
    let (credit_notes, returned) = credits(facts, customer, day);
    let disputed: f64 = as_of.open.iter().map(|item| base(item.position, item.disputed)).sum();
    let account = Account {
        open,
        overdue,
        sales: walked.sales,
        worst_days_past_due: worst_now,
        worst_of_12_months: walked.worst,
        settled: as_of.settled,
    };
    let values: [Option<f64>; COUNT] = [
        Some(f64::from(worst_now)),
        ratio(past(30), open),
        average_days_late(looked, of_customer),
        days_late_trend(looked),
        late_rate(as_of, day),
        walked.worst.map(f64::from),
        silence(as_of, day),
        facts.dated_limit(customer, day).and_then(|limit| utilisation(open - unapplied, limit as f64)),
        ratio(open, walked.sales).map(|ratio| ratio.min(10.0)),
        ratio(walked.recent_sales / f64::from(RECENT), walked.earlier_sales / f64::from(YEAR - RECENT)).map(|ratio| ratio.min(5.0)),
        looked.has_promises.then(|| broken_promises(facts, looked.promises, day)),
        Some(returned),
        looked.has_disputes.then(|| ratio(disputed, open)).flatten(),
        ratio(f64::from(walked.short_paid), f64::from(walked.first_paid)),
        ratio(f64::from(walked.taken), f64::from(walked.offered)),
        tenure(facts, customer, day, walked.first_document),
        Some(f64::from(as_of.settled)),
        ratio(credit_notes, walked.sales).map(|ratio| ratio.min(5.0)),
        None,
    ];
    (values.map(|value| value.map_or(f32::NAN, |value| value as f32)), account)
}

/// The quotient; `None` where there is nothing to divide by.
pub(super) fn ratio(part: f64, of: f64) -> Option<f64> {
    (of > 0.0).then(|| part / of)
}

fn walk(sources: &Sources, looked: &Looked) -> Walked {
    let Looked { customer, day, usual_terms, .. } = *looked;
    let facts = sources.facts;
    let mut walked = Walked::default();
    let window = HISTORY_DAYS + YEAR;
    for item in facts.items_of(customer, day) {
        // What is older and settled says nothing of the last two years.
        if item.document_date <= day - window && facts.open(item, day) <= 0 {
            continue;
        }
        if item.is_sale {
            add_sale(&mut walked, sources, item, day);
        }
        add_payments(&mut walked, facts, item, due_date_of(item, usual_terms), day);
    }
    walked
}

fn add_sale(walked: &mut Walked, sources: &Sources, item: &DebitItem, day: Day) {
    let amount = item.amount as f64 * item.base_rate;
    if item.document_date > day - HISTORY_DAYS {
        walked.first_document = Some(walked.first_document.map_or(item.document_date, |first| first.min(item.document_date)));
    }
    if item.document_date > day - YEAR {
        walked.sales += amount;
        if item.document_date > day - RECENT { walked.recent_sales += amount } else { walked.earlier_sales += amount }
    }
    if sources.offered_until(item.item).is_some_and(|last| (day - YEAR + 1..=day).contains(&last)) {
        walked.offered += 1;
        walked.taken += u32::from(sources.facts.has_discount(item, day));
    }
}

fn add_payments(walked: &mut Walked, facts: &Facts, item: &DebitItem, due_date: Day, day: Day) {
    let is_material = |amount: i64| amount as f64 >= MATERIAL_SHARE * item.amount as f64;
    let mut late = |days: i32| walked.worst = Some(walked.worst.map_or(days, |worst| worst.max(days)));
    let mut first_paid: Option<Day> = None;
    for left in facts.left(item, day).filter(|left| left.exit == Exit::Cash) {
        first_paid = Some(first_paid.map_or(left.effective_date, |first| first.min(left.effective_date)));
        if left.effective_date > day - YEAR && is_material(left.amount) {
            late((left.effective_date - due_date).max(0));
        }
    }
    let open = facts.open(item, day);
    if open > 0 && is_material(open) && day > due_date {
        late(day - due_date);
    }
    if let Some(first) = first_paid.filter(|first| item.is_sale && *first > day - YEAR) {
        let by_then: i64 = facts.left(item, day).filter(|left| left.effective_date <= first).map(|left| left.amount).sum();
        walked.first_paid += 1;
        walked.short_paid += u32::from((item.amount - by_then) as f64 > MATERIAL_SHARE * item.amount as f64);
    }
}

/// Days past due of the oldest items that together make up 1 % of what is open.
fn worst_days_past_due(aged: &mut [(i32, f64)], open: f64) -> i32 {
    aged.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    let mut sum = 0.0;
    for (days, amount) in aged {
        sum += *amount;
        if sum >= MATERIAL_SHARE * open {
            return (*days).max(0);
        }
    }
    0
}

fn unapplied(facts: &Facts, as_of: &CustomerAsOf, day: Day) -> f64 {
    let values = as_of.unapplied.iter().map(|(currency, amount)| facts.rates().value_on(*currency, day, day, *amount) as f64);
    values.sum::<f64>().max(0.0)
}

fn average_days_late(looked: &Looked, behaviour: &CustomerBehaviour) -> Option<f64> {
    let is_known = behaviour.effective_number > 0.0;
    // The terms of what was paid last decide the pool; of several those that are paid latest, so that no order of labels does.
    let payments = &looked.as_of.payments;
    let last = payments.last().map(|payment| payment.date);
    let of_last = payments.iter().rev().take_while(|payment| Some(payment.date) == last).map(|payment| payment.terms);
    let expected = of_last.map(|terms| looked.behaviour.expected_days_late(looked.customer, terms)).max_by(f64::total_cmp);
    is_known.then(|| expected.unwrap_or_else(|| looked.behaviour.expected_days_late(looked.customer, 0)))
}

fn days_late_trend(looked: &Looked) -> Option<f64> {
    let Looked { day, as_of, .. } = *looked;
    let mean = |of: &[(f64, f64)]| {
        let weight: f64 = of.iter().map(|(_, weight)| weight).sum();
        ratio(of.iter().map(|(days, weight)| days * weight).sum(), weight)
    };
    let range = crate::scoring::as_of::DAYS_LATE_RANGE;
    let paid = |from: i32, until: i32| {
        let of_window = as_of.payments.iter().filter(move |payment| (from..until).contains(&(day - payment.date)));
        of_window.map(|payment| (payment.days_late, payment.amount))
    };
    let overdue = as_of.open.iter().filter(|item| day > item.due_date && !item.is_partly_paid).map(|item| {
        let amount = item.open as f64 * looked.items[item.position as usize].base_rate;
        (f64::from(day - item.due_date).clamp(range.0, range.1), amount)
    });
    let recent: Vec<(f64, f64)> = paid(0, RECENT).chain(overdue).collect();
    let before: Vec<(f64, f64)> = paid(RECENT, RECENT + 270).collect();
    Some(mean(&recent)? - mean(&before)?)
}

fn late_rate(as_of: &CustomerAsOf, day: Day) -> Option<f64> {
    let overdue = u32::try_from(as_of.open.iter().filter(|item| day > item.due_date).count()).expect("counted in 32 bits");
    ratio(f64::from(as_of.settled_late + overdue), f64::from(as_of.settled + overdue))
}

fn silence(as_of: &CustomerAsOf, day: Day) -> Option<f64> {
    let mut days: Vec<Day> = as_of.payments.iter().map(|payment| payment.date).collect();
    days.dedup();
    if days.len() < PAYMENT_DAYS_MIN {
        return None;
    }
    let mut gaps: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    let usual = gaps[(gaps.len() - 1) / 2].max(1);
    let last = days.last().copied().unwrap_or(day);
    ratio(f64::from(day - last), f64::from(usual))
}

fn utilisation(exposure: f64, limit: f64) -> Option<f64> {
    match ratio(exposure.max(0.0), limit) {
        Some(share) => Some(share.min(10.0)),
        // A limit of nothing is used up by anything.
        None => Some(if exposure > 0.0 { 10.0 } else { 0.0 }),
    }
}

fn broken_promises(facts: &Facts, promises: &[Promise], day: Day) -> f64 {
    let due = promises.iter().filter(|promise| promise.promised_date < day && promise.promised_date > day - YEAR);
    due.filter(|promise| cash_within(promise, facts, day) < promise.amount).count() as f64
}

/// Credit notes of the last year, base currency, and how many payments were returned in it.
fn credits(facts: &Facts, customer: usize, day: Day) -> (f64, f64) {
    let mut credit_notes = 0.0;
    let mut returned = 0.0;
    for item in facts.account_of(customer, day).filter(|item| item.document_date > day - YEAR) {
        match item.document_type {
            DocumentType::CreditNote => {
                credit_notes += facts.rates().value_on(item.currency, item.document_date, day, item.signed_amount()) as f64;
            }
            DocumentType::ReceiptReversal => returned += 1.0,
            _ => {}
        }
    }
    (credit_notes, returned)
}

fn tenure(facts: &Facts, customer: usize, day: Day, first_document: Option<Day>) -> Option<f64> {
    let opened = facts.customer_row(customer, day).map(|known| known.fact.opened_date).filter(|date| *date != NO_DATE && *date <= day);
    let since = opened.into_iter().chain(first_document).min()?;
    Some(f64::from(day - since))
}
