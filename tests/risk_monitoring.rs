//! Is the risk model still right: figures of what came, drift that was made on purpose, damaged scores that a check finds, and ledgers
//! with nothing to judge.

mod support;

use arrow::array::{Array as _, Float64Array, RecordBatch};
use chrono::{Days, Months, NaiveDate};
use std::path::Path;
use std::sync::Arc;
use support::{Place, Row, cell, end_of, number_in, program, table, table_where, the_row};

const AS_OF: &str = "2025-06-30";

const CONFIG: &str = "base_currency = \"USD\"\noutput = \"out\"\n\n[forecast]\nenabled = false\n\n\
    [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";

/// Customers with an invoice a month for three years, on terms of 30 days, paid when due until from `unpaid_from` on nobody pays.
fn regular(customers: usize, unpaid_from: &str) -> Place {
    let day = |text: &str| -> NaiveDate { text.parse().expect("a day") };
    let (first, last, unpaid_from) = (day("2022-07-01"), day(AS_OF), day(unpaid_from));
    let mut documents = String::from("document_id,document_type,customer_id,document_date,due_date,amount,currency\n");
    let mut applications = String::from("application_id,credit_document_id,debit_document_id,applied_date,amount\n");
    for customer in 0..customers {
        for month in 0..36 {
            let issued = first + Months::new(month);
            let due = issued + Days::new(30);
            let id = format!("{customer}-{month}");
            documents += &format!("I{id},invoice,C{customer},{issued},{due},500.00,USD\n");
            if due < unpaid_from && due <= last {
                documents += &format!("R{id},receipt,C{customer},{due},,500.00,USD\n");
                applications += &format!("A{id},R{id},I{id},{due},500.00\n");
            }
        }
    }
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    place.write("ledger/documents.csv", documents);
    place.write("ledger/applications.csv", applications);
    place
}

fn drift_of(night: &Path, name: &str) -> Row {
    the_row(&table_where(night, "risk_drift", &[("name", name)]), &[]).clone()
}

