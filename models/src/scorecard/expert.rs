//! The card of an expert, for portfolios with too few defaults to learn from: points that are published beforehand, and a level that is
//! what the portfolio has seen, with an honest upper bound where it has seen nothing.

use super::bins::{Bin, Bins, Direction};
use super::calibration::shift_to_rate;
use super::card::{CardCharacteristic, Scorecard, Uncertainty};
use super::{Characteristic, Sample};
use crate::intervals::jeffreys;

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
    /// Log-odds of each bin: `edges.len() + 1` bins and last that of missing values. Above 0 riskier than the usual customer, which is
    /// what makes it a reason.
    pub log_odds: Vec<f64>,
}

/// Published points.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpertCard {
    /// In the order of declaration.
    pub characteristics: Vec<ExpertCharacteristic>,
    /// The rate to assume where no row was observed at all, between 0 and 1: published as well.
    pub rate_without_rows: f64,
}

/// What was seen of the portfolio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Independent events, ≥ 0: groups with an event.
    pub events: f64,
    /// Independent observations, ≥ `events`.
    pub of: f64,
}

impl Observed {
    /// What a sample's rows are worth: events are counted by group, and the observations such that their rate is that of the rows.
    ///
    /// One default shows in the rows of several month ends, so that rows would say more than was seen. Without an event each group
    /// counts once.
    pub fn of_sample(sample: &Sample) -> Observed {
        let counts = super::fit::Counts::of(sample.is_event, sample.group);
        let events = counts.event_groups as f64;
        let of = if counts.events > 0 { events * counts.rows as f64 / counts.events as f64 } else { counts.groups as f64 };
        Observed { events, of }
    }
}

/// An expert's card at the level of the portfolio.
///
/// The intercept is such that the mean probability of the rows is Jeffreys' mean (d + ½) ÷ (n + 1); the interval is what it would be at
/// Jeffreys' bounds, the same shift of log-odds for everybody.
///
/// d, n: `observed`. `rows`: characteristics of the sample, one value a row. `is_event`: one a row, for the counts by bin only. `level`:
/// probability of the interval, between 0 and 1.
///
/// Edge cases: with no event the lower bound is 0 and the upper one is not: nothing seen is not nothing there. Without rows the mean is
/// `rate_without_rows`, of a customer whose log-odds are 0, and the interval 0 to 1.
///
/// # Panics
///
/// When edges do not rise, log-odds are not finite or not one a bin, a column is not in `rows` while there are rows, or the rate
/// without rows is not between 0 and 1.
///
/// Source: of the level, K. Pluto, D. Tasche (2005), *Thinking Positively*, Risk 18(8), 72–78; here with Jeffreys' interval.
pub fn calibrated(card: &ExpertCard, rows: &[Characteristic], is_event: &[bool], observed: Observed, level: f64) -> Scorecard {
    assert!(card.rate_without_rows > 0.0 && card.rate_without_rows < 1.0, "a rate lies between 0 and 1: {}", card.rate_without_rows);
    let parts: Vec<CardCharacteristic> = card.characteristics.iter().map(|part| with_counts(part, rows, is_event)).collect();
    let mut uncalibrated = Scorecard::new(parts, 0.0, Uncertainty::Shift { lower: 0.0, upper: 0.0 }, level);
    let log_odds: Vec<f64> = (0..is_event.len()).map(|row| log_odds(&uncalibrated, rows, row)).collect();
    let rate = jeffreys(observed.events, observed.of, level);
    let mean = if is_event.is_empty() { card.rate_without_rows } else { rate.mean };
    let shift = shift_to_rate(&log_odds, mean);
    uncalibrated.uncertainty = Uncertainty::Shift {
        lower: (shift_to_rate(&log_odds, rate.lower) - shift).min(0.0),
        upper: (shift_to_rate(&log_odds, rate.upper) - shift).max(0.0),
    };
    Scorecard::new(uncalibrated.characteristics, shift, uncalibrated.uncertainty, level)
}

/// Log-odds of a row of a sample.
pub(super) fn log_odds(card: &Scorecard, rows: &[Characteristic], row: usize) -> f64 {
    card.log_odds_by(|column| rows[column].values[row])
}

/// A characteristic with the expert's log-odds in the place of weights of evidence.
fn with_counts(part: &ExpertCharacteristic, rows: &[Characteristic], is_event: &[bool]) -> CardCharacteristic {
    let ExpertCharacteristic { name, column, direction, edges, log_odds } = part;
    assert!(edges.is_sorted_by(|left, right| left < right), "the edges of {name} do not rise: {edges:?}");
    assert_eq!(log_odds.len(), edges.len() + 2, "{name} has not one log-odds a bin and one for missing values");
    assert!(log_odds.iter().all(|log_odds| log_odds.is_finite()), "the log-odds of {name} are not finite: {log_odds:?}");
    let bins = log_odds.iter().map(|woe| Bin { rows: 0, events: 0, woe: *woe, information_value: 0.0 }).collect();
    let mut bins = Bins { edges: edges.clone(), bins };
    for (row, is_event) in is_event.iter().enumerate() {
        let bin = bins.bin_of(rows[*column].values[row]);
        bins.bins[bin].rows += 1;
        bins.bins[bin].events += u64::from(*is_event);
    }
    let sum = |of: fn(&Bin) -> u64| bins.bins.iter().map(of).sum::<u64>() as f64;
    let (events, others) = (sum(|bin| bin.events), sum(|bin| bin.rows - bin.events));
    if events > 0.0 && others > 0.0 {
        for bin in &mut bins.bins {
            bin.information_value = (bin.events as f64 / events - (bin.rows - bin.events) as f64 / others) * bin.woe;
        }
    }
    CardCharacteristic::new(name.clone(), *column, *direction, bins, 1.0)
}
