//! Cutting delimited text into records and fields.
//!
//! A quote opens a quoted field only at the start of a field, as RFC 4180 has it; inside, two quotes stand for one and line
//! ends are text. Anywhere else a quote is an ordinary character. Lines end in `\n` or `\r\n`; blank lines are no records.
//! The reader that cuts a stream into blocks and the workers that split a block use the same rules, from here.

use super::reason;

/// What separates and what quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields, if anything is.
    pub quote: Option<u8>,
}

/// Where a record stands in its block, and on which line of its file it starts.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// First byte.
    pub start: usize,
    /// One past the last byte, without the line end.
    pub end: usize,
    /// Line of the file, from 1.
    pub line: u64,
}

/// A record that cannot be split into the fields of its file.
#[derive(Clone, Copy, Debug)]
pub struct BrokenRecord {
    /// Where it stands.
    pub record: Record,
    /// Why it cannot be read.
    pub reason: &'static str,
}

/// How many fields a record may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldCounts {
    /// As many as the header has names, blank ones among them.
    pub width: usize,
    /// As many as it has before its trailing blank ones; what a record lacks of these is empty.
    pub least: usize,
    /// As many as the first record has where it ends in separators that the header lacks; these fields must be empty.
    pub most: usize,
}

impl FieldCounts {
    /// Every record has exactly so many.
    pub fn exactly(width: usize) -> Self {
        FieldCounts { width, least: width, most: width }
    }
}

/// Set in the start of a field whose text stands in the side buffer, because quotes had to be undoubled.
const SIDE: u32 = 1 << 31;

/// The fields of some records: a rectangle of positions in a block.
#[derive(Debug, Default)]
pub struct Grid {
    width: usize,
    least: usize,
    most: usize,
    fields: Vec<(u32, u32)>,
    side: Vec<u8>,
    /// The records, in order.
    pub records: Vec<Record>,
}

impl Grid {
    /// An empty grid for records of `width` fields.
    pub fn new(width: usize) -> Self {
        Grid::with(FieldCounts::exactly(width))
    }

    /// An empty grid for records that may lack or exceed some of their fields.
    pub fn with(counts: FieldCounts) -> Self {
        Grid { width: counts.width, least: counts.least, most: counts.most, ..Grid::default() }
    }

    /// Makes the fields from `first` on a whole record of `width` fields, if they may be one.
    fn complete(&mut self, first: usize) -> bool {
        let found = self.fields.len() - first;
        if found > self.width && found <= self.most && self.fields[first + self.width..].iter().all(|(start, end)| start & !SIDE == *end) {
            self.fields.truncate(first + self.width);
        } else if found < self.width && found >= self.least {
            self.fields.resize(first + self.width, (0, 0));
        }
        self.fields.len() - first == self.width
    }

    /// Forgets the records, keeps the memory.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.side.clear();
        self.records.clear();
    }

    /// The text of a field.
    #[inline]
    pub fn field<'a>(&'a self, block: &'a [u8], row: usize, column: usize) -> &'a [u8] {
        let (start, end) = self.fields[row * self.width + column];
        if start & SIDE == 0 { &block[start as usize..end as usize] } else { &self.side[(start & !SIDE) as usize..end as usize] }
    }

    /// Where the text of a field stands in the block, unless quotes had to be undoubled.
    #[inline]
    pub fn range(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        let (start, end) = self.fields[row * self.width + column];
        (start & SIDE == 0).then_some((start as usize, end as usize))
    }

    /// Adds a record whose fields already stand in the block, end to end: for sources that are not delimited text.
    pub fn push(&mut self, record: Record, fields: impl IntoIterator<Item = (u32, u32)>) {
        self.fields.extend(fields);
        self.records.push(record);
    }
}

/// Splits a block, a few thousand records at a time.
#[derive(Debug)]
pub struct Splitter<'a> {
    block: &'a [u8],
    position: usize,
    line: u64,
    dialect: Dialect,
    /// Whether records must be looked at one by one for bytes that are no text.
    suspicious: bool,
}

