//! One customer, day by day: when the rule holds, and when it has held for the last time.

use super::{Cause, DefaultEvent, Rule, Technical};
use crate::ingest::load::knowledge::EventKind;
use crate::ledger::book::NO_DATE;
use crate::ledger::calendar::Day;
use crate::ledger::money::{RATE_ONE, convert};
use crate::scoring::facts::{DebitItem, Exit, Facts};

/// What changes on a day, base currency, ten-thousandths.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    /// Open debit items.
    pub(super) exposure: i128,
    /// Of them, past due so long that they may count; reversed invoices included.
    long_due: i128,
    /// Of these, what is of invoices that were reversed.
    reversed: i128,
    /// Of these that were not, what is disputed in time.
    disputed: i128,
    /// Credits that are not applied.
    unapplied: i128,
    /// Written off on this very day.
    written_off: i128,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.exposure += other.exposure;
        self.long_due += other.long_due;
        self.reversed += other.reversed;
        self.disputed += other.disputed;
        self.unapplied += other.unapplied;
    }

    fn negative(&self) -> Sums {
        Sums {
            exposure: -self.exposure,
            long_due: -self.long_due,
            reversed: -self.reversed,
            disputed: -self.disputed,
            unapplied: -self.unapplied,
            written_off: 0,
        }
    }

    /// What counts.
    pub(super) fn counted(&self) -> i128 {
        self.long_due - self.reversed - self.disputed - self.unapplied.max(0)
    }

    /// Why what looks like a default is none.
    fn technical(&self, threshold: i128) -> Technical {
        if self.long_due - self.reversed < threshold {
            Technical::Reversed
        } else if self.long_due - self.reversed - self.disputed < threshold {
            Technical::Disputed
        } else {
            Technical::UnappliedCredits
        }
    }
}

/// A stretch of days, from the first to the one before `end`, and what stood in the books on the first.
pub(super) struct Stretch {
    start: Day,
    pub(super) end: Day,
    pub(super) technical: Option<Technical>,
    amount: i128,
    threshold: i128,
    exposure: i128,
}

/// The defaults and technical cases of a customer up to the end of `end`, oldest first.
pub(super) fn events(facts: &Facts, customer: usize, rule: &Rule, end: Day) -> Vec<DefaultEvent> {
    let items = facts.all_items_of(customer);
    let has_events = !facts.all_events(customer).is_empty();
    let may_default = |item: &DebitItem| is_ever_long_due(facts, item, rule, end) || facts.write_offs(item).next().is_some();
    if !has_events && !items.iter().any(may_default) {
        return Vec::new();
    }
    let days = sums_by_day(facts, customer, rule, end);
    let long = stretches(&days, rule, end);
    let points = points(facts, customer, &days, rule, end);
    let mut paid: Vec<Day> = items.iter().flat_map(|item| facts.cash_days(item)).filter(|day| *day <= end).collect();
    paid.sort_unstable();
    let mut found = judge(customer, rule, end, &long, &points, &paid);
    let technical = long.iter().filter_map(|stretch| {
        let reason = stretch.technical?;
        Some(DefaultEvent { technical: Some(reason), ..event_of(customer, stretch) })
    });
    found.extend(technical);
    found.sort_by_key(|event| (event.event_date, event.technical.is_some(), event.cause));
    found
}

fn event_of(customer: usize, stretch: &Stretch) -> DefaultEvent {
    let money = |amount: i128| i64::try_from(amount).expect("amounts of a customer fit 64 bits of ten-thousandths");
    DefaultEvent {
        customer: u32::try_from(customer).expect("customers are counted in 32 bits"),
        event_date: stretch.start,
        cause: Cause::DaysPastDue,
        technical: None,
        amount: money(stretch.amount),
        threshold: money(stretch.threshold),
        exposure: money(stretch.exposure),
        cured_date: None,
    }
}

/// The first day on which an item is long past due; `None` without a due date.
fn long_due_from(item: &DebitItem, rule: &Rule) -> Option<Day> {
    (item.due_date != NO_DATE).then(|| item.due_date.saturating_add(rule.days_past_due))
}

