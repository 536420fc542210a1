//! The laws of changes, on curves made by hand and at random.

use super::changes::{BillingPart, Curves, OpenItemFacts, OpenPiece, Touched, apply};
use super::curves::{at_latest, at_latest_by_age, earlier, later, later_by_age, paid_by};
use super::scenario::{Change, Kind, Selection};
use crate::ledger::calendar::Day;
use proptest::prelude::*;
use std::borrow::Cow;

/// Business days of ten weeks from a Monday on: day 0 is the first.
fn business_days() -> Vec<Day> {
    (0..70).filter(|day| day % 7 < 5).collect()
}

const ORIGIN: Day = -1;

/// Two customers: the first owes 1,000 due on day 8, half of it paid on day 2 and 45 % on day 14; the second owes 400, disputed,
/// due on day −20, all of it paid on day 21. The first bills all on 30 days, and is paid half at age 25 and 45 % at age 40.
fn items() -> Vec<OpenItemFacts> {
    let item = |customer: usize, amount_base: f64, document_date: Day, due_date: Day, is_disputed: bool, payable: f64| OpenItemFacts {
        customer,
        company: 0,
        is_sale: true,
        is_disputed,
        document_date,
        due_date,
        amount_base,
        payable,
    };
    vec![item(0, 1_000.0, -22, 8, false, 0.95), item(1, 400.0, -50, -20, true, 1.0)]
}

fn steps(steps: &[(Day, f64)]) -> Vec<f64> {
    let share = |day: &Day| steps.iter().filter(|(at, _)| at <= day).map(|(_, share)| share).sum();
    business_days().iter().map(share).collect()
}

fn by_age(steps: &[(usize, f64)], length: usize) -> Vec<f64> {
    (0..length).map(|age| steps.iter().filter(|(at, _)| *at <= age).map(|(_, share)| share).sum()).collect()
}

fn curves() -> Curves<'static> {
    let piece = |item: usize, paid: Vec<f64>| OpenPiece { item, share: 1.0, discount: 0.0, paid: Cow::Owned(paid) };
    let part = BillingPart {
        company: 0,
        currency: 0,
        selected: u64::MAX,
        terms_days: Some(30),
        share: 1.0,
        billed_base: 5_000.0,
        discount: 0.0,
        paid_by_age: by_age(&[(25, 0.5), (40, 0.45)], 60),
    };
    Curves { pieces: vec![piece(0, steps(&[(2, 0.5), (14, 0.45)])), piece(1, steps(&[(21, 1.0)]))], parts: vec![part] }
}

/// Changes in order, each about everybody.
fn changed(kinds: &[Kind]) -> (Curves<'static>, Vec<Touched>) {
    let selected = vec![u64::MAX; 2];
    let mut all = curves();
    let mut touched = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        let change = Change { kind: *kind, selection: Selection::default(), place: String::new() };
        let (next, about) = apply(all, (place, &change), &items(), &selected, (ORIGIN, &[business_days()]));
        all = next;
        touched.push(about);
    }
    (all, touched)
}

/// Share of a piece that is paid by the end of a day.
fn paid(curves: &Curves, piece: usize, day: Day) -> f64 {
    paid_by(&curves.pieces[piece].paid, &business_days(), day)
}

const DISCOUNT: Kind = Kind::EarlyPaymentDiscount { discount: 0.02, within_days: 27, take_up: 0.4 };

#[test]
fn a_change_of_nothing_changes_nothing_to_the_bit() {
    let nothing = [
        Kind::Terms { from_days: 30, to_days: 30 },
        Kind::EarlyPaymentDiscount { discount: 0.02, within_days: 10, take_up: 0.0 },
        Kind::Disputes { faster_by_days: 0 },
        Kind::Delay { days: 0 },
    ];
    assert_eq!(changed(&nothing).0, curves());
}

#[test]
fn terms_move_what_is_billed_on_them_and_leave_open_invoices() {
    let (longer, touched) = changed(&[Kind::Terms { from_days: 30, to_days: 60 }]);
    assert_eq!(longer.pieces, curves().pieces);
    assert_eq!(longer.parts[0].terms_days, Some(60));
    assert_eq!(longer.parts[0].paid_by_age, by_age(&[(55, 0.5), (70, 0.45)], 90));
    assert_eq!((touched[0].open_items, touched[0].billed_base), (0, 5_000.0));
    // The other way: not before the document.
    let (shorter, _) = changed(&[Kind::Terms { from_days: 30, to_days: 0 }]);
    assert_eq!(shorter.parts[0].paid_by_age[..11], by_age(&[(0, 0.5), (10, 0.45)], 11));
    // What was moved has its new terms: a second change finds it there.
    let (twice, _) = changed(&[Kind::Terms { from_days: 30, to_days: 45 }, Kind::Terms { from_days: 45, to_days: 60 }]);
    assert_eq!(twice.parts[0].paid_by_age, longer.parts[0].paid_by_age);
    let (others, touched) = changed(&[Kind::Terms { from_days: 14, to_days: 60 }]);
    assert_eq!((others, touched[0].billed_base), (curves(), 0.0));
}

