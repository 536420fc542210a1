//! A credit review is arithmetic that an auditor can do again: exposure, expected loss, the order of the queue, and no increase
//! where none may be proposed.

use super::Context;
use crate::error::Result;
use crate::ledger::money::divide_half_away;
use crate::scoring::grades::Grade;
use polars::prelude::*;

/// Decimals of a chance that count.
const CHANCE_ONE: f64 = 1e12;
/// Decimals of a share of the configuration.
const SHARE_ONE: f64 = 1e4;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(&context.scan("credit_reviews")?.collect()?, context.book.rates.base_unit())
}

/// What is wrong with a table, for tests of what makes it.
#[cfg(test)]
pub(crate) fn broken_laws(table: &DataFrame, base_unit: i64) -> Vec<String> {
    let found = find_in(table, base_unit).expect("the columns are there");
    found.column("what").and_then(|what| what.str().cloned()).expect("a column of words").iter().flatten().map(str::to_owned).collect()
}

/// A row, as far as it is looked at.
struct Row<'a> {
    company: &'a str,
    customer: &'a str,
    queue_rank: i64,
    open_debit: i128,
    unapplied: i128,
    open: i128,
    orders: i128,
    insured: Option<i128>,
    exposure: i128,
    chance: Option<f64>,
    loss_share: f64,
    loss: Option<i128>,
    limit: Option<i128>,
    proposed: Option<i128>,
    binding: Option<&'a str>,
    grade: Option<&'a str>,
    model_proposed: Option<i128>,
    model_grade: Option<&'a str>,
    candidates: [Option<i128>; 3],
}

fn find_in(table: &DataFrame, base_unit: i64) -> Result<DataFrame> {
    let mut rows = rows(table)?;
    let mut found: Vec<(&str, String)> = Vec::new();
    for row in &rows {
        found.extend(row.broken_laws(base_unit).into_iter().map(|law| (law, row.place())));
    }
    rows.sort_by_key(|row| row.queue_rank);
    for (rank, (at, row)) in (1..).zip(rows.iter().enumerate()) {
        let is_behind_the_one_before = at.checked_sub(1).is_none_or(|before| rows[before].is_before(row));
        if row.queue_rank != rank || !is_behind_the_one_before {
            found.push(("order of the queue", row.place()));
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("what".into(), found.iter().map(|(what, _)| *what).collect::<Vec<&str>>()),
        Column::new("place".into(), found.iter().map(|(_, place)| place.as_str()).collect::<Vec<&str>>()),
    ])?)
}

impl Row<'_> {
    fn broken_laws(&self, base_unit: i64) -> Vec<&'static str> {
        let mut broken = Vec::new();
        let mut law = |holds: bool, what: &'static str| {
            if !holds {
                broken.push(what);
            }
        };
        law(self.open == self.open_debit - self.unapplied, "open amount");
        law(self.exposure == (self.open + self.orders - self.insured.unwrap_or(0)).max(0), "exposure at default");
        law(self.loss == self.expected_loss(base_unit), "expected loss");
        let is_by_rules = self.binding != Some("override");
        law(!is_by_rules || !self.is_increase(self.grade, self.proposed), "increase where none may be proposed");
        law(!self.is_increase(self.model_grade, self.model_proposed), "increase by the model where none may be proposed");
        let is_allowed = |candidate: &Option<i128>| self.proposed.zip(*candidate).is_none_or(|(proposed, most)| proposed <= most);
        law(!is_by_rules || self.candidates.iter().all(is_allowed), "proposal above a candidate");
        law(self.proposed.is_some() == self.binding.is_some(), "binding rule");
        broken
    }

    /// PD × EAD × LGD from the published figures.
    fn expected_loss(&self, base_unit: i64) -> Option<i128> {
        let chance = (self.chance? * CHANCE_ONE).round() as i128;
        let share = (self.loss_share * SHARE_ONE).round() as i128;
        let unit = i128::from(base_unit);
        let denominator = (CHANCE_ONE * SHARE_ONE) as i128 * unit;
        Some(divide_half_away(chance.checked_mul(self.exposure)?.checked_mul(share)?, denominator) * unit)
    }

    fn is_increase(&self, grade: Option<&str>, proposed: Option<i128>) -> bool {
        let is_forbidden = grade.and_then(Grade::named).is_none_or(Grade::forbids_increase);
        // Without a limit any proposal is an increase.
        is_forbidden && proposed.is_some_and(|proposed| self.limit.is_none_or(|limit| proposed > limit))
    }

    /// Whether it stands before another in the queue: the larger loss, none being less than any, then the larger exposure, then
    /// company and customer.
    fn is_before(&self, other: &Row) -> bool {
        let (own, others) = ((self.loss, self.exposure), (other.loss, other.exposure));
        own > others || own == others && (self.company, self.customer) < (other.company, other.customer)
    }

    fn place(&self) -> String {
        format!("{}/{}", self.company, self.customer)
    }
}

fn rows(table: &DataFrame) -> Result<Vec<Row<'_>>> {
    let money = |name: &str| -> Result<Vec<Option<i128>>> { Ok(table.column(name)?.decimal()?.physical().iter().collect()) };
    fn words<'a>(table: &'a DataFrame, name: &str) -> Result<Vec<Option<&'a str>>> {
        Ok(table.column(name)?.str()?.iter().collect())
    }
    let doubles = |name: &str| -> Result<Vec<Option<f64>>> { Ok(table.column(name)?.f64()?.iter().collect()) };
    let ranks: Vec<Option<i64>> = table.column("queue_rank")?.i64()?.iter().collect();
    let (companies, customers) = (words(table, "company_id")?, words(table, "customer_id")?);
    let (open_debit, unapplied, open) = (money("open_debit_amount_base")?, money("unapplied_credit_base")?, money("open_amount_base")?);
    let (orders, insured, exposure) = (money("order_amount_base")?, money("insured_amount_base")?, money("exposure_at_default_base")?);
    let (chances, shares, losses) = (doubles("pd")?, doubles("loss_given_default")?, money("expected_loss_base")?);
    let (limits, proposed, binding) = (money("credit_limit_base")?, money("proposed_limit_base")?, words(table, "binding_rule")?);
    let (grades, model_grades) = (words(table, "grade")?, words(table, "model_grade")?);
    let model_proposed = money("model_proposed_limit_base")?;
    let candidates = [money("limit_by_grade_cap_base")?, money("limit_by_peak_exposure_base")?, money("limit_by_loss_budget_base")?];
    let row = |at: usize| Row {
        company: companies[at].unwrap_or_default(),
        customer: customers[at].unwrap_or_default(),
        queue_rank: ranks[at].unwrap_or(0),
        open_debit: open_debit[at].unwrap_or(0),
        unapplied: unapplied[at].unwrap_or(0),
        open: open[at].unwrap_or(0),
        orders: orders[at].unwrap_or(0),
        insured: insured[at],
        exposure: exposure[at].unwrap_or(0),
        chance: chances[at],
        loss_share: shares[at].unwrap_or(0.0),
        loss: losses[at],
        limit: limits[at],
        proposed: proposed[at],
        binding: binding[at],
        grade: grades[at],
        model_proposed: model_proposed[at],
        model_grade: model_grades[at],
        candidates: [candidates[0][at], candidates[1][at], candidates[2][at]],
    };
    Ok((0..table.height()).map(row).collect())
}
