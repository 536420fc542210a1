//! How values are written, in the text of a source: dates, numbers, signs, words for nothing.

use std::collections::BTreeMap;

use super::dates::Decided;
use super::profile::Column;
use super::source::{Found, Remarks};
use super::types::SignRule;
use super::write::{Toml, of, quoted};
use crate::catalog::ledger_tables::RECORDED_AT;
use crate::config::DatePattern;
use crate::run::words::{count, grouped};

impl Found {
    pub(super) fn write_dates(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        // An instant in ISO 8601 is read without being told.
        let iso = DatePattern::iso_instant();
        let is_told = |name: &str, column: &Column| {
            name != RECORDED_AT.name
                || !column.few.as_ref().is_some_and(|few| few.keys().all(|text| iso.parse_instant(text.as_bytes()).is_some()))
        };
        let dated: Vec<(&str, &Column)> = self
            .mapping
            .columns
            .iter()
            .map(|(name, position)| (*name, &self.columns[*position]))
            .filter(|(name, column)| column.dates.is_some() && is_told(name, column))
            .collect();
        let pattern =
            |column: &Column| column.dates.as_ref().and_then(|dates| dates.candidates.first()).map(|first| first.pattern.text().to_owned());
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for pattern in dated.iter().filter_map(|(_, column)| pattern(column)) {
            *counts.entry(pattern).or_default() += 1;
        }
        let main = self.column("document_date").and_then(pattern);
        let usual = counts.iter().max_by_key(|(text, count)| (**count, Some(*text) == main.as_ref())).map(|(text, _)| text.clone());
        let Some(usual) = usual else { return };
        for (column_name, column) in &dated {
            let Some(dates) = &column.dates else { continue };
            let position = self.mapping.columns[column_name];
            let Some((_, decided)) = self.decided.iter().find(|(at, _)| *at == position) else { continue };
            let mut said = format!("{}: {} read as {}", column.header, of(dates.read(), dates.values), pattern(column).unwrap_or_default());
            let is_serial = dates.candidates.first().is_some_and(|first| first.pattern == DatePattern::serial());
            match decided {
                Decided::Itself if is_serial => said += "; the numbers of days that spreadsheets keep",
                Decided::Itself if dates.above_twelve > 0 => said += &format!("; {} a day above 12", have(dates.above_twelve)),
                Decided::Itself => {}
                Decided::Column(other) => said += &format!("; no day is above 12, but {other} is written alike and has some"),
                Decided::Sequence { earlier, later, pairs, in_order, otherwise } => {
                    said += &format!(
                        "; no day is above 12, but {later} follows {earlier} in {in_order} of {pairs} rows so, and in {otherwise} the other way"
                    );
                }
                Decided::Guessed(why) => {
                    said += &format!("; LOW CONFIDENCE: no day is above 12, so that day and month cannot be told apart; {why}");
                    let other = dates.candidates.get(1).map(|other| other.pattern.text().to_owned()).unwrap_or_default();
                    remarks.warnings.push(format!(
                        "{name}: low confidence in the dates of {}: every value can be read as {} and as {other}; correct the configuration if it is the latter",
                        column.header,
                        pattern(column).unwrap_or_default()
                    ));
                }
            }
            if *column_name != RECORDED_AT.name && dates.candidates.first().is_some_and(|first| first.pattern.has_time()) {
                said += &format!("; the time of day is left out ({} of them not midnight)", grouped(dates.with_time as u64));
            }
            text.comment(&said);
        }
        if usual != "%Y-%m-%d" {
            text.key("date_format", &quoted(&usual), "");
        }
        let guessed = dated.iter().find(|(column_name, _)| {
            let position = self.mapping.columns[column_name];
            self.decided.iter().any(|(at, decided)| *at == position && matches!(decided, Decided::Guessed(_)))
        });
        if let Some(other) = guessed.and_then(|(_, column)| column.dates.as_ref()).and_then(|dates| dates.candidates.get(1)) {
            text.line(&format!("# date_format = {}", quoted(other.pattern.text())));
        }
        let own: Vec<(&str, String)> =
            dated.iter().filter_map(|(name, column)| pattern(column).filter(|text| *text != usual).map(|text| (*name, text))).collect();
        if !own.is_empty() {
            let pairs: Vec<String> = own.iter().map(|(name, text)| format!("{name} = {}", quoted(text))).collect();
            text.key("formats", &format!("{{ {} }}", pairs.join(", ")), "columns that write dates in their own way");
        }
    }

