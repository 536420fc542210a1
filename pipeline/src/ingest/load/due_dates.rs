//! Due dates that no row says: what the customer agreed, else the source's default.
//!
//! | order | what | where |
//! |---|---|---|
//! | 1 | the row's due date | |
//! | 2 | the days in the row's terms (`due_date_from_terms`) | at ingest, a repair (`ingest/rows/due_dates.rs`) |
//! | 3 | the customer's `payment_terms_days` (`due_date_from_customer`) | here |
//! | 4 | the source's `default_payment_days` | here |
//!
//! The customer's terms are those that were known at the end of the document date, else the first that became known after it:
//! a customer who is given longer terms today owes yesterday's invoices when they were due. A version of a customer that says no
//! terms, or none between 0 and 365 days, takes nothing back. What a day did not know yet it does not use: before the first terms
//! were recorded, the default was what is known.

use super::knowledge::{FROM_THE_BEGINNING, TO_THIS_DAY, day_of_instant};
use super::{
    AlreadyHashed, DocumentType, KeyMap, LedgerFiles, LoadOptions, NO_DATE, RowGroup, Version, is_delivered_later, position_of,
    read_row_groups,
};
use crate::config::{Config, DueDates};
use crate::error::Result;
use crate::ingest::FileRecord;
use crate::ledger::calendar::Day;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Longest term that is believed, days.
pub const TERM_DAYS_MAX: i32 = 365;

/// What filled a due date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DueDateRule {
    /// Nothing did: the row says it, or nobody does.
    #[default]
    None,
    /// What the customer agreed.
    Customer,
    /// The source's default.
    Default,
}

/// What fills the missing due dates of each delivered file.
#[derive(Clone, Debug, Default)]
pub struct DueDateRules {
    /// By the number of the file.
    of_files: Vec<DueDates>,
    /// Of files that are not named.
    of_others: DueDates,
}

impl DueDateRules {
    /// What the configuration says today of the sources that delivered these files.
    pub fn of(config: &Config, files: &[FileRecord]) -> Self {
        let of_source = |name: &str| config.sources.iter().find(|source| source.name == name).map(|source| source.due_dates);
        let of_files = files.iter().map(|file| of_source(&file.source).unwrap_or_default()).collect();
        DueDateRules { of_files, of_others: DueDates::default() }
    }

    /// The same for every file.
    pub fn same(of_others: DueDates) -> Self {
        DueDateRules { of_files: Vec::new(), of_others }
    }

    fn of_file(&self, number: i32) -> DueDates {
        usize::try_from(number).ok().and_then(|number| self.of_files.get(number)).copied().unwrap_or(self.of_others)
    }
}

/// Terms of a customer, and from which day they were known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    from: Day,
    days: i32,
}

/// A due date that was filled, and from which day it is the one to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub from: Day,
    pub due_date: Day,
    pub rule: DueDateRule,
}

/// What fills missing due dates in one view of the ledger.
pub(super) struct Filler<'a> {
    rules: &'a DueDateRules,
    /// By the key of the customer, oldest first; of several on one day the last.
    terms: KeyMap<Vec<Terms>>,
}

impl<'a> Filler<'a> {
    /// Reads the terms of all customers, as far as the view knows them.
    pub fn read(files: &LedgerFiles, options: &'a LoadOptions) -> Result<Self> {
        let columns = ["row_key", "payment_terms_days", "recorded_at", "is_deleted", "source_file", "source_line"];
        let groups = read_row_groups(files.segments("customers"), files.first_files, &columns, &[], |group| {
            let days = group.column("payment_terms_days").as_primitive::<Int64Type>();
            let recorded = group.column("recorded_at").as_primitive::<TimestampMicrosecondType>();
            let source_files = group.column("source_file").as_primitive::<Int32Type>();
            let (deleted, lines) = (group.column("is_deleted").as_boolean(), group.i64s("source_line"));
            let keys = group.i64s("row_key");
            let version = |row: usize| {
                let days = i32::try_from(days.value(row)).ok().filter(|days| (0..=TERM_DAYS_MAX).contains(days))?;
                let recorded_at = if recorded.is_null(row) { i64::MIN } else { recorded.value(row) };
                let file = source_files.value(row);
                let is_later = is_delivered_later(files, file) || options.known_as_of.is_some_and(|known| recorded_at > known);
                let is_deleted = deleted.is_valid(row) && deleted.value(row);
                let (position, line) = (position_of(files, file, lines[row]), lines[row]);
                let version = Version { recorded_at, position, line, row: group.row(row), is_deleted };
                (!is_later && !is_deleted).then_some((keys[row], version, days))
            };
            (0..group.rows()).filter(|row| days.is_valid(*row)).filter_map(version).collect::<Vec<_>>()
        })?;
        let mut versions: KeyMap<Vec<(Version, i32)>> = HashMap::with_hasher(BuildHasherDefault::<AlreadyHashed>::default());
        for (key, version, days) in groups.into_iter().flatten() {
            versions.entry(key).or_default().push((version, days));
        }
        let terms = versions.into_iter().map(|(key, versions)| (key, in_order(versions))).collect();
        Ok(Filler { rules: &options.due_dates, terms })
    }

