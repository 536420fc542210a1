//! The parts of an item's log-odds as sentences.

use super::text_of;
use crate::forecast::design::ITEM_COLUMNS;
use crate::forecast::drivers::Driver;
use crate::forecast::item_forecast::ItemForecast;
use crate::ledger::calendar::Day;
use serde::Serialize;

/// Parts below this are no reason for anything: they change odds by less than a twentieth.
const EFFECT_LEAST: f64 = 0.05;

/// A driver in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriverPart {
    /// Its published name.
    pub name: &'static str,
    /// Its part of the log-odds, against the average row of the fit; above 0 is sooner.
    pub effect: f64,
    /// `sooner` or `later`.
    pub direction: &'static str,
    /// What it is about, with this item's value.
    pub sentence: String,
}

/// The drivers of an item that say anything, the largest first, on the first business day ahead.
pub fn driver_parts(forecast: &ItemForecast, day: Day) -> Vec<DriverPart> {
    let told = forecast.drivers.iter().filter(|driver| driver.effect.abs() >= EFFECT_LEAST);
    told.map(|driver| DriverPart {
        name: driver.name,
        effect: driver.effect,
        direction: if driver.effect > 0.0 { "sooner" } else { "later" },
        sentence: sentence(driver, forecast, day),
    })
    .collect()
}

fn sentence(driver: &Driver, forecast: &ItemForecast, day: Day) -> String {
    let features = &forecast.features;
    let value = ITEM_COLUMNS.iter().position(|name| *name == driver.name).map_or(0.0, |place| f64::from(features.columns[place]));
    let past_due = day - features.due_date;
    match driver.name {
        "spread of days late" => format!("its days late vary by about {}", days(value.exp())),
        "number of past payments" if value >= f64::from(8.0_f32.ln_1p()) - 1e-6 => "8 payments of the customer or more are known".into(),
        "number of past payments" => match value.exp_m1().round() as i64 {
            0 => "no payment of the customer is known".into(),
            1 => "only one payment of the customer is known".into(),
            number => format!("only {number} payments of the customer are known"),
        },
        "last three payments against the average" if value >= 0.5 => {
            format!("its last payments came {} later than its average", days(value))
        }
        "last three payments against the average" if value <= -0.5 => {
            format!("its last payments came {} earlier than its average", days(-value))
        }
        "last three payments against the average" => "its last payments came as its average does".into(),
        "overdue items of the customer" => match value.exp_m1().round() as i64 {
            0 => "nothing of the customer is overdue".into(),
            1 => "one item of the customer is overdue".into(),
            number => format!("{number} items of the customer are overdue"),
        },
        "worst days past due of the customer" => match value.exp_m1().round() as i64 {
            0 => "nothing of the customer is past due".into(),
            worst => format!("the customer's oldest overdue item is {} past due", days(worst as f64)),
        },
        "amount against the customer's median" => format!("the amount is {:.1} times the customer's usual one", value.exp()),
        "disputed" if value > 0.995 => "it is disputed".into(),
        "disputed" if value > 0.0 => format!("{:.0} % of it is disputed", value * 100.0),
        "disputed" => "it is not disputed".into(),
        "partly paid" if value > 0.0 => "a part of it has been paid".into(),
        "partly paid" => "nothing of it has been paid yet".into(),
        "payment terms" => format!("it was issued {} before it is due", days(value)),
        "no due date" if value > 0.0 => "it has no due date".into(),
        "no due date" => "it has a due date".into(),
        "expected days late" => match value {
            late if late >= 0.5 => format!("the customer is expected to pay {} late", days(late)),
            late if late <= -0.5 => format!("the customer is expected to pay {} before the due date", days(-late)),
            _ => "the customer is expected to pay on the due date".into(),
        },
        "days from the expected date" => match f64::from(past_due) - features.expected_days_late {
            past if past >= 0.5 => format!("{} is {} after this customer's usual date", text_of(day), days(past)),
            past if past <= -0.5 && driver.effect > 0.0 => {
                format!("{} is only {} before this customer's usual date", text_of(day), days(-past))
            }
            past if past <= -0.5 => format!("{} is {} before this customer's usual date", text_of(day), days(-past)),
            _ => format!("{} is this customer's usual date", text_of(day)),
        },
        "days past due" if past_due > 0 => format!("on {} it is {} past due", text_of(day), days(f64::from(past_due))),
        "days past due" if past_due < 0 => format!("on {} it is not due for {}", text_of(day), days(f64::from(-past_due))),
        "days past due" => format!("it is due on {}", text_of(day)),
        "day of the week and month" => format!("{} is a {}", text_of(day), day_word(day)),
        "payment run" if driver.effect > 0.0 => format!("the customer's habit makes {} a likely day to pay what is ready", text_of(day)),
        "payment run" => format!("the customer's habit makes {} an unlikely day to pay it", text_of(day)),
        other => other.to_owned(),
    }
}

fn days(number: f64) -> String {
    let number = number.round() as i64;
    format!("{number} day{}", if number == 1 { "" } else { "s" })
}

fn day_word(day: Day) -> &'static str {
    super::customer::WEEKDAYS[usize::from(crate::ledger::business_days::weekday(day))]
}
