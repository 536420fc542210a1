//! The forecast of a night: fit, replay, calibrate.
//!
//! Models are fitted on days of a calendar of their own, every 28 days, from what was known then. The last year of weekly
//! origins is replayed, and the bands of the night are calibrated on it. Everything is a function of the ledger, the
//! configuration and the date: no night depends on the one before.

use super::accuracy::{Key, ORIGINS_MOST, Scores, scores};
use super::calendars::Calendars;
use super::cash::{CashForecast, Simulation, forecast_cash};
use super::cells::Detail;
use super::direct_debits::DirectDebits;
use super::grid::Periods;
use super::open_items::{DaysAhead, Expected};
use super::replay::{FINAL_AFTER_DAYS, Fitted, Forecaster, Refit, ReplayOptions, ReplayedOrigin, Target};
use super::snapshot::{Companies, Snapshot};
use crate::config::Config;
use crate::error::Result;
use crate::ingest::load::knowledge::Knowledge;
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use std::collections::BTreeMap;

/// Paths of a replayed forecast: its quantiles are corrected anyway.
const REPLAY_PATHS: usize = 200;
/// Correlation of the payments of one customer, before calibration.
pub const CORRELATION: f64 = 0.3;
/// An origin needs so many days of ledger behind it.
pub const ORIGIN_DAYS_MIN: i32 = 56;

/// What a night forecasts from.
pub struct Inputs {
    /// The facts.
    pub facts: Facts,
    /// Which customer belongs to which company.
    pub companies: Companies,
    /// The business days.
    pub calendars: Calendars,
}

impl Inputs {
    /// Collects them from a book: what can matter on or after `since`.
    pub fn new(config: &Config, book: &Book, knowledge: &Knowledge, since: Day) -> Self {
        Inputs {
            facts: Facts::new(book, knowledge, since, *config.include_intercompany),
            companies: Companies::of(book),
            calendars: Calendars::new(&config.calendar, &book.companies),
        }
    }

    /// What forecasts are made with.
    pub fn forecaster<'a>(&'a self, config: &Config, book: &'a Book) -> Forecaster<'a> {
        Forecaster {
            book,
            facts: &self.facts,
            companies: &self.companies,
            calendars: &self.calendars,
            half_life: f64::from(*config.forecast.half_life_days),
            tier: *config.forecast.tier,
            direct_debits: DirectDebits::of(&config.forecast, book),
        }
    }
}

/// The forecast of a night.
pub struct NightForecast<'a> {
    /// The model.
    pub fitted: Fitted<'a>,
    /// All customers at the end of the date.
    pub snapshot: Snapshot,
    /// The open items with their curves.
    pub expected: Vec<Expected>,
    /// The days that the curves of each company are about.
    pub days: Vec<DaysAhead>,
    /// Cash to come.
    pub cash: CashForecast,
    /// Weekly cash by the rules of thumb: target, name, by cell and week.
    pub baselines: Vec<(Target, &'static str, Vec<f64>)>,
    /// The replayed origins, oldest first.
    pub replayed: Vec<ReplayedOrigin>,
    /// Their scores by week.
    pub scores: BTreeMap<Key, Scores>,
}

/// Forecasts the night of `as_of`. `length` hears how many origins are replayed, `done` of each that is.
///
/// # Errors
/// When a fit is not certified.
pub fn forecast<'a>(
    config: &Config,
    forecaster: &Forecaster<'a>,
    as_of: Day,
    length: impl Fn(u64),
    done: impl Fn(),
) -> Result<NightForecast<'a>> {
    let origins = origins(forecaster, as_of, *config.forecast.calibration_weeks as usize);
    length(origins.len() as u64 + 1);
    let mut fits = forecaster.fit(&Refit::Calendar.days(&[origins.as_slice(), &[as_of]].concat()))?;
    let seed = *config.forecast.seed;
    let replay = ReplayOptions {
        refit: Refit::Calendar,
        simulation: Simulation { paths: REPLAY_PATHS, correlation: CORRELATION, seed },
        known: as_of,
        has_baselines: true,
    };
    // What has not come yet calibrates nothing.
    let matured = |origin| Periods::all_grids(origin).ending_by(as_of - FINAL_AFTER_DAYS);
    let replayed = forecaster.replay_with(&fits, &origins, matured, &replay, &done)?;
    let fitted = fits.pop().expect("a model is fitted for the night itself");
    let snapshot = forecaster.snapshot(as_of, &fitted);
    let simulation = Simulation { paths: *config.forecast.paths as usize, correlation: CORRELATION, seed };
    let detail = Detail::Full { customers: *config.forecast.top_customers as usize };
    let (cash, expected, days) = forecast_cash(forecaster, &fitted, &snapshot, Periods::all_grids(as_of), detail, &simulation);
    let baselines = forecaster.baselines(&cash, &snapshot);
    done();
    let scores = scores(&replayed, Day::MIN);
    Ok(NightForecast { fitted, snapshot, expected, days, cash, baselines, replayed, scores })
}

/// Weekly origins before a night, oldest first, as far as the ledger goes back.
fn origins(forecaster: &Forecaster, as_of: Day, weeks: usize) -> Vec<Day> {
    let first = forecaster.book.items.iter().map(|item| item.document_date).min().unwrap_or(as_of);
    let back = (1..=i32::try_from(weeks.min(ORIGINS_MOST)).expect("at most 52")).rev();
    back.map(|week| as_of - 7 * week).filter(|origin| *origin >= first + ORIGIN_DAYS_MIN).collect()
}
