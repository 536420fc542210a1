use super::*;
use crate::ingest::load::knowledge::by_hand::ledger;

fn facts(documents: &str, applications: &str) -> Facts {
    facts_since(documents, applications, 0)
}

fn facts_since(documents: &str, applications: &str, since: Day) -> Facts {
    let (book, knowledge) = ledger(documents, applications);
    Facts::new(&book, &knowledge, since, false)
}

/// The one debit item of the first customer.
#[track_caller]
fn the_item(facts: &Facts) -> &DebitItem {
    let [item] = facts.all_items_of(0) else { panic!("one item: {:?}", facts.all_items_of(0)) };
    item
}

/// What is open of the debit items of a customer at the end of a day, whole units.
fn open(facts: &Facts, customer: usize, day: Day) -> Vec<i64> {
    facts.items_of(customer, day).map(|item| facts.open(item, day) / 10_000).collect()
}

fn unapplied(facts: &Facts, customer: usize, day: Day) -> Vec<(CurrencyIndex, i64)> {
    facts.account_of(customer, day).map(|item| (item.currency, facts.unapplied(item, day) / 10_000)).collect()
}

/// Exit, day of the money, day it was known, whole units.
fn shown(left: impl Iterator<Item = Left>) -> Vec<(Exit, Day, Day, i64)> {
    let mut shown: Vec<_> = left.map(|left| (left.exit, left.effective_date, left.visible_date, left.amount / 10_000)).collect();
    shown.sort_unstable();
    shown
}

#[test]
fn an_item_is_open_from_its_date_until_what_is_known_to_be_applied_has_taken_it() {
    let facts = facts(
        "I1 invoice A 10 40 100 USD 12
         R1 receipt A 30 -  60 USD 30
         C1 credit_note A 35 - 40 USD 36",
        "P1 R1 I1 31 60 33
         P2 C1 I1 35 40 35",
    );
    let by_day: Vec<(Day, Vec<i64>)> = [9, 11, 12, 32, 33, 35, 36].map(|day| (day, open(&facts, 0, day))).into();
    assert_eq!(
        by_day,
        // Recorded on 12; P1 is recorded on 33; C1 is dated 35 and recorded on 36.
        [(9, vec![]), (11, vec![]), (12, vec![100]), (32, vec![100]), (33, vec![40]), (35, vec![40]), (36, vec![0])]
    );
    assert_eq!(unapplied(&facts, 0, 32), [(0, 60)]);
    assert_eq!(unapplied(&facts, 0, 33), [(0, 0)]);
    let item = the_item(&facts);
    assert_eq!(shown(facts.left(item, 36)), [(Exit::Cash, 30, 33, 60), (Exit::Credit, 35, 36, 40)]);
    assert_eq!(shown(facts.left_since(item, 33, 36)), [(Exit::Credit, 35, 36, 40)]);
    assert_eq!((item.visible_from(), item.is_sale, item.base_rate), (12, true, 1.0));
}

#[test]
fn what_a_credit_gave_and_took_back_has_not_left_and_leaves_again_when_it_is_given_again() {
    let facts = facts(
        "I1 invoice A 1 31 100 USD 1
         R1 receipt A 20 - 100 USD 20",
        "P1 R1 I1 20 100 20
         P2 R1 I1 40 -100 40
         P3 R1 I1 50 100 50",
    );
    let item = the_item(&facts);
    let open_on = |day| facts.open(item, day) / 10_000;
    assert_eq!([19, 20, 39, 40, 49, 50].map(open_on), [100, 0, 0, 100, 100, 0]);
    assert_eq!(shown(facts.left(item, 39)), [(Exit::Cash, 20, 20, 100)]);
    assert_eq!(shown(facts.left(item, 45)), []);
    assert_eq!(shown(facts.left(item, 60)), [(Exit::Cash, 20, 20, 100)], "it is the same money as before");
    // From 10 to 60 the payment came; from 30 to 60 nothing changed in the end; at 45 it was open, and is paid by 60.
    assert_eq!(shown(facts.left_since(item, 10, 60)), [(Exit::Cash, 20, 20, 100)]);
    assert_eq!(shown(facts.left_since(item, 10, 45)), []);
    assert_eq!(shown(facts.left_since(item, 30, 60)), []);
    assert_eq!(shown(facts.left_since(item, 45, 60)), [(Exit::Cash, 20, 50, 100)]);
}

