//! The provision matrix: what is open, the share of it that history says is lost, and what is provided for, worked out by hand.

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use support::{
    Place, Row, assert_same_files, cell, end_of, files_of, money, money_in, number_in, repository, scenario, table, table_where, the_row,
};

const AS_OF: &str = "2025-06-30";
const DOCUMENTS: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency\n";
const APPLICATIONS: &str = "application_id,credit_document_id,debit_document_id,applied_date,amount\n";

/// A ledger in dollars; `settings` come before the sources. Forecasts are another matter.
fn ledger(settings: &str, customers: &str, documents: &str, applications: &str) -> Place {
    let place = Place::empty();
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"USD\"\noutput = \"out\"\n{settings}\n\n[forecast]\nenabled = false\n\n\
             [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n"
        ),
    );
    place.write("ledger/customers.csv", format!("customer_id,segment,country\n{customers}"));
    place.write("ledger/documents.csv", format!("{DOCUMENTS}{documents}"));
    place.write("ledger/applications.csv", format!("{APPLICATIONS}{applications}"));
    place
}

/// The rows of the matrix of a method, after a run.
#[track_caller]
fn matrix(place: &Place, method: &str) -> Vec<Row> {
    place.run(AS_OF).expect(0);
    table_where(&place.night(AS_OF), "expected_credit_loss", &[("method", method)])
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day of the test")
}

/// Balances 300,000 / 140,000 / 60,000 / 23,000 / 5,000. Of 100,000 invoiced, 50,000 were unpaid when they fell due, 23,000 thirty days
/// later, 8,000 after sixty and 2,000 after ninety days, which were never paid.
fn provision_matrix() -> Place {
    let documents = "\
        B0,invoice,A,2025-06-02,2025-07-15,300000.00,USD\n\
        B1,invoice,A,2025-06-02,2025-06-15,140000.00,USD\n\
        B2,invoice,A,2025-06-02,2025-05-15,60000.00,USD\n\
        B3,invoice,A,2025-06-02,2025-04-15,23000.00,USD\n\
        B4,invoice,A,2025-06-02,2025-03-15,5000.00,USD\n\
        H1,invoice,A,2023-02-15,2023-03-31,100000.00,USD\n\
        R1,receipt,A,2023-03-20,,50000.00,USD\n\
        R2,receipt,A,2023-04-15,,27000.00,USD\n\
        R3,receipt,A,2023-05-15,,15000.00,USD\n\
        R4,receipt,A,2023-06-14,,6000.00,USD\n\
        W1,write_off,A,2023-07-29,,2000.00,USD\n";
    let applications = "\
        P1,R1,H1,2023-03-20,50000.00\nP2,R2,H1,2023-04-15,27000.00\nP3,R3,H1,2023-05-15,15000.00\n\
        P4,R4,H1,2023-06-14,6000.00\nP5,W1,H1,2023-07-29,2000.00\n";
    ledger("aging_edges = [30, 60, 90]", "A,small,DE\n", documents, applications)
}

#[test]
fn the_published_example_of_a_provision_matrix_comes_out_to_the_cent() {
    let rows = matrix(&provision_matrix(), "run_off");
    // 2,000 of 100,000, of 50,000, of 23,000, of 8,000, of 2,000: 2.0 / 4.0 / 8.7 / 25.0 / 100 %.
    // 6,000 + 5,600 + 60,000 × 2 ÷ 23 + 5,750 + 5,000 = 27,567.39.
    let expected = "
        bucket   gross    numerator  denominator  rate    provision
        not_due  300,000  2,000      100,000      0.02    6,000
        1_30     140,000  2,000      50,000       0.04    5,600
        31_60    60,000   2,000      23,000       0.087   5,217.39
        61_90    23,000   2,000      8,000        0.25    5,750
        over_90  5,000    2,000      2,000        1       5,000";
    for line in scenario(expected, &["bucket", "gross", "numerator", "denominator", "rate", "provision"]) {
        let row = the_row(&rows, &[("bucket", line[0])]);
        let found = ["gross_amount", "numerator", "denominator", "provision"].map(|column| money_in(row, column));
        assert_eq!(found, [line[1], line[2], line[3], line[5]].map(money), "{}", line[0]);
        assert!(
            (number_in(row, "loss_rate") - line[4].parse::<f64>().expect("a rate")).abs() < 5e-5 + 4e-4 * f64::from(line[0] == "31_60")
        );
        assert_eq!((cell(row, "rate_source"), cell(row, "reason")), (Some("pool"), None));
        assert_eq!(cell(row, "pool"), Some("(all)"));
        // 366 days before the end of June 2025 an item must have been due; the first was on 31 March 2023.
        assert_eq!((cell(row, "window_start"), cell(row, "window_end")), (Some("2023-03-31"), Some("2024-06-29")));
    }
    let total: i128 = rows.iter().map(|row| money_in(row, "provision")).sum();
    assert_eq!(total, money("27,567.39"));
    // Nothing without a due date was ever sold: no rate, and nothing to provide for.
    let without = the_row(&rows, &[("bucket", "no_due_date")]);
    assert_eq!((cell(without, "loss_rate"), cell(without, "reason")), (None, Some("no_history")));
    assert_eq!((money_in(without, "provision"), money_in(without, "unrated_amount")), (0, 0));
}

