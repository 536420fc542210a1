//! Which of two scores tells events apart better: areas under the ROC curve with a cluster bootstrap.
//!
//! Groups (parents) are drawn with all their rows, since a customer of one month resembles itself in the next. Both scores see the same
//! draws, so that what is hard for both cancels out. Rows are ranked once; a replicate only counts how often each group was drawn, in
//! whole numbers, so that nothing depends on the order of the rows.

use crate::bootstrap::quantile;
use crate::random::below;
use rayon::prelude::*;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How often groups are drawn: 1,000.
    pub replicates: usize,
    /// Of the random numbers.
    pub seed: u64,
    /// Of the random numbers: another one for each thing that is measured.
    pub stream: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { replicates: 1_000, seed: 0, stream: 0 }
    }
}

/// A statistic with its replicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicated {
    /// Of the rows as they are.
    pub value: f64,
    /// Rising; those that drew one class only are left out.
    pub replicates: Vec<f64>,
}

impl Replicated {
    /// The percentile interval: quantiles (1 ∓ level) ÷ 2 of the replicates; the value itself where there are none.
    ///
    /// # Panics
    ///
    /// When the level is not between 0 and 1.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1: {level}");
        let at = |level| quantile(&self.replicates, level).unwrap_or(self.value);
        (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0))
    }

    /// Share of the replicates above 0, those at 0 counting half; `None` where there are none.
    pub fn share_positive(&self) -> Option<f64> {
        let positive: f64 = self.replicates.iter().map(|value| f64::from(*value > 0.0) + 0.5 * f64::from(*value == 0.0)).sum();
        (!self.replicates.is_empty()).then(|| positive / self.replicates.len() as f64)
    }

    fn of(value: f64, mut replicates: Vec<f64>) -> Replicated {
        replicates.sort_unstable_by(f64::total_cmp);
        Replicated { value, replicates }
    }
}

/// Two scores on the same rows, and the same draws.
#[derive(Clone, Debug, PartialEq)]
pub struct AucComparison {
    /// Of the first.
    pub first: Replicated,
    /// Of the second.
    pub second: Replicated,
    /// First less second.
    pub difference: Replicated,
}

/// The area under the ROC curve of one score, with its cluster bootstrap.
///
/// Each replicate draws as many groups as there are, with replacement, and takes all rows of each.
///
/// score: in any unit, higher where the event is likelier; NaN counts as the lowest of all. is_event, group: one a row.
///
/// Edge cases: `None` when there is no event, or nothing else.
///
/// # Panics
///
/// When the lists differ in length.
///
/// ```
/// use arrears_models::scorecard::comparison::{Options, auc};
/// let measured = auc(&[0.3, 0.5, 0.5, 0.8], &[false, false, true, true], &[1, 2, 3, 4], &Options::default()).unwrap();
/// assert_eq!(measured.value, 0.875);
/// assert_eq!(measured.interval(0.9), (0.5, 1.0));
/// ```
///
/// Source: C. A. Field, A. H. Welsh (2007), *Bootstrapping Clustered Data*, Journal of the Royal Statistical Society B 69, 369–390.
pub fn auc(score: &[f64], is_event: &[bool], group: &[u32], options: &Options) -> Option<Replicated> {
    let places = GroupPlaces::of(group);
    let ranked = Ranked::of(score, is_event, &places);
    let value = ranked.auc(&vec![1; places.groups])?;
    Some(Replicated::of(value, replicates(places.groups, options, |drawn| ranked.auc(drawn))))
}

