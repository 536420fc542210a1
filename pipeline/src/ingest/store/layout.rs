//! The columns of stored tables, and how each is encoded.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::types::ColumnPath;

use crate::catalog::ledger_tables::{Column, IS_DELETED, Kind, RECORDED_AT, Table};
use crate::ingest::column_data::data_type;

/// The columns of a table in the store.
#[derive(Debug)]
pub struct TableLayout {
    /// The table.
    pub table: &'static Table,
    /// Its canonical columns, then `recorded_at` and `is_deleted`.
    pub columns: Vec<Column>,
    /// All stored columns.
    pub schema: SchemaRef,
}

impl TableLayout {
    /// The layout of a table.
    pub fn of(table: &'static Table) -> Self {
        let columns: Vec<Column> = table.columns.iter().copied().chain([RECORDED_AT, IS_DELETED]).collect();
        let mut fields: Vec<Field> =
            columns.iter().map(|column| Field::new(column.name, data_type(column.kind), !column.required)).collect();
        let mut internal = |name: &str, data_type: DataType| fields.push(Field::new(name, data_type, false));
        internal("row_key", DataType::Int64);
        for (name, _) in references(table) {
            internal(name, DataType::Int64);
        }
        internal("source_file", DataType::Int32);
        internal("source_line", DataType::Int64);
        TableLayout { table, columns, schema: Arc::new(Schema::new(fields)) }
    }
}

/// The keys of other rows that a table's rows carry, and the columns each is made of.
pub fn references(table: &Table) -> Vec<(&'static str, &'static [&'static str])> {
    let mut references: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if table.has("customer_id") {
        references.push(("customer_key", &["company_id", "customer_id"]));
    }
    match table.name {
        "applications" => {
            references.push(("credit_key", &["company_id", "credit_document_id", "credit_item_no"]));
            references.push(("debit_key", &["company_id", "debit_document_id", "debit_item_no"]));
        }
        "disputes" => references.push(("document_key", &["company_id", "document_id", "item_no"])),
        _ => {}
    }
    references
}

/// How the columns of a file of the store are encoded, by what they hold.
///
/// Ids are unlike each other but like their neighbours, so that each is written as what it adds to the one before; hashes
/// cannot be shortened at all; what repeats goes into a dictionary.
pub(super) fn properties(schema: &Schema, layout: Option<&TableLayout>) -> WriterPropertiesPtr {
    let mut builder = WriterProperties::builder()
        .set_created_by("arrears".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_write_batch_size(8192)
        .set_data_page_row_count_limit(usize::MAX)
        .set_dictionary_enabled(false);
    for field in schema.fields() {
        let path = ColumnPath::from(field.name().as_str());
        let kind = layout.and_then(|layout| layout.columns.iter().find(|column| column.name == field.name())).map(|column| column.kind);
        let repeats = match kind {
            Some(Kind::Word(_) | Kind::Currency | Kind::Boolean | Kind::Integer | Kind::Percent | Kind::Rate) => true,
            Some(Kind::Text) => !["name", "reference"].contains(&field.name().as_str()),
            Some(Kind::Id) => ["company_id", "account"].contains(&field.name().as_str()),
            _ => false,
        };
        builder = match (kind, field.name().as_str()) {
            _ if repeats => builder.set_column_dictionary_enabled(path, true),
            // The least and the greatest id of a row group tell nobody anything, and finding them compares every id twice.
            (Some(Kind::Id | Kind::Text), _) => builder
                .set_column_encoding(path.clone(), Encoding::DELTA_BYTE_ARRAY)
                .set_column_statistics_enabled(path, EnabledStatistics::None),
            (Some(Kind::Date | Kind::Instant), _) | (None, "source_line" | "source_file") => builder
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(path, Compression::UNCOMPRESSED),
            (None, name) if name.ends_with("_key") => builder
                .set_column_compression(path.clone(), Compression::UNCOMPRESSED)
                .set_column_statistics_enabled(path, EnabledStatistics::None),
            _ => builder,
        };
    }
    Arc::new(builder.build())
}
