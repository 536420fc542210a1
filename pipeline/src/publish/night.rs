//! A night in the making: its tables are written under `staging/<run_id>/`, and it appears under
//! `marts/as_of_date=…/` by one rename. Replacing a night exchanges the two folders and keeps the old one in `replaced/`.

use super::manifest::{ExportEntry, Inputs, LedgerRecord, Manifest, SCHEMA_VERSION, TableEntry, file_sha256};
use super::table::TableWriter;
use crate::catalog::published::{TABLES, Table};
use crate::error::{Error, Result, io_error};
use crate::marts::frame::Sink;
use polars::prelude::DataFrame;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of a published night.
pub fn night_folder(output: &Path, as_of_date: &str) -> PathBuf {
    output.join("marts").join(format!("as_of_date={as_of_date}"))
}

/// The nights of an output, oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn nights(output: &Path) -> Result<Vec<String>> {
    let folder = output.join("marts");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(io_error("read", &folder, &cause)),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut nights: Vec<String> = names.filter_map(|name| name.strip_prefix("as_of_date=").map(str::to_owned)).collect();
    nights.sort();
    Ok(nights)
}

/// A night being built.
pub struct StagedNight {
    folder: PathBuf,
    writers: BTreeMap<&'static str, TableWriter>,
    exports: Vec<ExportEntry>,
}

impl StagedNight {
    /// Opens every table of the catalogue: each is published every night, even when empty.
    ///
    /// # Errors
    /// When the staging folder cannot be written.
    pub fn create(output: &Path, run_id: &str, metadata: &[(String, String)]) -> Result<Self> {
        let folder = output.join("staging").join(run_id);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|cause| io_error("clear", &folder, &cause))?;
        }
        let mut writers = BTreeMap::new();
        for table in TABLES {
            let mut metadata = metadata.to_vec();
            metadata.push(("table_name".into(), table.name.into()));
            writers.insert(table.name, TableWriter::create(table, &folder.join(file_of(table)), &metadata)?);
        }
        Ok(StagedNight { folder, writers, exports: Vec::new() })
    }

    /// Where the night is being built.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds a file for another system, as `exports/<name>`: no table, but part of the night and of its record.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn export(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let file = format!("exports/{name}");
        let path = self.folder.join(&file);
        let folder = self.folder.join("exports");
        std::fs::create_dir_all(&folder).map_err(|cause| io_error("create the folder", &folder, &cause))?;
        std::fs::write(&path, content).map_err(|cause| io_error("write", &path, &cause))?;
        sync(&path)?;
        let (sha256, bytes) = file_sha256(&path)?;
        self.exports.retain(|entry| entry.file != file);
        self.exports.push(ExportEntry { file, bytes, sha256 });
        self.exports.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(())
    }

    /// Finishes the tables and writes the manifest: the night is complete, and not yet visible.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(self, description: NightDescription) -> Result<CompleteNight> {
        let mut tables = Vec::new();
        for (name, writer) in self.writers {
            let rows = writer.finish()?;
            let file = format!("{name}/part-00000.parquet");
            let (sha256, bytes) = file_sha256(&self.folder.join(&file))?;
            tables.push(TableEntry { name: name.into(), file, rows, bytes, sha256 });
        }
        let manifest = Manifest {
            schema_version: SCHEMA_VERSION,
            arrears_version: env!("CARGO_PKG_VERSION").into(),
            as_of_date: description.as_of_date,
            known_as_of: description.known_as_of,
            base_currency: description.base_currency,
            inputs: description.inputs,
            ledger: description.ledger,
            history_months: description.history_months,
            intercompany_customers: description.intercompany_customers,
            tables,
            exports: self.exports,
        };
        let path = self.folder.join("manifest.json");
        std::fs::write(&path, manifest.to_json()).map_err(|cause| io_error("write", &path, &cause))?;
        sync(&path)?;
        sync(&self.folder)?;
        Ok(CompleteNight { folder: self.folder, manifest })
    }
}

impl Sink for StagedNight {
    fn write(&mut self, table: &str, rows: &DataFrame) -> Result<()> {
        let Some(writer) = self.writers.get_mut(table) else {
            return Err(Error::unexpected("unknown_table", format!("no such published table: {table}")));
        };
        if rows.height() == 0 {
            return Ok(());
        }
        writer.write(rows)
    }
}

/// What the manifest says beside the tables.
#[derive(Clone, Debug)]
pub struct NightDescription {
    /// The business date.
    pub as_of_date: String,
    /// What was known when.
    pub known_as_of: Option<String>,
    /// ISO code.
    pub base_currency: String,
    /// What the night is computed from.
    pub inputs: Inputs,
    /// The ledger it reads.
    pub ledger: LedgerRecord,
    /// How many month ends it goes back.
    pub history_months: u32,
    /// Customers of the same group that were left out.
    pub intercompany_customers: u64,
}

/// A night that is complete and checked, or about to be, and not yet visible.
#[derive(Debug)]
pub struct CompleteNight {
    /// Where it stands.
    pub folder: PathBuf,
    /// Its record.
    pub manifest: Manifest,
}

impl CompleteNight {
    /// Makes the night visible by one rename; an old night of the same date is exchanged with it and kept in `replaced/`.
    ///
    /// # Errors
    /// When the filesystem refuses; what is published is then what it was.
    pub fn publish(self, output: &Path, run_id: &str) -> Result<Manifest> {
        let target = night_folder(output, &self.manifest.as_of_date);
        let parent = output.join("marts");
        std::fs::create_dir_all(&parent).map_err(|cause| io_error("create", &parent, &cause))?;
        if target.exists() {
            let kept = output.join("replaced").join(run_id);
            std::fs::create_dir_all(&kept).map_err(|cause| io_error("create", &kept, &cause))?;
            exchange(&self.folder, &target)?;
            let old = kept.join(format!("as_of_date={}", self.manifest.as_of_date));
            std::fs::rename(&self.folder, &old).map_err(|cause| io_error("keep the replaced night", &old, &cause))?;
        } else {
            std::fs::rename(&self.folder, &target).map_err(|cause| io_error("publish", &target, &cause))?;
        }
        sync(&parent)?;
        Ok(self.manifest)
    }
}

/// Exchanges two folders in one step where the filesystem can; elsewhere by two renames, between which the night is
/// missing for an instant, never half.
fn exchange(staged: &Path, published: &Path) -> Result<()> {
    match renameat_with(CWD, staged, CWD, published, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL | rustix::io::Errno::OPNOTSUPP) => {
            let aside = staged.with_extension("replaced");
            let step =
                |from: &Path, to: &Path| std::fs::rename(from, to).map_err(|cause| io_error("exchange the night with", from, &cause));
            step(published, &aside)?;
            step(staged, published)?;
            step(&aside, staged)
        }
        Err(cause) => Err(io_error("exchange the night with", published, &cause.into())),
    }
}

fn file_of(table: &Table) -> String {
    format!("{}/part-00000.parquet", table.name)
}

/// Makes a file or a folder's entries durable.
fn sync(path: &Path) -> Result<()> {
    let file = std::fs::File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    file.sync_all().map_err(|cause| io_error("make durable", path, &cause))
}
