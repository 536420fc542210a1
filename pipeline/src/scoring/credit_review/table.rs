//! The published tables of reviews.

use super::loss::SHARE_ONE;
use super::outcomes::OverrideOutcome;
use super::queue::{Decided, Review};
use super::triggers::Triggers;
use crate::error::Result;
use crate::ingest::load::knowledge::KnownOverride;
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::calendar::Day;
use crate::marts::frame::{dates, optional_amounts, optional_sums, texts};
use crate::scoring::credit_review::inputs::CreditTerms;
use crate::scoring::grades::Grade;
use polars::prelude::*;

/// `credit_reviews`, by company and customer.
///
/// # Errors
/// When Polars fails.
pub fn reviews_table(book: &Book, terms: &[CreditTerms], reviews: &[Review]) -> Result<DataFrame> {
    let rows = Rows(reviews);
    let mut columns = ids(book, reviews.iter().map(|review| review.customer));
    columns.extend(queue_columns(&rows));
    columns.extend(position_columns(&rows, terms));
    columns.extend(risk_columns(&rows));
    columns.extend(proposal_columns(&rows));
    columns.extend(behaviour_columns(&rows));
    columns.extend(decision_columns(&rows));
    Ok(DataFrame::new_infer_height(columns)?)
}

/// The rows of a table, and columns of them.
struct Rows<'a, T>(&'a [T]);

impl<T> Rows<'_, T> {
    fn sums(&self, name: &str, of: impl Fn(&T) -> Option<i128>) -> Column {
        optional_sums(name, &self.0.iter().map(of).collect::<Vec<_>>())
    }

    fn doubles(&self, name: &str, of: impl Fn(&T) -> Option<f64>) -> Column {
        Column::new(name.into(), self.0.iter().map(of).collect::<Vec<Option<f64>>>())
    }

    fn integers(&self, name: &str, of: impl Fn(&T) -> Option<i64>) -> Column {
        Column::new(name.into(), self.0.iter().map(of).collect::<Vec<Option<i64>>>())
    }

    fn flags(&self, name: &str, of: impl Fn(&T) -> Option<bool>) -> Column {
        Column::new(name.into(), self.0.iter().map(of).collect::<Vec<Option<bool>>>())
    }

    fn words(&self, name: &str, of: impl Fn(&T) -> Option<&str>) -> Column {
        texts(name, self.0.iter().map(of))
    }

    fn texts(&self, name: &str, of: impl Fn(&T) -> Option<String>) -> Column {
        let found: Vec<Option<String>> = self.0.iter().map(of).collect();
        texts(name, found.iter().map(Option::as_deref))
    }

    fn dates(&self, name: &str, of: impl Fn(&T) -> Option<Day>) -> Column {
        dates(name, self.0.iter().map(of))
    }
}

fn ids(book: &Book, customers: impl Iterator<Item = CustomerIndex> + Clone) -> Vec<Column> {
    let of = |at: CustomerIndex| &book.customers[at as usize];
    vec![
        texts("company_id", customers.clone().map(|at| Some(book.companies[of(at).company as usize].as_str()))),
        texts("customer_id", customers.map(|at| Some(of(at).id.as_str()))),
    ]
}

fn queue_columns(rows: &Rows<Review>) -> Vec<Column> {
    let mut columns = vec![
        rows.integers("queue_rank", |review| Some(review.queue_rank)),
        rows.dates("review_date", |review| Some(review.review.0)),
        rows.words("review_cause", |review| Some(review.review.1.word())),
        rows.texts("triggers", |review| review.triggers.list()),
    ];
    for (place, word) in Triggers::WORDS.into_iter().enumerate() {
        columns.push(rows.flags(&format!("trigger_{word}"), |review| Some(review.triggers.flags()[place])));
    }
    columns
}

fn position_columns(rows: &Rows<Review>, terms: &[CreditTerms]) -> Vec<Column> {
    let agreed = |review: &Review| &terms[review.customer as usize];
    let limit = |review: &Review| agreed(review).credit_limit;
    vec![
        rows.sums("open_debit_amount_base", |review| Some(review.position.debit)),
        rows.sums("unapplied_credit_base", |review| Some(review.position.credit)),
        rows.sums("open_amount_base", |review| Some(review.position.open())),
        rows.sums("order_amount_base", |review| Some(review.position.orders)),
        rows.sums("insured_amount_base", |review| review.position.insured),
        rows.words("insured_reason", |review| review.position.insured_reason),
        rows.sums("exposure_at_default_base", |review| Some(review.position.exposure_at_default())),
        optional_amounts("credit_limit", rows.0.iter().map(limit)),
        rows.texts("credit_limit_currency", |review| limit(review).map(|_| agreed(review).code.clone())),
        rows.sums("credit_limit_base", |review| review.position.limit),
        rows.doubles("utilisation", |review| review.position.utilisation().ok()),
        rows.doubles("utilisation_with_orders", |review| review.position.utilisation_with_orders().ok()),
        rows.words("utilisation_reason", |review| review.position.utilisation().err()),
    ]
}

