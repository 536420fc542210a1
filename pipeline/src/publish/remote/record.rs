//! `OUT/publication.json`: what this output had when it last agreed with a store.

use super::merge::Base;
use crate::error::{Result, io_error};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The last agreement with a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationRecord {
    /// The store's address.
    pub url: String,
    /// The commit.
    pub commit: u64,
    /// The nights that this output had.
    pub nights: Base,
}

fn path_of(output: &Path) -> PathBuf {
    output.join("publication.json")
}

impl PublicationRecord {
    /// The last agreement with the store of this address; an empty one when there was none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(output: &Path, url: &str) -> Result<Self> {
        let path = path_of(output);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => return Err(io_error("read", &path, &cause)),
        };
        // One that cannot be read says nothing: then only equal nights agree, which is safe.
        let record: Self = serde_json::from_str(&text).unwrap_or_default();
        Ok(if record.url == url { record } else { Self::default() })
    }

    /// Keeps it, whole or not at all.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&self, output: &Path) -> Result<()> {
        let path = path_of(output);
        let temporary = path.with_extension("json.new");
        let mut text = serde_json::to_string_pretty(self).expect("a record holds only texts and numbers");
        text.push('\n');
        std::fs::write(&temporary, text).map_err(|cause| io_error("write", &temporary, &cause))?;
        std::fs::rename(&temporary, &path).map_err(|cause| io_error("write", &path, &cause))
    }
}
