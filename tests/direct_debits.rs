//! Direct debits that the configuration names, and promises in another currency than the invoice.
//!
//! The night is Monday 30 June 2025. Nobody has paid anything yet, so that all other items are expected on their due date.

mod support;

use support::{Place, cell, money_in, table, table_where, the_row};

const AS_OF: &str = "2025-06-30";

fn ledger(forecast: &str, documents: &str) -> Place {
    let place = Place::empty();
    place.write(
        "arrears.toml",
        format!(
            "base_currency = \"USD\"\noutput = \"out\"\n\n[forecast]\n{forecast}\n\n\
             [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n"
        ),
    );
    place.write(
        "ledger/documents.csv",
        format!("document_id,document_type,customer_id,document_date,due_date,amount,currency\n{documents}"),
    );
    place
}

const INVOICES: &str = "I1,invoice,A,2025-06-16,2025-07-09,100.00,USD\n\
                        I2,invoice,A,2025-06-16,2025-07-12,100.00,USD\n\
                        I3,invoice,A,2025-05-16,2025-06-20,100.00,USD\n\
                        I4,invoice,B,2025-06-16,2025-07-09,100.00,USD\n";

#[test]
fn what_is_not_due_yet_is_collected_and_says_so() {
    let place = ledger("tier = \"pooled_curve\"\ndirect_debits = [\"A\"]", INVOICES);
    place.run(AS_OF).expect(0);
    let rows = table(&place.night(AS_OF), "invoice_forecasts");
    let of = |id: &str| the_row(&rows, &[("document_id", id)]).clone();
    for (id, date) in [("I1", "2025-07-09"), ("I2", "2025-07-14")] {
        let row = of(id);
        assert_eq!(cell(&row, "tier"), Some("direct_debit"), "{id}");
        for share in ["paid_date_p10", "paid_date_p50", "paid_date_p90", "expected_date"] {
            assert_eq!(cell(&row, share), Some(date), "{id}, {share}: on the due date, or the next business day");
        }
        assert_eq!(cell(&row, "driver_1"), None, "no model is asked");
    }
    // What is past due was not collected, and B pays otherwise.
    assert_eq!(["I3", "I4"].map(|id| cell(&of(id), "tier").map(str::to_owned)), [Some("pooled_curve".into()), Some("pooled_curve".into())]);
    // In all company's cash: both of A in the second week, whatever the curve says of the others.
    let without = ledger("tier = \"pooled_curve\"", INVOICES);
    without.run(AS_OF).expect(0);
    let second_week = |place: &Place| {
        let cells = [("company_id", "main"), ("scope", "company"), ("basis", "base"), ("grid", "week"), ("component", "open_items")];
        let rows = table_where(&place.night(AS_OF), "cash_forecast", &cells);
        (money_in(the_row(&rows, &[("horizon", "2")]), "mean"), money_in(the_row(&rows, &[("horizon", "1")]), "mean"))
    };
    let (second, first) = second_week(&place);
    assert!(second >= 1_000_000, "{second}");
    assert_ne!((second, first), second_week(&without), "without the debit the curve decides");
}

#[test]
fn a_company_may_be_named_before_the_customer_and_a_name_that_nobody_bears_is_refused() {
    let place = ledger("direct_debits = [\"main/B\"]", INVOICES);
    place.run(AS_OF).expect(0);
    let rows = table(&place.night(AS_OF), "invoice_forecasts");
    let tiers: Vec<Option<&str>> = ["I1", "I4"].into_iter().map(|id| cell(the_row(&rows, &[("document_id", id)]), "tier")).collect();
    assert_eq!(tiers, [Some("no_model"), Some("direct_debit")]);

    let ended = ledger("direct_debits = [\"other/B\"]", INVOICES).run(AS_OF).expect(2);
    assert!(ended.stderr.contains("unknown_customer") && ended.stderr.contains("other/B"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint:"), "{}", ended.stderr);
}

#[test]
fn a_promise_of_a_document_in_another_currency_counts_by_its_value() {
    let place = ledger("", "I1,invoice,C,2025-06-16,2025-07-20,100.00,EUR\n");
    place.write("ledger/fx_rates.csv", "rate_date,currency,rate\n2025-06-01,EUR,1.20\n");
    let heading = "promise_id,customer_id,document_id,made_date,promised_date,amount,currency\n";
    place.write("ledger/promises.csv", format!("{heading}P1,C,I1,2025-06-25,2025-07-03,60.00,USD\n"));
    place.run(AS_OF).expect(0);
    // 60 dollars are 50 euro. Of no promise is known whether it was kept: two of four.
    let night = place.night(AS_OF);
    let cells = [("company_id", "main"), ("scope", "company"), ("currency", "EUR"), ("grid", "week"), ("component", "promises")];
    let rows = table_where(&night, "cash_forecast", &cells);
    assert_eq!(money_in(the_row(&rows, &[("horizon", "1")]), "mean"), 250_000);
    let rows = table(&night, "invoice_forecasts");
    assert_eq!(cell(&rows[0], "promised_date"), Some("2025-07-03"));
}
