//! The review of credit limits: whom people should look at, in which order, and what the figures say.
//!
//! Responsible for exposure, expected loss, the proposed limit with the rule that binds, triggers, review dates, what people decided
//! otherwise, and how that came out. It is a queue for people: no limit is ever written from here. Not responsible for the
//! chance of default, which comes from the risk model as a [`RiskView`].

pub mod export;
mod history;
mod inputs;
mod loss;
mod outcomes;
mod overrides;
mod payments;
mod position;
mod proposal;
mod queue;
mod review_date;
mod table;
#[cfg(test)]
mod tests;
mod triggers;

pub use inputs::{CreditTerms, ReviewInputs, RiskView};
pub use loss::expected_loss;
pub use outcomes::{OverrideOutcome, override_outcomes};
pub use proposal::{Binding, Candidates, Proposal};
pub use queue::{Review, credit_reviews};
pub use table::{override_outcomes_table, reviews_table};
pub use triggers::Triggers;
