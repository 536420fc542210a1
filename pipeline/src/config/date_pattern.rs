//! How a source writes dates and instants: a subset of `strftime`, compiled once and read byte by byte.
//!
//! Accepted: `%Y` (four digits), `%y` (two digits, 1969 to 2068), `%m %d %H %I %M %S` (one or two digits, so that
//! `4/6/2013` reads under `%m/%d/%Y`), `%f` and `%.f` (a fraction of a second), `%b` (the name of a month or its usual short form, with
//! or without a point, in English, German, French, Spanish, Italian, Dutch, Swedish, Danish or Norwegian), `%p` (AM or PM), `%z` (`+02:00`, `+0200` or `Z`), `%F` (`%Y-%m-%d`), `%T` (`%H:%M:%S`), `%%`; everything else
//! stands for itself. A text must match to its end. Years lie in 1900 to 2199. Two words stand for whole formats: `iso8601`, and
//! `excel` for the numbers of days that spreadsheets keep.

use super::month_names::month_at;
use crate::ledger::calendar::{Day, day_of};
use chrono::NaiveDate;

/// Microseconds in a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// First day a ledger may hold: 1900-01-01.
const DAY_MIN: Day = -25_567;
/// Last day a ledger may hold: 2199-12-31.
const DAY_MAX: Day = 84_005;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(u8),
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction,
    DotFraction,
    HalfDay,
    Zone,
}

/// A compiled date or instant format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatePattern {
    text: String,
    parts: Vec<Part>,
    kind: Fast,
    /// Whether ISO 8601 is read too: the typed cells of a spreadsheet are written so, its texts are not.
    or_iso: bool,
}

/// Formats common enough to deserve their own reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fast {
    /// `%Y-%m-%d`.
    IsoDate,
    /// ISO 8601 in its usual variants: see [`DatePattern::iso_instant`].
    IsoInstant,
    /// The numbers of days that spreadsheets keep: see [`DatePattern::serial`].
    Serial,
    /// Read part by part.
    No,
}

/// What was read off a text, before it is checked against the calendar.
#[derive(Default)]
struct Fields {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    half_day: Option<bool>,
    minute: u32,
    second: u32,
    micros: u32,
    offset_seconds: i32,
}

impl DatePattern {
    /// `%Y-%m-%d`.
    pub fn iso_date() -> Self {
        DatePattern {
            text: "%Y-%m-%d".to_owned(),
            parts: vec![Part::Year, Part::Literal(b'-'), Part::Month, Part::Literal(b'-'), Part::Day],
            kind: Fast::IsoDate,
            or_iso: false,
        }
    }

    /// ISO 8601: `2024-03-01T12:30:00`, with a blank for the `T`, with a fraction of a second, with `Z` or an offset, or
    /// the date alone (midnight). Without an offset the instant is UTC.
    pub fn iso_instant() -> Self {
        DatePattern { text: "iso8601".to_owned(), parts: Vec::new(), kind: Fast::IsoInstant, or_iso: false }
    }

    /// `excel`: the number of a day as spreadsheets keep it, 45292 for 2024-01-01, with a fraction for the time of day.
    pub fn serial() -> Self {
        DatePattern { text: "excel".to_owned(), parts: Vec::new(), kind: Fast::Serial, or_iso: false }
    }

