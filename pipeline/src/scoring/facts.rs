//! The facts behind the features: debit items with what was taken off them and when, credits with what was used of them,
//! each with the days on which it was known.
//!
//! Responsible for saying what stood in the books at the end of a day, as it was known at the end of that day or of a later
//! one. A fact counts from the later of its own date and the day it was recorded. Not responsible for what is computed from
//! it. Intercompany customers are left out, as in every table.

use crate::ingest::load::knowledge::{
    FROM_THE_BEGINNING, Knowledge, Known, KnownContact, KnownCustomers, KnownOrder, KnownPromise, KnownRates, Match, TO_THIS_DAY,
};
use crate::ledger::book::{Book, CustomerIndex, Dispute, DocumentType, Item, ItemIndex, LabelIndex, Promise};
use crate::ledger::calendar::Day;
use crate::ledger::money::RATE_ONE;
use crate::ledger::rates::CurrencyIndex;
use rayon::prelude::*;
use std::ops::Range;

/// How a part of an item leaves the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// A receipt.
    Cash,
    /// A credit note, a discount, another decrease.
    Credit,
    /// A write-off.
    WriteOff,
}

impl Exit {
    fn of(document_type: DocumentType) -> Self {
        match document_type {
            DocumentType::Receipt => Exit::Cash,
            DocumentType::WriteOff => Exit::WriteOff,
            _ => Exit::Credit,
        }
    }
}

/// A debit item as it was known for some days: a corrected item has several, one after the other.
#[derive(Clone, Debug)]
pub struct DebitItem {
    /// Its number in the book; from the book's count of items on for those that were deleted since.
    pub item: ItemIndex,
    /// A hash of its company, document and item number: the same in every view of the ledger.
    pub key: i64,
    /// Whose.
    pub customer: CustomerIndex,
    /// In what.
    pub currency: CurrencyIndex,
    /// Label of its payment terms.
    pub terms: LabelIndex,
    /// An invoice or a debit note; reinstatements and other increases are collected too, but say nothing about habits.
    pub is_sale: bool,
    /// From when it counts.
    pub document_date: Day,
    /// When it is due, or [`NO_DATE`].
    pub due_date: Day,
    /// Amount in document currency, ten-thousandths.
    pub amount: i64,
    /// Base currency for one unit of document currency on its date.
    pub base_rate: f64,
    /// The day from which any version of it counted for this customer and was known.
    first_visible: Day,
    from: Day,
    until: Day,
    slices: Range<u32>,
    disputes: Range<u32>,
}

/// What one application takes off a debit item, or gives back.
#[derive(Clone, Copy, Debug)]
struct Slice {
    /// The credit it comes from: applications that are taken back net with those of the same credit.
    credit: ItemIndex,
    /// What kind of document that is.
    credit_type: DocumentType,
    exit: Exit,
    /// When the money came, or the credit was granted: the later of both documents' dates.
    effective_date: Day,
    visible_from: Day,
    visible_until: Day,
    amount: i64,
}

/// A credit item, or a refund or reversal that takes from credits.
#[derive(Clone, Debug)]
pub struct AccountItem {
    /// A hash of its company, document and item number: the same in every view of the ledger.
    pub key: i64,
    /// Whose.
    pub customer: CustomerIndex,
    /// In what.
    pub currency: CurrencyIndex,
    /// What kind of document it is.
    pub document_type: DocumentType,
    /// Whether money moves: receipts, and the refunds and reversals that take it back.
    pub is_cash: bool,
    /// 1 for credits, −1 for refunds and reversals.
    sign: i64,
    /// From when it counts.
    pub document_date: Day,
    amount: i64,
    from: Day,
    until: Day,
    uses: Range<u32>,
}

/// What is used of a credit, or what a refund or reversal takes from credits.
#[derive(Clone, Copy, Debug)]
struct Use {
    visible_from: Day,
    visible_until: Day,
    amount: i64,
}

