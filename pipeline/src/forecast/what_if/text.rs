//! What a scenario comes to, as people read it.

use super::changes::Touched;
use super::outcome::{Outcome, Week};
use super::scenario::{Change, Kind, Named, Scenario, Selection};
use crate::ledger::calendar::date_of;
use crate::ledger::money::{AMOUNT_ONE, display_amount};
use std::fmt::Write as _;

/// Weeks of the first sentence: a quarter.
const QUARTER: usize = 13;
/// From so many units on, tables are in thousands.
const IN_THOUSANDS_FROM: f64 = 1e7;

/// A scenario with what it comes to.
pub struct Report<'a> {
    /// What changes.
    pub scenario: &'a Scenario,
    /// What each change was about.
    pub touched: &'a [Touched],
    /// What it comes to.
    pub outcome: &'a Outcome,
    /// The names of the companies.
    pub companies: &'a [String],
    /// ISO code of the base currency.
    pub base_currency: &'a str,
    /// What is open, base currency, ten-thousandths.
    pub open_base: f64,
    /// What is billed within the weeks, base currency, ten-thousandths.
    pub billed_base: f64,
    /// How many paths were simulated.
    pub paths: usize,
    /// The step of the ladder that the curves stand on.
    pub tier: &'a str,
    /// `YYYY-MM-DD`.
    pub as_of: String,
}

/// Costs of a scenario over its weeks, base currency, ten-thousandths; a gain is negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Discounts taken.
    pub discount: f64,
    /// Cost of financing what comes later, less what is saved where it comes sooner; `None` without a cost of capital.
    pub financing: Option<f64>,
    /// Both; `None` without a cost of capital.
    pub net: Option<f64>,
    /// Cost of the discounts a year for a unit that comes a year sooner: Σ discount × 365 ÷ Σ cash × days gained, a share.
    /// `None` where there is no discount or no day is gained.
    pub discount_a_year: Option<f64>,
    /// Cost of financing a year, once the cash is as far behind (or ahead) as after the last week.
    pub financing_a_year: Option<f64>,
}

impl Costs {
    /// The costs of an outcome.
    pub fn new(scenario: &Scenario, touched: &[Touched], outcome: &Outcome) -> Self {
        let financing = scenario.cost_of_capital.map(|cost| -outcome.cash_days * cost / 365.0);
        let behind = outcome.weeks[0].1.last().map_or(0.0, |week| -week.cumulative_change as f64);
        let discounts: f64 = touched.iter().map(|touched| touched.discount_base).sum();
        let gained: f64 = touched.iter().map(|touched| touched.cash_days_gained).sum();
        Costs {
            discount: outcome.discount,
            financing,
            net: financing.map(|financing| financing + outcome.discount),
            discount_a_year: (discounts > 0.0 && gained > 0.0).then(|| discounts * 365.0 / gained),
            financing_a_year: scenario.cost_of_capital.map(|cost| behind * cost),
        }
    }
}

/// The whole report.
pub fn report(report: &Report) -> String {
    let mut text = String::new();
    let weeks = &report.outcome.weeks[0].1;
    let _ = writeln!(text, "{}, as of {}", report.scenario.name, report.as_of);
    let _ = writeln!(text, "\n{}", sentence(weeks, QUARTER.min(weeks.len()), report.base_currency));
    if weeks.len() > QUARTER {
        let _ = writeln!(text, "{}", sentence(weeks, weeks.len(), report.base_currency));
    }
    changes(&mut text, report);
    weekly(&mut text, weeks, report);
    companies(&mut text, report);
    dso(&mut text, report);
    costs(&mut text, report);
    assumptions(&mut text, report);
    text
}

