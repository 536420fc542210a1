//! How much a customer owed in the past year, and how much it bought: one pass over its items.

use crate::ledger::calendar::{Day, Window};
use crate::ledger::money::{RATE_ONE, divide_half_away};
use crate::scoring::facts::Facts;

/// Months that are looked back on.
const MONTHS: usize = 12;

/// The past year of a customer, in ten-thousandths of base currency at the rates of the day that looks back: prices of currencies
/// make no peaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The most that was owed at the end of a day, for each of twelve months, newest first: debit items less credits.
    pub peaks: [i128; MONTHS],
    /// Invoices and debit notes of the twelve months.
    pub sales: i128,
    /// The months from the first of these sales to the day, 1 to 12; 0 without any.
    pub sales_months: u32,
}

impl History {
    /// The twelve months that end on `day`, as known at its end. An item counts from its document date until the money came or the
    /// credit was granted, whenever that was applied; a credit that is not applied from its own date.
    pub fn of(facts: &Facts, customer: usize, day: Day) -> Self {
        let mut changes: Vec<(Day, i128)> = Vec::new();
        let mut history = History::default();
        let months = months(day);
        let rate = |currency| i128::from(facts.rates().on(currency, day, day).unwrap_or(0));
        for item in facts.items_of(customer, day) {
            let rate = rate(item.currency);
            changes.push((item.document_date, i128::from(item.amount) * rate));
            changes.extend(facts.left(item, day).map(|left| (left.effective_date.min(day), -i128::from(left.amount) * rate)));
            let sold = months.iter().position(|(start, end)| (*start..=*end).contains(&item.document_date));
            if let Some(month) = sold.filter(|_| item.is_sale) {
                history.sales += i128::from(item.amount) * rate;
                history.sales_months = history.sales_months.max(u32::try_from(month + 1).expect("twelve months"));
            }
        }
        let credits = facts.account_of(customer, day);
        changes.extend(credits.map(|item| (item.document_date, -i128::from(facts.unapplied(item, day)) * rate(item.currency))));
        history.peaks = peaks(changes, &months).map(|peak| divide_half_away(peak, i128::from(RATE_ONE)));
        history.sales = divide_half_away(history.sales, i128::from(RATE_ONE));
        history
    }

    /// The 90 % quantile of the monthly peaks, of months in which anything was owed: a peak that was reached, the smallest with at
    /// least nine tenths of the peaks not above it. `None` where nothing was owed all year.
    pub fn peak_p90(&self) -> Option<i128> {
        let mut peaks: Vec<i128> = self.peaks.iter().copied().filter(|peak| *peak > 0).collect();
        peaks.sort_unstable();
        let rank = (9 * peaks.len()).div_ceil(10);
        peaks.get(rank.checked_sub(1)?).copied()
    }

    /// Sales of an average month since the first of the year's sales; `None` without any.
    pub fn monthly_sales(&self) -> Option<i128> {
        (self.sales_months > 0).then(|| divide_half_away(self.sales, i128::from(self.sales_months)))
    }
}

/// First and last day of twelve months in a row, the one that ends on `day` first.
fn months(day: Day) -> [(Day, Day); MONTHS] {
    let mut end = day;
    std::array::from_fn(|_| {
        let month = (Window::Month.start(end), end);
        end = month.0 - 1;
        month
    })
}

/// The highest sum of changes at the end of a day, month by month; days of a month end with what they began with where nothing
/// changes.
fn peaks(mut changes: Vec<(Day, i128)>, months: &[(Day, Day); MONTHS]) -> [i128; MONTHS] {
    changes.sort_unstable();
    let mut days =
        changes.chunk_by(|a, b| a.0 == b.0).map(|of_day| (of_day[0].0, of_day.iter().map(|(_, by)| by).sum::<i128>())).peekable();
    let mut level = 0;
    let mut peaks = [0; MONTHS];
    for (peak, (start, end)) in peaks.iter_mut().zip(months).rev() {
        while let Some((_, by)) = days.next_if(|(day, _)| day < start) {
            level += by;
        }
        let begins_with_a_change = days.peek().is_some_and(|(day, _)| day == start);
        let mut highest = if begins_with_a_change { i128::MIN } else { level };
        while let Some((_, by)) = days.next_if(|(day, _)| day <= end) {
            level += by;
            highest = highest.max(level);
        }
        *peak = highest;
    }
    peaks
}
