//! Rows that could not be read come in by an overlay: what it takes, when they are known, how they are accounted for, and
//! what is said of entries that mend nothing.

mod support;

use std::collections::BTreeMap;
use support::{Ended, Place, Row, cell, end_of, money_in, night_of, number_in, table, table_where, the_row};

const AS_OF: &str = "2025-06-30";
const HEADING: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency\n";
const SOUND: &str = "I1,invoice,A,2025-06-01,2025-07-01,100.00,USD\n";

/// A source of one file, with or without an overlay.
fn place(overlay: bool, documents: &str) -> Place {
    let place = Place::empty();
    configure(&place, overlay, "delta");
    place.write("in/documents.csv", format!("{HEADING}{documents}"));
    place
}

fn configure(place: &Place, overlay: bool, delivery: &str) {
    let overlay = if overlay { "overlay = \"mends.csv\"\n" } else { "" };
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"USD\"\noutput = \"out\"\n\n[quality]\nmax_quarantined_rows_share = 1.0\n\
             max_quarantined_amount_share = 1.0\n\n[forecast]\nenabled = false\n\n[risk]\nenabled = false\n\n\
             [[source]]\nname = \"books\"\npath = \"in/*.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelivery = \"{delivery}\"\n{overlay}"
        ),
    );
}

fn open_documents(place: &Place) -> Vec<(String, i128)> {
    let rows = table(&place.night(AS_OF), "open_items");
    let open = |row: &Row| (cell(row, "document_id").expect("an id").to_owned(), money_in(row, "open_amount"));
    rows.iter().map(open).collect()
}

/// Rows and amounts by file and measure, and law 4 for each file.
#[track_caller]
fn accounts(place: &Place) -> BTreeMap<(String, String), (i64, i128)> {
    let rows = table(&place.night(AS_OF), "data_quality");
    let mut accounts = BTreeMap::new();
    for row in rows.iter().filter(|row| cell(row, "reason").is_none()) {
        let key = (cell(row, "file").expect("a file").to_owned(), cell(row, "measure").expect("a measure").to_owned());
        let sum: &mut (i64, i128) = accounts.entry(key).or_default();
        sum.0 += number_in(row, "row_count") as i64;
        sum.1 += money_in(row, "amount");
    }
    let files: Vec<String> = accounts.keys().map(|(file, _)| file.clone()).collect();
    for file in files {
        let of = |measure: &str| accounts.get(&(file.clone(), measure.to_owned())).copied().unwrap_or_default();
        let parts = ["accepted", "repaired", "unchanged", "quarantined"].map(of);
        let sum = parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        assert_eq!(of("read"), sum, "{file}: read = accepted + repaired + unchanged + quarantined");
    }
    accounts
}

#[track_caller]
fn account(place: &Place, file: &str, measure: &str) -> (i64, i128) {
    accounts(place).get(&(file.to_owned(), measure.to_owned())).copied().unwrap_or_default()
}

