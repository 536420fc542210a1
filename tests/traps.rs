//! The traps of receivables reporting: each a small ledger with its right answer, in a text file of `tests/traps/` that an
//! accountant can review (the format is in its README). This runner writes the ledger of a file as canonical CSV, runs the
//! nights the file asks for, and compares what they published with what the file expects: money exactly, other figures to the
//! digits written. Every expectation that does not hold is told with its file and line.

mod support;
#[path = "support/typed.rs"]
mod typed;

use arrow::datatypes::DataType;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use support::{Place, Row, money, repository};
use typed::{Published, published};

/// The tables of the canonical ledger that a scenario may fill.
const LEDGER_TABLES: [&str; 10] =
    ["customers", "documents", "applications", "disputes", "promises", "contacts", "customer_events", "orders", "fx_rates", "gl_balances"];

/// Names the test of each file, and the list of them.
macro_rules! traps {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let path = format!("tests/traps/{}.txt", stringify!($name));
            let text = std::fs::read_to_string(repository().join(&path)).unwrap_or_else(|cause| panic!("{path} can be read: {cause}"));
            let failures = failures_of(&path, &text);
            assert!(failures.is_empty(), "{} expectations do not hold\n{}", failures.len(), failures.join("\n"));
        })*

        const LISTED: &[&str] = &[$(stringify!($name)),*];
    };
}

traps! {
    books_in_a_currency_without_decimals
    books_without_decimals_have_whole_discounts
    credit_note_larger_than_its_invoice
    credit_note_larger_than_its_invoice_in_its_cohort
    credit_note_matched_for_more_than_its_invoice
    currency_without_decimals
    every_bucket_rolls_on
    every_item_is_in_exactly_one_bucket
    fx_residual_counts_as_paid
    invoice_of_zero
    invoice_of_zero_in_no_distribution
    invoices_open_then_and_paid_since
    invoices_paid_since_in_roll_rates
    leap_days_and_month_ends
    leap_days_in_cohorts
    missing_due_date_changes_no_total
    missing_due_date_is_neither_late_nor_on_time
    month_without_sales
    month_without_sales_collects
    open_only_by_an_fx_residual
    parent_and_children_counted_once
    parent_pays_for_its_child_in_time
    partly_paid_invoice_in_payment_behaviour
    partly_paid_invoice_keeps_its_age
    published_example_censoring
    published_example_collection_effectiveness
    published_example_count_back
    published_example_discount_cost
    published_example_turnover
    rebilled_invoice_in_its_cohort
    rebilled_invoice_is_one_sale
    receipt_before_its_invoice
    receipt_before_its_invoice_is_paid_on_its_date
    returned_payment
    returned_payment_is_not_a_settlement
    un_applying_today_leaves_last_month
    un_applying_today_leaves_last_months_behaviour
    unapplied_cash_and_prepayments
    unapplied_cash_in_the_dso_bridge
}

#[test]
fn every_file_of_the_folder_is_run() {
    let folder = repository().join("tests/traps");
    let files = std::fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("it can be read").path());
    let found: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, LISTED.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), "the files, and those this test lists");
}

/// The runner itself: a file whose every second expectation is wrong.
#[test]
fn an_expectation_that_does_not_hold_is_told_with_its_line() {
    let text = "One invoice\n\nThe trap: none.\n\nsettings:\n    as_of          2025-06-30\n    base_currency  USD\n\ndocuments:\n    \
                document_id  document_type  customer_id  document_date  due_date    amount    currency\n    \
                I1           invoice        K1           2025-06-01     2025-06-20  1,000.00  USD\n\n\
                expected in aging, and nothing else:\n    \
                period_end  basis     bucket   |  amount    items\n    \
                2025-06-30  due_date  not_due  |  1,000.00  1\n\n\
                expected in kpis:\n    \
                period_end  metric         convention  |  value  reason\n    \
                2025-06-30  overdue_share  standard    |  1.000  -\n    \
                2025-06-30  overdue_share  standard    |  0.999  no_sales\n\n\
                not in open_items:\n    \
                document_id\n    \
                I1\n\n\
                expected in no_such_table:\n    \
                document_id  |  amount\n    \
                I1           |  1.00\n";
    let expected = [
        "made_up.txt:15: aging: expected one row with company_id=main scope=company scope_value=main period_end=2025-06-30 basis=due_date \
         bucket=not_due, found 0",
        "made_up.txt:15: aging: expected no other bucket with company_id=main scope=company scope_value=main period_end=2025-06-30 \
         basis=due_date, found 1_30",
        "made_up.txt:20: kpis.value: expected 0.999, found 1.0",
        "made_up.txt:20: kpis.reason: expected no_sales, found -",
        "made_up.txt:24: open_items: expected no row with company_id=main document_id=I1, found 1",
        "made_up.txt:28: no_such_table: expected this table, found none",
    ];
    assert_eq!(failures_of("made_up.txt", text), expected);
}

