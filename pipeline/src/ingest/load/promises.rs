//! Promises to pay, and which items belong to one document.
//!
//! A promise names a document, not an item, so the items of a document have to be found. Nearly every ledger has one item
//! a document; only where an item number other than 1 occurs are the document ids read again.

use super::knowledge::{FROM_THE_BEGINNING, day_of_instant};
use super::{Customers, Documents, Interners, KeyIndex, LedgerFiles, LeftOut, LoadOptions, UNKNOWN, invisible_rows, read_row_groups};
use crate::error::Result;
use crate::ingest::keys::row_key;
use crate::ledger::book::{Item, ItemIndex, Promise};
use crate::ledger::calendar::Day;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::TimestampMicrosecondType;
use std::collections::{HashMap, HashSet};

/// A promise as it stands in the ledger.
pub(super) struct RawPromise {
    row: u32,
    customer_key: i64,
    /// Key of the document's first item, and of the document itself.
    document: Option<(i64, i64)>,
    made_date: Day,
    promised_date: Day,
    amount: i64,
    currency: Option<u16>,
    known_from: Day,
}

/// Reads the promises; `None` without a table of them.
pub(super) fn read_promises(files: &LedgerFiles, options: &LoadOptions, interner: &Interners) -> Result<Option<Vec<RawPromise>>> {
    let Some(table) = files.tables.get("promises") else { return Ok(None) };
    let invisible = invisible_rows(files, "promises", options.known_as_of)?;
    let columns = ["customer_key", "company_id", "document_id", "made_date", "promised_date", "amount", "currency", "recorded_at"];
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &[], |group| {
        let (companies, documents) = (group.column("company_id").as_string::<i32>(), group.column("document_id").as_string::<i32>());
        let (made, promised, amounts) = (group.dates("made_date"), group.dates("promised_date"), group.amounts("amount"));
        let (keys, currencies) = (group.i64s("customer_key"), group.texts("currency"));
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.map(|row| {
            let has_document = documents.is_valid(row) && !documents.value(row).is_empty();
            let (company, document) = (companies.value(row).as_bytes(), documents.value(row).as_bytes());
            RawPromise {
                row: group.row(row),
                customer_key: keys[row],
                document: has_document.then(|| (row_key(&[company, document, b"1"]).row_key(), row_key(&[company, document]).row_key())),
                made_date: made[row],
                promised_date: promised[row],
                amount: amounts[row],
                currency: currencies[row].as_deref().filter(|code| !code.is_empty()).map(|code| interner.currency(code)),
                known_from: if recorded.is_null(row) { FROM_THE_BEGINNING } else { day_of_instant(recorded.value(row)) },
            }
        })
        .collect::<Vec<_>>()
    })?;
    Ok(Some(groups.into_iter().flatten().collect()))
}

/// Finds what each promise is about. A promise on a document that is not known, or in a currency without a rate on its
/// day, is left out.
pub(super) fn resolve_promises(
    raw: Vec<RawPromise>,
    customers: &Customers,
    remap: &[u32],
    items: &[Item],
    (keys, instalments): (&KeyIndex, &Instalments),
    rates: &crate::ledger::rates::Rates,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Promise> {
    let mut promises = Vec::with_capacity(raw.len());
    for promise in raw {
        let mut of_document: Vec<ItemIndex> = Vec::new();
        if let Some((first_item, document)) = promise.document {
            of_document = instalments.items_of(document).unwrap_or_else(|| keys.get(first_item).into_iter().collect());
            if of_document.is_empty() {
                left_out.push(LeftOut { table: "promises", row: promise.row, reason: "unknown_document" });
                continue;
            }
            of_document.retain(|item| items[*item as usize].document_type.is_sale());
        }
        let owner = match of_document.first() {
            Some(item) => items[*item as usize].customer,
            // A document without a sale has nothing that a promise could keep.
            None if promise.document.is_some() => continue,
            None => match customers.by_key.get(&promise.customer_key) {
                Some(customer) if *customer != UNKNOWN => remap[*customer as usize],
                _ => continue,
            },
        };
        let of_first = of_document.first().map(|item| items[*item as usize].currency);
        let currency = promise.currency.or(of_first).unwrap_or(rates.base());
        if currency != rates.base() && rates.on(currency, promise.promised_date).is_none() {
            left_out.push(LeftOut { table: "promises", row: promise.row, reason: "no_rate" });
            continue;
        }
        promises.push(Promise {
            customer: owner,
            items: of_document,
            made_date: promise.made_date,
            promised_date: promise.promised_date,
            amount: promise.amount,
            currency,
            known_from: promise.known_from,
        });
    }
    promises.sort_by_key(|promise| promise.customer);
    promises
}

/// Documents of several items: the items of each, lowest number first.
#[derive(Default)]
pub(super) struct Instalments {
    by_document: HashMap<i64, Vec<(i64, ItemIndex)>>,
}

impl Instalments {
    /// Reads the documents' ids again where some document has an item number other than 1.
    pub(super) fn find(files: &LedgerFiles, documents: &Documents) -> Result<Self> {
        let mut found = Instalments::default();
        let Some(table) = files.tables.get("documents") else { return Ok(found) };
        if !documents.has_instalments {
            return Ok(found);
        }
        // Every row group is read: rows are counted over all of them.
        let columns = ["company_id", "document_id", "item_no"];
        let groups = read_row_groups(&table.segments, None, &columns, &[], |group| {
            let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column("document_id").as_string::<i32>());
            let numbers = group.i64s("item_no");
            let key = |row: usize| row_key(&[companies.value(row).as_bytes(), ids.value(row).as_bytes()]).row_key();
            (0..group.rows()).map(|row| (key(row), numbers[row])).collect::<Vec<_>>()
        })?;
        let rows: Vec<(i64, i64)> = groups.into_iter().flatten().collect();
        let several: HashSet<i64> =
            documents.rows.iter().map(|row| rows[*row as usize]).filter(|(_, number)| *number != 1).map(|(key, _)| key).collect();
        for (item, row) in documents.rows.iter().enumerate() {
            let (key, number) = rows[*row as usize];
            if several.contains(&key) {
                found.by_document.entry(key).or_default().push((number, u32::try_from(item).expect("items are counted in 32 bits")));
            }
        }
        found.by_document.values_mut().for_each(|items| items.sort_unstable());
        Ok(found)
    }

    /// Marks the items that are not the first of their document.
    pub(super) fn mark(&self, items: &mut [Item]) {
        for of_document in self.by_document.values() {
            for (_, item) in &of_document[1..] {
                items[*item as usize].is_first_item = false;
            }
        }
    }

    fn items_of(&self, document: i64) -> Option<Vec<ItemIndex>> {
        Some(self.by_document.get(&document)?.iter().map(|(_, item)| *item).collect())
    }
}