fn is_ever_long_due(facts: &Facts, item: &DebitItem, rule: &Rule, end: Day) -> bool {
    let Some(from) = long_due_from(item, rule).filter(|from| *from <= end) else { return false };
    let later = facts.standing_days(item).filter(|day| from < *day && *day <= end);
    std::iter::once(from).chain(later).any(|day| item.is_known(day) && day >= item.document_date && facts.open(item, day) > 0)
}

/// In base currency at the rate of the item's date.
fn in_base(facts: &Facts, item: &DebitItem, amount: i64) -> i128 {
    let rate = (item.base_rate * RATE_ONE as f64).round() as i64;
    i128::from(if rate == RATE_ONE { amount } else { convert(amount, rate, facts.rates().base_unit()) })
}

/// Whether credit notes took all of it, as known at the end of `end`.
fn is_reversed(facts: &Facts, item: &DebitItem, end: Day) -> bool {
    let credited: i64 = facts.left(item, end).filter(|left| left.exit == Exit::Credit).map(|left| left.amount).sum();
    credited == item.amount
}

/// What stands in the books of a customer from each day on on which it changes, oldest first.
pub(super) fn sums_by_day(facts: &Facts, customer: usize, rule: &Rule, end: Day) -> Vec<(Day, Sums)> {
    let mut changes: Vec<(Day, Sums)> = Vec::new();
    for item in facts.all_items_of(customer) {
        item_changes(facts, item, rule, end, &mut changes);
    }
    let of_credits = facts.unapplied_changes(customer).into_iter();
    changes.extend(of_credits.map(|(day, amount)| (day, Sums { unapplied: i128::from(amount), ..Sums::default() })));
    changes.retain(|(day, _)| *day <= end);
    changes.sort_by_key(|(day, _)| *day);
    let mut standing = Sums::default();
    let by_day = changes.chunk_by(|a, b| a.0 == b.0).map(|of_day| {
        standing.written_off = 0;
        for (_, change) in of_day {
            standing.add(change);
            standing.written_off += change.written_off;
        }
        (of_day[0].0, standing)
    });
    by_day.collect()
}

fn item_changes(facts: &Facts, item: &DebitItem, rule: &Rule, end: Day, changes: &mut Vec<(Day, Sums)>) {
    let long_due = long_due_from(item, rule);
    let is_reversed = is_reversed(facts, item, end);
    let mut days: Vec<Day> = facts.standing_days(item).chain(long_due.filter(|day| item.is_known(*day))).collect();
    days.sort_unstable();
    days.dedup();
    let mut before = Sums::default();
    for day in days {
        let now =
            if item.is_known(day) && day >= item.document_date { item_sums(facts, item, day, rule, is_reversed) } else { Sums::default() };
        let mut change = now;
        change.add(&before.negative());
        changes.push((day, change));
        before = now;
    }
    let written_off = facts.write_offs(item).filter(|(from, until, _)| from < until);
    changes.extend(written_off.map(|(from, _, amount)| (from, Sums { written_off: in_base(facts, item, amount), ..Sums::default() })));
}

fn item_sums(facts: &Facts, item: &DebitItem, day: Day, rule: &Rule, is_reversed: bool) -> Sums {
    let open = facts.open(item, day);
    let value = in_base(facts, item, open);
    let is_long_due = long_due_from(item, rule).is_some_and(|from| from <= day);
    if !is_long_due || open <= 0 {
        return Sums { exposure: value, ..Sums::default() };
    }
    if is_reversed {
        return Sums { exposure: value, long_due: value, reversed: value, ..Sums::default() };
    }
    let disputed = facts.disputed_since(item, open, day, item.due_date.saturating_add(rule.dispute_within_days));
    Sums { exposure: value, long_due: value, disputed: in_base(facts, item, disputed), ..Sums::default() }
}

