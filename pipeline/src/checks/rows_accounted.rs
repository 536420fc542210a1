//! Law 4: nothing is lost. Rows read = accepted + repaired + unchanged + quarantined, for each file; amounts too.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let (mut files, mut tables, mut measures, mut missing) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for file in &context.index.files {
        for (table, counts) in &file.tables {
            let parts = [counts.accepted, counts.repaired, counts.unchanged, counts.quarantined];
            let rows = i128::from(counts.read) - parts.iter().map(|part| i128::from(*part)).sum::<i128>();
            let sums = &counts.amounts;
            let amount = sums.read.0 - sums.accepted.0 - sums.repaired.0 - sums.unchanged.0 - sums.quarantined.0;
            for (measure, difference) in [("rows", rows), ("amount", amount)] {
                if difference != 0 {
                    files.push(file.file.clone());
                    tables.push(table.clone());
                    measures.push(measure);
                    missing.push(difference.to_string());
                }
            }
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("file".into(), files),
        Column::new("table_name".into(), tables),
        Column::new("measure".into(), measures),
        Column::new("not_accounted_for".into(), missing),
    ])?)
}
