//! What holds for every ledger: made up at random, run through the whole program, and compared with the same ledger in
//! other words. Every table of the night is compared, by the types of its columns, so that tables to come are covered.

mod support;
#[path = "support/typed.rs"]
mod typed;

use arrow::datatypes::DataType;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use support::{Place, Row, cell, end_of, files_of, money, table};
use typed::{Published, tables_of};

/// The business date of a ledger that is not moved.
const AS_OF: &str = "2025-06-30";

/// Days from the first date of a ledger, 2024-09-01, to its business date.
const LAST_DAY: i64 = 302;

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
    /// Two per cent for paying within so many days.
    discount_days: Option<i64>,
    /// Days from the delivery to the document.
    delivered_before: Option<i64>,
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
    /// Days after it became visible, when it is un-applied.
    taken_back_after: Option<i64>,
}

/// A dispute of a debit document.
#[derive(Clone, Debug)]
struct Dispute {
    document: usize,
    day: i64,
    closed_after: Option<i64>,
    cents: Option<i64>,
}

/// A promise of a customer, for one document or for what he owes.
#[derive(Clone, Debug)]
struct Promise {
    customer: usize,
    document: Option<usize>,
    day: i64,
    days: i64,
    cents: i64,
}

/// Shown as the canonical files, so that a counterexample can be tried by hand.
#[derive(Clone)]
struct Ledger {
    documents: Vec<Document>,
    applications: Vec<Application>,
    disputes: Vec<Dispute>,
    promises: Vec<Promise>,
}

const DEBITS: [&str; 7] = ["invoice", "invoice", "invoice", "invoice", "debit_note", "refund", "receipt_reversal"];
const CREDITS: [&str; 7] = ["receipt", "receipt", "receipt", "receipt", "credit_note", "write_off", "discount"];
const CUSTOMERS: usize = 6;

fn is_debit(document: &Document) -> bool {
    DEBITS.contains(&document.kind)
}

/// Documents that are sold, with terms; and others without.
fn documents(currencies: &'static [&'static str]) -> impl Strategy<Value = Vec<Document>> {
    let cents = prop_oneof![1 => Just(0_i64), 12 => 1..2_000_000_i64];
    let terms = (
        proptest::option::weighted(0.8, 0..90_i64),
        proptest::option::weighted(0.3, 0..20_i64),
        proptest::option::weighted(0.5, -3..10_i64),
    );
    let document = (any::<bool>(), 0..DEBITS.len(), 0..CUSTOMERS, 0..330_i64, terms, cents, 0..currencies.len());
    prop::collection::vec(document, 12..60).prop_map(move |drawn| {
        let drawn = drawn.into_iter().enumerate();
        let documents = drawn.map(|(id, (is_debit, kind, customer, day, (terms, discount_days, delivered_before), cents, currency))| {
            let kind = if is_debit { DEBITS[kind] } else { CREDITS[kind] };
            let discount_days = discount_days.filter(|_| kind == "invoice");
            // Two per cent of whole units of 50 cents are whole cents, so that scaling is exact.
            let cents = if discount_days.is_some() { cents - cents % 50 } else { cents };
            let terms = terms.filter(|_| is_debit);
            let delivered_before = delivered_before.filter(|_| is_debit);
            Document { id, kind, customer, day, terms, discount_days, delivered_before, cents, currency: currencies[currency] }
        });
        documents.collect()
    })
}

