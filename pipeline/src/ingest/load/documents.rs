//! The items of a book.

use super::customers::Customers;
use super::due_dates::{DueDateRule, Filler};
use super::numbers::{Interners, KeyMap};
use super::row_groups::{RowGroup, read_row_groups};
use super::versions::invisible_rows;
use super::{LedgerFiles, LeftOut, LoadOptions};
use crate::error::Result;
use crate::ledger::book::{DiscountTerms, DocumentType, Item, ItemIndex, NO_AMOUNT, NO_DATE};
use crate::ledger::rates::Rates;
use arrow::array::AsArray as _;
use arrow::datatypes::Int32Type;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

pub(super) const UNKNOWN: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Documents {
    pub(super) items: Vec<Item>,
    pub(super) rows: Vec<u32>,
    pub(super) row_keys: Vec<i64>,
    /// Items that offer a discount for early payment, in the order of the items.
    pub(super) discounts: Vec<(ItemIndex, DiscountTerms)>,
    /// Whether an item number other than 1 occurs.
    pub(super) has_instalments: bool,
    /// Customer keys of the items whose customer the table of customers does not know.
    pub(super) unknown: Vec<(usize, i64)>,
    /// What filled due dates, by row of the table; empty where nothing was filled.
    pub(super) due_dates: Vec<DueDateRule>,
    /// The same of the rows of one group of which something was.
    pub(super) filled: Vec<(u32, DueDateRule)>,
}

pub(super) fn load_documents(
    files: &LedgerFiles,
    options: &LoadOptions,
    interner: &Interners,
    customers: &KeyMap<u32>,
) -> Result<Documents> {
    let mut documents = Documents::default();
    let Some(table) = files.tables.get("documents") else { return Ok(documents) };
    let invisible = invisible_rows(files, "documents", options.known_as_of)?;
    let columns = [
        "row_key",
        "customer_key",
        "document_type",
        "document_date",
        "due_date",
        "amount",
        "currency",
        "base_amount",
        "terms",
        "account_manager",
        "item_no",
        "discount_percent",
        "discount_date",
        "delivery_date",
        "source_file",
    ];
    let dictionaries = ["document_type", "currency", "terms", "account_manager"];
    let filler = Filler::read(files, options)?;
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &dictionaries, |group| {
        read_items(group, &invisible, interner, (customers, &filler))
    })?;
    let count = groups.iter().map(|group| group.items.len()).sum();
    documents.items.reserve_exact(count);
    documents.rows.reserve_exact(count);
    documents.row_keys.reserve_exact(count);
    for group in groups {
        let first = documents.items.len();
        documents.unknown.extend(group.unknown.iter().map(|(position, key)| (first + position, *key)));
        let offset = u32::try_from(first).expect("items are counted in 32 bits");
        documents.discounts.extend(group.discounts.iter().map(|(position, terms)| (offset + position, *terms)));
        documents.has_instalments |= group.has_instalments;
        for (row, rule) in group.filled {
            let row = row as usize;
            documents.due_dates.resize(documents.due_dates.len().max(row + 1), DueDateRule::None);
            documents.due_dates[row] = rule;
        }
        documents.items.extend_from_slice(&group.items);
        documents.rows.extend_from_slice(&group.rows);
        documents.row_keys.extend_from_slice(&group.row_keys);
    }
    Ok(documents)
}

