//! Cleared items become applications.
//!
//! A system that lists open and cleared items does not say what was matched with what, only which items were cleared together.
//! After an ingest that brought new facts about clearings, the applications that follow from all facts are computed: at every
//! instant at which something became known, as what was known then says. They are stored beside the applications that were
//! delivered, as versions like theirs, so that every view of the ledger has them and `known_as_of` is exact. They depend on the
//! facts alone, so that deliveries in any order give the same; what is stored already is not stored again.
//!
//! The segments of these applications lie in `ledger/cleared/` and belong to nobody else: where a delivery that comes out of its
//! order changes what was known earlier, all of them are written anew. Whoever merges segments leaves these alone.

pub mod matching;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use xxhash_rust::xxh3::xxh3_64;

use super::columns::ColumnData;
use super::keys::row_key;
use super::load::LedgerFiles;
use super::load::clearings::{FOR_GOOD, Fact, Place, Until, applications_of, facts, replaced};
use super::rows::{Tables, encode_rows};
use super::store::{LedgerIndex, SegmentRecord, SegmentWriter, TableIndex, TableLayout, ledger_directory, sync_directory};
use crate::catalog::ledger_tables::Table;
use crate::error::{Result, io_error};
use crate::ledger::calendar::{Day, date_of};
use matching::{Cleared, match_items};

/// The folder of the applications that follow from clearings.
const FOLDER: &str = "cleared/";
/// Facts that are resolved together, about.
const FACTS_AT_ONCE: u64 = 1_000_000;
/// Rows encoded together.
const ROWS_AT_ONCE: usize = 1 << 16;

/// Whether a segment of the applications follows from clearings.
pub fn is_derived(file: &str) -> bool {
    file.starts_with(FOLDER)
}

/// The segments of facts about clearings, to tell whether there are new ones.
pub fn segments(index: &LedgerIndex) -> Vec<SegmentRecord> {
    index.tables.get("clearings").map_or_else(Vec::new, |table| table.segments.clone())
}

/// A version of an application that follows from a clearing.
#[derive(Clone, Debug)]
struct Derived {
    company_id: String,
    application_id: String,
    credit: (String, i64),
    debit: (String, i64),
    applied_date: Day,
    amount: i64,
    recorded_at: i64,
    is_deleted: bool,
    place: Place,
}

impl Derived {
    fn key(&self) -> i64 {
        row_key(&[self.company_id.as_bytes(), self.application_id.as_bytes()]).row_key()
    }

    fn hash(&self) -> u64 {
        hash_of(self.key(), self.recorded_at, self.amount, self.applied_date, self.is_deleted)
    }
}

fn hash_of(key: i64, recorded_at: i64, amount: i64, applied_date: Day, is_deleted: bool) -> u64 {
    let mut bytes = Vec::with_capacity(32);
    for number in [key, recorded_at, amount] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&applied_date.to_le_bytes());
    bytes.push(u8::from(is_deleted));
    xxh3_64(&bytes)
}

/// Brings the applications that follow from clearings up to date, in an index that is not in force yet.
///
/// # Errors
/// Exit status 1 when the store cannot be read or written.
pub fn derive(out: &Path, index: &mut LedgerIndex) -> Result<()> {
    let files = LedgerFiles::of(out, index);
    let until = replaced(&files)?;
    let stored = stored(out, index)?;
    let mut writer = Writer::create(out, index)?;
    let known = writer.write(&files, &until, &stored)?;
    if known == stored.len() {
        return writer.finish(index, false);
    }
    // Something that was known earlier has changed: all of it is written anew.
    drop(writer);
    let mut writer = Writer::create(out, index)?;
    writer.write(&files, &until, &HashSet::new())?;
    writer.finish(index, true)
}

/// What the stored applications that follow from clearings say.
fn stored(out: &Path, index: &LedgerIndex) -> Result<HashSet<u64>> {
    let mut derived = LedgerIndex::empty();
    let of_clearings = index.tables.get("applications").into_iter().flat_map(|table| &table.segments);
    let segments: Vec<SegmentRecord> = of_clearings.filter(|segment| is_derived(&segment.file)).cloned().collect();
    derived.tables.insert("applications".to_owned(), TableIndex { segments, ..TableIndex::default() });
    Ok(applications_of(&LedgerFiles::of(out, &derived), hash_of)?.into_iter().collect())
}

