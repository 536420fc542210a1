//! One pass over the book, customer by customer: every rule that needs more than a row to be judged.

use super::hits::{BookRule, Hits, Subject};
use crate::ingest::load::due_dates::DueDateRule;
use crate::ledger::book::{Book, CustomerIndex, DocumentType, Item, ItemIndex, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::currency::minor_digits;
use crate::ledger::money::minor_unit;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// Customers that a thread looks at before it takes the next.
const CUSTOMERS_AT_ONCE: usize = 512;
/// Invoices from which a customer has a usual amount.
const MEDIAN_ITEMS_MIN: usize = 5;
/// How many times the usual amount is a slip.
const MEDIAN_TIMES: i128 = 100;
/// Documents from which a customer has a usual currency.
const CURRENCY_ITEMS_MIN: u32 = 10;

/// What the sweep looks at besides the book.
#[derive(Debug)]
pub struct Sweep<'a> {
    /// The book.
    pub book: &'a Book,
    /// For each item its row among the documents.
    pub item_rows: &'a [u32],
    /// What filled the due date of each document, by row; empty where nothing was filled.
    pub due_dates: &'a [DueDateRule],
    /// The day each application was entered for, by row.
    pub applied_dates: &'a [Day],
    /// A hash of each document's reference, by row; 0 where it has none.
    pub references: &'a [u64],
    /// What the table of customers says, by customer of the book; `None` where there is no such table.
    pub customers: Option<&'a [Standing]>,
    /// The business date.
    pub as_of: Day,
    /// Documents after this day are dated in the future.
    pub last_day: Day,
    /// Documents before it are older than the company.
    pub earliest_date: Day,
    /// Days after which a receipt should have been applied.
    pub unapplied_days: i32,
}

/// What the table of customers says of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the table knows it.
    pub is_known: bool,
    /// Since when it is a customer.
    pub opened_date: Option<Day>,
    /// Whether one of its texts would run elsewhere.
    pub has_live_text: bool,
}

type Found = Vec<(BookRule, Subject)>;

