//! The mapping of one file: which of its fields, or which constant, fills which canonical column.

use std::collections::HashMap;

use super::columns::{ColumnPlan, Origin};
use super::discover::Delivery;
use super::joined::Joined;
use crate::catalog::ledger_tables::{Column, Kind, Table};
use crate::error::{Error, Result};

/// How a file is read.
#[derive(Debug)]
pub struct FilePlan {
    /// One for each column of the table or shape, `recorded_at` and `is_deleted` last.
    pub columns: Vec<ColumnPlan>,
    /// Fields of a record.
    pub width: usize,
    /// Columns of the file that nothing is mapped to.
    pub extra_columns: u64,
}

impl FilePlan {
    /// The position of a column.
    ///
    /// # Panics
    /// When the target has no such column.
    pub fn position(&self, name: &str) -> usize {
        self.columns.iter().position(|plan| plan.column.name == name).unwrap_or_else(|| panic!("the target has a column {name}"))
    }

    /// The header of a field, where a column is read from it alone.
    pub fn header_of(&self, field: usize) -> Option<String> {
        let plan = self.columns.iter().find(|plan| matches!(plan.origin, Origin::Field(own) if own == field));
        plan.map(|plan| plan.header.clone())
    }

    /// Whether a column is read from the file or set by a constant.
    pub fn is_supplied(&self, name: &str) -> bool {
        self.columns.iter().any(|plan| plan.column.name == name && !matches!(plan.origin, Origin::Absent))
    }

    /// Whether a split row says more of its customer than who it is.
    pub fn names_customers(&self) -> bool {
        let labels = Table::named("customers").into_iter().flat_map(|table| table.columns);
        let shared = ["company_id", "customer_id", "account_manager"];
        labels.filter(|column| !shared.contains(&column.name)).any(|column| self.is_supplied(column.name))
    }

    /// Makes the plan for a file with this header.
    ///
    /// # Errors
    /// Exit status 4 when a column is missing, 2 when a constant cannot be read.
    pub fn new(delivery: &Delivery<'_>, header: &[String]) -> Result<FilePlan> {
        let source = delivery.source;
        let columns = delivery.target.columns();
        let mut used = vec![false; header.len()];
        let mut plans = Vec::with_capacity(columns.len());
        for column in columns {
            let mapped = source.columns.get(column.name);
            let name = mapped.map_or(column.name, String::as_str);
            let is_lenient = mapped.is_none() || source.lenient_columns.contains(column.name);
            let origin = if let Some(constant) = source.constants.get(column.name) {
                Origin::Constant(constant.as_bytes().to_vec())
            } else {
                let mut found = header.iter().enumerate().filter(|(_, header)| header.as_str() == name).map(|(field, _)| field);
                match (found.next(), found.next()) {
                    (Some(field), None) => {
                        used[field] = true;
                        Origin::Field(field)
                    }
                    (Some(_), Some(_)) => {
                        return Err(Error::input("ambiguous_column", format!("a column stands in the file twice: {name}"))
                            .at(format!("{}:1", delivery.path.display()))
                            .hint("rename one of the two"));
                    }
                    (None, _) if let Some(joined) = joined(delivery, &column, (name, is_lenient), header)? => {
                        joined.fields().for_each(|field| used[field] = true);
                        Origin::Joined(joined)
                    }
                    (None, _) if is_lenient && !column.required => Origin::Absent,
                    (None, _) => match column.default {
                        Some(default) if is_lenient => Origin::Constant(default.as_bytes().to_vec()),
                        _ => return Err(missing_column(delivery, column.name, mapped.map(String::as_str), header)),
                    },
                }
            };
            let usual = if column.kind == Kind::Instant { &source.instant_format } else { &source.date_format };
            let pattern = source.formats.get(column.name).unwrap_or(usual);
            let values = source
                .values
                .get(column.name)
                .map(|map| map.iter().map(|(from, to)| (from.as_bytes().to_vec(), to.as_bytes().to_vec())).collect::<HashMap<_, _>>());
            let plan = ColumnPlan {
                column,
                origin,
                header: name.to_owned(),
                pattern: pattern.clone(),
                decimal: source.decimal,
                marks: source.amount_marks.iter().map(|text| text.as_bytes().to_vec()).collect(),
                values: values.unwrap_or_default(),
                null_values: source.null_values.iter().map(|text| text.as_bytes().to_vec()).collect(),
            };
            plan.check_constant(&source.name)?;
            plans.push(plan);
        }
        Ok(FilePlan { columns: plans, width: header.len(), extra_columns: used.iter().filter(|used| !**used).count() as u64 })
    }
}

/// The fields of an id that is made of several; `None` where the text is the name of one, or one is missing that may be.
fn joined(delivery: &Delivery<'_>, column: &Column, (name, is_lenient): (&str, bool), header: &[String]) -> Result<Option<Joined>> {
    if !matches!(column.kind, Kind::Id | Kind::Text) {
        return Ok(None);
    }
    match Joined::parse(name, header) {
        Err(_) if is_lenient && !column.required => Ok(None),
        parsed => parsed.map_err(|missing| missing_column(delivery, column.name, Some(&missing), header)),
    }
}

fn missing_column(delivery: &Delivery<'_>, column: &str, mapped: Option<&str>, header: &[String]) -> Error {
    let what = match mapped {
        Some(name) => format!("a column is missing: {name} (mapped to {column})"),
        None => format!("a column is missing: {column}"),
    };
    let hint = if header.len() == 1 && header[0].contains([';', '\t', '|']) {
        format!("the header is one field: {}; set `delimiter` in source {}", header[0], delivery.source.name)
    } else {
        format!(
            "the file has: {}; map one with columns = {{ {column} = \"…\" }} or set constants = {{ {column} = \"…\" }} in source {}",
            header.join(", "),
            delivery.source.name
        )
    };
    Error::input("missing_column", what).at(format!("{}:1", delivery.path.display())).hint(hint)
}
