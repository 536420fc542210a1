//! From the stored ledger to the book: reads the columns a run needs, resolves versions and keys, and says which rows
//! had to be left out and why.
//!
//! Row groups are decoded in parallel; nothing that is published depends on the order in which they arrive. Strings are
//! read as dictionaries, so that a label is interned once a row group and not once a row.

mod applications;
pub mod clearings;
mod contacts;
mod customers;
mod documents;
pub mod due_dates;
pub mod knowledge;
pub mod lookups;
mod numbers;
mod orders;
mod origins;
mod overrides;
mod promises;
mod row_groups;
mod versions;

pub use origins::{
    DocumentRow, LeftOutRow, document_ids, document_keys, document_rows, documents_nearly_named, origins, rows_of, rows_of_document,
};

use crate::error::{Error, Result};
use crate::ledger::book::{Book, DocumentType, NO_AMOUNT, NO_DATE, Supplied};
use crate::ledger::calendar::Day;
use crate::ledger::money::minor_unit;
use crate::ledger::{currency, over_application};
use applications::{application_order, load_applications, load_disputes, load_rates, over_applied, resolve_amount};
use customers::{Customers, load_customers};
use documents::{Documents, UNKNOWN, load_documents};
use due_dates::{DueDateRule, DueDateRules};
use numbers::{AlreadyHashed, Interners, KeyIndex, KeyMap};
use row_groups::{RowGroup, damaged, open_metadata, read_row_group, read_row_groups};
use std::collections::BTreeMap;
use std::path::PathBuf;
use versions::{Version, invisible_rows, is_delivered_later, position_of};

/// The stored ledger as files: what [`load`] reads.
#[derive(Clone, Debug, Default)]
pub struct LedgerFiles {
    /// By canonical table; a table that was never supplied has no entry.
    pub tables: BTreeMap<String, TableFiles>,
    /// For each file, by its number, where in the order of statements stands what follows from its delivery, and what it says.
    pub file_positions: Vec<(u32, u32)>,
    /// Segments of what could not be ingested.
    pub quarantine: Vec<PathBuf>,
    /// Rows of the files from this number on are invisible: the ledger as it was after so many deliveries. `None` for all.
    pub first_files: Option<u32>,
}

impl LedgerFiles {
    /// The files of the ledger under `output`, by its index.
    pub fn of(output: &std::path::Path, index: &super::store::LedgerIndex) -> Self {
        let ledger = super::store::ledger_directory(output);
        let tables = index.tables.iter().map(|(name, table)| {
            let segments = table.segments.iter().map(|segment| ledger.join(&segment.file)).collect();
            let corrected = table.corrected.iter().map(|file| ledger.join(file)).collect();
            (name.clone(), TableFiles { segments, corrected })
        });
        let quarantine = index.quarantine.iter().map(|segment| ledger.join(&segment.file)).collect();
        LedgerFiles { tables: tables.collect(), file_positions: index.positions(), quarantine, first_files: None }
    }

    /// The segments of a table; none where it was not supplied.
    pub fn segments(&self, table: &str) -> &[PathBuf] {
        self.tables.get(table).map_or(&[], |files| &files.segments)
    }
}

/// The files of one table.
#[derive(Clone, Debug, Default)]
pub struct TableFiles {
    /// Parquet segments, in the order of the index.
    pub segments: Vec<PathBuf>,
    /// Files of keys that have more than one version.
    pub corrected: Vec<PathBuf>,
}

/// What decides the view of the ledger.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// ISO code of the base currency.
    pub base_currency: String,
    /// Rates are needed up to this day.
    pub as_of: Day,
    /// Rows recorded after this instant (microseconds UTC) are invisible; `None` for everything.
    pub known_as_of: Option<i64>,
    /// What fills due dates that no row says.
    pub due_dates: DueDateRules,
}

