//! How many rows and how much money break each rule, and whether that is more than its threshold allows.

use super::checked::{at, checked};
use super::columns::{delivery_before, header_changes};
use super::hits::{BookRule, Hits, Subject};
use super::kept::{KeptRow, Lookup};
use super::rules::{Found, RULES, Rule, Severity};
use super::sweep::{Standing, Sweep};
use super::{ROWS_KEPT, tie_out};
use crate::config::QualityConfig;
use crate::error::Result;
use crate::ingest::FileRecord;
use crate::ingest::known::LedgerView;
use crate::ingest::load::lookups::{CustomerFacts, applied_dates, customer_facts, reference_hashes, source_files};
use crate::ingest::load::{LeftOutRow, LoadOptions, Loaded};
use crate::ingest::overlay::{Mend, Mended, mended, total};
use crate::ledger::book::{Book, NO_DATE};
use polars::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// Rows and amounts, those that break a rule and those that were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Rows that break the rule.
    pub rows: u64,
    /// Rows looked at; `None` where a share of rows says nothing.
    pub rows_checked: Option<u64>,
    /// The amounts of the first, ten-thousandths; `None` where they are not known. Of the book in base currency at historical
    /// rates; of a file as it has them, whatever the currency: to compare, not to report.
    pub amount: Option<i128>,
    /// The amounts of the second.
    pub amount_checked: Option<i128>,
}

impl Sums {
    /// Share of rows, where any were looked at.
    pub fn rows_share(&self) -> Option<f64> {
        self.rows_checked.filter(|checked| *checked > 0).map(|checked| self.rows as f64 / checked as f64)
    }

    /// Share of amounts, where there are any; a sum of amounts may cancel out to nothing.
    pub fn amount_share(&self) -> Option<f64> {
        let checked = self.amount_checked.filter(|checked| *checked > 0)?;
        Some(self.amount? as f64 / checked as f64)
    }

    /// Adds others of the same kind.
    pub(super) fn add(&mut self, other: Sums) {
        let plus = |a: Option<i128>, b: Option<i128>| a.map_or(b, |a| Some(a + b.unwrap_or(0)));
        self.rows += other.rows;
        self.rows_checked = self.rows_checked.map_or(other.rows_checked, |rows| Some(rows + other.rows_checked.unwrap_or(0)));
        self.amount = plus(self.amount, other.amount);
        self.amount_checked = plus(self.amount_checked, other.amount_checked);
    }

    /// Whether a share is above its limit. Rows without a share are too many unless all may break the rule.
    fn exceed(&self, [rows, amount]: [f64; 2]) -> bool {
        let too_many = self.rows_share().map_or(self.rows > 0 && rows < 1.0, |share| share > rows);
        too_many || self.amount_share().is_some_and(|share| share > amount)
    }
}

/// Where rows came from: a file of a source, or `(all)` of both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The canonical table, or the shape of a flat file; `(all)` of a rule that nothing breaks.
    pub table: String,
    /// The source.
    pub source: String,
    /// The file.
    pub file: String,
}

/// All sources, all files, all tables.
pub const ALL: &str = "(all)";

impl Origin {
    fn all(table: &str) -> Self {
        Origin { table: table.to_owned(), source: ALL.to_owned(), file: ALL.to_owned() }
    }

    fn of(table: &str, record: Option<&FileRecord>) -> Self {
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        Origin { table: table.to_owned(), source: text(record.map(|file| &file.source)), file: text(record.map(|file| &file.file)) }
    }
}

/// What becomes of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No row breaks it.
    Holds,
    /// Rows break it, no more than its threshold allows, or it is only counted.
    Noted,
    /// Too many rows break it, and that is told.
    Warns,
    /// Too many rows break it, and nothing is published.
    Fails,
}

impl Verdict {
    /// As it is published.
    pub fn word(self) -> &'static str {
        ["holds", "noted", "warns", "fails"][self as usize]
    }
}

/// A rule with what was found.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The rule.
    pub rule: &'static Rule,
    /// What breaking it does here.
    pub severity: Severity,
    /// The largest shares of rows and amounts.
    pub limits: [f64; 2],
    /// By origin, `(all)` of each table among them.
    pub parts: BTreeMap<Origin, Sums>,
    /// Worst of the tables.
    pub verdict: Verdict,
    /// The first rows that break it.
    pub kept: Vec<KeptRow>,
}

impl Judged {
    /// Rows that break it, over all tables.
    pub fn rows(&self) -> u64 {
        self.parts.iter().filter(|(origin, _)| origin.file == ALL).map(|(_, sums)| sums.rows).sum()
    }
}

/// Every rule, judged.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    /// In the order of [`RULES`].
    pub judged: Vec<Judged>,
    /// Quarantined rows that an overlay brought in.
    pub mended: Mended,
    /// Sub-ledger beside general ledger, where there are balances of it.
    pub tie_out: Vec<tie_out::Line>,
}

