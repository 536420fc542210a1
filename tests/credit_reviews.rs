//! Credit reviews from ledger files to what another system takes: limits, insured amounts, orders and decisions as they are read, and
//! the exports of a night. The chances of default are given, not fitted. The date is Monday 30 June 2025; a euro is 1.20 dollars.

mod support;

use arrears::catalog::published::TABLES;
use arrears::config::{Config, Overrides};
use arrears::forecast::calendars::Calendars;
use arrears::forecast::snapshot::Companies;
use arrears::ingest::LedgerIndex;
use arrears::ingest::known::LedgerView;
use arrears::ingest::load::due_dates::DueDateRules;
use arrears::ingest::load::knowledge::knowledge;
use arrears::ingest::load::{LoadOptions, load};
use arrears::ledger::calendar::day_of;
use arrears::marts::frame::Sink as _;
use arrears::publish::manifest::{Inputs, LedgerRecord, Manifest};
use arrears::publish::night::{NightDescription, StagedNight};
use arrears::scoring::credit_review::{
    CreditTerms, ReviewInputs, RiskView, credit_reviews, export, override_outcomes, override_outcomes_table, reviews_table,
};
use arrears::scoring::facts::{Facts, since};
use arrears::scoring::grades::Grade;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::{Place, Row, assert_same_files, cell, end_of, files_of, is, money, money_in, repository, skipped, table, the_row};

const AS_OF: &str = "2025-06-30";

/// A night with as much in quarantine as these tests need.
const CONFIG: &str = "base_currency = \"USD\"\noutput = \"out\"\n\n[quality]\nmax_quarantined_rows_share = 1.0\n\
    max_quarantined_amount_share = 1.0\n\n[forecast]\ncalibration_weeks = 0\n\n[credit_review]\nloss_budget = 300\n\
    loss_given_default_by_segment = { public = 0.2 }\n\n\
    [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";

/// `A` owes 10,000 and has a limit and an insurance in euro; `=cmd` is public and owes 1,000; `G` is of the group; `N` has a limit in a
/// currency without a rate; `O` has only an order.
const CUSTOMERS: &str = "customer_id,name,segment,credit_limit,credit_limit_currency,insured_amount,is_intercompany\n\
    A,Alder,trade,8000.00,EUR,2000.00,\n\
    =cmd,Evil,public,500.00,,,\n\
    G,Group,,99999.00,,,true\n\
    N,Nowhere,,100.00,GBP,50.00,\n\
    O,Oak,,,,,\n";
const DOCUMENTS: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
    I1,invoice,A,2025-06-10,2025-07-10,10000.00,USD\n\
    I2,invoice,=cmd,2025-06-10,2025-07-10,1000.00,USD\n\
    I3,invoice,G,2025-06-10,2025-07-10,7000.00,USD\n\
    I4,invoice,N,2025-05-05,2025-06-04,40.00,USD\n\
    R1,receipt,A,2025-06-20,,500.00,USD\n";
const ORDERS: &str = "order_id,customer_id,expected_invoice_date,amount,currency\n\
    O1,A,2025-07-05,1000.00,EUR\n\
    O2,O,2025-07-05,250.00,USD\n";
const OVERRIDES_HEADING: &str =
    "override_id,customer_id,kind,amount,currency,grade,made_date,made_by,reason,until_date,recorded_at,is_deleted\n";

fn ledger(overrides: &str) -> Place {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    place.write("ledger/customers.csv", CUSTOMERS);
    place.write("ledger/documents.csv", DOCUMENTS);
    place.write("ledger/applications.csv", "application_id,credit_document_id,debit_document_id,applied_date,amount\n");
    place.write("ledger/orders.csv", ORDERS);
    place.write("ledger/fx_rates.csv", "rate_date,currency,rate\n2025-01-01,EUR,1.20\n");
    place.write("ledger/overrides.csv", format!("{OVERRIDES_HEADING}{overrides}"));
    place
}

