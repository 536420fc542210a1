//! The questions of `sql/examples`: each is asked of two published nights of the mid-size sample and has an answer, and the
//! answers that speak of the same figure agree. Without DuckDB the test says that it is skipped, unless
//! `ARREARS_REQUIRE_PARITY` is set: then it fails.

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use support::{Place, end_of, money, repository, skipped, told};

/// Whether there is an engine to ask.
fn has_engine() -> bool {
    let starts =
        |command: &str, argument: &[&str]| Command::new(command).args(argument).output().is_ok_and(|output| output.status.success());
    let found = starts("duckdb", &["--version"]) || starts("python3", &["-c", "import duckdb"]);
    if !found {
        let what = "the questions of sql/examples: there is no DuckDB (pip install -r tests/requirements.txt)";
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "{what}, and ARREARS_REQUIRE_PARITY is set");
        skipped(what);
    }
    found
}

/// Questions about tables that another change adds: they are asked as soon as the catalogue has them.
const COMING: &[(&str, &str)] = &[("restatements", "restatements"), ("restated_items", "restatement_rows")];

/// An answer: the heading and the rows.
type Answer = Vec<Vec<String>>;

fn ask(place: &Place, sql: &str) -> Answer {
    let answer = end_of(place.arrears(&["query", sql]).env("PATH", std::env::var_os("PATH").unwrap_or_default())).expect(0);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(answer.stdout.as_bytes());
    reader.records().map(|row| row.expect("it is CSV").iter().map(str::to_owned).collect()).collect()
}

/// The cell of a row of an answer, by the name of its column.
#[track_caller]
fn cell<'a>(answer: &'a Answer, row: usize, column: &str) -> &'a str {
    let at = answer[0].iter().position(|name| name == column).unwrap_or_else(|| panic!("{column} is a column of {:?}", answer[0]));
    &answer[row][at]
}

/// Every example by name.
fn examples() -> BTreeMap<String, String> {
    let folder = std::fs::read_dir(repository().join("sql/examples")).expect("there are examples");
    let files = folder.map(|entry| entry.expect("it is read").path()).filter(|path| path.extension().is_some_and(|kind| kind == "sql"));
    files
        .map(|path| {
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).expect("it is text"))
        })
        .collect()
}

#[test]
fn every_example_begins_with_its_question() {
    let examples = examples();
    assert!(examples.len() >= 24, "{} examples", examples.len());
    for (name, sql) in &examples {
        let question = sql.lines().next().unwrap_or_default();
        assert!(question.starts_with("-- ") && question.ends_with('?'), "{name}: {question}");
    }
}

