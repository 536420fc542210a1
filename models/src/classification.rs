//! How good probabilities of an event are: how well they rank, how far they are off, and whether they mean what they say.
//!
//! [`Scores`] are any numbers that should be higher where the event is; [`Probabilities`] also claim how often it is. Both are checked
//! once and measured as often as wanted. A measure that the data do not define is `None`, never a silent 0 or 0.5.
//!
//! A fractional target is a row split in two: y of its weight is an event, 1 − y is none. Sums are taken in the order of the rows,
//! ranks in the order of the scores.

use crate::logistic::{Data, Options, fit_data, log_odds_of};
use std::error::Error;
use std::fmt::{Display, Formatter};

/// How near to 0 or 1 a probability may be taken: one event that was held impossible must not be infinitely bad.
pub const PROBABILITY_MIN: f64 = 1e-15;

/// Why scores and targets cannot be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputError {
    /// A list has another length than the targets.
    Length {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// What the length should be.
        expected: usize,
    },
    /// A score that is not a finite number, or a probability outside 0 to 1.
    Score {
        /// Its row, from 0.
        row: usize,
    },
    /// A target outside 0 to 1, or not a number.
    Target {
        /// Its row, from 0.
        row: usize,
    },
    /// A weight that is negative or not finite.
    Weight {
        /// Its row, from 0.
        row: usize,
    },
}

impl Display for InputError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            InputError::Length { what, found, expected } => write!(formatter, "{found} {what} where {expected} are expected"),
            InputError::Score { row } => write!(formatter, "the score of row {row} is not a finite number, or not a probability"),
            InputError::Target { row } => write!(formatter, "the target of row {row} is not between 0 and 1"),
            InputError::Weight { row } => write!(formatter, "the weight of row {row} is negative or not finite"),
        }
    }
}

impl Error for InputError {}

/// Scores with what came of them: checked, so that every measure is defined but for what the data do not hold.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    score: &'a [f64],
    target: &'a [f64],
    weight: Option<&'a [f64]>,
}

/// Weight of events and of the others at one score or up to it.
#[derive(Clone, Copy, Default)]
struct Counts {
    events: f64,
    others: f64,
}

