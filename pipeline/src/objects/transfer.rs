//! Files to objects and back, in bounded memory: a few parts are on their way at a time, whatever the size.

use super::{Objects, failure};
use crate::error::{Error, Result, io_error};
use crate::publish::manifest::hex;
use chrono::DateTime;
use futures_util::stream::{self, FuturesUnordered, StreamExt as _, TryStreamExt as _};
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::path::Path;

/// Bytes of a part; stores want at least 5 MiB of each but the last, and some want all of the same length.
const PART_BYTES: u64 = 8 << 20;
/// Parts on their way at a time.
const PARTS_AT_ONCE: usize = 4;
/// Parts an object may have at S3.
const PARTS_MOST: u64 = 10_000;

impl Objects {
    /// Writes a file as an object, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be read or the store refuses.
    pub fn upload(&self, name: &str, file: &Path) -> Result<()> {
        let bytes = std::fs::metadata(file).map_err(|cause| io_error("look at", file, &cause))?.len();
        if bytes <= PART_BYTES {
            let content = std::fs::read(file).map_err(|cause| io_error("read", file, &cause))?;
            return self.put(name, content);
        }
        let part = PART_BYTES.max(bytes.div_ceil(PARTS_MOST));
        self.runtime.block_on(self.upload_parts(name, file, part))
    }

    async fn upload_parts(&self, name: &str, file: &Path, part: u64) -> Result<()> {
        let refused = |cause: &object_store::Error| failure(self, "write", name, cause);
        let open = File::open(file).map_err(|cause| io_error("read", file, &cause))?;
        let mut upload = self.store.put_multipart(&Self::path(name)?).await.map_err(|cause| refused(&cause))?;
        let mut sent = async || {
            let mut on_their_way = FuturesUnordered::new();
            loop {
                let mut content = Vec::new();
                let read = (&open).take(part).read_to_end(&mut content).map_err(|cause| io_error("read", file, &cause))?;
                if read == 0 {
                    break;
                }
                on_their_way.push(upload.put_part(content.into()));
                if on_their_way.len() >= PARTS_AT_ONCE {
                    on_their_way.next().await.transpose().map_err(|cause| refused(&cause))?;
                }
            }
            while on_their_way.next().await.transpose().map_err(|cause| refused(&cause))?.is_some() {}
            upload.complete().await.map_err(|cause| refused(&cause))
        };
        let outcome = sent().await;
        if outcome.is_err() {
            // Parts that nobody completes cost money until they are swept; that they stay is not what went wrong.
            let _ = upload.abort().await;
        }
        outcome.map(drop)
    }

    /// Writes an object, as it was listed, into a file. Returns its SHA-256 in lower-case hexadecimal.
    ///
    /// # Errors
    /// Exit status 4 when it cannot be had, or is not any more what was listed.
    pub fn download(&self, meta: &ObjectMeta, file: &Path) -> Result<String> {
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(|cause| io_error("create", parent, &cause))?;
        }
        let mut output = File::create(file).map_err(|cause| io_error("create", file, &cause))?;
        let mut hash = Sha256::new();
        let parts = stream::iter(ranges(meta.size)).map(|range| self.part(meta, range)).buffered(PARTS_AT_ONCE);
        let name = meta.location.as_ref();
        self.runtime.block_on(async {
            let mut parts = std::pin::pin!(parts);
            while let Some(bytes) = parts.try_next().await.map_err(|cause| failure(self, "read", name, &cause))? {
                hash.update(bytes.as_ref());
                output.write_all(bytes.as_ref()).map_err(|cause| io_error("write", file, &cause))?;
            }
            Ok::<(), Error>(())
        })?;
        let written = output.metadata().map_err(|cause| io_error("look at", file, &cause))?.len();
        if written != meta.size {
            let what = format!("of an object {written} of {} bytes arrived: {}", meta.size, self.url_of(name));
            return Err(Error::input("object_incomplete", what).hint("run again; nothing of it was taken"));
        }
        Ok(hex(&hash.finalize()))
    }

    /// Writes an object of a known length into a file. Returns its SHA-256 in lower-case hexadecimal.
    ///
    /// # Errors
    /// As [`Objects::download`].
    pub fn fetch(&self, name: &str, bytes: u64, file: &Path) -> Result<String> {
        let meta = ObjectMeta { location: Self::path(name)?, last_modified: DateTime::UNIX_EPOCH, size: bytes, e_tag: None, version: None };
        self.download(&meta, file)
    }

    async fn part(&self, meta: &ObjectMeta, range: Range<u64>) -> object_store::Result<impl AsRef<[u8]>> {
        // Parts of two versions must never be put together.
        let mut options = GetOptions::new().with_range(Some(range));
        options.if_match.clone_from(&meta.e_tag);
        options.version.clone_from(&meta.version);
        self.store.get_opts(&meta.location, options).await?.bytes().await
    }
}

fn ranges(bytes: u64) -> impl Iterator<Item = Range<u64>> {
    (0..bytes.div_ceil(PART_BYTES)).map(move |part| part * PART_BYTES..bytes.min((part + 1) * PART_BYTES))
}