/// What the first weeks change together, in a sentence.
pub fn sentence(weeks: &[Week], count: usize, currency: &str) -> String {
    let Some(week) = count.checked_sub(1).and_then(|last| weeks.get(last)) else { return "no week is looked at".into() };
    let base: i128 = weeks[..count].iter().map(|week| week.base).sum();
    let cash = format!("cash of the next {count} week{}", if count == 1 { "" } else { "s" });
    let of = format!("of {} {currency} expected", amount_words(base as f64));
    let change = week.cumulative_change as f64;
    let [low, high] = week.cumulative_band;
    if change == 0.0 && low == 0.0 && high == 0.0 {
        return format!("{cash} stays as it is ({of})");
    }
    let verb = if change < 0.0 { "falls" } else { "rises" };
    let band = match (low < 0.0, high > 0.0) {
        (true, false) => format!("{} to {}", amount_words(-high), amount_words(-low)),
        (false, true) => format!("{} to {}", amount_words(low), amount_words(high)),
        _ => format!("from {} less to {} more", amount_words(-low), amount_words(high)),
    };
    format!("{cash} {verb} by {} {currency} (80 % band {band}), {of}", amount_words(change.abs()))
}

fn changes(text: &mut String, report: &Report) {
    if report.scenario.changes.is_empty() {
        text.push_str("\nNothing changes: the scenario has no [[change]].\n");
        return;
    }
    text.push_str("\nWhat changes, in this order\n");
    for (number, (change, touched)) in report.scenario.changes.iter().zip(report.touched).enumerate() {
        let _ = writeln!(text, "  {}. {}{}", number + 1, words(change.kind), whom(&change.selection));
        let _ = writeln!(text, "     {}", about(change, touched, report));
    }
}

fn words(kind: Kind) -> String {
    let days = |days: i32| format!("{days} day{}", if days == 1 { "" } else { "s" });
    match kind {
        Kind::Terms { from_days, to_days } => format!("terms of {from_days} days become {}", days(to_days)),
        Kind::EarlyPaymentDiscount { discount, within_days, take_up } => {
            format!("{} discount for paying within {}, taken on {} of it", share(discount), days(within_days), share(take_up))
        }
        Kind::OnTime { top: Some(top) } => format!("the {top} who owe most pay on time"),
        Kind::OnTime { top: None } => "invoices are paid on time".into(),
        Kind::Disputes { faster_by_days } => format!("disputed items are paid {} sooner", days(faster_by_days)),
        Kind::Delay { days: by } => format!("everything is paid {} later", days(by)),
    }
}

