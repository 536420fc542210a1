//! What is open of a customer, item by item, and what its unapplied credits would take of it.

use crate::ledger::book::{Book, DocumentType, ItemIndex, LabelIndex, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use crate::ledger::walk::OpenItem;
use std::collections::{BTreeMap, HashMap};

/// An open debit item; amounts in ten-thousandths.
#[derive(Clone, Copy, Debug)]
pub struct OpenDebit<'a> {
    /// Which.
    pub item: ItemIndex,
    /// The document's id.
    pub document_id: &'a str,
    /// The number of the item.
    pub number: i64,
    /// In what.
    pub currency: CurrencyIndex,
    /// From when it counts.
    pub document_date: Day,
    /// When it is due, or [`NO_DATE`].
    pub due_date: Day,
    /// The label of whoever looks after it.
    pub account_manager: LabelIndex,
    /// What is open, document currency.
    pub open: i64,
    /// The same in base currency at the closing rate.
    pub open_base: i64,
    /// What of it is in dispute.
    pub disputed: i64,
    /// The same in base currency.
    pub disputed_base: i64,
    /// What is not in dispute.
    pub rest: i64,
    /// The same in base currency.
    pub rest_base: i64,
    /// What unapplied credits of the customer would take of the rest, oldest due first.
    pub credit: i64,
}

impl OpenDebit<'_> {
    /// Days past due at the end of `as_of`, as `open_items` has them; `None` without a due date.
    pub fn days_past_due(&self, as_of: Day) -> Option<i32> {
        (self.due_date != NO_DATE).then(|| as_of - self.due_date)
    }
}

/// The open debit items of one customer, oldest due first, those without a due date last. `ids` are document id and item number by
/// the row that `item_rows` gives for an item.
pub fn open_debits<'a>(book: &Book, open: &[OpenItem], item_rows: &[u32], ids: &'a HashMap<u32, (String, i64)>) -> Vec<OpenDebit<'a>> {
    let mut credits: BTreeMap<CurrencyIndex, i128> = BTreeMap::new();
    let mut debits = Vec::new();
    for open in open {
        let item = &book.items[open.item as usize];
        if !item.document_type.is_debit() {
            *credits.entry(item.currency).or_default() += i128::from(open.open);
            continue;
        }
        // Money that went back and is not matched yet: it takes from what is unapplied, and nobody owes it by a date.
        if matches!(item.document_type, DocumentType::Refund | DocumentType::ReceiptReversal) && item.due_date == NO_DATE {
            *credits.entry(item.currency).or_default() -= i128::from(open.open);
            continue;
        }
        let Some((document_id, number)) = ids.get(&item_rows[open.item as usize]) else { continue };
        debits.push(OpenDebit {
            item: open.item,
            document_id,
            number: *number,
            currency: item.currency,
            document_date: item.document_date,
            due_date: item.due_date,
            account_manager: item.account_manager,
            open: open.open,
            open_base: open.closing,
            disputed: open.disputed,
            disputed_base: open.disputed_closing,
            rest: open.open - open.disputed,
            rest_base: open.closing - open.disputed_closing,
            credit: 0,
        });
    }
    // Ids decide only between items that are alike otherwise.
    debits.sort_by_key(|debit| {
        let OpenDebit { due_date, document_date, open, number, .. } = *debit;
        (due_date == NO_DATE, due_date, document_date, open, number, debit.document_id)
    });
    for debit in &mut debits {
        if let Some(credit) = credits.get_mut(&debit.currency) {
            debit.credit = i64::try_from((*credit).clamp(0, i128::from(debit.rest))).expect("no more than the rest");
            *credit -= i128::from(debit.credit);
        }
    }
    debits
}
