//! `quality_rules`: every rule, how much of each file breaks it, and what the night did about it.

use super::judge::{ALL, Judged, Origin, Sums};
use crate::error::Result;
use crate::marts::frame::{optional_sums, texts};
use polars::prelude::*;

/// The rows of all rules, in the order of the key.
///
/// # Errors
/// When Polars fails.
pub fn quality_rules(judged: &[Judged]) -> Result<DataFrame> {
    let rows: Vec<(&Judged, &Origin, &Sums)> =
        judged.iter().flat_map(|rule| rule.parts.iter().map(move |(origin, sums)| (rule, origin, sums))).collect();
    let text = |name: &str, of: fn(&Judged, &Origin) -> &'static str| texts(name, rows.iter().map(|row| Some(of(row.0, row.1))));
    let own = |name: &str, of: fn(&Origin) -> &String| texts(name, rows.iter().map(|row| Some(of(row.1).as_str())));
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let share = |name: &str, of: fn(&Sums) -> Option<f64>| Column::new(name.into(), rows.iter().map(|row| of(row.2)).collect::<Vec<_>>());
    let limit = |name: &str, at: usize| Column::new(name.into(), rows.iter().map(|row| row.0.limits[at]).collect::<Vec<_>>());
    let sums = |name: &str, of: fn(&Sums) -> Option<i128>| optional_sums(name, &rows.iter().map(|row| of(row.2)).collect::<Vec<_>>());
    // The threshold is of the whole: a file of its own has no outcome.
    let outcome = |(rule, origin, _): &(&Judged, &Origin, &Sums)| (origin.file == ALL).then_some(rule.verdict.word());
    Ok(DataFrame::new_infer_height(vec![
        text("rule", |judged, _| judged.rule.name),
        own("table_name", |origin| &origin.table),
        own("source", |origin| &origin.source),
        own("file", |origin| &origin.file),
        text("stage", |judged, _| judged.rule.found.word()),
        text("severity", |judged, _| judged.severity.word()),
        Column::new("row_count".into(), rows.iter().map(|row| count(row.2.rows)).collect::<Vec<_>>()),
        Column::new("rows_checked".into(), rows.iter().map(|row| row.2.rows_checked.map(count)).collect::<Vec<_>>()),
        share("rows_share", Sums::rows_share),
        limit("max_rows_share", 0),
        sums("amount", |sums| sums.amount),
        sums("amount_checked", |sums| sums.amount_checked),
        share("amount_share", Sums::amount_share),
        limit("max_amount_share", 1),
        texts("outcome", rows.iter().map(outcome)),
    ])?)
}
