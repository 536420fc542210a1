//! `arrears backtest risk`: how well defaults were told in advance.

mod outcomes;
mod print;
mod rows;

use super::kept_ledger::KeptLedger;
use super::load_config;
use crate::cli::BacktestRiskArguments;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::ledger::calendar::{Day, date_of, day_of, month_end};
use crate::run::reporter::Reporter;
use crate::scoring::characteristics::RiskSnapshot;
use crate::scoring::defaults::Defaults;
use crate::scoring::facts::Facts;
use crate::scoring::risk::backtest::measures::Judged;
use crate::scoring::risk::backtest::{Backtest, days_of, is_matured, replay};
use crate::scoring::risk::{Looking, RiskOptions, month_ends_before, since};
use arrears_models::scorecard::comparison;
use arrears_models::scorecard::comparison::compare_auc;
use arrears_models::scorecard::ladder::Tier;
use std::collections::BTreeMap;

/// Month ends that are looked at where nobody says.
const ORIGINS: usize = 12;
/// How often families are drawn.
const REPLICATES: usize = 1_000;

pub(super) fn run(arguments: &BacktestRiskArguments, reporter: &Reporter) -> Result<()> {
    let config = load_config(&arguments.config)?;
    let options = config.risk.options(*config.forecast.half_life_days);
    if let Some(file) = &arguments.outcomes {
        return outcomes::run(arguments, file, config, &options, reporter);
    }
    let challenger = challenger(arguments, &options)?;
    let longest = RiskOptions {
        history_months: challenger.as_ref().map_or(0, |challenger| challenger.history_months).max(options.history_months),
        ..options.clone()
    };
    let (ledger, origins, known) = open(arguments, config, &longest)?;
    let first_day = ledger.first_day.unwrap_or(known);
    let looking = Looking::new(&ledger.facts, &ledger.book, &ledger.companies, known, ledger.first_day);
    let days = days_of(&origins, first_day, &longest);
    reporter.start("backtest", (days.len() + origins.len() * if challenger.is_some() { 2 } else { 1 }) as u64, "days");
    let snapshots: BTreeMap<Day, RiskSnapshot> = days
        .into_iter()
        .map(|day| {
            let snapshot = looking.snapshot(day, &options);
            reporter.advance(1);
            (day, snapshot)
        })
        .collect();
    let outcomes = outcomes_in_hindsight(&ledger, first_day, &options, known);
    let replayed = |options: &RiskOptions| replay(&looking, &snapshots, &origins, &outcomes, options, || reporter.advance(1));
    let backtest = replayed(&options);
    let against = challenger.as_ref().map(|options| (options, replayed(options)));
    reporter.done();
    let verdict = against.as_ref().map(|(_, challenger)| verdict(&looking, &backtest, challenger));
    if arguments.json {
        print::json(&backtest, &judged(&looking, &backtest), &options, verdict.as_ref());
    } else {
        print::text(&backtest, &judged(&looking, &backtest), &options, (&origins, known), verdict.as_ref());
    }
    if let Some(path) = &arguments.rows {
        rows::write(path, &ledger.book, &backtest.rows, &rows::Said::of_backtest(&backtest))?;
    }
    Ok(())
}

/// The ledger, the month ends, and the last day on which anything is known.
fn open(arguments: &BacktestRiskArguments, config: Config, options: &RiskOptions) -> Result<(KeptLedger, Vec<Day>, Day)> {
    let to = arguments.to.map(day_of);
    let from = arguments.from.map(day_of);
    if let Some(day) = [from, to].into_iter().flatten().find(|day| month_end(*day) != *day) {
        let what = format!("{} is not the end of a month", date_of(day));
        return Err(Error::usage("not_a_month_end", what).hint(format!("customers are judged at month ends: {}", date_of(month_end(day)))));
    }
    // How far back depends on the first origin, which may depend on where the ledger ends.
    let probe = KeptLedger::open_from(config.clone(), 0, Day::MAX - 1)?;
    let known = probe.last_day();
    drop(probe);
    let last = to.unwrap_or_else(|| month_ends_before(known + 1).find(|end| is_matured(*end, known, options)).unwrap_or(known));
    if !is_matured(last, known, options) {
        let what = format!("the outcome of {} is not known: the ledger ends on {}", date_of(last), date_of(known));
        let newest = month_ends_before(known + 1).find(|end| is_matured(*end, known, options)).unwrap_or(last);
        return Err(Error::usage("outcome_not_known", what).hint(format!(
            "{} days and ten more must have passed; the last month end that can be judged is {}",
            options.horizon_days,
            date_of(newest)
        )));
    }
    let mut origins: Vec<Day> = month_ends_before(last + 1)
        .take_while(|end| from.is_none_or(|from| *end >= from))
        .take(if from.is_some() { usize::MAX } else { ORIGINS })
        .collect();
    origins.reverse();
    let Some(first) = origins.first().copied() else {
        return Err(Error::usage("no_month_end", "--from is after --to".to_owned()).hint("name an earlier --from"));
    };
    let ledger = KeptLedger::open_from(config, known, since(first, options))?;
    let first_day = ledger.first_day.unwrap_or(known);
    origins.retain(|origin| *origin > first_day);
    if origins.is_empty() {
        let what = format!("the ledger begins on {}, after the last month end that can be judged", date_of(first_day));
        return Err(Error::input("too_short", what).hint("a ledger of a year or more is needed"));
    }
    Ok((ledger, origins, known))
}

