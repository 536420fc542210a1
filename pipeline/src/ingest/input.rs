//! Opening a file of a source: decompression, decoding, and cutting into blocks of whole records.
//!
//! The stream is read once, front to back, in bounded memory. What is read is hashed on the way, so that a file is
//! recognised when it comes again, and a file that changes while it is read is an error instead of half a delivery.

use std::fs::{File, Metadata};
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use encoding_rs::{Decoder, DecoderResult, Encoding};
use xxhash_rust::xxh3::Xxh3;

use super::not_text::not_text;
use super::records::{Dialect, FieldCounts, first_record, last_record_end, open_quote};
use crate::config::Source;
use crate::error::{Error, Result, io_error};

/// Longest record: beyond it a quote was never closed, or the file is not what it is taken for.
const RECORD_BYTES_MAX: usize = 64 << 20;

/// Bytes that tell what a file is.
const HEAD_BYTES: usize = 4096;

/// How a source writes delimited text.
#[derive(Clone, Copy, Debug)]
pub struct TextFormat {
    /// Between fields; else what the file says in a first line `sep=;`, else a tab in `.tsv` files, else a comma.
    pub delimiter: Option<u8>,
    /// Around fields, if anything is.
    pub quote: Option<u8>,
    /// How text is encoded where no byte order mark says so.
    pub encoding: &'static Encoding,
    /// The line of the header, from 1, where lines stand before it.
    pub header_row: Option<u32>,
}

impl TextFormat {
    /// The format of a source.
    pub fn of(source: &Source) -> Self {
        TextFormat { delimiter: source.delimiter, quote: source.quote, encoding: source.encoding, header_row: source.header_row }
    }
}

/// Whole records of a file.
#[derive(Debug)]
pub struct Block {
    /// The text.
    pub text: Vec<u8>,
    /// Where in it the records start (after the header in the first block).
    pub start: usize,
    /// The line of the file the first record is on.
    pub line: u64,
}

/// Counts and hashes what passes.
struct HashingReader {
    file: File,
    bytes: u64,
    hash: Xxh3,
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

enum Stream {
    Plain(Box<HashingReader>),
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<HashingReader>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<HashingReader>>>),
}