    pub(super) fn write_numbers(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        let chosen = self.numbers;
        if chosen.values > 0 {
            let why = format!("{} of the amounts are read so", of(chosen.read, chosen.values));
            if chosen.format.decimal != b'.' {
                text.key("decimal", &quoted(&char::from(chosen.format.decimal).to_string()), &why);
            }
            if let Some(thousands) = chosen.format.thousands {
                text.key("thousands", &quoted(&char::from(thousands).to_string()), &why);
            }
            if !chosen.is_sure {
                let said = "LOW CONFIDENCE: every separator in an amount has three digits behind it: thousands, or three decimals?";
                text.comment(said);
                text.line(if chosen.format.decimal == b',' { "# decimal = \".\"" } else { "# decimal = \",\"" });
                remarks.warnings.push(format!(
                    "{name}: low confidence in the amounts: it cannot be told whether a separator is one of thousands or of decimals"
                ));
            }
        }
        if !self.marks.is_empty() {
            let marks: Vec<String> = self.marks.iter().map(|mark| quoted(mark)).collect();
            text.key("amount_marks", &format!("[{}]", marks.join(", ")), "stand beside amounts; any other mark is an error");
        }
    }

    pub(super) fn write_signs(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        let negative = self.column("amount").map_or(0, Column::negative);
        let below = format!(
            "{} below zero",
            if negative == 1 { "1 amount is".to_owned() } else { format!("{} are", count(negative as u64, "amount")) }
        );
        match self.signs {
            SignRule::NoneNegative => {}
            SignRule::CreditNotes => text.key("negative_amount", "\"credit_note\"", &format!("{below}: such an invoice is a credit note")),
            SignRule::ByType => text.key(
                "negative_amount",
                "\"by_type\"",
                &format!("{below}: all rows of the types that reduce the account, and no others"),
            ),
            SignRule::ByTypeReversed => {
                text.key("amount_sign", "\"reversed\"", "debits are below zero, credits above");
                text.key("negative_amount", "\"by_type\"", "");
            }
            SignRule::Counterpart => {
                let why = format!(
                    "{below}, and not only rows of the types that reduce the account: a type on the wrong side is taken for its counterpart"
                );
                text.key("negative_amount", "\"counterpart\"", &why);
                remarks.warnings.push(format!("{name}: low confidence in the signs: {why}"));
            }
            SignRule::Reversed => {
                text.key("amount_sign", "\"reversed\"", &format!("{below}, nearly all of them"));
                text.key("negative_amount", "\"credit_note\"", "");
                remarks.warnings.push(format!(
                    "{name}: low confidence in the signs: nearly all amounts are below zero, so they are taken the other way round"
                ));
            }
        }
    }

    pub(super) fn write_nothing(&self, text: &mut Toml) {
        let mut nothing: BTreeMap<&str, usize> = BTreeMap::new();
        for column in self.mapping.columns.values().map(|position| &self.columns[*position]) {
            for (word, times) in &column.nothing {
                *nothing.entry(word).or_default() += times;
            }
        }
        if !nothing.is_empty() {
            let words: Vec<String> = nothing.keys().map(|word| quoted(word)).collect();
            let times: usize = nothing.values().sum();
            text.key(
                "null_values",
                &format!("[{}]", words.join(", ")),
                &format!("{} among dates and amounts", count(times as u64, "time")),
            );
        }
    }
}

fn have(number: usize) -> String {
    if number == 1 { "1 has".to_owned() } else { format!("{} have", grouped(number as u64)) }
}
