//! `forecast_accuracy`: scores of replayed and published forecasts.

use super::CellName;
use crate::error::Result;
use crate::forecast::accuracy::{BANDS, Key, Scores};
use crate::ledger::book::Book;
use crate::ledger::calendar::Day;
use crate::marts::frame::{sums, texts};
use arrears_models::bootstrap::{Options, Part, ratio};
use polars::prelude::*;
use std::collections::BTreeMap;

/// Draws of the bootstrap.
const REPLICATES: usize = 1_000;

/// The scores of forecasts by their kind, `vintage` or `replay`.
///
/// # Errors
/// When Polars fails.
pub fn forecast_accuracy(book: &Book, kinds: &[(&'static str, &BTreeMap<Key, Scores>)]) -> Result<DataFrame> {
    let of_kind = |(kind, scores): &(&'static str, &'_ BTreeMap<Key, Scores>)| {
        let kind = *kind;
        scores.iter().map(|(key, scores)| (key.clone(), scores.clone(), kind)).collect::<Vec<_>>()
    };
    let mut all: Vec<(Key, Scores, &'static str)> = kinds.iter().flat_map(of_kind).collect();
    all.sort_by_cached_key(|(key, _, kind)| {
        let name = CellName::new(book, &key.0);
        (name.company.to_owned(), name.basis, name.currency.to_owned(), key.1.word(), *kind, key.2, key.3)
    });
    let rows: Vec<(&Key, &Scores)> = all.iter().map(|(key, scores, _)| (key, scores)).collect();
    let keys = || rows.iter().map(|(key, _)| key);
    let of = |figure: fn(&Scores) -> Option<f64>| rows.iter().map(|(_, scores)| figure(scores)).collect::<Vec<Option<f64>>>();
    let intervals: Vec<Option<(f64, f64)>> = rows.iter().map(|(key, scores)| interval(key, scores)).collect();
    let names: Vec<CellName> = keys().map(|key| CellName::new(book, &key.0)).collect();
    let doubles = |name: &str, values: Vec<Option<f64>>| Column::new(name.into(), values);
    Ok(DataFrame::new_infer_height(vec![
        texts("company_id", names.iter().map(|name| Some(name.company))),
        texts("basis", names.iter().map(|name| Some(name.basis))),
        texts("currency", names.iter().map(|name| Some(name.currency))),
        texts("target", keys().map(|key| Some(key.1.word()))),
        texts("kind", all.iter().map(|(_, _, kind)| Some(*kind))),
        texts("method", keys().map(|key| Some(key.2))),
        Column::new("horizon".into(), keys().map(|key| key.3 as i64).collect::<Vec<i64>>()),
        Column::new("origins".into(), rows.iter().map(|(_, scores)| origins(scores) as i64).collect::<Vec<i64>>()),
        sums("actual", rows.iter().map(|(_, scores)| scores.actual.round() as i128).collect()),
        doubles("bias", of(|scores| scores.errors.bias())),
        doubles("wape", of(|scores| scores.errors.wape())),
        doubles("wape_lower", intervals.iter().map(|interval| interval.map(|(lower, _)| lower)).collect()),
        doubles("wape_upper", intervals.iter().map(|interval| interval.map(|(_, upper)| upper)).collect()),
        doubles("mase", of(Scores::mase)),
        doubles("pinball", of(|scores| scores.share_of_actual(scores.pinball))),
        doubles("crps", of(|scores| scores.share_of_actual(scores.crps))),
        doubles("coverage_50", of(|scores| scores.coverage(0))),
        doubles("coverage_80", of(|scores| scores.coverage(1))),
        doubles("coverage_95", of(|scores| scores.coverage(2))),
        texts("reason", rows.iter().zip(&intervals).map(|((_, scores), interval)| reason(scores, interval.is_none()))),
    ])?)
}

const _: () = assert!(BANDS.len() == 3, "one column for each band");

fn reason(scores: &Scores, has_no_interval: bool) -> Option<&'static str> {
    match (scores.errors.wape(), has_no_interval) {
        (None, _) => Some("zero_base"),
        (_, true) => Some("too_few"),
        _ => None,
    }
}

fn by_origin(scores: &Scores) -> Vec<Part> {
    let mut parts: BTreeMap<Day, Part> = BTreeMap::new();
    for (origin, error, actual) in &scores.parts {
        let part = parts.entry(*origin).or_insert(Part { numerator: 0.0, denominator: 0.0 });
        part.numerator += error;
        part.denominator += actual;
    }
    parts.into_values().collect()
}

fn origins(scores: &Scores) -> usize {
    scores.parts.chunk_by(|a, b| a.0 == b.0).count()
}

fn interval(key: &Key, scores: &Scores) -> Option<(f64, f64)> {
    let parts = by_origin(scores);
    if parts.len() < 2 {
        return None;
    }
    let options = Options { block_length: None, replicates: REPLICATES, level: 0.95, seed: 1, stream: key.3 as u64 };
    ratio(&parts, &options).map(|estimate| (estimate.lower, estimate.upper))
}
