//! Whole ingests, from files to the index.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use super::*;
use crate::config::Overrides;

mod clearings;
mod deliveries;
mod fuzz;
mod payments;
mod postings;

/// A folder with files, a configuration and a ledger.
struct World {
    folder: tempfile::TempDir,
    source: String,
}

const DAY: i64 = crate::config::DAY_MICROS;

impl World {
    fn new(source: &str) -> Self {
        World { folder: tempfile::tempdir().expect("a temporary folder"), source: source.to_owned() }
    }

    fn canonical() -> Self {
        Self::new("name = \"ledger\"\npath = \"in\"\nshape = \"canonical\"")
    }

    fn flat(extra: &str) -> Self {
        Self::new(&format!("name = \"flat\"\npath = \"in/*\"\nshape = \"flat_invoices\"\n{extra}"))
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join("in").join(name);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("creates");
        std::fs::write(path, bytes).expect("writes");
        self
    }

    fn config(&self) -> Result<Config> {
        let path = self.folder.path().join("arrears.toml");
        std::fs::write(&path, format!("base_currency = \"EUR\"\n[[source]]\n{}\n", self.source)).expect("writes");
        Config::load_with(&path, &Overrides::default(), &|_| None)
    }

    fn try_ingest(&self, delivered_day: i64, block_bytes: usize) -> Result<(LedgerIndex, IngestSummary)> {
        self.ingest_with(delivered_day, Sizes { block_bytes, ..Sizes::default() })
    }

    /// Ingests, and lets a table have few files of a kind.
    fn ingest_compacted(&self, files_max: usize) -> (LedgerIndex, IngestSummary) {
        self.ingest_with(0, Sizes { files_max, ..Sizes::default() }).unwrap_or_else(|error| panic!("{error}"))
    }

    fn ingest_with(&self, delivered_day: i64, sizes: Sizes) -> Result<(LedgerIndex, IngestSummary)> {
        let pending = ingest_with(&self.config()?, &IngestOptions { delivered_at: delivered_day * DAY }, &Silent, sizes)?;
        let (index, summary) = (pending.index.clone(), pending.summary);
        pending.commit()?;
        for file in &index.files {
            for (table, counts) in &file.tables {
                assert!(counts.balances(), "law 4 in {} of {}: {counts:?}", table, file.file);
            }
        }
        let out = self.folder.path().join("out");
        assert_eq!(LedgerIndex::read(&out).expect("reads"), Some(index.clone()));
        Ok((index, summary))
    }

