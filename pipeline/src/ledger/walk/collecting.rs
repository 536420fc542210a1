//! What one item, one promise and one customer give to the figures about collecting.

use super::Plan;
use super::lane::Lane;
use crate::ledger::behaviour::PaidItem;
use crate::ledger::book::{Application, DocumentType, Item, ItemIndex, NO_DATE, Promise};
use crate::ledger::calendar::Day;
use crate::ledger::collections::{COHORT_DAYS, Collections, DisputeSpan, Transition};
use crate::ledger::money::{divide_half_away, narrow};
use crate::ledger::outcomes::{NO_DELAY, NOT_SETTLED, Outcome};
use crate::ledger::settlement::{Settlement, effective_date};

/// What an open debit item is worth on a balance date.
#[derive(Clone, Copy)]
pub(super) struct OpenValue {
    pub date: usize,
    pub closing: i64,
    pub historical: i64,
    pub disputed: i64,
}

/// Ten-thousandths of a per cent in the whole.
const PERCENT_WHOLE: i128 = 1_000_000;

/// How an open debit item stands on a balance date.
pub(super) fn add_standing(plan: &Plan, lane: &mut Lane, item: &Item, value: OpenValue) {
    let timeline = plan.timeline;
    if item.document_type.is_sale() && item.due_date != NO_DATE {
        for period in timeline.opening_periods(value.date) {
            let period = *period as usize;
            if item.due_date <= timeline.period_ends[period] {
                lane.standings.at(period).collectable += i128::from(value.historical);
            }
        }
    }
    let Some(period) = timeline.period_of_balance_date[value.date] else { return };
    let day = timeline.balance_dates[value.date];
    let disputed = if value.disputed == 0 { 0 } else { plan.book.historical_value(item, value.disputed) };
    let days_past_due = (item.due_date != NO_DATE).then(|| day - item.due_date);
    let standing = lane.standings.at(period);
    standing.disputed_historical += i128::from(disputed);
    match days_past_due {
        Some(days) if days <= 0 => standing.not_due_undisputed_historical += i128::from(value.historical - disputed),
        Some(days) => {
            standing.overdue_days_weighted += i128::from(value.closing) * i128::from(days);
            if item.document_type.is_sale() && days > plan.options.on_time_grace_days {
                standing.late_items += 1;
                standing.late_amount += i128::from(value.historical);
            }
        }
        None => {}
    }
}

/// What became of a debit item from each month end on which it was open to the next period end.
pub(super) fn add_transitions(plan: &Plan, lane: &mut Lane, index: ItemIndex, item: &Item, open: &[OpenValue]) {
    let timeline = plan.timeline;
    let bucket =
        |date: usize| plan.options.buckets.by_due_date((item.due_date != NO_DATE).then(|| timeline.balance_dates[date] - item.due_date));
    for (position, before) in open.iter().enumerate() {
        let Some(period) = timeline.following_period(before.date) else { continue };
        let end = timeline.period_ends[period];
        let after = open[position + 1..].iter().find(|after| timeline.balance_dates[after.date] == end);
        let stays = after.map_or(0, |after| after.historical.min(before.historical));
        let rest = before.historical - stays;
        let written_off = if rest == 0 { 0 } else { rest.min(written_off(plan, index, item, timeline.balance_dates[before.date], end)) };
        let settled = rest - written_off;
        let shape = plan.roll_shape;
        let counted = match after {
            Some(after) => bucket(after.date),
            None if written_off > settled => shape.write_off(),
            None => shape.settled(),
        };
        let from = bucket(before.date);
        let mut add = |to: usize, amount: i64| {
            if amount != 0 || to == counted {
                let cell = u32::try_from(shape.cell(period, from, to)).expect("cells are counted in 32 bits");
                lane.transitions.push(Transition { cell, amount, items: u32::from(to == counted) });
            }
        };
        if let Some(after) = after {
            add(bucket(after.date), stays);
        }
        add(shape.write_off(), written_off);
        add(shape.settled(), settled);
    }
}

