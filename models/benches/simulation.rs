//! Benchmarks of the simulation, in the size of a night: twenty thousand open items, sixty-five business days, a thousand paths.
//!
//!     cargo bench --package arrears-models --bench simulation

use arrears_models::simulation::{Item, Paths, Plan, simulate};

const ITEMS: usize = 20_000;
const DAYS: usize = 65;
const ITEMS_OF_A_CUSTOMER: usize = 10;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn thousand_paths_of_20_thousand_items(bencher: divan::Bencher) {
    // Paid after some weeks, each item somewhat later than the one before.
    let curve = |item: usize| -> Vec<f32> {
        let middle = 5.0 + (item % 40) as f32;
        (0..DAYS).map(|day| 0.97 / (1.0 + ((middle - day as f32) / 4.0).exp())).collect()
    };
    let curves: Vec<Vec<f32>> = (0..ITEMS).map(curve).collect();
    // A day, a week and a month; a company in its currency, in base currency, and the group.
    let bins: Vec<Vec<u16>> = (0..DAYS).map(|day| vec![day as u16, (DAYS + day / 5) as u16, (DAYS + 13 + day / 22) as u16]).collect();
    let cells = [(0, 1.0), (1, 1.1), (2, 1.1)];
    let items: Vec<Item> = curves
        .iter()
        .enumerate()
        .map(|(at, paid)| Item {
            id: at as u64,
            customer: (at / ITEMS_OF_A_CUSTOMER) as u64,
            amount: 1_000.0 + at as f64,
            paid,
            bins: &bins,
            cells: &cells,
        })
        .collect();
    let plan = Plan { cells: cells.len(), bins: DAYS + 13 + 3, paths: 1_000, correlation: 0.3, seed: 1 };
    bencher.bench_local(|| -> Paths { simulate(&items, &plan) });
}
