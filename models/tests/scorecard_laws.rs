//! What must hold of any scorecard: points sum, risk rises in the declared direction, reasons are unfavourable, and neither the order of
//! the rows nor the threads change a bit.

mod support;

use arrears_models::classification::{Probabilities, Scores};
use arrears_models::scorecard::calibration::Calibration;
use arrears_models::scorecard::card::{CardCharacteristic, Matrix, probability_of_score};
use arrears_models::scorecard::fit::{Fate, Options, fit, out_of_fold};
use arrears_models::scorecard::folds::fold_of;
use arrears_models::scorecard::ladder::{self, Ladder, Tier, fit_ladder};
use arrears_models::scorecard::{Bin, Bins, Direction, Scorecard, Uncertainty};
use support::{Book, Kind, expert, shuffled};

/// The last six of eight month ends.
fn is_calibration(book: &Book) -> Vec<bool> {
    (0..book.group.len()).map(|row| row % 8 >= 2).collect()
}

fn ladder_of(book: &Book, is_calibration: &[bool], options: &ladder::Options) -> Ladder {
    let rule: Vec<f64> = book.columns[11].iter().map(|value| f64::from(*value)).collect();
    book.with_sample(|sample| fit_ladder(sample, is_calibration, &rule, &expert(), options))
}

/// What a card of each tier is made with.
fn options_of(tier: Tier) -> ladder::Options {
    ladder::Options { forced: (tier == Tier::Small).then_some(tier), ..ladder::Options::default() }
}

/// A card of every tier, with the book it was made for.
fn cards() -> Vec<(Book, Ladder)> {
    let sizes = [(1_500, -4.0, Tier::Full), (300, -4.5, Tier::Small), (300, -7.0, Tier::Expert)];
    let card = |(groups, level, tier)| {
        let book = Book::usual(11, groups, 8, level);
        // The small card would give way to an expert who knows these books.
        let ladder = ladder_of(&book, &is_calibration(&book), &options_of(tier));
        assert_eq!(ladder.tier, tier, "{:?}", ladder.counts);
        (book, ladder)
    };
    sizes.into_iter().map(card).collect()
}

fn target_of(book: &Book) -> Vec<f64> {
    book.is_event.iter().map(|event| f64::from(u8::from(*event))).collect()
}

fn auc(score: &[f64], book: &Book) -> f64 {
    Scores::new(score, &target_of(book), None).expect("valid").auc().expect("both classes")
}

#[test]
fn points_sum_to_the_score_and_the_probability_follows_from_the_score_alone() {
    for (book, ladder) in cards() {
        let card = &ladder.scorecard;
        let slices: Vec<&[f32]> = book.columns.iter().map(Vec::as_slice).collect();
        let rows: Vec<f32> = (0..book.group.len()).flat_map(|row| book.row(row)).collect();
        let scored = card.score_all(&Matrix::Columns(&slices));
        assert_eq!(card.score_all(&Matrix::RowMajor { values: &rows, columns: book.columns.len() }), scored);
        for row in 0..book.group.len() {
            let parts = card.score_of(&book.row(row));
            assert_eq!(card.base_tenths + parts.points_tenths.iter().sum::<i32>(), parts.score_tenths);
            assert_eq!(parts.probability, 1.0 / (1.0 + 50.0 * ((f64::from(parts.score_tenths) / 10.0 - 600.0) / 20.0).exp2()));
            assert!(parts.probability_lower <= parts.probability && parts.probability <= parts.probability_upper);
            assert!(parts.probability > 0.0 && parts.probability_upper < 1.0);
            let in_bulk = (scored.score_tenths[row], scored.probability[row], scored.probability_lower[row], scored.probability_upper[row]);
            assert_eq!((parts.score_tenths, parts.probability, parts.probability_lower, parts.probability_upper), in_bulk);
            assert_eq!(parts.reasons, scored.reasons[row].iter().flatten().copied().collect::<Vec<_>>());
            // Rounding to tenths moves each characteristic and the base by half a tenth at most.
            let exact = 600.0 - 20.0 / 2.0_f64.ln() * (card.log_odds(&book.row(row)) + 50.0_f64.ln());
            assert!((f64::from(parts.score_tenths) / 10.0 - exact).abs() <= 0.05 * (1 + card.characteristics.len()) as f64 + 1e-9);
        }
    }
}

