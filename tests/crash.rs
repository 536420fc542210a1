//! Whatever happens to a run, readers see whole nights: kills, replacements under a reader's eyes, two runs at once.

mod support;

use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Ended, Place, assert_same_files, end_of, files_of, night_of, published};

/// What is wrong with a published night, judged by its own manifest; nothing for a whole one.
fn torn(night: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(night.join("manifest.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("the manifest is JSON");
    for table in manifest["tables"].as_array().expect("the manifest lists tables") {
        let file = table["file"].as_str().expect("a table has a file");
        let Ok(bytes) = std::fs::read(night.join(file)) else { return Some(format!("{file} is missing")) };
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if table["sha256"] != sha256 {
            return Some(format!("{file} is not the one of the manifest"));
        }
    }
    None
}

/// Starts a run whose last words nobody wants to read.
fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the run starts")
}

#[test]
fn a_run_killed_anywhere_leaves_what_was_published_and_the_next_run_finishes() {
    let (first, second) = ("2024-11-30", "2024-12-31");
    let undisturbed = Place::generated(3_000);
    undisturbed.run(first).expect(0);
    let started = Instant::now();
    undisturbed.run(second).expect(0);
    let duration = started.elapsed();
    let expected = published(&undisturbed.out());

    const KILLS: u32 = 12;
    let mut died = 0;
    for kill in 0..KILLS {
        let place = Place::generated(3_000);
        place.run(first).expect(0);
        let before = files_of(&place.night(first));
        let mut child = start(&mut place.run_command(second));
        std::thread::sleep(duration * kill / KILLS);
        child.kill().expect("the run can be killed");
        died += u32::from(!child.wait().expect("the run ends").success());

        assert_same_files(&files_of(&place.night(first)), &before, "the night before");
        assert_eq!(torn(&place.night(second)), None, "killed after {kill}/{KILLS} of a run");
        place.run(second).expect(0);
        assert_same_files(&published(&place.out()), &expected, "after the run that follows a kill");
    }
    assert!(died >= KILLS / 3, "only {died} of {KILLS} runs were still at work when they were killed");
}

#[test]
fn a_run_killed_on_its_first_night_is_finished_by_the_next() {
    let as_of = "2024-12-31";
    let undisturbed = Place::generated(3_000);
    let started = Instant::now();
    undisturbed.run(as_of).expect(0);
    let duration = started.elapsed();
    for kill in 1..8 {
        let place = Place::generated(3_000);
        let mut child = start(&mut place.run_command(as_of));
        std::thread::sleep(duration * kill / 8);
        child.kill().expect("the run can be killed");
        child.wait().expect("the run ends");
        assert_eq!(torn(&place.night(as_of)), None);
        place.run(as_of).expect(0);
        assert_same_files(&published(&place.out()), &published(&undisturbed.out()), "after a kill in the first night");
    }
}

#[test]
fn a_reader_never_sees_half_a_night_while_it_is_replaced() {
    const REPLACEMENTS: usize = 20;
    let place = Place::copy_of("data-samples/corner-shop");
    let as_of = "2025-06-30";
    place.run(as_of).expect(0);
    let night = night_of(&place.out(), as_of);
    let is_done = AtomicBool::new(false);
    let manifest = || std::fs::read(night.join("manifest.json")).expect("there is always a night");
    let reads = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0_u32;
            while !is_done.load(Ordering::Relaxed) {
                let before = manifest();
                let found = torn(&night);
                // When the night was exchanged between two reads, tables of both were seen, each whole.
                if before == manifest() {
                    assert_eq!(found, None, "a torn night, at read {reads}");
                }
                reads += 1;
            }
            reads
        });
        for number in 0..REPLACEMENTS {
            let row = format!("main,X{number},1,invoice,A,2025-06-01,2025-07-01,{number}.00,USD\n");
            let documents = place.read("ledger/documents.csv");
            let header = documents.lines().next().expect("the sample has a header");
            let blanks = ",".repeat(header.split(',').count() - 9);
            place.write("ledger/documents.csv", format!("{documents}{}{blanks}\n", row.trim_end()));
            place.replace(as_of).expect(0);
        }
        is_done.store(true, Ordering::Relaxed);
        reader.join().expect("the reader saw only whole nights")
    });
    assert!(reads > 50, "the reader read only {reads} times");
    let kept = std::fs::read_dir(place.out().join("replaced")).expect("replaced nights are kept").count();
    assert_eq!(kept, REPLACEMENTS);
}

#[test]
fn of_two_runs_at_once_the_second_exits_5_and_changes_nothing() {
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-06-30").expect(0);
    let before = published(&place.out());
    let lock = std::fs::File::options().append(true).open(place.out().join(".lock")).expect("a run leaves the lock's file");
    lock.lock().expect("nobody else holds it");
    let Ended { stderr, .. } = place.run("2025-07-31").expect(5);
    assert!(stderr.contains("another run is at work"), "{stderr}");
    assert_same_files(&published(&place.out()), &before, "what was published");
    drop(lock);
    place.run("2025-07-31").expect(0);
}

#[test]
fn a_lock_goes_with_its_process() {
    let place = Place::generated(3_000);
    let mut child = start(&mut place.run_command("2024-12-31"));
    std::thread::sleep(Duration::from_millis(30));
    child.kill().expect("the run can be killed");
    child.wait().expect("the run ends");
    end_of(&mut place.run_command("2024-12-31")).expect(0);
}
