//! Which quarantined rows have come in since, by an overlay that a night knows.

use super::Mend;
use crate::error::Result;
use crate::ingest::known::LedgerView;
use polars::prelude::*;
use std::collections::HashSet;

/// Rows that were mended, with where they came from.
pub type Mended = Vec<Mend>;

/// The mended rows of the deliveries that are known: those whose line of the overlay is not in the quarantine itself. A row
/// that several overlays mend counts once.
///
/// # Errors
/// When a segment cannot be read.
pub fn mended(view: &LedgerView) -> Result<Mended> {
    let overlays: Vec<_> = view.index.files.iter().filter(|file| !file.mends.is_empty()).collect();
    if overlays.is_empty() {
        return Ok(Mended::new());
    }
    let paths: Vec<PlRefPath> = view.files.quarantine.iter().map(|path| PlRefPath::new(path.to_string_lossy())).collect();
    let scan = LazyFrame::scan_parquet_files(paths.into(), ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?;
    let of_overlay = overlays.iter().filter_map(|file| i32::try_from(file.number).ok());
    let is_of_overlay = of_overlay.fold(lit(false), |is, number| is.or(col("source_file").eq(lit(number))));
    let still = scan.filter(is_of_overlay).select([col("source_file"), col("source_line")]).collect()?;
    let (files, lines) = (still.column("source_file")?.i32()?, still.column("source_line")?.i64()?);
    let still: HashSet<(i32, i64)> = files.iter().zip(lines.iter()).filter_map(|(file, line)| Some((file?, line?))).collect();
    let mut seen = HashSet::new();
    let mut mended = Mended::new();
    for file in overlays {
        let number = i32::try_from(file.number).unwrap_or(-1);
        let came_in = |mend: &&Mend| !still.contains(&(number, mend.by_line.cast_signed()));
        for mend in file.mends.iter().filter(came_in) {
            if seen.insert((mend.file, mend.line)) {
                mended.push(mend.clone());
            }
        }
    }
    mended.sort_by(|a, b| (a.file, a.line, &a.table).cmp(&(b.file, b.line, &b.table)));
    Ok(mended)
}

/// How many they are, and their amounts as the quarantine has them.
pub fn total<'a>(mends: impl Iterator<Item = &'a Mend>) -> (u64, i128) {
    mends.fold((0, 0), |(rows, amount), mend| (rows + 1, amount + i128::from(mend.amount.unwrap_or(0))))
}
