//! The periods of a cash forecast: days for six weeks, weeks for twenty-six, months for twelve.
//!
//! Weeks are seven days counted from the day after the origin, months are those of the calendar, the first one what is left
//! of the origin's month.

use crate::ledger::calendar::{Day, month_end};

/// A kind of period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grid {
    /// Single days.
    Day,
    /// Calendar months.
    Month,
    /// Seven days, counted from the origin.
    Week,
}

impl Grid {
    /// Every kind, in the order of publication.
    pub const ALL: [Grid; 3] = [Grid::Day, Grid::Month, Grid::Week];

    /// The published word.
    pub fn word(self) -> &'static str {
        match self {
            Grid::Day => "day",
            Grid::Month => "month",
            Grid::Week => "week",
        }
    }

    /// How many periods of the kind a forecast has.
    pub fn periods(self) -> usize {
        match self {
            Grid::Day => 42,
            Grid::Month => 12,
            Grid::Week => 26,
        }
    }
}

/// A period of a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its kind.
    pub grid: Grid,
    /// 1 is the first after the origin.
    pub horizon: usize,
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
}

/// The periods after an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    /// The origin: the first period begins on the day after it.
    pub origin: Day,
    periods: Vec<Period>,
    /// For each day after the origin the positions of its periods; `NO_PERIOD` where the kind has ended.
    of_day: Vec<[u16; Grid::ALL.len()]>,
}

/// No period of that kind.
pub const NO_PERIOD: u16 = u16::MAX;

impl Periods {
    /// All periods of every kind.
    pub fn all_grids(origin: Day) -> Self {
        Self::new(origin, &Grid::ALL.map(|grid| (grid, grid.periods())))
    }

    /// So many periods of the kinds asked for, in the order of the kinds.
    pub fn new(origin: Day, grids: &[(Grid, usize)]) -> Self {
        let mut periods = Vec::new();
        for (grid, count) in grids {
            let (grid, mut start) = (*grid, origin + 1);
            for horizon in 1..=*count {
                let end = match grid {
                    Grid::Day => start,
                    Grid::Week => start + 6,
                    Grid::Month => month_end(start),
                };
                periods.push(Period { grid, horizon, start, end });
                start = end + 1;
            }
        }
        let last = periods.iter().map(|period| period.end).max().unwrap_or(origin);
        let mut of_day = vec![[NO_PERIOD; Grid::ALL.len()]; usize::try_from(last - origin).unwrap_or(0)];
        for (position, period) in periods.iter().enumerate() {
            for day in period.start..=period.end {
                let place = usize::try_from(day - origin - 1).expect("periods begin after the origin");
                of_day[place][period.grid as usize] = u16::try_from(position).expect("a forecast has some eighty periods");
            }
        }
        Periods { origin, periods, of_day }
    }

    /// Those of the periods that end on or before `last`.
    pub fn ending_by(self, last: Day) -> Self {
        let count = |grid| (grid, self.periods.iter().filter(|period| period.grid == grid && period.end <= last).count());
        Self::new(self.origin, &Grid::ALL.map(count))
    }

    /// The position of a period of a kind; `None` where there are fewer.
    pub fn position(&self, grid: Grid, horizon: usize) -> Option<usize> {
        self.periods.iter().position(|period| period.grid == grid && period.horizon == horizon)
    }

    /// The periods, kind by kind.
    pub fn all(&self) -> &[Period] {
        &self.periods
    }

    /// How many periods of a kind there are.
    pub fn count(&self, grid: Grid) -> usize {
        self.periods.iter().filter(|period| period.grid == grid).count()
    }

    /// Number of days from the origin to the last day of any period.
    pub fn days(&self) -> usize {
        self.of_day.len()
    }

    /// The last day of any period.
    pub fn last_day(&self) -> Day {
        self.origin + i32::try_from(self.days()).expect("a forecast is shorter than a lifetime")
    }

    /// Positions of the periods that a day belongs to; none for a day that is not after the origin or beyond the last.
    pub fn of(&self, day: Day) -> impl Iterator<Item = usize> + '_ {
        let place = usize::try_from(day - self.origin - 1).ok();
        let positions = place.and_then(|place| self.of_day.get(place));
        positions.into_iter().flatten().filter(|position| **position != NO_PERIOD).map(|position| usize::from(*position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::{date_of, day_of};

    fn day(text: &str) -> Day {
        day_of(text.parse().expect("a date of the test"))
    }

    #[test]
    fn periods_follow_each_other_and_months_are_those_of_the_calendar() {
        let periods = Periods::all_grids(day("2025-06-16"));
        let of = |grid: Grid| periods.all().iter().filter(move |period| period.grid == grid).copied().collect::<Vec<_>>();
        assert_eq!((of(Grid::Day).len(), of(Grid::Week).len(), of(Grid::Month).len()), (42, 26, 12));
        for grid in Grid::ALL {
            assert_eq!(of(grid)[0].start, day("2025-06-17"));
            assert!(of(grid).windows(2).all(|pair| pair[1].start == pair[0].end + 1), "{grid:?}");
        }
        assert_eq!(date_of(of(Grid::Month)[0].end).to_string(), "2025-06-30");
        assert_eq!(date_of(of(Grid::Month)[11].end).to_string(), "2026-05-31");
        assert_eq!(date_of(of(Grid::Week)[25].end).to_string(), "2025-12-15");
    }

    #[test]
    fn periods_that_end_later_can_be_left_out() {
        let all = Periods::all_grids(day("2025-06-16"));
        let some = all.clone().ending_by(day("2025-07-30"));
        assert_eq!(Grid::ALL.map(|grid| some.count(grid)), [42, 1, 6]);
        assert_eq!(some.last_day(), day("2025-07-28"));
        let position = some.position(Grid::Week, 6).expect("the sixth week ends on the last day");
        assert_eq!(some.all()[position], all.all()[all.position(Grid::Week, 6).expect("there are 26")]);
        assert_eq!(some.position(Grid::Week, 7), None);
        assert_eq!(all.clone().ending_by(day("2025-06-16")).days(), 0);
    }

    #[test]
    fn a_day_finds_its_periods() {
        let periods = Periods::all_grids(day("2025-06-30"));
        let found = |text: &str| {
            periods.of(day(text)).map(|position| (periods.all()[position].grid, periods.all()[position].horizon)).collect::<Vec<_>>()
        };
        assert_eq!(found("2025-07-08"), [(Grid::Day, 8), (Grid::Month, 1), (Grid::Week, 2)]);
        assert_eq!(found("2025-08-12"), [(Grid::Month, 2), (Grid::Week, 7)]);
        assert_eq!(found("2025-06-30"), []);
        assert_eq!(found("2026-07-01"), []);
    }
}
