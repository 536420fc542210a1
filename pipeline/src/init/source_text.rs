//! A source as a `[[source]]` of the configuration, with the reason for each line.

use super::profile::Column;
use super::source::{Found, Remarks};
use super::write::{Toml, quoted};
use crate::config::Shape;
use crate::run::words::count;

impl Found {
    fn says_payments(&self) -> bool {
        self.column("paid_date").is_some_and(|column| column.filled > 0)
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.mapping.columns.get(name).map(|position| &self.columns[*position])
    }

    /// The source as TOML; `path` as it is to be written, `delivered_at` where the file names have dates.
    pub fn write(&self, name: &str, path: &str, delivered_at: Option<&str>, base_currency: &str) -> (Toml, Remarks) {
        let mut remarks = Remarks::default();
        let mut text = Toml::default();
        let (sample, rows) = (&self.sample, self.sample.rows() as u64);
        text.line("[[source]]");
        text.key("name", &quoted(name), "");
        let looked = if sample.is_whole {
            format!("all {}", count(rows, "row"))
        } else {
            format!("{} from head, middle and tail", count(rows, "row"))
        };
        let of = if self.files > 1 { format!(", the largest of {}", count(self.files as u64, "file")) } else { String::new() };
        text.key("path", &quoted(path), &format!("looked at {looked}{of}"));
        let shape = match self.shape {
            Shape::Transactions if self.payments.is_some() => "one row per payment, with the invoice it pays",
            Shape::Transactions => "one row per posting: a type, and the document that a payment settles",
            Shape::OpenAndCleared => "one row per item, with what cleared it",
            Shape::Canonical => "one row per customer, with what is known of it",
            _ if self.has_payments_elsewhere => "one row per invoice; another file has the payments",
            _ if self.says_payments() => "one row per invoice, with when it was paid",
            _ => "one row per invoice; nothing says when one was paid",
        };
        text.key("shape", &quoted(self.shape.word()), shape);
        if self.shape == Shape::Canonical {
            text.key("table", "\"customers\"", "");
        }
        if self.payments.as_ref().is_some_and(|payments| payments.has_parts) {
            text.key("credit_rows", "\"parts\"", "a payment of several invoices has a row for each, with its part");
        }
        if self.shape == Shape::FlatInvoices && !self.says_payments() && !self.has_payments_elsewhere {
            remarks.warnings.push(format!(
                "{name}: no column says when invoices were paid: all of them count as open, and nothing can be learned about payments"
            ));
        }
        self.write_delivery(&mut text, delivered_at);
        self.write_layout(&mut text, &mut remarks, name);
        self.write_dates(&mut text, &mut remarks, name);
        self.write_numbers(&mut text, &mut remarks, name);
        self.write_signs(&mut text, &mut remarks, name);
        self.write_nothing(&mut text);
        self.write_columns(&mut text, &mut remarks, name);
        self.write_constants(&mut text, &mut remarks, name, base_currency);
        self.write_types(&mut text, &mut remarks, name);
        self.write_currencies(&mut text);
        self.write_deleted(&mut text);
        self.doubt(&mut remarks, name);
        (text, remarks)
    }

    fn write_delivery(&self, text: &mut Toml, delivered_at: Option<&str>) {
        if let Some(format) = delivered_at {
            text.key("delivered_at", &quoted(format), "the file names say when each was delivered");
        }
    }

    fn write_layout(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        let sample = &self.sample;
        if let Some(sheet) = &sample.sheet {
            text.key("sheet", &quoted(sheet), &format!("of {}: {}", count(sample.sheets.len() as u64, "sheet"), sample.sheets.join(", ")));
        }
        if let Some(facts) = &sample.text_facts {
            let encoded = &facts.encoded;
            if encoded.encoding != encoding_rs::UTF_8 && encoded.mark == 0 {
                text.key("encoding", &quoted(&encoded.encoding.name().to_ascii_lowercase()), &encoded.why);
            }
            if !encoded.is_sure {
                remarks.warnings.push(format!(
                    "{name}: low confidence in the encoding: some bytes mean nothing in it; if names look wrong, set `encoding`"
                ));
            }
            let layout = &facts.layout;
            let delimiter = layout.dialect.delimiter;
            let usual = if sample.path.to_string_lossy().to_ascii_lowercase().contains(".tsv") { b'\t' } else { b',' };
            if delimiter != usual {
                let why =
                    format!("{} of {} lines looked at have {}", layout.regular, layout.records, count(sample.header.len() as u64, "field"));
                text.key("delimiter", &quoted(&char::from(delimiter).to_string()), &why);
            }
            if let Some(quote) = layout.dialect.quote.filter(|quote| *quote != b'"') {
                text.key("quote", &quoted(&char::from(quote).to_string()), "fields begin and end with it");
            }
            if sample.header_row.is_some() {
                text.key(
                    "header_row",
                    &sample.header_row.unwrap_or(1).to_string(),
                    &format!("above it stands: {}", short(&layout.titles.join(" / "))),
                );
            }
        } else if let Some(row) = sample.header_row {
            text.key("header_row", &row.to_string(), "the row of the sheet with the names of the columns");
        }
        if !self.totals.is_empty() {
            let words: Vec<String> = self.totals.keys().map(|word| quoted(word)).collect();
            let rows: usize = self.totals.values().sum();
            text.key(
                "total_words",
                &format!("[{}]", words.join(", ")),
                &format!(
                    "{}: kept in the quarantine, counted as no amount",
                    if rows == 1 {
                        "1 row is no document and begins so".to_owned()
                    } else {
                        format!("{rows} rows are no documents and begin so")
                    }
                ),
            );
        }
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