    /// Compiles a format; the error says which part is not understood.
    ///
    /// # Errors
    /// A sentence without a full stop.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text == "iso8601" {
            return Ok(Self::iso_instant());
        }
        if text == "excel" {
            return Ok(Self::serial());
        }
        let mut parts = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                parts.push(Part::Literal(byte));
                continue;
            }
            match bytes.next() {
                Some(b'Y') => parts.push(Part::Year),
                Some(b'y') => parts.push(Part::ShortYear),
                Some(b'm') => parts.push(Part::Month),
                Some(b'b') => parts.push(Part::MonthName),
                Some(b'd' | b'e') => parts.push(Part::Day),
                Some(b'H') => parts.push(Part::Hour),
                Some(b'I') => parts.push(Part::Hour12),
                Some(b'M') => parts.push(Part::Minute),
                Some(b'S') => parts.push(Part::Second),
                Some(b'f') => parts.push(Part::Fraction),
                Some(b'p') => parts.push(Part::HalfDay),
                Some(b'z') => parts.push(Part::Zone),
                Some(b'.') if bytes.next() == Some(b'f') => parts.push(Part::DotFraction),
                Some(b'F') => parts.extend([Part::Year, Part::Literal(b'-'), Part::Month, Part::Literal(b'-'), Part::Day]),
                Some(b'T') => parts.extend([Part::Hour, Part::Literal(b':'), Part::Minute, Part::Literal(b':'), Part::Second]),
                Some(b'%') => parts.push(Part::Literal(b'%')),
                Some(other) => return Err(format!("`%{}` is not understood", char::from(other))),
                None => return Err("a `%` stands at the end".to_owned()),
            }
        }
        let has = |wanted: &[Part]| wanted.iter().any(|part| parts.contains(part));
        for (wanted, name) in [
            (&[Part::Year, Part::ShortYear][..], "a year (%Y)"),
            (&[Part::Month, Part::MonthName][..], "a month (%m)"),
            (&[Part::Day][..], "a day (%d)"),
        ] {
            if !has(wanted) {
                return Err(format!("{name} is missing"));
            }
        }
        if has(&[Part::Hour12]) != has(&[Part::HalfDay]) {
            return Err("`%I` and `%p` belong together".to_owned());
        }
        let kind = if text == "%Y-%m-%d" || text == "%F" { Fast::IsoDate } else { Fast::No };
        Ok(DatePattern { text: text.to_owned(), parts, kind, or_iso: false })
    }

    /// The same format, reading ISO 8601 besides what it says; a time of day then only where the format has one. None when a
    /// text in ISO 8601 would mean another day in this format (`%Y-%d-%m`).
    #[must_use]
    pub fn or_iso(mut self) -> Option<Self> {
        let mistaken = self.parse_day(b"2001-02-03").is_some_and(|day| Some(day) != parse_iso_day(b"2001-02-03"));
        self.or_iso = true;
        (!mistaken).then_some(self)
    }

    /// The format as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the format says a time of day.
    pub fn has_time(&self) -> bool {
        self.kind == Fast::IsoInstant || self.parts.iter().any(|part| matches!(part, Part::Hour | Part::Hour12))
    }

    /// Reads a date; a time of day that the format names is read and left out. Under `iso8601` the date is the one written,
    /// whatever the offset.
    ///
    /// ```
    /// use arrears::config::DatePattern;
    /// let american = DatePattern::compile("%m/%d/%Y").unwrap();
    /// assert_eq!(american.parse_day(b"4/6/2013"), DatePattern::iso_date().parse_day(b"2013-04-06"));
    /// assert_eq!(american.parse_day(b"13/6/2013"), None);
    /// ```
    #[inline]
    pub fn parse_day(&self, text: &[u8]) -> Option<Day> {
        if let (Fast::IsoDate, &[a, b, c, d, b'-', e, f, b'-', g, h]) = (self.kind, text) {
            return iso_day([a, b, c, d], [e, f], [g, h]);
        }
        if self.kind == Fast::IsoInstant {
            return parse_iso_day(text);
        }
        let read = if self.kind == Fast::Serial {
            serial_instant(text).and_then(|at| i32::try_from(at.div_euclid(DAY_MICROS)).ok())
        } else {
            self.read(text).filter(|(_, rest)| rest.is_empty()).and_then(|(fields, _)| fields.day_number())
        };
        read.or_else(|| if self.or_iso && (text.len() == 10 || self.has_time()) { parse_iso_day(text) } else { None })
    }

    /// Reads an instant, in microseconds since 1970-01-01 UTC.
    #[inline]
    pub fn parse_instant(&self, text: &[u8]) -> Option<i64> {
        if self.kind == Fast::IsoInstant {
            return parse_iso_instant(text);
        }
        let read = if self.kind == Fast::Serial {
            serial_instant(text)
        } else {
            self.read(text).filter(|(_, rest)| rest.is_empty()).and_then(|(fields, _)| fields.instant())
        };
        read.or_else(|| if self.or_iso { parse_iso_instant(text) } else { None })
    }

    /// Finds the format anywhere in a file name: where it starts and ends, and the instant it says. A date without a time
    /// of day means its last microsecond, as the business date of a run includes its whole day.
    pub fn find(&self, name: &str) -> Option<(usize, usize, i64)> {
        let bytes = name.as_bytes();
        (0..bytes.len()).find_map(|start| {
            let (fields, rest) = self.read(&bytes[start..])?;
            let instant = if self.has_time() { fields.instant()? } else { i64::from(fields.day_number()?) * DAY_MICROS + DAY_MICROS - 1 };
            Some((start, bytes.len() - rest.len(), instant))
        })
    }

    fn read<'a>(&self, text: &'a [u8]) -> Option<(Fields, &'a [u8])> {
        let mut fields = Fields::default();
        let mut rest = text;
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Literal(byte) => rest = rest.strip_prefix(&[*byte])?,
                Part::Year => fields.year = i32::try_from(digits(&mut rest, 4, 4)?).ok()?,
                Part::ShortYear => {
                    let short = i32::try_from(digits(&mut rest, 2, 2)?).ok()?;
                    fields.year = if short < 69 { 2000 + short } else { 1900 + short };
                }
                Part::Month => fields.month = digits(&mut rest, 1, 2)?,
                Part::MonthName => {
                    let (month, length) = month_at(rest)?;
                    fields.month = month;
                    rest = &rest[length..];
                    // Where names are cut short they have a point, and the others in the same column have none.
                    if self.parts.get(at + 1) != Some(&Part::Literal(b'.')) {
                        rest = rest.strip_prefix(b".").unwrap_or(rest);
                    }
                }
                Part::Day => fields.day = digits(&mut rest, 1, 2)?,
                Part::Hour => fields.hour = digits(&mut rest, 1, 2)?,
                Part::Hour12 => {
                    let hour = digits(&mut rest, 1, 2)?;
                    fields.hour = (1..=12).contains(&hour).then_some(hour % 12)?;
                }
                Part::Minute => fields.minute = digits(&mut rest, 1, 2)?,
                Part::Second => fields.second = digits(&mut rest, 1, 2)?,
                Part::Fraction => fields.micros = fraction(&mut rest)?,
                Part::DotFraction => {
                    if let Some(after) = rest.strip_prefix(b".") {
                        rest = after;
                        fields.micros = fraction(&mut rest)?;
                    }
                }
                Part::HalfDay => {
                    let (word, after) = rest.split_at_checked(2)?;
                    fields.half_day = Some(if word.eq_ignore_ascii_case(b"pm") {
                        true
                    } else if word.eq_ignore_ascii_case(b"am") {
                        false
                    } else {
                        return None;
                    });
                    rest = after;
                }
                Part::Zone => fields.offset_seconds = zone(&mut rest)?,
            }
        }
        Some((fields, rest))
    }
}

