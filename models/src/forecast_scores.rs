//! How good a forecast was: of its point, of its quantiles, of its whole distribution, and of its bands.
//!
//! Every score is a mean or a ratio of sums over periods that were both forecast and seen. What cannot be computed (nothing
//! was seen, nothing was due) is `None`: no score is silently perfect. Bad input is a bug of the caller and panics.

/// Sums from which bias and WAPE of any set of periods follow: parts may be added, ratios may not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorSums {
    /// Count of the periods.
    pub periods: usize,
    /// Σ (forecast − actual), in the unit of the amounts.
    pub error: f64,
    /// Σ |forecast − actual|, ≥ 0.
    pub absolute_error: f64,
    /// Σ |actual|, ≥ 0.
    pub absolute_actual: f64,
}

impl ErrorSums {
    /// The sums over periods.
    ///
    /// ```
    /// use arrears_models::forecast_scores::ErrorSums;
    /// // 110 for 100, 40 for 60, 50 for 40: errors 10, −20, 10 on 200.
    /// let sums = ErrorSums::of(&[110.0, 40.0, 50.0], &[100.0, 60.0, 40.0]);
    /// assert_eq!((sums.bias(), sums.wape(), sums.mase(16.0)), (Some(0.0), Some(0.2), Some(40.0 / 3.0 / 16.0)));
    /// ```
    ///
    /// # Panics
    ///
    /// When the lengths differ or a number is not finite.
    pub fn of(forecasts: &[f64], actuals: &[f64]) -> Self {
        assert_eq!(forecasts.len(), actuals.len(), "each forecast has one actual");
        let mut sums = Self::default();
        for (forecast, actual) in forecasts.iter().zip(actuals) {
            sums.add(*forecast, *actual);
        }
        sums
    }

    /// One more period.
    ///
    /// # Panics
    ///
    /// When a number is not finite.
    pub fn add(&mut self, forecast: f64, actual: f64) {
        assert!(forecast.is_finite() && actual.is_finite(), "a forecast of {forecast} for {actual} cannot be scored");
        self.periods += 1;
        self.error += forecast - actual;
        self.absolute_error += (forecast - actual).abs();
        self.absolute_actual += actual.abs();
    }

    /// Bias = Σ (forecast − actual) ÷ Σ |actual|: above 0, too much was promised. `None` when nothing came.
    pub fn bias(&self) -> Option<f64> {
        ratio(self.error, self.absolute_actual)
    }

    /// WAPE = Σ |forecast − actual| ÷ Σ |actual|, the weighted absolute percentage error, ≥ 0. `None` when nothing came.
    ///
    /// A week of ten times the cash counts ten times; a week without cash divides nothing by zero. For cash that is never
    /// negative the denominator is the cash itself.
    ///
    /// Source: S. Kolassa, W. Schütz (2007), *Advantages of the MAD/Mean Ratio over the MAPE*, Foresight 6, 40–43.
    pub fn wape(&self) -> Option<f64> {
        ratio(self.absolute_error, self.absolute_actual)
    }

    /// MASE = mean |forecast − actual| ÷ scale, with the [`naive_scale`] of the history before the forecast: below 1 it beats
    /// the naive forecast of that history. `None` without periods or with a scale of 0.
    ///
    /// Source: R. J. Hyndman, A. B. Koehler (2006), *Another Look at Measures of Forecast Accuracy*, International Journal of
    /// Forecasting 22, 679–688.
    pub fn mase(&self, scale: f64) -> Option<f64> {
        ratio(self.absolute_error, scale * self.periods as f64)
    }
}

/// The mean absolute error of the seasonal naive forecast over a history: Σ |y(t) − y(t − m)| ÷ (n − m).
///
/// y: history, oldest first, n periods. m: `season` in periods, ≥ 1; 1 is the plain naive forecast.
///
/// Edge cases: `None` when the history is not longer than a season.
///
/// ```
/// use arrears_models::forecast_scores::naive_scale;
/// assert_eq!(naive_scale(&[1.0, 4.0, 2.0, 2.0], 1), Some(5.0 / 3.0));
/// assert_eq!(naive_scale(&[1.0, 4.0, 2.0, 2.0], 2), Some(1.5));
/// assert_eq!(naive_scale(&[1.0, 4.0], 2), None);
/// ```
///
/// # Panics
///
/// When the season is 0.
pub fn naive_scale(history: &[f64], season: usize) -> Option<f64> {
    assert!(season > 0, "a season has one period or more");
    let differences = history.get(season..)?.iter().zip(history).map(|(now, before)| (now - before).abs());
    ratio(differences.sum(), history.len().saturating_sub(season) as f64)
}

