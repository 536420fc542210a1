//! Forecasts as they would have been made at earlier days, with what was known then.
//!
//! Responsible for walking through origins, refitting the model as often as it would have been, and putting what was
//! forecast beside what came. Not responsible for scores: see `accuracy`.

use super::actuals::{CashByDay, cash_by_day, cash_of_open_items};
use super::baselines;
use super::calendars::Calendars;
use super::cash::{CashForecast, Simulation, forecast_cash};
use super::cells::{Cell, Cells, Detail};
use super::direct_debits::DirectDebits;
use super::gate::{self, Candidate, Judged};
use super::grid::{Grid, Periods};
use super::open_items::{DaysAhead, Expected, expected_items};
use super::payment_runs::PaymentRuns;
use super::promises::Promises;
use super::snapshot::{Companies, Sample, Snapshot};
use super::timing::{Tier, TimingModel};
use super::training::Training;
use crate::error::{Error, Result};
use crate::ledger::book::Book;
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A fit looks at customers with about so many items at most: more do not make the shared coefficients any surer.
pub const ITEMS_MOST: usize = 65_536;
/// Cash is final so many days after a period has ended.
pub const FINAL_AFTER_DAYS: i32 = 10;

/// What forecasts are made with.
pub struct Forecaster<'a> {
    /// The book.
    pub book: &'a Book,
    /// Its facts.
    pub facts: &'a Facts,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// The business days of each company.
    pub calendars: &'a Calendars,
    /// Half-life of payments, days.
    pub half_life: f64,
    /// The step of the ladder, or `None` to take the best that is allowed.
    pub tier: Option<Tier>,
    /// The customers that pay by direct debit.
    pub direct_debits: DirectDebits,
}

/// A model as it was fitted on a day, with the calendars that companies were counted in then.
pub struct Fitted<'a> {
    /// The day at whose end it was fitted.
    pub day: Day,
    /// The model.
    pub model: TimingModel,
    /// The calendar of each company.
    pub calendars: Vec<&'a BusinessCalendar>,
    /// The payment runs of customers, once they are asked for.
    runs: Mutex<Option<Arc<PaymentRuns>>>,
    /// What the gate before the hazard found, where it was asked.
    pub gate: Option<Judged>,
}

impl Fitted<'_> {
    fn forget_runs(&self) {
        *self.runs.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What a forecast is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Cash from the items open at the origin.
    OpenItems,
    /// All cash.
    Total,
}

impl Target {
    /// Both.
    pub const ALL: [Target; 2] = [Target::OpenItems, Target::Total];

    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Target::OpenItems => "open_items",
            Target::Total => "total",
        }
    }
}

/// A forecast that was made at an origin, and what came.
#[derive(Clone, Debug)]
pub struct ReplayedOrigin {
    /// The origin.
    pub origin: Day,
    /// The day at whose end the model was fitted.
    pub fitted: Day,
    /// The step of the ladder it stood on.
    pub tier: Tier,
    /// The forecast.
    pub forecast: CashForecast,
    /// What came, by target, cell and period; `None` where it is not final yet.
    pub actual: [Vec<Option<f64>>; 2],
    /// The rules of thumb: target, name, by cell and week.
    pub baselines: Vec<(Target, &'static str, Vec<f64>)>,
}

/// When models are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refit {
    /// At the first origin, and at the first that is so many days later, and so on.
    Every(i32),
    /// Every 28 days of the calendar: the same days whatever the origins are, so that a night and its replays share models.
    Calendar,
}

impl Refit {
    /// The days on which models are fitted for these origins, in their order.
    pub fn days(self, origins: &[Day]) -> Vec<Day> {
        let mut days: Vec<Day> = Vec::new();
        for origin in origins {
            let day = match self {
                Refit::Every(age) if days.last().is_some_and(|day| origin - day < age) => continue,
                Refit::Every(_) => *origin,
                Refit::Calendar => origin - origin.rem_euclid(CALENDAR_DAYS),
            };
            if days.last() != Some(&day) {
                days.push(day);
            }
        }
        days
    }
}

/// See [`Refit::Calendar`].
const CALENDAR_DAYS: i32 = 28;

/// How origins are replayed.
#[derive(Clone, Copy, Debug)]
pub struct ReplayOptions {
    /// When models are fitted.
    pub refit: Refit,
    /// The paths of each forecast.
    pub simulation: Simulation,
    /// What came is taken as known at the end of this day.
    pub known: Day,
    /// Whether the rules of thumb are reckoned beside.
    pub has_baselines: bool,
}

