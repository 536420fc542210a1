//! Typed columns of some rows, before they are Arrow's.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal64Array, Int64Array, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, TimeUnit};

use crate::catalog::ledger_tables::Kind;
use crate::error::Result;
use crate::ledger::money::{AMOUNT_SCALE, RATE_SCALE};

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