/// The pinball loss of one quantile: (actual − quantile) · level where the actual lies above, (quantile − actual) · (1 − level)
/// where it lies below; ≥ 0, in the unit of the amounts.
///
/// ```
/// use arrears_models::forecast_scores::pinball;
/// // Of a 90 % quantile, to lie 10 too low costs nine times what it costs to lie 10 too high.
/// assert!((pinball(0.9, 100.0, 110.0) - 9.0).abs() < 1e-12 && (pinball(0.9, 100.0, 90.0) - 1.0).abs() < 1e-12);
/// ```
///
/// # Panics
///
/// When the level is not between 0 and 1.
///
/// Source: R. Koenker, G. Bassett (1978), *Regression Quantiles*, Econometrica 46, 33–50.
pub fn pinball(level: f64, quantile: f64, actual: f64) -> f64 {
    assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1: {level}");
    let above = actual - quantile;
    if above >= 0.0 { above * level } else { above * (level - 1.0) }
}

/// The continuous ranked probability score from a grid of quantiles: twice the mean pinball loss over the levels, in the unit of
/// the amounts. For a forecast that is certain it is the absolute error.
///
/// CRPS = 2 · ∫ pinball(level) d level, of which the mean over equally spaced levels is the approximation. On levels that stand
/// closer in the tails it is the weighted interval score: comparable between forecasts of the same levels, not with
/// [`crps_of_sample`].
///
/// Edge cases: `None` without levels.
///
/// ```
/// use arrears_models::forecast_scores::crps_of_quantiles;
/// // 0.1 · 20 + 0.5 · 10 + 0.1 · 10 (the upper lies 10 too high): 8, of three levels.
/// let crps = crps_of_quantiles(&[0.1, 0.5, 0.9], &[80.0, 90.0, 110.0], 100.0).unwrap();
/// assert!((crps - 2.0 * 8.0 / 3.0).abs() < 1e-12);
/// ```
///
/// # Panics
///
/// When the lengths differ or a level is not between 0 and 1.
///
/// Source: J. Bracher, E. L. Ray, T. Gneiting, N. G. Reich (2021), *Evaluating Epidemic Forecasts in an Interval Format*, PLOS
/// Computational Biology 17.
pub fn crps_of_quantiles(levels: &[f64], quantiles: &[f64], actual: f64) -> Option<f64> {
    assert_eq!(levels.len(), quantiles.len(), "each level has one quantile");
    let losses = levels.iter().zip(quantiles).map(|(level, quantile)| pinball(*level, *quantile, actual));
    ratio(2.0 * losses.sum::<f64>(), levels.len() as f64)
}

/// The two estimates of the continuous ranked probability score from a sample of the forecast, in the unit of the amounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleCrps {
    /// Of the sample as if it were the whole forecast: too high for small samples of a good forecast.
    pub plain: f64,
    /// Without bias by the size of the sample; `None` with a single path. It may be negative.
    pub fair: Option<f64>,
}

/// The continuous ranked probability score of a sample (simulated paths), exactly and in O(m log m).
///
/// - plain = Σ |x − y| ÷ m − Σ Σ |x − x'| ÷ (2 · m²)
/// - fair = Σ |x − y| ÷ m − Σ Σ |x − x'| ÷ (2 · m · (m − 1))
///
/// x, x': the m values of the sample. y: the actual. The double sum runs over all pairs; over the sorted values it is
/// 2 · Σ (2i − m + 1) · x(i), i from 0.
///
/// Edge cases: `None` for an empty sample. The order of the sample does not move a bit.
///
/// ```
/// use arrears_models::forecast_scores::crps_of_sample;
/// // 1 and 5 for 2: (1 + 3) ÷ 2 − 8 ÷ (2 · 4) = 1, and fair 2 − 8 ÷ (2 · 2) = 0.
/// let crps = crps_of_sample(&[5.0, 1.0], 2.0).unwrap();
/// assert_eq!((crps.plain, crps.fair), (1.0, Some(0.0)));
/// ```
///
/// # Panics
///
/// When a number is not finite.
///
/// Source: T. Gneiting, A. E. Raftery (2007), *Strictly Proper Scoring Rules, Prediction, and Estimation*, JASA 102, 359–378;
/// the fair one: C. A. T. Ferro (2014), *Fair Scores for Ensemble Forecasts*, QJRMS 140, 1917–1923.
pub fn crps_of_sample(sample: &[f64], actual: f64) -> Option<SampleCrps> {
    assert!(actual.is_finite() && sample.iter().all(|value| value.is_finite()), "a sample holds finite numbers");
    if sample.is_empty() {
        return None;
    }
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let distance = sorted.iter().map(|value| (value - actual).abs()).sum::<f64>() / count;
    // Measured from the actual: large amounts that differ by little do not cancel each other's digits.
    let ranked = sorted.iter().enumerate().map(|(rank, value)| (2.0 * rank as f64 - count + 1.0) * (value - actual));
    let spread = ranked.sum::<f64>();
    let fair = (sorted.len() > 1).then(|| distance - spread / (count * (count - 1.0)));
    Some(SampleCrps { plain: distance - spread / (count * count), fair })
}

