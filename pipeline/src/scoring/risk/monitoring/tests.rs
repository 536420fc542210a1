//! Figures worked by hand.

use super::drift::{Counted, Drift, Subject, tenths_of, values, verdict};
use super::performance::{Figure, Judgement, figures};
use crate::scoring::grades::Grade;
use arrears_models::scorecard::{Bin, Bins};

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-6)
}

fn bins(edges: &[f32], rows: &[u64]) -> Bins {
    let bin = |rows: &u64| Bin { rows: *rows, events: 0, woe: 0.0, information_value: 0.0 };
    Bins { edges: edges.to_vec(), bins: rows.iter().map(bin).collect() }
}

#[test]
fn an_index_of_three_bins_is_that_of_the_working() {
    // Then 50, 30 and 20 missing of 100; now 25, 50 and 25 missing of 100.
    let now = [[0.0; 25].as_slice(), &[7.0; 50], &[f32::NAN; 25]].concat();
    let drift = Drift::of(Subject::Characteristic(0), Some(true), &values(&bins(&[5.0], &[50, 30, 20]), now.into_iter()));
    // −0.25 · ln 0.5 = 0.173287; 0.2 · ln (5/3) = 0.102165; 0.05 · ln 1.25 = 0.011157.
    assert!(near(drift.index, 0.286609), "{drift:?}");
    // (3 − 1) · (1/100 + 1/100)
    assert!(near(drift.by_chance, 0.04));
    assert_eq!((drift.verdict, drift.rows_then, drift.rows_now, drift.reason), ("moved", 100, 100, None));
    assert_eq!((drift.missing_then, drift.missing_now), (Some(0.2), Some(0.25)));
    assert_eq!(drift.moved_most, Some(("up to 5".to_owned(), 0.5, 0.25)));
}

#[test]
fn a_bin_that_was_empty_counts_as_half_a_row() {
    let drift = Drift::of(Subject::Characteristic(0), Some(true), &values(&bins(&[5.0], &[200, 0, 0]), std::iter::repeat_n(9.0, 200)));
    // Both of two bins: (1 − 0.0025) · ln 400, and the missing bin, empty on both sides, nothing.
    assert!(near(drift.index, 2.0 * 0.9975 * 400.0_f64.ln()), "{drift:?}");
    assert!(near(drift.by_chance, 0.01));
    assert_eq!(drift.moved_most.map(|most| most.1 + most.2), Some(1.0));
}

#[test]
fn the_words_change_at_a_tenth_and_a_quarter_and_from_a_hundred_rows_on() {
    let words = [0.0, 0.0999, 0.1, 0.25, 0.2501].map(|index| verdict(Some(index), 100));
    assert_eq!(words, ["stable", "stable", "moving", "moving", "moved"]);
    assert_eq!((verdict(Some(9.0), 99), verdict(None, 0)), ("too_few", "too_few"));
}

#[test]
fn without_rows_on_a_side_there_is_no_index_and_a_reason() {
    let of = |then: u64, now: u64| {
        let counted =
            Counted { bins: vec!["any".to_owned(), "missing".to_owned()], then: vec![then, 0], now: vec![now, 0], has_missing: true };
        Drift::of(Subject::Characteristic(3), Some(false), &counted)
    };
    let (no_past, no_present, neither) = (of(0, 120), of(120, 0), of(0, 0));
    assert_eq!((no_past.index, no_past.reason, no_past.verdict, no_past.missing_then), (None, Some("no_rows_then"), "too_few", None));
    assert_eq!((no_present.index, no_present.reason, no_present.missing_now), (None, Some("no_rows_now"), None));
    assert_eq!((neither.index, neither.by_chance, neither.reason), (None, None, Some("no_rows_then")));
    assert_eq!(of(120, 120).moved_most, None);
}

#[test]
fn scores_are_cut_into_tenths_of_the_rows_and_ties_stay_together() {
    let scores: Vec<i32> = (1..=20).rev().collect();
    assert_eq!(tenths_of(&scores), [2, 4, 6, 8, 10, 12, 14, 16, 18]);
    assert_eq!(tenths_of(&[7; 50]), [7]);
    assert!(tenths_of(&[]).is_empty());
}

fn figure<'a>(all: &'a [Figure], metric: &str, grade: Option<Grade>) -> &'a Figure {
    all.iter().find(|of| of.metric == metric && of.grade == grade).unwrap_or_else(|| panic!("there is {metric} of {grade:?}"))
}