// --- the file ----------------------------------------------------------------------------------------------------------------------

/// A line of a table: where it stands, and its cells.
#[derive(Debug)]
struct Line<'a> {
    number: usize,
    cells: Vec<&'a str>,
}

/// A table of a scenario: the heading above it, and its lines.
#[derive(Debug)]
struct Block<'a> {
    heading: &'a str,
    lines: Vec<Line<'a>>,
}

/// What a heading asks of a published table.
#[derive(Debug)]
struct Question<'a> {
    /// The date of the night.
    as_of: &'a str,
    table: &'a str,
    /// Whether the rows listed must be there, or must not.
    is_expected: bool,
    /// Whether the rows listed are all there are, but for the last column that names them.
    is_complete: bool,
}

/// The tables of a file: indented lines, each table right under its heading. Everything else is prose. Nothing that looks like
/// a table or a heading may stay unread: a misspelt heading must not silence an expectation.
fn blocks_of<'a>(path: &str, text: &'a str) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut above = "";
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end())) {
        assert!(!line.contains('\t'), "{path}:{number}: columns are separated by blanks, not tabs");
        if let Some(shown) = line.strip_prefix("    ") {
            if let Some(heading) = above.strip_suffix(':') {
                blocks.push(Block { heading, lines: Vec::new() });
            }
            let block = blocks.last_mut().filter(|_| !above.is_empty());
            let block = block.unwrap_or_else(|| panic!("{path}:{number}: a table stands right under its heading, which ends in a colon"));
            // Two blanks or more part the cells, so that a cell may hold one: `net 30`.
            let cells = shown.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
            block.lines.push(Line { number, cells });
        } else {
            assert!(!line.starts_with(' '), "{path}:{number}: the lines of a table are indented by four blanks");
            assert!(!above.ends_with(':'), "{path}:{number}: the heading above has no table");
        }
        above = line;
    }
    assert!(!above.ends_with(':'), "{path}: the last heading has no table");
    blocks
}

/// Title, the paragraph that says why it is a trap, and at least one expectation.
fn assert_reviewable(path: &str, text: &str, blocks: &[Block]) {
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|title| title.len() > 5 && !title.ends_with('.')), "{path}:1: the first line is the title");
    assert_eq!(lines.next(), Some(""), "{path}:2: an empty line below the title");
    assert!(lines.next().is_some_and(|why| why.starts_with("The trap: ")), "{path}:3: why it is a trap: `The trap: …`");
    assert!(blocks.iter().any(|block| block.heading.contains(" in ")), "{path}: something is expected");
}

/// A heading that asks something of a published table: `expected in aging`, `expected in aging as of 2025-05-31, and nothing
/// else`, `not in open_items`.
fn question<'a>(heading: &'a str, as_of: &'a str) -> Option<Question<'a>> {
    let (rest, is_expected) = match (heading.strip_prefix("expected in "), heading.strip_prefix("not in ")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return None,
    };
    let (rest, is_complete) = rest.strip_suffix(", and nothing else").map_or((rest, false), |rest| (rest, true));
    let (table, as_of) = rest.split_once(" as of ").unwrap_or((rest, as_of));
    Some(Question { as_of, table, is_expected, is_complete })
}

// --- the ledger --------------------------------------------------------------------------------------------------------------------