#[test]
fn a_riskier_value_never_scores_higher() {
    for (book, ladder) in cards() {
        let card = &ladder.scorecard;
        for part in &card.characteristics {
            let mut last = f64::NEG_INFINITY;
            for step in -40..=40 {
                let value = if part.direction == Direction::Rising { step as f32 } else { -step as f32 };
                let mut row = book.row(17);
                row[part.column] = value / 8.0 + if part.column == 11 { value } else { 0.0 };
                let probability = card.score_of(&row).probability;
                assert!(probability >= last, "{}: {} at {}", part.name, probability, row[part.column]);
                last = probability;
            }
            assert!(part.coefficient > 0.0);
        }
    }
}

#[test]
fn a_reason_is_riskier_than_the_portfolio_and_loses_points() {
    let mut reasons = 0;
    for (book, ladder) in cards() {
        let card = &ladder.scorecard;
        let (events, rows) = (ladder.counts.events as u64, ladder.counts.rows as u64);
        for row in 0..book.group.len().min(4_000) {
            let parts = card.score_of(&book.row(row));
            assert!(parts.reasons.len() <= 4 && parts.reasons.is_sorted_by(|left, right| left.lost_tenths >= right.lost_tenths));
            for reason in &parts.reasons {
                let place = reason.characteristic as usize;
                let part = &card.characteristics[place];
                let bin = &part.bins.bins[parts.bins[place]];
                let best = part.points_tenths.iter().max().expect("there are bins");
                assert_eq!(reason.lost_tenths, best - parts.points_tenths[place]);
                assert!(reason.lost_tenths > 0 && bin.woe > 0.0);
                // An expert's points stand whatever was seen.
                assert!(ladder.tier == Tier::Expert || bin.events * rows > events * bin.rows, "{} in bin {bin:?}", part.name);
                reasons += 1;
            }
            // Nothing unfavourable is left out.
            let is_unfavourable = |(part, bin): &(&CardCharacteristic, &usize)| part.bins.bins[**bin].woe > 0.0;
            let unfavourable = card.characteristics.iter().zip(&parts.bins).filter(is_unfavourable).count();
            assert_eq!(parts.reasons.len(), unfavourable.min(4));
        }
    }
    assert!(reasons > 1_000);
}

#[test]
fn neither_the_order_of_the_rows_nor_the_threads_change_a_bit() {
    for (book, first) in cards() {
        let order = shuffled(3, book.group.len());
        let marks = is_calibration(&book);
        let marked: Vec<bool> = order.iter().map(|row| marks[*row]).collect();
        let mut permuted = ladder_of(&book.permuted(&order), &marked, &options_of(first.tier));
        // What is told row by row comes in the order of the rows.
        let reordered: Vec<f64> = order.iter().map(|row| first.out_of_fold[*row]).collect();
        assert_eq!(permuted.out_of_fold, reordered);
        permuted.out_of_fold = first.out_of_fold.clone();
        if let Some(fitted) = &mut permuted.fitted {
            fitted.out_of_fold = first.out_of_fold.clone();
        }
        assert_eq!(permuted, first);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            assert_eq!(pool.install(|| ladder_of(&book, &marks, &options_of(first.tier))), first);
        }
    }
}

#[test]
fn outcomes_of_a_fold_do_not_reach_its_own_predictions() {
    let book = Book::usual(12, 300, 8, -2.5);
    let options = Options::full();
    let predictions = |book: &Book| book.with_sample(|sample| out_of_fold(sample, &options)).expect("it can be fitted");
    let first = predictions(&book);
    for fold in 0..options.folds {
        let is_inside = |row: usize| fold_of(book.group[row], options.folds) == fold;
        let flipped = predictions(&book.with_events(|row| book.is_event[row] != is_inside(row)));
        let mut others_moved = 0;
        for row in 0..first.len() {
            match is_inside(row) {
                true => assert_eq!(flipped[row], first[row], "fold {fold} knows its own outcomes"),
                false => others_moved += usize::from(flipped[row] != first[row]),
            }
        }
        assert!(others_moved > first.len() / 2, "the other folds learn from this one");
    }
}