/// Publishes the reviews of a place's ledger in `reviews/`, as a night of nothing else, with chances of default by customer id.
fn publish(place: &Place, risk: &dyn Fn(&str) -> RiskView) -> Manifest {
    end_of(&mut place.arrears(&["ingest", "--as-of", AS_OF])).expect(0);
    let config = Config::load(&place.path().join("arrears.toml"), &Overrides::default()).expect("it is a configuration");
    let index = LedgerIndex::read(&config.output).expect("it can be read").expect("there is a ledger");
    let view = LedgerView::new(&config.output, &index, None).expect("it can be seen");
    let as_of = day_of(AS_OF.parse().expect("a day"));
    let options =
        LoadOptions { base_currency: (*config.base_currency).clone(), as_of, known_as_of: None, due_dates: DueDateRules::default() };
    let loaded = load(&view.files, &options).expect("it can be loaded");
    let known = knowledge(&view.files, &options, &loaded).expect("it can be read");
    let book = &loaded.book;
    let facts = Facts::new(book, &known, since(as_of), false);
    let calendars = Calendars::new(&config.calendar, &book.companies);
    let terms = CreditTerms::of(book);
    let views: Vec<RiskView> = book.customers.iter().map(|customer| risk(&customer.id)).collect();
    let inputs = ReviewInputs {
        book,
        facts: &facts,
        companies: &Companies::of(book),
        calendars: &calendars.own(),
        config: &config.credit_review,
        as_of,
        include_intercompany: false,
        terms: &terms,
        risk: &views,
        overrides: &known.overrides,
        horizon_days: 180,
        defaults: &[],
        past_risk: &|_, _| None,
    };
    let output = place.path().join("reviews");
    let mut night = StagedNight::create(&output, "run", &[]).expect("it can be staged");
    let reviews = reviews_table(book, &terms, &credit_reviews(&inputs)).expect("columns of one length");
    night.write("credit_reviews", &reviews).expect("it can be written");
    let outcomes = override_outcomes_table(book, &override_outcomes(&inputs)).expect("columns of one length");
    night.write("override_outcomes", &outcomes).expect("it can be written");
    export::export(&mut night, &reviews, AS_OF, &config.base_currency).expect("it can be written");
    let description = NightDescription {
        as_of_date: AS_OF.into(),
        known_as_of: None,
        base_currency: "USD".into(),
        inputs: Inputs { ledger: index.fingerprint(), config: config.fingerprint() },
        ledger: LedgerRecord::default(),
        history_months: 1,
        intercompany_customers: 1,
    };
    night.finish(description).expect("it is complete").publish(&output, "run").expect("it can be published")
}

fn night(place: &Place) -> std::path::PathBuf {
    support::night_of(&place.path().join("reviews"), AS_OF)
}

fn rated(grade: Grade, pd: f64) -> RiskView {
    RiskView { pd: Some(pd), grade, model_version: "v1".into(), reasons: vec!["worst days past due".into()], ..RiskView::unrated() }
}

fn risk(customer: &str) -> RiskView {
    match customer {
        "A" => rated(Grade::C, 0.01),
        "=cmd" => rated(Grade::F, 0.08),
        _ => RiskView::unrated(),
    }
}

