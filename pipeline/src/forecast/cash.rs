//! Cash to come, by period: what is expected, and how sure that is.
//!
//! Means are exact sums: what is expected of each item on each day is rounded to the ten-thousandth once, and added up in
//! whole numbers, so that days add up to weeks and segments to companies. Quantiles come from simulated paths; they do not
//! add up.

use super::billing::Billing;
use super::cells::{Cells, Detail};
use super::grid::Periods;
use super::open_items::{DaysAhead, Expected};
use super::orders::Orders;
use super::replay::{Fitted, Forecaster};
use super::snapshot::Snapshot;
use crate::ledger::book::LabelIndex;
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use arrears_models::simulation::{Item, Plan, simulate};
use rayon::prelude::*;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// The levels of the published quantiles.
pub const LEVELS: [f64; 9] = [0.025, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.975];

/// What cash comes from. Each unit of money stands in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// What is billed after the origin, beyond what is ordered.
    NewBilling,
    /// What is open, promises left aside.
    OpenItems,
    /// What is ordered and not invoiced.
    Orders,
    /// Promises that are kept.
    Promises,
}

impl Component {
    /// Every component, in the order of publication.
    pub const ALL: [Component; 4] = [Component::NewBilling, Component::OpenItems, Component::Orders, Component::Promises];

    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Component::NewBilling => "new_billing",
            Component::OpenItems => "open_items",
            Component::Orders => "orders",
            Component::Promises => "promises",
        }
    }
}

/// Amounts of each [`Component`], ten-thousandths.
pub type ByComponent = [i128; Component::ALL.len()];

/// How paths are simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulation {
    /// How many: a multiple of 50.
    pub paths: usize,
    /// Correlation of the draws of one customer's items.
    pub correlation: f64,
    /// Names all draws.
    pub seed: u64,
}

/// A forecast of cash: for each cell and period the expected amounts and the quantiles of open items and of all cash.
#[derive(Clone, Debug)]
pub struct CashForecast {
    /// The periods.
    pub periods: Periods,
    /// The cells.
    pub cells: Cells,
    /// By cell and period: expected cash of each [`Component`], ten-thousandths.
    pub means: Vec<ByComponent>,
    /// By cell and period: quantiles of all cash, ten-thousandths.
    pub quantiles: Vec<[f64; LEVELS.len()]>,
    /// By cell and period: quantiles of cash from items open at the origin.
    pub open_quantiles: Vec<[f64; LEVELS.len()]>,
    /// By cell: what is open at the origin, ten-thousandths. No more of it can come.
    pub open: Vec<f64>,
}

impl CashForecast {
    /// The place of a cell's period in the vectors.
    pub fn place(&self, cell: usize, period: usize) -> usize {
        cell * self.periods.all().len() + period
    }
}

/// Forecasts the cash of the periods after a snapshot's day. Returns the open items with their curves, too, and the days that the
/// curves of each company are about.
pub fn forecast_cash(
    forecaster: &Forecaster,
    fitted: &Fitted,
    snapshot: &Snapshot,
    periods: Periods,
    detail: Detail,
    simulation: &Simulation,
) -> (CashForecast, Vec<Expected>, Vec<DaysAhead>) {
    let days: Vec<DaysAhead> = fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, snapshot.day, periods.last_day())).collect();
    let expected = forecaster.expected(snapshot, fitted, &days);
    let owed = owed(forecaster, &expected, snapshot.day);
    let cells = Cells::new(forecaster.book, forecaster.companies, forecaster.facts, snapshot.day, detail, &owed);
    let billing = Billing::all(forecaster.facts, forecaster.companies, snapshot.day);
    let orders = Orders::at(forecaster.facts, forecaster.companies, snapshot.day);
    let work = Work {
        forecaster,
        fitted,
        origin: snapshot.day,
        periods: &periods,
        cells: &cells,
        days: &days,
        expected: &expected,
        billing: &billing,
        orders: &orders,
    };
    let means = work.means();
    let (quantiles, open_quantiles) = work.quantiles(simulation);
    let open = work.open();
    (CashForecast { periods, cells, means, quantiles, open_quantiles, open }, expected, days)
}

