//! The quarantine: every row that could not be taken, where it stands, and why.
//!
//! Of a file in which millions of rows are wrong in one way the texts of the first [`TEXTS_KEPT`] are kept, and of the others
//! file, line, column and reason: nothing is lost count of, and the quarantine does not become as large as the input.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::store::{SegmentRecord, SegmentWriter};
use crate::error::Result;

/// Longest text that is kept of a field or a record.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// Rows of a file of which the texts are kept, for each reason.
pub const TEXTS_KEPT: u64 = 100_000;
/// Rows, or bytes of text, that are collected before they are written.
const ROWS_MAX: usize = 64 << 10;
const BYTES_MAX: usize = 32 << 20;

/// A row that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Line of the file, or row number in Parquet, from 1.
    pub line: u64,
    /// The header of the column at fault, where one is.
    pub column: Option<String>,
    /// Why.
    pub reason: &'static str,
    /// What stands in the column.
    pub value: Option<String>,
    /// What stands in the whole record.
    pub raw: String,
    /// The row's amount in ten-thousandths, where it can be read.
    pub amount: Option<i64>,
}

/// Text of a file, as far as it is text.
pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_BYTES_MAX)]).into_owned()
}

/// The columns of a quarantine segment.
pub fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("source", false),
        text("file", false),
        Field::new("source_file", DataType::Int32, false),
        Field::new("source_line", DataType::Int64, false),
        text("table_name", false),
        text("column_name", true),
        text("reason", false),
        text("value_text", true),
        text("raw_text", true),
        Field::new("amount", DataType::Decimal64(18, 4), true),
    ]))
}

struct Collected {
    source: Arc<str>,
    file: Arc<str>,
    number: i32,
    table: &'static str,
    row: QuarantinedRow,
    has_texts: bool,
}

/// Writes the quarantine of one ingest.
pub struct QuarantineWriter {
    writer: SegmentWriter,
    rows: Vec<Collected>,
    bytes: usize,
    /// Rows so far, by file, table and reason.
    counts: HashMap<(i32, &'static str, &'static str), u64>,
}

impl QuarantineWriter {
    /// Creates the segment.
    ///
    /// # Errors
    /// Exit status 1 when it cannot be written; so do the other functions.
    pub fn create(out: &Path, name: String) -> Result<Self> {
        Ok(QuarantineWriter {
            writer: SegmentWriter::create(out, name, &schema(), None)?,
            rows: Vec::new(),
            bytes: 0,
            counts: HashMap::new(),
        })
    }

    /// Adds rows of a file.
    pub fn add(
        &mut self,
        source: &Arc<str>,
        file: &Arc<str>,
        number: u32,
        table: &'static str,
        rows: impl IntoIterator<Item = QuarantinedRow>,
    ) -> Result<()> {
        let number = i32::try_from(number).expect("files are numbered below 2^31");
        for mut row in rows {
            let count = self.counts.entry((number, table, row.reason)).or_default();
            *count += 1;
            let has_texts = *count <= TEXTS_KEPT;
            if !has_texts {
                row.value = None;
                row.raw = String::new();
            }
            self.bytes += row.raw.len() + row.value.as_ref().map_or(0, String::len);
            self.rows.push(Collected { source: Arc::clone(source), file: Arc::clone(file), number, table, row, has_texts });
            if self.rows.len() >= ROWS_MAX || self.bytes >= BYTES_MAX {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        let texts = |text: &dyn Fn(&Collected) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(text).collect::<StringArray>()) };
        let amounts: Decimal64Array = rows.iter().map(|collected| collected.row.amount).collect();
        let arrays: Vec<ArrayRef> = vec![
            texts(&|collected| Some(collected.source.to_string())),
            texts(&|collected| Some(collected.file.to_string())),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|collected| collected.number))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|collected| collected.row.line.cast_signed()))),
            texts(&|collected| Some(collected.table.to_owned())),
            texts(&|collected| collected.row.column.clone()),
            texts(&|collected| Some(collected.row.reason.to_owned())),
            texts(&|collected| collected.row.value.clone()),
            texts(&|collected| collected.has_texts.then(|| collected.row.raw.clone())),
            Arc::new(amounts.with_precision_and_scale(18, 4)?),
        ];
        let group = self.writer.encoder().group(RecordBatch::try_new(schema(), arrays)?)?;
        self.writer.append(group)
    }

    /// Completes the segment; without rows there is none.
    pub fn finish(mut self) -> Result<Option<(SegmentRecord, std::fs::File)>> {
        self.flush()?;
        self.writer.finish()
    }
}
