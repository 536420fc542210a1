//! Scopes: what metrics are grouped by.

use super::book::{Book, Customer, Item, LabelIndex};
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

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
    /// Two of the labelled scopes at once, by their positions in [`Scope::LABELLED`].
    Pair(u8, u8),
}

/// The words of every pair, by the positions of its two scopes.
static PAIR_WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = Scope::LABELLED.map(Scope::word);
    words.iter().flat_map(|first| words.iter().map(move |second| format!("{first},{second}"))).collect()
});

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
            Scope::Pair(first, second) => &PAIR_WORDS[usize::from(first) * Scope::LABELLED.len() + usize::from(second)],
        }
    }

    /// The scope of a published word.
    pub fn named(word: &str) -> Option<Scope> {
        if let Some((first, second)) = word.split_once(',') {
            return Scope::pair(first, second);
        }
        Scope::LABELLED.into_iter().chain([Scope::Customer]).find(|scope| scope.word() == word)
    }

    /// The pair of two labelled scopes; `None` unless they are two different ones and neither is the company.
    pub fn pair(first: &str, second: &str) -> Option<Scope> {
        let position = |word| Scope::LABELLED.iter().skip(1).position(|scope| scope.word() == word);
        let number = |position: usize| u8::try_from(position + 1).expect("there are eight labelled scopes");
        let (first, second) = (number(position(first)?), number(position(second)?));
        (first != second).then_some(Scope::Pair(first, second))
    }

    /// Whether its values are properties of the customer, not of a document.
    pub fn is_of_customer(self) -> bool {
        match self {
            Scope::AccountManager | Scope::PaymentTerms | Scope::Currency => false,
            Scope::Pair(first, second) => [first, second].iter().all(|at| Scope::LABELLED[usize::from(*at)].is_of_customer()),
            _ => true,
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
    /// A label, a currency's position, or a customer's position; of a pair the first in the upper half, the second in the lower.
    pub value: u64,
}

impl ScopeValue {
    /// The published company id.
    pub fn company_id<'a>(&self, book: &'a Book) -> &'a str {
        self.company.map_or(ALL_COMPANIES, |company| &book.companies[company as usize])
    }

    /// The published scope value.
    pub fn text<'a>(&self, book: &'a Book) -> Cow<'a, str> {
        match self.scope {
            Scope::Pair(first, second) => {
                let part = |scope: u8, value: u64| ScopeValue { scope: Scope::LABELLED[usize::from(scope)], value, ..*self }.text(book);
                Cow::Owned(format!("{},{}", part(first, self.value >> 32), part(second, self.value & 0xFFFF_FFFF)))
            }
            Scope::Company => Cow::Borrowed(self.company_id(book)),
            Scope::Currency => Cow::Borrowed(book.rates.code(u16::try_from(self.value).expect("a currency's position"))),
            Scope::Customer => Cow::Borrowed(&book.customers[self.position()].id),
            _ => Cow::Borrowed(&book.labels[self.position()]),
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.value).expect("labels and customers are counted in 32 bits")
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
    pub fn value(&self, customer: &Customer, scope: Scope) -> u64 {
        match scope {
            Scope::Company | Scope::Customer => 0,
            Scope::Segment => u64::from(customer.labels[0]),
            Scope::Region => u64::from(customer.labels[1]),
            Scope::Country => u64::from(customer.labels[2]),
            Scope::Industry => u64::from(customer.labels[3]),
            Scope::AccountManager => u64::from(self.account_manager),
            Scope::PaymentTerms => u64::from(self.payment_terms),
            Scope::Currency => u64::from(self.currency),
            Scope::Pair(first, second) => {
                let part = |scope: u8| self.value(customer, Scope::LABELLED[usize::from(scope)]);
                part(first) << 32 | part(second)
            }
        }
    }
}

/// The labelled scope values of a book, numbered in the order of discovery.
#[derive(Clone, Debug, Default)]
pub struct ScopeTable {
    /// The values.
    pub values: Vec<ScopeValue>,
    numbers: HashMap<ScopeValue, u32, BuildHasherDefault<ScopeHasher>>,
}

/// Scope values are few small numbers of our own making, looked up for every customer: a multiplication scatters them
/// well enough, and nobody can attack it.
#[derive(Clone, Copy, Debug, Default)]
struct ScopeHasher(u64);

impl Hasher for ScopeHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn write_isize(&mut self, number: isize) {
        self.write_u64(number.cast_unsigned() as u64);
    }
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
