//! Laws of the payment curve on drawn books: what must hold whatever the items are.

use arrears_models::survival::{CurveDay, Exits, conditional, interval, payment_curve, quantile};

/// Knuth's 64-bit linear congruential generator, upper bits: a book is known by its seed.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[derive(Clone, Copy, Debug)]
struct Item {
    /// Age of a late entry; `None` when at risk from the start.
    entry: Option<u32>,
    exit: u32,
    /// 0 cash, 1 credit, 2 write-off, 3 censored.
    cause: u64,
    weight: i128,
}

/// Items of all causes, many at the same age, a third of them entering late; some books empty, some of one item.
fn drawn_items(seed: u64) -> Vec<Item> {
    let mut generator = Generator(seed);
    let (count, ages) = (generator.below(60), 1 + generator.below(40));
    let (weight_limit, causes) = ([1, 5, 1 << 30][generator.below(3) as usize], [1, 2, 4, 4][generator.below(4) as usize]);
    (0..count)
        .map(|_| {
            let exit = generator.below(ages) as u32;
            let entry = (generator.below(3) == 0 && exit > 0).then(|| generator.below(u64::from(exit)) as u32);
            Item { entry, exit, cause: generator.below(causes), weight: 1 + i128::from(generator.below(weight_limit)) }
        })
        .collect()
}

fn exits(items: &[Item]) -> Vec<Exits> {
    let mut exits = vec![Exits::default(); items.iter().map(|item| item.exit as usize + 1).max().unwrap_or_default()];
    for item in items {
        let exit = &mut exits[item.exit as usize];
        *[&mut exit.cash, &mut exit.credit, &mut exit.write_off, &mut exit.censored][item.cause as usize] += item.weight;
    }
    exits
}

fn late_entries(items: &[Item]) -> Vec<(u32, i128)> {
    items.iter().filter_map(|item| item.entry.map(|age| (age, item.weight))).collect()
}

fn curve(items: &[Item]) -> Vec<CurveDay> {
    payment_curve(&exits(items), &late_entries(items))
}

fn books() -> impl Iterator<Item = (u64, Vec<Item>)> {
    (0..500).map(|seed| (seed, drawn_items(seed)))
}

/// Every number of a curve, bit by bit.
fn bits(curve: &[CurveDay]) -> Vec<u64> {
    let numbers = |day: &CurveDay| {
        let [cash, credit, write_off] = day.incidence;
        [day.survival, day.greenwood, cash, credit, write_off, day.open_share].map(f64::to_bits)
    };
    curve.iter().flat_map(numbers).collect()
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, seed: u64) {
    assert!((actual - expected).abs() <= 1e-12, "seed {seed}: {actual} is not {expected}");
}

#[test]
fn at_risk_and_paid_are_what_a_count_of_the_items_gives() {
    for (seed, items) in books() {
        for (age, day) in curve(&items).iter().enumerate() {
            let is_at_risk = |item: &&Item| item.entry.is_none_or(|entry| (entry as usize) < age) && age <= item.exit as usize;
            let at_risk: i128 = items.iter().filter(is_at_risk).map(|item| item.weight).sum();
            let paid: i128 = items.iter().filter(|item| item.cause == 0 && item.exit as usize == age).map(|item| item.weight).sum();
            assert_eq!((day.at_risk, day.paid), (at_risk, paid), "seed {seed}, age {age}");
        }
    }
}

#[test]
fn shares_lie_between_zero_and_one_and_only_move_one_way() {
    for (seed, items) in books() {
        let mut before = (1.0, 1.0, [0.0; 3], 0.0);
        for day in curve(&items) {
            let now = (day.survival, day.open_share, day.incidence, day.greenwood);
            assert!(0.0 <= now.0 && now.0 <= before.0 && 0.0 <= now.1 && now.1 <= before.1, "seed {seed}: {day:?}");
            assert!(now.2.iter().zip(before.2).all(|(now, before)| before <= *now && *now <= 1.0), "seed {seed}: {day:?}");
            assert!(now.3 >= before.3, "seed {seed}: {day:?}");
            before = now;
        }
    }
}

#[test]
fn what_left_by_each_cause_and_what_is_open_sum_to_one() {
    for (seed, items) in books() {
        for day in curve(&items) {
            assert_near(day.incidence.iter().sum::<f64>() + day.open_share, 1.0, seed);
            // Cash brings in no more than the curve that censors its rivals says.
            assert!(day.incidence[0] <= 1.0 - day.survival + 1e-12, "seed {seed}: {day:?}");
        }
    }
}

#[test]
fn the_sum_stays_one_over_twenty_thousand_ages() {
    let mut generator = Generator(1);
    let mut draw = |limit| i128::from(generator.below(limit));
    let exits: Vec<Exits> =
        (0..20_000).map(|_| Exits { cash: 1 + draw(99), credit: draw(20), write_off: draw(3), censored: draw(9) }).collect();
    let replenished: Vec<(u32, i128)> = (0..19_999).map(|age| (age, exits[age as usize + 1].censored)).collect();
    for curve in [payment_curve(&exits, &[]), payment_curve(&exits, &replenished)] {
        for day in curve {
            assert_near(day.incidence.iter().sum::<f64>() + day.open_share, 1.0, 1);
        }
    }
}