impl<'a> Forecaster<'a> {
    /// The models as they would have been fitted at the end of each of these days.
    ///
    /// # Errors
    /// When a fit is not certified.
    pub fn fit(&self, days: &[Day]) -> Result<Vec<Fitted<'a>>> {
        match self.tier {
            // A step that is forced is asked no questions.
            Some(_) => Ok(self.candidates(days, days)?.into_iter().map(|candidate| candidate.fitted).collect()),
            None => Ok(gate::judged(self, days, self.candidates(&gate::with_earlier(days), days)?)),
        }
    }

    /// Fits by the data that there are; those of days that are not in `needed` may be missing.
    fn candidates(&self, days: &[Day], needed: &[Day]) -> Result<Vec<Candidate<'a>>> {
        let mut alike: Vec<(Sample, Vec<&'a BusinessCalendar>, Vec<Day>)> = Vec::new();
        for day in days {
            let calendars = self.calendars.at(self.facts, self.companies, *day);
            let sample = self.sample(*day);
            let is_alike = |(other, others, _): &&mut (Sample, Vec<&BusinessCalendar>, Vec<Day>)| {
                *other == sample && others.iter().zip(&calendars).all(|(a, b)| std::ptr::eq(*a, *b))
            };
            match alike.iter_mut().find(is_alike) {
                Some((_, _, days)) => days.push(*day),
                None => alike.push((sample, calendars, vec![*day])),
            }
        }
        let mut fitted = Vec::with_capacity(days.len());
        for (sample, calendars, days) in alike {
            let training = Training { facts: self.facts, companies: self.companies, calendars: &calendars, half_life: self.half_life };
            let mut learnt: BTreeMap<Day, Arc<PaymentRuns>> = BTreeMap::new();
            // Where the sample is everybody, runs that a later fit has learnt for its landmarks are those of an earlier one.
            let rows = training.rows(&days, sample, |day, runs| {
                if sample == Sample::ALL && days.contains(&day) {
                    learnt.insert(day, runs.clone());
                }
            });
            for (day, rows) in days.iter().zip(rows) {
                let tier = self.tier.unwrap_or_else(|| Tier::allowed(rows.events, rows.customers));
                let model = match TimingModel::fit(&rows, tier) {
                    Err(_) if !needed.contains(day) => continue,
                    model => model.map_err(|cause| {
                        Error::unexpected("fit_not_certified", "the timing model's fit is not certified").caused_by(&cause)
                    })?,
                };
                let curve = (self.tier.is_none() && tier == Tier::Hazard).then(|| model.on_residual_curve(&rows));
                let runs = Mutex::new(learnt.remove(day));
                fitted.push(Candidate { fitted: Fitted { day: *day, model, calendars: calendars.clone(), runs, gate: None }, curve });
            }
        }
        fitted.sort_by_key(|candidate: &Candidate| candidate.fitted.day);
        Ok(fitted)
    }

    /// The customers that a fit of a day looks at: whole ones, as many as have about [`ITEMS_MOST`] items. A book of many customers with
    /// one item each keeps enough of them to learn from.
    pub fn sample(&self, day: Day) -> Sample {
        Sample::of(self.facts.items_known(day), ITEMS_MOST)
    }

    /// All customers at the end of a day, with the runs that a fit knows.
    pub fn snapshot(&self, day: Day, fitted: &Fitted) -> Snapshot {
        Snapshot::new(self.facts, self.companies, self.runs(fitted), day, self.half_life, Sample::ALL)
    }

    /// The payment runs of all customers, as a fit knows them.
    pub fn runs(&self, fitted: &Fitted) -> Arc<PaymentRuns> {
        let mut kept = fitted.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let learn = || Arc::new(PaymentRuns::learn(self.facts, self.companies, &fitted.calendars, fitted.day, Sample::ALL));
        kept.get_or_insert_with(learn).clone()
    }

    /// The open items of a snapshot with their curves over the days ahead of each company.
    pub fn expected(&self, snapshot: &Snapshot, fitted: &Fitted, days: &[DaysAhead]) -> Vec<Expected> {
        let promises = Promises::at(self.facts, self.companies, snapshot.day);
        expected_items(self.facts, self.companies, snapshot, &fitted.model, days, &promises, &self.direct_debits)
    }

    /// Replays origins, in their order, each over the periods that `periods_of` tells. `done` hears of each that is ready.
    ///
    /// # Errors
    /// When a fit is not certified.
    pub fn replay(
        &self,
        origins: &[Day],
        periods_of: impl Fn(Day) -> Periods,
        options: &ReplayOptions,
        done: impl Fn(),
    ) -> Result<Vec<ReplayedOrigin>> {
        let fits = self.fit(&options.refit.days(origins))?;
        self.replay_with(&fits, origins, periods_of, options, done)
    }

    /// [`Self::replay`] with models that are there already, oldest first.
    ///
    /// # Errors
    /// None so far.
    pub fn replay_with(
        &self,
        fits: &[Fitted],
        origins: &[Day],
        periods_of: impl Fn(Day) -> Periods,
        options: &ReplayOptions,
        done: impl Fn(),
    ) -> Result<Vec<ReplayedOrigin>> {
        let cash = cash_by_day(self.facts, self.companies, options.known);
        let mut replayed = Vec::with_capacity(origins.len());
        for origin in origins {
            let periods = periods_of(*origin);
            let Some(at) = fits.iter().rposition(|fitted| fitted.day <= *origin).filter(|_| periods.days() > 0) else {
                done();
                continue;
            };
            // The runs of a large book's customers are large, too.
            fits[..at].iter().for_each(Fitted::forget_runs);
            let fitted = &fits[at];
            let snapshot = self.snapshot(*origin, fitted);
            let (forecast, _, _) = forecast_cash(self, fitted, &snapshot, periods, Detail::Companies, &options.simulation);
            let open = cash_of_open_items(self.facts, self.companies, &snapshot, options.known);
            let actual = [&open, &cash].map(|by_day| actuals(&forecast, by_day, options.known));
            let baselines = if options.has_baselines { self.baselines(&forecast, &snapshot) } else { Vec::new() };
            replayed.push(ReplayedOrigin { origin: *origin, fitted: fitted.day, tier: fitted.model.tier, forecast, actual, baselines });
            done();
        }
        Ok(replayed)
    }

    /// The rules of thumb, for weeks only.
    pub fn baselines(&self, forecast: &CashForecast, snapshot: &Snapshot) -> Vec<(Target, &'static str, Vec<f64>)> {
        let (facts, companies) = (self.facts, self.companies);
        let weeks = forecast.periods.count(Grid::Week);
        let cells = |weekly: &baselines::Weekly| by_cell(forecast, weekly);
        let cash = cash_by_day(facts, companies, snapshot.day);
        let mut found = vec![
            (Target::OpenItems, "due_date", cells(&baselines::due_date(facts, companies, snapshot, weeks))),
            (
                Target::OpenItems,
                "due_date_and_average_delay",
                cells(&baselines::due_date_and_average_delay(facts, companies, snapshot, weeks)),
            ),
            (Target::OpenItems, "aging_percentages", cells(&baselines::aging_percentages(facts, companies, snapshot, weeks))),
        ];
        for (name, rule) in baselines::OF_ALL_CASH {
            let weekly = cash.iter().map(|(cell, by_day)| (*cell, rule(&baselines::past_weeks(by_day, snapshot.day), weeks)));
            found.push((Target::Total, name, cells(&weekly.collect())));
        }
        found
    }
}

