//! `arrears backtest forecast`: what it prints and writes, that it goes on where it stopped, and the figures it must reach.

mod support;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type, Int32Type, Int64Type, UInt64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::Path;
use support::{Ended, Place, end_of, files_of, ibm_sample, program};

/// A place whose ledger is read.
fn ingested(place: Place, as_of: &str) -> Place {
    end_of(&mut place.arrears(&["ingest", "--as-of", as_of])).expect(0);
    place
}

fn generated(invoices: u32) -> Place {
    ingested(Place::generated(invoices), "2024-12-31")
}

fn backtest(place: &Place, arguments: &[&str]) -> Ended {
    end_of(place.arrears(&["backtest", "forecast"]).args(arguments))
}

/// A short backtest of a generated book.
const SHORT: [&str; 8] = ["--from", "2024-03-04", "--weeks", "2", "--paths", "50", "--refit-days", "56"];

/// The table that a backtest wrote, and what it says of itself.
fn table(path: &Path) -> (RecordBatch, String) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).expect("it was written")).expect("it is Parquet");
    let about = reader.metadata().file_metadata().key_value_metadata().expect("it has metadata").iter();
    let about = about.filter(|pair| pair.key == "arrears_backtest").find_map(|pair| pair.value.clone()).expect("it says what it is");
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().expect("it can be read").map(|batch| batch.expect("rows")).collect();
    (arrow::compute::concat_batches(&schema, &batches).expect("one schema"), about)
}

