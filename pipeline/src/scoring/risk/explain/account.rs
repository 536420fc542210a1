//! What a customer and its group owe, against the limit.

use super::Explainer;
use crate::forecast::explain::{decimal, text_of};
use crate::ingest::load::knowledge::FROM_THE_BEGINNING;
use crate::ledger::calendar::Day;
use crate::scoring::as_of::{CustomerAsOf, OpenItem, customer_as_of};
use serde::Serialize;

/// What a customer owes. Amounts are base currency at the rates of the date, item by item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountPart {
    /// The base currency.
    pub base_currency: String,
    /// Items that are open.
    pub open_items: usize,
    /// What is open of them.
    pub open_base: String,
    /// Items past due; those without a due date by the company's usual terms.
    pub overdue_items: usize,
    /// What is open of them.
    pub overdue_base: String,
    /// Open items without a due date of their own.
    pub items_without_due_date: usize,
    /// Credits that nobody has applied yet, less refunds and reversals that wait for them.
    pub unapplied_base: String,
    /// What is open by how long it is past due: the buckets of the aging that have anything.
    pub buckets: Vec<BucketPart>,
    /// Days past due of the oldest items that make up 1 % of what is open.
    pub worst_days_past_due: Option<i32>,
    /// Most days late of the last 12 months.
    pub worst_of_12_months: Option<i32>,
    /// The limit.
    pub limit: LimitPart,
}

/// What is open in a bucket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BucketPart {
    /// The word of the aging: `not_due`, `1_30`, …
    pub bucket: String,
    /// Items.
    pub items: usize,
    /// What is open of them.
    pub open_base: String,
}

/// A credit limit as known at the end of the date.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitPart {
    /// The limit in its own currency; `None` where the ledger has none.
    pub credit_limit: Option<String>,
    /// The limit in base currency at the rate of the date.
    pub credit_limit_base: Option<String>,
    /// What is insured, in base currency.
    pub insured_base: Option<String>,
    /// Its currency.
    pub currency: Option<String>,
    /// Since when the ledger knows this limit; `None` where it does not say. Then the score does not look at it.
    pub known_since_date: Option<String>,
    /// Open less unapplied credits ÷ limit; `None` without a limit above 0.
    pub utilisation: Option<f64>,
    /// Why there is no limit or no use of it: `not_supplied`, `no_rate`, `zero_base`.
    pub reason: Option<&'static str>,
}

/// A customer of the same parent with exposure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberPart {
    /// Its company.
    pub company_id: String,
    /// Its id.
    pub customer_id: String,
    /// What it owes, base currency.
    pub open_base: String,
    /// Of it, past due.
    pub overdue_base: String,
    /// Its grade.
    pub grade: &'static str,
}

/// Open and overdue of some items, ten-thousandths of base currency.
struct Owed<'a> {
    items: Vec<(&'a OpenItem, i64)>,
    day: Day,
}

impl<'a> Owed<'a> {
    fn new(explainer: &Explainer, customer: usize, seen: &'a CustomerAsOf) -> Self {
        let (facts, day) = (explainer.facts, explainer.night.day);
        let all = facts.all_items_of(customer);
        let base = |item: &OpenItem| facts.rates().value_on(all[item.position as usize].currency, day, day, item.open);
        Owed { items: seen.open.iter().map(|item| (item, base(item))).collect(), day }
    }

    /// Items and their amount for which `is_in` holds of the days past due.
    fn sum(&self, is_in: impl Fn(i32) -> bool) -> (usize, i64) {
        let of = self.items.iter().filter(|(item, _)| is_in(self.day - item.due_date));
        of.fold((0, 0), |(items, sum), (_, amount)| (items + 1, sum + amount))
    }
}

/// A customer as the score sees it.
pub(super) fn seen(explainer: &Explainer, customer: usize) -> CustomerAsOf {
    let usual = explainer.usual_terms.of(explainer.companies.company(customer));
    customer_as_of(explainer.facts, customer, explainer.night.day, usual)
}

