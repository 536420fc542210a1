//! The applications that follow from one clearing: at every instant at which something became known, as what was known then says.

use xxhash_rust::xxh3::xxh3_64;

use super::super::column_data::ColumnData;
use super::super::keys::row_key;
use super::super::load::clearings::fact::{FOR_GOOD, Fact, Place};
use super::super::store::TableLayout;
use super::matching::{Cleared, match_items};
use crate::ledger::calendar::{Day, date_of};

/// A version of an application that follows from a clearing.
#[derive(Clone, Debug)]
pub struct Derived<'a> {
    company_id: &'a str,
    /// Unique in the company: what cleared it, and what was matched with what.
    pub application_id: String,
    credit: (&'a str, i64),
    debit: (&'a str, i64),
    applied_date: Day,
    amount: i64,
    /// When it became known, microseconds; `i64::MIN` from the beginning.
    pub recorded_at: i64,
    is_deleted: bool,
    /// The last row it follows from.
    pub place: Place,
}

impl Derived<'_> {
    /// The key of its row.
    pub fn key(&self) -> i64 {
        row_key(&[self.company_id.as_bytes(), self.application_id.as_bytes()]).row_key()
    }

    /// As [`hash_of`] the row it becomes.
    pub fn hash(&self) -> u64 {
        hash_of(self.key(), self.recorded_at, self.amount, self.applied_date, self.is_deleted)
    }
}

/// A hash of what a version of an application says.
pub fn hash_of(key: i64, recorded_at: i64, amount: i64, applied_date: Day, is_deleted: bool) -> u64 {
    let mut bytes = [0; 29];
    for (number, place) in [key, recorded_at, amount].into_iter().zip(bytes.chunks_exact_mut(8)) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes[24..28].copy_from_slice(&applied_date.to_le_bytes());
    bytes[28] = u8::from(is_deleted);
    xxh3_64(&bytes)
}

/// When something about a clearing became known, ascending.
fn instants(clearing: &[Fact<'_>]) -> Vec<i64> {
    let mut instants: Vec<i64> = clearing.iter().flat_map(|fact| [fact.from, fact.until]).filter(|instant| *instant != FOR_GOOD).collect();
    instants.sort_unstable();
    instants.dedup();
    instants
}

/// Every version of the applications that follow from one clearing, by instant, and whether one may have several.
pub fn resolve<'a>(clearing: &[Fact<'a>]) -> (Vec<Derived<'a>>, bool) {
    let instants = instants(clearing);
    let mut versions = Vec::new();
    let mut before: Vec<Derived<'a>> = Vec::new();
    for (at, instant) in instants.iter().copied().enumerate() {
        let members: Vec<&Fact<'a>> = clearing.iter().filter(|fact| fact.from <= instant && instant < fact.until).collect();
        let causes = clearing.iter().flat_map(|fact| [(fact.from, fact.place), (fact.until, fact.until_place)]);
        let place = causes.filter(|(at, _)| *at == instant).map(|(_, place)| place).max().unwrap_or_default();
        let now = applications(&members, instant, place);
        let gone = before.iter().filter(|old| named(&now, &old.application_id).is_none());
        versions.extend(gone.map(|old| Derived { recorded_at: instant, is_deleted: true, place, ..old.clone() }));
        let is_new = |application: &Derived<'_>| {
            let same = |old: &Derived<'_>| (old.amount, old.applied_date) == (application.amount, application.applied_date);
            !named(&before, &application.application_id).is_some_and(same)
        };
        if at + 1 == instants.len() {
            // Nearly all clearings have one instant, and need no copies.
            versions.extend(now.into_iter().filter(is_new));
            break;
        }
        versions.extend(now.iter().filter(|application| is_new(application)).cloned());
        before = now;
    }
    (versions, instants.len() > 1)
}

/// The application of this name, among those that are sorted by it.
fn named<'s, 'a>(sorted: &'s [Derived<'a>], application_id: &str) -> Option<&'s Derived<'a>> {
    sorted.binary_search_by(|application| application.application_id.as_str().cmp(application_id)).ok().map(|at| &sorted[at])
}

/// What the application of a debit with a credit of its clearing is called.
pub fn application_id(debit: &Fact<'_>, credit: &Fact<'_>) -> String {
    let date = debit.clearing_date.map_or_else(String::new, |day| format!("@{}", date_of(day)));
    let clearing = debit.clearing_id.unwrap_or("");
    format!("{clearing}{date}:{}/{}:{}/{}", debit.document_id, debit.item_no, credit.document_id, credit.item_no)
}

/// The applications of a clearing whose items are these, sorted by their names.
fn applications<'a>(members: &[&Fact<'a>], instant: i64, place: Place) -> Vec<Derived<'a>> {
    let items: Vec<Cleared<'_>> = members.iter().map(|fact| fact.cleared()).collect();
    let matched = match_items(&items).into_iter().map(|part| {
        let (debit, credit) = (members[part.debit], members[part.credit]);
        Derived {
            company_id: debit.company_id,
            application_id: application_id(debit, credit),
            credit: (credit.document_id, credit.item_no),
            debit: (debit.document_id, debit.item_no),
            // Without a date they are matched as soon as both exist.
            applied_date: debit.clearing_date.unwrap_or(debit.document_date.max(credit.document_date)),
            amount: part.amount,
            recorded_at: instant,
            is_deleted: false,
            place,
        }
    });
    let mut applications: Vec<Derived<'a>> = matched.collect();
    applications.sort_unstable_by(|a, b| a.application_id.cmp(&b.application_id));
    applications
}

/// The columns of the applications.
pub fn columns_of(layout: &TableLayout, rows: &[Derived<'_>]) -> Vec<ColumnData> {
    let columns = layout.columns.iter().map(|wanted| {
        let mut column = ColumnData::new(wanted.kind);
        let each = rows.iter();
        match wanted.name {
            "company_id" => each.for_each(|row| column.push_text(row.company_id.as_bytes())),
            "application_id" => each.for_each(|row| column.push_text(row.application_id.as_bytes())),
            "credit_document_id" => each.for_each(|row| column.push_text(row.credit.0.as_bytes())),
            "credit_item_no" => each.for_each(|row| column.push_long(row.credit.1)),
            "debit_document_id" => each.for_each(|row| column.push_text(row.debit.0.as_bytes())),
            "debit_item_no" => each.for_each(|row| column.push_long(row.debit.1)),
            "applied_date" => each.for_each(|row| column.push_day(row.applied_date)),
            "amount" => each.for_each(|row| column.push_long(row.amount)),
            "recorded_at" => each.for_each(|row| match row.recorded_at {
                i64::MIN => column.push_null(),
                at => column.push_long(at),
            }),
            "is_deleted" => each.for_each(|row| if row.is_deleted { column.push_flag(true) } else { column.push_null() }),
            _ => each.for_each(|_| column.push_null()),
        }
        column
    });
    columns.collect()
}
