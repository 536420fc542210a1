//! The queue as CSV after RFC 4180: commas, quotes where needed, lines that end with CR LF, a heading.
//!
//! Spreadsheets run a text that begins with `=`, `+`, `-`, `@`, a tab, a carriage return or a line feed (or the wide forms of the
//! first four) as a formula, also in quotes. Such a text gets an apostrophe before it; so does one that begins with an apostrophe,
//! so that nothing is lost: whoever reads the file takes one apostrophe off the beginning of a text and has what was written.
//! Numbers are not texts: a negative amount stays one.

use super::cells::Cell;
use crate::catalog::credit_reviews::CREDIT_REVIEWS;

/// What a spreadsheet may take for the beginning of a formula, and the mark itself.
const DANGEROUS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', MARK];
/// What stands before a text that would be dangerous.
const MARK: char = '\'';

/// A text as no spreadsheet runs it.
///
/// ```
/// use arrears::scoring::credit_review::export::csv::{harmless, as_written};
/// assert_eq!(harmless("=HYPERLINK(\"http://x\")"), "'=HYPERLINK(\"http://x\")");
/// assert_eq!(harmless("C-100"), "C-100");
/// assert_eq!(as_written(&harmless("'tis")), "'tis");
/// ```
pub fn harmless(text: &str) -> String {
    if text.starts_with(DANGEROUS) { format!("{MARK}{text}") } else { text.to_owned() }
}

/// The text that [`harmless`] was given.
pub fn as_written(cell: &str) -> &str {
    cell.strip_prefix(MARK).unwrap_or(cell)
}

/// The whole file: the date and the base currency before the columns of the table.
pub(super) fn written(as_of_date: &str, base_currency: &str, rows: &[Vec<Cell>]) -> String {
    let heading = ["as_of_date", "base_currency"].into_iter().chain(CREDIT_REVIEWS.columns.iter().map(|column| column.name));
    let mut text = String::new();
    line(&mut text, heading.map(str::to_owned));
    for row in rows {
        let first = [as_of_date.to_owned(), base_currency.to_owned()];
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) => harmless(text),
            other => other.plain(),
        };
        line(&mut text, first.into_iter().chain(row.iter().map(cell)));
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}