impl Stream {
    fn raw(&mut self) -> &mut HashingReader {
        match self {
            Stream::Plain(raw) => raw,
            Stream::Gzip(decoder) => decoder.get_mut().get_mut(),
            Stream::Zstd(decoder) => decoder.get_mut().get_mut(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Stream::Plain(raw) => raw.read(buffer),
            Stream::Gzip(decoder) => decoder.read(buffer),
            Stream::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// Reads a delimited file as blocks of whole records.
pub struct BlockReader {
    path: PathBuf,
    /// The first bytes, which were read to see what the file is.
    head: Cursor<Vec<u8>>,
    stream: Stream,
    before: (u64, Option<SystemTime>),
    decoder: Option<Decoder>,
    block_bytes: usize,
    /// The start of a record that the last block did not end with.
    carry: Vec<u8>,
    /// Memory of blocks that are done with; fresh pages cost more than the copying.
    spare: Vec<Vec<u8>>,
    line: u64,
    at_end: bool,
    first: Option<Block>,
    /// The names in the first record.
    pub header: Vec<String>,
    /// What separates and quotes in this file.
    pub dialect: Dialect,
    /// How many fields its records may have.
    pub counts: FieldCounts,
}

/// What a file was, once it has been read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Length in bytes, as stored.
    pub bytes: u64,
    /// xxh3-128 of the bytes as stored, in hexadecimal.
    pub content_hash: String,
}

/// The length and content hash of a file.
///
/// # Errors
/// Exit status 4 when it cannot be read.
pub fn identify(path: &Path) -> Result<Identity> {
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    let mut reader = HashingReader { file, bytes: 0, hash: Xxh3::new() };
    let mut buffer = vec![0; 1 << 20];
    while reader.read(&mut buffer).map_err(|cause| io_error("read", path, &cause))? > 0 {}
    Ok(reader.identity())
}

impl HashingReader {
    fn identity(&self) -> Identity {
        Identity { bytes: self.bytes, content_hash: format!("{:032x}", self.hash.digest128()) }
    }
}

fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

impl BlockReader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Exit status 4 when it is missing, empty, no text, or has no such header row.
    pub fn open(path: &Path, format: TextFormat, block_bytes: usize) -> Result<Self> {
        let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
        let before = stamp(&file.metadata().map_err(|cause| io_error("look at", path, &cause))?);
        if before.0 == 0 {
            return Err(Error::input("file_empty", format!("the file is empty: {}", path.display()))
                .hint("an export without rows still has a header; wait until it is written, or take the file away"));
        }
        let mut stream = decompressed(path, HashingReader { file, bytes: 0, hash: Xxh3::new() })?;
        let mut head = Vec::new();
        stream.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(|cause| read_error(path, &cause))?;
        if let Some(error) = not_text(path, &head) {
            return Err(error);
        }
        // A byte order mark says more than any configuration: no text begins with one by chance.
        let (encoding, mark) = Encoding::for_bom(&head).unwrap_or((format.encoding, 0));
        let decoder = (encoding != encoding_rs::UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let mut head = Cursor::new(head);
        head.set_position(mark as u64);
        let tab_separated = path.to_string_lossy().to_ascii_lowercase().contains(".tsv");
        let delimiter = format.delimiter.unwrap_or(if tab_separated { b'\t' } else { b',' });
        let mut reader = BlockReader {
            path: path.to_owned(),
            head,
            stream,
            before,
            decoder,
            block_bytes,
            carry: Vec::new(),
            spare: Vec::new(),
            line: 1,
            at_end: false,
            first: None,
            header: Vec::new(),
            dialect: Dialect { delimiter, quote: format.quote },
            counts: FieldCounts::default(),
        };
        reader.read_header(format)?;
        Ok(reader)
    }

    fn read_header(&mut self, format: TextFormat) -> Result<()> {
        let separator = self.separator_line()?;
        if let (Some(separator), None) = (separator, format.delimiter) {
            self.dialect.delimiter = separator;
        }
        let before = format.header_row.map_or(0, |row| row.saturating_sub(1)).max(u32::from(separator.is_some()));
        self.skip_lines(before)?;
        let Some(mut block) = self.read_block()? else {
            return Err(Error::input("file_empty", format!("the file holds nothing: {}", self.path.display()))
                .hint("an export without rows still has a header; wait until it is written, or take the file away"));
        };
        let (blank, blank_lines) = if format.header_row.is_none() { blank_lines(&block.text) } else { (0, 0) };
        let (header, start, lines) = first_record(&block.text[blank..], self.dialect);
        block.start = blank + start;
        block.line += blank_lines + lines - 1;
        self.counts = field_counts(&header, &block, self.dialect);
        self.header = header;
        self.first = Some(block);
        Ok(())
    }

    /// The separator that a first line `sep=;` names, as spreadsheets write it for themselves.
    fn separator_line(&mut self) -> Result<Option<u8>> {
        let mut text = std::mem::take(&mut self.carry);
        self.fill(&mut text, 16)?;
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
        let separator = match line {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] if separator.is_ascii() && !separator.is_ascii_alphanumeric() => {
                Some(*separator)
            }
            _ => None,
        };
        self.carry = text;
        Ok(separator)
    }

    /// Leaves lines before the header aside: they are titles, not records, and need not be quoted like them.
    fn skip_lines(&mut self, count: u32) -> Result<()> {
        for skipped in 0..count {
            let mut text = std::mem::take(&mut self.carry);
            let mut wanted = text.len().max(self.block_bytes);
            let end = loop {
                if !self.at_end {
                    self.fill(&mut text, wanted)?;
                }
                match memchr::memchr(b'\n', &text) {
                    Some(end) => break end + 1,
                    None if self.at_end || text.len() >= RECORD_BYTES_MAX => {
                        let what = format!("the file has no line {}, where its header should be: {}", count + 1, self.path.display());
                        return Err(Error::input("header_row_missing", what)
                            .at(format!("{}:{}", self.path.display(), skipped + 1))
                            .hint("correct header_row in its source: the first line of the file is 1"));
                    }
                    None => wanted = text.len() * 2,
                }
            };
            self.carry = text.split_off(end);
            self.line += 1;
        }
        Ok(())
    }

    /// The next block, or `None` at the end of the file.
    ///
    /// # Errors
    /// Exit status 4 when the file is cut short, or a record does not end.
    pub fn next_block(&mut self) -> Result<Option<Block>> {
        match self.first.take() {
            Some(block) => Ok(Some(block)),
            None => self.read_block(),
        }
    }

    /// Takes back the memory of a block.
    pub fn recycle(&mut self, block: Block) {
        let mut text = block.text;
        text.clear();
        self.spare.push(text);
    }

    fn read_block(&mut self) -> Result<Option<Block>> {
        let mut text = self.spare.pop().unwrap_or_default();
        text.extend_from_slice(&self.carry);
        self.carry.clear();
        let mut wanted = self.block_bytes;
        loop {
            if !self.at_end {
                self.fill(&mut text, wanted)?;
            }
            if text.is_empty() {
                return Ok(None);
            }
            if self.at_end {
                self.check_quotes(&text)?;
                return Ok(Some(self.block(text)));
            }
            let end = last_record_end(&text, self.dialect);
            if end > 0 {
                self.carry.extend_from_slice(&text[end..]);
                text.truncate(end);
                return Ok(Some(self.block(text)));
            }
            if text.len() >= RECORD_BYTES_MAX {
                return Err(Error::input("record_too_long", format!("a record does not end: {}", self.path.display()))
                    .at(format!("{}:{}", self.path.display(), self.line))
                    .hint("a quote that is never closed? set quote = \"\" where the source does not quote"));
            }
            wanted = text.len() * 2;
        }
    }

    fn block(&mut self, text: Vec<u8>) -> Block {
        let line = self.line;
        self.line += memchr::memchr_iter(b'\n', &text).count() as u64;
        Block { text, start: 0, line }
    }

    fn check_quotes(&self, text: &[u8]) -> Result<()> {
        if self.dialect.quote.is_none_or(|quote| memchr::memchr(quote, text).is_none()) {
            return Ok(());
        }
        let Some(at) = open_quote(text, self.dialect) else { return Ok(()) };
        let line = self.line + memchr::memchr_iter(b'\n', &text[..at]).count() as u64;
        Err(Error::input("quote_not_closed", format!("a quote is open at the end of the file: {}", self.path.display()))
            .at(format!("{}:{line}", self.path.display()))
            .hint("is the file cut short? set quote = \"\" where the source does not quote"))
    }

    /// Reads until the text has `wanted` bytes or the file ends.
    fn fill(&mut self, text: &mut Vec<u8>, wanted: usize) -> Result<()> {
        let missing = wanted.saturating_sub(text.len()).max(1);
        if self.decoder.is_none() {
            // One byte more, so that finding the end of the file does not make the buffer grow.
            text.reserve_exact(missing + 32);
            let read = (&mut self.head).chain(&mut self.stream).take(missing as u64).read_to_end(text);
            self.at_end = read.map_err(|cause| self.read_error(&cause))? < missing;
            return Ok(());
        }
        let mut raw = vec![0; 1 << 16];
        while text.len() < wanted && !self.at_end {
            let read = (&mut self.head).chain(&mut self.stream).read(&mut raw).map_err(|cause| self.read_error(&cause))?;
            self.at_end = read == 0;
            decode(self.decoder.as_mut(), &raw[..read], self.at_end, text);
        }
        Ok(())
    }

    fn read_error(&self, cause: &std::io::Error) -> Error {
        read_error(&self.path, cause)
    }

    /// Says what was read, once the end is reached.
    ///
    /// # Errors
    /// Exit status 4 when the file changed while it was read.
    pub fn finish(mut self) -> Result<Identity> {
        let raw = self.stream.raw();
        // A decompressor may stop before the last bytes; those count for the hash as well.
        let mut buffer = [0; 4096];
        while raw.read(&mut buffer).map_err(|cause| read_error(&self.path, &cause))? > 0 {}
        let after = stamp(&raw.file.metadata().map_err(|cause| io_error("look at", &self.path, &cause))?);
        let identity = raw.identity();
        check_unchanged(&self.path, self.before, after, identity.bytes)?;
        Ok(identity)
    }
}

/// The file as it was before it was compressed, as its name says.
fn decompressed(path: &Path, raw: HashingReader) -> Result<Stream> {
    Ok(match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("gz") => Stream::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 17, raw)))),
        Some("zst") => {
            let decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(1 << 17, raw));
            Stream::Zstd(Box::new(decoder.map_err(|cause| io_error("decompress", path, &cause))?))
        }
        _ => Stream::Plain(Box::new(raw)),
    })
}

