//! Typed columns: the texts of a file become dates, amounts, words and ids here, or a reason why they cannot.
//!
//! A column is filled a few thousand rows at a time, one column after the other, so that each loop does one thing. A value
//! that cannot be read leaves an empty place and an error; the caller takes the whole row out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal64Array, Int64Array, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, TimeUnit};

use super::joined::Joined;
use super::reason;
use super::records::Grid;
use crate::catalog::ledger_tables::{Column, Kind};
use crate::config::DatePattern;
use crate::error::{Error, Result};
use crate::ledger::currency::minor_digits;
use crate::ledger::money::{AMOUNT_SCALE, DecimalError, DecimalFormat, RATE_SCALE, parse_marked_decimal};

/// The values of a column, without regard to which are null.
#[derive(Clone, Debug)]
pub enum Values {
    /// Nothing is mapped here: every row is null.
    Absent,
    /// Ids, labels, words and currencies, end to end.
    Text(Texts),
    /// Amounts, rates, whole numbers, instants.
    Long(Vec<i64>),
    /// Dates.
    Day(Vec<i32>),
    /// Booleans.
    Flag(Vec<bool>),
}

/// Stands for no row where rows are picked.
pub const NO_ROW: u32 = u32::MAX;

/// Texts end to end, as Arrow stores them.
#[derive(Clone, Debug)]
pub struct Texts {
    /// `offsets[row]..offsets[row + 1]` is the text of a row.
    pub offsets: Vec<i32>,
    /// The texts.
    pub bytes: Vec<u8>,
}

impl Default for Texts {
    fn default() -> Self {
        Texts { offsets: vec![0], bytes: Vec::new() }
    }
}

impl Texts {
    /// No texts, with room for some.
    pub fn with_capacity(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Texts { offsets, bytes: Vec::with_capacity(bytes) }
    }

    /// Appends a text.
    #[inline]
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        // A block holds less than 2 GiB, and its texts are no longer than it.
        self.offsets.push(i32::try_from(self.bytes.len()).expect("the texts of a block fit 31 bits"));
    }

    /// Appends a text that stands in a block. Sixteen bytes are one instruction, whatever part of them counts; a copy of
    /// exactly as many as needed is a call.
    #[inline]
    pub fn push_of(&mut self, block: &[u8], start: usize, end: usize) {
        match block.get(start..).and_then(|rest| rest.first_chunk::<16>()) {
            Some(chunk) if end - start <= 16 => {
                let length = self.bytes.len() + (end - start);
                self.bytes.extend_from_slice(chunk);
                self.bytes.truncate(length);
                self.offsets.push(i32::try_from(length).expect("the texts of a block fit 31 bits"));
            }
            _ => self.push(&block[start..end]),
        }
    }

    /// The text of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

/// A typed column of some rows.
#[derive(Clone, Debug)]
pub struct ColumnData {
    /// The values; at a null an empty text, zero or false.
    pub values: Values,
    /// Which rows have a value; empty while all rows have one, or none has.
    valid: Vec<bool>,
    rows: usize,
}

