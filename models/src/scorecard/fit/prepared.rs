//! A sample laid out for fitting: rows in an order of their own, and each characteristic's rows by value, once for all folds.

use super::super::folds::fold_of;
use super::super::{Direction, Sample, Unfit};
use super::Options;
use super::bins::order_of;
use rayon::prelude::*;
use std::cmp::Ordering;

/// The sample in canonical order.
pub(super) struct Prepared<'a> {
    sample: &'a Sample<'a>,
    pub(super) columns: Vec<Vec<f32>>,
    /// Of each column, the rows with a value, by value.
    pub(super) orders: Vec<Vec<u32>>,
    pub(super) is_event: Vec<bool>,
    pub(super) group: Vec<u32>,
    pub(super) fold: Vec<u32>,
    /// Row of the sample of each row here.
    pub(super) row_of: Vec<u32>,
}

impl<'a> Prepared<'a> {
    pub(super) fn of(sample: &'a Sample<'a>, options: &Options) -> Result<Prepared<'a>, Unfit> {
        assert!(options.folds >= 2, "a cross-validation has two folds at least");
        assert!(!options.ridges.is_empty(), "there is no ridge to choose");
        assert!(options.bins.bins_max <= 250, "a characteristic has 250 bins at most");
        check(sample)?;
        let row_of = canonical_order(sample);
        let gathered = |values: &[f32]| -> Vec<f32> { row_of.iter().map(|row| values[*row as usize]).collect() };
        let columns: Vec<Vec<f32>> = sample.characteristics.par_iter().map(|characteristic| gathered(characteristic.values)).collect();
        let group: Vec<u32> = row_of.iter().map(|row| sample.group[*row as usize]).collect();
        Ok(Prepared {
            sample,
            orders: columns.par_iter().map(|values| order_of(values)).collect(),
            columns,
            is_event: row_of.iter().map(|row| sample.is_event[*row as usize]).collect(),
            fold: group.iter().map(|group| fold_of(*group, options.folds)).collect(),
            group,
            row_of,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.is_event.len()
    }

    /// Name and direction of a column.
    pub(super) fn named(&self, column: usize) -> (&str, Direction) {
        (self.sample.characteristics[column].name, self.sample.characteristics[column].direction)
    }

    /// Values by row here, brought to the order of the sample.
    pub(super) fn in_sample_order(&self, values: &[f64]) -> Vec<f64> {
        let mut ordered = vec![0.0; values.len()];
        for (value, row) in values.iter().zip(&self.row_of) {
            ordered[*row as usize] = *value;
        }
        ordered
    }
}

fn check(sample: &Sample) -> Result<(), Unfit> {
    let expected = sample.is_event.len();
    let groups = ("groups", sample.group.len());
    let lists = sample.characteristics.iter().map(|characteristic| (characteristic.name, characteristic.values.len())).chain([groups]);
    for (what, found) in lists {
        if found != expected {
            return Err(Unfit::Length { what: what.to_string(), found, expected });
        }
    }
    let events = sample.is_event.iter().filter(|is_event| **is_event).count();
    match (expected, events) {
        (0, _) => Err(Unfit::NoRows),
        (_, 0) => Err(Unfit::OneClass { events }),
        (rows, events) if rows == events => Err(Unfit::OneClass { events }),
        _ => Ok(()),
    }
}

/// The rows by group, outcome and values: whatever order they came in, sums are taken in this one.
pub(in super::super) fn canonical_order(sample: &Sample) -> Vec<u32> {
    let mut order: Vec<u32> = (0..sample.is_event.len() as u32).collect();
    let by_values = |left: usize, right: usize| {
        let orders =
            sample.characteristics.iter().map(|characteristic| characteristic.values[left].total_cmp(&characteristic.values[right]));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    // Rows that are alike in all of this may stand in any order.
    order.par_sort_unstable_by(|left, right| {
        let (left, right) = (*left as usize, *right as usize);
        let key = |row: usize| (sample.group[row], sample.is_event[row]);
        key(left).cmp(&key(right)).then_with(|| by_values(left, right))
    });
    order
}
