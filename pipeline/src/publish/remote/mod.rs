//! Publication into an object store, where nothing can be renamed: objects named for their content first, then one commit
//! that lists them all, put only where none of its number is.
//!
//! The output stays the working store; a night is published here first and taken to the store afterwards. What an
//! interrupted run leaves there are objects that no commit lists, and the next run goes on from them.

mod commit;
mod merge;
pub mod probe;
mod prune;
mod pull;
mod record;
mod state;
mod views;

pub use commit::Commit;
pub use prune::{PruneOptions, Pruned, prune};
pub use pull::{Pulled, pull};
pub use state::{FileEntry, State};

use crate::error::{Error, ExitStatus, Result};
use crate::ingest::LedgerIndex;
use crate::objects::Objects;
use crate::publish::manifest::file_sha256;
use merge::{Base, Deliveries, merge};
use record::PublicationRecord;
use std::collections::BTreeSet;
use std::path::Path;

/// How often a commit is tried when others are faster.
const ATTEMPTS: usize = 8;

/// What a publication did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// The commit that now holds; 0 when there is nothing to publish at all.
    pub commit: u64,
    /// Whether this run wrote it.
    pub is_new: bool,
    /// Objects that were written.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Takes what an output has and a store has not to the store.
///
/// # Errors
/// Exit status 5 when another output has published the same date or other deliveries in the meantime; else what the store
/// says. Whatever it is, readers of the store see what they saw before.
pub fn publish(output: &Path, objects: &Objects, run_id: &str) -> Result<Uploaded> {
    let record = PublicationRecord::read(output, objects.url())?;
    let mut uploaded = Uploaded::default();
    let mut newest = Commit::newest(objects)?;
    for _ in 0..ATTEMPTS {
        let theirs = newest.as_ref().map(|commit| commit.state.clone()).unwrap_or_default();
        let ours = State::of(output, Some(&theirs))?;
        let mut merged = merge(&record.nights, &theirs, &ours, &deliveries(output, objects, &theirs, &ours)?)?;
        if merged == theirs {
            if let Some(commit) = &newest {
                uploaded.commit = commit.number;
                views::write(objects, commit)?;
                agree(output, objects, commit.number, &ours)?;
            }
            return Ok(uploaded);
        }
        if let Some(newest) = &newest {
            merged.avoid(&newest.condemned, &theirs, newest.number + 1);
        }
        upload(output, objects, &theirs, &merged, &mut uploaded)?;
        let commit = Commit::after(newest.as_ref(), merged, run_id);
        if commit.put(objects)? {
            uploaded.commit = commit.number;
            uploaded.is_new = true;
            agree(output, objects, commit.number, &ours)?;
            views::write(objects, &commit)?;
            return Ok(uploaded);
        }
        newest = Commit::newest(objects)?;
    }
    let what = format!("{ATTEMPTS} times another run was faster to publish to {}", objects.url());
    Err(Error::new("store_busy", ExitStatus::Locked, what).hint("run again; everything is uploaded, only the commit is missing"))
}

fn agree(output: &Path, objects: &Objects, commit: u64, ours: &State) -> Result<()> {
    let nights: Base = ours.nights.iter().map(|(date, night)| (date.clone(), night.manifest.clone())).collect();
    PublicationRecord { url: objects.url().to_owned(), commit, nights }.write(output)
}

/// The deliveries of both sides; none need be looked at where both have the same ledger, or one has none.
fn deliveries(output: &Path, objects: &Objects, theirs: &State, ours: &State) -> Result<Deliveries> {
    let (Some(their), Some(our)) = (&theirs.ledger, &ours.ledger) else { return Ok(Deliveries::default()) };
    let ours = LedgerIndex::read(output)?.map(|index| index.files).unwrap_or_default();
    // The store's index is fetched only where it is not the beginning of ours.
    if their.record == our.record || their.record.is_beginning_of(&ours) {
        return Ok(Deliveries { theirs: Vec::new(), ours });
    }
    let theirs = ledger_index(objects, theirs)?.map(|index| index.files).unwrap_or_default();
    Ok(Deliveries { theirs, ours })
}

/// The index of the ledger of a state in the store.
fn ledger_index(objects: &Objects, state: &State) -> Result<Option<LedgerIndex>> {
    let files = state.ledger.iter().flat_map(|ledger| &ledger.files);
    let Some(entry) = files.into_iter().find(|entry| entry.file == "ledger/index.json") else { return Ok(None) };
    let Some(text) = objects.get(&entry.object)? else {
        let what = format!("an object of the newest commit is missing: {}", objects.url_of(&entry.object));
        return Err(Error::input("object_missing", what).hint("restore it in the store"));
    };
    let index: LedgerIndex = serde_json::from_slice(&text).map_err(|cause| {
        Error::unexpected("index_damaged", format!("not an index: {}", objects.url_of(&entry.object)))
            .caused_by(&cause)
            .hint("update arrears, or restore the object in the store")
    })?;
    Ok(Some(index))
}

/// Writes the objects that `merged` lists and `theirs` does not. Those that an interrupted run left are not written again.
fn upload(output: &Path, objects: &Objects, theirs: &State, merged: &State, uploaded: &mut Uploaded) -> Result<()> {
    let mut there: BTreeSet<&str> = theirs.files().map(|entry| entry.object.as_str()).collect();
    for entry in merged.files() {
        if !there.insert(&entry.object) || objects.head(&entry.object)?.is_some_and(|meta| meta.size == entry.bytes) {
            continue;
        }
        let path = output.join(&entry.file);
        if file_sha256(&path)? != (entry.sha256.clone(), entry.bytes) {
            return Err(Error::unexpected("file_damaged", format!("a file is not what its manifest says: {}", path.display()))
                .hint("publish the night again with --replace, or restore the file"));
        }
        objects.upload(&entry.object, &path)?;
        uploaded.objects += 1;
        uploaded.bytes += entry.bytes;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
