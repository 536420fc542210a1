//! Shapes that are split: postings, and items with what cleared them. What is open at every date is worked out by hand, or is that
//! of the same ledger in canonical tables.

use arrears::config::{Config, Overrides};
use arrears::ingest::known::{KnownAsOf, LedgerView};
use arrears::ingest::load::due_dates::DueDateRules;
use arrears::ingest::load::{LoadOptions, document_ids, load};
use arrears::ingest::{IngestOptions, LedgerIndex, Silent, ingest};
use arrears::ledger::calendar::{Day, date_of, day_of};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const DAY: i64 = 86_400_000_000;

fn day(text: &str) -> Day {
    day_of(text.parse().expect("a date of the test"))
}

/// A folder with files, a configuration and a ledger.
struct World {
    folder: tempfile::TempDir,
}

/// What a view of the ledger says.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// `document/item open`, in cents, credits below zero; nothing for what is settled.
    open: Vec<String>,
    /// `table reason`.
    left_out: Vec<String>,
}

impl World {
    fn new(source: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("arrears.toml"), format!("base_currency = \"EUR\"\n[[source]]\nname = \"it\"\n{source}\n"))
            .expect("writes");
        World { folder }
    }

    fn postings(more: &str) -> Self {
        World::new(&format!("path = \"in/*.csv\"\nshape = \"transactions\"\n{more}"))
    }

    fn items(more: &str) -> Self {
        World::new(&format!("path = \"in/*.csv\"\nshape = \"open_and_cleared\"\nnegative_amount = \"counterpart\"\n{more}"))
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.folder.path().join("in").join(name);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("creates");
        std::fs::write(path, text).expect("writes");
        self
    }

    fn config(&self) -> Config {
        Config::load_with(&self.folder.path().join("arrears.toml"), &Overrides::default(), &|_| None)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ingests what is new, delivered at the end of a day, and asserts law 4 of every file.
    fn ingest(&self, delivered: &str) -> LedgerIndex {
        let options = IngestOptions { delivered_at: i64::from(day(delivered)) * DAY };
        let pending = ingest(&self.config(), &options, &Silent).unwrap_or_else(|error| panic!("{error}"));
        let index = pending.index.clone();
        pending.commit().expect("commits");
        for file in &index.files {
            assert!(file.tables.values().all(|counts| counts.balances()), "law 4: {file:?}");
        }
        index
    }

    /// What is open at the end of a day, as everything now known has it, or what was known at the end of another.
    fn seen(&self, at: &str, known: Option<&str>) -> Seen {
        self.seen_on(day(at), known.map(day))
    }

    fn seen_on(&self, at: Day, known: Option<Day>) -> Seen {
        let out = self.folder.path().join("out");
        let index = LedgerIndex::read(&out).expect("reads").expect("there is a ledger");
        let known = known.map(KnownAsOf::end_of);
        let view = LedgerView::new(&out, &index, known).expect("reads");
        let options = LoadOptions {
            base_currency: "EUR".to_owned(),
            as_of: at,
            known_as_of: known.map(KnownAsOf::microseconds),
            due_dates: DueDateRules::default(),
        };
        let loaded = load(&view.files, &options).expect("loads");
        let ids = document_ids(&view.files, &loaded.item_rows.iter().copied().collect()).expect("reads");
        let mut open: BTreeMap<(String, i64), i64> = BTreeMap::new();
        for (number, (item, row)) in (0_u32..).zip(loaded.book.items.iter().zip(&loaded.item_rows)) {
            if item.document_date > at {
                continue;
            }
            let of_item = loaded.book.applications_of(number).filter(|application| application.visible_date <= at);
            let left = item.amount - of_item.map(|application| application.part_of(item)).sum::<i64>();
            assert!((0..=item.amount).contains(&left), "law 5: {:?}", ids[row]);
            assert_eq!(left % 100, 0, "whole cents");
            if left != 0 {
                let signed = if item.document_type.is_debit() { left } else { -left };
                assert_eq!(open.insert(ids[row].clone(), signed / 100), None);
            }
        }
        Seen {
            open: open
                .into_iter()
                .map(|((id, item), cents)| if item == 1 { format!("{id} {cents}") } else { format!("{id}/{item} {cents}") })
                .collect(),
            left_out: loaded.left_out.iter().map(|row| format!("{} {}", row.table, row.reason)).collect(),
        }
    }

    #[track_caller]
    fn expect(&self, at: &str, open: &[&str]) {
        assert_eq!(self.seen(at, None), Seen { open: texts(open), left_out: vec![] }, "at {at}");
    }

    #[track_caller]
    fn expect_known(&self, at: &str, known: &str, open: &[&str]) {
        assert_eq!(self.seen(at, Some(known)).open, texts(open), "at {at}, known at {known}");
    }
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// What became of the rows of a file: read, accepted, repaired, unchanged, quarantined, and the reasons.
fn counts(index: &LedgerIndex, file: &str) -> (u64, u64, u64, u64, u64, Vec<String>) {
    let record = index.files.iter().find(|record| record.file.ends_with(file)).unwrap_or_else(|| panic!("{file} was read"));
    let counts = record.tables.values().next().expect("it is accounted for");
    let reasons = counts.reasons.iter().map(|(reason, rows)| format!("{reason} {rows}")).collect();
    (counts.read, counts.accepted, counts.repaired, counts.unchanged, counts.quarantined, reasons)
}

// --- postings ------------------------------------------------------------------------------------------------------------------------

const POSTINGS: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency,applies_to,credit_document_id,\
                        applied_amount,applied_date\n";

#[test]
fn postings_become_documents_and_what_they_settle() {
    let world = World::postings("");
    let rows = "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,,,,\n\
                I2,invoice,C,2025-01-02,2025-02-01,50.00,EUR,,,,\n\
                D1,debit_note,C,2025-01-05,,10.00,EUR,I1,,,\n\
                P1,receipt,C,2025-02-03,,60.00,EUR,I1,,,\n\
                P2,receipt,C,2025-02-10,,80.00,EUR,I2,,50.00,2025-02-12\n\
                A1,application,C,2025-02-20,,30.00,EUR,I1,P2,,\n\
                W1,write_off,C,2025-03-01,,10.00,EUR,I1,,,\n\
                W2,reinstatement,C,2025-03-15,2025-03-31,10.00,EUR,,,,\n\
                A2,application,C,2025-03-20,,-20.00,EUR,I1,P2,,\n";
    let index = world.write("p.csv", &format!("{POSTINGS}{rows}")).ingest("2025-04-01");
    assert_eq!(counts(&index, "p.csv"), (9, 9, 0, 0, 0, vec![]));
    // A debit note for an invoice is an item of its own.
    world.expect("2025-02-02", &["D1 1000", "I1 10000", "I2 5000"]);
    // 60 of 100 are paid.
    world.expect("2025-02-03", &["D1 1000", "I1 4000", "I2 5000"]);
    // 80 have come, and are set against nothing before the 12th; then 50 of them are.
    world.expect("2025-02-11", &["D1 1000", "I1 4000", "I2 5000", "P2 -8000"]);
    world.expect("2025-02-12", &["D1 1000", "I1 4000", "P2 -3000"]);
    // The journal matches the other 30, the write-off takes the last 10.
    world.expect("2025-02-20", &["D1 1000", "I1 1000"]);
    world.expect("2025-03-01", &["D1 1000"]);
    // A reinstatement is an item of its own, and 20 of the journal are taken back.
    world.expect("2025-03-20", &["D1 1000", "I1 2000", "P2 -2000", "W2 1000"]);
}

#[test]
fn a_returned_payment_opens_its_invoice_again_with_the_old_due_date() {
    let world = World::postings("");
    let rows = "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,,,,\n\
                P1,receipt,C,2025-02-03,,100.00,EUR,I1,,,\n\
                X1,receipt_reversal,C,2025-02-10,,100.00,EUR,I1,P1,,\n\
                P2,receipt,C,2025-02-15,,40.00,EUR,,,,\n\
                X2,refund,C,2025-02-20,,40.00,EUR,,P2,,\n\
                P3,receipt,C,2025-02-21,,30.00,EUR,I1,,,\n\
                X3,receipt_reversal,C,2025-02-25,,30.00,EUR,,,,\n";
    world.write("p.csv", &format!("{POSTINGS}{rows}")).ingest("2025-04-01");
    world.expect("2025-02-03", &[]);
    // Neither the receipt nor its reversal has anything left.
    world.expect("2025-02-10", &["I1 10000"]);
    world.expect("2025-02-15", &["I1 10000", "P2 -4000"]);
    world.expect("2025-02-20", &["I1 10000"]);
    // A reversal that names nothing is a document, and no more: the balance is right, the invoice says what its payment said.
    world.expect("2025-02-25", &["I1 7000", "X3 3000"]);
}

#[test]
fn a_sign_is_held_against_the_type_where_the_source_says_so() {
    let rows = "I1,invoice,C,2025-01-01,,100.00,EUR,,,,\n\
                P1,receipt,C,2025-02-03,,-60.00,EUR,I1,,-50.00,\n\
                P2,receipt,C,2025-02-04,,10.00,EUR,I1,,,\n\
                I2,invoice,C,2025-02-05,,-5.00,EUR,,,,\n\
                A1,application,C,2025-02-06,,5.00,EUR,I1,P1,,\n";
    let text = format!("{POSTINGS}{rows}");
    let by_type = World::postings("negative_amount = \"by_type\"");
    let index = by_type.write("p.csv", &text).ingest("2025-04-01");
    assert_eq!(counts(&index, "p.csv"), (5, 3, 0, 0, 2, texts(&["sign_contradicts_type 2"])));
    by_type.expect("2025-02-06", &["I1 4500", "P1 -500"]);
    // The other side's word: a receipt above zero was returned, an invoice below zero is a credit note.
    let counterpart = World::postings("negative_amount = \"counterpart\"");
    let index = counterpart.write("p.csv", &text).ingest("2025-04-01");
    assert_eq!(counts(&index, "p.csv"), (5, 5, 0, 0, 0, vec![]));
    counterpart.expect("2025-02-06", &["I1 4500", "I2 -500", "P1 -500", "P2 1000"]);
    // The sign is noise only where the source says that.
    let absolute = World::postings("negative_amount = \"absolute\"");
    let index = absolute.write("p.csv", &text.replace("-50.00,", "50.00,")).ingest("2025-04-01");
    assert_eq!(counts(&index, "p.csv"), (5, 3, 2, 0, 0, vec![]));
    absolute.expect("2025-02-06", &["I1 3500", "I2 500", "P1 -500"]);
    let plain = World::postings("");
    let index = plain.write("p.csv", &text).ingest("2025-04-01");
    assert_eq!(counts(&index, "p.csv"), (5, 3, 0, 0, 2, texts(&["negative_amount 2"])));
}

#[test]
fn what_a_posting_cannot_mean_is_quarantined() {
    let world = World::postings("");
    let rows = "A1,application,C,2025-02-06,,5.00,EUR,I1,,,\n\
                A2,application,C,2025-02-06,,5.00,EUR,,P1,,\n\
                A3,application,C,2025-02-06,,5.00,EUR,I1,P1,4.00,\n\
                P1,receipt,C,2025-02-06,,5.00,EUR,,,4.00,\n\
                P2,receipt,C,2025-02-06,,5.00,EUR,I1,,-4.00,\n\
                P3,payment,C,2025-02-06,,5.00,EUR,I1,,,\n\
                P4,receipt,C,2025-02-06,,5.00,EUR,I1,,5.00,\n";
    let index = world.write("p.csv", &format!("{POSTINGS}{rows}")).ingest("2025-04-01");
    let reasons =
        ["applied_amount_differs 1", "applied_amount_without_reference 1", "missing_value 2", "negative_amount 1", "unknown_word 1"];
    assert_eq!(counts(&index, "p.csv"), (7, 1, 0, 0, 6, texts(&reasons)));
    // The invoice has not come yet: the receipt is there, what it settles waits.
    let seen = world.seen("2025-02-06", None);
    assert_eq!(seen, Seen { open: texts(&["P4 -500"]), left_out: texts(&["applications unknown_document"]) });
    world.write("q.csv", &format!("{POSTINGS}I1,invoice,C,2025-01-01,,9.00,EUR,,,,\n")).ingest("2025-04-02");
    world.expect("2025-02-06", &["I1 400"]);
}

#[test]
fn a_posting_is_accounted_for_once_whatever_part_of_it_is_new() {
    let world = World::postings("");
    let first =
        "I1,invoice,C,2025-01-01,,100.00,EUR,,,,\nP1,receipt,C,2025-02-03,,60.00,EUR,,,,\nA1,application,C,2025-02-06,,5.00,EUR,I1,P1,,\n";
    world.write("a.csv", &format!("{POSTINGS}{first}")).ingest("2025-03-01");
    world.expect("2025-02-10", &["I1 9500", "P1 -5500"]);
    // The receipt now says what it settles; the journal has another amount; the invoice says nothing new.
    let second = "I1,invoice,C,2025-01-01,,100.00,EUR,,,,\nP1,receipt,C,2025-02-03,,60.00,EUR,I1,,20.00,\n\
                  A1,application,C,2025-02-06,,6.00,EUR,I1,P1,,\nA9,application,C,2025-02-06,,1.00,EUR,I1,P1,,\n\
                  A9,application,C,2025-02-06,,2.00,EUR,I1,P1,,\n";
    let index = world.write("b.csv", &format!("{POSTINGS}{second}")).ingest("2025-03-02");
    assert_eq!(counts(&index, "b.csv"), (5, 2, 0, 1, 2, texts(&["duplicate_key 2"])));
    world.expect("2025-02-10", &["I1 7400", "P1 -3400"]);
    world.expect_known("2025-02-10", "2025-03-01", &["I1 9500", "P1 -5500"]);
    // It was an error: the receipt settles nothing. Nothing else is new.
    let index =
        world.write("c.csv", &format!("{POSTINGS}{}", second.replace("I1,,20.00", ",,").replace("A9,", "B9,"))).ingest("2025-03-03");
    assert_eq!(counts(&index, "c.csv"), (5, 1, 0, 2, 2, texts(&["duplicate_key 2"])));
    world.expect("2025-02-10", &["I1 9400", "P1 -5400"]);
    world.expect_known("2025-02-10", "2025-03-02", &["I1 7400", "P1 -3400"]);
}

#[test]
fn a_credit_may_stand_in_one_row_for_each_document_it_settles() {
    let invoices = "I1,invoice,C,2025-01-01,,60.00,EUR,,,,\nI2,invoice,C,2025-01-02,,30.00,EUR,I2,,,\n";
    let repeated = World::postings("credit_rows = \"repeated\"");
    let rows = "P1,receipt,C,2025-02-03,,100.00,EUR,I1,,60.00,\nP1,receipt,C,2025-02-03,,100.00,EUR,I2,,25.00,\n";
    let index = repeated.write("p.csv", &format!("{POSTINGS}{invoices}{rows}")).ingest("2025-03-01");
    assert_eq!(counts(&index, "p.csv"), (4, 4, 0, 0, 0, vec![]));
    repeated.expect("2025-02-03", &["I2 500", "P1 -1500"]);
    let parts = World::postings("credit_rows = \"parts\"");
    let rows =
        "P1,receipt,C,2025-02-03,,60.00,EUR,I1,,,\nP1,receipt,C,2025-02-03,,25.00,EUR,I2,,,\nP1,receipt,C,2025-02-03,,15.00,EUR,P1,,,\n";
    let index = parts.write("p.csv", &format!("{POSTINGS}{invoices}{rows}")).ingest("2025-03-01");
    assert_eq!(counts(&index, "p.csv"), (5, 5, 0, 0, 0, vec![]));
    parts.expect("2025-02-03", &["I2 500", "P1 -1500"]);
}

// --- cleared items -------------------------------------------------------------------------------------------------------------------

const ITEMS: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency,clearing_id,clearing_date\n";

#[test]
fn items_of_one_clearing_are_matched_on_its_date() {
    let world = World::items("");
    // 100 and 50 are paid with 130 and a credit note of 20; what is open has no clearing, and its file no columns for one.
    let cleared = "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,P1,2025-02-03\nI2,invoice,C,2025-01-02,2025-02-01,50.00,EUR,P1,2025-02-03\n\
                   N1,credit_note,C,2025-01-20,,-20.00,EUR,P1,2025-02-03\nP1,receipt,C,2025-02-01,,-130.00,EUR,P1,2025-02-03\n";
    let open =
        "document_id,document_type,customer_id,document_date,due_date,amount,currency\nI3,invoice,C,2025-01-05,2025-02-04,70.00,EUR\n";
    let index = world.write("cleared.csv", &format!("{ITEMS}{cleared}")).write("open.csv", open).ingest("2025-03-01");
    assert_eq!(counts(&index, "cleared.csv"), (4, 4, 0, 0, 0, vec![]));
    assert_eq!(counts(&index, "open.csv"), (1, 1, 0, 0, 0, vec![]));
    world.expect("2025-02-02", &["I1 10000", "I2 5000", "I3 7000", "N1 -2000", "P1 -13000"]);
    world.expect("2025-02-03", &["I3 7000"]);
}

#[test]
fn what_is_cleared_without_a_date_is_matched_when_both_items_exist() {
    let world = World::items("");
    let rows = "I1,invoice,C,2025-01-01,,100.00,EUR,A7,\nP1,receipt,C,2025-02-01,,-60.00,EUR,A7,\nP2,receipt,C,2025-02-05,,-40.00,EUR,A7,\n\
                I2,invoice,C,2025-01-01,,1.00,EUR,,2025-02-01\n";
    let index = world.write("a.csv", &format!("{ITEMS}{rows}")).ingest("2025-03-01");
    assert_eq!(counts(&index, "a.csv"), (4, 3, 0, 0, 1, texts(&["clearing_date_without_clearing 1"])));
    world.expect("2025-02-04", &["I1 4000"]);
    world.expect("2025-02-05", &[]);
}

#[test]
fn a_clearing_that_does_not_balance_leaves_the_rest_open_and_says_so() {
    let world = World::items("");
    // 100 and 80 against 150: the older invoice is paid, 30 of the younger stay open. 5 dollars are nobody's.
    let rows = "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,X,2025-02-03\nI2,invoice,C,2025-01-02,2025-02-01,80.00,EUR,X,2025-02-03\n\
                P1,receipt,C,2025-02-01,,-150.00,EUR,X,2025-02-03\n";
    world.write("a.csv", &format!("{ITEMS}{rows}")).ingest("2025-03-01");
    let seen = world.seen("2025-02-03", None);
    assert_eq!(seen, Seen { open: texts(&["I2 3000"]), left_out: texts(&["clearings clearing_not_balanced"]) });
    // The rest comes with a later delivery.
    world.write("b.csv", &format!("{ITEMS}P2,receipt,C,2025-02-02,,-30.00,EUR,X,2025-02-03\n")).ingest("2025-03-02");
    world.expect("2025-02-03", &[]);
    world.expect_known("2025-02-03", "2025-03-01", &["I2 3000"]);
    // The same number a year later is another clearing.
    let again = "I5,invoice,C,2026-01-01,,10.00,EUR,X,2026-02-03\nP5,receipt,C,2026-02-01,,-10.00,EUR,X,2026-02-03\n";
    world.write("c.csv", &format!("{ITEMS}{again}")).ingest("2026-03-02");
    world.expect("2026-02-02", &["I5 1000", "P5 -1000"]);
    world.expect("2026-02-03", &[]);
}

/// An invoice is open, is cleared with its payment, the clearing is reset, and it is cleared with another payment.
const NIGHTS: [(&str, &str); 4] = [
    ("2025-02-01", "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,,\n"),
    ("2025-02-05", "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,P1,2025-02-04\nP1,receipt,C,2025-02-04,,-100.00,EUR,P1,2025-02-04\n"),
    ("2025-02-09", "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,,\nP1,receipt,C,2025-02-04,,-100.00,EUR,,\n"),
    ("2025-02-20", "I1,invoice,C,2025-01-01,2025-01-31,100.00,EUR,P2,2025-02-18\nP2,receipt,C,2025-02-18,,-100.00,EUR,P2,2025-02-18\n"),
];

fn expect_every_night(world: &World) {
    for (known, open) in
        [("2025-02-01", &["I1 10000"][..]), ("2025-02-05", &[]), ("2025-02-09", &["I1 10000", "P1 -10000"]), ("2025-02-20", &["P1 -10000"])]
    {
        world.expect_known("2025-02-28", known, open);
    }
    world.expect("2025-02-28", &["P1 -10000"]);
    // What is known now of the days between: both have been open until the second payment.
    world.expect("2025-02-17", &["I1 10000", "P1 -10000"]);
}

#[test]
fn a_clearing_that_is_reset_opens_its_items_again_in_whatever_order_the_nights_come() {
    for (order, begins_with_another) in
        [([0, 1, 2, 3], true), ([3, 2, 1, 0], true), ([1, 3, 0, 2], true), ([2, 0, 3, 1], false), ([3, 1, 0, 2], false)]
    {
        let world = World::items("delivered_at = \"%Y-%m-%d\"");
        if begins_with_another {
            world.write("items_2024-12-31.csv", &format!("{ITEMS}Z1,invoice,C,2024-12-01,,0.00,EUR,,\n")).ingest("2025-03-01");
        }
        for night in order {
            let (date, rows) = NIGHTS[night];
            world.write(&format!("items_{date}.csv"), &format!("{ITEMS}{rows}"));
            world.ingest("2025-03-01");
        }
        expect_every_night(&world);
    }
    let at_once = World::items("delivered_at = \"%Y-%m-%d\"");
    for (date, rows) in NIGHTS {
        at_once.write(&format!("items_{date}.csv"), &format!("{ITEMS}{rows}"));
    }
    at_once.ingest("2025-03-01");
    expect_every_night(&at_once);
}

#[test]
fn what_a_full_delivery_lacks_is_neither_open_nor_cleared() {
    let world = World::items("delivery = \"full\"");
    let rows = "I1,invoice,C,2025-01-01,,100.00,EUR,P1,2025-02-04\nP1,receipt,C,2025-02-04,,-100.00,EUR,P1,2025-02-04\nI2,invoice,C,2025-01-02,,7.00,EUR,,\n";
    world.write("a.csv", &format!("{ITEMS}{rows}")).ingest("2025-02-05");
    world.expect("2025-02-28", &["I2 700"]);
    // The payment and the other invoice were errors, and are gone: nothing clears the first invoice any more.
    world.write("a.csv", &format!("{ITEMS}I1,invoice,C,2025-01-01,,100.00,EUR,,\n")).ingest("2025-02-06");
    world.expect("2025-02-28", &["I1 10000"]);
    world.expect_known("2025-02-28", "2025-02-05", &["I2 700"]);
}

#[test]
fn the_applications_of_earlier_nights_are_kept_as_they_were_written() {
    let world = World::items("delivered_at = \"%Y-%m-%d\"");
    let mut before: Vec<(String, String)> = Vec::new();
    for (date, rows) in NIGHTS {
        world.write(&format!("items_{date}.csv"), &format!("{ITEMS}{rows}"));
        let index = world.ingest("2025-03-01");
        let segments: Vec<(String, String)> =
            index.tables["applications"].segments.iter().map(|segment| (segment.file.clone(), segment.content_hash.clone())).collect();
        assert!(segments.starts_with(&before), "{before:?} {segments:?}");
        before = segments;
    }
    assert_eq!(before.len(), 3, "the first night had nothing to match");
}

#[test]
fn an_open_item_that_is_cleared_is_new_and_one_that_is_not_is_unchanged() {
    let world = World::items("");
    let rows = "I1,invoice,C,2025-01-01,,100.00,EUR,,\nI2,invoice,C,2025-01-01,,50.00,EUR,,\n";
    world.write("a.csv", &format!("{ITEMS}{rows}")).ingest("2025-02-01");
    let rows = "I1,invoice,C,2025-01-01,,100.00,EUR,P,2025-02-02\nI2,invoice,C,2025-01-01,,50.00,EUR,,\nP,receipt,C,2025-02-02,,-100.00,EUR,P,2025-02-02\n";
    let index = world.write("b.csv", &format!("{ITEMS}{rows}")).ingest("2025-02-03");
    assert_eq!(counts(&index, "b.csv"), (3, 2, 0, 1, 0, vec![]));
    world.expect("2025-02-02", &["I2 5000"]);
    world.expect_known("2025-02-02", "2025-02-02", &["I1 10000", "I2 5000"]);
}

// --- the same ledger in other words --------------------------------------------------------------------------------------------------

/// Documents of one customer: whether each is a debit, its day, its cents.
type Documents = Vec<(bool, i32, i64)>;
/// Debit, credit, days after both exist, a share of what is left of both in per cent, and whether it is taken back later.
type Applications = Vec<(usize, usize, i32, i64, bool)>;

const FIRST_DAY: Day = 20_000;

/// An application as the canonical table has it.
struct Applied {
    credit: usize,
    debit: usize,
    day: i32,
    cents: i64,
}

fn apply(documents: &Documents, drawn: &Applications) -> Vec<Applied> {
    let mut left: Vec<i64> = documents.iter().map(|document| document.2).collect();
    let (debits, credits): (Vec<usize>, Vec<usize>) = (0..documents.len()).partition(|at| documents[*at].0);
    let mut applied = Vec::new();
    if debits.is_empty() || credits.is_empty() {
        return applied;
    }
    for (debit, credit, days, share, is_taken_back) in drawn {
        let (debit, credit) = (debits[debit % debits.len()], credits[credit % credits.len()]);
        let cents = left[debit].min(left[credit]) * share / 100;
        let day = documents[debit].1.max(documents[credit].1) + days;
        if cents > 0 {
            left[debit] -= cents;
            left[credit] -= cents;
            applied.push(Applied { credit, debit, day, cents });
            if *is_taken_back {
                // What is free again is not drawn on: it would have to be after this day.
                applied.push(Applied { credit, debit, day: day + 3, cents: -cents });
            }
        }
    }
    applied
}

fn amount(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

fn canonical(documents: &Documents, applied: &[Applied]) -> World {
    let world = World::new("path = \"in\"\nshape = \"canonical\"");
    let mut text = String::from("document_id,document_type,customer_id,document_date,amount,currency\n");
    for (at, (is_debit, day, cents)) in documents.iter().enumerate() {
        let kind = if *is_debit { "invoice" } else { "receipt" };
        let _ = writeln!(text, "D{at:02},{kind},C,{},{},EUR", date_of(FIRST_DAY + day), amount(*cents));
    }
    world.write("documents.csv", &text);
    let mut text = String::from("application_id,credit_document_id,debit_document_id,applied_date,amount\n");
    for (at, Applied { credit, debit, day, cents }) in applied.iter().enumerate() {
        let _ = writeln!(text, "A{at:02},D{credit:02},D{debit:02},{},{}", date_of(FIRST_DAY + day), amount(*cents));
    }
    world.write("applications.csv", &text);
    world
}

/// The same as postings: a receipt says the first thing it settles, a journal the rest; signs as `by_type` has them.
fn as_postings(documents: &Documents, applied: &[Applied], backwards: bool) -> World {
    let world = World::postings("negative_amount = \"by_type\"");
    let mut rows = Vec::new();
    let mut said = vec![false; applied.len()];
    for (at, (is_debit, day, cents)) in documents.iter().enumerate() {
        let date = date_of(FIRST_DAY + day);
        let first = applied.iter().position(|applied| applied.credit == at && applied.cents > 0).filter(|_| !is_debit);
        let reference = first.map_or_else(
            || ",,,".to_owned(),
            |first| {
                said[first] = true;
                let Applied { debit, day, cents, .. } = applied[first];
                format!("D{debit:02},,{},{}", amount(-cents), date_of(FIRST_DAY + day))
            },
        );
        let (kind, sign) = if *is_debit { ("invoice", 1) } else { ("receipt", -1) };
        rows.push(format!("D{at:02},{kind},C,{date},,{},EUR,{reference}", amount(sign * cents)));
    }
    for (at, Applied { credit, debit, day, cents }) in applied.iter().enumerate().filter(|(at, _)| !said[*at]) {
        rows.push(format!("J{at:02},application,C,{},,{},EUR,D{debit:02},D{credit:02},,", date_of(FIRST_DAY + day), amount(*cents)));
    }
    if backwards {
        rows.reverse();
    }
    world.write("p.csv", &format!("{POSTINGS}{}\n", rows.join("\n")));
    world
}

fn documents() -> impl Strategy<Value = Documents> {
    prop::collection::vec((any::<bool>(), 0..20_i32, 1..5_000_i64), 1..9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_written_as_postings_has_the_same_open_items_at_every_date(
        documents in documents(),
        drawn in prop::collection::vec((0..9_usize, 0..9_usize, 0..6_i32, 1..=100_i64, any::<bool>()), 0..8),
        backwards in any::<bool>(),
    ) {
        let applied = apply(&documents, &drawn);
        let (plain, split) = (canonical(&documents, &applied), as_postings(&documents, &applied, backwards));
        plain.ingest("2025-01-01");
        split.ingest("2025-01-01");
        for at in 0..32 {
            prop_assert_eq!(plain.seen_on(FIRST_DAY + at, None), split.seen_on(FIRST_DAY + at, None), "day {}", at);
        }
    }

    #[test]
    fn clearings_that_balance_settle_their_items_on_their_day_in_whatever_files_they_come(
        drawn in prop::collection::vec((prop::collection::vec((0..20_i32, 1..5_000_i64), 1..5), 1..4_usize, 0..10_i32, any::<bool>()), 1..5),
        files in 1..4_usize,
        backwards in any::<bool>(),
    ) {
        let world = World::items("delivered_at = \"%Y-%m-%d\"");
        let mut rows = Vec::new();
        // For each item its id, signed cents, day and the day it is settled on.
        let mut items: Vec<(String, i64, i32, i32)> = Vec::new();
        for (number, (debits, credits, wait, is_cleared)) in drawn.iter().enumerate() {
            let total: i64 = debits.iter().map(|debit| debit.1).sum();
            let credits = (*credits).min(usize::try_from(total).expect("it is small"));
            let share = total / credits as i64;
            let day = 20 + wait;
            let parts = (0..credits).map(|at| (day - 1, -(if at == 0 { total - share * (credits as i64 - 1) } else { share })));
            for (at, (from, cents)) in debits.iter().copied().chain(parts).enumerate() {
                let id = format!("G{number}D{at}");
                let kind = if cents > 0 { "invoice" } else { "receipt" };
                let clearing = if *is_cleared { format!("X{number},{}", date_of(FIRST_DAY + day)) } else { ",".to_owned() };
                rows.push(format!("{id},{kind},C,{},,{},EUR,{clearing}", date_of(FIRST_DAY + from), amount(cents)));
                items.push((id, cents, from, if *is_cleared { day } else { i32::MAX }));
            }
        }
        if backwards {
            rows.reverse();
        }
        for (at, part) in rows.chunks(rows.len().div_ceil(files)).enumerate() {
            world.write(&format!("items_2025-01-0{}.csv", at + 1), &format!("{ITEMS}{}\n", part.join("\n")));
            if !backwards {
                world.ingest("2025-02-01");
            }
        }
        world.ingest("2025-02-01");
        for at in 18..32 {
            let mut open: Vec<String> = items
                .iter()
                .filter(|(_, _, from, settled)| *from <= at && at < *settled)
                .map(|(id, cents, _, _)| format!("{id} {cents}"))
                .collect();
            open.sort();
            let seen = world.seen_on(FIRST_DAY + at, None);
            prop_assert_eq!(seen, Seen { open, left_out: vec![] }, "day {}", at);
        }
    }

    #[test]
    fn what_was_known_of_clearings_on_a_night_is_what_its_deliveries_said(
        // For each night and item: not delivered, open, or in one of two clearings, each of two dates.
        nights in prop::collection::vec(prop::collection::vec(0..6_usize, 6), 2..4),
        order in Just((0..3_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let amounts = [60_00_i64, 40_00, 25_00, -70_00, -55_00, -25_00];
        let name = |night: usize| format!("items_2025-02-1{night}.csv");
        let text = |states: &[usize]| {
            let rows = states.iter().zip(amounts).enumerate().filter(|(_, (state, _))| **state > 0).map(|(item, (state, cents))| {
                let clearing = ["", ",", "X,2025-02-01", "X,2025-02-02", "Y,2025-02-01", "Y,"][*state];
                let kind = if cents > 0 { "invoice" } else { "receipt" };
                format!("D{item},{kind},C,2025-01-0{},,{},EUR,{clearing}\n", item + 1, amount(cents))
            });
            format!("{ITEMS}{}", rows.collect::<String>())
        };
        let all = World::items("delivered_at = \"%Y-%m-%d\"");
        for night in order.into_iter().filter(|night| *night < nights.len()) {
            all.write(&name(night), &text(&nights[night])).ingest("2025-03-01");
        }
        let so_far = World::items("delivered_at = \"%Y-%m-%d\"");
        for night in 0..nights.len() {
            so_far.write(&name(night), &text(&nights[night])).ingest("2025-03-01");
            // A ledger without a history, of what was said last of each item.
            let last = |item: usize| nights[..=night].iter().rev().map(|states| states[item]).find(|state| *state > 0).unwrap_or(0);
            let fresh = World::items("");
            fresh.write("items.csv", &text(&(0..6).map(last).collect::<Vec<_>>())).ingest("2025-03-01");
            let known = day("2025-02-10") + i32::try_from(night).expect("it is small");
            for at in ["2025-02-01", "2025-02-28"] {
                let seen = so_far.seen_on(day(at), None);
                prop_assert_eq!(&all.seen_on(day(at), Some(known)), &seen, "at {} after night {}", at, night);
                let mut sorted = [seen, fresh.seen_on(day(at), None)];
                sorted.iter_mut().for_each(|seen| seen.left_out.sort());
                prop_assert_eq!(&sorted[0], &sorted[1], "at {} after night {}", at, night);
            }
        }
    }

    #[test]
    fn rows_of_any_kind_are_taken_or_quarantined_and_every_one_is_accounted_for(
        rows in prop::collection::vec(
            (0..5_usize, 0..13_usize, 0..6_usize, 0..9_usize, (0..6_usize, 0..6_usize, 0..9_usize), 0..5_usize, any::<bool>()), 1..14),
        rule in 0..5_usize,
        credits in 0..3_usize,
        is_postings in any::<bool>(),
    ) {
        const IDS: [&str; 6] = ["", "D1", "D2", "D3", "=D4()", "D1/D2"];
        const TYPES: [&str; 13] = ["invoice", "debit_note", "receipt_reversal", "refund", "reinstatement", "increase", "receipt",
            "credit_note", "write_off", "discount", "decrease", "application", "Rechnung"];
        const AMOUNTS: [&str; 9] = ["1.00", "-1.00", "0.00", "-2.00", "3.00", "", "99999999999999.00", "-99999999999999.00", "1,00"];
        const DATES: [&str; 5] = ["2025-01-01", "2025-01-02", "2025-02-30", "", "2025-01-03"];
        let rule = ["quarantine", "credit_note", "absolute", "by_type", "counterpart"][rule];
        let credits = ["single", "repeated", "parts"][credits];
        let (world, mut text) = if is_postings {
            (World::postings(&format!("negative_amount = \"{rule}\"\ncredit_rows = \"{credits}\"")), POSTINGS.to_owned())
        } else {
            let source = format!("path = \"in/*.csv\"\nshape = \"open_and_cleared\"\nnegative_amount = \"{rule}\"");
            (World::new(&source), ITEMS.to_owned())
        };
        for (id, kind, date, cents, (one, other, applied), applied_date, is_deleted) in rows {
            let (id, kind, date) = (IDS[(id + 1) % 6], TYPES[kind], DATES[date % 5]);
            let _ = if is_postings {
                let (one, other, applied) = (IDS[one], IDS[other], AMOUNTS[applied]);
                writeln!(text, "{id},{kind},C,{date},,{},EUR,{one},{other},{applied},{}", AMOUNTS[cents], DATES[applied_date])
            } else {
                let due = if is_deleted { "2025-01-05" } else { "" };
                writeln!(text, "{id},{kind},C,{date},{due},{},EUR,{},{}", AMOUNTS[cents], IDS[one], DATES[applied_date])
            };
        }
        // Law 4 is asserted of the file, law 5 of every item.
        world.write("f.csv", &text).ingest("2025-03-01");
        world.seen("2025-01-02", None);
        world.seen("2025-03-01", None);
    }
}
