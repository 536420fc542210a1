//! Which characteristics are worth having: bins, information value, suspected leaks, duplicates.

use super::super::bins::{Run, Tally, runs_of};
use super::super::{Bins, Direction, Unfit};
use super::patterns::Patterns;
use super::{Counts, Fate, Judged, Options, Prepared};
use rayon::prelude::*;

/// A characteristic with the bin of every row, of those left out as well.
pub(super) struct Coded {
    pub(super) column: usize,
    pub(super) bins: Bins,
    pub(super) codes: Vec<u8>,
}

impl Coded {
    pub(super) fn woe(&self, row: usize) -> f64 {
        self.bins.bins[self.codes[row] as usize].woe
    }
}

/// What was learnt from the rows that are kept.
pub(super) struct Development {
    /// Every characteristic of the sample.
    pub(super) judged: Vec<Judged>,
    /// Those that were selected, in the order of declaration.
    pub(super) coded: Vec<Coded>,
    /// The rows that are kept, rising.
    pub(super) rows: Vec<u32>,
    /// How many of them are events.
    pub(super) events: usize,
    /// The rows by the bins they stand in.
    pub(super) patterns: Patterns,
}

impl Development {
    pub(super) fn all_places(&self) -> Vec<usize> {
        (0..self.coded.len()).collect()
    }
}

/// Bins and selection on the rows to keep.
pub(super) fn develop(prepared: &Prepared, keeps: impl Fn(usize) -> bool + Sync, options: &Options) -> Result<Development, Unfit> {
    let rows: Vec<u32> = (0..prepared.rows() as u32).filter(|row| keeps(*row as usize)).collect();
    let events = rows.iter().filter(|row| prepared.is_event[**row as usize]).count();
    if rows.is_empty() {
        return Err(Unfit::NoRows);
    }
    if events == 0 || events == rows.len() {
        return Err(Unfit::OneClass { events });
    }
    let all = Tally { rows: rows.len() as u64, events: events as u64 };
    let is_leak_known = event_groups(prepared, &rows) >= options.leak_groups_min;
    let judge = |column: usize| judged(prepared, column, &keeps, all, is_leak_known, options);
    let mut judged: Vec<Judged> = (0..prepared.columns.len()).into_par_iter().map(judge).collect();
    let mut coded = without_duplicates(prepared, &rows, &mut judged, options);
    if coded.is_empty() {
        return Err(Unfit::NoCharacteristic);
    }
    coded.sort_by_key(|coded| coded.column);
    let patterns = Patterns::of(prepared, &coded, &rows);
    Ok(Development { judged, coded, rows, events, patterns })
}

fn event_groups(prepared: &Prepared, rows: &[u32]) -> usize {
    let list = |of: &dyn Fn(usize) -> bool| rows.iter().map(|row| of(*row as usize)).collect::<Vec<bool>>();
    let group: Vec<u32> = rows.iter().map(|row| prepared.group[*row as usize]).collect();
    Counts::of(&list(&|row| prepared.is_event[row]), &group).event_groups
}

/// What is to be said of a characteristic by itself.
fn judged(prepared: &Prepared, column: usize, keeps: impl Fn(usize) -> bool, all: Tally, is_leak_known: bool, options: &Options) -> Judged {
    let (name, direction) = prepared.named(column);
    let runs = runs_of(&prepared.columns[column], &prepared.orders[column], &prepared.is_event, keeps);
    let judged = |bins: Option<Bins>, fate| Judged {
        name: name.to_string(),
        information_value: bins.as_ref().map(Bins::information_value),
        fate,
        bins,
    };
    match Bins::of_runs(&runs, all, direction, &options.bins) {
        Err(unbinned) => judged(None, Fate::Unbinned(unbinned)),
        Ok(bins) => {
            let auc = auc_of_values(&runs, direction).max(auc_of_bins(&bins));
            let fate = if is_leak_known && auc > options.leak_auc {
                Fate::SuspectedLeak { auc }
            } else if bins.information_value() < options.information_value_min {
                Fate::Weak
            } else {
                Fate::Selected
            };
            judged(Some(bins), fate)
        }
    }
}

