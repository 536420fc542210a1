//! Laws of the measures of classification on drawn rows: what must hold whatever the rows are.

use arrears_models::classification::{InputError, Probabilities, Scores, mean_absolute_error};
use arrears_models::logistic::{log_odds_of, probability_from};

/// Knuth's 64-bit linear congruential generator, upper bits: rows are known by their seed.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[derive(Clone, Debug, Default)]
struct Drawn {
    probability: Vec<f64>,
    target: Vec<f64>,
    weight: Vec<f64>,
}

impl Drawn {
    /// Both classes, ties, and in every other case weights and fractional targets.
    fn of(seed: u64) -> Drawn {
        let mut generator = Generator(seed);
        let (count, levels) = (20 + generator.below(150), [8, 1 << 20][generator.below(2) as usize]);
        let mut drawn = Drawn { probability: vec![0.5, 0.5], target: vec![0.0, 1.0], weight: vec![1.0, 1.0] };
        for _ in 0..count {
            let probability = (1 + generator.below(levels - 1)) as f64 / levels as f64;
            drawn.probability.push(probability);
            let event = f64::from(u8::from((generator.below(1 << 20) as f64) < probability * f64::from(1 << 20)));
            drawn.target.push(if seed.is_multiple_of(2) { event } else { (event + generator.below(4) as f64) / 4.0 });
            drawn.weight.push(if seed.is_multiple_of(2) { 1.0 } else { generator.below(4) as f64 });
        }
        drawn
    }

    fn push(&mut self, probability: f64, target: f64, weight: f64) {
        self.probability.push(probability);
        self.target.push(target);
        self.weight.push(weight);
    }

    fn rows(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        (0..self.target.len()).map(|row| (self.probability[row], self.target[row], self.weight[row]))
    }

    fn probabilities(&self) -> Probabilities<'_> {
        Probabilities::new(&self.probability, &self.target, Some(&self.weight)).expect("valid rows")
    }

    fn with_scores(&self, change: impl Fn(f64) -> f64) -> Drawn {
        Drawn { probability: self.probability.iter().map(|probability| change(*probability)).collect(), ..self.clone() }
    }
}

fn all() -> impl Iterator<Item = (u64, Drawn)> {
    (0..200).map(|seed| (seed, Drawn::of(seed)))
}