#[test]
fn limits_insurance_and_orders_are_read_and_reckoned_in_base_currency() {
    let place = ledger("");
    publish(&place, &risk);
    let rows = table(&night(&place), "credit_reviews");
    let ids: Vec<Option<&str>> = rows.iter().map(|row| cell(row, "customer_id")).collect();
    assert_eq!(ids, ["=cmd", "A", "N", "O"].map(Some), "by id, without the group's");

    // 10,000 open less 500 that came in; 1,000 euro ordered; 2,000 euro insured; a limit of 8,000 euro.
    let row = the_row(&rows, &[("customer_id", "A")]);
    let amounts = [
        ("open_debit_amount_base", "10000"),
        ("unapplied_credit_base", "500"),
        ("open_amount_base", "9500"),
        ("order_amount_base", "1200"),
        ("insured_amount_base", "2400"),
        ("exposure_at_default_base", "8300"),
        ("credit_limit", "8000"),
        ("credit_limit_base", "9600"),
        // 1 % of 8,300 at 60 %.
        ("expected_loss_base", "49.80"),
        // All it bought it bought in one month: 10,000, of which C allows three. It owed 10,000 at most.
        ("monthly_sales_base", "10000"),
        ("limit_by_grade_cap_base", "30000"),
        ("limit_by_peak_exposure_base", "13000"),
        // 300 ÷ 0.006.
        ("limit_by_loss_budget_base", "50000"),
        ("proposed_limit_base", "13000"),
        ("proposed_change_base", "3400"),
    ];
    for (column, amount) in amounts {
        assert_eq!(money_in(row, column), money(amount), "{column}");
    }
    let words = [("queue_rank", "1"), ("binding_rule", "peak_exposure"), ("grade", "C"), ("credit_limit_currency", "EUR")];
    assert!(is(row, &words), "{row:?}");
    // By the grade after six months: 30 December is a Tuesday.
    assert!(is(row, &[("review_date", "2025-12-30"), ("review_cause", "grade"), ("model_version", "v1")]), "{row:?}");

    // 20 % are lost of what the public owes: 1,000 × 8 % × 20 % = 16. Over its limit of 500: tomorrow.
    let row = the_row(&rows, &[("customer_id", "=cmd")]);
    assert_eq!(money_in(row, "expected_loss_base"), money("16"));
    assert!(is(row, &[("queue_rank", "2"), ("triggers", "over_limit"), ("review_date", "2025-07-01")]), "{row:?}");
    // F allows a month and a half of 1,000; 300 ÷ (0.08 × 0.2) = 18,750; 1.3 × 1,000 = 1,300.
    assert!(is(row, &[("binding_rule", "peak_exposure"), ("proposed_limit_base", "1300.0000")]), "{row:?}");

    // Nothing is made up where there is no rate.
    let row = the_row(&rows, &[("customer_id", "N")]);
    let words = [
        ("utilisation_reason", "no_rate"),
        ("insured_reason", "no_rate"),
        ("proposed_limit_reason", "no_rate"),
        ("expected_loss_reason", "no_pd"),
        ("credit_limit", "100.0000"),
        ("exposure_at_default_base", "40.0000"),
    ];
    assert!(is(row, &words), "{row:?}");
    for column in ["utilisation", "credit_limit_base", "expected_loss_base", "proposed_limit_base", "binding_rule", "pd"] {
        assert_eq!(cell(row, column), None, "{column}");
    }
    let row = the_row(&rows, &[("customer_id", "O")]);
    assert!(is(row, &[("order_amount_base", "250.0000"), ("open_amount_base", "0.0000"), ("proposed_limit_reason", "no_rule")]), "{row:?}");
}

#[test]
fn what_is_disputed_is_not_newly_past_due() {
    // Due on 30 May: 31 days past due.
    let triggers = |disputes: &str| {
        let place = ledger("");
        place.write("ledger/documents.csv", format!("{DOCUMENTS}I5,invoice,O,2025-05-01,2025-05-30,100.00,USD\n"));
        place.write("ledger/disputes.csv", format!("dispute_id,document_id,opened_date,closed_date,amount\n{disputes}"));
        publish(&place, &risk);
        let rows = table(&night(&place), "credit_reviews");
        cell(the_row(&rows, &[("customer_id", "O")]), "triggers").map(str::to_owned)
    };
    let newly_past_due = Some("newly_past_due".to_owned());
    assert_eq!(triggers(""), newly_past_due);
    assert_eq!(triggers("D1,I5,2025-06-02,,\n"), None);
    assert_eq!(triggers("D1,I5,2025-06-02,,0.01\n"), None, "99.99 do not weigh");
    assert_eq!(triggers("D1,I5,2025-06-02,2025-06-30,\n"), newly_past_due, "the dispute is over");
}

