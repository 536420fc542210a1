//! Every preset reads a sample of its system's own export: what is open, the receivable, and what could not be read, worked by hand.

mod support;

use arrears::config::presets::{all, named};
use arrears::ingest::LedgerIndex;
use support::{Place, Row, cell, end_of, is, money, money_in, program, table, table_where};

const AS_OF: &str = "2025-06-30";

/// What a sample says.
struct Expected {
    /// The folder.
    sample: &'static str,
    /// `document/item currency open`, credits below zero.
    open: &'static [&'static str],
    /// The receivable in base currency at the closing rate, credits that are not applied taken off.
    receivable: &'static str,
    /// `stage table reason` of what was not taken or left out.
    quarantine: &'static [&'static str],
    /// `file read accepted repaired unchanged quarantined`.
    files: &'static [&'static str],
}

fn check(expected: &Expected) {
    let place = Place::copy_of(&format!("data-samples/presets/{}", expected.sample));
    place.run(AS_OF).expect(0);
    let night = place.night(AS_OF);
    let rows = table(&night, "open_items");
    let text = |row: &Row, column: &str| cell(row, column).unwrap_or_default().to_owned();
    let mut open: Vec<String> = rows
        .iter()
        .map(|row| {
            let item = format!("{}/{}", text(row, "document_id"), text(row, "item_no"));
            format!("{item} {} {}", text(row, "currency"), text(row, "open_amount"))
        })
        .collect();
    open.sort();
    let mut wanted: Vec<String> = expected.open.iter().map(|line| (*line).to_owned()).collect();
    wanted.sort();
    assert_eq!(open, wanted, "{}", expected.sample);
    let sum: i128 = rows.iter().map(|row| money_in(row, "open_amount_base")).sum();
    assert_eq!(sum, money(expected.receivable), "{}", expected.sample);
    let mut quarantine: Vec<String> = table(&night, "quarantine")
        .iter()
        .map(|row| format!("{} {} {}", text(row, "stage"), text(row, "table_name"), text(row, "reason")))
        .collect();
    quarantine.sort();
    assert_eq!(quarantine, expected.quarantine, "{}", expected.sample);
    check_files(&place, expected);
}

/// Law 4, in the index and as it is published.
fn check_files(place: &Place, expected: &Expected) {
    let index = LedgerIndex::read(&place.out()).expect("the index is read").expect("there is a ledger");
    let mut files = Vec::new();
    for file in index.files.iter().filter(|file| file.source != "rates") {
        for counts in file.tables.values() {
            assert!(counts.balances(), "{}: {counts:?}", file.file);
            let numbers = [counts.read, counts.accepted, counts.repaired, counts.unchanged, counts.quarantined];
            files.push(format!("{} {}", file.file, numbers.map(|number| number.to_string()).join(" ")));
        }
        let of_file = table_where(&place.night(AS_OF), "data_quality", &[("source", &file.source), ("file", &file.file)]);
        let total = |measure: &str, column: &str| -> i128 {
            let totals = of_file.iter().filter(|row| is(row, &[("measure", measure)]) && cell(row, "reason").is_none());
            totals
                .map(|row| {
                    if column == "amount" {
                        money_in(row, column)
                    } else {
                        cell(row, column).and_then(|text| text.parse().ok()).unwrap_or(0)
                    }
                })
                .sum()
        };
        let read: u64 = file.tables.values().map(|counts| counts.read).sum();
        assert_eq!(total("read", "row_count"), i128::from(read), "{}", file.file);
        for column in ["row_count", "amount"] {
            let parts: i128 = ["accepted", "repaired", "unchanged", "quarantined"].iter().map(|measure| total(measure, column)).sum();
            assert_eq!(total("read", column), parts, "{} {column}", file.file);
        }
    }
    files.sort();
    assert_eq!(files, expected.files, "{}", expected.sample);
}

#[test]
fn sap_customer_items() {
    // The first clearing: 1,190 with its payment. The second: 2,380 with a payment line of 2,380, which left a residual item of 380.
    // The third: 595 with a credit memo of 119 and 476 paid. The fourth: 11.90 written off. The fifth: a payment of 238 and its
    // return; its invoice is open again. 380 + 238 + 714 − 100 + 1,000 dollars at 0.9 = 2,132. 59.50 with a point is no German
    // number, and there is no 31 February.
    check(&Expected {
        sample: "sap_customer_items",
        open: &[
            "1400000002/2 EUR 380.0000",
            "1400000006/1 EUR -100.0000",
            "1800000005/1 USD 1000.0000",
            "1800000006/1 EUR 238.0000",
            "1800000007/1 EUR 714.0000",
        ],
        receivable: "2132",
        quarantine: &["ingest open_and_cleared bad_amount", "ingest open_and_cleared bad_date"],
        files: &["cleared.csv 11 11 0 0 0", "open.csv 7 5 0 0 2"],
    });
}

