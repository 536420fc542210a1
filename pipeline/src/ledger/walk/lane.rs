//! A lane: a customer's items of one account manager, terms and currency, summed before they are added to the scope
//! values they belong to.

use super::Plan;
use crate::ledger::calendar::Day;
use crate::ledger::collections::{Cohort, Collections, Corrections, DisputeSpan, Standing, Transition, add_corrections};
use crate::ledger::scopes::LaneKey;
use crate::ledger::totals::{Balance, Flow, Net, ScopeTotals};

/// Sums by position, and which of them were touched: most are not.
pub(super) struct Touched<T> {
    values: Vec<T>,
    touched: Vec<bool>,
}

impl<T: Clone + Default> Touched<T> {
    fn new(positions: usize) -> Self {
        Touched { values: vec![T::default(); positions], touched: vec![false; positions] }
    }

    /// The sum at a position, to be added to.
    pub fn at(&mut self, position: usize) -> &mut T {
        self.touched[position] = true;
        &mut self.values[position]
    }

    /// The sum at a position, zero where nothing was added.
    pub fn get(&self, position: usize) -> &T {
        &self.values[position]
    }

    pub fn is_touched(&self, position: usize) -> bool {
        self.touched[position]
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    fn for_each(&self, mut action: impl FnMut(usize, &T)) {
        for (position, (value, touched)) in self.values.iter().zip(&self.touched).enumerate() {
            if *touched {
                action(position, value);
            }
        }
    }

    fn clear(&mut self) {
        for (value, touched) in self.values.iter_mut().zip(&mut self.touched) {
            if *touched {
                *value = T::default();
                *touched = false;
            }
        }
    }
}

/// Part of a customer's account.
pub(super) struct Lane {
    pub key: LaneKey,
    /// Whether it holds what belongs to the customer and to no document: only scopes of customers get it.
    pub is_of_customer: bool,
    /// Numbers of its scope values, then of the group's, in the order of the plan's scopes.
    pub scopes: Vec<u32>,
    /// Its number among all lanes.
    pub number: u32,
    /// Latest first sale among the scope values: items before it need a second look.
    pub latest_first_sale: Day,
    pub balances: Touched<Balance>,
    pub nets: Touched<Net>,
    pub flows: Touched<Flow>,
    pub balance_days: Touched<i128>,
    pub standings: Touched<Standing>,
    pub collections: Touched<Collections>,
    pub cohorts: Touched<Cohort>,
    pub corrections: Corrections,
    pub transitions: Vec<Transition>,
    pub disputes: Vec<DisputeSpan>,
}

impl Lane {
    pub fn new(plan: &Plan) -> Self {
        let timeline = plan.timeline;
        let (periods, dates, intervals) = (timeline.period_ends.len(), timeline.balance_dates.len(), timeline.interval_starts.len());
        Lane {
            key: LaneKey { account_manager: 0, payment_terms: 0, currency: 0 },
            is_of_customer: false,
            scopes: Vec::new(),
            number: 0,
            latest_first_sale: Day::MIN,
            balances: Touched::new(periods),
            nets: Touched::new(dates),
            flows: Touched::new(intervals),
            balance_days: Touched::new(intervals),
            standings: Touched::new(periods),
            collections: Touched::new(intervals),
            cohorts: Touched::new(plan.cohorts),
            corrections: Corrections::new(),
            transitions: Vec::new(),
            disputes: Vec::new(),
        }
    }

    pub fn add_to(&self, totals: &mut ScopeTotals) {
        self.balances.for_each(|period, balance| totals.balances[period].add(balance));
        self.nets.for_each(|date, net| totals.nets[date].add(net));
        self.flows.for_each(|interval, flow| totals.flows[interval].add(flow));
        self.balance_days.for_each(|interval, days| totals.balance_days[interval] += days);
        self.standings.for_each(|period, standing| totals.standings[period].add(standing));
        self.collections.for_each(|interval, collections| totals.collections[interval].add(collections));
        self.cohorts.for_each(|month, cohort| totals.cohorts[month].add(cohort));
        add_corrections(&mut totals.corrections, &self.corrections);
        for transition in &self.transitions {
            totals.rolls.add_transition(transition);
        }
        totals.disputes.extend_from_slice(&self.disputes);
    }

    pub fn clear(&mut self) {
        self.balances.clear();
        self.nets.clear();
        self.flows.clear();
        self.balance_days.clear();
        self.standings.clear();
        self.collections.clear();
        self.cohorts.clear();
        self.corrections.clear();
        self.transitions.clear();
        self.disputes.clear();
    }

    /// Adds what holds from `states[i].0` until `states[i + 1].0` to every window in which the day `anchor` lies, as it was
    /// known at the window's end. What is known last goes where it is found by adding intervals; the windows that ended
    /// before get the difference.
    pub fn add_anchored(&mut self, plan: &Plan, anchor: Day, states: &[(Day, Collections)]) {
        let timeline = plan.timeline;
        let Some((_, last)) = states.last() else { return };
        self.collections.at(timeline.interval(anchor)).add(last);
        for pair in states.windows(2) {
            let ((from, state), (until, _)) = (pair[0], pair[1]);
            if state == *last {
                continue;
            }
            let mut difference = state;
            difference.subtract(last);
            let first = timeline.period_ends.partition_point(|end| *end < from.max(anchor));
            let periods = timeline.period_ends.partition_point(|end| *end < until);
            for period in first..periods.max(first) {
                for (window, start) in timeline.window_starts(period).iter().enumerate() {
                    if *start <= anchor {
                        let key = (u32::try_from(period).expect("periods are few"), u8::try_from(window).expect("windows are four"));
                        self.corrections.entry(key).or_default().add(&difference);
                    }
                }
            }
        }
    }
}