#[test]
fn what_only_groups_know_is_worth_nothing_out_of_fold() {
    // Outcome and noise are those of the group: a fold that split groups would find the outcome by the noise.
    let kinds: Vec<Kind> = (0..20).map(|_| Kind::Noise).collect();
    let single = Book::drawn(13, 250, 1, 0.0, &kinds);
    let repeated = single.permuted(&(0..250 * 8).map(|row| row / 8).collect::<Vec<_>>());
    let options = Options { information_value_min: 0.0, ..Options::full() };
    let fitted = repeated.with_sample(|sample| fit(sample, &options)).expect("it can be fitted");
    let in_sample: Vec<f64> = (0..repeated.group.len()).map(|row| fitted.scorecard.log_odds(&repeated.row(row))).collect();
    assert!(auc(&in_sample, &repeated) > 0.65, "{}", auc(&in_sample, &repeated));
    let out_of_fold = auc(&fitted.out_of_fold, &repeated);
    assert!((0.4..0.58).contains(&out_of_fold), "{out_of_fold}");
}

#[test]
fn a_full_card_ranks_nearly_as_well_as_the_truth_and_means_what_it_says() {
    let book = Book::usual(14, 4_000, 8, -4.0);
    let ladder = ladder_of(&book, &is_calibration(&book), &ladder::Options::default());
    let fresh = Book::usual(15, 4_000, 8, -4.0);
    let slices: Vec<&[f32]> = fresh.columns.iter().map(Vec::as_slice).collect();
    let scored = ladder.scorecard.score_all(&Matrix::Columns(&slices));
    let target = target_of(&fresh);
    let probabilities = Probabilities::new(&scored.probability, &target, None).expect("valid");
    let (found, truth) = (auc(&scored.probability, &fresh), auc(&fresh.log_odds, &fresh));
    // One value in twelve is missing, and bins are coarse.
    assert!(found > truth - 0.04 && found < truth, "{found} of {truth}");
    let calibration = probabilities.calibration().expect("both classes");
    assert!((0.9..1.1).contains(&calibration.slope), "{calibration:?}");
    // Out of fold is what fresh rows see.
    assert!((auc(&ladder.out_of_fold, &book) - found).abs() < 0.015, "{} and {found}", auc(&ladder.out_of_fold, &book));
}

#[test]
fn each_characteristic_gets_its_due() {
    let book = Book::usual(14, 4_000, 8, -4.0);
    let fitted = book.with_sample(|sample| fit(sample, &Options::full())).expect("it can be fitted");
    let fate = |column: usize| fitted.characteristics[column].fate.word();
    assert_eq!((fate(0), fate(9), fate(11)), ("selected", "selected", "selected"));
    assert!((12..16).all(|column| fate(column) == "weak"), "noise");
    // Of the column and its copy one stays.
    let mut twins = [fate(16), fate(17)];
    twins.sort_unstable();
    assert_eq!(twins, ["duplicate", "selected"]);
    assert_eq!((fate(18), fate(19)), ("constant", "all_missing"));
    assert!(fitted.characteristics[18].bins.is_none() && fitted.characteristics[12].bins.is_some());
    assert!(fitted.scorecard.characteristics.is_sorted_by_key(|part| part.column));
    assert_eq!(fitted.scorecard.characteristics.len(), fitted.characteristics.iter().filter(|part| part.fate == Fate::Selected).count());
    assert!(fitted.regression.gradient_norm < 1e-8 && fitted.ridge_losses.len() == 5);
}

