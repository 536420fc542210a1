//! Rows that stand in the same bin of every characteristic count as one: a scorecard knows nothing else of them.
//!
//! A book of many customers with a short history has far fewer patterns than rows, and every step of a fit is a pass over them.

use super::Prepared;
use super::selection::{Coded, Development};

/// The combinations of bins that occur, by their codes: the first characteristic first.
pub(super) struct Patterns {
    /// The pattern of every row of the sample, kept or not.
    of_row: Vec<u32>,
    /// A row with each pattern.
    example: Vec<u32>,
    /// Rows that are kept, by pattern: others, then events.
    kept: Vec<[u32; 2]>,
}

impl Patterns {
    /// `rows`: those that are kept.
    pub(super) fn of(prepared: &Prepared, coded: &[Coded], rows: &[u32]) -> Patterns {
        let mut of_row = vec![0_u32; prepared.rows()];
        let mut count = 1;
        for coded in coded {
            count = refine(&mut of_row, count, &coded.codes, coded.bins.bins.len());
        }
        let mut example = vec![0; count];
        for (row, pattern) in of_row.iter().enumerate().rev() {
            example[*pattern as usize] = row as u32;
        }
        let mut kept = vec![[0; 2]; count];
        for row in rows.iter().map(|row| *row as usize) {
            kept[of_row[row] as usize][usize::from(prepared.is_event[row])] += 1;
        }
        Patterns { of_row, example, kept }
    }

    /// The pattern of a row.
    pub(super) fn of_row(&self, row: usize) -> usize {
        self.of_row[row] as usize
    }

    /// What `of` says of a row of each pattern.
    pub(super) fn map(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        self.example.iter().map(|row| of(*row as usize)).collect()
    }

    /// The rows that are kept, those alike in bins and outcome as one with its weight.
    pub(super) fn weighted(&self, development: &Development, places: &[usize]) -> Weighted {
        let mut weighted = Weighted::default();
        let alike = self.kept.iter().zip(&self.example).flat_map(|(kept, row)| kept.iter().zip([0.0, 1.0]).map(move |one| (one, *row)));
        for ((rows, target), row) in alike.filter(|((rows, _), _)| **rows > 0) {
            weighted.values.extend(places.iter().map(|place| development.coded[*place].woe(row as usize) as f32));
            weighted.target.push(target);
            // Exact up to 16 million rows of a pattern; beyond, by less than one part in as many.
            weighted.weight.push(*rows as f32);
        }
        weighted
    }
}

/// Rows as a regression takes them.
#[derive(Default)]
pub(super) struct Weighted {
    /// Weights of evidence, row by row.
    pub(super) values: Vec<f32>,
    pub(super) target: Vec<f32>,
    pub(super) weight: Vec<f32>,
}

/// Tells apart, among `count` patterns, rows with different codes of `bins`. Numbers them by pattern, then code; says how many there are.
fn refine(of_row: &mut [u32], count: usize, codes: &[u8], bins: usize) -> usize {
    let place = |pattern: u32, code: u8| pattern as usize * bins + code as usize;
    let mut number = vec![0_u32; count * bins];
    of_row.iter().zip(codes).for_each(|(pattern, code)| number[place(*pattern, *code)] = 1);
    let mut found = 0;
    for number in number.iter_mut().filter(|number| **number > 0) {
        *number = found;
        found += 1;
    }
    of_row.iter_mut().zip(codes).for_each(|(pattern, code)| *pattern = number[place(*pattern, *code)]);
    found as usize
}

#[cfg(test)]
mod tests {
    use super::refine;

    #[test]
    fn rows_are_told_apart_by_pattern_then_code() {
        let mut of_row = vec![0; 6];
        assert_eq!(refine(&mut of_row, 1, &[2, 0, 2, 0, 1, 2], 3), 3);
        assert_eq!(of_row, [2, 0, 2, 0, 1, 2]);
        // Only what occurs gets a number: (0,0), (0,1), (1,1), (2,0), (2,1).
        assert_eq!(refine(&mut of_row, 3, &[0, 1, 1, 0, 1, 0], 2), 5);
        assert_eq!(of_row, [3, 1, 4, 0, 2, 3]);
    }
}
