//! Two dates: what happened, and when it became known. A past night computed again with what was known then has the rows it
//! had then, whatever was delivered since: corrections, deletions, documents dated back, disputes, exchange rates.

mod support;

use std::path::Path;
use support::{Place, assert_same_files, cell, end_of, files_of, is, night_of, program, table, table_where};

/// What arrived by which night: table, then its rows with a heading. The day is the delivery's and the night's.
const DELIVERIES: &[(&str, &[(&str, &str)])] = &[
    (
        "2025-01-31",
        &[
            ("customers", "customer_id,name,segment\nA,Alder,small\nB,Birch,large\n"),
            (
                "documents",
                "document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
                 I1,invoice,A,2025-01-05,2025-02-04,1000.00,USD\n\
                 I2,invoice,B,2025-01-10,2025-02-09,500.00,EUR\n\
                 I3,invoice,B,2025-01-20,2025-02-19,300.00,USD\n\
                 R1,receipt,A,2025-01-25,,400.00,USD\n\
                 BAD,invoice,A,2025-01-32,,1.00,USD\n",
            ),
            (
                "applications",
                "application_id,credit_document_id,debit_document_id,applied_date,amount\nP1,R1,I1,2025-01-25,400.00\nP2,R2,I3,2025-01-30,100.00\n",
            ),
            ("fx_rates", "rate_date,currency,rate\n2025-01-01,EUR,1.10\n2025-01-31,EUR,1.12\n"),
        ],
    ),
    // The receipt that P2 waits for; a correction; a credit note dated back into January.
    (
        "2025-02-15",
        &[
            (
                "documents",
                "document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
                 R2,receipt,B,2025-01-30,,100.00,USD\n\
                 I3,invoice,B,2025-01-20,2025-02-19,350.00,USD\n\
                 C1,credit_note,A,2025-01-28,,50.00,USD\n\
                 I4,invoice,A,2025-02-10,2025-03-12,700.00,USD\n\
                 BAD,invoice,A,2025-02-30,,1.00,USD\n",
            ),
            ("applications", "application_id,credit_document_id,debit_document_id,applied_date,amount\nP3,C1,I1,2025-02-14,50.00\n"),
        ],
    ),
    // The payment of I1 is un-applied; an application that pays too much; a customer changes its segment.
    (
        "2025-02-28",
        &[
            ("customers", "customer_id,name,segment\nA,Alder,large\n"),
            (
                "applications",
                "application_id,credit_document_id,debit_document_id,applied_date,amount\n\
                 P4,R1,I1,2025-02-20,-400.00\nP5,R2,I4,2025-02-21,100.00\n",
            ),
            ("fx_rates", "rate_date,currency,rate\n2025-02-28,EUR,1.20\n"),
        ],
    ),
    // Disputes for the first time, one of them opened in February; a rate is corrected; an invoice never was.
    (
        "2025-03-31",
        &[
            ("disputes", "dispute_id,document_id,opened_date,closed_date,amount\nD1,I2,2025-02-25,,\nD2,I9,2025-03-01,,\n"),
            ("fx_rates", "rate_date,currency,rate\n2025-01-31,EUR,1.15\n2025-03-31,EUR,1.18\n"),
            (
                "documents",
                "document_id,document_type,customer_id,document_date,due_date,amount,currency,is_deleted\n\
                 I4,invoice,A,2025-02-10,2025-03-12,700.00,USD,true\n",
            ),
        ],
    ),
    // The invoice is back, with another due date; an invoice in a currency whose rate is not known yet.
    (
        "2025-04-30",
        &[
            (
                "documents",
                "document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
                 I4,invoice,A,2025-02-10,2025-02-20,700.00,USD\n\
                 I5,invoice,B,2025-02-03,2025-03-05,90.00,GBP\n",
            ),
            ("disputes", "dispute_id,document_id,opened_date,closed_date,amount\nD1,I2,2025-02-25,2025-03-20,\n"),
        ],
    ),
    ("2025-05-31", &[("fx_rates", "rate_date,currency,rate\n2025-02-01,GBP,1.30\n")]),
];

const CONFIG: &str = "base_currency = \"USD\"\nhistory_months = 6\n\n[quality]\nmax_quarantined_rows_share = 1.0\n\
    max_quarantined_amount_share = 1.0\n\n[[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";

