//! One source: everything that is found out about files of one header.

use std::collections::BTreeMap;

use super::date_order::{Hints, decide};
use super::dates::Decided;
use super::keys::{Key, key_of};
use super::mapping::{Mapping, by_headers};
use super::numbers::{ChosenNumbers, choose, currency_of};
use super::payments::{Payments, payments_of};
use super::profile::{Column, code_of};
use super::sample::Sample;
use super::types::{SignRule, TypeWord, sign_rule, words};
use super::vocabulary::{CURRENCIES, TOTALS};
use crate::catalog::ledger_tables::{CREDIT_TYPES, IS_DELETED, RECORDED_AT};
use crate::config::{Shape, shape_columns};

/// What was found out about a source.
pub struct Found {
    /// What the files look like.
    pub sample: Sample,
    /// Their columns.
    pub columns: Vec<Column>,
    /// Which of them fill what.
    pub mapping: Mapping,
    /// The shape.
    pub shape: Shape,
    /// How numbers are written.
    pub numbers: ChosenNumbers,
    /// Marks beside amounts, the longer ones first.
    pub marks: Vec<String>,
    /// What decided day and month, by column.
    pub decided: Vec<(usize, Decided)>,
    /// The currency, where no column says it, and what does; none when nothing says it.
    pub currency: Option<(String, String)>,
    /// Currencies in the column, the most frequent first.
    pub currencies: Vec<(String, usize)>,
    /// The words of the type column.
    pub types: Option<BTreeMap<String, TypeWord>>,
    /// What the signs follow.
    pub signs: SignRule,
    /// What identifies a row.
    pub key: Option<Key>,
    /// What makes it a list of payments, where it is one.
    pub payments: Option<Payments>,
    /// First words of rows that sum others up, with how many such rows there are.
    pub totals: BTreeMap<String, usize>,
    /// How many files there are with this header; the largest was looked at.
    pub files: usize,
    /// Whether another file says when invoices were paid.
    pub has_payments_elsewhere: bool,
    /// Whether another file has exchange rates.
    pub has_rates_elsewhere: bool,
}

/// What a person should know before anything else.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// What is not sure.
    pub warnings: Vec<String>,
    /// What is missing, so that the configuration cannot be run.
    pub missing: Vec<String>,
}

/// Looks at a sample. `fallback_currency` is used for guesses only.
pub fn look_at(mut sample: Sample, fallback_currency: &str) -> Found {
    let mut columns: Vec<Column> = (0..sample.header.len()).map(|position| Column::of(&sample, position)).collect();
    let mut mapping = by_headers(&columns);
    let is_customers = mapping.is_of_customers(&columns);
    if !is_customers {
        mapping.by_content(&sample, &columns);
    }
    let payments = payments_of(&sample, &columns, &mut mapping);
    let shape = match &payments {
        _ if is_customers => Shape::Canonical,
        Some(_) => Shape::Transactions,
        None => shape_of(&columns, &mut mapping),
    };
    for position in mapping.columns.values().copied().collect::<Vec<_>>() {
        if !columns[position].is_date() && columns[position].is_serial_date() && is_date(&mapping, position) {
            columns[position].take_for_serial_date();
        }
    }
    let amounts: Vec<usize> = amount_columns(&mapping);
    let numbers = choose(&amounts.iter().filter_map(|position| columns[*position].numbers.as_ref()).collect::<Vec<_>>());
    let mut marks: Vec<String> = amounts
        .iter()
        .filter_map(|position| columns[*position].numbers.as_ref())
        .flat_map(|numbers| numbers.marks.keys().cloned())
        .collect();
    marks.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    marks.dedup();
    let currencies = currencies_of(&columns, &mapping);
    let currency = if mapping.columns.contains_key("currency") { None } else { currency_said(&columns, &mapping, &marks) };
    let usual =
        currencies.first().map(|(code, _)| code.as_str()).or(currency.as_ref().map(|(code, _)| code.as_str())).unwrap_or(fallback_currency);
    let hints = Hints { has_decimal_comma: numbers.format.decimal == b',', is_american: usual == "USD" };
    let decided = decide(&sample, &mut columns, &mapping, hints);
    let bytes: Vec<Vec<u8>> = marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
    let amount = mapping.columns.get("amount").copied();
    let types = mapping.columns.get("document_type").map(|position| words(&sample, *position, amount, numbers.format, &bytes));
    let (negative, values) = amount.map_or((0, 0), |position| (columns[position].negative(), columns[position].values()));
    let signs = sign_rule(types.as_ref(), negative, values);
    let (totals, is_total) = totals_of(&sample, &mapping);
    sample.leave_out(&is_total);
    let key = key_of(&sample, &columns, &mapping);
    Found {
        sample,
        columns,
        mapping,
        shape,
        numbers,
        marks,
        decided,
        currency,
        currencies,
        types,
        signs,
        key,
        payments,
        totals,
        files: 1,
        has_payments_elsewhere: false,
        has_rates_elsewhere: false,
    }
}

/// Whether a column fills one of the ledger's that holds dates.
fn is_date(mapping: &Mapping, position: usize) -> bool {
    mapping.columns.iter().any(|(name, at)| *at == position && (name.ends_with("_date") || name.ends_with("_at")))
}

fn amount_columns(mapping: &Mapping) -> Vec<usize> {
    let is_amount = |name: &str| {
        ["amount", "paid_amount", "base_amount", "applied_amount"].contains(&name)
            || (name == "credit_limit" && !mapping.columns.contains_key("amount"))
    };
    mapping.columns.iter().filter(|(name, _)| is_amount(name)).map(|(_, position)| *position).collect()
}

