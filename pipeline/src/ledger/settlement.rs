//! How an invoice or debit note was settled: by what, when, how late, and whether it was opened again.
//!
//! An item is settled on the days at whose end nothing is open of it. Its money is as old as the money, not as the day on
//! which somebody matched it: the effective date of a match is the later of the two documents' dates. What was matched and
//! un-matched again counts for nothing.

use super::book::{Application, Book, DocumentType, Item, ItemIndex, NO_DATE};
use super::calendar::Day;

/// What settles an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// Receipts, and discounts taken with them.
    Cash,
    /// Credit notes and other reductions.
    Credit,
    /// Write-offs.
    WriteOff,
}

impl Cause {
    /// The kind of a credit document.
    pub fn of(credit: DocumentType) -> Cause {
        match credit {
            DocumentType::Receipt | DocumentType::Discount => Cause::Cash,
            DocumentType::WriteOff => Cause::WriteOff,
            _ => Cause::Credit,
        }
    }
}

/// A stretch of days on which nothing was open of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// First day.
    pub from: Day,
    /// First day no longer, or `Day::MAX`.
    pub until: Day,
    /// The latest effective date of what settled it.
    pub effective_date: Day,
    /// Whether some of it was cash.
    pub has_cash: bool,
    /// Cash, base currency at the item's historical rate.
    pub cash: i64,
    /// Σ cash × delay; 0 without a due date.
    pub cash_delay: i128,
}

impl Spell {
    /// Days from the due date to the effective date, negative when early; `None` without a due date.
    pub fn delay(&self, item: &Item) -> Option<i32> {
        (item.due_date != NO_DATE).then(|| self.effective_date - item.due_date)
    }

    /// Days from the document date to the effective date.
    pub fn days_to_pay(&self, item: &Item) -> i32 {
        self.effective_date - item.document_date
    }

    /// Whether it counts for a window that ends on `end`: it began in it and lasted.
    pub fn counts(&self, start: Day, end: Day) -> bool {
        start <= self.from && self.from <= end && end < self.until
    }
}

/// The applications of one credit item to the item.
struct Pair {
    credit: ItemIndex,
    /// Applied and not un-applied, document currency.
    net: i64,
    effective_date: Day,
}

/// What is known of an item's settlement up to a day; its buffers are used again for the next item.
#[derive(Default)]
pub struct Settlement {
    /// Stretches on which nothing was open, oldest first.
    pub spells: Vec<Spell>,
    /// What is open on the last day, document currency.
    pub open: i64,
    /// Applied by each [`Cause`], base currency.
    pub by_cause: [i128; 3],
    /// Whether a write-off was ever applied.
    pub has_write_off: bool,
    pairs: Vec<Pair>,
}

/// The effective date of a match: the money cannot be older than the debt.
pub fn effective_date(debit: &Item, credit: &Item) -> Day {
    debit.document_date.max(credit.document_date)
}

impl Settlement {
    /// Reads the applications of a debit item up to `last`.
    pub fn read(&mut self, book: &Book, index: ItemIndex, last: Day) {
        let item = &book.items[index as usize];
        self.spells.clear();
        self.pairs.clear();
        self.by_cause = [0; 3];
        self.has_write_off = false;
        self.open = item.amount;
        let (mut cash, mut cash_document, mut cash_delay) = (0_i64, 0_i64, 0_i128);
        let mut applications = book.applications_of(index).take_while(|application| application.visible_date <= last).peekable();
        while let Some(application) = applications.next() {
            let credit = &book.items[application.credit as usize];
            let effective_date = effective_date(item, credit);
            let value = book.historical_value(item, application.amount);
            self.open -= application.amount;
            self.by_cause[Cause::of(credit.document_type) as usize] += i128::from(value);
            self.has_write_off |= credit.document_type == DocumentType::WriteOff;
            if credit.document_type == DocumentType::Receipt {
                cash += value;
                cash_document += application.amount;
                if item.due_date != NO_DATE {
                    cash_delay += i128::from(value) * i128::from(effective_date - item.due_date);
                }
            }
            self.add_pair(application, effective_date);
            if let Some(spell) = self.spells.last_mut()
                && spell.until == Day::MAX
                && spell.from < application.visible_date
            {
                spell.until = application.visible_date;
            }
            let day_ends = applications.peek().is_none_or(|next| next.visible_date > application.visible_date);
            if day_ends && self.open == 0 {
                let latest = self.pairs.iter().filter(|pair| pair.net > 0).map(|pair| pair.effective_date).max();
                self.spells.push(Spell {
                    from: application.visible_date,
                    until: Day::MAX,
                    effective_date: latest.unwrap_or(application.visible_date),
                    has_cash: cash_document > 0,
                    cash,
                    cash_delay,
                });
            }
        }
    }

    /// What most of the item was settled by: the largest part, cash before credit before write-off.
    pub fn cause(&self) -> Cause {
        let [cash, credit, write_off] = self.by_cause;
        if cash >= credit && cash >= write_off {
            Cause::Cash
        } else if credit >= write_off {
            Cause::Credit
        } else {
            Cause::WriteOff
        }
    }

    /// The stretch that holds on the last day.
    pub fn current(&self) -> Option<&Spell> {
        self.spells.last().filter(|spell| spell.until == Day::MAX && self.open == 0)
    }

    fn add_pair(&mut self, application: &Application, effective_date: Day) {
        match self.pairs.iter_mut().find(|pair| pair.credit == application.credit) {
            Some(pair) => pair.net += application.amount,
            None => self.pairs.push(Pair { credit: application.credit, net: application.amount, effective_date }),
        }
    }
}
