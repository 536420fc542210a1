//! Rows of a report that are no rows of a ledger: those that sum others up, headers that come again, lines of separators only.
//!
//! Only a row that cannot be a row of the ledger is looked at: a customer may be called Total.

use crate::ingest::quarantine::{QuarantinedRow, lossy};
use crate::ingest::reason;

/// Whether the first text of a record begins with one of the words, which are in small letters.
pub fn is_total(raw: &[u8], words: &[String]) -> bool {
    if words.is_empty() {
        return false;
    }
    let text = String::from_utf8_lossy(&raw[..raw.len().min(4096)]);
    let first = text.trim_start_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    words.iter().any(|word| first.starts_with(word.trim_start_matches(|letter: char| !letter.is_alphanumeric())))
}

/// Whether a record says nothing: a sheet saved as text has such lines where a person has cleared cells.
pub fn is_blank(raw: &[u8]) -> bool {
    !String::from_utf8_lossy(&raw[..raw.len().min(4096)]).chars().any(char::is_alphanumeric)
}

/// Whether every field says what its column is called, as the first line of a new page does.
pub fn repeats_header<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> bool {
    let mut fields = fields.peekable();
    fields.peek().is_some() && fields.all(|(header, field)| field.trim_ascii() == header.trim().as_bytes())
}

/// The row as the quarantine keeps it: what it sums up is counted where it stands.
pub fn quarantined(line: u64, raw: &[u8]) -> QuarantinedRow {
    QuarantinedRow { line, column: None, reason: reason::TOTAL_ROW, value: None, raw: lossy(raw), amount: None }
}

#[cfg(test)]
mod tests {
    use super::{is_blank, is_total, repeats_header};

    #[test]
    fn a_total_is_known_by_its_first_word() {
        let words = ["summe".to_owned(), "grand total".to_owned()];
        for (raw, expected) in
            [(";;Summe;;1.234,00", true), ("\"SUMME EUR\";1", true), ("Grand Total,5", true), ("R1;Summe;5", false), ("", false)]
        {
            assert_eq!(is_total(raw.as_bytes(), &words), expected, "{raw}");
        }
        assert!(!is_total(b"Summe;5", &[]));
    }

    #[test]
    fn headers_that_come_again_and_lines_of_separators_are_no_rows() {
        for (raw, expected) in [(";;;;", true), ("\" \",\"\",,", true), ("-;-", true), (";;0;", false), (";ü;", false)] {
            assert_eq!(is_blank(raw.as_bytes()), expected, "{raw}");
        }
        let repeats =
            |fields: &[(&'static str, &'static str)]| repeats_header(fields.iter().map(|(name, field)| (*name, field.as_bytes())));
        assert!(repeats(&[("Datum", "Datum"), ("Betrag ", " Betrag")]));
        assert!(!repeats(&[("Datum", "Datum"), ("Betrag", "5,00")]));
        assert!(!repeats(&[]));
    }
}