/// Debit and credit documents of two companies, and matches between them that are cut to what is left.
fn ledgers(currencies: &'static [&'static str]) -> impl Strategy<Value = Ledger> {
    let matched = (any::<usize>(), any::<usize>(), 0..340_i64, 1..2_000_000_i64, proptest::option::weighted(0.15, 1..60_i64));
    let any_cents = proptest::option::weighted(0.5, 1..1_000_000_i64);
    let dispute = (any::<usize>(), 0..330_i64, proptest::option::weighted(0.6, 0..90_i64), any_cents);
    let promise = (0..CUSTOMERS, proptest::option::weighted(0.6, any::<usize>()), 0..320_i64, 0..40_i64, 1..1_000_000_i64);
    let matches = prop::collection::vec(matched, 0..60);
    let disputes = prop::collection::vec(dispute, 1..8);
    let promises = prop::collection::vec(promise, 1..12);
    (documents(currencies), matches, disputes, promises).prop_map(|(documents, matches, disputes, promises)| {
        let sold = |customer: Option<usize>| -> Vec<usize> {
            let of = documents.iter().filter(|document| is_debit(document) && customer.is_none_or(|one| document.customer == one));
            of.map(|document| document.id).collect()
        };
        let pick = |from: &[usize], at: usize| from.get(at % from.len().max(1)).copied();
        let disputes = disputes.into_iter().filter_map(|(document, day, closed_after, cents)| {
            let document = pick(&sold(None), document)?;
            Some(Dispute { document, day, closed_after, cents })
        });
        let promises = promises.into_iter().map(|(customer, document, day, days, cents)| {
            let document = document.and_then(|at| pick(&sold(Some(customer)), at));
            Promise { customer, document, day, days, cents }
        });
        let (disputes, promises) = (disputes.collect(), promises.collect());
        let applications = applications(&documents, matches);
        Ledger { documents, applications, disputes, promises }
    })
}

/// What is drawn of a match: which credit, which debit, day, cents, and when it is taken back.
type Matched = (usize, usize, i64, i64, Option<i64>);

/// Matches of documents in one currency and company, cut to what is left. What is taken back is not matched again.
fn applications(documents: &[Document], matches: Vec<Matched>) -> Vec<Application> {
    let mut left: Vec<i64> = documents.iter().map(|document| document.cents).collect();
    let mut applications = Vec::new();
    for (credit, debit, day, cents, taken_back_after) in matches {
        let debits: Vec<&Document> = documents.iter().filter(|document| is_debit(document)).collect();
        let Some(debit) = debits.get(debit % debits.len().max(1)) else { continue };
        let alike = |document: &&Document| {
            !is_debit(document) && document.customer % 2 == debit.customer % 2 && document.currency == debit.currency
        };
        let credits: Vec<&Document> = documents.iter().filter(alike).collect();
        let Some(credit) = credits.get(credit % credits.len().max(1)) else { continue };
        let cents = cents.min(left[debit.id]).min(left[credit.id]);
        if cents > 0 {
            left[debit.id] -= cents;
            left[credit.id] -= cents;
            applications.push(Application { credit: credit.id, debit: debit.id, day, cents, taken_back_after });
        }
    }
    applications
}

// --- the same ledger in other words ------------------------------------------------------------------------------------------------

/// How a ledger is written.
#[derive(Clone, Copy)]
struct Written {
    names: Names,
    factor: i64,
    /// Whole days that all dates are later.
    days: i64,
    reversed: bool,
    empty_company: bool,
    files: Files,
}

/// How companies, customers and documents are called.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    Plain,
    /// Other names in the same order.
    Prefixed,
    /// Other names in another order.
    Shuffled,
}

/// What files the ledger comes in.
#[derive(Clone, Copy, PartialEq)]
enum Files {
    /// One of each table.
    Whole,
    /// Three of each table.
    Split,
    /// Three of each table, the first of which was ingested three weeks before the others came.
    Delivered,
}

const PLAIN: Written = Written { names: Names::Plain, factor: 1, days: 0, reversed: false, empty_company: false, files: Files::Whole };

/// 28 years are whole weeks, and every month has the same days and weekdays (between 1901 and 2099).
const DAYS_OF_28_YEARS: i64 = 28 * 365 + 7;

