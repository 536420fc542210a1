//! How late each customer pays, as known at the end of a day: its own payments, blended with those of its pool by
//! credibility.
//!
//! Responsible for section 2 of the models' specification. A pool is a company's customers on the same terms, or the whole
//! company where a class of terms has few payments. Not responsible for the payments themselves: see `as_of`.

use super::as_of::{CustomerAsOf, DAYS_LATE_RANGE};
use crate::ledger::book::LabelIndex;
use crate::ledger::calendar::Day;
use arrears_models::credibility::{Constant, Group, Recency, plain_pool_mean};
use std::collections::HashMap;

/// Payments from which a class of terms is a pool of its own.
const CLASS_PAYMENTS_MIN: usize = 30;

/// How customers pay, as known at the end of a day.
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    customers: Vec<CustomerBehaviour>,
    pools: Pools,
}

/// How the customers of each company pay together, as known at the end of a day: what each of them is blended with.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    companies: Vec<Company>,
    half_life: f64,
}

/// Pools that are being put together, customer by customer.
#[derive(Clone, Debug)]
pub struct Pooling {
    day: Day,
    half_life: f64,
    groups: Vec<Vec<Group>>,
    classes: Vec<HashMap<LabelIndex, Recency>>,
}

/// What the payments of one customer say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerBehaviour {
    company: usize,
    /// Effective number of observations, overdue items included.
    pub effective_number: f64,
    /// Mean days late, overdue items included; `None` without any.
    pub mean: Option<f64>,
    /// Weight of the customer's own mean, 0 to 1.
    pub credibility: f64,
    /// Standard deviation of days late over all payments; `None` below two.
    pub spread: Option<f64>,
    /// Number of days on which it paid.
    pub payments: usize,
    /// Days late of the last payment.
    pub last: Option<f64>,
    /// Mean days late of the last three payments, or of as many as there are.
    pub last_three: Option<f64>,
}

#[derive(Clone, Debug, Default)]
struct Company {
    constant: Option<Constant>,
    pool: Option<f64>,
    classes: HashMap<LabelIndex, f64>,
}

impl Behaviour {
    /// What the payments of all customers say at the end of `day`. `company_of` tells a customer's company; `half_life` is in days.
    pub fn new(customers: &[CustomerAsOf], day: Day, companies: usize, company_of: impl Fn(usize) -> usize, half_life: f64) -> Self {
        let mut pooling = Pooling::new(day, companies, half_life);
        for (index, customer) in customers.iter().enumerate() {
            pooling.add(company_of(index), customer);
        }
        let pools = pooling.pools();
        let customers = customers.iter().enumerate().map(|(index, customer)| pools.customer(company_of(index), customer, day));
        Behaviour { customers: customers.collect(), pools }
    }

    /// What one customer's payments say.
    pub fn customer(&self, customer: usize) -> &CustomerBehaviour {
        &self.customers[customer]
    }

    /// Days late to expect of a customer's items with these terms; see [`Pools::expected_days_late`].
    pub fn expected_days_late(&self, customer: usize, terms: LabelIndex) -> f64 {
        self.pools.expected_days_late(&self.customers[customer], terms)
    }

    /// Standard deviation of a customer's days late; see [`Pools::spread`].
    pub fn spread(&self, customer: usize) -> f64 {
        self.pools.spread(&self.customers[customer])
    }

    /// Mean days late of the pool that a customer's items with these terms are blended with; 0 where nobody of the company has
    /// paid anything.
    pub fn pool_of(&self, customer: usize, terms: LabelIndex) -> f64 {
        self.pools.companies[self.customers[customer].company].pool_of(terms).unwrap_or(0.0)
    }

    /// Mean days late of a company's pool; `None` where nobody has paid anything.
    pub fn pool(&self, company: usize) -> Option<f64> {
        self.pools.companies[company].pool
    }

    /// The constant of a company's credibility; `None` where it cannot be estimated and only the pool counts.
    pub fn constant(&self, company: usize) -> Option<&Constant> {
        self.pools.companies[company].constant.as_ref()
    }
}

impl Pooling {
    /// No customer yet; as known at the end of `day`, payments counting half every `half_life` days.
    pub fn new(day: Day, companies: usize, half_life: f64) -> Self {
        Pooling { day, half_life, groups: vec![Vec::new(); companies], classes: vec![HashMap::new(); companies] }
    }

    /// One more customer of a company, as known at the end of the day.
    pub fn add(&mut self, company: usize, customer: &CustomerAsOf) {
        self.groups[company].extend(recency(customer, self.day, self.half_life).group());
        for payment in &customer.payments {
            let class = self.classes[company].entry(payment.terms).or_insert_with(|| Recency::new(self.half_life));
            class.add(payment.days_late, f64::from(self.day - payment.date));
        }
    }

    /// The customers of another one, after those that are here.
    pub fn append(&mut self, other: Self) {
        for (groups, others) in self.groups.iter_mut().zip(other.groups) {
            groups.extend(others);
        }
        for (classes, others) in self.classes.iter_mut().zip(other.classes) {
            for (terms, recency) in others {
                classes.entry(terms).or_insert_with(|| Recency::new(self.half_life)).merge(&recency);
            }
        }
    }

