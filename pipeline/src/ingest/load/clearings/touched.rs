//! The clearings that new rows touch: those that any version of their items names. Everything that is said about these is read,
//! and what is stored of what followed from them.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::BuildHasherDefault;
use std::path::{Path, PathBuf};

use arrow::array::{Array as _, AsArray as _, BooleanArray};
use arrow::datatypes::TimestampMicrosecondType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection};
use rayon::prelude::*;

use super::super::{AlreadyHashed, LedgerFiles, RowGroup, damaged, open_metadata, read_row_group, read_row_groups};
use super::fact::{COLUMNS, FOR_GOOD, Fact, hash_of_clearing, read_facts, unpack};
use crate::error::{Result, io_error};
use crate::ledger::calendar::Day;

/// Keys, which are hashes already.
type Keys = HashSet<i64, BuildHasherDefault<AlreadyHashed>>;

/// Every version of the items of the clearings that rows with these keys touch, packed.
pub struct Touched {
    bytes: Vec<u8>,
    clearings: HashSet<u64>,
}

impl Touched {
    /// Reads them: the clearings of the items, the items of these clearings, and all versions of those.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn read(files: &LedgerFiles, items: &HashSet<i64>) -> Result<Self> {
        let segments = files.segments("clearings");
        let names = ["company_id", "clearing_id", "clearing_date"];
        let is_cleared = |group: &RowGroup, row: usize| group.column("clearing_id").is_valid(row);
        let items: Keys = items.iter().copied().collect();
        let of_items = read_selected(segments, "row_key", &items, &names, |group| {
            let hash = hash_of_clearing(group);
            (0..group.rows()).filter(|row| is_cleared(group, *row)).map(hash).collect::<Vec<_>>()
        })?;
        let clearings: HashSet<u64> = of_items.into_iter().flatten().collect();
        let columns = ["row_key", "company_id", "clearing_id", "clearing_date"];
        let members = read_row_groups(segments, None, &columns, &[], |group| {
            let (hash, keys) = (hash_of_clearing(group), group.i64s("row_key"));
            let rows = (0..group.rows()).filter(|row| is_cleared(group, *row) && clearings.contains(&hash(*row)));
            rows.map(|row| keys[row]).collect::<Vec<_>>()
        })?;
        let members: Keys = members.into_iter().flatten().collect();
        let packed = read_selected(segments, "row_key", &members, &COLUMNS, |group| {
            let read = read_facts(files, group);
            let mut bytes = Vec::new();
            (0..group.rows()).for_each(|row| read(row).pack(&mut bytes));
            bytes
        })?;
        Ok(Touched { bytes: packed.concat(), clearings })
    }

    /// What is said about the clearings, each with when it was what is known.
    pub fn facts(&self) -> Vec<Fact<'_>> {
        let mut versions = unpack(&self.bytes);
        // A stable sort keeps rows that stand at one place in the order of the ledger.
        versions.sort_by_key(|version| (version.row_key, version.from, version.position, version.place.1));
        let mut facts = Vec::new();
        for of_item in versions.chunk_by(|a, b| a.row_key == b.row_key) {
            for (at, version) in of_item.iter().enumerate() {
                let next = of_item.get(at + 1);
                // Of what became known at one instant only the last is said.
                let is_said = next.is_none_or(|next| next.from != version.from);
                if is_said && !version.is_deleted && version.clearing_id.is_some() && self.clearings.contains(&version.clearing) {
                    let (until, until_place) = next.map_or((FOR_GOOD, Default::default()), |next| (next.from, next.place));
                    facts.push(Fact { until, until_place, ..*version });
                }
            }
        }
        facts
    }

    /// Hashes of the stored applications that followed from the clearings. `id_of` is the id of an application of a debit with a
    /// credit, `hash` makes a hash of key, instant, amount, date and whether it is deleted.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn stored(
        &self,
        segments: &[PathBuf],
        id_of: impl Fn(&Fact<'_>, &Fact<'_>) -> String + Sync,
        hash: impl Fn(i64, i64, i64, Day, bool) -> u64 + Sync,
    ) -> Result<HashSet<u64>> {
        let versions = unpack(&self.bytes);
        let mut of_item: HashMap<i64, Vec<&Fact<'_>>> = HashMap::new();
        for version in versions.iter().filter(|version| version.clearing_id.is_some() && self.clearings.contains(&version.clearing)) {
            let of_item = of_item.entry(version.row_key).or_default();
            if !of_item.iter().any(|other| other.clearing() == version.clearing()) {
                of_item.push(version);
            }
        }
        let members: Keys = of_item.keys().copied().collect();
        let columns = ["row_key", "recorded_at", "amount", "applied_date", "is_deleted", "application_id", "credit_key", "debit_key"];
        let groups = read_selected(segments, "debit_key", &members, &columns, |group| {
            let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
            let (keys, amounts, dates, deleted) =
                (group.i64s("row_key"), group.amounts("amount"), group.dates("applied_date"), group.flags("is_deleted"));
            let at = |row: usize| if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
            let ids = group.column("application_id").as_string::<i32>();
            let (credits, debits) = (group.i64s("credit_key"), group.i64s("debit_key"));
            let versions_of = |key: i64| of_item.get(&key).into_iter().flatten();
            // The items may have been matched in other clearings as well.
            let follows = |row: &usize| {
                versions_of(debits[*row]).any(|debit| {
                    let of_clearing = |credit: &&&Fact<'_>| credit.clearing() == debit.clearing();
                    versions_of(credits[*row]).filter(of_clearing).any(|credit| id_of(debit, credit) == ids.value(*row))
                })
            };
            let rows = (0..group.rows()).filter(follows);
            rows.map(|row| hash(keys[row], at(row), amounts[row], dates[row], deleted[row])).collect::<Vec<_>>()
        })?;
        Ok(groups.into_iter().flatten().collect())
    }
}