#[test]
fn a_mended_row_comes_in_at_the_next_run_also_when_its_file_is_gone() {
    let place = place(false, &format!("{SOUND}I2,invoice,B,05.06.2025,2025-07-05,200.00,USD\n"));
    place.run(AS_OF).expect(0);
    assert_eq!(open_documents(&place), [("I1".to_owned(), 1_000_000)]);

    let list = end_of(&mut place.arrears(&["quarantine"])).expect(0);
    assert!(list.stdout.contains("in/documents.csv:3  bad_date  document_date \"05.06.2025\""), "{}", list.stdout);
    assert!(list.stdout.contains("bad_date: every date is in the source's format"), "{}", list.stdout);
    let template = place.path().join("mends.csv").display().to_string();
    end_of(&mut place.arrears(&["quarantine", "--overlay", &template])).expect(0);
    let written = place.read("mends.csv");
    assert_eq!(written, "file,line,column,value,was,why,who\nin/documents.csv,3,document_date,,05.06.2025,,\n");
    end_of(&mut place.arrears(&["quarantine", "--overlay", &template])).expect(2);

    // Not filled in, an overlay says nothing.
    configure(&place, true, "delta");
    let ended = place.run(AS_OF).expect(0);
    assert!(ended.stdout.contains("nothing to do"), "{}", ended.stdout);
    place.write("mends.csv", written.replace("document_date,,", "document_date,2025-06-05,"));
    std::fs::remove_file(place.path().join("in/documents.csv")).expect("it was there");
    place.write("in/more.csv", format!("{HEADING}I3,invoice,A,2025-06-03,2025-07-03,300.00,USD\n"));
    place.replace(AS_OF).expect(0);
    let expected = [("I1", 1_000_000), ("I2", 2_000_000), ("I3", 3_000_000)].map(|(id, amount)| (id.to_owned(), amount));
    let mut open = open_documents(&place);
    open.sort();
    assert_eq!(open, expected);

    // The overlay is accounted for like a file, all repaired; the delivered row stays where it was, and is said to be mended.
    assert_eq!(account(&place, "mends.csv", "repaired"), (1, 2_000_000));
    assert_eq!(account(&place, "mends.csv", "read"), (1, 2_000_000));
    assert_eq!(account(&place, "in/documents.csv", "quarantined"), (1, 2_000_000));
    let rows = table(&place.night(AS_OF), "data_quality");
    let mended = the_row(&rows, &[("measure", "mended")]);
    assert!(support::is(mended, &[("file", "in/documents.csv"), ("reason", "bad_date"), ("row_count", "1")]), "{mended:?}");
    let quarantine = table(&place.night(AS_OF), "quarantine");
    assert_eq!(quarantine.len(), 1);
    assert_eq!(cell(&quarantine[0], "stage"), Some("mended"));
    let rules = table_where(&place.night(AS_OF), "quality_rules", &[("rule", "bad_date")]);
    assert!(rules.iter().all(|row| cell(row, "row_count") == Some("0")), "nothing is missing any more: {rules:?}");

    // Taken once.
    let again = place.run(AS_OF).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
}

#[test]
fn an_overlay_that_is_there_when_the_file_comes_mends_it_at_once() {
    let place = place(true, &format!("{SOUND}I2,invoice,B,2025-06-05,2025-07-05,\"200,00\",USD\n"));
    place.write("mends.csv", "file,line,column,value\nin/documents.csv,3,amount,200.00\n");
    place.run(AS_OF).expect(0);
    assert_eq!(open_documents(&place).len(), 2);
    assert_eq!(account(&place, "mends.csv", "repaired"), (1, 2_000_000));
    let again = place.run(AS_OF).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
}

#[test]
fn a_mended_row_was_not_known_before_the_overlay_was_taken_whatever_it_says_itself() {
    let place = place(false, "");
    let heading = HEADING.trim_end().to_owned() + ",recorded_at\n";
    place.write(
        "in/documents.csv",
        format!(
            "{heading}I1,invoice,A,2025-05-01,2025-07-01,100.00,USD,2025-05-01T08:00:00Z\n\
             I2,invoice,B,01.05.2025,2025-07-01,200.00,USD,2025-05-01T08:00:00Z\n"
        ),
    );
    place.run("2025-05-31").expect(0);
    configure(&place, true, "delta");
    place.write("mends.csv", "file,line,column,value\nin/documents.csv,3,document_date,2025-05-01\n");
    place.run(AS_OF).expect(0);
    assert_eq!(open_documents(&place).len(), 2);
    // The night of May, computed again with what was known then, is what it was.
    let other = place.path().join("known").display().to_string();
    let known = |as_of: &str| {
        end_of(place.run_command("2025-05-31").args([
            "--output",
            &other,
            "--ledger-of",
            &place.out().display().to_string(),
            "--known-as-of",
            as_of,
            "--replace",
        ]))
        .expect(0);
        table(&night_of(std::path::Path::new(&other), "2025-05-31"), "open_items").len()
    };
    assert_eq!(known("2025-05-31"), 1);
    assert_eq!(known("2025-06-29"), 1);
    assert_eq!(known("2025-06-30"), 2);
}

/// One broken row, and an overlay for it.
#[track_caller]
fn mended(documents: &str, overlay: &str) -> (Place, Ended) {
    let place = place(true, documents);
    place.write("mends.csv", overlay);
    let ended = place.run(AS_OF).expect(0);
    (place, ended)
}

