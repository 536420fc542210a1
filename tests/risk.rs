//! Default risk, from ledger files to scores: what a default is, what scores are made of, how well they tell in advance.

mod support;

use arrears::scoring::characteristics::CHARACTERISTICS;
use arrears_models::classification::Scores;
use arrears_models::scorecard::fit;
use arrears_models::scorecard::{Characteristic, Sample};
use std::collections::BTreeMap;
use std::path::Path;
use support::{Place, cell, end_of, money_in, number_in, parquet_rows, program, real_ledger, skipped, table, the_row};

const END: &str = "2024-12-31";

/// A generated book, ingested; without forecasts, which say nothing of default.
fn book(profile: &str, invoices: &str, customers: &str) -> Place {
    let place = Place::empty();
    let folder = place.path().join("book").display().to_string();
    let options = ["--profile", profile, "--invoices", invoices, "--customers", customers, "--seed", "17"];
    end_of(program().args(["generate", "--out", &folder]).args(options)).expect(0);
    let config = place.read("book/arrears.toml").replace("path = \"ledger/\"", "path = \"book/ledger/\"");
    place.write("arrears.toml", config.replacen("[[source]]", "[forecast]\nenabled = false\n\n[[source]]", 1));
    place
}

fn truth(place: &Place) -> BTreeMap<String, String> {
    let text = place.read("book/truth/customers.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a heading").split(',').collect();
    let at = |name: &str| names.iter().position(|other| *other == name).expect("a column");
    let (customer, default) = (at("customer_id"), at("default_date"));
    let cells = lines.map(|line| line.split(',').collect::<Vec<_>>());
    cells.filter(|cells| !cells[default].is_empty()).map(|cells| (cells[customer].to_owned(), cells[default].to_owned())).collect()
}

/// A number of tenths.
fn tenths(text: &str) -> i64 {
    (text.parse::<f64>().expect("points") * 10.0).round() as i64
}

