//! The only place that asks the time. Instants go into the record of a run and its log, never into what is published.

use chrono::{DateTime, SecondsFormat, Utc};

/// Now.
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// An instant as RFC 3339, to the millisecond.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A name for a run that sorts by time and differs between processes: `20250630T210000Z-4711`.
pub fn run_id(at: DateTime<Utc>) -> String {
    format!("{}-{}", at.format("%Y%m%dT%H%M%S%3fZ"), std::process::id())
}
