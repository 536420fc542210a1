//! The normal distribution against 60 digits: `reference/normal.py` writes the file.

use arrears_models::random::{normal_cdf, normal_quantile};

const EXPECTED: &str = include_str!("reference/normal_expected.csv");
const TOLERANCE: f64 = 1e-14;

fn number(field: &str) -> f64 {
    field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))
}

#[test]
fn probabilities_and_quantiles_agree_to_fourteen_digits() {
    let mut compared = [0, 0];
    for row in EXPECTED.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()) {
        let (argument, expected) = (number(row[1]), number(row[2]));
        let (kind, actual) = match row[0] {
            "probability" => (0, normal_cdf(argument)),
            "quantile" => (1, normal_quantile(argument)),
            other => panic!("unknown function: {other}"),
        };
        compared[kind] += 1;
        let is_near = (actual - expected).abs() <= TOLERANCE * expected.abs();
        assert!(is_near, "{} of {argument}: {actual:e} is not {expected:e}, off by {:e}", row[0], actual / expected - 1.0);
    }
    assert!(compared[0] >= 290 && compared[1] >= 110, "{compared:?}");
}
