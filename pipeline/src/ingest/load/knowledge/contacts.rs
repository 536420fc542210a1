//! Contacts with customers as they were known at the end of any day.

use super::customers::customers_by_key;
use super::{Known, LedgerFiles, LoadOptions, Rows, read_row_groups};
use crate::error::Result;
use crate::ingest::keys::row_key;
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::calendar::Day;
use arrow::array::{Array as _, AsArray as _};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A version of a contact about what is owed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownContact {
    /// With whom.
    pub customer: CustomerIndex,
    /// When.
    pub contact_date: Day,
    /// The key of the first item of the document it was about; `None` where it was about the account.
    pub document_key: Option<i64>,
    /// By what means, where the source says it.
    pub channel: Option<Arc<str>>,
    /// With what result, where the source says it.
    pub outcome: Option<Arc<str>>,
}

/// Reads every version of every contact, in an order that its content decides. Contacts with customers that are not in the book
/// say nothing: there is nothing to collect from them.
pub(super) fn read(files: &LedgerFiles, options: &LoadOptions, book: &Book) -> Result<Vec<Known<KnownContact>>> {
    let segments = files.segments("contacts");
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let customers = customers_by_key(book);
    let rows = Rows::of(files, "contacts", options)?;
    let columns = ["customer_key", "company_id", "document_id", "contact_date", "channel", "outcome", "recorded_at"];
    let groups = read_row_groups(segments, files.first_files, &columns, &[], |group| {
        let (keys, dates) = (group.i64s("customer_key"), group.dates("contact_date"));
        let (channels, outcomes) = (group.texts("channel"), group.texts("outcome"));
        let (companies, documents) = (group.column("company_id").as_string::<i32>(), group.column("document_id").as_string::<i32>());
        let days = rows.days(group);
        // A ledger has a handful of words: each is kept once a row group, not once a contact.
        let mut words: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut found = Vec::new();
        for row in 0..group.rows() {
            let (Some((from, until)), Some(customer)) = (days(row), customers.get(&keys[row])) else { continue };
            let mut word = |text: Option<&str>| {
                let text = text.filter(|text| !text.is_empty())?;
                if let Some(known) = words.get(text) {
                    return Some(Arc::clone(known));
                }
                let new: Arc<str> = text.into();
                words.insert(Arc::clone(&new));
                Some(new)
            };
            let (channel, outcome) = (word(channels[row].as_deref()), word(outcomes[row].as_deref()));
            let has_document = documents.is_valid(row) && !documents.value(row).is_empty();
            let document_key = has_document.then(|| {
                let (company, document) = (companies.value(row).as_bytes(), documents.value(row).as_bytes());
                row_key(&[company, document, b"1"]).row_key()
            });
            let fact = KnownContact { customer: *customer, contact_date: dates[row], document_key, channel, outcome };
            found.push(Known { fact, from, until });
        }
        found
    })?;
    let mut found: Vec<Known<KnownContact>> = groups.into_iter().flatten().collect();
    found.sort_by(|a, b| (&a.fact, a.from, a.until).cmp(&(&b.fact, b.from, b.until)));
    Ok(found)
}
