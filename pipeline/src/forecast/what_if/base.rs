//! The curves of a night as changes take them: open items one by one, new billing in parts.
//!
//! What a company bills in a currency is divided by what was billed there over the past year: by the changes that select the
//! customer, and by the days from document date to due date. All parts begin with the company's one curve of payment, which
//! is how the forecast has it.

use super::changes::{BillingPart, Curves, OpenItemFacts, OpenPiece};
use super::outcome::Summing;
use super::scenario::{Change, Kind};
use super::selection::Selected;
use crate::forecast::open_items::{DaysAhead, Expected};
use crate::ledger::book::NO_DATE;
use crate::ledger::calendar::Day;
use crate::ledger::money::RATE_ONE;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::facts::Facts;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Days of billing that show who bills what on which terms.
const BILLED_DAYS: i32 = 365;
/// What is neither credited nor written off within so many days is payable.
const PAYABLE_DAYS: i32 = 365;

/// The last day that curves must know, so that `weeks` of them are right when all changes are made.
pub fn last_day(origin: Day, weeks: usize, changes: &[Change]) -> Day {
    let sooner: i32 =
        changes.iter().map(|change| if let Kind::Disputes { faster_by_days } = change.kind { faster_by_days } else { 0 }).sum();
    let weeks = i32::try_from(weeks * 7).expect("at most two years");
    origin + weeks.max(PAYABLE_DAYS) + sooner
}

/// What is known of the open items, in their order.
pub fn item_facts(
    facts: &Facts,
    company_of: impl Fn(usize) -> usize,
    expected: &[Expected],
    days: &[DaysAhead],
    origin: Day,
) -> Vec<OpenItemFacts> {
    let rate = |currency: CurrencyIndex| facts.rates().on(currency, origin, origin).map_or(0.0, |rate| rate as f64 / RATE_ONE as f64);
    let of = |expected: &Expected| {
        let customer = expected.customer as usize;
        let company = company_of(customer);
        let item = &facts.all_items_of(customer)[expected.open_item.position as usize];
        let within = days[company].days().partition_point(|day| day.day <= origin + PAYABLE_DAYS);
        let [_, credited, written_off] = within.checked_sub(1).map_or([0.0; 3], |place| expected.left[place]);
        let kept = expected.kept_share();
        OpenItemFacts {
            customer,
            company,
            is_sale: item.is_sale,
            is_disputed: expected.open_item.disputed > 0,
            document_date: item.document_date,
            due_date: expected.open_item.due_date,
            amount_base: expected.amount as f64 * rate(expected.currency),
            payable: kept + (1.0 - kept) * (1.0 - credited - written_off),
        }
    };
    expected.iter().map(of).collect()
}

/// Share paid after each day of each open item, promises included: what pieces begin with.
pub fn paid_curves(items: &[OpenItemFacts], expected: &[Expected], days: &[DaysAhead]) -> Vec<Vec<f64>> {
    expected.iter().zip(items).map(|(expected, item)| expected.paid(&days[item.company]).collect()).collect()
}

/// The curves before any change.
pub fn curves<'a>(summing: &Summing, paid: &'a [Vec<f64>], selected: &Selected) -> Curves<'a> {
    let piece = |(item, paid): (usize, &'a Vec<f64>)| OpenPiece { item, share: 1.0, discount: 0.0, paid: Cow::Borrowed(paid) };
    Curves { pieces: paid.iter().enumerate().map(piece).collect(), parts: billing_parts(summing, selected) }
}

/// By company and currency: by changes that select the customer and days of terms, what was billed over the past year.
type Billed = BTreeMap<(usize, CurrencyIndex), BTreeMap<(u64, Option<i32>), i128>>;

fn billing_parts(summing: &Summing, selected: &Selected) -> Vec<BillingPart> {
    let billed = billed(summing, selected);
    let mut parts = Vec::new();
    for ((company, currency), billing) in summing.billing {
        let none = BTreeMap::from([((0, None), 1)]);
        let of_cell = billed.get(&(*company, *currency)).filter(|of_cell| of_cell.values().sum::<i128>() > 0).unwrap_or(&none);
        let total: i128 = of_cell.values().sum();
        let ahead = summing.billed_ahead((*company, *currency)).iter().sum::<f64>() * summing.rate(*currency);
        for ((selected, terms_days), amount) in of_cell {
            let share = *amount as f64 / total as f64;
            parts.push(BillingPart {
                company: *company,
                currency: *currency,
                selected: *selected,
                terms_days: *terms_days,
                share,
                billed_base: ahead * share,
                discount: 0.0,
                paid_by_age: billing.paid_by_age.clone(),
            });
        }
    }
    // Currencies are numbered in the order in which they were read.
    let code = |part: &BillingPart| summing.forecaster.book.rates.code(part.currency);
    parts.sort_by(|a, b| (a.company, code(a), a.selected, a.terms_days).cmp(&(b.company, code(b), b.selected, b.terms_days)));
    parts
}

fn billed(summing: &Summing, selected: &Selected) -> Billed {
    let Summing { forecaster, origin, .. } = summing;
    let mut billed = Billed::new();
    for (customer, selected) in selected.iter().enumerate().take(forecaster.facts.customers()) {
        let recent = forecaster.facts.items_of(customer, *origin);
        for item in recent.filter(|item| item.is_sale && item.document_date > origin - BILLED_DAYS) {
            let terms_days = (item.due_date != NO_DATE).then(|| item.due_date - item.document_date);
            let of_cell = billed.entry((forecaster.companies.company(customer), item.currency)).or_default();
            *of_cell.entry((*selected, terms_days)).or_default() += i128::from(item.amount);
        }
    }
    billed
}
