//! Cross-validation by group: which ridge, and the log-odds of each row by a recipe that has not seen its fold.
//!
//! The ridge of a fold's recipe must not know the fold either: it is chosen on the other folds, each left out as well. A recipe without
//! folds i and j serves i for j and j for i, so that five folds need ten such recipes and five without one fold.

use super::regression::{Regression, Solver};
use super::selection::develop;
use super::{Options, Prepared};
use rayon::prelude::*;

/// What the folds say.
pub(super) struct Validated {
    /// Place of the ridge for all rows.
    pub(super) ridge: usize,
    /// Mean log-loss of each ridge.
    pub(super) losses: Vec<f64>,
    /// Log-odds of each row, in the order of the sample.
    pub(super) out_of_fold: Vec<f64>,
}

/// Two folds that were left out, or one, then twice the same, with what came of each ridge.
struct LeftOut {
    folds: [u32; 2],
    /// Of each ridge, the sum of the log-losses of either fold.
    losses: Vec<[f64; 2]>,
    /// Of each ridge, log-odds of the rows of the fold; empty where two are left out.
    log_odds: Vec<Vec<f64>>,
}

pub(super) fn cross_validate(prepared: &Prepared, options: &Options) -> Validated {
    let folds = 0..options.folds;
    let pairs = folds.clone().flat_map(|first| (first..options.folds).map(move |second| [first, second]));
    // With one ridge there is nothing to choose.
    let needed: Vec<[u32; 2]> = pairs.filter(|[first, second]| first == second || options.ridges.len() > 1).collect();
    let left_out: Vec<LeftOut> = needed.into_par_iter().map(|folds| leave_out(prepared, folds, options)).collect();
    let singles = || left_out.iter().filter(|out| out.folds[0] == out.folds[1]);
    let loss = |ridge: usize| singles().map(|out| out.losses[ridge][0]).sum::<f64>();
    let losses: Vec<f64> = (0..options.ridges.len()).map(loss).collect();
    let mut log_odds = vec![0.0; prepared.rows()];
    for single in singles() {
        let fold = single.folds[0];
        let ridge = least(&losses_without(fold, &left_out, options));
        for (row, value) in rows_of(prepared, fold).zip(&single.log_odds[ridge]) {
            log_odds[row] = *value;
        }
    }
    Validated {
        ridge: least(&losses),
        losses: losses.iter().map(|loss| loss / prepared.rows() as f64).collect(),
        out_of_fold: prepared.in_sample_order(&log_odds),
    }
}

/// Log-losses of each ridge on the other folds, by recipes that know neither them nor this one.
fn losses_without(fold: u32, left_out: &[LeftOut], options: &Options) -> Vec<f64> {
    let of_other = |out: &LeftOut, ridge: usize| match out.folds {
        [first, second] if first == second => 0.0,
        [first, _] if first == fold => out.losses[ridge][1],
        [_, second] if second == fold => out.losses[ridge][0],
        _ => 0.0,
    };
    (0..options.ridges.len()).map(|ridge| left_out.iter().map(|out| of_other(out, ridge)).sum()).collect()
}

/// The place of the least loss; of equal ones the last, which is the strongest ridge.
fn least(losses: &[f64]) -> usize {
    (0..losses.len()).rev().min_by(|left, right| losses[*left].total_cmp(&losses[*right])).unwrap_or(0)
}

fn leave_out(prepared: &Prepared, folds: [u32; 2], options: &Options) -> LeftOut {
    let keeps = |row: usize| !folds.contains(&prepared.fold[row]);
    let development = develop(prepared, keeps, options).ok();
    let rate = rate_log_odds(prepared, keeps);
    let (mut losses, mut log_odds) = (Vec::new(), Vec::new());
    for ridge in &options.ridges {
        let learnt = development.as_ref().and_then(|development| {
            let regression = Regression::of(prepared, development, &development.all_places(), *ridge, Solver::Newton).ok()?;
            let log_odds = development.patterns.map(|row| regression.log_odds(development, row));
            Some((&development.patterns, log_odds))
        });
        let predicted = |row: usize| learnt.as_ref().map_or(rate, |(patterns, log_odds)| log_odds[patterns.of_row(row)]);
        let of_fold = |fold: u32| -> Vec<f64> { rows_of(prepared, fold).map(predicted).collect() };
        let first = of_fold(folds[0]);
        if folds[0] == folds[1] {
            losses.push([loss(prepared, folds[0], &first), 0.0]);
            log_odds.push(first);
        } else {
            losses.push([loss(prepared, folds[0], &first), loss(prepared, folds[1], &of_fold(folds[1]))]);
        }
    }
    LeftOut { folds, losses, log_odds }
}

fn rows_of(prepared: &Prepared, fold: u32) -> impl Iterator<Item = usize> {
    (0..prepared.rows()).filter(move |row| prepared.fold[*row] == fold)
}

/// Log-odds of the rate of the rows that are kept, half an event and half another added: what is left to say where nothing was learnt.
fn rate_log_odds(prepared: &Prepared, keeps: impl Fn(usize) -> bool) -> f64 {
    let (mut events, mut others) = (0.5, 0.5);
    for row in (0..prepared.rows()).filter(|row| keeps(*row)) {
        *(if prepared.is_event[row] { &mut events } else { &mut others }) += 1.0;
    }
    f64::ln(events / others)
}

/// Sum of the log-losses of a fold's rows.
fn loss(prepared: &Prepared, fold: u32, log_odds: &[f64]) -> f64 {
    // −ln p of an event is ln(1 + e^−z), −ln(1 − p) of another ln(1 + e^z).
    let of_row = |(row, log_odds): (usize, &f64)| {
        let against = if prepared.is_event[row] { -log_odds } else { *log_odds };
        against.max(0.0) + (-against.abs()).exp().ln_1p()
    };
    rows_of(prepared, fold).zip(log_odds).map(of_row).sum()
}
