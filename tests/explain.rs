//! `arrears explain`: the figures of an invoice are those of the night, and what cannot be explained is said plainly.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::{Ended, Place, Row, cell, copy_folder, end_of, number_in, program, repository, table};

fn explain(place: &Place, as_of: &str, arguments: &[&str]) -> Ended {
    end_of(place.arrears(&["explain", "--as-of", as_of]).args(arguments))
}

/// The items of an invoice, as JSON has them.
fn explained(place: &Place, as_of: &str, company: &str, document: &str) -> Vec<Value> {
    let ended = explain(place, as_of, &["--invoice", document, "--company", company, "--json"]).expect(0);
    let answer: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    answer["items"].as_array().expect("a list of items").clone()
}

/// Asserts that an explanation says what the night's row says, figure by figure.
#[track_caller]
fn assert_is_the_row(item: &Value, row: &Row) {
    let forecast = &item["forecast"];
    // Reading JSON may be off by the last bit of a number; what is printed is not.
    let same_number = |found: &Value, column: &str| {
        let (found, published) = (found.as_f64().expect("a number"), number_in(row, column));
        assert!((found - published).abs() <= published.abs() * f64::EPSILON, "{column}: {found} of {row:?}");
    };
    let same_text = |found: &Value, column: &str| assert_eq!(found.as_str(), cell(row, column), "{column} of {row:?}");
    for within in forecast["paid_within"].as_array().expect("a list") {
        same_number(&within["probability"], &format!("paid_probability_{}d", within["days"]));
    }
    for name in ["late_probability", "late_30_probability", "credit_probability", "write_off_probability", "beyond_horizon_probability"] {
        same_number(&forecast[name], name);
    }
    for name in ["expected_date", "paid_date_p10", "paid_date_p50", "paid_date_p90"] {
        same_text(&forecast[name], name);
    }
    same_text(&item["model"]["tier"], "tier");
    same_text(&item["model"]["version"], "model_version");
    same_text(&item["item"]["customer_id"], "customer_id");
    same_text(&item["item"]["due_date"], "due_date");
    assert_eq!(support::money(item["item"]["open_amount"].as_str().expect("an amount")), support::money_in(row, "open_amount"));
    assert_eq!(support::money(item["item"]["unapplied_credit"].as_str().expect("an amount")), support::money_in(row, "unapplied_credit"));
    for (place, driver) in item["drivers"].as_array().expect("a list").iter().take(3).enumerate() {
        same_text(&driver["name"], &format!("driver_{}", place + 1));
        same_number(&driver["effect"], &format!("driver_{}_effect", place + 1));
    }
    if let Some(promise) = item["item"]["promise"].as_object() {
        same_text(&promise["promised_date"], "promised_date");
        same_number(&promise["kept_probability"], "promise_kept_probability");
    }
    let split = &item["split"];
    let day = |date: &Value| date.as_str().expect("a date").parse::<chrono::NaiveDate>().expect("a date");
    let tenths: i64 = ["own_tenths", "pool_tenths", "rest_tenths"].iter().map(|part| split[part].as_i64().expect("tenths")).sum();
    assert_eq!((day(&split["expected_date"]) - day(&split["due_date"])).num_days() * 10, tenths, "{split}");
    let weeks: f64 = forecast["by_week"].as_array().expect("weeks").iter().map(|week| week["probability"].as_f64().expect("a share")).sum();
    // 13 weeks are 91 days.
    assert!(weeks >= number_in(row, "paid_probability_90d") - 1e-9, "{weeks}");
}

/// Asserts it of the items of some documents of a night.
fn assert_are_the_rows(place: &Place, as_of: &str, wanted: impl Fn(&Row) -> bool, most: usize) -> usize {
    let rows = table(&place.night(as_of), "invoice_forecasts");
    let mut documents: BTreeMap<(String, String), Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        let key = ["company_id", "document_id"].map(|column| cell(row, column).expect("it has one").to_owned());
        documents.entry(key.into()).or_default().push(row);
    }
    let mut compared = 0;
    for ((company, document), rows) in documents.into_iter().filter(|(_, rows)| rows.iter().any(|row| wanted(row))).take(most) {
        let items = explained(place, as_of, &company, &document);
        for row in rows {
            let number = cell(row, "item_no").and_then(|number| number.parse::<i64>().ok());
            let is_it = |item: &&Value| item["status"] == "open" && item["item"]["item_no"].as_i64() == number;
            assert_is_the_row(items.iter().find(is_it).expect("the open item is explained"), row);
            compared += 1;
        }
    }
    compared
}

