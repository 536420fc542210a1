//! Values in order, equal ones as one: what bins are cut from.

use super::Tally;

/// All rows of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) value: f32,
    pub(crate) tally: Tally,
}

/// The rows that have a value, by rising value.
pub(crate) fn order_of(values: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..values.len() as u32).filter(|row| !values[*row as usize].is_nan()).collect();
    order.sort_unstable_by(|left, right| values[*left as usize].total_cmp(&values[*right as usize]));
    order
}

/// Runs of equal values among the rows to keep, by rising value.
pub(crate) fn runs_of(values: &[f32], order: &[u32], is_event: &[bool], keeps: impl Fn(usize) -> bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for row in order.iter().map(|row| *row as usize).filter(|row| keeps(*row)) {
        let tally = Tally { rows: 1, events: u64::from(is_event[row]) };
        match runs.last_mut() {
            // Not by the bits: −0 and 0 are one value.
            Some(run) if run.value == values[row] => run.tally = run.tally.plus(tally),
            _ => runs.push(Run { value: values[row], tally }),
        }
    }
    runs
}
