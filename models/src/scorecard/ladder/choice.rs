//! Which step stands: what was fitted, and how it ranks beside the rule and beside the step below.

use super::super::comparison::{self, AucComparison, compare_auc};
use super::super::fit::{self, Counts, Fitted};
use super::{Options, Outcome, Sample, Tier, Trial};

/// Of the random numbers: the comparisons of the ladder.
const STREAM: u64 = 0x6c_6164_6465;
/// Two-sided, which leaves 10 % on the side that counts.
const LEVEL: f64 = 0.8;

/// The steps that are fitted.
pub(super) struct Steps {
    /// Full and small.
    pub(super) tried: Vec<Trial>,
    /// `None` for the expert card.
    pub(super) chosen: Option<(Tier, Fitted)>,
}

/// A card that could be fitted.
struct Attempt {
    fitted: Fitted,
    against_rule: Option<AucComparison>,
}

/// `expert` are the log-odds of each row on the expert card.
pub(super) fn steps(sample: &Sample, rule_score: &[f64], expert: &[f64], options: &Options) -> Steps {
    let counts = Counts::of(sample.is_event, sample.group);
    let attempt = |tier| attempt(tier, sample, rule_score, &counts, options);
    let (full, small) = (attempt(Tier::Full), attempt(Tier::Small));
    let full_outcome = match &full {
        Err(outcome) => outcome.clone(),
        Ok(full) => outcome_of_full(full, small.as_ref().ok(), expert, sample, options),
    };
    let small_outcome = match &small {
        Err(outcome) => outcome.clone(),
        Ok(_) if full_outcome == Outcome::Chosen => Outcome::NotNeeded,
        Ok(small) => outcome_of_small(small, expert, sample, options),
    };
    let against_rule = |attempt: &Result<Attempt, Outcome>| attempt.as_ref().ok().and_then(|attempt| attempt.against_rule.clone());
    let tried = vec![
        Trial { tier: Tier::Full, against_rule: against_rule(&full), outcome: full_outcome.clone() },
        Trial { tier: Tier::Small, against_rule: against_rule(&small), outcome: small_outcome.clone() },
    ];
    let chosen = match (full, small) {
        (Ok(full), _) if full_outcome == Outcome::Chosen => Some((Tier::Full, full.fitted)),
        (_, Ok(small)) if small_outcome == Outcome::Chosen => Some((Tier::Small, small.fitted)),
        _ => None,
    };
    Steps { tried, chosen }
}

fn attempt(tier: Tier, sample: &Sample, rule_score: &[f64], counts: &Counts, options: &Options) -> Result<Attempt, Outcome> {
    let (fit_options, needed) = match tier {
        Tier::Full => (&options.full, options.full_groups_min),
        _ => (&options.small, options.small_groups_min),
    };
    match options.forced {
        Some(forced) if forced != tier => return Err(Outcome::NotForced),
        None if counts.event_groups < needed => return Err(Outcome::TooFewEvents { found: counts.event_groups, needed }),
        _ => {}
    }
    let fitted = fit::fit(sample, fit_options).map_err(Outcome::Unfit)?;
    let against_rule = against_rule(&fitted.out_of_fold, sample, rule_score, options);
    Ok(Attempt { fitted, against_rule })
}

/// How log-odds rank events beside the rule.
pub(super) fn against_rule(log_odds: &[f64], sample: &Sample, rule_score: &[f64], options: &Options) -> Option<AucComparison> {
    compare_auc(log_odds, rule_score, sample.is_event, sample.group, &draws(options))
}

fn draws(options: &Options) -> comparison::Options {
    comparison::Options { replicates: options.replicates, seed: options.full.seed, stream: STREAM }
}

fn outcome_of_full(full: &Attempt, small: Option<&Attempt>, expert: &[f64], sample: &Sample, options: &Options) -> Outcome {
    if options.forced.is_some() {
        return Outcome::Chosen;
    }
    if full.against_rule.as_ref().is_some_and(|auc| auc.difference.value < 0.0) {
        return Outcome::NotBetterThanRule;
    }
    if against_expert(full, expert, sample, options).is_some_and(|auc| auc.difference.value < 0.0) {
        return Outcome::NotBetterThanExpert;
    }
    let against_small = small
        .and_then(|small| compare_auc(&full.fitted.out_of_fold, &small.fitted.out_of_fold, sample.is_event, sample.group, &draws(options)));
    let is_worse = against_small.is_some_and(|auc| auc.difference.value < 0.0 && auc.difference.interval(LEVEL).1 < 0.0);
    if is_worse { Outcome::WorseThanSmall } else { Outcome::Chosen }
}

fn outcome_of_small(small: &Attempt, expert: &[f64], sample: &Sample, options: &Options) -> Outcome {
    if options.forced.is_some() {
        return Outcome::Chosen;
    }
    if !small.against_rule.as_ref().is_some_and(|auc| auc.difference.value > 0.0) {
        return Outcome::NotBetterThanRule;
    }
    // A few dozen defaults make any fit look good once in a while: it must be sure to be better than what was known before.
    let is_better = against_expert(small, expert, sample, options).is_some_and(|auc| auc.difference.interval(LEVEL).0 > 0.0);
    if is_better { Outcome::Chosen } else { Outcome::NotBetterThanExpert }
}

fn against_expert(attempt: &Attempt, expert: &[f64], sample: &Sample, options: &Options) -> Option<AucComparison> {
    compare_auc(&attempt.fitted.out_of_fold, expert, sample.is_event, sample.group, &draws(options))
}
