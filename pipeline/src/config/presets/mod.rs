//! Presets: what a system exports, as a source that needs only its path. A preset is a file of the words of a `[[source]]`, and is
//! its own documentation; every key that the source itself has goes before the preset's.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::source::RawSource;
use super::{Document, Shape, shape_columns};
use crate::catalog::ledger_tables::Table;
use crate::error::Result;

/// A preset.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The word of the configuration.
    pub name: &'static str,
    /// Whose export it is.
    pub system: &'static str,
    /// What the export holds.
    pub title: &'static str,
    /// The preset as it would stand in a `[[source]]`, with what the system calls each column.
    pub text: &'static str,
}

macro_rules! preset {
    ($name:literal, $system:literal, $title:literal) => {
        Preset { name: $name, system: $system, title: $title, text: include_str!(concat!($name, ".toml")) }
    };
}

const PRESETS: &[Preset] = &[
    preset!("sap_customer_items", "SAP", "customer line items, open and cleared"),
    preset!("oracle_receivables", "Oracle Receivables", "payment schedules: every item"),
    preset!("oracle_receivables_applications", "Oracle Receivables", "receivable applications"),
    preset!("oracle_receivables_adjustments", "Oracle Receivables", "adjustments and write-offs"),
    preset!("netsuite", "NetSuite", "a saved search of transactions with what they are applied to"),
    preset!("quickbooks_invoices", "QuickBooks", "invoices"),
    preset!("quickbooks_payments", "QuickBooks", "payments by the invoice they are applied to"),
    preset!("xero_invoices", "Xero", "sales invoices and credit notes"),
    preset!("xero_payments", "Xero", "payments of sales invoices"),
    preset!("odoo", "Odoo", "journal items of the receivable accounts"),
    preset!("erpnext", "ERPNext", "payment ledger entries"),
    preset!("business_central", "Dynamics 365 Business Central", "customer ledger entries"),
    preset!("stripe_invoices", "Stripe", "invoices"),
];

/// Every preset, by system.
pub fn all() -> &'static [Preset] {
    PRESETS
}

/// The preset of this name.
pub fn named(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// The preset as a source without a path.
    fn source(&self) -> RawSource {
        toml::from_str(&format!("path = \"\"\n{}", self.text)).expect("every preset is read by a test")
    }

    /// Canonical column → header in the file.
    pub fn columns(&self) -> BTreeMap<String, String> {
        self.source().columns.into_iter().map(|(column, header)| (column.into_inner(), header.into_inner())).collect()
    }

    /// The headers without which a file is not an export of this kind.
    pub fn required_headers(&self) -> Vec<String> {
        let source = self.source();
        let shape = source.shape.as_ref().and_then(|shape| Shape::named(shape.get_ref())).unwrap_or(Shape::Canonical);
        let table = source.table.as_ref().and_then(|table| Table::named(table.get_ref()));
        let described = match table {
            Some(table) => table.columns.to_vec(),
            None => shape_columns(shape),
        };
        let is_required = |name: &str| described.iter().any(|column| column.name == name && column.required && column.default.is_none());
        let of_columns = self.columns().into_iter();
        of_columns.filter(|(column, _)| is_required(column)).map(|(_, header)| header).collect()
    }
}

