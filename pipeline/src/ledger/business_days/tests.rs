//! Calendars against dates that anyone can look up, and the laws of counting in business days.

use super::*;
use crate::ledger::calendar::{date_of, day_of};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    day_of(text.parse().expect("a date of the table"))
}

fn calendar(word: &str) -> BusinessCalendar {
    BusinessCalendar::new(&Basis::named(word).expect("a calendar of the table").into())
}

#[test]
fn business_rests_on_the_days_a_country_keeps() {
    let table = [
        ("DE", "2025-10-03 2026-10-03 2025-06-09 2017-10-31", "2025-10-31 2025-12-24 2025-12-31 2018-10-31"),
        ("US", "2025-11-27 2021-07-05 2025-06-19 1996-07-04", "2025-11-28 2021-12-24 2021-12-31 2020-06-19"),
        ("GB", "2021-12-27 2021-12-28 2022-06-02 2022-06-03 2022-09-19 2023-05-08 2025-08-25", "2021-12-29 2022-05-30 2025-12-24"),
        ("JP", "2025-05-05 2025-05-06 2019-04-30 2019-05-01 2019-05-02 2025-01-02 2025-12-31", "2025-05-07 2025-05-02 2025-12-30"),
        ("FR", "2025-07-14 2025-04-18 2025-12-26", "1998-04-10 1998-12-28"),
        ("ES", "2025-08-15 2025-04-18", "2025-04-17"),
        ("CH", "2025-08-01 2025-01-02 2025-12-26", "2025-12-24"),
        ("CA", "2025-07-01 2025-10-13 2025-12-26", "2025-11-28"),
        ("AU", "2025-01-27 2025-06-09 2025-04-25", "2025-01-28"),
        ("SE", "2025-06-20 2025-12-24 2025-12-31", "2025-04-17 2025-10-31"),
        ("DK", "2025-06-05 2025-12-24 2025-05-30", "2025-05-01 2008-05-02"),
        ("BR", "2025-03-03 2025-03-04 2025-06-19", "2025-03-05 2025-10-28"),
        ("MX", "2025-04-17 2025-04-18 2025-12-12", "2025-12-24"),
        ("CN", "2025-01-28 2025-10-08 2025-10-01", "2025-01-26 2025-10-11 2025-10-09"),
        ("KR", "2025-10-06 2025-05-01", "2025-10-10"),
        ("IN", "2025-10-20 2025-08-15", "2025-10-23"),
        ("MY", "2025-01-01 2025-10-20", "2025-01-02"),
        ("HK", "2025-04-18 2025-04-21 2025-01-29 2025-01-04", "2025-04-22"),
        ("TW", "2025-05-01", "2025-09-03"),
        ("IL", "2025-10-02 2025-10-03 2025-10-04", "2025-10-05"),
        ("UA", "2021-08-24", "2023-08-24"),
    ];
    for (country, resting, worked) in table {
        let calendar = calendar(country);
        for date in resting.split_whitespace() {
            assert!(!calendar.is_business(day(date)), "{country} rests on {date}");
        }
        for date in worked.split_whitespace() {
            assert!(calendar.is_business(day(date)), "{country} works on {date}");
        }
    }
}

#[test]
fn the_weekend_is_the_one_in_force_on_the_day() {
    let table = [
        // Thursday and Friday, then Friday and Saturday, then Saturday and Sunday.
        (
            "AE",
            "2006-08-24 2006-08-25 2006-09-08 2006-09-09 2021-12-17 2021-12-18 2022-01-08 2022-01-09",
            "2006-08-26 2006-09-07 2021-12-19 2022-01-07",
        ),
        ("SA", "2013-06-20 2013-06-21 2013-07-05 2013-07-06", "2013-06-22 2013-07-04 2025-10-05"),
        ("KW", "2007-08-30 2007-09-01 2025-10-03 2025-10-04", "2007-08-25 2007-09-06 2025-10-05"),
        ("EG", "2025-10-03 2025-10-04", "2025-10-05"),
        ("DE", "2025-10-04 2025-10-05 1950-01-01 2190-01-02", "1950-01-02 2190-01-01"),
    ];
    for (country, resting, worked) in table {
        let calendar = calendar(country);
        for date in resting.split_whitespace() {
            assert!(!calendar.is_business(day(date)), "{country} rests on {date}");
        }
        for date in worked.split_whitespace() {
            assert!(calendar.is_business(day(date)), "{country} works on {date}");
        }
    }
}

