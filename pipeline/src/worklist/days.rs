//! The day on which a list is worked, and which marks before a due date fall on it.

use crate::ledger::book::NO_DATE;
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;

/// The list's day in the calendar of a company.
#[derive(Clone, Copy, Debug)]
pub struct WorkDays<'a> {
    calendar: &'a BusinessCalendar,
    /// The night.
    pub as_of: Day,
    /// The day on which the list is worked: the night's, or the first business day after a day of rest.
    pub work: Day,
    /// The business day before it, whose list did not have what is new on this one.
    pub before: Day,
}

/// A reminder before an item is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// Seven days before.
    SevenDays,
    /// Three business days before.
    ThreeBusinessDays,
}

impl<'a> WorkDays<'a> {
    /// For the list of a night.
    pub fn new(calendar: &'a BusinessCalendar, as_of: Day) -> Self {
        let work = calendar.next_business_on_or_after(as_of);
        WorkDays { calendar, as_of, work, before: calendar.day_at(calendar.index(work) - 1) }
    }

    /// A day, or the first business day after it.
    pub fn carried(&self, day: Day) -> Day {
        self.calendar.next_business_on_or_after(day)
    }

    /// The first business day after the day to which `day` is carried: what was promised for `day` is missing from it on.
    pub fn after(&self, day: Day) -> Day {
        self.carried(self.carried(day) + 1)
    }

    /// Whether an item became overdue since the list before.
    pub fn is_newly_overdue(&self, due_date: Day) -> bool {
        due_date >= self.before && due_date < self.as_of
    }

    /// The reminder that falls on this list and on no other: marks on days of rest are carried to the next business day. An item
    /// that was issued after its mark is not reminded of at it.
    pub fn reminder(&self, document_date: Day, due_date: Day) -> Option<Reminder> {
        if due_date == NO_DATE || due_date < self.as_of {
            return None;
        }
        let three = self.calendar.day_at(self.calendar.index(due_date) - 3);
        if three == self.work && three >= document_date {
            return Some(Reminder::ThreeBusinessDays);
        }
        let seven = due_date - 7;
        // Where so many days of rest lie between that the later mark came first, it has been reminded of already.
        (self.before < seven && seven <= self.work && seven >= document_date && self.work < three).then_some(Reminder::SevenDays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::business_days::{Basis, CalendarRules};
    use crate::ledger::calendar::day_of;

    fn day(text: &str) -> Day {
        day_of(text.parse().expect("a date of the test"))
    }

    /// Weekends rest, and so does Friday 4 July 2025.
    fn calendar() -> BusinessCalendar {
        BusinessCalendar::new(&CalendarRules { basis: Basis::Weekends, exceptions: vec![(day("2025-07-04"), false)] })
    }

    #[test]
    fn a_night_on_a_day_of_rest_is_worked_on_the_next_business_day() {
        let calendar = calendar();
        for (as_of, work, before) in [
            ("2025-06-30", "2025-06-30", "2025-06-27"),
            ("2025-07-03", "2025-07-03", "2025-07-02"),
            ("2025-07-04", "2025-07-07", "2025-07-03"),
            ("2025-07-06", "2025-07-07", "2025-07-03"),
            ("2025-07-07", "2025-07-07", "2025-07-03"),
        ] {
            let days = WorkDays::new(&calendar, day(as_of));
            assert_eq!((days.work, days.before), (day(work), day(before)), "{as_of}");
        }
    }

    /// Every due date of six weeks gets each reminder on exactly one of the lists of business days, unless the two fall together.
    #[test]
    fn a_reminder_falls_on_one_list() {
        let calendar = calendar();
        let lists: Vec<Day> = (day("2025-06-16")..day("2025-08-20")).filter(|day| calendar.is_business(*day)).collect();
        for due in day("2025-06-30")..day("2025-08-10") {
            let of = |reminder| {
                let has = |list: &&Day| WorkDays::new(&calendar, **list).reminder(day("2025-05-01"), due) == Some(reminder);
                lists.iter().filter(has).collect::<Vec<&Day>>()
            };
            let (seven, three) = (of(Reminder::SevenDays), of(Reminder::ThreeBusinessDays));
            assert_eq!(three.len(), 1, "due {due}");
            assert_eq!(seven.len(), 1, "due {due}");
            assert!(seven[0] < three[0] && *three[0] < due);
        }
    }

    #[test]
    fn reminders_of_a_monday_are_those_of_its_weekend_too() {
        let calendar = calendar();
        let monday = WorkDays::new(&calendar, day("2025-06-23"));
        let issued = day("2025-05-01");
        for (due, reminder) in [
            // Three business days before 26 June, a Thursday.
            ("2025-06-26", Some(Reminder::ThreeBusinessDays)),
            ("2025-06-27", None),
            // Seven days before lies on Saturday 21, Sunday 22 and Monday 23 June.
            ("2025-06-28", Some(Reminder::SevenDays)),
            ("2025-06-29", Some(Reminder::SevenDays)),
            ("2025-06-30", Some(Reminder::SevenDays)),
            ("2025-07-01", None),
        ] {
            assert_eq!(monday.reminder(issued, day(due)), reminder, "{due}");
        }
        assert_eq!(monday.reminder(day("2025-06-24"), day("2025-06-30")), None, "issued after the mark");
    }

    #[test]
    fn what_was_promised_for_a_day_of_rest_is_missing_after_the_next_business_day() {
        let calendar = calendar();
        let days = WorkDays::new(&calendar, day("2025-06-30"));
        assert_eq!(days.after(day("2025-07-02")), day("2025-07-03"));
        assert_eq!(days.after(day("2025-07-03")), day("2025-07-07"));
        assert_eq!(days.after(day("2025-07-04")), day("2025-07-08"), "money may come on Monday 7 July");
    }
}
