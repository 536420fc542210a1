//! How an item that is not open any more was settled: what took it off the books, and when.

use super::{decimal, text_of};
use crate::ledger::book::{Book, DocumentType, ItemIndex, NO_DATE};
use crate::ledger::calendar::Day;
use serde::Serialize;
use std::collections::BTreeMap;

/// A settled item.
#[derive(Clone, Debug, Serialize)]
pub struct Settled {
    /// Its number in the document.
    pub item_no: i64,
    /// Whose.
    pub customer_id: String,
    /// ISO code.
    pub currency: String,
    /// What was billed.
    pub amount: String,
    /// When it was issued.
    pub document_date: String,
    /// When it was due; `None` without a due date.
    pub due_date: Option<String>,
    /// The day on which nothing was left of it; its own date for an invoice of zero.
    pub settled_date: String,
    /// Days from the due date to that day; negative before it.
    pub settled_days_late: Option<i32>,
    /// What settled it, in order.
    pub parts: Vec<SettledPart>,
}

/// A credit that took something off an item.
#[derive(Clone, Debug, Serialize)]
pub struct SettledPart {
    /// The day on which it counts.
    pub date: String,
    /// `receipt`, `credit_note`, `discount`, `write_off` or `decrease`.
    pub document_type: &'static str,
    /// How much it took off, in the item's currency.
    pub amount: String,
}

/// How an item was settled by the end of `day`; `None` where something is still open of it.
pub fn settled(book: &Book, index: ItemIndex, item_no: i64, day: Day) -> Option<Settled> {
    let item = &book.items[index as usize];
    let currency = book.rates.code(item.currency);
    // What one credit gave and took back nets out.
    let mut credits: BTreeMap<(Day, ItemIndex), i64> = BTreeMap::new();
    let mut first_days: BTreeMap<ItemIndex, Day> = BTreeMap::new();
    let (mut open, mut settled_on) = (item.amount, item.document_date);
    for application in book.applications_of(index).filter(|application| application.visible_date <= day) {
        let first = *first_days.entry(application.credit).or_insert(application.visible_date);
        *credits.entry((first, application.credit)).or_default() += application.amount;
        open -= application.amount;
        settled_on = application.visible_date;
    }
    if open != 0 || item.document_date > day {
        return None;
    }
    let mut parts: Vec<(Day, DocumentType, i64)> = credits
        .into_iter()
        .filter(|(_, amount)| *amount != 0)
        .map(|((date, credit), amount)| (date, book.items[credit as usize].document_type, amount))
        .collect();
    // Credits are numbered in the order in which they were read.
    parts.sort_by_key(|(date, document_type, amount)| (*date, *document_type, *amount));
    Some(Settled {
        item_no,
        customer_id: book.customers[item.customer as usize].id.clone(),
        currency: currency.to_owned(),
        amount: decimal(item.amount, currency),
        document_date: text_of(item.document_date),
        due_date: (item.due_date != NO_DATE).then(|| text_of(item.due_date)),
        settled_date: text_of(settled_on),
        settled_days_late: (item.due_date != NO_DATE).then(|| settled_on - item.due_date),
        parts: parts
            .into_iter()
            .map(|(date, document_type, amount)| SettledPart {
                date: text_of(date),
                document_type: document_type.word(),
                amount: decimal(amount, currency),
            })
            .collect(),
    })
}
