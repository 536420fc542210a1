//! Overlays: what a person says the fields of quarantined rows should have been.
//!
//! A `[[source]]` may name one file, `overlay = "mends.csv"`, with the columns `file`, `line`, `column` and `value`, and
//! optionally `was`, `why` and `who`. A row that is in the quarantine under that file and line is read again from the text
//! that was kept of it, with the values replaced, through the same mapping and the same checks. The delivered file is not
//! needed any more. An entry without a column gives the whole record anew; one without a value is not filled in yet.
//!
//! What is read so is accounted for under the overlay, as repaired, and became known when the overlay was taken: a night
//! that was published before did not know the row, and must come out the same when it is computed again. That holds also
//! for rows that say themselves when they were recorded.
//!
//! An entry speaks of every delivery of its file in which the row stands in the quarantine: with `was`, those in which the
//! column says this; without, all of them, if they have the same text, and else none, because a line of an export that is
//! written anew every night is another row tomorrow. Of several the newest delivery is read.

mod apply;
mod candidates;
mod entries;
mod mended;
mod missing;

pub use mended::{Mended, mended, total};

use super::input::{Identity, identify};
use super::store::LedgerIndex;
use super::{IngestOptions, Progress};
use crate::config::{Config, Source};
use crate::error::Result;
pub(super) use candidates::Candidate;
use entries::Entry;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// A quarantined row that an overlay speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    /// Number of the file that delivered it.
    pub file: u32,
    /// Its line there.
    pub line: u64,
    /// The table or shape it is accounted under.
    pub table: String,
    /// Why it is in the quarantine.
    pub reason: String,
    /// Its amount there, ten-thousandths, where it could be read.
    pub amount: Option<i64>,
    /// The line of the overlay that mends it.
    pub by_line: u64,
}

/// An overlay as it stands now.
pub(super) struct Overlay<'a> {
    source: &'a Source,
    /// Its name, relative to the configuration.
    name: String,
    path: PathBuf,
    identity: Identity,
    entries: Vec<Entry>,
    delivered_at: i64,
}

/// Entries that speak of one row.
struct Wish<'e> {
    entries: Vec<&'e Entry>,
    /// The rows they speak of, oldest delivery first; none where nothing fits.
    rows: Vec<Candidate>,
    /// Why not, where nothing fits.
    why_not: &'static str,
}

impl Overlay<'_> {
    /// Source, file and line of what its entries speak of.
    pub fn rows(&self) -> impl Iterator<Item = (String, String, u64)> {
        self.entries.iter().map(|entry| (self.source.name.clone(), entry.file.clone(), entry.row))
    }

    /// What its entries speak of, in the order of their lines.
    fn wishes(&self, candidates: &[Candidate]) -> Vec<Wish<'_>> {
        let mut by_row: BTreeMap<(&str, u64), Vec<&Entry>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.is_filled_in()) {
            by_row.entry((&entry.file, entry.row)).or_default().push(entry);
        }
        let mut wishes: Vec<Wish<'_>> = by_row
            .into_iter()
            .map(|((file, line), entries)| {
                let of_row = candidates.iter().filter(|row| row.file == file && row.line == line).cloned().collect();
                let (rows, why_not) = chosen(of_row, &entries);
                Wish { entries, rows, why_not }
            })
            .collect();
        wishes.sort_by_key(|wish| wish.entries[0].line);
        wishes
    }

    /// Whether the overlay has been taken as it stands.
    fn is_taken(&self, index: &LedgerIndex) -> bool {
        self.records(index).next().is_some()
    }

    fn records<'i>(&'i self, index: &'i LedgerIndex) -> impl Iterator<Item = &'i super::FileRecord> {
        let is_it = |file: &&super::FileRecord| file.is_overlay && file.source == self.source.name && file.file == self.name;
        index.files.iter().filter(is_it).filter(|file| file.content_hash == self.identity.content_hash)
    }

    /// Rows that this content of the overlay has mended already.
    fn done(&self, index: &LedgerIndex) -> HashSet<(u32, u64)> {
        self.records(index).flat_map(|record| record.mends.iter().map(|mend| (mend.file, mend.line))).collect()
    }

    /// Whether there is something to do before any new file is read.
    pub fn has_work(&self, out: &Path, index: &LedgerIndex) -> Result<bool> {
        if self.entries.iter().all(|entry| !entry.is_filled_in()) {
            return Ok(false);
        }
        if !self.is_taken(index) {
            return Ok(true);
        }
        let done = self.done(index);
        let candidates = candidates::kept(out, index, self)?;
        Ok(self.wishes(&candidates).iter().flat_map(|wish| &wish.rows).any(|row| !done.contains(&(row.number, row.line))))
    }

    /// Whether a row that goes into the quarantine may be meant.
    fn may_mean(&self, source: &str, file: &str, line: u64) -> bool {
        self.source.name == source && self.entries.iter().any(|entry| entry.row == line && entry.file == file)
    }
}

/// Of the rows under one name and line those that the entries mean.
fn chosen(mut rows: Vec<Candidate>, entries: &[&Entry]) -> (Vec<Candidate>, &'static str) {
    rows.sort_by_key(|row| row.number);
    if rows.is_empty() {
        return (rows, "no such row is in the quarantine");
    }
    let tells_apart = entries.iter().any(|entry| entry.was.is_some());
    rows.retain(|row| entries.iter().all(|entry| entry.was.as_ref().is_none_or(|was| row.says(entry.column.as_deref(), was))));
    if rows.is_empty() {
        return (rows, "the row in the quarantine says something else than `was`");
    }
    if !tells_apart && rows.iter().any(|row| row.raw != rows[0].raw) {
        return (Vec::new(), "several deliveries have different rows there: say which with `was`");
    }
    (rows, "")
}

/// The overlays of a configuration, as they stand.
///
/// # Errors
/// Exit status 4 when one cannot be read, or is missing and ought to be there.
pub(super) fn overlays<'a>(
    config: &'a Config,
    options: &IngestOptions,
    index: &LedgerIndex,
    progress: &dyn Progress,
) -> Result<Vec<Overlay<'a>>> {
    let mut overlays = Vec::new();
    for source in &config.sources {
        let Some(path) = &source.overlay else { continue };
        let relative = path.strip_prefix(&config.directory).unwrap_or(path);
        let name = relative.to_string_lossy().replace('\\', "/");
        if !path.exists() {
            missing::not_there_yet(path, &name, source, config, index, progress)?;
            continue;
        }
        overlays.push(Overlay {
            source,
            name,
            path: path.clone(),
            identity: identify(path)?,
            entries: entries::read(path)?,
            delivered_at: options.delivered_at,
        });
    }
    Ok(overlays)
}
