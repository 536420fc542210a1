//! A night is published whole or not at all: run again, run elsewhere, run on other threads, replaced while it is read,
//! killed at any moment, run twice at once, or stopped by a check.

mod support;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Place, assert_same_files, cell, end_of, files_of, parquet_rows, program, published, table};

const SHOP: &str = "data-samples/corner-shop";
const AS_OF: &str = "2025-06-30";
/// The last day of a generated ledger.
const GENERATED: &str = "2024-12-31";

fn shop() -> Place {
    Place::copy_of(SHOP)
}

/// Another invoice arrives: the inputs are no longer what they were.
fn deliver_another_invoice(place: &Place, number: u32) {
    let documents = place.read("ledger/documents.csv");
    let line = format!("main,NEW{number},1,invoice,A,2025-06-0{},2025-07-01,{number}00.00,USD,net 30,,,,\n", number % 9 + 1);
    place.write("ledger/documents.csv", documents + &line);
}

/// The records of all runs of an output, oldest first.
fn records(out: &Path) -> Vec<Value> {
    let files = files_of(&out.join("runs"));
    let records = files.iter().filter(|(name, _)| name.ends_with("/run_results.json"));
    records.map(|(name, bytes)| serde_json::from_slice(bytes).unwrap_or_else(|cause| panic!("{name} is JSON: {cause}"))).collect()
}

/// The tables of a night without what speaks of files and lines, and without fingerprints.
fn marts(night: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_of(night);
    files.retain(|name, _| !["manifest.json", "data_quality/part-00000.parquet", "quarantine/part-00000.parquet"].contains(&name.as_str()));
    assert!(files.len() >= 5, "the night has its tables: {:?}", files.keys());
    files
}

// --- the same again ----------------------------------------------------------------------------------------------------------------

#[test]
fn running_a_night_twice_changes_nothing_and_says_so() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let before = published(&shop.out());
    let again = shop.run(AS_OF).expect(0);
    assert_eq!(again.stdout, "2025-06-30 is already published from these inputs; nothing to do\n");
    assert_same_files(&published(&shop.out()), &before, "after the second run");
    let again = shop.replace(AS_OF).expect(0);
    assert!(again.stdout.contains("nothing to do"), "--replace replaces nothing by the same: {}", again.stdout);
    assert_same_files(&published(&shop.out()), &before, "after the third run");
    assert!(!shop.out().join("replaced").exists(), "nothing was replaced");
}

#[test]
fn a_date_published_beside_another_leaves_the_other_alone() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let before = files_of(&shop.night(AS_OF));
    shop.run("2025-05-31").expect(0);
    assert_same_files(&files_of(&shop.night(AS_OF)), &before, "the night of June");
    assert!(shop.night("2025-05-31").join("manifest.json").exists());
}

#[test]
fn two_fresh_outputs_hold_the_same_bytes() {
    let (one, other) = (shop(), shop());
    one.run(AS_OF).expect(0);
    other.run(AS_OF).expect(0);
    let (found, expected) = (published(&one.out()), published(&other.out()));
    assert!(expected.len() > 12, "there is a night and a ledger");
    assert_same_files(&found, &expected, "two outputs of the same inputs");
    for derived in ["views.sql", "dictionary.parquet"] {
        let bytes = |place: &Place| std::fs::read(place.out().join(derived)).expect("it is there");
        assert_eq!(bytes(&one), bytes(&other), "{derived}");
    }
}

#[test]
fn one_two_and_eight_threads_publish_the_same_bytes() {
    let book = Place::generated(20_000);
    let of_threads = |threads: &str| {
        let out = book.path().join(format!("out-{threads}"));
        let mut command = book.run_command(GENERATED);
        command.env("RAYON_NUM_THREADS", threads).env("POLARS_MAX_THREADS", threads).arg("--output").arg(&out);
        end_of(&mut command).expect(0);
        published(&out)
    };
    let one = of_threads("1");
    assert_same_files(&of_threads("2"), &one, "two threads and one");
    assert_same_files(&of_threads("8"), &one, "eight threads and one");
}

