//! How a text is laid out: its encoding, what separates and quotes, and on which line the header stands.

use encoding_rs::Encoding;

use super::refusals::is_age_bucket;
use super::{dates, numbers};
use crate::ingest::records::{Dialect, first_record};

/// Records that are looked at to find separators and header.
const RECORDS: usize = 400;
/// The header stands within so many lines.
const TITLE_LINES: usize = 60;
/// What may separate fields, the rarer in ordinary text first.
const DELIMITERS: [u8; 4] = [b'\t', b'|', b';', b','];

/// How bytes are text, and what says so.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// Length of the byte order mark.
    pub mark: usize,
    /// What says so.
    pub why: String,
    /// Whether it is more than a guess.
    pub is_sure: bool,
}

/// The encoding of a text that begins with `head`; `is_whole` when nothing follows.
pub fn encoding_of(head: &[u8], is_whole: bool) -> Encoded {
    if let Some((encoding, mark)) = Encoding::for_bom(head) {
        return Encoded { encoding, mark, why: "it begins with a byte order mark".to_owned(), is_sure: true };
    }
    let zeros = |odd: usize| head.iter().take(4096).skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), head.len().min(4096) / 2);
    if half > 4 && (odd * 2 > half || even * 2 > half) {
        let encoding = if odd > even { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
        return Encoded { encoding, mark: 0, why: "every other byte is zero, as in UTF-16".to_owned(), is_sure: true };
    }
    match std::str::from_utf8(head) {
        Ok(text) if text.is_ascii() => {
            Encoded { encoding: encoding_rs::UTF_8, mark: 0, why: "all of it is ASCII".to_owned(), is_sure: true }
        }
        Ok(_) => Encoded { encoding: encoding_rs::UTF_8, mark: 0, why: "all of it is UTF-8".to_owned(), is_sure: true },
        // The sample may end within a letter.
        Err(error) if !is_whole && error.error_len().is_none() => {
            Encoded { encoding: encoding_rs::UTF_8, mark: 0, why: "all that was looked at is UTF-8".to_owned(), is_sure: true }
        }
        Err(error) => {
            let line = 1 + head[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            let undefined = head.iter().filter(|byte| [0x81, 0x8D, 0x8F, 0x90, 0x9D].contains(*byte)).count();
            let why = format!("line {line} is not UTF-8, so it is taken for the usual encoding of Western Windows");
            Encoded { encoding: encoding_rs::WINDOWS_1252, mark: 0, why, is_sure: undefined == 0 }
        }
    }
}

/// How a text is cut into records, and where its header is.
#[derive(Clone, Debug)]
pub struct TextLayout {
    /// What separates and quotes.
    pub dialect: Dialect,
    /// Of the records looked at, how many have as many fields as most.
    pub regular: usize,
    /// How many were looked at.
    pub records: usize,
    /// Whether the first line is Excel's `sep=;`.
    pub has_separator_line: bool,
    /// The line of the header, from 1; none when no line looks like one.
    pub header_line: Option<u64>,
    /// Lines above it that are not blank.
    pub titles: Vec<String>,
    /// Its names.
    pub header: Vec<String>,
}

type Records = Vec<(u64, Vec<String>)>;

fn records(text: &[u8], dialect: Dialect) -> Records {
    let (mut at, mut line, mut records) = (0, 1, Vec::new());
    while at < text.len() && records.len() < RECORDS {
        let (fields, length, lines) = first_record(&text[at..], dialect);
        if fields.len() > 1 || fields.iter().any(|field| !field.is_empty()) {
            records.push((line, fields));
        }
        at += length.max(1);
        line += lines - 1;
    }
    records
}

/// The number of fields that most records have, and how many of them.
fn usual_width(records: &Records) -> (usize, usize) {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for (_, fields) in records {
        *counts.entry(fields.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).unwrap_or((0, 0))
}

/// Looks at a text.
pub fn layout_of(text: &[u8]) -> TextLayout {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let named = first.trim_ascii().strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(first);
    let named = match named {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] => Some(*separator),
        _ => None,
    };
    let tried: Vec<u8> = named.map_or_else(|| DELIMITERS.to_vec(), |separator| vec![separator]);
    let mut best: Option<(usize, TextLayout)> = None;
    for delimiter in tried {
        let dialect = Dialect { delimiter, quote: Some(quote_of(text, delimiter)) };
        let found = records(text, dialect);
        let (width, regular) = usual_width(&found);
        let header = find_header(&found);
        // A separator that makes no fields is none; one that cuts the header as it cuts the rows is the likelier.
        let score = if width < 2 { 0 } else { regular * 1000 / found.len().max(1) + if header.is_some() { 500 } else { 0 } };
        let (header_line, titles, names) = match header {
            Some(at) => {
                let above = found[..at]
                    .iter()
                    .map(|(_, fields)| fields.iter().filter(|field| !field.is_empty()).cloned().collect::<Vec<_>>().join(" "));
                (Some(found[at].0), above.collect(), found[at].1.clone())
            }
            None => (None, Vec::new(), Vec::new()),
        };
        let layout = TextLayout {
            dialect,
            regular,
            records: found.len(),
            has_separator_line: named.is_some(),
            header_line,
            titles: if named.is_some() { titles.into_iter().skip(1).collect() } else { titles },
            header: names,
        };
        if best.as_ref().is_none_or(|(known, _)| score > *known + 20) {
            best = Some((score, layout));
        }
    }
    let Some((score, mut layout)) = best else { unreachable!("at least one separator is tried") };
    if score == 0 {
        // One column: any separator that does not occur will do.
        layout.dialect.delimiter = b',';
    }
    layout
}

/// The apostrophe quotes only where fields begin and end with it and none does with the usual quote.
fn quote_of(text: &[u8], delimiter: u8) -> u8 {
    let head = &text[..text.len().min(1 << 16)];
    let opens = |quote: u8| head.windows(2).filter(|pair| (pair[0] == delimiter || pair[0] == b'\n') && pair[1] == quote).count();
    let closes = |quote: u8| head.windows(2).filter(|pair| pair[0] == quote && (pair[1] == delimiter || pair[1] == b'\n')).count();
    let (single, double) = (opens(b'\''), opens(b'"'));
    if double == 0 && single > 2 && closes(b'\'') * 10 >= single * 9 { b'\'' } else { b'"' }
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= 80
        && text.chars().any(char::is_alphabetic)
        && numbers::look(std::iter::once(text), 1.0).is_none()
        && dates::look(std::iter::once(text), 1.0).is_none()
}

/// The first record that looks like names of the columns of those after it.
pub fn find_header(records: &[(u64, Vec<String>)]) -> Option<usize> {
    let filled = |fields: &[String]| fields.iter().filter(|field| !field.trim().is_empty()).count();
    let mut counts: Vec<usize> = records.iter().map(|(_, fields)| filled(fields)).collect();
    counts.sort_unstable();
    let usual = counts.get(counts.len() / 2).copied().unwrap_or(0);
    let widest = records.iter().map(|(_, fields)| fields.len()).max().unwrap_or(0);
    records.iter().take(TITLE_LINES).position(|(_, fields)| {
        let named: Vec<&str> = fields.iter().map(|field| field.trim()).filter(|field| !field.is_empty()).collect();
        let mut distinct = named.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let names = named.iter().filter(|field| is_name(field) || is_age_bucket(field)).count();
        let wide_enough = named.len() * 10 >= usual * 6 && (named.len() >= 2 || widest == 1);
        wide_enough && names == named.len() && distinct.len() * 2 > named.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_header_are_found() {
        /// Text, separator, quote, line of the header, its names.
        type Case = (&'static str, char, char, Option<u64>, &'static [&'static str]);
        let table: &[Case] = &[
            ("a,b\n1,2\n3,4\n", ',', '"', Some(1), &["a", "b"]),
            ("Nr;Betrag;Text\n1;1,50;x\n2;2,50;y\n", ';', '"', Some(1), &["Nr", "Betrag", "Text"]),
            ("a\tb\n1\t2,5\n3\t4,5\n", '\t', '"', Some(1), &["a", "b"]),
            ("a|b\n1|2\n", '|', '"', Some(1), &["a", "b"]),
            ("sep=;\na;b\n1;2\n", ';', '"', Some(2), &["a", "b"]),
            (
                "Open items\nas of 2024-03-01\n\nInvoice,Customer,Amount\n1,A,2\n2,B,3\n",
                ',',
                '"',
                Some(4),
                &["Invoice", "Customer", "Amount"],
            ),
            ("Offene Posten;;\nNr;Kunde;Betrag\n1;A;2,5\n2;B;3,5\n", ';', '"', Some(2), &["Nr", "Kunde", "Betrag"]),
            ("'a','b'\n'1','x, y'\n'2','z'\n", ',', '\'', Some(1), &["a", "b"]),
            ("\"a;1\",b\n\"1;1\",2\n\"2;1\",2\n", ',', '"', Some(1), &["a;1", "b"]),
            ("1,2\n3,4\n", ',', '"', None, &[]),
            ("a,,c\n1,2,3\n4,5,6\n", ',', '"', Some(1), &["a", "", "c"]),
        ];
        for (text, delimiter, quote, line, header) in table {
            let layout = layout_of(text.as_bytes());
            let found = (char::from(layout.dialect.delimiter), layout.dialect.quote.map(char::from), layout.header_line);
            assert_eq!(found, (*delimiter, Some(*quote), *line), "{text:?}");
            assert_eq!(layout.header, *header, "{text:?}");
        }
    }

    #[test]
    fn encodings_are_told_apart() {
        let utf16: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, name) in [
            (&b"a,b\n"[..], "UTF-8"),
            ("ü\n".as_bytes(), "UTF-8"),
            (b"\xEF\xBB\xBFa\n", "UTF-8"),
            (b"M\xFCller\n", "windows-1252"),
            (b"\xFE\xFF\x00a", "UTF-16BE"),
            (&utf16, "UTF-16LE"),
        ] {
            assert_eq!(encoding_of(bytes, true).encoding.name(), name, "{bytes:?}");
        }
        // A sample that ends within a letter is still UTF-8.
        assert_eq!(encoding_of(b"a\xC3", false).encoding.name(), "UTF-8");
        assert_eq!(encoding_of(b"a\xC3", true).encoding.name(), "windows-1252");
    }
}
