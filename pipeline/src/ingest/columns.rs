//! Typed columns: the texts of a file become dates, amounts, words and ids here, or a reason why they cannot.
//!
//! A column is filled a few thousand rows at a time, one column after the other, so that each loop does one thing. A value
//! that cannot be read leaves an empty place and an error; the caller takes the whole row out.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::column_data::ColumnData;
use super::joined::Joined;
use super::reason;
use super::records::Grid;
use crate::catalog::ledger_tables::{Column, Kind};
use crate::config::DatePattern;
use crate::error::{Error, Result};
use crate::ledger::currency::minor_digits;
use crate::ledger::money::{AMOUNT_SCALE, DecimalError, DecimalFormat, RATE_SCALE, parse_marked_decimal};

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
                (0..rows).for_each(|_| data.push_null());
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