impl<'a> Scores<'a> {
    /// Scores in any unit, higher where the event is likelier; targets from 0 to 1, 1 being the event; weights ≥ 0 in any unit,
    /// without which every row counts the same.
    ///
    /// # Errors
    ///
    /// Lists of different lengths; the first row with a score that is not finite, a target outside 0 to 1, a bad weight.
    pub fn new(score: &'a [f64], target: &'a [f64], weight: Option<&'a [f64]>) -> Result<Scores<'a>, InputError> {
        let expected = target.len();
        for (what, found) in [("scores", score.len()), ("weights", weight.map_or(expected, <[f64]>::len))] {
            if found != expected {
                return Err(InputError::Length { what, found, expected });
            }
        }
        let scores = Scores { score, target, weight };
        for row in 0..expected {
            if !score[row].is_finite() {
                return Err(InputError::Score { row });
            }
            if !(0.0..=1.0).contains(&target[row]) {
                return Err(InputError::Target { row });
            }
            if !(scores.weight(row) >= 0.0 && scores.weight(row).is_finite()) {
                return Err(InputError::Weight { row });
            }
        }
        Ok(scores)
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }

    /// (score, target, weight) of each row.
    fn rows(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        (0..self.target.len()).map(|row| (self.score[row], self.target[row], self.weight(row)))
    }

    /// Σ w · measure(score, target) ÷ Σ w; `None` without weight.
    fn mean(&self, measure: impl Fn(f64, f64) -> f64) -> Option<f64> {
        let mut sums = (0.0, 0.0);
        for (score, target, weight) in self.rows() {
            sums.0 += weight * measure(score, target);
            sums.1 += weight;
        }
        (sums.1 > 0.0).then(|| sums.0 / sums.1)
    }

    /// Events and others by score, from the lowest score; `None` when one of the two has no weight.
    fn by_score(&self) -> Option<(Vec<Counts>, Counts)> {
        let mut order: Vec<usize> = (0..self.target.len()).collect();
        order.sort_by(|left, right| self.score[*left].total_cmp(&self.score[*right]).then(left.cmp(right)));
        let mut total = Counts::default();
        let mut counts = Vec::new();
        // Not by the bits: −0 and 0 are one score.
        for ties in order.chunk_by(|left, right| self.score[*left] == self.score[*right]) {
            let mut here = Counts::default();
            for row in ties {
                here.events += self.weight(*row) * self.target[*row];
                here.others += self.weight(*row) * (1.0 - self.target[*row]);
            }
            total.events += here.events;
            total.others += here.others;
            counts.push(here);
        }
        (total.events > 0.0 && total.others > 0.0).then_some((counts, total))
    }

    /// The area under the ROC curve: the probability that an event has a higher score than what is none.
    ///
    /// AUC = Σ_i Σ_j e_i · o_j · u(s_i, s_j) ÷ (Σ e · Σ o), where u = 1 for s_i > s_j, ½ for s_i = s_j, else 0.
    ///
    /// s: score. e = w · y: weight of events of a row. o = w · (1 − y): weight of the others. 0 to 1; 0.5 when the scores say nothing.
    ///
    /// Edge cases: `None` when there is no event, or nothing else. Ties count one half.
    ///
    /// ```
    /// use arrears_models::classification::Scores;
    /// // Four pairs of an event and another: 0.8 beats 0.3 and 0.5, 0.5 beats 0.3 and ties with 0.5: 3.5 of 4.
    /// let scores = Scores::new(&[0.3, 0.5, 0.5, 0.8], &[0.0, 0.0, 1.0, 1.0], None).unwrap();
    /// assert_eq!(scores.auc(), Some(0.875));
    /// assert_eq!(scores.gini(), Some(0.75));
    /// assert_eq!(Scores::new(&[0.3, 0.5], &[1.0, 1.0], None).unwrap().auc(), None);
    /// ```
    ///
    /// Source: J. A. Hanley, B. J. McNeil (1982), *The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC)
    /// Curve*, Radiology 143, 29–36.
    pub fn auc(&self) -> Option<f64> {
        let (counts, total) = self.by_score()?;
        let mut others_below = 0.0;
        let mut won = 0.0;
        for here in counts {
            won += here.events * (others_below + 0.5 * here.others);
            others_below += here.others;
        }
        Some(won / (total.events * total.others))
    }

    /// The accuracy ratio, or Gini coefficient: how far the area under the ROC curve is from chance to perfection.
    ///
    /// Gini = 2 · AUC − 1. −1 to 1; 0 when the scores say nothing.
    ///
    /// Edge cases and example: those of [`Scores::auc`].
    ///
    /// Source: B. Engelmann, E. Hayden, D. Tasche (2003), *Testing Rating Accuracy*, Risk 16(1), 82–86.
    pub fn gini(&self) -> Option<f64> {
        self.auc().map(|auc| 2.0 * auc - 1.0)
    }

    /// The Kolmogorov-Smirnov distance: how far apart the score distributions of events and others are at most.
    ///
    /// KS = max over scores s of |F_others(s) − F_events(s)|.
    ///
    /// F: weighted share with a score of at most s. 0 to 1.
    ///
    /// Edge cases: `None` when there is no event, or nothing else.
    ///
    /// ```
    /// use arrears_models::classification::Scores;
    /// // Up to 0.3 lie half of the others and no event.
    /// let scores = Scores::new(&[0.3, 0.5, 0.5, 0.8], &[0.0, 0.0, 1.0, 1.0], None).unwrap();
    /// assert_eq!(scores.ks(), Some(0.5));
    /// ```
    ///
    /// Source: L. C. Thomas (2009), *Consumer Credit Models*, section 2.4.
    pub fn ks(&self) -> Option<f64> {
        let (counts, total) = self.by_score()?;
        let mut below = Counts::default();
        let mut widest: f64 = 0.0;
        for here in counts {
            below.events += here.events;
            below.others += here.others;
            widest = widest.max((below.others / total.others - below.events / total.events).abs());
        }
        Some(widest.min(1.0))
    }
}

/// Scores that are probabilities, each 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Probabilities<'a>(Scores<'a>);

/// What the Brier score is made of, by Murphy, over bins of probabilities. Each part is ≥ 0 but `within`, and has no unit.
#[derive(Clone, Debug, PartialEq)]
pub struct BrierParts {
    /// How far the mean probability of a bin is from its rate of events, squared: 0 is best.
    pub reliability: f64,
    /// How far the rates of the bins are from the rate of all, squared: as much as `uncertainty` is best.
    pub resolution: f64,
    /// What predicting the rate of all for every row would score.
    pub uncertainty: f64,
    /// What the bins hide: the score less the other three. 0 when a bin holds one probability only.
    pub within: f64,
    /// The bins, from the lowest probabilities.
    pub bins: Vec<Bin>,
}

/// One bin of probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Σ w, in the unit of the weights; items where there are none.
    pub weight: f64,
    /// Mean probability; `None` in an empty bin.
    pub probability: Option<f64>,
    /// Rate of events; `None` in an empty bin.
    pub event_share: Option<f64>,
}

