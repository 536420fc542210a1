//! Small dense systems of linear equations with a symmetric positive definite matrix: the Hessians of the models.
//!
//! Solved by Cholesky's factors, in one thread: up to about a hundred columns. Matrices are row-major slices. A matrix that is not
//! positive definite is an error that names the column, because that column is what a caller can do something about.

use std::error::Error;
use std::fmt::{Display, Formatter};

/// The share of a column's own diagonal element that must be left once the columns before it are taken out.
///
/// Rounding alone leaves up to about 1e-15 for a hundred columns; a copy of a column rounded to single precision leaves up to 1e-14.
const PIVOT_SHARE_MIN: f64 = 1e-13;

/// The matrix is not positive definite: a column is explained by the columns before it, or is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPositiveDefinite {
    /// The first such column, from 0.
    pub column: usize,
}

impl Display for NotPositiveDefinite {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the matrix is not positive definite: column {} is a combination of the columns before it", self.column)
    }
}

impl Error for NotPositiveDefinite {}

/// The Cholesky factor of a symmetric positive definite matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Cholesky {
    size: usize,
    /// L, row-major, zero above the diagonal.
    lower: Vec<f64>,
}

impl Cholesky {
    /// The lower triangular L with L · Lᵀ = A.
    ///
    /// L_jj = √(A_jj − Σ_{k<j} L_jk²), L_ij = (A_ij − Σ_{k<j} L_ik · L_jk) ÷ L_jj for i > j.
    ///
    /// A: `matrix`, row-major, `size` × `size`, no unit; only its lower triangle is read.
    ///
    /// Edge cases: a matrix of size 0 has the solution of length 0.
    ///
    /// # Errors
    ///
    /// The first column whose A_jj − Σ L_jk² is at most 1e-13 · A_jj, or not finite.
    ///
    /// # Panics
    ///
    /// When `matrix` does not hold `size` × `size` numbers.
    ///
    /// ```
    /// use arrears_models::linear::{Cholesky, NotPositiveDefinite};
    /// // 4x + 2y = 10 and 2x + 5y = 13 meet at x = 1.5, y = 2.
    /// let factor = Cholesky::of(&[4.0, 2.0, 2.0, 5.0], 2).unwrap();
    /// assert_eq!(factor.solve(&[10.0, 13.0]), [1.5, 2.0]);
    /// assert_eq!(factor.inverse(), [0.3125, -0.125, -0.125, 0.25]);
    /// // The second column is twice the first.
    /// assert_eq!(Cholesky::of(&[1.0, 2.0, 2.0, 4.0], 2), Err(NotPositiveDefinite { column: 1 }));
    /// ```
    ///
    /// Source: G. H. Golub, C. F. Van Loan (2013), *Matrix Computations*, 4th edition, algorithm 4.2.1.
    pub fn of(matrix: &[f64], size: usize) -> Result<Cholesky, NotPositiveDefinite> {
        assert_eq!(matrix.len(), size * size, "a matrix of size {size} cannot hold {} numbers", matrix.len());
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..row {
                let rest = matrix[row * size + column] - product_sum(&lower, size, row, column);
                lower[row * size + column] = rest / lower[column * size + column];
            }
            let diagonal = matrix[row * size + row];
            let pivot = diagonal - product_sum(&lower, size, row, row);
            let is_positive = pivot > PIVOT_SHARE_MIN * diagonal && diagonal > 0.0 && pivot.is_finite();
            if !is_positive {
                return Err(NotPositiveDefinite { column: row });
            }
            lower[row * size + row] = pivot.sqrt();
        }
        Ok(Cholesky { size, lower })
    }

    /// The x with A · x = b, by substituting forwards through L and backwards through Lᵀ.
    ///
    /// A: the matrix this is the factor of. b: `right_side`, one number a row. See [`Cholesky::of`] for an example and the source.
    ///
    /// # Panics
    ///
    /// When `right_side` does not have one number a row.
    pub fn solve(&self, right_side: &[f64]) -> Vec<f64> {
        let Cholesky { size, lower } = self;
        assert_eq!(right_side.len(), *size, "a system of size {size} cannot have {} right sides", right_side.len());
        let mut solution = right_side.to_vec();
        for row in 0..*size {
            let known: f64 = (0..row).map(|column| lower[row * size + column] * solution[column]).sum();
            solution[row] = (solution[row] - known) / lower[row * size + row];
        }
        for row in (0..*size).rev() {
            let known: f64 = (row + 1..*size).map(|column| lower[column * size + row] * solution[column]).sum();
            solution[row] = (solution[row] - known) / lower[row * size + row];
        }
        solution
    }

    /// The inverse of A, row-major and exactly symmetric. See [`Cholesky::of`] for an example and the source.
    pub fn inverse(&self) -> Vec<f64> {
        let size = self.size;
        let mut inverse = vec![0.0; size * size];
        for column in 0..size {
            let mut unit = vec![0.0; size];
            unit[column] = 1.0;
            // The upper part of a column repeats what stands in the columns before, but for rounding.
            for (row, value) in self.solve(&unit).into_iter().enumerate().skip(column) {
                inverse[row * size + column] = value;
                inverse[column * size + row] = value;
            }
        }
        inverse
    }
}

