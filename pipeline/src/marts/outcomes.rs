//! Outcomes by scope value: which items a payment curve or a distribution of delays is made from, and the exact counts
//! that they need.

use super::measures::{ScopeRow, Totals};
use crate::ledger::calendar::{Day, Window};
use crate::ledger::outcomes::Outcome;
use crate::ledger::scopes::{Scope, ScopeValue};
use crate::ledger::settlement::Cause;
use crate::ledger::timeline::Timeline;
use crate::ledger::walk::Walked;
use arrears_models::survival::{CurveDay, Exits, payment_curve};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The outcomes of every value of one scope of one company, or of the group.
pub struct ByScopeValue<'a> {
    walked: &'a Walked,
    /// Positions of outcomes, by scope value; within one in the order of the ledger's customers.
    positions: Vec<u32>,
    /// Where each scope value's begin, by its number; one longer than the values.
    starts: Vec<u32>,
}

/// Where each company's outcomes stand: customers are sorted by company.
pub fn company_ranges(walked: &Walked) -> HashMap<u32, Range<usize>> {
    let mut ranges: HashMap<u32, Range<usize>> = HashMap::new();
    for (position, outcome) in walked.outcomes.iter().enumerate() {
        let number = walked.lane_scopes[outcome.lane as usize][0];
        let company = walked.scope_numbers.values[number as usize].company.unwrap_or_default();
        ranges.entry(company).or_insert(position..position).end = position + 1;
    }
    ranges
}

impl<'a> ByScopeValue<'a> {
    /// Groups the outcomes of a company, or of all companies, by the values of a scope.
    pub fn new(walked: &'a Walked, company: Option<u32>, scope: Scope, companies: &HashMap<u32, Range<usize>>) -> Self {
        let within = match company {
            None => 0..walked.outcomes.len(),
            Some(company) => companies.get(&company).cloned().unwrap_or_default(),
        };
        let offset = if company.is_none() { walked.scope_order.len() } else { 0 };
        let at = offset + walked.scope_order.iter().position(|known| *known == scope).expect("only labelled scopes are grouped by");
        let number = |position: usize| walked.lane_scopes[walked.outcomes[position].lane as usize][at] as usize;
        // A counting sort by the number of the scope value.
        let mut starts = vec![0_u32; walked.scope_numbers.values.len() + 1];
        for position in within.clone() {
            starts[number(position) + 1] += 1;
        }
        for value in 1..starts.len() {
            starts[value] += starts[value - 1];
        }
        let mut next = starts.clone();
        let mut positions = vec![0; within.len()];
        for position in within {
            let slot = &mut next[number(position)];
            positions[*slot as usize] = u32::try_from(position).expect("items are counted in 32 bits");
            *slot += 1;
        }
        ByScopeValue { walked, positions, starts }
    }

    /// The outcomes of a scope value.
    pub fn of(&self, value: &ScopeValue) -> impl Iterator<Item = &'a Outcome> + Clone + use<'_, 'a> {
        let number = self.walked.scope_numbers.find(value).map(|number| number as usize);
        let range = number.map_or(0..0, |number| self.starts[number] as usize..self.starts[number + 1] as usize);
        let walked = self.walked;
        self.positions[range].iter().map(move |position| &walked.outcomes[*position as usize])
    }
}

/// The outcomes of a customer.
pub fn of_customer<'a>(walked: &'a Walked, row: &ScopeRow) -> &'a [Outcome] {
    match row.totals {
        Totals::Customer(totals) => &walked.outcomes[totals.outcomes.start as usize..totals.outcomes.end as usize],
        Totals::All(_) => &[],
    }
}

/// How outcomes enter and leave observation, by age, before any weighting.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// By age.
    exits: Vec<Exits>,
    /// Weight by the age from which on it is observed, for items older than the history.
    late: BTreeMap<u32, i128>,
    /// Items that entered.
    pub items: u64,
}

impl Observed {
    /// Adds an item with a weight. One that had left before the history starts is not observed.
    pub fn add(&mut self, outcome: &Outcome, weight: i128, history_start: Option<Day>) {
        let age = u32::try_from(outcome.age).expect("an item is not settled before its date");
        if let Some(start) = history_start.filter(|start| outcome.document_date < *start) {
            let entry = u32::try_from(start - outcome.document_date).expect("the date is before the start");
            if age <= entry {
                return;
            }
            *self.late.entry(entry).or_default() += weight;
        }
        self.items += 1;
        let position = age as usize;
        if self.exits.len() <= position {
            self.exits.resize(position + 1, Exits::default());
        }
        let exits = &mut self.exits[position];
        match (outcome.is_settled(), outcome.cause) {
            (false, _) => exits.censored += weight,
            (true, Cause::Cash) => exits.cash += weight,
            (true, Cause::Credit) => exits.credit += weight,
            (true, Cause::WriteOff) => exits.write_off += weight,
        }
    }

