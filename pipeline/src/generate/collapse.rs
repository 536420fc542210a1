//! The end of a customer that has stopped paying: insolvency, agency, write-off, and sometimes a late recovery.
//!
//! Responsible for everything after the stop. Not responsible for the stop itself, which is part of the latent path,
//! nor for a cure, which only delays payments.

use super::book::{CustomerEvent, DocumentType, NONE};
use super::calendar::Day;
use super::customers::{Outcome, Stop};
use super::simulation::Simulation;

impl Simulation<'_> {
    /// Books what follows the stop, as far as it comes before the end.
    pub(super) fn collapse(&mut self) {
        let Some(stop) = self.customer.latent.stop else {
            return;
        };
        match stop.outcome {
            Outcome::Cure => {}
            Outcome::Insolvency => self.insolvency(stop),
            Outcome::Agency => self.agency(stop),
            Outcome::Silence => {
                let day = stop.day + self.random.between(260, 400);
                self.write_off(day);
            }
        }
    }

    fn insolvency(&mut self, stop: Stop) {
        let day = stop.day + self.random.between(25, 110);
        self.event(day, "insolvency");
        let written_off = day.max(stop.day + 60) + self.random.between(30, 200);
        self.write_off(written_off);
    }

    fn agency(&mut self, stop: Stop) {
        let day = stop.day + self.random.between(95, 150);
        self.event(day, "agency");
        if self.random.chance(0.4) {
            let legal = day + self.random.between(20, 90);
            self.event(legal, "legal");
        }
        let recovered = self.world.calendar.business_on_or_after(day + self.random.between(25, 100));
        let written_off = recovered + self.random.between(40, 160);
        if recovered <= self.world.calendar.end {
            self.recover_some(recovered);
        }
        self.write_off(written_off);
    }

    fn event(&mut self, day: Day, kind: &'static str) {
        let has_exposure = self.open_debits(day).next().is_some();
        if day <= self.world.calendar.end && has_exposure {
            self.book.events.push(CustomerEvent { day, kind });
        }
    }

    /// Debit items dated by the day that are still open after everything booked.
    fn open_debits(&self, day: Day) -> impl Iterator<Item = u32> {
        let items = self.book.items.iter().enumerate();
        items
            .filter(move |(_, item)| {
                let document = &self.book.documents[item.document as usize];
                document.kind.is_debit() && document.date <= day && item.amount > item.applied
            })
            .map(|(index, _)| index as u32)
    }

    /// The agency collects a part of some items and hands it over item by item.
    fn recover_some(&mut self, day: Day) {
        let open: Vec<u32> = self.open_debits(day).collect();
        for item in open {
            if !self.random.chance(0.4) {
                continue;
            }
            let open = self.book.open(item);
            let amount = self.share(open, 20, 100);
            let currency = self.book.document_of(item).currency;
            let receipt = self.add_document(DocumentType::Receipt, day, currency, amount, NONE);
            self.document_mut(receipt).method = 5;
            self.apply(receipt, item, day, amount);
        }
    }

    /// One write-off per open item, and now and then a reinstatement when money comes after all.
    fn write_off(&mut self, day: Day) {
        let day = self.world.calendar.business_on_or_after(day);
        if day > self.world.calendar.end {
            return;
        }
        let open: Vec<u32> = self.open_debits(day).collect();
        for item in open {
            let amount = self.book.open(item);
            let currency = self.book.document_of(item).currency;
            let document = self.book.items[item as usize].document;
            let loss = self.add_document(DocumentType::WriteOff, day, currency, amount, document);
            self.document_mut(loss).reason = 10;
            self.apply(loss, item, day, amount);
            if self.random.chance(0.12) {
                self.reinstate(item, day, amount);
            }
        }
    }

    fn reinstate(&mut self, item: u32, written_off: Day, amount: i64) {
        let day = self.world.calendar.business_on_or_after(written_off + self.random.between(15, 90));
        if day > self.world.calendar.end {
            return;
        }
        let currency = self.book.document_of(item).currency;
        let document = self.book.items[item as usize].document;
        let back = self.add_document(DocumentType::Reinstatement, day, currency, amount, document);
        self.book.items[back as usize].due = day + 30;
        let paid = self.world.calendar.business_on_or_after(day + self.random.between(5, 40));
        if paid <= self.world.calendar.end {
            let received = self.share(amount, 30, 100);
            let receipt = self.add_document(DocumentType::Receipt, paid, currency, received, NONE);
            self.document_mut(receipt).method = 5;
            self.apply(receipt, back, paid, received);
        }
    }
}
