//! The catalogue of errors: for every folder of `data-samples/broken`, the smallest input that is wrong in one way, and in
//! its `expected.txt` the commands, how each ends, and every word it says. `UPDATE_EXPECTED=1` writes the files anew.

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use support::{Ended, Place, end_of, files_of, program, repository, skipped};

fn catalogue() -> PathBuf {
    repository().join("data-samples/broken")
}

fn folders() -> Vec<String> {
    let entries = std::fs::read_dir(catalogue()).expect("there is a catalogue of broken inputs");
    let folders = entries.map(|entry| entry.expect("it can be read")).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The commands of an `expected.txt`: its lines that begin with `$ `.
fn commands(expected: &str) -> Vec<&str> {
    expected.lines().filter_map(|line| line.strip_prefix("$ ")).collect()
}

/// Runs a command line in a place; nothing but blanks separates its words.
fn run(place: &Place, line: &str) -> Ended {
    let words = line.strip_prefix("arrears ").unwrap_or_else(|| panic!("not a command of arrears: {line}"));
    end_of(program().current_dir(place.path()).args(words.split(' ')))
}

/// What is published, and the ledger that is in force.
fn in_force(place: &Place) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = support::published(&place.out());
    files.retain(|name, _| !name.ends_with('/'));
    files
}

/// Names of runs are instants and process numbers: they read `RUN`.
fn without_run_ids(text: &str) -> String {
    let is_run_id = |word: &str| {
        let bytes = word.as_bytes();
        bytes.len() >= 21
            && bytes[..8].iter().all(u8::is_ascii_digit)
            && bytes[8] == b'T'
            && bytes[9..18].iter().all(u8::is_ascii_digit)
            && bytes[18..20] == *b"Z-"
            && bytes[20..].iter().all(u8::is_ascii_digit)
    };
    let parts = text.split_inclusive(['/', '\n', ' ']);
    parts.fold(String::new(), |mut shown, part| {
        let word = part.trim_end_matches(['/', '\n', ' ']);
        shown.push_str(if is_run_id(word) { "RUN" } else { word });
        shown.push_str(&part[word.len()..]);
        shown
    })
}

/// A command and how it ended, as it stands in `expected.txt`.
fn transcript(line: &str, ended: &Ended) -> String {
    let mut text = format!("$ {line}\nexit status {}\n", ended.status);
    for (name, said) in [("standard output", &ended.stdout), ("standard error", &ended.stderr)] {
        if !said.is_empty() {
            let _ = write!(text, "--- {name}\n{}", without_run_ids(said));
        }
    }
    text
}

#[test]
fn every_broken_input_ends_as_expected_and_says_what_to_do() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = String::new();
    let mut statuses = std::collections::BTreeSet::new();
    for folder in folders() {
        let place = Place::copy_of(&format!("data-samples/broken/{folder}"));
        let path = catalogue().join(&folder).join("expected.txt");
        let expected = std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        let lines = commands(&expected);
        assert!(!lines.is_empty(), "{folder}: expected.txt has a line that begins with `$ arrears `");
        let mut found = Vec::new();
        for line in lines {
            let before = in_force(&place);
            let ended = run(&place, line);
            statuses.insert(ended.status);
            if ended.status != 0 {
                assert!(in_force(&place) == before, "{folder}: `{line}` ends with {} and yet changes what is published", ended.status);
                assert_eq!(ended.stdout, "", "{folder}: a failure says nothing on standard output");
                assert!(ended.stderr.contains("error"), "{folder}: {}", ended.stderr);
            } else if line.starts_with("arrears run") {
                assert!(in_force(&place).contains_key("marts/as_of_date=2025-06-30/manifest.json"), "{folder}: `{line}` publishes");
            }
            found.push(transcript(line, &ended));
        }
        let found = found.join("\n");
        if update {
            std::fs::write(&path, &found).expect("the catalogue can be written");
        } else if found != expected {
            let _ = writeln!(wrong, "=== {folder}: expected\n{expected}=== {folder}: found\n{found}");
        }
    }
    assert!(wrong.is_empty(), "these differ (UPDATE_EXPECTED=1 writes them anew; read them before you keep them):\n{wrong}");
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [0, 2, 3, 4], "the catalogue has every status that an input can cause");
}