#[test]
fn payment_runs_fall_on_the_positions_of_the_month() {
    use MonthPosition::{DayOf15th, DayOf25th, LastBusinessDay, Other};
    let table = [
        // The 15th is a Sunday, the month ends on a Monday.
        ("DE", "2025-06-13", Other),
        ("DE", "2025-06-15", Other),
        ("DE", "2025-06-16", DayOf15th),
        ("DE", "2025-06-17", Other),
        ("DE", "2025-06-25", DayOf25th),
        ("DE", "2025-06-30", LastBusinessDay),
        // The month ends on a Saturday.
        ("DE", "2025-05-30", LastBusinessDay),
        ("DE", "2025-05-31", Other),
        // Christmas on a Thursday: the next business day is the Monday.
        ("DE", "2025-12-24", Other),
        ("DE", "2025-12-29", DayOf25th),
        ("DE", "2025-12-31", LastBusinessDay),
        // Austrian banks are closed on New Year's Eve.
        ("AT", "2025-12-30", LastBusinessDay),
        ("AT", "2025-12-31", Other),
        // 25 to 28 December 2004 rest in England, so do the first days of January.
        ("GB", "2004-12-29", DayOf25th),
        ("GB", "2004-12-31", LastBusinessDay),
        // The 15th was a Saturday and both days after it were free at Easter 2017 in Germany.
        ("DE", "2017-04-18", DayOf15th),
        ("weekends", "2017-04-17", DayOf15th),
        ("all_days", "2025-06-15", DayOf15th),
        ("all_days", "2025-05-31", LastBusinessDay),
        ("all_days", "2024-02-29", LastBusinessDay),
        ("all_days", "2025-05-24", Other),
    ];
    for (word, date, position) in table {
        assert_eq!(calendar(word).month_position(day(date)), position, "{word} {date}");
    }
}

#[test]
fn a_closure_at_the_end_of_a_month_moves_the_25th_into_the_next_and_the_last_day_back() {
    let closed = (day("2025-08-25")..=day("2025-08-31")).map(|day| (day, false)).collect();
    let calendar = BusinessCalendar::new(&CalendarRules { basis: Basis::Weekends, exceptions: closed });
    assert_eq!(calendar.month_position(day("2025-09-01")), MonthPosition::DayOf25th);
    assert_eq!(calendar.month_position(day("2025-08-22")), MonthPosition::LastBusinessDay);
    let closed = (day("2025-08-01")..=day("2025-08-31")).map(|day| (day, false)).collect();
    let calendar = BusinessCalendar::new(&CalendarRules { basis: Basis::Weekends, exceptions: closed });
    let august = day("2025-08-01")..=day("2025-08-31");
    assert!(august.into_iter().all(|day| calendar.month_position(day) == MonthPosition::Other && !calendar.is_business(day)));
    assert_eq!(calendar.month_position(day("2025-07-31")), MonthPosition::LastBusinessDay);
}

#[test]
fn exceptions_go_before_the_country_and_the_later_before_the_earlier() {
    let rules = CalendarRules {
        basis: Basis::Country("DE"),
        exceptions: vec![
            (day("2026-12-24"), false),
            (day("2026-10-03"), true),
            (day("2026-05-15"), false),
            (day("2026-05-15"), true),
            (Day::MAX, false),
        ],
    };
    let calendar = BusinessCalendar::new(&rules);
    assert!(!calendar.is_business(day("2026-12-24")));
    assert!(calendar.is_business(day("2026-10-03")), "a Saturday and a holiday, worked all the same");
    assert!(calendar.is_business(day("2026-05-15")));
    let all = BusinessCalendar::new(&CalendarRules { basis: Basis::AllDays, ..rules });
    assert!(all.is_business(day("2026-12-24")));
}

#[test]
fn the_place_in_the_week_follows_the_weekend() {
    let table = [
        ("DE", "2025-10-06", 0),
        ("DE", "2025-10-10", 4),
        ("SA", "2025-10-05", 0),
        ("SA", "2025-10-09", 4),
        ("AE", "2021-12-26", 0),
        ("AE", "2022-01-03", 0),
        // A worked Sunday and a worked Saturday.
        ("CN", "2025-01-26", 4),
        ("CN", "2025-10-11", 4),
        ("weekends", "2025-10-08", 2),
        ("all_days", "2025-10-05", 6),
    ];
    for (word, date, place) in table {
        assert_eq!(calendar(word).place_in_week(day(date)), place, "{word} {date}");
    }
    assert_eq!((calendar("SA").places_in_week(), calendar("all_days").places_in_week()), (5, 7));
}

#[test]
fn weekdays_are_those_of_chrono() {
    use chrono::Datelike as _;
    for date in ["1900-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2199-12-31"] {
        assert_eq!(u32::from(weekday(day(date))), date_of(day(date)).weekday().num_days_from_monday(), "{date}");
    }
}

