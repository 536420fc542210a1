//! Whether people or the model were right.

use super::*;

/// A was bought from for a year before day 100, so that the rules say something of then: 1,200 a month, never more owed.
const LONG_AGO: &str = "
    I1 invoice A 80 110 1200 USD -
    R1 receipt A 110 -  1200 USD -";
const LONG_AGO_PAID: &str = "P1 R1 I1 110 1200 -";

/// On day 100 the most that was owed is 1,200, so 1.3 × 1,200 = 1,560 are needed, 3 × 1,200 allowed by C; 120 may be lost: 20,000.
fn scene(past: Option<RiskView>, decisions: &[KnownOverride], defaults: &[(CustomerIndex, Day)]) -> Vec<OverrideOutcome> {
    let scene = Scene { past_risk: past, defaults: defaults.to_vec(), ..Scene::new(LONG_AGO, LONG_AGO_PAID) };
    scene.decided(decisions).made().outcomes()
}

fn one(decision: KnownOverride, defaults: &[(CustomerIndex, Day)]) -> OverrideOutcome {
    scene(Some(rated(Grade::C, 0.01)), &[decision], defaults).remove(0)
}

#[test]
fn a_decision_is_compared_with_what_the_rules_said_on_its_day() {
    let outcome = one(limit_of(5_000, "O1", 100, Some(200)), &[]);
    assert_eq!((outcome.limit, outcome.model_limit), (Some(5_000 * ONE), Some(1_500 * ONE)), "two digits of 1,560");
    assert_eq!((outcome.model_grade, outcome.model_pd), (Some(Grade::C), Some(0.01)));
    assert_eq!(outcome.verdict().as_deref(), Some("looser_and_paid"), "it expired, and is judged all the same");
    let direction = |decision| one(decision, &[]).direction;
    assert_eq!(direction(limit_of(1_500, "O1", 100, None)), Some("same"));
    assert_eq!(direction(limit_of(1_000, "O1", 100, None)), Some("tighter"));
    assert_eq!(direction(decision(OverrideKind::Hold, "O1", 100, None)), Some("tighter"));
    assert_eq!(direction(grade_of(Grade::A, "O1", 100, None)), Some("looser"));
    assert_eq!(direction(grade_of(Grade::H, "O1", 100, None)), Some("tighter"));
    assert_eq!(direction(grade_of(Grade::Unrated, "O1", 100, None)), None);
    // A euro was two dollars on day 100, one and a half on day 99.
    let euro = |made| one(KnownOverride { currency: 1, ..limit_of(800, "O1", made, None) }, &[]).limit;
    assert_eq!((euro(100), euro(99)), (Some(1_600 * ONE), Some(1_200 * ONE)));
}

#[test]
fn a_default_counts_after_the_decision_and_within_the_horizon() {
    let verdict = |default: Day| one(limit_of(5_000, "O1", 100, None), &[(B, 150), (A, default)]).verdict().expect("180 days have passed");
    assert_eq!((verdict(101), verdict(280)), ("looser_and_defaulted".into(), "looser_and_defaulted".into()));
    assert_eq!((verdict(100), verdict(281)), ("looser_and_paid".into(), "looser_and_paid".into()));
}

#[test]
fn there_is_no_verdict_before_the_horizon_has_passed_or_without_a_model() {
    let of = |made: Day, defaults: &[(CustomerIndex, Day)]| {
        let outcome = one(limit_of(5_000, "O1", made, None), defaults);
        (outcome.verdict().is_some(), outcome.is_defaulted, outcome.reason)
    };
    assert_eq!(of(320, &[]), (true, Some(false), None), "180 days ago");
    assert_eq!(of(321, &[]), (false, None, Some("immature")));
    // A default is known at once; one after the date is not known.
    assert_eq!(of(400, &[(A, 450)]), (true, Some(true), None));
    assert_eq!(of(400, &[(A, 501)]), (false, None, Some("immature")));
    let without = scene(None, &[limit_of(5_000, "O1", 100, None)], &[]).remove(0);
    assert_eq!((without.is_defaulted, without.direction, without.reason), (Some(false), None, Some("not_comparable")));
}

#[test]
fn every_decision_known_at_the_date_has_a_row() {
    let later = limit_of(1, "O3", 501, None);
    let outcomes = scene(None, &[limit_of(1, "O2", 400, None), limit_of(1, "O1", 450, None), later], &[]);
    assert_eq!(outcomes.iter().map(|outcome| outcome.decision.id.as_str()).collect::<Vec<_>>(), ["O1", "O2"]);
    let made = Scene::new(LONG_AGO, LONG_AGO_PAID).made();
    let table = override_outcomes_table(&made.book, &outcomes).expect("columns of one length");
    let columns: Vec<&str> = crate::catalog::credit_reviews::OVERRIDE_OUTCOMES.columns.iter().map(|column| column.name).collect();
    assert_eq!(table.get_column_names(), columns);
}
