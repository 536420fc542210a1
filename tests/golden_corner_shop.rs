//! The ledger worked by hand (metrics.md, section 5, and data-samples/corner-shop/README.md): every published figure of it,
//! money exact to the ten-thousandth, ratios to the digits that the worked example gives.

mod support;

use std::sync::LazyLock;
use support::{Place, Row, cell, is, money, money_in, number_in, scenario, table, the_row};

const AS_OF: &str = "2025-06-30";

/// One run serves all the tests of this file.
static SHOP: LazyLock<Place> = LazyLock::new(|| {
    let shop = Place::copy_of("data-samples/corner-shop");
    shop.run(AS_OF).expect(0);
    shop
});

fn rows(name: &str) -> Vec<Row> {
    table(&SHOP.night(AS_OF), name)
}

fn company(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().filter(|row| is(row, &[("company_id", "main"), ("scope", "company"), ("scope_value", "main")])).collect()
}

/// `-` stands for nothing: null.
fn text(shown: &str) -> Option<&str> {
    if shown == "-" { None } else { Some(shown) }
}

#[test]
fn four_items_are_open_and_every_column_of_them_is_right() {
    let columns = [
        "document_id",
        "document_type",
        "side",
        "customer_id",
        "currency",
        "document_date",
        "due_date",
        "amount",
        "open_amount",
        "open_amount_base",
        "open_amount_base_historical",
        "days_past_due",
        "document_age_days",
        "bucket",
        "disputed_amount_base",
    ];
    let expected = "
        document_id document_type side   customer_id currency document_date due_date   amount    open_amount open_amount_base open_amount_base_historical days_past_due document_age_days bucket    disputed_amount_base
        I3          invoice       debit  A           USD      2025-06-05    2025-07-05  5,000.00  4,500.00    4,500.00         4,500.00                   -5             25               not_due       0.00
        I4          invoice       debit  B           EUR      2025-03-15    2025-04-14 12,000.00  9,000.00   10,530.00         9,720.00                   77            107               61_90         0.00
        I5          invoice       debit  B           USD      2025-05-01    2025-05-31  2,000.00  2,000.00    2,000.00         2,000.00                   30             60               1_30      2,000.00
        UC1         receipt       credit A           USD      2025-06-25    -             700.00   -700.00     -700.00          -700.00                    -              5               unapplied     0.00";
    let expected = scenario(expected, &columns);
    let open = rows("open_items");
    assert_eq!(open.len(), expected.len(), "so many items are open");
    for (row, line) in open.iter().zip(&expected) {
        for (column, shown) in columns.iter().zip(line) {
            let what = format!("{column} of {}", line[0]);
            if column.contains("amount") {
                assert_eq!(money_in(row, column), money(shown), "{what}");
            } else {
                assert_eq!(cell(row, column), text(shown), "{what}");
            }
        }
        assert_eq!((cell(row, "company_id"), cell(row, "item_no")), (Some("main"), Some("1")));
        let manager = if line[3] == "A" { "Nora Quist" } else { "Tomas Ihl" };
        assert_eq!(cell(row, "account_manager"), Some(manager), "the customer's manager stands in for the document's");
        assert_eq!(cell(row, "payment_terms"), Some(if line[0] == "UC1" { "(none)" } else { "net 30" }));
        let disputed = if line[0] == "I5" { "2,000.00" } else { "0.00" };
        assert_eq!(money_in(row, "disputed_amount"), money(disputed), "disputed amount of {} in its own currency", line[0]);
    }
}

