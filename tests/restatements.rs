//! What earlier nights said of a period and a later one says otherwise: by how much, since when, and which documents make up
//! the difference, to the last unit.

mod support;

use std::collections::BTreeMap;
use support::{Place, Row, cell, compare_restatements, is, money, money_in, number_in, scenario, table, the_row};

const CONFIG: &str = "base_currency = \"USD\"\nhistory_months = 12\n\n[quality]\nmax_quarantined_rows_share = 1.0\n\
    max_quarantined_amount_share = 1.0\n\n[[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n\
    delivered_at = \"%Y-%m-%d\"\n";
const DOCUMENTS: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency,is_deleted\n";
const APPLICATIONS: &str = "application_id,credit_document_id,debit_document_id,applied_date,amount\n";

/// A ledger of which files arrive night by night.
fn book() -> Place {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    place
}

fn deliver(place: &Place, day: &str, table: &str, heading: &str, rows: &[&str]) {
    place.write(&format!("ledger/{table}_{day}.csv"), format!("{heading}{}\n", rows.join("\n")));
}

fn restated(place: &Place, as_of: &str) -> Vec<Row> {
    table(&place.night(as_of), "restatements")
}

/// The rows of restated amounts; those of each amount must sum to its difference.
fn explained(place: &Place, as_of: &str) -> Vec<Row> {
    let key = |row: &Row| {
        ["company_id", "scope", "scope_value", "table_name", "period_end", "line"].map(|name| cell(row, name).map(str::to_owned))
    };
    let mut sums: BTreeMap<_, i128> = BTreeMap::new();
    let rows = table(&place.night(as_of), "restatement_rows");
    for row in &rows {
        *sums.entry(key(row)).or_default() += money_in(row, "difference");
        if cell(row, "document_id").is_some() {
            assert_eq!(money_in(row, "amount") - money_in(row, "first_amount"), money_in(row, "difference"), "{row:?}");
        }
    }
    for row in restated(place, as_of).iter().filter(|row| cell(row, "amount").is_some()) {
        assert_eq!(sums.remove(&key(row)), Some(money_in(row, "amount") - money_in(row, "first_amount")), "{row:?}");
    }
    assert!(sums.is_empty(), "rows that explain nothing: {sums:?}");
    rows
}

/// Asserts the amounts of a scope value: table, period end, line, first, now; no other is restated there.
fn assert_amounts(place: &Place, as_of: &str, scope: &[(&str, &str)], expected: &str) {
    let mut expected: Vec<Vec<String>> = scenario(expected, &["table", "period_end", "line", "first_night", "first", "now"])
        .iter()
        .map(|line| line.iter().map(|word| (*word).to_owned()).collect())
        .collect();
    expected.sort();
    let rows = restated(place, as_of);
    let mut found: Vec<Vec<String>> = Vec::new();
    for row in rows.iter().filter(|row| is(row, scope) && cell(row, "amount").is_some()) {
        let text = |name: &str| cell(row, name).unwrap_or_default().to_owned();
        let amount = |name: &str| money_in(row, name).to_string();
        found.push(vec![
            text("table_name"),
            text("period_end"),
            text("line"),
            text("first_as_of_date"),
            amount("first_amount"),
            amount("amount"),
        ]);
    }
    for line in &mut expected {
        line[4] = money(&line[4]).to_string();
        line[5] = money(&line[5]).to_string();
    }
    found.sort();
    assert_eq!(found, expected, "{scope:?}");
}

/// Asserts the rows of one restated amount: document, then, now, cause.
fn assert_rows(rows: &[Row], cells: &[(&str, &str)], expected: &str) {
    let expected: Vec<(String, i128, i128, String)> = scenario(expected, &["document", "then", "now", "cause"])
        .iter()
        .map(|line| (line[0].to_owned(), money(line[1]), money(line[2]), line[3].to_owned()))
        .collect();
    let found: Vec<(String, i128, i128, String)> = rows
        .iter()
        .filter(|row| is(row, cells))
        .map(|row| {
            let text = |name: &str| cell(row, name).unwrap_or("-").to_owned();
            (text("document_id"), money_in(row, "first_amount"), money_in(row, "amount"), text("cause"))
        })
        .collect();
    assert_eq!(found, expected, "{cells:?}");
}

