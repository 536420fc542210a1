//! One source: everything that is found out about files of one header, written as a `[[source]]` with its reasons.

use std::collections::BTreeMap;

use super::date_order::{Hints, decide};
use super::dates::Decided;
use super::keys::{Key, key_of};
use super::mapping::{Mapping, by_headers};
use super::numbers::{ChosenNumbers, choose, currency_of};
use super::profile::Column;
use super::sample::Sample;
use super::types::{SignRule, TypeWord, sign_rule, words};
use super::words::TOTALS;
use super::write::{Toml, bare_or_quoted, of, quoted};
use crate::catalog::ledger_tables::{CREDIT_TYPES, DOCUMENT_TYPES, IS_DELETED, Kind, RECORDED_AT};
use crate::config::{DatePattern, Shape, shape_columns};
use crate::ledger::currency::minor_digits;
use crate::run::words::{count, grouped};

/// Currency codes that are looked for within headers, where other words of three letters stand too.
const CODES_IN_HEADERS: &[&str] = &[
    "EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "INR", "CNY", "NGN", "ZAR", "BRL",
    "MXN", "SGD", "HKD", "AED", "TRY",
];

/// What was found out about a source.
pub struct Found {
    /// What the files look like.
    pub sample: Sample,
    /// Their columns.
    pub columns: Vec<Column>,
    /// Which of them fill what.
    pub mapping: Mapping,
    /// The shape.
    pub shape: Shape,
    /// How numbers are written.
    pub numbers: ChosenNumbers,
    /// Marks beside amounts, the longer ones first.
    pub marks: Vec<String>,
    /// What decided day and month, by column.
    pub decided: Vec<(usize, Decided)>,
    /// The currency, where no column says it, and what does; none when nothing says it.
    pub currency: Option<(String, String)>,
    /// Currencies in the column, the most frequent first.
    pub currencies: Vec<(String, usize)>,
    /// The words of the type column.
    pub types: Option<BTreeMap<String, TypeWord>>,
    /// What the signs follow.
    pub signs: SignRule,
    /// What identifies a row.
    pub key: Option<Key>,
    /// First words of rows that sum others up, with how many such rows there are.
    pub totals: BTreeMap<String, usize>,
}

/// What a person should know before anything else.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// What is not sure.
    pub warnings: Vec<String>,
    /// What is missing, so that the configuration cannot be run.
    pub missing: Vec<String>,
}

/// Looks at a sample. `fallback_currency` is used for guesses only.
pub fn look_at(sample: Sample, fallback_currency: &str) -> Found {
    let mut columns: Vec<Column> = (0..sample.header.len()).map(|position| Column::of(&sample, position)).collect();
    let mut mapping = by_headers(&columns);
    mapping.by_content(&sample, &columns);
    let shape = shape_of(&columns, &mut mapping);
    let amounts: Vec<usize> = amount_columns(&mapping);
    let numbers = choose(&amounts.iter().filter_map(|position| columns[*position].numbers.as_ref()).collect::<Vec<_>>());
    let mut marks: Vec<String> = amounts
        .iter()
        .filter_map(|position| columns[*position].numbers.as_ref())
        .flat_map(|numbers| numbers.marks.keys().cloned())
        .collect();
    marks.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    marks.dedup();
    let currencies = currencies_of(&columns, &mapping);
    let currency = if mapping.columns.contains_key("currency") { None } else { currency_said(&columns, &mapping, &marks) };
    let usual =
        currencies.first().map(|(code, _)| code.as_str()).or(currency.as_ref().map(|(code, _)| code.as_str())).unwrap_or(fallback_currency);
    let hints = Hints { has_decimal_comma: numbers.format.decimal == b',', is_american: usual == "USD" };
    let decided = decide(&sample, &mut columns, &mapping, hints);
    let bytes: Vec<Vec<u8>> = marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
    let amount = mapping.columns.get("amount").copied();
    let types = mapping.columns.get("document_type").map(|position| words(&sample, *position, amount, numbers.format, &bytes));
    let (negative, values) = amount.map_or((0, 0), |position| (columns[position].negative(), columns[position].values()));
    let signs = sign_rule(types.as_ref(), negative, values);
    let key = key_of(&sample, &columns, &mapping);
    let totals = totals_of(&sample, &mapping);
    Found { sample, columns, mapping, shape, numbers, marks, decided, currency, currencies, types, signs, key, totals }
}

