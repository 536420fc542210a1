//! Cash from what is not invoiced yet: how much is billed a week, and when invoices are paid from their document date on.
//!
//! The billing level is a smoothed weekly series, spread over the weekdays as the past year was. What of it is paid after so
//! many days is the incidence of cash among the competing outcomes, by amount: credits and write-offs are part of what is
//! billed and never come in. Orders are billing that is already known: they stand for themselves, and the level fills what
//! they leave of their week.

use super::actuals::Cell;
use super::snapshot::Companies;
use crate::ledger::business_days::{BusinessCalendar, weekday};
use crate::ledger::calendar::Day;
use crate::scoring::facts::{Exit, Facts};
use arrears_models::random::below;
use arrears_models::smoothing::{Fit, fit_damped, fit_simple, smooth};
use arrears_models::survival::{Exits, payment_curve};
use std::collections::BTreeMap;

/// Weeks of billing that the level is smoothed over.
const WEEKS: usize = 104;
/// Days of invoices whose payment is looked at.
const CURVE_DAYS: i32 = 365;
/// Ages beyond this are not asked for.
const AGES: usize = 400;

/// Billing of a company in a currency, as known at the end of a day.
#[derive(Clone, Debug)]
pub struct Billing {
    /// Billed in each week, oldest first; the last week ends at the origin. Document currency, ten-thousandths.
    pub weeks: Vec<f64>,
    level: Level,
    /// Share of a week's billing by weekday, Monday first.
    pub weekday_shares: [f64; 7],
    /// Share of what is billed that has been paid in cash after so many days.
    pub paid_by_age: Vec<f64>,
    /// Share that has been credited or written off after so many days.
    pub credited_by_age: Vec<f64>,
}

/// How the weekly level goes on.
#[derive(Clone, Debug)]
enum Level {
    /// A smoothed series, with its relative one-week errors.
    Smoothed { fit: Fit, errors: Vec<f64> },
    /// Too few weeks: their mean.
    Mean(f64),
}

impl Billing {
    /// Billing of every company and currency at the end of `day`.
    pub fn all(facts: &Facts, companies: &Companies, day: Day) -> BTreeMap<Cell, Billing> {
        let mut series: BTreeMap<Cell, Collected> = BTreeMap::new();
        for customer in 0..facts.customers() {
            for item in facts.items_of(customer, day).filter(|item| item.is_sale) {
                let collected = series.entry((companies.company(customer), item.currency)).or_default();
                collected.add(facts, item, day);
            }
        }
        series.into_iter().map(|(cell, collected)| (cell, collected.finish())).collect()
    }

    /// The same billing, paid along another curve.
    pub fn paid_along(&self, paid_by_age: Vec<f64>) -> Billing {
        Billing { paid_by_age, ..self.clone() }
    }

    /// Expected billing of the weeks after the origin, ≥ 0.
    pub fn forecast(&self, weeks: usize) -> Vec<f64> {
        match &self.level {
            Level::Mean(mean) => vec![*mean; weeks],
            Level::Smoothed { fit, .. } => fit.forecast(weeks).into_iter().map(|level| level.max(0.0)).collect(),
        }
    }

    /// What billing may come to on one path: the smoothed level moves on with errors drawn from those it made.
    pub fn path(&self, weeks: usize, seed: u64, stream: u64, path: usize) -> Vec<f64> {
        let mean = self.forecast(weeks);
        let Level::Smoothed { fit, errors } = &self.level else { return mean };
        if errors.is_empty() {
            return mean;
        }
        let mut drift = 1.0;
        let draws = (0..weeks).map(|week| errors[below(seed, stream, (path * weeks + week) as u64, errors.len())]);
        mean.iter()
            .zip(draws)
            .map(|(mean, error)| {
                let billed = (mean * drift * (1.0 + error)).max(0.0);
                drift *= (1.0 + fit.parameters.level * error).max(0.1);
                billed
            })
            .collect()
    }

    /// For each week of billing after the origin, the cash that one unit billed in it brings on each day after the origin. Days of
    /// rest bring theirs on the next business day.
    pub fn cash_by_week(&self, calendar: &BusinessCalendar, origin: Day, days: usize, weeks: usize) -> Vec<Vec<f64>> {
        (0..weeks)
            .map(|week| {
                let mut cash = vec![0.0; days];
                for place in 0..7 {
                    let billed = origin + 1 + i32::try_from(week * 7 + place).expect("a forecast has some hundred days");
                    let share = self.weekday_shares[usize::from(weekday(billed))];
                    self.add_cash(share, billed, calendar, origin, &mut cash);
                }
                cash
            })
            .collect()
    }

