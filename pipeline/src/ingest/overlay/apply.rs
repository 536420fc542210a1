//! Reading mended rows: the text that was kept of each, with its values replaced, goes through the mapping of its file.

use super::candidates::{self, Candidate};
use super::entries::Entry;
use super::{Mend, Overlay, Wish};
use crate::catalog::ledger_tables::{RECORDED_AT, Table};
use crate::error::{Error, Result};
use crate::ingest::arrivals::NewFile;
use crate::ingest::columns::Origin;
use crate::ingest::discover::{Delivery, Target};
use crate::ingest::input::TextFormat;
use crate::ingest::kept_text::{KEPT_DIALECT, WrittenAs, record_of};
use crate::ingest::quarantine::{QuarantinedRow, TEXT_BYTES_MAX};
use crate::ingest::records::{Dialect, Grid, Record, Splitter};
use crate::ingest::rows::{BlockOutput, BlockRows, FileContext};
use crate::ingest::versions::FILES_MAX;
use crate::ingest::{FileKind, FileRecord, FileState, Progress, Run, pipeline, reason};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What stands in a cell whose formula has no value.
const SHEET_ERRORS: [&str; 8] = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#DATA!"];

/// Messages about single entries; of more only the number is said.
const SAID: usize = 10;

impl Run<'_> {
    /// Takes up rows that go into the quarantine and that an overlay may speak of.
    pub(in crate::ingest) fn note_for_overlays(&mut self, collected: &pipeline::Collected, quarantined: &[QuarantinedRow]) {
        if self.overlay_rows.is_empty() {
            return;
        }
        for row in quarantined {
            let place = (collected.source.to_string(), collected.file.to_string(), row.line);
            if self.overlay_rows.contains(&place) {
                self.mendable.push((place.0, Candidate::new(collected.number, &collected.file, collected.table, row)));
            }
        }
    }

    /// Reads what the overlays mend.
    pub(in crate::ingest) fn mend(&mut self, overlays: &[Overlay<'_>], progress: &dyn Progress) -> Result<()> {
        for overlay in overlays {
            let mut rows = candidates::kept(self.out, &self.index, overlay)?;
            rows.extend(self.mendable.iter().filter(|(source, _)| *source == overlay.source.name).map(|(_, row)| row.clone()));
            let is_taken = overlay.is_taken(&self.index);
            let done = overlay.done(&self.index);
            let mut wishes = overlay.wishes(&rows);
            if is_taken {
                // Its content has been seen: only rows that came into the quarantine since are news.
                wishes.retain(|wish| wish.rows.iter().any(|row| !done.contains(&(row.number, row.line))));
            }
            if !wishes.is_empty() {
                self.take_overlay(overlay, &wishes, progress)?;
            }
        }
        Ok(())
    }

    fn take_overlay(&mut self, overlay: &Overlay<'_>, wishes: &[Wish<'_>], progress: &dyn Progress) -> Result<()> {
        self.flush_customers()?;
        let number = self.next_file_number()?;
        let mut record = overlay.record(number, self.next_batch());
        let mut said = Vec::new();
        let mut by_file: BTreeMap<(u32, &str), Vec<(&Wish<'_>, &Candidate)>> = BTreeMap::new();
        for wish in wishes {
            match wish.rows.last() {
                Some(newest) => by_file.entry((newest.number, &newest.table)).or_default().push((wish, newest)),
                None => said.push((wish, wish.why_not)),
            }
        }
        let mut state_target = Target::FlatInvoices;
        let (mut lines, mut only_applications) = (Vec::new(), Vec::new());
        for ((file, table), rows) in by_file {
            let (known, path) = self.known_file(file);
            let target = target_of(overlay, table);
            let delivered = Delivered { record: &known, path, target };
            let mended = self.read_mended(overlay, &delivered, &rows, &mut record, progress)?;
            said.extend(mended.refused);
            lines.extend(mended.lines);
            only_applications.extend(mended.only_applications);
            state_target = target;
        }
        lines.sort_unstable();
        lines.dedup();
        only_applications.sort_unstable();
        if !said.is_empty() {
            record.findings.insert(reason::MENDS_NOTHING.to_owned(), said.len() as u64);
            overlay.say(&said, progress);
        }
        self.files.push(FileState {
            record,
            path: overlay.path.clone(),
            target: state_target,
            repaired: lines,
            only_applications,
            text_format: TextFormat {
                delimiter: Some(KEPT_DIALECT.delimiter),
                quote: KEPT_DIALECT.quote,
                encoding: encoding_rs::UTF_8,
                header_row: None,
            },
            sheet: None,
            written_as: WrittenAs::Text,
        });
        Ok(())
    }

    /// Reads the mended rows of one delivered file.
    fn read_mended<'w>(
        &mut self,
        overlay: &Overlay<'_>,
        delivered: &Delivered<'_>,
        rows: &[(&'w Wish<'w>, &Candidate)],
        record: &mut FileRecord,
        progress: &dyn Progress,
    ) -> Result<Read<'w>> {
        let mut read = Read::default();
        if delivered.record.header.is_empty() {
            let why = "the names of the file's columns were not kept: have it delivered again";
            read.refused.extend(rows.iter().map(|(wish, _)| (*wish, why)));
            return Ok(read);
        }
        let delivery = Delivery {
            source: overlay.source,
            path: delivered.path.clone(),
            name: overlay.name.clone(),
            target: delivered.target,
            delivered_at: Some(overlay.delivered_at),
            remote_version: String::new(),
        };
        let file = NewFile { delivery, number: record.number, is_first_delivery: false, batch: record.batch };
        let mut context = self.context(&file, &delivered.record.header)?;
        context.known_rows.clear();
        let header = as_kept(&mut context, delivered);
        let dialect = overlay.dialect_of(&delivered.path);
        let mut composed = Composed::new(&header, dialect, mapped_fields_of_sheet(&context, delivered));
        for (wish, row) in rows {
            match composed.add(row, &wish.entries) {
                Ok(()) => {
                    read.lines.push(wish.entries[0].line);
                    record.mends.extend(wish.rows.iter().map(|row| row.mended_by(wish.entries[0].line)));
                }
                Err(why) => read.refused.push((*wish, why)),
            }
        }
        let mut output = composed.read(&context)?;
        for row in &output.quarantined {
            let column = row.column.as_deref().unwrap_or("the record");
            progress.note(&format!("{}:{}: still cannot be read: {column}: {}", overlay.name, row.line, row.reason));
        }
        // Whatever the mapping made of them: these rows came in because somebody mended them.
        let counts = &mut output.counts;
        counts.repaired += std::mem::take(&mut counts.accepted);
        counts.amounts.repaired.0 += std::mem::take(&mut counts.amounts.accepted).0;
        output.repaired.clone_from(&read.lines);
        read.only_applications.clone_from(&output.only_applications);
        record.tables.entry(delivered.target.word().to_owned()).or_default().add(&output.counts);
        self.add_mended(overlay, delivered, record.number, output, context)?;
        Ok(read)
    }

    fn add_mended(
        &mut self,
        overlay: &Overlay<'_>,
        delivered: &Delivered<'_>,
        number: u32,
        output: BlockOutput,
        context: FileContext,
    ) -> Result<()> {
        let mut collected = pipeline::Collected {
            source: Arc::from(overlay.source.name.as_str()),
            file: Arc::from(overlay.name.as_str()),
            number,
            table: delivered.target.word(),
            counts: crate::ingest::RowCounts::default(),
            finer_than_minor_unit: 0,
            due_dates_filled: crate::ingest::rows::Filled::default(),
            repaired: Vec::new(),
            earliest_recorded_at: None,
            only_applications: Vec::new(),
            quarantine_name: format!("quarantine/seg-{:06}.parquet", self.index.quarantine_number()),
        };
        let has_customers = context.tables.contains_key("customers") && delivered.target.is_split();
        self.add_block(output, &mut collected)?;
        if has_customers {
            self.customers_context = Some(context);
        }
        self.flush_customers()
    }

    fn known_file(&self, number: u32) -> (FileRecord, PathBuf) {
        let read_now = self.files.iter().find(|state| state.record.number == number).map(|state| &state.record);
        let known = read_now.or_else(|| self.index.files.get(number as usize)).cloned().unwrap_or_default();
        let path = PathBuf::from(&known.file);
        (known, path)
    }

    fn next_file_number(&self) -> Result<u32> {
        u32::try_from(self.index.files.len() + self.files.len())
            .ok()
            .filter(|number| *number < FILES_MAX)
            .ok_or_else(|| Error::unexpected("too_many_files", "the ledger has too many files").hint("start a new --output"))
    }

    /// After every delivery of this run: what is mended comes last.
    fn next_batch(&self) -> u32 {
        let known = self.index.files.iter().chain(self.files.iter().map(|state| &state.record));
        known.map(|record| record.batch).max().unwrap_or(0) + 1
    }
}

