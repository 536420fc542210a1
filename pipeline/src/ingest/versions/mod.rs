//! Which rows of a delivery are new, which say what is known, and which contradict each other.
//!
//! Every row leaves an entry: the hash of its key and the hash of its content. Entries are spread over partitions by the
//! first byte of the key, kept in memory up to a limit and beyond it in a temporary file, and then decided partition by
//! partition, beside the entries that earlier deliveries left in the store. So the memory needed does not grow with the
//! ledger, and the outcome does not depend on how the rows were spread over threads.

mod decide;
mod deliveries;
mod entry;
mod key_file;
mod known_contents;
mod timeline;

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use deliveries::Deliveries;
pub use entry::{DELETED, Entry, EntryRun, OWN};
pub use key_file::{FILES_MAX, KeyFile, merge};
pub use known_contents::KnownContents;

use super::keys::KeyHash;
use super::store::SegmentRecord;
use crate::error::{Result, io_error};
use decide::{Outcome, decide_partition};
use entry::Candidate;
use key_file::KeyFileWriter;

/// Partitions, by the first byte of the key.
const PARTITIONS: usize = 256;
/// Entries kept in memory before they go to a temporary file: 320 MiB.
const ENTRIES_IN_MEMORY: usize = 10 << 20;
/// Bytes of an entry in the temporary file.
const ENTRY_BYTES: usize = 28;
struct StoredRun {
    file: u32,
    base: u32,
    offsets: Vec<u32>,
    place: Place,
}

enum Place {
    Memory(Vec<Entry>),
    Disk(u64),
}

/// The entries of all rows that an ingest adds to a table.
pub struct Entries {
    runs: Vec<StoredRun>,
    in_memory: usize,
    spill: Option<(File, u64)>,
    spill_path: PathBuf,
    limit: usize,
}

/// What becomes of a row that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The ledger says so already.
    Unchanged,
    /// Its key stands in its file again, with other content.
    Duplicate,
}

/// What becomes of the rows an ingest adds to a table.
#[derive(Debug, Default)]
pub struct Decisions {
    /// Rows that are not kept, ascending.
    pub drops: Vec<(u32, Removal)>,
    /// Keys that now have more than one version, ascending.
    pub corrected: Vec<i64>,
    /// The key file of the rows that are kept.
    pub keys: Option<SegmentRecord>,
    /// Rows that stand in no file but follow from the deliveries.
    pub generated: Vec<Generated>,
    /// File and line of rows that said something and no longer do.
    pub taken_back: Vec<(u32, i64)>,
    /// Whether a row that was taken for known is one of several of its key, so that all rows are needed to decide.
    pub needs_all_rows: bool,
}

/// Where the row of a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The file.
    pub file: u32,
    /// Whether it does not stand in the file but follows from its delivery.
    pub is_generated: bool,
}

/// A row that follows from a delivery without standing in it: a copy of another row, as a deletion or as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Its key.
    pub row_key: i64,
    /// Whose row of the key is copied; of several the last.
    pub from: Source,
    /// The file whose delivery it follows from.
    pub file: u32,
    /// Whether it is a deletion.
    pub is_gone: bool,
}

impl Entries {
    /// No entries yet; those beyond the memory limit go to a file at `spill_path`.
    pub fn new(spill_path: PathBuf) -> Self {
        Entries { runs: Vec::new(), in_memory: 0, spill: None, spill_path, limit: ENTRIES_IN_MEMORY }
    }

    /// Adds the entries of a block of file number `file`, whose first row is row `base` of the segment.
    ///
    /// # Errors
    /// Exit status 1 when the temporary file cannot be written.
    pub fn add(&mut self, file: u32, base: u32, run: EntryRun) -> Result<()> {
        let place = if self.in_memory + run.entries.len() <= self.limit {
            self.in_memory += run.entries.len();
            Place::Memory(run.entries)
        } else {
            Place::Disk(self.write(&run.entries)?)
        };
        self.runs.push(StoredRun { file, base, offsets: run.offsets, place });
        Ok(())
    }