    /// The curve.
    pub fn curve(&self) -> Vec<CurveDay> {
        let late: Vec<(u32, i128)> = self.late.iter().map(|(age, weight)| (*age, *weight)).collect();
        payment_curve(&self.exits, &late)
    }
}

/// The two payment curves of a scope value.
pub struct Curves {
    /// Every item weighs 1.
    pub items: Vec<CurveDay>,
    /// Every item weighs its amount.
    pub amount: Vec<CurveDay>,
    /// Whether some item was settled at an age.
    pub has_event: Vec<bool>,
    /// Number of items.
    pub entered: u64,
}

impl Curves {
    /// The curves of some outcomes.
    pub fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>, history_start: Option<Day>) -> Self {
        let (mut items, mut amount) = (Observed::default(), Observed::default());
        for outcome in outcomes {
            items.add(outcome, 1, history_start);
            amount.add(outcome, i128::from(outcome.amount), history_start);
        }
        let has_event = items.exits.iter().map(|exits| exits.cash + exits.credit + exits.write_off > 0).collect();
        Curves { items: items.curve(), amount: amount.curve(), has_event, entered: items.items }
    }
}

/// Number and amount of settled items by days.
pub type ByDays = BTreeMap<i32, (u64, i128)>;

/// Delays and days to pay of the items settled in each window that ends at `as_of`.
#[derive(Default)]
pub struct Delays {
    /// By window, in the order of [`Window::ALL`]: days from the due date.
    pub delay: [ByDays; 4],
    /// By window: days from the document date.
    pub days_to_pay: [ByDays; 4],
    /// Open items.
    pub open_items: u64,
    /// Open items with a due date.
    pub open_items_due: u64,
}

impl Delays {
    /// Those of some outcomes.
    pub fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>, timeline: &Timeline) -> Self {
        let starts = Window::ALL.map(|window| window.start(timeline.as_of));
        let earliest = starts.into_iter().min().unwrap_or(timeline.as_of);
        let mut delays = Delays::default();
        for outcome in outcomes {
            if !outcome.is_settled() {
                delays.open_items += 1;
                delays.open_items_due += u64::from(outcome.has_due_date());
            } else if outcome.has_cash && outcome.settled_date >= earliest {
                delays.add(outcome, &starts);
            }
        }
        delays
    }

    fn add(&mut self, outcome: &Outcome, starts: &[Day; 4]) {
        let add = |by_days: &mut ByDays, days: i32| {
            let (items, amount) = by_days.entry(days).or_default();
            *items += 1;
            *amount += i128::from(outcome.amount);
        };
        for (window, _) in starts.iter().enumerate().filter(|(_, start)| **start <= outcome.settled_date) {
            add(&mut self.days_to_pay[window], outcome.age);
            if outcome.has_due_date() {
                add(&mut self.delay[window], outcome.delay);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::outcomes::{NO_DELAY, NOT_SETTLED};

    fn outcome(age: i32, is_settled: bool, cause: Cause) -> Outcome {
        let settled_date = if is_settled { 1_000 + age } else { NOT_SETTLED };
        Outcome { amount: 10, lane: 0, document_date: 1_000, settled_date, age, delay: NO_DELAY, cause, has_cash: cause == Cause::Cash }
    }

    #[test]
    fn an_item_older_than_the_history_is_observed_from_its_age_then_and_one_settled_before_it_not_at_all() {
        let mut observed = Observed::default();
        observed.add(&outcome(5, true, Cause::Cash), 1, Some(1_005));
        assert_eq!(observed.items, 0);
        observed.add(&outcome(9, true, Cause::Cash), 1, Some(1_005));
        observed.add(&outcome(7, false, Cause::Cash), 1, Some(1_000));
        let curve = observed.curve();
        assert_eq!(curve.iter().map(|day| day.at_risk).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 2, 2, 1, 1]);
        assert_eq!((curve[9].paid, curve[9].survival), (1, 0.0));
    }

    #[test]
    fn credit_and_write_off_end_the_observation_and_are_not_payments() {
        let outcomes = [outcome(3, true, Cause::Credit), outcome(4, true, Cause::WriteOff), outcome(6, true, Cause::Cash)];
        let curves = Curves::of(outcomes.iter(), None);
        assert_eq!(curves.entered, 3);
        assert_eq!(curves.has_event, [false, false, false, true, true, false, true]);
        assert_eq!((curves.items[5].survival, curves.items[6].survival), (1.0, 0.0));
        assert!((curves.items[6].incidence[0] - 1.0 / 3.0).abs() < 1e-12);
    }
}
