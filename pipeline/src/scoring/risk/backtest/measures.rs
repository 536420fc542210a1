//! What is measured of scores whose outcomes are known.

use arrears_models::classification::{BrierParts, Probabilities};
use arrears_models::intervals::{RateInterval, jeffreys};
use arrears_models::scorecard::comparison::{self, AucComparison, compare_auc};
use std::collections::BTreeSet;

/// Scores with what came of them.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// What was said, 0 to 1.
    pub pd: Vec<f64>,
    /// What the rule of thumb said: higher is riskier.
    pub rule: Vec<f64>,
    /// What came.
    pub is_event: Vec<bool>,
    /// The family of each row.
    pub group: Vec<u32>,
}

/// Figures of a set of rows. What the rows cannot tell is `None`.
#[derive(Clone, Debug)]
pub struct Measures {
    /// Rows.
    pub rows: usize,
    /// Rows with an event.
    pub events: usize,
    /// Families with an event.
    pub defaulted_families: usize,
    /// Areas under the ROC curve of the model (first) and the rule (second), and their difference, with replicates by family.
    pub auc: Option<AucComparison>,
    /// Largest distance between the distributions of events and others, of the model.
    pub ks: Option<f64>,
    /// Mean log-loss.
    pub log_loss: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Its parts, over the edges of the grades.
    pub brier_parts: Option<BrierParts>,
    /// Slope of the calibration in log-odds: 1 is best.
    pub slope: Option<f64>,
    /// Intercept beside that slope, log-odds: 0 is best.
    pub intercept: Option<f64>,
    /// Log-odds to add for the mean to be right: 0 is best.
    pub in_the_large: Option<f64>,
    /// Mean of what was said.
    pub mean_pd: Option<f64>,
}

/// How often a class defaulted beside what was said of it.
#[derive(Clone, Debug)]
pub struct Reliability {
    /// Rows.
    pub rows: usize,
    /// Families of the rows.
    pub families: usize,
    /// Families with an event.
    pub defaulted_families: usize,
    /// Rows with an event.
    pub events: usize,
    /// Mean of what was said.
    pub mean_pd: f64,
    /// Share of the rows with an event.
    pub rate: f64,
    /// Jeffreys' 90 % interval of the share, families counting once: rows of one family are not independent.
    pub interval: RateInterval,
}

impl Judged {
    /// One more row.
    pub fn push(&mut self, pd: f64, rule: f64, is_event: bool, group: u32) {
        self.pd.push(pd);
        self.rule.push(rule);
        self.is_event.push(is_event);
        self.group.push(group);
    }

    /// Measures all rows. `edges` are those of the grades.
    pub fn measures(&self, edges: &[f64], options: &comparison::Options) -> Measures {
        let target: Vec<f64> = self.is_event.iter().map(|is_event| f64::from(u8::from(*is_event))).collect();
        let probabilities = Probabilities::new(&self.pd, &target, None).ok();
        let families: BTreeSet<u32> =
            self.group.iter().zip(&self.is_event).filter(|(_, is_event)| **is_event).map(|(group, _)| *group).collect();
        let of = |measure: fn(&Probabilities) -> Option<f64>| probabilities.as_ref().and_then(measure);
        let calibration = probabilities.as_ref().and_then(Probabilities::calibration);
        Measures {
            rows: self.pd.len(),
            events: self.is_event.iter().filter(|is_event| **is_event).count(),
            defaulted_families: families.len(),
            auc: compare_auc(&self.pd, &self.rule, &self.is_event, &self.group, options),
            ks: of(|probabilities| probabilities.scores().ks()),
            log_loss: of(|probabilities| probabilities.log_loss()),
            brier: of(|probabilities| probabilities.brier()),
            brier_parts: probabilities.as_ref().and_then(|probabilities| probabilities.brier_parts(edges)),
            slope: calibration.as_ref().map(|calibration| calibration.slope),
            intercept: calibration.as_ref().map(|calibration| calibration.intercept),
            in_the_large: of(|probabilities| probabilities.calibration_in_the_large()),
            mean_pd: (!self.pd.is_empty()).then(|| self.pd.iter().sum::<f64>() / self.pd.len() as f64),
        }
    }

    /// The reliability of the rows for which `is_in` holds; `None` without any.
    pub fn reliability(&self, is_in: impl Fn(usize) -> bool) -> Option<Reliability> {
        let rows: Vec<usize> = (0..self.pd.len()).filter(|row| is_in(*row)).collect();
        if rows.is_empty() {
            return None;
        }
        let families: BTreeSet<u32> = rows.iter().map(|row| self.group[*row]).collect();
        let defaulted: BTreeSet<u32> = rows.iter().filter(|row| self.is_event[**row]).map(|row| self.group[*row]).collect();
        let events = rows.iter().filter(|row| self.is_event[**row]).count();
        let count = rows.len() as f64;
        let rate = events as f64 / count;
        // As many independent observations as families, with the share of the rows.
        let independent = families.len() as f64;
        Some(Reliability {
            rows: rows.len(),
            families: families.len(),
            defaulted_families: defaulted.len(),
            events,
            mean_pd: rows.iter().map(|row| self.pd[*row]).sum::<f64>() / count,
            rate,
            interval: jeffreys(rate * independent, independent, 0.9),
        })
    }
}
