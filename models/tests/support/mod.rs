//! A book of customers whose defaults are drawn from a known model, for tests and benchmarks of the scorecard.

#![allow(dead_code)]

use arrears_models::logistic::probability_from;
use arrears_models::random::{normal, uniform};
use arrears_models::scorecard::expert::{ExpertCard, ExpertCharacteristic};
use arrears_models::scorecard::{Characteristic, Direction, Sample};

/// What a column of the book is made of.
pub enum Kind {
    /// Riskier the higher: normal, with this many log-odds a standard deviation.
    Signal(f64),
    /// The same, riskier the lower.
    Falling(f64),
    /// Days past due in steps of 15, most of them 0.
    Steps(f64),
    /// Nothing but noise.
    Noise,
    /// A copy of the column before, nearly.
    Copy,
    /// Always 3.
    Constant,
    /// Never known.
    Missing,
}

/// Rows of customers at month ends.
#[derive(Clone)]
pub struct Book {
    pub names: Vec<String>,
    pub directions: Vec<Direction>,
    pub columns: Vec<Vec<f32>>,
    pub is_event: Vec<bool>,
    pub group: Vec<u32>,
    pub log_odds: Vec<f64>,
}

impl Book {
    /// So many groups with so many rows each, at a mean log-odds; customers differ more than their months do.
    pub fn drawn(seed: u64, groups: usize, months: usize, level: f64, kinds: &[Kind]) -> Book {
        let rows = groups * months;
        let group_of = |row: usize| row / months;
        let mut log_odds = vec![level; rows];
        let mut columns: Vec<Vec<f32>> = Vec::new();
        for (stream, kind) in kinds.iter().enumerate() {
            let stream = 2 * stream as u64;
            let z = |row: usize| 0.8 * normal(seed, stream, group_of(row) as u64) + 0.6 * normal(seed, stream + 1, row as u64);
            let mut add = |weight: f64, value: &dyn Fn(f64) -> f64| -> Vec<f32> {
                (0..rows)
                    .map(|row| {
                        let x = value(z(row));
                        log_odds[row] += weight * x;
                        x as f32
                    })
                    .collect()
            };
            let mut column = match kind {
                Kind::Signal(weight) => add(*weight, &|z| z),
                Kind::Falling(weight) => add(-*weight, &|z| z),
                Kind::Steps(weight) => add(*weight / 30.0, &|z| (z.max(0.0) * 2.0).floor() * 15.0),
                Kind::Noise => (0..rows).map(|row| z(row) as f32).collect(),
                Kind::Copy => columns.last().expect("a column before").iter().map(|value| value + 0.001).collect(),
                Kind::Constant => vec![3.0; rows],
                Kind::Missing => vec![f32::NAN; rows],
            };
            // One value in twelve is not known.
            for (row, value) in column.iter_mut().enumerate() {
                if uniform(seed, 1_000 + stream, row as u64) < 1.0 / 12.0 {
                    *value = f32::NAN;
                }
            }
            columns.push(column);
        }
        let is_event = (0..rows).map(|row| uniform(seed, 999, row as u64) < probability_from(log_odds[row])).collect();
        let falls = |kind: &Kind| matches!(kind, Kind::Falling(_));
        Book {
            names: (0..kinds.len()).map(|column| format!("characteristic_{column}")).collect(),
            directions: kinds.iter().map(|kind| if falls(kind) { Direction::Falling } else { Direction::Rising }).collect(),
            columns,
            is_event,
            group: (0..rows).map(|row| 7 + 3 * group_of(row) as u32).collect(),
            log_odds,
        }
    }

    /// Twelve signals, two of them falling and one in steps; noise, a copy, a constant and a column never known.
    pub fn usual(seed: u64, groups: usize, months: usize, level: f64) -> Book {
        let mut kinds: Vec<Kind> = [0.9, 0.7, 0.5, 0.4, 0.3, 0.3, 0.25, 0.2, 0.2].map(Kind::Signal).into_iter().collect();
        kinds.extend([Kind::Falling(0.6), Kind::Falling(0.3), Kind::Steps(0.8)]);
        kinds.extend([Kind::Noise, Kind::Noise, Kind::Noise, Kind::Noise, Kind::Signal(0.4), Kind::Copy, Kind::Constant, Kind::Missing]);
        Book::drawn(seed, groups, months, level, &kinds)
    }

    pub fn characteristics(&self) -> Vec<Characteristic<'_>> {
        let column =
            |column: usize| Characteristic { name: &self.names[column], direction: self.directions[column], values: &self.columns[column] };
        (0..self.columns.len()).map(column).collect()
    }

    /// Calls with the sample.
    pub fn with_sample<T>(&self, of: impl FnOnce(&Sample) -> T) -> T {
        let characteristics = self.characteristics();
        of(&Sample { characteristics: &characteristics, is_event: &self.is_event, group: &self.group })
    }

    pub fn row(&self, row: usize) -> Vec<f32> {
        self.columns.iter().map(|column| column[row]).collect()
    }

    /// The same rows in another order.
    pub fn permuted(&self, order: &[usize]) -> Book {
        Book {
            columns: self.columns.iter().map(|column| order.iter().map(|row| column[*row]).collect()).collect(),
            is_event: order.iter().map(|row| self.is_event[*row]).collect(),
            group: order.iter().map(|row| self.group[*row]).collect(),
            log_odds: order.iter().map(|row| self.log_odds[*row]).collect(),
            ..self.clone()
        }
    }

    pub fn with_events(&self, is_event: impl Fn(usize) -> bool) -> Book {
        Book { is_event: (0..self.group.len()).map(is_event).collect(), ..self.clone() }
    }
}

/// A permutation drawn by random keys.
pub fn shuffled(seed: u64, rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|row| arrears_models::random::bits(seed, 5, *row as u64));
    order
}

/// Points of somebody who knows that the first column counts most and the tenth falls.
pub fn expert() -> ExpertCard {
    let part = |column: usize, direction, log_odds: [f64; 4]| ExpertCharacteristic {
        name: format!("characteristic_{column}"),
        column,
        direction,
        edges: vec![-0.5, 0.8],
        log_odds: log_odds.to_vec(),
    };
    let characteristics = vec![part(0, Direction::Rising, [-0.6, 0.0, 1.2, 0.3]), part(9, Direction::Falling, [0.7, 0.0, -0.4, 0.0])];
    ExpertCard { characteristics, rate_without_rows: 0.02 }
}
