//! The tables: their columns, and how the rows of a chunk are spelled out.
//!
//! Responsible for names, order and types of the columns, for ids and labels, and for the order of rows. Not responsible
//! for a file format: a table is written into a `RowSink`, and `write` has one for CSV and one for Parquet.

use super::book::{Book, Document, DocumentType, METHODS, NO_DAY, NONE, REASONS, id_prefix, instant};
use super::calendar::Day;
use super::customers::{COUNTRIES, Customer, INDUSTRIES, SEGMENTS, Terms, company_id, name};
use super::plan::{ChunkPlan, Plan};
use super::simulation::Simulation;
use super::{GenerateError, Totals, World};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnType {
    /// VARCHAR
    Text,
    /// DATE
    Date,
    /// DECIMAL(18,4)
    Money,
    /// DECIMAL(18,10)
    Rate,
    /// BIGINT
    Whole,
    /// TIMESTAMP in UTC
    Instant,
    /// BOOLEAN
    Flag,
}

use ColumnType::{Date, Flag, Instant, Money, Rate, Text, Whole};

/// Receives one row after the other, cell by cell, in the order of the table's columns.
pub(super) trait RowSink {
    /// A null.
    fn absent(&mut self);
    /// A text without commas, quotes and line ends.
    fn text(&mut self, text: &[u8]);
    /// A day.
    fn date(&mut self, day: Day);
    /// An amount of minor units with so many decimals.
    fn money(&mut self, minor: i64, decimals: u32);
    /// A rate in units of 10^-10.
    fn rate(&mut self, rate: i64);
    /// A whole number.
    fn whole(&mut self, number: i64);
    /// Seconds since 1970.
    fn instant(&mut self, seconds: i64);
    /// Yes or no.
    fn flag(&mut self, flag: bool);
    /// Ends the row.
    fn end_row(&mut self);

    /// A text that may be missing; empty is missing.
    fn text_or_absent(&mut self, text: &str) {
        if text.is_empty() { self.absent() } else { self.text(text.as_bytes()) }
    }

    /// A day that may be `NO_DAY`.
    fn date_or_absent(&mut self, day: Day) {
        if day == NO_DAY { self.absent() } else { self.date(day) }
    }
}

/// The tables made from books, and those made from the world alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Documents,
    Applications,
    Customers,
    Disputes,
    Promises,
    Contacts,
    CustomerEvents,
    Orders,
    FxRates,
    GlBalances,
    FlatInvoices,
    TruthCustomers,
    TruthRunDays,
    TruthDefaultProbability,
}

type Columns = &'static [(&'static str, ColumnType)];

