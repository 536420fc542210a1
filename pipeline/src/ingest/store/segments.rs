//! Parquet files of the store, a row group at a time.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::writer::SerializedFileWriter;

use super::hashing::HashingWriter;
use super::layout::{TableLayout, properties};
use super::{SegmentRecord, ledger_directory, remove_if_there};
use crate::error::{Result, io_error};

/// Encodes the columns of a row group, away from the file they will stand in.
#[derive(Clone)]
pub struct RowGroupEncoder {
    factory: Arc<ArrowRowGroupWriterFactory>,
    schema: SchemaRef,
}

impl RowGroupEncoder {
    /// Encodes rows, if they are enough for a row group.
    pub fn group(&self, batch: RecordBatch) -> Result<RowGroup> {
        if batch.num_rows() < GROUP_ROWS_MIN {
            return Ok(RowGroup::Few(batch));
        }
        Ok(RowGroup::Encoded(self.encode(batch.columns())?, rows_of(&batch)))
    }

    /// The schema of the file.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Encodes arrays, one for each column of the schema.
    pub fn encode(&self, arrays: &[ArrayRef]) -> Result<Vec<ArrowColumnChunk>> {
        let writers = self.factory.create_column_writers(0)?;
        let mut chunks = Vec::with_capacity(writers.len());
        for ((mut writer, array), field) in writers.into_iter().zip(arrays).zip(self.schema.fields()) {
            for leaf in compute_leaves(field, array)? {
                writer.write(&leaf)?;
            }
            chunks.push(writer.close()?);
        }
        Ok(chunks)
    }
}

/// Rows below which a group is not written by itself but with those that follow: many small files, or the few rows of a
/// delivery that say something new, must not become as many row groups.
pub const GROUP_ROWS_MIN: usize = 1 << 14;
/// Rows at which collected groups are written.
const GROUP_ROWS: usize = 1 << 16;

/// Rows for a segment: encoded already, or too few to be a row group of their own.
pub enum RowGroup {
    /// Encoded columns and the number of their rows.
    Encoded(Vec<ArrowColumnChunk>, u32),
    /// Rows to be collected.
    Few(RecordBatch),
}

impl RowGroup {
    /// Number of rows.
    pub fn rows(&self) -> u32 {
        match self {
            RowGroup::Encoded(_, rows) => *rows,
            RowGroup::Few(batch) => rows_of(batch),
        }
    }
}

fn rows_of(batch: &RecordBatch) -> u32 {
    u32::try_from(batch.num_rows()).expect("a block has fewer than 2^32 rows")
}

/// Writes one Parquet file of the store, a row group at a time.
pub struct SegmentWriter {
    few: Vec<RecordBatch>,
    writer: SerializedFileWriter<BufWriter<HashingWriter>>,
    encoder: RowGroupEncoder,
    path: PathBuf,
    name: String,
    rows: u64,
}

impl SegmentWriter {
    /// Creates `OUT/ledger/<name>`.
    pub fn create(out: &Path, name: String, schema: &SchemaRef, layout: Option<&TableLayout>) -> Result<Self> {
        let path = ledger_directory(out).join(&name);
        let parquet_schema = ArrowSchemaConverter::new().schema_root("ledger").convert(schema)?;
        let writer =
            SerializedFileWriter::new(HashingWriter::create(&path)?, parquet_schema.root_schema_ptr(), properties(schema, layout))?;
        let factory = Arc::new(ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema)));
        Ok(SegmentWriter { writer, few: Vec::new(), encoder: RowGroupEncoder { factory, schema: Arc::clone(schema) }, path, name, rows: 0 })
    }

    /// What encodes row groups for this file.
    pub fn encoder(&self) -> RowGroupEncoder {
        self.encoder.clone()
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends rows.
    pub fn append(&mut self, group: RowGroup) -> Result<()> {
        if group.rows() == 0 {
            return Ok(());
        }
        self.rows += u64::from(group.rows());
        match group {
            RowGroup::Encoded(chunks, _) => {
                self.flush()?;
                self.write(chunks)
            }
            RowGroup::Few(batch) => {
                self.few.push(batch);
                if self.few.iter().map(RecordBatch::num_rows).sum::<usize>() >= GROUP_ROWS { self.flush() } else { Ok(()) }
            }
        }
    }

    /// Writes the rows that were collected.
    fn flush(&mut self) -> Result<()> {
        let few = std::mem::take(&mut self.few);
        if few.is_empty() {
            return Ok(());
        }
        let batch = concat_batches(&self.encoder.schema, &few)?;
        let chunks = self.encoder.encode(batch.columns())?;
        self.write(chunks)
    }

    fn write(&mut self, chunks: Vec<ArrowColumnChunk>) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Appends a row group of another file of the same layout, byte by byte.
    pub fn append_encoded(&mut self, file: &File, group: &RowGroupMetaData) -> Result<()> {
        self.flush()?;
        let mut written = self.writer.next_row_group()?;
        for column in group.columns() {
            let closed = ColumnCloseResult {
                bytes_written: column.compressed_size().cast_unsigned(),
                rows_written: group.num_rows().cast_unsigned(),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            written.append_column(file, closed)?;
        }
        written.close()?;
        self.rows += group.num_rows().cast_unsigned();
        Ok(())
    }

    /// Completes the file; without rows there is none.
    pub fn finish(mut self) -> Result<Option<(SegmentRecord, File)>> {
        self.flush()?;
        if self.rows == 0 {
            drop(self.writer);
            remove_if_there(&self.path)?;
            return Ok(None);
        }
        let buffered = self.writer.into_inner()?;
        let writer = buffered.into_inner().map_err(|cause| io_error("write", &self.path, cause.error()))?;
        Ok(Some(writer.record(self.name, self.rows)))
    }
}
