//! The lines of an overlay.

use crate::error::{Error, Result, io_error};
use crate::scoring::credit_review::export::csv::as_written;
use std::path::Path;

/// What an overlay must have, and what it may have besides.
pub(super) const REQUIRED: [&str; 4] = ["file", "line", "column", "value"];
const OPTIONAL: [&str; 3] = ["was", "why", "who"];

/// One line of an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its line in the overlay.
    pub line: u64,
    /// The delivered file, as the quarantine names it.
    pub file: String,
    /// The row's line there.
    pub row: u64,
    /// The header of the column; nothing for the whole record.
    pub column: Option<String>,
    /// What should stand there.
    pub value: String,
    /// What stands there.
    pub was: Option<String>,
}

impl Entry {
    /// A line of a template that nobody has filled in says nothing.
    pub fn is_filled_in(&self) -> bool {
        !self.value.is_empty()
    }
}

/// Reads an overlay: commas, quotes where needed, UTF-8.
///
/// # Errors
/// Exit status 4 when it cannot be read, naming the line and the column.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read(path).map_err(|cause| io_error("read the overlay", path, &cause))?;
    let text = text.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new().from_reader(text);
    let unreadable = |cause: &csv::Error| {
        let line = cause.position().map_or(1, csv::Position::line);
        Error::input("overlay_unreadable", format!("the overlay cannot be read: {}", path.display()))
            .at(format!("{}:{line}", path.display()))
            .caused_by(cause)
            .hint("commas between fields, quotes around fields that have commas, UTF-8")
    };
    let header = reader.headers().map_err(|cause| unreadable(&cause))?.clone();
    let column = |name: &str| header.iter().position(|known| known.trim() == name);
    let columns = || REQUIRED.iter().chain(&OPTIONAL).copied().collect::<Vec<_>>().join(", ");
    let missing = REQUIRED.iter().find(|name| column(name).is_none());
    let unknown = header.iter().find(|name| !REQUIRED.contains(&name.trim()) && !OPTIONAL.contains(&name.trim()));
    if let Some(name) = missing {
        return Err(Error::input("overlay_unreadable", format!("a column is missing: {name}"))
            .at(format!("{}:1", path.display()))
            .hint(format!("an overlay has the columns {}; the last three may be missing", columns())));
    }
    if let Some(name) = unknown {
        return Err(Error::input("overlay_unreadable", format!("an overlay has no such column: {name}"))
            .at(format!("{}:1", path.display()))
            .hint(format!("an overlay has the columns {}", columns())));
    }
    let [file, line, name, value] = REQUIRED.map(|name| column(name).unwrap_or_default());
    let was = column("was");
    let mut entries = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|cause| unreadable(&cause))?;
        let own_line = record.position().map_or(0, csv::Position::line);
        let given = |at: usize| record.get(at).unwrap_or_default();
        let row = given(line).trim().parse::<u64>().map_err(|cause| {
            Error::input("overlay_unreadable", format!("not the number of a line: {:?}", given(line)))
                .at(format!("{}:{own_line}", path.display()))
                .caused_by(&cause)
                .hint("`line` is the line of the row in its file, as the quarantine says it")
        })?;
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        entries.push(Entry {
            line: own_line,
            file: given(file).trim().to_owned(),
            row,
            column: some(given(name).trim()),
            value: given(value).to_owned(),
            // A template marks texts that a spreadsheet would run.
            was: was.and_then(|was| some(as_written(given(was)))),
        });
    }
    Ok(entries)
}
