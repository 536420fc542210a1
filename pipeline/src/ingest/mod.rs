//! Ingestion: delivered files become rows of the canonical ledger, or rows of the quarantine.
//!
//! A file is read once, in blocks of whole records. Each worker takes the next block, reads, checks, hashes and encodes it,
//! and hands it over in the order of the file, so that the bytes written do not depend on how many workers there are. When
//! all files are read, every new row is compared by key and content with its file and with the store: what is known
//! already, or contradicts itself, is taken out again. Nothing of it is visible before the index is replaced.

mod arrivals;
pub mod clearings;
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
mod pipeline;
mod plan;
mod quarantine;
pub mod reason;
pub mod records;
mod remote;
mod rows;
mod store;
mod versions;
pub mod workbook;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use keys::{KeyHash, row_key};
pub use store::{
    AmountCounts, ExactAmount, FORMAT, FileRecord, LedgerIndex, RowCounts, SegmentRecord, TableIndex, commit_prepared, delivery_order,
    discard_prepared, ledger_directory,
};

use crate::catalog::ledger_tables::Table;
use crate::config::{Config, SheetChoice};
use crate::error::{Error, Result, io_error};
use crate::quality::{delivery_before, header_changes};
use arrivals::{Arrivals, NewFile, arrivals};
use discover::{Target, discover, discover_local};
use input::identify;
use kept_text::WrittenAs;
use overlay::{Overlay, overlays};
use quarantine::QuarantineWriter;
use remote::Spool;
use rows::{Customers, FileContext, KnownDetails};
use store::{SegmentWriter, TableLayout, remove_orphans, write_prepared};
use versions::{Deliveries, Entries, KeyFile, KnownContents};

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

/// A ledger that is written but not yet visible.
#[derive(Debug)]
#[must_use = "a pending ledger is invisible until it is committed"]
pub struct PendingLedger {
    /// The index that will be in force; equal to the one in force when nothing is new.
    pub index: LedgerIndex,
    /// What was done.
    pub summary: IngestSummary,
    /// Whether there is anything to commit.
    pub is_changed: bool,
    out: PathBuf,
}

impl PendingLedger {
    /// The ledger kept under `out`, as it is: there is nothing to commit.
    pub fn as_kept(out: &Path, index: LedgerIndex) -> Self {
        PendingLedger { index, summary: IngestSummary::default(), is_changed: false, out: out.to_owned() }
    }

    /// Writes `index.next.json`, from which [`commit_prepared`] can finish after a crash.
    ///
    /// # Errors
    /// Exit status 1.
    pub fn prepare(&self) -> Result<()> {
        if self.is_changed { write_prepared(&self.out, &self.index) } else { Ok(()) }
    }

    /// Makes the ledger visible: one rename.
    ///
    /// # Errors
    /// Exit status 1.
    pub fn commit(self) -> Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        if LedgerIndex::read_prepared(&self.out)?.as_ref() != Some(&self.index) {
            self.prepare()?;
        }
        commit_prepared(&self.out)
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// Exit status 1.
    pub fn discard(self) -> Result<()> {
        if self.is_changed { discard_prepared(&self.out) } else { Ok(()) }
    }
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

/// What a file is after it was read; an error when it was something else before.
fn identify_again(path: &Path, before: input::Identity) -> Result<input::Identity> {
    let after = identify(path)?;
    if before == after { Ok(after) } else { Err(input::file_changed(path)) }
}

/// What a table gets in this run.
struct Sink {
    layout: Arc<TableLayout>,
    writer: SegmentWriter,
    name: String,
    entries: Entries,
}

/// One ingest.
struct Run<'o> {
    out: &'o Path,
    index: LedgerIndex,
    sizes: Sizes,
    sinks: BTreeMap<&'static str, Sink>,
    quarantine: Option<QuarantineWriter>,
    files: Vec<FileState>,
    /// Numbers of files that the ledger no longer begins with.
    no_longer_first: Vec<u32>,
    /// Whether rows that the store has need not be encoded.
    may_leave_out_known: bool,
    /// What the store says last, by table, as far as it was asked for.
    known_contents: BTreeMap<&'static str, Option<Arc<KnownContents>>>,
    /// The customers that split rows of one delivery name, and what encodes them.
    customers: Customers,
    known_customers: Arc<KnownDetails>,
    customers_context: Option<FileContext>,
    customers_delivery: Option<(String, Option<i64>)>,
    /// Source, file and line of the rows that overlays speak of.
    overlay_rows: HashSet<(String, String, u64)>,
    /// Such rows that went into the quarantine in this run, with their source.
    mendable: Vec<(String, overlay::Candidate)>,
    syncs: Vec<std::fs::File>,
}