/// Writes one segment of derived applications.
struct Writer<'o> {
    out: &'o Path,
    number: u64,
    tables: Tables,
    segment: SegmentWriter,
    /// Keys that have, or may have, several versions.
    corrected: BTreeSet<i64>,
}

impl<'o> Writer<'o> {
    fn create(out: &'o Path, index: &LedgerIndex) -> Result<Self> {
        let table = Table::named("applications").expect("the canonical tables have it");
        let number = next_number(index);
        let layout = Arc::new(TableLayout::of(table));
        let segment = SegmentWriter::create(out, format!("{FOLDER}seg-{number:06}.parquet"), &layout.schema, Some(&layout))?;
        let tables = Tables::from([(table.name, (layout, segment.encoder()))]);
        Ok(Writer { out, number, tables, segment, corrected: BTreeSet::new() })
    }

    /// Writes what is not stored; says how much of it is.
    fn write(&mut self, files: &LedgerFiles, until: &Until, stored: &HashSet<u64>) -> Result<usize> {
        let rows = super::load::rows_of(files, "clearings")?;
        let parts = rows.div_ceil(FACTS_AT_ONCE).max(1);
        let mut known = 0;
        for part in 0..parts {
            let mut facts = facts(files, until, part, parts)?;
            facts.sort_by(|a, b| (a.clearing(), a.from, a.place).cmp(&(b.clearing(), b.from, b.place)));
            let mut derived = Vec::new();
            for clearing in facts.chunk_by(|a, b| a.clearing() == b.clearing()) {
                let versions = resolve(clearing);
                let fresh = versions.iter().filter(|version| !stored.contains(&version.hash()));
                let before = derived.len();
                derived.extend(fresh.cloned());
                known += versions.len() - (derived.len() - before);
                if instants(clearing).len() > 1 {
                    self.corrected.extend(derived[before..].iter().map(Derived::key));
                }
            }
            self.append(derived)?;
        }
        Ok(known)
    }

    fn append(&mut self, mut derived: Vec<Derived>) -> Result<()> {
        derived.sort_by(|a, b| (a.place, &a.application_id, a.recorded_at).cmp(&(b.place, &b.application_id, b.recorded_at)));
        for of_file in derived.chunk_by(|a, b| a.place.0 == b.place.0) {
            for rows in of_file.chunks(ROWS_AT_ONCE) {
                let (layout, _) = &self.tables["applications"];
                let lines: Vec<i64> = rows.iter().map(|row| row.place.1).collect();
                let columns = columns_of(layout, rows);
                if let Some(encoded) = encode_rows(&self.tables, None, "applications", columns, (&lines, rows[0].place.0))? {
                    self.segment.append(encoded.group)?;
                }
            }
        }
        Ok(())
    }

    /// Enters what was written into the index, instead of what was there where `anew`.
    fn finish(self, index: &mut LedgerIndex, anew: bool) -> Result<()> {
        let table = index.tables.entry("applications".to_owned()).or_default();
        if anew {
            table.segments.retain(|segment| !is_derived(&segment.file));
            table.corrected.retain(|file| !is_derived(file));
        }
        let folder = ledger_directory(self.out).join(FOLDER);
        let Some((record, file)) = self.segment.finish()? else { return Ok(()) };
        file.sync_data().map_err(|cause| io_error("sync", &folder, &cause))?;
        table.segments.push(record);
        if !self.corrected.is_empty() {
            let name = format!("{FOLDER}corrected-{:06}.parquet", self.number);
            let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("row_key", DataType::Int64, false)]));
            let mut writer = SegmentWriter::create(self.out, name.clone(), &schema, None)?;
            let keys: ArrayRef = Arc::new(self.corrected.into_iter().collect::<Int64Array>());
            let group = writer.encoder().group(RecordBatch::try_new(schema, vec![keys])?)?;
            writer.append(group)?;
            if let Some((_, file)) = writer.finish()? {
                file.sync_data().map_err(|cause| io_error("sync", &folder, &cause))?;
            }
            table.corrected.push(name);
        }
        sync_directory(&folder)
    }
}

