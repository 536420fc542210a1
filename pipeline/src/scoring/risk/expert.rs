//! The points of an expert, for a ledger with too few defaults to learn from.
//!
//! Log-odds against the typical customer. They are a convention: how late a customer is now says most, because days past due are what
//! a default is counted in, and are told apart finely; how late it was says less, the rest a little. None of them is a coefficient of
//! a fit; how fine the bins must be was seen on generated books. The level is that of the portfolio.

use super::super::characteristics::{CHARACTERISTICS, position};
use arrears_models::scorecard::expert::{ExpertCard, ExpertCharacteristic};

/// A characteristic, its upper edges (inclusive), and the log-odds of its bins; the last is that of missing values.
type Points = (&'static str, &'static [f32], &'static [f64]);

const POINTS: [Points; 6] = [
    (
        "worst_days_past_due",
        &[0.0, 3.0, 7.0, 14.0, 21.0, 30.0, 45.0, 60.0, 75.0],
        &[-1.0, -0.3, 0.1, 0.5, 0.9, 1.3, 1.8, 2.3, 2.8, 3.3, 0.0],
    ),
    ("days_late_trend", &[0.0, 7.0, 15.0], &[-0.1, 0.1, 0.25, 0.4, 0.0]),
    (
        "worst_of_12_months",
        &[0.0, 3.0, 7.0, 14.0, 21.0, 30.0, 45.0, 60.0, 90.0],
        &[-0.6, -0.5, -0.35, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.0],
    ),
    ("broken_promises", &[0.0, 1.0], &[-0.05, 0.3, 0.5, 0.0]),
    ("returned_payments", &[0.0], &[-0.05, 0.4, 0.0]),
    ("tenure", &[365.0, 730.0], &[0.15, 0.05, -0.05, 0.1]),
];

/// A year's defaults in a hundred customers and a half: what is assumed where no outcome is known at all.
const RATE_WITHOUT_ROWS: f64 = 0.0075;

/// The card.
pub fn card() -> ExpertCard {
    let characteristic = |(name, edges, log_odds): &Points| {
        let column = position(name).expect("the expert's characteristics are declared");
        ExpertCharacteristic {
            name: (*name).to_owned(),
            column,
            direction: CHARACTERISTICS[column].direction,
            edges: edges.to_vec(),
            log_odds: log_odds.to_vec(),
        }
    };
    ExpertCard { characteristics: POINTS.iter().map(characteristic).collect(), rate_without_rows: RATE_WITHOUT_ROWS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrears_models::scorecard::Direction;

    #[test]
    fn every_characteristic_is_declared_and_its_points_go_in_its_direction() {
        for of in card().characteristics {
            assert_eq!(of.log_odds.len(), of.edges.len() + 2, "{}: a bin for each edge, one above, one for missing", of.name);
            let values = &of.log_odds[..of.log_odds.len() - 1];
            let is_monotone = match of.direction {
                Direction::Rising => values.is_sorted(),
                Direction::Falling => values.iter().rev().is_sorted(),
            };
            assert!(is_monotone, "{}: {values:?}", of.name);
            assert!(of.edges.is_sorted(), "{}", of.name);
        }
    }
}
