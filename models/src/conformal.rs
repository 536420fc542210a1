//! Bands that hold what they say: today's predictive quantiles, corrected by how earlier ones fared.
//!
//! A simulation knows only the uncertainty it was told of, and its bands are too narrow. Earlier origins, replayed, show by how
//! much: where the actual fell, measured in widths of the raw band on that side of its median. A band is then drawn as many
//! widths wide as would have held the required share of them. It may narrow or widen, but never crosses its median.
//!
//! **What is guaranteed**: if today's pair of forecast and actual is exchangeable with those of the calibration origins (the
//! model errs today as it erred then, in any order), a calibrated quantile lies above the actual with its probability, but for
//! 1 ÷ (n + 1) and ties, on average over such histories, whatever the shape of the errors: it lies between the two errors that
//! would hold somewhat less and somewhat more, where the probability lies between them. **What is not**:
//! the coverage of a particular week, customer or state of the business; coverage after the model or the business has changed
//! (recency weights soften that, and lessen the guarantee); coverage of the lower half where all that was observed lies above
//! the medians, because no band crosses its median; anything when the median is shifted by the errors of the same origins
//! (nearly, from some thirty origins on); coverage of sums over horizons or segments.

/// From fewer origins on no level is calibrated.
pub const ORIGINS_MIN: usize = 12;
/// The level that is the middle, within rounding.
const MEDIAN: f64 = 0.5;
/// Levels and sums of weights are compared with this tolerance: 20 × 0.95 is 19.
const TOLERANCE: f64 = 1e-9;
/// A raw band narrower than this share of the widest counts as that wide: errors of weeks that were held to be certain are
/// carried over to an uncertain one at five times their size at most.
const WIDTH_SHARE_MIN: f64 = 0.2;
/// The shift of the median lies between these: a few odd origins do not halve or double a forecast.
const SHIFT_MIN: f64 = 0.5;
/// See [`SHIFT_MIN`].
const SHIFT_MAX: f64 = 2.0;

/// A replayed origin of one horizon, whose target has passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Origin<'a> {
    /// What came.
    pub actual: f64,
    /// The raw predictive quantiles, one for each level, not falling.
    pub quantiles: &'a [f64],
    /// 1, or less for an origin that says less about today (older); above 0, at most 1.
    pub weight: f64,
}

/// What is asked for beside the correction of the widths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Multiply all quantiles by the median of actual ÷ raw median over the origins, within 0.5 to 2.
    pub is_median_shifted: bool,
    /// The least value a quantile may have: `Some(0.0)` for amounts that cannot be negative.
    pub least: Option<f64>,
}

/// Today's quantiles after the correction.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// One for each level, not falling.
    pub quantiles: Vec<f64>,
    /// Whether the level was calibrated: its quantile is otherwise the raw one (pushed outwards where an inner one passed it).
    /// A band is calibrated when both its levels are.
    pub is_calibrated: Vec<bool>,
    /// What the quantiles were multiplied by before the correction: 1 unless the median was shifted.
    pub shift: f64,
    /// Number of origins behind it.
    pub origins: usize,
}

