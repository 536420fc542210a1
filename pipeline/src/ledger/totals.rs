//! What is summed for a scope value: balances at dates, flows in intervals, and how concentrated its customers are.
//!
//! All sums are exact integers (`i128` ten-thousandths), so that neither the order of customers nor the number of threads
//! changes a digit.

use super::buckets::BUCKETS_MAX;
use super::calendar::Day;
use super::collections::{Cohort, Collections, Corrections, DisputeSpan, RollShape, Rolls, Standing, add_corrections};
use std::collections::BTreeMap;

/// Open items of a scope value at a period end; base currency at closing rate unless named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Σ open debit items.
    pub debit: i128,
    /// Σ open credit items, positive.
    pub credit: i128,
    /// Σ open debit items at historical rates.
    pub debit_historical: i128,
    /// Σ open credit items at historical rates, positive.
    pub credit_historical: i128,
    /// Σ open debit items in document currency; meaningful only where there is one currency.
    pub debit_document: i128,
    /// Σ open credit items in document currency, positive.
    pub credit_document: i128,
    /// Σ open debit items with due_date ≥ t.
    pub not_due: i128,
    /// Σ open debit items with days past due ≥ 1.
    pub overdue: i128,
    /// Σ open debit items with days past due ≥ 91.
    pub over_90: i128,
    /// Σ open debit item × days since its document date.
    pub age_weighted: i128,
    /// Disputed part of the open debit items.
    pub disputed: i128,
    /// Disputed part of those past due.
    pub disputed_overdue: i128,
    /// Disputed part of those 91 or more days past due.
    pub disputed_over_90: i128,
    /// Amounts by due-date bucket; credits are negative.
    pub due_amounts: [i128; BUCKETS_MAX],
    /// Open items by due-date bucket.
    pub due_items: [u64; BUCKETS_MAX],
    /// Amounts by document-date bucket; credits are negative.
    pub document_amounts: [i128; BUCKETS_MAX],
    /// Open items by document-date bucket.
    pub document_items: [u64; BUCKETS_MAX],
}

impl Balance {
    /// Adds another balance.
    pub fn add(&mut self, other: &Balance) {
        self.debit += other.debit;
        self.credit += other.credit;
        self.debit_historical += other.debit_historical;
        self.credit_historical += other.credit_historical;
        self.debit_document += other.debit_document;
        self.credit_document += other.credit_document;
        self.not_due += other.not_due;
        self.overdue += other.overdue;
        self.over_90 += other.over_90;
        self.age_weighted += other.age_weighted;
        self.disputed += other.disputed;
        self.disputed_overdue += other.disputed_overdue;
        self.disputed_over_90 += other.disputed_over_90;
        for slot in 0..BUCKETS_MAX {
            self.due_amounts[slot] += other.due_amounts[slot];
            self.due_items[slot] += other.due_items[slot];
            self.document_amounts[slot] += other.document_amounts[slot];
            self.document_items[slot] += other.document_items[slot];
        }
    }

    /// Number of open items.
    pub fn items(&self) -> u64 {
        self.due_items.iter().sum()
    }
}

/// Net receivable of a scope value on a balance date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Net {
    /// At that day's rate.
    pub closing: i128,
    /// At historical rates.
    pub historical: i128,
    /// In document currency; meaningful only where there is one currency.
    pub document: i128,
}

impl Net {
    /// Adds another.
    pub fn add(&mut self, other: &Net) {
        self.closing += other.closing;
        self.historical += other.historical;
        self.document += other.document;
    }
}

/// What happened in an interval; base currency at historical rates unless named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Documents dated in it, by type, positive.
    pub documents: [i128; 11],
    /// Applications visible in it: + the credit slices, − the debit slices.
    pub applied: i128,
    /// The part of `applied` whose other side is left out (intercompany).
    pub transfer_company: i128,
    /// The part of `applied` whose other side is in another currency, or left out.
    pub transfer_currency: i128,
    /// The part of `applied` whose other side is another customer's, or left out.
    pub transfer_customer: i128,
    /// Receipts applied to invoices and debit notes, at the debit item's rate.
    pub cash: i128,
    /// Write-offs applied, at the debit item's rate.
    pub write_offs: i128,
    /// Write-offs ever applied (by as_of) to the invoices and debit notes dated in it.
    pub cohort_write_offs: i128,
    /// Σ invoices and debit notes dated in it that have a due date.
    pub terms_amount: i128,
    /// Σ those × (due date − document date).
    pub terms_weighted: i128,
    /// Documents dated in it, signed, in document currency.
    pub documents_document: i128,
    /// The document-currency counterpart of `transfer_currency`.
    pub transfer_document: i128,
    /// Invoices dated in it: documents, not items.
    pub invoice_documents: i128,
    /// Credit notes dated in it: documents, not items.
    pub credit_note_documents: i128,
    /// Applications of items that are converted at historical rates: each may leave a rounding of a minor unit.
    pub rounded_slices: u64,
}

