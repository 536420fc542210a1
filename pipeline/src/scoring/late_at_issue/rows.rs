//! Invoices as they were issued: their rows, and how they came out.
//!
//! Responsible for which version of an invoice is looked at and as of which day, and for the pools that customers are blended
//! with. Customers are looked at the day before the invoice; pools at the end of the month before, because they move slowly
//! and a look at all customers for every day would cost more than it tells. Nothing of either is later than the invoice.

use super::columns::{Columns, Invoice, columns, late_rate};
use super::walk::over_days;
use crate::forecast::snapshot::{Companies, Sample};
use crate::ledger::book::{ItemIndex, NO_DATE};
use crate::ledger::calendar::{Day, is_month_end, month_start};
use crate::scoring::as_of::{UsualTerms, due_date_of};
use crate::scoring::behaviour::{Pooling, Pools};
use crate::scoring::facts::{DebitItem, Exit, Facts};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Customers that one task looks at: large enough to be worth it. Sums over customers are taken task by task, so that they do not
/// depend on the number of threads.
const CUSTOMERS_PER_TASK: usize = 256;

/// A sale as it was issued.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Issued {
    /// Its number in the book.
    pub item: ItemIndex,
    /// Position among [`Facts::all_items_of`] the customer of what was first known of it.
    pub position: u32,
    /// What stood on it.
    pub invoice: Invoice,
    /// How it came out, as far as it is known.
    pub outcome: Option<Outcome>,
    /// When it is due as it is known, which a correction may have moved.
    pub due_date: Day,
}

/// How an invoice came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Paid after the due date, written off, or still open past it.
    pub is_late: bool,
    /// Days from the due date to the last payment; `None` unless it was settled with some cash.
    pub days_late: Option<i32>,
}

impl Outcome {
    /// The outcome of an item as known at the end of `day`; `None` while it is not due, and for what was credited.
    pub fn of(facts: &Facts, item: &DebitItem, day: Day) -> Option<Self> {
        let paid = facts.left(item, day).filter(|left| left.exit == Exit::Cash).map(|left| left.effective_date).max();
        if facts.open(item, day) > 0 {
            return (item.due_date < day).then_some(Outcome { is_late: true, days_late: None });
        }
        match paid.map(|paid| paid - item.due_date) {
            Some(days) => Some(Outcome { is_late: days > 0, days_late: Some(days) }),
            None => {
                let is_written_off = facts.left(item, day).any(|left| left.exit == Exit::WriteOff);
                is_written_off.then_some(Outcome { is_late: true, days_late: None })
            }
        }
    }
}

/// The version of an item that came first, with its position, and the one that is known.
type FirstAndKnown<'a> = (Option<(u32, &'a DebitItem)>, Option<&'a DebitItem>);

/// The sales of a customer that have a due date, as they were issued, by date; their outcomes as known at the end of `known`.
/// What is not known any more then is left out.
pub fn issued(facts: &Facts, customer: usize, known: Day) -> Vec<Issued> {
    let mut versions: BTreeMap<ItemIndex, FirstAndKnown> = BTreeMap::new();
    for (position, item) in (0_u32..).zip(facts.all_items_of(customer)).filter(|(_, item)| item.visible_from() <= known) {
        let (first, last) = versions.entry(item.item).or_default();
        // A version that was replaced before its date came was never seen.
        if item.is_known(item.visible_from()) && first.is_none_or(|(_, first)| item.visible_from() < first.visible_from()) {
            *first = Some((position, item));
        }
        if item.is_known(known) {
            *last = Some(item);
        }
    }
    let mut issued: Vec<Issued> = versions
        .into_values()
        .filter_map(|(first, last)| Some((first?, last?)))
        .filter(|((_, first), last)| first.is_sale && first.due_date != NO_DATE && last.due_date != NO_DATE)
        .map(|((position, first), last)| Issued {
            item: first.item,
            position,
            invoice: Invoice {
                document_date: first.document_date,
                due_date: first.due_date,
                terms: first.terms,
                amount: first.amount as f64 * first.base_rate,
            },
            outcome: Outcome::of(facts, last, known),
            due_date: last.due_date,
        })
        .collect();
    issued.sort_by_key(|issued| (issued.invoice.document_date, issued.item));
    issued
}

/// The row of an invoice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IssueRow {
    /// Whose.
    pub customer: u32,
    /// The invoice.
    pub issued: Issued,
    /// Invoices that the customer had paid before, of the last two years.
    pub paid_before: u32,
    /// The customer's late rate, held towards that of its company.
    pub late_rate: f64,
    /// Its columns.
    pub columns: Columns,
}

/// What rows are made with.
pub struct Rows<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// Half-life of payments, days.
    pub half_life: f64,
    /// The customers of which pools are made.
    pub sample: Sample,
    /// Usual terms at month ends, where items without a due date were issued in the month after.
    usual_terms: BTreeMap<Day, UsualTerms>,
}

/// Pools at month ends.
pub struct PoolsByMonth {
    /// By month end: the pools, and the late rate of each company, 0 to 1.
    by_month: BTreeMap<Day, (Pools, Vec<f64>)>,
}

/// The last month end on or before a day.
fn month_end_before(day: Day) -> Day {
    if is_month_end(day) { day } else { month_start(day) - 1 }
}

