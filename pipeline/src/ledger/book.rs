//! The book: the ledger's documents, applications and disputes as the run sees them, coded as integers and ready to be
//! walked customer by customer.
//!
//! The book holds what survived resolution: every application joins two known documents of the right sides, and no item
//! is over-applied. How it was read and what was left out is not its business.

use super::calendar::Day;
use super::rates::{CurrencyIndex, Rates};

/// Position of an item in [`Book::items`].
pub type ItemIndex = u32;
/// Position of a customer in [`Book::customers`].
pub type CustomerIndex = u32;
/// Position of a label in [`Book::labels`].
pub type LabelIndex = u32;

/// A date that is not there.
pub const NO_DATE: Day = Day::MIN;
/// An amount that is not there.
pub const NO_AMOUNT: i64 = i64::MIN;
/// The word for a label that is not there.
pub const NO_LABEL: &str = "(none)";

/// The type of a document, in the order of [`crate::catalog::ledger_tables::DOCUMENT_TYPES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the words of the trade, defined in ledger.md")]
pub enum DocumentType {
    Invoice,
    DebitNote,
    ReceiptReversal,
    Refund,
    Reinstatement,
    Increase,
    Receipt,
    CreditNote,
    WriteOff,
    Discount,
    Decrease,
}

impl DocumentType {
    /// Every type, debits first.
    pub const ALL: [DocumentType; 11] = [
        DocumentType::Invoice,
        DocumentType::DebitNote,
        DocumentType::ReceiptReversal,
        DocumentType::Refund,
        DocumentType::Reinstatement,
        DocumentType::Increase,
        DocumentType::Receipt,
        DocumentType::CreditNote,
        DocumentType::WriteOff,
        DocumentType::Discount,
        DocumentType::Decrease,
    ];

    /// The canonical word.
    pub fn word(self) -> &'static str {
        crate::catalog::ledger_tables::DOCUMENT_TYPES[self as usize]
    }

    /// The type of a canonical word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it increases the receivable.
    pub fn is_debit(self) -> bool {
        (self as usize) < crate::catalog::ledger_tables::DEBIT_TYPES.len()
    }

    /// Whether it is a sale: an invoice or a debit note.
    pub fn is_sale(self) -> bool {
        matches!(self, DocumentType::Invoice | DocumentType::DebitNote)
    }
}

/// One item of a document.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Amount in document currency, ten-thousandths, ≥ 0.
    pub amount: i64,
    /// Amount in base currency as the source booked it, or [`NO_AMOUNT`].
    pub base_amount: i64,
    /// The day from which it counts.
    pub document_date: Day,
    /// When it is due, or [`NO_DATE`].
    pub due_date: Day,
    /// Whose it is.
    pub customer: CustomerIndex,
    /// The account manager's label: the document's, else the customer's.
    pub account_manager: LabelIndex,
    /// The payment terms' label.
    pub payment_terms: LabelIndex,
    /// Its currency.
    pub currency: CurrencyIndex,
    /// When what it bills was delivered, or [`NO_DATE`].
    pub delivery_date: Day,
    /// Its type.
    pub document_type: DocumentType,
    /// Whether [`Book::disputes`] knows it.
    pub has_disputes: bool,
    /// Whether [`Book::discounts`] knows it.
    pub has_discount: bool,
    /// Whether it is its document's item of the lowest number.
    pub is_first_item: bool,
}

impl Item {
    /// An item of which only the amount and the dates are known.
    pub fn plain(
        document_type: DocumentType,
        customer: CustomerIndex,
        currency: CurrencyIndex,
        amount: i64,
        document_date: Day,
        due_date: Day,
    ) -> Self {
        Item {
            amount,
            base_amount: NO_AMOUNT,
            document_date,
            due_date,
            customer,
            account_manager: 0,
            payment_terms: 0,
            currency,
            delivery_date: NO_DATE,
            document_type,
            has_disputes: false,
            has_discount: false,
            is_first_item: true,
        }
    }
}

/// A discount offered for paying early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscountTerms {
    /// Per cent of the item's amount, in ten-thousandths: 2 % is 20,000.
    pub percent: i64,
    /// Last day on which it may be taken.
    pub last_date: Day,
}

/// A promise to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Who promised: the customer of the items, where it is about a document.
    pub customer: CustomerIndex,
    /// The invoice or debit-note items of the document it is about, lowest number first; none where it is about the account.
    pub items: Vec<ItemIndex>,
    /// When it was made.
    pub made_date: Day,
    /// When the money was to come.
    pub promised_date: Day,
    /// How much, in `currency`.
    pub amount: i64,
    /// In what.
    pub currency: CurrencyIndex,
    /// The day on which it was recorded, or [`Day::MIN`] from the beginning.
    pub known_from: Day,
}

/// Which optional parts of the ledger were supplied: what was not is `not_supplied`, not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supplied {
    /// The table of disputes.
    pub disputes: bool,
    /// The table of promises.
    pub promises: bool,
    /// `discount_percent` and `discount_date` of any document.
    pub discount_terms: bool,
    /// `delivery_date` of any document.
    pub delivery_dates: bool,
}