impl Table {
    /// The file name without its ending.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Applications => "applications",
            Self::Customers => "customers",
            Self::Disputes => "disputes",
            Self::Promises => "promises",
            Self::Contacts => "contacts",
            Self::CustomerEvents => "customer_events",
            Self::Orders => "orders",
            Self::FxRates => "fx_rates",
            Self::GlBalances => "gl_balances",
            Self::FlatInvoices => "invoices",
            Self::TruthCustomers => "customers",
            Self::TruthRunDays => "run_days",
            Self::TruthDefaultProbability => "default_probability",
        }
    }

    /// The columns in order.
    pub(super) fn columns(self) -> Columns {
        match self {
            Self::Documents => &[
                ("company_id", Text),
                ("document_id", Text),
                ("item_no", Whole),
                ("document_type", Text),
                ("customer_id", Text),
                ("document_date", Date),
                ("due_date", Date),
                ("amount", Money),
                ("currency", Text),
                ("base_amount", Money),
                ("terms", Text),
                ("discount_percent", Money),
                ("discount_date", Date),
                ("delivery_date", Date),
                ("account_manager", Text),
                ("payment_method", Text),
                ("reason", Text),
                ("reference", Text),
                ("recorded_at", Instant),
            ],
            Self::Applications => &[
                ("company_id", Text),
                ("application_id", Text),
                ("credit_document_id", Text),
                ("credit_item_no", Whole),
                ("debit_document_id", Text),
                ("debit_item_no", Whole),
                ("applied_date", Date),
                ("amount", Money),
                ("credit_amount", Money),
                ("recorded_at", Instant),
            ],
            Self::Customers => &[
                ("company_id", Text),
                ("customer_id", Text),
                ("name", Text),
                ("parent_id", Text),
                ("country", Text),
                ("region", Text),
                ("industry", Text),
                ("segment", Text),
                ("account_manager", Text),
                ("payment_terms_days", Whole),
                ("credit_limit", Money),
                ("credit_limit_currency", Text),
                ("insured_amount", Money),
                ("opened_date", Date),
                ("is_intercompany", Flag),
                ("recorded_at", Instant),
            ],
            Self::Disputes => &[
                ("company_id", Text),
                ("dispute_id", Text),
                ("document_id", Text),
                ("item_no", Whole),
                ("opened_date", Date),
                ("closed_date", Date),
                ("amount", Money),
                ("reason", Text),
                ("recorded_at", Instant),
            ],
            Self::Promises => &[
                ("company_id", Text),
                ("promise_id", Text),
                ("customer_id", Text),
                ("document_id", Text),
                ("made_date", Date),
                ("promised_date", Date),
                ("amount", Money),
                ("currency", Text),
                ("recorded_at", Instant),
            ],
            Self::Contacts => &[
                ("company_id", Text),
                ("contact_id", Text),
                ("customer_id", Text),
                ("document_id", Text),
                ("contact_date", Date),
                ("channel", Text),
                ("outcome", Text),
                ("recorded_at", Instant),
            ],
            Self::CustomerEvents => {
                &[("company_id", Text), ("customer_id", Text), ("event_date", Date), ("kind", Text), ("recorded_at", Instant)]
            }
            Self::Orders => &[
                ("company_id", Text),
                ("order_id", Text),
                ("customer_id", Text),
                ("expected_invoice_date", Date),
                ("amount", Money),
                ("currency", Text),
                ("recorded_at", Instant),
                ("is_deleted", Flag),
            ],
            Self::FxRates => &[("rate_date", Date), ("currency", Text), ("rate", Rate), ("recorded_at", Instant)],
            Self::GlBalances => {
                &[("company_id", Text), ("balance_date", Date), ("account", Text), ("amount", Money), ("recorded_at", Instant)]
            }
            Self::FlatInvoices => &[
                ("Company", Text),
                ("Invoice No", Text),
                ("Customer No", Text),
                ("Customer Name", Text),
                ("Country", Text),
                ("Segment", Text),
                ("Account Manager", Text),
                ("Invoice Date", Date),
                ("Due Date", Date),
                ("Amount", Money),
                ("Currency", Text),
                ("Terms", Text),
                ("Paid Date", Date),
                ("Paid Amount", Money),
            ],
            Self::TruthCustomers => super::truth::CUSTOMER_COLUMNS,
            Self::TruthRunDays => super::truth::RUN_DAY_COLUMNS,
            Self::TruthDefaultProbability => super::truth::DEFAULT_PROBABILITY_COLUMNS,
        }
    }

    /// Whether the table belongs to what is true rather than to what is recorded.
    pub(super) fn is_truth(self) -> bool {
        matches!(self, Self::TruthCustomers | Self::TruthRunDays | Self::TruthDefaultProbability)
    }

    /// Spells out the chunk's rows and returns their number. The tables made from the world alone have no rows here.
    pub(super) fn fill(self, world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
        match self {
            Self::Documents => documents(chunk, sink),
            Self::Applications => applications(chunk, sink),
            Self::Customers => customers(world, chunk, sink),
            Self::Disputes => disputes(world, chunk, sink),
            Self::Promises => promises(world, chunk, sink),
            Self::Contacts => contacts(world, chunk, sink),
            Self::CustomerEvents => customer_events(world, chunk, sink),
            Self::Orders => orders(world, chunk, sink),
            Self::FlatInvoices => flat_invoices(chunk, sink),
            Self::TruthCustomers => super::truth::customers(world, chunk, sink),
            Self::TruthRunDays => super::truth::run_days(chunk, sink),
            Self::TruthDefaultProbability => super::truth::default_probability(world, chunk, sink),
            Self::FxRates | Self::GlBalances => 0,
        }
    }
}

