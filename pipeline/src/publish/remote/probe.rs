//! Whether a store puts only what is absent when it is asked to. Some say yes and overwrite; on those two runs could commit
//! under one number, and a reader would see either.

use crate::error::{Error, Result};
use crate::objects::Objects;

const NAME: &str = "_probe/put-if-absent";

/// Asks a store to write over an object that is there.
///
/// # Errors
/// Exit status 2 when it does; 4 when it cannot be asked.
pub fn check(objects: &Objects) -> Result<()> {
    // Two contents, so that the second is not taken for the first sent again.
    if objects.create(NAME, b"first\n".to_vec())? && objects.create(NAME, b"second\n".to_vec())? {
        let what = format!("the store writes over objects that it is asked to leave: {}", objects.url());
        return Err(Error::usage("store_overwrites", what).hint(
            "it must honour If-None-Match: * on PUT, as Amazon S3, MinIO, Cloudflare R2 and Ceph do; update it, or publish elsewhere",
        ));
    }
    Ok(())
}
