//! Quarantined rows that an overlay may speak of: those of the store, and those of the files just read.

use super::Overlay;
use crate::error::{Result, io_error};
use crate::ingest::quarantine::QuarantinedRow;
use crate::ingest::store::{LedgerIndex, ledger_directory};
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Decimal128Type, Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// A row in the quarantine, with what it takes to read it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Number of the file that delivered it.
    pub number: u32,
    /// Its name.
    pub file: String,
    /// Its line there.
    pub line: u64,
    /// The table or shape it is accounted under.
    pub table: String,
    /// The header of the column at fault.
    pub column: Option<String>,
    /// Why it is there.
    pub reason: String,
    /// What stands in the column.
    pub value: Option<String>,
    /// The record, as far as it was kept.
    pub raw: Option<String>,
    /// Its amount, where it could be read.
    pub amount: Option<i64>,
}

impl Candidate {
    /// A row that has just gone into the quarantine.
    pub fn new(number: u32, file: &str, table: &str, row: &QuarantinedRow) -> Self {
        Candidate {
            number,
            file: file.to_owned(),
            line: row.line,
            table: table.to_owned(),
            column: row.column.clone(),
            reason: row.reason.to_owned(),
            value: row.value.clone(),
            raw: Some(row.raw.clone()),
            amount: row.amount,
        }
    }

    /// Whether the row says this: in the column at fault, or in all. Of other columns nothing is known here, and they agree.
    pub fn says(&self, column: Option<&str>, was: &str) -> bool {
        match column {
            None => self.raw.as_deref() == Some(was),
            Some(column) if self.column.as_deref() == Some(column) => self.value.as_deref().unwrap_or_default() == was,
            Some(_) => true,
        }
    }
}

/// Rows of the store's quarantine that an overlay may speak of.
///
/// # Errors
/// Exit status 1 when a segment cannot be read.
pub fn kept(out: &Path, index: &LedgerIndex, overlay: &Overlay<'_>) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    for segment in &index.quarantine {
        let path = ledger_directory(out).join(&segment.file);
        let file = File::open(&path).map_err(|cause| io_error("read the quarantine", &path, &cause))?;
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
            let batch = batch?;
            let column = |name: &str| batch.column_by_name(name).expect("every segment of the quarantine has it");
            let text = |name: &str| column(name).as_string::<i32>();
            let (sources, files, lines) = (text("source"), text("file"), column("source_line").as_primitive::<Int64Type>());
            let numbers = column("source_file").as_primitive::<Int32Type>();
            let amounts = arrow::compute::cast(column("amount"), &arrow::datatypes::DataType::Decimal128(18, 4))?;
            let amounts = amounts.as_primitive::<Decimal128Type>();
            for row in 0..batch.num_rows() {
                let line = lines.value(row).cast_unsigned();
                if !overlay.may_mean(sources.value(row), files.value(row), line) {
                    continue;
                }
                let optional = |name: &str| {
                    let texts = text(name);
                    texts.is_valid(row).then(|| texts.value(row).to_owned())
                };
                found.push(Candidate {
                    number: numbers.value(row).cast_unsigned(),
                    file: files.value(row).to_owned(),
                    line,
                    table: text("table_name").value(row).to_owned(),
                    column: optional("column_name"),
                    reason: text("reason").value(row).to_owned(),
                    value: optional("value_text"),
                    raw: optional("raw_text"),
                    amount: amounts.is_valid(row).then(|| i64::try_from(amounts.value(row)).unwrap_or(i64::MAX)),
                });
            }
        }
    }
    Ok(found)
}
