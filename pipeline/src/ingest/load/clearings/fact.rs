//! What is said of a cleared item, read from the store, and packed to be kept outside of it.

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::super::{LedgerFiles, RowGroup, position_of};
use crate::ingest::clearings::matching::Cleared;
use crate::ledger::book::NO_DATE;
use crate::ledger::calendar::Day;

/// For good.
pub const FOR_GOOD: i64 = i64::MAX;

/// Where a row came from: number of the file and line.
pub type Place = (u32, i64);

/// A version of what is said of a cleared item, for as long as it is what is known.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// The key of its row.
    pub row_key: i64,
    /// The hash of what it is cleared with; meaningless where it is open.
    pub clearing: u64,
    /// The company.
    pub company_id: &'a str,
    /// The item's document.
    pub document_id: &'a str,
    /// Its number there.
    pub item_no: i64,
    /// What cleared it; nothing for an item that is open.
    pub clearing_id: Option<&'a str>,
    /// When.
    pub clearing_date: Option<Day>,
    /// Below zero where the item reduces the account.
    pub amount: i64,
    /// Its currency.
    pub currency: &'a str,
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
    /// Whether it is a deletion.
    pub is_deleted: bool,
    /// Its place in the order of statements.
    pub position: u32,
}

impl<'a> Fact<'a> {
    /// The item as it is matched.
    pub fn cleared(&self) -> Cleared<'a> {
        Cleared {
            currency: self.currency,
            amount: self.amount,
            due_date: self.due_date,
            document_date: self.document_date,
            document_id: self.document_id,
            item_no: self.item_no,
        }
    }

    /// What it is cleared with: a number that a system uses again is another clearing on another day.
    pub fn clearing(&self) -> (u64, &'a str, Option<&'a str>, Option<Day>) {
        (self.clearing, self.company_id, self.clearing_id, self.clearing_date)
    }
}

/// The columns of a fact.
pub const COLUMNS: [&str; 14] = [
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
    "source_file",
    "source_line",
];

/// Where a row of a group stands in the files; it has the source columns.
pub(in crate::ingest::load) fn place_of(group: &RowGroup, row: usize) -> Place {
    let file = group.column("source_file").as_primitive::<Int32Type>().value(row);
    (u32::try_from(file).unwrap_or(0), group.i64s("source_line")[row])
}

/// Reads a row of a group that has the columns of a fact.
pub(in crate::ingest::load) fn read_facts<'g>(files: &'g LedgerFiles, group: &'g RowGroup) -> impl Fn(usize) -> Fact<'g> {
    let texts = |name: &str| group.column(name).as_string::<i32>();
    let (companies, documents, clearings, currencies) =
        (texts("company_id"), texts("document_id"), texts("clearing_id"), texts("currency"));
    let (clearing_dates, document_dates, due_dates) = (group.dates("clearing_date"), group.dates("document_date"), group.dates("due_date"));
    let (keys, items, amounts) = (group.i64s("row_key"), group.i64s("item_no"), group.amounts("amount"));
    let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
    let (deleted, source_files) = (group.flags("is_deleted"), group.column("source_file").as_primitive::<Int32Type>());
    let hash = hash_of_clearing(group);
    let date = |day: Day| (day != NO_DATE).then_some(day);
    move |row| {
        let place = place_of(group, row);
        Fact {
            row_key: keys[row],
            clearing: hash(row),
            company_id: companies.value(row),
            document_id: documents.value(row),
            item_no: items[row],
            clearing_id: clearings.is_valid(row).then(|| clearings.value(row)),
            clearing_date: date(clearing_dates[row]),
            amount: amounts[row],
            currency: currencies.value(row),
            document_date: document_dates[row],
            due_date: date(due_dates[row]),
            from: if recorded.is_null(row) { i64::MIN } else { recorded.value(row) },
            until: FOR_GOOD,
            place,
            until_place: Place::default(),
            is_deleted: deleted[row],
            position: position_of(files, source_files.value(row), place.1),
        }
    }
}

/// A hash of what the rows of a group are cleared with.
pub(in crate::ingest::load) fn hash_of_clearing(group: &RowGroup) -> impl Fn(usize) -> u64 + use<'_> {
    let (companies, clearings) = (group.column("company_id").as_string::<i32>(), group.column("clearing_id").as_string::<i32>());
    let dates = group.dates("clearing_date");
    move |row| {
        let company = xxh3_64(companies.value(row).as_bytes());
        let dated = company ^ u64::from(dates[row].cast_unsigned()).rotate_left(32);
        xxh3_64_with_seed(clearings.value(row).as_bytes(), dated)
    }
}

