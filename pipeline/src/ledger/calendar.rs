//! Dates as whole days, month ends, and the windows that metrics are measured over.
//!
//! Inside the pipeline a date is a [`Day`]: days since 1970-01-01, as in Arrow's `Date32`.

use chrono::{Datelike as _, Days, Months, NaiveDate};

/// Days since 1970-01-01.
pub type Day = i32;

/// The first day of the epoch, from which [`Day`] counts.
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("the epoch is a date");

/// The day number of a date.
pub fn day_of(date: NaiveDate) -> Day {
    // A NaiveDate spans fewer than 2^28 days.
    i32::try_from(date.signed_duration_since(EPOCH).num_days()).expect("chrono's dates fit 32 bits of days")
}

/// The date of a day number.
///
/// # Panics
/// When the day lies outside the years chrono knows (beyond ±262,000).
pub fn date_of(day: Day) -> NaiveDate {
    EPOCH.checked_add_signed(chrono::TimeDelta::days(i64::from(day))).expect("a day of the ledger is a date of the calendar")
}

/// The last day of the month that `day` lies in.
pub fn month_end(day: Day) -> Day {
    let first = month_start(day);
    day_of(date_of(first) + Months::new(1)) - 1
}

/// The first day of the month that `day` lies in.
pub fn month_start(day: Day) -> Day {
    let date = date_of(day);
    day - i32::try_from(date.day0()).expect("a day of the month is below 31")
}

/// Months since year 0: two days have the same number when they lie in the same month.
pub fn month_number(day: Day) -> i32 {
    let date = date_of(day);
    date.year() * 12 + date.month0().cast_signed()
}

/// Whether `day` is the last of its month.
pub fn is_month_end(day: Day) -> bool {
    month_start(day + 1) == day + 1
}

/// The last `count` calendar month ends on or before `as_of`, oldest first, and `as_of` itself when it is not one.
///
/// ```
/// use arrears::ledger::calendar::{date_of, day_of, period_ends};
/// use chrono::NaiveDate;
/// let as_of = day_of(NaiveDate::from_ymd_opt(2024, 3, 15).unwrap());
/// let ends: Vec<String> = period_ends(as_of, 2).iter().map(|day| date_of(*day).to_string()).collect();
/// assert_eq!(ends, ["2024-01-31", "2024-02-29", "2024-03-15"]);
/// ```
pub fn period_ends(as_of: Day, count: u32) -> Vec<Day> {
    let mut ends = Vec::new();
    let mut end = if is_month_end(as_of) { as_of } else { month_start(as_of) - 1 };
    for _ in 0..count {
        ends.push(end);
        end = month_start(end) - 1;
    }
    ends.reverse();
    if !is_month_end(as_of) {
        ends.push(as_of);
    }
    ends
}

/// The windows of `metrics.md`, section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// One calendar month.
    Month,
    /// Three calendar months: the default where a metric is named without a window.
    Trailing3Months,
    /// Twelve calendar months.
    Trailing12Months,
    /// Ninety days, counting both ends.
    Trailing90Days,
}

impl Window {
    /// Every window, in the order of publication.
    pub const ALL: [Window; 4] = [Window::Month, Window::Trailing12Months, Window::Trailing3Months, Window::Trailing90Days];

    /// The published word.
    pub const fn word(self) -> &'static str {
        match self {
            Window::Month => "month",
            Window::Trailing3Months => "trailing_3m",
            Window::Trailing12Months => "trailing_12m",
            Window::Trailing90Days => "trailing_90d",
        }
    }

    /// The first day of the window that ends on `end`.
    ///
    /// Windows of months that end on a month end are calendar months; those that end inside a month start on the day
    /// after the same day n months before, clipped at short months.
    pub fn start(self, end: Day) -> Day {
        let months = match self {
            Window::Month => 1,
            Window::Trailing3Months => 3,
            Window::Trailing12Months => 12,
            Window::Trailing90Days => return end - 89,
        };
        if is_month_end(end) {
            day_of(date_of(end + 1) - Months::new(months))
        } else {
            day_of(date_of(end) - Months::new(months) + Days::new(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        day_of(text.parse().expect("a date of the table"))
    }

    #[test]
    fn windows_start_where_a_calendar_says() {
        let table = [
            ("2025-06-30", Window::Month, "2025-06-01"),
            ("2025-06-30", Window::Trailing3Months, "2025-04-01"),
            ("2025-06-30", Window::Trailing12Months, "2024-07-01"),
            ("2025-06-30", Window::Trailing90Days, "2025-04-02"),
            ("2024-02-29", Window::Month, "2024-02-01"),
            ("2024-02-29", Window::Trailing12Months, "2023-03-01"),
            ("2023-02-28", Window::Trailing3Months, "2022-12-01"),
            ("2024-02-28", Window::Trailing12Months, "2023-03-01"),
            ("2025-03-15", Window::Month, "2025-02-16"),
            ("2025-03-30", Window::Month, "2025-03-01"),
            ("2025-05-30", Window::Trailing3Months, "2025-03-01"),
        ];
        for (end, window, start) in table {
            assert_eq!(date_of(window.start(day(end))).to_string(), start, "{} to {end}", window.word());
        }
    }

    #[test]
    fn month_ends_know_leap_years() {
        assert_eq!(month_end(day("2024-02-01")), day("2024-02-29"));
        assert_eq!(month_end(day("2100-02-28")), day("2100-02-28"));
        assert!(is_month_end(day("2023-12-31")));
        assert!(!is_month_end(day("2024-02-28")));
        assert_eq!(period_ends(day("2025-06-30"), 60).len(), 60);
        assert_eq!(period_ends(day("2025-06-29"), 60).len(), 61);
    }
}
