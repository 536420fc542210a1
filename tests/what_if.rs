//! `arrears what-if`: figures by hand, laws, and what is refused.

mod support;

use support::{Ended, Place, Row, cell, end_of, money_in, number_in, parquet_rows, repository, table_where};

/// A scenario of so many weeks with some changes, written beside the configuration.
fn what_if(place: &Place, as_of: &str, weeks: u32, changes: &str) -> (Ended, Vec<Row>) {
    place.write("scenario.toml", format!("name = \"a test\"\nweeks = {weeks}\ncost_of_capital = 0.1\n{changes}"));
    let (scenario, out) = (place.path().join("scenario.toml"), place.path().join("weeks.parquet"));
    let mut command = place.arrears(&["what-if", "--as-of", as_of]);
    let ended = end_of(command.arg(scenario).arg("--out").arg(&out)).expect(0);
    (ended, parquet_rows(&out, &[]))
}

/// Money of a column in the rows of all companies, week by week.
fn weekly(rows: &[Row], column: &str) -> Vec<i128> {
    rows.iter().filter(|row| cell(row, "company_id") == Some(all_of(rows))).map(|row| money_in(row, column)).collect()
}

/// How all companies together are called.
fn all_of(rows: &[Row]) -> &str {
    cell(&rows[0], "company_id").expect("a company")
}

fn corner_shop() -> Place {
    let place = Place::copy_of("data-samples/corner-shop");
    end_of(&mut place.arrears(&["ingest", "--as-of", "2025-06-30"])).expect(0);
    place
}

fn generated(invoices: u32) -> Place {
    let place = Place::generated(invoices);
    end_of(&mut place.arrears(&["ingest", "--as-of", "2024-12-31"])).expect(0);
    place
}

const USD: i128 = 10_000;

#[test]
fn a_delay_by_hand_moves_two_items_of_the_corner_shop_into_the_second_week() {
    let place = corner_shop();
    let (ended, rows) = what_if(&place, "2025-06-30", 4, "[[change]]\nkind = \"delay\"\ndays = 10\ncustomers = [\"B\"]\n");
    // Without a model everything is paid on its due date or the first day ahead: I4 (10,530) and I5 (2,000) on Tuesday 07-01, I3
    // less the unapplied 700 (3,800), due on a Saturday, on Monday 07-07. Ten days after 07-01 is Friday 07-11.
    let (base, scenario) = (weekly(&rows, "base"), weekly(&rows, "scenario"));
    assert_eq!((base[0], scenario[0]), (16_330 * USD, 3_800 * USD));
    assert_eq!(weekly(&rows, "cumulative_change")[0], -12_530 * USD);
    assert_eq!((cell(&rows[0], "start_date"), cell(&rows[0], "end_date")), (Some("2025-07-01"), Some("2025-07-07")));
    // Open items are certain here, so that the band is the change itself.
    assert_eq!((weekly(&rows, "change_p10")[0], weekly(&rows, "change_p90")[0]), (-12_530 * USD, -12_530 * USD));
    assert!(ended.stdout.contains("2 open items with 12,530 USD open (77 % of all)"), "{}", ended.stdout);
    assert!(ended.stdout.contains("there is no model"), "{}", ended.stdout);
}

#[test]
fn a_discount_costs_its_share_of_what_takes_it() {
    let place = corner_shop();
    let change =
        |percent: &str| format!("[[change]]\nkind = \"early_payment_discount\"\npercent = {percent}\nwithin_days = 365\ntake_up = 1\n");
    let (free, without) = what_if(&place, "2025-06-30", 8, &change("0"));
    let (ended, with) = what_if(&place, "2025-06-30", 8, &change("2"));
    // All of what is open and billed takes it.
    let mut given = 0;
    for (without, with) in weekly(&without, "scenario").into_iter().zip(weekly(&with, "scenario")) {
        assert!((with * 100 - without * 98).abs() <= 200, "{with} is 98 % of {without}");
        given += without - with;
    }
    assert!(given > 300 * USD);
    let printed = |ended: &Ended| {
        let line = ended.stdout.lines().find(|line| line.contains("discounts given")).expect("a line of costs").to_owned();
        line.split_whitespace().nth(2).expect("an amount").replace(',', "").parse::<i128>().expect("a number")
    };
    assert_eq!((printed(&free), printed(&ended)), (0, (given + USD / 2) / USD));
}

