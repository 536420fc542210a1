//! One ingest: reads new files, block by block, into the tables they fill.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arrivals::NewFile;
use super::discover::Target;
use super::input::{self, identify};
use super::kept_text::WrittenAs;
use super::quarantine::QuarantineWriter;
use super::rows::{self, Customers, FileContext, KnownDetails};
use super::store::{SegmentWriter, TableLayout};
use super::versions::{Deliveries, Entries, KeyFile, KnownContents};
use super::{
    FileKind, FileRecord, LedgerIndex, Progress, RowCounts, Sizes, excel_input, ledger_directory, overlay, parquet_input, pipeline, plan,
    reason,
};
use crate::catalog::ledger_tables::Table;
use crate::config::SheetChoice;
use crate::error::{Error, Result};
use crate::quality::{delivery_before, header_changes};

/// What a file is after it was read; an error when it was something else before.
pub(super) fn identify_again(path: &Path, before: input::Identity) -> Result<input::Identity> {
    let after = identify(path)?;
    if before == after { Ok(after) } else { Err(input::file_changed(path)) }
}

/// What a table gets in this run.
pub(super) struct Sink {
    pub(super) layout: Arc<TableLayout>,
    pub(super) writer: SegmentWriter,
    pub(super) name: String,
    pub(super) entries: Entries,
}

/// One ingest.
pub(super) struct Run<'o> {
    pub(super) out: &'o Path,
    pub(super) index: LedgerIndex,
    pub(super) sizes: Sizes,
    pub(super) sinks: BTreeMap<&'static str, Sink>,
    pub(super) quarantine: Option<QuarantineWriter>,
    pub(super) files: Vec<FileState>,
    /// Numbers of files that the ledger no longer begins with.
    pub(super) no_longer_first: Vec<u32>,
    /// Whether rows that the store has need not be encoded.
    pub(super) may_leave_out_known: bool,
    /// What the store says last, by table, as far as it was asked for.
    pub(super) known_contents: BTreeMap<&'static str, Option<Arc<KnownContents>>>,
    /// The customers that split rows of one delivery name, and what encodes them.
    pub(super) customers: Customers,
    pub(super) known_customers: Arc<KnownDetails>,
    pub(super) customers_context: Option<FileContext>,
    pub(super) customers_delivery: Option<(String, Option<i64>)>,
    /// Source, file and line of the rows that overlays speak of.
    pub(super) overlay_rows: HashSet<(String, String, u64)>,
    /// Such rows that went into the quarantine in this run, with their source.
    pub(super) mendable: Vec<(String, overlay::Candidate)>,
    pub(super) syncs: Vec<std::fs::File>,
}

/// A file that has been read.
pub(super) struct FileState {
    pub(super) record: FileRecord,
    pub(super) path: PathBuf,
    pub(super) target: Target,
    /// Lines that were repaired, ascending.
    pub(super) repaired: Vec<u64>,
    /// Lines that say an application and no document, ascending.
    pub(super) only_applications: Vec<u64>,
    /// What it takes to read raw records again.
    pub(super) text_format: input::TextFormat,
    pub(super) sheet: Option<SheetChoice>,
    pub(super) written_as: WrittenAs,
}

impl<'o> Run<'o> {
    pub(super) fn new(out: &'o Path, index: LedgerIndex, sizes: Sizes, no_longer_first: Vec<u32>) -> Self {
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

    pub(super) fn read_all(&mut self, files: &[NewFile<'_>], progress: &dyn Progress) -> Result<()> {
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
    pub(super) fn sink(&mut self, table: &'static Table) -> Result<&mut Sink> {
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

    pub(super) fn context(&mut self, file: &NewFile<'_>, header: &[String]) -> Result<FileContext> {
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
    pub(super) fn known_rows(&mut self, file: &NewFile<'_>, tables: &[&'static str]) -> Result<BTreeMap<&'static str, Arc<KnownContents>>> {
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

    pub(super) fn read_file(&mut self, file: &NewFile<'_>, progress: &dyn Progress) -> Result<()> {
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
    pub(super) fn flush_customers(&mut self) -> Result<()> {
        let customers = std::mem::take(&mut self.customers);
        self.known_customers = Arc::default();
        let Some(context) = self.customers_context.take() else { return Ok(()) };
        customers.encode(&context, |encoded, number| self.append(encoded, number))
    }

    /// Appends encoded rows to their table.
    pub(super) fn append(&mut self, encoded: rows::EncodedRows, number: u32) -> Result<()> {
        let sink = self.sinks.get_mut(encoded.table).expect("a context makes the sinks of its tables");
        let rows = encoded.group.rows();
        let base = u32::try_from(sink.writer.rows() + u64::from(rows)).map_err(|_| {
            Error::unexpected("too_many_rows", format!("one ingest adds more than 4 billion rows to {}", encoded.table))
                .hint("deliver the files in several runs")
        })? - rows;
        sink.entries.add(number, base, encoded.entries)?;
        sink.writer.append(encoded.group)
    }

    pub(super) fn add_block(&mut self, output: rows::BlockOutput, collected: &mut pipeline::Collected) -> Result<()> {
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
pub(super) fn note_changed_columns<'a>(record: &mut FileRecord, known: impl Iterator<Item = &'a FileRecord>, progress: &dyn Progress) {
    let Some(before) = delivery_before(known, record) else { return };
    for change in header_changes(&before.header, &record.header) {
        *record.findings.entry(change.finding.to_owned()).or_default() += 1;
        progress.note(&format!("{}: {} ({}), unlike in {}", record.file, change.finding, change.column, before.file));
    }
}

/// One more than the greatest number a file of the table has.
pub(super) fn next_number(index: &LedgerIndex, table: &Table) -> u64 {
    let Some(known) = index.tables.get(table.name) else { return 1 };
    let names = known.segments.iter().chain(&known.keys).map(|record| record.file.as_str());
    names.chain(known.corrected.iter().map(String::as_str)).filter_map(file_number).max().unwrap_or(0) + 1
}

pub(super) fn file_number(name: &str) -> Option<u64> {
    let digits: String = name.rsplit('-').next()?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

impl LedgerIndex {
    pub(super) fn quarantine_number(&self) -> u64 {
        self.quarantine.iter().filter_map(|record| file_number(&record.file)).max().unwrap_or(0) + 1
    }
}
