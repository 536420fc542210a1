//! What people call things: headers in several languages, words for document types, words for nothing and for totals.
//!
//! Headers are compared without case, accents and punctuation (see [`plain`]). Of the names of a column the surer come first.

use std::sync::LazyLock;

use super::vocabulary::{CURRENCIES, NOTHING, TOO_COMMON, VOID};

/// Canonical column → names of it, in English, German, French, Spanish, Italian, Dutch and some others; see the file.
pub static HEADERS: LazyLock<Vec<(&'static str, Vec<&'static str>)>> = LazyLock::new(|| lists(include_str!("headers.txt")));

/// Words of exports → type of the ledger, compared like headers.
static TYPES: LazyLock<Vec<(&'static str, Vec<&'static str>)>> = LazyLock::new(|| lists(include_str!("types.txt")));

/// Lines `name:`, each followed by words between commas.
fn lists(text: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lists: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match (line.strip_suffix(':'), lists.last_mut()) {
            (Some(name), _) => lists.push((name, Vec::new())),
            (None, Some((_, words))) => words.extend(line.split(',').map(str::trim).filter(|word| !word.is_empty())),
            (None, None) => {}
        }
    }
    lists
}

/// Not a column of the ledger: what is still open of an invoice. It says something only where the amount is missing.
pub const OPEN_AMOUNT: &str = "open amount";

/// A header or word as it is compared: small letters without accents, words of letters and digits with one blank between.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        // camelCase has words too.
        if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            out.push(' ');
        }
        before = letter;
        match letter {
            'ß' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ł' | 'Ł' => out.push('l'),
            '#' => out.push_str(" no "),
            _ if letter.is_alphanumeric() => out.extend(letter.to_lowercase().map(without_accent)),
            _ => out.push(' '),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_accent(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ś' | 'š' => 's',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'º' | '°' => ' ',
        other => other,
    }
}

/// How surely a header names a column: nothing, or more the surer.
pub fn header_score(header: &str, names: &[&str]) -> u32 {
    // A currency in the header of an amount is not part of its name.
    let mut words: Vec<String> = plain(header).split(' ').map(str::to_owned).collect();
    if words.len() > 1 {
        words.retain(|word| !CURRENCIES.contains(&word.to_uppercase().as_str()));
    }
    let header = words.join(" ");
    let compact: String = header.split(' ').collect();
    if compact.is_empty() {
        return 0;
    }
    let place = |at: usize| u32::try_from(at).unwrap_or(100).min(100);
    if let Some(at) = names.iter().position(|name| name.split(' ').collect::<String>() == compact) {
        return 1000 - place(at);
    }
    let tokens: Vec<&str> = header.split(' ').collect();
    let within = names.iter().enumerate().filter(|(_, name)| !TOO_COMMON.contains(name)).filter_map(|(at, name)| {
        let wanted: Vec<&str> = name.split(' ').collect();
        let found = tokens.windows(wanted.len()).any(|window| window == wanted.as_slice());
        let extra = u32::try_from(tokens.len() - wanted.len().min(tokens.len())).unwrap_or(0);
        found.then(|| (500 - place(at)).saturating_sub(40 * extra))
    });
    within.max().unwrap_or(0)
}

/// The document type that a word of an export means.
pub fn type_of(word: &str) -> Option<&'static str> {
    let word = plain(word);
    let compact: String = word.split(' ').collect();
    let spelled = |name: &&str| name.split(' ').collect::<String>() == compact;
    TYPES
        .iter()
        .find(|(canonical, names)| canonical.replace('_', "") == compact || names.iter().any(spelled))
        .map(|(canonical, _)| *canonical)
}

/// Whether a status means that a row is no receivable.
pub fn is_void(status: &str) -> bool {
    VOID.contains(&plain(status).as_str())
}

/// Whether a text means that there is nothing.
pub fn is_nothing(text: &str) -> bool {
    let lower = text.to_lowercase();
    NOTHING.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(header: &str) -> Option<&'static str> {
        let scored = HEADERS.iter().map(|(column, names)| (header_score(header, names), *column));
        scored.max_by_key(|(score, _)| *score).filter(|(score, _)| *score > 0).map(|(_, column)| column)
    }

    #[test]
    fn headers_of_many_languages_are_understood() {
        let table = [
            ("Invoice No.", "document_id"),
            ("invoiceNumber", "document_id"),
            ("INVOICE_ID", "document_id"),
            ("Rechnungs-Nr.", "document_id"),
            ("N° facture", "document_id"),
            ("Número de factura", "document_id"),
            ("Factuurnummer", "document_id"),
            ("Rg-Nr", "document_id"),
            ("Numero fattura", "document_id"),
            ("doc_id", "document_id"),
            ("Kunden-Nr.", "customer_id"),
            ("Code client", "customer_id"),
            ("cust_number", "customer_id"),
            ("customerID", "customer_id"),
            ("Klantnr", "customer_id"),
            ("name_customer", "name"),
            ("Raison sociale", "name"),
            ("Fälligkeitsdatum", "due_date"),
            ("fällig am", "due_date"),
            ("Date d'échéance", "due_date"),
            ("Fecha de vencimiento", "due_date"),
            ("Data scadenza", "due_date"),
            ("due_in_date", "due_date"),
            ("DueDate", "due_date"),
            ("Rechnungsdatum", "document_date"),
            ("Date de facture", "document_date"),
            ("posting_date", "document_date"),
            ("Betrag (EUR)", "amount"),
            ("Montant TTC", "amount"),
            ("Importe", "amount"),
            ("InvoiceAmount", "amount"),
            ("Währung", "currency"),
            ("Devise", "currency"),
            ("SettledDate", "paid_date"),
            ("clear_date", "paid_date"),
            ("bezahlt am", "paid_date"),
            ("Montant payé", "paid_amount"),
            ("business_code", "company_id"),
            ("countryCode", "country"),
            ("Belegart", "document_type"),
            ("Offener Betrag", OPEN_AMOUNT),
        ];
        for (header, column) in table {
            assert_eq!(best(header), Some(column), "{header}");
        }
        for header in ["DaysLate", "PaperlessDate", "buisness_year", "baseline_create_date", "", "Disputed", "foo"] {
            assert_eq!(best(header), None, "{header}");
        }
    }

    #[test]
    fn words_of_types_are_understood_or_left_to_people() {
        for (word, meant) in [
            ("Rechnung", Some("invoice")),
            ("RV", Some("invoice")),
            ("Gutschrift", Some("credit_note")),
            ("Credit Memo", Some("credit_note")),
            ("Avoir", Some("credit_note")),
            ("Payment", Some("receipt")),
            ("write_off", Some("write_off")),
            ("receipt_reversal", Some("receipt_reversal")),
            ("Mystery", None),
            ("", None),
        ] {
            assert_eq!(type_of(word), meant, "{word}");
        }
    }

    #[test]
    fn no_name_stands_for_two_columns() {
        let mut seen = std::collections::BTreeMap::new();
        for (column, names) in HEADERS.iter() {
            for name in names {
                assert_eq!(plain(name), *name, "names are written as they are compared");
                let before = seen.insert(*name, *column);
                assert_eq!(before, None, "{name} is {column} already");
            }
        }
    }
}