impl Names {
    /// Customers with even numbers are those of one company, the others of another.
    fn company(self, customer: usize) -> &'static str {
        let names = match self {
            Names::Plain => ["east", "west"],
            Names::Prefixed => ["new-east", "new-west"],
            Names::Shuffled => ["zenith", "acme"],
        };
        names[customer % 2]
    }

    fn customer(self, number: usize) -> String {
        match self {
            Names::Plain => format!("K{number}"),
            Names::Prefixed => format!("C-{number}"),
            Names::Shuffled => format!("Q{}", (number * 4 + 3) % 7),
        }
    }

    fn document(self, number: usize) -> String {
        match self {
            Names::Plain => format!("D{number:03}"),
            Names::Prefixed => format!("NEW-{number:03}"),
            Names::Shuffled => format!("X{:03}", (number * 37 + 11) % 101),
        }
    }

    /// From these names back to the plain ones.
    fn back(self) -> BTreeMap<String, String> {
        let companies = (0..2).map(|n| (self.company(n).to_owned(), Names::Plain.company(n).to_owned()));
        let customers = (0..CUSTOMERS).map(|n| (self.customer(n), Names::Plain.customer(n)));
        let documents = (0..60).map(|n| (self.document(n), Names::Plain.document(n)));
        companies.chain(customers).chain(documents).collect()
    }
}

impl Written {
    fn date(&self, days: i64) -> chrono::NaiveDate {
        chrono::NaiveDate::from_ymd_opt(2024, 9, 1).expect("a date") + chrono::Duration::days(days + self.days)
    }

    fn optional_date(&self, days: Option<i64>) -> String {
        days.map_or(String::new(), |days| self.date(days).to_string())
    }

    fn amount(&self, cents: i64) -> String {
        let sign = if cents < 0 { "-" } else { "" };
        let cents = cents.abs() * self.factor;
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }

    fn as_of(&self) -> String {
        self.date(LAST_DAY).to_string()
    }

    fn night(&self, place: &Place) -> Night {
        let mut tables = tables_of(&place.night(&self.as_of()));
        // A sentence of dates and amounts, which have columns of their own.
        if let Some(list) = tables.get_mut("worklist") {
            list.types.remove("reason");
            list.rows.iter_mut().for_each(|row| drop(row.remove("reason")));
        }
        for table in tables.values_mut() {
            // Versions are named by all that a model was made from, its date and the names of customers too; families by a member;
            // reviews of the same loss are ranked by customer.
            for column in ["model_version", "family_id", "queue_rank"] {
                table.types.remove(column);
                table.rows.iter_mut().for_each(|row| drop(row.remove(column)));
            }
        }
        assert!(!tables["kpis"].rows.is_empty() && !tables["roll_forward"].rows.is_empty(), "something is published");
        assert!(tables["quarantine"].rows.is_empty(), "every row is used: {:?}", tables["quarantine"].rows);
        tables
    }
}

/// The tables of a ledger: name, heading and lines.
type Tables = Vec<(&'static str, &'static str, Vec<String>)>;

impl std::fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, heading, lines) in self.tables(&PLAIN) {
            write!(formatter, "\n{name}.csv\n{heading}\n{}\n", lines.join("\n"))?;
        }
        Ok(())
    }
}

impl Ledger {
    fn tables(&self, how: &Written) -> Tables {
        let rates = [(0, "1.10"), (100, "1.0350"), (220, "1.2104"), (290, "0.98")];
        let rates = rates.map(|(days, rate)| format!("{},EUR,{rate}", how.date(days)));
        vec![
            (
                "documents",
                "company_id,document_id,document_type,customer_id,document_date,due_date,amount,currency,discount_percent,discount_date,\
                 delivery_date",
                self.documents.iter().map(|document| document_line(document, how)).collect(),
            ),
            (
                "applications",
                "company_id,application_id,credit_document_id,debit_document_id,applied_date,amount",
                self.applications.iter().enumerate().flat_map(|(number, one)| self.application_lines(number, one, how)).collect(),
            ),
            ("customers", "company_id,customer_id,segment,credit_limit", customer_lines(how)),
            (
                "disputes",
                "company_id,dispute_id,document_id,item_no,opened_date,closed_date,amount",
                self.disputes.iter().enumerate().map(|(number, one)| self.dispute_line(number, one, how)).collect(),
            ),
            (
                "promises",
                "company_id,promise_id,customer_id,document_id,made_date,promised_date,amount",
                self.promises.iter().enumerate().map(|(number, one)| promise_line(number, one, how)).collect(),
            ),
            ("fx_rates", "rate_date,currency,rate", rates.to_vec()),
        ]
    }

