//! The logistic regressions against scikit-learn and statsmodels: `reference/logistic.py` writes both files.

use std::str::FromStr;

use arrears_models::logistic::{Fit, FitError, Options, Rows, Sample, fit, fit_through_linfa};

const ROWS: &str = include_str!("reference/logistic_rows.csv");
const EXPECTED: &str = include_str!("reference/logistic_expected.csv");
const COLUMNS: usize = 4;
const TOLERANCE: f64 = 1e-6;

#[derive(Default)]
struct Book {
    values: Vec<f32>,
    target: Vec<f32>,
    weight: Option<Vec<f32>>,
    offset: Option<Vec<f32>>,
}

impl Book {
    fn named(name: &str) -> Book {
        let mut book = Book::default();
        for row in rows(ROWS).filter(|row| row[0] == name) {
            book.target.push(number(row[1]));
            if !row[2].is_empty() {
                book.weight.get_or_insert_default().push(number(row[2]));
            }
            if !row[3].is_empty() {
                book.offset.get_or_insert_default().push(number(row[3]));
            }
            book.values.extend(row[4..].iter().map(|field| number::<f32>(field)));
        }
        book
    }

    fn sample(&self) -> Sample<'_> {
        let rows = Rows { values: &self.values, columns: COLUMNS };
        Sample { rows, target: &self.target, weight: self.weight.as_deref(), offset: self.offset.as_deref() }
    }
}

struct Expected {
    name: &'static str,
    options: Options,
    log_loss: f64,
    /// The intercept first.
    estimates: Vec<f64>,
    /// Empty where the reference has none.
    standard_errors: Vec<f64>,
}

fn number<T: FromStr>(field: &str) -> T {
    field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn expected() -> Vec<Expected> {
    let numbers = |fields: &[&str]| fields.iter().filter(|field| !field.is_empty()).map(|field| number(field)).collect();
    rows(EXPECTED)
        .map(|row| Expected {
            name: row[0],
            options: Options::with_ridge(number(row[2])),
            log_loss: number(row[3]),
            estimates: numbers(&row[4..5 + COLUMNS]),
            standard_errors: numbers(&row[5 + COLUMNS..]),
        })
        .collect()
}

/// Relative to the size of the number where it is above 1.
#[track_caller]
fn assert_near(actual: f64, expected: f64, what: &str) -> f64 {
    let difference = (actual - expected).abs() / expected.abs().max(1.0);
    assert!(difference <= TOLERANCE, "{what}: {actual} is not {expected}");
    difference
}

/// The largest difference from the reference.
fn compare(fitted: &Fit, expected: &Expected, way: &str) -> f64 {
    assert!(fitted.gradient_norm < 1e-8, "{}, {way}: not certified: {}", expected.name, fitted.gradient_norm);
    let mut worst = assert_near(fitted.log_loss, expected.log_loss, &format!("{}, {way}, log-loss", expected.name));
    // A coefficient per standard deviation of its column is what a tolerance can be given for, whatever the unit.
    let scales: Vec<f64> = std::iter::once(1.0).chain(fitted.scales.iter().copied()).collect();
    let estimates = std::iter::once(&fitted.intercept).chain(&fitted.coefficients);
    assert_eq!((expected.estimates.len(), fitted.coefficients.len()), (1 + COLUMNS, COLUMNS));
    for (index, (actual, wanted)) in estimates.zip(&expected.estimates).enumerate() {
        let what = format!("{}, {way}, estimate {index}", expected.name);
        worst = worst.max(assert_near(actual * scales[index], wanted * scales[index], &what));
    }
    for (index, (actual, wanted)) in fitted.standard_errors.iter().zip(&expected.standard_errors).enumerate() {
        let what = format!("{}, {way}, standard error {index}", expected.name);
        worst = worst.max(assert_near(actual * scales[index], wanted * scales[index], &what));
    }
    worst
}

#[test]
fn newtons_method_agrees_with_scikit_learn_and_statsmodels() {
    for expected in expected() {
        let book = Book::named(expected.name);
        let fitted = fit(&book.sample(), &expected.options).expect("converges");
        println!("{}: {:.1e}", expected.name, compare(&fitted, &expected, "newton"));
    }
}

#[test]
fn linfas_way_agrees_whichever_class_is_the_more_frequent() {
    let (mut rare, mut common) = (0, 0);
    for expected in expected() {
        let book = Book::named(expected.name);
        let result = fit_through_linfa(&book.sample(), &expected.options);
        if book.weight.is_some() {
            assert_eq!(result, Err(FitError::WeightsOrOffsets), "{}", expected.name);
            continue;
        }
        let fitted = result.expect("converges");
        println!("{}: {:.1e} after {} steps", expected.name, compare(&fitted, &expected, "linfa"), fitted.iterations);
        // linfa has been at work, not Newton's method alone: that needs five steps and more.
        assert!(fitted.iterations <= 2, "{}: {} steps", expected.name, fitted.iterations);
        let events = book.target.iter().filter(|target| **target == 1.0).count();
        *(if 2 * events < book.target.len() { &mut rare } else { &mut common }) += 1;
    }
    assert!(rare >= 2 && common >= 2, "both polarities are tested: {rare}, {common}");
}
