//! Random files, dates, amounts and configurations: nothing falls over, nothing wraps, and no figure changes silently.
//!
//! What an earlier run found stands in the tables of `found_before`.

use super::*;
use crate::config::DatePattern;
use crate::ledger::calendar::date_of;
use crate::ledger::money::{AMOUNT_SCALE, DecimalFormat, parse_decimal};

/// How a random file is written.
#[derive(Clone, Debug)]
struct Style {
    delimiter: char,
    quote_all: bool,
    line_end: &'static str,
    comma: bool,
    encoding: &'static str,
}

fn styles() -> impl Strategy<Value = Style> {
    let encodings = prop::sample::select(vec!["utf-8", "utf-8-bom", "windows-1252", "utf-16le"]);
    let delimiters = prop::sample::select(vec![',', ';', '\t', '|']);
    (delimiters, any::<bool>(), prop::sample::select(vec!["\n", "\r\n"]), any::<bool>(), encodings)
        .prop_map(|(delimiter, quote_all, line_end, comma, encoding)| Style { delimiter, quote_all, line_end, comma, encoding })
}

/// Texts that break careless readers.
fn nasty() -> impl Strategy<Value = String> {
    prop::sample::select(
        [
            "",
            " ",
            "x",
            "Müller",
            "a,b",
            "a;b",
            "a\tb",
            "a|b",
            "say \"hi\"",
            "\"",
            "\"\"",
            "two\nlines",
            "two\r\nlines",
            "'",
            "=1+1",
            "@x",
            "<b>",
            "NULL",
            "\u{a0}",
            "€",
            "trailing ",
            "-",
            "0",
            "\\",
            "a\\\"b",
            "#N/A",
        ]
        .map(str::to_owned)
        .to_vec(),
    )
}

/// Amounts as text with a point, good and bad.
fn amounts() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0_u64..10_000_000_000, 0_u32..=4).prop_map(|(value, places)| {
            let unit = 10_u64.pow(places);
            if places == 0 { value.to_string() } else { format!("{}.{:0width$}", value / unit, value % unit, width = places as usize) }
        }),
        2 => prop::sample::select(["0", "-1.00", "00.50", "+3", ".5", "5.", "1e3", "NaN", "inf", "0x10", "1.00001", "99999999999999999999", "1_000",
            "922337203685477.5807", "922337203685477.5808", "-922337203685477.5808", "９", "1..2", "--1", "1.2.3", ""].map(str::to_owned).to_vec()),
    ]
}

