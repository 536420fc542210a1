//! The provision matrix: from what was counted to rates, and from rates to provisions.

use super::own_rates::{Method, Own, Rate, decided, own};
use super::policy::View;
use super::pools::{Pools, Reserves};
use super::rate::provision;
use super::study::{Balance, Cell, Totals};
use crate::config::{ExpectedCreditLossConfig, FACTOR_ONE, POOL_SPECIFIC};
use crate::error::Result;
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::calendar::Day;

/// A rate in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The rate.
    pub rate: Rate,
    /// Where it comes from.
    pub source: &'static str,
    /// The bucket it is of.
    pub slot: usize,
}

/// The source of a rate that says what counts as lost.
const LOSS_DEFINITION: &str = "loss_definition";
/// The source of a rate that people set.
const SPECIFIC: &str = "specific";

impl InForce {
    /// Whether it comes from history.
    pub fn is_of_history(&self) -> bool {
        ![LOSS_DEFINITION, SPECIFIC].contains(&self.source)
    }
}

/// One row of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Position of the company.
    pub company: usize,
    /// How the rate comes from history.
    pub method: Method,
    /// The pool, or `(specific)`.
    pub pool: &'a str,
    /// `collective`, `lost` or `specific`.
    pub assessment: &'static str,
    /// Whose the row is, where it is one customer's.
    pub customer: Option<CustomerIndex>,
    /// The aging bucket.
    pub slot: usize,
    /// What is open.
    pub balance: Balance,
    /// The rate, or nothing.
    pub in_force: Option<InForce>,
    /// Why the bucket has no rate of its own.
    pub reason: Option<&'static str>,
    /// In parts of [`FACTOR_ONE`].
    pub overlay: i64,
    /// Why the overlay, or the reserve.
    pub judgement: Option<&'a str>,
    /// First and last day of the history behind the rate.
    pub window: Option<(Day, Day)>,
    /// The provision; nothing where there is no rate for something that is open.
    pub provision: Option<i128>,
}

/// What a matrix is made with.
pub struct Matrix<'a> {
    /// The book.
    pub book: &'a Book,
    /// The configuration.
    pub config: &'a ExpectedCreditLossConfig,
    /// The pools.
    pub pools: &'a Pools<'a>,
    /// The reserves in force on its day.
    pub reserves: &'a Reserves,
    /// Its day.
    pub view: &'a View<'a>,
    /// Whether overlays count.
    pub has_overlays: bool,
}