#[test]
fn the_corner_shop_is_explained_as_its_night_has_it() {
    let place = Place::copy_of("data-samples/corner-shop");
    place.run("2025-06-30").expect(0);
    assert_eq!(assert_are_the_rows(&place, "2025-06-30", |_| true, 10), 3);
    let said = explain(&place, "2025-06-30", &["--invoice", "I5"]).expect(0).stdout;
    for line in [
        "I5 of customer B (company main), as of 2025-06-30",
        "2,000.00 USD open, 30 days past due",
        "disputed: 2,000.00 USD",
        "There is no model: too few payments are known",
        "It is not a forecast",
        "due date                     2025-05-31",
        "expected date                2025-07-01",
        "beside this 10,530.00 USD open in 1 item, overdue 10,530.00 USD in 1 item",
    ] {
        assert!(said.contains(line), "no {line:?} in\n{said}");
    }
    // What is covered by a payment that nobody has matched is said.
    let said = explain(&place, "2025-06-30", &["--invoice", "I3"]).expect(0).stdout;
    assert!(said.contains("700.00 USD of it is covered by the customer's credits"), "{said}");
}

#[test]
fn generated_invoices_are_explained_as_their_night_has_them() {
    let place = Place::generated(5_000);
    place.run("2024-12-31").expect(0);
    assert!(assert_are_the_rows(&place, "2024-12-31", |row| cell(row, "promised_date").is_some(), 3) > 0);
    assert!(assert_are_the_rows(&place, "2024-12-31", |row| cell(row, "is_disputed") == Some("true"), 2) > 0);
    assert!(assert_are_the_rows(&place, "2024-12-31", |row| cell(row, "item_no") != Some("1"), 2) > 0);
    assert!(assert_are_the_rows(&place, "2024-12-31", |_| true, 3) > 0);
}

#[test]
fn where_there_is_a_hazard_its_drivers_are_told_in_words() {
    let place = Place::generated(5_000);
    place.write("arrears.toml", place.read("arrears.toml").replace("[forecast]", "[forecast]\ntier = \"hazard\""));
    place.run("2024-12-31").expect(0);
    assert!(assert_are_the_rows(&place, "2024-12-31", |_| true, 4) > 0);
    let rows = table(&place.night("2024-12-31"), "invoice_forecasts");
    let row = rows.iter().find(|row| cell(row, "driver_1").is_some()).expect("a hazard has drivers");
    let (company, document) = (cell(row, "company_id").expect("it has one"), cell(row, "document_id").expect("it has one"));
    let items = explained(&place, "2024-12-31", company, document);
    for driver in items.iter().find(|item| item["status"] == "open").expect("an open item")["drivers"].as_array().expect("a list") {
        let effect = driver["effect"].as_f64().expect("a number");
        assert_eq!(driver["direction"], if effect > 0.0 { "sooner" } else { "later" });
        assert!(!driver["sentence"].as_str().expect("a text").is_empty() && effect.abs() >= 0.05);
    }
    let said = explain(&place, "2024-12-31", &["--invoice", document, "--company", company]).expect(0).stdout;
    assert!(said.contains("What moves it") && (said.contains("  sooner  +") || said.contains("   later  -")), "{said}");
    assert!(said.contains("this customer's payments") && said.contains("its company's customers"), "{said}");
}

/// The command and the output that the README shows for a subcommand.
fn shown(subcommand: &str) -> (String, String) {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("there is a README");
    let start = format!("$ arrears {subcommand} ");
    let rest = readme.split(&start).nth(1).unwrap_or_else(|| panic!("the README shows {subcommand}"));
    let (command, rest) = rest.split_once('\n').expect("the command ends its line");
    (format!("{subcommand} {command}"), rest.split("```").next().expect("the block ends").to_owned())
}

#[test]
fn the_readme_shows_what_is_printed() {
    let place = Place::empty();
    for (folder, as_of, subcommand) in [("mid-size", "2024-12-31", "explain"), ("corner-shop", "2025-06-30", "what-if")] {
        let sample = place.path().join("data-samples").join(folder);
        copy_folder(&repository().join("data-samples").join(folder), &sample);
        let _ = std::fs::remove_dir_all(sample.join("out"));
        end_of(program().args(["ingest", "--as-of", as_of, "--config"]).arg(sample.join("arrears.toml"))).expect(0);
        let (command, output) = shown(subcommand);
        let (arguments, lines) = command
            .split_once(" | head -n ")
            .map_or((command.as_str(), None), |(arguments, lines)| (arguments, Some(lines.parse::<usize>().expect("a number of lines"))));
        let ended = end_of(program().args(arguments.split_whitespace()).current_dir(place.path())).expect(0);
        let printed: String = ended.stdout.split_inclusive('\n').take(lines.unwrap_or(usize::MAX)).collect();
        assert_eq!(printed, output, "{command}");
    }
}