/// A source with what its preset says where it says nothing itself, and the columns that only the preset maps: these may be missing
/// in a file where the ledger can do without them.
pub(super) fn fill(mut own: RawSource, document: &Document<'_>) -> Result<(RawSource, BTreeSet<String>)> {
    let Some(name) = own.preset.take() else { return Ok((own, BTreeSet::new())) };
    let Some(preset) = named(name.get_ref()) else {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        return Err(document.unknown_word("preset", &name, &names));
    };
    let RawSource {
        shape,
        table,
        columns,
        constants,
        date_format,
        instant_format,
        decimal,
        thousands,
        delimiter,
        quote,
        encoding,
        negative_amount,
        amount_sign,
        credit_rows,
        values,
        null_values,
        header_row,
        formats,
        amount_marks,
        total_words,
        ..
    } = preset.source();
    let by_itself = |column: &Spanned<String>, own: &RawSource| own.columns.contains_key(column) || own.constants.contains_key(column);
    let constants: Vec<_> = constants.into_iter().filter(|(column, _)| !by_itself(column, &own)).collect();
    let columns: Vec<_> = columns.into_iter().filter(|(column, _)| !by_itself(column, &own)).collect();
    let of_preset = columns.iter().map(|(column, _)| column.get_ref().clone()).collect();
    own.columns.extend(columns);
    own.constants.extend(constants);
    for (column, map) in values {
        let words = own.values.entry(column).or_default();
        for (from, to) in map {
            words.entry(from).or_insert(to);
        }
    }
    own.shape = own.shape.or(shape);
    own.table = own.table.or(table);
    own.date_format = own.date_format.or(date_format);
    own.instant_format = own.instant_format.or(instant_format);
    own.decimal = own.decimal.or(decimal);
    own.thousands = own.thousands.or(thousands);
    own.delimiter = own.delimiter.or(delimiter);
    own.quote = own.quote.or(quote);
    own.encoding = own.encoding.or(encoding);
    own.negative_amount = own.negative_amount.or(negative_amount);
    own.amount_sign = own.amount_sign.or(amount_sign);
    own.credit_rows = own.credit_rows.or(credit_rows);
    own.null_values = own.null_values.or(null_values);
    own.header_row = own.header_row.or(header_row);
    for (column, format) in formats {
        own.formats.entry(column).or_insert(format);
    }
    own.amount_marks = own.amount_marks.or(amount_marks);
    own.total_words = own.total_words.or(total_words);
    Ok((own, of_preset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ledger_tables::{Column, TABLES};
    use crate::config::{Config, Overrides};

    #[test]
    fn every_preset_is_a_source_with_all_that_its_shape_needs() {
        for preset in all() {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("arrears.toml");
            let text = format!("base_currency = \"EUR\"\n[[source]]\npath = \"in.csv\"\npreset = \"{}\"\n", preset.name);
            std::fs::write(&path, text).expect("writes");
            let config =
                Config::load_with(&path, &Overrides::default(), &|_| None).unwrap_or_else(|error| panic!("{}: {error}", preset.name));
            let source = &config.sources[0];
            let described = source.table.map_or_else(|| shape_columns(source.shape), |table| table.columns.to_vec());
            let supplied = |column: &Column| source.columns.contains_key(column.name) || source.constants.contains_key(column.name);
            for column in described.iter().filter(|column| column.required && column.default.is_none()) {
                assert!(supplied(column), "{}: {}", preset.name, column.name);
            }
            assert!(preset.text.starts_with(&format!("# {}", preset.system.split(' ').next().unwrap_or_default())), "{}", preset.name);
            assert!(!preset.required_headers().is_empty(), "{}", preset.name);
            for line in preset.text.lines() {
                assert!(line.len() <= 140, "{}: {line}", preset.name);
            }
        }
    }

    #[test]
    fn presets_are_told_from_each_other_by_their_headers() {
        for one in all() {
            let headers: BTreeSet<String> = one.columns().into_values().collect();
            let of_another =
                |other: &&Preset| other.name != one.name && other.required_headers().iter().all(|header| headers.contains(header));
            assert!(all().iter().find(of_another).is_none_or(|other| other.system == one.system), "{}", one.name);
        }
        assert!(TABLES.iter().all(|table| named(table.name).is_none()));
    }

    #[test]
    fn what_a_source_says_itself_goes_before_the_preset() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("arrears.toml");
        let text = "base_currency = \"EUR\"\n[[source]]\npath = \"in.csv\"\npreset = \"stripe_invoices\"\ndate_format = \"%d.%m.%Y\"\n\
                    columns = { customer_id = \"Kunde\" }\nconstants = { currency = \"EUR\" }\nvalues = { currency = { usd = \"EUR\" } }\n";
        std::fs::write(&path, text).expect("writes");
        let source = Config::load_with(&path, &Overrides::default(), &|_| None).expect("reads").sources.remove(0);
        assert_eq!(source.columns["customer_id"], "Kunde");
        assert!(!source.columns.contains_key("currency"));
        assert_eq!((source.values["currency"]["usd"].as_str(), source.values["currency"]["gbp"].as_str()), ("EUR", "GBP"));
        assert_eq!(source.date_format.text(), "%d.%m.%Y");
        assert!(source.lenient_columns.contains("due_date") && !source.lenient_columns.contains("customer_id"));
    }
}