    fn ingest(&self, delivered_day: i64) -> (LedgerIndex, IngestSummary) {
        self.try_ingest(delivered_day, 64).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Some columns of all rows of a table, as text.
    fn rows(&self, index: &LedgerIndex, table: &str, columns: &[&str]) -> Vec<String> {
        let segments = match table {
            "quarantine" => &index.quarantine,
            _ => &index.tables[table].segments,
        };
        segments.iter().flat_map(|segment| self.read(&segment.file, columns)).collect()
    }

    fn read(&self, file: &str, columns: &[&str]) -> Vec<String> {
        let path = ledger_directory(&self.folder.path().join("out")).join(file);
        let file = std::fs::File::open(path).expect("opens");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("is Parquet").build().expect("reads");
        reader.flat_map(|batch| shown(&batch.expect("reads"), columns)).collect()
    }

    fn documents(&self, index: &LedgerIndex) -> Vec<String> {
        self.rows(index, "documents", &["document_id", "document_type", "document_date", "amount", "currency", "recorded_at"])
    }

    fn quarantine(&self, index: &LedgerIndex) -> Vec<String> {
        self.rows(index, "quarantine", &["source_line", "column_name", "reason", "value_text"])
    }
}

fn shown(batch: &RecordBatch, columns: &[&str]) -> Vec<String> {
    // Instants are shown in UTC, without a library of time zones.
    let plain: Vec<(ArrayRef, &str)> = columns
        .iter()
        .map(|name| {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no {name}"));
            match column.data_type() {
                DataType::Timestamp(unit, Some(_)) => (cast(column, &DataType::Timestamp(*unit, None)).expect("casts"), "Z"),
                _ => (Arc::clone(column), ""),
            }
        })
        .collect();
    let options = FormatOptions::default().with_null("-");
    let value = |(column, suffix): &(ArrayRef, &str), row: usize| {
        let shown = ArrayFormatter::try_new(column, &options).expect("formats").value(row).to_string();
        if column.is_null(row) { shown } else { shown + suffix }
    };
    (0..batch.num_rows()).map(|row| plain.iter().map(|column| value(column, row)).collect::<Vec<_>>().join(" ")).collect()
}

const HEADER: &str = "document_id,document_type,customer_id,document_date,amount,currency";

fn documents(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

#[test]
fn every_reason_takes_the_row_out_and_says_where_it_stands() {
    #[rustfmt::skip]
    let table = [
        ("I1,invoice,C1,2024-01-01,10.00",           "2 - wrong_field_count -"),
        ("I1,invoice,C1,2024-01-01,10.00,EUR,x",     "2 - wrong_field_count -"),
        ("\"I1\"x,invoice,C1,2024-01-01,10.00,EUR",  "2 - bad_quote -"),
        ("I1\0,invoice,C1,2024-01-01,10.00,EUR",     "2 - nul_byte -"),
        (",invoice,C1,2024-01-01,10.00,EUR",         "2 document_id missing_value "),
        ("  ,invoice,C1,2024-01-01,10.00,EUR",       "2 document_id missing_value   "),
        ("I1,Invoice,C1,2024-01-01,10.00,EUR",       "2 document_type unknown_word Invoice"),
        ("I1,invoice,C1,2024-02-30,10.00,EUR",       "2 document_date bad_date 2024-02-30"),
        ("I1,invoice,C1,1899-12-31,10.00,EUR",       "2 document_date bad_date 1899-12-31"),
        ("I1,invoice,C1,2024-01-01,ten,EUR",         "2 amount bad_amount ten"),
        ("I1,invoice,C1,2024-01-01,1e3,EUR",         "2 amount bad_amount 1e3"),
        ("I1,invoice,C1,2024-01-01,0.00001,EUR",     "2 amount amount_too_fine 0.00001"),
        ("I1,invoice,C1,2024-01-01,1000000000000000,EUR", "2 amount out_of_range 1000000000000000"),
        ("I1,invoice,C1,2024-01-01,-10.00,EUR",      "2 amount negative_amount -10.00"),
        ("I1,invoice,C1,2024-01-01,10.00,eur",       "2 currency unknown_currency eur"),
        // Of several faults the first column's is named.
        ("I1,Invoice,C1,2024-02-30,ten,eur",         "2 document_type unknown_word Invoice"),
    ];
    for (row, expected) in table {
        let world = World::canonical();
        let (index, summary) = world.write("documents.csv", documents(&[row, "I2,invoice,C1,2024-01-01,1.00,EUR"])).ingest(0);
        assert_eq!(world.quarantine(&index), [expected], "{row}");
        assert_eq!((summary.rows_read, summary.accepted, summary.quarantined), (2, 1, 1), "{row}");
        let raw = world.rows(&index, "quarantine", &["raw_text"]);
        assert_eq!(raw, [row], "{row}");
    }
    let world = World::canonical();
    let bytes = [HEADER.as_bytes(), b"\nI1,invoice,C\xFF,2024-01-01,10.00,EUR\n"].concat();
    let (index, _) = world.write("documents.csv", bytes).ingest(0);
    assert_eq!(world.quarantine(&index), ["2 - bad_encoding -"]);
}

#[test]
fn the_other_kinds_have_their_reasons_too() {
    #[rustfmt::skip]
    let table = [
        ("customers",    "customer_id,payment_terms_days,is_intercompany,recorded_at", "C1,30 days,no,2024-01-01", "payment_terms_days bad_integer 30 days"),
        ("customers",    "customer_id,payment_terms_days,is_intercompany,recorded_at", "C1,30,perhaps,2024-01-01", "is_intercompany bad_boolean perhaps"),
        ("customers",    "customer_id,payment_terms_days,is_intercompany,recorded_at", "C1,30,Y,yesterday",        "recorded_at bad_instant yesterday"),
        ("customers",    "customer_id,payment_terms_days,is_intercompany,recorded_at", "C1,99999999999999999999,Y,", "payment_terms_days out_of_range 99999999999999999999"),
        ("fx_rates",     "rate_date,currency,rate",                                    "2024-01-01,USD,0",         "rate out_of_range 0"),
        ("fx_rates",     "rate_date,currency,rate",                                    "2024-01-01,USD,0.12345678901", "rate amount_too_fine 0.12345678901"),
    ];
    for (name, header, row, expected) in table {
        let world = World::canonical();
        let (index, _) = world.write(&format!("{name}.csv"), format!("{header}\n{row}\n")).ingest(0);
        assert_eq!(world.rows(&index, "quarantine", &["column_name", "reason", "value_text"]), [expected], "{row}");
    }
    let world = World::canonical();
    world.write("applications.csv", "application_id,credit_document_id,debit_document_id,applied_date,amount\nA1,R1,I1,2024-01-01,-5\n");
    let (index, _) = world.ingest(0);
    assert_eq!(world.rows(&index, "applications", &["company_id", "credit_item_no", "amount"]), ["main 1 -5.0000"]);
}

#[test]
fn the_text_of_a_file_may_be_written_in_many_ways() {
    let rows = ["I1 invoice 2024-01-31 1234.5000 EUR -", "I2 receipt 2024-02-01 0.0500 JPY -"];
    let german = "Beleg;Art;Kunde;Datum;Betrag;Währung\r\nI1;RV;C1;31.01.2024;1.234,50;EUR\r\nI2;DZ;\"Müller; Söhne\";1.2.2024;,05;JPY";
    let german_source = "name = \"g\"\npath = \"in/*\"\nshape = \"canonical\"\ntable = \"documents\"\ndelimiter = \";\"\ndecimal = \",\"\nthousands = \".\"\n\
        date_format = \"%d.%m.%Y\"\nvalues = { document_type = { RV = \"invoice\", DZ = \"receipt\" } }\n\
        columns = { document_id = \"Beleg\", document_type = \"Art\", customer_id = \"Kunde\", document_date = \"Datum\", amount = \"Betrag\", currency = \"Währung\" }";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(german.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(german);
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(german.as_bytes()).expect("compresses");
        encoder.finish().expect("compresses")
    };
    let zstd = zstd::encode_all(german.as_bytes(), 1).expect("compresses");
    let table: [(&str, Vec<u8>, &str); 7] = [
        ("d.csv", german.as_bytes().to_vec(), ""),
        ("d.csv", [b"\xEF\xBB\xBF", german.as_bytes()].concat(), ""),
        ("d.csv", utf16, "encoding = \"utf-16\""),
        ("d.txt", windows.into_owned(), "encoding = \"windows-1252\""),
        ("d.csv.gz", gzip, ""),
        ("d.csv.zst", zstd, ""),
        ("d.csv", german.replace("\r\n", "\n\n").into_bytes(), ""),
    ];
    for (name, bytes, extra) in table {
        let world = World::new(&format!("{german_source}\n{extra}"));
        let (index, _) = world.write(name, bytes).ingest(0);
        assert_eq!(world.documents(&index), rows, "{name} {extra}");
        assert_eq!(world.rows(&index, "documents", &["customer_id"]), ["C1", "Müller; Söhne"], "{name} {extra}");
        assert_eq!(index.files[0].findings["finer_than_minor_unit"], 1, "0.05 JPY is finer than a yen");
    }
}

#[test]
fn american_dates_constants_and_null_values() {
    let world = World::new(
        "path = \"in/d.tsv\"\nshape = \"canonical\"\ntable = \"documents\"\ndate_format = \"%m/%d/%Y\"\nnull_values = [\"NULL\", \"n/a\"]\n\
         constants = { currency = \"USD\", item_no = 2, document_type = \"invoice\" }",
    );
    world.write("d.tsv", "document_id\tcustomer_id\tdocument_date\tdue_date\tamount\tnoise\n007\t C1 \t4/6/2013\tNULL\t1\tx\n008\tC2\t4/6/2013\t12/31/2013\tn/a\tx\n");
    let (index, _) = world.ingest(0);
    assert_eq!(
        world.rows(&index, "documents", &["document_id", "item_no", "customer_id", "document_date", "due_date", "currency"]),
        ["007 2 C1 2013-04-06 - USD"]
    );
    assert_eq!(world.quarantine(&index), ["3 amount missing_value n/a"]);
    assert_eq!(index.files[0].findings["extra_column"], 1);
}

#[test]
fn a_header_alone_is_a_table_without_rows_and_an_empty_file_is_an_error() {
    let world = World::canonical();
    let (index, summary) = world.write("documents.csv", format!("{HEADER}\n")).ingest(0);
    assert_eq!((summary.files_new, summary.rows_read), (1, 0));
    assert!(index.tables["documents"].segments.is_empty());
    assert!(!index.tables.contains_key("customers"));
    let world = World::canonical();
    let error = world.write("documents.csv", "").try_ingest(0, 64).expect_err("is refused");
    assert_eq!((error.code(), error.status()), ("file_empty", crate::ExitStatus::InputMissing));
}

#[test]
fn a_missing_column_is_an_error_that_names_file_column_and_remedy() {
    let world = World::canonical();
    let error = world.write("documents.csv", "document_id,amount\nI1,1\n").try_ingest(0, 64).expect_err("is refused");
    let shown = error.to_string();
    assert_eq!(error.code(), "missing_column");
    for part in ["document_type", "documents.csv:1", "document_id, amount", "columns = {", "constants = {"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let error = World::canonical().write("documents.csv", HEADER.replace(',', ";")).try_ingest(0, 64).expect_err("is refused");
    assert!(error.to_string().contains("delimiter"), "{error}");
    // Nothing became visible, and nothing is left.
    assert_eq!(LedgerIndex::read(&world.folder.path().join("out")).expect("reads"), None);
    let left = std::fs::read_dir(world.folder.path().join("out/ledger/documents")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[test]
fn what_a_negative_amount_means_is_configured() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], u64, u64); 4] = [
        ("",                                 &[],                                           0, 2),
        ("negative_amount = \"absolute\"",    &["invoice 5.0000", "receipt 7.0000"],         2, 0),
        ("negative_amount = \"credit_note\"", &["credit_note 5.0000"],                       0, 1),
        ("amount_sign = \"reversed\"",        &["invoice 5.0000", "receipt 7.0000"],         0, 0),
    ];
    for (extra, expected, repaired, quarantined) in table {
        let world = World::new(&format!("path = \"in\"\nshape = \"canonical\"\n{extra}"));
        world.write("documents.csv", documents(&["I1,invoice,C1,2024-01-01,-5,EUR", "R1,receipt,C1,2024-01-01,-7,EUR"]));
        let (index, summary) = world.ingest(0);
        let rows = if expected.is_empty() { Vec::new() } else { world.rows(&index, "documents", &["document_type", "amount"]) };
        assert_eq!(rows, expected, "{extra}");
        assert_eq!((summary.repaired, summary.quarantined), (repaired, quarantined), "{extra}");
    }
}

const FLAT: &str = "document_id,customer_id,name,document_date,due_date,amount,currency,paid_date,paid_amount,recorded_at\n";

#[test]
fn a_flat_row_becomes_invoice_receipt_and_application() {
    // paid date, paid amount → receipt, application
    #[rustfmt::skip]
    let table = [
        ("",           "",      None,                 None),
        ("",           "0.00",  None,                 None),
        ("2024-02-01", "0.00",  None,                 None),
        ("2024-02-01", "",      Some("100.0000"),     Some("100.0000")),
        ("2024-02-01", "100",   Some("100.0000"),     Some("100.0000")),
        ("2024-02-01", "40",    Some("40.0000"),      Some("40.0000")),
        ("2024-02-01", "130",   Some("130.0000"),     Some("100.0000")),
    ];
    for (date, paid, receipt, application) in table {
        let world = World::flat("");
        world.write("f.csv", format!("{FLAT}I1,C1,One,2024-01-01,2024-01-31,100,EUR,{date},{paid},2024-01-01T08:00:00\n"));
        let (index, summary) = world.ingest(0);
        let mut expected = vec!["I1 1 invoice C1 2024-01-01 2024-01-31 100.0000 EUR 2024-01-01T08:00:00Z 2".to_owned()];
        expected.extend(receipt.map(|amount| format!("I1-R 1 receipt C1 2024-02-01 - {amount} EUR 2024-02-01T00:00:00Z 2")));
        let columns = [
            "document_id",
            "item_no",
            "document_type",
            "customer_id",
            "document_date",
            "due_date",
            "amount",
            "currency",
            "recorded_at",
            "source_line",
        ];
        assert_eq!(world.rows(&index, "documents", &columns), expected, "{date} {paid}");
        let expected: Vec<String> =
            application.into_iter().map(|amount| format!("I1-A I1-R 1 I1 1 2024-02-01 {amount} 2024-02-01T00:00:00Z")).collect();
        let columns = [
            "application_id",
            "credit_document_id",
            "credit_item_no",
            "debit_document_id",
            "debit_item_no",
            "applied_date",
            "amount",
            "recorded_at",
        ];
        assert_eq!(world.rows(&index, "applications", &columns), expected, "{date} {paid}");
        assert_eq!(world.rows(&index, "customers", &["customer_id", "name", "recorded_at"]), ["C1 One -"]);
        assert_eq!((summary.rows_read, summary.accepted), (1, 1));
        // The keys that join the tables are those of the rows they mean.
        let key = |table, column| world.rows(&index, table, &[column]);
        if application.is_some() {
            assert_eq!(key("applications", "debit_key")[0], key("documents", "row_key")[0]);
            assert_eq!(key("applications", "credit_key")[0], key("documents", "row_key")[1]);
        }
        assert_eq!(key("documents", "customer_key")[0], key("customers", "row_key")[0]);
    }
}

#[test]
fn a_flat_row_whose_payment_makes_no_sense_is_quarantined_whole() {
    #[rustfmt::skip]
    let table = [
        ("invoice",     "100",  "",           "40",  "paid_amount paid_amount_without_date 40"),
        ("invoice",     "100",  "2024-02-01", "-40", "paid_amount negative_amount -40"),
        ("credit_note", "100",  "2024-02-01", "",    "paid_date payment_on_credit 2024-02-01"),
        ("invoice",     "-100", "2024-02-01", "",    "amount negative_amount -100"),
    ];
    for (document_type, amount, date, paid, expected) in table {
        let world = World::flat("");
        let header = FLAT.trim_end();
        world.write("f.csv", format!("{header},document_type\nI1,C1,One,2024-01-01,,{amount},EUR,{date},{paid},,{document_type}\n"));
        let (index, _) = world.ingest(0);
        assert_eq!(world.rows(&index, "quarantine", &["column_name", "reason", "value_text"]), [expected]);
        assert!(index.tables["documents"].segments.is_empty() && index.tables["customers"].segments.is_empty());
    }
}

#[test]
fn a_customer_of_a_flat_file_is_as_on_its_latest_invoice() {
    let world = World::flat("");
    let row = |id: &str, customer: &str, name: &str, date: &str| format!("{id},{customer},{name},{date},,1,EUR,,,\n");
    world.write(
        "f.csv",
        [
            FLAT.to_owned(),
            row("1", "C1", "new", "2024-03-01"),
            row("2", "C1", "old", "2024-01-01"),
            row("3", "C2", "a", "2024-01-01"),
            row("4", "C2", "b", "2024-01-01"),
        ]
        .concat(),
    );
    let (index, _) = world.ingest(0);
    assert_eq!(world.rows(&index, "customers", &["customer_id", "name", "source_line"]), ["C1 new 2", "C2 b 5"]);
    assert!(index.quarantine.is_empty());
}

#[test]
fn a_file_delivered_twice_is_not_read_again_and_changes_nothing() {
    let world = World::canonical();
    world.write("documents.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR", "I2,invoice,C1,2024-01-01,2,EUR"]));
    let (first, _) = world.ingest(0);
    let (again, summary) = world.ingest(5);
    assert_eq!(first, again);
    assert_eq!(summary, IngestSummary { files_seen: 1, ..IngestSummary::default() });
    // The same rows in another order: a new file, but nothing new in it.
    world.write("documents.csv", documents(&["I2,invoice,C1,2024-01-01,2.00,EUR", "I1,invoice,C1,2024-01-01,1.0,EUR"]));
    let (third, summary) = world.ingest(6);
    assert_eq!((summary.rows_read, summary.unchanged, summary.accepted), (2, 2, 0));
    assert_eq!(third.tables["documents"].segments, first.tables["documents"].segments);
    assert!(third.tables["documents"].corrected.is_empty());
    assert_eq!(third.files[1].tables["documents"].amounts.unchanged, ExactAmount(30_000));
}

