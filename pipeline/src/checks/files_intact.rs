//! Every file of the night is there and has the bytes its manifest says.

use super::Context;
use crate::error::Result;
use crate::publish::manifest::file_sha256;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let (mut files, mut expected, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for table in &context.manifest.tables {
        let sha256 = file_sha256(&context.night.join(&table.file)).map_or_else(|error| error.what().to_owned(), |(sha256, _)| sha256);
        if sha256 != table.sha256 {
            files.push(table.file.clone());
            expected.push(table.sha256.clone());
            found.push(sha256);
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("file".into(), files),
        Column::new("expected_sha256".into(), expected),
        Column::new("found".into(), found),
    ])?)
}
