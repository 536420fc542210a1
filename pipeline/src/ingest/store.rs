//! The store: append-only Parquet segments and the index that says which of them count.
//!
//! `OUT/ledger/index.json` is replaced as a whole, so that a reader sees a ledger before or after a delivery, never half of
//! it. Segments are written under their final names but belong to the ledger only once the index lists them; what no index
//! lists is removed at the next ingest. The index holds no instant of its own and no absolute path: the same deliveries
//! give the same bytes.

mod counts;
mod hashing;
mod layout;
mod segments;

pub use counts::{AmountCounts, ExactAmount, RowCounts};
pub(super) use hashing::HashingWriter;
pub use layout::{TableLayout, references};
pub use segments::{GROUP_ROWS_MIN, RowGroup, RowGroupEncoder, SegmentWriter};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::overlay::Mend;
use crate::error::{Error, Result, io_error};

/// The number of the store's format; a newer one is refused.
pub const FORMAT: u32 = 2;

/// What the ledger consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerIndex {
    /// [`FORMAT`].
    pub format: u32,
    /// The tables that were supplied, by name.
    pub tables: BTreeMap<String, TableIndex>,
    /// The files that were ingested, by number.
    pub files: Vec<FileRecord>,
    /// What could not be ingested.
    pub quarantine: Vec<SegmentRecord>,
}

/// One table of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableIndex {
    /// Its rows: every version of every key.
    pub segments: Vec<SegmentRecord>,
    /// Parquet files with one column, `row_key`, ascending: the keys that have more than one version. A key may stand in
    /// several of them; a key in none has one version.
    pub corrected: Vec<String>,
    /// The sorted keys and content hashes of the rows, one file for each ingest.
    pub keys: Vec<SegmentRecord>,
}

/// One file of the store; its path is relative to `OUT/ledger`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRecord {
    /// Path under `OUT/ledger`, with `/`.
    pub file: String,
    /// Rows (or keys) in it.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// xxh3-128 of its bytes, in hexadecimal.
    pub content_hash: String,
}

/// One delivered file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its number, as in `source_file`; numbers ascend in the order of ingestion.
    pub number: u32,
    /// The source it belongs to.
    pub source: String,
    /// Its path relative to the configuration.
    pub file: String,
    /// xxh3-128 of its bytes, in hexadecimal.
    pub content_hash: String,
    /// Its length.
    pub bytes: u64,
    /// When it was delivered, in microseconds; null where its name does not say so and the ledger begins with it.
    pub delivered_at: Option<i64>,
    /// Whether the ledger begins with it: then its rows are known from the beginning.
    pub is_first_delivery: bool,
    /// Whether it is a part of a full delivery, which deletes what it does not contain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_full: bool,
    /// Which of several deliveries at one instant it belongs to, by their order of coming; 0 where the name carries the date.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub batch: u32,
    /// The earliest instant, in microseconds, at which one of its rows says itself that it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_recorded_at: Option<i64>,
    /// Law 4: what became of its rows, by table; a flat file's rows stand under `flat_invoices`, whatever they became.
    pub tables: BTreeMap<String, RowCounts>,
    /// What was noticed without taking a row out.
    pub findings: BTreeMap<String, u64>,
    /// What the object store called its version; empty for files of this machine.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remote_version: String,
    /// The names in its header, in order; none for files of before they were remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header: Vec<String>,
    /// Whether it is an overlay of its source: its rows are quarantined ones, mended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_overlay: bool,
    /// The rows it mends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mends: Vec<Mend>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// `OUT/ledger`.
pub fn ledger_directory(out: &Path) -> PathBuf {
    out.join("ledger")
}

const INDEX: &str = "index.json";
const NEXT_INDEX: &str = "index.next.json";
const UNFINISHED_INDEX: &str = "index.unfinished.json";

impl LedgerIndex {
    /// The index of an empty ledger.
    pub fn empty() -> Self {
        LedgerIndex { format: FORMAT, tables: BTreeMap::new(), files: Vec::new(), quarantine: Vec::new() }
    }

