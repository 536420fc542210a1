//! `arrears explain --customer`: the figures are those of the night, the points sum, and what cannot be explained is said plainly.

mod support;

use serde_json::Value;
use support::{Ended, Place, Row, cell, end_of, money, money_in, number_in, table, table_where, the_row};

const AS_OF: &str = "2024-12-31";

fn explain(place: &Place, as_of: &str, arguments: &[&str]) -> Ended {
    end_of(place.arrears(&["explain", "--as-of", as_of]).args(arguments))
}

fn explained(place: &Place, as_of: &str, company: &str, customer: &str) -> Value {
    let ended = explain(place, as_of, &["--customer", customer, "--company", company, "--json"]).expect(0);
    serde_json::from_str(&ended.stdout).expect("it is JSON")
}

/// Asserts that a number is the one of a cell. Reading JSON may be off by the last bit; what is printed is not.
#[track_caller]
fn same_number(found: &Value, row: &Row, column: &str) {
    match cell(row, column) {
        None => assert!(found.is_null(), "{column}: {found} of {row:?}"),
        Some(_) => {
            let (found, published) = (found.as_f64().expect("a number"), number_in(row, column));
            assert!((found - published).abs() <= published.abs() * f64::EPSILON, "{column}: {found} of {row:?}");
        }
    }
}

#[track_caller]
fn same_text(found: &Value, row: &Row, column: &str) {
    assert_eq!(found.as_str(), cell(row, column), "{column} of {row:?}");
}

fn tenths(number: &Value) -> i64 {
    let tenths = number.as_f64().expect("a number") * 10.0;
    assert!((tenths - tenths.round()).abs() < 1e-6, "whole tenths of a point: {number}");
    tenths.round() as i64
}

/// Asserts that an explanation says what the night's row of `customer_scores` says.
#[track_caller]
fn assert_is_the_row(told: &Value, row: &Row) {
    let standing = &told["standing"];
    let numbers = [("score", "score"), ("score_change", "score_change"), ("pd", "pd"), ("pd_lower", "pd_lower")];
    for (name, column) in numbers.into_iter().chain([("pd_upper", "pd_upper"), ("pd_12_months", "pd_12_months")]) {
        same_number(&standing[name], row, column);
    }
    same_number(&standing["completeness"], row, "completeness");
    same_text(&standing["grade"], row, "grade");
    same_text(&standing["previous_grade"], row, "previous_grade");
    same_text(&told["model"]["tier"], row, "tier");
    same_text(&told["model"]["version"], row, "model_version");
    same_text(&told["in_default"]["since_date"], row, "default_date");
    let reasons = told["points"]["reasons"].as_array().map_or(&[][..], Vec::as_slice);
    for place in 0..4 {
        let none = Value::Null;
        let reason = reasons.get(place);
        same_text(reason.map_or(&none, |reason| &reason["characteristic"]), row, &format!("reason_{}", place + 1));
        same_number(reason.map_or(&none, |reason| &reason["points_lost"]), row, &format!("reason_{}_points", place + 1));
    }
    let last = standing["month_ends"].as_array().expect("a list").last().expect("the ledger is older than a month");
    assert_eq!(last["grade"], standing["previous_grade"], "the replay ends with the previous grade");
}

/// Asserts that the points are those of `score_points`, and sum to the score.
#[track_caller]
fn assert_are_the_points(told: &Value, rows: &[Row]) {
    let points = &told["points"];
    if told["status"] == "in_default" {
        assert!(points.is_null() && rows.is_empty(), "a customer in default has no points");
        return;
    }
    let base = the_row(rows, &[("characteristic", "(base)")]);
    same_number(&points["base"], base, "points");
    let characteristics = points["characteristics"].as_array().expect("a list");
    assert_eq!(characteristics.len() + 1, rows.len());
    for of in characteristics {
        let row = the_row(rows, &[("characteristic", of["characteristic"].as_str().expect("a name"))]);
        same_number(&of["points"], row, "points");
        same_number(&of["best_points"], row, "best_points");
        same_number(&of["value"], row, "characteristic_value");
        assert_eq!(of["bin"].as_i64().map(|bin| bin.to_string()).as_deref(), cell(row, "bin"));
        assert_eq!(of["is_reason"].as_bool().map(|is| is.to_string()).as_deref(), cell(row, "is_reason"));
        assert!(of["is_reason"] == false || tenths(&of["points"]) < tenths(&of["best_points"]), "a reason is never favourable: {of}");
    }
    let sum: i64 = tenths(&points["base"]) + characteristics.iter().map(|of| tenths(&of["points"])).sum::<i64>();
    assert_eq!((sum, tenths(&points["sum"])), (tenths(&told["standing"]["score"]), sum), "the points sum to the score");
}

