//! Files that are hashed and brought to the disk while they are written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::LazyLock;
use std::sync::mpsc::Sender;

use xxhash_rust::xxh3::Xxh3;

use super::SegmentRecord;
use crate::error::{Result, io_error};

/// Counts and hashes what is written.
pub(in crate::ingest) struct HashingWriter {
    file: File,
    bytes: u64,
    hash: Xxh3,
    /// Bytes since the last time the file was handed to be synced.
    unsynced: u64,
}

/// Bytes after which a file that is being written is synced in the background.
const SYNC_BYTES: u64 = 64 << 20;

/// Syncs files on a thread of its own while they are written, so that little is left to wait for at the end.
///
/// This only spreads the work: every file is synced again, and its failure seen, before the index refers to it.
static BACKGROUND: LazyLock<Option<Sender<File>>> = LazyLock::new(|| {
    let (sender, receiver) = std::sync::mpsc::channel::<File>();
    let thread = std::thread::Builder::new().name("sync".to_owned()).spawn(move || {
        for file in receiver {
            let _ = file.sync_data();
        }
    });
    thread.ok().map(|_| sender)
});

impl HashingWriter {
    pub(in crate::ingest) fn create(path: &Path) -> Result<BufWriter<Self>> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|cause| io_error("create", parent, &cause))?;
        }
        let file = File::create(path).map_err(|cause| io_error("create", path, &cause))?;
        Ok(BufWriter::with_capacity(1 << 18, HashingWriter { file, bytes: 0, hash: Xxh3::new(), unsynced: 0 }))
    }

    pub(in crate::ingest) fn record(self, name: String, rows: u64) -> (SegmentRecord, File) {
        let content_hash = format!("{:032x}", self.hash.digest128());
        (SegmentRecord { file: name, rows, bytes: self.bytes, content_hash }, self.file)
    }
}

impl Write for HashingWriter {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        self.unsynced += written as u64;
        if self.unsynced >= SYNC_BYTES
            && let Some(background) = &*BACKGROUND
        {
            self.unsynced = 0;
            if let Ok(file) = self.file.try_clone() {
                let _ = background.send(file);
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
