//! The queue: a row for every customer with exposure, a limit, a trigger or a decision that holds, the largest expected loss first.

use super::history::History;
use super::inputs::{ReviewInputs, RiskView};
use super::loss::{affordable, expected_loss};
use super::overrides::{InForce, of_customer};
use super::payments::Paying;
use super::position::{Position, times};
use super::proposal::{Binding, Candidates, Proposal};
use super::review_date::{Cause, Due};
use super::triggers::{Triggers, Watched};
use crate::ledger::book::{CustomerIndex, LabelIndex, Promise};
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{UsualTerms, customer_as_of};
use crate::scoring::grades::Grade;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::HashMap;

/// What people are told of one customer. Amounts are ten-thousandths of base currency.
#[derive(Clone, Debug)]
pub struct Review {
    /// Whom.
    pub customer: CustomerIndex,
    /// 1 for the largest expected loss.
    pub queue_rank: i64,
    /// What is open, ordered, insured, allowed.
    pub position: Position,
    /// What the model says.
    pub risk: RiskView,
    /// The grade that counts: a person's, else the model's.
    pub grade: Grade,
    /// Loss given default, ten-thousandths.
    pub loss_share: i64,
    /// PD × EAD × LGD; `None` where there is no PD.
    pub expected_loss: Option<i128>,
    /// The past year.
    pub history: History,
    /// What may be lost with one customer of the company; `None` where the company sells nothing.
    pub loss_budget: Option<i128>,
    /// What each rule would allow with the grade that counts.
    pub candidates: Candidates,
    /// The proposal with the model's grade, whatever people decided.
    pub model_proposal: Proposal,
    /// The proposal: a person's limit, else that of the rules.
    pub proposal: Proposal,
    /// How the customer pays.
    pub paying: Paying,
    /// What is the matter.
    pub triggers: Triggers,
    /// Days past due of the oldest open item.
    pub worst_days_past_due: Option<i32>,
    /// Promises of the past 90 days of which nothing came.
    pub broken_promises: usize,
    /// When to look again, and why then.
    pub review: (Day, Cause),
    /// What people decided: kind, id, who, why (several joined by ` | `), and the last day on which all of it holds.
    pub decided: Option<Decided>,
}

/// What people decided about a customer and still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub kind: String,
    /// Ids.
    pub id: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Option<Day>,
}

impl Decided {
    fn of(decisions: &InForce) -> Option<Self> {
        Some(Decided {
            kind: decisions.list(|decision| decision.kind.word())?,
            id: decisions.list(|decision| &decision.id)?,
            by: decisions.list(|decision| &decision.made_by)?,
            reason: decisions.list(|decision| &decision.reason)?,
            until: decisions.until(),
        })
    }
}

impl Review {
    /// The company, the customer's id and their order are the book's; this is what comes before them.
    fn rank(&self) -> (bool, Reverse<i128>, Reverse<i128>, CustomerIndex) {
        let loss = self.expected_loss;
        (loss.is_none(), Reverse(loss.unwrap_or(0)), Reverse(self.position.exposure_at_default()), self.customer)
    }
}

/// The reviews of a night, by company and customer id; `queue_rank` has the order of the queue: by expected loss, those without one
/// last, then by exposure at default, company and id.
pub fn credit_reviews(inputs: &ReviewInputs) -> Vec<Review> {
    let night = Night::new(inputs);
    let mut reviews: Vec<Review> = (0..inputs.facts.customers())
        .into_par_iter()
        .filter(|customer| inputs.counts(*customer))
        .filter_map(|customer| night.review(customer))
        .collect();
    let mut order: Vec<usize> = (0..reviews.len()).collect();
    order.sort_by_key(|at| reviews[*at].rank());
    for (rank, at) in (1..).zip(order) {
        reviews[at].queue_rank = rank;
    }
    reviews
}

/// What the reviews of a night have in common.
struct Night<'a> {
    inputs: &'a ReviewInputs<'a>,
    usual_terms: UsualTerms,
    orders: HashMap<CustomerIndex, i128>,
    histories: Vec<History>,
    loss_budgets: Vec<Option<i128>>,
    promises: Vec<Promise>,
}

impl<'a> Night<'a> {
    fn new(inputs: &'a ReviewInputs<'a>) -> Self {
        let ReviewInputs { facts, companies, as_of, .. } = *inputs;
        let history = |customer| if inputs.counts(customer) { History::of(facts, customer, as_of) } else { History::default() };
        let histories: Vec<History> = (0..facts.customers()).into_par_iter().map(history).collect();
        Night {
            usual_terms: UsualTerms::new(facts, as_of, companies.count(), |customer| companies.company(customer)),
            orders: ordered(inputs, as_of),
            loss_budgets: loss_budgets(inputs, &histories),
            histories,
            promises: facts.promises(as_of),
            inputs,
        }
    }

