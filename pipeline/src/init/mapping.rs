//! Which column of a file fills which column of the ledger: by what it is called and by what it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::doubts::{debit_and_credit, is_side};
use super::profile::Column;
use super::sample::Sample;
use super::vocabulary::STATUSES;
use super::words::{HEADERS, OPEN_AMOUNT, header_score, is_void, type_of};
use crate::catalog::ledger_tables::{CREDIT_TYPES, IS_DELETED, Kind, RECORDED_AT, Table};
use crate::config::{Shape, shape_columns};

/// Columns of the file by the columns of the ledger that they fill.
#[derive(Debug, Default)]
pub struct Mapping {
    /// Ledger column → position in the file.
    pub columns: BTreeMap<&'static str, usize>,
    /// Ledger columns that were found by what the column holds, or in another unsure way, with the reason.
    pub unsure: BTreeMap<&'static str, String>,
    /// Columns that are called like one of the ledger, and do not hold what it holds.
    pub unfit: BTreeMap<&'static str, Unfit>,
    /// The position of what is only still open.
    pub open_amount: Option<usize>,
}

/// Why a column that is called so was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// What it holds cannot be read as that.
    Values(usize),
    /// Several columns have its header.
    Repeated(usize),
}

/// A name below this is part of a longer header.
const WHOLE_NAME: u32 = 800;

fn kind_of(name: &str) -> Kind {
    let shapes = [Shape::FlatInvoices, Shape::Transactions, Shape::OpenAndCleared];
    let described = shapes.iter().flat_map(|shape| shape_columns(*shape)).find(|column| column.name == name);
    described.map_or(Kind::Amount, |column| column.kind)
}

/// Whether a column can hold what a ledger column holds.
fn fits(column: &Column, name: &str, score: u32) -> bool {
    if column.filled == 0 {
        return score >= WHOLE_NAME && ["paid_date", "paid_amount", "due_date", "reference", "clearing_id"].contains(&name);
    }
    match kind_of(name) {
        Kind::Date | Kind::Instant => column.is_date() || column.is_serial_date(),
        Kind::Amount | Kind::Percent | Kind::Rate => column.is_number(),
        Kind::Integer => column.is_number() && column.with_letters == 0,
        Kind::Currency => column.is_currency(),
        Kind::Word(_) => column.few.is_some() && column.with_letters > 0 && !column.is_date() && !column.is_number(),
        Kind::Boolean => column.is_flag(),
        Kind::Id => !column.is_date() || score >= WHOLE_NAME,
        Kind::Text => !column.is_date() && (name != "name" || column.with_letters * 2 > column.filled),
    }
}

/// Maps by headers, the surest first; each column once.
pub fn by_headers(columns: &[Column]) -> Mapping {
    let mut scored: Vec<(u32, usize, usize)> = Vec::new();
    let mut unfit: Vec<(u32, usize, Unfit)> = Vec::new();
    for (at, (name, names)) in HEADERS.iter().enumerate() {
        for (position, column) in columns.iter().enumerate() {
            let score = header_score(&column.header, names);
            let name = if *name == OPEN_AMOUNT { "amount" } else { name };
            if score == 0 {
                continue;
            }
            let is_repeated = columns.iter().filter(|other| other.header == column.header).count() > 1;
            if !is_repeated && fits(column, name, score) {
                scored.push((score, at, position));
            } else if column.filled > 0 && score >= WHOLE_NAME {
                unfit.push((score, at, if is_repeated { Unfit::Repeated(position) } else { Unfit::Values(position) }));
            }
        }
    }
    unfit.sort_by_key(|(score, at, _)| (*score, std::cmp::Reverse(*at)));
    scored.sort_by_key(|(score, at, position)| (std::cmp::Reverse(*score), *at, *position));
    let (mut mapping, mut used) = (Mapping::default(), BTreeSet::new());
    // A column with the ledger's own name is read whether it is mapped or not.
    let shapes = [Shape::FlatInvoices, Shape::Transactions, Shape::OpenAndCleared];
    for column in shapes.iter().flat_map(|shape| shape_columns(*shape)).chain([RECORDED_AT, IS_DELETED]) {
        let mut named = columns.iter().enumerate().filter(|(_, held)| held.header == column.name).map(|(position, _)| position);
        if let (Some(position), None) = (named.next(), named.next()) {
            used.insert(position);
            mapping.columns.insert(column.name, position);
        }
    }
    for (score, at, position) in scored.iter().copied() {
        let name = HEADERS[at].0;
        if used.contains(&position) || mapping.columns.contains_key(name) || (name == OPEN_AMOUNT && mapping.open_amount.is_some()) {
            continue;
        }
        used.insert(position);
        if name == OPEN_AMOUNT {
            mapping.open_amount = Some(position);
            continue;
        }
        mapping.columns.insert(name, position);
        if score < WHOLE_NAME {
            mapping.unsure.insert(name, format!("the header only contains a name of it: {}", columns[position].header));
        }
    }
    mapping.unfit = unfit.into_iter().map(|(_, at, why)| (HEADERS[at].0, why)).collect();
    mapping.date_called_paid(columns);
    mapping.only_base_amount(columns);
    mapping.no_side_for_amount(columns);
    // Beside a number of the customer, a column that is called the customer holds its name.
    let is_called_so = |(_, at, position): &&(u32, usize, usize)| {
        let column = &columns[*position];
        HEADERS[*at].0 == "customer_id" && !used.contains(position) && column.with_letters * 2 > column.filled
    };
    if let (Some((_, _, position)), false) = (scored.iter().find(is_called_so), mapping.columns.contains_key("name")) {
        mapping.columns.insert("name", *position);
    }
    mapping
}

