//! Laws of exponential smoothing on drawn series: what must hold whatever was seen.

use arrears_models::random::normal;
use arrears_models::smoothing::{Fit, Parameters, State, fit_damped, fit_simple, mean_of_last, seasonal_naive, smooth};

/// A level that walks, with noise about it.
fn series(seed: u64, length: u64) -> Vec<f64> {
    let mut level = 1_000.0;
    let mut next = |week| {
        level += 20.0 * normal(seed, 0, week);
        level + 60.0 * normal(seed, 1, week)
    };
    (0..length).map(&mut next).collect()
}

fn fits(series: &[f64]) -> [Fit; 2] {
    [fit_simple(series).expect("long enough"), fit_damped(series).expect("long enough")]
}

#[test]
fn no_other_start_and_no_other_parameters_nearby_err_less() {
    for seed in 0..30 {
        let series = series(seed, 60);
        let squares = |parameters: Parameters, start| smooth(&series, &parameters, start).sum_of_squares;
        for (at, fit) in fits(&series).into_iter().enumerate() {
            let least = fit.sum_of_squares * (1.0 - 1e-9);
            for sign in [-1.0, 1.0] {
                let level = State { level: fit.start.level + sign, ..fit.start };
                assert!(squares(fit.parameters, level) >= least, "seed {seed}: {fit:?}");
                let faster = Parameters { level: (fit.parameters.level + sign * 0.01).clamp(0.0, 1.0), ..fit.parameters };
                assert!(squares(faster, fit.start) >= least, "seed {seed}: {fit:?}");
                if at == 1 {
                    let trend = State { trend: fit.start.trend + sign * 0.1, ..fit.start };
                    assert!(squares(fit.parameters, trend) >= least, "seed {seed}: {fit:?}");
                    let turning = Parameters { trend: (fit.parameters.trend + sign * 0.01).clamp(0.0, 1.0), ..fit.parameters };
                    assert!(squares(turning, fit.start) >= least, "seed {seed}: {fit:?}");
                }
            }
        }
    }
}

#[test]
fn a_fine_grid_finds_nothing_better_than_the_search() {
    for seed in 30..40 {
        let series = series(seed, 40);
        let [simple, damped] = fits(&series);
        for step in 0..=200 {
            let parameters = Parameters { level: f64::from(step) / 200.0, trend: 0.0, damping: 1.0 };
            let errors = smooth(&series, &parameters, simple.start).sum_of_squares;
            assert!(errors >= simple.sum_of_squares * (1.0 - 1e-6), "seed {seed}, {step}");
        }
        // The trend has more freedom than none: it never errs more on what it was fitted to, but for the search.
        assert!(damped.sum_of_squares <= 1.001 * simple.sum_of_squares, "seed {seed}: {damped:?} {simple:?}");
    }
}

#[test]
fn amounts_in_another_unit_give_the_same_forecast_in_that_unit() {
    for seed in 0..20 {
        let euros = series(seed, 50);
        let cents: Vec<f64> = euros.iter().map(|amount| 100.0 * amount).collect();
        for (euros, cents) in fits(&euros).into_iter().zip(fits(&cents)) {
            for (euros, cents) in euros.forecast(12).into_iter().zip(cents.forecast(12)) {
                assert!((100.0 * euros - cents).abs() < 1e-3 * cents.abs(), "seed {seed}: {euros} {cents}");
            }
        }
    }
}

#[test]
fn the_same_series_gives_the_same_bits_and_a_damped_trend_levels_off() {
    for seed in 0..20 {
        let series = series(seed, 50);
        assert_eq!(fits(&series), fits(&series));
        let [simple, damped] = fits(&series);
        assert!(simple.forecast(26).windows(2).all(|pair| pair[0] == pair[1]));
        let steps: Vec<f64> = damped.forecast(26).windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        assert!(steps.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "seed {seed}: {steps:?}");
    }
}

#[test]
fn the_baselines_repeat_what_was_seen() {
    for seed in 0..20 {
        let series = series(seed, 60);
        let forecast = seasonal_naive(&series, 52, 60).expect("longer than a year");
        assert!(forecast[..52] == series[8..] && forecast[52..] == series[8..16]);
        let mean = mean_of_last(&series, 8).expect("longer than eight weeks");
        assert!((8.0 * mean - series[52..].iter().sum::<f64>()).abs() < 1e-9);
    }
}