#[test]
fn each_customer_owes_its_balance_by_currency_and_uses_its_limit() {
    let columns = [
        "customer_id",
        "currency",
        "debit",
        "credit",
        "net",
        "overdue",
        "net_base",
        "overdue_base",
        "items",
        "oldest_due",
        "past_due",
        "utilisation",
    ];
    let expected = scenario(
        "
        customer_id currency debit     credit net       overdue  net_base   overdue_base items oldest_due past_due utilisation
        A           USD      4,500.00  700.00 3,800.00  0.00      3,800.00       0.00    2     2025-07-05 -5       0.1900
        B           EUR      9,000.00    0.00 9,000.00  9,000.00 10,530.00  10,530.00    1     2025-04-14 77       0.7140
        B           USD      2,000.00    0.00 2,000.00  2,000.00  2,000.00   2,000.00    1     2025-05-31 30       0.7140",
        &columns,
    );
    let positions = rows("customer_positions");
    assert_eq!(positions.len(), expected.len());
    for (row, line) in positions.iter().zip(&expected) {
        let what = format!("{} in {}", line[0], line[1]);
        assert_eq!((cell(row, "customer_id"), cell(row, "currency")), (text(line[0]), text(line[1])));
        let amounts = ["debit_amount", "credit_amount", "net_amount", "overdue_amount", "net_amount_base", "overdue_amount_base"];
        for (column, shown) in amounts.iter().zip(&line[2..8]) {
            assert_eq!(money_in(row, column), money(shown), "{column} of {what}");
        }
        for (column, shown) in ["open_items", "oldest_due_date", "days_past_due_max"].iter().zip(&line[8..11]) {
            assert_eq!(cell(row, column), text(shown), "{column} of {what}");
        }
        assert_eq!(format!("{:.4}", number_in(row, "utilisation")), line[11], "utilisation of {what}");
    }
}

#[test]
fn the_receivable_is_16330_at_the_closing_and_15520_at_the_historical_rate() {
    let kpis = company(rows("kpis"));
    for line in scenario(
        "
        metric       convention        amount
        ar_net       closing           16,330.00
        ar_net       historical        15,520.00
        ar_net       without_disputed  14,330.00
        ar_debit     closing           17,030.00
        ar_debit     historical        16,220.00
        ar_credit    closing              700.00
        ar_credit    historical           700.00
        trapped_cash standard          11,830.00",
        &["metric", "convention", "amount"],
    ) {
        let row = the_row(&kpis, &[("metric", line[0]), ("convention", line[1]), ("period_end", AS_OF), ("time_window", "point")]);
        assert_eq!(money_in(row, "amount"), money(line[2]), "{} {}", line[0], line[1]);
        assert_eq!((cell(row, "unit"), cell(row, "value"), cell(row, "reason")), (Some("USD"), None, None), "{} {}", line[0], line[1]);
    }
    for (currency, amount) in [("EUR", "9,000.00"), ("USD", "5,800.00")] {
        let kpis = rows("kpis");
        let key = [("company_id", "main"), ("scope", "currency"), ("scope_value", currency), ("period_end", AS_OF)];
        let row = the_row(&kpis, &[key.as_slice(), &[("metric", "ar_net"), ("convention", "document_currency")]].concat());
        assert_eq!((money_in(row, "amount"), cell(row, "unit")), (money(amount), Some(currency)));
    }
}

#[test]
fn the_receivable_ages_into_its_buckets() {
    let aging = company(rows("aging"));
    let today: Vec<&Row> = aging.iter().filter(|row| is(row, &[("period_end", AS_OF)])).collect();
    let expected = scenario(
        "
        basis         bucket     amount     items
        document_date 0_30        4,500.00  1
        document_date 31_60       2,000.00  1
        document_date 91_120     10,530.00  1
        document_date unapplied    -700.00  1
        due_date      not_due     4,500.00  1
        due_date      1_30        2,000.00  1
        due_date      61_90      10,530.00  1
        due_date      unapplied    -700.00  1",
        &["basis", "bucket", "amount", "items"],
    );
    assert_eq!(today.len(), expected.len(), "no other bucket holds anything");
    for line in &expected {
        let row = the_row(&aging, &[("period_end", AS_OF), ("basis", line[0]), ("bucket", line[1])]);
        assert_eq!((money_in(row, "amount"), cell(row, "items")), (money(line[2]), Some(line[3])), "{} {}", line[0], line[1]);
    }
    for basis in ["due_date", "document_date"] {
        let sum: i128 = today.iter().filter(|row| is(row, &[("basis", basis)])).map(|row| money_in(row, "amount")).sum();
        assert_eq!(sum, money("16,330.00"), "the buckets by {basis} sum to the receivable");
    }
}