/// The simulated books of a run of customers.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The customers.
    pub customers: Vec<Customer>,
    /// Their books, in the same order.
    pub books: Vec<Book>,
    /// Ids of the companies, by number.
    pub company_ids: Vec<String>,
}

impl Chunk {
    /// Simulates the customers of a chunk.
    ///
    /// # Errors
    /// `BrokenLaw` when a book over-applies an item.
    pub(super) fn simulate(world: &World, plan: &Plan, chunk_plan: &ChunkPlan) -> Result<Self, GenerateError> {
        let planned = &plan.customers[chunk_plan.customers.clone()];
        let mut chunk = Self {
            customers: Vec::with_capacity(planned.len()),
            books: Vec::with_capacity(planned.len()),
            company_ids: (0..plan.companies).map(company_id).collect(),
        };
        for planned in planned {
            let customer = planned.customer(world);
            let mut book = Simulation::run(world, &customer, planned.invoices);
            book.finish(world)?;
            chunk.customers.push(customer);
            chunk.books.push(book);
        }
        Ok(chunk)
    }

    /// What the chunk adds to the sums.
    pub(super) fn totals(&self, world: &World, plan: &Plan, chunk_plan: &ChunkPlan) -> Totals {
        let mut totals = Totals::new(world, plan.companies);
        totals.customers = self.customers.len() as u64;
        totals.billed = chunk_plan.invoices;
        for (customer, book) in self.rows() {
            let changes = &mut totals.ledger_changes[customer.company as usize];
            for (sum, change) in changes.iter_mut().zip(&book.ledger_change) {
                *sum += change;
            }
            let is_invoice = |document: &&Document| document.kind == DocumentType::Invoice;
            totals.invoices += book.documents.iter().filter(is_invoice).count() as u64;
            totals.defaulted_customers += u64::from(book.default_date.is_some());
        }
        totals
    }

    /// Each customer with its book.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Customer, &Book)> {
        self.customers.iter().zip(&self.books)
    }

    /// The id of a customer's company.
    pub(super) fn company(&self, customer: &Customer) -> &[u8] {
        self.company_ids[customer.company as usize].as_bytes()
    }

    /// Rows of all books in the order of a date: (date, book, row), ties by book and row.
    fn by_date(&self, dates: impl Fn(&Book) -> Vec<Day>) -> Vec<(Day, u32, u32)> {
        let mut order = Vec::new();
        for (book_index, book) in self.books.iter().enumerate() {
            let rows = dates(book).into_iter().enumerate();
            order.extend(rows.map(|(row, date)| (date, book_index as u32, row as u32)));
        }
        order.sort_unstable();
        order
    }
}

/// An id of letters and two zero-padded numbers, made without allocation: `INV-0000012-0000345`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id {
    bytes: [u8; 20],
    length: usize,
}

impl Id {
    /// `PREFIX-customer-number`; the prefix has at most three letters.
    pub(super) fn numbered(prefix: &str, customer: u32, number: u32) -> Self {
        let mut id = Self { bytes: [b'-'; 20], length: prefix.len() };
        id.bytes[..prefix.len()].copy_from_slice(prefix.as_bytes());
        id.push_number(customer);
        id.push_number(number);
        id
    }

    /// `C-customer`.
    pub(super) fn customer(customer: u32) -> Self {
        let mut id = Self { bytes: [b'-'; 20], length: 1 };
        id.bytes[0] = b'C';
        id.push_number(customer);
        id
    }

    /// The id of a document of a book.
    pub(super) fn document(book_owner: &Customer, document: &Document) -> Self {
        Self::numbered(id_prefix(document.kind), book_owner.index, document.number)
    }

