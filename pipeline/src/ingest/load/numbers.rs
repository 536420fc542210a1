//! Numbers that stand for words and for keys while a book is put together.

use crate::ledger::book::{ItemIndex, NO_LABEL};
use rayon::prelude::*;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

/// Words by number, shared by the threads that read. Which number a word gets depends on who comes first; nothing that
/// is published does.
pub(super) struct Interner(Mutex<(HashMap<String, u32>, Vec<String>)>);

impl Interner {
    pub(super) fn new(first: &str) -> Self {
        Interner(Mutex::new((HashMap::from([(first.to_owned(), 0)]), vec![first.to_owned()])))
    }

    pub(super) fn number(&self, word: &str) -> u32 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (numbers, words) = &mut *inner;
        if let Some(number) = numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(words.len()).expect("fewer than 2^32 labels");
        numbers.insert(word.to_owned(), number);
        words.push(word.to_owned());
        number
    }

    pub(super) fn clone_values(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

pub(super) struct Interners {
    /// 0 is "(none)".
    pub(super) labels: Interner,
    /// 0 is the base currency.
    pub(super) currencies: Interner,
}

impl Interners {
    pub(super) fn new(base_currency: &str) -> Self {
        Interners { labels: Interner::new(NO_LABEL), currencies: Interner::new(base_currency) }
    }

    pub(super) fn currency(&self, code: &str) -> u16 {
        u16::try_from(self.currencies.number(code)).expect("a book has fewer than 65,536 currencies")
    }

    pub(super) fn label(&self, text: &Option<String>) -> u32 {
        text.as_deref().filter(|text| !text.is_empty()).map_or(0, |text| self.labels.number(text))
    }
}

/// Row keys are hashes already.
#[derive(Default)]
pub(super) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only 64-bit keys are hashed")
    }
    fn write_i64(&mut self, key: i64) {
        self.0 = key.cast_unsigned();
    }
}

pub(super) type KeyMap<V> = HashMap<i64, V, BuildHasherDefault<AlreadyHashed>>;

/// Items by row key: shards that are built in parallel.
pub(super) struct KeyIndex(Vec<KeyMap<ItemIndex>>);

impl KeyIndex {
    const SHARDS: usize = 16;

    pub(super) fn new(keys: &[i64]) -> Self {
        let shards = (0..Self::SHARDS).into_par_iter().map(|shard| {
            let mut map = KeyMap::default();
            map.reserve(keys.len() / Self::SHARDS);
            for (item, key) in keys.iter().enumerate() {
                if Self::shard(*key) == shard {
                    map.insert(*key, u32::try_from(item).expect("items are counted in 32 bits"));
                }
            }
            map
        });
        KeyIndex(shards.collect())
    }

    pub(super) fn get(&self, key: i64) -> Option<ItemIndex> {
        self.0[Self::shard(key)].get(&key).copied()
    }

    /// Bits that the map itself does not use for its buckets (it takes the lowest and the highest seven).
    pub(super) fn shard(key: i64) -> usize {
        ((key.cast_unsigned() >> 48) % Self::SHARDS as u64) as usize
    }
}