const ROLL_FORWARD: &str = "
    line           April      May         June        quarter
    opening        14,460.00   24,460.00   17,580.00   14,460.00
    invoice        10,000.00   10,000.00    5,000.00   25,000.00
    credit_note         0.00        0.00     -500.00     -500.00
    receipt             0.00  -17,200.00   -4,700.00  -21,900.00
    discount            0.00     -160.00        0.00     -160.00
    write_off           0.00        0.00   -1,500.00   -1,500.00
    realised_fx         0.00      120.00        0.00      120.00
    unrealised_fx       0.00      360.00      450.00      810.00
    closing        24,460.00   17,580.00   16,330.00   16,330.00
    residual            0.00        0.00        0.00        0.00";

#[test]
fn the_roll_forward_of_the_quarter_closes_month_by_month() {
    let roll = company(rows("roll_forward"));
    let expected = scenario(ROLL_FORWARD, &["line", "April", "May", "June", "quarter"]);
    let amount = |line: &str, period_end: &str| -> i128 {
        let of_line = roll.iter().filter(|row| is(row, &[("line", line), ("period_end", period_end)]));
        of_line.map(|row| money_in(row, "amount")).sum()
    };
    let months = ["2025-04-30", "2025-05-31", "2025-06-30"];
    for line in &expected {
        for (month, shown) in months.iter().zip(&line[1..4]) {
            assert_eq!(amount(line[0], month), money(shown), "{} to {month}", line[0]);
        }
        let quarter = match line[0] {
            "opening" => amount("opening", months[0]),
            "closing" => amount("closing", months[2]),
            other => months.iter().map(|month| amount(other, month)).sum(),
        };
        assert_eq!(quarter, money(line[4]), "{} of the quarter", line[0]);
    }
    for row in roll.iter().filter(|row| months.contains(&cell(row, "period_end").unwrap_or_default())) {
        let line = cell(row, "line").expect("every row has a line");
        assert!(expected.iter().any(|known| known[0] == line) || money_in(row, "amount") == 0, "the line {line} moves nothing");
    }
    // At historical rate: 14,460 + 25,000 − 500 − 21,900 + 120 − 160 − 1,500 = 15,520.
    let lines = ["invoice", "credit_note", "receipt", "discount", "write_off", "realised_fx"];
    let moved: i128 = lines.iter().flat_map(|line| months.iter().map(|month| amount(line, month))).sum();
    assert_eq!(money("14,460.00") + moved, money("15,520.00"), "the closing balance at historical rate");
}

#[test]
fn the_roll_forward_of_june_closes_for_each_currency_and_customer() {
    let roll = rows("roll_forward");
    for line in scenario(
        "
        scope    value opening   invoice  credit_note receipt   write_off  unrealised_fx closing
        currency EUR   10,080.00     0.00     0.00        0.00       0.00  450.00        10,530.00
        currency USD    7,500.00 5,000.00  -500.00   -4,700.00  -1,500.00    0.00         5,800.00
        customer A      4,000.00 5,000.00  -500.00   -4,700.00       0.00    0.00         3,800.00
        customer B     13,580.00     0.00     0.00        0.00  -1,500.00  450.00        12,530.00",
        &["scope", "value", "opening", "invoice", "credit_note", "receipt", "write_off", "unrealised_fx", "closing"],
    ) {
        let names = ["opening", "invoice", "credit_note", "receipt", "write_off", "unrealised_fx", "closing"];
        for (name, shown) in names.iter().zip(&line[2..]) {
            let key = [("company_id", "main"), ("scope", line[0]), ("scope_value", line[1]), ("period_end", AS_OF), ("line", *name)];
            let found: i128 = roll.iter().filter(|row| is(row, &key)).map(|row| money_in(row, "amount")).sum();
            assert_eq!(found, money(shown), "{name} of {} {}", line[0], line[1]);
        }
    }
}

