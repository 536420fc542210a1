//! A run and the object store it publishes into: what is asked of the store before a night, and what is taken to it after.

use super::session::Session;
use super::words::count;
use crate::config::Config;
use crate::error::{Error, ExitStatus, Result};
use crate::ingest::LedgerIndex;
use crate::objects::Objects;
use crate::publish::remote::{probe, publish, pull};
use serde_json::json;

/// The store of a run.
#[derive(Debug)]
pub struct Publication {
    objects: Objects,
}

impl Publication {
    /// Opens the configured store, makes sure that it puts only what is absent, and brings an empty output to its newest
    /// commit. A store that cannot be reached stops only a run that would have to begin from it.
    ///
    /// # Errors
    /// Exit status 2 when the store cannot be used, 4 when it cannot be reached and the output is empty.
    pub fn begin(config: &Config, session: &mut Session) -> Result<Option<Self>> {
        let Some(location) = &config.publish_to else { return Ok(None) };
        let publication = Publication { objects: Objects::open_or_create(location, &config.object_store)? };
        let is_empty = LedgerIndex::read(&session.output)?.is_none();
        match probe::check(&publication.objects) {
            Ok(()) if is_empty => publication.pull(session)?,
            Ok(()) => {}
            Err(error) if is_empty || error.status() == ExitStatus::Usage => return Err(error),
            Err(error) => {
                let sentence = format!("the store cannot be reached, the night is published here first: {}", error.what());
                session.reporter.event("store_unreachable", json!({"url": publication.objects.url()}), &sentence);
            }
        }
        session.step("store");
        Ok(Some(publication))
    }

    fn pull(&self, session: &Session) -> Result<()> {
        if let Some(pulled) = pull(&session.output, &self.objects, &session.record.run_id, false)? {
            let fields = json!({"url": self.objects.url(), "commit": pulled.commit, "files": pulled.files, "bytes": pulled.bytes});
            let sentence = format!("pulled: commit {} of {}, {}", pulled.commit, self.objects.url(), count(pulled.files, "file"));
            session.reporter.event("pulled", fields, &sentence);
        }
        Ok(())
    }

    /// Takes what the output has and the store has not to the store.
    ///
    /// # Errors
    /// Exit status 6 when that fails: the night is published in the output, and the next run goes on. 5 when another run has
    /// published the same date from other inputs, 2 when the store cannot be used.
    pub fn finish(&self, session: &mut Session) -> Result<()> {
        let result = publish(&session.output, &self.objects, &session.record.run_id).map_err(not_uploaded);
        session.step("upload");
        let uploaded = result.inspect_err(|_| {
            let sentence = format!("published here, not in {}: readers there see what they saw before", self.objects.url());
            session.reporter.event("not_uploaded", json!({"url": self.objects.url()}), &sentence);
        })?;
        let fields = json!({
            "url": self.objects.url(), "commit": uploaded.commit, "is_new": uploaded.is_new,
            "objects": uploaded.objects, "bytes": uploaded.bytes,
        });
        let sentence = if uploaded.is_new {
            format!("uploaded: commit {} of {}, {}", uploaded.commit, self.objects.url(), count(uploaded.objects, "new object"))
        } else {
            format!("uploaded before: commit {} of {}", uploaded.commit, self.objects.url())
        };
        session.reporter.event("uploaded", fields, &sentence);
        Ok(())
    }
}

fn not_uploaded(error: Error) -> Error {
    match error.status() {
        ExitStatus::Locked | ExitStatus::Usage => error,
        _ => error.with_status(ExitStatus::NotUploaded),
    }
}