#[track_caller]
fn assert_near(actual: Option<f64>, expected: Option<f64>, seed: u64) {
    let (actual, expected) = (actual.expect("defined"), expected.expect("defined"));
    assert!((actual - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "seed {seed}: {actual} is not {expected}");
}

#[test]
fn the_area_is_the_share_of_pairs_that_are_in_order() {
    for (seed, drawn) in all() {
        let (mut won, mut pairs) = (0.0, 0.0);
        for (high, event, of_event) in drawn.rows() {
            for (low, other, of_other) in drawn.rows() {
                let weight = of_event * event * of_other * (1.0 - other);
                won += weight * if high > low { 1.0 } else { 0.5 * f64::from(u8::from(high == low)) };
                pairs += weight;
            }
        }
        assert_near(drawn.probabilities().scores().auc(), Some(won / pairs), seed);
    }
}

#[test]
fn the_distance_is_the_widest_at_any_score() {
    for (seed, drawn) in all() {
        let share_to = |score: f64, is_event: bool| {
            let weight = |target: f64, weight: f64| weight * if is_event { target } else { 1.0 - target };
            let upto: f64 = drawn.rows().filter(|row| row.0 <= score).map(|row| weight(row.1, row.2)).sum();
            upto / drawn.rows().map(|row| weight(row.1, row.2)).sum::<f64>()
        };
        let widest = drawn.probability.iter().map(|score| (share_to(*score, false) - share_to(*score, true)).abs()).fold(0.0, f64::max);
        assert_near(drawn.probabilities().scores().ks(), Some(widest), seed);
    }
}

#[test]
fn ranks_do_not_depend_on_the_scale_and_turn_with_it() {
    for (seed, drawn) in all() {
        let (scores, stretched, turned) = (drawn.probabilities(), drawn.with_scores(log_odds_of), drawn.with_scores(|score| -score));
        let scores_of =
            |drawn: &Drawn| Scores::new(&drawn.probability, &drawn.target, Some(&drawn.weight)).map(|scores| (scores.auc(), scores.ks()));
        assert_eq!(scores_of(&stretched), Ok((scores.scores().auc(), scores.scores().ks())), "seed {seed}");
        let (auc, ks) = scores_of(&turned).expect("valid rows");
        assert_near(auc, scores.scores().auc().map(|auc| 1.0 - auc), seed);
        assert_near(ks, scores.scores().ks(), seed);
        assert_near(scores.scores().gini(), auc.map(|auc| 1.0 - 2.0 * auc), seed);
    }
}

#[test]
fn a_fraction_is_an_event_and_none_with_the_weight_split() {
    for (seed, drawn) in all() {
        let mut split = Drawn::default();
        for (probability, target, weight) in drawn.rows() {
            split.push(probability, 1.0, weight * target);
            split.push(probability, 0.0, weight * (1.0 - target));
        }
        let (whole, split) = (drawn.probabilities(), split.probabilities());
        assert_near(whole.scores().auc(), split.scores().auc(), seed);
        assert_near(whole.scores().ks(), split.scores().ks(), seed);
        assert_near(whole.log_loss(), split.log_loss(), seed);
        assert_near(whole.brier(), split.brier(), seed);
        let (whole, split) = (whole.brier_parts(&[0.3, 0.6]).expect("rows"), split.brier_parts(&[0.3, 0.6]).expect("rows"));
        for (whole, split) in [
            (whole.reliability, split.reliability),
            (whole.resolution, split.resolution),
            (whole.uncertainty, split.uncertainty),
            (whole.within, split.within),
        ] {
            assert_near(Some(whole), Some(split), seed);
        }
    }
}

#[test]
fn the_parts_add_up_to_the_score_whatever_the_bins() {
    for (seed, drawn) in all() {
        let probabilities = drawn.probabilities();
        for edges in [&[] as &[f64], &[0.5], &[0.1, 0.2, 0.9], &[0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]] {
            let parts = probabilities.brier_parts(edges).expect("rows");
            let sum = parts.reliability - parts.resolution + parts.uncertainty + parts.within;
            assert_near(Some(sum), probabilities.brier(), seed);
            assert_eq!(parts.bins.len(), edges.len() + 1);
            assert_near(Some(parts.bins.iter().map(|bin| bin.weight).sum()), Some(drawn.weight.iter().sum()), seed);
            let is_one_value_a_bin =
                edges.len() == 7 && drawn.probability.iter().all(|probability| probability * 8.0 == (probability * 8.0).round());
            assert!(!is_one_value_a_bin || parts.within.abs() < 1e-14, "seed {seed}: {}", parts.within);
        }
    }
}

#[test]
fn a_probability_at_an_edge_belongs_to_the_bin_above() {
    let probabilities = Probabilities::new(&[0.5, 0.4], &[1.0, 0.0], None).expect("valid rows");
    let bins = probabilities.brier_parts(&[0.1, 0.5]).expect("rows").bins;
    assert_eq!([bins[0].weight, bins[1].weight, bins[2].weight], [0.0, 1.0, 1.0]);
    assert_eq!((bins[0].probability, bins[1].probability, bins[2].event_share), (None, Some(0.4), Some(1.0)));
}

#[test]
fn applying_the_calibration_leaves_nothing_to_calibrate() {
    for (seed, drawn) in all() {
        let Some(calibration) = drawn.probabilities().calibration() else { panic!("seed {seed}: no calibration") };
        let corrected =
            drawn.with_scores(|probability| probability_from(calibration.intercept + calibration.slope * log_odds_of(probability)));
        let again = corrected.probabilities().calibration().expect("still defined");
        assert!((again.slope - 1.0).abs() < 1e-6 && again.intercept.abs() < 1e-6, "seed {seed}: {again:?}");
        assert!(corrected.probabilities().calibration_in_the_large().expect("defined").abs() < 1e-6, "seed {seed}");
        assert!(corrected.probabilities().log_loss() <= drawn.probabilities().log_loss(), "seed {seed}");
        let large = drawn.probabilities().calibration_in_the_large().expect("defined");
        let moved = drawn.with_scores(|probability| probability_from(large + log_odds_of(probability)));
        let mean = |values: &[f64]| values.iter().zip(&drawn.weight).map(|(value, weight)| value * weight).sum::<f64>();
        assert!((mean(&moved.probability) - mean(&drawn.target)).abs() < 1e-6, "seed {seed}: the mean is the rate");
    }
}

#[test]
fn what_the_data_do_not_hold_is_not_measured() {
    let of = |probability: &[f64], target: &[f64], weight: Option<&[f64]>| {
        let all = Probabilities::new(probability, target, weight).expect("valid rows");
        (
            [all.scores().auc(), all.scores().gini(), all.scores().ks(), all.log_loss(), all.brier(), all.calibration_in_the_large()]
                .map(|measure| measure.is_some()),
            all.calibration().is_some(),
            all.brier_parts(&[0.5]).is_some(),
        )
    };
    assert_eq!(of(&[], &[], None), ([false; 6], false, false));
    assert_eq!(of(&[0.2, 0.3], &[0.0, 1.0], Some(&[0.0, 0.0])), ([false; 6], false, false));
    // One class: there is a loss, but nothing to rank or to calibrate.
    assert_eq!(of(&[0.2, 0.3], &[1.0, 1.0], None), ([false, false, false, true, true, false], false, true));
    assert_eq!(of(&[0.2, 0.3, 0.3], &[0.0, 0.0, 1.0], Some(&[1.0, 1.0, 0.0])), ([false, false, false, true, true, false], false, true));
    // One probability for all has no slope; a perfect order has an infinite one.
    assert_eq!(of(&[0.3; 4], &[0.0, 1.0, 0.0, 0.0], None), ([true; 6], false, true));
    assert_eq!(of(&[0.1, 0.2, 0.7, 0.8], &[0.0, 0.0, 1.0, 1.0], None), ([true; 6], false, true));
    assert_eq!(mean_absolute_error(&[], &[], None), None);
    assert_eq!(mean_absolute_error(&[1.0], &[2.0], Some(&[0.0])), None);
}

#[test]
fn certainty_that_was_wrong_is_clipped_not_infinite() {
    let wrong = Probabilities::new(&[0.0, 1.0], &[1.0, 0.0], None).expect("valid rows");
    assert!((wrong.log_loss().expect("rows") - 1e15_f64.ln()).abs() < 1e-3);
    let right = Probabilities::new(&[0.0, 1.0], &[0.0, 1.0], None).expect("valid rows");
    assert!(right.log_loss().expect("rows") < 2e-15);
    assert_eq!((right.brier(), wrong.brier(), right.scores().auc(), wrong.scores().ks()), (Some(0.0), Some(1.0), Some(1.0), Some(1.0)));
    // All held certain, a quarter came.
    let certain = Probabilities::new(&[1.0; 4], &[1.0, 0.0, 0.0, 0.0], None).expect("valid rows");
    assert!((certain.calibration_in_the_large().expect("defined") - ((1.0_f64 / 3.0).ln() - 34.5)).abs() < 0.1);
}

#[test]
fn a_negative_zero_ties_with_zero() {
    let scores = Scores::new(&[-0.0, 0.0], &[1.0, 0.0], None).expect("valid rows");
    assert_eq!((scores.auc(), scores.ks()), (Some(0.5), Some(0.0)));
}

#[test]
fn bad_input_is_refused_by_its_row() {
    let refused =
        |score: &[f64], target: &[f64], weight: Option<&[f64]>| Scores::new(score, target, weight).map(|_| ()).expect_err("bad input");
    assert_eq!(refused(&[1.0], &[1.0, 0.0], None), InputError::Length { what: "scores", found: 1, expected: 2 });
    assert_eq!(refused(&[1.0], &[1.0], Some(&[])), InputError::Length { what: "weights", found: 0, expected: 1 });
    assert_eq!(refused(&[1.0, f64::NAN], &[1.0, 0.0], None), InputError::Score { row: 1 });
    assert_eq!(refused(&[1.0, 2.0], &[1.0, 1.1], None), InputError::Target { row: 1 });
    assert_eq!(refused(&[1.0, 2.0], &[f64::NAN, 1.0], None), InputError::Target { row: 0 });
    assert_eq!(refused(&[1.0, 2.0], &[1.0, 1.0], Some(&[1.0, -1.0])), InputError::Weight { row: 1 });
    assert_eq!(refused(&[1.0], &[1.0], Some(&[f64::INFINITY])), InputError::Weight { row: 0 });
    assert_eq!(Probabilities::new(&[0.5, 1.5], &[1.0, 0.0], None).map(|_| ()), Err(InputError::Score { row: 1 }));
    assert_eq!(InputError::Weight { row: 4 }.to_string(), "the weight of row 4 is negative or not finite");
}

#[test]
#[should_panic(expected = "the edges of the bins do not rise")]
fn bins_that_do_not_rise_are_refused() {
    let probabilities = Probabilities::new(&[0.5], &[1.0], None).expect("valid rows");
    probabilities.brier_parts(&[0.5, 0.5]);
}

#[test]
#[should_panic(expected = "the weight of row 1 is negative or not finite")]
fn an_error_is_not_averaged_with_a_negative_weight() {
    mean_absolute_error(&[1.0, 2.0], &[1.0, 2.0], Some(&[1.0, -1.0]));
}
