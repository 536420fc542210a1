//! One pass over the book, customer by customer: every balance, flow and concentration of every scope value.
//!
//! Why a pass and not joins: the base value of an open item is rounded item by item at the rate of each period end, so
//! balances cannot be had from sums of movements; and expanding items × months in a table costs many times the pass. An
//! item is visited once, and contributes to the dates on which it was open. A customer's items with the same account
//! manager, terms and currency run in one *lane*; full lanes are added to the scope values they belong to.

mod collecting;
mod lane;

use super::behaviour::{AT_RISK_DAYS, Calendar, History, Judgement};
use super::book::{Application, Book, DocumentType, Item, ItemIndex, NO_DATE};
use super::buckets::Buckets;
use super::calendar::{Day, Window};
use super::collections::{Collections, RollShape, Standing};
use super::money::narrow;
use super::outcomes::Outcome;
use super::scopes::{LaneKey, Scope, ScopeTable, ScopeValue};
use super::settlement::Settlement;
use super::timeline::{BEHAVIOUR_DATES, Timeline};
use super::totals::{Balance, BeforeFirstSale, Flow, Net, ScopeTotals, SealedTotals};
use collecting::OpenValue;
use lane::Lane;
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An open item at `as_of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenItem {
    /// Which.
    pub item: ItemIndex,
    /// Open amount in document currency, positive on both sides.
    pub open: i64,
    /// At closing rate.
    pub closing: i64,
    /// At historical rate.
    pub historical: i64,
    /// Disputed part in document currency.
    pub disputed: i64,
    /// Disputed part at closing rate.
    pub disputed_closing: i64,
}

/// What the pass yields.
#[derive(Debug)]
pub struct Walked {
    /// The labelled scope values and their totals, each company's and the group's. Values that hold the same items share
    /// their totals.
    pub scopes: Vec<(ScopeValue, Arc<SealedTotals>)>,
    /// Customers with an open item at `as_of` or a movement in the default window, with their totals.
    pub customers: Vec<(ScopeValue, CustomerTotals)>,
    /// Open items at `as_of`, by customer.
    pub open_items: Vec<OpenItem>,
    /// Invoice and debit-note items and what became of them, by customer.
    pub outcomes: Vec<Outcome>,
    /// For each lane the numbers of its scope values, in the order of `scope_order`, its company's and then the group's.
    pub lane_scopes: Vec<Vec<u32>>,
    /// The scopes of `lane_scopes`.
    pub scope_order: Vec<Scope>,
    /// The scope values by number.
    pub scope_numbers: ScopeTable,
    /// How each customer pays, by customer.
    pub judgements: Vec<(u32, Judgement)>,
    /// How the roll rates are laid out.
    pub roll_shape: RollShape,
    /// Customers left out because they are of the same group.
    pub intercompany_customers: u64,
}

impl Walked {
    /// Lets go of what only the tables of scope values and of single items need, once these are written: it is much.
    pub fn forget_details(&mut self) {
        self.outcomes = Vec::new();
        self.lane_scopes = Vec::new();
        self.customers = Vec::new();
        self.judgements = Vec::new();
    }
}

/// Totals of a customer: only what `as_of` needs.
#[derive(Clone, Debug)]
pub struct CustomerTotals {
    /// Date of the first document.
    pub first_document: Day,
    /// Date of the first invoice or debit note; `Day::MAX` without one.
    pub first_sale: Day,
    /// Open items at `as_of`.
    pub balance: Balance,
    /// By balance date, oldest first, only those on which something was open.
    pub nets: Box<[(u32, Net)]>,
    /// By the first interval of each stretch, oldest first, only those in which something happened.
    pub flows: Box<[(u32, Flow)]>,
    /// By the first interval of each stretch, balance days of those in which something was open.
    pub balance_days: Box<[(u32, i128)]>,
    /// What the shortened window leaves out.
    pub before_first_sale: Option<Box<BeforeFirstSale>>,
    /// How things stand at `as_of`.
    pub standing: Standing,
    /// By position of the window, what happened in it; only the windows that are published for customers.
    pub collections: Vec<(u8, Collections)>,
    /// Where its outcomes stand in [`Walked::outcomes`].
    pub outcomes: std::ops::Range<u32>,
}

/// What to compute.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Aging buckets.
    pub buckets: Buckets,
    /// Whether customers of the same group are counted like others.
    pub include_intercompany: bool,
    /// Whether every window is kept for customers, not only the default one.
    pub all_for_customers: bool,
    /// Pairs of scopes beside the single ones.
    pub scope_pairs: Vec<Scope>,
    /// Days after the due date on which an item still counts as paid on time.
    pub on_time_grace_days: i32,
    /// Threads; the result is the same for any number.
    pub threads: usize,
}

/// Walks the book. `progress` is told how many customers are done.
pub fn walk(book: &Book, timeline: &Timeline, options: &WalkOptions, progress: &(dyn Fn(u64) + Sync)) -> Walked {
    let plan = Plan::new(book, timeline, options);
    let next_chunk = AtomicUsize::new(0);
    let walks: Vec<Walk> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..options.threads.max(1))
            .map(|_| {
                scope.spawn(|| {
                    let mut worker = Worker::new(&plan);
                    loop {
                        let chunk = next_chunk.fetch_add(1, Ordering::Relaxed);
                        let Some(customers) = plan.chunks.get(chunk) else { break };
                        worker.run(chunk, customers.clone());
                        progress(customers.len() as u64);
                    }
                    Walk { totals: worker.totals, chunks: worker.chunks, intercompany_customers: worker.intercompany_customers }
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    merge(plan, walks)
}

/// What every worker reads.
struct Plan<'a> {
    book: &'a Book,
    timeline: &'a Timeline,
    options: &'a WalkOptions,
    scopes: ScopeTable,
    /// First document and first sale of each scope value.
    firsts: Vec<(Day, Day)>,
    /// Scope values that hold the same items as their company: their totals are the company's.
    same_as_company: Vec<bool>,
    /// First balance date and first interval that a customer's own row needs.
    customer_begin: (usize, usize),
    /// Rate of each currency on each balance date; empty for the base currency.
    rates: Vec<Vec<i64>>,
    chunks: Vec<std::ops::Range<usize>>,
    /// The labelled scopes and the pairs.
    scope_order: Vec<Scope>,
    roll_shape: RollShape,
    /// Number of months that are followed as cohorts.
    cohorts: usize,
    behaviour: Calendar,
    /// First day that matters to behaviour.
    behaviour_start: Day,
    /// For each balance date its position among the dates of behaviour.
    behaviour_of_date: Vec<Option<usize>>,
    /// Positions of the windows that customers have rows for.
    customer_windows: Vec<usize>,
    /// For each interval the first of the stretch that is kept of a customer as one: nothing that is published of customers
    /// begins inside it.
    customer_stretches: Vec<usize>,
    /// Whether the group is more than its one company.
    has_group: bool,
}

impl<'a> Plan<'a> {
    fn new(book: &'a Book, timeline: &'a Timeline, options: &'a WalkOptions) -> Self {
        let rates = (0..book.rates.len())
            .map(|currency| {
                let currency = u16::try_from(currency).expect("a book has fewer than 65,536 currencies");
                let on = |day: &Day| book.rates.on(currency, *day).unwrap_or(0);
                if currency == book.rates.base() { Vec::new() } else { timeline.balance_dates.iter().map(on).collect() }
            })
            .collect();
        let behaviour = Calendar::new(timeline.behaviour_dates());
        let position = |day: &Day| behaviour.dates.iter().position(|date| date == day);
        let behaviour_of_date = timeline.balance_dates.iter().map(position).collect();
        let default_window = |window: &usize| options.all_for_customers || Window::ALL[*window] == Window::Trailing3Months;
        let mut plan = Plan {
            scope_order: Scope::LABELLED.into_iter().chain(options.scope_pairs.iter().copied()).collect(),
            roll_shape: RollShape { buckets: options.buckets.unapplied(), periods: timeline.period_ends.len() },
            cohorts: timeline.cohort_months().len(),
            behaviour_start: Window::Trailing12Months.start(behaviour.dates[BEHAVIOUR_DATES - 1]),
            behaviour,
            behaviour_of_date,
            customer_stretches: customer_stretches(timeline, options.all_for_customers),
            customer_windows: (0..Window::ALL.len()).filter(default_window).collect(),
            book,
            timeline,
            options,
            scopes: ScopeTable::default(),
            firsts: Vec::new(),
            same_as_company: Vec::new(),
            customer_begin: customer_begin(timeline, options.all_for_customers),
            rates,
            chunks: chunks(book),
            has_group: book.companies.len() > 1,
        };
        plan.discover_scopes();
        plan.find_same_as_company();
        plan
    }

    /// A scope with one value in a company says nothing that the company does not: its sums are made once.
    fn find_same_as_company(&mut self) {
        let mut values: std::collections::HashMap<(Option<u32>, Scope), u32> = std::collections::HashMap::new();
        for value in &self.scopes.values {
            *values.entry((value.company, value.scope)).or_default() += 1;
        }
        let is_same = |value: &ScopeValue| value.scope != Scope::Company && values[&(value.company, value.scope)] == 1;
        self.same_as_company = self.scopes.values.iter().map(is_same).collect();
    }

    /// Numbers the scope values and finds their first document and first sale.
    fn discover_scopes(&mut self) {
        for customer in 0..self.book.customers.len() {
            if self.leaves_out(customer) {
                continue;
            }
            let mut last: Option<(LaneKey, Vec<u32>)> = None;
            for index in self.book.items_of(customer) {
                let item = &self.book.items[*index as usize];
                if item.document_date > self.timeline.as_of {
                    continue;
                }
                let key = LaneKey::of(item);
                let numbers = match last.take() {
                    Some((known, numbers)) if known == key => numbers,
                    _ => self.number_scopes(customer, &key),
                };
                for number in &numbers {
                    let (document, sale) = &mut self.firsts[*number as usize];
                    *document = (*document).min(item.document_date);
                    if item.document_type.is_sale() {
                        *sale = (*sale).min(item.document_date);
                    }
                }
                last = Some((key, numbers));
            }
        }
    }

    /// Numbers of a lane's scope values and of the group's.
    fn number_scopes(&mut self, customer: usize, key: &LaneKey) -> Vec<u32> {
        let owner = &self.book.customers[customer];
        let mut numbers = Vec::with_capacity(2 * self.scope_order.len());
        for company in [Some(owner.company), None] {
            for scope in self.scope_order.clone() {
                let value = key.value(owner, scope);
                numbers.push(self.scopes.number(ScopeValue { company, scope, value }));
            }
        }
        self.firsts.resize(self.scopes.values.len(), (Day::MAX, Day::MAX));
        numbers
    }

    fn find_scopes(&self, customer: usize, key: &LaneKey, numbers: &mut Vec<u32>) {
        let owner = &self.book.customers[customer];
        numbers.clear();
        for company in [Some(owner.company), None] {
            for scope in &self.scope_order {
                let value = ScopeValue { company, scope: *scope, value: key.value(owner, *scope) };
                numbers.push(self.scopes.find(&value).expect("scope values were discovered from the same items"));
            }
        }
    }

    fn leaves_out(&self, customer: usize) -> bool {
        self.book.customers[customer].is_intercompany && !self.options.include_intercompany
    }

    fn empty_totals(&self) -> ScopeTotals {
        ScopeTotals::new(self.roll_shape, self.timeline.balance_dates.len(), self.timeline.interval_starts.len(), self.cohorts)
    }
}

/// First balance date and first interval of the windows that are published for customers, and of the roll-forward.
fn customer_begin(timeline: &Timeline, all_windows: bool) -> (usize, usize) {
    let window = if all_windows { Window::Trailing12Months } else { Window::Trailing3Months };
    let start = window.start(timeline.as_of).min(Timeline::month_end_before(timeline.as_of) + 1);
    (timeline.balance_date(start - 1), timeline.interval(start))
}

/// For each interval the first of its stretch: stretches begin with the windows of customers and with the roll-forward.
fn customer_stretches(timeline: &Timeline, all_windows: bool) -> Vec<usize> {
    let windows = Window::ALL.into_iter().filter(|window| all_windows || *window == Window::Trailing3Months);
    let mut begins: Vec<usize> = windows.map(|window| timeline.interval(window.start(timeline.as_of))).collect();
    begins.push(timeline.interval(Timeline::month_end_before(timeline.as_of) + 1));
    begins.sort_unstable();
    (0..timeline.interval_starts.len())
        .map(|interval| begins.iter().rev().find(|begin| **begin <= interval).copied().unwrap_or(0))
        .collect()
}

/// Runs of customers with about the same number of items, many more than threads.
fn chunks(book: &Book) -> Vec<std::ops::Range<usize>> {
    const CHUNKS: usize = 256;
    let per_chunk = (book.items.len() / CHUNKS).max(1);
    let mut chunks = Vec::new();
    let (mut start, mut items) = (0, 0);
    for customer in 0..book.customers.len() {
        items += book.items_of(customer).len();
        if items >= per_chunk || customer + 1 - start >= 65_536 {
            chunks.push(start..customer + 1);
            (start, items) = (customer + 1, 0);
        }
    }
    if start < book.customers.len() {
        chunks.push(start..book.customers.len());
    }
    chunks
}

/// What one chunk of customers gives, in the order of the customers.
#[derive(Default)]
struct Chunk {
    number: usize,
    customers: Vec<(ScopeValue, CustomerTotals)>,
    open_items: Vec<OpenItem>,
    outcomes: Vec<Outcome>,
    lane_scopes: Vec<Vec<u32>>,
    judgements: Vec<(u32, Judgement)>,
}

/// What one worker gives.
struct Walk {
    /// By number of the scope value.
    totals: Vec<Option<Box<ScopeTotals>>>,
    chunks: Vec<Chunk>,
    intercompany_customers: u64,
}

struct Worker<'a> {
    plan: &'a Plan<'a>,
    totals: Vec<Option<Box<ScopeTotals>>>,
    lanes: Vec<Lane>,
    lanes_used: usize,
    chunks: Vec<Chunk>,
    chunk: Chunk,
    intercompany_customers: u64,
    moved: bool,
    settlement: Settlement,
    history: History,
    /// The balance dates on which the item at hand is open, if it is a debit.
    open_values: Vec<OpenValue>,
}

impl<'a> Worker<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        Worker {
            plan,
            totals: (0..plan.scopes.values.len()).map(|_| None).collect(),
            lanes: Vec::new(),
            lanes_used: 0,
            chunks: Vec::new(),
            chunk: Chunk::default(),
            intercompany_customers: 0,
            moved: false,
            settlement: Settlement::default(),
            history: History::default(),
            open_values: Vec::new(),
        }
    }

    fn run(&mut self, number: usize, customers: std::ops::Range<usize>) {
        // Memory that is reserved and not written costs nothing, memory that grows is copied.
        let items = customers.clone().map(|customer| self.plan.book.items_of(customer).len()).sum();
        self.chunk = Chunk { number, outcomes: Vec::with_capacity(items), ..Chunk::default() };
        for customer in customers {
            self.customer(customer);
        }
        self.chunks.push(std::mem::take(&mut self.chunk));
    }

    fn customer(&mut self, customer: usize) {
        if self.plan.leaves_out(customer) {
            self.intercompany_customers += 1;
            return;
        }
        self.moved = false;
        self.history = History { first_sale: Day::MAX, ..History::default() };
        let first_outcome = self.chunk.outcomes.len();
        let (mut first_document, mut first_sale) = (Day::MAX, Day::MAX);
        for index in self.plan.book.items_of(customer) {
            let item = &self.plan.book.items[*index as usize];
            if item.document_date > self.plan.timeline.as_of {
                continue;
            }
            first_document = first_document.min(item.document_date);
            if item.document_type.is_sale() {
                first_sale = first_sale.min(item.document_date);
            }
            let lane = self.lane(customer, LaneKey::of(item), false);
            self.item(lane, *index, item);
        }
        if first_document == Day::MAX {
            return;
        }
        self.promises(customer, first_sale);
        self.add_concentration();
        self.add_customer_row(customer, first_document, first_sale, first_outcome);
        if let Some(judgement) = self.plan.behaviour.judge(&self.history) {
            self.chunk.judgements.push((u32::try_from(customer).expect("customers are counted in 32 bits"), judgement));
        }
        for lane in 0..self.lanes_used {
            for (position, scope) in self.plan.scope_order.iter().enumerate() {
                let number = self.lanes[lane].scopes[position];
                if self.plan.same_as_company[number as usize] || (self.lanes[lane].is_of_customer && !scope.is_of_customer()) {
                    continue;
                }
                let totals = self.totals[number as usize].get_or_insert_with(|| Box::new(self.plan.empty_totals()));
                self.lanes[lane].add_to(totals);
            }
            self.lanes[lane].clear();
        }
        self.lanes_used = 0;
    }

    /// The lane of a key among this customer's; a new one where needed.
    fn lane(&mut self, customer: usize, key: LaneKey, is_of_customer: bool) -> usize {
        let is_same = |lane: &Lane| lane.key == key && lane.is_of_customer == is_of_customer;
        if let Some(lane) = self.lanes[..self.lanes_used].iter().position(is_same) {
            return lane;
        }
        if self.lanes_used == self.lanes.len() {
            self.lanes.push(Lane::new(self.plan));
        }
        let lane = &mut self.lanes[self.lanes_used];
        self.plan.find_scopes(customer, &key, &mut lane.scopes);
        lane.key = key;
        lane.is_of_customer = is_of_customer;
        lane.number = u32::try_from(self.chunk.lane_scopes.len()).expect("lanes are counted in 32 bits");
        self.chunk.lane_scopes.push(lane.scopes.clone());
        // A scope value without any sale shortens no window.
        let firsts = lane.scopes.iter().map(|number| self.plan.firsts[*number as usize].1).filter(|first| *first != Day::MAX);
        lane.latest_first_sale = firsts.max().unwrap_or(Day::MIN);
        self.lanes_used += 1;
        self.lanes_used - 1
    }

    fn item(&mut self, lane: usize, index: ItemIndex, item: &Item) {
        let plan = self.plan;
        let timeline = plan.timeline;
        let window = Window::Trailing3Months.start(timeline.as_of);
        let (moved, lane) = (&mut self.moved, &mut self.lanes[lane]);
        let latest_first_sale = lane.latest_first_sale;

        item_flows(plan, index, item, timeline.as_of, &mut |interval, day, flow| {
            lane.flows.at(interval).add(flow);
            *moved |= day >= window;
        });
        let (open_items, history, open_values) = (&mut self.chunk.open_items, &mut self.history, &mut self.open_values);
        open_values.clear();
        for_each_stretch(plan.book, index, item, timeline.as_of, |from, to, open| {
            balance_days(plan, item, from, to, open, |interval, days| *lane.balance_days.at(interval) += days);
            let historical = plan.book.historical_value(item, open);
            for date in timeline.balance_dates_between(from, to) {
                let closing = closing_value(plan, item, date, open);
                add_net(lane.nets.at(date), item, closing, historical, open);
                let mut value = OpenValue { date, closing, historical, disputed: 0 };
                if let Some(period) = timeline.period_of_balance_date[date] {
                    let day = timeline.balance_dates[date];
                    let (disputed, disputed_closing) = disputed_values(plan, index, item, date, open, closing);
                    value.disputed = disputed;
                    add_balance(lane.balances.at(period), &plan.options.buckets, item, day, [open, closing, historical, disputed_closing]);
                    if day == timeline.as_of {
                        open_items.push(OpenItem { item: index, open, closing, historical, disputed, disputed_closing });
                    }
                }
                if item.document_type.is_debit() {
                    collecting::add_standing(plan, lane, item, value);
                    open_values.push(value);
                    add_open_history(plan, history, item, date, historical);
                }
            }
        });
        if item.document_type.is_debit() {
            collecting::add_transitions(plan, lane, index, item, &self.open_values);
        }
        if item.document_type.is_sale() {
            self.settlement.read(plan.book, index, timeline.as_of);
            self.chunk.outcomes.extend(collecting::add_sale(plan, lane, index, item, &self.settlement));
            collecting::add_history(plan, &mut self.history, index, item, &self.settlement);
        }
        if item.document_date < latest_first_sale {
            self.before_first_sale(index, item);
        }
    }

    /// What the customer promised.
    fn promises(&mut self, customer: usize, first_sale: Day) {
        let plan = self.plan;
        for promise in plan.book.promises_of(customer) {
            let dated = |index: &&ItemIndex| plan.book.items[**index as usize].document_date <= plan.timeline.as_of;
            if let Some(first) = promise.items.iter().find(dated) {
                let item = &plan.book.items[*first as usize];
                let lane = self.lane(customer, LaneKey::of(item), false);
                let items: Vec<ItemIndex> = promise.items.iter().filter(dated).copied().collect();
                collecting::add_promise(plan, &mut self.lanes[lane], promise, &items, item.document_date);
            } else if promise.items.is_empty() && first_sale != Day::MAX {
                let is_sale = |index: &&ItemIndex| {
                    let item = &plan.book.items[**index as usize];
                    item.document_type.is_sale() && item.document_date <= plan.timeline.as_of
                };
                let items: Vec<ItemIndex> = plan.book.items_of(customer).iter().filter(is_sale).copied().collect();
                let Some(first) = items.first() else { continue };
                let key = LaneKey::of(&plan.book.items[*first as usize]);
                let lane = self.lane(customer, key, true);
                collecting::add_promise(plan, &mut self.lanes[lane], promise, &items, first_sale);
            }
        }
    }

    /// Adds what an item did before the first sale of the scope values it belongs to.
    fn before_first_sale(&mut self, index: ItemIndex, item: &Item) {
        let customer = item.customer as usize;
        let mut numbers = Vec::new();
        self.plan.find_scopes(customer, &LaneKey::of(item), &mut numbers);
        for number in numbers {
            let first_sale = self.plan.firsts[number as usize].1;
            if !self.plan.same_as_company[number as usize] && first_sale != Day::MAX && item.document_date < first_sale {
                let before = before_first_sale(self.plan, index, item, first_sale);
                let totals = self.totals[number as usize].get_or_insert_with(|| Box::new(self.plan.empty_totals()));
                totals.add_before_first_sale(&before);
            }
        }
    }

    /// Adds the customer's position at each period end to the scope values it has one in.
    fn add_concentration(&mut self) {
        let lanes = &self.lanes[..self.lanes_used];
        for period in 0..self.plan.timeline.period_ends.len() {
            if !lanes.iter().any(|lane| lane.balances.is_touched(period)) {
                continue;
            }
            for position in 0..self.plan.scope_order.len() {
                for (at, lane) in lanes.iter().enumerate() {
                    let number = lane.scopes[position];
                    if self.plan.same_as_company[number as usize] {
                        continue;
                    }
                    if lanes[..at].iter().any(|earlier| earlier.scopes[position] == number) {
                        continue;
                    }
                    let (mut net, mut overdue) = (0_i128, 0_i128);
                    for same in lanes[at..].iter().filter(|same| same.scopes[position] == number) {
                        let balance = same.balances.get(period);
                        net += balance.debit - balance.credit;
                        overdue += balance.overdue;
                    }
                    let totals = self.totals[number as usize].get_or_insert_with(|| Box::new(self.plan.empty_totals()));
                    totals.concentrations[period].add_customer(narrow(net), narrow(overdue));
                }
            }
        }
    }

    /// Keeps the customer's own totals where it has an open item now or moved in the default window.
    fn add_customer_row(&mut self, customer: usize, first_document: Day, first_sale: Day, first_outcome: usize) {
        let lanes = &self.lanes[..self.lanes_used];
        let last = self.plan.timeline.period_ends.len() - 1;
        let is_open = lanes.iter().any(|lane| lane.balances.is_touched(last));
        if !is_open && !self.moved {
            return;
        }
        let mut balance = Balance::default();
        let mut standing = Standing::default();
        for lane in lanes {
            balance.add(lane.balances.get(last));
            standing.add(lane.standings.get(last));
        }
        let (first_date, first_interval) = self.plan.customer_begin;
        let stretch_of = |interval: usize| self.plan.customer_stretches[interval];
        let nets = merged(lanes, first_date, |date| date, |lane| &lane.nets, |sum: &mut Net, net| sum.add(net));
        let flows = merged(lanes, first_interval, stretch_of, |lane| &lane.flows, |sum: &mut Flow, flow| sum.add(flow));
        let balance_days = merged(lanes, first_interval, stretch_of, |lane| &lane.balance_days, |sum: &mut i128, days| *sum += days);
        let collections = self.customer_collections();
        let before_first_sale = self.customer_before_first_sale(customer, first_document, first_sale);
        let value =
            ScopeValue { company: Some(self.plan.book.customers[customer].company), scope: Scope::Customer, value: customer as u64 };
        let position = |at: usize| u32::try_from(at).expect("items are counted in 32 bits");
        let outcomes = position(first_outcome)..position(self.chunk.outcomes.len());
        let totals = CustomerTotals {
            first_document,
            first_sale,
            balance,
            nets,
            flows,
            balance_days,
            before_first_sale,
            standing,
            collections,
            outcomes,
        };
        self.chunk.customers.push((value, totals));
    }

    /// What happened in each window that customers have rows for.
    fn customer_collections(&self) -> Vec<(u8, Collections)> {
        let timeline = self.plan.timeline;
        let last = timeline.period_ends.len() - 1;
        let sum = |window: &usize| {
            let mut sum = Collections::default();
            let intervals = timeline.intervals(timeline.window_starts(last)[*window], timeline.as_of);
            let window = u8::try_from(*window).expect("windows are four");
            let key = (u32::try_from(last).expect("periods are few"), window);
            for lane in &self.lanes[..self.lanes_used] {
                for interval in intervals.clone().filter(|interval| lane.collections.is_touched(*interval)) {
                    sum.add(lane.collections.get(interval));
                }
                if let Some(correction) = lane.corrections.get(&key) {
                    sum.add(correction);
                }
            }
            (window, sum)
        };
        self.plan.customer_windows.iter().map(sum).collect()
    }

    fn customer_before_first_sale(&self, customer: usize, first_document: Day, first_sale: Day) -> Option<Box<BeforeFirstSale>> {
        if first_sale == Day::MAX || first_document >= first_sale {
            return None;
        }
        let mut sum = ScopeTotals::new(RollShape { buckets: 0, periods: 0 }, 0, 0, 0);
        for index in self.plan.book.items_of(customer) {
            let item = &self.plan.book.items[*index as usize];
            if item.document_date < first_sale {
                sum.add_before_first_sale(&before_first_sale(self.plan, *index, item, first_sale));
            }
        }
        sum.before_first_sale
    }
}

/// Sums a touched part of several lanes from position `first` on, under the position that `place` gives each.
fn merged<T: Clone + Default>(
    lanes: &[Lane],
    first: usize,
    place: impl Fn(usize) -> usize,
    part: impl Fn(&Lane) -> &lane::Touched<T>,
    add: impl Fn(&mut T, &T),
) -> Box<[(u32, T)]> {
    let positions = lanes.first().map_or(0, |lane| part(lane).len());
    let mut sums: Vec<(u32, T)> = Vec::new();
    for position in first..positions {
        for lane in lanes.iter().map(&part).filter(|lane| lane.is_touched(position)) {
            let place = u32::try_from(place(position)).expect("positions are counted in 32 bits");
            if sums.last().is_none_or(|(last, _)| *last != place) {
                sums.push((place, T::default()));
            }
            if let Some((_, sum)) = sums.last_mut() {
                add(sum, lane.get(position));
            }
        }
    }
    sums.into_boxed_slice()
}

/// Adds what of an open debit item matters to its customer's behaviour.
fn add_open_history(plan: &Plan, history: &mut History, item: &Item, date: usize, historical: i64) {
    if let Some(at) = plan.behaviour_of_date[date].filter(|_| item.document_type.is_sale()) {
        history.open[at] += i128::from(historical);
        if item.due_date != NO_DATE && plan.timeline.balance_dates[date] - item.due_date > AT_RISK_DAYS {
            history.long_overdue[at] += i128::from(historical);
        }
    }
}

fn merge(plan: Plan, walks: Vec<Walk>) -> Walked {
    let mut totals: Vec<Option<Box<ScopeTotals>>> = (0..plan.scopes.values.len()).map(|_| None).collect();
    let (mut chunks, mut intercompany_customers) = (Vec::new(), 0);
    for walk in walks {
        intercompany_customers += walk.intercompany_customers;
        chunks.extend(walk.chunks);
        for (sum, part) in totals.iter_mut().zip(walk.totals) {
            match (sum.as_mut(), part) {
                (Some(sum), Some(part)) => {
                    sum.add(&part);
                    if let Some(before) = &part.before_first_sale {
                        sum.add_before_first_sale(before);
                    }
                }
                (None, Some(part)) => *sum = Some(part),
                (_, None) => {}
            }
        }
    }
    add_group(&plan, &mut totals);
    let mut walked = Walked {
        scopes: seal(&plan, totals),
        customers: Vec::new(),
        open_items: Vec::new(),
        outcomes: Vec::new(),
        lane_scopes: Vec::new(),
        scope_order: plan.scope_order,
        scope_numbers: plan.scopes,
        judgements: Vec::new(),
        roll_shape: plan.roll_shape,
        intercompany_customers,
    };
    chunks.sort_by_key(|chunk: &Chunk| chunk.number);
    walked.outcomes.reserve_exact(chunks.iter().map(|chunk| chunk.outcomes.len()).sum());
    for chunk in chunks {
        let position = |at: usize| u32::try_from(at).expect("items and lanes are counted in 32 bits");
        let (outcomes, lanes) = (position(walked.outcomes.len()), position(walked.lane_scopes.len()));
        walked.outcomes.extend(chunk.outcomes.into_iter().map(|outcome| Outcome { lane: outcome.lane + lanes, ..outcome }));
        walked.lane_scopes.extend(chunk.lane_scopes);
        walked.open_items.extend(chunk.open_items);
        walked.judgements.extend(chunk.judgements);
        walked.customers.extend(chunk.customers.into_iter().map(|(value, mut totals)| {
            totals.outcomes = totals.outcomes.start + outcomes..totals.outcomes.end + outcomes;
            (value, totals)
        }));
    }
    walked
}

/// The group is the sum of its companies. (What came before its first sale was collected on the way, because the group's
/// first sale is not each company's.) A group of one company is that company: see [`seal`].
fn add_group(plan: &Plan, totals: &mut [Option<Box<ScopeTotals>>]) {
    if !plan.has_group {
        return;
    }
    for (number, value) in plan.scopes.values.iter().enumerate() {
        let group = group_of(plan, value);
        if value.company.is_none() || plan.same_as_company[group] {
            continue;
        }
        let of_company = if plan.same_as_company[number] { company_of(plan, value) } else { number };
        if let Some(company) = totals[of_company].take() {
            totals[group].get_or_insert_with(|| Box::new(plan.empty_totals())).add(&company);
            totals[of_company] = Some(company);
        }
    }
}

fn group_of(plan: &Plan, value: &ScopeValue) -> usize {
    plan.scopes.find(&ScopeValue { company: None, ..*value }).expect("the group's values are numbered with the company's") as usize
}

fn company_of(plan: &Plan, value: &ScopeValue) -> usize {
    let company = ScopeValue { scope: Scope::Company, value: 0, ..*value };
    plan.scopes.find(&company).expect("a company's value is numbered with its other scopes'") as usize
}

/// Seals every total once and shares it with the scope values that hold the same items.
fn seal(plan: &Plan, totals: Vec<Option<Box<ScopeTotals>>>) -> Vec<(ScopeValue, Arc<SealedTotals>)> {
    let sealed: Vec<Option<Arc<SealedTotals>>> = totals
        .into_par_iter()
        .enumerate()
        .map(|(number, totals)| {
            let (first_document, first_sale) = plan.firsts[number];
            totals.map(|totals| Arc::new(totals.seal(first_document, first_sale)))
        })
        .collect();
    let source = |value: &ScopeValue| -> usize {
        // A group of one company holds what that company holds.
        let value = if value.company.is_none() && !plan.has_group { ScopeValue { company: Some(0), ..*value } } else { *value };
        let number = plan.scopes.find(&value).expect("every value is numbered") as usize;
        if plan.same_as_company[number] { company_of(plan, &value) } else { number }
    };
    let values = plan.scopes.values.iter().filter_map(|value| Some((*value, sealed[source(value)].clone()?)));
    values.collect()
}

/// Calls `action(from, to, open)` for each stretch of days up to `last` on which an item was open with the same amount.
fn for_each_stretch(book: &Book, index: ItemIndex, item: &Item, last: Day, mut action: impl FnMut(Day, Day, i64)) {
    let (mut open, mut from) = (item.amount, item.document_date);
    for application in book.applications_of(index).take_while(|application| application.visible_date <= last) {
        if application.visible_date > from {
            if open != 0 {
                action(from, application.visible_date - 1, open);
            }
            from = application.visible_date;
        }
        open -= application.part_of(item);
    }
    if open != 0 && from <= last {
        action(from, last, open);
    }
}

/// Calls `add(interval, day, flow)` for each thing that an item did up to `last`.
fn item_flows(plan: &Plan, index: ItemIndex, item: &Item, last: Day, add: &mut impl FnMut(usize, Day, &Flow)) {
    let book = plan.book;
    let sign = if item.document_type.is_debit() { 1 } else { -1 };
    let interval = plan.timeline.interval(item.document_date);
    let value = book.historical_value(item, item.amount);
    let mut dated = Flow { documents_document: i128::from(sign * item.amount), ..Flow::default() };
    dated.documents[item.document_type as usize] = i128::from(value);
    if item.is_first_item {
        dated.invoice_documents = i128::from(item.document_type == DocumentType::Invoice);
        dated.credit_note_documents = i128::from(item.document_type == DocumentType::CreditNote);
    }
    if item.document_type.is_sale() && item.due_date != NO_DATE {
        dated.terms_amount = i128::from(value);
        dated.terms_weighted = i128::from(value) * i128::from(item.due_date - item.document_date);
    }
    add(interval, item.document_date, &dated);

    for application in book.applications_of(index).take_while(|application| application.visible_date <= last) {
        let flow = application_flow(plan, item, application);
        add(plan.timeline.interval(application.visible_date), application.visible_date, &flow);
        if flow.write_offs != 0 && item.document_type.is_sale() {
            add(interval, item.document_date, &Flow { cohort_write_offs: flow.write_offs, ..Flow::default() });
        }
    }
}

/// What one application does to one of its two items.
fn application_flow(plan: &Plan, item: &Item, application: &Application) -> Flow {
    let book = plan.book;
    let is_debit = item.document_type.is_debit();
    let other = &book.items[if is_debit { application.credit } else { application.debit } as usize];
    let part = application.part_of(item);
    let value = i128::from(book.historical_value(item, part));
    let signed = if is_debit { -value } else { value };
    let crosses_company = plan.leaves_out(other.customer as usize);
    let crosses_currency = crosses_company || other.currency != item.currency;
    let crosses_customer = crosses_company || other.customer != item.customer;
    let converted = item.currency != book.rates.base() || item.base_amount != super::book::NO_AMOUNT;
    let when = |condition: bool, amount: i128| if condition { amount } else { 0 };
    Flow {
        applied: signed,
        transfer_company: when(crosses_company, signed),
        transfer_currency: when(crosses_currency, signed),
        transfer_customer: when(crosses_customer, signed),
        transfer_document: when(crosses_currency, i128::from(if is_debit { -part } else { part })),
        cash: when(item.document_type.is_sale() && other.document_type == DocumentType::Receipt, value),
        write_offs: when(is_debit && other.document_type == DocumentType::WriteOff, value),
        rounded_slices: u64::from(converted),
        ..Flow::default()
    }
}

/// Calls `add(interval, balance × rate summed over its days)` for a stretch, signed by side; scale 14, unrounded.
fn balance_days(plan: &Plan, item: &Item, from: Day, to: Day, open: i64, mut add: impl FnMut(usize, i128)) {
    let signed = i128::from(if item.document_type.is_debit() { open } else { -open });
    let last = plan.timeline.interval(to);
    for interval in plan.timeline.interval(from)..=last {
        let start = plan.timeline.interval_starts[interval].max(from);
        let end = plan.timeline.interval_end(interval).min(to);
        add(interval, signed * plan.book.rates.sum_between(item.currency, start, end));
    }
}

fn closing_value(plan: &Plan, item: &Item, date: usize, open: i64) -> i64 {
    match plan.rates[usize::from(item.currency)].get(date) {
        None => open,
        Some(rate) => super::money::convert(open, *rate, plan.book.rates.base_unit()),
    }
}

fn disputed_values(plan: &Plan, index: ItemIndex, item: &Item, date: usize, open: i64, closing: i64) -> (i64, i64) {
    if !item.has_disputes || !item.document_type.is_debit() {
        return (0, 0);
    }
    match plan.book.disputed(index, open, plan.timeline.balance_dates[date]) {
        disputed if disputed == open => (open, closing),
        disputed => (disputed, closing_value(plan, item, date, disputed)),
    }
}

fn add_net(net: &mut Net, item: &Item, closing: i64, historical: i64, open: i64) {
    let sign = if item.document_type.is_debit() { 1 } else { -1 };
    net.closing += i128::from(sign * closing);
    net.historical += i128::from(sign * historical);
    net.document += i128::from(sign * open);
}

/// Adds one open item to a balance; `values` are open, closing, historical and disputed at closing rate.
fn add_balance(balance: &mut Balance, buckets: &Buckets, item: &Item, day: Day, values: [i64; 4]) {
    let [open, closing, historical, disputed] = values.map(i128::from);
    if !item.document_type.is_debit() {
        balance.credit += closing;
        balance.credit_historical += historical;
        balance.credit_document += open;
        balance.due_amounts[buckets.unapplied()] -= closing;
        balance.due_items[buckets.unapplied()] += 1;
        balance.document_amounts[buckets.unapplied()] -= closing;
        balance.document_items[buckets.unapplied()] += 1;
        return;
    }
    let age = day - item.document_date;
    let days_past_due = (item.due_date != NO_DATE).then(|| day - item.due_date);
    balance.debit += closing;
    balance.debit_historical += historical;
    balance.debit_document += open;
    balance.age_weighted += closing * i128::from(age);
    balance.disputed += disputed;
    match days_past_due {
        Some(days) if days <= 0 => balance.not_due += closing,
        Some(days) => {
            balance.overdue += closing;
            balance.disputed_overdue += disputed;
            if days >= 91 {
                balance.over_90 += closing;
                balance.disputed_over_90 += disputed;
            }
        }
        None => {}
    }
    let due = buckets.by_due_date(days_past_due);
    balance.due_amounts[due] += closing;
    balance.due_items[due] += 1;
    let document = buckets.by_document_date(age);
    balance.document_amounts[document] += closing;
    balance.document_items[document] += 1;
}

/// What an item did before `first_sale`, and what of it was open on the day before.
fn before_first_sale(plan: &Plan, index: ItemIndex, item: &Item, first_sale: Day) -> BeforeFirstSale {
    let last = (first_sale - 1).min(plan.timeline.as_of);
    let mut before = BeforeFirstSale::default();
    item_flows(plan, index, item, last, &mut |interval, _, flow| before.flows.entry(interval).or_default().add(flow));
    let mut opening = 0_i64;
    for_each_stretch(plan.book, index, item, last, |from, to, open| {
        balance_days(plan, item, from, to, open, |interval, days| *before.balance_days.entry(interval).or_default() += days);
        if to == last {
            let sign = if item.document_type.is_debit() { 1 } else { -1 };
            opening = sign * plan.book.rates.value_on(item.currency, last, open);
        }
    });
    before.opening = i128::from(opening);
    before
}