/// One more than the greatest number a derived segment has.
fn next_number(index: &LedgerIndex) -> u64 {
    let table = index.tables.get("applications");
    let names = table.into_iter().flat_map(|table| table.segments.iter().map(|segment| &segment.file).chain(&table.corrected));
    names.filter(|name| is_derived(name)).filter_map(|name| super::file_number(name)).max().unwrap_or(0) + 1
}

/// When something about a clearing became known.
fn instants(clearing: &[Fact]) -> BTreeSet<i64> {
    clearing.iter().flat_map(|fact| [fact.from, fact.until]).filter(|instant| *instant != FOR_GOOD).collect()
}

/// Every version of the applications that follow from one clearing, by instant.
fn resolve(clearing: &[Fact]) -> Vec<Derived> {
    let mut versions = Vec::new();
    let mut before: BTreeMap<String, Derived> = BTreeMap::new();
    for instant in instants(clearing) {
        let members: Vec<&Fact> = clearing.iter().filter(|fact| fact.from <= instant && instant < fact.until).collect();
        let causes = clearing.iter().flat_map(|fact| [(fact.from, fact.place), (fact.until, fact.until_place)]);
        let place = causes.filter(|(at, _)| *at == instant).map(|(_, place)| place).max().unwrap_or_default();
        let now = applications(&members, instant, place);
        let gone = before.iter().filter(|(id, _)| !now.contains_key(*id)).map(|(_, application)| application.clone());
        versions.extend(gone.map(|application| Derived { recorded_at: instant, is_deleted: true, place, ..application }));
        for (id, application) in &now {
            let same = |old: &Derived| (old.amount, old.applied_date) == (application.amount, application.applied_date);
            if !before.get(id).is_some_and(same) {
                versions.push(application.clone());
            }
        }
        before = now;
    }
    versions
}

/// The applications of a clearing whose items are these.
fn applications(members: &[&Fact], instant: i64, place: Place) -> BTreeMap<String, Derived> {
    let items: Vec<Cleared<'_>> = members.iter().map(|fact| fact.cleared()).collect();
    let matched = match_items(&items).into_iter().map(|part| {
        let (debit, credit) = (members[part.debit], members[part.credit]);
        let date = debit.clearing_date.map_or_else(String::new, |day| format!("@{}", date_of(day)));
        let application_id =
            format!("{}{date}:{}/{}:{}/{}", debit.clearing_id, debit.document_id, debit.item_no, credit.document_id, credit.item_no);
        let derived = Derived {
            company_id: debit.company_id.clone(),
            application_id: application_id.clone(),
            credit: (credit.document_id.clone(), credit.item_no),
            debit: (debit.document_id.clone(), debit.item_no),
            // Without a date they are matched as soon as both exist.
            applied_date: debit.clearing_date.unwrap_or(debit.document_date.max(credit.document_date)),
            amount: part.amount,
            recorded_at: instant,
            is_deleted: false,
            place,
        };
        (application_id, derived)
    });
    matched.collect()
}

fn columns_of(layout: &TableLayout, rows: &[Derived]) -> Vec<ColumnData> {
    let columns = layout.columns.iter().map(|wanted| {
        let mut column = ColumnData::new(wanted.kind);
        for row in rows {
            match wanted.name {
                "company_id" => column.push_text(row.company_id.as_bytes()),
                "application_id" => column.push_text(row.application_id.as_bytes()),
                "credit_document_id" => column.push_text(row.credit.0.as_bytes()),
                "credit_item_no" => column.push_long(row.credit.1),
                "debit_document_id" => column.push_text(row.debit.0.as_bytes()),
                "debit_item_no" => column.push_long(row.debit.1),
                "applied_date" => column.push_day(row.applied_date),
                "amount" => column.push_long(row.amount),
                "recorded_at" if row.recorded_at != i64::MIN => column.push_long(row.recorded_at),
                "is_deleted" if row.is_deleted => column.push_flag(true),
                _ => column.push_null(),
            }
        }
        column
    });
    columns.collect()
}