    fn push_number(&mut self, number: u32) {
        let mut rest = number;
        for place in (self.length + 1..self.length + 8).rev() {
            self.bytes[place] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.length += 8;
    }

    /// Its text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn manager(number: u32) -> String {
    format!("manager {:03}", number + 1)
}

fn documents(chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let order = chunk.by_date(|book| book.documents.iter().map(|document| document.date).collect());
    let mut rows = 0;
    for (_, book, row) in order {
        let customer = &chunk.customers[book as usize];
        let book = &chunk.books[book as usize];
        let document = &book.documents[row as usize];
        for place in 0..document.item_count {
            document_row(chunk, customer, book, document, place, sink);
            rows += 1;
        }
    }
    rows
}

fn document_row(chunk: &Chunk, customer: &Customer, book: &Book, document: &Document, place: u32, sink: &mut impl RowSink) {
    let item = &book.items[(document.first_item + place) as usize];
    sink.text(chunk.company(customer));
    sink.text(Id::document(customer, document).as_bytes());
    sink.whole(i64::from(place) + 1);
    sink.text(document.kind.word().as_bytes());
    sink.text(Id::customer(document.customer).as_bytes());
    sink.date(document.date);
    sink.date_or_absent(item.due);
    sink.money(item.amount, document.currency.decimals());
    sink.text(document.currency.code().as_bytes());
    // The base amount is left to the rate of the document date, so that it can never differ from it.
    sink.absent();
    sink.text_or_absent(document.terms.map_or("", Terms::text));
    if document.terms == Some(Terms::TwoTenNet30) && document.item_count == 1 {
        sink.money(2, 0);
        sink.date(document.date + 10);
    } else {
        sink.absent();
        sink.absent();
    }
    sink.date_or_absent(document.delivery);
    sink.text_or_absent(&document.account_manager.map_or_else(String::new, manager));
    sink.text_or_absent(METHODS[usize::from(document.method)]);
    sink.text_or_absent(REASONS[usize::from(document.reason)]);
    match document.reference {
        NONE => sink.absent(),
        reference => sink.text(Id::document(customer, &book.documents[reference as usize]).as_bytes()),
    }
    sink.instant(document.recorded);
    sink.end_row();
}

fn applications(chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let order = chunk.by_date(|book| book.applications.iter().map(|application| application.visible).collect());
    for (_, book_index, row) in &order {
        let customer = &chunk.customers[*book_index as usize];
        let book = &chunk.books[*book_index as usize];
        let application = &book.applications[*row as usize];
        let credit = book.document_of(application.credit_item);
        let debit = book.document_of(application.debit_item);
        sink.text(chunk.company(customer));
        sink.text(Id::numbered("APP", customer.index, row + 1).as_bytes());
        sink.text(Id::document(customer, credit).as_bytes());
        sink.whole(i64::from(application.credit_item - credit.first_item) + 1);
        sink.text(Id::document(customer, debit).as_bytes());
        sink.whole(i64::from(application.debit_item - debit.first_item) + 1);
        sink.date(application.applied);
        sink.money(application.amount, debit.currency.decimals());
        if credit.currency == debit.currency {
            sink.absent();
        } else {
            sink.money(application.credit_amount, credit.currency.decimals());
        }
        sink.instant(application.recorded);
        sink.end_row();
    }
    order.len() as u64
}

/// One row when the relationship opens, and another version whenever the limit or the account manager changes.
fn customers(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for customer in &chunk.customers {
        let mut days = vec![customer.opened];
        days.extend(customer.next_credit_limit.map(|(day, _)| day));
        days.extend(customer.next_manager.map(|(day, _)| day));
        days.sort_unstable();
        days.dedup();
        for day in days.into_iter().filter(|day| *day <= world.calendar.end) {
            customer_row(world, chunk, customer, day, sink);
            rows += 1;
        }
    }
    rows
}

fn customer_row(world: &World, chunk: &Chunk, customer: &Customer, day: Day, sink: &mut impl RowSink) {
    sink.text(chunk.company(customer));
    sink.text(Id::customer(customer.index).as_bytes());
    sink.text(name(customer).as_bytes());
    match customer.parent {
        Some(parent) => sink.text(Id::customer(parent).as_bytes()),
        None => sink.absent(),
    }
    let (country, region) = COUNTRIES[customer.country];
    sink.text(country.as_bytes());
    sink.text(region.as_bytes());
    sink.text(INDUSTRIES[customer.industry].as_bytes());
    sink.text(SEGMENTS[customer.segment as usize].as_bytes());
    sink.text(manager(customer.manager_on(day)).as_bytes());
    sink.whole(i64::from(customer.terms.days()));
    let limit = match customer.next_credit_limit {
        Some((from, limit)) if day >= from => Some(limit),
        _ => customer.credit_limit,
    };
    match limit {
        Some(limit) => {
            sink.money(limit, 0);
            sink.text(customer.currency.code().as_bytes());
        }
        None => {
            sink.absent();
            sink.absent();
        }
    }
    match customer.insured {
        Some(insured) => sink.money(insured, 0),
        None => sink.absent(),
    }
    sink.date(customer.opened);
    sink.flag(customer.is_intercompany);
    sink.instant(instant(&world.calendar, day, 5 * 3_600));
    sink.end_row();
}

/// Two versions of a closed dispute: as it was opened, and as it was closed.
fn disputes(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for (customer, book) in chunk.rows() {
        for (number, dispute) in book.disputes.iter().enumerate() {
            let item = &book.items[dispute.item as usize];
            let document = &book.documents[item.document as usize];
            let opened_at = instant(&world.calendar, dispute.opened, 15 * 3_600).max(document.recorded);
            let closed_at = instant(&world.calendar, dispute.closed.max(dispute.opened), 16 * 3_600).max(opened_at + 1);
            for (closed, recorded) in [(NO_DAY, opened_at), (dispute.closed, closed_at)] {
                if recorded == closed_at && dispute.closed == NO_DAY {
                    continue;
                }
                sink.text(chunk.company(customer));
                sink.text(Id::numbered("DSP", customer.index, number as u32 + 1).as_bytes());
                sink.text(Id::document(customer, document).as_bytes());
                sink.whole(i64::from(dispute.item - document.first_item) + 1);
                sink.date(dispute.opened);
                sink.date_or_absent(closed);
                match dispute.amount {
                    Some(amount) => sink.money(amount, document.currency.decimals()),
                    None => sink.absent(),
                }
                sink.text_or_absent(REASONS[usize::from(dispute.reason)]);
                sink.instant(recorded);
                sink.end_row();
                rows += 1;
            }
        }
    }
    rows
}

fn promises(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for (customer, book) in chunk.rows() {
        for (number, promise) in book.promises.iter().enumerate() {
            let document = book.document_of(promise.item);
            sink.text(chunk.company(customer));
            sink.text(Id::numbered("PRM", customer.index, number as u32 + 1).as_bytes());
            sink.text(Id::customer(customer.index).as_bytes());
            if promise.names_document {
                sink.text(Id::document(customer, document).as_bytes());
            } else {
                sink.absent();
            }
            sink.date(promise.made);
            sink.date(promise.promised);
            sink.money(promise.amount, document.currency.decimals());
            sink.text(document.currency.code().as_bytes());
            sink.instant(instant(&world.calendar, promise.made, 14 * 3_600).max(document.recorded));
            sink.end_row();
            rows += 1;
        }
    }
    rows
}

fn contacts(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for (customer, book) in chunk.rows() {
        for (number, contact) in book.contacts.iter().enumerate() {
            let document = book.document_of(contact.item);
            sink.text(chunk.company(customer));
            sink.text(Id::numbered("CNT", customer.index, number as u32 + 1).as_bytes());
            sink.text(Id::customer(customer.index).as_bytes());
            sink.text(Id::document(customer, document).as_bytes());
            sink.date(contact.day);
            sink.text(contact.channel.as_bytes());
            sink.text(contact.outcome.as_bytes());
            sink.instant(instant(&world.calendar, contact.day, 14 * 3_600).max(document.recorded));
            sink.end_row();
            rows += 1;
        }
    }
    rows
}

fn customer_events(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for (customer, book) in chunk.rows() {
        for event in &book.events {
            sink.text(chunk.company(customer));
            sink.text(Id::customer(customer.index).as_bytes());
            sink.date(event.day);
            sink.text(event.kind.as_bytes());
            sink.instant(instant(&world.calendar, event.day, 9 * 3_600));
            sink.end_row();
            rows += 1;
        }
    }
    rows
}

/// An order as it came in, and its deletion when it was invoiced.
fn orders(world: &World, chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let mut rows = 0;
    for (customer, book) in chunk.rows() {
        for (number, order) in book.orders.iter().enumerate() {
            let ordered_at = instant(&world.calendar, order.day, 10 * 3_600);
            let invoiced_at = book.documents.get(order.invoice as usize).map(|invoice| invoice.recorded);
            for (recorded, is_deleted) in [(Some(ordered_at), false), (invoiced_at, true)] {
                let Some(recorded) = recorded else { continue };
                sink.text(chunk.company(customer));
                sink.text(Id::numbered("ORD", customer.index, number as u32 + 1).as_bytes());
                sink.text(Id::customer(customer.index).as_bytes());
                sink.date(order.expected);
                sink.money(order.amount, order.currency.decimals());
                sink.text(order.currency.code().as_bytes());
                sink.instant(recorded);
                sink.flag(is_deleted);
                sink.end_row();
                rows += 1;
            }
        }
    }
    rows
}

/// What the flat shape can say of an item: paid how much, and when last.
#[derive(Clone, Copy, Default)]
struct FlatPayment {
    amount: i64,
    date: Option<Day>,
    is_rebilled: bool,
}

fn flat_invoices(chunk: &Chunk, sink: &mut impl RowSink) -> u64 {
    let payments: Vec<Vec<FlatPayment>> = chunk.books.iter().map(flat_payments).collect();
    let order = chunk.by_date(|book| book.documents.iter().map(|document| document.date).collect());
    let mut rows = 0;
    for (_, book_index, row) in order {
        let customer = &chunk.customers[book_index as usize];
        let book = &chunk.books[book_index as usize];
        let document = &book.documents[row as usize];
        if document.kind != DocumentType::Invoice {
            continue;
        }
        for place in 0..document.item_count {
            let item = document.first_item + place;
            let payment = payments[book_index as usize][item as usize];
            if !payment.is_rebilled {
                flat_row(chunk, customer, book, item, payment, sink);
                rows += 1;
            }
        }
    }
    rows
}

fn flat_payments(book: &Book) -> Vec<FlatPayment> {
    let mut payments = vec![FlatPayment::default(); book.items.len()];
    for application in &book.applications {
        let credit = book.document_of(application.credit_item);
        let payment = &mut payments[application.debit_item as usize];
        if credit.kind == DocumentType::CreditNote && REASONS[usize::from(credit.reason)] == "rebilled" {
            payment.is_rebilled = true;
        }
        if credit.kind != DocumentType::WriteOff {
            payment.amount += application.amount;
            if application.amount > 0 {
                payment.date = Some(application.visible);
            }
        }
    }
    payments
}

fn flat_row(chunk: &Chunk, customer: &Customer, book: &Book, item: u32, payment: FlatPayment, sink: &mut impl RowSink) {
    let document = book.document_of(item);
    let row = &book.items[item as usize];
    let decimals = document.currency.decimals();
    sink.text(chunk.company(customer));
    if document.item_count == 1 {
        sink.text(Id::document(customer, document).as_bytes());
    } else {
        // An instalment is an invoice of its own here.
        let id = Id::document(customer, document);
        let place = item - document.first_item + 1;
        sink.text(format!("{}-{place}", String::from_utf8_lossy(id.as_bytes())).as_bytes());
    }
    sink.text(Id::customer(customer.index).as_bytes());
    sink.text(name(customer).as_bytes());
    sink.text(COUNTRIES[customer.country].0.as_bytes());
    sink.text(SEGMENTS[customer.segment as usize].as_bytes());
    sink.text(manager(customer.manager_on(document.date)).as_bytes());
    sink.date(document.date);
    sink.date_or_absent(row.due);
    sink.money(row.amount, decimals);
    sink.text(document.currency.code().as_bytes());
    sink.text_or_absent(document.terms.map_or("", Terms::text));
    match payment.date {
        Some(date) if payment.amount > 0 => {
            sink.date(date);
            sink.money(payment.amount, decimals);
        }
        _ => {
            sink.absent();
            sink.absent();
        }
    }
    sink.end_row();
}