/// Most bytes in a block: positions are 31 bits.
pub const BLOCK_BYTES_MAX: usize = (SIDE as usize) - 1;

impl<'a> Splitter<'a> {
    /// Starts at `position` of a block, on line `line` of the file.
    pub fn new(block: &'a [u8], position: usize, line: u64, dialect: Dialect) -> Self {
        debug_assert!(block.len() <= BLOCK_BYTES_MAX, "positions in a block fit 31 bits");
        let suspicious = std::str::from_utf8(block).is_err() || memchr::memchr(0, block).is_some();
        Splitter { block, position, line, dialect, suspicious }
    }

    /// Reads up to `limit` records into the grid, the broken ones into `broken`; false when the block is at its end.
    pub fn fill(&mut self, grid: &mut Grid, limit: usize, broken: &mut Vec<BrokenRecord>) -> bool {
        while self.position < self.block.len() {
            if grid.records.len() >= limit {
                return true;
            }
            let first_field = grid.fields.len();
            let first_side = grid.side.len();
            let start = self.position;
            let line = self.line;
            let whole = self.split_record(grid);
            let end = trim_line_end(&self.block[start..self.position]) + start;
            if end == start {
                grid.fields.truncate(first_field);
                continue;
            }
            let record = Record { start, end, line };
            let reason = if self.suspicious && std::str::from_utf8(&self.block[start..end]).is_err() {
                Some(reason::BAD_ENCODING)
            } else if self.suspicious && memchr::memchr(0, &self.block[start..end]).is_some() {
                Some(reason::NUL_BYTE)
            } else if !whole {
                Some(reason::BAD_QUOTE)
            } else if grid.fields.len() - first_field != grid.width && !grid.complete(first_field) {
                Some(reason::WRONG_FIELD_COUNT)
            } else {
                None
            };
            match reason {
                None => grid.records.push(record),
                Some(reason) => {
                    grid.fields.truncate(first_field);
                    grid.side.truncate(first_side);
                    broken.push(BrokenRecord { record, reason });
                }
            }
        }
        false
    }

    /// Splits one record and moves past its line end; false when something stands between a closing quote and the separator.
    fn split_record(&mut self, grid: &mut Grid) -> bool {
        let block = self.block;
        let mut at = self.position;
        let mut whole = true;
        loop {
            if self.dialect.quote.is_some() && block.get(at).copied() == self.dialect.quote {
                let (field, after) = self.quoted(at, grid);
                grid.fields.push(field);
                let stop = next_break(block, after, self.dialect.delimiter);
                let rest = &block[after..stop];
                whole &= rest.is_empty() || (rest == b"\r" && block.get(stop) != Some(&self.dialect.delimiter));
                at = stop;
            } else {
                let stop = next_break(block, at, self.dialect.delimiter);
                let mut end = stop;
                if block.get(stop) != Some(&self.dialect.delimiter) && end > at && block[end - 1] == b'\r' {
                    end -= 1;
                }
                grid.fields.push((position(at), position(end)));
                at = stop;
            }
            match block.get(at) {
                Some(byte) if *byte == self.dialect.delimiter => at += 1,
                Some(_) => {
                    self.line += 1;
                    self.position = at + 1;
                    return whole;
                }
                None => {
                    self.position = at;
                    return whole;
                }
            }
        }
    }

