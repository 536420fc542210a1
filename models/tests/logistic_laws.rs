//! Laws of the logistic regressions on drawn samples: what must hold whatever the rows are.

use arrears_models::logistic::{
    Fit, FitError, Options, Rows, Sample, fit, fit_through_linfa, fit_with_ridges, log_odds_of, probability_from,
};

/// Knuth's 64-bit linear congruential generator, upper bits: a sample is known by its seed.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn uniform(&mut self) -> f64 {
        self.below(1 << 24) as f64 / f64::from(1 << 24)
    }
}

#[derive(Clone, Debug)]
struct Book {
    columns: usize,
    values: Vec<f32>,
    target: Vec<f32>,
    weight: Vec<f32>,
    offset: Vec<f32>,
}

impl Book {
    /// Multiples of 1/64, so that what is done to the numbers below is exact.
    fn drawn(seed: u64, rows: usize, columns: usize) -> Book {
        let mut generator = Generator(seed);
        let mut book = Book { columns, values: vec![], target: vec![], weight: vec![], offset: vec![] };
        for _ in 0..rows {
            let row: Vec<f32> = (0..columns).map(|_| (generator.below(256) as f32 - 128.0) / 64.0).collect();
            let offset = (generator.below(128) as f32 - 64.0) / 64.0;
            let log_odds: f64 = row.iter().enumerate().map(|(column, value)| f64::from(*value) * (column as f64 / 3.0 - 1.0)).sum();
            book.target.push(f32::from(u8::from(generator.uniform() < probability_from(log_odds / 2.0 + f64::from(offset) - 0.7))));
            book.weight.push(generator.below(4) as f32);
            book.offset.push(offset);
            book.values.extend(row);
        }
        book
    }

    fn sample(&self) -> Sample<'_> {
        let rows = Rows { values: &self.values, columns: self.columns };
        Sample { rows, target: &self.target, weight: Some(&self.weight), offset: Some(&self.offset) }
    }

    /// Without weights and offsets.
    fn plain(&self) -> Sample<'_> {
        Sample { weight: None, offset: None, ..self.sample() }
    }

    fn fitted(&self, ridge: f64) -> Fit {
        fit(&self.sample(), &Options::with_ridge(ridge)).expect("converges")
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }
}

fn books() -> impl Iterator<Item = (u64, Book)> {
    // Also more columns than fit into one panel of four, and rows that do not fill their block.
    (0..40).map(|seed| (seed, Book::drawn(seed, 150 + 17 * seed as usize, (seed % 9) as usize)))
}

fn bits(fit: &Fit) -> Vec<u64> {
    let lists = [&fit.coefficients, &fit.means, &fit.scales, &fit.standard_errors];
    let numbers = lists.into_iter().flatten().chain([&fit.intercept, &fit.gradient_norm, &fit.log_loss]);
    numbers.map(|number| number.to_bits()).collect()
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, what: &str) {
    assert!((actual - expected).abs() <= 1e-7 * (1.0 + expected.abs()), "{what}: {actual} is not {expected}");
}

#[track_caller]
fn assert_same(actual: &Fit, expected: &Fit, what: &str) {
    assert_near(actual.intercept, expected.intercept, what);
    assert_eq!(actual.coefficients.len(), expected.coefficients.len(), "{what}");
    let (actual_numbers, expected_numbers) = (actual.coefficients.iter(), expected.coefficients.iter());
    let pairs = actual_numbers.zip(expected_numbers).chain(actual.standard_errors.iter().zip(&expected.standard_errors));
    pairs.for_each(|(actual, expected)| assert_near(*actual, *expected, what));
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    // More than two chunks of rows, the last one not full.
    let book = Book::drawn(5, 40_000, 6);
    let fits: Vec<[Vec<u64>; 2]> = [1, 2, 8]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
            pool.install(|| {
                let linfa = fit_through_linfa(&book.plain(), &Options::with_ridge(1e-3)).expect("converges");
                [bits(&book.fitted(1e-3)), bits(&linfa)]
            })
        })
        .into();
    assert_eq!(fits[0], fits[1]);
    assert_eq!(fits[0], fits[2]);
}