#[test]
fn a_correction_is_kept_beside_the_old_row() {
    let world = World::canonical();
    world.write("documents.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR", "I2,invoice,C1,2024-01-01,2,EUR"]));
    let (first, _) = world.ingest(0);
    assert!(first.tables["documents"].corrected.is_empty());
    world.write(
        "documents.csv",
        documents(&["I1,invoice,C1,2024-01-01,5,EUR", "I2,invoice,C1,2024-01-01,2,EUR", "I3,invoice,C1,2024-01-01,3,EUR"]),
    );
    let (second, summary) = world.ingest(10);
    assert_eq!((summary.accepted, summary.unchanged), (2, 1));
    let rows = world.rows(&second, "documents", &["document_id", "amount", "recorded_at", "source_file", "source_line"]);
    assert_eq!(rows, ["I1 1.0000 - 0 2", "I2 2.0000 - 0 3", "I1 5.0000 1970-01-11T00:00:00Z 1 2", "I3 3.0000 1970-01-11T00:00:00Z 1 4"]);
    let table = &second.tables["documents"];
    assert_eq!(table.corrected.len(), 1);
    let keys = world.rows(&second, "documents", &["row_key"]);
    assert_eq!(world.read(&table.corrected[0], &["row_key"]), [keys[0].clone()]);
    assert_eq!(keys[0], keys[2]);
    // Taking the correction back is a third version.
    world.write("documents.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR"]));
    let (_, summary) = world.ingest(11);
    assert_eq!((summary.accepted, summary.unchanged), (1, 0));
}

