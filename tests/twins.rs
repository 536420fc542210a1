//! Every published number has a second witness: the SQL twins on DuckDB, compared cell by cell.
//!
//! Without Python's `duckdb` the comparison is skipped, and said so; `ARREARS_REQUIRE_PARITY` (set in CI) makes that a failure.

mod support;

use std::process::Command;
use support::{Place, end_of, repository};

/// Whether the second witness is there; says so where it is not.
fn witness() -> bool {
    let is_there = Command::new("python3").args(["-c", "import duckdb"]).output().is_ok_and(|output| output.status.success());
    if !is_there {
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "ARREARS_REQUIRE_PARITY is set and python3 has no duckdb");
        eprintln!("skipped: python3 has no duckdb, so nothing was compared with the SQL twins (pip install -r tests/requirements.txt)");
    }
    is_there
}

/// Publishes a ledger and compares every cell with the twins; returns how many cells there were.
fn compare(place: &Place, as_of: &str, base_currency: &str, history_months: u32) -> u64 {
    place.run(as_of).expect(0);
    let mut twins = Command::new("python3");
    twins.arg(repository().join("tests/parity/twins.py")).arg("compare").arg("--ledger").arg(place.path().join("ledger"));
    twins.arg("--published").arg(place.night(as_of)).args(["--as-of", as_of, "--base", base_currency]);
    twins.args(["--history-months", &history_months.to_string()]);
    let ended = end_of(&mut twins).expect(0);
    let tables: Vec<&str> = ended.stdout.lines().filter(|line| line.ends_with(": equal")).collect();
    assert_eq!(tables.len(), 5, "five marts were compared:\n{}", ended.stdout);
    let cells = tables
        .iter()
        .filter_map(|line| line.split(", ").find_map(|part| part.split(" cells compared").next()?.replace(',', "").parse::<u64>().ok()));
    let cells: u64 = cells.sum();
    println!("{}: {cells} cells compared, all equal", place.path().display());
    cells
}

#[test]
fn random_ledgers_of_many_currencies_agree_in_every_cell() {
    if !witness() {
        return;
    }
    let mut cells = 0;
    for (seed, as_of) in [(1, "2025-06-30"), (2, "2025-06-17"), (3, "2025-02-28"), (4, "2025-03-30"), (5, "2025-06-30")] {
        let place = Place::empty();
        let mut random = Command::new("python3");
        random.arg(repository().join("tests/parity/random_ledger.py")).args(["--seed", &seed.to_string(), "--out"]).arg(place.path());
        end_of(&mut random).expect(0);
        cells += compare(&place, as_of, "USD", 60);
    }
    println!("{cells} cells of random ledgers compared, all equal");
    assert!(cells > 100_000, "only {cells} cells");
}

#[test]
fn the_worked_and_the_nasty_ledger_agree_in_every_cell() {
    if !witness() {
        return;
    }
    compare(&Place::copy_of("data-samples/corner-shop"), "2025-06-30", "USD", 60);
    compare(&Place::copy_of("tests/ledgers/nasty"), "2025-08-20", "EUR", 60);
    compare(&Place::copy_of("tests/ledgers/nasty"), "2025-05-30", "EUR", 60);
}

#[test]
fn a_generated_company_agrees_in_every_cell() {
    if !witness() {
        return;
    }
    let cells = compare(&Place::copy_of("data-samples/mid-size"), "2024-12-31", "USD", 60);
    assert!(cells > 500_000, "only {cells} cells");
}
