//! Ingests through the public interface: what a night, a scheduler and a reader of the store rely on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrears::config::{Config, DAY_MICROS, Overrides};
use arrears::ingest::{IngestOptions, IngestSummary, LedgerIndex, Silent, ingest, ledger_directory, row_key};
use arrow::array::AsArray as _;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const CONFIG: &str = r#"
base_currency = "EUR"

[[source]]
name = "ledger"
path = "ledger/"
shape = "canonical"

[[source]]
name = "branch"
path = "exports/inv_*.csv"
shape = "flat_invoices"
delivered_at = "%Y%m%d"
date_format = "%d.%m.%Y"
decimal = ","
delimiter = ";"
columns = { document_id = "Nummer", customer_id = "Kunde", document_date = "Datum", due_date = "Fällig", amount = "Betrag", paid_date = "Bezahlt" }
constants = { company_id = "branch", currency = "EUR" }
"#;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it has a parent")).expect("creates");
    fs::write(path, text).expect("writes");
}

fn books(folder: &Path) {
    write(folder, "arrears.toml", CONFIG);
    write(
        folder,
        "ledger/documents.csv",
        "document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
         INV-1,invoice,C1,2024-01-01,2024-01-31,100.00,EUR\n\
         RCT-1,receipt,C1,2024-02-03,,100.00,EUR\n\
         INV-2,invoice,C1,2024-13-01,2024-01-31,7.00,EUR\n",
    );
    write(
        folder,
        "ledger/applications.csv",
        "application_id,credit_document_id,debit_document_id,applied_date,amount\nA-1,RCT-1,INV-1,2024-02-03,100.00\n",
    );
    write(folder, "ledger/customers.csv", "customer_id,name,country\nC1,Ångström & Søn,DK\n");
}

const EXPORT: &str = "Nummer;Kunde;Datum;Fällig;Betrag;Bezahlt\n";

fn run(folder: &Path, day: i64) -> (LedgerIndex, IngestSummary) {
    let config = Config::load(&folder.join("arrears.toml"), &Overrides::default()).expect("loads");
    let pending = ingest(&config, &IngestOptions { delivered_at: day * DAY_MICROS }, &Silent).unwrap_or_else(|error| panic!("{error}"));
    let summary = pending.summary;
    pending.commit().expect("commits");
    (LedgerIndex::read(&config.output).expect("reads").expect("is there"), summary)
}

/// Every version of every document: key and amount by the instant it became known.
fn versions(folder: &Path, index: &LedgerIndex) -> BTreeMap<(i64, Option<i64>), String> {
    let mut versions = BTreeMap::new();
    for segment in &index.tables["documents"].segments {
        let file = fs::File::open(ledger_directory(&folder.join("out")).join(&segment.file)).expect("opens");
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).expect("is Parquet").build().expect("reads") {
            let batch = batch.expect("reads");
            let column = |name: &str| batch.column_by_name(name).expect("has the column");
            let keys = column("row_key").as_primitive::<Int64Type>();
            let recorded = column("recorded_at").as_primitive::<TimestampMicrosecondType>();
            let amounts = column("amount").as_primitive::<arrow::datatypes::Decimal128Type>();
            for row in 0..batch.num_rows() {
                let at = recorded.iter().nth(row).expect("has the row");
                versions.insert((keys.value(row), at), amounts.value_as_string(row));
            }
        }
    }
    versions
}

#[test]
fn sources_of_different_shapes_make_one_ledger_and_every_row_is_accounted_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    books(folder.path());
    write(
        folder.path(),
        "exports/inv_20240301.csv",
        &format!("{EXPORT}7;K1;01.02.2024;02.03.2024;12,50;28.02.2024\n8;K1;01.02.2024;;1.250,00;\n"),
    );
    let (index, summary) = run(folder.path(), 0);
    assert_eq!(summary, IngestSummary { files_new: 4, rows_read: 7, accepted: 5, quarantined: 2, ..IngestSummary::default() });
    for counts in index.files.iter().flat_map(|file| file.tables.values()) {
        assert!(counts.balances(), "{counts:?}");
    }
    let rows: BTreeMap<&str, u64> =
        index.tables.iter().map(|(name, table)| (name.as_str(), table.segments.iter().map(|segment| segment.rows).sum())).collect();
    // Two canonical documents; a flat invoice with its receipt. 1.250,00 needs `thousands`.
    assert_eq!(rows, BTreeMap::from([("applications", 2), ("customers", 1), ("documents", 4)]));
    let documents = versions(folder.path(), &index);
    for key in [row_key(&[b"main", b"INV-1", b"1"]), row_key(&[b"branch", b"7", b"1"]), row_key(&[b"branch", b"7-R", b"1"])] {
        assert!(documents.contains_key(&(key.row_key(), None)), "{key:?}");
    }
}

