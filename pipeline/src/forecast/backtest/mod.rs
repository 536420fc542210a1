//! Cash forecasts as they would have been made, beside what came: origins, kept replays, the table, and whether another recipe
//! should replace the one in force.
//!
//! Responsible for which origins are replayed and with what. How an origin is replayed: see `replay`; its scores: `accuracy`.

pub mod challenge;
pub mod file;
pub mod kept;
pub mod rows;
pub mod table;

use self::kept::{KeptOrigins, Settings};
use super::accuracy::ORIGINS_MOST;
use super::cash::Simulation;
use super::grid::{Grid, Periods};
use super::nightly::{CORRELATION, ORIGIN_DAYS_MIN};
use super::replay::{Fitted, Forecaster, Refit, ReplayOptions, ReplayedOrigin};
use super::timing::Tier;
use crate::error::{Error, Result};
use crate::ledger::calendar::{Day, date_of};
use std::ops::Range;

/// Fits that are made together: they share the looks at earlier days, but the rows of all of them are in memory at once. Origins are
/// kept once the fits of so many are there.
const FITS_TOGETHER: usize = 6;
/// Names the random draws of replays.
const SEED: u64 = 1;

/// What a model is made by. Two recipes may be compared; refits of one are the same recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The step of the ladder, `None` for the best that the data allow at each fit.
    pub tier: Option<Tier>,
    /// Half-life of payments, days.
    pub half_life_days: u32,
}

impl Recipe {
    /// The word of its step of the ladder.
    pub fn tier_word(self) -> &'static str {
        self.tier.map_or("auto", Tier::word)
    }

    /// Its lines of the configuration.
    pub fn lines(self) -> String {
        format!("[forecast]\ntier = \"{}\"\nhalf_life_days = {}", self.tier_word(), self.half_life_days)
    }
}

impl std::fmt::Display for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tier {}, half-life {} days", self.tier_word(), self.half_life_days)
    }
}

/// Which origins are replayed, and how.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The first origin that is scored.
    pub from: Day,
    /// None lies after this day.
    pub to: Day,
    /// Days between origins.
    pub every_days: u16,
    /// Days between fits.
    pub refit_days: u16,
    /// Weeks ahead.
    pub weeks: usize,
    /// Simulated paths of each forecast.
    pub paths: usize,
}

/// The origins of a plan.
#[derive(Clone, Debug)]
pub struct Origins {
    /// Oldest first: those that bands are calibrated on, then those that are scored.
    pub all: Vec<Day>,
    /// How many only serve for calibration.
    pub warm_up: usize,
}

impl Origins {
    /// Those that are scored.
    pub fn scored(&self) -> &[Day] {
        &self.all[self.warm_up..]
    }
}

impl Plan {
    /// The origins that have enough ledger behind them; `begins` is the first day of the ledger.
    ///
    /// # Errors
    /// Exit status 2 when there are none to be scored.
    pub fn origins(&self, begins: Option<Day>) -> Result<Origins> {
        let Some(begins) = begins else {
            return Err(
                Error::input("no_origin", "the ledger has no documents").hint("read the sources first: arrears ingest --as-of DATE")
            );
        };
        let has_history = |origin: &Day| *origin >= begins + ORIGIN_DAYS_MIN;
        let back = (1..=i32::try_from(ORIGINS_MOST).expect("at most 52")).rev();
        let mut all: Vec<Day> = back.map(|back| self.from - back * i32::from(self.every_days)).filter(has_history).collect();
        let warm_up = all.len();
        all.extend((self.from..=self.to).step_by(usize::from(self.every_days)).filter(has_history));
        if all.len() == warm_up {
            let what =
                format!("no origin from {} to {} has {ORIGIN_DAYS_MIN} days of ledger behind it", date_of(self.from), date_of(self.to));
            let hint = format!("the ledger begins on {}: look from {} on", date_of(begins), date_of(begins + ORIGIN_DAYS_MIN));
            return Err(Error::usage("no_origin", what).hint(hint));
        }
        Ok(Origins { all, warm_up })
    }

    /// The periods after an origin.
    pub fn periods(&self, origin: Day) -> Periods {
        Periods::new(origin, &[(Grid::Week, self.weeks)])
    }

    /// The day of the fit that each origin is forecast with.
    pub fn fits(&self, origins: &[Day]) -> Vec<Day> {
        let days = Refit::Every(i32::from(self.refit_days)).days(origins);
        origins.iter().map(|origin| days[days.partition_point(|day| day <= origin) - 1]).collect()
    }

    fn options(&self, known: Day, has_baselines: bool) -> ReplayOptions {
        let simulation = Simulation { paths: self.paths, correlation: CORRELATION, seed: SEED };
        ReplayOptions { refit: Refit::Every(i32::from(self.refit_days)), simulation, known, has_baselines }
    }
}