/// Corrects today's raw quantiles of one horizon by how the raw quantiles of earlier origins fared.
///
/// For a level τ above the median, with median m and quantile q:
///
/// - width = max(q − m, floor), where the floor is a fifth of the largest q − m among the origins and today
/// - score of an origin = (actual − m) ÷ width
/// - k = the (n + 1)·τ-th smallest score, at least 0; between two of them as far along as the rank is
/// - corrected quantile = m + k · width of today
///
/// Below the median the same with m − q, m − actual and 1 − τ. n: number of origins. With weights w, the rank of a score is the
/// Σ w up to it, and n + 1 is 1 + Σ w: today weighs 1.
///
/// A level whose rank exceeds n (0.975 below 39 origins) is corrected together with its opposite 1 − τ instead: each origin's
/// score is the larger of both sides, and k the score that holds the band's share 2τ − 1 of them (0.95 from 19 origins on).
/// Where that does not exist either, the level stays raw, and is labelled so.
///
/// levels: probabilities, rising, 0.5 among them. Quantiles and actuals: any unit.
///
/// Edge cases: with fewer than 12 origins everything stays raw and is labelled. Where no raw band had any width, the corrected
/// one is that of the plain errors. Origins whose raw median is not above 0 take no part in the shift.
///
/// ```
/// use arrears_models::conformal::{calibrate, Options, Origin};
/// // Nineteen weeks forecast as 100, 90 to 110: the actuals were 81, 83, … 117.
/// let levels = [0.1, 0.5, 0.9];
/// let raw = [90.0, 100.0, 110.0];
/// let origins: Vec<_> = (0..19).map(|week| Origin { actual: 81.0 + 2.0 * f64::from(week), quantiles: &raw, weight: 1.0 }).collect();
/// // 20 · 0.9 = 18: the second largest error on either side, 115 − 100 and 100 − 83, in widths of 10.
/// let today = calibrate(&levels, &origins, &[180.0, 200.0, 210.0], &Options::default());
/// assert_eq!(today.quantiles, [200.0 - 1.7 * 20.0, 200.0, 200.0 + 1.5 * 10.0]);
/// assert_eq!(today.is_calibrated, [true, true, true]);
/// // Eleven weeks say too little.
/// let today = calibrate(&levels, &origins[..11], &[180.0, 200.0, 210.0], &Options::default());
/// assert_eq!((today.quantiles, today.is_calibrated), (vec![180.0, 200.0, 210.0], vec![false; 3]));
/// ```
///
/// # Panics
///
/// When the levels do not rise within 0 to 1 or lack 0.5, a row of quantiles has another length or falls, a weight is not above
/// 0 and at most 1, or a number is not finite.
///
/// The next higher score instead of one between two would hold at least its probability, and 84 % of what is called 80 with
/// fifty origins: the excess of (n + 1)·τ rounded up, on both sides.
///
/// Sources: V. Vovk, A. Gammerman, G. Shafer (2005), *Algorithmic Learning in a Random World*; Y. Romano, E. Patterson,
/// E. J. Candès (2019), *Conformalized Quantile Regression*, NeurIPS 32, whose additive correction is here a multiple of the
/// width; weights: R. F. Barber, E. J. Candès, A. Ramdas, R. J. Tibshirani (2023), *Conformal Prediction beyond
/// Exchangeability*, Annals of Statistics 51, 816–845.
pub fn calibrate(levels: &[f64], origins: &[Origin], today: &[f64], options: &Options) -> Calibrated {
    let median = check(levels, origins, today);
    if origins.len() < ORIGINS_MIN {
        let is_calibrated = vec![false; levels.len()];
        return Calibrated { quantiles: today.to_vec(), is_calibrated, shift: 1.0, origins: origins.len() };
    }
    let shift = if options.is_median_shifted { median_shift(origins, median) } else { 1.0 };
    let history = History { origins, today, median, shift };
    let mut quantiles: Vec<f64> = today.iter().map(|quantile| quantile * shift).collect();
    let mut is_calibrated = vec![true; levels.len()];
    for (at, level) in levels.iter().enumerate().filter(|(at, _)| *at != median) {
        let multiple = history.multiple_of_side(at, *level).or_else(|| history.multiple_of_band(levels, at));
        match multiple {
            Some(multiple) => quantiles[at] = quantiles[median] + side(at, median) * multiple * history.width(today, at),
            None => is_calibrated[at] = false,
        }
    }
    spread_outwards(&mut quantiles, median);
    if let Some(least) = options.least {
        quantiles.iter_mut().for_each(|quantile| *quantile = quantile.max(least));
    }
    Calibrated { quantiles, is_calibrated, shift, origins: origins.len() }
}

/// Refuses what is a bug of the caller, and finds the median.
fn check(levels: &[f64], origins: &[Origin], today: &[f64]) -> usize {
    assert!(levels.iter().all(|level| *level > 0.0 && *level < 1.0), "a level lies between 0 and 1: {levels:?}");
    assert!(levels.windows(2).all(|pair| pair[0] < pair[1]), "levels rise: {levels:?}");
    for quantiles in origins.iter().map(|origin| origin.quantiles).chain([today]) {
        assert_eq!(quantiles.len(), levels.len(), "each level has one quantile");
        assert!(quantiles.iter().all(|quantile| quantile.is_finite()), "a quantile is a finite number: {quantiles:?}");
        assert!(quantiles.windows(2).all(|pair| pair[0] <= pair[1]), "quantiles do not fall: {quantiles:?}");
    }
    for origin in origins {
        assert!(origin.actual.is_finite(), "an actual is a finite number: {}", origin.actual);
        assert!(origin.weight > 0.0 && origin.weight <= 1.0, "a weight is above 0 and at most 1: {}", origin.weight);
    }
    let median = levels.iter().position(|level| is_same(*level, MEDIAN));
    assert!(median.is_some(), "0.5 is among the levels: {levels:?}");
    median.unwrap_or_default()
}

