//! The expected date in parts: due date, what the customer's own payments add, what its pool adds, and all the rest.
//!
//! The parts are whole tenths of days and sum exactly: what rounding leaves is in the rest.

use super::text_of;
use crate::forecast::item_forecast::ItemForecast;
use crate::forecast::snapshot::Snapshot;
use crate::forecast::timing::Tier;
use serde::Serialize;

/// An expected date in parts.
///
/// expected date = due date + own + pool + rest, in days; own = Z · x̄, pool = (1 − Z) · p
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Split {
    /// The due date, or what stands in for it.
    pub due_date: String,
    /// Z · x̄: what the customer's own payments add, in tenths of days.
    pub own_tenths: i32,
    /// (1 − Z) · p: what those it is compared with add, in tenths of days.
    pub pool_tenths: i32,
    /// What the model makes of everything else, in tenths of days.
    pub rest_tenths: i32,
    /// The expected date.
    pub expected_date: String,
    /// x̄: mean days late of the customer, recent payments first; overdue items that are later already count as they stand.
    /// `None` without any.
    pub own_mean: Option<f64>,
    /// Z: the weight of the customer's own mean, 0 to 1.
    pub credibility: f64,
    /// p: mean days late of its pool, the company's customers on the same terms or all of them.
    pub pool_mean: f64,
    /// μ = Z · x̄ + (1 − Z) · p, days.
    pub expected_days_late: f64,
    /// Days on which the customer paid.
    pub payments: usize,
    /// Whether the model on this step of the ladder looks at μ at all: else own and pool are 0.
    pub uses_expected_days_late: bool,
}

/// Splits the expected date of an item; `None` where none is expected.
pub fn split(forecast: &ItemForecast, tier: Tier, snapshot: &Snapshot) -> Option<Split> {
    let expected_date = forecast.expected_date?;
    let due_date = forecast.expected.open_item.due_date;
    let customer = forecast.expected.customer as usize;
    let behaviour = snapshot.behaviour.customer(customer);
    let pool_mean = snapshot.behaviour.pool_of(customer, forecast.item.terms);
    let uses_expected_days_late = !forecast.expected.is_collected && matches!(tier, Tier::Hazard | Tier::ResidualCurve);
    let credibility = if behaviour.mean.is_some() { behaviour.credibility } else { 0.0 };
    let tenths = |days: f64| if uses_expected_days_late { (days * 10.0).round() as i32 } else { 0 };
    let own_tenths = tenths(credibility * behaviour.mean.unwrap_or(0.0));
    // Both together are μ to the tenth, whichever way each was rounded.
    let pool_tenths = tenths(forecast.features.expected_days_late) - own_tenths;
    Some(Split {
        due_date: text_of(due_date),
        own_tenths,
        pool_tenths,
        rest_tenths: 10 * (expected_date - due_date) - own_tenths - pool_tenths,
        expected_date: text_of(expected_date),
        own_mean: behaviour.mean,
        credibility,
        pool_mean,
        expected_days_late: forecast.features.expected_days_late,
        payments: behaviour.payments,
        uses_expected_days_late,
    })
}