#[test]
fn roll_rates_are_the_chain_from_month_end_to_month_end() {
    let rows = matrix(&provision_matrix(), "roll_rate");
    // Month ends: 28 Feb and 31 Mar not due, 30 Apr 30 days, 31 May 61, 30 Jun 91, written off in July.
    // over_90: 2,000 of 2,000. 61_90: 2,000 of 8,000. 1_30: 8,000 move on at 1/4, 15,000 are paid. not_due: 50,000 and 27,000 are
    // paid, 23,000 move on at 2/23. In 31_60 nothing stood at a month end: the next older bucket stands in.
    // 6,000 + 140,000 × 2 ÷ 23 + 15,000 + 5,750 + 5,000
    let expected = "
        bucket   numerator  denominator  rolled   source        provision
        not_due  2,000      100,000      23,000   pool          6,000
        1_30     2,000      23,000       8,000    pool          12,173.91
        31_60    2,000      8,000        2,000    older_bucket  15,000
        61_90    2,000      8,000        2,000    pool          5,750
        over_90  2,000      2,000        0        pool          5,000";
    for line in scenario(expected, &["bucket", "numerator", "denominator", "rolled", "source", "provision"]) {
        let row = the_row(&rows, &[("bucket", line[0])]);
        let found = ["numerator", "denominator", "rolled_amount", "provision"].map(|column| money_in(row, column));
        assert_eq!(found, [line[1], line[2], line[3], line[5]].map(money), "{}", line[0]);
        assert_eq!(cell(row, "rate_source"), Some(line[4]), "{}", line[0]);
    }
    let stands_in = the_row(&rows, &[("bucket", "31_60")]);
    assert_eq!((cell(stands_in, "rate_bucket"), cell(stands_in, "reason")), (Some("61_90"), Some("no_history")));
    // Last of June 2025 back to the end of June 2022, but the ledger begins in February 2023.
    assert_eq!((cell(stands_in, "window_start"), cell(stands_in, "window_end")), (Some("2023-02-15"), Some("2025-06-30")));
}

/// What happens to an invoice of 1,000 due on 31 March 2023: kind, amount, days after the due date.
type Case = (&'static str, &'static [(&'static str, &'static str, i64)]);

const CASES: &[Case] = &[
    ("parts", &[("receipt", "400.00", 20), ("receipt", "300.00", 50), ("write_off", "300.00", 100)]),
    ("early", &[("write_off", "500.00", 20), ("receipt", "500.00", 70)]),
    ("credit", &[("credit_note", "250.00", 10), ("receipt", "750.00", 40)]),
    ("prompt", &[("receipt", "1000.00", 0)]),
    ("after_a_year", &[("receipt", "1000.00", 400)]),
    ("never", &[]),
    ("half_never", &[("receipt", "500.00", 130)]),
    ("undone", &[("write_off", "1000.00", 100), ("undo", "1000.00", 130), ("receipt", "1000.00", 140)]),
    ("reinstated", &[("write_off", "1000.00", 100), ("reinstatement", "400.00", 150), ("recovery", "400.00", 190)]),
    (
        "lost_again",
        &[("write_off", "1000.00", 100), ("reinstatement", "400.00", 150), ("recovery", "300.00", 190), ("lost", "100.00", 200)],
    ),
    ("forgotten", &[("write_off", "1000.00", 100), ("reinstatement", "400.00", 150)]),
];