/// A part of an item that left, as known on some day: parts of one credit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How.
    pub exit: Exit,
    /// When the money came or the credit was granted.
    pub effective_date: Day,
    /// When it was first known to be this item's.
    pub visible_date: Day,
    /// How much, document currency, > 0.
    pub amount: i64,
}

/// The facts of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Debit items by customer, document date, and then by what only their content decides.
    items: Vec<DebitItem>,
    item_offsets: Vec<u32>,
    slices: Vec<Slice>,
    disputes: Vec<Known<Dispute>>,
    account: Vec<AccountItem>,
    account_offsets: Vec<u32>,
    uses: Vec<Use>,
    promises: Vec<Known<KnownPromise>>,
    orders: Vec<Known<KnownOrder>>,
    contacts: Vec<Known<KnownContact>>,
    /// For each promise the versions of the items it is about.
    promised: Vec<Vec<PromisedItem>>,
    known_customers: KnownCustomers,
    rates: KnownRates,
}

/// A version of an item that promises are about.
#[derive(Clone, Copy, Debug)]
struct PromisedItem {
    item: ItemIndex,
    customer: CustomerIndex,
    currency: CurrencyIndex,
    is_sale: bool,
    from: Day,
    until: Day,
}

/// How many customers are collected together.
const CUSTOMERS_TOGETHER: usize = 64;
/// How many of these groups are held before they are put in place.
const CHUNKS_TOGETHER: usize = 32;

impl Facts {
    /// Collects the facts of a book that can matter on or after `since`: what was settled before it is left out.
    pub fn new(book: &Book, knowledge: &Knowledge, since: Day, include_intercompany: bool) -> Self {
        let sources = Sources::new(book, knowledge, since, include_intercompany);
        let customers = book.customers.len();
        let chunks: Vec<Range<usize>> =
            (0..customers).step_by(CUSTOMERS_TOGETHER).map(|first| first..(first + CUSTOMERS_TOGETHER).min(customers)).collect();
        let mut facts = Facts { item_offsets: vec![0], account_offsets: vec![0], rates: knowledge.rates.clone(), ..Facts::default() };
        // A few at a time, so that not everything is there twice.
        for some in chunks.chunks(CHUNKS_TOGETHER) {
            let parts: Vec<Part> = some.par_iter().map(|chunk| sources.part(chunk.clone())).collect();
            parts.into_iter().for_each(|part| facts.append(part));
        }
        facts.promises = knowledge.promises.clone();
        facts.known_customers = knowledge.customers.clone();
        let counts = |known: &&Known<KnownOrder>| include_intercompany || !book.customers[known.fact.customer as usize].is_intercompany;
        facts.orders = knowledge.orders.iter().filter(counts).copied().collect();
        facts.contacts = knowledge.contacts.clone();
        facts.promised = knowledge.promises.iter().map(|known| sources.promised_items(&known.fact)).collect();
        facts
    }

    fn append(&mut self, part: Part) {
        let (slices, disputes, uses) = (narrow(self.slices.len()), narrow(self.disputes.len()), narrow(self.uses.len()));
        let (items, account) = (narrow(self.items.len()), narrow(self.account.len()));
        let moved = |range: &Range<u32>, by: u32| range.start + by..range.end + by;
        self.items.extend(part.items.into_iter().map(|item| DebitItem {
            slices: moved(&item.slices, slices),
            disputes: moved(&item.disputes, disputes),
            ..item
        }));
        self.account.extend(part.account.into_iter().map(|item| AccountItem { uses: moved(&item.uses, uses), ..item }));
        self.item_offsets.extend(part.item_ends.iter().map(|end| items + end));
        self.account_offsets.extend(part.account_ends.iter().map(|end| account + end));
        self.slices.extend(part.slices);
        self.disputes.extend(part.disputes);
        self.uses.extend(part.uses);
    }

    /// Number of customers.
    pub fn customers(&self) -> usize {
        self.item_offsets.len().saturating_sub(1)
    }

    /// How many customers have an open item or one of the last two years at the end of `day`, as known then. Older ones are not
    /// counted, so that it does not matter how far back the facts go.
    pub fn customers_known(&self, day: Day) -> usize {
        (0..self.customers()).filter(|customer| self.items_of(*customer, day).any(|item| self.is_active(item, day))).count()
    }

