//! `arrears init` on exports as people make them: what must be read, what must be refused with a sentence, what must be said.

mod support;

use support::{Ended, Place, end_of, program};

struct Case {
    title: &'static str,
    files: Vec<(&'static str, String)>,
    /// Exit status.
    status: i32,
    /// Lines the configuration must have, without the reasons behind them.
    lines: &'static [&'static str],
    /// What must stand on standard output, error or in the configuration.
    said: &'static [&'static str],
    /// What must stand in none of them.
    not_said: &'static [&'static str],
    /// Rows that an ingest must accept, where there is something to read.
    accepted: Option<&'static str>,
}

/// A header, and rows that differ: `{n}` counts from 1, `{c}` is one of five customers, `{d}` a day from 13 to 28.
fn rows(header: &str, row: &str, count: usize) -> String {
    let lines = (1..=count).map(|number| {
        let day = format!("{:02}", 13 + number % 16);
        row.replace("{n}", &number.to_string()).replace("{c}", &format!("C{}", number % 5)).replace("{d}", &day)
    });
    std::iter::once(header.to_owned()).chain(lines).map(|line| line + "\n").collect()
}

fn one(file: &'static str, text: String) -> Vec<(&'static str, String)> {
    vec![(file, text)]
}

const PLAIN: Case = Case { title: "", files: Vec::new(), status: 0, lines: &[], said: &[], not_said: &[], accepted: None };

