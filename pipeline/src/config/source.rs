//! One `[[source]]` of the configuration: where its files are, what shape they have, and how they write things.
//!
//! This module turns the text of the file into checked values; it opens no data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use encoding_rs::Encoding;
use serde::Deserialize;
use toml::Spanned;

use super::file_layout::{self, SheetChoice};
use super::remote::{Place, Remote};
use super::shapes::{CreditRows, Shape, allowed_columns};
use super::{DatePattern, Document, DueDates, presets};
use crate::catalog::ledger_tables::{TABLES, Table};
use crate::error::{Error, Result};
use crate::ledger::money::DecimalFormat;
use crate::objects::Location;

/// What a negative amount of a document means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NegativeAmount {
    /// An error: the row is quarantined.
    Quarantine,
    /// An invoice or debit note below zero is a credit note of the amount without its sign; other types are quarantined.
    CreditNote,
    /// The sign is noise: the amount without it counts, and the row as repaired.
    Absolute,
    /// Credits are written below zero, debits above: a sign that is not the type's is quarantined.
    ByType,
    /// Credits are written below zero, debits above: a type of the other side is taken for its counterpart.
    Counterpart,
}

impl NegativeAmount {
    /// Every rule with its word in the configuration.
    pub const ALL: [(NegativeAmount, &'static str); 5] = [
        (NegativeAmount::Quarantine, "quarantine"),
        (NegativeAmount::CreditNote, "credit_note"),
        (NegativeAmount::Absolute, "absolute"),
        (NegativeAmount::ByType, "by_type"),
        (NegativeAmount::Counterpart, "counterpart"),
    ];

    /// The word of the configuration.
    pub fn word(self) -> &'static str {
        NegativeAmount::ALL.iter().find(|(rule, _)| *rule == self).map_or("", |(_, word)| *word)
    }
}

/// What a delivery says about rows that it does not contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// Nothing: it adds and corrects.
    Delta,
    /// That they are no more: what is absent is deleted.
    Full,
}

/// A checked source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, unique in the configuration.
    pub name: String,
    /// Where its files are: a file, a folder or a glob, joined to the configuration's directory.
    pub path: PathBuf,
    /// The path as written.
    pub path_text: String,
    /// The shape of its files.
    pub shape: Shape,
    /// The table all its files hold, where the configuration says so.
    pub table: Option<&'static Table>,
    /// Canonical column → header in the file.
    pub columns: BTreeMap<String, String>,
    /// Canonical column → the text every row has there.
    pub constants: BTreeMap<String, String>,
    /// How dates are written.
    pub date_format: DatePattern,
    /// How instants are written.
    pub instant_format: DatePattern,
    /// How numbers are written.
    pub decimal: DecimalFormat,
    /// What separates fields; by default a tab in `.tsv` files, else a comma.
    pub delimiter: Option<u8>,
    /// What quotes fields, if anything does.
    pub quote: Option<u8>,
    /// How text is encoded.
    pub encoding: &'static Encoding,
    /// What a negative document amount means.
    pub negative_amount: NegativeAmount,
    /// Whether all amounts are written with the sign reversed.
    pub reverse_sign: bool,
    /// In how many rows a credit stands.
    pub credit_rows: CreditRows,
    /// Canonical column → (text in the file → text it stands for).
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// What its deliveries say about rows that they do not contain.
    pub delivery: DeliveryKind,
    /// Where in the file name the date of its delivery stands.
    pub delivered_at: Option<DatePattern>,
    /// Texts that mean "nothing here", besides the empty one.
    pub null_values: Vec<String>,
    /// Which sheet of a workbook; by default the first that is shown.
    pub sheet: Option<SheetChoice>,
    /// The line or row of the header, from 1, where others stand before it.
    pub header_row: Option<u32>,
    /// Canonical column → how it writes dates or instants, where the source's format is not its own.
    pub formats: BTreeMap<String, DatePattern>,
    /// Texts such as `$` that may stand beside amounts and say nothing more.
    pub amount_marks: Vec<String>,
    /// First words of rows that sum others up.
    pub total_words: Vec<String>,
    /// What fills the due date of an invoice that has none.
    pub due_dates: DueDates,
    /// What people say quarantined rows should have been: joined to the configuration's directory.
    pub overlay: Option<PathBuf>,
    /// Canonical columns that are mapped, and may be missing in a file where the ledger can do without them.
    pub lenient_columns: BTreeSet<String>,
    /// Where its rows come from, when `path` is no path of this machine.
    pub remote: Option<Remote>,
    /// The line of the configuration it starts on.
    pub line: usize,
}