/// What rules are judged on.
pub struct Input<'a> {
    /// What the configuration says of them.
    pub config: &'a QualityConfig,
    /// The ledger's record.
    pub view: &'a LedgerView,
    /// How it was read.
    pub options: &'a LoadOptions,
    /// The book.
    pub loaded: &'a Loaded,
    /// Rows that other rows break.
    pub left_out: &'a [LeftOutRow],
}

/// Judges every rule.
///
/// # Errors
/// When a segment cannot be read.
pub fn judge(input: &Input<'_>) -> Result<Quality> {
    let mended = mended(input.view)?;
    let found = Findings::new(input)?;
    let subjects = BookRule::ALL.into_iter().flat_map(|rule| found.kept_hits(rule).iter().copied());
    let lookup = Lookup::of(input, subjects, &found.customer_rows)?;
    let mut judged = Vec::with_capacity(RULES.len());
    for rule in RULES {
        let parts = match rule.found {
            Found::Quarantine => found.quarantined(input, rule, &mended),
            Found::Finding => noted(input, rule),
            Found::LeftOut => left_out(input, rule),
            Found::Documents | Found::Applications | Found::Customers => found.of_book(input, rule),
        };
        let kept = found.kept(input, &lookup, rule)?;
        judged.push(verdict(input.config, rule, with_all(parts, rule), kept));
    }
    Ok(Quality { judged, mended, tie_out: tie_out::lines(input)? })
}

fn verdict(config: &QualityConfig, rule: &'static Rule, parts: BTreeMap<Origin, Sums>, kept: Vec<KeptRow>) -> Judged {
    let (severity, limits) = (config.severity_of(rule), config.limits_of(rule));
    let of = |sums: &Sums| match severity {
        _ if sums.rows == 0 => Verdict::Holds,
        Severity::Warn if sums.exceed(limits) => Verdict::Warns,
        Severity::Error if sums.exceed(limits) => Verdict::Fails,
        _ => Verdict::Noted,
    };
    let whole = parts.iter().filter(|(origin, _)| origin.file == ALL);
    let verdict = whole.map(|(_, sums)| of(sums)).max().unwrap_or(Verdict::Holds);
    Judged { rule, severity, limits, parts, verdict, kept }
}

/// A rule that nothing breaks has its row as well.
fn with_all(mut parts: BTreeMap<Origin, Sums>, rule: &Rule) -> BTreeMap<Origin, Sums> {
    parts.retain(|origin, sums| origin.file == ALL || sums.rows > 0);
    if matches!(rule.found, Found::Quarantine | Found::Finding | Found::LeftOut) {
        parts.retain(|_, sums| sums.rows > 0);
    }
    if parts.is_empty() {
        parts.insert(Origin::all(ALL), Sums::default());
    }
    parts
}

/// What is looked up once for all rules.
struct Findings {
    hits: Hits,
    /// Number of the delivering file, by row of `documents`, `applications` and `customers`.
    files: [Vec<i32>; 3],
    /// Rows and amounts looked at, by the number of their file, of the same three.
    checked: [BTreeMap<i32, Sums>; 3],
    /// Quarantined amounts by file number, table and reason.
    amounts: HashMap<(i32, String, String), i128>,
    /// The table of customers, by customer of the book.
    customer_rows: Vec<Option<u32>>,
}

impl Findings {
    fn new(input: &Input<'_>) -> Result<Self> {
        let (files, loaded) = (&input.view.files, input.loaded);
        let customers = customer_facts(files, input.options, is_live)?;
        let (standings, customer_rows) = standings(&loaded.book, customers.as_deref());
        let (applied, references) = (applied_dates(files)?, reference_hashes(files)?);
        let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
        let as_of = input.options.as_of;
        let sweep = Sweep {
            book: &loaded.book,
            item_rows: &loaded.item_rows,
            due_dates: &loaded.due_dates,
            applied_dates: &applied,
            references: &references,
            customers: customers.is_some().then_some(&standings),
            as_of,
            last_day: as_of.saturating_add(days(*input.config.future_days)),
            earliest_date: *input.config.earliest_date,
            unapplied_days: days(*input.config.unapplied_days),
        };
        let hits = sweep.run();
        let files_of = |table: &str| source_files(files, table);
        let sources = [files_of("documents")?, files_of("applications")?, files_of("customers")?];
        let checked = checked(loaded, &sources, &customer_rows);
        Ok(Findings { hits, files: sources, checked, amounts: quarantined_amounts(input.view)?, customer_rows })
    }

