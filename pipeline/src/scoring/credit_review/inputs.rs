//! What a review is made from: the facts of the ledger, the view of the risk model, the terms of customers, what people decided.

use crate::config::CreditReviewConfig;
use crate::forecast::snapshot::Companies;
use crate::ingest::load::knowledge::{Known, KnownOverride};
use crate::ledger::book::{Book, CustomerIndex};
use crate::ledger::business_days::BusinessCalendar;
use crate::ledger::calendar::Day;
use crate::ledger::currency::minor_digits;
use crate::ledger::rates::CurrencyIndex;
use crate::scoring::facts::Facts;
use crate::scoring::grades::Grade;

/// What the risk model says of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskView {
    /// Chance of default within the model's horizon, 0 to 1; `None` where nothing can be said.
    pub pd: Option<f64>,
    /// Ends of its 90 % interval.
    pub pd_interval: Option<(f64, f64)>,
    /// The same chance within twelve months.
    pub pd_12_months: Option<f64>,
    /// The score.
    pub score: Option<f64>,
    /// The grade now.
    pub grade: Grade,
    /// The grade before, as the model replays it.
    pub previous_grade: Option<Grade>,
    /// Whether it is in default.
    pub is_in_default: bool,
    /// Why, worst first.
    pub reasons: Vec<String>,
    /// Which model says so.
    pub model_version: String,
}

impl RiskView {
    /// Nothing is known.
    pub fn unrated() -> Self {
        RiskView {
            pd: None,
            pd_interval: None,
            pd_12_months: None,
            score: None,
            grade: Grade::Unrated,
            previous_grade: None,
            is_in_default: false,
            reasons: Vec::new(),
            model_version: String::new(),
        }
    }

    /// The chance that losses are expected with: what has happened is certain.
    pub fn chance(&self) -> Option<f64> {
        if self.is_in_default || self.grade == Grade::InDefault { Some(1.0) } else { self.pd.filter(|pd| (0.0..=1.0).contains(pd)) }
    }

    /// The grade, with default where it is said beside it.
    pub fn grade(&self) -> Grade {
        if self.is_in_default { Grade::InDefault } else { self.grade }
    }
}

/// What is agreed with a customer and an insurer, as it stands now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditTerms {
    /// The limit, ten-thousandths of its currency.
    pub credit_limit: Option<i64>,
    /// What is insured, in the same currency.
    pub insured_amount: Option<i64>,
    /// ISO code of both.
    pub code: String,
    /// The currency in the book; `None` when no document and no rate has it.
    pub currency: Option<CurrencyIndex>,
}

impl CreditTerms {
    /// The terms of every customer of a book.
    pub fn of(book: &Book) -> Vec<Self> {
        let numbered = |code: &str| {
            let count = CurrencyIndex::try_from(book.rates.len()).expect("a book has fewer than 65,536 currencies");
            (0..count).find(|currency| book.rates.code(*currency) == code && minor_digits(code).is_some())
        };
        let base = book.rates.code(book.rates.base());
        let of_customer = |customer: &crate::ledger::book::Customer| {
            let code = customer.credit_limit_currency.as_deref().unwrap_or(base);
            CreditTerms {
                credit_limit: customer.credit_limit,
                insured_amount: customer.insured_amount,
                code: code.to_owned(),
                currency: numbered(code),
            }
        };
        book.customers.iter().map(of_customer).collect()
    }
}

/// What a night's reviews are made from.
pub struct ReviewInputs<'a> {
    /// The book.
    pub book: &'a Book,
    /// What was known of it on any day.
    pub facts: &'a Facts,
    /// Which customer belongs to which company.
    pub companies: &'a Companies,
    /// The business days of each company, on which people work.
    pub calendars: &'a [&'a BusinessCalendar],
    /// `[credit_review]`.
    pub config: &'a CreditReviewConfig,
    /// The business date.
    pub as_of: Day,
    /// Whether customers of the same group count.
    pub include_intercompany: bool,
    /// The terms of each customer; see [`CreditTerms::of`].
    pub terms: &'a [CreditTerms],
    /// What the risk model says of each customer.
    pub risk: &'a [RiskView],
    /// What people decided; every version.
    pub overrides: &'a [Known<KnownOverride>],
    /// Days over which a decision is judged afterwards: the horizon of the risk model.
    pub horizon_days: i32,
    /// Customers and the days on which they went into default.
    pub defaults: &'a [(CustomerIndex, Day)],
    /// What the risk model says of a customer as of the last month end on or before a day, with what was known then.
    pub past_risk: &'a (dyn Fn(CustomerIndex, Day) -> Option<RiskView> + Sync),
}

impl ReviewInputs<'_> {
    /// The base currency's minor unit, ten-thousandths.
    pub(super) fn base_unit(&self) -> i64 {
        self.book.rates.base_unit()
    }

    /// Whether a customer is reviewed at all.
    pub(super) fn counts(&self, customer: usize) -> bool {
        customer < self.facts.customers() && (self.include_intercompany || !self.book.customers[customer].is_intercompany)
    }
}