/// One application of a credit item to a debit item.
#[derive(Clone, Copy, Debug)]
pub struct Application {
    /// The debit item.
    pub debit: ItemIndex,
    /// The credit item.
    pub credit: ItemIndex,
    /// The day on which both documents exist and the match is made.
    pub visible_date: Day,
    /// Amount in the debit item's currency; negative un-applies.
    pub amount: i64,
    /// Amount in the credit item's currency.
    pub credit_amount: i64,
    /// Its row in the ledger's table of applications, counted over all segments.
    pub row: u32,
}

impl Application {
    /// The part of it that one of its two items gives or takes, in that item's own currency.
    pub fn part_of(&self, item: &Item) -> i64 {
        if item.document_type.is_debit() { self.amount } else { self.credit_amount }
    }
}

/// A stretch of days in which an item, or part of it, is disputed.
#[derive(Clone, Copy, Debug)]
pub struct Dispute {
    /// First day in dispute.
    pub opened_date: Day,
    /// First day no longer in dispute, or [`NO_DATE`].
    pub closed_date: Day,
    /// How much, in document currency, or [`NO_AMOUNT`] for all that is open.
    pub amount: i64,
}

/// A customer of a company.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Position of the company in [`Book::companies`].
    pub company: u32,
    /// Its id.
    pub id: String,
    /// Labels of segment, region, country and industry.
    pub labels: [LabelIndex; 4],
    /// The account manager's label.
    pub account_manager: LabelIndex,
    /// A company of the same group.
    pub is_intercompany: bool,
    /// Credit limit in `credit_limit_currency`, ten-thousandths.
    pub credit_limit: Option<i64>,
    /// ISO code; the base currency when `None`.
    pub credit_limit_currency: Option<String>,
    /// What is insured, in `credit_limit_currency`, ten-thousandths.
    pub insured_amount: Option<i64>,
}

/// The ledger as one run sees it.
#[derive(Clone, Debug)]
pub struct Book {
    /// Company ids, sorted.
    pub companies: Vec<String>,
    /// Labels of all kinds; position 0 is [`NO_LABEL`].
    pub labels: Vec<String>,
    /// Customers, sorted by company and id.
    pub customers: Vec<Customer>,
    /// Items in the order of the ledger.
    pub items: Vec<Item>,
    /// Items of each customer: `customer_items[customer_offsets[c] .. customer_offsets[c + 1]]`.
    pub customer_items: Vec<ItemIndex>,
    /// See `customer_items`; one longer than `customers`.
    pub customer_offsets: Vec<u32>,
    /// Applications, sorted by debit item and visible date.
    pub applications: Vec<Application>,
    /// Positions of applications, those of each credit item together, by visible date.
    credit_applications: Vec<u32>,
    /// Where an item's applications begin: a debit item's in `applications`, a credit item's in `credit_applications`. They end
    /// where another item's begin, which the applications say themselves: a second list of ends would be 4 bytes an item.
    application_starts: Vec<u32>,
    /// Disputes by item.
    pub disputes: std::collections::HashMap<ItemIndex, Vec<Dispute>>,
    /// Discounts offered, by item, in the order of the items.
    pub discounts: Vec<(ItemIndex, DiscountTerms)>,
    /// Promises, sorted by customer.
    pub promises: Vec<Promise>,
    /// What was supplied.
    pub supplied: Supplied,
    /// Exchange rates.
    pub rates: Rates,
}

impl Book {
    /// Groups items by customer and applications by item. `items` and `applications` keep the ledger's order, in which
    /// nothing that is published depends.
    #[expect(clippy::too_many_arguments, reason = "the parts of a book, assembled once")]
    pub fn assemble(
        companies: Vec<String>,
        labels: Vec<String>,
        customers: Vec<Customer>,
        items: Vec<Item>,
        applications: Vec<Application>,
        disputes: std::collections::HashMap<ItemIndex, Vec<Dispute>>,
        supplied: Supplied,
        rates: Rates,
    ) -> Self {
        let (customer_offsets, customer_items) = group_by(items.len(), customers.len(), |item| items[item].customer as usize);
        let (debit_offsets, order) = group_by(applications.len(), items.len(), |position| applications[position].debit as usize);
        let mut sorted: Vec<Application> = order.iter().map(|position| applications[*position as usize]).collect();
        drop(applications);
        for_each_group(&debit_offsets, |range| sorted[range].sort_by_key(|application| application.visible_date));
        let (credit_offsets, mut credit_applications) = group_by(sorted.len(), items.len(), |position| sorted[position].credit as usize);
        for_each_group(&credit_offsets, |range| {
            credit_applications[range].sort_by_key(|position| sorted[*position as usize].visible_date);
        });
        let start_of = |(position, item): (usize, &Item)| {
            if item.document_type.is_debit() { debit_offsets[position] } else { credit_offsets[position] }
        };
        let application_starts = items.iter().enumerate().map(start_of).collect();
        Book {
            companies,
            labels,
            customers,
            items,
            customer_items,
            customer_offsets,
            applications: sorted,
            credit_applications,
            application_starts,
            disputes,
            discounts: Vec::new(),
            promises: Vec::new(),
            supplied,
            rates,
        }
    }

