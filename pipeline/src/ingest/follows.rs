//! Rows that stand in no file but follow from a delivery: deletions of what a full delivery does not contain, and statements
//! that a late delivery would otherwise cover up. Each is a copy of a row of its key, with the instant of the delivery.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Int32Array, Int64Array, RecordBatch, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::record_batch::RecordBatchReader as _;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::clearings::is_derived;
use super::store::{SegmentRecord, SegmentWriter, TableLayout, ledger_directory};
use super::versions::{Generated, Source};
use crate::error::{Error, Result, io_error};

/// What was written.
pub struct Followed {
    /// The segment.
    pub segment: SegmentRecord,
    /// Its file, to be synced.
    pub file: File,
    /// Deletions, by the number of the file they follow from.
    pub deleted: BTreeMap<u32, u64>,
}

/// A row group of a segment.
struct Group {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    group: usize,
}

/// A row of a group that is copied, and what becomes of it.
type Copy = (u32, Generated);

/// Writes the rows `generated` as the segment `name`, copied from rows of `segments`.
///
/// `instants` is when each file was delivered, by number.
///
/// # Errors
/// Exit status 1 when the store cannot be read or written, or a row to be copied is not there.
pub fn write(
    out: &Path,
    segments: &[SegmentRecord],
    layout: &TableLayout,
    name: &str,
    generated: &[Generated],
    instants: &[Option<i64>],
) -> Result<Option<Followed>> {
    let groups = row_groups(out, segments, layout)?;
    let copies = find(&groups, generated)?;
    let mut writer = SegmentWriter::create(out, format!("{name}.parquet"), &layout.schema, Some(layout))?;
    let mut deleted: BTreeMap<u32, u64> = BTreeMap::new();
    let encoder = writer.encoder();
    let wanted: Vec<(&Group, &Vec<Copy>)> = groups.iter().zip(&copies).filter(|(_, copies)| !copies.is_empty()).collect();
    for window in wanted.chunks(2 * rayon::current_num_threads()) {
        let batches: Vec<Result<RecordBatch>> = window.par_iter().map(|(group, copies)| copied(group, copies, layout, instants)).collect();
        for batch in batches {
            writer.append(encoder.group(batch?)?)?;
        }
    }
    for row in generated.iter().filter(|row| row.is_gone) {
        *deleted.entry(row.file).or_default() += 1;
    }
    Ok(writer.finish()?.map(|(segment, file)| Followed { segment, file, deleted }))
}

fn row_groups(out: &Path, segments: &[SegmentRecord], layout: &TableLayout) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for segment in segments.iter().filter(|segment| !is_derived(&segment.file)) {
        let path = ledger_directory(out).join(&segment.file);
        let file = File::open(&path).map_err(|cause| io_error("open", &path, &cause))?;
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(&layout.schema));
        let metadata = ArrowReaderMetadata::load(&file, options)?;
        let count = metadata.metadata().num_row_groups();
        groups.extend((0..count).map(|group| Group { path: path.clone(), metadata: metadata.clone(), group }));
    }
    Ok(groups)
}

/// For each group the rows that are copied: of several rows of a key and file the last.
fn find(groups: &[Group], generated: &[Generated]) -> Result<Vec<Vec<Copy>>> {
    let mut wanted: HashMap<(i64, Source), Vec<usize>> = HashMap::new();
    for (position, row) in generated.iter().enumerate() {
        wanted.entry((row.row_key, row.from)).or_default().push(position);
    }
    type Places = Vec<(u32, (i64, Source))>;
    let found: Vec<Result<Places>> = groups
        .par_iter()
        .map(|group| {
            let batch = group.read(Some(&["row_key", "source_file", "source_line"]))?;
            let keys = batch.column(0).as_primitive::<Int64Type>();
            let files = batch.column(1).as_primitive::<Int32Type>();
            let lines = batch.column(2).as_primitive::<Int64Type>();
            let places = (0..batch.num_rows()).map(|row| {
                let from = Source { file: files.value(row).cast_unsigned(), is_generated: lines.value(row) == 0 };
                (keys.value(row), from)
            });
            Ok((0..).zip(places).filter(|(_, place)| wanted.contains_key(place)).collect())
        })
        .collect();
    let mut last: HashMap<(i64, Source), (usize, u32)> = HashMap::new();
    for (position, rows) in found.into_iter().enumerate() {
        last.extend(rows?.into_iter().map(|(row, place)| (place, (position, row))));
    }
    let mut copies: Vec<Vec<Copy>> = groups.iter().map(|_| Vec::new()).collect();
    for (place, positions) in wanted {
        let Some((group, row)) = last.get(&place) else {
            return Err(Error::unexpected(
                "store_damaged",
                format!("a row of the store is missing: key {} of file {}", place.0, place.1.file),
            )
            .hint("restore the folder `ledger` from a backup, or move it away and ingest again"));
        };
        copies[*group].extend(positions.into_iter().map(|position| (*row, generated[position])));
    }
    for copies in &mut copies {
        copies.sort_unstable_by_key(|(row, generated)| (*row, generated.file, generated.is_gone));
    }
    Ok(copies)
}

impl Group {
    fn read(&self, columns: Option<&[&str]>) -> Result<RecordBatch> {
        let file = File::open(&self.path).map_err(|cause| io_error("open", &self.path, &cause))?;
        let rows = usize::try_from(self.metadata.metadata().row_group(self.group).num_rows()).expect("a row group fits the memory");
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        if let Some(columns) = columns {
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        let reader = builder.with_row_groups(vec![self.group]).with_batch_size(rows.max(1)).build()?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<RecordBatch>, _>>()?;
        Ok(arrow::compute::concat_batches(&schema, &batches)?)
    }
}

fn copied(group: &Group, copies: &[Copy], layout: &TableLayout, instants: &[Option<i64>]) -> Result<RecordBatch> {
    let rows: UInt32Array = copies.iter().map(|(row, _)| *row).collect();
    let batch = take_record_batch(&group.read(None)?, &rows)?;
    let position = |name: &str| layout.schema.index_of(name);
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let deleted = batch.column(position("is_deleted")?).as_boolean().clone();
    let is_deleted = |row: usize| if copies[row].1.is_gone { Some(true) } else { deleted.is_valid(row).then(|| deleted.value(row)) };
    columns[position("is_deleted")?] = Arc::new((0..copies.len()).map(is_deleted).collect::<BooleanArray>());
    let recorded: TimestampMicrosecondArray = copies.iter().map(|(_, generated)| instants[generated.file as usize]).collect();
    columns[position("recorded_at")?] = Arc::new(recorded.with_timezone("UTC"));
    let files = copies.iter().map(|(_, generated)| i32::try_from(generated.file).expect("files are numbered below 2^31"));
    columns[position("source_file")?] = Arc::new(Int32Array::from_iter_values(files));
    columns[position("source_line")?] = Arc::new(Int64Array::from(vec![0; copies.len()]));
    Ok(RecordBatch::try_new(Arc::clone(&layout.schema), columns)?)
}
