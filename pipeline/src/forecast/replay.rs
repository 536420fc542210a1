//! Forecasts as they would have been made at earlier days, with what was known then.
//!
//! Responsible for walking through origins, refitting the model as often as it would have been, and putting what was
//! forecast beside what came. Not responsible for scores: see `accuracy`.

use super::actuals::{Cell, cash_of_open_items, weekly};
use super::baselines::{self, Weekly};
use super::calendars::Calendars;
use super::open_items::{DaysAhead, Expected, expected_items};
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

/// A fit looks at about so many customers at most: more do not make the shared coefficients any surer.
const CUSTOMERS_MOST: usize = 8_192;

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
}

/// A model as it was fitted on a day, with the calendars that companies were counted in then.
pub struct Fitted<'a> {
    /// The day at whose end it was fitted.
    pub day: Day,
    /// The model.
    pub model: TimingModel,
    /// The calendar of each company.
    pub calendars: Vec<&'a BusinessCalendar>,
}

/// Forecasts of weekly cash from the items open at an origin, and what came.
#[derive(Clone, Debug)]
pub struct ReplayedOrigin {
    /// The origin.
    pub origin: Day,
    /// The day at whose end the model was fitted.
    pub fitted: Day,
    /// The step of the ladder it stood on.
    pub tier: Tier,
    /// What came.
    pub actual: Weekly,
    /// By method: the model first, then the rules of thumb.
    pub forecasts: Vec<(&'static str, Weekly)>,
}

impl<'a> Forecaster<'a> {
    /// The models as they would have been fitted at the end of each of these days.
    ///
    /// # Errors
    /// When a fit is not certified.
    pub fn fit(&self, days: &[Day]) -> Result<Vec<Fitted<'a>>> {
        let mut alike: Vec<(Sample, Vec<&'a BusinessCalendar>, Vec<Day>)> = Vec::new();
        for day in days {
            let calendars = self.calendars.at(self.facts, self.companies, *day);
            let sample = Sample::of(self.facts.customers_known(*day), CUSTOMERS_MOST);
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
            for (day, rows) in days.iter().zip(training.rows(&days, sample)) {
                let tier = self.tier.unwrap_or_else(|| Tier::allowed(rows.events, rows.customers));
                let model = TimingModel::fit(&rows, tier)
                    .map_err(|cause| Error::unexpected("fit_not_certified", "the timing model's fit is not certified").caused_by(&cause))?;
                fitted.push(Fitted { day: *day, model, calendars: calendars.clone() });
            }
        }
        fitted.sort_by_key(|fitted| fitted.day);
        Ok(fitted)
    }

    /// All customers at the end of a day.
    pub fn snapshot(&self, day: Day, calendars: &[&BusinessCalendar]) -> Snapshot {
        Snapshot::new(self.facts, self.companies, calendars, day, self.half_life, Sample::ALL)
    }

    /// The open items of a snapshot with their curves over the days ahead of each company.
    pub fn expected(&self, snapshot: &Snapshot, fitted: &Fitted, days: &[DaysAhead]) -> Vec<Expected> {
        let promises = Promises::at(&self.book.promises, self.facts, self.companies, &self.book.rates, snapshot.day);
        expected_items(self.facts, self.companies, snapshot, &fitted.model, days, &promises)
    }

    /// Replays origins, each with a model that is at most `refit_days` old.
    ///
    /// # Errors
    /// When a fit is not certified.
    pub fn replay(&self, origins: &[Day], refit_days: i32, weeks: usize, known: Day, done: impl Fn()) -> Result<Vec<ReplayedOrigin>> {
        let mut fits: Vec<Day> = Vec::new();
        for origin in origins {
            if fits.last().is_none_or(|day| origin - day >= refit_days) {
                fits.push(*origin);
            }
        }
        let fits = self.fit(&fits)?;
        let mut replayed = Vec::with_capacity(origins.len());
        for origin in origins {
            let Some(fitted) = fits.iter().rev().find(|fitted| fitted.day <= *origin) else { continue };
            let snapshot = self.snapshot(*origin, &fitted.calendars);
            let days = days_ahead(fitted, *origin, weeks);
            let expected = self.expected(&snapshot, fitted, &days);
            let actual = cash_of_open_items(self.facts, self.companies, &snapshot, known);
            let (facts, companies) = (self.facts, self.companies);
            replayed.push(ReplayedOrigin {
                origin: *origin,
                fitted: fitted.day,
                tier: fitted.model.tier,
                actual: actual.iter().map(|(cell, by_day)| (*cell, weekly(by_day, origin + 1, weeks))).collect(),
                forecasts: vec![
                    ("model", self.weekly_means(&expected, &days, *origin, weeks)),
                    ("due_date", baselines::due_date(facts, companies, &snapshot, weeks)),
                    ("due_date_and_average_delay", baselines::due_date_and_average_delay(facts, companies, &snapshot, weeks)),
                    ("aging_percentages", baselines::aging_percentages(facts, companies, &snapshot, weeks)),
                ],
            });
            done();
        }
        Ok(replayed)
    }

    /// Expected cash by week.
    fn weekly_means(&self, expected: &[Expected], days: &[DaysAhead], origin: Day, weeks: usize) -> Weekly {
        let mut cells: BTreeMap<Cell, Vec<f64>> = BTreeMap::new();
        for item in expected {
            let company = self.companies.company(item.customer as usize);
            let cell = cells.entry((company, item.currency)).or_insert_with(|| vec![0.0; weeks]);
            let mut before = 0.0;
            for (day, paid) in days[company].days().iter().zip(item.paid(&days[company])) {
                let week = usize::try_from((day.day - origin - 1) / 7).expect("after the origin");
                cell[week] += item.amount as f64 * (paid - before);
                before = paid;
            }
        }
        cells
    }
}

fn days_ahead(fitted: &Fitted, origin: Day, weeks: usize) -> Vec<DaysAhead> {
    let last = origin + 7 * i32::try_from(weeks).expect("a forecast has some dozen weeks");
    fitted.calendars.iter().map(|calendar| DaysAhead::new(calendar, origin, last)).collect()
}
