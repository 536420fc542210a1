//! What the ledger says about cleared items: read for resolving it into applications, and for saying what does not balance.

pub mod fact;
pub mod touched;
pub mod whole;

use std::collections::{HashMap, HashSet};

use arrow::array::{Array as _, AsArray as _};
use xxhash_rust::xxh3::xxh3_64;

use super::{LedgerFiles, LeftOut, LoadOptions, RowGroup, invisible_rows, read_row_groups};
use crate::error::Result;
use crate::ingest::clearings::matching::{Cleared, match_items, unmatched};
use fact::{COLUMNS, Fact, hash_of_clearing, read_facts, unpack};

/// A cleared item of which not everything is matched with other items of its clearing.
pub const CLEARING_NOT_BALANCED: &str = "clearing_not_balanced";

/// Lists what is cleared and not matched: the items of clearings whose debits and credits are not equal, as far as something of them
/// is left. They are open.
pub(super) fn leave_out(files: &LedgerFiles, options: &LoadOptions, left_out: &mut Vec<LeftOut>) -> Result<()> {
    let Some(table) = files.tables.get("clearings") else { return Ok(()) };
    let invisible = invisible_rows(files, "clearings", options.known_as_of)?;
    let visible = |group: &RowGroup, row: usize| group.column("clearing_id").is_valid(row) && !invisible.contains(&group.row(row));
    let columns = ["company_id", "clearing_id", "clearing_date", "amount", "currency"];
    let sums = read_row_groups(&table.segments, files.first_files, &columns, &[], |group| {
        let (hash, amounts) = (hash_of_clearing(group), group.amounts("amount"));
        let currencies = group.column("currency").as_string::<i32>();
        let mut sums: HashMap<(u64, u64), i128> = HashMap::new();
        for row in (0..group.rows()).filter(|row| visible(group, *row)) {
            *sums.entry((hash(row), xxh3_64(currencies.value(row).as_bytes()))).or_default() += i128::from(amounts[row]);
        }
        // What is in balance within the group is as if it were not there.
        sums.retain(|_, sum| *sum != 0);
        sums
    })?;
    let mut total: HashMap<(u64, u64), i128> = HashMap::new();
    for (clearing, sum) in sums.into_iter().flatten() {
        *total.entry(clearing).or_default() += sum;
    }
    let unequal: HashSet<u64> = total.into_iter().filter(|(_, sum)| *sum != 0).map(|((of, _), _)| of).collect();
    if unequal.is_empty() {
        return Ok(());
    }
    let groups = read_row_groups(&table.segments, files.first_files, &COLUMNS, &[], |group| {
        let (hash, read) = (hash_of_clearing(group), read_facts(files, group));
        let rows: Vec<usize> = (0..group.rows()).filter(|row| visible(group, *row) && unequal.contains(&hash(*row))).collect();
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| read(*row).pack(&mut bytes));
        (rows.into_iter().map(|row| group.row(row)).collect::<Vec<u32>>(), bytes)
    })?;
    let mut facts: Vec<(u32, Fact<'_>)> = groups.iter().flat_map(|(rows, bytes)| rows.iter().copied().zip(unpack(bytes))).collect();
    facts.sort_by(|(_, a), (_, b)| a.clearing().cmp(&b.clearing()));
    for clearing in facts.chunk_by(|(_, a), (_, b)| a.clearing() == b.clearing()) {
        let items: Vec<Cleared<'_>> = clearing.iter().map(|(_, fact)| fact.cleared()).collect();
        let rows = unmatched(&items, &match_items(&items)).into_iter().map(|at| clearing[at].0);
        left_out.extend(rows.map(|row| LeftOut { table: "clearings", row, reason: CLEARING_NOT_BALANCED }));
    }
    Ok(())
}
