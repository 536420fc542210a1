//! What the sweep over the book finds, by rule.

use crate::ledger::book::{CustomerIndex, ItemIndex};

/// A rule that is judged on the book; what each asserts stands in `quality/rules.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BookRule {
    AppliedBeforeDocument,
    CurrencyNotUsual,
    CustomerWithoutDocuments,
    DateBeforeCompany,
    DateInFuture,
    DueBeforeDocument,
    DueDateByDefault,
    DueDateFromCustomer,
    DuplicateInvoice,
    DuplicateReference,
    FinerThanMinorUnit,
    Invoice100TimesMedian,
    MissingDueDate,
    MixedCurrencies,
    ReceiptUnappliedLong,
    SettledBeforeDocuments,
    TextWouldRun,
    UnknownCustomerOfDocument,
    ZeroAmount,
}

impl BookRule {
    /// Every one, in the order of its name.
    pub const ALL: [BookRule; 19] = [
        BookRule::AppliedBeforeDocument,
        BookRule::CurrencyNotUsual,
        BookRule::CustomerWithoutDocuments,
        BookRule::DateBeforeCompany,
        BookRule::DateInFuture,
        BookRule::DueBeforeDocument,
        BookRule::DueDateByDefault,
        BookRule::DueDateFromCustomer,
        BookRule::DuplicateInvoice,
        BookRule::DuplicateReference,
        BookRule::FinerThanMinorUnit,
        BookRule::Invoice100TimesMedian,
        BookRule::MissingDueDate,
        BookRule::MixedCurrencies,
        BookRule::ReceiptUnappliedLong,
        BookRule::SettledBeforeDocuments,
        BookRule::TextWouldRun,
        BookRule::UnknownCustomerOfDocument,
        BookRule::ZeroAmount,
    ];

    /// Its name among [`super::RULES`].
    pub fn name(self) -> &'static str {
        match self {
            BookRule::AppliedBeforeDocument => "applied_before_document",
            BookRule::CurrencyNotUsual => "currency_not_usual",
            BookRule::CustomerWithoutDocuments => "customer_without_documents",
            BookRule::DateBeforeCompany => "date_before_company",
            BookRule::DateInFuture => "date_in_future",
            BookRule::DueBeforeDocument => "due_before_document",
            BookRule::DueDateByDefault => "due_date_by_default",
            BookRule::DueDateFromCustomer => "due_date_from_customer",
            BookRule::DuplicateInvoice => "duplicate_invoice",
            BookRule::DuplicateReference => "duplicate_reference",
            BookRule::FinerThanMinorUnit => "finer_than_minor_unit",
            BookRule::Invoice100TimesMedian => "invoice_100_times_median",
            BookRule::MissingDueDate => "missing_due_date",
            BookRule::MixedCurrencies => "mixed_currencies",
            BookRule::ReceiptUnappliedLong => "receipt_unapplied_long",
            BookRule::SettledBeforeDocuments => "settled_before_documents",
            BookRule::TextWouldRun => "text_would_run",
            BookRule::UnknownCustomerOfDocument => "unknown_customer_of_document",
            BookRule::ZeroAmount => "zero_amount",
        }
    }

    /// The book's rule of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// What breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An item.
    Item(ItemIndex),
    /// An item, and the earlier one that it repeats.
    Repeated(ItemIndex, ItemIndex),
    /// An application, by its position in the book.
    Application(u32),
    /// A customer.
    Customer(CustomerIndex),
}

/// What breaks each rule, in the order of the book.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<Vec<Subject>>);

impl Hits {
    /// Those of one rule.
    pub fn of(&self, rule: BookRule) -> &[Subject] {
        self.0.get(rule as usize).map_or(&[], Vec::as_slice)
    }

    /// Puts together what was found part by part.
    pub fn gather(parts: Vec<Vec<(BookRule, Subject)>>) -> Self {
        let mut hits = vec![Vec::new(); BookRule::ALL.len()];
        for (rule, subject) in parts.into_iter().flatten() {
            hits[rule as usize].push(subject);
        }
        Hits(hits)
    }
}