#[test]
fn the_order_of_rows_in_the_files_is_irrelevant() {
    let (plain, shuffled) = (Place::generated(3_000), Place::generated(3_000));
    let mut files = 0;
    for entry in std::fs::read_dir(shuffled.path().join("ledger")).expect("there is a ledger") {
        let path = entry.expect("the folder can be read").path();
        let text = std::fs::read_to_string(&path).expect("a ledger is text");
        let (heading, body) = text.split_once('\n').expect("a heading");
        let mut lines: Vec<&str> = body.lines().collect();
        lines.sort_by_key(|line| Sha256::digest(line.as_bytes()).to_vec());
        std::fs::write(&path, format!("{heading}\n{}\n", lines.join("\n"))).expect("the file can be written");
        files += 1;
    }
    assert!(files >= 5, "the tables were shuffled");
    assert_ne!(plain.read("ledger/documents.csv"), shuffled.read("ledger/documents.csv"));
    plain.run(GENERATED).expect(0);
    shuffled.run(GENERATED).expect(0);
    assert_same_files(&marts(&shuffled.night(GENERATED)), &marts(&plain.night(GENERATED)), "shuffled rows");
}

#[test]
fn documents_in_two_files_make_the_same_night_as_in_one() {
    let (whole, split) = (shop(), shop());
    let text = split.read("ledger/documents.csv");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::remove_file(split.path().join("ledger/documents.csv")).expect("the file can be removed");
    for (name, body) in [("first", &lines[1..7]), ("second", &lines[7..])] {
        split.write(&format!("documents/{name}.csv"), format!("{}\n{}\n", lines[0], body.join("\n")));
    }
    let config = split.read("arrears.toml");
    let source = "\n[[source]]\nname = \"documents\"\npath = \"documents/*.csv\"\nshape = \"canonical\"\ntable = \"documents\"\n";
    split.write("arrears.toml", config + source);
    whole.run(AS_OF).expect(0);
    let run = split.run(AS_OF).expect(0);
    assert!(run.stderr.contains("from 6 new files"), "{}", run.stderr);
    assert_same_files(&marts(&split.night(AS_OF)), &marts(&whole.night(AS_OF)), "documents in two files");
}

#[test]
fn ingesting_first_and_running_later_is_running() {
    let (apart, at_once) = (shop(), shop());
    let ingest = end_of(&mut apart.arrears(&["ingest", "--as-of", AS_OF])).expect(0);
    assert_eq!(ingest.stdout, "ingest: 27 rows read from 5 new files: 27 accepted, 0 quarantined\n");
    assert!(!apart.out().join("marts").exists(), "ingest publishes no night");
    apart.run(AS_OF).expect(0);
    at_once.run(AS_OF).expect(0);
    assert_same_files(&published(&apart.out()), &published(&at_once.out()), "ingest, then run");
}

// --- replacing ---------------------------------------------------------------------------------------------------------------------