#[test]
fn a_night_finds_the_defaults_and_its_scores_are_the_sum_of_their_points() {
    let place = book("defaults-many", "24000", "700");
    place.run(END).expect(0);
    let night = place.night(END);

    // What truly happened is found on its day. The book also shows defaults of customers that were only very late.
    let events = table(&night, "default_events");
    let truth = truth(&place);
    assert!(truth.len() > 100, "{} defaulted", truth.len());
    let is_found = |(customer, day): (&String, &String)| {
        let of = |row: &&support::Row| cell(row, "customer_id") == Some(customer) && cell(row, "status") == Some("default");
        events.iter().filter(of).any(|row| cell(row, "event_date") == Some(day))
    };
    let found = truth.iter().filter(|of| is_found(*of)).count();
    assert!(found * 100 >= truth.len() * 97, "{found} of {} defaults are found on their day", truth.len());
    for row in &events {
        let is_days = cell(row, "cause") == Some("days_past_due");
        assert!(!is_days || money_in(row, "amount_base") >= money_in(row, "threshold_base"), "{row:?}");
        assert_eq!(cell(row, "technical_reason").is_some(), cell(row, "status") == Some("technical"), "{row:?}");
    }

    let scores = table(&night, "customer_scores");
    let mut points: BTreeMap<(String, String), Vec<support::Row>> = BTreeMap::new();
    for row in table(&night, "score_points") {
        let key = (cell(&row, "company_id").unwrap_or_default().to_owned(), cell(&row, "customer_id").unwrap_or_default().to_owned());
        points.entry(key).or_default().push(row);
    }
    let mut graded = 0;
    for row in &scores {
        let key = (cell(row, "company_id").unwrap_or_default().to_owned(), cell(row, "customer_id").unwrap_or_default().to_owned());
        let is_open = |event: &&support::Row| {
            cell(event, "customer_id") == Some(&key.1) && cell(event, "status") == Some("default") && cell(event, "cured_date").is_none()
        };
        let is_in_default = events.iter().filter(is_open).count() > 0;
        assert_eq!(cell(row, "grade") == Some("default"), is_in_default, "{row:?}");
        if is_in_default {
            assert_eq!((cell(row, "score"), number_in(row, "pd")), (None, 1.0));
            assert!(!points.contains_key(&key));
            continue;
        }
        graded += 1;
        let score = cell(row, "score").expect("a score");
        let of = &points[&key];
        assert_eq!(of.iter().map(|row| tenths(cell(row, "points").expect("points"))).sum::<i64>(), tenths(score), "{key:?}");
        // The chance is a function of the score: 600 points are odds of 50 to 1, 20 more double them.
        let expected = 1.0 / (1.0 + 50.0 * ((score.parse::<f64>().expect("a number") - 600.0) / 20.0).exp2());
        let pd = number_in(row, "pd");
        assert!((pd - expected).abs() < 1e-12, "{pd} {expected}");
        assert!(number_in(row, "pd_lower") <= pd && pd <= number_in(row, "pd_upper"), "{row:?}");
        assert!((number_in(row, "pd_12_months") - (1.0 - (1.0 - pd).powi(2))).abs() < 1e-12);
        for at in 1..=4 {
            let Some(reason) = cell(row, &format!("reason_{at}")) else { continue };
            let of = the_row(of, &[("characteristic", reason)]);
            let lost = tenths(cell(of, "best_points").expect("points")) - tenths(cell(of, "points").expect("points"));
            assert!(lost > 0 && cell(of, "is_reason") == Some("true"), "{of:?}");
            assert_eq!(tenths(cell(row, &format!("reason_{at}_points")).expect("points")), lost);
        }
    }
    assert!(graded > 300, "{graded} customers have a score");
    let version = cell(&scores[0], "model_version").expect("a version");
    let card: serde_json::Value = serde_json::from_str(&place.read(&format!("out/models/risk/{version}/card.json"))).expect("a card");
    assert_eq!(card["tier"], cell(&scores[0], "tier").expect("a tier"));
    assert_eq!(card["event"]["days_past_due"], 90);
    assert!(place.path().join(format!("out/models/risk/{version}/bins.parquet")).exists());
}

/// `document_id,document_type,customer_id,document_date,due_date,amount`, and applications.
fn by_hand(documents: &str, applications: &str, events: &str) -> Place {
    let place = Place::empty();
    let documents: String = documents.lines().map(|line| format!("{},USD\n", line.trim())).collect();
    let config = "base_currency = \"USD\"\noutput = \"out\"\n\n[forecast]\nenabled = false\n\n\
                  [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";
    place.write("arrears.toml", config);
    place.write(
        "ledger/documents.csv",
        format!("document_id,document_type,customer_id,document_date,due_date,amount,currency\n{documents}"),
    );
    let heading = "application_id,credit_document_id,debit_document_id,applied_date,amount\n";
    let applications: String = applications.lines().map(|line| format!("{}\n", line.trim())).collect();
    place.write("ledger/applications.csv", format!("{heading}{applications}"));
    place.write("ledger/customer_events.csv", format!("customer_id,event_date,kind\n{events}"));
    place
}

