//! Decisions of people about a customer's credit, as they were known at the end of any day.

use super::customers::customers_by_key;
use super::{Known, LedgerFiles, LoadOptions, Numbers, Rows, read_row_groups};
use crate::error::Result;
use crate::ingest::load::overrides::flaw;
use crate::ledger::book::{Book, CustomerIndex, NO_AMOUNT, NO_DATE};
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::grades::Grade;

/// What a person may decide, in the order in which one goes before another: as
/// [`crate::catalog::ledger_tables::OVERRIDE_KINDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverrideKind {
    /// No further credit.
    Hold,
    /// The limit to propose.
    CreditLimit,
    /// The grade.
    Grade,
    /// Looked at, and left as it is.
    Review,
}

impl OverrideKind {
    /// Every kind, in order.
    pub const ALL: [OverrideKind; 4] = [OverrideKind::Hold, OverrideKind::CreditLimit, OverrideKind::Grade, OverrideKind::Review];

    /// The canonical word.
    pub fn word(self) -> &'static str {
        crate::catalog::ledger_tables::OVERRIDE_KINDS[self as usize]
    }

    /// The kind of a canonical word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A version of a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownOverride {
    /// About whom.
    pub customer: CustomerIndex,
    /// When it was decided.
    pub made_date: Day,
    /// What is decided.
    pub kind: OverrideKind,
    /// Its id.
    pub id: String,
    /// The limit, ten-thousandths of `currency`; for [`OverrideKind::CreditLimit`] always there.
    pub amount: Option<i64>,
    /// In what.
    pub currency: CurrencyIndex,
    /// The grade; for [`OverrideKind::Grade`] always there.
    pub grade: Option<Grade>,
    /// The last day on which it holds, or `None` for good.
    pub until_date: Option<Day>,
    /// Who decided.
    pub made_by: String,
    /// Why.
    pub reason: String,
}

impl KnownOverride {
    /// Whether it holds on a day: from the day on which it was made to its last, both included.
    pub fn holds_on(&self, day: Day) -> bool {
        self.made_date <= day && self.until_date.is_none_or(|until| day <= until)
    }
}

/// Reads every version of every decision, in an order that its content decides. What [`flaw`] finds in a version makes it say
/// nothing; so do customers that are not in the book and currencies that no document or rate has.
pub(super) fn read(files: &LedgerFiles, options: &LoadOptions, book: &Book, currencies: &Numbers) -> Result<Vec<Known<KnownOverride>>> {
    let segments = files.segments("overrides");
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    let customers = customers_by_key(book);
    let rows = Rows::of(files, "overrides", options)?;
    let columns = [
        "customer_key",
        "override_id",
        "kind",
        "amount",
        "currency",
        "grade",
        "made_date",
        "made_by",
        "reason",
        "until_date",
        "recorded_at",
    ];
    let groups = read_row_groups(segments, files.first_files, &columns, &[], |group| {
        let (keys, ids, kinds) = (group.i64s("customer_key"), group.texts("override_id"), group.texts("kind"));
        let (amounts, codes, grades) = (group.amounts("amount"), group.texts("currency"), group.texts("grade"));
        let (made, people, reasons) = (group.dates("made_date"), group.texts("made_by"), group.texts("reason"));
        let (untils, days) = (group.dates("until_date"), rows.days(group));
        (0..group.rows())
            .filter_map(|row| {
                let (from, until) = days(row)?;
                let currency = match codes[row].as_deref() {
                    None => book.rates.base(),
                    Some(code) => currencies.currency(code).filter(|currency| usize::from(*currency) < book.rates.len())?,
                };
                let fact = KnownOverride {
                    customer: *customers.get(&keys[row])?,
                    made_date: made[row],
                    kind: OverrideKind::named(kinds[row].as_deref()?)?,
                    id: ids[row].clone()?,
                    amount: (amounts[row] != NO_AMOUNT).then_some(amounts[row]),
                    currency,
                    grade: grades[row].as_deref().and_then(Grade::named),
                    until_date: (untils[row] != NO_DATE).then_some(untils[row]),
                    made_by: people[row].clone()?,
                    reason: reasons[row].clone()?,
                };
                flaw(&fact).is_none().then_some(Known { fact, from, until })
            })
            .collect::<Vec<_>>()
    })?;
    let mut found: Vec<Known<KnownOverride>> = groups.into_iter().flatten().collect();
    found.sort_by(|a, b| (&a.fact, a.from, a.until).cmp(&(&b.fact, b.from, b.until)));
    Ok(found)
}
