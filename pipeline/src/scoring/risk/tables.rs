//! The published tables of default risk.

use super::night::NightRisk;
use super::scored::ScoredCustomer;
use crate::error::Result;
use crate::ledger::book::Book;
use crate::marts::frame::{amounts, dates, optional_amounts, texts};
use crate::scoring::characteristics::CHARACTERISTICS;
use crate::scoring::grades::Grade;
use crate::scoring::late_at_issue::LateAtIssue;
use polars::prelude::*;

/// The characteristic that everybody's points are listed under.
pub const BASE: &str = "(base)";

/// What tables are made with.
pub struct RiskContext<'a> {
    /// The book.
    pub book: &'a Book,
    /// The night's risk.
    pub night: &'a NightRisk,
    /// The chance of lateness of the next invoice, by customer.
    pub late: &'a [(u32, LateAtIssue)],
    /// The model's version.
    pub model_version: &'a str,
}

/// Points from tenths.
pub fn points(tenths: i32) -> f64 {
    f64::from(tenths) / 10.0
}

impl RiskContext<'_> {
    fn company_of(&self, customer: u32) -> &str {
        &self.book.companies[self.book.customers[customer as usize].company as usize]
    }

    fn id_of(&self, customer: u32) -> &str {
        &self.book.customers[customer as usize].id
    }

    fn late_of(&self, customer: u32) -> Option<&LateAtIssue> {
        self.late.binary_search_by_key(&customer, |(of, _)| *of).ok().map(|at| &self.late[at].1)
    }
}

/// `default_events`, by company, customer and date.
///
/// # Errors
/// When Polars fails.
pub fn default_events(context: &RiskContext) -> Result<DataFrame> {
    let events = context.night.defaults.all();
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", events.iter().map(|event| Some(context.company_of(event.customer)))),
        texts("customer_id", events.iter().map(|event| Some(context.id_of(event.customer)))),
        dates("event_date", events.iter().map(|event| Some(event.event_date))),
        texts("status", events.iter().map(|event| Some(if event.technical.is_some() { "technical" } else { "default" }))),
        texts("cause", events.iter().map(|event| Some(event.cause.word()))),
        texts("technical_reason", events.iter().map(|event| event.technical.map(|reason| reason.word()))),
        amounts("amount_base", events.iter().map(|event| event.amount)),
        amounts("threshold_base", events.iter().map(|event| event.threshold)),
        amounts("exposure_base", events.iter().map(|event| event.exposure)),
        dates("cured_date", events.iter().map(|event| event.cured_date)),
    ])?)
}

/// `customer_scores`, by company and customer.
///
/// # Errors
/// When Polars fails.
pub fn customer_scores(context: &RiskContext) -> Result<DataFrame> {
    let scored = &context.night.scored;
    let horizon = context.night.options.horizon_days;
    let families: Vec<String> =
        scored.iter().map(|of| format!("{}/{}", context.company_of(of.row.family), context.id_of(of.row.family))).collect();
    let chance = |value: fn(&super::scored::Chance) -> f64, in_default: Option<f64>| {
        move |of: &ScoredCustomer| of.chance.as_ref().map_or(in_default, |chance| Some(value(chance)))
    };
    let change = |of: &ScoredCustomer| of.score_tenths.zip(of.score_before_tenths).map(|(now, before)| points(now - before));
    let grade_change = |of: &ScoredCustomer| of.previous_grade.and_then(|previous| of.grade.worse_by(previous));
    let (tier, version) = (context.night.model.ladder.tier.word(), context.model_version);
    let late = |of: &ScoredCustomer| context.late_of(of.row.customer);
    let late_basis = |of: &ScoredCustomer| late(of).map_or("no_invoice", |late| late.basis.word());
    let base_amount = |amount: f64| amount.round() as i64;
    let mut columns = vec![
        texts("company_id", scored.iter().map(|of| Some(context.company_of(of.row.customer)))),
        texts("customer_id", scored.iter().map(|of| Some(context.id_of(of.row.customer)))),
        texts("family_id", families.iter().map(|family| Some(family.as_str()))),
        texts("grade", scored.iter().map(|of| Some(of.grade.word()))),
        texts("previous_grade", scored.iter().map(|of| of.previous_grade.map(Grade::word))),
        Column::new("grade_change".into(), scored.iter().map(grade_change).collect::<Vec<Option<i64>>>()),
        doubles("pd", scored, chance(|chance| chance.pd, Some(1.0))),
        doubles("pd_lower", scored, chance(|chance| chance.lower, None)),
        doubles("pd_upper", scored, chance(|chance| chance.upper, None)),
        doubles("pd_12_months", scored, |of| Some(of.pd_12_months(horizon).unwrap_or(1.0))),
        doubles("score", scored, |of| of.score_tenths.map(points)),
        doubles("score_change", scored, change),
        doubles("completeness", scored, |of| Some(of.completeness)),
        doubles("late_probability", scored, |of| late(of).and_then(|late| late.probability)),
        texts("late_basis", scored.iter().map(|of| Some(late_basis(of)))),
        dates("default_date", scored.iter().map(|of| of.default.map(|event| event.event_date))),
        texts("default_cause", scored.iter().map(|of| of.default.map(|event| event.cause.word()))),
        optional_amounts("open_amount_base", scored.iter().map(|of| Some(base_amount(of.row.account.open)))),
        optional_amounts("overdue_amount_base", scored.iter().map(|of| Some(base_amount(of.row.account.overdue)))),
        texts("tier", scored.iter().map(|_| Some(tier))),
        texts("model_version", scored.iter().map(|_| Some(version))),
    ];
    let card = &context.night.model.scorecard().characteristics;
    for at in 0..4 {
        let reason = |of: &ScoredCustomer| of.reasons[at].filter(|_| of.score_tenths.is_some());
        let names = scored.iter().map(|of| reason(of).map(|reason| card[reason.characteristic as usize].name.as_str()));
        columns.push(texts(&format!("reason_{}", at + 1), names));
        columns.push(doubles(&format!("reason_{}_points", at + 1), scored, |of| reason(of).map(|reason| points(reason.lost_tenths))));
    }
    Ok(DataFrame::new_infer_height(columns)?)
}

