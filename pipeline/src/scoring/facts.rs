//! The facts behind the features: debit items with what was taken off them and when, credits with what was used of them,
//! each with the days on which it was known.
//!
//! Responsible for saying what stood in the books at the end of a day, as it was known at the end of that day or of a later
//! one. A fact counts from the later of its own date and the day it was recorded. Not responsible for what is computed from
//! it. Intercompany customers are left out, as in every table.

use crate::ingest::load::knowledge::{FROM_THE_BEGINNING, Knowledge, Known, TO_THIS_DAY};
use crate::ledger::book::{Application, Book, CustomerIndex, Dispute, DocumentType, Item, ItemIndex, LabelIndex, NO_AMOUNT, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;

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
    from: Day,
    until: Day,
    slices: std::ops::Range<u32>,
    disputes: std::ops::Range<u32>,
}

/// What one application takes off a debit item, or gives back.
#[derive(Clone, Copy, Debug)]
struct Slice {
    /// The credit it comes from: applications that are taken back net with those of the same credit.
    credit: ItemIndex,
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
    /// Whose.
    pub customer: CustomerIndex,
    /// In what.
    pub currency: CurrencyIndex,
    /// Whether money moves: receipts, and the refunds and reversals that take it back.
    pub is_cash: bool,
    /// 1 for credits, −1 for refunds and reversals.
    sign: i64,
    /// From when it counts.
    pub document_date: Day,
    amount: i64,
    from: Day,
    until: Day,
    uses: std::ops::Range<u32>,
}

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
    /// Debit items by customer and document date.
    items: Vec<DebitItem>,
    item_offsets: Vec<u32>,
    slices: Vec<Slice>,
    disputes: Vec<Known<Dispute>>,
    account: Vec<AccountItem>,
    account_offsets: Vec<u32>,
    uses: Vec<Use>,
}

impl Facts {
    /// Collects the facts of a book that can matter on or after `since`: what was settled before it is left out.
    pub fn new(book: &Book, knowledge: &Knowledge, since: Day, include_intercompany: bool) -> Self {
        let mut earlier: Vec<&Known<Application>> = knowledge.earlier_applications.iter().collect();
        earlier.sort_by_key(|known| (known.fact.credit, known.fact.visible_date, known.fact.row));
        let mut collected = Collected { book, knowledge, earlier_by_credit: earlier, since, include_intercompany, facts: Facts::default() };
        collected.debits();
        collected.account();
        let mut facts = collected.facts;
        let customers = book.customers.len();
        facts.items.sort_by_key(|item| (item.customer, item.document_date, item.due_date, item.amount, item.item, item.from));
        facts.item_offsets = offsets(customers, facts.items.iter().map(|item| item.customer));
        facts.account.sort_by_key(|item| (item.customer, item.document_date, item.currency, item.amount));
        facts.account_offsets = offsets(customers, facts.account.iter().map(|item| item.customer));
        facts
    }

    /// Number of customers.
    pub fn customers(&self) -> usize {
        self.item_offsets.len().saturating_sub(1)
    }

    /// How many customers have an item at the end of `day`, as known then.
    pub fn customers_known(&self, day: Day) -> usize {
        (0..self.customers()).filter(|customer| self.items_of(*customer, day).next().is_some()).count()
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
            (amount > 0).then_some(Left { exit: of_credit[0].exit, effective_date: of_credit[0].effective_date, visible_date, amount })
        })
    }

    /// What is known at the end of `later` to have left the item and was not known so at the end of `day`, by credit.
    pub fn left_since(&self, item: &DebitItem, day: Day, later: Day) -> impl Iterator<Item = Left> {
        self.slices_of(item).chunk_by(|a, b| a.credit == b.credit).filter_map(move |of_credit| {
            let sum = |day: Day| -> i64 { of_credit.iter().filter(|slice| slice.is_visible(day)).map(|slice| slice.amount).sum() };
            let amount = sum(later).max(0) - sum(day).max(0);
            let new = of_credit.iter().filter(|slice| slice.is_visible(later) && slice.visible_from > day);
            let visible_date = new.map(|slice| slice.visible_from).min()?;
            (amount > 0).then_some(Left { exit: of_credit[0].exit, effective_date: of_credit[0].effective_date, visible_date, amount })
        })
    }

    /// The item as it is known at the end of `day`, which may be another version of it; `None` when it was deleted by then.
    pub fn known_version<'a>(&'a self, item: &'a DebitItem, day: Day) -> Option<&'a DebitItem> {
        if item.is_known(day) {
            return Some(item);
        }
        self.all_items_of(item.customer as usize).iter().find(|other| other.item == item.item && other.is_known(day))
    }

    /// How much of `open` is disputed at the end of `day`, as known then.
    pub fn disputed(&self, item: &DebitItem, open: i64, day: Day) -> i64 {
        let disputes = &self.disputes[item.disputes.start as usize..item.disputes.end as usize];
        let is_active = |known: &&Known<Dispute>| {
            let dispute = &known.fact;
            let is_known = known.from <= day && day < known.until;
            is_known && dispute.opened_date <= day && (dispute.closed_date == NO_DATE || day < dispute.closed_date)
        };
        let total: i128 = disputes
            .iter()
            .filter(is_active)
            .map(|known| if known.fact.amount == NO_AMOUNT { i128::from(open) } else { i128::from(known.fact.amount) })
            .sum();
        i64::try_from(total.min(i128::from(open))).expect("no more than what is open")
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

    /// The day from which it counts and is known.
    pub fn visible_from(&self) -> Day {
        self.document_date.max(self.from)
    }
}