/// A file that has been read.
struct FileState {
    record: FileRecord,
    path: PathBuf,
    target: Target,
    /// Lines that were repaired, ascending.
    repaired: Vec<u64>,
    /// Lines that say an application and no document, ascending.
    only_applications: Vec<u64>,
    /// What it takes to read raw records again.
    text_format: input::TextFormat,
    sheet: Option<SheetChoice>,
    written_as: WrittenAs,
}

impl<'o> Run<'o> {
    fn new(out: &'o Path, index: LedgerIndex, sizes: Sizes, no_longer_first: Vec<u32>) -> Self {
        Run {
            out,
            index,
            sizes,
            sinks: BTreeMap::new(),
            quarantine: None,
            files: Vec::new(),
            no_longer_first,
            may_leave_out_known: false,
            known_contents: BTreeMap::new(),
            customers: Customers::default(),
            known_customers: Arc::default(),
            customers_context: None,
            customers_delivery: None,
            overlay_rows: HashSet::new(),
            mendable: Vec::new(),
            syncs: Vec::new(),
        }
    }

    fn read_all(&mut self, files: &[NewFile<'_>], progress: &dyn Progress) -> Result<()> {
        for file in files {
            let delivery = (file.delivery.source.name.clone(), file.delivery.delivered_at);
            if self.customers_delivery.as_ref() != Some(&delivery) {
                self.flush_customers()?;
            }
            progress.file_started(&file.delivery.name, std::fs::metadata(&file.delivery.path).map_or(0, |metadata| metadata.len()));
            self.read_file(file, progress)?;
            self.customers_delivery = Some(delivery);
            progress.file_finished(&file.delivery.name);
        }
        self.flush_customers()
    }

    /// The sink of a table, created when it is first needed.
    fn sink(&mut self, table: &'static Table) -> Result<&mut Sink> {
        match self.sinks.entry(table.name) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let layout = Arc::new(TableLayout::of(table));
                let number = next_number(&self.index, table);
                let name = format!("{}/seg-{number:06}", table.name);
                let writer = SegmentWriter::create(self.out, format!("{name}.parquet"), &layout.schema, Some(&layout))?;
                let entries = Entries::new(ledger_directory(self.out).join(format!("{}/tmp-entries", table.name)));
                Ok(entry.insert(Sink { layout, writer, name, entries }))
            }
        }
    }

    fn context(&mut self, file: &NewFile<'_>, header: &[String]) -> Result<FileContext> {
        let plan = plan::FilePlan::new(&file.delivery, header)?;
        let mut tables = BTreeMap::new();
        for table in file.delivery.target.tables(plan.names_customers()).into_iter().filter_map(Table::named) {
            let sink = self.sink(table)?;
            tables.insert(table.name, (Arc::clone(&sink.layout), sink.writer.encoder()));
        }
        let source = file.delivery.source;
        let filled: Vec<&'static str> = tables.keys().copied().collect();
        Ok(FileContext {
            plan,
            target: file.delivery.target,
            number: file.number,
            recorded_at: file.recorded_at(),
            negative_amount: source.negative_amount,
            due_dates: source.due_dates,
            reverse_sign: source.reverse_sign,
            credit_rows: source.credit_rows,
            total_words: source.total_words.clone(),
            tables,
            known_customers: Arc::clone(&self.known_customers),
            is_one_of_several: file.delivery.delivered_at.is_some()
                || self.index.files.iter().chain(self.files.iter().map(|file| &file.record)).any(|file| file.source == source.name),
            is_full: file.is_full(),
            known_rows: self.known_rows(file, &filled)?,
        })
    }

    /// What the store says last of the tables a file fills, where the file is likely to say most of it again: it is a quarter as
    /// long as the longest of its source, and comes after all that is known.
    fn known_rows(&mut self, file: &NewFile<'_>, tables: &[&'static str]) -> Result<BTreeMap<&'static str, Arc<KnownContents>>> {
        let source = file.delivery.source;
        let longest = self.index.files.iter().filter(|record| record.source == source.name).map(|record| record.bytes).max();
        let bytes = std::fs::metadata(&file.delivery.path).map_or(0, |metadata| metadata.len());
        if !self.may_leave_out_known || longest.is_none_or(|longest| bytes < longest / 4) {
            return Ok(BTreeMap::new());
        }
        let mut known = BTreeMap::new();
        for table in tables.iter().copied().filter(|table| *table != "customers" || !file.delivery.target.is_split()) {
            if !self.known_contents.contains_key(table) {
                let records = self.index.tables.get(table).map_or(&[][..], |table| table.keys.as_slice());
                let files = records.iter().map(|record| KeyFile::open(self.out, record)).collect::<Result<Vec<_>>>()?;
                let contents = KnownContents::load(&files, &Deliveries::new(&self.index, self.index.files.len(), table))?;
                self.known_contents.insert(table, contents.map(Arc::new));
            }
            known.extend(self.known_contents[table].clone().map(|contents| (table, contents)));
        }
        Ok(known)
    }

    fn read_file(&mut self, file: &NewFile<'_>, progress: &dyn Progress) -> Result<()> {
        let source = file.delivery.source;
        let text_format = input::TextFormat::of(source);
        let quarantine_name = format!("quarantine/seg-{:06}.parquet", self.index.quarantine_number());
        let mut collected = pipeline::Collected {
            source: Arc::from(source.name.as_str()),
            file: Arc::from(file.delivery.name.as_str()),
            number: file.number,
            table: file.delivery.target.word(),
            counts: RowCounts::default(),
            finer_than_minor_unit: 0,
            due_dates_filled: rows::Filled::default(),
            repaired: Vec::new(),
            earliest_recorded_at: None,
            only_applications: Vec::new(),
            quarantine_name,
        };
        let path = &file.delivery.path;
        let (context, identity, header, written_as) = match FileKind::of(path) {
            FileKind::Parquet => {
                let before = identify(path)?;
                let reader = parquet_input::ParquetReader::open(path)?;
                let header = reader.header.clone();
                let mut context = self.context(file, &header)?;
                let reader = reader.with_plan(&mut context)?;
                let reader = pipeline::run(self, &context, reader, &mut collected, progress, parquet_input::work)?;
                (context, identify_again(path, before)?, header, WrittenAs::Parquet(reader.columns))
            }
            FileKind::Workbook => {
                let before = identify(path)?;
                let reader = excel_input::WorkbookReader::open(path, source.sheet.as_ref(), source.header_row)?;
                let header = reader.header.clone();
                let mut context = self.context(file, &header)?;
                let reader = reader.with_plan(&mut context)?;
                let reader = pipeline::run(self, &context, reader, &mut collected, progress, excel_input::work)?;
                (context, identify_again(path, before)?, header, WrittenAs::Sheet(reader.columns))
            }
            FileKind::Text => {
                let reader = input::BlockReader::open(path, text_format, self.sizes.block_bytes)?;
                let header = reader.header.clone();
                let context = self.context(file, &header)?;
                let (dialect, counts) = (reader.dialect, reader.counts);
                let reader = pipeline::run(self, &context, reader, &mut collected, progress, |block, context| {
                    pipeline::work_text(block, context, dialect, counts)
                })?;
                (context, reader.finish()?, header, WrittenAs::Text)
            }
        };
        let mut findings = BTreeMap::new();
        for (finding, count) in [
            (reason::FINER_THAN_MINOR_UNIT, collected.finer_than_minor_unit),
            (reason::EXTRA_COLUMN, context.plan.extra_columns),
            (reason::DUE_DATE_FROM_TERMS, collected.due_dates_filled),
        ] {
            if count > 0 {
                findings.insert(finding.to_owned(), count);
            }
        }
        let mut record = FileRecord {
            number: file.number,
            source: source.name.clone(),
            file: file.delivery.name.clone(),
            content_hash: identity.content_hash,
            bytes: identity.bytes,
            delivered_at: file.delivery.delivered_at,
            is_first_delivery: file.is_first_delivery,
            is_full: file.is_full(),
            batch: file.batch,
            earliest_recorded_at: collected.earliest_recorded_at,
            tables: [(collected.table.to_owned(), collected.counts)].into(),
            findings,
            header,
            remote_version: file.delivery.remote_version.clone(),
            ..FileRecord::default()
        };
        note_changed_columns(&mut record, self.index.files.iter().chain(self.files.iter().map(|state| &state.record)), progress);
        self.files.push(FileState {
            record,
            path: file.delivery.path.clone(),
            target: file.delivery.target,
            repaired: collected.repaired,
            only_applications: collected.only_applications,
            text_format,
            sheet: source.sheet.clone(),
            written_as,
        });
        if context.tables.contains_key("customers") && file.delivery.target.is_split() {
            self.customers_context = Some(context);
        }
        Ok(())
    }

    /// Writes the customers that the split rows of a delivery named, one row each.
    fn flush_customers(&mut self) -> Result<()> {
        let customers = std::mem::take(&mut self.customers);
        self.known_customers = Arc::default();
        let Some(context) = self.customers_context.take() else { return Ok(()) };
        customers.encode(&context, |encoded, number| self.append(encoded, number))
    }

    /// Appends encoded rows to their table.
    fn append(&mut self, encoded: rows::EncodedRows, number: u32) -> Result<()> {
        let sink = self.sinks.get_mut(encoded.table).expect("a context makes the sinks of its tables");
        let rows = encoded.group.rows();
        let base = u32::try_from(sink.writer.rows() + u64::from(rows)).map_err(|_| {
            Error::unexpected("too_many_rows", format!("one ingest adds more than 4 billion rows to {}", encoded.table))
                .hint("deliver the files in several runs")
        })? - rows;
        sink.entries.add(number, base, encoded.entries)?;
        sink.writer.append(encoded.group)
    }

    fn add_block(&mut self, output: rows::BlockOutput, collected: &mut pipeline::Collected) -> Result<()> {
        collected.counts.add(&output.counts);
        collected.finer_than_minor_unit += output.finer_than_minor_unit;
        collected.due_dates_filled += output.due_dates_filled;
        collected.repaired.extend(output.repaired);
        let earliest = [collected.earliest_recorded_at, output.earliest_recorded_at];
        collected.earliest_recorded_at = earliest.into_iter().flatten().min();
        collected.only_applications.extend(output.only_applications);
        self.customers.merge(output.customers, &self.known_customers);
        for encoded in output.tables {
            self.append(encoded, collected.number)?;
        }
        for (table, entries) in output.statements {
            let sink = self.sinks.get_mut(table).expect("a context makes the sinks of its tables");
            sink.entries.add(collected.number, 0, entries)?;
        }
        if !output.quarantined.is_empty() {
            self.note_for_overlays(collected, &output.quarantined);
            let writer = match &mut self.quarantine {
                Some(writer) => writer,
                None => self.quarantine.insert(QuarantineWriter::create(self.out, collected.quarantine_name.clone())?),
            };
            writer.add(&collected.source, &collected.file, collected.number, collected.table, output.quarantined)?;
        }
        Ok(())
    }
}

