//! The items that make up a restated amount: what each added to it as the first night saw the ledger, and what it adds now.
//!
//! Both views number their rows alike, because both read the same segments; an item that was not corrected is the same
//! row. The differences of the items sum to the difference of the amount; what they leave over, such as another
//! configuration then, is a row without a document, so that the sum is always exact.

use super::compare::Restated;
use super::{FirstNight, ThisNight};
use crate::error::Result;
use crate::ingest::known::KnownAsOf;
use crate::ingest::load::{LedgerFiles, LoadOptions, Loaded, document_ids, document_keys, load};
use crate::ledger::book::{Book, Item, ItemIndex};
use crate::ledger::calendar::Day;
use crate::ledger::contributions::{LINES, Line, Parts, lines, other_side, parts};
use crate::ledger::scopes::{ALL_COMPANIES, Scope};
use crate::ledger::timeline::Timeline;
use crate::marts::frame::{dates, optional_sums, sums, texts};
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Rows of one item, or of what no item explains.
struct Row {
    /// Position in the restated amounts.
    restated: usize,
    /// Row in the table of documents; `None` for what no item explains.
    document: Option<u32>,
    first_amount: i128,
    amount: i128,
    difference: i128,
    cause: &'static str,
}

/// The table `restatement_rows`, sorted by its key.
///
/// # Errors
/// When the ledger cannot be read.
pub fn rows(night: &ThisNight, firsts: &[FirstNight], restated: &[Restated]) -> Result<DataFrame> {
    let keys = document_keys(&night.view.files)?;
    let mut rows = Vec::new();
    for (position, first) in firsts.iter().enumerate() {
        let of_night: Vec<usize> = (0..restated.len()).filter(|at| restated[*at].first_night == position).collect();
        if of_night.is_empty() {
            continue;
        }
        // The deliveries of another ledger say nothing about this one.
        if first.manifest.ledger.is_beginning_of(&night.view.all_files) {
            let then = load_as_seen_by(first, night)?;
            rows.extend(differences(night, &then, &keys, restated, &of_night));
        }
    }
    rows.extend(unexplained(restated, &rows));
    frame(night, restated, rows)
}

/// The book as an earlier night saw it.
fn load_as_seen_by(first: &FirstNight, night: &ThisNight) -> Result<Loaded> {
    let files = LedgerFiles { first_files: Some(first.manifest.ledger.files), ..night.view.files.clone() };
    let known_as_of = first.manifest.known_as_of.as_deref().and_then(KnownAsOf::parse).map(KnownAsOf::microseconds);
    load(&files, &LoadOptions { base_currency: night.base_currency.to_owned(), as_of: first.as_of, known_as_of })
}

/// What no item explains of each restated amount.
fn unexplained(restated: &[Restated], rows: &[Row]) -> Vec<Row> {
    let mut rest: Vec<i128> = restated.iter().map(|amount| amount.amount - amount.first_amount).collect();
    for row in rows {
        rest[row.restated] -= row.difference;
    }
    let row = |(restated, difference): (usize, i128)| Row {
        restated,
        document: None,
        first_amount: 0,
        amount: difference,
        difference,
        cause: "other",
    };
    rest.into_iter().enumerate().filter(|(_, difference)| *difference != 0).map(row).collect()
}

// ------------------------------------------------------------------------------------------------- item by item

/// One view of the ledger.
struct Side<'a> {
    book: &'a Book,
    /// For each item its row.
    item_rows: &'a [u32],
    /// Key of each row.
    keys: &'a [i64],
    /// Keys of documents that were left out because they had no rate.
    without_rate: HashSet<i64>,
}

impl<'a> Side<'a> {
    fn new(loaded: &'a Loaded, keys: &'a [i64]) -> Self {
        let left_out = loaded.left_out.iter().filter(|row| row.table == "documents");
        let without_rate = left_out.filter_map(|row| keys.get(row.row as usize).copied()).collect();
        Side { book: &loaded.book, item_rows: &loaded.item_rows, keys, without_rate }
    }

    fn row(&self, item: ItemIndex) -> u32 {
        self.item_rows[item as usize]
    }

    fn key(&self, item: ItemIndex) -> i64 {
        self.keys[self.row(item) as usize]
    }

    fn item(&self, item: ItemIndex) -> &'a Item {
        &self.book.items[item as usize]
    }

    fn company(&self, item: ItemIndex) -> &'a str {
        &self.book.companies[self.book.customers[self.item(item).customer as usize].company as usize]
    }

    fn currency(&self, item: ItemIndex) -> &'a str {
        self.book.rates.code(self.item(item).currency)
    }
}

/// The same item then and now; one of the two may be missing.
type Pair = (Option<ItemIndex>, Option<ItemIndex>);