/// The Parquet files of a night: every row of every table.
fn rows_of(out: &Path, as_of: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = files_of(&night_of(out, as_of));
    files.remove("manifest.json").expect("the night has a manifest");
    assert!(files.len() >= 7, "the night has its tables: {:?}", files.keys());
    files
}

fn known_night(place: &Place, as_of: &str, known_as_of: &str, output: &str) -> std::process::Command {
    let mut command = place.run_command(as_of);
    command.args(["--known-as-of", known_as_of, "--output"]).arg(place.path().join(output));
    command
}

/// Computes every night again with what was known at its end, from the ledger of the output, and from the sources anew.
fn compare_all_nights(place: &Place, nights: &[&str], also_from_the_sources: bool) {
    for as_of in nights {
        let expected = rows_of(&place.out(), as_of);
        end_of(known_night(place, as_of, as_of, "again").arg("--ledger-of").arg(place.out())).expect(0);
        assert_same_files(&rows_of(&place.path().join("again"), as_of), &expected, &format!("{as_of} from the ledger that is kept"));
        if also_from_the_sources {
            end_of(&mut known_night(place, as_of, as_of, "anew")).expect(0);
            assert_same_files(&rows_of(&place.path().join("anew"), as_of), &expected, &format!("{as_of} from the sources"));
        }
    }
    let nights_differ = nights.windows(2).all(|pair| rows_of(&place.out(), pair[0]) != rows_of(&place.out(), pair[1]));
    assert!(nights_differ, "each delivery changed something");
}

#[test]
fn a_past_night_computed_again_has_its_rows_when_file_names_say_when_they_were_delivered() {
    let place = Place::empty();
    place.write("arrears.toml", format!("{CONFIG}delivered_at = \"%Y-%m-%d\"\n"));
    for (day, tables) in DELIVERIES {
        for (name, rows) in *tables {
            place.write(&format!("ledger/{name}_{day}.csv"), rows);
        }
        place.run(day).expect(0);
    }
    let nights: Vec<&str> = DELIVERIES.iter().map(|(day, _)| *day).collect();
    compare_all_nights(&place, &nights, true);

    // What a later delivery says is there when it is asked for, and only then.
    let overdue_in_dispute = |out: &Path, as_of: &str| {
        let cells = [("metric", "disputed_share"), ("scope", "company"), ("company_id", "main"), ("period_end", as_of)];
        let rows = table_where(&night_of(out, as_of), "kpis", &cells);
        (cell(&rows[0], "value").map(str::to_owned), cell(&rows[0], "reason").map(str::to_owned))
    };
    let again = place.path().join("again");
    assert_eq!(overdue_in_dispute(&again, "2025-02-28"), (None, Some("not_supplied".into())));
    end_of(known_night(&place, "2025-02-28", "2025-03-31", "later").arg("--ledger-of").arg(place.out())).expect(0);
    assert!(overdue_in_dispute(&place.path().join("later"), "2025-02-28").0.is_some(), "in March the dispute of February is known");
    let files = |out: &Path, as_of: &str| -> Vec<String> {
        let rows = table(&night_of(out, as_of), "data_quality");
        rows.iter().filter(|row| is(row, &[("measure", "read")])).filter_map(|row| cell(row, "file").map(str::to_owned)).collect()
    };
    assert!(!files(&again, "2025-02-28").contains(&"ledger/disputes_2025-03-31.csv".to_owned()));
    assert_eq!(files(&again, "2025-01-31").len(), 4);
    let quarantine = table(&night_of(&again, "2025-01-31"), "quarantine");
    let reasons: Vec<_> = quarantine.iter().map(|row| (cell(row, "reason"), cell(row, "stage"))).collect();
    assert_eq!(reasons, [(Some("unknown_document"), Some("ledger")), (Some("bad_date"), Some("ingest"))]);
}

