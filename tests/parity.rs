//! Two independent witnesses: what the pipeline publishes is, cell by cell, what the SQL twins say on DuckDB over the same
//! ledger; and `views.sql` opens in DuckDB as it is. Without the Python module `duckdb` the tests say that they are skipped,
//! unless `ARREARS_REQUIRE_PARITY` is set: then they fail.

mod support;

use std::collections::BTreeMap;
use std::process::Command;
use support::{Ended, Place, end_of, repository, skipped, told};

fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Whether the twins can be run.
fn has_duckdb() -> bool {
    let found = python().args(["-c", "import duckdb"]).output().is_ok_and(|output| output.status.success());
    if !found {
        let what = "parity with the SQL twins: python3 has no module duckdb (pip install -r tests/requirements.txt)";
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "{what}, and ARREARS_REQUIRE_PARITY is set");
        skipped(what);
    }
    found
}

/// Every mart that has a twin.
const MARTS: [&str; 15] = [
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
        look_at(&place, as_of, "USD", &format!("random ledger {seed}"), settings);
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
