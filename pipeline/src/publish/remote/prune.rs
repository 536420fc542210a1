//! Cleaning up a store: objects that no commit lists any more, and old commits.
//!
//! What is removed is first condemned by a commit of its own. A writer that reckoned with such an object is thereby too late
//! with its commit, reads this one, and takes other names; so no commit ever lists what is about to go, however slow the
//! writer or this clean-up is, and wherever either is killed. The grace period is for readers only: a commit and what it
//! lists stay for so long after the next one was put.

use super::commit::{Commit, Entry, log};
use super::{ATTEMPTS, views};
use crate::error::{Error, ExitStatus, Result};
use crate::objects::Objects;
use crate::run::clock::instant;
use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use std::collections::{BTreeMap, BTreeSet};

/// What a clean-up is told.
#[derive(Clone, Copy, Debug)]
pub struct PruneOptions<'a> {
    /// Now, in the store's eyes as well as it is known here.
    pub now: DateTime<Utc>,
    /// How long a commit can be read after the next one was put.
    pub grace: TimeDelta,
    /// Whether to say only what would be removed.
    pub dry_run: bool,
    /// The name of the commit that condemns.
    pub run_id: &'a str,
}

/// What a clean-up removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Objects with their bytes, by name.
    pub objects: BTreeMap<String, u64>,
    /// Numbers of commits of which only the number is left.
    pub commits: Vec<u64>,
    /// Numbers of the commits that can still be read, before the clean-up's own.
    pub kept: Vec<u64>,
    /// Objects that are not arrears' own; they stay.
    pub foreign: u64,
}

impl Pruned {
    /// Bytes of the objects.
    pub fn bytes(&self) -> u64 {
        self.objects.values().sum()
    }
}

/// Removes from a store what no commit lists that can still be read; `None` when nothing is published there.
///
/// # Errors
/// Exit status 5 when others publish all the while; else what the store says. Readers see what they saw before.
pub fn prune(objects: &Objects, options: &PruneOptions<'_>) -> Result<Option<Pruned>> {
    for _ in 0..ATTEMPTS {
        let log = log(objects)?;
        let Some(newest) = log.last() else { return Ok(None) };
        let newest = Commit::numbered(objects, newest.number)?;
        let plan = Plan::of(objects, &log, &newest, options)?;
        if options.dry_run {
            return Ok(Some(plan.pruned));
        }
        if plan.condemned != newest.condemned {
            let commit = Commit::after(Some(&newest), newest.state.clone(), options.run_id).condemning(plan.condemned.clone());
            if !commit.put(objects)? {
                continue;
            }
            views::write(objects, &commit)?;
        } else {
            views::write(objects, &newest)?;
        }
        plan.carry_out(objects)?;
        return Ok(Some(plan.pruned));
    }
    let what = format!("{ATTEMPTS} times a run published while {} was looked through", objects.url());
    Err(Error::new("store_busy", ExitStatus::Locked, what).hint("run again; nothing was removed"))
}

struct Plan {
    pruned: Pruned,
    /// What is condemned from now on, by this clean-up and by earlier ones.
    condemned: BTreeMap<String, String>,
}

impl Plan {
    fn of(objects: &Objects, log: &[Entry], newest: &Commit, options: &PruneOptions<'_>) -> Result<Self> {
        let cutoff = options.now - options.grace;
        let mut pruned = Pruned::default();
        let mut referenced: BTreeSet<String> = newest.state.files().map(|entry| entry.object.clone()).collect();
        for (at, entry) in log.iter().enumerate().filter(|(_, entry)| !entry.is_forgotten) {
            // Until the next one was put, readers began with this one.
            if log.get(at + 1).is_none_or(|next| next.put_at >= cutoff) {
                pruned.kept.push(entry.number);
                if entry.number != newest.number {
                    referenced.extend(Commit::numbered(objects, entry.number)?.state.files().map(|entry| entry.object.clone()));
                }
            } else {
                pruned.commits.push(entry.number);
            }
        }
        let listed = objects.list("")?;
        pruned.foreign = listed.iter().filter(|meta| !is_own(meta.location.as_ref())).count() as u64;
        let is_doomed = |meta: &&ObjectMeta| {
            let name = meta.location.as_ref();
            let is_old = meta.last_modified < cutoff || newest.condemned.contains_key(name);
            is_content(name) && is_old && !referenced.contains(name)
        };
        pruned.objects = listed.iter().filter(is_doomed).map(|meta| (meta.location.to_string(), meta.size)).collect();
        let said = instant(options.now);
        let is_there: BTreeSet<&str> = listed.iter().map(|meta| meta.location.as_ref()).collect();
        // A name stays condemned for as long as a removal may still be on its way.
        let is_pending =
            |name: &str, since: &str| is_there.contains(name) || DateTime::parse_from_rfc3339(since).is_ok_and(|since| since >= cutoff);
        let mut condemned = newest.condemned.clone();
        condemned.retain(|name, since| is_pending(name, since));
        for name in pruned.objects.keys() {
            condemned.entry(name.clone()).or_insert_with(|| said.clone());
        }
        Ok(Plan { pruned, condemned })
    }

    /// Old commits first, in order, so that none is left whose objects are gone; each step can be the last.
    fn carry_out(&self, objects: &Objects) -> Result<()> {
        for number in &self.pruned.commits {
            Commit::forget(objects, *number)?;
        }
        let views = self.pruned.commits.iter().map(|number| views::name_of(*number));
        objects.delete(views.chain(self.pruned.objects.keys().cloned()).collect())
    }
}

/// Whether a name is one that arrears gives to objects.
fn is_own(name: &str) -> bool {
    name == "views.sql" || ["_commits/", "_views/", "_probe/"].iter().any(|folder| name.starts_with(folder)) || is_content(name)
}

/// Whether an object is named for its content: nothing else is ever removed.
fn is_content(name: &str) -> bool {
    let is_folder = ["marts/", "ledger/", "models/", "vintages/"].iter().any(|folder| name.starts_with(folder));
    let file = name.rsplit('/').next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let (hash, number) = stem.split_once('-').unwrap_or((stem, "0"));
    is_folder
        && hash.len() == 64
        && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}
