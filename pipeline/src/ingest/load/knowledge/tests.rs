use super::by_hand::ledger;
use super::{FROM_THE_BEGINNING, Knowledge, TO_THIS_DAY};
use crate::ledger::calendar::Day;

/// What was matched with an item by applications that the book does not tell of: credit, amount, visible date, days known.
fn matches(known: &Knowledge, debit: u32) -> Vec<(u32, i64, Day, Day, Day)> {
    let all = known.matches_of_debit(debit).iter();
    all.map(|known| (known.fact.credit, known.fact.amount / 10_000, known.fact.visible_date, known.from, known.until)).collect()
}

#[test]
fn rows_that_are_recorded_once_are_known_by_their_day() {
    let (_, known) = ledger(
        "I1 invoice A 1 31 100 USD 2
         R1 receipt A 5 -  100 USD -",
        "P1 R1 I1 6 100 7",
    );
    assert_eq!((known.item_from(0), known.item_from(1), known.application_from(0)), (Some(2), Some(FROM_THE_BEGINNING), Some(7)));
    assert!(known.versions().is_empty() && known.matches().is_empty());
}

#[test]
fn a_corrected_item_has_versions_and_its_applications_follow_them() {
    // Dated 3 at first, corrected on 20 to 8: the receipt of 5 is visible on 6 at first, and on 8 since.
    let (_, known) = ledger(
        "I1 invoice A 3 33 100 USD 4 20
         I1 invoice A 8 38 100 USD 20
         R1 receipt A 5 -  100 USD 5",
        "P1 R1 I1 6 100 6",
    );
    assert_eq!(known.item_from(0), None, "its versions say");
    let versions: Vec<(Day, Day, Day)> =
        known.versions_of(0).iter().map(|(_, version)| (version.fact.document_date, version.from, version.until)).collect();
    assert_eq!(versions, [(3, 4, 20), (8, 20, TO_THIS_DAY)]);
    assert_eq!(known.application_from(0), None);
    assert_eq!(matches(&known, 0), [(1, 100, 6, 6, 20), (1, 100, 8, 20, TO_THIS_DAY)]);
}

#[test]
fn a_correction_that_changes_nothing_of_a_match_does_not_interrupt_it() {
    let (_, known) = ledger(
        "I1 invoice A 1 31 100 USD 2 9
         I1 invoice A 1 45 100 USD 9
         R1 receipt A 5 -  100 USD 5",
        "P1 R1 I1 6 100 6 12
         P1 R1 I1 6 100 12",
    );
    assert_eq!(matches(&known, 0), [(1, 100, 6, 6, TO_THIS_DAY)]);
}

#[test]
fn an_application_to_a_deleted_item_counted_until_it_was_deleted() {
    // The book leaves the application out: its invoice is gone, and so it is known again that the receipt is open.
    let (book, known) = ledger(
        "I1 invoice A 1 31 100 USD 2 40
         R1 receipt A 5 -  100 USD 5",
        "P1 R1 I1 6 100 6",
    );
    assert_eq!((book.items.len(), book.applications.len()), (1, 0));
    assert_eq!(known.versions_of(1).len(), 1, "it has the number after the book's");
    assert_eq!(matches(&known, 1), [(0, 100, 6, 6, 40)]);
}

#[test]
fn an_item_that_comes_back_has_no_applications_while_it_is_gone() {
    let (_, known) = ledger(
        "I1 invoice A 1 31 100 USD 2 20
         I1 invoice A 1 31 100 USD 30
         R1 receipt A 5 -  100 USD 5",
        "P1 R1 I1 6 100 6",
    );
    assert_eq!(matches(&known, 0), [(1, 100, 6, 6, 20), (1, 100, 6, 30, TO_THIS_DAY)]);
}

#[test]
fn what_was_over_applied_by_what_was_known_then_counts_from_the_correction_on() {
    // 60 and 60 of an invoice that was 100 until day 50, and is 200 since: P2, visible later, waited for the correction.
    let (_, known) = ledger(
        "I1 invoice A 1 31 100 USD 2 50
         I1 invoice A 1 31 200 USD 50
         R1 receipt A 5 -  60 USD 5
         R2 receipt A 9 -  60 USD 9",
        "P1 R1 I1 5 60 5
         P2 R2 I1 9 60 9",
    );
    assert_eq!(matches(&known, 0), [(1, 60, 5, 5, TO_THIS_DAY), (2, 60, 9, 50, TO_THIS_DAY)]);
}

#[test]
fn what_is_over_applied_now_counted_while_it_was_not() {
    // P2 was all there was until P1, visible earlier, came late and took its place.
    let (book, known) = ledger(
        "I1 invoice A 1 31 100 USD 2
         R1 receipt A 5 -  70 USD 5
         R2 receipt A 9 -  70 USD 9",
        "P1 R1 I1 5 70 30
         P2 R2 I1 9 70 9",
    );
    assert_eq!(book.applications.len(), 1, "law 5 leaves P2 out now");
    assert_eq!(matches(&known, 0), [(1, 70, 5, 30, TO_THIS_DAY), (2, 70, 9, 9, 30)]);
}