fn is_same(level: f64, other: f64) -> bool {
    (level - other).abs() < TOLERANCE
}

/// 1 above the median and −1 below it.
fn side(at: usize, median: usize) -> f64 {
    if at > median { 1.0 } else { -1.0 }
}

/// The weighted median of actual ÷ raw median, bounded; 1 where no raw median is above 0.
fn median_shift(origins: &[Origin], median: usize) -> f64 {
    let informative = origins.iter().filter(|origin| origin.quantiles[median] > 0.0);
    let mut ratios: Vec<(f64, f64)> = informative.map(|origin| (origin.actual / origin.quantiles[median], origin.weight)).collect();
    ratios.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let half = ratios.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let reaching = |share: f64| {
        let mut sum = 0.0;
        ratios.iter().find(|(_, weight)| (sum += weight, sum > share).1).map(|(ratio, _)| *ratio)
    };
    // Of an even number the mean of the two in the middle.
    let middle = reaching(half - TOLERANCE).zip(reaching(half + TOLERANCE).or(ratios.last().map(|last| last.0)));
    middle.map_or(1.0, |(lower, upper)| (lower / 2.0 + upper / 2.0).clamp(SHIFT_MIN, SHIFT_MAX))
}

/// What has been seen, and today's raw quantiles: all of them are shifted alike.
struct History<'a> {
    origins: &'a [Origin<'a>],
    today: &'a [f64],
    median: usize,
    shift: f64,
}

impl History<'_> {
    /// Distance of a quantile from its median after the shift, ≥ 0.
    fn distance(&self, quantiles: &[f64], at: usize) -> f64 {
        side(at, self.median) * (quantiles[at] - quantiles[self.median]) * self.shift
    }

    /// The distance, but not below a fifth of the largest. Today is one of them as every origin is: that keeps the scores
    /// exchangeable.
    fn width(&self, quantiles: &[f64], at: usize) -> f64 {
        let rows = self.origins.iter().map(|origin| origin.quantiles).chain([self.today]);
        let widest = rows.map(|row| self.distance(row, at)).fold(0.0, f64::max);
        // Without any width all scores are plain errors in the unit of the amounts.
        let floor = if widest > 0.0 { WIDTH_SHARE_MIN * widest } else { 1.0 };
        self.distance(quantiles, at).max(floor)
    }

    /// How many widths beyond the median, towards the side of the level, each actual fell.
    fn scores(&self, at: usize) -> Vec<f64> {
        let error = |origin: &Origin| side(at, self.median) * (origin.actual - origin.quantiles[self.median] * self.shift);
        self.origins.iter().map(|origin| error(origin) / self.width(origin.quantiles, at)).collect()
    }

    fn multiple_of_side(&self, at: usize, level: f64) -> Option<f64> {
        self.multiple(&self.scores(at), if at > self.median { level } else { 1.0 - level })
    }

    /// The multiple of a level and its opposite together; `None` when the opposite is not among the levels.
    fn multiple_of_band(&self, levels: &[f64], at: usize) -> Option<f64> {
        let opposite = levels.iter().position(|level| is_same(*level, 1.0 - levels[at]))?;
        let larger: Vec<f64> = self.scores(at).into_iter().zip(self.scores(opposite)).map(|(one, other)| one.max(other)).collect();
        self.multiple(&larger, (2.0 * levels[at] - 1.0).abs())
    }

    /// The score that holds the share of what was seen, today being one more of unknown size; `None` when it would be today's.
    fn multiple(&self, scores: &[f64], share: f64) -> Option<f64> {
        let total = 1.0 + self.origins.iter().map(|origin| origin.weight).sum::<f64>();
        let mut weighted: Vec<(f64, f64)> = scores.iter().copied().zip(self.origins.iter().map(|origin| origin.weight)).collect();
        weighted.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        let (mut sum, mut before) = (0.0, None);
        for (score, weight) in weighted {
            if sum + weight >= share * total - TOLERANCE {
                let step = ((share * total - sum) / weight).clamp(0.0, 1.0);
                let from: f64 = before.unwrap_or(score);
                return Some((from + step * (score - from)).max(0.0));
            }
            (sum, before) = (sum + weight, Some(score));
        }
        None
    }
}