impl AccountPart {
    /// Of any customer.
    pub fn new(explainer: &Explainer, customer: u32, seen: &CustomerAsOf) -> Self {
        let (facts, day, base) = (explainer.facts, explainer.night.day, explainer.base_code());
        let owed = Owed::new(explainer, customer as usize, seen);
        let (open, overdue) = (owed.sum(|_| true), owed.sum(|days| days > 0));
        let unapplied: i64 = seen.unapplied.iter().map(|(currency, amount)| facts.rates().value_on(*currency, day, day, *amount)).sum();
        let row = explainer.night.of(customer).map(|of| &of.row.account);
        let buckets = explainer.buckets;
        let bucket = |slot: usize| {
            let (items, sum) = owed.sum(|days| buckets.by_due_date(Some(days)) == slot);
            (items > 0).then(|| BucketPart { bucket: buckets.due_word(slot), items, open_base: decimal(sum, base) })
        };
        AccountPart {
            base_currency: base.to_owned(),
            open_items: open.0,
            open_base: decimal(open.1, base),
            overdue_items: overdue.0,
            overdue_base: decimal(overdue.1, base),
            items_without_due_date: seen.open.iter().filter(|item| !item.has_due_date).count(),
            unapplied_base: decimal(unapplied, base),
            buckets: (0..=buckets.oldest()).filter_map(bucket).collect(),
            worst_days_past_due: row.map(|account| account.worst_days_past_due),
            worst_of_12_months: row.and_then(|account| account.worst_of_12_months),
            limit: LimitPart::new(explainer, customer as usize, open.1 - unapplied),
        }
    }
}

impl LimitPart {
    fn new(explainer: &Explainer, customer: usize, used: i64) -> Self {
        let (facts, day, base) = (explainer.facts, explainer.night.day, explainer.base_code());
        let none = |reason| LimitPart {
            credit_limit: None,
            credit_limit_base: None,
            insured_base: None,
            currency: None,
            known_since_date: None,
            utilisation: None,
            reason: Some(reason),
        };
        let Some(known) = facts.customer_row(customer, day) else { return none("not_supplied") };
        let rated = known.fact.currency.filter(|currency| facts.rates().on(*currency, day, day).is_some());
        let in_base = |amount: Option<i64>| Some(facts.rates().value_on(rated?, day, day, amount?));
        let insured_base = in_base(known.fact.insured_amount).map(|amount| decimal(amount, base));
        let Some(limit) = known.fact.credit_limit else { return LimitPart { insured_base, ..none("not_supplied") } };
        let code = known.fact.currency.map_or_else(
            || explainer.book.customers[customer].credit_limit_currency.clone().unwrap_or_else(|| base.to_owned()),
            |currency| explainer.book.rates.code(currency).to_owned(),
        );
        let limit_base = in_base(Some(limit));
        LimitPart {
            credit_limit: Some(decimal(limit, &code)),
            credit_limit_base: limit_base.map(|amount| decimal(amount, base)),
            insured_base,
            currency: Some(code),
            known_since_date: (known.from != FROM_THE_BEGINNING).then(|| text_of(known.from)),
            utilisation: limit_base.filter(|limit| *limit > 0).map(|limit| used as f64 / limit as f64),
            reason: match limit_base {
                None => Some("no_rate"),
                Some(0) => Some("zero_base"),
                Some(_) => None,
            },
        }
    }
}

/// The other customers of the same parent that owe anything or bought in the last year, in the order of the customers.
pub fn family(explainer: &Explainer, customer: u32) -> Vec<MemberPart> {
    let family = explainer.families.of(customer as usize);
    let base = explainer.base_code();
    let others = explainer.night.scored.iter().filter(|of| of.row.family == family && of.row.customer != customer);
    others
        .map(|of| {
            let number = of.row.customer as usize;
            let seen = seen(explainer, number);
            let owed = Owed::new(explainer, number, &seen);
            MemberPart {
                company_id: explainer.company_of(of.row.customer).to_owned(),
                customer_id: explainer.book.customers[number].id.clone(),
                open_base: decimal(owed.sum(|_| true).1, base),
                overdue_base: decimal(owed.sum(|days| days > 0).1, base),
                grade: of.grade.word(),
            }
        })
        .collect()
}
