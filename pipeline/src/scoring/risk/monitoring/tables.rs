//! The published tables of the monitoring.

use super::drift::Drift;
use super::performance::Figure;
use crate::error::Result;
use crate::marts::frame::{dates, texts};
use crate::scoring::grades::Grade;
use polars::prelude::*;

/// `risk_performance`, in the order of the figures.
///
/// # Errors
/// When Polars fails.
pub fn risk_performance(figures: &[Figure]) -> Result<DataFrame> {
    Ok(DataFrame::new_infer_height(vec![
        dates("month_end", figures.iter().map(|of| of.month_end)),
        texts("scope", figures.iter().map(|of| Some(if of.grade.is_some() { "grade" } else { "all" }))),
        texts("grade", figures.iter().map(|of| of.grade.map(Grade::word))),
        texts("metric", figures.iter().map(|of| Some(of.metric))),
        doubles("value", figures, |of| of.value),
        doubles("value_lower", figures, |of| of.interval.map(|interval| interval.0)),
        doubles("value_upper", figures, |of| of.interval.map(|interval| interval.1)),
        doubles("mean_pd", figures, |of| of.said),
        Column::new("is_outside".into(), figures.iter().map(Figure::is_outside).collect::<Vec<Option<bool>>>()),
        counts("rows_judged", figures, |of| Some(of.behind.rows)),
        counts("events", figures, |of| Some(of.behind.events)),
        counts("families", figures, |of| Some(of.behind.families)),
        counts("defaulted_families", figures, |of| Some(of.behind.defaulted_families)),
        texts("tier", figures.iter().map(|of| of.tier)),
        counts("learnt_month_ends", figures, |of| of.learnt_month_ends),
        texts("value_reason", figures.iter().map(|of| of.reason)),
    ])?)
}

/// `risk_drift`, in the order given.
///
/// # Errors
/// When Polars fails.
pub fn risk_drift(all: &[Drift], model_version: &str) -> Result<DataFrame> {
    Ok(DataFrame::new_infer_height(vec![
        texts("kind", all.iter().map(|of| Some(of.subject.kind()))),
        texts("name", all.iter().map(|of| Some(of.subject.name()))),
        Column::new("is_on_card".into(), all.iter().map(|of| of.is_on_card).collect::<Vec<Option<bool>>>()),
        doubles("stability_index", all, |of| of.index),
        doubles("index_by_chance", all, |of| of.by_chance),
        texts("verdict", all.iter().map(|of| Some(of.verdict))),
        counts("rows_then", all, |of| usize::try_from(of.rows_then).ok()),
        counts("rows_now", all, |of| usize::try_from(of.rows_now).ok()),
        doubles("missing_share_then", all, |of| of.missing_then),
        doubles("missing_share_now", all, |of| of.missing_now),
        texts("moved_most", all.iter().map(|of| of.moved_most.as_ref().map(|most| most.0.as_str()))),
        doubles("moved_most_share_then", all, |of| of.moved_most.as_ref().map(|most| most.1)),
        doubles("moved_most_share_now", all, |of| of.moved_most.as_ref().map(|most| most.2)),
        texts("stability_index_reason", all.iter().map(|of| of.reason)),
        texts("model_version", all.iter().map(|_| Some(model_version))),
    ])?)
}

fn doubles<T>(name: &str, rows: &[T], value: impl Fn(&T) -> Option<f64>) -> Column {
    Column::new(name.into(), rows.iter().map(value).collect::<Vec<Option<f64>>>())
}

fn counts<T>(name: &str, rows: &[T], value: impl Fn(&T) -> Option<usize>) -> Column {
    let count = |row: &T| value(row).and_then(|count| i64::try_from(count).ok());
    Column::new(name.into(), rows.iter().map(count).collect::<Vec<Option<i64>>>())
}
