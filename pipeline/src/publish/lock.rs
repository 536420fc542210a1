//! One run at a time: a lock on the output, released by the system even when a run is killed.

use crate::error::{Error, ExitStatus, Result, io_error};
use std::fs::{File, TryLockError};
use std::path::Path;

/// Held while a command changes an output folder.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `output`, creating the folder where needed.
    ///
    /// # Errors
    /// `locked` (exit status 5) when another run holds it.
    pub fn take(output: &Path) -> Result<Self> {
        std::fs::create_dir_all(output).map_err(|cause| io_error("create the output folder", output, &cause))?;
        let path = output.join(".lock");
        let file = File::options().create(true).append(true).open(&path).map_err(|cause| io_error("open the lock", &path, &cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let what = format!("another run is at work on this output: {}", output.display());
                Err(Error::new("locked", ExitStatus::Locked, what)
                    .hint("wait until it is done; the lock goes with its process, so there is no file to delete"))
            }
            Err(TryLockError::Error(cause)) => Err(io_error("lock", &path, &cause)),
        }
    }
}
