//! All customers as known at the end of a day, and the open items as the timing model sees them.
//!
//! Responsible for the columns that belong to an item at an origin. Landmarks of the fit and origins of a forecast use the
//! same function, so that what is learnt is what is asked.

use super::design::{ITEM_COLUMNS, ItemFeatures};
use super::payment_runs::PaymentRuns;
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{CustomerAsOf, OpenItem, UsualTerms, customer_as_of};
use crate::scoring::behaviour::Behaviour;
use crate::scoring::facts::{DebitItem, Facts};
use rayon::prelude::*;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Customers of a book and the companies they belong to.
#[derive(Clone, Debug)]
pub struct Companies {
    of_customer: Vec<u32>,
    names: Vec<u64>,
    count: usize,
}

impl Companies {
    /// The companies of a book's customers.
    pub fn of(book: &crate::ledger::book::Book) -> Self {
        let name = |customer: &crate::ledger::book::Customer| {
            xxh3_64(format!("{}/{}", book.companies[customer.company as usize], customer.id).as_bytes())
        };
        Companies {
            of_customer: book.customers.iter().map(|customer| customer.company).collect(),
            names: book.customers.iter().map(name).collect(),
            count: book.companies.len(),
        }
    }

    /// A number that stands for a customer wherever and whenever it is met: a hash of its company and id.
    pub fn name(&self, customer: usize) -> u64 {
        self.names[customer]
    }

    /// The company of a customer.
    pub fn company(&self, customer: usize) -> usize {
        self.of_customer[customer] as usize
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// Which customers are looked at: one in a power of two, by their names, so that a customer is in or out for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample(u32);

impl Sample {
    /// All customers.
    pub const ALL: Sample = Sample(0);

    /// The largest share of `customers` that comes to about `most`, or to fewer.
    pub fn of(customers: usize, most: usize) -> Self {
        Sample((0..32).find(|halvings| customers >> halvings <= most).unwrap_or(32))
    }

    /// Whether a customer is in it.
    pub fn has(self, name: u64) -> bool {
        name.trailing_zeros() >= self.0
    }
}

/// All customers as known at the end of a day.
pub struct Snapshot {
    /// The day.
    pub day: Day,
    /// Each customer.
    pub customers: Vec<CustomerAsOf>,
    /// How they pay.
    pub behaviour: Behaviour,
    /// Terms that stand in for missing due dates.
    pub usual_terms: UsualTerms,
    /// The payment runs of customers, as known then or some days before.
    pub habits: Arc<PaymentRuns>,
}

impl Snapshot {
    /// Looks at the customers that are in the sample at the end of `day`; the others come out empty. `half_life` of payments is
    /// in days.
    pub fn new(facts: &Facts, companies: &Companies, habits: Arc<PaymentRuns>, day: Day, half_life: f64, sample: Sample) -> Self {
        let company_of = |customer: usize| companies.company(customer);
        let usual_terms = UsualTerms::new(facts, day, companies.count(), company_of);
        let customers: Vec<CustomerAsOf> = (0..facts.customers())
            .into_par_iter()
            .map(|customer| match sample.has(companies.name(customer)) {
                true => customer_as_of(facts, customer, day, usual_terms.of(company_of(customer))),
                false => CustomerAsOf::default(),
            })
            .collect();
        let behaviour = Behaviour::new(&customers, day, companies.count(), company_of, half_life);
        Snapshot { day, customers, behaviour, usual_terms, habits }
    }

    /// The features of an open item of a customer.
    pub fn features(&self, customer: usize, item: &DebitItem, open: &OpenItem) -> ItemFeatures {
        let expected_days_late = self.behaviour.expected_days_late(customer, item.terms);
        ItemFeatures { due_date: open.due_date, expected_days_late, columns: self.columns(customer, item, open, expected_days_late) }
    }

    fn columns(&self, customer: usize, item: &DebitItem, open: &OpenItem, expected: f64) -> [f32; ITEM_COLUMNS.len()] {
        let as_of = &self.customers[customer];
        let behaviour = self.behaviour.customer(customer);
        let past_due = as_of.open.iter().map(|other| self.day - other.due_date).filter(|days| *days > 0);
        let (overdue, worst) = past_due.fold((0_u32, 0), |(count, worst), days| (count + 1, worst.max(days)));
        let amount = item.amount as f64 * item.base_rate;
        let relative = as_of.median_amount.filter(|median| *median > 0.0).map_or(0.0, |median| (amount / median).ln());
        let columns = [
            self.behaviour.spread(customer).ln(),
            // A count that only grows would carry every customer beyond what was learnt from.
            (behaviour.payments.min(8) as f64).ln_1p(),
            behaviour.last_three.map_or(0.0, |last| (last - expected).clamp(-30.0, 30.0)),
            f64::from(overdue).ln_1p(),
            f64::from(worst).ln_1p(),
            relative.clamp(-3.0, 3.0),
            open.disputed as f64 / open.open as f64,
            f64::from(u8::from(open.is_partly_paid)),
            f64::from((open.due_date - item.document_date).clamp(0, 120)),
            f64::from(u8::from(!open.has_due_date)),
            expected,
        ];
        columns.map(|column| column as f32)
    }
}
