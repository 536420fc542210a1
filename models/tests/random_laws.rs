//! Laws of the random numbers: as even, as independent and as normal as counts of them can tell.

use arrears_models::random::{below, bits, bits_pair, normal, normal_cdf, normal_pair, normal_quantile, uniform, uniform_pair};

const DRAWS: u64 = 200_000;

/// Σ (observed − expected)² ÷ expected over equally likely classes.
fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum()
}

/// Whether a chi-square of so many classes is within five standard deviations of its mean.
fn is_even(counts: &[u64]) -> bool {
    let freedom = (counts.len() - 1) as f64;
    (chi_square(counts) - freedom).abs() < 5.0 * (2.0 * freedom).sqrt()
}

#[test]
fn draws_are_even_over_counters_streams_and_seeds() {
    let by: [fn(u64) -> f64; 3] = [|it| uniform(1, 2, it), |it| uniform(1, it, 2), |it| uniform(it, 1, 2)];
    for draw in by {
        let mut counts = [0; 256];
        (0..DRAWS).for_each(|it| counts[(draw(it) * 256.0) as usize] += 1);
        assert!(is_even(&counts), "{}", chi_square(&counts));
    }
}

#[test]
fn neighbouring_draws_know_nothing_of_each_other() {
    let neighbours: [fn(u64) -> f64; 4] =
        [|it| uniform(5, 0, it + 1), |it| uniform(5, 1, it), |it| uniform(6, 0, it), |it| uniform(5, 1 << 32, it)];
    for neighbour in neighbours {
        let mut counts = [0; 256];
        (0..DRAWS).for_each(|it| counts[(uniform(5, 0, it) * 16.0) as usize * 16 + (neighbour(it) * 16.0) as usize] += 1);
        assert!(is_even(&counts), "{}", chi_square(&counts));
    }
    let mut counts = [0; 256];
    for pair in (0..DRAWS).map(|it| bits_pair(5, 0, it)) {
        counts[(pair[0] >> 60) as usize * 16 + (pair[1] >> 60) as usize] += 1;
    }
    assert!(is_even(&counts), "{}", chi_square(&counts));
}

#[test]
fn one_bit_of_the_seed_the_stream_or_the_counter_turns_half_of_the_bits() {
    let first = |flip: [u64; 3], it: u64| bits(it ^ flip[0], 7 ^ flip[1], 11 ^ flip[2]);
    for bit in 0..64 {
        for flip in [[1 << bit, 0, 0], [0, 1 << bit, 0], [0, 0, 1 << bit]] {
            let turned: u32 = (0..256).map(|it| (first([0; 3], it) ^ first(flip, it)).count_ones()).sum();
            let share = f64::from(turned) / (256.0 * 64.0);
            assert!((share - 0.5).abs() < 0.025, "{flip:?}: {share}");
        }
    }
}

#[test]
fn whole_numbers_reach_every_value_below_the_limit_equally_often() {
    for limit in [1, 2, 7, 52] {
        let mut counts = vec![0; limit];
        (0..DRAWS).for_each(|it| counts[below(3, 0, it, limit)] += 1);
        assert!(limit == 1 || is_even(&counts), "{limit}: {}", chi_square(&counts));
    }
}

#[test]
fn normal_numbers_have_the_moments_and_the_shares_of_the_normal_distribution() {
    let draws: Vec<f64> = (0..DRAWS / 2).flat_map(|it| normal_pair(9, 4, it)).collect();
    let moment = |power| draws.iter().map(|draw| draw.powi(power)).sum::<f64>() / DRAWS as f64;
    // Five standard errors each: √(1, 2, 15, 96 ÷ draws).
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0_f64)] {
        let error = 5.0 * (variance / DRAWS as f64).sqrt();
        assert!((moment(power) - expected).abs() < error, "moment {power}: {}", moment(power));
    }
    let mut counts = [0; 64];
    draws.iter().for_each(|draw| counts[(normal_cdf(*draw) * 64.0) as usize] += 1);
    assert!(is_even(&counts), "{}", chi_square(&counts));
    assert_eq!((normal(9, 4, 0), uniform(9, 4, 0)), (draws[0], uniform_pair(9, 4, 0)[0]));
    assert_eq!(uniform_pair(9, 4, 7).map(normal_quantile), normal_pair(9, 4, 7));
}

#[test]
fn the_quantile_undoes_the_probability_and_both_only_rise() {
    let mut before = f64::NEG_INFINITY;
    for step in 1..4_000 {
        let p = f64::from(step) / 4_000.0;
        let x = normal_quantile(p);
        assert!(x > before && (normal_cdf(x) - p).abs() < 1e-15, "{p}");
        assert!((normal_quantile(1.0 - p) + x).abs() < 1e-11, "{p}");
        before = x;
    }
}
