//! A guard against features that know the outcome.
//!
//! Hardly any honest feature of a receivables ledger tells events from non-events nearly perfectly on its own. One that does
//! was most likely written after the fact. Responsible for naming such features; what is done about them (they are dropped,
//! with a warning) is the caller's.

use arrears_models::classification::Scores;

/// A single feature that ranks better than this, in either direction, is suspected.
pub const AUC_MOST: f64 = 0.95;
/// With fewer events a feature may rank that well by chance.
pub const EVENTS_LEAST: usize = 100;

/// The features that tell events from the rest better than an honest one would: those with an AUC above [`AUC_MOST`], or below
/// 1 − [`AUC_MOST`], over at least [`EVENTS_LEAST`] events.
///
/// `rows` are values row after row, one a name; `target` is 1 for an event and 0 otherwise, one a row. A value that is not finite
/// is missing: the others are judged without it, and whether it is missing is judged like a value.
///
/// ```
/// use arrears::scoring::leaks::suspected_leaks;
/// // The day of the write-off "predicts" the default; the number of the row does not.
/// let target: Vec<f64> = (0..400).map(|row| f64::from(row % 3 == 0)).collect();
/// let rows: Vec<f32> = (0..400).flat_map(|row| [if row % 3 == 0 { 250.0 } else { f32::NAN }, row as f32]).collect();
/// assert_eq!(suspected_leaks(&rows, &target, &["write_off_day", "row"]), ["write_off_day"]);
/// ```
///
/// # Panics
/// When there are not as many values as rows times names.
pub fn suspected_leaks<Name: AsRef<str>>(rows: &[f32], target: &[f64], names: &[Name]) -> Vec<String> {
    assert_eq!(rows.len(), target.len() * names.len(), "one value for each row and name");
    let columns = names.len();
    let is_suspected = |column: usize| {
        let value = |row: usize| f64::from(rows[row * columns + column]);
        let (present, missing): (Vec<usize>, Vec<usize>) = (0..target.len()).partition(|row| value(*row).is_finite());
        let values: Vec<(f64, f64)> = present.iter().map(|row| (value(*row), target[*row])).collect();
        let is_missing: Vec<(f64, f64)> =
            present.iter().map(|row| (0.0, target[*row])).chain(missing.iter().map(|row| (1.0, target[*row]))).collect();
        tells_too_much(&values) || (!missing.is_empty() && tells_too_much(&is_missing))
    };
    (0..columns).filter(|column| is_suspected(*column)).map(|column| names[column].as_ref().to_owned()).collect()
}

fn tells_too_much(scored: &[(f64, f64)]) -> bool {
    if scored.iter().filter(|(_, target)| *target > 0.5).count() < EVENTS_LEAST {
        return false;
    }
    let (scores, targets): (Vec<f64>, Vec<f64>) = scored.iter().copied().unzip();
    let auc = Scores::new(&scores, &targets, None).ok().and_then(|scores| scores.auc());
    auc.is_some_and(|auc| !(1.0 - AUC_MOST..=AUC_MOST).contains(&auc))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a few features of 1,000 invoices of which every fifth goes bad.
    fn invoices(features: usize, value: impl Fn(usize, usize) -> f32) -> (Vec<f32>, Vec<f64>) {
        let target: Vec<f64> = (0..1_000).map(|row| f64::from(u8::from(row % 5 == 0))).collect();
        (
            (0..1_000).flat_map(|row| (0..features).map(move |feature| (row, feature))).map(|(row, feature)| value(row, feature)).collect(),
            target,
        )
    }

    #[test]
    fn a_feature_that_knows_the_outcome_is_found_in_either_direction() {
        let (rows, target) = invoices(4, |row, feature| {
            let is_bad = row % 5 == 0;
            match feature {
                0 => (row * 7_919 % 1_000) as f32,
                // Days until the last payment: none came.
                1 => {
                    if is_bad {
                        0.0
                    } else {
                        10.0 + (row % 7) as f32
                    }
                }
                // Ranks well, and no better than a good feature may.
                2 => {
                    if is_bad {
                        (row % 10) as f32 / 10.0 + 0.6
                    } else {
                        (row % 10) as f32 / 10.0
                    }
                }
                _ => {
                    if is_bad {
                        365.0
                    } else {
                        (row % 90) as f32
                    }
                }
            }
        });
        assert_eq!(
            suspected_leaks(&rows, &target, &["number", "days_to_payment", "late_rate", "days_open"]),
            ["days_to_payment", "days_open"]
        );
    }

    #[test]
    fn a_value_that_only_events_lack_is_a_leak_and_one_that_anybody_may_lack_is_not() {
        let (rows, target) = invoices(2, |row, feature| match feature {
            0 if row % 5 == 0 => f32::NAN,
            1 if row % 2 == 0 => f32::NAN,
            _ => (row * 7_919 % 1_000) as f32,
        });
        assert_eq!(suspected_leaks(&rows, &target, &["paid_date", "rating"]), ["paid_date"]);
    }

    #[test]
    fn below_a_hundred_events_nothing_is_suspected() {
        let target: Vec<f64> = (0..1_000).map(|row| f64::from(u8::from(row < 99))).collect();
        let rows: Vec<f32> = target.iter().map(|target| *target as f32).collect();
        assert!(suspected_leaks(&rows, &target, &["outcome"]).is_empty());
        let target: Vec<f64> = (0..1_000).map(|row| f64::from(u8::from(row < 100))).collect();
        let rows: Vec<f32> = target.iter().map(|target| *target as f32).collect();
        assert_eq!(suspected_leaks(&rows, &target, &["outcome"]), ["outcome"]);
    }

    #[test]
    fn a_constant_and_an_event_without_its_counterpart_tell_nothing() {
        let target = vec![1.0; 200];
        assert!(suspected_leaks(&[3.0; 200], &target, &["constant"]).is_empty());
    }
}
