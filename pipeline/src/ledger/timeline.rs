//! The dates a run looks at: period ends, the windows that end on them, the days on which balances are struck, and the
//! intervals that flows are summed over.
//!
//! A window is always a whole number of intervals, so that any flow of any window is a sum of a few totals, whatever
//! the number of documents: a month end is not a join, it is a prefix sum.

use super::calendar::{Day, Window, is_month_end, month_end, month_number, month_start, period_ends};

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
    /// First days of the windows of each period, in the order of [`Window::ALL`].
    window_starts: Vec<[Day; 4]>,
    /// For each interval the periods whose window `month` it lies in: one, or two where `as_of` is not a month end.
    month_periods: Vec<Vec<u32>>,
    /// For each balance date the periods whose window `month` opens with it.
    opening_periods: Vec<Vec<u32>>,
    /// For each balance date the period whose roll-forward opens with it.
    following_period: Vec<Option<u32>>,
    /// For each interval its month as a position in the months from the oldest period end's on.
    cohort_of_interval: Vec<Option<u32>>,
}

/// Month ends at which the behaviour of customers is judged: the newest six.
pub const BEHAVIOUR_DATES: usize = 6;

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
        let mut timeline = Timeline {
            as_of,
            window_starts: period_ends.iter().map(|end| Window::ALL.map(|window| window.start(*end))).collect(),
            month_periods: vec![Vec::new(); interval_starts.len()],
            opening_periods: vec![Vec::new(); balance_dates.len()],
            following_period: vec![None; balance_dates.len()],
            cohort_of_interval: Vec::new(),
            period_ends,
            balance_dates,
            period_of_balance_date,
            interval_starts,
            interval_of_day,
            balance_date_from_day,
        };
        timeline.place_periods();
        timeline
    }

    /// Fills in which periods an interval and a balance date belong to.
    fn place_periods(&mut self) {
        for (position, end) in self.period_ends.clone().into_iter().enumerate() {
            let period = u32::try_from(position).expect("periods are counted in 32 bits");
            let start = Window::Month.start(end);
            for interval in self.intervals(start, end) {
                self.month_periods[interval].push(period);
            }
            let opening = self.balance_date(start - 1);
            self.opening_periods[opening].push(period);
            let before = self.balance_date(Timeline::month_end_before(end));
            self.following_period[before] = Some(period);
        }
        let first = month_number(self.period_ends[0]);
        let position = |start: &Day| u32::try_from(month_number(*start) - first).ok();
        self.cohort_of_interval = self.interval_starts.iter().map(position).collect();
    }

    /// First days of the windows of a period, in the order of [`Window::ALL`].
    pub fn window_starts(&self, period: usize) -> &[Day; 4] {
        &self.window_starts[period]
    }

    /// The periods whose window `month` holds an interval.
    pub fn month_periods(&self, interval: usize) -> &[u32] {
        &self.month_periods[interval]
    }

    /// The periods whose window `month` opens with the balance of a date.
    pub fn opening_periods(&self, date: usize) -> &[u32] {
        &self.opening_periods[date]
    }

    /// The period whose roll-forward opens with the balance of a date.
    pub fn following_period(&self, date: usize) -> Option<usize> {
        self.following_period[date].map(|period| period as usize)
    }

    /// The calendar months whose invoices are followed as cohorts: first days, from the oldest period end's month to that
    /// of `as_of`.
    pub fn cohort_months(&self) -> Vec<Day> {
        let mut months = vec![month_start(self.period_ends[0])];
        while let Some(last) = months.last().filter(|last| month_end(**last) < self.as_of) {
            months.push(month_end(*last) + 1);
        }
        months
    }

    /// Position of an interval's month among the cohorts; `None` for older ones.
    pub fn cohort(&self, interval: usize) -> Option<usize> {
        self.cohort_of_interval[interval].map(|cohort| cohort as usize)
    }

    /// The newest six month ends on or before `as_of`, newest first.
    pub fn behaviour_dates(&self) -> [Day; BEHAVIOUR_DATES] {
        let mut next = if is_month_end(self.as_of) { self.as_of } else { month_start(self.as_of) - 1 };
        std::array::from_fn(|_| {
            let end = next;
            next = month_start(end) - 1;
            end
        })
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