impl Mapping {
    /// Whether the rows are customers, with what is known of them and nothing of what they owe; the mapping is then one of theirs.
    pub fn is_of_customers(&mut self, columns: &[Column]) -> bool {
        let Some(customers) = Table::named("customers") else { return false };
        let own = |name: &str| name != "customer_id" && name != "company_id" && customers.has(name);
        let is_one = |position: &usize| {
            columns[*position].filled == columns[*position].rows && columns[*position].distinct == columns[*position].rows
        };
        let says_documents = ["document_id", "document_date", "amount", "due_date", "document_type"];
        let is_so = self.columns.get("customer_id").is_some_and(is_one)
            && self.columns.keys().any(|name| own(name))
            && self.open_amount.is_none()
            && says_documents.iter().all(|name| !self.columns.contains_key(name) && !self.unfit.contains_key(name));
        if is_so {
            self.columns.retain(|name, _| customers.has(name));
            self.unsure.retain(|name, _| customers.has(name));
        }
        is_so
    }

    fn free<'a>(&self, columns: &'a [Column]) -> impl Iterator<Item = (usize, &'a Column)> {
        let used: BTreeSet<usize> = self.columns.values().copied().chain(self.open_amount).collect();
        columns.iter().enumerate().filter(move |(position, column)| !used.contains(position) && column.filled > 0)
    }

    /// `Paid` may say how much and it may say when.
    fn date_called_paid(&mut self, columns: &[Column]) {
        let paid = HEADERS.iter().find(|(name, _)| *name == "paid_amount").map(|(_, names)| names.as_slice()).unwrap_or_default();
        let when = self.free(columns).find(|(_, column)| column.is_date() && header_score(&column.header, paid) >= WHOLE_NAME);
        if let (Some((position, _)), false) = (when, self.columns.contains_key("paid_date")) {
            self.columns.insert("paid_date", position);
            self.unfit.remove("paid_amount");
        }
    }

    /// One of two columns of debits and credits is not the amount.
    fn no_side_for_amount(&mut self, columns: &[Column]) {
        let amount = self.columns.get("amount").copied();
        if debit_and_credit(columns).is_some_and(|(debit, credit)| amount == Some(debit) || amount == Some(credit)) {
            self.columns.remove("amount");
            self.unsure.remove("amount");
        }
    }

    /// Where the only amounts are in the company's own currency, they are the amounts, and a currency beside them is not theirs.
    fn only_base_amount(&mut self, columns: &[Column]) {
        if self.columns.contains_key("amount") || self.unfit.contains_key("amount") {
            return;
        }
        let Some(position) = self.columns.remove("base_amount") else { return };
        self.unsure.remove("base_amount");
        self.columns.insert("amount", position);
        let is_of_one = |position: &usize| columns[*position].few.as_ref().is_some_and(|few| few.len() == 1);
        if self.columns.get("currency").is_some_and(|position| !is_of_one(position)) {
            self.columns.remove("currency");
            let why = "it is in the company's currency; the currency of the documents beside it is not its own, and is left out";
            self.unsure.insert("amount", why.to_owned());
        }
    }

    /// A status says of some rows that they are no receivables: drafts, and what was voided.
    fn status_for_deleted(&mut self, columns: &[Column]) {
        let is_status = |column: &Column| {
            header_score(&column.header, STATUSES) > 0
                && column.few.as_ref().is_some_and(|few| few.len() <= 12 && few.keys().any(|word| is_void(word)))
        };
        let found = self.free(columns).find(|(_, column)| is_status(column)).map(|(position, _)| position);
        if let (Some(position), false) = (found, self.columns.contains_key(IS_DELETED.name)) {
            let rows: usize = columns[position].few.iter().flatten().filter(|(word, _)| is_void(word)).map(|(_, rows)| rows).sum();
            let said = if rows == 1 {
                "1 row is a draft or voided, and is".to_owned()
            } else {
                format!("{rows} rows are drafts or voided, and are")
            };
            self.take(IS_DELETED.name, position, format!("{said} no receivable"));
        }
    }

    /// Currencies are so unlike anything else that a column of them needs no name.
    fn currency_by_content(&mut self, columns: &[Column]) {
        if self.columns.contains_key("currency") || self.unfit.contains_key("currency") {
            return;
        }
        let is_all = |column: &Column| {
            column.currencies == column.filled && column.few.as_ref().is_some_and(|few| few.keys().all(|word| word.len() == 3))
        };
        let found = self.free(columns).find(|(_, column)| is_all(column)).map(|(position, _)| position);
        if let Some(position) = found {
            self.take("currency", position, "no header names it, but all it holds are codes of currencies".to_owned());
        }
    }

    /// Where no column has types, one that says debit or credit does.
    fn sides_for_types(&mut self, columns: &[Column]) {
        if self.columns.contains_key("document_type") {
            return;
        }
        let side = self.free(columns).find(|(_, column)| is_side(column)).map(|(position, _)| position);
        if let Some(position) = side {
            let why = "it says only debit or credit: debits are taken for invoices and credits for credit notes; receipts among them would be no cash";
            self.take("document_type", position, why.to_owned());
        }
    }

    /// Whether there are types of documents that reduce the account: then a balance is one of the account, not of an invoice.
    fn has_credit_types(&self, columns: &[Column]) -> bool {
        let words = self.columns.get("document_type").and_then(|position| columns[*position].few.as_ref());
        words.is_some_and(|words| words.keys().any(|word| type_of(word).is_some_and(|meaning| CREDIT_TYPES.contains(&meaning))))
    }

    fn take(&mut self, name: &'static str, position: usize, why: String) {
        self.columns.insert(name, position);
        self.unsure.insert(name, why);
    }

    /// Fills what every ledger needs and no header named, by what the columns hold.
    pub fn by_content(&mut self, sample: &Sample, columns: &[Column]) {
        self.sides_for_types(columns);
        self.currency_by_content(columns);
        self.status_for_deleted(columns);
        if !self.columns.contains_key("amount") && !self.unfit.contains_key("amount") && debit_and_credit(columns).is_none() {
            let numbers: Vec<usize> = self
                .free(columns)
                .filter(|(position, column)| column.has_decimals(sample, *position))
                .map(|(position, _)| position)
                .collect();
            if let [only] = numbers[..] {
                self.take("amount", only, "no header names it; this is the only column of numbers with decimals that is left".to_owned());
            } else if let (Some(open), false, None) = (self.open_amount, self.has_credit_types(columns), debit_and_credit(columns)) {
                self.take("amount", open, "the file has only what is still open; what was paid in part before is not in it".to_owned());
            }
        }
        if !self.columns.contains_key("document_date") && !self.unfit.contains_key("document_date") {
            let dates: Vec<usize> = self.free(columns).filter(|(_, column)| column.is_date()).map(|(position, _)| position).collect();
            if let Some(first) = dates.first() {
                let others = if dates.len() > 1 { format!("; {} others are left", dates.len() - 1) } else { String::new() };
                self.take("document_date", *first, format!("no header names it; this is the first column of dates that is left{others}"));
            }
        }
        if !self.columns.contains_key("customer_id") {
            if let Some(position) = self.columns.get("name").copied() {
                self.columns.remove("name");
                self.take(
                    "customer_id",
                    position,
                    "there is no number of the customer, so its name has to do: two customers of one name would be one".to_owned(),
                );
            } else {
                let repeated = self.free(columns).find(|(_, column)| {
                    column.with_letters > 0 && column.distinct > 1 && column.distinct < column.filled && column.few.is_none()
                });
                if let Some((position, _)) = repeated {
                    self.take("customer_id", position, "no header names it; this is the first column of texts that come again".to_owned());
                }
            }
        }
        if !self.columns.contains_key("document_id") {
            let unique = self.free(columns).find(|(position, column)| {
                column.filled == column.rows
                    && column.distinct == column.rows
                    && !column.is_date()
                    && !column.has_decimals(sample, *position)
            });
            if let Some((position, _)) = unique {
                self.take(
                    "document_id",
                    position,
                    "no header names it; this is the first column without a value that comes again".to_owned(),
                );
            }
        }
    }
}
