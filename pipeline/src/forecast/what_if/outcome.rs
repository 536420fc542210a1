//! What curves come to: cash by week with its band, receivables and DSO at the ends of months, discounts.
//!
//! Base and scenario go through the same functions with the same random draws. Means are sums of the curves; bands come from
//! the differences of paths. All amounts are ten-thousandths of the base currency at the origin's rates.

use super::changes::{Curves, OpenItemFacts, OpenPiece};
use crate::forecast::billing::Billing;
use crate::forecast::cash::Simulation;
use crate::forecast::open_items::{DaysAhead, Expected};
use crate::forecast::orders::{Order, Orders};
use crate::forecast::replay::{Fitted, Forecaster};
use crate::ledger::business_days::weekday;
use crate::ledger::calendar::{Day, month_end};
use crate::ledger::money::RATE_ONE;
use crate::ledger::rates::CurrencyIndex;
use arrears_models::simulation::{Item, Paths, Plan, simulate};
use rayon::prelude::*;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Days of billing that a DSO divides by.
pub const DSO_DAYS: i32 = 91;
/// The band that is told: from the 10 % to the 90 % quantile.
pub const BAND: [f64; 2] = [0.1, 0.9];

/// What everything is summed up from, the same for base and scenario.
pub struct Summing<'a> {
    /// What forecasts are made with.
    pub forecaster: &'a Forecaster<'a>,
    /// The model and its calendars.
    pub fitted: &'a Fitted<'a>,
    /// The day before the first.
    pub origin: Day,
    /// Weeks that are looked at.
    pub weeks: usize,
    /// The days ahead of each company.
    pub days: &'a [DaysAhead],
    /// The open items.
    pub expected: &'a [Expected],
    /// What is known of them, in their order.
    pub items: &'a [OpenItemFacts],
    /// New billing by company and currency.
    pub billing: &'a BTreeMap<(usize, CurrencyIndex), Billing>,
    /// What is ordered and not invoiced.
    pub orders: &'a Orders,
    /// How paths are simulated.
    pub simulation: Simulation,
}

/// What comes in and stays out, by day after the origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flows {
    /// Cash of each day.
    pub cash: Vec<f64>,
    /// Discounts taken on each day.
    pub discount: Vec<f64>,
    /// Receivable at the end of each day.
    pub receivable: Vec<f64>,
}

/// A DSO.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dso {
    /// At the end of this day.
    pub day: Day,
    /// Without the changes, days; `None` where nothing was billed.
    pub base: Option<f64>,
    /// With them.
    pub scenario: Option<f64>,
}

/// A week of a company, or of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Week {
    /// 1 is the first after the origin.
    pub week: usize,
    /// Its first day.
    pub start: Day,
    /// Its last day.
    pub end: Day,
    /// Cash expected without the changes.
    pub base: i128,
    /// Cash expected with them.
    pub scenario: i128,
    /// The band of the difference.
    pub change_band: [f64; 2],
    /// What all weeks up to this one change together.
    pub cumulative_change: i128,
    /// The band of that.
    pub cumulative_band: [f64; 2],
}

impl Week {
    /// What the scenario changes.
    pub fn change(&self) -> i128 {
        self.scenario - self.base
    }
}

/// What a scenario comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Weeks of all companies, and then of each where there are several.
    pub weeks: Vec<(Option<usize>, Vec<Week>)>,
    /// At the origin and the ends of months.
    pub dso: Vec<Dso>,
    /// Discounts taken within the weeks.
    pub discount: f64,
    /// Σ over the days of the cash that is in more (or less) by then, amount × days.
    pub cash_days: f64,
}

