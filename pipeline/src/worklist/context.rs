//! What a list is made from.

use super::chances::Chances;
use super::conversations::Conversations;
use crate::config::WorklistConfig;
use crate::error::{Error, Result};
use crate::forecast::calendars::Calendars;
use crate::forecast::direct_debits::{DirectDebits, bearers};
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::calendar::Day;
use crate::ledger::walk::OpenItem;
use std::collections::{BTreeSet, HashMap};

/// What events say of a customer at the end of the night's date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Insolvency was opened: nobody duns.
    pub is_insolvent: bool,
    /// It was given to an agency or to court: they dun.
    pub is_handed_over: bool,
}

/// What a list is made from.
pub struct Context<'a> {
    /// `[worklist]`.
    pub config: &'a WorklistConfig,
    /// The book.
    pub book: &'a Book,
    /// What is open at the night's date, by customer, as in `open_items`.
    pub open_items: &'a [OpenItem],
    /// For each item of the book its row in the table of documents.
    pub item_rows: &'a [u32],
    /// Document id and item number of the rows that are open.
    pub ids: &'a HashMap<u32, (String, i64)>,
    /// The night's date.
    pub as_of: Day,
    /// The business days of each company.
    pub calendars: &'a Calendars,
    /// What was said with customers.
    pub conversations: &'a Conversations,
    /// The chances of payment; `None` where nothing was forecast.
    pub chances: Option<&'a Chances>,
    /// Who pays by direct debit: they need no reminder.
    pub direct_debits: &'a DirectDebits,
    /// What events say of each customer.
    pub standing: &'a (dyn Fn(CustomerIndex) -> Standing + Sync),
}

impl Context<'_> {
    /// The customers whom nobody contacts.
    pub(super) fn never_contacted(&self) -> BTreeSet<usize> {
        self.config.never_contact.iter().flat_map(|name| bearers(name, self.book)).collect()
    }
}

/// Refuses names of customers that nobody bears: a slip of the pen must not have somebody contacted who must not be.
///
/// # Errors
/// Names the first of them.
pub fn check_names(config: &WorklistConfig, book: &Book) -> Result<()> {
    match config.never_contact.iter().find(|name| bearers(name, book).next().is_none()) {
        Some(name) => {
            let what = format!("`worklist.never_contact` names a customer that the ledger does not know: {name}");
            Err(Error::usage("unknown_customer", what)
                .hint("write the id as it stands in the ledger, or `company/customer` where several companies have it"))
        }
        None => Ok(()),
    }
}