#[test]
fn a_past_night_computed_again_has_its_rows_when_rows_say_when_they_were_recorded() {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    // Each night the export of a table is the one before and what is new: nothing but `recorded_at` says when.
    let mut exports: std::collections::BTreeMap<&str, String> = std::collections::BTreeMap::new();
    for (day, tables) in DELIVERIES {
        for (name, rows) in *tables {
            let (heading, rows) = rows.split_once('\n').expect("a heading");
            let has_deletions = heading.contains("is_deleted");
            let export = exports
                .entry(name)
                .or_insert_with(|| format!("{heading},recorded_at{}\n", if *name == "documents" { ",is_deleted" } else { "" }));
            for row in rows.lines() {
                let (row, deleted) = if has_deletions { row.rsplit_once(',').expect("a last column") } else { (row, "") };
                let recorded = format!("{row},{day}T21:30:00Z");
                export.push_str(&if *name == "documents" { format!("{recorded},{deleted}\n") } else { format!("{recorded}\n") });
            }
            place.write(&format!("ledger/{name}.csv"), export.as_str());
        }
        place.run(day).expect(0);
    }
    let nights: Vec<&str> = DELIVERIES.iter().map(|(day, _)| *day).collect();
    compare_all_nights(&place, &nights, false);
    // From the last export alone, everything but what speaks of files is as it was.
    for as_of in &nights {
        end_of(&mut known_night(&place, as_of, as_of, "anew")).expect(0);
        let (mut found, mut expected) = (rows_of(&place.path().join("anew"), as_of), rows_of(&place.out(), as_of));
        for files in [&mut found, &mut expected] {
            let speaks_of_files =
                |name: &str| ["quarantine/", "data_quality/", "quality_rules/"].iter().any(|table| name.starts_with(table));
            files.retain(|name, _| !speaks_of_files(name));
        }
        assert_same_files(&found, &expected, &format!("{as_of} from the last export"));
    }
}

#[test]
fn nights_that_know_different_things_do_not_stand_in_one_output() {
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-05-31").expect(0);
    let before = support::published(&place.out());
    let refused = |command: &mut std::process::Command| {
        let ended = end_of(command).expect(2);
        assert!(ended.stderr.contains("error[known_as_of_differs]"), "{}", ended.stderr);
        assert!(ended.stderr.contains("--output"), "it says what to do: {}", ended.stderr);
    };
    refused(place.run_command("2025-06-30").args(["--known-as-of", "2025-06-30"]));
    refused(place.run_command("2025-05-31").args(["--known-as-of", "2025-05-31"]));
    assert_same_files(&support::published(&place.out()), &before, "a refused night");
    end_of(&mut known_night(&place, "2025-05-31", "2025-05-31", "known")).expect(0);
    end_of(&mut known_night(&place, "2025-06-30", "2025-06-30", "known")).expect(0);
    refused(&mut known_night(&place, "2025-04-30", "2025-06-30", "known"));
    let mut without = place.run_command("2025-04-30");
    refused(without.arg("--output").arg(place.path().join("known")));
    let again = end_of(&mut known_night(&place, "2025-06-30", "2025-06-30", "known")).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    // An instant of one's own for all nights is a policy too.
    end_of(&mut known_night(&place, "2025-05-31", "2025-06-15T12:00:00Z", "instant")).expect(0);
    end_of(&mut known_night(&place, "2025-06-30", "2025-06-15T14:00:00+02:00", "instant")).expect(0);
    refused(&mut known_night(&place, "2025-04-30", "2025-06-15", "instant"));
}

#[test]
fn a_ledger_is_read_where_it_is_kept_and_stays_as_it_is() {
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-06-30").expect(0);
    let ledger = files_of(&place.out().join("ledger"));
    let other = |output: &str| {
        let mut command = known_night(&place, "2025-06-30", "2025-06-30", output);
        command.arg("--ledger-of").arg(place.out());
        command
    };
    // A delivery that is not in the ledger yet is none of its business.
    place.write("ledger/documents.csv", place.read("ledger/documents.csv") + "main,NEW,1,invoice,A,2025-06-01,2025-07-01,1.00,USD,,,,,\n");
    let ended = end_of(&mut other("other")).expect(0);
    assert!(ended.stderr.starts_with("ledger of "), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("2025-06-30: 16,330.00 USD"), "{}", ended.stdout);
    assert_same_files(&files_of(&place.out().join("ledger")), &ledger, "the ledger that was read");
    assert!(!place.path().join("other/ledger").exists(), "there is no second ledger");
    let views = place.read("other/views.sql");
    assert!(views.contains("read_parquet(['../out/ledger/customers/seg-000001.parquet'])"), "{views}");
    let mut check = place.arrears(&["check"]);
    check.arg("--output").arg(place.path().join("other"));
    assert!(end_of(&mut check).expect(4).stderr.contains("--ledger-of"));
    end_of(check.arg("--ledger-of").arg(place.out())).expect(0);

    // What is delivered later does not change what was known: there is nothing to do.
    end_of(place.arrears(&["ingest", "--as-of", "2025-07-31"]).arg("--delivered-at").arg("2025-07-31")).expect(0);
    assert!(end_of(&mut other("other")).expect(0).stdout.contains("nothing to do"));

    let mut itself = place.run_command("2025-06-30");
    let ended = end_of(itself.arg("--ledger-of").arg(place.out())).expect(2);
    assert!(ended.stderr.contains("error[ledger_of_itself]"), "{}", ended.stderr);
    let mut nothing = known_night(&place, "2025-06-30", "2025-06-30", "other");
    let ended = end_of(nothing.arg("--ledger-of").arg(place.path())).expect(4);
    assert!(ended.stderr.contains("error[no_ledger]"), "{}", ended.stderr);
    let ended = end_of(program().args(["run", "--as-of", "2025-06-30", "--known-as-of", "30.06.2025"])).expect(2);
    assert!(ended.stderr.contains("neither a date nor an instant"), "{}", ended.stderr);
}

