//! Which column is what, in the text of a source: the mapping with what speaks for it, constants, words of types.

use super::doubts::debit_and_credit;
use super::keys::Key;
use super::mapping::Unfit;
use super::profile::{Column, code_of};
use super::proposal::ALLOWED_SHARE;
use super::source::{Found, Remarks};
use super::types::TypeWord;
use super::words::is_void;
use super::write::{Toml, bare_or_quoted, of, quoted};
use crate::catalog::ledger_tables::{DOCUMENT_TYPES, IS_DELETED, Kind, RECORDED_AT, Table};
use crate::config::{Shape, shape_columns};
use crate::run::words::{count, grouped};

/// Why a type stands among the constants.
const PAYMENTS: &str = "each row is a payment of the invoice it names";

impl Found {
    pub(super) fn write_columns(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        text.blank();
        text.line("[source.columns]");
        let described: Vec<_> = self.known_columns().into_iter().chain([RECORDED_AT, IS_DELETED]).collect();
        let mut by_name: Vec<(&str, String, String)> = Vec::new();
        for column in &described {
            let mapped = match (&self.key, column.name) {
                (Some(Key::WithItem(position)), "item_no") => Some(*position),
                _ => self.mapping.columns.get(column.name).copied(),
            };
            let Some(position) = mapped else { continue };
            let held = &self.columns[position];
            let header = match (&self.key, column.name) {
                (Some(Key::WithType(kind)), "document_id") => format!("{{{}}}-{{{}}}", self.columns[*kind].header, held.header),
                _ => self.payments.as_ref().and_then(|said| said.joined.get(column.name).cloned()).unwrap_or_else(|| held.header.clone()),
            };
            by_name.push((column.name, header, self.evidence(column.name, column.kind, held)));
        }
        for (column, header, why) in &by_name {
            if header.is_empty() {
                remarks.missing.push(format!("{name}: the column for {column} has no header, so that it cannot be named"));
                text.line(&format!("# TODO {column} = \"\""));
                continue;
            }
            text.key(column, &quoted(header), why);
        }
        for (column, why) in &self.mapping.unsure {
            remarks.warnings.push(format!("{name}: low confidence in {column}: {why}"));
        }
        for column in described.iter().filter(|column| column.required && column.default.is_none() && column.name != "currency") {
            // Of two columns of amounts it is said already that none is the amount.
            if column.name == "amount" && debit_and_credit(&self.columns).is_some() && !self.mapping.columns.contains_key("amount") {
                text.line("# TODO amount = \"…\"   # debits and credits stand in columns of their own");
                continue;
            }
            if by_name.iter().all(|(name, ..)| *name != column.name)
                && !(column.name == "document_type" && (self.shape == Shape::FlatInvoices || self.payments.is_some()))
            {
                text.line(&format!("# TODO {} = \"…\"   # required: {}", column.name, column.description));
                let called = self.mapping.unfit.get(column.name).map(|why| self.unfit(column.name, *why)).unwrap_or_default();
                remarks.missing.push(format!("{name}: no column was found for {}, {}{called}", column.name, column.description));
            }
        }
        for column in ["due_date", "paid_date", "paid_amount"].iter().filter(|column| !self.mapping.columns.contains_key(*column)) {
            if let Some(why) = self.mapping.unfit.get(column)
                && described.iter().any(|known| known.name == *column)
            {
                remarks.warnings.push(format!("{name}: {column} is left out{}", self.unfit(column, *why)));
            }
        }
        if let Some(Key::Repeated { rows, copies, example }) = &self.key {
            let said = format!(
                "{} share their document_id with another, for example {example}; {} of them repeat an earlier row in full, the others would be quarantined",
                count(*rows as u64, "row"),
                grouped(*copies as u64)
            );
            text.comment(&said);
            remarks.warnings.push(format!("{name}: {said}"));
        }
        let used: Vec<usize> = self.mapping.columns.values().copied().collect();
        let item = if let Some(Key::WithItem(position)) = &self.key { Some(*position) } else { None };
        let unused: Vec<String> = (0..self.columns.len())
            .filter(|position| !used.contains(position) && item != Some(*position))
            .map(|position| {
                if self.columns[position].header.is_empty() {
                    format!("(column {} without a name)", position + 1)
                } else {
                    self.columns[position].header.clone()
                }
            })
            .collect();
        if !unused.is_empty() {
            text.comment(&format!("not used: {}", unused.join(", ")));
        }
    }

    /// The columns that the source may name.
    fn known_columns(&self) -> Vec<crate::catalog::ledger_tables::Column> {
        match Table::named("customers").filter(|_| self.shape == Shape::Canonical) {
            Some(customers) => customers.columns.to_vec(),
            None => shape_columns(self.shape),
        }
    }

    /// Why a column that is called so was not taken, to be said behind what is missing.
    fn unfit(&self, name: &str, why: Unfit) -> String {
        let kind = self.known_columns().into_iter().find(|column| column.name == name).map(|column| column.kind);
        let (Unfit::Values(position) | Unfit::Repeated(position)) = why;
        let header = &self.columns[position].header;
        if matches!(why, Unfit::Repeated(_)) {
            return format!("; several columns are called {header}: rename all but one");
        }
        let what = match kind {
            Some(Kind::Date | Kind::Instant) => "dates in a known format",
            Some(Kind::Amount | Kind::Percent | Kind::Rate | Kind::Integer) => "numbers",
            Some(Kind::Currency) => "currencies",
            _ => "that",
        };
        let example = self.sample.column(position).find(|text| !text.is_empty()).unwrap_or_default();
        format!("; {header} is called so, but cannot be read as {what}, for example {}", quoted(example))
    }

