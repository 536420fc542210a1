//! When a customer is to be looked at again.

use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::{Day, date_of, day_of};
use chrono::Months;

/// Why a review is due on its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Something is the matter.
    Trigger,
    /// A decision ends before the grade would ask.
    OverrideEnds,
    /// The grade asks for it.
    Grade,
}

impl Cause {
    /// The words.
    pub const WORDS: [&'static str; 3] = ["trigger", "override_ends", "grade"];

    /// The published word.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// What a review date is reckoned from.
pub struct Due<'a> {
    /// The business date.
    pub as_of: Day,
    /// The last day on which a person decided anything about the customer.
    pub decided: Option<Day>,
    /// The months that the grade allows between reviews.
    pub months: u32,
    /// Whether there is a trigger.
    pub is_triggered: bool,
    /// For how many days after a decision triggers do not ask again.
    pub quiet_days: i32,
    /// The first day on which a decision that holds will have ended.
    pub override_ends: Option<Day>,
    /// The company's business days.
    pub calendar: &'a BusinessCalendar,
}

impl Due<'_> {
    /// The day of the review, a business day after `as_of`, and why.
    pub fn date(&self) -> (Day, Cause) {
        let is_quiet = self.decided.is_some_and(|decided| self.as_of - decided < self.quiet_days);
        let by_grade = (months_after(self.decided.unwrap_or(self.as_of), self.months), Cause::Grade);
        let (day, cause) = if self.is_triggered && !is_quiet {
            (self.as_of, Cause::Trigger)
        } else {
            let ends = self.override_ends.map(|day| (day, Cause::OverrideEnds));
            ends.filter(|(day, _)| *day < by_grade.0).unwrap_or(by_grade)
        };
        (self.calendar.next_business_on_or_after(day.max(self.as_of + 1)), cause)
    }
}

/// The same day so many months later, or the last of a shorter month.
fn months_after(day: Day, months: u32) -> Day {
    day_of(date_of(day) + Months::new(months))
}
