//! Flat invoices that are paid, paid otherwise and no longer paid: what is there at the end of each day, beside a plain model of it. A
//! delivery says on which day of January each invoice was paid.

use super::deliveries::{ingested_in, rows_known, tells_the_same};
use super::postings::{Said, deliveries};
use super::*;

/// The receipts and the applications at the end of a day: id and date.
type State = Vec<(String, String)>;

fn world(kind: &str) -> World {
    World::new(&format!(
        "name = \"s\"\npath = \"in/d_*.csv\"\nshape = \"flat_invoices\"\ndelivered_at = \"%Y-%m-%d\"\ndelivery = \"{kind}\""
    ))
}

fn text(said: &Said) -> String {
    let rows = said.iter().map(|(invoice, paid)| {
        let paid = paid.map_or_else(String::new, |day| format!("2024-01-{:02}", day + 10));
        format!("I{invoice},C1,2024-01-01,5,EUR,{paid}\n")
    });
    "document_id,customer_id,document_date,amount,currency,paid_date\n".to_owned() + &rows.collect::<String>()
}

fn expected(deliveries: &[Said], is_full: bool) -> Vec<State> {
    let mut paid: BTreeMap<u8, u8> = BTreeMap::new();
    let mut states = Vec::new();
    for said in deliveries {
        if is_full {
            paid.clear();
        }
        for (invoice, day) in said {
            match day {
                Some(day) => _ = paid.insert(*invoice, *day),
                None => _ = paid.remove(invoice),
            }
        }
        let of = |suffix: &str| paid.iter().map(|(invoice, day)| (format!("I{invoice}-{suffix}"), date(*day))).collect::<State>();
        states.push([of("R"), of("A")].concat());
    }
    states
}

/// A day of January.
fn date(day: u8) -> String {
    format!("2024-01-{:02}", day + 10)
}

fn ingested(deliveries: &[Said], order: &[usize], together: usize, kind: &str) -> Vec<State> {
    let world = world(kind);
    let index = ingested_in(&world, order, together, |day| text(&deliveries[day]));
    let of = |table: &str, columns: [&str; 2]| rows_known(&world, &index, table, columns, deliveries.len());
    let receipts = of("documents", ["document_id", "document_date"]);
    let applications = of("applications", ["application_id", "applied_date"]);
    let is_receipt = |row: &(String, String)| row.0.ends_with("-R");
    let together = receipts.into_iter().zip(applications);
    together.map(|(receipts, applications)| receipts.into_iter().filter(is_receipt).chain(applications).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_paid_is_the_same_in_whatever_order_it_is_told(
        deliveries in deliveries(), is_full: bool, together in 1_usize..4, order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()
    ) {
        let kind = if is_full { "full" } else { "delta" };
        let expected = expected(&deliveries, is_full);
        tells_the_same(&expected, together, &order, |order, together| ingested(&deliveries, order, together, kind))?;
    }
}

#[test]
fn an_older_payment_that_is_told_late_does_not_come_back_after_it_was_taken_back() {
    let days = [Said::from([(1, Some(1))]), Said::from([(1, None)])];
    let paid = vec![("I1-R".to_owned(), date(1)), ("I1-A".to_owned(), date(1))];
    for order in [[0, 1], [1, 0]] {
        assert_eq!(ingested(&days, &order, 1, "delta"), [paid.clone(), vec![]], "{order:?}");
    }
}
