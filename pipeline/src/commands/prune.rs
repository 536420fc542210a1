//! `arrears prune`: removes from an object store what can no longer be read.

use super::pull::{location_of, settings};
use crate::cli::PruneArguments;
use crate::error::{Error, Result};
use crate::objects::Objects;
use crate::publish::remote::{PruneOptions, Pruned, prune};
use crate::run::clock;
use crate::run::words::{count, grouped};
use chrono::TimeDelta;

pub(super) fn run(arguments: &PruneArguments) -> Result<()> {
    let location = location_of(&arguments.url)?;
    let objects = Objects::open(&location, &settings(arguments.config.as_deref())?)?;
    let now = clock::now();
    let grace = TimeDelta::days(i64::from(arguments.grace_days));
    let options = PruneOptions { now, grace, dry_run: arguments.dry_run, run_id: &clock::run_id(now) };
    let pruned = prune(&objects, &options)?.ok_or_else(|| {
        Error::input("nothing_published", format!("nothing is published at {location}")).hint("look at the address: bucket and prefix")
    })?;
    if arguments.dry_run {
        pruned.commits.iter().for_each(|number| println!("commit {number}"));
        pruned.objects.iter().for_each(|(name, bytes)| println!("{name}  {} bytes", grouped(*bytes)));
    }
    println!("{}", sentence(&pruned, arguments.dry_run, &location.to_string()));
    Ok(())
}

fn sentence(pruned: &Pruned, dry_run: bool, store: &str) -> String {
    let verb = if dry_run { "would be removed from" } else { "removed from" };
    let kept = match pruned.kept.as_slice() {
        [only] => format!("commit {only}"),
        [first, .., last] => format!("commits {first} to {last}"),
        [] => "none".to_owned(),
    };
    let foreign = if pruned.foreign == 0 { String::new() } else { format!("; {} of others left alone", count(pruned.foreign, "object")) };
    format!(
        "{verb} {store}: {} with {} bytes, {}; still readable: {kept}{foreign}",
        count(pruned.objects.len() as u64, "object"),
        grouped(pruned.bytes()),
        count(pruned.commits.len() as u64, "old commit"),
    )
}
