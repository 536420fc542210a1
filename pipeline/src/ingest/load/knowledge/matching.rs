//! What applications took off which items on the days on which they, and both their items, were what was known.
//!
//! Nearly every application is recorded once, between items that are recorded once: it counts from the day on which the last
//! of the three is known, and the book has it already. Responsible for the others: those of which there are several versions,
//! or of whose items there are, and those that law 5 leaves out on some days and not on others. Law 5 is judged for each day
//! on which an item would be over-applied, over all items that are linked to it, as a view of that day would have judged it.

use super::super::{DocumentType, resolve_amount};
use super::{FROM_THE_BEGINNING, IN_VERSIONS, Knowledge, Known, TO_THIS_DAY};
use crate::error::Result;
use crate::ledger::book::{Application, Book, Item, ItemIndex};
use crate::ledger::calendar::Day;
use crate::ledger::over_application::judge;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An application as it stands in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded {
    /// Hash of its company and id.
    pub key: i64,
    pub row: u32,
    pub debit: ItemIndex,
    pub credit: ItemIndex,
    pub applied_date: Day,
    pub amount: i64,
    /// Or `NO_AMOUNT`.
    pub credit_amount: i64,
}

/// What an application takes off a debit item and a credit item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The debit item.
    pub debit: ItemIndex,
    /// The credit item.
    pub credit: ItemIndex,
    /// What kind of document the credit item belongs to.
    pub credit_type: DocumentType,
    /// The later of both documents' dates.
    pub effective_date: Day,
    /// The day on which both documents exist and the match is made.
    pub visible_date: Day,
    /// Amount in the debit item's currency; negative un-applies.
    pub amount: i64,
    /// Amount in the credit item's currency.
    pub credit_amount: i64,
}

impl Match {
    /// The match of an application of a book.
    pub fn of(book: &Book, application: &Application) -> Self {
        let Application { debit, credit, visible_date, amount, credit_amount, .. } = *application;
        let (debit_item, credit_item) = (&book.items[debit as usize], &book.items[credit as usize]);
        let effective_date = debit_item.document_date.max(credit_item.document_date);
        Match { debit, credit, credit_type: credit_item.document_type, effective_date, visible_date, amount, credit_amount }
    }

    fn part_of(&self, item: ItemIndex) -> i64 {
        if item == self.debit { self.amount } else { self.credit_amount }
    }
}

/// Which row says it: versions of one application have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    key: i64,
    row: u32,
}

/// A match for as long as nothing about it changes.
#[derive(Clone, Copy, Debug)]
struct Piece {
    source: Source,
    known: Known<Match>,
}

pub(super) struct Matching<'a> {
    book: &'a Book,
    known: &'a mut Knowledge,
    pieces: Vec<Piece>,
    /// Positions of pieces by item, on either side.
    by_item: HashMap<ItemIndex, Vec<usize>>,
}

impl<'a> Matching<'a> {
    pub(super) fn new(book: &'a Book, known: &'a mut Knowledge) -> Self {
        Matching { book, known, pieces: Vec::new(), by_item: HashMap::new() }
    }

    /// Adds the applications that the book does not tell of. `order_of` tells when rows were recorded, and their ids.
    pub(super) fn add(
        mut self,
        recorded: Vec<Known<Recorded>>,
        order_of: impl FnOnce(&HashSet<u32>) -> Result<HashMap<u32, (i64, String)>>,
    ) -> Result<()> {
        self.take_over(&recorded.iter().map(|known| known.fact.row).collect());
        for application in &recorded {
            let found = self.pieces_of(application);
            self.push(found);
        }
        let suspects = self.suspects();
        let components = self.components(&suspects);
        let rows = components.iter().flat_map(|component| &component.pieces).map(|piece| self.pieces[*piece].source.row).collect();
        let order = if components.is_empty() { HashMap::new() } else { order_of(&rows)? };
        let mut rejected: HashMap<usize, Vec<(Day, Day)>> = HashMap::new();
        for component in &components {
            self.judge(component, &order, &mut rejected);
        }
        self.known.matches = self.merged(&rejected);
        Ok(())
    }

