//! The fit.

use super::{Bins, Sample, Scorecard, Unbinned, Unfit, bins};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How to bin.
    pub bins: bins::Options,
    /// A characteristic with less information value is left out: 0.02.
    pub information_value_min: f64,
    /// Characteristics at most: 12.
    pub characteristics_max: usize,
    /// Of two whose weights of evidence correlate more than this, the better stays: 0.9.
    pub correlation_max: f64,
    /// A single characteristic with a higher AUC is a suspected leak and left out: 0.95.
    pub leak_auc: f64,
    /// The same only with so many groups with an event: 100.
    pub leak_groups_min: usize,
    /// Ridges to choose from, rising, each relative to the variance of the target ȳ · (1 − ȳ).
    pub ridges: Vec<f64>,
    /// Folds: 5.
    pub folds: u32,
    /// Replicates of the cluster bootstrap: 200.
    pub replicates: usize,
    /// Probability of the interval: 0.9.
    pub level: f64,
    /// Of the random numbers.
    pub seed: u64,
}

/// What became of a characteristic.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is on the card.
    Selected,
    /// It has no bins.
    Unbinned(Unbinned),
    /// Too little information value.
    Weak,
    /// It knows the event too well.
    SuspectedLeak {
        /// AUC of the characteristic alone.
        auc: f64,
    },
    /// It says the same as a better one.
    Duplicate {
        /// Position of the better one in the sample.
        of: usize,
        /// Correlation of their weights of evidence.
        correlation: f64,
    },
    /// Enough better ones were found.
    BeyondMax,
    /// Beside the others it would count the wrong way round.
    WrongSign {
        /// Its coefficient when it left, on standardised columns.
        coefficient: f64,
    },
}

/// A characteristic of the sample, whether it is on the card or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// Σ of its bins' parts; `None` without bins.
    pub information_value: Option<f64>,
    /// What became of it.
    pub fate: Fate,
    /// Its bins, also where it is not on the card (for drift); `None` without.
    pub bins: Option<Bins>,
}

/// A fitted scorecard, not yet calibrated.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The card.
    pub scorecard: Scorecard,
    /// Every characteristic of the sample, in its order.
    pub characteristics: Vec<Judged>,
    /// The certified regression on the weights of evidence of the card's characteristics.
    pub regression: crate::logistic::Fit,
    /// The ridge chosen, relative as in [`Options::ridges`].
    pub ridge: f64,
    /// Mean log-loss of each ridge on the folds left out.
    pub ridge_losses: Vec<f64>,
    /// Standard errors, cluster-robust (sandwich): the intercept, then the card's characteristics.
    pub standard_errors: Vec<f64>,
    /// Log-odds of each row by a recipe that has not seen its fold, in the sample's order.
    pub out_of_fold: Vec<f64>,
    /// Rows, events, groups and groups with an event.
    pub counts: Counts,
}

/// What a sample holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: usize,
    /// Rows with an event.
    pub events: usize,
    /// Groups.
    pub groups: usize,
    /// Groups with an event.
    pub event_groups: usize,
}

/// Fits a scorecard.
pub fn fit(sample: &Sample, options: &Options) -> Result<Fitted, Unfit> {
    let _ = (sample, options);
    unimplemented!()
}

/// Log-odds of each row by the whole recipe fitted without its fold.
pub fn out_of_fold(sample: &Sample, options: &Options) -> Result<Vec<f64>, Unfit> {
    let _ = (sample, options);
    unimplemented!()
}