impl ColumnData {
    /// An empty column of a kind.
    pub fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Id | Kind::Text | Kind::Word(_) | Kind::Currency => Values::Text(Texts::default()),
            Kind::Date => Values::Day(Vec::new()),
            Kind::Instant | Kind::Amount | Kind::Percent | Kind::Rate | Kind::Integer => Values::Long(Vec::new()),
            Kind::Boolean => Values::Flag(Vec::new()),
        };
        ColumnData { values, valid: Vec::new(), rows: 0 }
    }

    /// A column that is null in every row.
    pub fn absent(rows: usize) -> Self {
        ColumnData { values: Values::Absent, valid: Vec::new(), rows }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether no row has a value, because nothing is mapped here.
    pub fn is_absent(&self) -> bool {
        matches!(self.values, Values::Absent)
    }

    /// Whether a row has a value.
    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        !self.is_absent() && (self.valid.is_empty() || self.valid[row])
    }

    /// The text of a row, if it has one.
    #[inline]
    pub fn text(&self, row: usize) -> Option<&[u8]> {
        match &self.values {
            Values::Text(texts) if self.is_valid(row) => Some(texts.get(row)),
            _ => None,
        }
    }

    /// Bytes of all its texts.
    pub fn text_bytes(&self) -> usize {
        if let Values::Text(texts) = &self.values { texts.bytes.len() } else { 0 }
    }

    /// The whole number, amount, rate or instant of a row, if it has one.
    #[inline]
    pub fn long(&self, row: usize) -> Option<i64> {
        match &self.values {
            Values::Long(values) if self.is_valid(row) => Some(values[row]),
            _ => None,
        }
    }

    /// The date of a row, if it has one.
    #[inline]
    pub fn day(&self, row: usize) -> Option<i32> {
        match &self.values {
            Values::Day(values) if self.is_valid(row) => Some(values[row]),
            _ => None,
        }
    }

    /// The flag of a row, if it has one.
    #[inline]
    pub fn flag(&self, row: usize) -> Option<bool> {
        match &self.values {
            Values::Flag(values) if self.is_valid(row) => Some(values[row]),
            _ => None,
        }
    }

    #[inline]
    fn mark(&mut self, valid: bool) {
        if !self.valid.is_empty() {
            self.valid.push(valid);
        } else if !valid {
            self.valid.reserve(self.rows + 1);
            self.valid.resize(self.rows, true);
            self.valid.push(false);
        }
        self.rows += 1;
    }

    /// Appends a null.
    #[inline]
    pub fn push_null(&mut self) {
        match &mut self.values {
            Values::Absent => {
                self.rows += 1;
                return;
            }
            Values::Text(texts) => texts.push(&[]),
            Values::Long(values) => values.push(0),
            Values::Day(values) => values.push(0),
            Values::Flag(values) => values.push(false),
        }
        self.mark(false);
    }

    /// Appends a text.
    ///
    /// # Panics
    /// When the column does not hold texts; so do the other `push` functions for their kinds.
    #[inline]
    pub fn push_text(&mut self, text: &[u8]) {
        let Values::Text(texts) = &mut self.values else { panic!("a text belongs into a column of texts") };
        texts.push(text);
        self.mark(true);
    }

    /// Appends a text that stands in a block.
    #[inline]
    pub fn push_text_of(&mut self, block: &[u8], start: usize, end: usize) {
        let Values::Text(texts) = &mut self.values else { panic!("a text belongs into a column of texts") };
        texts.push_of(block, start, end);
        self.mark(true);
    }

    /// Appends a number.
    #[inline]
    pub fn push_long(&mut self, value: i64) {
        let Values::Long(values) = &mut self.values else { panic!("a number belongs into a column of numbers") };
        values.push(value);
        self.mark(true);
    }

    /// Appends a date.
    #[inline]
    pub fn push_day(&mut self, value: i32) {
        let Values::Day(values) = &mut self.values else { panic!("a date belongs into a column of dates") };
        values.push(value);
        self.mark(true);
    }

    /// Appends a flag.
    #[inline]
    pub fn push_flag(&mut self, value: bool) {
        let Values::Flag(values) = &mut self.values else { panic!("a flag belongs into a column of flags") };
        values.push(value);
        self.mark(true);
    }

    /// Appends a row of another column of the same kind.
    pub fn push_from(&mut self, other: &ColumnData, row: usize) {
        if let Some(text) = other.text(row) {
            self.push_text(text);
        } else if let Some(value) = other.long(row) {
            self.push_long(value);
        } else if let Some(value) = other.day(row) {
            self.push_day(value);
        } else if let Some(value) = other.flag(row) {
            self.push_flag(value);
        } else {
            self.push_null();
        }
    }

    /// The rows of this column at `rows`, in that order; null at [`NO_ROW`].
    pub fn picked(&self, rows: &[u32]) -> ColumnData {
        fn pick<T: Copy + Default>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or_default()).collect()
        }
        let values = match &self.values {
            Values::Absent => return ColumnData::absent(rows.len()),
            Values::Text(texts) => {
                let mut picked = Texts::with_capacity(rows.len(), texts.bytes.len() + rows.len() * texts.bytes.len() / self.rows.max(1));
                for row in rows {
                    if *row == NO_ROW {
                        picked.push(&[]);
                    } else {
                        picked.push_of(&texts.bytes, texts.offsets[*row as usize] as usize, texts.offsets[*row as usize + 1] as usize);
                    }
                }
                Values::Text(picked)
            }
            Values::Long(values) => Values::Long(pick(values, rows)),
            Values::Day(values) => Values::Day(pick(values, rows)),
            Values::Flag(values) => Values::Flag(pick(values, rows)),
        };
        let valid = if self.valid.is_empty() {
            if rows.contains(&NO_ROW) { rows.iter().map(|row| *row != NO_ROW).collect() } else { Vec::new() }
        } else {
            pick(&self.valid, rows)
        };
        ColumnData { values, valid, rows: rows.len() }
    }

    /// Makes room for rows of which `bytes` bytes of text are expected.
    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        match &mut self.values {
            Values::Absent => {}
            Values::Text(texts) => {
                texts.offsets.reserve(rows);
                texts.bytes.reserve(bytes);
            }
            Values::Long(values) => values.reserve(rows),
            Values::Day(values) => values.reserve(rows),
            Values::Flag(values) => values.reserve(rows),
        }
    }

    /// Replaces the number of a row.
    pub fn set_long(&mut self, row: usize, value: i64) {
        if let Values::Long(values) = &mut self.values {
            values[row] = value;
        }
    }

    /// Keeps the rows marked true.
    pub fn retain(&mut self, keep: &[bool]) {
        fn kept<T: Copy>(values: &mut Vec<T>, keep: &[bool]) {
            let mut rows = keep.iter();
            values.retain(|_| rows.next().copied().unwrap_or(false));
        }
        match &mut self.values {
            Values::Absent => {}
            Values::Text(texts) => {
                let mut left = Texts::default();
                for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
                    left.push(texts.get(row));
                }
                *texts = left;
            }
            Values::Long(values) => kept(values, keep),
            Values::Day(values) => kept(values, keep),
            Values::Flag(values) => kept(values, keep),
        }
        if !self.valid.is_empty() {
            kept(&mut self.valid, keep);
        }
        self.rows = keep.iter().filter(|keep| **keep).count();
    }

    /// The column as Arrow has it; fails only when a text is not UTF-8, which the reader has made sure of.
    pub fn into_array(self, kind: Kind) -> Result<ArrayRef> {
        let nulls = (!self.valid.is_empty()).then(|| NullBuffer::from(self.valid));
        Ok(match (self.values, kind) {
            (Values::Absent, kind) => new_null_array(&data_type(kind), self.rows),
            (Values::Text(texts), _) => {
                let offsets = OffsetBuffer::new(texts.offsets.into());
                Arc::new(StringArray::try_new(offsets, texts.bytes.into(), nulls)?)
            }
            (Values::Day(values), _) => Arc::new(Date32Array::new(values.into(), nulls)),
            (Values::Flag(values), _) => Arc::new(BooleanArray::new(values.into(), nulls)),
            (Values::Long(values), Kind::Instant) => Arc::new(TimestampMicrosecondArray::new(values.into(), nulls).with_timezone("UTC")),
            (Values::Long(values), Kind::Integer) => Arc::new(Int64Array::new(values.into(), nulls)),
            (Values::Long(values), Kind::Rate) => {
                Arc::new(Decimal64Array::new(values.into(), nulls).with_precision_and_scale(18, scale_of(RATE_SCALE))?)
            }
            (Values::Long(values), _) => {
                Arc::new(Decimal64Array::new(values.into(), nulls).with_precision_and_scale(18, scale_of(AMOUNT_SCALE))?)
            }
        })
    }
}

