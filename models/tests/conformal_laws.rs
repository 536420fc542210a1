//! Laws of the calibrated bands on drawn histories: they hold what they say, whatever the raw bands were.

use arrears_models::conformal::{Calibrated, Options, Origin, calibrate};
use arrears_models::random::{below, normal, normal_quantile, uniform};

const LEVELS: [f64; 9] = [0.025, 0.05, 0.10, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975];
const HISTORIES: u64 = 4_000;

struct Week {
    actual: f64,
    quantiles: Vec<f64>,
}

/// Weeks whose level and uncertainty vary and are known, but whose raw bands are `narrowness` times what they should be; the
/// errors are skewed: exponential above the median where `is_skewed`, normal otherwise.
fn week(seed: u64, number: u64, narrowness: f64, is_skewed: bool) -> Week {
    let (level, deviation) = (1_000.0 + 200.0 * normal(seed, 0, number), 50.0 + 100.0 * uniform(seed, 1, number));
    let error = normal(seed, 2, number);
    let error = if is_skewed && error > 0.0 { 3.0 * error * error } else { error };
    let quantiles = LEVELS.iter().map(|share| level + narrowness * deviation * normal_quantile(*share)).collect();
    Week { actual: level + deviation * error, quantiles }
}

fn calibrated(history: &[Week], today: &Week, options: &Options) -> Calibrated {
    let origins: Vec<Origin> = history.iter().map(|week| Origin { actual: week.actual, quantiles: &week.quantiles, weight: 1.0 }).collect();
    calibrate(&LEVELS, &origins, &today.quantiles, options)
}

/// How often each of the levels lies above the actual of the week that follows a history of `count` weeks.
fn shares_below(count: u64, narrowness: f64, is_skewed: bool, options: &Options) -> Vec<f64> {
    let mut below = vec![0.0; LEVELS.len()];
    for seed in 0..HISTORIES {
        let history: Vec<Week> = (0..count).map(|number| week(seed, number, narrowness, is_skewed)).collect();
        let today = week(seed, count, narrowness, is_skewed);
        for (below, quantile) in below.iter_mut().zip(calibrated(&history, &today, options).quantiles) {
            *below += f64::from(today.actual <= quantile) / HISTORIES as f64;
        }
    }
    below
}

/// Four standard errors of a share that is observed so often.
fn tolerance(share: f64) -> f64 {
    4.0 * (share * (1.0 - share) / HISTORIES as f64).sqrt()
}

#[test]
fn every_level_lies_above_as_many_actuals_as_it_says() {
    for (count, narrowness, is_skewed) in [(52, 0.5, false), (52, 2.0, false), (40, 0.7, true), (52, 0.2, true)] {
        let shares = shares_below(count, narrowness, is_skewed, &Options::default());
        for (share, level) in shares.into_iter().zip(LEVELS).filter(|(_, level)| *level != 0.5) {
            // A line between two scores is not quite where the probability between them is: a quarter of an origin at most. The next
            // higher score would be off by up to a whole one, always outwards.
            let most = tolerance(level) + 0.25 / (count + 1) as f64;
            assert!((share - level).abs() < most, "{count} weeks, {narrowness}, level {level}: {share}");
        }
    }
}

#[test]
fn with_few_origins_the_bands_still_hold_their_share() {
    for count in [12, 19, 30] {
        let shares = shares_below(count, 0.5, false, &Options::default());
        for (at, band) in [(3, 0.5), (2, 0.8), (1, 0.9), (0, 0.95)] {
            if band == 0.95 && count < 19 {
                continue;
            }
            let covered = shares[8 - at] - shares[at];
            let most = band + 2.0 / (count + 1) as f64;
            assert!(covered > band - tolerance(band) && covered < most + tolerance(band), "{count} weeks, {band}: {covered}");
        }
    }
}

