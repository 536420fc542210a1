//! What becomes of an invoice: paid plainly, in parts, short, early, credited, rebilled or disputed.
//!
//! Responsible for choosing each item's story and its payment days. Not responsible for receipts: the payments intended
//! here are put together, and meet their mishaps, in `payments`.

use super::book::{DocumentType, NO_DAY};
use super::calendar::Day;
use super::customers::Terms;
use super::simulation::{FreeCredit, IntentKind, Simulation};

/// Healthy or troubled, a customer that will pay does so before this many days past due, so that 90 days past due
/// means default and nothing else. Disputes apart.
const LATEST_DAYS_PAST_DUE: i32 = 85;

/// What becomes of an item: item, document date, terms.
type Story<S> = fn(&mut S, u32, Day, Terms);

impl Simulation<'_> {
    /// Chooses the story of one item.
    pub(super) fn decide(&mut self, item: u32, date: Day, terms: Terms, is_instalment: bool) {
        let amount = self.book.open(item);
        if amount == 0 {
            return;
        }
        let due = self.due_or_usual(item);
        let severity = self.customer.severity(self.world, due.min(self.world.calendar.end));
        let quirk = self.world.rates_of_profile.quirk;
        if is_instalment || self.customer.is_direct_debit && severity == 0.0 {
            let day = self.payment_day_after(item, date);
            return self.intend(day, item, amount, 0, IntentKind::Plain);
        }
        let dispute = self.customer.dispute_rate * (1.0 + severity);
        let stories: [(f64, Story<Self>); 8] = [
            (0.004 * quirk, Self::rebill),
            (0.0015 * quirk, Self::credit_more_than_the_invoice),
            (0.020 * quirk, Self::credit_a_part),
            (0.012 * quirk + 0.03 * severity, Self::pay_short),
            (dispute, Self::dispute),
            (0.030 * quirk + 0.30 * severity, Self::pay_in_parts),
            (0.006 * quirk, Self::pay_early),
            (0.004 * quirk, Self::charge_more),
        ];
        let mut draw = self.random.unit();
        for (probability, story) in stories {
            if draw < probability {
                return story(self, item, date, terms);
            }
            draw -= probability;
        }
        self.pay_plainly(item, date, terms);
    }

    /// The day of a payment that is due on `due`: mean delay, drift, noise and trouble, then the payment run.
    pub(super) fn payment_day(&mut self, due: Day, severity: f64) -> Day {
        let calendar = &self.world.calendar;
        if self.customer.is_direct_debit && severity == 0.0 {
            return calendar.business_on_or_after(due);
        }
        let drift = self.customer.drift[calendar.month_index(due)];
        let mut delay = self.customer.delay_mean + drift + self.customer.delay_spread * self.random.normal();
        if self.random.chance(0.03 * self.world.rates_of_profile.delay_spread) {
            delay += self.random.waiting(14.0);
        }
        if severity > 0.0 {
            delay += severity * self.random.range(15.0, 75.0);
        }
        let intended = due + delay.clamp(-40.0, 200.0) as i32;
        let keeps_run = self.random.chance(self.customer.run_share * (1.0 - 0.5 * severity));
        let day = if keeps_run {
            self.world.calendar.run_on_or_after(self.customer.run, intended)
        } else {
            self.world.calendar.business_on_or_after(intended)
        };
        let latest = due + LATEST_DAYS_PAST_DUE - self.random.between(0, 12);
        if day > latest { self.world.calendar.business_on_or_before(latest) } else { day }
    }

    /// A payment day that is not before the invoice, and the chasing that comes before it.
    fn payment_day_after(&mut self, item: u32, date: Day) -> Day {
        let due = self.due_or_usual(item);
        let severity = self.customer.severity(self.world, due.min(self.world.calendar.end));
        let day = self.payment_day(due, severity).max(date + 1);
        let day = self.world.calendar.business_on_or_after(day);
        self.chase(item, due, day, severity);
        day
    }

    fn pay_plainly(&mut self, item: u32, date: Day, terms: Terms) {
        let amount = self.book.open(item);
        if terms == Terms::TwoTenNet30 {
            let discount = (amount + 25) / 50;
            let takes = self.customer.discount_taken * (1.0 - self.customer.severity(self.world, date));
            if self.random.chance(takes) {
                let last = self.world.calendar.run_on_or_before(self.customer.run, date + 10);
                let last = if last > date { last } else { self.world.calendar.business_on_or_before(date + 10) };
                let day = if last > date { last } else { self.world.calendar.business_on_or_after(date) };
                let discount = if day <= date + 10 { discount } else { 0 };
                return self.intend(day, item, amount, discount, IntentKind::Plain);
            }
            let day = self.payment_day_after(item, date);
            let leaks = day > date + 10 && self.random.chance(self.customer.discount_leaked);
            return self.intend(day, item, amount, if leaks { discount } else { 0 }, IntentKind::Plain);
        }
        let day = self.payment_day_after(item, date);
        self.intend(day, item, amount, 0, IntentKind::Plain);
    }

    fn pay_in_parts(&mut self, item: u32, date: Day, _terms: Terms) {
        let amount = self.book.open(item);
        let first = self.share(amount, 25, 75);
        let day = self.payment_day_after(item, date);
        let latest = self.due_or_usual(item) + LATEST_DAYS_PAST_DUE;
        self.intend(day, item, first, 0, IntentKind::Final);
        let mut rest = amount - first;
        let mut next = self.next_payment(day, latest);
        if self.random.chance(0.25) {
            let second = self.share(rest, 30, 70);
            self.intend(next, item, second, 0, IntentKind::Final);
            rest -= second;
            next = self.next_payment(next, latest);
        }
        self.intend(next, item, rest, 0, IntentKind::Final);
    }

    /// The next payment of the customer some weeks after the last one, but not after `latest`.
    fn next_payment(&mut self, day: Day, latest: Day) -> Day {
        let intended = day + self.random.between(7, 35);
        let run = self.world.calendar.run_on_or_after(self.customer.run, intended);
        self.world.calendar.business_on_or_before(run.min(latest.max(day)))
    }

    fn pay_short(&mut self, item: u32, date: Day, _terms: Terms) {
        let amount = self.book.open(item);
        let missing = self.share(amount, 1, 8);
        let day = self.payment_day_after(item, date);
        self.intend(day, item, amount - missing, 0, IntentKind::Final);
        let cleared = day + self.random.between(5, 30);
        let cleared = cleared.min(self.due_or_usual(item) + LATEST_DAYS_PAST_DUE).max(day);
        if !self.is_normal(cleared) || self.through_stop(day) != Some(day) {
            return;
        }
        let currency = self.book.document_of(item).currency;
        let is_small = missing < self.minor_units(50.0, currency);
        let credit = if is_small {
            let document = self.book.items[item as usize].document;
            let credit = self.add_document(DocumentType::Decrease, cleared, currency, missing, document);
            self.document_mut(credit).reason = 11;
            credit
        } else {
            self.credit_note(cleared, item, missing, 1)
        };
        self.apply(credit, item, cleared, missing);
    }

    fn pay_early(&mut self, item: u32, date: Day, terms: Terms) {
        let day = self.world.calendar.business_on_or_before(date - self.random.between(3, 25));
        if day < self.world.calendar.start || day < self.customer.billing_from {
            return self.pay_plainly(item, date, terms);
        }
        let amount = self.book.open(item);
        self.intend(day, item, amount, 0, IntentKind::Early);
    }

    fn credit_a_part(&mut self, item: u32, date: Day, _terms: Terms) {
        let amount = self.book.open(item);
        let credited = self.share(amount, 3, 40);
        let day = self.payment_day_after(item, date);
        let credit_day = self.world.calendar.business_on_or_after(date + self.random.between(2, 20));
        // After the payment the credit would meet a settled invoice; the customer waits for it instead.
        let day = day.max(credit_day);
        self.intend(day, item, amount - credited, 0, IntentKind::Plain);
        if self.is_normal(credit_day) {
            let reason = self.random.between(1, 5) as u8;
            let credit = self.credit_note(credit_day, item, credited, reason);
            self.apply(credit, item, credit_day, credited);
        }
    }

    fn credit_more_than_the_invoice(&mut self, item: u32, date: Day, terms: Terms) {
        let amount = self.book.open(item);
        let day = self.world.calendar.business_on_or_after(date + self.random.between(4, 25));
        if !self.is_normal(day) {
            return self.pay_plainly(item, date, terms);
        }
        let extra = self.share(amount, 5, 50);
        let credit = self.credit_note(day, item, amount + extra, 3);
        self.apply(credit, item, day, amount);
        self.use_or_refund(credit, day, extra);
    }

    /// A credit note for the whole invoice, and a new invoice that refers to the old one.
    fn rebill(&mut self, item: u32, date: Day, terms: Terms) {
        let amount = self.book.open(item);
        let day = self.world.calendar.business_on_or_after(date + self.random.between(3, 25));
        if !self.is_normal(day) {
            return self.pay_plainly(item, date, terms);
        }
        let credit = self.credit_note(day, item, amount, 7);
        self.apply(credit, item, day, amount);
        let old = self.book.items[item as usize].document;
        let currency = self.book.document_of(item).currency;
        let corrected = (amount * i64::from(self.random.between(85, 108)) / 100).max(1);
        let new = self.add_document(DocumentType::Invoice, day, currency, corrected, old);
        let document = self.document_mut(new);
        document.terms = Some(terms);
        document.reason = 7;
        document.method = 1;
        self.book.items[new as usize].due = day + terms.days();
        self.pay_plainly(new, day, terms);
    }

    /// A debit note for a price difference, or an `increase` for interest; both are paid like invoices.
    fn charge_more(&mut self, item: u32, date: Day, terms: Terms) {
        let amount = self.book.open(item);
        let day = self.world.calendar.business_on_or_after(date + self.random.between(5, 30));
        self.pay_plainly(item, date, terms);
        if !self.is_normal(day) {
            return;
        }
        let is_interest = self.random.chance(0.25);
        let (kind, most, reason) = if is_interest { (DocumentType::Increase, 2, 12) } else { (DocumentType::DebitNote, 20, 1) };
        let charged = self.share(amount, 1, most);
        let currency = self.book.document_of(item).currency;
        let reference = self.book.items[item as usize].document;
        let charge = self.add_document(kind, day, currency, charged, reference);
        self.document_mut(charge).reason = reason;
        self.book.items[charge as usize].due = day + 14;
        let payment = self.payment_day_after(charge, day);
        self.intend(payment, charge, charged, 0, IntentKind::Plain);
    }

    fn dispute(&mut self, item: u32, date: Day, terms: Terms) {
        let amount = self.book.open(item);
        let due = self.due_or_usual(item);
        let opened = self.world.calendar.business_on_or_after((due + self.random.between(-12, 18)).max(date + 1));
        if !self.is_normal(opened) {
            return self.pay_plainly(item, date, terms);
        }
        let disputed = if self.random.chance(0.5) { amount } else { self.share(amount, 10, 80) };
        let stated = if self.random.chance(0.3) { None } else { Some(disputed) };
        let is_long = self.random.chance(0.12);
        let days = if is_long { self.random.between(90, 240) } else { self.random.between(5, 55) };
        let closed = self.world.calendar.business_on_or_after(opened + days);
        let reason = self.random.between(1, 5) as u8;
        self.open_dispute(item, opened, if self.is_normal(closed) { closed } else { NO_DAY }, stated, reason);
        self.book.items[item as usize].is_disputed = true;
        // The undisputed part is paid as usual, the rest when the dispute is over.
        let undisputed = amount - disputed;
        let day = self.payment_day_after(item, date);
        self.intend(day, item, undisputed, 0, IntentKind::Final);
        let credited = match self.random.below(10) {
            0..=3 => disputed,
            4..=6 => self.share(disputed, 20, 80),
            _ => 0,
        };
        let paid = self.world.calendar.business_on_or_after(closed + self.random.between(0, 12)).max(day);
        self.intend(paid, item, disputed - credited, 0, IntentKind::Final);
        if credited > 0 && self.is_normal(closed) {
            let credit = self.credit_note(closed, item, credited, reason);
            self.apply(credit, item, closed, credited);
        }
    }

    /// A part of an amount between two percentages, at least one minor unit and never more than the amount.
    pub(super) fn share(&mut self, amount: i64, low: i32, high: i32) -> i64 {
        let permille = i64::from(self.random.between(low * 10, high * 10));
        (amount * permille / 1_000).clamp(1, amount.max(1))
    }

    /// Keeps a credit for later invoices.
    pub(super) fn wait_for_use(&mut self, item: u32, from: Day, available: i64) {
        self.credits.push(FreeCredit { item, available, from });
    }
}