fn status_of(place: &Place, check: &str) -> String {
    let runs = place.out().join("runs");
    let newest = std::fs::read_dir(&runs).expect("there are runs").map(|entry| entry.expect("a run").path()).max().expect("a run");
    let text = std::fs::read_to_string(newest.join("run_results.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(&text).expect("a record is JSON");
    let of = record["checks"].as_array().expect("checks").iter().find(|of| of["name"] == check).expect("the check has run");
    of["status"].as_str().expect("a word").to_owned()
}

#[test]
fn customers_that_all_stop_paying_have_moved_and_the_night_warns_and_is_published() {
    let calm = regular(120, "2099-01-01");
    calm.run(AS_OF).expect(0);
    let before = drift_of(&calm.night(AS_OF), "worst_days_past_due");
    assert_eq!(
        (cell(&before, "verdict"), cell(&before, "is_on_card"), cell(&before, "rows_now")),
        (Some("stable"), Some("true"), Some("120"))
    );

    // What was due on 31 May is 30 days past due at the end of June, for everybody.
    let stopped = regular(120, "2025-05-31");
    let ended = stopped.run(AS_OF).expect(0);
    let after = drift_of(&stopped.night(AS_OF), "worst_days_past_due");
    assert_eq!((cell(&after, "verdict"), cell(&after, "stability_index_reason")), (Some("moved"), None));
    assert!(
        number_in(&after, "stability_index") > 1.0
            && number_in(&after, "moved_most_share_now") + number_in(&after, "moved_most_share_then") > 0.99
    );
    assert!(ended.stderr.contains("check risk_inputs_stable warns"), "{}", ended.stderr);
    assert_eq!(status_of(&stopped, "risk_inputs_stable"), "warn");
    let checked = end_of(&mut stopped.arrears(&["check", "risk_inputs_stable"])).expect(0);
    assert_eq!(checked.stdout, format!("{AS_OF}: 0 of 1 check holds\n"));

    // Nobody defaulted: what cannot be ranked says why, what can be counted is counted.
    let figures = table(&stopped.night(AS_OF), "risk_performance");
    let of = |metric: &str| {
        figures.iter().find(|row| cell(row, "metric") == Some(metric) && cell(row, "month_end").is_none()).expect("a figure")
    };
    assert_eq!((cell(of("auc"), "value"), cell(of("auc"), "value_reason")), (None, Some("no_defaults")));
    assert_eq!((cell(of("default_rate"), "value"), cell(of("default_rate"), "rows_judged")), (Some("0.0"), Some("360")));
}

#[test]
fn figures_of_a_generated_ledger_agree_with_each_other() {
    let place = Place::empty();
    let folder = place.path().display().to_string();
    end_of(program().args(["generate", "--out", &folder, "--invoices", "12000", "--customers", "400"])).expect(0);
    place.write("arrears.toml", place.read("arrears.toml") + "\n[forecast]\nenabled = false\n");
    place.run("2024-12-31").expect(0);
    let figures = table(&place.night("2024-12-31"), "risk_performance");
    let mut month_ends: Vec<Option<&str>> = figures.iter().map(|row| cell(row, "month_end")).collect();
    month_ends.dedup();
    // 180 days and ten before the night; the last month end is 31 May, and a quarter and two before it.
    assert_eq!(month_ends, [Some("2023-11-30"), Some("2024-02-29"), Some("2024-05-31"), None]);
    for month_end in month_ends {
        let of = |metric: &str| {
            let is = |row: &&Row| {
                cell(row, "month_end") == month_end && cell(row, "scope") == Some("all") && cell(row, "metric") == Some(metric)
            };
            number_in(figures.iter().find(is).expect("a figure"), "value")
        };
        let parts = of("brier_reliability") - of("brier_resolution") + of("brier_uncertainty") + of("brier_within");
        assert!((of("brier") - parts).abs() < 1e-12);
        assert!((of("gini") - (2.0 * of("auc") - 1.0)).abs() < 1e-12);
        assert!((of("auc_less_aging_rule") - (of("auc") - of("auc_of_aging_rule"))).abs() < 1e-12);
        let count = |row: &Row, column: &str| -> u64 { cell(row, column).expect("a count").parse().expect("a number") };
        let rows = |scope: &str, column: &str| -> u64 {
            let is = |row: &&Row| {
                cell(row, "month_end") == month_end && cell(row, "scope") == Some(scope) && cell(row, "metric") == Some("default_rate")
            };
            figures.iter().filter(is).map(|row| count(row, column)).sum()
        };
        assert_eq!((rows("all", "rows_judged"), rows("all", "events")), (rows("grade", "rows_judged"), rows("grade", "events")));
    }
    let drift = table(&place.night("2024-12-31"), "risk_drift");
    assert!(
        drift
            .iter()
            .all(|row| cell(row, "rows_now") == cell(&drift[0], "rows_now") && cell(row, "rows_then") == cell(&drift[0], "rows_then"))
    );
}

/// Adds a tenth of a point to the first score of a published night.
fn change_a_score(night: &Path) {
    let path = night.join("customer_scores/part-00000.parquet");
    let file = std::fs::File::open(&path).expect("it is there");
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build()).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.expect("it can be read")).collect();
    let schema = batches[0].schema();
    let file = std::fs::File::create(&path).expect("it can be written");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, schema.clone(), None).expect("a writer");
    let mut is_changed = false;
    for batch in batches {
        let at = schema.index_of("score").expect("a score");
        let scores = batch.column(at).as_any().downcast_ref::<Float64Array>().expect("numbers");
        let changed: Float64Array = scores
            .iter()
            .map(|score| score.map(|score| if std::mem::replace(&mut is_changed, true) { score } else { score + 0.1 }))
            .collect();
        let mut columns = batch.columns().to_vec();
        columns[at] = Arc::new(changed);
        writer.write(&RecordBatch::try_new(schema.clone(), columns).expect("the same columns")).expect("it is written");
    }
    writer.close().expect("it is closed");
    assert!(is_changed, "there is a score to change");
}

#[test]
fn a_score_that_was_changed_by_a_tenth_of_a_point_fails_both_checks() {
    let place = regular(3, "2025-05-31");
    place.run(AS_OF).expect(0);
    for check in ["score_points_sum", "customer_scores_consistent"] {
        end_of(&mut place.arrears(&["check", check])).expect(0);
    }
    change_a_score(&place.night(AS_OF));
    let sum = end_of(&mut place.arrears(&["check", "score_points_sum"])).expect(3);
    assert!(sum.stderr.contains("points do not sum to the score"), "{}", sum.stderr);
    let own = end_of(&mut place.arrears(&["check", "customer_scores_consistent"])).expect(3);
    assert!(own.stderr.contains("the chance is not that of the score"), "{}", own.stderr);
}

#[test]
fn one_customer_and_no_customer_at_all_are_too_few_and_say_so() {
    for (documents, rows) in [("I1,invoice,A,2025-05-01,2025-05-31,100.00,USD\n", "1"), ("", "0")] {
        let place = Place::empty();
        place.write("arrears.toml", CONFIG);
        place.write(
            "ledger/documents.csv",
            format!("document_id,document_type,customer_id,document_date,due_date,amount,currency\n{documents}"),
        );
        place.run(AS_OF).expect(0);
        let night = place.night(AS_OF);
        let figures = table(&night, "risk_performance");
        assert_eq!(figures.len(), 15);
        for figure in &figures {
            assert_eq!((cell(figure, "value"), cell(figure, "value_reason")), (None, Some("no_matured_month_end")));
        }
        let drift = table(&night, "risk_drift");
        assert!(drift.len() > 2);
        for row in &drift {
            assert_eq!((cell(row, "stability_index"), cell(row, "verdict"), cell(row, "rows_now")), (None, Some("too_few"), Some(rows)));
            assert_eq!(cell(row, "stability_index_reason"), Some("no_rows_then"));
        }
    }
}
