//! Which card a book gets, and that every book gets one.

mod support;

use arrears_models::intervals::jeffreys;
use arrears_models::logistic::log_odds_of;
use arrears_models::scorecard::calibration::{Kind, calibrate};
use arrears_models::scorecard::card::Matrix;
use arrears_models::scorecard::expert::{ExpertCard, Observed, calibrated};
use arrears_models::scorecard::fit::{self, fit};
use arrears_models::scorecard::ladder::{Ladder, Options, Outcome, Tier, fit_ladder};
use arrears_models::scorecard::{Scorecard, Uncertainty, Unfit};
use support::{Book, Kind as Column, expert};

fn ladder_with(book: &Book, rule: &[f64], options: &Options) -> Ladder {
    ladder_beside(&expert(), book, rule, options)
}

fn ladder_beside(expert: &ExpertCard, book: &Book, rule: &[f64], options: &Options) -> Ladder {
    let is_calibration: Vec<bool> = (0..book.group.len()).map(|row| row % 8 >= 2).collect();
    book.with_sample(|sample| fit_ladder(sample, &is_calibration, rule, expert, options))
}

/// An expert who tells nobody apart: every fit beats it.
fn silent() -> ExpertCard {
    let mut card = expert();
    card.characteristics.iter_mut().for_each(|of| of.log_odds.iter_mut().for_each(|log_odds| *log_odds = 0.0));
    card
}

fn noise(book: &Book) -> Vec<f64> {
    book.columns[12].iter().map(|value| f64::from(*value)).collect()
}

fn outcomes(ladder: &Ladder) -> Vec<&'static str> {
    ladder.tried.iter().map(|trial| trial.outcome.word()).collect()
}

fn mean_probability(ladder: &Ladder, book: &Book) -> f64 {
    let slices: Vec<&[f32]> = book.columns.iter().map(Vec::as_slice).collect();
    let probability = ladder.scorecard.score_all(&Matrix::Columns(&slices)).probability;
    probability.iter().sum::<f64>() / probability.len() as f64
}

#[test]
fn the_number_of_defaulted_parents_says_what_may_be_tried() {
    let cases = [
        (1_500, -4.0, Tier::Full, ["chosen", "not_needed", "not_needed"]),
        (300, -4.5, Tier::Small, ["too_few_events", "chosen", "not_needed"]),
        (300, -7.0, Tier::Expert, ["too_few_events", "too_few_events", "chosen"]),
    ];
    for (groups, level, tier, expected) in cases {
        let book = Book::usual(11, groups, 8, level);
        let ladder = ladder_beside(&silent(), &book, &noise(&book), &Options::default());
        assert_eq!((ladder.tier, outcomes(&ladder)), (tier, expected.to_vec()), "{:?}", ladder.counts);
        assert_eq!(ladder.fitted.is_some(), tier != Tier::Expert);
        assert_eq!(ladder.out_of_fold.len(), book.group.len());
        assert!(ladder.scorecard.characteristics.len() <= if tier == Tier::Small { 5 } else { 12 });
        // What was seen is what is said, to a tenth of a point a characteristic.
        let rate = ladder.counts.events as f64 / ladder.counts.rows as f64;
        let mean = mean_probability(&ladder, &book);
        assert!((0.8..1.25).contains(&(mean / rate)), "{tier:?}: {mean} where {rate} was seen");
    }
}

#[test]
fn a_card_that_does_not_beat_the_rule_gives_way() {
    let book = Book::usual(11, 300, 8, -4.5);
    // A rule that knows the truth cannot be beaten.
    let ladder = ladder_with(&book, &book.log_odds, &Options::default());
    assert_eq!(outcomes(&ladder), ["too_few_events", "not_better_than_rule", "chosen"]);
    assert!(ladder.tried[1].against_rule.as_ref().expect("it was fitted").difference.value < 0.0);
    let many = Book::usual(11, 1_500, 8, -4.0);
    let ladder = ladder_with(&many, &many.log_odds, &Options::default());
    assert_eq!((outcomes(&ladder), ladder.tier), (vec!["not_better_than_rule", "not_better_than_rule", "chosen"], Tier::Expert));
}

