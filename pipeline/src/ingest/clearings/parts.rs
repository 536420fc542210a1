//! Bytes in parts, in memory up to a limit and beyond it in a temporary file.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::error::{Result, io_error};

/// Bytes that are kept in memory.
const BYTES_IN_MEMORY: usize = 64 << 20;

/// What was added, by part.
pub struct Parts {
    in_memory: Vec<Vec<u8>>,
    bytes_in_memory: usize,
    /// Where in the file the rest of each part stands.
    on_disk: Vec<Vec<(u64, usize)>>,
    file: Option<(File, u64)>,
    path: PathBuf,
    limit: usize,
}

impl Parts {
    /// So many parts, all of them empty; what does not fit the memory goes to a file at `path`.
    pub fn new(count: usize, path: PathBuf) -> Self {
        let (in_memory, on_disk) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        Parts { in_memory, bytes_in_memory: 0, on_disk, file: None, path, limit: BYTES_IN_MEMORY }
    }

    /// How many parts there are.
    pub fn count(&self) -> usize {
        self.in_memory.len()
    }

    /// Adds bytes to each part.
    ///
    /// # Errors
    /// Exit status 1 when the temporary file cannot be written.
    pub fn add(&mut self, bytes: Vec<Vec<u8>>) -> Result<()> {
        for (part, bytes) in self.in_memory.iter_mut().zip(bytes) {
            self.bytes_in_memory += bytes.len();
            part.extend_from_slice(&bytes);
        }
        if self.bytes_in_memory > self.limit { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        let path = &self.path;
        let failed = |cause: std::io::Error| io_error("write a temporary file", path, &cause);
        if self.file.is_none() {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(failed)?;
            }
            let file = File::options().read(true).write(true).create(true).truncate(true).open(path).map_err(failed)?;
            // The open handle keeps the file until it is closed, also when this process is killed.
            std::fs::remove_file(path).map_err(failed)?;
            self.file = Some((file, 0));
        }
        let (file, end) = self.file.as_mut().expect("it was opened above");
        for (part, places) in self.in_memory.iter_mut().zip(&mut self.on_disk).filter(|(part, _)| !part.is_empty()) {
            file.write_all(part).map_err(failed)?;
            places.push((*end, part.len()));
            *end += part.len() as u64;
            part.clear();
        }
        self.bytes_in_memory = 0;
        Ok(())
    }

    /// All bytes of a part.
    ///
    /// # Errors
    /// Exit status 1 when the temporary file cannot be read.
    pub fn read(&self, part: usize) -> Result<Vec<u8>> {
        let length: usize = self.on_disk[part].iter().map(|(_, length)| length).sum();
        let mut bytes = vec![0; length];
        let mut at = 0;
        for ((start, length), (file, _)) in self.on_disk[part].iter().zip(std::iter::repeat(self.file.as_ref()).flatten()) {
            file.read_exact_at(&mut bytes[at..at + length], *start)
                .map_err(|cause| io_error("read a temporary file", &self.path, &cause))?;
            at += length;
        }
        bytes.extend_from_slice(&self.in_memory[part]);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_to_a_part_is_read_whether_it_fits_the_memory_or_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for limit in [0, 5, 1000] {
            let mut parts = Parts { limit, ..Parts::new(3, folder.path().join("deep/tmp-parts")) };
            for round in 0..4_u8 {
                parts.add(vec![vec![round; 2], Vec::new(), vec![10 + round]]).expect("adds");
            }
            let read: Vec<Vec<u8>> = (0..parts.count()).map(|part| parts.read(part).expect("reads")).collect();
            assert_eq!(read, [vec![0, 0, 1, 1, 2, 2, 3, 3], vec![], vec![10, 11, 12, 13]], "limit {limit}");
            assert_eq!(parts.file.is_some(), limit < 12, "limit {limit}");
        }
    }
}
