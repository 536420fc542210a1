//! Loss rates by run-off: what was invoiced, how much of it was still unpaid when it passed into each bucket, and how much of that
//! was lost.
//!
//! loss rate of a bucket = lost of what reached it ÷ what reached it. Historical rates, so that an exchange rate is no loss. An
//! item reaches `not_due` with its whole amount and a later bucket with what is open at the end of the bucket's first day, as the
//! aging would show it. What was written off before that day is no loss of the bucket: it never got there.

use super::losses::Losses;
use super::policy::View;
use crate::ledger::book::{Book, Item, ItemIndex, NO_DATE};
use crate::ledger::calendar::Day;

/// What is known of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOff {
    /// What reached it and came to an end, base currency at historical rate.
    pub reached: i128,
    /// What of that was lost.
    pub lost: i128,
    /// What reached it and is neither paid nor lost: in neither of the two above.
    pub undetermined: i128,
    /// Items that reached it.
    pub items: i64,
}

impl RunOff {
    /// Adds other items.
    pub fn add(&mut self, other: &RunOff) {
        self.reached += other.reached;
        self.lost += other.lost;
        self.undetermined += other.undetermined;
        self.items += other.items;
    }
}

/// Adds what became of an item, which is one of those that are counted, to the buckets it reached.
pub fn add_item(book: &Book, index: ItemIndex, position: usize, losses: &Losses, view: &View, buckets: &mut [RunOff]) {
    let item = &book.items[index as usize];
    let mut applications = book.applications_of(index).take_while(|application| application.visible_date <= view.day).peekable();
    let mut open = item.amount;
    for (slot, entry) in entries(item, view) {
        // On its first day a document is there with all of it, whatever was applied to it at once.
        let (reached, lost_from) = match entry {
            None => (item.amount, Day::MIN),
            Some(day) => {
                while let Some(application) = applications.next_if(|application| application.visible_date <= day) {
                    open -= application.amount;
                }
                (open, day + 1)
            }
        };
        if reached <= 0 {
            continue;
        }
        let rest = losses.open(position);
        let is_lost = view.policy.is_lost(item, view.day);
        let lost = losses.written_off(position, lost_from..Day::MAX) + if is_lost { rest } else { 0 };
        let reached_value = i128::from(book.historical_value(item, reached));
        let lost_value = i128::from(book.historical_value(item, lost.clamp(0, reached))).min(reached_value);
        let undetermined = if is_lost { 0 } else { i128::from(book.historical_value(item, rest)).min(reached_value - lost_value) };
        buckets[slot].add(&RunOff { reached: reached_value - undetermined, lost: lost_value, undetermined, items: 1 });
    }
}

/// The buckets an item may pass through, youngest first, and the day on which it gets there; `None` where its document date puts it
/// there.
fn entries(item: &Item, view: &View) -> impl Iterator<Item = (usize, Option<Day>)> {
    let buckets = view.buckets;
    let (document_date, due_date) = (item.document_date, item.due_date);
    let first = view.slot(item, document_date);
    let later = if due_date == NO_DATE { 0..0 } else { first + 1..buckets.oldest() + 1 };
    let day_of = move |slot: usize| buckets.first_day_past_due(slot).map(|days| (slot, Some(due_date + days)));
    std::iter::once((first, None)).chain(later.filter_map(day_of))
}