    /// The index in force under `out`, if there is a ledger.
    ///
    /// # Errors
    /// Exit status 2 when it was written by a newer version, 1 when it cannot be read.
    pub fn read(out: &Path) -> Result<Option<LedgerIndex>> {
        read_index(&ledger_directory(out).join(INDEX))
    }

    /// The index that a run prepared and did not commit, if there is one.
    ///
    /// # Errors
    /// As [`LedgerIndex::read`].
    pub fn read_prepared(out: &Path) -> Result<Option<LedgerIndex>> {
        read_index(&ledger_directory(out).join(NEXT_INDEX))
    }

    /// SHA-256 of the index as written.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.to_json().as_bytes()).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// For each file, by number, its place in the order of deliveries: the first delivery of a source, then by instant, then
    /// by file name. Of two versions of a row recorded at the same instant, that of the later delivery counts.
    pub fn delivery_ranks(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_key(|position| delivery_order(&self.files[*position]));
        let mut ranks = vec![0; self.files.len()];
        for (rank, position) in order.into_iter().enumerate() {
            ranks[position] = u32::try_from(rank).expect("files are numbered in 32 bits");
        }
        ranks
    }

    /// For each file, by number, where it stands in the order of statements: first what follows from its delivery without
    /// standing in it, then what it says. What follows comes before all that is said at the same instant.
    pub fn positions(&self) -> Vec<(u32, u32)> {
        let ranks = self.delivery_ranks();
        let mut lowest: HashMap<(Option<i64>, u32), u32> = HashMap::new();
        for (file, rank) in self.files.iter().zip(&ranks) {
            lowest.entry((file.delivered_at, file.batch)).and_modify(|lowest| *lowest = (*lowest).min(*rank)).or_insert(*rank);
        }
        self.files.iter().zip(&ranks).map(|(file, rank)| (2 * lowest[&(file.delivered_at, file.batch)], 2 * rank + 1)).collect()
    }

    fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("an index has only texts and numbers");
        text.push('\n');
        text
    }

    /// Every file of the store that the index refers to, relative to `OUT/ledger`.
    pub fn paths(&self) -> BTreeSet<String> {
        let tables = self.tables.values().flat_map(|table| {
            let records = table.segments.iter().chain(&table.keys).map(|record| record.file.clone());
            records.chain(table.corrected.iter().cloned())
        });
        tables.chain(self.quarantine.iter().map(|record| record.file.clone())).collect()
    }
}

/// What a file is sorted by among deliveries.
pub fn delivery_order(record: &FileRecord) -> (Option<i64>, u32, &str, &str, u32) {
    (record.delivered_at, record.batch, &record.file, &record.source, record.number)
}

fn read_index(path: &Path) -> Result<Option<LedgerIndex>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(io_error("read the ledger's index", path, &cause)),
    };
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let damaged = |cause: serde_json::Error| {
        Error::unexpected("index_damaged", format!("the ledger's index cannot be read: {}", path.display()))
            .caused_by(&cause)
            .hint("restore it from a backup, or move the folder `ledger` away and ingest again")
    };
    let format = serde_json::from_str::<Format>(&text).map_err(damaged)?.format;
    if format > FORMAT {
        return Err(Error::usage("format_too_new", format!("the ledger has format {format}, this version knows {FORMAT}"))
            .at(path.display())
            .hint("update arrears, or give another --output"));
    }
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

/// Writes `index.next.json`: under another name first, so that a run killed while it writes leaves none instead of half of one.
pub(super) fn write_prepared(out: &Path, index: &LedgerIndex) -> Result<()> {
    let directory = ledger_directory(out);
    let (unfinished, path) = (directory.join(UNFINISHED_INDEX), directory.join(NEXT_INDEX));
    let failed = |cause: &std::io::Error| io_error("write the ledger's index", &path, cause);
    let mut file = File::create(&unfinished).map_err(|cause| failed(&cause))?;
    file.write_all(index.to_json().as_bytes()).and_then(|()| file.sync_all()).map_err(|cause| failed(&cause))?;
    std::fs::rename(&unfinished, &path).map_err(|cause| failed(&cause))?;
    sync_directory(&directory)
}

