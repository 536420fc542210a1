//! Calibration of the card that was chosen, on rows that its recipe had not seen.

use super::super::calibration::{Calibration, Kind, calibrate, shift_to_rate};
use super::super::expert::Observed;
use super::super::fit::{Fitted, canonical_order};
use super::super::{Sample, Scorecard};
use crate::intervals::jeffreys;
use crate::logistic::probability_from;

/// The rows to calibrate on, in an order that does not depend on that of the sample.
pub(super) fn calibration_rows(sample: &Sample, is_calibration: &[bool]) -> Vec<u32> {
    canonical_order(sample).into_iter().filter(|row| is_calibration[*row as usize]).collect()
}

/// The card of a fit with its calibration folded in; as it is where there are no rows to calibrate on.
pub(super) fn calibrated(fitted: &Fitted, sample: &Sample, rows: &[u32], is_platt: bool) -> (Scorecard, Option<(Kind, Calibration)>) {
    if rows.is_empty() {
        return (fitted.scorecard.clone(), None);
    }
    let rows = || rows.iter().map(|row| *row as usize);
    let log_odds: Vec<f64> = rows().map(|row| fitted.out_of_fold[row]).collect();
    let is_event: Vec<bool> = rows().map(|row| sample.is_event[row]).collect();
    let group: Vec<u32> = rows().map(|row| sample.group[row]).collect();
    let of_kind = |kind| calibrate(&log_odds, &is_event, None, &group, kind).ok().map(|calibration| (kind, calibration));
    let platt = || of_kind(Kind::Platt).filter(|(_, calibration)| calibration.slope > 0.0);
    let level = || of_kind(Kind::Intercept).unwrap_or_else(|| (Kind::Intercept, at_jeffreys_mean(&log_odds, &is_event, &group)));
    let (kind, calibration) = if is_platt { platt().unwrap_or_else(level) } else { level() };
    let weights: Vec<f64> = log_odds
        .iter()
        .map(|log_odds| probability_from(calibration.intercept + calibration.slope * log_odds))
        .map(|probability| probability * (1.0 - probability))
        .collect();
    let centre = mean_evidence(&fitted.scorecard, sample, rows().zip(weights));
    (fitted.scorecard.calibrated(&calibration, &centre), Some((kind, calibration)))
}

/// The level of rows of which none is an event, or every one: Jeffreys' mean rather than nothing.
fn at_jeffreys_mean(log_odds: &[f64], is_event: &[bool], group: &[u32]) -> Calibration {
    let Observed { events, of } = Observed::of_sample(&Sample { characteristics: &[], is_event, group });
    // The interval is not used, its mean does not depend on the level.
    let rate = jeffreys(events, of, 0.9).mean;
    let variance = 1.0 / (events + 0.5) + 1.0 / (of - events + 0.5);
    Calibration { intercept: shift_to_rate(log_odds, rate), slope: 1.0, covariance: [variance, 0.0, 0.0, 0.0] }
}

/// Weighted mean of the weights of evidence of each characteristic of the card.
fn mean_evidence(card: &Scorecard, sample: &Sample, rows: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut sums = vec![0.0; card.characteristics.len()];
    let mut total = 0.0;
    for (row, weight) in rows {
        total += weight;
        for (sum, part) in sums.iter_mut().zip(&card.characteristics) {
            let bin = part.bins.bin_of(sample.characteristics[part.column].values[row]);
            *sum += weight * part.bins.bins[bin].woe;
        }
    }
    // Where no row is in doubt there is nothing to centre on.
    sums.into_iter().map(|sum| if total > 0.0 { sum / total } else { 0.0 }).collect()
}