    fn review(&self, customer: usize) -> Option<Review> {
        let ReviewInputs { facts, companies, config, as_of, .. } = *self.inputs;
        let index = CustomerIndex::try_from(customer).expect("customers are counted in 32 bits");
        let risk = &self.inputs.risk[customer];
        let decisions = InForce::of(of_customer(self.inputs.overrides, customer), facts.rates(), as_of);
        let ordered = self.orders.get(&index).copied().unwrap_or(0);
        let position = Position::of(facts, customer, as_of, ordered, &self.inputs.terms[customer]);
        let seen = customer_as_of(facts, customer, as_of, self.usual_terms.of(companies.company(customer)));
        let paying = Paying::of(&seen.payments, as_of);
        let promises = self.promises_of(index);
        let watched = Watched { facts, customer, day: as_of, position: &position, paying: &paying, risk, promises };
        let triggers = watched.triggers();
        let is_in_queue = position.has_exposure() || position.limit.is_some() || triggers.any() || decisions.any();
        if !is_in_queue && self.inputs.terms[customer].credit_limit.is_none() {
            return None;
        }
        let (worst_days_past_due, broken_promises) = (watched.worst_days_past_due(), watched.broken_promises());
        let grade = decisions.grade().unwrap_or(risk.grade());
        let history = self.histories[customer].clone();
        let loss_budget = self.loss_budgets[companies.company(customer)];
        let loss_share = config.loss_share(self.segment(customer));
        let present = position.limit.ok_or(position.limit_reason.unwrap_or("not_supplied"));
        let rules = |grade| {
            let candidates = candidates(self.inputs, &history, grade, risk.chance(), (loss_budget, loss_share));
            (candidates, Proposal::of(&candidates, grade, present, config.limit_step()))
        };
        let (candidates, by_rules) = rules(grade);
        let (_, model_proposal) = rules(risk.grade());
        let proposal = match decisions.limit(facts.rates()) {
            Some(limit) => Proposal { limit: Some(limit), binding: Some(Binding::Override), reason: None },
            None => by_rules,
        };
        let due = Due {
            as_of,
            decided: decisions.decided,
            months: config.review_months(grade),
            is_triggered: triggers.any(),
            quiet_days: config.quiet_days(),
            override_ends: decisions.until(),
            calendar: self.inputs.calendars[companies.company(customer)],
        };
        Some(Review {
            customer: index,
            queue_rank: 0,
            expected_loss: self.expected_loss(risk, &position, loss_share),
            position,
            risk: risk.clone(),
            grade,
            loss_share,
            history,
            loss_budget,
            candidates,
            model_proposal,
            proposal,
            paying,
            triggers,
            worst_days_past_due,
            broken_promises,
            review: due.date(),
            decided: Decided::of(&decisions),
        })
    }

    fn expected_loss(&self, risk: &RiskView, position: &Position, loss_share: i64) -> Option<i128> {
        expected_loss(risk.chance()?, position.exposure_at_default(), loss_share, self.inputs.base_unit())
    }

    fn segment(&self, customer: usize) -> &str {
        let label: LabelIndex = self.inputs.book.customers[customer].labels[0];
        &self.inputs.book.labels[label as usize]
    }

    fn promises_of(&self, customer: CustomerIndex) -> &[Promise] {
        let start = self.promises.partition_point(|promise| promise.customer < customer);
        let end = self.promises.partition_point(|promise| promise.customer <= customer);
        &self.promises[start..end]
    }
}

/// What each rule would allow a customer.
pub(super) fn candidates(
    inputs: &ReviewInputs,
    history: &History,
    grade: Grade,
    chance: Option<f64>,
    (budget, loss_share): (Option<i128>, i64),
) -> Candidates {
    let config = inputs.config;
    let by_sales = times(history.monthly_sales().unwrap_or(0), config.cap_sales_months(grade));
    // A customer that has bought nothing for a year shows nothing that a multiple could be taken of.
    let by_sales = by_sales.filter(|_| history.sales_months > 0 || config.cap_sales_months(grade) == 0);
    Candidates {
        grade_cap: [by_sales, config.cap_amount(grade)].into_iter().flatten().min(),
        peak_exposure: history.peak_p90().and_then(|peak| times(peak, config.peak_factor())),
        loss_budget: budget.zip(chance).and_then(|(budget, chance)| affordable(budget, chance, loss_share)),
    }
}

/// What each customer has ordered that is not invoiced, base currency at the rates of the day. An order that has waited for a month
/// is left aside, as in the forecast.
pub(super) fn ordered(inputs: &ReviewInputs, day: Day) -> HashMap<CustomerIndex, i128> {
    let mut ordered: HashMap<CustomerIndex, i128> = HashMap::new();
    for order in crate::forecast::orders::Orders::at(inputs.facts, inputs.companies, day).all() {
        let value = inputs.facts.rates().value_on(order.currency, day, day, order.amount);
        *ordered.entry(order.customer).or_default() += i128::from(value);
    }
    ordered
}

/// What may be lost with one customer of each company.
pub(super) fn loss_budgets(inputs: &ReviewInputs, histories: &[History]) -> Vec<Option<i128>> {
    let mut sales = vec![0_i128; inputs.companies.count()];
    for (customer, history) in histories.iter().enumerate() {
        sales[inputs.companies.company(customer)] += history.sales;
    }
    sales.into_iter().map(|sales| inputs.config.loss_budget(sales)).collect()
}