/// A pool for each case, whose one customer has one invoice; young has one that was due 200 days before the night, and is open.
fn cases(settings: &str) -> Place {
    let (mut customers, mut documents, mut applications) = (String::new(), String::new(), String::new());
    let mut pools = String::new();
    for (name, events) in CASES {
        customers += &format!("{name},{name},DE\n");
        pools += &format!("[[expected_credit_loss.pool]]\nname = \"{name}\"\nsegment = [\"{name}\"]\n");
        documents += &format!("I-{name},invoice,{name},2023-03-01,2023-03-31,1000.00,USD\n");
        for (number, (kind, amount, days)) in events.iter().enumerate() {
            let date = day("2023-03-31") + chrono::TimeDelta::days(*days);
            let (document, debit) = (format!("D{number}-{name}"), format!("I-{name}"));
            let kind_of_document = match *kind {
                "recovery" => "receipt",
                "lost" => "write_off",
                kind => kind,
            };
            let debit = if ["recovery", "lost"].contains(kind) { format!("D1-{name}") } else { debit };
            match *kind {
                "undo" => applications += &format!("P{number}-{name},D0-{name},I-{name},{date},-{amount}\n"),
                "reinstatement" => documents += &format!("{document},reinstatement,{name},{date},{date},{amount},USD\n"),
                _ => {
                    documents += &format!("{document},{kind_of_document},{name},{date},,{amount},USD\n");
                    applications += &format!("P{number}-{name},{document},{debit},{date},{amount}\n");
                }
            }
        }
    }
    customers += "young,young,DE\n";
    pools += "[[expected_credit_loss.pool]]\nname = \"young\"\nsegment = [\"young\"]\n";
    documents += "I-young,invoice,young,2024-11-01,2024-12-12,1000.00,USD\n";
    ledger(&format!("[expected_credit_loss]\nmin_history_items = 0\n{settings}\n{pools}"), &customers, &documents, &applications)
}

#[test]
fn what_reached_a_bucket_and_was_lost_of_it_case_by_case() {
    let rows = matrix(&cases(""), "run_off");
    // Days 1, 31, 61, 91 and 121 are the first of the buckets; 0/1,000 is lost/reached, "-" not reached by anything.
    let expected = "
        pool          not_due      1_30         31_60        61_90        91_120       over_120
        parts         300/1,000    300/1,000    300/600      300/300      300/300      -
        early         500/1,000    500/1,000    0/500        0/500        -            -
        credit        0/1,000      0/1,000      0/750        -            -            -
        prompt        0/1,000      -            -            -            -            -
        after_a_year  0/1,000      0/1,000      0/1,000      0/1,000      0/1,000      0/1,000
        never         1,000/1,000  1,000/1,000  1,000/1,000  1,000/1,000  1,000/1,000  1,000/1,000
        half_never    500/1,000    500/1,000    500/1,000    500/1,000    500/1,000    500/1,000
        undone        0/1,000      0/1,000      0/1,000      0/1,000      0/1,000      -
        reinstated    600/1,000    600/1,000    600/1,000    600/1,000    600/1,000    -
        lost_again    700/1,000    700/1,000    700/1,000    700/1,000    700/1,000    -
        forgotten     1,000/1,000  1,000/1,000  1,000/1,000  1,000/1,000  1,000/1,000  -
        young         -            -            -            -            -            -";
    let buckets = ["not_due", "1_30", "31_60", "61_90", "91_120", "over_120"];
    for line in scenario(expected, &["pool", "not_due", "1_30", "31_60", "61_90", "91_120", "over_120"]) {
        for (bucket, text) in buckets.iter().zip(&line[1..]) {
            let row = the_row(&rows, &[("pool", line[0]), ("bucket", bucket), ("assessment", "collective")]);
            match text.split_once('/') {
                Some((lost, reached)) => {
                    assert_eq!(cell(row, "rate_source"), Some("pool"), "{} {bucket}", line[0]);
                    let found = (money_in(row, "numerator"), money_in(row, "denominator"));
                    assert_eq!(found, (money(lost), money(reached)), "{} {bucket}", line[0]);
                }
                None => {
                    assert_eq!(
                        (cell(row, "rate_source"), cell(row, "reason")),
                        (Some("company"), Some("no_history")),
                        "{} {bucket}",
                        line[0]
                    );
                }
            }
        }
    }
    // The company's own rates are those of all pools: not due 11,000, of which 300 + 500 + 1,000 + 500 + 600 + 700 + 1,000 = 4,600.
    let not_due = the_row(&rows, &[("pool", "young"), ("bucket", "not_due")]);
    assert_eq!((money_in(not_due, "numerator"), money_in(not_due, "denominator")), (money("4,600"), money("11,000")));
    // The young invoice is 200 days late and open: no loss, and provided for at over_120 of the company: after_a_year, never and
    // half_never got there, 1,500 of 3,000.
    let young = the_row(&rows, &[("pool", "young"), ("bucket", "over_120")]);
    assert_eq!(["gross_amount", "provision"].map(|column| money_in(young, column)), [money("1,000"), money("500")]);
    // What is open beyond a year is lost by definition and provided for in full.
    let lost = the_row(&rows, &[("pool", "never"), ("assessment", "lost")]);
    assert_eq!((cell(lost, "bucket"), cell(lost, "rate_source")), (Some("over_120"), Some("loss_definition")));
    assert_eq!((money_in(lost, "gross_amount"), money_in(lost, "provision")), (money("1,000"), money("1,000")));
    assert_eq!(cell(lost, "loss_definition"), Some("written_off_or_over_365_days"));
}

