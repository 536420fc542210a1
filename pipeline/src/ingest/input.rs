//! Opening a file of a source: decompression, decoding, and cutting into blocks of whole records.
//!
//! The stream is read once, front to back, in bounded memory. What is read is hashed on the way, so that a file is
//! recognised when it comes again, and a file that changes while it is read is an error instead of half a delivery.

use std::fs::{File, Metadata};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use encoding_rs::{Decoder, DecoderResult, Encoding};
use xxhash_rust::xxh3::Xxh3;

use super::records::{Dialect, first_record, last_record_end, open_quote};
use crate::error::{Error, Result, io_error};

/// Longest record: beyond it a quote was never closed, or the file is not what it is taken for.
const RECORD_BYTES_MAX: usize = 64 << 20;

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
    stream: Stream,
    before: (u64, Option<SystemTime>),
    decoder: Option<Decoder>,
    dialect: Dialect,
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
    /// Exit status 4 when it is missing, empty, or not in the configured encoding.
    pub fn open(path: &Path, dialect: Dialect, encoding: &'static Encoding, block_bytes: usize) -> Result<Self> {
        let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
        let before = stamp(&file.metadata().map_err(|cause| io_error("look at", path, &cause))?);
        if before.0 == 0 {
            return Err(Error::input("file_empty", format!("the file is empty: {}", path.display()))
                .hint("an export without rows still has a header; wait until it is written, or take the file away"));
        }
        let raw = HashingReader { file, bytes: 0, hash: Xxh3::new() };
        let stream = match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("gz") => Stream::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 17, raw)))),
            Some("zst") => {
                let decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(1 << 17, raw));
                Stream::Zstd(Box::new(decoder.map_err(|cause| io_error("decompress", path, &cause))?))
            }
            _ => Stream::Plain(Box::new(raw)),
        };
        let decoder = (encoding != encoding_rs::UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        let mut reader = BlockReader {
            path: path.to_owned(),
            stream,
            before,
            decoder,
            dialect,
            block_bytes,
            carry: Vec::new(),
            spare: Vec::new(),
            line: 1,
            at_end: false,
            first: None,
            header: Vec::new(),
        };
        reader.read_header()?;
        Ok(reader)
    }

    fn read_header(&mut self) -> Result<()> {
        let Some(mut block) = self.read_block()? else {
            return Err(Error::input("file_empty", format!("the file holds nothing: {}", self.path.display()))
                .hint("an export without rows still has a header; wait until it is written, or take the file away"));
        };
        if self.decoder.is_none() {
            if block.text.starts_with(&[0xFF, 0xFE]) || block.text.starts_with(&[0xFE, 0xFF]) {
                return Err(Error::input("wrong_encoding", format!("the file is UTF-16, not UTF-8: {}", self.path.display()))
                    .at(format!("{}:1", self.path.display()))
                    .hint("set encoding = \"utf-16\" in its source"));
            }
            if block.text.starts_with(&[0xEF, 0xBB, 0xBF]) {
                block.text.drain(..3);
            }
        }
        let (header, start, line) = first_record(&block.text, self.dialect);
        self.header = header;
        block.start = start;
        block.line = line;
        self.first = Some(block);
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
            let read = self.stream.by_ref().take(missing as u64).read_to_end(text);
            self.at_end = read.map_err(|cause| self.read_error(&cause))? < missing;
            return Ok(());
        }
        let mut raw = vec![0; 1 << 16];
        while text.len() < wanted && !self.at_end {
            let read = self.stream.read(&mut raw).map_err(|cause| self.read_error(&cause))?;
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

fn read_error(path: &Path, cause: &std::io::Error) -> Error {
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

    const COMMA: Dialect = Dialect { delimiter: b',', quote: Some(b'"') };

    fn read(name: &str, bytes: &[u8], encoding: &'static Encoding, block_bytes: usize) -> Result<(Vec<String>, String, Vec<u64>)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the file is written");
        let mut reader = BlockReader::open(&path, COMMA, encoding, block_bytes)?;
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
        assert_eq!(read("f.csv", &utf16, encoding_rs::UTF_8, 100).expect_err("is refused").code(), "wrong_encoding");
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
        let table: [(&str, &[u8], &str); 5] = [
            ("f.csv", b"", "file_empty"),
            ("f.csv.gz", &zipped[..zipped.len() - 9], "file_incomplete"),
            ("f.csv.gz", b"a,b\n1,2\n", "file_incomplete"),
            ("f.csv.zst", b"a,b\n1,2\n", "file_incomplete"),
            ("f.csv", b"a,b\n1,\"2\n", "quote_not_closed"),
        ];
        for (name, bytes, code) in table {
            let error = read(name, bytes, encoding_rs::UTF_8, 100).expect_err(code);
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