    fn application_lines(&self, number: usize, one: &Application, how: &Written) -> Vec<String> {
        let (credit, debit) = (&self.documents[one.credit], &self.documents[one.debit]);
        let line = |id: String, day: i64, cents: i64| {
            let (company, names) = (how.names.company(debit.customer), how.names);
            let (credit, debit) = (names.document(credit.id), names.document(debit.id));
            format!("{company},{id},{credit},{debit},{},{}", how.date(day), how.amount(cents))
        };
        let visible = one.day.max(credit.day).max(debit.day);
        let taken_back = one.taken_back_after.map(|days| line(format!("A{number:03}-back"), visible + days, -one.cents));
        [line(format!("A{number:03}"), one.day, one.cents)].into_iter().chain(taken_back).collect()
    }

    fn dispute_line(&self, number: usize, one: &Dispute, how: &Written) -> String {
        let (company, document) = (how.names.company(self.documents[one.document].customer), how.names.document(one.document));
        let closed = how.optional_date(one.closed_after.map(|days| one.day + days));
        let amount = one.cents.map_or(String::new(), |cents| how.amount(cents));
        format!("{company},T{number:02},{document},1,{},{closed},{amount}", how.date(one.day))
    }

    /// Writes the ledger, runs its night, and returns the place.
    fn publish(&self, how: &Written) -> Place {
        let place = Place::empty();
        // Forecasts name their draws by customers and dates: what they keep when these change is said in tests/as_of.rs.
        let mut config =
            "base_currency = \"USD\"\nhistory_months = 8\n\n[forecast]\nenabled = false\n\n[risk]\namount_min = 0\n\n[worklist]\nagency_amount_min = 0\n".to_owned();
        let parts = if how.files == Files::Whole { 1 } else { 3 };
        let mut tables = self.tables(how);
        for (name, ..) in &tables {
            let source = format!("[[source]]\nname = \"{name}\"\npath = \"{name}/*.csv\"\nshape = \"canonical\"\ntable = \"{name}\"\n");
            config.push_str(&source);
        }
        place.write("arrears.toml", config);
        for part in 0..parts {
            for (name, heading, lines) in &mut tables {
                if how.reversed {
                    lines.reverse();
                }
                let mut text = format!("{heading}\n");
                for line in lines.iter().skip(part).step_by(parts) {
                    writeln!(text, "{line}").expect("a string takes everything");
                }
                place.write(&format!("{name}/part-{part}.csv"), text);
            }
            if how.files == Files::Delivered && part == 0 {
                end_of(&mut place.arrears(&["ingest", "--as-of", &how.date(LAST_DAY - 21).to_string()])).expect(0);
            }
        }
        place.run(&how.as_of()).expect(0);
        place
    }
}

fn document_line(document: &Document, how: &Written) -> String {
    let (company, id, customer) =
        (how.names.company(document.customer), how.names.document(document.id), how.names.customer(document.customer));
    let due = how.optional_date(document.terms.map(|terms| document.day + terms));
    let discounted = how.optional_date(document.discount_days.map(|days| document.day + days));
    let percent = if document.discount_days.is_some() { "2" } else { "" };
    let delivered = how.optional_date(document.delivered_before.map(|days| document.day - days));
    let (kind, date, amount, currency) = (document.kind, how.date(document.day), how.amount(document.cents), document.currency);
    format!("{company},{id},{kind},{customer},{date},{due},{amount},{currency},{percent},{discounted},{delivered}")
}

fn customer_lines(how: &Written) -> Vec<String> {
    let limit = |number: usize| if number < 4 { how.amount(500_000 * i64::try_from(number).expect("small")) } else { String::new() };
    let line = |n: usize| format!("{},{},s{},{}", how.names.company(n), how.names.customer(n), n % 3, limit(n));
    let empty = how.empty_company.then(|| "void,K9,s1,".to_owned());
    (0..CUSTOMERS).map(line).chain(empty).collect()
}

