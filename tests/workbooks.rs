//! Workbooks as a source, in the files of `data-samples/workbooks` (made by `make.py` there).

mod support;

use support::{Ended, Place, cell, end_of, is, repository, table};

const AS_OF: &str = "2024-03-31";

const COLUMNS: &str = "columns = { document_id = \"Invoice\", customer_id = \"Customer\", document_date = \"Invoice date\", \
    due_date = \"Due date\", amount = \"Amount\", paid_date = \"Paid date\" }\nconstants = { currency = \"EUR\" }\n";

/// One of the workbooks, read with these keys of its source.
fn place(workbook: &str, keys: &str) -> Place {
    let place = Place::empty();
    place.write(workbook, std::fs::read(repository().join("data-samples/workbooks").join(workbook)).expect("the sample is there"));
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"EUR\"\noutput = \"out\"\n[quality]\nmax_quarantined_rows_share = 1.0\nmax_quarantined_amount_share = 1.0\n\
             [forecast]\ncalibration_weeks = 2\n[[source]]\npath = \"{workbook}\"\nshape = \"flat_invoices\"\n{keys}\n{COLUMNS}"
        ),
    );
    place
}

fn ingested(workbook: &str, keys: &str) -> Ended {
    end_of(&mut place(workbook, keys).arrears(&["ingest", "--as-of", AS_OF]))
}

#[test]
fn cells_of_every_kind_are_read_as_a_person_sees_them() {
    let place =
        place("open_items.xlsx", "sheet = \"Open items\"\nheader_row = 5\ndate_format = \"%d.%m.%Y\"\ndecimal = \",\"\nthousands = \".\"");
    let ended = place.run(AS_OF).expect(0);
    // Open: R1 0.30 (stored as 0.1 + 0.2), 4711 1,000.50 (a formula), R6 12.50 (typed as text); R2 1,234.56 was paid on 1 March.
    assert!(ended.stdout.contains("1,013.30 EUR receivable in 3 open items"), "{}", ended.stdout);
    let items = table(&place.night(AS_OF), "open_items");
    let mut shown: Vec<[&str; 3]> =
        items.iter().map(|row| ["document_id", "document_date", "due_date"].map(|column| cell(row, column).unwrap_or("-"))).collect();
    shown.sort_unstable();
    assert_eq!(shown, [["4711", "2024-02-01", "2024-03-02"], ["R1", "2024-01-15", "2024-02-14"], ["R6", "2024-03-05", "-"]]);
    // Row 9 has an error where its amount should be, row 11 a time of day in its date; rows are those of the sheet.
    let quarantine = table(&place.night(AS_OF), "quarantine");
    let mut refused: Vec<[&str; 2]> =
        quarantine.iter().map(|row| ["line", "reason"].map(|column| cell(row, column).unwrap_or("-"))).collect();
    refused.sort_unstable();
    assert_eq!(refused, [["11", "bad_date"], ["9", "cell_error"]]);
    assert!(ended.stderr.contains("6 rows read from 1 new file: 4 accepted, 2 quarantined"), "{}", ended.stderr);
    // The cell far out is a column that nothing is mapped to, and not 700 of them.
    let quality = table(&place.night(AS_OF), "data_quality");
    assert!(quality.iter().any(|row| is(row, &[("reason", "extra_column"), ("row_count", "1")])), "{quality:?}");
    // Read again, it says the same.
    let again = end_of(&mut place.arrears(&["ingest", "--as-of", AS_OF])).expect(0);
    assert!(format!("{}{}", again.stdout, again.stderr).contains("seen before"), "{again:?}");
}