/// The defaults as they are known now.
fn outcomes_in_hindsight(ledger: &KeptLedger, first_day: Day, options: &RiskOptions, known: Day) -> Defaults {
    if !ledger.has_recorded_instants {
        return Defaults::new(&ledger.facts, &options.rule, known);
    }
    let facts = Facts::new(&ledger.book, &ledger.known.in_hindsight(), first_day, *ledger.config.include_intercompany);
    Defaults::new(&facts, &options.rule, known)
}

/// The rows as measures want them.
fn judged(looking: &Looking, backtest: &Backtest) -> Judged {
    let mut judged = Judged::default();
    for tested in &backtest.tested {
        judged.push(tested.pd, tested.row.aging_rule(), tested.is_event, looking.group(tested.row.family));
    }
    judged
}

/// The recipe that is compared, if one is.
fn challenger(arguments: &BacktestRiskArguments, options: &RiskOptions) -> Result<Option<RiskOptions>> {
    if arguments.challenger_tier.is_none() && arguments.challenger_months.is_none() {
        return Ok(None);
    }
    let tier = match arguments.challenger_tier.as_deref() {
        None => options.tier,
        Some("auto") => None,
        Some(word) => match [Tier::Full, Tier::Small, Tier::Expert].into_iter().find(|tier| tier.word() == word) {
            Some(tier) => Some(tier),
            None => {
                return Err(
                    Error::usage("unknown_tier", format!("unknown step of the ladder `{word}`")).hint("choose auto, full, small or expert")
                );
            }
        },
    };
    Ok(Some(RiskOptions { tier, history_months: arguments.challenger_months.unwrap_or(options.history_months), ..options.clone() }))
}

/// Whether a challenger should replace the champion.
struct Verdict {
    /// Area of the challenger, of the champion, and the difference with its one-sided 90 % bound.
    auc: Option<comparison::AucComparison>,
    /// Slope of the challenger's calibration.
    slope: Option<f64>,
    /// What of the rule does not hold; none: it should.
    failing: Vec<String>,
}

/// The slopes of a calibration that pass.
const SLOPES: std::ops::RangeInclusive<f64> = 0.85..=1.15;

/// Better with a one-sided 90 % paired interval, and no gate failing.
fn verdict(looking: &Looking, champion: &Backtest, challenger: &Backtest) -> Verdict {
    let (champion, challenger) = (judged(looking, champion), judged(looking, challenger));
    let options = comparison::Options { replicates: REPLICATES, seed: 1, stream: 1 };
    let auc = compare_auc(&challenger.pd, &champion.pd, &challenger.is_event, &challenger.group, &options);
    let slope = challenger.measures(&crate::scoring::grades::EDGES, &options).slope;
    let mut failing = Vec::new();
    match &auc {
        None => failing.push("there is nothing to compare: no default, or nothing but defaults".to_owned()),
        Some(auc) if auc.difference.interval(0.8).0 <= 0.0 => failing.push("it is not better with a one-sided 90 % interval".to_owned()),
        Some(_) => {}
    }
    if slope.is_none_or(|slope| !SLOPES.contains(&slope)) {
        failing.push("the slope of its calibration is not between 0.85 and 1.15".to_owned());
    }
    Verdict { auc, slope, failing }
}
