//! Which rows of a delivery are new, which say what is known, and which contradict each other.
//!
//! Every row leaves an entry: the hash of its key and the hash of its content. Entries are spread over partitions by the
//! first byte of the key, kept in memory up to a limit and beyond it in a temporary file, and then decided partition by
//! partition, beside the entries that earlier deliveries left in the store. So the memory needed does not grow with the
//! ledger, and the outcome does not depend on how the rows were spread over threads.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::keys::KeyHash;
use super::store::{HashingWriter, SegmentRecord, ledger_directory};
use crate::error::{Error, Result, io_error};

/// Partitions, by the first byte of the key.
const PARTITIONS: usize = 256;
/// Entries kept in memory before they go to a temporary file: 320 MiB.
const ENTRIES_IN_MEMORY: usize = 10 << 20;
/// Bytes of an entry in the temporary file.
const ENTRY_BYTES: usize = 28;
/// Bytes of an entry in a key file of the store.
const STORED_BYTES: usize = 24;
/// Set in the file number of a stored entry whose row has a `recorded_at` of its own.
const OWN: u32 = 1 << 31;

/// What one new row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The hash of its key.
    pub key: KeyHash,
    /// The hash of its content, its own `recorded_at` included.
    pub content: u64,
    /// A hash of its own `recorded_at`, or 0 when it has none.
    pub recorded: u32,
    /// Its row, counted from the first row of its block.
    pub row: u32,
}

/// The entries of one block, by partition.
#[derive(Debug)]
pub struct EntryRun {
    entries: Vec<Entry>,
    offsets: Vec<u32>,
}

impl EntryRun {
    /// Spreads the entries of a block over the partitions, in their order.
    pub fn new(entries: &[Entry]) -> Self {
        let partition = |entry: &Entry| (entry.key.high >> 56) as usize;
        let mut offsets = vec![0_u32; PARTITIONS + 1];
        for entry in entries {
            offsets[partition(entry) + 1] += 1;
        }
        for next in 1..=PARTITIONS {
            offsets[next] += offsets[next - 1];
        }
        let mut places = offsets.clone();
        let mut spread = vec![Entry { key: KeyHash { high: 0, low: 0 }, content: 0, recorded: 0, row: 0 }; entries.len()];
        for entry in entries {
            let place = &mut places[partition(entry)];
            spread[*place as usize] = *entry;
            *place += 1;
        }
        EntryRun { entries: spread, offsets }
    }
}

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
}

/// One row, with everything a decision needs.
#[derive(Clone, Copy)]
struct Candidate {
    key: KeyHash,
    content: u64,
    recorded: u32,
    file: u32,
    row: u32,
}

