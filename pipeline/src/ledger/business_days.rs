//! Business days: weekends and holidays by country, their numbering, and where a day stands in its week and month.
//!
//! Payments are made and booked on business days, so the models count in them. A [`BusinessCalendar`] knows every day a
//! ledger may hold (1900 to 2199) and two years beyond, and answers in constant time.
//!
//! Holidays come from a table compiled in ([`countries`]) and from the configuration; nothing asks the network or the clock.
//! Days to come are what is known of them today: dates that follow the moon (Eid, Chinese New Year, Diwali, Vesak) are
//! estimates that may be a day or two off, bridge days and the working weekends that make up for them are known only once a
//! government has announced them, and so are elections and days of mourning. Holidays of parts of a country, of trades and of
//! companies are not in the table: the configuration adds them.

pub mod countries;

use super::calendar::{Day, month_end};
use countries::{Country, Weekend};

/// 1899-12-01: a month before the first day a ledger may hold.
const FIRST_DAY: Day = -25_598;

/// 2201-12-31, a Thursday: two years after the last day a ledger may hold, so that a horizon of 400 days lies within, and a
/// business day in every calendar, so that one follows each day before it.
const LAST_DAY: Day = 84_735;

/// The weekday of a day: Monday 0, Sunday 6.
///
/// ```
/// use arrears::ledger::business_days::weekday;
/// assert_eq!(weekday(0), 3, "1970-01-01 was a Thursday");
/// ```
pub fn weekday(day: Day) -> u8 {
    u8::try_from((day + 3).rem_euclid(7)).expect("a remainder of seven is below seven")
}

/// Which days business rests on, before any exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Every day is a business day.
    AllDays,
    /// Saturdays and Sundays rest, and nothing else.
    Weekends,
    /// The weekends and holidays of the country with this code of ISO 3166.
    Country(&'static str),
}

impl Basis {
    /// The words for what is not a country.
    pub const WORDS: [&'static str; 2] = ["weekends", "all_days"];

    /// The word of the configuration: `weekends`, `all_days` or the code of a country.
    pub fn word(self) -> &'static str {
        match self {
            Basis::AllDays => "all_days",
            Basis::Weekends => "weekends",
            Basis::Country(code) => code,
        }
    }

    /// What a word of the configuration stands for, or `None` where it is neither a word nor a known country.
    pub fn named(word: &str) -> Option<Basis> {
        match word {
            "all_days" => Some(Basis::AllDays),
            "weekends" => Some(Basis::Weekends),
            code => countries::find(code).map(|country| Basis::Country(country.code)),
        }
    }
}

/// What a calendar is made of. Equal rules make equal calendars, so rules serve as the key where calendars are shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarRules {
    /// The weekends and holidays.
    pub basis: Basis,
    /// Days that are, or are not, business days whatever the basis says; of two for one day the later in the list holds.
    /// Days beyond 1900 to 2199 and all exceptions of [`Basis::AllDays`] are passed over.
    pub exceptions: Vec<(Day, bool)>,
}

impl From<Basis> for CalendarRules {
    fn from(basis: Basis) -> Self {
        CalendarRules { basis, exceptions: Vec::new() }
    }
}

/// Where a business day stands in its month, for payment runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MonthPosition {
    /// The last business day of the month; goes before the others where a day is both.
    LastBusinessDay,
    /// The first business day on or after the 15th.
    DayOf15th,
    /// The first business day on or after the 25th, which may lie in the next month.
    DayOf25th,
    /// Every other day, and all that are no business days.
    Other,
}

impl MonthPosition {
    /// Every position, in the order of their cells.
    pub const ALL: [MonthPosition; 4] =
        [MonthPosition::LastBusinessDay, MonthPosition::DayOf15th, MonthPosition::DayOf25th, MonthPosition::Other];
}