    /// Reads a quoted field that opens at `open`; the position after its closing quote, or the end of the block.
    fn quoted(&mut self, open: usize, grid: &mut Grid) -> ((u32, u32), usize) {
        let quote = self.dialect.quote.unwrap_or(b'"');
        let mut from = open + 1;
        let mut doubled = false;
        let close = loop {
            match memchr::memchr(quote, &self.block[from..]) {
                None => break self.block.len(),
                Some(found) if self.block.get(from + found + 1) == Some(&quote) => {
                    doubled = true;
                    from += found + 2;
                }
                Some(found) => break from + found,
            }
        };
        let text = &self.block[open + 1..close];
        self.line += memchr::memchr_iter(b'\n', text).count() as u64;
        let field = if doubled {
            let start = grid.side.len();
            let mut rest = text;
            while let Some(found) = memchr::memchr(quote, rest) {
                grid.side.extend_from_slice(&rest[..=found]);
                rest = rest.get(found + 2..).unwrap_or(&[]);
            }
            grid.side.extend_from_slice(rest);
            (position(start) | SIDE, position(grid.side.len()))
        } else {
            (position(open + 1), position(close))
        };
        (field, (close + 1).min(self.block.len()))
    }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).expect("positions in a block fit 31 bits")
}

/// The length of a line without `\n` or `\r\n` at its end.
fn trim_line_end(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// The first record of a block, as texts, and the position after it.
pub fn first_record(block: &[u8], dialect: Dialect) -> (Vec<String>, usize, u64) {
    let mut splitter = Splitter { block, position: 0, line: 1, dialect, suspicious: false };
    let mut grid = Grid::default();
    splitter.split_record(&mut grid);
    grid.width = grid.fields.len();
    let texts = (0..grid.width).map(|column| String::from_utf8_lossy(grid.field(block, 0, column)).trim().to_owned()).collect();
    (texts, splitter.position, splitter.line)
}

/// The end of the last whole record of a block that starts with a record: one past its line end, or 0.
pub fn last_record_end(block: &[u8], dialect: Dialect) -> usize {
    match dialect.quote {
        Some(quote) if memchr::memchr(quote, block).is_some() => {
            let mut end = 0;
            while let Some(after) = record_end(block, end, dialect) {
                end = after;
            }
            end
        }
        _ => memchr::memrchr(b'\n', block).map_or(0, |at| at + 1),
    }
}

/// Where in a block that starts with a record and ends with its file a quote stays open, if one does.
pub fn open_quote(block: &[u8], dialect: Dialect) -> Option<usize> {
    let end = last_record_end(block, dialect);
    let tail = &block[end..];
    let mut closed = tail.to_vec();
    closed.push(b'\n');
    (!tail.is_empty() && record_end(&closed, 0, dialect).is_none()).then_some(end)
}

/// One past the line end of the record that starts at `from`, if it is whole.
fn record_end(block: &[u8], from: usize, dialect: Dialect) -> Option<usize> {
    let mut at = from;
    loop {
        if dialect.quote.is_some() && block.get(at).copied() == dialect.quote {
            let quote = dialect.quote?;
            at += 1;
            loop {
                at += memchr::memchr(quote, &block[at..])? + 1;
                if block.get(at) != Some(&quote) {
                    break;
                }
                at += 1;
            }
        }
        at = next_break(block, at, dialect.delimiter);
        if *block.get(at)? == dialect.delimiter {
            at += 1;
        } else {
            return Some(at + 1);
        }
    }
}

/// The position of the next delimiter or line feed at or after `from`, or the length of the block.
///
/// Fields are short, so that eight bytes at a time in one register beat a call into a vector routine. A byte of `word ^
/// repeated` is zero where the wanted one stands; subtracting one from each byte borrows into its top bit there, and only
/// bytes above the first hit can be mistaken.
#[inline]
fn next_break(block: &[u8], from: usize, delimiter: u8) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let delimiters = ONES.wrapping_mul(u64::from(delimiter));
    let feeds = ONES.wrapping_mul(u64::from(b'\n'));
    let mut at = from;
    while let Some(bytes) = block.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*bytes);
        let (a, b) = (word ^ delimiters, word ^ feeds);
        let hits = ((a.wrapping_sub(ONES) & !a) | (b.wrapping_sub(ONES) & !b)) & TOPS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    block[at..].iter().position(|byte| *byte == delimiter || *byte == b'\n').map_or(block.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect { delimiter: b',', quote: Some(b'"') };

    type Rows = Vec<(u64, Vec<String>)>;

    fn split(text: &str, width: usize) -> (Rows, Vec<(u64, &'static str)>) {
        let mut splitter = Splitter::new(text.as_bytes(), 0, 1, COMMA);
        let (mut grid, mut broken, mut rows) = (Grid::new(width), Vec::new(), Vec::new());
        loop {
            grid.clear();
            let more = splitter.fill(&mut grid, 2, &mut broken);
            for (row, record) in grid.records.iter().enumerate() {
                let fields = (0..width).map(|column| String::from_utf8_lossy(grid.field(text.as_bytes(), row, column)).into_owned());
                rows.push((record.line, fields.collect()));
            }
            if !more {
                break;
            }
        }
        (rows, broken.iter().map(|broken| (broken.record.line, broken.reason)).collect())
    }

    #[test]
    fn records_and_their_lines_survive_quotes_line_ends_and_blank_lines() {
        let text = "a,b\r\n\"x,\"\"y\"\"\nz\",2\n\n  ,\"\"\nlonger than eight bytes,no \"quote\" here";
        let (rows, broken) = split(text, 2);
        let expected: Vec<(u64, Vec<&str>)> = vec![
            (1, vec!["a", "b"]),
            (2, vec!["x,\"y\"\nz", "2"]),
            (5, vec!["  ", ""]),
            (6, vec!["longer than eight bytes", "no \"quote\" here"]),
        ];
        assert_eq!(rows, expected.into_iter().map(|(line, row)| (line, row.into_iter().map(str::to_owned).collect())).collect::<Vec<_>>());
        assert!(broken.is_empty());
    }

    #[test]
    fn a_record_that_cannot_be_split_is_told_apart() {
        let (rows, broken) = split("a\nb,c,d\n\"q\"x,1\ne,f\0\ng,h\n", 2);
        assert_eq!(rows.len(), 1);
        assert_eq!(broken, [(1, reason::WRONG_FIELD_COUNT), (2, reason::WRONG_FIELD_COUNT), (3, reason::BAD_QUOTE), (4, reason::NUL_BYTE)]);
    }

    #[test]
    fn separators_at_the_end_of_lines_make_no_columns() {
        // The header `a,b,` and a first record `1,2,,`: a third field may be missing or filled, a fourth must be empty.
        let text = "1,2,,\n1,2,x\n1,2\n1\n1,2,,y\n1,2,,,\n";
        let mut splitter = Splitter::new(text.as_bytes(), 0, 2, COMMA);
        let (mut grid, mut broken) = (Grid::with(FieldCounts { width: 3, least: 2, most: 4 }), Vec::new());
        assert!(!splitter.fill(&mut grid, 10, &mut broken));
        let fields = |row: usize| (0..3).map(|field| grid.field(text.as_bytes(), row, field)).collect::<Vec<_>>();
        assert_eq!(grid.records.iter().map(|record| record.line).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(fields(0), [&b"1"[..], b"2", b""]);
        assert_eq!(fields(1), [&b"1"[..], b"2", b"x"]);
        assert_eq!(fields(2), [&b"1"[..], b"2", b""]);
        assert_eq!(broken.iter().map(|broken| broken.record.line).collect::<Vec<_>>(), [5, 6, 7]);
    }

    #[test]
    fn a_block_is_cut_after_its_last_whole_record() {
        for (text, end) in [("a,b\nc", 4), ("a,\"b\nc", 0), ("a,\"b\nc\"\nd", 8), ("a\"b\nc\n", 6), ("", 0), ("a,\"b\"\"\n", 0)] {
            assert_eq!(last_record_end(text.as_bytes(), COMMA), end, "{text:?}");
        }
        assert_eq!(open_quote(b"a,b\nc,\"d\ne,f", COMMA), Some(4));
        assert_eq!(open_quote(b"a,b\nc,\"d\"", COMMA), None);
    }
}
