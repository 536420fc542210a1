//! Exponential smoothing against statsmodels: `reference/smoothing.py` writes the file.

use std::collections::BTreeMap;

use arrears_models::smoothing::{Parameters, State, fit_damped, fit_simple, smooth};

const EXPECTED: &str = include_str!("reference/smoothing_expected.csv");
const TOLERANCE: f64 = 1e-9;

fn numbers(fields: &str) -> Vec<f64> {
    fields.split_terminator(' ').map(|field| field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))).collect()
}

fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    EXPECTED.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        [fields[0], fields[1], fields[2], fields[3]]
    })
}

fn series() -> BTreeMap<&'static str, Vec<f64>> {
    rows().filter(|row| row[1] == "series").map(|row| (row[0], numbers(row[3]))).collect()
}

#[test]
fn with_the_same_parameters_every_forecast_is_the_same() {
    let series = series();
    let mut compared = 0;
    for [book, kind, parameters, expected] in rows().filter(|row| matches!(row[1], "damped" | "simple")) {
        let given = numbers(parameters);
        let (parameters, start) = match kind {
            "damped" => (Parameters { level: given[0], trend: given[1], damping: given[2] }, State { level: given[3], trend: given[4] }),
            _ => (Parameters { level: given[0], trend: 0.0, damping: 1.0 }, State { level: given[1], trend: 0.0 }),
        };
        let smoothed = smooth(&series[book], &parameters, start);
        let expected = numbers(expected);
        let ahead = smoothed.end.forecast(parameters.damping, expected.len() - series[book].len());
        for (at, (actual, expected)) in smoothed.forecasts.iter().chain(&ahead).zip(&expected).enumerate() {
            assert!((actual - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{book}, {kind}, {at}: {actual} is not {expected}");
            compared += 1;
        }
    }
    assert!(compared > 7_000, "{compared}");
}

#[test]
fn what_is_fitted_errs_no_more_than_what_statsmodels_fits() {
    let series = series();
    let mut compared = 0;
    for [book, kind, _, expected] in rows().filter(|row| row[1].ends_with("_squares")) {
        let fit = if kind == "damped_squares" { fit_damped(&series[book]) } else { fit_simple(&series[book]) };
        let (actual, expected) = (fit.expect("long enough").sum_of_squares, numbers(expected)[0]);
        assert!(actual <= 1.001 * expected, "{book}, {kind}: {actual} is more than {expected}");
        compared += 1;
    }
    assert_eq!(compared, 14);
}
