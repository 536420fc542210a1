//! The published tables of metrics: each from the book and its totals, in the order of its key.
//!
//! Period-end sums come from one pass over the book ([`crate::ledger::walk`]); Polars joins, groups, divides and sorts.

pub mod aging;
pub mod collection_curves;
pub mod customer_behaviour;
pub mod dso_bridge;
pub mod expected_credit_loss;
pub mod frame;
pub mod kpi_alerts;
pub mod kpis;
pub mod measures;
pub mod open_items;
pub mod outcomes;
pub mod payment_curves;
pub mod payment_delays;
pub mod quality;
pub mod restatements;
pub mod roll_forward;
pub mod roll_rates;