fn amount_columns(mapping: &Mapping) -> Vec<usize> {
    let is_amount = |name: &str| ["amount", "paid_amount", "base_amount", "applied_amount"].contains(&name);
    mapping.columns.iter().filter(|(name, _)| is_amount(name)).map(|(_, position)| *position).collect()
}

/// The shape, and the mapping in its words.
fn shape_of(columns: &[Column], mapping: &mut Mapping) -> Shape {
    let has = |mapping: &Mapping, name: &str| mapping.columns.contains_key(name);
    let settles = |position: &usize| {
        let words = columns[*position].few.as_ref();
        words.is_some_and(|words| {
            words.keys().any(|word| super::words::type_of(word).is_some_and(|meaning| CREDIT_TYPES.contains(&meaning)))
        })
    };
    let has_credits = mapping.columns.get("document_type").is_some_and(settles);
    let shape = if has(mapping, "clearing_id") && has(mapping, "document_type") {
        if let Some(position) = mapping.columns.remove("paid_date") {
            mapping.columns.insert("clearing_date", position);
        }
        Shape::OpenAndCleared
    } else if has(mapping, "applies_to") && has_credits {
        Shape::Transactions
    } else {
        Shape::FlatInvoices
    };
    let allowed: Vec<&str> = shape_columns(shape).iter().chain(&[RECORDED_AT, IS_DELETED]).map(|column| column.name).collect();
    mapping.columns.retain(|name, _| allowed.contains(name));
    mapping.unsure.retain(|name, _| allowed.contains(name));
    shape
}

fn currencies_of(columns: &[Column], mapping: &Mapping) -> Vec<(String, usize)> {
    let few = mapping.columns.get("currency").and_then(|position| columns[*position].few.clone()).unwrap_or_default();
    let mut currencies: Vec<(String, usize)> = few.into_iter().filter(|(code, _)| minor_digits(code).is_some()).collect();
    currencies.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    currencies
}

/// The currency that a header or the marks beside the amounts say.
fn currency_said(columns: &[Column], mapping: &Mapping, marks: &[String]) -> Option<(String, String)> {
    let mut of_marks: Vec<&str> = marks.iter().filter_map(|mark| currency_of(mark)).collect();
    of_marks.dedup();
    if let ([only], true) = (of_marks.as_slice(), of_marks.len() == marks.len()) {
        return Some(((*only).to_owned(), format!("beside the amounts stands {}", marks.join(", "))));
    }
    let header = &columns[*mapping.columns.get("amount")?].header;
    let words = header.split(|letter: char| !letter.is_alphanumeric()).map(str::to_uppercase);
    let code = words.into_iter().find(|word| CODES_IN_HEADERS.contains(&word.as_str()));
    let sign = if header.contains('€') {
        Some("EUR")
    } else if header.contains('£') {
        Some("GBP")
    } else {
        None
    };
    code.or(sign.map(str::to_owned)).map(|code| (code, format!("the header of the amounts says so: {header}")))
}

/// Rows whose first text is a word for a total, and which lack what every document has.
fn totals_of(sample: &Sample, mapping: &Mapping) -> BTreeMap<String, usize> {
    let mut totals = BTreeMap::new();
    let needed: Vec<usize> =
        ["document_id", "customer_id", "document_date"].iter().filter_map(|name| mapping.columns.get(name).copied()).collect();
    for row in 0..sample.rows() {
        if needed.iter().all(|position| !sample.cell(row, *position).is_empty()) {
            continue;
        }
        let first = (0..sample.header.len()).map(|column| sample.cell(row, column)).find(|text| !text.is_empty()).unwrap_or_default();
        let lower = first.to_lowercase();
        let word = TOTALS.iter().filter(|word| lower.starts_with(**word)).max_by_key(|word| word.len());
        if let Some(word) = word {
            *totals.entry(first.get(..word.len()).unwrap_or(word).to_owned()).or_default() += 1;
        }
    }
    totals
}