    /// How many items are open, or of the last two years, at the end of `day`, as known then.
    pub fn items_known(&self, day: Day) -> usize {
        let of_customer = |customer: usize| self.items_of(customer, day).filter(|item| self.is_active(item, day)).count();
        (0..self.customers()).into_par_iter().map(of_customer).sum()
    }

    fn is_active(&self, item: &DebitItem, day: Day) -> bool {
        item.document_date > day - super::as_of::HISTORY_DAYS || self.open(item, day) > 0
    }

    /// Every debit item of a customer, by document date; of a corrected one every version.
    pub fn all_items_of(&self, customer: usize) -> &[DebitItem] {
        &self.items[self.item_offsets[customer] as usize..self.item_offsets[customer + 1] as usize]
    }

    /// Debit items of a customer that stand in the books at the end of `day`, as known then.
    pub fn items_of(&self, customer: usize, day: Day) -> impl Iterator<Item = &DebitItem> {
        let items = self.all_items_of(customer);
        let dated = items.partition_point(|item| item.document_date <= day);
        items[..dated].iter().filter(move |item| item.is_known(day))
    }

    /// Credits, refunds and reversals of a customer that stand in the books at the end of `day`.
    pub fn account_of(&self, customer: usize, day: Day) -> impl Iterator<Item = &AccountItem> {
        let items = &self.account[self.account_offsets[customer] as usize..self.account_offsets[customer + 1] as usize];
        let dated = items.partition_point(|item| item.document_date <= day);
        items[..dated].iter().filter(move |item| item.from <= day && day < item.until)
    }

    /// What is open of an item at the end of `day`, as known then.
    pub fn open(&self, item: &DebitItem, day: Day) -> i64 {
        let taken: i64 = self.slices_of(item).iter().filter(|slice| slice.is_visible(day)).map(|slice| slice.amount).sum();
        item.amount - taken
    }

    /// What is left of a credit at the end of `day`, as known then; of refunds and reversals with the opposite sign.
    pub fn unapplied(&self, item: &AccountItem, day: Day) -> i64 {
        let uses = &self.uses[item.uses.start as usize..item.uses.end as usize];
        let used: i64 = uses.iter().filter(|used| used.visible_from <= day && day < used.visible_until).map(|used| used.amount).sum();
        item.sign * (item.amount - used)
    }

    /// The parts of an item that have left, as known at the end of `day`, by credit. What one credit gave and took back
    /// again has not left.
    pub fn left(&self, item: &DebitItem, day: Day) -> impl Iterator<Item = Left> {
        self.slices_of(item).chunk_by(|a, b| a.credit == b.credit).filter_map(move |of_credit| {
            let visible = || of_credit.iter().filter(|slice| slice.is_visible(day));
            let amount: i64 = visible().map(|slice| slice.amount).sum();
            let visible_date = visible().map(|slice| slice.visible_from).min()?;
            let Slice { exit, effective_date, .. } = *visible().next()?;
            (amount > 0).then_some(Left { exit, effective_date, visible_date, amount })
        })
    }

    /// What is known at the end of `later` to have left the item and was not known so at the end of `day`, by credit.
    pub fn left_since(&self, item: &DebitItem, day: Day, later: Day) -> impl Iterator<Item = Left> {
        self.slices_of(item).chunk_by(|a, b| a.credit == b.credit).filter_map(move |of_credit| {
            let sum = |day: Day| -> i64 { of_credit.iter().filter(|slice| slice.is_visible(day)).map(|slice| slice.amount).sum() };
            let amount = sum(later).max(0) - sum(day).max(0);
            if amount <= 0 {
                return None;
            }
            let is_since = |date: &Day| day < *date && *date <= later;
            let begun = of_credit.iter().filter(|slice| slice.is_visible(later)).map(|slice| slice.visible_from).filter(is_since).min();
            // What was taken back may itself have been taken back: then nothing new begins to count.
            let ended = || of_credit.iter().filter(|slice| slice.amount < 0).map(|slice| slice.visible_until).filter(is_since).min();
            let known = || of_credit.iter().find(|slice| slice.is_visible(later));
            let visible_date = begun.or_else(ended)?;
            let Slice { exit, effective_date, .. } = *known()?;
            Some(Left { exit, effective_date, visible_date, amount })
        })
    }

