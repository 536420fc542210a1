//! Defaults and what only looks like one, with what would end the present one.

use super::Explainer;
use crate::forecast::explain::{decimal, text_of};
use crate::ledger::calendar::Day;
use crate::scoring::defaults::{Cause, Cure, DefaultEvent, Rule, Technical};
use serde::Serialize;

/// A default, or a technical case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventPart {
    /// The day on which it began.
    pub event_date: String,
    /// `default` or `technical`.
    pub status: &'static str,
    /// The published word for why.
    pub cause: &'static str,
    /// Why it is none; `None` for a default.
    pub technical_reason: Option<&'static str>,
    /// What was past due, was written off, or was open: base currency at the documents' dates.
    pub amount_base: String,
    /// What it had to reach.
    pub threshold_base: String,
    /// What was open on the day.
    pub exposure_base: String,
    /// The day from which it was over; `None` while it lasts, and for what is none.
    pub cured_date: Option<String>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// The default that a customer is in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InDefaultPart {
    /// Since when.
    pub since_date: String,
    /// Since how many days.
    pub days: i32,
    /// Why, in a sentence.
    pub why: String,
    /// What still counts at the end of the date: undisputed, long past due, less unapplied credits.
    pub counted_base: String,
    /// What it must stay below.
    pub threshold_base: String,
    /// The first of the clean days; `None` where the date itself is not clean.
    pub clean_since_date: Option<String>,
    /// Whether it has paid since.
    pub has_paid_since: bool,
    /// The earliest day on which it can be over.
    pub earliest_cure_date: String,
    /// What ends it, in sentences.
    pub cure: Vec<String>,
}

/// The defaults of a customer and its technical cases, oldest first.
pub fn events(explainer: &Explainer, customer: u32) -> Vec<EventPart> {
    let of_customer = explainer.night.defaults.all().iter().filter(|event| event.customer == customer);
    of_customer.map(|event| event_part(explainer, event)).collect()
}

fn event_part(explainer: &Explainer, event: &DefaultEvent) -> EventPart {
    let base = explainer.base_code();
    let cured_date = event.cured_date.map(text_of);
    let end = match (event.technical, &cured_date) {
        (Some(reason), _) => format!("no default: {}", technical_words(reason, &explainer.night.options.rule)),
        (None, Some(date)) => format!("over since {date}"),
        (None, None) => "not over".to_owned(),
    };
    EventPart {
        event_date: text_of(event.event_date),
        status: if event.technical.is_some() { "technical" } else { "default" },
        cause: event.cause.word(),
        technical_reason: event.technical.map(Technical::word),
        amount_base: decimal(event.amount, base),
        threshold_base: decimal(event.threshold, base),
        exposure_base: decimal(event.exposure, base),
        sentence: format!("{}; {end}", what(explainer, event)),
        cured_date,
    }
}

fn what(explainer: &Explainer, event: &DefaultEvent) -> String {
    let [amount, threshold, exposure] = [event.amount, event.threshold, event.exposure].map(|amount| explainer.money(amount));
    let days = explainer.night.options.rule.days_past_due;
    match event.cause {
        Cause::DaysPastDue => format!("{amount} {days} days or more past due, of {exposure} open; {threshold} or more counts"),
        Cause::WriteOff => format!("{amount} written off, of {exposure} open; {threshold} or more counts"),
        Cause::Insolvency => format!("insolvent, with {amount} open"),
        Cause::Agency => format!("its debt was given to an agency, with {amount} open"),
    }
}

fn technical_words(reason: Technical, rule: &Rule) -> String {
    match reason {
        Technical::Reversed => "the invoice was reversed by a credit note".to_owned(),
        Technical::Disputed => format!("disputed, and the dispute was opened within {} days of the due date", rule.dispute_within_days),
        Technical::UnappliedCredits => "covered by credits that nobody had applied yet".to_owned(),
    }
}

/// The default that a customer is in, with what ends it.
pub fn in_default(explainer: &Explainer, event: &DefaultEvent) -> InDefaultPart {
    let (night, base) = (explainer.night, explainer.base_code());
    let rule = &night.options.rule;
    let cure = Cure::of(explainer.default_facts, event, rule, night.day);
    let earliest = cure.earliest(rule, night.day);
    InDefaultPart {
        since_date: text_of(event.event_date),
        days: night.day - event.event_date,
        why: what(explainer, event),
        counted_base: decimal(cure.counted, base),
        threshold_base: decimal(cure.threshold, base),
        clean_since_date: cure.clean_from.map(text_of),
        has_paid_since: cure.has_paid,
        earliest_cure_date: text_of(earliest),
        cure: cure_words(explainer, &cure, rule, earliest),
    }
}

fn cure_words(explainer: &Explainer, cure: &Cure, rule: &Rule, earliest: Day) -> Vec<String> {
    let (days, clean, earliest) = (rule.days_past_due, rule.cure_days, text_of(earliest));
    let [counted, threshold] = [cure.counted, cure.threshold].map(|amount| explainer.money(amount));
    let rule_words = format!(
        "it is over after {clean} days in a row on which less than the threshold is {days} days or more past due, with a payment since they began"
    );
    let state = match (cure.clean_from, cure.has_paid) {
        (None, _) => format!(
            "now {counted} is {days} days or more past due, undisputed and not covered by credits; it must stay below {threshold}. If that were \
             so from tomorrow on, by a payment, the default would be over on {earliest} at the earliest"
        ),
        (Some(from), true) => format!("clean since {}, and a payment has come since: over on {earliest} if it stays so", text_of(from)),
        (Some(from), false) => {
            format!("clean since {}, but no payment has come since; with one it is over on {earliest} at the earliest", text_of(from))
        }
    };
    vec![rule_words, state]
}
