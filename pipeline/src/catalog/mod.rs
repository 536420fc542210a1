//! The one list of tables, columns and metrics.
//!
//! Ingestion, publication, `views.sql`, the dictionary and the documentation are all derived from here, so that a
//! column is described once. This module holds descriptions only; it computes nothing.

pub mod credit_reviews;
pub mod expected_credit_loss;
pub mod forecasts;
pub mod ledger_tables;
pub mod metrics;
pub mod published;
mod quality;
pub mod risk;
pub mod worklist;
