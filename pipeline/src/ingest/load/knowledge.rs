//! From when each row of the book is known, and what was known instead before: what is needed to look at the ledger as it
//! was at the end of any earlier day without loading it again.
//!
//! Responsible for items, applications, disputes, promises, orders, contacts, exchange rates, and of customers their limits, events and
//! what people decided about them. A day knows what was recorded by its end; rows
//! that do not say when they were recorded are known from the beginning. What a view of that day would have left out because
//! other rows broke it (over-applied, without a rate, without its document) is left out of that day, and what only a later day
//! leaves out is in it. Not responsible for to which company, group and segment customers belong: that is how the book is
//! looked at, and is as it is now. Versions that name a customer or a currency which nothing that is known now names any more
//! are nobody's: they are in no customer's account, but hold their place among the applications.

#[cfg(test)]
pub(crate) mod by_hand;
mod contacts;
mod customers;
mod matching;
mod orders;
mod overrides;
mod promises;
mod rates;
#[cfg(test)]
mod tests;

pub use contacts::KnownContact;
pub use customers::{EventKind, KnownCustomer, KnownCustomers, KnownEvent};
pub use matching::Match;
pub use orders::KnownOrder;
pub use overrides::{KnownOverride, OverrideKind};
pub use promises::KnownPromise;
pub use rates::KnownRates;

use super::due_dates::{self, Filler, last_changes};
use super::{
    KeyIndex, LedgerFiles, LoadOptions, Loaded, NO_DATE, RowGroup, UNKNOWN, Version, application_order, document_keys, is_delivered_later,
    position_of, read_row_groups,
};
use crate::config::DAY_MICROS;
use crate::error::Result;
use crate::ledger::book::{Book, CustomerIndex, Dispute, Item, ItemIndex};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use matching::{Matching, Recorded};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Known from the beginning.
pub const FROM_THE_BEGINNING: Day = Day::MIN;
/// Known to this day.
pub const TO_THIS_DAY: Day = Day::MAX;
/// Not known by its position in the book: its versions say when.
const IN_VERSIONS: Day = Day::MAX;

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

impl<T> Known<T> {
    /// Whether it is what is known at the end of `day`.
    pub fn is_known(&self, day: Day) -> bool {
        self.from <= day && day < self.until
    }
}

/// From when the book's rows are known, and what was known before them.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// For each item of the book the day from which it is known, or [`IN_VERSIONS`]; empty when all are from the beginning.
    items: Vec<Day>,
    /// The same for each application of the book, by position.
    applications: Vec<Day>,
    /// Hash of company, document and item number of each item: the book's, then those that no longer exist.
    keys: Vec<i64>,
    /// Every version of items that have several or are not in the book, by item, oldest first. Items that no longer exist have
    /// numbers from the book's count on.
    versions: Vec<(ItemIndex, Known<Item>)>,
    /// What applications of the book that are not known by their position, and others that once counted, took off their items,
    /// by debit item.
    matches: Vec<Known<Match>>,
    /// Every version of every dispute, with its item, sorted by item.
    disputes: Vec<(ItemIndex, Known<Dispute>)>,
    /// Every version of every promise, in an order that its content decides.
    pub promises: Vec<Known<KnownPromise>>,
    /// Every version of every order that is not invoiced yet, in an order that its content decides.
    pub orders: Vec<Known<KnownOrder>>,
    /// Every version of every customer's row, and what happened to customers.
    pub customers: KnownCustomers,
    /// Every version of every decision about a customer's credit, in an order that its content decides.
    pub overrides: Vec<Known<KnownOverride>>,
    /// Every version of every contact, in an order that its content decides.
    pub contacts: Vec<Known<KnownContact>>,
    /// Exchange rates as they were known.
    pub rates: KnownRates,
    /// Whether any row says when it was recorded: without, features go by the dates of documents and applications.
    pub has_recorded_instants: bool,
}

impl Knowledge {
    /// The day from which an item of the book is known as it is; `None` for an item whose [`Self::versions_of`] say that.
    pub fn item_from(&self, item: ItemIndex) -> Option<Day> {
        Some(self.items.get(item as usize).copied().unwrap_or(FROM_THE_BEGINNING)).filter(|day| *day != IN_VERSIONS)
    }