impl<'a> Rows<'a> {
    /// Rows of invoices issued up to the end of `last`.
    pub fn new(facts: &'a Facts, companies: &'a Companies, half_life: f64, sample: Sample, last: Day) -> Self {
        let mut months: BTreeSet<Day> = BTreeSet::new();
        for customer in 0..facts.customers() {
            let undated = facts.all_items_of(customer).iter().filter(|item| item.due_date == NO_DATE && item.document_date <= last);
            months.extend(undated.map(|item| month_end_before(item.document_date - 1)));
        }
        let company_of = |customer: usize| companies.company(customer);
        let terms = |month: Day| (month, UsualTerms::new(facts, month, companies.count(), company_of));
        Rows { facts, companies, half_life, sample, usual_terms: months.into_iter().map(terms).collect() }
    }

    /// Without a due date, the terms that were usual when the item was issued: what is usual later does not change the past.
    fn due_date(&self, customer: usize, item: &DebitItem) -> Day {
        if item.due_date != NO_DATE {
            return item.due_date;
        }
        let usual_terms = self.usual_terms.get(&month_end_before(item.document_date - 1));
        due_date_of(item, usual_terms.and_then(|terms| terms.of(self.companies.company(customer))))
    }

    /// The pools that the rows of invoices issued on these dates need.
    pub fn pools(&self, document_dates: impl Iterator<Item = Day>) -> PoolsByMonth {
        let months: BTreeSet<Day> = document_dates.map(|date| month_end_before(date - 1)).collect();
        let months: Vec<Day> = months.into_iter().collect();
        let customers: Vec<usize> =
            (0..self.facts.customers()).filter(|customer| self.sample.has(self.companies.name(*customer))).collect();
        let parts: Vec<Vec<PoolingMonth>> = customers.par_chunks(CUSTOMERS_PER_TASK).map(|chunk| self.pooling(chunk, &months)).collect();
        let mut pooling = self.pooling(&[], &months);
        for part in parts {
            for (month, part) in pooling.iter_mut().zip(part) {
                month.append(part);
            }
        }
        PoolsByMonth { by_month: pooling.into_iter().zip(&months).map(|(pooling, month)| (*month, pooling.finish())).collect() }
    }

    fn pooling(&self, customers: &[usize], months: &[Day]) -> Vec<PoolingMonth> {
        let companies = self.companies.count();
        let mut pooling: Vec<PoolingMonth> = months.iter().map(|month| PoolingMonth::new(*month, companies, self.half_life)).collect();
        for customer in customers {
            let company = self.companies.company(*customer);
            let mut by_month = pooling.iter_mut();
            over_days(
                self.facts,
                *customer,
                months,
                |item| self.due_date(*customer, item),
                |_, seen| {
                    let month = by_month.next().expect("a customer is shown once a month");
                    month.pooling.add(company, seen);
                    month.settled[company].0 += u64::from(seen.settled_late);
                    month.settled[company].1 += u64::from(seen.settled);
                },
            );
        }
        pooling
    }

    /// The rows of a customer's invoices, which are sorted by date.
    pub fn of_customer(&self, customer: usize, invoices: &[Issued], pools: &PoolsByMonth) -> Vec<IssueRow> {
        let mut days: Vec<Day> = invoices.iter().map(|issued| issued.invoice.document_date - 1).collect();
        days.dedup();
        let company = self.companies.company(customer);
        let mut rows = Vec::with_capacity(invoices.len());
        let mut invoices = invoices.iter().peekable();
        over_days(
            self.facts,
            customer,
            &days,
            |item| self.due_date(customer, item),
            |day, seen| {
                let (pools, late_rates) = &pools.by_month[&month_end_before(day)];
                let behaviour = pools.customer(company, seen, day);
                let late_rate = late_rate(seen, late_rates[company]);
                while let Some(issued) = invoices.next_if(|issued| issued.invoice.document_date - 1 == day) {
                    rows.push(IssueRow {
                        customer: u32::try_from(customer).expect("customers are counted in 32 bits"),
                        issued: *issued,
                        paid_before: seen.settled,
                        late_rate,
                        columns: columns(&issued.invoice, (seen, &behaviour, day), pools, late_rate),
                    });
                }
            },
        );
        rows
    }

    /// The rows of many customers' invoices, customer by customer.
    pub fn of(&self, invoices: &[(usize, Vec<Issued>)]) -> Vec<IssueRow> {
        let pools = self.pools(invoices.iter().flat_map(|(_, invoices)| invoices.iter().map(|issued| issued.invoice.document_date)));
        invoices.par_iter().flat_map_iter(|(customer, invoices)| self.of_customer(*customer, invoices, &pools)).collect()
    }
}

/// Pools of a month end that are being put together.
struct PoolingMonth {
    pooling: Pooling,
    /// Sale items settled late, and settled, by company.
    settled: Vec<(u64, u64)>,
}

impl PoolingMonth {
    fn new(month: Day, companies: usize, half_life: f64) -> Self {
        PoolingMonth { pooling: Pooling::new(month, companies, half_life), settled: vec![(0, 0); companies] }
    }

    fn append(&mut self, other: PoolingMonth) {
        self.pooling.append(other.pooling);
        for (sum, (late, settled)) in self.settled.iter_mut().zip(other.settled) {
            *sum = (sum.0 + late, sum.1 + settled);
        }
    }

    fn finish(self) -> (Pools, Vec<f64>) {
        // One late invoice and one in time are added: before anybody has paid, either is as likely.
        let late_rate = |(late, settled): (u64, u64)| (late as f64 + 1.0) / (settled as f64 + 2.0);
        (self.pooling.pools(), self.settled.into_iter().map(late_rate).collect())
    }
}
