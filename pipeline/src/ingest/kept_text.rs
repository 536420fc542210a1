//! The text that the quarantine keeps of a record whose source has none of its own: the cells of a workbook, the values of
//! Parquet, the fields of an overlay. It is delimited text that splits into the same fields again, so that a person can mend
//! one of them however many separators, quotes and line ends stand in the others.

use super::excel_input::SheetColumn;
use super::records::{Dialect, Grid};
use std::sync::Arc;

/// What separates and quotes the fields of workbooks, of Parquet and of overlays.
pub const KEPT_DIALECT: Dialect = Dialect { delimiter: b',', quote: Some(b'"') };

/// What it takes to write a file's records again as its reader wrote them.
#[derive(Clone, Debug, Default)]
pub enum WrittenAs {
    /// The file's own text.
    #[default]
    Text,
    /// These columns of a Parquet file, ascending.
    Parquet(Vec<usize>),
    /// These columns of a sheet.
    Sheet(Arc<Vec<SheetColumn>>),
}

/// The fields as one record. A dialect without quotes has no way to write a separator; its fields then stand as they are.
///
/// ```text
/// Alder, Sons | 12,5 | say "now" |      →      "Alder, Sons","12,5","say ""now""",
/// ```
pub fn record_of<'f>(fields: impl IntoIterator<Item = &'f [u8]>, dialect: Dialect) -> Vec<u8> {
    let mut record = Vec::new();
    let mut count = 0;
    for field in fields {
        if count > 0 {
            record.push(dialect.delimiter);
        }
        count += 1;
        match dialect.quote.filter(|quote| needs_quotes(field, dialect.delimiter, *quote)) {
            None => record.extend_from_slice(field),
            Some(quote) => {
                record.push(quote);
                for byte in field {
                    record.push(*byte);
                    if *byte == quote {
                        record.push(quote);
                    }
                }
                record.push(quote);
            }
        }
    }
    // A blank line is no record.
    if let (1, true, Some(quote)) = (count, record.is_empty(), dialect.quote) {
        record.extend([quote, quote]);
    }
    record
}

fn needs_quotes(field: &[u8], delimiter: u8, quote: u8) -> bool {
    field.iter().any(|byte| [delimiter, quote, b'\n', b'\r'].contains(byte))
}

/// A row of a grid as one record.
pub fn record_of_grid((grid, block): (&Grid, &[u8]), row: usize, width: usize, dialect: Dialect) -> Vec<u8> {
    record_of((0..width).map(|column| grid.field(block, row, column)), dialect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::records::Splitter;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_record_splits_into_the_fields_it_was_made_of(
            fields in proptest::collection::vec("[a,;\"'\r\n ü=]{0,6}", 1..6),
            semicolons in any::<bool>(),
        ) {
            let dialect = Dialect { delimiter: if semicolons { b';' } else { b',' }, quote: Some(b'"') };
            let record = record_of(fields.iter().map(String::as_bytes), dialect);
            let (mut grid, mut broken) = (Grid::new(fields.len()), Vec::new());
            Splitter::new(&record, 0, 1, dialect).fill(&mut grid, 2, &mut broken);
            prop_assert!(broken.is_empty() && grid.records.len() == 1, "{:?}", String::from_utf8_lossy(&record));
            let again: Vec<&[u8]> = (0..fields.len()).map(|column| grid.field(&record, 0, column)).collect();
            prop_assert_eq!(again, fields.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
    }
}
