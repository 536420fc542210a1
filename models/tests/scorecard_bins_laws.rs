//! Bins of a characteristic, worked by hand and by law.

use arrears_models::random::{below, uniform};
use arrears_models::scorecard::bins::{Bins, Direction, Options, Unbinned};
use unpleasant::cases;

/// Random characteristics, some of them unpleasant.
mod unpleasant {
    use super::*;

    pub struct Case {
        pub values: Vec<f32>,
        pub is_event: Vec<bool>,
        pub direction: Direction,
        pub options: Options,
    }

    /// Few or many rows, few or many distinct values, some missing or infinite, events with the direction or against it.
    pub fn cases() -> impl Iterator<Item = Case> {
        (0..400_u64).map(|seed| {
            let rows = [2, 7, 40, 300, 3_000][below(1, seed, 0, 5)];
            let distinct = [1, 2, 3, 8, 50, 100_000][below(1, seed, 1, 6)];
            let missing = [0.0, 0.01, 0.2, 0.9][below(1, seed, 2, 4)];
            let slope: f64 = [-1.5, 0.0, 0.5, 3.0][below(1, seed, 3, 4)];
            let value = |row: u64| match uniform(2, seed, row) {
                share if share < missing => f32::NAN,
                share if share > 0.999 => f32::INFINITY,
                _ => below(3, seed, row, distinct) as f32 - 1.0,
            };
            let values: Vec<f32> = (0..rows).map(value).collect();
            let rate = |value: f32| if value.is_finite() { 0.1 + 0.3 * slope.abs() * ramp(value, distinct, slope) } else { 0.3 };
            let is_event = (0..rows).map(|row| uniform(4, seed, row) < rate(values[row as usize])).collect();
            let direction = if below(1, seed, 4, 2) == 0 { Direction::Rising } else { Direction::Falling };
            let quantiles = [1, 5, 20][below(1, seed, 5, 3)];
            let options =
                Options { quantiles, bins_max: 1 + below(1, seed, 6, 6), share_min: 0.05, tail_share_min: 0.05, tail_events_min: 0.0 };
            Case { values, is_event, direction, options }
        })
    }

    fn ramp(value: f32, distinct: usize, slope: f64) -> f64 {
        let share = (f64::from(value) + 1.0) / distinct as f64;
        if slope < 0.0 { 1.0 - share } else { share }
    }
}

/// Rows written as (value, events, others).
fn rows(table: &[(f32, usize, usize)]) -> (Vec<f32>, Vec<bool>) {
    let of_value = |(value, events, others): &(f32, usize, usize)| {
        let outcomes = std::iter::repeat_n(true, *events).chain(std::iter::repeat_n(false, *others));
        outcomes.map(|outcome| (*value, outcome)).collect::<Vec<_>>()
    };
    table.iter().flat_map(of_value).unzip()
}

fn binned(table: &[(f32, usize, usize)], direction: Direction) -> Result<Bins, Unbinned> {
    let (values, is_event) = rows(table);
    Bins::of(&values, &is_event, direction, &Options::default())
}

#[test]
fn days_past_due_are_pooled_where_events_become_rarer() {
    // 10 and 20 are in the wrong order (8 and 6 of 100): pooled. The others stay.
    let table = [(0.0, 2, 98), (10.0, 8, 92), (20.0, 6, 94), (30.0, 20, 80)];
    let bins = binned(&table, Direction::Rising).expect("it can be binned");
    assert_eq!(bins.edges, [0.0, 20.0]);
    assert_eq!(bins.bins.iter().map(|bin| (bin.rows, bin.events)).collect::<Vec<_>>(), [(100, 2), (200, 14), (100, 20), (0, 0)]);
    // 36 events and 364 others in all: ln((2/36) / (98/364)) = ln 0.206349.
    assert!((bins.bins[0].woe - (2.0 / 36.0 / (98.0 / 364.0_f64)).ln()).abs() < 1e-15);
    assert!(bins.bins[0].woe < 0.0 && bins.bins[2].woe > 0.0, "above 0 is riskier");
    // Declared the other way round, nothing is left.
    assert_eq!(binned(&table, Direction::Falling), Err(Unbinned::Flat));
    let mirrored: Vec<(f32, usize, usize)> = table.iter().map(|(value, events, others)| (-value, *events, *others)).collect();
    let falling = binned(&mirrored, Direction::Falling).expect("it can be binned");
    assert_eq!(falling.edges, [-30.0, -10.0]);
    assert_eq!(falling.bins[2].woe, bins.bins[0].woe);
}