#[test]
fn a_characteristic_that_knows_the_outcome_is_a_suspected_leak() {
    let mut book = Book::usual(16, 800, 8, -3.0);
    book.columns[12] = book.is_event.iter().enumerate().map(|(row, event)| if *event { 5.0 } else { (row % 50) as f32 / 10.0 }).collect();
    let fit = |book: &Book| book.with_sample(|sample| fit(sample, &Options::full())).expect("it can be fitted");
    assert!(matches!(fit(&book).characteristics[12].fate, Fate::SuspectedLeak { auc } if auc > 0.99));
    // Known of those with the event only: the values say nothing, that they are there does.
    book.columns[12] = book.is_event.iter().enumerate().map(|(row, event)| if *event { (row % 7) as f32 } else { f32::NAN }).collect();
    assert!(
        matches!(fit(&book).characteristics[12].fate, Fate::SuspectedLeak { .. } | Fate::Unbinned(_)),
        "{:?}",
        fit(&book).characteristics[12].fate
    );
}

#[test]
fn a_characteristic_that_counts_the_wrong_way_round_beside_the_others_leaves() {
    // The third is the second with noise, and the event goes against it once the second is known.
    let mut book = Book::drawn(17, 3_000, 4, -1.0, &[Kind::Signal(0.5), Kind::Signal(2.0), Kind::Noise]);
    book.columns[2] = (0..book.group.len()).map(|row| book.columns[1][row] + book.columns[2][row]).collect();
    let (seed, rows) = (99, book.group.len());
    let log_odds = |row: usize| f64::from(2.0 * book.columns[1][row] - 0.8 * book.columns[2][row] + 0.4 * book.columns[0][row]) - 1.0;
    let draws: Vec<bool> = (0..rows)
        .map(|row| arrears_models::random::uniform(seed, 0, row as u64) < arrears_models::logistic::probability_from(log_odds(row)))
        .collect();
    let book = book.with_events(|row| draws[row]);
    let fitted = book.with_sample(|sample| fit(sample, &Options::full())).expect("it can be fitted");
    assert!(
        matches!(fitted.characteristics[2].fate, Fate::WrongSign { coefficient } if coefficient < 0.0),
        "{:?}",
        fitted.characteristics[2]
    );
    assert_eq!(fitted.scorecard.characteristics.len(), 2);
    assert!(fitted.characteristics[2].information_value.expect("bins") > 0.1, "by itself it helps");
}

#[test]
fn copies_of_rows_in_their_group_make_nothing_surer() {
    let book = Book::usual(18, 600, 4, -2.0);
    let twice = book.permuted(&(0..2 * book.group.len()).map(|row| row / 2).collect::<Vec<_>>());
    let apart = Book { group: (0..twice.group.len() as u32).collect(), ..twice.clone() };
    let options = Options { ridges: vec![0.01], ..Options::full() };
    let errors = |book: &Book| book.with_sample(|sample| fit(sample, &options)).expect("it can be fitted").standard_errors;
    let (once, twice, apart) = (errors(&book), errors(&twice), errors(&apart));
    for ((once, twice), apart) in once.iter().zip(&twice).zip(&apart) {
        assert!((once - twice).abs() < 0.02 * once, "{once} and {twice}");
        assert!(*apart < 0.85 * once, "{once} and {apart}");
    }
}

#[test]
fn the_bootstrap_of_groups_is_about_as_sure_as_the_sandwich() {
    let book = Book::usual(18, 1_000, 8, -3.0);
    let fitted = book.with_sample(|sample| fit(sample, &Options { replicates: 1_000, ..Options::full() })).expect("it can be fitted");
    let Uncertainty::Covariance(covariance) = &fitted.scorecard.uncertainty else { panic!("a fitted card has a covariance") };
    let size = fitted.standard_errors.len();
    assert_eq!(covariance.len(), size * size);
    for (place, sandwich) in fitted.standard_errors.iter().enumerate() {
        let ratio = covariance[place * size + place].sqrt() / sandwich;
        assert!((0.85..1.2).contains(&ratio), "{place}: {ratio}");
    }
}