#[test]
fn a_night_is_replaced_only_when_asked_and_the_old_one_is_kept_as_it_was() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let before = published(&shop.out());
    let old = files_of(&shop.night(AS_OF));
    deliver_another_invoice(&shop, 1);

    let refused = shop.run(AS_OF).expect(2);
    assert!(refused.stderr.contains("error[already_published]") && refused.stderr.contains("--replace"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
    assert_same_files(&published(&shop.out()), &before, "after the refusal");

    let replaced = shop.replace(AS_OF).expect(0);
    assert!(replaced.stdout.contains("16,430.00 USD receivable in 5 open items"), "{}", replaced.stdout);
    let kept = files_of(&shop.out().join("replaced"));
    let kept: BTreeMap<String, Vec<u8>> = kept
        .into_iter()
        .map(|(name, bytes)| (name.split_once(&format!("as_of_date={AS_OF}/")).expect("the night keeps its name").1.to_owned(), bytes))
        .collect();
    assert_same_files(&kept, &old, "the replaced night");
    assert_eq!(table(&shop.night(AS_OF), "open_items").len(), 5);
    assert!(files_of(&shop.out().join("staging")).is_empty(), "nothing is left in staging");
}

#[test]
fn a_reader_never_sees_a_torn_night_while_it_is_replaced_thirty_times() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let (night, done) = (shop.night(AS_OF), AtomicBool::new(false));
    let (nights, reads) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut seen, mut reads) = (BTreeSet::new(), 0);
            while !done.load(Ordering::Relaxed) {
                seen.insert(read_whole(&night));
                reads += 1;
            }
            (seen, reads)
        });
        // Ends the reader even when a run fails and this thread panics.
        let ending = Ending(&done);
        let config = shop.read("arrears.toml");
        for months in 0..30 {
            shop.write("arrears.toml", format!("history_months = {}\n{config}", 12 + months));
            shop.replace(AS_OF).expect(0);
        }
        drop(ending);
        reader.join().expect("the reader never saw a torn night")
    });
    assert!(reads > 60 && nights.len() > 10, "the reader was there: {reads} reads of {} nights", nights.len());
    assert_eq!(std::fs::read_dir(shop.out().join("replaced")).expect("there are replaced nights").count(), 30);
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads the manifest, then every table, and compares with what the manifest says; begins anew when the manifest is
/// another one by then. Returns the manifest's text.
fn read_whole(night: &Path) -> String {
    'anew: loop {
        let manifest = || std::fs::read_to_string(night.join("manifest.json")).expect("a night that was published is never missing");
        let text = manifest();
        let record: Value = serde_json::from_str(&text).expect("a manifest is never half written");
        for table in record["tables"].as_array().expect("it lists tables") {
            let bytes = std::fs::read(night.join(table["file"].as_str().expect("a name"))).expect("every table is there");
            if Some(hex(&bytes).as_str()) != table["sha256"].as_str() {
                assert_ne!(manifest(), text, "{} has other bytes than its manifest says", table["file"]);
                continue 'anew;
            }
        }
        return text;
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

// --- killed ------------------------------------------------------------------------------------------------------------------------

/// When a run is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many parts of twelve into an undisturbed run.
    Part(u32),
    /// As soon as something with this in its path is there.
    Appears(&'static str),
}

/// Twelve moments spread over a run, and those around publication, which are short.
const MOMENTS: [Moment; 18] = {
    let mut moments = [Moment::Appears("ledger/index.next.json"); 18];
    let mut part = 0;
    while part < 12 {
        moments[part] = Moment::Part(part as u32);
        part += 1;
    }
    moments[13] = Moment::Appears("staging/");
    moments[14] = Moment::Appears("manifest.json");
    moments[15] = Moment::Appears("replaced/");
    moments[16] = Moment::Appears("views.sql");
    moments[17] = Moment::Appears("documents/seg-000001.parquet");
    moments
};

/// Kills a run at a moment; tells whether it was still at work.
fn kill(place: &Place, moment: Moment, undisturbed: Duration) -> bool {
    let known = files_of_names(&place.out());
    let mut command = place.run_command(GENERATED);
    let mut run = command.arg("--replace").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let started = Instant::now();
    match moment {
        Moment::Part(part) => std::thread::sleep(undisturbed * part / 12),
        Moment::Appears(what) => {
            let appeared = || files_of_names(&place.out()).iter().any(|name| name.contains(what) && !known.contains(name));
            while !appeared() && started.elapsed() < undisturbed * 4 && run.try_wait().expect("it can be asked").is_none() {}
        }
    }
    run.kill().expect("a run can be killed");
    run.wait().expect("a killed run ends").code().is_none()
}

/// The names of all files and folders of an output.
fn files_of_names(out: &Path) -> BTreeSet<String> {
    fn visit(root: &Path, folder: &Path, names: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            names.insert(
                path.strip_prefix(root).expect("it lies below").to_string_lossy().into_owned() + if path.is_dir() { "/" } else { "" },
            );
            visit(root, &path, names);
        }
    }
    let mut names = BTreeSet::new();
    visit(out, out, &mut names);
    names
}

/// Kills runs at every moment. `begin` brings a place to where the run starts; the night is `before` until it is `after`.
fn assert_nothing_is_lost(begin: &dyn Fn(&Place)) {
    let book = Place::generated(2_000);
    let reset = || {
        let _ = std::fs::remove_dir_all(book.out());
        begin(&book);
    };
    reset();
    let before = files_of(&book.night(GENERATED));
    let started = Instant::now();
    book.replace(GENERATED).expect(0);
    let undisturbed = started.elapsed();
    let (after, complete) = (files_of(&book.night(GENERATED)), published(&book.out()));
    assert!(before != after, "the run publishes something");

    let mut killed = 0;
    for moment in MOMENTS {
        reset();
        killed += u32::from(kill(&book, moment, undisturbed));
        let found = files_of(&book.night(GENERATED));
        assert!(found == before || found == after, "killed at {moment:?}: the night is neither the old nor the new one");
        let next = book.replace(GENERATED).expect(0);
        assert!(next.stdout.ends_with('\n') && !next.stdout.is_empty());
        assert_same_files(&published(&book.out()), &complete, &format!("after the run that follows one killed at {moment:?}"));
        let crashed = records(&book.out()).iter().filter(|record| record["status"] == "running").count();
        assert!(crashed <= 1, "a run that ended does not say that it is running");
    }
    assert!(killed as usize >= MOMENTS.len() / 3, "runs were killed while at work, not only after: {killed}");
}