#[test]
fn what_rolled_and_was_lost_case_by_case() {
    let rows = matrix(&cases(""), "roll_rate");
    // Month ends: 31 Mar not due; 30 Apr: day 30; 31 May: 61; 30 Jun: 91; 31 Jul: 122; so nothing ever stands in 31_60.
    // parts: 600 at 61, 300 at 91 (day 50 = 20 May), written off on day 100 (9 Jul): 300 leave 91_120 as lost.
    // half_never: 500 of over_120 paid on day 130 (8 Aug), 500 lost from it in April 2024 (day 366 = 31 Mar 2024: in March).
    // after_a_year: lost from it in March 2024, but paid later: settled.
    // undone: at 31 Jul (122) open is 0 until day 130 = 8 Aug, paid on day 140 in August: 1,000 leave 91_120 settled, not lost.
    // lost/left of the bucket itself
    let expected = "
        pool          not_due    1_30       61_90      91_120       over_120
        parts         0/1,000    0/600      0/300      300/300      -
        after_a_year  0/1,000    0/1,000    0/1,000    0/1,000      0/1,000
        never         0/1,000    0/1,000    0/1,000    0/1,000      1,000/1,000
        half_never    0/1,000    0/1,000    0/1,000    0/1,000      500/1,000
        undone        0/1,000    0/1,000    0/1,000    0/1,000      -
        reinstated    0/1,000    0/1,000    0/1,000    600/1,000    -
        lost_again    0/1,000    0/1,000    0/1,000    700/1,000    -";
    for line in scenario(expected, &["pool", "not_due", "1_30", "61_90", "91_120", "over_120"]) {
        for (bucket, text) in ["not_due", "1_30", "61_90", "91_120", "over_120"].iter().zip(&line[1..]) {
            let row = the_row(&rows, &[("pool", line[0]), ("bucket", bucket), ("assessment", "collective")]);
            let Some((lost, left)) = text.split_once('/') else {
                assert_ne!(cell(row, "rate_source"), Some("pool"), "{} {bucket}", line[0]);
                continue;
            };
            assert_eq!(cell(row, "rate_source"), Some("pool"), "{} {bucket}", line[0]);
            assert_eq!((money_in(row, "lost_amount"), money_in(row, "denominator")), (money(lost), money(left)), "{} {bucket}", line[0]);
        }
    }
    let rate = |pool: &str, bucket: &str| number_in(the_row(&rows, &[("pool", pool), ("bucket", bucket)]), "loss_rate");
    // parts: 1_30 to 61_90 at 30 Apr → 31 May: 600 of 1,000 stay open, 400 were paid on day 20 in April, before 1_30.
    assert!((rate("parts", "not_due") - 0.3).abs() < 1e-12);
    assert!((rate("never", "not_due") - 1.0).abs() < 1e-12);
    assert!(rate("undone", "not_due").abs() < 1e-12);
}