    /// The day from which the application at a position of the book is known; `None` where [`Self::matches_of_debit`] and its
    /// like say when.
    pub fn application_from(&self, position: u32) -> Option<Day> {
        Some(self.applications.get(position as usize).copied().unwrap_or(FROM_THE_BEGINNING)).filter(|day| *day != IN_VERSIONS)
    }

    /// The same rows as if what is known now had been known from the beginning: what the books say in hindsight of earlier days.
    pub fn in_hindsight(&self) -> Self {
        let now = |known: &Known<Dispute>| (known.until == TO_THIS_DAY).then_some(Known { from: FROM_THE_BEGINNING, ..*known });
        Knowledge {
            keys: self.keys.clone(),
            disputes: self.disputes.iter().filter_map(|(item, known)| Some((*item, now(known)?))).collect(),
            customers: self.customers.in_hindsight(),
            rates: self.rates.in_hindsight(),
            ..Knowledge::default()
        }
    }

    /// The same without what is held back: nobody ever knows these items and applications, nor rows of these customers from a day on.
    ///
    /// `items` and `applications` are asked with the number of an item and the position of an application of the book, `customers`
    /// for the first day that is held back.
    pub fn without(
        &self,
        book: &Book,
        items: impl Fn(ItemIndex) -> bool,
        applications: impl Fn(usize) -> bool,
        customers: impl Fn(CustomerIndex) -> Option<Day>,
    ) -> Self {
        let hidden = TO_THIS_DAY - 1;
        let mut known = self.clone();
        let days = |days: &[Day], count: usize, is_held: &dyn Fn(usize) -> bool| -> Vec<Day> {
            let day = |at: usize| days.get(at).copied().unwrap_or(FROM_THE_BEGINNING);
            (0..count).map(|at| if is_held(at) && day(at) != IN_VERSIONS { hidden } else { day(at) }).collect()
        };
        let is_held_item = |at: usize| items(ItemIndex::try_from(at).expect("items are counted in 32 bits"));
        known.items = days(&self.items, book.items.len(), &is_held_item);
        known.applications = days(&self.applications, book.applications.len(), &applications);
        let is_early = |customer: CustomerIndex, from: Day| customers(customer).is_none_or(|held| from < held);
        known.versions.retain(|(_, version)| version.fact.customer == NOBODY || is_early(version.fact.customer, version.from));
        known.customers.rows.retain(|row| is_early(row.fact.customer, row.from));
        known.customers.events.retain(|event| is_early(event.fact.customer, event.from));
        known
    }

    /// A hash of company, document and item number: the same in every view of the ledger.
    pub fn key(&self, item: ItemIndex) -> i64 {
        self.keys.get(item as usize).copied().unwrap_or(i64::from(item))
    }

    /// Every version of every item that has several or is not in the book, by item, oldest first.
    pub fn versions(&self) -> &[(ItemIndex, Known<Item>)] {
        &self.versions
    }

    /// The versions of an item that has several or is not in the book, oldest first.
    pub fn versions_of(&self, item: ItemIndex) -> &[(ItemIndex, Known<Item>)] {
        of_item(&self.versions, item, |(of, _)| *of)
    }

    /// What was taken off a debit item by applications that are not known by their position in the book.
    pub fn matches_of_debit(&self, debit: ItemIndex) -> &[Known<Match>] {
        of_item(&self.matches, debit, |known| known.fact.debit)
    }

    /// All that applications not known by their position in the book took off items, by debit item.
    pub fn matches(&self) -> &[Known<Match>] {
        &self.matches
    }

    /// Every version of the disputes of an item.
    pub fn disputes_of(&self, item: ItemIndex) -> &[(ItemIndex, Known<Dispute>)] {
        of_item(&self.disputes, item, |(of, _)| *of)
    }
}

/// The stretch of a sorted list that belongs to an item.
fn of_item<T>(sorted: &[T], item: ItemIndex, of: impl Fn(&T) -> ItemIndex) -> &[T] {
    let first = sorted.partition_point(|entry| of(entry) < item);
    let count = sorted[first..].iter().take_while(|entry| of(entry) == item).count();
    &sorted[first..first + count]
}

