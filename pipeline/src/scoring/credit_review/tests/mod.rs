//! Reviews of a ledger of a few lines, worked by hand. The date is day 500, Sunday 16 May 1971; a euro is two dollars.

mod decisions;
mod golden;
mod outcomes;
mod properties;
mod triggers;

use super::*;
use crate::config::{Config, CreditReviewConfig, Overrides};
use crate::forecast::snapshot::Companies;
use crate::ingest::load::knowledge::by_hand::ledger;
use crate::ingest::load::knowledge::{
    FROM_THE_BEGINNING, Knowledge, Known, KnownOrder, KnownOverride, KnownPromise, OverrideKind, TO_THIS_DAY,
};
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::business_days::{Basis, BusinessCalendar};
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;
use crate::scoring::grades::Grade;
use polars::prelude::DataFrame;

/// The date.
const AS_OF: Day = 500;
/// Customers of the ledger.
const A: CustomerIndex = 0;
const B: CustomerIndex = 1;
/// Ten-thousandths of a unit of currency.
const ONE: i128 = 10_000;

/// What A bought: the most it owed was 3,000, then 8,000, then 5,000 in the months that end on days 439, 470 and 500, and it bought
/// for 12,000 in these three: 4,000 a month. 4,000 are open.
const BOUGHT: &str = "
    I1 invoice A 420 450 3000 USD -
    I2 invoice A 445 475 5000 USD -
    I3 invoice A 490 520 4000 USD -
    R1 receipt A 450 -   3000 USD -
    R2 receipt A 480 -   5000 USD -";
const PAID: &str = "
    P1 R1 I1 450 3000 -
    P2 R2 I2 480 5000 -";

/// A ledger and everything else that reviews are made from.
struct Scene {
    documents: String,
    applications: String,
    config: String,
    limit: Option<i64>,
    insured: Option<i64>,
    terms_currency: Option<u16>,
    risk: RiskView,
    orders: Vec<KnownOrder>,
    promises: Vec<KnownPromise>,
    overrides: Vec<Known<KnownOverride>>,
    defaults: Vec<(CustomerIndex, Day)>,
    past_risk: Option<RiskView>,
    ids: [&'static str; 2],
    intercompany: bool,
}

impl Scene {
    fn new(documents: &str, applications: &str) -> Self {
        Scene {
            documents: documents.into(),
            applications: applications.into(),
            config: "loss_budget = 120".into(),
            limit: None,
            insured: None,
            terms_currency: Some(0),
            risk: rated(Grade::C, 0.01),
            orders: Vec::new(),
            promises: Vec::new(),
            overrides: Vec::new(),
            defaults: Vec::new(),
            past_risk: None,
            ids: ["A", "B"],
            intercompany: false,
        }
    }

    /// What A bought, with A in a grade and with a chance of default.
    fn bought(grade: Grade, pd: f64) -> Self {
        Scene { risk: rated(grade, pd), ..Scene::new(BOUGHT, PAID) }
    }

    fn limit(self, limit: i64) -> Self {
        Scene { limit: Some(limit), ..self }
    }

    fn previous(mut self, grade: Grade) -> Self {
        self.risk.previous_grade = Some(grade);
        self
    }

    fn decided(mut self, decisions: &[KnownOverride]) -> Self {
        self.overrides.extend(decisions.iter().map(|fact| known(fact.clone())));
        self
    }

    fn made(&self) -> Made {
        let (mut book, mut knowledge) = ledger(&self.documents, &self.applications);
        for (customer, id) in book.customers.iter_mut().zip(self.ids) {
            customer.id = id.into();
        }
        book.customers[0].is_intercompany = self.intercompany;
        knowledge.orders = self.orders.iter().map(|order| known(*order)).collect();
        knowledge.promises = self.promises.iter().map(|promise| known(promise.clone())).collect();
        knowledge.overrides = self.overrides.clone();
        knowledge.overrides.sort_by(|a, b| (&a.fact, a.from, a.until).cmp(&(&b.fact, b.from, b.until)));
        let facts = Facts::new(&book, &knowledge, Day::MIN / 2, false);
        let companies = Companies::of(&book);
        let terms = CreditTerms {
            credit_limit: self.limit,
            insured_amount: self.insured,
            code: self.terms_currency.map_or("XAF", |currency| ["USD", "EUR"][usize::from(currency)]).into(),
            currency: self.terms_currency,
        };
        let nothing = CreditTerms { code: "USD".into(), currency: Some(0), ..CreditTerms::default() };
        Made {
            terms: vec![terms, nothing],
            risk: vec![self.risk.clone(), RiskView::unrated()],
            config: config(&self.config),
            calendar: BusinessCalendar::new(&Basis::Weekends.into()),
            defaults: self.defaults.clone(),
            past_risk: self.past_risk.clone(),
            book,
            knowledge,
            facts,
            companies,
        }
    }