/// Notes what changed in the columns of a file since the last delivery of the same kind, and says it.
fn note_changed_columns<'a>(record: &mut FileRecord, known: impl Iterator<Item = &'a FileRecord>, progress: &dyn Progress) {
    let Some(before) = delivery_before(known, record) else { return };
    for change in header_changes(&before.header, &record.header) {
        *record.findings.entry(change.finding.to_owned()).or_default() += 1;
        progress.note(&format!("{}: {} ({}), unlike in {}", record.file, change.finding, change.column, before.file));
    }
}

/// One more than the greatest number a file of the table has.
fn next_number(index: &LedgerIndex, table: &Table) -> u64 {
    let Some(known) = index.tables.get(table.name) else { return 1 };
    let names = known.segments.iter().chain(&known.keys).map(|record| record.file.as_str());
    names.chain(known.corrected.iter().map(String::as_str)).filter_map(file_number).max().unwrap_or(0) + 1
}

fn file_number(name: &str) -> Option<u64> {
    let digits: String = name.rsplit('-').next()?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

impl LedgerIndex {
    fn quarantine_number(&self) -> u64 {
        self.quarantine.iter().filter_map(|record| file_number(&record.file)).max().unwrap_or(0) + 1
    }
}

#[cfg(test)]
mod tests;