#[test]
fn a_small_card_gives_way_to_an_expert_it_is_not_surely_better_than() {
    let book = Book::usual(11, 300, 8, -4.5);
    // The expert knows the signals of these books; thirty to a hundred defaults do not tell them better.
    let ladder = ladder_with(&book, &noise(&book), &Options::default());
    assert_eq!((ladder.tier, outcomes(&ladder)), (Tier::Expert, vec!["too_few_events", "not_better_than_expert", "chosen"]));
}

#[test]
fn a_full_card_gives_way_to_a_small_one_that_ranks_better() {
    // A full card from which the signals are kept.
    let book = Book::usual(11, 1_500, 8, -4.0);
    let weak = fit::Options { characteristics_max: 1, ..fit::Options::full() };
    let ladder = ladder_beside(&silent(), &book, &noise(&book), &Options { full: weak, ..Options::default() });
    assert_eq!((ladder.tier, outcomes(&ladder)), (Tier::Small, vec!["worse_than_small", "chosen", "not_needed"]));
}

#[test]
fn a_step_can_be_asked_for() {
    let book = Book::usual(11, 300, 8, -4.5);
    for tier in [Tier::Full, Tier::Small, Tier::Expert] {
        let ladder = ladder_with(&book, &book.log_odds, &Options { forced: Some(tier), ..Options::default() });
        assert_eq!(ladder.tier, tier);
        assert_eq!(ladder.tried.iter().filter(|trial| trial.outcome == Outcome::NotForced).count(), 2);
    }
    // What cannot be fitted cannot be asked for.
    let none = book.with_events(|_| false);
    let ladder = ladder_with(&none, &noise(&none), &Options { forced: Some(Tier::Full), ..Options::default() });
    assert_eq!((ladder.tier, &ladder.tried[0].outcome), (Tier::Expert, &Outcome::Unfit(Unfit::OneClass { events: 0 })));
}

#[test]
fn platt_where_a_hundred_defaulted_and_the_level_alone_below() {
    let book = Book::usual(11, 1_500, 8, -4.0);
    let kind = |options: &Options| ladder_with(&book, &noise(&book), options).calibration.map(|(kind, _)| kind);
    let ladder = ladder_with(&book, &noise(&book), &Options::default());
    assert!(ladder.calibration_counts.event_groups >= 100);
    assert_eq!(kind(&Options::default()), Some(Kind::Platt));
    assert_eq!(kind(&Options { platt_groups_min: 10_000, ..Options::default() }), Some(Kind::Intercept));
    // The calibration is in the card: the intercept of the fit, moved.
    let (_, calibration) = ladder.calibration.as_ref().expect("it was calibrated");
    let fitted = ladder.fitted.as_ref().expect("it was fitted");
    assert_eq!(ladder.scorecard.intercept, calibration.intercept + calibration.slope * fitted.scorecard.intercept);
}

#[test]
fn calibration_is_on_what_the_recipe_had_not_seen() {
    let book = Book::usual(11, 300, 8, -4.5);
    let ladder = ladder_beside(&silent(), &book, &noise(&book), &Options::default());
    let (kind, calibration) = ladder.calibration.as_ref().expect("it was calibrated");
    let rows: Vec<usize> = (0..book.group.len()).filter(|row| row % 8 >= 2).collect();
    let log_odds: Vec<f64> = rows.iter().map(|row| ladder.out_of_fold[*row]).collect();
    let (is_event, group): (Vec<bool>, Vec<u32>) = rows.iter().map(|row| (book.is_event[*row], book.group[*row])).unzip();
    let expected = calibrate(&log_odds, &is_event, None, &group, *kind).expect("both classes");
    assert!((calibration.intercept - expected.intercept).abs() < 1e-9 && (calibration.slope - expected.slope).abs() < 1e-9);
    // Its own rows would have told another level.
    let own: Vec<f64> = rows.iter().map(|row| ladder.fitted.as_ref().expect("a fit").scorecard.log_odds(&book.row(*row))).collect();
    let of_own = calibrate(&own, &is_event, None, &group, *kind).expect("both classes");
    assert!((calibration.intercept - of_own.intercept).abs() > 0.01);
}