#[test]
fn a_change_of_nothing_changes_nothing() {
    let place = generated(3_000);
    let nothing = "[[change]]\nkind = \"delay\"\ndays = 0\n\
        [[change]]\nkind = \"early_payment_discount\"\npercent = 2\nwithin_days = 10\ntake_up = 0\n\
        [[change]]\nkind = \"disputes\"\nfaster_by_days = 0\n\
        [[change]]\nkind = \"terms\"\nfrom_days = 30\nto_days = 30\n";
    for changes in ["", nothing] {
        let (ended, rows) = what_if(&place, "2024-12-31", 13, changes);
        for row in &rows {
            assert_eq!(cell(row, "base"), cell(row, "scenario"));
            for column in ["change", "change_p10", "change_p90", "cumulative_change", "cumulative_change_p10", "cumulative_change_p90"] {
                assert_eq!(money_in(row, column), 0, "{column}");
            }
        }
        assert!(weekly(&rows, "base").iter().sum::<i128>() > 0);
        assert!(ended.stdout.contains("cash of the next 13 weeks stays as it is"), "{}", ended.stdout);
    }
}

#[test]
fn the_base_is_the_forecast_of_the_night() {
    let place = Place::generated(3_000);
    place.run("2024-12-31").expect(0);
    let (_, rows) = what_if(&place, "2024-12-31", 26, "");
    let cells = [("company_id", "(all)"), ("scope", "company"), ("basis", "base"), ("grid", "week")];
    let published = table_where(&place.night("2024-12-31"), "cash_forecast", &cells);
    let mut compared = 0;
    for row in &published {
        let week = cell(row, "horizon").expect("a week");
        let total: f64 = if cell(row, "component") == Some("total") { number_in(row, "mean") } else { continue };
        let own =
            rows.iter().find(|row| cell(row, "company_id") == Some("(all)") && cell(row, "week") == Some(week)).expect("the same week");
        assert!((number_in(own, "base") - total).abs() < 0.05, "week {week}: {total} {own:?}");
        compared += 1;
    }
    assert_eq!(compared, 26, "{:?}", published.first());
}

#[test]
fn a_delay_only_moves_cash_later_and_paying_on_time_only_sooner() {
    let place = generated(3_000);
    let (ended, rows) = what_if(&place, "2024-12-31", 30, "[[change]]\nkind = \"delay\"\ndays = 17\n");
    assert!(weekly(&rows, "cumulative_change").iter().all(|change| *change <= 0));
    assert!(weekly(&rows, "cumulative_change_p90").iter().all(|change| *change <= 0), "on every path, and so in every quantile");
    assert!(weekly(&rows, "cumulative_change")[0] < 0 && ended.stdout.contains("falls by"), "{}", ended.stdout);
    let (ended, rows) = what_if(&place, "2024-12-31", 30, "[[change]]\nkind = \"on_time\"\ntop = 10\n");
    assert!(weekly(&rows, "cumulative_change").iter().all(|change| *change >= 0));
    assert!(weekly(&rows, "cumulative_change_p10").iter().all(|change| *change >= 0));
    assert!(weekly(&rows, "cumulative_change")[0] > 0 && ended.stdout.contains("the 10 who owe most pay on time"), "{}", ended.stdout);
    // Weeks add up to what is cumulative, companies to all.
    let mut sum = 0;
    for (change, cumulative) in weekly(&rows, "change").into_iter().zip(weekly(&rows, "cumulative_change")) {
        sum += change;
        assert_eq!(sum, cumulative);
    }
    let of_companies: i128 = rows.iter().filter(|row| cell(row, "company_id") != Some("(all)")).map(|row| money_in(row, "scenario")).sum();
    assert_eq!(of_companies, weekly(&rows, "scenario").iter().sum::<i128>());
}

