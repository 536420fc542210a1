//! Deliveries in any order, full and delta: the ledger they make, at every instant, beside a plain model of it.

use super::*;

/// What a delivery says: amounts by key, and keys it calls deleted.
#[derive(Clone, Debug)]
struct Said {
    rows: BTreeMap<u8, Option<u8>>,
}

/// Amounts by key, as a plain program would keep them.
type State = BTreeMap<u8, u8>;

fn dated(kind: &str) -> World {
    World::new(&format!(
        "name = \"s\"\npath = \"in/d_*.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelivered_at = \"%Y-%m-%d\"\ndelivery = \"{kind}\""
    ))
}

fn text(said: &Said) -> String {
    let mut text = format!("{HEADER},is_deleted\n");
    for (key, amount) in &said.rows {
        let (amount, is_deleted) = amount.map_or((0, "true"), |amount| (amount, ""));
        text += &format!("I{key},invoice,C1,2024-01-01,{amount},EUR,{is_deleted}\n");
    }
    text
}

pub(super) fn file_name(day: usize) -> String {
    format!("d_2024-03-{:02}.csv", day + 1)
}

/// What is known at the end of each day.
fn expected(deliveries: &[Said], is_full: bool) -> Vec<State> {
    let mut state = State::new();
    let mut states = Vec::new();
    for said in deliveries {
        if is_full {
            state.retain(|key, _| said.rows.contains_key(key));
        }
        for (key, amount) in &said.rows {
            match amount {
                Some(amount) => _ = state.insert(*key, *amount),
                None => _ = state.remove(key),
            }
        }
        states.push(state.clone());
    }
    states
}

/// What the store says is known at the end of each day.
fn found(world: &World, index: &LedgerIndex, days: usize) -> Vec<State> {
    let number = |text: &str| text.split('.').next().unwrap_or("").parse().expect("an amount");
    let state = |alive: Vec<(String, String)>| alive.iter().map(|(id, amount)| (id[1..].parse().expect("a key"), number(amount))).collect();
    rows_known(world, index, "documents", ["document_id", "amount"], days).into_iter().map(state).collect()
}

/// The id and another column of the rows of a table that are there at the end of each day, as the store says.
pub(super) fn rows_known(world: &World, index: &LedgerIndex, table: &str, columns: [&str; 2], days: usize) -> Vec<Vec<(String, String)>> {
    let positions = index.positions();
    let columns = [columns[0], columns[1], "recorded_at", "is_deleted", "source_file", "source_line"];
    let rows: Vec<Vec<String>> = if index.tables.contains_key(table) {
        world.rows(index, table, &columns).iter().map(|row| row.split(' ').map(str::to_owned).collect()).collect()
    } else {
        Vec::new()
    };
    let corrected: Vec<String> = index
        .tables
        .get(table)
        .map(|table| table.corrected.iter().flat_map(|file| world.read(file, &["row_key"])).collect())
        .unwrap_or_default();
    let keys = if rows.is_empty() { Vec::new() } else { world.rows(index, table, &["row_key"]) };
    let at = |day: usize| {
        let end = format!("2024-03-{:02}T99", day + 1);
        let mut latest: BTreeMap<&str, (&str, u32, &Vec<String>)> = BTreeMap::new();
        for row in rows.iter().filter(|row| row[2] <= end) {
            let (follows, says) = positions[row[4].parse::<usize>().expect("a file number")];
            let position = if row[5] == "0" { follows } else { says };
            let candidate = (row[2].as_str(), position, row);
            let best = latest.entry(&row[0]).or_insert(candidate);
            if (best.0, best.1) <= (candidate.0, candidate.1) {
                *best = candidate;
            }
        }
        let alive = latest.into_values().filter(|(_, _, row)| row[3] != "true");
        alive.map(|(_, _, row)| (row[0].clone(), row[1].clone())).collect()
    };
    // Whoever reads only the latest rows must be told of every key that has several.
    for (row, key) in keys.iter().enumerate() {
        let several = keys.iter().filter(|other| *other == key).count() > 1;
        assert!(!several || corrected.contains(key), "{:?} has several versions, and nobody is told", rows[row]);
    }
    (0..days).map(at).collect()
}

