//! Currencies: the ISO 4217 minor unit of each code.

use std::str::FromStr as _;

/// Decimal places of a currency's minor unit (JPY 0, USD 2, KWD 3, CLF 4), or `None` for a code ISO 4217 does not list
/// or one without a minor unit (gold, special drawing rights).
///
/// ```
/// use arrears::ledger::currency::minor_digits;
/// assert_eq!(minor_digits("JPY"), Some(0));
/// assert_eq!(minor_digits("KWD"), Some(3));
/// assert_eq!(minor_digits("Dollars"), None);
/// ```
pub fn minor_digits(code: &str) -> Option<u32> {
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_code {
        return None;
    }
    let exponent = iso_currency::Currency::from_str(code).ok()?.exponent()?;
    Some(u32::from(exponent)).filter(|digits| *digits <= super::money::AMOUNT_SCALE)
}

#[cfg(test)]
mod tests {
    use super::minor_digits;

    #[test]
    fn minor_units_follow_iso_4217() {
        for (code, digits) in [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4), ("NGN", 2), ("CLP", 0)] {
            assert_eq!(minor_digits(code), Some(digits), "{code}");
        }
        for code in ["usd", "US", "XXX", "ZZZ", ""] {
            assert_eq!(minor_digits(code), None, "{code}");
        }
    }
}
