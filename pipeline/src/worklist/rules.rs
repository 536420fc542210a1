//! What is to be done about an item, and whether it has to wait: the rules, one after the other.

use super::amounts::OpenDebit;
use super::context::Standing;
use super::conversations::LastContact;
use super::days::{Reminder, WorkDays};
use super::promised::UnderPromise;
use super::{
    AGENCY_CANDIDATE, APPLY_CREDIT, BEFORE_FIRST_STAGE, BROKEN_PROMISE, DUE_DATE_MISSING, NEWLY_OVERDUE, REMINDER_3_DAYS, REMINDER_7_DAYS,
};
use crate::config::{Stage, WorklistConfig};
use crate::ledger::calendar::Day;
use crate::ledger::money::AMOUNT_ONE;

/// A customer, as far as the rules look at it.
pub struct CustomerView<'a> {
    /// `[worklist]`.
    pub config: &'a WorklistConfig,
    /// The list's day.
    pub days: WorkDays<'a>,
    /// Its segment.
    pub segment: &'a str,
    /// What events say of it.
    pub standing: Standing,
    /// Whether nobody contacts it.
    pub is_never_contacted: bool,
    /// Whether it pays by direct debit.
    pub pays_by_direct_debit: bool,
    /// The last contact with it.
    pub last_contact: Option<&'a LastContact>,
    /// What it owes past due and undisputed, base currency, ten-thousandths.
    pub overdue_undisputed: i128,
}

/// Why and until when a row has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The word of `quiet_reason`.
    pub reason: &'static str,
    /// The first business day on which it no longer has to; `None` where nothing ends it.
    pub until: Option<Day>,
}

/// What is to be done about the undisputed part of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The word of `action`.
    pub action: &'a str,
    /// The step of the ladder that the item has reached, whatever else is to be done first.
    pub stage: Option<&'a Stage>,
    /// Why it has to wait, if it has to.
    pub quiet: Option<Quiet>,
}

impl<'a> CustomerView<'a> {
    /// Decides about the undisputed part of an item; `None` where it is on no list tonight. `is_worth_sending` is what the
    /// arithmetic says of an agency.
    pub fn decide(&self, debit: &OpenDebit, promise: Option<UnderPromise>, is_worth_sending: bool) -> Option<Decision<'a>> {
        let is_covered = debit.credit >= debit.rest;
        let Some(days_past_due) = debit.days_past_due(self.days.as_of) else {
            let age = i64::from(self.days.as_of) - i64::from(debit.document_date);
            let is_old = age > i64::from(*self.config.undated_after_days);
            let action = if is_covered { APPLY_CREDIT } else { DUE_DATE_MISSING };
            return is_old.then(|| self.waiting(action, None, promise));
        };
        if days_past_due <= 0 {
            let reminder = self.days.reminder(debit.document_date, debit.due_date).filter(|_| !self.pays_by_direct_debit && !is_covered);
            let action = match reminder? {
                Reminder::SevenDays => REMINDER_7_DAYS,
                Reminder::ThreeBusinessDays => REMINDER_3_DAYS,
            };
            return Some(self.waiting(action, None, promise));
        }
        // The ladder is that of the day on which the list is worked.
        let stage = self.stage(self.days.work - debit.due_date);
        let action = match stage {
            _ if is_covered => APPLY_CREDIT,
            _ if is_worth_sending => AGENCY_CANDIDATE,
            _ if promise.is_some_and(|promise| promise.is_broken && !promise.is_history) => BROKEN_PROMISE,
            _ if self.days.is_newly_overdue(debit.due_date) => NEWLY_OVERDUE,
            Some(stage) => stage.name.as_str(),
            None => BEFORE_FIRST_STAGE,
        };
        let mut decision = self.waiting(action, stage, promise);
        if action == BEFORE_FIRST_STAGE {
            let until = self.first_stage_from().map(|from| self.days.carried(debit.due_date + from));
            let waits_longer = |other: &Quiet| other.until.is_none() || (until.is_some() && other.until > until);
            decision.quiet = decision.quiet.filter(waits_longer).or(Some(Quiet { reason: BEFORE_FIRST_STAGE, until }));
        }
        Some(decision)
    }

    fn waiting(&self, action: &'a str, stage: Option<&'a Stage>, promise: Option<UnderPromise>) -> Decision<'a> {
        // Applying a credit is work inside the house: nobody is spoken to.
        let quiet = if action == APPLY_CREDIT { None } else { self.quiet(promise) };
        Decision { action, stage, quiet }
    }

    /// Why the customer is not to be spoken to about an item: what never ends goes before what lasts longest.
    fn quiet(&self, promise: Option<UnderPromise>) -> Option<Quiet> {
        let forever = [
            (self.standing.is_insolvent, "insolvency"),
            (self.standing.is_handed_over, "handed_over"),
            (self.is_never_contacted, "never_contact"),
        ];
        if let Some((_, reason)) = forever.into_iter().find(|(holds, _)| *holds) {
            return Some(Quiet { reason, until: None });
        }
        let running = promise.filter(|promise| !promise.is_broken).map(|running| {
            let until = self.days.after(running.promise.promise.promised_date);
            Quiet { reason: "promise_running", until: Some(until) }
        });
        let contacted = self.last_contact.and_then(|contact| contact.reached_date).map(|reached| {
            let quiet_days = i32::try_from(*self.config.quiet_days).expect("at most ten years");
            Quiet { reason: "recent_contact", until: Some(self.days.carried(reached + quiet_days)) }
        });
        let contacted = contacted.filter(|quiet| quiet.until > Some(self.days.work));
        // Of two that end on one day the promise says more.
        [contacted, running].into_iter().flatten().max_by_key(|quiet| quiet.until)
    }

    /// The ladder of the customer: that of its segment where it has one.
    fn ladder(&self) -> impl Iterator<Item = &'a Stage> {
        let of_segment = |stage: &&Stage| stage.segment.as_deref() == Some(self.segment);
        let has_own = self.config.stages.iter().any(|stage| of_segment(&stage));
        let owed = self.overdue_undisputed;
        let segment = if has_own { Some(self.segment) } else { None };
        let is_large_enough = move |stage: &&Stage| owed >= i128::from(stage.amount_min) * i128::from(AMOUNT_ONE);
        self.config.stages.iter().filter(move |stage| stage.segment.as_deref() == segment).filter(is_large_enough)
    }

    /// The highest step that an item has reached.
    fn stage(&self, days_past_due: i32) -> Option<&'a Stage> {
        let is_reached = |stage: &&Stage| i64::from(days_past_due) >= i64::from(stage.from_days_past_due);
        self.ladder().filter(is_reached).last()
    }

    /// Days past due from which the ladder has a step.
    fn first_stage_from(&self) -> Option<i32> {
        self.ladder().next().and_then(|stage| i32::try_from(stage.from_days_past_due).ok())
    }
}
