//! `arrears init`: small invented exports, and what must be proposed for them. Every proposal that counts as runnable is run.

mod support;

use support::{Ended, Place, end_of, program, repository};

/// An export, and what `init` must say of it.
struct Case {
    title: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    /// Exit status.
    status: i32,
    /// Lines the configuration must have, without the reasons behind them.
    lines: &'static [&'static str],
    /// What must stand on standard output or error.
    said: &'static [&'static str],
    /// What must stand on neither.
    not_said: &'static [&'static str],
}

fn init(place: &Place, arguments: &[&str]) -> Ended {
    end_of(program().current_dir(place.path()).arg("init").args(arguments))
}

/// A header, and rows that differ in their number: `{n}` counts from 1, `{d}` is a day from 13 to 28, `{e}` one from 1 to 12, `{r}`
/// the same the other way round.
fn rows(header: &str, row: &str, count: usize) -> String {
    let mut text = format!("{header}\n");
    for number in 1..=count {
        let (late, early) = (13 + number % 16, 1 + number % 12);
        text += &row.replace("{n}", &number.to_string()).replace("{d}", &format!("{late:02}")).replace("{e}", &format!("{early:02}"));
        text = text.replace("{r}", &format!("{:02}", 13 - early));
        text.push('\n');
    }
    text
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("it is in Latin-1")).collect()
}