/// Reads when the rows of a loaded book were recorded, and what they replaced.
///
/// # Errors
/// When a segment cannot be read.
pub fn knowledge(files: &LedgerFiles, options: &LoadOptions, loaded: &Loaded) -> Result<Knowledge> {
    let book = &loaded.book;
    let document_days = recorded_days(files, "documents")?;
    let application_days = recorded_days(files, "applications")?;
    let by_row = |days: &Option<Vec<Day>>, row: u32| days.as_ref().map_or(FROM_THE_BEGINNING, |days| days[row as usize]);
    let mut known = Knowledge::default();
    if document_days.is_some() {
        known.items = loaded.item_rows.iter().map(|row| by_row(&document_days, *row)).collect();
    }
    if application_days.is_some() {
        known.applications = book.applications.iter().map(|application| by_row(&application_days, application.row)).collect();
    }
    // Rows that this view does not know yet say nothing of it.
    known.has_recorded_instants = known.items.iter().chain(&known.applications).any(|day| *day != FROM_THE_BEGINNING);
    let filler = Filler::read(files, options)?;
    let row_keys = document_keys(files)?;
    let keys: Vec<i64> = loaded.item_rows.iter().map(|row| row_keys[*row as usize]).collect();
    drop(row_keys);
    let mut items = Items { index: KeyIndex::new(&keys), gone: BTreeMap::new(), keys };

    let mut other_documents = Rows::of(files, "documents", options)?.replaced;
    for row in loaded.left_out.iter().filter(|row| row.table == "documents") {
        other_documents.insert(row.row, (by_row(&document_days, row.row), TO_THIS_DAY));
    }
    note_filled_later(files, (loaded, &filler), &mut known, &mut other_documents)?;
    let mut currencies =
        Numbers::of((0..book.rates.len()).map(|at| book.rates.code(CurrencyIndex::try_from(at).expect("counted in 16 bits"))));
    let versions = earlier_items(files, (loaded, &filler), &other_documents, (&mut items, &mut currencies))?;
    known.rates = rates::read(files, options, book, &currencies)?;
    set_versions(&mut known, book, versions);

    let applications = applications(files, options, loaded, &items, &known)?;
    known.keys = items.keys.clone();
    Matching::new(book, &mut known).add(applications, |rows| application_order(files, rows))?;

    known.disputes = disputes(files, options, &items)?;
    known.promises = promises::read(files, options, book, (&items, &currencies))?;
    known.orders = orders::read(files, options, book, &currencies)?;
    known.customers = customers::read(files, options, book, &currencies)?;
    known.overrides = overrides::read(files, options, book, &currencies)?;
    known.contacts = contacts::read(files, options, book)?;
    Ok(known)
}

/// Items by key, those that are gone included.
struct Items {
    index: KeyIndex,
    gone: BTreeMap<i64, ItemIndex>,
    /// The key of each item, those that are gone after the book's.
    keys: Vec<i64>,
}

impl Items {
    fn get(&self, key: i64) -> Option<ItemIndex> {
        self.index.get(key).or_else(|| self.gone.get(&key).copied())
    }

    /// The number of an item, a new one where the book knows nothing of it any more.
    fn get_or_add(&mut self, key: i64) -> ItemIndex {
        self.get(key).unwrap_or_else(|| {
            let index = u32::try_from(self.keys.len()).expect("items are counted in 32 bits");
            self.gone.insert(key, index);
            self.keys.push(key);
            index
        })
    }
}

/// Sets from when items are known: those with several versions by these, the others by their day; and no item before there is a
/// rate for it.
fn set_versions(known: &mut Knowledge, book: &Book, earlier: Vec<(ItemIndex, Known<Item>)>) {
    let mut versions = earlier;
    let several: HashSet<ItemIndex> = versions.iter().map(|(item, _)| *item).collect();
    versions.extend(several.iter().filter_map(|item| {
        let from = known.item_from(*item).expect("nothing is set yet");
        Some((*item, Known { fact: *book.items.get(*item as usize)?, from, until: TO_THIS_DAY }))
    }));
    let mut days: Vec<(ItemIndex, Day)> = Vec::new();
    for (index, item) in (0_u32..).zip(&book.items) {
        if item.currency == book.rates.base() || several.contains(&index) {
            continue;
        }
        let from = known.item_from(index).expect("nothing is set yet");
        match known.rates.known_stretches(item.currency, item.document_date, from, TO_THIS_DAY).as_slice() {
            [(first, _)] if *first <= from.max(item.document_date) => {}
            [(first, TO_THIS_DAY)] => days.push((index, *first)),
            _ => versions.push((index, Known { fact: *item, from, until: TO_THIS_DAY })),
        }
    }
    let valued = versions.into_iter().flat_map(|(index, version)| {
        let Item { currency, document_date, .. } = version.fact;
        let stretches = known.rates.known_stretches(currency, document_date, version.from, version.until);
        stretches.into_iter().map(move |(from, until)| (index, Known { fact: version.fact, from, until }))
    });
    known.versions = valued.collect();
    known.versions.sort_by_key(|(item, version)| (*item, version.from));
    days.extend(several.into_iter().chain(known.versions.iter().map(|(item, _)| *item)).map(|item| (item, IN_VERSIONS)));
    if !days.is_empty() && known.items.is_empty() {
        known.items = vec![FROM_THE_BEGINNING; book.items.len()];
    }
    for (item, day) in days {
        if let Some(of_item) = known.items.get_mut(item as usize) {
            *of_item = day;
        }
    }
}

