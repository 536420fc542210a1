//! Why a row is on the list, in words that a collector can say on the telephone.

use super::agency::Arithmetic;
use super::chances::CHANCE_ONE;
use super::context::Context;
use super::promised::UnderPromise;
use super::rows::Row;
use super::rules::Quiet;
use super::{
    AGENCY_CANDIDATE, APPLY_CREDIT, BEFORE_FIRST_STAGE, BROKEN_PROMISE, DISPUTE_OPEN, DUE_DATE_MISSING, NEWLY_OVERDUE, REMINDER_3_DAYS,
    REMINDER_7_DAYS,
};
use crate::ledger::calendar::{Day, date_of};
use crate::ledger::currency::minor_digits;
use crate::ledger::money::display_amount;
use crate::ledger::rates::CurrencyIndex;

/// The sentence of a row.
pub fn reason(context: &Context, row: &Row) -> String {
    let mut sentence = what(context, row);
    if row.debit.credit > 0 && row.decision.action != APPLY_CREDIT {
        sentence += &format!("; unapplied credits would take {} of it", money(context, row.debit.credit, row.debit.currency));
    }
    if let Some(under) = row.promise.filter(|under| under.is_history && row.decision.action != DISPUTE_OPEN) {
        sentence += &format!("; {}", broken(context, &under));
    }
    if let Some(quiet) = &row.decision.quiet {
        sentence += &waiting(context, row, quiet);
    }
    sentence
}

fn what(context: &Context, row: &Row) -> String {
    let debit = &row.debit;
    let in_its_currency = |amount: i64| money(context, amount, debit.currency);
    match row.decision.action {
        REMINDER_7_DAYS | REMINDER_3_DAYS => format!("due in {}, on {}", days(debit.due_date - context.as_of), date_of(debit.due_date)),
        DUE_DATE_MISSING => format!("nobody said when it is due; issued {} ago", days(context.as_of - debit.document_date)),
        DISPUTE_OPEN => format!("{} of {} in dispute", in_its_currency(debit.disputed), in_its_currency(debit.open)),
        APPLY_CREDIT => format!("unapplied credits of the customer cover it: {}", in_its_currency(debit.credit)),
        action => {
            let late = late(context, row);
            match (action, row.promise, row.advice.and_then(|advice| advice.figures)) {
                (BROKEN_PROMISE, Some(promise), _) => format!("{}; {late}", broken(context, &promise)),
                (AGENCY_CANDIDATE, _, Some(figures)) => format!("{late}; {}", sending(context, row, &figures)),
                (NEWLY_OVERDUE, _, _) => format!("{late}, for the first time on a list"),
                (BEFORE_FIRST_STAGE, _, _) => late,
                (_, _, _) => match row.decision.stage {
                    Some(stage) => format!("{late}: {} from day {}", stage.name, stage.from_days_past_due),
                    None => late,
                },
            }
        }
    }
}

fn late(context: &Context, row: &Row) -> String {
    let late = row.debit.days_past_due(context.as_of).unwrap_or(0);
    format!("{} past due since {}", days(late), date_of(row.debit.due_date))
}

fn broken(context: &Context, under: &UnderPromise) -> String {
    let promise = &under.promise.promise;
    let came = match under.promise.received {
        0 => "nothing came".to_owned(),
        received => format!("{} came", money(context, received, promise.currency)),
    };
    format!("{} promised by {}, {came}", money(context, promise.amount, promise.currency), date_of(promise.promised_date))
}

fn sending(context: &Context, row: &Row, figures: &Arithmetic) -> String {
    let base = context.book.rates.base();
    let chance = row.chance.map_or(0.0, |chance| chance.within_90 as f64 / CHANCE_ONE as f64);
    format!(
        "own effort is expected to bring {} in 90 days (chance {:.0} %), an agency {} after its fee if it recovers the assumed {:.0} %",
        wide_money(context, figures.own_expected, base),
        chance * 100.0,
        wide_money(context, figures.agency_expected, base),
        *context.config.agency_recovery_rate as f64 / crate::config::SHARE_ONE as f64 * 100.0,
    )
}

fn waiting(context: &Context, row: &Row, quiet: &Quiet) -> String {
    let because = match (quiet.reason, row.promise, row.last_contact.and_then(|contact| contact.reached_date)) {
        ("promise_running", Some(under), _) => {
            let promise = &under.promise.promise;
            format!("{} promised for {}", money(context, promise.amount, promise.currency), date_of(promise.promised_date))
        }
        ("recent_contact", _, Some(reached)) => format!("contacted on {}", date_of(reached)),
        ("insolvency", _, _) => "the customer is insolvent".to_owned(),
        ("handed_over", _, _) => "the customer was given to an agency or to court".to_owned(),
        ("never_contact", _, _) => "the customer is not to be contacted".to_owned(),
        _ => match quiet.until {
            Some(_) => "the ladder begins later".to_owned(),
            None => "the ladder has no step for so little".to_owned(),
        },
    };
    match quiet.until {
        Some(until) => format!("; quiet until {}: {because}", date_of(until)),
        None => format!("; quiet: {because}"),
    }
}

fn days(count: Day) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

fn money(context: &Context, amount: i64, currency: CurrencyIndex) -> String {
    wide_money(context, i128::from(amount), currency)
}

fn wide_money(context: &Context, amount: i128, currency: CurrencyIndex) -> String {
    let code = context.book.rates.code(currency);
    format!("{} {code}", display_amount(amount, minor_digits(code).unwrap_or(2)))
}
