//! Laws of the forecast scores on drawn forecasts: against their definitions as integrals and double sums, and their propriety.

use arrears_models::forecast_scores::{ErrorSums, coverage, crps_of_quantiles, crps_of_sample, pinball};
use arrears_models::random::{below, normal, normal_quantile};

const SAMPLES: u64 = 300;

/// A sample of 1 to 40 amounts, some of them equal, and an actual among or beside them.
fn drawn(seed: u64) -> (Vec<f64>, f64) {
    let amount = |counter| (normal(seed, 1, counter) * 40.0).round() / 4.0;
    ((0..1 + below(seed, 0, 0, 40) as u64).map(amount).collect(), amount(1_000))
}

/// ∫ (F(z) − 1{z ≥ actual})² dz of the sample's step function F, piece by piece.
fn integral(sample: &[f64], actual: f64) -> f64 {
    let mut ends: Vec<f64> = sample.iter().copied().chain([actual]).collect();
    ends.sort_unstable_by(f64::total_cmp);
    let share = |z: f64| sample.iter().filter(|value| **value <= z).count() as f64 / sample.len() as f64;
    ends.windows(2).map(|pair| (pair[1] - pair[0]) * (share(pair[0]) - f64::from(u8::from(pair[0] >= actual))).powi(2)).sum()
}

#[test]
fn the_score_of_a_sample_is_the_integral_that_defines_it() {
    for seed in 0..SAMPLES {
        let (sample, actual) = drawn(seed);
        let crps = crps_of_sample(&sample, actual).expect("there is a sample");
        assert!((crps.plain - integral(&sample, actual)).abs() < 1e-11, "seed {seed}");
        let count = sample.len() as f64;
        let pairs: f64 = sample.iter().flat_map(|one| sample.iter().map(move |other| (one - other).abs())).sum();
        let distance = sample.iter().map(|value| (value - actual).abs()).sum::<f64>() / count;
        let fair = (sample.len() > 1).then(|| distance - pairs / (2.0 * count * (count - 1.0)));
        assert!(fair.zip(crps.fair).is_none_or(|(expected, fair)| (fair - expected).abs() < 1e-11), "seed {seed}");
        assert_eq!(fair.is_some(), crps.fair.is_some());
    }
}

#[test]
fn the_order_of_the_paths_moves_no_bit() {
    for seed in 0..SAMPLES {
        let (mut sample, actual) = drawn(seed);
        let first = crps_of_sample(&sample, actual);
        sample.reverse();
        let middle = sample.len() / 3;
        sample.rotate_left(middle);
        assert_eq!(crps_of_sample(&sample, actual), first, "seed {seed}");
    }
}

#[test]
fn the_fair_score_does_not_depend_on_the_number_of_paths() {
    // A standard normal forecast of a standard normal actual scores 1 ÷ √π on average.
    let expected = 1.0 / std::f64::consts::PI.sqrt();
    for paths in [2, 5, 50] {
        let scores = (0..20_000).filter_map(|round| {
            let sample: Vec<f64> = (0..paths).map(|path| normal(round, 2, path)).collect();
            crps_of_sample(&sample, normal(round, 3, 0))
        });
        let (mut fair, mut plain) = (0.0, 0.0);
        for score in scores {
            fair += score.fair.expect("two paths or more") / 20_000.0;
            plain += score.plain / 20_000.0;
        }
        assert!((fair - expected).abs() < 0.02, "{paths} paths: {fair}");
        // And the plain one does: it pays for the paths that are missing.
        assert!((plain - expected * (1.0 + 1.0 / paths as f64)).abs() < 0.02, "{paths} paths: {plain}");
    }
}

#[test]
fn many_equally_spaced_quantiles_score_as_the_distribution_does() {
    let levels: Vec<f64> = (0..2_000).map(|step| (f64::from(step) + 0.5) / 2_000.0).collect();
    let quantiles: Vec<f64> = levels.iter().map(|level| normal_quantile(*level)).collect();
    for actual in [-2.0, 0.0, 0.3, 4.0] {
        // The closed form for the normal distribution: y · (2Φ(y) − 1) + 2φ(y) − 1 ÷ √π.
        let density = (-0.5_f64 * actual * actual).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let probability = arrears_models::random::normal_cdf(actual);
        let expected = actual * (2.0 * probability - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt();
        let crps = crps_of_quantiles(&levels, &quantiles, actual).expect("there are levels");
        assert!((crps - expected).abs() < 1e-3, "{actual}: {crps} is not {expected}");
    }
}

#[test]
fn the_true_quantile_costs_least() {
    let actuals: Vec<f64> = (0..20_000).map(|counter| normal(11, 0, counter)).collect();
    for level in [0.05, 0.25, 0.5, 0.9] {
        let loss = |quantile| actuals.iter().map(|actual| pinball(level, quantile, *actual)).sum::<f64>();
        let truth = normal_quantile(level);
        assert!(loss(truth) < loss(truth - 0.1) && loss(truth) < loss(truth + 0.1), "{level}");
    }
}

#[test]
fn sums_of_parts_are_the_sums_of_the_whole_and_a_certain_forecast_scores_its_error() {
    for seed in 0..SAMPLES {
        let (sample, actual) = drawn(seed);
        let forecasts: Vec<f64> = sample.iter().map(|value| value + 1.0).collect();
        let whole = ErrorSums::of(&forecasts, &sample);
        assert_eq!((whole.periods, whole.error, whole.absolute_error), (sample.len(), sample.len() as f64, sample.len() as f64));
        let certain = crps_of_quantiles(&[0.1, 0.5, 0.9], &[sample[0]; 3], actual).expect("three levels");
        assert!((certain - (sample[0] - actual).abs()).abs() < 1e-12, "seed {seed}");
        assert_eq!(crps_of_sample(&sample[..1], actual).map(|crps| crps.plain), Some((sample[0] - actual).abs()));
    }
}

#[test]
fn a_band_of_true_quantiles_covers_its_share() {
    let actuals: Vec<f64> = (0..20_000).map(|counter| normal(12, 0, counter)).collect();
    for share in [0.5, 0.8, 0.95] {
        let upper = normal_quantile(0.5 + share / 2.0);
        let covered = coverage(&vec![-upper; actuals.len()], &vec![upper; actuals.len()], &actuals).expect("there are actuals");
        assert!((covered - share).abs() < 0.015, "{share}: {covered}");
    }
}