#[test]
fn every_question_has_an_answer_and_answers_agree() {
    if !has_engine() {
        return;
    }
    let place = Place::copy_of("data-samples/mid-size");
    place.run("2024-11-30").expect(0);
    place.run("2024-12-31").expect(0);
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for (name, sql) in examples() {
        if let Some((_, table)) = COMING.iter().find(|(example, _)| *example == name)
            && arrears::catalog::published::Table::named(table).is_none()
        {
            skipped(&format!("the question {name}: {table} is not published yet"));
            continue;
        }
        let answer = ask(&place, &sql);
        assert!(answer.len() > 1 || sql.lines().nth(1) == Some("-- may be empty"), "{name} has no rows");
        answers.insert(name, answer);
    }
    told(&format!("examples: {} questions asked", answers.len()));

    let row = |name: &str, column: &str, value: &str| -> usize {
        let answer = &answers[name];
        (1..answer.len()).find(|row| cell(answer, *row, column) == value).unwrap_or_else(|| panic!("{name}: no {column} {value}"))
    };
    // The receivable of the group stands in five answers.
    let receivable = money("463,491.21");
    let of = |name: &str, row: usize, column: &str| money(cell(&answers[name], row, column));
    assert_eq!(of("aging_by_month", 1, "receivable"), receivable);
    assert_eq!(of("receivable_bridge", row("receivable_bridge", "line", "closing"), "amount"), receivable);
    assert_eq!(of("dso_bridge", row("dso_bridge", "part", "closing"), "amount"), receivable);
    assert_eq!(of("companies_compared", row("companies_compared", "company_id", "(all)"), "receivable"), receivable);
    assert_eq!(of("nights_compared", row("nights_compared", "company_id", "(all)"), "receivable"), receivable);
    // What moved it in December is what the two nights differ by.
    let opening = of("receivable_bridge", row("receivable_bridge", "line", "opening"), "amount");
    assert_eq!(of("nights_compared", row("nights_compared", "company_id", "(all)"), "receivable_change"), receivable - opening);
    assert_eq!(of("receivable_bridge", row("receivable_bridge", "line", "residual"), "amount"), 0);
    // The largest debtor, as customer_positions has it.
    let debtors = &answers["largest_debtors"];
    assert_eq!(
        (cell(debtors, 1, "customer_id"), cell(debtors, 1, "overdue_amount_base"), cell(debtors, 1, "oldest_due_date")),
        ("C-0000082", "32081.9100", "2024-12-13")
    );
    // DSO by month, by company and in the bridge.
    assert_eq!(cell(&answers["dso_by_month"], 1, "dso_days"), "54.0");
    assert_eq!(cell(&answers["companies_compared"], row("companies_compared", "company_id", "(all)"), "dso_days"), "54.0");
    assert_eq!(cell(&answers["dso_bridge"], row("dso_bridge", "part", "closing"), "days"), "54.0");
    // The cash of the group is that of its companies, and what is due becomes what is expected, line by line.
    let weeks = &answers["cash_next_weeks"];
    let group: Vec<usize> = (1..weeks.len()).filter(|row| cell(weeks, *row, "company_id") == "(all)").collect();
    assert_eq!(group.len(), 13);
    for week in group {
        let is_part = |row: &usize| cell(weeks, *row, "company_id") != "(all)" && cell(weeks, *row, "week") == cell(weeks, week, "week");
        let companies: i128 = (1..weeks.len()).filter(is_part).map(|row| of("cash_next_weeks", row, "expected")).sum();
        assert_eq!(of("cash_next_weeks", week, "expected"), companies);
        let [low, high] = ["low_of_80_percent_band", "high_of_80_percent_band"].map(|column| of("cash_next_weeks", week, column));
        assert!(0 <= low && low < high);
        // The rows of the bridge are weeks, too.
        let lines = ["due", "paid_by_unapplied_credits", "credited_or_written_off", "paid_later_or_earlier", "moved_by_promises"];
        let bridge: i128 = lines.iter().map(|line| of("cash_bridge", week, line)).sum();
        assert_eq!(of("cash_bridge", week, "expected"), bridge);
        assert!(bridge <= of("cash_next_weeks", week, "expected"), "new billing comes on top");
    }
    // Replays and the night of November as it was published, each beside three rules for either target.
    let accuracy = &answers["forecast_accuracy"];
    for kind in ["replay", "vintage"] {
        let is_row = |row: &usize| cell(accuracy, *row, "kind") == kind && cell(accuracy, *row, "weeks_ahead") == "1";
        let methods: Vec<&str> = (1..accuracy.len()).filter(is_row).map(|row| cell(accuracy, row, "method")).collect();
        assert_eq!((methods.len(), methods.iter().filter(|method| **method == "model").count()), (8, 2), "{kind}: {methods:?}");
    }
    // The customers on whom most hangs come first, and no chance is of what is certain already.
    let hangs_on = &answers["cash_hangs_on"];
    let shares: Vec<f64> =
        (1..hangs_on.len()).map(|row| cell(hangs_on, row, "percent_of_all_expected").parse().expect("a number")).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b) && shares.iter().sum::<f64>() <= 100.0, "{shares:?}");
    let late = &answers["invoices_likely_late"];
    let first: f64 = cell(late, 1, "more_than_30_days_late_percent").parse().expect("a number");
    assert!(first > 50.0 && first < 100.0 && !cell(late, 1, "driver_1").is_empty(), "{first}");
    // Every table of the sample was read whole.
    let trust = &answers["trust"];
    assert_eq!(cell(trust, row("trust", "table_name", "documents"), "rows_taken"), "8324");
    assert!((1..trust.len()).all(|row| cell(trust, row, "rows_quarantined") == "0" && cell(trust, row, "rows_left_out") == "0"));
}
