//! Quality thresholds: too many rows, or too much money, in the quarantine means that the input is not what it should be.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let mut tables: std::collections::BTreeMap<&str, [f64; 4]> = std::collections::BTreeMap::new();
    for (table, counts) in context.index.files.iter().flat_map(|file| &file.tables) {
        let sums = tables.entry(table).or_default();
        sums[0] += counts.read as f64;
        sums[1] += counts.quarantined as f64;
        sums[2] += counts.amounts.read.0 as f64;
        sums[3] += counts.amounts.quarantined.0 as f64;
    }
    let limits = [context.max_quarantined_rows_share, context.max_quarantined_amount_share];
    let (mut names, mut measures, mut shares, mut allowed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (table, sums) in tables {
        for (measure, share, limit) in [("rows", sums[1] / sums[0], limits[0]), ("amount", sums[3] / sums[2], limits[1])] {
            // Nothing read is no share at all; a sum of amounts may cancel out to nothing.
            if share.is_finite() && share > limit {
                names.push(table);
                measures.push(measure);
                shares.push(share);
                allowed.push(limit);
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("table_name".into(), names),
        Column::new("measure".into(), measures),
        Column::new("quarantined_share".into(), shares),
        Column::new("allowed_share".into(), allowed),
    ])?)
}
