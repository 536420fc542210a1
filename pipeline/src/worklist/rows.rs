//! The rows of the list, customer by customer, with the places of the customers.

use super::DISPUTE_OPEN;
use super::agency::{Advice, Case, advise};
use super::amounts::{OpenDebit, open_debits};
use super::chances::{CHANCE_ONE, Chance};
use super::context::Context;
use super::conversations::LastContact;
use super::days::WorkDays;
use super::promised::{UnderPromise, under_promises};
use super::ranking::{Places, Ranked, places};
use super::rules::{CustomerView, Decision};
use crate::config::Stage;
use crate::ledger::book::CustomerIndex;
use crate::ledger::calendar::Day;
use crate::ledger::money::divide_half_away;
use crate::ledger::walk::OpenItem;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// One thing to do.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Whose item.
    pub customer: CustomerIndex,
    /// The item.
    pub debit: OpenDebit<'a>,
    /// What is to be done.
    pub decision: Decision<'a>,
    /// How much of the item it is about, document currency, ten-thousandths.
    pub amount: i64,
    /// The same in base currency.
    pub amount_base: i64,
    /// The day on which it is done.
    pub work: Day,
    /// The promise that the item stands under.
    pub promise: Option<UnderPromise<'a>>,
    /// The last contact with the customer.
    pub last_contact: Option<&'a LastContact>,
    /// The item's chance of payment.
    pub chance: Option<Chance>,
    /// What is said about an agency.
    pub advice: Option<Advice>,
    /// What the customer owes.
    pub totals: Totals,
    /// The highest step of the ladder that any item of the customer has reached.
    pub customer_stage: Option<&'a Stage>,
    /// The customer's places.
    pub places: Places,
}

/// What a customer owes past due, disputed or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Base currency, ten-thousandths.
    pub overdue: i128,
    /// Number of items.
    pub items: i64,
    /// Days past due of the oldest.
    pub days_past_due_max: i32,
    /// Σ open × P(not paid in 30 days); `None` where nothing was forecast of any.
    pub expected_value: Option<i128>,
}

/// Everything on the list, by company, customer, document, item and action.
pub fn rows<'a>(context: &Context<'a>) -> Vec<Row<'a>> {
    let never_contacted = context.never_contacted();
    let book = context.book;
    let customer_of = |open: &OpenItem| book.items[open.item as usize].customer;
    let groups: Vec<&[OpenItem]> = context.open_items.chunk_by(|a, b| customer_of(a) == customer_of(b)).collect();
    let mut customers: Vec<(CustomerIndex, Totals, Vec<Row>)> =
        groups.par_iter().map(|open| of_customer(context, customer_of(&open[0]), open, &never_contacted)).collect();
    // The book's customers stand by company and id.
    customers.sort_by_key(|(customer, _, _)| *customer);
    let company = |customer: CustomerIndex| book.customers[customer as usize].company;
    let mut rows = Vec::new();
    for of_company in customers.chunk_by_mut(|a, b| company(a.0) == company(b.0)) {
        let with_overdue: Vec<usize> = (0..of_company.len()).filter(|at| of_company[*at].1.items > 0).collect();
        let ranked: Vec<Ranked> = with_overdue.iter().map(|at| ranked(context, of_company[*at].0, &of_company[*at].1)).collect();
        for (at, places) in with_overdue.iter().zip(places(&ranked)) {
            of_company[*at].2.iter_mut().for_each(|row| row.places = places);
        }
        of_company.iter_mut().for_each(|(_, _, of_customer)| rows.append(of_customer));
    }
    let key = |row: &Row<'a>| (row.customer, row.debit.document_id, row.debit.number, row.decision.action);
    rows.par_sort_by(|a, b| key(a).cmp(&key(b)));
    rows
}

fn ranked<'a>(context: &Context<'a>, customer: CustomerIndex, totals: &Totals) -> Ranked<'a> {
    Ranked {
        id: &context.book.customers[customer as usize].id,
        days_past_due_max: totals.days_past_due_max,
        overdue: totals.overdue,
        expected_value: totals.expected_value,
    }
}

