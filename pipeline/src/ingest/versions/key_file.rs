//! The sorted keys and content hashes of the store: what each delivery said about which row, without the rows.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::keys::KeyHash;
use super::super::store::{HashingWriter, SegmentRecord, ledger_directory};
use super::{PARTITIONS, int, long};
use crate::error::{Error, Result, io_error};

/// Bytes of an entry.
const STORED_BYTES: usize = 24;
/// The row has a `recorded_at` of its own.
const OWN: u32 = 1 << 31;
/// No row of the store: the delivery repeated what was known, or, with [`GONE`], did not say what it might have said.
const SIGHTING: u32 = 1 << 30;
/// The row is a deletion.
const GONE: u32 = 1 << 29;
/// The row was not read from the file but follows from its delivery.
const GENERATED: u32 = 1 << 28;
/// One more than the greatest number a file can have.
pub const FILES_MAX: u32 = GENERATED;

/// What a delivery said about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The key.
    pub key: KeyHash,
    /// The hash of what the row says.
    pub content: u64,
    /// The file that said it.
    pub file: u32,
    /// Whether the row has a `recorded_at` of its own.
    pub is_own: bool,
    /// Whether it has no row: it only repeated what was known, or did not say what it might have said.
    pub is_sighting: bool,
    /// Whether the row is a deletion; of what has no row, that the delivery had a row that might have said it and did not.
    pub is_gone: bool,
    /// Whether the row follows from the delivery without standing in it.
    pub is_generated: bool,
}

impl Known {
    fn read(bytes: &[u8; STORED_BYTES]) -> Self {
        let file = int(bytes, 12);
        Known {
            key: KeyHash { high: long(bytes, 0), low: int(bytes, 8) },
            content: long(bytes, 16),
            file: file & !(OWN | SIGHTING | GONE | GENERATED),
            is_own: file & OWN != 0,
            is_sighting: file & SIGHTING != 0,
            is_gone: file & GONE != 0,
            is_generated: file & GENERATED != 0,
        }
    }

    /// Whether it only notes that a row did not say what it might have said.
    pub fn is_not_said(&self) -> bool {
        self.is_sighting && self.is_gone
    }

    /// Appends the entry to the bytes of a partition.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let file = self.file
            | flag(self.is_own, OWN)
            | flag(self.is_sighting, SIGHTING)
            | flag(self.is_gone, GONE)
            | flag(self.is_generated, GENERATED);
        bytes.extend_from_slice(&self.key.high.to_le_bytes());
        bytes.extend_from_slice(&self.key.low.to_le_bytes());
        bytes.extend_from_slice(&file.to_le_bytes());
        bytes.extend_from_slice(&self.content.to_le_bytes());
    }
}

/// A key file: entries in the order of their keys, then where each partition starts.
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

    /// How many entries it has.
    pub fn len(&self) -> u64 {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// The entries of a partition, by key.
    ///
    /// # Errors
    /// Exit status 1 when they cannot be read.
    pub fn partition(&self, partition: usize) -> Result<KeyPartition> {
        let (start, end) = (self.offsets[partition], self.offsets[partition + 1]);
        let length = usize::try_from(end - start).expect("a partition fits the memory") * STORED_BYTES;
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, start * STORED_BYTES as u64)
            .map_err(|cause| io_error("read a file of the store", &self.path, &cause))?;
        Ok(KeyPartition { bytes, at: 0 })
    }
}

/// The entries of a partition of a key file, which is looked through from front to back.
pub struct KeyPartition {
    bytes: Vec<u8>,
    at: usize,
}

impl KeyPartition {
    fn entries(&self) -> &[[u8; STORED_BYTES]] {
        self.bytes.as_chunks().0
    }

    /// Every entry, by key.
    pub fn all(&self) -> impl Iterator<Item = Known> {
        self.entries().iter().map(Known::read)
    }

    /// The key at which the next look would begin.
    pub fn next_key(&self) -> Option<u64> {
        self.entries().get(self.at).map(|entry| long(entry, 0))
    }

