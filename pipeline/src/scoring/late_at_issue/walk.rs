//! A customer at the end of many days, in one pass over what changed.
//!
//! Responsible for saying the same as `as_of` for one day after the other, without looking at every item on each of them:
//! invoices are issued every day, and a look at the whole history for each would take the square of its length. What was
//! paid on a day is put together anew only when something about that day has changed.

use crate::ledger::book::{LabelIndex, NO_DATE};
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{CustomerAsOf, DAYS_LATE_RANGE, HISTORY_DAYS, OpenItem, Payment, in_base, payments};
use crate::scoring::facts::{DebitItem, Exit, Facts};
use std::collections::{BTreeMap, BTreeSet};

/// A part of an item that was paid: date, terms, days late, amount.
type Part = (Day, LabelIndex, f64, f64);

/// What an item adds to its customer.
#[derive(Clone, Debug, Default, PartialEq)]
struct ItemState {
    /// What was paid of it, when it is a sale.
    parts: Vec<Part>,
    open: Option<OpenItem>,
    /// When the last of it was paid and whether that was late, when it is a sale and nothing is open.
    settled: Option<(Day, bool)>,
}

/// What came in on a day.
#[derive(Clone, Debug, Default)]
struct PaidDay {
    /// With the positions of the items.
    parts: Vec<(u32, Part)>,
    /// The same put together; not while the day is among those that have changed.
    payments: Vec<Payment>,
}

/// A customer on its way through time.
struct Walk<'a, D> {
    facts: &'a Facts,
    items: &'a [DebitItem],
    due_date: D,
    states: Vec<ItemState>,
    paid: BTreeMap<Day, PaidDay>,
    changed: BTreeSet<Day>,
    /// Items settled by the day of their last payment, and those of them that were late.
    settled: BTreeMap<Day, (u32, u32)>,
    open: BTreeMap<u32, OpenItem>,
}

/// Shows a customer at the end of each of `days`, which rise. `due_date` tells an item's, or what stands in for it.
///
/// What is shown is what [`crate::scoring::as_of::customer_as_of`] says of the day, but for unapplied credits and the median
/// amount, which stay empty.
pub fn over_days(
    facts: &Facts,
    customer: usize,
    days: &[Day],
    due_date: impl Fn(&DebitItem) -> Day,
    mut show: impl FnMut(Day, &CustomerAsOf),
) {
    let Some(last) = days.last() else { return };
    let items = facts.all_items_of(customer);
    let mut walk = Walk {
        facts,
        items,
        due_date,
        states: vec![ItemState::default(); items.len()],
        paid: BTreeMap::new(),
        changed: BTreeSet::new(),
        settled: BTreeMap::new(),
        open: BTreeMap::new(),
    };
    let mut changes = Vec::new();
    for (position, item) in (0_u32..).zip(items) {
        let known = facts.change_days(item).filter(|day| *day >= item.visible_from() && day <= last);
        changes.extend(known.map(|day| (day, position)));
    }
    changes.sort_unstable();
    changes.dedup();
    let mut changes = changes.into_iter().peekable();
    for day in days {
        while let Some((changed, position)) = changes.next_if(|(changed, _)| changed <= day) {
            walk.change(position, changed);
        }
        show(*day, &walk.seen(*day));
    }
}

impl<D: Fn(&DebitItem) -> Day> Walk<'_, D> {
    /// Puts an item into the state in which it is known at the end of `day`.
    fn change(&mut self, position: u32, day: Day) {
        let new = self.state(position, day);
        let old = std::mem::take(&mut self.states[position as usize]);
        if new == old {
            self.states[position as usize] = old;
            return;
        }
        for (date, ..) in &old.parts {
            if let Some(paid) = self.paid.get_mut(date) {
                paid.parts.retain(|(of, _)| *of != position);
                self.changed.insert(*date);
            }
        }
        for part in &new.parts {
            self.paid.entry(part.0).or_default().parts.push((position, *part));
            self.changed.insert(part.0);
        }
        if let Some((date, is_late)) = old.settled {
            let (settled, late) = self.settled.entry(date).or_default();
            *settled -= 1;
            *late -= u32::from(is_late);
        }
        if let Some((date, is_late)) = new.settled {
            let (settled, late) = self.settled.entry(date).or_default();
            *settled += 1;
            *late += u32::from(is_late);
        }
        match new.open {
            Some(open) => self.open.insert(position, open),
            None => self.open.remove(&position),
        };
        self.states[position as usize] = new;
    }

    fn state(&self, position: u32, day: Day) -> ItemState {
        let item = &self.items[position as usize];
        let mut state = ItemState::default();
        if !item.is_known(day) || item.document_date > day {
            return state;
        }
        let due_date = (self.due_date)(item);
        let open = self.facts.open(item, day);
        let mut paid_last: Option<Day> = None;
        for left in self.facts.left(item, day).filter(|left| left.exit == Exit::Cash) {
            paid_last = paid_last.max(Some(left.effective_date));
            if item.is_sale {
                let days_late = f64::from(left.effective_date - due_date).clamp(DAYS_LATE_RANGE.0, DAYS_LATE_RANGE.1);
                state.parts.push((left.effective_date, item.terms, days_late, in_base(item, left.amount)));
            }
        }
        if open > 0 {
            let has_due_date = item.due_date != NO_DATE;
            state.open = Some(OpenItem { position, open, disputed: 0, due_date, has_due_date, is_partly_paid: paid_last.is_some() });
        } else if let Some(paid) = paid_last.filter(|_| item.is_sale) {
            state.settled = Some((paid, paid > due_date));
        }
        state
    }

    fn seen(&mut self, day: Day) -> CustomerAsOf {
        for date in std::mem::take(&mut self.changed) {
            if let Some(paid) = self.paid.get_mut(&date) {
                paid.payments = payments(paid.parts.iter().map(|(_, part)| *part).collect());
            }
        }
        let recent = day - HISTORY_DAYS + 1..;
        let mut seen = CustomerAsOf::default();
        for paid in self.paid.range(recent.clone()).map(|(_, paid)| paid) {
            seen.payments.extend_from_slice(&paid.payments);
        }
        for (settled, late) in self.settled.range(recent).map(|(_, counts)| *counts) {
            seen.settled += settled;
            seen.settled_late += late;
        }
        seen.open.extend(self.open.values().map(|open| {
            let disputed = self.facts.disputed(&self.items[open.position as usize], open.open, day);
            OpenItem { disputed, ..*open }
        }));
        seen
    }
}