/// Whether deliveries, one a day, come to what is expected at the end of each: all at once, in their order, and in another one.
pub(super) fn tells_the_same<State: std::fmt::Debug + PartialEq>(
    expected: &[State],
    together: usize,
    order: &[usize],
    ingested: impl Fn(&[usize], usize) -> Vec<State>,
) -> std::result::Result<(), TestCaseError> {
    let in_order: Vec<usize> = (0..expected.len()).collect();
    let order: Vec<usize> = order.iter().copied().filter(|day| *day < expected.len()).collect();
    prop_assert_eq!(ingested(&in_order, expected.len()), expected, "all at once");
    prop_assert_eq!(ingested(&in_order, together), expected, "in order, {} together", together);
    prop_assert_eq!(ingested(&order, together), expected, "in the order {:?}, {} together", order, together);
    Ok(())
}

/// Ingests deliveries in an order, `together` of them in each run.
pub(super) fn ingested_in(world: &World, order: &[usize], together: usize, text: impl Fn(usize) -> String) -> LedgerIndex {
    let mut index = LedgerIndex::empty();
    for days in order.chunks(together.max(1)) {
        for day in days {
            world.write(&file_name(*day), text(*day));
        }
        index = world.ingest(400).0;
    }
    index
}

/// The states that deliveries ingested so come to.
fn ingested(deliveries: &[Said], order: &[usize], together: usize, kind: &str) -> Vec<State> {
    let world = dated(kind);
    let index = ingested_in(&world, order, together, |day| text(&deliveries[day]));
    found(&world, &index, deliveries.len())
}

fn deliveries() -> impl Strategy<Value = Vec<Said>> {
    let rows = prop::collection::btree_map(0_u8..4, prop::option::weighted(0.9, 1_u8..3), 1..4);
    prop::collection::vec(rows.prop_map(|rows| Said { rows }), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn deliveries_in_any_order_make_the_same_ledger(
        deliveries in deliveries(), is_full: bool, together in 1_usize..4, order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()
    ) {
        let kind = if is_full { "full" } else { "delta" };
        let expected = expected(&deliveries, is_full);
        tells_the_same(&expected, together, &order, |order, together| ingested(&deliveries, order, together, kind))?;
    }
}

#[test]
fn what_is_not_in_a_full_delivery_is_deleted_from_its_day_on() {
    let world = dated("full");
    world.write("d_2024-03-01.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR", "I2,invoice,C1,2024-01-01,2,EUR"]));
    world.ingest(0);
    world.write("d_2024-03-02.csv", documents(&["I2,invoice,C1,2024-01-01,2,EUR"]));
    let (index, summary) = world.ingest(0);
    assert_eq!((summary.rows_read, summary.unchanged), (1, 1));
    let columns = ["document_id", "amount", "recorded_at", "is_deleted", "source_file", "source_line"];
    assert_eq!(
        world.rows(&index, "documents", &columns),
        ["I1 1.0000 - - 0 2", "I2 2.0000 - - 0 3", "I1 1.0000 2024-03-02T23:59:59.999999Z true 1 0"]
    );
    assert_eq!(index.files[1].findings["absent_from_full_delivery"], 1);
    // It comes back as it was: a third version.
    world.write("d_2024-03-03.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR", "I2,invoice,C1,2024-01-01,2,EUR"]));
    let (_, summary) = world.ingest(0);
    assert_eq!((summary.accepted, summary.unchanged), (1, 1));
}

