//! The expert's card.

use super::{Characteristic, Direction, Scorecard};

/// One characteristic of an expert's card.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpertCharacteristic {
    /// Its name.
    pub name: String,
    /// Its position among the characteristics of the sample.
    pub column: usize,
    /// Which way it is riskier.
    pub direction: Direction,
    /// Upper edges, inclusive, rising.
    pub edges: Vec<f32>,
    /// Log-odds of each bin against the portfolio: `edges.len() + 1` bins and last that of missing values.
    pub log_odds: Vec<f64>,
}

/// Published points.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpertCard {
    /// In the order of declaration.
    pub characteristics: Vec<ExpertCharacteristic>,
    /// The rate to assume where no row was observed at all.
    pub rate_without_rows: f64,
}

/// What was seen of the portfolio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Independent events (groups with an event).
    pub events: f64,
    /// Independent observations.
    pub of: f64,
}

/// Calibrates an expert's card to the portfolio.
pub fn calibrated(card: &ExpertCard, rows: &[Characteristic], is_event: &[bool], observed: Observed, level: f64) -> Scorecard {
    let _ = (card, rows, is_event, observed, level);
    unimplemented!()
}
