//! `arrears backtest`: forecasts as they would have been made, scored against what came.

use super::load_config;
use crate::cli::BacktestForecastArguments;
use crate::error::{Error, Result};
use crate::forecast::accuracy::{ORIGINS_MOST, scores};
use crate::forecast::calendars::Calendars;
use crate::forecast::cash::Simulation;
use crate::forecast::grid::{Grid, Periods};
use crate::forecast::replay::{Forecaster, Refit, ReplayOptions};
use crate::forecast::snapshot::Companies;
use crate::forecast::timing::Tier;
use crate::ingest::LedgerIndex;
use crate::ingest::known::LedgerView;
use crate::ingest::load::knowledge::knowledge;
use crate::ingest::load::{LoadOptions, load};
use crate::ledger::calendar::{Day, day_of};
use crate::run::reporter::Reporter;
use crate::scoring::facts::Facts;

pub(super) fn forecast(arguments: &BacktestForecastArguments, reporter: &Reporter) -> Result<()> {
    let config = load_config(&arguments.config)?;
    let Some(index) = LedgerIndex::read(&config.output)? else {
        return Err(Error::input("no_ledger", format!("no ledger is kept in {}", config.output.display()))
            .hint("read the sources first: arrears ingest --as-of DATE"));
    };
    let view = LedgerView::new(&config.output, &index, None)?;
    let options = LoadOptions { base_currency: (*config.base_currency).clone(), as_of: day_of(arguments.to), known_as_of: None };
    let loaded = load(&view.files, &options)?;
    let known = knowledge(&view.files, &options, &loaded)?;
    let book = &loaded.book;
    let last_day = last_day(book);
    let (from, to) = (day_of(arguments.from), day_of(arguments.to));
    let facts = Facts::new(book, &known, from - 1_900, *config.include_intercompany);
    let companies = Companies::of(book);
    let calendars = Calendars::new(&config.calendar, &book.companies);
    let tier = arguments
        .tier
        .as_deref()
        .map(|word| Tier::named(word).ok_or_else(|| Error::usage("unknown_tier", format!("no such step of the ladder: {word}"))));
    let forecaster =
        Forecaster { book, facts: &facts, companies: &companies, calendars: &calendars, half_life: 75.0, tier: tier.transpose()? };
    let origins: Vec<Day> = (from..=to).step_by(arguments.every_days.max(1) as usize).collect();
    let warm_up: Vec<Day> = (1..=ORIGINS_MOST as i32).rev().map(|back| from - back * arguments.every_days as i32).collect();
    let first_document = book.items.iter().map(|item| item.document_date).min().unwrap_or(from);
    let origins: Vec<Day> = warm_up.into_iter().filter(|origin| *origin > first_document + 56).chain(origins).collect();
    reporter.start("backtest", origins.len() as u64, "origins");
    let options = ReplayOptions {
        refit: Refit::Every(arguments.refit_days),
        simulation: Simulation { paths: arguments.paths, correlation: arguments.correlation, seed: 1 },
        known: last_day,
        has_baselines: true,
    };
    let weeks = arguments.weeks;
    let replayed = forecaster.replay(&origins, |origin| Periods::new(origin, &[(Grid::Week, weeks)]), &options, || reporter.advance(1))?;
    reporter.done();
    for ((cell, target, method, ahead), scores) in scores(&replayed, from) {
        if ahead == 0 {
            let coverage = |band| scores.coverage(band).map_or("     -".to_owned(), |share| format!("{share:6.3}"));
            println!(
                "{:8} {:4} {:10} {:28} wape {:.4} bias {:+.4} cov {} {} {} n {} actual {:.2}",
                cell.value,
                cell.currency.map_or("base", |currency| book.rates.code(currency)),
                target.word(),
                method,
                scores.errors.wape().unwrap_or(f64::NAN),
                scores.errors.bias().unwrap_or(f64::NAN),
                coverage(0),
                coverage(1),
                coverage(2),
                scores.inside[1].1,
                scores.errors.absolute_actual / 10_000.0
            );
        }
    }
    Ok(())
}

fn last_day(book: &crate::ledger::book::Book) -> Day {
    let documents = book.items.iter().map(|item| item.document_date);
    documents.chain(book.applications.iter().map(|application| application.visible_date)).max().unwrap_or(0)
}
