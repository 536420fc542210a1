//! What rows say about keys.

use super::PARTITIONS;
use crate::ingest::keys::KeyHash;

/// Stands for the row of an entry without one.
pub(super) const NO_ROW: u32 = u32::MAX;
/// Stands for the row of an entry whose row is known, word for word.
pub(super) const KNOWN_ROW: u32 = u32::MAX - 1;

/// What one new row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The hash of its key.
    pub key: KeyHash,
    /// The hash of its content, its own `recorded_at` included.
    pub content: u64,
    /// A hash of its own `recorded_at` with [`OWN`] set, or 0 when it has none; [`DELETED`] set for a deletion.
    pub recorded: u32,
    /// Its row, counted from the first row of its block.
    pub row: u32,
}

/// Set in [`Entry::recorded`] where the row has a `recorded_at` of its own.
pub const OWN: u32 = 1;
/// Set in [`Entry::recorded`] where the row is a deletion.
pub const DELETED: u32 = 2;

impl Entry {
    /// A key that stands in a row that cannot be taken: it is not absent from its delivery.
    pub fn seen(key: KeyHash) -> Self {
        Entry { key, content: What::Seen as u64, recorded: 0, row: NO_ROW }
    }

    /// A key that the row on a line might say something of and does not: a posting that is applied to nothing.
    pub fn not_said(key: KeyHash, line: i64) -> Self {
        Entry { key, content: What::NotSaid as u64 | line.cast_unsigned() << WHAT_BITS, recorded: 0, row: NO_ROW }
    }

    /// A row that says what the store says, and was not encoded.
    pub fn known(key: KeyHash, content: u64) -> Self {
        Entry { key, content, recorded: 0, row: KNOWN_ROW }
    }

    /// A key that a row says is not there: a payment of an invoice that is not paid. Remembered for deliveries that come late.
    pub fn gone(key: KeyHash) -> Self {
        Entry { key, content: What::Gone as u64, recorded: 0, row: NO_ROW }
    }
}

/// What a delivery says about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A row.
    Row,
    /// A row that the store has, as it was looked up while the file was read.
    Known,
    /// That it is there, in a row that cannot be taken.
    Seen,
    /// That it is not there; where another row of the file says that it is, that counts. Remembered for deliveries that come late.
    Gone,
    /// The same, but where another row of the file says that it is, they contradict each other.
    NotSaid,
}

/// Bits of the content of an entry without a row that tell [`What`] it says; the line stands above them.
pub(super) const WHAT_BITS: u32 = 3;

/// The entries of one block, by partition.
#[derive(Debug)]
pub struct EntryRun {
    pub(super) entries: Vec<Entry>,
    pub(super) offsets: Vec<u32>,
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

/// One statement of a new file, with everything a decision needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) key: KeyHash,
    /// Of what is [`What::NotSaid`] the line.
    pub(super) content: u64,
    pub(super) recorded: u32,
    pub(super) file: u32,
    pub(super) row: u32,
    pub(super) what: What,
    pub(super) is_own: bool,
    pub(super) is_gone: bool,
}

impl Candidate {
    pub(super) fn new(entry: Entry, file: u32, base: u32) -> Self {
        let said = entry.content & ((1 << WHAT_BITS) - 1);
        let what = match entry.row {
            NO_ROW if said == What::Gone as u64 => What::Gone,
            NO_ROW if said == What::NotSaid as u64 => What::NotSaid,
            NO_ROW => What::Seen,
            KNOWN_ROW => What::Known,
            _ => What::Row,
        };
        Candidate {
            key: entry.key,
            content: if what == What::NotSaid { entry.content >> WHAT_BITS } else { entry.content },
            recorded: entry.recorded & !DELETED,
            file,
            row: if what == What::Row { base + entry.row } else { NO_ROW },
            what,
            is_own: entry.recorded & OWN != 0,
            is_gone: entry.recorded & DELETED != 0,
        }
    }
}
