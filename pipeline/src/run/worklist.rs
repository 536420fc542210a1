//! The step of a night that writes the collectors' list.

use super::compute::Computed;
use super::looked::Looked;
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::forecast::direct_debits::DirectDebits;
use crate::ingest::load::knowledge::EventKind;
use crate::ledger::book::CustomerIndex;
use crate::marts::frame::Sink as _;
use crate::publish::night::StagedNight;
use crate::worklist::chances::Chances;
use crate::worklist::conversations::Conversations;
use crate::worklist::{self, Context, Standing};
use std::collections::HashMap;

/// Writes `worklist`; nothing where the ledger is empty. `chances` of payment are known where something was forecast.
///
/// # Errors
/// When the configuration names a customer that nobody knows, Polars fails or the disk is full.
pub fn write_worklist(
    config: &Config,
    computed: &Computed,
    looked: &Looked,
    ids: &HashMap<u32, (String, i64)>,
    chances: Option<&Chances>,
    night: &mut StagedNight,
    session: &mut Session,
) -> Result<()> {
    let Computed { loaded, walked, as_of, .. } = computed;
    let book = &loaded.book;
    if book.items.is_empty() {
        return Ok(());
    }
    worklist::check_names(&config.worklist, book)?;
    let facts = &looked.inputs.facts;
    let has_happened = |customer: CustomerIndex, kinds: &[EventKind]| {
        let known = (customer as usize) < facts.customers();
        known && facts.events(customer as usize, *as_of).any(|event| kinds.contains(&event.kind))
    };
    let context = Context {
        config: &config.worklist,
        book,
        open_items: &walked.open_items,
        item_rows: &loaded.item_rows,
        ids,
        as_of: *as_of,
        calendars: &looked.inputs.calendars,
        conversations: &Conversations::at(facts, *as_of, &config.worklist.unreached_outcomes),
        chances,
        direct_debits: &DirectDebits::of(&config.forecast, book),
        standing: &|customer| Standing {
            is_insolvent: has_happened(customer, &[EventKind::Insolvency]),
            is_handed_over: has_happened(customer, &[EventKind::Agency, EventKind::Legal]),
        },
    };
    night.write("worklist", &worklist::worklist(&context)?)?;
    session.step("worklist");
    Ok(())
}