#[test]
fn without_rivals_there_is_nothing_to_compete_with() {
    for (seed, mut items) in books() {
        items.iter_mut().filter(|item| item.cause != 3).for_each(|item| item.cause = 0);
        for day in curve(&items) {
            assert_eq!(day.open_share.to_bits(), day.survival.to_bits(), "seed {seed}");
            assert_near(day.incidence[0], 1.0 - day.survival, seed);
        }
    }
}

#[test]
fn without_censoring_and_late_entry_the_shares_are_plain_counts() {
    for (seed, mut items) in books() {
        items.iter_mut().for_each(|item| (item.entry, item.cause) = (None, item.cause % 3));
        let total: i128 = items.iter().map(|item| item.weight).sum();
        for (age, day) in curve(&items).iter().enumerate() {
            for (cause, incidence) in day.incidence.into_iter().enumerate() {
                let has_left = |item: &&Item| item.cause == cause as u64 && item.exit as usize <= age;
                let left: i128 = items.iter().filter(has_left).map(|item| item.weight).sum();
                assert_near(incidence, left as f64 / total as f64, seed);
            }
        }
        assert_eq!(curve(&items).last().map(|day| day.open_share), (!items.is_empty()).then_some(0.0), "seed {seed}");
    }
}

#[test]
fn the_order_of_items_and_entries_changes_no_bit() {
    for (seed, mut items) in books() {
        let first = bits(&curve(&items));
        items.reverse();
        let middle = items.len() / 2;
        items.rotate_left(middle);
        assert_eq!(bits(&curve(&items)), first, "seed {seed}");
    }
}

#[test]
fn ages_without_exits_at_the_end_repeat_the_last() {
    for (seed, items) in books() {
        let mut longer = exits(&items);
        longer.resize(longer.len() + 7, Exits::default());
        let (curve, longer) = (curve(&items), payment_curve(&longer, &late_entries(&items)));
        assert_eq!(bits(&longer)[..6 * curve.len()], bits(&curve), "seed {seed}");
        assert!(longer[curve.len()..].iter().all(|day| (day.at_risk, day.paid) == (0, 0)), "seed {seed}");
        for age in 0..longer.len() as u32 {
            assert_eq!(conditional(&longer, age, 3), conditional(&curve, age, 3), "seed {seed}");
        }
    }
}

#[test]
fn counting_every_item_seven_times_moves_no_share_and_divides_the_variance() {
    for (seed, items) in books() {
        let seven: Vec<Item> = items.iter().map(|item| Item { weight: 7 * item.weight, ..*item }).collect();
        for (one, seven) in curve(&items).iter().zip(curve(&seven)) {
            assert_near(seven.survival, one.survival, seed);
            assert_near(seven.open_share, one.open_share, seed);
            if one.greenwood.is_finite() {
                assert_near(7.0 * seven.greenwood, one.greenwood, seed);
            } else {
                assert_eq!(seven.greenwood, one.greenwood, "seed {seed}");
            }
        }
    }
}

#[test]
fn an_entry_before_anything_left_is_as_good_as_none() {
    for (seed, items) in books() {
        let first_exit = items.iter().map(|item| item.exit).min().unwrap_or_default();
        let shifted = |entry| items.iter().map(|item| Item { entry, ..*item }).collect::<Vec<_>>();
        if let Some(entry) = first_exit.checked_sub(1) {
            assert_eq!(bits(&curve(&shifted(Some(entry)))), bits(&curve(&shifted(None))), "seed {seed}");
        }
    }
}

#[test]
fn an_interval_is_missing_exactly_when_nothing_survives_and_else_holds_the_survival() {
    for (seed, items) in books() {
        for day in curve(&items) {
            let Some(interval) = interval(&day) else {
                assert!(day.survival == 0.0 && day.greenwood.is_infinite(), "seed {seed}: {day:?}");
                continue;
            };
            assert!(day.survival > 0.0 && day.greenwood.is_finite(), "seed {seed}: {day:?}");
            assert!(interval.standard_error >= 0.0, "seed {seed}: {interval:?}");
            assert!(0.0 <= interval.lower && interval.lower <= day.survival + 1e-12, "seed {seed}: {interval:?}");
            assert!(day.survival - 1e-12 <= interval.upper && interval.upper <= 1.0, "seed {seed}: {interval:?}");
        }
    }
}

#[test]
fn a_quantile_is_the_first_age_at_which_the_share_is_paid() {
    for (seed, items) in books() {
        let curve = curve(&items);
        for p in [0.1, 0.25, 0.5, 0.75, 0.9, 1.0] {
            let is_reached = |day: &CurveDay| day.survival <= 1.0 - p + 1e-9;
            let age = quantile(&curve, p).map_or(curve.len(), |age| age as usize);
            assert!(curve[..age].iter().all(|day| !is_reached(day)) && curve.get(age).is_none_or(is_reached), "seed {seed}, {p}");
        }
    }
}

#[test]
fn to_survive_two_horizons_is_to_survive_the_first_and_then_the_second() {
    for (seed, items) in books() {
        let curve = curve(&items);
        for (age, first, second) in [(0, 7, 14), (5, 1, 1), (10, 20, 30), (3, 0, 90)] {
            let (Some(one), Some(both)) = (conditional(&curve, age, first), conditional(&curve, age, first + second)) else { continue };
            assert!((0.0..=1.0).contains(&both) && one <= both, "seed {seed}");
            if let Some(then) = conditional(&curve, age + first, second) {
                assert_near((1.0 - one) * (1.0 - then), 1.0 - both, seed);
            }
        }
    }
}
