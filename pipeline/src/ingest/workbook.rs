//! Opening a workbook (xlsx, xls, xlsb, ods) and taking the cells of one sheet out of it, as text with the kind of each.
//!
//! The cells of the sheet are held in memory, empty ones not; a stray cell far out costs one cell. What a spreadsheet stores
//! as a binary number is written in the fewest digits that show the same number to a person: at most fifteen, so that
//! 0.1 + 0.2 is 0.3.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, DataRef, Dimensions, ExcelDateTime, Ods, Reader, Sheet as SheetName, SheetType, SheetVisible, Xls, Xlsb, Xlsx};

use super::not_text::kind_of;
use crate::config::SheetChoice;
use crate::error::{Error, Result, io_error};

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Text as typed.
    Text,
    /// A number, written with a decimal point.
    Number,
    /// A date or instant, written in ISO 8601.
    Date,
    /// `true` or `false`.
    Flag,
    /// An error such as `#N/A`.
    Error,
}

/// A cell that is not empty.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Row in the sheet, from 0.
    pub row: u32,
    /// Column in the sheet, from 0.
    pub column: u32,
    /// What it holds.
    pub kind: CellKind,
    start: usize,
    length: u32,
}

/// The cells of a sheet.
#[derive(Debug)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its cells by row and column.
    pub cells: Vec<Cell>,
    /// Where the cells of each row stand that has any.
    pub rows: Vec<Range<usize>>,
    /// Regions of merged cells; looked up only where the header needs them.
    pub merged: Vec<Dimensions>,
    text: String,
}

impl Sheet {
    /// The text of a cell.
    pub fn text(&self, cell: &Cell) -> &str {
        &self.text[cell.start..cell.start + cell.length as usize]
    }

    /// The row of the sheet that stands at a position of `rows`, from 1.
    pub fn line(&self, position: usize) -> u64 {
        u64::from(self.cells[self.rows[position].start].row) + 1
    }

    fn push(&mut self, (row, column): (u32, u32), kind: CellKind, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        let length = u32::try_from(self.text.len() - start).unwrap_or(u32::MAX);
        if length > 0 {
            self.cells.push(Cell { row, column, kind, start, length });
        }
    }

    fn put(&mut self, at: (u32, u32), value: &DataRef<'_>) {
        let text = |text: &str, sheet: &mut Sheet| sheet.push(at, CellKind::Text, |out| out.push_str(text));
        match value {
            DataRef::Empty => {}
            DataRef::String(value) => text(value, self),
            DataRef::SharedString(value) => text(value, self),
            DataRef::Int(value) => self.push(at, CellKind::Number, |out| write_shown(out, format_args!("{value}"))),
            DataRef::Float(value) => self.push(at, CellKind::Number, |out| out.push_str(&shortest(*value))),
            DataRef::Bool(value) => self.push(at, CellKind::Flag, |out| out.push_str(if *value { "true" } else { "false" })),
            DataRef::DateTime(value) if value.is_duration() || value.as_f64() < 0.0 => {
                self.push(at, CellKind::Number, |out| out.push_str(&shortest(value.as_f64())));
            }
            DataRef::DateTime(value) => self.push(at, CellKind::Date, |out| write_instant(out, *value)),
            DataRef::DateTimeIso(value) | DataRef::DurationIso(value) => {
                let value = value.strip_suffix("T00:00:00").unwrap_or(value);
                self.push(at, CellKind::Date, |out| out.push_str(value));
            }
            DataRef::Error(value) => self.push(at, CellKind::Error, |out| write_shown(out, format_args!("{value}"))),
        }
    }

    /// Cells may come in any order.
    fn finish(mut self) -> Self {
        self.cells.sort_by_key(|cell| (cell.row, cell.column));
        let mut start = 0;
        for same in self.cells.chunk_by(|a, b| a.row == b.row) {
            self.rows.push(start..start + same.len());
            start += same.len();
        }
        self
    }
}

