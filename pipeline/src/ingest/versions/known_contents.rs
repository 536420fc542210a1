//! What the store says last of each key, in memory: for deliveries that mostly repeat what is known.
//!
//! Of a full export that comes every night nearly all rows are known. A worker that can tell needs not encode them, and nobody
//! has to take them out of the segment again.

use rayon::prelude::*;

use super::super::keys::KeyHash;
use super::key_file::{KeyFile, Known};
use super::{Deliveries, PARTITIONS};
use crate::error::Result;

/// Keys beyond which they are not kept in memory: 16 bytes each.
const KEYS_MAX: u64 = 40_000_000;
/// Least and greatest number of bits of a key that say where to look: as many as there are keys, so that one look is enough.
const BUCKET_BITS: std::ops::RangeInclusive<u32> = 16..=24;

/// Stands for the content of a key whose rows are looked at one by one; no row has it but by a chance of one in 2^64.
const NO_CONTENT: u64 = u64::MAX;

/// The contents of keys, by key.
#[derive(Debug)]
pub struct KnownContents {
    /// Key and content, ascending.
    entries: Vec<(u64, u64)>,
    /// Where the keys with each value of their first bits begin.
    buckets: Vec<u32>,
    /// How many first bits these are.
    bits: u32,
}

impl KnownContents {
    /// The contents that the key files of a table say; nothing when there are none, or too many to keep.
    ///
    /// Keys of which a row says itself when it was recorded have no content: their rows are looked at one by one. Deleted ones
    /// are left out.
    ///
    /// # Errors
    /// Exit status 1 when the store cannot be read.
    pub fn load(files: &[KeyFile], deliveries: &Deliveries) -> Result<Option<Self>> {
        let keys: u64 = files.iter().map(KeyFile::len).sum();
        if keys == 0 || keys > KEYS_MAX {
            return Ok(None);
        }
        let partitions: Vec<Result<Vec<(u64, u64)>>> =
            (0..PARTITIONS).into_par_iter().map(|partition| contents(files, deliveries, partition)).collect();
        let mut entries = Vec::with_capacity(usize::try_from(keys).expect("the keys fit the memory"));
        for partition in partitions {
            entries.extend(partition?);
        }
        let bits = entries.len().max(1).ilog2().clamp(*BUCKET_BITS.start(), *BUCKET_BITS.end());
        let mut buckets = vec![0_u32; (1 << bits) + 1];
        for (key, _) in &entries {
            buckets[bucket(*key, bits) + 1] += 1;
        }
        for next in 1..buckets.len() {
            buckets[next] += buckets[next - 1];
        }
        Ok(Some(KnownContents { entries, buckets, bits }))
    }

    /// Whether a key may be there: what the store says last of it is not that it is gone.
    pub fn may_have(&self, key: KeyHash) -> bool {
        self.content(key).is_some()
    }

    /// Whether this is what the store says last of a key.
    #[inline]
    pub fn says(&self, key: KeyHash, content: u64) -> bool {
        self.content(key) == Some(content)
    }

    #[inline]
    fn content(&self, key: KeyHash) -> Option<u64> {
        let bucket = bucket(key.high, self.bits);
        let entries = &self.entries[self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize];
        entries.binary_search_by_key(&key.high, |(high, _)| *high).ok().map(|at| entries[at].1)
    }
}

fn bucket(key: u64, bits: u32) -> usize {
    (key >> (64 - bits)) as usize
}

fn contents(files: &[KeyFile], deliveries: &Deliveries, partition: usize) -> Result<Vec<(u64, u64)>> {
    let mut known: Vec<Known> = Vec::new();
    for file in files {
        known.extend(file.partition(partition)?.all());
    }
    // A stable sort finds the runs that are sorted already, and merges them.
    known.sort_by_key(|known| known.key);
    let mut contents = Vec::with_capacity(known.len());
    for group in known.chunk_by(|a, b| a.key.high == b.key.high) {
        let is_plain = group.iter().all(|known| known.key == group[0].key && !known.is_own);
        let position = |known: &&Known| if known.is_generated { deliveries.follows(known.file) } else { deliveries.said(known.file) };
        let last = group.iter().filter(|known| !known.is_sighting).max_by_key(position);
        if is_plain {
            contents.extend(last.filter(|last| !last.is_gone).map(|last| (last.key.high, last.content)));
        } else {
            contents.push((group[0].key.high, NO_CONTENT));
        }
    }
    Ok(contents)
}