/// The source as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub name: Option<Spanned<String>>,
    pub path: Option<Spanned<String>>,
    pub shape: Option<Spanned<String>>,
    pub preset: Option<Spanned<String>>,
    pub table: Option<Spanned<String>>,
    #[serde(default)]
    pub columns: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub constants: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    pub date_format: Option<Spanned<String>>,
    pub instant_format: Option<Spanned<String>>,
    pub decimal: Option<Spanned<String>>,
    pub thousands: Option<Spanned<String>>,
    pub delimiter: Option<Spanned<String>>,
    pub quote: Option<Spanned<String>>,
    pub encoding: Option<Spanned<String>>,
    pub negative_amount: Option<Spanned<String>>,
    pub amount_sign: Option<Spanned<String>>,
    pub credit_rows: Option<Spanned<String>>,
    #[serde(default)]
    pub values: BTreeMap<Spanned<String>, BTreeMap<String, String>>,
    pub delivery: Option<Spanned<String>>,
    pub delivered_at: Option<Spanned<String>>,
    pub null_values: Option<Vec<String>>,
    // Instead of `path`: see `remote`.
    pub query: Option<Spanned<String>>,
    pub query_file: Option<Spanned<String>>,
    pub connection: Option<Spanned<String>>,
    pub connection_env: Option<Spanned<String>>,
    pub timeout_seconds: Option<Spanned<u32>>,
    pub sheet: Option<Spanned<toml::Value>>,
    pub header_row: Option<Spanned<u32>>,
    #[serde(default)]
    pub formats: BTreeMap<Spanned<String>, Spanned<String>>,
    pub amount_marks: Option<Vec<Spanned<String>>>,
    pub total_words: Option<Vec<String>>,
    pub overlay: Option<String>,
    pub due_date_from_terms: Option<bool>,
    pub due_date_from_customer: Option<bool>,
    pub default_payment_days: Option<Spanned<u32>>,
}