fn write_shown(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

/// A serial day as ISO 8601. The day that Excel believes in and the calendar does not, 29 February 1900, is written as it is
/// and read as no date.
fn write_instant(out: &mut String, value: ExcelDateTime) {
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    write_shown(out, format_args!("{year:04}-{month:02}-{day:02}"));
    if (hour, minute, second, milli) != (0, 0, 0, 0) {
        write_shown(out, format_args!("T{hour:02}:{minute:02}:{second:02}"));
        if milli != 0 {
            write_shown(out, format_args!(".{milli:03}"));
        }
    }
}

/// A number in the fewest digits that show the same fifteen significant ones, without an exponent.
fn shortest(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let scientific = format!("{:.14e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let point = exponent + 1;
    match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
        Ok(point) if point > 0 => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        _ => format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
    }
}

/// A workbook of any kind.
enum Workbook {
    Xlsx(Xlsx<BufReader<File>>),
    Xls(Xls<BufReader<File>>),
    Xlsb(Xlsb<BufReader<File>>),
    Ods(Ods<BufReader<File>>),
}

/// What calamine says, in one type.
type Said = Box<dyn std::error::Error + 'static>;

impl Workbook {
    fn open(path: &Path, extension: &str, file: BufReader<File>) -> Result<Self, calamine::Error> {
        let mut head = [0; 4];
        let mut probe = File::open(path)?;
        let read = probe.read(&mut head)?;
        Ok(match (extension, &head[..read]) {
            ("xlsb", _) => Workbook::Xlsb(Xlsb::new(file)?),
            ("ods", _) => Workbook::Ods(Ods::new(file)?),
            // Many a file named .xls is none; what it begins with tells.
            ("xls", [0xD0, 0xCF, ..]) => Workbook::Xls(Xls::new(file)?),
            _ => Workbook::Xlsx(Xlsx::new(file)?),
        })
    }

    fn sheets(&self) -> &[SheetName] {
        match self {
            Workbook::Xlsx(book) => book.sheets_metadata(),
            Workbook::Xls(book) => book.sheets_metadata(),
            Workbook::Xlsb(book) => book.sheets_metadata(),
            Workbook::Ods(book) => book.sheets_metadata(),
        }
    }

    /// Reads a sheet; those that can be are read cell by cell, the others as the rectangle their cells span.
    fn read(&mut self, sheet: &mut Sheet) -> Result<(), Said> {
        let name = sheet.name.clone();
        let range = match self {
            Workbook::Xlsx(book) => {
                let mut cells = book.worksheet_cells_reader(&name)?;
                while let Some(cell) = cells.next_cell()? {
                    sheet.put(cell.get_position(), cell.get_value());
                }
                return Ok(());
            }
            Workbook::Xlsb(book) => {
                let mut cells = book.worksheet_cells_reader(&name)?;
                while let Some(cell) = cells.next_cell()? {
                    sheet.put(cell.get_position(), cell.get_value());
                }
                return Ok(());
            }
            Workbook::Xls(book) => book.worksheet_range(&name)?,
            Workbook::Ods(book) => book.worksheet_range(&name)?,
        };
        let (first_row, first_column) = range.start().unwrap_or((0, 0));
        for (row, column, value) in range.used_cells() {
            let at = (first_row + u32::try_from(row)?, first_column + u32::try_from(column)?);
            sheet.put(at, &reference(value));
        }
        Ok(())
    }

    fn merged(&mut self, name: &str) -> Vec<Dimensions> {
        match self {
            Workbook::Xlsx(book) => book.merge_cells_by_sheet_name(name).unwrap_or_default(),
            Workbook::Xls(book) => book.merge_cells_by_sheet_name(name).unwrap_or_default(),
            Workbook::Xlsb(_) | Workbook::Ods(_) => Vec::new(),
        }
    }
}

fn reference(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(value) => DataRef::SharedString(value),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(value) => DataRef::DateTimeIso(value.clone()),
        Data::DurationIso(value) => DataRef::DurationIso(value.clone()),
        Data::Error(value) => DataRef::Error(value.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Reads the sheet a source means: the named or numbered one, else the first that is shown.
///
/// # Errors
/// Exit status 4 when the file is no workbook, damaged or protected, or has no such sheet.
pub fn read_sheet(path: &Path, choice: Option<&SheetChoice>) -> Result<Sheet> {
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    if file.metadata().map_err(|cause| io_error("look at", path, &cause))?.len() == 0 {
        return Err(Error::input("file_empty", format!("the file is empty: {}", path.display()))
            .hint("wait until it is written, or take the file away"));
    }
    check_is_workbook(path)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    // The library is careful, but a damaged file may still be more than it expects.
    let read = catch_unwind(AssertUnwindSafe(|| -> Result<Sheet> {
        let mut book = Workbook::open(path, &extension, BufReader::new(file)).map_err(|cause| unreadable(path, &cause))?;
        let name = chosen(path, choice, book.sheets())?;
        let mut sheet = Sheet { name, cells: Vec::new(), rows: Vec::new(), merged: Vec::new(), text: String::new() };
        book.read(&mut sheet).map_err(|cause| unreadable(path, cause.as_ref()).at(place(path, &sheet.name)))?;
        let mut sheet = sheet.finish();
        if header_has_gaps(&sheet) {
            sheet.merged = book.merged(&sheet.name);
        }
        Ok(sheet)
    }));
    read.unwrap_or_else(|_| Err(damaged(path)))
}

/// The sheets of a workbook that a person sees.
///
/// # Errors
/// As [`read_sheet`].
pub fn sheet_names(path: &Path) -> Result<Vec<String>> {
    check_is_workbook(path)?;
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let read = catch_unwind(AssertUnwindSafe(|| -> Result<Vec<String>> {
        let book = Workbook::open(path, &extension, BufReader::new(file)).map_err(|cause| unreadable(path, &cause))?;
        let shown = book.sheets().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
        Ok(shown.map(|sheet| sheet.name.clone()).collect())
    }));
    read.unwrap_or_else(|_| Err(damaged(path)))
}

/// Whether one of the first rows lacks a name between others, so that merged cells may matter.
fn header_has_gaps(sheet: &Sheet) -> bool {
    sheet.rows.iter().take(50).any(|row| {
        let cells = &sheet.cells[row.clone()];
        cells.first().is_some_and(|cell| cell.column > 0) || cells.windows(2).any(|pair| pair[1].column > pair[0].column + 1)
    }) || sheet.rows.windows(2).take(50).any(|pair| pair[0].len() != pair[1].len())
}

/// Where in a workbook something is.
pub fn place(path: &Path, sheet: &str) -> String {
    format!("{}, sheet {sheet}", path.display())
}

fn check_is_workbook(path: &Path) -> Result<()> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    file.take(4096).read_to_end(&mut head).map_err(|cause| io_error("read", path, &cause))?;
    if head.starts_with(b"PK") || head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Ok(());
    }
    let (kind, advice) = kind_of(&head).unwrap_or((
        "something else",
        "if it is delimited text under the name of a workbook, as some systems export it, name it .csv or .txt",
    ));
    Err(Error::input("not_workbook", format!("the file is {kind}, not a workbook: {}", path.display())).hint(advice))
}

fn chosen(path: &Path, choice: Option<&SheetChoice>, sheets: &[SheetName]) -> Result<String> {
    let found = match choice {
        None => {
            let is_sheet = |sheet: &&SheetName| sheet.typ == SheetType::WorkSheet;
            sheets.iter().filter(is_sheet).find(|sheet| sheet.visible == SheetVisible::Visible).or_else(|| sheets.iter().find(is_sheet))
        }
        Some(SheetChoice::Name(name)) => sheets.iter().find(|sheet| sheet.name == *name),
        Some(SheetChoice::Number(number)) => (*number as usize).checked_sub(1).and_then(|position| sheets.get(position)),
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        let wanted = choice.map_or_else(String::new, |choice| format!(": {choice}"));
        Error::input("sheet_missing", format!("the workbook has no such sheet{wanted}"))
            .at(path.display())
            .hint(format!("its sheets are: {}", names.join(", ")))
    })
}