fn doubles(name: &str, scored: &[ScoredCustomer], value: impl Fn(&ScoredCustomer) -> Option<f64>) -> Column {
    Column::new(name.into(), scored.iter().map(value).collect::<Vec<Option<f64>>>())
}

/// A row of `score_points`.
struct PointsRow<'a> {
    customer: u32,
    characteristic: &'a str,
    value: Option<f64>,
    bin: Option<i64>,
    points: f64,
    best: f64,
    is_reason: bool,
}

/// `score_points`, by company, customer and characteristic.
///
/// # Errors
/// When Polars fails.
pub fn score_points(context: &RiskContext) -> Result<DataFrame> {
    let rows: Vec<PointsRow> =
        context.night.scored.iter().filter(|of| of.score_tenths.is_some()).flat_map(|of| points_of(context, of)).collect();
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", rows.iter().map(|row| Some(context.company_of(row.customer)))),
        texts("customer_id", rows.iter().map(|row| Some(context.id_of(row.customer)))),
        texts("characteristic", rows.iter().map(|row| Some(row.characteristic))),
        Column::new("characteristic_value".into(), rows.iter().map(|row| row.value).collect::<Vec<Option<f64>>>()),
        Column::new("bin".into(), rows.iter().map(|row| row.bin).collect::<Vec<Option<i64>>>()),
        Column::new("points".into(), rows.iter().map(|row| row.points).collect::<Vec<f64>>()),
        Column::new("best_points".into(), rows.iter().map(|row| row.best).collect::<Vec<f64>>()),
        Column::new("is_reason".into(), rows.iter().map(|row| row.is_reason).collect::<Vec<bool>>()),
    ])?)
}

fn points_of<'a>(context: &RiskContext<'a>, of: &ScoredCustomer) -> Vec<PointsRow<'a>> {
    let scorecard = context.night.model.scorecard();
    let parts = scorecard.score_of(&of.row.values);
    let base = points(scorecard.base_tenths);
    let customer = of.row.customer;
    let mut rows = vec![PointsRow { customer, characteristic: BASE, value: None, bin: None, points: base, best: base, is_reason: false }];
    for (at, characteristic) in scorecard.characteristics.iter().enumerate() {
        let value = of.row.values[characteristic.column];
        rows.push(PointsRow {
            customer,
            characteristic: CHARACTERISTICS[characteristic.column].name,
            value: (!value.is_nan()).then_some(f64::from(value)),
            bin: i64::try_from(parts.bins[at] + 1).ok(),
            points: points(parts.points_tenths[at]),
            best: points(characteristic.points_tenths.iter().copied().max().unwrap_or(0)),
            is_reason: parts.reasons.iter().any(|reason| reason.characteristic as usize == at),
        });
    }
    rows.sort_by_key(|row| row.characteristic);
    rows
}
