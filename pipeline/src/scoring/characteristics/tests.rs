use super::*;
use crate::forecast::snapshot::Companies;
use crate::ingest::load::knowledge::by_hand::ledger;
use crate::ledger::calendar::Day;
use crate::scoring::defaults::Families;
use crate::scoring::facts::Facts;

/// The row of the first customer of a small ledger at the end of a day.
fn row(documents: &str, applications: &str, day: Day) -> Option<CustomerRow> {
    let (book, knowledge) = ledger(documents, applications);
    let facts = Facts::new(&book, &knowledge, 0, false);
    let companies = Companies::of(&book);
    let families = Families::new(&facts, &companies, day);
    let snapshot = RiskSnapshot::new(&Sources::new(&facts, &book), &companies, &families, day, 75.0);
    snapshot.row_of(0).copied()
}

/// A value, to six digits; `None` where it is missing.
fn value(row: &CustomerRow, name: &str) -> Option<f64> {
    let value = row.values[position(name).unwrap_or_else(|| panic!("{name} is declared"))];
    (!value.is_nan()).then(|| (f64::from(value) * 1e6).round() / 1e6)
}

const DOCUMENTS: &str = "I1 invoice A 270 300 100 USD -
                         I2 invoice A 320 350 200 USD -
                         I3 invoice A 380 410 100 USD -
                         R1 receipt A 310 - 100 USD -";
const PAID: &str = "P1 R1 I1 310 100 -";

#[test]
fn what_is_open_and_what_was_paid_are_read_as_worked_by_hand() {
    let row = row(DOCUMENTS, PAID, 400).expect("it owes something");
    // Open: I2 with 200, 50 days past due, and I3 with 100, not due.
    assert_eq!((row.account.open, row.account.overdue, row.account.sales), (3_000_000.0, 2_000_000.0, 4_000_000.0));
    assert_eq!(value(&row, "worst_days_past_due"), Some(50.0));
    assert_eq!(value(&row, "share_over_30_days"), Some(0.666667));
    // I1 was paid 10 days late, I2 is past due: two of two.
    assert_eq!(value(&row, "late_rate"), Some(1.0));
    assert_eq!(value(&row, "worst_of_12_months"), Some(50.0));
    // The payment is 90 days old, so it is of the time before: 50 days of the overdue item less 10.
    assert_eq!(value(&row, "days_late_trend"), Some(40.0));
    // 300 of 400 sold in a year; 300 of them in 90 days, 100 in the 275 before: 9.17 times as much a day, held to 5.
    assert_eq!(value(&row, "exposure_to_sales"), Some(0.75));
    assert_eq!(value(&row, "sales_trend"), Some(5.0));
    assert_eq!((value(&row, "tenure"), value(&row, "paid_invoices")), (Some(130.0), Some(1.0)));
    assert_eq!(
        (value(&row, "short_pay_rate"), value(&row, "returned_payments"), value(&row, "credit_note_ratio")),
        (Some(0.0), Some(0.0), Some(0.0))
    );
    // One payment day makes no gap; nothing is known of limits, promises, disputes, discounts, nor of other customers of the parent.
    for name in ["silence", "utilisation", "broken_promises", "disputed_share", "discount_use", "family_overdue_share"] {
        assert_eq!(value(&row, name), None, "{name}");
    }
}

#[test]
fn a_day_before_the_payment_knows_nothing_of_it() {
    let row = row(DOCUMENTS, PAID, 305).expect("it owes something");
    assert_eq!((value(&row, "worst_days_past_due"), value(&row, "paid_invoices")), (Some(5.0), Some(0.0)));
    assert_eq!((value(&row, "late_rate"), value(&row, "short_pay_rate")), (Some(1.0), None));
    assert_eq!(row.account.sales, 1_000_000.0);
}

#[test]
fn a_few_cents_left_open_are_no_lateness_worth_mentioning() {
    // 0.9 % of I1 has been open for 95 days; I2 is 5 days past due.
    let documents = "I1 invoice A 270 300 1000 USD -
                     I2 invoice A 380 390 1000 USD -
                     R1 receipt A 300 - 991 USD -";
    let row = row(documents, "P1 R1 I1 300 991 -", 395).expect("it owes something");
    assert_eq!(value(&row, "worst_days_past_due"), Some(5.0));
    assert_eq!(value(&row, "worst_of_12_months"), Some(5.0));
    // But what was paid first left less than 1 %: not short.
    assert_eq!(value(&row, "short_pay_rate"), Some(0.0));
}

#[test]
fn silence_is_counted_in_usual_gaps_and_returned_payments_and_credit_notes_in_a_year() {
    // Paid on 100, 130 and 160: a gap of 30 days. On 250 the last is 90 days ago: three gaps.
    let documents = "I1 invoice A 90 100 100 USD -
                     I2 invoice A 120 130 100 USD -
                     I3 invoice A 150 160 100 USD -
                     R1 receipt A 100 - 100 USD -
                     R2 receipt A 130 - 100 USD -
                     R3 receipt A 160 - 100 USD -
                     C1 credit_note A 200 - 30 USD -
                     V1 receipt_reversal A 210 - 5 USD -";
    let applied = "P1 R1 I1 100 100 -
                   P2 R2 I2 130 100 -
                   P3 R3 I3 160 100 -";
    let row = row(documents, applied, 250).expect("it bought something in the year");
    assert_eq!(value(&row, "silence"), Some(3.0));
    assert_eq!((value(&row, "returned_payments"), value(&row, "credit_note_ratio")), (Some(1.0), Some(0.1)));
    assert_eq!((value(&row, "share_over_30_days"), value(&row, "worst_days_past_due")), (None, Some(0.0)));
    assert!(!row.is_unknown());
}

#[test]
fn without_exposure_and_sales_of_a_year_a_customer_is_not_looked_at() {
    let documents = "I1 invoice A 10 40 100 USD -
                     R1 receipt A 40 - 100 USD -";
    assert!(row(documents, "P1 R1 I1 40 100 -", 370).is_some());
    assert!(row(documents, "P1 R1 I1 40 100 -", 375).is_none());
    // Nothing settled and nothing past due: there is nothing to judge it by.
    assert!(row("I1 invoice A 10 40 100 USD -", "", 30).is_some_and(|row| row.is_unknown()));
}

#[test]
fn names_are_told_apart_and_say_their_direction() {
    let mut names: Vec<&str> = CHARACTERISTICS.iter().map(|of| of.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), COUNT);
    assert_eq!(
        (Unit::Share.text(0.256), Unit::Days.text(12.4), Unit::Ratio.text(f32::NAN)),
        ("26 %".into(), "12".into(), "not known".into())
    );
}
