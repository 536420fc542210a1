//! `kpi_alerts`: the metrics that crossed a threshold of the configuration, and for a DSO the part that moved it most.

use super::dso_bridge::{self, Part};
use super::frame::{dates, texts};
use super::measures::ScopeRow;
use crate::config::{Alert, AlertRule};
use crate::error::Result;
use crate::ledger::calendar::Day;
use crate::ledger::timeline::Timeline;
use polars::prelude::*;

/// What binary fractions may be off by.
const TOLERANCE: f64 = 1e-9;

/// One alert that was raised.
struct Raised<'a> {
    row: (&'a str, &'static str, String),
    alert: &'a Alert,
    /// Whether the metric has a row at the period end before, and its value there.
    has_previous: bool,
    previous: Option<f64>,
    value: f64,
    bridge: Option<Part>,
}

/// A value of an alert's metric.
struct KnownValue {
    company_id: String,
    scope_value: String,
    period_end: Day,
    value: Option<f64>,
}

/// Looks for alerts as the metrics are computed, part by part.
pub struct Watch<'a> {
    alerts: &'a [Alert],
    timeline: &'a Timeline,
    has_disputes: bool,
}

/// Alerts of one part of the scope values.
pub struct Found<'a>(Vec<Raised<'a>>);

impl<'a> Watch<'a> {
    /// Watches the newest period end and the one before.
    pub fn new(alerts: &'a [Alert], timeline: &'a Timeline, has_disputes: bool) -> Self {
        Watch { alerts, timeline, has_disputes }
    }