impl Slice {
    fn is_visible(&self, day: Day) -> bool {
        self.visible_from <= day && day < self.visible_until
    }
}

/// Offsets of sorted groups, one longer than `groups`.
fn offsets(groups: usize, of: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut offsets = vec![0_u32; groups + 1];
    for group in of {
        offsets[group as usize + 1] += 1;
    }
    for group in 0..groups {
        offsets[group + 1] += offsets[group];
    }
    offsets
}

struct Collected<'a> {
    book: &'a Book,
    knowledge: &'a Knowledge,
    /// Earlier versions of applications by credit; by debit they stand in `knowledge`.
    earlier_by_credit: Vec<&'a Known<Application>>,
    since: Day,
    include_intercompany: bool,
    facts: Facts,
}

/// An application of the book, or an earlier version of one.
struct Seen<'a> {
    application: &'a Application,
    from: Day,
    until: Day,
}

impl Collected<'_> {
    fn debits(&mut self) {
        let Self { book, knowledge, .. } = *self;
        for (index, item) in (0_u32..).zip(&book.items) {
            if !is_collectable(item.document_type) || !self.is_wanted(item) {
                continue;
            }
            let earlier = earlier_versions(knowledge, index);
            if earlier.len() == 0 && self.is_long_settled(index, item) {
                continue;
            }
            let slices = self.slices(index);
            let disputes = self.disputes(index);
            for known in earlier {
                self.push_debit(index, &known.fact, (known.from, known.until), &slices, &disputes);
            }
            self.push_debit(index, item, (knowledge.item_from(index), TO_THIS_DAY), &slices, &disputes);
        }
        let gone = knowledge.earlier_items.partition_point(|(item, _)| (*item as usize) < book.items.len());
        for of_item in knowledge.earlier_items[gone..].chunk_by(|a, b| a.0 == b.0) {
            let (slices, disputes) = (self.slices(of_item[0].0), self.disputes(of_item[0].0));
            for (index, known) in of_item {
                if is_collectable(known.fact.document_type) && self.is_wanted(&known.fact) {
                    self.push_debit(*index, &known.fact, (known.from, known.until), &slices, &disputes);
                }
            }
        }
    }

    fn push_debit(
        &mut self,
        index: ItemIndex,
        item: &Item,
        (from, until): (Day, Day),
        slices: &std::ops::Range<u32>,
        disputes: &std::ops::Range<u32>,
    ) {
        let rates = &self.book.rates;
        let base_rate = rates.on(item.currency, item.document_date).map_or(1.0, |rate| rate as f64 / crate::ledger::money::RATE_ONE as f64);
        self.facts.items.push(DebitItem {
            item: index,
            customer: item.customer,
            currency: item.currency,
            terms: item.payment_terms,
            is_sale: item.document_type.is_sale(),
            document_date: item.document_date,
            due_date: item.due_date,
            amount: item.amount,
            base_rate: if item.currency == rates.base() { 1.0 } else { base_rate },
            from,
            until,
            slices: slices.clone(),
            disputes: disputes.clone(),
        });
    }

    fn is_wanted(&self, item: &Item) -> bool {
        item.amount > 0 && (self.include_intercompany || !self.book.customers[item.customer as usize].is_intercompany)
    }

    /// Whether the item reached zero before anything is asked.
    fn is_long_settled(&self, index: ItemIndex, item: &Item) -> bool {
        if item.document_date >= self.since {
            return false;
        }
        let mut open = item.amount;
        for seen in self.seen(index) {
            if seen.until != TO_THIS_DAY || self.visible_from(&seen) >= self.since {
                return false;
            }
            open -= seen.application.part_of(item);
        }
        open == 0
    }

    /// The applications of an item, earlier versions included.
    fn seen(&self, index: ItemIndex) -> Vec<Seen<'_>> {
        let Self { book, knowledge, .. } = self;
        let mut seen = Vec::new();
        if (index as usize) < book.items.len() {
            seen.extend(book.application_positions(index).map(|position| Seen {
                application: &book.applications[position as usize],
                from: knowledge.application_from(position),
                until: TO_THIS_DAY,
            }));
        }
        fn as_seen(known: &Known<Application>) -> Seen<'_> {
            Seen { application: &known.fact, from: known.from, until: known.until }
        }
        let by_debit = &knowledge.earlier_applications;
        let first = by_debit.partition_point(|known| known.fact.debit < index);
        seen.extend(by_debit[first..].iter().take_while(|known| known.fact.debit == index).map(as_seen));
        let first = self.earlier_by_credit.partition_point(|known| known.fact.credit < index);
        seen.extend(self.earlier_by_credit[first..].iter().copied().take_while(|known| known.fact.credit == index).map(as_seen));
        seen
    }

    /// An application counts when it and both its documents are known.
    fn visible_from(&self, seen: &Seen) -> Day {
        let first_known = |item: ItemIndex| match earlier_versions(self.knowledge, item).next() {
            Some(known) => known.from,
            None => self.knowledge.item_from(item),
        };
        let Application { debit, credit, visible_date, .. } = *seen.application;
        visible_date.max(seen.from).max(first_known(debit)).max(first_known(credit))
    }

    fn credit_item(&self, index: ItemIndex) -> Option<&Item> {
        self.book.items.get(index as usize).or_else(|| earlier_versions(self.knowledge, index).map(|known| &known.fact).next())
    }

    fn slices(&mut self, debit: ItemIndex) -> std::ops::Range<u32> {
        let start = self.facts.slices.len();
        let mut slices = Vec::new();
        for seen in self.seen(debit) {
            let application = seen.application;
            let Some(credit) = self.credit_item(application.credit) else { continue };
            let debit_date = self.credit_item(debit).map_or(credit.document_date, |item| item.document_date);
            slices.push(Slice {
                credit: application.credit,
                exit: Exit::of(credit.document_type),
                effective_date: credit.document_date.max(debit_date),
                visible_from: self.visible_from(&seen),
                visible_until: seen.until,
                amount: application.amount,
            });
        }
        slices.sort_by_key(|slice| (slice.effective_date, slice.credit, slice.visible_from, slice.amount));
        self.facts.slices.extend(slices);
        to_range(start, self.facts.slices.len())
    }

    fn disputes(&mut self, item: ItemIndex) -> std::ops::Range<u32> {
        let start = self.facts.disputes.len();
        let all = &self.knowledge.disputes;
        let first = all.partition_point(|(of, _)| *of < item);
        self.facts.disputes.extend(all[first..].iter().take_while(|(of, _)| *of == item).map(|(_, known)| *known));
        to_range(start, self.facts.disputes.len())
    }

    fn account(&mut self) {
        let Self { book, knowledge, .. } = *self;
        for (index, item) in (0_u32..).zip(&book.items) {
            if is_collectable(item.document_type) || !self.is_wanted(item) {
                continue;
            }
            let earlier = earlier_versions(knowledge, index);
            if earlier.len() == 0 && self.is_long_settled(index, item) {
                continue;
            }
            let uses = self.uses(index, item);
            for known in earlier {
                self.push_account(&known.fact, (known.from, known.until), &uses);
            }
            self.push_account(item, (knowledge.item_from(index), TO_THIS_DAY), &uses);
        }
        let gone = knowledge.earlier_items.partition_point(|(item, _)| (*item as usize) < book.items.len());
        for (index, known) in &knowledge.earlier_items[gone..] {
            if !is_collectable(known.fact.document_type) && self.is_wanted(&known.fact) {
                let uses = self.uses(*index, &known.fact);
                self.push_account(&known.fact, (known.from, known.until), &uses);
            }
        }
    }

    fn push_account(&mut self, item: &Item, (from, until): (Day, Day), uses: &std::ops::Range<u32>) {
        self.facts.account.push(AccountItem {
            customer: item.customer,
            currency: item.currency,
            is_cash: matches!(item.document_type, DocumentType::Receipt | DocumentType::Refund | DocumentType::ReceiptReversal),
            sign: if item.document_type.is_debit() { -1 } else { 1 },
            document_date: item.document_date,
            amount: item.amount,
            from,
            until,
            uses: uses.clone(),
        });
    }

    fn uses(&mut self, index: ItemIndex, item: &Item) -> std::ops::Range<u32> {
        let start = self.facts.uses.len();
        let mut uses = Vec::new();
        for seen in self.seen(index) {
            uses.push(Use { visible_from: self.visible_from(&seen), visible_until: seen.until, amount: seen.application.part_of(item) });
        }
        self.facts.uses.extend(uses);
        to_range(start, self.facts.uses.len())
    }
}

/// Debits that customers are expected to pay. Refunds and reversals take from credits instead.
fn is_collectable(document_type: DocumentType) -> bool {
    document_type.is_sale() || matches!(document_type, DocumentType::Reinstatement | DocumentType::Increase)
}

fn earlier_versions(knowledge: &Knowledge, item: ItemIndex) -> impl ExactSizeIterator<Item = &Known<Item>> + Clone {
    let all = &knowledge.earlier_items;
    let first = all.partition_point(|(of, _)| *of < item);
    let last = first + all[first..].iter().take_while(|(of, _)| *of == item).count();
    all[first..last].iter().map(|(_, known)| known)
}

fn to_range(start: usize, end: usize) -> std::ops::Range<u32> {
    let narrow = |position: usize| u32::try_from(position).expect("slices are counted in 32 bits");
    narrow(start)..narrow(end)
}

/// The day before which nothing is asked of the facts of a night: a year of landmarks, a year of origins, and the payments
/// of two years before them.
pub fn since(as_of: Day) -> Day {
    as_of.saturating_sub(4 * 366).max(FROM_THE_BEGINNING + 1)
}