#[test]
fn a_first_run_killed_at_any_moment_loses_nothing() {
    assert_nothing_is_lost(&|_| {});
}

#[test]
fn a_replacing_run_killed_at_any_moment_leaves_the_old_night_or_the_new_one() {
    assert_nothing_is_lost(&|book| {
        // The first night is published without the last delivery of documents.
        let documents = book.read("ledger/documents.csv");
        let kept: Vec<&str> = documents.lines().collect();
        book.write("ledger/documents.csv", kept[..kept.len() - 40].join("\n") + "\n");
        let applications = book.read("ledger/applications.csv");
        book.run(GENERATED).expect(0);
        book.write("ledger/documents.csv", &documents);
        book.write("ledger/applications.csv", applications);
    });
}

// --- two at once, and stopped --------------------------------------------------------------------------------------------------------

#[test]
fn of_two_runs_at_once_one_publishes_and_the_other_is_told_to_wait() {
    let book = Place::generated(2_000);
    let start = || book.run_command(GENERATED).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let (one, other) = (start(), start());
    let mut ended: Vec<support::Ended> = [one, other].into_iter().map(|run| run.wait_with_output().expect("it ends").into()).collect();
    ended.sort_by_key(|ended| ended.status);
    let [published, locked] = <[_; 2]>::try_from(ended).expect("two runs");
    let (published, locked) = (published.expect(0), locked.expect(5));
    assert!(published.stdout.contains("receivable"), "{}", published.stdout);
    assert!(locked.stderr.contains("error[locked]") && locked.stdout.is_empty(), "{}", locked.stderr);
    assert_eq!(records(&book.out()).len(), 1, "the run that was told to wait leaves no record");
}

#[test]
fn a_failing_check_publishes_nothing_and_keeps_the_rows_that_fail() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let before = published(&shop.out());
    let documents = shop.read("ledger/documents.csv");
    shop.write("ledger/documents.csv", documents + "main,BAD,1,invoice,A,31.01.2025,,5.00,USD,,,,,\n");
    let failed = shop.replace(AS_OF).expect(3);
    assert_eq!(failed.stdout, "");
    assert!(failed.stderr.contains("error[check_failed]") && failed.stderr.contains("quarantined_share"), "{}", failed.stderr);
    assert_same_files(&published(&shop.out()), &before, "after the failing check");

    let records = records(&shop.out());
    let record = records.last().expect("the run has a record");
    assert_eq!((&record["status"], &record["exit_status"]), (&Value::from("failed"), &Value::from(3)));
    assert_eq!(record["error"]["code"], "check_failed");
    let checks = record["checks"].as_array().expect("it lists checks");
    let status = |name: &str| checks.iter().find(|check| check["name"] == name).map(|check| check["status"].clone());
    assert_eq!((status("quarantined_share"), status("roll_forward_residual")), (Some("fail".into()), Some("pass".into())));
    let run = shop.out().join("runs").join(record["run_id"].as_str().expect("a name"));
    let rows = parquet_rows(&run.join("failing/quarantined_share.parquet"), &[]);
    assert_eq!(rows.len(), 1, "one row of 29 is more than one in a hundred, its amount is not: {rows:?}");
    let staged = shop.out().join("staging").join(record["run_id"].as_str().expect("a name"));
    let quarantine = table(&staged, "quarantine");
    assert_eq!(quarantine.len(), 1);
    assert_eq!((cell(&quarantine[0], "reason"), cell(&quarantine[0], "line")), (Some("bad_date"), Some("16")));
}

// --- what a run leaves and says ------------------------------------------------------------------------------------------------------