#[test]
fn last_years_matrix_stands_beside_what_followed() {
    // The matrix of 30 June 2024 sees due dates up to 30 June 2023. H lost 1,000 of 10,000 in December 2023; H2 was open for more than a
    // year on its day and so lost, though it was paid since. Of what was open on its day, 500 of A1 and 600 of A6 were written off
    // since (250 of it came back), A3 is open for 375 days, A4 for 345. A5 was not there yet.
    let documents = "\
        H1,invoice,A,2023-03-01,2023-03-31,10000.00,USD\nRH1,receipt,A,2023-04-10,,9000.00,USD\nWH1,write_off,A,2023-12-01,,1000.00,USD\n\
        H2,invoice,A,2023-04-01,2023-04-30,1000.00,USD\nRH2,receipt,A,2024-10-01,,1000.00,USD\n\
        A1,invoice,A,2024-06-15,2024-07-15,2000.00,USD\nR1,receipt,A,2024-08-01,,1500.00,USD\nW1,write_off,A,2025-03-01,,500.00,USD\n\
        A2,invoice,A,2024-05-10,2024-06-10,1000.00,USD\nR2,receipt,A,2024-09-01,,1000.00,USD\n\
        A3,invoice,A,2024-05-20,2024-06-20,400.00,USD\n\
        A4,invoice,A,2024-06-20,2024-07-20,300.00,USD\n\
        A5,invoice,A,2024-07-05,2024-07-20,800.00,USD\n\
        A6,invoice,A,2024-02-01,2024-03-01,600.00,USD\nW6,write_off,A,2024-07-10,,600.00,USD\n\
        N6,reinstatement,A,2024-12-01,2024-12-01,250.00,USD\nR6,receipt,A,2024-12-05,,250.00,USD\n";
    let applications = "\
        P1,RH1,H1,2023-04-10,9000.00\nP2,WH1,H1,2023-12-01,1000.00\nP3,RH2,H2,2024-10-01,1000.00\nP4,R1,A1,2024-08-01,1500.00\n\
        P5,W1,A1,2025-03-01,500.00\nP6,R2,A2,2024-09-01,1000.00\nP7,W6,A6,2024-07-10,600.00\nP8,R6,N6,2024-12-05,250.00\n";
    let place = ledger("", "A,small,DE\n", documents, applications);
    place.run(AS_OF).expect(0);
    let rows = table_where(&place.night(AS_OF), "expected_credit_loss_backtest", &[("method", "run_off")]);
    // Rates: not due 2,000 of 11,000 and the same on the first day late; over 120 days 2,000 of 2,000.
    // 2,300 × 2 ÷ 11 = 418.18; 1,400 × 2 ÷ 11 = 254.55
    let expected = "
        assessment  bucket    gross  provision  lost  undetermined  difference
        collective  not_due   2,300  418.18     500   300           -81.82
        collective  1_30      1,400  254.55     400   0             -145.45
        collective  over_120  600    600        350   0             250
        lost        over_120  1,000  1,000      0     0             1,000";
    let lines = scenario(expected, &["assessment", "bucket", "gross", "provision", "lost", "undetermined", "difference"]);
    assert_eq!(rows.len(), lines.len(), "only what was open");
    for line in lines {
        let row = the_row(&rows, &[("assessment", line[0]), ("bucket", line[1])]);
        let columns = ["gross_amount", "provision", "actual_loss", "undetermined_amount", "difference"];
        assert_eq!(columns.map(|column| money_in(row, column)).as_slice(), line[2..].iter().map(|text| money(text)).collect::<Vec<_>>());
        assert_eq!((cell(row, "matrix_date"), cell(row, "outcome_date")), (Some("2024-06-30"), Some(AS_OF)));
    }
}

/// Three invoices of 100 of the public A, of which one was written off, one of the private C; and what is open.
fn pools(settings: &str) -> Place {
    let mut documents = String::new();
    let mut applications = String::new();
    for (id, customer, kind) in [("H1", "A", "receipt"), ("H2", "A", "receipt"), ("H3", "A", "write_off"), ("H4", "C", "receipt")] {
        documents += &format!("{id},invoice,{customer},2023-03-01,2023-03-31,100.00,USD\nD{id},{kind},{customer},2023-03-31,,100.00,USD\n");
        applications += &format!("P{id},D{id},{id},2023-03-31,100.00\n");
    }
    documents += "OA,invoice,A,2025-06-02,2025-07-15,900.00,USD\nOC,invoice,C,2025-06-02,2025-07-15,400.00,USD\n\
        OD,invoice,D,2025-06-02,2025-07-15,1000.00,USD\nOE,invoice,D,2023-06-02,2024-01-01,501.01,USD\n";
    let pool = "[[expected_credit_loss.pool]]\nname = \"public\"\nsegment = [\"public\", \"state\"]\ncountry = [\"DE\"]\noverlay = 1.2\n\
        reason = \"budgets are cut\"\n[[expected_credit_loss.specific]]\ncustomer = \"main/D\"\nshare = 0.25\nreason = \"restructuring\"\n";
    let settings = format!("[expected_credit_loss]\nmin_history_items = 2\n{settings}{pool}");
    ledger(&settings, "A,public,DE\nB,public,FR\nC,private,DE\nD,public,DE\n", &documents, &applications)
}

