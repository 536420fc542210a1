use super::*;
use crate::ingest::load::knowledge::by_hand::ledger;

/// The defaults of the first customer of a small ledger: day, cause or technical reason, whole units, the day it was cured.
fn defaults(documents: &str, applications: &str, end: Day) -> Vec<(Day, &'static str, i64, Option<Day>)> {
    let (book, knowledge) = ledger(documents, applications);
    let facts = Facts::new(&book, &knowledge, 0, false);
    let defaults = Defaults::new(&facts, &Rule::default(), end);
    let of_first = defaults.all().iter().filter(|event| event.customer == 0);
    of_first
        .map(|event| {
            let word = event.technical.map_or(event.cause.word(), Technical::word);
            (event.event_date, word, event.amount / 10_000, event.cured_date)
        })
        .collect()
}

#[test]
fn ninety_days_past_due_is_the_first_day_that_counts() {
    // Due on 40: on 129 it is 89 days past due, on 130 it is 90.
    let documents = "I1 invoice A 10 40 100 USD -";
    assert_eq!(defaults(documents, "", 129), []);
    assert_eq!(defaults(documents, "", 130), [(130, "days_past_due", 100, None)]);
}

#[test]
fn below_the_threshold_nothing_happens_until_enough_has_come_together() {
    // 60 reach 90 days past due on 130, and 60 more on 140: 120 ≥ 100.
    let documents = "I1 invoice A 10 40 60 USD -
                     I2 invoice A 10 50 60 USD -";
    assert_eq!(defaults(documents, "", 200), [(140, "days_past_due", 120, None)]);
    // One per cent of an exposure of 30,000 is 300: 120 are too few, until on 150 the large invoice is paid.
    let documents = "I1 invoice A 10 40 60 USD -
                     I2 invoice A 10 50 60 USD -
                     I3 invoice A 20 200 30000 USD -
                     R1 receipt A 150 - 30000 USD -";
    assert_eq!(defaults(documents, "P1 R1 I3 150 30000 -", 200), [(150, "days_past_due", 120, None)]);
}

#[test]
fn an_amount_in_another_currency_counts_at_the_rate_of_its_document() {
    // 80 EUR of day 10 are 120 USD, though they would be 160 at the rate of the day.
    assert_eq!(defaults("I1 invoice A 10 40 80 EUR -", "", 200), [(130, "days_past_due", 120, None)]);
    assert_eq!(defaults("I1 invoice A 10 40 66 EUR -", "", 200), []);
}

#[test]
fn ninety_clean_days_with_a_payment_cure_and_silence_does_not() {
    let documents = "I1 invoice A 10 40 100 USD -
                     I2 invoice A 150 180 500 USD -
                     R1 receipt A 160 - 100 USD -
                     R2 receipt A 170 - 500 USD -";
    // Clean from 160 on, with a payment on 160 itself: over on 250.
    let paid = "P1 R1 I1 160 100 -
                P2 R2 I2 170 500 -";
    assert_eq!(defaults(documents, paid, 249), [(130, "days_past_due", 100, None)]);
    assert_eq!(defaults(documents, paid, 250), [(130, "days_past_due", 100, Some(250))]);
    // A credit note clears the account, and nobody ever pays: no cure.
    let documents = "I1 invoice A 10 40 200 USD -
                     R1 receipt A 50 - 80 USD -
                     C1 credit_note A 160 - 120 USD -";
    let cleared = "P1 R1 I1 50 80 -
                   P2 C1 I1 160 120 -";
    assert_eq!(defaults(documents, cleared, 900), [(130, "days_past_due", 120, None)]);
}

#[test]
fn a_cure_waits_for_the_payment_and_begins_anew_when_another_item_is_as_late() {
    // The write-off of day 200 is a default; the first payment after it comes on 400, later than the 90 days.
    let documents = "I1 invoice A 10 120 300 USD -
                     W1 write_off A 200 - 300 USD -
                     I2 invoice A 380 400 50 USD -
                     R1 receipt A 400 - 50 USD -";
    let applied = "P1 W1 I1 200 300 -
                   P2 R1 I2 400 50 -";
    assert_eq!(defaults(documents, applied, 900), [(200, "write_off", 300, Some(400))]);
    // Paid on 160, but I2 is 90 days past due on 200 and is paid on 210: clean from 210 on.
    let documents = "I1 invoice A 10 40 100 USD -
                     I2 invoice A 80 110 300 USD -
                     R1 receipt A 160 - 100 USD -
                     R2 receipt A 210 - 300 USD -";
    let applied = "P1 R1 I1 160 100 -
                   P2 R2 I2 210 300 -";
    assert_eq!(defaults(documents, applied, 900), [(130, "days_past_due", 100, Some(300))]);
}

#[test]
fn after_a_cure_the_next_default_is_another_one() {
    let documents = "I1 invoice A 10 40 100 USD -
                     R1 receipt A 160 - 100 USD -
                     I2 invoice A 300 310 700 USD -";
    assert_eq!(defaults(documents, "P1 R1 I1 160 100 -", 500), [(130, "days_past_due", 100, Some(250)), (400, "days_past_due", 700, None)]);
}