/// The day on which an instant lies.
pub(super) fn day_of_instant(microseconds: i64) -> Day {
    Day::try_from(microseconds.div_euclid(DAY_MICROS)).expect("an instant of the ledger lies on a day of the calendar")
}

/// The instant at which each row of a table was recorded, microseconds UTC, by row; `i64::MIN` where it does not say.
///
/// # Errors
/// When a segment cannot be read.
pub fn recorded_instants(files: &LedgerFiles, table: &str) -> Result<Vec<i64>> {
    let groups = read_row_groups(files.segments(table), None, &["recorded_at"], &[], |group| {
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        recorded.iter().map(|at| at.unwrap_or(i64::MIN)).collect::<Vec<i64>>()
    })?;
    Ok(groups.concat())
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

/// The days on which the rows of a table are what is known.
struct Rows {
    /// Rows that were replaced or deleted later.
    replaced: HashMap<u32, (Day, Day)>,
    /// Rows that are not what is known now.
    invisible: HashSet<u32>,
    /// Keys of which there are several versions.
    corrected: HashSet<i64>,
}

impl Rows {
    /// A version that was replaced on the day on which it came never was what is known at the end of a day.
    fn of(files: &LedgerFiles, table: &str, options: &LoadOptions) -> Result<Self> {
        let versions = versions(files, table, options.known_as_of)?;
        let mut replaced = HashMap::new();
        for of_key in versions.values() {
            for pair in of_key.windows(2) {
                let (from, until) = (version_day(&pair[0]), version_day(&pair[1]));
                if !pair[0].is_deleted && from < until {
                    replaced.insert(pair[0].row, (from, until));
                }
            }
        }
        let invisible = super::invisible_rows(files, table, options.known_as_of)?;
        Ok(Rows { replaced, invisible, corrected: versions.into_keys().collect() })
    }

    /// The days on which each row of a group is what is known; `None` when never.
    fn days<'a>(&'a self, group: &'a RowGroup) -> impl Fn(usize) -> Option<(Day, Day)> + 'a {
        let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
        move |row| match self.replaced.get(&group.row(row)) {
            Some(days) => Some(*days),
            None if self.invisible.contains(&group.row(row)) => None,
            None if recorded.is_null(row) => Some((FROM_THE_BEGINNING, TO_THIS_DAY)),
            None => Some((day_of_instant(recorded.value(row)), TO_THIS_DAY)),
        }
    }
}

fn version_day(version: &Version) -> Day {
    if version.recorded_at == i64::MIN { FROM_THE_BEGINNING } else { day_of_instant(version.recorded_at) }
}

/// Every version of the keys that have more than one, oldest first.
pub(super) fn versions(files: &LedgerFiles, table: &str, known_as_of: Option<i64>) -> Result<BTreeMap<i64, Vec<Version>>> {
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
            let position = position_of(files, source_files.value(row), lines[row]);
            let is_deleted = deleted.is_valid(row) && deleted.value(row);
            versions.push((keys[row], Version { recorded_at, position, line: lines[row], row: group.row(row), is_deleted }));
        }
        versions
    })?;
    for (key, version) in groups.into_iter().flatten() {
        found.entry(key).or_default().push(version);
    }
    found.values_mut().for_each(|versions| versions.sort_unstable());
    Ok(found)
}