/// A file whose rows are mended.
struct Delivered<'a> {
    record: &'a FileRecord,
    path: PathBuf,
    target: Target,
}

/// What was read, and what could not even be tried.
#[derive(Default)]
struct Read<'w> {
    lines: Vec<u64>,
    only_applications: Vec<u64>,
    refused: Vec<(&'w Wish<'w>, &'static str)>,
}

/// What a row of the quarantine is read as, by the word it is accounted under.
fn target_of(overlay: &Overlay<'_>, table: &str) -> Target {
    Target::of_split(overlay.source.shape).or(Table::named(table).map(Target::Table)).unwrap_or(Target::FlatInvoices)
}

impl Candidate {
    fn mended_by(&self, by_line: u64) -> Mend {
        let Candidate { number, line, table, reason, amount, .. } = self;
        Mend { file: *number, line: *line, table: table.clone(), reason: reason.clone(), amount: *amount, by_line }
    }
}

impl Overlay<'_> {
    fn record(&self, number: u32, batch: u32) -> FileRecord {
        FileRecord {
            number,
            source: self.source.name.clone(),
            file: self.name.clone(),
            content_hash: self.identity.content_hash.clone(),
            bytes: self.identity.bytes,
            delivered_at: Some(self.delivered_at),
            is_overlay: true,
            batch,
            ..FileRecord::default()
        }
    }

    fn dialect_of(&self, path: &std::path::Path) -> Dialect {
        if FileKind::of(path) != FileKind::Text {
            return KEPT_DIALECT;
        }
        let is_tab_separated = path.to_string_lossy().to_ascii_lowercase().contains(".tsv");
        let default = if is_tab_separated { b'\t' } else { b',' };
        Dialect { delimiter: self.source.delimiter.unwrap_or(default), quote: self.source.quote }
    }

    fn say(&self, said: &[(&Wish<'_>, &'static str)], progress: &dyn Progress) {
        for (wish, why) in said.iter().take(SAID) {
            let entry = wish.entries[0];
            progress.note(&format!("{}:{} mends nothing: {}:{}: {why}", self.name, entry.line, entry.file, entry.row));
        }
        if said.len() > SAID {
            progress.note(&format!("{}: {} more rows mend nothing", self.name, said.len() - SAID));
        }
    }
}

