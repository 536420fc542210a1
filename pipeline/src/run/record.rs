//! `runs/<run_id>/run_results.json`: what a run did. Written first with the status `running`, so that a crash leaves a
//! trace, and again at the end.

use crate::checks::Outcome;
use crate::error::{Error, Result, io_error};
use crate::ingest::IngestSummary;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A run's record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its name.
    pub run_id: String,
    /// The subcommand.
    pub command: String,
    /// `running`, `published`, `already_published`, `ingested`, `pulled`, `not_uploaded`, `failed`.
    pub status: String,
    /// Process exit status, once it is known.
    pub exit_status: Option<i32>,
    /// Version of the program.
    pub arrears_version: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// Wall time.
    pub seconds: Option<f64>,
    /// The business date, where the command has one.
    pub as_of_date: Option<String>,
    /// Files and rows.
    pub ingest: Option<IngestSummary>,
    /// Every check.
    pub checks: Vec<CheckRecord>,
    /// Rows of every published table.
    pub tables: Vec<(String, u64)>,
    /// Wall time of each step.
    pub steps: Vec<(String, f64)>,
    /// The failure.
    pub error: Option<ErrorRecord>,
    /// The last line.
    pub summary: Option<String>,
}

/// A check's outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckRecord {
    /// Its name.
    pub name: String,
    /// `pass`, `warn` or `fail`.
    pub status: String,
    /// Rows that must not exist.
    pub failing_rows: u64,
    /// Where they are kept, relative to the run's folder.
    pub rows_file: Option<String>,
}

impl CheckRecord {
    /// The record of an outcome whose rows are kept in `rows_file`.
    pub fn new(outcome: &Outcome, rows_file: Option<String>) -> Self {
        let status = match (outcome.holds(), outcome.blocks()) {
            (true, _) => "pass",
            (false, true) => "fail",
            (false, false) => "warn",
        };
        CheckRecord { name: outcome.name.into(), status: status.into(), failing_rows: outcome.rows, rows_file }
    }
}

/// A failure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorRecord {
    /// Its stable code.
    pub code: String,
    /// As it was printed.
    pub message: String,
}

impl From<&Error> for ErrorRecord {
    fn from(error: &Error) -> Self {
        ErrorRecord { code: error.code().into(), message: error.to_string() }
    }
}

/// The folder of a run.
pub fn run_folder(output: &Path, run_id: &str) -> PathBuf {
    output.join("runs").join(run_id)
}

impl RunRecord {
    /// Writes the record, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, output: &Path) -> Result<()> {
        let folder = run_folder(output, &self.run_id);
        std::fs::create_dir_all(&folder).map_err(|cause| io_error("create the run's folder", &folder, &cause))?;
        let path = folder.join("run_results.json");
        let temporary = folder.join("run_results.json.new");
        let mut text = serde_json::to_string_pretty(self).expect("a record holds only strings and numbers");
        text.push('\n');
        std::fs::write(&temporary, text).map_err(|cause| io_error("write", &temporary, &cause))?;
        std::fs::rename(&temporary, &path).map_err(|cause| io_error("write", &path, &cause))
    }

    /// Every record of an output, oldest first; folders without a readable record are passed over.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub fn read_all(output: &Path) -> Result<Vec<Self>> {
        let folder = output.join("runs");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(io_error("read", &folder, &cause)),
        };
        let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("run_results.json")).ok());
        let mut records: Vec<RunRecord> = texts.filter_map(|text| serde_json::from_str(&text).ok()).collect();
        records.sort_by(|a, b| (&a.started_at, &a.run_id).cmp(&(&b.started_at, &b.run_id)));
        Ok(records)
    }
}
