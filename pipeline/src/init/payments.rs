//! A list of payments that name the invoice they pay: its rows are receipts, not invoices.

use super::mapping::Mapping;
use super::profile::Column;
use super::sample::Sample;
use super::vocabulary::PAYMENT_NUMBERS;
use super::words::header_score;
use std::collections::BTreeMap;

/// What a list of payments says that no column does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payments {
    /// Ids that are made of several columns, by column of the ledger.
    pub joined: BTreeMap<&'static str, String>,
    /// Whether one payment has several rows, each with its own part.
    pub has_parts: bool,
}

/// Turns the mapping of an invoice's row into one of a payment's, where the file has payments and nothing else of an invoice.
pub fn payments_of(sample: &Sample, columns: &[Column], mapping: &mut Mapping) -> Option<Payments> {
    let has = |name: &str| mapping.columns.contains_key(name);
    let says_payments = has("document_id") && has("paid_date") && (has("paid_amount") || has("amount"));
    if !says_payments || ["document_date", "due_date", "document_type", "applies_to", "clearing_id"].iter().any(|name| has(name)) {
        return None;
    }
    let invoice = mapping.columns.remove("document_id")?;
    let date = mapping.columns.remove("paid_date")?;
    let amount = mapping.columns.remove("paid_amount").or_else(|| mapping.columns.remove("amount"))?;
    for (name, position) in [("applies_to", invoice), ("document_date", date), ("amount", amount)] {
        mapping.columns.insert(name, position);
    }
    ["document_id", "paid_date", "paid_amount", "amount"].iter().for_each(|name| drop(mapping.unsure.remove(name)));
    let used: Vec<usize> = mapping.columns.values().copied().collect();
    let number = columns
        .iter()
        .enumerate()
        .filter(|(position, column)| !used.contains(position) && column.filled == column.rows)
        .max_by_key(|(position, column)| (header_score(&column.header, PAYMENT_NUMBERS), std::cmp::Reverse(*position)))
        .filter(|(_, column)| header_score(&column.header, PAYMENT_NUMBERS) > 0);
    let mut payments = Payments::default();
    match number {
        Some((position, column)) => {
            mapping.columns.insert("document_id", position);
            payments.has_parts = column.distinct < column.filled;
        }
        None => {
            let joined = format!("{{{}}}/{{{}}}", sample.header[invoice], sample.header[date]);
            payments.joined.insert("document_id", joined);
            let why = "payments have no number of their own: the invoice and the date have to do, and two on one day would be refused";
            mapping.columns.insert("document_id", invoice);
            mapping.unsure.insert("document_id", why.to_owned());
        }
    }
    Some(payments)
}
