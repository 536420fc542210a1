//! One pass over the rows: loss, gradient and Hessian at given coefficients, on standardised columns.
//!
//! Rows are taken in chunks of a fixed size whose sums are added in order, so that the number of threads cannot change a bit. Within a
//! chunk a few rows at a time are standardised in double precision and laid out four columns wide, so that the products of four
//! columns with four columns stay in registers: the Hessian is nearly all of the work.

use super::FitError;
use rayon::prelude::*;
use std::ops::Range;

/// Rows of one partial sum. Fixed: the chunks, and with them every rounding, must not depend on the number of threads.
const CHUNK_ROWS: usize = 16_384;
/// Rows laid out at a time: of thirty columns, two copies of this many stay in the fastest cache.
const BLOCK_ROWS: usize = 64;
const LANES: usize = 4;

type Lane = [f64; LANES];
type Tile = [Lane; LANES];
/// Four columns of the rows of a block.
type Panel = [Lane; BLOCK_ROWS];

/// A number of the data: single precision for the rows of a model, double where predictions are the data.
pub(crate) trait Number: Copy + Into<f64> + Sync {}
impl<T: Copy + Into<f64> + Sync> Number for T {}

/// The data of a fit as they came.
pub(crate) struct Data<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) columns: usize,
    pub(crate) target: &'a [T],
    pub(crate) weight: Option<&'a [T]>,
    pub(crate) offset: Option<&'a [T]>,
}

impl<T: Number> Data<'_, T> {
    fn rows(&self) -> usize {
        self.target.len()
    }

    fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row].into())
    }

    fn offset(&self, row: usize) -> f64 {
        self.offset.map_or(0.0, |offset| offset[row].into())
    }

    fn check_lengths(&self) -> Result<(), FitError> {
        let rows = self.rows();
        let lengths = [
            ("values", self.values.len(), rows * self.columns),
            ("weights", self.weight.map_or(rows, <[T]>::len), rows),
            ("offsets", self.offset.map_or(rows, <[T]>::len), rows),
        ];
        match lengths.into_iter().find(|(_, found, expected)| found != expected) {
            Some((what, found, expected)) => Err(FitError::Length { what, found, expected }),
            None => Ok(()),
        }
    }

    fn check_row(&self, row: usize) -> Result<(), FitError> {
        let target: f64 = self.target[row].into();
        let weight = self.weight(row);
        if !(0.0..=1.0).contains(&target) {
            return Err(FitError::Target { row });
        }
        if weight < 0.0 || !weight.is_finite() {
            return Err(FitError::Weight { row });
        }
        if !self.offset(row).is_finite() {
            return Err(FitError::Offset { row });
        }
        match self.row(row).iter().position(|value| !Into::<f64>::into(*value).is_finite()) {
            Some(column) => Err(FitError::Value { row, column }),
            None => Ok(()),
        }
    }

    /// What `sums` makes of each chunk, in the order of the chunks.
    fn by_chunk<S: Send>(&self, sums: impl Fn(Range<usize>) -> S + Sync) -> Vec<S> {
        let rows = self.rows();
        let chunk = |index: usize| index * CHUNK_ROWS..((index + 1) * CHUNK_ROWS).min(rows);
        (0..rows.div_ceil(CHUNK_ROWS)).into_par_iter().map(|index| sums(chunk(index))).collect()
    }
}

/// What the columns look like before anything is fitted; every sum is weighted.
struct Columns {
    weight: f64,
    /// Σ w · y
    events: f64,
    /// Σ w · x by column
    sums: Vec<f64>,
    /// Extremes by column, of rows with a weight only. Equal extremes, unlike a variance of 0, are exact.
    lowest: Vec<f64>,
    highest: Vec<f64>,
}

impl Columns {
    fn none(columns: usize) -> Columns {
        Columns {
            weight: 0.0,
            events: 0.0,
            sums: vec![0.0; columns],
            lowest: vec![f64::INFINITY; columns],
            highest: vec![f64::NEG_INFINITY; columns],
        }
    }

    fn of<T: Number>(data: &Data<T>) -> Result<Columns, FitError> {
        let mut all = Columns::none(data.columns);
        for chunk in data.by_chunk(|rows| Columns::of_rows(data, rows)) {
            // In the order of the chunks, so that the first bad row is the one reported.
            all.add(&chunk?);
        }
        Ok(all)
    }

    fn of_rows<T: Number>(data: &Data<T>, rows: Range<usize>) -> Result<Columns, FitError> {
        let mut columns = Columns::none(data.columns);
        for row in rows {
            data.check_row(row)?;
            let weight = data.weight(row);
            if weight > 0.0 {
                columns.weight += weight;
                columns.events += weight * data.target[row].into();
                columns.add_values(weight, data.row(row));
            }
        }
        Ok(columns)
    }

