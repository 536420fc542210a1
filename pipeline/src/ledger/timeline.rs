//! The dates a run looks at: period ends, the windows that end on them, the days on which balances are struck, and the
//! intervals that flows are summed over.
//!
//! A window is always a whole number of intervals, so that any flow of any window is a sum of a few totals, whatever
//! the number of documents: a month end is not a join, it is a prefix sum.

use super::calendar::{Day, Window, month_end, month_start, period_ends};

/// One window of one period end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSpan {
    /// Which window.
    pub window: Window,
    /// First day.
    pub start: Day,
    /// Last day: the period end.
    pub end: Day,
}

/// The dates of a run. Days after `as_of` are not on it.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The business date.
    pub as_of: Day,
    /// The period ends, oldest first; the last is `as_of`.
    pub period_ends: Vec<Day>,
    /// The days on which balances are struck, oldest first: period ends, the days before windows start, month ends between.
    pub balance_dates: Vec<Day>,
    /// For each balance date its position in `period_ends`, if it is one.
    pub period_of_balance_date: Vec<Option<usize>>,
    /// First day of each interval, oldest first. The last interval ends on `as_of`.
    pub interval_starts: Vec<Day>,
    /// Interval of each day from `interval_starts[0]`.
    interval_of_day: Vec<u32>,
    /// First balance date on or after each day from `interval_starts[0]`.
    balance_date_from_day: Vec<u32>,
}

impl Timeline {
    /// The timeline of a ledger whose first document is dated `first_day`, seen at `as_of` over `history_months` month ends.
    pub fn new(as_of: Day, history_months: u32, first_day: Day) -> Self {
        let period_ends = period_ends(as_of, history_months);
        let window_starts = || period_ends.iter().flat_map(|end| Window::ALL.map(|window| window.start(*end)));
        let earliest = month_start(window_starts().min().unwrap_or(as_of).min(first_day));

        let mut interval_starts: Vec<Day> = window_starts().collect();
        let mut month = earliest;
        while month <= as_of {
            interval_starts.push(month);
            month = month_end(month) + 1;
        }
        interval_starts.sort_unstable();
        interval_starts.dedup();

        let first_begin = window_starts().min().unwrap_or(as_of) - 1;
        let mut balance_dates: Vec<Day> = period_ends.clone();
        balance_dates.extend(window_starts().map(|start| start - 1));
        let mut end = month_end(first_begin);
        while end < as_of {
            balance_dates.push(end);
            end = month_end(end + 1);
        }
        balance_dates.sort_unstable();
        balance_dates.dedup();

        let period_of_balance_date = balance_dates.iter().map(|day| period_ends.binary_search(day).ok()).collect();
        let interval_of_day = positions_by_day(earliest, as_of, |day| interval_starts.partition_point(|start| *start <= day) - 1);
        let balance_date_from_day = positions_by_day(earliest, as_of, |day| balance_dates.partition_point(|date| *date < day));
        Timeline { as_of, period_ends, balance_dates, period_of_balance_date, interval_starts, interval_of_day, balance_date_from_day }
    }

    /// The four windows that end on a period end.
    pub fn windows(&self, period: usize) -> [WindowSpan; 4] {
        let end = self.period_ends[period];
        Window::ALL.map(|window| WindowSpan { window, start: window.start(end), end })
    }

    /// The interval a day lies in.
    ///
    /// # Panics
    /// For a day before the timeline or after `as_of`.
    pub fn interval(&self, day: Day) -> usize {
        self.interval_of_day[self.offset(day)] as usize
    }

    /// The last day of an interval.
    pub fn interval_end(&self, interval: usize) -> Day {
        self.interval_starts.get(interval + 1).map_or(self.as_of, |next| next - 1)
    }