/// What would have to be done to the log-odds of the probabilities to make them right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// In log-odds; 0 is best.
    pub intercept: f64,
    /// 1 is best; below 1 the probabilities lie too far apart, above 1 not far enough.
    pub slope: f64,
}

impl<'a> Probabilities<'a> {
    /// Probabilities of an event from 0 to 1; targets and weights as in [`Scores::new`].
    ///
    /// # Errors
    ///
    /// As [`Scores::new`], and the first row with a probability outside 0 to 1.
    pub fn new(probability: &'a [f64], target: &'a [f64], weight: Option<&'a [f64]>) -> Result<Probabilities<'a>, InputError> {
        let scores = Scores::new(probability, target, weight)?;
        match probability.iter().position(|probability| !(0.0..=1.0).contains(probability)) {
            Some(row) => Err(InputError::Score { row }),
            None => Ok(Probabilities(scores)),
        }
    }

    /// The same as scores, for the measures that only rank.
    pub fn scores(&self) -> &Scores<'a> {
        &self.0
    }

    /// The mean log-loss, in nats.
    ///
    /// −Σ w · (y · ln p + (1 − y) · ln(1 − p)) ÷ Σ w, with p clipped to 1e-15 … 1 − 1e-15.
    ///
    /// p: probability. y: target. w: weight. ≥ 0, 0 is best; ln 2 for saying one half always.
    ///
    /// Edge cases: `None` without weight. **Clipped**: an event held impossible costs −ln 1e-15 = 34.5, not infinity.
    ///
    /// ```
    /// use arrears_models::classification::Probabilities;
    /// let probabilities = Probabilities::new(&[0.5, 0.25], &[1.0, 0.0], None).unwrap();
    /// // −(ln 1/2 + ln 3/4) ÷ 2
    /// assert!((probabilities.log_loss().unwrap() + (0.375_f64).ln() / 2.0).abs() < 1e-15);
    /// ```
    ///
    /// Source: I. J. Good (1952), *Rational Decisions*, Journal of the Royal Statistical Society B 14, 107–114.
    pub fn log_loss(&self) -> Option<f64> {
        self.0.mean(|probability, target| {
            let probability = clipped(probability);
            // A product with a logarithm that a target of 0 or 1 does not ask for is 0: the clipped logarithms are finite.
            -(target * probability.ln() + (1.0 - target) * (-probability).ln_1p())
        })
    }

    /// The Brier score: the mean squared error of the probabilities.
    ///
    /// Σ w · (y · (1 − p)² + (1 − y) · p²) ÷ Σ w, which is the mean of (p − y)² where every y is 0 or 1.
    ///
    /// p: probability. y: target. w: weight. 0 to 1, 0 is best; 0.25 for saying one half always.
    ///
    /// Edge cases: `None` without weight.
    ///
    /// ```
    /// use arrears_models::classification::Probabilities;
    /// let probabilities = Probabilities::new(&[0.5, 0.25], &[1.0, 0.0], None).unwrap();
    /// // (1/4 + 1/16) ÷ 2
    /// assert_eq!(probabilities.brier(), Some(0.15625));
    /// ```
    ///
    /// Source: G. W. Brier (1950), *Verification of Forecasts Expressed in Terms of Probability*, Monthly Weather Review 78, 1–3.
    pub fn brier(&self) -> Option<f64> {
        self.0.mean(|probability, target| {
            let missed = 1.0 - probability;
            target * missed * missed + (1.0 - target) * probability * probability
        })
    }

