//! Products of money and fractions of money, and the provision that one makes of a balance.

use crate::config::FACTOR_ONE;
use crate::error::{Error, Result};

/// `amount × numerator ÷ denominator`, halves rounded away from zero; all ≥ 0, the denominator above 0 and below 2¹²⁶. The product
/// may take 256 bits: balances, losses and their base are each as large as a ledger. `None` when the result does not fit 127.
pub fn share(amount: i128, numerator: i128, denominator: i128) -> Option<i128> {
    debug_assert!(amount >= 0 && numerator >= 0 && denominator > 0 && denominator < 1 << 126, "amounts of a ledger");
    if let Some(product) = amount.checked_mul(numerator).filter(|product| product.checked_add(denominator).is_some()) {
        return Some(crate::ledger::money::divide_half_away(product, denominator));
    }
    let (high, low) = wide_product(amount.unsigned_abs(), numerator.unsigned_abs());
    let denominator = denominator.unsigned_abs();
    // Long division, bit by bit: the remainder stays below the denominator and so within its bits.
    let (mut quotient, mut remainder) = (0_u128, 0_u128);
    for bit in (0..256).rev() {
        let part = if bit >= 128 { high >> (bit - 128) } else { low >> bit };
        remainder = (remainder << 1) | (part & 1);
        if quotient >> 126 != 0 {
            return None;
        }
        quotient <<= 1;
        if remainder >= denominator {
            remainder -= denominator;
            quotient |= 1;
        }
    }
    i128::try_from(quotient + u128::from(2 * remainder >= denominator)).ok()
}

/// The upper and the lower 128 bits of a product.
fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a_high, a_low, b_high, b_low) = (a >> 64, a & HALF, b >> 64, b & HALF);
    let lowest = a_low * b_low;
    // (2⁶⁴ − 1)² + 2⁶⁴ − 1 still fits.
    let middle = a_high * b_low + (lowest >> 64);
    let other = a_low * b_high + (middle & HALF);
    (a_high * b_high + (middle >> 64) + (other >> 64), (other << 64) | (lowest & HALF))
}

/// The provision of a balance: balance × loss rate × overlay, never more than the balance, rounded half away from zero to the base
/// minor unit.
///
/// `gross` in ten-thousandths and ≥ 0, the rate as `numerator` ÷ `denominator`, `overlay` in parts of [`FACTOR_ONE`], `unit` the base
/// minor unit in ten-thousandths.
///
/// ```
/// use arrears::marts::expected_credit_loss::provision;
/// // 60,000.00 × 2,000 ÷ 23,000 = 5,217.39
/// assert_eq!(provision(600_000_000, (2_000, 23_000), 1_000_000, 100).unwrap(), 52_173_900);
/// // 60,000.00 × ½ × 2.5: no more than there is.
/// assert_eq!(provision(600_000_000, (1, 2), 2_500_000, 100).unwrap(), 600_000_000);
/// ```
///
/// # Errors
/// When the sums of the ledger are beyond 10²⁷.
pub fn provision(gross: i128, rate: (i128, i128), overlay: i64, unit: i64) -> Result<i128> {
    let too_large = || Error::unexpected("overflow", format!("the provision of {gross} ten-thousandths is out of range"));
    let one = i128::from(FACTOR_ONE);
    let numerator = rate.0.checked_mul(i128::from(overlay)).ok_or_else(too_large)?;
    let denominator = rate.1.checked_mul(one).ok_or_else(too_large)?;
    if numerator >= denominator {
        return Ok(gross);
    }
    let units = denominator.checked_mul(i128::from(unit)).filter(|units| *units < 1 << 126).ok_or_else(too_large)?;
    let rounded = share(gross, numerator, units).ok_or_else(too_large)?;
    Ok((rounded * i128::from(unit)).min(gross))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provision_is_rounded_half_away_from_zero_and_never_more_than_the_balance() {
        type Case = (i128, (i128, i128), i64, i64, i128);
        let table: &[Case] = &[
            // gross, rate, overlay, unit → provision
            (3_000_000_000, (2_000, 100_000), FACTOR_ONE, 100, 60_000_000),
            (500, (1, 2), FACTOR_ONE, 100, 300), // 0.025 → 0.03
            (10_000, (1, 3), FACTOR_ONE, 100, 3_300),
            (10_000, (1, 3), 1_100_000, 100, 3_700),      // 0.3667
            (10_000, (1, 2), FACTOR_ONE, 10_000, 10_000), // no decimals: 0.5 → 1
            (10_000, (9, 10), 1_200_000, 100, 10_000),
            (0, (1, 3), FACTOR_ONE, 100, 0),
            (10_000, (0, 7), FACTOR_ONE, 100, 0),
            (10_000, (1, 3), 0, 100, 0),
        ];
        for (gross, rate, overlay, unit, expected) in table {
            assert_eq!(provision(*gross, *rate, *overlay, *unit).expect("it fits"), *expected, "{gross} × {rate:?} × {overlay}");
        }
    }

    #[test]
    fn large_ledgers_fit_and_what_does_not_is_an_error() {
        // A hundred million million yen at a third, both sides of the rate as large, and an overlay.
        let third = (10_i128.pow(21), 3 * 10_i128.pow(21));
        assert_eq!(provision(3 * 10_i128.pow(18), third, 1_234_567, 10_000).expect("it fits"), 1_234_567_000_000_000_000);
        assert!(provision(1, (10_i128.pow(33), 10_i128.pow(34)), FACTOR_ONE, 100).is_err());
    }

    #[test]
    fn wide_products_divide_as_narrow_ones_do() {
        // (10²⁵ + 1)(10²⁵ − 1) = 10⁵⁰ − 1; over 10²⁵: 10²⁵ − 10⁻²⁵, which rounds to 10²⁵.
        let large = 10_i128.pow(25);
        assert_eq!(share(large + 1, large - 1, large), Some(large));
        assert_eq!(share(large, large, 2 * large), Some(large / 2));
        // 10³⁷ × 151 ÷ 2 × 10³⁷ = 75.5: away from zero.
        assert_eq!(share(10_i128.pow(37), 151, 2 * 10_i128.pow(37)), Some(76));
        assert_eq!(share(10_i128.pow(37), 149, 2 * 10_i128.pow(37)), Some(75));
        assert_eq!(share(10_i128.pow(37), 148, 2 * 10_i128.pow(37) + 1), Some(74));
        assert_eq!(share(i128::MAX, i128::MAX, 1), None);
    }
}
