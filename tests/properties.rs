//! What holds for every ledger: made up at random, run through the whole program, and compared with the same ledger in
//! other words.

mod support;

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use support::{Place, Row, cell, money, table};

const AS_OF: &str = "2025-06-30";
const TABLES: [&str; 5] = ["aging", "customer_positions", "kpis", "open_items", "roll_forward"];

// --- ledgers -----------------------------------------------------------------------------------------------------------------------

/// A document as it is drawn; amounts in cents.
#[derive(Clone, Debug)]
struct Document {
    id: usize,
    kind: &'static str,
    customer: usize,
    /// Days since 2024-09-01.
    day: i64,
    terms: Option<i64>,
    cents: i64,
    currency: &'static str,
}

/// An application of a credit to a debit item, within what is left of both.
#[derive(Clone, Debug)]
struct Application {
    credit: usize,
    debit: usize,
    day: i64,
    cents: i64,
}

#[derive(Clone, Debug)]
struct Ledger {
    documents: Vec<Document>,
    applications: Vec<Application>,
}

/// How a ledger is written.
struct Written {
    id_prefix: &'static str,
    customer_prefix: &'static str,
    factor: i64,
    /// Whole years that all dates are later; 28 years on, every month has the same days and weekdays.
    years: i32,
    reversed: bool,
    empty_company: bool,
}

const PLAIN: Written = Written { id_prefix: "D", customer_prefix: "K", factor: 1, years: 0, reversed: false, empty_company: false };

const DEBITS: [&str; 5] = ["invoice", "invoice", "invoice", "debit_note", "refund"];
const CREDITS: [&str; 5] = ["receipt", "receipt", "receipt", "credit_note", "write_off"];

/// Debit and credit documents of two companies, and matches between them that are cut to what is left.
fn ledgers(currencies: &'static [&'static str]) -> impl Strategy<Value = Ledger> {
    let document = (
        any::<bool>(),
        0..5_usize,
        0..6_usize,
        0..330_i64,
        proptest::option::weighted(0.8, 0..90_i64),
        1..2_000_000_i64,
        0..currencies.len(),
    );
    let matched = (any::<usize>(), any::<usize>(), 0..340_i64, 1..2_000_000_i64);
    (prop::collection::vec(document, 12..60), prop::collection::vec(matched, 0..60)).prop_map(move |(drawn, matches)| {
        let documents: Vec<Document> = drawn
            .into_iter()
            .enumerate()
            .map(|(id, (is_debit, kind, customer, day, terms, cents, currency))| Document {
                id,
                kind: if is_debit { DEBITS[kind] } else { CREDITS[kind] },
                customer,
                day,
                terms: terms.filter(|_| is_debit),
                cents,
                currency: currencies[currency],
            })
            .collect();
        let mut left: Vec<i64> = documents.iter().map(|document| document.cents).collect();
        let mut applications = Vec::new();
        for (credit, debit, day, cents) in matches {
            let debits: Vec<&Document> = documents.iter().filter(|document| DEBITS.contains(&document.kind)).collect();
            let Some(debit) = debits.get(debit % debits.len().max(1)) else { continue };
            let alike = |document: &&Document| {
                CREDITS.contains(&document.kind) && document.customer % 2 == debit.customer % 2 && document.currency == debit.currency
            };
            let credits: Vec<&Document> = documents.iter().filter(alike).collect();
            let Some(credit) = credits.get(credit % credits.len().max(1)) else { continue };
            let cents = cents.min(left[debit.id]).min(left[credit.id]);
            if cents > 0 {
                left[debit.id] -= cents;
                left[credit.id] -= cents;
                applications.push(Application { credit: credit.id, debit: debit.id, day, cents });
            }
        }
        Ledger { documents, applications }
    })
}

