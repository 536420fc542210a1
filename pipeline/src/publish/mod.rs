//! Publication: a night is built whole in `staging/` and appears by one rename, so that no reader ever sees half of it.

pub mod derived;
pub mod lock;
pub mod manifest;
pub mod model_version;
pub mod night;
pub mod remote;
pub mod table;
