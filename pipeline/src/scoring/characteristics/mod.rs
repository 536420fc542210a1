//! What the risk model reads of a customer at the end of a day: nineteen characteristics, each with the direction in which it is
//! riskier.
//!
//! Responsible for their list and meaning. The numbers come from `facts` through `row` and `snapshot`, and know nothing that was
//! recorded after the day. What is not known is missing, not zero: see each of them.

mod row;
mod snapshot;
#[cfg(test)]
mod tests;

pub use row::{Account, Sources};
pub use snapshot::{CustomerRow, RiskSnapshot};

use arrears_models::scorecard::Direction;

/// How many characteristics there are.
pub const COUNT: usize = 19;

/// How a value is written for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole days.
    Days,
    /// A share of 1, written in per cent.
    Share,
    /// A plain ratio.
    Ratio,
    /// A count.
    Count,
}

/// A characteristic.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its published name.
    pub name: &'static str,
    /// Which way it is riskier.
    pub direction: Direction,
    /// How its values are written.
    pub unit: Unit,
    /// What it is, and when it is missing.
    pub meaning: &'static str,
    /// What to call it in a reason for a customer to read.
    pub reason: &'static str,
}

use Direction::{Falling, Rising};

/// Every characteristic, in the order of declaration: scorecards and stored values go by it.
pub const CHARACTERISTICS: [Definition; COUNT] = [
    Definition {
        name: "worst_days_past_due",
        direction: Rising,
        unit: Unit::Days,
        meaning: "days past due of the oldest open items that together make up 1 % of what is open; 0 where nothing is past due",
        reason: "days past due now",
    },
    Definition {
        name: "share_over_30_days",
        direction: Rising,
        unit: Unit::Share,
        meaning: "share of the open amount that is more than 30 days past due; missing where nothing is open",
        reason: "share of the balance more than 30 days past due",
    },
    Definition {
        name: "average_days_late",
        direction: Rising,
        unit: Unit::Days,
        meaning: "days late of past payments, weighted by age and held towards the company's average by credibility; missing without a payment or an overdue item",
        reason: "average days late",
    },
    Definition {
        name: "days_late_trend",
        direction: Rising,
        unit: Unit::Days,
        meaning: "average days late of the last 90 days, overdue items at their present lateness, less that of the 270 days before; missing where one of them has none",
        reason: "paying later than before, days",
    },
    Definition {
        name: "late_rate",
        direction: Rising,
        unit: Unit::Share,
        meaning: "share of the items settled in two years or past due now that were settled late or are past due; missing without any",
        reason: "share of items paid late",
    },
    Definition {
        name: "worst_of_12_months",
        direction: Rising,
        unit: Unit::Days,
        meaning: "most days late of any payment of the last 365 days, or of an item still open, above 1 % of its item; missing without any",
        reason: "most days late in 12 months",
    },
    Definition {
        name: "silence",
        direction: Rising,
        unit: Unit::Ratio,
        meaning: "days since the last payment ÷ median days between payment days of two years; missing with fewer than three payment days",
        reason: "time since the last payment, times the usual gap",
    },
    Definition {
        name: "utilisation",
        direction: Rising,
        unit: Unit::Share,
        meaning: "open less unapplied credits ÷ credit limit, where the ledger says since when the limit has been known; missing otherwise; at most 10",
        reason: "share of the credit limit in use",
    },
    Definition {
        name: "exposure_to_sales",
        direction: Rising,
        unit: Unit::Ratio,
        meaning: "open amount ÷ sales of the last 365 days; missing without sales; at most 10",
        reason: "open amount against a year's sales",
    },
    Definition {
        name: "sales_trend",
        direction: Falling,
        unit: Unit::Ratio,
        meaning: "sales a day of the last 90 days ÷ sales a day of the 275 days before; missing without the latter; at most 5",
        reason: "sales of 90 days against those before",
    },
    Definition {
        name: "broken_promises",
        direction: Rising,
        unit: Unit::Count,
        meaning: "promises due in the last 365 days for which less came than was promised; missing where no promise is known",
        reason: "broken promises in 12 months",
    },
    Definition {
        name: "returned_payments",
        direction: Rising,
        unit: Unit::Count,
        meaning: "payments returned in the last 365 days",
        reason: "returned payments in 12 months",
    },
    Definition {
        name: "disputed_share",
        direction: Rising,
        unit: Unit::Share,
        meaning: "share of the open amount in dispute; missing where nothing is open or no dispute is known",
        reason: "share of the balance in dispute",
    },
    Definition {
        name: "short_pay_rate",
        direction: Rising,
        unit: Unit::Share,
        meaning: "share of the items first paid in the last 365 days of which the first payment, with what was credited by then, left more than 1 % open; missing without any",
        reason: "share of items paid in part",
    },
    Definition {
        name: "discount_use",
        direction: Falling,
        unit: Unit::Share,
        meaning: "share of the items with a discount offered until a day of the last 365 days on which it was taken; missing where none was offered",
        reason: "share of discounts taken",
    },
    Definition {
        name: "tenure",
        direction: Falling,
        unit: Unit::Days,
        meaning: "days since the account was opened, else since the first invoice of the last two years",
        reason: "days since the account was opened",
    },
    Definition {
        name: "paid_invoices",
        direction: Falling,
        unit: Unit::Count,
        meaning: "items settled with cash in two years",
        reason: "items paid in two years",
    },
    Definition {
        name: "credit_note_ratio",
        direction: Rising,
        unit: Unit::Ratio,
        meaning: "credit notes ÷ sales of the last 365 days; missing without sales; at most 5",
        reason: "credit notes against sales",
    },
    Definition {
        name: "family_overdue_share",
        direction: Rising,
        unit: Unit::Share,
        meaning: "share of what the other customers of the same parent owe that is past due; missing without such customers or where they owe nothing",
        reason: "share of the group's other debt past due",
    },
];

/// Position of a characteristic, by its name.
pub fn position(name: &str) -> Option<usize> {
    CHARACTERISTICS.iter().position(|definition| definition.name == name)
}

impl Unit {
    /// A value for people to read.
    pub fn text(self, value: f32) -> String {
        match self {
            _ if value.is_nan() => "not known".to_owned(),
            Unit::Days => format!("{value:.0}"),
            Unit::Share => format!("{:.0} %", value * 100.0),
            Unit::Ratio => format!("{value:.1}"),
            Unit::Count => format!("{value:.0}"),
        }
    }
}