    fn quarantined(&self, input: &Input<'_>, rule: &Rule, mended: &[Mend]) -> BTreeMap<Origin, Sums> {
        let mut parts = BTreeMap::new();
        for file in &input.view.index.files {
            for (table, counts) in &file.tables {
                let number = i32::try_from(file.number).unwrap_or(-1);
                let key = (number, table.clone(), rule.name.to_owned());
                let of_rule = |mend: &&Mend| mend.file == file.number && mend.table == *table && mend.reason == rule.name;
                let (rows, amount) = total(mended.iter().filter(of_rule));
                let sums = Sums {
                    rows: counts.reasons.get(rule.name).copied().unwrap_or(0).saturating_sub(rows),
                    rows_checked: Some(counts.read),
                    amount: Some(self.amounts.get(&key).copied().unwrap_or(0) - amount),
                    amount_checked: Some(counts.amounts.read.0),
                };
                add(&mut parts, Origin::of(table, Some(file)), sums);
            }
        }
        parts
    }

    fn of_book(&self, input: &Input<'_>, rule: &Rule) -> BTreeMap<Origin, Sums> {
        let (table, place) = match rule.found {
            Found::Applications => ("applications", 1),
            Found::Customers => ("customers", 2),
            _ => ("documents", 0),
        };
        let mut by_file = self.checked[place].clone();
        let rule = BookRule::named(rule.name).expect("every rule on the book is swept");
        for subject in self.hits.of(rule) {
            let (file, amount) = self.origin(input, *subject);
            let sums = by_file.entry(file).or_default();
            sums.rows += 1;
            sums.amount = amount.map(|amount| sums.amount.unwrap_or(0) + i128::from(amount).abs());
        }
        let known = &input.view.all_files;
        let mut parts = BTreeMap::new();
        for (number, sums) in by_file {
            let record = known.iter().find(|file| i32::try_from(file.number) == Ok(number));
            add(&mut parts, Origin::of(table, record), sums);
        }
        parts
    }

    /// The file that a subject came with, and its amount in base currency.
    fn origin(&self, input: &Input<'_>, subject: Subject) -> (i32, Option<i64>) {
        let Loaded { book, item_rows, .. } = input.loaded;
        match subject {
            Subject::Item(index) | Subject::Repeated(index, _) => {
                let item = &book.items[index as usize];
                (at(&self.files[0], item_rows[index as usize]), Some(book.historical_value(item, item.amount)))
            }
            Subject::Application(position) => {
                let application = &book.applications[position as usize];
                let debit = &book.items[application.debit as usize];
                (at(&self.files[1], application.row), Some(book.historical_value(debit, application.amount)))
            }
            Subject::Customer(customer) => (self.customer_rows[customer as usize].map_or(-1, |row| at(&self.files[2], row)), None),
        }
    }

    /// Of what breaks a rule the first, which are kept.
    fn kept_hits(&self, rule: BookRule) -> &[Subject] {
        let hits = self.hits.of(rule);
        &hits[..hits.len().min(ROWS_KEPT)]
    }

    fn kept(&self, input: &Input<'_>, lookup: &Lookup<'_>, rule: &Rule) -> Result<Vec<KeptRow>> {
        match rule.found {
            Found::Documents | Found::Applications | Found::Customers => {
                let hits = self.kept_hits(BookRule::named(rule.name).expect("every rule on the book is swept"));
                Ok(hits.iter().map(|subject| lookup.row(*subject)).collect())
            }
            Found::Quarantine => super::kept::kept_of_quarantine(input.view, rule),
            Found::Finding => Ok(super::kept::kept_of_findings(input.view, rule)),
            Found::LeftOut => Ok(super::kept::kept_of_left_out(input.view, input.left_out, rule)),
        }
    }
}

/// Adds to the part itself and to its table's.
fn add(parts: &mut BTreeMap<Origin, Sums>, origin: Origin, sums: Sums) {
    for origin in [Origin::all(&origin.table), origin] {
        parts.entry(origin).or_default().add(sums);
    }
}

/// What a file was noted for.
fn noted(input: &Input<'_>, rule: &Rule) -> BTreeMap<Origin, Sums> {
    let mut parts = BTreeMap::new();
    for file in &input.view.index.files {
        let Some(rows) = file.findings.get(rule.name) else { continue };
        let table = file.tables.keys().next().map_or("", String::as_str);
        // Rows are a share of those delivered; columns are not a share of rows.
        let read = file.tables.values().map(|counts| counts.read).sum();
        let rows_checked = (rule.name == crate::ingest::reason::ABSENT_FROM_FULL_DELIVERY).then_some(read);
        add(&mut parts, Origin::of(table, Some(file)), Sums { rows: *rows, rows_checked, ..Sums::default() });
    }
    parts
}

