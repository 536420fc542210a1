//! The version of a timing model: its card and its parameters.

use super::design::{COLUMNS, column_names};
use super::replay::Fitted;
use super::timing::{DAY_RIDGE, ITEM_RIDGE, RUN_RIDGE, Tier};
use super::training::{BANDS, FOLLOWED_DAYS, LANDMARK_DAYS, WINDOW_DAYS};
use crate::error::Result;
use crate::ledger::calendar::date_of;
use crate::publish::model_version::ModelVersion;
use polars::prelude::*;
use serde_json::{Value, json};

/// The version of a timing model.
///
/// # Errors
/// When Polars cannot write the parameters.
pub fn timing_version(fitted: &Fitted, half_life_days: u32, has_recorded_instants: bool) -> Result<ModelVersion> {
    let card = card(fitted, half_life_days, has_recorded_instants);
    let mut tables = Vec::new();
    if let Some(fit) = &fitted.model.hazard {
        let mut names = vec!["(intercept)".to_owned()];
        names.extend(column_names());
        let with = |first: f64, rest: &[f64]| [&[first], rest].concat();
        let rows = DataFrame::new_infer_height(vec![
            Column::new("name".into(), names),
            Column::new("coefficient".into(), with(fit.intercept, &fit.coefficients)),
            Column::new("standard_error".into(), fit.standard_errors.clone()),
            Column::new("mean".into(), with(0.0, &fit.means)),
            Column::new("scale".into(), with(0.0, &fit.scales)),
        ])?;
        tables.push(("coefficients.parquet", rows));
    }
    if let Some(curve) = &fitted.model.curve {
        let days: Vec<i32> = (curve.first..).take(curve.hazard.len()).collect();
        let rows =
            DataFrame::new_infer_height(vec![Column::new("days".into(), days), Column::new("paid_share".into(), curve.hazard.clone())])?;
        tables.push(("curve.parquet", rows));
    }
    ModelVersion::new("timing", &card, tables)
}

fn card(fitted: &Fitted, half_life_days: u32, has_recorded_instants: bool) -> Value {
    let model = &fitted.model;
    let known_by = if has_recorded_instants {
        "rows count from the day they were recorded; rows that do not say when, from the date of the document or application"
    } else {
        "no row says when it was recorded: rows count from the date of the document or application"
    };
    let fit = model.hazard.as_ref().map(|fit| {
        json!({
            "ridge_item_days": { "items": ITEM_RIDGE, "days": DAY_RIDGE, "payment_runs": RUN_RIDGE },
            "log_loss": fit.log_loss,
            "iterations": fit.iterations,
            "gradient_norm": fit.gradient_norm,
            "certificate": "gradient norm below 1e-8 per unit of weight, and a next step that moves nothing",
            "columns": COLUMNS,
            "constant_columns": fit.columns_dropped.iter().map(|column| column_names()[*column].clone()).collect::<Vec<_>>(),
        })
    });
    json!({
        "kind": "timing",
        "program": format!("arrears {}", env!("CARGO_PKG_VERSION")),
        "event": "a part of an open item is paid in cash on a business day, given that it is still open",
        "competing_events": "credit (credit notes, discounts), write-off",
        "population": "invoices, debit notes, reinstatements and other increases that were open at a landmark",
        "tier": model.tier.word(),
        "tiers": "hazard from 1,000 cash events of 50 customers on where it passes its gate, residual_curve from 300, pooled_curve from 50, else no_model: the due date",
        "fitted_on": date_of(fitted.day).to_string(),
        "landmarks": { "every_days": LANDMARK_DAYS, "window_days": WINDOW_DAYS, "followed_days": FOLLOWED_DAYS },
        "half_life_days": half_life_days,
        "known_by": known_by,
        "cash_events": model.events,
        "customers": model.customers,
        "rows": model.rows,
        "data_fingerprint": model.data_fingerprint,
        "fit": fit,
        "gates": gates(fitted),
        "other_exits": {
            "bands_days_past_due": BANDS,
            "credit": model.others.iter().map(|of| of[0]).collect::<Vec<_>>(),
            "write_off": model.others.iter().map(|of| of[1]).collect::<Vec<_>>(),
        },
        "accuracy": "forecast_accuracy of each night that names this version",
        "limits_of_use": limits(model.tier),
    })
}

/// What had to hold for the model to be used. A curve has nothing to certify.
fn gates(fitted: &Fitted) -> Vec<Value> {
    let certified = fitted
        .model
        .hazard
        .as_ref()
        .map(|fit| json!({ "gate": "the fit is certified", "gradient_norm": fit.gradient_norm, "passed": true }));
    certified.into_iter().chain(fitted.gate.map(|gate| gate.json())).collect()
}

fn limits(tier: Tier) -> &'static str {
    match tier {
        Tier::Hazard | Tier::ResidualCurve => {
            "for the timing of payments; says nothing of why a customer does not pay, and must not decide on credit. Customers without payments are taken for the average of their company."
        }
        Tier::PooledCurve => "all items of a company are taken for alike but for their due date.",
        Tier::NoModel => "no model: every item is expected on its due date. Not a forecast.",
    }
}
