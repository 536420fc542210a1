//! All sources together: which files belong to one, in what currency totals are, and the text of the configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, date_in_names, glob_of, relative_to, table_named};
use super::preview::Preview;
use super::sample::Sample;
use super::source::{Found, Remarks, look_at};
use super::write::{Toml, quoted};
use crate::catalog::ledger_tables::{IS_DELETED, RECORDED_AT, TABLES, Table};
use crate::config::{Config, Overrides, Shape, presets};
use crate::error::{Error, Result};
use crate::ledger::currency::minor_digits;
use crate::run::words::count;

/// What a proposal is told.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Where the configuration is to stand.
    pub config: PathBuf,
    /// The currency of totals, where it is given.
    pub base_currency: Option<String>,
}

/// A configuration, and what is to be known about it.
pub struct Proposal {
    /// The configuration.
    pub text: String,
    /// What is not sure, and what is missing.
    pub remarks: Remarks,
    /// What came of trying it; nothing when something is missing.
    pub preview: Option<Preview>,
    /// How many files were looked at.
    pub files: usize,
}

/// Share of rows in the quarantine beyond which a run publishes nothing, unless it is told otherwise.
const ALLOWED_SHARE: f64 = 0.01;

/// One source to be.
enum Piece {
    /// A folder of canonical files.
    Folder(PathBuf, usize),
    /// A file of one canonical table.
    Canonical(Box<Sample>, &'static Table),
    /// Files of an export that a preset knows.
    Preset(Vec<PathBuf>, Box<Sample>, &'static presets::Preset),
    /// Files of an export.
    Export(Vec<PathBuf>, Box<Found>),
}

/// Looks at files and proposes a configuration for them.
///
/// # Errors
/// Exit status 4 when there is nothing that can be read, 2 when the base currency is none.
pub fn propose(arguments: &[String], options: &InitOptions) -> Result<Proposal> {
    if let Some(code) = options.base_currency.as_deref().filter(|code| minor_digits(code).is_none()) {
        return Err(Error::usage("unknown_currency", format!("the base currency is not an ISO 4217 code: {code}"))
            .hint("three capital letters, for example EUR, USD or JPY"));
    }
    let (found, aside) = files::find(arguments)?;
    let mut remarks = Remarks::default();
    let (pieces, base) = pieces_of(&found, options, &mut remarks)?;
    let mut proposal = Proposal { text: String::new(), remarks, preview: None, files: found.len() };
    if !aside.is_empty() {
        proposal.remarks.warnings.push(format!("left aside, not of a kind that can be read: {}", aside.join(", ")));
    }
    let mut sources = Toml::default();
    let mut names = BTreeSet::new();
    for piece in &pieces {
        sources.blank();
        let (text, said) = write_piece(piece, &base.0, options, &mut names);
        sources.append(text);
        proposal.remarks.warnings.extend(said.warnings);
        proposal.remarks.missing.extend(said.missing);
    }
    proposal.text = with_head(&base, &sources, found.len());
    if proposal.remarks.missing.is_empty() {
        try_it(&mut proposal, options)?;
    }
    Ok(proposal)
}

/// Reads with the proposal, and judges what comes of it.
fn try_it(proposal: &mut Proposal, options: &InitOptions) -> Result<()> {
    let config = Config::parse(&options.config, &proposal.text, &Overrides::default(), &|_| None)?;
    let preview = match Preview::of(config) {
        Ok(preview) => preview,
        Err(error) => {
            proposal.remarks.missing.push(format!("the files cannot be read so: {error}"));
            return Ok(());
        }
    };
    let (rows, amount) = preview.quarantined_shares();
    if rows.max(amount) > ALLOWED_SHARE {
        let what = if rows > ALLOWED_SHARE {
            format!("{:.1} % of the rows read would be quarantined", rows * 100.0)
        } else {
            format!("rows with {:.1} % of the amounts would be quarantined", amount * 100.0)
        };
        proposal.remarks.missing.push(format!(
            "{what}, and a run publishes nothing above {:.0} %: mend the lines of the configuration for the columns shown, or the export",
            ALLOWED_SHARE * 100.0
        ));
    }
    proposal.preview = Some(preview);
    Ok(())
}

fn with_head(base: &(String, String), sources: &Toml, files: usize) -> String {
    let mut text = Toml::default();
    text.comment(&format!(
        "Proposed by `arrears init` after a look at {}. Each line says why it is there; LOW CONFIDENCE marks what a person should look at.",
        count(files as u64, "file")
    ));
    text.key("base_currency", &quoted(&base.0), &base.1);
    text.key("output", "\"out\"", "everything is written there");
    text.append(sources.clone());
    text.into_text()
}

/// The sources, and the base currency with what says so.
fn pieces_of(found: &[files::Found], options: &InitOptions, remarks: &mut Remarks) -> Result<(Vec<Piece>, (String, String))> {
    let mut pieces = Vec::new();
    let mut samples = Vec::new();
    let mut currencies: Vec<(String, usize)> = Vec::new();
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
        match Sample::of(&file.path) {
            Ok(sample) => samples.push(sample),
            // In a folder there may be other things than ledgers.
            Err(error) if file.folder.is_some() && found.len() > 1 => {
                remarks.warnings.push(format!("{}: left aside: {}", file.path.display(), error.what()))
            }
            Err(error) => return Err(error),
        }
    }
    let fallback = options.base_currency.clone().unwrap_or_else(|| "EUR".to_owned());
    for (paths, sample) in groups(samples) {
        let piece = piece_of(paths, sample, &fallback, remarks);
        match &piece {
            Piece::Export(_, found) => {
                currencies.extend(found.currencies.iter().cloned());
                currencies.extend(found.currency.iter().map(|(code, _)| (code.clone(), found.sample.rows())));
            }
            Piece::Canonical(sample, _) => currencies.extend(currencies_in(sample, "currency")),
            Piece::Preset(_, sample, preset) => {
                let header = preset.columns().remove("currency");
                currencies.extend(header.map(|header| currencies_in(sample, &header)).unwrap_or_default());
            }
            Piece::Folder(..) => {}
        }
        pieces.push(piece);
    }
    leave_others_aside(&mut pieces, remarks);
    pair_open_with_cleared(&mut pieces);
    if pieces.is_empty() {
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

fn base_currency(options: &InitOptions, currencies: &[(String, usize)]) -> (String, String) {
    if let Some(code) = &options.base_currency {
        return (code.clone(), "--base-currency".to_owned());
    }
    let mut totals = std::collections::BTreeMap::<&str, usize>::new();
    for (code, rows) in currencies {
        *totals.entry(code).or_default() += rows;
    }
    let all: usize = totals.values().sum();
    match totals.iter().max_by_key(|(code, rows)| (**rows, std::cmp::Reverse(**code))) {
        Some((code, rows)) if *rows == all => ((*code).to_owned(), "all amounts are in it".to_owned()),
        Some((code, rows)) => ((*code).to_owned(), format!("the most frequent: {rows} of {all} rows; totals are in it")),
        None => ("EUR".to_owned(), "LOW CONFIDENCE: nothing in the files says it; or --base-currency".to_owned()),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
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

/// Beside files of the ledger's own tables a file without amounts is none of the ledger's.
fn leave_others_aside(pieces: &mut Vec<Piece>, remarks: &mut Remarks) {
    if !pieces.iter().any(|piece| matches!(piece, Piece::Canonical(..) | Piece::Folder(..))) {
        return;
    }
    pieces.retain(|piece| match piece {
        Piece::Export(paths, found) if !found.mapping.columns.contains_key("amount") => {
            let names = paths.iter().map(|path| file_name(path)).collect::<Vec<_>>().join(", ");
            remarks.warnings.push(format!("{names}: left aside: no table of the ledger has its columns, and it has no amounts"));
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
        let sample = Sample::of(&file.path)?;
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

/// How often each currency stands in a column; some systems write the codes in small letters.
fn currencies_in(sample: &Sample, header: &str) -> Vec<(String, usize)> {
    let Some(position) = sample.header.iter().position(|name| name == header) else { return Vec::new() };
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for code in sample.column(position).map(str::to_uppercase).filter(|code| minor_digits(code).is_some()) {
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

fn piece_of(paths: Vec<PathBuf>, sample: Sample, fallback: &str, remarks: &mut Remarks) -> Piece {
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
    if sample.header.is_empty() {
        remarks.missing.push(format!("{}: no line looks like a header: a file needs one that names its columns", sample.path.display()));
    }
    Piece::Export(paths, Box::new(look_at(sample, fallback)))
}

/// Whether a file has a column, or all columns that an id is made of.
fn has_header(header: &[String], wanted: &str) -> bool {
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

/// A name that no other source has.
fn unique_name(wanted: &str, names: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

fn stem_name(path: &Path) -> String {
    let name = file_name(path);
    let stem = crate::ingest::discover::stem(&name).unwrap_or(&name);
    let clean: String = stem.chars().map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect();
    let clean = clean.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    if clean.is_empty() { "ledger".to_owned() } else { clean }
}

fn write_piece(piece: &Piece, base: &str, options: &InitOptions, names: &mut BTreeSet<String>) -> (Toml, Remarks) {
    let directory = options.config.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut text = Toml::default();
    match piece {
        Piece::Folder(folder, tables) => {
            text.line("[[source]]");
            text.key("name", &quoted(&unique_name(&stem_name(folder), names)), "");
            let path = relative_to(folder, directory);
            text.key(
                "path",
                &quoted(&format!("{}/", if path.is_empty() { "." } else { path.trim_end_matches('/') })),
                &format!("{} of the ledger are there, each named for its table", count(*tables as u64, "file")),
            );
            text.key("shape", "\"canonical\"", "their columns have the ledger's own names");
            (text, Remarks::default())
        }
        Piece::Canonical(sample, table) => {
            text.line("[[source]]");
            text.key("name", &quoted(&unique_name(&stem_name(&sample.path), names)), "");
            text.key("path", &quoted(&relative_to(&sample.path, directory)), &count(sample.rows() as u64, "row"));
            text.key("shape", "\"canonical\"", "its columns have the ledger's own names");
            if table_named(&sample.path).is_none_or(|named| named.name != table.name) {
                text.key("table", &quoted(table.name), "this table knows its columns, and has all it requires");
            }
            write_dialect(&mut text, sample);
            (text, Remarks::default())
        }
        Piece::Preset(paths, sample, preset) => {
            let mut remarks = Remarks::default();
            let (path, delivered_at) = path_of(paths, directory, &mut remarks);
            text.line("[[source]]");
            text.key("name", &quoted(&unique_name(&stem_name(&paths[0]), names)), "");
            text.key("path", &quoted(&path), &count(sample.rows() as u64, "row"));
            text.key("preset", &quoted(preset.name), &format!("its headers are those of {}: {}", preset.system, preset.title));
            if let Some(format) = delivered_at {
                text.key("delivered_at", &quoted(format), "the file names say when each was delivered");
            }
            write_dialect(&mut text, sample);
            (text, remarks)
        }
        Piece::Export(paths, found) => {
            let mut remarks = Remarks::default();
            let (path, delivered_at) = path_of(paths, directory, &mut remarks);
            let name = unique_name(&stem_name(&paths[0]), names);
            let (text, said) = found.write(&name, &path, delivered_at, base);
            remarks.warnings.extend(said.warnings);
            remarks.missing.extend(said.missing);
            (text, remarks)
        }
    }
}

fn write_dialect(text: &mut Toml, sample: &Sample) {
    let Some(facts) = &sample.text_facts else { return };
    if facts.encoded.encoding != encoding_rs::UTF_8 && facts.encoded.mark == 0 {
        text.key("encoding", &quoted(&facts.encoded.encoding.name().to_ascii_lowercase()), &facts.encoded.why);
    }
    if facts.layout.dialect.delimiter != b',' {
        text.key("delimiter", &quoted(&char::from(facts.layout.dialect.delimiter).to_string()), "");
    }
    if let Some(row) = sample.header_row {
        text.key("header_row", &row.to_string(), "");
    }
}

/// How the path of a source is written, and the date that its file names have.
fn path_of(paths: &[PathBuf], directory: &Path, remarks: &mut Remarks) -> (String, Option<&'static str>) {
    let all: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    if let [only] = all[..] {
        return (relative_to(only, directory), None);
    }
    let date = date_in_names(&all);
    match glob_of(&all) {
        Some(glob) => (relative_to(Path::new(&glob), directory), date),
        None => {
            let others: Vec<String> = all[1..].iter().map(|path| path.display().to_string()).collect();
            remarks.missing.push(format!(
                "{}: has the header of {}, but no glob means just these: put them into a folder of their own",
                others.join(", "),
                all[0].display()
            ));
            (relative_to(all[0], directory), None)
        }
    }
}
