//! What the metrics are measured with: `[metrics]`, the pairs of scopes, and the thresholds that raise an alert.

use super::{Document, Sourced};
use crate::error::Result;
use crate::ledger::calendar::{Day, day_of};
use crate::ledger::scopes::Scope;
use chrono::NaiveDate;
use serde::Deserialize;
use std::fmt::Write as _;
use toml::Spanned;

/// Decimal places of a configured rate.
const RATE_PLACES: f64 = 1e10;

/// `[metrics]` and `[[alert]]`.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// How many days after its due date an item still counts as paid on time.
    pub on_time_grace_days: Sourced<u32>,
    /// Yearly rate of the late-interest memo, in units of 10⁻¹⁰: 0.08 is 800,000,000.
    pub late_interest_rate: Sourced<i64>,
    /// Day from which the ledger is complete: items older than it enter the payment curves at their age then.
    pub history_start_date: Option<Sourced<NaiveDate>>,
    /// Pairs of scopes that are published beside the single ones.
    pub scope_pairs: Vec<Scope>,
    /// What raises an alert.
    pub alerts: Vec<Alert>,
}

/// A threshold on one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// The metric of `kpis`.
    pub metric: String,
    /// In which convention.
    pub convention: String,
    /// Over which window.
    pub time_window: String,
    /// For the values of which scope.
    pub scope: String,
    /// What is compared with the threshold.
    pub rule: AlertRule,
    /// In the metric's unit.
    pub threshold: f64,
}

/// What an alert compares with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertRule {
    /// The value lies above it.
    Above,
    /// The value lies below it.
    Below,
    /// The value has risen by that much since the month end before.
    RisesBy,
    /// The value has fallen by that much since the month end before.
    FallsBy,
}

impl AlertRule {
    const ALL: [AlertRule; 4] = [AlertRule::Above, AlertRule::Below, AlertRule::RisesBy, AlertRule::FallsBy];

