//! Which files are meant, and which of them are deliveries of the same export.

use std::path::{Path, PathBuf};

use crate::catalog::ledger_tables::Table;
use crate::config::DatePattern;
use crate::error::{Error, Result, io_error};
use crate::ingest::discover::stem;

/// Formats of dates in file names, those that cannot be mistaken for each other.
const NAME_DATES: &[&str] = &["%Y-%m-%dT%H%M%S", "%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d"];

/// A file of a kind that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// The folder it was found in, where it was not named itself.
    pub folder: Option<PathBuf>,
}

/// The files that the arguments mean: files, folders and globs; with the names of those in folders that were left aside.
///
/// # Errors
/// Exit status 4 when there is none; 2 for a glob that is none.
pub fn find(arguments: &[String]) -> Result<(Vec<Found>, Vec<String>)> {
    let (mut found, mut aside) = (Vec::new(), Vec::new());
    for argument in arguments {
        let path = Path::new(argument);
        if path.is_dir() {
            in_folder(path, &mut found, &mut aside)?;
        } else if path.exists() {
            named(path.to_owned(), &mut found, &mut aside);
        } else if argument.contains(['*', '?', '[']) {
            let paths = glob::glob(argument).map_err(|cause| {
                Error::usage("bad_glob", format!("not a glob: {argument}")).caused_by(&cause).hint("* ? and [a-z] are known")
            })?;
            let before = found.len();
            for path in paths {
                let path = path.map_err(|cause| io_error("read", cause.path(), cause.error()))?;
                if path.is_file() {
                    named(path, &mut found, &mut aside);
                }
            }
            if found.len() == before {
                return Err(Error::input("file_missing", format!("no file matches: {argument}")).hint("is it the right folder?"));
            }
        } else {
            return Err(Error::input("file_missing", format!("there is no such file or folder: {argument}"))
                .hint("name files, folders or globs, for example: arrears init exports/*.csv"));
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    // A shell that opens a glob names everything in a folder; alone, a file that cannot be read is a mistake.
    if let (true, [only]) = (found.is_empty(), arguments)
        && !Path::new(only).is_dir()
    {
        return Err(Error::usage("unknown_file_type", format!("the file type is not known: {}", aside.join(", ")))
            .hint("known are .csv .tsv .txt (also with .gz or .zst), .xlsx .xlsm .xlsb .xls .ods and .parquet"));
    }
    if found.is_empty() {
        let what = format!("there is no file to look at in {}", arguments.join(", "));
        let aside = if aside.is_empty() { String::new() } else { format!("; left aside: {}", aside.join(", ")) };
        return Err(Error::input("nothing_to_read", what)
            .hint(format!("CSV and TSV (also .gz and .zst), Excel and Parquet are known by their extension{aside}")));
    }
    Ok((found, aside))
}

fn in_folder(folder: &Path, found: &mut Vec<Found>, aside: &mut Vec<String>) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|cause| io_error("read the folder", folder, &cause))?;
    for entry in entries {
        let path = entry.map_err(|cause| io_error("read the folder", folder, &cause))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && stem(&name).is_some() && !name.starts_with('.') {
            found.push(Found { path, folder: Some(folder.to_owned()) });
        } else if path.is_file() && !name.starts_with('.') {
            aside.push(name);
        }
    }
    aside.sort();
    Ok(())
}

fn named(path: PathBuf, found: &mut Vec<Found>, aside: &mut Vec<String>) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if stem(&name).is_none() {
        aside.push(path.display().to_string());
    } else {
        found.push(Found { path, folder: None });
    }
}

/// The table a file is named for.
pub fn table_named(path: &Path) -> Option<&'static Table> {
    let name = path.file_name()?.to_str()?;
    Table::named(stem(name)?)
}

/// The format of the date that all file names have, if they have one.
pub fn date_in_names(paths: &[&Path]) -> Option<&'static str> {
    let stems: Option<Vec<String>> = paths.iter().map(|path| Some(stem(&path.file_name()?.to_string_lossy())?.to_owned())).collect();
    let stems = stems?;
    NAME_DATES.iter().copied().find(|format| {
        let Ok(pattern) = DatePattern::compile(format) else { return false };
        stems.iter().all(|stem| pattern.find(stem).is_some())
    })
}

