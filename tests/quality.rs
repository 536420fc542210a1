//! Rules of quality: a ledger that breaks none of them, and for each rule the smallest change that breaks exactly it; what
//! thresholds and severities do; columns that change from one delivery to the next.

mod support;

use std::collections::BTreeMap;
use support::{
    Place, Row, assert_sql_agrees, cell, end_of, has_duckdb, money_in, number_in, parquet_rows, program, scenario, table, table_where,
    the_row,
};

const AS_OF: &str = "2025-06-30";

const CUSTOMERS: &str = "customer_id,name,country,opened_date\nA,Alder Ltd,DE,2024-01-01\nB,Birch & Sons,FR,2024-01-01\n";

const DOCUMENTS: &str = "document_id,item_no,document_type,customer_id,document_date,due_date,amount,currency,reference\n\
    I1,1,invoice,A,2025-05-01,2025-05-31,100.00,USD,PO1\n\
    I2,1,invoice,A,2025-06-01,2025-07-01,200.00,USD,\n\
    R1,1,receipt,A,2025-06-10,,100.00,USD,\n\
    I3,1,invoice,B,2025-06-02,2025-07-02,300.00,USD,\n";

const APPLICATIONS: &str =
    "application_id,credit_document_id,debit_document_id,applied_date,amount,credit_amount\nP1,R1,I1,2025-06-10,100.00,\n";

const RATES: &str = "rate_date,currency,rate\n2024-01-01,EUR,1.10\n";

/// The sound ledger with more lines and more configuration.
fn ledger(config: &str, customers: &str, documents: &str, applications: &str) -> Place {
    let place = Place::empty();
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"USD\"\noutput = \"out\"\n\n{config}\n\n[forecast]\nenabled = false\n\n[risk]\nenabled = false\n\n\
             [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n"
        ),
    );
    place.write("ledger/customers.csv", format!("{CUSTOMERS}{customers}"));
    place.write("ledger/documents.csv", format!("{DOCUMENTS}{documents}"));
    place.write("ledger/applications.csv", format!("{APPLICATIONS}{applications}"));
    place.write("ledger/fx_rates.csv", RATES);
    place
}

/// The rules that rows break, and how many, of the rows that thresholds are about.
fn broken(place: &Place) -> BTreeMap<String, i64> {
    let rows = table(&place.night(AS_OF), "quality_rules");
    let whole = rows.iter().filter(|row| cell(row, "file") == Some("(all)"));
    let count = |row: &Row| (cell(row, "rule").expect("a name").to_owned(), number_in(row, "row_count") as i64);
    let mut broken = BTreeMap::new();
    for (rule, rows) in whole.map(count).filter(|(_, rows)| *rows > 0) {
        *broken.entry(rule).or_default() += rows;
    }
    broken
}

#[track_caller]
fn the_rule(place: &Place, rule: &str) -> Row {
    let rows = table(&place.night(AS_OF), "quality_rules");
    the_row(&rows, &[("rule", rule), ("file", "(all)")]).clone()
}

#[test]
fn a_sound_ledger_breaks_no_rule_and_every_rule_says_so() {
    let place = ledger("", "", "", "");
    let ended = place.run(AS_OF).expect(0);
    assert!(!ended.stderr.contains("rule "), "{}", ended.stderr);
    assert_eq!(broken(&place), BTreeMap::new());
    let rows = table(&place.night(AS_OF), "quality_rules");
    let listed = end_of(program().args(["check", "--list"])).expect(0);
    for row in &rows {
        let name = cell(row, "rule").expect("a name");
        assert_eq!(cell(row, "outcome").unwrap_or("holds"), "holds", "{name}");
        assert!(listed.stdout.lines().any(|line| line.split(' ').next() == Some(name)), "{name} is listed");
    }
    // Four documents, 100 + 200 + 100 + 300 in dollars.
    let row = the_rule(&place, "zero_amount");
    assert_eq!((cell(&row, "rows_checked"), money_in(&row, "amount_checked")), (Some("4"), 7_000_000));
}

/// One broken rule: more customers, documents and applications, and the rules that then are broken, with their rows.
struct Breach {
    rules: &'static [(&'static str, i64)],
    customers: &'static str,
    documents: &'static str,
    applications: &'static str,
}

const NONE: Breach = Breach { rules: &[], customers: "", documents: "", applications: "" };