/// What was written off of a debit item in the days after `from` up to `to`; not negative.
fn written_off(plan: &Plan, index: ItemIndex, item: &Item, from: Day, to: Day) -> i64 {
    let inside = |application: &&Application| from < application.visible_date && application.visible_date <= to;
    let of_write_offs = |application: &&Application| plan.book.items[application.credit as usize].document_type == DocumentType::WriteOff;
    let applications = plan.book.applications_of(index).filter(inside).filter(of_write_offs);
    let total: i128 = applications.map(|application| i128::from(plan.book.historical_value(item, application.amount))).sum();
    narrow(total.max(0))
}

/// What an invoice or debit-note item did by `as_of`. `settlement` has read it.
pub(super) fn add_sale(plan: &Plan, lane: &mut Lane, index: ItemIndex, item: &Item, settlement: &Settlement) -> Option<Outcome> {
    let (book, timeline) = (plan.book, plan.timeline);
    let interval = timeline.interval(item.document_date);
    let amount = book.historical_value(item, item.amount);
    for period in timeline.month_periods(interval) {
        let period = *period as usize;
        if item.due_date != NO_DATE && item.due_date <= timeline.period_ends[period] {
            lane.standings.at(period).collectable += i128::from(amount);
        }
    }
    if item.document_type == DocumentType::Invoice && item.delivery_date != NO_DATE {
        let days = i128::from(item.document_date - item.delivery_date);
        let collections = lane.collections.at(interval);
        collections.lag_items += 1;
        collections.lag_days += days;
        collections.lag_amount += i128::from(amount);
        collections.lag_amount_days += i128::from(amount) * days;
    }
    let cohort = timeline.cohort(interval).filter(|_| item.amount > 0);
    if let Some(cohort) = cohort {
        let cohort = lane.cohorts.at(cohort);
        cohort.items += 1;
        cohort.billed += i128::from(amount);
        cohort.oldest = cohort.oldest.min(item.document_date);
        cohort.youngest = cohort.youngest.max(item.document_date);
    }
    let discount_until = if item.has_discount { add_discount(plan, lane, index, item, amount) } else { None };
    for application in book.applications_of(index).take_while(|application| application.visible_date <= timeline.as_of) {
        add_application(plan, lane, item, application, cohort, discount_until);
    }
    if item.has_disputes {
        add_disputes(plan, lane, index, item);
    }
    for spell in settlement.spells.iter().filter(|spell| spell.has_cash) {
        let Some(delay) = spell.delay(item) else { continue };
        let is_on_time = delay <= plan.options.on_time_grace_days;
        let settled = Collections {
            settled_cash: i128::from(spell.cash),
            settled_cash_delay: spell.cash_delay,
            settled_amount: i128::from(amount),
            settled_amount_delay: i128::from(amount) * i128::from(delay),
            settled_items: 1,
            on_time_amount: if is_on_time { i128::from(amount) } else { 0 },
            on_time_items: i128::from(is_on_time),
            ..Collections::default()
        };
        if spell.until == Day::MAX {
            lane.add_anchored(plan, spell.from, &[(spell.from, settled)]);
        } else {
            lane.add_anchored(plan, spell.from, &[(spell.from, settled), (spell.until, Collections::default())]);
        }
    }
    (item.amount > 0).then(|| outcome(plan, lane, item, amount, settlement))
}

fn outcome(plan: &Plan, lane: &Lane, item: &Item, amount: i64, settlement: &Settlement) -> Outcome {
    let spell = settlement.current();
    let end = spell.map_or(plan.timeline.as_of, |spell| spell.effective_date);
    Outcome {
        amount,
        lane: lane.number,
        document_date: item.document_date,
        settled_date: spell.map_or(NOT_SETTLED, |spell| spell.from),
        age: end - item.document_date,
        delay: if item.due_date == NO_DATE { NO_DELAY } else { end - item.due_date },
        cause: settlement.cause(),
        has_cash: spell.is_some_and(|spell| spell.has_cash),
    }
}

