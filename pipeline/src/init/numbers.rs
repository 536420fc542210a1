//! How a column writes its numbers: the separators, and the marks beside them.

use std::collections::BTreeMap;

use super::vocabulary::MARKS;
use crate::ledger::currency::minor_digits;
use crate::ledger::money::{AMOUNT_SCALE, DecimalFormat, parse_marked_decimal};

/// The formats that are tried; of those that read the same the first is taken.
pub const FORMATS: [DecimalFormat; 8] = [
    DecimalFormat { decimal: b'.', thousands: None },
    DecimalFormat { decimal: b'.', thousands: Some(b',') },
    DecimalFormat { decimal: b',', thousands: None },
    DecimalFormat { decimal: b',', thousands: Some(b'.') },
    DecimalFormat { decimal: b',', thousands: Some(b' ') },
    DecimalFormat { decimal: b'.', thousands: Some(b' ') },
    DecimalFormat { decimal: b'.', thousands: Some(b'\'') },
    DecimalFormat { decimal: b',', thousands: Some(b'\'') },
];

/// What the numbers of a column are like.
#[derive(Clone, Debug, Default)]
pub struct NumberColumn {
    /// Values that are not empty and do not mean nothing.
    pub values: usize,
    /// How many of them each of [`FORMATS`] reads.
    pub read: [usize; FORMATS.len()],
    /// Values with a point that three digits follow to the end and that have no other separator, and with such a comma.
    pub point_and_three: usize,
    /// The same with a comma.
    pub comma_and_three: usize,
    /// Values with a point, and with a comma.
    pub with_point: usize,
    /// The same with a comma.
    pub with_comma: usize,
    /// Marks beside the numbers.
    pub marks: BTreeMap<String, usize>,
    /// Values below zero.
    pub negative: usize,
}

impl NumberColumn {
    /// How many values the best format reads.
    pub fn best(&self) -> usize {
        self.read.iter().copied().max().unwrap_or(0)
    }

    /// Whether any value has decimals, or so it seems.
    pub fn has_separator(&self) -> bool {
        self.with_point + self.with_comma > 0
    }
}

/// The mark before or after the digits of a text, if it has a known one.
fn mark_of(text: &str) -> Option<&str> {
    let is_number = |letter: char| letter.is_ascii_digit() || "+-().,'\u{2019} \u{a0}\u{202f}\u{2009}".contains(letter);
    let start = text.find(|letter| !is_number(letter))?;
    let end = text.rfind(|letter| !is_number(letter))?;
    let last = end + text[end..].chars().next()?.len_utf8();
    let is_known = |mark: &str| MARKS.iter().any(|(known, _)| *known == mark) || (mark.len() == 3 && minor_digits(mark).is_some());
    // `kr.` and `Fr.` have a point of their own.
    let pointed = text.get(start..=last).filter(|mark| mark.ends_with('.') && is_known(mark));
    let mark = pointed.or_else(|| text.get(start..last)).filter(|mark| is_known(mark));
    mark.filter(|_| text.chars().any(|letter| letter.is_ascii_digit()))
}

/// The currency that a mark means, where it means one only.
pub fn currency_of(mark: &str) -> Option<&str> {
    let known = MARKS.iter().find(|(known, _)| *known == mark).map(|(_, currency)| *currency);
    known.unwrap_or_else(|| minor_digits(mark).map(|_| mark))
}

fn ends_in_three(text: &str, separator: char, other: char) -> bool {
    let digits = text.trim_matches(|letter: char| !letter.is_ascii_digit());
    let mut parts = digits.split(separator);
    let (Some(whole), Some(rest), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    !digits.contains(other) && (1..=3).contains(&whole.len()) && rest.len() == 3
}

/// Looks at the values of a column; none when fewer than `least_share` of them are numbers in any format.
pub fn look<'a>(values: impl Iterator<Item = &'a str> + Clone, least_share: f64) -> Option<NumberColumn> {
    let mut column = NumberColumn::default();
    for text in values.clone() {
        if let Some(mark) = mark_of(text)
            && (column.marks.len() < 6 || column.marks.contains_key(mark))
        {
            *column.marks.entry(mark.to_owned()).or_default() += 1;
        }
    }
    let mut marks: Vec<Vec<u8>> = column.marks.keys().map(|mark| mark.as_bytes().to_vec()).collect();
    marks.sort_by_key(|mark| std::cmp::Reverse(mark.len()));
    for text in values {
        column.values += 1;
        column.with_point += usize::from(text.contains('.'));
        column.with_comma += usize::from(text.contains(','));
        column.point_and_three += usize::from(ends_in_three(text, '.', ','));
        column.comma_and_three += usize::from(ends_in_three(text, ',', '.'));
        let mut negative = false;
        for (read, format) in column.read.iter_mut().zip(FORMATS) {
            if let Ok(value) = parse_marked_decimal(text.as_bytes(), format, &marks, AMOUNT_SCALE) {
                *read += 1;
                negative |= value < 0;
            }
        }
        column.negative += usize::from(negative);
        // A long column of words need not be looked at to its end.
        if column.values == 300 && column.best() * 4 < column.values {
            return None;
        }
    }
    (column.best() > 0 && column.best() as f64 >= least_share * column.values as f64).then_some(column)
}