impl Flow {
    /// Adds another flow, skipping what is zero: most of most flows is.
    pub fn add(&mut self, other: &Flow) {
        for (sum, part) in self.documents.iter_mut().zip(&other.documents) {
            add_unless_zero(sum, *part);
        }
        add_unless_zero(&mut self.applied, other.applied);
        add_unless_zero(&mut self.transfer_company, other.transfer_company);
        add_unless_zero(&mut self.transfer_currency, other.transfer_currency);
        add_unless_zero(&mut self.transfer_customer, other.transfer_customer);
        add_unless_zero(&mut self.cash, other.cash);
        add_unless_zero(&mut self.write_offs, other.write_offs);
        add_unless_zero(&mut self.cohort_write_offs, other.cohort_write_offs);
        add_unless_zero(&mut self.terms_amount, other.terms_amount);
        add_unless_zero(&mut self.terms_weighted, other.terms_weighted);
        add_unless_zero(&mut self.documents_document, other.documents_document);
        add_unless_zero(&mut self.transfer_document, other.transfer_document);
        add_unless_zero(&mut self.invoice_documents, other.invoice_documents);
        add_unless_zero(&mut self.credit_note_documents, other.credit_note_documents);
        self.rounded_slices += other.rounded_slices;
    }

    /// Takes a flow away that was added before.
    pub fn subtract(&mut self, other: &Flow) {
        for (sum, part) in self.documents.iter_mut().zip(&other.documents) {
            *sum -= part;
        }
        self.applied -= other.applied;
        self.transfer_company -= other.transfer_company;
        self.transfer_currency -= other.transfer_currency;
        self.transfer_customer -= other.transfer_customer;
        self.cash -= other.cash;
        self.write_offs -= other.write_offs;
        self.cohort_write_offs -= other.cohort_write_offs;
        self.terms_amount -= other.terms_amount;
        self.terms_weighted -= other.terms_weighted;
        self.documents_document -= other.documents_document;
        self.transfer_document -= other.transfer_document;
        self.invoice_documents -= other.invoice_documents;
        self.credit_note_documents -= other.credit_note_documents;
        self.rounded_slices -= other.rounded_slices;
    }
}

fn add_unless_zero(sum: &mut i128, part: i128) {
    if part != 0 {
        *sum += part;
    }
}

/// How the receivable of a scope value is spread over its customers at a period end.
#[derive(Clone, Debug, Default)]
pub struct Concentration {
    /// Σ net positions of the customers who owe.
    pub positive_sum: i128,
    /// Σ of their squares.
    pub positive_squares: i128,
    /// The ten largest, largest first; 0 where there are fewer.
    pub top: [i64; 10],
    /// Customers whose net position is a credit, left out of the above.
    pub credit_customers: u64,
    /// Overdue debit of each customer who has some, in no order.
    pub overdue: Vec<i64>,
}

impl Concentration {
    /// Adds one customer's net position and overdue debit.
    pub fn add_customer(&mut self, net: i64, overdue: i64) {
        if net > 0 {
            self.positive_sum += i128::from(net);
            self.positive_squares += i128::from(net) * i128::from(net);
            self.insert_top(net);
        } else if net < 0 {
            self.credit_customers += 1;
        }
        if overdue > 0 {
            self.overdue.push(overdue);
        }
    }

    /// Adds other customers.
    pub fn add(&mut self, other: &Concentration) {
        self.positive_sum += other.positive_sum;
        self.positive_squares += other.positive_squares;
        self.credit_customers += other.credit_customers;
        self.overdue.extend_from_slice(&other.overdue);
        for net in other.top.iter().take_while(|net| **net > 0) {
            self.insert_top(*net);
        }
    }

    /// What is published of it.
    pub fn summary(&self) -> ConcentrationSummary {
        ConcentrationSummary {
            positive_sum: self.positive_sum,
            positive_squares: self.positive_squares,
            top_10: self.top.iter().map(|net| i128::from(*net)).sum(),
            credit_customers: self.credit_customers,
            customers_for_80_percent: self.customers_for_80_percent(),
        }
    }

    /// The fewest customers that hold at least four fifths of the overdue debit: their number, what they hold, the total.
    pub fn customers_for_80_percent(&self) -> (u64, i128, i128) {
        let total: i128 = self.overdue.iter().map(|amount| i128::from(*amount)).sum();
        let mut sorted = self.overdue.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let (mut customers, mut held) = (0, 0_i128);
        for amount in sorted {
            if held * 5 >= total * 4 {
                break;
            }
            held += i128::from(amount);
            customers += 1;
        }
        (customers, held, total)
    }

