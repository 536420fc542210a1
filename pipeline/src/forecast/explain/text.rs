//! Explanations as people read them.

use super::customer::CustomerPart;
use super::drivers::DriverPart;
use super::settled::Settled;
use super::split::Split;
use super::{Explanation, ForecastPart, ItemPart, ModelPart};
use crate::forecast::direct_debits::WORD;
use crate::ledger::money::{AMOUNT_SCALE, DecimalFormat, display_amount, parse_decimal};
use std::fmt::Write as _;

/// Width of the picture's longest bar.
const BAR: usize = 30;
/// Drivers that are printed.
const DRIVERS_TOLD: usize = 6;

/// An explanation, section by section. Of several items of one document only the last has the customer and the model.
pub fn explanation(explained: &Explanation, as_of: &str, is_last: bool) -> String {
    let mut text = String::new();
    item(&mut text, &explained.item, as_of);
    if explained.model.tier == "no_model" {
        text += "\nThere is no model: too few payments are known to learn from. What follows is the due date, or the first\n\
                 business day ahead where that is past. It is not a forecast.\n";
    }
    let is_collected = explained.model.tier == WORD;
    if is_collected {
        text += "\nThe customer pays by direct debit, as the configuration says: it is expected on its due date or the next business\n\
                 day, and no model is asked.\n";
    }
    when(&mut text, &explained.forecast);
    if is_collected {
        if is_last {
            customer(&mut text, &explained.customer);
        }
        return text;
    }
    if let Some(split) = &explained.split {
        parts(&mut text, split, explained.model.tier);
    }
    drivers(&mut text, &explained.drivers, &explained.model);
    chances_of_lateness(&mut text, &explained.forecast, explained.item.days_past_due);
    if is_last {
        customer(&mut text, &explained.customer);
        model(&mut text, &explained.model);
    }
    text
}

fn item(text: &mut String, item: &ItemPart, as_of: &str) {
    let number = if item.item_no == 1 { String::new() } else { format!(", item {}", item.item_no) };
    line(text, format!("{}{number} of customer {} (company {}), as of {as_of}", item.document_id, item.customer_id, item.company_id));
    let part = if item.open_amount == item.amount { String::new() } else { format!(" of {}", grouped(&item.amount)) };
    let due = match item.days_past_due {
        days if days > 0 => format!("{} past due", count(days)),
        0 => "due today".into(),
        days => format!("due in {}", count(-days)),
    };
    line(text, format!("  {} {} open{part}, {due}", grouped(&item.open_amount), item.currency));
    let terms = item.terms.as_ref().map_or(String::new(), |terms| format!(" ({terms})"));
    let due_date = match &item.due_date {
        Some(date) => format!("due {date}{terms}"),
        None => format!("no due date; the company's usual terms would make it {}", item.due_date_used),
    };
    line(text, format!("  issued {}, {due_date}", item.document_date));
    if !is_zero(&item.disputed_amount) {
        line(text, format!("  disputed: {} {}", grouped(&item.disputed_amount), item.currency));
    }
    if !is_zero(&item.unapplied_credit) {
        line(
            text,
            format!(
                "  {} {} of it is covered by the customer's credits that nobody has applied yet",
                grouped(&item.unapplied_credit),
                item.currency
            ),
        );
    }
    if item.is_partly_paid {
        line(text, "  a part of it has been paid".to_owned());
    }
    if let Some(promise) = &item.promise {
        let (amount, chance) = (grouped(&promise.amount), percent(promise.kept_probability));
        line(
            text,
            format!(
                "  promised: {amount} {} for {}; such promises are kept with a chance of {chance}",
                item.currency, promise.promised_date
            ),
        );
    }
}

fn when(text: &mut String, forecast: &ForecastPart) {
    heading(text, "When it is paid");
    match &forecast.expected_date {
        Some(date) => line(text, format!("  expected on {date} (the mean)")),
        None => line(text, format!("  not expected by {}", forecast.horizon_date)),
    }
    let date = |date: &Option<String>| match date {
        Some(date) => format!("by {date}"),
        None => format!("only after {}", forecast.horizon_date),
    };
    line(
        text,
        format!(
            "  a chance of 10 % that it is {}, of 50 % {}, of 90 % {}",
            date(&forecast.paid_date_p10),
            date(&forecast.paid_date_p50),
            date(&forecast.paid_date_p90)
        ),
    );
    let within: Vec<String> =
        forecast.paid_within.iter().map(|within| format!("{} days {}", within.days, percent(within.probability))).collect();
    line(text, format!("  paid within {}", within.join(", ")));
    line(
        text,
        format!(
            "  credited {}, written off {}, still open after {} {}",
            percent(forecast.credit_probability),
            percent(forecast.write_off_probability),
            forecast.horizon_date,
            percent(forecast.beyond_horizon_probability)
        ),
    );
    picture(text, forecast);
}