/// Makes the prepared index the one in force: one rename. Nothing to do when there is none.
///
/// # Errors
/// Exit status 1.
pub fn commit_prepared(out: &Path) -> Result<()> {
    let directory = ledger_directory(out);
    let (next, index) = (directory.join(NEXT_INDEX), directory.join(INDEX));
    match std::fs::rename(&next, &index) {
        Ok(()) => sync_directory(&directory),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(io_error("replace the ledger's index", &index, &cause)),
    }
}

/// Takes a prepared index back, and everything of the store that only it refers to.
///
/// # Errors
/// Exit status 1.
pub fn discard_prepared(out: &Path) -> Result<()> {
    for name in [NEXT_INDEX, UNFINISHED_INDEX] {
        remove_if_there(&ledger_directory(out).join(name))?;
    }
    remove_orphans(out)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", path, &cause)),
        _ => Ok(()),
    }
}

pub(super) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|cause| io_error("sync", path, &cause))
}

/// Removes files of the store that the index in force does not refer to: what a killed run left behind.
pub(super) fn remove_orphans(out: &Path) -> Result<()> {
    let directory = ledger_directory(out);
    let known = LedgerIndex::read(out)?.unwrap_or_else(LedgerIndex::empty).paths();
    let Ok(folders) = std::fs::read_dir(&directory) else { return Ok(()) };
    for folder in folders.flatten().filter(|entry| entry.path().is_dir()) {
        let Ok(files) = std::fs::read_dir(folder.path()) else { continue };
        for file in files.flatten() {
            let name = format!("{}/{}", folder.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            let ours = ["seg-", "corrected-", "tmp-", "follows-", "merged-"]
                .iter()
                .any(|prefix| file.file_name().to_string_lossy().starts_with(prefix));
            if ours && !known.contains(&name) {
                remove_if_there(&file.path())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(LedgerIndex::read(folder.path()).expect("reads"), None);
        std::fs::create_dir_all(ledger_directory(folder.path())).expect("creates");
        let mut index = LedgerIndex::empty();
        let mut counts = RowCounts { read: 2, accepted: 2, ..RowCounts::default() };
        counts.amounts.read = ExactAmount(-12_345);
        counts.amounts.accepted = ExactAmount(-12_345);
        assert!(counts.balances());
        index.tables.insert("documents".to_owned(), TableIndex::default());
        index.files.push(FileRecord {
            source: "s".to_owned(),
            file: "f.csv".to_owned(),
            content_hash: "00".to_owned(),
            bytes: 1,
            delivered_at: Some(1),
            tables: [("documents".to_owned(), counts)].into(),
            ..FileRecord::default()
        });
        write_prepared(folder.path(), &index).expect("writes");
        assert_eq!(LedgerIndex::read(folder.path()).expect("reads"), None);
        assert_eq!(LedgerIndex::read_prepared(folder.path()).expect("reads"), Some(index.clone()));
        commit_prepared(folder.path()).expect("commits");
        commit_prepared(folder.path()).expect("has nothing to do");
        assert_eq!(LedgerIndex::read(folder.path()).expect("reads"), Some(index.clone()));
        assert!(index.to_json().contains("\"-1.2345\""));
    }

    #[test]
    fn a_newer_store_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(ledger_directory(folder.path())).expect("creates");
        std::fs::write(ledger_directory(folder.path()).join(INDEX), "{\"format\": 3}").expect("writes");
        let error = LedgerIndex::read(folder.path()).expect_err("is refused");
        assert_eq!((error.code(), error.status()), ("format_too_new", crate::ExitStatus::Usage));
    }
}