#[test]
fn terms_that_are_thirty_days_longer_end_in_a_dso_of_thirty_days_more() {
    let place = corner_shop();
    let changes = "[[change]]\nkind = \"terms\"\nfrom_days = 30\nto_days = 60\n[[change]]\nkind = \"delay\"\ndays = 0\n";
    let (ended, rows) = what_if(&place, "2025-06-30", 104, changes);
    let last = ended.stdout.lines().rfind(|line| line.starts_with("  2027-")).expect("a line of DSO in two years");
    let change: f64 = last.split_whitespace().last().expect("the change").parse().expect("a number");
    // Some of what is billed is credited or written off, and never waited for.
    assert!((24.0..=30.1).contains(&change), "{last}");
    // What is behind stays behind: no week of a settled state changes.
    let changes = weekly(&rows, "change");
    assert!(changes[..20].iter().any(|change| *change < 0));
    assert!(changes[90..].iter().all(|change| change.abs() <= 5 * USD), "{changes:?}");
}

#[test]
fn the_same_bytes_whatever_the_number_of_threads() {
    let place = generated(3_000);
    let scenario = repository().join("data-samples/scenarios/every-kind.toml");
    let run = |threads: &str| {
        let out = place.path().join(format!("{threads}.parquet"));
        let mut command = place.arrears(&["what-if", "--as-of", "2024-12-31"]);
        let ended = end_of(command.arg(&scenario).arg("--out").arg(&out).env("RAYON_NUM_THREADS", threads)).expect(0);
        (ended.stdout, std::fs::read(out).expect("it was written"))
    };
    let (one, two) = (run("1"), run("2"));
    assert!(one == two, "{}\n{}", one.0, two.0);
    for said in ["1. terms of 30 days become 60 days", "2. 2 % discount for paying within 10 days", "5. everything is paid 5 days later"] {
        assert!(one.0.contains(said), "{}", one.0);
    }
}

#[test]
fn what_is_not_in_the_ledger_is_refused_with_its_line() {
    let place = corner_shop();
    for (changes, what, line, hint) in [
        ("company = \"mian\"\n", "no such company among those selected: mian", 6, "nearly so: main"),
        ("segment = \"hospital\"\n", "no such segment among those selected: hospital", 6, "segments: small business, wholesale"),
        ("customers = [\"A\", \"C\"]\n", "no such customer among those selected: C", 6, "customers: A, B"),
        ("segment = \"wholesale\"\ncustomers = [\"A\"]\n", "no such customer among those selected: A", 7, "customers: B"),
    ] {
        place.write("scenario.toml", format!("name = \"x\"\n\n[[change]]\nkind = \"delay\"\ndays = 3\n{changes}"));
        let scenario = place.path().join("scenario.toml");
        let said = end_of(place.arrears(&["what-if", "--as-of", "2025-06-30"]).arg(&scenario)).expect(2).stderr;
        let at = format!("--> {}:{line}\n", scenario.display());
        assert!(said.contains(what) && said.contains(&at) && said.contains(hint), "{changes}\n{said}");
    }
    place.write("scenario.toml", "name = \"x\"\n[[change]]\nkind = \"terms\"\nfrom_days = 14\nto_days = 30\n");
    let scenario = place.path().join("scenario.toml");
    let said = end_of(place.arrears(&["what-if", "--as-of", "2025-06-30"]).arg(&scenario)).expect(2).stderr;
    assert!(said.contains("nothing was billed on terms of 14 days") && said.contains("they bill on 30 days (100 %)"), "{said}");
    let missing = place.path().join("none.toml");
    let said = end_of(place.arrears(&["what-if", "--as-of", "2025-06-30"]).arg(missing)).expect(2).stderr;
    assert!(said.contains("there is no scenario"), "{said}");
}

#[test]
fn without_a_cost_of_capital_financing_is_not_reckoned_and_says_why() {
    let place = corner_shop();
    place.write("scenario.toml", "name = \"x\"\nweeks = 2\n[[change]]\nkind = \"delay\"\ndays = 3\n");
    let scenario = place.path().join("scenario.toml");
    let said = end_of(place.arrears(&["what-if", "--as-of", "2025-06-30"]).arg(scenario)).expect(0).stdout;
    let line = said.lines().find(|line| line.trim_start().starts_with("financing")).expect("a line");
    assert!(line.contains(" - ") && line.contains("no cost_of_capital in the scenario"), "{said}");
}