/// What each customer owes, base currency at the origin's rates.
fn owed(forecaster: &Forecaster, expected: &[Expected], origin: Day) -> Vec<f64> {
    let mut owed = vec![0.0; forecaster.facts.customers()];
    for item in expected {
        owed[item.customer as usize] += forecaster.facts.rates().value_on(item.currency, origin, origin, item.amount) as f64;
    }
    owed
}

struct Work<'a> {
    forecaster: &'a Forecaster<'a>,
    fitted: &'a Fitted<'a>,
    origin: Day,
    periods: &'a Periods,
    cells: &'a Cells,
    days: &'a [DaysAhead],
    expected: &'a [Expected],
    billing: &'a BTreeMap<(usize, CurrencyIndex), Billing>,
    orders: &'a Orders,
}

impl Work<'_> {
    fn bins(&self) -> usize {
        self.periods.all().len()
    }

    /// Periods of each day ahead of each company.
    fn bins_of_days(&self) -> Vec<Vec<Vec<u16>>> {
        let narrow = |position: usize| u16::try_from(position).expect("a forecast has some eighty periods");
        let of_day = |day: Day| self.periods.of(day).map(narrow).collect::<Vec<_>>();
        self.days.iter().map(|days| days.days().iter().map(|day| of_day(day.day)).collect()).collect()
    }

    fn means(&self) -> Vec<ByComponent> {
        let zero = || vec![ByComponent::default(); self.cells.all().len() * self.bins()];
        let bins = self.bins_of_days();
        let add = |mut sums: Vec<ByComponent>, part: &[Expected]| {
            part.iter().for_each(|item| self.add_mean(item, &bins, &mut sums));
            sums
        };
        // Whole numbers add up to the same in any order.
        let parts = self.expected.par_chunks(4_096).fold(zero, add);
        let mut sums = parts.reduce(zero, |mut sums, other| {
            for (sum, other) in sums.iter_mut().zip(other) {
                sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
            }
            sums
        });
        for ((company, currency), billing) in self.billing {
            self.add_billing(*company, *currency, billing, &mut sums);
        }
        self.for_each_order(|cell, bin, amount| sums[cell as usize * self.bins() + bin][Component::Orders as usize] += amount);
        sums
    }

    fn open(&self) -> Vec<f64> {
        let mut open = vec![0.0; self.cells.all().len()];
        for item in self.expected {
            for (cell, rate) in self.cells.of_item(self.forecaster.book, self.forecaster.companies, item.customer, item.currency) {
                open[cell as usize] += item.open_item.open as f64 * rate;
            }
        }
        open
    }

    fn add_mean(&self, item: &Expected, bins: &[Vec<Vec<u16>>], sums: &mut [ByComponent]) {
        let company = self.forecaster.companies.company(item.customer as usize);
        let cells = self.cells.of_item(self.forecaster.book, self.forecaster.companies, item.customer, item.currency);
        let kept = item.kept_share();
        let mut before = 0.0;
        let mut add = |component: Component, day: usize, share: f64| {
            for (cell, rate) in &cells {
                let amount = rounded(item.amount as f64 * rate * share);
                for bin in &bins[company][day] {
                    sums[*cell as usize * self.bins() + usize::from(*bin)][component as usize] += amount;
                }
            }
        };
        let days = self.days[company].days();
        for (day, left) in item.left.iter().enumerate() {
            add(Component::OpenItems, day, (1.0 - kept) * (left[0] - before));
            before = left[0];
        }
        if let Some(promised) = &item.promised {
            let day = days.partition_point(|day| day.day < promised.date);
            if day < days.len() {
                add(Component::Promises, day, kept);
            }
        }
    }

    fn add_billing(&self, company: usize, currency: CurrencyIndex, billing: &Billing, sums: &mut [ByComponent]) {
        let calendar = self.fitted.calendars[company];
        let weeks = self.periods.days().div_ceil(7);
        let by_week = billing.cash_by_week(calendar, self.origin, self.periods.days(), weeks);
        let level = self.orders.beyond((company, currency), billing.forecast(weeks));
        let shares = self.segment_shares(company, currency);
        for place in 0..self.periods.days() {
            let cash: f64 = by_week.iter().zip(&level).map(|(cash, level)| cash[place] * level).sum();
            let day = self.origin + 1 + i32::try_from(place).expect("a forecast is shorter than a lifetime");
            for bin in self.periods.of(day) {
                let mut add = |cell: u32, amount: i128| {
                    sums[cell as usize * self.bins() + bin][Component::NewBilling as usize] += amount;
                };
                for (cell, rate) in self.cells.of_company(company, currency) {
                    add(*cell, rounded(cash * rate));
                }
                // Rounded as they add up, so that segments sum to their company.
                let base = cash * self.cells.rate(currency);
                let mut before = 0;
                let mut share_before = 0.0;
                for (cell, share) in &shares {
                    share_before += share;
                    let until = rounded(base * share_before);
                    add(*cell, until - before);
                    before = until;
                }
            }
        }
    }

    /// The cash of every order in each cell and period that it counts in, ten-thousandths of the cell's currency: paid as the
    /// company's invoices are. Where a company has not invoiced anything in the currency nobody can say, and none is expected.
    fn for_each_order(&self, mut add: impl FnMut(u32, usize, i128)) {
        let Forecaster { book, companies, .. } = self.forecaster;
        for order in self.orders.all() {
            let company = companies.company(order.customer as usize);
            let Some(billing) = self.billing.get(&(company, order.currency)) else { continue };
            let mut cash = vec![0.0; self.periods.days()];
            billing.add_cash(order.amount as f64, order.billed, self.fitted.calendars[company], self.origin, &mut cash);
            let cells = self.cells.of_item(book, companies, order.customer, order.currency);
            for (day, cash) in (self.origin + 1..).zip(cash).filter(|(_, cash)| *cash != 0.0) {
                for bin in self.periods.of(day) {
                    cells.iter().for_each(|(cell, rate)| add(*cell, bin, rounded(cash * rate)));
                }
            }
        }
    }

    /// The share of each segment in what a company billed in a currency over the past year; they sum to 1.
    fn segment_shares(&self, company: usize, currency: CurrencyIndex) -> Vec<(u32, f64)> {
        let Forecaster { book, facts, companies, .. } = self.forecaster;
        let mut billed: BTreeMap<LabelIndex, i64> = BTreeMap::new();
        for customer in (0..facts.customers()).filter(|customer| companies.company(*customer) == company) {
            let recent = facts.items_of(customer, self.origin).filter(|item| item.is_sale && item.currency == currency);
            let amount: i64 = recent.filter(|item| item.document_date > self.origin - 365).map(|item| item.amount).sum();
            *billed.entry(book.customers[customer].labels[0]).or_default() += amount;
        }
        let total: i64 = billed.values().sum();
        let segments: Vec<(LabelIndex, u32)> = self.cells.segments(company).collect();
        let share = |label: &LabelIndex| if total > 0 { billed.get(label).copied().unwrap_or(0) as f64 / total as f64 } else { 0.0 };
        let mut shares: Vec<(u32, f64)> = segments.iter().map(|(label, cell)| (*cell, share(label))).collect();
        // Labels are numbered in the order in which they were read: the order of their words is the same every time.
        shares.sort_by(|a, b| self.cells.all()[a.0 as usize].value.cmp(&self.cells.all()[b.0 as usize].value));
        shares
    }

    fn quantiles(&self, simulation: &Simulation) -> (Vec<[f64; LEVELS.len()]>, Vec<[f64; LEVELS.len()]>) {
        let bins = self.bins_of_days();
        let company_of = |item: &Expected| self.forecaster.companies.company(item.customer as usize);
        let curves: Vec<Vec<f32>> =
            self.expected.par_iter().map(|item| item.paid(&self.days[company_of(item)]).map(|share| share as f32).collect()).collect();
        let cells: Vec<Vec<(u32, f64)>> = self
            .expected
            .par_iter()
            .map(|item| self.cells.of_item(self.forecaster.book, self.forecaster.companies, item.customer, item.currency))
            .collect();
        let items: Vec<Item> = self
            .expected
            .iter()
            .zip(curves.iter().zip(&cells))
            .map(|(item, (paid, cells))| Item {
                id: item.name,
                customer: self.forecaster.companies.name(item.customer as usize),
                amount: item.amount as f64,
                paid,
                bins: &bins[company_of(item)],
                cells,
            })
            .collect();
        let plan = Plan {
            cells: self.cells.all().len(),
            bins: self.bins(),
            paths: simulation.paths,
            correlation: simulation.correlation,
            seed: simulation.seed,
        };
        let mut paths = simulate(&items, &plan);
        let all = |paths: &arrears_models::simulation::Paths| -> Vec<[f64; LEVELS.len()]> {
            (0..plan.cells * plan.bins).into_par_iter().map(|place| quantiles_of(paths.of(place / plan.bins, place % plan.bins))).collect()
        };
        let open = all(&paths);
        // Sums of fractions keep an order: that of the currencies' codes.
        let mut billing: Vec<_> = self.billing.iter().collect();
        billing.sort_by_key(|((company, currency), _)| (*company, self.forecaster.book.rates.code(*currency)));
        for ((company, currency), billing) in billing {
            self.add_billing_paths(*company, *currency, billing, simulation, &mut paths);
        }
        // What is ordered is not drawn: it is small beside what is billed, and calibration sees what it comes to.
        let mut ordered = vec![0.0; plan.cells * plan.bins];
        self.for_each_order(|cell, bin, amount| ordered[cell as usize * plan.bins + bin] += amount as f64);
        for (place, amount) in ordered.iter().enumerate().filter(|(_, amount)| **amount != 0.0) {
            paths.add(place / plan.bins, place % plan.bins, |_| *amount);
        }
        (all(&paths), open)
    }

    fn add_billing_paths(
        &self,
        company: usize,
        currency: CurrencyIndex,
        billing: &Billing,
        simulation: &Simulation,
        paths: &mut arrears_models::simulation::Paths,
    ) {
        let weeks = self.periods.days().div_ceil(7);
        let by_week = billing.cash_by_week(self.fitted.calendars[company], self.origin, self.periods.days(), weeks);
        let mut by_bin = vec![vec![0.0; weeks]; self.bins()];
        for (week, cash) in by_week.iter().enumerate() {
            for (place, cash) in cash.iter().enumerate() {
                let day = self.origin + 1 + i32::try_from(place).expect("a forecast is shorter than a lifetime");
                for bin in self.periods.of(day) {
                    by_bin[bin][week] += cash;
                }
            }
        }
        let Forecaster { book, .. } = self.forecaster;
        let stream = xxh3_64(format!("{}/{}", book.companies[company], book.rates.code(currency)).as_bytes());
        let levels: Vec<Vec<f64>> = (0..simulation.paths)
            .into_par_iter()
            .map(|path| self.orders.beyond((company, currency), billing.path(weeks, !simulation.seed, stream, path)))
            .collect();
        let shares = self.segment_shares(company, currency);
        let rate = self.cells.rate(currency);
        let own = self.cells.of_company(company, currency).iter().copied();
        let cells: Vec<(u32, f64)> = own.chain(shares.iter().map(|(cell, share)| (*cell, share * rate))).collect();
        for (bin, by_week) in by_bin.iter().enumerate() {
            let cash: Vec<f64> = levels.iter().map(|levels| levels.iter().zip(by_week).map(|(level, share)| level * share).sum()).collect();
            for (cell, factor) in &cells {
                paths.add(*cell as usize, bin, |path| cash[path] * factor);
            }
        }
    }
}

/// The nearest whole number. Most fit in 64 bits, which a processor converts in one step.
fn rounded(amount: f64) -> i128 {
    let rounded = amount.round();
    if rounded.abs() < 4e18 { i128::from(rounded as i64) } else { rounded as i128 }
}

/// Quantiles of simulated sums: values that occur.
fn quantiles_of(mut sums: Vec<f64>) -> [f64; LEVELS.len()] {
    sums.sort_by(f64::total_cmp);
    LEVELS.map(|level| {
        let rank = (level * sums.len() as f64 - 1e-9).ceil() as usize;
        sums.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    })
}
