//! From many bins to few: quantiles, pooling in the declared direction, merging by least loss of information value.

use super::evidence::weight_of_evidence_smoothed;
use super::{Direction, Options, Run, Tally};
use crate::isotonic::pooled;

/// Events that a bin of few rows must have: fewer say little of its rate.
const TAIL_EVENTS_LEAST: f64 = 10.0;

/// A bin in the making.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// The highest value in it.
    pub(super) upper: f32,
    pub(super) tally: Tally,
}

impl Block {
    fn merged(self, above: Block) -> Block {
        Block { upper: above.upper, tally: self.tally.plus(above.tally) }
    }
}

/// Blocks of about as many rows each: one ends with the value that reaches its share of the rows.
pub(super) fn quantile_blocks(runs: &[Run], quantiles: usize) -> Vec<Block> {
    let rows: u64 = runs.iter().map(|run| run.tally.rows).sum();
    let mut blocks: Vec<Block> = Vec::with_capacity(quantiles);
    let share = |rows_below: u64| rows_below * quantiles as u64 / rows;
    let (mut rows_below, mut is_open) = (0, false);
    for run in runs {
        let block = Block { upper: run.value, tally: run.tally };
        match blocks.last_mut() {
            Some(last) if is_open => *last = last.merged(block),
            _ => blocks.push(block),
        }
        let rows_up_to = rows_below + run.tally.rows;
        is_open = share(rows_up_to) == share(rows_below);
        rows_below = rows_up_to;
    }
    blocks
}

/// Blocks whose event rates get riskier in the declared direction, each strictly.
pub(super) fn monotone(blocks: Vec<Block>, direction: Direction) -> Vec<Block> {
    let violates = |below: &Block, above: &Block| {
        // Rates compared as products of whole numbers.
        let product = |events: &Block, rows: &Block| u128::from(events.tally.events) * u128::from(rows.tally.rows);
        match direction {
            Direction::Rising => product(below, above) >= product(above, below),
            Direction::Falling => product(below, above) <= product(above, below),
        }
    };
    pooled(blocks.into_iter(), violates, Block::merged)
}

/// The blocks merged until each is large enough and there are not too many; one block at least is left.
pub(super) fn few(blocks: Vec<Block>, all: Tally, options: &Options) -> Vec<Block> {
    let has_few_rows = |block: &Block| {
        let has_rows = |share: f64| block.tally.rows as f64 >= share * all.rows as f64;
        let has_events = block.tally.events as f64 >= (options.tail_events_min * all.events as f64).max(TAIL_EVENTS_LEAST);
        !(has_rows(options.share_min) || has_rows(options.tail_share_min) && has_events)
    };
    let has_one_class = |block: &Block| block.tally.events == 0 || block.tally.others() == 0;
    let usual = merged_while(blocks.clone(), |block| has_few_rows(block) || has_one_class(block), options.bins_max, all);
    // Of two blocks of one order one is below the rate of all and the other above it, whatever is added to an empty cell.
    if usual.len() > 1 { usual } else { merged_while(blocks, has_few_rows, options.bins_max.min(2), all) }
}

fn merged_while(mut blocks: Vec<Block>, is_small: impl Fn(&Block) -> bool, blocks_max: usize, all: Tally) -> Vec<Block> {
    while blocks.len() > 1 {
        let is_any_small = blocks.iter().any(&is_small);
        if !is_any_small && blocks.len() <= blocks_max {
            break;
        }
        let is_candidate = |place: &usize| !is_any_small || is_small(&blocks[*place]) || is_small(&blocks[place + 1]);
        let losses = (0..blocks.len() - 1).filter(is_candidate).map(|place| (place, loss(blocks[place], blocks[place + 1], all)));
        // Of equal losses the lowest; without a candidate there would be no reason to merge.
        let Some((place, _)) = losses.min_by(|left, right| left.1.total_cmp(&right.1)) else { break };
        let above = blocks.remove(place + 1);
        blocks[place] = blocks[place].merged(above);
    }
    blocks
}

/// Information value lost by merging two blocks.
fn loss(below: Block, above: Block, all: Tally) -> f64 {
    information_value(below.tally, all) + information_value(above.tally, all) - information_value(below.merged(above).tally, all)
}

fn information_value(tally: Tally, all: Tally) -> f64 {
    let shares = tally.events as f64 / all.events as f64 - tally.others() as f64 / all.others() as f64;
    shares * weight_of_evidence_smoothed(tally.events, tally.others(), all.events, all.others())
}
