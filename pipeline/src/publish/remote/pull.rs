//! From a store to a working output: what a machine without a memory begins with.
//!
//! Kept versions first, then the nights, the ledger's index last: an output without one is empty, and the next pull goes on
//! where a killed one stopped.

use super::commit::Commit;
use super::ledger_index;
use super::merge::{Base, night};
use super::record::PublicationRecord;
use super::state::{FileEntry, Ledger, Night, State};
use crate::error::{Error, ExitStatus, Result, io_error};
use crate::ingest::{LedgerIndex, discard_prepared};
use crate::objects::Objects;
use crate::publish::derived::write_derived;
use crate::publish::manifest::{LedgerRecord, Manifest, file_sha256};
use crate::publish::night::CompleteNight;
use std::path::{Path, PathBuf};

/// What a pull brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// The commit.
    pub commit: u64,
    /// Files that were fetched.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Brings an output to the newest commit of a store; `None` when the store has none. Nights that only this output has stay;
/// with `replace` the store's nights go before others of the same dates, which are kept in `replaced/`.
///
/// # Errors
/// Exit status 5 when something here would be lost, 4 when an object cannot be had or is not what the commit says.
pub fn pull(output: &Path, objects: &Objects, run_id: &str, replace: bool) -> Result<Option<Pulled>> {
    let Some(commit) = Commit::newest(objects)? else { return Ok(None) };
    discard_prepared(output)?;
    let base = PublicationRecord::read(output, objects.url())?.nights;
    let ours = State::of(output, Some(&commit.state))?;
    let wanted = wanted_nights(&commit.state, &ours, &base, replace)?;
    let their_index = ledger_index(objects, &commit.state)?;
    let ledger = wanted_ledger(&commit.state, their_index.as_ref(), output)?;

    let staging = output.join("staging").join(format!("{run_id}-pull"));
    let mut fetcher = Fetcher { objects, staging, pulled: Pulled { commit: commit.number, ..Pulled::default() } };
    for (folder, files) in commit.state.kept.iter().filter(|(folder, _)| !ours.kept.contains_key(*folder)) {
        fetcher.kept(output, folder, files)?;
    }
    for (as_of_date, night) in wanted {
        fetcher.night(output, as_of_date, night, run_id)?;
    }
    if let Some(ledger) = ledger {
        fetcher.ledger(output, ledger)?;
    }
    fetcher.done()?;
    derive(output)?;
    let nights = commit.state.nights.iter().map(|(date, night)| (date.clone(), night.manifest.clone())).collect();
    PublicationRecord { url: objects.url().to_owned(), commit: commit.number, nights }.write(output)?;
    Ok(Some(fetcher.pulled))
}

/// The store's nights that are to be fetched.
fn wanted_nights<'a>(theirs: &'a State, ours: &State, base: &Base, replace: bool) -> Result<Vec<(&'a str, &'a Night)>> {
    let mut wanted = Vec::new();
    for (date, their) in &theirs.nights {
        let our = ours.nights.get(date);
        if our.is_some_and(|our| our.manifest == their.manifest) {
            continue;
        }
        if replace || night(date, base.get(date).map(String::as_str), Some(their), our)? == Some(their) {
            wanted.push((date.as_str(), their));
        }
    }
    Ok(wanted)
}

/// The store's ledger, when this output has none or an earlier state of it.
fn wanted_ledger<'a>(theirs: &'a State, their_index: Option<&LedgerIndex>, output: &Path) -> Result<Option<&'a Ledger>> {
    let (Some(ledger), Some(their_index)) = (&theirs.ledger, their_index) else { return Ok(None) };
    let Some(index) = LedgerIndex::read(output)? else { return Ok(Some(ledger)) };
    let record = LedgerRecord::of(&index);
    if ledger.record.is_beginning_of(&index.files) {
        return Ok(None);
    }
    if record.is_beginning_of(&their_index.files) { Ok(Some(ledger)) } else { Err(diverged(output)) }
}

fn diverged(output: &Path) -> Error {
    let what = format!("this output keeps another ledger than the store: {}", output.display());
    Error::new("ledger_diverged", ExitStatus::Locked, what).hint("pull into a fresh --output; nothing here was changed")
}

