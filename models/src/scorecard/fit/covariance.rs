//! How sure the coefficients are when rows of one group are not independent: a sandwich and a bootstrap of groups.

use super::super::comparison::replicates;
use super::regression::Regression;
use super::selection::Development;
use super::{Options, Prepared};
use crate::linear::Cholesky;
use crate::logistic::probability_from;
use rayon::prelude::*;

/// Of the random numbers: the draws of these replicates.
const STREAM: u64 = 0x63_6172_6400;

/// Of the intercept and the coefficients on weights of evidence.
pub(super) struct Covariance {
    /// Roots of the diagonal of the sandwich.
    pub(super) standard_errors: Vec<f64>,
    /// Row-major.
    pub(super) bootstrap: Vec<f64>,
}

pub(super) fn of(prepared: &Prepared, development: &Development, regression: &Regression, options: &Options) -> Covariance {
    let derivatives = Derivatives::of(prepared, development, regression);
    let size = derivatives.size;
    let sandwich = derivatives.sandwich();
    let standard_errors = (0..size).map(|place| sandwich[place * size + place].sqrt()).collect();
    Covariance { standard_errors, bootstrap: derivatives.bootstrap(options).unwrap_or(sandwich) }
}

/// Derivatives of the sum of the losses at the optimum, group by group.
struct Derivatives {
    size: usize,
    /// A gradient and the lower triangle of a Hessian a group: `width` numbers.
    groups: Vec<f64>,
    width: usize,
    /// First and second derivative of the penalty by each estimate.
    penalty: Vec<(f64, f64)>,
}

impl Derivatives {
    fn of(prepared: &Prepared, development: &Development, regression: &Regression) -> Derivatives {
        let size = 1 + regression.places.len();
        let width = size + size * (size + 1) / 2;
        // Rows stand group by group.
        let groups: Vec<&[u32]> =
            development.rows.chunk_by(|left, right| prepared.group[*left as usize] == prepared.group[*right as usize]).collect();
        let mut sums = vec![0.0; groups.len() * width];
        sums.par_chunks_mut(width).zip(groups).for_each_init(
            || vec![1.0; size],
            |x, (sums, rows)| {
                for row in rows.iter().map(|row| *row as usize) {
                    let evidence = regression.places.iter().map(|place| development.coded[*place].woe(row));
                    x[1..].iter_mut().zip(evidence).for_each(|(x, woe)| *x = woe);
                    let probability = probability_from(regression.log_odds(development, row));
                    add_row(sums, x, probability - f64::from(u8::from(prepared.is_event[row])), probability * (1.0 - probability));
                }
            },
        );
        let fit = &regression.fit;
        let of_column = |(coefficient, scale): (&f64, &f64)| {
            // λ ÷ 2 · β² with β = b · s, per row.
            let curvature = regression.ridge * scale * scale * development.rows.len() as f64;
            (curvature * coefficient, curvature)
        };
        let penalty = std::iter::once((0.0, 0.0)).chain(fit.coefficients.iter().zip(&fit.scales).map(of_column)).collect();
        Derivatives { size, groups: sums, width, penalty }
    }

    /// Gradient and Hessian of all groups, each counted so many times, by several replicates side by side: one look at a group serves
    /// them all.
    fn sums<const REPLICATES: usize>(&self, times: &[[u32; REPLICATES]]) -> [(Vec<f64>, Vec<f64>); REPLICATES] {
        let mut sums = vec![0.0; REPLICATES * self.width];
        for (group, times) in self.groups.chunks_exact(self.width).zip(times) {
            for (sums, times) in sums.chunks_exact_mut(self.width).zip(times).filter(|(_, times)| **times > 0) {
                let times = f64::from(*times);
                sums.iter_mut().zip(group).for_each(|(sum, element)| *sum += times * element);
            }
        }
        std::array::from_fn(|of| self.with_penalty(&sums[of * self.width..(of + 1) * self.width]))
    }

    fn with_penalty(&self, sums: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (gradient, triangle) = sums.split_at(self.size);
        let (mut gradient, mut hessian) = (gradient.to_vec(), vec![0.0; self.size * self.size]);
        for (place, element) in triangle_places(self.size).zip(triangle) {
            hessian[place] = *element;
        }
        for (place, (first, second)) in self.penalty.iter().enumerate() {
            gradient[place] += first;
            hessian[place * self.size + place] += second;
        }
        (gradient, hessian)
    }

    /// H⁻¹ · (Σ_g s_g · s_gᵀ) · H⁻¹ · G ÷ (G − 1); H⁻¹ where there is one group, which does not say how groups differ.
    fn sandwich(&self) -> Vec<f64> {
        let (size, groups) = (self.size, self.groups.len() / self.width);
        let [(_, hessian)] = self.sums(&vec![[1]; groups]);
        // Positive definite: the fit was certified with it.
        let Ok(factor) = Cholesky::of(&hessian, size) else { return vec![0.0; size * size] };
        if groups < 2 {
            return factor.inverse();
        }
        let correction = groups as f64 / (groups - 1) as f64;
        let mut covariance = vec![0.0; size * size];
        for group in self.groups.chunks(self.width) {
            add_product(&mut covariance, &factor.solve(&group[..size]), correction);
        }
        covariance
    }

    /// Covariance of replicates, each one Newton step from the optimum; `None` with too few of them or a single group.
    ///
    /// β_r = β − H_r⁻¹ · g_r, with each group's derivatives counted as often as it was drawn.
    fn bootstrap(&self, options: &Options) -> Option<Vec<f64>> {
        let (size, groups) = (self.size, self.groups.len() / self.width);
        let steps = replicates(groups, options.replicates, (options.seed, STREAM), |drawn| {
            self.sums(drawn).map(|(gradient, hessian)| Cholesky::of(&hessian, size).ok().map(|factor| factor.solve(&gradient)))
        });
        if steps.len() < 2 || groups < 2 {
            return None;
        }
        let count = steps.len() as f64;
        let means: Vec<f64> = (0..size).map(|place| steps.iter().map(|step| step[place]).sum::<f64>() / count).collect();
        let mut covariance = vec![0.0; size * size];
        for step in &steps {
            let deviation: Vec<f64> = step.iter().zip(&means).map(|(step, mean)| step - mean).collect();
            add_product(&mut covariance, &deviation, 1.0 / (count - 1.0));
        }
        Some(covariance)
    }
}

/// Adds what a row says to the gradient and the lower triangle of the Hessian.
fn add_row(sums: &mut [f64], x: &[f64], residual: f64, curvature: f64) {
    let (gradient, mut triangle) = sums.split_at_mut(x.len());
    gradient.iter_mut().zip(x).for_each(|(sum, x)| *sum += residual * x);
    for (row, value) in x.iter().enumerate() {
        let (elements, rest) = triangle.split_at_mut(row + 1);
        elements.iter_mut().zip(x).for_each(|(sum, x)| *sum += curvature * value * x);
        triangle = rest;
    }
}

/// Where the elements of a lower triangle stand in the whole matrix.
fn triangle_places(size: usize) -> impl Iterator<Item = usize> {
    (0..size).flat_map(move |row| (0..=row).map(move |column| row * size + column))
}

/// matrix += factor · v · vᵀ
fn add_product(matrix: &mut [f64], v: &[f64], factor: f64) {
    for (elements, row) in matrix.chunks_mut(v.len()).zip(v) {
        elements.iter_mut().zip(v).for_each(|(sum, column)| *sum += factor * row * column);
    }
}
