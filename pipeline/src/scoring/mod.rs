//! What was known of each customer and item at the end of any day, and the features that models read from it.
//!
//! Responsible for the as-of contract: a feature at T reads facts recorded by T, and nothing else. Shared by the timing
//! model, the model of lateness at issue and the risk model. Not responsible for the mathematics of a fit: see the crate
//! `arrears-models`.

pub mod as_of;
pub mod behaviour;
pub mod characteristics;
pub mod credit_review;
pub mod defaults;
pub mod facts;
pub mod grades;
pub mod late_at_issue;
pub mod leaks;
pub mod risk;