fn texts(table: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = table.column_by_name(name).unwrap_or_else(|| panic!("there is a column {name}")).as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

fn numbers(table: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    table.column_by_name(name).unwrap_or_else(|| panic!("there is a column {name}")).as_primitive::<Float64Type>().iter().collect()
}

fn counts(table: &RecordBatch, name: &str) -> Vec<i64> {
    table.column_by_name(name).unwrap_or_else(|| panic!("there is a column {name}")).as_primitive::<Int64Type>().values().to_vec()
}

/// The figure of all weeks of all companies by a method.
#[track_caller]
fn figure(table: &RecordBatch, recipe: &str, target: &str, method: &str, column: &str) -> f64 {
    let keys = ["recipe", "company_id", "target", "method"].map(|name| texts(table, name));
    let wanted = [recipe, "(all)", target, method];
    let horizons = counts(table, "horizon");
    let row = (0..table.num_rows())
        .find(|row| horizons[*row] == 0 && keys.iter().zip(wanted).all(|(key, wanted)| key[*row].as_deref() == Some(wanted)));
    numbers(table, column)[row.unwrap_or_else(|| panic!("there is a line of {wanted:?}"))]
        .unwrap_or_else(|| panic!("{column} of {wanted:?}"))
}

#[test]
fn a_backtest_that_was_stopped_goes_on_and_says_the_same_to_the_bit() {
    let place = generated(2_000);
    let (at_once, resumed, read) =
        (place.path().join("once.parquet"), place.path().join("resumed.parquet"), place.path().join("read.parquet"));
    let run = |to: &str, out: &Path, more: &[&str]| {
        let out = out.display().to_string();
        let all: Vec<&str> = SHORT.into_iter().chain(["--to", to, "--out", &out]).chain(more.iter().copied()).collect();
        backtest(&place, &all).expect(0).stdout
    };
    let whole = run("2024-05-27", &at_once, &[]);
    assert!(whole.contains(" 0 read from "), "{whole}");
    let backtests = place.out().join("backtests");
    let kept = files_of(&backtests);
    // Again from nothing: first a shorter one, of which an origin is lost and another one is torn, then the whole.
    std::fs::remove_dir_all(&backtests).expect("they can be removed");
    run("2024-04-01", &place.path().join("short.parquet"), &[]);
    let short = files_of(&backtests);
    assert!(short.len() < kept.len() && short.iter().all(|(name, bytes)| kept[name] == *bytes), "the shorter keeps what the longer would");
    let of_origin: Vec<&String> =
        short.keys().filter(|name| name.ends_with("2024-03-04.parquet") || name.ends_with("2024-03-11.parquet")).collect();
    std::fs::remove_file(backtests.join(of_origin[0])).expect("it is there");
    std::fs::write(backtests.join(of_origin[1]), &short[of_origin[1]][..100]).expect("it can be torn");
    let printed = run("2024-05-27", &resumed, &[]);
    assert!(!printed.contains(" 0 read from "), "{printed}");
    assert_eq!(std::fs::read(&at_once).expect("a table"), std::fs::read(&resumed).expect("a table"));
    assert_eq!(files_of(&backtests), kept);
    // Everything is there: nothing is fitted, on one thread too; and --fresh does it all again.
    let printed = run("2024-05-27", &read, &[]);
    assert!(printed.contains("0 origins replayed now with 0 fits"), "{printed}");
    assert_eq!(std::fs::read(&at_once).expect("a table"), std::fs::read(&read).expect("a table"));
    let printed = run("2024-05-27", &read, &["--fresh"]);
    assert!(printed.contains(" 0 read from "), "{printed}");
    assert_eq!(std::fs::read(&at_once).expect("a table"), std::fs::read(&read).expect("a table"));
    // Other settings are other replays.
    let printed = run("2024-05-27", &read, &["--tier", "no_model"]);
    assert!(printed.contains(" 0 read from ") && printed.contains("stands on no_model at 100 %"), "{printed}");
}

#[test]
fn the_table_has_every_cell_week_and_method_and_adds_up() {
    let place = generated(2_000);
    let out = place.path().join("table.parquet");
    let rows = place.path().join("rows");
    let to = ["--to", "2024-04-29", "--out", &out.display().to_string(), "--rows", &rows.display().to_string()].map(str::to_owned);
    let arguments: Vec<&str> = SHORT.into_iter().chain(to.iter().map(String::as_str)).collect();
    let printed = backtest(&place, &arguments).expect(0).stdout;
    let (table, about) = table(&out);
    let about: serde_json::Value = serde_json::from_str(&about).expect("it is JSON");
    assert_eq!((&about["origins"], &about["from"], &about["verdict"]), (&9.into(), &"2024-03-04".into(), &serde_json::Value::Null));
    assert!(printed.starts_with("2 weeks of 9 origins, one every 7 days from 2024-03-04 to 2024-04-29"), "{printed}");
    // Of each cell and target the model and the rules, for all weeks and for each.
    let (targets, methods) = (texts(&table, "target"), texts(&table, "method"));
    let of_open_items = targets.iter().filter(|target| target.as_deref() == Some("open_items")).count();
    assert_eq!(of_open_items * 2, table.num_rows());
    assert_eq!(methods.iter().filter(|method| method.as_deref() == Some("model")).count() * 4, table.num_rows());
    let (horizons, weeks) = (counts(&table, "horizon"), counts(&table, "weeks"));
    for (at, group) in horizons.chunks(12).enumerate() {
        assert_eq!(group, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
        let weeks = &weeks[at * 12..at * 12 + 12];
        assert_eq!(weeks[0], weeks[4] + weeks[8]);
    }
    let (wape, lower, upper) = (numbers(&table, "wape"), numbers(&table, "wape_lower"), numbers(&table, "wape_upper"));
    let (ratio, difference) = (numbers(&table, "model_wape_over_this"), numbers(&table, "model_wape_less_this"));
    for row in 0..table.num_rows() {
        let (Some(wape), Some(lower), Some(upper)) = (wape[row], lower[row], upper[row]) else { continue };
        assert!(lower <= upper && wape > 0.0, "row {row}");
        let model = row / 4 * 4;
        let of_model = numbers(&table, "wape")[model].expect("the model has an error");
        if row == model {
            assert_eq!((ratio[row], difference[row]), (None, None));
        } else {
            assert!((ratio[row].expect("a rule is compared") - of_model / wape).abs() < 1e-12, "row {row}");
            assert!((difference[row].expect("a rule is compared") - (of_model - wape)).abs() < 1e-12, "row {row}");
        }
    }
    // The same as JSON.
    let mut arguments: Vec<&str> = SHORT.into_iter().chain(["--to", "2024-04-29", "--json"]).collect();
    let json: serde_json::Value = serde_json::from_str(&backtest(&place, &arguments).expect(0).stdout).expect("it is JSON");
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(table.num_rows()));
    assert_eq!(json["rows"][0]["wape"].as_f64(), wape[0]);
    // The rows for others.
    let names: Vec<String> = files_of(&rows).into_keys().collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("items/")).count(), 9, "{names:?}");
    assert_eq!(names.iter().filter(|name| name.starts_with("fits/")).count(), 2, "{names:?}");
    // On one thread: the same to the letter.
    arguments.push("--fresh");
    let one = end_of(place.arrears(&["backtest", "forecast"]).args(&arguments).env("RAYON_NUM_THREADS", "1")).expect(0).stdout;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&one).expect("it is JSON"), json);
}