/// Two bins twice and half as risky as all, and missing values in between.
fn card_by_hand() -> Scorecard {
    let bin = |woe: f64| Bin { rows: 1, events: 0, woe, information_value: 0.0 };
    let bins = Bins { edges: vec![30.0], bins: vec![bin(-2.0_f64.ln()), bin(2.0_f64.ln()), bin(0.0)] };
    let part = CardCharacteristic::new("worst_days_past_due".to_string(), 1, Direction::Rising, bins, 1.5);
    // Of the intercept and the coefficient.
    Scorecard::new(vec![part], -(50.0_f64.ln()), Uncertainty::Covariance(vec![0.04, -0.01, -0.01, 0.09]), 0.9)
}

#[test]
fn a_card_worked_by_hand() {
    let card = card_by_hand();
    // Odds of 50 : 1 are 600 points; odds 2^1.5 times as high are 30 points.
    assert_eq!((card.base_tenths, card.characteristics[0].points_tenths.as_slice()), (6_000, [300, -300, 0].as_slice()));
    let [good, bad, missing] = [10.0, 31.0, f32::NAN].map(|value| card.score_of(&[0.0, value]));
    assert_eq!((good.score_tenths, bad.score_tenths, missing.score_tenths), (6_300, 5_700, 6_000));
    assert!((bad.probability - 1.0 / (1.0 + 50.0 / 2.0_f64.powf(1.5))).abs() < 1e-15);
    assert_eq!((bad.reasons.len(), bad.reasons[0].lost_tenths, good.reasons.len(), missing.reasons.len()), (1, 600, 0, 0));
    // x = (1, ln 2): 0.04 − 2 · 0.01 · ln 2 + 0.09 · (ln 2)², 1.645 standard errors on each side.
    let half = 1.6448536269514722 * (0.04 - 0.02 * 2.0_f64.ln() + 0.09 * 2.0_f64.ln().powi(2)).sqrt();
    let log_odds = -(50.0_f64.ln()) + 1.5 * 2.0_f64.ln();
    assert!((bad.probability_upper - 1.0 / (1.0 + (-log_odds - half).exp())).abs() < 1e-12);
    assert!((bad.probability_lower - 1.0 / (1.0 + (half - log_odds).exp())).abs() < 1e-12);
    assert_eq!([6_000, 6_200].map(probability_of_score), [1.0 / 51.0, 1.0 / 101.0]);
}

#[test]
fn a_calibration_is_folded_into_intercept_coefficients_and_interval() {
    let card = card_by_hand();
    let level = [0.02, 0.005, 0.005, 0.03];
    let calibrated = card.calibrated(&Calibration { intercept: 0.3, slope: 1.2, covariance: level }, &[0.25]);
    assert_eq!(calibrated.characteristics[0].coefficient, 1.2 * 1.5);
    assert!((calibrated.intercept - (0.3 - 1.2 * 50.0_f64.ln())).abs() < 1e-15);
    let Uncertainty::Covariance(folded) = &calibrated.uncertainty else { panic!("a covariance stays one") };
    for woe in [-0.7, 0.0, 0.25, 1.3] {
        let z = -(50.0_f64.ln()) + 1.5 * woe;
        // The slope's own variance counts from the mean of the calibration rows; the level's at it.
        let expected = 1.44 * 0.09 * (woe - 0.25) * (woe - 0.25) + level[0] + 2.0 * level[1] * z + level[3] * z * z;
        let found = folded[0] + 2.0 * folded[1] * woe + folded[3] * woe * woe;
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        assert_eq!(folded[1], folded[2]);
    }
    let shifted = Scorecard { uncertainty: Uncertainty::Shift { lower: -0.5, upper: 1.0 }, ..card };
    let calibrated = shifted.calibrated(&Calibration { intercept: 0.0, slope: 2.0, covariance: [0.0; 4] }, &[0.0]);
    assert_eq!(calibrated.uncertainty, Uncertainty::Shift { lower: -1.0, upper: 2.0 });
}