    /// The item as it is known at the end of `day`, which may be another version of it; `None` when it was deleted by then, or
    /// turned out to be another customer's.
    pub fn known_version<'a>(&'a self, item: &'a DebitItem, day: Day) -> Option<&'a DebitItem> {
        if item.is_known(day) {
            return Some(item);
        }
        self.all_items_of(item.customer as usize).iter().find(|other| other.item == item.item && other.is_known(day))
    }

    /// Every day at whose end something else may be known of an item than the day before, in no order. Between two of them it
    /// stands in the books as it was, but for disputes.
    pub fn change_days(&self, item: &DebitItem) -> impl Iterator<Item = Day> {
        let of_slices = self.slices_of(item).iter().flat_map(|slice| [slice.visible_from, slice.visible_until]);
        [item.visible_from(), item.until].into_iter().chain(of_slices)
    }

    /// How much of `open` is disputed at the end of `day`, as known then.
    pub fn disputed(&self, item: &DebitItem, open: i64, day: Day) -> i64 {
        self.disputed_since(item, open, day, day)
    }

    /// The promises that were made by the end of `day`, as known then, sorted by customer and then by content.
    pub fn promises(&self, day: Day) -> Vec<Promise> {
        let known = self.promises.iter().zip(&self.promised).filter(|(known, _)| known.is_known(day) && known.fact.made_date <= day);
        let mut promises: Vec<Promise> = known.filter_map(|(known, items)| self.promise(&known.fact, known.from, items, day)).collect();
        promises.sort_by_key(|promise| promise.customer);
        promises
    }

    /// The orders that were not invoiced by the end of `day`, as known then, in an order that their content decides. Orders in a
    /// currency without a rate by then are left out.
    pub fn orders(&self, day: Day) -> impl Iterator<Item = &KnownOrder> {
        let known = self.orders.iter().filter(move |known| known.is_known(day)).map(|known| &known.fact);
        known.filter(move |order| self.rates.on(order.currency, day, day).is_some())
    }

    /// The contacts that were made by the end of `day`, as known then, by customer and date.
    pub fn contacts(&self, day: Day) -> impl Iterator<Item = &KnownContact> {
        let known = self.contacts.iter().filter(move |known| known.is_known(day) && known.fact.contact_date <= day);
        known.map(|known| &known.fact)
    }

    fn promise(&self, promise: &KnownPromise, known_from: Day, items: &[PromisedItem], day: Day) -> Option<Promise> {
        let sales: Vec<&PromisedItem> = items.iter().filter(|item| item.from <= day && day < item.until && item.is_sale).collect();
        // A document without a sale has nothing that a promise could keep.
        let customer = if promise.has_document { sales.first()?.customer } else { promise.customer? };
        let currency = promise.currency.or(sales.first().map(|item| item.currency)).unwrap_or(self.rates.base());
        self.rates.on(currency, promise.promised_date, day)?;
        let items = sales.iter().map(|item| item.item).collect();
        let KnownPromise { made_date, promised_date, amount, .. } = *promise;
        if customer as usize >= self.customers() {
            return None;
        }
        Some(Promise { customer, items, made_date, promised_date, amount, currency, known_from })
    }

    /// Exchange rates as they were known.
    pub fn rates(&self) -> &KnownRates {
        &self.rates
    }

    fn slices_of(&self, item: &DebitItem) -> &[Slice] {
        &self.slices[item.slices.start as usize..item.slices.end as usize]
    }
}

impl AccountItem {
    /// Whether it is a receipt.
    pub fn is_receipt(&self) -> bool {
        self.is_cash && self.sign > 0
    }

    /// Its amount, document currency, ten-thousandths; negative for refunds and reversals.
    pub fn signed_amount(&self) -> i64 {
        self.sign * self.amount
    }
}