/// A glob that means these files of one folder and no others there.
pub fn glob_of(paths: &[&Path]) -> Option<String> {
    let folder = paths.first()?.parent()?;
    let names: Option<Vec<&str>> = paths.iter().map(|path| path.file_name()?.to_str()).collect();
    let names = names?;
    if paths.iter().any(|path| path.parent() != Some(folder)) {
        return None;
    }
    let first = *names.first()?;
    let means_them = |glob: &str| means_only(folder, glob, &names).then(|| folder.join(glob).to_string_lossy().into_owned());
    // Tomorrow's delivery has another date.
    if let Some(pattern) = date_in_names(paths).and_then(|format| DatePattern::compile(format).ok())
        && let Some((start, end, _)) = pattern.find(first)
        && let Some(glob) = means_them(&format!("{}*{}", &first[..start], &first[end..]))
    {
        return Some(glob);
    }
    let prefix =
        (0..=first.len()).rev().find(|end| first.is_char_boundary(*end) && names.iter().all(|name| name.starts_with(&first[..*end])))?;
    let suffix = (prefix..=first.len()).find(|start| {
        first.is_char_boundary(*start)
            && names.iter().all(|name| name.len() >= prefix + first.len() - start && name.ends_with(&first[*start..]))
    })?;
    // What differs may be the end of a number: next month's has other digits before it too.
    let is_number = |letter: char| letter.is_ascii_digit() || "-_.".contains(letter);
    let shorter = first[..prefix].trim_end_matches(is_number);
    let separator = first[shorter.len()..prefix].chars().next().filter(|letter| !letter.is_ascii_digit());
    let before = &first[..shorter.len() + separator.map_or(0, char::len_utf8)];
    let after = first[suffix..].trim_start_matches(|letter: char| letter.is_ascii_digit());
    let widened = if shorter.is_empty() { None } else { means_them(&format!("{before}*{after}")) };
    widened.or_else(|| means_them(&format!("{}*{}", &first[..prefix], &first[suffix..])))
}

/// Whether a glob means these files of a folder and no others there.
fn means_only(folder: &Path, glob: &str, names: &[&str]) -> bool {
    let Ok(pattern) = glob::Pattern::new(glob) else { return false };
    let Ok(entries) = std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) else { return false };
    let found = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.iter().all(|name| pattern.matches(name)) && found.filter(|name| pattern.matches(name)).count() == names.len()
}

/// A path as it is written in a configuration in `directory`: relative to it where both have the same root.
pub fn relative_to(path: &Path, directory: &Path) -> String {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    let (path, directory) = (absolute(path), absolute(directory));
    let from: Vec<_> = directory.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect();
    let to: Vec<_> = path.components().collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // Above the root of everything, a path of many steps up helps nobody.
    if common <= 1 && from.len() > 1 {
        return path.to_string_lossy().into_owned();
    }
    let mut parts: Vec<String> = vec!["..".to_owned(); from.len() - common];
    parts.extend(to[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned()));
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_of_one_export_are_one_glob_with_a_date() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let names = ["inv_2024-01-01.csv", "inv_2024-01-02.csv", "inv_2024-01-10.csv"];
        for name in names.iter().chain(&["customers.csv"]) {
            std::fs::write(folder.path().join(name), "a\n").expect("writes");
        }
        let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let glob = glob_of(&paths).expect("they have a glob");
        assert!(glob.ends_with("inv_*.csv"), "{glob}");
        assert_eq!(date_in_names(&paths), Some("%Y-%m-%d"));
        assert_eq!(date_in_names(&[Path::new("x/report.csv")]), None);
        std::fs::write(folder.path().join("inv_2024-01-x.csv"), "a\n").expect("writes");
        assert_eq!(glob_of(&paths), None, "another file would be meant too");
        for month in 1..=6 {
            std::fs::write(folder.path().join(format!("sales_2024-{month:02}.csv")), "a\n").expect("writes");
        }
        let paths: Vec<PathBuf> = (1..=6).map(|month| folder.path().join(format!("sales_2024-{month:02}.csv"))).collect();
        let glob = glob_of(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>()).expect("they have a glob");
        assert!(glob.ends_with("sales_*.csv"), "October must be meant too: {glob}");
    }

    #[test]
    fn paths_are_written_relative_to_the_configuration() {
        assert_eq!(relative_to(Path::new("/a/b/c.csv"), Path::new("/a/b")), "c.csv");
        assert_eq!(relative_to(Path::new("/a/b/c.csv"), Path::new("/a/d")), "../b/c.csv");
        assert_eq!(relative_to(Path::new("/a/b/c.csv"), Path::new("/d/e")), "/a/b/c.csv");
        assert_eq!(relative_to(Path::new("x/c.csv"), Path::new("")), "x/c.csv");
    }
}