/// Value to the digits of the worked example; numerator and denominator exact. `-` is null.
const METRICS: &str = "
    metric                         convention             window       value   numerator       denominator     unit        of
    dso                            conventional           trailing_3m  60.65   16,330.00       24,500.00       days        K1
    dso                            historical_rate        trailing_3m  57.65   15,520.00       24,500.00       days        K1
    dso                            without_unapplied      trailing_3m  63.25   17,030.00       24,500.00       days        K1
    dso                            gross_sales            trailing_3m  59.44   16,330.00       25,000.00       days        K1
    dso                            count_back             point        66.49   16,330.00       -               days        K2
    dso                            open_item_age          point        79.81   1,359,210.00    17,030.00       days        K3
    best_possible_dso              standard               trailing_3m  16.71   4,500.00        24,500.00       days        K4
    average_days_delinquent        standard               trailing_3m  43.94   11,830.00       24,500.00       days        K5
    collection_effectiveness_index standard               trailing_3m  65.67   22,630.00       34,460.00       percent     K6
    collection_effectiveness_index cash_only              trailing_3m  61.17   21,080.00       34,460.00       percent     K7
    receivables_turnover           per_window             trailing_3m  1.591   24,500.00       15,395.00       per_window  K8
    receivables_turnover           begin_end              trailing_3m  6.38    24,500.00       15,395.00       per_year    K8
    receivables_turnover           month_ends_per_window  trailing_3m  1.346   24,500.00       18,207.50       per_window  K8
    receivables_turnover           month_ends             trailing_3m  5.40    24,500.00       18,207.50       per_year    K8
    average_collection_period      begin_end              trailing_3m  57.18   15,395.00       24,500.00       days        K9
    overdue_share                  standard               point        0.7358  12,530.00       17,030.00       share       B5
    overdue_share                  without_disputed       point        0.7006  10,530.00       15,030.00       share       B5
    over_90_share                  standard               point        0.0000  0.00            17,030.00       share       B6
    disputed_share                 standard               point        0.1596  2,000.00        12,530.00       share       B7
    top_10_share                   standard               point        1.0000  16,330.00       16,330.00       share       B8
    hhi                            standard               point        0.6429  171,440,900.00  266,668,900.00  share       B8
    customers_for_80_percent       standard               point        1       12,530.00       12,530.00       count       B8
    weighted_average_terms         standard               trailing_3m  30.00   750,000.00      25,000.00       days        K15
    write_off_rate                 standard               trailing_3m  0.0612  1,500.00        24,500.00       share       K18
    collection_rate                standard               month        0.2323  4,000.00        17,220.00       share       K10
    collection_rate                early_cash             month        0.0000  0.00            17,220.00       share       K10
    days_beyond_terms              standard               trailing_3m  7.79    164,160.00      21,080.00       days        K12
    days_beyond_terms              settled_items_only     trailing_3m  2.66    47,520.00       17,840.00       days        K12
    days_beyond_terms              at_final_close         trailing_3m  12.44   224,000.00      18,000.00       days        K12
    on_time_rate                   by_count               trailing_3m  0.25    1.00            4.00            share       K14
    on_time_rate                   by_amount              trailing_3m  0.2692  8,000.00        29,720.00       share       K14
    discount_taken                 items                  trailing_3m  1.00    1.00            1.00            share       K16
    discount_missed                items                  trailing_3m  0.00    0.00            1.00            share       K16
    discount_cost                  standard               trailing_3m  0.3386  160.00          172,480.00      share       K17
    discount_cost                  contractual            trailing_3m  0.3724  160.00          156,800.00      share       K17
    dispute_days                   open_count             point        1       1.00            -               count       K20
    dispute_days                   open_age               point        27.00   27.00           1.00            days        K20
    credit_note_rate               by_count               trailing_3m  0.25    1.00            4.00            share       K24
    credit_note_rate               by_amount              trailing_3m  0.0200  500.00          25,000.00       share       K24";

