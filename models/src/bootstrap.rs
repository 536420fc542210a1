//! How sure a score is: the moving-block bootstrap over forecast origins.
//!
//! A WAPE over forty origins is a ratio of two sums, and the origins that follow one another resemble each other: a bad month
//! spoils four of them. So whole blocks of neighbouring origins are drawn, and the ratio is computed anew from the sums of what
//! was drawn. Two models are compared on the same draws: what is hard for both cancels out.

use rayon::prelude::*;

use crate::random::below;

/// Replicates computed by one task: large enough to be worth it, and of no influence on the result.
const REPLICATES_PER_TASK: usize = 64;

/// What one origin adds to a ratio of sums: the sum of absolute errors and that of actuals, for a WAPE.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// Added to the numerator.
    pub numerator: f64,
    /// Added to the denominator, ≥ 0.
    pub denominator: f64,
}

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Origins in a block; `None` for [`default_block_length`]. More than the origins count as all but one.
    pub block_length: Option<usize>,
    /// How often to draw, > 0.
    pub replicates: usize,
    /// Probability of the interval, between 0 and 1: 0.9 leaves 5 % on each side.
    pub level: f64,
    /// Of the random numbers.
    pub seed: u64,
    /// Of the random numbers: another one for each thing that is measured.
    pub stream: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { block_length: None, replicates: 2_000, level: 0.9, seed: 0, stream: 0 }
    }
}

/// A ratio and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Σ numerators ÷ Σ denominators of the origins as they were.
    pub value: f64,
    /// Quantile (1 − level) ÷ 2 of the replicates.
    pub lower: f64,
    /// Quantile (1 + level) ÷ 2 of the replicates.
    pub upper: f64,
}

/// A challenger's ratio less a champion's, on the same origins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The difference and its interval, two-sided: below 0 the challenger errs less.
    pub difference: Estimate,
    /// Share of the replicates in which the challenger errs less, 0 to 1; those that are even count half. At 0.9 or more the
    /// challenger is better at a one-sided 90 %.
    pub share_better: f64,
}

/// The usual length of a block: the cube root of the number of origins, rounded up.
///
/// Source: S. N. Lahiri (2003), *Resampling Methods for Dependent Data*, section 7.1 (order n^(1/3) for variance and bias).
///
/// ```
/// use arrears_models::bootstrap::default_block_length;
/// assert_eq!([1, 8, 9, 27, 40, 52, 1_000].map(default_block_length), [1, 2, 3, 3, 4, 4, 10]);
/// ```
pub fn default_block_length(origins: usize) -> usize {
    // In whole numbers: the cube root of 27 is not to become 4 by rounding.
    (1..).find(|length: &usize| length.saturating_pow(3) >= origins).unwrap_or(origins)
}

/// The interval of a ratio of sums over origins, oldest first.
///
/// - value = Σ numerator ÷ Σ denominator
/// - replicate: ⌈n ÷ l⌉ blocks of l neighbouring origins, each of the n − l + 1 starts equally likely, cut to n origins; the
///   same ratio of what was drawn
/// - bounds: quantiles (1 ∓ level) ÷ 2 of the replicates, linear between two of them
///
/// n: number of origins. l: block length.
///
/// Edge cases: `None` with fewer than two origins, when the denominators sum to 0, or when they do in every replicate; single
/// replicates without a denominator are left out. The bounds need not hold the value where errors are very uneven. With few
/// origins the interval is too narrow: it knows only the months it has seen.
///
/// ```
/// use arrears_models::bootstrap::{ratio, Options, Part};
/// // Every origin errs by 20 of 100: whatever is drawn, the WAPE is 0.2.
/// let parts = [Part { numerator: 20.0, denominator: 100.0 }; 40];
/// let wape = ratio(&parts, &Options::default()).unwrap();
/// assert_eq!((wape.value, wape.lower, wape.upper), (0.2, 0.2, 0.2));
/// ```
///
/// # Panics
///
/// When a part is not finite or has a negative denominator, the level is not between 0 and 1, or there are no replicates.
///
/// Source: H. R. Künsch (1989), *The Jackknife and the Bootstrap for General Stationary Observations*, Annals of Statistics 17,
/// 1217–1241.
pub fn ratio(parts: &[Part], options: &Options) -> Option<Estimate> {
    check(parts, options);
    let value = quotient(parts.iter())?;
    let replicates = replicates(parts.len(), options, |drawn| quotient(drawn.map(|origin| &parts[origin])));
    estimate(value, replicates, options.level)
}