/// Asserts that every change is one, and that the way to a better grade leads to one.
#[track_caller]
fn assert_changes_hold(told: &Value) {
    let changes = &told["changes"];
    let grade = told["standing"]["grade"].as_str().expect("a grade");
    if grade.len() > 1 || grade == "U" {
        assert!(changes["single"].as_array().expect("a list").is_empty() && changes["cheapest"].is_null());
        return;
    }
    let score = tenths(&told["standing"]["score"]);
    for change in changes["single"].as_array().expect("a list") {
        assert!(tenths(&change["points_gained"]) > 0);
        assert_eq!(tenths(&change["score"]), score + tenths(&change["points_gained"]));
        let better = change["grade"].as_str().expect("a grade") < grade;
        assert_eq!(change["is_lift"], better, "{change}");
        let needed = changes["better_from_score"].as_f64().map(|_| tenths(&changes["better_from_score"]));
        assert_eq!(needed.is_some_and(|needed| tenths(&change["score"]) >= needed), better, "{change}");
        // Its points are those that the characteristic has now, and never more than its best bin has.
        let of =
            |name: &Value| told["points"]["characteristics"].as_array().expect("a list").iter().find(|of| &of["characteristic"] == name);
        let of = of(&change["characteristic"]).expect("it is on the card");
        assert!(tenths(&of["points"]) + tenths(&change["points_gained"]) <= tenths(&of["best_points"]), "{change}");
    }
    let lift = &changes["cheapest"];
    if !lift.is_null() {
        assert!(lift["grade"].as_str().expect("a grade") < grade);
        let gained: i64 = lift["changes"].as_array().expect("a list").iter().map(|change| tenths(&change["points_gained"])).sum();
        assert_eq!(tenths(&lift["score"]), score + gained);
    }
}

#[test]
fn a_generated_ledger_is_explained_as_its_night_has_it() {
    let place = Place::copy_of("data-samples/mid-size");
    place.run(AS_OF).expect(0);
    let night = place.night(AS_OF);
    let rows = table(&night, "customer_scores");
    let (mut in_default, mut unrated, mut with_reasons) = (0, 0, 0);
    let is_told = |(place, row): &(usize, &Row)| place % 9 == 0 || ["default", "U"].contains(&cell(row, "grade").unwrap_or(""));
    for (_, row) in rows.iter().enumerate().filter(is_told) {
        let of = [("company_id", cell(row, "company_id")), ("customer_id", cell(row, "customer_id"))];
        let of = of.map(|(column, text)| (column, text.expect("it has one")));
        let told = explained(&place, AS_OF, of[0].1, of[1].1);
        assert_is_the_row(&told, row);
        assert_are_the_points(&told, &table_where(&night, "score_points", &of));
        assert_changes_hold(&told);
        let events = table_where(&night, "default_events", &of);
        let told_events = told["default_events"].as_array().expect("a list");
        assert_eq!(told_events.len(), events.len());
        for (event, row) in told_events.iter().zip(&events) {
            for column in ["event_date", "status", "cause", "technical_reason", "cured_date"] {
                same_text(&event[column], row, column);
            }
            for column in ["amount_base", "threshold_base", "exposure_base"] {
                assert_eq!(money(event[column].as_str().expect("an amount")), money_in(row, column), "{column}");
            }
        }
        // The night's positions are at the rates of the date too.
        let positions = table_where(&night, "customer_positions", &of);
        let position = |column: &str| -> i128 { positions.iter().map(|row| money_in(row, column)).sum() };
        let account = &told["account"];
        assert_eq!(money(account["open_base"].as_str().expect("an amount")), position("debit_amount_base"));
        assert_eq!(money(account["overdue_base"].as_str().expect("an amount")), position("overdue_amount_base"));
        assert_eq!(money(account["unapplied_base"].as_str().expect("an amount")), position("credit_amount_base"));
        let buckets = account["buckets"].as_array().expect("a list").iter();
        let of_buckets: i128 = buckets.map(|bucket| money(bucket["open_base"].as_str().expect("an amount"))).sum();
        assert_eq!(of_buckets, position("debit_amount_base"), "the buckets are all that is open");
        in_default += usize::from(told["status"] == "in_default");
        unrated += usize::from(told["status"] == "unrated");
        with_reasons += usize::from(cell(row, "reason_1").is_some());
    }
    assert!(in_default > 0 && unrated > 0 && with_reasons > 0, "{in_default} in default, {unrated} unrated, {with_reasons} with reasons");
}

