//! Exact money: parsing, conversion and rounding, all in integers.
//!
//! An amount is an `i64` count of ten-thousandths of its currency (scale 4, as `DECIMAL(18,4)`), a rate an `i64`
//! count of ten-billionths (scale 10, as `DECIMAL(18,10)`). Sums are `i128`. There is no binary float in this module,
//! and no rounding that is not named in the function that does it.

/// Decimal places of an amount in the ledger and in what is published.
pub const AMOUNT_SCALE: u32 = 4;
/// Ten-thousandths in one unit of currency.
pub const AMOUNT_ONE: i64 = 10_000;
/// The largest amount the ledger holds: `DECIMAL(18,4)`.
pub const AMOUNT_MAX: i64 = 999_999_999_999_999_999;
/// Decimal places of an exchange rate.
pub const RATE_SCALE: u32 = 10;
/// The rate 1, of the base currency to itself.
pub const RATE_ONE: i64 = 10_000_000_000;

/// Why a text is not a number of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// No digits, or a character that does not belong there.
    NotANumber,
    /// More decimal places than the scale holds.
    TooFine,
    /// Beyond `DECIMAL(18, scale)`.
    OutOfRange,
}

/// How a source writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalFormat {
    /// The decimal separator.
    pub decimal: u8,
    /// The grouping character, if the source uses one.
    pub thousands: Option<u8>,
}

impl Default for DecimalFormat {
    fn default() -> Self {
        DecimalFormat { decimal: b'.', thousands: None }
    }
}

/// Reads a decimal number exactly, as a count of 10^-`scale`.
///
/// Accepted: an optional sign (`-`, `+`, a trailing `-` as SAP writes it, or parentheses for negative, as ledgers print
/// them; blanks may stand beside a sign), digits, the grouping character between groups of three, the decimal separator. A
/// blank as grouping character also means the narrow and the unbreakable blank, an apostrophe also the typographic one.
/// Refused: exponents, currency signs (see [`parse_marked_decimal`]), other blanks inside, decimal places beyond `scale`
/// unless they are zeros (nothing is rounded), and `12,-`, which is twelve in one country and minus twelve in another.
///
/// ```
/// use arrears::ledger::money::{parse_decimal, DecimalError, DecimalFormat};
/// assert_eq!(parse_decimal(b"1.005", DecimalFormat::default(), 4), Ok(10_050));
/// let german = DecimalFormat { decimal: b',', thousands: Some(b'.') };
/// assert_eq!(parse_decimal(b"-1.234,50", german, 4), Ok(-12_345_000));
/// assert_eq!(parse_decimal(b"(12,5)", german, 4), Ok(-125_000));
/// assert_eq!(parse_decimal(b"1e3", DecimalFormat::default(), 4), Err(DecimalError::NotANumber));
/// assert_eq!(parse_decimal(b"0.00001", DecimalFormat::default(), 4), Err(DecimalError::TooFine));
/// ```
///
/// # Errors
/// [`DecimalError`] says which rule the text broke.
pub fn parse_decimal(text: &[u8], format: DecimalFormat, scale: u32) -> Result<i64, DecimalError> {
    let (negative, digits) = split_sign(text, format.decimal)?;
    let value = parse_unsigned(digits, format, scale)?;
    Ok(if negative { -value } else { value })
}

/// [`parse_decimal`] of a text that may have one of `marks` before or after its digits, such as `$` or `EUR`; the sign may
/// stand outside or inside of the mark. A mark that is not among them is no number: another currency is not dropped in silence.
///
/// ```
/// use arrears::ledger::money::{parse_marked_decimal, DecimalError, DecimalFormat};
/// let american = DecimalFormat { decimal: b'.', thousands: Some(b',') };
/// let marks = [b"$".to_vec()];
/// assert_eq!(parse_marked_decimal(b"($1,234.50)", american, &marks, 4), Ok(-12_345_000));
/// assert_eq!(parse_marked_decimal(b"$-1.5", american, &marks, 4), Ok(-15_000));
/// assert_eq!(parse_marked_decimal("€1.5".as_bytes(), american, &marks, 4), Err(DecimalError::NotANumber));
/// ```
///
/// # Errors
/// [`DecimalError`] says which rule the text broke.
pub fn parse_marked_decimal(text: &[u8], format: DecimalFormat, marks: &[Vec<u8>], scale: u32) -> Result<i64, DecimalError> {
    if marks.is_empty() {
        return parse_decimal(text, format, scale);
    }
    let (negative, inner) = split_sign(text, format.decimal)?;
    match without_mark(inner, marks) {
        None => parse_decimal(text, format, scale),
        Some(digits) if negative => parse_unsigned(digits, format, scale).map(|value| -value),
        Some(rest) => parse_decimal(rest, format, scale),
    }
}