#[test]
fn oracle_receivables() {
    // INV-1: 1,000 − 100 credited − 900 paid. INV-2: 500 − 300; RCPT-2 has 50 on account. INV-3: 800 − 15 written off. RCPT-3 was
    // applied and taken back: INV-4 is open again, and so is the receipt. 200 − 50 + 785 + 25 + 5 + (400 − 400) × 1.1 = 965.
    // A receipt above zero contradicts its class, and the row on account names no document.
    check(&Expected {
        sample: "oracle_receivables",
        open: &[
            "10002/1 USD 200.0000",
            "10005/1 USD -50.0000",
            "10006/1 USD 785.0000",
            "10007/1 USD 25.0000",
            "10008/1 EUR 400.0000",
            "10009/1 EUR -400.0000",
            "ADJ-2/1 USD 5.0000",
        ],
        receivable: "965",
        quarantine: &["ingest applications missing_value", "ingest documents sign_contradicts_type"],
        files: &[
            "ar_adjustments_all.csv 2 2 0 0 0",
            "ar_payment_schedules_all.csv 10 9 0 0 1",
            "ar_receivable_applications_all.csv 6 5 0 0 1",
        ],
    });
}

#[test]
fn netsuite() {
    // One payment of 1,350 in two rows: 1,200 to INV100, 150 to INV101; CM1 takes 50 and the journal the last 100. PYMT2 has 200 euros
    // left, RFND1 paid them back, and nothing says that they belong together. PYMT3 names a transaction that was not exported.
    // (−200 + 200) × 1.2 − 80 + 900 = 820. A sales order is no receivable; the sign of the credit memo is noise.
    check(&Expected {
        sample: "netsuite",
        open: &["2006/1 EUR -200.0000", "2007/1 EUR 200.0000", "2010/1 USD -80.0000", "2012/1 USD 900.0000"],
        receivable: "820",
        quarantine: &["ingest transactions unknown_word", "ledger applications unknown_document"],
        files: &["transactions.csv 12 10 1 0 1"],
    });
}

#[test]
fn quickbooks() {
    // 1A: 1,000 paid. 1B: 400 − 300 − 40 = 60. 1C: 250. The credit memo of 50 is not applied, nor are 20 of the second payment. Invoice
    // 1D has a comma that its source does not write, so that the 30 paid on it wait. 60 + 250 − 50 − 20 − 30 = 210.
    check(&Expected {
        sample: "quickbooks",
        open: &[
            "1B-1736467200/1 USD 60.0000",
            "1C-1740787200/1 USD 250.0000",
            "2A-1741996800/1 USD -50.0000",
            "3B-1741046400/1 USD -20.0000",
            "3C-1743465600/1 USD -30.0000",
        ],
        receivable: "210",
        quarantine: &["ingest documents bad_amount", "ledger applications unknown_document"],
        files: &["credit_memos.csv 1 1 0 0 0", "invoices.csv 4 3 0 0 1", "payments.csv 4 4 0 0 0"],
    });
}

#[test]
fn xero() {
    // INV-001 has two lines and is paid. INV-002: 220 − 120; the payment of 100 was deleted. INV-003 and CN-001 are in dollars, INV-004
    // is void, INV-005 has no date. 100 + (550 − 55) × 1.5 = 842.50.
    check(&Expected {
        sample: "xero",
        open: &["CN-001/1 USD -55.0000", "INV-002/1 AUD 100.0000", "INV-003/1 USD 550.0000"],
        receivable: "842.50",
        quarantine: &["ingest documents bad_date"],
        files: &["Payments.csv 3 3 0 0 0", "SalesInvoices.csv 7 4 1 1 1"],
    });
}

#[test]
fn odoo() {
    // 45: 1,000 paid. P12 is partial: 600 − 200 = 400 stay open, which is said of the item. 46: 10 written off. 47: a payment and its
    // return. 400 − 90 + 300 dollars at 0.9 = 580. A vendor bill is no receivable.
    check(&Expected {
        sample: "odoo",
        open: &["103/1 EUR 400.0000", "105/1 USD 300.0000", "106/1 EUR -90.0000"],
        receivable: "580",
        quarantine: &["ingest open_and_cleared unknown_word", "ledger clearings clearing_not_balanced"],
        files: &["account.move.line.csv 11 10 0 0 1"],
    });
}