    /// What fills the due date of a document, as it was known day after day: ascending, each until the next.
    fn history(&self, document_type: DocumentType, customer_key: i64, document_date: Day, file: i32) -> Vec<Filled> {
        if !document_type.is_sale() {
            return Vec::new();
        }
        let rule = self.rules.of_file(file);
        let default = rule.default_days.map(|days| Filled {
            from: FROM_THE_BEGINNING,
            due_date: document_date.saturating_add(days),
            rule: DueDateRule::Default,
        });
        let terms = if rule.from_customer { self.terms.get(&customer_key).map_or(&[][..], Vec::as_slice) } else { &[] };
        // Those known by the document date, else the first.
        let counted = terms.partition_point(|terms| terms.from <= document_date).max(1).min(terms.len());
        let of_terms = terms[..counted].iter().map(|terms| Filled {
            from: terms.from,
            due_date: document_date.saturating_add(terms.days),
            rule: DueDateRule::Customer,
        });
        let starts_with_terms = terms.first().is_some_and(|terms| terms.from == FROM_THE_BEGINNING);
        default.filter(|_| !starts_with_terms).into_iter().chain(of_terms).collect()
    }

    /// What fills the due date of a document in this view.
    pub fn now(&self, document_type: DocumentType, customer_key: i64, document_date: Day, file: i32) -> Option<Filled> {
        self.history(document_type, customer_key, document_date, file).pop()
    }

    /// The same on the days from `from` until `until`: stretches with the due date of each, [`NO_DATE`] where nothing filled it.
    pub fn stretches(
        &self,
        (kind, customer_key, document_date, file): (DocumentType, i64, Day, i32),
        from: Day,
        until: Day,
    ) -> Vec<(Day, Day, Day)> {
        let history = self.history(kind, customer_key, document_date, file);
        let before = Filled { from: FROM_THE_BEGINNING, due_date: NO_DATE, rule: DueDateRule::None };
        let all: Vec<Filled> = std::iter::once(before).chain(history).collect();
        let ends = all.iter().skip(1).map(|next| next.from).chain([TO_THIS_DAY]);
        let clipped = all.iter().zip(ends).map(|(filled, end)| (filled.from.max(from), end.min(until), filled.due_date));
        clipped.filter(|(from, until, _)| from < until).collect()
    }
}

/// The versions of one customer, oldest first; of those of one day only the last is ever known at its end.
fn in_order(mut versions: Vec<(Version, i32)>) -> Vec<Terms> {
    versions.sort_unstable();
    let mut terms: Vec<Terms> = Vec::with_capacity(versions.len());
    for (version, days) in versions {
        let from = if version.recorded_at == i64::MIN { FROM_THE_BEGINNING } else { day_of_instant(version.recorded_at) };
        match terms.last_mut().filter(|last| last.from == from) {
            Some(last) => last.days = days,
            None => terms.push(Terms { from, days }),
        }
    }
    terms
}

