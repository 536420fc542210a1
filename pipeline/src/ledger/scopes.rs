//! Scopes: what metrics are grouped by.

use super::book::{Book, Customer, Item, LabelIndex};
use std::collections::HashMap;

/// The word for all companies together.
pub const ALL_COMPANIES: &str = "(all)";

/// A way of grouping the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of metrics.md")]
pub enum Scope {
    Company,
    Segment,
    Region,
    Country,
    Industry,
    AccountManager,
    PaymentTerms,
    Currency,
    Customer,
}

impl Scope {
    /// The scopes whose values are few: all but `customer`.
    pub const LABELLED: [Scope; 8] = [
        Scope::Company,
        Scope::Segment,
        Scope::Region,
        Scope::Country,
        Scope::Industry,
        Scope::AccountManager,
        Scope::PaymentTerms,
        Scope::Currency,
    ];

    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Company => "company",
            Scope::Segment => "segment",
            Scope::Region => "region",
            Scope::Country => "country",
            Scope::Industry => "industry",
            Scope::AccountManager => "account_manager",
            Scope::PaymentTerms => "payment_terms",
            Scope::Currency => "currency",
            Scope::Customer => "customer",
        }
    }

    /// Whether a roll-forward is published for it.
    pub fn has_roll_forward(self) -> bool {
        matches!(self, Scope::Company | Scope::Currency | Scope::Customer)
    }
}

/// One value of one scope of one company, or of all companies together (`company` is `None`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeValue {
    /// Position of the company, or `None` for the group.
    pub company: Option<u32>,
    /// The scope.
    pub scope: Scope,
    /// A label, a currency's position, or a customer's position.
    pub value: u32,
}

impl ScopeValue {
    /// The published company id.
    pub fn company_id<'a>(&self, book: &'a Book) -> &'a str {
        self.company.map_or(ALL_COMPANIES, |company| &book.companies[company as usize])
    }

    /// The published scope value.
    pub fn text<'a>(&self, book: &'a Book) -> &'a str {
        match self.scope {
            Scope::Company => self.company_id(book),
            Scope::Currency => book.rates.code(u16::try_from(self.value).expect("a currency's position")),
            Scope::Customer => &book.customers[self.value as usize].id,
            _ => &book.labels[self.value as usize],
        }
    }
}

/// What of an item decides its labelled scope values, beside its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LaneKey {
    /// Account manager.
    pub account_manager: LabelIndex,
    /// Payment terms.
    pub payment_terms: LabelIndex,
    /// Currency.
    pub currency: u16,
}

impl LaneKey {
    /// The lane an item runs in.
    pub fn of(item: &Item) -> Self {
        LaneKey { account_manager: item.account_manager, payment_terms: item.payment_terms, currency: item.currency }
    }

    /// Its value in a labelled scope.
    pub fn value(&self, customer: &Customer, scope: Scope) -> u32 {
        match scope {
            Scope::Company | Scope::Customer => 0,
            Scope::Segment => customer.labels[0],
            Scope::Region => customer.labels[1],
            Scope::Country => customer.labels[2],
            Scope::Industry => customer.labels[3],
            Scope::AccountManager => self.account_manager,
            Scope::PaymentTerms => self.payment_terms,
            Scope::Currency => u32::from(self.currency),
        }
    }
}

/// The labelled scope values of a book, numbered in the order of discovery.
#[derive(Clone, Debug, Default)]
pub struct ScopeTable {
    /// The values.
    pub values: Vec<ScopeValue>,
    numbers: HashMap<ScopeValue, u32>,
}

impl ScopeTable {
    /// The number of a value, given to it now if it is new.
    pub fn number(&mut self, value: ScopeValue) -> u32 {
        let next = u32::try_from(self.values.len()).expect("fewer than 2^32 scope values");
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }

    /// The number of a known value.
    pub fn find(&self, value: &ScopeValue) -> Option<u32> {
        self.numbers.get(value).copied()
    }
}
