//! The scorecard against optbinning, toad, scikit-learn, statsmodels and scipy: `reference/scorecard.py` writes the files.

use arrears_models::intervals::jeffreys;
use arrears_models::isotonic::{pool_adjacent_violators, without_ties};
use arrears_models::scorecard::bins;
use arrears_models::scorecard::bins::{Bins, weight_of_evidence};
use arrears_models::scorecard::calibration::{Kind, calibrate};
use arrears_models::scorecard::fit::{Options, fit};
use arrears_models::scorecard::stability::population_stability;
use arrears_models::scorecard::{Characteristic, Direction, Sample};

const ROWS: &str = include_str!("reference/scorecard_rows.csv");
const BINS: &str = include_str!("reference/scorecard_bins.csv");
const REGRESSION: &str = include_str!("reference/scorecard_regression.csv");
const PSI: &str = include_str!("reference/scorecard_psi.csv");
const JEFFREYS: &str = include_str!("reference/scorecard_jeffreys.csv");
const ISOTONIC: &str = include_str!("reference/scorecard_isotonic.csv");
const NAMES: [&str; 3] = ["rising", "falling", "with_missing"];
/// Beside 0, where optbinning's own rounding lies.
const TOLERANCE: f64 = 1e-9;
/// Fits, each to its own convergence.
const TOLERANCE_FITTED: f64 = 1e-6;
/// Sums of the same numbers.
const TOLERANCE_SUMS: f64 = 1e-12;

fn fields(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn number(field: &str) -> f64 {
    field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))
}

fn assert_near(actual: f64, expected: f64, tolerance: f64, what: &str) {
    let difference = (actual - expected).abs();
    assert!(difference <= tolerance, "{what}: {actual} is not {expected}");
    println!("{what}: {difference:.1e}");
}

struct Book {
    columns: [Vec<f32>; 3],
    is_event: Vec<bool>,
    group: Vec<u32>,
}

impl Book {
    fn read() -> Book {
        let column = |index: usize| -> Vec<f32> { fields(ROWS).map(|row| number(row[index]) as f32).collect() };
        let whole = |index: usize| fields(ROWS).map(move |row| row[index].parse::<u32>().expect("a whole number"));
        Book {
            columns: [column(2), column(3), column(4)],
            is_event: whole(1).map(|target| target == 1).collect(),
            group: whole(0).collect(),
        }
    }

    fn characteristics(&self) -> [Characteristic<'_>; 3] {
        let direction = |place: usize| if place == 1 { Direction::Falling } else { Direction::Rising };
        [0, 1, 2].map(|place| Characteristic { name: NAMES[place], direction: direction(place), values: &self.columns[place] })
    }
}

/// The options under which all three stay on the card, with the ridge of the script.
fn options() -> Options {
    // The bins that the script was given: 20 quantiles, 5 % of the rows in each.
    let bins = bins::Options { quantiles: 20, tail_share_min: 0.05, ..bins::Options::default() };
    Options { bins, ridges: vec![0.1], information_value_min: 0.0, ..Options::full() }
}

#[test]
fn weights_of_evidence_and_information_values_agree_with_optbinning_and_toad() {
    let book = Book::read();
    for (part, name) in book.characteristics().iter().zip(NAMES) {
        let bins = Bins::of(part.values, &book.is_event, part.direction, &options().bins).expect("it can be binned");
        println!("{name}: {:?}", bins.edges);
        let expected: Vec<Vec<&str>> = fields(BINS).filter(|row| row[0] == name).collect();
        let found: Vec<_> = bins.bins.iter().filter(|bin| bin.rows > 0).collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        let all = |of: &dyn Fn(usize) -> u64| (0..found.len()).map(of).sum::<u64>();
        let (events, rows) = (all(&|place| found[place].events), all(&|place| found[place].rows));
        for (bin, expected) in found.iter().zip(&expected) {
            assert_eq!([bin.rows.to_string(), bin.events.to_string()], [expected[2], expected[3]], "{name}: the edges in EDGES are others");
            let unsmoothed = weight_of_evidence(bin.events, bin.rows - bin.events, events, rows - events).expect("no empty cell");
            assert_eq!(unsmoothed, bin.woe, "with enough rows nothing is smoothed or held");
            for (place, actual) in [(4, bin.woe), (5, bin.information_value), (6, bin.woe), (7, bin.information_value)] {
                assert_near(actual, number(expected[place]), TOLERANCE, name);
            }
        }
        assert_near(bins.information_value(), expected.iter().map(|row| number(row[5])).sum(), TOLERANCE, name);
    }
}

