//! A ledger that is written and waits to be made visible.

use std::path::{Path, PathBuf};

use super::store::write_prepared;
use super::{IngestSummary, LedgerIndex, commit_prepared, discard_prepared};
use crate::error::Result;

/// A ledger that is written but not yet visible.
#[derive(Debug)]
#[must_use = "a pending ledger is invisible until it is committed"]
pub struct PendingLedger {
    /// The index that will be in force; equal to the one in force when nothing is new.
    pub index: LedgerIndex,
    /// What was done.
    pub summary: IngestSummary,
    /// Whether there is anything to commit.
    pub is_changed: bool,
    pub(super) out: PathBuf,
}

impl PendingLedger {
    /// The ledger kept under `out`, as it is: there is nothing to commit.
    pub fn as_kept(out: &Path, index: LedgerIndex) -> Self {
        PendingLedger { index, summary: IngestSummary::default(), is_changed: false, out: out.to_owned() }
    }

    /// Writes `index.next.json`, from which [`commit_prepared`] can finish after a crash.
    ///
    /// # Errors
    /// Exit status 1.
    pub fn prepare(&self) -> Result<()> {
        if self.is_changed { write_prepared(&self.out, &self.index) } else { Ok(()) }
    }

    /// Makes the ledger visible: one rename.
    ///
    /// # Errors
    /// Exit status 1.
    pub fn commit(self) -> Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        if LedgerIndex::read_prepared(&self.out)?.as_ref() != Some(&self.index) {
            self.prepare()?;
        }
        commit_prepared(&self.out)
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// Exit status 1.
    pub fn discard(self) -> Result<()> {
        if self.is_changed { discard_prepared(&self.out) } else { Ok(()) }
    }
}