impl Ledger {
    /// Writes the ledger, runs its night, and returns the place.
    fn publish(&self, how: &Written) -> Place {
        let place = Place::empty();
        place.write(
            "arrears.toml",
            "base_currency = \"USD\"\nhistory_months = 8\n[[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n",
        );
        let day = |days: i64| {
            let day = chrono::NaiveDate::from_ymd_opt(2024, 9, 1).expect("a date") + chrono::Duration::days(days);
            chrono::Datelike::with_year(&day, chrono::Datelike::year(&day) + how.years).expect("28 years on there is the same day")
        };
        let amount = |cents: i64| format!("{}.{:02}", cents * how.factor / 100, cents * how.factor % 100);
        let (documents, customers) = (how.id_prefix, how.customer_prefix);
        let mut lines: Vec<String> = Vec::new();
        for d in &self.documents {
            let due = d.terms.map_or(String::new(), |terms| day(d.day + terms).to_string());
            let customer = format!("{customers}{}", d.customer);
            let (company, amount) = (company(d.customer), amount(d.cents));
            lines.push(format!("{company},{documents}{:03},{},{customer},{},{due},{amount},{}", d.id, d.kind, day(d.day), d.currency));
        }
        write_table(
            &place,
            "documents",
            "company_id,document_id,document_type,customer_id,document_date,due_date,amount,currency",
            lines,
            how,
        );
        let applied = self.applications.iter().enumerate().map(|(number, a)| {
            let company = company(self.documents[a.debit].customer);
            let (credit, debit) = (a.credit, a.debit);
            format!("{company},A{number:03},{documents}{credit:03},{documents}{debit:03},{},{}", day(a.day), amount(a.cents))
        });
        let heading = "company_id,application_id,credit_document_id,debit_document_id,applied_date,amount";
        write_table(&place, "applications", heading, applied.collect(), how);
        let mut rows: Vec<String> = (0..6).map(|n| format!("{},{customers}{n},s{}", company(n), n % 3)).collect();
        if how.empty_company {
            rows.push(format!("z,{customers}9,s1"));
        }
        write_table(&place, "customers", "company_id,customer_id,segment", rows, how);
        let rates = [(0, "1.10"), (100, "1.0350"), (220, "1.2104"), (290, "0.98")].map(|(days, rate)| format!("{},EUR,{rate}", day(days)));
        write_table(&place, "fx_rates", "rate_date,currency,rate", rates.to_vec(), how);
        place.run(&as_of(how)).expect(0);
        place
    }
}

/// Customers with even numbers are those of company `x`, the others of `y`.
fn company(customer: usize) -> &'static str {
    if customer.is_multiple_of(2) { "x" } else { "y" }
}

fn as_of(how: &Written) -> String {
    format!("{}{}", 2025 + how.years, &AS_OF[4..])
}

fn write_table(place: &Place, name: &str, heading: &str, mut lines: Vec<String>, how: &Written) {
    if how.reversed {
        lines.reverse();
    }
    let mut text = format!("{heading}\n");
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    place.write(&format!("ledger/{name}.csv"), text);
}

fn night(place: &Place, how: &Written) -> BTreeMap<&'static str, Vec<Row>> {
    let night = place.night(&as_of(how));
    let tables: BTreeMap<&str, Vec<Row>> = TABLES.iter().map(|name| (*name, table(&night, name))).collect();
    assert!(!tables["kpis"].is_empty() && !tables["roll_forward"].is_empty(), "something is published");
    tables
}