/// The book and what did not get into it.
#[derive(Debug)]
pub struct Loaded {
    /// The book.
    pub book: Book,
    /// For each item its row in the table of documents, counted over all segments.
    pub item_rows: Vec<u32>,
    /// What filled the due date of each row of documents; empty where nothing was filled.
    pub due_dates: Vec<DueDateRule>,
    /// Rows that other rows break, in the order of the ledger.
    pub left_out: Vec<LeftOut>,
    /// Day of the first document.
    pub first_day: Option<Day>,
}

/// A row that stays in the ledger and out of this night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The canonical table.
    pub table: &'static str,
    /// The row, counted over all segments of the table.
    pub row: u32,
    /// The reason code.
    pub reason: &'static str,
}

/// Reads the ledger.
///
/// # Errors
/// When a segment cannot be read, or the base currency is not one of ISO 4217.
pub fn load(files: &LedgerFiles, options: &LoadOptions) -> Result<Loaded> {
    let Some(base_digits) = currency::minor_digits(&options.base_currency) else {
        return Err(Error::usage("unknown_currency", format!("base_currency is not an ISO 4217 code: {}", options.base_currency)));
    };
    let interner = Interners::new(&options.base_currency);
    let mut customers = load_customers(files, options, &interner)?;
    let mut documents = load_documents(files, options, &interner, &customers.by_key)?;
    customers.add_unknown(files, &documents, options)?;
    let remap = customers.sort();
    documents.finish(&customers, &remap);

    let promises = promises::read_promises(files, options, &interner)?;
    let orders = orders::read_orders(files, options, &interner)?;
    let overrides = overrides::read_overrides(files, options, &interner)?;

    let mut left_out = Vec::new();
    let rates = load_rates(files, options, &interner, &documents, minor_unit(base_digits))?;
    documents.drop_without_rate(&rates, &mut left_out);
    let keys = KeyIndex::new(&documents.row_keys);
    let first_day = documents.items.iter().map(|item| item.document_date).min();
    let instalments = promises::Instalments::find(files, &documents)?;
    instalments.mark(&mut documents.items);
    let applications = load_applications(files, options, &keys, &documents.items, &mut left_out)?;
    let (disputes, has_disputes) = load_disputes(files, options, &keys, &mut documents.items, &mut left_out)?;
    let supplied = Supplied {
        disputes: has_disputes,
        promises: promises.is_some(),
        discount_terms: documents.discounts.iter().any(|(item, _)| documents.items[*item as usize].document_date <= options.as_of),
        delivery_dates: documents.items.iter().any(|item| item.delivery_date != NO_DATE && item.document_date <= options.as_of),
    };
    let promises = promises::resolve_promises(
        promises.unwrap_or_default(),
        &customers,
        &remap,
        &documents.items,
        (&keys, &instalments),
        &rates,
        &mut left_out,
    );
    orders::leave_out(&orders, &customers, &rates, options.as_of, &mut left_out);
    overrides::leave_out(&overrides, &customers, &rates, options.as_of, &mut left_out);
    contacts::leave_out(files, options, &customers, &mut left_out)?;
    clearings::leave_out(files, options, &mut left_out)?;
    drop(keys);
    documents.row_keys = Vec::new();

    let assemble = |items, applications, companies, customers, disputes, rates| {
        Book::assemble(companies, interner.labels.clone_values(), customers, items, applications, disputes, supplied, rates)
    };
    let mut book = assemble(documents.items, applications, customers.companies, customers.rows, disputes, rates);
    let suspects = over_application::suspects(&book);
    if !suspects.is_empty() {
        let rejected = over_applied(files, &book, &suspects)?;
        if !rejected.is_empty() {
            left_out.extend(rejected.iter().map(|row| LeftOut { table: "applications", row: *row, reason: "over_applied" }));
            let kept = book.applications.iter().filter(|application| !rejected.contains(&application.row)).copied().collect();
            book = assemble(book.items, kept, book.companies, book.customers, book.disputes, book.rates);
        }
    }
    book.discounts = documents.discounts;
    book.promises = promises;
    left_out.sort_by_key(|row| (row.table, row.row));
    Ok(Loaded { book, item_rows: documents.rows, due_dates: documents.due_dates, left_out, first_day })
}
