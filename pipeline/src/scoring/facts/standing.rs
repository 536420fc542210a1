//! On which days a customer's account may look different from the day before, and what else was known of the customer.
//!
//! Responsible for the days that a sweep over an account stops at, for write-offs as they were booked, and for limits and events.

use super::{DebitItem, Exit, Facts};
use crate::ingest::load::knowledge::{FROM_THE_BEGINNING, Known, KnownCustomer, KnownEvent};
use crate::ledger::book::{DocumentType, NO_AMOUNT, NO_DATE};
use crate::ledger::calendar::Day;

impl Facts {
    /// Every day at whose end something else may be known of an item than the day before, its disputes included, in no order.
    pub fn standing_days(&self, item: &DebitItem) -> impl Iterator<Item = Day> {
        let disputes = &self.disputes[item.disputes.start as usize..item.disputes.end as usize];
        let of_disputes = disputes.iter().flat_map(|known| [known.from, known.until, known.fact.opened_date, known.fact.closed_date]);
        let first = item.from.max(item.document_date);
        self.change_days(item).chain([first]).chain(of_disputes).filter(move |day| (first..item.until).contains(day)).chain([item.until])
    }

    /// How much of `open` is disputed at the end of `day`, as known then, by disputes that were opened by the end of `opened_by`.
    pub fn disputed_since(&self, item: &DebitItem, open: i64, day: Day, opened_by: Day) -> i64 {
        let disputes = &self.disputes[item.disputes.start as usize..item.disputes.end as usize];
        let is_active = |known: &&Known<crate::ledger::book::Dispute>| {
            let dispute = &known.fact;
            let is_open = dispute.opened_date <= day && (dispute.closed_date == NO_DATE || day < dispute.closed_date);
            known.is_known(day) && is_open && dispute.opened_date <= opened_by
        };
        let amount = |known: &Known<crate::ledger::book::Dispute>| match known.fact.amount {
            NO_AMOUNT => i128::from(open),
            amount => i128::from(amount),
        };
        let total: i128 = disputes.iter().filter(is_active).map(amount).sum();
        i64::try_from(total.min(i128::from(open))).expect("no more than what is open")
    }

    /// Whether any dispute was known by the end of `day`, open or closed.
    pub fn has_disputes(&self, day: Day) -> bool {
        self.disputes.iter().any(|known| known.from <= day && known.fact.opened_date <= day)
    }

    /// What write-offs took off an item: the days from and until which they count, and how much, document currency.
    pub fn write_offs(&self, item: &DebitItem) -> impl Iterator<Item = (Day, Day, i64)> {
        let slices = self.slices_of(item).iter().filter(|slice| slice.exit == Exit::WriteOff && slice.amount > 0);
        slices.map(|slice| (slice.visible_from, slice.visible_until, slice.amount))
    }

    /// Whether a discount was taken on an item, as known at the end of `day`.
    pub fn has_discount(&self, item: &DebitItem, day: Day) -> bool {
        let discounts = self.slices_of(item).iter().filter(|slice| slice.credit_type == DocumentType::Discount && slice.is_visible(day));
        discounts.map(|slice| slice.amount).sum::<i64>() > 0
    }

    /// The days from which cash that came for an item counts.
    pub fn cash_days(&self, item: &DebitItem) -> impl Iterator<Item = Day> {
        let slices = self.slices_of(item).iter().filter(|slice| slice.exit == Exit::Cash && slice.amount > 0);
        slices.map(|slice| slice.visible_from)
    }

    /// What of a customer's credits changes when: the day, the base amount that is unapplied from then on more (or less), in
    /// ten-thousandths at the rate of the credit's date.
    pub fn unapplied_changes(&self, customer: usize) -> Vec<(Day, i64)> {
        let items = &self.account[self.account_offsets[customer] as usize..self.account_offsets[customer + 1] as usize];
        let mut changes = Vec::new();
        for item in items {
            let first = item.from.max(item.document_date);
            let uses = &self.uses[item.uses.start as usize..item.uses.end as usize];
            let mut days: Vec<Day> = uses.iter().flat_map(|used| [used.visible_from, used.visible_until]).collect();
            days.push(first);
            days.retain(|day| (first..item.until).contains(day));
            days.sort_unstable();
            days.dedup();
            let mut before = 0;
            for day in days {
                let base = self.rates.value_on(item.currency, item.document_date, day, self.unapplied(item, day));
                changes.push((day, base - before));
                before = base;
            }
            changes.push((item.until, -before));
        }
        changes
    }

    /// A customer's row as known at the end of `day`; `None` where the ledger has none.
    pub fn customer_row(&self, customer: usize, day: Day) -> Option<&Known<KnownCustomer>> {
        self.known_customers.rows_of(customer).iter().find(|known| known.is_known(day))
    }

    /// A customer's limit at the end of `day` in base currency, ten-thousandths, where the ledger says since when it has been known;
    /// `None` otherwise. The rate is that of `day`.
    pub fn dated_limit(&self, customer: usize, day: Day) -> Option<i64> {
        let known = self.customer_row(customer, day).filter(|known| known.from != FROM_THE_BEGINNING)?;
        let (limit, currency) = known.fact.credit_limit.zip(known.fact.currency)?;
        self.rates.on(currency, day, day)?;
        Some(self.rates.value_on(currency, day, day, limit))
    }

    /// What had happened to a customer by the end of `day`, as known then, by date.
    pub fn events(&self, customer: usize, day: Day) -> impl Iterator<Item = &KnownEvent> {
        self.all_events(customer).iter().filter(move |known| known.is_known(day) && known.fact.event_date <= day).map(|known| &known.fact)
    }

    /// Everything that ever happened to a customer, with the days on which it was known.
    pub fn all_events(&self, customer: usize) -> &[Known<KnownEvent>] {
        self.known_customers.events_of(customer)
    }

    /// Whether the ledger has any event of any customer.
    pub fn has_events(&self) -> bool {
        !self.known_customers.events.is_empty()
    }
}