#[test]
fn defaults_worked_by_hand_come_with_their_cause_and_end() {
    // A: 200 due on 1 March are 90 days past due on 30 May. B: insolvent with 500 open that are not due. C: a write-off of 300.
    // D: 99 long past due are below 100. E: legal steps are none. F: paid 95 days late; the clean days begin on 5 July.
    let place = by_hand(
        "A1,invoice,A,2024-02-01,2024-03-01,200.00
         B1,invoice,B,2024-06-01,2024-12-01,500.00
         B2,invoice,B,2024-06-01,2024-07-01,50.00
         C1,invoice,C,2024-02-01,2024-05-01,300.00
         CW,write_off,C,2024-06-15,,300.00
         D1,invoice,D,2024-01-01,2024-02-01,99.00
         E1,invoice,E,2024-06-01,2024-12-01,500.00
         F1,invoice,F,2024-03-01,2024-04-01,1000.00
         FR,receipt,F,2024-07-05,,1000.00
         G1,invoice,G,2024-06-01,2025-01-30,700.00",
        "PC,CW,C1,2024-06-15,300.00
         PF,FR,F1,2024-07-05,1000.00",
        "B,2024-07-10,insolvency\nE,2024-07-10,legal\n",
    );
    place.run(END).expect(0);
    let events: Vec<[Option<String>; 4]> = table(&place.night(END), "default_events")
        .iter()
        .map(|row| ["customer_id", "event_date", "cause", "cured_date"].map(|name| cell(row, name).map(str::to_owned)))
        .collect();
    let row = |customer: &str, day: &str, cause: &str, cured: Option<&str>| {
        [Some(customer.to_owned()), Some(day.to_owned()), Some(cause.to_owned()), cured.map(str::to_owned)]
    };
    assert_eq!(
        events,
        [
            row("A", "2024-05-30", "days_past_due", None),
            row("B", "2024-07-10", "insolvency", None),
            row("C", "2024-06-15", "write_off", None),
            // 1 April + 90 days = 30 June; clean from 5 July, and 90 days later it is over.
            row("F", "2024-06-30", "days_past_due", Some("2024-10-03")),
        ]
    );
    let scores = table(&place.night(END), "customer_scores");
    let grade = |customer: &str| cell(the_row(&scores, &[("customer_id", customer)]), "grade").map(str::to_owned);
    // G has neither settled anything nor is anything past due: there is nothing to judge it by.
    assert_eq!([grade("A"), grade("B"), grade("C"), grade("G")].map(Option::unwrap_or_default), ["default", "default", "default", "U"]);
    let of_g = the_row(&scores, &[("customer_id", "G")]);
    assert_eq!(cell(of_g, "tier"), Some("expert"));
    assert!(number_in(of_g, "pd") > 0.0, "never a silent zero");

    // What follows from it. Nobody duns where insolvency was opened, or where somebody else does.
    let list = table(&place.night(END), "worklist");
    let quiet = |document: &str| cell(the_row(&list, &[("document_id", document)]), "quiet_reason").map(str::to_owned);
    assert_eq!([quiet("B2"), quiet("E1")], [Some("insolvency".to_owned()), Some("handed_over".to_owned())]);
    // A owes 200, of which 60 % are expected to be lost; it is in default, so no more is proposed than there is.
    let reviews = table(&place.night(END), "credit_reviews");
    let of_a = the_row(&reviews, &[("customer_id", "A")]);
    assert_eq!((cell(of_a, "grade"), money_in(of_a, "expected_loss_base")), (Some("default"), 1_200_000));
    assert!(place.night(END).join("exports/credit_reviews.json").exists());
}

#[test]
fn a_book_without_any_default_has_chances_above_zero_and_an_honest_upper_bound() {
    let documents: String = (1..=60)
        .map(|at| {
            let (month, customer) = ((at - 1) % 20, (at - 1) / 20);
            let (year, month) = (2023 + month / 12, month % 12 + 1);
            format!("I{at},invoice,K{customer},{year}-{month:02}-01,{year}-{month:02}-20,100.00\nR{at},receipt,K{customer},{year}-{month:02}-18,,100.00\n")
        })
        .collect();
    let applications: String = (1..=60)
        .map(|at| {
            let month = (at - 1) % 20;
            format!("P{at},R{at},I{at},{}-{:02}-18,100.00\n", 2023 + month / 12, month % 12 + 1)
        })
        .collect();
    let place = by_hand(documents.trim(), applications.trim(), "");
    place.run(END).expect(0);
    assert!(table(&place.night(END), "default_events").is_empty());
    let scores = table(&place.night(END), "customer_scores");
    assert_eq!(scores.len(), 3);
    for row in &scores {
        let (pd, upper) = (number_in(row, "pd"), number_in(row, "pd_upper"));
        assert!(pd > 0.0 && upper > pd && upper < 1.0, "{row:?}");
        assert_eq!(cell(row, "tier"), Some("expert"));
    }
}

