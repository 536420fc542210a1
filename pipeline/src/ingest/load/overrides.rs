//! Decisions of people about a customer's credit: which of them a night can use.
//!
//! What is known of them on any day stands in `knowledge`; here rows are judged as they stand now, so that a decision that says
//! nothing is named and not lost. A row without who or why does not get this far: it is in quarantine.

use super::knowledge::{KnownOverride, OverrideKind};
use super::{Customers, Interners, LedgerFiles, LeftOut, LoadOptions, UNKNOWN, invisible_rows, read_row_groups};
use crate::error::Result;
use crate::ledger::book::{NO_AMOUNT, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::rates::Rates;
use crate::scoring::grades::Grade;

/// A decision as it stands in the ledger.
pub(super) struct RawOverride {
    row: u32,
    customer_key: i64,
    currency: Option<u16>,
    flaw: Option<&'static str>,
}

/// Why a decision says nothing, whatever the rest of the ledger is: it lacks what its kind needs, or ends before it begins.
pub(super) fn flaw(decision: &KnownOverride) -> Option<&'static str> {
    if decision.made_by.trim().is_empty() || decision.reason.trim().is_empty() {
        return Some("missing_value");
    }
    match (decision.kind, decision.amount, decision.grade) {
        (OverrideKind::CreditLimit, None, _) => Some("missing_amount"),
        (OverrideKind::CreditLimit, Some(amount), _) if amount < 0 => Some("negative_amount"),
        (OverrideKind::Grade, _, None) => Some("missing_grade"),
        _ => decision.until_date.filter(|until| *until < decision.made_date).map(|_| "until_before_made"),
    }
}

/// Reads the decisions, before the rates of their currencies are.
pub(super) fn read_overrides(files: &LedgerFiles, options: &LoadOptions, interner: &Interners) -> Result<Vec<RawOverride>> {
    let invisible = invisible_rows(files, "overrides", options.known_as_of)?;
    let columns = ["customer_key", "kind", "amount", "currency", "grade", "made_date", "made_by", "reason", "until_date"];
    let groups = read_row_groups(files.segments("overrides"), files.first_files, &columns, &[], |group| {
        let (keys, kinds, amounts) = (group.i64s("customer_key"), group.texts("kind"), group.amounts("amount"));
        let (codes, grades, made) = (group.texts("currency"), group.texts("grade"), group.dates("made_date"));
        let (people, reasons, untils) = (group.texts("made_by"), group.texts("reason"), group.dates("until_date"));
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.filter_map(|row| {
            let decision = KnownOverride {
                customer: UNKNOWN,
                made_date: made[row],
                kind: OverrideKind::named(kinds[row].as_deref()?)?,
                id: String::new(),
                amount: (amounts[row] != NO_AMOUNT).then_some(amounts[row]),
                currency: 0,
                grade: grades[row].as_deref().and_then(Grade::named),
                until_date: (untils[row] != NO_DATE).then_some(untils[row]),
                made_by: people[row].clone().unwrap_or_default(),
                reason: reasons[row].clone().unwrap_or_default(),
            };
            let currency = codes[row].as_deref().map(|code| interner.currency(code));
            Some(RawOverride { row: group.row(row), customer_key: keys[row], currency, flaw: flaw(&decision) })
        })
        .collect::<Vec<_>>()
    })?;
    Ok(groups.into_iter().flatten().collect())
}

/// Names the decisions that say nothing, those about customers that nobody knows, and those in a currency without a rate by
/// `as_of`: they count at the rate of that day.
pub(super) fn leave_out(overrides: &[RawOverride], customers: &Customers, rates: &Rates, as_of: Day, left_out: &mut Vec<LeftOut>) {
    for decision in overrides {
        let is_known = customers.by_key.get(&decision.customer_key).is_some_and(|customer| *customer != UNKNOWN);
        let has_rate = |currency: u16| currency == rates.base() || rates.on(currency, as_of).is_some();
        let reason = match (decision.flaw, is_known, decision.currency.is_none_or(has_rate)) {
            (Some(flaw), _, _) => flaw,
            (None, false, _) => "unknown_customer",
            (None, true, false) => "no_rate",
            (None, true, true) => continue,
        };
        left_out.push(LeftOut { table: "overrides", row: decision.row, reason });
    }
}
