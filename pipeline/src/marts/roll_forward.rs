//! `roll_forward`: how the receivable moved from the month end before to the period end (B3).
//!
//! The residual is computed, not assumed: closing and opening come from open items, documents and applications from
//! their own dates. What rounds is bounded: see [`rounding_excess`].

use super::frame::{dates, sums, texts};
use super::measures::ScopeRow;
use crate::error::Result;
use crate::ledger::book::DocumentType;
use crate::ledger::scopes::Scope;
use crate::ledger::timeline::Timeline;
use crate::ledger::totals::{Flow, Net};
use polars::prelude::*;

/// The lines of one roll-forward, base currency, ten-thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollForward {
    /// Line and amount, in no order.
    pub lines: Vec<(&'static str, i128)>,
    /// By how much rounding exceeds what the number of converted slices can explain; 0 in a sound ledger.
    pub rounding_excess: i128,
}

/// The rows of some scope values, in the order of the key: `opening`, `closing` and `residual` always, other lines where
/// they are not 0.
///
/// # Errors
/// When Polars fails.
pub fn roll_forward(rows: &[ScopeRow], timeline: &Timeline, base_unit: i64) -> Result<DataFrame> {
    let (mut companies, mut scopes, mut values, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut words, mut amounts) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.value.scope.has_roll_forward()) {
        for period in row.periods(timeline) {
            let mut lines = of_period(row, timeline, period, base_unit).lines;
            lines.retain(|(line, amount)| *amount != 0 || matches!(*line, "opening" | "closing" | "residual"));
            lines.sort_unstable();
            for (line, amount) in lines {
                companies.push(row.company_id);
                scopes.push(row.value.scope.word());
                values.push(row.text.as_ref());
                ends.push(timeline.period_ends[period]);
                words.push(line);
                amounts.push(amount);
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", companies.into_iter().map(Some)),
        texts("scope", scopes.into_iter().map(Some)),
        texts("scope_value", values.into_iter().map(Some)),
        dates("period_end", ends.into_iter().map(Some)),
        texts("line", words.into_iter().map(Some)),
        sums("amount", amounts),
    ])?)
}

/// The roll-forward of one scope value and period.
pub fn of_period(row: &ScopeRow, timeline: &Timeline, period: usize, base_unit: i64) -> RollForward {
    let end = timeline.period_ends[period];
    let begin = Timeline::month_end_before(end);
    let flow = row.totals.flow(timeline.intervals(begin + 1, end));
    let opening = row.totals.net(timeline.balance_date(begin));
    let closing = row.totals.net(timeline.balance_date(end));
    lines(&opening, &closing, &flow, row.value.scope, base_unit)
}

fn lines(opening: &Net, closing: &Net, flow: &Flow, scope: Scope, base_unit: i64) -> RollForward {
    let transfer = match scope {
        Scope::Currency => flow.transfer_currency,
        Scope::Customer => flow.transfer_customer,
        _ => flow.transfer_company,
    };
    let mut lines: Vec<(&'static str, i128)> = DocumentType::ALL
        .into_iter()
        .map(|kind| {
            let amount = flow.documents[kind as usize];
            (kind.word(), if kind.is_debit() { amount } else { -amount })
        })
        .collect();
    let documents: i128 = lines.iter().map(|(_, amount)| amount).sum();
    // What slices leave over when each is rounded by itself; realised FX closes the balance, within this bound.
    let rounding = closing.historical - opening.historical - documents - flow.applied;
    let bound = 2 * i128::from(flow.rounded_slices) * i128::from(base_unit);
    let explained = rounding.clamp(-bound, bound);
    lines.push(("transfer", transfer));
    lines.push(("realised_fx", flow.applied - transfer + explained));
    lines.push(("unrealised_fx", (closing.closing - closing.historical) - (opening.closing - opening.historical)));
    let moved: i128 = lines.iter().map(|(_, amount)| amount).sum();
    lines.push(("opening", opening.closing));
    lines.push(("closing", closing.closing));
    lines.push(("residual", closing.closing - opening.closing - moved));
    RollForward { lines, rounding_excess: rounding - explained }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_documents_and_applications_do_not_explain_is_a_residual() {
        let mut flow = Flow::default();
        flow.documents[DocumentType::Invoice as usize] = 1_000_000;
        let net = |amount| Net { closing: amount, historical: amount, document: amount };
        let sound = lines(&net(0), &net(1_000_000), &flow, Scope::Company, 100);
        assert!(sound.lines.contains(&("residual", 0)));
        let broken = lines(&net(0), &net(1_000_100), &flow, Scope::Company, 100);
        assert!(broken.lines.contains(&("residual", 100)));
        assert_eq!(broken.rounding_excess, 100);
        // One converted slice explains up to two cents of rounding, as realised FX.
        flow.rounded_slices = 1;
        let rounded = lines(&net(0), &net(1_000_100), &flow, Scope::Company, 100);
        assert!(rounded.lines.contains(&("residual", 0)));
        assert!(rounded.lines.contains(&("realised_fx", 100)));
    }
}
