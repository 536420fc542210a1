//! Why an open item is expected to be paid when it is: the item, its curve, its drivers, and the customer behind it.
//!
//! Responsible for putting together what the model and the facts say of one item, in figures and in words. The figures of
//! the forecast are those of [`ItemForecast`], which the published table reads too. Not responsible for finding the item, or
//! for how it is printed: see `text`.

pub mod customer;
pub mod drivers;
pub mod settled;
pub mod split;
pub mod text;

use super::item_forecast::{DATES, ItemForecast, WITHIN_DAYS};
use super::open_items::{DaysAhead, Expected};
use super::replay::{Fitted, Forecaster};
use super::snapshot::Snapshot;
use crate::ledger::book::NO_DATE;
use crate::ledger::calendar::{Day, date_of};
use crate::ledger::currency::minor_digits;
use crate::ledger::money::minor_unit;
use customer::{CustomerPart, customer_part};
use drivers::{DriverPart, driver_parts};
use serde::Serialize;
use split::{Split, split};

/// Weeks of the curve that are told one by one.
const WEEKS: i32 = 13;

/// What explanations are made from: a model and the customers and open items of a night.
pub struct Explainer<'a> {
    /// What forecasts are made with.
    pub forecaster: &'a Forecaster<'a>,
    /// The model of the night.
    pub fitted: &'a Fitted<'a>,
    /// The customers at its end.
    pub snapshot: &'a Snapshot,
    /// The days ahead of each company.
    pub days: &'a [DaysAhead],
    /// The model's published version.
    pub model_version: &'a str,
}

/// An open item explained. Amounts are decimal texts in the currency named beside them, dates `YYYY-MM-DD`, chances shares of 1.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The item.
    pub item: ItemPart,
    /// When it is expected.
    pub forecast: ForecastPart,
    /// The expected date in parts; `None` where no date is expected.
    pub split: Option<Split>,
    /// What moves its chance of being paid on the first business day ahead, the largest first.
    pub drivers: Vec<DriverPart>,
    /// The customer.
    pub customer: CustomerPart,
    /// The model.
    pub model: ModelPart,
}

/// What the item is.
#[derive(Clone, Debug, Serialize)]
pub struct ItemPart {
    /// Its company.
    pub company_id: String,
    /// Its document.
    pub document_id: String,
    /// Its number in the document.
    pub item_no: i64,
    /// Whose.
    pub customer_id: String,
    /// ISO code.
    pub currency: String,
    /// When it was issued.
    pub document_date: String,
    /// When it is due; `None` without a due date.
    pub due_date: Option<String>,
    /// The due date, or what stands in for it.
    pub due_date_used: String,
    /// The words of its terms.
    pub terms: Option<String>,
    /// Above 0 when it is overdue.
    pub days_past_due: i32,
    /// What was billed.
    pub amount: String,
    /// What is open of it.
    pub open_amount: String,
    /// What the customer's credits, which nobody has applied yet, will take of it.
    pub unapplied_credit: String,
    /// How much of it is disputed.
    pub disputed_amount: String,
    /// Whether a part has been paid.
    pub is_partly_paid: bool,
    /// What is promised of it.
    pub promise: Option<PromisePart>,
}

/// A promise that is not due yet.
#[derive(Clone, Debug, Serialize)]
pub struct PromisePart {
    /// For when.
    pub promised_date: String,
    /// How much of the item.
    pub amount: String,
    /// The chance that it is kept.
    pub kept_probability: f64,
}

/// The curve of the item.
#[derive(Clone, Debug, Serialize)]
pub struct ForecastPart {
    /// Chance of being paid within so many days.
    pub paid_within: Vec<PaidWithin>,
    /// Mean date; `None` where nothing is expected within the days ahead.
    pub expected_date: Option<String>,
    /// A tenth of the chance lies before.
    pub paid_date_p10: Option<String>,
    /// Half of it.
    pub paid_date_p50: Option<String>,
    /// Nine tenths of it.
    pub paid_date_p90: Option<String>,
    /// Chance that it is not settled by the due date; `None` where that lies beyond the days looked at.
    pub late_probability: Option<f64>,
    /// Chance that it is not settled 30 days after.
    pub late_30_probability: Option<f64>,
    /// Chance that it is credited.
    pub credit_probability: f64,
    /// Chance that it is written off.
    pub write_off_probability: f64,
    /// Chance that it is still open after the last day looked at.
    pub beyond_horizon_probability: f64,
    /// The last day looked at.
    pub horizon_date: String,
    /// The chance of payment week by week.
    pub by_week: Vec<WeekPart>,
}

/// A chance of payment.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PaidWithin {
    /// Within so many days.
    pub days: i32,
    /// The chance.
    pub probability: f64,
}

/// A week of the curve.
#[derive(Clone, Debug, Serialize)]
pub struct WeekPart {
    /// Its first day.
    pub start_date: String,
    /// Its last day.
    pub end_date: String,
    /// Chance that the item is paid in it.
    pub probability: f64,
}

/// The model.
#[derive(Clone, Debug, Serialize)]
pub struct ModelPart {
    /// The step of the ladder, or `direct_debit`.
    pub tier: &'static str,
    /// The published version.
    pub version: String,
    /// The day at whose end it was fitted.
    pub fitted_date: String,
    /// Payments it was fitted on.
    pub cash_events: f64,
    /// Customers with a payment.
    pub customers: usize,
}

