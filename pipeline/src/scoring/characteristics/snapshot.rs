//! All customers at the end of a day, as the risk model sees them.

use super::row::{Account, Looked, Sources, characteristics, ratio};
use super::{COUNT, position};
use crate::forecast::snapshot::Companies;
use crate::ledger::book::Promise;
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{CustomerAsOf, UsualTerms, customer_as_of};
use crate::scoring::behaviour::Behaviour;
use crate::scoring::defaults::Families;
use rayon::prelude::*;
use std::collections::HashMap;

/// A customer with exposure or sales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CustomerRow {
    /// Which.
    pub customer: u32,
    /// The number of its parent's family.
    pub family: u32,
    /// Characteristics, in the order of [`super::CHARACTERISTICS`]; NaN where missing.
    pub values: [f32; COUNT],
    /// What it owes and buys.
    pub account: Account,
}

impl CustomerRow {
    /// A customer of which nothing is known.
    pub fn unknown(customer: u32, family: u32) -> Self {
        CustomerRow { customer, family, values: [f32::NAN; COUNT], account: Account::default() }
    }

    /// The rule of thumb that every model must beat: worst days past due now, ties by the worst of twelve months.
    pub fn aging_rule(&self) -> f64 {
        let worst = f64::from(self.account.worst_of_12_months.unwrap_or(0).clamp(0, 9_999));
        f64::from(self.account.worst_days_past_due) + worst / 10_000.0
    }

    /// Whether nothing was ever settled and nothing is past due: there is nothing to judge it by.
    pub fn is_unknown(&self) -> bool {
        self.account.settled == 0 && self.account.overdue <= 0.0
    }
}

/// The customers with exposure or with sales in the last year, at the end of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskSnapshot {
    /// The day.
    pub day: Day,
    /// In the order of the customers.
    pub rows: Vec<CustomerRow>,
}

impl RiskSnapshot {
    /// Looks at all customers at the end of `day`, as known then. `half_life` of payments is in days.
    pub fn new(sources: &Sources, companies: &Companies, families: &Families, day: Day, half_life: f64) -> Self {
        let facts = sources.facts;
        let company_of = |customer: usize| companies.company(customer);
        let usual_terms = UsualTerms::new(facts, day, companies.count(), company_of);
        let customers: Vec<CustomerAsOf> = (0..facts.customers())
            .into_par_iter()
            .map(|customer| customer_as_of(facts, customer, day, usual_terms.of(company_of(customer))))
            .collect();
        let behaviour = Behaviour::new(&customers, day, companies.count(), company_of, half_life);
        let promises = facts.promises(day);
        let (has_promises, has_disputes) = (!promises.is_empty(), facts.has_disputes(day));
        let mut rows: Vec<CustomerRow> = (0..facts.customers())
            .into_par_iter()
            .filter_map(|customer| {
                let looked = Looked {
                    customer,
                    day,
                    usual_terms: usual_terms.of(company_of(customer)),
                    as_of: &customers[customer],
                    items: facts.all_items_of(customer),
                    behaviour: &behaviour,
                    promises: of_customer(&promises, customer),
                    has_promises,
                    has_disputes,
                };
                let (values, account) = characteristics(sources, &looked);
                let number = u32::try_from(customer).expect("customers are counted in 32 bits");
                let is_in = account.open > 0.0 || account.sales > 0.0;
                is_in.then(|| CustomerRow { customer: number, family: families.of(customer), values, account })
            })
            .collect();
        add_family_overdue(&mut rows);
        RiskSnapshot { day, rows }
    }

    /// The row of a customer; `None` when it has neither exposure nor sales.
    pub fn row_of(&self, customer: u32) -> Option<&CustomerRow> {
        self.rows.binary_search_by_key(&customer, |row| row.customer).ok().map(|at| &self.rows[at])
    }
}

fn of_customer(promises: &[Promise], customer: usize) -> &[Promise] {
    let first = promises.partition_point(|promise| (promise.customer as usize) < customer);
    let count = promises[first..].partition_point(|promise| promise.customer as usize == customer);
    &promises[first..first + count]
}

/// What the other customers of the same parent owe, and how much of it is past due.
fn add_family_overdue(rows: &mut [CustomerRow]) {
    let at = position("family_overdue_share").expect("it is declared");
    let mut families: HashMap<u32, (u32, f64, f64)> = HashMap::new();
    for row in rows.iter() {
        let (members, open, overdue) = families.entry(row.family).or_default();
        *members += 1;
        *open += row.account.open;
        *overdue += row.account.overdue;
    }
    for row in rows {
        let (members, open, overdue) = families[&row.family];
        if members > 1 {
            let others = ratio((overdue - row.account.overdue).max(0.0), open - row.account.open);
            row.values[at] = others.map_or(f32::NAN, |share| share.min(1.0) as f32);
        }
    }
}
