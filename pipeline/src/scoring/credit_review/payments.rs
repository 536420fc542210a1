//! How a customer's payments have changed: later than before, or not at all any more.

use crate::ledger::calendar::Day;
use crate::scoring::as_of::Payment;

/// Days of payments that are compared with as many before them.
const WINDOW_DAYS: i32 = 90;
/// Days on which something was paid, from which an average is compared.
const DAYS_MIN: usize = 2;
/// Days on which something was paid, from which there is a usual gap.
const GAP_DAYS_MIN: usize = 3;

/// What a customer's payments of two years say at the end of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Paying {
    /// Average days late of what was paid in the last 90 days, by amount; `None` where less than two days had payments.
    pub late_now: Option<f64>,
    /// The same of the 90 days before these.
    pub late_before: Option<f64>,
    /// Days since the last payment.
    pub silent_days: Option<i32>,
    /// The usual gap between days of payment: the lower median, days ≥ 1.
    pub usual_gap: Option<i32>,
}

impl Paying {
    /// Looks at payments, oldest first.
    pub fn of(payments: &[Payment], day: Day) -> Self {
        let mut dates: Vec<Day> = payments.iter().map(|payment| payment.date).collect();
        dates.dedup();
        let mut gaps: Vec<i32> = dates.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable();
        Paying {
            late_now: average_late(payments, day - WINDOW_DAYS, day),
            late_before: average_late(payments, day - 2 * WINDOW_DAYS, day - WINDOW_DAYS),
            silent_days: dates.last().map(|last| day - last),
            usual_gap: gaps.get(gaps.len().saturating_sub(1) / 2).copied().filter(|_| dates.len() >= GAP_DAYS_MIN),
        }
    }

    /// By how many days payments have become later.
    pub fn slower_by(&self) -> Option<f64> {
        Some(self.late_now? - self.late_before?)
    }

    /// Days since the last payment ÷ the usual gap.
    pub fn silence(&self) -> Option<f64> {
        Some(f64::from(self.silent_days?) / f64::from(self.usual_gap?))
    }
}

/// Days late of what was paid after `from` up to `to`, weighted by amount.
fn average_late(payments: &[Payment], from: Day, to: Day) -> Option<f64> {
    let within =
        &payments[payments.partition_point(|payment| payment.date <= from)..payments.partition_point(|payment| payment.date <= to)];
    let days = within.chunk_by(|a, b| a.date == b.date).count();
    let amount: f64 = within.iter().map(|payment| payment.amount).sum();
    let weighted: f64 = within.iter().map(|payment| payment.days_late * payment.amount).sum();
    (days >= DAYS_MIN && amount > 0.0).then(|| weighted / amount)
}
