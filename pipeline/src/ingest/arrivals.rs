//! Which of the files that are there have to be read, when each was delivered, and which of them the ledger begins with.
//!
//! A file whose name carries the date of its delivery is known by its content and that date. Of any other, the last content
//! its name had counts: an export that is overwritten every night says something new whenever it differs from what was read
//! last, also when it says again what it said a week ago. A file under a new name is known by its content alone, so that
//! moving files does not deliver them twice.

use std::collections::{HashMap, HashSet};

use super::IngestOptions;
use super::discover::Delivery;
use super::input::identify;
use super::store::{FileRecord, LedgerIndex};
use super::versions::FILES_MAX;
use crate::config::DeliveryKind;
use crate::error::{Error, Result, io_error};

/// A file that has to be read.
pub struct NewFile<'a> {
    /// The file.
    pub delivery: Delivery<'a>,
    /// Its number in the index.
    pub number: u32,
    /// Whether the ledger begins with it.
    pub is_first_delivery: bool,
    /// Which of several deliveries at one instant it belongs to; those whose names are dated are all 0.
    pub batch: u32,
}

impl NewFile<'_> {
    /// What a row gets that does not say when it was recorded.
    pub fn recorded_at(&self) -> Option<i64> {
        if self.is_first_delivery { None } else { self.delivery.delivered_at }
    }

    /// Whether it is a part of a full delivery.
    pub fn is_full(&self) -> bool {
        self.delivery.source.delivery == DeliveryKind::Full
    }
}

/// What an ingest has to do.
pub struct Arrivals<'a> {
    /// Files to be read, in the order of their deliveries.
    pub files: Vec<NewFile<'a>>,
    /// How many files are known already.
    pub seen: u64,
    /// Numbers of files that the ledger no longer begins with, because an older delivery has come.
    pub no_longer_first: Vec<u32>,
}

/// Which of the files are new, in their order.
///
/// # Errors
/// Exit status 4 when one cannot be read.
pub fn are_new(deliveries: &[Delivery<'_>], index: &LedgerIndex) -> Result<Vec<bool>> {
    let mut hashes = Hashes::new(deliveries)?;
    let mut last_by_name: HashMap<(&str, &str), &FileRecord> = HashMap::new();
    let mut by_source: HashMap<(&str, u64), Vec<&FileRecord>> = HashMap::new();
    for record in &index.files {
        last_by_name.insert((&record.source, &record.file), record);
        by_source.entry((&record.source, record.bytes)).or_default().push(record);
    }
    let mut read_before: HashSet<(&str, Option<i64>, String)> = HashSet::new();
    let mut new = Vec::with_capacity(deliveries.len());
    for (position, delivery) in deliveries.iter().enumerate() {
        let source = delivery.source.name.as_str();
        let alike = by_source.get(&(source, hashes.bytes(position))).map_or(&[][..], Vec::as_slice);
        let mut same = |record: &FileRecord| -> Result<bool> {
            Ok(record.bytes == hashes.bytes(position) && record.content_hash == hashes.get(position)?)
        };
        let mut is_new = match (delivery.delivered_at, last_by_name.get(&(source, delivery.name.as_str()))) {
            (None, Some(last)) => !same(last)?,
            (at, _) => {
                let mut is_new = true;
                for record in alike.iter().filter(|record| at.is_none() || record.delivered_at == at || record.file == delivery.name) {
                    is_new &= !same(record)?;
                }
                is_new
            }
        };
        if is_new && hashes.is_twice(position) {
            is_new = read_before.insert((source, delivery.delivered_at, hashes.get(position)?));
        }
        new.push(is_new);
    }
    read_full_sources_whole(deliveries, index, &mut hashes, &mut new)?;
    Ok(new)
}

/// The files of an undated full delivery mean something together only: when one is new, or one is missing, all are read.
fn read_full_sources_whole(deliveries: &[Delivery<'_>], index: &LedgerIndex, hashes: &mut Hashes<'_>, new: &mut [bool]) -> Result<()> {
    let mut sources: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, delivery) in deliveries.iter().enumerate() {
        if delivery.source.delivery == DeliveryKind::Full && delivery.source.delivered_at.is_none() {
            sources.entry(&delivery.source.name).or_default().push(position);
        }
    }
    for (source, positions) in sources {
        let records = || index.files.iter().filter(|record| record.source == source && !record.is_overlay);
        let Some(last) = records().map(|record| (record.delivered_at, record.batch)).max() else { continue };
        let before: HashSet<&str> =
            records().filter(|record| (record.delivered_at, record.batch) == last).map(|record| record.content_hash.as_str()).collect();
        let mut differs = positions.iter().any(|position| new[*position]);
        if !differs {
            let mut now = HashSet::new();
            for position in &positions {
                now.insert(hashes.get(*position)?);
            }
            differs = now.len() != before.len() || now.iter().any(|hash| !before.contains(hash.as_str()));
        }
        for position in positions {
            new[position] = differs;
        }
    }
    Ok(())
}

/// Lengths of files, and their content hashes as far as somebody asks for them.
struct Hashes<'d> {
    deliveries: &'d [Delivery<'d>],
    bytes: Vec<u64>,
    hashes: Vec<Option<String>>,
    twice: HashSet<(&'d str, u64)>,
}

