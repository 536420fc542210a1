//! The business days of each company, as far as its receipts keep to them.

use super::snapshot::Companies;
use crate::config::CalendarConfig;
use crate::ledger::business_days::{BusinessCalendar, CalendarRules, uses_calendar_days};
use crate::ledger::calendar::Day;
use crate::scoring::facts::Facts;

/// The calendars of a book, each made once.
pub struct Calendars {
    made: Vec<(CalendarRules, BusinessCalendar)>,
    of_company: Vec<usize>,
    all_days: BusinessCalendar,
}

impl Calendars {
    /// The calendars that the configuration names for the companies.
    pub fn new(config: &CalendarConfig, companies: &[String]) -> Self {
        let mut made: Vec<(CalendarRules, BusinessCalendar)> = Vec::new();
        let of_company = companies.iter().map(|company| {
            let rules = config.rules(company);
            made.iter().position(|(known, _)| *known == rules).unwrap_or_else(|| {
                made.push((rules.clone(), BusinessCalendar::new(&rules)));
                made.len() - 1
            })
        });
        let of_company = of_company.collect();
        Calendars { made, of_company, all_days: BusinessCalendar::all_days() }
    }

    /// The calendar that the configuration names for each company: the days on which its people work.
    pub fn own(&self) -> Vec<&BusinessCalendar> {
        self.of_company.iter().map(|made| &self.made[*made].1).collect()
    }

    /// The calendar of a company, on whatever days it is paid.
    pub fn of(&self, company: usize) -> &BusinessCalendar {
        &self.made[self.of_company[company]].1
    }

    /// The calendar that each company is counted in at the end of `day`: its own, or all days where more than 2 % of the past
    /// year's receipts fall on others.
    pub fn at(&self, facts: &Facts, companies: &Companies, day: Day) -> Vec<&BusinessCalendar> {
        let mut receipts: Vec<Vec<Day>> = vec![Vec::new(); self.of_company.len()];
        for customer in 0..facts.customers() {
            let recent = facts.account_of(customer, day).filter(|item| item.is_receipt() && item.document_date > day - 365);
            receipts[companies.company(customer)].extend(recent.map(|item| item.document_date));
        }
        let chosen = self.of_company.iter().zip(receipts).map(|(made, receipts)| {
            let own = &self.made[*made].1;
            if uses_calendar_days(receipts, own) { &self.all_days } else { own }
        });
        chosen.collect()
    }
}
