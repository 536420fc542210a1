//! What counts as lost, when, and which days of history are looked at.

use crate::config::{ExpectedCreditLossConfig, LossDefinition};
use crate::ledger::book::{DocumentType, Item, NO_DATE};
use crate::ledger::buckets::Buckets;
use crate::ledger::calendar::{Day, date_of, day_of, is_month_end, month_end, month_start};
use chrono::{Days, Months};

/// The rules of a matrix.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Days after which an item that is open counts as lost; `None` where only write-offs do.
    lost_after_days: Option<i32>,
    /// Days past due from which the outcome of an item is judged.
    mature_after_days: i32,
    /// Months of history.
    history_months: u32,
    /// Day from which the ledger is complete: items older than it are there only if they were open on it.
    history_start: Option<Day>,
}

impl Policy {
    /// The policy of a configuration.
    pub fn of(config: &ExpectedCreditLossConfig, history_start: Option<Day>) -> Self {
        let days = i32::try_from(*config.default_after_days).expect("the configuration allows ten years at most");
        Policy {
            lost_after_days: (*config.loss_definition == LossDefinition::WrittenOffOrOverDays).then_some(days),
            mature_after_days: days,
            history_months: *config.history_months,
            history_start,
        }
    }

    /// The first day on which what is open of an item counts as lost; `None` where it never does by age alone.
    pub fn lost_from(&self, item: &Item) -> Option<Day> {
        Some(age_from(item)? + self.lost_after_days? + 1)
    }

    /// Whether what is open of an item at the end of a day counts as lost.
    pub fn is_lost(&self, item: &Item, day: Day) -> bool {
        self.lost_from(item).is_some_and(|from| from <= day)
    }
}

/// The day from which an item's days past due are counted: its due date, or the document date of an invoice or debit note without
/// one. A refund or a returned payment without a due date waits for the credit it belongs to: it never counts as lost by age.
pub fn age_from(item: &Item) -> Option<Day> {
    if item.due_date != NO_DATE {
        return Some(item.due_date);
    }
    item.document_type.is_sale().then_some(item.document_date)
}

/// Whether an item's outcome is counted with the item that it reverses the write-off of, and not by itself.
pub fn is_reinstatement(item: &Item) -> bool {
    item.document_type == DocumentType::Reinstatement
}

/// A day at whose end the ledger is looked at, and the history before it.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The rules.
    pub policy: &'a Policy,
    /// The aging buckets.
    pub buckets: &'a Buckets,
    /// The day.
    pub day: Day,
    /// First and last due date of the items whose run-off is counted: all of them have had their time.
    pub run_off_window: (Day, Day),
    /// Month ends between which rolling is counted, oldest first.
    pub month_ends: Vec<Day>,
    /// For each day after the oldest month end its position among the months between them.
    month_of_day: Vec<u16>,
}

impl<'a> View<'a> {
    /// The view of a day.
    pub fn new(policy: &'a Policy, buckets: &'a Buckets, day: Day) -> Self {
        let last_mature = day - policy.mature_after_days - 1;
        let newest = if is_month_end(day) { day } else { month_start(day) - 1 };
        let oldest = month_end(months_before(newest, policy.history_months));
        let mut month_ends = vec![oldest];
        let mut month_of_day = Vec::new();
        while let Some(end) = month_ends.last().copied().filter(|end| *end < newest) {
            let next = month_end(end + 1);
            let month = u16::try_from(month_ends.len() - 1).expect("the configuration allows 240 months at most");
            month_of_day.extend((end..next).map(|_| month));
            month_ends.push(next);
        }
        let run_off_window = (months_before(last_mature, policy.history_months) + 1, last_mature);
        View { policy, buckets, day, run_off_window, month_ends, month_of_day }
    }

    /// The month a day lies in, by its position; `None` outside the window.
    pub fn month_of(&self, day: Day) -> Option<usize> {
        let offset = usize::try_from(day - self.month_ends[0] - 1).ok()?;
        self.month_of_day.get(offset).map(|month| usize::from(*month))
    }

    /// Whether an item is one of those whose run-off is counted.
    pub fn is_in_run_off(&self, item: &Item) -> bool {
        let (first, last) = self.run_off_window;
        let is_complete = self.policy.history_start.is_none_or(|start| start <= item.document_date);
        item.document_type.is_sale() && item.amount > 0 && is_complete && age_from(item).is_some_and(|from| first <= from && from <= last)
    }

    /// The aging bucket of a debit item at the end of a day.
    pub fn slot(&self, item: &Item, day: Day) -> usize {
        self.buckets.by_due_date((item.due_date != NO_DATE).then(|| day - item.due_date))
    }

    /// Number of aging buckets of debit items.
    pub fn slots(&self) -> usize {
        self.buckets.unapplied()
    }
}

/// The same day so many months before, clipped at short months; of a month end the month end.
pub fn months_before(day: Day, months: u32) -> Day {
    if is_month_end(day) {
        return day_of(date_of(day + 1) - Months::new(months) - Days::new(1));
    }
    day_of(date_of(day) - Months::new(months))
}