fn promise_line(number: usize, one: &Promise, how: &Written) -> String {
    let (company, customer) = (how.names.company(one.customer), how.names.customer(one.customer));
    let document = one.document.map_or(String::new(), |id| how.names.document(id));
    let (made, promised) = (how.date(one.day), how.date(one.day + one.days));
    format!("{company},P{number:02},{customer},{document},{made},{promised},{}", how.amount(one.cents))
}

/// Every table of a night by its name.
type Night = BTreeMap<String, Published>;

// --- comparing nights --------------------------------------------------------------------------------------------------------------

/// All tables of a night in plain words: ids renamed back, dates moved back.
fn in_plain_words(mut night: Night, how: &Written) -> Night {
    let names = how.names.back();
    for table in night.values_mut() {
        for (column, text) in table.rows.iter_mut().flat_map(|row| row.iter_mut()) {
            let Some(text) = text else { continue };
            match table.types[column] {
                DataType::Date32 => {
                    let date: chrono::NaiveDate = text.parse().expect("a date");
                    *text = (date - chrono::Duration::days(how.days)).to_string();
                }
                DataType::Utf8 => *text = names.get(text.as_str()).unwrap_or(text).clone(),
                _ => {}
            }
        }
    }
    night
}

/// Whether two cells are the same: texts, dates, counts and money exactly; a figure to so much of itself and of 1.
fn is_same(kind: &DataType, found: Option<&str>, expected: Option<&str>, tolerance: f64) -> bool {
    match (kind, found, expected) {
        (DataType::Float64, Some(found), Some(expected)) if tolerance > 0.0 => {
            let (found, expected): (f64, f64) = (found.parse().expect("a number"), expected.parse().expect("a number"));
            (found - expected).abs() <= tolerance * expected.abs().max(1.0)
        }
        _ => found == expected,
    }
}

/// Asserts that two nights have the same tables with the same rows in the same order.
#[track_caller]
fn assert_same_nights(found: &Night, expected: &Night, what: &str, tolerance: f64) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}: the tables of the night");
    for (name, expected) in expected {
        let (types, found, expected) = (&expected.types, &found[name].rows, &expected.rows);
        assert_same_number(name, found, expected, what);
        for (found, expected) in found.iter().zip(expected) {
            for (column, kind) in types {
                let same = is_same(kind, found[column].as_deref(), expected[column].as_deref(), tolerance);
                assert!(same, "{what}: {name}.{column}: {:?} is not that of {expected:?}", found[column]);
            }
        }
    }
}

/// Asserts that a table has as many rows as it should, and shows one that is too much or missing.
#[track_caller]
fn assert_same_number(name: &str, found: &[Row], expected: &[Row], what: &str) {
    let lacking = |rows: &[Row], in_others: &[Row]| rows.iter().find(|row| !in_others.contains(row)).cloned();
    if found.len() != expected.len() {
        let (more, less) = (lacking(found, expected), lacking(expected, found));
        panic!("{what}: {name} has {} rows, not {}: found {more:?}, expected {less:?}", found.len(), expected.len());
    }
}

/// Puts the rows of every table in the order of what is not computed in floats: for ids that sort otherwise.
fn sorted(mut night: Night) -> Night {
    for table in night.values_mut() {
        let types = &table.types;
        table.rows.sort_by_cached_key(|row| -> Vec<Option<String>> {
            let exact = row.iter().filter(|(column, _)| types[*column] != DataType::Float64);
            exact.map(|(_, text)| text.clone()).collect()
        });
    }
    night
}

/// The night without what it says of the files themselves, and its tables about months, which some words of a ledger change.
fn without(mut night: Night, tables: &[&str]) -> Night {
    night.retain(|name, _| !tables.contains(&name.as_str()));
    night
}