    /// The intervals of the days `start ..= end`, which must be whole ones.
    pub fn intervals(&self, start: Day, end: Day) -> std::ops::Range<usize> {
        debug_assert_eq!(self.interval_starts[self.interval(start)], start, "a window starts an interval");
        debug_assert_eq!(self.interval_end(self.interval(end)), end, "a window ends an interval");
        self.interval(start)..self.interval(end) + 1
    }

    /// The positions of the balance dates in the days `from ..= to`.
    pub fn balance_dates_between(&self, from: Day, to: Day) -> std::ops::Range<usize> {
        let start = self.balance_date_from_day[self.offset(from.max(self.interval_starts[0]))] as usize;
        let end = if to >= self.as_of { self.balance_dates.len() } else { self.balance_date_from_day[self.offset(to + 1)] as usize };
        start..end.max(start)
    }

    /// The position of a balance date.
    ///
    /// # Panics
    /// When balances are not struck on that day.
    pub fn balance_date(&self, day: Day) -> usize {
        self.balance_dates.binary_search(&day).expect("windows and period ends begin and end on balance dates")
    }

    /// The month end before a period end: where its roll-forward opens.
    pub fn month_end_before(end: Day) -> Day {
        month_start(end) - 1
    }

    /// The calendar months from the newest back to the first of the ledger: first day, last day (the newest may be part
    /// of a month), for a period end.
    pub fn months_back(&self, end: Day) -> impl Iterator<Item = (Day, Day)> + '_ {
        let oldest = self.interval_starts[0];
        let mut next = (end >= oldest).then(|| (month_start(end), end));
        std::iter::from_fn(move || {
            let current = next?;
            let before = current.0 - 1;
            next = (before >= oldest).then(|| (month_start(before), before));
            Some(current)
        })
    }

    fn offset(&self, day: Day) -> usize {
        usize::try_from(day - self.interval_starts[0]).expect("a day of the timeline")
    }
}

fn positions_by_day(first: Day, last: Day, position: impl Fn(Day) -> usize) -> Vec<u32> {
    (first..=last).map(|day| u32::try_from(position(day)).expect("a timeline has fewer than 2^32 dates")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::day_of;

    fn day(text: &str) -> Day {
        day_of(text.parse().expect("a date of the test"))
    }

    #[test]
    fn every_window_is_a_whole_number_of_intervals_and_begins_on_a_balance_date() {
        for as_of in ["2025-06-30", "2025-06-17", "2024-02-29", "2025-03-30"] {
            let timeline = Timeline::new(day(as_of), 24, day("2021-11-13"));
            for period in 0..timeline.period_ends.len() {
                for span in timeline.windows(period) {
                    let intervals = timeline.intervals(span.start, span.end);
                    assert_eq!(timeline.interval_starts[intervals.start], span.start);
                    assert_eq!(timeline.interval_end(intervals.end - 1), span.end);
                    timeline.balance_date(span.start - 1);
                    timeline.balance_date(span.end);
                }
            }
        }
    }

    #[test]
    fn balance_dates_of_a_stretch_are_those_inside_it() {
        let timeline = Timeline::new(day("2025-06-30"), 3, day("2024-01-05"));
        let dates = timeline.balance_dates_between(day("2025-05-01"), day("2025-06-29"));
        let struck: Vec<Day> = timeline.balance_dates[dates].to_vec();
        assert!(struck.contains(&day("2025-05-31")));
        assert!(!struck.contains(&day("2025-04-30")));
        assert!(!struck.contains(&day("2025-06-30")));
        assert!(timeline.balance_dates_between(day("2025-06-02"), day("2025-06-02")).is_empty());
    }

    #[test]
    fn months_back_begin_with_the_part_month() {
        let timeline = Timeline::new(day("2025-06-17"), 2, day("2025-05-20"));
        let months: Vec<(Day, Day)> = timeline.months_back(day("2025-06-17")).take(2).collect();
        assert_eq!(months, [(day("2025-06-01"), day("2025-06-17")), (day("2025-05-01"), day("2025-05-31"))]);
    }
}