impl Summing<'_> {
    fn last_day(&self) -> Day {
        self.origin + self.length()
    }

    fn length(&self) -> i32 {
        i32::try_from(self.weeks * 7).expect("a scenario looks two years ahead at most")
    }

    /// Base currency for one unit of a currency at the origin.
    pub fn rate(&self, currency: CurrencyIndex) -> f64 {
        self.forecaster.facts.rates().on(currency, self.origin, self.origin).map_or(0.0, |rate| rate as f64 / RATE_ONE as f64)
    }

    /// Company and currency of all billing, in an order that does not depend on how the ledger was read.
    fn billing_cells(&self) -> Vec<(usize, CurrencyIndex)> {
        let mut cells: Vec<(usize, CurrencyIndex)> = self.billing.keys().copied().collect();
        cells.sort_by_key(|(company, currency)| (*company, self.forecaster.book.rates.code(*currency)));
        cells
    }

    /// Compares a scenario with its base.
    pub fn compare(&self, base: &Curves, scenario: &Curves) -> Outcome {
        let flows = [base, scenario].map(|curves| self.flows(curves));
        let paths = [base, scenario].map(|curves| self.paths(curves));
        let companies = self.days.len();
        let mut weeks: Vec<(Option<usize>, Vec<Week>)> = Vec::new();
        if companies > 1 {
            let of_company = |company: usize| self.weeks_of(&flows.each_ref().map(|flows| &flows[company]), &paths, company + 1);
            weeks.extend((0..companies).map(|company| (Some(company), of_company(company))));
        }
        let all = flows.each_ref().map(|flows| sum(flows));
        let mut of_all = self.weeks_of(&all.each_ref(), &paths, 0);
        if companies > 1 {
            add_up(&mut of_all, &weeks);
        }
        weeks.insert(0, (None, of_all));
        let cumulative = running(all[1].cash.iter().zip(&all[0].cash).map(|(scenario, base)| scenario - base));
        Outcome { weeks, dso: self.dso(&all), discount: all[1].discount.iter().sum(), cash_days: cumulative.iter().sum() }
    }

    // --- means -------------------------------------------------------------------------------------------------------------------

    /// Flows of each company.
    pub fn flows(&self, curves: &Curves) -> Vec<Flows> {
        let length = self.weeks * 7;
        let zero = || Flows { cash: vec![0.0; length], discount: vec![0.0; length], receivable: vec![0.0; length] };
        let mut flows: Vec<Flows> = self.days.iter().map(|_| zero()).collect();
        for piece in &curves.pieces {
            self.add_piece(piece, &mut flows[self.items[piece.item].company]);
        }
        for cell in self.billing_cells() {
            self.add_billing(curves, cell, &mut flows[cell.0]);
        }
        flows
    }

    fn add_piece(&self, piece: &OpenPiece, flows: &mut Flows) {
        let (item, expected) = (&self.items[piece.item], &self.expected[piece.item]);
        let amount = expected.amount as f64 * self.rate(expected.currency) * piece.share;
        if amount == 0.0 {
            return;
        }
        let not_promised = 1.0 - expected.kept_share();
        let (mut paid, mut other, mut from) = (0.0, 0.0, 0);
        for (place, day) in self.days[item.company].days().iter().enumerate() {
            let at = usize::try_from(day.day - self.origin - 1).expect("days ahead come after the origin");
            if at >= flows.cash.len() {
                break;
            }
            // Between two business days nothing moves.
            hold(&mut flows.receivable[from..at], amount * (1.0 - paid - other));
            from = at;
            let settled = piece.paid[place] - paid;
            flows.cash[at] += amount * settled * (1.0 - piece.discount);
            flows.discount[at] += amount * settled * piece.discount;
            paid = piece.paid[place];
            other = not_promised * (expected.left[place][1] + expected.left[place][2]);
        }
        hold(&mut flows.receivable[from..], amount * (1.0 - paid - other));
    }

    fn add_billing(&self, curves: &Curves, (company, currency): (usize, CurrencyIndex), flows: &mut Flows) {
        let billing = &self.billing[&(company, currency)];
        let calendar = self.fitted.calendars[company];
        let rate = self.rate(currency);
        let billed = self.billed_ahead((company, currency));
        let by_day = |paid_by_age: Vec<f64>| -> Vec<f64> {
            let along = billing.paid_along(paid_by_age);
            let mut cash = vec![0.0; self.weeks * 7];
            for (date, billed) in (self.origin + 1..).zip(&billed) {
                along.add_cash(billed * rate, date, calendar, self.origin, &mut cash);
            }
            cash
        };
        let (cash, discount) = curves.billing_curves(company, currency);
        let (cash, discount, credited) = (by_day(cash), by_day(discount), by_day(billing.credited_by_age.clone()));
        let mut receivable = 0.0;
        for day in 0..self.weeks * 7 {
            receivable += billed[day] * rate - cash[day] - discount[day] - credited[day];
            flows.cash[day] += cash[day];
            flows.discount[day] += discount[day];
            flows.receivable[day] += receivable;
        }
    }

    /// What a company bills in a currency on each day after the origin: what is ordered, and what the level leaves for its week,
    /// document currency, ten-thousandths.
    pub fn billed_ahead(&self, (company, currency): (usize, CurrencyIndex)) -> Vec<f64> {
        let billing = &self.billing[&(company, currency)];
        let level = self.orders.beyond((company, currency), billing.forecast(self.weeks));
        let share = |date: Day| billing.weekday_shares[usize::from(weekday(date))];
        let mut billed: Vec<f64> =
            (self.origin + 1..).take(self.weeks * 7).enumerate().map(|(day, date)| level[day / 7] * share(date)).collect();
        self.for_each_order((company, currency), |day, amount| billed[day] += amount);
        billed
    }

    /// The orders of a company in a currency that are expected to be invoiced within the weeks: day after the origin, amount.
    fn for_each_order(&self, (company, currency): (usize, CurrencyIndex), mut take: impl FnMut(usize, f64)) {
        let of_cell = |order: &&Order| self.forecaster.companies.company(order.customer as usize) == company && order.currency == currency;
        for order in self.orders.all().iter().filter(of_cell) {
            let day = usize::try_from(order.billed - self.origin - 1).expect("billed after the origin");
            if day < self.weeks * 7 {
                take(day, order.amount as f64);
            }
        }
    }

    // --- paths -------------------------------------------------------------------------------------------------------------------

    /// Cash by week on all paths: cell 0 is all companies, the others are the companies in their order.
    fn paths(&self, curves: &Curves) -> Paths {
        let bins: Vec<Vec<Vec<u16>>> = self.days.iter().map(|days| days.days().iter().map(|day| self.bin(day.day)).collect()).collect();
        let ahead: Vec<usize> = self.days.iter().map(|days| days.days().partition_point(|day| day.day <= self.last_day())).collect();
        let paid: Vec<Vec<f32>> = curves
            .pieces
            .par_iter()
            .map(|piece| piece.paid[..ahead[self.items[piece.item].company]].iter().map(|share| *share as f32).collect())
            .collect();
        let cells: Vec<[(u32, f64); 2]> = curves.pieces.iter().map(|piece| self.cells_of(piece.item)).collect();
        let items = curves.pieces.iter().zip(paid.iter().zip(&cells)).map(|(piece, (paid, cells))| {
            let expected = &self.expected[piece.item];
            Item {
                id: expected.name,
                customer: self.forecaster.companies.name(expected.customer as usize),
                amount: expected.amount as f64 * piece.share * (1.0 - piece.discount),
                paid,
                bins: &bins[self.items[piece.item].company],
                cells,
            }
        });
        let Simulation { paths, correlation, seed } = self.simulation;
        let plan = Plan { cells: self.days.len() + 1, bins: self.weeks, paths, correlation, seed };
        let mut sums = simulate(&items.collect::<Vec<Item>>(), &plan);
        for cell in self.billing_cells() {
            self.add_billing_paths(curves, cell, &mut sums);
        }
        sums
    }

    /// The week of a day, none beyond the last.
    fn bin(&self, day: Day) -> Vec<u16> {
        let week = usize::try_from((day - self.origin - 1) / 7).expect("days ahead come after the origin");
        if week < self.weeks { vec![u16::try_from(week).expect("at most 104 weeks")] } else { Vec::new() }
    }

    fn cells_of(&self, item: usize) -> [(u32, f64); 2] {
        let rate = self.rate(self.expected[item].currency);
        let company = u32::try_from(self.items[item].company).expect("companies are counted in 32 bits");
        [(0, rate), (company + 1, rate)]
    }

    fn add_billing_paths(&self, curves: &Curves, (company, currency): (usize, CurrencyIndex), paths: &mut Paths) {
        let Forecaster { book, .. } = self.forecaster;
        let billing = &self.billing[&(company, currency)];
        let rate = self.rate(currency);
        let (paid_by_age, _) = curves.billing_curves(company, currency);
        let changed = billing.paid_along(paid_by_age);
        let by_week = changed.cash_by_week(self.fitted.calendars[company], self.origin, self.weeks * 7, self.weeks);
        // The same streams as a night's forecast, so that base and scenario see one billing on each path.
        let stream = xxh3_64(format!("{}/{}", book.companies[company], book.rates.code(currency)).as_bytes());
        let level = |path: usize| billing.path(self.weeks, !self.simulation.seed, stream, path);
        let levels: Vec<Vec<f64>> =
            (0..self.simulation.paths).into_par_iter().map(|path| self.orders.beyond((company, currency), level(path))).collect();
        let mut ordered = vec![0.0; self.weeks * 7];
        self.for_each_order((company, currency), |day, amount| {
            let date = self.origin + 1 + i32::try_from(day).expect("two years of days");
            changed.add_cash(amount, date, self.fitted.calendars[company], self.origin, &mut ordered);
        });
        for bin in 0..self.weeks {
            let share = |week: usize| by_week[week][bin * 7..(bin + 1) * 7].iter().sum::<f64>();
            let shares: Vec<f64> = (0..self.weeks).map(share).collect();
            let of_orders: f64 = ordered[bin * 7..(bin + 1) * 7].iter().sum();
            let of_levels = |levels: &Vec<f64>| levels.iter().zip(&shares).map(|(level, share)| level * share).sum::<f64>();
            let cash: Vec<f64> = levels.iter().map(|levels| of_orders + of_levels(levels)).collect();
            for cell in [0, company + 1] {
                paths.add(cell, bin, |path| cash[path] * rate);
            }
        }
    }

    // --- tables ------------------------------------------------------------------------------------------------------------------

    fn weeks_of(&self, flows: &[&Flows; 2], paths: &[Paths; 2], cell: usize) -> Vec<Week> {
        // Sums up to each week are rounded, and weeks are their differences: so weeks add up, and what only comes later never
        // seems to come sooner by a rounding.
        let until = |flows: &Flows, week: usize| flows.cash[..week * 7].iter().sum::<f64>().round() as i128;
        let mut cumulative = vec![0.0; self.simulation.paths];
        (0..self.weeks)
            .map(|week| {
                let change: Vec<f64> =
                    paths[1].of(cell, week).iter().zip(&paths[0].of(cell, week)).map(|(scenario, base)| scenario - base).collect();
                cumulative.iter_mut().zip(&change).for_each(|(sum, change)| *sum += change);
                let [base, scenario] = flows.map(|flows| [until(flows, week), until(flows, week + 1)]);
                let start = self.origin + 1 + i32::try_from(week * 7).expect("two years of days");
                Week {
                    week: week + 1,
                    start,
                    end: start + 6,
                    base: base[1] - base[0],
                    scenario: scenario[1] - scenario[0],
                    change_band: band(change),
                    cumulative_change: scenario[1] - base[1],
                    cumulative_band: band(cumulative.clone()),
                }
            })
            .collect()
    }

    fn dso(&self, flows: &[Flows; 2]) -> Vec<Dso> {
        let mut days: Vec<Day> = vec![self.origin];
        let mut day = month_end(self.origin + 1);
        while day <= self.last_day() {
            days.push(day);
            day = month_end(day + 1);
        }
        let opening: f64 = self.items.iter().map(|item| item.amount_base).sum();
        let billed = self.billed_by_day();
        days.into_iter()
            .map(|day| {
                let place = usize::try_from(day - self.origin).expect("days ahead");
                // Position 0 of `billed` is the first day of the window of the origin.
                let billing: f64 = billed[place..place + DSO_DAYS as usize].iter().sum();
                let of = |flows: &Flows| {
                    let receivable = if place == 0 { opening } else { flows.receivable[place - 1] };
                    (billing > 0.0).then(|| receivable / billing * f64::from(DSO_DAYS))
                };
                Dso { day, base: of(&flows[0]), scenario: of(&flows[1]) }
            })
            .collect()
    }

    /// Billed on each day from 90 days before the origin on: what was, and after the origin what is expected.
    fn billed_by_day(&self) -> Vec<f64> {
        let Forecaster { facts, .. } = self.forecaster;
        let first = self.origin - DSO_DAYS + 1;
        let mut known = vec![0_i64; DSO_DAYS as usize];
        for customer in 0..facts.customers() {
            for item in facts.items_of(customer, self.origin).filter(|item| item.is_sale && item.document_date >= first) {
                let place = usize::try_from(item.document_date - first).expect("on or after the first day");
                known[place] += facts.rates().value_on(item.currency, self.origin, self.origin, item.amount);
            }
        }
        let mut billed: Vec<f64> = known.into_iter().map(|amount| amount as f64).collect();
        billed.extend(std::iter::repeat_n(0.0, self.weeks * 7));
        for cell in self.billing_cells() {
            let rate = self.rate(cell.1);
            billed[DSO_DAYS as usize..].iter_mut().zip(self.billed_ahead(cell)).for_each(|(sum, billed)| *sum += billed * rate);
        }
        billed
    }
}

