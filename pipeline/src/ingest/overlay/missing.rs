//! An overlay that is named in the configuration and not there: not written yet, or not where it is looked for.
//!
//! Whoever sets a source up names its overlay before there is anything to mend, and the nights must not wait for that. But
//! what somebody has filled in must not be passed over because of a slip in its name.

use super::entries::REQUIRED;
use crate::config::{Config, Source};
use crate::error::{Error, Result};
use crate::ingest::Progress;
use crate::ingest::store::LedgerIndex;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A header of an overlay is shorter than this.
const HEAD_BYTES: u64 = 256;

/// Says that nothing is mended yet.
///
/// # Errors
/// Exit status 4 when that cannot be so: its folder is missing, the ledger has taken it before, or an overlay that no source
/// names lies in its folder.
pub fn not_there_yet(
    path: &Path,
    name: &str,
    source: &Source,
    config: &Config,
    index: &LedgerIndex,
    progress: &dyn Progress,
) -> Result<()> {
    let missing = |hint: String| {
        Err(Error::input("overlay_missing", format!("there is no such overlay: {}", path.display()))
            .at(format!("{}:{}", config.path.display(), source.line))
            .hint(hint))
    };
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        return missing(format!("its folder is not there either: {}; make it, or correct `overlay`", folder.display()));
    }
    let was_taken = index.files.iter().any(|file| file.is_overlay && file.source == source.name && file.file == name);
    if was_taken {
        return missing(
            "it was taken before, and its rows stay in the ledger: put it back, or take `overlay` out of the source".to_owned(),
        );
    }
    let nobodys = overlays_in(folder).into_iter().find(|found| config.sources.iter().all(|source| source.overlay.as_ref() != Some(found)));
    if let Some(found) = nobodys {
        let found = found.strip_prefix(&config.directory).unwrap_or(&found).display().to_string();
        return missing(format!("no source names {found}, which is an overlay: did you mean it? overlay = \"{found}\""));
    }
    progress.note(&format!("no overlay yet: {name}; `arrears quarantine --overlay {name}` writes one where rows are to be mended"));
    Ok(())
}

/// Files of a folder that begin as an overlay does, by name.
fn overlays_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = files.filter(|path| begins_as_an_overlay(path)).collect();
    found.sort();
    found
}

fn begins_as_an_overlay(path: &Path) -> bool {
    let mut head = Vec::new();
    let is_read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head)).is_ok();
    let text = String::from_utf8_lossy(&head);
    let header = text.trim_start_matches('\u{FEFF}').lines().next().unwrap_or_default();
    let names: Vec<&str> = header.split(',').map(|name| name.trim().trim_matches('"')).collect();
    is_read && REQUIRED.iter().all(|name| names.contains(name))
}
