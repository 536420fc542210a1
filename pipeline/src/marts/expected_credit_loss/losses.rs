//! What was written off of each debit item of a customer, net of what came back, as known at the end of a day.
//!
//! A write-off that is un-applied was none. A reinstatement (a document of its own, which names no invoice) takes back what of the
//! customer was written off last before it in its currency, less what is lost of the reinstatement itself: money that came after
//! the write-off was not lost.

use super::policy::{View, is_reinstatement};
use crate::ledger::book::{Book, DocumentType, Item, ItemIndex};
use crate::ledger::calendar::Day;
use std::cmp::Ordering;
use std::ops::Range;

/// A part of an item that was written off and did not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WriteOff {
    /// Position of the item among the customer's.
    position: usize,
    credit: ItemIndex,
    date: Day,
    /// Document currency, ten-thousandths.
    amount: i64,
}

/// The losses of one customer; its buffers are used again for the next.
#[derive(Default)]
pub struct Losses {
    write_offs: Vec<WriteOff>,
    /// Where the write-offs of each item of the customer begin; one longer than the items.
    starts: Vec<usize>,
    /// What is open of each item, document currency; 0 of credits.
    open: Vec<i64>,
}

impl Losses {
    /// Reads a customer's debit items at the end of the view's day.
    pub fn read(&mut self, book: &Book, customer: usize, view: &View) {
        self.write_offs.clear();
        self.starts.clear();
        self.open.clear();
        let mut has_reinstatement = false;
        for (position, index) in book.items_of(customer).iter().enumerate() {
            let item = &book.items[*index as usize];
            self.starts.push(self.write_offs.len());
            if !item.document_type.is_debit() || item.document_date > view.day {
                self.open.push(0);
                continue;
            }
            has_reinstatement |= is_reinstatement(item);
            let open = self.read_item(book, position, *index, view.day);
            self.open.push(open);
        }
        self.starts.push(self.write_offs.len());
        if has_reinstatement && !self.write_offs.is_empty() {
            self.take_back(book, customer, view);
        }
    }

    /// What is open of the item at this position among the customer's.
    pub fn open(&self, position: usize) -> i64 {
        self.open[position]
    }

    /// What was written off of an item on these days and did not come back, document currency.
    pub fn written_off(&self, position: usize, days: Range<Day>) -> i64 {
        let write_offs = &self.write_offs[self.starts[position]..self.starts[position + 1]];
        write_offs.iter().filter(|write_off| days.contains(&write_off.date)).map(|write_off| write_off.amount).sum()
    }

    /// Adds an item's write-offs and returns what is open of it.
    fn read_item(&mut self, book: &Book, position: usize, index: ItemIndex, day: Day) -> i64 {
        let first = self.write_offs.len();
        let mut open = book.items[index as usize].amount;
        for application in book.applications_of(index).take_while(|application| application.visible_date <= day) {
            open -= application.amount;
            if book.items[application.credit as usize].document_type != DocumentType::WriteOff {
                continue;
            }
            let (credit, date, amount) = (application.credit, application.visible_date, application.amount);
            match self.write_offs[first..].iter_mut().find(|known| known.credit == credit && known.date == date) {
                Some(known) => known.amount += amount,
                None => self.write_offs.push(WriteOff { position, credit, date, amount }),
            }
        }
        // What was un-applied later goes off what was applied last.
        for at in first..self.write_offs.len() {
            let mut taken_back = -self.write_offs[at].amount.min(0);
            self.write_offs[at].amount = self.write_offs[at].amount.max(0);
            let credit = self.write_offs[at].credit;
            for earlier in self.write_offs[first..at].iter_mut().rev().filter(|earlier| earlier.credit == credit) {
                let part = earlier.amount.min(taken_back);
                earlier.amount -= part;
                taken_back -= part;
            }
        }
        open
    }

    /// Takes off what reinstatements brought back.
    fn take_back(&mut self, book: &Book, customer: usize, view: &View) {
        let items = book.items_of(customer);
        let item_of = |position: usize| &book.items[items[position] as usize];
        let mut reinstated: Vec<(Day, u16, i64)> = Vec::new();
        for position in 0..items.len() {
            let item = item_of(position);
            if is_reinstatement(item) && item.document_date <= view.day {
                let again = self.written_off(position, Day::MIN..Day::MAX);
                let overdue = if view.policy.is_lost(item, view.day) { self.open(position) } else { 0 };
                reinstated.push((item.document_date, item.currency, (item.amount - again - overdue).max(0)));
            }
        }
        reinstated.sort_unstable();
        let mut candidates: Vec<usize> =
            (0..self.write_offs.len()).filter(|at| !is_reinstatement(item_of(self.write_offs[*at].position))).collect();
        candidates.sort_by(|a, b| {
            let (a, b) = (&self.write_offs[*a], &self.write_offs[*b]);
            b.date.cmp(&a.date).then_with(|| by_content(book, items, a, b))
        });
        for (date, currency, mut amount) in reinstated {
            for at in &candidates {
                let write_off = &mut self.write_offs[*at];
                if write_off.date <= date && item_of(write_off.position).currency == currency {
                    let part = write_off.amount.min(amount);
                    write_off.amount -= part;
                    amount -= part;
                }
            }
        }
    }
}

/// An order of write-offs of one day that does not depend on the order in which the ledger's rows came.
fn by_content(book: &Book, items: &[ItemIndex], a: &WriteOff, b: &WriteOff) -> Ordering {
    let key = |write_off: &WriteOff| {
        let index = items[write_off.position];
        let Item { due_date, document_date, amount, base_amount, .. } = book.items[index as usize];
        let mut applied: Vec<(Day, i64)> = book.applications_of(index).map(|part| (part.visible_date, part.amount)).collect();
        applied.sort_unstable();
        (due_date, document_date, amount, base_amount, write_off.amount, applied)
    };
    key(a).cmp(&key(b))
}