#[test]
fn pools_have_their_rates_and_overlays_and_specific_reserves_leave_them_first() {
    let place = pools("");
    let rows = matrix(&place, "run_off");
    // D's old invoice is lost by the loss definition and so part of its pool's history: public lost 100 + 501.01 of 300 + 501.01,
    // 900 × 601.01 ÷ 801.01 × 1.2 = 810.34. (other) has one invoice of history, too few, and takes 601.01 of 901.01.
    // D: a quarter of 1,000 and of 501.01 = 125.2525.
    let expected = "
        pool        customer  bucket    gross   rate      source    reason   overlay  provision
        public      (all)     not_due   900     0.750315  pool      -        1.2      810.34
        (other)     (all)     not_due   400     0.667040  company   too_few  1        266.82
        (specific)  D         not_due   1,000   0.25      specific  -        1        250
        (specific)  D         over_120  501.01  0.25      specific  -        1        125.25";
    let columns = ["pool", "customer", "bucket", "gross", "rate", "source", "reason", "overlay", "provision"];
    for line in scenario(expected, &columns) {
        let row = the_row(&rows, &[("pool", line[0]), ("customer_id", line[1]), ("bucket", line[2])]);
        assert_eq!((money_in(row, "gross_amount"), money_in(row, "provision")), (money(line[3]), money(line[8])), "{line:?}");
        for (column, text) in [("loss_rate", line[4]), ("overlay_factor", line[7])] {
            assert!((number_in(row, column) - text.parse::<f64>().expect("a number")).abs() < 1e-6, "{line:?}");
        }
        assert_eq!((cell(row, "rate_source"), cell(row, "reason").unwrap_or("-")), (Some(line[5]), line[6]), "{line:?}");
    }
    let judged = |pool: &str| cell(the_row(&rows, &[("pool", pool), ("bucket", "not_due")]), "judgement").map(str::to_owned);
    assert_eq!(["public", "(other)", "(specific)"].map(judged), [Some("budgets are cut".into()), None, Some("restructuring".into())]);
    let gross: i128 = rows.iter().map(|row| money_in(row, "gross_amount")).sum();
    let aging = table_where(&place.night(AS_OF), "aging", &[("company_id", "main"), ("scope", "company"), ("period_end", AS_OF)]);
    let due = aging.iter().filter(|row| cell(row, "basis") == Some("due_date"));
    assert_eq!(gross, due.map(|row| money_in(row, "amount")).sum::<i128>());
    // A year ago nobody knew of the restructuring: D's old invoice, 181 days late then, is in its pool.
    let before = table_where(&place.night(AS_OF), "expected_credit_loss_backtest", &[("method", "run_off"), ("bucket", "over_120")]);
    assert_eq!((before.len(), cell(&before[0], "pool")), (1, Some("public")));
}

#[test]
fn a_dated_reserve_counts_from_its_day_on_and_a_customer_that_nobody_is_is_refused() {
    let place = pools("");
    let dated = place.read("arrears.toml").replace("reason = \"restructuring\"\n", "reason = \"restructuring\"\nsince = 2024-05-01\n");
    place.write("arrears.toml", &dated);
    place.run(AS_OF).expect(0);
    let before = table_where(&place.night(AS_OF), "expected_credit_loss_backtest", &[("method", "run_off"), ("bucket", "over_120")]);
    assert_eq!((before.len(), cell(&before[0], "pool"), money_in(&before[0], "provision")), (1, Some("(specific)"), money("125.25")));

    place.write("arrears.toml", dated.replace("main/D", "other/D"));
    let ended = place.replace(AS_OF).expect(2);
    assert!(ended.stderr.contains("unknown_customer") && ended.stderr.contains("other/D"), "{}", ended.stderr);
    assert!(ended.stderr.contains("arrears.toml:") && ended.stderr.contains("hint:"), "{}", ended.stderr);
}

#[test]
fn where_nothing_was_written_off_the_rate_is_a_0_with_a_denominator_and_what_is_open_decides_nothing() {
    // Paid 40 days late; and one that is open since, which no write-off ever said anything of.
    let documents = "H1,invoice,A,2023-03-01,2023-03-31,100.00,USD\nR1,receipt,A,2023-05-10,,100.00,USD\n\
        H2,invoice,A,2023-03-01,2023-03-31,70.00,USD\n";
    let place =
        ledger("[expected_credit_loss]\nloss_definition = \"written_off\"", "A,small,DE\n", documents, "P1,R1,H1,2023-05-10,100.00\n");
    let rows = matrix(&place, "run_off");
    let of = |bucket: &str| the_row(&rows, &[("bucket", bucket)]).clone();
    for bucket in ["not_due", "1_30", "31_60"] {
        let row = of(bucket);
        let found = ["numerator", "denominator", "undetermined_amount"].map(|column| money_in(&row, column));
        assert_eq!((found, number_in(&row, "loss_rate")), ([0, money("100"), money("70")], 0.0), "{bucket}");
    }
    let open = of("over_120");
    assert_eq!((cell(&open, "loss_rate"), cell(&open, "reason"), cell(&open, "provision")), (None, Some("immature"), None));
    assert_eq!((money_in(&open, "gross_amount"), money_in(&open, "unrated_amount")), (money("70"), money("70")));
    assert_eq!(cell(&open, "loss_definition"), Some("written_off"));
    // Roll rates: not due → 1_30 → 61_90: of 170 in 1_30 at the end of April 100 were paid in May; the rest rolled on, up to
    // over_120, which nothing has left.
    let rows = table_where(&place.night(AS_OF), "expected_credit_loss", &[("method", "roll_rate")]);
    let of = |bucket: &str| the_row(&rows, &[("bucket", bucket)]).clone();
    assert_eq!(
        ["not_due", "1_30", "over_120"].map(|bucket| of(bucket)["reason"].clone()),
        [Some("immature".into()), Some("immature".into()), Some("no_history".into())]
    );
    assert_eq!(money_in(&of("over_120"), "unrated_amount"), money("70"));
}