/// The share of actuals that lie within their band, bounds included, 0 to 1; `None` without any.
///
/// ```
/// use arrears_models::forecast_scores::coverage;
/// assert_eq!(coverage(&[0.0, 5.0, 5.0], &[10.0, 10.0, 8.0], &[10.0, 4.0, 6.0]), Some(2.0 / 3.0));
/// ```
///
/// # Panics
///
/// When the lengths differ, a number is missing (NaN), or a band is upside down.
pub fn coverage(lower: &[f64], upper: &[f64], actuals: &[f64]) -> Option<f64> {
    assert!(lower.len() == actuals.len() && upper.len() == actuals.len(), "each actual has one band");
    let is_within = |((lower, upper), actual): ((&f64, &f64), &f64)| {
        assert!(lower <= upper && !actual.is_nan(), "no band of an actual: {actual} in {lower} to {upper}");
        lower <= actual && actual <= upper
    };
    let within = lower.iter().zip(upper).zip(actuals).map(is_within).filter(|is_within| *is_within).count();
    ratio(within as f64, actuals.len() as f64)
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_is_not_scored() {
        let nothing = ErrorSums::of(&[], &[]);
        assert_eq!((nothing.bias(), nothing.wape(), nothing.mase(1.0)), (None, None, None));
        let no_cash = ErrorSums::of(&[5.0, 0.0], &[0.0, 0.0]);
        assert_eq!((no_cash.bias(), no_cash.wape(), no_cash.mase(0.0), no_cash.mase(2.5)), (None, None, None, Some(1.0)));
        assert_eq!((naive_scale(&[], 1), naive_scale(&[3.0], 1), naive_scale(&[3.0, 3.0], 1)), (None, None, Some(0.0)));
        assert_eq!((crps_of_quantiles(&[], &[], 1.0), crps_of_sample(&[], 1.0), coverage(&[], &[], &[])), (None, None, None));
    }

    #[test]
    fn weeks_of_refunds_count_by_their_size() {
        let sums = ErrorSums::of(&[0.0, 90.0], &[-20.0, 80.0]);
        assert_eq!((sums.bias(), sums.wape()), (Some(0.3), Some(0.3)));
    }

    #[test]
    fn the_bounds_of_a_band_belong_to_it() {
        assert_eq!(coverage(&[1.0, 1.0, 1.0], &[2.0, 2.0, 1.0], &[1.0, 2.0, 1.0]), Some(1.0));
        assert_eq!(coverage(&[1.0, 1.0], &[2.0, 2.0], &[0.999, 2.001]), Some(0.0));
    }

    #[test]
    fn a_single_path_has_no_fair_score() {
        assert_eq!(crps_of_sample(&[7.0], 4.0), Some(SampleCrps { plain: 3.0, fair: None }));
    }

    #[test]
    fn cents_are_not_lost_beside_billions() {
        let sample = [1e12, 1e12 + 0.5, 1e12 + 1.0];
        let crps = crps_of_sample(&sample, 1e12 + 0.5).expect("three paths");
        // Distances ½, 0, ½ over 3; the six pairs differ by ½, ½, 1 both ways: 4 ÷ 18.
        assert!((crps.plain - (1.0 / 3.0 - 4.0 / 18.0)).abs() < 1e-12);
    }

    #[test]
    #[should_panic(expected = "a forecast of NaN for 3 cannot be scored")]
    fn a_forecast_that_is_no_number_is_refused() {
        ErrorSums::of(&[f64::NAN], &[3.0]);
    }

    #[test]
    #[should_panic(expected = "no band of an actual")]
    fn a_band_upside_down_is_refused() {
        coverage(&[2.0], &[1.0], &[1.5]);
    }
}