fn scale_of(scale: u32) -> i8 {
    i8::try_from(scale).expect("the scales of the ledger are 4 and 10")
}

/// How a kind of column is stored.
pub fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Id | Kind::Text | Kind::Word(_) | Kind::Currency => DataType::Utf8,
        Kind::Date => DataType::Date32,
        Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Amount | Kind::Percent => DataType::Decimal64(18, scale_of(AMOUNT_SCALE)),
        Kind::Rate => DataType::Decimal64(18, scale_of(RATE_SCALE)),
        Kind::Integer => DataType::Int64,
        Kind::Boolean => DataType::Boolean,
    }
}

/// Where the values of a column come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// This field of each record.
    Field(usize),
    /// Several fields of each record, one after the other.
    Joined(Joined),
    /// The same text in every row; it has been read once, so that it is known to be good.
    Constant(Vec<u8>),
    /// Nowhere: null.
    Absent,
}

/// How one canonical column is read from the records of a file.
#[derive(Clone, Debug)]
pub struct ColumnPlan {
    /// The column.
    pub column: Column,
    /// Where its values come from.
    pub origin: Origin,
    /// The header it is read from, else its own name.
    pub header: String,
    /// How dates or instants are written.
    pub pattern: DatePattern,
    /// How numbers are written.
    pub decimal: DecimalFormat,
    /// Texts that may stand beside numbers.
    pub marks: Vec<Vec<u8>>,
    /// Text in the file → the text it stands for.
    pub values: HashMap<Vec<u8>, Vec<u8>>,
    /// Texts that mean null.
    pub null_values: Vec<Vec<u8>>,
}