const ALL_SCOPES: [[(&str, &str); 3]; 4] = [
    [("company_id", "main"), ("scope", "company"), ("scope_value", "main")],
    [("company_id", "(all)"), ("scope", "company"), ("scope_value", "(all)")],
    [("company_id", "main"), ("scope", "currency"), ("scope_value", "USD")],
    [("company_id", "(all)"), ("scope", "currency"), ("scope_value", "USD")],
];

/// Worked by hand. May closes with 1,000 + 500. In July a credit note of 200 on the first invoice arrives, dated 20 May and
/// applied on 25 May, and one of 50, dated 22 May, that nobody applied.
#[test]
fn a_credit_note_dated_back_into_may_and_delivered_in_july_changes_may_and_july_says_by_how_much() {
    let place = book();
    let invoices = ["I1,invoice,A,2025-05-10,2025-06-09,1000.00,USD,", "I2,invoice,B,2025-05-15,2025-06-14,500.00,USD,"];
    deliver(&place, "2025-05-31", "documents", DOCUMENTS, &invoices);
    place.run("2025-05-31").expect(0);
    place.run("2025-06-30").expect(0);
    assert!(restated(&place, "2025-06-30").is_empty(), "nothing has changed in June");
    let notes = ["CN1,credit_note,A,2025-05-20,,200.00,USD,", "CN2,credit_note,A,2025-05-22,,50.00,USD,"];
    deliver(&place, "2025-07-20", "documents", DOCUMENTS, &notes);
    deliver(&place, "2025-07-20", "applications", APPLICATIONS, &["P1,CN1,I1,2025-05-25,200.00"]);
    place.run("2025-07-31").expect(0);

    for scope in ALL_SCOPES {
        assert_amounts(
            &place,
            "2025-07-31",
            &scope,
            "table        period_end line                     first_night first     now
             roll_forward 2025-05-31 credit_note              2025-05-31      0 -250.00
             roll_forward 2025-05-31 closing                  2025-05-31   1500    1250
             aging        2025-05-31 due_date/not_due         2025-05-31   1500    1300
             aging        2025-05-31 due_date/unapplied       2025-05-31      0     -50
             aging        2025-05-31 document_date/0_30       2025-05-31   1500    1300
             aging        2025-05-31 document_date/unapplied  2025-05-31      0     -50
             roll_forward 2025-06-30 opening                  2025-06-30   1500    1250
             roll_forward 2025-06-30 closing                  2025-06-30   1500    1250
             aging        2025-06-30 due_date/1_30            2025-06-30   1500    1300
             aging        2025-06-30 due_date/unapplied       2025-06-30      0     -50
             aging        2025-06-30 document_date/31_60      2025-06-30   1500    1300
             aging        2025-06-30 document_date/unapplied  2025-06-30      0     -50",
        );
    }
    let rows = explained(&place, "2025-07-31");
    let may = |line| [("company_id", "main"), ("scope", "company"), ("period_end", "2025-05-31"), ("line", line)];
    assert_rows(
        &rows,
        &may("closing"),
        "document then now cause
         CN2         0 -50 new_document
         I1       1000 800 applications",
    );
    assert_rows(
        &rows,
        &may("credit_note"),
        "document then  now cause
         CN1         0 -200 new_document
         CN2         0  -50 new_document",
    );
    assert_rows(&rows, &may("due_date/not_due"), "document then now cause\n I1 1000 800 applications");
    assert_rows(&rows, &may("due_date/unapplied"), "document then now cause\n CN2 0 -50 new_document");

    // A ratio shows both values. Two customers owed 1,000 and 500 at the end of May; with the notes 750 and 500.
    let hhi = [("company_id", "main"), ("scope", "company"), ("period_end", "2025-05-31"), ("line", "hhi/standard/point")];
    let rows = restated(&place, "2025-07-31");
    let hhi = the_row(&rows, &hhi);
    assert_eq!((cell(hhi, "first_amount"), cell(hhi, "amount")), (None, None));
    assert!((number_in(hhi, "first_value") - 5.0 / 9.0).abs() < 1e-12, "{hhi:?}");
    assert!((number_in(hhi, "value") - 13.0 / 25.0).abs() < 1e-12, "{hhi:?}");
    compare_restatements(&place, "2025-07-31");

    // The next night still says so: first is first.
    place.run("2025-08-31").expect(0);
    let later = restated(&place, "2025-08-31");
    let closing = [("scope", "company"), ("company_id", "main"), ("line", "closing"), ("period_end", "2025-05-31")];
    assert_eq!(cell(the_row(&later, &closing), "first_as_of_date"), Some("2025-05-31"));
    assert!(!later.iter().any(|row| cell(row, "period_end") >= Some("2025-07-31")), "July was published right the first time");
}

