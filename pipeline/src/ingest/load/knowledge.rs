//! From when each row of the book is known, and what was known instead before: what is needed to look at the ledger as it
//! was on any earlier day without loading it again.
//!
//! Responsible for items, applications and disputes. A day knows what was recorded by its end. Rows that do not say when
//! they were recorded are known from the beginning. Rows that a view leaves out because other rows break them (over-applied,
//! without a rate) are left out of every earlier day too: what was broken then and is not now is as it is now.

use super::{
    DocumentType, KeyIndex, LedgerFiles, LoadOptions, Loaded, NO_AMOUNT, RowGroup, UNKNOWN, Version, document_keys, file_rank_of,
    is_delivered_later, read_row_groups, resolve_amount,
};
use crate::config::DAY_MICROS;
use crate::error::Result;
use crate::ledger::book::{Application, CustomerIndex, Dispute, Item, ItemIndex};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Known from the beginning.
pub const FROM_THE_BEGINNING: Day = Day::MIN;
/// Known to this day.
pub const TO_THIS_DAY: Day = Day::MAX;

/// Something with the days on which it was what is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known<T> {
    /// What.
    pub fact: T,
    /// First day on which it is known.
    pub from: Day,
    /// First day on which it is no longer what is known: it was corrected or deleted.
    pub until: Day,
}

/// From when the book's rows are known, and what was known before them.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// For each item of the book the day from which it is known as it is; empty when all are from the beginning.
    items: Vec<Day>,
    /// The same for each application of the book, by position.
    applications: Vec<Day>,
    /// Earlier versions of items. The number is the item's; items that no longer exist have numbers from the book's count on.
    pub earlier_items: Vec<(ItemIndex, Known<Item>)>,
    /// Earlier versions of applications.
    pub earlier_applications: Vec<Known<Application>>,
    /// Every version of every dispute, with its item, sorted by item.
    pub disputes: Vec<(ItemIndex, Known<Dispute>)>,
    /// Whether any row says when it was recorded: without, features go by the dates of documents and applications.
    pub has_recorded_instants: bool,
}

impl Knowledge {
    /// The day from which an item is known as it is.
    pub fn item_from(&self, item: ItemIndex) -> Day {
        self.items.get(item as usize).copied().unwrap_or(FROM_THE_BEGINNING)
    }

    /// The day from which the application at a position of the book is known as it is.
    pub fn application_from(&self, position: u32) -> Day {
        self.applications.get(position as usize).copied().unwrap_or(FROM_THE_BEGINNING)
    }
}

/// Reads when the rows of a loaded book were recorded, and what they replaced.
///
/// # Errors
/// When a segment cannot be read.
pub fn knowledge(files: &LedgerFiles, options: &LoadOptions, loaded: &Loaded) -> Result<Knowledge> {
    let book = &loaded.book;
    let mut known = Knowledge::default();
    let documents = recorded_days(files, "documents")?;
    let applications = recorded_days(files, "applications")?;
    known.has_recorded_instants = documents.is_some() || applications.is_some();
    if let Some(days) = documents {
        known.items = loaded.item_rows.iter().map(|row| days[*row as usize]).collect();
    }
    if let Some(days) = applications {
        known.applications = book.applications.iter().map(|application| days[application.row as usize]).collect();
    }
    let replaced_documents = replaced(files, "documents", options.known_as_of)?;
    let replaced_applications = replaced(files, "applications", options.known_as_of)?;
    let has_disputes = !files.segments("disputes").is_empty();
    if replaced_documents.is_empty() && replaced_applications.is_empty() && !has_disputes {
        return Ok(known);
    }
    let keys = document_keys(files)?;
    let item_keys: Vec<i64> = loaded.item_rows.iter().map(|row| keys[*row as usize]).collect();
    let mut items = Items { index: KeyIndex::new(&item_keys), gone: BTreeMap::new(), count: book.items.len(), gone_items: Vec::new() };
    known.earlier_items = earlier_items(files, loaded, &replaced_documents, &mut items)?;
    known.earlier_applications = earlier_applications(files, loaded, &replaced_applications, &items)?;
    known.disputes = disputes(files, options, &items)?;
    Ok(known)
}

