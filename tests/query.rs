//! `arrears query`: SQL over what is published, through DuckDB as a command or as a module of Python, whichever is there.
//! Where neither is, the tests say that they are skipped, unless `ARREARS_REQUIRE_PARITY` is set: then they fail.

mod support;

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Ended, Place, end_of, program, published, skipped};

/// The absolute path of a command, if it does what it is asked for.
fn found(name: &str, arguments: &[&str]) -> Option<PathBuf> {
    let works = Command::new(name).args(arguments).stdin(Stdio::null()).output().is_ok_and(|output| output.status.success());
    let path = end_of(Command::new("sh").args(["-c", &format!("command -v {name}")])).stdout;
    works.then(|| PathBuf::from(path.trim()))
}

/// For each way to DuckDB on this machine a PATH on which there is only that one.
fn engines(place: &Place) -> Vec<(&'static str, OsString)> {
    let mut paths = Vec::new();
    for (name, arguments) in [("duckdb", ["--version", ""]), ("python3", ["-c", "import duckdb"])] {
        let arguments: Vec<&str> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
        match found(name, &arguments) {
            Some(path) => paths.push((name, only(place, name, &path))),
            None => skipped(&format!("queries through {name}: it is not on PATH or has no DuckDB (pip install -r tests/requirements.txt)")),
        }
    }
    assert!(
        !paths.is_empty() || std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(),
        "ARREARS_REQUIRE_PARITY is set, and there is no DuckDB"
    );
    paths
}

/// A folder with one command in it.
fn only(place: &Place, name: &str, path: &Path) -> OsString {
    let file = format!("only-{name}/{name}");
    place.write(&file, format!("#!/bin/sh\nexec '{}' \"$@\"\n", path.display()));
    std::fs::set_permissions(place.path().join(&file), PermissionsExt::from_mode(0o755)).expect("it can be made executable");
    place.path().join(format!("only-{name}")).into_os_string()
}

fn corner_shop() -> Place {
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-06-30").expect(0);
    place
}

fn query(place: &Place, path: &OsString, arguments: &[&str]) -> Ended {
    end_of(place.arrears(&["query"]).args(arguments).env("PATH", path))
}

const OWED: &str = "SELECT customer_id, customer_name, sum(net_amount_base) AS owed, min(oldest_due_date) AS since, NULL AS nothing
                    FROM customer_positions_latest GROUP BY ALL ORDER BY owed";

#[test]
fn every_engine_prints_the_same_csv_json_and_table() {
    let place = corner_shop();
    for (name, path) in engines(&place) {
        let csv = query(&place, &path, &[OWED]).expect(0);
        assert_eq!(
            csv.stdout,
            "customer_id,customer_name,owed,since,nothing\n\
             A,Alder Street Bakery,3800.0000,2025-07-05,\n\
             B,Brandt Gastro GmbH,12530.0000,2025-04-14,\n",
            "{name}"
        );
        assert_eq!(csv.stderr, "", "{name}");
        let table = query(&place, &path, &["--format", "table", OWED]).expect(0);
        assert_eq!(
            table.stdout,
            "customer_id  customer_name              owed  since       nothing\n\
             -----------  -------------------  ----------  ----------  -------\n\
             A            Alder Street Bakery   3800.0000  2025-07-05\n\
             B            Brandt Gastro GmbH   12530.0000  2025-04-14\n\
             2 rows\n",
            "{name}"
        );
        let json =
            query(&place, &path, &["--format", "json", "SELECT 'A \"b\"' AS a, 1.5::DOUBLE AS b, 2 AS c, NULL AS d, TRUE AS e, 0.10 AS f"]);
        assert_eq!(json.expect(0).stdout, "[{\"a\":\"A \\\"b\\\"\",\"b\":1.5,\"c\":2,\"d\":null,\"e\":true,\"f\":\"0.10\"}]\n", "{name}");
        let none = query(&place, &path, &["SELECT document_id FROM open_items_latest WHERE FALSE"]).expect(0);
        assert_eq!(none.stdout, "document_id\n", "{name}");
    }
}