#[test]
fn the_regression_on_them_agrees_with_scikit_learn_and_its_covariance_with_the_formula() {
    let book = Book::read();
    let characteristics = book.characteristics();
    let sample = Sample { characteristics: &characteristics, is_event: &book.is_event, group: &book.group };
    let fitted = fit(&sample, &options()).expect("it can be fitted");
    assert_eq!(fitted.scorecard.characteristics.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), NAMES);
    let estimates = std::iter::once(fitted.regression.intercept).chain(fitted.regression.coefficients.iter().copied());
    let expected = |what: &'static str| fields(REGRESSION).filter(move |row| row[0] == what).map(|row| number(row[2]));
    assert_eq!((expected("ridge").count(), expected("standard_error").count()), (4, 4));
    for (actual, expected) in estimates.zip(expected("ridge")) {
        assert_near(actual, expected, TOLERANCE_FITTED, "ridge");
    }
    for (actual, expected) in fitted.standard_errors.iter().zip(expected("standard_error")) {
        assert_near(*actual, expected, TOLERANCE_FITTED, "standard error");
    }
}

#[test]
fn calibrations_agree_with_scikit_learn_and_statsmodels() {
    let book = Book::read();
    let characteristics = book.characteristics();
    let bins = Bins::of(characteristics[0].values, &book.is_event, Direction::Rising, &options().bins).expect("it can be binned");
    let log_odds: Vec<f64> =
        characteristics[0].values.iter().map(|value| 1.5 * f64::from(bins.bins[bins.bin_of(*value)].woe as f32) - 2.0).collect();
    let expected = |what: &str| -> Vec<f64> { fields(REGRESSION).filter(|row| row[0] == what).map(|row| number(row[2])).collect() };
    let calibrated = |weight: Option<&[f64]>, kind| calibrate(&log_odds, &book.is_event, weight, &book.group, kind).expect("both classes");
    let platt = calibrated(None, Kind::Platt);
    let found = [[platt.intercept, platt.slope].as_slice(), &platt.covariance].concat();
    for (actual, expected) in found.iter().zip(expected("platt")) {
        assert_near(*actual, expected, TOLERANCE_FITTED, "platt");
    }
    let level = calibrated(None, Kind::Intercept);
    assert_eq!((level.slope, &level.covariance[1..]), (1.0, [0.0; 3].as_slice()));
    assert_near(level.intercept, expected("level")[0], TOLERANCE_FITTED, "level");
    assert_near(level.covariance[0], expected("level")[1], TOLERANCE_FITTED, "level, covariance");
    let weight: Vec<f64> = (0..log_odds.len()).map(|row| 0.5 + (row % 4) as f64 / 2.0).collect();
    let weighted = calibrated(Some(&weight), Kind::Platt);
    assert_near(weighted.intercept, expected("weighted")[0], TOLERANCE_FITTED, "weighted");
    assert_near(weighted.slope, expected("weighted")[1], TOLERANCE_FITTED, "weighted");
}

#[test]
fn population_stability_agrees_with_optbinning_and_toad() {
    for case in ["little", "much", "two"] {
        let rows: Vec<Vec<&str>> = fields(PSI).filter(|row| row[0] == case).collect();
        let counts = |place: usize| -> Vec<u64> { rows.iter().map(|row| row[place].parse().expect("a count")).collect() };
        let moved = population_stability(&counts(1), &counts(2)).expect("there are rows");
        assert_near(moved.index, number(rows[0][4]), TOLERANCE, case);
        for (part, row) in moved.parts.iter().zip(&rows) {
            assert_near(*part, number(row[3]), TOLERANCE, case);
        }
    }
}

#[test]
fn jeffreys_intervals_agree_with_scipy() {
    assert_eq!(fields(JEFFREYS).count(), 20);
    for row in fields(JEFFREYS) {
        let row: Vec<f64> = row.into_iter().map(number).collect();
        let interval = jeffreys(row[0], row[1], row[2]);
        for (actual, expected) in [interval.mean, interval.lower, interval.upper].into_iter().zip(&row[3..]) {
            assert_near(actual, *expected, 1e-10, "jeffreys");
            // Small rates to as many digits.
            assert_near(actual, *expected, 1e-8 * expected, "jeffreys, relative");
        }
    }
}

#[test]
fn isotonic_regression_agrees_with_scikit_learn() {
    for case in ["0", "1", "2", "3"] {
        let column = |place: usize| -> Vec<f64> { fields(ISOTONIC).filter(|row| row[0] == case).map(|row| number(row[place])).collect() };
        let (x, expected) = (column(1), column(4));
        let points = without_ties(&x, &column(2), &column(3));
        let y: Vec<f64> = points.iter().map(|point| point.y).collect();
        let weight: Vec<f64> = points.iter().map(|point| point.weight).collect();
        let fitted = pool_adjacent_violators(&y, &weight);
        for (x, expected) in x.iter().zip(&expected) {
            let place = points.iter().position(|point| point.x == *x).expect("it is there");
            assert_near(fitted[place], *expected, TOLERANCE_SUMS, "isotonic");
        }
    }
}