/// Reads columns of those rows of a table whose `key` is one of `keys`, row group by row group, in the order of the table. Other
/// rows are not decoded.
fn read_selected<T: Send>(
    segments: &[PathBuf],
    key: &str,
    keys: &Keys,
    columns: &[&str],
    read: impl Fn(&RowGroup) -> T + Sync,
) -> Result<Vec<T>> {
    let mut tasks: Vec<(&Path, ArrowReaderMetadata, usize)> = Vec::new();
    for path in segments {
        let file = File::open(path).map_err(|cause| io_error("read the ledger's segment", path, &cause))?;
        let metadata = open_metadata(&file, &[]).map_err(|cause| damaged(path, &cause))?;
        tasks.extend((0..metadata.metadata().num_row_groups()).map(|group| (path.as_path(), metadata.clone(), group)));
    }
    let groups: Vec<Result<Option<T>>> = tasks
        .into_par_iter()
        .map(|(path, metadata, group)| {
            let of_keys = read_row_group(path, metadata.clone(), group, &[key]).map_err(|cause| damaged(path, &cause))?;
            let of_keys = RowGroup { batch: of_keys, first_row: 0 };
            let wanted: Vec<bool> = of_keys.i64s(key).iter().map(|key| keys.contains(key)).collect();
            if !wanted.contains(&true) {
                return Ok(None);
            }
            let file = File::open(path).map_err(|cause| io_error("read the ledger's segment", path, &cause))?;
            let count = wanted.iter().filter(|wanted| **wanted).count();
            let mask = ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied());
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
                .with_projection(mask)
                .with_row_groups(vec![group])
                .with_row_selection(RowSelection::from_filters(&[BooleanArray::from(wanted)]))
                .with_batch_size(count)
                .build()?;
            let schema = arrow::record_batch::RecordBatchReader::schema(&reader);
            let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
            let batch = arrow::compute::concat_batches(&schema, &batches)?;
            Ok(Some(read(&RowGroup { batch, first_row: 0 })))
        })
        .collect();
    groups.into_iter().filter_map(Result::transpose).collect()
}
