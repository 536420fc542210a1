//! Promises to pay as they were known at the end of any day.
//!
//! Responsible for finding what each version of a promise is about on a day: the items of its document that are known then,
//! and whose they are. Not responsible for what promises say about cash: see `forecast::promises`.

use super::{Items, Known, LedgerFiles, LoadOptions, Numbers, Rows, read_row_groups};
use crate::error::Result;
use crate::ingest::keys::row_key;
use crate::ledger::book::{Book, CustomerIndex, ItemIndex};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use arrow::array::{Array as _, AsArray as _};
use std::collections::{BTreeSet, HashMap};

/// A version of a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPromise {
    /// Who promised, where it is about the account.
    pub customer: Option<CustomerIndex>,
    /// Whether it is about a document.
    pub has_document: bool,
    /// The items of the document, lowest number first, whenever they were known.
    pub items: Vec<ItemIndex>,
    /// When it was made.
    pub made_date: Day,
    /// When the money was to come.
    pub promised_date: Day,
    /// How much.
    pub amount: i64,
    /// In what; `None` for the document's currency, or else the base currency.
    pub currency: Option<CurrencyIndex>,
}

struct Row {
    customer_key: i64,
    document: Option<(i64, i64)>,
    key: i64,
    promise: Known<KnownPromise>,
}

/// Reads every version of every promise.
pub(super) fn read(
    files: &LedgerFiles,
    options: &LoadOptions,
    book: &Book,
    (items, currencies): (&Items, &Numbers),
) -> Result<Vec<Known<KnownPromise>>> {
    let segments = files.segments("promises");
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::of(files, "promises", options)?;
    let columns =
        ["row_key", "customer_key", "company_id", "document_id", "made_date", "promised_date", "amount", "currency", "recorded_at"];
    let groups = read_row_groups(segments, files.first_files, &columns, &[], |group| {
        let (companies, documents) = (group.column("company_id").as_string::<i32>(), group.column("document_id").as_string::<i32>());
        let (made, promised, amounts) = (group.dates("made_date"), group.dates("promised_date"), group.amounts("amount"));
        let (keys, customer_keys, codes) = (group.i64s("row_key"), group.i64s("customer_key"), group.texts("currency"));
        let days = rows.days(group);
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let has_document = documents.is_valid(row) && !documents.value(row).is_empty();
                let (company, document) = (companies.value(row).as_bytes(), documents.value(row).as_bytes());
                let code = codes[row].as_deref().filter(|code| !code.is_empty());
                let currency = match code {
                    // A currency that no document has: there is nothing the promise could be compared with.
                    Some(code) => Some(currencies.currency(code).filter(|currency| usize::from(*currency) < book.rates.len())?),
                    None => None,
                };
                let promise = KnownPromise {
                    customer: None,
                    has_document,
                    items: Vec::new(),
                    made_date: made[row],
                    promised_date: promised[row],
                    amount: amounts[row],
                    currency,
                };
                Some(Row {
                    customer_key: customer_keys[row],
                    document: has_document
                        .then(|| (row_key(&[company, document, b"1"]).row_key(), row_key(&[company, document]).row_key())),
                    key: keys[row],
                    promise: Known { fact: promise, from, until },
                })
            })
            .collect::<Vec<_>>()
    })?;
    let mut found: Vec<Row> = groups.into_iter().flatten().collect();
    // Rows come in the order of the ledger, which must not matter.
    found.sort_by_key(|row| {
        (row.promise.fact.promised_date, row.promise.fact.made_date, row.promise.fact.amount, row.key, row.promise.from)
    });
    let documents = items_of_documents(files, items, &found)?;
    let customers: HashMap<i64, CustomerIndex> = (0_u32..)
        .zip(&book.customers)
        .map(|(at, customer)| (row_key(&[book.companies[customer.company as usize].as_bytes(), customer.id.as_bytes()]).row_key(), at))
        .collect();
    let resolved = found.into_iter().map(|Row { customer_key, document, promise: mut known, .. }| {
        match document {
            Some((first_item, document)) => {
                let several = documents.get(&document).map(|items| items.iter().map(|(_, item)| *item).collect());
                known.fact.items = several.unwrap_or_else(|| items.get(first_item).into_iter().collect());
            }
            None => known.fact.customer = customers.get(&customer_key).copied(),
        }
        known
    });
    Ok(resolved.filter(|known| known.fact.customer.is_some() || !known.fact.items.is_empty()).collect())
}

/// The items of promised documents that have an item of another number than 1, by document: number and item.
fn items_of_documents(files: &LedgerFiles, items: &Items, promises: &[Row]) -> Result<HashMap<i64, BTreeSet<(i64, ItemIndex)>>> {
    let wanted: HashMap<i64, i64> =
        promises.iter().filter_map(|row| row.document).map(|(first_item, document)| (document, first_item)).collect();
    let columns = ["row_key", "company_id", "document_id", "item_no"];
    let groups = read_row_groups(files.segments("documents"), files.first_files, &columns, &[], |group| {
        let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column("document_id").as_string::<i32>());
        let (keys, numbers) = (group.i64s("row_key"), group.i64s("item_no"));
        (0..group.rows())
            .filter(|row| numbers[*row] != 1)
            .map(|row| (row_key(&[companies.value(row).as_bytes(), ids.value(row).as_bytes()]).row_key(), numbers[row], keys[row]))
            .filter(|(document, _, _)| wanted.contains_key(document))
            .collect::<Vec<_>>()
    })?;
    let mut found: HashMap<i64, BTreeSet<(i64, ItemIndex)>> = HashMap::new();
    for (document, number, key) in groups.into_iter().flatten() {
        let of_document = found.entry(document).or_default();
        of_document.extend(items.get(key).map(|item| (number, item)));
        of_document.extend(items.get(wanted[&document]).map(|item| (1, item)));
    }
    Ok(found)
}