/// Sets a context to read rows as the quarantine keeps them, and to take none of them for known before it was mended. Gives
/// the names of the fields.
///
/// Of a Parquet file only the columns that are mapped were kept, in their order, as this program writes them.
fn as_kept(context: &mut FileContext, delivered: &Delivered<'_>) -> Vec<String> {
    let mut header = delivered.record.header.clone();
    let kind = FileKind::of(&delivered.path);
    if kind == FileKind::Workbook {
        // Dates of cells were written as ISO dates, those of texts as they are.
        for plan in &mut context.plan.columns {
            plan.pattern = plan.pattern.clone().or_iso().unwrap_or_else(|| plan.pattern.clone());
        }
    }
    if kind == FileKind::Parquet {
        let mut fields: Vec<usize> = Vec::new();
        for plan in &context.plan.columns {
            match &plan.origin {
                Origin::Field(field) => fields.push(*field),
                Origin::Joined(joined) => fields.extend(joined.fields()),
                Origin::Constant(_) | Origin::Absent => {}
            }
        }
        fields.sort_unstable();
        fields.dedup();
        header = fields.iter().map(|field| header[*field].clone()).collect();
        for plan in &mut context.plan.columns {
            plan.read_as_written();
            let number = |field: usize| fields.binary_search(&field).unwrap_or(0);
            match &mut plan.origin {
                Origin::Field(field) => *field = number(*field),
                Origin::Joined(joined) => joined.renumber(number),
                Origin::Constant(_) | Origin::Absent => {}
            }
        }
        context.plan.width = header.len();
    }
    for plan in context.plan.columns.iter_mut().filter(|plan| plan.column.name == RECORDED_AT.name) {
        plan.origin = Origin::Absent;
    }
    header
}

/// The fields of a workbook that anything is mapped to.
fn mapped_fields_of_sheet(context: &FileContext, delivered: &Delivered<'_>) -> Vec<usize> {
    if FileKind::of(&delivered.path) != FileKind::Workbook {
        return Vec::new();
    }
    let mapped = context.plan.columns.iter().flat_map(|plan| match &plan.origin {
        Origin::Field(field) => vec![*field],
        Origin::Joined(joined) => joined.fields().collect(),
        Origin::Constant(_) | Origin::Absent => Vec::new(),
    });
    mapped.collect()
}