/// An entry of the store.
#[derive(Clone, Copy)]
struct Known {
    key: KeyHash,
    content: u64,
    file: u32,
    own: bool,
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
            let candidate = |entry: Entry| Candidate {
                key: entry.key,
                content: entry.content,
                recorded: entry.recorded,
                file: run.file,
                row: run.base + entry.row,
            };
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
    /// `ranks` is each file's place in the order of deliveries; `forced` are rows that go whatever their keys say, because
    /// another part of their record cannot be taken.
    ///
    /// # Errors
    /// Exit status 1 when the store cannot be read or written, or two keys have the same first 64 bits of their hash.
    pub fn decide(&self, known: &[KeyFile], ranks: &[u32], forced: &HashSet<u32>, out: &Path, name: &str) -> Result<Decisions> {
        let path = ledger_directory(out).join(name);
        let mut writer = HashingWriter::create(&path)?;
        let failed = |cause: std::io::Error| io_error("write", &path, &cause);
        let mut decisions = Decisions::default();
        let mut offsets = Vec::with_capacity(PARTITIONS + 1);
        let mut kept = 0_u64;
        offsets.push(0_u64);
        let partitions: Vec<usize> = (0..PARTITIONS).collect();
        for window in partitions.chunks(8 * rayon::current_num_threads()) {
            let outcomes: Vec<Result<Outcome>> = window
                .par_iter()
                .map(|partition| {
                    let candidates = self.partition(*partition)?;
                    let mut stored = Vec::new();
                    if !candidates.is_empty() {
                        for file in known {
                            file.partition(*partition, &mut stored)?;
                        }
                        stored.sort_unstable_by_key(|known| (known.key, ranks[known.file as usize]));
                    }
                    decide_partition(&candidates, &stored, ranks, forced)
                })
                .collect();
            for outcome in outcomes {
                let outcome = outcome?;
                kept += (outcome.keys.len() / STORED_BYTES) as u64;
                offsets.push(kept);
                writer.write_all(&outcome.keys).map_err(failed)?;
                decisions.drops.extend(outcome.drops);
                decisions.corrected.extend(outcome.corrected);
            }
        }
        for offset in &offsets {
            writer.write_all(&offset.to_le_bytes()).map_err(failed)?;
        }
        let writer = writer.into_inner().map_err(|cause| io_error("write", &path, cause.error()))?;
        let (record, file) = writer.record(name.to_owned(), kept);
        if kept == 0 {
            std::fs::remove_file(&path).map_err(failed)?;
        } else {
            drop(file);
            decisions.keys = Some(record);
        }
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

/// A key file of the store: entries in the order of their keys, then where each partition starts.
pub struct KeyFile {
    path: PathBuf,
    file: File,
    offsets: Vec<u64>,
}

impl KeyFile {
    /// Opens a key file.
    ///
    /// # Errors
    /// Exit status 1 when it is missing or damaged.
    pub fn open(out: &Path, record: &SegmentRecord) -> Result<Self> {
        let path = ledger_directory(out).join(&record.file);
        let damaged = || {
            Error::unexpected("store_damaged", format!("a file of the store is missing or damaged: {}", path.display()))
                .hint("restore the folder `ledger` from a backup, or move it away and ingest again")
        };
        let file = File::open(&path).map_err(|cause| damaged().caused_by(&cause))?;
        let mut bytes = vec![0; (PARTITIONS + 1) * 8];
        let at = record.rows * STORED_BYTES as u64;
        if record.bytes != at + bytes.len() as u64 || file.metadata().map(|metadata| metadata.len()).ok() != Some(record.bytes) {
            return Err(damaged());
        }
        file.read_exact_at(&mut bytes, at).map_err(|cause| damaged().caused_by(&cause))?;
        let offsets: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|offset| u64::from_le_bytes(*offset)).collect();
        if offsets.windows(2).any(|pair| pair[0] > pair[1]) || offsets.last() != Some(&record.rows) {
            return Err(damaged());
        }
        Ok(KeyFile { path, file, offsets })
    }

    fn partition(&self, partition: usize, known: &mut Vec<Known>) -> Result<()> {
        let (start, end) = (self.offsets[partition], self.offsets[partition + 1]);
        let length = usize::try_from(end - start).expect("a partition fits the memory") * STORED_BYTES;
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, start * STORED_BYTES as u64)
            .map_err(|cause| io_error("read a file of the store", &self.path, &cause))?;
        known.extend(bytes.as_chunks::<STORED_BYTES>().0.iter().map(|bytes| {
            let file = int(bytes, 12);
            Known {
                key: KeyHash { high: long(bytes, 0), low: int(bytes, 8) },
                content: long(bytes, 16),
                file: file & !OWN,
                own: file & OWN != 0,
            }
        }));
        Ok(())
    }
}

#[derive(Default)]
struct Outcome {
    drops: Vec<(u32, Removal)>,
    corrected: Vec<i64>,
    keys: Vec<u8>,
}

impl Outcome {
    fn keep(&mut self, candidate: &Candidate) {
        self.keys.extend_from_slice(&candidate.key.high.to_le_bytes());
        self.keys.extend_from_slice(&candidate.key.low.to_le_bytes());
        let own = if candidate.recorded == 0 { 0 } else { OWN };
        self.keys.extend_from_slice(&(candidate.file | own).to_le_bytes());
        self.keys.extend_from_slice(&candidate.content.to_le_bytes());
    }
}

