//! Comparisons of scores, and the pieces beside the card.

mod support;

use arrears_models::classification::Scores;
use arrears_models::intervals::jeffreys;
use arrears_models::isotonic::pool_adjacent_violators;
use arrears_models::random::uniform;
use arrears_models::scorecard::calibration::shift_to_rate;
use arrears_models::scorecard::comparison::{Options, auc, compare_auc};
use arrears_models::scorecard::folds::fold_of;
use arrears_models::scorecard::stability::population_stability;
use support::{Book, shuffled};

fn rule_of(book: &Book, column: usize) -> Vec<f64> {
    book.columns[column].iter().map(|value| f64::from(*value)).collect()
}

#[test]
fn an_area_is_that_of_the_scores() {
    let book = Book::usual(1, 200, 4, -2.0);
    let target: Vec<f64> = book.is_event.iter().map(|event| f64::from(u8::from(*event))).collect();
    // In steps, with missing ones below all.
    let steps = rule_of(&book, 11);
    let measured = auc(&steps, &book.is_event, &book.group, &Options::default()).expect("both classes");
    let known: Vec<f64> = steps.iter().map(|score| if score.is_nan() { -1e9 } else { *score }).collect();
    let expected = Scores::new(&known, &target, None).expect("valid").auc().expect("both classes");
    assert!((measured.value - expected).abs() < 1e-15);
    let (lower, upper) = measured.interval(0.9);
    assert!(lower < measured.value && measured.value < upper && measured.replicates.len() == 1_000);
    assert!(measured.interval(0.95).0 < lower);
}

#[test]
fn the_same_score_differs_by_nothing_and_a_better_one_shows() {
    let book = Book::usual(2, 500, 4, -2.0);
    let options = Options::default();
    let same = compare_auc(&book.log_odds, &book.log_odds, &book.is_event, &book.group, &options).expect("both classes");
    assert_eq!((same.difference.interval(0.95), same.difference.share_positive()), ((0.0, 0.0), Some(0.5)));
    let better = compare_auc(&book.log_odds, &rule_of(&book, 0), &book.is_event, &book.group, &options).expect("both classes");
    assert!(better.difference.value > 0.05 && better.difference.interval(0.95).0 > 0.0);
    assert_eq!(better.difference.value, better.first.value - better.second.value);
    // Drawn together, the difference is surer than if each had draws of its own.
    let width = |interval: (f64, f64)| interval.1 - interval.0;
    let apart = (width(better.first.interval(0.9)).powi(2) + width(better.second.interval(0.9)).powi(2)).sqrt();
    assert!(width(better.difference.interval(0.9)) < 0.95 * apart);
}

#[test]
fn rows_of_one_group_count_as_one_observation() {
    let book = Book::usual(3, 400, 1, -1.0);
    let width = |book: &Book, group: &[u32]| {
        let of = |rows: &[f64]| auc(rows, &book.is_event, group, &Options::default()).expect("both classes").interval(0.9);
        let (lower, upper) = of(&book.log_odds);
        upper - lower
    };
    let once = width(&book, &book.group);
    let four: Vec<usize> = (0..4 * book.group.len()).map(|row| row / 4).collect();
    let repeated = book.permuted(&four);
    // Four copies of a row in its group say nothing new; as groups of their own they would seem to.
    assert_eq!(width(&repeated, &repeated.group), once);
    let apart: Vec<u32> = (0..repeated.group.len() as u32).collect();
    assert!(width(&repeated, &apart) < 0.6 * once);
}

#[test]
fn neither_order_nor_threads_change_a_bit_of_a_comparison() {
    let book = Book::usual(4, 300, 4, -2.0);
    let compare = |book: &Book| compare_auc(&book.log_odds, &rule_of(book, 1), &book.is_event, &book.group, &Options::default());
    let first = compare(&book);
    assert_eq!(compare(&book.permuted(&shuffled(9, book.group.len()))), first);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        assert_eq!(pool.install(|| compare(&book)), first);
    }
}

