//! In which format a column writes its dates, and what decides it.
//!
//! Every format that reads all values is kept. Where day and month can be told apart by a value above twelve, one is left;
//! where not, other columns of the file may decide, or the order of two dates; else nobody can, and that is said.

use std::sync::LazyLock;

use crate::config::DatePattern;

/// Which part comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateOrder {
    /// Year, month, day.
    YearFirst,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

/// A format that a column may have.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The format.
    pub pattern: DatePattern,
    /// Its order.
    pub order: DateOrder,
    /// The same format in another order reads the same texts where no day is above twelve.
    pub family: usize,
    /// How many values it reads.
    pub read: usize,
}

/// What the dates of a column may be.
#[derive(Clone, Debug)]
pub struct DateColumn {
    /// Values that are not empty and do not mean nothing.
    pub values: usize,
    /// The formats that read most of them, all equally many; the first is taken unless something decides otherwise.
    pub candidates: Vec<Candidate>,
    /// Values whose day is above twelve, under the first format.
    pub above_twelve: usize,
    /// Values with a time of day that is not midnight.
    pub with_time: usize,
}

impl DateColumn {
    /// Whether day and month cannot be told apart in this column alone.
    pub fn is_ambiguous(&self) -> bool {
        self.candidates.len() > 1
    }

    /// How many of its values the first format reads.
    pub fn read(&self) -> usize {
        self.candidates.first().map_or(0, |candidate| candidate.read)
    }
}

/// Every format that is tried, the likelier of two that read the same first.
static FORMATS: LazyLock<Vec<(DatePattern, DateOrder, usize)>> = LazyLock::new(|| {
    let mut formats = Vec::new();
    let times = ["", " %H:%M:%S", "T%H:%M:%S", " %H:%M", " %H:%M:%S%.f", "T%H:%M:%S%.f", " %I:%M %p", " %I:%M:%S %p"];
    let mut add = |text: String, order: DateOrder, family: usize| {
        if let Ok(pattern) = DatePattern::compile(&text) {
            formats.push((pattern, order, family));
        }
    };
    let mut family = 0;
    for time in times {
        for separator in ["-", ".", "/", " "] {
            let joined = |parts: [&str; 3]| format!("{}{time}", parts.join(separator));
            family += 1;
            add(joined(["%Y", "%m", "%d"]), DateOrder::YearFirst, family);
            family += 1;
            add(joined(["%d", "%m", "%Y"]), DateOrder::DayFirst, family);
            add(joined(["%m", "%d", "%Y"]), DateOrder::MonthFirst, family);
            family += 1;
            add(joined(["%d", "%m", "%y"]), DateOrder::DayFirst, family);
            add(joined(["%m", "%d", "%y"]), DateOrder::MonthFirst, family);
            add(joined(["%y", "%m", "%d"]), DateOrder::YearFirst, family);
            family += 1;
            add(joined(["%d", "%b", "%Y"]), DateOrder::DayFirst, family);
            family += 1;
            add(joined(["%d", "%b", "%y"]), DateOrder::DayFirst, family);
        }
        family += 1;
        add(format!("%b %d, %Y{time}"), DateOrder::MonthFirst, family);
        add(format!("%d. %b %Y{time}"), DateOrder::DayFirst, family);
        family += 1;
        add(format!("%Y%m%d{time}"), DateOrder::YearFirst, family);
        family += 1;
        add(format!("%d%m%Y{time}"), DateOrder::DayFirst, family);
        add(format!("%m%d%Y{time}"), DateOrder::MonthFirst, family);
    }
    add("iso8601".to_owned(), DateOrder::YearFirst, family + 1);
    formats
});

/// Values that are looked at to leave out formats that cannot be.
const FIRST_LOOK: usize = 300;

/// A compact date has eight digits; fewer would read many a number.
fn fits(pattern: &DatePattern, text: &str) -> bool {
    let is_compact = pattern.text().starts_with("%Y%m%d") || pattern.text().starts_with("%d%m%Y") || pattern.text().starts_with("%m%d%Y");
    if is_compact && text.bytes().take_while(u8::is_ascii_digit).count() != 8 {
        return false;
    }
    let day = pattern.parse_day(text.as_bytes());
    // 1980 to 2099: what a ledger of receivables holds, and what a number of eight digits rarely is.
    day.is_some_and(|day| !is_compact || (3652..47_482).contains(&day))
}