impl DebitItem {
    /// Whether this is what is known of the item at the end of `day`.
    pub fn is_known(&self, day: Day) -> bool {
        self.from <= day && day < self.until
    }

    /// The day from which it counts and is known; of a corrected item, the day from which its first version did.
    pub fn visible_from(&self) -> Day {
        self.first_visible
    }
}

impl Slice {
    fn is_visible(&self, day: Day) -> bool {
        self.visible_from <= day && day < self.visible_until
    }
}

/// What is collected of some customers; positions are within it.
#[derive(Default)]
struct Part {
    items: Vec<DebitItem>,
    item_ends: Vec<u32>,
    slices: Vec<Slice>,
    disputes: Vec<Known<Dispute>>,
    account: Vec<AccountItem>,
    account_ends: Vec<u32>,
    uses: Vec<Use>,
}

/// What facts are collected from.
struct Sources<'a> {
    book: &'a Book,
    knowledge: &'a Knowledge,
    /// Positions in [`Knowledge::versions`] by the customer a version belongs to, those of an item together, oldest first.
    versions: Vec<u32>,
    /// Positions in [`Knowledge::matches`] by credit item; by debit item they stand in `knowledge`.
    matches_by_credit: Vec<u32>,
    since: Day,
    include_intercompany: bool,
}

/// What an application takes off one of its items, with the days on which it counts and is known.
struct Taken {
    other: ItemIndex,
    /// What kind of document the credit is, whichever side is asked.
    other_type: DocumentType,
    exit: Exit,
    effective_date: Day,
    visible_from: Day,
    visible_until: Day,
    amount: i64,
}

impl<'a> Sources<'a> {
    fn new(book: &'a Book, knowledge: &'a Knowledge, since: Day, include_intercompany: bool) -> Self {
        let mut versions: Vec<u32> = (0..narrow(knowledge.versions().len())).collect();
        versions.sort_by_key(|position| knowledge.versions()[*position as usize].1.fact.customer);
        let mut matches_by_credit: Vec<u32> = (0..narrow(knowledge.matches().len())).collect();
        matches_by_credit.sort_by_key(|position| knowledge.matches()[*position as usize].fact.credit);
        Sources { book, knowledge, versions, matches_by_credit, since, include_intercompany }
    }

    fn part(&self, customers: Range<usize>) -> Part {
        let mut part = Part::default();
        let mut taken: Vec<Taken> = Vec::new();
        for customer in customers {
            if self.include_intercompany || !self.book.customers[customer].is_intercompany {
                let (items, account) = (part.items.len(), part.account.len());
                self.add_items(customer, &mut taken, &mut part);
                self.add_versions(customer, &mut taken, &mut part);
                // The order must not depend on that of the ledger: of equal items the keys decide.
                part.items[items..].sort_by_key(|item| (item.document_date, item.due_date, item.amount, item.key, item.from));
                part.account[account..].sort_by_key(|item| (item.document_date, item.amount, item.key, item.from));
            }
            part.item_ends.push(narrow(part.items.len()));
            part.account_ends.push(narrow(part.account.len()));
        }
        part
    }

    /// Items that are known from some day on as they are.
    fn add_items(&self, customer: usize, taken: &mut Vec<Taken>, part: &mut Part) {
        for index in self.book.items_of(customer) {
            let item = &self.book.items[*index as usize];
            let Some(from) = self.knowledge.item_from(*index).filter(|_| item.amount > 0) else { continue };
            self.collect_taken(*index, item, taken);
            if self.is_long_past(item, (from, TO_THIS_DAY), taken) {
                continue;
            }
            self.push(*index, item, (from, TO_THIS_DAY), from.max(item.document_date), taken, part);
        }
    }

