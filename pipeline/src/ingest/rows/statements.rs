//! What rows say about keys without becoming rows: that a key stands in a row that cannot be taken, or that a payment is not
//! there.

use super::BlockRows;
use crate::ingest::column_data::ColumnData;
use crate::ingest::discover::Target;
use crate::ingest::keys::{KeyEncoder, KeyHash};
use crate::ingest::versions::{Entry, EntryRun};

/// What the rows of a block say about keys of a table.
pub type Statements = Vec<(&'static str, EntryRun)>;

impl BlockRows<'_> {
    /// The keys of rows that cannot be taken: a full delivery contains them, however badly written, and deletes nothing of
    /// theirs. Called before the rows are taken out.
    pub(super) fn seen(&self) -> Statements {
        let unreadable: Vec<usize> = (0..self.keep.len()).filter(|row| !self.keep[*row]).collect();
        if !self.context.is_full || unreadable.is_empty() {
            return Statements::new();
        }
        match self.context.target {
            Target::Table(table) => {
                let columns: Vec<&ColumnData> = table.key.iter().map(|name| self.column(name)).collect();
                let has_key = |row: &&usize| columns.iter().all(|column| column.is_valid(**row));
                let mut encoder = KeyEncoder::default();
                let key = |row: &usize| {
                    columns.iter().for_each(|column| encoder.column(column, *row));
                    Entry::seen(encoder.finish())
                };
                vec![(table.name, EntryRun::new(&unreadable.iter().filter(has_key).map(key).collect::<Vec<_>>()))]
            }
            target => {
                let rows: Vec<usize> = unreadable.into_iter().filter(|row| self.column("document_id").is_valid(*row)).collect();
                let own = || rows.iter().map(|row| self.document_key(*row, b""));
                let (mut documents, mut applications): (Vec<KeyHash>, Vec<KeyHash>) = (own().collect(), Vec::new());
                match target {
                    Target::FlatInvoices => {
                        documents.extend(rows.iter().map(|row| self.document_key(*row, b"-R")));
                        applications.extend(rows.iter().map(|row| self.application_key(*row)));
                    }
                    Target::Transactions => {
                        documents = rows.iter().map(|row| self.posted_document_key(*row)).collect();
                        applications.extend(rows.iter().flat_map(|row| self.posted_application_keys(*row)));
                    }
                    _ => {}
                }
                let seen = |keys: &[KeyHash]| EntryRun::new(&keys.iter().map(|key| Entry::seen(*key)).collect::<Vec<_>>());
                let mut statements = vec![("documents", seen(&documents)), ("applications", seen(&applications))];
                if matches!(target, Target::OpenAndCleared) {
                    statements = vec![("documents", seen(&documents)), ("clearings", seen(&documents))];
                }
                statements
            }
        }
    }

    /// The receipts and applications of flat rows that are not paid: in a delta, where there is one of an earlier delivery, it
    /// was taken back, whichever comes first.
    pub(super) fn not_paid(&self, is_paid: impl Fn(usize) -> bool) -> Statements {
        if !self.context.is_one_of_several || self.context.is_full {
            return Statements::new();
        }
        let unpaid: Vec<usize> = (0..self.lines.len()).filter(|row| !is_paid(*row)).collect();
        let receipts: Vec<Entry> = unpaid.iter().map(|row| Entry::gone(self.document_key(*row, b"-R"))).collect();
        let applications: Vec<Entry> = unpaid.iter().map(|row| Entry::gone(self.application_key(*row))).collect();
        vec![("documents", EntryRun::new(&receipts)), ("applications", EntryRun::new(&applications))]
    }

    /// The key of a row's document with a suffix.
    fn document_key(&self, row: usize, suffix: &[u8]) -> KeyHash {
        let mut encoder = KeyEncoder::default();
        encoder.column(self.column("company_id"), row);
        encoder.text(&[self.column("document_id").text(row).unwrap_or_default(), suffix].concat());
        encoder.integer(self.column("item_no").long(row).unwrap_or(1));
        encoder.finish()
    }

    /// The key of a flat row's application.
    fn application_key(&self, row: usize) -> KeyHash {
        let mut encoder = KeyEncoder::default();
        encoder.column(self.column("company_id"), row);
        let suffix = super::flat::application_suffix(self.column("item_no").long(row));
        encoder.text(&[self.column("document_id").text(row).unwrap_or_default(), suffix.as_bytes()].concat());
        encoder.finish()
    }
}
