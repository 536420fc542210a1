//! What stands behind a score, in words: defaults, debts, payments, the group, decisions.

use super::super::Explanation;
use super::super::account::LimitPart;
use super::super::payments::PaymentsPart;
use super::{counted, grouped, heading, late_words, line};

pub(super) fn defaults(text: &mut String, explained: &Explanation) {
    heading(text, "Defaults and what looked like one");
    if explained.default_events.is_empty() {
        line(text, "  none".into());
    }
    for event in &explained.default_events {
        line(text, format!("  {}  {}", event.event_date, event.sentence));
    }
}

pub(super) fn account(text: &mut String, explained: &Explanation) {
    let part = &explained.account;
    let base = &part.base_currency;
    heading(text, "What it owes, at the rates of the date");
    if part.open_items == 0 {
        line(text, "  nothing is open".into());
    } else {
        let overdue = match part.overdue_items {
            0 => "nothing past due".to_owned(),
            items => format!("past due {} {base} in {}", grouped(&part.overdue_base), counted(items, "item")),
        };
        line(text, format!("  {} {base} open in {}, {overdue}", grouped(&part.open_base), counted(part.open_items, "item")));
    }
    if part.items_without_due_date > 0 {
        let items = counted(part.items_without_due_date, "item");
        line(text, format!("  {items} without a due date: taken as due by the company's usual terms"));
    }
    for bucket in &part.buckets {
        let items = counted(bucket.items, "item");
        line(text, format!("    {:<28} {:>16} {base}  {items}", bucket_words(&bucket.bucket), grouped(&bucket.open_base)));
    }
    if part.unapplied_base.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        line(text, format!("  {} {base} of its credits are not applied yet", grouped(&part.unapplied_base)));
    }
    if let Some(worst) = part.worst_days_past_due {
        let year = part.worst_of_12_months.map_or(String::new(), |days| format!("; in 12 months {days} days late at worst"));
        line(text, format!("  worst now: {worst} days past due (items below 1 % of what is open do not count){year}"));
    }
    line(text, format!("  {}", limit(&part.limit, base)));
}

fn bucket_words(bucket: &str) -> String {
    match bucket.strip_prefix("over_") {
        _ if bucket == "not_due" => "not due yet".to_owned(),
        Some(days) => format!("over {days} days past due"),
        None => format!("{} days past due", bucket.replace('_', " to ")),
    }
}

fn limit(part: &LimitPart, base: &str) -> String {
    let insured = part.insured_base.as_ref().map_or(String::new(), |amount| format!("; insured {} {base}", grouped(amount)));
    let (Some(limit), Some(currency)) = (&part.credit_limit, &part.currency) else {
        return format!("no credit limit is known{insured}");
    };
    let since = match &part.known_since_date {
        Some(date) => format!("known since {date}"),
        None => "the ledger does not say since when, so that the score leaves it out".to_owned(),
    };
    let used = match (part.utilisation, part.reason) {
        (Some(share), _) => format!("{:.0} % in use", share * 100.0),
        (None, Some("no_rate")) => format!("no rate of {currency}: its use is not known"),
        (None, _) => "nothing may be open".to_owned(),
    };
    format!("credit limit {} {currency} ({since}): {used}{insured}", grouped(limit))
}

pub(super) fn payments(text: &mut String, explained: &Explanation) {
    let part = &explained.payments;
    let base = &explained.account.base_currency;
    heading(text, "How it has paid");
    let settled = counted(part.settled_items as usize, "invoice");
    line(text, format!("  {settled} paid in two years, {} of them late", part.settled_late_items));
    line(text, format!("  {:<8}  {:>8}  {:>16} {base}  by amount", "quarter", "payments", "amount"));
    for quarter in &part.quarters {
        let late = quarter.average_days_late.map_or("-".to_owned(), late_words);
        line(text, format!("  {:<8}  {:>8}  {:>16} {base}  {late}", quarter.quarter, quarter.payments, grouped(&quarter.amount_base)));
    }
    if !part.last.is_empty() {
        line(text, "  last payments:".into());
    }
    for payment in &part.last {
        line(text, format!("    {}  {:>16} {base}  {}", payment.date, grouped(&payment.amount_base), late_words(payment.days_late)));
    }
    promises(text, part);
    for returned in &part.returned {
        line(text, format!("  returned payment: {} on {}", grouped(&returned.amount_base), returned.date));
    }
    if part.returned.is_empty() {
        line(text, "  no payment was returned in 12 months".into());
    }
    for event in &part.events {
        line(text, format!("  {} on {}", event_words(event.kind), event.date));
    }
}

fn event_words(kind: &str) -> &'static str {
    match kind {
        "insolvency" => "insolvent",
        "agency" => "given to an agency",
        _ => "taken to court",
    }
}

fn promises(text: &mut String, part: &PaymentsPart) {
    let Some(promises) = &part.promises else {
        line(text, "  the ledger has no promises".into());
        return;
    };
    if promises.is_empty() {
        line(text, "  no promise was due in 12 months".into());
    }
    for promise in promises {
        let (amount, currency) = (grouped(&promise.amount), &promise.currency);
        let end = match promise.status {
            "kept" => "kept".to_owned(),
            "not_due" => "not due yet".to_owned(),
            _ => format!("broken: {} {currency} came by then", grouped(&promise.came)),
        };
        line(text, format!("  promised on {} for {}: {amount} {currency}; {end}", promise.made_date, promise.promised_date));
    }
}

pub(super) fn family(text: &mut String, explained: &Explanation) {
    if explained.family.is_empty() {
        return;
    }
    let base = &explained.account.base_currency;
    heading(text, "Others of the same parent");
    let wide = explained.family.iter().map(|member| member.customer_id.chars().count() + member.company_id.chars().count() + 1).max();
    let wide = wide.unwrap_or(0);
    for member in &explained.family {
        let name = format!("{}/{}", member.company_id, member.customer_id);
        let (open, overdue) = (grouped(&member.open_base), grouped(&member.overdue_base));
        line(text, format!("  {name:<wide$}  grade {:<7}  {open:>16} {base} open, {overdue} past due", member.grade));
    }
}

pub(super) fn decisions(text: &mut String, explained: &Explanation) {
    if explained.decisions.is_empty() {
        return;
    }
    heading(text, "What people decided, and holds (the grade above is the model's)");
    for decision in &explained.decisions {
        let until = decision.until_date.as_ref().map_or("for good".to_owned(), |date| format!("until {date}"));
        let value = decision.value.as_ref().map_or(String::new(), |value| format!(" {value}"));
        let kind = decision.kind.replace('_', " ");
        line(text, format!("  {}  {kind}{value}, {until}, by {}: {}", decision.made_date, decision.made_by, decision.reason));
    }
}