/// Items by key, those that are gone included.
struct Items {
    index: KeyIndex,
    gone: BTreeMap<i64, ItemIndex>,
    count: usize,
    gone_items: Vec<Item>,
}

impl Items {
    fn get(&self, key: i64) -> Option<ItemIndex> {
        self.index.get(key).or_else(|| self.gone.get(&key).copied())
    }

    fn item<'a>(&'a self, items: &'a [Item], index: ItemIndex) -> &'a Item {
        items.get(index as usize).unwrap_or_else(|| &self.gone_items[index as usize - self.count])
    }

    /// The number of an item of which the book knows nothing any more.
    fn add_gone(&mut self, key: i64, item: Item) -> ItemIndex {
        if let Some(known) = self.gone.get(&key) {
            return *known;
        }
        let index = u32::try_from(self.count + self.gone_items.len()).expect("items are counted in 32 bits");
        self.gone.insert(key, index);
        self.gone_items.push(item);
        index
    }
}

/// The day on which an instant lies.
pub(super) fn day_of_instant(microseconds: i64) -> Day {
    Day::try_from(microseconds.div_euclid(DAY_MICROS)).expect("an instant of the ledger lies on a day of the calendar")
}

/// The day on which each row of a table was recorded, by row; `None` when no row says so.
fn recorded_days(files: &LedgerFiles, table: &str) -> Result<Option<Vec<Day>>> {
    let groups = read_row_groups(files.segments(table), None, &["recorded_at"], &[], |group| {
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        if recorded.null_count() == recorded.len() {
            return (recorded.len(), Vec::new());
        }
        let days: Vec<Day> = recorded.iter().map(|at| at.map_or(FROM_THE_BEGINNING, day_of_instant)).collect();
        (days.len(), days)
    })?;
    if groups.iter().all(|(_, days)| days.is_empty()) {
        return Ok(None);
    }
    let mut all = Vec::with_capacity(groups.iter().map(|(rows, _)| rows).sum());
    for (rows, days) in groups {
        if days.is_empty() { all.resize(all.len() + rows, FROM_THE_BEGINNING) } else { all.extend(days) }
    }
    Ok(Some(all))
}

/// Rows that were replaced or deleted later, with the days on which they were what was known.
type Replaced = HashMap<u32, (Day, Day)>;

/// The versions of a table's keys that are not the latest, unless they were replaced on the day on which they came.
fn replaced(files: &LedgerFiles, table: &str, known_as_of: Option<i64>) -> Result<Replaced> {
    let versions = versions(files, table, known_as_of)?;
    let mut replaced = Replaced::new();
    for of_key in versions.values() {
        for pair in of_key.windows(2) {
            let (from, until) = (version_day(&pair[0]), version_day(&pair[1]));
            if !pair[0].is_deleted && from < until {
                replaced.insert(pair[0].row, (from, until));
            }
        }
    }
    Ok(replaced)
}

fn version_day(version: &Version) -> Day {
    if version.recorded_at == i64::MIN { FROM_THE_BEGINNING } else { day_of_instant(version.recorded_at) }
}

