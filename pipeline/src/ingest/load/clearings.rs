//! What the ledger says about cleared items: read for resolving it into applications, and for saying what does not balance.

use super::knowledge::versions;
use super::{LedgerFiles, LeftOut, LoadOptions, RowGroup, invisible_rows, read_row_groups};
use crate::error::Result;
use crate::ingest::clearings::matching::{Cleared, match_items, unmatched};
use crate::ledger::book::NO_DATE;
use crate::ledger::calendar::Day;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use std::collections::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// A cleared item of which not everything is matched with other items of its clearing.
pub const CLEARING_NOT_BALANCED: &str = "clearing_not_balanced";

/// For good.
pub const FOR_GOOD: i64 = i64::MAX;

/// Where a row came from: number of the file and line.
pub type Place = (u32, i64);

/// A version of what is said of a cleared item, for as long as it is what is known.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The company.
    pub company_id: String,
    /// The item's document.
    pub document_id: String,
    /// Its number there.
    pub item_no: i64,
    /// What cleared it.
    pub clearing_id: String,
    /// When.
    pub clearing_date: Option<Day>,
    /// Below zero where the item reduces the account.
    pub amount: i64,
    /// Its currency.
    pub currency: String,
    /// The date of its document.
    pub document_date: Day,
    /// When it is due.
    pub due_date: Option<Day>,
    /// When it became known, microseconds; `i64::MIN` from the beginning.
    pub from: i64,
    /// When something else became known, or [`FOR_GOOD`].
    pub until: i64,
    /// Where this stands.
    pub place: Place,
    /// Where that stands.
    pub until_place: Place,
    /// The row among the clearings.
    pub row: u32,
}

impl Fact {
    /// The item as it is matched.
    pub fn cleared(&self) -> Cleared<'_> {
        Cleared {
            currency: &self.currency,
            amount: self.amount,
            due_date: self.due_date,
            document_date: self.document_date,
            document_id: &self.document_id,
            item_no: self.item_no,
        }
    }

    /// What it is cleared with: a number that a system uses again is another clearing on another day.
    pub fn clearing(&self) -> (&str, &str, Option<Day>) {
        (&self.company_id, &self.clearing_id, self.clearing_date)
    }
}

const COLUMNS: [&str; 12] = [
    "row_key",
    "company_id",
    "document_id",
    "item_no",
    "clearing_id",
    "clearing_date",
    "amount",
    "currency",
    "document_date",
    "due_date",
    "recorded_at",
    "is_deleted",
];

/// Until when a row with several versions was what was known, and what replaced it; `None` when it never was.
pub type Until = HashMap<u32, Option<(i64, Place)>>;

/// Until when the rows of items with several versions were known.
///
/// # Errors
/// When a segment cannot be read.
pub fn replaced(files: &LedgerFiles) -> Result<Until> {
    let versions = versions(files, "clearings", None)?;
    let rows: std::collections::HashSet<u32> = versions.values().flatten().map(|version| version.row).collect();
    let mut places: HashMap<u32, Place> = HashMap::new();
    if !rows.is_empty() {
        let groups = read_row_groups(files.segments("clearings"), None, &["source_file", "source_line"], &[], |group| {
            let wanted = (0..group.rows()).filter(|row| rows.contains(&group.row(*row)));
            wanted.map(|row| (group.row(row), place_of(group, row))).collect::<Vec<_>>()
        })?;
        places.extend(groups.into_iter().flatten());
    }
    let mut until = Until::new();
    for of_key in versions.values() {
        for (at, version) in of_key.iter().enumerate() {
            let end = match of_key.get(at + 1) {
                // Of what became known at one instant only the last is said.
                Some(next) if next.recorded_at == version.recorded_at => None,
                Some(next) => Some((next.recorded_at, places[&next.row])),
                None => Some((FOR_GOOD, Place::default())),
            };
            until.insert(version.row, end);
        }
    }
    Ok(until)
}

fn place_of(group: &RowGroup, row: usize) -> Place {
    let file = group.column("source_file").as_primitive::<Int32Type>().value(row);
    (u32::try_from(file).unwrap_or(0), group.i64s("source_line")[row])
}

/// In which of several parts the rows of a clearing are read.
fn part_of(company: &str, clearing: &str, parts: u64) -> u64 {
    xxh3_64(format!("{company}\0{clearing}").as_bytes()) % parts
}

