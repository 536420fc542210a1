//! The customer behind an item: how it has paid, on which days, and what else it owes.

use super::{Explainer, decimal, text_of};
use crate::forecast::item_forecast::ItemForecast;
use crate::ledger::book::LabelIndex;
use crate::ledger::business_days::{BusinessCalendar, MonthPosition, weekday};
use crate::ledger::calendar::Day;
use crate::scoring::as_of::CustomerAsOf;
use serde::Serialize;

/// The weekdays, Monday first.
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Payments that are listed, the newest.
const PAYMENTS_LISTED: usize = 6;
/// Days of payments that show a habit.
const HABIT_DAYS: i32 = 365;
/// A habit needs so many payments.
const HABIT_PAYMENTS_MIN: usize = 5;
/// It is a share of them, so many times as frequent as among the company's other customers: either of these. The second is for
/// those who pay on several days of the month.
const HABITS: [(f64, f64); 2] = [(0.5, 1.5), (0.3, 2.0)];

/// A customer.
#[derive(Clone, Debug, Serialize)]
pub struct CustomerPart {
    /// Its id.
    pub customer_id: String,
    /// Its segment.
    pub segment: Option<String>,
    /// Invoices of two years that were settled with cash.
    pub settled_items: u32,
    /// Those of them that were settled after the due date.
    pub settled_late_items: u32,
    /// Their share; `None` without any.
    pub late_rate: Option<f64>,
    /// Days of two years on which it paid.
    pub payments: usize,
    /// Mean days late of these payments, each counted once; `None` without any.
    pub average_days_late: Option<f64>,
    /// Their median, a value that occurred.
    pub median_days_late: Option<f64>,
    /// The newest payments, newest first.
    pub last_payments: Vec<PaymentPart>,
    /// On which days it pays, where that differs from the others of the company.
    pub habits: Vec<HabitPart>,
    /// Items that are open beside this one.
    pub other_open_items: usize,
    /// What is open of them, base currency at the date's rate.
    pub other_open_amount_base: String,
    /// Those of them that are overdue.
    pub other_overdue_items: usize,
    /// What is open of these.
    pub other_overdue_amount_base: String,
    /// Days past due of the oldest of all its items; 0 where none is.
    pub worst_days_past_due: i32,
    /// The base currency.
    pub base_currency: String,
}

/// What came on a day.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentPart {
    /// The day.
    pub date: String,
    /// Days late, by amount; held to −60 to 120.
    pub days_late: f64,
    /// How much, base currency.
    pub amount_base: String,
}

/// A kind of day on which the customer pays.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitPart {
    /// Which days, in words.
    pub days: String,
    /// Payments of the past year on such days.
    pub payments: usize,
    /// All of its payments of the past year.
    pub of_payments: usize,
    /// The share of such days in the payments of the company's other customers.
    pub others_share: f64,
}

/// What is known of the customer of an item.
pub fn customer_part(explainer: &Explainer, forecast: &ItemForecast) -> CustomerPart {
    let book = explainer.forecaster.book;
    let customer = forecast.expected.customer as usize;
    let as_of = &explainer.snapshot.customers[customer];
    let payments = by_day(as_of);
    let late: Vec<f64> = payments.iter().map(|(_, late, _)| *late).collect();
    let base = book.rates.code(book.rates.base());
    let segment: LabelIndex = book.customers[customer].labels[0];
    let others = others(explainer, forecast);
    let newest = payments.iter().rev().take(PAYMENTS_LISTED);
    CustomerPart {
        customer_id: book.customers[customer].id.clone(),
        segment: (segment != 0).then(|| book.labels[segment as usize].clone()),
        settled_items: as_of.settled,
        settled_late_items: as_of.settled_late,
        late_rate: (as_of.settled > 0).then(|| f64::from(as_of.settled_late) / f64::from(as_of.settled)),
        payments: payments.len(),
        average_days_late: (!late.is_empty()).then(|| late.iter().sum::<f64>() / late.len() as f64),
        median_days_late: median(&late),
        last_payments: newest
            .map(|(date, days_late, amount)| PaymentPart {
                date: text_of(*date),
                days_late: *days_late,
                amount_base: decimal(to_unit(*amount, book.rates.base_unit()), base),
            })
            .collect(),
        habits: habits(explainer, customer),
        other_open_items: others.open.0,
        other_open_amount_base: decimal(others.open.1, base),
        other_overdue_items: others.overdue.0,
        other_overdue_amount_base: decimal(others.overdue.1, base),
        worst_days_past_due: as_of.open.iter().map(|open| explainer.snapshot.day - open.due_date).max().unwrap_or(0).max(0),
        base_currency: base.to_owned(),
    }
}

/// Payments by day: the day, days late by amount, the amount in base currency.
fn by_day(customer: &CustomerAsOf) -> Vec<(Day, f64, f64)> {
    let of_day = |payments: &[crate::scoring::as_of::Payment]| {
        let amount: f64 = payments.iter().map(|payment| payment.amount).sum();
        let weighted: f64 = payments.iter().map(|payment| payment.days_late * payment.amount).sum();
        (payments[0].date, weighted / amount, amount)
    };
    customer.payments.chunk_by(|a, b| a.date == b.date).map(of_day).collect()
}