#[test]
fn a_settled_invoice_says_when_and_how() {
    let place = Place::copy_of("data-samples/corner-shop");
    end_of(&mut place.arrears(&["ingest", "--as-of", "2025-06-30"])).expect(0);
    let said = |document: &str| explain(&place, "2025-06-30", &["--invoice", document]).expect(0).stdout;
    assert_eq!(
        said("I2"),
        "I2 of customer A (company main) is not open: it was settled on 2025-05-18, 22 days before it was due\n\
         \x20 8,000.00 USD, issued 2025-05-10\n\
         \x20 2025-05-18          7,840.00 USD  receipt\n\
         \x20 2025-05-18            160.00 USD  discount\n"
    );
    assert!(said("I1").contains("it was paid on 2025-06-10, 40 days after it was due"));
    assert!(said("I6").contains("it was written off on 2025-06-15, 104 days after it was due"));
    // Before the last payment it was open.
    assert!(explain(&place, "2025-06-09", &["--invoice", "I1"]).expect(0).stdout.contains("4,000.00 USD open of 10,000.00"));
    let items = explained(&place, "2025-06-30", "main", "I2");
    assert_eq!((items[0]["status"].as_str(), items[0]["settled_date"].as_str()), (Some("settled"), Some("2025-05-18")));
}

#[test]
fn what_cannot_be_explained_is_refused_with_what_to_do() {
    let place = Place::copy_of("data-samples/corner-shop");
    let refused = |as_of: &str, arguments: &[&str], status: i32| explain(&place, as_of, arguments).expect(status).stderr;
    assert!(refused("2025-06-30", &["--invoice", "I4"], 4).contains("hint: read the sources first"));
    end_of(&mut place.arrears(&["ingest", "--as-of", "2025-06-30"])).expect(0);
    for (as_of, arguments, what, hint) in [
        ("2025-06-30", vec!["--invoice", "i4"], "the ledger has no invoice i4", "nearly so: I4"),
        ("2025-06-30", vec!["--invoice", "zebra"], "the ledger has no invoice zebra", "open_items"),
        ("2025-06-30", vec!["--invoice", "RC1"], "RC1 is no invoice: it is a receipt of customer A", "name an invoice"),
        ("2025-06-30", vec!["--invoice", "CN1"], "CN1 is no invoice: it is a credit note of customer A", "name an invoice"),
        ("2025-05-31", vec!["--invoice", "I3"], "I3 is dated 2025-06-05, after 2025-05-31", "--as-of 2025-06-05"),
        ("2025-06-30", vec!["--invoice", "I4", "--company", "mein"], "there is no such company: mein", "nearly so: main"),
    ] {
        let said = refused(as_of, &arguments, 2);
        assert!(said.contains(what) && said.contains(hint), "{arguments:?}\n{said}");
    }
    let said = end_of(&mut place.arrears(&["explain", "--as-of", "2025-06-30"])).expect(2).stderr;
    assert!(said.contains("--invoice"), "{said}");
}

#[test]
fn an_id_of_two_companies_asks_which() {
    let place = Place::empty();
    place.write("arrears.toml", "base_currency = \"EUR\"\n[[source]]\npath = \"ledger/\"\nshape = \"canonical\"\n");
    place.write(
        "ledger/documents.csv",
        "company_id,document_id,document_type,customer_id,document_date,due_date,amount,currency\n\
         north,1,invoice,A,2025-01-01,2025-01-31,100.00,EUR\n\
         south,1,invoice,B,2025-01-02,2025-01-31,200.00,EUR\n\
         south,2,invoice,B,2025-01-02,,0.00,EUR\n",
    );
    end_of(&mut place.arrears(&["ingest", "--as-of", "2025-01-10"])).expect(0);
    let said = explain(&place, "2025-01-10", &["--invoice", "1"]).expect(2).stderr;
    assert!(said.contains("2 companies have an invoice 1: north, south") && said.contains("hint: add --company north"), "{said}");
    let said = explain(&place, "2025-01-10", &["--invoice", "1", "--company", "south"]).expect(0).stdout;
    assert!(said.contains("1 of customer B (company south)") && said.contains("has paid nothing yet that is known"), "{said}");
    let said = explain(&place, "2025-01-10", &["--invoice", "2", "--company", "north"]).expect(2).stderr;
    assert!(said.contains("that company has no invoice 2") && said.contains("hint: south has: --company south"), "{said}");
    let said = explain(&place, "2025-01-10", &["--invoice", "2"]).expect(0).stdout;
    assert!(said.contains("an invoice of zero: there was nothing to pay"), "{said}");
}