    fn add_values<T: Number>(&mut self, weight: f64, row: &[T]) {
        let extremes = self.lowest.iter_mut().zip(&mut self.highest);
        for ((sum, (lowest, highest)), value) in self.sums.iter_mut().zip(extremes).zip(row) {
            let value: f64 = (*value).into();
            *sum += weight * value;
            *lowest = lowest.min(value);
            *highest = highest.max(value);
        }
    }

    fn add(&mut self, other: &Columns) {
        self.weight += other.weight;
        self.events += other.events;
        add_all(&mut self.sums, &other.sums);
        self.lowest.iter_mut().zip(&other.lowest).for_each(|(lowest, other)| *lowest = lowest.min(*other));
        self.highest.iter_mut().zip(&other.highest).for_each(|(highest, other)| *highest = highest.max(*other));
    }
}

fn add_all(sums: &mut [f64], others: &[f64]) {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
}

/// The penalised fit as a function of its coefficients: data, and how their columns are standardised.
pub(crate) struct Problem<'a, T> {
    data: Data<'a, T>,
    /// The ridge of every column.
    ridges: Vec<f64>,
    /// Σ w, > 0
    pub(crate) weight: f64,
    /// Σ w · y ÷ Σ w, above 0 and below 1
    pub(crate) event_share: f64,
    /// Weighted mean and population deviation of every column; the deviation of a constant column is 0.
    pub(crate) means: Vec<f64>,
    pub(crate) scales: Vec<f64>,
    /// The columns that vary, in order. Coefficient k + 1 belongs to `kept[k]`, coefficient 0 is the intercept.
    pub(crate) kept: Vec<usize>,
}

/// The objective and its derivatives at one place.
pub(crate) struct Point {
    /// The intercept, then one coefficient for each column kept, all on standardised columns.
    pub(crate) coefficients: Vec<f64>,
    /// Σ w · loss ÷ Σ w, without the penalty.
    pub(crate) log_loss: f64,
    pub(crate) objective: f64,
    pub(crate) gradient: Vec<f64>,
    /// Row-major.
    pub(crate) hessian: Vec<f64>,
}