impl Found {
    fn says_payments(&self) -> bool {
        self.column("paid_date").is_some_and(|column| column.filled > 0)
    }

    fn column(&self, name: &str) -> Option<&Column> {
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
        text.key("path", &quoted(path), &format!("looked at {looked}"));
        let shape = match self.shape {
            Shape::Transactions => "one row per posting: a type, and the document that a payment settles",
            Shape::OpenAndCleared => "one row per item, with what cleared it",
            _ if self.says_payments() => "one row per invoice, with when it was paid",
            _ => "one row per invoice; nothing says when one was paid",
        };
        text.key("shape", &quoted(self.shape.word()), shape);
        if self.shape == Shape::FlatInvoices && !self.says_payments() {
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
                    "{} a document and begins so: kept in the quarantine, counted as no amount",
                    if rows == 1 { "1 row is not".to_owned() } else { format!("{rows} rows are not") }
                ),
            );
        }
    }

    fn write_dates(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
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
            match decided {
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
                said += &format!("; the time of day is left out ({} is not midnight)", dates.with_time);
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

    fn write_numbers(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
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
            if self.marks.len() > 1 && self.currency.is_none() && !self.mapping.columns.contains_key("currency") {
                remarks.warnings.push(format!(
                    "{name}: low confidence in the currency: several marks stand beside the amounts: {}",
                    self.marks.join(" ")
                ));
            }
        }
    }

    fn write_signs(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
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

    fn write_nothing(&self, text: &mut Toml) {
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

    fn write_columns(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
        text.blank();
        text.line("[source.columns]");
        let described: Vec<_> = shape_columns(self.shape).into_iter().chain([RECORDED_AT, IS_DELETED]).collect();
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
                _ => held.header.clone(),
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
            if by_name.iter().all(|(name, ..)| *name != column.name)
                && !(column.name == "document_type" && self.shape == Shape::FlatInvoices)
            {
                text.line(&format!("# TODO {} = \"…\"   # required: {}", column.name, column.description));
                remarks.missing.push(format!("{name}: no column was found for {}: {}", column.name, column.description));
            }
        }
        if let Some(Key::Repeated { rows, copies, example }) = &self.key {
            let said = format!(
                "{} share their document_id with another, for example {example}; {copies} of them repeat an earlier row in full, the others would be quarantined",
                count(*rows as u64, "row")
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
        unsure.map_or(found.clone(), |unsure| format!("{unsure}; {found}"))
    }

    fn write_constants(&self, text: &mut Toml, remarks: &mut Remarks, name: &str, base_currency: &str) {
        if self.mapping.columns.contains_key("currency") {
            let others: Vec<&str> = self.currencies.iter().map(|(code, _)| code.as_str()).filter(|code| *code != base_currency).collect();
            if !others.is_empty() {
                remarks.warnings.push(format!(
                    "{name}: documents in {} need exchange rates into {base_currency}: add a source of fx_rates, or they are left out",
                    others.join(", ")
                ));
            }
            return;
        }
        text.blank();
        text.line("[source.constants]");
        match &self.currency {
            Some((code, why)) => text.key("currency", &quoted(code), why),
            None => {
                text.key("currency", &quoted(base_currency), "LOW CONFIDENCE: nothing in the file says it; the base currency is taken");
                remarks.warnings.push(format!("{name}: low confidence in the currency: nothing in the file says it, so it is taken for {base_currency} (--base-currency)"));
            }
        }
    }

    fn write_types(&self, text: &mut Toml, remarks: &mut Remarks, name: &str) {
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

fn have(number: usize) -> String {
    if number == 1 { "1 has".to_owned() } else { format!("{} have", grouped(number as u64)) }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
