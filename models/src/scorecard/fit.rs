//! The fit of a scorecard: which characteristics, what each is worth, and how sure that is.
//!
//! Everything that is chosen by looking at the outcome (bins, characteristics, signs, the ridge) is chosen anew inside each fold, so that
//! the log-odds out of fold are those of a recipe that has not seen them.

mod covariance;
mod patterns;
mod prepared;
mod regression;
mod selection;
mod validation;

pub(super) use prepared::canonical_order;

use super::card::CardCharacteristic;
use super::comparison::GroupPlaces;
use super::{Bins, Sample, Scorecard, Unbinned, Uncertainty, Unfit, bins, folds};
use prepared::Prepared;
use regression::{Regression, Solver};
use selection::develop;

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How to bin.
    pub bins: bins::Options,
    /// A characteristic with less information value is left out.
    pub information_value_min: f64,
    /// Characteristics at most.
    pub characteristics_max: usize,
    /// Of two whose weights of evidence correlate more than this, either way, the better stays.
    pub correlation_max: f64,
    /// A single characteristic with a higher AUC is a suspected leak and left out.
    pub leak_auc: f64,
    /// The same only with so many groups with an event.
    pub leak_groups_min: usize,
    /// Ridges to choose from, rising, one at least, each relative to the variance of the target ȳ · (1 − ȳ): 0.1 draws a coefficient
    /// of a characteristic of its own to 0 by about a tenth, however rare events are.
    pub ridges: Vec<f64>,
    /// Folds, ≥ 2.
    pub folds: u32,
    /// Replicates of the cluster bootstrap.
    pub replicates: usize,
    /// Probability of the interval, between 0 and 1.
    pub level: f64,
    /// Of the random numbers.
    pub seed: u64,
}

impl Options {
    /// Of a full card: up to 12 characteristics with an information value of 0.02.
    pub fn full() -> Options {
        Options {
            bins: bins::Options::default(),
            information_value_min: 0.02,
            characteristics_max: 12,
            correlation_max: 0.9,
            leak_auc: 0.95,
            leak_groups_min: 100,
            ridges: vec![0.001, 0.01, 0.03, 0.1, 0.3],
            folds: folds::FOLDS,
            replicates: 200,
            level: 0.9,
            seed: 0,
        }
    }

    /// Of a small card: up to 5 characteristics with an information value of 0.05, in up to 4 bins, less alike than those of a full
    /// one, with a stronger ridge.
    pub fn small() -> Options {
        Options {
            bins: bins::Options { bins_max: 4, ..bins::Options::default() },
            information_value_min: 0.05,
            characteristics_max: 5,
            // With five to choose, the second of two that say nearly the same is not one of them.
            correlation_max: 0.7,
            ridges: vec![0.1, 0.3, 1.0],
            ..Options::full()
        }
    }
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

impl Fate {
    /// In one word, for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Fate::Selected => "selected",
            Fate::Unbinned(unbinned) => unbinned.word(),
            Fate::Weak => "weak",
            Fate::SuspectedLeak { .. } => "suspected_leak",
            Fate::Duplicate { .. } => "duplicate",
            Fate::BeyondMax => "beyond_max",
            Fate::WrongSign { .. } => "wrong_sign",
        }
    }
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

impl Counts {
    /// Counts rows and groups.
    ///
    /// # Panics
    ///
    /// When the lists differ in length.
    pub fn of(is_event: &[bool], group: &[u32]) -> Counts {
        assert_eq!(is_event.len(), group.len(), "as many groups as rows are needed");
        let places = GroupPlaces::of(group);
        let mut has_event = vec![false; places.groups];
        for (place, is_event) in places.place.iter().zip(is_event) {
            has_event[*place as usize] |= is_event;
        }
        let count = |list: &[bool]| list.iter().filter(|is_true| **is_true).count();
        Counts { rows: group.len(), events: count(is_event), groups: places.groups, event_groups: count(&has_event) }
    }
}