#[test]
fn an_invoice_that_is_paid_later_keeps_its_row_and_gets_a_receipt() {
    let world = World::flat("");
    let row = |paid: &str| format!("I1,C1,One,2024-01-01,2024-01-31,100,EUR,{paid},,\n");
    let other = "I2,C1,One,2024-01-01,2024-01-31,7,EUR,,,\n";
    world.write("f.csv", [FLAT, &row(""), other].concat());
    world.ingest(0);
    world.write("f.csv", [FLAT, &row("2024-02-01"), other].concat());
    let (index, summary) = world.ingest(10);
    assert_eq!((summary.rows_read, summary.accepted, summary.unchanged), (2, 1, 1));
    assert_eq!(world.rows(&index, "documents", &["document_id", "recorded_at"]), ["I1 -", "I2 -", "I1-R 1970-01-11T00:00:00Z"]);
    assert_eq!(index.files[1].tables["flat_invoices"].amounts.unchanged, ExactAmount(70_000));
}

#[test]
fn one_key_with_different_content_in_one_file_is_quarantined_unless_recorded_apart() {
    let world = World::canonical();
    world.write(
        "documents.csv",
        documents(&[
            "I1,invoice,C1,2024-01-01,1,EUR",
            "I2,invoice,C1,2024-01-01,2,EUR",
            "I1,invoice,C1,2024-01-01,9,EUR",
            "I2,invoice,C1,2024-01-01,2,EUR",
        ]),
    );
    let (index, summary) = world.ingest(0);
    assert_eq!((summary.read_sum(), summary.accepted, summary.unchanged, summary.quarantined), (4, 1, 1, 2));
    assert_eq!(world.quarantine(&index), ["2 - duplicate_key -", "4 - duplicate_key -"]);
    assert_eq!(
        world.rows(&index, "quarantine", &["raw_text", "amount"]),
        ["I1,invoice,C1,2024-01-01,1,EUR 1.0000", "I1,invoice,C1,2024-01-01,9,EUR 9.0000"]
    );
    assert_eq!(world.rows(&index, "documents", &["document_id", "source_line"]), ["I2 3"]);
    let world = World::canonical();
    let header = format!("{HEADER},recorded_at,is_deleted");
    world.write(
        "documents.csv",
        format!("{header}\nI1,invoice,C1,2024-01-01,1,EUR,2024-01-01,\nI1,invoice,C1,2024-01-01,9,EUR,2024-01-02,true\n"),
    );
    let (index, summary) = world.ingest(0);
    assert_eq!((summary.accepted, summary.quarantined), (2, 0));
    assert_eq!(world.rows(&index, "documents", &["amount", "is_deleted"]), ["1.0000 -", "9.0000 true"]);
    assert_eq!(index.tables["documents"].corrected.len(), 1);
}