/// The rows of a backtest as a sample wants them.
struct Rows {
    columns: Vec<Vec<f32>>,
    target: Vec<bool>,
    family: Vec<u32>,
    day: Vec<String>,
}

fn rows(path: &Path) -> Rows {
    let rows = parquet_rows(path, &[]);
    let number = |row: &support::Row, name: &str| cell(row, name).and_then(|text| text.parse::<f32>().ok()).unwrap_or(f32::NAN);
    Rows {
        columns: CHARACTERISTICS.iter().map(|of| rows.iter().map(|row| number(row, of.name)).collect()).collect(),
        target: rows.iter().map(|row| cell(row, "target") == Some("1")).collect(),
        family: rows.iter().map(|row| number(row, "family") as u32).collect(),
        day: rows.iter().map(|row| cell(row, "day").unwrap_or_default().to_owned()).collect(),
    }
}

fn auc_out_of_fold(rows: &Rows, target: &[bool]) -> f64 {
    let characteristics: Vec<Characteristic> = CHARACTERISTICS
        .iter()
        .zip(&rows.columns)
        .map(|(of, values)| Characteristic { name: of.name, direction: of.direction, values })
        .collect();
    let sample = Sample { characteristics: &characteristics, is_event: target, group: &rows.family };
    let options = fit::Options { information_value_min: 0.0, ..fit::Options::full() };
    // Where nothing is left to tell anybody apart, nobody is.
    let Ok(said) = fit::out_of_fold(&sample, &options) else { return 0.5 };
    let target: Vec<f64> = target.iter().map(|is_event| f64::from(u8::from(*is_event))).collect();
    Scores::new(&said, &target, None).ok().and_then(|scores| scores.auc()).unwrap_or(0.5)
}

#[test]
fn defaults_are_told_in_advance_and_a_permuted_target_is_not() {
    let place = book("defaults-many", "24000", "700");
    end_of(&mut place.arrears(&["ingest", "--as-of", END])).expect(0);
    let file = place.path().join("rows.parquet");
    let file_name = file.display().to_string();
    let options = ["backtest", "risk", "--from", "2024-03-31", "--to", "2024-05-31", "--rows", &file_name, "--json"];
    let said: serde_json::Value = serde_json::from_str(&end_of(&mut place.arrears(&options)).expect(0).stdout).expect("JSON");
    assert_eq!(said["models"].as_array().map(Vec::len), Some(3));
    let measures = &said["measures"];
    let auc = measures["auc"]["first"]["value"].as_f64().expect("an area");
    assert!(auc > 0.7 && auc < 0.97, "{auc}: worse than any rule, or a leak");
    assert!(measures["events"].as_u64().is_some_and(|events| events > 30), "{measures}");
    let by_grade: u64 = said["grades"].as_array().expect("grades").iter().filter_map(|grade| grade["rows"].as_u64()).sum();
    assert_eq!(Some(by_grade), measures["rows"].as_u64());

    let rows = rows(&file);
    assert!(rows.day.iter().any(|day| day == "2024-05-31") && rows.day.iter().any(|day| day.as_str() < "2023-01-01"));
    let honest = auc_out_of_fold(&rows, &rows.target);
    assert!(honest > 0.7, "{honest}");
    // Targets dealt anew among families: each family gets those of another.
    let mut families: Vec<u32> = rows.family.clone();
    families.sort_unstable();
    families.dedup();
    let place_of = |family: u32| families.binary_search(&family).expect("it is listed");
    let mut of_family: Vec<Vec<bool>> = vec![Vec::new(); families.len()];
    for (family, target) in rows.family.iter().zip(&rows.target) {
        of_family[place_of(*family)].push(*target);
    }
    let mut taken = vec![0; families.len()];
    let permuted: Vec<bool> = rows
        .family
        .iter()
        .map(|family| {
            let other = (place_of(*family) * 7_919 + 31) % families.len();
            taken[other] += 1;
            of_family[other].get(taken[other] - 1).copied().unwrap_or(false)
        })
        .collect();
    let permuted = auc_out_of_fold(&rows, &permuted);
    assert!((permuted - 0.5).abs() < 0.08, "{permuted}: a permuted target is told apart");
}