/// Words of a book by number: those that only other versions use get numbers after the book's.
struct Numbers(HashMap<String, u32>);

impl Numbers {
    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        Numbers((0_u32..).zip(words).map(|(at, word)| (word.to_owned(), at)).collect())
    }

    fn get_or_add(&mut self, word: &str) -> u32 {
        if let Some(number) = self.0.get(word) {
            return *number;
        }
        let number = u32::try_from(self.0.len()).expect("words are counted in 32 bits");
        self.0.insert(word.to_owned(), number);
        number
    }

    fn currency(&self, code: &str) -> Option<CurrencyIndex> {
        self.0.get(code).map(|number| CurrencyIndex::try_from(*number).expect("fewer than 65,536 currencies"))
    }
}

/// A version of an item as it stands in a row; the words of its terms and its currency have no numbers yet.
struct EarlierItem {
    key: i64,
    version: Known<Item>,
    terms: Option<String>,
    currency: String,
}

/// Whose versions are that name a customer or a currency which the book does not know.
const NOBODY: CustomerIndex = UNKNOWN;

/// Rows of the book of which the due date was filled otherwise before the terms were known that fill it now: as they are they
/// are known from then, and what was known until then is read like what was replaced.
fn note_filled_later(
    files: &LedgerFiles,
    (loaded, filler): (&Loaded, &Filler<'_>),
    known: &mut Knowledge,
    replaced: &mut HashMap<u32, (Day, Day)>,
) -> Result<()> {
    let changes = last_changes(files, filler, &loaded.due_dates)?;
    if changes.is_empty() {
        return Ok(());
    }
    known.items.resize(loaded.book.items.len(), FROM_THE_BEGINNING);
    for (row, from) in loaded.item_rows.iter().zip(&mut known.items) {
        if let Some(change) = changes.get(row).filter(|change| *from < **change) {
            replaced.insert(*row, (*from, *change));
            *from = *change;
        }
    }
    Ok(())
}

/// Reads rows of documents that are not in the book.
fn earlier_items(
    files: &LedgerFiles,
    (loaded, filler): (&Loaded, &Filler<'_>),
    wanted: &HashMap<u32, (Day, Day)>,
    (items, currencies): (&mut Items, &mut Numbers),
) -> Result<Vec<(ItemIndex, Known<Item>)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let book = &loaded.book;
    let customers: HashMap<(&str, &str), CustomerIndex> = (0_u32..)
        .zip(&book.customers)
        .map(|(index, customer)| ((book.companies[customer.company as usize].as_str(), customer.id.as_str()), index))
        .collect();
    let columns = [
        "row_key",
        "customer_key",
        "company_id",
        "customer_id",
        "document_type",
        "document_date",
        "due_date",
        "amount",
        "currency",
        "terms",
        "source_file",
    ];
    let groups = read_row_groups(files.segments("documents"), files.first_files, &columns, &["document_type"], |group| {
        read_earlier_items(group, wanted, &customers, filler)
    })?;
    let mut labels = Numbers::of(book.labels.iter().map(String::as_str));
    let mut earlier = Vec::new();
    for EarlierItem { key, mut version, terms, currency } in groups.into_iter().flatten() {
        let item = &mut version.fact;
        item.payment_terms = match terms {
            Some(terms) => labels.get_or_add(&terms),
            None if item.due_date == NO_DATE => 0,
            None => labels.get_or_add(&format!("net {}", item.due_date - item.document_date)),
        };
        item.currency = CurrencyIndex::try_from(currencies.get_or_add(&currency)).expect("fewer than 65,536 currencies");
        if usize::from(item.currency) >= book.rates.len() {
            item.customer = NOBODY;
        }
        earlier.push((items.get_or_add(key), version));
    }
    Ok(earlier)
}

fn read_earlier_items(
    group: &RowGroup,
    wanted: &HashMap<u32, (Day, Day)>,
    customers: &HashMap<(&str, &str), CustomerIndex>,
    filler: &Filler<'_>,
) -> Vec<EarlierItem> {
    let rows: Vec<usize> = (0..group.rows()).filter(|row| wanted.contains_key(&group.row(*row))).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let documents = due_dates::Rows::of(group);
    let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column("customer_id").as_string::<i32>());
    let codes = group.column("currency").as_string::<i32>();
    let (due_dates, amounts) = (group.dates("due_date"), group.amounts("amount"));
    let (keys, terms) = (group.i64s("row_key"), group.column("terms").as_string::<i32>());
    rows.into_iter()
        .filter_map(|row| Some((row, documents.get(row)?)))
        .flat_map(|(row, document)| {
            let (from, until) = wanted[&group.row(row)];
            let stretches = match due_dates[row] {
                NO_DATE => filler.stretches(document, from, until),
                due_date => vec![(from, until, due_date)],
            };
            stretches.into_iter().map(move |stretch| (row, document, stretch))
        })
        .map(|(row, (document_type, _, document_date, _), (from, until, due_date))| {
            let customer = customers.get(&(companies.value(row), ids.value(row))).copied().unwrap_or(NOBODY);
            let fact = Item::plain(document_type, customer, 0, amounts[row], document_date, due_date);
            let terms = terms.is_valid(row).then(|| terms.value(row).to_owned()).filter(|terms| !terms.is_empty());
            let currency = codes.value(row).to_owned();
            EarlierItem { key: keys[row], version: Known { fact, from, until }, terms, currency }
        })
        .collect()
}