#[test]
fn decisions_hold_visibly_and_corrections_and_deletions_are_versions() {
    let overrides = "D1,A,credit_limit,20000.00,EUR,,2025-06-01,Ada,long known,2025-06-30,,\n\
        D2,=cmd,grade,,,A,2025-06-01,Bob,parent vouches,2025-06-29,,\n\
        D3,N,hold,,,,2025-06-01,Cay,insolvent soon,,2025-06-01T08:00:00Z,\n\
        D3,N,hold,,,,2025-06-01,Cay,insolvent soon,,2025-06-02T08:00:00Z,true\n\
        D4,O,credit_limit,100.00,,,2025-06-01,Dan,first order,,2025-06-01T08:00:00Z,\n\
        D4,O,credit_limit,700.00,,,2025-06-01,Dan,first orders,,2025-06-02T08:00:00Z,\n";
    let place = ledger(overrides);
    publish(&place, &risk);
    let rows = table(&night(&place), "credit_reviews");
    let row = the_row(&rows, &[("customer_id", "A")]);
    let words = [
        ("proposed_limit_base", "24000.0000"),
        ("binding_rule", "override"),
        ("model_proposed_limit_base", "13000.0000"),
        ("model_binding_rule", "peak_exposure"),
        ("override_kind", "credit_limit"),
        ("override_id", "D1"),
        ("override_by", "Ada"),
        ("override_reason", "long known"),
        ("override_until_date", "2025-06-30"),
    ];
    assert!(is(row, &words), "{row:?}");
    let expired = the_row(&rows, &[("customer_id", "=cmd")]);
    assert_eq!((cell(expired, "grade"), cell(expired, "override_kind")), (Some("F"), None), "it ended yesterday, by itself");
    assert_eq!(cell(the_row(&rows, &[("customer_id", "N")]), "override_kind"), None, "it was taken back");
    let corrected = the_row(&rows, &[("customer_id", "O")]);
    assert!(is(corrected, &[("proposed_limit_base", "700.0000"), ("override_reason", "first orders")]), "{corrected:?}");

    let outcomes = table(&night(&place), "override_outcomes");
    let ids: Vec<Option<&str>> = outcomes.iter().map(|row| cell(row, "override_id")).collect();
    assert_eq!(ids, ["D2", "D1", "D4"].map(Some), "by customer and id; what was taken back is gone");
    assert!(outcomes.iter().all(|row| is(row, &[("verdict_reason", "immature"), ("horizon_end_date", "2025-11-28")])), "{outcomes:?}");
}

#[test]
fn a_decision_that_says_nothing_is_named() {
    let overrides = "B1,A,credit_limit,5.00,,,2025-06-01,,no name,,,\n\
        B2,A,credit_limit,5.00,,,2025-06-01,Ada,,,,\n\
        B3,A,blacklist,5.00,,,2025-06-01,Ada,no such kind,,,\n\
        B4,A,grade,,,Z,2025-06-01,Ada,no such grade,,,\n\
        C1,A,credit_limit,,,,2025-06-01,Ada,how much?,,,\n\
        C2,A,credit_limit,-5.00,,,2025-06-01,Ada,below zero,,,\n\
        C3,A,grade,,,,2025-06-01,Ada,which?,,,\n\
        C4,A,hold,,,,2025-06-01,Ada,ends before it begins,2025-05-31,,\n\
        C5,Z,hold,,,,2025-06-01,Ada,who is it?,,,\n\
        C6,A,credit_limit,5.00,GBP,,2025-06-01,Ada,no rate,,,\n";
    let place = ledger(overrides);
    place.run(AS_OF).expect(0);
    let rows = table(&place.night(AS_OF), "quarantine");
    let text = |row: &Row, column: &str| cell(row, column).unwrap_or_default().to_owned();
    let of_overrides: Vec<&Row> = rows.iter().filter(|row| is(row, &[("table_name", "overrides")])).collect();
    let quarantined: Vec<[String; 2]> = of_overrides
        .iter()
        .filter(|row| !text(row, "column_name").is_empty())
        .map(|row| ["column_name", "reason"].map(|column| text(row, column)))
        .collect();
    let expected = [["made_by", "missing_value"], ["reason", "missing_value"], ["kind", "unknown_word"], ["grade", "unknown_word"]];
    assert_eq!(quarantined, expected.map(|pair| pair.map(str::to_owned)));
    let left_out: BTreeMap<String, String> = of_overrides
        .iter()
        .filter(|row| text(row, "column_name").is_empty())
        .map(|row| (text(row, "record_key"), text(row, "reason")))
        .collect();
    let expected = [
        ("main/C1", "missing_amount"),
        ("main/C2", "negative_amount"),
        ("main/C3", "missing_grade"),
        ("main/C4", "until_before_made"),
        ("main/C5", "unknown_customer"),
        ("main/C6", "no_rate"),
    ];
    assert_eq!(left_out, BTreeMap::from(expected.map(|(key, reason)| (key.to_owned(), reason.to_owned()))));
    publish(&place, &risk);
    let rows = table(&night(&place), "credit_reviews");
    assert!(rows.iter().all(|row| cell(row, "override_kind").is_none()), "none of them is respected");
}

