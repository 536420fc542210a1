//! Files of which no source can be made, each with the sentence that says why: without a header, without rows, aging reports.

use super::mapping::by_headers;
use super::profile::Column;
use super::sample::Sample;
use crate::error::Error;

/// Why no source can be made of a file, where none can.
pub fn refusal(sample: &Sample) -> Option<Error> {
    let path = sample.path.display();
    if sample.header.is_empty() {
        return Some(
            Error::input("no_header", format!("no line looks like a header: {path}"))
                .hint("a source names its columns: add a first line with their names, or say header_row in a source written by hand"),
        );
    }
    if let Some(ages) = aging_columns(sample) {
        let what = format!("this is an aging report, sums by age ({}), not a list of items: {path}", ages.join(", "));
        return Some(Error::input("aging_report", what).hint(
            "what was invoiced and paid, and when, cannot be told from sums: export the invoices or open items it was made from; arrears makes the report itself",
        ));
    }
    (sample.rows() == 0).then(|| {
        Error::input("header_only", format!("there is a header and no row below it: {path}"))
            .hint("formats and signs are found in rows: look at an export that has some")
    })
}

/// The headers that are ages, where there are several and nothing says which document a row is.
fn aging_columns(sample: &Sample) -> Option<Vec<String>> {
    let ages: Vec<String> = sample.header.iter().filter(|name| is_age_bucket(name)).cloned().collect();
    if ages.len() < 2 {
        return None;
    }
    let columns: Vec<Column> = (0..sample.header.len()).map(|position| Column::of(sample, position)).collect();
    (!by_headers(&columns).columns.contains_key("document_id")).then_some(ages)
}

/// Words for days, and between the ends of a range.
const BETWEEN: &[&str] =
    &["days", "day", "tage", "tagen", "jours", "jour", "dias", "dia", "giorni", "dagen", "dage", "d", "to", "bis", "a", "al", "tot"];
/// Words for more than so many.
const MORE: &[&str] =
    &["over", "above", "older", "than", "more", "uber", "ueber", "mehr", "als", "plus", "de", "mas", "oltre", "meer", "dan"];

/// Whether a header is a range of ages, such as `1 - 30`, `31-60 days` or `> 90`.
pub fn is_age_bucket(header: &str) -> bool {
    if header.chars().any(|letter| !letter.is_alphanumeric() && !" -–—+>≥<".contains(letter)) {
        return false;
    }
    let plain = super::words::plain(header);
    let numbers: Vec<u32> = plain.split(' ').filter_map(|word| word.parse().ok()).collect();
    let mut words = plain.split(' ').filter(|word| word.parse::<u32>().is_err() && !BETWEEN.contains(word)).peekable();
    match numbers[..] {
        [from, to] => words.peek().is_none() && from < to && (7..=999).contains(&to),
        [from] if (15..=999).contains(&from) => {
            let is_open = header.contains(['>', '≥', '+']) || words.peek().is_some();
            is_open && words.all(|word| MORE.contains(&word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_age_bucket;

    #[test]
    fn ages_are_told_from_other_headers() {
        for header in
            ["1 - 30", "31-60", "0-30 days", "> 90", "91+", "über 90 Tage", "61 bis 90 Tage", "90+ jours", "plus de 90 jours", "over 120"]
        {
            assert!(is_age_bucket(header), "{header}");
        }
        for header in ["Amount", "2023-2024", "2024", "Invoice 1-30", "30", "01/02", "1.234,56", "", "Name 1", "Net 30", "days"] {
            assert!(!is_age_bucket(header), "{header}");
        }
    }
}
