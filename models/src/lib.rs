//! The mathematics of arrears: arrays in, fitted parameters and numbers out.
//!
//! No files, no clock, no data frames. Formulas carry their equation, the unit of each symbol, their edge cases, and the
//! source they were taken from.

pub mod bootstrap;
pub mod classification;
pub mod conformal;
pub mod credibility;
pub mod forecast_scores;
pub mod hazard;
pub mod intervals;
pub mod isotonic;
pub mod linear;
pub mod logistic;
pub mod random;
pub mod runs;
pub mod scorecard;
pub mod simulation;
pub mod smoothing;
pub mod survival;