/// The business days of one country or company, numbered.
///
/// Takes about a megabyte; companies with equal [`CalendarRules`] share one. Every method takes days from 1899-12-01 to
/// 2201-12-31, which is every day of a ledger and a horizon of 400 days beyond, and panics beyond them.
///
/// ```
/// use arrears::ledger::business_days::{Basis, BusinessCalendar};
/// use arrears::ledger::calendar::{date_of, day_of};
/// let germany = BusinessCalendar::new(&Basis::named("DE").unwrap().into());
/// let christmas_eve = day_of("2025-12-24".parse().unwrap());
/// assert!(germany.is_business(christmas_eve));
/// assert_eq!(date_of(germany.next_business_on_or_after(christmas_eve + 1)).to_string(), "2025-12-29");
/// assert_eq!(date_of(germany.day_at(germany.index(christmas_eve) + 3)).to_string(), "2025-12-31");
/// ```
#[derive(Clone, Debug)]
pub struct BusinessCalendar {
    basis: Basis,
    /// By day: how many business days come before it.
    indices: Vec<i32>,
    /// By index: the day.
    business_days: Vec<Day>,
    /// By day.
    month_positions: Vec<MonthPosition>,
}

impl BusinessCalendar {
    /// The calendar that follows these rules.
    pub fn new(rules: &CalendarRules) -> BusinessCalendar {
        let is_business = business_flags(rules);
        let mut indices = Vec::with_capacity(is_business.len());
        let mut business_days = Vec::new();
        for (day, is_business) in (FIRST_DAY..=LAST_DAY).zip(is_business) {
            indices.push(i32::try_from(business_days.len()).expect("a calendar has some hundred thousand days"));
            if is_business {
                business_days.push(day);
            }
        }
        let mut calendar = BusinessCalendar { basis: rules.basis, month_positions: Vec::new(), indices, business_days };
        calendar.month_positions = calendar.find_month_positions();
        calendar
    }

    /// The calendar of those whose customers pay on any day.
    pub fn all_days() -> BusinessCalendar {
        BusinessCalendar::new(&Basis::AllDays.into())
    }

    /// Whether business is done on a day.
    #[inline]
    pub fn is_business(&self, day: Day) -> bool {
        self.next_business_on_or_after(day) == day
    }

    /// The day itself, or the first business day after it.
    #[inline]
    pub fn next_business_on_or_after(&self, day: Day) -> Day {
        self.day_at(self.index(day))
    }

    /// The number of a day: how many business days come before it, counted from an arbitrary one.
    ///
    /// A day of rest has the number of the next business day. `index(b) - index(a)` are the business days from `a`, counted,
    /// to `b`, not counted.
    #[inline]
    pub fn index(&self, day: Day) -> i32 {
        self.indices[place(day)]
    }

    /// The business day with a number.
    ///
    /// # Panics
    /// When there is none: below the number of 1899-12-01 or beyond that of 2201-12-31.
    #[inline]
    pub fn day_at(&self, index: i32) -> Day {
        let place = usize::try_from(index).expect("the numbers of business days are not negative");
        self.business_days[place]
    }

    /// Where a day stands in its month.
    #[inline]
    pub fn month_position(&self, day: Day) -> MonthPosition {
        self.month_positions[place(day)]
    }

    /// How many places [`place_in_week`](Self::place_in_week) knows: 5, or 7 where all days are business days.
    pub fn places_in_week(&self) -> u8 {
        if self.basis == Basis::AllDays { 7 } else { 5 }
    }

    /// Where a business day stands in the working week: 0 is Monday, in countries whose weekend is Friday and Saturday Sunday.
    ///
    /// A weekend day that is worked stands with the last day of the working week, so that there are no more than five places.
    /// Where all days are business days this is the [`weekday`].
    pub fn place_in_week(&self, day: Day) -> u8 {
        let weekend = match self.country() {
            Some(country) => country.weekend(day),
            None if self.basis == Basis::AllDays => return weekday(day),
            None => Weekend::SATURDAY_SUNDAY,
        };
        ((weekday(day) + 7 - weekend.first_working_weekday()) % 7).min(4)
    }