#[test]
fn every_metric_of_the_quarter_is_what_the_pencil_says_in_each_convention() {
    let kpis = company(rows("kpis"));
    for line in scenario(METRICS, &["metric", "convention", "window", "value", "numerator", "denominator", "unit", "of"]) {
        let what = format!("{}: {} {}", line[7], line[0], line[1]);
        let row = the_row(&kpis, &[("metric", line[0]), ("convention", line[1]), ("time_window", line[2]), ("period_end", AS_OF)]);
        let places = line[3].split_once('.').map_or(0, |(_, digits)| digits.len());
        assert_eq!(format!("{:.places$}", number_in(row, "value")), line[3], "{what}");
        assert_eq!(cell(row, "numerator").map(money), text(line[4]).map(money), "{what}, numerator");
        assert_eq!(cell(row, "denominator").map(money), text(line[5]).map(money), "{what}, denominator");
        assert_eq!(cell(row, "unit"), Some(line[6]), "{what}, unit");
        assert_eq!((cell(row, "amount"), cell(row, "reason"), cell(row, "flags")), (None, None, None), "{what}");
        let start = match line[2] {
            "point" => AS_OF,
            "month" => "2025-06-01",
            _ => "2025-04-01",
        };
        assert_eq!(cell(row, "period_start"), Some(start), "{what}, first day of the window");
    }
}

#[test]
fn the_change_of_the_dso_in_june_is_explained_to_the_cent() {
    // 17,580 ÷ 32,580 × 91 = 49.07 days become 16,330 ÷ 24,500 × 91 = 60.65. The sales alone: 17,580 ÷ 24,500 × 91 − 49.07.
    // Then I3 4,500 for I5 2,000; I1 4,000 and I6 1,500 are gone; I5 is disputed; UC1; and I4 9,000 EUR × (1.17 − 1.12).
    let bridge = company(rows("dso_bridge"));
    for line in scenario(
        "
        part               order  amount      days
        opening            1      17,580.00    49.07
        sales_volume       2      -            16.23
        not_yet_due        3       2,500.00     9.29
        overdue_undisputed 4      -5,500.00   -20.43
        disputed           5       2,000.00     7.43
        unapplied_credits  6        -700.00    -2.60
        fx                 7         450.00     1.67
        closing            8      16,330.00    60.65",
        &["part", "order", "amount", "days"],
    ) {
        let row = the_row(&bridge, &[("period_end", AS_OF), ("part", line[0])]);
        assert_eq!(cell(row, "part_order"), Some(line[1]), "{}", line[0]);
        assert_eq!(cell(row, "amount").map(money), text(line[2]).map(money), "{}", line[0]);
        assert_eq!(format!("{:.2}", number_in(row, "days")), line[3], "{}", line[0]);
    }
}

