//! The rows of one customer's book, and the laws they obey.
//!
//! Responsible for documents, items, applications and the small tables as plain rows; for numbering them, giving each
//! its `recorded_at`, and checking that nothing is over-applied. Not responsible for why a row exists, nor for how it
//! is written to a file.

use super::calendar::{Calendar, Day};
use super::customers::Terms;
use super::fx::{Currency, Rates};
use super::{GenerateError, World};
pub(super) use crate::ledger::book::DocumentType;

/// An absent day.
pub(super) const NO_DAY: Day = i32::MIN;
/// An absent row number.
pub(super) const NONE: u32 = u32::MAX;

/// The letters that open a document id, so that ids are unique across types.
pub(super) fn id_prefix(kind: DocumentType) -> &'static str {
    ["INV", "DBN", "RTN", "RFD", "RNS", "INC", "RCT", "CRN", "WOF", "DSC", "DEC"][kind as usize]
}

/// The words of `payment_method`.
pub(super) const METHODS: [&str; 6] = ["", "bank_transfer", "direct_debit", "check", "card", "agency"];
/// The words of `reason` on documents and disputes.
pub(super) const REASONS: [&str; 14] = [
    "",
    "price",
    "quantity",
    "damaged_goods",
    "late_delivery",
    "missing_order_number",
    "bonus",
    "rebilled",
    "returned_payment",
    "overpayment",
    "uncollectible",
    "small_balance",
    "late_interest",
    "not_received",
];

/// A document without its items.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Type.
    pub kind: DocumentType,
    /// Customer on whose account it stands: the customer's own number, or the parent's.
    pub customer: u32,
    /// Document date.
    pub date: Day,
    /// Currency.
    pub currency: Currency,
    /// Number of its first item.
    pub first_item: u32,
    /// How many items.
    pub item_count: u32,
    /// Terms, on invoices.
    pub terms: Option<Terms>,
    /// Delivery date or `NO_DAY`.
    pub delivery: Day,
    /// Account manager when it differs from the customer's latest.
    pub account_manager: Option<u32>,
    /// Index into `METHODS`.
    pub method: u8,
    /// Index into `REASONS`.
    pub reason: u8,
    /// The document it refers to, or `NONE`.
    pub reference: u32,
    /// Days between the document date and its posting.
    pub posting_lag: i32,
    /// Second of the day of the posting.
    pub posting_second: i64,
    /// Seconds since 1970, set by `finish`.
    pub recorded: i64,
    /// Running number within the customer's book, set by `finish`.
    pub number: u32,
}

/// One item of a document.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its document.
    pub document: u32,
    /// Due date or `NO_DAY`.
    pub due: Day,
    /// Amount in minor units, never negative.
    pub amount: i64,
    /// Applied so far, in the order rows are made, in minor units.
    pub applied: i64,
    /// A dispute opened within 30 days of the due date.
    pub is_disputed: bool,
}

/// One application.
#[derive(Clone, Debug)]
pub(super) struct Application {
    /// Credit item.
    pub credit_item: u32,
    /// Debit item.
    pub debit_item: u32,
    /// Applied date.
    pub applied: Day,
    /// The later of the applied date and both documents' dates.
    pub visible: Day,
    /// Amount in minor units of the debit document's currency; negative = un-applied.
    pub amount: i64,
    /// Amount in minor units of the credit document's currency.
    pub credit_amount: i64,
    /// Days between the visible date and the posting.
    pub posting_lag: i32,
    /// Second of the day of the posting.
    pub posting_second: i64,
    /// Seconds since 1970, set by `finish`.
    pub recorded: i64,
}

/// A dispute; a closed one is written in two versions, so that its end is not known before it comes.
#[derive(Clone, Debug)]
pub(super) struct Dispute {
    /// The disputed item.
    pub item: u32,
    /// Opened.
    pub opened: Day,
    /// Closed or `NO_DAY`.
    pub closed: Day,
    /// Disputed amount in minor units, if known.
    pub amount: Option<i64>,
    /// Index into `REASONS`.
    pub reason: u8,
}

/// A promise to pay.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    /// The item it is about.
    pub item: u32,
    /// Whether the row names the document, or the customer only.
    pub names_document: bool,
    /// Made.
    pub made: Day,
    /// Promised for.
    pub promised: Day,
    /// Amount in minor units of the document's currency.
    pub amount: i64,
}