/// All origins of a plan, replayed.
#[derive(Debug)]
pub struct Replays {
    /// Oldest first.
    pub origins: Vec<ReplayedOrigin>,
    /// How many were kept already.
    pub kept: usize,
    /// Fits that were made for the others.
    pub fits: usize,
}

/// Replays the origins that are not kept yet, and keeps them; `known` is the day whose end tells what came. `done` hears of each
/// origin.
///
/// # Errors
/// When a fit is not certified, or the disk is full or may not be written.
pub fn replay(
    forecaster: &Forecaster,
    plan: &Plan,
    origins: &Origins,
    known: Day,
    (settings, kept): (&Settings, &KeptOrigins),
    done: impl Fn(),
) -> Result<Replays> {
    let read = |origin: &Day| {
        let found = kept.read(forecaster.book, plan.periods(*origin));
        found.is_some().then(&done);
        found
    };
    let mut replayed: Vec<Option<ReplayedOrigin>> = origins.all.iter().map(read).collect();
    let was_kept = replayed.iter().flatten().count();
    if was_kept < replayed.len() {
        kept.begin(settings)?;
    }
    let mut fits = 0;
    for together in missing(&plan.fits(&origins.all), &replayed) {
        let days: Vec<Day> = together.iter().map(|(day, _)| *day).collect();
        let fitted = forecaster.fit(&days)?;
        fits += fitted.len();
        for (fitted, (_, positions)) in fitted.iter().zip(together) {
            for position in positions.filter(|position| replayed[*position].is_none()).collect::<Vec<_>>() {
                let options = plan.options(known, position >= origins.warm_up);
                let origin = replay_one(forecaster, fitted, origins.all[position], plan, &options)?;
                kept.keep(forecaster.book, &origin)?;
                replayed[position] = Some(origin);
                done();
            }
        }
    }
    Ok(Replays { origins: replayed.into_iter().flatten().collect(), kept: was_kept, fits })
}

fn replay_one(forecaster: &Forecaster, fitted: &Fitted, origin: Day, plan: &Plan, options: &ReplayOptions) -> Result<ReplayedOrigin> {
    let one = forecaster.replay_with(std::slice::from_ref(fitted), &[origin], |origin| plan.periods(origin), options, || {})?;
    one.into_iter().next().ok_or_else(|| Error::unexpected("no_fit", format!("no model was fitted on or before {}", date_of(origin))))
}

/// The fits that are still needed with the positions of their origins, so many together.
fn missing(fits: &[Day], replayed: &[Option<ReplayedOrigin>]) -> Vec<Vec<(Day, Range<usize>)>> {
    let mut start = 0;
    let mut needed = Vec::new();
    for alike in fits.chunk_by(|a, b| a == b) {
        let positions = start..start + alike.len();
        start = positions.end;
        if replayed[positions.clone()].iter().any(Option::is_none) {
            needed.push((alike[0], positions));
        }
    }
    needed.chunks(FITS_TOGETHER).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { from: 1_000, to: 1_070, every_days: 7, refit_days: 28, weeks: 8, paths: 50 };

    #[test]
    fn origins_need_history_and_those_before_the_first_are_for_calibration() {
        let origins = PLAN.origins(Some(1_000 - ORIGIN_DAYS_MIN - 15)).expect("there are some");
        assert_eq!((origins.warm_up, origins.all[0], origins.scored().len()), (2, 986, 11));
        let origins = PLAN.origins(Some(1_000 - ORIGIN_DAYS_MIN + 8)).expect("there are some");
        assert_eq!((origins.warm_up, origins.scored()[0]), (0, 1_014));
        assert_eq!(PLAN.origins(Some(1_060)).expect_err("no history").code(), "no_origin");
        assert_eq!(PLAN.origins(None).expect_err("no ledger").code(), "no_origin");
    }

    #[test]
    fn the_day_of_a_fit_does_not_depend_on_where_a_backtest_ends() {
        let long = PLAN.origins(Some(0)).expect("there are some");
        let short = Plan { to: 1_030, ..PLAN }.origins(Some(0)).expect("there are some");
        assert_eq!(PLAN.fits(&long.all)[..short.all.len()], PLAN.fits(&short.all));
        assert_eq!(PLAN.fits(&[7, 14, 35, 42, 63, 77]), [7, 7, 35, 35, 63, 63]);
    }

    #[test]
    fn only_what_is_missing_is_fitted() {
        let nothing: Vec<Option<ReplayedOrigin>> = vec![None; 5];
        assert_eq!(missing(&[3, 3, 31, 31, 59], &nothing), [[(3, 0..2), (31, 2..4), (59, 4..5)]]);
    }
}
