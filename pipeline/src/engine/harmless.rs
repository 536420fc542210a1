//! Rows of CSV on their way out: a text that a spreadsheet would run gets an apostrophe before it, numbers stay numbers.
//!
//! The engine hands its rows over in parts that end anywhere, and does not say what was a text: a field that reads as a
//! number is one.

use crate::scoring::credit_review::export::csv::harmless;

/// Makes CSV harmless part by part.
#[derive(Debug, Default)]
pub struct HarmlessCsv {
    field: Vec<u8>,
    in_quotes: bool,
}

impl HarmlessCsv {
    /// What can be handed on of all parts up to this one.
    ///
    /// ```
    /// use arrears::engine::harmless::HarmlessCsv;
    /// let mut csv = HarmlessCsv::default();
    /// let mut out = csv.part(b"name,amount\n=1+1,-12.5\n\"@a, b\",+3");
    /// out.extend(csv.part(b"e2\n-x,\"'q\""));
    /// out.extend(csv.end());
    /// assert_eq!(String::from_utf8(out).unwrap(), "name,amount\n'=1+1,-12.5\n\"'@a, b\",+3e2\n'-x,\"''q\"");
    /// ```
    pub fn part(&mut self, part: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(part.len() + 16);
        for byte in part {
            match byte {
                b'"' => self.in_quotes = !self.in_quotes,
                b',' | b'\n' if !self.in_quotes => {
                    self.finish_field(&mut out);
                    out.push(*byte);
                    continue;
                }
                _ => {}
            }
            self.field.push(*byte);
        }
        out
    }

    /// What is left at the end.
    pub fn end(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.finish_field(&mut out);
        out
    }

    fn finish_field(&mut self, out: &mut Vec<u8>) {
        let (quote, text) = match self.field.strip_prefix(b"\"") {
            Some(rest) => (&b"\""[..], rest),
            None => (&b""[..], self.field.as_slice()),
        };
        out.extend_from_slice(quote);
        let shown = String::from_utf8_lossy(text);
        let is_number = quote.is_empty() && shown.trim_end().parse::<f64>().is_ok();
        // A line that ends in a carriage return has none of its own at the beginning of an empty field.
        if !is_number && !shown.trim_end_matches('\r').is_empty() && harmless(&shown).len() > shown.len() {
            out.push(b'\'');
        }
        out.extend_from_slice(text);
        self.field.clear();
    }
}
