//! The loss rates that a pool's or a company's own history gives, by bucket.

use super::study::Cell;
use crate::config::FACTOR_ONE;
use crate::ledger::buckets::Buckets;

/// How loss rates come from history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The chain of month-to-month roll rates.
    RollRate,
    /// What was invoiced and how it ran off.
    RunOff,
}

impl Method {
    /// Both, in the order of their words.
    pub const ALL: [Method; 2] = [Method::RollRate, Method::RunOff];

    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Method::RollRate => "roll_rate",
            Method::RunOff => "run_off",
        }
    }
}

/// The rate of one bucket and what it is made of, base currency at historical rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Lost.
    pub numerator: i128,
    /// Of this.
    pub denominator: i128,
    /// What of the numerator was lost from the bucket itself.
    pub lost: i128,
    /// What of the denominator moved on to older buckets; of roll rates only.
    pub rolled: Option<i128>,
    /// What reached the bucket and is neither paid nor lost, in neither of the two.
    pub undetermined: i128,
    /// Items behind it.
    pub items: i64,
}

/// The own rates of a pool or of a company, by bucket.
pub(super) type Own = Vec<Result<Rate, &'static str>>;

/// The rates of a cell by a method.
pub(super) fn own(method: Method, cell: &Cell, buckets: &Buckets) -> Own {
    match method {
        Method::RunOff => cell
            .run_off
            .iter()
            .map(|bucket| {
                let rate = Rate {
                    numerator: bucket.lost,
                    denominator: bucket.reached,
                    lost: bucket.lost,
                    rolled: None,
                    undetermined: bucket.undetermined,
                    items: bucket.items,
                };
                // What reached it and has not ended says nothing yet.
                let reason = if bucket.undetermined > 0 { "immature" } else { "no_history" };
                (bucket.reached > 0).then_some(rate).ok_or(reason)
            })
            .collect(),
        Method::RollRate => {
            let rate = |step: super::roll_rate::Step| Rate {
                numerator: step.numerator,
                denominator: step.denominator,
                lost: step.lost,
                rolled: Some(step.rolled),
                undetermined: 0,
                items: step.items,
            };
            cell.rolls.chain(buckets).into_iter().map(|step| step.map(rate)).collect()
        }
    }
}

/// A rate by decision and not by history, in parts of [`FACTOR_ONE`].
pub(super) fn decided(parts: i64) -> Rate {
    let numerator = i128::from(parts);
    Rate { numerator, denominator: i128::from(FACTOR_ONE), lost: 0, rolled: None, undetermined: 0, items: 0 }
}
