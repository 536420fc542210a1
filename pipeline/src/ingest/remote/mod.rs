//! Sources that do not lie in files of this machine. What is new of them is first fetched, whole, into a spool folder under
//! the output, and then read like any other file: hashing, recognising, reading raw text again all work unchanged.
//!
//! An object that the ledger has with the same name, length and version is not fetched again. The spool goes when the ingest
//! is done; what a killed run left of it goes when the next begins.

mod bucket;
mod database;
mod query;

use super::Progress;
use super::store::{FileRecord, LedgerIndex};
use crate::config::{Config, DeliveryKind, Remote, Source};
use crate::error::{Error, Result, io_error};
use database::Databases;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// What was fetched for a source.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Its files, by name.
    pub files: Vec<FetchedFile>,
    /// Whether each is meant by itself, not merely found in a folder.
    pub named_one_by_one: bool,
    /// Objects that the ledger knows and that were not fetched.
    pub known: u64,
}

/// A file in the spool.
#[derive(Debug)]
pub(super) struct FetchedFile {
    /// Its name: the object's, relative to the source's address; of a query the source's name with `.csv`.
    pub name: String,
    /// Where it was put.
    pub path: PathBuf,
    /// What the store says its version is; empty where it does not say.
    pub version: String,
}

/// Everything that was fetched; removed when dropped.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    sources: BTreeMap<String, Fetched>,
    /// Folders of the spool and what people know them by.
    names: Vec<(String, String)>,
}

impl Spool {
    /// Fetches what is new in the remote sources of a configuration.
    ///
    /// # Errors
    /// Exit status 4 when a store or a database cannot be reached or does not have what is asked for, 2 when it refuses.
    pub fn fetch(config: &Config, index: &LedgerIndex, progress: &dyn Progress) -> Result<Self> {
        let folder = config.output.join("staging").join("inputs-remote");
        let mut spool = Spool { folder, sources: BTreeMap::new(), names: Vec::new() };
        spool.clear()?;
        let mut databases = Databases::default();
        for (position, source) in config.sources.iter().enumerate() {
            let place = format!("{}:{}", config.path.display(), source.line);
            let folder = spool.folder.join(format!("{position:03}"));
            let fetched = match &source.remote {
                None => continue,
                Some(Remote::Objects(location)) => {
                    spool.names.push((format!("{}/", folder.display()), format!("{}/", bucket::folder_of(location))));
                    bucket::fetch(source, location, &config.object_store, index, (&folder, progress))
                }
                Some(Remote::Query(query)) => {
                    spool.names.push((format!("{}/", folder.display()), "the query of ".to_owned()));
                    query::fetch(source, query, &mut databases, (&folder, progress))
                }
            };
            let fetched = fetched.map_err(|error| error.of_source(&source.name, &place))?;
            spool.sources.insert(source.name.clone(), fetched);
        }
        Ok(spool)
    }

    /// What was fetched for a source; `None` when it lies in files of this machine.
    pub fn of(&self, source: &Source) -> Option<&Fetched> {
        self.sources.get(&source.name)
    }

    /// Objects that were not fetched because the ledger has them.
    pub fn known_files(&self) -> u64 {
        self.sources.values().map(|fetched| fetched.known).sum()
    }

    /// An error that speaks of addresses and not of the spool.
    pub fn in_words_of_the_source(&self, error: Error) -> Error {
        self.names.iter().fold(error, |error, (spooled, known_as)| error.replacing(spooled, known_as))
    }

    fn clear(&self) -> Result<()> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(io_error("clear", &self.folder, &cause)),
            _ => Ok(()),
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What cannot be removed now is removed when the next ingest begins.
        let _ = self.clear();
    }
}

/// An object as a store lists it.
struct Listed<'m> {
    name: &'m str,
    bytes: u64,
    version: String,
}

/// Which of the objects of a source the ledger has already. As for files of this machine the last content of a name counts,
/// and an undated full delivery means something only as a whole: unless it is the last one unchanged, all of it is needed.
fn are_known(index: &LedgerIndex, source: &Source, listed: &[Listed<'_>]) -> Vec<bool> {
    let records = || index.files.iter().filter(|record| record.source == source.name);
    let last: HashMap<&str, &FileRecord> = records().map(|record| (record.file.as_str(), record)).collect();
    let is_known = |object: &Listed<'_>| {
        let same = |record: &&FileRecord| record.bytes == object.bytes && record.remote_version == object.version;
        !object.version.is_empty() && last.get(object.name).is_some_and(same)
    };
    let mut known: Vec<bool> = listed.iter().map(is_known).collect();
    if source.delivery == DeliveryKind::Full && source.delivered_at.is_none() {
        let newest = records().map(|record| (record.delivered_at, record.batch)).max();
        let whole = records().filter(|record| Some((record.delivered_at, record.batch)) == newest);
        let before: BTreeSet<&str> = whole.map(|record| record.file.as_str()).collect();
        let now: BTreeSet<&str> = listed.iter().map(|object| object.name).collect();
        if before != now || known.contains(&false) {
            known.fill(false);
        }
    }
    known
}

/// A file of a remote source that a run would look at.
#[derive(Debug)]
pub(super) struct PlannedRemote {
    /// Its name.
    pub name: String,
    /// Its length, where that is known before it is fetched.
    pub bytes: Option<u64>,
    /// Whether it would be fetched.
    pub is_new: bool,
}

/// What a run would look at in a remote source. Objects are listed, queries are not run.
///
/// # Errors
/// As [`Spool::fetch`].
pub(super) fn planned(config: &Config, source: &Source, remote: &Remote, index: &LedgerIndex) -> Result<Vec<PlannedRemote>> {
    let place = format!("{}:{}", config.path.display(), source.line);
    let planned = match remote {
        Remote::Query(_) => Ok(vec![PlannedRemote { name: query::file_name(source), bytes: None, is_new: true }]),
        Remote::Objects(location) => bucket::planned(source, location, &config.object_store, index),
    };
    planned.map_err(|error| error.of_source(&source.name, &place))
}

/// Makes the folder of a source in the spool.
fn create(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|cause| io_error("create", folder, &cause))
}