    fn evidence(&self, name: &str, kind: Kind, held: &Column) -> String {
        let unsure = self.mapping.unsure.get(name).map(|why| format!("LOW CONFIDENCE: {why}"));
        let found = match (name, kind) {
            _ if held.filled == 0 => "empty throughout".to_owned(),
            ("document_id", _) => match &self.key {
                Some(Key::Unique) => format!("{}, none comes twice", count(held.filled as u64, "value")),
                Some(Key::WithType(_)) => "types have numbers of their own: the same comes more than once, but not in one type".to_owned(),
                Some(Key::WithItem(_)) => "comes more than once, but not with the same item_no".to_owned(),
                _ => format!("{}, {} of them different", count(held.filled as u64, "value"), grouped(held.distinct as u64)),
            },
            ("item_no", _) if matches!(self.key, Some(Key::WithItem(_))) => "tells rows of one document apart".to_owned(),
            (_, Kind::Date) => format!("{} are dates", of(held.read_dates(), held.values())),
            (_, Kind::Amount | Kind::Percent) => format!("{} are numbers", of(held.read_numbers(), held.values())),
            (_, Kind::Id | Kind::Text) => format!("{}, {} different", count(held.filled as u64, "value"), grouped(held.distinct as u64)),
            _ => String::new(),
        };
        match unsure {
            Some(unsure) if found.is_empty() => unsure,
            Some(unsure) => format!("{unsure}; {found}"),
            None => found,
        }
    }

    pub(super) fn write_constants(&self, text: &mut Toml, remarks: &mut Remarks, name: &str, base_currency: &str) {
        if self.shape == Shape::Canonical {
            return;
        }
        if self.mapping.columns.contains_key("currency") {
            if self.payments.is_some() {
                text.blank();
                text.line("[source.constants]");
                text.key("document_type", "\"receipt\"", PAYMENTS);
            }
            let others: Vec<&str> = self.currencies.iter().map(|(code, _)| code.as_str()).filter(|code| *code != base_currency).collect();
            let rows: usize = self.currencies.iter().filter(|(code, _)| code != base_currency).map(|(_, rows)| rows).sum();
            let said = format!(
                "{name}: documents in {} need exchange rates into {base_currency}: add a source of fx_rates, or they are left out",
                others.join(", ")
            );
            // What is left out counts against the same threshold as what is quarantined.
            if others.is_empty() || self.has_rates_elsewhere {
            } else if rows as f64 > ALLOWED_SHARE * self.sample.rows() as f64 {
                remarks
                    .missing
                    .push(format!("{said}, and {rows} of {} are too many to leave out", count(self.sample.rows() as u64, "row")));
            } else {
                remarks.warnings.push(said);
            }
            return;
        }
        text.blank();
        text.line("[source.constants]");
        if self.payments.is_some() {
            text.key("document_type", "\"receipt\"", PAYMENTS);
        }
        match &self.currency {
            Some((code, why)) => text.key("currency", &quoted(code), why),
            None if self.mapping.unfit.contains_key("currency") => {
                let why = self.mapping.unfit.get("currency").map(|why| self.unfit("currency", *why)).unwrap_or_default();
                text.line("# TODO currency = \"…\"   # or a column of codes");
                remarks.missing.push(format!("{name}: the currency cannot be read{why}"));
            }
            None => {
                text.key("currency", &quoted(base_currency), "LOW CONFIDENCE: nothing in the file says it; the base currency is taken");
                remarks.warnings.push(format!("{name}: low confidence in the currency: nothing in the file says it, so it is taken for {base_currency} (--base-currency)"));
            }
        }
    }

    /// Currencies that are not written as codes.
    pub(super) fn write_currencies(&self, text: &mut Toml) {
        let Some(few) = self.column("currency").and_then(|column| column.few.as_ref()) else { return };
        let written: Vec<_> =
            few.iter().filter_map(|(word, rows)| Some((word, code_of(word)?, rows))).filter(|(word, code, _)| *word != code).collect();
        if written.is_empty() {
            return;
        }
        text.blank();
        text.line("[source.values.currency]");
        for (word, code, rows) in written {
            text.key(&bare_or_quoted(word), &quoted(&code), &count(*rows as u64, "row"));
        }
    }

    /// What a status says of rows that are no receivables.
    pub(super) fn write_deleted(&self, text: &mut Toml) {
        let Some(column) = self.column(IS_DELETED.name).filter(|column| !column.is_flag()) else { return };
        text.blank();
        text.line("[source.values.is_deleted]");
        for (word, rows) in column.few.iter().flatten() {
            let value = if is_void(word) { "\"true\"" } else { "\"false\"" };
            text.key(&bare_or_quoted(word), value, &count(*rows as u64, "row"));
        }
    }

    pub(super) fn write_types(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        let Some(words) = &self.types else { return };
        let needed: Vec<(&String, &TypeWord)> = words.iter().filter(|(word, _)| !DOCUMENT_TYPES.contains(&word.as_str())).collect();
        if needed.is_empty() {
            return;
        }
        text.blank();
        text.line("[source.values.document_type]");
        for (word, found) in needed {
            let why = format!("{}, {} below zero", count(found.rows as u64, "row"), found.negative);
            match found.meaning {
                Some(meaning) => text.key(&bare_or_quoted(word), &quoted(meaning), &why),
                None => {
                    text.line(&format!("# TODO {} = \"…\"   # {why}; one of {}", bare_or_quoted(word), DOCUMENT_TYPES.join(", ")));
                    remarks.warnings.push(format!(
                        "{name}: what the type {word} means is not known: its {} would be quarantined",
                        count(found.rows as u64, "row")
                    ));
                }
            }
        }
    }
}