#[test]
fn a_flat_invoice_that_stands_twice_takes_its_payments_along() {
    let world = World::flat("");
    world.write("f.csv", format!("{FLAT}I1,C1,One,2024-01-01,,100,EUR,2024-02-01,100,\nI2,C1,One,2024-01-01,,5,EUR,,,\nI1,C1,One,2024-01-01,,200,EUR,2024-02-01,100,\n"));
    let (index, summary) = world.ingest(0);
    assert_eq!((summary.rows_read, summary.accepted, summary.quarantined), (3, 1, 2));
    assert_eq!(world.rows(&index, "documents", &["document_id"]), ["I2"]);
    assert!(index.tables["applications"].segments.is_empty());
    assert_eq!(
        world.rows(&index, "quarantine", &["source_line", "table_name", "reason"]),
        ["2 flat_invoices duplicate_key", "4 flat_invoices duplicate_key"]
    );
}

#[test]
fn the_date_in_the_file_name_says_when_rows_were_recorded() {
    let world = World::new("path = \"in/d_*.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelivered_at = \"%Y-%m-%d\"");
    world.write("d_2024-03-02.csv", documents(&["I1,invoice,C1,2024-01-01,2,EUR"]));
    world.write("d_2024-03-01.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR"]));
    let (index, _) = world.ingest(0);
    assert_eq!(world.rows(&index, "documents", &["amount", "recorded_at"]), ["1.0000 -", "2.0000 2024-03-02T23:59:59.999999Z"]);
    assert_eq!(index.delivery_ranks(), [0, 1]);
    // A delivery that comes late still stands where its date puts it.
    world.write("d_2024-02-01.csv", documents(&["I1,invoice,C1,2024-01-01,7,EUR"]));
    let (index, _) = world.ingest(0);
    assert_eq!(index.delivery_ranks(), [1, 2, 0]);
}