    /// The items of a customer.
    pub fn items_of(&self, customer: usize) -> &[ItemIndex] {
        &self.customer_items[self.customer_offsets[customer] as usize..self.customer_offsets[customer + 1] as usize]
    }

    /// The applications of an item, whichever its side, oldest first.
    pub fn applications_of(&self, item: ItemIndex) -> impl Iterator<Item = &Application> {
        self.application_positions(item).map(|position| &self.applications[position as usize])
    }

    /// Positions of an item's applications in [`Book::applications`], oldest first.
    pub fn application_positions(&self, item: ItemIndex) -> impl Iterator<Item = u32> {
        let start = self.application_starts[item as usize];
        let is_debit = self.items[item as usize].document_type.is_debit();
        let end = u32::try_from(self.applications.len()).expect("a book has fewer than 2^32 applications");
        let debits = (if is_debit { start..end } else { 0..0 }).take_while(move |at| self.applications[*at as usize].debit == item);
        let credits = if is_debit { &[][..] } else { &self.credit_applications[start as usize..] };
        debits.chain(credits.iter().copied().take_while(move |at| self.applications[*at as usize].credit == item))
    }

    /// The discount that an item offers.
    pub fn discount(&self, item: ItemIndex) -> Option<DiscountTerms> {
        let found = self.discounts.binary_search_by_key(&item, |(offering, _)| *offering);
        found.ok().map(|position| self.discounts[position].1)
    }

    /// The promises of a customer.
    pub fn promises_of(&self, customer: usize) -> &[Promise] {
        let start = self.promises.partition_point(|promise| (promise.customer as usize) < customer);
        let end = self.promises.partition_point(|promise| (promise.customer as usize) <= customer);
        &self.promises[start..end]
    }

    /// Historical base value of `part` (≥ 0) of an item: of its `base_amount` where the source gave one, else at the rate
    /// of its document date; rounded half away from zero to the base minor unit.
    pub fn historical_value(&self, item: &Item, part: i64) -> i64 {
        if part < 0 {
            return -self.historical_value(item, -part);
        }
        if item.base_amount != NO_AMOUNT && item.amount > 0 {
            return super::money::share(item.base_amount, part, item.amount, self.rates.base_unit());
        }
        self.rates.value_on(item.currency, item.document_date, part)
    }

    /// How much of `open` is disputed on `day`.
    pub fn disputed(&self, item: ItemIndex, open: i64, day: Day) -> i64 {
        let Some(disputes) = self.disputes.get(&item) else { return 0 };
        let active =
            disputes.iter().filter(|dispute| dispute.opened_date <= day && (dispute.closed_date == NO_DATE || day < dispute.closed_date));
        let total: i128 =
            active.map(|dispute| if dispute.amount == NO_AMOUNT { i128::from(open) } else { i128::from(dispute.amount) }).sum();
        super::money::narrow(total.min(i128::from(open)))
    }
}

/// Counting sort of the positions `0..count` into groups: offsets (one longer than `groups`) and positions by group, each
/// group in the original order.
fn group_by(count: usize, groups: usize, group_of: impl Fn(usize) -> usize) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0_u32; groups + 1];
    for position in 0..count {
        offsets[group_of(position) + 1] += 1;
    }
    for group in 0..groups {
        offsets[group + 1] += offsets[group];
    }
    let mut next = offsets.clone();
    let mut order = vec![0_u32; count];
    for position in 0..count {
        let slot = &mut next[group_of(position)];
        order[*slot as usize] = u32::try_from(position).expect("a book has fewer than 2^32 rows");
        *slot += 1;
    }
    (offsets, order)
}

fn for_each_group(offsets: &[u32], mut action: impl FnMut(std::ops::Range<usize>)) {
    for pair in offsets.windows(2) {
        if pair[1] > pair[0] + 1 {
            action(pair[0] as usize..pair[1] as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_types_and_their_words_agree() {
        for (position, kind) in DocumentType::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, position);
            assert_eq!(DocumentType::named(kind.word()), Some(kind));
        }
        assert!(DocumentType::Increase.is_debit());
        assert!(!DocumentType::Receipt.is_debit());
        assert_eq!(DocumentType::Discount.word(), "discount");
    }

    #[test]
    fn grouping_keeps_the_order_inside_a_group() {
        let keys = [2, 0, 2, 1, 0];
        let (offsets, order) = group_by(keys.len(), 3, |position| keys[position]);
        assert_eq!(offsets, [0, 2, 3, 5]);
        assert_eq!(order, [1, 4, 3, 0, 2]);
    }
}