fn decide_partition(candidates: &[Candidate], stored: &[Known], ranks: &[u32], forced: &HashSet<u32>) -> Result<Outcome> {
    let mut outcome = Outcome { keys: Vec::with_capacity(candidates.len() * STORED_BYTES), ..Outcome::default() };
    let mut stored = stored;
    for group in candidates.chunk_by(|a, b| a.key.high == b.key.high) {
        let key = group[0].key;
        stored = &stored[stored.partition_point(|known| known.key.high < key.high)..];
        let known = &stored[..stored.partition_point(|known| known.key.high == key.high)];
        if group.iter().any(|candidate| candidate.key != key) || known.iter().any(|known| known.key != key) {
            return Err(Error::unexpected("key_collision", format!("two keys have the same row_key: {}", key.row_key()))
                .hint("change one of the ids, for example with a prefix, and report this: it happens once in 100,000 ledgers"));
        }
        if let ([only], true) = (group, known.is_empty())
            && forced.is_empty()
        {
            outcome.keep(only);
            continue;
        }
        decide_key(group, known, ranks, forced, &mut outcome);
    }
    Ok(outcome)
}

/// Decides about the new rows of one key, delivery by delivery.
fn decide_key(group: &[Candidate], known: &[Known], ranks: &[u32], forced: &HashSet<u32>, outcome: &mut Outcome) {
    // A row with its own recorded_at is known when it is word for word the same; any other when it says what the last
    // delivery before it said.
    let mut own: HashSet<u64> = known.iter().filter(|known| known.own).map(|known| known.content).collect();
    let mut delivered: Vec<(u32, u64)> =
        known.iter().filter(|known| !known.own).map(|known| (ranks[known.file as usize], known.content)).collect();
    delivered.sort_unstable();
    let mut kept = 0;
    let mut files: Vec<&[Candidate]> = group.chunk_by(|a, b| a.file == b.file).collect();
    files.sort_by_key(|rows| ranks[rows[0].file as usize]);
    for rows in files {
        let mut by_recorded: HashMap<u32, u64> = HashMap::new();
        let contradicts = rows.len() > 1 && rows.iter().any(|row| *by_recorded.entry(row.recorded).or_insert(row.content) != row.content);
        if contradicts || rows.iter().any(|row| forced.contains(&row.row)) {
            outcome.drops.extend(rows.iter().map(|row| (row.row, Removal::Duplicate)));
            continue;
        }
        let rank = ranks[rows[0].file as usize];
        for row in rows {
            let is_known = if row.recorded == 0 {
                let before = delivered.partition_point(|(other, _)| *other <= rank);
                before > 0 && delivered[before - 1].1 == row.content
            } else {
                own.contains(&row.content)
            };
            if is_known {
                outcome.drops.push((row.row, Removal::Unchanged));
                continue;
            }
            if row.recorded == 0 {
                let place = delivered.partition_point(|(other, _)| *other <= rank);
                delivered.insert(place, (rank, row.content));
            } else {
                own.insert(row.content);
            }
            kept += 1;
            outcome.keep(row);
        }
    }
    if kept > 0 && kept + known.len() > 1 {
        outcome.corrected.push(group[0].key.row_key());
    }
}

#[cfg(test)]
mod tests {
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

    fn decide(folder: &Path, name: &str, files: &[(u32, Rows<'_>)], known: &[SegmentRecord], limit: usize) -> Decisions {
        let known: Vec<KeyFile> = known.iter().map(|record| KeyFile::open(folder, record).expect("opens")).collect();
        entries(folder, files, limit).decide(&known, &[0, 1, 2, 3], &HashSet::new(), folder, name).expect("decides")
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
        assert_eq!(known.len(), 3);
    }

    #[test]
    fn two_keys_that_share_their_first_64_bits_are_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let entry = |low| Entry { key: KeyHash { high: 5, low }, content: 1, recorded: 0, row: low };
        let mut entries = Entries::new(folder.path().join("tmp-entries"));
        entries.add(0, 0, EntryRun::new(&[entry(0), entry(1)])).expect("adds");
        let error = entries.decide(&[], &[0], &HashSet::new(), folder.path(), "t/0.keys").expect_err("is refused");
        assert_eq!(error.code(), "key_collision");
    }
}