#[test]
fn a_run_says_one_sentence_and_leaves_a_record_and_a_log() {
    let shop = shop();
    let run = shop.run(AS_OF).expect(0);
    let sentence = "2025-06-30: 16,330.00 USD receivable in 4 open items, 73.6 % of the open debit overdue, DSO 60.7 days; \
                    16,330.00 USD expected in the next 7 days (80 %, uncalibrated: 16,330.00 to 16,330.00); \
                    0 rows quarantined or left out\n";
    assert_eq!(run.stdout, sentence, "standard output is exactly one sentence");

    let [record] = <[Value; 1]>::try_from(records(&shop.out())).expect("one run leaves one record");
    assert_eq!((&record["status"], &record["exit_status"]), (&Value::from("published"), &Value::from(0)));
    assert_eq!(record["summary"].as_str().map(|text| text.to_owned() + "\n").as_deref(), Some(sentence));
    assert_eq!((&record["ingest"]["rows_read"], &record["ingest"]["accepted"]), (&Value::from(27), &Value::from(27)));
    assert!(record["checks"].as_array().is_some_and(|checks| checks.len() >= 10 && checks.iter().all(|check| check["status"] == "pass")));
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(shop.night(AS_OF).join("manifest.json")).expect("it is there"))
        .expect("a manifest is JSON");
    let tables = manifest["tables"].as_array().expect("it lists tables");
    let rows: Vec<(&Value, &Value)> = tables.iter().map(|table| (&table["name"], &table["rows"])).collect();
    let recorded: Vec<(&Value, &Value)> =
        record["tables"].as_array().expect("it lists tables").iter().map(|table| (&table[0], &table[1])).collect();
    assert_eq!(rows, recorded, "the record and the manifest agree");
    for entry in tables {
        let name = entry["name"].as_str().expect("a name");
        assert_eq!(Value::from(table(&shop.night(AS_OF), name).len()), entry["rows"], "rows of {name}");
    }

    let run_id = record["run_id"].as_str().expect("a name");
    assert!(!manifest.to_string().contains(run_id), "a night does not name the run that made it");
    let log = std::fs::read_to_string(shop.out().join("runs").join(run_id).join("log.ndjson")).expect("there is a log");
    let events = events(&log);
    assert_eq!(events.first().map(String::as_str), Some("ingested"));
    assert_eq!(events.last().map(String::as_str), Some("published"));
}

/// The events of lines of JSON; every line must be an object with an instant and an event.
fn events(lines: &str) -> Vec<String> {
    let event = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|cause| panic!("not JSON ({cause}): {line}"));
        assert!(object.is_object() && object["at"].is_string(), "{line}");
        object["event"].as_str().unwrap_or_else(|| panic!("no event: {line}")).to_owned()
    };
    lines.lines().map(event).collect()
}

#[test]
fn with_log_format_json_every_line_of_standard_error_is_one_event() {
    let shop = shop();
    let run = end_of(shop.run_command(AS_OF).args(["--log-format", "json"])).expect(0);
    let told = events(&run.stderr);
    for event in ["ingested", "loaded", "check", "published"] {
        assert!(told.iter().any(|one| one == event), "{event} in {told:?}");
    }
    assert_eq!(run.stdout.lines().count(), 1);
    deliver_another_invoice(&shop, 1);
    let refused = end_of(shop.run_command(AS_OF).args(["--log-format", "json"])).expect(2);
    assert_eq!(events(&refused.stderr).last().map(String::as_str), Some("failed"));
    assert!(
        refused.stderr.contains("\"code\":\"already_published\"") && refused.stderr.contains("\"exit_status\":2"),
        "{}",
        refused.stderr
    );
}

#[test]
fn metrics_for_prometheus_are_written_when_asked() {
    let shop = shop();
    let path = shop.path().join("arrears.prom");
    end_of(shop.run_command(AS_OF).arg("--metrics-file").arg(&path)).expect(0);
    let text = shop.read("arrears.prom");
    for line in
        ["arrears_published_rows{table=\"open_items\"} 4", "arrears_quarantined_rows 0", "# TYPE arrears_run_duration_seconds gauge"]
    {
        assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
    }
}