    /// The Brier score in Murphy's parts, over the bins that `edges` make.
    ///
    /// Brier = reliability − resolution + uncertainty + within.
    ///
    /// - reliability = Σ_k W_k · (p̄_k − ȳ_k)² ÷ W; resolution = Σ_k W_k · (ȳ_k − ȳ)² ÷ W; uncertainty = ȳ · (1 − ȳ).
    /// - within = Σ w · (p − p̄_k)² ÷ W − 2 · Σ w · (p − p̄_k) · (y − ȳ_k) ÷ W.
    ///
    /// W, W_k: weight of all rows and of those of bin k. p̄, ȳ: mean probability and rate of events there. `edges`: where a bin ends and
    /// the next begins, rising; n edges make n + 1 bins, and a probability at an edge belongs to the bin above it. With 0.1, 0.2 … 0.9
    /// these are the usual tenths.
    ///
    /// Edge cases: `None` without weight. An empty bin adds nothing. Without edges all is one bin.
    ///
    /// # Panics
    ///
    /// When the edges do not rise.
    ///
    /// ```
    /// use arrears_models::classification::Probabilities;
    /// // Two at 0.2 without an event, two at 0.7 with one.
    /// let probabilities = Probabilities::new(&[0.2, 0.2, 0.7, 0.7], &[0.0, 0.0, 1.0, 0.0], None).unwrap();
    /// let parts = probabilities.brier_parts(&[0.5]).unwrap();
    /// // Both rates are off by 0.2; they are 0 and 1/2 around 1/4, and 1/4 · 3/4 is uncertain.
    /// assert!((parts.reliability - 0.04).abs() < 1e-15 && parts.resolution == 0.0625 && parts.uncertainty == 0.1875);
    /// assert!(parts.within.abs() < 1e-15);
    /// ```
    ///
    /// Sources: A. H. Murphy (1973), *A New Vector Partition of the Probability Score*, Journal of Applied Meteorology 12, 595–600.
    /// What lies within the bins: D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe (2008), *Two Extra Components in the Brier Score
    /// Decomposition*, Weather and Forecasting 23, 752–757.
    pub fn brier_parts(&self, edges: &[f64]) -> Option<BrierParts> {
        assert!(edges.is_sorted_by(|left, right| left < right), "the edges of the bins do not rise: {edges:?}");
        let bin_of = |probability: f64| edges.partition_point(|edge| *edge <= probability);
        let mut sums = vec![[0.0; 3]; edges.len() + 1];
        for (probability, target, weight) in self.0.rows() {
            let bin = &mut sums[bin_of(probability)];
            bin.iter_mut().zip([weight, weight * probability, weight * target]).for_each(|(sum, term)| *sum += term);
        }
        let bins: Vec<Bin> = sums.into_iter().map(Bin::of_sums).collect();
        let share = self.0.mean(|_, target| target)?;
        let mean = |measure: &dyn Fn(f64, f64) -> f64| {
            let weight: f64 = bins.iter().map(|bin| bin.weight).sum();
            let filled = bins.iter().filter_map(|bin| Some(bin.weight * measure(bin.probability?, bin.event_share?)));
            filled.sum::<f64>() / weight
        };
        let within = self.0.mean(|probability, target| {
            let bin = &bins[bin_of(probability)];
            // A row of a bin without weight has no weight either.
            let (mean, share) = (bin.probability.unwrap_or_default(), bin.event_share.unwrap_or_default());
            (probability - mean) * (probability - mean - 2.0 * (target - share))
        })?;
        Some(BrierParts {
            reliability: mean(&|probability, event_share| (probability - event_share).powi(2)),
            resolution: mean(&|_, event_share| (event_share - share).powi(2)),
            uncertainty: share * (1.0 - share),
            within,
            bins,
        })
    }

    /// Calibration slope and intercept: the logistic regression of the target on the log-odds of the probability, without a ridge.
    ///
    /// logit P(event) = intercept + slope · logit p, with p clipped to 1e-15 … 1 − 1e-15.
    ///
    /// p: probability. Log-odds on both sides; 0 and 1 are best. A slope below 1 is the mark of a model that learned its sample by heart.
    ///
    /// Edge cases: `None` when all targets are of one class, all probabilities are the same, or the probabilities separate the events
    /// from the others perfectly, so that the slope is infinite.
    ///
    /// ```
    /// use arrears_models::classification::Probabilities;
    /// // Said 1/10 and 9/10, came 1/4 and 3/4: log-odds of ± ln 9 should have been ± ln 3.
    /// let (said, came) = ([0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9], [1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    /// let calibration = Probabilities::new(&said, &came, None).unwrap().calibration().unwrap();
    /// assert!((calibration.slope - 0.5).abs() < 1e-9 && calibration.intercept.abs() < 1e-9);
    /// ```
    ///
    /// Source: D. R. Cox (1958), *Two Further Applications of a Model for Binary Regression*, Biometrika 45, 562–565.
    pub fn calibration(&self) -> Option<Calibration> {
        let log_odds = self.log_odds();
        let data = Data { values: &log_odds, columns: 1, target: self.0.target, weight: self.0.weight, offset: None };
        let fit = fit_data(data, &Options::with_ridge(0.0)).ok()?;
        fit.columns_dropped.is_empty().then(|| Calibration { intercept: fit.intercept, slope: fit.coefficients[0] })
    }