/// Dates, columns and layouts.
fn layouts() -> Vec<Case> {
    let page = rows("Rechnung;Kunde;Datum;Fällig;Betrag", "R{n};{c};{d}.01.2024;{d}.02.2024;10,50", 30);
    let second = page.replace("\nR", "\nS");
    vec![
        Case {
            title: "the numbers of days that spreadsheets keep, in a text file",
            // 45292 is 2024-01-01.
            files: one(
                "a.csv",
                rows(
                    "Invoice No,Customer ID,Invoice Date,Due Date,Amount,Currency,Payment Date",
                    "I{n},{c},45292,45322,10.50,USD,45323",
                    9,
                ),
            ),
            lines: &["date_format = \"excel\"", "paid_date = \"Payment Date\""],
            said: &["2024-01-01", "2024-01-31", "9 applications"],
            not_said: &["low confidence"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "months by their German names",
            files: one("a.csv", rows("Rechnung;Kunde;Datum;Fälligkeit;Brutto;WKZ", "R{n};{c};{d}. März 2024;{d}. April 2024;10,50;EUR", 9)),
            lines: &["date_format = \"%d. %b %Y\"", "due_date = \"Fälligkeit\""],
            said: &["2024-03-14"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "months cut short in French, some with a point",
            files: one("a.csv", rows("Facture;Client;Date;Échéance;TTC;Devise", "R{n};{c};{d} févr. 2024;{d} mai 2024;1 010,50;EUR", 9)),
            lines: &["date_format = \"%d %b %Y\"", "thousands = \" \""],
            said: &["2024-02-14"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "a column called paid may say when",
            files: one(
                "a.csv",
                rows("invoice,client,date,due,total,ccy,paid", "R{n},{c},2024-01-{d},2024-02-{d},10.50,GBP,2024-03-{d}", 9),
            ),
            lines: &["paid_date = \"paid\""],
            said: &["9 applications"],
            not_said: &["counts as open", "not used"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "names of interfaces, and currencies in small letters",
            files: one(
                "a.csv",
                rows(
                    "invoice_id,customer_id,created_at,due_at,total,currency,paid_at",
                    "R{n},{c},2024-01-{d},2024-02-{d},10.50,eur,2024-03-{d}",
                    9,
                ),
            ),
            lines: &["base_currency = \"EUR\"", "document_date = \"created_at\"", "paid_date = \"paid_at\"", "eur = \"EUR\""],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "a report of two pages: titles, its header again, carried forward, lines of separators, a total",
            files: one("a.csv", format!("Muster AG;;;;\nOffene Posten;;;;\n{page}Übertrag;;;;315,00\n;;;;\n{second}Summe;;;;630,00\n")),
            lines: &["header_row = 3", "total_words = [\"Summe\", \"Übertrag\"]"],
            said: &["total_row 4"],
            not_said: &["share their document_id", "missing_value", "bad_date"],
            accepted: Some("60 accepted, 4 quarantined"),
            ..PLAIN
        },
        Case {
            title: "a header with line breaks in it",
            files: one(
                "a.csv",
                rows("\"Invoice\nNumber\";\"Customer\nNo.\";\"Invoice\nDate\";\"Amount\n(EUR)\"", "0{n};{c};{d}.01.2024;10,50", 9),
            ),
            lines: &["document_id = \"Invoice\\nNumber\""],
            said: &["looked at all 9 rows", "9 values, none comes twice"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "files of months: October must be meant too",
            files: (1..=3)
                .map(|month| {
                    let name = ["sales_2024-01.csv", "sales_2024-02.csv", "sales_2024-03.csv"][month - 1];
                    (
                        name,
                        rows(
                            "Invoice,Customer,Date,Due Date,Amount,Currency",
                            &format!("M{month}-{{n}},{{c}},2024-0{month}-{{d}},2024-05-{{d}},10.50,EUR"),
                            9,
                        ),
                    )
                })
                .collect(),
            lines: &["name = \"sales\"", "path = \"sales_*.csv\""],
            said: &["the largest of 3 files"],
            accepted: Some("27 accepted"),
            ..PLAIN
        },
    ]
}

/// Several files, and files that are no invoices.
fn kinds() -> Vec<Case> {
    let invoices = rows("Invoice No,Customer ID,Invoice Date,Due Date,Amount,Currency", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR", 9);
    vec![
        Case {
            title: "payments in a file of their own",
            files: vec![
                ("invoices.csv", invoices.clone()),
                (
                    "payments.csv",
                    rows(
                        "Payment No,Customer ID,Payment Date,Invoice No,Payment Amount,Currency",
                        "P{n},{c},2024-03-{d},I{n},10.50,EUR",
                        7,
                    ),
                ),
            ],
            lines: &[
                "shape = \"transactions\"",
                "document_id = \"Payment No\"",
                "applies_to = \"Invoice No\"",
                "document_type = \"receipt\"",
            ],
            said: &["7 applications"],
            not_said: &["count as open"],
            accepted: Some("16 accepted"),
            ..PLAIN
        },
        Case {
            title: "payments without a number of their own",
            files: vec![
                ("invoices.csv", invoices.clone()),
                ("payments.csv", rows("Invoice No,Customer ID,Payment Date,Amount,Currency", "I{n},{c},2024-03-{d},10.50,EUR", 7)),
            ],
            lines: &["document_id = \"{Invoice No}/{Payment Date}\""],
            said: &["7 applications", "payments have no number of their own"],
            accepted: Some("16 accepted"),
            ..PLAIN
        },
        Case {
            title: "customers, and a file of something else",
            files: vec![
                ("invoices.csv", invoices.clone()),
                ("debtors.csv", rows("Customer ID,Customer Name,Country", "C{n},Firm {n},DE", 9)),
                ("colours.csv", rows("Colour,Weight", "red,{n}", 9)),
            ],
            lines: &["table = \"customers\"", "country = \"Country\""],
            said: &["9 customers", "colours.csv: left aside"],
            not_said: &["not used: Customer"],
            accepted: Some("18 accepted"),
            ..PLAIN
        },
        Case {
            title: "an aging report by customer",
            files: one("a.csv", rows("Customer,Current,1 - 30,31 - 60,61 - 90,> 90,Total", "Firm {n},1.00,2.00,3.00,4.00,5.00,15.00", 9)),
            status: 4,
            said: &["error[aging_report]", "not a list of items", "hint: "],
            not_said: &["no column was found"],
            ..PLAIN
        },
        Case {
            title: "an aging report in German",
            files: one(
                "a.csv",
                rows("Debitor;Name;Saldo;Nicht fällig;1-30 Tage;31-60 Tage;über 60 Tage", "1000{n};Firma {n};10,00;1,00;2,00;3,00;4,00", 9),
            ),
            status: 4,
            said: &["error[aging_report]", "1-30 Tage"],
            ..PLAIN
        },
        Case {
            title: "an aging report beside the invoices is left aside",
            files: vec![
                ("aging.csv", rows("Customer,1 - 30,31 - 60,> 60,Total", "Firm {n},1.00,2.00,3.00,6.00", 9)),
                ("invoices.csv", invoices.clone()),
            ],
            said: &["aging.csv: left aside: this is an aging report"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "items that have their bucket beside them are items",
            files: one(
                "a.csv",
                rows(
                    "Invoice No,Customer ID,Date,Due Date,Amount,Currency,0-30,31-60",
                    "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR,10.50,",
                    9,
                ),
            ),
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "a header and nothing below it",
            files: one("a.csv", "Invoice,Customer,Date,Due Date,Amount\n".to_owned()),
            status: 4,
            said: &["error[header_only]"],
            not_said: &["no column was found"],
            ..PLAIN
        },
        Case {
            title: "no header at all",
            files: one("a.csv", rows("R0,C1,2024-01-10,10.50", "R{n},{c},2024-01-{d},10.50", 9)),
            status: 4,
            said: &["error[no_header]"],
            not_said: &["no column was found"],
            ..PLAIN
        },
        Case {
            title: "the items of a system in its own currency only",
            files: one(
                "a.csv",
                rows(
                    "Debitor;Belegnummer;Belegart;Belegdatum;Betrag in Hauswährung;Währung;Ausgleichsdatum;Ausgleichsbeleg",
                    "{c};1800{n};RV;{d}.01.2024;10,50;EUR;;",
                    9,
                ) + "C1;1400;DZ;15.02.2024;10,50-;EUR;15.02.2024;99\nC1;18000;RV;15.01.2024;10,50;EUR;15.02.2024;99\n",
            ),
            lines: &["shape = \"open_and_cleared\"", "amount = \"Betrag in Hauswährung\"", "negative_amount = \"by_type\""],
            said: &["1 applications"],
            accepted: Some("11 accepted"),
            ..PLAIN
        },
    ]
}

/// What would make amounts wrong must not be runnable; what a person would misread must be said.
fn doubts() -> Vec<Case> {
    vec![
        Case {
            title: "debits and credits in two columns, and a running balance that is no amount",
            files: one(
                "a.csv",
                rows("Date,Type,Doc No,Customer ID,Applies to,Debit,Credit,Balance", "2024-01-{d},Invoice,I{n},{c},,10.50,,{n}0.50", 9)
                    + "2024-02-15,Payment,P1,C1,I1,,10.50,90.00\n",
            ),
            status: 4,
            said: &["two columns, Debit and Credit"],
            not_said: &["amount = \"Balance\""],
            ..PLAIN
        },
        Case {
            title: "a side of the account for want of a type",
            files: one(
                "a.csv",
                rows("Voucher No,Party,Date,Due Date,Amount,Dr/Cr", "V{n},{c},2024-01-{d},2024-02-{d},10.50,Dr", 9)
                    + "V99,C1,2024-01-20,2024-02-20,5.00,Cr\n",
            ),
            lines: &["document_type = \"Dr/Cr\"", "Cr = \"credit_note\"", "Dr = \"invoice\""],
            said: &["it says only debit or credit"],
            accepted: Some("10 accepted"),
            ..PLAIN
        },
        Case {
            title: "a side of the account beside a type",
            files: one(
                "a.csv",
                rows("Belegnr;Belegart;Kundennr;Belegdatum;Betrag;S/H", "V{n};RE;{c};{d}.01.2024;10,50;S", 9)
                    + "V99;RE;C1;20.01.2024;5,00;H\n",
            ),
            status: 4,
            said: &["S/H says which amounts are debits"],
            ..PLAIN
        },
        Case {
            title: "marks of several currencies are never added",
            files: one(
                "a.csv",
                rows("Invoice,Customer,Date,Due,Amount", "I{n},{c},2024-01-{d},2024-02-{d},€10.50", 9)
                    + "I99,C1,2024-01-20,2024-02-20,£7.00\n",
            ),
            status: 4,
            said: &["amounts of several currencies would be added"],
            ..PLAIN
        },
        Case {
            title: "too many documents in a currency without rates",
            files: one(
                "a.csv",
                rows("Invoice,Customer,Date,Due,Amount,Currency", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR", 9)
                    + "I99,C1,2024-01-20,2024-02-20,7.00,USD\n",
            ),
            status: 4,
            said: &["need exchange rates into EUR", "too many to leave out"],
            ..PLAIN
        },
        Case {
            title: "columns of the same name",
            files: one("a.csv", rows("Invoice No,Customer,Date,Date,Amount,Currency", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR", 9)),
            status: 4,
            said: &["several columns are called Date: rename all but one"],
            not_said: &["no line looks like a header"],
            ..PLAIN
        },
        Case {
            title: "a column that is called so and cannot be read so",
            files: one("a.csv", rows("Invoice No,Customer,Invoice Date,Amount,Currency", "I{n},{c},Tuesday the {d}th,10.50,EUR", 9)),
            status: 4,
            said: &["Invoice Date is called so, but cannot be read as dates in a known format, for example \"Tuesday the 14th\""],
            ..PLAIN
        },
        Case {
            title: "paid in part: the date of a payment is not the whole amount",
            files: one(
                "a.csv",
                rows(
                    "Invoice,Client,Issued,Due,Total,Balance Due,Last payment date,Currency",
                    "I{n},{c},2024-01-{d},2024-02-{d},10.50,0.00,2024-03-{d},EUR",
                    9,
                ) + "I99,C1,2024-01-20,2024-02-20,10.50,4.00,2024-03-20,EUR\n",
            ),
            status: 4,
            said: &["of 1 row with a date of payment Balance Due is not zero"],
            ..PLAIN
        },
        Case {
            title: "paid, but nobody says when",
            files: one(
                "a.csv",
                rows("Invoice,Client,Issued,Due,Total,Currency,Status", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR,Paid", 9),
            ),
            status: 4,
            said: &["9 of 9 rows are paid by Status, which does not say when"],
            ..PLAIN
        },
        Case {
            title: "settled, but nobody says when",
            files: one(
                "a.csv",
                rows(
                    "Date,Transaction type,Num,Customer ID,Due date,Amount,Open balance",
                    "01/{d}/2024,Invoice,{n},{c},02/{d}/2024,10.50,0.00",
                    9,
                ),
            ),
            status: 4,
            said: &["9 of 9 rows are settled by Open balance, which does not say when"],
            ..PLAIN
        },
        Case {
            title: "drafts and what was voided",
            files: one(
                "a.csv",
                rows("Invoice,Client,Issued,Due,Total,Currency,Status", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR,Open", 9)
                    + "I98,C1,2024-01-20,2024-02-20,7.00,EUR,Draft\nI99,C1,2024-01-20,2024-02-20,7.00,EUR,Void\n",
            ),
            lines: &["is_deleted = \"Status\"", "Void = \"true\"", "Open = \"false\""],
            said: &["2 rows are drafts or voided"],
            accepted: Some("11 accepted"),
            ..PLAIN
        },
        Case {
            title: "debits and credits under names of two words",
            files: one("a.csv", rows("Konto;Rechnungsnr.;Datum;Betrag Soll;Betrag Haben", "{c};R{n};{d}.01.2024;10,50;0,00", 9)),
            status: 4,
            said: &["two columns, Betrag Soll and Betrag Haben"],
            not_said: &["amount = \"Betrag Soll\""],
            ..PLAIN
        },
        Case {
            title: "codes of currencies under a name nobody knows",
            files: one("a.csv", rows("Invoice,Client,Issued,Due,Total,Devisenart", "I{n},{c},2024-01-{d},2024-02-{d},10.50,SEK", 9)),
            lines: &["base_currency = \"SEK\"", "currency = \"Devisenart\""],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "a currency that cannot be read is not taken for another",
            files: one("a.csv", rows("Invoice,Client,Issued,Due,Total,Currency", "I{n},{c},2024-01-{d},2024-02-{d},10.50,Taler", 9)),
            status: 4,
            said: &["Currency is called so, but cannot be read as currencies, for example \"Taler\""],
            ..PLAIN
        },
        Case {
            title: "the export of a known system without the columns that say what was paid",
            files: one(
                "a.csv",
                rows(
                    "ID,Date,Number,Journal,Partner,Company,Amount in Currency,Currency,Balance",
                    "{n},2025-01-{d},INV/{n},Customer Invoices,One,Main,10.00,EUR,10.00",
                    9,
                ),
            ),
            lines: &["preset = \"odoo\""],
            said: &["the preset has columns that the file has not", "Matching # (clearing_id)"],
            ..PLAIN
        },
        Case {
            title: "numbers written as formulas",
            files: one(
                "a.csv",
                rows("Invoice,Customer,Date,Due Date,Amount,Currency", "=\"000{n}\",{c},2024-01-{d},2024-02-{d},10.50,EUR", 9),
            ),
            said: &["document_id is written as a formula in Invoice"],
            accepted: Some("9 accepted"),
            ..PLAIN
        },
        Case {
            title: "credit notes that were paid",
            files: one(
                "a.csv",
                rows("Invoice,Customer,Date,Due Date,Amount,Currency,Paid on", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR,2024-03-{d}", 9)
                    + "I99,C1,2024-01-20,2024-02-20,-5.00,EUR,2024-03-20\n",
            ),
            status: 4,
            said: &["1 credit note has a date in Paid on"],
            ..PLAIN
        },
    ]
}

/// What is wrong with the proposal for an export; nothing when it is as it should be.
fn wrong_with(case: &Case) -> Option<String> {
    let place = Place::empty();
    case.files.iter().for_each(|(name, text)| place.write(&format!("in/{name}"), text));
    let names: Vec<String> = case.files.iter().map(|(name, _)| format!("in/{name}")).collect();
    let ended: Ended = end_of(program().current_dir(place.path()).args(["init", "--out", "in/arrears.toml"]).args(&names));
    let config = std::fs::read_to_string(place.path().join("in/arrears.toml")).unwrap_or_default();
    let all = format!("{}\n{}\n{config}", ended.stdout, ended.stderr);
    let lines: Vec<String> = config.lines().map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned()).collect();
    let mut wrong: Vec<String> = Vec::new();
    if ended.status != case.status {
        wrong.push(format!("ends with {}, not {}", ended.status, case.status));
    }
    wrong.extend(case.lines.iter().filter(|line| !lines.iter().any(|found| found == **line)).map(|line| format!("no line: {line}")));
    wrong.extend(case.said.iter().filter(|words| !all.contains(**words)).map(|words| format!("does not say: {words}")));
    wrong.extend(case.not_said.iter().filter(|words| all.contains(**words)).map(|words| format!("says: {words}")));
    if let (0, Some(accepted)) = (case.status, case.accepted) {
        let ingested = end_of(program().current_dir(place.path().join("in")).args(["ingest", "--as-of", "2024-12-31"]));
        let said = format!("{}{}", ingested.stdout, ingested.stderr);
        if ingested.status != 0 || !said.contains(accepted) {
            wrong.push(format!("an ingest does not say: {accepted}: {said}"));
        }
    }
    (!wrong.is_empty()).then(|| format!("=== {}\n{}\n{all}", case.title, wrong.join("\n")))
}

fn assert_right(cases: &[Case]) {
    let wrong: Vec<String> = cases.iter().filter_map(wrong_with).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dates_columns_and_layouts_are_found() {
    assert_right(&layouts());
}

#[test]
fn files_that_are_no_invoices_are_what_they_are_or_refused_with_a_sentence() {
    assert_right(&kinds());
}

#[test]
fn what_would_make_amounts_wrong_cannot_be_run_and_what_would_be_misread_is_said() {
    assert_right(&doubts());
}

/// Of a large file head, middle and tail are looked at; where they overlap, no row may seem to come twice.
#[test]
fn rows_of_a_file_that_is_little_larger_than_its_head_do_not_come_twice() {
    let place = Place::empty();
    let row = format!("I{{n}},{{c}},2024-01-{{d}},2024-02-{{d}},10.50,EUR,{}", "as agreed ".repeat(30));
    place.write("a.csv", rows("Invoice,Customer,Date,Due Date,Amount,Currency,Memo", &row, 50_000));
    assert!(std::fs::metadata(place.path().join("a.csv")).expect("it is there").len() > 16 << 20);
    let ended = end_of(program().current_dir(place.path()).args(["init", "a.csv"])).expect(0);
    assert!(!ended.stdout.contains("share their document_id"), "{}", ended.stdout);
}

#[test]
fn what_a_shell_names_beside_exports_is_left_aside() {
    let place = Place::empty();
    place.write("a.csv", rows("Invoice,Customer,Date,Due Date,Amount,Currency", "I{n},{c},2024-01-{d},2024-02-{d},10.50,EUR", 9));
    place.write("readme.md", "text");
    let ended = end_of(program().current_dir(place.path()).args(["init", "a.csv", "readme.md"])).expect(0);
    assert!(ended.stdout.contains("left aside, not of a kind that can be read: readme.md"), "{}", ended.stdout);
}