impl RawSource {
    pub(super) fn check(self, line: usize, document: &Document<'_>, directory: &std::path::Path) -> Result<Source> {
        let (raw, mut lenient_columns) = presets::fill(self, document)?;
        let place = Place::of(&raw, line, document, directory)?;
        let shape = Shape::check(raw.shape.as_ref(), line, document)?;
        let table = match &raw.table {
            None => None,
            Some(name) if shape != Shape::Canonical => {
                return Err(document
                    .error(name, "config_conflict", format!("`table` and the shape `{}` exclude each other", shape.word()))
                    .hint("a row of this shape fills several tables; leave `table` out"));
            }
            Some(name) => Some(
                Table::named(name.get_ref())
                    .ok_or_else(|| document.unknown_word("table", name, &TABLES.iter().map(|table| table.name).collect::<Vec<_>>()))?,
            ),
        };
        let delivery = match raw.delivery.as_ref().map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "delta")) => DeliveryKind::Delta,
            Some((_, "full")) => DeliveryKind::Full,
            Some((word, _)) => return Err(document.unknown_word("delivery", word, &["delta", "full"])),
        };
        let allowed = allowed_columns(shape, table);
        if shape == Shape::OpenAndCleared {
            // A file of open items has nothing to say about clearings.
            lenient_columns.extend(["clearing_id", "clearing_date"].map(str::to_owned));
        }
        let check_column = |column: &Spanned<String>, key: &str| {
            if allowed.contains(&column.get_ref().as_str()) {
                return Ok(());
            }
            let what = format!("`{}` is not a column that `{key}` can fill", column.get_ref());
            Err(document.error(column, "unknown_column", what).hint(format!("the columns are: {}", allowed.join(", "))))
        };
        for column in raw.columns.keys() {
            check_column(column, "columns")?;
        }
        let mut constants = BTreeMap::new();
        for (column, value) in raw.constants {
            check_column(&column, "constants")?;
            if raw.columns.contains_key(&column) {
                let what = format!("`{}` has a column and a constant", column.get_ref());
                return Err(document.error(&column, "config_conflict", what).hint("keep one of the two"));
            }
            let text = match value.get_ref() {
                toml::Value::String(text) => text.clone(),
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Datetime(instant) => instant.to_string(),
                _ => {
                    let what = format!("the constant `{}` is not a text, a whole number, a boolean or a date", column.get_ref());
                    return Err(document.error(&value, "bad_value", what).hint("write it as a text, in quotes"));
                }
            };
            constants.insert(column.into_inner(), text);
        }
        for column in raw.values.keys() {
            check_column(column, "values")?;
        }
        let formats = file_layout::formats(document, raw.formats, check_column)?;
        let decimal = DecimalFormat {
            decimal: document.one_byte("decimal", raw.decimal.as_ref())?.unwrap_or(b'.'),
            thousands: document.one_byte("thousands", raw.thousands.as_ref())?,
        };
        if decimal.thousands == Some(decimal.decimal) {
            let place = raw.thousands.as_ref().or(raw.decimal.as_ref());
            let what = "`decimal` and `thousands` are the same character".to_owned();
            let error = match place {
                Some(place) => document.error(place, "config_conflict", what),
                None => Error::usage("config_conflict", what),
            };
            return Err(error.hint("thousands = \".\" with decimal = \",\", or the other way round"));
        }
        let quote = match raw.quote.as_ref() {
            Some(quote) if quote.get_ref().is_empty() => None,
            other => Some(document.one_byte("quote", other)?.unwrap_or(b'"')),
        };
        let encoding = match &raw.encoding {
            None => encoding_rs::UTF_8,
            Some(label) => Encoding::for_label(label.get_ref().as_bytes()).ok_or_else(|| {
                let what = format!("the encoding is not known: {}", label.get_ref());
                document.error(label, "unknown_word", what).hint("for example utf-8, utf-16, windows-1252, latin-1, shift_jis")
            })?,
        };
        let negative_amount = match &raw.negative_amount {
            None => NegativeAmount::Quarantine,
            Some(word) => match NegativeAmount::ALL.iter().find(|(_, known)| known == word.get_ref()) {
                Some((rule, _)) => *rule,
                None => return Err(document.unknown_word("negative_amount", word, &NegativeAmount::ALL.map(|(_, word)| word))),
            },
        };
        let reverse_sign = match raw.amount_sign.as_ref().map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "as_is")) => false,
            Some((_, "reversed")) => true,
            Some((word, _)) => return Err(document.unknown_word("amount_sign", word, &["as_is", "reversed"])),
        };
        Ok(Source {
            name: raw.name.as_ref().map_or_else(|| default_name(&place.path_text), |name| name.get_ref().clone()),
            path: place.path,
            path_text: place.path_text,
            shape,
            table,
            columns: raw.columns.into_iter().map(|(column, header)| (column.into_inner(), header.into_inner())).collect(),
            constants,
            date_format: document.pattern("date_format", raw.date_format.as_ref())?.unwrap_or_else(DatePattern::iso_date),
            instant_format: document.pattern("instant_format", raw.instant_format.as_ref())?.unwrap_or_else(DatePattern::iso_instant),
            decimal,
            delimiter: document.one_byte("delimiter", raw.delimiter.as_ref())?,
            quote,
            encoding,
            negative_amount,
            reverse_sign,
            delivery,
            credit_rows: CreditRows::check(raw.credit_rows.as_ref(), document)?,
            values: raw.values.into_iter().map(|(column, map)| (column.into_inner(), map)).collect(),
            delivered_at: document.pattern("delivered_at", raw.delivered_at.as_ref())?,
            null_values: raw.null_values.unwrap_or_default(),
            sheet: file_layout::sheet(document, raw.sheet)?,
            header_row: file_layout::header_row(document, raw.header_row.as_ref())?,
            formats,
            amount_marks: file_layout::marks(document, raw.amount_marks)?,
            total_words: file_layout::total_words(raw.total_words),
            due_dates: DueDates::check(raw.due_date_from_terms, raw.due_date_from_customer, raw.default_payment_days.as_ref(), document)?,
            overlay: raw.overlay.map(|path| directory.join(path)),
            lenient_columns,
            remote: place.remote,
            line,
        })
    }
}

/// A source without a name is called as its path is written; of an absolute path or an address only the last part, so that
/// moving a folder does not make a new source.
fn default_name(path: &str) -> String {
    let absolute = std::path::Path::new(path).is_absolute() || Location::is_url(path);
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    if absolute { last.to_owned() } else { path.to_owned() }
}
