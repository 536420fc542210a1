//! What-ifs: cash, DSO and costs if customers paid otherwise, as pure functions of the curves that forecasts stand on.
//!
//! A night's curves (open items, new billing) are taken as they are, the changes of a scenario are applied to them in the
//! order of the file, and both are summed up and simulated with the same random draws, so that the change has a band of its
//! own, much narrower than that of either.
//!
//! `scenario` reads the file, `selection` finds whom each change is about, `base` collects the curves, `curves` moves one,
//! `changes` a whole forecast, `outcome` sums it up, `text` says it. Nothing is fitted here.

pub mod base;
pub mod changes;
pub mod curves;
pub mod outcome;
pub mod scenario;
pub mod selection;
pub mod text;

#[cfg(test)]
mod tests;