/// Area under the ROC curve of the values, where there are any, in the direction declared.
fn auc_of_values(runs: &[Run], direction: Direction) -> f64 {
    let auc = auc(runs.iter().map(|run| run.tally));
    if direction == Direction::Rising { auc } else { 1.0 - auc }
}

/// Area under the ROC curve of the weights of evidence, missing values among them.
fn auc_of_bins(bins: &Bins) -> f64 {
    let mut by_risk = bins.bins.clone();
    by_risk.sort_by(|left, right| left.woe.total_cmp(&right.woe));
    auc(by_risk.iter().map(|bin| Tally { rows: bin.rows, events: bin.events }))
}

/// One half where there is one class.
fn auc(rising: impl Iterator<Item = Tally>) -> f64 {
    let (mut events, mut others, mut won) = (0.0, 0.0, 0.0);
    for tally in rising {
        let here = (tally.events as f64, (tally.rows - tally.events) as f64);
        won += here.0 * (others + 0.5 * here.1);
        (events, others) = (events + here.0, others + here.1);
    }
    if events > 0.0 && others > 0.0 { won / (events * others) } else { 0.5 }
}

/// The selected ones from the highest information value, without those that repeat a better one, up to the number that may be.
fn without_duplicates(prepared: &Prepared, rows: &[u32], judged: &mut [Judged], options: &Options) -> Vec<Coded> {
    let value = |judged: &Judged| judged.information_value.unwrap_or(0.0);
    let mut by_value: Vec<usize> = (0..judged.len()).filter(|column| judged[*column].fate == Fate::Selected).collect();
    // A stable sort: of equal values the one declared first.
    by_value.sort_by(|left, right| value(&judged[*right]).total_cmp(&value(&judged[*left])));
    let mut kept: Vec<Coded> = Vec::new();
    for column in by_value {
        if kept.len() >= options.characteristics_max {
            judged[column].fate = Fate::BeyondMax;
            continue;
        }
        let Some(bins) = judged[column].bins.clone() else { continue };
        let codes = prepared.columns[column].iter().map(|value| bins.bin_of(*value) as u8).collect();
        let coded = Coded { column, bins, codes };
        let correlations = kept.iter().map(|better| (better.column, correlation(better, &coded, rows)));
        match correlations.max_by(|left, right| left.1.abs().total_cmp(&right.1.abs())) {
            Some((of, correlation)) if correlation.abs() > options.correlation_max => {
                judged[column].fate = Fate::Duplicate { of, correlation };
            }
            _ => kept.push(coded),
        }
    }
    kept
}

/// Correlation of the weights of evidence of two characteristics, from how often each pair of bins occurs; 0 where one is constant.
fn correlation(left: &Coded, right: &Coded, rows: &[u32]) -> f64 {
    let width = right.bins.bins.len();
    let mut counts = vec![0_u64; left.bins.bins.len() * width];
    for row in rows.iter().map(|row| *row as usize) {
        counts[left.codes[row] as usize * width + right.codes[row] as usize] += 1;
    }
    let woe = |coded: &Coded, bin: usize| coded.bins.bins[bin].woe;
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        let cells = counts.iter().enumerate();
        cells.map(|(cell, count)| *count as f64 * of(woe(left, cell / width), woe(right, cell % width))).sum::<f64>() / rows.len() as f64
    };
    let (left_mean, right_mean) = (sum(&|left, _| left), sum(&|_, right| right));
    let covariance = sum(&|left, right| (left - left_mean) * (right - right_mean));
    let variance = sum(&|left, _| (left - left_mean).powi(2)) * sum(&|_, right| (right - right_mean).powi(2));
    if variance > 0.0 { covariance / variance.sqrt() } else { 0.0 }
}