    fn insert_top(&mut self, net: i64) {
        if net <= self.top[9] {
            return;
        }
        let position = self.top.partition_point(|larger| *larger >= net);
        self.top.copy_within(position..9, position + 1);
        self.top[position] = net;
    }
}

/// How concentrated a scope value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConcentrationSummary {
    /// Σ net positions of the customers who owe.
    pub positive_sum: i128,
    /// Σ of their squares.
    pub positive_squares: i128,
    /// Σ of the ten largest.
    pub top_10: i128,
    /// Customers whose net position is a credit, left out of the above.
    pub credit_customers: u64,
    /// The fewest customers that hold four fifths of the overdue debit, what they hold, the total overdue debit.
    pub customers_for_80_percent: (u64, i128, i128),
}

/// What happened before the first invoice or debit note of a scope value: windows that are shortened to it leave this out.
#[derive(Clone, Debug, Default)]
pub struct BeforeFirstSale {
    /// Net receivable at closing rate on the day before.
    pub opening: i128,
    /// Flows of the days before, by interval.
    pub flows: BTreeMap<usize, Flow>,
    /// Balance days of the days before, by interval.
    pub balance_days: BTreeMap<usize, i128>,
}

impl BeforeFirstSale {
    /// Adds what other items did.
    pub fn add(&mut self, other: &BeforeFirstSale) {
        self.opening += other.opening;
        for (interval, flow) in &other.flows {
            self.flows.entry(*interval).or_default().add(flow);
        }
        for (interval, days) in &other.balance_days {
            *self.balance_days.entry(*interval).or_default() += days;
        }
    }
}

/// Everything summed for one scope value, while the book is walked.
#[derive(Clone, Debug)]
pub struct ScopeTotals {
    /// By period end.
    pub balances: Vec<Balance>,
    /// By balance date.
    pub nets: Vec<Net>,
    /// By interval.
    pub flows: Vec<Flow>,
    /// By interval: Σ over its days of open balance × that day's rate, scale 14, unrounded.
    pub balance_days: Vec<i128>,
    /// By period end.
    pub concentrations: Vec<Concentration>,
    /// By period end.
    pub standings: Vec<Standing>,
    /// By interval.
    pub collections: Vec<Collections>,
    /// By window of a period.
    pub corrections: Corrections,
    /// By month.
    pub cohorts: Vec<Cohort>,
    /// Roll rates.
    pub rolls: Rolls,
    /// In no order.
    pub disputes: Vec<DisputeSpan>,
    /// What its shortened windows leave out.
    pub before_first_sale: Option<Box<BeforeFirstSale>>,
}

impl ScopeTotals {
    /// Totals of nothing, for a timeline with so many balance dates, intervals and months of cohorts.
    pub fn new(shape: RollShape, balance_dates: usize, intervals: usize, cohorts: usize) -> Self {
        let periods = shape.periods;
        ScopeTotals {
            standings: vec![Standing::default(); periods],
            collections: vec![Collections::default(); intervals],
            corrections: Corrections::new(),
            cohorts: vec![Cohort::default(); cohorts],
            rolls: Rolls::new(shape),
            disputes: Vec::new(),
            balances: vec![Balance::default(); periods],
            nets: vec![Net::default(); balance_dates],
            flows: vec![Flow::default(); intervals],
            balance_days: vec![0; intervals],
            concentrations: vec![Concentration::default(); periods],
            before_first_sale: None,
        }
    }

    /// Adds other totals of the same timeline, but not what came before the first sale: whose first, differs.
    pub fn add(&mut self, other: &ScopeTotals) {
        for (sum, part) in self.balances.iter_mut().zip(&other.balances) {
            sum.add(part);
        }
        for (sum, part) in self.nets.iter_mut().zip(&other.nets) {
            sum.add(part);
        }
        for (sum, part) in self.flows.iter_mut().zip(&other.flows) {
            sum.add(part);
        }
        for (sum, part) in self.balance_days.iter_mut().zip(&other.balance_days) {
            *sum += part;
        }
        for (sum, part) in self.concentrations.iter_mut().zip(&other.concentrations) {
            sum.add(part);
        }
        for (sum, part) in self.standings.iter_mut().zip(&other.standings) {
            sum.add(part);
        }
        for (sum, part) in self.collections.iter_mut().zip(&other.collections) {
            sum.add(part);
        }
        for (sum, part) in self.cohorts.iter_mut().zip(&other.cohorts) {
            sum.add(part);
        }
        self.rolls.add(&other.rolls);
        add_corrections(&mut self.corrections, &other.corrections);
        self.disputes.extend_from_slice(&other.disputes);
    }