#[test]
fn every_open_item_of_a_month_end_is_found_again_at_the_next() {
    let rolls = company(rows("roll_rates"));
    let expected = scenario(
        "
        period_end  from_bucket to_bucket amount    items rate
        2025-05-31  1_30        31_60     9,720.00  1     0.75
        2025-05-31  1_30        settled   3,240.00  0     0.25
        2025-05-31  31_60       61_90     1,500.00  1     1
        2025-05-31  not_due     1_30      4,000.00  1     0.4
        2025-05-31  not_due     settled   6,000.00  0     0.6
        2025-06-30  1_30        settled   4,000.00  1     1
        2025-06-30  31_60       61_90     9,720.00  1     1
        2025-06-30  61_90       write_off 1,500.00  1     1
        2025-06-30  not_due     1_30      2,000.00  1     1",
        &["period_end", "from_bucket", "to_bucket", "amount", "items", "rate"],
    );
    let quarter = rolls.iter().filter(|row| ["2025-05-31", AS_OF].contains(&cell(row, "period_end").unwrap_or_default()));
    assert_eq!(quarter.count(), expected.len(), "nothing else became of anything");
    for line in &expected {
        let row = the_row(&rolls, &[("period_end", line[0]), ("from_bucket", line[1]), ("to_bucket", line[2])]);
        assert_eq!((money_in(row, "amount"), cell(row, "items")), (money(line[3]), Some(line[4])), "{line:?}");
        let rate: f64 = line[5].parse().expect("a rate of the table");
        assert!((number_in(row, "rate") - rate).abs() < 1e-12, "{line:?}");
    }
}

#[test]
fn money_for_discounts_and_late_interest_is_exact_and_what_was_not_supplied_says_so() {
    let kpis = company(rows("kpis"));
    let of = |metric, convention, window| {
        the_row(&kpis, &[("metric", metric), ("convention", convention), ("time_window", window), ("period_end", AS_OF)])
    };
    // I4 10,530 × 77 days + I5 2,000 × 30 days = 870,810; at 8 % a year ÷ 365.
    let interest = of("late_interest_memo", "standard", "point");
    assert_eq!((money_in(interest, "amount"), money_in(interest, "numerator")), (money("190.86"), money("870,810.00")));
    for (metric, amount) in [("discount_taken", "160.00"), ("discount_missed", "0.00"), ("discount_leaked", "0.00")] {
        assert_eq!(money_in(of(metric, "amount", "trailing_3m"), "amount"), money(amount), "{metric}");
    }
    for (metric, convention, window, reason) in [
        ("billing_lag", "by_count", "trailing_3m", "not_supplied"),
        ("promises_kept", "kept", "trailing_3m", "not_supplied"),
        ("dispute_days", "standard", "trailing_3m", "zero_base"),
        ("dispute_days", "censored_median", "point", "immature"),
        ("discount_cost", "standard", "month", "zero_base"),
    ] {
        let row = of(metric, convention, window);
        assert_eq!((cell(row, "value"), cell(row, "reason")), (None, Some(reason)), "{metric} {convention}");
    }
}

#[test]
fn twelve_months_are_shortened_to_the_first_invoice_and_say_so() {
    let kpis = company(rows("kpis"));
    let year = the_row(&kpis, &[("metric", "dso"), ("convention", "conventional"), ("time_window", "trailing_12m"), ("period_end", AS_OF)]);
    assert_eq!(cell(year, "flags"), Some("short_history"));
    assert_eq!(cell(year, "period_start"), Some("2025-02-01"), "I6 is the first invoice");
    assert_eq!(money_in(year, "denominator"), money("38,960.00"), "sales since the first invoice");
}

#[test]
fn one_company_is_the_whole_group() {
    for name in ["kpis", "aging", "roll_forward", "roll_rates", "dso_bridge", "payment_curves", "collection_curves", "payment_delays"] {
        let all = rows(name);
        let of = |company: &str, value: &str| -> Vec<Row> {
            let mut rows: Vec<Row> = all
                .iter()
                .filter(|row| is(row, &[("company_id", company), ("scope", "company"), ("scope_value", value)]))
                .cloned()
                .collect();
            for row in &mut rows {
                row.remove("company_id");
                row.remove("scope_value");
            }
            rows
        };
        let (main, group) = (of("main", "main"), of("(all)", "(all)"));
        assert!(!main.is_empty(), "{name} has rows of the company");
        assert_eq!(main, group, "{name}");
    }
}