#[test]
fn what_the_model_says_of_each_item_day_put_together_is_what_it_forecast() {
    let place = generated(2_000);
    let rows = place.path().join("rows");
    let arguments: Vec<&str> = SHORT.into_iter().chain(["--to", "2024-03-04", "--tier", "hazard", "--rows"]).collect();
    end_of(place.arrears(&["backtest", "forecast"]).args(&arguments).arg(&rows)).expect(0);
    let items = rows_of(&rows.join("items/2024-03-04.parquet"));
    assert!(items.column_by_name("days past due").is_some(), "columns of the design have their names");
    let item: Vec<u64> = items.column_by_name("item").expect("a column").as_primitive::<UInt64Type>().values().to_vec();
    let week = |rows: &RecordBatch| rows.column_by_name("week").expect("a column").as_primitive::<Int32Type>().values().to_vec();
    let (weeks, keys) = (week(&items), ["company_id", "currency"].map(|name| texts(&items, name)));
    let figures = ["amount", "said", "credit", "write_off"].map(|name| numbers(&items, name));
    let mut cash: BTreeMap<(String, String, i32), f64> = BTreeMap::new();
    let mut there = 1.0;
    for row in 0..items.num_rows() {
        if row == 0 || item[row] != item[row - 1] {
            there = 1.0;
        }
        let [amount, said, credit, write_off] = [0, 1, 2, 3].map(|of: usize| figures[of][row].expect("a figure"));
        let scale = 1.0 / f64::max(said + credit + write_off, 1.0);
        let key = (keys[0][row].clone().expect("a company"), keys[1][row].clone().expect("a currency"), weeks[row]);
        *cash.entry(key).or_default() += amount * there * said * scale;
        there *= 1.0 - (said + credit + write_off) * scale;
    }
    let actuals = rows_of(&rows.join("actuals.parquet"));
    let (weeks, keys) = (week(&actuals), ["company_id", "currency"].map(|name| texts(&actuals, name)));
    let (model, promises) = (numbers(&actuals, "model"), numbers(&actuals, "promises"));
    let mut compared = 0;
    for row in 0..actuals.num_rows() {
        let key = (keys[0][row].clone().expect("a company"), keys[1][row].clone().expect("a currency"), weeks[row]);
        let put_together = cash.get(&key).copied().unwrap_or(0.0) + promises[row].expect("a figure");
        let model = model[row].expect("a figure");
        assert!((put_together - model).abs() <= 1e-6 * model.abs() + 0.01, "{key:?}: {put_together} and {model}");
        compared += usize::from(model > 1_000.0);
    }
    assert!(compared >= 4, "weeks with money in them");
    // The rows of the fit are shares with weights.
    let fits: Vec<String> = files_of(&rows.join("fits")).into_keys().collect();
    let [fit] = fits.as_slice() else { panic!("one fit: {fits:?}") };
    let fit = rows_of(&rows.join("fits").join(fit));
    let shares =
        ["target", "weight"].map(|name| fit.column_by_name(name).expect("a column").as_primitive::<Float32Type>().values().to_vec());
    assert!(shares[0].iter().all(|target| (0.0..=1.0).contains(target)) && shares[0].contains(&1.0));
    assert!(shares[1].iter().all(|weight| *weight > 0.0));
}

