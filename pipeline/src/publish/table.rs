//! Writing one published table as Parquet: explicit schema, exact decimals, the same bytes for the same rows.

use crate::catalog::published::{Table, Type};
use crate::error::{Result, io_error};
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use polars::prelude::{Column, DataFrame};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a row group: enough to compress well, few enough to skip by statistics.
const ROW_GROUP_ROWS: usize = 250_000;

/// The Arrow type a published type is written as.
pub fn arrow_type(kind: Type) -> DataType {
    match kind {
        Type::Text => DataType::Utf8,
        Type::Date => DataType::Date32,
        Type::Integer => DataType::Int64,
        Type::Boolean => DataType::Boolean,
        Type::Double => DataType::Float64,
        Type::Amount => DataType::Decimal128(18, 4),
        Type::Sum => DataType::Decimal128(38, 4),
    }
}

/// Writes the rows of one table, in the order they come.
pub struct TableWriter {
    table: &'static Table,
    path: PathBuf,
    schema: Arc<Schema>,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl TableWriter {
    /// Creates the file; `metadata` becomes the file's key-value metadata.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(table: &'static Table, path: &Path, metadata: &[(String, String)]) -> Result<Self> {
        let fields: Vec<Field> = table
            .columns
            .iter()
            .map(|column| {
                Field::new(column.name, arrow_type(column.kind), !table.key.contains(&column.name) || is_nullable_key(table, column.name))
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|cause| io_error("create the folder", folder, &cause))?;
        }
        let file = File::create(path).map_err(|cause| io_error("create the file", path, &cause))?;
        let position = |name: &str| table.columns.iter().position(|column| column.name == name);
        let sorting = table.key.iter().filter_map(|name| position(name)).filter_map(|at| i32::try_from(at).ok());
        let sorting = sorting.map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true }).collect();
        let metadata = metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(format!("arrears {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(metadata))
            .set_sorting_columns(Some(sorting))
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        Ok(TableWriter { table, path: path.to_path_buf(), schema, writer, rows: 0 })
    }

    /// Adds rows; the frame must have the table's columns, in any order.
    ///
    /// # Errors
    /// When a column is missing or of another type, or the disk is full.
    pub fn write(&mut self, rows: &DataFrame) -> Result<()> {
        self.rows += rows.height() as u64;
        self.writer.write(&to_batch(self.table, &self.schema, rows)?)?;
        Ok(())
    }

    /// Finishes the file and makes it durable; returns the number of rows.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(self) -> Result<u64> {
        let file = self.writer.into_inner()?;
        file.sync_all().map_err(|cause| io_error("write", &self.path, &cause))?;
        Ok(self.rows)
    }
}

/// Keys that may be null: what a file does not say of a row, and what is said of all.
fn is_nullable_key(table: &Table, column: &str) -> bool {
    matches!(
        (table.name, column),
        ("data_quality", "reason")
            | ("quarantine", "record_key" | "line")
            | ("restatement_rows", "document_id" | "item_no")
            | ("risk_performance", "month_end" | "grade")
    )
}

/// Converts a frame to the table's schema.
///
/// # Errors
/// When a column is missing or of another type.
pub fn to_batch(table: &Table, schema: &Arc<Schema>, rows: &DataFrame) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> =
        table.columns.iter().map(|column| to_array(rows.column(column.name)?, column.kind)).collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn to_array(column: &Column, kind: Type) -> Result<ArrayRef> {
    let decimals = |precision| -> Result<ArrayRef> {
        let array: Decimal128Array = column.decimal()?.physical().iter().collect();
        Ok(Arc::new(array.with_precision_and_scale(precision, 4)?))
    };
    Ok(match kind {
        Type::Text => {
            let texts = column.str()?;
            let mut builder = StringBuilder::with_capacity(texts.len(), texts.len() * 8);
            texts.iter().for_each(|text| builder.append_option(text));
            Arc::new(builder.finish())
        }
        Type::Date => Arc::new(column.date()?.physical().iter().collect::<Date32Array>()),
        Type::Integer => Arc::new(column.i64()?.iter().collect::<Int64Array>()),
        Type::Boolean => Arc::new(column.bool()?.iter().collect::<BooleanArray>()),
        Type::Double => Arc::new(column.f64()?.iter().collect::<Float64Array>()),
        Type::Amount => decimals(18)?,
        Type::Sum => decimals(38)?,
    })
}