/// Which items of two views are the same: those of the same row, else those of the same key.
fn pairs(then: &Side, now: &Side) -> Vec<Pair> {
    const NONE: ItemIndex = ItemIndex::MAX;
    let mut then_of_row = vec![NONE; now.keys.len()];
    for (item, row) in (0..).zip(then.item_rows) {
        then_of_row[*row as usize] = item;
    }
    let mut pairs: Vec<Pair> = Vec::with_capacity(now.item_rows.len());
    let mut unmatched: Vec<ItemIndex> = Vec::new();
    for (item, row) in (0..).zip(now.item_rows) {
        match std::mem::replace(&mut then_of_row[*row as usize], NONE) {
            NONE => unmatched.push(item),
            same => pairs.push((Some(same), Some(item))),
        }
    }
    let mut gone: HashMap<i64, ItemIndex> =
        then_of_row.into_iter().filter(|item| *item != NONE).map(|item| (then.key(item), item)).collect();
    pairs.extend(unmatched.into_iter().map(|item| (gone.remove(&now.key(item)), Some(item))));
    pairs.extend(gone.into_values().map(|item| (Some(item), None)));
    pairs
}

/// Which restated amount a line of a period end is, by company and currency.
struct Targets<'a> {
    ends: Vec<Day>,
    /// By company (`None` for all) and currency (`None` for scope company): positions by period end and line.
    restated: HashMap<(Option<&'a str>, Option<&'a str>), Vec<Option<usize>>>,
}

impl<'a> Targets<'a> {
    fn new(restated: &'a [Restated], of_night: &[usize], lines: &[Option<Line>]) -> Self {
        let mut ends: Vec<Day> = of_night.iter().map(|at| restated[*at].period_end).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut targets: HashMap<(Option<&str>, Option<&str>), Vec<Option<usize>>> = HashMap::new();
        for at in of_night {
            let amount = &restated[*at];
            let scope = if amount.scope == Scope::Company.word() { Scope::Company } else { Scope::Currency };
            let is_line = |line: &Line| {
                line.table_name == amount.table_name && line.line == amount.line && line.scope.is_none_or(|only| only == scope)
            };
            // A line that this configuration does not have is one that no item explains.
            let Some(line) = lines.iter().position(|line| line.as_ref().is_some_and(is_line)) else { continue };
            let end = ends.binary_search(&amount.period_end).expect("every period end is listed");
            let company = (amount.company_id != ALL_COMPANIES).then_some(amount.company_id.as_str());
            let currency = (scope == Scope::Currency).then_some(amount.scope_value.as_str());
            let slots = targets.entry((company, currency)).or_insert_with(|| vec![None; ends.len() * LINES]);
            slots[end * LINES + line] = Some(*at);
        }
        Targets { ends, restated: targets }
    }

    /// Calls `action(restated, line)` for every restated amount that a company's item in a currency counts in.
    fn of(&self, company: &str, currency: &str, end: usize, mut action: impl FnMut(usize, usize)) {
        for key in [(Some(company), None), (Some(company), Some(currency)), (None, None), (None, Some(currency))] {
            let Some(slots) = self.restated.get(&key) else { continue };
            for (line, slot) in slots[end * LINES..(end + 1) * LINES].iter().enumerate() {
                if let Some(restated) = slot {
                    action(*restated, line);
                }
            }
        }
    }
}

/// The items that make up the amounts that one night published first.
fn differences(night: &ThisNight, loaded_then: &Loaded, keys: &[i64], restated: &[Restated], of_night: &[usize]) -> Vec<Row> {
    let lines = lines(night.buckets);
    let targets = Targets::new(restated, of_night, &lines);
    let (then, now) = (Side::new(loaded_then, keys), Side::new(night.loaded, keys));
    let parts_of = |side: &Side, item: Option<ItemIndex>, end: Day| {
        item.and_then(|item| parts(side.book, item, end, night.buckets, night.include_intercompany))
    };
    let of_pair = |pair: &Pair| -> Vec<Row> {
        let mut rows = Vec::new();
        for (at, end) in targets.ends.iter().enumerate() {
            let (first, second) = (parts_of(&then, pair.0, *end), parts_of(&now, pair.1, *end));
            let same_currency = match *pair {
                (Some(a), Some(b)) => then.currency(a) == now.currency(b),
                _ => true,
            };
            if (first == second && same_currency) || (first.is_none() && second.is_none()) {
                continue;
            }
            let mut found: HashMap<usize, (i128, i128)> = HashMap::new();
            let mut add = |side: &Side, item: Option<ItemIndex>, parts: &Option<Parts>, is_now: bool| {
                let (Some(item), Some(parts)) = (item, parts) else { return };
                targets.of(side.company(item), side.currency(item), at, |restated, line| {
                    let sums = found.entry(restated).or_default();
                    if is_now {
                        sums.1 += parts[line];
                    } else {
                        sums.0 += parts[line];
                    }
                });
            };
            add(&then, pair.0, &first, false);
            add(&now, pair.1, &second, true);
            found.retain(|_, sums| sums.0 != sums.1);
            if found.is_empty() {
                continue;
            }
            let cause = cause(&then, &now, *pair, *end);
            // Of a corrected item the row that counts now.
            let document = pair.1.map(|item| now.row(item)).or(pair.0.map(|item| then.row(item)));
            rows.extend(found.into_iter().map(|(restated, (first_amount, amount))| Row {
                restated,
                document,
                first_amount,
                amount,
                difference: amount - first_amount,
                cause,
            }));
        }
        rows
    };
    pairs(&then, &now).par_iter().flat_map_iter(of_pair).collect()
}

