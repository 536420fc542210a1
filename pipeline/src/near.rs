//! What somebody may have meant who wrote a name that is not there.

/// At most so many are named.
const NAMED_MOST: usize = 5;

/// How far a known name is from what was written: 0 but for case, blanks, signs and leading zeros, 1 where one continues the
/// other, 2 with a letter wrong, 3 with two; `None` where they have nothing to do with each other.
pub fn distance(written: &str, known: &str) -> Option<u8> {
    let (written, known) = (plain(written), plain(known));
    if written == known {
        return Some(0);
    }
    if written.is_empty() || known.is_empty() {
        return None;
    }
    let (short, long) = if written.len() < known.len() { (&written, &known) } else { (&known, &written) };
    if short.len() >= 3 && short.len() * 2 >= long.len() && (long.starts_with(short.as_str()) || long.ends_with(short.as_str())) {
        return Some(1);
    }
    let allowed = if short.len() >= 4 { 2 } else { 1 };
    if long.len() - short.len() > allowed || short.len() < 2 {
        return None;
    }
    let wrong = edits(&written, &known);
    (wrong <= allowed).then_some(if wrong == 1 { 2 } else { 3 })
}

/// The known names that come nearest, the nearest first and then by their letters.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(u8, &str)> = known.into_iter().filter_map(|name| Some((distance(written, name)?, name))).collect();
    ranked.sort_unstable();
    ranked.dedup();
    let best = ranked.first().map(|(distance, _)| *distance);
    ranked.into_iter().filter(|(distance, _)| Some(*distance) == best).map(|(_, name)| name).take(NAMED_MOST).collect()
}

/// A hint that names what was nearly written, else some of what there is; `kind` is a plural, as in `customers`.
pub fn hint(kind: &str, written: &str, known: &[&str]) -> String {
    let near = nearest(written, known.iter().copied());
    if !near.is_empty() {
        return format!("nearly so: {}", near.join(", "));
    }
    match known {
        [] => format!("the ledger has no {kind}"),
        _ if known.len() <= 12 => format!("{kind}: {}", known.join(", ")),
        _ => format!("{kind}: {} and {} more", known[..NAMED_MOST].join(", "), known.len() - NAMED_MOST),
    }
}

fn plain(name: &str) -> String {
    let letters: String = name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    letters.trim_start_matches('0').to_owned()
}

/// The Levenshtein distance: letters to add, drop or change.
pub fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_nearly_written_is_found_and_nothing_else() {
        let known = ["INV-00012", "INV-00013", "CN-7", "4711"];
        assert_eq!(nearest("inv 12", known), Vec::<&str>::new());
        assert_eq!(nearest("inv00012", known), ["INV-00012"]);
        assert_eq!(nearest("INV-00014", known), ["INV-00012", "INV-00013"]);
        assert_eq!(nearest("0004711", known), ["4711"]);
        assert_eq!(nearest("CN-8", known), ["CN-7"]);
        assert_eq!(nearest("mian", ["main", "minor"]), ["main"]);
        assert_eq!(nearest("zebra", known), Vec::<&str>::new());
        assert_eq!(hint("customers", "zebra", &["A", "B"]), "customers: A, B");
    }

    #[test]
    fn edits_count_letters() {
        assert_eq!((edits("kitten", "sitting"), edits("", "abc"), edits("same", "same")), (3, 3, 0));
    }
}
