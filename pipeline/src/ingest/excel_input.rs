//! Workbooks as a source: the cells of a sheet become the fields of records, so that every check, rule and hash is the same
//! as for delimited text. What has a type in the sheet is written in one way and read in that way; texts keep the formats
//! of the configuration. A row's line is its row number in the sheet.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::columns::Origin;
use super::kept_text::{KEPT_DIALECT, record_of};
use super::pipeline::BlockSource;
use super::reason;
use super::records::{Grid, Record};
use super::rows::{BlockOutput, BlockRows, FileContext, RECORDS_AT_ONCE};
use super::workbook::{Cell, CellKind, Sheet, place, read_sheet};
use crate::catalog::ledger_tables::Kind;
use crate::config::SheetChoice;
use crate::error::{Error, Result};

/// Rows of a block.
const BLOCK_ROWS: usize = 1 << 15;

/// Reads a sheet block by block.
pub struct WorkbookReader {
    place: String,
    sheet: Arc<Sheet>,
    /// The columns of the sheet in which anything stands, in order: field 0 is the first of them.
    fields: Vec<u32>,
    /// How they are read.
    pub columns: Arc<Vec<SheetColumn>>,
    next: usize,
    /// The names in the header row, one for each of these columns; blank where a column has none.
    pub header: Vec<String>,
}

/// A column of the sheet, and how its numbers are written.
#[derive(Clone, Copy, Debug)]
pub struct SheetColumn {
    /// Its number in the sheet.
    column: u32,
    /// Whether anything is mapped to it.
    is_mapped: bool,
    /// The decimal separator of its texts, where it holds numbers: its numbers are written so too.
    decimal: u8,
}

/// Some rows of a sheet.
pub struct SheetBlock {
    sheet: Arc<Sheet>,
    columns: Arc<Vec<SheetColumn>>,
    rows: Range<usize>,
}

impl WorkbookReader {
    /// Reads a sheet and finds its header.
    ///
    /// # Errors
    /// Exit status 4 when the workbook cannot be read, or has no such sheet or header row.
    pub fn open(path: &Path, choice: Option<&SheetChoice>, header_row: Option<u32>) -> Result<Self> {
        let sheet = read_sheet(path, choice)?;
        let place = place(path, &sheet.name);
        let position = match header_row {
            None => 0,
            Some(row) => sheet.rows.iter().position(|range| sheet.cells[range.start].row + 1 == row).unwrap_or(sheet.rows.len()),
        };
        let Some(header_cells) = sheet.rows.get(position).map(|range| &sheet.cells[range.clone()]) else {
            let what = match header_row {
                Some(row) => format!("row {row}, where the header should be, is empty"),
                None => "the sheet is empty".to_owned(),
            };
            let last = sheet.rows.len().checked_sub(1).map_or(0, |last| sheet.line(last));
            return Err(Error::input("header_row_missing", what).at(&place).hint(format!(
                "the last row with anything in it is {last}; correct sheet or header_row in its source, row numbers are those of the sheet"
            )));
        };
        let row = header_cells.first().map_or(0, |cell| cell.row);
        let fields: BTreeSet<u32> =
            sheet.rows[position..].iter().flat_map(|range| &sheet.cells[range.clone()]).map(|cell| cell.column).collect();
        let fields: Vec<u32> = fields.into_iter().collect();
        let header = fields.iter().map(|column| name_of(&sheet, header_cells, row, *column, &place)).collect::<Result<Vec<_>>>()?;
        let columns = fields.iter().map(|column| SheetColumn { column: *column, is_mapped: true, decimal: b'.' }).collect();
        Ok(WorkbookReader { place, sheet: Arc::new(sheet), fields, columns: Arc::new(columns), next: position + 1, header })
    }