impl Explainer<'_> {
    /// Explains an open item, named as its document is. `None` where its company has no days ahead.
    pub fn explain(&self, expected: &Expected, document_id: &str, item_no: i64) -> Option<Explanation> {
        let Forecaster { facts, companies, .. } = self.forecaster;
        let customer = expected.customer as usize;
        let days = &self.days[companies.company(customer)];
        let forecast = ItemForecast::new(facts, self.snapshot, &self.fitted.model, days, expected)?;
        Some(Explanation {
            item: self.item_part(&forecast, document_id, item_no),
            forecast: self.forecast_part(&forecast, days),
            split: split(&forecast, self.fitted.model.tier, self.snapshot),
            drivers: driver_parts(&forecast, days.days().first()?.day),
            customer: customer_part(self, &forecast),
            model: ModelPart {
                tier: expected.tier_word(self.fitted.model.tier),
                version: self.model_version.to_owned(),
                fitted_date: text_of(self.fitted.day),
                cash_events: self.fitted.model.events,
                customers: self.fitted.model.customers,
            },
        })
    }

    fn item_part(&self, forecast: &ItemForecast, document_id: &str, item_no: i64) -> ItemPart {
        let Forecaster { book, .. } = self.forecaster;
        let ItemForecast { item, expected, .. } = forecast;
        let customer = &book.customers[expected.customer as usize];
        let currency = book.rates.code(item.currency);
        let open = &expected.open_item;
        let amount = |amount: i64| decimal(amount, currency);
        ItemPart {
            company_id: book.companies[customer.company as usize].clone(),
            document_id: document_id.to_owned(),
            item_no,
            customer_id: customer.id.clone(),
            currency: currency.to_owned(),
            document_date: text_of(item.document_date),
            due_date: (item.due_date != NO_DATE).then(|| text_of(item.due_date)),
            due_date_used: text_of(open.due_date),
            terms: (item.terms != 0).then(|| book.labels[item.terms as usize].clone()),
            days_past_due: self.snapshot.day - open.due_date,
            amount: amount(item.amount),
            open_amount: amount(open.open),
            unapplied_credit: amount(open.open - expected.amount),
            disputed_amount: amount(open.disputed),
            is_partly_paid: open.is_partly_paid,
            promise: expected.promised.map(|promised| PromisePart {
                promised_date: text_of(promised.date),
                amount: amount(promised.amount),
                kept_probability: promised.kept_rate,
            }),
        }
    }

    fn forecast_part(&self, forecast: &ItemForecast, days: &DaysAhead) -> ForecastPart {
        let as_of = self.snapshot.day;
        let paid: Vec<f64> = forecast.expected.paid(days).collect();
        let by = |day: Day| days.days().partition_point(|ahead| ahead.day <= day).checked_sub(1).map_or(0.0, |place| paid[place]);
        let week = |week: i32| {
            let (start, end) = (as_of + 1 + 7 * week, as_of + 7 * (week + 1));
            WeekPart { start_date: text_of(start), end_date: text_of(end), probability: (by(end) - by(start - 1)).max(0.0) }
        };
        let date = |place: usize| forecast.dates[place].map(text_of);
        debug_assert_eq!(DATES, [0.1, 0.5, 0.9]);
        ForecastPart {
            paid_within: WITHIN_DAYS
                .iter()
                .zip(forecast.within)
                .map(|(days, probability)| PaidWithin { days: *days, probability })
                .collect(),
            expected_date: forecast.expected_date.map(text_of),
            paid_date_p10: date(0),
            paid_date_p50: date(1),
            paid_date_p90: date(2),
            late_probability: forecast.late,
            late_30_probability: forecast.late_30,
            credit_probability: forecast.left[1],
            write_off_probability: forecast.left[2],
            beyond_horizon_probability: forecast.beyond_horizon(),
            horizon_date: text_of(days.days().last().map_or(as_of, |day| day.day)),
            by_week: (0..WEEKS).map(week).collect(),
        }
    }
}

/// A date as it is written everywhere here.
pub fn text_of(day: Day) -> String {
    date_of(day).to_string()
}

/// An amount as a decimal number with the currency's decimal places, or with four where it is finer: `1234.50`.
pub fn decimal(amount: i64, currency: &str) -> String {
    let digits = minor_digits(currency).unwrap_or(2);
    let (unit, digits) = if amount % minor_unit(digits) == 0 { (minor_unit(digits), digits) } else { (1, 4) };
    let minor = (amount / unit).unsigned_abs();
    let per_whole = 10_u64.pow(digits);
    let sign = if amount < 0 { "-" } else { "" };
    match digits {
        0 => format!("{sign}{minor}"),
        _ => format!("{sign}{}.{:0width$}", minor / per_whole, minor % per_whole, width = digits as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn amounts_keep_every_digit_and_their_currencys_places() {
        assert_eq!(decimal(123_400, "EUR"), "12.34");
        assert_eq!(decimal(-5_000, "EUR"), "-0.50");
        assert_eq!(decimal(120_000, "JPY"), "12");
        assert_eq!(decimal(12_345, "KWD"), "1.2345");
    }
}
