//! Orders that are not invoiced yet, in the forecast of cash.
//!
//! One ledger, worked out by hand: every Monday an invoice of 100 dollars, paid 30 days later, which is a Wednesday. The night is a
//! Monday. What is billed next Monday is paid on 6 August, in the sixth week; what is ordered for Wednesday 2 July is paid on
//! 1 August, in the fifth.

mod support;

use std::collections::BTreeMap;
use support::{Place, Row, cell, end_of, is, money, money_in, night_of, number_in, table, table_where, the_row};

const AS_OF: &str = "2025-06-30";

const CONFIG: &str = "base_currency = \"USD\"\noutput = \"out\"\n\n[quality]\nmax_quarantined_rows_share = 1.0\n\
    max_quarantined_amount_share = 1.0\n\n[forecast]\ncalibration_weeks = 2\n\n\
    [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";

/// The ledger with these orders, not yet run. Customer A has all invoices; B, of another segment, has none.
fn ledger(orders: &str) -> Place {
    let mut documents = String::from("document_id,document_type,customer_id,document_date,due_date,amount,currency\n");
    let mut applications = String::from("application_id,credit_document_id,debit_document_id,applied_date,amount\n");
    let as_of: chrono::NaiveDate = AS_OF.parse().expect("a day");
    for number in 0..60 {
        let issued = as_of - chrono::Days::new(7 * number);
        let due = issued + chrono::Days::new(30);
        documents += &format!("I{number},invoice,A,{issued},{due},100.00,USD\n");
        if due <= as_of {
            documents += &format!("R{number},receipt,A,{due},,100.00,USD\n");
            applications += &format!("P{number},R{number},I{number},{due},100.00\n");
        }
    }
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    place.write("ledger/customers.csv", "customer_id,name,segment\nA,Alder,small\nB,Birch,large\n");
    place.write("ledger/documents.csv", documents);
    place.write("ledger/applications.csv", applications);
    if !orders.is_empty() {
        let heading = "order_id,customer_id,expected_invoice_date,amount,currency,recorded_at,is_deleted\n";
        place.write("ledger/orders.csv", format!("{heading}{orders}"));
    }
    place
}

/// Weeks of the company in which a component brings anything.
type Weeks = Vec<(usize, i128)>;

/// What comes of orders and of new billing in the first seven weeks.
fn weeks(place: &Place, as_of: &str) -> (Weeks, Weeks) {
    let rows = table_where(&place.night(as_of), "cash_forecast", &[("company_id", "main"), ("scope", "company"), ("grid", "week")]);
    let of = |component: &str| {
        let rows = rows.iter().filter(|row| is(row, &[("basis", "base"), ("component", component)]));
        let weeks = rows.map(|row| (number_in(row, "horizon") as usize, money_in(row, "mean")));
        weeks.filter(|(week, amount)| *week <= 7 && *amount != 0).collect()
    };
    (of("orders"), of("new_billing"))
}

/// The same of a ledger with these orders, on the usual night.
#[track_caller]
fn weeks_with(orders: &str) -> (Weeks, Weeks) {
    let place = ledger(orders);
    place.run(AS_OF).expect(0);
    weeks(&place, AS_OF)
}

/// Amounts by week as people write them.
fn amounts(weeks: &[(usize, &str)]) -> Weeks {
    weeks.iter().map(|(week, amount)| (*week, money(amount))).collect()
}

#[track_caller]
fn left_out(place: &Place) -> BTreeMap<String, String> {
    let rows = table(&place.night(AS_OF), "quarantine");
    let text = |row: &Row, column: &str| cell(row, column).unwrap_or_default().to_owned();
    rows.iter().filter(|row| is(row, &[("table_name", "orders")])).map(|row| (text(row, "record_key"), text(row, "reason"))).collect()
}

