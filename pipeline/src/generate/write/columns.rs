//! Parquet: cells into Arrow builders, a chunk into the columns of a row group.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::super::calendar::Day;
use super::super::tables::{ColumnType, RowSink, Table};

const MONEY: DataType = DataType::Decimal128(18, 4);
const RATE: DataType = DataType::Decimal128(18, 10);

/// Encodes chunks of one table.
#[derive(Debug)]
pub(super) struct ColumnEncoding {
    schema: SchemaRef,
    groups: ArrowRowGroupWriterFactory,
}

impl ColumnEncoding {
    /// Opens a Parquet file for the table.
    pub(super) fn create(file: File, table: Table) -> Result<(SerializedFileWriter<File>, Self)> {
        let fields = table.columns().iter().map(|(name, kind)| Field::new(*name, data_type(*kind), true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?));
        for (name, _) in table.columns() {
            // Ids hardly repeat within a row group: a dictionary would be built and thrown away.
            if name.ends_with("document_id") || *name == "application_id" || *name == "reference" {
                properties = properties.set_column_dictionary_enabled((*name).into(), false);
            }
        }
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties.build()))?;
        let (writer, groups) = writer.into_serialized_writer()?;
        Ok((writer, Self { schema, groups }))
    }

    /// Encodes the rows as the columns of one row group.
    pub(super) fn encode(&self, sink: ColumnSink) -> Result<Vec<ArrowColumnChunk>> {
        // The number of the row group matters to encryption only.
        let writers = self.groups.create_column_writers(0)?;
        let columns = sink.builders.into_iter().zip(self.schema.fields());
        let mut encoded = Vec::with_capacity(writers.len());
        for (mut writer, (builder, field)) in writers.into_iter().zip(columns) {
            for leaf in compute_leaves(field, &builder.finish()?)? {
                writer.write(&leaf)?;
            }
            encoded.push(writer.close()?);
        }
        Ok(encoded)
    }
}

/// Appends an encoded row group; nothing for a part without rows.
pub(super) fn append(writer: &mut SerializedFileWriter<File>, columns: Vec<ArrowColumnChunk>) -> Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    for column in columns {
        column.append_to_row_group(&mut group)?;
    }
    group.close()?;
    Ok(())
}

fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Date => DataType::Date32,
        ColumnType::Money => MONEY,
        ColumnType::Rate => RATE,
        ColumnType::Whole => DataType::Int64,
        ColumnType::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Flag => DataType::Boolean,
    }
}

enum Builder {
    Text(StringBuilder),
    Date(Date32Builder),
    Money(Decimal128Builder),
    Rate(Decimal128Builder),
    Whole(Int64Builder),
    Instant(TimestampMicrosecondBuilder),
    Flag(BooleanBuilder),
}

impl Builder {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Date => Self::Date(Date32Builder::new()),
            ColumnType::Money => Self::Money(Decimal128Builder::new()),
            ColumnType::Rate => Self::Rate(Decimal128Builder::new()),
            ColumnType::Whole => Self::Whole(Int64Builder::new()),
            ColumnType::Instant => Self::Instant(TimestampMicrosecondBuilder::new()),
            ColumnType::Flag => Self::Flag(BooleanBuilder::new()),
        }
    }

    fn absent(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Money(builder) | Self::Rate(builder) => builder.append_null(),
            Self::Whole(builder) => builder.append_null(),
            Self::Instant(builder) => builder.append_null(),
            Self::Flag(builder) => builder.append_null(),
        }
    }

    fn finish(self) -> Result<ArrayRef> {
        let decimal = |mut builder: Decimal128Builder, kind| {
            let array = builder.finish().with_data_type(kind);
            array.validate_decimal_precision(18).map_err(ParquetError::from)?;
            Ok(Arc::new(array) as ArrayRef)
        };
        Ok(match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Date(mut builder) => Arc::new(builder.finish()),
            Self::Money(builder) => return decimal(builder, MONEY),
            Self::Rate(builder) => return decimal(builder, RATE),
            Self::Whole(mut builder) => Arc::new(builder.finish()),
            Self::Instant(mut builder) => Arc::new(builder.finish().with_timezone("UTC")),
            Self::Flag(mut builder) => Arc::new(builder.finish()),
        })
    }
}

/// Collects rows column by column.
pub(super) struct ColumnSink {
    builders: Vec<Builder>,
    place: usize,
}

impl ColumnSink {
    pub(super) fn new(table: Table) -> Self {
        let builders = table.columns().iter().map(|(_, kind)| Builder::new(*kind)).collect();
        Self { builders, place: 0 }
    }

    fn next(&mut self) -> &mut Builder {
        self.place += 1;
        &mut self.builders[self.place - 1]
    }
}

// A cell of the wrong type is a mistake in `tables`, which the tests meet on their first row; it ends as a null here and
// as a failed assertion while developing.
impl RowSink for ColumnSink {
    fn absent(&mut self) {
        self.next().absent();
    }

    fn text(&mut self, text: &[u8]) {
        match (self.next(), std::str::from_utf8(text)) {
            (Builder::Text(builder), Ok(text)) => builder.append_value(text),
            _ => debug_assert!(false, "text in another column"),
        }
    }

    fn date(&mut self, day: Day) {
        match self.next() {
            Builder::Date(builder) => builder.append_value(day),
            _ => debug_assert!(false, "date in another column"),
        }
    }

    fn money(&mut self, minor: i64, decimals: u32) {
        match self.next() {
            Builder::Money(builder) => {
                builder.append_value(i128::from(minor) * 10_i128.pow(4_u32.saturating_sub(decimals)));
            }
            _ => debug_assert!(false, "money in another column"),
        }
    }

    fn rate(&mut self, rate: i64) {
        match self.next() {
            Builder::Rate(builder) => builder.append_value(i128::from(rate)),
            _ => debug_assert!(false, "rate in another column"),
        }
    }

    fn whole(&mut self, number: i64) {
        match self.next() {
            Builder::Whole(builder) => builder.append_value(number),
            _ => debug_assert!(false, "whole number in another column"),
        }
    }

    fn instant(&mut self, seconds: i64) {
        match self.next() {
            Builder::Instant(builder) => builder.append_value(seconds * 1_000_000),
            _ => debug_assert!(false, "instant in another column"),
        }
    }

    fn flag(&mut self, flag: bool) {
        match self.next() {
            Builder::Flag(builder) => builder.append_value(flag),
            _ => debug_assert!(false, "flag in another column"),
        }
    }

    fn end_row(&mut self) {
        debug_assert_eq!(self.place, self.builders.len());
        self.place = 0;
    }
}
