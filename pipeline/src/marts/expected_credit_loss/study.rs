//! One pass over the book: what is open on a day by pool and bucket, what history says of each bucket, and, for a day that has
//! passed, what became of what was open.

use super::losses::Losses;
use super::policy::{View, age_from, is_reinstatement};
use super::pools::{Pools, Reserves};
use super::roll_rate::{self, Rolls};
use super::run_off::{self, RunOff};
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::calendar::Day;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What is open, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Open debit items, base currency at the closing rate of the matrix's day.
    pub gross: i128,
    /// Number of items.
    pub items: i64,
    /// What of it was lost by the day on which it was looked at again, at the same rate.
    pub lost: i128,
    /// What of it was still open then and is not lost.
    pub undetermined: i128,
}

impl Balance {
    /// Adds another.
    pub fn add(&mut self, other: &Balance) {
        self.gross += other.gross;
        self.items += other.items;
        self.lost += other.lost;
        self.undetermined += other.undetermined;
    }
}

/// What is known of one pool of one company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Open items by bucket.
    pub open: Vec<Balance>,
    /// Those of them that count as lost already.
    pub open_lost: Vec<Balance>,
    /// Run-off by bucket.
    pub run_off: Vec<RunOff>,
    /// Items whose run-off was counted.
    pub run_off_items: i64,
    /// Their amount.
    pub run_off_amount: i128,
    /// Roll rates.
    pub rolls: Rolls,
}

impl Cell {
    /// Of nothing, for so many buckets.
    pub fn new(slots: usize) -> Self {
        Cell {
            open: vec![Balance::default(); slots],
            open_lost: vec![Balance::default(); slots],
            run_off: vec![RunOff::default(); slots],
            run_off_items: 0,
            run_off_amount: 0,
            rolls: Rolls::new(slots),
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Cell) {
        for (sum, part) in self.open.iter_mut().zip(&other.open).chain(self.open_lost.iter_mut().zip(&other.open_lost)) {
            sum.add(part);
        }
        for (sum, part) in self.run_off.iter_mut().zip(&other.run_off) {
            sum.add(part);
        }
        self.run_off_items += other.run_off_items;
        self.run_off_amount += other.run_off_amount;
        self.rolls.add(&other.rolls);
    }
}

/// Everything counted for one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// By company and pool.
    pub cells: Vec<Option<Box<Cell>>>,
    /// Open items of customers with a reserve of their own, by customer and bucket.
    pub specific: BTreeMap<(CustomerIndex, usize), Balance>,
    /// By company, the first document date and the first day from which an age counts; `Day::MAX` without any.
    pub firsts: Vec<(Day, Day)>,
}

impl Totals {
    fn new(companies: usize, pools: usize) -> Self {
        Totals { cells: vec![None; companies * pools], specific: BTreeMap::new(), firsts: vec![(Day::MAX, Day::MAX); companies] }
    }

    fn add(mut self, other: Totals) -> Self {
        for (sum, part) in self.cells.iter_mut().zip(other.cells) {
            match (sum.as_mut(), part) {
                (Some(sum), Some(part)) => sum.add(&part),
                (None, part) => *sum = part,
                (Some(_), None) => {}
            }
        }
        for (key, part) in other.specific {
            self.specific.entry(key).or_default().add(&part);
        }
        for (first, other) in self.firsts.iter_mut().zip(other.firsts) {
            *first = (first.0.min(other.0), first.1.min(other.1));
        }
        self
    }
}

/// What is studied.
pub struct Study<'a> {
    /// The book.
    pub book: &'a Book,
    /// The pools.
    pub pools: &'a Pools<'a>,
    /// The reserves in force on the day of the matrix.
    pub reserves: &'a Reserves,
    /// Whether customers of the same group count.
    pub include_intercompany: bool,
    /// The day of the matrix.
    pub view: &'a View<'a>,
    /// A later day, on which what was open then is looked at again.
    pub later: Option<&'a View<'a>>,
}

impl Study<'_> {
    /// Counts everything; in parallel over customers, in whole numbers, so that nobody sees how many threads there were.
    pub fn run(&self) -> Totals {
        let (companies, pools) = (self.book.companies.len(), self.pools.count());
        let none = || (Totals::new(companies, pools), Losses::default(), Losses::default());
        let counted = (0..self.book.customers.len()).into_par_iter().fold(none, |(mut totals, mut losses, mut later), customer| {
            self.customer(customer, &mut totals, &mut losses, &mut later);
            (totals, losses, later)
        });
        counted.map(|(totals, _, _)| totals).reduce(|| Totals::new(companies, pools), Totals::add)
    }

    fn customer(&self, customer: usize, totals: &mut Totals, losses: &mut Losses, later_losses: &mut Losses) {
        let (book, view) = (self.book, self.view);
        let owner = &book.customers[customer];
        if owner.is_intercompany && !self.include_intercompany {
            return;
        }
        losses.read(book, customer, view);
        if let Some(later) = self.later {
            later_losses.read(book, customer, later);
        }
        let number = CustomerIndex::try_from(customer).expect("customers are counted in 32 bits");
        let is_specific = self.reserves.contains_key(&number);
        let company = owner.company as usize;
        let Totals { cells, specific, firsts } = totals;
        let cell = &mut cells[company * self.pools.count() + self.pools.of(customer)];
        for (position, index) in book.items_of(customer).iter().enumerate() {
            let item = &book.items[*index as usize];
            if item.document_date > view.day || !item.document_type.is_debit() {
                continue;
            }
            let cell = cell.get_or_insert_with(|| Box::new(Cell::new(view.slots())));
            let age_from = age_from(item).filter(|_| item.document_type.is_sale()).unwrap_or(Day::MAX);
            let first = &mut firsts[company];
            *first = (first.0.min(item.document_date), first.1.min(age_from));
            if !is_reinstatement(item) {
                roll_rate::add_item(book, *index, position, losses, view, &mut cell.rolls);
            }
            if view.is_in_run_off(item) {
                run_off::add_item(book, *index, position, losses, view, &mut cell.run_off);
                cell.run_off_items += 1;
                cell.run_off_amount += i128::from(book.historical_value(item, item.amount));
            }
            let open = losses.open(position);
            if open <= 0 {
                continue;
            }
            let value = |amount: i64| i128::from(book.rates.value_on(item.currency, view.day, amount));
            let mut balance = Balance { gross: value(open), items: 1, ..Balance::default() };
            if let Some(later) = self.later {
                let left = later_losses.open(position);
                let is_lost = later.policy.is_lost(item, later.day);
                let lost = later_losses.written_off(position, view.day + 1..Day::MAX) + if is_lost { left } else { 0 };
                let lost = lost.clamp(0, open);
                balance.lost = value(lost);
                balance.undetermined = if is_lost { 0 } else { value(left.min(open - lost)) };
            }
            let slot = view.slot(item, view.day);
            if is_specific {
                specific.entry((number, slot)).or_default().add(&balance);
            } else if view.policy.is_lost(item, view.day) {
                cell.open_lost[slot].add(&balance);
            } else {
                cell.open[slot].add(&balance);
            }
        }
    }
}
