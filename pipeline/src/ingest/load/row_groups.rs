//! Reading columns of stored tables, row group by row group.

use crate::error::{Error, Result, io_error};
use crate::ledger::book::{NO_AMOUNT, NO_DATE};
use crate::ledger::calendar::Day;
use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Field, Int32Type, Int64Type, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// One row group's columns, with the number of its first row in the table.
pub(super) struct RowGroup {
    pub(super) batch: RecordBatch,
    pub(super) first_row: u32,
}

impl RowGroup {
    /// A column by name.
    ///
    /// # Panics
    /// When it was not asked for.
    pub(super) fn column(&self, name: &str) -> &ArrayRef {
        self.batch.column_by_name(name).expect("the column was asked for and every segment has it")
    }

    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub(super) fn row(&self, position: usize) -> u32 {
        self.first_row + u32::try_from(position).expect("a row group has fewer than 2^32 rows")
    }

    pub(super) fn i64s(&self, name: &str) -> &[i64] {
        self.column(name).as_primitive::<Int64Type>().values()
    }

    pub(super) fn dates(&self, name: &str) -> Vec<Day> {
        self.column(name).as_primitive::<Date32Type>().iter().map(|day| day.unwrap_or(NO_DATE)).collect()
    }

    pub(super) fn amounts(&self, name: &str) -> Vec<i64> {
        let array = self.column(name).as_primitive::<Decimal64Type>();
        if array.null_count() == 0 {
            return array.values().to_vec();
        }
        array.iter().map(|value| value.unwrap_or(NO_AMOUNT)).collect()
    }

    pub(super) fn flags(&self, name: &str) -> Vec<bool> {
        self.column(name).as_boolean().iter().map(|flag| flag.unwrap_or(false)).collect()
    }

    pub(super) fn texts(&self, name: &str) -> Vec<Option<String>> {
        self.column(name).as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    /// A dictionary column as codes: `code_of` is asked once for each distinct value; nulls and blanks get `missing`.
    pub(super) fn codes(&self, name: &str, missing: u32, mut code_of: impl FnMut(&str) -> u32) -> Vec<u32> {
        let dictionary = self.column(name).as_dictionary::<Int32Type>();
        let values = dictionary.values().as_string::<i32>();
        let codes: Vec<u32> = values.iter().map(|value| value.filter(|text| !text.is_empty()).map_or(missing, &mut code_of)).collect();
        let keys = dictionary.keys();
        (0..keys.len()).map(|row| if keys.is_null(row) { missing } else { codes[keys.value(row) as usize] }).collect()
    }
}

/// Reads columns of a table, row group by row group in parallel, in the order of the table. `dictionaries` names the
/// string columns to be read as dictionaries. Of the row groups that hold only rows of files from number `first_files` on,
/// nothing is read; rows are counted as if it were.
///
/// # Errors
/// When a segment is missing or damaged.
pub(super) fn read_row_groups<T: Send>(
    segments: &[PathBuf],
    first_files: Option<u32>,
    columns: &[&str],
    dictionaries: &[&str],
    read: impl Fn(&RowGroup) -> T + Sync,
) -> Result<Vec<T>> {
    let mut tasks = Vec::new();
    let mut first_row = 0_u32;
    for path in segments {
        let file = File::open(path).map_err(|cause| io_error("read the ledger's segment", path, &cause))?;
        let metadata = open_metadata(&file, dictionaries).map_err(|cause| damaged(path, &cause))?;
        for group in 0..metadata.metadata().num_row_groups() {
            if !is_later(metadata.metadata().row_group(group), first_files) {
                tasks.push((path, metadata.clone(), group, first_row));
            }
            let rows = metadata.metadata().row_group(group).num_rows();
            first_row = u32::try_from(i64::from(first_row) + rows)
                .map_err(|_| Error::unexpected("too_many_rows", "a table of the ledger has 2^32 rows or more"))?;
        }
    }
    tasks
        .into_par_iter()
        .map(|(path, metadata, group, first_row)| {
            let batch = read_row_group(path, metadata, group, columns).map_err(|cause| damaged(path, &cause))?;
            Ok(read(&RowGroup { batch, first_row }))
        })
        .collect()
}

/// Whether every row of a row group came with a file of number `first_files` or later.
pub(super) fn is_later(group: &RowGroupMetaData, first_files: Option<u32>) -> bool {
    let Some(first_files) = first_files else { return false };
    match crate::ingest::known::statistics(group, "source_file") {
        Some(Statistics::Int32(files)) => {
            files.min_opt().is_some_and(|least| u32::try_from(*least).is_ok_and(|least| least >= first_files))
        }
        _ => false,
    }
}

pub(super) fn damaged(path: &std::path::Path, cause: &(dyn std::error::Error + 'static)) -> Error {
    Error::unexpected("ledger_damaged", format!("a segment of the ledger cannot be read: {}", path.display()))
        .caused_by(cause)
        .hint("restore the ledger folder from a backup, or delete the output and ingest the sources again")
}

pub(super) fn open_metadata(file: &File, dictionaries: &[&str]) -> parquet::errors::Result<ArrowReaderMetadata> {
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let fields: Vec<Field> = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let field = field.as_ref().clone();
            // Amounts and rates stand in 64 bits in the file; wider arrays would only be narrowed again.
            if let DataType::Decimal128(precision, scale) = *field.data_type()
                && precision <= 18
            {
                return field.with_data_type(DataType::Decimal64(precision, scale));
            }
            if !dictionaries.contains(&field.name().as_str()) {
                return field;
            }
            field.with_data_type(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))
        })
        .collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata.schema().metadata().clone()));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), ArrowReaderOptions::new().with_schema(schema))
}

pub(super) fn read_row_group(path: &std::path::Path, metadata: ArrowReaderMetadata, group: usize, columns: &[&str]) -> Result<RecordBatch> {
    let file = File::open(path).map_err(|cause| io_error("read the ledger's segment", path, &cause))?;
    let rows = usize::try_from(metadata.metadata().row_group(group).num_rows()).unwrap_or(0);
    let schema = metadata.schema().clone();
    let mask = ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mut reader = builder.with_projection(mask).with_row_groups(vec![group]).with_batch_size(rows.max(1)).build()?;
    match reader.next() {
        Some(batch) => Ok(batch?),
        None => {
            let wanted: Vec<usize> = (0..schema.fields().len()).filter(|at| columns.contains(&schema.field(*at).name().as_str())).collect();
            Ok(RecordBatch::new_empty(Arc::new(schema.project(&wanted)?)))
        }
    }
}

// ------------------------------------------------------------------------------------------------- versions
