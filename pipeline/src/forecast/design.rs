//! The columns of the timing model: what may move an open item's chance of being paid on a day.
//!
//! Responsible for what stands in a row and under which name. Some columns belong to the item as it was known at the
//! origin (customer, amount, terms), the others change from day to day (days past due, days from the expected date, the
//! customer's payment run, the weekday). Missing values are 0 after what is usual is taken off: nothing is known that would
//! move the chance.

use crate::ledger::business_days::{BusinessCalendar, MonthPosition};
use crate::ledger::calendar::Day;
use arrears_models::hazard::hinges;
use arrears_models::runs::{self, Followed, Habit};

/// Bends of the baseline over the residual day: days from the date on which the customer would be expected to pay.
const RESIDUAL_KNOTS: [f64; 14] = [-30.0, -20.0, -14.0, -10.0, -7.0, -4.0, -1.0, 1.0, 4.0, 7.0, 10.0, 14.0, 25.0, 45.0];
/// The residual day is held to this range; beyond it the days past due speak.
const RESIDUAL_RANGE: (f64, f64) = (-45.0, 60.0);
/// Bends over days past due.
const PAST_DUE_KNOTS: [f64; 5] = [0.0, 7.0, 30.0, 60.0, 90.0];
/// Days past due are held to this range.
const PAST_DUE_RANGE: (f64, f64) = (-60.0, 360.0);

/// Columns of an item.
pub const ITEM_COLUMNS: [&str; 11] = [
    "spread of days late",
    "number of past payments",
    "last three payments against the average",
    "overdue items of the customer",
    "worst days past due of the customer",
    "amount against the customer's median",
    "disputed",
    "partly paid",
    "payment terms",
    "no due date",
    "expected days late",
];

const RESIDUAL: usize = RESIDUAL_KNOTS.len() + 1;
const PAST_DUE: usize = PAST_DUE_KNOTS.len() + 2;
const CALENDAR: usize = 9;
/// Bends over the days from the date on which the customer has an item ready.
const READY_KNOTS: [f64; 5] = [-3.0, 0.0, 3.0, 7.0, 14.0];
/// Days from that date are held to this range.
const READY_RANGE: (f64, f64) = (-30.0, 45.0);
const RUN: usize = 5 + READY_KNOTS.len() + 1;
/// The chance of a run is held to this range before its log-odds are taken.
const RUN_CHANCE: (f64, f64) = (5e-4, 0.985);
/// Columns that change from day to day.
pub const DAY_COLUMNS: usize = RESIDUAL + PAST_DUE + CALENDAR + RUN;
/// The first column of the payment run.
pub const FIRST_RUN_COLUMN: usize = COLUMNS - RUN;
/// The column of a row that holds the days past due.
pub const PAST_DUE_COLUMN: usize = ITEM_COLUMNS.len() + RESIDUAL + 1;
/// All columns of a row.
pub const COLUMNS: usize = ITEM_COLUMNS.len() + DAY_COLUMNS;

/// An open item as the model sees it at an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemFeatures {
    /// When it is due, or what stands in for that.
    pub due_date: Day,
    /// Days late to expect.
    pub expected_days_late: f64,
    /// The columns of [`ITEM_COLUMNS`].
    pub columns: [f32; ITEM_COLUMNS.len()],
}

/// The cell of a habit that a day belongs to.
pub fn habit_cell(calendar: &BusinessCalendar, day: Day) -> usize {
    let position = match calendar.month_position(day) {
        MonthPosition::LastBusinessDay => runs::MonthPosition::LastBusinessDay,
        MonthPosition::DayOf15th => runs::MonthPosition::Fifteenth,
        MonthPosition::DayOf25th => runs::MonthPosition::TwentyFifth,
        MonthPosition::Other => runs::MonthPosition::Other,
    };
    runs::cell(usize::from(calendar.place_in_week(day)), position)
}

/// What is the same for all items on a day.
#[derive(Clone, Copy, Debug)]
pub struct DayFeatures {
    /// The day.
    pub day: Day,
    /// Its cell of a habit.
    pub cell: usize,
    columns: [f32; CALENDAR],
}

impl DayFeatures {
    /// The features of a business day.
    pub fn new(calendar: &BusinessCalendar, day: Day) -> Self {
        let mut columns = [0.0; CALENDAR];
        let place = usize::from(calendar.place_in_week(day));
        // The first place is what the others are compared with.
        if place > 0 {
            columns[place - 1] = 1.0;
        }
        columns[6] = f32::from(calendar.month_position(day) == MonthPosition::LastBusinessDay);
        // After days of rest more money arrives: it had more days to do so.
        let rested = day - calendar.day_at(calendar.index(day) - 1) - 1;
        columns[7] = if rested > 0 { 1.0 } else { 0.0 };
        columns[8] = if rested > 2 { 1.0 } else { 0.0 };
        DayFeatures { day, cell: habit_cell(calendar, day), columns }
    }
}