fn cases() -> Vec<Case> {
    let german = rows("Rechnungs-Nr.;Kunden-Nr.;Rechnungsdatum;Fällig am;Betrag (EUR)", "R{n};K{e};{d}.01.2024;{e}.02.2024;1.234,5{n}", 9);
    let undecided = rows("Invoice,Customer,Date,Amount", "R{n},K{e},{e}/05/2024,12.50", 12);
    let sequence = rows("Invoice,Customer,Invoice date,Due date,Amount", "R{n},K{e},05/{e}/2024,06/{r}/2024,12.50", 12);
    let alike = rows("Invoice,Customer,Invoice date,Shipped,Amount", "R{n},K{e},{e}/05/2024,{d}/05/2024,12.50", 12);
    let report = "Muster GmbH;;;;\nOffene Posten per 31.03.2024;;;;\n\n".to_owned()
        + &rows("Rechnung;Kunde;Datum;Fälligkeit;Betrag", "R{n};K{e};{d}.01.2024;{e}.02.2024;10,50", 30)
        + "Summe;;;;315,00\n";
    let sap = rows("Belegnummer;Debitor;Belegart;Belegdatum;Betrag;Währung", "1800{n};C{e};RV;{d}.01.2024;1.234,56;EUR", 9)
        + "16001;C1;DG;15.02.2024;100,00-;EUR\n16002;C2;DZ;16.02.2024;1.234,56-;EUR\n";
    vec![
        Case {
            title: "German: semicolons, decimal commas, points between, the currency in a header",
            file: "Rechnungen.csv",
            bytes: german.clone().into_bytes(),
            status: 0,
            lines: &[
                "base_currency = \"EUR\"",
                "delimiter = \";\"",
                "decimal = \",\"",
                "thousands = \".\"",
                "date_format = \"%d.%m.%Y\"",
                "document_id = \"Rechnungs-Nr.\"",
                "customer_id = \"Kunden-Nr.\"",
                "due_date = \"Fällig am\"",
                "amount = \"Betrag (EUR)\"",
                "currency = \"EUR\"",
            ],
            said: &["9 rows read", "2024-01-14"],
            not_said: &["low confidence", "quarantined"],
        },
        Case {
            title: "American: month first, dollars, parentheses for less than nothing",
            file: "invoices.csv",
            bytes: (rows("Invoice No,Customer ID,Invoice Date,Due Date,Amount", "A-{n},C{e},1/{d}/2024,2/{d}/2024,\"$1,234.56\"", 9)
                + "A-99,C1,1/31/2024,2/28/2024,($50.00)\n")
                .into_bytes(),
            status: 0,
            lines: &["date_format = \"%m/%d/%Y\"", "thousands = \",\"", "amount_marks = [\"$\"]", "negative_amount = \"credit_note\""],
            said: &["10 rows read", "credit_note"],
            not_said: &["quarantined"],
        },
        Case {
            title: "ISO, with when it was paid and words for not at all",
            file: "a.csv",
            bytes: (rows(
                "invoice_id,client,issue date,due,total,currency,paid on",
                "I{n},X{e},2024-01-{d},2024-02-{d},10.00,CHF,2024-03-{e}",
                9,
            ) + "I99,X1,2024-01-31,2024-02-28,10.00,CHF,n/a\n")
                .into_bytes(),
            status: 0,
            lines: &["base_currency = \"CHF\"", "null_values = [\"n/a\"]", "paid_date = \"paid on\"", "currency = \"currency\""],
            said: &["9 applications"],
            not_said: &["low confidence", "quarantined", "date_format"],
        },
        Case {
            title: "tabs",
            file: "a.txt",
            bytes: rows("Factuurnummer\tKlantnr\tFactuurdatum\tVervaldatum\tBedrag", "F{n}\tK{e}\t{d}-01-2024\t{d}-02-2024\t12,50", 9)
                .into_bytes(),
            status: 0,
            lines: &["delimiter = \"\\t\"", "date_format = \"%d-%m-%Y\"", "document_id = \"Factuurnummer\"", "due_date = \"Vervaldatum\""],
            said: &[],
            not_said: &["quarantined"],
        },
        Case {
            title: "UTF-16 with a byte order mark, as spreadsheets save Unicode text",
            file: "a.csv",
            bytes: utf16(&german),
            status: 0,
            lines: &["due_date = \"Fällig am\"", "decimal = \",\""],
            said: &["9 rows read"],
            not_said: &["quarantined", "encoding ="],
        },
        Case {
            title: "Latin-1",
            file: "a.csv",
            bytes: latin1(&german),
            status: 0,
            lines: &["encoding = \"windows-1252\"", "due_date = \"Fällig am\""],
            said: &["9 rows read"],
            not_said: &["quarantined"],
        },
        Case {
            title: "French: blanks between thousands, euros behind",
            file: "factures.csv",
            bytes: rows(
                "N° facture;Code client;Date de facture;Date d'échéance;Montant TTC",
                "F{n};C{e};{d}/01/2024;{d}/02/2024;1\u{a0}234,56 €",
                9,
            )
            .into_bytes(),
            status: 0,
            lines: &["decimal = \",\"", "thousands = \" \"", "amount_marks = [\"€\"]", "date_format = \"%d/%m/%Y\"", "currency = \"EUR\""],
            said: &["1234.56"],
            not_said: &["low confidence in the currency", "quarantined"],
        },
        Case {
            title: "dates that nobody can decide",
            file: "a.csv",
            bytes: undecided.into_bytes(),
            status: 0,
            lines: &["date_format = \"%d/%m/%Y\"", "# date_format = \"%m/%d/%Y\""],
            said: &["low confidence in the dates of Date", "LOW CONFIDENCE"],
            not_said: &[],
        },
        Case {
            title: "dates that the due dates decide",
            file: "a.csv",
            bytes: sequence.into_bytes(),
            status: 0,
            lines: &["date_format = \"%m/%d/%Y\""],
            said: &["Due date follows Invoice date in 12"],
            not_said: &["low confidence in the dates"],
        },
        Case {
            title: "dates that a column decides to which nothing is mapped",
            file: "a.csv",
            bytes: alike.into_bytes(),
            status: 0,
            lines: &["date_format = \"%d/%m/%Y\""],
            said: &["Shipped is written alike"],
            not_said: &["low confidence in the dates"],
        },
        Case {
            title: "titles above and a total below",
            file: "a.csv",
            bytes: report.into_bytes(),
            status: 0,
            lines: &["header_row = 4", "total_words = [\"Summe\"]"],
            said: &["total_row", "31 rows read", "a.csv:35"],
            not_said: &["bad_"],
        },
        Case {
            title: "years of two digits",
            file: "a.csv",
            bytes: rows("Invoice;Customer;Invoice date;Amount", "R{n};K{e};{d}.01.24;10", 9).into_bytes(),
            status: 0,
            lines: &["date_format = \"%d.%m.%y\""],
            said: &["2024-01-14"],
            not_said: &[],
        },
        Case {
            title: "dates as numbers, numbers as ids",
            file: "a.csv",
            bytes: rows("doc_no,cust_no,doc_date,due_date,amount", "1000{n},20{e},202401{d},202402{e},99.95", 9).into_bytes(),
            status: 0,
            lines: &["date_format = \"%Y%m%d\"", "document_id = \"doc_no\"", "customer_id = \"cust_no\""],
            said: &["2024-01-14"],
            not_said: &["quarantined"],
        },
        Case {
            title: "SAP: types, the sign behind",
            file: "fbl5n.csv",
            bytes: sap.into_bytes(),
            status: 0,
            lines: &["negative_amount = \"by_type\"", "RV = \"invoice\"", "DG = \"credit_note\"", "DZ = \"receipt\"", "thousands = \".\""],
            said: &["11 rows read"],
            not_said: &["quarantined"],
        },
        Case {
            title: "times of day in dates, and another format in each column",
            file: "a.csv",
            bytes: rows("Invoice,Customer,Invoice date,Due date,Amount", "R{n},K{e},2024-01-{d} 13:45:00,{d}.02.2024,10.00", 9)
                .into_bytes(),
            status: 0,
            lines: &["due_date = \"Due date\""],
            said: &["the time of day is left out", "due_date = \"%d.%m.%Y\""],
            not_said: &["quarantined"],
        },
        Case {
            title: "a line number tells the items of an invoice apart",
            file: "a.csv",
            bytes: rows("Invoice,Customer,Zeile,Invoice date,Amount", "R1,K1,{n},2024-01-{d},10.00", 9).into_bytes(),
            status: 0,
            lines: &["item_no = \"Zeile\""],
            said: &["9 documents"],
            not_said: &["quarantined"],
        },
        Case {
            title: "no amount",
            file: "a.csv",
            bytes: rows("Invoice,Customer,Invoice date", "R{n},K{e},2024-01-{d}", 9).into_bytes(),
            status: 4,
            lines: &["# TODO amount = \"…\""],
            said: &["error[not_runnable]", "no column was found for amount"],
            not_said: &[],
        },
        Case {
            title: "too many rows that cannot be read",
            file: "a.csv",
            bytes: (rows("Invoice,Customer,Invoice date,Amount", "R{n},K{e},2024-01-{d},10.00", 9) + "R10,K1,soon,10.00\n").into_bytes(),
            status: 4,
            lines: &[],
            said: &["bad_date", "10.0 % of the rows", "a.csv:11"],
            not_said: &[],
        },
        Case {
            title: "no header",
            file: "a.csv",
            bytes: b"R1,K1,2024-01-01,10.00\nR2,K1,2024-01-02,11.00\n".to_vec(),
            status: 4,
            lines: &[],
            said: &["no line looks like a header"],
            not_said: &[],
        },
    ]
}