#[test]
fn the_bytes_do_not_depend_on_threads_and_the_rows_not_on_blocks() {
    let rows: Vec<String> = (0..500).map(|row| format!("I{row},invoice,\"C,{}\",2024-01-01,{row}.25,EUR", row % 7)).collect();
    let text = documents(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let ingest = |threads: usize, block: usize| {
        let world = World::canonical();
        world.write("documents.csv", &text);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let (index, _) = pool.install(|| world.try_ingest(0, block)).expect("ingests");
        let rows = world.documents(&index);
        (index, rows)
    };
    let (one, rows) = ingest(1, 300);
    for threads in [2, 3, 8] {
        assert_eq!(ingest(threads, 300).0, one, "{threads} threads");
    }
    for block in [1, 1000, 1 << 20] {
        assert_eq!(ingest(2, block).1, rows, "blocks of {block} bytes");
    }
}

#[test]
fn parquet_is_read_like_text() {
    use arrow::array::{
        Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, LargeStringArray, StringArray, StringViewArray,
    };
    let write = |world: &World, amount: ArrayRef| {
        let types: DictionaryArray<arrow::datatypes::Int32Type> = ["invoice", "receipt", "bill"].into_iter().collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("document_id", Arc::new(Int64Array::from(vec![7, 8, 9]))),
            ("unmapped", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))),
            ("document_type", Arc::new(types)),
            ("customer_id", Arc::new(StringViewArray::from(vec!["C1", " C2", "C3"]))),
            ("document_date", Arc::new(Date32Array::from(vec![19_723, 19_724, 19_725]))),
            ("due_date", Arc::new(StringArray::from(vec![Some("31.01.2024"), None, None]))),
            ("amount", amount),
            ("currency", Arc::new(LargeStringArray::from(vec!["EUR", "EUR", "EUR"]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let mut bytes = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("writes");
        writer.write(&batch).expect("writes");
        writer.close().expect("writes");
        world.write("documents.parquet", bytes);
    };
    let world = World::new("path = \"in\"\nshape = \"canonical\"\ndate_format = \"%d.%m.%Y\"\ndecimal = \",\"");
    let amounts = Decimal128Array::from(vec![12_345, 500, 1]).with_precision_and_scale(20, 3).expect("a decimal");
    write(&world, Arc::new(amounts));
    let (index, _) = world.ingest(0);
    let columns = ["document_id", "document_type", "customer_id", "document_date", "due_date", "amount", "source_line"];
    assert_eq!(
        world.rows(&index, "documents", &columns),
        ["7 invoice C1 2024-01-01 2024-01-31 12.3450 1", "8 receipt C2 2024-01-02 - 0.5000 2"]
    );
    assert_eq!(world.quarantine(&index), ["3 document_type unknown_word bill"]);
    let world = World::canonical();
    write(&world, Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])));
    let error = world.try_ingest(0, 64).expect_err("is refused");
    assert_eq!(error.code(), "wrong_type");
    assert!(error.to_string().contains("DECIMAL(18,4)"), "{error}");
}