    /// The pools of those that were added.
    pub fn pools(&self) -> Pools {
        let companies = self.groups.iter().zip(&self.classes).map(|(groups, classes)| Company::new(groups, classes));
        Pools { companies: companies.collect(), half_life: self.half_life }
    }
}

impl Pools {
    /// What the payments of a customer of a company say at the end of `day`, which may be later than that of the pools.
    pub fn customer(&self, company: usize, customer: &CustomerAsOf, day: Day) -> CustomerBehaviour {
        CustomerBehaviour::new(customer, recency(customer, day, self.half_life), (company, &self.companies[company]), day)
    }

    /// Days late to expect of a customer's items with these terms; 0 where nobody of the company has paid anything.
    ///
    /// μ = Z · x̄ + (1 − Z) · pool, all in days.
    pub fn expected_days_late(&self, behaviour: &CustomerBehaviour, terms: LabelIndex) -> f64 {
        let company = &self.companies[behaviour.company];
        let pool = company.pool_of(terms).unwrap_or(0.0);
        behaviour.mean.map_or(pool, |mean| behaviour.credibility * mean + (1.0 - behaviour.credibility) * pool)
    }

    /// Standard deviation of a customer's days late, days ≥ 1, held towards that of its company: the company's variance within
    /// customers counts as one payment more. 10 days where nothing is known.
    pub fn spread(&self, behaviour: &CustomerBehaviour) -> f64 {
        let within = self.companies[behaviour.company].constant.as_ref().map_or(100.0, |constant| constant.variances.within);
        let payments = behaviour.payments as f64;
        let own = behaviour.spread.unwrap_or(0.0).powi(2) * payments;
        let counted = if behaviour.spread.is_some() { payments } else { 0.0 };
        ((own + within) / (counted + 1.0)).sqrt().max(1.0)
    }
}

impl Company {
    fn new(groups: &[Group], classes: &HashMap<LabelIndex, Recency>) -> Self {
        let constant = Constant::estimate(groups);
        let pool = constant.as_ref().and_then(|constant| constant.pool_mean(groups)).or_else(|| plain_pool_mean(groups));
        let large = classes.iter().filter(|(_, recency)| recency.observations() >= CLASS_PAYMENTS_MIN);
        Company { constant, pool, classes: large.filter_map(|(terms, recency)| Some((*terms, recency.mean()?))).collect() }
    }

    fn pool_of(&self, terms: LabelIndex) -> Option<f64> {
        self.classes.get(&terms).copied().or(self.pool)
    }

    fn credibility(&self, effective_number: f64) -> f64 {
        self.constant.as_ref().map_or(0.0, |constant| constant.factor(effective_number))
    }
}

/// Payments as observations: what came on one day is one, whatever the terms.
fn observations(customer: &CustomerAsOf) -> impl Iterator<Item = (Day, f64)> {
    customer.payments.chunk_by(|a, b| a.date == b.date).map(|of_day| {
        let amount: f64 = of_day.iter().map(|payment| payment.amount).sum();
        (of_day[0].date, of_day.iter().map(|payment| payment.days_late * payment.amount).sum::<f64>() / amount)
    })
}

fn recency(customer: &CustomerAsOf, day: Day, half_life: f64) -> Recency {
    let mut recency = Recency::new(half_life);
    for (date, days_late) in observations(customer) {
        recency.add(days_late, f64::from(day - date));
    }
    recency
}

impl CustomerBehaviour {
    fn new(customer: &CustomerAsOf, paid: Recency, (company, of_company): (usize, &Company), day: Day) -> Self {
        let days_late: Vec<f64> = observations(customer).map(|(_, days_late)| days_late).collect();
        let pool = of_company.pool.unwrap_or(0.0);
        let blend = |recency: &Recency| {
            let credibility = of_company.credibility(recency.effective_number());
            recency.mean().map_or(pool, |mean| credibility * mean + (1.0 - credibility) * pool)
        };
        // A deterioration shows at once: what is later than expected already enters as it stands today.
        let expected = blend(&paid);
        // What is left of an item that was paid in part says nothing of when whole items are paid, and may stay open for good.
        let whole = customer.open.iter().filter(|item| !item.is_partly_paid);
        let late = whole.map(|item| f64::from(day - item.due_date));
        let mut overdue: Vec<f64> = late.filter(|late| *late > expected && *late > 0.0).collect();
        overdue.sort_by(f64::total_cmp);
        let mut recency = paid;
        for late in overdue {
            recency.add(late.clamp(DAYS_LATE_RANGE.0, DAYS_LATE_RANGE.1), 0.0);
        }
        if blend(&recency) < expected {
            recency = paid;
        }
        let count = days_late.len();
        let mean = count as f64;
        let center = days_late.iter().sum::<f64>() / mean.max(1.0);
        let squares: f64 = days_late.iter().map(|late| (late - center).powi(2)).sum();
        CustomerBehaviour {
            company,
            effective_number: recency.effective_number(),
            mean: recency.mean(),
            credibility: of_company.credibility(recency.effective_number()),
            spread: (count >= 2).then(|| (squares / mean).sqrt()),
            payments: count,
            last: days_late.last().copied(),
            last_three: (count > 0).then(|| {
                let last = &days_late[count.saturating_sub(3)..];
                last.iter().sum::<f64>() / last.len() as f64
            }),
        }
    }
}