/// The format of a file, from the columns that hold amounts: the one that reads most of their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChosenNumbers {
    /// The format.
    pub format: DecimalFormat,
    /// How many values it reads.
    pub read: usize,
    /// Of how many.
    pub values: usize,
    /// Values that only this format reads rightly, those with another number of digits than three behind a separator.
    pub is_sure: bool,
}

/// Chooses among [`FORMATS`].
///
/// `1.234` is a thousand and some in one country and little more than one in another. When all values with a separator are of
/// this kind, thousands are meant more often, but nobody can tell.
pub fn choose(columns: &[&NumberColumn]) -> ChosenNumbers {
    let total = |pick: fn(&NumberColumn) -> usize| columns.iter().map(|column| pick(column)).sum::<usize>();
    let reads = |at: usize| columns.iter().map(|column| column.read[at]).sum::<usize>();
    let values = total(|column| column.values);
    let (points, commas) = (total(|column| column.with_point), total(|column| column.with_comma));
    let (point_three, comma_three) = (total(|column| column.point_and_three), total(|column| column.comma_and_three));
    let only_points = points > 0 && commas == 0 && point_three == points;
    let only_commas = commas > 0 && points == 0 && comma_three == commas;
    let best = if only_points {
        3
    } else {
        let most = (0..FORMATS.len()).map(reads).max().unwrap_or(0);
        (0..FORMATS.len()).find(|at| reads(*at) == most).unwrap_or(0)
    };
    ChosenNumbers { format: FORMATS[best], read: reads(best), values, is_sure: !only_points && !only_commas }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decimal separator, grouping, values read, and whether it is sure.
    type Chosen = Option<(char, Option<char>, usize, bool)>;

    fn chosen(values: &[&str]) -> Chosen {
        let column = look(values.iter().copied(), 0.7)?;
        let chosen = choose(&[&column]);
        Some((char::from(chosen.format.decimal), chosen.format.thousands.map(char::from), chosen.read, chosen.is_sure))
    }

    #[test]
    fn separators_are_taken_from_the_values_and_doubt_is_said() {
        let table: &[(&[&str], Chosen)] = &[
            (&["12.50", "1234.56"], Some(('.', None, 2, true))),
            (&["1,234.56", "12.50"], Some(('.', Some(','), 2, true))),
            (&["1.234,56", "12,50"], Some((',', Some('.'), 2, true))),
            (&["12,50", "1234,5"], Some((',', None, 2, true))),
            (&["1 234,56", "12,50"], Some((',', Some(' '), 2, true))),
            (&["1\u{202f}234,56", "12,50"], Some((',', Some(' '), 2, true))),
            (&["1'234.56", "12.50"], Some(('.', Some('\''), 2, true))),
            (&["100", "200"], Some(('.', None, 2, true))),
            (&["1,234", "5,678"], Some(('.', Some(','), 2, false))),
            (&["1.234", "5.678"], Some((',', Some('.'), 2, false))),
            (&["1.234", "5.67"], Some(('.', None, 2, true))),
            (&["1.234.567", "5.678"], Some((',', Some('.'), 2, true))),
            (&["$1,234.56", "($12.50)"], Some(('.', Some(','), 2, true))),
            (&["1.234,56-", "12,50 €"], Some((',', Some('.'), 2, true))),
            (&["EUR 12", "EUR 7.50"], Some(('.', None, 2, true))),
            (&["30d", "60d"], None),
            (&["A1", "B2"], None),
        ];
        for (values, expected) in table {
            assert_eq!(chosen(values), *expected, "{values:?}");
        }
    }

    #[test]
    fn marks_are_known_ones_or_none() {
        for (text, mark) in [
            ("$5", Some("$")),
            ("5 EUR", Some("EUR")),
            ("-kr. 5", Some("kr.")),
            ("US$ 5", Some("US$")),
            ("5 boxes", None),
            ("ABC", None),
            ("5", None),
        ] {
            assert_eq!(mark_of(text), mark, "{text}");
        }
        assert_eq!((currency_of("€"), currency_of("$"), currency_of("CHF")), (Some("EUR"), None, Some("CHF")));
    }
}
