//! Decisions of people: in force, expired, corrected, deleted, and what they leave of the rules.

use super::*;

/// Limit, rule, and the limit that the rules alone would propose; whole units.
fn proposed(scene: &Scene) -> (Option<i128>, &'static str, Option<i128>) {
    let review = scene.review();
    let whole = |limit: Option<i128>| limit.map(|limit| limit / ONE);
    (whole(review.proposal.limit), review.proposal.binding.map_or("", Binding::word), whole(review.model_proposal.limit))
}

fn bought() -> Scene {
    Scene::bought(Grade::C, 0.01)
}

#[test]
fn a_limit_holds_from_its_day_to_its_last_and_the_rules_stand_beside_it() {
    let of = |made: Day, until: Option<Day>| proposed(&bought().decided(&[limit_of(25_500, "O1", made, until)]));
    let holds = (Some(25_500), "override", Some(10_000));
    let expired = (Some(10_000), "peak_exposure", Some(10_000));
    assert_eq!(of(400, None), holds, "for good");
    assert_eq!((of(500, Some(500)), of(400, Some(500)), of(400, Some(499))), (holds, holds, expired));
    assert_eq!(of(501, None), expired, "not made yet");
    let decided = bought().decided(&[limit_of(25_500, "O1", 400, Some(510))]).review().decided.expect("it holds");
    let expected = ["credit_limit", "O1", "Ada", "new contract"];
    assert_eq!([&decided.kind, &decided.id, &decided.by, &decided.reason].map(String::as_str), expected);
    assert_eq!(decided.until, Some(510));
    assert_eq!(bought().decided(&[limit_of(25_500, "O1", 400, Some(499))]).review().decided, None);
}

#[test]
fn a_decision_is_what_was_known_of_it() {
    let version = |amount: i64, from: Day, until: Day| Known { fact: limit_of(amount, "O1", 400, None), from, until };
    let of = |versions: Vec<Known<KnownOverride>>| proposed(&Scene { overrides: versions, ..bought() }).0;
    assert_eq!(of(vec![version(25_500, 400, 450), version(9_000, 450, TO_THIS_DAY)]), Some(9_000), "corrected");
    assert_eq!(of(vec![version(25_500, 400, 450)]), Some(10_000), "deleted");
    assert_eq!(of(vec![version(25_500, 501, TO_THIS_DAY)]), Some(10_000), "recorded after the date");
    assert_eq!(of(vec![version(25_500, 400, 501), version(9_000, 501, TO_THIS_DAY)]), Some(25_500), "corrected after the date");
}

#[test]
fn the_last_of_two_holds_and_a_hold_goes_before_a_limit() {
    let (old, new) = (limit_of(25_500, "O9", 400, None), limit_of(7_000, "O1", 410, None));
    assert_eq!(proposed(&bought().decided(&[old.clone(), new.clone()])).0, Some(7_000));
    // Made on one day: the greater id.
    let same = KnownOverride { made_date: 400, ..new.clone() };
    assert_eq!(proposed(&bought().decided(&[old.clone(), same])).0, Some(25_500));
    // When the newer one expires, the older holds again.
    assert_eq!(proposed(&bought().decided(&[old.clone(), KnownOverride { until_date: Some(450), ..new }])).0, Some(25_500));
    let hold = decision(OverrideKind::Hold, "H1", 300, None);
    let held = bought().decided(&[old, hold, grade_of(Grade::B, "G1", 450, Some(700))]);
    assert_eq!(proposed(&held).0, Some(0));
    let decided = held.review().decided.expect("three hold");
    assert_eq!((decided.kind.as_str(), decided.id.as_str()), ("hold | credit_limit | grade", "H1 | O9 | G1"));
    assert_eq!(decided.until, Some(700));
}

#[test]
fn a_limit_in_another_currency_counts_at_the_rate_of_the_date_or_not_at_all() {
    let in_currency = |currency| bought().decided(&[KnownOverride { currency, ..limit_of(1_000, "O1", 400, None) }]);
    assert_eq!(proposed(&in_currency(1)).0, Some(2_000), "a thousand euro");
    assert_eq!(proposed(&in_currency(7)).0, Some(10_000), "of no rate");
    assert!(in_currency(7).review().decided.is_none(), "and nothing says that it is respected");
}

#[test]
fn a_grade_changes_what_it_allows_and_not_what_is_expected_to_be_lost() {
    // F allows 6,000, C 12,000 of which 10,000 are needed.
    let scene = bought().decided(&[grade_of(Grade::F, "G1", 400, None)]);
    assert_eq!(proposed(&scene), (Some(6_000), "grade_cap", Some(10_000)));
    let review = scene.review();
    assert_eq!((review.grade, review.risk.grade(), review.expected_loss), (Grade::F, Grade::C, Some(24 * ONE)));
    // A person may vouch for whom the model does not know.
    let unrated = || Scene { risk: RiskView::unrated(), ..bought() };
    assert_eq!(proposed(&unrated()), (None, "", None));
    assert_eq!(proposed(&unrated().decided(&[grade_of(Grade::C, "G1", 400, None)])), (Some(10_000), "peak_exposure", None));
    // And forbid an increase.
    let forbidden = bought().limit(50_000_000).decided(&[grade_of(Grade::Unrated, "G1", 400, None)]);
    assert_eq!(proposed(&forbidden), (Some(4_000), "grade_cap", Some(10_000)));
}

#[test]
fn reviews_are_counted_from_the_last_decision() {
    let of = |decisions: &[KnownOverride], scene: Scene| {
        let (day, cause) = scene.decided(decisions).review().review;
        (text(day), cause.word())
    };
    let looked_at = |made: Day| [decision(OverrideKind::Review, "R1", made, None)];
    let monthly = || Scene::bought(Grade::F, 0.01);
    // 21 April and a month; 22 April and a month is a Saturday; long ago is due on the next business day.
    assert_eq!(of(&looked_at(475), monthly()), ("1971-05-21".into(), "grade"));
    assert_eq!(of(&looked_at(476), monthly()), ("1971-05-24".into(), "grade"));
    assert_eq!(of(&looked_at(300), monthly()), ("1971-05-17".into(), "grade"));
    // An expired decision was a look all the same.
    assert_eq!(of(&[limit_of(1, "O1", 475, Some(480))], monthly()), ("1971-05-21".into(), "grade"));
    // By the last day of a decision that holds, 26 May.
    assert_eq!(of(&[limit_of(1, "O1", 499, Some(510))], bought()), ("1971-05-26".into(), "override_ends"));
    // A trigger waits while a decision is less than 30 days old.
    let over = || monthly().limit(10_000);
    assert_eq!(of(&looked_at(471), over()), ("1971-05-17".into(), "grade"));
    assert_eq!(of(&looked_at(480), over()), ("1971-05-26".into(), "grade"));
    assert_eq!(of(&looked_at(470), over()), ("1971-05-17".into(), "trigger"));
    assert!(over().decided(&looked_at(480)).review().triggers.over_limit, "it is told all the same");
}

#[test]
fn a_customer_with_nothing_but_a_decision_is_in_the_queue() {
    let of = |until: Option<Day>| {
        let decision = KnownOverride { customer: B, ..limit_of(1_000, "O1", 400, until) };
        bought().decided(&[decision]).made().reviews().len()
    };
    assert_eq!((of(None), of(Some(499))), (2, 1));
}
