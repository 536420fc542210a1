//! The identity of rows: one encoding of a key, its hash, and the hash of what a row says.
//!
//! `row_key` is what tables are joined by: the first 64 bits of the xxh3-128 of the key's parts, each preceded by its
//! length as four little-endian bytes. Whole numbers are written as decimal text, dates as `YYYY-MM-DD`. The rest of the
//! hash is kept in the index, so that two keys with the same 64 bits are found out instead of mixed up.

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use super::column_data::{ColumnData, Values};
use crate::ledger::calendar::date_of;

/// The hash of a key: `row_key` as its first 64 bits, and 32 more to tell different keys apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash {
    /// The first 64 bits.
    pub high: u64,
    /// The 32 bits after them.
    pub low: u32,
}

impl KeyHash {
    /// The first 64 bits, as a `BIGINT`.
    pub fn row_key(self) -> i64 {
        self.high.cast_signed()
    }
}

/// The hash of a key, from its parts as text.
///
/// ```
/// use arrears::ingest::row_key;
/// assert_eq!(row_key(&[b"main", b"INV-1", b"1"]), row_key(&[b"main", b"INV-1", b"1"]));
/// assert_ne!(row_key(&[b"main", b"INV-1", b"1"]), row_key(&[b"main", b"INV-", b"11"]));
/// ```
pub fn row_key(parts: &[&[u8]]) -> KeyHash {
    let mut encoder = KeyEncoder::default();
    for part in parts {
        encoder.text(part);
    }
    encoder.finish()
}

/// Encodes keys one after the other without allocating for each.
#[derive(Debug, Default)]
pub struct KeyEncoder {
    bytes: Vec<u8>,
}

impl KeyEncoder {
    /// Adds a part that is text.
    #[inline]
    pub fn text(&mut self, part: &[u8]) {
        // A part is a field of a block, which is shorter than 2 GiB.
        let length = u32::try_from(part.len()).expect("a field is shorter than 2 GiB");
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(part);
    }

    /// Adds a part that is a whole number, as decimal text.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        if (0..10).contains(&value) {
            let digit = b'0' + u8::try_from(value).expect("a digit");
            self.text(&[digit]);
        } else {
            self.text(value.to_string().as_bytes());
        }
    }

    /// Adds the value of a column as a part.
    #[inline]
    pub fn column(&mut self, column: &ColumnData, row: usize) {
        match &column.values {
            Values::Text(texts) => self.text(texts.get(row)),
            Values::Long(values) => self.integer(values[row]),
            Values::Day(days) => self.text(date_of(days[row]).to_string().as_bytes()),
            Values::Flag(flags) => self.text(if flags[row] { b"true" } else { b"false" }),
            Values::Absent => self.text(&[]),
        }
    }

    /// The hash of the parts added since the last one.
    #[inline]
    pub fn finish(&mut self) -> KeyHash {
        let [b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, ..] = xxh3_128(&self.bytes).to_be_bytes();
        self.bytes.clear();
        KeyHash { high: u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7]), low: u32::from_be_bytes([c0, c1, c2, c3]) }
    }
}

/// The keys of all rows from the columns that make it up.
pub fn row_keys(columns: &[&ColumnData], rows: usize) -> Vec<KeyHash> {
    let mut encoder = KeyEncoder::default();
    (0..rows)
        .map(|row| {
            for column in columns {
                encoder.column(column, row);
            }
            encoder.finish()
        })
        .collect()
}

/// Mixes what a column says into the content hashes of its rows.
///
/// The hash is a chain of xxh3-64 over the values, each seeded with the hash so far and the position of the column in its
/// table. A null says nothing, so that a column that is added to the catalogue later changes no hash.
pub fn mix_content(hashes: &mut [u64], position: usize, column: &ColumnData) {
    let tag = (position as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for (row, hash) in hashes.iter_mut().enumerate() {
        if !column.is_valid(row) {
            continue;
        }
        let seed = *hash ^ tag;
        *hash = match &column.values {
            Values::Absent => continue,
            Values::Text(texts) => xxh3_64_with_seed(texts.get(row), seed),
            Values::Long(values) => xxh3_64_with_seed(&values[row].to_le_bytes(), seed),
            Values::Day(days) => xxh3_64_with_seed(&days[row].to_le_bytes(), seed),
            // A row that is not deleted says the same as one that does not say whether it is.
            Values::Flag(flags) if flags[row] => xxh3_64_with_seed(b"true", seed),
            Values::Flag(_) => xxh3_64_with_seed(b"false", seed),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ledger_tables::Kind;

    #[test]
    fn the_encoding_of_a_key_is_fixed() {
        let bytes = [&4u32.to_le_bytes()[..], b"main", &3u32.to_le_bytes(), b"C-1"].concat();
        assert_eq!(u128::from(row_key(&[b"main", b"C-1"]).high), xxh3_128(&bytes) >> 64);
        let mut item = ColumnData::new(Kind::Integer);
        let mut date = ColumnData::new(Kind::Date);
        item.push_long(12);
        date.push_day(0);
        assert_eq!(row_keys(&[&item, &date], 1), [row_key(&[b"12", b"1970-01-01"])]);
    }

    #[test]
    fn the_content_of_a_row_depends_on_which_column_says_what() {
        let mut one = ColumnData::new(Kind::Text);
        one.push_text(b"x");
        let (mut first, mut second, mut absent) = ([0], [0], [0]);
        mix_content(&mut first, 1, &one);
        mix_content(&mut second, 2, &one);
        mix_content(&mut absent, 1, &ColumnData::absent(1));
        assert_ne!(first, second);
        assert_eq!(absent, [0]);
    }
}