#[test]
fn what_cannot_be_backtested_is_said() {
    let place = book("defaults-few", "3000", "60");
    let refused = |options: &[&str], status: i32, what: &str| {
        let said = end_of(&mut place.arrears(&[&["backtest", "risk"], options].concat())).expect(status).stderr;
        assert!(said.contains(what), "{what} in: {said}");
    };
    refused(&[], 4, "no ledger is kept");
    end_of(&mut place.arrears(&["ingest", "--as-of", END])).expect(0);
    refused(&["--to", "2024-05-30"], 2, "2024-05-31");
    refused(&["--to", "2024-12-31"], 2, "the last month end that can be judged is 2024-05-31");
    refused(&["--from", "2024-05-31", "--to", "2024-03-31"], 2, "--from is after --to");
    refused(&["--challenger-tier", "best"], 2, "full, small or expert");
    place.write("outcomes.csv", "customer_id,document_id,bad\nC-0000001,NONE,1\n");
    let outcomes = place.path().join("outcomes.csv").display().to_string();
    refused(&["--outcomes", &outcomes], 4, "no document NONE of customer C-0000001");
    place.write("outcomes.csv", "customer_id,bad\nC-0000001,1\n");
    refused(&["--outcomes", &outcomes], 4, "`document_id`");
    place.write("outcomes.csv", "customer_id,document_id,bad\nC-0000001,X,maybe\n");
    refused(&["--outcomes", &outcomes], 4, "`maybe`");
}

#[test]
fn given_outcomes_are_told_from_what_was_recorded_before_them() {
    let Some(data) = real_ledger("superlender") else { return skipped("superlender's outcomes") };
    let place = Place::empty();
    let config = format!(
        "base_currency = \"NGN\"\noutput = \"out\"\n\n[[source]]\nname = \"loans\"\npath = \"{}\"\nshape = \"canonical\"\n",
        data.join("*.csv.gz").display()
    );
    let ledger = place.path().join("ledger");
    std::fs::create_dir(&ledger).expect("a folder");
    for name in ["customers", "documents", "applications"] {
        std::fs::copy(data.join(format!("{name}.csv.gz")), ledger.join(format!("{name}.csv.gz"))).expect("copies");
    }
    place.write("arrears.toml", config.replace(&data.join("*.csv.gz").display().to_string(), "ledger/"));
    end_of(&mut place.arrears(&["ingest", "--as-of", "2017-07-31"])).expect(0);
    let outcomes = data.join("outcomes.csv.gz").display().to_string();
    let said = end_of(&mut place.arrears(&["backtest", "risk", "--outcomes", &outcomes, "--json"])).expect(0).stdout;
    let measures = &serde_json::from_str::<serde_json::Value>(&said).expect("JSON")["measures"];
    assert_eq!((measures["rows"].as_u64(), measures["events"].as_u64()), (Some(3_070), Some(665)));
    let (model, rule) = (measures["auc"]["first"]["value"].as_f64(), measures["auc"]["second"]["value"].as_f64());
    let (model, rule) = (model.expect("an area"), rule.expect("an area"));
    assert!(model > rule + 0.02 && model < 0.75, "model {model}, late rate {rule}");
    let slope = measures["slope"].as_f64().expect("a slope");
    assert!((0.85..=1.15).contains(&slope), "{slope}");
}