#[test]
fn a_default_seen_at_several_month_ends_is_one_default_to_the_expert_card() {
    let book = Book::usual(21, 400, 2, -6.0);
    let four_times = book.permuted(&(0..4 * book.group.len()).map(|row| row / 4).collect::<Vec<_>>());
    let card = |book: &Book| ladder_with(book, &noise(book), &Options { forced: Some(Tier::Expert), ..Options::default() }).scorecard;
    let (once, four_times) = (card(&book), card(&four_times));
    assert!((once.intercept - four_times.intercept).abs() < 1e-9);
    let bounds = |card: &Scorecard| match card.uncertainty {
        Uncertainty::Shift { lower, upper } => (lower, upper),
        Uncertainty::Covariance(_) => panic!("an expert card has a shift"),
    };
    let (once, four_times) = (bounds(&once), bounds(&four_times));
    assert!((once.0 - four_times.0).abs() < 1e-9 && (once.1 - four_times.1).abs() < 1e-9, "{once:?} and {four_times:?}");
}

#[test]
fn a_calibration_window_without_an_event_or_without_rows_still_gives_a_card() {
    let book = Book::usual(11, 1_500, 8, -4.0);
    let last = |row: &usize| row % 8 >= 2;
    // No event in the window: Jeffreys' half an event.
    let quiet = book.with_events(|row| book.is_event[row] && !last(&row));
    let ladder = ladder_with(&quiet, &noise(&quiet), &Options::default());
    let (kind, calibration) = ladder.calibration.as_ref().expect("there are rows");
    assert_eq!((*kind, ladder.calibration_counts.events), (Kind::Intercept, 0));
    assert!(calibration.intercept < -3.0 && calibration.covariance[0] > 1.9);
    let mean = mean_probability(&ladder, &quiet);
    assert!(mean > 0.2 * 0.5 / 1_501.0 && mean < 5.0 * 0.5 / 1_501.0, "{mean}");
    let rows = book.group.len();
    let none = book.with_sample(|sample| fit_ladder(sample, &vec![false; rows], &noise(&book), &expert(), &Options::default()));
    assert!(none.calibration.is_none() && none.tier == Tier::Full);
}

#[test]
fn books_from_which_nothing_can_be_learnt_get_the_expert_card() {
    let usual = Book::usual(20, 60, 8, -2.0);
    let constant = Book { columns: usual.columns.iter().map(|column| vec![1.0; column.len()]).collect(), ..usual.clone() };
    let missing = Book { columns: usual.columns.iter().map(|column| vec![f32::NAN; column.len()]).collect(), ..usual.clone() };
    let infinite = Book { columns: usual.columns.iter().map(|column| vec![f32::INFINITY; column.len()]).collect(), ..usual.clone() };
    let one_row = usual.permuted(&[5]);
    let nothing = usual.permuted(&[]);
    let one_customer = Book { group: vec![4; usual.group.len()], ..usual.clone() };
    let (none, all) = (usual.with_events(|_| false), usual.with_events(|_| true));
    let one_event = usual.with_events(|row| row == 7);
    let one_other = usual.with_events(|row| row != 7);
    let books = [&constant, &missing, &infinite, &one_row, &nothing, &one_customer, &none, &all, &one_event, &one_other];
    for (number, book) in books.into_iter().enumerate() {
        for forced in [None, Some(Tier::Full), Some(Tier::Small)] {
            let ladder = ladder_with(book, &noise(book), &Options { forced, ..Options::default() });
            // With sixty parents in default and one row that is not, a small card may stand.
            let may_stand = number == 9 || forced.is_some() && number > 4;
            assert!(ladder.tier == Tier::Expert || may_stand, "book {number}: {:?}", ladder.tier);
            let parts = ladder.scorecard.score_of(&usual.row(3));
            let is_told = parts.probability > 0.0 && parts.probability < 1.0;
            assert!(
                is_told && parts.probability_lower <= parts.probability && parts.probability <= parts.probability_upper,
                "book {number}: {parts:?}"
            );
            assert!(parts.probability_upper > 0.0, "book {number}");
        }
    }
}