#[test]
fn the_same_deliveries_give_the_same_bytes_wherever_they_lie() {
    let [one, two] = [(); 2].map(|()| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        books(folder.path());
        write(folder.path(), "exports/inv_20240301.csv", &format!("{EXPORT}7;K1;01.02.2024;;12,50;\n"));
        let first = run(folder.path(), 0).0;
        let (second, summary) = run(folder.path(), 9);
        assert_eq!((&first, summary.files_new, summary.files_seen), (&second, 0, 4));
        let text = fs::read_to_string(folder.path().join("out/ledger/index.json")).expect("reads");
        assert!(!text.contains(&folder.path().display().to_string()), "{text}");
        first
    });
    assert_eq!(one.fingerprint(), two.fingerprint());
    assert_eq!(one, two);
}

#[test]
fn deliveries_one_by_one_and_all_at_once_give_the_same_versions() {
    let deliveries = [
        ("exports/inv_20240301.csv", "7;K1;01.02.2024;;12,50;\n8;K1;01.02.2024;;3,00;\n"),
        ("exports/inv_20240302.csv", "7;K1;01.02.2024;;12,50;\n8;K1;01.02.2024;;4,00;\n"),
        ("exports/inv_20240303.csv", "7;K1;01.02.2024;;12,50;03.03.2024\n8;K1;01.02.2024;;3,00;\n"),
    ];
    let at_once = tempfile::tempdir().expect("a temporary folder");
    let one_by_one = tempfile::tempdir().expect("a temporary folder");
    books(at_once.path());
    books(one_by_one.path());
    for (name, rows) in deliveries {
        write(at_once.path(), name, &format!("{EXPORT}{rows}"));
        write(one_by_one.path(), name, &format!("{EXPORT}{rows}"));
        run(one_by_one.path(), 0);
    }
    let together = versions(at_once.path(), &run(at_once.path(), 0).0);
    let (index, _) = run(one_by_one.path(), 0);
    assert_eq!(versions(one_by_one.path(), &index), together);
    // 7 once and its receipt; 8 three times, as the second correction takes the first back; and the canonical two.
    assert_eq!(together.len(), 7);
}

#[test]
fn a_file_that_is_cut_short_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    books(folder.path());
    write(folder.path(), "exports/inv_20240301.csv", &format!("{EXPORT}7;K1;01.02.2024;;12,50;\n"));
    let (before, _) = run(folder.path(), 0);
    write(folder.path(), "exports/inv_20240302.csv.gz", "this is no gzip");
    write(folder.path(), "exports/inv_20240303.csv", &format!("{EXPORT}9;K1;01.02.2024;;\"12,50;\n"));
    let config = Config::load(&folder.path().join("arrears.toml"), &Overrides::default()).expect("loads");
    let error = ingest(&config, &IngestOptions { delivered_at: 0 }, &Silent).expect_err("is refused");
    assert_eq!((error.code(), error.status()), ("quote_not_closed", arrears::ExitStatus::InputMissing));
    assert!(error.to_string().contains("inv_20240303.csv:2"), "{error}");
    assert_eq!(LedgerIndex::read(&config.output).expect("reads"), Some(before));
    let files = |table: &str| fs::read_dir(ledger_directory(&config.output).join(table)).map_or(0, Iterator::count);
    assert_eq!((files("documents"), files("applications")), (2, 2));
}

#[test]
fn a_source_that_comes_after_the_ledger_began_is_known_from_its_delivery() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    books(folder.path());
    let first_source = CONFIG.rsplit_once("[[source]]").expect("two sources").0;
    write(folder.path(), "arrears.toml", first_source);
    let (index, _) = run(folder.path(), 0);
    assert!(index.files.iter().all(|file| file.is_first_delivery && file.delivered_at.is_none()));

    let late = "\n[[source]]\nname = \"late\"\npath = \"late.csv\"\nshape = \"canonical\"\ntable = \"documents\"\n";
    write(folder.path(), "arrears.toml", &format!("{CONFIG}{late}"));
    write(folder.path(), "exports/inv_20240301.csv", &format!("{EXPORT}7;K1;01.02.2024;;12,50;\n"));
    write(
        folder.path(),
        "late.csv",
        "document_id,document_type,customer_id,document_date,amount,currency\nL-1,invoice,C1,2024-01-05,1.00,EUR\n",
    );
    let (index, _) = run(folder.path(), 19_900);
    assert!(index.files[index.files.len() - 2..].iter().all(|file| !file.is_first_delivery));
    let found = versions(folder.path(), &index);
    let key = |company: &[u8], id: &[u8]| row_key(&[company, id, b"1"]).row_key();
    assert!(found.contains_key(&(key(b"main", b"INV-1"), None)), "the ledger began with it");
    let end_of_delivery = 19_784 * DAY_MICROS - 1;
    assert!(found.contains_key(&(key(b"branch", b"7"), Some(end_of_delivery))), "2024-03-01, as its name says: {found:?}");
    assert!(found.contains_key(&(key(b"main", b"L-1"), Some(19_900 * DAY_MICROS))), "when it was delivered: {found:?}");
}