/// Writes the configuration and the ledger of a scenario; returns the business date.
fn write_ledger<'a>(path: &str, blocks: &[Block<'a>], place: &Place) -> &'a str {
    let settings = blocks.iter().find(|block| block.heading == "settings").unwrap_or_else(|| panic!("{path}: there are settings"));
    let mut as_of = "";
    let mut config = String::new();
    for line in &settings.lines {
        let [name, value] = line.cells[..] else { panic!("{path}:{}: a setting is a name and a value", line.number) };
        let is_bare = value.parse::<f64>().is_ok() || ["true", "false"].contains(&value);
        match name {
            "as_of" => as_of = value,
            _ if is_bare => writeln!(config, "{name} = {value}").expect("a string takes everything"),
            _ => writeln!(config, "{name} = \"{value}\"").expect("a string takes everything"),
        }
    }
    assert!(!as_of.is_empty() && config.contains("base_currency"), "{path}: the settings name as_of and base_currency");
    place.write("arrears.toml", format!("{config}[[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n"));
    for block in blocks.iter().filter(|block| block.heading != "settings" && question(block.heading, as_of).is_none()) {
        let number = block.lines[0].number;
        assert!(LEDGER_TABLES.contains(&block.heading), "{path}:{number}: no such heading: {}", block.heading);
        let file = format!("ledger/{}.csv", block.heading);
        assert!(!place.path().join(&file).exists(), "{path}:{number}: {} stands twice", block.heading);
        place.write(&file, csv_of(path, block));
    }
    as_of
}

/// A block as CSV: `-` is an empty cell, `1,000.00` a plain number.
fn csv_of(path: &str, block: &Block) -> String {
    let mut text = String::new();
    for line in &block.lines {
        assert_eq!(line.cells.len(), block.lines[0].cells.len(), "{path}:{}: every line has every column", line.number);
        let cells = line.cells.iter().map(|cell| match *cell {
            "-" => String::new(),
            number if is_number(number) => number.replace(',', ""),
            text if text.contains([',', '"']) => panic!("{path}:{}: no commas or quotes in a text: {text}", line.number),
            text => text.to_owned(),
        });
        writeln!(text, "{}", cells.collect::<Vec<_>>().join(",")).expect("a string takes everything");
    }
    text
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '−']).unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.')
}

// --- the comparison ----------------------------------------------------------------------------------------------------------------

/// Runs a scenario and returns the expectations that do not hold, in the order of the file.
fn failures_of(path: &str, text: &str) -> Vec<String> {
    let blocks = blocks_of(path, text);
    assert_reviewable(path, text, &blocks);
    let place = Place::empty();
    let last = write_ledger(path, &blocks, &place);
    let questions: Vec<(Question, &Block)> =
        blocks.iter().filter_map(|block| question(block.heading, last).map(|question| (question, block))).collect();
    let nights: BTreeSet<&str> = questions.iter().map(|(question, _)| question.as_of).chain([last]).collect();
    for night in nights {
        place.run(night).expect(0);
    }
    let mut failures = Vec::new();
    for (question, block) in questions {
        let told = match published(&place.night(question.as_of), question.table) {
            Some(published) => answers(path, &question, block, &published),
            None => vec![(block.lines[0].number + 1, "expected this table, found none".to_owned())],
        };
        for (number, what) in told {
            let dot = if what.starts_with('.') { "" } else { ": " };
            failures.push(format!("{path}:{number}: {}{dot}{what}", question.table));
        }
    }
    failures
}

/// Columns that name a row, and what stands in them.
type Key = Vec<(String, String)>;

