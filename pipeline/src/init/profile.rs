//! What the columns of a file hold, whatever they are called.

use std::collections::{BTreeMap, HashSet};

use super::dates::{self, Candidate, DateColumn, DateOrder};
use super::numbers::{self, NumberColumn, currency_of};
use super::sample::Sample;
use super::vocabulary::CURRENCY_NAMES;
use super::words::{is_nothing, plain};
use crate::config::DatePattern;
use crate::ingest::workbook::CellKind;
use crate::ledger::currency::minor_digits;
use crate::ledger::money::{DecimalFormat, parse_decimal};

/// Different values up to which a column is a list of words.
const FEW: usize = 40;
/// Part of the values that must be dates or numbers for a column to be one of them.
const LEAST_SHARE: f64 = 0.7;

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// Rows of the sample.
    pub rows: usize,
    /// Rows in which it is not empty.
    pub filled: usize,
    /// Different values.
    pub distinct: usize,
    /// The values with their counts, where they are few.
    pub few: Option<BTreeMap<String, usize>>,
    /// Texts that mean that there is nothing, where the others are dates or numbers.
    pub nothing: BTreeMap<String, usize>,
    /// What its texts are as dates.
    pub dates: Option<DateColumn>,
    /// Cells that the file itself calls dates.
    pub typed_dates: usize,
    /// What its texts are as numbers.
    pub numbers: Option<NumberColumn>,
    /// Cells that the file itself calls numbers.
    pub typed_numbers: usize,
    /// Typed numbers below zero.
    pub typed_negative: usize,
    /// Values that are currency codes.
    pub currencies: usize,
    /// Values with letters.
    pub with_letters: usize,
    /// Values that are numbers of days as spreadsheets keep them, 1970 to 2064.
    pub serial_days: usize,
}

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

fn is_serial_day(text: &str) -> bool {
    let (days, time) = text.split_once(['.', ',']).unwrap_or((text, ""));
    days.len() == 5 && days.bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit()) && ("25569"..="60000").contains(&days)
}

/// The currency that a text is: a code in either case, a mark that means one only, or a name.
pub fn code_of(text: &str) -> Option<String> {
    let code = text.to_uppercase();
    if minor_digits(&code).is_some() {
        return Some(code);
    }
    let named = CURRENCY_NAMES.iter().find(|(name, _)| *name == plain(text)).map(|(_, code)| *code);
    named.or_else(|| currency_of(text)).map(str::to_owned)
}

impl Column {
    /// Looks at a column of a sample.
    pub fn of(sample: &Sample, position: usize) -> Self {
        let mut column = Column {
            header: sample.header[position].clone(),
            rows: sample.rows(),
            filled: 0,
            distinct: 0,
            few: Some(BTreeMap::new()),
            nothing: BTreeMap::new(),
            dates: None,
            typed_dates: 0,
            numbers: None,
            typed_numbers: 0,
            typed_negative: 0,
            currencies: 0,
            with_letters: 0,
            serial_days: 0,
        };
        let iso = DatePattern::iso_instant();
        let mut distinct: HashSet<u64> = HashSet::new();
        for row in 0..sample.rows() {
            let text = sample.cell(row, position);
            if text.is_empty() {
                continue;
            }
            column.filled += 1;
            distinct.insert(xxhash_rust::xxh3::xxh3_64(text.as_bytes()));
            column.currencies += usize::from(code_of(text).is_some());
            column.serial_days += usize::from(is_serial_day(text));
            column.with_letters += usize::from(has_letter(text));
            if let Some(few) = &mut column.few {
                *few.entry(text.to_owned()).or_default() += 1;
                if few.len() > FEW {
                    column.few = None;
                }
            }
            if sample.kind_of(row, position) != CellKind::Text {
                if iso.parse_day(text.as_bytes()).is_some() {
                    column.typed_dates += 1;
                } else if let Ok(value) = parse_decimal(text.as_bytes(), DecimalFormat::default(), 4) {
                    column.typed_numbers += 1;
                    column.typed_negative += usize::from(value < 0);
                }
            }
        }
        column.distinct = distinct.len();
        let texts = (0..sample.rows())
            .filter(|row| sample.kind_of(*row, position) == CellKind::Text)
            .map(|row| sample.cell(row, position))
            .filter(|text| !text.is_empty() && !is_nothing(text));
        column.dates = dates::look(texts.clone(), LEAST_SHARE);
        if column.dates.is_none() {
            column.numbers = numbers::look(texts, LEAST_SHARE);
        }
        if column.dates.is_some() || column.numbers.is_some() {
            for text in sample.column(position).filter(|text| !text.is_empty() && is_nothing(text)) {
                *column.nothing.entry(text.to_owned()).or_default() += 1;
            }
        }
        column
    }

    /// Values that say something.
    pub fn values(&self) -> usize {
        self.filled - self.nothing.values().sum::<usize>()
    }

    /// Values that are dates.
    pub fn read_dates(&self) -> usize {
        self.typed_dates + self.dates.as_ref().map_or(0, DateColumn::read)
    }

    /// Values that are numbers.
    pub fn read_numbers(&self) -> usize {
        self.typed_numbers + self.numbers.as_ref().map_or(0, NumberColumn::best)
    }

    fn is_mostly(&self, count: usize) -> bool {
        count > 0 && count as f64 >= LEAST_SHARE * self.values() as f64
    }

    /// Whether all it holds may be numbers of days; an amount may look so too, so that its header must say that it is a date.
    pub fn is_serial_date(&self) -> bool {
        self.serial_days > 0 && self.serial_days == self.values()
    }

    /// Takes it for a column of numbers of days.
    pub fn take_for_serial_date(&mut self) {
        let candidate = Candidate { pattern: DatePattern::serial(), order: DateOrder::YearFirst, family: 0, read: self.serial_days };
        self.numbers = None;
        self.dates = Some(DateColumn { values: self.values(), candidates: vec![candidate], above_twelve: 0, with_time: 0 });
    }

    /// Whether it holds dates.
    pub fn is_date(&self) -> bool {
        self.is_mostly(self.read_dates())
    }

    /// Whether it holds numbers that are no dates.
    pub fn is_number(&self) -> bool {
        !self.is_date() && self.is_mostly(self.read_numbers())
    }

    /// Whether its numbers look like money rather than like ids or counts.
    pub fn has_decimals(&self, sample: &Sample, position: usize) -> bool {
        self.is_number() && sample.column(position).any(|text| text.contains(['.', ',']))
    }

    /// Values below zero.
    pub fn negative(&self) -> usize {
        self.typed_negative + self.numbers.as_ref().map_or(0, |numbers| numbers.negative)
    }

    /// Whether it holds currencies, one or another that is none among them.
    pub fn is_currency(&self) -> bool {
        self.is_mostly(self.currencies)
    }

    /// Whether it says yes or no.
    pub fn is_flag(&self) -> bool {
        let word = |text: &str| ["true", "false", "1", "0", "yes", "no", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
        self.filled > 0 && self.few.as_ref().is_some_and(|few| few.keys().all(|text| word(text)))
    }
}
