//! The step of a night that writes the collectors' list.

use super::compute::{Computed, load_options};
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::forecast::calendars::Calendars;
use crate::forecast::direct_debits::DirectDebits;
use crate::ingest::known::LedgerView;
use crate::ingest::load::knowledge::knowledge;
use crate::marts::frame::Sink as _;
use crate::publish::night::StagedNight;
use crate::scoring::facts::{Facts, since};
use crate::worklist::chances::Chances;
use crate::worklist::conversations::Conversations;
use crate::worklist::{self, Context, Standing};
use std::collections::HashMap;

/// What the forecast of a night leaves behind for the list.
pub struct ForList {
    /// The chances of payment.
    pub chances: Chances,
    /// What was said with customers.
    pub conversations: Conversations,
}

/// Writes `worklist`; nothing where the ledger is empty. Where nothing was forecast, what was said is read from the ledger, and chances
/// are not known.
///
/// # Errors
/// When the configuration names a customer that nobody knows, the ledger cannot be read, Polars fails or the disk is full.
pub fn write_worklist(
    config: &Config,
    computed: &Computed,
    view: &LedgerView,
    ids: &HashMap<u32, (String, i64)>,
    from_forecast: Option<&ForList>,
    night: &mut StagedNight,
    session: &mut Session,
) -> Result<()> {
    let Computed { loaded, walked, as_of, .. } = computed;
    let book = &loaded.book;
    if book.items.is_empty() {
        return Ok(());
    }
    worklist::check_names(&config.worklist, book)?;
    let read = match from_forecast {
        Some(_) => None,
        None => Some(conversations(config, computed, view)?),
    };
    let said = from_forecast.map(|left| &left.conversations).or(read.as_ref()).expect("one of the two is there");
    let context = Context {
        config: &config.worklist,
        book,
        open_items: &walked.open_items,
        item_rows: &loaded.item_rows,
        ids,
        as_of: *as_of,
        calendars: &Calendars::new(&config.calendar, &book.companies),
        conversations: said,
        chances: from_forecast.map(|left| &left.chances),
        direct_debits: &DirectDebits::of(&config.forecast, book),
        // Here the events of customers (insolvency, agency, legal) are told once they are loaded.
        standing: &|_| Standing::default(),
    };
    night.write("worklist", &worklist::worklist(&context)?)?;
    session.step("worklist");
    Ok(())
}

/// What was said, where no forecast has looked at the facts. They are collected only where there is something to find.
fn conversations(config: &Config, computed: &Computed, view: &LedgerView) -> Result<Conversations> {
    let Computed { loaded, as_of, .. } = computed;
    if ["contacts", "promises"].iter().all(|table| view.files.segments(table).is_empty()) {
        return Ok(Conversations::default());
    }
    let known = knowledge(&view.files, &load_options(config, view, *as_of), loaded)?;
    let facts = Facts::new(&loaded.book, &known, since(*as_of), *config.include_intercompany);
    Ok(Conversations::at(&facts, *as_of, &config.worklist.unreached_outcomes))
}