/// Changes every text of every row.
fn reworded(mut tables: BTreeMap<&'static str, Vec<Row>>, word: impl Fn(&str, &str) -> String) -> BTreeMap<&'static str, Vec<Row>> {
    for (column, text) in tables.values_mut().flatten().flat_map(|row| row.iter_mut()) {
        if let Some(text) = text {
            *text = word(column, text);
        }
    }
    tables
}

fn assert_same_tables(found: &BTreeMap<&str, Vec<Row>>, expected: &BTreeMap<&str, Vec<Row>>, what: &str) {
    for name in TABLES {
        assert_eq!(found[name].len(), expected[name].len(), "{what}: rows of {name}");
        for (found, expected) in found[name].iter().zip(&expected[name]) {
            assert_eq!(found, expected, "{what}: {name}");
        }
    }
}

// --- properties --------------------------------------------------------------------------------------------------------------------

const BOTH: &[&str] = &["USD", "EUR"];

fn few() -> ProptestConfig {
    ProptestConfig { cases: 5, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn the_order_of_rows_is_irrelevant(ledger in ledgers(BOTH)) {
        let reversed = Written { reversed: true, ..PLAIN };
        let (found, expected) = (ledger.publish(&reversed), ledger.publish(&PLAIN));
        for name in TABLES {
            let bytes = |place: &Place| std::fs::read(place.night(AS_OF).join(name).join("part-00000.parquet")).expect("it is there");
            prop_assert!(bytes(&found) == bytes(&expected), "{} has other bytes", name);
        }
    }

    #[test]
    fn new_ids_change_ids_and_nothing_else(ledger in ledgers(BOTH)) {
        let renamed = Written { id_prefix: "NEW-", customer_prefix: "C", ..PLAIN };
        let back = |column: &str, text: &str| match column {
            "document_id" => text.replacen("NEW-", "D", 1),
            "customer_id" => text.replacen('C', "K", 1),
            // The values of the scope customer; those of segments, currencies and terms do not begin so.
            "scope_value" if text.starts_with('C') && text.len() == 2 => text.replacen('C', "K", 1),
            _ => text.to_owned(),
        };
        let (found, expected) = (ledger.publish(&renamed), ledger.publish(&PLAIN));
        let found = night(&found, &renamed);
        prop_assert!(found["open_items"].iter().all(|row| cell(row, "document_id").is_some_and(|id| id.starts_with("NEW-"))));
        assert_same_tables(&reworded(found, back), &night(&expected, &PLAIN), "new ids");
    }

    #[test]
    fn twenty_eight_years_earlier_everything_is_the_same(ledger in ledgers(BOTH)) {
        let earlier = Written { years: -28, ..PLAIN };
        let back = |column: &str, text: &str| match (column.ends_with("_date") || column.starts_with("period_"), text.split_at_checked(4)) {
            (true, Some((year, rest))) => format!("{}{rest}", year.parse::<i32>().expect("a year") + 28),
            _ => text.to_owned(),
        };
        let (found, expected) = (ledger.publish(&earlier), ledger.publish(&PLAIN));
        assert_same_tables(&reworded(night(&found, &earlier), back), &night(&expected, &PLAIN), "28 years earlier");
    }

    #[test]
    fn ten_times_the_money_is_ten_times_every_balance_and_the_same_ratios(ledger in ledgers(&["USD"])) {
        let (found, expected) = (ledger.publish(&Written { factor: 10, ..PLAIN }), ledger.publish(&PLAIN));
        let (found, expected) = (night(&found, &PLAIN), night(&expected, &PLAIN));
        for name in TABLES {
            prop_assert_eq!(found[name].len(), expected[name].len(), "rows of {}", name);
            for (found, expected) in found[name].iter().zip(&expected[name]) {
                for (column, text) in expected {
                    assert_scaled(name, column, found[column].as_deref(), text.as_deref(), expected);
                }
            }
        }
    }

    #[test]
    fn a_company_without_documents_changes_nothing_of_the_others(ledger in ledgers(BOTH)) {
        let with = Written { empty_company: true, ..PLAIN };
        let (found, expected) = (ledger.publish(&with), ledger.publish(&PLAIN));
        let mut found = night(&found, &with);
        found.values_mut().for_each(|rows| rows.retain(|row| cell(row, "company_id") != Some("z")));
        assert_same_tables(&found, &night(&expected, &PLAIN), "with an empty company");
    }

    #[test]
    fn every_law_holds_on_every_ledger(ledger in ledgers(BOTH)) {
        let place = ledger.publish(&PLAIN);
        let checks = checks_of(&place.out());
        prop_assert!(checks.len() >= 10);
        for (name, status) in checks {
            prop_assert_eq!(status, "pass", "{}", name);
        }
        // By hand, from the documents alone: what is owed to every company in every currency. (Not by customer: an application
        // may join two of them.)
        let positions = table(&place.night(AS_OF), "customer_positions");
        let mut owed: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for document in ledger.documents.iter().filter(|document| document.day <= LAST_DAY) {
            let sign = if DEBITS.contains(&document.kind) { 1 } else { -1 };
            *owed.entry((company(document.customer), document.currency)).or_default() += sign * document.cents;
        }
        for ((company, currency), cents) in owed {
            let of_company = positions.iter().filter(|row| support::is(row, &[("company_id", company), ("currency", currency)]));
            let found: i128 = of_company.map(|row| support::money_in(row, "net_amount")).sum();
            prop_assert_eq!(found, i128::from(cents) * 100, "{} in {}", company, currency);
        }
    }
}

/// Days from 2024-09-01 to the date of the night.
const LAST_DAY: i64 = 302;

fn checks_of(out: &Path) -> Vec<(String, String)> {
    let files = support::files_of(&out.join("runs"));
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("run_results.json")).expect("the run has a record");
    let record: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    record["checks"].as_array().expect("it lists checks").iter().map(|check| (text(&check["name"]), text(&check["status"]))).collect()
}

/// Money is ten times what it was, to the ten-thousandth; a concentration's parts are squares; an average that is published
/// with four decimals may differ by their rounding; everything else is the same.
fn assert_scaled(table: &str, column: &str, found: Option<&str>, expected: Option<&str>, row: &Row) {
    let (Some(found), Some(expected)) = (found, expected) else {
        return assert_eq!(found, expected, "{table}.{column} of {row:?}");
    };
    let metric = row.get("metric").and_then(Option::as_deref).unwrap_or_default();
    let is_share = column == "value" || column == "utilisation";
    if column == "numerator" || column == "denominator" || column.contains("amount") {
        let factor = if metric == "hhi" { 100 } else { 10 };
        let rounding = if ["receivables_turnover", "average_collection_period"].contains(&metric) { 5 } else { 0 };
        let difference = (money(found) - factor * money(expected)).abs();
        assert!(difference <= rounding, "{table}.{column}: {found} is not {factor} × {expected} in {row:?}");
    } else if is_share {
        let (found, expected): (f64, f64) = (found.parse().expect("a number"), expected.parse().expect("a number"));
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{table}.{column}: {found} is not {expected} in {row:?}");
    } else {
        assert_eq!(found, expected, "{table}.{column} of {row:?}");
    }
}
