//! Two independent witnesses: what the pipeline publishes is, cell by cell, what the SQL twins say on DuckDB over the same
//! ledger; and `views.sql` opens in DuckDB as it is. Without the Python module `duckdb` the tests say that they are skipped,
//! unless `ARREARS_REQUIRE_PARITY` is set: then they fail.

mod support;

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

/// Publishes a night and compares it with the twins; returns how many cells were compared.
fn compare(place: &Place, as_of: &str, base_currency: &str) -> Ended {
    place.run(as_of).expect(0);
    let mut twins = python();
    twins.arg(repository().join("tests/parity/twins.py")).arg("compare");
    twins.arg("--ledger").arg(place.path().join("ledger")).arg("--published").arg(place.night(as_of));
    end_of(twins.args(["--as-of", as_of, "--base", base_currency]))
}

/// The sum of the cells that a comparison looked at; every mart must be among them, with rows.
fn cells(compared: &Ended, what: &str) -> u64 {
    assert_eq!(compared.status, 0, "{what}:\n{}\n{}", compared.stdout, compared.stderr);
    let mut sum = 0;
    for mart in ["aging", "customer_positions", "kpis", "open_items", "roll_forward"] {
        let line = compared.stdout.lines().find(|line| line.starts_with(&format!("{mart}: ")));
        let line = line.unwrap_or_else(|| panic!("{what}: {mart} was compared:\n{}", compared.stdout));
        let cells = line.split(", ").find_map(|part| part.strip_suffix(" cells compared: equal"));
        let cells: u64 = cells.and_then(|cells| cells.replace(',', "").parse().ok()).unwrap_or_else(|| panic!("{what}: {line}"));
        assert!(cells > 0, "{what}: {mart} has cells");
        sum += cells;
    }
    sum
}

#[test]
fn every_published_cell_is_what_the_sql_twin_says() {
    if !has_duckdb() {
        return;
    }
    let mut total = 0;
    let mut look_at = |place: &Place, as_of: &str, base_currency: &str, what: &str| {
        total += cells(&compare(place, as_of, base_currency), &format!("{what} as of {as_of}"));
    };
    look_at(&Place::copy_of("data-samples/corner-shop"), "2025-06-30", "USD", "the corner shop");
    look_at(&Place::copy_of("tests/ledgers/nasty"), "2025-08-20", "EUR", "the nasty ledger");
    look_at(&Place::copy_of("tests/ledgers/nasty"), "2025-05-30", "EUR", "the nasty ledger");
    look_at(&Place::generated(3_000), "2024-12-31", "USD", "a generated book");
    // Two of them inside a month.
    let dates = ["2025-06-30", "2025-05-31", "2025-07-31", "2025-02-28", "2025-06-13", "2025-02-17"];
    for (seed, as_of) in (101..).zip(dates) {
        let place = Place::empty();
        let script = repository().join("tests/parity/random_ledger.py");
        end_of(python().arg(script).args(["--seed", &format!("{seed}"), "--out"]).arg(place.path())).expect(0);
        look_at(&place, as_of, "USD", &format!("random ledger {seed}"));
    }
    told(&format!("parity: {total} cells compared, all equal"));
    assert!(total > 100_000, "the comparison looks at many cells: {total}");
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