    /// What people are told of A.
    #[track_caller]
    fn review(&self) -> Review {
        self.made().reviews().into_iter().find(|review| review.customer == A).expect("A is in the queue")
    }
}

/// A scene, loaded.
struct Made {
    book: Book,
    knowledge: Knowledge,
    facts: Facts,
    companies: Companies,
    terms: Vec<CreditTerms>,
    risk: Vec<RiskView>,
    config: CreditReviewConfig,
    calendar: BusinessCalendar,
    defaults: Vec<(CustomerIndex, Day)>,
    past_risk: Option<RiskView>,
}

impl Made {
    fn with<T>(&self, use_inputs: impl FnOnce(&ReviewInputs) -> T) -> T {
        let past_risk = |_: CustomerIndex, _: Day| self.past_risk.clone();
        use_inputs(&ReviewInputs {
            book: &self.book,
            facts: &self.facts,
            companies: &self.companies,
            calendars: &[&self.calendar],
            config: &self.config,
            as_of: AS_OF,
            include_intercompany: false,
            terms: &self.terms,
            risk: &self.risk,
            overrides: &self.knowledge.overrides,
            horizon_days: 180,
            defaults: &self.defaults,
            past_risk: &past_risk,
        })
    }

    fn reviews(&self) -> Vec<Review> {
        self.with(credit_reviews)
    }

    fn table(&self) -> DataFrame {
        reviews_table(&self.book, &self.terms, &self.reviews()).expect("columns of one length")
    }

    fn outcomes(&self) -> Vec<OverrideOutcome> {
        self.with(override_outcomes)
    }
}

fn rated(grade: Grade, pd: f64) -> RiskView {
    RiskView { pd: Some(pd), grade, ..RiskView::unrated() }
}

fn in_default() -> RiskView {
    RiskView { is_in_default: true, grade: Grade::InDefault, ..RiskView::unrated() }
}

/// Known from the beginning to this day.
fn known<T>(fact: T) -> Known<T> {
    Known { fact, from: FROM_THE_BEGINNING, until: TO_THIS_DAY }
}

/// `[credit_review]` with these lines.
fn config(lines: &str) -> CreditReviewConfig {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("arrears.toml");
    let source = "[[source]]\npath = \"ledger/\"\nshape = \"canonical\"\n";
    std::fs::write(&path, format!("base_currency = \"USD\"\n[credit_review]\n{lines}\n{source}")).expect("it can be written");
    Config::load_with(&path, &Overrides::default(), &|_| None).expect("it is a configuration").credit_review
}

/// A decision of Ada about A, made on a day.
fn decision(kind: OverrideKind, id: &str, made_date: Day, until_date: Option<Day>) -> KnownOverride {
    KnownOverride {
        customer: A,
        made_date,
        kind,
        id: id.into(),
        amount: None,
        currency: 0,
        grade: None,
        until_date,
        made_by: "Ada".into(),
        reason: "new contract".into(),
    }
}

/// A limit that Ada set, whole units.
fn limit_of(amount: i64, id: &str, made_date: Day, until_date: Option<Day>) -> KnownOverride {
    KnownOverride { amount: Some(amount * 10_000), ..decision(OverrideKind::CreditLimit, id, made_date, until_date) }
}

/// A grade that Ada set.
fn grade_of(grade: Grade, id: &str, made_date: Day, until_date: Option<Day>) -> KnownOverride {
    KnownOverride { grade: Some(grade), ..decision(OverrideKind::Grade, id, made_date, until_date) }
}

fn text(day: Day) -> String {
    crate::ledger::calendar::date_of(day).to_string()
}
