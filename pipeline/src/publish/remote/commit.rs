//! The commit log of a store: `_commits/00000000000000000042.json`, each the complete state, each put only where none is.
//!
//! A reader takes the commit of the highest number and reads only the objects it lists: it sees a publication before or
//! after, never half. Objects are never overwritten, so an older commit stays readable.

use super::state::{Night, State};
use crate::error::{Error, Result};
use crate::objects::Objects;
use serde::{Deserialize, Serialize};

/// Number of the log's format; a newer one is refused.
pub const FORMAT: u32 = 1;
const FOLDER: &str = "_commits";

/// One state of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// [`FORMAT`].
    pub format: u32,
    /// Its place in the log, from 1.
    pub number: u64,
    /// The run that wrote it.
    pub run_id: String,
    /// Version of the program.
    pub arrears_version: String,
    /// Everything that is published.
    pub state: State,
}

impl Commit {
    /// The commit after another, if there is one.
    pub fn after(newest: Option<&Commit>, state: State, run_id: &str) -> Self {
        let number = newest.map_or(0, |commit| commit.number) + 1;
        let arrears_version = env!("CARGO_PKG_VERSION").to_owned();
        Commit { format: FORMAT, number, run_id: run_id.to_owned(), arrears_version, state }
    }

    /// The name of its object.
    pub fn name(&self) -> String {
        format!("{FOLDER}/{:020}.json", self.number)
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
        let listed = objects.list_flat(FOLDER)?;
        let names = listed.iter().filter_map(|meta| meta.location.filename()?.strip_suffix(".json"));
        let is_number = |name: &&str| name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
        let Some(name) = names.filter(is_number).max() else { return Ok(None) };
        let name = format!("{FOLDER}/{name}.json");
        let Some(text) = objects.get(&name)? else {
            return Err(Error::input("object_missing", format!("a commit is listed and cannot be read: {}", objects.url_of(&name)))
                .hint("run again; if it stays so, the store is damaged"));
        };
        Self::read(&text, &objects.url_of(&name)).map(Some)
    }

    fn read(text: &[u8], place: &str) -> Result<Self> {
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

    /// A night of it.
    pub fn night(&self, as_of_date: &str) -> Option<&Night> {
        self.state.nights.get(as_of_date)
    }
}