/// What one application to a sale item gives: cash and its delay, the month's collections, the cohort's, late discounts.
fn add_application(
    plan: &Plan,
    lane: &mut Lane,
    item: &Item,
    application: &Application,
    cohort: Option<usize>,
    discount_until: Option<Day>,
) {
    let timeline = plan.timeline;
    let credit = &plan.book.items[application.credit as usize];
    let value = i128::from(plan.book.historical_value(item, application.part_of(item)));
    let interval = timeline.interval(application.visible_date);
    let effective = effective_date(item, credit);
    match credit.document_type {
        DocumentType::Receipt => {
            if item.due_date != NO_DATE {
                let collections = lane.collections.at(interval);
                collections.cash_due += value;
                collections.cash_delay += value * i128::from(effective - item.due_date);
                for period in timeline.month_periods(interval) {
                    let period = *period as usize;
                    let standing = lane.standings.at(period);
                    if item.due_date <= timeline.period_ends[period] {
                        standing.collected += value;
                    } else {
                        standing.collected_early += value;
                    }
                }
            }
            if let Some(cohort) = cohort {
                let cohort = lane.cohorts.at(cohort);
                let age = effective - item.document_date;
                let within = COHORT_DAYS.iter().zip(&mut cohort.collected).filter(|(days, _)| age <= **days);
                within.for_each(|(_, collected)| *collected += value);
            }
        }
        DocumentType::CreditNote => {
            if let Some(cohort) = cohort {
                lane.cohorts.at(cohort).credited += value;
            }
        }
        DocumentType::Discount if discount_until.is_some_and(|last| credit.document_date > last) => {
            lane.collections.at(interval).discount_leaked += value;
        }
        _ => {}
    }
}

/// The discount an item offers: offered, and taken or missed, as each later period end knew it. Returns its last day.
fn add_discount(plan: &Plan, lane: &mut Lane, index: ItemIndex, item: &Item, amount: i64) -> Option<Day> {
    let (book, timeline) = (plan.book, plan.timeline);
    let terms = book.discount(index).filter(|terms| terms.percent > 0)?;
    let anchor = terms.last_date.max(item.document_date);
    if anchor > timeline.as_of {
        return Some(terms.last_date);
    }
    let unit = i128::from(book.rates.base_unit());
    let offered = divide_half_away(i128::from(amount) * i128::from(terms.percent), PERCENT_WHOLE * unit) * unit;
    let mut basis = Collections { discount_offered: offered, discount_offered_items: 1, ..Collections::default() };
    if item.due_date != NO_DATE && item.due_date > terms.last_date {
        basis.contractual_discount = offered;
        basis.contractual_days = (i128::from(amount) - offered) * i128::from(item.due_date - terms.last_date);
    }
    // Taken so far: document currency, base currency, and the cash × days before the due date.
    let (mut net, mut taken, mut cash_days) = (0_i128, 0_i128, 0_i128);
    let state = |net: i128, taken: i128, cash_days: i128| {
        let mut state = basis;
        if net > 0 {
            state.discount_taken = taken;
            state.discount_taken_items = 1;
            if item.due_date != NO_DATE {
                state.discount_taken_due = taken;
                state.discount_cash_days = cash_days;
            }
        } else {
            state.discount_missed = offered;
        }
        state
    };
    let mut states: Vec<(Day, Collections)> = vec![(anchor, state(0, 0, 0))];
    for application in book.applications_of(index).take_while(|application| application.visible_date <= timeline.as_of) {
        let credit = &book.items[application.credit as usize];
        let value = i128::from(book.historical_value(item, application.amount));
        match credit.document_type {
            DocumentType::Discount if credit.document_date <= terms.last_date => {
                net += i128::from(application.amount);
                taken += value;
            }
            DocumentType::Receipt if item.due_date != NO_DATE => {
                cash_days += value * i128::from(item.due_date - effective_date(item, credit));
            }
            _ => continue,
        }
        let from = application.visible_date.max(anchor);
        match states.last_mut() {
            Some(last) if last.0 == from => last.1 = state(net, taken, cash_days),
            _ => states.push((from, state(net, taken, cash_days))),
        }
    }
    lane.add_anchored(plan, anchor, &states);
    Some(terms.last_date)
}