#[test]
fn every_calendar_reaches_over_every_day_of_a_ledger_and_400_more() {
    assert_eq!((date_of(FIRST_DAY).to_string(), date_of(LAST_DAY).to_string()), ("1899-12-01".to_owned(), "2201-12-31".to_owned()));
    let words = countries::all().iter().map(|country| country.code).chain(Basis::WORDS);
    for word in words {
        let calendar = calendar(word);
        assert!(calendar.is_business(LAST_DAY), "{word}");
        assert_eq!(calendar.day_at(0), calendar.next_business_on_or_after(FIRST_DAY), "{word}");
        assert_eq!(calendar.next_business_on_or_after(day("2199-12-31") + 400), day("2201-02-04"), "{word}");
    }
}

#[test]
fn exceptions_before_and_after_the_years_of_a_ledger_leave_no_day_without_a_next_one() {
    let margins = (FIRST_DAY..day("1900-01-01")).chain(day("2200-01-01")..=LAST_DAY);
    let exceptions = margins.map(|day| (day, false)).collect();
    let calendar = BusinessCalendar::new(&CalendarRules { basis: Basis::Weekends, exceptions });
    assert_eq!(calendar.day_at(0), day("1899-12-01"));
    assert!((FIRST_DAY..=LAST_DAY).all(|day| calendar.next_business_on_or_after(day) <= day + 2));
    let whole_ledger = (day("1900-01-01")..=day("2199-12-31")).map(|day| (day, false)).collect();
    let calendar = BusinessCalendar::new(&CalendarRules { basis: Basis::Weekends, exceptions: whole_ledger });
    assert_eq!(calendar.next_business_on_or_after(day("1900-01-01")), day("2200-01-01"));
}

#[test]
fn receipts_on_days_of_rest_make_a_company_one_of_calendar_days_beyond_two_per_cent() {
    let germany = calendar("DE");
    let (holiday, workday) = (day("2025-10-03"), day("2025-10-02"));
    let receipts = |resting: usize, working: usize| std::iter::repeat_n(holiday, resting).chain(std::iter::repeat_n(workday, working));
    let table = [(0, 0, false), (0, 10, false), (1, 49, false), (1, 48, true), (20, 980, false), (21, 979, true), (5, 0, true)];
    for (resting, working, expected) in table {
        assert_eq!(uses_calendar_days(receipts(resting, working), &germany), expected, "{resting} of {}", resting + working);
    }
    assert!(!uses_calendar_days(receipts(5, 0), &calendar("weekends")), "a Friday, where no country is given");
}

/// Any rules that a configuration can make.
fn any_rules() -> impl Strategy<Value = CalendarRules> {
    let bases: Vec<Basis> =
        countries::all().iter().map(|country| Basis::Country(country.code)).chain([Basis::Weekends, Basis::AllDays]).collect();
    let exceptions = prop::collection::vec((day("2020-01-01")..day("2021-01-01"), any::<bool>()), 0..200);
    (prop::sample::select(bases), exceptions).prop_map(|(basis, exceptions)| CalendarRules { basis, exceptions })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn counting_in_business_days_is_a_ladder_up_and_down(rules in any_rules()) {
        let calendar = BusinessCalendar::new(&rules);
        let days = day("1994-01-01")..day("2047-01-01");
        for day in days {
            let next = calendar.next_business_on_or_after(day);
            prop_assert!(next >= day && calendar.is_business(next));
            prop_assert!((day..next).all(|between| !calendar.is_business(between)), "the first of those that follow");
            prop_assert!(calendar.next_business_on_or_after(day + 1) >= next, "monotone");
            prop_assert_eq!(calendar.next_business_on_or_after(next), next, "twice is once");
            prop_assert_eq!(calendar.index(day + 1) - calendar.index(day), i32::from(calendar.is_business(day)), "numbers count business days");
            prop_assert_eq!(calendar.day_at(calendar.index(day)), next, "there and back");
            prop_assert_eq!(calendar.index(calendar.day_at(calendar.index(day))), calendar.index(day), "and there again");
            prop_assert!(calendar.place_in_week(day) < calendar.places_in_week());
            prop_assert!(calendar.is_business(day) || calendar.month_position(day) == MonthPosition::Other);
        }
    }

    #[test]
    fn a_month_has_at_most_one_day_of_each_position(rules in any_rules()) {
        let calendar = BusinessCalendar::new(&rules);
        let mut first = day("1995-01-01");
        while first < day("2046-01-01") {
            let end = month_end(first);
            let count = |position| (first..=end).filter(|day| calendar.month_position(*day) == position).count();
            let has_business = (first..=end).any(|day| calendar.is_business(day));
            prop_assert_eq!(count(MonthPosition::LastBusinessDay), usize::from(has_business));
            prop_assert!(count(MonthPosition::DayOf15th) <= 1);
            // That of the month before may come into this one.
            prop_assert!(count(MonthPosition::DayOf25th) <= 2);
            first = end + 1;
        }
    }
}
