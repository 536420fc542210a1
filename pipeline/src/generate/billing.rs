//! Billing: when invoices are written, over what amount, on what terms.
//!
//! Responsible for the dates (seasonal, growing, by habit), amounts, instalments, missing due dates and orders. Hands
//! every item to `payments` to decide what becomes of it.

use super::book::{DocumentType, Item, NO_DAY, NONE, Order};
use super::calendar::Day;
use super::customers::{BillingPattern, Segment, Terms};
use super::fx::Currency;
use super::random::{Random, Stream};
use super::simulation::Simulation;

/// Demand by month of the year in per cent of the average, one row per two industries.
const SEASONS: [[u32; 12]; 5] = [
    [88, 92, 108, 102, 104, 108, 92, 80, 108, 112, 108, 98],
    [60, 70, 95, 110, 120, 125, 120, 105, 115, 115, 95, 70],
    [90, 88, 95, 95, 100, 102, 98, 95, 98, 105, 112, 122],
    [125, 118, 110, 95, 88, 82, 80, 82, 92, 102, 110, 116],
    [95, 95, 115, 92, 95, 115, 88, 85, 115, 95, 98, 112],
];

impl Simulation<'_> {
    /// Writes the given number of invoices and decides what becomes of each.
    pub(super) fn bill(&mut self, invoices: u64) {
        let mut random = Random::new(self.world.seed, Stream::Billing, u64::from(self.customer.index));
        let dates = self.billing_dates(invoices, &mut random);
        let usual = self.invoice_dollars(&mut random);
        let (mut usual_date, mut usual_times) = (NO_DAY, 0.0);
        for date in dates {
            let is_usual = random.chance(self.customer.fixed_amount_share);
            if is_usual {
                // A price that is billed again on the same day is of more of the same: twice the same invoice would be a slip.
                usual_times = if usual_date == date { usual_times + 1.0 } else { 1.0 };
                usual_date = date;
            }
            let dollars = if is_usual { usual * usual_times } else { self.invoice_dollars(&mut random) };
            self.invoice(date, dollars, &mut random);
        }
        self.give_bonuses(&mut random);
    }

    /// Exactly `invoices` dates in the customer's billing period: months by weight, days by habit.
    fn billing_dates(&self, invoices: u64, random: &mut Random) -> Vec<Day> {
        let calendar = &self.world.calendar;
        let (from, until) = (self.customer.billing_from, self.customer.billing_until);
        let first_month = calendar.month_index(from);
        let last_month = calendar.month_index(until);
        let season = &SEASONS[self.customer.industry / 2];
        let mut weights = Vec::with_capacity(last_month - first_month + 1);
        let mut growth = 1.0;
        for month in first_month..=last_month {
            let start = calendar.month_starts()[month].max(from);
            let days = (calendar.month_end(month).min(until) - start + 1).max(0);
            let demand = f64::from(season[calendar.month_of_year(start)]) * random.range(0.7, 1.3);
            weights.push(f64::from(days) * demand * growth * self.demand_in_trouble(start));
            growth *= 1.0 + self.customer.growth_monthly;
        }
        let total: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let offset = random.unit();
        let mut dates = Vec::with_capacity(invoices as usize);
        let mut sum = 0.0;
        for (place, weight) in weights.iter().enumerate() {
            sum += weight;
            let is_last = place + 1 == weights.len();
            let so_far = if is_last { invoices } else { (invoices as f64 * sum / total + offset) as u64 };
            let count = so_far.min(invoices).saturating_sub(dates.len() as u64);
            let month = first_month + place;
            let start = calendar.month_starts()[month].max(from);
            let end = calendar.month_end(month).min(until).max(start);
            for _ in 0..count {
                dates.push(self.billing_day(start, end, random));
            }
        }
        dates.sort_unstable();
        dates
    }

    /// A customer that has stopped is billed no more until it pays again; one in trouble orders less.
    fn demand_in_trouble(&self, month_start: Day) -> f64 {
        match self.customer.latent.stop {
            Some(stop) if month_start > stop.day + 30 && month_start < stop.resume => 0.02,
            _ => 1.0 - 0.35 * self.customer.severity(self.world, month_start),
        }
    }

    fn billing_day(&self, start: Day, end: Day, random: &mut Random) -> Day {
        let calendar = &self.world.calendar;
        let day = match self.customer.billing_pattern {
            BillingPattern::MonthEnd => calendar.business_on_or_before(end - random.between(0, 1)),
            BillingPattern::Weekday(weekday) => {
                let any = random.between(start, end);
                // 1970-01-01 was a Thursday.
                let same_week = any - (any + 3).rem_euclid(7) + i32::from(weekday);
                calendar.business_on_or_before(same_week)
            }
            BillingPattern::AnyDay => calendar.business_on_or_before(random.between(start, end)),
        };
        day.clamp(start, end)
    }

    fn invoice_dollars(&self, random: &mut Random) -> f64 {
        (self.customer.amount_median * random.lognormal(self.customer.amount_spread)).clamp(5.0, 20_000_000.0)
    }

    /// Writes one invoice.
    fn invoice(&mut self, date: Day, dollars: f64, random: &mut Random) {
        let customer = self.customer;
        let currency = match customer.second_currency {
            Some(second) if random.chance(0.15) => second,
            _ => customer.currency,
        };
        let amount = if random.chance(0.0005) { 0 } else { self.minor_units(dollars, currency) };
        let item = self.add_document(DocumentType::Invoice, date, currency, amount, NONE);
        let terms = if random.chance(0.05) { Terms::Net30 } else { customer.terms };
        let delivery = date - random.between(0, 5);
        let method = match (customer.is_direct_debit, customer.segment) {
            (true, _) => 2,
            (false, Segment::SmallBusiness) if random.chance(0.3) => 4,
            _ => 1,
        };
        let manager = customer.next_manager.map(|_| customer.manager_on(date));
        let document = self.document_mut(item);
        document.terms = Some(terms);
        document.delivery = if method == 4 { NO_DAY } else { delivery };
        document.method = method;
        document.account_manager = manager;
        self.book.items[item as usize].due = date + terms.days();
        let has_instalments = amount >= 40 && dollars > customer.amount_median * 2.0 && random.chance(0.05);
        if has_instalments {
            self.split_into_instalments(item, date, random.between(2, 4));
        } else if random.chance(0.003) {
            self.book.items[item as usize].due = NO_DAY;
        }
        if customer.has_orders && random.chance(0.4) {
            self.order_before(item, date, amount, currency, random);
        }
        let count = self.book.document_of(item).item_count;
        for part in item..item + count {
            self.decide(part, date, terms, count > 1);
        }
    }

    /// Turns the one item of the newest document into several, due month by month.
    fn split_into_instalments(&mut self, item: u32, date: Day, count: i32) {
        let whole = self.book.items[item as usize].clone();
        let part = whole.amount / i64::from(count);
        self.document_mut(item).item_count = count as u32;
        self.book.items[item as usize].amount = whole.amount - part * i64::from(count - 1);
        self.book.items[item as usize].due = date + 30;
        for number in 1..count {
            self.book.items.push(Item { amount: part, due: date + 30 * (number + 1), ..whole.clone() });
        }
    }

    fn order_before(&mut self, item: u32, date: Day, amount: i64, currency: Currency, random: &mut Random) {
        let day = date - random.between(5, 45);
        let expected = date + random.between(-4, 3);
        let invoice = self.book.items[item as usize].document;
        self.book.orders.push(Order { day, expected: expected.max(day), amount, currency, invoice });
    }

    /// Orders that stand open at the end.
    pub(super) fn order_ahead(&mut self) {
        let end = self.world.calendar.end;
        let customer = self.customer;
        if !customer.has_orders || customer.billing_until < end || customer.severity(self.world, end) > 0.5 {
            return;
        }
        for _ in 0..self.random.below(4) {
            let dollars = customer.amount_median * self.random.lognormal(0.6);
            let amount = self.minor_units(dollars, customer.currency);
            let day = (end - self.random.between(0, 25)).max(customer.billing_from);
            let expected = end + self.random.between(1, 40);
            let order = Order { day, expected, amount, currency: customer.currency, invoice: NONE };
            self.book.orders.push(order);
        }
    }

    /// Bonus credit notes that refer to no invoice.
    fn give_bonuses(&mut self, random: &mut Random) {
        if self.customer.bonus_months == 0 {
            return;
        }
        let calendar = &self.world.calendar;
        let months = calendar.month_starts().len();
        let first = calendar.month_index(self.customer.billing_from) + 2;
        for month in first..months {
            let is_turn = month as i32 % self.customer.bonus_months == 0;
            let day = self.world.calendar.business_on_or_before(self.world.calendar.month_end(month));
            if is_turn && self.is_normal(day) && day <= self.customer.billing_until && random.chance(0.8) {
                let dollars = self.customer.amount_median * random.range(0.1, 1.2);
                let amount = self.minor_units(dollars, self.customer.currency);
                let currency = self.customer.currency;
                let credit = self.add_document(DocumentType::CreditNote, day, currency, amount, Self::UNLINKED);
                self.document_mut(credit).reason = 6;
                self.wait_for_use(credit, day, amount);
            }
        }
    }
}
