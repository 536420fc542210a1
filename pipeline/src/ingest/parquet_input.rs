//! Parquet files as a source: their values are written out as text and read like the fields of a clean delimited file, so
//! that every check, rule and hash is the same for both. What a Parquet type says exactly is written exactly; binary
//! floating-point numbers are refused where money is meant.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::columns::{ColumnPlan, Origin};
use super::kept_text::{KEPT_DIALECT, record_of};
use super::pipeline::BlockSource;
use super::reason;
use super::records::{Grid, Record};
use super::rows::{BlockOutput, BlockRows, FileContext, RECORDS_AT_ONCE};
use crate::catalog::ledger_tables::Kind;
use crate::config::{DAY_MICROS, DatePattern};
use crate::error::{Error, Result, io_error};
use crate::ledger::calendar::date_of;
use crate::ledger::money::DecimalFormat;

/// Rows of a batch: about those of one row group of a segment.
const BATCH_ROWS: usize = 1 << 16;

/// Reads a Parquet file batch by batch.
pub struct ParquetReader {
    path: PathBuf,
    builder: Option<ParquetRecordBatchReaderBuilder<File>>,
    batches: Option<ParquetRecordBatchReader>,
    next_row: u64,
    /// The columns that are read, ascending.
    pub columns: Vec<usize>,
    /// The names of its columns.
    pub header: Vec<String>,
}

fn damaged(path: &Path, cause: &(dyn std::error::Error + 'static)) -> Error {
    Error::input("file_incomplete", format!("the file is cut short or damaged: {}", path.display()))
        .caused_by(cause)
        .hint("wait until it is written, or have it delivered again")
}

impl ParquetReader {
    /// Opens a file.
    ///
    /// # Errors
    /// Exit status 4 when it is missing or not whole.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| damaged(path, &cause))?;
        let header = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        Ok(ParquetReader { path: path.to_owned(), builder: Some(builder), batches: None, next_row: 1, columns: Vec::new(), header })
    }

    /// Checks that the types of the mapped columns can hold what they are mapped to, and sets the plan to read what this
    /// module writes.
    ///
    /// # Errors
    /// Exit status 4, naming the column and the type.
    pub fn with_plan(mut self, context: &mut FileContext) -> Result<Self> {
        let Some(builder) = self.builder.take() else { return Ok(self) };
        let schema = builder.schema().clone();
        let mut roots = Vec::new();
        for plan in &mut context.plan.columns {
            if let Origin::Joined(joined) = &plan.origin {
                roots.extend(joined.fields());
            }
            let Origin::Field(field) = plan.origin else { continue };
            roots.push(field);
            let data_type = schema.field(field).data_type();
            check_type(plan.column.kind, data_type).map_err(|hint| {
                Error::input("wrong_type", format!("column {} is {data_type}, which cannot be {}", plan.header, plan.column.name))
                    .at(self.path.display())
                    .hint(hint)
            })?;
            adapt(plan, data_type);
        }
        // Columns that nothing is mapped to are not even decoded; the fields keep their order among those that are.
        roots.sort_unstable();
        roots.dedup();
        for plan in &mut context.plan.columns {
            let number = |field: usize| roots.binary_search(&field).unwrap_or(0);
            match &mut plan.origin {
                Origin::Field(field) => *field = number(*field),
                Origin::Joined(joined) => joined.renumber(number),
                Origin::Constant(_) | Origin::Absent => {}
            }
        }
        context.plan.width = roots.len();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
        self.columns = roots;
        let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        self.batches = Some(reader.map_err(|cause| damaged(&self.path, &cause))?);
        Ok(self)
    }
}

impl BlockSource for ParquetReader {
    type Block = (RecordBatch, u64);

