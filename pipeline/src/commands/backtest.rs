//! `arrears backtest forecast`: cash forecasts as they would have been made, scored against what came.

use super::kept_ledger::KeptLedger;
use crate::cli::BacktestForecastArguments;
use crate::error::{Error, Result};
use crate::forecast::accuracy::{ORIGINS_MOST, scores};
use crate::forecast::cash::Simulation;
use crate::forecast::grid::{Grid, Periods};
use crate::forecast::nightly::{CORRELATION, ORIGIN_DAYS_MIN};
use crate::forecast::replay::{Refit, ReplayOptions};
use crate::forecast::timing::Tier;
use crate::ledger::calendar::{Day, day_of};
use crate::run::reporter::Reporter;

/// How far back facts are read before the first origin: a year of origins, a year of landmarks, two years of payments.
const FACTS_DAYS: i32 = 1_900;

pub(super) fn forecast(arguments: &BacktestForecastArguments, reporter: &Reporter) -> Result<()> {
    let (from, to) = (day_of(arguments.from), day_of(arguments.to));
    if from > to {
        let what = format!("the first origin lies after the last: {} and {}", arguments.from, arguments.to);
        return Err(Error::usage("no_origin", what).hint("give --from a date on or before that of --to"));
    }
    let tier = arguments.tier.as_deref().map(tier_named).transpose()?;
    let ledger = KeptLedger::open(&arguments.config, to, from - FACTS_DAYS)?;
    let book = &ledger.book;
    let every_days = i32::from(arguments.every_days);
    let warm_up = (1..=i32::try_from(ORIGINS_MOST).expect("at most 52")).rev().map(|back| from - back * every_days);
    let first = book.items.iter().map(|item| item.document_date).min().unwrap_or(from);
    let warm_up = warm_up.filter(|origin| *origin >= first + ORIGIN_DAYS_MIN);
    let origins: Vec<Day> = warm_up.chain((from..=to).step_by(usize::from(arguments.every_days))).collect();
    reporter.start("backtest", origins.len() as u64, "origins");
    let options = ReplayOptions {
        refit: Refit::Every(i32::from(arguments.refit_days)),
        simulation: Simulation { paths: usize::from(arguments.paths), correlation: CORRELATION, seed: 1 },
        known: ledger.last_day(),
        has_baselines: true,
    };
    let weeks = usize::from(arguments.weeks);
    let forecaster = ledger.forecaster(tier);
    let periods = |origin| Periods::new(origin, &[(Grid::Week, weeks)]);
    let replayed = forecaster.replay(&origins, periods, &options, || reporter.advance(1))?;
    reporter.done();
    println!(
        "{:8} {:4} {:10} {:28} {:>6} {:>7} {:>6} {:>6} {:>6} {:>6} {:>16}",
        "company", "", "target", "method", "wape", "bias", "in 50%", "in 80%", "in 95%", "weeks", "actual"
    );
    for ((cell, target, method, ahead), scores) in scores(&replayed, from) {
        if ahead == 0 {
            let coverage = |band| scores.coverage(band).map_or("     -".to_owned(), |share| format!("{share:6.3}"));
            let share = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.4}"));
            println!(
                "{:8} {:4} {:10} {:28} {:>6} {:>7} {} {} {} {:>6} {:>16.2}",
                cell.value,
                cell.currency.map_or("base", |currency| book.rates.code(currency)),
                target.word(),
                method,
                share(scores.errors.wape()),
                share(scores.errors.bias()),
                coverage(0),
                coverage(1),
                coverage(2),
                scores.errors.periods,
                scores.errors.absolute_actual / 10_000.0
            );
        }
    }
    Ok(())
}

fn tier_named(word: &str) -> Result<Tier> {
    Tier::named(word).ok_or_else(|| {
        Error::usage("unknown_tier", format!("no such step of the ladder: {word}"))
            .hint(format!("use one of: {}", Tier::ALL.map(Tier::word).join(", ")))
    })
}
