//! The table of holidays by country, compiled in and read once.
//!
//! `holidays.txt` is written by `generate_holidays.py`, which says where each country's days come from. It holds, for each
//! country, the weekends by date and the other days on which business rests from 1995 to 2045. This module reads it and
//! knows nothing of companies, configurations or ledgers.

use crate::ledger::calendar::{Day, day_of};
use crate::near::edits;
use chrono::NaiveDate;
use std::sync::LazyLock;

/// The years for which the table has holidays; before and after, only weekends are known.
///
/// Some countries begin later, because the source does: Romania 1997, the Dominican Republic and Taiwan 1998, Ghana 2002,
/// Serbia 2007, Spain 2008 (from 1999 the days of the euro's payment system).
pub const YEARS: std::ops::RangeInclusive<i32> = 1995..=2045;

const TABLE: &str = include_str!("holidays.txt");

static COUNTRIES: LazyLock<Vec<Country>> =
    LazyLock::new(|| read(TABLE).unwrap_or_else(|line| panic!("the compiled-in table of holidays is unreadable in line {line}")));

/// The holidays and weekends of one country.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// The English name.
    pub name: &'static str,
    /// From which day on which weekend holds, ascending; the first holds before it too.
    weekends: Vec<(Day, Weekend)>,
    /// Days other than weekends on which business rests, ascending.
    resting: Vec<Day>,
    /// Weekend days that are worked, ascending.
    worked: Vec<Day>,
}

/// The weekdays on which business rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weekend(u8);

impl Weekend {
    /// Where no country says otherwise.
    pub(super) const SATURDAY_SUNDAY: Weekend = Weekend(0b110_0000);

    /// Whether a weekday (Monday 0, Sunday 6) belongs to the weekend.
    pub(super) fn has(self, weekday: u8) -> bool {
        self.0 >> weekday & 1 == 1
    }

    /// The weekday on which the working week begins: the one after the weekend.
    pub(super) fn first_working_weekday(self) -> u8 {
        (0..7).find(|weekday| !self.has(*weekday) && self.has((*weekday + 6) % 7)).unwrap_or(0)
    }
}

impl Country {
    /// The weekend in force on a day.
    pub(super) fn weekend(&self, day: Day) -> Weekend {
        let later = self.weekends.partition_point(|(first, _)| *first <= day);
        self.weekends.get(later.saturating_sub(1)).map_or(Weekend::SATURDAY_SUNDAY, |(_, weekend)| *weekend)
    }

    /// The holidays that do not fall on a weekend, ascending.
    pub(super) fn resting(&self) -> &[Day] {
        &self.resting
    }

    /// The weekend days that are worked, ascending.
    pub(super) fn worked(&self) -> &[Day] {
        &self.worked
    }
}

/// Every country of the table, by code.
pub fn all() -> &'static [Country] {
    &COUNTRIES
}

/// The country with this code, written as ISO 3166 writes it.
///
/// ```
/// use arrears::ledger::business_days::countries;
/// assert_eq!(countries::find("DE").map(|country| country.name), Some("Germany"));
/// assert!(countries::find("de").is_none() && countries::find("UK").is_none());
/// ```
pub fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.binary_search_by(|country| country.code.cmp(code)).ok().and_then(|place| COUNTRIES.get(place))
}

/// What somebody may have meant who wrote `word` for a country: at most five, the likeliest first.
///
/// Looks at codes in other letters, at codes that are used for another in trade (`UK`, `EL`), at names and at their
/// beginnings, and at three-letter codes that begin with the right two.
pub fn near(word: &str) -> Vec<&'static Country> {
    let upper = word.trim().to_uppercase();
    let meant = match upper.as_str() {
        "UK" | "ENGLAND" | "BRITAIN" | "GREAT BRITAIN" => "GB",
        "EL" => "GR",
        "USA" | "AMERICA" => "US",
        "UAE" => "AE",
        "KOREA" => "KR",
        other => other,
    };
    let distance = |country: &Country| {
        let name = country.name.to_uppercase();
        if country.code == meant || name == upper {
            return Some(0);
        }
        let begins = upper.len() >= 3 && (name.starts_with(&upper) || (upper.len() == 3 && upper.starts_with(country.code)));
        if begins || (upper.len() > 3 && edits(&name, &upper) <= 2) {
            return Some(1);
        }
        (upper.len() == 2 && edits(country.code, &upper) == 1).then_some(2)
    };
    let ranked: Vec<(u8, &Country)> = COUNTRIES.iter().filter_map(|country| Some((distance(country)?, country))).collect();
    let best = ranked.iter().map(|(distance, _)| *distance).min();
    ranked.into_iter().filter(|(distance, _)| Some(*distance) == best).map(|(_, country)| country).take(5).collect()
}

/// The countries of a table, or the number of the first line that cannot be read.
fn read(table: &'static str) -> Result<Vec<Country>, usize> {
    let mut countries: Vec<Country> = Vec::new();
    for (place, line) in table.lines().enumerate() {
        read_line(line, &mut countries).ok_or(place + 1)?;
    }
    Ok(countries)
}