/// What is derived from the ledger and the catalogue is not in the store.
fn derive(output: &Path) -> Result<()> {
    let index = LedgerIndex::read(output)?;
    let customers = index.as_ref().and_then(|index| index.tables.get("customers")).map(|table| table.segments.as_slice());
    let customers: Vec<String> = customers.unwrap_or_default().iter().map(|segment| format!("ledger/{}", segment.file)).collect();
    write_derived(output, &customers)
}

struct Fetcher<'o> {
    objects: &'o Objects,
    staging: PathBuf,
    pulled: Pulled,
}

impl Fetcher<'_> {
    /// Fetches a file to a path and checks that it is what the commit says.
    fn fetch(&mut self, entry: &FileEntry, path: &Path) -> Result<()> {
        let sha256 = self.objects.fetch(&entry.object, entry.bytes, path)?;
        if sha256 != entry.sha256 {
            let what = format!("an object is not what its commit says: {}", self.objects.url_of(&entry.object));
            return Err(Error::input("object_damaged", what).hint("restore it in the store; nothing was taken over from it"));
        }
        self.pulled.files += 1;
        self.pulled.bytes += entry.bytes;
        Ok(())
    }

    /// Fetches files below a folder into a folder of the staging area.
    fn stage(&mut self, folder: &str, files: &[FileEntry]) -> Result<PathBuf> {
        let staged = self.staging.join(folder);
        for entry in files {
            let name = entry.file.strip_prefix(folder).map(|name| name.trim_start_matches('/'));
            let name = name.filter(|name| is_plain(name)).ok_or_else(|| misplaced(entry))?;
            self.fetch(entry, &staged.join(name))?;
        }
        Ok(staged)
    }

    fn kept(&mut self, output: &Path, folder: &str, files: &[FileEntry]) -> Result<()> {
        if !is_plain(folder) {
            return Err(Error::unexpected("commit_damaged", format!("a commit names a folder outside of the output: {folder}")));
        }
        let staged = self.stage(folder, files)?;
        put_in_place(&staged, &output.join(folder))
    }

    fn night(&mut self, output: &Path, as_of_date: &str, night: &Night, run_id: &str) -> Result<()> {
        let folder = self.stage(&format!("marts/as_of_date={as_of_date}"), &night.files)?;
        let manifest = Manifest::read(&folder)?.filter(|manifest| manifest.as_of_date == as_of_date);
        let manifest =
            manifest.ok_or_else(|| Error::unexpected("commit_damaged", format!("a night without its manifest: {as_of_date}")))?;
        CompleteNight { folder, manifest }.publish(output, run_id)?;
        Ok(())
    }

    /// Segments one by one, the index last and by one rename.
    fn ledger(&mut self, output: &Path, ledger: &Ledger) -> Result<()> {
        let in_force = LedgerIndex::read(output)?.map(|index| index.paths()).unwrap_or_default();
        let (index, segments): (Vec<&FileEntry>, Vec<&FileEntry>) =
            ledger.files.iter().partition(|entry| entry.file == "ledger/index.json");
        for entry in segments.into_iter().chain(index) {
            let name = entry.file.strip_prefix("ledger/").filter(|name| is_plain(name)).ok_or_else(|| misplaced(entry))?;
            let target = output.join(&entry.file);
            if target.exists() && name != "index.json" {
                if file_sha256(&target)? == (entry.sha256.clone(), entry.bytes) {
                    continue;
                }
                if in_force.contains(name) {
                    return Err(diverged(output));
                }
            }
            let staged = self.staging.join(&entry.file);
            self.fetch(entry, &staged)?;
            put_in_place(&staged, &target)?;
        }
        Ok(())
    }

    fn done(&self) -> Result<()> {
        match std::fs::remove_dir_all(&self.staging) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(io_error("clear", &self.staging, &cause)),
            _ => Ok(()),
        }
    }
}

/// Whether a name stays inside the folder it is joined to.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn misplaced(entry: &FileEntry) -> Error {
    Error::unexpected("commit_damaged", format!("a commit names a file in the wrong place: {}", entry.file))
}

fn put_in_place(staged: &Path, target: &Path) -> Result<()> {
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent).map_err(|cause| io_error("create", parent, &cause))?;
    }
    std::fs::File::open(staged).and_then(|file| file.sync_all()).map_err(|cause| io_error("make durable", staged, &cause))?;
    std::fs::rename(staged, target).map_err(|cause| io_error("put in place", target, &cause))
}