    fn next_block(&mut self) -> Result<Option<Self::Block>> {
        let Some(batch) = self.batches.as_mut().and_then(Iterator::next) else { return Ok(None) };
        let batch = batch.map_err(|cause| damaged(&self.path, &cause))?;
        let first = self.next_row;
        self.next_row += batch.num_rows() as u64;
        Ok(Some((batch, first)))
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Whether values of a type can stand in a column of a kind; else what to do about it.
fn check_type(kind: Kind, data_type: &DataType) -> Result<(), String> {
    if is_text(data_type) || *data_type == DataType::Null {
        return Ok(());
    }
    let is_decimal = matches!(data_type, DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..));
    let fits = match kind {
        Kind::Id | Kind::Text => data_type.is_integer(),
        Kind::Word(_) | Kind::Currency => false,
        Kind::Date => matches!(data_type, DataType::Date32 | DataType::Timestamp(..)),
        Kind::Instant => matches!(data_type, DataType::Date32 | DataType::Timestamp(..)),
        Kind::Amount | Kind::Percent | Kind::Rate => is_decimal || data_type.is_integer(),
        Kind::Integer => data_type.is_integer(),
        Kind::Boolean => *data_type == DataType::Boolean,
    };
    if fits {
        return Ok(());
    }
    Err(match kind {
        Kind::Amount | Kind::Percent | Kind::Rate if data_type.is_floating() => {
            "a binary floating-point number is not money: write it as DECIMAL(18,4), for example CAST(amount AS DECIMAL(18,4))".to_owned()
        }
        _ => "cast it in the export, or write it as text".to_owned(),
    })
}

/// Texts keep the formats of the configuration; what has a type of its own is written by this module.
fn adapt(plan: &mut ColumnPlan, data_type: &DataType) {
    if is_text(data_type) {
        return;
    }
    plan.decimal = DecimalFormat::default();
    plan.pattern = if plan.column.kind == Kind::Instant { DatePattern::iso_instant() } else { DatePattern::iso_date() };
}

/// Where a text starts and ends.
type Span = (u32, u32);

fn put(texts: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = texts.write_fmt(text);
}

/// Writes the values of a column as text, one after the other, and says where each ends.
///
/// A timestamp in a column of dates loses its time of day only if that is midnight; otherwise it is no date.
fn write_column(array: &ArrayRef, texts: &mut String, ends: &mut Vec<(u32, u32)>) -> Result<()> {
    fn at(texts: &str) -> u32 {
        u32::try_from(texts.len()).expect("a batch is shorter than 2 GiB")
    }
    let mut each = |write: &mut dyn FnMut(usize, &mut String)| {
        for row in 0..array.len() {
            let start = at(texts);
            if array.is_valid(row) {
                write(row, texts);
            }
            ends.push((start, at(texts)));
        }
    };
    match array.data_type() {
        DataType::Null => each(&mut |_, _| {}),
        DataType::Boolean => {
            let flags = array.as_boolean();
            each(&mut |row, texts| texts.push_str(if flags.value(row) { "true" } else { "false" }));
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>();
            each(&mut |row, texts| {
                let day = days.value(row);
                if crate::config::day_in_range(day) {
                    put(texts, format_args!("{}", date_of(day)));
                } else {
                    put(texts, format_args!("day {day}"));
                }
            });
        }
        DataType::Timestamp(_, zone) => {
            let wanted = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            let array = cast(array, &wanted)?;
            let instants = array.as_primitive::<TimestampMicrosecondType>();
            each(&mut |row, texts| {
                let instant = instants.value(row);
                let (day, time) = (instant.div_euclid(DAY_MICROS), instant.rem_euclid(DAY_MICROS));
                match i32::try_from(day).ok().filter(|day| crate::config::day_in_range(*day)) {
                    Some(day) if time == 0 => put(texts, format_args!("{}", date_of(day))),
                    Some(day) => {
                        let (seconds, micros) = (time / 1_000_000, time % 1_000_000);
                        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                        put(texts, format_args!("{}T{hours:02}:{minutes:02}:{:02}.{micros:06}", date_of(day), seconds % 60));
                    }
                    None => put(texts, format_args!("instant {instant}")),
                }
            });
        }
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            let scale = *scale;
            let array = cast(array, &DataType::Decimal128(38, scale))?;
            let values = array.as_primitive::<Decimal128Type>();
            each(&mut |row, texts| texts.push_str(&values.value_as_string(row)));
        }
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>();
            each(&mut |row, texts| put(texts, format_args!("{}", values.value(row))));
        }
        data_type if data_type.is_integer() => {
            let array = cast(array, &DataType::Int64)?;
            let values = array.as_primitive::<Int64Type>();
            each(&mut |row, texts| put(texts, format_args!("{}", values.value(row))));
        }
        _ => {
            let array = cast(array, &DataType::LargeUtf8)?;
            let values = array.as_string::<i64>();
            each(&mut |row, texts| texts.push_str(values.value(row)));
        }
    }
    Ok(())
}

