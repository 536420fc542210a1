//! The stored applications that follow from clearings: segments and keys of their own.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Date32Type, Decimal64Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::super::compact::{due, write_corrected};
use super::super::rows::{EncodedRows, Tables, encode_rows};
use super::super::store::{GROUP_ROWS_MIN, LedgerIndex, SegmentRecord, SegmentWriter, TableLayout, ledger_directory, sync_directory};
use super::resolve::{Derived, columns_of, hash_of};
use super::{FOLDER, is_derived};
use crate::catalog::ledger_tables::Table;
use crate::error::{Result, io_error};

/// Rows encoded together.
const ROWS_AT_ONCE: usize = 1 << 16;

/// The segments of derived applications, in the order of the index.
pub fn derived(index: &LedgerIndex) -> Vec<SegmentRecord> {
    let table = index.tables.get("applications").into_iter();
    table.flat_map(|table| &table.segments).filter(|segment| is_derived(&segment.file)).cloned().collect()
}

/// Whether it is time to merge segments, with one more of so many rows.
pub fn are_due(segments: &[SegmentRecord], rows: u64, files_max: usize) -> bool {
    let next = SegmentRecord { file: String::new(), rows, bytes: 0, content_hash: String::new() };
    due(&[segments, &[next]].concat(), files_max).is_some()
}

/// Rows that are encoded, and keys that have, or may have, several versions.
pub struct EncodedPart {
    rows: Vec<EncodedRows>,
    corrected: Vec<i64>,
}

/// Writes one segment of derived applications.
pub struct Writer<'o> {
    out: &'o Path,
    number: u64,
    tables: Tables,
    segment: SegmentWriter,
    corrected: BTreeSet<i64>,
}

impl<'o> Writer<'o> {
    /// Creates the next segment, `cleared/<kind>-<number>.parquet`.
    ///
    /// # Errors
    /// Exit status 1 when the store cannot be read or written; so do the other functions.
    pub fn create(out: &'o Path, index: &LedgerIndex, kind: &str) -> Result<Self> {
        let table = Table::named("applications").expect("the canonical tables have it");
        let number = next_number(index);
        let layout = Arc::new(TableLayout::of(table));
        let segment = SegmentWriter::create(out, format!("{FOLDER}{kind}-{number:06}.parquet"), &layout.schema, Some(&layout))?;
        let tables = Tables::from([(table.name, (layout, segment.encoder()))]);
        Ok(Writer { out, number, tables, segment, corrected: BTreeSet::new() })
    }

    /// Encodes rows; can be done beside other work.
    pub fn encode(&self, mut derived: Vec<Derived<'_>>, corrected: Vec<i64>) -> Result<EncodedPart> {
        derived.sort_unstable_by(|a, b| (a.place, &a.application_id, a.recorded_at).cmp(&(b.place, &b.application_id, b.recorded_at)));
        let (layout, _) = &self.tables["applications"];
        let mut encoded = Vec::new();
        for of_file in derived.chunk_by(|a, b| a.place.0 == b.place.0) {
            for rows in of_file.chunks(ROWS_AT_ONCE) {
                let lines: Vec<i64> = rows.iter().map(|row| row.place.1).collect();
                let columns = columns_of(layout, rows);
                encoded.extend(encode_rows(&self.tables, None, "applications", columns, (&lines, rows[0].place.0))?);
            }
        }
        Ok(EncodedPart { rows: encoded, corrected })
    }

    /// Appends encoded rows.
    pub fn append(&mut self, part: EncodedPart) -> Result<()> {
        self.corrected.extend(part.corrected);
        part.rows.into_iter().try_for_each(|rows| self.segment.append(rows.group))
    }

