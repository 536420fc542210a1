//! Loss rates by roll rates: the chain of what moves on from bucket to bucket from one month end to the next (R4), up to what is
//! lost.
//!
//! L(b) = (lost from b + Σ over older buckets c of rolled(b, c) × L(c)) ÷ what left b
//!
//! summed over the months of the window, at historical rates. What stays in a bucket over a month end decides nothing and is in
//! neither. Where every amount moves to the next bucket only, this is the product of the roll rates; longer months skip one.

use super::losses::Losses;
use super::policy::View;
use super::rate::share;
use crate::ledger::book::{Book, ItemIndex};
use crate::ledger::buckets::Buckets;
use crate::ledger::calendar::Day;

/// What left the buckets of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rolls {
    /// By bucket.
    pub left: Vec<Left>,
    /// By bucket and the older one it moved to: base currency at historical rate.
    rolled: Vec<i128>,
    /// Items that left any.
    pub items: i64,
    /// What of them was open when they first did.
    pub amount: i128,
}

/// What left one bucket, base currency at historical rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// To be lost.
    pub lost: i128,
    /// Paid, credited, or settled otherwise.
    pub settled: i128,
    /// Items, once for each month end before which they left.
    pub items: i64,
}

/// One step of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Lost, and what moved on times what is lost of it.
    pub numerator: i128,
    /// What left the bucket.
    pub denominator: i128,
    /// Lost from the bucket itself.
    pub lost: i128,
    /// Moved on to older ones.
    pub rolled: i128,
    /// Items that left it.
    pub items: i64,
}

impl Rolls {
    /// Of so many buckets.
    pub fn new(slots: usize) -> Self {
        Rolls { left: vec![Left::default(); slots], rolled: vec![0; slots * slots], items: 0, amount: 0 }
    }

    /// Adds other items.
    pub fn add(&mut self, other: &Rolls) {
        for (sum, part) in self.left.iter_mut().zip(&other.left) {
            sum.lost += part.lost;
            sum.settled += part.settled;
            sum.items += part.items;
        }
        for (sum, part) in self.rolled.iter_mut().zip(&other.rolled) {
            *sum += part;
        }
        self.items += other.items;
        self.amount += other.amount;
    }

    /// What moved from a bucket to an older one.
    pub fn rolled(&self, from: usize, to: usize) -> i128 {
        self.rolled[from * self.left.len() + to]
    }

    /// The chain, by bucket; `Err` says why a bucket has no rate: nothing left it (`no_history`), or what it went to has none
    /// (`immature`).
    pub fn chain(&self, buckets: &Buckets) -> Vec<Result<Step, &'static str>> {
        let slots = self.left.len();
        let mut steps: Vec<Result<Step, &'static str>> = vec![Err("no_history"); slots];
        for from in (0..slots).rev() {
            let left = &self.left[from];
            let older = if from == buckets.no_due_date() { 0..0 } else { from + 1..buckets.oldest() + 1 };
            let rolled: i128 = older.clone().map(|to| self.rolled(from, to)).sum();
            let denominator = left.lost + left.settled + rolled;
            if denominator <= 0 {
                continue;
            }
            let mut numerator = Some(left.lost);
            for to in older.filter(|to| self.rolled(from, *to) != 0) {
                let lost_later = steps[to].ok().and_then(|step| share(self.rolled(from, to), step.numerator, step.denominator));
                numerator = numerator.zip(lost_later).map(|(sum, part)| sum + part);
            }
            steps[from] = match numerator {
                Some(numerator) => Ok(Step { numerator, denominator, lost: left.lost, rolled, items: left.items }),
                None => Err("immature"),
            };
        }
        steps
    }
}

/// Adds the months in which an item left a bucket.
pub fn add_item(book: &Book, index: ItemIndex, position: usize, losses: &Losses, view: &View, rolls: &mut Rolls) {
    let item = &book.items[index as usize];
    let months = months_of_change(book, index, view);
    let mut applications = book.applications_of(index).take_while(|application| application.visible_date <= view.day).peekable();
    let mut open = item.amount;
    let mut open_at = |day: Day| {
        while let Some(application) = applications.next_if(|application| application.visible_date <= day) {
            open -= application.amount;
        }
        open
    };
    let slots = rolls.left.len();
    let mut is_counted = false;
    for month in months {
        let (start, end) = (view.month_ends[month], view.month_ends[month + 1]);
        if item.document_date > start {
            continue;
        }
        if view.policy.is_lost(item, start) {
            break;
        }
        let (before, after) = (open_at(start), open_at(end));
        let opening = i128::from(book.historical_value(item, before));
        if opening <= 0 {
            continue;
        }
        let stays = i128::from(book.historical_value(item, after)).min(opening);
        let written_off = losses.written_off(position, start + 1..end + 1);
        let mut lost = i128::from(book.historical_value(item, written_off)).min(opening - stays);
        let mut settled = opening - stays - lost;
        let (from, to) = (view.slot(item, start), view.slot(item, end));
        let mut rolled = 0;
        if view.policy.is_lost(item, end) {
            // It counts as lost from this month on, but for what was paid later.
            let never_paid = losses.written_off(position, end + 1..Day::MAX) + losses.open(position);
            let part = i128::from(book.historical_value(item, never_paid)).min(stays);
            lost += part;
            settled += stays - part;
        } else if to != from {
            rolled = stays;
            rolls.rolled[from * slots + to] += stays;
        }
        if lost + settled + rolled == 0 {
            continue;
        }
        let left = &mut rolls.left[from];
        left.lost += lost;
        left.settled += settled;
        left.items += 1;
        if !is_counted {
            is_counted = true;
            rolls.items += 1;
            rolls.amount += opening;
        }
    }
}

/// The months of the window in which anything happens to an item, oldest first: in the others it stays where it is. So an item costs
/// what its applications and buckets are, not the months for which it is open.
fn months_of_change(book: &Book, index: ItemIndex, view: &View) -> Vec<usize> {
    let item = &book.items[index as usize];
    let applied = book.applications_of(index).map(|application| application.visible_date);
    let overdue = (item.due_date != crate::ledger::book::NO_DATE).then_some(1..view.buckets.oldest() + 1);
    let moved = overdue.into_iter().flatten().filter_map(|slot| Some(item.due_date + view.buckets.first_day_past_due(slot)?));
    let lost = view.policy.lost_from(item);
    let mut months: Vec<usize> = applied.chain(moved).chain(lost).filter_map(|day| view.month_of(day)).collect();
    months.sort_unstable();
    months.dedup();
    months
}