#[test]
fn other_currencies_are_lost_at_the_rate_of_their_invoice_and_provided_for_at_the_closing_rate() {
    let documents = "H1,invoice,A,2023-03-01,2023-03-31,1000.00,EUR\nW1,write_off,A,2023-06-30,,500.00,EUR\nR1,receipt,A,2023-03-31,,500.00,EUR\n\
        O1,invoice,A,2025-06-02,2025-07-15,2000.00,EUR\n";
    let place = ledger("", "A,small,DE\n", documents, "P1,W1,H1,2023-06-30,500.00\nP2,R1,H1,2023-03-31,500.00\n");
    place.write("ledger/fx_rates.csv", "rate_date,currency,rate\n2023-01-01,EUR,1.10\n2023-06-01,EUR,1.50\n2025-06-29,EUR,1.20\n");
    let rows = matrix(&place, "run_off");
    let row = the_row(&rows, &[("bucket", "not_due")]);
    let found = ["numerator", "denominator", "gross_amount", "provision"].map(|column| money_in(row, column));
    assert_eq!(found, ["550", "1,100", "2,400", "1,200"].map(money));
}

#[test]
fn an_empty_ledger_has_an_empty_matrix() {
    let place = ledger("", "", "", "");
    assert!(matrix(&place, "run_off").is_empty());
    assert!(table(&place.night(AS_OF), "expected_credit_loss_backtest").is_empty());
}

/// A synthetic book without forecasts and, where told, without reinstatements.
fn generated(settings: &str, has_reinstatements: bool) -> Place {
    let place = Place::generated(6_000);
    let config = place.read("arrears.toml").replace("calibration_weeks = 2", "enabled = false");
    place.write("arrears.toml", config + settings);
    if !has_reinstatements {
        let documents = place.read("ledger/documents.csv");
        let (kept, left): (Vec<&str>, Vec<&str>) = documents.lines().partition(|line| !line.contains(",reinstatement,"));
        let ids: BTreeMap<&str, ()> = left.iter().filter_map(|line| Some((line.split(',').nth(1)?, ()))).collect();
        assert!(!ids.is_empty(), "the book has reinstatements");
        place.write("ledger/documents.csv", kept.join("\n") + "\n");
        let applications = place.read("ledger/applications.csv");
        let kept: Vec<&str> = applications.lines().filter(|line| line.split(',').nth(4).is_none_or(|id| !ids.contains_key(id))).collect();
        place.write("ledger/applications.csv", kept.join("\n") + "\n");
    }
    place
}

#[test]
fn where_only_write_offs_are_losses_the_chain_counts_what_the_published_roll_rates_count() {
    let place = generated("\n[expected_credit_loss]\nloss_definition = \"written_off\"\nhistory_months = 24\n", false);
    place.run("2024-11-15").expect(0);
    let night = place.night("2024-11-15");
    let rolled = table_where(&night, "roll_rates", &[("scope", "company")]);
    let rows = table_where(&night, "expected_credit_loss", &[("method", "roll_rate")]);
    let mut compared = 0;
    for row in rows.iter().filter(|row| cell(row, "rate_source") == Some("pool")) {
        let (company, bucket) = (cell(row, "company_id"), cell(row, "bucket"));
        // Two years of month ends up to October; the part of November is no month.
        let moves = rolled.iter().filter(|rate| (cell(rate, "company_id"), cell(rate, "from_bucket")) == (company, bucket));
        let moves: Vec<&Row> = moves
            .filter(|rate| ("2022-11-30"..="2024-10-31").contains(&cell(rate, "period_end").expect("a date")))
            .filter(|rate| cell(rate, "to_bucket") != bucket)
            .collect();
        let sum = |word: Option<&str>| -> i128 {
            moves
                .iter()
                .filter(|rate| word.is_none_or(|word| cell(rate, "to_bucket") == Some(word)))
                .map(|rate| money_in(rate, "amount"))
                .sum()
        };
        assert_eq!(money_in(row, "denominator"), sum(None), "{company:?} {bucket:?}");
        assert_eq!(money_in(row, "lost_amount"), sum(Some("write_off")), "{company:?} {bucket:?}");
        assert_eq!(money_in(row, "rolled_amount"), sum(None) - sum(Some("write_off")) - sum(Some("settled")), "{company:?} {bucket:?}");
        assert_eq!((cell(row, "window_start"), cell(row, "window_end")), (Some("2022-11-01"), Some("2024-10-31")));
        compared += 1;
    }
    assert!(compared >= 12, "{compared} rates");
}