#[test]
fn every_failure_has_a_code_a_place_or_value_and_a_hint() {
    for folder in folders() {
        let expected = std::fs::read_to_string(catalogue().join(&folder).join("expected.txt")).expect("it is there");
        let of_clap = expected.contains("Usage:") || expected.contains("error: invalid value");
        if expected.contains("\nerror") && !of_clap {
            assert!(expected.contains("error[") && expected.contains("\n\nhint: "), "{folder}:\n{expected}");
        }
        assert!(!expected.contains("panicked") && !expected.contains("exit status 101"), "{folder} is a bug:\n{expected}");
        assert!(!expected.contains("exit status 1\n"), "{folder}: nobody foresaw it:\n{expected}");
    }
}

#[test]
fn the_catalogue_lists_every_folder_with_its_code() {
    let readme = std::fs::read_to_string(catalogue().join("README.md")).expect("the catalogue has a README");
    for folder in folders() {
        let line = readme.lines().find(|line| line.contains(&format!("]({folder}/)")));
        let line = line.unwrap_or_else(|| panic!("README.md has a line for {folder}"));
        let expected = std::fs::read_to_string(catalogue().join(&folder).join("expected.txt")).expect("it is there");
        for code in expected.split("error[").skip(1).filter_map(|rest| rest.split_once(']')).map(|(code, _)| code) {
            assert!(line.contains(&format!("`{code}`")), "README.md says of {folder} that its code is {code}");
        }
    }
}

#[test]
fn a_night_that_is_published_survives_every_broken_delivery() {
    for folder in folders() {
        if !catalogue().join(&folder).join("ledger").is_dir() || folder == "rows_that_others_break" || folder == "no_rate" {
            continue;
        }
        let place = Place::copy_of("data-samples/corner-shop");
        place.run("2025-06-30").expect(0);
        let before = in_force(&place);
        // What was delivered is replaced by what is broken.
        std::fs::remove_dir_all(place.path().join("ledger")).expect("it was there");
        support::copy_folder(&catalogue().join(&folder).join("ledger"), &place.path().join("ledger"));
        let ended = place.run("2025-06-30");
        if ended.status == 0 {
            // An additional delivery that says nothing new.
            assert!(ended.stdout.contains("nothing to do"), "{folder}: {}", ended.stdout);
        }
        assert!(in_force(&place) == before, "{folder}: what is published is what it was (exit status {})", ended.status);
    }
}

/// Takes every right away from a folder for as long as it lives.
struct Closed<'a>(&'a Path);

impl<'a> Closed<'a> {
    fn new(path: &'a Path) -> Self {
        set_mode(path, 0o000);
        Closed(path)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        set_mode(self.0, 0o755);
    }
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("rights can be set");
}

#[test]
fn a_folder_that_may_not_be_read_or_written_is_named() {
    use std::os::unix::process::CommandExt as _;
    let place = Place::copy_of("data-samples/corner-shop");
    let as_root =
        Path::new("/proc/self").exists() && std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    set_mode(place.path(), 0o777);
    let run = || {
        let mut command = place.run_command("2025-06-30");
        if as_root {
            // Nothing is closed to root: the program runs as nobody.
            command.uid(65_534).gid(65_534);
        }
        command.output()
    };
    match run() {
        Err(cause) => {
            return skipped(&format!("a folder without permission: as root, and the program cannot be started as another user ({cause})"));
        }
        Ok(output) => Ended::from(output).expect(0),
    };
    let before = files_of(&place.out().join("marts"));
    place.write("ledger/documents.csv", place.read("ledger/documents.csv") + "main,NEW,1,invoice,A,2025-06-01,,1.00,USD,,,,,\n");
    for (folder, named) in [("ledger", "ledger"), ("out/ledger", "out/ledger"), ("out/runs", "out/runs")] {
        let path = place.path().join(folder);
        let closed = Closed::new(&path);
        let ended = Ended::from(run().expect("it starts")).expect(4);
        drop(closed);
        assert!(ended.stderr.contains("error[permission_denied]") && ended.stderr.contains(named), "{folder}: {}", ended.stderr);
        assert!(files_of(&place.out().join("marts")) == before, "{folder}: what is published is what it was");
    }
}
