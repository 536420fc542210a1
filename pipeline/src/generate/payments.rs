//! Receipts: intended payments put together into receipts, with what can go wrong.
//!
//! Responsible for one receipt over several invoices, discounts, cash that waits to be matched, payments in another
//! currency or by the parent, payments returned, doubled, matched to the wrong invoice or un-applied, and for using up
//! credits. Not responsible for when a customer means to pay: see `decisions`.

use super::book::{DocumentType, NONE};
use super::calendar::Day;
use super::fx::Currency;
use super::simulation::{FreeCredit, Intent, IntentKind, Simulation};

/// A receipt settles at most this many items.
const ITEMS_PER_RECEIPT: usize = 25;

impl Simulation<'_> {
    /// Turns every intention into receipts. Returned payments come back as new intentions, so it takes rounds.
    pub(super) fn settle(&mut self) {
        // A returned payment is repaid without further mishaps: the second round is the last.
        while !self.intents.is_empty() {
            let mut intents = std::mem::take(&mut self.intents);
            intents.sort_by_key(|intent| (intent.day, self.currency_of(intent.item), intent.item));
            self.credits.sort_by_key(|credit| credit.from);
            let mut first = 0;
            while first < intents.len() {
                let last = self.end_of_group(&intents, first);
                let (group, later) = intents[first..].split_at_mut(last - first);
                self.settle_group(group, later);
                first = last;
            }
        }
    }

    fn currency_of(&self, item: u32) -> Currency {
        self.book.document_of(item).currency
    }

    fn end_of_group(&self, intents: &[Intent], first: usize) -> usize {
        let head = intents[first];
        if head.kind == IntentKind::Early {
            return first + 1;
        }
        let currency = self.currency_of(head.item);
        let same = intents[first..]
            .iter()
            .take(ITEMS_PER_RECEIPT)
            .take_while(|intent| intent.day == head.day && intent.kind != IntentKind::Early && self.currency_of(intent.item) == currency);
        first + same.count()
    }

    /// One receipt for intentions of one day and currency.
    fn settle_group(&mut self, group: &mut [Intent], later: &mut [Intent]) {
        let day = group[0].day;
        for intent in group.iter_mut() {
            self.use_credits(intent);
        }
        let cash: i64 = group.iter().map(|intent| intent.amount - intent.discount).sum();
        if cash <= 0 {
            return;
        }
        let currency = self.currency_of(group[0].item);
        if let Some(other) = self.customer.pays_in.filter(|other| *other != currency)
            && group[0].kind != IntentKind::Early
            && self.random.chance(0.3)
        {
            return self.receive_in(other, day, group);
        }
        let is_plain = group.iter().all(|intent| intent.kind == IntentKind::Plain);
        let quirk = self.world.rates_of_profile.quirk;
        let severity = self.customer.severity(self.world, day);
        let overpaid = if is_plain && self.random.chance(0.008 * quirk) { self.overpayment(group) } else { 0 };
        let receipt = self.receipt(day, currency, cash + overpaid);
        if overpaid > 0 {
            self.use_or_refund(receipt, day, overpaid);
        }
        if is_plain && self.random.chance(0.003 * quirk) && self.park_on_wrong_item(receipt, group, later) {
            return;
        }
        let applied_day = self.applied_day(day, group);
        for intent in group.iter() {
            self.pay(receipt, intent, applied_day);
        }
        if applied_day != day || overpaid > 0 || !is_plain {
            return;
        }
        if self.random.chance(0.003 * quirk + 0.15 * severity) {
            self.return_payment(receipt, day, group);
        } else if self.random.chance(0.003 * quirk) {
            self.unapply_and_apply_again(receipt, day, group[0]);
        }
    }

    fn receipt(&mut self, day: Day, currency: Currency, amount: i64) -> u32 {
        let receipt = self.add_document(DocumentType::Receipt, day, currency, amount, NONE);
        let by_parent = self.random.chance(self.customer.parent_pays);
        let method = match (self.customer.is_direct_debit, self.random.below(10)) {
            (true, _) => 2,
            (_, 0..=6) => 1,
            (_, 7 | 8) => 3,
            _ => 4,
        };
        let parent = self.customer.parent.filter(|_| by_parent && day >= self.customer.parent_pays_from);
        let own = self.customer.index;
        let document = self.document_mut(receipt);
        document.method = method;
        document.customer = parent.unwrap_or(own);
        receipt
    }

    /// Discount and cash of one intention.
    fn pay(&mut self, receipt: u32, intent: &Intent, applied_day: Day) {
        let cash = intent.amount - intent.discount;
        self.apply(receipt, intent.item, applied_day, cash);
        if intent.discount > 0 {
            let currency = self.currency_of(intent.item);
            let document = self.book.items[intent.item as usize].document;
            let discount = self.add_document(DocumentType::Discount, intent.day, currency, intent.discount, document);
            self.apply(discount, intent.item, applied_day, intent.discount);
        }
    }

    /// Usually the day of the receipt; for some cash the day somebody gets to it. A customer near the limit of its
    /// patience is matched at once, so that no paid invoice looks like a default.
    fn applied_day(&mut self, day: Day, group: &[Intent]) -> Day {
        let latest = group.iter().map(|intent| self.due_or_usual(intent.item)).min().unwrap_or(day) + 88;
        if group[0].kind == IntentKind::Early && self.random.chance(0.5) {
            return day.max(self.book.document_of(group[0].item).date);
        }
        if !self.random.chance(0.03) {
            return day;
        }
        let wanted = day + self.random.between(1, 15);
        if wanted <= latest && self.is_normal(wanted) { wanted } else { day }
    }

    /// Uses waiting credits of the same currency before cash.
    fn use_credits(&mut self, intent: &mut Intent) {
        if intent.kind != IntentKind::Plain || self.credits.is_empty() {
            return;
        }
        let currency = self.currency_of(intent.item);
        for place in 0..self.credits.len() {
            let FreeCredit { item, available, from } = self.credits[place];
            if from > intent.day || available == 0 || self.currency_of(item) != currency {
                continue;
            }
            // The discount stays on the part that is paid.
            let used = available.min(intent.amount - intent.discount);
            if self.apply(item, intent.item, intent.day, used) {
                self.credits[place].available -= used;
                intent.amount -= used;
            }
        }
        // With the credit the rest may be no more than the discount; then it is paid after all.
        if intent.amount == intent.discount {
            intent.discount = 0;
        }
        self.credits.retain(|credit| credit.available > 0);
    }

    /// The same amount twice, or a slip of some per cent.
    fn overpayment(&mut self, group: &[Intent]) -> i64 {
        let first = group[0].amount;
        if self.random.chance(0.5) { first } else { self.share(first, 1, 30) }
    }

    /// A receipt in another currency: each line converted at the day's rates.
    fn receive_in(&mut self, other: Currency, day: Day, group: &[Intent]) {
        let currency = self.currency_of(group[0].item);
        let rates = &self.world.rates;
        let lines: Vec<(u32, i64, i64)> = group
            .iter()
            .map(|intent| (intent.item, intent.amount, rates.convert(intent.amount, currency, other, day).max(1)))
            .filter(|(_, amount, _)| *amount > 0)
            .collect();
        let receipt = self.receipt(day, other, lines.iter().map(|line| line.2).sum());
        for (item, amount, credit_amount) in lines {
            self.apply_across(receipt, item, day, amount, credit_amount);
        }
    }

    /// The bank returns the payment: applications taken back, a reversal against the receipt, and another payment.
    fn return_payment(&mut self, receipt: u32, day: Day, group: &[Intent]) {
        let returned = self.world.calendar.business_on_or_after(day + self.random.between(2, 8));
        let earliest_due = group.iter().map(|intent| self.due_or_usual(intent.item)).min().unwrap_or(day);
        let has_discount = group.iter().any(|intent| intent.discount > 0);
        if returned > self.world.calendar.end || has_discount || day > earliest_due + 45 {
            return;
        }
        let currency = self.currency_of(receipt);
        let amount = self.book.items[receipt as usize].amount;
        let document = self.book.items[receipt as usize].document;
        for intent in group {
            self.apply(receipt, intent.item, returned, -intent.amount);
        }
        let reversal = self.add_document(DocumentType::ReceiptReversal, returned, currency, amount, document);
        let payer = self.book.document_of(receipt).customer;
        let row = self.document_mut(reversal);
        row.reason = 8;
        row.customer = payer;
        self.apply(receipt, reversal, returned, amount);
        let paid = self.world.calendar.business_on_or_after(returned + self.random.between(3, 22));
        for intent in group {
            let latest = self.due_or_usual(intent.item) + 86;
            let paid = paid.min(self.world.calendar.business_on_or_before(latest)).max(returned + 1);
            self.intend(paid, intent.item, intent.amount, 0, IntentKind::Final);
        }
    }

    /// Somebody takes the matching back to correct it and matches again some days later.
    fn unapply_and_apply_again(&mut self, receipt: u32, day: Day, intent: Intent) {
        let undone = self.world.calendar.business_on_or_after(day + self.random.between(2, 20));
        let again = self.world.calendar.business_on_or_after(undone + self.random.between(1, 6));
        if day > self.due_or_usual(intent.item) + 50 || undone > self.world.calendar.end {
            return;
        }
        let cash = intent.amount - intent.discount;
        self.apply(receipt, intent.item, undone, -cash);
        self.apply(receipt, intent.item, again, cash);
    }

    /// The receipt is matched to another open invoice of the customer first, and put right later. Says whether there
    /// was such an invoice.
    fn park_on_wrong_item(&mut self, receipt: u32, group: &[Intent], later: &mut [Intent]) -> bool {
        let day = group[0].day;
        let cash = group[0].amount - group[0].discount;
        let currency = self.currency_of(receipt);
        let corrected = self.world.calendar.business_on_or_after(day + self.random.between(3, 18));
        let latest = self.due_or_usual(group[0].item) + 80;
        if group.len() != 1 || corrected >= self.world.calendar.end || corrected >= latest {
            return false;
        }
        let wrong = later.iter_mut().take(20).find(|intent| {
            intent.kind == IntentKind::Plain
                && intent.day > corrected
                && intent.amount >= cash
                && self.currency_of(intent.item) == currency
                && self.book.document_of(intent.item).date <= day
        });
        let Some(wrong) = wrong else { return false };
        wrong.kind = IntentKind::Held;
        let wrong_item = wrong.item;
        self.apply(receipt, wrong_item, day, cash);
        self.apply(receipt, wrong_item, corrected, -cash);
        self.pay(receipt, &group[0], corrected + 1);
        true
    }

    /// Keeps a credit for later invoices, pays it back when the customer asks for its money, or forgets it.
    pub(super) fn use_or_refund(&mut self, credit: u32, day: Day, amount: i64) {
        let noticed = self.world.calendar.business_on_or_after(day + self.random.between(3, 40));
        match self.random.below(10) {
            0..=3 if self.is_normal(noticed) => self.refund(credit, noticed, amount),
            // Nobody asks for it: it stands unapplied to the end.
            4 | 5 => {}
            _ => self.wait_for_use(credit, noticed, amount),
        }
    }

    fn refund(&mut self, credit: u32, day: Day, amount: i64) {
        let currency = self.currency_of(credit);
        let document = self.book.items[credit as usize].document;
        let customer = self.book.document_of(credit).customer;
        let refund = self.add_document(DocumentType::Refund, day, currency, amount, document);
        let row = self.document_mut(refund);
        row.reason = 9;
        row.customer = customer;
        row.method = 1;
        self.apply(credit, refund, day, amount);
    }

    /// What becomes of credits nobody used: paid back, or left standing.
    pub(super) fn close_credits(&mut self) {
        for credit in std::mem::take(&mut self.credits) {
            let day = self.world.calendar.business_on_or_after(credit.from + self.random.between(15, 70));
            // A credit used once on a later day must not be refunded before: only whole credits are paid back.
            let is_whole = self.book.open(credit.item) == credit.available;
            if is_whole && self.is_normal(day) && self.random.chance(0.45) {
                self.refund(credit.item, day, credit.available);
            }
        }
    }
}