/// Fits a scorecard.
///
/// 1. [`Bins`] of each characteristic. Left out are those without bins, with too little information value, suspected leaks, duplicates of
///    a better one, and all beyond the best `characteristics_max`.
/// 2. The ridge with the least log-loss on the folds left out, of equal ones the stronger; [`folds::fold_of`] says which group is where.
/// 3. Ridge logistic regression on the weights of evidence. While a coefficient is not above 0, though higher is riskier, the lowest on
///    standardised columns leaves.
/// 4. The regression that is left through [`crate::logistic::fit_through_linfa`], with its certificate.
/// 5. Covariance of its coefficients by a bootstrap of groups, each replicate one Newton step away; bins and selection are held, so
///    that it does not know what choosing them cost.
///
/// # Errors
///
/// [`Unfit`] says why there is no card.
///
/// # Panics
///
/// When an option makes no sense: no ridges, fewer than two folds, more than 250 bins.
///
/// Sources: N. Siddiqi (2017), *Intelligent Credit Scoring*, 2nd edition, chapters 6 and 10. Bootstrap: A. C. Davison, D. V. Hinkley
/// (1997), *Bootstrap Methods and their Application*, section 7.2.2 (one step), C. A. Field, A. H. Welsh (2007), *Bootstrapping Clustered
/// Data*, Journal of the Royal Statistical Society B 69, 369–390 (groups). Sandwich: K.-Y. Liang, S. L. Zeger (1986), *Longitudinal Data
/// Analysis Using Generalized Linear Models*, Biometrika 73, 13–22.
pub fn fit(sample: &Sample, options: &Options) -> Result<Fitted, Unfit> {
    let prepared = Prepared::of(sample, options)?;
    let counts = Counts::of(sample.is_event, sample.group);
    // Before the folds: what cannot be fitted to all rows cannot be validated.
    let mut development = develop(&prepared, |_| true, options)?;
    let validated = validation::cross_validate(&prepared, options);
    let ridge = options.ridges[validated.ridge];
    let signed = Regression::of(&prepared, &development, &development.all_places(), ridge, Solver::Newton)?;
    let certified = Regression::of(&prepared, &development, &signed.places, ridge, Solver::Linfa)?;
    for (place, coefficient) in signed.left.iter().chain(&certified.left) {
        development.judged[development.coded[*place].column].fate = Fate::WrongSign { coefficient: *coefficient };
    }
    let spread = covariance::of(&prepared, &development, &certified, options);
    let scorecard = card(&prepared, &development, &certified, spread.bootstrap, options);
    Ok(Fitted {
        scorecard,
        characteristics: development.judged,
        regression: certified.fit,
        ridge,
        ridge_losses: validated.losses,
        standard_errors: spread.standard_errors,
        out_of_fold: validated.out_of_fold,
        counts,
    })
}

/// Log-odds of each row, in the order of the sample, by the whole recipe of [`fit`] without the row's fold.
///
/// Where a recipe has nothing to learn from without a fold, its rows get the log-odds of the other rows' rate.
///
/// # Errors
///
/// As [`fit`].
pub fn out_of_fold(sample: &Sample, options: &Options) -> Result<Vec<f64>, Unfit> {
    let prepared = Prepared::of(sample, options)?;
    develop(&prepared, |_| true, options)?;
    Ok(validation::cross_validate(&prepared, options).out_of_fold)
}

/// The card of a regression.
fn card(
    prepared: &Prepared,
    development: &selection::Development,
    regression: &Regression,
    covariance: Vec<f64>,
    options: &Options,
) -> Scorecard {
    let part = |(place, coefficient): (&usize, &f64)| {
        let coded = &development.coded[*place];
        let (name, direction) = prepared.named(coded.column);
        CardCharacteristic::new(name.to_string(), coded.column, direction, coded.bins.clone(), *coefficient)
    };
    let parts = regression.places.iter().zip(&regression.fit.coefficients).map(part).collect();
    Scorecard::new(parts, regression.fit.intercept, Uncertainty::Covariance(covariance), options.level)
}
