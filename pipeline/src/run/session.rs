//! What every command that changes an output shares: its name, the lock, the record and the log of the run.

use super::clock;
use super::record::{ErrorRecord, RunRecord, run_folder};
use super::reporter::Reporter;
use crate::error::{ExitStatus, Result, io_error};
use crate::ingest::{LedgerIndex, commit_prepared, discard_prepared};
use crate::publish::lock::Lock;
use crate::publish::manifest::Manifest;
use crate::publish::night::{night_folder, nights};
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};

/// A command at work on an output, with its lock held.
pub struct Session<'a> {
    /// The output.
    pub output: PathBuf,
    /// The run's record, written again at the end.
    pub record: RunRecord,
    /// Where events go.
    pub reporter: &'a Reporter,
    started: DateTime<Utc>,
    step_started: DateTime<Utc>,
    _lock: Lock,
}

impl<'a> Session<'a> {
    /// Takes the lock, finishes what a killed run left between publishing and recording, and leaves a trace.
    ///
    /// # Errors
    /// When the output is locked or cannot be written.
    pub fn begin(output: &Path, command: &str, as_of_date: Option<String>, reporter: &'a Reporter) -> Result<Self> {
        let lock = Lock::take(output)?;
        let started = clock::now();
        let run_id = clock::run_id(started);
        let folder = run_folder(output, &run_id);
        std::fs::create_dir_all(&folder).map_err(|cause| io_error("create the run's folder", &folder, &cause))?;
        let record = RunRecord {
            run_id,
            command: command.into(),
            status: "running".into(),
            arrears_version: env!("CARGO_PKG_VERSION").into(),
            started_at: clock::instant(started),
            as_of_date,
            ..RunRecord::default()
        };
        record.write(output)?;
        reporter.log_to(&folder.join("log.ndjson"))?;
        finish_killed_run(output)?;
        Ok(Session { output: output.to_path_buf(), record, reporter, started, step_started: started, _lock: lock })
    }

    /// The run's folder.
    pub fn folder(&self) -> PathBuf {
        run_folder(&self.output, &self.record.run_id)
    }

    /// A step ended: its wall time goes into the record.
    pub fn step(&mut self, name: &str) {
        let now = clock::now();
        self.record.steps.push((name.into(), seconds(self.step_started, now)));
        self.step_started = now;
    }

    /// Writes the record for the last time and passes the result on.
    ///
    /// # Errors
    /// The failure of the command, or of writing its record.
    pub fn end<T>(mut self, result: Result<T>) -> Result<T> {
        let now = clock::now();
        self.record.finished_at = Some(clock::instant(now));
        self.record.seconds = Some(seconds(self.started, now));
        match &result {
            Ok(_) => self.record.exit_status = Some(0),
            Err(error) => {
                // What is published here stays published, whatever becomes of it elsewhere.
                let is_here = error.status() == ExitStatus::NotUploaded;
                self.record.status = if is_here { "not_uploaded".into() } else { "failed".into() };
                self.record.exit_status = Some(error.status() as i32);
                self.record.error = Some(ErrorRecord::from(error));
            }
        }
        let written = self.record.write(&self.output);
        // The command's own failure says more than that its record could not be written.
        result.and_then(|value| written.map(|()| value))
    }
}

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    to.signed_duration_since(from).as_seconds_f64()
}

/// A run publishes the night first and the ledger's index second. If it was killed between the two, the night names the
/// index that was prepared: then that index comes into force. If not, the prepared index never happened.
fn finish_killed_run(output: &Path) -> Result<()> {
    let Some(prepared) = LedgerIndex::read_prepared(output)? else { return Ok(()) };
    let fingerprint = prepared.fingerprint();
    for night in nights(output)? {
        let manifest = Manifest::read(&night_folder(output, &night))?;
        if manifest.is_some_and(|manifest| manifest.ledger.index == fingerprint) {
            return commit_prepared(output);
        }
    }
    discard_prepared(output)
}