/// What came in each cell and period; base currency at the origin's rates.
fn actuals(forecast: &CashForecast, by_day: &CashByDay, known: Day) -> Vec<Option<f64>> {
    let periods = forecast.periods.all();
    let of = |cell: &Cell, start: Day, end: Day| -> f64 {
        let of_cell = parts_of(cell, &forecast.cells, by_day);
        of_cell.map(|(days, rate)| days.range(start..=end).map(|(_, amount)| *amount).sum::<i64>() as f64 * rate).sum()
    };
    let cells = forecast.cells.all().iter();
    cells
        .flat_map(|cell| {
            periods.iter().map(move |period| (period.end + FINAL_AFTER_DAYS <= known).then(|| of(cell, period.start, period.end)))
        })
        .collect()
}

/// The companies and currencies of a cell, with the factor that their amounts are taken by.
fn parts_of<'a, T>(cell: &'a Cell, cells: &'a Cells, parts: &'a BTreeMap<super::actuals::Cell, T>) -> impl Iterator<Item = (&'a T, f64)> {
    parts.iter().filter_map(move |((company, currency), part)| {
        let is_of_company = cell.company.is_none_or(|of| of == *company);
        let is_of_currency = cell.currency.is_none_or(|of| of == *currency);
        let rate = if cell.currency.is_some() { 1.0 } else { cells.rate(*currency) };
        (is_of_company && is_of_currency).then_some((part, rate))
    })
}

/// Weekly amounts of companies and currencies as those of the cells of a forecast.
fn by_cell(forecast: &CashForecast, weekly: &baselines::Weekly) -> Vec<f64> {
    let weeks = forecast.periods.count(Grid::Week);
    let mut amounts = Vec::with_capacity(forecast.cells.all().len() * weeks);
    for cell in forecast.cells.all() {
        let mut of_cell = vec![0.0; weeks];
        for (part, rate) in parts_of(cell, &forecast.cells, weekly) {
            of_cell.iter_mut().zip(part).for_each(|(sum, amount)| *sum += amount * rate);
        }
        amounts.extend(of_cell);
    }
    amounts
}
