//! Deciding day and month where a column alone cannot.

use super::dates::{DateOrder, Decided, in_sequence};
use super::mapping::Mapping;
use super::profile::Column;
use super::sample::Sample;
use crate::config::DatePattern;

/// Pairs of ledger columns of which the first comes before the second.
const SEQUENCES: &[(&str, &str)] = &[
    ("document_date", "due_date"),
    ("document_date", "paid_date"),
    ("document_date", "clearing_date"),
    ("document_date", "discount_date"),
    ("due_date", "paid_date"),
];
/// Pairs below which a sequence proves nothing.
const PAIRS_LEAST: usize = 8;

/// What a guess is made by.
#[derive(Clone, Copy, Debug)]
pub struct Hints {
    /// Numbers have a decimal comma.
    pub has_decimal_comma: bool,
    /// Amounts are in US dollars.
    pub is_american: bool,
}

fn is_ambiguous(column: &Column) -> bool {
    column.dates.as_ref().is_some_and(|dates| dates.is_ambiguous())
}

fn first(column: &Column) -> Option<(&DatePattern, DateOrder, usize)> {
    let candidate = column.dates.as_ref()?.candidates.first()?;
    Some((&candidate.pattern, candidate.order, candidate.family))
}

/// Decides the order of each column of dates that is mapped, and puts the decided format first.
pub fn decide(sample: &Sample, columns: &mut [Column], mapping: &Mapping, hints: Hints) -> Vec<(usize, Decided)> {
    let mut decided: Vec<(usize, Decided)> = Vec::new();
    let dated: Vec<usize> = mapping.columns.values().copied().filter(|position| columns[*position].dates.is_some()).collect();
    let open: Vec<usize> = dated.iter().copied().filter(|position| is_ambiguous(&columns[*position])).collect();
    for position in dated {
        if !open.contains(&position) {
            decided.push((position, Decided::Itself));
        }
    }
    for position in open {
        let how =
            by_other_column(columns, position).or_else(|| by_sequence(sample, columns, mapping, position)).unwrap_or_else(|| guess(hints));
        if let Some(dates) = &mut columns[position].dates {
            dates.prefer(how.0);
        }
        decided.push((position, how.1));
    }
    decided.sort_by_key(|(position, _)| *position);
    decided
}

/// A column of the file that is written alike and has a day above twelve.
fn by_other_column(columns: &[Column], position: usize) -> Option<(DateOrder, Decided)> {
    let (.., family) = first(&columns[position])?;
    let same = |column: &&Column| !is_ambiguous(column) && first(column).is_some_and(|(.., other)| other == family);
    let decider = columns.iter().find(same)?;
    let (_, order, _) = first(decider)?;
    Some((order, Decided::Column(decider.header.clone())))
}

fn by_sequence(sample: &Sample, columns: &[Column], mapping: &Mapping, position: usize) -> Option<(DateOrder, Decided)> {
    for (earlier, later) in SEQUENCES {
        let (Some(before), Some(after)) = (mapping.columns.get(earlier).copied(), mapping.columns.get(later).copied()) else { continue };
        if before != position && after != position {
            continue;
        }
        let (Some(before_dates), Some(after_dates)) = (&columns[before].dates, &columns[after].dates) else { continue };
        let pairs = || (0..sample.rows()).map(|row| (sample.cell(row, before), sample.cell(row, after)));
        // Columns written alike are in the same order; others each stand as they are.
        let mut tried: Vec<(DateOrder, usize, usize)> = Vec::new();
        for candidate in &columns[position].dates.as_ref()?.candidates {
            let written = |dates: &super::dates::DateColumn| {
                dates
                    .candidates
                    .iter()
                    .find(|other| other.order == candidate.order)
                    .or(dates.candidates.first())
                    .map(|other| other.pattern.clone())
            };
            let (Some(before_pattern), Some(after_pattern)) = (written(before_dates), written(after_dates)) else { continue };
            let (count, in_order) = in_sequence(pairs(), &before_pattern, &after_pattern);
            tried.push((candidate.order, count, in_order));
        }
        tried.sort_by_key(|(order, _, in_order)| (std::cmp::Reverse(*in_order), *order));
        let [(order, count, in_order), (_, _, otherwise), ..] = tried[..] else { continue };
        if count >= PAIRS_LEAST && in_order * 100 >= count * 95 && otherwise * 100 <= count * 90 {
            let (earlier, later) = (columns[before].header.clone(), columns[after].header.clone());
            return Some((order, Decided::Sequence { earlier, later, pairs: count, in_order, otherwise }));
        }
    }
    None
}

fn guess(hints: Hints) -> (DateOrder, Decided) {
    if hints.has_decimal_comma {
        (DateOrder::DayFirst, Decided::Guessed("its numbers have a decimal comma, and where that is written the day comes first"))
    } else if hints.is_american {
        (DateOrder::MonthFirst, Decided::Guessed("its amounts are in US dollars, and where these are used the month comes first"))
    } else {
        (DateOrder::DayFirst, Decided::Guessed("in most countries the day comes first"))
    }
}