    /// The word in the configuration and in `kpi_alerts`.
    pub fn word(self) -> &'static str {
        match self {
            AlertRule::Above => "above",
            AlertRule::Below => "below",
            AlertRule::RisesBy => "rises_by",
            AlertRule::FallsBy => "falls_by",
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetrics {
    on_time_grace_days: Option<Spanned<u32>>,
    late_interest_rate: Option<Spanned<f64>>,
    history_start_date: Option<Spanned<String>>,
    #[serde(default)]
    scope_pairs: Vec<Spanned<Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlert {
    name: Spanned<String>,
    metric: Spanned<String>,
    convention: Option<String>,
    time_window: Option<String>,
    scope: Option<Spanned<String>>,
    rule: Spanned<String>,
    threshold: f64,
}

impl RawMetrics {
    pub(super) fn check(self, alerts: Option<Vec<RawAlert>>, document: &Document<'_>) -> Result<MetricsConfig> {
        let default = super::Origin::Default;
        let on_time_grace_days =
            self.on_time_grace_days.map_or(Sourced { value: 0, origin: default.clone() }, |value| document.sourced(value));
        let late_interest_rate = match self.late_interest_rate {
            None => Sourced { value: 800_000_000, origin: default },
            Some(rate) if (0.0..=10.0).contains(rate.get_ref()) => {
                let sourced = document.sourced(rate);
                Sourced { value: (sourced.value * RATE_PLACES).round() as i64, origin: sourced.origin }
            }
            Some(rate) => {
                let what = format!("`late_interest_rate` is not a yearly rate between 0 and 10: {}", rate.get_ref());
                return Err(document.error(&rate, "bad_value", what).hint("0.08 is 8 % a year"));
            }
        };
        let history_start_date = match self.history_start_date {
            None => None,
            Some(text) => match text.get_ref().parse::<NaiveDate>() {
                Ok(date) => Some(Sourced { value: date, origin: document.sourced(text).origin }),
                Err(_) => {
                    let what = format!("`history_start_date` is not a date: {}", text.get_ref());
                    return Err(document.error(&text, "bad_value", what).hint("write it as \"2024-01-31\""));
                }
            },
        };
        let scope_pairs = self.scope_pairs.iter().map(|pair| check_pair(pair, document)).collect::<Result<Vec<Scope>>>()?;
        let alerts = match alerts {
            None => Alert::defaults(),
            Some(alerts) => alerts.into_iter().map(|alert| alert.check(document)).collect::<Result<_>>()?,
        };
        Ok(MetricsConfig { on_time_grace_days, late_interest_rate, history_start_date, scope_pairs, alerts })
    }
}

fn check_pair(pair: &Spanned<Vec<String>>, document: &Document<'_>) -> Result<Scope> {
    let names: Vec<&str> = pair.get_ref().iter().map(String::as_str).collect();
    let known: Vec<&str> = Scope::LABELLED[1..].iter().map(|scope| scope.word()).collect();
    if let [first, second] = names[..]
        && let Some(scope) = Scope::pair(first, second)
    {
        return Ok(scope);
    }
    let what = format!("`scope_pairs` holds what is not a pair of scopes: {names:?}");
    Err(document.error(pair, "bad_value", what).hint(format!("two different ones of: {}", known.join(", "))))
}

impl RawAlert {
    fn check(self, document: &Document<'_>) -> Result<Alert> {
        use crate::catalog::metrics::METRICS;
        let words: Vec<&str> = AlertRule::ALL.iter().map(|rule| rule.word()).collect();
        let Some(rule) = AlertRule::ALL.into_iter().find(|rule| rule.word() == self.rule.get_ref()) else {
            return Err(document.unknown_word("rule", &self.rule, &words));
        };
        let conventions: Vec<&str> =
            METRICS.iter().filter(|metric| metric.name == self.metric.get_ref()).map(|metric| metric.convention).collect();
        let Some(first) = conventions.first() else {
            let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            names.dedup();
            return Err(document.unknown_word("metric", &self.metric, &names));
        };
        let default =
            ["standard", "conventional", "by_count", "closing"].into_iter().find(|word| conventions.contains(word)).unwrap_or(first);
        let convention = self.convention.unwrap_or_else(|| default.to_owned());
        if !conventions.contains(&convention.as_str()) {
            let what = format!("the metric {} has no convention: {convention}", self.metric.get_ref());
            return Err(document.error(&self.metric, "unknown_word", what).hint(format!("it has: {}", conventions.join(", "))));
        }
        let scope = match &self.scope {
            None => "company".to_owned(),
            Some(scope) if Scope::named(scope.get_ref()).is_some() => scope.get_ref().clone(),
            Some(scope) => {
                let known: Vec<&str> = Scope::LABELLED.iter().map(|scope| scope.word()).collect();
                return Err(document.unknown_word("scope", scope, &known));
            }
        };
        Ok(Alert {
            name: self.name.into_inner(),
            metric: self.metric.into_inner(),
            convention,
            time_window: self.time_window.unwrap_or_else(|| "trailing_3m".to_owned()),
            scope,
            rule,
            threshold: self.threshold,
        })
    }
}

impl Alert {
    /// What raises an alert where the configuration does not say: a DSO that rises by five days in a month, and a share of
    /// overdue items that rises by five points.
    fn defaults() -> Vec<Alert> {
        let alert = |name: &str, metric: &str, convention: &str, time_window: &str, threshold| Alert {
            name: name.to_owned(),
            metric: metric.to_owned(),
            convention: convention.to_owned(),
            time_window: time_window.to_owned(),
            scope: "company".to_owned(),
            rule: AlertRule::RisesBy,
            threshold,
        };
        vec![
            alert("dso_rises", "dso", "conventional", "trailing_3m", 5.0),
            alert("overdue_share_rises", "overdue_share", "standard", "point", 0.05),
        ]
    }
}

impl MetricsConfig {
    /// The first day of complete history, if it was given.
    pub fn history_start(&self) -> Option<Day> {
        self.history_start_date.as_ref().map(|date| day_of(date.value))
    }

    /// Key, value and origin of every setting, for `config show`.
    pub(super) fn values(&self) -> Vec<(String, String, super::Origin)> {
        let rate = self.late_interest_rate.value as f64 / RATE_PLACES;
        let mut values = vec![
            ("metrics.on_time_grace_days".to_owned(), self.on_time_grace_days.to_string(), self.on_time_grace_days.origin.clone()),
            ("metrics.late_interest_rate".to_owned(), rate.to_string(), self.late_interest_rate.origin.clone()),
        ];
        if let Some(date) = &self.history_start_date {
            values.push(("metrics.history_start_date".to_owned(), format!("\"{}\"", date.value), date.origin.clone()));
        }
        values
    }

    /// Pairs and alerts as TOML.
    pub(super) fn show_lists(&self) -> String {
        let mut shown = String::new();
        let pairs: Vec<String> = self
            .scope_pairs
            .iter()
            .map(|pair| format!("[{}]", pair.word().split(',').map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")))
            .collect();
        if !pairs.is_empty() {
            let _ = writeln!(shown, "metrics.scope_pairs = [{}]", pairs.join(", "));
        }
        for alert in &self.alerts {
            let _ = writeln!(
                shown,
                "\n[[alert]]\nname = \"{}\"\nmetric = \"{}\"\nconvention = \"{}\"\ntime_window = \"{}\"\nscope = \"{}\"\nrule = \"{}\"\nthreshold = {}",
                alert.name,
                alert.metric,
                alert.convention,
                alert.time_window,
                alert.scope,
                alert.rule.word(),
                alert.threshold
            );
        }
        shown
    }
}