/// Every cause: a correction, a deletion, an un-application, a rate, a customer that turns out to be of the group.
#[test]
fn every_cause_is_told_with_its_document() {
    let place = book();
    let documents = [
        "I1,invoice,A,2025-01-10,2025-02-09,1000.00,USD,",
        "I2,invoice,A,2025-01-10,2025-02-09,200.00,USD,",
        "I3,invoice,B,2025-01-15,2025-02-14,100.00,EUR,",
        "I4,invoice,B,2025-01-20,2025-02-19,70.00,USD,",
        "I5,invoice,G,2025-01-20,2025-02-19,33.00,USD,",
        "I6,invoice,B,2025-01-21,2025-02-20,10.00,GBP,",
        "R1,receipt,B,2025-01-25,,70.00,USD,",
    ];
    deliver(&place, "2025-01-31", "documents", DOCUMENTS, &documents);
    deliver(&place, "2025-01-31", "applications", APPLICATIONS, &["P1,R1,I4,2025-01-25,70.00"]);
    deliver(&place, "2025-01-31", "fx_rates", "rate_date,currency,rate\n", &["2025-01-15,EUR,1.10", "2025-01-31,EUR,1.20"]);
    deliver(&place, "2025-01-31", "customers", "customer_id,is_intercompany\n", &["A,false", "B,false", "G,false"]);
    place.run("2025-01-31").expect(0);
    let corrections = [
        "I1,invoice,A,2025-01-10,2025-01-20,900.00,USD,",
        "I2,invoice,A,2025-01-10,2025-02-09,200.00,USD,true",
        "N1,invoice,A,2025-01-30,2025-03-01,5.00,USD,",
    ];
    deliver(&place, "2025-02-10", "documents", DOCUMENTS, &corrections);
    // Un-applied in January, as somebody found out in February.
    deliver(&place, "2025-02-10", "applications", APPLICATIONS, &["P2,R1,I4,2025-01-28,-70.00"]);
    deliver(&place, "2025-02-10", "fx_rates", "rate_date,currency,rate\n", &["2025-01-31,EUR,1.25", "2025-01-01,GBP,1.50"]);
    deliver(&place, "2025-02-10", "customers", "customer_id,is_intercompany\n", &["G,true"]);
    place.run("2025-02-28").expect(0);

    let rows = explained(&place, "2025-02-28");
    let of = |line| [("company_id", "main"), ("scope", "company"), ("period_end", "2025-01-31"), ("line", line)];
    assert_rows(
        &rows,
        &of("closing"),
        "document then now cause
         I1       1000 900 changed_document
         I2        200   0 deleted_document
         I3        120 125 rates
         I4          0  70 applications
         I5         33   0 customer
         I6          0  15 rates
         N1          0   5 new_document
         R1          0 -70 applications",
    );
    assert_rows(
        &rows,
        &of("due_date/not_due"),
        "document then now cause
         I1       1000   0 changed_document
         I2        200   0 deleted_document
         I3        120 125 rates
         I4          0  70 applications
         I5         33   0 customer
         I6          0  15 rates
         N1          0   5 new_document",
    );
    assert_rows(&rows, &of("due_date/1_30"), "document then now cause\n I1 0 900 changed_document");
    assert_rows(&rows, &of("unrealised_fx"), "document then now cause\n I3 10 15 rates");
    let euro = [("company_id", "main"), ("scope", "currency"), ("scope_value", "EUR"), ("period_end", "2025-01-31"), ("line", "closing")];
    assert_rows(&rows, &euro, "document then now cause\n I3 120 125 rates");
    assert!(rows.iter().all(|row| cell(row, "cause") != Some("other")), "items explain everything");
    compare_restatements(&place, "2025-02-28");
}