#[test]
fn an_un_application_that_is_deleted_leaves_the_payment_as_it_was() {
    let facts = facts(
        "I1 invoice A 1 31 100 USD 1
         R1 receipt A 20 - 100 USD 20",
        "P1 R1 I1 20 100 20
         P2 R1 I1 40 -100 40 55",
    );
    let item = the_item(&facts);
    assert_eq!([39, 40, 54, 55].map(|day| facts.open(item, day) / 10_000), [0, 100, 100, 0]);
    assert_eq!(shown(facts.left_since(item, 45, 60)), [(Exit::Cash, 20, 55, 100)], "the deletion is when it was known again");
}

#[test]
fn a_receipt_applied_in_two_steps_around_a_landmark_leaves_by_its_second_part_only_after_it() {
    let facts = facts(
        "I1 invoice A 1 31 100 USD 1
         R1 receipt A 20 - 100 USD 20",
        "P1 R1 I1 20 30 20
         P2 R1 I1 35 70 35",
    );
    let item = the_item(&facts);
    assert_eq!(shown(facts.left(item, 25)), [(Exit::Cash, 20, 20, 30)]);
    assert_eq!(shown(facts.left(item, 40)), [(Exit::Cash, 20, 20, 100)], "parts of one credit together");
    assert_eq!(shown(facts.left_since(item, 25, 40)), [(Exit::Cash, 20, 35, 70)], "the money was in on 20, and matched on 35");
    assert_eq!(unapplied(&facts, 0, 25), [(0, 70)]);
}

#[test]
fn a_credit_in_another_currency_is_used_in_its_own() {
    // 60 EUR pay 90 USD at 1.5; 15 EUR are left.
    let facts = facts(
        "I1 invoice A 1 31 90 USD 1
         I2 invoice A 1 31 40 EUR 1
         I3 invoice A 120 150 40 EUR 120
         R1 receipt A 20 - 75 EUR 20",
        "P1 R1 I1 20 90 20 - 60",
    );
    assert_eq!(open(&facts, 0, 19), [40, 90], "of the same dates the smaller comes first");
    assert_eq!(open(&facts, 0, 20), [40, 0]);
    assert_eq!(unapplied(&facts, 0, 20), [(1, 15)]);
    let rates: Vec<f64> = facts.all_items_of(0).iter().map(|item| item.base_rate).collect();
    assert_eq!(rates, [1.5, 1.0, 2.0]);
}

#[test]
fn a_receipt_before_its_invoice_counts_from_the_invoice_date() {
    let facts = facts(
        "R1 receipt A 5 - 100 USD 5
         I1 invoice A 20 50 100 USD 20",
        "P1 R1 I1 5 100 5",
    );
    assert_eq!(unapplied(&facts, 0, 19), [(0, 100)]);
    assert_eq!((open(&facts, 0, 20), unapplied(&facts, 0, 20)), (vec![0], vec![(0, 0)]));
    assert_eq!(shown(facts.left(the_item(&facts), 20)), [(Exit::Cash, 20, 20, 100)]);
}

