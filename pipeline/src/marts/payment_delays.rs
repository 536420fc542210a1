//! `payment_delays` and `delay_histogram`: how late items are settled, and how long after their date (K13, R5).

use super::frame::{sums, texts};
use super::measures::ScopeRow;
use super::outcomes::{ByDays, Delays};
use crate::error::Result;
use crate::ledger::calendar::Window;
use arrears_models::survival::{CurveDay, quantile};
use polars::prelude::*;

/// Quantiles that are published, in per cent.
const QUANTILES: [(u64, &str); 6] = [(10, "p10"), (25, "p25"), (50, "p50"), (75, "p75"), (90, "p90"), (95, "p95")];
/// Fewer items than this say nothing.
const ITEMS_MIN: u64 = 5;
/// Ends of the histogram, in days.
const HISTOGRAM: (i32, i32) = (-30, 180);

/// What is known of one scope value.
pub struct Known<'a, 'b> {
    /// Which.
    pub row: &'b ScopeRow<'a>,
    /// Its settled items.
    pub delays: Delays,
    /// Its payment curve, every item weighing 1.
    pub curve: Vec<CurveDay>,
    /// Number of items in the curve.
    pub entered: u64,
    /// Positions of the windows that are published.
    pub windows: Vec<usize>,
}

/// One row.
struct Row<'a, 'b> {
    known: &'b Known<'a, 'b>,
    window: usize,
    is_delay: bool,
}

impl Row<'_, '_> {
    fn by_days(&self) -> &ByDays {
        if self.is_delay { &self.known.delays.delay[self.window] } else { &self.known.delays.days_to_pay[self.window] }
    }

    fn items(&self) -> u64 {
        self.by_days().values().map(|(items, _)| items).sum()
    }

    fn open_items(&self) -> u64 {
        if self.is_delay { self.known.delays.open_items_due } else { self.known.delays.open_items }
    }

    fn mean(&self) -> f64 {
        let total: i128 = self.by_days().iter().map(|(days, (items, _))| i128::from(*days) * i128::from(*items)).sum();
        total as f64 / self.items() as f64
    }

    fn weighted_mean(&self) -> Option<f64> {
        let weight: i128 = self.by_days().values().map(|(_, amount)| amount).sum();
        let total: i128 = self.by_days().iter().map(|(days, (_, amount))| i128::from(*days) * amount).sum();
        (weight != 0).then(|| total as f64 / weight as f64)
    }

    /// The smallest value with at least `percent` of the items at or below it.
    fn quantile(&self, percent: u64) -> Option<i64> {
        let all = self.items();
        let mut below = 0;
        let reached = self.by_days().iter().find(|(_, (items, _))| {
            below += items;
            below * 100 >= all * percent
        });
        reached.map(|(days, _)| i64::from(*days))
    }

    fn censored_quantile(&self, percent: u64) -> Option<i64> {
        if self.is_delay || self.known.entered < ITEMS_MIN {
            return None;
        }
        quantile(&self.known.curve, percent as f64 / 100.0).map(i64::from)
    }

    fn censored_reason(&self) -> Option<&'static str> {
        match () {
            () if self.is_delay => None,
            () if self.known.entered < ITEMS_MIN => Some("too_few"),
            () => QUANTILES.iter().any(|(percent, _)| self.censored_quantile(*percent).is_none()).then_some("immature"),
        }
    }
}

/// The rows of some scope values, in the order of the key.
///
/// # Errors
/// When Polars fails.
pub fn payment_delays(known: &[Known]) -> Result<DataFrame> {
    let mut rows = Vec::new();
    for known in known {
        for window in &known.windows {
            rows.extend([true, false].map(|is_delay| Row { known, window: *window, is_delay }));
        }
    }
    let enough = |row: &Row| row.items() >= ITEMS_MIN;
    let integers = |name: &str, value: &dyn Fn(&Row) -> Option<i64>| Column::new(name.into(), rows.iter().map(value).collect::<Vec<_>>());
    let count = |items: u64| i64::try_from(items).ok();
    let mut columns = vec![
        texts("company_id", rows.iter().map(|row| Some(row.known.row.company_id))),
        texts("scope", rows.iter().map(|row| Some(row.known.row.value.scope.word()))),
        texts("scope_value", rows.iter().map(|row| Some(row.known.row.text.as_ref()))),
        texts("time_window", rows.iter().map(|row| Some(Window::ALL[row.window].word()))),
        texts("measure", rows.iter().map(|row| Some(if row.is_delay { "delay" } else { "days_to_pay" }))),
        integers("items", &|row| count(row.items())),
        integers("open_items", &|row| count(row.open_items())),
        Column::new("mean".into(), rows.iter().map(|row| enough(row).then(|| row.mean())).collect::<Vec<_>>()),
        Column::new(
            "weighted_mean".into(),
            rows.iter().map(|row| if enough(row) { row.weighted_mean() } else { None }).collect::<Vec<Option<f64>>>(),
        ),
        texts("reason", rows.iter().map(|row| (!enough(row)).then_some("too_few"))),
        texts("censored_reason", rows.iter().map(Row::censored_reason)),
    ];
    for (percent, word) in QUANTILES {
        columns.push(integers(word, &|row| if enough(row) { row.quantile(percent) } else { None }));
        columns.push(integers(&format!("censored_{word}"), &|row| row.censored_quantile(percent)));
    }
    let frame = DataFrame::new_infer_height(columns)?;
    // `days_to_pay` comes before `delay`, and windows in the order of their words.
    Ok(frame.sort(["company_id", "scope", "scope_value", "time_window", "measure"], SortMultipleOptions::default())?)
}

/// The histogram of one scope value: days late of the items settled in the last twelve months, its ends clipped.
///
/// # Errors
/// When Polars fails.
pub fn delay_histogram(row: &ScopeRow, delays: &Delays) -> Result<DataFrame> {
    let year = Window::ALL.iter().position(|window| *window == Window::Trailing12Months).expect("it is one of the windows");
    let mut clipped = ByDays::new();
    for (days, (items, amount)) in &delays.delay[year] {
        let (count, sum) = clipped.entry((*days).clamp(HISTOGRAM.0, HISTOGRAM.1)).or_default();
        *count += items;
        *sum += amount;
    }
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", clipped.keys().map(|_| Some(row.company_id))),
        texts("scope", clipped.keys().map(|_| Some(row.value.scope.word()))),
        texts("scope_value", clipped.keys().map(|_| Some(row.text.as_ref()))),
        texts("time_window", clipped.keys().map(|_| Some(Window::ALL[year].word()))),
        Column::new("days".into(), clipped.keys().map(|days| i64::from(*days)).collect::<Vec<_>>()),
        Column::new("items".into(), clipped.values().map(|(items, _)| i64::try_from(*items).unwrap_or(i64::MAX)).collect::<Vec<_>>()),
        sums("amount", clipped.values().map(|(_, amount)| *amount).collect()),
    ])?)
}
