//! What a store says when it refuses, told to the person who must act on it.

use super::Objects;
use crate::error::Error;
use object_store::Error as Cause;

/// A store's refusal while `action` was tried on an object.
pub(super) fn failure(objects: &Objects, action: &str, name: &str, cause: &Cause) -> Error {
    let what = format!("cannot {action}: {}", objects.url_of(name));
    let error = match cause {
        Cause::NotFound { .. } => Error::input("object_missing", what).hint("look at the address: bucket, prefix and name"),
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => Error::input("store_denied", what)
            .hint("credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; they need the right to list, read and, for publish_to, write"),
        Cause::Precondition { .. } | Cause::NotModified { .. } => {
            Error::input("object_changed", format!("the object changed while it was read: {}", objects.url_of(name)))
                .hint("it is still being written? run again when it is complete; nothing of it was taken")
        }
        Cause::NotSupported { .. } | Cause::NotImplemented { .. } => Error::usage("store_lacks", what)
            .hint("the store must list, read ranges, and put only what is absent (If-None-Match)"),
        _ => Error::input("store_unreachable", what)
            .hint("look at the network, at [object_store] endpoint and region, and at the credentials (AWS_*); then run again"),
    };
    error.caused_by(cause)
}