/// Mended records, put together as a block.
struct Composed<'h> {
    header: &'h [String],
    dialect: Dialect,
    /// The fields of a workbook in which an error of the sheet is no value.
    no_errors_in: Vec<usize>,
    block: Vec<u8>,
    records: Vec<(Record, Vec<(u32, u32)>)>,
    refused: Vec<Refused>,
}

/// A record of which no field is read.
struct Refused {
    line: u64,
    reason: &'static str,
    field: Option<usize>,
    fields: Vec<String>,
}

impl<'h> Composed<'h> {
    fn new(header: &'h [String], dialect: Dialect, no_errors_in: Vec<usize>) -> Self {
        Composed { header, dialect, no_errors_in, block: Vec::new(), records: Vec::new(), refused: Vec::new() }
    }

    /// Adds a row with its values replaced; else why it cannot be.
    fn add(&mut self, row: &Candidate, entries: &[&Entry]) -> Result<(), &'static str> {
        let whole = entries.iter().rev().find(|entry| entry.column.is_none());
        let raw = match (whole, &row.raw) {
            (Some(entry), _) => entry.value.as_str(),
            (None, None) => return Err("of so many rows with this reason the text was not kept: have the file delivered again"),
            (None, Some(raw)) if raw.len() >= TEXT_BYTES_MAX => return Err("of a row this long not all was kept: give the whole record"),
            (None, Some(raw)) => raw,
        };
        let mut fields = split(raw, self.header.len(), self.dialect).ok_or("the record has not the fields of its header: give it whole")?;
        for entry in entries {
            let Some(column) = &entry.column else { continue };
            let Some(at) = self.header.iter().position(|name| name == column) else { return Err("the file has no such column") };
            fields[at] = entry.value.clone();
        }
        self.push(fields, entries[0].line);
        Ok(())
    }

    fn push(&mut self, fields: Vec<String>, line: u64) {
        // What was not text when it came is still not, unless it was replaced; nor is an error of a sheet a value.
        let any = |sign: char| fields.iter().any(|field| field.contains(sign));
        let error = self.no_errors_in.iter().copied().find(|field| SHEET_ERRORS.contains(&fields[*field].as_str()));
        let refused = match error {
            Some(field) => Some((reason::CELL_ERROR, Some(field))),
            None if any('\0') => Some((reason::NUL_BYTE, None)),
            None => any('\u{FFFD}').then_some((reason::BAD_ENCODING, None)),
        };
        if let Some((reason, field)) = refused {
            self.refused.push(Refused { line, reason, field, fields });
            return;
        }
        let start = self.block.len();
        let at = |block: &[u8]| u32::try_from(block.len()).expect("what people write by hand is shorter than 2 GiB");
        let mut places = Vec::with_capacity(fields.len());
        for (position, field) in fields.iter().enumerate() {
            if position > 0 {
                self.block.push(self.dialect.delimiter);
            }
            let from = at(&self.block);
            self.block.extend_from_slice(field.as_bytes());
            places.push((from, at(&self.block)));
        }
        self.records.push((Record { start, end: self.block.len(), line }, places));
        self.block.push(b'\n');
    }

    fn read(self, context: &FileContext) -> Result<BlockOutput> {
        let mut grid = Grid::new(self.header.len());
        for (record, places) in self.records {
            grid.push(record, places);
        }
        let mut rows = BlockRows::of_fields(context, self.dialect);
        rows.add(&grid, &self.block);
        for Refused { line, reason, field, fields } in &self.refused {
            let at_fault = field.map(|field| (self.header[field].clone(), fields[field].as_bytes()));
            rows.add_refused(*line, reason, at_fault, &record_of(fields.iter().map(String::as_bytes), self.dialect));
        }
        rows.finish()
    }
}

/// The fields of one record; nothing where it has others than its header.
fn split(raw: &str, width: usize, dialect: Dialect) -> Option<Vec<String>> {
    let block = raw.as_bytes();
    let mut splitter = Splitter::new(block, 0, 1, dialect);
    let (mut grid, mut broken) = (Grid::new(width), Vec::new());
    while splitter.fill(&mut grid, 2, &mut broken) && grid.records.len() < 2 {}
    let is_one = grid.records.len() == 1 && broken.is_empty();
    is_one.then(|| (0..width).map(|column| String::from_utf8_lossy(grid.field(block, 0, column)).into_owned()).collect())
}