#[test]
fn erpnext() {
    // 00002: 300 − 100 − 50 returned − 30 written off = 120. The second payment is an advance of 75. The third was taken back, so that
    // 00003 is open with 120 dollars at 83. 120 − 75 + 9,960 = 10,005.
    check(&Expected {
        sample: "erpnext",
        open: &["ACC-PAY-2025-00002/1 INR -75.0000", "ACC-SINV-2025-00002/1 INR 120.0000", "ACC-SINV-2025-00003/1 USD 120.0000"],
        receivable: "10005",
        quarantine: &["ingest transactions bad_date"],
        files: &["Payment Ledger Entry.csv 10 9 0 0 1"],
    });
}

#[test]
fn business_central() {
    // 1 is closed by 3. 2: 150 by payment 4, which says so itself, and 250 by payment 5, of whose last 50 the refund 11 says that it is
    // closed by them. 6 takes 80 off 7; 10 closes the finance charge 9. 420 + 200 euros at 0.85 = 590. 31/5 is no American date.
    check(&Expected {
        sample: "business_central",
        open: &["7/1 GBP 420.0000", "8/1 EUR 200.0000"],
        receivable: "590",
        quarantine: &["ingest transactions bad_date"],
        files: &["Customer Ledger Entries.csv 12 11 0 0 1"],
    });
}

#[test]
fn stripe_invoices() {
    // The first is paid, the fourth void, the fifth a draft. 250 + 80 euros at 1.1 + 45 given up, which is no write-off = 383. Thirty
    // dollars paid without a date, and a currency that is none.
    check(&Expected {
        sample: "stripe_invoices",
        open: &["in_1Bb/1 USD 250.0000", "in_1Cc/1 EUR 80.0000", "in_1Gg/1 USD 45.0000"],
        receivable: "383",
        quarantine: &["ingest flat_invoices paid_amount_without_date", "ingest flat_invoices unknown_currency"],
        files: &["invoices.csv 8 6 0 0 2"],
    });
}

/// Up to version 16 every item that is reconciled in part has the same mark: nothing says what it was reconciled with.
#[test]
fn odoo_items_of_the_same_mark_are_not_taken_for_one_clearing() {
    let place = Place::empty();
    place.write("arrears.toml", "base_currency = \"EUR\"\noutput = \"out\"\n[[source]]\npath = \"items.csv\"\npreset = \"odoo\"\n");
    place.write(
        "items.csv",
        "ID,Date,Number,Journal,Partner,Due Date,Amount in Currency,Currency,Balance,Matching #\n\
         1,2025-01-05,INV/1,Customer Invoices,One,2025-02-04,1000.00,EUR,1000.00,P\n\
         2,2025-01-06,INV/2,Customer Invoices,Two,2025-02-05,300.00,EUR,300.00,P\n\
         3,2025-02-03,BNK/1,Bank,Two,2025-02-03,-250.00,EUR,-250.00,P\n",
    );
    let ended = end_of(program().current_dir(place.path()).args(["run", "--as-of", "2025-06-30"])).expect(0);
    assert!(ended.stderr.contains("3 document items, 0 applications"), "{}", ended.stderr);
    // 1,000.00 and 300.00 are open, and 250.00 are not applied.
    assert!(ended.stdout.contains("1,050.00 EUR receivable"), "{}", ended.stdout);
}

#[test]
fn every_preset_has_a_sample_and_can_be_shown() {
    let samples = support::repository().join("data-samples/presets");
    let configurations: Vec<String> = std::fs::read_dir(samples)
        .expect("there are samples")
        .filter_map(|folder| std::fs::read_to_string(folder.expect("it is read").path().join("arrears.toml")).ok())
        .collect();
    let listed = end_of(program().arg("presets")).expect(0).stdout;
    for preset in all() {
        let line = format!("preset = \"{}\"", preset.name);
        assert!(configurations.iter().any(|text| text.contains(&line)), "{}", preset.name);
        assert!(listed.contains(&format!("{} ", preset.name)), "{listed}");
        assert_eq!(end_of(program().args(["presets", preset.name])).expect(0).stdout, named(preset.name).expect("it is listed").text);
    }
    let wrong = end_of(program().args(["presets", "netsuit"])).expect(2);
    assert!(wrong.stderr.contains("did you mean netsuite?"), "{}", wrong.stderr);
}
