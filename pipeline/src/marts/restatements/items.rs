//! The items that make up a restated amount: what each added to it as the first night saw the ledger, and what it adds now.
//!
//! Both views number their rows alike, because both read the same segments; an item that was not corrected is the same
//! row. The differences of the items sum to the difference of the amount; what they leave over, such as another
//! configuration then, is a row without a document, so that the sum is always exact.
//!
//! When years of payments arrive late, everything is restated at every month end since. Then only the largest differences
//! of each amount are listed, and the rest of its items are in the row without a document.

use super::compare::Restated;
use super::{FirstNight, ThisNight};
use crate::error::Result;
use crate::ingest::known::KnownAsOf;
use crate::ingest::load::{LedgerFiles, LoadOptions, Loaded, document_ids, document_keys, load};
use crate::ledger::book::{Book, Item, ItemIndex};
use crate::ledger::calendar::Day;
use crate::ledger::contributions::{LINES, Line, lines, other_side, parts};
use crate::ledger::money::narrow;
use crate::ledger::scopes::{ALL_COMPANIES, Scope};
use crate::ledger::timeline::Timeline;
use crate::marts::frame::{Sink, dates, optional_sums, sums, texts};
use polars::prelude::*;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// What one item adds to a restated amount.
#[derive(Clone, Copy)]
struct Row {
    first_amount: i64,
    amount: i64,
    /// Row in the table of documents.
    document: u32,
    cause: Cause,
}

impl Row {
    fn difference(&self) -> i128 {
        i128::from(self.amount) - i128::from(self.first_amount)
    }
}

/// Why an item adds something else than it did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    NewDocument,
    ChangedDocument,
    DeletedDocument,
    Applications,
    Rates,
    Customer,
    FurtherItems,
    Other,
}

impl Cause {
    fn word(self) -> &'static str {
        match self {
            Cause::NewDocument => "new_document",
            Cause::ChangedDocument => "changed_document",
            Cause::DeletedDocument => "deleted_document",
            Cause::Applications => "applications",
            Cause::Rates => "rates",
            Cause::Customer => "customer",
            Cause::FurtherItems => "further_items",
            Cause::Other => "other",
        }
    }
}

/// The most rows of a night: beyond, each amount keeps its largest.
const ROWS_MAX: usize = 10_000_000;
/// Rows that are made into a frame at a time.
const ROWS_OF_A_PART: usize = 250_000;

/// Writes the table `restatement_rows`, sorted by its key.
///
/// # Errors
/// When the ledger cannot be read, or the table not be written.
pub fn write_rows(night: &ThisNight, firsts: &[FirstNight], restated: &[Restated], sink: &mut impl Sink) -> Result<()> {
    let keys = document_keys(&night.view.files)?;
    let mut rows = Explained::new(restated.len(), ROWS_MAX);
    for (position, first) in firsts.iter().enumerate() {
        let of_night: Vec<usize> = (0..restated.len()).filter(|at| restated[*at].first_night == position).collect();
        // The deliveries of another ledger say nothing about this one.
        if !of_night.is_empty() && first.manifest.ledger.is_beginning_of(&night.view.all_files) {
            let then = load_as_seen_by(first, night)?;
            differences(night, &then, &keys, restated, &of_night, &mut rows);
        }
    }
    drop(keys);
    rows.trim();
    write_sorted(night, restated, rows, sink)
}

/// The book as an earlier night saw it.
fn load_as_seen_by(first: &FirstNight, night: &ThisNight) -> Result<Loaded> {
    let files = LedgerFiles { first_files: Some(first.manifest.ledger.files), ..night.view.files.clone() };
    let known_as_of = first.manifest.known_as_of.as_deref().and_then(KnownAsOf::parse).map(KnownAsOf::microseconds);
    load(
        &files,
        &LoadOptions { base_currency: night.base_currency.to_owned(), as_of: first.as_of, known_as_of, due_dates: night.due_dates.clone() },
    )
}

/// Rows by restated amount, at most so many.
struct Explained {
    rows: Vec<Vec<Row>>,
    /// Which amounts have more items than rows.
    is_cut: Vec<bool>,
    count: usize,
    max: usize,
}

impl Explained {
    fn new(amounts: usize, max: usize) -> Self {
        Explained { rows: (0..amounts).map(|_| Vec::new()).collect(), is_cut: vec![false; amounts], count: 0, max }
    }

    fn add(&mut self, found: Vec<(usize, Row)>) {
        self.count += found.len();
        found.into_iter().for_each(|(restated, row)| self.rows[restated].push(row));
        if self.count > 2 * self.max {
            self.trim();
        }
    }

