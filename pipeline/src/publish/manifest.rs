//! `manifest.json`: the record of a night. It holds no instant and no name of a run: the same inputs, configuration,
//! version and dates give the same bytes.

use crate::error::{Error, Result, io_error};
use crate::ingest::{FileRecord, LedgerIndex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::Path;

/// Number of the published format. Newer programs read older formats; older ones refuse newer.
pub const SCHEMA_VERSION: u32 = 1;

/// A night's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Number of the published format.
    pub schema_version: u32,
    /// Version of the program.
    pub arrears_version: String,
    /// The business date.
    pub as_of_date: String,
    /// What was known when; `None` for everything.
    pub known_as_of: Option<String>,
    /// ISO code of the base currency.
    pub base_currency: String,
    /// What the night was computed from.
    pub inputs: Inputs,
    /// The ledger it read, so that what it saw can be had again.
    #[serde(default)]
    pub ledger: LedgerRecord,
    /// How many month ends it goes back.
    #[serde(default)]
    pub history_months: u32,
    /// Customers of the same group that were left out.
    pub intercompany_customers: u64,
    /// Every table.
    pub tables: Vec<TableEntry>,
    /// Files for other systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<ExportEntry>,
}

/// One file of the night that is no table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportEntry {
    /// The file, relative to the night.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// What a night was computed from; equal inputs mean there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Fingerprint of the ledger: every file and row that was accepted.
    pub ledger: String,
    /// Fingerprint of the configuration, as far as it changes numbers.
    pub config: String,
}

/// The ledger as it stood when a night read it. Files are numbered in the order they were ingested and nothing is taken out
/// again, so that the rows of the first `files` files are what the night could see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRecord {
    /// Fingerprint of the index.
    pub index: String,
    /// How many files had been ingested.
    pub files: u32,
    /// Fingerprint of these files: of another ledger it is another.
    pub deliveries: String,
}

impl LedgerRecord {
    /// The record of a ledger with this index.
    pub fn of(index: &LedgerIndex) -> Self {
        let files = u32::try_from(index.files.len()).unwrap_or(u32::MAX);
        LedgerRecord { index: index.fingerprint(), files, deliveries: deliveries(&index.files) }
    }

    /// Whether these are the files of a ledger that has grown from the recorded one.
    pub fn is_beginning_of(&self, files: &[FileRecord]) -> bool {
        let first = files.get(..self.files as usize);
        !self.deliveries.is_empty() && first.is_some_and(|first| deliveries(first) == self.deliveries)
    }
}

fn deliveries(files: &[FileRecord]) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(format!("{}\0{}\0{}\n", file.source, file.file, file.content_hash));
    }
    hex(&hasher.finalize())
}

/// One table of the night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    pub name: String,
    /// Its file, relative to the night.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl Manifest {
    /// Reads a night's manifest; `None` when there is no such night.
    ///
    /// # Errors
    /// When it is damaged, or of a newer format than this program knows (exit status 2).
    pub fn read(night: &Path) -> Result<Option<Self>> {
        let path = night.join("manifest.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(io_error("read", &path, &cause)),
        };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|cause| damaged(&path, &cause))?;
        let version = value.get("schema_version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > u64::from(SCHEMA_VERSION) {
            let what = format!("the night was published by a newer version (format {version}, this program knows {SCHEMA_VERSION})");
            return Err(Error::usage("newer_format", what).at(path.display()).hint("update arrears, or publish into another output"));
        }
        serde_json::from_value(value).map(Some).map_err(|cause| damaged(&path, &cause))
    }

    /// The manifest as it is written.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest holds only strings and numbers");
        text.push('\n');
        text
    }
}

fn damaged(path: &Path, cause: &(dyn std::error::Error + 'static)) -> Error {
    Error::unexpected("manifest_damaged", format!("not a manifest: {}", path.display()))
        .caused_by(cause)
        .hint("publish the night again with --replace")
}

/// SHA-256 of a file as lower-case hexadecimal, and its size.
///
/// # Errors
/// When it cannot be read.
pub fn file_sha256(path: &Path) -> Result<(String, u64)> {
    let mut file = std::fs::File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(|cause| io_error("read", path, &cause))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        hasher.update(&buffer[..read]);
    }
    Ok((hex(&hasher.finalize()), bytes))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
