//! Who gets how many invoices, and which customers are simulated together.
//!
//! Responsible for families, companies, the exact number of invoices of each customer, and the cut into chunks. All of it
//! depends on the seed and the options only.

use rayon::prelude::*;

use super::World;
use super::customers::{Customer, company_of_family};
use super::random::{Random, Stream};

/// A customer before it is simulated.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedCustomer {
    /// Its number.
    pub index: u32,
    /// The number of its family's parent; its own when it is the parent or alone.
    pub family_first: u32,
    /// The number of its company.
    pub company: u32,
    /// Another company of the group.
    pub is_intercompany: bool,
    /// Its share of the invoices.
    pub invoices: u64,
}

impl PlannedCustomer {
    /// The customer itself.
    pub(super) fn customer(&self, world: &World) -> Customer {
        Customer::new(world, self)
    }
}

/// A run of customers that are simulated, and written, together.
#[derive(Clone, Debug)]
pub(super) struct ChunkPlan {
    /// First and last-plus-one customer.
    pub customers: std::ops::Range<usize>,
    /// Their invoices.
    pub invoices: u64,
}

/// The whole plan.
#[derive(Debug)]
pub(super) struct Plan {
    /// All customers in order.
    pub customers: Vec<PlannedCustomer>,
    /// All chunks in order.
    pub chunks: Vec<ChunkPlan>,
    /// Number of companies.
    pub companies: u32,
}

/// A chunk closes once it has this many invoices: large enough for a Parquet row group, small enough that a batch of
/// them on a large machine stays within a gigabyte.
const CHUNK_INVOICES: (u64, u64) = (2_000, 32_768);

impl Plan {
    /// Plans the book.
    pub(super) fn new(world: &World, invoices: u64, companies: u32) -> Self {
        let mut customers = families(world, companies);
        let weights: Vec<u64> = customers.par_iter().map(|planned| planned.customer(world).weight).collect();
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum::<u128>().max(1);
        let mut sum = 0_u128;
        let mut given = 0_u64;
        for (planned, weight) in customers.iter_mut().zip(weights) {
            sum += u128::from(weight);
            let so_far = (u128::from(invoices) * sum / total) as u64;
            planned.invoices = so_far - given;
            given = so_far;
        }
        let chunks = cut(&customers, (invoices / 16).clamp(CHUNK_INVOICES.0, CHUNK_INVOICES.1));
        Self { customers, chunks, companies }
    }
}

fn families(world: &World, companies: u32) -> Vec<PlannedCustomer> {
    let count = world.customer_count;
    let mut customers = Vec::with_capacity(count as usize);
    let mut family = 0_u32;
    while (customers.len() as u32) < count {
        let random = &mut Random::new(world.seed, Stream::Family, u64::from(family));
        let company = company_of_family(family, companies, random);
        let size = if family < companies { 1 } else { [1, 2, 3, 5][random.pick(&[90, 4, 4, 2])] };
        let family_first = customers.len() as u32;
        for index in family_first..(family_first + size).min(count) {
            let is_intercompany = family < companies && companies > 1;
            customers.push(PlannedCustomer { index, family_first, company, is_intercompany, invoices: 0 });
        }
        family += 1;
    }
    customers
}

fn cut(customers: &[PlannedCustomer], target: u64) -> Vec<ChunkPlan> {
    let mut chunks = Vec::new();
    let mut first = 0;
    let mut invoices = 0;
    for (place, planned) in customers.iter().enumerate() {
        invoices += planned.invoices;
        let is_last = place + 1 == customers.len();
        // A customer without invoices costs something too.
        let size = invoices + (place - first) as u64;
        if size >= target || is_last {
            chunks.push(ChunkPlan { customers: first..place + 1, invoices });
            first = place + 1;
            invoices = 0;
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::super::{GenerateOptions, Plan, World};

    #[test]
    fn every_invoice_is_given_to_a_customer_and_every_customer_to_a_chunk() {
        let options = GenerateOptions::new("unused", 50_000, 9);
        let world = World::new(&options);
        let plan = Plan::new(&world, options.invoices, options.companies);
        assert_eq!(plan.customers.len(), 500);
        assert_eq!(plan.customers.iter().map(|planned| planned.invoices).sum::<u64>(), 50_000);
        assert_eq!(plan.chunks.iter().map(|chunk| chunk.invoices).sum::<u64>(), 50_000);
        assert_eq!(plan.chunks.iter().map(|chunk| chunk.customers.len()).sum::<usize>(), 500);
        assert!(plan.chunks.len() > 5);
        // Heavy-tailed: the largest tenth has more than 40 % of the invoices, and nobody has 5 %.
        let mut counts: Vec<u64> = plan.customers.iter().map(|planned| planned.invoices).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let largest: u64 = counts[..50].iter().sum();
        assert!(largest > 20_000 && counts[0] < 6_000, "{largest} {}", counts[0]);
    }
}