#[test]
fn what_mends_nothing_is_said_by_name() {
    let bad = format!("{SOUND}I2,invoice,B,05.06.2025,2025-07-05,200.00,USD\n");
    for (entry, why) in [
        ("in/documents.csv,2,document_date,2025-06-05,", "no such row is in the quarantine"),
        ("in/other.csv,3,document_date,2025-06-05,", "no such row is in the quarantine"),
        ("in/documents.csv,3,Document Date,2025-06-05,", "the file has no such column"),
        ("in/documents.csv,3,document_date,2025-06-05,06.06.2025", "says something else than `was`"),
    ] {
        let (place, ended) = mended(&bad, &format!("file,line,column,value,was\n{entry}\n"));
        assert!(ended.stderr.contains("mends.csv:2 mends nothing") && ended.stderr.contains(why), "{entry}\n{}", ended.stderr);
        assert!(ended.stderr.contains("rule mends_nothing warns"), "{}", ended.stderr);
        assert_eq!(open_documents(&place).len(), 1, "{entry}");
        accounts(&place);
    }
}

#[test]
fn a_row_that_still_cannot_be_read_goes_into_the_quarantine_again_under_the_overlay() {
    let bad = format!("{SOUND}I2,invoice,B,05.06.2025,2025-07-05,\"200,00\",USD\n");
    let entry = "in/documents.csv,3,document_date,2025-06-05\n";
    let (place, ended) = mended(&bad, &format!("file,line,column,value\n{entry}"));
    assert!(ended.stderr.contains("mends.csv:2: still cannot be read: amount: bad_amount"), "{}", ended.stderr);
    assert_eq!(account(&place, "mends.csv", "quarantined"), (1, 0));
    let stages: Vec<_> = table(&place.night(AS_OF), "quarantine").iter().map(|row| cell(row, "stage").map(str::to_owned)).collect();
    assert_eq!(stages, [Some("ingest".to_owned()), Some("ingest".to_owned())], "nothing was mended");
    // The second column mended as well.
    place.write("mends.csv", format!("file,line,column,value\n{entry}in/documents.csv,3,amount,200.00\n"));
    place.replace(AS_OF).expect(0);
    assert_eq!(open_documents(&place).len(), 2);
    accounts(&place);
}

#[test]
fn a_record_that_cannot_be_split_is_given_whole() {
    let bad = format!("{SOUND}I2,invoice,B,2025-06-05,2025-07-05,200,00,USD\n");
    let (_, refused) = mended(&bad, "file,line,column,value\nin/documents.csv,3,amount,200.00\n");
    assert!(refused.stderr.contains("has not the fields of its header"), "{}", refused.stderr);
    let whole = "file,line,column,value\nin/documents.csv,3,,\"I2,invoice,B,2025-06-05,2025-07-05,200.00,USD\"\n";
    let (place, _) = mended(&bad, whole);
    assert_eq!(open_documents(&place).len(), 2);
}

#[test]
fn a_line_of_an_export_that_is_written_anew_every_night_is_not_taken_for_another_row() {
    let place = place(false, &format!("{SOUND}I2,invoice,B,05.06.2025,2025-07-05,200.00,USD\n"));
    place.run(AS_OF).expect(0);
    place.write("in/documents.csv", format!("{HEADING}{SOUND}I4,invoice,B,06.06.2025,2025-07-05,400.00,USD\n"));
    configure(&place, true, "delta");
    place.write("mends.csv", "file,line,column,value\nin/documents.csv,3,document_date,2025-06-05\n");
    let ended = place.replace(AS_OF).expect(0);
    assert!(ended.stderr.contains("several deliveries have different rows there"), "{}", ended.stderr);
    assert_eq!(open_documents(&place).len(), 1);
    place.write("mends.csv", "file,line,column,value,was\nin/documents.csv,3,document_date,2025-06-05,05.06.2025\n");
    place.replace(AS_OF).expect(0);
    assert_eq!(open_documents(&place).iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["I1", "I2"]);
}

