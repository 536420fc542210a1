//! Laws of the moving-block bootstrap: the same bits with any number of threads, and intervals that hold the truth as often as
//! they say, where neighbouring origins resemble each other too.

use arrears_models::bootstrap::{Options, Part, compare, ratio};
use arrears_models::random::normal;

/// Origins whose errors follow an autoregression about 0.2 of an actual that varies.
fn parts(seed: u64, count: u64, persistence: f64) -> Vec<Part> {
    let mut state = normal(seed, 0, 1_000_000);
    (0..count)
        .map(|origin| {
            state = persistence * state + (1.0 - persistence * persistence).sqrt() * normal(seed, 0, origin);
            let denominator = 100.0 + 10.0 * normal(seed, 1, origin).clamp(-5.0, 5.0);
            Part { numerator: denominator * (0.2 + 0.05 * state), denominator }
        })
        .collect()
}

fn options(seed: u64) -> Options {
    Options { replicates: 500, seed, ..Options::default() }
}

/// How often the 90 % interval holds the true ratio of 0.2.
fn coverage(count: u64, persistence: f64, block_length: Option<usize>) -> f64 {
    let holds = |seed: &u64| {
        let estimate = ratio(&parts(*seed, count, persistence), &Options { block_length, ..options(*seed) }).expect("there are origins");
        estimate.lower <= 0.2 && 0.2 <= estimate.upper
    };
    (0..400).filter(holds).count() as f64 / 400.0
}

#[test]
fn threads_change_no_bit() {
    let (one, other) = (parts(1, 52, 0.5), parts(2, 52, 0.5));
    let result = || (ratio(&one, &options(3)), compare(&one, &other, &options(3)));
    let expected = result();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        assert_eq!(pool.install(result), expected, "{threads} threads");
    }
}

#[test]
fn another_seed_or_stream_draws_others_but_finds_about_the_same() {
    let parts = parts(5, 52, 0.3);
    let [first, second, third] = [(1, 0), (2, 0), (1, 1)].map(|(seed, stream)| {
        ratio(&parts, &Options { replicates: 4_000, seed, stream, ..Options::default() }).expect("there are origins")
    });
    for other in [second, third] {
        assert_ne!(first, other);
        let width = first.upper - first.lower;
        assert!((first.lower - other.lower).abs() < 0.1 * width && (first.upper - other.upper).abs() < 0.1 * width);
    }
}

#[test]
fn intervals_hold_the_truth_nearly_as_often_as_they_say() {
    let alone = coverage(100, 0.0, Some(1));
    assert!((0.84..=0.94).contains(&alone), "{alone}");
    let blocks = coverage(100, 0.0, None);
    assert!((0.81..=0.94).contains(&blocks), "{blocks}");
}

#[test]
fn blocks_see_what_single_origins_do_not() {
    let (alone, blocks) = (coverage(200, 0.6, Some(1)), coverage(200, 0.6, Some(12)));
    assert!(alone < 0.7 && blocks > 0.78 && blocks < 0.95, "{alone} alone, {blocks} in blocks");
}

#[test]
fn what_is_hard_for_both_cancels_out() {
    let champion = parts(8, 52, 0.5);
    let challenger: Vec<Part> =
        champion.iter().enumerate().map(|(at, part)| Part { numerator: part.numerator - 1.0 - (at % 3) as f64, ..*part }).collect();
    let comparison = compare(&challenger, &champion, &options(1)).expect("there are origins");
    let champion = ratio(&champion, &options(1)).expect("there are origins");
    let width = comparison.difference.upper - comparison.difference.lower;
    assert!(width < 0.2 * (champion.upper - champion.lower), "{comparison:?} against {champion:?}");
    assert!(comparison.share_better == 1.0 && comparison.difference.upper < 0.0);
    // The other way round, the signs turn.
    let reversed = compare(&parts(8, 52, 0.5), &challenger, &options(1)).expect("there are origins");
    assert_eq!((reversed.share_better, reversed.difference.value), (0.0, -comparison.difference.value));
}

#[test]
fn by_chance_alone_a_challenger_is_better_at_ninety_percent_about_one_time_in_ten() {
    let wins = |seed: &u64| {
        let comparison = compare(&parts(2 * seed, 80, 0.0), &parts(2 * seed + 1, 80, 0.0), &options(*seed)).expect("there are origins");
        comparison.share_better >= 0.9
    };
    let share = (0..400).filter(wins).count() as f64 / 400.0;
    assert!((0.06..=0.17).contains(&share), "{share}");
}