/// The text without the first of the marks that stands at one of its ends, if one does.
fn without_mark<'a>(text: &'a [u8], marks: &[Vec<u8>]) -> Option<&'a [u8]> {
    let marks = || marks.iter().filter(|mark| !mark.is_empty());
    let before = marks().find_map(|mark| text.strip_prefix(mark.as_slice()));
    before.or_else(|| marks().find_map(|mark| text.strip_suffix(mark.as_slice()))).map(trim_blanks)
}

fn parse_unsigned(digits: &[u8], format: DecimalFormat, scale: u32) -> Result<i64, DecimalError> {
    let (whole, fraction) = match memchr::memchr(format.decimal, digits) {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DecimalError::NotANumber);
    }
    let mut value = parse_whole(whole, format.thousands)?;
    for position in 0..scale as usize {
        let digit = match fraction.get(position) {
            Some(byte) if byte.is_ascii_digit() => i64::from(byte - b'0'),
            Some(_) => return Err(DecimalError::NotANumber),
            None => 0,
        };
        value = value.checked_mul(10).and_then(|v| v.checked_add(digit)).ok_or(DecimalError::OutOfRange)?;
    }
    if let Some(rest) = fraction.get(scale as usize..) {
        if rest.iter().any(|byte| !byte.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        if rest.iter().any(|byte| *byte != b'0') {
            return Err(DecimalError::TooFine);
        }
    }
    if value > AMOUNT_MAX {
        return Err(DecimalError::OutOfRange);
    }
    Ok(value)
}

fn split_sign(text: &[u8], decimal: u8) -> Result<(bool, &[u8]), DecimalError> {
    match text {
        [] => Err(DecimalError::NotANumber),
        [b'(', inner @ .., b')'] => Ok((true, trim_blanks(inner))),
        [b'-', rest @ ..] => Ok((true, trim_blanks(rest))),
        [b'+', rest @ ..] => Ok((false, trim_blanks(rest))),
        [.., before, b'-'] if *before == decimal => Err(DecimalError::NotANumber),
        [rest @ .., b'-'] => Ok((true, trim_blanks(rest))),
        _ => Ok((false, text)),
    }
}

/// The blanks that exports put into numbers: the plain one, the unbreakable, the narrow unbreakable and the thin one.
const BLANKS: [&[u8]; 4] = [b" ", b"\xC2\xA0", b"\xE2\x80\xAF", b"\xE2\x80\x89"];
/// The plain apostrophe and the typographic one.
const APOSTROPHES: [&[u8]; 2] = [b"'", b"\xE2\x80\x99"];

fn trim_blanks(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_prefix(*blank).or_else(|| text.strip_suffix(*blank))) {
        text = rest;
    }
    text
}

/// How many bytes of the grouping character stand at the start of a text.
fn group_length(text: &[u8], thousands: Option<u8>) -> Option<usize> {
    let spellings: &[&[u8]] = match thousands? {
        b' ' => &BLANKS,
        b'\'' => &APOSTROPHES,
        byte => return text.starts_with(&[byte]).then_some(1),
    };
    spellings.iter().find(|spelling| text.starts_with(spelling)).map(|spelling| spelling.len())
}

/// Digits, grouped by threes where a grouping character is used at all; `1,23` with the comma as grouping is refused,
/// because it is far more likely a decimal comma that the configuration does not know of.
fn parse_whole(whole: &[u8], thousands: Option<u8>) -> Result<i64, DecimalError> {
    let mut value: i64 = 0;
    let mut since_group: Option<u32> = None;
    let mut seen: u32 = 0;
    let mut rest = whole;
    while let Some((byte, after)) = rest.split_first() {
        if byte.is_ascii_digit() {
            value = value.checked_mul(10).and_then(|v| v.checked_add(i64::from(byte - b'0'))).ok_or(DecimalError::OutOfRange)?;
            seen += 1;
            since_group = since_group.map(|n| n + 1);
            rest = after;
            continue;
        }
        let length = group_length(rest, thousands).ok_or(DecimalError::NotANumber)?;
        let first_is_long = since_group.is_none() && seen > 3;
        if seen == 0 || first_is_long || since_group.is_some_and(|n| n != 3) {
            return Err(DecimalError::NotANumber);
        }
        since_group = Some(0);
        rest = &rest[length..];
    }
    if since_group.is_some_and(|n| n != 3) {
        return Err(DecimalError::NotANumber);
    }
    Ok(value)
}

