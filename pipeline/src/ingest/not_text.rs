//! Files that are not the delimited text their names say: what they are, and what to do about it.

use std::path::Path;

use crate::error::Error;

/// First bytes, what a file with them is, and what to do.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "a zip archive, as Excel workbooks are", "if it is a workbook, name it .xlsx; else unpack it"),
    (b"\xD0\xCF\x11\xE0", "an old Office file", "if it is a workbook, name it .xls"),
    (b"\x1F\x8B", "compressed with gzip", "name it .csv.gz"),
    (b"\x28\xB5\x2F\xFD", "compressed with zstd", "name it .csv.zst"),
    (b"\xFD7zXZ", "compressed with xz", "unpack it, or compress it with gzip or zstd"),
    (b"7z\xBC\xAF", "a 7z archive", "unpack it"),
    (b"PAR1", "a Parquet file", "name it .parquet"),
    (b"%PDF", "a PDF", "export the report as CSV or Excel instead"),
];

const MARKUP: &[&[u8]] = &[b"<!doctype html", b"<html", b"<table", b"<?xml"];

/// What bytes a file begins with, if they are those of something that is no delimited text.
pub fn kind_of(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, kind, advice)) = SIGNATURES.iter().find(|(signature, ..)| head.starts_with(signature)) {
        return Some((kind, advice));
    }
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let is_markup = MARKUP.iter().any(|mark| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)));
    is_markup.then_some(("a web page or XML", "export it as CSV or Excel; or open it in a spreadsheet and save it as one of them"))
}

/// The error for a file that is no text, if it is none.
pub fn not_text(path: &Path, head: &[u8]) -> Option<Error> {
    let (kind, advice) = kind_of(head)?;
    Some(Error::input("not_text", format!("the file is {kind}, not delimited text: {}", path.display())).hint(advice))
}