#[test]
fn a_discount_divides_an_item_and_costs_its_share_of_what_takes_it() {
    let (all, touched) = changed(&[DISCOUNT]);
    // The first item is 22 days old on day 0 and can take it until day 5; the second is too old.
    let shares: Vec<(usize, f64, f64)> = all.pieces.iter().map(|piece| (piece.item, piece.share, piece.discount)).collect();
    assert_eq!(shares, [(0, 0.6, 0.0), (0, 0.4, 0.02), (1, 1.0, 0.0)]);
    assert_eq!(all.pieces[0].paid, curves().pieces[0].paid);
    // What would be paid on day 2 still is; the rest of what is payable comes on day 7: day 5 is a Saturday.
    assert_eq!([1, 2, 4, 7].map(|day| paid(&all, 1, day)), [0.0, 0.5, 0.5, 0.95]);
    let parts: Vec<(f64, f64)> = all.parts.iter().map(|part| (part.share, part.discount)).collect();
    assert_eq!(parts, [(0.6, 0.0), (0.4, 0.02)]);
    assert_eq!(all.parts[1].paid_by_age, by_age(&[(25, 0.5), (27, 0.45)], 60));
    // 2 % of 40 % of (0.95 of 1,000 open and 0.95 of 5,000 billed).
    assert!((touched[0].discount_base - 0.02 * 0.4 * 0.95 * 6_000.0).abs() < 1e-9, "{touched:?}");
    // 45 % comes 7 days sooner (day 7, not 14) or 13 (age 27, not 40), less the discount.
    let gained = 0.4 * 0.98 * 0.45 * (1_000.0 * 7.0 + 5_000.0 * 13.0);
    assert!((touched[0].cash_days_gained - gained).abs() < 1e-6, "{touched:?}");
    assert_eq!((touched[0].open_items, touched[0].open_amount_base), (1, 1_000.0));
}

#[test]
fn on_time_is_paid_by_the_due_date_and_overdue_on_the_next_business_day() {
    let (all, touched) = changed(&[Kind::OnTime { top: None }]);
    assert_eq!([0, 2, 7, 8].map(|day| paid(&all, 0, day)), [0.0, 0.5, 0.5, 0.95]);
    assert_eq!(paid(&all, 1, 0), 1.0);
    assert_eq!(all.parts[0].paid_by_age, by_age(&[(25, 0.5), (30, 0.45)], 60));
    assert_eq!((touched[0].open_items, touched[0].open_amount_base), (2, 1_400.0));
}

#[test]
fn disputes_are_over_sooner_and_nothing_else_moves() {
    let (all, touched) = changed(&[Kind::Disputes { faster_by_days: 10 }]);
    assert_eq!(all.pieces[0], curves().pieces[0]);
    assert_eq!([10, 11].map(|day| paid(&all, 1, day)), [0.0, 1.0]);
    assert_eq!(all.parts, curves().parts);
    assert_eq!(touched[0].open_items, 1);
    // Not before the first business day.
    assert_eq!(paid(&changed(&[Kind::Disputes { faster_by_days: 300 }]).0, 1, 0), 1.0);
}

#[test]
fn changes_are_made_in_the_order_of_the_file() {
    let delay = Kind::Delay { days: 7 };
    let (first_delay, _) = changed(&[delay, DISCOUNT]);
    let (first_discount, _) = changed(&[DISCOUNT, delay]);
    // Who takes the discount pays on day 5 whatever the delay was before it, and a week later where the delay comes after.
    assert_eq!([8, 14].map(|day| paid(&first_delay, 1, day)), [0.95, 0.95]);
    assert_eq!([8, 9, 14].map(|day| paid(&first_discount, 1, day)), [0.0, 0.5, 0.95]);
    // Two at once are the second of the first.
    let once = changed(&[delay]).0;
    let again = later(&once.pieces[0].paid, &business_days(), 7);
    assert_eq!(changed(&[delay, delay]).0.pieces[0].paid, again);
    // A discount is taken once.
    assert_eq!(changed(&[DISCOUNT, DISCOUNT]).0.pieces.iter().map(|piece| piece.share).sum::<f64>(), 2.0);
}

#[test]
fn a_delay_conserves_what_is_paid_when_one_looks_far_enough() {
    let (all, _) = changed(&[Kind::Delay { days: 17 }]);
    for (piece, before) in all.pieces.iter().zip(&curves().pieces) {
        assert_eq!(piece.paid.last(), before.paid.last());
    }
    assert_eq!(all.parts[0].paid_by_age.last(), curves().parts[0].paid_by_age.last());
}

/// A curve that grows from 0 to at most 1 over so many days.
fn growing(days: usize) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0.0_f64..1.0, days).prop_map(|steps| {
        let total = steps.iter().sum::<f64>().max(1e-9) * 1.1;
        let mut sum = 0.0;
        steps
            .into_iter()
            .map(|step| {
                sum += step / total;
                sum
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn later_is_never_sooner_and_sooner_never_later(curve in growing(50), by in 0_i32..40, date in -5_i32..60) {
        let days = business_days();
        let is_below = |low: &[f64], high: &[f64]| low.iter().zip(high).all(|(low, high)| low <= high);
        let delayed = later(&curve, &days, by);
        prop_assert!(is_below(&delayed, &curve));
        prop_assert!(is_below(&curve, &earlier(&curve, &days, by)));
        prop_assert!(is_below(&curve, &at_latest(&curve, &days, date, 0.95)));
        // Shares only grow along each of them.
        for moved in [delayed, earlier(&curve, &days, by), at_latest(&curve, &days, date, 0.95)] {
            prop_assert!(moved.is_sorted_by(|a, b| a <= b));
        }
        let ages = at_latest_by_age(&curve, by as usize);
        prop_assert!(is_below(&curve, &ages) && ages.last() == curve.last());
        let ages = later_by_age(&curve, by as usize);
        prop_assert!(is_below(&ages[..curve.len()], &curve) && ages.last() == curve.last());
    }
}
