//! `arrears init`: from files nobody has described to a configuration that reads them, with the reason for every line.
//!
//! The files are looked at in part, columns are recognised by name and by content, and what cannot be known is said, not
//! guessed in silence. What comes out is a text; whether it reads is found out by reading with it.

mod column_text;
pub mod date_order;
pub mod dates;
pub mod doubts;
pub mod files;
pub mod keys;
pub mod mapping;
pub mod numbers;
pub mod payments;
mod piece_text;
mod pieces;
pub mod preview;
pub mod profile;
pub mod proposal;
pub mod refusals;
pub mod sample;
pub mod source;
mod source_text;
pub mod text_layout;
pub mod types;
mod value_text;
mod vocabulary;
pub mod words;
pub mod write;

pub use proposal::{InitOptions, Proposal, propose};