#[test]
fn a_corrected_item_is_on_each_day_what_was_known_of_it() {
    // Amount and due date are corrected on 20, on 30 it turns out to be B's.
    let facts = facts(
        "I1 invoice A 1 31 100 USD 2 20
         I1 invoice A 5 45 120 USD 20 30
         I1 invoice B 5 45 120 USD 30
         R1 receipt A 10 - 40 USD 10",
        "P1 R1 I1 10 40 10",
    );
    assert_eq!([2, 10, 20, 29, 30].map(|day| open(&facts, 0, day)), [vec![100], vec![60], vec![80], vec![80], vec![]]);
    assert_eq!([29, 30].map(|day| open(&facts, 1, day)), [vec![], vec![80]]);
    let versions = facts.all_items_of(0);
    assert_eq!(versions.iter().map(|item| (item.due_date, item.visible_from())).collect::<Vec<_>>(), [(31, 2), (45, 2)]);
    assert_eq!(facts.known_version(&versions[0], 25).map(|item| item.due_date), Some(45));
    assert!(facts.known_version(&versions[0], 30).is_none(), "it is another customer's");
    assert_eq!(facts.all_items_of(1)[0].visible_from(), 30);
    assert!(versions.iter().chain(facts.all_items_of(1)).all(|item| item.key == versions[0].key));
    // The later of both dates: 10 with either.
    assert_eq!(shown(facts.left(&versions[1], 25)), [(Exit::Cash, 10, 10, 40)]);
}

#[test]
fn a_deleted_item_was_there_until_it_was_deleted() {
    let facts = facts(
        "I1 invoice A 1 31 100 USD 2 25
         R1 receipt A 10 - 40 USD 10",
        "P1 R1 I1 10 40 10",
    );
    assert_eq!([1, 24, 25].map(|day| open(&facts, 0, day)), [vec![], vec![60], vec![]]);
    assert_eq!([24, 25].map(|day| unapplied(&facts, 0, day)), [[(0, 0)], [(0, 40)]], "then the money waits for another invoice");
    assert!(facts.known_version(the_item(&facts), 30).is_none());
}

#[test]
fn a_deleted_or_corrected_application_took_what_it_took_until_then() {
    let facts = facts(
        "I1 invoice A 1 31 100 USD 2
         R1 receipt A 10 - 80 USD 10",
        "P1 R1 I1 10 50 10 20
         P1 R1 I1 10 80 20 30",
    );
    assert_eq!([9, 10, 19, 20, 29, 30].map(|day| open(&facts, 0, day)[0]), [100, 50, 50, 20, 20, 100]);
    assert_eq!([19, 20, 30].map(|day| unapplied(&facts, 0, day)), [[(0, 30)], [(0, 0)], [(0, 80)]]);
    let item = the_item(&facts);
    assert_eq!(shown(facts.left_since(item, 12, 25)), [(Exit::Cash, 10, 20, 30)]);
    assert_eq!(shown(facts.left_since(item, 12, 35)), []);
}

#[test]
fn a_receipt_that_turns_out_to_be_a_credit_note_leaves_by_credit_since_then() {
    let facts = facts(
        "I1 invoice A 1 31 100 USD 2
         X1 receipt     A 10 - 100 USD 10 20
         X1 credit_note A 12 - 100 USD 20",
        "P1 X1 I1 10 100 10",
    );
    let item = the_item(&facts);
    assert_eq!(shown(facts.left(item, 19)), [(Exit::Cash, 10, 10, 100)]);
    assert_eq!(shown(facts.left(item, 20)), [(Exit::Credit, 12, 20, 100)]);
    assert_eq!(facts.account_of(0, 19).map(|item| item.is_receipt()).collect::<Vec<_>>(), [true]);
    assert_eq!(facts.account_of(0, 20).map(|item| item.is_receipt()).collect::<Vec<_>>(), [false]);
}

#[test]
fn refunds_and_reversals_take_from_credits_and_are_not_collected() {
    let facts = facts(
        "R1 receipt          A 10 - 100 USD 10
         B1 receipt_reversal A 20 -  70 USD 20
         F1 refund           A 25 -  30 USD 25
         D1 reinstatement    A 26 40  5 USD 26",
        "P1 R1 B1 20 70 20",
    );
    assert_eq!(open(&facts, 0, 30), [5]);
    assert!(!the_item(&facts).is_sale);
    assert_eq!(unapplied(&facts, 0, 19), [(0, 100)]);
    assert_eq!(unapplied(&facts, 0, 30), [(0, 30), (0, 0), (0, -30)]);
    assert_eq!(facts.account_of(0, 30).map(|item| item.signed_amount() / 10_000).collect::<Vec<_>>(), [100, -70, -30]);
    assert!(facts.account_of(0, 30).all(|item| item.is_cash));
}

