//! One `[[source]]` of the configuration: where its files are, what shape they have, and how they write things.
//!
//! This module turns the text of the file into checked values; it opens no data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use encoding_rs::Encoding;
use serde::Deserialize;
use toml::Spanned;

use super::{DatePattern, Document};
use crate::catalog::ledger_tables::{self, IS_DELETED, Kind, RECORDED_AT, TABLES, Table};
use crate::error::{Error, Result};
use crate::ledger::money::DecimalFormat;

/// The shape of a source's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The canonical tables, one file each.
    Canonical,
    /// One row per invoice, with an optional paid date and paid amount.
    FlatInvoices,
}

impl Shape {
    /// The word of the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Shape::Canonical => "canonical",
            Shape::FlatInvoices => "flat_invoices",
        }
    }
}

/// What a negative amount of a document means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NegativeAmount {
    /// An error: the row is quarantined.
    Quarantine,
    /// An invoice or debit note below zero is a credit note of the amount without its sign; other types are quarantined.
    CreditNote,
    /// The sign is noise: the amount without it counts, and the row as repaired.
    Absolute,
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
    /// Canonical column → (text in the file → text it stands for).
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// What its deliveries say about rows that they do not contain.
    pub delivery: DeliveryKind,
    /// Where in the file name the date of its delivery stands.
    pub delivered_at: Option<DatePattern>,
    /// Texts that mean "nothing here", besides the empty one.
    pub null_values: Vec<String>,
    /// What people say quarantined rows should have been: joined to the configuration's directory.
    pub overlay: Option<PathBuf>,
    /// The line of the configuration it starts on.
    pub line: usize,
}

/// The source as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub name: Option<Spanned<String>>,
    pub path: Spanned<String>,
    pub shape: Spanned<String>,
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
    #[serde(default)]
    pub values: BTreeMap<Spanned<String>, BTreeMap<String, String>>,
    pub delivery: Option<Spanned<String>>,
    pub delivered_at: Option<Spanned<String>>,
    pub null_values: Option<Vec<String>>,
    pub overlay: Option<String>,
}

/// Payment columns of the flat shape that no canonical table has.
pub const FLAT_PAYMENT_COLUMNS: &[&str] = &["paid_date", "paid_amount"];