/// A number below `below` that looks arbitrary and is always the same for a text.
fn arbitrary(text: &str, below: u64) -> u64 {
    text.bytes().fold(14_695_981_039_346_656_037_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)) % below
}

/// A generated ledger in deliveries by its rows' instants; one row in ten comes a delivery or two late, and one document in
/// twenty says another amount at first.
fn generated_deliveries(invoices: u32, days: &[&str]) -> Place {
    let (generated, place) = (Place::generated(invoices), Place::empty());
    for entry in std::fs::read_dir(generated.path().join("ledger")).expect("there is a ledger") {
        let name = entry.expect("the folder can be read").file_name().to_string_lossy().into_owned();
        let text = generated.read(&format!("ledger/{name}"));
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let heading = lines.next().expect("a heading");
        let column = |wanted: &str| heading.iter().position(|name| *name == wanted);
        let recorded = column("recorded_at").expect("a generated row says when it was recorded");
        let mut deliveries: Vec<Vec<String>> = vec![Vec::new(); days.len()];
        for cells in lines {
            let line = cells.join(",");
            let without = |cells: &[&str]| {
                cells.iter().enumerate().filter(|(at, _)| *at != recorded).map(|(_, cell)| *cell).collect::<Vec<_>>().join(",")
            };
            let late = if arbitrary(&line, 10) == 0 { 1 + arbitrary(&line, 7) as usize % 2 } else { 0 };
            let first = days.iter().position(|day| &cells[recorded][..10] <= *day).map(|at| at + late);
            let Some(first) = first.filter(|at| *at < days.len()) else { continue };
            let corrected = name == "documents.csv" && arbitrary(&line, 20) == 1 && first + 1 < days.len();
            if corrected {
                let amount = column("amount").expect("a document has an amount");
                let mut other = cells.clone();
                other[amount] = "77";
                deliveries[first].push(without(&other));
            }
            deliveries[first + usize::from(corrected)].push(without(&cells));
        }
        let heading = heading.iter().filter(|name| **name != "recorded_at").copied().collect::<Vec<_>>().join(",");
        for (day, rows) in days.iter().zip(deliveries).filter(|(_, rows)| !rows.is_empty()) {
            place.write(
                &format!("deliveries/{day}/{}_{day}.csv", name.trim_end_matches(".csv")),
                format!("{heading}\n{}\n", rows.join("\n")),
            );
        }
    }
    place.write("arrears.toml", format!("{CONFIG}delivered_at = \"%Y-%m-%d\"\n"));
    place
}

#[test]
fn every_night_of_a_generated_ledger_that_arrives_late_and_is_corrected_can_be_computed_again() {
    let days = ["2024-01-31", "2024-02-15", "2024-02-29", "2024-03-31", "2024-04-10", "2024-04-30"];
    let place = generated_deliveries(1_500, &days);
    for day in days {
        for (name, rows) in files_of(&place.path().join("deliveries").join(day)) {
            place.write(&format!("ledger/{name}"), rows);
        }
        place.run(day).expect(0);
    }
    compare_all_nights(&place, &days, true);

    // What each night says otherwise of the periods before, the SQL twin finds too, and its rows sum to it.
    let last = table(&place.night("2024-04-30"), "restatement_rows");
    assert!(last.len() > 100, "late rows restate much: {}", last.len());
    for cause in ["new_document", "changed_document", "applications"] {
        assert!(last.iter().any(|row| cell(row, "cause") == Some(cause)), "{cause}");
    }
    assert!(last.iter().all(|row| cell(row, "document_id").is_some()), "items explain everything");
    for day in &days[1..] {
        support::compare_restatements(&place, day);
    }
}