impl Fields {
    fn day_number(&self) -> Option<Day> {
        valid_day(self.year, self.month, self.day)
    }

    fn instant(&self) -> Option<i64> {
        let hour = self.hour + if self.half_day == Some(true) { 12 } else { 0 };
        // A leap second counts as the first of the next minute.
        if hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let seconds = i64::from(hour * 3600 + self.minute * 60 + self.second) - i64::from(self.offset_seconds);
        Some(i64::from(self.day_number()?) * DAY_MICROS + seconds * 1_000_000 + i64::from(self.micros))
    }
}

/// Whether a day lies in the years a ledger may hold.
pub fn day_in_range(day: Day) -> bool {
    (DAY_MIN..=DAY_MAX).contains(&day)
}

fn valid_day(year: i32, month: u32, day: u32) -> Option<Day> {
    if !(1900..=2199).contains(&year) {
        return None;
    }
    if day <= 28 && (1..=12).contains(&month) && day >= 1 {
        return Some(civil_day(year, month, day));
    }
    NaiveDate::from_ymd_opt(year, month, day).map(day_of)
}

/// The day number of a date known to exist, after Howard Hinnant, *chrono-compatible low-level date algorithms*: years
/// counted from March, so that a leap day is the last of its year.
#[inline]
fn civil_day(year: i32, month: u32, day: u32) -> Day {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year / 400;
    let year_of_era = shifted_year - era * 400;
    let month_from_march = i32::try_from((month + 9) % 12).unwrap_or(0);
    let day_of_year = (153 * month_from_march + 2) / 5 + i32::try_from(day).unwrap_or(1) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[inline]
fn iso_day(year: [u8; 4], month: [u8; 2], day: [u8; 2]) -> Option<Day> {
    let all = [year[0], year[1], year[2], year[3], month[0], month[1], day[0], day[1]];
    if !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pair = |bytes: [u8; 2]| u32::from(bytes[0] - b'0') * 10 + u32::from(bytes[1] - b'0');
    let year = i32::try_from(pair([year[0], year[1]]) * 100 + pair([year[2], year[3]])).ok()?;
    valid_day(year, pair(month), pair(day))
}

/// The date of a text in ISO 8601, with or without a time of day.
fn parse_iso_day(text: &[u8]) -> Option<Day> {
    parse_iso_instant(text)?;
    let date = text.get(..10)?;
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = date else { return None };
    iso_day([a, b, c, d], [e, f], [g, h])
}

#[inline]
fn parse_iso_instant(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = date else { return None };
    let midnight = i64::from(iso_day([a, b, c, d], [e, f], [g, h])?) * DAY_MICROS;
    let (b'T' | b' ' | b't', rest) = (match rest.split_first() {
        None => return Some(midnight),
        Some((first, rest)) => (*first, rest),
    }) else {
        return None;
    };
    let &[h1, h2, b':', m1, m2, ref rest @ ..] = rest else { return None };
    let pair =
        |tens: u8, ones: u8| (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'));
    let (hour, minute) = (pair(h1, h2)?, pair(m1, m2)?);
    let (second, mut rest) = match rest {
        [b':', s1, s2, rest @ ..] => (pair(*s1, *s2)?, rest),
        rest => (0, rest),
    };
    let mut micros = 0;
    if let [b'.' | b',', after @ ..] = rest {
        rest = after;
        micros = fraction(&mut rest)?;
    }
    let offset = if rest.is_empty() { 0 } else { zone(&mut rest)? };
    if !rest.is_empty() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(midnight + (i64::from(hour * 3600 + minute * 60 + second) - i64::from(offset)) * 1_000_000 + i64::from(micros))
}

/// Between `least` and `most` digits, as many as there are.
fn digits(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let mut value = 0;
    let mut seen = 0;
    while seen < most
        && let Some(byte) = rest.get(seen).filter(|byte| byte.is_ascii_digit())
    {
        value = value * 10 + u32::from(byte - b'0');
        seen += 1;
    }
    *rest = &rest[seen..];
    (seen >= least).then_some(value)
}

/// Digits of a fraction of a second, read to the microsecond; finer digits must be zeros.
fn fraction(rest: &mut &[u8]) -> Option<u32> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, after) = rest.split_at(length);
    *rest = after;
    if length == 0 || fraction.iter().skip(6).any(|byte| *byte != b'0') {
        return None;
    }
    Some((0..6).fold(0, |value, position| value * 10 + fraction.get(position).map_or(0, |byte| u32::from(byte - b'0'))))
}

