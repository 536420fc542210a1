//! Customers whose invoices are collected by direct debit: what is not due yet comes on its due date, and no model is asked.
//!
//! Only those that the configuration names. What is past due was not collected, or came back: the model says when it comes.

use super::design::DayFeatures;
use super::snapshot::Snapshot;
use crate::config::ForecastConfig;
use crate::error::{Error, Result};
use crate::ledger::book::Book;
use crate::scoring::as_of::OpenItem;
use std::collections::BTreeSet;

/// What `tier` says of an item that is collected.
pub const WORD: &str = "direct_debit";

/// The customers that pay by direct debit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectDebits(BTreeSet<usize>);

impl DirectDebits {
    /// The customers that the configuration names: by id in every company that knows it, or as `company/customer`. Names that
    /// nobody bears are passed over: see [`Self::check`].
    pub fn of(config: &ForecastConfig, book: &Book) -> Self {
        DirectDebits(config.direct_debits.iter().flat_map(|name| bearers(name, book)).collect())
    }

    /// Refuses names that no customer bears.
    ///
    /// # Errors
    /// Names the first of them.
    pub fn check(config: &ForecastConfig, book: &Book) -> Result<()> {
        match config.direct_debits.iter().find(|name| bearers(name, book).next().is_none()) {
            Some(name) => Err(Error::usage(
                "unknown_customer",
                format!("`forecast.direct_debits` names a customer that the ledger does not know: {name}"),
            )
            .hint("write the id as it stands in the ledger, or `company/customer` where several companies have it")),
            None => Ok(()),
        }
    }

    /// Whether a customer pays by direct debit.
    pub fn has(&self, customer: usize) -> bool {
        self.0.contains(&customer)
    }

    /// Whether an open item of a customer will be collected on its due date.
    pub fn collect(&self, customer: usize, open: &OpenItem, snapshot: &Snapshot) -> bool {
        open.has_due_date && open.due_date > snapshot.day && self.0.contains(&customer)
    }
}

/// Shares that have left after each of the days, of an item that is collected on its due date or the next business day.
pub fn collected(open: &OpenItem, days: &[DayFeatures]) -> Vec<[f64; 3]> {
    days.iter().map(|day| [f64::from(u8::from(day.day >= open.due_date)), 0.0, 0.0]).collect()
}

/// The customers that a name of the configuration means: an id in every company that knows it, or `company/customer`.
pub(crate) fn bearers<'a>(name: &'a str, book: &'a Book) -> impl Iterator<Item = usize> + 'a {
    let is_meant = move |customer: &crate::ledger::book::Customer| {
        let company = book.companies[customer.company as usize].as_str();
        customer.id == name || name.split_once('/').is_some_and(|(of, id)| of == company && id == customer.id)
    };
    book.customers.iter().enumerate().filter(move |(_, customer)| is_meant(customer)).map(|(at, _)| at)
}