fn field(text: &str, style: &Style) -> String {
    let special = [style.delimiter, '"', '\n', '\r'];
    if style.quote_all || text.contains(special) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "utf-8-bom" => [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
        "utf-16le" => [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        "windows-1252" => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}

/// What an amount is, by schoolbook arithmetic on its digits: ten-thousandths, or nothing when it is no plain decimal number.
fn by_digits(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { -1 } else { 1 }, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) || all.len() > 30 {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > AMOUNT_SCALE as usize {
        return None;
    }
    let digits: i128 = format!("{}{fraction}", if whole.is_empty() { "0" } else { whole }).parse().ok()?;
    Some(sign * digits * 10_i128.pow(AMOUNT_SCALE - u32::try_from(fraction.len()).ok()?))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_file_in_any_style_is_read_as_it_was_written(
        style in styles(), rows in prop::collection::vec((nasty(), amounts()), 0..12), block in 1_usize..200
    ) {
        let header = ["document_id", "document_type", "customer_id", "document_date", "amount", "currency", "reference"];
        let line = |cells: &[&str]| cells.iter().map(|cell| field(cell, &style)).collect::<Vec<_>>().join(&style.delimiter.to_string()) + style.line_end;
        let mut text = line(&header);
        for (row, (reference, amount)) in rows.iter().enumerate() {
            let amount = if style.comma { amount.replace('.', ",") } else { amount.clone() };
            text += &line(&[&format!("I{row}"), "invoice", "C1", "2024-01-01", &amount, "EUR", reference]);
        }
        let decimal = if style.comma { "," } else { "." };
        let delimiter = if style.delimiter == '\t' { "\\t".to_owned() } else { style.delimiter.to_string() };
        let encoding = style.encoding.trim_end_matches("-bom");
        let world = World::new(&format!(
            "name = \"s\"\npath = \"in/f.csv\"\nshape = \"canonical\"\ntable = \"documents\"\ndelimiter = \"{delimiter}\"\ndecimal = \"{decimal}\"\nencoding = \"{encoding}\""
        ));
        world.write("f.csv", encoded(&text, style.encoding));
        let (index, summary) = world.try_ingest(0, block).unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert_eq!(summary.rows_read, rows.len() as u64);
        let stored: BTreeMap<String, String> = if index.tables["documents"].segments.is_empty() { BTreeMap::new() } else {
            let ids = world.rows(&index, "documents", &["document_id"]);
            ids.into_iter().zip(world.rows(&index, "documents", &["amount"])).collect()
        };
        let references: BTreeMap<String, String> = if stored.is_empty() { BTreeMap::new() } else {
            let ids = world.rows(&index, "documents", &["document_id"]);
            ids.into_iter().zip(world.rows(&index, "documents", &["reference"])).collect()
        };
        for (row, (reference, amount)) in rows.iter().enumerate() {
            let id = format!("I{row}");
            let expected = by_digits(amount.trim()).filter(|value| (0..=i128::from(i64::MAX)).contains(value));
            let found = stored.get(&id).map(|text| text.replace('.', "").parse::<i128>().expect("an amount"));
            // What is stored is what is written; what is not a plain number is never stored.
            if let Some(found) = found {
                prop_assert_eq!(Some(found), expected, "{:?} was read as {}", amount, found);
                let shown = reference.trim();
                prop_assert_eq!(&references[&id], if shown.is_empty() { "-" } else { shown }, "{:?}", reference);
            } else if let Some(value) = expected {
                prop_assert!(value > 10_i128.pow(18) - 1 || !amount.starts_with(|c: char| c.is_ascii_digit()), "{:?} was refused", amount);
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_are_accounted_for_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), block in 1_usize..100, packed in 0_usize..3) {
        let world = World::new("name = \"s\"\npath = \"in/f.*\"\nshape = \"canonical\"\ntable = \"documents\"");
        let text = [documents(&["I1,invoice,C1,2024-01-01,1.00,EUR"]).as_bytes(), &bytes].concat();
        match packed {
            1 => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&text).expect("compresses");
                world.write("f.csv.gz", encoder.finish().expect("compresses"));
            }
            // Bytes after a name that promises a compressed file.
            2 => _ = world.write("f.csv.zst", &bytes),
            _ => _ = world.write("f.csv", &text),
        }
        if let Ok((_, summary)) = world.try_ingest(0, block) {
            summary.read_sum();
        }
    }

    #[test]
    fn a_date_is_read_as_it_is_written_or_not_at_all(day in -25_567_i32..84_005, pattern in patterns(), text in "[0-9./ -]{0,12}") {
        let compiled = DatePattern::compile(pattern).expect("a known pattern");
        let written = date_of(day).format(pattern).to_string();
        // Two digits mean 1969 to 2068.
        let is_short = pattern.contains("%y");
        if !is_short || (-365..36_159).contains(&day) {
            prop_assert_eq!(compiled.parse_day(written.as_bytes()), Some(day), "{} of {}", pattern, written);
        }
        // What is read from any text is that text again, but for leading zeros.
        if let Some(read) = compiled.parse_day(text.as_bytes()) {
            let numbers = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.trim_start_matches('0').to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(numbers(&date_of(read).format(pattern).to_string()), numbers(&text), "{} read {:?}", pattern, text);
        }
    }

    #[test]
    fn an_amount_is_exact_or_refused(text in "[-+]?[0-9.,' ]{0,24}|[ -~]{0,12}", comma: bool) {
        let (decimal, thousands) = if comma { (b',', b'.') } else { (b'.', b',') };
        for thousands in [None, Some(thousands)] {
            let format = DecimalFormat { decimal, thousands };
            if let Ok(value) = parse_decimal(text.as_bytes(), format, AMOUNT_SCALE) {
                // A trailing minus and parentheses are negative signs.
                let text = match (text.strip_suffix('-'), text.strip_prefix('(').and_then(|text| text.strip_suffix(')'))) {
                    (Some(rest), _) | (None, Some(rest)) => format!("-{rest}"),
                    _ => text.clone(),
                };
                let plain: String = text.chars().filter(|c| thousands.is_none_or(|mark| *c != char::from(mark)) && !c.is_whitespace())
                    .map(|c| if c == char::from(decimal) { '.' } else { c }).collect();
                prop_assert_eq!(by_digits(&plain), Some(i128::from(value)), "{:?}", text);
            }
        }
    }

    #[test]
    fn a_configuration_of_any_kind_is_read_or_refused(position in 0_usize..600, insert in "[ -~\n]{0,6}", remove in 0_usize..12) {
        let world = World::flat("");
        world.write("f.csv", "x\n");
        world.config().expect("the configuration is good");
        let path = world.folder.path().join("arrears.toml");
        let mut text = std::fs::read_to_string(&path).expect("reads") + CONFIG;
        let position = position % text.len();
        if text.is_char_boundary(position) {
            let end = (position + remove).min(text.len());
            text.replace_range(position..end, &insert);
            std::fs::write(&path, &text).expect("writes");
            if let Err(error) = Config::load_with(&path, &Overrides::default(), &|_| None) {
                prop_assert!(error.to_string().contains("arrears.toml"), "an error names the file: {}", error);
            }
        }
    }
}

const CONFIG: &str = "date_format = \"%d.%m.%Y\"\ndecimal = \",\"\nthousands = \".\"\ndelimiter = \";\"\nencoding = \"windows-1252\"\n\
    delivery = \"full\"\nnull_values = [\"NULL\"]\n[source.columns]\ndocument_id = \"No\"\n[source.values.document_type]\nR = \"receipt\"\n\
    [quality]\nmax_quarantined_rows_share = 0.5\n";

fn patterns() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%Y%m%d", "%d-%b-%Y", "%Y/%m/%d", "%d%m%Y"])
}
