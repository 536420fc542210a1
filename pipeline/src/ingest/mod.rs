//! Ingestion: delivered files become rows of the canonical ledger, or rows of the quarantine.
//!
//! A file is read once, in blocks of whole records. Each worker takes the next block, reads, checks, hashes and encodes it,
//! and hands it over in the order of the file, so that the bytes written do not depend on how many workers there are. When
//! all files are read, every new row is compared by key and content with its file and with the store: what is known
//! already, or contradicts itself, is taken out again. Nothing of it is visible before the index is replaced.

mod arrivals;
pub mod clearings;
mod column_data;
mod columns;
mod compact;
pub(crate) mod discover;
pub(crate) mod excel_input;
mod finish;
mod follows;
pub(crate) mod input;
mod joined;
mod kept_text;
mod keys;
pub mod known;
pub mod load;
pub mod not_text;
pub mod overlay;
pub(crate) mod parquet_input;
mod pending;
mod pipeline;
mod plan;
mod quarantine;
pub mod reason;
pub mod records;
mod remote;
mod rows;
mod run;
mod store;
mod versions;
pub mod workbook;

use std::path::Path;

pub use keys::{KeyHash, row_key};
pub use pending::PendingLedger;
pub use store::{
    AmountCounts, ExactAmount, FORMAT, FileRecord, LedgerIndex, RowCounts, SegmentRecord, TableIndex, commit_prepared, delivery_order,
    discard_prepared, ledger_directory,
};

use crate::config::Config;
use crate::error::{Result, io_error};
use arrivals::{Arrivals, arrivals};
use discover::{discover, discover_local};
use overlay::{Overlay, overlays};
use remote::Spool;
use run::{FileState, Run, next_number};
use store::remove_orphans;

/// Bytes of text in a block: about the rows of one row group.
const BLOCK_BYTES: usize = 8 << 20;

/// What an ingest is told besides the configuration.
#[derive(Clone, Copy, Debug)]
pub struct IngestOptions {
    /// When files were delivered whose names do not say so, in microseconds since 1970-01-01 UTC.
    pub delivered_at: i64,
}

/// Hears how an ingest gets on.
pub trait Progress: Sync {
    /// A file is opened: its name and its length.
    fn file_started(&self, _file: &str, _bytes: u64) {}
    /// This many rows more have been read.
    fn rows_read(&self, _rows: u64) {}
    /// A file has been read to its end.
    fn file_finished(&self, _file: &str) {}
    /// Something a person may want to know.
    fn note(&self, _message: &str) {}
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {}

/// What an ingest did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IngestSummary {
    /// Files read.
    pub files_new: u64,
    /// Files that were known by their content.
    pub files_seen: u64,
    /// Rows read from the new files.
    pub rows_read: u64,
    /// Of these, taken as they were.
    pub accepted: u64,
    /// Taken after a repair that the configuration asks for.
    pub repaired: u64,
    /// Known already.
    pub unchanged: u64,
    /// Not taken.
    pub quarantined: u64,
    /// Of these, rows that only sum others up.
    #[serde(default)]
    pub totals: u64,
}

/// Ingests what is new in the sources of a configuration. The caller holds the lock of the output, and has committed or
/// discarded what an earlier run prepared.
///
/// # Errors
/// Exit status 4 when a file is missing, incomplete or lacks a column, 2 when the configuration cannot mean it, 1 when the
/// store cannot be read or written. The ledger in force is untouched then.
pub fn ingest(config: &Config, options: &IngestOptions, progress: &dyn Progress) -> Result<PendingLedger> {
    ingest_with(config, options, progress, Sizes::default())
}

/// Sizes that change no row, only how rows are grouped and files put together.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Bytes of text in a block.
    block_bytes: usize,
    /// Files of a kind that a table may have before they are merged.
    files_max: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes { block_bytes: BLOCK_BYTES, files_max: compact::FILES_MAX }
    }
}

fn ingest_with(config: &Config, options: &IngestOptions, progress: &dyn Progress, sizes: Sizes) -> Result<PendingLedger> {
    let out = config.output.value.as_path();
    discard_prepared(out)?;
    let index = LedgerIndex::read(out)?.unwrap_or_else(LedgerIndex::empty);
    // It must outlive the reading: raw text of bad rows is read again at the end.
    let spool = Spool::fetch(config, &index, progress)?;
    ingest_fetched(config, options, progress, (index, sizes), &spool).map_err(|error| spool.in_words_of_the_source(error))
}