#[test]
fn bins_too_small_or_without_an_event_go_to_the_neighbour_that_loses_least() {
    // 3 of 100 rows are fewer than 5 %: with their neighbour, which has nearly their rate.
    let bins = binned(&[(0.0, 1, 49), (1.0, 20, 27), (2.0, 2, 1)], Direction::Rising).expect("it can be binned");
    assert_eq!((bins.edges.as_slice(), bins.bins[1].rows, bins.bins[1].events), ([0.0].as_slice(), 50, 22));
    // No event up to 1: with what is above.
    let bins = binned(&[(0.0, 0, 30), (1.0, 0, 20), (2.0, 5, 20), (3.0, 15, 10)], Direction::Rising).expect("it can be binned");
    assert_eq!((bins.edges.as_slice(), bins.bins[0].events), ([2.0].as_slice(), 5));
}

#[test]
fn values_that_separate_the_classes_make_two_bins() {
    let bins = binned(&[(0.0, 0, 60), (1.0, 0, 30), (2.0, 10, 0)], Direction::Rising).expect("it can be binned");
    assert_eq!((bins.edges.as_slice(), bins.bins[0].events, bins.bins[1].rows), ([1.0].as_slice(), 0, 10));
    // Half a row in each empty cell: ln((0.5/10) / (90.5/90)) and ln((10.5/10) / (0.5/90)).
    assert!((bins.bins[0].woe - (0.05 / (90.5 / 90.0_f64)).ln()).abs() < 1e-15);
    assert!((bins.bins[1].woe - (1.05 / (0.5 / 90.0_f64)).ln()).abs() < 1e-15);
}

#[test]
fn what_cannot_be_binned_says_why() {
    let nan = f32::NAN;
    assert_eq!(binned(&[], Direction::Rising), Err(Unbinned::NoRows));
    assert_eq!(binned(&[(1.0, 0, 5), (2.0, 0, 5)], Direction::Rising), Err(Unbinned::OneClass));
    assert_eq!(binned(&[(1.0, 5, 0), (2.0, 5, 0)], Direction::Rising), Err(Unbinned::OneClass));
    assert_eq!(binned(&[(nan, 5, 5)], Direction::Rising), Err(Unbinned::AllMissing));
    assert_eq!(binned(&[(3.0, 5, 5), (nan, 5, 1)], Direction::Rising), Err(Unbinned::Constant));
    // −0 and 0 are one value.
    assert_eq!(binned(&[(-0.0, 5, 5), (0.0, 9, 5)], Direction::Rising), Err(Unbinned::Constant));
    assert_eq!(binned(&[(1.0, 50, 50), (2.0, 50, 50), (nan, 1, 2)], Direction::Rising), Err(Unbinned::Flat));
    assert_eq!(Unbinned::AllMissing.word(), "all_missing");
}

#[test]
fn where_many_values_are_missing_that_alone_can_say_something() {
    // Half of the rows are missing and twice as risky; what is there says nothing.
    let bins = binned(&[(1.0, 50, 450), (2.0, 50, 450), (f32::NAN, 200, 800)], Direction::Rising).expect("it can be binned");
    assert!(bins.edges.is_empty());
    // (200/300) / (800/1700)
    assert!((bins.missing().woe - (200.0 / 300.0 / (800.0 / 1_700.0_f64)).ln()).abs() < 1e-15);
    assert_eq!(bins.bin_of(-1e30), 0);
}

#[test]
fn few_missing_values_are_never_rewarded() {
    // 30 of 1,030 rows without a single event: as risky as all, not safer.
    let bins = binned(&[(1.0, 20, 480), (2.0, 80, 420), (f32::NAN, 0, 30)], Direction::Rising).expect("it can be binned");
    assert_eq!(bins.missing().woe, 0.0);
    // Riskier ones are held towards 0.
    let bins = binned(&[(1.0, 20, 480), (2.0, 80, 420), (f32::NAN, 20, 10)], Direction::Rising).expect("it can be binned");
    let own = (20.0 / 120.0 / (10.0 / 910.0_f64)).ln();
    assert!(bins.missing().woe > 0.0 && bins.missing().woe < 0.6 * own);
}

