//! `aging`: open items by bucket at each period end, by due date and by document date (B4).

use super::frame::{dates, sums, texts};
use super::measures::ScopeRow;
use crate::error::Result;
use crate::ledger::buckets::{BUCKETS_MAX, Buckets};
use crate::ledger::timeline::Timeline;
use polars::prelude::*;

/// The rows of some scope values, in the order of the key. Only buckets in which something is open have a row.
///
/// # Errors
/// When Polars fails.
pub fn aging(rows: &[ScopeRow], timeline: &Timeline, buckets: &Buckets) -> Result<DataFrame> {
    let slots = sorted_slots(buckets);
    let (mut companies, mut scopes, mut values, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut bases, mut words, mut amounts, mut items) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        for period in row.periods(timeline) {
            let balance = row.totals.balance(period);
            for (basis, slot, word) in &slots {
                let (amount, count) = match *basis {
                    "due_date" => (balance.due_amounts[*slot], balance.due_items[*slot]),
                    _ => (balance.document_amounts[*slot], balance.document_items[*slot]),
                };
                if count == 0 {
                    continue;
                }
                companies.push(row.company_id);
                scopes.push(row.value.scope.word());
                values.push(row.text.as_ref());
                ends.push(timeline.period_ends[period]);
                bases.push(*basis);
                words.push(word.as_str());
                amounts.push(amount);
                items.push(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", companies.into_iter().map(Some)),
        texts("scope", scopes.into_iter().map(Some)),
        texts("scope_value", values.into_iter().map(Some)),
        dates("period_end", ends.into_iter().map(Some)),
        texts("basis", bases.into_iter().map(Some)),
        texts("bucket", words.into_iter().map(Some)),
        sums("amount", amounts),
        Column::new("items".into(), items),
    ])?)
}

/// Basis, slot and word of every bucket, sorted by basis and word.
fn sorted_slots(buckets: &Buckets) -> Vec<(&'static str, usize, String)> {
    let last = buckets.unapplied().min(BUCKETS_MAX - 1);
    let mut slots: Vec<(&'static str, usize, String)> = (0..=last).map(|slot| ("due_date", slot, buckets.due_word(slot))).collect();
    let by_document = (1..=last).filter(|slot| *slot != buckets.no_due_date());
    slots.extend(by_document.map(|slot| ("document_date", slot, buckets.document_word(slot))));
    slots.sort_by(|a, b| (a.0, &a.2).cmp(&(b.0, &b.2)));
    slots
}
