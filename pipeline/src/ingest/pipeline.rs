//! Workers that take blocks from one reader and hand them over in its order.
//!
//! There is no thread that only reads: whoever is free takes the next block, so that decompression and reading happen
//! beside the work on earlier blocks, and no more blocks are in memory than there are workers.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::input::{Block, BlockReader};
use super::records::{Dialect, FieldCounts, Grid, Splitter};
use super::rows::{BlockOutput, BlockRows, FileContext, RECORDS_AT_ONCE};
use super::store::RowCounts;
use super::{Progress, Run};
use crate::error::{Error, Result};

/// What is known of a file while it is read.
pub struct Collected {
    /// Name of the source.
    pub source: Arc<str>,
    /// Name of the file.
    pub file: Arc<str>,
    /// Number of the file.
    pub number: u32,
    /// The table or shape it is accounted under.
    pub table: &'static str,
    /// Law 4.
    pub counts: RowCounts,
    /// Amounts finer than their minor unit.
    pub finer_than_minor_unit: u64,
    /// Due dates that were filled.
    pub due_dates_filled: super::rows::Filled,
    /// Lines that were repaired.
    pub repaired: Vec<u64>,
    /// The earliest instant at which a row says itself that it was recorded.
    pub earliest_recorded_at: Option<i64>,
    /// Lines that say an application and no document.
    pub only_applications: Vec<u64>,
    /// What the quarantine segment is called if one is needed.
    pub quarantine_name: String,
}

/// Something that gives blocks in order.
pub trait BlockSource: Send {
    /// What it gives.
    type Block: Send;

    /// The next block, or `None` at the end.
    fn next_block(&mut self) -> Result<Option<Self::Block>>;

    /// Takes back the memory of a block that has been worked on.
    fn recycle(&mut self, _block: Self::Block) {}
}

impl BlockSource for BlockReader {
    type Block = Block;

    fn next_block(&mut self) -> Result<Option<Block>> {
        BlockReader::next_block(self)
    }

    fn recycle(&mut self, block: Block) {
        BlockReader::recycle(self, block);
    }
}

struct Intake<S> {
    source: S,
    next: u64,
    at_end: bool,
}

struct Outlet<'r, 'o> {
    run: &'r mut Run<'o>,
    collected: &'r mut Collected,
    next: u64,
    failure: Option<Error>,
    stopped: bool,
}

/// A worker that panics must not leave the others waiting for its block.
struct StopOnPanic<'a, 'r, 'o>(&'a Mutex<Outlet<'r, 'o>>, &'a Condvar);

impl Drop for StopOnPanic<'_, '_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.0).stopped = true;
            self.1.notify_all();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Works on all blocks of a source and adds them to the run in order; gives the source back.
pub fn run<S: BlockSource>(
    run: &mut Run<'_>,
    context: &FileContext,
    source: S,
    collected: &mut Collected,
    progress: &dyn Progress,
    work: impl Fn(&S::Block, &FileContext) -> Result<BlockOutput> + Sync,
) -> Result<S> {
    let intake = Mutex::new(Intake { source, next: 0, at_end: false });
    let outlet = Mutex::new(Outlet { run, collected, next: 0, failure: None, stopped: false });
    let turn = Condvar::new();
    let worker = || {
        let _guard = StopOnPanic(&outlet, &turn);
        let mut used = None;
        loop {
            let (number, block) = {
                let mut intake = lock(&intake);
                if let Some(block) = used.take() {
                    intake.source.recycle(block);
                }
                if intake.at_end {
                    return;
                }
                let number = intake.next;
                intake.next += 1;
                let block = intake.source.next_block();
                intake.at_end = !matches!(block, Ok(Some(_)));
                (number, block)
            };
            let output = match block {
                Ok(None) => return,
                Ok(Some(block)) => {
                    let output = work(&block, context);
                    used = Some(block);
                    output
                }
                Err(error) => Err(error),
            };
            let mut state = lock(&outlet);
            while state.next != number && !state.stopped {
                state = turn.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.stopped {
                lock(&intake).at_end = true;
                return;
            }
            let added = output.and_then(|output| {
                progress.rows_read(output.counts.read);
                let Outlet { run, collected, .. } = &mut *state;
                run.add_block(output, collected)
            });
            if let Err(error) = added {
                state.failure = Some(error);
                state.stopped = true;
            }
            state.next += 1;
            turn.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..rayon::current_num_threads() {
            scope.spawn(worker);
        }
        worker();
    });
    let failure = outlet.into_inner().unwrap_or_else(PoisonError::into_inner).failure;
    match failure {
        Some(error) => Err(error),
        None => Ok(intake.into_inner().unwrap_or_else(PoisonError::into_inner).source),
    }
}

/// Reads a block of delimited text.
pub fn work_text(block: &Block, context: &FileContext, dialect: Dialect, counts: FieldCounts) -> Result<BlockOutput> {
    let mut splitter = Splitter::new(&block.text, block.start, block.line, dialect);
    let mut grid = Grid::with(counts);
    let mut broken = Vec::new();
    let mut rows = BlockRows::new(context);
    let mut has_room = false;
    loop {
        grid.clear();
        let more = splitter.fill(&mut grid, RECORDS_AT_ONCE, &mut broken);
        rows.add(&grid, &block.text);
        if !more {
            break;
        }
        if let (Some(first), Some(last), false) = (grid.records.first(), grid.records.last(), has_room) {
            // The first records tell how many there will be.
            let (done, left) = (last.end - first.start + 1, block.text.len().saturating_sub(last.end));
            rows.reserve(grid.records.len() * left / done + RECORDS_AT_ONCE, left + left / 8);
            has_room = true;
        }
    }
    rows.add_broken(&broken, &block.text);
    rows.finish()
}
