//! Benchmarks of the scorecard: the whole recipe on 100,000 rows, and a million customers scored.
//!
//!     cargo bench --package arrears-models --bench scorecard

#[path = "../tests/support/mod.rs"]
mod support;

use arrears_models::scorecard::card::{Matrix, Scored};
use arrears_models::scorecard::comparison::{self, AucComparison, compare_auc};
use arrears_models::scorecard::fit::{self, Fitted, fit};
use arrears_models::scorecard::ladder::{Ladder, Options, fit_ladder};
use support::Book;

const CUSTOMERS: usize = 1_000_000;

fn main() {
    divan::main();
}

/// 10,000 parents at ten month ends, 20 characteristics.
fn book() -> Book {
    Book::usual(7, 10_000, 10, -4.5)
}

/// Bins, selection, ridge by cross-validation, predictions out of fold, certified fit and cluster bootstrap.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn whole_fit_of_100_000_rows(bencher: divan::Bencher) {
    let book = book();
    bencher.bench(|| -> Fitted { book.with_sample(|sample| fit(sample, &fit::Options::full())).expect("it can be fitted") });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn ladder_of_100_000_rows(bencher: divan::Bencher) {
    let book = book();
    let is_calibration: Vec<bool> = (0..book.group.len()).map(|row| row % 10 >= 4).collect();
    let rule: Vec<f64> = book.columns[0].iter().map(|value| f64::from(*value)).collect();
    let expert = support::expert();
    bencher.bench(|| -> Ladder { book.with_sample(|sample| fit_ladder(sample, &is_calibration, &rule, &expert, &Options::default())) });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn comparison_of_100_000_rows(bencher: divan::Bencher) {
    let book = book();
    let rule: Vec<f64> = book.columns[0].iter().map(|value| f64::from(*value)).collect();
    let options = comparison::Options::default();
    bencher.bench(|| -> AucComparison {
        compare_auc(&book.log_odds, &rule, &book.is_event, &book.group, &options).expect("there are both classes")
    });
}

/// Score, probability, interval and reasons, from the characteristics.
#[divan::bench(args = ["columns", "rows"], sample_count = 5, sample_size = 1)]
fn scores_of_a_million_customers(bencher: divan::Bencher, layout: &str) {
    let book = book();
    let card = book.with_sample(|sample| fit(sample, &fit::Options::full())).expect("it can be fitted").scorecard;
    assert_eq!(card.characteristics.len(), 12);
    let width = book.columns.len();
    let columns: Vec<Vec<f32>> = book.columns.iter().map(|column| column.iter().copied().cycle().take(CUSTOMERS).collect()).collect();
    let slices: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
    let rows: Vec<f32> = (0..CUSTOMERS * width).map(|place| columns[place % width][place / width]).collect();
    let matrix = if layout == "rows" { Matrix::RowMajor { values: &rows, columns: width } } else { Matrix::Columns(&slices) };
    bencher.bench(|| -> Scored { card.score_all(&matrix) });
}
