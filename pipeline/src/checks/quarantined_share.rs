//! Quality thresholds: too many rows, or too much money, in the quarantine means that the input is not what it should be.

use super::Context;
use crate::error::Result;
use polars::prelude::*;
use std::collections::BTreeMap;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let mut tables: BTreeMap<&str, [f64; 4]> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    // What was mended is not missing any more.
    for mend in context.mended {
        let sums = tables.entry(&mend.table).or_default();
        sums[1] -= 1.0;
        sums[3] -= mend.amount.unwrap_or(0) as f64;
    }
    for (table, counts) in context.index.files.iter().flat_map(|file| &file.tables) {
        for (reason, rows) in &counts.reasons {
            *reasons.entry(table).or_default().entry(reason).or_default() += rows;
        }
        let sums = tables.entry(table).or_default();
        sums[0] += counts.read as f64;
        sums[1] += counts.quarantined as f64;
        sums[2] += counts.amounts.read.0 as f64;
        sums[3] += counts.amounts.quarantined.0 as f64;
    }
    let limits = [context.max_quarantined_rows_share, context.max_quarantined_amount_share];
    let (mut names, mut measures, mut shares, mut allowed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut why = Vec::new();
    for (table, sums) in tables {
        for (measure, share, limit) in [("rows", sums[1] / sums[0], limits[0]), ("amount", sums[3] / sums[2], limits[1])] {
            // Nothing read is no share at all; a sum of amounts may cancel out to nothing.
            if share.is_finite() && share > limit {
                names.push(table);
                measures.push(measure);
                shares.push(share);
                allowed.push(limit);
                let found = reasons.get(table).into_iter().flatten().map(|(reason, rows)| format!("{reason} {rows}"));
                why.push(found.collect::<Vec<_>>().join(", "));
            }
        }
    }
    for (table, left_out, stored) in left_out_rows(context) {
        let share = left_out.values().sum::<u64>() as f64 / stored as f64;
        if share.is_finite() && share > context.max_quarantined_rows_share {
            names.push(table);
            measures.push("rows left out");
            shares.push(share);
            allowed.push(context.max_quarantined_rows_share);
            let found = left_out.iter().map(|(reason, rows)| format!("{reason} {rows}"));
            why.push(found.collect::<Vec<_>>().join(", "));
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("table_name".into(), names),
        Column::new("measure".into(), measures),
        Column::new("quarantined_share".into(), shares),
        Column::new("allowed_share".into(), allowed),
        Column::new("reasons".into(), why),
    ])?)
}

/// Rows of the ledger that other rows break, by table and reason, and how many rows the table has in all.
fn left_out_rows<'a>(context: &Context<'a>) -> Vec<(&'static str, BTreeMap<&'a str, u64>, u64)> {
    let mut tables: BTreeMap<&'static str, BTreeMap<&'a str, u64>> = BTreeMap::new();
    for row in context.left_out {
        *tables.entry(row.left_out.table).or_default().entry(row.left_out.reason).or_default() += 1;
    }
    let stored = |table: &str| context.index.tables.get(table).map_or(0, |table| table.segments.iter().map(|segment| segment.rows).sum());
    tables.into_iter().map(|(table, reasons)| (table, reasons, stored(table))).collect()
}
