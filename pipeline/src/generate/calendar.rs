//! Days as whole numbers, business days, run days and month ends.
//!
//! Responsible for everything the generator asks of a calendar. Not responsible for holidays of single countries: a
//! book in which nobody pays on 1 January and 25 December is close enough to teach a habit.

use chrono::{Datelike, NaiveDate};

/// A day, counted from 1970-01-01 (the unit of Arrow's DATE32).
pub(super) type Day = i32;

/// The number of days from the start of the Christian era to 1970-01-01, as chrono counts.
const DAYS_TO_1970: i32 = 719_163;

/// The day number of a date.
pub(super) fn day_of(date: NaiveDate) -> Day {
    date.num_days_from_ce() - DAYS_TO_1970
}

/// When a customer's payment run takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunRule {
    /// No run: any business day.
    AnyDay,
    /// Every week on this weekday, 0 = Monday … 4 = Friday.
    Weekday(u8),
    /// The last business day of the month.
    LastBusinessDay,
    /// The 15th, or the next business day.
    Fifteenth,
    /// The 25th, or the next business day.
    TwentyFifth,
    /// The 15th and the last business day.
    FifteenthAndLast,
}

impl RunRule {
    /// The word for it in `truth/run_days.csv`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::AnyDay => "any_business_day",
            Self::Weekday(0) => "monday",
            Self::Weekday(1) => "tuesday",
            Self::Weekday(2) => "wednesday",
            Self::Weekday(3) => "thursday",
            Self::Weekday(_) => "friday",
            Self::LastBusinessDay => "last_business_day",
            Self::Fifteenth => "15",
            Self::TwentyFifth => "25",
            Self::FifteenthAndLast => "15_and_last_business_day",
        }
    }
}

/// One day, with what the generator asks of it.
#[derive(Clone, Copy, Debug)]
struct DayFacts {
    text: [u8; 10],
    month: u16,
    day_of_month: u8,
    weekday: u8,
    is_business: bool,
    is_last_business: bool,
    is_fifteenth_run: bool,
    is_twenty_fifth_run: bool,
}

/// The days around the simulated period, each worked out once.
#[derive(Debug)]
pub(super) struct Calendar {
    first: Day,
    days: Vec<DayFacts>,
    /// The first simulated day.
    pub(super) start: Day,
    /// The last simulated day: nothing is dated or recorded after it.
    pub(super) end: Day,
    /// First day of each month that the period touches.
    month_starts: Vec<Day>,
}

/// How many days the calendar reaches before and after the simulated period.
const MARGIN_BEFORE: i32 = 3_200;
const MARGIN_AFTER: i32 = 500;

impl Calendar {
    /// The calendar of the days from `start` to `end`, both included.
    pub(super) fn new(start: NaiveDate, end: NaiveDate) -> Self {
        let (start_day, end_day) = (day_of(start), day_of(end));
        let first = start_day - MARGIN_BEFORE;
        let mut days: Vec<DayFacts> = (first..=end_day + MARGIN_AFTER).map(facts_of).collect();
        mark_run_days(&mut days);
        let mut month_starts: Vec<Day> = Vec::new();
        for day in start_day..=end_day {
            let is_first = days[(day - first) as usize].day_of_month == 1;
            if is_first || day == start_day {
                month_starts.push(day);
            }
        }
        Self { first, days, start: start_day, end: end_day, month_starts }
    }

    fn facts(&self, day: Day) -> &DayFacts {
        let last = self.days.len() as i32 - 1;
        &self.days[(day - self.first).clamp(0, last) as usize]
    }

    /// The day as `YYYY-MM-DD`; days beyond the calendar's margins read as its first or last.
    pub(super) fn text(&self, day: Day) -> &[u8; 10] {
        &self.facts(day).text
    }

    /// Whether business is done on the day.
    pub(super) fn is_business(&self, day: Day) -> bool {
        self.facts(day).is_business
    }

    /// Month of the year, 0 = January.
    pub(super) fn month_of_year(&self, day: Day) -> usize {
        usize::from(self.facts(day).month % 12)
    }

    /// The first day of each month of the simulated period; the first entry is the start date itself.
    pub(super) fn month_starts(&self) -> &[Day] {
        &self.month_starts
    }

    /// The index of the day's month in the simulated period, held to the first and last month.
    pub(super) fn month_index(&self, day: Day) -> usize {
        let first = self.facts(self.start).month;
        let index = i32::from(self.facts(day).month) - i32::from(first);
        index.clamp(0, self.month_starts.len() as i32 - 1) as usize
    }

    /// The last day of a month of the period; for the last month the end date, when that comes earlier.
    pub(super) fn month_end(&self, month: usize) -> Day {
        match self.month_starts.get(month + 1) {
            Some(&next) => next - 1,
            None => self.end,
        }
    }

    /// The day itself or the next business day.
    pub(super) fn business_on_or_after(&self, mut day: Day) -> Day {
        while !self.is_business(day) && day < self.end + MARGIN_AFTER {
            day += 1;
        }
        day
    }

