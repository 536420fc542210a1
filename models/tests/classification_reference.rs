//! The measures of classification against scikit-learn and statsmodels: `reference/classification.py` writes both files.

use arrears_models::classification::{Probabilities, mean_absolute_error};

const ROWS: &str = include_str!("reference/classification_rows.csv");
const EXPECTED: &str = include_str!("reference/classification_expected.csv");
/// Sums of the same numbers.
const TOLERANCE: f64 = 1e-12;
/// Fits, each to its own convergence.
const TOLERANCE_FITTED: f64 = 1e-8;

fn number(field: &str) -> f64 {
    field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))
}

fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, Vec<f64>)> {
    text.lines().skip(1).map(|line| {
        let (name, numbers) = line.split_once(',').expect("a case and its numbers");
        (name, numbers.split(',').map(number).collect())
    })
}

#[test]
fn every_measure_agrees_with_the_references() {
    let mut cases = 0;
    for (name, expected) in rows(EXPECTED) {
        let column = |index: usize| -> Vec<f64> { rows(ROWS).filter(|row| row.0 == name).map(|row| row.1[index]).collect() };
        let (probability, target, weight) = (column(0), column(1), column(2));
        assert_eq!(probability.len(), 150);
        let probabilities = Probabilities::new(&probability, &target, Some(&weight)).expect("valid rows");
        let calibration = probabilities.calibration().expect("both classes");
        let measures = [
            ("auc", probabilities.scores().auc(), TOLERANCE),
            ("ks", probabilities.scores().ks(), TOLERANCE),
            ("log-loss", probabilities.log_loss(), TOLERANCE),
            ("brier", probabilities.brier(), TOLERANCE),
            ("slope", Some(calibration.slope), TOLERANCE_FITTED),
            ("intercept", Some(calibration.intercept), TOLERANCE_FITTED),
            ("in the large", probabilities.calibration_in_the_large(), TOLERANCE_FITTED),
            ("mean absolute error", mean_absolute_error(&probability, &target, Some(&weight)), TOLERANCE),
        ];
        assert_eq!(measures.len(), expected.len());
        for ((measure, actual, tolerance), expected) in measures.into_iter().zip(expected) {
            let difference = (actual.expect("defined") - expected).abs();
            assert!(difference <= tolerance, "{name}, {measure}: {actual:?} is not {expected}");
            println!("{name}, {measure}: {difference:.1e}");
        }
        if weight.iter().all(|weight| *weight == 1.0) {
            let unweighted = Probabilities::new(&probability, &target, None).expect("valid rows");
            assert_eq!(unweighted.scores().auc(), probabilities.scores().auc());
            assert_eq!(unweighted.brier(), probabilities.brier());
        }
        cases += 1;
    }
    assert_eq!(cases, 4);
}