/// The lower median.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

fn to_unit(amount: f64, unit: i64) -> i64 {
    (amount / unit as f64).round() as i64 * unit
}

struct Others {
    open: (usize, i64),
    overdue: (usize, i64),
}

/// The customer's other items: how many, and how much in base currency.
fn others(explainer: &Explainer, forecast: &ItemForecast) -> Others {
    let (facts, day) = (explainer.forecaster.facts, explainer.snapshot.day);
    let customer = forecast.expected.customer as usize;
    let mut others = Others { open: (0, 0), overdue: (0, 0) };
    let items = &explainer.snapshot.customers[customer].open;
    for open in items.iter().filter(|open| open.position != forecast.expected.open_item.position) {
        let currency = facts.all_items_of(customer)[open.position as usize].currency;
        let amount = facts.rates().value_on(currency, day, day, open.open);
        let add = |sum: &mut (usize, i64)| *sum = (sum.0 + 1, sum.1 + amount);
        add(&mut others.open);
        if open.due_date < day {
            add(&mut others.overdue);
        }
    }
    others
}

/// Kinds of days on which most of a customer's payments of a year fall, and clearly fewer of the others'.
fn habits(explainer: &Explainer, customer: usize) -> Vec<HabitPart> {
    let companies = explainer.forecaster.companies;
    let company = companies.company(customer);
    let calendar = explainer.fitted.calendars[company];
    let tally = |of: usize| Tally::new(&explainer.snapshot.customers[of], calendar, explainer.snapshot.day);
    let own = tally(customer);
    let others = (0..explainer.snapshot.customers.len()).filter(|other| *other != customer && companies.company(*other) == company);
    let others = others.fold(Tally::default(), |sum, other| sum.with(&tally(other)));
    own.against(&others)
}

/// Payments by kind of day.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    all: usize,
    weekdays: [usize; 7],
    positions: [usize; 3],
}

/// The positions of the month that are counted, with their words.
const POSITIONS: [(MonthPosition, &str); 3] = [
    (MonthPosition::LastBusinessDay, "the last business day of the month"),
    (MonthPosition::DayOf15th, "the 15th or the business day after"),
    (MonthPosition::DayOf25th, "the 25th or the business day after"),
];

impl Tally {
    fn new(customer: &CustomerAsOf, calendar: &BusinessCalendar, day: Day) -> Self {
        let mut tally = Tally::default();
        let recent = customer.payments.iter().map(|payment| payment.date).filter(|date| *date > day - HABIT_DAYS);
        let mut dates: Vec<Day> = recent.collect();
        dates.dedup();
        for date in dates {
            let date = calendar.next_business_on_or_after(date);
            tally.all += 1;
            tally.weekdays[usize::from(weekday(date))] += 1;
            if let Some(place) = POSITIONS.iter().position(|(position, _)| *position == calendar.month_position(date)) {
                tally.positions[place] += 1;
            }
        }
        tally
    }

    fn with(mut self, other: &Tally) -> Self {
        self.all += other.all;
        self.weekdays.iter_mut().zip(other.weekdays).for_each(|(sum, count)| *sum += count);
        self.positions.iter_mut().zip(other.positions).for_each(|(sum, count)| *sum += count);
        self
    }

    fn against(&self, others: &Tally) -> Vec<HabitPart> {
        if self.all < HABIT_PAYMENTS_MIN {
            return Vec::new();
        }
        let kinds = (0..7).map(|place| (format!("{}s", WEEKDAYS[place]), self.weekdays[place], others.weekdays[place]));
        let positions = (0..3).map(|place| (POSITIONS[place].1.to_owned(), self.positions[place], others.positions[place]));
        let part = |(days, payments, of_others): (String, usize, usize)| {
            let (share, others_share) = (payments as f64 / self.all as f64, of_others as f64 / others.all.max(1) as f64);
            let is_habit = HABITS.iter().any(|(least, ratio)| share >= *least && share >= ratio * others_share);
            is_habit.then_some(HabitPart { days, payments, of_payments: self.all, others_share })
        };
        kinds.chain(positions).filter_map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_habit_is_what_most_payments_do_and_those_of_others_do_not() {
        let own = Tally { all: 10, weekdays: [0, 0, 0, 9, 1, 0, 0], positions: [1, 0, 0] };
        let even = Tally { all: 100, weekdays: [20, 20, 20, 20, 20, 0, 0], positions: [5, 5, 5] };
        let found = own.against(&even);
        assert_eq!(found, [HabitPart { days: "Thursdays".into(), payments: 9, of_payments: 10, others_share: 0.2 }]);
        let all_on_thursdays = Tally { all: 100, weekdays: [0, 0, 0, 90, 10, 0, 0], positions: [5, 5, 5] };
        assert_eq!(own.against(&all_on_thursdays), []);
        assert_eq!(Tally { all: 4, weekdays: [0, 0, 0, 4, 0, 0, 0], positions: [0; 3] }.against(&even), []);
    }

    #[test]
    fn the_median_is_a_value_that_occurred() {
        assert_eq!((median(&[]), median(&[7.0, 1.0]), median(&[3.0, 9.0, 1.0])), (None, Some(1.0), Some(3.0)));
    }
}