/// Why an item adds something else to a period than it did: the first of these that holds.
fn cause(then: &Side, now: &Side, pair: Pair, end: Day) -> &'static str {
    let (first, second) = match pair {
        (Some(first), Some(second)) => (first, second),
        (None, Some(second)) if then.without_rate.contains(&now.key(second)) => return "rates",
        (Some(first), None) if now.without_rate.contains(&then.key(first)) => return "rates",
        (None, _) => return "new_document",
        (_, None) => return "deleted_document",
    };
    if document_of(then, first) != document_of(now, second) {
        return "changed_document";
    }
    if applications_of(then, first, end) != applications_of(now, second, end) {
        return "applications";
    }
    if rates_of(then, first, end) != rates_of(now, second, end) {
        return "rates";
    }
    if groups_of(then, first) != groups_of(now, second) { "customer" } else { "other" }
}

/// What the document says, as far as amounts depend on it.
fn document_of<'a>(side: &Side<'a>, index: ItemIndex) -> (i64, i64, Day, Day, &'a str, &'a str, &'static str) {
    let item = side.item(index);
    let customer = side.book.customers[item.customer as usize].id.as_str();
    let kind = item.document_type.word();
    (item.amount, item.base_amount, item.document_date, item.due_date, customer, side.currency(index), kind)
}

/// What was applied to the item by a day: when, how much on either side, and of which document, dated and valued how.
fn applications_of(side: &Side, index: ItemIndex, end: Day) -> Vec<(Day, i64, i64, i64, Day, i64)> {
    let applications = side.book.applications_of(index).take_while(|application| application.visible_date <= end);
    let mut found: Vec<_> = applications
        .map(|application| {
            let other = other_side(side.item(index), application);
            let (key, item) = (side.key(other), side.item(other));
            (application.visible_date, application.amount, application.credit_amount, key, item.document_date, item.base_amount)
        })
        .collect();
    found.sort_unstable();
    found
}

/// The rates that the item is valued at, and those of the documents applied to it.
fn rates_of(side: &Side, index: ItemIndex, end: Day) -> Vec<Option<i64>> {
    let item = side.item(index);
    let days = [item.document_date, Timeline::month_end_before(end), end];
    let own = days.map(|day| side.book.rates.on(item.currency, day));
    let applications = side.book.applications_of(index).take_while(|application| application.visible_date <= end);
    let others = applications.map(|application| {
        let other = side.item(other_side(item, application));
        side.book.rates.on(other.currency, other.document_date)
    });
    own.into_iter().chain(others).collect()
}

/// Whether the customers of the item and of those it is applied to are of the same group.
fn groups_of(side: &Side, index: ItemIndex) -> Vec<(i64, bool)> {
    let is_intercompany = |item: ItemIndex| side.book.customers[side.item(item).customer as usize].is_intercompany;
    let others = side.book.applications_of(index).map(|application| other_side(side.item(index), application));
    let mut found: Vec<(i64, bool)> = [index].into_iter().chain(others).map(|item| (side.key(item), is_intercompany(item))).collect();
    found.sort_unstable();
    found.dedup();
    found
}

// ------------------------------------------------------------------------------------------------- the table

fn frame(night: &ThisNight, restated: &[Restated], rows: Vec<Row>) -> Result<DataFrame> {
    let wanted: HashSet<u32> = rows.iter().filter_map(|row| row.document).collect();
    let ids = document_ids(&night.view.files, &wanted)?;
    let id = |row: &Row| row.document.and_then(|document| ids.get(&document));
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // The restated amounts are sorted already.
    order.par_sort_by(|a, b| (rows[*a].restated, id(&rows[*a])).cmp(&(rows[*b].restated, id(&rows[*b]))));
    let sorted = || order.iter().map(|at| &rows[*at]);
    let text = |name: &str, of: fn(&Restated) -> &str| texts(name, sorted().map(|row| Some(of(&restated[row.restated]))));
    let items: Int64Chunked = sorted().map(|row| id(row).map(|id| id.1)).collect();
    let told = |row: &Row, amount: i128| row.document.map(|_| amount);
    Ok(DataFrame::new_infer_height(vec![
        text("company_id", |amount| &amount.company_id),
        text("scope", |amount| &amount.scope),
        text("scope_value", |amount| &amount.scope_value),
        text("table_name", |amount| &amount.table_name),
        dates("period_end", sorted().map(|row| Some(restated[row.restated].period_end))),
        text("line", |amount| &amount.line),
        texts("document_id", sorted().map(|row| id(row).map(|id| id.0.as_str()))),
        items.with_name("item_no".into()).into_column(),
        optional_sums("first_amount", &sorted().map(|row| told(row, row.first_amount)).collect::<Vec<_>>()),
        optional_sums("amount", &sorted().map(|row| told(row, row.amount)).collect::<Vec<_>>()),
        sums("difference", sorted().map(|row| row.difference).collect()),
        texts("cause", sorted().map(|row| Some(row.cause))),
    ])?)
}