fn read_line(line: &'static str, countries: &mut Vec<Country>) -> Option<()> {
    if line.starts_with('#') {
        return Some(());
    }
    let (first, rest) = line.split_once(' ')?;
    if first == "country" {
        let (code, name) = rest.split_once(' ')?;
        countries.push(Country { code, name, weekends: Vec::new(), resting: Vec::new(), worked: Vec::new() });
        return Some(());
    }
    let country = countries.last_mut()?;
    if first == "weekend" {
        let (since, weekdays) = rest.split_once(' ')?;
        let weekdays = weekdays.bytes().try_fold(0_u8, |all, digit| matches!(digit, b'1'..=b'7').then(|| all | 1 << (digit - b'1')))?;
        country.weekends.push((day_of(since.parse().ok()?), Weekend(weekdays)));
        return Some(());
    }
    let year = first.parse().ok()?;
    let (resting, worked) = rest.split_once('|').unwrap_or((rest, ""));
    read_days(year, resting, &mut country.resting)?;
    read_days(year, worked, &mut country.worked)
}

/// Days as the table writes them: a letter for the month, two digits for the day.
fn read_days(year: i32, text: &str, days: &mut Vec<Day>) -> Option<()> {
    let (written, []) = text.as_bytes().as_chunks::<3>() else { return None };
    for [letter, tens, ones] in written {
        let month = u32::from(letter.checked_sub(b'A')?) + 1;
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
        let day = day_of(NaiveDate::from_ymd_opt(year, month, digit(tens)? * 10 + digit(ones)?)?);
        // Searched by halves, so the order matters.
        if days.last().is_some_and(|last| *last >= day) {
            return None;
        }
        days.push(day);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::date_of;
    use chrono::Datelike as _;

    #[test]
    fn the_table_has_the_countries_of_business_in_order_and_no_days_beyond_its_years() {
        let expected = "AE AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GR HK HR HU ID IE IL IN IT JP KE KR KW LT LU LV MA \
                        MT MX MY NG NL NO NZ PH PL PT QA RO SA SE SG SI SK TH TR TW UA US VN ZA";
        for code in expected.split_whitespace() {
            assert!(find(code).is_some(), "{code}");
        }
        assert!(all().is_sorted_by(|one, other| one.code < other.code), "searched by halves");
        for country in all() {
            for day in country.resting().iter().chain(country.worked()) {
                assert!(YEARS.contains(&date_of(*day).year()), "{} {}", country.code, date_of(*day));
            }
        }
        assert!(TABLE.len() < 200_000, "{} bytes", TABLE.len());
    }

    #[test]
    fn every_country_has_a_plausible_number_of_holidays_in_each_year_it_covers() {
        for country in all() {
            let since = match country.code {
                "RO" => 1997,
                "DO" | "TW" => 1998,
                "GH" => 2002,
                "RS" => 2007,
                "ES" => 2008,
                _ => 1995,
            };
            // Ukraine's holidays are suspended for as long as martial law lasts.
            let until = if country.code == "UA" { 2021 } else { 2045 };
            for year in since..=until {
                let count = country.resting().iter().filter(|day| date_of(**day).year() == year).count();
                // Qatar in 2005: both feasts began on a Thursday, and only one day of each is no weekend.
                assert!((2..=30).contains(&count), "{} {year}: {count}", country.code);
            }
        }
    }

    #[test]
    fn no_holiday_is_on_a_weekend_and_every_worked_day_is() {
        for country in all() {
            let on_weekend = |day: &Day| country.weekend(*day).has(super::super::weekday(*day));
            assert!(!country.resting().iter().any(on_weekend), "{}", country.code);
            assert!(country.worked().iter().all(on_weekend), "{}", country.code);
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_told_by_its_number() {
        let table = [
            "country DE Germany\n1995 M01",
            "country DE Germany\n1995 A32",
            "country DE Germany\n1995 A0",
            "country DE Germany\n1995 A02A01",
            "country DE Germany\nweekend 1995-01-01 08",
            "# a word\n1995 A01",
        ];
        for text in table {
            assert_eq!(read(text).err(), Some(2), "{text}");
        }
    }

    #[test]
    fn what_was_meant_is_found_by_letters_names_and_habits() {
        let codes = |word: &str| near(word).iter().map(|country| country.code).collect::<Vec<_>>();
        assert_eq!(codes("de"), ["DE"]);
        assert_eq!(codes("UK"), ["GB"]);
        assert_eq!(codes("Germany"), ["DE"]);
        assert_eq!(codes("Germny"), ["DE"]);
        assert_eq!(codes("DEU"), ["DE"]);
        assert_eq!(codes("United"), ["AE", "GB", "US"]);
        assert!(codes("DX").contains(&"DE"));
        assert!(codes("Atlantis").is_empty());
    }
}