#[test]
fn a_full_delivery_speaks_for_its_own_source_and_tables() {
    let world = World::new(
        "name = \"a\"\npath = \"in/a\"\nshape = \"canonical\"\ndelivery = \"full\"\n\
         [[source]]\nname = \"b\"\npath = \"in/b\"\nshape = \"canonical\"\ndelivery = \"full\"",
    );
    world.write("a/documents.csv", documents(&["A1,invoice,C1,2024-01-01,1,EUR", "A2,invoice,C1,2024-01-01,1,EUR"]));
    world.write("a/customers.csv", "customer_id,name\nC1,One\nC2,Two\n");
    world.write("b/documents.csv", documents(&["B1,invoice,C1,2024-01-01,1,EUR"]));
    world.ingest(0);
    // Customers are not delivered this time; documents of `a` lack one; `b` is the same file as before.
    std::fs::remove_file(world.folder.path().join("in/a/customers.csv")).expect("removes");
    world.write("a/documents.csv", documents(&["A1,invoice,C1,2024-01-01,1,EUR"]));
    let (index, _) = world.ingest(10);
    assert_eq!(world.rows(&index, "documents", &["document_id", "is_deleted"]), ["A1 -", "A2 -", "B1 -", "A2 true"]);
    assert_eq!(world.rows(&index, "customers", &["customer_id", "is_deleted"]), ["C1 -", "C2 -"]);
}

#[test]
fn a_full_delivery_in_parts_is_read_whole_when_one_part_changes() {
    let world = World::new("name = \"s\"\npath = \"in/*.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelivery = \"full\"");
    world.write("a.csv", documents(&["A1,invoice,C1,2024-01-01,1,EUR"]));
    world.write("b.csv", documents(&["B1,invoice,C1,2024-01-01,1,EUR", "B2,invoice,C1,2024-01-01,1,EUR"]));
    world.ingest(0);
    assert_eq!(world.ingest(1).1, IngestSummary { files_seen: 2, ..IngestSummary::default() });
    world.write("b.csv", documents(&["B1,invoice,C1,2024-01-01,1,EUR"]));
    let (index, summary) = world.ingest(1);
    assert_eq!((summary.files_new, summary.unchanged), (2, 2));
    assert_eq!(world.rows(&index, "documents", &["document_id", "is_deleted"]), ["A1 -", "B1 -", "B2 -", "B2 true"]);
    // Twice on one day: the later delivery counts. Then a part is gone altogether.
    world.write("b.csv", documents(&["B1,invoice,C1,2024-01-01,1,EUR", "B2,invoice,C1,2024-01-01,7,EUR"]));
    let (index, _) = world.ingest(1);
    assert_eq!(world.rows(&index, "documents", &["document_id", "amount", "is_deleted"])[4..], ["B2 7.0000 -"]);
    assert!(index.positions()[3].0 < index.positions()[5].0, "deliveries of one day keep their order");
    std::fs::remove_file(world.folder.path().join("in/a.csv")).expect("removes");
    let (index, _) = world.ingest(2);
    assert_eq!(world.rows(&index, "documents", &["document_id", "is_deleted"])[5..], ["A1 true"]);
}

#[test]
fn an_overwritten_export_that_says_again_what_it_said_before_is_read_again() {
    let world = World::canonical();
    let (one, two) = (documents(&["I1,invoice,C1,2024-01-01,1,EUR"]), documents(&["I1,invoice,C1,2024-01-01,2,EUR"]));
    for (day, text) in [(0, &one), (1, &two), (2, &one)] {
        world.write("documents.csv", text);
        assert_eq!(world.ingest(day).1.accepted, 1, "day {day}");
    }
    // Under another name it is the same file.
    std::fs::rename(world.folder.path().join("in/documents.csv"), world.folder.path().join("in/documents.CSV")).expect("renames");
    assert_eq!(world.ingest(3).1.files_seen, 1);
}