/// A contact with the customer.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    /// The item it is about.
    pub item: u32,
    /// Day.
    pub day: Day,
    /// Channel.
    pub channel: &'static str,
    /// Outcome.
    pub outcome: &'static str,
}

/// A customer event.
#[derive(Clone, Debug)]
pub(super) struct CustomerEvent {
    /// Day.
    pub day: Day,
    /// `insolvency`, `agency` or `legal`.
    pub kind: &'static str,
}

/// An order; one that has been invoiced is written in two versions, the second deleted.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Ordered.
    pub day: Day,
    /// Expected invoice date.
    pub expected: Day,
    /// Amount in minor units.
    pub amount: i64,
    /// Currency.
    pub currency: Currency,
    /// The invoice that ended it, or `NONE`.
    pub invoice: u32,
}

/// Everything of one customer.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Documents.
    pub documents: Vec<Document>,
    /// Items, those of one document side by side.
    pub items: Vec<Item>,
    /// Applications; after `finish` in the order of visible date and posting.
    pub applications: Vec<Application>,
    /// Disputes.
    pub disputes: Vec<Dispute>,
    /// Promises.
    pub promises: Vec<Promise>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Events.
    pub events: Vec<CustomerEvent>,
    /// Orders.
    pub orders: Vec<Order>,
    /// Change of the company's receivable in base cents per month of the period, set by `finish`.
    pub ledger_change: Vec<i64>,
    /// Day of default as the risk model defines the event, if any, set by `finish`.
    pub default_date: Option<Day>,
}

impl Book {
    /// What is still open of an item after all applications made so far, in minor units.
    pub(super) fn open(&self, item: u32) -> i64 {
        let item = &self.items[item as usize];
        item.amount - item.applied
    }

    /// The document of an item.
    pub(super) fn document_of(&self, item: u32) -> &Document {
        &self.documents[self.items[item as usize].document as usize]
    }

    /// Numbers the rows, gives each its `recorded_at`, and checks the laws.
    ///
    /// # Errors
    /// `GenerateError::BrokenLaw` when an item would be over-applied: a book that breaks a law is never written.
    pub(super) fn finish(&mut self, world: &World) -> Result<(), GenerateError> {
        self.number_documents(&world.calendar);
        self.order_applications();
        self.record_applications(&world.calendar)?;
        self.ledger_change = self.ledger_changes(&world.calendar, &world.rates);
        self.default_date = self.first_default(&world.rates);
        Ok(())
    }

    fn number_documents(&mut self, calendar: &Calendar) {
        let mut order: Vec<u32> = (0..self.documents.len() as u32).collect();
        order.sort_by_key(|&index| self.documents[index as usize].date);
        for (number, &index) in order.iter().enumerate() {
            let document = &mut self.documents[index as usize];
            document.number = number as u32 + 1;
            document.recorded = instant(calendar, document.date + document.posting_lag, document.posting_second);
        }
    }

    fn order_applications(&mut self) {
        for application in &mut self.applications {
            let credit = self.items[application.credit_item as usize].document as usize;
            let debit = self.items[application.debit_item as usize].document as usize;
            let documents = self.documents[credit].date.max(self.documents[debit].date);
            application.visible = application.applied.max(documents);
        }
        self.applications.sort_by_key(|application| application.visible);
    }

    /// No application is known before both documents are, none is taken back before it is known, and what follows an
    /// un-application is known after it. So every prefix of the postings obeys the laws too.
    fn record_applications(&mut self, calendar: &Calendar) -> Result<(), GenerateError> {
        let recorded = |item: &Item| self.documents[item.document as usize].recorded;
        let mut earliest: Vec<i64> = self.items.iter().map(recorded).collect();
        let mut last_posting = earliest.clone();
        let mut applied = vec![0_i64; self.items.len()];
        let latest = instant(calendar, calendar.end, LAST_SECOND);
        for application in &mut self.applications {
            let sides = [application.credit_item as usize, application.debit_item as usize];
            let amounts = [application.credit_amount, application.amount];
            for (side, amount) in sides.into_iter().zip(amounts) {
                applied[side] += amount;
                if applied[side] < 0 || applied[side] > self.items[side].amount {
                    let document = &self.documents[self.items[side].document as usize];
                    return Err(GenerateError::BrokenLaw { document: document_id(document) });
                }
            }
            let is_taken_back = application.amount < 0;
            let bound = if is_taken_back { &last_posting } else { &earliest };
            let after = bound[sides[0]].max(bound[sides[1]]) + 1;
            let day = application.visible + application.posting_lag;
            application.recorded = instant(calendar, day, application.posting_second).max(after).min(latest);
            for side in sides {
                last_posting[side] = last_posting[side].max(application.recorded);
                if is_taken_back {
                    earliest[side] = last_posting[side];
                }
            }
        }
        Ok(())
    }

