//! Benchmarks of the logistic regressions, in the sizes of the timing model.
//!
//!     cargo bench --package arrears-models --bench logistic

use arrears_models::logistic::{Fit, Options, Rows, Sample, fit, fit_through_linfa, probability_from};

const COLUMNS: usize = 30;

fn main() {
    divan::main();
}

/// Rows drawn from a known model: rare events, correlated columns, weights.
struct Book {
    values: Vec<f32>,
    target: Vec<f32>,
    weight: Vec<f32>,
}

/// Knuth's 64-bit linear congruential generator, upper bits: uniform in 0 to 1.
struct Generator(u64);

impl Generator {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }
}

impl Book {
    fn drawn(rows: usize) -> Book {
        let mut generator = Generator(7);
        let mut book = Book { values: Vec::new(), target: Vec::new(), weight: Vec::new() };
        for _ in 0..rows {
            let shared = generator.uniform();
            let row: [f32; COLUMNS] = std::array::from_fn(|_| (shared + 2.0 * generator.uniform()) as f32);
            let log_odds: f64 = row.iter().enumerate().map(|(column, value)| f64::from(*value) * ((column % 7) as f64 - 3.0) / 4.0).sum();
            book.target.push(f32::from(u8::from(generator.uniform() < probability_from(log_odds - 2.5))));
            book.weight.push((0.1 + generator.uniform()) as f32);
            book.values.extend(row);
        }
        book
    }

    fn sample(&self) -> Sample<'_> {
        let rows = Rows { values: &self.values, columns: COLUMNS };
        Sample { rows, target: &self.target, weight: Some(&self.weight), offset: None }
    }
}

#[divan::bench(args = [100_000, 1_000_000], sample_count = 5, sample_size = 1)]
fn newton_with_weights(bencher: divan::Bencher, rows: usize) {
    let book = Book::drawn(rows);
    bencher.bench(|| -> Fit { fit(&book.sample(), &Options::with_ridge(1e-4)).expect("converges") });
}

#[divan::bench(args = [100_000], sample_count = 5, sample_size = 1)]
fn through_linfa(bencher: divan::Bencher, rows: usize) {
    let book = Book::drawn(rows);
    let sample = Sample { weight: None, ..book.sample() };
    bencher.bench(|| -> Fit { fit_through_linfa(&sample, &Options::with_ridge(1e-4)).expect("converges") });
}
