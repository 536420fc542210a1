//! Postings that gain, lose and change what they name: what is applied at the end of each day, beside a plain model of it.

use super::deliveries::{file_name, ingested_in, rows_known, tells_the_same};
use super::*;

/// What the postings of a delivery name, by posting.
pub(super) type Said = BTreeMap<u8, Option<u8>>;
/// The applications at the end of a day: posting and what it names.
type State = Vec<(String, String)>;

fn world(kind: &str) -> World {
    World::new(&format!(
        "name = \"s\"\npath = \"in/d_*.csv\"\nshape = \"transactions\"\ndelivered_at = \"%Y-%m-%d\"\ndelivery = \"{kind}\""
    ))
}

const POSTINGS: &str = "document_id,document_type,customer_id,document_date,amount,currency,reference,applies_to";

/// Every posting has a reference of its own, so that its document stays the same whatever it names.
fn text(said: &Said) -> String {
    let rows = said.iter().map(|(posting, named)| {
        let named = named.map_or_else(String::new, |named| format!("I{named}"));
        format!("P{posting},receipt,C1,2024-01-01,5,EUR,x,{named}\n")
    });
    format!("{POSTINGS}\n") + &rows.collect::<String>()
}

fn expected(deliveries: &[Said], is_full: bool) -> Vec<State> {
    let mut named: BTreeMap<u8, u8> = BTreeMap::new();
    let mut states = Vec::new();
    for said in deliveries {
        if is_full {
            named.clear();
        }
        for (posting, names) in said {
            match names {
                Some(names) => _ = named.insert(*posting, *names),
                None => _ = named.remove(posting),
            }
        }
        states.push(named.iter().map(|(posting, names)| (format!("P{posting}-A"), format!("I{names}"))).collect());
    }
    states
}

/// Ingests deliveries in an order, `together` of them in each run; what the store says is applied.
fn ingested(deliveries: &[Said], order: &[usize], together: usize, kind: &str) -> Vec<State> {
    let world = world(kind);
    let index = ingested_in(&world, order, together, |day| text(&deliveries[day]));
    let columns = ["application_id", "debit_document_id"];
    rows_known(&world, &index, "applications", columns, deliveries.len())
}

pub(super) fn deliveries() -> impl Strategy<Value = Vec<Said>> {
    prop::collection::vec(prop::collection::btree_map(0_u8..4, prop::option::weighted(0.6, 0_u8..2), 1..4), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_postings_name_is_applied_in_whatever_order_they_come(
        deliveries in deliveries(), is_full: bool, together in 1_usize..4, order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()
    ) {
        let kind = if is_full { "full" } else { "delta" };
        let expected = expected(&deliveries, is_full);
        tells_the_same(&expected, together, &order, |order, together| ingested(&deliveries, order, together, kind))?;
    }
}

#[test]
fn a_posting_without_a_reference_is_one_row_and_one_that_lost_it_takes_its_application_back() {
    for kind in ["delta", "full"] {
        let said = |names: &[Option<u8>]| (0..).zip(names.iter().copied()).collect::<Said>();
        // P0 has never named anything, P1 loses what it named, P2 gains, P3 changes, P4 stays.
        let days = [said(&[None, Some(1), None, Some(1), Some(1)]), said(&[None, None, Some(1), Some(2), Some(1)])];
        let world = world(kind);
        world.write(&file_name(0), text(&days[0]));
        let (index, summary) = world.ingest(400);
        assert_eq!((summary.rows_read, summary.accepted), (5, 5), "{kind}");
        assert_eq!(world.rows(&index, "applications", &["application_id"]), ["P1-A", "P3-A", "P4-A"], "{kind}");
        world.write(&file_name(1), text(&days[1]));
        let (index, summary) = world.ingest(400);
        // Documents are as they were; what P1, P2 and P3 say besides is new.
        assert_eq!((summary.rows_read, summary.accepted, summary.unchanged), (5, 3, 2), "{kind}");
        let at = "2024-03-02T23:59:59.999999Z";
        assert_eq!(
            world.rows(&index, "applications", &["application_id", "debit_document_id", "recorded_at", "is_deleted"])[3..],
            [format!("P2-A I1 {at} -"), format!("P3-A I2 {at} -"), format!("P1-A I1 {at} true")],
            "{kind}"
        );
        // The same again: everything is known, and nothing is written.
        let segments = index.tables["applications"].segments.clone();
        world.write(&file_name(2), text(&days[1]));
        let (index, summary) = world.ingest(400);
        assert_eq!((summary.rows_read, summary.accepted, summary.unchanged), (5, 0, 5), "{kind}");
        assert_eq!(index.tables["applications"].segments, segments, "{kind}");
    }
}

#[test]
fn an_older_file_that_comes_late_does_not_bring_back_what_was_lost() {
    let days = [Said::from([(1, Some(1))]), Said::from([(1, None)]), Said::from([(1, None)])];
    // (order, together): the file in which P1 named I1 comes last.
    for (order, together) in [(vec![1, 0, 2], 1), (vec![1, 2, 0], 1), (vec![2, 1, 0], 2), (vec![1, 2, 0], 3)] {
        let state = ingested(&days, &order, together, "delta");
        assert_eq!(state, expected(&days, false), "{order:?}, {together} together");
        assert_eq!(state, [vec![("P1-A".to_owned(), "I1".to_owned())], vec![], vec![]]);
    }
}

#[test]
fn a_posting_that_says_when_it_was_recorded_is_taken_back_at_that_instant() {
    let world = World::new("name = \"s\"\npath = \"in/*.csv\"\nshape = \"transactions\"");
    let row = |names: &str, at: &str| format!("P1,receipt,C1,2024-01-01,5,EUR,x,{names},{at}\n");
    let text = [&format!("{POSTINGS},recorded_at\n"), &row("I1", "2024-03-01T00:00:00Z"), &row("", "2024-03-02T00:00:00Z")];
    world.write("d.csv", text.map(String::as_str).concat());
    let (index, summary) = world.ingest(0);
    assert_eq!((summary.rows_read, summary.accepted), (2, 2));
    assert_eq!(
        world.rows(&index, "applications", &["application_id", "recorded_at", "is_deleted"]),
        ["P1-A 2024-03-01T00:00:00Z -", "P1-A 2024-03-02T00:00:00Z true"]
    );
}

#[test]
fn a_posting_that_names_something_and_nothing_in_one_file_contradicts_itself() {
    for kind in ["delta", "full"] {
        let world = world(kind);
        world.write(
            &file_name(0),
            text(&Said::from([(1, Some(1))])) + "P1,receipt,C1,2024-01-01,5,EUR,x,\nP2,receipt,C1,2024-01-01,5,EUR,x,\n",
        );
        let (index, summary) = world.ingest(0);
        assert_eq!((summary.rows_read, summary.accepted, summary.quarantined), (3, 1, 2), "{kind}");
        assert_eq!(world.rows(&index, "documents", &["document_id"]), ["P2"], "{kind}");
        assert_eq!(world.rows(&index, "quarantine", &["source_line", "reason"]), ["2 duplicate_key", "3 duplicate_key"], "{kind}");
    }
}
