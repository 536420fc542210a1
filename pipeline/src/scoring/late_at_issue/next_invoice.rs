//! The chance that a customer's next invoice is paid late: one dated the day after, of its usual amount, on the terms of its last.

use super::rows::{Issued, issued};
use super::{ISSUED_DAYS, LateAtIssue, LateModel};
use crate::forecast::snapshot::Companies;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use rayon::prelude::*;

/// What is said of the next invoice of each customer that had one in the last two years, by customer.
///
/// The amount is the lower median of those of the last two years. `half_life` of payments is in days.
pub fn late_of_next_invoices(facts: &Facts, companies: &Companies, model: &LateModel, half_life: f64, day: Day) -> Vec<(u32, LateAtIssue)> {
    let next_of = |customer: usize| Some((customer, vec![next(&issued(facts, customer, day), day)?]));
    let next: Vec<(usize, Vec<Issued>)> = (0..facts.customers()).into_par_iter().filter_map(next_of).collect();
    let mut said: Vec<(u32, LateAtIssue)> = model
        .rows(facts, companies, half_life, &next)
        .iter()
        .map(|row| (row.customer, model.of(companies.company(row.customer as usize), row)))
        .collect();
    said.sort_by_key(|(customer, _)| *customer);
    said
}

fn next(issued: &[Issued], day: Day) -> Option<Issued> {
    let recent = || issued.iter().filter(|issued| issued.invoice.document_date > day - ISSUED_DAYS && issued.invoice.document_date <= day);
    // Of several of one day, the content decides which is the last.
    let last = recent().max_by(|a, b| {
        let (a, b) = (a.invoice, b.invoice);
        (a.document_date, a.due_date).cmp(&(b.document_date, b.due_date)).then(a.amount.total_cmp(&b.amount))
    })?;
    let mut amounts: Vec<f64> = recent().map(|issued| issued.invoice.amount).collect();
    amounts.sort_by(f64::total_cmp);
    let mut next = *last;
    next.outcome = None;
    next.invoice.document_date = day + 1;
    next.invoice.due_date = day + 1 + (last.invoice.due_date - last.invoice.document_date);
    next.invoice.amount = amounts[(amounts.len() - 1) / 2];
    next.due_date = next.invoice.due_date;
    Some(next)
}