fn ingest_fetched(
    config: &Config,
    options: &IngestOptions,
    progress: &dyn Progress,
    (index, sizes): (LedgerIndex, Sizes),
    spool: &Spool,
) -> Result<PendingLedger> {
    let out = config.output.value.as_path();
    let (deliveries, ignored) = discover(config, spool)?;
    let overlays = overlays(config, options, &index, progress)?;
    let is_overlay = |path: &Path| config.sources.iter().any(|source| source.overlay.as_deref() == Some(path));
    let deliveries: Vec<_> = deliveries.into_iter().filter(|delivery| !is_overlay(&delivery.path)).collect();
    for name in ignored.into_iter().filter(|name| !is_overlay(&config.directory.join(name))) {
        progress.note(&format!("left aside, not named for a table: {name}"));
    }
    let Arrivals { files: deliveries, seen, no_longer_first } = arrivals(deliveries, &index, options)?;
    let mut summary = IngestSummary { files_seen: seen + spool.known_files(), ..IngestSummary::default() };
    let mut has_mends = false;
    for overlay in &overlays {
        has_mends |= overlay.has_work(out, &index)?;
    }
    if deliveries.is_empty() && !has_mends {
        return Ok(PendingLedger { index, summary, is_changed: false, out: out.to_owned() });
    }
    let files_before = index.files.len();
    let read = |index: LedgerIndex, may_leave_out_known: bool| {
        let mut run = Run::new(out, index, sizes, no_longer_first.clone());
        run.may_leave_out_known = may_leave_out_known;
        run.overlay_rows = overlays.iter().flat_map(Overlay::rows).collect();
        run.read_all(&deliveries, progress)?;
        run.mend(&overlays, progress)?;
        run.finish()
    };
    let mut first = None;
    if !has_mends && arrivals::come_last_and_together(&deliveries, &index) {
        first = read(index.clone(), true).transpose();
        if first.is_none() {
            // A key stands in the files twice, and one of its rows is known: that takes all rows to judge.
            remove_orphans(out)?;
        }
    }
    let outcome =
        first.unwrap_or_else(|| read(index, false).map(|index| index.expect("all rows are there"))).and_then(|(mut index, changed)| {
            clearings::derive(out, &mut index, &changed, sizes.files_max)?;
            Ok(index)
        });
    match outcome {
        Ok(index) => {
            summary.files_new = (index.files.len() - files_before) as u64;
            for counts in index.files[files_before..].iter().flat_map(|file| file.tables.values()) {
                summary.rows_read += counts.read;
                summary.accepted += counts.accepted;
                summary.repaired += counts.repaired;
                summary.unchanged += counts.unchanged;
                summary.quarantined += counts.quarantined;
                summary.totals += counts.reasons.get(reason::TOTAL_ROW).copied().unwrap_or(0);
            }
            Ok(PendingLedger { index, summary, is_changed: true, out: out.to_owned() })
        }
        Err(error) => {
            // The first error counts; what cannot be removed now is removed at the next ingest.
            let _ = remove_orphans(out);
            Err(error)
        }
    }
}

/// A file that a run would look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// The source in the configuration.
    pub source: String,
    /// Its name, relative to the configuration.
    pub name: String,
    /// Its length, where it is known before it is read.
    pub bytes: Option<u64>,
    /// Whether it would be read.
    pub is_new: bool,
}

/// The files that an ingest would look at, and which of them it would read.
///
/// # Errors
/// Exit status 4 when a source is missing.
pub fn planned_files(config: &Config, index: Option<&LedgerIndex>) -> Result<Vec<PlannedFile>> {
    let empty = LedgerIndex::empty();
    let index = index.unwrap_or(&empty);
    let mut planned = Vec::new();
    for (source, remote) in config.sources.iter().filter_map(|source| Some((source, source.remote.as_ref()?))) {
        for file in remote::planned(config, source, remote, index)? {
            planned.push(PlannedFile { source: source.name.clone(), name: file.name, bytes: file.bytes, is_new: file.is_new });
        }
    }
    let (deliveries, _) = discover_local(config)?;
    let new = arrivals::are_new(&deliveries, index)?;
    for (delivery, is_new) in deliveries.into_iter().zip(new) {
        let metadata = std::fs::metadata(&delivery.path).map_err(|cause| io_error("look at", &delivery.path, &cause))?;
        planned.push(PlannedFile {
            source: delivery.source.name.clone(),
            name: delivery.name.clone(),
            bytes: Some(metadata.len()),
            is_new,
        });
    }
    Ok(planned)
}

/// How a file is read, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Delimited text, perhaps compressed.
    Text,
    /// Parquet.
    Parquet,
    /// A workbook of a spreadsheet.
    Workbook,
}

impl FileKind {
    /// The kind that the extension says.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
        match extension.as_str() {
            "parquet" => FileKind::Parquet,
            "xlsx" | "xlsm" | "xls" | "xlsb" | "ods" => FileKind::Workbook,
            _ => FileKind::Text,
        }
    }
}

#[cfg(test)]
mod tests;