/// A value that cannot be read.
#[derive(Clone, Debug)]
pub struct CellError {
    /// Row, counted from the first of the grid.
    pub row: usize,
    /// Position of the column among the plans.
    pub column: usize,
    /// Why.
    pub reason: &'static str,
}

/// The cells of one column of a grid.
struct Cells<'a> {
    position: usize,
    field: usize,
    grid: &'a Grid,
    block: &'a [u8],
}

impl ColumnPlan {
    /// Reads numbers and dates as this program writes those of typed columns.
    pub fn read_as_written(&mut self) {
        self.decimal = DecimalFormat::default();
        self.pattern = if self.column.kind == Kind::Instant { DatePattern::iso_instant() } else { DatePattern::iso_date() };
    }
}

impl ColumnPlan {
    /// Appends the rows of a grid to `data`; what cannot be read goes to `errors`, with a null in its place.
    pub fn read(&self, position: usize, grid: &Grid, block: &[u8], data: &mut ColumnData, errors: &mut Vec<CellError>) {
        let rows = grid.records.len();
        let field = match &self.origin {
            Origin::Absent => {
                data.rows += rows;
                return;
            }
            Origin::Constant(text) => {
                for _ in 0..rows {
                    // Checked when the plan was made.
                    let _ = self.push(text, data);
                }
                return;
            }
            Origin::Joined(joined) => return self.read_joined(joined, (position, grid, block), data, errors),
            Origin::Field(field) => *field,
        };
        // One loop for each kind, so that none decides about it row by row.
        let cells = Cells { position, field, grid, block };
        match self.column.kind {
            Kind::Id | Kind::Text => self.read_texts(&cells, data, errors),
            Kind::Date => self.read_cells(&cells, data, errors, |text, data| {
                data.push_day(self.pattern.parse_day(text).ok_or(reason::BAD_DATE)?);
                Ok(())
            }),
            Kind::Amount | Kind::Percent => self.read_cells(&cells, data, errors, |text, data| {
                data.push_long(self.number(text, AMOUNT_SCALE)?);
                Ok(())
            }),
            Kind::Instant => self.read_cells(&cells, data, errors, |text, data| {
                data.push_long(self.pattern.parse_instant(text).ok_or(reason::BAD_INSTANT)?);
                Ok(())
            }),
            _ => self.read_cells(&cells, data, errors, |text, data| self.push(text, data)),
        }
    }

    fn read_cells(
        &self,
        cells: &Cells<'_>,
        data: &mut ColumnData,
        errors: &mut Vec<CellError>,
        push: impl Fn(&[u8], &mut ColumnData) -> Result<(), &'static str>,
    ) {
        let plain = self.values.is_empty() && self.null_values.is_empty();
        for row in 0..cells.grid.records.len() {
            let mut text = trim(cells.grid.field(cells.block, row, cells.field));
            if !plain {
                text = self.translate(text);
            }
            let result = if !text.is_empty() {
                push(text, data)
            } else if self.column.required {
                Err(reason::MISSING_VALUE)
            } else {
                data.push_null();
                Ok(())
            };
            if let Err(reason) = result {
                data.push_null();
                errors.push(CellError { row, column: cells.position, reason });
            }
        }
    }