#[test]
fn a_write_off_below_the_threshold_is_none_and_one_above_counts_with_what_was_open() {
    // 3 % of 5,000 is above 1 %, but below 100.
    let documents = "I1 invoice A 10 40 5000 USD -
                     W1 write_off A 50 - 99 USD -
                     R1 receipt A 60 - 4901 USD -";
    let applied = "P1 W1 I1 50 99 -
                   P2 R1 I1 60 4901 -";
    assert_eq!(defaults(documents, applied, 500), []);
    let documents = "I1 invoice A 10 40 5000 USD -
                     W1 write_off A 50 - 100 USD -
                     R1 receipt A 60 - 4900 USD -";
    let applied = "P1 W1 I1 50 100 -
                   P2 R1 I1 60 4900 -";
    // Clean from 51 on, paid on 60: over on 141.
    assert_eq!(defaults(documents, applied, 500), [(50, "write_off", 100, Some(141))]);
}

#[test]
fn what_is_reversed_or_covered_by_credits_is_listed_as_technical() {
    // The credit note of day 180 reverses the whole invoice.
    let documents = "I1 invoice A 10 40 100 USD -
                     C1 credit_note A 180 - 100 USD -";
    assert_eq!(defaults(documents, "P1 C1 I1 180 100 -", 500), [(130, "invoice_reversed", 100, None)]);
    // Before it, nobody knew.
    assert_eq!(defaults(documents, "P1 C1 I1 180 100 -", 179), [(130, "days_past_due", 100, None)]);
    // An unapplied receipt of 30 leaves 170 of 200, one of 120 leaves 80: below the threshold.
    let documents = "I1 invoice A 10 40 200 USD -
                     R1 receipt A 60 - 120 USD -";
    assert_eq!(defaults(documents, "", 500), [(130, "unapplied_credits", 200, None)]);
    let documents = "I1 invoice A 10 40 200 USD -
                     R1 receipt A 60 - 30 USD -";
    assert_eq!(defaults(documents, "", 500), [(130, "days_past_due", 170, None)]);
}

#[test]
fn what_was_recorded_late_is_a_default_on_the_day_and_none_in_hindsight() {
    // Paid on 60, but entered on 150 only.
    let (book, knowledge) = ledger(
        "I1 invoice A 10 40 200 USD -
         R1 receipt A 60 - 200 USD -",
        "P1 R1 I1 60 200 150",
    );
    let events = |knowledge: &crate::ingest::load::knowledge::Knowledge| {
        let facts = Facts::new(&book, knowledge, 0, false);
        Defaults::new(&facts, &Rule::default(), 500).all().iter().map(|event| (event.event_date, event.technical)).collect::<Vec<_>>()
    };
    // The receipt itself is known: it covers the amount though nobody has applied it.
    assert_eq!(events(&knowledge), [(130, Some(Technical::UnappliedCredits))]);
    assert_eq!(events(&knowledge.in_hindsight()), []);
}

#[test]
fn the_threshold_is_the_larger_of_an_amount_and_a_share_rounded_up() {
    let rule = Rule::default();
    assert_eq!(rule.threshold(0), 1_000_000);
    assert_eq!(rule.threshold(100_000_000), 1_000_000);
    assert_eq!(rule.threshold(100_000_001), 1_000_001);
    assert_eq!(rule.threshold(-5), 1_000_000);
}

/// How the default that the first customer is in stands at the end of a day: still counted, clean since, paid since, earliest end.
fn cure(documents: &str, applications: &str, day: Day) -> (i64, Option<Day>, bool, Day) {
    let (book, knowledge) = ledger(documents, applications);
    let facts = Facts::new(&book, &knowledge, 0, false);
    let rule = Rule::default();
    let defaults = Defaults::new(&facts, &rule, day);
    let cure = Cure::of(&facts, defaults.current(0, day).expect("it is in default"), &rule, day);
    (cure.counted / 10_000, cure.clean_from, cure.has_paid, cure.earliest(&rule, day))
}

#[test]
fn the_earliest_end_of_a_default_is_the_day_it_is_cured_on() {
    // In default from 130 on. While nothing is paid the clean days can begin tomorrow at the earliest: 151 + 90.
    let documents = "I1 invoice A 10 40 100 USD -
                     R1 receipt A 160 - 100 USD -";
    let paid = "P1 R1 I1 160 100 -";
    assert_eq!(cure(documents, paid, 150), (100, None, false, 241));
    // Paid on 160: the clean days begin then, with that payment among them, and end the default on 250.
    assert_eq!(cure(documents, paid, 170), (0, Some(160), true, 250));
    assert_eq!(cure(documents, paid, 249), (0, Some(160), true, 250));
    assert_eq!(defaults(documents, paid, 260), [(130, "days_past_due", 100, Some(250))]);
    // Credited instead: clean, and without a payment for ever; once the 90 days are over, the next payment ends it.
    let documents = "I1 invoice A 10 40 200 USD -
                     R1 receipt A 50 - 80 USD -
                     C1 credit_note A 160 - 120 USD -";
    let cleared = "P1 R1 I1 50 80 -
                   P2 C1 I1 160 120 -";
    assert_eq!(cure(documents, cleared, 170), (0, Some(160), false, 250));
    assert_eq!(cure(documents, cleared, 300), (0, Some(160), false, 301));
}
