//! What is looked at of a file: all of it, or its head, a part from the middle and its tail where it is large.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::text_layout::{Encoded, TextLayout, encoding_of, find_header, layout_of};
use super::words::{HEADERS, header_score};
use crate::config::SheetChoice;
use crate::error::{Error, Result, io_error};
use crate::ingest::FileKind;
use crate::ingest::excel_input::WorkbookReader;
use crate::ingest::input::{open_stream, read_error};
use crate::ingest::not_text::not_text;
use crate::ingest::parquet_input;
use crate::ingest::records::{FieldCounts, Grid, Record, Splitter, first_record};
use crate::ingest::workbook::{CellKind, read_sheet, sheet_names};

/// Bytes that are looked at from the start of a file; a file that is not longer is looked at as a whole.
const HEAD_BYTES: usize = 16 << 20;
/// Bytes of a part from the middle, and of the tail.
const PART_BYTES: usize = 2 << 20;
/// Sheets of a workbook that are looked at.
const SHEETS: usize = 60;
/// Rows of a sheet.
const SHEET_ROWS: usize = 200_000;

/// What text files say besides their rows.
#[derive(Clone, Debug)]
pub struct TextFacts {
    /// How bytes are text.
    pub encoded: Encoded,
    /// How the text is cut.
    pub layout: TextLayout,
}

/// Rows of a file.
pub struct Sample {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub kind: FileKind,
    /// What is known of a text.
    pub text_facts: Option<TextFacts>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// All sheets of the workbook that a person sees.
    pub sheets: Vec<String>,
    /// The row of the header, where others stand above it.
    pub header_row: Option<u32>,
    /// The names of the columns; none when no header was found.
    pub header: Vec<String>,
    /// Whether this is all of the file.
    pub is_whole: bool,
    /// Records that have more or fewer fields than the header, or cannot be cut.
    pub broken: usize,
    text: Vec<u8>,
    grid: Grid,
    /// Records that are rows: none that repeats the header or says nothing at all.
    shown: Vec<usize>,
    /// What each field holds, in a workbook or a Parquet file.
    kinds: Vec<Option<CellKind>>,
}

impl Sample {
    /// Looks at a file; at a workbook once for each sheet that has the header of the one that says most.
    ///
    /// # Errors
    /// Exit status 4 when it cannot be read, is empty, or is nothing that can be a ledger.
    pub fn all_of(path: &Path) -> Result<Vec<Self>> {
        let kind = FileKind::of(path);
        let mut samples = match kind {
            FileKind::Text => vec![text_sample(path)?],
            FileKind::Workbook => workbook_samples(path)?,
            FileKind::Parquet => vec![parquet_sample(path)?],
        };
        for sample in &mut samples {
            sample.show_rows();
        }
        Ok(samples)
    }

    fn show_rows(&mut self) {
        let is_row = |row: usize| {
            let cells = || (0..self.header.len()).map(|column| self.text_of(row, column));
            !cells().all(str::is_empty) && !cells().zip(&self.header).all(|(cell, name)| cell == name.trim())
        };
        self.shown = (0..self.grid.records.len()).filter(|row| is_row(*row)).collect();
    }

    /// Leaves out rows for which this is true; what was counted before stays.
    pub fn leave_out(&mut self, is_out: &[bool]) {
        let shown = std::mem::take(&mut self.shown);
        self.shown =
            shown.into_iter().enumerate().filter(|(at, _)| !is_out.get(*at).copied().unwrap_or(false)).map(|(_, row)| row).collect();
    }

    fn text_of(&self, row: usize, column: usize) -> &str {
        std::str::from_utf8(self.grid.field(&self.text, row, column)).unwrap_or_default().trim()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.shown.len()
    }

    /// The text of a field, without outer blanks.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.text_of(self.shown[row], column)
    }

    /// What a field holds where the file says so; text where it says nothing.
    pub fn kind_of(&self, row: usize, column: usize) -> CellKind {
        self.kinds.get(self.shown[row] * self.header.len() + column).copied().flatten().unwrap_or(CellKind::Text)
    }

    /// The fields of a column.
    pub fn column(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        (0..self.rows()).map(move |row| self.cell(row, column))
    }

    /// The raw text of a row.
    pub fn raw(&self, row: usize) -> String {
        let record = self.grid.records[self.shown[row]];
        String::from_utf8_lossy(&self.text[record.start..record.end]).into_owned()
    }
}