/// `numerator ÷ denominator`, halves rounded away from zero. `denominator` must be positive.
///
/// ```
/// use arrears::ledger::money::divide_half_away;
/// assert_eq!(divide_half_away(5, 2), 3);
/// assert_eq!(divide_half_away(-5, 2), -3);
/// assert_eq!(divide_half_away(4, 3), 1);
/// ```
pub fn divide_half_away(numerator: i128, denominator: i128) -> i128 {
    debug_assert!(denominator > 0, "the denominator of a rounding is positive");
    let half = denominator / 2;
    // An odd denominator has no exact half, so adding the floor of it is still right.
    if numerator >= 0 { (numerator + half) / denominator } else { (numerator - half) / denominator }
}

/// Ten-thousandths in one minor unit of a currency with `minor_digits` decimal places (0 to 4).
pub const fn minor_unit(minor_digits: u32) -> i64 {
    10_i64.pow(AMOUNT_SCALE - minor_digits)
}

/// Converts `amount` at `rate` and rounds half away from zero to `unit` ten-thousandths (the base minor unit).
///
/// ```
/// use arrears::ledger::money::{convert, minor_unit, RATE_ONE};
/// // 9,000.00 EUR at 1.17 USD, cents: 10,530.00 USD
/// assert_eq!(convert(90_000_000, 11_700_000_000, minor_unit(2)), 105_300_000);
/// assert_eq!(convert(12_345, RATE_ONE, minor_unit(4)), 12_345);
/// ```
///
/// # Panics
/// When the result does not fit an `i64` of ten-thousandths: money never wraps.
pub fn convert(amount: i64, rate: i64, unit: i64) -> i64 {
    narrow(divide_half_away(i128::from(amount) * i128::from(rate), i128::from(RATE_ONE) * i128::from(unit)) * i128::from(unit))
}

/// `whole × part ÷ of`, rounded half away from zero to `unit` ten-thousandths: the share of a base amount that belongs
/// to a part of a document. `of` must be positive.
///
/// # Panics
/// When the result does not fit an `i64` of ten-thousandths.
pub fn share(whole: i64, part: i64, of: i64, unit: i64) -> i64 {
    narrow(divide_half_away(i128::from(whole) * i128::from(part), i128::from(of) * i128::from(unit)) * i128::from(unit))
}

/// Narrows a sum to an amount.
///
/// # Panics
/// When it does not fit: an overflow is an error, never a wrap.
pub fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or_else(|_| panic!("an amount of {value} ten-thousandths does not fit the ledger's range"))
}