/// Whether a challenger errs less than a champion on the same origins: the interval of the difference of their ratios, each
/// replicate drawing the same origins for both.
///
/// difference = Σ numerator ÷ Σ denominator of the challenger − the same of the champion
///
/// Edge cases: as [`ratio`], for both.
///
/// ```
/// use arrears_models::bootstrap::{compare, Options, Part};
/// // Good and bad months, the same for both; the challenger always errs by 1 less.
/// let champion: Vec<Part> = (0..40).map(|origin| Part { numerator: f64::from(origin % 9) + 5.0, denominator: 100.0 }).collect();
/// let challenger: Vec<Part> = champion.iter().map(|part| Part { numerator: part.numerator - 1.0, ..*part }).collect();
/// let comparison = compare(&challenger, &champion, &Options::default()).unwrap();
/// assert_eq!(comparison.share_better, 1.0);
/// assert!((comparison.difference.lower + 0.01).abs() < 1e-12 && (comparison.difference.upper + 0.01).abs() < 1e-12);
/// ```
///
/// # Panics
///
/// As [`ratio`], and when the numbers of origins differ.
pub fn compare(challenger: &[Part], champion: &[Part], options: &Options) -> Option<Comparison> {
    assert_eq!(challenger.len(), champion.len(), "both models have the same origins");
    check(challenger, options);
    check(champion, options);
    let value = quotient(challenger.iter())? - quotient(champion.iter())?;
    let replicates = replicates(champion.len(), options, |drawn| {
        let champion_ratio = quotient(drawn.clone().map(|origin| &champion[origin]))?;
        Some(quotient(drawn.map(|origin| &challenger[origin]))? - champion_ratio)
    });
    let better = replicates.iter().map(|difference| f64::from(*difference < 0.0) + 0.5 * f64::from(*difference == 0.0)).sum::<f64>();
    let share_better = better / replicates.len() as f64;
    let difference = estimate(value, replicates, options.level)?;
    Some(Comparison { difference, share_better })
}

/// The interval of any statistic of origins, oldest first: `statistic` is given the positions of the origins that a replicate
/// drew, and at first all of them in their order.
///
/// The draws are those of [`ratio`]; what cannot be written as a ratio of sums, such as an area under a curve, is computed anew
/// from what was drawn.
///
/// Edge cases: `None` with fewer than two origins, or when the statistic of all of them is `None`; replicates without one are left
/// out.
///
/// ```
/// use arrears_models::bootstrap::{interval, ratio, Options, Part};
/// // The mean of daily counts, as a statistic and as a ratio of sums.
/// let counts: Vec<f64> = (0..30).map(|day| f64::from(day % 7)).collect();
/// let mean = |days: &mut dyn Iterator<Item = usize>| {
///     let (sum, days) = days.fold((0.0, 0.0), |(sum, count), day| (sum + counts[day], count + 1.0));
///     Some(sum / days)
/// };
/// let parts: Vec<Part> = counts.iter().map(|count| Part { numerator: *count, denominator: 1.0 }).collect();
/// assert_eq!(interval(30, &Options::default(), mean), ratio(&parts, &Options::default()));
/// ```
///
/// # Panics
///
/// When the level is not between 0 and 1, or there are no replicates.
///
/// Source: as [`ratio`].
pub fn interval(
    origins: usize,
    options: &Options,
    statistic: impl Fn(&mut dyn Iterator<Item = usize>) -> Option<f64> + Sync,
) -> Option<Estimate> {
    check(&[], options);
    let value = statistic(&mut (0..origins))?;
    estimate(value, replicates(origins, options, |mut drawn| statistic(&mut drawn)), options.level)
}

fn check(parts: &[Part], options: &Options) {
    for part in parts {
        let is_valid = part.numerator.is_finite() && part.denominator.is_finite() && part.denominator >= 0.0;
        assert!(is_valid, "an origin has no valid part: {part:?}");
    }
    assert!(options.level > 0.0 && options.level < 1.0, "a level lies between 0 and 1: {}", options.level);
    assert!(options.replicates > 0, "without replicates there is no interval");
    assert!(options.block_length != Some(0), "a block has one origin or more");
}