/// A bar for each week, as long as its chance beside the largest; weeks after the last with any chance are left out.
fn picture(text: &mut String, forecast: &ForecastPart) {
    let weeks = &forecast.by_week;
    let most = weeks.iter().map(|week| week.probability).fold(0.0, f64::max);
    let Some(last) = weeks.iter().rposition(|week| week.probability >= 0.005) else { return };
    text.push('\n');
    for week in &weeks[..=last] {
        let bar = "#".repeat((week.probability / most * BAR as f64).round() as usize);
        line(text, format!("  {} to {}  {bar:<BAR$} {:>6}", week.start_date, week.end_date, percent(week.probability)));
    }
    let paid: f64 = weeks.iter().map(|week| week.probability).sum();
    let later = 1.0 - paid - forecast.credit_probability - forecast.write_off_probability - forecast.beyond_horizon_probability;
    if later >= 0.005 {
        line(text, format!("  {:<24}  {:<BAR$} {:>6}", "later", "", percent(later)));
    }
}

fn parts(text: &mut String, split: &Split, tier: &str) {
    heading(text, "Where the expected date comes from");
    let mut part = |name: &str, value: &str, note: &str| line(text, format!("  {name:<26} {value:>12}   {note}"));
    part("due date", &split.due_date, "");
    if split.uses_expected_days_late {
        let own = match split.own_mean {
            Some(mean) if split.credibility > 0.0 => format!(
                "{} on average (recent first, overdue items as they stand), {}, weight {:.2}",
                late_words(mean),
                counted(split.payments, "payment"),
                split.credibility
            ),
            Some(_) => "too few customers of the company have paid to say how much the own payments of one say".into(),
            None => "no payment of the customer is known".into(),
        };
        part("this customer's payments", &signed(split.own_tenths), &own);
        let pool = format!("{} on average, weight {:.2}", late_words(split.pool_mean), 1.0 - split.credibility);
        part("its company's customers", &signed(split.pool_tenths), &pool);
        part("everything else", &signed(split.rest_tenths), "days of rest, the item and the customer today, the shape of the curve");
    } else {
        let rest = match (tier, split.rest_tenths) {
            ("no_model", 0) => "",
            ("no_model", _) => "the first business day ahead that is not before the due date",
            _ => "the company's curve; on this step of the ladder the customer's own lateness is not looked at",
        };
        part("everything else", &signed(split.rest_tenths), rest);
    }
    part("expected date", &split.expected_date, "");
}

fn drivers(text: &mut String, drivers: &[DriverPart], model: &ModelPart) {
    if model.tier == "no_model" {
        return;
    }
    heading(text, "What moves it, against an average item (log-odds of being paid on the first business day ahead)");
    if drivers.is_empty() {
        let why = if model.tier == "hazard" { "nothing stands out" } else { "this step of the ladder has one curve for all items" };
        line(text, format!("  {why}"));
    }
    for driver in drivers.iter().take(DRIVERS_TOLD) {
        line(text, format!("  {:>6}  {:+.2}  {}", driver.direction, driver.effect, driver.sentence));
    }
}

fn customer(text: &mut String, customer: &CustomerPart) {
    let segment = customer.segment.as_ref().map_or(String::new(), |segment| format!(", segment {segment}"));
    heading(text, &format!("Customer {}{segment}", customer.customer_id));
    match (customer.late_rate, customer.average_days_late, customer.median_days_late) {
        (Some(rate), Some(average), Some(median)) => {
            let settled = counted(customer.settled_items as usize, "invoice");
            line(text, format!("  {settled} paid in two years, {} of them late ({})", customer.settled_late_items, percent(rate)));
            let payments = counted(customer.payments, "payment");
            line(text, format!("  {payments}: {} on average, {} in the median", late_words(average), late_words(median)));
        }
        (_, Some(average), Some(median)) => {
            let payments = counted(customer.payments, "payment");
            line(
                text,
                format!("  no invoice paid in full; {payments}: {} on average, {} in the median", late_words(average), late_words(median)),
            );
        }
        _ => line(text, "  has paid nothing yet that is known".to_owned()),
    }
    for habit in &customer.habits {
        line(
            text,
            format!(
                "  pays on {}: {} of {} payments of the past year ({} of the others' payments)",
                habit.days,
                habit.payments,
                habit.of_payments,
                percent(habit.others_share)
            ),
        );
    }
    let base = &customer.base_currency;
    if customer.other_open_items == 0 {
        line(text, "  nothing else is open".to_owned());
    } else {
        let overdue = match customer.other_overdue_items {
            0 => "nothing overdue".to_owned(),
            items => format!("overdue {} {base} in {}", grouped(&customer.other_overdue_amount_base), counted(items, "item")),
        };
        let items = counted(customer.other_open_items, "item");
        line(text, format!("  beside this {} {base} open in {items}, {overdue}", grouped(&customer.other_open_amount_base)));
    }
    if !customer.last_payments.is_empty() {
        line(text, "  last payments:".to_owned());
    }
    for payment in &customer.last_payments {
        let late = match payment.days_late.round() as i64 {
            0 => "on time".to_owned(),
            1 => "1 day late".to_owned(),
            -1 => "1 day early".to_owned(),
            days if days > 0 => format!("{days} days late"),
            days => format!("{} days early", -days),
        };
        line(text, format!("    {}  {:>16} {base}  {late}", payment.date, grouped(&payment.amount_base)));
    }
}