#[test]
fn the_exports_are_part_of_the_night_and_the_command_prints_them() {
    let place = ledger("D1,A,hold,,,,2025-06-01,Ada,\"=1+1, they said\",,,\n");
    let manifest = publish(&place, &risk);
    let files = files_of(&night(&place));
    let exports: Vec<&str> = manifest.exports.iter().map(|export| export.file.as_str()).collect();
    assert_eq!(exports, ["exports/credit_reviews.csv", "exports/credit_reviews.json", "exports/credit_reviews.v1.schema.json"]);
    for export in &manifest.exports {
        assert_eq!(export.bytes, files[&export.file].len() as u64);
    }
    assert_eq!(files.keys().filter(|name| name.ends_with(".parquet")).count(), TABLES.len(), "exports are no tables");
    assert_eq!(Manifest::read(&night(&place)).expect("it can be read"), Some(manifest));

    let output = place.path().join("reviews").display().to_string();
    let printed = |arguments: &[&str]| {
        let mut command = support::program();
        command.args(["export", "credit-reviews", "--output", &output]).args(arguments);
        end_of(&mut command).expect(0).stdout.into_bytes()
    };
    assert!(printed(&["--as-of", AS_OF]) == files["exports/credit_reviews.csv"], "CSV of that night");
    assert!(printed(&["--format", "json"]) == files["exports/credit_reviews.json"], "JSON of the newest night");
    assert!(printed(&["--schema"]) == files["exports/credit_reviews.v1.schema.json"]);
    let kept = std::fs::read(repository().join("schemas/credit_reviews.v1.schema.json")).expect("it is in the repository");
    assert!(kept == files["exports/credit_reviews.v1.schema.json"]);
    let file = place.path().join("queue.json");
    assert!(printed(&["--format", "json", "--out", &file.display().to_string()]).is_empty());
    assert!(std::fs::read(&file).expect("it was written") == files["exports/credit_reviews.json"]);

    let text = String::from_utf8(files["exports/credit_reviews.csv"].clone()).expect("it is UTF-8");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[5]), (6, ""), "a heading, four customers, and every line ends with CR LF");
    assert!(lines[2].starts_with("2025-06-30,USD,main,'=cmd,2,"), "{}", lines[2]);
    assert!(lines[1].ends_with(",hold,D1,Ada,\"'=1+1, they said\","), "{}", lines[1]);
}

#[test]
fn without_a_night_the_export_says_what_to_do() {
    let place = ledger("");
    let ended = end_of(&mut place.arrears(&["export", "credit-reviews"])).expect(4);
    assert!(ended.stderr.contains("no_night") && ended.stderr.contains("hint: publish a night first"), "{}", ended.stderr);
    publish(&place, &risk);
    let output = place.path().join("reviews").display().to_string();
    let mut command = support::program();
    let ended = end_of(command.args(["export", "credit-reviews", "--output", &output, "--as-of", "2025-06-29"])).expect(4);
    assert!(ended.stderr.contains("the published nights are: 2025-06-30"), "{}", ended.stderr);
}

