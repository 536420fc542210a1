//! Two independent witnesses: what the pipeline publishes is, cell by cell, what the SQL twins say on DuckDB over the same
//! ledger; and `views.sql` opens in DuckDB as it is. Without the Python module `duckdb` the tests say that they are skipped,
//! unless `ARREARS_REQUIRE_PARITY` is set: then they fail.

mod support;

use std::collections::BTreeMap;
use support::{Ended, Place, end_of, has_duckdb, python, repository, told};

/// Every mart that has a twin, but `quality_rules`, which `check --parity` alone compares.
const MARTS: [&str; 16] = [
    "aging",
    "behaviour_grid",
    "collection_curves",
    "conditional_curves",
    "customer_behaviour",
    "customer_positions",
    "delay_histogram",
    "dso_bridge",
    "kpi_alerts",
    "kpis",
    "open_items",
    "payment_curves",
    "payment_delays",
    "roll_forward",
    "roll_rates",
    "gl_tie_out",
];

/// The alerts that are raised where the configuration says nothing.
const DEFAULT_ALERTS: [&str; 2] =
    ["dso_rises,dso,conventional,trailing_3m,company,rises_by,5", "overdue_share_rises,overdue_share,standard,point,company,rises_by,0.05"];

/// Settings that differ from the defaults, as the configuration has them, and as the twins' command line does.
const OTHER_SETTINGS: (&str, &[&str]) = (
    r#"
[metrics]
on_time_grace_days = 3
late_interest_rate = 0.1125
history_start_date = "2025-01-15"
scope_pairs = [["segment", "country"], ["country", "currency"]]

[[alert]]
name = "slow"
metric = "days_beyond_terms"
scope = "customer"
rule = "above"
threshold = 5

[[alert]]
name = "dso_falls"
metric = "dso"
scope = "currency"
rule = "falls_by"
threshold = 1.5
"#,
    &[
        "--on-time-grace-days",
        "3",
        "--late-interest-rate",
        "0.1125",
        "--history-start-date",
        "2025-01-15",
        "--scope-pair",
        "segment,country",
        "--scope-pair",
        "country,currency",
        "--alert",
        "slow,days_beyond_terms,standard,trailing_3m,customer,above,5",
        "--alert",
        "dso_falls,dso,conventional,trailing_3m,currency,falls_by,1.5",
    ],
);

/// Publishes a night and compares it with the twins.
fn compare(place: &Place, as_of: &str, base_currency: &str, settings: &[&str]) -> Ended {
    place.run(as_of).expect(0);
    let mut twins = python();
    twins.arg(repository().join("tests/parity/twins.py")).arg("compare");
    twins.arg("--ledger").arg(place.path().join("ledger")).arg("--published").arg(place.night(as_of));
    end_of(twins.args(["--as-of", as_of, "--base", base_currency]).args(settings))
}

/// Adds the cells that a comparison looked at, by mart; every mart must be among them.
fn add_cells(compared: &Ended, what: &str, sums: &mut BTreeMap<&'static str, u64>) {
    assert_eq!(compared.status, 0, "{what}:\n{}\n{}", compared.stdout, compared.stderr);
    for mart in MARTS {
        let line = compared.stdout.lines().find(|line| line.starts_with(&format!("{mart}: ")));
        let line = line.unwrap_or_else(|| panic!("{what}: {mart} was compared:\n{}", compared.stdout));
        let cells = line.split(", ").find_map(|part| part.strip_suffix(" cells compared: equal"));
        let cells: u64 = cells.and_then(|cells| cells.replace(',', "").parse().ok()).unwrap_or_else(|| panic!("{what}: {line}"));
        *sums.entry(mart).or_default() += cells;
    }
}

#[test]
fn every_published_cell_is_what_the_sql_twin_says() {
    if !has_duckdb() {
        return;
    }
    let mut sums = BTreeMap::new();
    let defaults: Vec<&str> = DEFAULT_ALERTS.into_iter().flat_map(|alert| ["--alert", alert]).collect();
    let mut look_at = |place: &Place, as_of: &str, base_currency: &str, what: &str, settings: &[&str]| {
        add_cells(&compare(place, as_of, base_currency, settings), &format!("{what} as of {as_of}"), &mut sums);
    };
    look_at(&Place::copy_of("data-samples/corner-shop"), "2025-06-30", "USD", "the corner shop", &defaults);
    let without_disputes = Place::copy_of("data-samples/corner-shop");
    std::fs::remove_file(without_disputes.path().join("ledger/disputes.csv")).expect("it is there");
    look_at(&without_disputes, "2025-06-30", "USD", "the corner shop without disputes", &defaults);
    look_at(&Place::copy_of("tests/ledgers/nasty"), "2025-08-20", "EUR", "the nasty ledger", &defaults);
    look_at(&Place::copy_of("tests/ledgers/nasty"), "2025-05-30", "EUR", "the nasty ledger", &defaults);
    look_at(&Place::generated(3_000), "2024-12-31", "USD", "a generated book", &defaults);
    // Three of them inside a month, two with other settings.
    let dates = ["2025-06-30", "2025-05-31", "2025-07-31", "2025-02-28", "2025-06-13", "2025-02-17"];
    for (seed, as_of) in (101..).zip(dates) {
        let place = Place::empty();
        let script = repository().join("tests/parity/random_ledger.py");
        end_of(python().arg(script).args(["--seed", &format!("{seed}"), "--out"]).arg(place.path())).expect(0);
        let (config, settings) = if seed % 3 == 2 { OTHER_SETTINGS } else { ("", defaults.as_slice()) };
        place.write("arrears.toml", place.read("arrears.toml") + config);
        let settings = [settings, &["--due-date-from-customer"]].concat();
        look_at(&place, as_of, "USD", &format!("random ledger {seed}"), &settings);
    }
    for (mart, cells) in &sums {
        told(&format!("parity: {cells:>9} cells of {mart} compared, all equal"));
    }
    let total: u64 = sums.values().sum();
    told(&format!("parity: {total:>9} cells compared, all equal"));
    assert!(
        sums.len() == MARTS.len() && sums.values().all(|cells| *cells > 100),
        "the comparison looks at many cells of every mart: {sums:?}"
    );
}