/// What does not hold of one table of expectations: the line and what was expected and found. Left of the bar stands which row
/// is meant, right of it what the row says.
fn answers(path: &str, question: &Question, block: &Block, published: &Published) -> Vec<(usize, String)> {
    let heading = &block.lines[0].cells;
    let bar = heading.iter().position(|cell| *cell == "|").unwrap_or(heading.len());
    let (names, measures) = (&heading[..bar], heading.get(bar + 1..).unwrap_or_default());
    assert!(!names.is_empty() && question.is_expected != measures.is_empty(), "{path}:{}: the heading", block.lines[0].number);
    let unknown: Vec<_> = names.iter().chain(measures).filter(|name| !published.types.contains_key(**name)).collect();
    if !unknown.is_empty() {
        return vec![(block.lines[0].number, format!("expected these columns, found none: {unknown:?}"))];
    }
    let mut told = Vec::new();
    let mut listed: BTreeMap<Key, (usize, BTreeSet<&str>)> = BTreeMap::new();
    assert!(block.lines.len() > 1, "{path}:{}: a table has lines", block.lines[0].number);
    for line in &block.lines[1..] {
        assert_eq!(line.cells.len(), heading.len(), "{path}:{}: every line has every column", line.number);
        assert!(bar == heading.len() || line.cells[bar] == "|", "{path}:{}: the bar stands where the heading has it", line.number);
        let mut key = key_of(names, &line.cells[..bar], published);
        let found: Vec<&Row> = published.rows.iter().filter(|row| has(row, &key)).collect();
        match (question.is_expected, found.as_slice()) {
            (true, [row]) => {
                let measured = measures.iter().zip(&line.cells[bar + 1..]);
                told.extend(measured.filter_map(|(name, shown)| Some((line.number, difference(published, row, name, shown)?))));
            }
            (true, rows) => told.push((line.number, format!("expected one row with {}, found {}", shown(&key), rows.len()))),
            (false, []) => {}
            (false, rows) => told.push((line.number, format!("expected no row with {}, found {}", shown(&key), rows.len()))),
        }
        key.pop();
        listed.entry(key).or_insert((line.number, BTreeSet::new())).1.insert(line.cells[bar - 1]);
    }
    for (key, (number, values)) in listed.into_iter().filter(|_| question.is_complete) {
        let last = names[names.len() - 1];
        let rows = published.rows.iter().filter(|row| has(row, &key));
        let others: Vec<&str> = rows.map(|row| row[last].as_deref().unwrap_or("-")).filter(|value| !values.contains(value)).collect();
        if !others.is_empty() {
            told.push((number, format!("expected no other {last} with {}, found {}", shown(&key), others.join(" "))));
        }
    }
    told
}

/// The cells that name a row. The company is `main` and the scope the company, where a table has them and the scenario does not
/// say otherwise; `customer K1` in the column `scope` is the scope and its value.
fn key_of(names: &[&str], cells: &[&str], published: &Published) -> Key {
    let mut key: Vec<(&str, &str)> = Vec::new();
    let missing = |name: &str| published.types.contains_key(name) && !names.contains(&name);
    if missing("company_id") {
        key.push(("company_id", "main"));
    }
    if missing("scope") {
        key.extend([("scope", "company"), ("scope_value", "main")]);
    }
    for (name, cell) in names.iter().zip(cells) {
        match (*name, cell.split_once(' ')) {
            ("scope", Some((scope, value))) => key.extend([("scope", scope), ("scope_value", value)]),
            ("scope", None) if *cell == "company" && missing("scope_value") => {
                key.extend([("scope", "company"), ("scope_value", "main")]);
            }
            (name, _) => key.push((name, *cell)),
        }
    }
    key.into_iter().map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
}

fn has(row: &Row, key: &[(String, String)]) -> bool {
    key.iter().all(|(name, cell)| row[name].as_deref().unwrap_or("-") == cell)
}

fn shown(key: &[(String, String)]) -> String {
    key.iter().map(|(name, cell)| format!("{name}={cell}")).collect::<Vec<_>>().join(" ")
}

/// How a cell differs from what is written, if it does.
fn difference(published: &Published, row: &Row, name: &str, written: &str) -> Option<String> {
    let found = row[name].as_deref();
    let same = match (found, &published.types[name]) {
        (None, _) => written == "-",
        (Some(_), DataType::Decimal128(..) | DataType::Float64) if !is_number(written) => false,
        (Some(found), DataType::Decimal128(..)) => money(found) == money(written),
        (Some(found), DataType::Float64) => is_close(found, written),
        (Some(found), _) => found == written,
    };
    (!same).then(|| format!(".{name}: expected {written}, found {}", found.unwrap_or("-")))
}

/// Whether a figure is what is written, to the digits written: at most half a unit of the last one away, and a hair for figures
/// that lie in the middle.
fn is_close(found: &str, written: &str) -> bool {
    let plain = written.replace(',', "").replace('−', "-");
    let digits = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let (found, written): (f64, f64) = (found.parse().expect("a number"), plain.parse().expect("a number"));
    let unit = 10_f64.powi(-i32::try_from(digits).expect("few digits"));
    (found - written).abs() <= unit * 0.5 + 1e-9
}