#[test]
fn at_the_optimum_the_gradient_is_zero_as_counted_row_by_row() {
    for (seed, book) in books() {
        for ridge in [1e-4, 0.1] {
            let fitted = book.fitted(ridge);
            let mut gradient = vec![0.0; 1 + book.columns];
            let mut weights = 0.0;
            for row in 0..book.target.len() {
                let weight = f64::from(book.weight[row]);
                let log_odds = fitted.log_odds(book.row(row)) + f64::from(book.offset[row]);
                let residual = weight * (probability_from(log_odds) - f64::from(book.target[row]));
                gradient[0] += residual;
                for (column, value) in book.row(row).iter().enumerate() {
                    gradient[1 + column] += residual * (f64::from(*value) - fitted.means[column]) / fitted.scales[column];
                }
                weights += weight;
            }
            for (index, sum) in gradient.iter().enumerate() {
                let penalty = if index == 0 { 0.0 } else { ridge * fitted.coefficients[index - 1] * fitted.scales[index - 1] };
                assert!((sum / weights + penalty).abs() < 1e-8, "seed {seed}, ridge {ridge}, element {index}: {}", sum / weights + penalty);
            }
            assert!(fitted.gradient_norm < 1e-8);
        }
    }
}

#[test]
fn a_weight_is_that_many_rows_and_no_weight_is_no_row() {
    for (seed, book) in books() {
        let mut repeated = Book { values: vec![], target: vec![], weight: vec![], offset: vec![], ..book };
        for row in 0..book.target.len() {
            for _ in 0..book.weight[row] as usize {
                repeated.values.extend(book.row(row));
                repeated.target.push(book.target[row]);
                repeated.weight.push(1.0);
                repeated.offset.push(book.offset[row]);
            }
        }
        let unweighted = Sample { weight: None, ..repeated.sample() };
        let expected = fit(&unweighted, &Options::with_ridge(0.01)).expect("converges");
        assert_same(&book.fitted(0.01), &expected, &format!("seed {seed}"));
    }
}

#[test]
fn a_fraction_is_an_event_and_none_with_the_weight_split() {
    for (seed, mut book) in books() {
        let mut split = Book { values: vec![], target: vec![], weight: vec![], offset: vec![], ..book };
        for row in 0..book.target.len() {
            book.target[row] = (book.target[row] + row as f32 % 4.0) / 4.0;
            for target in [0.0, 1.0] {
                split.values.extend(book.row(row));
                split.target.push(target);
                split.weight.push(book.weight[row] * if target == 1.0 { book.target[row] } else { 1.0 - book.target[row] });
                split.offset.push(book.offset[row]);
            }
        }
        assert_same(&book.fitted(0.01), &split.fitted(0.01), &format!("seed {seed}"));
    }
}

#[test]
fn a_unit_of_measure_changes_the_coefficients_and_no_probability() {
    for (seed, book) in books().filter(|(_, book)| book.columns > 1) {
        let mut other = book.clone();
        for row in other.values.chunks_mut(book.columns) {
            row[0] = row[0] * 1024.0 + 4096.0;
            row[1] /= 8.0;
        }
        let (fitted, of_other) = (book.fitted(0.02), other.fitted(0.02));
        assert_near(of_other.coefficients[0] * 1024.0, fitted.coefficients[0], &format!("seed {seed}"));
        assert_near(of_other.coefficients[1] / 8.0, fitted.coefficients[1], &format!("seed {seed}"));
        for row in 0..book.target.len() {
            assert_near(of_other.probability(other.row(row)), fitted.probability(book.row(row)), &format!("seed {seed}, row {row}"));
        }
    }
}

#[test]
fn linfa_sees_some_of_many_rows_and_the_fit_is_that_of_all() {
    // More than 65,536, so that every second one is left out.
    let book = Book::drawn(11, 70_001, 3);
    let options = Options::with_ridge(0.01);
    let own = fit(&book.plain(), &options).expect("converges");
    assert_same(&fit_through_linfa(&book.plain(), &options).expect("converges"), &own, "70,001 rows");
}

#[test]
fn swapping_the_classes_turns_every_sign_on_both_ways() {
    for (seed, book) in books() {
        let swapped = Book { target: book.target.iter().map(|target| 1.0 - target).collect(), ..book.clone() };
        for ridge in [1e-3, 0.3] {
            let options = Options::with_ridge(ridge);
            let own = fit(&book.plain(), &options).expect("converges");
            let linfa = fit_through_linfa(&book.plain(), &options).expect("converges");
            let mut turned = fit_through_linfa(&swapped.plain(), &options).expect("converges");
            turned.intercept = -turned.intercept;
            turned.coefficients.iter_mut().for_each(|coefficient| *coefficient = -*coefficient);
            assert_same(&linfa, &own, &format!("seed {seed}"));
            assert_same(&turned, &own, &format!("seed {seed}, swapped"));
        }
    }
}

