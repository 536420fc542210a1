//! What one item adds to each published line of the roll-forward and of the aging at a period end.
//!
//! Every line is a sum over items: the opening and the closing at their own closing rates, the documents, the transfers,
//! what FX moved, the buckets. [`super::walk`] makes these sums in one pass; here they are told item by item, to say which
//! items make up the difference between two views of a ledger. The realised FX of an application is told with the debit
//! item, what rounding leaves of an item with the item.

use super::book::{Application, Book, DocumentType, Item, ItemIndex, NO_DATE};
use super::buckets::{BUCKETS_MAX, Buckets};
use super::calendar::Day;
use super::scopes::Scope;
use super::timeline::Timeline;

/// Number of lines: document types, then those of [`Line`], then the buckets of both bases.
pub const LINES: usize = DOCUMENTS + 7 + 2 * BUCKETS_MAX;

const DOCUMENTS: usize = DocumentType::ALL.len();
const OPENING: usize = DOCUMENTS;
const CLOSING: usize = DOCUMENTS + 1;
const UNREALISED_FX: usize = DOCUMENTS + 2;
const TRANSFER_COMPANY: usize = DOCUMENTS + 3;
const TRANSFER_CURRENCY: usize = DOCUMENTS + 4;
const REALISED_FX_COMPANY: usize = DOCUMENTS + 5;
const REALISED_FX_CURRENCY: usize = DOCUMENTS + 6;
const DUE_DATE: usize = DOCUMENTS + 7;
const DOCUMENT_DATE: usize = DUE_DATE + BUCKETS_MAX;

/// Amounts by line, base currency, ten-thousandths, signed as they are published.
pub type Parts = [i128; LINES];

/// A line as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The table.
    pub table_name: &'static str,
    /// The line of the roll-forward, or `basis/bucket`.
    pub line: String,
    /// The scope it counts in; `None` for both scopes.
    pub scope: Option<Scope>,
}

/// The lines, in the order of [`Parts`]; `None` for a bucket that the configuration does not have.
pub fn lines(buckets: &Buckets) -> Vec<Option<Line>> {
    let roll_forward = |line: &str, scope| Some(Line { table_name: "roll_forward", line: line.to_owned(), scope });
    let mut lines: Vec<Option<Line>> = DocumentType::ALL.iter().map(|kind| roll_forward(kind.word(), None)).collect();
    lines.extend(["opening", "closing", "unrealised_fx"].map(|line| roll_forward(line, None)));
    for line in ["transfer", "realised_fx"] {
        lines.extend([Scope::Company, Scope::Currency].map(|scope| roll_forward(line, Some(scope))));
    }
    let aging = |line: String| Some(Line { table_name: "aging", line, scope: None });
    let has = |slot: usize| slot <= buckets.unapplied();
    lines.extend((0..BUCKETS_MAX).map(|slot| if has(slot) { aging(format!("due_date/{}", buckets.due_word(slot))) } else { None }));
    let has_document = |slot: usize| has(slot) && slot > 0 && slot != buckets.no_due_date();
    lines.extend(
        (0..BUCKETS_MAX).map(
            |slot| {
                if has_document(slot) { aging(format!("document_date/{}", buckets.document_word(slot))) } else { None }
            },
        ),
    );
    lines
}