fn damaged(path: &Path) -> Error {
    Error::input("file_incomplete", format!("the workbook is cut short or damaged: {}", path.display()))
        .hint("wait until it is written, or have it delivered again; a spreadsheet program may be able to mend it")
}

fn unreadable(path: &Path, cause: &(dyn std::error::Error + 'static)) -> Error {
    // Each kind of workbook has its own error type; the word is the same in all of them.
    if cause.to_string().contains("password protected") {
        return Error::input("workbook_protected", format!("the workbook is protected by a password: {}", path.display()))
            .hint("have it exported without a password, or open it and save it without one");
    }
    damaged(path).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    #[test]
    fn numbers_are_shown_as_a_spreadsheet_shows_them_and_never_with_an_exponent() {
        let table: &[(f64, &str)] = &[
            (0.1 + 0.2, "0.3"),
            (1234.56, "1234.56"),
            (1.005, "1.005"),
            (-0.07, "-0.07"),
            (1e3, "1000"),
            (1e15, "1000000000000000"),
            (2_960_623_488.0, "2960623488"),
            (123_456_789_012_345.6, "123456789012346"),
            (1.1 * 3.0, "3.3"),
            (4.35 * 100.0, "435"),
            (1e-7, "0.0000001"),
            (0.0, "0"),
            (-0.0, "0"),
            (99.995, "99.995"),
            (1e22, "10000000000000000000000"),
        ];
        for (value, shown) in table {
            assert_eq!(shortest(*value), *shown, "{value:e}");
        }
    }

    #[test]
    fn serial_days_are_dates_in_both_calendars() {
        let table: &[(f64, bool, &str)] = &[
            (45_352.0, false, "2024-03-01"),
            (43_890.0, true, "2024-03-01"),
            (45_352.5, false, "2024-03-01T12:00:00"),
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            // The day that never was.
            (60.0, false, "1900-02-29"),
            (61.0, false, "1900-03-01"),
            (0.0, true, "1904-01-01"),
        ];
        for (serial, is_1904, shown) in table {
            let mut text = String::new();
            write_instant(&mut text, ExcelDateTime::new(*serial, ExcelDateTimeType::DateTime, *is_1904));
            assert_eq!(text, *shown, "{serial} {is_1904}");
        }
        assert_eq!(crate::config::DatePattern::iso_date().parse_day(b"1900-02-29"), None);
    }
}
