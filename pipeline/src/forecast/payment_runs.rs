//! The payment runs of customers, learnt from a year of their payments.

use super::design::{FOLLOWED_BEFORE_DAYS, habit_cell};
use super::snapshot::{Companies, Sample};
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{UsualTerms, due_date_of};
use crate::scoring::facts::{Exit, Facts};
use arrears_models::runs::{Days, Habit, Habits, Payment};
use rayon::prelude::*;

/// How far back payments are looked at.
const WINDOW_DAYS: i32 = 365;
/// After so many days a payment counts half.
const HALF_LIFE_DAYS: f64 = 180.0;
/// The most payments of a customer, the newest.
const PAYMENTS_MOST: usize = 48;

/// The payment runs of all customers, as known at the end of a day.
#[derive(Debug)]
pub struct PaymentRuns {
    of_company: Vec<Habits>,
    /// For each customer its company and its place among the company's customers.
    places: Vec<(usize, usize)>,
}

impl PaymentRuns {
    /// Learns the runs of the customers in the sample; the others have that of their company.
    pub fn learn(facts: &Facts, companies: &Companies, calendars: &[&BusinessCalendar], day: Day, sample: Sample) -> Self {
        let usual_terms = UsualTerms::new(facts, day, companies.count(), |customer| companies.company(customer));
        let payments: Vec<Vec<Payment>> = (0..facts.customers())
            .into_par_iter()
            .map(|customer| {
                let company = companies.company(customer);
                match sample.has(companies.name(customer)) {
                    true => payments(facts, customer, usual_terms.of(company), calendars[company], day),
                    false => Vec::new(),
                }
            })
            .collect();
        let mut of_companies: Vec<Vec<Vec<Payment>>> = vec![Vec::new(); companies.count()];
        let mut places = Vec::with_capacity(payments.len());
        for (customer, payments) in payments.into_iter().enumerate() {
            let company = companies.company(customer);
            places.push((company, of_companies[company].len()));
            of_companies[company].push(payments);
        }
        let learnt = of_companies.iter().zip(calendars).map(|(customers, calendar)| Habits::learn(customers, &days_of(calendar, day)));
        PaymentRuns { of_company: learnt.collect(), places }
    }

    /// The run of a customer.
    pub fn of(&self, customer: usize) -> &Habit {
        let (company, place) = self.places[customer];
        self.of_company[company].of(place)
    }
}

/// The days on which the payments of the window and what was ready before them may lie.
fn days_of(calendar: &BusinessCalendar, day: Day) -> Days {
    let first = day - WINDOW_DAYS - FOLLOWED_BEFORE_DAYS - 60;
    let cell = |day: Day| calendar.is_business(day).then(|| u8::try_from(habit_cell(calendar, day)).expect("there are 28 cells"));
    // A payment on a day of rest counts on the next business day, which may lie after the last.
    Days { first, cells: (first..=day + 30).map(cell).collect() }
}

/// When the customer paid what was due when, each pair of dates once.
fn payments(facts: &Facts, customer: usize, usual_terms: Option<i32>, calendar: &BusinessCalendar, day: Day) -> Vec<Payment> {
    let mut dates: Vec<(Day, Day)> = Vec::new();
    for item in facts.items_of(customer, day).filter(|item| item.is_sale) {
        let due = due_date_of(item, usual_terms);
        let cash = facts.left(item, day).filter(|left| left.exit == Exit::Cash && left.effective_date > day - WINDOW_DAYS);
        dates.extend(cash.map(|left| (left.effective_date, due)));
    }
    dates.sort_unstable();
    dates.dedup();
    let newest = dates.len().saturating_sub(PAYMENTS_MOST);
    let as_payment = |(paid, due): &(Day, Day)| {
        let weight = (-f64::from(day - paid) / HALF_LIFE_DAYS).exp2();
        Payment { due: *due, paid: calendar.next_business_on_or_after(*paid), weight }
    };
    dates[newest..].iter().map(as_payment).collect()
}