    /// Sets the plan to read what this module writes.
    ///
    /// # Errors
    /// Exit status 2 when a date format of the texts would read the dates of the cells as other days.
    pub fn with_plan(mut self, context: &mut FileContext) -> Result<Self> {
        let mut columns: Vec<SheetColumn> =
            self.fields.iter().map(|column| SheetColumn { column: *column, is_mapped: false, decimal: b'.' }).collect();
        for plan in &mut context.plan.columns {
            if let Origin::Joined(joined) = &plan.origin {
                joined.fields().for_each(|field| columns[field].is_mapped = true);
            }
            let Origin::Field(field) = plan.origin else { continue };
            columns[field].is_mapped = true;
            match plan.column.kind {
                Kind::Amount | Kind::Percent | Kind::Rate => columns[field].decimal = plan.decimal.decimal,
                Kind::Date | Kind::Instant => {
                    let text = plan.pattern.text().to_owned();
                    plan.pattern = plan.pattern.clone().or_iso().ok_or_else(|| {
                        Error::usage("config_conflict", format!("a date format reads the dates of a workbook as other days: {text}"))
                            .at(&self.place)
                            .hint("year, day, month is no order that a workbook's dates can stand beside; write the texts as dates")
                    })?;
                }
                _ => {}
            }
        }
        self.columns = Arc::new(columns);
        Ok(self)
    }
}

impl WorkbookReader {
    /// The first rows below the header as text, at most so many, and whether these are all.
    pub fn sample(&self, rows_max: usize) -> (SheetText, bool) {
        let all = self.next..self.sheet.rows.len();
        let rows = self.next..all.end.min(self.next + rows_max);
        let is_whole = rows == all;
        (as_text(&SheetBlock { sheet: Arc::clone(&self.sheet), columns: Arc::clone(&self.columns), rows }), is_whole)
    }
}

/// The name of a column; a name that is merged downwards into the header row counts, one that is merged sideways is an error.
fn name_of(sheet: &Sheet, header: &[Cell], row: u32, column: u32, place: &str) -> Result<String> {
    let region = sheet.merged.iter().find(|region| region.contains(row, column));
    if let Some(region) = region.filter(|region| region.start.1 < region.end.1) {
        let letters = |column: u32| column_letters(column);
        let cells = format!("{}{}:{}{}", letters(region.start.1), region.start.0 + 1, letters(region.end.1), region.end.0 + 1);
        return Err(Error::input("merged_header", format!("the header row has merged cells, so that columns have no name: {cells}"))
            .at(place)
            .hint("set header_row to the row in which each column has a name of its own, or have the cells unmerged"));
    }
    let named_in = |cells: &[Cell]| cells.iter().find(|cell| cell.column == column).map(|cell| sheet.text(cell).trim().to_owned());
    let above = || {
        let top = region?.start.0;
        let cells = sheet.rows.iter().map(|range| &sheet.cells[range.clone()]).find(|cells| cells[0].row == top)?;
        named_in(cells)
    };
    Ok(named_in(header).or_else(above).unwrap_or_default())
}

/// A column as a spreadsheet names it: A, B, …, Z, AA.
fn column_letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + u8::try_from(column % 26).unwrap_or(0));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

impl BlockSource for WorkbookReader {
    type Block = SheetBlock;

    fn next_block(&mut self) -> Result<Option<SheetBlock>> {
        let rows = self.next..(self.next + BLOCK_ROWS).min(self.sheet.rows.len());
        self.next = rows.end;
        Ok((!rows.is_empty()).then(|| SheetBlock { sheet: Arc::clone(&self.sheet), columns: Arc::clone(&self.columns), rows }))
    }
}

/// The rows of a block as text.
pub struct SheetText {
    /// The records, their fields end to end with a comma between.
    pub text: String,
    /// The fields of each record.
    pub fields: Vec<(u32, u32)>,
    /// What each field holds; nothing where the cell is empty.
    pub kinds: Vec<Option<CellKind>>,
    /// Where each record starts and ends.
    pub records: Vec<Record>,
    /// The first field of each record that has an error, and that something is mapped to.
    with_error: Vec<Option<usize>>,
}

fn at(text: &str) -> u32 {
    u32::try_from(text.len()).expect("a block of cells is shorter than 2 GiB: a cell holds at most 32,767 characters")
}