#[test]
fn an_offset_is_a_coefficient_that_is_known() {
    for (seed, book) in books() {
        // The column of the offset with its coefficient fixed at 1: the same as moving the log-odds of the others by it.
        let moved = Book { offset: book.offset.iter().map(|offset| offset + 2.0).collect(), ..book.clone() };
        let (fitted, moved) = (book.fitted(0.05), moved.fitted(0.05));
        assert_near(moved.intercept + 2.0, fitted.intercept, &format!("seed {seed}"));
        moved
            .coefficients
            .iter()
            .zip(&fitted.coefficients)
            .for_each(|(moved, fitted)| assert_near(*moved, *fitted, &format!("seed {seed}")));
    }
}

#[test]
fn a_stronger_ridge_draws_the_coefficients_together_and_the_mean_is_kept() {
    for (seed, book) in books().filter(|(_, book)| book.columns > 0) {
        let size =
            |fit: &Fit| -> f64 { fit.coefficients.iter().zip(&fit.scales).map(|(coefficient, scale)| (coefficient * scale).powi(2)).sum() };
        let fits = [0.0, 0.01, 0.1, 1.0, 100.0].map(|ridge| fit(&book.plain(), &Options::with_ridge(ridge)).expect("converges"));
        for pair in fits.windows(2) {
            assert!(size(&pair[1]) < size(&pair[0]), "seed {seed}: {} is not below {}", size(&pair[1]), size(&pair[0]));
            assert!(pair[1].log_loss >= pair[0].log_loss - 1e-12, "seed {seed}: a ridge cannot fit better");
        }
        let rate: f64 = book.target.iter().map(|target| f64::from(*target)).sum::<f64>() / book.target.len() as f64;
        for fitted in fits {
            let mean: f64 = (0..book.target.len()).map(|row| fitted.probability(book.row(row))).sum::<f64>() / book.target.len() as f64;
            assert!((mean - rate).abs() < 1e-8, "seed {seed}: {mean} is not {rate}");
        }
    }
}

#[test]
fn a_ridge_of_its_own_holds_its_column_and_no_other() {
    let book = Book::drawn(5, 600, 3);
    let alike = fit_with_ridges(&book.sample(), &[0.01; 3], 50).expect("converges");
    assert_eq!(bits(&alike), bits(&book.fitted(0.01)), "equal ridges are one ridge");
    let held = fit_with_ridges(&book.sample(), &[0.01, 1e9, 0.01], 50).expect("converges");
    let mut without = Book { columns: 2, values: vec![], ..book.clone() };
    for row in 0..book.target.len() {
        let [first, _, third] = book.row(row).try_into().expect("three columns");
        without.values.extend([first, third]);
    }
    let without = without.fitted(0.01);
    assert!(held.coefficients[1].abs() < 1e-8, "{}", held.coefficients[1]);
    assert_near(held.coefficients[0], without.coefficients[0], "the first column");
    assert_near(held.coefficients[2], without.coefficients[1], "the third column");
    assert_eq!(fit_with_ridges(&book.sample(), &[0.01; 2], 50), Err(FitError::Ridge), "a ridge for each column");
    assert_eq!(fit_with_ridges(&book.sample(), &[0.01, -1.0, 0.01], 50), Err(FitError::Ridge), "no ridge below 0");
}

#[test]
fn a_constant_column_is_dropped_and_changes_nothing() {
    let book = Book::drawn(3, 400, 3);
    let expected = book.fitted(0.01);
    let mut wider = Book { columns: 5, values: vec![], ..book.clone() };
    for row in 0..book.target.len() {
        let [first, second, third] = book.row(row).try_into().expect("three columns");
        // Constant where it has a weight: what a row without weight says does not count. 0.1 has no exact mean.
        let mark = if book.weight[row] == 0.0 { row as f32 } else { 0.1 };
        wider.values.extend([0.1, first, second, mark, third]);
    }
    let fitted = wider.fitted(0.01);
    assert_eq!(fitted.columns_dropped, [0, 3]);
    assert_eq!((fitted.coefficients[0], fitted.coefficients[3]), (0.0, 0.0));
    assert_eq!((fitted.scales[0], fitted.standard_errors[1]), (0.0, 0.0));
    for (column, place) in [1, 2, 4].into_iter().enumerate() {
        assert_eq!(fitted.coefficients[place].to_bits(), expected.coefficients[column].to_bits());
        assert_eq!(fitted.standard_errors[1 + place].to_bits(), expected.standard_errors[1 + column].to_bits());
    }
    assert_eq!(fitted.log_loss.to_bits(), expected.log_loss.to_bits());
}