#[test]
fn sql_comes_from_the_command_line_a_file_or_standard_input() {
    let place = corner_shop();
    place.write("owed.sql", format!("-- Who owes what?\nCREATE TEMP TABLE owed AS {OWED};\nSELECT count(*) AS customers FROM owed;\n"));
    for (name, path) in engines(&place) {
        let file = place.path().join("owed.sql").display().to_string();
        assert_eq!(query(&place, &path, &["--file", &file]).expect(0).stdout, "customers\n2\n", "{name}");
        let mut command = place.arrears(&["query", "-"]);
        command.env("PATH", &path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(b"SELECT 1 AS one;").expect("it reads");
        let ended: Ended = child.wait_with_output().expect("it ends").into();
        assert_eq!(ended.expect(0).stdout, "one\n1\n", "{name}");
        // SQL may begin with a comment.
        assert_eq!(query(&place, &path, &["-- one\nSELECT 1 AS one"]).expect(0).stdout, "one\n1\n", "{name}");
        // What is published is enough: no configuration is needed.
        let mut command = program();
        command.args(["query", "--output"]).arg(place.out()).arg("SELECT 2 AS two").env("PATH", &path).current_dir("/");
        assert_eq!(end_of(&mut command).expect(0).stdout, "two\n2\n", "{name}");
    }
}

#[test]
fn a_query_changes_nothing_and_leaves_nothing_behind() {
    let place = corner_shop();
    let before = published(&place.out());
    for (name, path) in engines(&place) {
        for sql in ["COPY aging TO 'marts/aging.csv'", "SELECT 1; COPY aging TO 'x.csv'", ".shell touch x", "EXPORT DATABASE 'x'"] {
            let refused = query(&place, &path, &[sql]).expect(2);
            assert!(refused.stderr.starts_with("error[not_a_query]: "), "{name}: {}", refused.stderr);
        }
        query(&place, &path, &["CREATE TEMP TABLE t AS FROM aging; SELECT count(*) FROM t"]).expect(0);
    }
    support::assert_same_files(&published(&place.out()), &before, "what is published");
    let mut left: Vec<_> =
        std::fs::read_dir(place.out()).expect("there is an output").map(|entry| entry.expect("it is read").file_name()).collect();
    left.sort();
    assert_eq!(left, [".lock", "dictionary.parquet", "ledger", "marts", "models", "runs", "staging", "views.sql", "vintages"]);
}

#[test]
fn a_wrong_query_ends_with_2_and_the_words_of_the_engine() {
    let place = corner_shop();
    place.write("wrong.sql", "SELECT nobody_knows\nFROM kpis");
    for (name, path) in engines(&place) {
        let file = place.path().join("wrong.sql").display().to_string();
        let refused = query(&place, &path, &["--file", &file]).expect(2);
        assert_eq!(refused.stdout, "", "{name}");
        for words in [
            "error[query_failed]: the engine refuses the query\n",
            "wrong.sql",
            "Binder Error",
            "nobody_knows",
            "hint: arrears query \"SHOW TABLES\"",
        ] {
            assert!(refused.stderr.contains(words), "{name}: {words:?} in\n{}", refused.stderr);
        }
    }
}

#[test]
fn views_that_were_lost_are_made_again_for_the_query() {
    let place = corner_shop();
    std::fs::remove_file(place.out().join("views.sql")).expect("it is there");
    for (name, path) in engines(&place) {
        let names = query(&place, &path, &["SELECT DISTINCT customer_name FROM open_items_latest WHERE customer_id = 'A'"]);
        assert_eq!(names.expect(0).stdout, "customer_name\nAlder Street Bakery\n", "{name}");
    }
    assert!(!place.out().join("views.sql").exists(), "reading does not write");
}

#[test]
fn without_an_engine_or_a_night_the_hint_says_what_to_do() {
    let place = Place::copy_of("data-samples/corner-shop");
    let nowhere = OsString::from(place.path());
    let refused = query(&place, &nowhere, &["SELECT 1"]).expect(4);
    assert!(refused.stderr.contains("error[no_night]: nothing is published in") && refused.stderr.contains("hint: publish a night first"));
    place.run("2025-06-30").expect(0);
    let refused = query(&place, &nowhere, &["SELECT 1"]).expect(2);
    assert_eq!(
        refused.stderr,
        "error[no_sql_engine]: there is neither a command `duckdb` nor a Python with the module `duckdb` on PATH\n\n\
         hint: install one of them: pip install duckdb, or the command from https://duckdb.org/docs/installation\n"
    );
}

#[test]
fn a_text_that_a_spreadsheet_would_run_is_marked_in_csv_and_a_number_is_not() {
    let place = corner_shop();
    let sql = "SELECT '=1+1' AS formula, -5 AS number, '-x' AS text, 'its' AS plain, CAST('-1.50' AS DECIMAL(10,2)) AS money";
    for (name, path) in engines(&place) {
        let csv = query(&place, &path, &["--format", "csv", sql]).expect(0);
        assert_eq!(csv.stdout, "formula,number,text,plain,money\n'=1+1,-5,'-x,its,-1.50\n", "{name}");
        let json = query(&place, &path, &["--format", "json", sql]).expect(0);
        assert!(json.stdout.contains("\"=1+1\""), "{name}: {}", json.stdout);
    }
}