impl<'d> Hashes<'d> {
    fn new(deliveries: &'d [Delivery<'d>]) -> Result<Self> {
        let mut bytes = Vec::with_capacity(deliveries.len());
        let (mut once, mut twice) = (HashSet::new(), HashSet::new());
        for delivery in deliveries {
            let metadata = std::fs::metadata(&delivery.path).map_err(|cause| io_error("look at", &delivery.path, &cause))?;
            bytes.push(metadata.len());
            let same = (delivery.source.name.as_str(), metadata.len());
            if !once.insert(same) {
                twice.insert(same);
            }
        }
        Ok(Hashes { deliveries, hashes: vec![None; bytes.len()], bytes, twice })
    }

    fn bytes(&self, position: usize) -> u64 {
        self.bytes[position]
    }

    /// Whether another file of its source has the same length.
    fn is_twice(&self, position: usize) -> bool {
        self.twice.contains(&(self.deliveries[position].source.name.as_str(), self.bytes[position]))
    }

    fn get(&mut self, position: usize) -> Result<String> {
        if self.hashes[position].is_none() {
            self.hashes[position] = Some(identify(&self.deliveries[position].path)?.content_hash);
        }
        Ok(self.hashes[position].clone().unwrap_or_default())
    }
}

/// The files that the store does not know, in the order of their deliveries.
///
/// # Errors
/// Exit status 4 when one cannot be read.
pub fn arrivals<'a>(deliveries: Vec<Delivery<'a>>, index: &LedgerIndex, options: &IngestOptions) -> Result<Arrivals<'a>> {
    let new = are_new(&deliveries, index)?;
    let seen = new.iter().filter(|new| !**new).count() as u64;
    let mut fresh: Vec<Delivery<'a>> = deliveries.into_iter().zip(new).filter(|(_, new)| *new).map(|(delivery, _)| delivery).collect();
    let (beginning, no_longer_first) = beginning(&fresh, index);
    let is_empty = index.files.is_empty();
    let next_batch = index.files.iter().map(|record| record.batch).max().unwrap_or(0) + 1;
    let mut files: Vec<NewFile<'a>> = Vec::with_capacity(fresh.len());
    for mut delivery in fresh.drain(..) {
        let dated = delivery.delivered_at;
        let is_first_delivery = match dated {
            None => is_empty,
            Some(_) => dated == beginning,
        };
        let batch = if dated.is_some() || is_empty { 0 } else { next_batch };
        if dated.is_none() && !is_empty {
            delivery.delivered_at = Some(options.delivered_at);
        }
        files.push(NewFile { delivery, number: 0, is_first_delivery, batch });
    }
    files.sort_by(|a, b| {
        let order = |file: &NewFile<'_>| (file.delivery.delivered_at, file.delivery.name.clone(), file.delivery.source.name.clone());
        order(a).cmp(&order(b))
    });
    for (file, number) in files.iter_mut().zip(index.files.len()..) {
        file.number = u32::try_from(number).ok().filter(|number| *number < FILES_MAX).ok_or_else(|| {
            Error::unexpected("too_many_files", "the ledger has more than a quarter of a billion files").hint("start a new --output")
        })?;
    }
    Ok(Arrivals { files, seen, no_longer_first })
}

/// Whether files are delivered at one instant, after everything the store knows.
pub fn come_last_and_together(files: &[NewFile<'_>], index: &LedgerIndex) -> bool {
    let at = |file: &NewFile<'_>| (file.delivery.delivered_at, file.batch);
    let last = index.files.iter().map(|record| (record.delivered_at, record.batch)).max();
    let Some((first, last)) = files.first().map(at).zip(last) else { return false };
    first > last && files.iter().all(|file| at(file) == first)
}

/// The date of the deliveries that the ledger begins with, and the files it no longer begins with.
///
/// The rows of the first deliveries are known from the beginning: all files of the earliest date. A source that comes later,
/// or whose files are dated later than the ledger's first, was not known before, so that a night that was published without
/// it can be computed again as it was.
fn beginning(fresh: &[Delivery<'_>], index: &LedgerIndex) -> (Option<i64>, Vec<u32>) {
    let known = index.files.iter().filter(|record| record.is_first_delivery).filter_map(|record| record.delivered_at).min();
    let earliest = fresh.iter().filter_map(|delivery| delivery.delivered_at).min();
    // Where the ledger began with undated files only, nothing that is dated can have been there before them.
    let earliest = if index.files.is_empty() || known.is_some() { earliest } else { None };
    let beginning = [known, earliest].into_iter().flatten().min();
    let later = |record: &&FileRecord| record.is_first_delivery && record.delivered_at.is_some() && record.delivered_at != beginning;
    (beginning, index.files.iter().filter(later).map(|record| record.number).collect())
}
