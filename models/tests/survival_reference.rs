//! The curves against lifelines, statsmodels and exact rational arithmetic: `reference/survival.py` writes both files.

use std::collections::BTreeMap;
use std::str::FromStr;

use arrears_models::survival::{CurveDay, Exits, interval, payment_curve, quantile};

const ITEMS: &str = include_str!("reference/survival_items.csv");
const EXPECTED: &str = include_str!("reference/survival_expected.csv");
const TOLERANCE: f64 = 1e-12;

#[derive(Default)]
struct Book {
    exits: Vec<Exits>,
    late_entries: Vec<(u32, i128)>,
}

impl Book {
    fn add(&mut self, entry: Option<u32>, exit: usize, cause: &str, weight: i128) {
        if self.exits.len() <= exit {
            self.exits.resize(exit + 1, Exits::default());
        }
        let exits = &mut self.exits[exit];
        match cause {
            "cash" => exits.cash += weight,
            "credit" => exits.credit += weight,
            "write_off" => exits.write_off += weight,
            "censored" => exits.censored += weight,
            other => panic!("unknown cause: {other}"),
        }
        self.late_entries.extend(entry.map(|age| (age, weight)));
    }

    fn curve(&self) -> Vec<CurveDay> {
        payment_curve(&self.exits, &self.late_entries)
    }
}

fn number<T: FromStr>(field: &str) -> T {
    field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn books() -> BTreeMap<&'static str, Book> {
    let mut books: BTreeMap<&str, Book> = BTreeMap::new();
    for row in rows(ITEMS) {
        let entry = (!row[1].is_empty()).then(|| number(row[1]));
        books.entry(row[0]).or_default().add(entry, number(row[2]), row[3], number(row[4]));
    }
    books
}

/// What the crate says of one age, in the order of the reference's columns.
fn measures(day: &CurveDay) -> [Option<f64>; 7] {
    let interval = interval(day);
    let [cash, credit, write_off] = day.incidence;
    [
        Some(day.survival),
        interval.map(|it| it.standard_error),
        interval.map(|it| it.lower),
        interval.map(|it| it.upper),
        Some(cash),
        Some(credit),
        Some(write_off),
    ]
}

#[test]
fn every_curve_agrees_with_every_reference() {
    let curves: BTreeMap<&str, Vec<CurveDay>> = books().iter().map(|(name, book)| (*name, book.curve())).collect();
    let mut compared: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for row in rows(EXPECTED) {
        let [book, source, age] = [row[0], row[1], row[2]];
        let day = &curves[book][number::<usize>(age)];
        for (column, (expected, actual)) in row[3..].iter().zip(measures(day)).enumerate() {
            if expected.is_empty() {
                // The exact reference leaves out only what does not exist: the others also what they cannot compute.
                assert!(source != "exact" || actual.is_none(), "{book}, age {age}: column {column} should be absent");
                continue;
            }
            let (expected, actual) = (number::<f64>(expected), actual.unwrap_or(f64::NAN));
            let is_near = (actual - expected).abs() <= TOLERANCE;
            assert!(is_near, "{book}, {source}, age {age}, column {column}: {actual} is not {expected}");
            *compared.entry((source, column)).or_default() += 1;
        }
    }
    // A reference that silently shrank would prove nothing: each serves for what it can compute.
    let least = |source: &'static str, column: usize| compared.get(&(source, column)).copied().unwrap_or_default();
    assert!((0..7).all(|column| least("exact", column) >= 150), "{compared:?}");
    assert!((0..4).all(|column| least("lifelines", column) >= 140), "{compared:?}");
    assert!((4..7).all(|column| least("lifelines", column) >= 40), "{compared:?}");
    assert!((4..7).all(|column| least("statsmodels", column) >= 70), "{compared:?}");
}

#[test]
fn between_the_ages_of_the_reference_nothing_changes() {
    for (name, book) in books() {
        let curve = book.curve();
        for (age, pair) in curve.windows(2).enumerate() {
            if book.exits[age + 1] == Exits::default() {
                assert_eq!((pair[0].survival, pair[0].incidence), (pair[1].survival, pair[1].incidence), "{name}, age {}", age + 1);
            }
        }
    }
}

/// Weeks of remission under 6-mercaptopurine: E. J. Freireich et al. (1963), Blood 21, 699–716. The table is that of
/// J. P. Klein, M. L. Moeschberger (2003), *Survival Analysis*, 2nd edition, example 4.1.
#[test]
fn the_remission_times_of_the_textbooks_come_out_as_printed() {
    let curve = books()["freireich"].curve();
    let printed = [
        (6, 21, 3, 0.857, 0.076),
        (7, 17, 1, 0.807, 0.087),
        (10, 15, 1, 0.753, 0.096),
        (13, 12, 1, 0.690, 0.107),
        (16, 11, 1, 0.627, 0.114),
        (22, 7, 1, 0.538, 0.128),
        (23, 6, 1, 0.448, 0.135),
    ];
    for (age, at_risk, paid, survival, standard_error) in printed {
        let day = &curve[age];
        assert_eq!((day.at_risk, day.paid), (at_risk, paid), "week {age}");
        assert!((day.survival - survival).abs() <= 0.0005, "week {age}: {}", day.survival);
        assert!((interval(day).expect("some survive").standard_error - standard_error).abs() <= 0.0005, "week {age}");
    }
    assert_eq!(quantile(&curve, 0.5), Some(23));
}