#[test]
fn what_was_said_is_held_against_jeffreys_interval_of_what_came() {
    // A hundred families at 1.5 % (D), a hundred at 3 % (E), nobody defaults: up to 1.8977 % is not surprising.
    let mut of = Judgement { month_end: Some(19_000), tier: Some("expert"), learnt_month_ends: Some(7), ..Judgement::default() };
    for family in 0..200 {
        of.judged.push(if family < 100 { 0.015 } else { 0.03 }, f64::from(family), false, family);
    }
    let all = figures(&of, 1);
    let (d, e) = (figure(&all, "default_rate", Some(Grade::D)), figure(&all, "default_rate", Some(Grade::E)));
    assert_eq!((d.value, d.is_outside(), e.is_outside()), (Some(0.0), Some(false), Some(true)));
    let (lower, upper) = e.interval.expect("there are rows");
    assert!(lower == 0.0 && near(Some(upper), 0.018977), "{upper}");
    assert_eq!((e.behind.rows, e.behind.families, e.behind.events), (100, 100, 0));
    assert!(near(figure(&all, "default_rate", None).said, 0.0225));
    // Nobody defaulted: nobody can be ranked, but errors can be counted: (0.015² + 0.03²) ÷ 2.
    let auc = figure(&all, "auc", None);
    assert_eq!(
        (auc.value, auc.interval, auc.reason, auc.tier, auc.learnt_month_ends),
        (None, None, Some("no_defaults"), Some("expert"), Some(7))
    );
    assert!(near(figure(&all, "brier", None).value, 0.0005625));
    assert_eq!(figure(&all, "calibration_slope", None).reason, Some("no_defaults"));
    assert!(all.iter().all(|of| of.value.is_some() != of.reason.is_some() && of.value.is_none_or(f64::is_finite)));
}

#[test]
fn rows_of_one_family_count_once() {
    // Ten rows of two families, all of one of them with an event: a half, seen in two families.
    let mut of = Judgement::default();
    for row in 0..10 {
        of.judged.push(0.5, 0.0, row < 5, u32::from(row < 5));
    }
    let all = figures(&of, 1);
    let rate = figure(&all, "default_rate", Some(Grade::H));
    assert_eq!((rate.value, rate.behind.events, rate.behind.families, rate.behind.defaulted_families), (Some(0.5), 5, 2, 1));
    // Beta(1.5, 1.5): its density is (8/π) · √(x · (1 − x)).
    let (lower, upper) = rate.interval.expect("there are rows");
    // ∫₀^x (8/π) · √(t · (1 − t)) dt = (2/π) · (asin √x − √(x · (1 − x)) · (1 − 2x)).
    let below = |x: f64| std::f64::consts::FRAC_2_PI * (x.sqrt().asin() - (x * (1.0 - x)).sqrt() * (1.0 - 2.0 * x));
    assert!(near(Some(below(lower)), 0.05) && near(Some(below(upper)), 0.95), "{lower} {upper}");
    // All were told the same: nothing is ranked, no slope exists.
    assert_eq!((figure(&all, "auc", None).value, figure(&all, "calibration_slope", None).reason), (Some(0.5), Some("no_finite_fit")));
}

#[test]
fn ranks_are_compared_with_the_rule_on_the_same_rows() {
    // Events are 1 and 3 of four by the model, the last two by the rule: 3 of 4 pairs are told apart, and 4 of 4.
    let mut of = Judgement::default();
    for (row, (pd, rule, is_event)) in [(0.1, 4.0, false), (0.2, 5.0, true), (0.3, 1.0, false), (0.4, 9.0, true)].into_iter().enumerate() {
        of.judged.push(pd, rule, is_event, row as u32);
    }
    let all = figures(&of, 1);
    let value = |metric| figure(&all, metric, None).value;
    assert_eq!((value("auc"), value("auc_of_aging_rule"), value("auc_less_aging_rule")), (Some(0.75), Some(1.0), Some(-0.25)));
    assert_eq!((value("gini"), value("ks")), (Some(0.5), Some(0.5)));
}

#[test]
fn without_a_matured_month_end_every_figure_says_so() {
    let all = figures(&Judgement::default(), 1);
    assert_eq!(all.len(), 15);
    assert!(all.iter().all(|of| of.value.is_none() && of.reason == Some("no_matured_month_end") && of.is_outside().is_none()));
}