/// The disputes of an item; none begins before its document.
fn add_disputes(plan: &Plan, lane: &mut Lane, index: ItemIndex, item: &Item) {
    let timeline = plan.timeline;
    for dispute in plan.book.disputes.get(&index).into_iter().flatten() {
        let opened = dispute.opened_date.max(item.document_date);
        if opened > timeline.as_of {
            continue;
        }
        let closed = if dispute.closed_date == NO_DATE { Day::MAX } else { dispute.closed_date.max(opened) };
        lane.disputes.push(DisputeSpan { opened, closed });
        if closed <= timeline.as_of {
            let collections = lane.collections.at(timeline.interval(closed));
            collections.disputes_closed += 1;
            collections.dispute_days += i128::from(closed - opened);
        }
        let first = timeline.period_ends.partition_point(|end| *end < opened);
        for (period, end) in timeline.period_ends.iter().enumerate().skip(first).take_while(|(_, end)| **end < closed) {
            let standing = lane.standings.at(period);
            standing.disputes_open += 1;
            standing.disputes_open_days += i128::from(end - opened);
        }
    }
}

/// A promise: what came of it, as each period end after it knew. `anchor_min` is the first day on which it can count, and
/// `items` the sale items whose cash keeps it.
pub(super) fn add_promise(plan: &Plan, lane: &mut Lane, promise: &Promise, items: &[ItemIndex], anchor_min: Day) {
    let (book, timeline) = (plan.book, plan.timeline);
    let anchor = promise.promised_date.max(anchor_min);
    if anchor > timeline.as_of {
        return;
    }
    // Of a document in the promise's currency the document's own amounts are compared, else base amounts.
    let own_currency = promise.items.first().is_some_and(|item| book.items[*item as usize].currency == promise.currency);
    let promised = i128::from(if own_currency || promise.currency == book.rates.base() {
        promise.amount
    } else {
        book.rates.value_on(promise.currency, promise.promised_date, promise.amount)
    });
    let mut paid: Vec<(Day, i128)> = Vec::new();
    for index in items {
        let item = &book.items[*index as usize];
        if own_currency && item.currency != promise.currency {
            continue;
        }
        for application in book.applications_of(*index).take_while(|application| application.visible_date <= timeline.as_of) {
            let credit = &book.items[application.credit as usize];
            let effective = effective_date(item, credit);
            if credit.document_type == DocumentType::Receipt && promise.made_date <= effective && effective <= promise.promised_date {
                let value = if own_currency { application.amount } else { book.historical_value(item, application.amount) };
                paid.push((application.visible_date, i128::from(value)));
            }
        }
    }
    paid.sort_unstable();
    let state = |cash: i128| Collections {
        promises_due: 1,
        promises_kept: i128::from(cash >= promised),
        promises_partly: i128::from(cash > 0 && cash < promised),
        ..Collections::default()
    };
    let mut cash = 0;
    let mut states = vec![(anchor, state(0))];
    for (day, amount) in paid {
        cash += amount;
        let from = day.max(anchor);
        match states.last_mut() {
            Some(last) if last.0 == from => last.1 = state(cash),
            _ => states.push((from, state(cash))),
        }
    }
    lane.add_anchored(plan, anchor, &states);
}

/// Adds what a sale item says of its customer's behaviour.
pub(super) fn add_history(
    plan: &Plan,
    history: &mut crate::ledger::behaviour::History,
    index: ItemIndex,
    item: &Item,
    settlement: &Settlement,
) {
    if item.amount == 0 {
        return;
    }
    history.first_sale = history.first_sale.min(item.document_date);
    let calendar = &plan.behaviour;
    if calendar.start() <= item.document_date && item.document_date <= calendar.dates[0] {
        history.sales_12m += i128::from(plan.book.historical_value(item, item.amount));
    }
    let recent = |day: Day| day >= plan.behaviour_start;
    for spell in settlement.spells.iter().filter(|spell| spell.has_cash && recent(spell.from)) {
        if let Some(delay) = spell.delay(item) {
            history.paid.push(PaidItem { from: spell.from, until: spell.until, delay });
        }
    }
    if !settlement.has_write_off {
        return;
    }
    for application in
        plan.book.applications_of(index).filter(|application| is_write_off(plan, application) && recent(application.visible_date))
    {
        history.write_offs.push((application.visible_date, i128::from(plan.book.historical_value(item, application.amount))));
    }
}

fn is_write_off(plan: &Plan, application: &Application) -> bool {
    plan.book.items[application.credit as usize].document_type == DocumentType::WriteOff
}