/// The lines of a configuration without the reasons behind them.
fn bare(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| {
            let end = if line.starts_with('#') { line.find("   #") } else { line.find("  # ") };
            line[..end.unwrap_or(line.len())].trim().to_owned()
        })
        .collect()
}

/// What is wrong with the proposal for an export; nothing when it is as it should be.
fn wrong_with(case: &Case) -> Option<String> {
    let place = Place::empty();
    place.write(case.file, &case.bytes);
    let ended = init(&place, &[case.file]);
    let config = std::fs::read_to_string(place.path().join("arrears.toml")).unwrap_or_default();
    let all = format!("{}\n{}\n{config}", ended.stdout, ended.stderr);
    let lines = bare(&config);
    let mut wrong: Vec<String> = Vec::new();
    if ended.status != case.status {
        wrong.push(format!("ends with {}, not {}", ended.status, case.status));
    }
    wrong.extend(case.lines.iter().filter(|line| !lines.iter().any(|found| found == **line)).map(|line| format!("no line: {line}")));
    wrong.extend(case.said.iter().filter(|words| !all.contains(**words)).map(|words| format!("does not say: {words}")));
    wrong.extend(case.not_said.iter().filter(|words| all.contains(**words)).map(|words| format!("says: {words}")));
    if case.status == 0 {
        let ingested = end_of(program().current_dir(place.path()).args(["ingest", "--as-of", "2024-12-31"]));
        if ingested.status != 0 {
            wrong.push(ingested.stderr);
        }
    }
    (!wrong.is_empty()).then(|| format!("=== {}\n{}\n{all}", case.title, wrong.join("\n")))
}

