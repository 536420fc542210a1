//! `arrears`: from ledger files to a published snapshot of receivables analytics.
//!
//! The flow is ledger files → open items → marts → a published night, each step a pure function of the one before.

pub mod catalog;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod config;
pub mod engine;
pub mod error;
pub mod forecast;
pub mod generate;
pub mod ingest;
pub mod init;
pub mod ledger;
pub mod marts;
pub mod near;
pub mod objects;
pub mod parity;
pub mod publish;
pub mod quality;
pub mod run;
pub mod scoring;
pub mod worklist;

pub use error::{Error, ExitStatus, Result};