impl<'a> Matrix<'a> {
    /// Every row, in the order of the published key but for the words of buckets.
    ///
    /// # Errors
    /// When a sum is out of range.
    pub fn rows(&self, totals: &Totals) -> Result<Vec<Row<'a>>> {
        let mut rows = Vec::new();
        for company in 0..self.book.companies.len() {
            let cells = &totals.cells[company * self.pools.count()..(company + 1) * self.pools.count()];
            let mut whole = Cell::new(self.view.slots());
            cells.iter().flatten().for_each(|cell| whole.add(cell));
            for method in Method::ALL {
                let parent = own(method, &whole, self.view.buckets);
                let window = self.window(method, totals.firsts[company]);
                for (pool, cell) in cells.iter().enumerate() {
                    let Some(cell) = cell else { continue };
                    let place = Place { company, method, pool, window };
                    self.pool(&place, cell, &parent, &mut rows)?;
                }
                self.specific(company, method, totals, &mut rows)?;
            }
        }
        Ok(rows)
    }

    fn pool(&self, place: &Place, cell: &Cell, parent: &Own, rows: &mut Vec<Row<'a>>) -> Result<()> {
        let mut rates = own(place.method, cell, self.view.buckets);
        if !self.pools.is_one() && self.is_too_few(place.method, cell) {
            rates.iter_mut().for_each(|rate| *rate = Err("too_few"));
        }
        let overlay = self.pools.overlay(place.pool);
        let (factor, judgement) = if self.has_overlays { (overlay.factor, overlay.reason.as_deref()) } else { (FACTOR_ONE, None) };
        for slot in 0..self.view.slots() {
            let in_force = self.in_force(&rates, parent, slot);
            let balance = cell.open[slot];
            let provision = match &in_force {
                Some(InForce { rate, .. }) => Some(provision(balance.gross, (rate.numerator, rate.denominator), factor, self.unit())?),
                None => (balance.gross == 0).then_some(0),
            };
            let row = Row {
                company: place.company,
                method: place.method,
                pool: self.pool_name(place.pool),
                assessment: "collective",
                customer: None,
                slot,
                balance,
                in_force,
                reason: rates[slot].err(),
                overlay: factor,
                judgement,
                window: place.window.filter(|_| in_force.is_some()),
                provision,
            };
            let lost = cell.open_lost[slot];
            if lost.items > 0 {
                let lost_row = Row {
                    assessment: "lost",
                    balance: lost,
                    in_force: Some(InForce { rate: decided(FACTOR_ONE), source: LOSS_DEFINITION, slot }),
                    reason: None,
                    overlay: FACTOR_ONE,
                    judgement: None,
                    window: None,
                    provision: Some(lost.gross),
                    ..row.clone()
                };
                rows.push(row);
                rows.push(lost_row);
            } else {
                rows.push(row);
            }
        }
        Ok(())
    }

    /// The rows of customers with a reserve of their own.
    fn specific(&self, company: usize, method: Method, totals: &Totals, rows: &mut Vec<Row<'a>>) -> Result<()> {
        for ((customer, slot), balance) in &totals.specific {
            if self.book.customers[*customer as usize].company as usize != company {
                continue;
            }
            let reserve = &self.reserves[customer];
            let rate = decided(reserve.share);
            let reserved = provision(balance.gross, (rate.numerator, rate.denominator), FACTOR_ONE, self.unit())?;
            rows.push(Row {
                company,
                method,
                pool: POOL_SPECIFIC,
                assessment: "specific",
                customer: Some(*customer),
                slot: *slot,
                balance: *balance,
                in_force: Some(InForce { rate, source: SPECIFIC, slot: *slot }),
                reason: None,
                overlay: FACTOR_ONE,
                judgement: Some(&reserve.reason),
                window: None,
                provision: Some(reserved),
            });
        }
        Ok(())
    }

    /// The rate that a bucket of a pool takes: its own, its company's, or that of the next older bucket of its company that has one.
    fn in_force(&self, own: &Own, parent: &Own, slot: usize) -> Option<InForce> {
        if let Ok(rate) = own[slot] {
            return Some(InForce { rate, source: "pool", slot });
        }
        if let Ok(rate) = parent[slot] {
            return Some(InForce { rate, source: "company", slot });
        }
        let buckets = self.view.buckets;
        let older = if slot == buckets.no_due_date() { 0..0 } else { slot + 1..buckets.oldest() + 1 };
        older.filter_map(|older| Some(InForce { rate: parent[older].ok()?, source: "older_bucket", slot: older })).next()
    }

    fn is_too_few(&self, method: Method, cell: &Cell) -> bool {
        let (items, amount) = match method {
            Method::RunOff => (cell.run_off_items, cell.run_off_amount),
            Method::RollRate => (cell.rolls.items, cell.rolls.amount),
        };
        items < i64::from(*self.config.min_history_items) || amount < i128::from(*self.config.min_history_amount)
    }

    /// First and last day of the history, not before the company's ledger begins: due dates for run-off, the days between the month
    /// ends for roll rates. `None` where it ends before it begins.
    fn window(&self, method: Method, firsts: (Day, Day)) -> Option<(Day, Day)> {
        let (start, end) = match method {
            Method::RunOff => (self.view.run_off_window.0.max(firsts.1), self.view.run_off_window.1),
            Method::RollRate => {
                let ends = &self.view.month_ends;
                ((ends[0] + 1).max(firsts.0), ends[ends.len() - 1])
            }
        };
        (start <= end).then_some((start, end))
    }

    fn pool_name(&self, pool: usize) -> &'a str {
        self.pools.name(pool)
    }

    fn unit(&self) -> i64 {
        self.book.rates.base_unit()
    }
}

/// Where a row stands.
struct Place {
    company: usize,
    method: Method,
    pool: usize,
    window: Option<(Day, Day)>,
}