fn whom(selection: &Selection) -> String {
    let mut parts = Vec::new();
    if let Some(customers) = &selection.customers {
        let names: Vec<&str> = customers.iter().map(|named| named.name.as_str()).collect();
        let shown = if names.len() > 5 { format!("{} and {} more", names[..5].join(", "), names.len() - 5) } else { names.join(", ") };
        parts.push(format!("customer{} {shown}", if names.len() == 1 { "" } else { "s" }));
    }
    let mut add = |word: &str, named: &Option<Named>| parts.extend(named.as_ref().map(|named| format!("{word} {}", named.name)));
    add("segment", &selection.segment);
    add("company", &selection.company);
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

fn about(change: &Change, touched: &Touched, report: &Report) -> String {
    let open = format!(
        "{} with {} {} open ({} of all)",
        crate::run::words::count(touched.open_items as u64, "open item"),
        amount_words(touched.open_amount_base),
        report.base_currency,
        share(ratio(touched.open_amount_base, report.open_base))
    );
    let billed = format!("{} of what is billed from now on", share(ratio(touched.billed_base, report.billed_base)));
    if touched.open_items == 0 && touched.billed_base == 0.0 {
        return match change.kind {
            Kind::Disputes { .. } => "nothing: no open item of those selected is disputed".into(),
            Kind::EarlyPaymentDiscount { take_up: 0.0, .. } => "nothing: nobody takes it".into(),
            _ => "nothing: those selected have nothing open and bill nothing".into(),
        };
    }
    match change.kind {
        Kind::Terms { .. } => format!("{billed}; open invoices keep their terms"),
        Kind::Disputes { .. } => open,
        _ => format!("{open}; {billed}"),
    }
}

fn weekly(text: &mut String, weeks: &[Week], report: &Report) {
    let largest = weeks.iter().map(|week| week.base.max(week.scenario)).max().unwrap_or(0) as f64 / AMOUNT_ONE as f64;
    let unit = if largest >= IN_THOUSANDS_FROM { 1_000.0 } else { 1.0 };
    let thousands = if unit > 1.0 { "thousands of " } else { "" };
    let _ = writeln!(text, "\nCash by week, {thousands}{}", report.base_currency);
    let _ = writeln!(
        text,
        "  {:>4}  {:10}  {:>12}  {:>12}  {:>11}  {:>22}  {:>12}  {:>22}",
        "week", "to", "base", "scenario", "change", "80 % band", "cumulative", "80 % band"
    );
    let whole = |amount: f64| display_amount((amount / unit).round() as i128, 0);
    let band = |band: [f64; 2]| format!("{} to {}", whole(band[0]), whole(band[1]));
    for week in weeks {
        let _ = writeln!(
            text,
            "  {:>4}  {:10}  {:>12}  {:>12}  {:>11}  {:>22}  {:>12}  {:>22}",
            week.week,
            date_of(week.end).to_string(),
            whole(week.base as f64),
            whole(week.scenario as f64),
            whole(week.change() as f64),
            band(week.change_band),
            whole(week.cumulative_change as f64),
            band(week.cumulative_band)
        );
    }
}

fn companies(text: &mut String, report: &Report) {
    let of_companies = &report.outcome.weeks[1..];
    if of_companies.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nBy company");
    for (company, weeks) in of_companies {
        let name = company.map_or("(all)", |company| report.companies[company].as_str());
        let _ = writeln!(text, "  {name}: {}", sentence(weeks, QUARTER.min(weeks.len()), report.base_currency));
    }
}

fn dso(text: &mut String, report: &Report) {
    text.push_str("\nDSO, days: receivables expected to be open ÷ billing of the last 91 days × 91\n");
    let _ = writeln!(text, "  {:10}  {:>8}  {:>8}  {:>8}", "at", "base", "scenario", "change");
    for dso in &report.outcome.dso {
        let shown = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let change = dso.base.zip(dso.scenario).map(|(base, scenario)| scenario - base);
        // A difference that rounding leaves has no sign.
        let change = change.map_or("-".to_owned(), |change| format!("{:+.1}", (change * 10.0).round() / 10.0 + 0.0));
        let _ = writeln!(text, "  {:10}  {:>8}  {:>8}  {change:>8}", date_of(dso.day).to_string(), shown(dso.base), shown(dso.scenario));
    }
}

fn costs(text: &mut String, report: &Report) {
    let costs = Costs::new(report.scenario, report.touched, report.outcome);
    let currency = report.base_currency;
    let weeks = report.scenario.weeks;
    let _ = writeln!(text, "\nCosts of these {weeks} weeks, {currency}; a gain is negative");
    let whole = |amount: f64| display_amount(amount.round() as i128, 0);
    let mut line = |name: &str, value: Option<f64>, note: String| {
        let value = value.map_or("-".to_owned(), whole);
        let _ = writeln!(text, "{}", format!("  {name:22} {value:>14}   {note}").trim_end());
    };
    let a_year = match costs.discount_a_year {
        Some(cost) => format!("{} a year on the cash that comes sooner", share(cost)),
        None if costs.discount > 0.0 => "no day is gained".into(),
        None => String::new(),
    };
    line("discounts given", Some(costs.discount), a_year);
    let none = || "no cost_of_capital in the scenario".to_owned();
    let financing = match (report.scenario.cost_of_capital, costs.financing_a_year) {
        (Some(cost), Some(a_year)) => format!("at {} a year; goes on at {} a year as after week {weeks}", share(cost), whole(a_year)),
        _ => none(),
    };
    line("financing", costs.financing, financing);
    line("net", costs.net, if costs.net.is_none() { none() } else { String::new() });
}

fn assumptions(text: &mut String, report: &Report) {
    let has = |is: fn(Kind) -> bool| report.scenario.changes.iter().any(|change| is(change.kind));
    let mut lines = vec![
        format!(
            "base and scenario are simulated on the same {} paths; the band is that of their difference, from how payments and billing may \
             fall, not of how sure the change itself is, and is not calibrated",
            report.paths
        ),
        "what is billed does not change; it is taken to be paid as that of the company has been, whoever is selected".to_owned(),
        "amounts are converted at the rates of the date; credits not applied yet are taken off what is open".to_owned(),
    ];
    if has(|kind| matches!(kind, Kind::Terms { .. })) {
        lines.push(
            "terms: customers stay as early or late against the due date as they were; who bills on which terms is as in the past year"
                .into(),
        );
    }
    if has(|kind| matches!(kind, Kind::EarlyPaymentDiscount { .. })) {
        lines.push("discount: what takes it and would be paid sooner anyway is paid when it would be, with the discount".into());
    }
    if has(|kind| matches!(kind, Kind::OnTime { .. })) {
        lines.push(
            "on time: what is expected to be credited or written off still is; overdue items are paid on the next business day".into(),
        );
    }
    if has(|kind| matches!(kind, Kind::Disputes { .. })) {
        lines.push("disputes: an item of which a part is disputed moves as a whole; what is billed from now on does not".into());
    }
    if report.tier == "no_model" {
        lines.push("there is no model: too few payments are known, every open item is taken to be paid on its due date".into());
    }
    text.push_str("\nHow it is reckoned\n");
    for line in lines {
        bullet(text, &line);
    }
}

/// A bullet of lines that a terminal shows whole.
fn bullet(text: &mut String, line: &str) {
    const WIDTH: usize = 108;
    let mut written = String::from("  -");
    for word in line.split(' ') {
        let width = written.chars().count() - written.rfind('\n').map_or(0, |end| written[..=end].chars().count());
        if width + 1 + word.chars().count() > WIDTH {
            written.push_str("\n   ");
        }
        written.push(' ');
        written.push_str(word);
    }
    let _ = writeln!(text, "{written}");
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A share in per cent, with a decimal place where it is small or has one.
fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || (percent - percent.round()).abs() < 1e-9 || percent >= 10.0 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

/// An amount of ten-thousandths as people say it: `840`, `12,345`, `1.23 million`.
pub fn amount_words(amount: f64) -> String {
    let units = amount / AMOUNT_ONE as f64;
    match units.abs() {
        large if large >= 1e9 => format!("{:.2} billion", units / 1e9),
        large if large >= 1e6 => format!("{:.2} million", units / 1e6),
        _ => display_amount(amount.round() as i128, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(base: i128, cumulative_change: i128, band: [f64; 2]) -> Week {
        let scenario = base + cumulative_change;
        Week { week: 1, start: 0, end: 6, base, scenario, change_band: band, cumulative_change, cumulative_band: band }
    }

    #[test]
    fn the_sentence_says_which_way_and_how_sure() {
        let said = |change: i128, band: [f64; 2]| sentence(&[week(40_000_000_000, change, band)], 1, "EUR");
        assert_eq!(
            said(-12_340_000_000, [-15e9, -9.5e9]),
            "cash of the next 1 week falls by 1.23 million EUR (80 % band 950,000 to 1.50 million), of 4.00 million EUR expected"
        );
        assert!(said(5_000_000, [-1e6, 9e6]).contains("rises by 500 EUR (80 % band from 100 less to 900 more)"));
        assert!(said(0, [0.0, 0.0]).contains("stays as it is (of 4.00 million EUR expected)"));
    }

    #[test]
    fn shares_and_amounts_read_well() {
        assert_eq!([0.02, 0.025, 0.4, 0.0, 0.3724].map(share), ["2 %", "2.5 %", "40 %", "0 %", "37 %"]);
        assert_eq!([8_400_000.0, 123_450_000.0, 2e13].map(amount_words), ["840", "12,345", "2.00 billion"]);
    }
}
