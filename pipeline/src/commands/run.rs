//! `arrears run`: one night.

use super::{end_of_day, load_config};
use crate::cli::RunArguments;
use crate::error::{Result, io_error};
use crate::run::clock;
use crate::run::nightly::{NightlyOptions, NightlyResult, run as run_night};
use crate::run::reporter::Reporter;
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn run(arguments: &RunArguments, reporter: &Reporter) -> Result<()> {
    let started = clock::now();
    let config = load_config(&arguments.config)?;
    let options = NightlyOptions {
        as_of: arguments.as_of,
        replace: arguments.replace,
        delivered_at: end_of_day(arguments.delivered_at.unwrap_or(arguments.as_of)),
        known_as_of: arguments.known_as_of,
        ledger_of: arguments.ledger_of.clone(),
    };
    let result = run_night(&config, &options, reporter)?;
    if let Some(path) = &arguments.metrics_file {
        let seconds = clock::now().signed_duration_since(started).as_seconds_f64();
        write_metrics(path, &result, seconds)?;
    }
    println!("{}", result.summary);
    Ok(())
}

/// Prometheus text format, written whole or not at all: a collector may read at any time.
fn write_metrics(path: &Path, result: &NightlyResult, seconds: f64) -> Result<()> {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: String| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    };
    gauge("arrears_last_success_timestamp_seconds", "When the last run succeeded.", clock::now().timestamp().to_string());
    gauge("arrears_run_duration_seconds", "Wall time of the run.", format!("{seconds:.3}"));
    gauge("arrears_quarantined_rows", "Rows quarantined by the run's ingest or left out of its night.", result.quarantined.to_string());
    let _ = writeln!(text, "# HELP arrears_published_rows Rows of each published table.\n# TYPE arrears_published_rows gauge");
    for (table, rows) in &result.tables {
        let _ = writeln!(text, "arrears_published_rows{{table=\"{table}\"}} {rows}");
    }
    let temporary = path.with_extension("prom.new");
    std::fs::write(&temporary, text).map_err(|cause| io_error("write", &temporary, &cause))?;
    std::fs::rename(&temporary, path).map_err(|cause| io_error("write", path, &cause))
}
