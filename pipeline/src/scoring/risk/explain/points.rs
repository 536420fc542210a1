//! The points of a score, characteristic by characteristic, and why there are not more.

use super::Explainer;
use super::words::{PHRASES, Reader};
use crate::scoring::risk::scored::ScoredCustomer;
use arrears_models::scorecard::card::{CardCharacteristic, ScoreParts};
use serde::Serialize;

/// The score as a sum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PointsPart {
    /// Points of everybody.
    pub base: f64,
    /// Those of each characteristic, in the order of the card.
    pub characteristics: Vec<CharacteristicPoints>,
    /// Base and points: the score.
    pub sum: f64,
    /// The sum with the best bin of every characteristic.
    pub best_sum: f64,
    /// What speaks against the customer, the most points lost first; up to four.
    pub reasons: Vec<ReasonPart>,
}

/// The points of a characteristic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CharacteristicPoints {
    /// Its published name.
    pub characteristic: &'static str,
    /// In words.
    pub label: &'static str,
    /// What it is exactly, and when it is not known.
    pub meaning: &'static str,
    /// Its value; `None` where it is not known.
    pub value: Option<f64>,
    /// In words.
    pub value_text: String,
    /// The number of its bin, from 1 on, the lowest values first and values that are not known last.
    pub bin: usize,
    /// The values of the bin, in words.
    pub bin_text: String,
    /// Its points.
    pub points: f64,
    /// The points of the best bin.
    pub best_points: f64,
    /// Whether it is among the reasons.
    pub is_reason: bool,
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReasonPart {
    /// The characteristic.
    pub characteristic: &'static str,
    /// Points below its best bin.
    pub points_lost: f64,
    /// The reason in a sentence.
    pub sentence: String,
}

fn points(tenths: i32) -> f64 {
    f64::from(tenths) / 10.0
}

impl PointsPart {
    /// Of a customer with a score; `None` in default.
    pub fn new(explainer: &Explainer, of: &ScoredCustomer) -> Option<Self> {
        of.score_tenths?;
        let card = explainer.night.model.scorecard();
        let parts = card.score_of(&of.row.values);
        let best: i32 = card.characteristics.iter().map(best_of).sum();
        let reasons: Vec<ReasonPart> = of
            .reasons
            .iter()
            .flatten()
            .map(|reason| {
                let place = reason.characteristic as usize;
                let part = &card.characteristics[place];
                ReasonPart {
                    characteristic: PHRASES[part.column].name,
                    points_lost: points(reason.lost_tenths),
                    sentence: sentence(part, of.row.values[part.column], parts.bins[place], reason.lost_tenths),
                }
            })
            .collect();
        Some(PointsPart {
            base: points(card.base_tenths),
            characteristics: card.characteristics.iter().enumerate().map(|(place, part)| characteristic(part, place, &parts, of)).collect(),
            sum: points(card.base_tenths + parts.points_tenths.iter().sum::<i32>()),
            best_sum: points(card.base_tenths + best),
            reasons,
        })
    }
}

fn best_of(part: &CardCharacteristic) -> i32 {
    part.points_tenths.iter().copied().max().unwrap_or(0)
}

fn characteristic(part: &CardCharacteristic, place: usize, parts: &ScoreParts, of: &ScoredCustomer) -> CharacteristicPoints {
    let value = of.row.values[part.column];
    let bin = parts.bins[place];
    let reader = Reader::new(part, value);
    CharacteristicPoints {
        characteristic: PHRASES[part.column].name,
        label: PHRASES[part.column].label,
        meaning: crate::scoring::characteristics::CHARACTERISTICS[part.column].meaning,
        value: (!value.is_nan()).then_some(f64::from(value)),
        value_text: reader.value(value),
        bin: bin + 1,
        bin_text: reader.range(bin),
        points: points(parts.points_tenths[place]),
        best_points: points(best_of(part)),
        is_reason: of.reasons.iter().flatten().any(|reason| reason.characteristic as usize == place),
    }
}

/// The value against the bin that would be better: the nearest one, and the best.
fn sentence(part: &CardCharacteristic, value: f32, bin: usize, lost_tenths: i32) -> String {
    let reader = Reader::new(part, value);
    let label = PHRASES[part.column].label;
    let lost = points(lost_tenths);
    let is = if value.is_nan() { format!("{label}: not known") } else { format!("{label}: {}", reader.value(value)) };
    // The last bin is that of values that are not known.
    let of_values = 0..part.points_tenths.len() - 1;
    let mut better: Vec<usize> = of_values.filter(|at| part.points_tenths[*at] > part.points_tenths[bin]).collect();
    better.sort_by_key(|at| part.points_tenths[*at]);
    let gain = |at: &usize| points(part.points_tenths[*at] - part.points_tenths[bin]);
    match (better.first(), better.last()) {
        (Some(nearest), Some(best)) if part.points_tenths[*nearest] != part.points_tenths[*best] => format!(
            "{is}; {} would be {:.1} points better, {} the best there is, {lost:.1}",
            reader.range(*nearest),
            gain(nearest),
            reader.range(*best)
        ),
        (_, Some(best)) => format!("{is}; {} would be {:.1} points better, the best there is", reader.range(*best), gain(best)),
        _ => format!("{is}; {lost:.1} points below the best there is"),
    }
}