#[test]
fn a_card_names_the_gate_before_the_hazard_with_both_losses() {
    let place = Place::generated(6_000);
    place.run("2024-12-31").expect(0);
    let cards: Vec<serde_json::Value> = files_of(&place.out().join("models/timing"))
        .into_iter()
        .filter(|(name, _)| name.ends_with("card.json"))
        .map(|(_, bytes)| serde_json::from_slice(&bytes).expect("it is JSON"))
        .collect();
    let [card] = cards.as_slice() else { panic!("one model: {cards:?}") };
    let gates = card["gates"].as_array().expect("a list");
    let gate = gates.iter().find(|gate| gate["log_loss"].is_object()).unwrap_or_else(|| panic!("{card:#}"));
    let loss = |of: &str| gate["log_loss"][of].as_f64().expect("a loss");
    let (hazard, curve) = (loss("hazard"), loss("residual_curve"));
    assert!(hazard > 0.0 && curve > 0.0 && gate["item_days"].as_u64() > Some(1_000), "{gate:#}");
    assert_eq!(gate["passed"], hazard <= curve);
    assert_eq!(card["tier"], if hazard <= curve { "hazard" } else { "residual_curve" });
    assert_eq!(gate["fitted_on"].as_str().map(str::len), Some(10));
}

fn rows_of(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).expect("it was written")).expect("it is Parquet");
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().expect("it can be read").map(|batch| batch.expect("rows")).collect();
    arrow::compute::concat_batches(&schema, &batches).expect("one schema")
}

#[test]
fn a_challenger_is_judged_on_the_same_origins_and_the_verdict_is_kept() {
    let place = generated(4_000);
    let out = place.path().join("table.parquet");
    let judged = |more: &[&str]| {
        let fixed = ["--from", "2024-01-08", "--to", "2024-07-08", "--weeks", "2", "--paths", "50", "--refit-days", "84", "--out"];
        let file = out.display().to_string();
        let all: Vec<&str> = fixed.into_iter().chain([file.as_str()]).chain(more.iter().copied()).collect();
        backtest(&place, &all).expect(0).stdout
    };
    // Due dates alone are worse than any curve: the champion stays.
    let printed = judged(&["--challenger-tier", "no_model"]);
    assert!(
        printed.contains("the champion stays: ") && printed.contains("in the configuration:\n    [forecast]\n    tier = \"auto\""),
        "{printed}"
    );
    let (found, about) = table(&out);
    let about: serde_json::Value = serde_json::from_str(&about).expect("it is JSON");
    assert_eq!(about["verdict"]["verdict"], "champion_stays");
    let wape = |recipe: &str| figure(&found, recipe, "open_items", "model", "wape");
    assert!(wape("champion") < wape("challenger"));
    let (recipes, verdicts) = (texts(&found, "recipe"), texts(&found, "verdict"));
    assert!(recipes.iter().zip(&verdicts).all(|(recipe, verdict)| (recipe.as_deref() == Some("challenger")) == verdict.is_some()));
    // The other way round it is replaced, unless a gate fails; the champion's replays are read.
    place.write("arrears.toml", place.read("arrears.toml") + "tier = \"no_model\"\n");
    let printed = judged(&["--challenger-tier", "auto"]);
    assert!(printed.contains("0 origins replayed now with 0 fits"), "{printed}");
    let failed = printed.contains("FAILED");
    assert!(
        printed.contains(if failed { "the champion stays: its error is smaller, but" } else { "the challenger replaces the champion: " }),
        "{printed}"
    );
    if !failed {
        assert!(printed.contains("in the configuration:\n    [forecast]\n    tier = \"auto\"\n    half_life_days = 75"), "{printed}");
    }
    let ended = backtest(&place, &["--from", "2024-01-08", "--to", "2024-07-08", "--challenger-half-life", "75"]).expect(2);
    assert!(
        ended.stderr.contains("the challenger is the recipe of the configuration: tier no_model, half-life 75 days"),
        "{}",
        ended.stderr
    );
}

#[test]
fn origins_that_were_kept_without_a_direct_debit_do_not_count_with_it() {
    let place = generated(500);
    let all: Vec<&str> = SHORT.into_iter().chain(["--to", "2024-03-11"]).collect();
    let replayed = |what: &str| backtest(&place, &all).expect(0).stdout.contains(what);
    assert!(replayed(" 0 read from "));
    assert!(replayed(" 0 origins replayed now "), "all are kept");
    let customers = place.read("ledger/customers.csv");
    let mut lines = customers.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let column = lines.next().expect("a heading").iter().position(|name| *name == "customer_id").expect("customers have an id");
    let customer = lines.next().expect("a customer")[column];
    place.write("arrears.toml", place.read("arrears.toml") + &format!("direct_debits = [\"{customer}\"]\n"));
    assert!(replayed(" 0 read from "), "another forecast");
}