#[test]
fn small_exports_of_many_kinds_get_the_configuration_that_reads_them() {
    let wrong: Vec<String> = cases().iter().filter_map(wrong_with).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_there_is_not_overwritten_and_what_is_not_is_named() {
    let place = Place::empty();
    let export = rows("Invoice,Customer,Invoice date,Amount", "R{n},K{e},2024-01-{d},10.00", 9);
    place.write("a.csv", &export);
    place.write("arrears.toml", "mine");
    let ended = init(&place, &["a.csv"]).expect(2);
    assert!(ended.stderr.contains("error[config_exists]") && ended.stderr.contains("--force"), "{}", ended.stderr);
    assert_eq!(place.read("arrears.toml"), "mine");
    let printed = init(&place, &["a.csv", "--print"]).expect(0);
    assert_eq!(place.read("arrears.toml"), "mine");
    init(&place, &["a.csv", "--out", "other.toml"]).expect(0);
    assert_eq!(place.read("other.toml"), printed.stdout, "what is printed is what is written");
    init(&place, &["a.csv", "--force"]).expect(0);
    assert_eq!(place.read("arrears.toml"), printed.stdout);

    let place = Place::empty();
    place.write("empty.csv", "");
    place.write("notes/readme.md", "text");
    place.write("picture.png", "text");
    for (argument, status, words) in [
        ("missing.csv", 4, "error[file_missing]"),
        ("missing*.csv", 4, "error[file_missing]"),
        ("empty.csv", 4, "error[file_empty]"),
        ("notes", 4, "error[nothing_to_read]"),
        ("picture.png", 2, "error[unknown_file_type]"),
    ] {
        let ended = init(&place, &[argument]).expect(status);
        assert!(ended.stderr.contains(words), "{argument}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint:"), "{argument}: {}", ended.stderr);
        assert!(!place.path().join("arrears.toml").exists(), "{argument}");
    }
}

#[test]
fn deliveries_of_an_export_are_one_source_and_a_folder_of_tables_another() {
    let place = Place::empty();
    for (day, from) in [("2024-03-01", "A"), ("2024-03-02", "B")] {
        let export = rows("Invoice,Customer,Invoice date,Amount", &format!("{from}{{n}},K{{e}},2024-01-{{d}},10.00"), 9);
        place.write(&format!("in/inv_{day}.csv"), export);
    }
    init(&place, &["in"]).expect(0);
    let lines = bare(&place.read("arrears.toml"));
    assert!(
        lines.contains(&"path = \"in/inv_*.csv\"".to_owned()) && lines.contains(&"delivered_at = \"%Y-%m-%d\"".to_owned()),
        "{lines:?}"
    );

    let place = Place::copy_of("data-samples/corner-shop");
    let ended = init(&place, &["ledger", "--force"]).expect(0);
    let lines = bare(&place.read("arrears.toml"));
    assert!(lines.contains(&"path = \"ledger/\"".to_owned()) && lines.contains(&"shape = \"canonical\"".to_owned()), "{lines:?}{ended:?}");
}

