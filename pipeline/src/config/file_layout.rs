//! What a source says about the layout of its files beyond separators: which sheet of a workbook, where the header stands,
//! how single columns write their dates, and which marks stand beside amounts.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;

use super::{DatePattern, Document};
use crate::error::Result;

/// Which sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetChoice {
    /// The one of that name.
    Name(String),
    /// By its place in the workbook, from 1, hidden ones counted.
    Number(u32),
}

impl fmt::Display for SheetChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SheetChoice::Name(name) => f.write_str(name),
            SheetChoice::Number(number) => write!(f, "{number}"),
        }
    }
}

impl SheetChoice {
    /// The choice as TOML.
    pub fn toml(&self) -> String {
        match self {
            SheetChoice::Name(name) => super::quoted(name),
            SheetChoice::Number(number) => number.to_string(),
        }
    }
}

pub(super) fn sheet(document: &Document<'_>, value: Option<Spanned<toml::Value>>) -> Result<Option<SheetChoice>> {
    let Some(value) = value else { return Ok(None) };
    match value.get_ref() {
        toml::Value::String(name) if !name.is_empty() => Ok(Some(SheetChoice::Name(name.clone()))),
        toml::Value::Integer(number) if (1..=10_000).contains(number) => Ok(Some(SheetChoice::Number(u32::try_from(*number).unwrap_or(1)))),
        other => Err(document
            .error(&value, "bad_value", format!("`sheet` is neither a name nor a number from 1: {other}"))
            .hint("for example sheet = \"Open items\" or sheet = 2")),
    }
}

pub(super) fn header_row(document: &Document<'_>, value: Option<&Spanned<u32>>) -> Result<Option<u32>> {
    let Some(value) = value else { return Ok(None) };
    if (1..=10_000).contains(value.get_ref()) {
        return Ok(Some(*value.get_ref()));
    }
    Err(document
        .error(value, "bad_value", format!("`header_row` is not between 1 and 10000: {}", value.get_ref()))
        .hint("the first line of the file, or row of the sheet, is 1"))
}

/// Formats of single columns; `check` refuses a column that the source cannot fill.
pub(super) fn formats(
    document: &Document<'_>,
    formats: BTreeMap<Spanned<String>, Spanned<String>>,
    check: impl Fn(&Spanned<String>, &str) -> Result<()>,
) -> Result<BTreeMap<String, DatePattern>> {
    let mut checked = BTreeMap::new();
    for (column, format) in formats {
        check(&column, "formats")?;
        if let Some(pattern) = document.pattern("formats", Some(&format))? {
            checked.insert(column.into_inner(), pattern);
        }
    }
    Ok(checked)
}

/// Marks such as `$` or `EUR`; a digit, a sign or a separator in one would change numbers.
pub(super) fn marks(document: &Document<'_>, marks: Option<Vec<Spanned<String>>>) -> Result<Vec<String>> {
    let marks = marks.unwrap_or_default();
    for mark in &marks {
        let text = mark.get_ref();
        if text.is_empty() || text.trim() != text || text.chars().any(|letter| letter.is_numeric() || "-+()".contains(letter)) {
            return Err(document
                .error(mark, "bad_value", format!("`amount_marks` has a text that is no mark beside a number: {text:?}"))
                .hint("for example [\"$\"] or [\"EUR\", \"€\"]: no digits, no signs, no blanks around"));
        }
    }
    let mut marks: Vec<String> = marks.into_iter().map(Spanned::into_inner).collect();
    // The longer ones first, so that US$ is not taken for $.
    marks.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    marks.dedup();
    Ok(marks)
}

/// First words of rows that sum others up; compared without case.
pub(super) fn total_words(words: Option<Vec<String>>) -> Vec<String> {
    let words = words.unwrap_or_default().into_iter().map(|word| word.trim().to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}