const BREACHES: &[Breach] = &[
    Breach { rules: &[("date_in_future", 1)], documents: "I4,1,invoice,B,2052-06-02,2052-07-02,310.00,USD,\n", ..NONE },
    // Thirty days after the night are allowed.
    Breach { rules: &[], documents: "I4,1,invoice,B,2025-07-30,2025-08-30,310.00,USD,\n", ..NONE },
    Breach { rules: &[("date_in_future", 1)], documents: "I4,1,invoice,B,2025-07-31,2025-08-30,310.00,USD,\n", ..NONE },
    Breach { rules: &[("date_before_company", 1)], documents: "I4,1,invoice,B,2023-12-31,2024-01-02,310.00,USD,\n", ..NONE },
    Breach { rules: &[("due_before_document", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-06-04,310.00,USD,\n", ..NONE },
    Breach { rules: &[("missing_due_date", 1)], documents: "I4,1,invoice,B,2025-06-05,,310.00,USD,\n", ..NONE },
    Breach { rules: &[("zero_amount", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,0.00,USD,\n", ..NONE },
    Breach { rules: &[("finer_than_minor_unit", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,1.005,USD,\n", ..NONE },
    // The same date, amount and currency under another number; another date is no duplicate.
    Breach { rules: &[("duplicate_invoice", 1)], documents: "I3X,1,invoice,B,2025-06-02,2025-07-02,300.00,USD,\n", ..NONE },
    Breach { rules: &[], documents: "I3X,1,invoice,B,2025-06-03,2025-07-02,300.00,USD,\n", ..NONE },
    Breach { rules: &[], documents: "I3X,1,invoice,B,2025-06-02,2025-07-02,300.00,EUR,\n", ..NONE },
    // Three of a kind are two too many.
    Breach {
        rules: &[("duplicate_invoice", 2)],
        documents: "I3X,1,invoice,B,2025-06-02,2025-07-02,300.00,USD,\nI3Y,1,invoice,B,2025-06-02,2025-07-02,300.00,USD,\n",
        ..NONE
    },
    // Instalments repeat each other on purpose, and so does what was credited in full.
    Breach {
        rules: &[],
        documents: "I4,1,invoice,B,2025-06-05,2025-07-05,50.00,USD,\nI4,2,invoice,B,2025-06-05,2025-08-05,50.00,USD,\n",
        ..NONE
    },
    Breach {
        rules: &[],
        documents: "I3X,1,invoice,B,2025-06-02,2025-07-02,300.00,USD,\nC1,1,credit_note,B,2025-06-20,,300.00,USD,\n",
        applications: "P2,C1,I3X,2025-06-20,300.00,\n",
        ..NONE
    },
    Breach { rules: &[("duplicate_reference", 1)], documents: "I4,1,invoice,A,2025-06-05,2025-07-05,70.00,USD,PO1\n", ..NONE },
    // Another customer's order number is another's.
    Breach { rules: &[], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,70.00,USD,PO1\n", ..NONE },
    // 91 days old and 0.01 still open; 90 days are allowed.
    Breach {
        rules: &[("receipt_unapplied_long", 1)],
        documents: "R2,1,receipt,B,2025-03-31,,1.01,USD,\nI4,1,invoice,B,2025-03-31,2025-04-30,1.00,USD,\n",
        applications: "P2,R2,I4,2025-04-01,1.00,\n",
        ..NONE
    },
    Breach { rules: &[], documents: "R2,1,receipt,B,2025-04-01,,1.00,USD,\n", ..NONE },
    // Entered before the receipt existed, after the invoice did.
    Breach {
        rules: &[("applied_before_document", 1)],
        documents: "R2,1,receipt,B,2025-06-20,,300.00,USD,\n",
        applications: "P2,R2,I3,2025-06-19,300.00,\n",
        ..NONE
    },
    // Entered before either.
    Breach {
        rules: &[("applied_before_document", 1), ("settled_before_documents", 1)],
        documents: "R2,1,receipt,B,2025-06-20,,300.00,USD,\n",
        applications: "P2,R2,I3,2025-06-01,300.00,\n",
        ..NONE
    },
    Breach {
        rules: &[("mixed_currencies", 1)],
        documents: "R2,1,receipt,B,2025-06-20,,200.00,EUR,\n",
        applications: "P2,R2,I3,2025-06-20,220.00,200.00\n",
        ..NONE
    },
    Breach { rules: &[("customer_without_documents", 1)], customers: "C,Cedar,DE,2024-01-01\n", ..NONE },
    Breach { rules: &[("unknown_customer_of_document", 1)], documents: "I4,1,invoice,Z,2025-06-05,2025-07-05,70.00,USD,\n", ..NONE },
    Breach {
        rules: &[("text_would_run", 1)],
        customers: "C,\"=HYPERLINK(\"\"http://x\"\")\",DE,2024-01-01\n",
        documents: "I4,1,invoice,C,2025-06-05,2025-07-05,70.00,USD,\n",
        ..NONE
    },
    Breach {
        rules: &[("text_would_run", 1)],
        customers: "C,Cedar,<b>DE</b>,2024-01-01\n",
        documents: "I4,1,invoice,C,2025-06-05,2025-07-05,70.00,USD,\n",
        ..NONE
    },
    Breach {
        rules: &[("over_applied", 1)],
        documents: "R2,1,receipt,B,2025-06-20,,400.00,USD,\n",
        applications: "P2,R2,I3,2025-06-20,300.01,\n",
        ..NONE
    },
    Breach { rules: &[("unknown_document", 1)], applications: "P2,R9,I3,2025-06-20,300.00,\n", ..NONE },
    Breach { rules: &[("wrong_side", 1)], applications: "P2,I2,I3,2025-06-20,100.00,\n", ..NONE },
    Breach { rules: &[("no_rate", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,70.00,JPY,\n", ..NONE },
    Breach { rules: &[("bad_date", 1)], documents: "I4,1,invoice,B,05.06.2025,2025-07-05,70.00,USD,\n", ..NONE },
    Breach { rules: &[("negative_amount", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,-70.00,USD,\n", ..NONE },
    Breach { rules: &[("unknown_currency", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,70.00,EURO,\n", ..NONE },
    Breach { rules: &[("missing_value", 1)], documents: ",1,invoice,B,2025-06-05,2025-07-05,70.00,USD,\n", ..NONE },
    Breach {
        rules: &[("duplicate_key", 2)],
        documents: "I4,1,invoice,B,2025-06-05,2025-07-05,70.00,USD,\nI4,1,invoice,B,2025-06-05,2025-07-05,71.00,USD,\n",
        ..NONE
    },
    Breach { rules: &[("out_of_range", 1)], documents: "I4,1,invoice,B,2025-06-05,2025-07-05,1000000000000000.00,USD,\n", ..NONE },
];

const LENIENT: &str = "[quality]\nmax_quarantined_rows_share = 1.0\nmax_quarantined_amount_share = 1.0\n";

#[test]
fn each_breach_breaks_exactly_its_rule() {
    for breach in BREACHES {
        let place = ledger(LENIENT, breach.customers, breach.documents, breach.applications);
        place.run(AS_OF).expect(0);
        let expected: BTreeMap<String, i64> = breach.rules.iter().map(|(rule, rows)| ((*rule).to_owned(), *rows)).collect();
        assert_eq!(broken(&place), expected, "{}{}{}", breach.customers, breach.documents, breach.applications);
        assert_sql_agrees(&place, "quality_rules");
    }
}

#[test]
fn an_invoice_a_hundred_times_the_usual_and_a_currency_that_is_not_usual_are_found() {
    // Nine of 20.00 in June and one of 2,000.00: the decimal comma was lost. The median of the ten is 20.
    let june = |day: u32, number: u32, amount: &str, currency: &str| {
        format!("J{number},1,invoice,B,2025-06-{day:02},2025-07-30,{amount},{currency},\n")
    };
    let usual: String = (0..9).map(|number| june(10 + number, number, "20.00", "USD")).collect();
    let slip = june(25, 9, "2000.00", "USD");
    let place = ledger("", "", &format!("{usual}{slip}"), "");
    place.run(AS_OF).expect(0);
    assert_eq!(broken(&place), BTreeMap::from([("invoice_100_times_median".to_owned(), 1)]));
    assert_sql_agrees(&place, "quality_rules");
    let less = june(25, 9, "1999.99", "USD");
    let place = ledger("", "", &format!("{usual}{less}"), "");
    place.run(AS_OF).expect(0);
    assert_eq!(broken(&place), BTreeMap::new());
    // Ten of eleven are in dollars.
    let euro = june(26, 10, "20.00", "EUR");
    let place = ledger("", "", &format!("{usual}{euro}"), "");
    place.run(AS_OF).expect(0);
    assert_eq!(broken(&place), BTreeMap::from([("currency_not_usual".to_owned(), 1)]));
    assert_sql_agrees(&place, "quality_rules");
    // Nine are not enough to be usual: seven in dollars with the ledger's own, one in euro.
    let fewer: String = (0..7).map(|number| june(10 + number, number, "20.00", "USD")).collect();
    let place = ledger("", "", &format!("{fewer}{euro}"), "");
    place.run(AS_OF).expect(0);
    assert_eq!(broken(&place), BTreeMap::new());
}

const DUPLICATE: &str = "I3X,1,invoice,B,2025-06-02,2025-07-02,300.00,USD,\n";

#[test]
fn a_rule_does_what_its_threshold_and_its_severity_say() {
    // One of five documents, 300 of 1,000 dollars: shares of 0.2 and of 0.3.
    let table = scenario(
        "severity  rows  amount  outcome  status
         info      0.0   0.0     noted    0
         warn      0.0   0.0     warns    0
         warn      0.2   0.3     noted    0
         warn      0.19  0.3     warns    0
         warn      0.2   0.29    warns    0
         error     0.2   0.3     noted    0
         error     0.19  1.0     fails    3
         error     1.0   0.29    fails    3",
        &["severity", "rows", "amount", "outcome", "status"],
    );
    for line in table {
        let [severity, rows, amount, outcome, status] = line[..] else { panic!("five cells") };
        let rule =
            format!("[quality.rules.duplicate_invoice]\nseverity = \"{severity}\"\nmax_rows_share = {rows}\nmax_amount_share = {amount}\n");
        let place = ledger(&rule, "", DUPLICATE, "");
        let ended = place.run(AS_OF);
        assert_eq!(ended.status.to_string(), status, "{line:?}\n{}", ended.stderr);
        assert_eq!(ended.stderr.contains("rule duplicate_invoice warns: 1 row"), outcome == "warns", "{line:?}\n{}", ended.stderr);
        if status == "3" {
            assert!(!place.out().join("marts").exists(), "nothing is published");
            assert!(ended.stderr.contains("check_failed") && ended.stderr.contains("duplicate_invoice"), "{}", ended.stderr);
            continue;
        }
        let row = the_rule(&place, "duplicate_invoice");
        assert_eq!(cell(&row, "outcome"), Some(outcome), "{line:?}");
        assert!((number_in(&row, "rows_share") - 0.2).abs() < 1e-12 && (number_in(&row, "amount_share") - 0.3).abs() < 1e-12);
        assert_eq!(money_in(&row, "amount"), 3_000_000);
    }
}

#[test]
fn the_rows_that_break_a_rule_are_kept_beside_the_run_and_a_rule_can_be_asked_for() {
    let place = ledger("", "", DUPLICATE, "");
    place.run(AS_OF).expect(0);
    let asked = end_of(&mut place.arrears(&["check", "duplicate_invoice"])).expect(0);
    assert_eq!(asked.stdout, "2025-06-30: 0 of 1 check holds\n");
    let counted = end_of(&mut place.arrears(&["check", "mixed_currencies", "missing_due_date"])).expect(0);
    assert_eq!(counted.stdout, "2025-06-30: 2 checks hold\n");
    let runs = std::fs::read_dir(place.out().join("runs")).expect("there are runs");
    let kept: Vec<_> = runs
        .map(|run| run.expect("it can be read").path().join("failing/duplicate_invoice.parquet"))
        .filter(|path| path.exists())
        .collect();
    assert_eq!(kept.len(), 2, "by the night and by the check");
    for path in kept {
        let rows = parquet_rows(&path, &[]);
        assert_eq!(rows.len(), 1);
        // The pair: what repeats, and what it repeats.
        let expected = [("record_key", "I3X"), ("other_key", "I3"), ("customer_id", "B"), ("file", "ledger/documents.csv"), ("line", "6")];
        assert!(support::is(&rows[0], &expected), "{:?}", rows[0]);
        assert_eq!(money_in(&rows[0], "amount"), 3_000_000);
    }
    let unknown = end_of(&mut place.arrears(&["check", "duplicate_invoices"])).expect(2);
    assert!(unknown.stderr.contains("unknown_check") && unknown.stderr.contains("zero_amount"), "{}", unknown.stderr);
}

#[test]
fn rules_that_nobody_knows_and_shares_that_are_none_are_refused_with_their_line() {
    for (config, code, says) in [
        ("[quality.rules.duplicate_invoices]\nseverity = \"warn\"\n", "unknown_rule", "duplicate_reference"),
        ("[quality.rules.zero_amount]\nseverity = \"loud\"\n", "unknown_word", "info, warn, error"),
        ("[quality.rules.zero_amount]\nmax_rows_share = 2.0\n", "bad_value", "share between 0 and 1"),
        ("[quality]\ngl_tolerance = \"1.00001\"\n", "bad_value", "gl_tolerance"),
        ("[quality]\nearliest_date = \"1.1.2001\"\n", "bad_value", "earliest_date"),
    ] {
        let ended = ledger(config, "", "", "").run(AS_OF).expect(2);
        assert!(ended.stderr.contains(code) && ended.stderr.contains(says) && ended.stderr.contains("arrears.toml:"), "{}", ended.stderr);
    }
}

#[test]
fn customers_of_the_same_group_break_no_rule() {
    let place = ledger("", "", "", "");
    place.write("ledger/customers.csv", "customer_id,name,is_intercompany\nA,Alder,\nB,Birch,true\n");
    place.write("ledger/documents.csv", format!("{DOCUMENTS}{DUPLICATE}"));
    place.run(AS_OF).expect(0);
    assert_eq!(broken(&place), BTreeMap::new());
    assert_eq!(cell(&the_rule(&place, "duplicate_invoice"), "rows_checked"), Some("3"), "those of A");
}

#[test]
fn a_column_that_vanished_appeared_or_moved_since_the_last_delivery_is_noted() {
    let place = Place::empty();
    place.write(
        "arrears.toml",
        "base_currency = \"USD\"\noutput = \"out\"\n\n[forecast]\nenabled = false\n\n[risk]\nenabled = false\n\n\
         [[source]]\nname = \"daily\"\npath = \"daily/*.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelivered_at = \"%Y-%m-%d\"\n",
    );
    let heading = "document_id,document_type,customer_id,document_date,due_date,amount,currency";
    place.write("daily/d_2025-06-28.csv", format!("{heading}\nI1,invoice,A,2025-06-01,2025-07-01,1.00,USD\n"));
    let ended = place.run("2025-06-28").expect(0);
    assert!(!ended.stderr.contains("column"), "there is nothing to compare with: {}", ended.stderr);
    // Renamed and moved: due_date is called otherwise, amount and currency changed places.
    let renamed = "document_id,document_type,customer_id,document_date,Due,currency,amount";
    place.write("daily/d_2025-06-30.csv", format!("{renamed}\nI2,invoice,A,2025-06-02,2025-07-02,USD,2.00\n"));
    let ended = place.run(AS_OF).expect(0);
    assert!(ended.stderr.contains("column_vanished (due_date)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("rule column_vanished warns: 1 row"), "{}", ended.stderr);
    let expected = [("column_appeared", 1), ("column_vanished", 1), ("columns_reordered", 1), ("extra_column", 1), ("missing_due_date", 1)];
    assert_eq!(broken(&place), expected.map(|(rule, rows)| (rule.to_owned(), rows)).into());
    let rows = table(&place.night(AS_OF), "quality_rules");
    the_row(&rows, &[("rule", "column_vanished"), ("file", "daily/d_2025-06-30.csv"), ("row_count", "1")]);
}

#[test]
fn a_missing_due_date_is_filled_as_the_source_says_and_the_row_counts_as_repaired() {
    let place = Place::empty();
    let config = |keys: &str| {
        format!(
            "base_currency = \"USD\"\noutput = \"out\"\n\n[forecast]\nenabled = false\n\n[risk]\nenabled = false\n\n\
             [[source]]\nname = \"books\"\npath = \"documents.csv\"\nshape = \"canonical\"\ntable = \"documents\"\n{keys}"
        )
    };
    place.write(
        "documents.csv",
        "document_id,document_type,customer_id,document_date,due_date,amount,currency,terms\n\
         I1,invoice,A,2025-06-01,2025-06-15,1.00,USD,net 60\nI2,invoice,A,2025-06-01,,2.00,USD,2/10 net 30\n\
         I3,debit_note,A,2025-06-01,,3.00,USD,on receipt\nR1,receipt,A,2025-06-01,,4.00,USD,net 30\n",
    );
    for (keys, due, repaired, missing) in [
        ("", [Some("2025-06-15"), None, None], 0, 2),
        ("due_date_from_terms = true\n", [Some("2025-06-15"), Some("2025-07-01"), None], 1, 1),
        ("default_payment_days = 14\n", [Some("2025-06-15"); 3], 0, 0),
        ("due_date_from_terms = true\ndefault_payment_days = 14\n", [Some("2025-06-15"), Some("2025-07-01"), Some("2025-06-15")], 1, 0),
    ] {
        place.write("arrears.toml", config(keys));
        let _ = std::fs::remove_dir_all(place.out());
        place.run(AS_OF).expect(0);
        let rows = table(&place.night(AS_OF), "open_items");
        let found = ["I1", "I2", "I3"].map(|id| cell(the_row(&rows, &[("document_id", id)]), "due_date").map(str::to_owned));
        assert_eq!(found, due.map(|day| day.map(str::to_owned)), "{keys}");
        assert_eq!(cell(the_row(&rows, &[("document_id", "R1")]), "due_date"), None, "receipts are not due");
        let quality = table(&place.night(AS_OF), "data_quality");
        let count = number_in(the_row(&quality, &[("measure", "repaired")]), "row_count") as i64;
        assert_eq!(count, repaired, "{keys}");
        assert_eq!(broken(&place).get("missing_due_date").copied().unwrap_or(0), missing, "{keys}");
        let filled = ["due_date_from_terms", "due_date_by_default"].map(|rule| broken(&place).get(rule).copied().unwrap_or(0));
        assert_eq!(filled[0], repaired, "{keys}");
        assert_eq!(filled.iter().sum::<i64>(), 2 - missing, "{keys}");
    }
}

/// Invoices without a due date, of customers whose terms are known (A), changed (A), came later (B), and are none (C, D).
fn place_of_agreed_terms(keys: &str) -> Place {
    let place = Place::empty();
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"USD\"\noutput = \"out\"\n\n[forecast]\nenabled = false\n\n[risk]\nenabled = false\n\n\
             [[source]]\nname = \"books\"\npath = \"documents.csv\"\nshape = \"canonical\"\ntable = \"documents\"\n{keys}\n\
             [[source]]\nname = \"people\"\npath = \"customers.csv\"\nshape = \"canonical\"\ntable = \"customers\"\n"
        ),
    );
    place.write(
        "customers.csv",
        "customer_id,payment_terms_days,recorded_at\nA,30,2024-01-01T00:00:00Z\nA,60,2025-06-10T09:00:00Z\nA,400,2025-06-11T00:00:00Z\n\
         B,45,2025-06-20T00:00:00Z\nB,10,2025-06-25T00:00:00Z\nC,,2024-01-01T00:00:00Z\n",
    );
    place.write(
        "documents.csv",
        "document_id,document_type,customer_id,document_date,due_date,amount,currency,terms,recorded_at\n\
         I1,invoice,A,2025-06-01,,1.00,USD,,2025-06-01T00:00:00Z\nI2,invoice,A,2025-06-12,,2.00,USD,,2025-06-12T00:00:00Z\n\
         I3,debit_note,B,2025-06-01,,4.00,USD,,2025-06-01T00:00:00Z\nI4,invoice,C,2025-06-01,,8.00,USD,net 7,2025-06-01T00:00:00Z\n\
         I5,invoice,D,2025-06-01,,16.00,USD,,2025-06-01T00:00:00Z\nI6,invoice,A,2025-06-01,2025-06-05,32.00,USD,,2025-06-01T00:00:00Z\n\
         R1,receipt,A,2025-06-01,,64.00,USD,,2025-06-01T00:00:00Z\n",
    );
    place
}

fn due_dates(night: &std::path::Path) -> Vec<(String, String)> {
    let text = |row: &Row, column: &str| cell(row, column).unwrap_or("-").to_owned();
    let mut rows: Vec<_> = table(night, "open_items").iter().map(|row| (text(row, "document_id"), text(row, "due_date"))).collect();
    rows.sort();
    rows
}

#[test]
fn what_the_customer_agreed_fills_a_due_date_after_the_rows_terms_and_before_the_default() {
    // keys; due dates of I1 to I5; documents and amounts by rule: from the customer, by default, missing.
    // I1: 30 days were agreed on its date, the 60 came later. I2: 60 were; 400 are no terms. I3: 45 became known first.
    let cases = [
        (
            "due_date_from_customer = true\n",
            ["2025-07-01", "2025-08-11", "2025-07-16", "-", "-"],
            [(3, "7.0000"), (0, "0.0000"), (2, "24.0000")],
        ),
        (
            "due_date_from_customer = true\ndefault_payment_days = 14\n",
            ["2025-07-01", "2025-08-11", "2025-07-16", "2025-06-15", "2025-06-15"],
            [(3, "7.0000"), (2, "24.0000"), (0, "0.0000")],
        ),
        (
            "due_date_from_terms = true\ndue_date_from_customer = true\ndefault_payment_days = 14\n",
            ["2025-07-01", "2025-08-11", "2025-07-16", "2025-06-08", "2025-06-15"],
            [(3, "7.0000"), (1, "16.0000"), (0, "0.0000")],
        ),
        ("", ["-"; 5], [(0, "0.0000"), (0, "0.0000"), (5, "31.0000")]),
    ];
    for (keys, due, rules) in cases {
        let place = place_of_agreed_terms(keys);
        place.run(AS_OF).expect(0);
        let ids = ["I1", "I2", "I3", "I4", "I5", "I6", "R1"];
        let expected: Vec<_> =
            ids.iter().zip(due.into_iter().chain(["2025-06-05", "-"])).map(|(id, due)| (id.to_string(), due.to_owned())).collect();
        assert_eq!(due_dates(&place.night(AS_OF)), expected, "{keys}");
        for (rule, (rows, amount)) in ["due_date_from_customer", "due_date_by_default", "missing_due_date"].iter().zip(rules) {
            let said = table_where(&place.night(AS_OF), "quality_rules", &[("rule", *rule), ("file", "(all)")]);
            assert!(
                support::is(&said[0], &[("row_count", &rows.to_string()), ("outcome", if rows > 0 { "noted" } else { "holds" })]),
                "{keys} {said:?}"
            );
            assert_eq!(cell(&said[0], "amount").unwrap_or("0.0000"), amount, "{keys} {rule}");
        }
        if has_duckdb() {
            end_of(&mut place.arrears(&["check", "--parity"])).expect(0);
        }
    }
}

#[test]
fn terms_that_came_later_change_nothing_of_what_was_known_before() {
    let place = place_of_agreed_terms("due_date_from_customer = true\ndefault_payment_days = 14\n");
    place.run(AS_OF).expect(0);
    let other = place.path().join("known").display().to_string();
    let ledger = place.out().display().to_string();
    let known = |as_of: &str| {
        let arguments = ["--output", &other, "--ledger-of", &ledger, "--known-as-of", as_of, "--replace"];
        end_of(place.run_command(as_of).args(arguments)).expect(0);
        due_dates(&support::night_of(std::path::Path::new(&other), as_of)).into_iter().take(3).map(|(_, due)| due).collect::<Vec<_>>()
    };
    // The day before the terms of B came its debit note had the default, as it was published then.
    assert_eq!(known("2025-06-19"), ["2025-07-01", "2025-08-11", "2025-06-15"]);
    assert_eq!(known("2025-06-20"), ["2025-07-01", "2025-08-11", "2025-07-16"]);
    assert_eq!(known("2025-06-30"), ["2025-07-01", "2025-08-11", "2025-07-16"]);
}

#[test]
fn no_rule_warns_of_a_generated_ledger() {
    let place = Place::generated(3_000);
    place.write("arrears.toml", place.read("arrears.toml") + "enabled = false\n\n[risk]\nenabled = false\n");
    let ended = place.run("2024-12-31").expect(0);
    assert!(!ended.stderr.contains("rule "), "{}", ended.stderr);
    let rules = table(&place.night("2024-12-31"), "quality_rules");
    let early = the_row(&rules, &[("rule", "date_before_company"), ("file", "(all)")]);
    assert_eq!(cell(early, "row_count"), Some("0"), "parents pay once they are customers themselves");
}
