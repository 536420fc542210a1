//! The version of a risk model: its card, its bins with their points, what became of every characteristic.

use super::night::NightRisk;
use super::{FINAL_AFTER_DAYS, training};
use crate::error::Result;
use crate::ledger::calendar::date_of;
use crate::ledger::money::display_amount;
use crate::publish::model_version::ModelVersion;
use crate::scoring::characteristics::CHARACTERISTICS;
use arrears_models::scorecard::Direction;
use arrears_models::scorecard::card::Uncertainty;
use arrears_models::scorecard::fit::Fate;
use arrears_models::scorecard::ladder::Trial;
use polars::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The version of the model of a night.
///
/// # Errors
/// When Polars cannot write the tables.
pub fn risk_version(night: &NightRisk, has_recorded_instants: bool) -> Result<ModelVersion> {
    ModelVersion::new("risk", &card(night, has_recorded_instants), vec![("bins.parquet", bins(night)?)])
}

fn card(night: &NightRisk, has_recorded_instants: bool) -> Value {
    let model = &night.model;
    let ladder = &model.ladder;
    let options = &night.options;
    let rule = &options.rule;
    let known_by = if has_recorded_instants {
        "rows count from the day they were recorded; rows that do not say when, from the date of the document or application"
    } else {
        "no row says when it was recorded: rows count from the date of the document or application"
    };
    let day = |at: Option<&i32>| at.map(|day| date_of(*day).to_string());
    json!({
        "kind": "risk",
        "program": format!("arrears {}", env!("CARGO_PKG_VERSION")),
        "event": {
            "within_days": options.horizon_days,
            "days_past_due": rule.days_past_due,
            "amount_min_base": display_amount(i128::from(rule.amount_min), 0),
            "exposure_share_min": rule.exposure_share_min as f64 / 1e6,
            "or": "a write-off above the same threshold, insolvency, or an agency",
            "excluded": format!(
                "amounts disputed by a dispute opened within {} days of the due date, amounts covered by unapplied credits, reversed invoices",
                rule.dispute_within_days
            ),
            "cured_after_clean_days": rule.cure_days,
            "cure_needs": "a payment since the clean days began",
        },
        "population": "customers with exposure, or with sales in the last year, not in default; one row a customer and month end",
        "known_by": known_by,
        "fitted_on": date_of(model.day).to_string(),
        "window": {
            "first_month_end": day(model.days.first()), "last_month_end": day(model.days.last()), "month_ends": model.days.len(),
            "final_after_days": FINAL_AFTER_DAYS, "calibrated_on_last_month_ends": training::CALIBRATION_MONTHS,
        },
        "counts": counts(&ladder.counts),
        "calibration_counts": counts(&ladder.calibration_counts),
        "tier": ladder.tier.word(),
        "tiers": "full from 100 defaulted families on, small (four or five characteristics, a stronger ridge) from 30, else the points of experts; each gives way where it does not beat the aging rule",
        "tried": ladder.tried.iter().map(trial).collect::<Vec<_>>(),
        "calibration": ladder.calibration.as_ref().map(|(kind, calibration)| json!({
            "kind": format!("{kind:?}").to_lowercase(), "intercept": calibration.intercept, "slope": calibration.slope,
        })),
        "fit": ladder.fitted.as_ref().map(|fitted| json!({
            "ridge": fitted.ridge, "ridge_losses": fitted.ridge_losses, "iterations": fitted.regression.iterations,
            "gradient_norm": fitted.regression.gradient_norm, "standard_errors": fitted.standard_errors,
            "certificate": "gradient norm below 1e-8 per row, checked after linfa-logistic",
        })),
        "characteristics": characteristics(night),
        "points": { "score_at_odds_50_to_1": 600, "points_that_double_the_odds": 20, "unit": "tenths of a point", "base_tenths": ladder.scorecard.base_tenths },
        "interval": interval(&ladder.scorecard.uncertainty),
        "data_fingerprint": fingerprint(night),
        "limits_of_use": "a help for people who review limits; decides nothing. Not for customers without trade history (grade U), nor for private persons. Probabilities are those of the last matured months: a recession is not in them.",
    })
}