#[test]
fn neither_threads_nor_the_order_of_rows_change_a_byte_of_it() {
    let pools = "\n[[expected_credit_loss.pool]]\nname = \"small\"\nsegment = [\"small_business\"]\n\
        [[expected_credit_loss.pool]]\nname = \"emea\"\nregion = [\"emea\"]\n";
    let place = generated(pools, true);
    let files = |out: &std::path::Path| {
        let night = support::night_of(out, "2024-11-15");
        let mut files = files_of(&night.join("expected_credit_loss"));
        files.extend(
            files_of(&night.join("expected_credit_loss_backtest")).into_iter().map(|(name, bytes)| (format!("backtest/{name}"), bytes)),
        );
        assert_eq!(files.len(), 2);
        files
    };
    let of_threads = |threads: &str| {
        let out = place.path().join(format!("out-{threads}"));
        let mut command = place.run_command("2024-11-15");
        command.env("RAYON_NUM_THREADS", threads).env("POLARS_MAX_THREADS", threads).arg("--output").arg(&out);
        end_of(&mut command).expect(0);
        files(&out)
    };
    let one = of_threads("1");
    assert_same_files(&of_threads("5"), &one, "five threads and one");
    for name in ["documents", "applications", "customers"] {
        let text = place.read(&format!("ledger/{name}.csv"));
        let mut lines: Vec<&str> = text.lines().collect();
        lines[1..].reverse();
        place.write(&format!("ledger/{name}.csv"), lines.join("\n") + "\n");
    }
    assert_same_files(&of_threads("2"), &one, "rows from the last to the first");
}

#[test]
fn every_provision_is_the_product_of_its_row_and_pools_of_anything_hold_the_same_balance() {
    let sums = |settings: &str| -> BTreeMap<(String, String, String), (i128, i128)> {
        let place = generated(settings, true);
        place.run("2024-11-15").expect(0);
        let mut sums = BTreeMap::new();
        for row in table(&place.night("2024-11-15"), "expected_credit_loss") {
            let gross = money_in(&row, "gross_amount");
            if let (Some(rate), Some(provision)) = (cell(&row, "loss_rate"), cell(&row, "provision")) {
                let rate: f64 = rate.parse().expect("a rate");
                assert!((0.0..=1.0).contains(&rate), "{row:?}");
                let product = (gross as f64 * rate * number_in(&row, "overlay_factor")).min(gross as f64);
                assert!((product - money(provision) as f64).abs() <= 51.0, "half a cent: {row:?}");
            }
            assert_eq!(cell(&row, "provision").is_none(), money_in(&row, "unrated_amount") != 0, "{row:?}");
            let key = ["company_id", "method", "bucket"].map(|column| cell(&row, column).expect("a key").to_owned());
            let sum: &mut (i128, i128) = sums.entry(key.into()).or_default();
            sum.0 += gross;
            sum.1 += number_in(&row, "items") as i128;
        }
        sums
    };
    let one = sums("");
    let several = sums(
        "\n[expected_credit_loss]\noverlay = 1.3\noverlay_reason = \"war\"\n[[expected_credit_loss.pool]]\nname = \"small\"\n\
         segment = [\"small_business\"]\noverlay = 0.5\nreason = \"insured\"\n[[expected_credit_loss.specific]]\ncustomer = \"C-0000003\"\n\
         share = 0.7\nreason = \"insolvent\"\n",
    );
    assert_eq!(one, several);
}

#[test]
fn a_second_witness_that_looks_at_every_item_on_every_month_end_says_the_same() {
    let mut python = Command::new("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    if !python.args(["-c", "import duckdb"]).output().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "python3 has no module duckdb, and ARREARS_REQUIRE_PARITY is set");
        return support::skipped(
            "the second witness of expected_credit_loss: python3 has no module duckdb (pip install -r tests/requirements.txt)",
        );
    }
    let place = generated("", true);
    for as_of in ["2024-11-15", "2023-12-31"] {
        place.run(as_of).expect(0);
        let mut witness = Command::new("python3");
        witness.env("PYTHONDONTWRITEBYTECODE", "1").arg(repository().join("tests/parity/expected_credit_loss.py"));
        witness.arg("--ledger").arg(place.path().join("ledger")).arg("--published").arg(place.out()).args(["--as-of", as_of]);
        let ended = end_of(&mut witness);
        assert_eq!(ended.status, 0, "{as_of}\n{}{}", ended.stdout, ended.stderr);
    }
}
