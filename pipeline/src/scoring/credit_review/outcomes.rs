//! What became of decisions that people took against the model: what it said then, what they said, and who was right.

use super::history::History;
use super::inputs::{ReviewInputs, RiskView};
use super::overrides::limit_of;
use super::proposal::Proposal;
use super::queue::{candidates, loss_budgets};
use crate::ingest::load::knowledge::{KnownOverride, OverrideKind};
use crate::ledger::calendar::{Day, month_start};
use crate::scoring::grades::Grade;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A decision, and how it came out. Amounts are ten-thousandths of base currency.
#[derive(Clone, Debug)]
pub struct OverrideOutcome {
    /// The decision, as it is known now.
    pub decision: KnownOverride,
    /// The limit that it set, at the rate of the day on which it was made.
    pub limit: Option<i128>,
    /// The model's grade then; `None` where there was no model.
    pub model_grade: Option<Grade>,
    /// The model's chance of default then.
    pub model_pd: Option<f64>,
    /// The limit that the rules would have proposed then.
    pub model_limit: Option<i128>,
    /// `looser`, `tighter` or `same`, against the model; `None` where the two cannot be compared.
    pub direction: Option<&'static str>,
    /// The last day that counts.
    pub horizon_end: Day,
    /// The first default within the horizon.
    pub default_date: Option<Day>,
    /// Whether it went into default; `None` while that is open.
    pub is_defaulted: Option<bool>,
    /// Why there is no verdict: `immature`, `not_comparable`.
    pub reason: Option<&'static str>,
}

impl OverrideOutcome {
    /// Direction and outcome in a word: `looser_and_defaulted` is a loss that the model warned of, `tighter_and_paid` business that
    /// may have been lost.
    pub fn verdict(&self) -> Option<String> {
        Some(format!("{}_and_{}", self.direction?, if self.is_defaulted? { "defaulted" } else { "paid" }))
    }
}

/// Every decision that is known at the end of the date, by company, customer and id. Decisions whose horizon has not passed have no
/// verdict yet.
pub fn override_outcomes(inputs: &ReviewInputs) -> Vec<OverrideOutcome> {
    let known = |decision: &&KnownOverride| inputs.counts(decision.customer as usize) && decision.made_date <= inputs.as_of;
    let decisions: Vec<&KnownOverride> =
        inputs.overrides.iter().filter(|known| known.is_known(inputs.as_of)).map(|known| &known.fact).filter(known).collect();
    let risks: Vec<Option<RiskView>> = decisions.iter().map(|decision| (inputs.past_risk)(decision.customer, decision.made_date)).collect();
    // Budgets are those of the month end before, so that there are few of them.
    let asked = decisions.iter().zip(&risks).filter(|(_, risk)| risk.is_some());
    let month_ends: BTreeSet<Day> = asked.map(|(decision, _)| budget_day(decision)).collect();
    let budgets: BTreeMap<Day, Vec<Option<i128>>> = month_ends.into_iter().map(|day| (day, budgets_at(inputs, day))).collect();
    let outcome = |(decision, risk): (&&KnownOverride, Option<RiskView>)| {
        let budget = budgets.get(&budget_day(decision)).and_then(|budgets| budgets[inputs.companies.company(decision.customer as usize)]);
        outcome(inputs, decision, risk, budget)
    };
    let mut outcomes: Vec<OverrideOutcome> = decisions.par_iter().zip(risks).map(outcome).collect();
    outcomes.sort_by(|a, b| (a.decision.customer, &a.decision.id).cmp(&(b.decision.customer, &b.decision.id)));
    outcomes
}

fn budgets_at(inputs: &ReviewInputs, day: Day) -> Vec<Option<i128>> {
    let history = |customer| if inputs.counts(customer) { History::of(inputs.facts, customer, day) } else { History::default() };
    let histories: Vec<History> = (0..inputs.facts.customers()).into_par_iter().map(history).collect();
    loss_budgets(inputs, &histories)
}

fn budget_day(decision: &KnownOverride) -> Day {
    month_start(decision.made_date) - 1
}

fn outcome(inputs: &ReviewInputs, decision: &KnownOverride, risk: Option<RiskView>, budget: Option<i128>) -> OverrideOutcome {
    let (customer, day) = (decision.customer as usize, decision.made_date);
    let model_limit = risk.as_ref().and_then(|risk| {
        let book = inputs.book;
        let loss_share = inputs.config.loss_share(&book.labels[book.customers[customer].labels[0] as usize]);
        let history = History::of(inputs.facts, customer, day);
        let candidates = candidates(inputs, &history, risk.grade(), risk.chance(), (budget, loss_share));
        // Which limit was in force then is not asked: in default and unrated nothing is proposed.
        Proposal::of(&candidates, risk.grade(), Err("not_supplied"), inputs.config.limit_step()).limit
    });
    let limit = limit_of(decision, inputs.facts.rates(), day);
    let model_grade = risk.as_ref().map(|risk| risk.grade());
    let direction = match decision.kind {
        OverrideKind::Hold | OverrideKind::CreditLimit => limit.zip(model_limit).map(|(limit, model)| word(limit.cmp(&model))),
        OverrideKind::Grade => decision.grade.zip(model_grade).and_then(|(grade, model)| Some(word(0.cmp(&grade.worse_by(model)?)))),
        OverrideKind::Review => None,
    };
    let horizon_end = day + inputs.horizon_days;
    let first = inputs.defaults.iter().filter(|(of, on)| *of == decision.customer && day < *on && *on <= horizon_end);
    let default_date = first.map(|(_, on)| *on).filter(|on| *on <= inputs.as_of).min();
    let is_mature = horizon_end <= inputs.as_of;
    OverrideOutcome {
        decision: decision.clone(),
        limit,
        model_grade,
        model_pd: risk.as_ref().and_then(|risk| risk.chance()),
        model_limit,
        direction,
        horizon_end,
        default_date,
        // A default is known at once; that there is none only when the horizon has passed.
        is_defaulted: default_date.map(|_| true).or(is_mature.then_some(false)),
        reason: match (is_mature || default_date.is_some(), direction) {
            (false, _) => Some("immature"),
            (true, None) => Some("not_comparable"),
            (true, Some(_)) => None,
        },
    }
}

/// More than the model allows is looser.
fn word(against_model: Ordering) -> &'static str {
    match against_model {
        Ordering::Greater => "looser",
        Ordering::Less => "tighter",
        Ordering::Equal => "same",
    }
}
