//! The published tables of metrics: each from the book and its totals, in the order of its key.
//!
//! Period-end sums come from one pass over the book ([`crate::ledger::walk`]); Polars joins, groups, divides and sorts.

pub mod aging;
pub mod frame;
pub mod kpis;
pub mod measures;
pub mod open_items;
pub mod quality;
pub mod restatements;
pub mod roll_forward;
