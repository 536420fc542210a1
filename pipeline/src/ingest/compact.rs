//! Compaction: many small segments become few large ones, with the same rows in the same order.
//!
//! A night that delivers one row in a hundred leaves a small segment and a small key file; after a hundred nights every run
//! would open a hundred of each. When what came since is more than a tenth of the ledger, it is merged. Row groups that are
//! large enough are copied as they are; small ones are put together.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::clearings::is_derived;
use super::store::{GROUP_ROWS_MIN, SegmentRecord, SegmentWriter, TableIndex, TableLayout, ledger_directory};
use super::versions::{KeyFile, merge};
use crate::error::{Result, io_error};

/// Files of a kind from which on they are merged, however small they are.
pub const FILES_MAX: usize = 32;

/// What a compaction wrote: to be synced before the index refers to it.
pub type Written = Vec<File>;

/// Merges the files of a table where it is time to.
///
/// `number` is the number of this ingest's files of the table, `ranks` each delivered file's place in the order of
/// deliveries, and `dates` the instants of files whose rows are no longer known from the beginning: then every segment is
/// written again. More than `files_max` files of a kind are merged, however small they are.
///
/// # Errors
/// Exit status 1 when the store cannot be read or written.
pub fn compact(
    out: &Path,
    table: &mut TableIndex,
    layout: &TableLayout,
    number: &str,
    ranks: &[u32],
    dates: &HashMap<i32, i64>,
    files_max: usize,
) -> Result<Written> {
    let mut written = Written::new();
    // What follows from clearings is kept by itself.
    let (derived, own): (Vec<_>, Vec<_>) = std::mem::take(&mut table.segments).into_iter().partition(|record| is_derived(&record.file));
    table.segments = own;
    let first = if dates.is_empty() { due(&table.segments, files_max) } else { Some(0) };
    if let Some(first) = first {
        let name = format!("{}/merged-{number}.parquet", layout.table.name);
        let merged = merge_segments(out, &table.segments[first..], layout, &name, dates)?;
        table.segments.truncate(first);
        if let Some((record, file)) = merged {
            table.segments.push(record);
            written.push(file);
        }
    }
    table.segments.extend(derived);
    if let Some(first) = due(&table.keys, files_max) {
        let files = table.keys[first..].iter().map(|record| KeyFile::open(out, record)).collect::<Result<Vec<_>>>()?;
        let merged = merge(&files, ranks, out, &format!("{}/merged-{number}.keys", layout.table.name))?;
        table.keys.truncate(first);
        table.keys.extend(merged);
    }
    if table.corrected.len() > files_max {
        written.extend(merge_corrected(out, table, layout.table.name, number)?);
    }
    Ok(written)
}

/// From which file on they are to be merged, if it is time: all when those after the first are more than a tenth of it.
pub fn due(files: &[SegmentRecord], files_max: usize) -> Option<usize> {
    let (first, rest) = files.split_first()?;
    let later: u64 = rest.iter().map(|record| record.rows).sum();
    if rest.is_empty() {
        None
    } else if later > first.rows / 10 && (later > GROUP_ROWS_MIN as u64 || files.len() > files_max) {
        Some(0)
    } else if files.len() > files_max {
        Some(1)
    } else {
        None
    }
}

fn merge_segments(
    out: &Path,
    segments: &[SegmentRecord],
    layout: &TableLayout,
    name: &str,
    dates: &HashMap<i32, i64>,
) -> Result<Option<(SegmentRecord, File)>> {
    let mut writer = SegmentWriter::create(out, name.to_owned(), &layout.schema, Some(layout))?;
    let encoder = writer.encoder();
    for segment in segments {
        let path = ledger_directory(out).join(&segment.file);
        let file = File::open(&path).map_err(|cause| io_error("open", &path, &cause))?;
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(&layout.schema));
        let metadata = ArrowReaderMetadata::load(&file, options)?;
        for (group, described) in metadata.metadata().row_groups().iter().enumerate() {
            let rows = usize::try_from(described.num_rows()).expect("a row group fits the memory");
            if dates.is_empty() && rows >= GROUP_ROWS_MIN {
                writer.append_encoded(&file, described)?;
                continue;
            }
            let file = file.try_clone().map_err(|cause| io_error("open", &path, &cause))?;
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_row_groups(vec![group])
                .with_batch_size(rows.max(1))
                .build()?;
            let batches = reader.collect::<Result<Vec<RecordBatch>, _>>()?;
            let batch = dated(concat_batches(&layout.schema, &batches)?, dates)?;
            writer.append(encoder.group(batch)?)?;
        }
    }
    writer.finish()
}

/// Gives rows that were known from the beginning the instant of their file, where it has one now.
fn dated(batch: RecordBatch, dates: &HashMap<i32, i64>) -> Result<RecordBatch> {
    if dates.is_empty() {
        return Ok(batch);
    }
    let position = batch.schema().index_of("recorded_at")?;
    let recorded = batch.column(position).as_primitive::<TimestampMicrosecondType>();
    let files = batch.column(batch.schema().index_of("source_file")?).as_primitive::<Int32Type>();
    let instant = |row: usize| if recorded.is_valid(row) { Some(recorded.value(row)) } else { dates.get(&files.value(row)).copied() };
    let instants: TimestampMicrosecondArray = (0..batch.num_rows()).map(instant).collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[position] = Arc::new(instants.with_timezone("UTC"));
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

fn merge_corrected(out: &Path, table: &mut TableIndex, name: &str, number: &str) -> Result<Option<File>> {
    let mut keys: Vec<i64> = Vec::new();
    for corrected in &table.corrected {
        let path = ledger_directory(out).join(corrected);
        let file = File::open(&path).map_err(|cause| io_error("open", &path, &cause))?;
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
            keys.extend(batch?.column(0).as_primitive::<Int64Type>().values());
        }
    }
    keys.sort_unstable();
    keys.dedup();
    let merged = format!("{name}/merged-corrected-{number}.parquet");
    let file = write_corrected(out, &merged, keys)?;
    table.corrected = vec![merged];
    Ok(file)
}

/// Writes the keys of a table that have more than one version.
///
/// # Errors
/// Exit status 1 when the file cannot be written.
pub fn write_corrected(out: &Path, name: &str, keys: Vec<i64>) -> Result<Option<File>> {
    let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("row_key", DataType::Int64, false)]));
    let mut writer = SegmentWriter::create(out, name.to_owned(), &schema, None)?;
    let keys: ArrayRef = Arc::new(Int64Array::from(keys));
    let group = writer.encoder().group(RecordBatch::try_new(schema, vec![keys])?)?;
    writer.append(group)?;
    Ok(writer.finish()?.map(|(_, file)| file))
}