fn text_sample(path: &Path) -> Result<Sample> {
    let (head, parts, is_whole) = read_parts(path)?;
    if head.is_empty() {
        return Err(Error::input("file_empty", format!("the file is empty: {}", path.display()))
            .hint("an export without rows still has a header; look at a file that has some"));
    }
    if let Some(error) = not_text(path, &head) {
        return Err(error);
    }
    let encoded = encoding_of(&head, is_whole);
    let decode = |bytes: &[u8]| encoded.encoding.decode_without_bom_handling(bytes).0.into_owned();
    let mut text = decode(&head[encoded.mark..]);
    if !is_whole {
        text.truncate(text.rfind('\n').map_or(text.len(), |end| end + 1));
    }
    let layout = layout_of(text.as_bytes());
    for part in parts {
        // A part begins and ends within a line.
        let part = decode(&part);
        let start = part.find('\n').map_or(part.len(), |end| end + 1);
        let end = part.rfind('\n').map_or(part.len(), |end| end + 1);
        text.push_str(part.get(start..end).unwrap_or_default());
    }
    let text = text.into_bytes();
    let header = layout.header.clone();
    let (mut grid, mut broken) = (Grid::with(counts_of(&header)), Vec::new());
    let mut line = 1;
    let mut at = 0;
    while layout.header_line.is_some_and(|header| line < header) && at < text.len() {
        at += memchr::memchr(b'\n', &text[at..]).map_or(text.len() - at, |end| end + 1);
        line += 1;
    }
    // A header may have line breaks of its own.
    if layout.header_line.is_some() && at < text.len() {
        let (_, length, lines) = first_record(&text[at..], layout.dialect);
        at += length;
        line += lines.max(2) - 1;
    }
    if layout.header_line.is_some() {
        Splitter::new(&text, at, line, layout.dialect).fill(&mut grid, usize::MAX, &mut broken);
    }
    // What is cut within a quoted field is not the fault of the file.
    let broken = if is_whole { broken.len() } else { 0 };
    let above = layout.header_line.filter(|_| !layout.titles.is_empty()).and_then(|line| u32::try_from(line).ok());
    Ok(Sample {
        path: path.to_owned(),
        kind: FileKind::Text,
        text_facts: Some(TextFacts { encoded, layout }),
        sheet: None,
        sheets: Vec::new(),
        header_row: above,
        header,
        is_whole,
        broken,
        text,
        grid,
        shown: Vec::new(),
        kinds: Vec::new(),
    })
}

/// Records may lack the trailing fields that have no name, and end in separators.
fn counts_of(header: &[String]) -> FieldCounts {
    let blank = header.iter().rev().take_while(|name| name.is_empty()).count();
    FieldCounts { width: header.len(), least: header.len() - blank.min(header.len().saturating_sub(1)), most: header.len() + 20 }
}

/// The start of a file, decompressed, and parts from its middle and its end where it is longer.
fn read_parts(path: &Path) -> Result<(Vec<u8>, Vec<Vec<u8>>, bool)> {
    let mut head = Vec::new();
    let mut stream = open_stream(path)?;
    stream.by_ref().take(HEAD_BYTES as u64 + 1).read_to_end(&mut head).map_err(|cause| read_error(path, &cause))?;
    if head.len() <= HEAD_BYTES {
        return Ok((head, Vec::new(), true));
    }
    let is_packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz") || extension.eq_ignore_ascii_case("zst"));
    let parts = if is_packed { parts_of_stream(path, &mut stream)? } else { parts_of_file(path)? };
    Ok((head, parts, false))
}

fn parts_of_file(path: &Path) -> Result<Vec<Vec<u8>>> {
    let mut file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    let length = file.metadata().map_err(|cause| io_error("look at", path, &cause))?.len();
    let mut parts = Vec::new();
    // None may say again what another has said: rows would seem to come twice.
    let mut from = HEAD_BYTES as u64;
    for start in [length / 2, length.saturating_sub(PART_BYTES as u64)] {
        let mut part = Vec::new();
        // Even, for encodings of two bytes.
        let start = start.max(from) & !1;
        file.seek(SeekFrom::Start(start)).map_err(|cause| io_error("read", path, &cause))?;
        (&mut file).take(PART_BYTES as u64).read_to_end(&mut part).map_err(|cause| io_error("read", path, &cause))?;
        from = start + part.len() as u64;
        parts.push(part);
    }
    Ok(parts)
}