    /// The applications of the book among these rows are no longer known by their position.
    fn take_over(&mut self, rows: &HashSet<u32>) {
        if rows.is_empty() {
            return;
        }
        let positions: Vec<usize> =
            self.book.applications.iter().enumerate().filter(|(_, a)| rows.contains(&a.row)).map(|(at, _)| at).collect();
        positions.into_iter().for_each(|position| self.take_over_one(position));
    }

    fn take_over_one(&mut self, position: usize) {
        let days = &mut self.known.applications;
        if days.is_empty() {
            days.resize(self.book.applications.len(), FROM_THE_BEGINNING);
        }
        days[position] = IN_VERSIONS;
    }

    fn push(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            let position = self.pieces.len();
            for item in [piece.known.fact.debit, piece.known.fact.credit] {
                self.by_item.entry(item).or_default().push(position);
            }
            self.pieces.push(piece);
        }
    }

    fn versions_of(&self, item: ItemIndex) -> Vec<Known<&Item>> {
        match self.book.items.get(item as usize).zip(self.known.item_from(item)) {
            Some((fact, from)) => vec![Known { fact, from, until: TO_THIS_DAY }],
            None => {
                let versions = self.known.versions_of(item).iter();
                versions.map(|(_, version)| Known { fact: &version.fact, from: version.from, until: version.until }).collect()
            }
        }
    }

    /// An application between each pair of versions of its items that are known together.
    fn pieces_of(&self, application: &Known<Recorded>) -> Vec<Piece> {
        let Recorded { key, row, debit, credit, applied_date, amount, credit_amount } = application.fact;
        let (debits, credits) = (self.versions_of(debit), self.versions_of(credit));
        let mut pieces = Vec::new();
        for debit_item in &debits {
            for credit_item in &credits {
                let from = application.from.max(debit_item.from).max(credit_item.from);
                let until = application.until.min(debit_item.until).min(credit_item.until);
                let (debit_fact, credit_fact) = (debit_item.fact, credit_item.fact);
                if from >= until || !debit_fact.document_type.is_debit() || credit_fact.document_type.is_debit() {
                    continue;
                }
                let Ok(credit_amount) = resolve_amount(debit_fact, credit_fact, amount, credit_amount) else { continue };
                let effective_date = debit_fact.document_date.max(credit_fact.document_date);
                let visible_date = applied_date.max(effective_date);
                let credit_type = credit_fact.document_type;
                let fact = Match { debit, credit, credit_type, effective_date, visible_date, amount, credit_amount };
                pieces.push(Piece { source: Source { key, row }, known: Known { fact, from, until } });
            }
        }
        pieces
    }

    /// The applications of an item that the book tells of, as pieces.
    fn plain_of(&self, item: ItemIndex) -> impl Iterator<Item = (u32, Known<Match>)> {
        let positions = (item as usize) < self.book.items.len();
        let positions = positions.then(|| self.book.application_positions(item)).into_iter().flatten();
        positions.filter_map(|position| {
            let application = &self.book.applications[position as usize];
            let from = self.known.application_from(position)?;
            let from = from.max(self.known.item_from(application.debit)?).max(self.known.item_from(application.credit)?);
            Some((position, Known { fact: Match::of(self.book, application), from, until: TO_THIS_DAY }))
        })
    }

    fn all_of(&self, item: ItemIndex) -> Vec<Known<Match>> {
        let mut all: Vec<Known<Match>> = self.plain_of(item).map(|(_, known)| known).collect();
        all.extend(self.by_item.get(&item).into_iter().flatten().map(|piece| self.pieces[*piece].known));
        all
    }

    /// Items that would be over-applied on some day as it was known. Where all parts are added and none is ever taken away, what
    /// holds of all of them holds of those known earlier.
    fn suspects(&self) -> BTreeSet<ItemIndex> {
        let mut candidates: BTreeSet<ItemIndex> = self.by_item.keys().copied().collect();
        if !self.known.applications.is_empty() || !self.known.items.is_empty() {
            let unapplied = self.book.applications.iter().filter(|application| application.amount < 0 || application.credit_amount < 0);
            candidates.extend(unapplied.flat_map(|application| [application.debit, application.credit]));
        }
        candidates.retain(|item| {
            let (versions, pieces) = (self.versions_of(*item), self.all_of(*item));
            let has_negative = pieces.iter().any(|piece| piece.fact.part_of(*item) < 0);
            // The last day of anything; with parts that take back also the first day of anything, and the first without it.
            let mut days: BTreeSet<Day> = versions.iter().map(|version| version.until - 1).collect();
            days.extend(pieces.iter().map(|piece| piece.until - 1));
            if has_negative {
                days.extend(pieces.iter().flat_map(|piece| [piece.from, piece.until]));
                days.extend(versions.iter().map(|version| version.from));
            }
            days.into_iter().any(|day| is_broken(*item, &versions, &pieces, day))
        });
        candidates
    }

    /// The items that are linked to suspects, each group with its suspects and all its pieces; the book's applications among them
    /// become pieces.
    fn components(&mut self, suspects: &BTreeSet<ItemIndex>) -> Vec<Component> {
        let mut seen: HashSet<ItemIndex> = HashSet::new();
        let mut components = Vec::new();
        for suspect in suspects {
            if !seen.insert(*suspect) {
                continue;
            }
            let mut component = Component::default();
            let mut queue = vec![*suspect];
            while let Some(item) = queue.pop() {
                component.items.push(item);
                let plain: Vec<(u32, Known<Match>)> = self.plain_of(item).collect();
                for (position, known) in plain {
                    self.take_over_one(position as usize);
                    let row = self.book.applications[position as usize].row;
                    self.push(vec![Piece { source: Source { key: i64::from(row), row }, known }]);
                }
                for piece in self.by_item.get(&item).into_iter().flatten() {
                    component.pieces.insert(*piece);
                    let Match { debit, credit, .. } = self.pieces[*piece].known.fact;
                    queue.extend([debit, credit].into_iter().filter(|linked| seen.insert(*linked)));
                }
            }
            component.items.sort_unstable();
            component.suspects = component.items.iter().copied().filter(|item| suspects.contains(item)).collect();
            components.push(component);
        }
        components
    }

    /// Judges law 5 over a group of items on each day on which one of them would be over-applied.
    fn judge(&self, component: &Component, order: &HashMap<u32, (i64, String)>, rejected: &mut HashMap<usize, Vec<(Day, Day)>>) {
        let versions: BTreeMap<ItemIndex, Vec<Known<&Item>>> =
            component.items.iter().map(|item| (*item, self.versions_of(*item))).collect();
        let suspects: Vec<(ItemIndex, Vec<Known<Match>>)> =
            component.suspects.iter().map(|suspect| (*suspect, self.all_of(*suspect))).collect();
        let pieces = component.pieces.iter().map(|piece| self.pieces[*piece].known);
        let of_pieces = pieces.flat_map(|known| [known.from, known.until]);
        let of_items = versions.values().flatten().flat_map(|version| [version.from, version.until]);
        let days: Vec<Day> = of_pieces.chain(of_items).collect::<BTreeSet<Day>>().into_iter().collect();
        for pair in days.windows(2) {
            let (day, until) = (pair[0], pair[1]);
            if !suspects.iter().any(|(item, pieces)| is_broken(*item, &versions[item], pieces, day)) {
                continue;
            }
            for piece in self.rejected_on(component, &versions, order, day) {
                rejected.entry(piece).or_default().push((day, until));
            }
        }
    }

    fn rejected_on(
        &self,
        component: &Component,
        versions: &BTreeMap<ItemIndex, Vec<Known<&Item>>>,
        order: &HashMap<u32, (i64, String)>,
        day: Day,
    ) -> Vec<usize> {
        let known = |item: &ItemIndex| versions[item].iter().find(|version| version.is_known(day)).map(|version| *version.fact);
        // An item that is not known on the day has no match on it, and its amount does not matter.
        let absent = Item::plain(DocumentType::Invoice, 0, 0, 0, 0, 0);
        let items: Vec<Item> = component.items.iter().map(|item| known(item).unwrap_or(absent)).collect();
        let place = |item: ItemIndex| {
            let place = component.items.binary_search(&item).expect("linked items are in the group");
            u32::try_from(place).expect("items are counted in 32 bits")
        };
        let mut pieces: Vec<usize> = component.pieces.iter().copied().filter(|piece| self.pieces[*piece].known.is_known(day)).collect();
        pieces.sort_by_key(|piece| {
            let Piece { source, known } = &self.pieces[*piece];
            (known.fact.visible_date, order.get(&source.row), source.row)
        });
        let application = |piece: &usize| {
            let Piece { source, known } = &self.pieces[*piece];
            let Match { debit, credit, visible_date, amount, credit_amount, .. } = known.fact;
            Application { debit: place(debit), credit: place(credit), visible_date, amount, credit_amount, row: source.row }
        };
        let ordered: Vec<Application> = pieces.iter().map(application).collect();
        judge(&items, &ordered).into_iter().map(|position| pieces[position]).collect()
    }

    /// The pieces without the days on which they were rejected, put together where one goes on as the one before, by debit item.
    fn merged(&self, rejected: &HashMap<usize, Vec<(Day, Day)>>) -> Vec<Known<Match>> {
        let mut accepted: Vec<(Source, Known<Match>)> = Vec::with_capacity(self.pieces.len());
        for (position, piece) in self.pieces.iter().enumerate() {
            let mut from = piece.known.from;
            for (first, until) in rejected.get(&position).into_iter().flatten() {
                if from < *first {
                    accepted.push((piece.source, Known { from, until: *first, ..piece.known }));
                }
                from = *until;
            }
            if from < piece.known.until {
                accepted.push((piece.source, Known { from, ..piece.known }));
            }
        }
        accepted.sort_by_key(|(source, known)| (known.fact.debit, known.fact.credit, source.key, known.from));
        let mut merged: Vec<(i64, Known<Match>)> = Vec::with_capacity(accepted.len());
        for (source, known) in accepted {
            match merged.last_mut() {
                Some((key, last)) if *key == source.key && last.until == known.from && last.fact == known.fact => last.until = known.until,
                _ => merged.push((source.key, known)),
            }
        }
        merged.into_iter().map(|(_, known)| known).collect()
    }
}

/// Items that are linked by applications.
#[derive(Default)]
struct Component {
    items: Vec<ItemIndex>,
    suspects: Vec<ItemIndex>,
    pieces: BTreeSet<usize>,
}

/// Whether an item may be over-applied on some date by what was known at the end of `day`, whatever the order within the date.
fn is_broken(item: ItemIndex, versions: &[Known<&Item>], pieces: &[Known<Match>], day: Day) -> bool {
    let Some(version) = versions.iter().find(|version| version.is_known(day)) else { return false };
    let amount = i128::from(version.fact.amount);
    let known = pieces.iter().filter(|piece| piece.is_known(day));
    let mut parts: Vec<(Day, i128)> = known.map(|piece| (piece.fact.visible_date, i128::from(piece.fact.part_of(item)))).collect();
    parts.sort_unstable();
    let mut before = 0;
    parts.chunk_by(|a, b| a.0 == b.0).any(|of_date| {
        let added: i128 = of_date.iter().map(|part| part.1.max(0)).sum();
        let taken: i128 = of_date.iter().map(|part| part.1.min(0)).sum();
        let breaks = before + added > amount || before + taken < 0;
        before += added + taken;
        breaks
    })
}
