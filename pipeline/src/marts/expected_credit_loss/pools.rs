//! Which pool a customer's receivables belong to, and who has a reserve of his own.

use crate::config::{Config, ExpectedCreditLossConfig, Overlay, POOL_ALL, POOL_OTHER};
use crate::error::{Error, Result};
use crate::ledger::book::{Book, Customer, CustomerIndex};
use crate::ledger::calendar::Day;
use std::collections::BTreeMap;

/// A reserve for one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Share that will not be paid, in parts of [`crate::config::FACTOR_ONE`].
    pub share: i64,
    /// Why.
    pub reason: String,
    /// First day on which it was known; `None`: of the night only.
    pub since: Option<Day>,
}

/// Reserves by customer.
pub type Reserves = BTreeMap<CustomerIndex, Reserve>;

/// The pools of a configuration, as the book's labels say them.
pub struct Pools<'a> {
    config: &'a ExpectedCreditLossConfig,
    /// By customer.
    pool_of: Vec<u32>,
}

impl<'a> Pools<'a> {
    /// Puts every customer in the first pool that takes it, or in the last, which has no name.
    pub fn new(config: &'a ExpectedCreditLossConfig, book: &Book) -> Self {
        let pool_of = |customer: &Customer| {
            let label = |at: usize| &book.labels[customer.labels[at] as usize];
            let takes =
                |labels: &[Vec<String>; 4]| labels.iter().enumerate().all(|(at, values)| values.is_empty() || values.contains(label(at)));
            let found = config.pools.iter().position(|pool| takes(&pool.labels)).unwrap_or(config.pools.len());
            u32::try_from(found).expect("pools are few")
        };
        Pools { config, pool_of: book.customers.iter().map(pool_of).collect() }
    }

    /// Number of pools, that of all others included.
    pub fn count(&self) -> usize {
        self.config.pools.len() + 1
    }

    /// Whether the company is one pool.
    pub fn is_one(&self) -> bool {
        self.config.pools.is_empty()
    }

    /// The pool of a customer.
    pub fn of(&self, customer: usize) -> usize {
        self.pool_of[customer] as usize
    }

    /// The name of a pool.
    pub fn name(&self, pool: usize) -> &str {
        match self.config.pools.get(pool) {
            Some(pool) => &pool.name,
            None if self.is_one() => POOL_ALL,
            None => POOL_OTHER,
        }
    }

    /// The overlay of a pool.
    pub fn overlay(&self, pool: usize) -> &Overlay {
        self.config.pools.get(pool).map_or(&self.config.overlay.value, |pool| &pool.overlay)
    }
}

/// The reserves that the configuration names. A customer that is named twice has what is named last.
///
/// # Errors
/// `unknown_customer` for a name that nobody bears.
pub fn reserves_of(config: &Config, book: &Book) -> Result<Reserves> {
    let mut reserves = Reserves::new();
    for specific in &config.expected_credit_loss.specific {
        let is_meant = |customer: &Customer| {
            let company = book.companies[customer.company as usize].as_str();
            let of_company = specific.customer.split_once('/').is_some_and(|(of, id)| of == company && id == customer.id);
            customer.id == specific.customer || of_company
        };
        let mut is_known = false;
        for (position, _) in book.customers.iter().enumerate().filter(|(_, customer)| is_meant(customer)) {
            is_known = true;
            let reserve = Reserve { share: specific.share, reason: specific.reason.clone(), since: specific.since };
            reserves.insert(u32::try_from(position).expect("customers are counted in 32 bits"), reserve);
        }
        if !is_known {
            let what = format!("`expected_credit_loss.specific` names a customer that the ledger does not know: {}", specific.customer);
            return Err(Error::usage("unknown_customer", what)
                .at(format!("{}:{}", config.path.display(), specific.line))
                .hint("write the id as it stands in the ledger, or `company/customer` where several companies have it"));
        }
    }
    Ok(reserves)
}
