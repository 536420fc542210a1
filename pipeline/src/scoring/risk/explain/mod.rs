//! Why a customer has the grade it has: the score as a sum, what speaks against it, what would change it, and the payments behind it.
//!
//! Responsible for putting together what the model of a night, the defaults and the facts say of one customer, in figures and in
//! words. The figures are those of [`NightRisk`], which the published tables read too. Not responsible for finding the customer, nor for
//! how it is printed: see `text`.

pub mod account;
pub mod changes;
pub mod default_part;
pub mod payments;
pub mod points;
pub mod standing;
pub mod text;
pub mod words;

use super::night::NightRisk;
use crate::forecast::explain::{decimal, text_of};
use crate::forecast::snapshot::Companies;
use crate::ingest::load::knowledge::{Known, KnownOverride};
use crate::ledger::book::Book;
use crate::ledger::buckets::Buckets;
use crate::ledger::currency::minor_digits;
use crate::ledger::money::display_amount;
use crate::scoring::as_of::UsualTerms;
use crate::scoring::defaults::Families;
use crate::scoring::facts::Facts;
use crate::scoring::grades::Grade;
use account::{AccountPart, MemberPart, family, seen};
use changes::Changes;
use default_part::{EventPart, InDefaultPart, events, in_default};
use payments::PaymentsPart;
use points::PointsPart;
use serde::Serialize;
use standing::StandingPart;

/// What explanations are made from.
pub struct Explainer<'a> {
    /// The risk of the night.
    pub night: &'a NightRisk,
    /// The book.
    pub book: &'a Book,
    /// The facts as they were known.
    pub facts: &'a Facts,
    /// The facts that the night's defaults were found with: in hindsight.
    pub default_facts: &'a Facts,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// Which customers belong together.
    pub families: &'a Families,
    /// Terms that stand in for missing due dates.
    pub usual_terms: &'a UsualTerms,
    /// The buckets of the aging.
    pub buckets: &'a Buckets,
    /// What people decided; every version.
    pub overrides: &'a [Known<KnownOverride>],
    /// The model's published version.
    pub model_version: &'a str,
}

/// A customer explained. Money is decimal text, dates are `YYYY-MM-DD`, chances shares of 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The date: what was known at its end.
    pub as_of_date: String,
    /// Its company.
    pub company_id: String,
    /// Its id.
    pub customer_id: String,
    /// `scored`, `in_default`, `unrated`, or `not_scored`: neither open items nor sales in the last 365 days.
    pub status: &'static str,
    /// Grade, chance of default, score; `None` where it is not scored.
    pub standing: Option<StandingPart>,
    /// The default that it is in.
    pub in_default: Option<InDefaultPart>,
    /// The score as a sum, and the reasons; `None` without a score.
    pub points: Option<PointsPart>,
    /// What would change the grade; `None` where it is not scored.
    pub changes: Option<Changes>,
    /// Defaults and technical cases, oldest first.
    pub default_events: Vec<EventPart>,
    /// What it owes.
    pub account: AccountPart,
    /// How it has paid.
    pub payments: PaymentsPart,
    /// Other customers of the same parent that are scored.
    pub family: Vec<MemberPart>,
    /// What people decided and still holds.
    pub decisions: Vec<DecisionPart>,
    /// The model.
    pub model: ModelPart,
}

/// A decision of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionPart {
    /// `hold`, `credit_limit`, `grade`, or `review`.
    pub kind: &'static str,
    /// When it was made.
    pub made_date: String,
    /// By whom.
    pub made_by: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds; `None` for good.
    pub until_date: Option<String>,
    /// The limit or the grade that was decided.
    pub value: Option<String>,
}

/// The model of the night.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelPart {
    /// `full`, `small` or `expert`.
    pub tier: &'static str,
    /// Its version, as `customer_scores` has it.
    pub version: String,
    /// The month ends it was learnt from.
    pub month_ends: usize,
    /// The first of them; `None` without any.
    pub first_month_end: Option<String>,
    /// The last of them.
    pub last_month_end: Option<String>,
    /// Groups of customers of one parent.
    pub families: usize,
    /// Those of them that defaulted.
    pub defaulted_families: usize,
}

impl Explainer<'_> {
    /// Explains a customer.
    pub fn explain(&self, customer: u32) -> Explanation {
        let of = self.night.of(customer);
        let seen = seen(self, customer as usize);
        let card = self.night.model.scorecard();
        let status = match of.map(|of| of.grade) {
            None => "not_scored",
            Some(Grade::InDefault) => "in_default",
            Some(Grade::Unrated) => "unrated",
            Some(_) => "scored",
        };
        Explanation {
            as_of_date: text_of(self.night.day),
            company_id: self.company_of(customer).to_owned(),
            customer_id: self.book.customers[customer as usize].id.clone(),
            status,
            standing: of.map(|of| StandingPart::new(self, of)),
            in_default: of.and_then(|of| of.default.as_ref()).map(|event| in_default(self, event)),
            points: of.and_then(|of| PointsPart::new(self, of)),
            changes: of.map(|of| match of.grade {
                Grade::InDefault => Changes::none("in_default"),
                Grade::Unrated => Changes::none("unrated"),
                grade => Changes::new(card, &of.row.values, grade, of.previous_grade),
            }),
            default_events: events(self, customer),
            account: AccountPart::new(self, customer, &seen),
            payments: PaymentsPart::new(self, customer, &seen),
            family: family(self, customer),
            decisions: self.decisions(customer),
            model: self.model(),
        }
    }

    fn decisions(&self, customer: u32) -> Vec<DecisionPart> {
        let day = self.night.day;
        let holds = |known: &&Known<KnownOverride>| known.fact.customer == customer && known.is_known(day) && known.fact.holds_on(day);
        let part = |decision: &KnownOverride| {
            let code = self.book.rates.code(decision.currency);
            let limit = decision.amount.map(|amount| format!("{} {code}", decimal(amount, code)));
            DecisionPart {
                kind: decision.kind.word(),
                made_date: text_of(decision.made_date),
                made_by: decision.made_by.clone(),
                reason: decision.reason.clone(),
                until_date: decision.until_date.map(text_of),
                value: decision.grade.map(|grade| grade.word().to_owned()).or(limit),
            }
        };
        self.overrides.iter().filter(holds).map(|known| part(&known.fact)).collect()
    }

    fn model(&self) -> ModelPart {
        let model = &self.night.model;
        let counts = &model.ladder.counts;
        ModelPart {
            tier: model.ladder.tier.word(),
            version: self.model_version.to_owned(),
            month_ends: model.days.len(),
            first_month_end: model.days.first().copied().map(text_of),
            last_month_end: model.days.last().copied().map(text_of),
            families: counts.groups,
            defaulted_families: counts.event_groups,
        }
    }

    fn company_of(&self, customer: u32) -> &str {
        &self.book.companies[self.book.customers[customer as usize].company as usize]
    }

    fn base_code(&self) -> &str {
        self.book.rates.code(self.book.rates.base())
    }

    /// An amount of base currency for people to read.
    fn money(&self, amount: i64) -> String {
        let code = self.base_code();
        format!("{} {code}", display_amount(i128::from(amount), minor_digits(code).unwrap_or(2)))
    }
}