#[test]
fn an_order_stands_for_itself_and_new_billing_fills_the_rest_of_its_week() {
    assert_eq!(weeks_with(""), (vec![], amounts(&[(6, "100"), (7, "100")])));
    assert_eq!(weeks_with("O1,A,2025-07-02,60.00,USD,,\n"), (amounts(&[(5, "60")]), amounts(&[(6, "40"), (7, "100")])));
    // More than a week bills: the week has nothing new, and takes nothing from the weeks beside it. Paid on 11 August: the ninth is a
    // Saturday.
    let much = "O1,A,2025-07-02,60.00,USD,,\nO2,A,2025-07-10,500.00,USD,,\n";
    assert_eq!(weeks_with(much), (amounts(&[(5, "60"), (6, "500")]), amounts(&[(6, "40")])));
}

#[test]
fn bands_move_with_what_is_ordered() {
    let bands = |orders: &str| {
        let place = ledger(orders);
        place.run(AS_OF).expect(0);
        let rows = table_where(&place.night(AS_OF), "cash_forecast", &[("company_id", "(all)"), ("grid", "week"), ("horizon", "6")]);
        let of = |component: &str| {
            let row = the_row(&rows, &[("component", component)]);
            [money_in(row, "p100"), money_in(row, "p500"), money_in(row, "p900")]
        };
        (of("total"), of("open_items_and_promises"))
    };
    let (total, open) = bands("O2,A,2025-07-08,500.00,USD,,\n");
    let (total_before, open_before) = bands("");
    assert_eq!(open, open_before, "what is open does not depend on orders");
    // Billed on 8 July, paid on 7 August: the hundred of that week come from what is billed on the Monday before.
    assert_eq!(total, total_before.map(|quantile| quantile + money("500")));
}

#[test]
fn an_order_past_its_date_is_billed_on_the_next_day_for_a_month() {
    // Billed on 1 July, paid on 31 July.
    for (expected, counts) in [("2025-06-30", true), ("2025-06-01", true), ("2025-05-31", false), ("2025-05-30", false)] {
        let found = weeks_with(&format!("O1,A,{expected},60.00,USD,,\n"));
        let with = (amounts(&[(5, "60")]), amounts(&[(6, "40"), (7, "100")]));
        let without = (vec![], amounts(&[(6, "100"), (7, "100")]));
        assert_eq!(found, if counts { with } else { without }, "expected on {expected}");
    }
}

#[test]
fn an_order_that_is_invoiced_is_gone() {
    let orders = "O1,A,2025-07-02,60.00,USD,2025-06-02T08:00:00Z,\nO1,A,2025-07-02,60.00,USD,2025-06-25T08:00:00Z,true\n";
    let place = ledger(orders);
    place.run("2025-06-23").expect(0);
    place.run(AS_OF).expect(0);
    // Before it was invoiced it counts: 2 July is in the second week after 23 June, 1 August in the sixth.
    assert_eq!(weeks(&place, "2025-06-23").0, amounts(&[(6, "60")]));
    assert_eq!(weeks(&place, AS_OF).0, []);
}

#[test]
fn an_order_recorded_later_is_not_known_yet() {
    let place = ledger("O1,A,2025-07-02,60.00,USD,2025-06-25T08:00:00Z,\n");
    place.run("2025-06-23").expect(0);
    place.run(AS_OF).expect(0);
    assert_eq!(weeks(&place, "2025-06-23").0, [], "recorded two days after the night");
    assert_eq!(weeks(&place, AS_OF).0, amounts(&[(5, "60")]));
    // What comes of it on the same night with what was known before and after it was recorded.
    let known = |until: &str| -> i128 {
        let output = place.path().join(format!("known-{until}"));
        let mut command = place.run_command(AS_OF);
        command.args(["--known-as-of", until, "--ledger-of"]).arg(place.out()).arg("--output").arg(&output);
        end_of(&mut command).expect(0);
        let of_orders = [("company_id", "(all)"), ("grid", "week"), ("component", "orders")];
        let rows = table_where(&night_of(&output, AS_OF), "cash_forecast", &of_orders);
        assert_eq!(rows.len(), 26);
        rows.iter().map(|row| money_in(row, "mean")).sum()
    };
    assert_eq!((known("2025-06-24"), known("2025-06-25")), (0, money("60")));
}

