//! The limit to propose, and which rule binds it.

use super::position::round_down;
use crate::scoring::grades::Grade;

/// What a proposal is held down by, in the order in which ties are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// What the grade allows.
    GradeCap,
    /// What the customer needs: 1.3 × the 90 % quantile of the past year's monthly peaks.
    PeakExposure,
    /// What may be lost: loss budget ÷ (PD × LGD).
    LossBudget,
    /// No increase is proposed in default and where nothing is known.
    PresentLimit,
    /// A person decided.
    Override,
}

impl Binding {
    /// The words, in the order of the rules.
    pub const WORDS: [&'static str; 5] = ["grade_cap", "peak_exposure", "loss_budget", "present_limit", "override"];

    /// The published word.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// What each rule would allow, ten-thousandths of base currency, not rounded; `None` for a rule that says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// By grade.
    pub grade_cap: Option<i128>,
    /// By need.
    pub peak_exposure: Option<i128>,
    /// By loss.
    pub loss_budget: Option<i128>,
}

impl Candidates {
    /// The least, and the first rule that says it.
    pub fn least(&self) -> Option<(i128, Binding)> {
        let rules =
            [(self.grade_cap, Binding::GradeCap), (self.peak_exposure, Binding::PeakExposure), (self.loss_budget, Binding::LossBudget)];
        rules.into_iter().filter_map(|(amount, rule)| Some((amount?.max(0), rule))).min()
    }
}

/// A limit to propose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Ten-thousandths of base currency; `None` where none is proposed.
    pub limit: Option<i128>,
    /// The rule that binds.
    pub binding: Option<Binding>,
    /// Why none is proposed.
    pub reason: Option<&'static str>,
}

impl Proposal {
    /// The least of the candidates, rounded down to `step` (to two significant digits without one); in default and unrated never
    /// above the present limit, and nothing where there is none.
    pub fn of(candidates: &Candidates, grade: Grade, present: Result<i128, &'static str>, step: Option<i128>) -> Self {
        let none = |reason| Proposal { limit: None, binding: None, reason: Some(reason) };
        let Some((least, binding)) = candidates.least() else { return none("no_rule") };
        let rounded = round_down(least, step);
        match (grade.forbids_increase(), present) {
            (true, Err("not_supplied")) => none("no_limit"),
            (true, Err(reason)) => none(reason),
            (true, Ok(present)) if rounded > present => {
                Proposal { limit: Some(present), binding: Some(Binding::PresentLimit), reason: None }
            }
            _ => Proposal { limit: Some(rounded), binding: Some(binding), reason: None },
        }
    }
}