/// The facts of those clearings that belong to one of `parts` parts, in the order of the ledger: all items of a clearing belong
/// to the same part.
///
/// # Errors
/// When a segment cannot be read.
pub fn facts(files: &LedgerFiles, until: &Until, part: u64, parts: u64) -> Result<Vec<Fact>> {
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["source_file", "source_line"]).collect();
    let groups = read_row_groups(files.segments("clearings"), None, &columns, &[], |group| {
        let wanted = |row: &usize| {
            let clearing = group.column("clearing_id").as_string::<i32>();
            let company = group.column("company_id").as_string::<i32>();
            clearing.is_valid(*row) && part_of(company.value(*row), clearing.value(*row), parts) == part
        };
        let deleted = group.flags("is_deleted");
        let read = read_facts(group);
        (0..group.rows())
            .filter(wanted)
            .filter(|row| !deleted[*row])
            .filter_map(|row| {
                let (end, until_place) = until.get(&group.row(row)).copied().unwrap_or(Some((FOR_GOOD, Place::default())))?;
                Some(Fact { until: end, until_place, place: place_of(group, row), ..read(row) })
            })
            .collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// Reads a row of a group that has the columns of a fact.
fn read_facts(group: &RowGroup) -> impl Fn(usize) -> Fact + '_ {
    let texts = |name: &str| group.column(name).as_string::<i32>();
    let (companies, documents, clearings, currencies) =
        (texts("company_id"), texts("document_id"), texts("clearing_id"), texts("currency"));
    let (clearing_dates, document_dates, due_dates) = (group.dates("clearing_date"), group.dates("document_date"), group.dates("due_date"));
    let (items, amounts) = (group.i64s("item_no"), group.amounts("amount"));
    let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
    let date = |day: Day| (day != NO_DATE).then_some(day);
    move |row| Fact {
        company_id: companies.value(row).to_owned(),
        document_id: documents.value(row).to_owned(),
        item_no: items[row],
        clearing_id: clearings.value(row).to_owned(),
        clearing_date: date(clearing_dates[row]),
        amount: amounts[row],
        currency: currencies.value(row).to_owned(),
        document_date: document_dates[row],
        due_date: date(due_dates[row]),
        from: if recorded.is_null(row) { i64::MIN } else { recorded.value(row) },
        until: FOR_GOOD,
        place: Place::default(),
        until_place: Place::default(),
        row: group.row(row),
    }
}

/// A hash of what the rows of a group are cleared with.
fn hash_of_clearing(group: &RowGroup) -> impl Fn(usize) -> u64 + '_ {
    let (companies, clearings) = (group.column("company_id").as_string::<i32>(), group.column("clearing_id").as_string::<i32>());
    let dates = group.dates("clearing_date");
    move |row| {
        let company = xxh3_64(companies.value(row).as_bytes());
        let dated = company ^ u64::from(dates[row].cast_unsigned()).rotate_left(32);
        xxh3_64_with_seed(clearings.value(row).as_bytes(), dated)
    }
}

/// Rows of the derived applications: key, and a hash of what each version says.
///
/// # Errors
/// When a segment cannot be read.
pub fn applications_of(files: &LedgerFiles, hash: impl Fn(i64, i64, i64, Day, bool) -> u64 + Sync) -> Result<Vec<u64>> {
    let columns = ["row_key", "recorded_at", "amount", "applied_date", "is_deleted"];
    let groups = read_row_groups(files.segments("applications"), None, &columns, &[], |group| {
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let (keys, amounts, dates, deleted) =
            (group.i64s("row_key"), group.amounts("amount"), group.dates("applied_date"), group.flags("is_deleted"));
        let at = |row: usize| if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
        (0..group.rows()).map(|row| hash(keys[row], at(row), amounts[row], dates[row], deleted[row])).collect::<Vec<_>>()
    })?;
    Ok(groups.concat())
}

/// Lists what is cleared and not matched: the items of clearings whose debits and credits are not equal, as far as something of them
/// is left. They are open.
pub(super) fn leave_out(files: &LedgerFiles, options: &LoadOptions, left_out: &mut Vec<LeftOut>) -> Result<()> {
    let Some(table) = files.tables.get("clearings") else { return Ok(()) };
    let invisible = invisible_rows(files, "clearings", options.known_as_of)?;
    let visible = |group: &RowGroup, row: usize| group.column("clearing_id").is_valid(row) && !invisible.contains(&group.row(row));
    let sums = read_row_groups(&table.segments, files.first_files, &COLUMNS, &[], |group| {
        let (hash, amounts) = (hash_of_clearing(group), group.amounts("amount"));
        let currencies = group.column("currency").as_string::<i32>();
        let mut sums: HashMap<(u64, u64), i128> = HashMap::new();
        for row in (0..group.rows()).filter(|row| visible(group, *row)) {
            *sums.entry((hash(row), xxh3_64(currencies.value(row).as_bytes()))).or_default() += i128::from(amounts[row]);
        }
        sums
    })?;
    let mut total: HashMap<(u64, u64), i128> = HashMap::new();
    for (clearing, sum) in sums.into_iter().flatten() {
        *total.entry(clearing).or_default() += sum;
    }
    let unequal: std::collections::HashSet<u64> = total.into_iter().filter(|(_, sum)| *sum != 0).map(|((of, _), _)| of).collect();
    if unequal.is_empty() {
        return Ok(());
    }
    let groups = read_row_groups(&table.segments, files.first_files, &COLUMNS, &[], |group| {
        let hash = hash_of_clearing(group);
        let rows = (0..group.rows()).filter(|row| visible(group, *row) && unequal.contains(&hash(*row)));
        rows.map(read_facts(group)).collect::<Vec<_>>()
    })?;
    let mut facts: Vec<Fact> = groups.into_iter().flatten().collect();
    facts.sort_by(|a, b| a.clearing().cmp(&b.clearing()));
    for clearing in facts.chunk_by(|a, b| a.clearing() == b.clearing()) {
        let items: Vec<Cleared<'_>> = clearing.iter().map(Fact::cleared).collect();
        let rows = unmatched(&items, &match_items(&items)).into_iter().map(|at| clearing[at].row);
        left_out.extend(rows.map(|row| LeftOut { table: "clearings", row, reason: CLEARING_NOT_BALANCED }));
    }
    Ok(())
}