    /// The change of Σ round(open × rate of the document date) per month: each item contributes the difference of its
    /// rounded remainders, so the sum of the changes is the control account to the cent.
    fn ledger_changes(&self, calendar: &Calendar, rates: &Rates) -> Vec<i64> {
        let mut changes = vec![0_i64; calendar.month_starts().len()];
        let mut open = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let document = &self.documents[item.document as usize];
            let value = rates.base_cents(item.amount, document.currency, document.date);
            changes[calendar.month_index(document.date)] += if document.kind.is_debit() { value } else { -value };
            open.push(item.amount);
        }
        for application in &self.applications {
            let month = calendar.month_index(application.visible);
            let sides = [(application.credit_item, application.credit_amount, 1), (application.debit_item, application.amount, -1)];
            for (item, amount, sign) in sides {
                let document = self.document_of(item);
                let before = open[item as usize];
                let after = before - amount;
                open[item as usize] = after;
                let value = |open| rates.base_cents(open, document.currency, document.date);
                changes[month] += sign * (value(before) - value(after));
            }
        }
        changes
    }

    /// The first day on which the customer is in default: an undisputed open amount of at least 100 base and 1 % of
    /// the exposure 90 days past due, a write-off of that size, insolvency or agency.
    fn first_default(&self, rates: &Rates) -> Option<Day> {
        let events = self.events.iter().filter(|event| event.kind != "legal").map(|event| event.day).min();
        let mut open_at_90: Vec<i64> = self.items.iter().map(|item| item.amount).collect();
        let mut scratch = vec![0_i64; self.items.len()];
        for application in &self.applications {
            let item = &self.items[application.debit_item as usize];
            if item.due != NO_DAY && application.visible <= item.due + 90 {
                open_at_90[application.debit_item as usize] -= application.amount;
            }
        }
        let mut candidates: Vec<(Day, i64)> = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let document = &self.documents[item.document as usize];
            let written_off = document.kind == DocumentType::WriteOff;
            let aged = item.due != NO_DAY && document.kind.is_debit() && !item.is_disputed;
            let (day, open) = match (written_off, aged) {
                (true, _) => (document.date, item.amount),
                (false, true) => (item.due + 90, open_at_90[index]),
                (false, false) => continue,
            };
            let value = rates.base_cents(open, document.currency, document.date);
            if value >= 10_000 && day <= rates.last_day() {
                candidates.push((day, value));
            }
        }
        candidates.sort_unstable();
        let aged = candidates
            .into_iter()
            .take_while(|(day, _)| events.is_none_or(|event| *day < event))
            .find(|(day, value)| *value >= self.exposure_cents(*day, rates, &mut scratch) / 100)
            .map(|(day, _)| day);
        match (aged, events) {
            (Some(aged), Some(event)) => Some(aged.min(event)),
            (aged, event) => aged.or(event),
        }
    }

    /// Open debit items on the day at their historical rates, in base cents; asked for a handful of days at most.
    fn exposure_cents(&self, day: Day, rates: &Rates, applied: &mut [i64]) -> i64 {
        applied.fill(0);
        for application in self.applications.iter().filter(|application| application.visible < day) {
            applied[application.debit_item as usize] += application.amount;
        }
        let mut total = 0;
        for (item, applied) in self.items.iter().zip(applied.iter()) {
            let document = &self.documents[item.document as usize];
            if document.kind.is_debit() && document.date <= day {
                total += rates.base_cents(item.amount - applied, document.currency, document.date);
            }
        }
        total
    }
}

/// The last second of a day.
pub(super) const LAST_SECOND: i64 = 86_399;

/// Seconds since 1970 of a second of a day, held to the end of the simulation.
pub(super) fn instant(calendar: &Calendar, day: Day, second: i64) -> i64 {
    let latest = i64::from(calendar.end) * 86_400 + LAST_SECOND;
    (i64::from(day) * 86_400 + second).min(latest)
}

/// The document id as text, for an error message.
fn document_id(document: &Document) -> String {
    format!("{}-{:07}-{:07}", id_prefix(document.kind), document.customer, document.number)
}