    /// Appends all that is stored, but for rows of which the hash is one of `without`.
    pub fn append_stored(&mut self, index: &LedgerIndex, without: &HashSet<u64>) -> Result<()> {
        let (layout, encoder) = (Arc::clone(&self.tables["applications"].0), self.segment.encoder());
        for record in derived(index) {
            let path = ledger_directory(self.out).join(&record.file);
            let open = || File::open(&path).map_err(|cause| io_error("open", &path, &cause));
            let file = open()?;
            let options = ArrowReaderOptions::new().with_schema(Arc::clone(&layout.schema));
            let metadata = ArrowReaderMetadata::load(&file, options)?;
            for (group, described) in metadata.metadata().row_groups().iter().enumerate() {
                let rows = usize::try_from(described.num_rows()).expect("a row group fits the memory");
                let read = |columns: Option<&[&str]>| -> Result<RecordBatch> {
                    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open()?, metadata.clone());
                    if let Some(columns) = columns {
                        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
                        builder = builder.with_projection(mask);
                    }
                    let reader = builder.with_row_groups(vec![group]).with_batch_size(rows.max(1)).build()?;
                    let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
                    Ok(concat_batches(&schema, &reader.collect::<std::result::Result<Vec<_>, _>>()?)?)
                };
                let keep = if without.is_empty() { vec![true; rows] } else { kept(&read(Some(&HASHED))?, without) };
                if rows >= GROUP_ROWS_MIN && !keep.contains(&false) {
                    self.segment.append_encoded(&file, described)?;
                } else {
                    self.segment.append(encoder.group(filter_record_batch(&read(None)?, &BooleanArray::from(keep))?)?)?;
                }
            }
        }
        let table = index.tables.get("applications").into_iter();
        for name in table.flat_map(|table| &table.corrected).filter(|file| is_derived(file)) {
            let path = ledger_directory(self.out).join(name);
            let file = File::open(&path).map_err(|cause| io_error("open", &path, &cause))?;
            for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
                self.corrected.extend(batch?.column(0).as_primitive::<Int64Type>().values());
            }
        }
        Ok(())
    }

    /// Enters what was written into the index, instead of what was there where `anew`.
    pub fn finish(self, index: &mut LedgerIndex, anew: bool) -> Result<()> {
        let table = index.tables.entry("applications".to_owned()).or_default();
        if anew {
            table.segments.retain(|segment| !is_derived(&segment.file));
            table.corrected.retain(|file| !is_derived(file));
        }
        let folder = ledger_directory(self.out).join(FOLDER);
        let Some((record, file)) = self.segment.finish()? else { return Ok(()) };
        file.sync_data().map_err(|cause| io_error("sync", &folder, &cause))?;
        table.segments.push(record);
        if !self.corrected.is_empty() {
            let name = format!("{FOLDER}corrected-{:06}.parquet", self.number);
            if let Some(file) = write_corrected(self.out, &name, self.corrected.into_iter().collect())? {
                file.sync_data().map_err(|cause| io_error("sync", &folder, &cause))?;
            }
            table.corrected.push(name);
        }
        sync_directory(&folder)
    }
}

/// The columns that are hashed.
const HASHED: [&str; 5] = ["row_key", "recorded_at", "amount", "applied_date", "is_deleted"];

/// Which rows have none of these hashes.
fn kept(batch: &RecordBatch, without: &HashSet<u64>) -> Vec<bool> {
    let column = |name: &str| batch.column_by_name(name).expect("it was asked for");
    let (keys, amounts) = (column("row_key").as_primitive::<Int64Type>(), column("amount").as_primitive::<Decimal64Type>());
    let (recorded, dates) =
        (column("recorded_at").as_primitive::<TimestampMicrosecondType>(), column("applied_date").as_primitive::<Date32Type>());
    let deleted = column("is_deleted").as_boolean();
    let is_kept = |row: usize| {
        let recorded_at = if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
        let is_deleted = deleted.is_valid(row) && deleted.value(row);
        !without.contains(&hash_of(keys.value(row), recorded_at, amounts.value(row), dates.value(row), is_deleted))
    };
    (0..batch.num_rows()).map(is_kept).collect()
}

/// One more than the greatest number a derived segment has.
fn next_number(index: &LedgerIndex) -> u64 {
    let table = index.tables.get("applications");
    let names = table.into_iter().flat_map(|table| table.segments.iter().map(|segment| &segment.file).chain(&table.corrected));
    names.filter(|name| is_derived(name)).filter_map(|name| super::super::run::file_number(name)).max().unwrap_or(0) + 1
}
