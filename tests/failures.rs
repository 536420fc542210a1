//! What goes wrong at night: a disk that is full, a file that is cut while it is read, columns that moved since yesterday.
//! Each ends in a clear error or in nothing at all, and what was published stays as it was.

mod support;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use support::{Place, assert_same_files, end_of, files_of, program, published, skipped};

const CONFIG: &str =
    "output = \"out\"\nbase_currency = \"EUR\"\n[[source]]\nname = \"export\"\npath = \"in/*.csv\"\nshape = \"flat_invoices\"\n";

fn export(invoices: u32, paid: bool) -> String {
    let mut text = String::from("document_id,customer_id,document_date,due_date,amount,currency,paid_date\n");
    for number in 0..invoices {
        let paid = if paid && number % 2 == 0 { "2024-02-20" } else { "" };
        let _ = writeln!(text, "I{number},C{},2024-01-{:02},2024-02-15,{}.50,EUR,{paid}", number % 50, 1 + number % 28, 100 + number % 900);
    }
    text
}

fn place(text: &str) -> Place {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    place.write("in/export.csv", text);
    place
}

/// The command with no file allowed to grow beyond so many blocks of 512 bytes: what a full disk looks like to a program.
fn on_a_disk_of(blocks: u32, command: &Command, folder: &Path) -> Command {
    let words: Vec<String> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec {}", words.join(" "))).current_dir(folder);
    limited
}

#[test]
fn a_full_disk_is_an_error_that_says_so_and_nothing_is_published() {
    let place = place(&export(2_000, false));
    place.run("2024-03-31").expect(0);
    let before = published(&place.out());
    let ledger = files_of(&place.out().join("ledger"));
    place.write("in/later.csv", export(60_000, true));
    for blocks in [0, 8, 100, 1_000] {
        let command = place.run_command("2024-04-30");
        let ended = end_of(&mut on_a_disk_of(blocks, &command, place.path()));
        assert_eq!(ended.status, 1, "{blocks} blocks: {}", ended.stderr);
        assert!(ended.stderr.contains("disk_full"), "{blocks} blocks: {}", ended.stderr);
        assert!(ended.stderr.contains("hint:"), "{blocks} blocks: {}", ended.stderr);
        assert_same_files(&published(&place.out()), &before, "what is published");
    }
    assert_eq!(files_of(&place.out().join("ledger")).get("index.json"), ledger.get("index.json"), "the ledger in force");
    // With room again the next run does what the failed ones should have done.
    place.run("2024-04-30").expect(0);
    let undisturbed = self::place(&export(2_000, false));
    undisturbed.run("2024-03-31").expect(0);
    undisturbed.write("in/later.csv", export(60_000, true));
    undisturbed.run("2024-04-30").expect(0);
    assert_same_files(&published(&place.out()), &published(&undisturbed.out()), "after the disk had room again");
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_refused_whole() {
    // A pipe would not do: the reader looks at lengths. So the file is cut from beside, again and again, until a run was caught at it.
    let place = place("");
    let path = place.path().join("in/export.csv");
    let whole = export(400_000, true);
    let mut caught = 0;
    for attempt in 0..8_u64 {
        std::fs::write(&path, &whole).expect("writes");
        let mut child = program();
        child.args(["ingest", "--as-of", "2024-03-31", "--config"]).arg(place.path().join("arrears.toml"));
        let child = child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().expect("starts");
        std::thread::sleep(std::time::Duration::from_millis(20 + 15 * attempt));
        let file = std::fs::File::options().write(true).open(&path).expect("opens");
        file.set_len(whole.len() as u64 / 3).expect("cuts");
        let ended = child.wait_with_output().expect("ends");
        let errors = String::from_utf8_lossy(&ended.stderr);
        match ended.status.code() {
            Some(4) => {
                assert!(errors.contains("export.csv") && errors.contains("hint:"), "{errors}");
                assert!(!place.out().join("ledger/index.json").exists(), "nothing of it was taken");
                caught += 1;
            }
            Some(0) => {
                // It was through before the cut, or came after it and read what had become a whole, shorter file: then one row is
                // cut in its middle and quarantined.
                std::fs::remove_dir_all(place.out()).expect("removes");
            }
            other => panic!("{other:?}: {errors}"),
        }
    }
    if caught == 0 {
        skipped("a file that is cut while it is read: no run was caught at it");
    }
}

#[test]
fn columns_in_another_order_change_nothing_and_a_renamed_one_is_named() {
    let text = export(50, true);
    let place = place(&text);
    place.run("2024-03-31").expect(0);
    // The same rows with the columns the other way round: nothing is new.
    let turned: String = text.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n").collect();
    place.write("in/export.csv", &turned);
    let ended = place.run("2024-04-30").expect(0);
    assert!(ended.stderr.contains("50 unchanged") || ended.stderr.contains("0 accepted"), "{}", ended.stderr);
    let before = published(&place.out());
    // A required column under another name: an error that names file and column; an optional one that was mapped as well.
    place.write("in/export.csv", text.replacen("amount", "total", 1));
    let ended = place.run("2024-05-31").expect(4);
    assert!(
        ended.stderr.contains("missing_column") && ended.stderr.contains("amount") && ended.stderr.contains("export.csv:1"),
        "{}",
        ended.stderr
    );
    place.write("arrears.toml", format!("{CONFIG}columns = {{ paid_date = \"paid_date\" }}\n"));
    place.write("in/export.csv", text.replacen("paid_date", "paid on", 1));
    let ended = place.run("2024-05-31").expect(4);
    assert!(ended.stderr.contains("missing_column") && ended.stderr.contains("paid_date"), "{}", ended.stderr);
    assert_same_files(&published(&place.out()), &before, "what is published");
}

#[test]
fn half_a_compressed_file_is_refused_whole() {
    let text = export(5_000, true);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("compresses");
    let gzip = encoder.finish().expect("compresses");
    let zstd = zstd::encode_all(text.as_bytes(), 1).expect("compresses");
    for (name, whole) in [("export.csv.gz", gzip), ("export.csv.zst", zstd)] {
        for share in [1, 2, 3] {
            let place = Place::empty();
            place.write("arrears.toml", CONFIG.replace("*.csv", "*"));
            place.write(&format!("in/{name}"), &whole[..whole.len() * share / 4]);
            let ended = place.run("2024-03-31").expect(4);
            assert!(ended.stderr.contains("file_incomplete") && ended.stderr.contains(name), "{}", ended.stderr);
            assert!(!place.out().join("ledger/index.json").exists(), "nothing of it was taken");
        }
    }
}

#[test]
fn whoever_has_read_enough_is_not_told_of_a_bug() {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    let mut command = program();
    command.args(["check", "--list", "--config"]).arg(place.path().join("arrears.toml"));
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("ends");
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}