/// The rows of documents of which the due date was filled in, and became known as it is on a later day than the first: that day.
pub(super) fn last_changes(files: &LedgerFiles, filler: &Filler<'_>, rules: &[DueDateRule]) -> Result<HashMap<u32, Day>> {
    let changes_later = |terms: &Vec<Terms>| terms.last().is_some_and(|last| last.from != FROM_THE_BEGINNING);
    if !rules.contains(&DueDateRule::Customer) || !filler.terms.values().any(changes_later) {
        return Ok(HashMap::new());
    }
    let columns = ["customer_key", "document_type", "document_date", "source_file"];
    let groups = read_row_groups(files.segments("documents"), files.first_files, &columns, &["document_type"], |group| {
        let rows = Rows::of(group);
        let is_filled = |row: &usize| rules.get(group.row(*row) as usize) == Some(&DueDateRule::Customer);
        let changed = |row: usize| {
            let (kind, key, date, file) = rows.get(row)?;
            let from = filler.now(kind, key, date, file)?.from;
            (from != FROM_THE_BEGINNING).then_some((group.row(row), from))
        };
        (0..group.rows()).filter(is_filled).filter_map(changed).collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// What the rule of a due date asks of a row.
pub(super) struct Rows<'g> {
    types: Vec<u32>,
    customers: &'g [i64],
    dates: Vec<Day>,
    files: &'g [i32],
}

impl<'g> Rows<'g> {
    pub fn of(group: &'g RowGroup) -> Self {
        Rows {
            types: group
                .codes("document_type", super::UNKNOWN, |word| DocumentType::named(word).map_or(super::UNKNOWN, |kind| kind as u32)),
            customers: group.i64s("customer_key"),
            dates: group.dates("document_date"),
            files: group.column("source_file").as_primitive::<Int32Type>().values(),
        }
    }

    pub fn get(&self, row: usize) -> Option<(DocumentType, i64, Day, i32)> {
        let kind = DocumentType::ALL.get(self.types[row] as usize).copied()?;
        Some((kind, self.customers[row], self.dates[row], self.files[row]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINNING: Day = FROM_THE_BEGINNING;

    /// Terms known from a day, and what fills an invoice of day 100 of customer 7, with and without a default of 14 days.
    #[test]
    fn the_terms_of_the_document_date_count_else_the_first_that_came_after_it() {
        // Terms (known from, days) → what is filled in, from when; with the default 14 from the beginning.
        type Days = &'static [(Day, i32)];
        let cases: &[(Days, Days, Days)] = &[
            (&[], &[], &[(BEGINNING, 114)]),
            (&[(BEGINNING, 30)], &[(BEGINNING, 130)], &[(BEGINNING, 130)]),
            // Given longer terms after the invoice: it stays due when it was.
            (&[(BEGINNING, 30), (101, 60)], &[(BEGINNING, 130)], &[(BEGINNING, 130)]),
            // On its day: known by its end.
            (&[(BEGINNING, 30), (100, 60)], &[(BEGINNING, 130), (100, 160)], &[(BEGINNING, 130), (100, 160)]),
            // The customer came after the invoice: the first terms count, once they are known.
            (&[(120, 30), (140, 60)], &[(120, 130)], &[(BEGINNING, 114), (120, 130)]),
            (&[(90, 45), (120, 30)], &[(90, 145)], &[(BEGINNING, 114), (90, 145)]),
        ];
        for (terms, without, with) in cases {
            for (default_days, expected) in [(None, without), (Some(14), with)] {
                let rules = DueDateRules::same(DueDates { from_customer: true, default_days, ..DueDates::default() });
                let of_customer = terms.iter().map(|(from, days)| Terms { from: *from, days: *days }).collect();
                let filler = Filler { rules: &rules, terms: [(7, of_customer)].into_iter().collect() };
                let found = filler.history(DocumentType::Invoice, 7, 100, 0);
                let found: Vec<(Day, Day)> = found.iter().map(|filled| (filled.from, filled.due_date)).collect();
                assert_eq!(found, **expected, "{terms:?} with {default_days:?}");
                assert_eq!(filler.now(DocumentType::Receipt, 7, 100, 0), None, "receipts are not due");
            }
        }
    }

    #[test]
    fn stretches_cover_the_days_asked_for_without_a_gap() {
        let rules = DueDateRules::same(DueDates { from_customer: true, ..DueDates::default() });
        let terms = vec![Terms { from: 90, days: 30 }, Terms { from: 98, days: 60 }];
        let filler = Filler { rules: &rules, terms: [(7, terms)].into_iter().collect() };
        let document = (DocumentType::Invoice, 7, 100, 0);
        assert_eq!(filler.stretches(document, 80, 200), [(80, 90, NO_DATE), (90, 98, 130), (98, 200, 160)]);
        assert_eq!(filler.stretches(document, 95, 97), [(95, 97, 130)]);
        assert_eq!(filler.stretches((DocumentType::Receipt, 7, 100, 0), 80, 200), [(80, 200, NO_DATE)]);
    }

    #[test]
    fn what_a_customer_agreed_fills_where_its_source_asks_for_it() {
        let asks = DueDates { from_customer: true, ..DueDates::default() };
        let of_files = vec![DueDates { default_days: Some(14), ..DueDates::default() }, asks];
        let rules = DueDateRules { of_files, of_others: DueDates::default() };
        let filler = Filler { rules: &rules, terms: [(7, vec![Terms { from: BEGINNING, days: 30 }])].into_iter().collect() };
        let due = |file: i32| filler.now(DocumentType::DebitNote, 7, 100, file).map(|filled| filled.due_date);
        // Of a file that no source of today delivered, nothing is filled.
        assert_eq!([due(0), due(1), due(5)], [Some(114), Some(130), None]);
    }
}