impl<'a, T: Number> Problem<'a, T> {
    /// `ridges` has one ridge for each column.
    pub(crate) fn of(data: Data<'a, T>, ridges: Vec<f64>) -> Result<Problem<'a, T>, FitError> {
        if !ridges.iter().all(|ridge| ridge.is_finite() && *ridge >= 0.0) {
            return Err(FitError::Ridge);
        }
        data.check_lengths()?;
        let columns = Columns::of(&data)?;
        // Written so that a sum that overflowed does not pass either.
        if !(columns.weight > 0.0 && columns.weight.is_finite()) {
            return Err(FitError::NoWeight);
        }
        let event_share = columns.events / columns.weight;
        if event_share <= 0.0 || event_share >= 1.0 {
            return Err(FitError::OneClass);
        }
        let varies = |column: usize| columns.lowest[column] < columns.highest[column];
        let kept: Vec<usize> = (0..data.columns).filter(|column| varies(*column)).collect();
        let mean = |column: usize| if varies(column) { columns.sums[column] / columns.weight } else { columns.lowest[column] };
        let means: Vec<f64> = (0..data.columns).map(mean).collect();
        let scales = scales(&data, &means, columns.weight);
        Ok(Problem { data, ridges, weight: columns.weight, event_share, means, scales, kept })
    }

    pub(crate) fn columns(&self) -> usize {
        self.data.columns
    }

    pub(crate) fn rows(&self) -> usize {
        self.data.rows()
    }

    pub(crate) fn has_offset(&self) -> bool {
        self.data.offset.is_some()
    }

    /// The standardised value of a column kept.
    pub(crate) fn standardised(&self, row: usize, column: usize) -> f64 {
        (Into::<f64>::into(self.data.values[row * self.data.columns + column]) - self.means[column]) / self.scales[column]
    }

    pub(crate) fn at(&self, coefficients: Vec<f64>) -> Point {
        let lanes: Vec<Lane> = coefficients.chunks(LANES).map(|lane| padded(lane, 0.0)).collect();
        let standards = self.standards();
        let mut sums = Sums::none(lanes.len());
        for chunk in self.data.by_chunk(|rows| self.sums_of(rows, &lanes, &standards)) {
            sums.add(&chunk);
        }
        self.point(coefficients, &sums)
    }

    /// By panel: the place of the intercept and the empty places at the end give 0 whatever stands in their column.
    fn standards(&self) -> Vec<[Standard; LANES]> {
        let nothing = Standard { column: 0, mean: 0.0, scale_inverse: 0.0 };
        let of_column =
            |column: &usize| Standard { column: *column, mean: self.means[*column], scale_inverse: self.scales[*column].recip() };
        let standards: Vec<Standard> = std::iter::once(nothing).chain(self.kept.iter().map(of_column)).collect();
        standards.chunks(LANES).map(|panel| padded(panel, nothing)).collect()
    }

    fn sums_of(&self, rows: Range<usize>, coefficients: &[Lane], standards: &[[Standard; LANES]]) -> Sums {
        let mut sums = Sums::none(coefficients.len());
        let mut block = Block::empty(coefficients.len());
        for start in rows.clone().step_by(BLOCK_ROWS) {
            block.fill(&self.data, start..(start + BLOCK_ROWS).min(rows.end), standards);
            block.add_to(&mut sums, coefficients);
        }
        sums
    }

    fn point(&self, coefficients: Vec<f64>, sums: &Sums) -> Point {
        let size = coefficients.len();
        let log_loss = sums.loss / self.weight;
        let mut gradient: Vec<f64> = sums.gradient.as_flattened()[..size].iter().map(|sum| sum / self.weight).collect();
        let mut hessian = sums.hessian(size, self.weight);
        let mut penalty = 0.0;
        for (index, coefficient) in coefficients.iter().enumerate().skip(1) {
            let ridge = self.ridges[self.kept[index - 1]];
            penalty += 0.5 * ridge * coefficient * coefficient;
            gradient[index] += ridge * coefficient;
            hessian[index * size + index] += ridge;
        }
        Point { coefficients, log_loss, objective: log_loss + penalty, gradient, hessian }
    }
}

/// How the values of one column are standardised.
#[derive(Clone, Copy)]
struct Standard {
    column: usize,
    mean: f64,
    scale_inverse: f64,
}

fn padded<V: Copy>(values: &[V], nothing: V) -> [V; LANES] {
    std::array::from_fn(|index| values.get(index).copied().unwrap_or(nothing))
}

/// Weighted population deviations about the means: a second pass, because the difference of large sums would lose a small deviation.
fn scales<T: Number>(data: &Data<T>, means: &[f64], weight: f64) -> Vec<f64> {
    let of_rows = |rows: Range<usize>| {
        let mut squares = vec![0.0; data.columns];
        for row in rows {
            let weight = data.weight(row);
            for ((square, mean), value) in squares.iter_mut().zip(means).zip(data.row(row)) {
                let deviation = Into::<f64>::into(*value) - mean;
                *square += weight * deviation * deviation;
            }
        }
        squares
    };
    let mut squares = vec![0.0; data.columns];
    data.by_chunk(of_rows).iter().for_each(|chunk| add_all(&mut squares, chunk));
    squares.iter().map(|square| (square / weight).sqrt()).collect()
}

/// The sums of some rows.
struct Sums {
    loss: f64,
    gradient: Vec<Lane>,
    /// The upper triangle of the Hessian by tiles of 4 × 4 columns, row of tiles by row of tiles.
    tiles: Vec<Tile>,
}

impl Sums {
    fn none(panels: usize) -> Sums {
        Sums { loss: 0.0, gradient: vec![[0.0; LANES]; panels], tiles: vec![[[0.0; LANES]; LANES]; panels * (panels + 1) / 2] }
    }

    fn add(&mut self, other: &Sums) {
        self.loss += other.loss;
        add_all(self.gradient.as_flattened_mut(), other.gradient.as_flattened());
        add_all(self.tiles.as_flattened_mut().as_flattened_mut(), other.tiles.as_flattened().as_flattened());
    }

    fn hessian(&self, size: usize, weight: f64) -> Vec<f64> {
        let mut hessian = vec![0.0; size * size];
        for ((left, right), tile) in tile_places(self.gradient.len()).zip(&self.tiles) {
            for (index, sum) in tile.as_flattened().iter().enumerate() {
                let (row, column) = (left * LANES + index / LANES, right * LANES + index % LANES);
                if row <= column && column < size {
                    hessian[row * size + column] = sum / weight;
                    hessian[column * size + row] = sum / weight;
                }
            }
        }
        hessian
    }
}

/// The panels whose products each tile holds.
fn tile_places(panels: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..panels).flat_map(move |left| (left..panels).map(move |right| (left, right)))
}