#[test]
fn what_was_settled_long_ago_is_left_out_and_what_was_taken_back_since_is_not() {
    let documents = "I1 invoice A 1 31 100 USD 2
         I2 invoice A 3 33 100 USD 3
         I3 invoice A 4 34 100 USD 4
         R1 receipt A 10 - 300 USD 10";
    let applications = "P1 R1 I1 10 100 10
         P2 R1 I2 10 100 60
         P3 R1 I3 10 100 10
         P4 R1 I3 55 -100 55";
    let all = facts_since(documents, applications, 0);
    let recent = facts_since(documents, applications, 50);
    assert_eq!(all.all_items_of(0).len(), 3);
    // I2's payment was not known on 50 yet; I3 was open again on 55.
    assert_eq!(recent.all_items_of(0).iter().map(|item| item.document_date).collect::<Vec<_>>(), [3, 4]);
    for day in 50..70 {
        let balance = |facts: &Facts| open(facts, 0, day).iter().sum::<i64>();
        assert_eq!(balance(&all), balance(&recent), "day {day}");
        assert_eq!(all.account_of(0, day).count(), recent.account_of(0, day).count());
    }
}

#[test]
fn versions_that_were_replaced_or_settled_long_ago_are_left_out() {
    let documents = "I1 invoice A 1 31 90 USD 2 8
         I1 invoice A 1 31 100 USD 8
         I2 invoice A 3 33 90 USD 3 20
         I2 invoice A 3 33 100 USD 20 52
         I2 invoice A 3 33 110 USD 52
         R1 receipt A 10 - 100 USD 10";
    let applications = "P1 R1 I1 10 50 10 15
         P1 R1 I1 10 100 15";
    let recent = facts_since(documents, applications, 50);
    // I1 is settled since 15. I2 is still open; what was known of it until 20 nobody asks for.
    let shown: Vec<(i64, Day, Day)> =
        recent.all_items_of(0).iter().map(|item| (item.amount / 10_000, item.document_date, item.visible_from())).collect();
    assert_eq!(shown, [(100, 3, 3), (110, 3, 3)]);
    assert_eq!(facts(documents, applications).all_items_of(0).len(), 5);
    assert_eq!(recent.account_of(0, 50).count(), 0);
}

#[test]
fn the_order_of_the_ledger_does_not_order_the_facts() {
    let documents = [
        "I1 invoice A 1 31 100 USD 2",
        "I2 invoice A 1 31 100 EUR 2",
        "I3 invoice A 1 31 100 USD 2",
        "R1 receipt A 5 - 150 USD 5",
        "R2 receipt A 5 - 150 USD 5",
    ];
    let applications = "P1 R1 I1 6 20 6\nP2 R2 I3 6 70 6\nP3 R2 I1 8 5 8";
    // Keys follow the order of the lines here, so lines that are turned round are compared with their keys.
    let of = |documents: &[&str]| {
        let facts = facts(&documents.join("\n"), applications);
        let keys: Vec<i64> = facts.all_items_of(0).iter().map(|item| item.key).collect();
        assert!(keys.is_sorted(), "of equal items the keys decide: {keys:?}");
        let mut opens: Vec<(CurrencyIndex, i64)> =
            facts.items_of(0, 10).map(|item| (item.currency, facts.open(item, 10) / 10_000)).collect();
        opens.sort_unstable();
        opens
    };
    let mut turned = documents;
    turned.reverse();
    assert_eq!(of(&documents), of(&turned));
    assert_eq!(of(&documents), [(0, 30), (0, 75), (1, 100)]);
}
