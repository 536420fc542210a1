//! Clearings of which only those that are touched are resolved: what is stored, beside what resolving all of them gives.

use super::deliveries::{file_name, rows_known};
use super::*;
use crate::ingest::clearings::{Changed, derive, is_derived};

/// For each item of a night: nothing is said of it, it is open, or it is in a clearing with one of two dates.
type Night = Vec<usize>;

const STATES: [&str; 7] = ["", ",", "X,2024-02-01", "X,2024-02-02", "Y,2024-02-01", "Y,", "Z,2024-02-03"];
const AMOUNTS: [i64; 7] = [60, 40, 25, 25, -70, -55, -25];

fn world(kind: &str) -> World {
    World::new(&format!(
        "name = \"s\"\npath = \"in/d_*.csv\"\nshape = \"open_and_cleared\"\ndelivered_at = \"%Y-%m-%d\"\ndelivery = \"{kind}\""
    ))
}

fn text(night: &Night) -> String {
    let row = |(item, state): (usize, &usize)| {
        let amount = AMOUNTS[item];
        let kind = if amount > 0 { "invoice" } else { "receipt" };
        let company = if item == 3 { "other" } else { "main" };
        format!("{company},D{item},{kind},C,2024-01-0{},,{},EUR,{}\n", item + 1, amount.abs(), STATES[*state])
    };
    let said = night.iter().enumerate().filter(|(_, state)| **state > 0);
    "company_id,document_id,document_type,customer_id,document_date,due_date,amount,currency,clearing_id,clearing_date\n".to_owned()
        + &said.map(row).collect::<String>()
}

const COLUMNS: [&str; 10] = [
    "company_id",
    "application_id",
    "credit_document_id",
    "debit_document_id",
    "applied_date",
    "amount",
    "recorded_at",
    "is_deleted",
    "credit_key",
    "debit_key",
];

/// What is stored of applications that follow from clearings, in the order of their words.
fn stored(world: &World, index: &LedgerIndex) -> Vec<String> {
    let segments = index.tables.get("applications").into_iter().flat_map(|table| &table.segments);
    let mut rows: Vec<String> =
        segments.filter(|segment| is_derived(&segment.file)).flat_map(|segment| world.read(&segment.file, &COLUMNS)).collect();
    rows.sort();
    rows
}

/// What resolving all clearings of a ledger gives.
fn from_scratch(world: &World, index: &LedgerIndex) -> Vec<String> {
    let mut index = index.clone();
    derive(&world.folder.path().join("out"), &mut index, &Changed::Everything, 32).expect("derives");
    stored(world, &index)
}

fn compare(world: &World, index: &LedgerIndex, days: usize, when: &str) {
    let columns = ["application_id", "debit_document_id"];
    if index.tables.contains_key("applications") {
        // It says whether readers of the latest rows would be told of all keys that have several.
        let _ = rows_known(world, index, "applications", columns, days);
    }
    assert_eq!(stored(world, index), from_scratch(world, index), "{when}");
}

/// Ingests nights in an order, `together` of them in each run, and compares after every run; segments are merged beyond `files_max`.
fn expect_the_same(nights: &[Night], order: &[usize], together: usize, kind: &str, files_max: usize) {
    let world = world(kind);
    for some in order.chunks(together.max(1)) {
        for night in some {
            world.write(&file_name(*night), text(&nights[*night]));
        }
        let (index, _) = world.ingest_compacted(files_max);
        compare(&world, &index, nights.len(), &format!("after {some:?} of {order:?}, {kind}"));
        let derived = index.tables.get("applications").map_or(0, |table| table.segments.len());
        assert!(derived <= files_max + 1, "{derived} segments");
    }
}

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let state = prop_oneof![2 => Just(0_usize), 5 => 1..STATES.len()];
    prop::collection::vec(prop::collection::vec(state, AMOUNTS.len()), 2..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn resolving_what_is_touched_is_resolving_everything_in_whatever_order_nights_come(
        nights in nights(),
        is_full: bool,
        together in 1_usize..3,
        files_max in 2_usize..5,
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let kind = if is_full { "full" } else { "delta" };
        let order: Vec<usize> = order.into_iter().filter(|night| *night < nights.len()).collect();
        expect_the_same(&nights, &(0..nights.len()).collect::<Vec<_>>(), together, kind, files_max);
        expect_the_same(&nights, &order, together, kind, files_max);
    }
}

#[test]
fn a_night_writes_only_what_follows_from_the_clearings_it_touches() {
    let world = world("delta");
    // X of the first night stays as it is; of Y a part was missing.
    world.write(&file_name(0), text(&vec![2, 0, 4, 0, 2, 0, 0]));
    let (index, _) = world.ingest(0);
    assert_eq!(stored(&world, &index).len(), 1, "D0 with D4");
    world.write(&file_name(1), text(&vec![0, 1, 0, 0, 0, 0, 4]));
    let (index, _) = world.ingest(0);
    let segments: Vec<(&str, u64)> =
        index.tables["applications"].segments.iter().map(|segment| (segment.file.as_str(), segment.rows)).collect();
    assert_eq!(segments, [("cleared/seg-000001.parquet", 1), ("cleared/seg-000002.parquet", 1)]);
    let added = world.read("cleared/seg-000002.parquet", &["application_id", "amount", "recorded_at"]);
    assert_eq!(added, ["Y@2024-02-01:D2/1:D6/1 25.0000 2024-03-02T23:59:59.999999Z"]);
    // An open item and one that is said again change nothing.
    world.write(&file_name(2), text(&vec![2, 1, 0, 1, 0, 0, 0]));
    let (again, _) = world.ingest(0);
    assert_eq!(again.tables["applications"], index.tables["applications"]);
}
