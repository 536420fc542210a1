//! Open and cleared items: one row is an item, with what cleared it if anything did.
//!
//! What was matched with what takes all items of a clearing to tell, and these may stand in several files and deliveries: a row
//! becomes its document and a fact about its clearing, and the facts are resolved into applications when all are known.

use super::flat::is_credit_type;
use super::{BlockOutput, BlockRows};
use crate::error::Result;
use crate::ingest::column_data::ColumnData;
use crate::ingest::columns::CellError;
use crate::ingest::reason;

impl BlockRows<'_> {
    /// What an item may say about its clearing.
    pub(super) fn check_clearings(&self, first: usize, errors: &mut Vec<CellError>) {
        let plan = &self.context.plan;
        let (id, date) = (plan.position("clearing_id"), plan.position("clearing_date"));
        for row in first..self.lines.len() {
            if self.data[date].is_valid(row) && !self.data[id].is_valid(row) {
                errors.push(CellError { row: row - first, column: date, reason: reason::CLEARING_DATE_WITHOUT_CLEARING });
            }
        }
    }

    /// Splits items into documents and clearings, and collects the customers.
    pub(super) fn finish_open_and_cleared(self, output: &mut BlockOutput) -> Result<()> {
        let context = self.context;
        if context.tables.contains_key("customers") {
            output.customers = self.customers();
        }
        let clearings = self.clearings();
        let (layout, _) = &context.tables["documents"];
        let documents = layout.columns.iter().map(|wanted| self.data[context.plan.position(wanted.name)].clone()).collect();
        let lines = &self.lines;
        output.take(context.encode(vec![("documents", documents, lines.clone()), ("clearings", clearings, lines.clone())])?);
        Ok(())
    }

    fn clearings(&self) -> Vec<ColumnData> {
        let (layout, _) = &self.context.tables["clearings"];
        let types = &self.data[self.context.plan.position("document_type")];
        let columns = layout.columns.iter().map(|wanted| {
            let source = &self.data[self.context.plan.position(wanted.name)];
            if wanted.name != "amount" {
                return source.clone();
            }
            let mut column = ColumnData::new(wanted.kind);
            for row in 0..self.lines.len() {
                let amount = source.long(row).unwrap_or(0);
                column.push_long(if types.text(row).is_some_and(is_credit_type) { -amount } else { amount });
            }
            column
        });
        columns.collect()
    }
}