#[test]
fn an_un_application_that_is_recorded_before_its_application_waits_for_it() {
    let (book, known) = ledger(
        "I1 invoice A 1 31 100 USD 2
         R1 receipt A 5 -  100 USD 5",
        "P1 R1 I1 6 100 20
         P2 R1 I1 9 -100 12",
    );
    assert_eq!(book.applications.len(), 2, "now both are known and hold");
    assert_eq!(matches(&known, 0), [(1, 100, 6, 20, TO_THIS_DAY), (1, -100, 9, 20, TO_THIS_DAY)]);
}

#[test]
fn while_an_un_application_is_deleted_what_was_applied_again_waits() {
    // P3 takes the place of P1, which P2 takes back; from 30 until 60 nobody knows of P2.
    let (book, known) = ledger(
        "I1 invoice A 1 31 100 USD 2
         R1 receipt A 5 -  200 USD 5",
        "P1 R1 I1 6 100 6
         P2 R1 I1 9 -100 9 30
         P2 R1 I1 9 -100 60
         P3 R1 I1 12 100 12",
    );
    assert_eq!(book.applications.len(), 3);
    let mut found: Vec<(i64, Day, Day)> = matches(&known, 0).into_iter().map(|(_, amount, _, from, until)| (amount, from, until)).collect();
    found.sort_unstable();
    assert_eq!(found, [(-100, 9, 30), (-100, 60, TO_THIS_DAY), (100, 6, TO_THIS_DAY), (100, 12, 30), (100, 60, TO_THIS_DAY)]);
}

#[test]
fn law_5_is_judged_over_all_items_that_were_linked() {
    // Until day 40 the receipt was 100 only. Of its two applications the second was left out, which left room on I2 for R2's.
    let (_, known) = ledger(
        "R1 receipt A 5 -  100 USD 5 40
         R1 receipt A 5 -  200 USD 40
         I1 invoice A 1 31 100 USD 2
         I2 invoice A 1 31 100 USD 2
         R2 receipt A 9 -  50 USD 9",
        "P1 R1 I1 5 100 5
         P2 R1 I2 6 100 6
         P3 R2 I2 9 50 9",
    );
    assert_eq!(matches(&known, 1), [(0, 100, 5, 5, TO_THIS_DAY)]);
    assert_eq!(matches(&known, 2), [(0, 100, 6, 40, TO_THIS_DAY), (3, 50, 9, 9, 40)]);
}

#[test]
fn an_application_between_currencies_follows_corrections_of_the_currency() {
    // The receipt was in USD at first, as the invoice: 30 of it; then in EUR: 20.
    let (_, known) = ledger(
        "I1 invoice A 1 31 30 USD 2
         R1 receipt A 5 -  30 USD 5 10
         R1 receipt A 5 -  20 EUR 10",
        "P1 R1 I1 6 30 6 - 20",
    );
    let credit_amounts: Vec<(i64, Day)> =
        known.matches_of_debit(0).iter().map(|known| (known.fact.credit_amount / 10_000, known.from)).collect();
    assert_eq!(credit_amounts, [(30, 6), (20, 10)]);
}

#[test]
fn a_rate_is_what_was_known_of_its_date() {
    use super::{Known, KnownRates};
    let (book, _) = ledger("I1 invoice A 1 31 30 EUR 2", "");
    let mut rates = KnownRates::always(&book, &[(1, 10, 11_000_000_000)]);
    let eur = 1;
    assert_eq!((rates.on(0, 5, 5), rates.on(eur, 9, 50), rates.on(eur, 10, 50)), (Some(10_000_000_000), None, Some(11_000_000_000)));
    // The rate of 20 came on 22 and was corrected on 30.
    rates.push(eur, 20, Known { fact: 12_000_000_000, from: 22, until: 30 });
    rates.push(eur, 20, Known { fact: 13_000_000_000, from: 30, until: TO_THIS_DAY });
    let of_25: Vec<(i64, Day, Day)> =
        rates.stretches(eur, 25, 1, TO_THIS_DAY).iter().map(|rate| (rate.fact / 1_000_000_000, rate.from, rate.until)).collect();
    assert_eq!(of_25, [(12, 1, 30), (13, 30, TO_THIS_DAY)], "an item of 25 never had the rate of 10");
    let of_20: Vec<(i64, Day, Day)> =
        rates.stretches(eur, 20, 1, 40).iter().map(|rate| (rate.fact / 1_000_000_000, rate.from, rate.until)).collect();
    assert_eq!(of_20, [(11, 1, 22), (12, 22, 30), (13, 30, 40)]);
    assert_eq!(rates.value_on(eur, 20, 25, 10_000), 12_000);
    assert!(rates.stretches(eur, 5, 1, TO_THIS_DAY).is_empty(), "no rate, no item");
}