#[test]
fn a_workbook_is_looked_at_sheet_by_sheet() {
    let place = Place::empty();
    place
        .write("open_items.xlsx", std::fs::read(repository().join("data-samples/workbooks/open_items.xlsx")).expect("the sample is there"));
    let ended = init(&place, &["open_items.xlsx"]).expect(4);
    let lines = bare(&place.read("arrears.toml"));
    for line in ["sheet = \"Open items\"", "header_row = 5", "date_format = \"%d.%m.%Y\"", "decimal = \",\"", "amount = \"Amount\""] {
        assert!(lines.contains(&line.to_owned()), "{line}\n{lines:?}");
    }
    // Two of its six rows are there to be refused.
    assert!(ended.stdout.contains("bad_date 1, cell_error 1"), "{}", ended.stdout);
}

#[test]
fn the_exports_of_known_systems_get_their_presets() {
    for (folder, files, preset) in [
        ("stripe_invoices", &["invoices.csv"][..], "stripe_invoices"),
        ("xero", &["SalesInvoices.csv"], "xero_invoices"),
        ("sap_customer_items", &["cleared.csv"], "sap_customer_items"),
        ("odoo", &["account.move.line.csv"], "odoo"),
    ] {
        let place = Place::copy_of(&format!("data-samples/presets/{folder}"));
        let mut arguments = files.to_vec();
        arguments.push("--force");
        let ended = init(&place, &arguments);
        let lines = bare(&place.read("arrears.toml"));
        assert!(lines.contains(&format!("preset = \"{preset}\"")), "{folder}: {lines:?}\n{ended:?}");
    }
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let place = Place::empty();
    place.write("a.csv", rows("Invoice,Customer,Type,Invoice date,Amount", "R{n},K{e},T{e},2024-01-{d},10.00", 40));
    let once = init(&place, &["a.csv", "--print"]);
    let twice = init(&place, &["a.csv", "--print"]);
    assert_eq!((once.stdout, once.stderr), (twice.stdout, twice.stderr));
}

#[test]
fn files_of_tables_named_one_by_one_are_those_tables_and_what_is_none_is_left_aside() {
    let place = Place::empty();
    let documents = rows(
        "document_id,document_type,customer_id,document_date,due_date,amount,currency",
        "I{n},invoice,C1,2024-01-10,2024-02-09,10.50,EUR",
        30,
    );
    place.write("documents.csv", &documents);
    place.write("open_items_of_june.csv", &documents);
    place.write("customers.csv", "customer_id,name\nC1,One\n");
    place.write("outcomes.csv", "customer_id,document_id,bad\nC1,I1,0\n");
    let ended = init(&place, &["documents.csv", "customers.csv", "outcomes.csv"]).expect(0);
    let text = place.read("arrears.toml");
    assert!(!text.contains("table ="), "a file named for its table needs no more: {text}");
    assert!(!text.contains("outcomes") && ended.stdout.contains("outcomes.csv: left aside"), "{text}\n{}", ended.stdout);
    init(&place, &["open_items_of_june.csv", "--force"]).expect(0);
    assert!(place.read("arrears.toml").contains("table = \"documents\""), "{}", place.read("arrears.toml"));
}

#[test]
fn a_column_called_the_customer_beside_its_number_holds_its_name() {
    let place = Place::empty();
    let header = "Belegnr;Kundennr;Kunde;Belegdatum;Fälligkeit;Betrag;Währung";
    place.write("a.csv", rows(header, "R{n};K{e};Müller & Söhne {e};{d}.03.2025;{d}.04.2025;1.234,50;EUR", 30));
    init(&place, &["a.csv"]).expect(0);
    let text = place.read("arrears.toml");
    assert!(text.contains("customer_id = \"Kundennr\"") && text.contains("name = \"Kunde\""), "{text}");
}