fn zone(rest: &mut &[u8]) -> Option<i32> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    let sign = match first {
        b'Z' | b'z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = digits(rest, 2, 2)?;
    if let Some(after) = rest.strip_prefix(b":") {
        *rest = after;
    }
    let minutes = if rest.first().is_some_and(u8::is_ascii_digit) { digits(rest, 2, 2)? } else { 0 };
    (hours <= 15 && minutes <= 59).then(|| sign * i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0))
}

/// The day that a spreadsheet means by a number: days from 1899-12-30, a fraction being the time of day. Below 61 two of its
/// calendars differ.
fn serial_instant(text: &[u8]) -> Option<i64> {
    let mut rest = text;
    let serial = digits(&mut rest, 1, 6).filter(|serial| *serial >= 61)?;
    let day = i32::try_from(serial).ok()? - 25_569;
    let micros = match rest {
        [] => 0,
        [b'.' | b',', fraction @ ..] if (1..=15).contains(&fraction.len()) && fraction.iter().all(u8::is_ascii_digit) => {
            let whole = fraction.iter().fold((0_i128, 1_i128), |(value, unit), digit| (value * 10 + i128::from(digit - b'0'), unit * 10));
            i64::try_from((whole.0 * i128::from(DAY_MICROS) + whole.1 / 2) / whole.1).ok()?.min(DAY_MICROS - 1)
        }
        _ => return None,
    };
    day_in_range(day).then(|| i64::from(day) * DAY_MICROS + micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::date_of;

    #[test]
    fn dates_are_read_in_the_way_the_source_writes_them_or_not_at_all() {
        let table = [
            ("%Y-%m-%d", "2024-02-29", Some("2024-02-29")),
            ("%Y-%m-%d", "2023-02-29", None),
            ("%Y-%m-%d", "2024-2-9", Some("2024-02-09")),
            ("%Y-%m-%d", "1899-12-31", None),
            ("%Y-%m-%d", "2200-01-01", None),
            ("%Y-%m-%d", "1900-01-01", Some("1900-01-01")),
            ("%Y-%m-%d", "2199-12-31", Some("2199-12-31")),
            ("%Y-%m-%d", "2024-02-29 ", None),
            ("%m/%d/%Y", "4/6/2013", Some("2013-04-06")),
            ("%m/%d/%Y", "12/31/2013", Some("2013-12-31")),
            ("%m/%d/%Y", "31/12/2013", None),
            ("%d.%m.%Y", "01.03.2024", Some("2024-03-01")),
            ("%d.%m.%y", "01.03.99", Some("1999-03-01")),
            ("%Y%m%d", "20240301", Some("2024-03-01")),
            ("%d-%b-%Y", "05-Mar-2024", Some("2024-03-05")),
            ("%Y-%m-%d %H:%M:%S", "2024-03-01 23:59:59", Some("2024-03-01")),
            ("%Y-%m-%d", "", None),
            ("%d. %b %Y", "1. März 2024", Some("2024-03-01")),
            ("%d %b %Y", "1 févr. 2024", Some("2024-02-01")),
            ("%d %b %Y", "1 mai 2024", Some("2024-05-01")),
            ("%d %b. %Y", "1 Mar. 2024", Some("2024-03-01")),
            ("%d.%b.%Y", "1.Mar.2024", Some("2024-03-01")),
            ("%d-%b-%y", "1-dic-24", Some("2024-12-01")),
            // 45292 days after 1899-12-30: 124 years of 365 days, 30 leap days (1904 to 2020), and the 2 days to 1900-01-01.
            ("excel", "45292", Some("2024-01-01")),
            ("excel", "45291.99999", Some("2023-12-31")),
            ("excel", "61", Some("1900-03-01")),
            ("excel", "60", None),
            ("excel", "45292 ", None),
            ("excel", "1.5.24", None),
            ("excel", "-45292", None),
        ];
        for (format, text, expected) in table {
            let pattern = DatePattern::compile(format).expect(format);
            let read = pattern.parse_day(text.as_bytes()).map(|day| date_of(day).to_string());
            assert_eq!(read.as_deref(), expected, "{text} under {format}");
        }
    }

    #[test]
    fn instants_are_utc_unless_they_say_otherwise() {
        let noon = 1_709_294_400_000_000;
        let iso = DatePattern::iso_instant();
        for text in
            ["2024-03-01T12:00:00", "2024-03-01 12:00:00.000", "2024-03-01T12:00Z", "2024-03-01T14:00:00+02:00", "2024-03-01T09:30:00-0230"]
        {
            assert_eq!(iso.parse_instant(text.as_bytes()), Some(noon), "{text}");
        }
        assert_eq!(iso.parse_instant(b"2024-03-01T12:00:00.000001"), Some(noon + 1));
        assert_eq!(iso.parse_instant(b"2024-03-01"), Some(noon - DAY_MICROS / 2));
        for text in ["2024-03-01T25:00:00", "2024-03-01x12:00:00", "2024-03-01T12", "2024-03-01T12:00:00.0000001", "12:00:00"] {
            assert_eq!(iso.parse_instant(text.as_bytes()), None, "{text}");
        }
        let american = DatePattern::compile("%m/%d/%Y %I:%M %p").expect("compiles");
        assert_eq!(american.parse_instant(b"3/1/2024 12:00 PM"), Some(noon));
        assert_eq!(DatePattern::serial().parse_instant(b"45352.5"), Some(noon));
    }

    #[test]
    fn typed_cells_are_read_beside_the_format_of_the_texts() {
        let german = DatePattern::compile("%d.%m.%Y").expect("compiles").or_iso().expect("ISO means nothing else");
        let day = |text: &str| german.parse_day(text.as_bytes()).map(|day| date_of(day).to_string());
        assert_eq!(day("01.03.2024").as_deref(), Some("2024-03-01"));
        assert_eq!(day("2024-03-01").as_deref(), Some("2024-03-01"));
        // A time of day is dropped only where the format says that there is one.
        assert_eq!(day("2024-03-01T12:00:00"), None);
        let iso = DatePattern::iso_instant();
        assert_eq!(iso.parse_day(b"2024-03-01T23:30:00-05:00"), iso.parse_day(b"2024-03-01"));
        assert_eq!(iso.parse_day(b"2024-03-01T25:30:00"), None);
        assert!(DatePattern::compile("%Y-%d-%m").expect("compiles").or_iso().is_none());
    }

    #[test]
    fn the_fast_calendar_agrees_with_chrono_on_every_day_of_the_range() {
        for day in DAY_MIN..=DAY_MAX {
            let text = date_of(day).to_string();
            assert_eq!(DatePattern::iso_date().parse_day(text.as_bytes()), Some(day), "{text}");
        }
        assert!(day_in_range(DAY_MIN) && !day_in_range(DAY_MAX + 1));
    }

    #[test]
    fn a_format_that_cannot_work_is_refused_with_the_reason() {
        for (format, reason) in [("%Q", "`%Q`"), ("%Y-%m", "a day"), ("%d.%m", "a year"), ("%Y-%m-%d %I", "%p"), ("%Y%", "at the end")] {
            let refused = DatePattern::compile(format).expect_err(format);
            assert!(refused.contains(reason), "{format}: {refused}");
        }
    }

    #[test]
    fn the_date_of_a_delivery_is_found_in_its_file_name() {
        let pattern = DatePattern::compile("%Y-%m-%d").expect("compiles");
        let (start, end, at) = pattern.find("inv_12_2024-03-01.csv.gz").expect("found");
        assert_eq!((start, end), (7, 17));
        assert_eq!(at, 1_709_251_200_000_000 + DAY_MICROS - 1);
        assert!(pattern.find("inv.csv").is_none());
    }
}