    /// The alerts that the metrics of some scope values raise. `kpis` are theirs.
    ///
    /// # Errors
    /// When Polars fails.
    pub fn look(&self, rows: &'a [ScopeRow], kpis: &DataFrame) -> Result<Found<'a>> {
        let mut raised = Vec::new();
        for alert in self.alerts {
            if !rows.iter().any(|row| row.value.scope.word() == alert.scope) {
                continue;
            }
            let known = self.values(alert, kpis)?;
            for row in rows.iter().filter(|row| row.value.scope.word() == alert.scope) {
                let at = |day: Day| {
                    let of_row = |known: &&KnownValue| known.company_id == row.company_id && known.scope_value == row.text;
                    known.iter().filter(of_row).find(|known| known.period_end == day).map(|known| known.value)
                };
                let last = self.timeline.period_ends.len() - 1;
                let before = last.checked_sub(1).and_then(|period| at(self.timeline.period_ends[period]));
                let Some(value) = at(self.timeline.as_of).flatten() else { continue };
                let previous = before.flatten();
                if is_raised(alert, value, previous) {
                    let bridge = self.bridge(alert, row, value, previous);
                    raised.push(Raised {
                        row: (row.company_id, row.value.scope.word(), row.text.to_string()),
                        alert,
                        has_previous: before.is_some(),
                        previous,
                        value,
                        bridge,
                    });
                }
            }
        }
        Ok(Found(raised))
    }

    /// An alert's metric at the newest two period ends.
    fn values(&self, alert: &Alert, kpis: &DataFrame) -> Result<Vec<KnownValue>> {
        let ends = &self.timeline.period_ends;
        let since = ends[ends.len().saturating_sub(2)];
        let is = |name: &str, word: &str| col(name).eq(lit(word.to_owned()));
        let found = kpis
            .clone()
            .lazy()
            .filter(
                is("metric", &alert.metric)
                    .and(is("convention", &alert.convention))
                    .and(is("time_window", &alert.time_window))
                    .and(is("scope", &alert.scope))
                    .and(col("period_end").gt_eq(lit(since).cast(DataType::Date))),
            )
            .select([
                col("company_id"),
                col("scope_value"),
                col("period_end"),
                coalesce(&[col("value"), col("amount").cast(DataType::Float64)]).alias("known"),
            ])
            .collect()?;
        let (companies, values) = (found.column("company_id")?.str()?, found.column("scope_value")?.str()?);
        let (days, known) = (found.column("period_end")?.date()?.physical(), found.column("known")?.f64()?);
        let rows = (0..found.height()).filter_map(|row| {
            let (company_id, scope_value) = (companies.get(row)?.to_owned(), values.get(row)?.to_owned());
            Some(KnownValue { company_id, scope_value, period_end: days.get(row)?, value: known.get(row) })
        });
        Ok(rows.collect())
    }

    fn bridge(&self, alert: &Alert, row: &ScopeRow, value: f64, previous: Option<f64>) -> Option<Part> {
        let is_dso = alert.metric == "dso" && alert.convention == "conventional" && alert.time_window == "trailing_3m";
        let previous = previous.filter(|_| is_dso)?;
        let parts = dso_bridge::of_period(row, self.timeline, self.timeline.period_ends.len() - 1, self.has_disputes)?;
        let sign = if value > previous { 1.0 } else { -1.0 };
        let moved = parts[1..7].iter().filter_map(|part| Some((*part, part.days.ok()? * sign)));
        let largest = moved.reduce(|largest, part| if part.1 > largest.1 { part } else { largest });
        largest.filter(|_| value != previous).map(|(part, _)| part)
    }
}

fn is_raised(alert: &Alert, value: f64, previous: Option<f64>) -> bool {
    let change = previous.map(|previous| value - previous);
    match alert.rule {
        AlertRule::Above => value > alert.threshold + TOLERANCE,
        AlertRule::Below => value < alert.threshold - TOLERANCE,
        AlertRule::RisesBy => change.is_some_and(|change| change >= alert.threshold - TOLERANCE),
        AlertRule::FallsBy => change.is_some_and(|change| -change >= alert.threshold - TOLERANCE),
    }
}

/// The rows of all parts, in the order of the key.
///
/// # Errors
/// When Polars fails.
pub fn kpi_alerts(found: Vec<Found>, timeline: &Timeline) -> Result<DataFrame> {
    let mut raised: Vec<Raised> = found.into_iter().flat_map(|found| found.0).collect();
    raised.sort_by(|a, b| (&a.row, &a.alert.name).cmp(&(&b.row, &b.alert.name)));
    let word = |text: fn(&Alert) -> &str| raised.iter().map(move |raised| Some(text(raised.alert)));
    let last = timeline.period_ends.len() - 1;
    let previous_end = |raised: &Raised| raised.has_previous.then(|| timeline.period_ends[last - 1]);
    let change = |raised: &Raised| raised.previous.map(|previous| raised.value - previous);
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", raised.iter().map(|raised| Some(raised.row.0))),
        texts("scope", raised.iter().map(|raised| Some(raised.row.1))),
        texts("scope_value", raised.iter().map(|raised| Some(raised.row.2.as_str()))),
        texts("alert", word(|alert| &alert.name)),
        texts("metric", word(|alert| &alert.metric)),
        texts("convention", word(|alert| &alert.convention)),
        texts("time_window", word(|alert| &alert.time_window)),
        texts("rule", word(|alert| alert.rule.word())),
        Column::new("threshold".into(), raised.iter().map(|raised| raised.alert.threshold).collect::<Vec<f64>>()),
        dates("previous_period_end", raised.iter().map(previous_end)),
        Column::new("previous_value".into(), raised.iter().map(|raised| raised.previous).collect::<Vec<_>>()),
        Column::new("value".into(), raised.iter().map(|raised| raised.value).collect::<Vec<f64>>()),
        Column::new("change".into(), raised.iter().map(change).collect::<Vec<_>>()),
        texts("bridge_part", raised.iter().map(|raised| raised.bridge.map(|part| part.name))),
        Column::new("bridge_days".into(), raised.iter().map(|raised| raised.bridge.and_then(|part| part.days.ok())).collect::<Vec<_>>()),
    ])?)
}
