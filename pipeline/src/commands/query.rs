//! `arrears query`: SQL over what is published, through the engine that the analyst has.

use super::load_config;
use crate::cli::{QueryArguments, RowFormat};
use crate::engine::harmless::HarmlessCsv;
use crate::engine::statements::question;
use crate::engine::{Answer, Engine, EngineMessage, Rows, quote};
use crate::error::{Error, Result, io_error};
use crate::ingest::LedgerIndex;
use crate::publish::derived::views_sql;
use crate::publish::night::nights;
use crate::run::words::count;
use std::io::{ErrorKind, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

pub(super) fn run(arguments: &QueryArguments) -> Result<()> {
    let question = question(&sql_of(arguments)?)?;
    let output = output_of(arguments)?;
    if nights(&output)?.is_empty() {
        return Err(Error::input("no_night", format!("nothing is published in {}", output.display()))
            .hint("publish a night first: arrears run --as-of DATE"));
    }
    let engine = Engine::find()?;
    // The engine works in the output, where the views look for their files; what does not fit the memory goes elsewhere.
    let spill = std::env::temp_dir().join(format!("arrears-query-{}", std::process::id()));
    let script = format!("SET temp_directory = {};\n{}\n{}", quote(&spill.to_string_lossy()), views(&output)?, question.preparation);
    let format = arguments.format.unwrap_or(if std::io::stdout().is_terminal() { RowFormat::Table } else { RowFormat::Csv });
    let rows = if format == RowFormat::Json { Rows::Json } else { Rows::Csv };
    let mut kept = Vec::new();
    let mut harmless = HarmlessCsv::default();
    let answer = engine.run(&script, &question.query, rows, &output, &mut |part| {
        if format == RowFormat::Table {
            kept.extend_from_slice(part);
            return Ok(());
        }
        if format == RowFormat::Csv { print(&harmless.part(part)) } else { print(part) }
    });
    let _ = std::fs::remove_dir_all(&spill);
    match answer? {
        Answer::Rows if format == RowFormat::Table => print(table(&kept)?.as_bytes()),
        Answer::Rows => print(&harmless.end()),
        Answer::Refused(said) => {
            let error = Error::usage("query_failed", "the engine refuses the query").caused_by(&EngineMessage(said));
            let error = if let Some(file) = &arguments.file { error.at(file.display()) } else { error };
            Err(error.hint("arrears query \"SHOW TABLES\" lists the tables, \"DESCRIBE kpis\" the columns of one"))
        }
    }
}

fn sql_of(arguments: &QueryArguments) -> Result<String> {
    match (&arguments.file, arguments.sql.as_deref()) {
        (Some(file), _) => std::fs::read_to_string(file).map_err(|cause| io_error("read the query", file, &cause)),
        (None, Some("-")) => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|cause| io_error("read the query", Path::new("standard input"), &cause))?;
            Ok(text)
        }
        (None, sql) => Ok(sql.unwrap_or_default().to_owned()),
    }
}

/// An analyst may have what is published and no configuration.
fn output_of(arguments: &QueryArguments) -> Result<PathBuf> {
    match &arguments.config.output {
        Some(output) => Ok(output.clone()),
        None => Ok(load_config(&arguments.config)?.output.value),
    }
}

/// `views.sql`; where it was lost, what the next night would write.
fn views(output: &Path) -> Result<String> {
    let path = output.join("views.sql");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text),
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            let index = LedgerIndex::read(output)?.unwrap_or_else(LedgerIndex::empty);
            let segments = index.tables.get("customers").map(|table| table.segments.as_slice()).unwrap_or_default();
            Ok(views_sql(&segments.iter().map(|segment| format!("ledger/{}", segment.file)).collect::<Vec<_>>()))
        }
        Err(cause) => Err(io_error("read the views", &path, &cause)),
    }
}

/// Whoever reads may stop reading: `arrears query … | head` ends well.
pub(super) fn print(bytes: &[u8]) -> Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(cause) if cause.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(cause) => Err(io_error("write", Path::new("standard output"), &cause)),
        Ok(()) => Ok(()),
    }
}

/// Rows as people read them: aligned columns, numbers to the right, nothing for null, and how many rows there are.
fn table(csv_text: &[u8]) -> Result<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv_text);
    let rows: std::result::Result<Vec<csv::StringRecord>, csv::Error> = reader.records().collect();
    let rows = rows.map_err(|cause| Error::unexpected("sql_engine", "the engine's rows cannot be read").caused_by(&cause))?;
    let Some(heading) = rows.first() else { return Ok(format!("{}\n", count(0, "row"))) };
    let columns: Vec<Column> = (0..heading.len()).map(|at| Column::of(&rows, at)).collect();
    let line = |row: &csv::StringRecord| {
        let cells: Vec<String> = columns.iter().enumerate().map(|(at, column)| column.cell(row.get(at).unwrap_or_default())).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut text = line(heading);
    text += &format!("{}\n", columns.iter().map(|column| "-".repeat(column.width)).collect::<Vec<_>>().join("  "));
    text.extend(rows[1..].iter().map(line));
    text += &format!("{}\n", count(rows.len() as u64 - 1, "row"));
    Ok(text)
}

struct Column {
    width: usize,
    is_number: bool,
}

impl Column {
    fn of(rows: &[csv::StringRecord], at: usize) -> Self {
        let cells = || rows.iter().map(|row| row.get(at).unwrap_or_default());
        let given = || cells().skip(1).filter(|cell| !cell.is_empty());
        Column {
            width: cells().map(|cell| cell.chars().count()).max().unwrap_or(0),
            is_number: given().next().is_some() && given().all(|cell| cell.parse::<f64>().is_ok()),
        }
    }

    /// Padded to the width; a line end inside would break the table, and becomes a blank.
    fn cell(&self, text: &str) -> String {
        let text = text.replace(['\n', '\r'], " ");
        let width = self.width;
        if self.is_number { format!("{text:>width$}") } else { format!("{text:<width$}") }
    }
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn a_table_aligns_numbers_to_the_right_and_leaves_nulls_blank() {
        let text = table(b"customer_id,overdue,since\n\"A, B\",10530.00,2025-04-14\nC,7.5,\n").expect("it is a table");
        let expected = "\
customer_id   overdue  since
-----------  --------  ----------
A, B         10530.00  2025-04-14
C                 7.5
2 rows
";
        assert_eq!(text, expected);
        assert_eq!(table(b"a\n").expect("it is a table"), "a\n-\n0 rows\n");
    }
}
