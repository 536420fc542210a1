//! Every file of the night is there and has the bytes its manifest says.

use super::Context;
use crate::error::Result;
use crate::publish::manifest::file_sha256;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let (mut files, mut expected, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let tables = context.manifest.tables.iter().map(|table| (&table.file, &table.sha256));
    let exports = context.manifest.exports.iter().map(|export| (&export.file, &export.sha256));
    for (file, recorded) in tables.chain(exports) {
        let sha256 = file_sha256(&context.night.join(file)).map_or_else(|error| error.what().to_owned(), |(sha256, _)| sha256);
        if sha256 != *recorded {
            files.push(file.clone());
            expected.push(recorded.clone());
            found.push(sha256);
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("file".into(), files),
        Column::new("expected_sha256".into(), expected),
        Column::new("found".into(), found),
    ])?)
}