/// The areas under the ROC curve of two scores on the same rows and draws: see [`auc`].
///
/// The second is better at a one-sided 90 % where the upper bound of the 80 % interval of the difference is below 0.
///
/// Edge cases: `None` when there is no event, or nothing else.
///
/// # Panics
///
/// When the lists differ in length.
pub fn compare_auc(first: &[f64], second: &[f64], is_event: &[bool], group: &[u32], options: &Options) -> Option<AucComparison> {
    let places = GroupPlaces::of(group);
    let (first, second) = (Ranked::of(first, is_event, &places), Ranked::of(second, is_event, &places));
    let both = |drawn: &[u32]| Some((first.auc(drawn)?, second.auc(drawn)?));
    let value = both(&vec![1; places.groups])?;
    let drawn = replicates(places.groups, options, both);
    let list = |of: fn(&(f64, f64)) -> f64| Replicated::of(of(&value), drawn.iter().map(of).collect());
    Some(AucComparison { first: list(|pair| pair.0), second: list(|pair| pair.1), difference: list(|pair| pair.0 - pair.1) })
}

/// What each replicate says, in their order; every draw is named by its replicate and place, whichever thread asks for it.
fn replicates<T: Send>(groups: usize, options: &Options, statistic: impl Fn(&[u32]) -> Option<T> + Sync) -> Vec<T> {
    let one = |drawn: &mut Vec<u32>, replicate: usize| {
        times_drawn(drawn, options.seed, options.stream, replicate);
        statistic(drawn)
    };
    let replicates: Vec<Option<T>> = (0..options.replicates).into_par_iter().map_init(|| vec![0; groups], one).collect();
    replicates.into_iter().flatten().collect()
}

/// How often each group is drawn by a replicate.
pub(super) fn times_drawn(drawn: &mut [u32], seed: u64, stream: u64, replicate: usize) {
    drawn.fill(0);
    for draw in 0..drawn.len() {
        drawn[below(seed, stream, (replicate * drawn.len() + draw) as u64, drawn.len())] += 1;
    }
}

/// The place of each row's group among the groups by their numbers.
pub(super) struct GroupPlaces {
    pub(super) place: Vec<u32>,
    pub(super) groups: usize,
}

impl GroupPlaces {
    pub(super) fn of(group: &[u32]) -> GroupPlaces {
        let mut known = group.to_vec();
        known.sort_unstable();
        known.dedup();
        // Rows of one group mostly follow one another.
        let mut last = 0;
        let place = |group: &u32| {
            if known[last] != *group {
                last = known.partition_point(|known| known < group);
            }
            last as u32
        };
        GroupPlaces { place: group.iter().map(place).collect(), groups: known.len() }
    }
}

/// Rows by rising score.
struct Ranked {
    /// Twice the place of the row's group, plus 1 for an event.
    rows: Vec<u32>,
    /// Where the rows of each score end.
    tie_ends: Vec<u32>,
}

impl Ranked {
    fn of(score: &[f64], is_event: &[bool], places: &GroupPlaces) -> Ranked {
        assert!(score.len() == is_event.len() && score.len() == places.place.len(), "as many scores and groups as rows are needed");
        let of_row = |row: usize| if score[row].is_nan() { f64::NEG_INFINITY } else { score[row] };
        let mut order: Vec<(f64, u32)> =
            (0..score.len()).map(|row| (of_row(row), 2 * places.place[row] + u32::from(is_event[row]))).collect();
        order.par_sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
        let mut tie_ends = Vec::new();
        for ties in order.chunk_by(|left, right| left.0 == right.0) {
            tie_ends.push(tie_ends.last().copied().unwrap_or(0) + ties.len() as u32);
        }
        Ranked { rows: order.into_iter().map(|row| row.1).collect(), tie_ends }
    }

    /// With each group counted so many times, in whole numbers; `None` with one class.
    fn auc(&self, times: &[u32]) -> Option<f64> {
        let (mut events, mut others, mut won_twice) = (0_u64, 0_u64, 0_u64);
        let mut start = 0;
        for end in &self.tie_ends {
            let mut here = [0_u64; 2];
            for row in &self.rows[start..*end as usize] {
                here[(row & 1) as usize] += u64::from(times[(row >> 1) as usize]);
            }
            won_twice += here[1] * (2 * others + here[0]);
            events += here[1];
            others += here[0];
            start = *end as usize;
        }
        (events > 0 && others > 0).then(|| won_twice as f64 / (2.0 * events as f64 * others as f64))
    }
}
