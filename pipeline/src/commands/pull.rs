//! `arrears pull`: a working output from an object store.

use crate::cli::PullArguments;
use crate::config::{Config, ObjectStoreConfig, Overrides};
use crate::error::{Error, Result};
use crate::objects::{Location, Objects};
use crate::publish::remote::{Pulled, pull};
use crate::run::reporter::Reporter;
use crate::run::session::Session;
use crate::run::words::count;
use std::path::Path;

pub(super) fn run(arguments: &PullArguments, reporter: &Reporter) -> Result<()> {
    let location = location_of(&arguments.url)?;
    let objects = Objects::open(&location, &settings(arguments.config.as_deref())?)?;
    let mut session = Session::begin(&arguments.output, "pull", None, reporter)?;
    let result = pull(&session.output, &objects, &session.record.run_id, arguments.replace).and_then(|pulled| {
        pulled.ok_or_else(|| {
            Error::input("nothing_published", format!("nothing is published at {location}")).hint("look at the address: bucket and prefix")
        })
    });
    if let Ok(pulled) = &result {
        session.record.status = "pulled".into();
        session.record.summary = Some(sentence(pulled, &location));
    }
    let pulled = session.end(result)?;
    println!("{}", sentence(&pulled, &location));
    Ok(())
}

/// The address of a store as an output remembers it: it must not depend on a slash.
pub(super) fn location_of(url: &str) -> Result<Location> {
    let mut location = Location::parse(url).map_err(|reason| {
        Error::usage("bad_location", format!("not an address of a store: {reason}: {url}"))
            .hint("for example s3://bucket/receivables or file:///srv/receivables")
    })?;
    location.key = location.key.trim_end_matches('/').to_owned();
    Ok(location)
}

/// The `[object_store]` of the configuration, where there is one; the variables speak for themselves.
pub(super) fn settings(config: Option<&Path>) -> Result<ObjectStoreConfig> {
    match config {
        Some(path) => Ok(Config::load(path, &Overrides::default())?.object_store),
        None => Ok(ObjectStoreConfig::from_variables()),
    }
}

fn sentence(pulled: &Pulled, location: &Location) -> String {
    format!("pulled commit {} of {location}: {} fetched, {} bytes", pulled.commit, count(pulled.files, "file"), pulled.bytes)
}
