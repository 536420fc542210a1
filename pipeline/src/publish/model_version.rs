//! Model versions: a folder named by its content, with a card that says what the model is, what it was fitted on and what it is not
//! for.
//!
//! Responsible for names and files. What stands on a card is its model's business.

use crate::error::{Error, Result, io_error};
use polars::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// A model version that is ready to be kept.
#[derive(Clone, Debug)]
pub struct ModelVersion {
    /// What kind of model: `timing`, `risk`.
    pub kind: &'static str,
    /// Its name: the beginning of the SHA-256 of its files.
    pub version: String,
    /// Its files, by name.
    files: Vec<(&'static str, Vec<u8>)>,
}

impl ModelVersion {
    /// A version with this card and these tables.
    ///
    /// # Errors
    /// When Polars cannot write a table.
    pub fn new(kind: &'static str, card: &Value, tables: Vec<(&'static str, DataFrame)>) -> Result<Self> {
        let mut text = serde_json::to_string_pretty(card).expect("a card of words and finite numbers");
        text.push('\n');
        let mut files = vec![("card.json", text.into_bytes())];
        for (name, rows) in tables {
            files.push((name, parquet(rows)?));
        }
        let mut hash = Sha256::new();
        for (name, bytes) in &files {
            hash.update(name.as_bytes());
            hash.update(bytes);
        }
        let version = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(ModelVersion { kind, version, files })
    }

    /// Keeps the version under `models/<kind>/<version>/`; one that is there already is left as it is.
    ///
    /// # Errors
    /// When the disk is full or may not be written.
    pub fn keep(&self, output: &Path, run_id: &str) -> Result<()> {
        let target = output.join("models").join(self.kind).join(&self.version);
        if target.exists() {
            return Ok(());
        }
        let staged = output.join("staging").join(format!("{run_id}-{}", self.version));
        std::fs::create_dir_all(&staged).map_err(|cause| io_error("create", &staged, &cause))?;
        for (name, bytes) in &self.files {
            let path = staged.join(name);
            std::fs::write(&path, bytes).map_err(|cause| io_error("write", &path, &cause))?;
        }
        let parent = target.parent().ok_or_else(|| Error::unexpected("no_folder", "a model version has a folder above it"))?;
        std::fs::create_dir_all(parent).map_err(|cause| io_error("create", parent, &cause))?;
        std::fs::rename(&staged, &target).map_err(|cause| io_error("keep the model version", &target, &cause))
    }
}

fn parquet(mut rows: DataFrame) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut rows)?;
    Ok(bytes)
}