#[test]
fn bins_are_few_large_and_monotone_whatever_comes() {
    let mut binned = 0;
    for (number, case) in cases().enumerate() {
        let Ok(bins) = Bins::of(&case.values, &case.is_event, case.direction, &case.options) else { continue };
        binned += 1;
        let values = &bins.bins[..bins.bins.len() - 1];
        assert!(bins.edges.is_sorted_by(|left, right| left < right) && bins.edges.len() + 1 == values.len(), "case {number}");
        assert!(values.len() <= case.options.bins_max, "case {number}");
        let is_riskier = |pair: &[arrears_models::scorecard::Bin]| match case.direction {
            Direction::Rising => pair[0].woe < pair[1].woe,
            Direction::Falling => pair[0].woe > pair[1].woe,
        };
        assert!(values.windows(2).all(is_riskier), "case {number}: {values:?}");
        let is_large = |rows: u64| rows as f64 >= 0.05 * case.values.len() as f64;
        assert!(values.len() == 1 || values.iter().all(|bin| is_large(bin.rows)), "case {number}");
        // Two bins where no more can be had.
        assert!(values.len() <= 2 || values.iter().all(|bin| bin.events > 0 && bin.events < bin.rows), "case {number}");
        // Every row is in the bin that `bin_of` says.
        let mut counts = vec![(0, 0); bins.bins.len()];
        for (value, is_event) in case.values.iter().zip(&case.is_event) {
            let count = &mut counts[bins.bin_of(*value)];
            *count = (count.0 + 1, count.1 + u64::from(*is_event));
        }
        assert_eq!(counts, bins.bins.iter().map(|bin| (bin.rows, bin.events)).collect::<Vec<_>>(), "case {number}");
        let best = values.iter().map(|bin| bin.woe).fold(f64::INFINITY, f64::min);
        assert!(bins.bins.iter().all(|bin| bin.woe.is_finite()) && bins.missing().woe >= best.min(0.0), "case {number}: {bins:?}");
        assert!(bins.information_value() >= 0.0, "case {number}");
    }
    assert!(binned > 100, "only {binned} could be binned");
}

#[test]
fn the_order_of_the_rows_and_a_rising_change_of_unit_do_not_matter() {
    for case in cases() {
        let bins = Bins::of(&case.values, &case.is_event, case.direction, &case.options);
        let (mut values, mut is_event) = (case.values.clone(), case.is_event.clone());
        values.reverse();
        is_event.reverse();
        assert_eq!(Bins::of(&values, &is_event, case.direction, &case.options), bins);
        let doubled: Vec<f32> = case.values.iter().map(|value| 2.0 * value).collect();
        let of_doubled = Bins::of(&doubled, &case.is_event, case.direction, &case.options);
        assert_eq!(of_doubled.map(|bins| bins.bins), bins.map(|bins| bins.bins));
    }
}

#[test]
fn defaults_that_crowd_in_the_last_rows_have_a_bin_of_their_own() {
    // 1,000 rows: 970 that are not late with 10 events, 30 of 60 days with 20. Three per cent of the rows are less than a twentieth, but
    // hold two thirds of the events.
    let values: Vec<f32> = (0..1_000).map(|row| if row < 970 { 0.0 } else { 60.0 }).collect();
    let is_event: Vec<bool> = (0..1_000).map(|row| if row < 970 { row % 97 == 0 } else { row % 3 != 0 }).collect();
    let bins = Bins::of(&values, &is_event, Direction::Rising, &Options::default()).expect("two bins");
    assert_eq!(bins.edges, [0.0]);
    assert_eq!((bins.bins[1].rows, bins.bins[1].events), (30, 20));
    // Without the exception for crowded events there is one bin, which says nothing.
    let strict = Options { tail_share_min: 0.05, ..Options::default() };
    assert_eq!(Bins::of(&values, &is_event, Direction::Rising, &strict), Err(Unbinned::Flat));
}