/// Σ_{k < column} L_row,k · L_column,k
fn product_sum(lower: &[f64], size: usize, row: usize, column: usize) -> f64 {
    (0..column).map(|index| lower[row * size + index] * lower[column * size + index]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 ÷ (row + column + 1): ill-conditioned, with an inverse of known integers.
    fn hilbert(size: usize) -> Vec<f64> {
        (0..size * size).map(|index| 1.0 / ((index / size + index % size + 1) as f64)).collect()
    }

    #[test]
    fn the_inverse_of_hilberts_matrix_is_its_known_integers() {
        let inverse = Cholesky::of(&hilbert(4), 4).expect("positive definite").inverse();
        // M.-D. Choi (1983), Tricks or Treats with the Hilbert Matrix, American Mathematical Monthly 90, 301-312.
        let known = [16, -120, 240, -140, -120, 1200, -2700, 1680, 240, -2700, 6480, -4200, -140, 1680, -4200, 2800];
        for (actual, known) in inverse.iter().zip(known) {
            assert!((actual - f64::from(known)).abs() < 1e-8, "{actual} is not {known}");
        }
    }

    #[test]
    fn a_solution_solves_and_an_inverse_inverts() {
        for size in [0, 1, 2, 7, 100] {
            // Diagonally dominant, hence positive definite.
            let element = |row: usize, column: usize| {
                if row == column { size as f64 + 2.0 } else { ((row * column + row + column) % 3) as f64 - 1.0 }
            };
            let matrix: Vec<f64> = (0..size * size).map(|index| element(index / size, index % size)).collect();
            let times = |vector: &[f64]| -> Vec<f64> {
                (0..size).map(|row| (0..size).map(|column| matrix[row * size + column] * vector[column]).sum()).collect()
            };
            let wanted: Vec<f64> = (0..size).map(|row| 1.0 - row as f64 / 3.0).collect();
            let factor = Cholesky::of(&matrix, size).expect("positive definite");
            let inverse = factor.inverse();
            for (row, (actual, wanted)) in factor.solve(&times(&wanted)).iter().zip(&wanted).enumerate() {
                assert!((actual - wanted).abs() < 1e-12, "size {size}, row {row}: {actual} is not {wanted}");
                for (column, product) in times(&inverse[row * size..(row + 1) * size]).iter().enumerate() {
                    assert!((product - f64::from(u8::from(row == column))).abs() < 1e-12, "size {size}: {row}, {column}: {product}");
                    assert_eq!(inverse[row * size + column], inverse[column * size + row]);
                }
            }
        }
    }

    #[test]
    fn only_the_lower_triangle_is_read() {
        let full = Cholesky::of(&[4.0, 2.0, 2.0, 5.0], 2);
        assert_eq!(Cholesky::of(&[4.0, f64::NAN, 2.0, 5.0], 2), full);
    }

    #[test]
    fn what_is_not_positive_definite_is_refused_with_its_column() {
        let column = |matrix: &[f64], size| Cholesky::of(matrix, size).map(|_| ()).expect_err("not positive definite").column;
        assert_eq!(column(&[0.0], 1), 0);
        assert_eq!(column(&[-1.0], 1), 0);
        assert_eq!(column(&[f64::NAN], 1), 0);
        assert_eq!(column(&[f64::INFINITY], 1), 0);
        assert_eq!(column(&[1.0, 3.0, 3.0, 1.0], 2), 1);
        // The third is the sum of the first two, in whatever unit.
        assert_eq!(column(&[1.0, 0.0, 1e-9, 0.0, 1.0, 1e-9, 1e-9, 1e-9, 2e-18], 3), 2);
        assert_eq!(
            NotPositiveDefinite { column: 2 }.to_string(),
            "the matrix is not positive definite: column 2 is a combination of the columns before it"
        );
    }

    #[test]
    fn a_unit_of_measure_does_not_make_a_matrix_singular() {
        let factor = Cholesky::of(&[1e-20, 0.0, 0.0, 1e20], 2).expect("positive definite");
        assert!(factor.solve(&[1e-20, 1e20]).iter().all(|solution| (solution - 1.0).abs() < 1e-15));
    }
}