/// Writes ten-thousandths with `digits` decimal places and thousands separators, for people.
///
/// ```
/// use arrears::ledger::money::display_amount;
/// assert_eq!(display_amount(163_300_000, 2), "16,330.00");
/// assert_eq!(display_amount(-5_000, 0), "-1");
/// ```
pub fn display_amount(value: i128, digits: u32) -> String {
    let unit = i128::from(minor_unit(digits));
    let minor = divide_half_away(value.abs(), unit);
    let per_whole = 10_i128.pow(digits);
    let whole = (minor / per_whole).to_string();
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0 && minor != 0 { "-" } else { "" };
    match digits {
        0 => format!("{sign}{grouped}"),
        _ => format!("{sign}{grouped}.{:0width$}", minor % per_whole, width = digits as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly_or_refused_with_the_reason() {
        let plain = DecimalFormat::default();
        let grouped = DecimalFormat { decimal: b'.', thousands: Some(b',') };
        let table: &[(&str, DecimalFormat, Result<i64, DecimalError>)] = &[
            ("0", plain, Ok(0)),
            ("-0.00", plain, Ok(0)),
            ("35.00", plain, Ok(350_000)),
            (".5", plain, Ok(5_000)),
            ("5.", plain, Ok(50_000)),
            ("12.50-", plain, Ok(-125_000)),
            ("(12.50)", plain, Ok(-125_000)),
            ("1,234,567.89", grouped, Ok(12_345_678_900)),
            ("12,34", grouped, Err(DecimalError::NotANumber)),
            ("1234,567", grouped, Err(DecimalError::NotANumber)),
            (",123", grouped, Err(DecimalError::NotANumber)),
            ("1,234", plain, Err(DecimalError::NotANumber)),
            ("", plain, Err(DecimalError::NotANumber)),
            ("-", plain, Err(DecimalError::NotANumber)),
            (".", plain, Err(DecimalError::NotANumber)),
            ("NaN", plain, Err(DecimalError::NotANumber)),
            ("1.0000000", plain, Ok(10_000)),
            ("1.00000001", plain, Err(DecimalError::TooFine)),
            ("99999999999999.9999", plain, Ok(AMOUNT_MAX)),
            ("100000000000000", plain, Err(DecimalError::OutOfRange)),
            ("99999999999999999999999", plain, Err(DecimalError::OutOfRange)),
            ("- 12.50", plain, Ok(-125_000)),
            ("( 12.50 )", plain, Ok(-125_000)),
            ("--12", plain, Err(DecimalError::NotANumber)),
            ("(-12)", plain, Err(DecimalError::NotANumber)),
            ("-12-", plain, Err(DecimalError::NotANumber)),
            ("(12", plain, Err(DecimalError::NotANumber)),
            ("1 234", plain, Err(DecimalError::NotANumber)),
        ];
        for (text, format, expected) in table {
            assert_eq!(parse_decimal(text.as_bytes(), *format, AMOUNT_SCALE), *expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_they_are_printed_in_other_countries() {
        let german = DecimalFormat { decimal: b',', thousands: Some(b'.') };
        let french = DecimalFormat { decimal: b',', thousands: Some(b' ') };
        let swiss = DecimalFormat { decimal: b'.', thousands: Some(b'\'') };
        let table: &[(&str, DecimalFormat, Result<i64, DecimalError>)] = &[
            ("1.234,56-", german, Ok(-12_345_600)),
            ("1.234,56 -", german, Ok(-12_345_600)),
            ("1.23,56", german, Err(DecimalError::NotANumber)),
            // Twelve in a German shop window, minus twelve in SAP.
            ("12,-", german, Err(DecimalError::NotANumber)),
            ("1 234 567,8", french, Ok(12_345_678_000)),
            ("1\u{a0}234,50", french, Ok(12_345_000)),
            ("1\u{202f}234,50", french, Ok(12_345_000)),
            ("-1\u{2009}234,50", french, Ok(-12_345_000)),
            ("1 23,50", french, Err(DecimalError::NotANumber)),
            ("1  234,50", french, Err(DecimalError::NotANumber)),
            ("1'234'567.80", swiss, Ok(12_345_678_000)),
            ("1\u{2019}234.5", swiss, Ok(12_345_000)),
        ];
        for (text, format, expected) in table {
            assert_eq!(parse_decimal(text.as_bytes(), *format, AMOUNT_SCALE), *expected, "{text}");
        }
    }

    #[test]
    fn only_the_marks_that_are_named_are_dropped() {
        let american = DecimalFormat { decimal: b'.', thousands: Some(b',') };
        let marks = [b"US$".to_vec(), b"$".to_vec(), b"USD".to_vec()];
        let table: &[(&str, Result<i64, DecimalError>)] = &[
            ("$1,234.56", Ok(12_345_600)),
            ("US$ 5", Ok(50_000)),
            ("-$5", Ok(-50_000)),
            ("$-5", Ok(-50_000)),
            ("$5-", Ok(-50_000)),
            ("($5.00)", Ok(-50_000)),
            ("$(5.00)", Ok(-50_000)),
            ("5.00 USD", Ok(50_000)),
            ("5.00- USD", Ok(-50_000)),
            ("5", Ok(50_000)),
            ("-$-5", Err(DecimalError::NotANumber)),
            ("$$5", Err(DecimalError::NotANumber)),
            ("$5 USD", Err(DecimalError::NotANumber)),
            ("€5", Err(DecimalError::NotANumber)),
            ("5 EUR", Err(DecimalError::NotANumber)),
            ("$", Err(DecimalError::NotANumber)),
        ];
        for (text, expected) in table {
            assert_eq!(parse_marked_decimal(text.as_bytes(), american, &marks, AMOUNT_SCALE), *expected, "{text}");
        }
    }

    #[test]
    fn conversion_rounds_half_away_from_zero_to_the_minor_unit() {
        // 0.05 at 0.1 = 0.005: half a cent goes up, and its negative goes down.
        assert_eq!(convert(500, RATE_ONE / 10, minor_unit(2)), 100);
        assert_eq!(convert(-500, RATE_ONE / 10, minor_unit(2)), -100);
        assert_eq!(convert(499, RATE_ONE / 10, minor_unit(2)), 0);
        // 100 JPY at 0.0067 in KWD (three decimals).
        assert_eq!(convert(1_000_000, 67_000_000, minor_unit(3)), 6_700);
    }

    #[test]
    fn a_share_of_a_base_amount_is_rounded_like_a_conversion() {
        assert_eq!(share(100_000, 1, 3, minor_unit(2)), 33_300);
        assert_eq!(share(100_000, 2, 3, minor_unit(2)), 66_700);
        assert_eq!(share(129_600_000, 90_000_000, 120_000_000, minor_unit(2)), 97_200_000);
    }
}