#[test]
fn a_band_that_is_already_right_stays_about_as_wide_and_a_narrow_one_is_opened() {
    for (narrowness, wanted) in [(1.0, 1.0), (0.5, 2.0), (2.0, 0.5)] {
        let mut ratios = Vec::new();
        for seed in 0..500 {
            let history: Vec<Week> = (0..52).map(|number| week(seed, number, narrowness, false)).collect();
            let today = week(seed, 52, narrowness, false);
            let quantiles = calibrated(&history, &today, &Options::default()).quantiles;
            ratios.push((quantiles[6] - quantiles[2]) / (today.quantiles[6] - today.quantiles[2]));
        }
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!((mean / wanted - 1.0).abs() < 0.08, "{narrowness}: {mean}");
    }
}

#[test]
fn actuals_further_out_never_narrow_a_band() {
    for seed in 0..500 {
        let history: Vec<Week> = (0..40).map(|number| week(seed, number, 0.7, seed % 2 == 0)).collect();
        let today = week(seed, 40, 0.7, false);
        let further = history.iter().map(|week| {
            let actual = week.quantiles[4] + 2.0 * (week.actual - week.quantiles[4]);
            Week { actual, quantiles: week.quantiles.clone() }
        });
        let wide = calibrated(&further.collect::<Vec<_>>(), &today, &Options::default()).quantiles;
        let narrow = calibrated(&history, &today, &Options::default()).quantiles;
        assert!(wide[..4].iter().zip(&narrow[..4]).all(|(wide, narrow)| wide <= narrow), "seed {seed}");
        assert!(wide[5..].iter().zip(&narrow[5..]).all(|(wide, narrow)| wide >= narrow), "seed {seed}");
        assert!((wide[6] - wide[4]) > 1.9 * (narrow[6] - narrow[4]), "seed {seed}");
    }
}

#[test]
fn quantiles_never_fall_and_the_unit_and_the_order_of_origins_do_not_matter() {
    for seed in 0..500 {
        let count = below(seed, 5, 0, 60) as u64;
        let mut history: Vec<Week> = (0..count).map(|number| week(seed, number, 0.1 + 2.0 * uniform(seed, 6, 0), seed % 3 == 0)).collect();
        let today = week(seed, count, 0.5, false);
        let options = Options { is_median_shifted: seed % 2 == 0, least: None };
        let result = calibrated(&history, &today, &options);
        assert!(result.quantiles.is_sorted(), "seed {seed}: {result:?}");
        assert!((result.quantiles[4] - result.shift * today.quantiles[4]).abs() < 1e-9, "seed {seed}");
        history.reverse();
        let reversed = calibrated(&history, &today, &options);
        let is_near = |one: &[f64], other: &[f64], factor: f64| {
            one.iter().zip(other).all(|(one, other)| (factor * one - other).abs() <= 1e-9 * other.abs().max(1.0))
        };
        assert!(is_near(&result.quantiles, &reversed.quantiles, 1.0), "seed {seed}");
        let in_cents = |week: &Week| Week { actual: 100.0 * week.actual, quantiles: week.quantiles.iter().map(|it| 100.0 * it).collect() };
        let cents = calibrated(&history.iter().map(in_cents).collect::<Vec<_>>(), &in_cents(&today), &options);
        assert!(is_near(&result.quantiles, &cents.quantiles, 100.0), "seed {seed}");
    }
}

#[test]
fn a_shifted_median_removes_a_bias_and_costs_little_coverage() {
    let biased = |seed, number| {
        let week = week(seed, number, 0.5, false);
        Week { actual: 1.3 * week.actual, ..week }
    };
    let options = Options { is_median_shifted: true, least: None };
    let (mut above, mut covered) = (0.0, 0.0);
    for seed in 0..HISTORIES {
        let history: Vec<Week> = (0..52).map(|number| biased(seed, number)).collect();
        let today = biased(seed, 52);
        let quantiles = calibrated(&history, &today, &options).quantiles;
        above += f64::from(today.actual > quantiles[4]) / HISTORIES as f64;
        covered += f64::from(quantiles[2] <= today.actual && today.actual <= quantiles[6]) / HISTORIES as f64;
    }
    assert!((above - 0.5).abs() < tolerance(0.5), "{above}");
    assert!((covered - 0.81).abs() < 0.03, "{covered}");
}