/// Quantiles do not fall: an outer one lies at least as far out as the inner ones.
fn spread_outwards(quantiles: &mut [f64], median: usize) {
    for at in median + 1..quantiles.len() {
        quantiles[at] = quantiles[at].max(quantiles[at - 1]);
    }
    for at in (0..median).rev() {
        quantiles[at] = quantiles[at].min(quantiles[at + 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [f64; 9] = [0.025, 0.05, 0.10, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975];
    const RAW: [f64; 9] = [60.0, 70.0, 80.0, 90.0, 100.0, 110.0, 120.0, 130.0, 140.0];

    /// Weeks forecast alike, with actuals evenly spread over `spread` on both sides of 100.
    fn weeks(count: usize, spread: f64) -> Vec<Origin<'static>> {
        let actual = |week: usize| 100.0 + spread * (2.0 * (week as f64 + 0.5) / count as f64 - 1.0);
        (0..count).map(|week| Origin { actual: actual(week), quantiles: &RAW, weight: 1.0 }).collect()
    }

    fn today(origins: &[Origin]) -> Calibrated {
        calibrate(&LEVELS, origins, &RAW, &Options::default())
    }

    #[test]
    fn a_rank_between_two_scores_lies_between_them() {
        // Twelve actuals from 101 to 112: the rank of 0.9 is 13 · 0.9 = 11.7, seven tenths of the way from the 11th to the 12th.
        let origins: Vec<Origin> = (1..=12).map(|week| Origin { actual: 100.0 + f64::from(week), quantiles: &RAW, weight: 1.0 }).collect();
        let upper = today(&origins).quantiles[6];
        assert!((upper - 111.7).abs() < 1e-9, "{upper}");
        // Weights stretch the ranks: of total 1 + 12 · 0.5 = 7 the rank is 6.3 > 6: no side says it, and both sides together do:
        // 7 · 0.8 = 5.6 lies two tenths of the way from the 11th (5.5) to the 12th (6).
        let halves: Vec<Origin> = origins.iter().map(|origin| Origin { weight: 0.5, ..*origin }).collect();
        let upper = today(&halves).quantiles[6];
        assert!((upper - 111.2).abs() < 1e-9, "{upper}");
    }

    #[test]
    fn a_band_is_calibrated_from_as_many_origins_as_it_needs() {
        let calibrated = |count| today(&weeks(count, 50.0)).is_calibrated.iter().map(|is| usize::from(*is)).collect::<Vec<_>>();
        assert_eq!(calibrated(0), [0; 9]);
        assert_eq!(calibrated(11), [0; 9]);
        // The 90 % band by both sides together, the 95 % band not yet.
        assert_eq!(calibrated(12), [0, 1, 1, 1, 1, 1, 1, 1, 0]);
        assert_eq!(calibrated(18), [0, 1, 1, 1, 1, 1, 1, 1, 0]);
        assert_eq!(calibrated(19), [1; 9]);
        assert_eq!(calibrated(52), [1; 9]);
    }

    #[test]
    fn an_outer_band_left_raw_does_not_lie_within_an_inner_one() {
        let wide = today(&weeks(12, 500.0));
        assert!(wide.quantiles.is_sorted(), "{wide:?}");
        assert_eq!((wide.is_calibrated[8], wide.quantiles[8]), (false, wide.quantiles[7]));
    }

    #[test]
    fn a_band_never_crosses_its_median() {
        // All actuals lie far above: nothing is left below the median, and the upper side is far out.
        let above: Vec<Origin> = weeks(40, 10.0).into_iter().map(|week| Origin { actual: week.actual + 300.0, ..week }).collect();
        let calibrated = today(&above);
        assert_eq!(calibrated.quantiles[..5], [100.0; 5]);
        assert!(calibrated.quantiles[5] > 390.0 && calibrated.quantiles.is_sorted());
    }

    #[test]
    fn weeks_without_any_width_are_corrected_by_their_plain_errors() {
        let flat = [100.0; 9];
        let weeks: Vec<Origin> = weeks(19, 50.0).into_iter().map(|week| Origin { quantiles: &flat, ..week }).collect();
        let calibrated = calibrate(&LEVELS, &weeks, &[200.0; 9], &Options::default());
        // The second largest of nineteen errors, 50 · 16 ÷ 19.
        assert!((calibrated.quantiles[6] - (200.0 + 50.0 * 16.0 / 19.0)).abs() < 1e-9, "{calibrated:?}");
        assert!((calibrated.quantiles[2] - (200.0 - 50.0 * 16.0 / 19.0)).abs() < 1e-9, "{calibrated:?}");
    }

    #[test]
    fn errors_of_weeks_without_width_are_carried_over_five_times_at_most() {
        let flat = [100.0; 9];
        let weeks: Vec<Origin> = weeks(19, 50.0).into_iter().map(|week| Origin { quantiles: &flat, ..week }).collect();
        // Today's upper width of 20 is the widest: the others count as 4.
        let expected = 100.0 + 50.0 * 16.0 / 19.0 / 4.0 * 20.0;
        assert!((today(&weeks).quantiles[6] - expected).abs() < 1e-9, "{:?}", today(&weeks));
    }

    #[test]
    fn one_week_held_to_be_certain_does_not_blow_up_the_band() {
        let certain = [100.0; 9];
        let mut weeks = weeks(40, 30.0);
        weeks[39].quantiles = &certain;
        let calibrated = today(&weeks);
        // Its score counts in fifths of the usual width: far out, but one of forty, and no infinity.
        assert!(calibrated.quantiles.iter().all(|quantile| quantile.is_finite()));
        assert!(calibrated.quantiles[6] < 140.0, "{calibrated:?}");
    }

    #[test]
    fn the_median_is_shifted_only_when_asked() {
        let high: Vec<Origin> = weeks(40, 20.0).into_iter().map(|week| Origin { actual: 1.2 * week.actual, ..week }).collect();
        let options = Options { is_median_shifted: true, ..Options::default() };
        let shifted = calibrate(&LEVELS, &high, &RAW, &options);
        assert!((shifted.shift - 1.2).abs() < 1e-9 && (shifted.quantiles[4] - 120.0).abs() < 1e-6, "{shifted:?}");
        assert!(shifted.quantiles[0] < 105.0 && shifted.quantiles[8] > 135.0 && shifted.quantiles[8] < 150.0, "{shifted:?}");
        assert_eq!((today(&high).shift, today(&high).quantiles[4]), (1.0, 100.0));
        // A tenfold error of the model is for people to look at.
        let wild: Vec<Origin> = high.iter().map(|week| Origin { actual: 10.0 * week.actual, ..*week }).collect();
        assert_eq!(calibrate(&LEVELS, &wild, &RAW, &options).shift, 2.0);
    }

    #[test]
    fn amounts_that_cannot_be_negative_are_not() {
        let options = Options { least: Some(0.0), ..Options::default() };
        let calibrated = calibrate(&LEVELS, &weeks(52, 300.0), &RAW, &options);
        assert_eq!(calibrated.quantiles[0], 0.0);
        assert!(today(&weeks(52, 300.0)).quantiles[0] < 0.0);
    }

    #[test]
    fn recent_origins_count_more_when_weighted() {
        // Twenty calm weeks, then twenty wild ones.
        let mut weeks = weeks(20, 10.0);
        weeks.extend(self::weeks(20, 100.0));
        let plain = today(&weeks);
        weeks[..20].iter_mut().for_each(|week| week.weight = 0.1);
        let weighted = today(&weeks);
        assert!(weighted.quantiles[5] > plain.quantiles[5] + 5.0 && weighted.quantiles[6] > plain.quantiles[6], "{plain:?} {weighted:?}");
        // Weights that leave too little make the outer levels raw again.
        weeks.iter_mut().for_each(|week| week.weight = 0.1);
        assert!(!today(&weeks).is_calibrated[8]);
    }

    #[test]
    #[should_panic(expected = "quantiles do not fall")]
    fn quantiles_that_fall_are_refused() {
        calibrate(&[0.1, 0.5, 0.9], &[], &[3.0, 2.0, 4.0], &Options::default());
    }

    #[test]
    #[should_panic(expected = "0.5 is among the levels")]
    fn levels_without_a_median_are_refused() {
        calibrate(&[0.1, 0.9], &[], &[3.0, 4.0], &Options::default());
    }
}