#[test]
fn a_replicate_is_the_same_however_many_there_are() {
    let book = Book::usual(5, 200, 3, -1.5);
    let replicates = |count| {
        let options = Options { replicates: count, ..Options::default() };
        auc(&book.log_odds, &book.is_event, &book.group, &options).expect("both classes").replicates
    };
    let many = replicates(40);
    assert_eq!(many.len(), 40);
    for count in [1, 15, 16, 17, 33] {
        let few = replicates(count);
        assert_eq!(few.len(), count);
        assert!(few.iter().all(|value| many.contains(value)), "{count} of 40");
    }
}

#[test]
fn one_class_cannot_be_compared() {
    assert_eq!(auc(&[1.0, 2.0], &[true, true], &[1, 2], &Options::default()), None);
    assert_eq!(auc(&[], &[], &[], &Options::default()), None);
    // A single group is drawn as it is, always.
    let single = auc(&[1.0, 2.0], &[false, true], &[5, 5], &Options::default()).expect("both classes");
    assert_eq!((single.value, single.interval(0.9)), (1.0, (1.0, 1.0)));
}

#[test]
fn folds_are_of_about_one_size_and_for_ever() {
    let mut sizes = [0; 5];
    (0..50_000).for_each(|group| sizes[fold_of(group, 5) as usize] += 1);
    assert!(sizes.iter().all(|size| (9_700..10_300).contains(size)), "{sizes:?}");
}

#[test]
fn a_population_that_has_not_moved_has_no_index_and_an_empty_bin_a_finite_one() {
    assert_eq!(population_stability(&[10, 20, 0], &[100, 200, 0]).expect("rows").index, 0.0);
    // 0 of 100 is taken as 1/2 of 100: (0.005 − 0.1) · ln(0.005/0.1) + (1 − 0.9) · ln(1/0.9).
    let emptied = population_stability(&[10, 90], &[0, 100]).expect("rows");
    assert!((emptied.index - (-0.095 * 0.05_f64.ln() + 0.1 * (1.0 / 0.9_f64).ln())).abs() < 1e-15);
    assert_eq!((emptied.expected_rows, emptied.actual_rows), (100, 100));
}

#[test]
fn jeffreys_intervals_hold_their_rate_as_often_as_they_say() {
    // 2 % of 400, two thousand times: the interval is known to wave about its level.
    let holds = |sample: u64| {
        let events = (0..400).filter(|draw| uniform(6, sample, *draw) < 0.02).count();
        let interval = jeffreys(events as f64, 400.0, 0.9);
        interval.lower <= 0.02 && 0.02 <= interval.upper
    };
    let share = (0..2_000).filter(|sample| holds(*sample)).count() as f64 / 2_000.0;
    assert!((0.86..0.94).contains(&share), "{share}");
    let unseen = jeffreys(0.0, 0.0, 0.9);
    assert_eq!((unseen.mean, unseen.lower, unseen.upper), (0.5, 0.0, 1.0));
}

#[test]
fn pooled_values_rise_and_keep_their_sum() {
    let y: Vec<f64> = (0..500).map(|place| uniform(7, 0, place) + place as f64 / 1_000.0).collect();
    let weight: Vec<f64> = (0..500).map(|place| 0.1 + uniform(7, 1, place)).collect();
    let fitted = pool_adjacent_violators(&y, &weight);
    let sum = |values: &[f64]| values.iter().zip(&weight).map(|(value, weight)| value * weight).sum::<f64>();
    assert!(fitted.is_sorted() && (sum(&fitted) - sum(&y)).abs() < 1e-10);
    assert!(pool_adjacent_violators(&[], &[]).is_empty());
}

#[test]
fn a_shift_brings_the_mean_to_the_rate_whatever_the_order() {
    let log_odds: Vec<f64> = (0..999).map(|row| 6.0 * uniform(8, 0, row) - 5.0).collect();
    let shift = shift_to_rate(&log_odds, 0.07);
    let mean = log_odds.iter().map(|z| arrears_models::logistic::probability_from(z + shift)).sum::<f64>() / 999.0;
    assert!((mean - 0.07).abs() < 1e-12);
    let reversed: Vec<f64> = log_odds.iter().rev().copied().collect();
    assert_eq!(shift_to_rate(&reversed, 0.07), shift);
    assert_eq!((shift_to_rate(&[], 0.5), shift_to_rate(&[0.0], 1.0)), (0.0, f64::INFINITY));
}
