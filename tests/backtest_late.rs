//! `arrears backtest late`: what it prints, what it writes, and the figures it must reach.

mod support;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use std::collections::BTreeMap;
use support::{Place, end_of, ibm_sample};

/// A place whose ledger is read.
fn ingested(place: Place, as_of: &str) -> Place {
    end_of(&mut place.arrears(&["ingest", "--as-of", as_of])).expect(0);
    place
}

fn backtest(place: &Place, arguments: &[&str]) -> support::Ended {
    end_of(place.arrears(&["backtest", "late"]).args(arguments))
}

/// The figures of the table with a title that begins so: by the first words of the line, those of its columns.
fn figures(printed: &str, title: &str) -> BTreeMap<String, Vec<f64>> {
    let table = printed.lines().skip_while(|line| !line.starts_with(title)).skip(1).take_while(|line| !line.is_empty());
    let lines = table.filter(|line| line.contains('['));
    lines
        .map(|line| {
            let (name, rest) = line.split_at(28);
            // A figure is followed by its interval in brackets.
            let figures = rest.split(']').filter_map(|part| part.split('[').next()?.split_whitespace().last()?.parse().ok());
            (name.trim().to_owned(), figures.collect())
        })
        .collect()
}

const KNOWN: &str = "customers who had paid three invoices or more";

#[test]
fn a_generated_book_is_told_better_than_by_the_rate_of_all_and_the_rows_are_those_that_were_judged() {
    let place = ingested(Place::generated(6_000), "2024-12-31");
    let rows = place.path().join("rows.parquet");
    let ended = backtest(&place, &["--cut", "2023-06-30", "--rows", &rows.display().to_string()]).expect(0);
    let known = figures(&ended.stdout, KNOWN);
    let (model, all) = (&known["model"], &known["late rate of all"]);
    assert!(model[0] > 0.75 && all[0] == 0.5, "{}", ended.stdout);
    assert!(model[1] < all[1] && model[2] < all[2], "{}", ended.stdout);
    assert!(known["expected days late"][0] < known["due date"][0], "{}", ended.stdout);
    // Again, and on one thread: the same to the letter.
    let again = end_of(place.arrears(&["backtest", "late"]).args(["--cut", "2023-06-30"]).env("RAYON_NUM_THREADS", "1")).expect(0);
    assert_eq!(ended.stdout, again.stdout);

    let words: Vec<&str> = ended.stdout.split_whitespace().collect();
    let number_after = |word: &str| words[words.iter().position(|other| *other == word).expect("it is printed") + 2].parse::<usize>();
    let first_line: Vec<&str> = ended.stdout.lines().next().expect("a line").split_whitespace().collect();
    let fitted: usize = first_line[7].parse().expect("a number of invoices");
    let tested = number_after("tested").expect("a number of invoices");
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let reader = SerializedFileReader::new(std::fs::File::open(&rows).expect("it was written")).expect("it is Parquet");
    for row in reader.get_row_iter(None).expect("it has rows") {
        let row = row.expect("a row");
        *found.entry(row.get_string(0).expect("the split").clone()).or_default() += 1;
        let target = row.get_double(2).expect("the target");
        if let Ok(days_late) = row.get_int(3) {
            assert_eq!(target, f64::from(u8::from(days_late > 0)), "{row}");
        }
    }
    assert_eq!(found, BTreeMap::from([("test".to_owned(), tested), ("train".to_owned(), fitted)]));
    let names: Vec<String> = reader.metadata().file_metadata().schema_descr().columns().iter().map(|column| column.name().into()).collect();
    for name in ["split", "weight", "target", "days_late", "late_rate", "expected_days_late", "log_amount", "due_friday"] {
        assert!(names.iter().any(|other| other == name), "no column {name}: {names:?}");
    }
}

#[test]
fn with_too_little_to_learn_from_it_says_why_there_is_no_model() {
    let reason = "none, because fewer than 300 invoices of customers who had paid 3 before were due";
    let place = ingested(Place::copy_of("data-samples/corner-shop"), "2025-06-30");
    let ended = backtest(&place, &["--cut", "2024-12-31"]).expect(0);
    assert!(ended.stdout.contains(reason) && ended.stdout.contains(&format!("{KNOWN}: 0 invoices")), "{}", ended.stdout);
    // The rules of thumb are judged all the same.
    let place = ingested(Place::generated(400), "2024-12-31");
    let ended = backtest(&place, &["--cut", "2023-12-31"]).expect(0);
    let known = figures(&ended.stdout, KNOWN);
    assert!(ended.stdout.contains(reason), "{}", ended.stdout);
    assert!(!known.contains_key("model") && known.contains_key("customer's late rate"), "{}", ended.stdout);
}

#[test]
fn without_a_ledger_or_a_time_after_the_cut_it_says_what_to_do() {
    let place = Place::copy_of("data-samples/corner-shop");
    let ended = backtest(&place, &["--cut", "2024-12-31"]).expect(4);
    assert!(ended.stderr.contains("hint: read the sources first"), "{}", ended.stderr);
    let place = ingested(place, "2025-06-30");
    let ended = backtest(&place, &["--cut", "2035-12-31"]).expect(2);
    assert!(ended.stderr.contains("nothing is known after the cut") && ended.stderr.contains("hint: cut earlier"), "{}", ended.stderr);
    let ended = backtest(&place, &["--cut", "yesterday"]).expect(2);
    assert!(ended.stderr.contains("not a date"), "{}", ended.stderr);
}

#[test]
fn lateness_of_the_ibm_sample_is_told_as_well_as_it_must_be() {
    let Some(place) = ibm_sample("") else { return };
    let place = ingested(place, "2014-01-31");
    let printed = backtest(&place, &["--cut", "2013-05-06"]).expect(0).stdout;
    // The protocol's rows: due before the cut less 45 days, of customers who had paid three; issued after the cut.
    assert!(printed.contains("on 1057 invoices due before 2013-03-22, 382 of them late"), "{printed}");
    assert!(printed.contains("tested on 738 invoices") && printed.contains("738 of them were paid by then, 0 were not"), "{printed}");
    let figures = figures(&printed, KNOWN);
    let [auc, log_loss, brier, slope, _] = figures["model"][..] else { panic!("five figures: {printed}") };
    assert!(auc >= 0.870, "AUC {auc}");
    assert!(log_loss <= 0.405, "log-loss {log_loss}");
    assert!(brier <= 0.129, "Brier {brier}");
    assert!((0.85..=1.15).contains(&slope), "slope {slope}");
    assert!(figures["expected days late"][0] <= 6.2, "{printed}");
    assert!(figures["median of the timing model"][0] <= 6.0, "{printed}");
    // The rules of thumb it is judged beside.
    assert!(auc > figures["customer's late rate"][0]);
    assert!((figures["average of past delays"][0] - 6.45).abs() < 0.01, "{printed}");
}
