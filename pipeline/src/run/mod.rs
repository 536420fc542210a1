//! The nightly run: config → lock → plan → ingest → check → compute → stage → check → publish → record → unlock.

pub mod clock;
pub mod compute;
pub mod expected_credit_loss;
pub mod forecasts;
pub mod known;
pub mod looked;
pub mod marts;
pub mod nightly;
pub mod progress;
pub mod publication;
pub mod record;
pub mod reporter;
pub mod reviews;
pub mod risk;
mod rules;
pub mod session;
pub mod words;
pub mod worklist;