/// Set where a packed fact is a deletion, is of an open item, and has an end.
const DELETED: u8 = 1;
const OPEN: u8 = 2;
const ENDS: u8 = 4;

impl Fact<'_> {
    /// Appends the fact to bytes.
    pub fn pack(&self, bytes: &mut Vec<u8>) {
        let ends = self.until != FOR_GOOD;
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        bytes.push(flag(self.is_deleted, DELETED) | flag(self.clearing_id.is_none(), OPEN) | flag(ends, ENDS));
        let long = |bytes: &mut Vec<u8>, values: &[i64]| values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        let int = |bytes: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        let day = |day: Option<Day>| day.unwrap_or(NO_DATE).cast_unsigned();
        long(bytes, &[self.row_key, self.clearing.cast_signed(), self.item_no, self.amount, self.from, self.place.1]);
        int(bytes, &[day(self.clearing_date), self.document_date.cast_unsigned(), day(self.due_date), self.place.0, self.position]);
        if ends {
            long(bytes, &[self.until, self.until_place.1]);
            int(bytes, &[self.until_place.0]);
        }
        for text in [self.company_id, self.document_id, self.clearing_id.unwrap_or(""), self.currency] {
            let length = u32::try_from(text.len()).expect("a field is shorter than 2 GiB");
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// The facts that were packed into bytes, in their order.
pub fn unpack(bytes: &[u8]) -> Vec<Fact<'_>> {
    let mut reader = Reader(bytes);
    let mut facts = Vec::new();
    while !reader.0.is_empty() {
        facts.push(reader.fact());
    }
    facts
}

/// Reads what [`Fact::pack`] has written; it has been nowhere else, so that it is whole.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn fact(&mut self) -> Fact<'a> {
        let [flags] = self.take();
        let ends = flags & ENDS != 0;
        let (row_key, clearing, item_no, amount, from, line) =
            (self.long(), self.long(), self.long(), self.long(), self.long(), self.long());
        let (clearing_date, document_date, due_date, file, position) = (self.day(), self.day(), self.day(), self.int(), self.int());
        let (until, until_place) = if ends { (self.long(), (self.long(), self.int())) } else { (FOR_GOOD, (0, 0)) };
        let (company_id, document_id, clearing_id, currency) = (self.text(), self.text(), self.text(), self.text());
        Fact {
            row_key,
            clearing: clearing.cast_unsigned(),
            company_id,
            document_id,
            item_no,
            clearing_id: (flags & OPEN == 0).then_some(clearing_id),
            clearing_date,
            amount,
            currency,
            document_date: document_date.unwrap_or(NO_DATE),
            due_date,
            from,
            until,
            place: (file, line),
            until_place: (until_place.1, until_place.0),
            is_deleted: flags & DELETED != 0,
            position,
        }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().expect("a packed fact is whole");
        self.0 = rest;
        *taken
    }

    fn long(&mut self) -> i64 {
        i64::from_le_bytes(self.take())
    }

    fn int(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn day(&mut self) -> Option<Day> {
        Some(self.int().cast_signed()).filter(|day| *day != NO_DATE)
    }

    fn text(&mut self) -> &'a str {
        let length = self.int() as usize;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).expect("it was packed from a text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_unpacked_as_it_was_packed() {
        let plain = Fact {
            row_key: -5,
            clearing: u64::MAX,
            company_id: "main",
            document_id: "1800000001",
            item_no: 3,
            clearing_id: Some("C/1"),
            clearing_date: Some(20_000),
            amount: -1_234_567,
            currency: "EUR",
            document_date: 19_000,
            due_date: None,
            from: i64::MIN,
            until: FOR_GOOD,
            place: (7, 12),
            until_place: (0, 0),
            is_deleted: false,
            position: 15,
        };
        let ends = Fact { until: 42, until_place: (9, 3), due_date: Some(-1), ..plain };
        let open = Fact { clearing_id: None, clearing_date: None, is_deleted: true, document_id: "Größe", ..plain };
        let mut bytes = Vec::new();
        [plain, ends, open].iter().for_each(|fact| fact.pack(&mut bytes));
        let shown = |facts: &[Fact<'_>]| facts.iter().map(|fact| format!("{fact:?}")).collect::<Vec<_>>();
        assert_eq!(shown(&unpack(&bytes)), shown(&[plain, ends, open]));
    }
}
