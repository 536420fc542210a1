//! The distribution of what many items bring in a period: simulated, with what the items of one customer have in common.
//!
//! Items of one customer are late together: a sum of independent draws would be far too sure of itself. Each customer has one
//! factor, and an item's draw is part factor, part its own (a one-factor Gaussian copula); the day is where the draw falls on
//! the item's own curve. Every draw is named by the item, the customer and the path, so that neither the order of the items
//! nor the number of threads changes a bit.

use crate::random::{normal_pair, normal_quantile};
use rayon::prelude::*;

/// Paths that are simulated together: fixed, so that the result does not depend on the number of threads.
const PATHS_PER_CHUNK: usize = 50;
/// Items whose thresholds are held in memory together.
const ITEMS_PER_BLOCK: usize = 2_048;
/// Paid by then on every path.
const ALWAYS: f32 = f32::INFINITY;

/// An item that brings its amount on one of its days, or never.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Names the item's draws.
    pub id: u64,
    /// Names the customer's factor. Items of one customer stand together.
    pub customer: u64,
    /// What it brings, any unit, ≥ 0.
    pub amount: f64,
    /// Share paid after each of its days: grows from 0 to at most 1.
    pub paid: &'a [f32],
    /// For each of its days the bins that the day belongs to.
    pub bins: &'a [Vec<u16>],
    /// The cells that it counts in, each with the factor that its amount is taken by (an exchange rate, or 1).
    pub cells: &'a [(u32, f64)],
}

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many cells there are.
    pub cells: usize,
    /// How many bins each has.
    pub bins: usize,
    /// How many paths: a multiple of 50.
    pub paths: usize,
    /// Correlation of the draws of one customer's items, 0 to 1.
    pub correlation: f64,
    /// Names all draws.
    pub seed: u64,
}

/// Sums by cell, bin and path.
#[derive(Clone, Debug)]
pub struct Paths {
    plan: Plan,
    chunks: Vec<Vec<f64>>,
}

impl Paths {
    /// The sums of a bin of a cell on all paths, in the order of the paths.
    pub fn of(&self, cell: usize, bin: usize) -> Vec<f64> {
        let start = (cell * self.plan.bins + bin) * PATHS_PER_CHUNK;
        self.chunks.iter().flat_map(|chunk| chunk[start..start + PATHS_PER_CHUNK].iter().copied()).collect()
    }

    /// Adds `amount(path)` to a bin of a cell on every path.
    pub fn add(&mut self, cell: usize, bin: usize, amount: impl Fn(usize) -> f64) {
        let start = (cell * self.plan.bins + bin) * PATHS_PER_CHUNK;
        for (number, chunk) in self.chunks.iter_mut().enumerate() {
            for (place, sum) in chunk[start..start + PATHS_PER_CHUNK].iter_mut().enumerate() {
                *sum += amount(number * PATHS_PER_CHUNK + place);
            }
        }
    }
}

/// Simulates what items bring.
///
/// x = √ρ · z + √(1 − ρ) · e; paid on the first day t with x ≤ Φ⁻¹(F(t)), never when there is none.
///
/// z: the customer's factor on a path. e: the item's own draw. Both standard normal. F(t): the item's share paid after day t.
/// ρ: the correlation. In the mean over many paths an item brings amount · (F(t) − F(t − 1)) on day t, whatever ρ.
///
/// Edge cases: without items every sum is 0. An item with an amount of 0 is passed over.
///
/// ```
/// use arrears_models::simulation::{simulate, Item, Plan};
/// // Half is paid on the first day, the rest on the second: 100 in all on every path.
/// let (bins, cells) = ([vec![0_u16], vec![1]], [(0, 1.0)]);
/// let item = Item { id: 1, customer: 1, amount: 100.0, paid: &[0.5, 1.0], bins: &bins, cells: &cells };
/// let paths = simulate(&[item], &Plan { cells: 1, bins: 2, paths: 1_000, correlation: 0.3, seed: 1 });
/// let (first, second) = (paths.of(0, 0), paths.of(0, 1));
/// assert!(first.iter().zip(&second).all(|(first, second)| first + second == 100.0));
/// assert!((first.iter().sum::<f64>() / 1_000.0 - 50.0).abs() < 6.0);
/// ```
///
/// # Panics
/// When the number of paths is no multiple of 50, or the correlation is not between 0 and 1.
///
/// Source: D. X. Li (2000), *On Default Correlation: A Copula Function Approach*, Journal of Fixed Income 9, 43–54.
pub fn simulate(items: &[Item], plan: &Plan) -> Paths {
    assert!(plan.paths.is_multiple_of(PATHS_PER_CHUNK), "paths come in chunks of {PATHS_PER_CHUNK}: {}", plan.paths);
    assert!((0.0..=1.0).contains(&plan.correlation), "a correlation lies between 0 and 1: {}", plan.correlation);
    let mut chunks = vec![vec![0.0; plan.cells * plan.bins * PATHS_PER_CHUNK]; plan.paths / PATHS_PER_CHUNK];
    for block in items.chunks(ITEMS_PER_BLOCK) {
        let thresholds: Vec<Vec<f32>> = block.par_iter().map(|item| thresholds(item.paid)).collect();
        chunks.par_iter_mut().enumerate().for_each(|(number, chunk)| simulate_chunk(block, &thresholds, plan, number, chunk));
    }
    Paths { plan: *plan, chunks }
}

/// The draw up to which an item is paid by each day.
fn thresholds(paid: &[f32]) -> Vec<f32> {
    paid.iter().map(|share| if *share >= 1.0 { ALWAYS } else { normal_quantile(f64::from(share.max(0.0))) as f32 }).collect()
}

fn simulate_chunk(block: &[Item], thresholds: &[Vec<f32>], plan: &Plan, number: usize, sums: &mut [f64]) {
    let (common, own) = (plan.correlation.sqrt() as f32, (1.0 - plan.correlation).sqrt() as f32);
    let mut factor: Option<(u64, [f32; PATHS_PER_CHUNK])> = None;
    for (item, thresholds) in block.iter().zip(thresholds) {
        if item.amount == 0.0 {
            continue;
        }
        if factor.as_ref().is_none_or(|(customer, _)| *customer != item.customer) {
            factor = Some((item.customer, draws(!plan.seed, item.customer, number)));
        }
        let Some((_, factors)) = &factor else { continue };
        let draws = draws(plan.seed, item.id, number);
        for path in 0..PATHS_PER_CHUNK {
            let draw = common * factors[path] + own * draws[path];
            let day = thresholds.partition_point(|threshold| *threshold < draw);
            let Some(bins) = item.bins.get(day).filter(|_| day < thresholds.len()) else { continue };
            for (cell, factor) in item.cells {
                for bin in bins {
                    sums[(*cell as usize * plan.bins + usize::from(*bin)) * PATHS_PER_CHUNK + path] += item.amount * factor;
                }
            }
        }
    }
}

/// Standard normal draws of a stream for the paths of a chunk.
fn draws(seed: u64, stream: u64, chunk: usize) -> [f32; PATHS_PER_CHUNK] {
    let mut draws = [0.0; PATHS_PER_CHUNK];
    let first = chunk * PATHS_PER_CHUNK / 2;
    for (pair, counter) in draws.chunks_exact_mut(2).zip(first as u64..) {
        let [one, other] = normal_pair(seed, stream, counter);
        (pair[0], pair[1]) = (one as f32, other as f32);
    }
    draws
}