/// A few rows, standardised, four columns to a panel; the first column is the 1 of the intercept, the last ones may be empty.
struct Block {
    rows: usize,
    panels: Vec<Panel>,
    /// The panels times the curvature of their row.
    curved: Vec<Panel>,
    target: [f64; BLOCK_ROWS],
    weight: [f64; BLOCK_ROWS],
    /// The offsets, then the log-odds.
    log_odds: [f64; BLOCK_ROWS],
}

impl Block {
    fn empty(panels: usize) -> Block {
        let empty = || vec![[[0.0; LANES]; BLOCK_ROWS]; panels];
        Block {
            rows: 0,
            panels: empty(),
            curved: empty(),
            target: [0.0; BLOCK_ROWS],
            weight: [0.0; BLOCK_ROWS],
            log_odds: [0.0; BLOCK_ROWS],
        }
    }

    fn fill<T: Number>(&mut self, data: &Data<T>, rows: Range<usize>, standards: &[[Standard; LANES]]) {
        self.rows = rows.len();
        for (place, row) in rows.clone().enumerate() {
            self.target[place] = data.target[row].into();
            self.weight[place] = data.weight(row);
            self.log_odds[place] = data.offset(row);
        }
        // Without columns there is only the intercept, and no value to read.
        if data.columns > 0 {
            for (panel, standards) in self.panels.iter_mut().zip(standards) {
                for (lane, row) in panel.iter_mut().zip(rows.clone()) {
                    let values = data.row(row);
                    *lane = standards.map(|standard| (Into::<f64>::into(values[standard.column]) - standard.mean) * standard.scale_inverse);
                }
            }
        }
        self.panels[0][..self.rows].iter_mut().for_each(|lane| lane[0] = 1.0);
    }

    fn add_to(&mut self, sums: &mut Sums, coefficients: &[Lane]) {
        for (panel, lane) in self.panels.iter().zip(coefficients) {
            for (log_odds, values) in self.log_odds.iter_mut().zip(&panel[..self.rows]) {
                *log_odds += (values[0] * lane[0] + values[1] * lane[1]) + (values[2] * lane[2] + values[3] * lane[3]);
            }
        }
        let (mut residual, mut curvature) = ([0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
        for row in 0..self.rows {
            let term = Term::of(self.log_odds[row], self.target[row]);
            sums.loss += self.weight[row] * term.loss;
            residual[row] = self.weight[row] * term.residual;
            curvature[row] = self.weight[row] * term.curvature;
        }
        self.add_gradient(sums, &residual);
        self.add_hessian(sums, &curvature);
    }

    fn add_gradient(&self, sums: &mut Sums, residual: &[f64; BLOCK_ROWS]) {
        for (sum, panel) in sums.gradient.iter_mut().zip(&self.panels) {
            let mut lane = *sum;
            for (values, residual) in panel[..self.rows].iter().zip(residual) {
                lane.iter_mut().zip(values).for_each(|(sum, value)| *sum += residual * value);
            }
            *sum = lane;
        }
    }

    fn add_hessian(&mut self, sums: &mut Sums, curvature: &[f64; BLOCK_ROWS]) {
        for (curved, panel) in self.curved.iter_mut().zip(&self.panels) {
            for ((curved, values), curvature) in curved[..self.rows].iter_mut().zip(panel).zip(curvature) {
                *curved = values.map(|value| curvature * value);
            }
        }
        for ((left, right), tile) in tile_places(self.panels.len()).zip(&mut sums.tiles) {
            add_products(tile, &self.curved[left][..self.rows], &self.panels[right][..self.rows]);
        }
    }
}

/// tile += leftᵀ · right
fn add_products(tile: &mut Tile, left: &[Lane], right: &[Lane]) {
    // A copy, so that the sixteen sums stay in registers.
    let mut sums = *tile;
    for (left, right) in left.iter().zip(right) {
        for (sums, left) in sums.iter_mut().zip(left) {
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum += left * right;
            }
        }
    }
    *tile = sums;
}

/// What one row of weight 1 adds, by its log-odds z and its target y.
struct Term {
    /// ln(1 + e^z) − y · z
    loss: f64,
    /// p − y
    residual: f64,
    /// p · (1 − p)
    curvature: f64,
}

impl Term {
    /// From e^−|z|, which cannot overflow, and which keeps the curvature exact far out where p rounds to 1.
    fn of(log_odds: f64, target: f64) -> Term {
        let small = (-log_odds.abs()).exp();
        let inverse = (1.0 + small).recip();
        let probability = if log_odds >= 0.0 { inverse } else { small * inverse };
        Term {
            loss: log_odds.max(0.0) - target * log_odds + small.ln_1p(),
            residual: probability - target,
            curvature: small * inverse * inverse,
        }
    }
}