fn quotient<'a>(parts: impl Iterator<Item = &'a Part>) -> Option<f64> {
    let (numerator, denominator) = parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.numerator, sum.1 + part.denominator));
    (denominator > 0.0).then(|| numerator / denominator)
}

/// The statistic of each replicate, in their order: every draw is named by its replicate and block, whichever thread asks for it.
fn replicates(origins: usize, options: &Options, statistic: impl Fn(Draw) -> Option<f64> + Sync) -> Vec<f64> {
    if origins < 2 {
        return Vec::new();
    }
    // A block of all origins could be drawn in one way only.
    let length = options.block_length.unwrap_or_else(|| default_block_length(origins)).min(origins - 1);
    let blocks = origins.div_ceil(length);
    let draw = |replicate: usize| {
        let start = |block| below(options.seed, options.stream, (replicate * blocks + block) as u64, origins - length + 1);
        statistic(Draw { starts: (0..blocks).map(start).collect(), length, origins, next: 0 })
    };
    (0..options.replicates).into_par_iter().with_min_len(REPLICATES_PER_TASK).map(draw).collect::<Vec<_>>().into_iter().flatten().collect()
}

/// The origins of one replicate.
#[derive(Clone)]
struct Draw {
    starts: Vec<usize>,
    length: usize,
    origins: usize,
    next: usize,
}

impl Iterator for Draw {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.next == self.origins {
            return None;
        }
        let origin = self.starts[self.next / self.length] + self.next % self.length;
        self.next += 1;
        Some(origin)
    }
}

fn estimate(value: f64, mut replicates: Vec<f64>, level: f64) -> Option<Estimate> {
    replicates.sort_unstable_by(f64::total_cmp);
    let lower = quantile(&replicates, (1.0 - level) / 2.0)?;
    let upper = quantile(&replicates, (1.0 + level) / 2.0)?;
    Some(Estimate { value, lower, upper })
}

/// The quantile of sorted values, linear between two of them (type 7 of R. J. Hyndman, Y. Fan 1996).
pub(crate) fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = level * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(numerator: f64, denominator: f64) -> Part {
        Part { numerator, denominator }
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let options = Options::default();
        assert_eq!((ratio(&[], &options), ratio(&[part(1.0, 2.0)], &options)), (None, None));
        assert_eq!(ratio(&[part(1.0, 0.0); 9], &options), None);
        assert_eq!(compare(&[part(1.0, 0.0); 9], &[part(1.0, 1.0); 9], &options), None);
        assert_eq!(compare(&[], &[], &options), None);
    }

    #[test]
    fn a_replicate_is_made_of_whole_blocks_of_neighbours() {
        let draw = Draw { starts: vec![4, 0, 2], length: 3, origins: 7, next: 0 };
        assert_eq!(draw.collect::<Vec<_>>(), [4, 5, 6, 0, 1, 2, 2]);
    }

    #[test]
    fn a_ratio_is_that_of_the_sums_and_not_the_mean_of_ratios() {
        let parts = [part(1.0, 1.0), part(0.0, 9.0), part(0.0, 0.0)];
        assert_eq!(ratio(&parts, &Options::default()).map(|wape| wape.value), Some(0.1));
    }

    #[test]
    fn even_models_are_each_better_half_of_the_time() {
        let parts: Vec<Part> = (0..30).map(|origin| part(f64::from(origin % 7), 10.0)).collect();
        let comparison = compare(&parts, &parts, &Options::default()).expect("there are thirty");
        assert_eq!((comparison.share_better, comparison.difference.lower, comparison.difference.upper), (0.5, 0.0, 0.0));
    }

    #[test]
    fn a_block_as_long_as_the_history_still_leaves_two_draws() {
        let parts: Vec<Part> = (0..10).map(|origin| part(f64::from(origin), 1.0)).collect();
        let options = Options { block_length: Some(50), ..Options::default() };
        let wape = ratio(&parts, &options).expect("there are ten");
        assert!(wape.lower < wape.upper, "{wape:?}");
    }

    #[test]
    fn quantiles_are_linear_between_the_replicates() {
        assert_eq!([0.0, 0.25, 0.5, 0.95, 1.0].map(|level| quantile(&[1.0, 2.0, 4.0], level)), [1.0, 1.5, 2.0, 3.8, 4.0].map(Some));
        assert_eq!((quantile(&[], 0.5), quantile(&[3.0], 0.9)), (None, Some(3.0)));
    }
}
