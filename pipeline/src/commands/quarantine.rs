//! `arrears quarantine`: what could not be read, where it stands and what to do about it, and an overlay to fill in.

use super::load_config;
use super::query::print;
use crate::cli::QuarantineArguments;
use crate::error::{Error, Result, io_error};
use crate::publish::night::{night_folder, nights};
use crate::quality::Rule;
use crate::run::record::RunRecord;
use crate::run::words::count;
use crate::scoring::credit_review::export::csv::harmless;
use polars::prelude::{DataFrame, ParquetReader, SerReader as _};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Longest text of a value that is shown.
const SHOWN_CHARACTERS: usize = 60;

pub(super) fn run(arguments: &QuarantineArguments) -> Result<()> {
    let output = match &arguments.config.output {
        Some(output) => output.clone(),
        None => load_config(&arguments.config)?.output.value,
    };
    let night = looked_at(&output, arguments)?;
    let mut rows = read(&night.join("quarantine").join("part-00000.parquet"))?;
    rows.retain(|row| arguments.source.as_ref().is_none_or(|source| row.source == *source));
    match &arguments.overlay {
        None => print(listed(&rows).as_bytes()),
        Some(file) => {
            rows.retain(|row| row.stage == "ingest");
            write_template(file, &rows)
        }
    }
}

/// The night that is asked for, else the newest: staged, where the last run failed and left one.
fn looked_at(output: &Path, arguments: &QuarantineArguments) -> Result<PathBuf> {
    let published = nights(output)?;
    if let Some(date) = arguments.as_of {
        let date = date.to_string();
        if !published.contains(&date) {
            return Err(Error::input("no_night", format!("no such night: {date}"))
                .hint(format!("the published nights are: {}", published.join(", "))));
        }
        return Ok(night_folder(output, &date));
    }
    let runs = RunRecord::read_all(output)?;
    let staged = runs.last().filter(|run| run.status == "failed").map(|run| output.join("staging").join(&run.run_id));
    if let Some(staged) = staged.filter(|folder| folder.join("quarantine").exists()) {
        eprintln!("of the night that was not published: {}", staged.display());
        return Ok(staged);
    }
    let Some(newest) = published.last() else {
        return Err(Error::input("no_night", format!("nothing is published in {}", output.display()))
            .hint("run a night first: arrears run --as-of DATE"));
    };
    Ok(night_folder(output, newest))
}

/// A row of the table `quarantine`.
struct Row {
    source: String,
    file: String,
    line: i64,
    column: String,
    reason: String,
    value: String,
    record_key: String,
    raw: String,
    stage: String,
}

fn read(path: &Path) -> Result<Vec<Row>> {
    let file = std::fs::File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let rows: DataFrame = ParquetReader::new(file).finish()?;
    let lines = rows.column("line")?.i64()?.clone();
    let text = |name: &str, at: usize| -> Result<String> { Ok(rows.column(name)?.str()?.get(at).unwrap_or_default().to_owned()) };
    (0..rows.height())
        .map(|at| {
            Ok(Row {
                source: text("source", at)?,
                file: text("file", at)?,
                line: lines.get(at).unwrap_or_default(),
                column: text("column_name", at)?,
                reason: text("reason", at)?,
                value: text("detail", at)?,
                record_key: text("record_key", at)?,
                raw: text("raw_text", at)?,
                stage: text("stage", at)?,
            })
        })
        .collect()
}

/// One line a row, and for each reason what ought to hold.
fn listed(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let what = if row.column.is_empty() { &row.record_key } else { &row.column };
        let value: String = row.value.chars().take(SHOWN_CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let value = if row.column.is_empty() { String::new() } else { format!(" {value:?}") };
        let stage = if row.stage == "mended" { " (mended)" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}:{}  {}{stage}  {what}{value}", row.file, row.line, row.reason);
    }
    let reasons: BTreeSet<&str> = rows.iter().map(|row| row.reason.as_str()).collect();
    for (reason, rule) in reasons.iter().filter_map(|reason| Some((reason, Rule::named(reason)?))) {
        let _ = writeln!(text, "{reason}: {}", rule.asserts);
    }
    let _ = writeln!(text, "{}", count(rows.len() as u64, "row"));
    text
}

/// An overlay with everything but the values.
fn write_template(file: &Path, rows: &[Row]) -> Result<()> {
    let sources: BTreeSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
    if sources.len() > 1 {
        let names: Vec<&str> = sources.into_iter().collect();
        return Err(Error::usage("several_sources", "an overlay belongs to one source, and rows of several are in the quarantine")
            .hint(format!("name one with --source: {}", names.join(", "))));
    }
    if file.exists() {
        return Err(Error::usage("file_exists", format!("the file is there already: {}", file.display()))
            .hint("what it says would be lost; give another name"));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |cause: csv::Error| Error::unexpected("csv", "the overlay cannot be written").caused_by(&cause);
    writer.write_record(["file", "line", "column", "value", "was", "why", "who"]).map_err(failed)?;
    for row in rows {
        // Without a column at fault the whole record is to be given.
        let was = if row.column.is_empty() { &row.raw } else { &row.value };
        let line = row.line.to_string();
        let cells = [row.file.as_str(), &line, &row.column, "", &harmless(was), "", ""];
        writer.write_record(cells).map_err(failed)?;
    }
    let text = writer.into_inner().map_err(|cause| Error::unexpected("csv", "the overlay cannot be written").caused_by(cause.error()))?;
    std::fs::write(file, text).map_err(|cause| io_error("write", file, &cause))?;
    eprintln!("{} to fill in, in {}; name it in its source: overlay = \"…\"", count(rows.len() as u64, "row"), file.display());
    Ok(())
}
