//! Real ledgers, exact to the cent: the figures that their READMEs give, computed from the files by other means. The data
//! lie beside the checkout (`shared/data`, or where `ARREARS_SHARED` says), not in it; without them the tests say so.

mod support;

use std::path::Path;
use support::{Place, example, ibm_sample, is, money, money_in, night_of, real_ledger, scenario, table_where, the_row};

/// These tests are about balances: nothing is replayed.
const NO_REPLAYS: &str = "\n[forecast]\ncalibration_weeks = 0\n";

fn place(name: &str, data: &Path, data_name: &str) -> Place {
    example(name, data, data_name, NO_REPLAYS)
}

/// The figures of a night that every README gives, for the company as a whole.
struct Figures {
    net: i128,
    debit: i128,
    credit: i128,
    past_due: i128,
    over_90: i128,
    no_due_date: i128,
    open_items: usize,
    open_debit_items: usize,
}

fn figures(night: &Path, as_of: &str) -> Figures {
    let group = [("company_id", "(all)"), ("scope", "company"), ("period_end", as_of)];
    let kpis = table_where(night, "kpis", &group);
    let kpi = |metric, convention, column| money_in(the_row(&kpis, &[("metric", metric), ("convention", convention)]), column);
    let no_due_date = [group.as_slice(), &[("basis", "due_date"), ("bucket", "no_due_date")]].concat();
    let open_items = |cells: &[(&str, &str)]| table_where(night, "open_items", cells).len();
    Figures {
        net: kpi("ar_net", "closing", "amount"),
        debit: kpi("ar_debit", "closing", "amount"),
        credit: kpi("ar_credit", "closing", "amount"),
        past_due: kpi("overdue_share", "standard", "numerator"),
        over_90: kpi("over_90_share", "standard", "numerator"),
        no_due_date: table_where(night, "aging", &no_due_date).iter().map(|row| money_in(row, "amount")).sum(),
        open_items: open_items(&[]),
        open_debit_items: open_items(&[("side", "debit")]),
    }
}

/// Runs every date of a scenario on one output, and compares the columns it gives.
fn assert_figures(place: &Place, out: &str, expected: &str, columns: &[&str]) {
    for line in scenario(expected, columns) {
        let as_of = line[0];
        place.run(as_of).expect(0);
        let found = figures(&night_of(&place.path().join(out), as_of), as_of);
        for (column, shown) in columns.iter().zip(&line).skip(1) {
            let amount = match *column {
                "net" => found.net,
                "debit" => found.debit,
                "unapplied" => found.credit,
                "past_due" => found.past_due,
                "over_90" => found.over_90,
                "no_due_date" => found.no_due_date,
                "open_items" => found.open_items as i128 * 10_000,
                "open_debit_items" => found.open_debit_items as i128 * 10_000,
                other => panic!("no such figure: {other}"),
            };
            assert_eq!(amount, money(shown), "{column} at {as_of}");
        }
    }
}

#[test]
fn road_traffic_fines_are_exact_to_the_cent_on_five_dates() {
    let Some(data) = real_ledger("road_traffic_fines") else { return };
    let place = place("road-traffic-fines.toml", &data, "road_traffic_fines");
    assert_figures(
        &place,
        "out/road-traffic-fines",
        "
        as_of      net          debit        unapplied past_due     over_90      no_due_date open_debit_items
        2001-12-31 1,559,106.77 1,560,419.21  1,312.44 1,265,866.77 1,160,714.12  73,353.08  49,367
        2004-12-31 1,034,580.21 1,038,826.01  4,245.80   472,521.84   391,914.64 315,415.22  32,469
        2006-12-31 1,823,407.46 1,829,047.20  5,639.74 1,058,168.58   881,561.62 535,779.72  57,326
        2007-12-31 1,905,091.74 1,911,726.47  6,634.73 1,157,955.85   973,058.55 626,174.62  58,864
        2008-12-31 2,518,985.44 2,531,130.20 12,144.76 1,629,712.78 1,421,302.88 833,365.52  74,656",
        &["as_of", "net", "debit", "unapplied", "past_due", "over_90", "no_due_date", "open_debit_items"],
    );
    // Nine years of month ends are in the last night: the documents by type sum to the totals of the README.
    let night = night_of(&place.path().join("out/road-traffic-fines"), "2008-12-31");
    let roll = table_where(&night, "roll_forward", &[("company_id", "(all)"), ("scope", "company")]);
    for line in scenario(
        "
        line        amount
        invoice      4,822,839.72
        debit_note   3,679,721.05
        receipt     -2,466,161.52
        credit_note   -198,807.82
        write_off   -3,318,605.99",
        &["line", "amount"],
    ) {
        let of_line = roll.iter().filter(|row| is(row, &[("line", line[0])]));
        assert_eq!(of_line.map(|row| money_in(row, "amount")).sum::<i128>(), money(line[1]), "{} of nine years", line[0]);
    }
}

#[test]
fn the_ibm_sample_is_exact_on_four_dates() {
    let Some(place) = ibm_sample(NO_REPLAYS) else { return };
    assert_figures(
        &place,
        "out/ibm-receivables",
        "
        as_of      net      open_items past_due
        2012-06-30 5,504.09 98         909.73
        2012-12-31 5,725.06 99         788.74
        2013-06-30 5,119.85 84         835.56
        2013-12-31   761.90 13         555.65",
        &["as_of", "net", "open_items", "past_due"],
    );
}

#[test]
fn cassandra_is_exact_on_four_dates_with_paid_parts_taken_off() {
    let Some(data) = real_ledger("cassandra_ap") else { return };
    let place = place("supplier-invoices.toml", &data.join("invoices.csv.gz"), "invoices.csv.gz");
    assert_figures(
        &place,
        "out/supplier-invoices",
        "
        as_of      net        past_due   open_debit_items
        2013-12-31 349,667.73 227,143.49 159
        2014-12-31 789,551.72 641,678.92 631
        2015-12-31 988,294.71 723,599.29 674
        2016-06-30 794,196.21 669,869.44 651",
        &["as_of", "net", "past_due", "open_debit_items"],
    );
}

#[test]
fn superlender_is_exact_on_four_dates_with_instalments() {
    let Some(data) = real_ledger("superlender") else { return };
    assert_figures(
        &place("small-loans.toml", &data, "superlender"),
        "out/small-loans",
        "
        as_of      net           past_due     open_items
        2016-12-31 11,649,525.00   694,975.00   574
        2017-03-31 20,636,975.00   622,075.00 1,004
        2017-06-30 45,382,870.36 1,858,754.16 2,265
        2017-07-31 65,292,725.20 2,459,062.50 3,326",
        &["as_of", "net", "past_due", "open_items"],
    );
}