    /// Items of which there are several versions, or that the book does not have.
    fn add_versions(&self, customer: usize, taken: &mut Vec<Taken>, part: &mut Part) {
        let all = self.knowledge.versions();
        let of = |position: &u32| all[*position as usize].1.fact.customer as usize;
        let first = self.versions.partition_point(|position| of(position) < customer);
        let count = self.versions[first..].partition_point(|position| of(position) <= customer);
        for of_item in self.versions[first..first + count].chunk_by(|a, b| all[*a as usize].0 == all[*b as usize].0) {
            let mut first_visible = Day::MAX;
            for position in of_item {
                let (index, Known { fact, from, until }) = &all[*position as usize];
                let visible = fact.document_date.max(*from);
                if fact.amount <= 0 || visible >= *until {
                    continue;
                }
                first_visible = first_visible.min(visible);
                self.collect_taken(*index, fact, taken);
                if self.is_long_past(fact, (*from, *until), taken) {
                    continue;
                }
                self.push(*index, fact, (*from, *until), first_visible, taken, part);
            }
        }
    }

    fn push(&self, index: ItemIndex, item: &Item, days: (Day, Day), first_visible: Day, taken: &mut [Taken], part: &mut Part) {
        if is_collectable(item.document_type) {
            self.push_debit(index, item, days, first_visible, taken, part);
        } else {
            self.push_account(index, item, days, taken, part);
        }
    }

    fn push_debit(
        &self,
        index: ItemIndex,
        item: &Item,
        (from, until): (Day, Day),
        first_visible: Day,
        taken: &mut [Taken],
        part: &mut Part,
    ) {
        let slices = narrow(part.slices.len());
        // What comes of one credit stands together.
        taken.sort_by_key(|taken| (taken.other, taken.visible_from, taken.visible_until, taken.amount));
        part.slices.extend(taken.iter().map(|taken| Slice {
            credit: taken.other,
            credit_type: taken.other_type,
            exit: taken.exit,
            effective_date: taken.effective_date,
            visible_from: taken.visible_from,
            visible_until: taken.visible_until,
            amount: taken.amount,
        }));
        let disputes = narrow(part.disputes.len());
        part.disputes.extend(self.knowledge.disputes_of(index).iter().map(|(_, known)| *known));
        let debit = DebitItem {
            item: index,
            key: self.knowledge.key(index),
            customer: item.customer,
            currency: item.currency,
            terms: item.payment_terms,
            is_sale: item.document_type.is_sale(),
            document_date: item.document_date,
            due_date: item.due_date,
            amount: item.amount,
            base_rate: 1.0,
            first_visible,
            from,
            until,
            slices: slices..narrow(part.slices.len()),
            disputes: disputes..narrow(part.disputes.len()),
        };
        if item.currency == self.book.rates.base() {
            part.items.push(debit);
            return;
        }
        // A rate that was corrected, or came late, makes another version of the item.
        for Known { fact: rate, from, until } in self.knowledge.rates.stretches(item.currency, item.document_date, from, until) {
            part.items.push(DebitItem { base_rate: rate as f64 / RATE_ONE as f64, from, until, ..debit.clone() });
        }
    }

    fn push_account(&self, index: ItemIndex, item: &Item, (from, until): (Day, Day), taken: &[Taken], part: &mut Part) {
        let uses = narrow(part.uses.len());
        part.uses.extend(taken.iter().map(|taken| Use {
            visible_from: taken.visible_from,
            visible_until: taken.visible_until,
            amount: taken.amount,
        }));
        part.account.push(AccountItem {
            key: self.knowledge.key(index),
            customer: item.customer,
            currency: item.currency,
            document_type: item.document_type,
            is_cash: matches!(item.document_type, DocumentType::Receipt | DocumentType::Refund | DocumentType::ReceiptReversal),
            sign: if item.document_type.is_debit() { -1 } else { 1 },
            document_date: item.document_date,
            amount: item.amount,
            from,
            until,
            uses: uses..narrow(part.uses.len()),
        });
    }

