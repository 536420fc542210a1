//! Exposure, expected loss and proposals, worked by hand.

use super::*;
use crate::scoring::credit_review::history::History;

#[test]
fn the_past_year_is_what_was_owed_at_the_end_of_its_days() {
    let made = Scene::bought(Grade::C, 0.01).made();
    let history = History::of(&made.facts, 0, AS_OF);
    // Newest first: [471..500] begins with 5,000 of I2 (paid on 480), ends with 4,000; [440..470] has 3,000 + 5,000 from 445 to 449;
    // [412..439] 3,000 from 420 on.
    assert_eq!(history.peaks[..4], [5_000 * ONE, 8_000 * ONE, 3_000 * ONE, 0]);
    // Three peaks: nine tenths of them are not above the third.
    assert_eq!(history.peak_p90(), Some(8_000 * ONE));
    // 12,000 in three months.
    assert_eq!((history.sales, history.sales_months, history.monthly_sales()), (12_000 * ONE, 3, Some(4_000 * ONE)));
}

#[test]
fn of_twelve_peaks_the_quantile_is_the_second_largest_and_of_none_there_is_none() {
    let peaks = |peaks: [i128; 12]| History { peaks, ..History::default() }.peak_p90();
    assert_eq!(peaks([5, 4, 12, 11, 1, 2, 3, 6, 7, 8, 9, 10]), Some(11), "ceil(0.9 × 12) = 11th");
    assert_eq!(peaks([5, 4, 0, -3, 1, 2, 3, 6, 7, 8, 9, 10]), Some(9), "ten months in which anything was owed: the ninth");
    assert_eq!(peaks([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Some(7));
    assert_eq!(peaks([0; 12]), None);
}

#[test]
fn money_that_is_in_is_not_owed_whenever_it_is_applied() {
    // The receipt comes on 480 and is applied on 499; the credit note of 700 never is.
    let documents = "
        I1 invoice     A 470 475 5000 USD -
        R1 receipt     A 480 -   5000 USD -
        I2 invoice     A 490 520 2000 USD -
        C1 credit_note A 495 -    700 USD -";
    let made = Scene::new(documents, "P1 R1 I1 499 5000 -").made();
    let history = History::of(&made.facts, 0, AS_OF);
    // The month ends with 2,000 − 700; the highest of it are the 5,000 it begins with.
    assert_eq!(history.peaks[..2], [5_000 * ONE, 5_000 * ONE]);
    let review = Scene::new(documents, "P1 R1 I1 499 5000 -").review();
    assert_eq!((review.position.debit, review.position.credit, review.position.open()), (2_000 * ONE, 700 * ONE, 1_300 * ONE));
}

/// The limit, the rule, and what each rule would allow. With 120 to lose at 60 %:
///
/// * cap: months of 4,000 (A 4, C 3, F 1.5), need: 1.3 × 8,000 = 10,400, loss: 120 ÷ (pd × 0.6)
#[test]
fn the_least_of_three_rules_binds_and_is_named() {
    struct Line(Grade, f64, &'static str, i128, Binding, [i128; 3]);
    let lines = [
        // 1 %: 120 ÷ 0.006 = 20,000. The need binds; two digits of 10,400 are 10,000.
        Line(Grade::C, 0.01, "", 10_000, Binding::PeakExposure, [12_000, 10_400, 20_000]),
        // 1.5 months are 6,000.
        Line(Grade::F, 0.01, "", 6_000, Binding::GradeCap, [6_000, 10_400, 20_000]),
        // 2.5 %: 120 ÷ 0.015 = 8,000.
        Line(Grade::C, 0.025, "", 8_000, Binding::LossBudget, [12_000, 10_400, 8_000]),
        // In steps of 250: 10,400 is 10,250.
        Line(Grade::C, 0.01, "limit_step = 250", 10_250, Binding::PeakExposure, [12_000, 10_400, 20_000]),
        // An amount of the grade goes before its months where it is less.
        Line(Grade::A, 0.01, "grade_cap_amount = { A = \"5500\" }", 5_500, Binding::GradeCap, [5_500, 10_400, 20_000]),
        Line(Grade::A, 0.01, "grade_cap_amount = { A = 90000 }", 10_000, Binding::PeakExposure, [16_000, 10_400, 20_000]),
        // 2 × 8,000, 80 % lost: 120 ÷ 0.008 = 15,000.
        Line(Grade::A, 0.01, "peak_factor = 2\nloss_given_default = 0.8", 15_000, Binding::LossBudget, [16_000, 16_000, 15_000]),
        // Of two that say the same the first is told.
        Line(Grade::C, 0.01, "peak_factor = 1.5", 12_000, Binding::GradeCap, [12_000, 12_000, 20_000]),
    ];
    for Line(grade, pd, more, limit, binding, candidates) in lines {
        let scene = Scene { config: format!("loss_budget = 120\n{more}"), ..Scene::bought(grade, pd) };
        let review = scene.review();
        let found = review.candidates;
        assert_eq!([found.grade_cap, found.peak_exposure, found.loss_budget], candidates.map(|amount| Some(amount * ONE)), "{more}");
        assert_eq!((review.proposal.limit, review.proposal.binding), (Some(limit * ONE), Some(binding)), "{grade:?} {pd} {more}");
        assert_eq!(review.proposal, review.model_proposal, "nobody decided otherwise");
    }
}

#[test]
fn without_an_amount_the_budget_is_a_share_of_what_the_company_sells() {
    // 1 % of 12,000 is 120; by default 0.02 % is 2.40, and 2.40 ÷ 0.006 = 400.
    let budget = |config: &str| Scene { config: config.into(), ..Scene::bought(Grade::C, 0.01) }.review();
    assert_eq!(budget("loss_budget_sales_share = 0.01").loss_budget, Some(120 * ONE));
    let review = budget("");
    assert_eq!((review.loss_budget, review.candidates.loss_budget), (Some(24_000), Some(400 * ONE)));
    // Where nothing may be lost by that rule, it says nothing.
    assert_eq!(budget("loss_budget_sales_share = 0").candidates.loss_budget, None);
}

#[test]
fn a_chance_of_nothing_or_none_leaves_the_other_rules() {
    let review = Scene::bought(Grade::A, 0.0).review();
    assert_eq!((review.candidates.loss_budget, review.expected_loss), (None, Some(0)));
    let unknown = Scene { risk: RiskView { grade: Grade::C, ..RiskView::unrated() }, ..Scene::bought(Grade::C, 0.01) }.review();
    assert_eq!((unknown.candidates.loss_budget, unknown.expected_loss, unknown.proposal.limit), (None, None, Some(10_000 * ONE)));
}

#[test]
fn in_default_and_unrated_no_increase_is_proposed() {
    let of = |risk: RiskView, limit: Option<i64>| {
        let review = Scene { risk, limit: limit.map(|limit| limit * 10_000), ..Scene::bought(Grade::C, 0.01) }.review();
        (review.proposal.limit.map(|limit| limit / ONE), review.proposal.binding, review.proposal.reason)
    };
    // Unrated: one month of 4,000. Above a limit of 3,000, below one of 9,000.
    assert_eq!(of(RiskView::unrated(), Some(3_000)), (Some(3_000), Some(Binding::PresentLimit), None));
    assert_eq!(of(RiskView::unrated(), Some(9_000)), (Some(4_000), Some(Binding::GradeCap), None));
    assert_eq!(of(RiskView::unrated(), None), (None, None, Some("no_limit")));
    // In default the grade allows nothing.
    assert_eq!(of(in_default(), Some(3_000)), (Some(0), Some(Binding::GradeCap), None));
    assert_eq!(of(in_default(), None), (None, None, Some("no_limit")));
    // Others may get their first limit.
    assert_eq!(of(rated(Grade::F, 0.01), None), (Some(6_000), Some(Binding::GradeCap), None));
}

#[test]
fn what_is_expected_to_be_lost_is_exact() {
    // 4,000 open, 1 %, 60 %.
    let review = Scene::bought(Grade::C, 0.01).review();
    assert_eq!((review.position.exposure_at_default(), review.expected_loss), (4_000 * ONE, Some(24 * ONE)));
    // In default it has happened.
    assert_eq!(Scene { risk: in_default(), ..Scene::bought(Grade::C, 0.01) }.review().expected_loss, Some(2_400 * ONE));
    // A chance without an end: 4,000 × 0.6 ÷ 3 = 800, and a third of twelve digits does not move a cent.
    assert_eq!(Scene::bought(Grade::H, 1.0 / 3.0).review().expected_loss, Some(800 * ONE));
}

#[test]
fn exposure_is_open_and_ordered_less_insured_and_never_below_zero() {
    let order = |amount: i64, currency, expected: Day| KnownOrder {
        customer: A,
        expected_invoice_date: expected,
        amount: amount * 10_000,
        currency,
    };
    let of = |scene: Scene| {
        let position = scene.review().position;
        [position.open(), position.orders, position.exposure_at_default()].map(|amount| amount / ONE)
    };
    let bought = || Scene::bought(Grade::C, 0.01);
    // 250 euro are 500 dollars.
    let ordered = || Scene { orders: vec![order(1_000, 0, 510), order(250, 1, 495)], ..bought() };
    assert_eq!(of(ordered()), [4_000, 1_500, 5_500]);
    // An order whose invoice is 30 days late is left aside.
    assert_eq!(of(Scene { orders: vec![order(1_000, 0, 470)], ..bought() }), [4_000, 0, 4_000]);
    assert_eq!(of(Scene { insured: Some(30_000_000), ..ordered() }), [4_000, 1_500, 2_500]);
    assert_eq!(of(Scene { insured: Some(60_000_000), ..ordered() }), [4_000, 1_500, 0], "insured above what is open");
    // Insured in euro: 1,000 are 2,000 dollars. In a currency that has no rate it takes nothing off, and says so.
    assert_eq!(of(Scene { insured: Some(10_000_000), terms_currency: Some(1), ..bought() }), [4_000, 0, 2_000]);
    let unknown = Scene { insured: Some(10_000_000), terms_currency: None, ..bought() };
    assert_eq!(unknown.review().position.insured_reason, Some("no_rate"));
    assert_eq!(of(unknown), [4_000, 0, 4_000]);
    // Credits that are larger than debits: 9,000 are in, 4,000 are owed.
    let paid_ahead = || Scene { documents: format!("{BOUGHT}\nR3 receipt A 495 - 9000 USD -"), ..bought() };
    assert_eq!(of(paid_ahead()), [-5_000, 0, 0]);
    assert_eq!(of(Scene { orders: vec![order(6_000, 0, 510)], ..paid_ahead() }), [-5_000, 6_000, 1_000]);
}

#[test]
fn a_limit_is_compared_in_base_currency_or_says_why_not() {
    let of = |scene: Scene| {
        let review = scene.review();
        (review.position.limit.map(|limit| limit / ONE), review.position.utilisation(), review.triggers.over_limit)
    };
    let bought = || Scene::bought(Grade::C, 0.01);
    assert_eq!(of(bought().limit(50_000_000)), (Some(5_000), Ok(0.8), false));
    // 1,600 euro are 3,200 dollars.
    assert_eq!(of(Scene { terms_currency: Some(1), ..bought().limit(16_000_000) }), (Some(3_200), Ok(1.25), true));
    assert_eq!(of(Scene { terms_currency: None, ..bought().limit(16_000_000) }), (None, Err("no_rate"), false));
    assert_eq!(of(bought()), (None, Err("not_supplied"), false));
    // Of no limit there is no share, and it is passed all the same.
    assert_eq!(of(bought().limit(0)), (Some(0), Err("zero_base"), true));
    // To the last ten-thousandth.
    assert_eq!((of(bought().limit(40_000_000)).2, of(bought().limit(39_999_999)).2), (false, true));
}

#[test]
fn the_grade_says_when_to_look_again_on_a_business_day() {
    let of = |grade: Grade| {
        let (day, cause) = Scene::bought(grade, 0.01).review().review;
        (text(day), cause.word())
    };
    assert_eq!(of(Grade::A), ("1972-05-16".into(), "grade"));
    assert_eq!(of(Grade::B), ("1972-02-16".into(), "grade"));
    assert_eq!(of(Grade::D), ("1971-09-16".into(), "grade"));
    assert_eq!(of(Grade::F), ("1971-06-16".into(), "grade"));
    assert_eq!(of(Grade::Unrated), ("1971-08-16".into(), "grade"));
    // 16 October 1971 is a Saturday.
    let scene = Scene { config: "review_months = { A = 5 }".into(), ..Scene::bought(Grade::A, 0.01) };
    assert_eq!(text(scene.review().review.0), "1971-10-18");
    // In default at once: the date is a Sunday, so on Monday.
    let (day, cause) = Scene { risk: in_default(), ..Scene::bought(Grade::C, 0.01) }.review().review;
    assert_eq!((text(day), cause.word()), ("1971-05-17".into(), "grade"));
    // A trigger: over its limit.
    let (day, cause) = Scene::bought(Grade::A, 0.001).limit(10_000).review().review;
    assert_eq!((text(day), cause.word()), ("1971-05-17".into(), "trigger"));
}

#[test]
fn the_queue_has_the_largest_loss_first_and_those_without_one_last() {
    let documents = format!("{BOUGHT}\nB1 invoice B 490 520 9000 USD -");
    let ranks = |first: RiskView, second: RiskView| {
        let mut made = Scene::new(&documents, PAID).made();
        made.risk = vec![first, second];
        made.reviews().iter().map(|review| review.queue_rank).collect::<Vec<i64>>()
    };
    // 4,000 × 3 % against 9,000 × 1 %.
    assert_eq!(ranks(rated(Grade::C, 0.03), rated(Grade::C, 0.01)), [1, 2]);
    assert_eq!(ranks(rated(Grade::C, 0.02), rated(Grade::C, 0.01)), [2, 1]);
    // Nothing expected goes before nothing known; of two unknown ones the larger exposure is first.
    assert_eq!(ranks(rated(Grade::A, 0.0), RiskView::unrated()), [1, 2]);
    assert_eq!(ranks(RiskView::unrated(), RiskView::unrated()), [2, 1]);
}

#[test]
fn customers_without_anything_and_those_of_the_group_are_not_in_the_queue() {
    let made = Scene::bought(Grade::C, 0.01).made();
    assert_eq!(made.reviews().iter().map(|review| review.customer).collect::<Vec<_>>(), [A], "B has nothing");
    let paid = format!("{PAID}\nP3 R3 I3 495 4000 -");
    let settled = |limit| Scene { limit, ..Scene::new(&format!("{BOUGHT}\nR3 receipt A 495 - 4000 USD -"), &paid) }.made().reviews().len();
    assert_eq!((settled(None), settled(Some(0)), settled(Some(1))), (0, 1, 1), "a limit is enough");
    let group = Scene { intercompany: true, ..Scene::bought(Grade::C, 0.01) };
    assert!(group.limit(10_000).made().reviews().is_empty());
}

#[test]
fn limits_are_rounded_down_to_what_people_set() {
    use crate::scoring::credit_review::position::round_down;
    let of = |text: i128| round_down(text, None);
    for (amount, rounded) in
        [(1_666_670_000, 1_600_000_000), (9_345_600, 9_300_000), (934_567, 930_000), (89_000, 80_000), (9_999, 0), (0, 0), (-5, 0)]
    {
        assert_eq!(of(amount), rounded, "{amount}");
    }
    assert_eq!(round_down(1_049_999, Some(500_000)), 1_000_000);
}