/// The formats that the values of a column may have; none when fewer than `least_share` of them are dates in any.
pub fn look<'a>(values: impl Iterator<Item = &'a str> + Clone, least_share: f64) -> Option<DateColumn> {
    let first: Vec<&str> = values.clone().take(FIRST_LOOK).collect();
    if first.is_empty() {
        return None;
    }
    let enough = |read: usize, of: usize| read as f64 >= least_share * of as f64 && read > 0;
    let possible: Vec<_> =
        FORMATS.iter().filter(|(pattern, ..)| enough(first.iter().filter(|text| fits(pattern, text)).count() * 2, first.len())).collect();
    let mut count = 0;
    let mut reads = vec![0_usize; possible.len()];
    for text in values.clone() {
        count += 1;
        for (read, (pattern, ..)) in reads.iter_mut().zip(&possible) {
            *read += usize::from(fits(pattern, text));
        }
    }
    let most = reads.iter().copied().max().filter(|most| enough(*most, count))?;
    let mut candidates: Vec<Candidate> = Vec::new();
    for (read, (pattern, order, family)) in reads.iter().zip(&possible) {
        // Of formats that read the same in the same order, the first is the simplest.
        if *read == most && candidates.iter().all(|known| known.family == *family) {
            candidates.push(Candidate { pattern: pattern.clone(), order: *order, family: *family, read: *read });
        }
    }
    // Two digits of a year in front are written by nobody who can write them behind.
    if candidates.iter().any(|candidate| !candidate.pattern.text().starts_with("%y")) {
        candidates.retain(|candidate| !candidate.pattern.text().starts_with("%y"));
    }
    let chosen = &candidates.first()?.pattern;
    let day_above = |text: &str| {
        let Some(day) = chosen.parse_day(text.as_bytes()) else { return false };
        use chrono::Datelike as _;
        crate::ledger::calendar::date_of(day).day() > 12
    };
    let above_twelve = values.clone().filter(|text| day_above(text)).count();
    let with_time = if chosen.has_time() {
        values.filter(|text| chosen.parse_instant(text.as_bytes()).is_some_and(|at| at.rem_euclid(crate::config::DAY_MICROS) != 0)).count()
    } else {
        0
    };
    Some(DateColumn { values: count, candidates, above_twelve, with_time })
}

/// What decided the order of day and month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The column itself.
    Itself,
    /// Another column of the file that is written alike.
    Column(String),
    /// Dates that must follow each other: of so many pairs, so many do in this order, and so many in the other.
    Sequence {
        /// The earlier column.
        earlier: String,
        /// The later column.
        later: String,
        /// Pairs that can be read.
        pairs: usize,
        /// In the order that was taken.
        in_order: usize,
        /// In the other order.
        otherwise: usize,
    },
    /// Nothing: a guess, with the reason for it.
    Guessed(&'static str),
}

impl DateColumn {
    /// Takes the candidate of an order to the front.
    pub fn prefer(&mut self, order: DateOrder) -> bool {
        match self.candidates.iter().position(|candidate| candidate.order == order) {
            Some(at) => {
                self.candidates[..=at].rotate_right(1);
                true
            }
            None => false,
        }
    }
}

/// How many pairs of dates follow each other within two years under each of two formats, and how many can be read.
pub fn in_sequence<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, earlier: &DatePattern, later: &DatePattern) -> (usize, usize) {
    let (mut count, mut in_order) = (0, 0);
    for (before, after) in pairs {
        let (Some(before), Some(after)) = (earlier.parse_day(before.as_bytes()), later.parse_day(after.as_bytes())) else { continue };
        count += 1;
        in_order += usize::from((0..=730).contains(&(after - before)));
    }
    (count, in_order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(values: &[&str]) -> Vec<String> {
        look(values.iter().copied(), 0.8)
            .map_or_else(Vec::new, |column| column.candidates.iter().map(|candidate| candidate.pattern.text().to_owned()).collect())
    }

    #[test]
    fn a_day_above_twelve_decides_and_without_one_both_orders_stand() {
        let table: &[(&[&str], &[&str])] = &[
            (&["2024-03-01", "2024-12-31"], &["%Y-%m-%d"]),
            (&["31.03.2024", "01.04.2024"], &["%d.%m.%Y"]),
            (&["3/31/2024", "4/1/2024"], &["%m/%d/%Y"]),
            (&["01/02/2024", "03/04/2024"], &["%d/%m/%Y", "%m/%d/%Y"]),
            (&["31.12.24", "01.02.24"], &["%d.%m.%y"]),
            (&["20240301", "20241231"], &["%Y%m%d"]),
            (&["05-Mar-2024", "31-Dec-2023"], &["%d-%b-%Y"]),
            (&["2024-03-01 12:30:00", "2024-03-02 00:00:00"], &["%Y-%m-%d %H:%M:%S"]),
            (&["2024-03-01T12:30:00Z", "2024-03-02T00:00:00.5Z"], &["iso8601"]),
            (&["3/31/2024 1:15 PM", "4/1/2024 12:00 AM"], &["%m/%d/%Y %I:%M %p"]),
            (&["12345678", "87654321"], &[]),
            (&["1234.50", "99"], &[]),
            (&["abc"], &[]),
            (&[], &[]),
        ];
        for (values, expected) in table {
            assert_eq!(formats(values), *expected, "{values:?}");
        }
        // A few texts that are no dates do not hide those that are.
        assert_eq!(formats(&["31.03.2024", "01.04.2024", "02.04.2024", "03.04.2024", "soon"]), ["%d.%m.%Y"]);
    }

    #[test]
    fn dates_that_must_follow_each_other_tell_the_orders_apart() {
        // Invoiced on the 2nd of March and due on the 1st of April; read the other way, due before it was invoiced.
        let pairs = [("03/02/2024", "04/01/2024"), ("05/06/2024", "06/05/2024"), ("10/11/2024", "11/10/2024")];
        let pattern = |text: &str| DatePattern::compile(text).expect("compiles");
        let (american, british) = (pattern("%m/%d/%Y"), pattern("%d/%m/%Y"));
        assert_eq!(in_sequence(pairs.into_iter(), &american, &american), (3, 3));
        assert_eq!(in_sequence(pairs.into_iter(), &british, &british), (3, 0));
    }
}