impl Curves<'_> {
    /// Of one unit that a company bills in a currency: the cash, and the discounts, that are in by each age.
    fn billing_curves(&self, company: usize, currency: CurrencyIndex) -> (Vec<f64>, Vec<f64>) {
        let parts = || self.parts.iter().filter(|part| part.company == company && part.currency == currency);
        let length = parts().map(|part| part.paid_by_age.len()).max().unwrap_or(0);
        let (mut cash, mut discount) = (vec![0.0; length], vec![0.0; length]);
        for part in parts() {
            let last = part.paid_by_age.last().copied().unwrap_or(0.0);
            for age in 0..length {
                let paid = part.share * part.paid_by_age.get(age).copied().unwrap_or(last);
                cash[age] += paid * (1.0 - part.discount);
                discount[age] += paid * part.discount;
            }
        }
        (cash, discount)
    }
}

fn hold(days: &mut [f64], amount: f64) {
    days.iter_mut().for_each(|day| *day += amount);
}

fn sum(flows: &[Flows]) -> Flows {
    let mut all = Flows::default();
    for of_company in flows {
        for (sums, parts) in
            [(&mut all.cash, &of_company.cash), (&mut all.discount, &of_company.discount), (&mut all.receivable, &of_company.receivable)]
        {
            sums.resize(parts.len(), 0.0);
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
    }
    all
}

/// The expected amounts of all companies are the sums of theirs, to the last digit.
fn add_up(of_all: &mut [Week], of_companies: &[(Option<usize>, Vec<Week>)]) {
    for (place, week) in of_all.iter_mut().enumerate() {
        let sum = |part: fn(&Week) -> i128| of_companies.iter().map(|(_, weeks)| part(&weeks[place])).sum();
        week.base = sum(|week| week.base);
        week.scenario = sum(|week| week.scenario);
        week.cumulative_change = sum(|week| week.cumulative_change);
    }
}

fn running(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    values
        .map(|value| {
            sum += value;
            sum
        })
        .collect()
}

/// The quantiles of a band: values that occur.
fn band(mut values: Vec<f64>) -> [f64; 2] {
    values.sort_by(f64::total_cmp);
    BAND.map(|level| {
        let rank = (level * values.len() as f64 - 1e-9).ceil() as usize;
        values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    })
}
