//! The columns of the timing model: what may move an open item's chance of being paid on a day.
//!
//! Responsible for what stands in a row and under which name. Some columns belong to the item as it was known at the
//! origin (customer, amount, terms), the others change from day to day (days past due, days from the expected date, the
//! customer's payment run, the weekday). Missing values are 0 after what is usual is taken off: nothing is known that would
//! move the chance.

use crate::ledger::business_days::{BusinessCalendar, MonthPosition};
use crate::ledger::calendar::Day;
use arrears_models::habits::{self, CELLS};
use arrears_models::hazard::hinges;

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
const HABIT: usize = 1;
/// Columns that change from day to day.
pub const DAY_COLUMNS: usize = RESIDUAL + PAST_DUE + CALENDAR + HABIT;
/// The column of a row that holds the days past due.
pub const PAST_DUE_COLUMN: usize = ITEM_COLUMNS.len() + RESIDUAL + 1;
/// All columns of a row.
pub const COLUMNS: usize = ITEM_COLUMNS.len() + DAY_COLUMNS;

/// Log-odds of a customer's payment run, by place in the week and in the month.
pub type Habit = [f32; CELLS];

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
        MonthPosition::LastBusinessDay => habits::MonthPosition::LastBusinessDay,
        MonthPosition::DayOf15th => habits::MonthPosition::Fifteenth,
        MonthPosition::DayOf25th => habits::MonthPosition::TwentyFifth,
        MonthPosition::Other => habits::MonthPosition::Other,
    };
    habits::cell(usize::from(calendar.place_in_week(day)), position)
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

/// Writes the row of an item on a day.
pub fn write_row(item: &ItemFeatures, habit: &Habit, day: &DayFeatures, row: &mut [f32; COLUMNS]) {
    row[..ITEM_COLUMNS.len()].copy_from_slice(&item.columns);
    write_day(item, habit, day, &mut row[ITEM_COLUMNS.len()..]);
}

fn write_day(item: &ItemFeatures, habit: &Habit, day: &DayFeatures, columns: &mut [f32]) {
    let past_due = f64::from(day.day - item.due_date);
    let residual = (past_due - item.expected_days_late).clamp(RESIDUAL_RANGE.0, RESIDUAL_RANGE.1);
    let (residual_columns, rest) = columns.split_at_mut(RESIDUAL);
    hinges(residual, &RESIDUAL_KNOTS, residual_columns);
    let (past_due_columns, rest) = rest.split_at_mut(PAST_DUE);
    past_due_columns[0] = if past_due > 0.0 { 1.0 } else { 0.0 };
    hinges(past_due.clamp(PAST_DUE_RANGE.0, PAST_DUE_RANGE.1), &PAST_DUE_KNOTS, &mut past_due_columns[1..]);
    rest[..CALENDAR].copy_from_slice(&day.columns);
    rest[CALENDAR] = habit[day.cell];
}

/// The columns that change from day to day, put together by what they are about.
pub fn day_groups() -> impl Iterator<Item = (&'static str, std::ops::Range<usize>)> {
    let groups = [
        ("days from the expected date", RESIDUAL),
        ("days past due", PAST_DUE),
        ("day of the week and month", CALENDAR),
        ("payment run", HABIT),
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
    names.push("payment run of the customer".into());
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
