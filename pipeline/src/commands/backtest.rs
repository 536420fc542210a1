//! `arrears backtest forecast`: cash forecasts as they would have been made, scored against what came.

mod print;

use self::print::{Printed, text};
use super::kept_ledger::KeptLedger;
use crate::cli::BacktestForecastArguments;
use crate::error::{Error, Result};
use crate::forecast::accuracy::{Key, ORIGINS_MOST, Scores, scores};
use crate::forecast::backtest::challenge::{CHALLENGER, CHAMPION, Verdict, judge};
use crate::forecast::backtest::kept::{Basis, KeptOrigins, Settings};
use crate::forecast::backtest::rows::write_rows;
use crate::forecast::backtest::table::{About, LEVEL, Row, Spacing, rows, write_table};
use crate::forecast::backtest::{Origins, Plan, Recipe, Replays, replay};
use crate::forecast::replay::{FINAL_AFTER_DAYS, Forecaster};
use crate::forecast::timing::Tier;
use crate::ledger::calendar::{Day, date_of, day_of};
use crate::run::reporter::Reporter;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};

/// How far back facts are read before the oldest origin: the fit that its fit is judged by, a year of landmarks, two years of
/// payments; as much is enough for the three years of the rules of thumb.
const FACTS_DAYS: i32 = 1_536;

pub(super) fn forecast(arguments: &BacktestForecastArguments, reporter: &Reporter) -> Result<()> {
    let (from, to) = (day_of(arguments.from), day_of(arguments.to));
    if from > to {
        let what = format!("the first origin lies after the last: {} and {}", arguments.from, arguments.to);
        return Err(Error::usage("no_origin", what).hint("give --from a date on or before that of --to"));
    }
    let asked = Asked::new(arguments)?;
    let before = i32::try_from(ORIGINS_MOST).expect("at most 52") * i32::from(arguments.every_days);
    let ledger = KeptLedger::open(&arguments.config, to, from - before - FACTS_DAYS)?;
    let backtest = Backtest::new(arguments, &ledger, asked)?;
    let champion = backtest.replay(CHAMPION, backtest.champion, reporter)?;
    let challenger = match backtest.challenger {
        None => None,
        // A fit that is not certified is a gate that the challenger does not pass, and no failure of the backtest.
        Some(recipe) => match backtest.replay(CHALLENGER, recipe, reporter) {
            Err(error) if error.code() == "fit_not_certified" => Some((recipe, Err(error.what().to_owned()))),
            replayed => Some((recipe, Ok(replayed?))),
        },
    };
    let verdict = challenger.as_ref().map(|(recipe, replayed)| {
        let of_challenger = replayed.as_ref().map(|replayed| &replayed.scores).map_err(String::clone);
        judge((backtest.champion, &champion.scores), (*recipe, of_challenger), backtest.spacing)
    });
    let replayed: Vec<&Replayed> =
        std::iter::once(&champion).chain(challenger.iter().filter_map(|(_, found)| found.as_ref().ok())).collect();
    let about = backtest.about(&replayed, verdict.as_ref());
    let table: Vec<Row> = replayed.iter().flat_map(|of| rows(&ledger.book, of.role, &of.scores, backtest.spacing)).collect();
    if let Some(path) = &arguments.out {
        write_table(path, &table, &about)?;
    }
    if let Some(folder) = &arguments.rows {
        reporter.start("rows", backtest.origins.scored().len() as u64, "origins");
        let forecaster = backtest.forecaster(backtest.champion);
        write_rows(folder, &forecaster, &backtest.plan, &backtest.origins, &champion.replays.origins, || reporter.advance(1))?;
        reporter.done();
    }
    let printed = match arguments.json {
        true => format!("{:#}\n", json!({ "about": about.json, "rows": table.iter().map(Row::json).collect::<Vec<Value>>() })),
        false => text(&Printed { backtest: &backtest, replayed: &replayed, table: &table, verdict: verdict.as_ref() }),
    };
    match std::io::stdout().write_all(printed.as_bytes()) {
        // Whoever reads has seen enough.
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::unexpected("no_output", "cannot print the table").caused_by(&cause))
        }
        _ => Ok(()),
    }
}

/// What is asked for in words.
struct Asked {
    tier: Option<Option<Tier>>,
    challenger_tier: Option<Option<Tier>>,
    challenger_half_life: Option<u32>,
}

impl Asked {
    fn new(arguments: &BacktestForecastArguments) -> Result<Self> {
        let named = |word: &Option<String>| word.as_deref().map(tier_named).transpose();
        Ok(Asked {
            tier: named(&arguments.tier)?,
            challenger_tier: named(&arguments.challenger_tier)?,
            challenger_half_life: arguments.challenger_half_life,
        })
    }

    fn champion(&self, ledger: &KeptLedger) -> Recipe {
        let forecast = &ledger.config.forecast;
        Recipe { tier: self.tier.unwrap_or(*forecast.tier), half_life_days: *forecast.half_life_days }
    }

    fn challenger(&self, champion: Recipe) -> Result<Option<Recipe>> {
        if self.challenger_tier.is_none() && self.challenger_half_life.is_none() {
            return Ok(None);
        }
        let challenger = Recipe {
            tier: self.challenger_tier.unwrap_or(champion.tier),
            half_life_days: self.challenger_half_life.unwrap_or(champion.half_life_days),
        };
        if challenger == champion {
            let what = format!("the challenger is the recipe of the configuration: {challenger}");
            return Err(Error::usage("no_challenger", what).hint("give --challenger-tier or --challenger-half-life another value"));
        }
        Ok(Some(challenger))
    }
}

