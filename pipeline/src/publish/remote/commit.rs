//! The commit log of a store: `_commits/00000000000000000042.json`, each the complete state, each put only where none is.
//!
//! A reader takes the commit of the highest number and reads only the objects it lists: it sees a publication before or
//! after, never half. Objects are never overwritten, so an older commit stays readable.

use super::state::{Night, State};
use crate::error::{Error, Result};
use crate::objects::Objects;
use chrono::{DateTime, Utc};
use object_store::ObjectMeta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Number of the log's format; a newer one is refused.
pub const FORMAT: u32 = 2;
/// The format of a commit that condemns nothing: versions that know of no clean-up may write after it.
const FORMAT_WITHOUT_CONDEMNED: u32 = 1;
const FOLDER: &str = "_commits";
/// What is left of an old commit: nothing that a reader could take for a state.
const FORGOTTEN: &[u8] = b"{\"format\": 2, \"forgotten\": true}\n";

/// A place of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// When it was put.
    pub put_at: DateTime<Utc>,
    /// Whether only the number is left.
    pub is_forgotten: bool,
}

fn name_of(number: u64) -> String {
    format!("{FOLDER}/{number:020}.json")
}

/// The places of the log that are taken, in order.
///
/// # Errors
/// When the store cannot be asked.
pub fn log(objects: &Objects) -> Result<Vec<Entry>> {
    let listed = objects.list_flat(FOLDER)?;
    let entry = |meta: &ObjectMeta| {
        let name = meta.location.filename()?.strip_suffix(".json")?;
        let is_number = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
        let number = name.parse().ok().filter(|_| is_number)?;
        // A commit lists at least its own fields: it is longer.
        Some(Entry { number, put_at: meta.last_modified, is_forgotten: meta.size == FORGOTTEN.len() as u64 })
    };
    let mut log: Vec<Entry> = listed.iter().filter_map(entry).collect();
    log.sort_by_key(|entry| entry.number);
    Ok(log)
}

/// One state of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// [`FORMAT`], or 1 where nothing is condemned.
    pub format: u32,
    /// Its place in the log, from 1.
    pub number: u64,
    /// The run that wrote it.
    pub run_id: String,
    /// Version of the program.
    pub arrears_version: String,
    /// Everything that is published.
    pub state: State,
    /// Objects that a clean-up removes, with the instant it said so: no later commit lists one of these names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub condemned: BTreeMap<String, String>,
}

impl Commit {
    /// The commit after another, if there is one.
    pub fn after(newest: Option<&Commit>, state: State, run_id: &str) -> Self {
        let number = newest.map_or(0, |commit| commit.number) + 1;
        let arrears_version = env!("CARGO_PKG_VERSION").to_owned();
        let condemned = newest.map(|commit| commit.condemned.clone()).unwrap_or_default();
        let commit = Commit { format: FORMAT, number, run_id: run_id.to_owned(), arrears_version, state, condemned };
        commit.with_format()
    }

    fn with_format(mut self) -> Self {
        self.format = if self.condemned.is_empty() { FORMAT_WITHOUT_CONDEMNED } else { FORMAT };
        self
    }

    /// The same commit with these objects condemned.
    pub fn condemning(mut self, condemned: BTreeMap<String, String>) -> Self {
        self.condemned = condemned;
        self.with_format()
    }

    /// The name of its object.
    pub fn name(&self) -> String {
        name_of(self.number)
    }

    /// Puts it into the log; says whether it did, or another commit of this number was faster.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn put(&self, objects: &Objects) -> Result<bool> {
        let mut text = serde_json::to_vec_pretty(self).expect("a commit holds only texts and numbers");
        text.push(b'\n');
        objects.create(&self.name(), text)
    }

    /// The newest commit of a store.
    ///
    /// # Errors
    /// When the store cannot be asked, or was written by a newer version (exit status 2).
    pub fn newest(objects: &Objects) -> Result<Option<Self>> {
        match log(objects)?.last() {
            Some(newest) => Self::numbered(objects, newest.number).map(Some),
            None => Ok(None),
        }
    }

    /// The commit of a number that is listed.
    ///
    /// # Errors
    /// As [`Commit::newest`], and when it is an old one of which only the number is left.
    pub fn numbered(objects: &Objects, number: u64) -> Result<Self> {
        let name = name_of(number);
        let Some(text) = objects.get(&name)? else {
            return Err(Error::input("object_missing", format!("a commit is listed and cannot be read: {}", objects.url_of(&name)))
                .hint("run again; if it stays so, the store is damaged"));
        };
        Self::read(&text, &objects.url_of(&name))
    }

    fn read(text: &[u8], place: &str) -> Result<Self> {
        if text == FORGOTTEN {
            return Err(Error::input("commit_forgotten", format!("a clean-up has removed this commit: {place}"))
                .hint("run again: there is a newer one"));
        }
        let damaged = |cause: serde_json::Error| {
            Error::unexpected("commit_damaged", format!("not a commit: {place}"))
                .caused_by(&cause)
                .hint("nothing but arrears writes into _commits/; publish to another prefix, or restore the object")
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let format = serde_json::from_slice::<Format>(text).map_err(damaged)?.format;
        if format > FORMAT {
            let what = format!("the store has format {format}, this version knows {FORMAT}: {place}");
            return Err(Error::usage("newer_format", what).hint("update arrears, or publish to another prefix"));
        }
        serde_json::from_slice(text).map_err(damaged)
    }

    /// Leaves of an old commit only its number. It must stay taken: a writer that began before this commit was put would else
    /// put its own in this place, long after others.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn forget(objects: &Objects, number: u64) -> Result<()> {
        objects.put(&name_of(number), FORGOTTEN.to_vec())
    }

    /// A night of it.
    pub fn night(&self, as_of_date: &str) -> Option<&Night> {
        self.state.nights.get(as_of_date)
    }
}
