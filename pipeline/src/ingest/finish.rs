//! The end of an ingest: judge every new row, take out what is known or contradicts itself, and make the new index.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Decimal64Type, Int32Type, Int64Type};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::clearings::Changed;
use super::compact::{compact, write_corrected};
use super::input::BlockReader;
use super::kept_text::WrittenAs;
use super::quarantine::{QuarantineWriter, QuarantinedRow, TEXTS_KEPT, lossy};
use super::records::{Grid, Splitter};
use super::store::{
    LedgerIndex, RowGroup, RowGroupEncoder, SegmentRecord, SegmentWriter, TableIndex, TableLayout, ledger_directory, sync_directory,
};
use super::versions::{Decisions, Deliveries, Entries, KeyFile, Removal};
use super::{Run, follows, next_number, reason};
use crate::catalog::ledger_tables::Table;
use crate::error::{Result, io_error};

/// A source row, by file number and line.
type Place = (u32, i64);

/// A table whose rows are written and wait for their judgement.
struct Written {
    table: &'static str,
    layout: Arc<TableLayout>,
    name: String,
    entries: Entries,
    segment: Option<(SegmentRecord, File)>,
    known: Vec<KeyFile>,
    deliveries: Deliveries,
    decisions: Decisions,
}

impl Run<'_> {
    /// The new index, and what changed about clearings; none when rows were left out that are needed to judge others.
    pub(super) fn finish(mut self) -> Result<Option<(LedgerIndex, Changed)>> {
        let first_new = self.index.files.len();
        self.index.files.extend(self.files.iter().map(|file| file.record.clone()));
        let mut written = Vec::new();
        for (table, sink) in std::mem::take(&mut self.sinks) {
            self.index.tables.entry(table.to_owned()).or_default();
            let segment = sink.writer.finish()?;
            let known = self.index.tables[table].keys.iter().map(|record| KeyFile::open(self.out, record)).collect::<Result<_>>()?;
            written.push(Written {
                table,
                layout: sink.layout,
                name: sink.name,
                entries: sink.entries,
                segment,
                known,
                deliveries: Deliveries::new(&self.index, first_new, table),
                decisions: Decisions::default(),
            });
        }
        for table in &mut written {
            table.decide(self.out, &HashSet::new())?;
        }
        if written.iter().any(|table| table.decisions.needs_all_rows) {
            return Ok(None);
        }
        self.drop_whole_split_rows(&mut written)?;
        let split = self.files.iter().filter(|file| file.target.is_split()).map(|file| (file.record.number, file.target.word()));
        let mut judged = Judged { split_files: split.collect(), ..Judged::default() };
        judged.instants = self.index.files.iter().map(|file| file.delivered_at).collect();
        judged.dates = self.dates_of_no_longer_first();
        judged.repaired = self.files.iter_mut().map(|file| (file.record.number, std::mem::take(&mut file.repaired))).collect();
        judged.only_applications =
            self.files.iter_mut().map(|file| (file.record.number, std::mem::take(&mut file.only_applications))).collect();
        judged.partly_new = self.partly_new_rows(&written)?;
        for table in written {
            self.judge(table, &mut judged)?;
        }
        self.date_other_tables(&judged)?;
        let changed = if judged.dates.is_empty() { std::mem::take(&mut judged.clearings) } else { Changed::Everything };
        let deleted = std::mem::take(&mut judged.deleted);
        self.account(judged)?;
        for (position, file) in self.files.iter().enumerate() {
            self.index.files[first_new + position] = file.record.clone();
        }
        for (number, rows) in deleted {
            let findings = &mut self.index.files[number as usize].findings;
            *findings.entry(reason::ABSENT_FROM_FULL_DELIVERY.to_owned()).or_default() += rows;
        }
        if let Some(writer) = self.quarantine.take()
            && let Some((record, file)) = writer.finish()?
        {
            self.index.quarantine.push(record);
            self.syncs.push(file);
        }
        self.sync()?;
        Ok(Some((self.index, changed)))
    }

    /// When those files were delivered that the ledger no longer begins with; from now on their rows were not known before.
    fn dates_of_no_longer_first(&mut self) -> HashMap<i32, i64> {
        let mut dates = HashMap::new();
        for number in std::mem::take(&mut self.no_longer_first) {
            let record = &mut self.index.files[number as usize];
            record.is_first_delivery = false;
            let number = i32::try_from(number).expect("files are numbered below 2^31");
            dates.extend(record.delivered_at.map(|at| (number, at)));
        }
        dates
    }

    /// Tables that got no row have to learn of those dates as well.
    fn date_other_tables(&mut self, judged: &Judged) -> Result<()> {
        if judged.dates.is_empty() {
            return Ok(());
        }
        let ranks = self.index.delivery_ranks();
        let others = self.index.tables.keys().filter(|name| !judged.tables.contains(name.as_str()));
        for table in others.filter_map(|name| Table::named(name)).collect::<Vec<_>>() {
            let number = format!("{:06}", next_number(&self.index, table));
            let index = self.index.tables.get_mut(table.name).expect("its name was taken from there");
            self.syncs.extend(compact(self.out, index, &TableLayout::of(table), &number, &ranks, &judged.dates, self.sizes.files_max)?);
        }
        Ok(())
    }

    /// Where one part of a split row contradicts another row of its file, the whole row goes.
    fn drop_whole_split_rows(&self, written: &mut [Written]) -> Result<()> {
        let mut places: HashSet<Place> = HashSet::new();
        for table in written.iter().filter(|table| table.table != "customers") {
            let duplicates: HashSet<u32> =
                table.decisions.drops.iter().filter(|(_, why)| *why == Removal::Duplicate).map(|(row, _)| *row).collect();
            if !duplicates.is_empty() {
                table.scan(self.out, |row, place| {
                    let is_split = self.files.iter().any(|file| file.record.number == place.0 && file.target.is_split());
                    if is_split && duplicates.contains(&row) {
                        places.insert(place);
                    }
                })?;
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        for table in written.iter_mut().filter(|table| table.table != "customers") {
            let mut forced = HashSet::new();
            table.scan(self.out, |row, place| {
                if places.contains(&place) {
                    forced.insert(row);
                }
            })?;
            table.decide(self.out, &forced)?;
        }
        Ok(())
    }

    /// Split rows of which something other than a document is new: where documents were dropped, these do not count as unchanged.
    /// What a flat row says besides its documents follows from them.
    fn partly_new_rows(&self, written: &[Written]) -> Result<HashSet<Place>> {
        let mut places = HashSet::new();
        let is_told = |table: &&Written| ["applications", "clearings"].contains(&table.table);
        if written.iter().all(|table| table.table != "documents" || table.decisions.drops.is_empty()) {
            return Ok(places);
        }
        let beyond_documents: HashSet<u32> =
            self.files.iter().filter(|file| file.target.says_more_than_documents()).map(|file| file.record.number).collect();
        if beyond_documents.is_empty() {
            return Ok(places);
        }
        for table in written.iter().filter(is_told) {
            places.extend(table.decisions.taken_back.iter().filter(|place| beyond_documents.contains(&place.0)));
            let dropped: HashSet<u32> = table.decisions.drops.iter().map(|(row, _)| *row).collect();
            table.scan(self.out, |row, place| {
                if !dropped.contains(&row) && beyond_documents.contains(&place.0) {
                    places.insert(place);
                }
            })?;
        }
        Ok(places)
    }

    /// Takes dropped rows out of a table's segment, and enters the table into the index.
    fn judge(&mut self, table: Written, judged: &mut Judged) -> Result<()> {
        let Written { table: name, layout, name: segment_name, segment, deliveries, decisions, .. } = table;
        let segment = if decisions.drops.is_empty() {
            segment
        } else {
            drop(segment);
            rewrite(self.out, &layout, &segment_name, &decisions.drops, &mut |rows| judged.take(name, rows))?
        };
        judged.tables.insert(name);
        let index: &mut TableIndex = self.index.tables.get_mut(name).expect("the table was entered above");
        let known_segments = index.segments.len();
        if let Some((record, file)) = segment {
            index.segments.push(record);
            self.syncs.push(file);
        }
        index.keys.extend(decisions.keys);
        if !decisions.generated.is_empty() {
            let name = segment_name.replacen("seg-", "follows-", 1);
            if let Some(followed) = follows::write(self.out, &index.segments, &layout, &name, &decisions.generated, &judged.instants)? {
                index.segments.push(followed.segment);
                self.syncs.push(followed.file);
                for (number, rows) in followed.deleted {
                    *judged.deleted.entry(number).or_default() += rows;
                }
            }
        }
        if name == "clearings" {
            judged.clearings = Changed::by(self.out, index, &index.segments[known_segments..])?;
        }
        if !decisions.corrected.is_empty() {
            let corrected = format!("{}.parquet", segment_name.replacen("seg-", "corrected-", 1));
            self.syncs.extend(write_corrected(self.out, &corrected, decisions.corrected)?);
            index.corrected.push(corrected);
        }
        let number = segment_name.rsplit('-').next().unwrap_or_default();
        self.syncs.extend(compact(self.out, index, &layout, number, &deliveries.ranks, &judged.dates, self.sizes.files_max)?);
        Ok(())
    }

    /// Moves the dropped rows from the accepted to the unchanged and the quarantined, file by file.
    fn account(&mut self, judged: Judged) -> Result<()> {
        let positions: HashMap<u32, usize> = self.files.iter().enumerate().map(|(position, file)| (file.record.number, position)).collect();
        for ((number, table), tally) in judged.tallies {
            let counts = self.files[positions[&number]].record.tables.get_mut(table).expect("a file is accounted under its table");
            counts.accepted -= tally.accepted.rows;
            counts.amounts.accepted.0 -= tally.accepted.amount;
            counts.repaired -= tally.repaired.rows;
            counts.amounts.repaired.0 -= tally.repaired.amount;
            counts.unchanged += tally.unchanged.rows;
            counts.amounts.unchanged.0 += tally.unchanged.amount;
            counts.quarantined += tally.duplicate.rows;
            counts.amounts.quarantined.0 += tally.duplicate.amount;
            if tally.duplicate.rows > 0 {
                *counts.reasons.entry(reason::DUPLICATE_KEY.to_owned()).or_default() += tally.duplicate.rows;
            }
        }
        let mut duplicates: BTreeMap<u32, BTreeMap<i64, (&'static str, Option<i64>)>> = BTreeMap::new();
        for (place, table, amount) in judged.duplicates {
            duplicates.entry(place.0).or_default().insert(place.1, (table, amount));
        }
        for (number, lines) in duplicates {
            self.quarantine_duplicates(positions[&number], &lines)?;
        }
        Ok(())
    }

    /// Reads a file again for the raw text of rows whose keys contradict each other.
    fn quarantine_duplicates(&mut self, position: usize, lines: &BTreeMap<i64, (&'static str, Option<i64>)>) -> Result<()> {
        let file = &self.files[position];
        let mut raw: HashMap<i64, String> = HashMap::new();
        let texts_kept = usize::try_from(TEXTS_KEPT).unwrap_or(usize::MAX);
        let is_wanted = |line: i64| lines.contains_key(&line);
        let mut keep = |line: i64, text: &[u8]| {
            if raw.len() < texts_kept && is_wanted(line) {
                raw.insert(line, lossy(text));
            }
        };
        match &file.written_as {
            WrittenAs::Parquet(columns) => super::parquet_input::raw_rows(&file.path, columns, is_wanted, keep)?,
            WrittenAs::Sheet(columns) => {
                let sheet = (file.sheet.as_ref(), file.text_format.header_row);
                super::excel_input::raw_rows(&file.path, sheet, columns, is_wanted, keep)?;
            }
            WrittenAs::Text => {
                let mut reader = BlockReader::open(&file.path, file.text_format, super::BLOCK_BYTES)?;
                let (dialect, counts) = (reader.dialect, reader.counts);
                while let Some(block) = reader.next_block()? {
                    let mut splitter = Splitter::new(&block.text, block.start, block.line, dialect);
                    let (mut grid, mut broken) = (Grid::with(counts), Vec::new());
                    while splitter.fill(&mut grid, 4096, &mut broken) || !grid.records.is_empty() {
                        for record in &grid.records {
                            let line = record.line.cast_signed();
                            keep(line, &block.text[record.start..record.end]);
                        }
                        grid.clear();
                    }
                }
                let identity = reader.finish()?;
                if identity.content_hash != file.record.content_hash {
                    return Err(super::input::file_changed(&file.path));
                }
            }
        }
        let rows = lines.iter().map(|(line, (_, amount))| QuarantinedRow {
            line: line.cast_unsigned(),
            column: None,
            reason: reason::DUPLICATE_KEY,
            value: None,
            raw: raw.remove(line).unwrap_or_default(),
            amount: *amount,
        });
        let table = lines.values().next().map_or("", |(table, _)| table);
        let (source, name) = (Arc::from(file.record.source.as_str()), Arc::from(file.record.file.as_str()));
        let number = file.record.number;
        let writer = match &mut self.quarantine {
            Some(writer) => writer,
            None => {
                let name = format!("quarantine/seg-{:06}.parquet", self.index.quarantine_number());
                self.quarantine.insert(QuarantineWriter::create(self.out, name)?)
            }
        };
        writer.add(&source, &name, number, table, rows)
    }

    /// What the index will refer to must be on the disk before the index is.
    fn sync(&self) -> Result<()> {
        self.syncs.par_iter().try_for_each(|file| file.sync_data()).map_err(|cause| io_error("sync", self.out, &cause))?;
        for table in self.index.tables.values().flat_map(|table| &table.keys) {
            // Key files of earlier ingests are long on the disk; syncing them again costs nothing.
            let path = ledger_directory(self.out).join(&table.file);
            File::open(&path).and_then(|file| file.sync_data()).map_err(|cause| io_error("sync", &path, &cause))?;
        }
        for table in self.index.tables.keys() {
            let folder = ledger_directory(self.out).join(table);
            if folder.is_dir() {
                sync_directory(&folder)?;
            }
        }
        Ok(())
    }
}

impl Written {
    fn decide(&mut self, out: &Path, forced: &HashSet<u32>) -> Result<()> {
        self.decisions = self.entries.decide(&self.known, &self.deliveries, forced, out, &format!("{}.keys", self.name))?;
        Ok(())
    }

    /// Looks at every row of the segment: its number, its file and its line.
    fn scan(&self, out: &Path, mut look: impl FnMut(u32, Place)) -> Result<()> {
        let path = ledger_directory(out).join(format!("{}.parquet", self.name));
        if self.segment.is_none() {
            return Ok(());
        }
        let file = File::open(&path).map_err(|cause| io_error("open", &path, &cause))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), ["source_file", "source_line"]);
        let mut row = 0_u32;
        for batch in builder.with_projection(mask).with_batch_size(1 << 16).build()? {
            for place in places(&batch?) {
                look(row, place);
                row += 1;
            }
        }
        Ok(())
    }
}

fn places(batch: &RecordBatch) -> Vec<Place> {
    let column = |name: &str| batch.column_by_name(name).expect("every segment has its source columns");
    let files = column("source_file").as_primitive::<Int32Type>();
    let lines = column("source_line").as_primitive::<Int64Type>();
    files.values().iter().zip(lines.values()).map(|(file, line)| (file.cast_unsigned(), *line)).collect()
}

/// The rows of one row group, as they are taken out or kept.
struct JudgedRows {
    places: Vec<Place>,
    amounts: Vec<Option<i64>>,
    /// Ascending positions in the group.
    drops: Vec<(usize, Removal)>,
}

/// Rows and their amounts.
#[derive(Default)]
struct Moved {
    rows: u64,
    amount: i128,
}

impl Moved {
    fn add(&mut self, amount: Option<i64>) {
        self.rows += 1;
        self.amount += i128::from(amount.unwrap_or(0));
    }
}

/// Dropped rows of a file: where they had been counted, and where they belong.
#[derive(Default)]
struct Tally {
    accepted: Moved,
    repaired: Moved,
    unchanged: Moved,
    duplicate: Moved,
}

/// What became of rows that were dropped after they had been counted as accepted or repaired.
///
/// Nearly all rows of a delivery may be dropped, so that they are added up, not listed; contradictions are listed.
#[derive(Default)]
struct Judged {
    /// Files whose rows are split, with the word they are accounted under.
    split_files: HashMap<u32, &'static str>,
    /// Lines of these files that say an application and no document, ascending.
    only_applications: HashMap<u32, Vec<u64>>,
    /// Split rows whose documents may be known, but not what else they say.
    partly_new: HashSet<Place>,
    /// Repaired lines by file, ascending.
    repaired: HashMap<u32, Vec<u64>>,
    tallies: BTreeMap<(u32, &'static str), Tally>,
    duplicates: Vec<(Place, &'static str, Option<i64>)>,
    /// When each file was delivered.
    instants: Vec<Option<i64>>,
    /// When those files were delivered that the ledger no longer begins with.
    dates: HashMap<i32, i64>,
    /// What changed about clearings.
    clearings: Changed,
    /// Tables that got rows.
    tables: HashSet<&'static str>,
    /// Rows that were deleted because a full delivery does not contain them, by file.
    deleted: BTreeMap<u32, u64>,
}

impl Judged {
    fn take(&mut self, table: &'static str, rows: &JudgedRows) {
        let mut why = vec![None; rows.places.len()];
        for (row, drop) in &rows.drops {
            why[*row] = Some(*drop);
        }
        let mut row = 0;
        // The documents of a split row stand beside each other, the invoice first. The row is accounted once, with them; its
        // customer is not accounted for.
        for same in rows.places.chunk_by(|a, b| a == b) {
            let (place, range) = (same[0], row..row + same.len());
            row += same.len();
            let Some(word) = self.split_files.get(&place.0).copied() else {
                for row in range {
                    self.count(table, place, why[row], rows.amounts[row]);
                }
                continue;
            };
            let is_only_application =
                || self.only_applications.get(&place.0).is_some_and(|lines| lines.binary_search(&place.1.cast_unsigned()).is_ok());
            if table == "documents" || (table == "applications" && is_only_application()) {
                let first = why[range.start];
                let is_whole = why[range.clone()].iter().all(|why| *why == first) && !self.partly_new.contains(&place);
                let whole = if is_whole { first } else { None };
                self.count(word, place, whole, rows.amounts[range.start]);
            }
        }
    }

    fn count(&mut self, table: &'static str, place: Place, why: Option<Removal>, amount: Option<i64>) {
        let Some(why) = why else { return };
        let tally = self.tallies.entry((place.0, table)).or_default();
        let is_repaired = self.repaired.get(&place.0).is_some_and(|lines| lines.binary_search(&place.1.cast_unsigned()).is_ok());
        if is_repaired { &mut tally.repaired } else { &mut tally.accepted }.add(amount);
        match why {
            Removal::Unchanged => tally.unchanged.add(amount),
            Removal::Duplicate => {
                tally.duplicate.add(amount);
                self.duplicates.push((place, table, amount));
            }
        }
    }
}

/// Writes a segment again without the rows that are dropped.
fn rewrite(
    out: &Path,
    layout: &TableLayout,
    name: &str,
    drops: &[(u32, Removal)],
    look: &mut dyn FnMut(&JudgedRows),
) -> Result<Option<(SegmentRecord, File)>> {
    let path = ledger_directory(out).join(format!("{name}.parquet"));
    let old = ledger_directory(out).join(format!("{}.parquet", name.replacen("seg-", "tmp-", 1)));
    std::fs::rename(&path, &old).map_err(|cause| io_error("rename", &path, &cause))?;
    let file = File::open(&old).map_err(|cause| io_error("open", &old, &cause))?;
    let options = ArrowReaderOptions::new().with_schema(Arc::clone(&layout.schema));
    let metadata = ArrowReaderMetadata::load(&file, options)?;
    let mut starts = Vec::new();
    let mut start = 0_u64;
    for group in metadata.metadata().row_groups() {
        starts.push(start);
        start += group.num_rows().cast_unsigned();
    }
    let mut writer = SegmentWriter::create(out, format!("{name}.parquet"), &layout.schema, Some(layout))?;
    let encoder = writer.encoder();
    let groups: Vec<usize> = (0..starts.len()).collect();
    for window in groups.chunks(2 * rayon::current_num_threads()) {
        let rewritten: Vec<Result<_>> = window
            .par_iter()
            .map(|group| {
                let file = File::open(&old).map_err(|cause| io_error("open", &old, &cause))?;
                rewrite_group(file, &metadata, *group, starts[*group], drops, layout, &encoder)
            })
            .collect();
        for result in rewritten {
            let (judged, kept) = result?;
            look(&judged);
            writer.append(kept)?;
        }
    }
    std::fs::remove_file(&old).map_err(|cause| io_error("remove", &old, &cause))?;
    writer.finish()
}

fn rewrite_group(
    file: File,
    metadata: &ArrowReaderMetadata,
    group: usize,
    start: u64,
    drops: &[(u32, Removal)],
    layout: &TableLayout,
    encoder: &RowGroupEncoder,
) -> Result<(JudgedRows, RowGroup)> {
    let rows = usize::try_from(metadata.metadata().row_group(group).num_rows()).expect("a row group fits the memory");
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
        .with_row_groups(vec![group])
        .with_batch_size(rows)
        .build()?;
    let batches = reader.collect::<Result<Vec<RecordBatch>, _>>()?;
    let batch = arrow::compute::concat_batches(&layout.schema, &batches)?;
    let end = start + rows as u64;
    let first = drops.partition_point(|(row, _)| u64::from(*row) < start);
    let last = drops.partition_point(|(row, _)| u64::from(*row) < end);
    let own: Vec<(usize, Removal)> = drops[first..last]
        .iter()
        .map(|(row, why)| (usize::try_from(u64::from(*row) - start).expect("it lies in the group"), *why))
        .collect();
    let amounts = match layout.table.amount.and_then(|amount| batch.column_by_name(amount)) {
        Some(column) => column.as_primitive::<Decimal64Type>().iter().collect(),
        None => vec![None; rows],
    };
    let judged = JudgedRows { places: places(&batch), amounts, drops: own };
    let mut keep = vec![true; rows];
    for (row, _) in &judged.drops {
        keep[*row] = false;
    }
    let kept = filter_record_batch(&batch, &BooleanArray::from(keep))?;
    Ok((judged, encoder.group(kept)?))
}