    /// Ids and labels: most are short, unquoted and without outer blanks, and can be copied at a fixed width.
    fn read_texts(&self, cells: &Cells<'_>, data: &mut ColumnData, errors: &mut Vec<CellError>) {
        let plain = self.values.is_empty() && self.null_values.is_empty();
        for row in 0..cells.grid.records.len() {
            if plain
                && let Some((start, end)) = cells.grid.range(row, cells.field)
                && let Some((first, last)) = cells.block.get(start).zip(cells.block.get(end.wrapping_sub(1)))
                && (start < end && first.is_ascii_graphic() && last.is_ascii_graphic())
            {
                data.push_text_of(cells.block, start, end);
                continue;
            }
            let text = self.translate(trim(cells.grid.field(cells.block, row, cells.field)));
            if !text.is_empty() {
                data.push_text(text);
                continue;
            }
            data.push_null();
            if self.column.required {
                errors.push(CellError { row, column: cells.position, reason: reason::MISSING_VALUE });
            }
        }
    }

    fn read_joined(
        &self,
        joined: &Joined,
        (position, grid, block): (usize, &Grid, &[u8]),
        data: &mut ColumnData,
        errors: &mut Vec<CellError>,
    ) {
        let mut text = Vec::new();
        for row in 0..grid.records.len() {
            joined.write((grid, block), row, &self.null_values, &mut text);
            let text = self.translate(&text);
            if !text.is_empty() {
                data.push_text(text);
                continue;
            }
            data.push_null();
            if self.column.required {
                errors.push(CellError { row, column: position, reason: reason::MISSING_VALUE });
            }
        }
    }

    fn translate<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        if self.null_values.iter().any(|null| null == text) {
            return &[];
        }
        self.values.get(text).map_or(text, Vec::as_slice)
    }

    /// Reads one text, which is not empty, and appends it; on failure nothing is appended.
    #[inline]
    fn push(&self, text: &[u8], data: &mut ColumnData) -> Result<(), &'static str> {
        match self.column.kind {
            Kind::Id | Kind::Text => data.push_text(text),
            Kind::Word(words) => {
                if !words.iter().any(|word| word.as_bytes() == text) {
                    return Err(reason::UNKNOWN_WORD);
                }
                data.push_text(text);
            }
            Kind::Currency => {
                if currency_digits(text).is_none() {
                    return Err(reason::UNKNOWN_CURRENCY);
                }
                data.push_text(text);
            }
            Kind::Date => data.push_day(self.pattern.parse_day(text).ok_or(reason::BAD_DATE)?),
            Kind::Instant => data.push_long(self.pattern.parse_instant(text).ok_or(reason::BAD_INSTANT)?),
            Kind::Amount | Kind::Percent => data.push_long(self.number(text, AMOUNT_SCALE)?),
            Kind::Rate => {
                let rate = self.number(text, RATE_SCALE)?;
                if rate <= 0 {
                    return Err(reason::OUT_OF_RANGE);
                }
                data.push_long(rate);
            }
            Kind::Integer => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                    return Err(reason::BAD_INTEGER);
                }
                data.push_long(parse_integer(digits, digits.len() < text.len()).ok_or(reason::OUT_OF_RANGE)?);
            }
            Kind::Boolean => data.push_flag(parse_boolean(text).ok_or(reason::BAD_BOOLEAN)?),
        }
        Ok(())
    }

    fn number(&self, text: &[u8], scale: u32) -> Result<i64, &'static str> {
        parse_marked_decimal(text, self.decimal, &self.marks, scale).map_err(|error| match error {
            DecimalError::NotANumber => reason::BAD_AMOUNT,
            DecimalError::TooFine => reason::AMOUNT_TOO_FINE,
            DecimalError::OutOfRange => reason::OUT_OF_RANGE,
        })
    }

    /// Whether a constant can be read, and with what reason not.
    ///
    /// # Errors
    /// Exit status 2, naming the constant.
    pub fn check_constant(&self, source: &str) -> Result<()> {
        let Origin::Constant(text) = &self.origin else { return Ok(()) };
        let outcome = if text.is_empty() && self.column.required {
            Err(reason::MISSING_VALUE)
        } else if text.is_empty() {
            Ok(())
        } else {
            self.push(text, &mut ColumnData::new(self.column.kind))
        };
        outcome.map_err(|reason| {
            let text = String::from_utf8_lossy(text);
            Error::usage("bad_value", format!("the constant of `{}` cannot be read: {text} ({reason})", self.column.name))
                .at(format!("source {source}"))
                .hint("constants are written like the texts of the file: same date format, same separators")
        })
    }
}