fn of_customer<'a>(
    context: &Context<'a>,
    customer: CustomerIndex,
    open: &[OpenItem],
    never_contacted: &BTreeSet<usize>,
) -> (CustomerIndex, Totals, Vec<Row<'a>>) {
    let Context { config, book, conversations, as_of, .. } = *context;
    let known = &book.customers[customer as usize];
    let debits = open_debits(book, open, context.item_rows, context.ids);
    let is_past = |debit: &&OpenDebit, least: i32| debit.days_past_due(as_of).is_some_and(|days| days >= least);
    let undisputed = |least: i32| debits.iter().filter(|debit| is_past(debit, least)).map(|debit| i128::from(debit.rest_base)).sum();
    let agency_from = i32::try_from(*config.agency_from_days).expect("at most ten years").max(1);
    let for_agency: i128 = undisputed(agency_from);
    let view = CustomerView {
        config,
        days: WorkDays::new(context.calendars.of(known.company as usize), as_of),
        segment: &book.labels[known.labels[0] as usize],
        standing: (context.standing)(customer),
        is_never_contacted: never_contacted.contains(&(customer as usize)),
        pays_by_direct_debit: context.direct_debits.has(customer as usize),
        last_contact: conversations.last_contact(customer),
        overdue_undisputed: undisputed(1),
    };
    let promises = under_promises(book, conversations.promises(customer), &debits, &view.days);
    let totals = totals(context, &debits);
    let mut rows = Vec::new();
    for (debit, promise) in debits.iter().zip(promises) {
        let chance = context.chances.and_then(|chances| chances.of_item(debit.item));
        let case = Case {
            amount: debit.rest_base,
            of_customer: for_agency,
            is_disputed: debit.disputed > 0,
            is_covered: debit.credit >= debit.rest,
            is_promised: promise.is_some_and(|promise| !promise.is_broken),
            is_closed: view.standing.is_insolvent || view.standing.is_handed_over || view.is_never_contacted,
            chance,
        };
        let advice = is_past(&debit, agency_from).then(|| advise(config, &case, book.rates.base_unit()));
        let row = Row {
            customer,
            debit: *debit,
            decision: Decision { action: DISPUTE_OPEN, stage: None, quiet: None },
            amount: debit.disputed,
            amount_base: debit.disputed_base,
            work: view.days.work,
            promise,
            last_contact: view.last_contact,
            chance,
            advice: advice.filter(|_| debit.rest == 0),
            totals,
            customer_stage: None,
            places: Places::default(),
        };
        if debit.disputed > 0 {
            rows.push(row.clone());
        }
        let is_worth_sending = advice.is_some_and(|advice| advice.decision == "send");
        if debit.rest > 0
            && let Some(decision) = view.decide(debit, promise, is_worth_sending)
        {
            rows.push(Row { decision, amount: debit.rest, amount_base: debit.rest_base, advice, ..row });
        }
    }
    let highest = rows.iter().filter_map(|row| row.decision.stage).max();
    rows.iter_mut().for_each(|row| row.customer_stage = highest);
    (customer, totals, rows)
}

fn totals(context: &Context, debits: &[OpenDebit]) -> Totals {
    let mut totals = Totals::default();
    for debit in debits {
        let Some(days) = debit.days_past_due(context.as_of).filter(|days| *days > 0) else { continue };
        totals.overdue += i128::from(debit.open_base);
        totals.items += 1;
        totals.days_past_due_max = totals.days_past_due_max.max(days);
        if let Some(chance) = context.chances.and_then(|chances| chances.of_item(debit.item)) {
            let value = expected_value(debit.open_base, chance, context.book.rates.base_unit());
            totals.expected_value = Some(totals.expected_value.unwrap_or(0) + value);
        }
    }
    totals
}

/// `open × P(not paid in 30 days)`, rounded half away from zero to `unit` ten-thousandths: what stays out where nobody calls. It
/// is no gain of calling, which no data show.
///
/// ```
/// use arrears::worklist::chances::Chance;
/// use arrears::worklist::expected_value;
/// // 250.00 that is paid within 30 days with a chance of 80 %: 50.00.
/// assert_eq!(expected_value(2_500_000, Chance::new(0.8, 0.9), 100), 500_000);
/// ```
pub fn expected_value(open: i64, chance: Chance, unit: i64) -> i128 {
    let unit = i128::from(unit);
    let not_paid = i128::from(CHANCE_ONE - chance.within_30);
    divide_half_away(i128::from(open) * not_paid, i128::from(CHANCE_ONE) * unit) * unit
}

impl Row<'_> {
    /// `open × P(not paid in 30 days)` of what the row is about.
    pub fn expected_value(&self, unit: i64) -> Option<i128> {
        self.chance.map(|chance| expected_value(self.amount_base, chance, unit))
    }
}
