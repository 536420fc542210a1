//! Rows at the end of a report that sum the others up.
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

/// The row as the quarantine keeps it: what it sums up is counted where it stands.
pub fn quarantined(line: u64, raw: &[u8]) -> QuarantinedRow {
    QuarantinedRow { line, column: None, reason: reason::TOTAL_ROW, value: None, raw: lossy(raw), amount: None }
}

#[cfg(test)]
mod tests {
    use super::is_total;

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
}
