//! Objects of a store as the files of a source.

use super::super::discover::stem;
use super::super::store::LedgerIndex;
use super::{Fetched, FetchedFile, Listed, PlannedRemote, Progress, are_known, create};
use crate::config::{ObjectStoreConfig, Source};
use crate::error::{Error, Result};
use crate::objects::{Location, Objects};
use object_store::ObjectMeta;
use std::path::Path;

/// The objects a location means.
struct Found {
    objects: Objects,
    found: Vec<ObjectMeta>,
    named_one_by_one: bool,
}

/// The address that names are relative to.
pub(super) fn folder_of(location: &Location) -> Location {
    location.folder_and_rest().0
}

pub(super) fn fetch(
    source: &Source,
    location: &Location,
    config: &ObjectStoreConfig,
    index: &LedgerIndex,
    (folder, progress): (&Path, &dyn Progress),
) -> Result<Fetched> {
    let listed = list(location, config)?;
    let mut fetched = Fetched { named_one_by_one: listed.named_one_by_one, ..Fetched::default() };
    create(folder)?;
    for (meta, is_known) in listed.found.iter().zip(listed.are_known(index, source)) {
        let (name, version) = (meta.location.to_string(), version_of(meta));
        if is_known {
            fetched.known += 1;
            continue;
        }
        progress.note(&format!("fetching {} ({} bytes)", listed.objects.url_of(&name), meta.size));
        let path = folder.join(&name);
        listed.objects.download(meta, &path)?;
        fetched.files.push(FetchedFile { name, path, version });
    }
    Ok(fetched)
}

pub(super) fn planned(source: &Source, location: &Location, config: &ObjectStoreConfig, index: &LedgerIndex) -> Result<Vec<PlannedRemote>> {
    let listed = list(location, config)?;
    let known = listed.are_known(index, source);
    let planned = listed.found.iter().zip(known).map(|(meta, is_known)| PlannedRemote {
        name: meta.location.to_string(),
        bytes: Some(meta.size),
        is_new: !is_known,
    });
    Ok(planned.collect())
}

impl Found {
    fn are_known(&self, index: &LedgerIndex, source: &Source) -> Vec<bool> {
        let of = |meta| Listed { version: version_of(meta), name: meta.location.as_ref(), bytes: meta.size };
        are_known(index, source, &self.found.iter().map(of).collect::<Vec<Listed<'_>>>())
    }
}

/// What tells two contents of one name apart, as the store says it.
fn version_of(meta: &ObjectMeta) -> String {
    let e_tag = meta.e_tag.as_deref().unwrap_or_default().trim_matches('"');
    match &meta.version {
        Some(version) => format!("{e_tag} {version}"),
        None => e_tag.to_owned(),
    }
}

fn list(location: &Location, config: &ObjectStoreConfig) -> Result<Found> {
    let (folder, rest) = location.folder_and_rest();
    let objects = Objects::open(&folder, config)?;
    let (found, named_one_by_one) = if rest.is_empty() {
        (data_files(objects.list_flat("")?), false)
    } else if location.is_pattern() {
        (matching(&objects, rest)?, true)
    } else if let Some(meta) = objects.head(rest)? {
        (vec![meta], true)
    } else {
        // A folder may be written without its slash.
        return match objects.list_flat(rest)? {
            inside if inside.is_empty() => Err(nothing_there(location)),
            _ => list(&location.child(""), config),
        };
    };
    if found.is_empty() {
        return Err(nothing_there(location));
    }
    Ok(Found { objects, found, named_one_by_one })
}

fn data_files(mut found: Vec<ObjectMeta>) -> Vec<ObjectMeta> {
    found.retain(|meta| meta.location.filename().is_some_and(|name| stem(name).is_some()));
    found
}

fn matching(objects: &Objects, pattern: &str) -> Result<Vec<ObjectMeta>> {
    let compiled = glob::Pattern::new(pattern).map_err(|cause| {
        Error::usage("bad_glob", format!("the path is not a glob: {pattern}")).caused_by(&cause).hint("* ? ** and [a-z] are known")
    })?;
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    // Only a pattern over folders must see what is in them.
    let mut found = if pattern.contains('/') || pattern.contains("**") { objects.list("")? } else { objects.list_flat("")? };
    found.retain(|meta| compiled.matches_with(meta.location.as_ref(), options));
    Ok(found)
}

fn nothing_there(location: &Location) -> Error {
    Error::input("source_empty", format!("nothing is there: {location}"))
        .hint("look at the bucket and the prefix; a folder of canonical files has files named for the tables")
}