/// What an item adds to the lines at a period end; `None` when it adds nothing to any of them.
pub fn parts(book: &Book, index: ItemIndex, end: Day, buckets: &Buckets, include_intercompany: bool) -> Option<Parts> {
    let item = &book.items[index as usize];
    let leaves_out = |item: &Item| book.customers[item.customer as usize].is_intercompany && !include_intercompany;
    if item.document_date > end || leaves_out(item) {
        return None;
    }
    let begin = Timeline::month_end_before(end);
    let (mut open_begin, mut open_end) = (if item.document_date <= begin { item.amount } else { 0 }, item.amount);
    let mut moved = item.document_date > begin;
    for application in book.applications_of(index).take_while(|application| application.visible_date <= end) {
        open_end -= application.part_of(item);
        if application.visible_date <= begin {
            open_begin -= application.part_of(item);
        } else {
            moved = true;
        }
    }
    if !moved && open_begin == 0 {
        return None;
    }
    let mut parts = [0; LINES];
    let sign = if item.document_type.is_debit() { 1 } else { -1 };
    let value = |day: Day, open: i64| i128::from(sign * book.rates.value_on(item.currency, day, open));
    let historical = |open: i64| i128::from(sign * book.historical_value(item, open));
    let (opening, closing) = (value(begin, open_begin), value(end, open_end));
    parts[OPENING] = opening;
    parts[CLOSING] = closing;
    parts[UNREALISED_FX] = (closing - historical(open_end)) - (opening - historical(open_begin));
    let documents = if item.document_date > begin { historical(item.amount) } else { 0 };
    parts[item.document_type as usize] = documents;
    let (mut applied, mut realised_company, mut realised_currency) = (0, 0, 0);
    let in_period = book.applications_of(index).filter(|application| application.visible_date > begin);
    for application in in_period.take_while(|application| application.visible_date <= end) {
        let other = &book.items[other_side(item, application) as usize];
        let own = -historical(application.part_of(item));
        applied += own;
        // Both sides of what does not cross are in one scope value, and there only their difference counts.
        let both =
            if item.document_type.is_debit() { own + i128::from(book.historical_value(other, application.credit_amount)) } else { 0 };
        let crosses_company = leaves_out(other);
        if crosses_company {
            parts[TRANSFER_COMPANY] += own;
        } else {
            realised_company += both;
        }
        if crosses_company || other.currency != item.currency {
            parts[TRANSFER_CURRENCY] += own;
        } else {
            realised_currency += both;
        }
    }
    let rounding = historical(open_end) - historical(open_begin) - documents - applied;
    parts[REALISED_FX_COMPANY] = realised_company + rounding;
    parts[REALISED_FX_CURRENCY] = realised_currency + rounding;
    let (due, dated) = slots(item, end, buckets);
    parts[DUE_DATE + due] = closing;
    parts[DOCUMENT_DATE + dated] = closing;
    Some(parts)
}

/// The other item of an application.
pub fn other_side(item: &Item, application: &Application) -> ItemIndex {
    if item.document_type.is_debit() { application.credit } else { application.debit }
}

fn slots(item: &Item, day: Day, buckets: &Buckets) -> (usize, usize) {
    if !item.document_type.is_debit() {
        return (buckets.unapplied(), buckets.unapplied());
    }
    let days_past_due = (item.due_date != NO_DATE).then(|| day - item.due_date);
    (buckets.by_due_date(days_past_due), buckets.by_document_date(day - item.document_date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_of_the_parts_has_its_line() {
        let buckets = Buckets::new(&[30, 60]).expect("rising edges");
        let lines = lines(&buckets);
        assert_eq!(lines.len(), LINES);
        let word = |at: usize| lines[at].as_ref().map(|line| line.line.as_str());
        assert_eq!(word(DocumentType::CreditNote as usize), Some("credit_note"));
        assert_eq!((word(OPENING), word(CLOSING), word(UNREALISED_FX)), (Some("opening"), Some("closing"), Some("unrealised_fx")));
        assert_eq!((word(TRANSFER_CURRENCY), word(REALISED_FX_COMPANY)), (Some("transfer"), Some("realised_fx")));
        assert_eq!(lines[REALISED_FX_CURRENCY].as_ref().and_then(|line| line.scope), Some(Scope::Currency));
        assert_eq!(word(DUE_DATE + buckets.by_due_date(Some(61))), Some("due_date/over_60"));
        assert_eq!(word(DUE_DATE + buckets.unapplied()), Some("due_date/unapplied"));
        assert_eq!(word(DOCUMENT_DATE + buckets.by_document_date(0)), Some("document_date/0_30"));
        assert_eq!((word(DOCUMENT_DATE), word(DOCUMENT_DATE + buckets.no_due_date())), (None, None));
        assert_eq!(lines.iter().flatten().count(), LINES - 2 * BUCKETS_MAX + 6 + 4);
    }
}
