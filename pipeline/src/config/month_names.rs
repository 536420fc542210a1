//! Names of months as exports write them, in English, German, French, Spanish, Italian, Dutch and the Scandinavian languages.
//!
//! No name means two months in two of these languages, so that a format need not say which one it is in.

/// For each month its names, in small letters and without accents; short forms are those that spreadsheets and systems write.
const NAMES: [&[&str]; 12] = [
    &["january", "jan", "januar", "janner", "janvier", "janv", "enero", "ene", "gennaio", "gen", "januari"],
    &["february", "feb", "februar", "fevrier", "fevr", "fev", "febrero", "febbraio", "febbr", "februari"],
    &["march", "mar", "marz", "maerz", "mrz", "mars", "marzo", "maart", "mrt", "marts"],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile"],
    &["may", "mai", "mayo", "maggio", "mag", "mei", "maj"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "giu"],
    &["july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug"],
    &["august", "aug", "aout", "agosto", "ago", "augustus", "augusti"],
    &["september", "sep", "sept", "septembre", "septiembre", "setiembre", "settembre", "set", "sett"],
    &["october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott"],
    &["november", "nov", "novembre", "noviembre"],
    &["december", "dec", "dezember", "dez", "decembre", "diciembre", "dic", "dicembre", "desember", "des"],
];

/// The month, from 1, whose name a text begins with, and the bytes of the name.
pub(super) fn month_at(text: &[u8]) -> Option<(u32, usize)> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(broken) => std::str::from_utf8(&text[..broken.valid_up_to()]).ok()?,
    };
    let length = text.find(|letter: char| !letter.is_alphabetic()).unwrap_or(text.len());
    // The longest name has ten letters.
    if length == 0 || length > 24 {
        return None;
    }
    let word: String = text[..length].chars().flat_map(char::to_lowercase).map(without_accent).collect();
    let position = NAMES.iter().position(|names| names.contains(&word.as_str()))?;
    Some((u32::try_from(position + 1).ok()?, length))
}

fn without_accent(letter: char) -> char {
    match letter {
        'ä' => 'a',
        'é' => 'e',
        'û' => 'u',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, month_at};

    #[test]
    fn no_name_means_two_months() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(NAMES.iter().flat_map(|names| names.iter()).all(|name| seen.insert(*name)));
    }

    #[test]
    fn months_are_read_in_every_language_and_in_either_case() {
        for (text, month) in [
            ("March", Some((3, 5))),
            ("MÄRZ 2024", Some((3, 5))),
            ("févr. 2024", Some((2, 5))),
            ("août", Some((8, 5))),
            ("juin", Some((6, 4))),
            ("juil.", Some((7, 4))),
            ("dic-24", Some((12, 3))),
            ("jui", None),
            ("Marchand", None),
            ("", None),
            ("12", None),
        ] {
            assert_eq!(month_at(text.as_bytes()), month, "{text}");
        }
    }
}