/// The shape, and the mapping in its words.
fn shape_of(columns: &[Column], mapping: &mut Mapping) -> Shape {
    let has = |mapping: &Mapping, name: &str| mapping.columns.contains_key(name);
    let settles = |position: &usize| {
        let words = columns[*position].few.as_ref();
        words.is_some_and(|words| {
            words.keys().any(|word| super::words::type_of(word).is_some_and(|meaning| CREDIT_TYPES.contains(&meaning)))
        })
    };
    let has_credits = mapping.columns.get("document_type").is_some_and(settles);
    let shape = if has(mapping, "clearing_id") && has(mapping, "document_type") {
        if let Some(position) = mapping.columns.remove("paid_date") {
            mapping.columns.insert("clearing_date", position);
        }
        Shape::OpenAndCleared
    } else if has(mapping, "applies_to") && has_credits {
        Shape::Transactions
    } else {
        Shape::FlatInvoices
    };
    let allowed: Vec<&str> = shape_columns(shape).iter().chain(&[RECORDED_AT, IS_DELETED]).map(|column| column.name).collect();
    mapping.columns.retain(|name, _| allowed.contains(name));
    mapping.unsure.retain(|name, _| allowed.contains(name));
    shape
}

fn currencies_of(columns: &[Column], mapping: &Mapping) -> Vec<(String, usize)> {
    let few = mapping.columns.get("currency").and_then(|position| columns[*position].few.clone()).unwrap_or_default();
    let mut counts = BTreeMap::<String, usize>::new();
    for (code, rows) in few.iter().filter_map(|(text, rows)| Some((code_of(text)?, rows))) {
        *counts.entry(code).or_default() += rows;
    }
    let mut currencies: Vec<(String, usize)> = counts.into_iter().collect();
    currencies.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    currencies
}

/// The currency that a header or the marks beside the amounts say.
fn currency_said(columns: &[Column], mapping: &Mapping, marks: &[String]) -> Option<(String, String)> {
    let mut of_marks: Vec<&str> = marks.iter().filter_map(|mark| currency_of(mark)).collect();
    of_marks.dedup();
    if let ([only], true) = (of_marks.as_slice(), of_marks.len() == marks.len()) {
        return Some(((*only).to_owned(), format!("beside the amounts stands {}", marks.join(", "))));
    }
    let header = &columns[*mapping.columns.get("amount")?].header;
    let words = header.split(|letter: char| !letter.is_alphanumeric()).map(str::to_uppercase);
    let code = words.into_iter().find(|word| CURRENCIES.contains(&word.as_str()));
    let sign = if header.contains('€') {
        Some("EUR")
    } else if header.contains('£') {
        Some("GBP")
    } else {
        None
    };
    code.or(sign.map(str::to_owned)).map(|code| (code, format!("the header of the amounts says so: {header}")))
}

/// Rows whose first text is a word for a total, and which lack what every document has.
fn totals_of(sample: &Sample, mapping: &Mapping) -> (BTreeMap<String, usize>, Vec<bool>) {
    let (mut totals, mut is_total) = (BTreeMap::new(), vec![false; sample.rows()]);
    let needed: Vec<usize> =
        ["document_id", "customer_id", "document_date"].iter().filter_map(|name| mapping.columns.get(name).copied()).collect();
    for (row, is_total) in is_total.iter_mut().enumerate() {
        if needed.iter().all(|position| !sample.cell(row, *position).is_empty()) {
            continue;
        }
        let first = (0..sample.header.len()).map(|column| sample.cell(row, column)).find(|text| !text.is_empty()).unwrap_or_default();
        let lower = first.to_lowercase();
        let word = TOTALS.iter().filter(|word| lower.starts_with(**word)).max_by_key(|word| word.len());
        if let Some(word) = word {
            *totals.entry(first.get(..word.len()).unwrap_or(word).to_owned()).or_default() += 1;
            *is_total = true;
        }
    }
    (totals, is_total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proposal_for(bytes: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.csv");
        std::fs::write(&path, bytes).expect("the file is written");
        let sample = Sample::all_of(&path).ok()?.pop()?;
        let (text, _) = look_at(sample, "EUR").write("a", "a.csv", None, "EUR");
        Some(text.into_text())
    }

    /// Cells as exports have them, and some that no export should have.
    fn cell() -> impl Strategy<Value = String> {
        let words =
            ["Invoice", "Kunde", "Datum", "Betrag", "due date", "paid", "type", "", "\"", "a\"b", "Summe", "n/a", "€ 5", "1.234,5-", "(7)"];
        prop_oneof![
            prop::sample::select(words.to_vec()).prop_map(str::to_owned),
            "[0-9]{1,2}[./-][0-9]{1,2}[./-](20)?[0-9]{2}",
            "-?[0-9]{0,4}[.,' ]?[0-9]{0,3}",
            "[a-zA-Zäß{}=\\[\\]#\\\\' ]{0,8}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_file_the_proposal_is_toml_and_the_same_again(
            rows in prop::collection::vec(prop::collection::vec(cell(), 1..6), 0..12),
            separator in prop::sample::select(&[",", ";", "\t", "|"][..]),
            end in prop::sample::select(&["\n", "\r\n", ""][..]),
        ) {
            let text = rows.iter().map(|row| row.join(separator)).collect::<Vec<_>>().join("\n") + end;
            if let Some(proposal) = proposal_for(text.as_bytes()) {
                let read: Result<toml::Table, _> = toml::from_str(&proposal);
                prop_assert!(read.is_ok(), "{:?}\n{proposal}", read.err());
                prop_assert_eq!(proposal_for(text.as_bytes()), Some(proposal));
            }
        }

        #[test]
        fn no_bytes_make_it_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = proposal_for(&bytes);
        }
    }
}