pub(super) fn read_items(
    group: &RowGroup,
    invisible: &HashSet<u32>,
    interner: &Interners,
    (customers, filler): (&KeyMap<u32>, &Filler<'_>),
) -> Documents {
    let (row_keys, customer_keys) = (group.i64s("row_key"), group.i64s("customer_key"));
    let types = group.codes("document_type", UNKNOWN, |word| DocumentType::named(word).map_or(UNKNOWN, |kind| kind as u32));
    let currencies = group.codes("currency", UNKNOWN, |code| interner.currencies.number(code));
    let terms = group.codes("terms", 0, |text| interner.labels.number(text));
    let managers = group.codes("account_manager", 0, |text| interner.labels.number(text));
    let (document_dates, due_dates) = (group.dates("document_date"), group.dates("due_date"));
    let (amounts, base_amounts) = (group.amounts("amount"), group.amounts("base_amount"));
    let (discount_percents, discount_dates) = (group.amounts("discount_percent"), group.dates("discount_date"));
    let (delivery_dates, item_numbers) = (group.dates("delivery_date"), group.i64s("item_no"));
    let source_files = group.column("source_file").as_primitive::<Int32Type>().values();
    let mut net_terms: HashMap<i32, u32> = HashMap::new();
    let mut documents = Documents { items: Vec::with_capacity(group.rows()), ..Documents::default() };
    for row in 0..group.rows() {
        let Some(document_type) = DocumentType::ALL.get(types[row] as usize).copied() else { continue };
        if !invisible.is_empty() && invisible.contains(&group.row(row)) {
            continue;
        }
        let (document_date, mut due_date) = (document_dates[row], due_dates[row]);
        if due_date == NO_DATE
            && let Some(filled) = filler.now(document_type, customer_keys[row], document_date, source_files[row])
        {
            due_date = filled.due_date;
            documents.filled.push((group.row(row), filled.rule));
        }
        let payment_terms = if terms[row] != 0 || due_date == NO_DATE {
            terms[row]
        } else {
            let days = due_date - document_date;
            *net_terms.entry(days).or_insert_with(|| interner.labels.number(&format!("net {days}")))
        };
        let customer = customers.get(&customer_keys[row]).copied().unwrap_or(UNKNOWN);
        if customer == UNKNOWN {
            documents.unknown.push((documents.items.len(), customer_keys[row]));
        }
        let has_discount = discount_percents[row] != NO_AMOUNT && discount_dates[row] != NO_DATE;
        if has_discount {
            let terms = DiscountTerms { percent: discount_percents[row], last_date: discount_dates[row] };
            documents.discounts.push((u32::try_from(documents.items.len()).expect("items are counted in 32 bits"), terms));
        }
        documents.has_instalments |= item_numbers[row] != 1;
        documents.items.push(Item {
            amount: amounts[row],
            base_amount: base_amounts[row],
            document_date,
            due_date,
            customer,
            account_manager: managers[row],
            payment_terms,
            currency: u16::try_from(currencies[row]).expect("a book has fewer than 65,536 currencies"),
            document_type,
            delivery_date: delivery_dates[row],
            has_disputes: false,
            has_discount,
            is_first_item: true,
        });
        documents.rows.push(group.row(row));
        documents.row_keys.push(row_keys[row]);
    }
    documents
}

impl Documents {
    /// Gives every item its customer's final position and, where it has none of its own, its account manager.
    pub(super) fn finish(&mut self, customers: &Customers, remap: &[u32]) {
        for (position, key) in &self.unknown {
            self.items[*position].customer = *customers.by_key.get(key).expect("unknown customers were added");
        }
        self.unknown = Vec::new();
        self.items.par_iter_mut().for_each(|item| {
            item.customer = remap[item.customer as usize];
            if item.account_manager == 0 {
                item.account_manager = customers.rows[item.customer as usize].account_manager;
            }
        });
    }

    /// Leaves out what cannot be valued: a document in a currency that has no rate on or before its date.
    pub(super) fn drop_without_rate(&mut self, rates: &Rates, left_out: &mut Vec<LeftOut>) {
        let has_rate = |item: &Item| item.currency == rates.base() || rates.on(item.currency, item.document_date).is_some();
        if self.items.iter().all(has_rate) {
            return;
        }
        let keep: Vec<bool> = self.items.iter().map(has_rate).collect();
        for (position, keep) in keep.iter().enumerate() {
            if !keep {
                left_out.push(LeftOut { table: "documents", row: self.rows[position], reason: "no_rate" });
            }
        }
        let mut position = 0_u32;
        let mut new_positions: Vec<u32> = Vec::with_capacity(keep.len());
        for keep in &keep {
            new_positions.push(position);
            position += u32::from(*keep);
        }
        self.discounts.retain(|(item, _)| keep[*item as usize]);
        self.discounts.iter_mut().for_each(|(item, _)| *item = new_positions[*item as usize]);
        let mut kept = keep.iter();
        self.items.retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.rows.retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.row_keys.retain(|_| kept.next().copied().unwrap_or(true));
    }
}
