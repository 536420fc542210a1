//! Chasing and disputes: contacts, promises kept and broken, disputes opened and closed.
//!
//! Responsible for the small tables that tell how collection went. Not responsible for the money: a promise is made
//! about a payment day that is already decided.

use super::book::{Contact, Dispute, Promise};
use super::calendar::Day;
use super::simulation::Simulation;

impl Simulation<'_> {
    /// Contacts and promises about an item that is going to be paid on `payment`, or never if a stop comes before.
    pub(super) fn chase(&mut self, item: u32, due: Day, payment: Day, severity: f64) {
        let paid = self.through_stop(payment).unwrap_or(Day::MAX);
        let amount = self.book.open(item);
        for (days, channel, probability) in [(7, "email", 0.35), (21, "phone", 0.55), (45, "letter", 0.5), (65, "phone", 0.5)] {
            let day = self.world.calendar.business_on_or_after(due + days + self.random.between(0, 3));
            if day >= paid || day > self.world.calendar.end {
                return;
            }
            if !self.random.chance(probability) {
                continue;
            }
            let is_promise = channel == "phone" && self.random.chance(0.55);
            let outcome = match (is_promise, self.random.below(3)) {
                (true, _) => "promise",
                (false, 0) => "no_answer",
                (false, 1) => "reminded",
                (false, _) => "asked_for_copy",
            };
            self.book.contacts.push(Contact { item, day, channel, outcome });
            if is_promise {
                self.promise(item, day, paid, amount, severity);
            }
        }
    }

    /// A promise; in trouble most are broken.
    fn promise(&mut self, item: u32, made: Day, paid: Day, amount: i64, severity: f64) {
        let breaks = paid == Day::MAX || self.random.chance(0.18 + 0.6 * severity);
        let promised = if breaks {
            let wanted = made + self.random.between(3, 14);
            // A broken promise names a day before the payment; without room for that it is kept.
            if wanted < paid { wanted } else { made.max(paid.saturating_sub(2)) }
        } else {
            paid + self.random.between(0, 3)
        };
        let names_document = self.random.chance(0.85);
        self.book.promises.push(Promise { item, names_document, made, promised, amount });
    }

    /// A dispute about an item; `closed` is `NO_DAY` while it stands open.
    pub(super) fn open_dispute(&mut self, item: u32, opened: Day, closed: Day, amount: Option<i64>, reason: u8) {
        self.book.disputes.push(Dispute { item, opened, closed, amount, reason });
    }
}