/// The text of a file, decompressed, front to back.
///
/// # Errors
/// Exit status 4 when it cannot be opened.
pub fn open_stream(path: &Path) -> Result<impl Read> {
    let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
    decompressed(path, HashingReader { file, bytes: 0, hash: Xxh3::new() })
}

/// How many bytes and lines of a block are blank before its first record.
fn blank_lines(text: &[u8]) -> (usize, u64) {
    let (mut at, mut lines) = (0, 0);
    loop {
        match &text[at..] {
            [b'\n', ..] => at += 1,
            [b'\r', b'\n', ..] => at += 2,
            _ => return (at, lines),
        }
        lines += 1;
    }
}

/// Separators at the end of the header, or of every record, make no column.
fn field_counts(header: &[String], block: &Block, dialect: Dialect) -> FieldCounts {
    let width = header.len();
    let blank = header.iter().rev().take_while(|name| name.is_empty()).count();
    let rest = &block.text[block.start..];
    let first_row = if rest.is_empty() { Vec::new() } else { first_record(rest, dialect).0 };
    let beyond = first_row.get(width..).unwrap_or_default();
    let most = if beyond.iter().all(String::is_empty) { width + beyond.len() } else { width };
    FieldCounts { width, least: if blank < width { width - blank } else { width }, most }
}

