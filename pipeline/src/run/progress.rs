//! Progress of the ingest, as the reporter shows it.

use super::reporter::Reporter;
use crate::ingest::Progress;

/// Passes what an ingest says to a reporter.
pub struct Ingest<'a>(pub &'a Reporter);

impl Progress for Ingest<'_> {
    fn file_started(&self, file: &str, _bytes: u64) {
        self.0.start_counting(file, "rows");
    }

    fn rows_read(&self, rows: u64) {
        self.0.advance(rows);
    }

    fn file_finished(&self, _file: &str) {
        self.0.done();
    }

    fn note(&self, message: &str) {
        self.0.event("note", serde_json::json!({"message": message}), &format!("note: {message}"));
    }
}