/// What is packed must be read through: the part that follows each doubling of the length, of which the last stays, and the
/// end.
fn parts_of_stream(path: &Path, stream: &mut impl Read) -> Result<Vec<Vec<u8>>> {
    let (mut middle, mut tail, mut read, mut next) = (Vec::new(), Vec::new(), HEAD_BYTES, HEAD_BYTES);
    loop {
        let mut part = Vec::new();
        stream.by_ref().take(PART_BYTES as u64).read_to_end(&mut part).map_err(|cause| read_error(path, &cause))?;
        if part.is_empty() {
            return Ok(vec![middle, tail]);
        }
        read += part.len();
        if read >= next {
            next = read * 2;
            middle.clone_from(&part);
        }
        tail = part;
    }
}

fn workbook_samples(path: &Path) -> Result<Vec<Sample>> {
    let sheets = sheet_names(path)?;
    // Of each sheet how much its header says, where it stands, and what it is.
    let mut headed: Vec<(usize, &String, u32, usize, Vec<String>)> = Vec::new();
    for name in sheets.iter().take(SHEETS) {
        let sheet = read_sheet(path, Some(&SheetChoice::Name(name.clone())))?;
        let rows: Vec<(u64, Vec<String>)> = (0..sheet.rows.len().min(400))
            .map(|at| (sheet.line(at), sheet.cells[sheet.rows[at].clone()].iter().map(|cell| sheet.text(cell).trim().to_owned()).collect()))
            .collect();
        let Some(at) = find_header(&rows) else { continue };
        let known = rows[at].1.iter().filter(|name| HEADERS.iter().any(|(_, names)| header_score(name, names) > 0)).count();
        headed.push((known, name, u32::try_from(rows[at].0).unwrap_or(1), at, rows[at].1.clone()));
    }
    // The sheet whose header says most of what a ledger needs, the first of several.
    let Some(best) = headed.iter().rev().max_by_key(|(known, ..)| *known) else {
        return Err(Error::input("no_header", format!("no sheet has a row that looks like a header: {}", path.display()))
            .hint(format!("its sheets are: {}; write a source by hand with sheet and header_row", sheets.join(", "))));
    };
    let alike = headed.iter().filter(|(.., header)| *header == best.4);
    alike.map(|(_, name, row, at, _)| sheet_sample(path, &sheets, name, *row, *at > 0)).collect()
}

fn sheet_sample(path: &Path, sheets: &[String], name: &str, row: u32, has_titles: bool) -> Result<Sample> {
    let reader = WorkbookReader::open(path, Some(&SheetChoice::Name(name.to_owned())), Some(row))?;
    let (rows, is_whole) = reader.sample(SHEET_ROWS);
    let width = reader.header.len();
    let mut grid = Grid::new(width);
    for (row, record) in rows.records.iter().enumerate() {
        grid.push(*record, rows.fields[row * width..(row + 1) * width].iter().copied());
    }
    Ok(Sample {
        path: path.to_owned(),
        kind: FileKind::Workbook,
        text_facts: None,
        sheet: (sheets.first().is_none_or(|first| first != name)).then(|| name.to_owned()),
        sheets: sheets.to_vec(),
        header_row: has_titles.then_some(row),
        header: reader.header,
        is_whole,
        broken: 0,
        text: rows.text.into_bytes(),
        grid,
        shown: Vec::new(),
        kinds: rows.kinds,
    })
}

fn parquet_sample(path: &Path) -> Result<Sample> {
    let sample = parquet_input::sample(path)?;
    let width = sample.header.len();
    let mut grid = Grid::new(width);
    for (row, ends) in sample.starts.windows(2).enumerate() {
        let record = Record { start: ends[0], end: ends[1].max(1) - 1, line: row as u64 + 1 };
        grid.push(record, sample.fields[row * width..(row + 1) * width].iter().copied());
    }
    // What has a type is written as the reader writes it; only texts have formats of their own.
    let kind = |is_text: bool| Some(if is_text { CellKind::Text } else { CellKind::Date });
    let kinds = (0..grid.records.len()).flat_map(|_| sample.is_text.iter().map(|is_text| kind(*is_text))).collect();
    Ok(Sample {
        path: path.to_owned(),
        kind: FileKind::Parquet,
        text_facts: None,
        sheet: None,
        sheets: Vec::new(),
        header_row: None,
        header: sample.header,
        is_whole: sample.is_whole,
        broken: 0,
        text: sample.text.into_bytes(),
        grid,
        shown: Vec::new(),
        kinds,
    })
}