#[test]
fn the_comparison_notices_a_cent() {
    if !has_duckdb() {
        return;
    }
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-06-30").expect(0);
    // The twins read a ledger in which one invoice is a cent higher.
    let documents = place.read("ledger/documents.csv");
    let changed = documents.replace("2025-07-05,5000.00", "2025-07-05,5000.01");
    assert_ne!(changed, documents);
    place.write("twins/documents.csv", changed);
    for table in ["applications", "customers", "disputes", "fx_rates"] {
        place.write(&format!("twins/{table}.csv"), place.read(&format!("ledger/{table}.csv")));
    }
    let mut twins = python();
    twins.arg(repository().join("tests/parity/twins.py")).arg("compare").arg("--ledger").arg(place.path().join("twins"));
    let found = end_of(twins.arg("--published").arg(place.night("2025-06-30")).args(["--as-of", "2025-06-30", "--base", "USD"]));
    assert_eq!(found.status, 1, "{}{}", found.stdout, found.stderr);
    assert!(found.stdout.contains("| twin 4500.0100 | published 4500.0000"), "{}", found.stdout);
}

/// `arrears check --parity` on the newest night.
fn check_parity(place: &Place) -> Ended {
    end_of(&mut place.arrears(&["check", "--parity"]))
}

/// Changes the published file of a table with an SQL expression over its rows.
fn tamper(place: &Place, as_of: &str, table: &str, select: &str) {
    let file = place.night(as_of).join(table).join("part-00000.parquet");
    let script = "
import duckdb, sys
file, select = sys.argv[1:]
con = duckdb.connect()
con.execute(f\"CREATE TABLE t AS SELECT {select} FROM read_parquet('{file}', hive_partitioning = false)\")
con.execute(f\"COPY t TO '{file}' (FORMAT parquet)\")";
    end_of(python().args(["-c", script]).arg(file).arg(select)).expect(0);
}

/// The cells that `check --parity` looked at; every mart must be among them, and equal.
#[track_caller]
fn equal_cells(place: &Place, as_of: &str) -> u64 {
    let compared = check_parity(place).expect(0);
    for mart in MARTS.into_iter().chain(["quality_rules"]) {
        let line = compared.stdout.lines().find(|line| line.starts_with(&format!("{mart} ")));
        assert!(line.is_some_and(|line| line.ends_with("  equal")), "{mart}:\n{}", compared.stdout);
    }
    let last = compared.stdout.lines().last().unwrap_or_default();
    let cells =
        last.strip_prefix(&format!("{as_of}: ")).and_then(|rest| rest.strip_suffix(" cells of 17 marts are what the SQL twins say"));
    cells.and_then(|cells| cells.replace(',', "").parse().ok()).unwrap_or_else(|| panic!("{last}"))
}

#[test]
fn check_parity_reads_the_stored_ledger_with_its_corrections_deletions_and_what_was_left_out() {
    if !has_duckdb() {
        return;
    }
    // One delivery with several versions of a row, rows that the night leaves out for other reasons than the next, and
    // settings of its own.
    let place = Place::copy_of("tests/ledgers/nasty");
    place.write("arrears.toml", place.read("arrears.toml") + OTHER_SETTINGS.0);
    place.run("2025-08-20").expect(0);
    assert!(equal_cells(&place, "2025-08-20") > 10_000);

    // A book with everything in it, some of it after the night, and rules of its own.
    let place = Place::generated(2_000);
    place.write(
        "arrears.toml",
        place.read("arrears.toml")
            + "\n[quality]\nunapplied_days = 20\nearliest_date = \"2021-06-01\"\n[quality.rules.mixed_currencies]\nseverity = \"warn\"\n",
    );
    place.run("2024-10-31").expect(0);
    assert!(equal_cells(&place, "2024-10-31") > 10_000);

    // The second delivery corrects an invoice, deletes an application, and applies more of a receipt than there is of it.
    let place = Place::copy_of("data-samples/corner-shop");
    place.write("arrears.toml", place.read("arrears.toml") + "\n[quality]\nmax_quarantined_rows_share = 0.5\n");
    place.run("2025-05-31").expect(0);
    place.write("ledger/documents.csv", place.read("ledger/documents.csv").replace("2025-07-05,5000.00", "2025-07-05,5100.00"));
    let applications = place.read("ledger/applications.csv").replace("amount\n", "amount,is_deleted\n").replace(".00\n", ".00,\n");
    let applications = applications.replace("2025-06-20,500.00,", "2025-06-20,500.00,true");
    place.write("ledger/applications.csv", applications + "main,AP8,UC1,1,I3,1,2025-06-26,900.00,\n");
    place.run("2025-06-30").expect(0);
    let left_out = support::table_where(&place.night("2025-06-30"), "quarantine", &[("reason", "over_applied")]);
    assert_eq!(left_out.len(), 1, "the over-application is left out");
    let open = support::table_where(&place.night("2025-06-30"), "open_items", &[("document_id", "I3")]);
    assert_eq!(support::cell(&open[0], "open_amount"), Some("5100.0000"), "corrected, and the credit note is not applied any more");
    assert!(equal_cells(&place, "2025-06-30") > 10_000);

    // Of the older night the ledger is not known any more.
    let refused = end_of(place.arrears(&["check", "--parity"]).args(["--as-of", "2025-05-31"])).expect(2);
    assert!(refused.stderr.contains("error[night_of_other_inputs]: the ledger changed since"), "{}", refused.stderr);
}

#[test]
fn check_parity_shows_what_differs_and_ends_with_3() {
    if !has_duckdb() {
        return;
    }
    let place = Place::copy_of("data-samples/corner-shop");
    let night = "2025-06-30";
    place.run(night).expect(0);
    tamper(
        &place,
        night,
        "open_items",
        "* REPLACE (CAST(open_amount + CASE document_id WHEN 'I3' THEN 0.0001 ELSE 0 END AS DECIMAL(18,4)) AS open_amount)",
    );
    tamper(
        &place,
        night,
        "kpis",
        "* REPLACE (CASE WHEN metric = 'dso' AND convention = 'count_back' THEN value * (1 + 2e-9) ELSE value END AS value)",
    );
    tamper(&place, night, "roll_forward", "* REPLACE (NULLIF(line, 'closing') AS line)");
    let found = check_parity(&place).expect(3);
    let lines: Vec<&str> = found.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "open_items                       4 rows             68 cells  1 difference",
            "  open_amount: SQL says 4500.0000, published is 4500.0001 (company_id main, document_id I3, item_no 1)",
        ]
    );
    assert!(lines.iter().any(|line| line.starts_with("aging ") && line.ends_with("  equal")), "{}", found.stdout);
    assert!(
        found.stdout.contains("\n  value: SQL says 30.0, published is 30.00000005"),
        "a ratio by more than 1e-9 of itself:\n{}",
        found.stdout
    );
    assert!(found.stdout.contains("\n  only in SQL: company_id (all), scope company, scope_value (all)"), "{}", found.stdout);
    assert!(found.stderr.contains("error[parity_failed]: 2025-06-30 is not what the SQL twins say: open_items, roll_forward, kpis"));
    // The script that is kept says the same again, in the hands of an analyst.
    assert!(found.stderr.contains("duckdb -init runs/"), "{}", found.stderr);
}