impl Sweep<'_> {
    /// Judges every rule of the book. Customers of the same group are left out.
    pub fn run(&self) -> Hits {
        let digits: Vec<i64> =
            (0..self.book.rates.len()).map(|currency| minor_unit(minor_digits(self.code(currency)).unwrap_or(4))).collect();
        let count = self.book.customers.len();
        let chunks: Vec<std::ops::Range<usize>> =
            (0..count).step_by(CUSTOMERS_AT_ONCE).map(|start| start..(start + CUSTOMERS_AT_ONCE).min(count)).collect();
        let mut parts: Vec<Found> = chunks
            .into_par_iter()
            .map(|customers| {
                let mut found = Found::new();
                for customer in customers.filter(|customer| !self.book.customers[*customer].is_intercompany) {
                    self.customer(customer, &digits, &mut found);
                }
                found
            })
            .collect();
        parts.push(self.applications());
        Hits::gather(parts)
    }

    fn code(&self, currency: usize) -> &str {
        self.book.rates.code(u16::try_from(currency).expect("a book has fewer than 65,536 currencies"))
    }

    fn customer(&self, customer: usize, digits: &[i64], found: &mut Found) {
        let items = self.book.items_of(customer);
        let standing = self.customers.map(|customers| customers[customer]);
        let index = CustomerIndex::try_from(customer).expect("customers are counted in 32 bits");
        if items.is_empty() {
            found.push((BookRule::CustomerWithoutDocuments, Subject::Customer(index)));
        }
        if standing.is_some_and(|standing| standing.has_live_text) {
            found.push((BookRule::TextWouldRun, Subject::Customer(index)));
        }
        for item in items {
            self.item(*item, standing, digits, found);
        }
        self.repeated(items, found);
        self.unusual(items, found);
    }

    fn item(&self, index: ItemIndex, standing: Option<Standing>, digits: &[i64], found: &mut Found) {
        let item = &self.book.items[index as usize];
        let filled_by = self.due_dates.get(self.item_rows[index as usize] as usize).copied().unwrap_or_default();
        let opened = standing.and_then(|standing| standing.opened_date).unwrap_or(Day::MIN);
        let breaks = [
            (BookRule::DateInFuture, item.document_date > self.last_day),
            (BookRule::DateBeforeCompany, item.document_date < self.earliest_date || item.document_date < opened),
            (BookRule::DueBeforeDocument, item.due_date != NO_DATE && item.due_date < item.document_date),
            (BookRule::DueDateByDefault, filled_by == DueDateRule::Default),
            (BookRule::DueDateFromCustomer, filled_by == DueDateRule::Customer),
            (BookRule::MissingDueDate, item.document_type.is_sale() && item.due_date == NO_DATE),
            (BookRule::ZeroAmount, item.amount == 0),
            (BookRule::FinerThanMinorUnit, item.amount % digits[usize::from(item.currency)] != 0),
            (BookRule::UnknownCustomerOfDocument, standing.is_some_and(|standing| !standing.is_known)),
            (BookRule::ReceiptUnappliedLong, self.is_unapplied_long(index, item)),
            (BookRule::SettledBeforeDocuments, self.is_settled_too_early(index, item)),
        ];
        found.extend(breaks.into_iter().filter(|(_, breaks)| *breaks).map(|(rule, _)| (rule, Subject::Item(index))));
    }

    fn is_unapplied_long(&self, index: ItemIndex, item: &Item) -> bool {
        if item.document_type != DocumentType::Receipt || self.as_of - item.document_date <= self.unapplied_days {
            return false;
        }
        self.applied(index, item, |_| true) < i128::from(item.amount)
    }

    /// What was taken off an item by `as_of`, by applications of some partners, in its own currency.
    fn applied(&self, index: ItemIndex, item: &Item, by: impl Fn(DocumentType) -> bool) -> i128 {
        let is_debit = item.document_type.is_debit();
        let seen = self.book.applications_of(index).take_while(|application| application.visible_date <= self.as_of);
        let counted = seen.filter(|application| {
            let partner = if is_debit { application.credit } else { application.debit };
            by(self.book.items[partner as usize].document_type)
        });
        counted.map(|application| i128::from(application.part_of(item))).sum()
    }

    /// Whether a debit item was settled by an application that was entered for a day before both documents.
    fn is_settled_too_early(&self, index: ItemIndex, item: &Item) -> bool {
        if !item.document_type.is_debit() || item.amount == 0 {
            return false;
        }
        let seen = || self.book.applications_of(index).take_while(|application| application.visible_date <= self.as_of);
        let Some(last) = seen().last().map(|application| application.visible_date) else { return false };
        // Of several on the day that settled it the order says nothing.
        let is_early = seen().filter(|application| application.visible_date == last).any(|application| {
            let credit = &self.book.items[application.credit as usize];
            self.applied_dates[application.row as usize] < item.document_date.min(credit.document_date)
        });
        is_early && self.applied(index, item, |_| true) == i128::from(item.amount)
    }

    /// Invoices that repeat another: same date, amount and currency, or the same reference. Of a document in instalments only
    /// the first item is looked at: the others repeat it on purpose.
    fn repeated(&self, items: &[ItemIndex], found: &mut Found) {
        let is_invoice = |index: &&ItemIndex| {
            let item = &self.book.items[**index as usize];
            item.document_type == DocumentType::Invoice && item.is_first_item && item.amount > 0
        };
        let invoices: Vec<ItemIndex> = items.iter().filter(is_invoice).copied().collect();
        if invoices.len() < 2 {
            return;
        }
        let same = |index: ItemIndex| {
            let item = &self.book.items[index as usize];
            (item.currency, item.document_date, item.amount)
        };
        self.pairs(&invoices, BookRule::DuplicateInvoice, |index| Some(same(index)), found);
        self.pairs(&invoices, BookRule::DuplicateReference, |index| Some(self.reference(index)).filter(|hash| *hash != 0), found);
    }

    fn reference(&self, index: ItemIndex) -> u64 {
        self.references.get(self.item_rows[index as usize] as usize).copied().unwrap_or(0)
    }

    /// Each invoice after the first of those that agree in `key`, with the first. What was credited in full was mended already.
    fn pairs<K: Ord>(&self, invoices: &[ItemIndex], rule: BookRule, key: impl Fn(ItemIndex) -> Option<K>, found: &mut Found) {
        // The earliest is the first, whatever order the rows came in.
        let order = |index: ItemIndex| (self.book.items[index as usize].document_date, self.book.items[index as usize].amount);
        let mut keyed: Vec<_> = invoices.iter().filter_map(|index| Some((key(*index)?, order(*index), *index))).collect();
        keyed.sort();
        for group in keyed.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            let mut standing = group.iter().map(|(_, _, index)| *index).filter(|index| !self.is_credited_in_full(*index));
            let Some(first) = standing.next() else { continue };
            found.extend(standing.map(|repeated| (rule, Subject::Repeated(repeated, first))));
        }
    }

    fn is_credited_in_full(&self, index: ItemIndex) -> bool {
        let item = &self.book.items[index as usize];
        self.applied(index, item, |kind| kind == DocumentType::CreditNote) >= i128::from(item.amount)
    }

    /// What is not as the customer's documents usually are: the currency, and the amount of an invoice.
    fn unusual(&self, items: &[ItemIndex], found: &mut Found) {
        let mut documents: BTreeMap<u16, u32> = BTreeMap::new();
        let mut sales: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
        for item in items.iter().map(|index| &self.book.items[*index as usize]) {
            *documents.entry(item.currency).or_default() += 1;
            if item.document_type.is_sale() && item.amount > 0 {
                sales.entry(item.currency).or_default().push(item.amount);
            }
        }
        let all: u32 = documents.values().sum();
        let usual = documents.iter().find(|(_, count)| all >= CURRENCY_ITEMS_MIN && **count * 10 >= all * 9).map(|(currency, _)| *currency);
        let medians: HashMap<u16, i64> = sales
            .into_iter()
            .filter(|(_, amounts)| amounts.len() >= MEDIAN_ITEMS_MIN)
            .map(|(currency, mut amounts)| {
                let middle = (amounts.len() - 1) / 2;
                (currency, *amounts.select_nth_unstable(middle).1)
            })
            .collect();
        for index in items {
            let item = &self.book.items[*index as usize];
            if usual.is_some_and(|usual| usual != item.currency) {
                found.push((BookRule::CurrencyNotUsual, Subject::Item(*index)));
            }
            let is_slip = |median: &i64| i128::from(item.amount) >= i128::from(*median) * MEDIAN_TIMES;
            if item.document_type.is_sale() && medians.get(&item.currency).is_some_and(is_slip) {
                found.push((BookRule::Invoice100TimesMedian, Subject::Item(*index)));
            }
        }
    }

    fn applications(&self) -> Found {
        let mut found = Found::new();
        for (position, application) in self.book.applications.iter().enumerate() {
            let (debit, credit) = (&self.book.items[application.debit as usize], &self.book.items[application.credit as usize]);
            if self.book.customers[debit.customer as usize].is_intercompany {
                continue;
            }
            let subject = Subject::Application(u32::try_from(position).expect("applications are counted in 32 bits"));
            if self.applied_dates[application.row as usize] < application.visible_date {
                found.push((BookRule::AppliedBeforeDocument, subject));
            }
            if debit.currency != credit.currency {
                found.push((BookRule::MixedCurrencies, subject));
            }
        }
        found
    }
}