    fn write(&mut self, entries: &[Entry]) -> Result<u64> {
        let path = &self.spill_path;
        let failed = |cause: std::io::Error| io_error("write a temporary file", path, &cause);
        if self.spill.is_none() {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(failed)?;
            }
            let file = File::options().read(true).write(true).create(true).truncate(true).open(path).map_err(failed)?;
            // The open handle keeps the file until it is closed, also when this process is killed.
            std::fs::remove_file(path).map_err(failed)?;
            self.spill = Some((file, 0));
        }
        let (file, end) = self.spill.as_mut().expect("it was opened above");
        let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES);
        for entry in entries {
            bytes.extend_from_slice(&entry.key.high.to_le_bytes());
            bytes.extend_from_slice(&entry.content.to_le_bytes());
            bytes.extend_from_slice(&entry.key.low.to_le_bytes());
            bytes.extend_from_slice(&entry.recorded.to_le_bytes());
            bytes.extend_from_slice(&entry.row.to_le_bytes());
        }
        file.write_all(&bytes).map_err(failed)?;
        let start = *end;
        *end += bytes.len() as u64;
        Ok(start)
    }

    /// Every new row of a partition, by key, then file, then row.
    fn partition(&self, partition: usize) -> Result<Vec<Candidate>> {
        let slice = |run: &StoredRun| (run.offsets[partition] as usize, run.offsets[partition + 1] as usize);
        let total = self.runs.iter().map(|run| slice(run).1 - slice(run).0).sum();
        let mut candidates = Vec::with_capacity(total);
        let mut bytes = Vec::new();
        for run in &self.runs {
            let (start, end) = slice(run);
            let candidate = |entry: Entry| Candidate::new(entry, run.file, run.base);
            match (&run.place, &self.spill) {
                (Place::Memory(entries), _) => candidates.extend(entries[start..end].iter().copied().map(candidate)),
                (Place::Disk(_), None) => {}
                (Place::Disk(at), Some((file, _))) => {
                    bytes.resize((end - start) * ENTRY_BYTES, 0);
                    file.read_exact_at(&mut bytes, at + (start * ENTRY_BYTES) as u64)
                        .map_err(|cause| io_error("read a temporary file", &self.spill_path, &cause))?;
                    let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
                    candidates.extend(entries.iter().map(|entry| candidate(read_entry(entry))));
                }
            }
        }
        candidates.sort_unstable_by_key(|candidate| (candidate.key, candidate.file, candidate.row));
        Ok(candidates)
    }

    /// Decides about every row, and writes the key file `name` of those that are kept.
    ///
    /// `forced` are rows that go whatever their keys say, because another part of their record cannot be taken.
    ///
    /// # Errors
    /// Exit status 1 when the store cannot be read or written, or two keys have the same first 64 bits of their hash.
    pub fn decide(&self, known: &[KeyFile], deliveries: &Deliveries, forced: &HashSet<u32>, out: &Path, name: &str) -> Result<Decisions> {
        let mut writer = KeyFileWriter::create(out, name)?;
        let mut decisions = Decisions::default();
        let partitions: Vec<usize> = (0..PARTITIONS).collect();
        for window in partitions.chunks(8 * rayon::current_num_threads()) {
            let outcomes: Vec<Result<Outcome>> = window
                .par_iter()
                .map(|partition| {
                    let candidates = self.partition(*partition)?;
                    let stored = if candidates.is_empty() && !deliveries.has_new_full() {
                        Vec::new()
                    } else {
                        known.iter().map(|file| file.partition(*partition)).collect::<Result<_>>()?
                    };
                    decide_partition(&candidates, stored, deliveries, forced)
                })
                .collect();
            for outcome in outcomes {
                let outcome = outcome?;
                writer.partition(&outcome.keys)?;
                decisions.drops.extend(outcome.drops);
                decisions.corrected.extend(outcome.corrected);
                decisions.generated.extend(outcome.generated);
                decisions.taken_back.extend(outcome.taken_back);
                decisions.needs_all_rows |= outcome.needs_all_rows;
            }
        }
        decisions.keys = writer.finish()?;
        decisions.drops.sort_unstable_by_key(|(row, _)| *row);
        decisions.corrected.sort_unstable();
        Ok(decisions)
    }
}

fn read_entry(bytes: &[u8; ENTRY_BYTES]) -> Entry {
    Entry {
        key: KeyHash { high: long(bytes, 0), low: int(bytes, 16) },
        content: long(bytes, 8),
        recorded: int(bytes, 20),
        row: int(bytes, 24),
    }
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("an entry has its length"))
}

fn int(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("an entry has its length"))
}

#[cfg(test)]
mod tests {
    use super::super::store::{FileRecord, LedgerIndex, RowCounts};
    use super::Removal::{Duplicate, Unchanged};
    use super::*;

    fn key(number: u64) -> KeyHash {
        KeyHash { high: number.wrapping_mul(0x9E37_79B9_7F4A_7C15), low: 0 }
    }

    /// Entries of one file: (key, content, recorded).
    type Rows<'a> = &'a [(u64, u64, u32)];

    type Dropped<'a> = &'a [(u32, Removal)];