/// The stretches of days on which the rule holds, or would if it were not for a technical reason.
pub(super) fn stretches(days: &[(Day, Sums)], rule: &Rule, end: Day) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for (place, (day, sums)) in days.iter().enumerate() {
        let until = days.get(place + 1).map_or(end.saturating_add(1), |(next, _)| *next);
        let threshold = rule.threshold(sums.exposure);
        let technical = if sums.counted() >= threshold {
            None
        } else if sums.long_due >= threshold {
            Some(sums.technical(threshold))
        } else {
            continue;
        };
        match found.last_mut() {
            Some(last) if last.end == *day && last.technical == technical => last.end = until,
            _ => {
                let amount = if technical.is_some() { sums.long_due } else { sums.counted() };
                found.push(Stretch { start: *day, end: until, technical, amount, threshold, exposure: sums.exposure });
            }
        }
    }
    found
}

/// Write-offs above the threshold, insolvencies and agencies: the day, and what stood in the books on it.
pub(super) fn points(facts: &Facts, customer: usize, days: &[(Day, Sums)], rule: &Rule, end: Day) -> Vec<(Day, Cause, Stretch)> {
    let on = |day: Day| {
        let at = days.partition_point(|(of, _)| *of <= day);
        at.checked_sub(1).map_or(Sums::default(), |at| days[at].1)
    };
    let point = |day: Day, amount: i128, exposure: i128| Stretch {
        start: day,
        end: day + 1,
        technical: None,
        amount,
        threshold: rule.threshold(exposure),
        exposure,
    };
    let mut found = Vec::new();
    for (day, sums) in days {
        let exposure = sums.exposure + sums.written_off;
        if sums.written_off > 0 && sums.written_off >= rule.threshold(exposure) {
            found.push((*day, Cause::WriteOff, point(*day, sums.written_off, exposure)));
        }
    }
    for known in facts.all_events(customer) {
        let cause = match known.fact.kind {
            EventKind::Insolvency => Cause::Insolvency,
            EventKind::Agency => Cause::Agency,
            EventKind::Legal => continue,
        };
        let day = known.fact.event_date.max(known.from);
        if day <= end && day < known.until {
            let exposure = on(day).exposure;
            found.push((day, cause, point(day, exposure, exposure)));
        }
    }
    found.sort_by_key(|(day, cause, _)| (*day, *cause));
    found
}

/// Turns what speaks for a default into defaults with a beginning and an end.
fn judge(customer: usize, rule: &Rule, end: Day, long: &[Stretch], points: &[(Day, Cause, Stretch)], paid: &[Day]) -> Vec<DefaultEvent> {
    let long: Vec<&Stretch> = long.iter().filter(|stretch| stretch.technical.is_none()).collect();
    let mut found = Vec::new();
    let mut from = Day::MIN;
    loop {
        let stretch = long.iter().find(|stretch| stretch.end > from).map(|stretch| (stretch.start.max(from), Cause::DaysPastDue, *stretch));
        let point = points.iter().find(|(day, ..)| *day >= from).map(|(day, cause, stretch)| (*day, *cause, stretch));
        let Some((start, cause, what)) = [point, stretch].into_iter().flatten().min_by_key(|(day, cause, _)| (*day, *cause)) else { break };
        let cured = cured(start, rule, &long, points, paid).filter(|day| *day <= end);
        found.push(DefaultEvent { event_date: start, cause, cured_date: cured, ..event_of(customer, what) });
        match cured {
            Some(day) => from = day,
            None => break,
        }
    }
    found
}

/// The day from which a default is over: after so many clean days, and not before a payment since they began.
fn cured(start: Day, rule: &Rule, long: &[&Stretch], points: &[(Day, Cause, Stretch)], paid: &[Day]) -> Option<Day> {
    let mut clean_from = start + 1;
    loop {
        let payment = paid[paid.partition_point(|day| *day < clean_from)..].first()?;
        let cured = clean_from.saturating_add(rule.cure_days).max(*payment);
        let unclean = long.iter().filter(|stretch| stretch.start < cured && stretch.end > clean_from).map(|stretch| stretch.end).max();
        let point = points.iter().map(|(day, ..)| *day).filter(|day| clean_from <= *day && *day < cured).max();
        match unclean.max(point.map(|day| day + 1)) {
            None => return Some(cured),
            // A stretch that has not ended has no end to count from.
            Some(end) => clean_from = end,
        }
    }
}
