//! The cells of a cash forecast: a company, one of its segments or one of its large customers, in a currency.
//!
//! Amounts of different currencies never add: a company has a cell for each currency of its documents, and one in base
//! currency at the origin's rates; segments, large customers and all companies together are in base currency.

use super::snapshot::Companies;
use crate::ledger::book::{Book, LabelIndex};
use crate::ledger::calendar::Day;
use crate::ledger::money::RATE_ONE;
use crate::ledger::rates::CurrencyIndex;
use crate::ledger::scopes::Scope;
use crate::scoring::facts::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// What a cell is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The company; `None` for all together.
    pub company: Option<usize>,
    /// Company, segment or customer.
    pub scope: Scope,
    /// The segment or customer; the company's id in scope company.
    pub value: String,
    /// The currency of the documents; `None` for base currency.
    pub currency: Option<CurrencyIndex>,
}

/// The cells of a forecast and which of them an item counts in.
#[derive(Clone, Debug)]
pub struct Cells {
    all: Vec<Cell>,
    /// By company and currency: the cells of the company, with the factor an amount is taken by.
    of_company: BTreeMap<(usize, CurrencyIndex), Vec<(u32, f64)>>,
    /// By company and segment: the cell in base currency.
    of_segment: BTreeMap<(usize, LabelIndex), u32>,
    of_customer: BTreeMap<u32, u32>,
    rates: Vec<f64>,
}

/// The position of the segment among a customer's labels.
const SEGMENT: usize = 0;

/// Which cells are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Companies only: what replays are calibrated on.
    Companies,
    /// Segments and so many of the customers that owe most, too.
    Full {
        /// How many customers.
        customers: usize,
    },
}

impl Cells {
    /// The cells of a book at an origin. `owed` tells what each customer owes in base currency.
    pub fn new(book: &Book, companies: &Companies, facts: &Facts, origin: Day, detail: Detail, owed: &[f64]) -> Self {
        let rates: Vec<f64> = (0..book.rates.len())
            .map(|at| CurrencyIndex::try_from(at).expect("currencies are counted in 16 bits"))
            .map(|currency| rate(facts, currency, origin))
            .collect();
        let mut cells =
            Cells { all: Vec::new(), of_company: BTreeMap::new(), of_segment: BTreeMap::new(), of_customer: BTreeMap::new(), rates };
        let group = cells.push(None, Scope::Company, "(all)", None);
        let mut base: BTreeMap<usize, u32> = BTreeMap::new();
        for customer in 0..facts.customers() {
            let company = companies.company(customer);
            for item in facts.items_of(customer, origin) {
                if cells.of_company.contains_key(&(company, item.currency)) {
                    continue;
                }
                let name = book.companies[company].as_str();
                let base = *base.entry(company).or_insert_with(|| cells.push(Some(company), Scope::Company, name, None));
                let own = cells.push(Some(company), Scope::Company, name, Some(item.currency));
                let rate = cells.rates[usize::from(item.currency)];
                cells.of_company.insert((company, item.currency), vec![(own, 1.0), (base, rate), (group, rate)]);
            }
        }
        if let Detail::Full { customers } = detail {
            cells.add_segments(book, companies, facts, origin);
            cells.add_customers(book, companies, owed, customers);
        }
        cells
    }

    /// Cells alone, without the book they were made from: no item finds its cell in them.
    pub fn alone(all: Vec<Cell>) -> Self {
        Cells { all, of_company: BTreeMap::new(), of_segment: BTreeMap::new(), of_customer: BTreeMap::new(), rates: Vec::new() }
    }

    fn add_segments(&mut self, book: &Book, companies: &Companies, facts: &Facts, origin: Day) {
        let with_orders: BTreeSet<usize> = facts.orders(origin).map(|order| order.customer as usize).collect();
        for customer in 0..facts.customers() {
            let key = (companies.company(customer), book.customers[customer].labels[SEGMENT]);
            let counts = || facts.items_of(customer, origin).next().is_some() || with_orders.contains(&customer);
            if !self.of_segment.contains_key(&key) && counts() {
                let cell = self.push(Some(key.0), Scope::Segment, &book.labels[key.1 as usize], None);
                self.of_segment.insert(key, cell);
            }
        }
    }

    fn add_customers(&mut self, book: &Book, companies: &Companies, owed: &[f64], most: usize) {
        let mut largest: Vec<usize> = (0..owed.len()).filter(|customer| owed[*customer] > 0.0).collect();
        // Customers are sorted by id: of two that owe the same the first stays the first.
        largest.sort_by(|a, b| owed[*b].total_cmp(&owed[*a]).then(a.cmp(b)));
        for customer in largest.into_iter().take(most) {
            let cell = self.push(Some(companies.company(customer)), Scope::Customer, &book.customers[customer].id, None);
            self.of_customer.insert(u32::try_from(customer).expect("customers are counted in 32 bits"), cell);
        }
    }

    fn push(&mut self, company: Option<usize>, scope: Scope, value: &str, currency: Option<CurrencyIndex>) -> u32 {
        self.all.push(Cell { company, scope, value: value.to_owned(), currency });
        u32::try_from(self.all.len() - 1).expect("a forecast has some thousand cells")
    }

    /// The cells.
    pub fn all(&self) -> &[Cell] {
        &self.all
    }

    /// Base currency for one unit of a currency at the origin.
    pub fn rate(&self, currency: CurrencyIndex) -> f64 {
        self.rates[usize::from(currency)]
    }

    /// The cells of an item, with the factor that its amount is taken by.
    pub fn of_item(&self, book: &Book, companies: &Companies, customer: u32, currency: CurrencyIndex) -> Vec<(u32, f64)> {
        let company = companies.company(customer as usize);
        let rate = self.rate(currency);
        let mut cells = self.of_company.get(&(company, currency)).cloned().unwrap_or_default();
        let segment = (company, book.customers[customer as usize].labels[SEGMENT]);
        cells.extend(self.of_segment.get(&segment).map(|cell| (*cell, rate)));
        cells.extend(self.of_customer.get(&customer).map(|cell| (*cell, rate)));
        cells
    }

    /// The cells of a company in a currency: its own, its base currency, all companies.
    pub fn of_company(&self, company: usize, currency: CurrencyIndex) -> &[(u32, f64)] {
        self.of_company.get(&(company, currency)).map_or(&[], Vec::as_slice)
    }

    /// The segments of a company, with their cells.
    pub fn segments(&self, company: usize) -> impl Iterator<Item = (LabelIndex, u32)> + '_ {
        self.of_segment.iter().filter(move |((of, _), _)| *of == company).map(|((_, label), cell)| (*label, *cell))
    }
}

/// The rate of a day as it was known at its end.
fn rate(facts: &Facts, currency: CurrencyIndex, day: Day) -> f64 {
    facts.rates().on(currency, day, day).map_or(0.0, |rate| rate as f64 / RATE_ONE as f64)
}
