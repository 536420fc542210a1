//! The simulation of one customer: the state the steps share and the small moves they make.
//!
//! Responsible for making documents and applications consistently: nothing is dated after the end, money is applied
//! only where it is open. Not responsible for when and why: billing, payments, events and collapse are modules of
//! their own, each an `impl` of `Simulation`.

use super::World;
use super::book::{Application, Book, Document, DocumentType, Item, NO_DAY, NONE};
use super::calendar::Day;
use super::customers::{Customer, Outcome};
use super::fx::Currency;
use super::random::{Random, Stream};

/// A payment that the customer intends to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent {
    /// The day of the receipt.
    pub day: Day,
    /// The item.
    pub item: u32,
    /// Cash and discount together, in minor units.
    pub amount: i64,
    /// Thereof discount.
    pub discount: i64,
    /// What is special about it.
    pub kind: IntentKind,
}

/// What is special about an intended payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntentKind {
    /// Nothing: mishaps may befall it.
    Plain,
    /// No mishaps: it is the end of a story already.
    Final,
    /// Paid before the invoice was written.
    Early,
    /// Another receipt is parked on the item for a while, so nothing else may be.
    Held,
}

/// A credit that waits to be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct FreeCredit {
    /// The credit item.
    pub item: u32,
    /// Left, in minor units.
    pub available: i64,
    /// Usable from this day on.
    pub from: Day,
}

/// One customer's simulation.
pub(super) struct Simulation<'a> {
    /// Calendar, rates, profile.
    pub world: &'a World,
    /// The customer.
    pub customer: &'a Customer,
    /// The stream of what happens to documents.
    pub random: Random,
    /// The rows made so far.
    pub book: Book,
    /// Payments to come.
    pub intents: Vec<Intent>,
    /// Credits to be used.
    pub credits: Vec<FreeCredit>,
}

impl<'a> Simulation<'a> {
    /// Simulates the customer from the first invoice to the end date.
    pub(super) fn run(world: &'a World, customer: &'a Customer, invoices: u64) -> Book {
        let mut simulation = Self {
            world,
            customer,
            random: Random::new(world.seed, Stream::Settlement, u64::from(customer.index)),
            book: Book::default(),
            intents: Vec::with_capacity(invoices as usize + invoices as usize / 8),
            credits: Vec::new(),
        };
        simulation.bill(invoices);
        simulation.settle();
        simulation.collapse();
        simulation.close_credits();
        simulation.order_ahead();
        simulation.book
    }

    /// Whether the customer and its supplier still act normally on the day: not after the end, not after a stop that
    /// is never cured.
    pub(super) fn is_normal(&self, day: Day) -> bool {
        let stopped = match self.customer.latent.stop {
            Some(stop) if stop.outcome != Outcome::Cure => day >= stop.day,
            _ => false,
        };
        day <= self.world.calendar.end && !stopped
    }

    /// The day on which a payment intended for `day` comes, if it ever does.
    pub(super) fn through_stop(&mut self, day: Day) -> Option<Day> {
        match self.customer.latent.stop {
            Some(stop) if day >= stop.day && stop.outcome == Outcome::Cure => {
                if day < stop.resume {
                    let resumed = stop.resume + self.random.between(0, 45);
                    Some(self.world.calendar.business_on_or_after(resumed))
                } else {
                    Some(day)
                }
            }
            Some(stop) if day >= stop.day => None,
            _ => Some(day),
        }
    }

    /// Adds a document with one item and returns the item's number. The caller sees to it that the date has come.
    pub(super) fn add_document(&mut self, kind: DocumentType, date: Day, currency: Currency, amount: i64, reference: u32) -> u32 {
        debug_assert!(date <= self.world.calendar.end && amount >= 0);
        let first_item = self.book.items.len() as u32;
        let document = self.book.documents.len() as u32;
        let is_back_dated = self.random.chance(0.005);
        self.book.documents.push(Document {
            kind,
            customer: self.customer.index,
            date,
            currency,
            first_item,
            item_count: 1,
            terms: None,
            delivery: NO_DAY,
            account_manager: None,
            method: 0,
            reason: 0,
            reference,
            posting_lag: if is_back_dated { self.random.between(2, 14) } else { 0 },
            posting_second: i64::from(self.random.between(6 * 3_600, 19 * 3_600)),
            recorded: 0,
            number: 0,
        });
        self.book.items.push(Item { document, due: NO_DAY, amount, applied: 0, is_disputed: false });
        first_item
    }

    /// The document of an item, to fill in what `add_document` leaves empty.
    pub(super) fn document_mut(&mut self, item: u32) -> &mut Document {
        &mut self.book.documents[self.book.items[item as usize].document as usize]
    }

    /// Applies a credit item to a debit item of the same currency. Does nothing when the day lies after the end or the
    /// amount is 0; says whether it did.
    pub(super) fn apply(&mut self, credit_item: u32, debit_item: u32, day: Day, amount: i64) -> bool {
        self.apply_across(credit_item, debit_item, day, amount, amount)
    }

    /// As `apply`, with another amount on the credit side.
    pub(super) fn apply_across(&mut self, credit_item: u32, debit_item: u32, day: Day, amount: i64, credit_amount: i64) -> bool {
        if day > self.world.calendar.end || amount == 0 {
            return false;
        }
        let is_back_dated = self.random.chance(0.005);
        self.book.items[credit_item as usize].applied += credit_amount;
        self.book.items[debit_item as usize].applied += amount;
        self.book.applications.push(Application {
            credit_item,
            debit_item,
            applied: day,
            visible: day,
            amount,
            credit_amount,
            posting_lag: if is_back_dated { self.random.between(2, 14) } else { 0 },
            posting_second: i64::from(self.random.between(8 * 3_600, 20 * 3_600)),
            recorded: 0,
        });
        true
    }

    /// Intends to pay; a payment that never comes because of a stop is forgotten.
    pub(super) fn intend(&mut self, day: Day, item: u32, amount: i64, discount: i64, kind: IntentKind) {
        if amount <= 0 {
            return;
        }
        let Some(day) = self.through_stop(day) else {
            return;
        };
        if day <= self.world.calendar.end {
            self.intents.push(Intent { day, item, amount, discount, kind });
        }
    }

    /// The due date, or a usual one for an item without.
    pub(super) fn due_or_usual(&self, item: u32) -> Day {
        let row = &self.book.items[item as usize];
        if row.due == NO_DAY { self.book.document_of(item).date + 30 } else { row.due }
    }

    /// A credit note that refers to the item's document; returns the credit item.
    pub(super) fn credit_note(&mut self, day: Day, item: u32, amount: i64, reason: u8) -> u32 {
        let document = self.book.items[item as usize].document;
        let currency = self.book.document_of(item).currency;
        let credit = self.add_document(DocumentType::CreditNote, day, currency, amount, document);
        self.document_mut(credit).reason = reason;
        credit
    }

    /// Minor units of an amount in US dollars, at a fixed usual rate.
    pub(super) fn minor_units(&self, dollars: f64, currency: Currency) -> i64 {
        (dollars * currency.minor_units_per_dollar()).round().max(1.0) as i64
    }

    /// A document that refers to nothing.
    pub(super) const UNLINKED: u32 = NONE;
}
