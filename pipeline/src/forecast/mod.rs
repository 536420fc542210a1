//! When open items will be paid: inputs and outputs around the timing model, cash grids, frozen vintages.
//!
//! Responsible for rows, curves and sums. What was known of customers and items comes from `scoring`, the mathematics from
//! the crate `arrears-models`.

pub mod accuracy;
pub mod actuals;
pub mod backtest;
pub mod baselines;
pub mod billing;
pub mod calendars;
pub mod card;
pub mod cash;
pub mod cells;
pub mod design;
pub mod direct_debits;
pub mod drivers;
pub mod explain;
pub mod gate;
pub mod grid;
pub mod item_forecast;
pub mod next_week;
pub mod nightly;
pub mod open_items;
pub mod orders;
pub mod payment_runs;
pub mod promises;
pub mod replay;
pub mod snapshot;
pub mod tables;
pub mod thinning;
pub mod timing;
pub mod training;
pub mod vintages;
pub mod what_if;