impl RawSource {
    pub(super) fn check(self, line: usize, document: &Document<'_>, directory: &std::path::Path) -> Result<Source> {
        let shape = match self.shape.get_ref().as_str() {
            "canonical" => Shape::Canonical,
            "flat_invoices" => Shape::FlatInvoices,
            _ => return Err(document.unknown_word("shape", &self.shape, &["canonical", "flat_invoices"])),
        };
        let table = match &self.table {
            None => None,
            Some(name) if shape == Shape::FlatInvoices => {
                return Err(document
                    .error(name, "config_conflict", "`table` and the shape `flat_invoices` exclude each other".to_owned())
                    .hint("a flat file fills documents, applications and customers; leave `table` out"));
            }
            Some(name) => Some(
                Table::named(name.get_ref())
                    .ok_or_else(|| document.unknown_word("table", name, &TABLES.iter().map(|table| table.name).collect::<Vec<_>>()))?,
            ),
        };
        let delivery = match self.delivery.as_ref().map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "delta")) => DeliveryKind::Delta,
            Some((_, "full")) => DeliveryKind::Full,
            Some((word, _)) => return Err(document.unknown_word("delivery", word, &["delta", "full"])),
        };
        let allowed = allowed_columns(shape, table);
        let check_column = |column: &Spanned<String>, key: &str| {
            if allowed.contains(&column.get_ref().as_str()) {
                return Ok(());
            }
            let what = format!("`{}` is not a column that `{key}` can fill", column.get_ref());
            Err(document.error(column, "unknown_column", what).hint(format!("the columns are: {}", allowed.join(", "))))
        };
        for column in self.columns.keys() {
            check_column(column, "columns")?;
        }
        let mut constants = BTreeMap::new();
        for (column, value) in self.constants {
            check_column(&column, "constants")?;
            if self.columns.contains_key(&column) {
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
        for column in self.values.keys() {
            check_column(column, "values")?;
        }
        let decimal = DecimalFormat {
            decimal: document.one_byte("decimal", self.decimal.as_ref())?.unwrap_or(b'.'),
            thousands: document.one_byte("thousands", self.thousands.as_ref())?,
        };
        if decimal.thousands == Some(decimal.decimal) {
            let place = self.thousands.as_ref().or(self.decimal.as_ref());
            let what = "`decimal` and `thousands` are the same character".to_owned();
            let error = match place {
                Some(place) => document.error(place, "config_conflict", what),
                None => Error::usage("config_conflict", what),
            };
            return Err(error.hint("thousands = \".\" with decimal = \",\", or the other way round"));
        }
        let quote = match self.quote.as_ref() {
            Some(quote) if quote.get_ref().is_empty() => None,
            other => Some(document.one_byte("quote", other)?.unwrap_or(b'"')),
        };
        let encoding = match &self.encoding {
            None => encoding_rs::UTF_8,
            Some(label) => Encoding::for_label(label.get_ref().as_bytes()).ok_or_else(|| {
                let what = format!("the encoding is not known: {}", label.get_ref());
                document.error(label, "unknown_word", what).hint("for example utf-8, utf-16, windows-1252, latin-1, shift_jis")
            })?,
        };
        let negative_amount = match self.negative_amount.as_ref().map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "quarantine")) => NegativeAmount::Quarantine,
            Some((_, "credit_note")) => NegativeAmount::CreditNote,
            Some((_, "absolute")) => NegativeAmount::Absolute,
            Some((word, _)) => return Err(document.unknown_word("negative_amount", word, &["quarantine", "credit_note", "absolute"])),
        };
        let reverse_sign = match self.amount_sign.as_ref().map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "as_is")) => false,
            Some((_, "reversed")) => true,
            Some((word, _)) => return Err(document.unknown_word("amount_sign", word, &["as_is", "reversed"])),
        };
        Ok(Source {
            name: self.name.as_ref().map_or_else(|| default_name(self.path.get_ref()), |name| name.get_ref().clone()),
            path: directory.join(self.path.get_ref()),
            path_text: self.path.get_ref().clone(),
            shape,
            table,
            columns: self.columns.into_iter().map(|(column, header)| (column.into_inner(), header.into_inner())).collect(),
            constants,
            date_format: document.pattern("date_format", self.date_format.as_ref())?.unwrap_or_else(DatePattern::iso_date),
            instant_format: document.pattern("instant_format", self.instant_format.as_ref())?.unwrap_or_else(DatePattern::iso_instant),
            decimal,
            delimiter: document.one_byte("delimiter", self.delimiter.as_ref())?,
            quote,
            encoding,
            negative_amount,
            reverse_sign,
            values: self.values.into_iter().map(|(column, map)| (column.into_inner(), map)).collect(),
            delivery,
            delivered_at: document.pattern("delivered_at", self.delivered_at.as_ref())?,
            null_values: self.null_values.unwrap_or_default(),
            overlay: self.overlay.map(|path| directory.join(path)),
            line,
        })
    }
}

/// A source without a name is called as its path is written; of an absolute path only the last part, so that moving a
/// folder does not make a new source.
fn default_name(path: &str) -> String {
    let absolute = std::path::Path::new(path).is_absolute();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    if absolute { last.to_owned() } else { path.to_owned() }
}

/// The columns a source of this shape can fill.
pub fn allowed_columns(shape: Shape, table: Option<&'static Table>) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    let mut add = |table: &'static Table| {
        for column in table.columns {
            if !names.contains(&column.name) {
                names.push(column.name);
            }
        }
    };
    match (shape, table) {
        (Shape::Canonical, Some(table)) => add(table),
        (Shape::Canonical, None) => TABLES.iter().for_each(add),
        (Shape::FlatInvoices, _) => {
            ["documents", "customers"].into_iter().filter_map(Table::named).for_each(add);
            names.extend(FLAT_PAYMENT_COLUMNS);
        }
    }
    names.extend([RECORDED_AT.name, IS_DELETED.name]);
    names
}

/// The kind of a column a source can fill, by name: in the flat shape the documents come first, then the customers.
pub fn flat_columns() -> Vec<ledger_tables::Column> {
    let mut columns: Vec<ledger_tables::Column> = Vec::new();
    for table in ["documents", "customers"].into_iter().filter_map(Table::named) {
        for column in table.columns {
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(*column);
            }
        }
    }
    for column in &mut columns {
        if column.name == "document_type" {
            column.default = Some("invoice");
        }
    }
    let optional = |name, kind, description| ledger_tables::Column { name, kind, required: false, default: None, description };
    columns.push(optional("paid_date", Kind::Date, "when the invoice was paid"));
    columns.push(optional("paid_amount", Kind::Amount, "how much was paid; all of it when only the date is given"));
    columns
}