#[test]
fn without_columns_the_intercept_is_the_rate() {
    for fit in [fit, fit_through_linfa] {
        for values in [&[] as &[f32], &[2.0; 5]] {
            let rows = Rows { values, columns: values.len() / 5 };
            let sample = Sample { rows, target: &[0.0, 0.0, 0.0, 1.0, 0.0], weight: None, offset: None };
            let fitted = fit(&sample, &Options::with_ridge(0.0)).expect("converges");
            assert_near(fitted.intercept, 0.25_f64.ln(), "the log-odds of 1 in 5");
            // √(1 ÷ (n · p · (1 − p)))
            assert_near(fitted.standard_errors[0], (1.0_f64 / 0.8).sqrt(), "the standard error of log-odds");
            assert_eq!(fitted.columns_dropped.len(), values.len() / 5);
        }
    }
}

/// Late exactly where x is above 0, but for the row at 0 itself where `overlap` makes both happen.
fn separable(overlap: bool) -> Book {
    let mut values: Vec<f32> = (-20..=20).filter(|x| *x != 0).map(|x| x as f32).collect();
    let mut target: Vec<f32> = values.iter().map(|x| f32::from(u8::from(*x > 0.0))).collect();
    if overlap {
        values.extend([0.0, 0.0]);
        target.extend([0.0, 1.0]);
    }
    Book { columns: 1, weight: vec![1.0; target.len()], offset: vec![0.0; target.len()], values, target }
}

#[test]
fn classes_that_can_be_separated_are_refused_without_a_ridge_and_fitted_with_one() {
    // Also where the separation is only just complete, and by a mark that no other row bears.
    let mut by_mark = Book::drawn(8, 300, 2);
    for row in 0..300 {
        let is_marked = row % 10 == 0;
        by_mark.values[2 * row] = f32::from(u8::from(is_marked));
        by_mark.target[row] = if is_marked { 1.0 } else { by_mark.target[row] };
    }
    for (name, book) in [("complete", separable(false)), ("at a point", separable(true)), ("by a mark", by_mark)] {
        for way in [fit, fit_through_linfa] {
            for max_iterations in [0, 10, 20, 50, 1000] {
                let result = way(&book.plain(), &Options { ridge: 0.0, max_iterations });
                assert!(matches!(result, Err(FitError::NotConverged { .. })), "{name}, {max_iterations} steps: {result:?}");
            }
            for ridge in [1e-6, 1e-3, 1.0] {
                let fitted = way(&book.plain(), &Options::with_ridge(ridge)).expect("a ridge makes it finite");
                assert!(fitted.gradient_norm < 1e-8 && fitted.coefficients[0] > 0.0 && fitted.coefficients[0].is_finite(), "{name}");
            }
        }
    }
}

#[test]
fn without_enough_steps_there_is_an_error_and_no_fit() {
    let book = Book::drawn(4, 500, 4);
    let fitted = book.fitted(0.01);
    assert!(fitted.iterations >= 3, "{}", fitted.iterations);
    let few = fit(&book.sample(), &Options { ridge: 0.01, max_iterations: 1 });
    let Err(FitError::NotConverged { iterations: 1, gradient_norm, .. }) = few else { panic!("{few:?}") };
    assert!(gradient_norm > 1e-8);
}

#[test]
fn copies_of_a_column_are_refused_without_a_ridge_and_share_with_one() {
    let mut book = Book::drawn(9, 300, 3);
    // The last is a combination of the others but for single precision.
    for row in book.values.chunks_mut(3) {
        row[2] = 0.7 * row[0] - 1.3 * row[1];
    }
    for way in [fit, fit_through_linfa] {
        assert_eq!(way(&book.plain(), &Options::with_ridge(0.0)), Err(FitError::Collinear { column: 2 }));
    }
    book.values.chunks_mut(3).for_each(|row| row[1] = row[2]);
    let fitted = book.fitted(1e-3);
    assert_near(fitted.coefficients[1], fitted.coefficients[2], "two copies");
}

