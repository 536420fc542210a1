//! A group of files as a `[[source]]`: its name, its path, and what is written of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{date_in_names, glob_of, relative_to, table_named};
use super::pieces::{Piece, file_name, has_header, without_currency};
use super::proposal::InitOptions;
use super::sample::Sample;
use super::source::Remarks;
use super::write::{Toml, quoted};
use crate::run::words::count;

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
    let clean = clean_name(stem);
    if clean.is_empty() { "ledger".to_owned() } else { clean }
}

fn clean_name(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect();
    clean.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// Columns of a preset without which a file is read, and says much less than it could.
const TELLING: &[&str] = &["due_date", "clearing_id", "applies_to", "paid_date", "paid_amount", "is_deleted"];

/// A source, and what is to be known about it.
pub(super) fn write_piece(piece: &Piece, base: &str, options: &InitOptions, names: &mut BTreeSet<String>) -> (Toml, Remarks) {
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
            let is_lacking = |(name, header): &(String, String)| TELLING.contains(&name.as_str()) && !has_header(&sample.header, header);
            let lacking = preset.columns().into_iter().filter(is_lacking).map(|(name, header)| format!("{header} ({name})"));
            let lacking: Vec<String> = lacking.collect();
            if !lacking.is_empty() {
                let said = format!(
                    "the preset has columns that the file has not: {}; where they are called otherwise, map them",
                    lacking.join(", ")
                );
                text.comment(&said);
                remarks.warnings.push(format!("{}: {said}", stem_name(&paths[0])));
            }
            let unsaid = without_currency(sample, preset);
            if unsaid > 0 {
                let rows = count(unsaid as u64, "row");
                match &options.base_currency {
                    Some(code) => {
                        let value = format!("{{ currency = {{ \"\" = {} }} }}", quoted(code));
                        text.key("values", &value, &format!("{rows} without a currency: they are in the company's own"));
                    }
                    None => remarks.missing.push(format!(
                        "{}: {rows} without a currency are in the company's own: say which it is with --base-currency",
                        stem_name(&paths[0])
                    )),
                }
            }
            (text, remarks)
        }
        Piece::Export(paths, found) => {
            let mut remarks = Remarks::default();
            let (path, delivered_at) = path_of(paths, directory, &mut remarks);
            let sheet = found.sample.sheet.as_ref().map(|sheet| format!("_{}", clean_name(sheet))).unwrap_or_default();
            let name = stem_name(&paths[0]);
            // What several files have in common is not the number of the first.
            let shared = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
            let name = if paths.len() > 1 && !shared.is_empty() { shared.to_owned() } else { name };
            // A sheet says its name only where the file alone does not tell sources apart.
            let name = if names.contains(&name) { unique_name(&format!("{name}{sheet}"), names) } else { unique_name(&name, names) };
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