    fn entries(folder: &Path, files: &[(u32, Rows<'_>)], limit: usize) -> Entries {
        let mut entries = Entries { limit, ..Entries::new(folder.join("ledger/t/tmp-entries")) };
        let mut base = 0;
        for (file, rows) in files {
            let rows: Vec<Entry> = rows
                .iter()
                .zip(0..)
                .map(|((number, content, recorded), row)| Entry { key: key(*number), content: *content, recorded: *recorded, row })
                .collect();
            entries.add(*file, base, EntryRun::new(&rows)).expect("adds");
            base += u32::try_from(rows.len()).expect("few");
        }
        entries
    }

    /// An index of files that were delivered one after the other, one day each; `full` are the full ones.
    fn index(files: u32, full: &[u32]) -> LedgerIndex {
        let file = |number: u32| FileRecord {
            number,
            source: "s".to_owned(),
            file: format!("{number}.csv"),
            delivered_at: Some(i64::from(number)),
            is_first_delivery: number == 0,
            is_full: full.contains(&number),
            tables: [("documents".to_owned(), RowCounts::default())].into(),
            ..FileRecord::default()
        };
        LedgerIndex { files: (0..files).map(file).collect(), ..LedgerIndex::empty() }
    }

    fn decide(folder: &Path, name: &str, files: &[(u32, Rows<'_>)], known: &[SegmentRecord], limit: usize) -> Decisions {
        let known: Vec<KeyFile> = known.iter().map(|record| KeyFile::open(folder, record).expect("opens")).collect();
        let first_new = files.iter().map(|(file, _)| *file as usize).min().unwrap_or(0);
        let deliveries = Deliveries::new(&index(4, &[]), first_new, "documents");
        entries(folder, files, limit).decide(&known, &deliveries, &HashSet::new(), folder, name).expect("decides")
    }

    #[test]
    fn rows_are_judged_by_key_content_and_delivery() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // name, rows of file 0, rows of file 1, what is dropped, how many keys have versions
        #[rustfmt::skip]
        let table: &[(&str, Rows<'_>, Rows<'_>, Dropped<'_>, usize)] = &[
            ("all new",                      &[(1, 7, 0), (2, 7, 0)], &[(3, 7, 0)],            &[],                               0),
            ("twice in one file",            &[(1, 7, 0), (1, 7, 0)], &[],                     &[(1, Unchanged)],                 0),
            ("contradicted in one file",     &[(1, 7, 0), (1, 8, 0)], &[],                     &[(0, Duplicate), (1, Duplicate)], 0),
            ("versions in one file",         &[(1, 7, 1), (1, 8, 2)], &[],                     &[],                               1),
            ("again in the next file",       &[(1, 7, 0)],            &[(1, 7, 0)],            &[(1, Unchanged)],                 0),
            ("corrected in the next file",   &[(1, 7, 0)],            &[(1, 8, 0)],            &[],                               1),
            ("again with its own instant",   &[(1, 7, 1)],            &[(1, 7, 1)],            &[(1, Unchanged)],                 0),
            ("one instant, two contents",    &[(1, 7, 1), (1, 8, 1)], &[],                     &[(0, Duplicate), (1, Duplicate)], 0),
        ];
        for limit in [0, 100] {
            for (number, (name, first, second, drops, corrected)) in table.iter().enumerate() {
                let decisions = decide(folder.path(), &format!("t/{number}.keys"), &[(0, first), (1, second)], &[], limit);
                assert_eq!((&decisions.drops[..], decisions.corrected.len()), (*drops, *corrected), "{name}");
            }
        }
    }

    #[test]
    fn a_correction_that_is_taken_back_is_a_third_version() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut known = Vec::new();
        for (file, content, kept) in [(0, 7, true), (1, 8, true), (2, 7, true), (3, 7, false)] {
            let decisions = decide(folder.path(), &format!("t/{file}.keys"), &[(file, &[(1, content, 0)])], &known, 100);
            assert_eq!(decisions.drops.is_empty(), kept, "delivery {file}");
            known.extend(decisions.keys);
        }
        // The fourth delivery leaves a note that it repeated the third.
        assert_eq!(known.len(), 4);
    }

    #[test]
    fn two_keys_that_share_their_first_64_bits_are_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let entry = |low| Entry { key: KeyHash { high: 5, low }, content: 1, recorded: 0, row: low };
        let mut entries = Entries::new(folder.path().join("tmp-entries"));
        entries.add(0, 0, EntryRun::new(&[entry(0), entry(1)])).expect("adds");
        let error = entries
            .decide(&[], &Deliveries::new(&index(1, &[]), 0, "documents"), &HashSet::new(), folder.path(), "t/0.keys")
            .expect_err("is refused");
        assert_eq!(error.code(), "key_collision");
    }
}