#[test]
fn offsets_however_large_are_overcome() {
    let offset = vec![34.5; 100];
    let target: Vec<f32> = (0..100).map(|row| f32::from(u8::from(row % 4 == 0))).collect();
    let sample = Sample { rows: Rows { values: &[], columns: 0 }, target: &target, weight: None, offset: Some(&offset) };
    let fitted = fit(&sample, &Options::with_ridge(0.0)).expect("converges");
    assert_near(fitted.intercept, (1.0_f64 / 3.0).ln() - 34.5, "the rate less the offset");
}

#[test]
fn bad_input_is_refused_by_its_row() {
    let book = Book::drawn(2, 40_000, 2);
    let refused = |change: &dyn Fn(&mut Book)| {
        let mut bad = book.clone();
        change(&mut bad);
        fit(&bad.sample(), &Options::with_ridge(0.1)).expect_err("bad input")
    };
    // The first of several, also where they lie in chunks of their own.
    assert_eq!(
        refused(&|book| [70_001, 39, 5].into_iter().for_each(|place| book.values[place] = f32::NAN)),
        FitError::Value { row: 2, column: 1 }
    );
    assert_eq!(refused(&|book| book.values[3] = f32::INFINITY), FitError::Value { row: 1, column: 1 });
    assert_eq!(refused(&|book| book.target[7] = 1.5), FitError::Target { row: 7 });
    assert_eq!(refused(&|book| book.target[39_999] = f32::NAN), FitError::Target { row: 39_999 });
    assert_eq!(refused(&|book| book.weight[3] = -1.0), FitError::Weight { row: 3 });
    assert_eq!(refused(&|book| book.weight[3] = f32::NAN), FitError::Weight { row: 3 });
    assert_eq!(refused(&|book| book.offset[30_000] = f32::INFINITY), FitError::Offset { row: 30_000 });
    assert_eq!(refused(&|book| book.weight.truncate(9)), FitError::Length { what: "weights", found: 9, expected: 40_000 });
    assert_eq!(refused(&|book| book.offset.truncate(9)), FitError::Length { what: "offsets", found: 9, expected: 40_000 });
    assert_eq!(refused(&|book| book.values.truncate(9)), FitError::Length { what: "values", found: 9, expected: 80_000 });
    assert_eq!(refused(&|book| book.weight.fill(0.0)), FitError::NoWeight);
    assert_eq!(refused(&|book| book.target.fill(0.0)), FitError::OneClass);
    assert_eq!(refused(&|book| book.target.fill(1.0)), FitError::OneClass);
    // An event without weight is none.
    let alone = |book: &mut Book| {
        book.target.fill(0.0);
        (book.target[0], book.weight[0]) = (1.0, 0.0);
    };
    assert_eq!(refused(&alone), FitError::OneClass);
    for ridge in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(fit(&book.sample(), &Options::with_ridge(ridge)), Err(FitError::Ridge));
    }
    let mut fractions = book.clone();
    fractions.target[11] = 0.5;
    assert_eq!(fit_through_linfa(&fractions.plain(), &Options::with_ridge(0.1)), Err(FitError::FractionalTarget { row: 11 }));
    let empty = Sample { rows: Rows { values: &[], columns: 3 }, target: &[], weight: None, offset: None };
    assert_eq!(fit(&empty, &Options::with_ridge(0.1)), Err(FitError::NoWeight));
}

#[test]
fn an_error_says_what_to_do() {
    let text = FitError::NotConverged { iterations: 50, gradient_norm: 1.5e-9, step_norm: 1.0 }.to_string();
    assert_eq!(
        text,
        "no optimum after 50 steps: gradient 1.5e-9, next step 1.0e0\n\nhint: where the columns separate the classes there is none; give \
         a ridge above 0"
    );
    assert_eq!(FitError::Value { row: 3, column: 1 }.to_string(), "the value in row 3, column 1 is not a finite number");
}

#[test]
fn log_odds_and_probability_undo_each_other_far_out() {
    for log_odds in [-700.0, -40.0, -1.0, 0.0, 1e-9, 2.5, 30.0] {
        let back = log_odds_of(probability_from(log_odds));
        // Near 1 a probability has few digits left for what is missing.
        let tolerance = 1e-15 * (1.0 + log_odds.abs()) + f64::EPSILON * log_odds.exp();
        assert!((back - log_odds).abs() <= tolerance, "{back} is not {log_odds}");
    }
    assert!(log_odds_of(1.5).is_nan() && log_odds_of(-0.5).is_nan());
}
