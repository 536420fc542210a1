//! Folds by group: all rows of one parent stay together, in the same fold for ever.

use crate::random::below;

/// Folds of a cross-validation.
pub const FOLDS: u32 = 5;
/// Of the hash; never to change, or every fold would.
const SEED: u64 = 0x666f_6c64;

/// The fold of a group, 0 to `folds` − 1: a hash of its number, whoever else is there.
///
/// # Panics
///
/// When there are no folds.
///
/// ```
/// use arrears_models::scorecard::folds::{FOLDS, fold_of};
/// // A known answer: folds may not move from one version to the next.
/// assert_eq!([1, 2, 3, 4, 5, 6, 7].map(|group| fold_of(group, FOLDS)), [0, 4, 2, 2, 3, 1, 2]);
/// ```
pub fn fold_of(group: u32, folds: u32) -> u32 {
    below(SEED, 0, u64::from(group), folds as usize) as u32
}
