//! The keys of a partition, one after the other: plain ones at once, all others by their [`timeline`].

use std::collections::HashSet;

use super::deliveries::Deliveries;
use super::entry::{Candidate, What};
use super::key_file::{KeyPartition, Known};
use super::{Generated, Removal, timeline};
use crate::error::{Error, Result};

#[derive(Default)]
pub(super) struct Outcome {
    pub(super) drops: Vec<(u32, Removal)>,
    pub(super) corrected: Vec<i64>,
    pub(super) generated: Vec<Generated>,
    pub(super) taken_back: Vec<(u32, i64)>,
    pub(super) keys: Vec<u8>,
    pub(super) needs_all_rows: bool,
}

impl Outcome {
    pub(super) fn keep(&mut self, known: &Known) {
        known.write(&mut self.keys);
    }

    /// Remembers that a delta had a row that did not say what it might. What a full delivery does not say is known without.
    pub(super) fn note_not_said(&mut self, row: &Candidate, deliveries: &Deliveries) {
        if deliveries.is_full(row.file) {
            return;
        }
        self.keep(&Known {
            key: row.key,
            content: GONE_CONTENT,
            file: row.file,
            is_own: false,
            is_sighting: true,
            is_gone: true,
            is_generated: false,
        });
    }
}

/// Stands for the content of a row that a delivery says is not there.
pub(super) const GONE_CONTENT: u64 = 0;

pub(super) fn decide_partition(
    candidates: &[Candidate],
    mut stored: Vec<KeyPartition>,
    deliveries: &Deliveries,
    forced: &HashSet<u32>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    outcome.keys.reserve(candidates.len() * 24);
    let mut known = Vec::new();
    let looks_at_all = deliveries.has_new_full();
    for group in candidates.chunk_by(|a, b| a.key.high == b.key.high) {
        let key = group[0].key;
        if looks_at_all {
            absent(Some(key.high), &mut stored, deliveries, &mut known, &mut outcome);
        }
        known.clear();
        for partition in &mut stored {
            partition.take(key.high, &mut known);
        }
        if group.iter().any(|candidate| candidate.key != key) || known.iter().any(|known| known.key != key) {
            return Err(Error::unexpected("key_collision", format!("two keys have the same row_key: {}", key.row_key()))
                .hint("change one of the ids, for example with a prefix, and report this: it happens once in 100,000 ledgers"));
        }
        if group.iter().any(|row| row.what == What::Known) {
            let is_plain = deliveries.is_in_order && group.iter().all(|row| row.what == What::Known && row.content == group[0].content);
            outcome.needs_all_rows |= !is_plain || !decide_plain(&group[0], &known, deliveries, &mut outcome);
            continue;
        }
        match group {
            _ if known.iter().all(Known::is_not_said) && group.iter().all(|row| matches!(row.what, What::Gone | What::NotSaid)) => {
                group.chunk_by(|a, b| a.file == b.file).for_each(|rows| outcome.note_not_said(&rows[0], deliveries));
            }
            [only] if deliveries.is_in_order && only.what == What::Row && forced.is_empty() => {
                if !decide_plain(only, &known, deliveries, &mut outcome) {
                    timeline::decide(group, &known, deliveries, forced, &mut outcome);
                }
            }
            _ => timeline::decide(group, &known, deliveries, forced, &mut outcome),
        }
    }
    if looks_at_all {
        absent(None, &mut stored, deliveries, &mut known, &mut outcome);
    }
    Ok(outcome)
}

/// Decides about known keys before `end` that no new row has.
pub(super) fn absent(
    end: Option<u64>,
    stored: &mut [KeyPartition],
    deliveries: &Deliveries,
    known: &mut Vec<Known>,
    outcome: &mut Outcome,
) {
    while let Some(key) = stored.iter().filter_map(KeyPartition::next_key).min().filter(|key| end.is_none_or(|end| *key < end)) {
        known.clear();
        for partition in &mut *stored {
            partition.take(key, known);
        }
        if known.iter().all(Known::is_not_said) {
            continue;
        }
        timeline::decide(&[], known, deliveries, &HashSet::new(), outcome);
    }
}

/// What nearly all rows are: one row of a key of which nothing is known, or one thing, with nothing in between; false when it
/// is not so plain.
pub(super) fn decide_plain(row: &Candidate, known: &[Known], deliveries: &Deliveries, outcome: &mut Outcome) -> bool {
    let entry = |is_sighting| Known {
        key: row.key,
        content: row.content,
        file: row.file,
        is_own: row.is_own,
        is_sighting,
        is_gone: row.is_gone,
        is_generated: false,
    };
    match known {
        [] if row.what == What::Known => return false,
        [] => outcome.keep(&entry(false)),
        [known, rest @ ..] if !known.is_own && !row.is_own && !known.is_sighting && rest.iter().all(|more| more.is_sighting) => {
            if known.content == row.content && known.is_gone == row.is_gone {
                if row.what == What::Row {
                    outcome.drops.push((row.row, Removal::Unchanged));
                }
                if !deliveries.is_full(row.file) {
                    outcome.keep(&entry(true));
                }
            } else if row.what == What::Known {
                return false;
            } else {
                outcome.keep(&entry(false));
                outcome.corrected.push(row.key.row_key());
            }
        }
        _ => return false,
    }
    true
}