    /// The day itself or the business day before.
    pub(super) fn business_on_or_before(&self, mut day: Day) -> Day {
        while !self.is_business(day) && day > self.first {
            day -= 1;
        }
        day
    }

    /// The first run day on or after the day.
    pub(super) fn run_on_or_after(&self, rule: RunRule, mut day: Day) -> Day {
        // A run comes every month, so the search ends within the margin.
        for _ in 0..45 {
            if self.is_run(rule, day) {
                return day;
            }
            day += 1;
        }
        day
    }

    /// The last run day on or before the day, looking back at most 45 days.
    pub(super) fn run_on_or_before(&self, rule: RunRule, mut day: Day) -> Day {
        for _ in 0..45 {
            if self.is_run(rule, day) {
                return day;
            }
            day -= 1;
        }
        day
    }

    fn is_run(&self, rule: RunRule, day: Day) -> bool {
        let facts = self.facts(day);
        facts.is_business
            && match rule {
                RunRule::AnyDay => true,
                RunRule::Weekday(weekday) => facts.weekday == weekday,
                RunRule::LastBusinessDay => facts.is_last_business,
                RunRule::Fifteenth => facts.is_fifteenth_run,
                RunRule::TwentyFifth => facts.is_twenty_fifth_run,
                RunRule::FifteenthAndLast => facts.is_fifteenth_run || facts.is_last_business,
            }
    }
}

fn facts_of(day: Day) -> DayFacts {
    let date = NaiveDate::from_num_days_from_ce_opt(day + DAYS_TO_1970).unwrap_or(NaiveDate::MIN);
    let mut text = *b"0000-00-00";
    let year = date.year().clamp(0, 9_999) as u32;
    for (place, value) in [(0, year / 100), (2, year % 100), (5, date.month()), (8, date.day())] {
        text[place] = b'0' + (value / 10) as u8;
        text[place + 1] = b'0' + (value % 10) as u8;
    }
    let weekday = date.weekday().num_days_from_monday() as u8;
    let is_holiday = matches!((date.month(), date.day()), (1, 1) | (12, 25));
    DayFacts {
        text,
        month: (year * 12 + date.month() - 1) as u16,
        day_of_month: date.day() as u8,
        weekday,
        is_business: weekday < 5 && !is_holiday,
        is_last_business: false,
        is_fifteenth_run: false,
        is_twenty_fifth_run: false,
    }
}

/// Marks the month positions, which depend on the days around a day.
fn mark_run_days(days: &mut [DayFacts]) {
    let mut seen_in_month = None;
    for day in days.iter_mut().rev() {
        if day.is_business && seen_in_month != Some(day.month) {
            day.is_last_business = true;
            seen_in_month = Some(day.month);
        }
    }
    for index in 0..days.len() {
        let position = days[index].day_of_month;
        if position == 15 || position == 25 {
            let Some(run) = days[index..].iter_mut().find(|day| day.is_business) else {
                break;
            };
            if position == 15 {
                run.is_fifteenth_run = true;
            } else {
                run.is_twenty_fifth_run = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    fn calendar() -> Calendar {
        Calendar::new(date("2023-01-10"), date("2024-03-15"))
    }

    #[test]
    fn runs_fall_on_business_days_of_their_rule() {
        let calendar = calendar();
        let on = |rule, text: &str| {
            let day = calendar.run_on_or_after(rule, day_of(date(text)));
            String::from_utf8_lossy(calendar.text(day)).into_owned()
        };
        // 2023-04-15 is a Saturday, 2023-12-31 a Sunday, 2023-12-25 a holiday, 2024-02-29 a leap day.
        assert_eq!(on(RunRule::Fifteenth, "2023-04-10"), "2023-04-17");
        assert_eq!(on(RunRule::LastBusinessDay, "2023-12-02"), "2023-12-29");
        assert_eq!(on(RunRule::TwentyFifth, "2023-12-02"), "2023-12-26");
        assert_eq!(on(RunRule::LastBusinessDay, "2024-02-02"), "2024-02-29");
        assert_eq!(on(RunRule::Weekday(4), "2024-02-03"), "2024-02-09");
        assert_eq!(on(RunRule::AnyDay, "2024-02-03"), "2024-02-05");
    }

    #[test]
    fn months_of_the_period_end_on_their_last_day_and_the_last_on_the_end_date() {
        let calendar = calendar();
        assert_eq!(calendar.month_starts().len(), 15);
        assert_eq!(calendar.month_end(0), day_of(date("2023-01-31")));
        assert_eq!(calendar.month_end(14), day_of(date("2024-03-15")));
        assert_eq!(calendar.month_index(day_of(date("2024-02-29"))), 13);
        assert_eq!(calendar.month_index(day_of(date("2020-02-29"))), 0);
        assert!(calendar.is_month_end(day_of(date("2024-02-29"))));
    }
}