#[test]
fn an_order_that_cannot_be_used_is_named() {
    let place = ledger("U1,Z,2025-07-02,60.00,USD,,\nN1,A,2025-07-02,60.00,GBP,,\nO1,A,2025-07-02,60.00,USD,,\n");
    let ended = place.run(AS_OF).expect(0);
    assert_eq!(weeks(&place, AS_OF).0, amounts(&[(5, "60")]), "the third alone");
    let expected = [("main/N1", "no_rate"), ("main/U1", "unknown_customer")].map(|(key, reason)| (key.to_owned(), reason.to_owned()));
    assert_eq!(left_out(&place), BTreeMap::from(expected));
    let quality = table_where(&place.night(AS_OF), "data_quality", &[("table_name", "orders"), ("measure", "left_out")]);
    for reason in ["no_rate", "unknown_customer"] {
        assert_eq!(cell(the_row(&quality, &[("reason", reason)]), "row_count"), Some("1"));
    }
    assert!(ended.stdout.ends_with("; 2 rows quarantined or left out\n"), "{}", ended.stdout);
}

/// What an order is worth is asked on the day of the night: a rate that came after the day on which it should have been invoiced
/// does, one that comes after the night does not.
#[test]
fn an_order_needs_the_rate_of_the_night() {
    let place = ledger("E1,A,2025-06-20,60.00,EUR,,\nG1,A,2025-07-20,60.00,GBP,,\n");
    place.write("ledger/fx_rates.csv", "rate_date,currency,rate\n2025-06-24,EUR,1.50\n2025-07-10,GBP,1.30\n");
    let invoice = "E,invoice,A,2025-06-24,2025-06-26,10.00,EUR\nRE,receipt,A,2025-06-26,,10.00,EUR\n";
    place.write("ledger/documents.csv", place.read("ledger/documents.csv") + invoice);
    place.write("ledger/applications.csv", place.read("ledger/applications.csv") + "PE,RE,E,2025-06-26,10.00\n");
    place.run(AS_OF).expect(0);
    assert_eq!(left_out(&place), BTreeMap::from([("main/G1".to_owned(), "no_rate".to_owned())]));
    // Billed on 1 July, paid two days later, at 1.50.
    assert_eq!(weeks(&place, AS_OF).0, amounts(&[(1, "90")]));
}

#[test]
fn segments_sum_to_the_company_where_one_of_them_has_orders_alone() {
    let place = ledger("O1,B,2025-07-02,60.00,USD,,\n");
    place.run(AS_OF).expect(0);
    let rows = table_where(&place.night(AS_OF), "cash_forecast", &[("company_id", "main"), ("basis", "base")]);
    let mut sums: BTreeMap<(&str, &str, &str), [i128; 2]> = BTreeMap::new();
    for row in &rows {
        let scope = match cell(row, "scope") {
            Some("company") => 0,
            Some("segment") => 1,
            _ => continue,
        };
        let place = ["grid", "horizon", "component"].map(|column| cell(row, column).unwrap_or_default());
        sums.entry((place[0], place[1], place[2])).or_default()[scope] += money_in(row, "mean");
    }
    for (place, [company, segments]) in &sums {
        assert_eq!(company, segments, "{place:?}");
    }
    let of_large = [("scope_value", "large"), ("grid", "week"), ("horizon", "5"), ("component", "orders")];
    assert_eq!(money_in(the_row(&rows, &of_large), "mean"), money("60"));
}

/// Nobody knows how a company is paid that has never invoiced anything.
#[test]
fn a_company_without_invoices_is_expected_nothing_of() {
    let place = ledger("");
    place.write("ledger/customers.csv", "company_id,customer_id,name,segment\nmain,A,Alder,small\nother,B,Birch,large\n");
    let heading = "company_id,order_id,customer_id,expected_invoice_date,amount,currency\n";
    place.write("ledger/orders.csv", format!("{heading}other,O1,B,2025-07-02,60.00,USD\n"));
    place.run(AS_OF).expect(0);
    let rows = table_where(&place.night(AS_OF), "cash_forecast", &[("company_id", "other")]);
    assert!(rows.iter().all(|row| money_in(row, "mean") == 0), "no figure is made up");
    assert!(left_out(&place).is_empty());
}