#[test]
fn the_invoices_of_a_flat_file_are_mended_with_their_payments() {
    let place = Place::empty();
    let config = "base_currency = \"EUR\"\noutput = \"out\"\n\n[quality]\nmax_quarantined_rows_share = 1.0\n\
        max_quarantined_amount_share = 1.0\n\n[forecast]\nenabled = false\n\n[risk]\nenabled = false\n\n\
        [[source]]\nname = \"flat\"\npath = \"in/*.csv\"\nshape = \"flat_invoices\"\ndelimiter = \";\"\ndecimal = \",\"\nthousands = \".\"\n\
        date_format = \"%d.%m.%Y\"\noverlay = \"mends.csv\"\nconstants = { currency = \"EUR\" }\n\
        columns = { document_id = \"No\", customer_id = \"Customer\", name = \"Name\", document_date = \"Date\", due_date = \"Due\", \
        amount = \"Amount\", paid_date = \"Paid\", paid_amount = \"Paid amount\" }\n";
    place.write("arrears.toml", config);
    place.write(
        "in/inv.csv",
        "No;Customer;Name;Date;Due;Amount;Paid;Paid amount\n1;A;Alder;01.05.2025;31.05.2025;1.000,00;;\n\
         2;B;\"Birch; Sons\";05/05/2025;04.06.2025;2.000,00;10.06.2025;500,00\n",
    );
    place.write("mends.csv", "file,line,column,value\nin/inv.csv,3,Date,05.05.2025\n");
    place.run(AS_OF).expect(0);
    let mut open = open_documents(&place);
    open.sort();
    assert_eq!(open, [("1".to_owned(), 10_000_000), ("2".to_owned(), 15_000_000)], "500.00 of the second were paid");
    assert_eq!(account(&place, "mends.csv", "repaired"), (1, 20_000_000));
}

#[test]
fn an_overlay_that_cannot_be_read_is_named() {
    for (overlay, says) in [
        ("file,line,value\n", "a column is missing: column"),
        ("file,line,column,value,colour\n", "no such column: colour"),
        ("file,line,column,value\nin/documents.csv,three,amount,1\n", "mends.csv:2"),
    ] {
        let place = place(true, SOUND);
        place.write("mends.csv", overlay);
        let ended = place.run(AS_OF).expect(4);
        assert!(ended.stderr.contains(says) && ended.stderr.contains("hint: "), "{}", ended.stderr);
    }
}

#[test]
fn an_overlay_may_be_named_before_it_is_written_but_not_misspelt() {
    let bad = format!("{SOUND}I2,invoice,B,05.06.2025,2025-07-05,200.00,USD\n");
    let place = place(true, &bad);
    let ended = place.run(AS_OF).expect(0);
    assert_eq!(ended.stderr.matches("no overlay yet: mends.csv").count(), 1, "{}", ended.stderr);

    // Somebody fills one in and saves it under another name: it must not be passed over.
    let overlay = "file,line,column,value,was\nin/documents.csv,3,document_date,2025-06-05,05.06.2025\n";
    place.write("mend.csv", format!("\u{FEFF}{overlay}"));
    let refused = place.replace(AS_OF).expect(4);
    assert!(refused.stderr.contains("error[overlay_missing]") && refused.stderr.contains("overlay = \"mend.csv\""), "{}", refused.stderr);
    assert_eq!(open_documents(&place).len(), 1, "what is published stays");

    std::fs::rename(place.path().join("mend.csv"), place.path().join("mends.csv")).expect("it can be renamed");
    let ended = place.replace(AS_OF).expect(0);
    assert!(!ended.stderr.contains("no overlay yet"), "{}", ended.stderr);
    assert_eq!(open_documents(&place).len(), 2);

    // Taken once, it is missed when it is gone.
    std::fs::remove_file(place.path().join("mends.csv")).expect("it was there");
    let refused = place.replace(AS_OF).expect(4);
    assert!(refused.stderr.contains("it was taken before"), "{}", refused.stderr);
}

#[test]
fn an_overlay_in_a_folder_that_is_not_there_is_an_error() {
    let place = place(true, SOUND);
    place.write("arrears.toml", place.read("arrears.toml").replace("mends.csv", "mending/mends.csv"));
    let ended = place.run(AS_OF).expect(4);
    assert!(ended.stderr.contains("error[overlay_missing]") && ended.stderr.contains("its folder is not there"), "{}", ended.stderr);
}

#[test]
fn what_is_mended_of_a_full_delivery_stays() {
    let bad = format!("{SOUND}I2,invoice,B,05.06.2025,2025-07-05,200.00,USD\n");
    let place = place(false, &bad);
    configure(&place, true, "full");
    place.write("mends.csv", "file,line,column,value,was\nin/documents.csv,3,document_date,2025-06-05,05.06.2025\n");
    place.run(AS_OF).expect(0);
    assert_eq!(open_documents(&place).len(), 2);
    // The same bad row in the next delivery: mended again.
    place.write("in/documents.csv", format!("{HEADING}{bad}I3,invoice,A,2025-06-03,2025-07-03,300.00,USD\n"));
    place.replace(AS_OF).expect(0);
    assert_eq!(open_documents(&place).len(), 3);
    accounts(&place);
}