    /// Keeps the largest rows of each amount, of as many as there may be in all. Whether it is done once at the end or in
    /// between too makes no difference: an amount never keeps more later than it did before.
    fn trim(&mut self) {
        if self.count <= self.max {
            return;
        }
        let mut counts: Vec<usize> = self.rows.iter().map(Vec::len).collect();
        counts.sort_unstable();
        let most = most_of_each(&counts, self.max);
        for (rows, is_cut) in self.rows.iter_mut().zip(&mut self.is_cut) {
            if rows.len() > most {
                rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.difference().abs()), row.document));
                rows.truncate(most);
                rows.shrink_to_fit();
                *is_cut = true;
            }
        }
        self.count = self.rows.iter().map(Vec::len).sum();
    }
}

/// The largest number that each of `counts` (ascending) can be cut to so that they sum to `max` at most.
fn most_of_each(counts: &[usize], max: usize) -> usize {
    let mut rest = max;
    for (at, count) in counts.iter().enumerate() {
        let even = rest / (counts.len() - at);
        if *count > even {
            return even;
        }
        rest -= count;
    }
    usize::MAX
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

    /// Company and currency.
    fn place(&self, item: ItemIndex) -> (&'a str, &'a str) {
        let customer = &self.book.customers[self.item(item).customer as usize];
        (&self.book.companies[customer.company as usize], self.currency(item))
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

/// A company (`None` for all) and a currency (`None` for scope company).
type ScopeKey<'a> = (Option<&'a str>, Option<&'a str>);

/// Which restated amount a line of a period end is, by company and currency.
struct Targets<'a> {
    ends: Vec<Day>,
    /// Positions by period end and line.
    restated: HashMap<ScopeKey<'a>, Vec<Option<usize>>>,
}

impl<'a> Targets<'a> {
    fn new(restated: &'a [Restated], of_night: &[usize], lines: &[Option<Line>]) -> Self {
        let mut ends: Vec<Day> = of_night.iter().map(|at| restated[*at].period_end).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut targets: HashMap<ScopeKey, Vec<Option<usize>>> = HashMap::new();
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
    fn of(&self, (company, currency): (&str, &str), end: usize, mut action: impl FnMut(usize, usize)) {
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

/// Adds the items that make up the amounts that one night published first to the `rows` of each.
fn differences(night: &ThisNight, loaded_then: &Loaded, keys: &[i64], restated: &[Restated], of_night: &[usize], rows: &mut Explained) {
    let lines = lines(night.buckets);
    let targets = Targets::new(restated, of_night, &lines);
    let (then, now) = (Side::new(loaded_then, keys), Side::new(night.loaded, keys));
    let last = targets.ends.last().copied().unwrap_or(Day::MIN);
    let unchanged = Unchanged::new(&then, &now, last);
    let changed: Vec<Pair> = pairs(&then, &now).into_par_iter().filter(|pair| !unchanged.holds(*pair)).collect();
    for items in changed.chunks(1 << 12) {
        let of_pair = |pair: &Pair| {
            let mut found = Vec::new();
            (0..targets.ends.len()).for_each(|at| of_period(night, &then, &now, *pair, &targets, at, &mut found));
            found
        };
        let found: Vec<(usize, Row)> = items.par_iter().flat_map_iter(of_pair).collect();
        rows.add(found);
    }
}

/// What an item adds to the restated amounts of one period end.
fn of_period(night: &ThisNight, then: &Side, now: &Side, pair: Pair, targets: &Targets, at: usize, rows: &mut Vec<(usize, Row)>) {
    let end = targets.ends[at];
    let parts_of = |side: &Side, item: Option<ItemIndex>| {
        let parts = item.and_then(|item| parts(side.book, item, end, night.buckets, night.include_intercompany));
        item.zip(parts)
    };
    let (first, second) = (parts_of(then, pair.0), parts_of(now, pair.1));
    let mut found: Vec<(usize, [i128; 2])> = Vec::new();
    match (&first, &second) {
        (None, None) => return,
        (Some((a, first)), Some((b, second))) if then.place(*a) == now.place(*b) => {
            if first == second {
                return;
            }
            targets.of(now.place(*b), at, |restated, line| found.push((restated, [first[line], second[line]])));
        }
        (Some((a, first)), None) => targets.of(then.place(*a), at, |restated, line| found.push((restated, [first[line], 0]))),
        (None, Some((b, second))) => targets.of(now.place(*b), at, |restated, line| found.push((restated, [0, second[line]]))),
        (Some((a, first)), Some((b, second))) => {
            // The item has left one currency and entered another: it counts in the amounts of both.
            targets.of(then.place(*a), at, |restated, line| found.push((restated, [first[line], 0])));
            targets.of(now.place(*b), at, |restated, line| match found.iter_mut().find(|(known, _)| *known == restated) {
                Some((_, sums)) => sums[1] = second[line],
                None => found.push((restated, [0, second[line]])),
            });
        }
    }
    found.retain(|(_, [first, second])| first != second);
    if found.is_empty() {
        return;
    }
    let cause = cause(then, now, pair, end);
    // Of a corrected item the row that counts now.
    let document = pair.1.map(|item| now.row(item)).or(pair.0.map(|item| then.row(item))).expect("one of the two is there");
    let row = |[first_amount, amount]: [i128; 2]| Row { first_amount: narrow(first_amount), amount: narrow(amount), document, cause };
    rows.extend(found.into_iter().map(|(restated, sums)| (restated, row(sums))));
}

/// Tells quickly what most items are: the same in both views.
struct Unchanged<'a> {
    then: &'a Side<'a>,
    now: &'a Side<'a>,
    /// Applications after this day do not matter.
    last: Day,
    /// For each currency of the view then, whether its rates are the same now.
    same_rates: Vec<bool>,
    /// For each customer of the view then, whether it is of the group now if it was.
    same_group: Vec<bool>,
}

impl<'a> Unchanged<'a> {
    fn new(then: &'a Side<'a>, now: &'a Side<'a>, last: Day) -> Self {
        let codes = |side: &Side| -> HashMap<String, u16> {
            (0..side.book.rates.len()).filter_map(|at| u16::try_from(at).ok()).map(|at| (side.book.rates.code(at).to_owned(), at)).collect()
        };
        let of_now = codes(now);
        let first = then.book.items.iter().map(|item| item.document_date).min().unwrap_or(last);
        let same = |currency: u16| {
            let Some(other) = of_now.get(then.book.rates.code(currency)) else { return false };
            (first..=last).all(|day| then.book.rates.on(currency, day) == now.book.rates.on(*other, day))
        };
        let same_rates = (0..then.book.rates.len()).map(|at| u16::try_from(at).is_ok_and(same)).collect();
        let name =
            |book: &'a Book, at: usize| (book.companies[book.customers[at].company as usize].as_str(), book.customers[at].id.as_str());
        let groups: HashMap<(&str, &str), bool> =
            (0..now.book.customers.len()).map(|at| (name(now.book, at), now.book.customers[at].is_intercompany)).collect();
        let same_group = (0..then.book.customers.len())
            .map(|at| groups.get(&name(then.book, at)).is_none_or(|group| *group == then.book.customers[at].is_intercompany))
            .collect();
        Unchanged { then, now, last, same_rates, same_group }
    }

    /// Whether the same row says the same: nothing else was applied to it, at no other rate, of no other group.
    fn holds(&self, pair: Pair) -> bool {
        let (Some(first), Some(second)) = pair else { return false };
        if !self.is_same_row(first, second) {
            return false;
        }
        let applications = |side: &Side<'a>, item: ItemIndex| {
            side.book.applications_of(item).take_while(|application| application.visible_date <= self.last)
        };
        let (mut then, mut now) = (applications(self.then, first), applications(self.now, second));
        loop {
            match (then.next(), now.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if a.row == b.row && a.visible_date == b.visible_date => {
                    if !self.is_same_row(a.debit, b.debit) || !self.is_same_row(a.credit, b.credit) {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }

    fn is_same_row(&self, first: ItemIndex, second: ItemIndex) -> bool {
        let item = self.then.item(first);
        self.then.row(first) == self.now.row(second)
            && self.same_rates[usize::from(item.currency)]
            && self.same_group[item.customer as usize]
    }
}

/// Why an item adds something else to a period than it did: the first of these that holds.
fn cause(then: &Side, now: &Side, pair: Pair, end: Day) -> Cause {
    let (first, second) = match pair {
        (Some(first), Some(second)) => (first, second),
        (None, Some(second)) if then.without_rate.contains(&now.key(second)) => return Cause::Rates,
        (Some(first), None) if now.without_rate.contains(&then.key(first)) => return Cause::Rates,
        (None, _) => return Cause::NewDocument,
        (_, None) => return Cause::DeletedDocument,
    };
    if document_of(then, first) != document_of(now, second) {
        return Cause::ChangedDocument;
    }
    if applications_of(then, first, end) != applications_of(now, second, end) {
        return Cause::Applications;
    }
    if rates_of(then, first, end) != rates_of(now, second, end) {
        return Cause::Rates;
    }
    if groups_of(then, first) != groups_of(now, second) { Cause::Customer } else { Cause::Other }
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

/// A row of the table: of an item with its document's id, or what no item explains.
enum Told<'a> {
    Item(Row, &'a (String, i64)),
    Rest(i128, Cause),
}

/// Sorts the rows of each amount by document, closes its sum, and writes them.
fn write_sorted(night: &ThisNight, restated: &[Restated], explained: Explained, sink: &mut impl Sink) -> Result<()> {
    let Explained { rows, is_cut, .. } = explained;
    let ids = document_ids(&night.view.files, &rows.iter().flatten().map(|row| row.document).collect())?;
    let mut documents: Vec<u32> = ids.keys().copied().collect();
    documents.par_sort_unstable_by(|a, b| ids[a].cmp(&ids[b]));
    let ranks: HashMap<u32, usize> = documents.into_iter().enumerate().map(|(rank, document)| (document, rank)).collect();
    let mut part: Vec<(usize, Told)> = Vec::new();
    for (at, mut rows) in rows.into_iter().enumerate() {
        rows.par_sort_unstable_by_key(|row| ranks[&row.document]);
        let rest = restated[at].amount - restated[at].first_amount - rows.iter().map(Row::difference).sum::<i128>();
        if rest != 0 {
            part.push((at, Told::Rest(rest, if is_cut[at] { Cause::FurtherItems } else { Cause::Other })));
        }
        for row in rows {
            part.push((at, Told::Item(row, &ids[&row.document])));
            if part.len() >= ROWS_OF_A_PART {
                sink.write("restatement_rows", &frame(restated, &part)?)?;
                part.clear();
            }
        }
    }
    if part.is_empty() { Ok(()) } else { sink.write("restatement_rows", &frame(restated, &part)?) }
}

fn frame<'a>(restated: &'a [Restated], rows: &[(usize, Told<'a>)]) -> Result<DataFrame> {
    let text = |name: &str, of: fn(&Restated) -> &str| texts(name, rows.iter().map(|row| Some(of(&restated[row.0]))));
    let of_item = |of: fn(&Row) -> i64| -> Vec<Option<i128>> {
        let amount = |told: &Told| if let Told::Item(row, _) = told { Some(i128::from(of(row))) } else { None };
        rows.iter().map(|(_, told)| amount(told)).collect()
    };
    let id = |told: &Told<'a>| if let Told::Item(_, id) = told { Some(*id) } else { None };
    let items: Int64Chunked = rows.iter().map(|(_, told)| id(told).map(|id| id.1)).collect();
    let cause = |told: &Told| match told {
        Told::Item(row, _) => row.cause,
        Told::Rest(_, cause) => *cause,
    };
    let difference = |told: &Told| match told {
        Told::Item(row, _) => row.difference(),
        Told::Rest(rest, _) => *rest,
    };
    Ok(DataFrame::new_infer_height(vec![
        text("company_id", |amount| &amount.company_id),
        text("scope", |amount| &amount.scope),
        text("scope_value", |amount| &amount.scope_value),
        text("table_name", |amount| &amount.table_name),
        dates("period_end", rows.iter().map(|row| Some(restated[row.0].period_end))),
        text("line", |amount| &amount.line),
        texts("document_id", rows.iter().map(|(_, told)| id(told).map(|id| id.0.as_str()))),
        items.with_name("item_no".into()).into_column(),
        optional_sums("first_amount", &of_item(|row| row.first_amount)),
        optional_sums("amount", &of_item(|row| row.amount)),
        sums("difference", rows.iter().map(|(_, told)| difference(told)).collect()),
        texts("cause", rows.iter().map(|(_, told)| Some(cause(told).word()))),
    ])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(document: u32, amount: i64) -> Row {
        Row { first_amount: 0, amount, document, cause: Cause::NewDocument }
    }

    #[test]
    fn beyond_the_most_rows_each_amount_keeps_its_largest_whenever_they_are_trimmed() {
        assert_eq!(most_of_each(&[1, 2, 30, 40], 23), 10);
        assert_eq!(most_of_each(&[1, 2, 3], 6), usize::MAX);
        let found: Vec<(usize, Row)> = (0..60).map(|at| (at % 3 / 2, row(at as u32, at as i64 * 37 % 61 - 30))).collect();
        let of = |parts: usize| {
            let mut explained = Explained::new(2, 12);
            found.chunks(parts).for_each(|part| explained.add(part.to_vec()));
            explained.trim();
            let documents = |rows: &Vec<Row>| {
                let mut documents: Vec<u32> = rows.iter().map(|row| row.document).collect();
                documents.sort_unstable();
                documents
            };
            (explained.rows.iter().map(documents).collect::<Vec<_>>(), explained.is_cut)
        };
        let (rows, is_cut) = of(60);
        assert_eq!((rows[0].len(), rows[1].len(), is_cut), (6, 6, vec![true, true]));
        for parts in [1, 7, 25] {
            assert_eq!(of(parts), of(60), "in parts of {parts}");
        }
    }
}
