//! What is published, as a list of files: the nights, the ledger, the versions of models and forecasts that are kept.
//!
//! Every file has an object that is named for its content, so that a name never means two things.

use crate::error::{Result, io_error};
use crate::ingest::LedgerIndex;
use crate::publish::manifest::{Inputs, LedgerRecord, Manifest, file_sha256, hex};
use crate::publish::night::{night_folder, nights};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A file and its object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The file, relative to the output.
    pub file: String,
    /// The object, relative to the store's address.
    pub object: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// What the ledger's index calls its content, so that it need not be read to know that it is the same.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_hash: String,
}

impl FileEntry {
    /// The entry of a file with this content.
    pub fn new(file: String, bytes: u64, sha256: String) -> Self {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", &file));
        let extension = name.rsplit_once('.').map_or(String::new(), |(_, extension)| format!(".{extension}"));
        let object = format!("{folder}/{sha256}{extension}");
        FileEntry { object, file, bytes, sha256, content_hash: String::new() }
    }

    fn of(output: &Path, file: String) -> Result<Self> {
        let (sha256, bytes) = file_sha256(&output.join(&file))?;
        Ok(Self::new(file, bytes, sha256))
    }
}

/// A night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    /// SHA-256 of its manifest, which names the content of every table: what tells two nights of one date apart.
    pub manifest: String,
    /// What it was computed from.
    pub inputs: Inputs,
    /// Its files, the manifest last.
    pub files: Vec<FileEntry>,
}

/// The ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Which deliveries it consists of.
    pub record: LedgerRecord,
    /// Its files, the index last.
    pub files: Vec<FileEntry>,
}

/// Everything that is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// By date.
    pub nights: BTreeMap<String, Night>,
    /// The ledger, where the output keeps one.
    pub ledger: Option<Ledger>,
    /// Versions of models and first forecasts, by folder: what is kept under a name is never changed.
    pub kept: BTreeMap<String, Vec<FileEntry>>,
}

impl State {
    /// What an output has. What `known` has too is not read again.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of(output: &Path, known: Option<&State>) -> Result<Self> {
        let empty = State::default();
        let known = known.unwrap_or(&empty);
        let mut state = State { ledger: ledger(output, known.ledger.as_ref())?, ..State::default() };
        for as_of_date in nights(output)? {
            if let Some(night) = night(output, &as_of_date)? {
                state.nights.insert(as_of_date, night);
            }
        }
        for folder in kept_folders(output)? {
            let files = match known.kept.get(&folder) {
                Some(files) => files.clone(),
                None => files_in(output, &folder)?,
            };
            state.kept.insert(folder, files);
        }
        Ok(state)
    }

    /// Gives other names to the objects that only this state lists and that a clean-up may remove at any moment.
    pub fn avoid(&mut self, condemned: &BTreeMap<String, String>, known: &State, number: u64) {
        if condemned.is_empty() {
            return;
        }
        let known: BTreeSet<&str> = known.files().map(|entry| entry.object.as_str()).collect();
        let nights = self.nights.values_mut().flat_map(|night| &mut night.files);
        let ledger = self.ledger.iter_mut().flat_map(|ledger| &mut ledger.files);
        for entry in nights.chain(ledger).chain(self.kept.values_mut().flatten()) {
            if condemned.contains_key(&entry.object) && !known.contains(entry.object.as_str()) {
                let (stem, extension) = entry.object.rsplit_once('.').unwrap_or((&entry.object, ""));
                let dot = if extension.is_empty() { "" } else { "." };
                entry.object = format!("{stem}-{number}{dot}{extension}");
            }
        }
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        let nights = self.nights.values().flat_map(|night| &night.files);
        let ledger = self.ledger.iter().flat_map(|ledger| &ledger.files);
        nights.chain(ledger).chain(self.kept.values().flatten())
    }
}

fn night(output: &Path, as_of_date: &str) -> Result<Option<Night>> {
    let folder = night_folder(output, as_of_date);
    let Some(manifest) = Manifest::read(&folder)? else { return Ok(None) };
    let path = folder.join("manifest.json");
    let text = std::fs::read(&path).map_err(|cause| io_error("read", &path, &cause))?;
    let name = |file: &str| format!("marts/as_of_date={as_of_date}/{file}");
    let tables = manifest.tables.iter().map(|table| FileEntry::new(name(&table.file), table.bytes, table.sha256.clone()));
    let exports = manifest.exports.iter().map(|export| FileEntry::new(name(&export.file), export.bytes, export.sha256.clone()));
    let sha256 = hex(&Sha256::digest(&text));
    let own = FileEntry::new(name("manifest.json"), text.len() as u64, sha256.clone());
    Ok(Some(Night { manifest: sha256, files: tables.chain(exports).chain([own]).collect(), inputs: manifest.inputs }))
}

fn ledger(output: &Path, known: Option<&Ledger>) -> Result<Option<Ledger>> {
    let Some(index) = LedgerIndex::read(output)? else { return Ok(None) };
    let record = LedgerRecord::of(&index);
    if let Some(known) = known.filter(|known| known.record == record) {
        return Ok(Some(known.clone()));
    }
    let known: BTreeMap<&str, &FileEntry> = known.iter().flat_map(|ledger| &ledger.files).map(|file| (file.file.as_str(), file)).collect();
    let hashes = content_hashes(&index);
    let mut files = Vec::new();
    for path in index.paths() {
        let file = format!("ledger/{path}");
        let content_hash = hashes.get(&path).cloned().unwrap_or_default();
        let same = |entry: &&&FileEntry| !content_hash.is_empty() && entry.content_hash == content_hash;
        files.push(match known.get(file.as_str()).filter(same) {
            Some(entry) => (*entry).clone(),
            None => FileEntry { content_hash, ..FileEntry::of(output, file)? },
        });
    }
    files.push(FileEntry::of(output, "ledger/index.json".into())?);
    Ok(Some(Ledger { record, files }))
}

/// The content hashes that an index knows, by path.
fn content_hashes(index: &LedgerIndex) -> BTreeMap<String, String> {
    let tables = index.tables.values().flat_map(|table| table.segments.iter().chain(&table.keys));
    tables.chain(&index.quarantine).map(|segment| (segment.file.clone(), segment.content_hash.clone())).collect()
}

/// The folders whose content never changes: `models/<kind>/<version>` and `vintages/as_of_date=…`.
fn kept_folders(output: &Path) -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for kind in names_in(output, "models")? {
        let kind = format!("models/{kind}");
        folders.extend(names_in(output, &kind)?.into_iter().map(|version| format!("{kind}/{version}")));
    }
    folders.extend(names_in(output, "vintages")?.into_iter().map(|date| format!("vintages/{date}")));
    Ok(folders)
}

fn files_in(output: &Path, folder: &str) -> Result<Vec<FileEntry>> {
    let mut files = Vec::new();
    for name in names_in(output, folder)? {
        let name = format!("{folder}/{name}");
        if output.join(&name).is_dir() {
            files.extend(files_in(output, &name)?);
        } else {
            files.push(FileEntry::of(output, name)?);
        }
    }
    Ok(files)
}

/// What lies in a folder of the output, sorted; nothing when there is none.
fn names_in(output: &Path, folder: &str) -> Result<Vec<String>> {
    let path = output.join(folder);
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(cause) if matches!(cause.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(cause) => return Err(io_error("read", &path, &cause)),
    };
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