    /// Adds the cash of an amount billed on a day.
    pub fn add_cash(&self, amount: f64, billed: Day, calendar: &BusinessCalendar, origin: Day, cash: &mut [f64]) {
        if amount == 0.0 {
            return;
        }
        let mut before = 0.0;
        for (age, paid) in (0_i32..).zip(&self.paid_by_age) {
            let day = calendar.next_business_on_or_after(billed + age);
            let Ok(place) = usize::try_from(day - origin - 1) else { continue };
            let Some(cash) = cash.get_mut(place) else { break };
            *cash += amount * (paid - before);
            before = *paid;
        }
    }
}

#[derive(Default)]
struct Collected {
    weeks: Vec<i64>,
    first_week: Option<usize>,
    weekdays: [i64; 7],
    exits: Vec<Exits>,
}

impl Collected {
    fn add(&mut self, facts: &Facts, item: &crate::scoring::facts::DebitItem, day: Day) {
        let age = day - item.document_date;
        let week = usize::try_from(age / 7).expect("dated on or before the day");
        self.weeks.resize(self.weeks.len().max(week.min(WEEKS) + 1), 0);
        if week < WEEKS {
            self.weeks[week] += item.amount;
        }
        self.first_week = self.first_week.max(Some(week));
        if age < CURVE_DAYS {
            self.weekdays[usize::from(weekday(item.document_date))] += item.amount;
            self.add_exits(facts, item, day);
        }
    }

    /// Parts that left at their age, the rest is still open at the item's.
    fn add_exits(&mut self, facts: &Facts, item: &crate::scoring::facts::DebitItem, day: Day) {
        self.exits.resize(AGES, Exits::default());
        let place = |date: Day| usize::try_from((date - item.document_date).clamp(0, AGES as i32 - 1)).expect("clamped");
        let mut rest = item.amount;
        for left in facts.left(item, day) {
            let amount = left.amount.min(rest);
            rest -= amount;
            let exits = match left.exit {
                Exit::Cash => &mut self.exits[place(left.effective_date)].cash,
                Exit::Credit => &mut self.exits[place(left.visible_date)].credit,
                Exit::WriteOff => &mut self.exits[place(left.visible_date)].write_off,
            };
            *exits += i128::from(amount);
        }
        self.exits[place(day)].censored += i128::from(rest);
    }

    fn finish(mut self) -> Billing {
        // Full weeks only: the oldest may have begun before the first invoice.
        let known = self.first_week.map_or(0, |week| week.min(WEEKS));
        self.weeks.truncate(known.max(1));
        self.weeks.reverse();
        let weeks: Vec<f64> = self.weeks.iter().map(|amount| *amount as f64).collect();
        let total: i64 = self.weekdays.iter().sum();
        let weekday_shares = match total {
            0 => [1.0 / 7.0; 7],
            total => self.weekdays.map(|amount| amount as f64 / total as f64),
        };
        let curve = payment_curve(&self.exits, &[]);
        let paid_by_age = curve.iter().map(|age| age.incidence[0]).collect();
        let credited_by_age = curve.iter().map(|age| age.incidence[1] + age.incidence[2]).collect();
        Billing { level: Level::of(&weeks), weeks, weekday_shares, paid_by_age, credited_by_age }
    }
}

impl Level {
    /// The smoothing, with or without a damped trend, that was better one week ahead on the last third of the series when fitted
    /// on the weeks before; without a trend where the series is too short to say.
    fn of(weeks: &[f64]) -> Self {
        let mean = if weeks.is_empty() { 0.0 } else { weeks.iter().sum::<f64>() / weeks.len() as f64 };
        let held_out = weeks.len() * 2 / 3;
        let error = |fit: Option<Fit>| {
            let forecasts = smooth(weeks, &fit?.parameters, fit?.start).forecasts;
            let pairs = weeks.iter().zip(&forecasts).skip(held_out);
            Some(pairs.map(|(week, forecast)| (week - forecast).powi(2)).sum::<f64>())
        };
        let (simple, damped) = (error(fit_simple(&weeks[..held_out])), error(fit_damped(&weeks[..held_out])));
        let is_damped = matches!((simple, damped), (Some(simple), Some(damped)) if damped < simple);
        match if is_damped { fit_damped(weeks) } else { fit_simple(weeks) } {
            Some(fit) if mean > 0.0 => {
                let forecasts = smooth(weeks, &fit.parameters, fit.start).forecasts;
                let relative = weeks.iter().zip(&forecasts).map(|(week, forecast)| (week - forecast) / forecast.max(mean * 0.1));
                Level::Smoothed { fit, errors: relative.skip(weeks.len().min(8) / 2).collect() }
            }
            _ => Level::Mean(mean),
        }
    }
}
