//! Customers as they were known at the end of any day: their limits, their parents, what happened to them.
//!
//! Responsible for every version of a customer's row and of its events. A limit of which no row says since when it has been known
//! is shown, and is not learnt from: nobody knows on which days it was the limit.

use super::{FROM_THE_BEGINNING, Known, LedgerFiles, LoadOptions, Numbers, Rows, TO_THIS_DAY, read_row_groups};
use crate::error::Result;
use crate::ingest::keys::row_key;
use crate::ledger::book::{Book, Customer, CustomerIndex, NO_AMOUNT, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use std::collections::HashMap;

/// A version of a customer's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownCustomer {
    /// Whose.
    pub customer: CustomerIndex,
    /// Key of the parent's row; its own where it has none.
    pub parent: i64,
    /// Key of its own row.
    pub key: i64,
    /// Its limit, ten-thousandths of `currency`.
    pub credit_limit: Option<i64>,
    /// What is insured, ten-thousandths of `currency`.
    pub insured_amount: Option<i64>,
    /// Currency of both; `None` when no document and no rate has it.
    pub currency: Option<CurrencyIndex>,
    /// Since when it is a customer, or [`NO_DATE`].
    pub opened_date: Day,
}

/// What can happen to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// It is insolvent.
    Insolvency,
    /// Its debt was given to an agency.
    Agency,
    /// It was taken to court.
    Legal,
}

/// Something that happened to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownEvent {
    /// To whom.
    pub customer: CustomerIndex,
    /// When.
    pub event_date: Day,
    /// What.
    pub kind: EventKind,
}

/// Customers and their events.
#[derive(Clone, Debug, Default)]
pub struct KnownCustomers {
    /// Every version of every customer's row, by customer and first known day.
    pub rows: Vec<Known<KnownCustomer>>,
    /// Every event, by customer and date.
    pub events: Vec<Known<KnownEvent>>,
}

impl KnownCustomers {
    /// What is known now, as if it had been known from the beginning.
    pub(super) fn in_hindsight(&self) -> Self {
        KnownCustomers { rows: hindsight(&self.rows), events: hindsight(&self.events) }
    }

    /// The versions of a customer's row, oldest first.
    pub fn rows_of(&self, customer: usize) -> &[Known<KnownCustomer>] {
        stretch(&self.rows, |known| known.fact.customer as usize, customer)
    }

    /// The events of a customer, by date; of a corrected one every version.
    pub fn events_of(&self, customer: usize) -> &[Known<KnownEvent>] {
        stretch(&self.events, |known| known.fact.customer as usize, customer)
    }
}

fn hindsight<T: Copy>(all: &[Known<T>]) -> Vec<Known<T>> {
    let now = all.iter().filter(|known| known.until == TO_THIS_DAY);
    now.map(|known| Known { from: FROM_THE_BEGINNING, ..*known }).collect()
}

fn stretch<T>(sorted: &[T], of: impl Fn(&T) -> usize, customer: usize) -> &[T] {
    let first = sorted.partition_point(|entry| of(entry) < customer);
    let count = sorted[first..].partition_point(|entry| of(entry) == customer);
    &sorted[first..first + count]
}

/// Reads every version of every customer's row and event. Rows of customers that are not in the book say nothing.
pub(super) fn read(files: &LedgerFiles, options: &LoadOptions, book: &Book, currencies: &Numbers) -> Result<KnownCustomers> {
    let customers = customers_by_key(book);
    Ok(KnownCustomers {
        rows: read_rows(files, options, (book, currencies), &customers)?,
        events: read_events(files, options, &customers)?,
    })
}

/// The customers of a book by the key of their rows, as other tables name them.
pub(super) fn customers_by_key(book: &Book) -> HashMap<i64, CustomerIndex> {
    let key = |customer: &Customer| key_of(&book.companies[customer.company as usize], &customer.id);
    (0_u32..).zip(&book.customers).map(|(at, customer)| (key(customer), at)).collect()
}

fn key_of(company: &str, id: &str) -> i64 {
    row_key(&[company.as_bytes(), id.as_bytes()]).row_key()
}

fn read_rows(
    files: &LedgerFiles,
    options: &LoadOptions,
    (book, currencies): (&Book, &Numbers),
    customers: &HashMap<i64, CustomerIndex>,
) -> Result<Vec<Known<KnownCustomer>>> {
    let segments = files.segments("customers");
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::of(files, "customers", options)?;
    let columns =
        ["row_key", "company_id", "parent_id", "credit_limit", "credit_limit_currency", "insured_amount", "opened_date", "recorded_at"];
    let groups = read_row_groups(segments, files.first_files, &columns, &[], |group| {
        let (keys, companies, parents) = (group.i64s("row_key"), group.texts("company_id"), group.texts("parent_id"));
        let (limits, insured, codes) =
            (group.amounts("credit_limit"), group.amounts("insured_amount"), group.texts("credit_limit_currency"));
        let (opened, days) = (group.dates("opened_date"), rows.days(group));
        let given = |amount: i64| (amount != NO_AMOUNT).then_some(amount);
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let key = keys[row];
                let company = companies[row].as_deref().unwrap_or_default();
                let currency = match codes[row].as_deref() {
                    None => Some(book.rates.base()),
                    Some(code) => currencies.currency(code).filter(|currency| usize::from(*currency) < book.rates.len()),
                };
                let fact = KnownCustomer {
                    customer: *customers.get(&key)?,
                    parent: parents[row].as_deref().map_or(key, |parent| key_of(company, parent)),
                    key,
                    credit_limit: given(limits[row]),
                    insured_amount: given(insured[row]),
                    currency,
                    opened_date: opened[row],
                };
                Some(Known { fact, from, until })
            })
            .collect::<Vec<_>>()
    })?;
    let mut found: Vec<Known<KnownCustomer>> = groups.concat();
    found.sort_by_key(|known| (known.fact.customer, known.from, known.until, known.fact));
    Ok(found)
}

fn read_events(files: &LedgerFiles, options: &LoadOptions, customers: &HashMap<i64, CustomerIndex>) -> Result<Vec<Known<KnownEvent>>> {
    let segments = files.segments("customer_events");
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::of(files, "customer_events", options)?;
    let groups = read_row_groups(segments, files.first_files, &["customer_key", "event_date", "kind", "recorded_at"], &[], |group| {
        let (keys, dates, kinds, days) = (group.i64s("customer_key"), group.dates("event_date"), group.texts("kind"), rows.days(group));
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let kind = match kinds[row].as_deref() {
                    Some("insolvency") => EventKind::Insolvency,
                    Some("agency") => EventKind::Agency,
                    Some("legal") => EventKind::Legal,
                    _ => return None,
                };
                let fact = KnownEvent { customer: *customers.get(&keys[row])?, event_date: dates[row], kind };
                (fact.event_date != NO_DATE).then_some(Known { fact, from, until })
            })
            .collect::<Vec<_>>()
    })?;
    let mut found: Vec<Known<KnownEvent>> = groups.concat();
    found.sort_by_key(|known| (known.fact, known.from, known.until));
    Ok(found)
}
