//! The second witness: recomputes the marts of a published night with the SQL twins, on the analyst's own DuckDB, and
//! compares every cell.
//!
//! One script does all of it: it reads the canonical tables as the store has them, resolves them to current rows, runs the
//! twins in the order of `sql/order.txt`, and compares what they give with the night's files: money exactly, ratios to 1e-9.
//! Nothing of the pipeline's own computation is used, except which applications a night leaves out as over-applied.

mod quality;
mod script;

use crate::error::{Error, Result};
pub use script::{Night, script};

/// A line of `sql/order.txt`.
#[derive(Clone, Copy, Debug)]
pub enum Line {
    /// A canonical table that the steps read.
    Input(&'static str),
    /// A step, and its SELECT.
    Step(&'static str, &'static str),
    /// A table that no line below reads.
    Drop(&'static str),
    /// A mart, the columns of its key, and its SELECT.
    Mart(&'static str, &'static [&'static str], &'static str),
}

/// The twins, in the order they run.
pub const TWINS: &[Line] = include!(concat!(env!("OUT_DIR"), "/twins.rs"));

/// What was found in one mart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The mart.
    pub mart: String,
    /// Rows that SQL gives.
    pub twin_rows: u64,
    /// Rows that are published.
    pub published_rows: u64,
    /// Cells beside the key in rows of both.
    pub cells: u64,
    /// Cells that differ, rows that only one has, columns of another type and keys that stand twice.
    pub differences: u64,
    /// The first of them, as people read them.
    pub examples: Vec<String>,
}

/// What the script printed, mart by mart.
///
/// # Errors
/// When it is not what the script prints.
pub fn read_result(csv_text: &[u8]) -> Result<Vec<Compared>> {
    let unreadable = |cause: &dyn std::fmt::Display| Error::unexpected("parity", format!("the engine's answer cannot be read: {cause}"));
    let mut marts: Vec<Compared> = Vec::new();
    for record in csv::Reader::from_reader(csv_text).records() {
        let record = record.map_err(|cause| unreadable(&cause))?;
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let number = |at: usize| cell(at).parse().map_err(|_| unreadable(&format!("not a number: {:?}", cell(at))));
        if cell(1).is_empty() {
            let (twin_rows, published_rows, cells, differences) = (number(2)?, number(3)?, number(4)?, number(5)?);
            marts.push(Compared { mart: cell(0).to_owned(), twin_rows, published_rows, cells, differences, examples: Vec::new() });
        } else if let Some(mart) = marts.last_mut() {
            mart.examples.push(example(cell(1), [cell(2), cell(3), cell(4), cell(5)]));
        }
    }
    Ok(marts)
}

fn example(kind: &str, [column, key, twin, published]: [&str; 4]) -> String {
    match kind {
        "cell" => format!("{column}: SQL says {twin}, published is {published} ({key})"),
        "type" => format!("column {column}: SQL gives {twin}, published is {published}"),
        kind => format!("{kind}: {key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::published::Table;

    #[test]
    fn every_twin_is_of_a_published_table_and_has_its_key() {
        let mut marts = 0;
        for line in TWINS {
            if let Line::Mart(name, key, _) = line {
                assert_eq!(Table::named(name).unwrap_or_else(|| panic!("{name} is published")).key, *key, "{name}");
                marts += 1;
            }
        }
        assert!(marts >= 5);
    }

    #[test]
    fn what_is_dropped_is_read_by_nothing_below() {
        for (at, line) in TWINS.iter().enumerate() {
            let Line::Drop(gone) = line else { continue };
            assert!(TWINS[..at].iter().any(|line| matches!(line, Line::Step(name, _) if name == gone)), "{gone} stands above");
            for line in &TWINS[at..] {
                if let Line::Step(name, sql) | Line::Mart(name, _, sql) = line {
                    let code = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
                    assert!(!code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == *gone), "{name} reads {gone}");
                }
            }
        }
    }

    #[test]
    fn the_answer_of_the_script_is_read_mart_by_mart() {
        let text = "mart,kind,a,b,c,d\naging,,3,2,10,2\naging,cell,amount,main/company,1.0000,2.0000\naging,only in SQL,,main/x,,\nkpis,,1,1,9,0\n";
        let marts = read_result(text.as_bytes()).expect("it reads");
        assert_eq!((marts[0].mart.as_str(), marts[0].twin_rows, marts[0].published_rows, marts[0].cells), ("aging", 3, 2, 10));
        assert_eq!(marts[0].examples, ["amount: SQL says 1.0000, published is 2.0000 (main/company)", "only in SQL: main/x"]);
        assert_eq!((marts[1].differences, marts[1].examples.len()), (0, 0));
    }
}