    fn country(&self) -> Option<&'static Country> {
        country_of(self.basis)
    }

    /// The position of every day. A month without any business day (only exceptions make one) has no last one.
    fn find_month_positions(&self) -> Vec<MonthPosition> {
        let mut positions = vec![MonthPosition::Other; self.indices.len()];
        let months = || std::iter::successors(Some(FIRST_DAY), |first| Some(month_end(*first) + 1)).take_while(|first| *first < LAST_DAY);
        for first in months() {
            positions[place(self.next_business_on_or_after(first + 14))] = MonthPosition::DayOf15th;
            positions[place(self.next_business_on_or_after(first + 24))] = MonthPosition::DayOf25th;
        }
        for first in months() {
            let end = month_end(first);
            let until_end = self.index(end) + i32::from(self.is_business(end));
            // The first of all months has no exceptions, so there is a business day before every other. In a month without
            // any this is that of the month before once more.
            positions[place(self.day_at(until_end - 1))] = MonthPosition::LastBusinessDay;
        }
        positions
    }
}

/// Whether receipts show that a company is paid on any day: more than 2 % of them lie on days that are none of business.
///
/// `receipt_days` are the document dates of the past year's receipts, one each; `calendar` is that of the company's country.
/// Such a company is counted in calendar days ([`BusinessCalendar::all_days`]); for any other the few receipts on days of rest
/// move to the next business day. Without receipts the answer is no.
///
/// ```
/// use arrears::ledger::business_days::{Basis, BusinessCalendar, uses_calendar_days};
/// let calendar = BusinessCalendar::new(&Basis::Weekends.into());
/// let (monday, sunday) = (4, 3);
/// let receipts = |sundays: usize| std::iter::repeat_n(monday, 100 - sundays).chain(std::iter::repeat_n(sunday, sundays));
/// assert!(!uses_calendar_days(receipts(2), &calendar));
/// assert!(uses_calendar_days(receipts(3), &calendar));
/// ```
pub fn uses_calendar_days(receipt_days: impl IntoIterator<Item = Day>, calendar: &BusinessCalendar) -> bool {
    let (mut receipts, mut resting) = (0_u64, 0_u64);
    for day in receipt_days {
        receipts += 1;
        resting += u64::from(!calendar.is_business(day));
    }
    resting * 50 > receipts
}

/// Where a day stands in the vectors of a calendar.
#[inline]
fn place(day: Day) -> usize {
    usize::try_from(day - FIRST_DAY).expect("a calendar begins on 1899-12-01")
}

fn country_of(basis: Basis) -> Option<&'static Country> {
    match basis {
        Basis::Country(code) => countries::find(code),
        Basis::AllDays | Basis::Weekends => None,
    }
}

/// Whether each day from the first to the last is a business day.
fn business_flags(rules: &CalendarRules) -> Vec<bool> {
    if rules.basis == Basis::AllDays {
        return vec![true; place(LAST_DAY) + 1];
    }
    let country = country_of(rules.basis);
    let weekend = |day| country.map_or(Weekend::SATURDAY_SUNDAY, |country| country.weekend(day));
    let mut flags: Vec<bool> = (FIRST_DAY..=LAST_DAY).map(|day| !weekend(day).has(weekday(day))).collect();
    if let Some(country) = country {
        country.resting().iter().for_each(|day| flags[place(*day)] = false);
        country.worked().iter().for_each(|day| flags[place(*day)] = true);
    }
    for (day, is_business) in &rules.exceptions {
        // The margins stay as they are, so that a business day follows every day of a ledger.
        if (FIRST_DAY + 31..=LAST_DAY - 730).contains(day) {
            flags[place(*day)] = *is_business;
        }
    }
    flags
}

#[cfg(test)]
mod tests;