#[test]
fn both_calendars_and_the_old_format_give_the_same_dates() {
    for (workbook, amount) in [("calendar_1904.xlsx", "100.00"), ("old.xls", "99.95")] {
        let place = place(workbook, "");
        let ended = place.run(AS_OF).expect(0);
        assert!(ended.stdout.contains(&format!("{amount} EUR receivable in 1 open item")), "{workbook}: {}", ended.stdout);
        let items = table(&place.night(AS_OF), "open_items");
        assert!(is(&items[0], &[("document_date", "2024-01-15"), ("due_date", "2024-02-14")]), "{workbook}: {items:?}");
    }
}

#[test]
fn a_row_with_separators_and_quotes_in_its_cells_is_mended_by_an_overlay() {
    let keys = "date_format = \"%d.%m.%Y\"\ndecimal = \",\"\nthousands = \".\"";
    let place = place("separators.xlsx", keys);
    place.run(AS_OF).expect(0);
    let quarantine = table(&place.night(AS_OF), "quarantine");
    let mut kept: Vec<[&str; 4]> =
        quarantine.iter().map(|row| ["line", "reason", "column_name", "raw_text"].map(|column| cell(row, column).unwrap_or("-"))).collect();
    kept.sort_unstable();
    // Numbers have the comma of the source, dates of cells are ISO dates, the empty cell at the end is a field as well.
    assert_eq!(
        kept,
        [
            ["3", "bad_date", "Invoice date", r#"R2,"Birch, ""The Works"", Ltd",35.01.2024,2024-03-02,"1234,5","#],
            ["4", "cell_error", "Amount", "R3,\"Cedar; House,\n2nd floor\",2024-02-01,2024-03-02,#N/A,"],
            ["5", "duplicate_key", "-", r#"R4,"""Dogwood""",2024-02-02,2024-03-02,"1500,75","#],
            ["6", "duplicate_key", "-", r#"R4,"""Dogwood"", again",2024-02-03,2024-03-02,"2500,5","#],
        ]
    );

    let template = place.path().join("mends.csv").display().to_string();
    end_of(&mut place.arrears(&["quarantine", "--overlay", &template])).expect(0);
    let written = place.read("mends.csv");
    assert!(written.contains("separators.xlsx,3,Invoice date,,35.01.2024,,\nseparators.xlsx,4,Amount,,#N/A,,\n"), "{written}");
    // A person fills in two of the values, and gives the rows of one number each its own.
    let (mends, _) = written.split_once("separators.xlsx,5,").expect("the first of the two");
    let mends = mends.replace("Invoice date,,", "Invoice date,25.01.2024,").replace("Amount,,", "Amount,\"500,75\",");
    let numbers = "separators.xlsx,5,Invoice,R4a,,,\nseparators.xlsx,6,Invoice,R4b,,,\n";
    place.write("mends.csv", format!("{mends}{numbers}"));
    place.write("arrears.toml", place.read("arrears.toml").replace("[[source]]\n", "[[source]]\noverlay = \"mends.csv\"\n"));
    place.replace(AS_OF).expect(0);
    let items = table(&place.night(AS_OF), "open_items");
    let columns = ["document_id", "customer_id", "document_date", "due_date", "open_amount"];
    let mut shown: Vec<[&str; 5]> = items.iter().map(|row| columns.map(|column| cell(row, column).unwrap_or("-"))).collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            ["R1", r#"Alder, Sons & "Daughters""#, "2024-01-15", "2024-03-02", "1000.2500"],
            ["R2", r#"Birch, "The Works", Ltd"#, "2024-01-25", "2024-03-02", "1234.5000"],
            ["R3", "Cedar; House,\n2nd floor", "2024-02-01", "2024-03-02", "500.7500"],
            ["R4a", r#""Dogwood""#, "2024-02-02", "2024-03-02", "1500.7500"],
            ["R4b", r#""Dogwood", again"#, "2024-02-03", "2024-03-02", "2500.5000"],
        ]
    );
}

#[test]
fn an_error_in_a_cell_is_no_value_in_a_mended_row_either() {
    let keys = "date_format = \"%d.%m.%Y\"\ndecimal = \",\"\noverlay = \"mends.csv\"";
    let place = place("separators.xlsx", keys);
    // The error moves into a column of text, where it would pass for a name.
    place.write("mends.csv", "file,line,column,value\nseparators.xlsx,4,Amount,\"500,75\"\nseparators.xlsx,4,Customer,#REF!\n");
    let ended = place.run(AS_OF).expect(0);
    assert!(ended.stderr.contains("mends.csv:2: still cannot be read: Customer: cell_error"), "{}", ended.stderr);
    let quarantine = table(&place.night(AS_OF), "quarantine");
    let again = quarantine.iter().find(|row| is(row, &[("file", "mends.csv")])).expect("under the overlay");
    assert!(is(again, &[("column_name", "Customer"), ("raw_text", "R3,#REF!,2024-02-01,2024-03-02,\"500,75\",")]), "{again:?}");
}

#[test]
fn what_is_wrong_with_a_workbook_is_said_with_the_file_and_its_sheets() {
    // workbook, keys of the source, error, words it must say
    let table: &[(&str, &str, &str, &[&str])] = &[
        ("open_items.xlsx", "sheet = \"Offen\"", "sheet_missing", &["open_items.xlsx", "Cover, Open items"]),
        ("open_items.xlsx", "sheet = 3", "sheet_missing", &["open_items.xlsx", "Cover, Open items"]),
        ("open_items.xlsx", "sheet = 2\nheader_row = 99", "header_row_missing", &["sheet Open items", "12"]),
        ("open_items.xlsx", "sheet = 2\nheader_row = 4", "header_row_missing", &["row 4", "sheet Open items"]),
        ("open_items.xlsx", "", "missing_column", &["open_items.xlsx"]),
        ("merged_header.xlsx", "", "merged_header", &["sheet Report", "C1:D1", "header_row"]),
        ("protected.xlsx", "", "workbook_protected", &["protected.xlsx", "password"]),
    ];
    for (workbook, keys, code, words) in table {
        let ended = ingested(workbook, keys).expect(4);
        assert!(ended.stderr.contains(&format!("error[{code}]")), "{workbook} {keys}: {}", ended.stderr);
        for word in *words {
            assert!(ended.stderr.contains(word), "{workbook} {keys}: {word}: {}", ended.stderr);
        }
    }
    // A name merged downwards into the header row is a name.
    let place = place("merged_header.xlsx", "header_row = 2");
    place.write("arrears.toml", place.read("arrears.toml").replace(", paid_date = \"Paid date\"", ""));
    end_of(&mut place.arrears(&["ingest", "--as-of", AS_OF])).expect(0);
}

#[test]
fn a_damaged_workbook_and_what_is_none_are_errors() {
    let whole = std::fs::read(repository().join("data-samples/workbooks/open_items.xlsx")).expect("the sample is there");
    let table: &[(&str, &[u8], &str)] = &[
        ("cut.xlsx", &whole[..whole.len() / 2], "file_incomplete"),
        ("empty.xlsx", b"", "file_empty"),
        ("text.xls", b"Invoice\tAmount\nR1\t5\n", "not_workbook"),
        ("page.xls", b"<html><table><tr><td>Invoice</td></tr></table></html>", "not_workbook"),
        ("zip.xlsx", b"PK\x03\x04 and nothing more", "file_incomplete"),
    ];
    for (name, bytes, code) in table {
        let place = Place::empty();
        place.write(name, bytes);
        place
            .write("arrears.toml", format!("base_currency = \"EUR\"\n[[source]]\npath = \"{name}\"\nshape = \"flat_invoices\"\n{COLUMNS}"));
        let ended = end_of(&mut place.arrears(&["ingest", "--as-of", AS_OF])).expect(4);
        assert!(ended.stderr.contains(&format!("error[{code}]")) && ended.stderr.contains(name), "{name}: {}", ended.stderr);
    }
}
