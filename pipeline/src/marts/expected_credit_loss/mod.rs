//! `expected_credit_loss`: the provision matrix (IFRS 9 simplified approach, CECL), and last year's matrix against what followed.
//!
//! Responsible for the pools, the loss rates by two methods side by side, the provision of what is open, and the test of the matrix
//! of a year before. Not responsible for who is in default: a caller hands in reserves for single customers.
//!
//! Gross amounts are open debit items at the closing rate, as in `aging`. Unapplied credits are not netted and insured amounts not
//! deducted: both are for people to decide, and stand in `customer_positions` and with the customer.

mod losses;
mod matrix;
mod own_rates;
mod policy;
mod pools;
mod rate;
mod roll_rate;
mod run_off;
mod study;
mod tables;

pub use matrix::{InForce, Matrix, Row};
pub use own_rates::{Method, Rate};
pub use policy::{Policy, View, months_before};
pub use pools::{Pools, Reserve, Reserves, reserves_of};
pub use rate::provision;
pub use study::{Balance, Study, Totals};
pub use tables::Context;

use crate::config::Config;
use crate::error::Result;
use crate::ledger::book::Book;
use crate::ledger::buckets::Buckets;
use crate::ledger::calendar::Day;
use polars::prelude::DataFrame;

/// Months after which a matrix is tested.
const BACKTEST_MONTHS: u32 = 12;

/// The tables of a night.
pub struct Tables {
    /// `expected_credit_loss`.
    pub matrix: DataFrame,
    /// `expected_credit_loss_backtest`.
    pub backtest: DataFrame,
}

/// Computes both tables at the end of `as_of`. `further` are reserves beside those of the configuration, for example of customers
/// in default; where both name a customer, the configuration's holds.
///
/// # Errors
/// When the configuration names a customer that nobody is, a sum is out of range, or Polars fails.
pub fn expected_credit_loss(config: &Config, book: &Book, buckets: &Buckets, as_of: Day, further: &Reserves) -> Result<Tables> {
    let settings = &config.expected_credit_loss;
    let policy = Policy::of(settings, config.metrics.history_start());
    let pools = Pools::new(settings, book);
    let mut reserves = further.clone();
    reserves.extend(reserves_of(config, book)?);
    let loss_definition = settings.loss_definition_text();
    let context = |view| Context { book, view, loss_definition: &loss_definition };
    let include_intercompany = *config.include_intercompany;

    let now = View::new(&policy, buckets, as_of);
    let reserved_now: Reserves = known_on(&reserves, as_of, true);
    let study = Study { book, pools: &pools, reserves: &reserved_now, include_intercompany, view: &now, later: None };
    let matrix = Matrix { book, config: settings, pools: &pools, reserves: &reserved_now, view: &now, has_overlays: true };
    let rows = matrix.rows(&study.run())?;

    // The judgements of today were not known a year ago: its matrix has no overlays, and only reserves that say since when.
    let before = View::new(&policy, buckets, months_before(as_of, BACKTEST_MONTHS));
    let reserved_then = known_on(&reserves, before.day, false);
    let study = Study { book, pools: &pools, reserves: &reserved_then, include_intercompany, view: &before, later: Some(&now) };
    let earlier = Matrix { reserves: &reserved_then, view: &before, has_overlays: false, ..matrix };
    let tested = earlier.rows(&study.run())?;
    Ok(Tables { matrix: context(&now).matrix(&rows)?, backtest: context(&before).backtest(&tested, as_of)? })
}

/// The reserves that were known on a day; `undated` where those that do not say since when were known.
fn known_on(reserves: &Reserves, day: Day, undated: bool) -> Reserves {
    let is_known = |reserve: &Reserve| reserve.since.map_or(undated, |since| since <= day);
    reserves.iter().filter(|(_, reserve)| is_known(reserve)).map(|(customer, reserve)| (*customer, reserve.clone())).collect()
}