    /// Everything that applications ever took off an item.
    fn collect_taken(&self, index: ItemIndex, item: &Item, taken: &mut Vec<Taken>) {
        let Self { book, knowledge, .. } = *self;
        let is_debit = item.document_type.is_debit();
        taken.clear();
        let as_taken = |Known { fact, from, until }: &Known<Match>| Taken {
            other: if is_debit { fact.credit } else { fact.debit },
            other_type: fact.credit_type,
            exit: Exit::of(fact.credit_type),
            effective_date: fact.effective_date,
            visible_from: fact.visible_date.max(*from),
            visible_until: *until,
            amount: if is_debit { fact.amount } else { fact.credit_amount },
        };
        if (index as usize) < book.items.len() {
            taken.extend(book.application_positions(index).filter_map(|position| {
                let application = &book.applications[position as usize];
                let from = knowledge.application_from(position)?;
                let from = from.max(knowledge.item_from(application.debit)?).max(knowledge.item_from(application.credit)?);
                let other = if is_debit { application.credit } else { application.debit };
                let other_item = &book.items[other as usize];
                Some(Taken {
                    other,
                    other_type: other_item.document_type,
                    exit: Exit::of(other_item.document_type),
                    effective_date: item.document_date.max(other_item.document_date),
                    visible_from: application.visible_date.max(from),
                    visible_until: TO_THIS_DAY,
                    amount: application.part_of(item),
                })
            }));
        }
        if is_debit {
            taken.extend(knowledge.matches_of_debit(index).iter().map(as_taken));
        } else {
            let of_position = |position: &u32| &knowledge.matches()[*position as usize];
            let first = self.matches_by_credit.partition_point(|position| of_position(position).fact.credit < index);
            let of_credit = self.matches_by_credit[first..].iter().map(of_position).take_while(|known| known.fact.credit == index);
            taken.extend(of_credit.map(as_taken));
        }
        // What begins to count only after it was replaced never did.
        taken.retain(|taken| taken.visible_from < taken.visible_until);
    }

    /// Whether nobody asks for what is known of an item from `from` until `until`: it was replaced, or had reached zero and
    /// stayed there, before anything is asked.
    fn is_long_past(&self, item: &Item, (from, until): (Day, Day), taken: &[Taken]) -> bool {
        if until <= self.since {
            return true;
        }
        let is_long_known = |taken: &Taken| taken.visible_until == TO_THIS_DAY && taken.visible_from < self.since;
        let is_long_gone = |taken: &Taken| taken.visible_until <= self.since;
        let sum = || taken.iter().filter(|taken| is_long_known(taken)).map(|taken| taken.amount).sum::<i64>();
        let is_long_here = item.document_date < self.since && from < self.since && until == TO_THIS_DAY;
        is_long_here && taken.iter().all(|taken| is_long_known(taken) || is_long_gone(taken)) && sum() == item.amount
    }

    /// The versions of the items that a promise is about.
    fn promised_items(&self, promise: &KnownPromise) -> Vec<PromisedItem> {
        let mut found = Vec::new();
        for index in &promise.items {
            let mut push = |item: &Item, from: Day, until: Day| {
                let (customer, currency, is_sale) = (item.customer, item.currency, item.document_type.is_sale());
                found.push(PromisedItem { item: *index, customer, currency, is_sale, from, until });
            };
            match self.book.items.get(*index as usize).zip(self.knowledge.item_from(*index)) {
                Some((item, from)) => push(item, from, TO_THIS_DAY),
                None => self.knowledge.versions_of(*index).iter().for_each(|(_, known)| push(&known.fact, known.from, known.until)),
            }
        }
        found
    }
}

/// Debits that customers are expected to pay. Refunds and reversals take from credits instead.
fn is_collectable(document_type: DocumentType) -> bool {
    document_type.is_sale() || matches!(document_type, DocumentType::Reinstatement | DocumentType::Increase)
}

fn narrow(position: usize) -> u32 {
    u32::try_from(position).expect("facts are counted in 32 bits")
}

/// The day before which nothing is asked of the facts of a night: a year of landmarks, a year of origins, the payments of two
/// years before them, and eight weeks for the fit that the oldest is judged by.
pub fn since(as_of: Day) -> Day {
    as_of.saturating_sub(4 * 366 + 56).max(FROM_THE_BEGINNING + 1)
}

mod standing;
#[cfg(test)]
mod tests;