fn counts(counts: &arrears_models::scorecard::fit::Counts) -> Value {
    json!({ "rows": counts.rows, "events": counts.events, "families": counts.groups, "defaulted_families": counts.event_groups })
}

fn trial(trial: &Trial) -> Value {
    let auc = trial.against_rule.as_ref();
    json!({
        "tier": trial.tier.word(),
        "outcome": trial.outcome.word(),
        "cross_validated_auc": auc.map(|auc| auc.first.value),
        "auc_of_aging_rule": auc.map(|auc| auc.second.value),
        "difference_90": auc.map(|auc| auc.difference.interval(0.9)),
    })
}

fn characteristics(night: &NightRisk) -> Vec<Value> {
    let fitted = night.model.ladder.fitted.as_ref();
    let on_card = |column: usize| night.model.scorecard().characteristics.iter().find(move |of| of.column == column);
    let one = |(column, definition): (usize, &crate::scoring::characteristics::Definition)| {
        let judged = fitted.map(|fitted| &fitted.characteristics[column]);
        json!({
            "name": definition.name,
            "meaning": definition.meaning,
            "riskier": if definition.direction == Direction::Rising { "higher" } else { "lower" },
            "information_value": judged.and_then(|judged| judged.information_value),
            "became": judged.map_or_else(|| if on_card(column).is_some() { "on the card".to_owned() } else { "not on the card".to_owned() }, |judged| fate(&judged.fate)),
            "coefficient": on_card(column).map(|of| of.coefficient),
        })
    };
    CHARACTERISTICS.iter().enumerate().map(one).collect()
}

fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Selected => "on the card".to_owned(),
        Fate::Unbinned(reason) => format!("no bins: {reason:?}"),
        Fate::Weak => "too little information value".to_owned(),
        Fate::SuspectedLeak { auc } => format!("suspected leak: AUC {auc:.3} on its own"),
        Fate::Duplicate { of, correlation } => format!("says what {} says (correlation {correlation:.2})", CHARACTERISTICS[*of].name),
        Fate::BeyondMax => "enough better ones were found".to_owned(),
        Fate::WrongSign { .. } => "beside the others it would count the wrong way round".to_owned(),
    }
}

fn interval(uncertainty: &Uncertainty) -> &'static str {
    match uncertainty {
        Uncertainty::Covariance(_) => "90 %, covariance of the coefficients from a bootstrap of families, with that of the calibration",
        Uncertainty::Shift { .. } => "90 %, Jeffreys' interval of the portfolio's rate; says nothing of the expert's points",
    }
}

/// Names the rows that the model was fitted to, whatever their order.
fn fingerprint(night: &NightRisk) -> String {
    let rows = &night.rows;
    let mut hash = Sha256::new();
    for at in 0..rows.len() {
        hash.update(rows.day[at].to_le_bytes());
        hash.update([u8::from(rows.is_event[at])]);
        for column in &rows.columns {
            hash.update(column[at].to_le_bytes());
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The bins of the card: edges, weights of evidence, points.
fn bins(night: &NightRisk) -> Result<DataFrame> {
    let (mut names, mut numbers, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut rows, mut events, mut woe, mut points) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for characteristic in &night.model.scorecard().characteristics {
        let edges = &characteristic.bins.edges;
        for (at, bin) in characteristic.bins.bins.iter().enumerate() {
            let is_missing = at + 1 == characteristic.bins.bins.len();
            names.push(characteristic.name.clone());
            numbers.push(i64::try_from(at + 1).expect("a card has few bins"));
            lower.push(at.checked_sub(1).filter(|_| !is_missing).map(|at| f64::from(edges[at])));
            upper.push(edges.get(at).map(|edge| f64::from(*edge)));
            rows.push(i64::try_from(bin.rows).unwrap_or(i64::MAX));
            events.push(i64::try_from(bin.events).unwrap_or(i64::MAX));
            woe.push(bin.woe);
            points.push(f64::from(characteristic.points_tenths[at]) / 10.0);
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("characteristic".into(), names),
        Column::new("bin".into(), numbers),
        Column::new("above".into(), lower),
        Column::new("up_to".into(), upper),
        Column::new("rows".into(), rows),
        Column::new("events".into(), events),
        Column::new("weight_of_evidence".into(), woe),
        Column::new("points".into(), points),
    ])?)
}
