//! `quarantine` and `data_quality`: what could not be used and why, and how every row that was read is accounted for.

use super::frame::{sums, texts};
use crate::error::Result;
use crate::ingest::known::LedgerView;
use crate::ingest::load::LeftOutRow;
use crate::ingest::overlay::Mend;
use crate::ingest::{FileRecord, RowCounts};
use polars::prelude::*;
use std::collections::BTreeMap;

/// Every quarantined row of the deliveries that are known: those that never entered the ledger and those left out of this
/// night.
///
/// # Errors
/// When a segment cannot be read.
pub fn quarantine(view: &LedgerView, left_out: &[LeftOutRow], mended: &[Mend]) -> Result<DataFrame> {
    let none = || lit(NULL).cast(DataType::String);
    let mut parts = vec![left_out_frame(&view.all_files, left_out)?.lazy()];
    if !view.files.quarantine.is_empty() {
        let paths: Vec<PlRefPath> = view.files.quarantine.iter().map(|path| PlRefPath::new(path.to_string_lossy())).collect();
        let scan = LazyFrame::scan_parquet_files(paths.into(), ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?;
        let known = DataFrame::new_infer_height(vec![Column::new(
            "source_file".into(),
            view.index.files.iter().filter_map(|file| i32::try_from(file.number).ok()).collect::<Vec<i32>>(),
        )])?;
        // Of very many only the first have texts; the others are counted in `data_quality`.
        let of_known = scan.filter(col("raw_text").is_not_null()).join(
            known.lazy(),
            [col("source_file")],
            [col("source_file")],
            JoinArgs::new(JoinType::Semi),
        );
        let keys = ["source_file", "source_line", "table_name"].map(col);
        let with_mended = of_known.join(mended_frame(mended)?.lazy(), keys.clone(), keys, JoinArgs::new(JoinType::Left));
        parts.push(with_mended.select([
            col("source"),
            col("file"),
            col("source_line").alias("line"),
            col("table_name"),
            col("column_name"),
            col("reason"),
            col("value_text").alias("detail"),
            none().alias("record_key"),
            col("raw_text"),
            col("stage").fill_null(lit("ingest")),
        ]));
    }
    let sorting = SortMultipleOptions::default().with_maintain_order(true);
    Ok(concat(parts, UnionArgs::default())?.sort(["source", "file", "line", "table_name", "reason", "record_key"], sorting).collect()?)
}

/// Rows of the quarantine that an overlay brought in.
fn mended_frame(mended: &[Mend]) -> Result<DataFrame> {
    let file = |mend: &Mend| i32::try_from(mend.file).unwrap_or(-1);
    Ok(DataFrame::new_infer_height(vec![
        Column::new("source_file".into(), mended.iter().map(file).collect::<Vec<i32>>()),
        Column::new("source_line".into(), mended.iter().map(|mend| mend.line.cast_signed()).collect::<Vec<i64>>()),
        texts("table_name", mended.iter().map(|mend| Some(mend.table.as_str()))),
        texts("stage", mended.iter().map(|_| Some("mended"))),
    ])?)
}

fn left_out_frame(files: &[FileRecord], rows: &[LeftOutRow]) -> Result<DataFrame> {
    let file = |row: &LeftOutRow| files.iter().find(|file| usize::try_from(file.number) == Ok(row.source_file));
    let nothing = || texts("", rows.iter().map(|_| None));
    Ok(DataFrame::new_infer_height(vec![
        texts("source", rows.iter().map(|row| file(row).map(|file| file.source.as_str()))),
        texts("file", rows.iter().map(|row| file(row).map(|file| file.file.as_str()))),
        Column::new("line".into(), rows.iter().map(|row| row.source_line).collect::<Vec<i64>>()),
        texts("table_name", rows.iter().map(|row| Some(row.left_out.table))),
        nothing().with_name("column_name".into()),
        texts("reason", rows.iter().map(|row| Some(row.left_out.reason))),
        nothing().with_name("detail".into()),
        texts("record_key", rows.iter().map(|row| Some(row.key.as_str()))),
        nothing().with_name("raw_text".into()),
        texts("stage", rows.iter().map(|_| Some("ledger"))),
    ])?)
}

/// Row accounting: every file that is known and its tables, with a line a measure and reason.
///
/// # Errors
/// When Polars fails.
pub fn data_quality(view: &LedgerView, left_out: &[LeftOutRow], mended: &[Mend]) -> Result<DataFrame> {
    let mut rows: BTreeMap<[String; 5], (i64, i128)> = BTreeMap::new();
    let mut add = |source: &str, file: &str, table: &str, measure: &str, reason: &str, count: u64, amount: i128| {
        let key = [source, file, table, measure, reason].map(str::to_owned);
        let entry = rows.entry(key).or_default();
        entry.0 += i64::try_from(count).unwrap_or(i64::MAX);
        entry.1 += amount;
    };
    for file in &view.index.files {
        for (table, counts) in &file.tables {
            for (measure, count, amount) in measures(counts) {
                add(&file.source, &file.file, table, measure, "", count, amount);
            }
            for (reason, count) in &counts.reasons {
                add(&file.source, &file.file, table, "quarantined", reason, *count, 0);
            }
        }
        for (finding, count) in &file.findings {
            add(&file.source, &file.file, "", "finding", finding, *count, 0);
        }
    }
    for row in left_out {
        if let Some(file) = view.all_files.iter().find(|file| usize::try_from(file.number) == Ok(row.source_file)) {
            add(&file.source, &file.file, row.left_out.table, "left_out", row.left_out.reason, 1, 0);
        }
    }
    for mend in mended {
        if let Some(file) = view.all_files.iter().find(|file| file.number == mend.file) {
            add(&file.source, &file.file, &mend.table, "mended", &mend.reason, 1, i128::from(mend.amount.unwrap_or(0)));
        }
    }
    let word = |at: usize| rows.keys().map(move |key| Some(key[at].as_str()));
    Ok(DataFrame::new_infer_height(vec![
        texts("source", word(0)),
        texts("file", word(1)),
        texts("table_name", word(2)),
        texts("measure", word(3)),
        texts("reason", rows.keys().map(|key| Some(key[4].as_str()).filter(|reason| !reason.is_empty()))),
        Column::new("row_count".into(), rows.values().map(|row| row.0).collect::<Vec<i64>>()),
        sums("amount", rows.values().map(|row| row.1).collect()),
    ])?)
}

fn measures(counts: &RowCounts) -> [(&'static str, u64, i128); 5] {
    [
        ("read", counts.read, counts.amounts.read.0),
        ("accepted", counts.accepted, counts.amounts.accepted.0),
        ("repaired", counts.repaired, counts.amounts.repaired.0),
        ("unchanged", counts.unchanged, counts.amounts.unchanged.0),
        ("quarantined", counts.quarantined, counts.amounts.quarantined.0),
    ]
}
