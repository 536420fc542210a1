//! Parquet files of a backtest: written beside their place and then renamed, so that a file is there whole or not at all.

use crate::error::{Error, Result, io_error};
use arrow::array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::path::Path;

/// The program and its version, as files name it.
pub fn program() -> String {
    format!("arrears {}", env!("CARGO_PKG_VERSION"))
}

/// Writes columns of one length into a file; `metadata` becomes its key-value metadata.
pub fn write(path: &Path, columns: Vec<(String, ArrayRef)>, metadata: &[(&str, String)]) -> Result<()> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true)))?;
    let level = ZstdLevel::try_new(3).map_err(|cause| Error::unexpected("bad_level", "no such level of compression").caused_by(&cause))?;
    let metadata: Vec<KeyValue> = metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
    let properties = WriterProperties::builder()
        .set_created_by(program())
        .set_compression(Compression::ZSTD(level))
        .set_key_value_metadata(Some(metadata))
        .build();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|cause| io_error("create the folder", folder, &cause))?;
    }
    let mut name = path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    let file = std::fs::File::create(&partial).map_err(|cause| io_error("write", path, &cause))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    let file = writer.into_inner()?;
    file.sync_all().map_err(|cause| io_error("write", path, &cause))?;
    std::fs::rename(&partial, path).map_err(|cause| io_error("write", path, &cause))
}