/// The text without blanks at its ends.
#[inline]
pub fn trim(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        (None, _) => text,
        _ => std::str::from_utf8(text).map_or(text, |text| text.trim().as_bytes()),
    }
}

fn parse_integer(digits: &[u8], negative: bool) -> Option<i64> {
    let mut value: i64 = 0;
    for digit in digits {
        let digit = i64::from(digit - b'0');
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit)? } else { value.checked_add(digit)? };
    }
    Some(value)
}

fn parse_boolean(text: &[u8]) -> Option<bool> {
    let mut lower = [0; 5];
    let lower = lower.get_mut(..text.len())?;
    lower.copy_from_slice(text);
    lower.make_ascii_lowercase();
    match &*lower {
        b"true" | b"1" | b"yes" | b"y" => Some(true),
        b"false" | b"0" | b"no" | b"n" => Some(false),
        _ => None,
    }
}

/// Minor digits by the three letters of a code; 255 where there is no such currency.
static MINOR_DIGITS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    codes
        .map(|code| std::str::from_utf8(&code).ok().and_then(minor_digits).and_then(|digits| u8::try_from(digits).ok()).unwrap_or(255))
        .collect()
});

/// The minor digits of a currency code.
#[inline]
pub fn currency_digits(code: &[u8]) -> Option<u8> {
    let &[a, b, c] = code else { return None };
    if !(a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_uppercase()) {
        return None;
    }
    let letter = |byte: u8| usize::from(byte - b'A');
    Some(MINOR_DIGITS[(letter(a) * 26 + letter(b)) * 26 + letter(c)]).filter(|digits| *digits != 255)
}

/// Whether an amount has decimal places beyond the minor unit of its currency.
#[inline]
pub fn is_finer(amount: i64, digits: u8) -> bool {
    // Constant divisors are multiplications.
    match digits {
        0 => amount % 10_000 != 0,
        1 => amount % 1_000 != 0,
        2 => amount % 100 != 0,
        3 => amount % 10 != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_by_table_are_those_by_name() {
        for code in ["EUR", "JPY", "KWD", "CLF", "XXX", "ZZZ", "eur", "EURO", ""] {
            assert_eq!(currency_digits(code.as_bytes()).map(u32::from), minor_digits(code), "{code}");
        }
    }

    #[test]
    fn an_amount_finer_than_its_minor_unit_is_seen() {
        for (amount, digits, finer) in
            [(10_000, 0, false), (10_100, 0, true), (10_100, 2, false), (10_110, 2, true), (10_110, 3, false), (1, 4, false)]
        {
            assert_eq!(is_finer(amount, digits), finer, "{amount} with {digits}");
            assert_eq!(is_finer(-amount, digits), finer, "-{amount} with {digits}");
        }
    }

    #[test]
    fn blanks_around_a_text_do_not_count() {
        for (text, trimmed) in [("a", "a"), (" a b ", "a b"), ("\u{a0}ä\t", "ä"), ("  ", ""), ("", "")] {
            assert_eq!(trim(text.as_bytes()), trimmed.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_column_keeps_the_rows_it_is_told_to() {
        let mut column = ColumnData::new(Kind::Id);
        for text in ["a", "", "ccc"] {
            if text.is_empty() { column.push_null() } else { column.push_text(text.as_bytes()) }
        }
        column.retain(&[false, true, true]);
        assert_eq!((column.rows(), column.text(0), column.text(1)), (2, None, Some(&b"ccc"[..])));
    }
}