    /// Appends what is known of a key; keys are asked for in ascending order.
    pub fn take(&mut self, high: u64, known: &mut Vec<Known>) {
        let entries = self.bytes.as_chunks::<STORED_BYTES>().0;
        // The distance to the next key that is asked for is found by doubling steps, then by halving them.
        let (mut low, mut step) = (self.at, 1);
        while entries.get(low + step).is_some_and(|entry| long(entry, 0) < high) {
            low += step;
            step *= 2;
        }
        let end = (low + step + 1).min(entries.len());
        self.at = low.min(end) + entries[low.min(end)..end].partition_point(|entry| long(entry, 0) < high);
        while let Some(entry) = entries.get(self.at).filter(|entry| long(*entry, 0) == high) {
            known.push(Known::read(entry));
            self.at += 1;
        }
    }
}

/// Writes a key file, partition by partition.
pub struct KeyFileWriter {
    writer: std::io::BufWriter<HashingWriter>,
    path: PathBuf,
    name: String,
    offsets: Vec<u64>,
    rows: u64,
}

impl KeyFileWriter {
    /// Creates `OUT/ledger/<name>`.
    ///
    /// # Errors
    /// Exit status 1 when it cannot be written; so do the other functions.
    pub fn create(out: &Path, name: &str) -> Result<Self> {
        let path = ledger_directory(out).join(name);
        Ok(KeyFileWriter { writer: HashingWriter::create(&path)?, path, name: name.to_owned(), offsets: vec![0], rows: 0 })
    }

    /// Appends the entries of the next partition, as [`Known::write`] has written them.
    pub fn partition(&mut self, bytes: &[u8]) -> Result<()> {
        self.rows += (bytes.len() / STORED_BYTES) as u64;
        self.offsets.push(self.rows);
        self.writer.write_all(bytes).map_err(|cause| io_error("write", &self.path, &cause))
    }

    /// Completes the file; without entries there is none.
    pub fn finish(mut self) -> Result<Option<SegmentRecord>> {
        let path = self.path;
        let failed = |cause: std::io::Error| io_error("write", &path, &cause);
        for offset in &self.offsets {
            self.writer.write_all(&offset.to_le_bytes()).map_err(failed)?;
        }
        let writer = self.writer.into_inner().map_err(|cause| failed(cause.into_error()))?;
        let (record, _) = writer.record(self.name, self.rows);
        if self.rows == 0 {
            std::fs::remove_file(&path).map_err(failed)?;
            return Ok(None);
        }
        Ok(Some(record))
    }
}

/// Merges key files into one. Of what deliveries only repeated, or might have said and did not, the last time is kept for each key.
///
/// `ranks` is each file's place in the order of deliveries.
///
/// # Errors
/// Exit status 1 when the store cannot be read or written.
pub fn merge(files: &[KeyFile], ranks: &[u32], out: &Path, name: &str) -> Result<Option<SegmentRecord>> {
    let mut writer = KeyFileWriter::create(out, name)?;
    let partitions: Vec<usize> = (0..PARTITIONS).collect();
    for window in partitions.chunks(8 * rayon::current_num_threads()) {
        let merged: Vec<Result<Vec<u8>>> = window.par_iter().map(|partition| merge_partition(files, ranks, *partition)).collect();
        for bytes in merged {
            writer.partition(&bytes?)?;
        }
    }
    writer.finish()
}

fn merge_partition(files: &[KeyFile], ranks: &[u32], partition: usize) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    for file in files {
        entries.extend(file.partition(partition)?.all());
    }
    // A stable sort finds the runs that are sorted already, and merges them.
    entries.sort_by_key(|known| (known.key, ranks[known.file as usize]));
    let mut bytes = Vec::with_capacity(entries.len() * STORED_BYTES);
    for group in entries.chunk_by(|a, b| a.key == b.key) {
        let last = |is_gone: bool| group.iter().rposition(|known| known.is_sighting && known.is_gone == is_gone);
        let last_notes = [last(false), last(true)];
        for (at, known) in group.iter().enumerate() {
            if !known.is_sighting || last_notes.contains(&Some(at)) {
                known.write(&mut bytes);
            }
        }
    }
    Ok(bytes)
}