#[test]
fn what_cannot_be_replayed_is_refused_with_what_to_do() {
    let place = Place::copy_of("data-samples/corner-shop");
    let ended = backtest(&place, &["--from", "2025-01-06", "--to", "2025-02-03"]).expect(4);
    assert!(ended.stderr.contains("error[no_ledger]") && ended.stderr.contains("hint: read the sources first"), "{}", ended.stderr);
    let place = ingested(place, "2025-06-30");
    for (arguments, error, hint) in [
        (
            ["--from", "2025-03-03", "--to", "2025-02-03"].as_slice(),
            "error[no_origin]: the first origin lies after the last: 2025-03-03 and 2025-02-03",
            "hint: give --from a date on or before that of --to",
        ),
        (
            &["--from", "2001-01-01", "--to", "2001-02-05"],
            "error[no_origin]: no origin from 2001-01-01 to 2001-02-05 has 56 days of ledger behind it",
            "hint: the ledger begins on ",
        ),
        (
            &["--from", "2035-01-01", "--to", "2035-02-05"],
            "error[nothing_to_score]: no week after 2035-01-01 is final: the ledger ends on ",
            "hint: cash is final 10 days after a week has ended",
        ),
        (
            &["--from", "2025-01-06", "--to", "2025-02-03", "--tier", "best"],
            "error[unknown_tier]: no such step of the ladder: best",
            "hint: use one of: auto, hazard, residual_curve, pooled_curve, no_model",
        ),
    ] {
        let ended = backtest(&place, arguments).expect(2);
        assert!(ended.stderr.contains(error) && ended.stderr.contains(hint), "{}", ended.stderr);
    }
    for arguments in [["--from", "yesterday"], ["--paths", "70"], ["--weeks", "0"], ["--challenger-half-life", "2"]] {
        backtest(&place, &[["--from", "2025-01-06", "--to", "2025-02-03"].as_slice(), &arguments].concat()).expect(2);
    }
    let both = ["--from", "2025-01-06", "--to", "2025-02-03", "--tier", "hazard", "--challenger-tier", "auto"];
    assert!(backtest(&place, &both).expect(2).stderr.contains("cannot be used with"));
}

#[test]
fn the_help_names_what_can_be_asked_for() {
    let help = end_of(program().args(["backtest", "forecast", "--help"])).expect(0).stdout;
    for option in [
        "--from",
        "--to",
        "--every-days",
        "--refit-days",
        "--weeks",
        "--paths",
        "--tier",
        "--challenger-tier",
        "--challenger-half-life",
        "--out",
        "--json",
        "--fresh",
        "--rows",
    ] {
        assert!(help.contains(option), "{option}: {help}");
    }
}

#[test]
fn cash_of_the_ibm_sample_is_forecast_as_well_as_it_must_be() {
    let Some(place) = ibm_sample("") else { return };
    let place = ingested(place, "2014-01-31");
    let out = place.path().join("table.parquet");
    let printed = backtest(&place, &["--from", "2013-01-07", "--to", "2013-10-07", "--out", &out.display().to_string()]).expect(0).stdout;
    assert!(printed.starts_with("8 weeks of 40 origins, one every 7 days from 2013-01-07 to 2013-10-07"), "{printed}");
    let (table, _) = table(&out);
    let of = |target: &str, method: &str, column: &str| figure(&table, "champion", target, method, column);
    let wape = of("open_items", "model", "wape");
    assert!(wape <= 0.190, "weekly error on open items {wape}");
    assert!(wape <= 0.67 * of("open_items", "due_date_and_average_delay", "wape"), "{printed}");
    assert!(wape <= 0.96 * of("open_items", "aging_percentages", "wape"), "{printed}");
    // All cash: no worse than exponential smoothing, as far as the interval tells, and bands that hold what they promise.
    assert!(of("total", "exponential_smoothing", "model_wape_less_this_lower") <= 0.0, "{printed}");
    for band in ["coverage_50", "coverage_80", "coverage_95"] {
        let (lower, upper) = (of("total", "model", &format!("{band}_lower")), of("total", "model", &format!("{band}_upper")));
        let nominal = band.rsplit('_').next().and_then(|share| share.parse::<f64>().ok()).expect("a share") / 100.0;
        assert!((lower..=upper).contains(&nominal), "{band}: {lower} to {upper}");
    }
}
