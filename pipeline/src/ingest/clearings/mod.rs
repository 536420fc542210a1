//! Cleared items become applications.
//!
//! A system that lists open and cleared items does not say what was matched with what, only which items were cleared together.
//! After an ingest that brought new facts about clearings, the applications that follow from all facts are computed: at every
//! instant at which something became known, as what was known then says. They are stored beside the applications that were
//! delivered, as versions like theirs, so that every view of the ledger has them and `known_as_of` is exact. They depend on the
//! facts alone, so that deliveries in any order give the same.
//!
//! Only the clearings that new facts touch are resolved: those that any version of their items names. What follows from them and
//! is not stored is appended; where a delivery that comes out of its order changes what was known earlier, what is stored is
//! written again without it. Where much is new, everything is resolved.
//!
//! The segments of these applications lie in `ledger/cleared/` and belong to nobody else: whoever merges segments leaves these
//! alone.

pub mod matching;
pub mod parts;
mod resolve;
mod segments;

use std::collections::HashSet;
use std::path::Path;

use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rayon::prelude::*;

use super::load::LedgerFiles;
use super::load::clearings::fact::{Fact, unpack};
use super::load::clearings::touched::Touched;
use super::load::clearings::whole::facts_in_parts;
use super::store::{LedgerIndex, SegmentRecord, TableIndex, ledger_directory};
use crate::error::{Result, io_error};
use resolve::{Derived, application_id, hash_of, resolve};
use segments::{EncodedPart, Writer};

/// The folder of the applications that follow from clearings.
const FOLDER: &str = "cleared/";
/// Facts that are resolved together, about.
const FACTS_AT_ONCE: u64 = 1 << 18;
/// Rows up to which new facts are few, however few others there are.
const FEW_ROWS: u64 = 1 << 16;

/// Whether a segment of the applications follows from clearings.
pub fn is_derived(file: &str) -> bool {
    file.starts_with(FOLDER)
}

/// What an ingest changed of the facts about clearings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    /// Nothing.
    #[default]
    Nothing,
    /// What is said of the items with these keys.
    Items(HashSet<i64>),
    /// So much, or in such a way, that all of it is looked at again.
    Everything,
}

impl Changed {
    /// What the new segments at the end of a table of clearings change.
    ///
    /// # Errors
    /// Exit status 1 when one cannot be read.
    pub fn by(out: &Path, table: &TableIndex, new: &[SegmentRecord]) -> Result<Self> {
        let rows = |records: &[SegmentRecord]| records.iter().map(|record| record.rows).sum::<u64>();
        if new.is_empty() {
            return Ok(Changed::Nothing);
        }
        if rows(new) > FEW_ROWS.max(rows(&table.segments) / 4) {
            return Ok(Changed::Everything);
        }
        let mut items = HashSet::new();
        for record in new {
            let path = ledger_directory(out).join(&record.file);
            let file = std::fs::File::open(&path).map_err(|cause| io_error("open", &path, &cause))?;
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let mask = ProjectionMask::columns(builder.parquet_schema(), ["row_key"]);
            for batch in builder.with_projection(mask).build()? {
                items.extend(batch?.column(0).as_primitive::<Int64Type>().values());
            }
        }
        Ok(Changed::Items(items))
    }
}

/// Brings the applications that follow from clearings up to date, in an index that is not in force yet. Segments are merged when
/// there are more than `files_max`.
///
/// # Errors
/// Exit status 1 when the store cannot be read or written.
pub fn derive(out: &Path, index: &mut LedgerIndex, changed: &Changed, files_max: usize) -> Result<()> {
    if *changed != Changed::Nothing {
        // Who lists what was cleared supplies applications, though there be none.
        index.tables.entry("applications".to_owned()).or_default();
    }
    match changed {
        Changed::Nothing => Ok(()),
        Changed::Items(items) => derive_touched(out, index, items, files_max),
        Changed::Everything => derive_all(out, index),
    }
}

/// Resolves all clearings, and writes what follows from them instead of what is stored.
fn derive_all(out: &Path, index: &mut LedgerIndex) -> Result<()> {
    let files = LedgerFiles::of(out, index);
    let rows: u64 = index.tables.get("clearings").map_or(0, |table| table.segments.iter().map(|segment| segment.rows).sum());
    let count = usize::try_from(rows.div_ceil(FACTS_AT_ONCE).max(1)).expect("there are few parts");
    let parts = facts_in_parts(&files, count, ledger_directory(out).join(format!("{FOLDER}tmp-facts")))?;
    let mut writer = Writer::create(out, index, "seg")?;
    let numbers: Vec<usize> = (0..parts.count()).collect();
    for window in numbers.chunks(rayon::current_num_threads()) {
        let encoded: Vec<Result<EncodedPart>> = window
            .par_iter()
            .map(|part| {
                let bytes = parts.read(*part)?;
                let (derived, corrected) = resolve_all(unpack(&bytes));
                writer.encode(derived, corrected)
            })
            .collect();
        for part in encoded {
            writer.append(part?)?;
        }
    }
    writer.finish(index, true)
}

/// What follows from the clearings of these facts, and the keys that may have several versions.
fn resolve_all(mut facts: Vec<Fact<'_>>) -> (Vec<Derived<'_>>, Vec<i64>) {
    facts.sort_unstable_by(|a, b| (a.clearing(), a.from, a.place).cmp(&(b.clearing(), b.from, b.place)));
    let (mut derived, mut corrected) = (Vec::new(), Vec::new());
    for clearing in facts.chunk_by(|a, b| a.clearing() == b.clearing()) {
        let (versions, are_several) = resolve(clearing);
        if are_several {
            corrected.extend(versions.iter().map(Derived::key));
        }
        derived.extend(versions);
    }
    (derived, corrected)
}

/// Resolves the clearings that new facts about items touch.
fn derive_touched(out: &Path, index: &mut LedgerIndex, items: &HashSet<i64>, files_max: usize) -> Result<()> {
    let files = LedgerFiles::of(out, index);
    let touched = Touched::read(&files, items)?;
    let (versions, corrected) = resolve_all(touched.facts());
    let derived = segments::derived(index);
    let paths: Vec<_> = derived.iter().map(|segment| ledger_directory(out).join(&segment.file)).collect();
    let mut stale = touched.stored(&paths, application_id, hash_of)?;
    let fresh: Vec<Derived<'_>> = versions.into_iter().filter(|version| !stale.remove(&version.hash())).collect();
    if fresh.is_empty() && stale.is_empty() {
        return Ok(());
    }
    let keys: HashSet<i64> = fresh.iter().map(Derived::key).collect();
    let corrected: Vec<i64> = corrected.into_iter().filter(|key| keys.contains(key)).collect();
    let merges = !stale.is_empty() || segments::are_due(&derived, fresh.len() as u64, files_max);
    let mut writer = Writer::create(out, index, if merges { "merged" } else { "seg" })?;
    if merges {
        writer.append_stored(index, &stale)?;
    }
    let part = writer.encode(fresh, corrected)?;
    writer.append(part)?;
    writer.finish(index, merges)
}
