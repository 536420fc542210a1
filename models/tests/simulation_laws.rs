//! What must hold of simulated sums whatever the items are.

use arrears_models::simulation::{Item, Plan, simulate};

/// Customers of four items each, half of every item paid on the first day, the rest on the second or never.
fn totals(customers: u64, correlation: f64, is_reversed: bool) -> Vec<f64> {
    let (bins, cells) = ([vec![0_u16], vec![1]], [(0_u32, 1.0)]);
    let mut items: Vec<Item> = (0..customers * 4)
        .map(|number| Item { id: number, customer: number / 4, amount: 10.0, paid: &[0.5, 0.8], bins: &bins, cells: &cells })
        .collect();
    if is_reversed {
        items.reverse();
    }
    simulate(&items, &Plan { cells: 1, bins: 2, paths: 2_000, correlation, seed: 3 }).of(0, 0)
}

fn mean_and_variance(sums: &[f64]) -> (f64, f64) {
    let mean = sums.iter().sum::<f64>() / sums.len() as f64;
    (mean, sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / sums.len() as f64)
}

#[test]
fn the_mean_is_that_of_the_curves_whatever_customers_have_in_common() {
    for correlation in [0.0, 0.3, 1.0] {
        let (mean, variance) = mean_and_variance(&totals(50, correlation, false));
        // 200 items of 10, half of them paid on the first day; four standard errors of the mean of 2,000 paths.
        assert!((mean - 1_000.0).abs() < 4.0 * (variance / 2_000.0).sqrt(), "{correlation}: {mean}");
    }
}

#[test]
fn what_customers_have_in_common_widens_the_sum() {
    let [independent, common] = [0.0, 1.0].map(|correlation| mean_and_variance(&totals(50, correlation, false)).1);
    // 200 draws of 10 with p = 1/2: variance 200 · 25. All four items of a customer together: 50 draws of 40.
    assert!((independent / 5_000.0 - 1.0).abs() < 0.15, "{independent}");
    assert!((common / 20_000.0 - 1.0).abs() < 0.15, "{common}");
}

#[test]
fn neither_threads_nor_the_order_of_the_items_change_a_sum() {
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        pool.install(|| totals(700, 0.3, false))
    };
    let one = with_threads(1);
    assert_eq!(one, with_threads(2));
    assert_eq!(one, with_threads(8));
    // Amounts are whole: their sums are exact in any order.
    assert_eq!(one, totals(700, 0.3, true));
}
