//! Which files belong together, and what each group of them is: a folder of the ledger's own tables, the export of a system
//! that a preset knows, or an export of which everything has to be found out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, table_named};
use super::profile::code_of;
use super::proposal::{InitOptions, base_currency};
use super::refusals::refusal;
use super::sample::Sample;
use super::source::{Found, Remarks, look_at};
use crate::catalog::ledger_tables::{IS_DELETED, RECORDED_AT, TABLES, Table};
use crate::config::{Shape, presets};
use crate::error::{Error, Result};

/// One source to be.
pub(super) enum Piece {
    /// A folder of canonical files.
    Folder(PathBuf, usize),
    /// A file of one canonical table.
    Canonical(Box<Sample>, &'static Table),
    /// Files of an export that a preset knows.
    Preset(Vec<PathBuf>, Box<Sample>, &'static presets::Preset),
    /// Files of an export.
    Export(Vec<PathBuf>, Box<Found>),
}

/// The sources, and the base currency with what says so.
pub(super) fn pieces_of(found: &[files::Found], options: &InitOptions, remarks: &mut Remarks) -> Result<(Vec<Piece>, (String, String))> {
    let mut pieces = Vec::new();
    let mut samples = Vec::new();
    let mut currencies: Vec<(String, usize)> = Vec::new();
    let mut refused = None;
    let folders: BTreeSet<&PathBuf> = found.iter().filter_map(|file| file.folder.as_ref()).collect();
    let mut in_ledger_folders = BTreeSet::new();
    for folder in folders {
        let inside: Vec<&files::Found> = found.iter().filter(|file| file.folder.as_ref() == Some(folder)).collect();
        if let Some(tables) = canonical_folder(&inside, &mut currencies)? {
            let others: Vec<String> =
                inside.iter().filter(|file| table_named(&file.path).is_none()).map(|file| file_name(&file.path)).collect();
            if !others.is_empty() {
                remarks.warnings.push(format!("{}: left aside, not named for a table: {}", folder.display(), others.join(", ")));
            }
            in_ledger_folders.insert(folder.clone());
            pieces.push(Piece::Folder(folder.clone(), tables));
        }
    }
    for file in found.iter().filter(|file| file.folder.as_ref().is_none_or(|folder| !in_ledger_folders.contains(folder))) {
        match samples_of(&file.path) {
            Ok(read) => samples.extend(read),
            // In a folder there may be other things than ledgers, and beside a ledger a report about it.
            Err(error) if found.len() > 1 && (file.folder.is_some() || REPORTS.contains(&error.code())) => {
                remarks.warnings.push(format!("{}: left aside: {}", file.path.display(), error.what()));
                refused = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    let fallback = options.base_currency.clone().unwrap_or_else(|| "EUR".to_owned());
    for (paths, sample) in groups(samples) {
        let piece = piece_of(paths, sample, &fallback);
        match &piece {
            Piece::Export(_, found) => {
                currencies.extend(found.currencies.iter().cloned());
                currencies.extend(found.currency.iter().map(|(code, _)| (code.clone(), found.sample.rows())));
            }
            Piece::Canonical(sample, _) => currencies.extend(currencies_in(sample, "currency")),
            Piece::Preset(_, sample, preset) => {
                // Where some rows have none, the others are in foreign ones.
                let header = preset.columns().remove("currency").filter(|_| without_currency(sample, preset) == 0);
                currencies.extend(header.map(|header| currencies_in(sample, &header)).unwrap_or_default());
            }
            Piece::Folder(..) => {}
        }
        pieces.push(piece);
    }
    leave_others_aside(&mut pieces, remarks);
    tell_of_each_other(&mut pieces);
    pair_open_with_cleared(&mut pieces);
    if pieces.is_empty() {
        if let Some(error) = refused {
            return Err(error);
        }
        return Err(Error::input("nothing_to_read", "none of the files can be read").hint(remarks.warnings.join("; ")));
    }
    let base = base_currency(options, &currencies);
    // An export without a currency says so itself.
    if base.1.starts_with("LOW") && !pieces.iter().any(|piece| matches!(piece, Piece::Export(..))) {
        remarks
            .warnings
            .push(format!("low confidence in the base currency: nothing in the files says it, so it is {} (--base-currency)", base.0));
    }
    Ok((pieces, base))
}

/// Refusals of a file that is no ledger, which must not keep the ledgers beside it from being read.
const REPORTS: &[&str] = &["aging_report", "header_only"];

fn samples_of(path: &Path) -> Result<Vec<Sample>> {
    let samples = Sample::all_of(path)?;
    match samples.iter().map(refusal).collect::<Option<Vec<_>>>() {
        Some(mut refused) if !refused.is_empty() => Err(refused.swap_remove(0)),
        _ => Ok(samples.into_iter().filter(|sample| refusal(sample).is_none()).collect()),
    }
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Rows of an export that do not say their currency: they are in the company's own.
pub(super) fn without_currency(sample: &Sample, preset: &presets::Preset) -> usize {
    let header = preset.columns().remove("currency");
    let position = header.and_then(|header| sample.header.iter().position(|name| *name == header));
    position.map_or(0, |position| sample.column(position).filter(|text| text.is_empty()).count())
}

/// The table whose file this is: the one it is named for, or the one that knows most of its columns and at least two thirds.
/// All that the table requires must be there, under its name.
fn table_of(path: &Path, header: &[String]) -> Option<&'static Table> {
    let has = |name: &str| header.iter().any(|header| header == name);
    // What the flat shape has and no table.
    if has("paid_date") || has("paid_amount") {
        return None;
    }
    let is_whole =
        |table: &&Table| table.columns.iter().filter(|column| column.required && column.default.is_none()).all(|column| has(column.name));
    let known = |table: &Table| {
        header.iter().filter(|name| table.has(name) || [RECORDED_AT.name, IS_DELETED.name].contains(&name.as_str())).count()
    };
    let named = table_named(path).filter(is_whole);
    named.or_else(|| TABLES.iter().filter(is_whole).filter(|table| known(table) * 3 >= header.len() * 2).max_by_key(|table| known(table)))
}

/// Whether a piece has a table of the ledger.
fn has_table(piece: &Piece, name: &str) -> bool {
    match piece {
        Piece::Folder(folder, _) => std::fs::read_dir(folder)
            .is_ok_and(|entries| entries.flatten().any(|entry| table_named(&entry.path()).is_some_and(|table| table.name == name))),
        Piece::Canonical(_, table) => table.name == name,
        Piece::Preset(..) | Piece::Export(..) => false,
    }
}

/// What one file lacks another may have.
fn tell_of_each_other(pieces: &mut [Piece]) {
    let is_of_payments = |piece: &Piece| matches!(piece, Piece::Export(_, found) if found.payments.is_some());
    let has_payments = pieces.iter().any(|piece| is_of_payments(piece) || has_table(piece, "applications"));
    let has_rates = pieces.iter().any(|piece| has_table(piece, "fx_rates"));
    for piece in pieces {
        if let Piece::Export(_, found) = piece {
            found.has_payments_elsewhere = has_payments;
            found.has_rates_elsewhere = has_rates;
        }
    }
}

/// Whether an export says of documents neither how much nor when, nor has columns that are called so.
fn says_no_documents(found: &Found) -> bool {
    let is_said = |name: &&str| found.mapping.columns.contains_key(*name) || found.mapping.unfit.contains_key(*name);
    found.shape != Shape::Canonical && !["amount", "document_date"].iter().any(is_said)
}

/// Beside files that are the ledger's, one that says nothing of documents or customers is none.
fn leave_others_aside(pieces: &mut Vec<Piece>, remarks: &mut Remarks) {
    let has_tables = pieces.iter().any(|piece| matches!(piece, Piece::Canonical(..) | Piece::Folder(..)));
    let is_none = |found: &Found| {
        says_no_documents(found) || (has_tables && found.shape != Shape::Canonical && !found.mapping.columns.contains_key("amount"))
    };
    if pieces.iter().all(|piece| matches!(piece, Piece::Export(_, found) if is_none(found))) {
        return;
    }
    pieces.retain(|piece| match piece {
        Piece::Export(paths, found) if is_none(found) => {
            let names = paths.iter().map(|path| file_name(path)).collect::<Vec<_>>().join(", ");
            remarks
                .warnings
                .push(format!("{names}: left aside: no table of the ledger has its columns, and it has no amounts of documents"));
            false
        }
        _ => true,
    });
}

/// How many tables a folder of canonical files has; none when it is no such folder.
fn canonical_folder(inside: &[&files::Found], currencies: &mut Vec<(String, usize)>) -> Result<Option<usize>> {
    let mut tables = 0;
    for file in inside {
        let Some(table) = table_named(&file.path) else { continue };
        let Some(sample) = Sample::all_of(&file.path)?.into_iter().next() else { continue };
        let has = |name: &str| sample.header.iter().any(|header| header == name);
        if !table.columns.iter().filter(|column| column.required && column.default.is_none()).all(|column| has(column.name)) {
            return Ok(None);
        }
        // What is written otherwise than the ledger's own way needs a source of its own.
        if sample.text_facts.as_ref().is_some_and(|facts| facts.layout.dialect.delimiter != b',' || sample.header_row.is_some()) {
            return Ok(None);
        }
        if table.name == "documents" {
            currencies.extend(currencies_in(&sample, "currency"));
        }
        tables += 1;
    }
    Ok((tables > 0).then_some(tables))
}

/// How often each currency stands in a column; some systems write the codes in small letters, or names.
fn currencies_in(sample: &Sample, header: &str) -> Vec<(String, usize)> {
    let Some(position) = sample.header.iter().position(|name| name == header) else { return Vec::new() };
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for code in sample.column(position).filter_map(code_of) {
        *counts.entry(code).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// Samples of one header and layout belong together.
fn groups(samples: Vec<Sample>) -> Vec<(Vec<PathBuf>, Sample)> {
    let mut groups: Vec<(Vec<PathBuf>, Sample)> = Vec::new();
    for sample in samples {
        let layout = |sample: &Sample| sample.text_facts.as_ref().map(|facts| (facts.layout.dialect, facts.encoded.encoding.name()));
        let alike = |known: &Sample| {
            known.kind == sample.kind
                && known.header == sample.header
                && !sample.header.is_empty()
                && known.header_row == sample.header_row
                && known.sheet == sample.sheet
                && layout(known).map(|(dialect, _)| dialect) == layout(&sample).map(|(dialect, _)| dialect)
                && table_named(&known.path).is_none()
        };
        match groups.iter_mut().find(|(_, known)| alike(known)) {
            Some((paths, known)) => {
                paths.push(sample.path.clone());
                // One of them may be the first with letters beyond ASCII: the largest tells the most.
                if sample.rows() > known.rows() {
                    *known = sample;
                }
            }
            None => groups.push((vec![sample.path.clone()], sample)),
        }
    }
    groups
}

fn piece_of(paths: Vec<PathBuf>, sample: Sample, fallback: &str) -> Piece {
    if let Some(table) = table_of(&sample.path, &sample.header) {
        return Piece::Canonical(Box::new(sample), table);
    }
    let known = presets::all().iter().filter(|preset| {
        let has = |header: &String| has_header(&sample.header, header);
        let columns = preset.columns();
        preset.required_headers().iter().all(has) && columns.values().filter(|header| has(header)).count() * 3 >= columns.len() * 2
    });
    let best = known.max_by_key(|preset| preset.columns().values().filter(|header| has_header(&sample.header, header)).count());
    if let Some(preset) = best {
        return Piece::Preset(paths, Box::new(sample), preset);
    }
    let mut found = look_at(sample, fallback);
    found.files = paths.len();
    Piece::Export(paths, Box::new(found))
}

/// Whether a file has a column, or all columns that an id is made of.
pub(super) fn has_header(header: &[String], wanted: &str) -> bool {
    let has = |name: &str| header.iter().any(|header| header == name);
    if !wanted.contains('{') {
        return has(wanted);
    }
    wanted.split('{').skip(1).all(|part| part.split_once('}').is_some_and(|(name, _)| has(name)))
}

/// Where one file lists what was cleared, a file without clearings beside it lists what is open.
fn pair_open_with_cleared(pieces: &mut [Piece]) {
    if !pieces.iter().any(|piece| matches!(piece, Piece::Export(_, found) if found.shape == Shape::OpenAndCleared)) {
        return;
    }
    for piece in pieces {
        if let Piece::Export(_, found) = piece
            && found.shape == Shape::FlatInvoices
            && found.mapping.columns.contains_key("document_type")
            && !found.mapping.columns.contains_key("paid_date")
        {
            found.shape = Shape::OpenAndCleared;
        }
    }
}