/// Every version of the keys that have more than one, oldest first.
fn versions(files: &LedgerFiles, table: &str, known_as_of: Option<i64>) -> Result<BTreeMap<i64, Vec<Version>>> {
    let mut found: BTreeMap<i64, Vec<Version>> = BTreeMap::new();
    let Some(table_files) = files.tables.get(table) else { return Ok(found) };
    let corrected = read_row_groups(&table_files.corrected, None, &["row_key"], &[], |group| group.i64s("row_key").to_vec())?;
    let corrected: HashSet<i64> = corrected.into_iter().flatten().collect();
    if corrected.is_empty() {
        return Ok(found);
    }
    let columns = ["row_key", "recorded_at", "is_deleted", "source_file", "source_line"];
    let groups = read_row_groups(&table_files.segments, files.first_files, &columns, &[], |group| {
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let source_files = group.column("source_file").as_primitive::<Int32Type>();
        let deleted = group.column("is_deleted").as_boolean();
        let (keys, lines) = (group.i64s("row_key"), group.i64s("source_line"));
        let mut versions = Vec::new();
        for row in (0..group.rows()).filter(|row| corrected.contains(&keys[*row])) {
            let recorded_at = if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
            let is_later = is_delivered_later(files, source_files.value(row));
            if is_later || known_as_of.is_some_and(|known| recorded_at > known) {
                continue;
            }
            let file = file_rank_of(files, source_files.value(row));
            let is_deleted = deleted.is_valid(row) && deleted.value(row);
            versions.push((keys[row], Version { recorded_at, file, line: lines[row], row: group.row(row), is_deleted }));
        }
        versions
    })?;
    for (key, version) in groups.into_iter().flatten() {
        found.entry(key).or_default().push(version);
    }
    found.values_mut().for_each(|versions| versions.sort_unstable());
    Ok(found)
}

/// Reads the rows of documents that were replaced. Customers and currencies that the book no longer knows are passed over.
fn earlier_items(files: &LedgerFiles, loaded: &Loaded, replaced: &Replaced, items: &mut Items) -> Result<Vec<(ItemIndex, Known<Item>)>> {
    if replaced.is_empty() {
        return Ok(Vec::new());
    }
    let book = &loaded.book;
    let customers: HashMap<(&str, &str), CustomerIndex> = (0_u32..)
        .zip(&book.customers)
        .map(|(index, customer)| ((book.companies[customer.company as usize].as_str(), customer.id.as_str()), index))
        .collect();
    let currencies: HashMap<&str, CurrencyIndex> = (0..book.rates.len())
        .map(|at| CurrencyIndex::try_from(at).expect("counted in 16 bits"))
        .map(|at| (book.rates.code(at), at))
        .collect();
    let columns = ["row_key", "company_id", "customer_id", "document_type", "document_date", "due_date", "amount", "currency"];
    let groups = read_row_groups(files.segments("documents"), files.first_files, &columns, &["document_type", "currency"], |group| {
        read_earlier_items(group, replaced, &customers, &currencies)
    })?;
    let mut earlier = Vec::new();
    for (key, known) in groups.into_iter().flatten() {
        let item = match items.get(key) {
            Some(item) => item,
            None => items.add_gone(key, known.fact),
        };
        // What a correction did not change stands in the item as it is now.
        let mut fact = known.fact;
        if let Some(now) = book.items.get(item as usize) {
            fact = Item {
                customer: fact.customer,
                document_type: fact.document_type,
                amount: fact.amount,
                currency: fact.currency,
                document_date: fact.document_date,
                due_date: fact.due_date,
                base_amount: NO_AMOUNT,
                ..*now
            };
        }
        earlier.push((item, Known { fact, ..known }));
    }
    earlier.sort_by_key(|(item, known)| (*item, known.from));
    Ok(earlier)
}