#[test]
fn money_is_text_in_json_and_every_name_of_the_schema_is_there() {
    let place = ledger("");
    publish(&place, &risk);
    let files = files_of(&night(&place));
    let read = |name: &str| -> serde_json::Value { serde_json::from_slice(&files[&format!("exports/{name}")]).expect("it is JSON") };
    let (queue, schema) = (read("credit_reviews.json"), read("credit_reviews.v1.schema.json"));
    assert_eq!((&queue["schema"], &queue["as_of_date"], &queue["base_currency"]), (&schema["$id"], &AS_OF.into(), &"USD".into()));
    let properties = schema["$defs"]["review"]["properties"].as_object().expect("an object");
    for review in queue["reviews"].as_array().expect("a list") {
        let review = review.as_object().expect("an object");
        assert!(review.keys().eq(properties.keys()), "the same names in the same order");
        for (name, value) in review {
            let allowed = &properties[name]["type"];
            let found = match value {
                serde_json::Value::Null => "null",
                serde_json::Value::Bool(_) => "boolean",
                serde_json::Value::Number(number) if number.is_i64() && allowed.to_string().contains("integer") => "integer",
                serde_json::Value::Number(_) => "number",
                _ => "string",
            };
            assert!(allowed == found || allowed.as_array().is_some_and(|types| types.contains(&found.into())), "{name}: {value}");
            assert!(!name.ends_with("_base") || value.is_null() || value.as_str().is_some_and(|text| text.contains('.')), "{name}");
        }
    }
}

#[test]
fn another_program_finds_the_json_valid_and_a_float_for_money_not() {
    let python = |script: &str, arguments: &[&Path]| end_of(Command::new("python3").args(["-c", script]).args(arguments));
    if python("import jsonschema", &[]).status != 0 {
        let what = "the JSON schema: python3 has no module jsonschema (pip install -r tests/requirements.txt)";
        assert!(std::env::var_os("ARREARS_REQUIRE_PARITY").is_none(), "{what}, and ARREARS_REQUIRE_PARITY is set");
        return skipped(what);
    }
    let script = "
import json, sys, jsonschema
queue, schema = (json.load(open(name)) for name in sys.argv[1:])
validator = jsonschema.Draft202012Validator(schema)
validator.check_schema(schema)
print('errors', len(list(validator.iter_errors(queue))))
for name, wrong in [('expected_loss_base', 49.8), ('grade', 'Z'), ('pd', 1.5), ('queue_rank', None), ('review_date', 'soon')]:
    changed = json.loads(json.dumps(queue))
    changed['reviews'][0][name] = wrong
    print(name, len(list(validator.iter_errors(changed))) > 0)
";
    let place = ledger("D1,A,hold,,,,2025-06-01,Ada,why not,,,\n");
    publish(&place, &risk);
    let [queue, schema] = ["credit_reviews.json", "credit_reviews.v1.schema.json"].map(|name| night(&place).join("exports").join(name));
    let ended = python(script, &[&queue, &schema]).expect(0);
    let expected = "errors 0\nexpected_loss_base True\ngrade True\npd True\nqueue_rank True\nreview_date True\n";
    assert_eq!(ended.stdout, expected, "{}", ended.stderr);
}

#[test]
fn the_order_of_the_files_rows_changes_no_byte() {
    let overrides = "D1,A,credit_limit,20000.00,EUR,,2025-06-01,Ada,long known,,,\nD2,A,credit_limit,100.00,,,2025-06-01,Bob,no,,,\n";
    let place = ledger(overrides);
    publish(&place, &risk);
    let reversed = ledger(overrides);
    for file in ["customers", "documents", "orders", "overrides"] {
        let name = format!("ledger/{file}.csv");
        let text = reversed.read(&name);
        let (heading, rows) = text.split_once('\n').expect("a heading");
        let rows: Vec<&str> = rows.lines().rev().collect();
        reversed.write(&name, format!("{heading}\n{}\n", rows.join("\n")));
    }
    publish(&reversed, &risk);
    let exported = |place: &Place| files_of(&night(place).join("exports"));
    assert_same_files(&exported(&reversed), &exported(&place), "rows the other way round");
}
