//! Expected loss, in whole numbers.

use crate::ledger::money::divide_half_away;

/// A chance counts in units of 10⁻¹².
const CHANCE_ONE: i128 = 1_000_000_000_000;
/// Shares of the configuration count in ten-thousandths.
pub const SHARE_ONE: i64 = 10_000;

/// A chance in whole units, so that a product with money is exact and the same everywhere.
fn in_units(chance: f64) -> i128 {
    // The cast of a float saturates, and a chance lies between 0 and 1.
    (chance.clamp(0.0, 1.0) * CHANCE_ONE as f64).round() as i128
}

/// Expected loss = PD × EAD × LGD, rounded half away from zero to the base minor unit.
///
/// * `chance` — PD, 0 to 1, taken to twelve decimals
/// * `exposure` — EAD, ten-thousandths of base currency, ≥ 0
/// * `loss_share` — LGD, ten-thousandths: 60 % is 6,000
/// * `unit` — the base minor unit, ten-thousandths
///
/// `None` when the product does not fit 128 bits.
///
/// ```
/// use arrears::scoring::credit_review::expected_loss;
/// // 2.5 % of 10,000.00 at 60 %: 150.00
/// assert_eq!(expected_loss(0.025, 100_000_000, 6_000, 100), Some(1_500_000));
/// // 0.1 % of 8.33 at 60 % is 0.004998: nothing, to the cent; of 8.34 it is 0.005004: one cent.
/// assert_eq!(expected_loss(0.001, 83_300, 6_000, 100), Some(0));
/// assert_eq!(expected_loss(0.001, 83_400, 6_000, 100), Some(100));
/// ```
pub fn expected_loss(chance: f64, exposure: i128, loss_share: i64, unit: i64) -> Option<i128> {
    let product = in_units(chance).checked_mul(exposure)?.checked_mul(i128::from(loss_share))?;
    let denominator = CHANCE_ONE * i128::from(SHARE_ONE) * i128::from(unit);
    Some(divide_half_away(product, denominator) * i128::from(unit))
}

/// The exposure whose expected loss is the budget: budget ÷ (PD × LGD), rounded down; `None` where nothing would be lost.
pub fn affordable(budget: i128, chance: f64, loss_share: i64) -> Option<i128> {
    let lost = in_units(chance).checked_mul(i128::from(loss_share)).filter(|lost| *lost > 0)?;
    Some(budget.checked_mul(CHANCE_ONE * i128::from(SHARE_ONE))? / lost)
}