fn chances_of_lateness(text: &mut String, forecast: &ForecastPart, days_past_due: i32) {
    heading(text, "How late");
    let told = |chance: Option<f64>| chance.map_or("not told, that day lies beyond the days looked at".to_owned(), percent);
    let late_30 = told(forecast.late_30_probability);
    match days_past_due {
        days if days >= 30 => line(text, "  it will not be paid within 30 days of the due date any more".to_owned()),
        days if days >= 0 => line(text, format!("  it will not be paid by the due date any more; P(more than 30 days late) {late_30}")),
        _ => line(text, format!("  P(late) {}, P(more than 30 days late) {late_30}", told(forecast.late_probability))),
    }
}

fn model(text: &mut String, model: &ModelPart) {
    heading(text, "Model");
    let payments = counted(model.cash_events.round() as usize, "payment");
    let learnt = format!("{payments} of {}", counted(model.customers, "customer"));
    line(text, format!("  {} {}, fitted at the end of {} on {learnt}", model.tier, model.version, model.fitted_date));
}

/// How an item was settled, in a sentence and a list.
pub fn settled(settled: &Settled, document_id: &str, company: &str) -> String {
    let mut text = String::new();
    let number = if settled.item_no == 1 { String::new() } else { format!(", item {}", settled.item_no) };
    let late = match settled.settled_days_late {
        Some(days) if days > 0 => format!(", {} after it was due", count(days)),
        Some(days) if days < 0 => format!(", {} before it was due", count(-days)),
        Some(_) => ", on the day it was due".to_owned(),
        None => String::new(),
    };
    let (customer, date) = (&settled.customer_id, &settled.settled_date);
    line(
        &mut text,
        format!(
            "{document_id}{number} of customer {customer} (company {company}) is not open: it was {} on {date}{late}",
            settled_word(settled)
        ),
    );
    let amount = grouped(&settled.amount);
    line(&mut text, format!("  {amount} {}, issued {}", settled.currency, settled.document_date));
    for part in &settled.parts {
        line(
            &mut text,
            format!("  {}  {:>16} {}  {}", part.date, grouped(&part.amount), settled.currency, part.document_type.replace('_', " ")),
        );
    }
    if settled.parts.is_empty() {
        line(&mut text, "  an invoice of zero: there was nothing to pay".to_owned());
    }
    text
}

/// How nothing came to be left of it: by one kind of credit alone, or by several.
fn settled_word(settled: &Settled) -> &'static str {
    let is_all = |kind: &str| settled.parts.iter().all(|part| part.document_type == kind);
    match settled.parts.is_empty() {
        false if is_all("receipt") => "paid",
        false if is_all("write_off") => "written off",
        false if is_all("credit_note") => "credited",
        _ => "settled",
    }
}

fn heading(text: &mut String, title: &str) {
    let _ = writeln!(text, "\n{title}");
}

fn line(text: &mut String, line: String) {
    text.push_str(line.trim_end());
    text.push('\n');
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.5 => "<1 %".into(),
        percent if (99.5..100.0).contains(&percent) => ">99 %".into(),
        percent => format!("{percent:.0} %"),
    }
}

fn count(days: i32) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

fn counted(number: usize, word: &str) -> String {
    crate::run::words::count(number as u64, word)
}

/// `3.2 days late`, `1.0 days early`, `on the due date`.
fn late_words(days: f64) -> String {
    match (days * 10.0).round() / 10.0 {
        late if late > 0.0 => format!("{late:.1} days late"),
        late if late < 0.0 => format!("{:.1} days early", -late),
        _ => "on the due date".into(),
    }
}

/// Tenths of days with their sign.
fn signed(tenths: i32) -> String {
    let sign = if tenths < 0 { "-" } else { "+" };
    format!("{sign}{}.{} days", tenths.abs() / 10, tenths.abs() % 10)
}

fn is_zero(amount: &str) -> bool {
    amount.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// A decimal number with its thousands separated, as many places as it has.
fn grouped(amount: &str) -> String {
    let places = amount.split_once('.').map_or(0, |(_, places)| u32::try_from(places.len()).unwrap_or(0));
    match parse_decimal(amount.as_bytes(), DecimalFormat::default(), AMOUNT_SCALE) {
        Ok(number) => display_amount(i128::from(number), places),
        Err(_) => amount.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!((grouped("1234567.50"), grouped("-12"), grouped("1.2345")), ("1,234,567.50".into(), "-12".into(), "1.2345".into()));
        assert_eq!((signed(-3), signed(124), signed(0)), ("-0.3 days".into(), "+12.4 days".into(), "+0.0 days".into()));
        assert_eq!([0.0, 0.001, 0.234, 0.9999, 1.0].map(percent), ["0 %", "<1 %", "23 %", ">99 %", "100 %"]);
        assert_eq!([-0.04, 3.21, -20.0].map(late_words), ["on the due date", "3.2 days late", "20.0 days early"]);
        assert!(is_zero("0.00") && !is_zero("0.01"));
    }
}