/// Rows of the ledger that other rows break, as a share of the rows that are known of their table.
fn left_out(input: &Input<'_>, rule: &Rule) -> BTreeMap<Origin, Sums> {
    let mut parts = BTreeMap::new();
    for row in input.left_out.iter().filter(|row| row.left_out.reason == rule.name) {
        let table = row.left_out.table;
        let record = input.view.all_files.iter().find(|file| usize::try_from(file.number) == Ok(row.source_file));
        add(&mut parts, Origin::of(table, record), Sums { rows: 1, ..Sums::default() });
        parts.entry(Origin::all(table)).or_default().rows_checked = Some(known_rows(input, table));
    }
    parts
}

/// Rows of a table that the night knows. Segments also hold what it does not know, and versions that no longer count.
fn known_rows(input: &Input<'_>, table: &str) -> u64 {
    let left_out = input.left_out.iter().filter(|row| row.left_out.table == table).count();
    let book = &input.loaded.book;
    match table {
        "documents" => (book.items.len() + left_out) as u64,
        "applications" => (book.applications.len() + left_out) as u64,
        "disputes" => (book.disputes.values().map(Vec::len).sum::<usize>() + left_out) as u64,
        _ => {
            let counts = input.view.index.files.iter().filter_map(|file| file.tables.get(table));
            counts.map(|counts| counts.accepted + counts.repaired).sum()
        }
    }
}

/// Quarantined amounts by file, table and reason, added exactly.
fn quarantined_amounts(view: &LedgerView) -> Result<HashMap<(i32, String, String), i128>> {
    if view.files.quarantine.is_empty() {
        return Ok(HashMap::new());
    }
    let paths: Vec<PlRefPath> = view.files.quarantine.iter().map(|path| PlRefPath::new(path.to_string_lossy())).collect();
    let scan = LazyFrame::scan_parquet_files(paths.into(), ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?;
    let keys = ["source_file", "table_name", "reason"];
    let wide = col("amount").cast(DataType::Decimal(38, 4));
    let sums = scan.group_by(keys.map(col)).agg([wide.sum()]).collect()?;
    let amounts = sums.column("amount")?.decimal()?.physical().clone();
    let (files, tables, reasons) = (sums.column(keys[0])?.i32()?, sums.column(keys[1])?.str()?, sums.column(keys[2])?.str()?);
    let row = |at: usize| {
        let text = |column: &StringChunked| column.get(at).unwrap_or_default().to_owned();
        ((files.get(at).unwrap_or(-1), text(tables), text(reasons)), amounts.get(at).unwrap_or(0))
    };
    Ok((0..sums.height()).map(row).collect())
}

/// What the table of customers says, by customer of the book, and its rows.
fn standings(book: &Book, facts: Option<&[CustomerFacts]>) -> (Vec<Standing>, Vec<Option<u32>>) {
    let mut standings = vec![Standing::default(); book.customers.len()];
    let mut rows = vec![None; book.customers.len()];
    for fact in facts.unwrap_or_default() {
        let (company, id) = &fact.key;
        let Ok(company) = book.companies.binary_search(company) else { continue };
        let company = u32::try_from(company).expect("companies are counted in 32 bits");
        let Ok(place) = book.customers.binary_search_by(|known| (known.company, known.id.as_str()).cmp(&(company, id.as_str()))) else {
            continue;
        };
        let opened_date = Some(fact.opened_date).filter(|day| *day != NO_DATE);
        standings[place] = Standing { is_known: true, opened_date, has_live_text: fact.live_text.is_some() };
        rows[place] = Some(fact.row);
    }
    (standings, rows)
}

/// Whether a text is run by a spreadsheet or rendered by a page: it begins like a formula and is no number, or has a tag.
///
/// ```
/// use arrears::quality::is_live;
/// assert!(is_live("=1+1") && is_live("@SUM(A1)") && is_live("a<script>b"));
/// assert!(!is_live("-12.50") && !is_live("Smith & Sons") && !is_live("a < b"));
/// ```
pub fn is_live(text: &str) -> bool {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) && text.parse::<f64>().is_err();
    let has_tag = || {
        text.match_indices('<')
            .any(|(at, _)| text[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '/' || next == '!'))
    };
    is_formula || has_tag()
}

/// The names of columns that changed, of the files that were noted for it.
pub(super) fn changed_columns<'a>(view: &'a LedgerView, rule: &Rule) -> Vec<(&'a FileRecord, String)> {
    let files = &view.index.files;
    let changes = files.iter().filter(|file| !file.header.is_empty()).filter_map(|file| Some((file, delivery_before(files.iter(), file)?)));
    let of_rule =
        changes.flat_map(|(file, before)| header_changes(&before.header, &file.header).into_iter().map(move |change| (file, change)));
    of_rule.filter(|(_, change)| change.finding == rule.name).map(|(file, change)| (file, change.column)).collect()
}