/// Reads the applications whose days the book does not tell: those that have several versions, that the book leaves out, and
/// that stand between items of which there are several versions.
fn applications(
    files: &LedgerFiles,
    options: &LoadOptions,
    loaded: &Loaded,
    items: &Items,
    known: &Knowledge,
) -> Result<Vec<Known<Recorded>>> {
    let rows = Rows::of(files, "applications", options)?;
    let left_out: HashSet<u32> = loaded.left_out.iter().filter(|row| row.table == "applications").map(|row| row.row).collect();
    let several: HashSet<i64> = known.versions.iter().map(|(item, _)| items.keys[*item as usize]).collect();
    if rows.corrected.is_empty() && left_out.is_empty() && several.is_empty() {
        return Ok(Vec::new());
    }
    let columns = ["row_key", "credit_key", "debit_key", "applied_date", "amount", "credit_amount", "recorded_at"];
    let groups = read_row_groups(files.segments("applications"), files.first_files, &columns, &[], |group| {
        let (keys, credits, debits) = (group.i64s("row_key"), group.i64s("credit_key"), group.i64s("debit_key"));
        let is_wanted = |row: usize| {
            let is_of_several = several.contains(&debits[row]) || several.contains(&credits[row]);
            is_of_several || rows.corrected.contains(&keys[row]) || left_out.contains(&group.row(row))
        };
        let wanted: Vec<usize> = (0..group.rows()).filter(|row| is_wanted(*row)).collect();
        let (dates, amounts, credit_amounts) = (group.dates("applied_date"), group.amounts("amount"), group.amounts("credit_amount"));
        let days = rows.days(group);
        wanted
            .into_iter()
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let (debit, credit) = (items.get(debits[row])?, items.get(credits[row])?);
                let (applied_date, amount, credit_amount) = (dates[row], amounts[row], credit_amounts[row]);
                let fact = Recorded { key: keys[row], row: group.row(row), debit, credit, applied_date, amount, credit_amount };
                Some(Known { fact, from, until })
            })
            .collect::<Vec<_>>()
    })?;
    Ok(groups.concat())
}

/// Every version of every dispute.
fn disputes(files: &LedgerFiles, options: &LoadOptions, items: &Items) -> Result<Vec<(ItemIndex, Known<Dispute>)>> {
    let rows = Rows::of(files, "disputes", options)?;
    let columns = ["document_key", "opened_date", "closed_date", "amount", "recorded_at"];
    let groups = read_row_groups(files.segments("disputes"), files.first_files, &columns, &[], |group| {
        let (opened, closed, amounts) = (group.dates("opened_date"), group.dates("closed_date"), group.amounts("amount"));
        let (keys, days) = (group.i64s("document_key"), rows.days(group));
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let fact = Dispute { opened_date: opened[row], closed_date: closed[row], amount: amounts[row] };
                Some((items.get(keys[row])?, Known { fact, from, until }))
            })
            .collect::<Vec<_>>()
    })?;
    let mut disputes = groups.concat();
    disputes.sort_by_key(|(item, known)| (*item, known.from, known.fact.opened_date, known.fact.amount));
    Ok(disputes)
}