fn as_text(block: &SheetBlock) -> SheetText {
    let mut out = SheetText { text: String::new(), fields: Vec::new(), kinds: Vec::new(), records: Vec::new(), with_error: Vec::new() };
    for row in block.rows.clone() {
        let cells = &block.sheet.cells[block.sheet.rows[row].clone()];
        let (start, mut cells, mut with_error) = (out.text.len(), cells.iter().peekable(), None);
        for (position, column) in block.columns.iter().enumerate() {
            if position > 0 && cells.peek().is_some() {
                out.text.push(',');
            }
            let from = at(&out.text);
            let kind = cells.peek().filter(|cell| cell.column == column.column).map(|cell| cell.kind);
            out.kinds.push(kind);
            if let Some(cell) = cells.next_if(|cell| cell.column == column.column) {
                let text = block.sheet.text(cell);
                if cell.kind == CellKind::Number && column.decimal != b'.' {
                    out.text.extend(text.chars().map(|letter| if letter == '.' { char::from(column.decimal) } else { letter }));
                } else {
                    out.text.push_str(text);
                }
                if column.is_mapped && cell.kind == CellKind::Error {
                    with_error = with_error.or(Some(position));
                }
            }
            out.fields.push((from, at(&out.text)));
        }
        out.records.push(Record { start, end: out.text.len(), line: block.sheet.line(row) });
        out.with_error.push(with_error);
        out.text.push('\n');
    }
    out
}

/// Reads a block.
///
/// # Errors
/// Exit status 1 when its rows cannot be encoded.
pub fn work(block: &SheetBlock, context: &FileContext) -> Result<BlockOutput> {
    let written = as_text(block);
    let (text, width) = (written.text.as_bytes(), block.columns.len());
    let has_nul = memchr::memchr(0, text).is_some();
    let mut output = BlockRows::of_fields(context, KEPT_DIALECT);
    let mut grid = Grid::new(width);
    for first in (0..written.records.len()).step_by(RECORDS_AT_ONCE) {
        grid.clear();
        for row in first..(first + RECORDS_AT_ONCE).min(written.records.len()) {
            let record = written.records[row];
            if let Some(position) = written.with_error[row] {
                let at_fault = context.plan.header_of(position).map(|header| (header, written.field(row, position)));
                output.add_refused(record.line, reason::CELL_ERROR, at_fault, &written.record(row));
            } else if has_nul && text[record.start..record.end].contains(&0) {
                output.add_refused(record.line, reason::NUL_BYTE, None, &written.record(row));
            } else {
                grid.push(record, written.fields[row * width..(row + 1) * width].iter().copied());
            }
        }
        output.add(&grid, text);
    }
    output.finish()
}

impl SheetText {
    fn width(&self) -> usize {
        self.fields.len() / self.records.len().max(1)
    }

    fn field(&self, row: usize, column: usize) -> &[u8] {
        let (start, end) = self.fields[row * self.width() + column];
        &self.text.as_bytes()[start as usize..end as usize]
    }

    /// A row as delimited text.
    fn record(&self, row: usize) -> Vec<u8> {
        record_of((0..self.width()).map(|column| self.field(row, column)), KEPT_DIALECT)
    }
}

/// Gives the rows of a file as text, for the quarantine, written as `columns` say they were read.
///
/// # Errors
/// Exit status 4 when the file cannot be read.
pub fn raw_rows(
    path: &Path,
    (choice, header_row): (Option<&SheetChoice>, Option<u32>),
    columns: &Arc<Vec<SheetColumn>>,
    is_wanted: impl Fn(i64) -> bool,
    mut look: impl FnMut(i64, &[u8]),
) -> Result<()> {
    let mut reader = WorkbookReader::open(path, choice, header_row)?;
    reader.columns = Arc::clone(columns);
    while let Some(block) = reader.next_block()? {
        let written = as_text(&block);
        for (row, record) in written.records.iter().enumerate() {
            let line = record.line.cast_signed();
            if is_wanted(line) {
                look(line, &written.record(row));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::column_letters;

    #[test]
    fn columns_are_named_as_a_spreadsheet_names_them() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(column_letters(column), letters);
        }
    }
}