#[test]
fn what_a_killed_run_left_behind_is_removed() {
    let world = World::canonical();
    world.write("documents.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR"]));
    let config = world.config().expect("loads");
    let pending = ingest(&config, &IngestOptions { delivered_at: 0 }, &Silent).expect("ingests");
    pending.prepare().expect("prepares");
    drop(pending);
    let out = world.folder.path().join("out");
    assert_eq!(LedgerIndex::read(&out).expect("reads"), None);
    assert!(LedgerIndex::read_prepared(&out).expect("reads").is_some());
    // The next run starts over and comes to the same.
    let (index, _) = world.ingest(0);
    assert_eq!(index.tables["documents"].segments[0].file, "documents/seg-000001.parquet");
    assert_eq!(LedgerIndex::read_prepared(&out).expect("reads"), None);
    // A pending ledger that is discarded leaves nothing.
    world.write("documents.csv", documents(&["I1,invoice,C1,2024-01-01,2,EUR"]));
    let pending = ingest(&config, &IngestOptions { delivered_at: 0 }, &Silent).expect("ingests");
    pending.discard().expect("discards");
    let files = std::fs::read_dir(out.join("ledger/documents")).expect("reads").count();
    assert_eq!(files, 2);
}

impl IngestSummary {
    fn read_sum(&self) -> u64 {
        assert_eq!(self.rows_read, self.accepted + self.repaired + self.unchanged + self.quarantined);
        self.rows_read
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_byte_that_is_changed_makes_it_fall_over(position in 0_usize..400, byte: u8, block in 1_usize..200) {
        let mut text = documents(&["I1,invoice,\"C\n1\",2024-01-01,1.00,EUR", "I2,receipt,C\"2,2024-01-01,2.00,USD", "I3,invoice,C3,2024-01-02,3.5,JPY"]).into_bytes();
        let position = position % text.len();
        text[position] = byte;
        let world = World::canonical();
        world.write("documents.csv", &text);
        // Either every row is accounted for, or an error says what is wrong with the file.
        if let Ok((_, summary)) = world.try_ingest(0, block) {
            summary.read_sum();
        }
    }

    #[test]
    fn rows_are_accounted_for_in_any_order(rows in prop::collection::vec((0_u32..20, 0_u32..3, prop::bool::ANY), 0..60), seed in 0_usize..1000) {
        let lines: Vec<String> = rows.iter().map(|(id, amount, good)| {
            format!("I{id},{},C1,2024-01-01,{amount},EUR", if *good { "invoice" } else { "bill" })
        }).collect();
        let count = |lines: &[String]| {
            let world = World::canonical();
            world.write("documents.csv", documents(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
            let (index, summary) = world.ingest(0);
            summary.read_sum();
            let mut rows: BTreeMap<String, u32> = BTreeMap::new();
            for row in world.rows(&index, "documents", &["document_id", "amount"]) {
                *rows.entry(row).or_default() += 1;
            }
            (summary, rows)
        };
        let mut shuffled = lines.clone();
        if !shuffled.is_empty() {
            let middle = seed % shuffled.len();
            shuffled.rotate_left(middle);
            shuffled.reverse();
        }
        prop_assert_eq!(count(&lines), count(&shuffled));
    }
}