pub fn read_error(path: &Path, cause: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    match cause.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            Error::input("file_incomplete", format!("the file is cut short or damaged: {}", path.display()))
                .caused_by(cause)
                .hint("wait until it is written, or have it delivered again")
        }
        _ => io_error("read", path, cause),
    }
}

fn check_unchanged(path: &Path, before: (u64, Option<SystemTime>), after: (u64, Option<SystemTime>), read: u64) -> Result<()> {
    if before == after && read == before.0 {
        return Ok(());
    }
    Err(file_changed(path))
}

/// A file is not what it was when it was opened.
pub fn file_changed(path: &Path) -> Error {
    Error::input("file_changed", format!("the file changed while it was read: {}", path.display()))
        .hint("it is still being written? run again when it is complete; nothing of it was taken")
}

/// Decodes into UTF-8; what the encoding does not know becomes a byte that is no UTF-8, so that its record is found later.
fn decode(decoder: Option<&mut Decoder>, mut raw: &[u8], last: bool, text: &mut Vec<u8>) {
    let Some(decoder) = decoder else { return };
    loop {
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(raw.len() * 4 + 16);
        let old = text.len();
        text.resize(old + room, 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(raw, &mut text[old..], last);
        text.truncate(old + written);
        raw = &raw[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => text.push(0xFF),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8], encoding: &'static Encoding, block_bytes: usize) -> Result<(Vec<String>, String, Vec<u64>)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the file is written");
        let format = TextFormat { delimiter: None, quote: Some(b'"'), encoding, header_row: None };
        let mut reader = BlockReader::open(&path, format, block_bytes)?;
        let (mut text, mut lines) = (String::new(), Vec::new());
        while let Some(block) = reader.next_block()? {
            text.push_str(&String::from_utf8_lossy(&block.text[block.start..]));
            lines.push(block.line);
        }
        let header = reader.header.clone();
        let identity = reader.finish()?;
        assert_eq!(identity, identify(&path)?);
        Ok((header, text, lines))
    }

    #[test]
    fn blocks_of_any_size_put_together_are_the_file() {
        let text = "a,b\n1,\"x\ny\"\n2,z\n3,w\n";
        for size in 1..30 {
            let (header, rows, lines) = read("f.csv", text.as_bytes(), encoding_rs::UTF_8, size).expect("reads");
            assert_eq!((header, rows.as_str()), (vec!["a".to_owned(), "b".to_owned()], &text[4..]), "blocks of {size}");
            assert_eq!(lines[0], 2);
        }
    }

    #[test]
    fn encodings_and_byte_order_marks_are_taken_off() {
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("ä,b\n1,ü\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read("f.csv", &utf16, encoding_rs::UTF_16LE, 100).expect("reads").1, "1,ü\n");
        assert_eq!(read("f.csv", b"a,b\n1,\xFC\n", encoding_rs::WINDOWS_1252, 100).expect("reads").1, "1,ü\n");
        assert_eq!(read("f.csv", b"\xEF\xBB\xBFa,b\n1,2\n", encoding_rs::UTF_8, 100).expect("reads").0, ["a", "b"]);
        // A byte order mark says more than the configuration.
        let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain("ä,b\n1,ü\n".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for marked in [&utf16, &big] {
            for encoding in [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::WINDOWS_1252] {
                let (header, rows, _) = read("f.csv", marked, encoding, 100).expect("reads");
                assert_eq!((header, rows.as_str()), (vec!["ä".to_owned(), "b".to_owned()], "1,ü\n"), "{}", encoding.name());
            }
        }
    }

    /// Header, rows and the line of the first row.
    fn read_from(text: &str, header_row: Option<u32>, delimiter: Option<u8>) -> Result<(Vec<String>, String, u64, FieldCounts)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("f.csv");
        std::fs::write(&path, text).expect("the file is written");
        let format = TextFormat { delimiter, quote: Some(b'"'), encoding: encoding_rs::UTF_8, header_row };
        let mut shown = None;
        for block_bytes in [5, 1000] {
            let mut reader = BlockReader::open(&path, format, block_bytes)?;
            let (mut rows, mut line) = (String::new(), None);
            while let Some(block) = reader.next_block()? {
                rows.push_str(&String::from_utf8_lossy(&block.text[block.start..]));
                line.get_or_insert(block.line);
            }
            let read = (reader.header.clone(), rows, line.unwrap_or(0), reader.counts);
            assert_eq!(read.1, shown.get_or_insert(read.clone()).1, "whatever the size of the blocks");
            reader.finish()?;
        }
        Ok(shown.expect("it was read twice"))
    }

    #[test]
    fn the_header_stands_where_the_configuration_or_the_file_says() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        // Titles need not be quoted like records.
        let titled = "\"Open items\n\nas of, today\na;b\n1;2\n";
        let (header, rows, line, _) = read_from(titled, Some(4), Some(b';')).expect("reads");
        assert_eq!((header, rows.as_str(), line), (names(&["a", "b"]), "1;2\n", 5));
        let (header, rows, line, _) = read_from("sep=;\r\na;b\r\n1;2\r\n", None, None).expect("reads");
        assert_eq!((header, rows.as_str(), line), (names(&["a", "b"]), "1;2\r\n", 3));
        let (header, _, line, _) = read_from("\"sep=|\"\na|b\n1|2\n", Some(2), None).expect("reads");
        assert_eq!((header, line), (names(&["a", "b"]), 3));
        let (header, _, line, _) = read_from("\n\r\na,b\n1,2\n", None, None).expect("reads");
        assert_eq!((header, line), (names(&["a", "b"]), 4));
        assert_eq!(read_from("a,b\n1,2\n", Some(4), None).expect_err("is refused").code(), "header_row_missing");
    }

    #[test]
    fn separators_at_the_end_of_the_header_or_of_all_rows_are_seen() {
        let counts = |text: &str| read_from(text, None, None).expect("reads").3;
        assert_eq!(counts("a,b\n1,2\n"), FieldCounts { width: 2, least: 2, most: 2 });
        assert_eq!(counts("a,b,,\n1,2\n"), FieldCounts { width: 4, least: 2, most: 4 });
        assert_eq!(counts("a,b\n1,2,\n"), FieldCounts { width: 2, least: 2, most: 3 });
        assert_eq!(counts("a,b\n1,2,x\n"), FieldCounts { width: 2, least: 2, most: 2 });
        assert_eq!(counts("a,b\n"), FieldCounts { width: 2, least: 2, most: 2 });
    }

    #[test]
    fn a_file_that_is_not_whole_is_an_error_that_names_it() {
        let zipped = {
            use std::io::Write as _;
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&b"a,b\n1,2\n".repeat(100)).expect("compresses");
            encoder.finish().expect("compresses")
        };
        assert_eq!(read("f.csv.gz", &zipped, encoding_rs::UTF_8, 100).expect("reads").0, ["a", "b"]);
        let table: [(&str, &[u8], &str); 8] = [
            ("f.csv", b"", "file_empty"),
            ("f.csv.gz", &zipped[..zipped.len() - 9], "file_incomplete"),
            ("f.csv.gz", b"a,b\n1,2\n", "file_incomplete"),
            ("f.csv.zst", b"a,b\n1,2\n", "file_incomplete"),
            ("f.csv", b"a,b\n1,\"2\n", "quote_not_closed"),
            ("f.csv", &zipped, "not_text"),
            ("f.csv", b"PK\x03\x04rest", "not_text"),
            ("f.txt", b"%PDF-1.7\n", "not_text"),
        ];
        for (name, bytes, code) in table {
            let error = read(name, bytes, encoding_rs::UTF_8, 100).expect_err(code);
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