/// How far back an item is followed for runs that it may have missed.
pub const FOLLOWED_BEFORE_DAYS: i32 = 60;

/// An open item on its way through the days after an origin.
pub struct Rows<'a> {
    item: &'a ItemFeatures,
    habit: &'a Habit,
    followed: Followed<'a>,
}

impl<'a> Rows<'a> {
    /// The item at its origin; `past` are the business days before it, of which those since `document_date` count.
    pub fn new(item: &'a ItemFeatures, habit: &'a Habit, document_date: Day, past: &[DayFeatures]) -> Self {
        let mut followed = habit.follow(item.due_date);
        for day in past.iter().filter(|day| day.day >= document_date) {
            followed.on(day.day, day.cell);
        }
        Rows { item, habit, followed }
    }

    /// Writes the row of the next business day.
    pub fn write(&mut self, day: &DayFeatures, row: &mut [f32; COLUMNS]) {
        row[..ITEM_COLUMNS.len()].copy_from_slice(&self.item.columns);
        let past_due = f64::from(day.day - self.item.due_date);
        let residual = (past_due - self.item.expected_days_late).clamp(RESIDUAL_RANGE.0, RESIDUAL_RANGE.1);
        let (residual_columns, rest) = row[ITEM_COLUMNS.len()..].split_at_mut(RESIDUAL);
        hinges(residual, &RESIDUAL_KNOTS, residual_columns);
        let (past_due_columns, rest) = rest.split_at_mut(PAST_DUE);
        past_due_columns[0] = if past_due > 0.0 { 1.0 } else { 0.0 };
        hinges(past_due.clamp(PAST_DUE_RANGE.0, PAST_DUE_RANGE.1), &PAST_DUE_KNOTS, &mut past_due_columns[1..]);
        let (calendar_columns, run_columns) = rest.split_at_mut(CALENDAR);
        calendar_columns.copy_from_slice(&day.columns);
        self.write_run(past_due, day, run_columns);
    }

    /// The next business day comes, and its row is not wanted.
    pub fn pass(&mut self, day: &DayFeatures) {
        self.followed.on(day.day, day.cell);
    }

    fn write_run(&mut self, past_due: f64, day: &DayFeatures, columns: &mut [f32]) {
        let chance = self.followed.on(day.day, day.cell).clamp(RUN_CHANCE.0, RUN_CHANCE.1);
        let run = (chance / (1.0 - chance)).ln();
        let pays = self.habit.log_odds(day.cell);
        columns[0] = run as f32;
        columns[1] = (run + 3.0).max(0.0) as f32;
        columns[2] = run.max(0.0) as f32;
        columns[3] = pays as f32;
        columns[4] = if past_due >= 0.0 { pays as f32 } else { 0.0 };
        let ready = (past_due - self.habit.mean_ready).clamp(READY_RANGE.0, READY_RANGE.1);
        hinges(ready, &READY_KNOTS, &mut columns[5..]);
    }
}

/// The columns that change from day to day, put together by what they are about.
pub fn day_groups() -> impl Iterator<Item = (&'static str, std::ops::Range<usize>)> {
    let groups = [
        ("days from the expected date", RESIDUAL),
        ("days past due", PAST_DUE),
        ("day of the week and month", CALENDAR),
        ("payment run", RUN),
    ];
    let mut start = ITEM_COLUMNS.len();
    groups.into_iter().map(move |(name, columns)| {
        start += columns;
        (name, start - columns..start)
    })
}

/// The names of all columns, in the order of a row.
pub fn column_names() -> Vec<String> {
    let mut names: Vec<String> = ITEM_COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    names.push("days from the expected date".into());
    names.extend(RESIDUAL_KNOTS.iter().map(|knot| format!("days from the expected date beyond {knot}")));
    names.push("past due".into());
    names.push("days past due".into());
    names.extend(PAST_DUE_KNOTS.iter().map(|knot| format!("days past due beyond {knot}")));
    names.extend((2..=7).map(|place| format!("day {place} of the week")));
    names.extend(["last business day of the month", "after a day of rest", "after more than two days of rest"].map(str::to_owned));
    names.extend(
        ["payment run", "payment run, likely", "payment run, very likely", "day of a payment run", "day of a payment run, past due"]
            .map(str::to_owned),
    );
    names.push("days from being ready".into());
    names.extend(READY_KNOTS.iter().map(|knot| format!("days from being ready beyond {knot}")));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name() {
        assert_eq!(column_names().len(), COLUMNS);
    }
}