fn read_earlier_items(
    group: &RowGroup,
    replaced: &Replaced,
    customers: &HashMap<(&str, &str), CustomerIndex>,
    currencies: &HashMap<&str, CurrencyIndex>,
) -> Vec<(i64, Known<Item>)> {
    let rows: Vec<usize> = (0..group.rows()).filter(|row| replaced.contains_key(&group.row(*row))).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let types = group.codes("document_type", UNKNOWN, |word| DocumentType::named(word).map_or(UNKNOWN, |kind| kind as u32));
    let codes = group.codes("currency", UNKNOWN, |code| currencies.get(code).map_or(UNKNOWN, |at| u32::from(*at)));
    let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column("customer_id").as_string::<i32>());
    let (document_dates, due_dates, amounts) = (group.dates("document_date"), group.dates("due_date"), group.amounts("amount"));
    let keys = group.i64s("row_key");
    rows.into_iter()
        .filter_map(|row| {
            let document_type = *DocumentType::ALL.get(types[row] as usize)?;
            let currency = CurrencyIndex::try_from(codes[row]).ok()?;
            let customer = *customers.get(&(companies.value(row), ids.value(row)))?;
            let (from, until) = replaced[&group.row(row)];
            let fact = Item::plain(document_type, customer, currency, amounts[row], document_dates[row], due_dates[row]);
            Some((keys[row], Known { fact, from, until }))
        })
        .collect()
}

/// Reads the applications that were replaced or taken away.
fn earlier_applications(files: &LedgerFiles, loaded: &Loaded, replaced: &Replaced, items: &Items) -> Result<Vec<Known<Application>>> {
    if replaced.is_empty() {
        return Ok(Vec::new());
    }
    let columns = ["credit_key", "debit_key", "applied_date", "amount", "credit_amount"];
    let groups = read_row_groups(files.segments("applications"), files.first_files, &columns, &[], |group| {
        let (credits, debits) = (group.i64s("credit_key"), group.i64s("debit_key"));
        let (dates, amounts, credit_amounts) = (group.dates("applied_date"), group.amounts("amount"), group.amounts("credit_amount"));
        let rows = (0..group.rows()).filter_map(|row| Some((row, *replaced.get(&group.row(row))?)));
        rows.filter_map(|(row, (from, until))| {
            let (debit, credit) = (items.get(debits[row])?, items.get(credits[row])?);
            let (debit_item, credit_item) = (items.item(&loaded.book.items, debit), items.item(&loaded.book.items, credit));
            let credit_amount = resolve_amount(debit_item, credit_item, amounts[row], credit_amounts[row]).ok()?;
            let visible_date = dates[row].max(debit_item.document_date).max(credit_item.document_date);
            let fact = Application { debit, credit, visible_date, amount: amounts[row], credit_amount, row: group.row(row) };
            Some(Known { fact, from, until })
        })
        .collect::<Vec<_>>()
    })?;
    let mut earlier = groups.concat();
    earlier.sort_by_key(|known| (known.fact.debit, known.fact.visible_date, known.fact.row));
    Ok(earlier)
}

/// Every version of every dispute.
fn disputes(files: &LedgerFiles, options: &LoadOptions, items: &Items) -> Result<Vec<(ItemIndex, Known<Dispute>)>> {
    let invisible = super::invisible_rows(files, "disputes", options.known_as_of)?;
    let replaced = replaced(files, "disputes", options.known_as_of)?;
    let columns = ["document_key", "opened_date", "closed_date", "amount", "recorded_at"];
    let groups = read_row_groups(files.segments("disputes"), files.first_files, &columns, &[], |group| {
        let (opened, closed, amounts) = (group.dates("opened_date"), group.dates("closed_date"), group.amounts("amount"));
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        let keys = group.i64s("document_key");
        let days_of = |row: usize| match replaced.get(&group.row(row)) {
            Some(days) => Some(*days),
            None if invisible.contains(&group.row(row)) => None,
            None if recorded.is_null(row) => Some((FROM_THE_BEGINNING, TO_THIS_DAY)),
            None => Some((day_of_instant(recorded.value(row)), TO_THIS_DAY)),
        };
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days_of(row)?;
                let fact = Dispute { opened_date: opened[row], closed_date: closed[row], amount: amounts[row] };
                Some((items.get(keys[row])?, Known { fact, from, until }))
            })
            .collect::<Vec<_>>()
    })?;
    let mut disputes = groups.concat();
    disputes.sort_by_key(|(item, known)| (*item, known.from, known.fact.opened_date, known.fact.amount));
    Ok(disputes)
}