#[test]
fn whatever_is_fitted_to_a_handful_of_rows_is_finite_or_says_why_not() {
    for seed in 0..60 {
        let book = Book::drawn(
            seed,
            1 + seed as usize % 9,
            1 + seed as usize % 4,
            -0.5,
            &[Column::Signal(1.0), Column::Steps(0.5), Column::Noise],
        );
        if let Ok(fitted) = book.with_sample(|sample| fit(sample, &fit::Options::full())) {
            let row = fitted.scorecard.score_of(&book.row(0));
            assert!(row.probability_upper.is_finite() && fitted.out_of_fold.iter().all(|log_odds| log_odds.is_finite()), "book {seed}");
        }
    }
}

#[test]
fn an_expert_card_has_the_level_of_the_portfolio_and_an_honest_upper_bound() {
    let book = Book::usual(21, 400, 8, -7.5);
    let ladder = ladder_with(&book, &noise(&book), &Options::default());
    let counts = ladder.counts;
    assert!(counts.event_groups > 0 && counts.event_groups < 30);
    // Each parent once; as many observations as give the rate of the rows.
    let (events, of) = (counts.event_groups as f64, counts.event_groups as f64 * counts.rows as f64 / counts.events as f64);
    let rate = jeffreys(events, of, 0.9);
    assert!((mean_probability(&ladder, &book) / rate.mean - 1.0).abs() < 0.01, "but for tenths of a point");
    let Uncertainty::Shift { lower, upper } = ladder.scorecard.uncertainty else { panic!("an expert card has a shift") };
    // Nearly the distance of the bounds in log-odds, which it is where all have one probability.
    assert!((upper / (log_odds_of(rate.upper) - log_odds_of(rate.mean)) - 1.0).abs() < 0.1);
    assert!((lower / (log_odds_of(rate.lower) - log_odds_of(rate.mean)) - 1.0).abs() < 0.1);
}

#[test]
fn without_any_default_the_probability_is_above_0_and_its_upper_bound_that_of_what_was_seen() {
    let book = Book::usual(22, 200, 8, -9.0).with_events(|_| false);
    let ladder = ladder_with(&book, &noise(&book), &Options::default());
    // Half a default of 201.
    assert!((mean_probability(&ladder, &book) / (0.5 / 201.0) - 1.0).abs() < 0.02);
    let parts = ladder.scorecard.score_of(&book.row(0));
    assert!(parts.probability_lower == 0.0 && parts.probability > 0.0 && parts.probability_upper > 2.0 * parts.probability);
}

#[test]
fn without_a_row_the_published_rate_stands() {
    let card = calibrated(&expert(), &[], &[], Observed { events: 0.0, of: 0.0 }, 0.9);
    // A customer with all bins at 0.
    let parts = card.score_of(&[0.0; 10]);
    assert!((parts.probability - 0.02).abs() < 0.0005, "{}", parts.probability);
    assert_eq!((parts.probability_lower, parts.probability_upper), (0.0, 1.0));
    assert_eq!(card.score_of(&[1.0; 10]).reasons.len(), 1);
}