/// The rows of a batch as a block of text: record by record, the fields end to end.
fn as_text(batch: &RecordBatch) -> Result<(String, Vec<Span>, Vec<usize>)> {
    let mut columns = Vec::with_capacity(batch.num_columns());
    for array in batch.columns() {
        let (mut texts, mut ends) = (String::new(), Vec::with_capacity(array.len()));
        write_column(array, &mut texts, &mut ends)?;
        columns.push((texts, ends));
    }
    let length = columns.iter().map(|(texts, _)| texts.len() + batch.num_rows()).sum();
    let mut block = String::with_capacity(length);
    let mut fields = Vec::with_capacity(batch.num_rows() * columns.len());
    let mut starts = Vec::with_capacity(batch.num_rows() + 1);
    for row in 0..batch.num_rows() {
        starts.push(block.len());
        for (texts, ends) in &columns {
            let (start, end) = ends[row];
            let at = block.len();
            block.push_str(&texts[start as usize..end as usize]);
            fields.push((
                u32::try_from(at).expect("a batch is shorter than 2 GiB"),
                u32::try_from(block.len()).expect("a batch is shorter than 2 GiB"),
            ));
            block.push(',');
        }
    }
    starts.push(block.len());
    Ok((block, fields, starts))
}

/// Reads a batch.
///
/// # Errors
/// Exit status 1 when Arrow cannot convert or Parquet cannot encode it.
pub fn work((batch, first): &(RecordBatch, u64), context: &FileContext) -> Result<BlockOutput> {
    let width = batch.num_columns();
    let rows = batch.num_rows();
    let (block, fields, starts) = as_text(batch)?;
    let mut output = BlockRows::of_fields(context, KEPT_DIALECT);
    let mut grid = Grid::new(width);
    let has_nul = memchr::memchr(0, block.as_bytes()).is_some();
    let mut from = 0;
    while from < rows {
        grid.clear();
        let to = (from + RECORDS_AT_ONCE).min(rows);
        for row in from..to {
            let record = Record { start: starts[row], end: starts[row + 1].max(1) - 1, line: *first + row as u64 };
            if has_nul && block[record.start..record.end].contains('\0') {
                let written = written(&block, &fields[row * width..(row + 1) * width]);
                output.add_refused(record.line, reason::NUL_BYTE, None, &written);
                continue;
            }
            grid.push(record, fields[row * width..(row + 1) * width].iter().copied());
        }
        output.add(&grid, block.as_bytes());
        from = to;
    }
    output.finish()
}

/// The names and types of the columns of a file.
pub struct ParquetSample {
    /// Names.
    pub header: Vec<String>,
    /// Whether each column is text, which a format of the configuration applies to.
    pub is_text: Vec<bool>,
    /// The first rows as text.
    pub text: String,
    /// Where their fields stand.
    pub fields: Vec<(u32, u32)>,
    /// Where each row starts, and where the last one ends.
    pub starts: Vec<usize>,
    /// Whether these are all.
    pub is_whole: bool,
}

/// The first rows of a file.
///
/// # Errors
/// Exit status 4 when the file cannot be read.
pub fn sample(path: &Path) -> Result<ParquetSample> {
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| damaged(path, &cause))?;
    let header = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let is_text = builder.schema().fields().iter().map(|field| is_text(field.data_type())).collect();
    let rows = builder.metadata().file_metadata().num_rows();
    let schema = builder.schema().clone();
    let mut reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|cause| damaged(path, &cause))?;
    let batch = match reader.next() {
        Some(batch) => batch.map_err(|cause| damaged(path, &cause))?,
        None => RecordBatch::new_empty(schema),
    };
    let (text, fields, starts) = as_text(&batch)?;
    let is_whole = usize::try_from(rows).is_ok_and(|rows| rows == batch.num_rows());
    Ok(ParquetSample { header, is_text, text, fields, starts, is_whole })
}

fn written(block: &str, fields: &[Span]) -> Vec<u8> {
    record_of(fields.iter().map(|(start, end)| &block.as_bytes()[*start as usize..*end as usize]), KEPT_DIALECT)
}

/// Gives the rows of a file as text, for the quarantine: these columns of it, as they were read.
///
/// # Errors
/// Exit status 4 when the file cannot be read.
pub fn raw_rows(path: &Path, columns: &[usize], is_wanted: impl Fn(i64) -> bool, mut look: impl FnMut(i64, &[u8])) -> Result<()> {
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| damaged(path, &cause))?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|cause| damaged(path, &cause))?;
    let mut line = 1;
    for batch in reader {
        let batch = batch.map_err(|cause| damaged(path, &cause))?;
        let (block, fields, _) = as_text(&batch)?;
        for row in 0..batch.num_rows() {
            if is_wanted(line) {
                look(line, &written(&block, &fields[row * columns.len()..(row + 1) * columns.len()]));
            }
            line += 1;
        }
    }
    Ok(())
}