#[test]
fn the_views_open_in_duckdb_with_names_of_customers_and_comments() {
    if !has_duckdb() {
        return;
    }
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-05-31").expect(0);
    place.run("2025-06-30").expect(0);
    let script = "
import duckdb
con = duckdb.connect()
con.execute(open('views.sql').read())
for (view,) in con.execute(\"SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1\").fetchall():
    con.execute(f'SELECT * FROM {view}').fetchall()
    print(view)
print(con.execute(\"SELECT sum(open_amount_base) FROM open_items_latest\").fetchone()[0])
print(con.execute(\"SELECT DISTINCT customer_name FROM open_items_latest WHERE customer_id = 'A'\").fetchone()[0])
print(con.execute(\"SELECT count(DISTINCT as_of_date) FROM kpis\").fetchone()[0])
print(con.execute(\"SELECT count(*) FROM duckdb_columns() WHERE table_name = 'open_items' AND comment IS NULL\").fetchone()[0])
";
    let found = end_of(python().current_dir(place.out()).args(["-c", script])).expect(0);
    let lines: Vec<&str> = found.stdout.lines().collect();
    for view in ["aging", "aging_latest", "customer_positions", "customers", "kpis_latest", "open_items", "quarantine", "roll_forward"] {
        assert!(lines.contains(&view), "a view {view} in {lines:?}");
    }
    // The hive column as_of_date and the name that is joined come from no table, and have no comment.
    assert_eq!(lines[lines.len() - 4..], ["16330.0000", "Alder Street Bakery", "2", "2"], "{}", found.stdout);
}
