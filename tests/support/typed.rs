//! Published tables with the types of their columns, for tests that do not know the tables by heart.
#![allow(dead_code, reason = "each test binary uses its part")]

use crate::support::{Row, table};
use arrow::datatypes::DataType;
use std::collections::BTreeMap;
use std::path::Path;

/// A published table, and the types of its columns.
#[derive(Clone, Debug)]
pub struct Published {
    pub rows: Vec<Row>,
    pub types: BTreeMap<String, DataType>,
}

/// A table of a night; nothing when the night does not have it.
pub fn published(night: &Path, name: &str) -> Option<Published> {
    let file = std::fs::File::open(night.join(name).join("part-00000.parquet")).ok()?;
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("it is Parquet");
    let types = reader.schema().fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
    Some(Published { rows: table(night, name), types })
}

/// Every table of a night by its name.
pub fn tables_of(night: &Path) -> BTreeMap<String, Published> {
    let entries = std::fs::read_dir(night).unwrap_or_else(|cause| panic!("{} can be read: {cause}", night.display()));
    let names = entries.map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned());
    names.filter_map(|name| Some((name.clone(), published(night, &name)?))).collect()
}