/// 1,000 EUR at 1.10, paid at 1.20: 100 realised. The payment turns out to have been of 28 January, at 1.15.
#[test]
fn realised_fx_is_told_with_the_invoice_and_a_change_of_currency_leaves_one_and_enters_another() {
    let place = book();
    deliver(
        &place,
        "2025-01-31",
        "documents",
        DOCUMENTS,
        &[
            "I1,invoice,A,2025-01-10,2025-02-09,1000.00,EUR,",
            "R1,receipt,A,2025-01-30,,1000.00,EUR,",
            "I2,invoice,A,2025-01-10,2025-02-09,10.00,EUR,",
        ],
    );
    deliver(&place, "2025-01-31", "applications", APPLICATIONS, &["P1,R1,I1,2025-01-30,1000.00"]);
    deliver(
        &place,
        "2025-01-31",
        "fx_rates",
        "rate_date,currency,rate\n",
        &["2025-01-10,EUR,1.10", "2025-01-28,EUR,1.15", "2025-01-30,EUR,1.20"],
    );
    place.run("2025-01-31").expect(0);
    deliver(
        &place,
        "2025-02-28",
        "documents",
        DOCUMENTS,
        &["R1,receipt,A,2025-01-28,,1000.00,EUR,", "I2,invoice,A,2025-01-10,2025-02-09,10.00,USD,"],
    );
    place.run("2025-02-28").expect(0);
    let rows = explained(&place, "2025-02-28");
    let of = |line| [("company_id", "main"), ("scope", "company"), ("period_end", "2025-01-31"), ("line", line)];
    assert_rows(&rows, &of("realised_fx"), "document then now cause\n I1 100 50 applications");
    assert_rows(&rows, &of("receipt"), "document then now cause\n R1 -1200 -1150 changed_document");
    assert_rows(&rows, &of("closing"), "document then now cause\n I2 12 10 changed_document");
    let in_currency =
        |code| [("company_id", "main"), ("scope", "currency"), ("scope_value", code), ("period_end", "2025-01-31"), ("line", "closing")];
    assert_rows(&rows, &in_currency("EUR"), "document then now cause\n I2 12 0 changed_document");
    assert_rows(&rows, &in_currency("USD"), "document then now cause\n I2 0 10 changed_document");
    compare_restatements(&place, "2025-02-28");
}

#[test]
fn what_no_item_explains_closes_the_sum() {
    let place = book();
    deliver(&place, "2025-05-31", "documents", DOCUMENTS, &["I1,invoice,A,2025-03-10,2025-04-09,1000.00,USD,"]);
    place.run("2025-05-31").expect(0);
    // The buckets change: 52 days were in 31_60, and are in over_40.
    place.write("arrears.toml", format!("aging_edges = [20, 40]\n{CONFIG}"));
    deliver(&place, "2025-06-30", "documents", DOCUMENTS, &["I2,invoice,A,2025-03-12,2025-04-11,7.00,USD,"]);
    place.run("2025-06-30").expect(0);
    let rows = explained(&place, "2025-06-30");
    let of = |line| [("company_id", "main"), ("scope", "company"), ("period_end", "2025-05-31"), ("line", line)];
    let old: Vec<&Row> = rows.iter().filter(|row| is(row, &of("due_date/31_60"))).collect();
    assert_eq!(old.len(), 1);
    assert_eq!((cell(old[0], "document_id"), cell(old[0], "cause")), (None, Some("other")));
    assert_eq!(money_in(old[0], "difference"), money("-1000"));
    let new: Vec<&Row> = rows.iter().filter(|row| is(row, &of("due_date/over_40"))).collect();
    let told: Vec<_> = new.iter().map(|row| (cell(row, "document_id"), money_in(row, "difference"), cell(row, "cause"))).collect();
    assert_eq!(told, [(None, money("1000"), Some("other")), (Some("I2"), money("7"), Some("new_document"))]);
    assert_rows(&rows, &of("closing"), "document then now cause\n I2 0 7 new_document");

    // The night of another ledger: its items cannot be told.
    let manifest = place.read("out/marts/as_of_date=2025-05-31/manifest.json");
    let deliveries = manifest.split("\"deliveries\": \"").nth(1).and_then(|rest| rest.split('"').next()).expect("it is recorded");
    place.write("out/marts/as_of_date=2025-05-31/manifest.json", manifest.replace(deliveries, "of another ledger"));
    deliver(&place, "2025-07-31", "documents", DOCUMENTS, &["I3,invoice,A,2025-07-12,2025-08-11,7.00,USD,"]);
    place.run("2025-07-31").expect(0);
    let rows = explained(&place, "2025-07-31");
    let closing: Vec<&Row> = rows.iter().filter(|row| is(row, &of("closing"))).collect();
    assert_eq!(closing.len(), 1);
    assert_eq!((cell(closing[0], "document_id"), money_in(closing[0], "difference")), (None, money("7")));
}
