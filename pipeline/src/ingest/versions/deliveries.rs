//! The order of deliveries, and which of them were full: what is not in a full delivery is deleted by it.

use std::collections::{BTreeMap, HashMap};

use super::super::store::{FileRecord, LedgerIndex};
use crate::catalog::ledger_tables::Table;

/// A full delivery: all files of a source with one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullDelivery {
    /// Where what it does not contain stands in the order of statements.
    pub position: u32,
    /// The source.
    pub source: u32,
    /// The first of its files, which deletions are attributed to.
    pub file: u32,
    /// Whether it is judged in this run; if not, its deletions are in the store.
    pub is_new: bool,
}

/// Where each file stands in the order of statements.
///
/// What a file says stands at an odd position by its rank. What follows from a delivery without standing in it (deletions)
/// stands before all that is said at the same instant: the even position of the lowest rank with that instant.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    said: Vec<u32>,
    follows: Vec<u32>,
    sources: Vec<u32>,
    full: Vec<bool>,
    /// Full deliveries, in order.
    pub full_deliveries: Vec<FullDelivery>,
    /// Whether all new files come after all known ones, at one instant: then the last statement about a key is the one that
    /// counts, and nothing in between can be missing.
    pub is_in_order: bool,
    /// Each file's place in the order of deliveries.
    pub ranks: Vec<u32>,
}

impl Deliveries {
    /// The deliveries of a table, of an index whose files from `first_new` on are judged in this run.
    pub fn new(index: &LedgerIndex, first_new: usize, table: &str) -> Self {
        let ranks = index.delivery_ranks();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut sources = Vec::with_capacity(index.files.len());
        for file in &index.files {
            let next = u32::try_from(numbers.len()).expect("sources are few");
            sources.push(*numbers.entry(&file.source).or_insert(next));
        }
        let (follows, said): (Vec<u32>, Vec<u32>) = index.positions().into_iter().unzip();
        let full: Vec<bool> = index.files.iter().map(|file| file.is_full && says_all_of(file, table)).collect();
        let full_deliveries = full_deliveries(&full, &sources, &follows, &ranks, first_new);
        let last_known = said[..first_new].iter().max().copied().unwrap_or(0);
        let is_in_order = follows[first_new..].windows(2).all(|pair| pair[0] == pair[1])
            && follows.get(first_new).is_none_or(|position| first_new == 0 || *position > last_known);
        Deliveries { said, follows, sources, full, full_deliveries, is_in_order, ranks }
    }

    /// Where what a file says stands.
    pub fn said(&self, file: u32) -> u32 {
        self.said[file as usize]
    }

    /// Where what follows from a file's delivery stands.
    pub fn follows(&self, file: u32) -> u32 {
        self.follows[file as usize]
    }

    /// The source of a file.
    pub fn source(&self, file: u32) -> u32 {
        self.sources[file as usize]
    }

    /// Whether a file belongs to a full delivery.
    pub fn is_full(&self, file: u32) -> bool {
        self.full[file as usize]
    }

    /// Whether a full delivery is judged in this run.
    pub fn has_new_full(&self) -> bool {
        self.full_deliveries.iter().any(|delivery| delivery.is_new)
    }

    /// The full delivery at a position that a file belongs to.
    pub fn is_part_of(&self, file: u32, delivery: &FullDelivery) -> bool {
        self.is_full(file) && self.source(file) == delivery.source && self.follows(file) == delivery.position
    }
}

/// Whether a file says of every row of a table whether it is there. What rows of invoices say about customers does not.
fn says_all_of(file: &FileRecord, table: &str) -> bool {
    file.tables.contains_key(table) || (table != "customers" && file.tables.keys().any(|name| Table::named(name).is_none()))
}

fn full_deliveries(full: &[bool], sources: &[u32], follows: &[u32], ranks: &[u32], first_new: usize) -> Vec<FullDelivery> {
    let mut deliveries: BTreeMap<(u32, u32), FullDelivery> = BTreeMap::new();
    for number in (0..full.len()).filter(|number| full[*number]) {
        let is_new = number >= first_new;
        let file_number = u32::try_from(number).expect("files are numbered in 32 bits");
        let delivery = deliveries.entry((follows[number], sources[number])).or_insert(FullDelivery {
            position: follows[number],
            source: sources[number],
            file: file_number,
            is_new,
        });
        if ranks[number] < ranks[delivery.file as usize] {
            delivery.file = file_number;
        }
        // A file that comes late to a delivery adds to it; what the delivery deleted is deleted already.
        delivery.is_new &= is_new;
    }
    deliveries.into_values().collect()
}
