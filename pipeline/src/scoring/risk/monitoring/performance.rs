//! What was said beside what came: figures of a month end and of all that are judged together, for all customers and by grade.

use super::Matured;
use crate::ledger::calendar::Day;
use crate::scoring::grades::{EDGES, Grade};
use crate::scoring::risk::Looking;
use crate::scoring::risk::backtest::measures::{Judged, Measures, Reliability};
use arrears_models::scorecard::comparison;
use arrears_models::scorecard::comparison::Replicated;

/// How often families are drawn.
const REPLICATES: usize = 1_000;
/// Probability of the intervals.
const LEVEL: f64 = 0.9;
/// Why nothing can be said.
pub const NO_MATURED_MONTH_END: &str = "no_matured_month_end";

/// Scores of a month end, or of all, with what came.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// The month end; `None` for all together.
    pub month_end: Option<Day>,
    /// Step of the ladder that the model stood on; `None` for all together.
    pub tier: Option<&'static str>,
    /// Month ends that it had learnt from.
    pub learnt_month_ends: Option<usize>,
    /// Said and came, row by row.
    pub judged: Judged,
}

/// How many stand behind a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Customers at a month end.
    pub rows: usize,
    /// Of them, with a default within the horizon.
    pub events: usize,
    /// Families of the rows.
    pub families: usize,
    /// Families with a default.
    pub defaulted_families: usize,
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The month end; `None` for all together.
    pub month_end: Option<Day>,
    /// The grade of what was said; `None` for all of them.
    pub grade: Option<Grade>,
    /// Its name.
    pub metric: &'static str,
    /// Its value; `None` with a reason.
    pub value: Option<f64>,
    /// 90 % interval.
    pub interval: Option<(f64, f64)>,
    /// For `default_rate`: the mean chance that was said.
    pub said: Option<f64>,
    /// Rows and families.
    pub behind: Behind,
    /// Step of the ladder.
    pub tier: Option<&'static str>,
    /// Month ends that the model had learnt from.
    pub learnt_month_ends: Option<usize>,
    /// Why there is no value.
    pub reason: Option<&'static str>,
}

impl Figure {
    /// Whether what was said lies outside the interval of what came.
    pub fn is_outside(&self) -> Option<bool> {
        let ((lower, upper), said) = self.interval.zip(self.said)?;
        Some(said < lower || said > upper)
    }
}

/// The month ends one by one, and all together at the end.
pub fn judgements(looking: &Looking, matured: &[Matured]) -> Vec<Judgement> {
    let group = |family: u32| looking.group(family);
    let mut together = Judgement::default();
    let mut all: Vec<Judgement> = Vec::new();
    for Matured { model, tested } in matured {
        let mut judged = Judged::default();
        for of in tested {
            for sheet in [&mut judged, &mut together.judged] {
                sheet.push(of.pd, of.row.aging_rule(), of.is_event, group(of.row.family));
            }
        }
        all.push(Judgement {
            month_end: Some(model.origin),
            tier: Some(model.tier.word()),
            learnt_month_ends: Some(model.month_ends),
            judged,
        });
    }
    all.push(together);
    all
}

/// The figures of a judgement: of all its rows, then of each grade that was said of somebody. `seed` names the draws.
pub fn figures(of: &Judgement, seed: u64) -> Vec<Figure> {
    let all = of.judged.reliability(|_| true);
    // Draws of their own for each month end; days before 1970 do not occur among matured ones.
    let stream = of.month_end.map_or(0, |day| u64::try_from(day).unwrap_or(0));
    let measures = of.judged.measures(&EDGES, &comparison::Options { replicates: REPLICATES, seed, stream });
    let behind = all.as_ref().map_or_else(Behind::default, Behind::of);
    let mut figures = vec![rate_figure(of, None, all.as_ref())];
    let others = values(&measures).into_iter().map(|(metric, value, interval)| Figure {
        value,
        interval,
        reason: value.is_none().then(|| reason(behind)),
        ..Figure::empty(of, None, metric, behind)
    });
    figures.extend(others);
    for grade in Grade::ALL.into_iter().filter(|grade| grade.class().is_some()) {
        if let Some(reliability) = of.judged.reliability(|row| Grade::of(of.judged.pd[row]) == grade) {
            figures.push(rate_figure(of, Some(grade), Some(&reliability)));
        }
    }
    figures
}

impl Behind {
    fn of(reliability: &Reliability) -> Self {
        let Reliability { rows, events, families, defaulted_families, .. } = *reliability;
        Behind { rows, events, families, defaulted_families }
    }
}

impl Figure {
    fn empty(of: &Judgement, grade: Option<Grade>, metric: &'static str, behind: Behind) -> Self {
        Figure {
            month_end: of.month_end,
            grade,
            metric,
            value: None,
            interval: None,
            said: None,
            behind,
            tier: of.tier,
            learnt_month_ends: of.learnt_month_ends,
            reason: None,
        }
    }
}

fn rate_figure(of: &Judgement, grade: Option<Grade>, reliability: Option<&Reliability>) -> Figure {
    let behind = reliability.map_or_else(Behind::default, Behind::of);
    Figure {
        value: reliability.map(|reliability| reliability.rate),
        interval: reliability.map(|reliability| (reliability.interval.lower, reliability.interval.upper)),
        said: reliability.map(|reliability| reliability.mean_pd),
        reason: reliability.is_none().then(|| reason(behind)),
        ..Figure::empty(of, grade, "default_rate", behind)
    }
}

/// Why a figure is not defined.
fn reason(behind: Behind) -> &'static str {
    match behind {
        Behind { rows: 0, .. } => NO_MATURED_MONTH_END,
        Behind { events: 0, .. } => "no_defaults",
        Behind { rows, events, .. } if rows == events => "only_defaults",
        // Said the same of everybody, or told defaults and others apart without a mistake.
        _ => "no_finite_fit",
    }
}

type Value = (&'static str, Option<f64>, Option<(f64, f64)>);

fn values(measures: &Measures) -> Vec<Value> {
    let replicated = |value: Option<&Replicated>| (value.map(|value| value.value), value.map(|value| value.interval(LEVEL)));
    let auc = measures.auc.as_ref();
    let (first, first_interval) = replicated(auc.map(|auc| &auc.first));
    let (second, second_interval) = replicated(auc.map(|auc| &auc.second));
    let (difference, difference_interval) = replicated(auc.map(|auc| &auc.difference));
    let gini = |auc: f64| 2.0 * auc - 1.0;
    let parts = measures.brier_parts.as_ref();
    vec![
        ("auc", first, first_interval),
        ("auc_of_aging_rule", second, second_interval),
        ("auc_less_aging_rule", difference, difference_interval),
        ("gini", first.map(gini), first_interval.map(|(lower, upper)| (gini(lower), gini(upper)))),
        ("ks", measures.ks, None),
        ("brier", measures.brier, None),
        ("brier_reliability", parts.map(|parts| parts.reliability), None),
        ("brier_resolution", parts.map(|parts| parts.resolution), None),
        ("brier_uncertainty", parts.map(|parts| parts.uncertainty), None),
        ("brier_within", parts.map(|parts| parts.within), None),
        ("log_loss", measures.log_loss, None),
        ("calibration_slope", measures.slope, None),
        ("calibration_intercept", measures.intercept, None),
        ("calibration_in_the_large", measures.in_the_large, None),
    ]
}