/// The tables in which calendar months matter: moved by weeks they are other tables.
const TABLES_OF_MONTHS: &[&str] = &[
    "behaviour_grid",
    "collection_curves",
    "credit_reviews",
    "customer_behaviour",
    "customer_scores",
    "delay_histogram",
    "dso_bridge",
    "expected_credit_loss",
    "expected_credit_loss_backtest",
    "kpi_alerts",
    "restatement_rows",
    "restatements",
    "risk_drift",
    "risk_performance",
    "roll_forward",
    "roll_rates",
    "score_points",
];

/// The tables that look back on what was known at earlier dates.
const TABLES_OF_WHAT_WAS_KNOWN: &[&str] = &["credit_reviews", "customer_scores", "risk_drift", "risk_performance", "score_points"];

/// The tables of which amounts are products that are rounded: limits to two digits, losses and provisions to the minor unit.
const TABLES_OF_ROUNDED_PRODUCTS: &[&str] = &["credit_reviews", "expected_credit_loss", "expected_credit_loss_backtest"];

/// What of a night no calendar month matters for: the business date itself, and windows that count days. Customers have rows
/// where something of theirs happened in three months, so whether a figure of theirs is there depends on months too.
fn without_months(night: Night) -> Night {
    let mut night = without(night, TABLES_OF_MONTHS);
    for table in night.values_mut() {
        table.rows.retain(|row| {
            let text = |column: &str| row.get(column).and_then(Option::as_deref);
            let is_of_months = text("time_window").is_some_and(|window| !["point", "trailing_90d"].contains(&window))
                || text("convention").is_some_and(|convention| convention == "count_back" || convention.contains("month_ends"))
                || text("period_end").is_some_and(|end| end != AS_OF);
            let is_of_active_customer = text("scope") == Some("customer") && text("bucket").is_none();
            !is_of_months && !is_of_active_customer
        });
    }
    night
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
        let bytes = |place: &Place| -> BTreeMap<String, Vec<u8>> {
            files_of(&place.night(AS_OF)).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
        };
        let (found, expected) = (bytes(&ledger.publish(&reversed)), bytes(&ledger.publish(&PLAIN)));
        support::assert_same_files(&found, &expected, "rows in the other order");
        prop_assert!(expected.len() >= 7);
    }

    #[test]
    fn the_files_that_the_rows_come_in_are_irrelevant(ledger in ledgers(BOTH)) {
        let expected = PLAIN.night(&ledger.publish(&PLAIN));
        for (files, what) in [(Files::Split, "in three files"), (Files::Delivered, "in two deliveries")] {
            let split = Written { files, ..PLAIN };
            let found = split.night(&ledger.publish(&split));
            if files == Files::Split {
                prop_assert_eq!(rows_by_outcome(&found["data_quality"]), rows_by_outcome(&expected["data_quality"]));
            }
            // What came with a second delivery was not known before it, which earlier month ends are looked at with.
            let known_then: &[&str] = if files == Files::Delivered { TABLES_OF_WHAT_WAS_KNOWN } else { &[] };
            let left_out = [&["data_quality", "quality_rules"], known_then].concat();
            let (found, expected) = (without(found, &left_out), without(expected.clone(), &left_out));
            assert_same_nights(&found, &expected, what, 0.0);
        }
    }

    #[test]
    fn new_ids_change_ids_and_nothing_else(ledger in ledgers(BOTH)) {
        let expected = PLAIN.night(&ledger.publish(&PLAIN));
        let renamed = Written { names: Names::Prefixed, ..PLAIN };
        let found = renamed.night(&ledger.publish(&renamed));
        prop_assert!(found["open_items"].rows.iter().all(|row| cell(row, "document_id").is_some_and(|id| id.starts_with("NEW-"))));
        assert_same_nights(&in_plain_words(found, &renamed), &expected, "new ids in the same order", 1e-9);
        let shuffled = Written { names: Names::Shuffled, ..PLAIN };
        let found = in_plain_words(shuffled.night(&ledger.publish(&shuffled)), &shuffled);
        assert_same_nights(&sorted(found), &sorted(expected), "new ids in another order", 1e-9);
    }

    #[test]
    fn twenty_eight_years_earlier_everything_is_the_same(ledger in ledgers(BOTH)) {
        let earlier = Written { days: -DAYS_OF_28_YEARS, ..PLAIN };
        let (found, expected) = (earlier.night(&ledger.publish(&earlier)), PLAIN.night(&ledger.publish(&PLAIN)));
        assert_same_nights(&in_plain_words(found, &earlier), &expected, "28 years earlier", 0.0);
    }

    #[test]
    fn some_weeks_later_what_counts_days_is_the_same(ledger in ledgers(BOTH), weeks in prop_oneof![-30..0_i64, 1..30_i64]) {
        let later = Written { days: 7 * weeks, ..PLAIN };
        let (found, expected) = (later.night(&ledger.publish(&later)), PLAIN.night(&ledger.publish(&PLAIN)));
        let (found, expected) = (without_months(in_plain_words(found, &later)), without_months(expected));
        prop_assert!(expected["kpis"].rows.iter().any(|row| cell(row, "time_window") == Some("trailing_90d")));
        prop_assert!(!expected["aging"].rows.is_empty());
        assert_same_nights(&found, &expected, "some weeks later", 0.0);
    }

    #[test]
    fn more_money_is_more_of_every_amount_and_the_same_ratios(ledger in ledgers(&["USD"]), factor in prop_oneof![Just(2_i64), Just(10)]) {
        let scaled = Written { factor, ..PLAIN };
        let (found, expected) = (scaled.night(&ledger.publish(&scaled)), PLAIN.night(&ledger.publish(&PLAIN)));
        let of_sums = |night| without(night, TABLES_OF_ROUNDED_PRODUCTS);
        assert_scaled(&of_sums(found), &of_sums(expected), i128::from(factor));
    }

    #[test]
    fn a_company_without_documents_changes_nothing_of_the_others(ledger in ledgers(BOTH)) {
        let with = Written { empty_company: true, ..PLAIN };
        let (mut found, expected) = (with.night(&ledger.publish(&with)), PLAIN.night(&ledger.publish(&PLAIN)));
        for table in found.values_mut() {
            table.rows.retain(|row| row.get("company_id").and_then(Option::as_deref) != Some("void"));
        }
        let of_all = &["data_quality", "quality_rules"];
        let (found, expected) = (without(found, of_all), without(expected, of_all));
        assert_same_nights(&found, &expected, "with an empty company", 0.0);
    }

    #[test]
    fn every_law_holds_on_every_ledger(ledger in ledgers(BOTH)) {
        let place = ledger.publish(&PLAIN);
        let checks = checks_of(&place.out());
        prop_assert!(checks.len() >= 10);
        // Rules of quality judge what the ledger says, not what was made of it.
        let is_rule = |name: &str| arrears::quality::RULES.iter().any(|rule| rule.name == name);
        for (name, status) in checks.into_iter().filter(|(name, _)| !is_rule(name)) {
            prop_assert_eq!(status, "pass", "{}", name);
        }
        // By hand, from the documents alone: what is owed to every company in every currency. (Not by customer: an application
        // may join two of them.)
        let positions = table(&place.night(AS_OF), "customer_positions");
        let mut owed: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for document in ledger.documents.iter().filter(|document| document.day <= LAST_DAY) {
            let sign = if is_debit(document) { 1 } else { -1 };
            *owed.entry((Names::Plain.company(document.customer), document.currency)).or_default() += sign * document.cents;
        }
        for ((company, currency), cents) in owed {
            let of_company = positions.iter().filter(|row| support::is(row, &[("company_id", company), ("currency", currency)]));
            let found: i128 = of_company.map(|row| support::money_in(row, "net_amount")).sum();
            prop_assert_eq!(found, i128::from(cents) * 100, "{} in {}", company, currency);
        }
    }
}