#[test]
fn a_customer_reads_as_the_readme_shows_it() {
    let place = Place::copy_of("data-samples/mid-size");
    end_of(&mut place.arrears(&["ingest", "--as-of", AS_OF])).expect(0);
    let readme = std::fs::read_to_string(support::repository().join("README.md")).expect("there is a README");
    let shown =
        readme.split("--customer C-0000031 | head -n ").nth(1).and_then(|rest| rest.split("```").next()).expect("the README shows it");
    let shown = shown.split_once('\n').expect("the command ends its line").1;
    // The night need not be published.
    let said = explain(&place, AS_OF, &["--customer", "C-0000031"]).expect(0).stdout;
    assert!(!shown.is_empty() && said.starts_with(shown), "{said}");
    let said = explain(&place, AS_OF, &["--customer", "C-0000009"]).expect(0).stdout;
    for line in [
        "in default since 2024-11-07 (54 days): 163.41 USD 90 days or more past due, of 163.41 USD open; 100.00 USD or more counts",
        "over on 2025-04-01 at the earliest",
        "2023-09-28  498.19 USD 90 days or more past due, of 1,494.57 USD open; 100.00 USD or more counts; over since 2024-09-02",
        "given to an agency on 2023-12-25",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let intercompany = explain(&place, AS_OF, &["--customer", "C-0000001"]).expect(2).stderr;
    assert!(intercompany.contains("error[intercompany]"), "{intercompany}");
}

/// Two companies with a customer A; B bought once and paid long ago.
fn small() -> Place {
    let place = Place::empty();
    place.write(
        "arrears.toml",
        "base_currency = \"USD\"\noutput = \"out\"\n\n[[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n",
    );
    place.write(
        "ledger/documents.csv",
        "company_id,document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
         north,I1,invoice,A,2025-05-01,2025-05-31,100.00,USD\n\
         south,I2,invoice,A,2025-06-01,2025-07-01,2500.50,USD\n\
         north,I3,invoice,BRAVO,2023-05-01,2023-05-31,70.00,USD\n\
         north,R3,receipt,BRAVO,2023-06-10,,70.00,USD\n",
    );
    place.write(
        "ledger/applications.csv",
        "company_id,application_id,credit_document_id,debit_document_id,applied_date,amount\nnorth,P3,R3,I3,2023-06-10,70.00\n",
    );
    end_of(&mut place.arrears(&["ingest", "--as-of", "2025-06-30"])).expect(0);
    place
}

#[test]
fn which_customer_is_meant_must_be_clear() {
    let place = small();
    let error = |arguments: &[&str]| explain(&place, "2025-06-30", arguments).expect(2).stderr;
    let said = error(&["--customer", "A"]);
    assert!(said.contains("error[ambiguous_customer]") && said.contains("north, south") && said.contains("--company north"), "{said}");
    let said = error(&["--customer", "BRAVA"]);
    assert!(said.contains("error[unknown_customer]") && said.contains("nearly so: BRAVO"), "{said}");
    let said = error(&["--customer", "BRAVO", "--company", "south"]);
    assert!(said.contains("error[unknown_customer]") && said.contains("--company north"), "{said}");
    let said = error(&["--customer", "A", "--company", "nord"]);
    assert!(said.contains("error[unknown_company]") && said.contains("north"), "{said}");
    // One subject, and only one.
    error(&["--customer", "A", "--invoice", "I1"]);
    error(&[]);
    let said = explain(&place, "2020-01-31", &["--customer", "BRAVO"]).expect(2).stderr;
    assert!(said.contains("error[nothing_yet]"), "{said}");
}

#[test]
fn who_is_not_scored_and_who_is_unrated_are_told_so() {
    let place = small();
    let said = explain(&place, "2025-06-30", &["--customer", "BRAVO"]).expect(0).stdout;
    assert!(said.contains("not scored: it has neither open items nor sales in the last 365 days"), "{said}");
    assert!(!said.contains("The score as a sum") && said.contains("2023-06-10             70.00 USD  10.0 days late"), "{said}");
    let told = explained(&place, "2025-06-30", "north", "BRAVO");
    assert_eq!((told["status"].as_str(), told["standing"].is_null(), told["points"].is_null()), (Some("not_scored"), true, true));
    // Open and not due yet, nothing ever settled.
    let told = explained(&place, "2025-06-30", "south", "A");
    assert_eq!((told["status"].as_str(), told["standing"]["grade"].as_str()), (Some("unrated"), Some("U")));
    assert_eq!(told["account"]["open_base"], "2500.50");
    assert_eq!(told["changes"]["none_reason"], "unrated");
    // 30 days past due.
    let told = explained(&place, "2025-06-30", "north", "A");
    assert_eq!(told["account"]["worst_days_past_due"], 30);
    assert_eq!(told["account"]["buckets"][0]["bucket"], "1_30");
    assert_eq!(told["account"]["limit"]["reason"], "not_supplied");
    assert_eq!(told["model"]["tier"], "expert");
}

#[test]
fn a_configuration_without_scores_explains_none() {
    let place = small();
    place.write("arrears.toml", place.read("arrears.toml") + "\n[risk]\nenabled = false\n");
    let said = explain(&place, "2025-06-30", &["--customer", "BRAVO"]).expect(2).stderr;
    assert!(said.contains("error[risk_disabled]") && said.contains("hint:"), "{said}");
}
