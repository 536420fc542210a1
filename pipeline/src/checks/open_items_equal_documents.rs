//! Law 1: applications move no money. By company, currency and date, the open items in document currency equal the
//! documents dated so far, plus what came from or went to another currency.

use super::Context;
use crate::error::Result;
use crate::ledger::calendar::date_of;
use crate::ledger::scopes::{Scope, ScopeValue};
use crate::ledger::timeline::Timeline;
use crate::ledger::totals::SealedTotals;
use crate::marts::frame::sums;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let is_currency = |value: &ScopeValue| value.scope == Scope::Currency && value.company.is_some();
    let (mut companies, mut currencies, mut days) = (Vec::new(), Vec::new(), Vec::new());
    let (mut from_items, mut from_documents) = (Vec::new(), Vec::new());
    for (value, totals) in context.walked.scopes.iter().filter(|(value, _)| is_currency(value)) {
        for (day, open, documents) in differences(totals, context.timeline) {
            companies.push(value.company_id(context.book));
            currencies.push(value.text(context.book));
            days.push(date_of(day).to_string());
            from_items.push(open);
            from_documents.push(documents);
        }
    }
    Ok(DataFrame::new_infer_height(vec![
        Column::new("company_id".into(), companies),
        Column::new("currency".into(), currencies),
        Column::new("balance_date".into(), days),
        sums("from_open_items", from_items),
        sums("from_documents", from_documents),
    ])?)
}

/// Balance dates on which the two differ: day, from open items, from documents.
fn differences(totals: &SealedTotals, timeline: &Timeline) -> Vec<(i32, i128, i128)> {
    let mut found = Vec::new();
    let mut ended = 0;
    for (date, day) in timeline.balance_dates.iter().enumerate() {
        while ended < timeline.interval_starts.len() && timeline.interval_end(ended) <= *day {
            ended += 1;
        }
        let flow = totals.flow(0..ended);
        let documents = flow.documents_document + flow.transfer_document;
        let open = totals.nets[date].document;
        if open != documents {
            found.push((*day, open, documents));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::calendar::day_of;
    use crate::ledger::collections::RollShape;
    use crate::ledger::totals::ScopeTotals;

    #[test]
    fn money_made_by_an_application_is_found() {
        let day = |text: &str| day_of(text.parse().expect("a date of the test"));
        let timeline = Timeline::new(day("2025-06-30"), 2, day("2025-06-10"));
        let shape = RollShape { buckets: 6, periods: timeline.period_ends.len() };
        let mut totals =
            ScopeTotals::new(shape, timeline.balance_dates.len(), timeline.interval_starts.len(), timeline.cohort_months().len());
        totals.flows[timeline.interval(day("2025-06-10"))].documents_document = 100;
        totals.nets[timeline.balance_date(day("2025-06-30"))].document = 100;
        let sealed = |totals: &ScopeTotals| totals.clone().seal(day("2025-06-10"), day("2025-06-10"));
        assert_eq!(differences(&sealed(&totals), &timeline), []);
        totals.nets[timeline.balance_date(day("2025-06-30"))].document = 99;
        assert_eq!(differences(&sealed(&totals), &timeline), [(day("2025-06-30"), 99, 100)]);
    }
}