    /// Calibration in the large: the intercept with the slope fixed at 1, in log-odds.
    ///
    /// The a of logit P(event) = a + logit p, with p clipped to 1e-15 … 1 − 1e-15.
    ///
    /// p: probability. 0 is best; above 0 there were more events than were said.
    ///
    /// Edge cases: `None` when all targets are of one class; the intercept is infinite then.
    ///
    /// ```
    /// use arrears_models::classification::Probabilities;
    /// // Said even odds, came 3 : 1.
    /// let probabilities = Probabilities::new(&[0.5; 4], &[1.0, 1.0, 1.0, 0.0], None).unwrap();
    /// assert!((probabilities.calibration_in_the_large().unwrap() - 3.0_f64.ln()).abs() < 1e-9);
    /// ```
    ///
    /// Source: E. W. Steyerberg (2019), *Clinical Prediction Models*, 2nd edition, section 15.3.
    pub fn calibration_in_the_large(&self) -> Option<f64> {
        let log_odds = self.log_odds();
        let offset = Some(log_odds.as_slice());
        let data = Data { values: &[], columns: 0, target: self.0.target, weight: self.0.weight, offset };
        fit_data(data, &Options::with_ridge(0.0)).ok().map(|fit| fit.intercept)
    }

    fn log_odds(&self) -> Vec<f64> {
        self.0.score.iter().map(|probability| log_odds_of(clipped(*probability))).collect()
    }
}

impl Bin {
    /// From Σ w, Σ w · p, Σ w · y.
    fn of_sums([weight, probability, events]: [f64; 3]) -> Bin {
        let share = |sum: f64| (weight > 0.0).then(|| sum / weight);
        Bin { weight, probability: share(probability), event_share: share(events) }
    }
}

fn clipped(probability: f64) -> f64 {
    probability.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
}

/// The mean absolute error of predictions, in their unit; `None` without weight.
///
/// Σ w · |ŷ − y| ÷ Σ w.
///
/// ŷ: `predicted`, y: `actual`, in one unit, for example days. w: `weight`, ≥ 0; without it every row counts the same.
///
/// Edge cases: `None` when there is no row, or none has a weight.
///
/// # Panics
///
/// When the lists differ in length, when a value is not finite, when a weight is negative or not finite.
///
/// ```
/// use arrears_models::classification::mean_absolute_error;
/// // Off by 1, 2 and 3 days.
/// assert_eq!(mean_absolute_error(&[4.0, 0.0, 10.0], &[3.0, 2.0, 7.0], None), Some(2.0));
/// assert_eq!(mean_absolute_error(&[4.0, 0.0, 10.0], &[3.0, 2.0, 7.0], Some(&[2.0, 1.0, 0.0])), Some(4.0 / 3.0));
/// ```
///
/// Source: C. J. Willmott, K. Matsuura (2005), *Advantages of the Mean Absolute Error (MAE) over the Root Mean Square Error (RMSE)*,
/// Climate Research 30, 79–82.
pub fn mean_absolute_error(predicted: &[f64], actual: &[f64], weight: Option<&[f64]>) -> Option<f64> {
    assert_eq!(predicted.len(), actual.len(), "as many predictions as actual values are needed");
    assert!(weight.is_none_or(|weight| weight.len() == actual.len()), "as many weights as actual values are needed");
    let (mut error, mut total) = (0.0, 0.0);
    for (row, (predicted, actual)) in predicted.iter().zip(actual).enumerate() {
        let weight = weight.map_or(1.0, |weight| weight[row]);
        assert!(weight >= 0.0 && weight.is_finite(), "the weight of row {row} is negative or not finite: {weight}");
        assert!(predicted.is_finite() && actual.is_finite(), "row {row} is not finite: {predicted}, {actual}");
        error += weight * (predicted - actual).abs();
        total += weight;
    }
    (total > 0.0).then(|| error / total)
}