    /// Adds what other totals of the same scope value say of the time before its first sale.
    pub fn add_before_first_sale(&mut self, other: &BeforeFirstSale) {
        self.before_first_sale.get_or_insert_default().add(other);
    }

    /// Closes the sums: flows become running totals, so that any window of them is one subtraction.
    pub fn seal(self, first_document: Day, first_sale: Day) -> SealedTotals {
        let mut cumulative_collections = vec![Collections::default(); self.collections.len() + 1];
        for (interval, collections) in self.collections.iter().enumerate() {
            let mut sum = cumulative_collections[interval];
            sum.add(collections);
            cumulative_collections[interval + 1] = sum;
        }
        let mut disputes = self.disputes;
        disputes.sort_unstable_by_key(|dispute| (dispute.opened, dispute.closed));
        let mut cumulative = vec![Flow::default(); self.flows.len() + 1];
        let mut cumulative_days = vec![0; self.flows.len() + 1];
        for interval in 0..self.flows.len() {
            let mut sum = cumulative[interval];
            sum.add(&self.flows[interval]);
            cumulative[interval + 1] = sum;
            cumulative_days[interval + 1] = cumulative_days[interval] + self.balance_days[interval];
        }
        SealedTotals {
            first_document,
            first_sale,
            balances: self.balances,
            nets: self.nets,
            cumulative,
            cumulative_days,
            cumulative_collections,
            standings: self.standings,
            corrections: self.corrections,
            cohorts: self.cohorts,
            rolls: self.rolls,
            disputes,
            concentrations: self.concentrations.iter().map(Concentration::summary).collect(),
            before_first_sale: self.before_first_sale,
        }
    }
}

/// Everything about one scope value, ready to be read.
#[derive(Clone, Debug)]
pub struct SealedTotals {
    /// Date of its first document.
    pub first_document: Day,
    /// Date of its first invoice or debit note; `Day::MAX` without one.
    pub first_sale: Day,
    /// By period end.
    pub balances: Vec<Balance>,
    /// By balance date.
    pub nets: Vec<Net>,
    /// By period end.
    pub concentrations: Vec<ConcentrationSummary>,
    /// What its shortened windows leave out.
    pub before_first_sale: Option<Box<BeforeFirstSale>>,
    /// By period end.
    pub standings: Vec<Standing>,
    /// By month.
    pub cohorts: Vec<Cohort>,
    /// Roll rates.
    pub rolls: Rolls,
    /// By first day.
    pub disputes: Vec<DisputeSpan>,
    corrections: Corrections,
    cumulative: Vec<Flow>,
    cumulative_days: Vec<i128>,
    cumulative_collections: Vec<Collections>,
}

impl SealedTotals {
    /// Σ of the flows of some intervals.
    pub fn flow(&self, intervals: std::ops::Range<usize>) -> Flow {
        let mut sum = self.cumulative[intervals.end];
        sum.subtract(&self.cumulative[intervals.start]);
        sum
    }

    /// What happened in some intervals that make up a window of a period, as it was known at its end.
    pub fn collections(&self, intervals: std::ops::Range<usize>, period: usize, window: usize) -> Collections {
        let mut sum = self.cumulative_collections[intervals.end];
        sum.subtract(&self.cumulative_collections[intervals.start]);
        let key = (u32::try_from(period).expect("periods are few"), u8::try_from(window).expect("windows are four"));
        if let Some(correction) = self.corrections.get(&key) {
            sum.add(correction);
        }
        sum
    }

    /// Σ over the days of some intervals of open balance × that day's rate, scale 14.
    pub fn balance_days(&self, intervals: std::ops::Range<usize>) -> i128 {
        self.cumulative_days[intervals.end] - self.cumulative_days[intervals.start]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_ten_are_the_ten_largest_in_any_order_and_any_split() {
        let positions: Vec<i64> = (1..=25).map(|n| (n * 7) % 26).collect();
        let mut whole = Concentration::default();
        positions.iter().for_each(|net| whole.add_customer(*net, 0));
        assert_eq!(whole.top, [25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
        let (mut left, mut right) = (Concentration::default(), Concentration::default());
        positions[..9].iter().for_each(|net| left.add_customer(*net, 0));
        positions[9..].iter().for_each(|net| right.add_customer(*net, 0));
        left.add(&right);
        assert_eq!(left.top, whole.top);
        assert_eq!((left.positive_sum, left.positive_squares), (whole.positive_sum, whole.positive_squares));
    }

    #[test]
    fn the_fewest_customers_that_hold_four_fifths() {
        let mut concentration = Concentration::default();
        for overdue in [10, 50, 30, 0, 10] {
            concentration.add_customer(0, overdue);
        }
        assert_eq!(concentration.customers_for_80_percent(), (2, 80, 100));
        assert_eq!(Concentration::default().customers_for_80_percent(), (0, 0, 0));
    }
}