#[test]
fn many_small_deliveries_are_compacted_and_say_the_same() {
    let deliveries: Vec<Said> = (0..28_u8)
        .map(|day| Said { rows: [(day % 5, Some(day % 3 + 1)), (day % 7, if day % 4 == 3 { None } else { Some(2) })].into() })
        .collect();
    let world = dated("delta");
    let mut index = LedgerIndex::empty();
    for (day, said) in deliveries.iter().enumerate() {
        world.write(&file_name(day), text(said));
        let (next, _) = world.ingest_compacted(5);
        index = next;
        let table = &index.tables["documents"];
        assert!(table.segments.len() <= 5 && table.keys.len() <= 5 && table.corrected.len() <= 5, "day {day}: {table:?}");
        assert_eq!(found(&world, &index, day + 1), expected(&deliveries[..=day], false), "day {day}");
    }
    let folder = std::fs::read_dir(world.folder.path().join("out/ledger/documents")).expect("reads").count();
    assert!(folder <= 16, "{folder} files are left");
    assert_eq!(index.files.len(), 28);
}

#[test]
fn a_delivery_older_than_the_first_makes_the_first_one_known_from_its_date() {
    let world = dated("delta");
    world.write("d_2024-03-02.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR"]));
    let (index, _) = world.ingest(0);
    assert_eq!(world.documents(&index), ["I1 invoice 2024-01-01 1.0000 EUR -"]);
    world.write("d_2024-03-01.csv", documents(&["I1,invoice,C1,2024-01-01,9,EUR", "I2,invoice,C1,2024-01-01,2,EUR"]));
    let (index, _) = world.ingest(0);
    assert_eq!(
        world.documents(&index),
        [
            "I1 invoice 2024-01-01 1.0000 EUR 2024-03-02T23:59:59.999999Z",
            "I1 invoice 2024-01-01 9.0000 EUR -",
            "I2 invoice 2024-01-01 2.0000 EUR -"
        ]
    );
    assert_eq!(index.files.iter().map(|file| file.is_first_delivery).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_row_that_cannot_be_read_is_not_absent() {
    let world = dated("full");
    world.write("d_2024-03-01.csv", documents(&["I1,invoice,C1,2024-01-01,1,EUR", "I2,invoice,C1,2024-01-01,2,EUR"]));
    world.ingest(0);
    world.write("d_2024-03-02.csv", documents(&["I1,invoice,C1,2024-13-01,1,EUR"]));
    let (index, summary) = world.ingest(0);
    assert_eq!(summary.quarantined, 1);
    assert_eq!(world.rows(&index, "documents", &["document_id", "is_deleted"]), ["I1 -", "I2 -", "I2 true"]);
}

#[test]
fn a_payment_that_is_taken_back_is_deleted_in_full_and_in_delta() {
    for delivery in ["delta", "full"] {
        let world = World::flat(&format!("delivery = \"{delivery}\""));
        let header = "document_id,customer_id,document_date,amount,currency,paid_date,paid_amount";
        let rows = |paid: &str| format!("{header}\nI1,C1,2024-01-01,100,EUR,{paid}\nI2,C1,2024-01-01,7,EUR,2024-01-09,\n");
        for (day, paid) in [(0, "2024-02-01,40"), (1, ","), (2, ","), (3, "2024-02-01,40")] {
            world.write("f.csv", rows(paid));
            let (index, _) = world.ingest(day);
            let columns = ["document_id", "amount", "recorded_at", "is_deleted"];
            let mut documents = world.rows(&index, "documents", &columns);
            let mut applications = world.rows(&index, "applications", &["application_id", "recorded_at", "is_deleted"]);
            let (documents, applications) = (documents.split_off(4), applications.split_off(2));
            // On the first day it is paid; on the second no more; on the third nothing is new; on the fourth it is again.
            let mut expected_documents = vec!["I1-R 40.0000 1970-01-02T00:00:00Z true".to_owned()];
            let mut expected_applications = vec!["I1-A 1970-01-02T00:00:00Z true".to_owned()];
            if day == 3 {
                expected_documents.push("I1-R 40.0000 1970-01-04T00:00:00Z -".to_owned());
                expected_applications.push("I1-A 1970-01-04T00:00:00Z -".to_owned());
            } else if day == 0 {
                expected_documents.clear();
                expected_applications.clear();
            }
            assert_eq!(documents, expected_documents, "{delivery}, day {day}");
            assert_eq!(applications, expected_applications, "{delivery}, day {day}");
        }
    }
}

#[test]
fn a_known_row_beside_one_that_contradicts_it_is_judged_with_it() {
    for delivery in ["delta", "full"] {
        let world = World::new(&format!(
            "name = \"s\"\npath = \"in/d.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelivery = \"{delivery}\""
        ));
        let (one, two) = ("I1,invoice,C1,2024-01-01,1,EUR", "I2,invoice,C1,2024-01-01,2,EUR");
        world.write("d.csv", documents(&[one, two]));
        world.ingest(0);
        world.write("d.csv", documents(&[two, one, "I1,invoice,C1,2024-01-01,9,EUR", two]));
        let (index, summary) = world.ingest(1);
        assert_eq!((summary.read_sum(), summary.unchanged, summary.quarantined), (4, 2, 2), "{delivery}");
        assert_eq!(world.rows(&index, "quarantine", &["source_line", "reason"]), ["3 duplicate_key", "4 duplicate_key"]);
        assert_eq!(world.rows(&index, "documents", &["document_id", "amount"]), ["I1 1.0000", "I2 2.0000"]);
    }
}

#[test]
fn rows_that_are_known_are_accounted_for_with_their_amounts_and_repairs() {
    let world = World::flat("negative_amount = \"absolute\"");
    let row = |id: &str, amount: &str, paid: &str| format!("{id},C1,One,2024-01-01,,{amount},EUR,{paid},,\n");
    world.write("f.csv", [FLAT, &row("1", "5", "2024-02-01"), &row("2", "-7", ""), &row("3", "11", "")].concat());
    world.ingest(0);
    // The first is as it was, the second too (and would be repaired), the third is paid now, the fourth is new.
    let second = [FLAT, &row("1", "5", "2024-02-01"), &row("2", "-7", ""), &row("3", "11", "2024-03-01"), &row("4", "-13", "")].concat();
    world.write("f.csv", second);
    let (index, summary) = world.ingest(1);
    assert_eq!((summary.rows_read, summary.accepted, summary.repaired, summary.unchanged), (4, 1, 1, 2));
    let amounts = &index.files[1].tables["flat_invoices"].amounts;
    let found = [amounts.read, amounts.accepted, amounts.repaired, amounts.unchanged].map(|amount| amount.0 / 10_000);
    assert_eq!(found, [36, 11, 13, 12]);
    assert_eq!(
        world.rows(&index, "documents", &["document_id", "source_file"])[4..],
        ["3 1", "3-R 1", "4 1"].map(str::to_owned)[1..].to_vec()
    );
}

/// What random deliveries found, kept.
#[test]
fn found_before() {
    let only = |rows: &[(u8, Option<u8>)]| Said { rows: rows.iter().copied().collect() };
    #[rustfmt::skip]
    let table: &[(&str, bool, Vec<Said>, &[usize])] = &[
        ("absent, there, absent, there: the absence in between comes last", true,
            vec![only(&[(1, Some(1))]), only(&[(0, None)]), only(&[(1, Some(2))]), only(&[(0, None)]), only(&[(1, Some(2))])], &[2, 4, 0, 1, 3]),
    ];
    for (name, is_full, deliveries, order) in table {
        let kind = if *is_full { "full" } else { "delta" };
        assert_eq!(ingested(deliveries, order, 1, kind), expected(deliveries, *is_full), "{name}");
    }
}
