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
    let value = ranked.auc::<1>(&vec![[1]; places.groups])[0]?;
    Some(Replicated::of(value, replicates(places.groups, options.replicates, (options.seed, options.stream), |drawn| ranked.auc(drawn))))
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
    let value = (first.auc::<1>(&vec![[1]; places.groups])[0]?, second.auc::<1>(&vec![[1]; places.groups])[0]?);
    let drawn = replicates(places.groups, options.replicates, (options.seed, options.stream), |drawn| {
        let (first, second) = (first.auc(drawn), second.auc(drawn));
        std::array::from_fn(|of| first[of].zip(second[of]))
    });
    let list = |of: fn(&(f64, f64)) -> f64| Replicated::of(of(&value), drawn.iter().map(of).collect());
    Some(AucComparison { first: list(|pair| pair.0), second: list(|pair| pair.1), difference: list(|pair| pair.0 - pair.1) })
}

/// So many replicates are counted side by side: one look at a row serves them all.
const SIDE_BY_SIDE: usize = 16;

/// What each replicate says, in their order, without those of which there is nothing to say. `statistic` is told how often each group is
/// drawn by each of a few replicates; every draw is named by its replicate and place, whichever thread asks for it.
pub(super) fn replicates<T: Send>(
    groups: usize,
    count: usize,
    (seed, stream): (u64, u64),
    statistic: impl Fn(&[[u32; SIDE_BY_SIDE]]) -> [Option<T>; SIDE_BY_SIDE] + Sync,
) -> Vec<T> {
    let some = |drawn: &mut Vec<[u32; SIDE_BY_SIDE]>, first: usize| {
        let here = SIDE_BY_SIDE.min(count - first);
        drawn.fill([0; SIDE_BY_SIDE]);
        for at in 0..here {
            for draw in 0..groups {
                drawn[below(seed, stream, ((first + at) * groups + draw) as u64, groups)][at] += 1;
            }
        }
        statistic(drawn).into_iter().take(here).collect::<Vec<_>>()
    };
    let firsts = (0..count).into_par_iter().step_by(SIDE_BY_SIDE);
    let replicates: Vec<Vec<Option<T>>> = firsts.map_init(|| vec![[0; SIDE_BY_SIDE]; groups], some).collect();
    replicates.into_iter().flatten().flatten().collect()
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

    /// With each group counted so many times, in whole numbers, by several replicates side by side; `None` with one class.
    fn auc<const REPLICATES: usize>(&self, times: &[[u32; REPLICATES]]) -> [Option<f64>; REPLICATES] {
        let [mut events, mut others, mut won_twice] = [[0_u64; REPLICATES]; 3];
        let mut start = 0;
        for end in &self.tie_ends {
            let mut here = [[0_u64; REPLICATES]; 2];
            for row in &self.rows[start..*end as usize] {
                let (class, times) = (&mut here[(row & 1) as usize], &times[(row >> 1) as usize]);
                // Rows times draws stay far below 2⁶⁴; said so, the sums run side by side.
                class.iter_mut().zip(times).for_each(|(sum, times)| *sum = sum.wrapping_add(u64::from(*times)));
            }
            let [others_here, events_here] = here;
            if events_here != [0; REPLICATES] {
                for of in 0..REPLICATES {
                    won_twice[of] += events_here[of] * (2 * others[of] + others_here[of]);
                    events[of] += events_here[of];
                }
            }
            others.iter_mut().zip(others_here).for_each(|(sum, here)| *sum = sum.wrapping_add(here));
            start = *end as usize;
        }
        std::array::from_fn(|of| {
            let has_both = events[of] > 0 && others[of] > 0;
            has_both.then(|| won_twice[of] as f64 / (2.0 * events[of] as f64 * others[of] as f64))
        })
    }
}
