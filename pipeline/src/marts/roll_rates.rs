//! `roll_rates`: what became, by the next period end, of what was open at a month end (R4).
//!
//! At historical rates, so that an exchange rate moves nothing from bucket to bucket. What an item grew by (a credit
//! un-applied) is not a transition: it counts at its opening amount.

use super::frame::{dates, sums, texts};
use super::measures::{ScopeRow, Totals};
use crate::error::Result;
use crate::ledger::buckets::Buckets;
use crate::ledger::collections::RollShape;
use crate::ledger::timeline::Timeline;
use polars::prelude::*;

/// The rows of some scope values, in the order of the key. Customers have none.
///
/// # Errors
/// When Polars fails.
pub fn roll_rates(rows: &[ScopeRow], timeline: &Timeline, shape: RollShape, buckets: &Buckets) -> Result<DataFrame> {
    let from_words = sorted((0..shape.buckets).map(|slot| (buckets.due_word(slot), slot)));
    let outcomes = [("write_off".to_owned(), shape.write_off()), ("settled".to_owned(), shape.settled())];
    let to_words = sorted(from_words.iter().cloned().chain(outcomes));
    let (mut companies, mut scopes, mut values, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut froms, mut tos, mut amounts, mut items, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let Totals::All(totals) = row.totals else { continue };
        for (period, end) in timeline.period_ends.iter().enumerate() {
            for (from_word, from) in &from_words {
                let first = shape.cell(period, *from, 0);
                let opening: i128 = totals.rolls.amounts[first..first + shape.targets()].iter().sum();
                for (to_word, to) in &to_words {
                    let (amount, count) = (totals.rolls.amounts[first + to], totals.rolls.items[first + to]);
                    if amount == 0 && count == 0 {
                        continue;
                    }
                    companies.push(row.company_id);
                    scopes.push(row.value.scope.word());
                    values.push(row.text.as_ref());
                    ends.push(*end);
                    froms.push(from_word.as_str());
                    tos.push(to_word.as_str());
                    amounts.push(amount);
                    items.push(i64::from(count));
                    rates.push((opening != 0).then(|| amount as f64 / opening as f64));
                }
            }
        }
    }
    let reasons: Vec<Option<&str>> = rates.iter().map(|rate: &Option<f64>| rate.is_none().then_some("zero_base")).collect();
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", companies.into_iter().map(Some)),
        texts("scope", scopes.into_iter().map(Some)),
        texts("scope_value", values.into_iter().map(Some)),
        dates("period_end", ends.into_iter().map(Some)),
        texts("from_bucket", froms.into_iter().map(Some)),
        texts("to_bucket", tos.into_iter().map(Some)),
        sums("amount", amounts),
        Column::new("items".into(), items),
        Column::new("rate".into(), rates),
        texts("reason", reasons.into_iter()),
    ])?)
}

fn sorted(words: impl Iterator<Item = (String, usize)>) -> Vec<(String, usize)> {
    let mut words: Vec<(String, usize)> = words.collect();
    words.sort();
    words
}