#[test]
fn looking_at_an_output_changes_nothing() {
    let shop = shop();
    let plan = end_of(&mut shop.arrears(&["plan", "--as-of", AS_OF])).expect(0);
    assert!(plan.stdout.contains("rows and bytes cannot be told") && plan.stdout.contains("ledger/documents.csv"), "{}", plan.stdout);
    assert!(!shop.out().exists(), "a plan does not even make the output");
    shop.run(AS_OF).expect(0);
    let before = files_of(&shop.out());
    let plan = end_of(&mut shop.arrears(&["plan", "--as-of", AS_OF])).expect(0);
    assert!(plan.stdout.contains("is published") && plan.stdout.contains("seen"), "{}", plan.stdout);
    let runs = end_of(&mut shop.arrears(&["runs"])).expect(0);
    assert!(runs.stdout.contains("published") && runs.stdout.contains("16,330.00 USD"), "{}", runs.stdout);
    let shown = end_of(&mut shop.arrears(&["config", "show"])).expect(0);
    assert!(shown.stdout.contains("base_currency = \"USD\"") && shown.stdout.contains("# default"), "{}", shown.stdout);
    assert_same_files(&files_of(&shop.out()), &before, "after plan, runs and config show");
}

#[test]
fn a_published_night_passes_its_checks_and_a_damaged_one_does_not() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let before = published(&shop.out());
    let check = end_of(&mut shop.arrears(&["check"])).expect(0);
    assert_eq!(check.stdout, "2025-06-30: 25 checks hold\n");
    let one = end_of(&mut shop.arrears(&["check", "files_intact", "--as-of", AS_OF])).expect(0);
    assert_eq!(one.stdout, "2025-06-30: 1 check holds\n");
    assert_same_files(&published(&shop.out()), &before, "after checking");
    let list = end_of(program().args(["check", "--list"])).expect(0);
    assert_eq!(
        list.stdout.lines().filter(|line| line.contains(" blocking ") || line.contains(" warning ")).count(),
        25,
        "the laws; rules stand below"
    );

    let aging = shop.night(AS_OF).join("aging/part-00000.parquet");
    let mut bytes = std::fs::read(&aging).expect("it is there");
    bytes[40] ^= 1;
    std::fs::write(&aging, bytes).expect("it can be damaged");
    let failed = end_of(&mut shop.arrears(&["check", "files_intact"])).expect(3);
    assert!(failed.stderr.contains("files_intact"), "{}", failed.stderr);
}

#[test]
fn every_published_column_is_in_the_dictionary_with_its_type_and_meaning() {
    let shop = shop();
    shop.run(AS_OF).expect(0);
    let dictionary = parquet_rows(&shop.out().join("dictionary.parquet"), &[]);
    let described: BTreeMap<(&str, &str), &str> = dictionary
        .iter()
        .filter(|row| cell(row, "layer") == Some("marts"))
        .map(|row| {
            let text = |column| cell(row, column).expect("nothing in the dictionary is null");
            ((text("table_name"), text("column_name")), text("description"))
        })
        .collect();
    let views = shop.read("out/views.sql");
    let mut columns = 0;
    for entry in std::fs::read_dir(shop.night(AS_OF)).expect("there is a night") {
        let folder = entry.expect("the folder can be read").path();
        // Files for other systems say of themselves what they hold.
        if !folder.is_dir() || folder.ends_with("exports") {
            continue;
        }
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        for view in [name.clone(), format!("{name}_latest")] {
            assert!(views.contains(&format!("CREATE OR REPLACE VIEW {view} AS")), "a view {view}");
        }
        for column in schema(&folder.join("part-00000.parquet")) {
            let description = described.get(&(name.as_str(), column.as_str())).copied().unwrap_or_default();
            assert!(description.len() > 3, "{name}.{column} is described: {description:?}");
            assert!(views.contains(&format!("COMMENT ON COLUMN {name}.{column} IS ")), "{name}.{column} has a comment in views.sql");
            columns += 1;
        }
    }
    assert_eq!(columns, described.len(), "the dictionary speaks of published columns only");
    assert!(dictionary.iter().any(|row| cell(row, "layer") == Some("ledger") && cell(row, "table_name") == Some("documents")));
}

/// The columns of a Parquet file.
fn schema(path: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).expect("it is there");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("it is Parquet");
    reader.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn what_is_derived_is_written_again_when_it_was_lost_and_a_night_is_published() {
    let shop = shop();
    shop.run("2025-05-31").expect(0);
    for derived in ["views.sql", "dictionary.parquet"] {
        std::fs::remove_file(shop.out().join(derived)).expect("it was there");
    }
    shop.run(AS_OF).expect(0);
    for derived in ["views.sql", "dictionary.parquet"] {
        assert!(shop.out().join(derived).exists(), "{derived}");
    }
}