fn tier_named(word: &str) -> Result<Option<Tier>> {
    if word == "auto" {
        return Ok(None);
    }
    Tier::named(word).map(Some).ok_or_else(|| {
        Error::usage("unknown_tier", format!("no such step of the ladder: {word}"))
            .hint(format!("use one of: auto, {}", Tier::ALL.map(Tier::word).join(", ")))
    })
}

/// A backtest that can be made.
struct Backtest<'a> {
    ledger: &'a KeptLedger,
    plan: Plan,
    origins: Origins,
    spacing: Spacing,
    champion: Recipe,
    challenger: Option<Recipe>,
    is_fresh: bool,
    basis: Basis,
    /// The day whose end tells what came.
    known: Day,
}

/// The origins of a recipe and their scores.
struct Replayed {
    role: &'static str,
    recipe: Recipe,
    replays: Replays,
    fingerprint: String,
    folder: String,
    scores: BTreeMap<Key, Scores>,
}

impl<'a> Backtest<'a> {
    fn new(arguments: &BacktestForecastArguments, ledger: &'a KeptLedger, asked: Asked) -> Result<Self> {
        let plan = Plan {
            from: day_of(arguments.from),
            to: day_of(arguments.to),
            every_days: arguments.every_days,
            refit_days: arguments.refit_days,
            weeks: usize::from(arguments.weeks),
            paths: usize::from(arguments.paths),
        };
        let origins = plan.origins(ledger.book.items.iter().map(|item| item.document_date).min())?;
        let known = ledger.last_day();
        if origins.scored()[0] + 7 + FINAL_AFTER_DAYS > known {
            let what = format!("no week after {} is final: the ledger ends on {}", date_of(origins.scored()[0]), date_of(known));
            let hint = format!("cash is final {FINAL_AFTER_DAYS} days after a week has ended: give an earlier --from");
            return Err(Error::usage("nothing_to_score", what).hint(hint));
        }
        let champion = asked.champion(ledger);
        Ok(Backtest {
            spacing: Spacing { every_days: plan.every_days, weeks: plan.weeks },
            challenger: asked.challenger(champion)?,
            is_fresh: arguments.fresh,
            basis: Basis {
                ledger: ledger.fingerprint.clone(),
                base_currency: (*ledger.config.base_currency).clone(),
                include_intercompany: *ledger.config.include_intercompany,
                calendar: ledger.config.calendar.fingerprint(),
                direct_debits: ledger.config.forecast.direct_debits.to_vec(),
            },
            ledger,
            plan,
            origins,
            champion,
            known,
        })
    }

    fn forecaster(&self, recipe: Recipe) -> Forecaster<'a> {
        Forecaster { tier: recipe.tier, half_life: f64::from(recipe.half_life_days), ..self.ledger.forecaster(None) }
    }

    fn replay(&self, role: &'static str, recipe: Recipe, reporter: &Reporter) -> Result<Replayed> {
        let settings = Settings::new(&self.plan, recipe, &self.basis);
        let kept = KeptOrigins::new(&self.ledger.config.output, &settings, self.is_fresh);
        reporter.start(role, self.origins.all.len() as u64, "origins");
        let forecaster = self.forecaster(recipe);
        let replays = replay(&forecaster, &self.plan, &self.origins, self.known, (&settings, &kept), || reporter.advance(1))?;
        reporter.done();
        Ok(Replayed {
            role,
            recipe,
            scores: scores(&replays.origins, self.plan.from),
            replays,
            fingerprint: settings.fingerprint(),
            folder: kept.folder.display().to_string(),
        })
    }

    fn about(&self, replayed: &[&Replayed], verdict: Option<&Verdict>) -> About {
        let recipes = replayed.iter().map(|of| {
            let tiers: BTreeMap<&str, usize> = tiers(of, self.plan.from);
            json!({
                "recipe": of.role,
                "tier": of.recipe.tier_word(),
                "half_life_days": of.recipe.half_life_days,
                "fingerprint": of.fingerprint,
                "origins_by_tier": tiers,
            })
        });
        let json = json!({
            "from": date_of(self.plan.from).to_string(),
            "to": date_of(self.plan.to).to_string(),
            "every_days": self.plan.every_days,
            "refit_days": self.plan.refit_days,
            "weeks": self.plan.weeks,
            "paths": self.plan.paths,
            "origins": self.origins.scored().len(),
            "origins_before": self.origins.warm_up,
            "known": date_of(self.known).to_string(),
            "ledger": self.basis.ledger,
            "interval_level": LEVEL,
            "block_length": self.spacing.block_length(self.origins.scored().len(), 0),
            "recipes": recipes.collect::<Vec<_>>(),
            "verdict": verdict.map(Verdict::json),
        });
        About {
            json,
            recipes: replayed.iter().map(|of| (of.role, of.recipe)).collect(),
            verdict: verdict.map(|verdict| verdict.word().to_owned()),
        }
    }
}

/// How many of the scored origins stood on which step of the ladder.
fn tiers(replayed: &Replayed, from: Day) -> BTreeMap<&'static str, usize> {
    let mut tiers = BTreeMap::new();
    for origin in replayed.replays.origins.iter().filter(|origin| origin.origin >= from) {
        *tiers.entry(origin.tier.word()).or_default() += 1;
    }
    tiers
}