fn risk_columns(rows: &Rows<Review>) -> Vec<Column> {
    let is_said = |text: &str| !text.is_empty();
    vec![
        rows.doubles("pd", |review| review.risk.chance()),
        rows.doubles("pd_lower", |review| review.risk.pd_interval.map(|(lower, _)| lower)),
        rows.doubles("pd_upper", |review| review.risk.pd_interval.map(|(_, upper)| upper)),
        rows.doubles("pd_12_months", |review| review.risk.pd_12_months),
        rows.doubles("score", |review| review.risk.score),
        rows.words("grade", |review| Some(review.grade.word())),
        rows.words("model_grade", |review| Some(review.risk.grade().word())),
        rows.words("previous_grade", |review| review.risk.previous_grade.map(Grade::word)),
        rows.integers("grade_change", |review| review.risk.grade().worse_by(review.risk.previous_grade?)),
        rows.flags("is_in_default", |review| Some(review.risk.grade() == Grade::InDefault)),
        rows.texts("risk_reasons", |review| Some(review.risk.reasons.join("; ")).filter(|text| is_said(text))),
        rows.texts("model_version", |review| Some(review.risk.model_version.clone()).filter(|text| is_said(text))),
        rows.doubles("loss_given_default", |review| Some(review.loss_share as f64 / SHARE_ONE as f64)),
        rows.sums("expected_loss_base", |review| review.expected_loss),
        rows.words("expected_loss_reason", |review| review.expected_loss.is_none().then_some("no_pd")),
    ]
}

fn proposal_columns(rows: &Rows<Review>) -> Vec<Column> {
    vec![
        rows.sums("monthly_sales_base", |review| review.history.monthly_sales()),
        rows.sums("peak_exposure_p90_base", |review| review.history.peak_p90()),
        rows.sums("loss_budget_base", |review| review.loss_budget),
        rows.sums("limit_by_grade_cap_base", |review| review.candidates.grade_cap),
        rows.sums("limit_by_peak_exposure_base", |review| review.candidates.peak_exposure),
        rows.sums("limit_by_loss_budget_base", |review| review.candidates.loss_budget),
        rows.sums("proposed_limit_base", |review| review.proposal.limit),
        rows.words("binding_rule", |review| review.proposal.binding.map(|rule| rule.word())),
        rows.words("proposed_limit_reason", |review| review.proposal.reason),
        rows.sums("proposed_change_base", |review| Some(review.proposal.limit? - review.position.limit?)),
        rows.sums("model_proposed_limit_base", |review| review.model_proposal.limit),
        rows.words("model_binding_rule", |review| review.model_proposal.binding.map(|rule| rule.word())),
    ]
}

fn behaviour_columns(rows: &Rows<Review>) -> Vec<Column> {
    let counted = |count: usize| i64::try_from(count).expect("promises are counted in 63 bits");
    vec![
        rows.integers("worst_days_past_due", |review| review.worst_days_past_due.map(i64::from)),
        rows.doubles("average_days_late_90d", |review| review.paying.late_now),
        rows.doubles("average_days_late_before", |review| review.paying.late_before),
        rows.integers("silent_days", |review| review.paying.silent_days.map(i64::from)),
        rows.integers("usual_gap_days", |review| review.paying.usual_gap.map(i64::from)),
        rows.integers("broken_promises", |review| Some(counted(review.broken_promises))),
    ]
}

fn decision_columns(rows: &Rows<Review>) -> Vec<Column> {
    fn of<'a>(review: &'a Review, part: fn(&'a Decided) -> &'a String) -> Option<&'a str> {
        review.decided.as_ref().map(|decided| part(decided).as_str())
    }
    vec![
        rows.words("override_kind", |review| of(review, |decided| &decided.kind)),
        rows.words("override_id", |review| of(review, |decided| &decided.id)),
        rows.words("override_by", |review| of(review, |decided| &decided.by)),
        rows.words("override_reason", |review| of(review, |decided| &decided.reason)),
        rows.dates("override_until_date", |review| review.decided.as_ref()?.until),
    ]
}

/// `override_outcomes`, by company, customer and decision.
///
/// # Errors
/// When Polars fails.
pub fn override_outcomes_table(book: &Book, outcomes: &[OverrideOutcome]) -> Result<DataFrame> {
    fn decision(outcome: &OverrideOutcome) -> &KnownOverride {
        &outcome.decision
    }
    let rows = Rows(outcomes);
    let mut columns = ids(book, outcomes.iter().map(|outcome| outcome.decision.customer));
    columns.extend([
        rows.words("override_id", |outcome| Some(&decision(outcome).id)),
        rows.words("kind", |outcome| Some(decision(outcome).kind.word())),
        rows.dates("made_date", |outcome| Some(decision(outcome).made_date)),
        rows.dates("until_date", |outcome| decision(outcome).until_date),
        rows.words("made_by", |outcome| Some(&decision(outcome).made_by)),
        rows.words("override_reason", |outcome| Some(&decision(outcome).reason)),
        rows.sums("limit_base", |outcome| outcome.limit),
        rows.words("grade", |outcome| decision(outcome).grade.map(Grade::word)),
        rows.words("model_grade", |outcome| outcome.model_grade.map(Grade::word)),
        rows.doubles("model_pd", |outcome| outcome.model_pd),
        rows.sums("model_limit_base", |outcome| outcome.model_limit),
        rows.words("direction", |outcome| outcome.direction),
        rows.dates("horizon_end_date", |outcome| Some(outcome.horizon_end)),
        rows.dates("default_date", |outcome| outcome.default_date),
        rows.flags("is_defaulted", |outcome| outcome.is_defaulted),
        rows.texts("verdict", |outcome| outcome.verdict()),
        rows.words("verdict_reason", |outcome| outcome.reason),
    ]);
    Ok(DataFrame::new_infer_height(columns)?)
}
