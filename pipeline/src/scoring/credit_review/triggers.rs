//! What makes people look at a customer at once.

use super::inputs::RiskView;
use super::payments::Paying;
use super::position::Position;
use crate::forecast::promises::cash_within;
use crate::ledger::book::{NO_DATE, Promise};
use crate::ledger::calendar::Day;
use crate::ledger::money::AMOUNT_ONE;
use crate::scoring::facts::Facts;
use crate::scoring::grades::Grade;

/// Days past due from which an item weighs.
const PAST_DUE_DAYS: i32 = 30;
/// An item is newly past due that was not so many days ago.
const NEWLY_DAYS: i32 = 30;
/// What is past due weighs from so many base units, and from this hundredth of what is owed.
const WEIGHS_FROM: (i128, i128) = (100 * AMOUNT_ONE as i128, 100);
/// Days by which payments become later.
const SLOWER_BY_DAYS: f64 = 10.0;
/// Silence, in usual gaps.
const SILENCE: f64 = 3.0;
/// Grades by which a customer got worse.
const GRADES_DOWN: i64 = 2;
/// How long a broken promise is held against a customer, days.
const PROMISE_DAYS: i32 = 90;

/// What is the matter with a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Triggers {
    /// The grade is worse by two or more, or the customer has gone into default.
    pub two_grades_down: bool,
    /// More is open than the limit allows: utilisation above 100 %.
    pub over_limit: bool,
    /// More than 30 days past due, and was not 30 days ago.
    pub newly_past_due: bool,
    /// What was paid in 90 days was later, by ten days or more, than what was paid in the 90 days before.
    pub pays_slower: bool,
    /// No payment for more than three usual gaps, and something is due.
    pub silent: bool,
    /// A promise of the past 90 days of which nothing came by its day.
    pub broken_promise: bool,
}

impl Triggers {
    /// The words, in the order of the list.
    pub const WORDS: [&'static str; 6] = ["two_grades_down", "over_limit", "newly_past_due", "pays_slower", "silent", "broken_promise"];

    /// Each trigger, in the order of [`Self::WORDS`].
    pub fn flags(self) -> [bool; 6] {
        [self.two_grades_down, self.over_limit, self.newly_past_due, self.pays_slower, self.silent, self.broken_promise]
    }

    /// Whether there is any.
    pub fn any(self) -> bool {
        self.flags().contains(&true)
    }

    /// The words of those that there are; `None` without any.
    pub fn list(self) -> Option<String> {
        let words: Vec<&str> = Self::WORDS.into_iter().zip(self.flags()).filter(|(_, is_there)| *is_there).map(|(word, _)| word).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// What the triggers of a customer are read from.
pub struct Watched<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// Whom.
    pub customer: usize,
    /// The end of which day.
    pub day: Day,
    /// Where the customer stands.
    pub position: &'a Position,
    /// How it pays.
    pub paying: &'a Paying,
    /// The model's view.
    pub risk: &'a RiskView,
    /// Its promises, as known on the day.
    pub promises: &'a [Promise],
}

impl Watched<'_> {
    /// The triggers.
    pub fn triggers(&self) -> Triggers {
        let grade = self.risk.grade();
        let before = self.risk.previous_grade;
        let is_newly_in_default = grade == Grade::InDefault && before.is_some_and(|before| before != Grade::InDefault);
        let worse_by = before.and_then(|before| grade.worse_by(before));
        Triggers {
            two_grades_down: is_newly_in_default || worse_by.is_some_and(|by| by >= GRADES_DOWN),
            over_limit: self.position.is_over_limit(),
            newly_past_due: self.is_past_due_at(self.day) && !self.is_past_due_at(self.day - NEWLY_DAYS),
            pays_slower: self.paying.slower_by().is_some_and(|by| by >= SLOWER_BY_DAYS),
            silent: self.paying.silence().is_some_and(|silence| silence > SILENCE) && self.has_due(self.day),
            broken_promise: self.broken_promises() > 0,
        }
    }

    /// Promises of the past 90 days of which nothing came by their day, as K21 counts them.
    pub fn broken_promises(&self) -> usize {
        let was_due = |promise: &&Promise| promise.promised_date <= self.day && promise.promised_date > self.day - PROMISE_DAYS;
        self.promises.iter().filter(was_due).filter(|promise| cash_within(promise, self.facts, self.day) <= 0).count()
    }

    /// Days past due of the oldest open item with a due date, as known on the day; `None` where nothing is past due.
    pub fn worst_days_past_due(&self) -> Option<i32> {
        let open = self.facts.items_of(self.customer, self.day).filter(|item| self.facts.open(item, self.day) > 0);
        open.filter(|item| item.due_date != NO_DATE).map(|item| self.day - item.due_date).filter(|days| *days > 0).max()
    }

    fn has_due(&self, day: Day) -> bool {
        let mut due = self.facts.items_of(self.customer, day).filter(|item| item.due_date != NO_DATE && item.due_date < day);
        due.any(|item| self.facts.open(item, day) > 0)
    }

    /// Whether enough that nobody disputes was more than 30 days past due at the end of a day, as known then.
    fn is_past_due_at(&self, day: Day) -> bool {
        let (mut owed, mut past_due) = (0_i128, 0_i128);
        for item in self.facts.items_of(self.customer, day) {
            let open = self.facts.open(item, day);
            let in_base = |amount: i64| i128::from(self.facts.rates().value_on(item.currency, day, day, amount));
            owed += in_base(open);
            if item.due_date != NO_DATE && day - item.due_date > PAST_DUE_DAYS {
                past_due += in_base(open - self.facts.disputed(item, open, day));
            }
        }
        past_due > 0 && past_due >= WEIGHS_FROM.0.max(owed / WEIGHS_FROM.1)
    }
}