/// Rows and amounts of the data quality table by canonical table, outcome and reason, whatever files they came in.
fn rows_by_outcome(quality: &Published) -> BTreeMap<[Option<String>; 3], (i128, i128)> {
    let mut sums = BTreeMap::new();
    for row in &quality.rows {
        let key = ["table_name", "measure", "reason"].map(|column| row[column].clone());
        let sum: &mut (i128, i128) = sums.entry(key).or_default();
        sum.0 += cell(row, "row_count").map_or(0, |count| count.parse::<i128>().expect("a number"));
        sum.1 += cell(row, "amount").map_or(0, money);
    }
    sums
}

fn checks_of(out: &Path) -> Vec<(String, String)> {
    let files = files_of(&out.join("runs"));
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with("run_results.json")).expect("the run has a record");
    let record: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    record["checks"].as_array().expect("it lists checks").iter().map(|check| (text(&check["name"]), text(&check["status"]))).collect()
}

// --- more money --------------------------------------------------------------------------------------------------------------------

/// A column of one metric: money of it grows alike in all its rows.
type Measure = (String, String, String, String);

/// Asserts that texts, dates, counts and figures are the same, and that money is `factor` times what it was. Numerators and
/// denominators may be counts (the same) or squares of money (`factor` twice), but then in all rows of their metric.
fn assert_scaled(found: &Night, expected: &Night, factor: i128) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "the tables of the night");
    let mut powers: BTreeMap<Measure, u32> = BTreeMap::new();
    for (name, expected) in expected {
        let (types, found, expected) = (&expected.types, &found[name].rows, &expected.rows);
        assert_same_number(name, found, expected, "more money");
        for (found, expected) in found.iter().zip(expected) {
            for (column, kind) in types {
                let (found, text) = (found[column].as_deref(), expected[column].as_deref());
                match (kind, found, text) {
                    (DataType::Decimal128(..), Some(found), Some(text)) => {
                        let (found, money) = (money(found), money(text));
                        let power = power_of(found, money, factor, rounding_of(expected, factor));
                        let power = power.unwrap_or_else(|| panic!("{name}.{column}: {found} is no multiple of {money} in {expected:?}"));
                        if money != 0 {
                            let known = *powers.entry(measure(name, column, expected)).or_insert(power);
                            assert_eq!(power, known, "{name}.{column} grows as elsewhere in {expected:?}");
                        }
                    }
                    _ => assert!(is_same(kind, found, text, 1e-9), "{name}.{column}: {found:?} is not {text:?} in {expected:?}"),
                }
            }
        }
    }
    for ((table, column, metric, _), power) in &powers {
        let is_money = ["amount", "billed", "credited", "collected", "sales", "limit"].iter().any(|word| column.contains(word));
        assert!(!is_money || *power == 1, "{table}.{column} of {metric} is money, and is {factor} times what it was");
    }
    let power = |metric: &str, convention: &str| {
        powers.get(&("kpis".to_owned(), "numerator".to_owned(), metric.to_owned(), convention.to_owned())).copied()
    };
    assert_eq!((power("dso", "conventional"), power("hhi", "standard")), (Some(1), Some(2)), "balances and their squares");
}

fn measure(table: &str, column: &str, row: &Row) -> Measure {
    let text = |column: &str| row.get(column).and_then(Option::as_deref).unwrap_or_default().to_owned();
    let convention = if row.contains_key("weighting") { text("weighting") } else { text("convention") };
    (table.to_owned(), column.to_owned(), text("metric"), convention)
}

/// How often the factor is in what a figure has become; nothing when it is no such multiple.
fn power_of(found: i128, money: i128, factor: i128, rounding: i128) -> Option<u32> {
    [1, 0, 2].into_iter().find(|power| (found - factor.pow(*power) * money).abs() <= rounding)
}

/// By how many ten-thousandths scaled money may differ: averages are published with four decimals, interest with cents.
fn rounding_of(row: &Row, factor: i128) -> i128 {
    match row.get("metric").and_then(Option::as_deref) {
        Some("receivables_turnover" | "average_collection_period") => factor.midpoint(1),
        Some("late_interest_memo") => 50 * (factor + 1),
        _ => 0,
    }
}
