//! Which days are business days: `[calendar]`, by company, and the holidays that no table of countries knows.

use super::{Document, Origin, Sourced, day_in_range, quoted};
use crate::error::{Error, Result};
use crate::ledger::business_days::{Basis, CalendarRules, countries};
use crate::ledger::calendar::{Day, date_of, day_of};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use toml::Spanned;

/// `[calendar]`.
#[derive(Clone, Debug)]
pub struct CalendarConfig {
    /// The calendar of every company that has none of its own; `weekends` where nobody says.
    pub country: Sourced<Basis>,
    /// The calendars of companies by `company_id`.
    pub companies: BTreeMap<String, Sourced<Basis>>,
    /// `[[calendar.holiday]]`, in the order of the file.
    pub holidays: Vec<Holiday>,
}

/// A day that a country's table does not have, or should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// In the calendar of which country; in every one where nothing is said.
    pub country: Option<&'static str>,
    /// The day.
    pub day: Day,
    /// What it is, for people.
    pub name: Option<String>,
    /// Whether business is done on it after all.
    pub is_business: bool,
    /// Line of the configuration.
    pub line: usize,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCalendar {
    country: Option<Spanned<String>>,
    #[serde(default)]
    companies: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    holiday: Vec<Spanned<RawHoliday>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHoliday {
    country: Option<Spanned<String>>,
    date: Option<Spanned<toml::Value>>,
    name: Option<String>,
    #[serde(default)]
    is_business: bool,
}

impl RawCalendar {
    pub(super) fn check(self, document: &Document<'_>) -> Result<CalendarConfig> {
        let country = match self.country {
            None => Sourced { value: Basis::Weekends, origin: Origin::Default },
            Some(word) => check_basis("calendar.country", word, document)?,
        };
        let mut companies = BTreeMap::new();
        for (company, word) in self.companies {
            let basis = check_basis(&format!("calendar.companies.{}", key(&company)), word, document)?;
            companies.insert(company, basis);
        }
        let mut holidays: Vec<Holiday> = Vec::new();
        for raw in self.holiday {
            let line = document.line(raw.span());
            let holiday = raw.into_inner().check(line, document)?;
            if let Some(first) = holidays.iter().find(|known| (known.country, known.day) == (holiday.country, holiday.day)) {
                let what = format!("two holidays of one calendar are on the same day: {}", date_of(holiday.day));
                return Err(Error::usage("duplicate_holiday", what)
                    .at(format!("{}:{line}", document.path.display()))
                    .hint(format!("the first is in line {}; keep one of them", first.line)));
            }
            holidays.push(holiday);
        }
        Ok(CalendarConfig { country, companies, holidays })
    }
}

impl RawHoliday {
    fn check(self, line: usize, document: &Document<'_>) -> Result<Holiday> {
        let country = match self.country {
            None => None,
            Some(code) => match countries::find(code.get_ref()) {
                Some(country) => Some(country.code),
                None => return Err(unknown_country("calendar.holiday.country", &code, &[], document)),
            },
        };
        let date = self.date.ok_or_else(|| {
            Error::usage("missing_key", "a holiday has no date")
                .at(format!("{}:{line}", document.path.display()))
                .hint("add the day to [[calendar.holiday]], for example date = 2026-12-24")
        })?;
        let written = match date.get_ref() {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let day = written.parse::<NaiveDate>().ok().map(day_of).filter(|day| day_in_range(*day)).ok_or_else(|| {
            document
                .error(&date, "bad_value", format!("`calendar.holiday.date` is not a day between 1900 and 2199: {written}"))
                .hint("write it as 2026-12-24")
        })?;
        Ok(Holiday { country, day, name: self.name, is_business: self.is_business, line })
    }
}

fn check_basis(name: &str, word: Spanned<String>, document: &Document<'_>) -> Result<Sourced<Basis>> {
    match Basis::named(word.get_ref()) {
        Some(value) => Ok(Sourced { value, origin: document.sourced(word).origin }),
        None => Err(unknown_country(name, &word, &Basis::WORDS, document)),
    }
}

fn unknown_country(name: &str, word: &Spanned<String>, words: &[&'static str], document: &Document<'_>) -> Error {
    let near: Vec<String> = countries::near(word.get_ref()).iter().map(|country| format!("{} ({})", country.code, country.name)).collect();
    let known: Vec<&str> = words.iter().copied().chain(countries::all().iter().map(|country| country.code)).collect();
    let meant = if near.is_empty() { String::new() } else { format!("perhaps {}; ", near.join(" or ")) };
    document
        .error(word, "unknown_country", format!("`{name}` is not a country with a calendar: {:?}", word.get_ref()))
        .hint(format!("{meant}known are: {}", known.join(", ")))
}

/// A company as a key of TOML: bare where that is allowed.
fn key(company: &str) -> String {
    let is_bare = !company.is_empty() && company.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare { company.to_owned() } else { quoted(company) }
}

impl CalendarConfig {
    /// What the calendar of a company is made of; companies with equal rules can share one
    /// [`BusinessCalendar`](crate::ledger::business_days::BusinessCalendar).
    ///
    /// A holiday of a country goes before one that holds everywhere. What holds everywhere is told to calendars of weekends
    /// too; where all days are business days it changes nothing.
    pub fn rules(&self, company: &str) -> CalendarRules {
        let basis = self.companies.get(company).unwrap_or(&self.country).value;
        let of = |country: Option<&'static str>| {
            let chosen = self.holidays.iter().filter(move |holiday| holiday.country == country);
            chosen.map(|holiday| (holiday.day, holiday.is_business))
        };
        let own = match basis {
            Basis::Country(code) => of(Some(code)).collect(),
            Basis::AllDays => return basis.into(),
            Basis::Weekends => Vec::new(),
        };
        let mut exceptions: Vec<(Day, bool)> = of(None).chain(own).collect();
        // By day only, so that the later, which goes before, stays the later, and the order of the file does not matter.
        exceptions.sort_by_key(|(day, _)| *day);
        CalendarRules { basis, exceptions }
    }

    /// Key, value and origin of every setting, for `config show`.
    pub(super) fn values(&self) -> Vec<(String, String, Origin)> {
        let own = self.companies.iter().map(|(company, basis)| (format!("calendar.companies.{}", key(company)), basis));
        let all = std::iter::once(("calendar.country".to_owned(), &self.country)).chain(own);
        all.map(|(key, basis)| (key, quoted(basis.word()), basis.origin.clone())).collect()
    }

    /// The holidays as TOML, each with its line in the file.
    pub(super) fn show_lists(&self, path: &std::path::Path) -> String {
        let mut shown = String::new();
        for holiday in &self.holidays {
            // Writing to a string cannot fail.
            let _ = writeln!(shown, "\n{:<60} # {}:{}", "[[calendar.holiday]]", path.display(), holiday.line);
            if let Some(country) = holiday.country {
                let _ = writeln!(shown, "country = {}", quoted(country));
            }
            let _ = writeln!(shown, "date = {}", date_of(holiday.day));
            if let Some(name) = &holiday.name {
                let _ = writeln!(shown, "name = {}", quoted(name));
            }
            if holiday.is_business {
                shown += "is_business = true\n";
            }
        }
        shown
    }

    /// What affects a published number, in an order of its own; nothing where nobody set anything.
    pub fn fingerprint(&self) -> String {
        let mut content = String::new();
        if *self.country != Basis::Weekends {
            let _ = writeln!(content, "calendar.country={}", self.country.word());
        }
        for (company, basis) in &self.companies {
            let _ = writeln!(content, "calendar.companies.{}={}", key(company), basis.word());
        }
        let mut holidays: Vec<_> = self.holidays.iter().map(|holiday| (holiday.country, holiday.day, holiday.is_business)).collect();
        holidays.sort_unstable();
        for (country, day, is_business) in holidays {
            let _ = writeln!(content, "calendar.holiday={},{},{is_business}", country.unwrap_or("(all)"), date_of(day));
        }
        content
    }
}
