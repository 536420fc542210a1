//! `dso_bridge`: why the DSO changed from one month end to the next (K25).
//!
//! Sales move first, with the receivable as it was; then each part of the receivable moves, measured in the new sales. The
//! parts of the receivable are at historical rates, and what the closing rates add is the part `fx`, so that the amounts
//! sum to the change exactly and the days to it but for the last binary digit.

use super::frame::{dates, optional_sums, texts};
use super::measures::{ScopeRow, Totals, WindowMeasures};
use crate::error::Result;
use crate::ledger::calendar::Window;
use crate::ledger::timeline::Timeline;
use polars::prelude::*;

/// The parts in their order.
pub const PARTS: [&str; 8] =
    ["opening", "sales_volume", "not_yet_due", "overdue_undisputed", "disputed", "unapplied_credits", "fx", "closing"];

/// One part of a bridge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Receivable it stands for, or change of it, base currency; `None` for the sales, and for what was not supplied.
    pub amount: Option<i128>,
    /// Days, or why there are none.
    pub days: std::result::Result<f64, &'static str>,
}

/// The receivable at a period end, in parts at historical rates.
struct Receivable {
    net: i128,
    not_yet_due: i128,
    overdue_undisputed: i128,
    disputed: i128,
    credits: i128,
    fx: i128,
    /// Days of sales in one ten-thousandth of base currency; `None` without sales.
    days_per_amount: Option<(i128, f64)>,
}

impl Receivable {
    fn of(row: &ScopeRow, timeline: &Timeline, period: usize) -> Self {
        let (balance, standing) = (row.totals.balance(period), row.totals.standing(period));
        let span = timeline.windows(period).into_iter().find(|span| span.window == Window::Trailing3Months);
        let sales = span.map(|span| WindowMeasures::new(&row.totals, timeline, span));
        let net = balance.debit - balance.credit;
        Receivable {
            net,
            not_yet_due: standing.not_due_undisputed_historical,
            overdue_undisputed: balance.debit_historical - standing.disputed_historical - standing.not_due_undisputed_historical,
            disputed: standing.disputed_historical,
            credits: balance.credit_historical,
            fx: net - (balance.debit_historical - balance.credit_historical),
            days_per_amount: sales.map(|sales| (sales.net_credit_sales(), f64::from(sales.days))).filter(|(sales, _)| *sales > 0),
        }
    }

    /// Days that an amount is worth at this period end's sales.
    fn days(&self, amount: i128) -> std::result::Result<f64, &'static str> {
        let (sales, days) = self.days_per_amount.ok_or("no_sales")?;
        Ok(amount as f64 / sales as f64 * days)
    }
}

/// The bridge of a scope value from the period end before to a period end, in the order of [`PARTS`]; `None` for the first
/// period end and where the scope value did not exist at the one before.
pub fn of_period(row: &ScopeRow, timeline: &Timeline, period: usize, has_disputes: bool) -> Option<[Part; 8]> {
    if matches!(row.totals, Totals::Customer(_)) || period == 0 || row.totals.first_document() > timeline.period_ends[period - 1] {
        return None;
    }
    let (before, after) = (Receivable::of(row, timeline, period - 1), Receivable::of(row, timeline, period));
    let moved = |change: i128| (Some(change), after.days(change));
    let sales_volume = match (after.days(before.net), before.days(before.net)) {
        (Ok(new), Ok(old)) => Ok(new - old),
        _ => Err("no_sales"),
    };
    let disputed = if has_disputes { moved(after.disputed - before.disputed) } else { (None, Err("not_supplied")) };
    let values = [
        (Some(before.net), before.days(before.net)),
        (None, sales_volume),
        moved(after.not_yet_due - before.not_yet_due),
        moved(after.overdue_undisputed - before.overdue_undisputed),
        disputed,
        moved(before.credits - after.credits),
        moved(after.fx - before.fx),
        (Some(after.net), after.days(after.net)),
    ];
    let mut parts = PARTS.into_iter().zip(values).map(|(name, (amount, days))| Part { name, amount, days });
    Some(std::array::from_fn(|_| parts.next().expect("there are eight parts")))
}

/// The rows of some scope values, in the order of the key. Customers have none.
///
/// # Errors
/// When Polars fails.
pub fn dso_bridge(rows: &[ScopeRow], timeline: &Timeline, has_disputes: bool) -> Result<DataFrame> {
    let mut order: Vec<usize> = (0..PARTS.len()).collect();
    order.sort_unstable_by_key(|at| PARTS[*at]);
    let (mut companies, mut scopes, mut values, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut names, mut orders, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut days, mut reasons) = (Vec::new(), Vec::new());
    for row in rows {
        for (period, end) in timeline.period_ends.iter().enumerate() {
            let Some(parts) = of_period(row, timeline, period, has_disputes) else { continue };
            for at in &order {
                let part = parts[*at];
                companies.push(row.company_id);
                scopes.push(row.value.scope.word());
                values.push(row.text.as_ref());
                ends.push(*end);
                names.push(part.name);
                orders.push(i64::try_from(*at + 1).unwrap_or(i64::MAX));
                amounts.push(part.amount);
                days.push(part.days.ok());
                reasons.push(part.days.err());
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", companies.into_iter().map(Some)),
        texts("scope", scopes.into_iter().map(Some)),
        texts("scope_value", values.into_iter().map(Some)),
        dates("period_end", ends.into_iter().map(Some)),
        texts("part", names.into_iter().map(Some)),
        Column::new("part_order".into(), orders),
        optional_sums("amount", &amounts),
        Column::new("days".into(), days),
        texts("reason", reasons.into_iter()),
    ])?)
}
