//! Customers: what they are, how they behave, and the latent path that leads some of them to default.
//!
//! Responsible for everything that is fixed before the first invoice: attributes, behaviour, months in trouble, the day
//! a customer stops paying and how that ends, the true default probability. Not responsible for any document.

use super::World;
use super::calendar::{Day, RunRule};
use super::fx::Currency;
use super::plan::PlannedCustomer;
use super::profile::ProfileRates;
use super::random::{Random, Stream};

/// Payment terms of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Terms {
    /// Due 14 days after the document date.
    Net14,
    /// Due after 30 days.
    Net30,
    /// Due after 45 days.
    Net45,
    /// Due after 60 days.
    Net60,
    /// 2 % discount within 10 days, else due after 30.
    TwoTenNet30,
}

impl Terms {
    /// The text that stands in `terms`.
    pub(super) fn text(self) -> &'static str {
        ["net 14", "net 30", "net 45", "net 60", "2/10 net 30"][self as usize]
    }

    /// Days from the document date to the due date.
    pub(super) fn days(self) -> i32 {
        [14, 30, 45, 60, 30][self as usize]
    }
}

/// Size classes; the order is that of `SEGMENTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Few customers, large invoices, many of them.
    Enterprise,
    /// The middle.
    MidMarket,
    /// Most customers, small invoices.
    SmallBusiness,
    /// Public bodies: slow and safe.
    Public,
}

/// The words for the segments.
pub(super) const SEGMENTS: [&str; 4] = ["enterprise", "mid_market", "small_business", "public"];

/// The words for the industries.
pub(super) const INDUSTRIES: [&str; 10] =
    ["automotive", "chemicals", "construction", "energy", "food", "healthcare", "logistics", "machinery", "retail", "software"];

/// Country and region; a company's customers come from a few of them.
pub(super) const COUNTRIES: [(&str, &str); 12] = [
    ("US", "americas"),
    ("CA", "americas"),
    ("MX", "americas"),
    ("DE", "emea"),
    ("FR", "emea"),
    ("IT", "emea"),
    ("NL", "emea"),
    ("KW", "emea"),
    ("JP", "apac"),
    ("SG", "apac"),
    ("KR", "apac"),
    ("AU", "apac"),
];

/// The companies of a book: id, share of customers, weights of the currencies (USD, EUR, JPY, KWD) and of the countries.
const COMPANIES: [(&str, u32, [u32; 4], [u32; 12]); 5] = [
    ("us", 5, [86, 7, 2, 5], [70, 12, 8, 1, 1, 1, 1, 4, 1, 1, 0, 0]),
    ("de", 3, [10, 84, 1, 5], [2, 0, 0, 55, 14, 12, 12, 5, 0, 0, 0, 0]),
    ("jp", 2, [18, 4, 76, 2], [3, 0, 0, 1, 0, 0, 0, 2, 70, 10, 8, 6]),
    ("kw", 1, [25, 8, 0, 67], [2, 0, 0, 2, 2, 1, 1, 88, 1, 3, 0, 0]),
    ("sg", 1, [72, 8, 16, 4], [3, 0, 0, 2, 1, 0, 1, 2, 12, 50, 12, 17]),
];

/// The id of a company by its number.
pub(super) fn company_id(company: u32) -> String {
    match COMPANIES.get(company as usize) {
        Some(known) => known.0.to_owned(),
        None => format!("c{:02}", company + 1),
    }
}

fn company_pattern(company: u32) -> &'static (&'static str, u32, [u32; 4], [u32; 12]) {
    &COMPANIES[company as usize % COMPANIES.len()]
}

/// A company for a family: the first families take one each, so that no company is empty.
pub(super) fn company_of_family(family: u32, companies: u32, random: &mut Random) -> u32 {
    if family < companies {
        return family;
    }
    let weights: Vec<u32> = (0..companies).map(|company| company_pattern(company).1).collect();
    random.pick(&weights) as u32
}

/// How invoices are spread over a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BillingPattern {
    /// Any business day.
    AnyDay,
    /// One weekday.
    Weekday(u8),
    /// The last business day of the month.
    MonthEnd,
}

/// What follows when a customer has stopped paying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Insolvency is declared and the open items are written off.
    Insolvency,
    /// An agency recovers a part; the rest is written off.
    Agency,
    /// The customer pays everything after some months.
    Cure,
    /// Nothing happens until the items are written off as old.
    Silence,
}

impl Outcome {
    /// The word for it in `truth/customers.csv`.
    pub(super) fn word(self) -> &'static str {
        ["insolvency", "agency", "cure", "silence"][self as usize]
    }
}

/// The day a customer stops paying, and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// No cash comes from this day on.
    pub day: Day,
    /// What follows.
    pub outcome: Outcome,
    /// For a cure: the day payments resume.
    pub resume: Day,
}

/// Month by month what the book does not show.
#[derive(Debug)]
pub(super) struct LatentPath {
    /// Months in trouble so far, per month of the period; 0 = healthy.
    pub trouble_months: Vec<u8>,
    /// The day payments stop, if they do.
    pub stop: Option<Stop>,
    /// P(a healthy customer gets into trouble) per month.
    pub trouble_monthly: f64,
    /// P(a healthy customer stops paying without warning) per month.
    pub sudden_monthly: f64,
}

/// One customer.
#[derive(Debug)]
pub(super) struct Customer {
    /// Number over all companies.
    pub index: u32,
    /// Number of the company.
    pub company: u32,
    /// The parent's number.
    pub parent: Option<u32>,
    /// Share of payments that the parent makes.
    pub parent_pays: f64,
    /// The day from which it can: before, it is no customer itself.
    pub parent_pays_from: Day,
    /// Index into `COUNTRIES`.
    pub country: usize,
    /// Index into `INDUSTRIES`.
    pub industry: usize,
    /// Size class.
    pub segment: Segment,
    /// Number of the account manager.
    pub account_manager: u32,
    /// The account manager of a later version, and the day it is known.
    pub next_manager: Option<(Day, u32)>,
    /// Usual terms.
    pub terms: Terms,
    /// Usual currency.
    pub currency: Currency,
    /// A second invoice currency.
    pub second_currency: Option<Currency>,
    /// Pays some invoices in this currency instead.
    pub pays_in: Option<Currency>,
    /// The first day of the relationship.
    pub opened: Day,
    /// The first day on which an invoice may be dated.
    pub billing_from: Day,
    /// The last.
    pub billing_until: Day,
    /// Median invoice in US dollars.
    pub amount_median: f64,
    /// Spread of the logarithm of the amount.
    pub amount_spread: f64,
    /// Share of invoices that repeat the same amount.
    pub fixed_amount_share: f64,
    /// When in the month invoices are written.
    pub billing_pattern: BillingPattern,
    /// Growth of billing per month.
    pub growth_monthly: f64,
    /// Mean delay in days against the due date, before drift.
    pub delay_mean: f64,
    /// Spread of the delay in days.
    pub delay_spread: f64,
    /// Drift of the mean delay per month of the period, in days.
    pub drift: Vec<f64>,
    /// The payment run.
    pub run: RunRule,
    /// Share of payments that keep to it.
    pub run_share: f64,
    /// Share of offered discounts taken in time.
    pub discount_taken: f64,
    /// Share of late payments that deduct the discount all the same.
    pub discount_leaked: f64,
    /// Share of invoices disputed.
    pub dispute_rate: f64,
    /// Paid by direct debit on the due date.
    pub is_direct_debit: bool,
    /// Some invoices are ordered beforehand.
    pub has_orders: bool,
    /// A yearly or quarterly bonus by credit note.
    pub bonus_months: i32,
    /// Another company of the same group.
    pub is_intercompany: bool,
    /// Credit limit in whole units of the customer's currency.
    pub credit_limit: Option<i64>,
    /// The credit limit of a later version, and the day it is known.
    pub next_credit_limit: Option<(Day, i64)>,
    /// Insured amount in whole units of the customer's currency.
    pub insured: Option<i64>,
    /// The latent path.
    pub latent: LatentPath,
    /// Share in the number of invoices, heavy-tailed.
    pub weight: u64,
}

/// The tail of the weights ends here, and earlier in a book of few customers: one customer should not be the book.
const WEIGHT_SPAN: f64 = 400.0;
const CUSTOMERS_PER_SPAN: f64 = 25.0;

/// What is drawn first of a customer.
struct Account {
    segment: Segment,
    currency: Currency,
    second_currency: Option<Currency>,
    pays_in: Option<Currency>,
    opened: Day,
}

impl Account {
    fn new(world: &World, company: u32, random: &mut Random) -> Self {
        let calendar = &world.calendar;
        let segment = [Segment::Enterprise, Segment::MidMarket, Segment::SmallBusiness, Segment::Public][random.pick(&[8, 32, 52, 8])];
        let currency = [Currency::Usd, Currency::Eur, Currency::Jpy, Currency::Kwd][random.pick(&company_pattern(company).2)];
        let second_currency = (currency != Currency::Usd && random.chance(0.12)).then_some(Currency::Usd);
        let pays_in = (currency != Currency::Usd && random.chance(0.08)).then_some(Currency::Usd);
        let opened = if random.chance(0.72) {
            calendar.start - random.between(30, 3_000)
        } else {
            random.between(calendar.start, calendar.start + (calendar.end - calendar.start) * 3 / 4)
        };
        Account { segment, currency, second_currency, pays_in, opened }
    }
}

impl Customer {
    /// The customer that was planned.
    pub(super) fn new(world: &World, planned: &PlannedCustomer) -> Self {
        let PlannedCustomer { index, family_first, company, is_intercompany, .. } = *planned;
        let random = &mut Random::new(world.seed, Stream::Customer, u64::from(index));
        let rates = &world.rates_of_profile;
        let calendar = &world.calendar;
        let pattern = company_pattern(company);
        let Account { segment, currency, second_currency, pays_in, opened } = Account::new(world, company, random);
        let billing_from = opened.max(calendar.start);
        let delay_mean = delay_mean(segment, rates, random);
        let latent = latent_path(world, segment, delay_mean, billing_from, random);
        let billing_until = billing_until(world, &latent, billing_from, random);
        let amount_median = [9_000.0, 2_600.0, 700.0, 4_000.0][segment as usize] * random.lognormal(0.7);
        let run = run_rule(rates, random);
        let limit = credit_limit(amount_median, currency, random);
        let next_credit_limit = limit.and_then(|limit| next_credit_limit(world, limit, billing_from, latent.stop, random));
        let manager_count = (world.customer_count / 120).max(3);
        let account_manager = random.below(manager_count);
        let next_manager =
            random.chance(0.05).then(|| (random.between(billing_from + 30, calendar.end), (account_manager + 1) % manager_count));
        let is_child = index != family_first;
        // Families keep to one company.
        let opened_of_parent = || {
            let random = &mut Random::new(world.seed, Stream::Customer, u64::from(family_first));
            Account::new(world, company, random).opened
        };
        Self {
            index,
            company,
            parent: is_child.then_some(family_first),
            parent_pays_from: if is_child { opened_of_parent() } else { opened },
            parent_pays: if is_child && random.chance(0.4) { 0.6 } else { 0.0 },
            country: random.pick(&pattern.3),
            industry: random.below(INDUSTRIES.len() as u32) as usize,
            segment,
            account_manager,
            next_manager: next_manager.filter(|(day, _)| *day > billing_from),
            terms: [Terms::Net14, Terms::Net30, Terms::Net45, Terms::Net60, Terms::TwoTenNet30][random.pick(&[14, 40, 14, 16, 16])],
            currency,
            second_currency,
            pays_in,
            opened,
            billing_from,
            billing_until,
            amount_median,
            amount_spread: random.range(0.3, 1.1),
            fixed_amount_share: if random.chance(0.2) { 0.8 } else { 0.0 },
            billing_pattern: billing_pattern(random),
            growth_monthly: 0.006 + 0.010 * random.normal().clamp(-2.0, 2.0),
            delay_mean,
            delay_spread: rates.delay_spread * random.range(1.5, 7.0),
            drift: drift(world.calendar.month_starts().len(), rates, random),
            run,
            run_share: if run == RunRule::AnyDay { 0.0 } else { rates.run_share },
            discount_taken: random.range(0.2, 0.95),
            discount_leaked: if random.chance(0.25) { 0.15 } else { 0.01 },
            dispute_rate: rates.quirk * 0.02 * random.lognormal(0.6).min(5.0),
            is_direct_debit: random.chance(0.06),
            has_orders: random.chance(if segment == Segment::Enterprise { 0.4 } else { 0.12 }),
            bonus_months: [0, 3, 12][random.pick(&[80, 6, 14])],
            is_intercompany,
            credit_limit: limit,
            next_credit_limit,
            insured: limit.filter(|_| random.chance(0.2)).map(|limit| limit * 8 / 10),
            latent,
            // A sister company buys little.
            weight: weight(world, segment, billing_from, billing_until, random) / if is_intercompany { 4 } else { 1 },
        }
    }

    /// How deep in trouble the customer is on the day: 0 = healthy, 1 = as deep as it gets.
    pub(super) fn severity(&self, world: &World, day: Day) -> f64 {
        let months = self.latent.trouble_months[world.calendar.month_index(day)];
        (f64::from(months) / 3.0).min(1.0)
    }

    /// The account manager's number on the day.
    pub(super) fn manager_on(&self, day: Day) -> u32 {
        match self.next_manager {
            Some((from, manager)) if day >= from => manager,
            _ => self.account_manager,
        }
    }
}

fn billing_pattern(random: &mut Random) -> BillingPattern {
    match random.below(10) {
        0..=4 => BillingPattern::AnyDay,
        5..=7 => BillingPattern::Weekday(random.below(5) as u8),
        _ => BillingPattern::MonthEnd,
    }
}

/// Another limit some day. It is cut when a customer has stopped paying, and not before: a limit that knew of the stop
/// would give away what the risk model has to find out.
fn next_credit_limit(world: &World, limit: i64, billing_from: Day, stop: Option<Stop>, random: &mut Random) -> Option<(Day, i64)> {
    let mut day = random.between(billing_from + 90, world.calendar.end + 500);
    let mut tenths = random.between(6, 20);
    if let Some(stop) = stop.filter(|stop| day > stop.day) {
        day = stop.day + random.between(20, 90);
        tenths = 3;
    }
    (day <= world.calendar.end).then_some((day, limit * i64::from(tenths) / 10))
}

fn delay_mean(segment: Segment, rates: &ProfileRates, random: &mut Random) -> f64 {
    // Public bodies pay late and surely, so lateness alone is not risk.
    let centre = [3.0, 4.0, 5.0, 16.0][segment as usize];
    let mut mean = centre + 6.0 * random.normal();
    if random.chance(0.08) {
        mean += random.range(10.0, 30.0);
    }
    if rates.run_customer_share > 0.8 {
        mean *= 0.4;
    }
    mean.clamp(-8.0, 45.0)
}

fn drift(months: usize, rates: &ProfileRates, random: &mut Random) -> Vec<f64> {
    let step = rates.delay_spread * random.range(0.1, 1.0);
    let mut level = 0.0;
    (0..months)
        .map(|_| {
            level = (0.97 * level + step * random.normal()).clamp(-8.0, 20.0);
            level
        })
        .collect()
}

fn run_rule(rates: &ProfileRates, random: &mut Random) -> RunRule {
    if !random.chance(rates.run_customer_share) {
        return RunRule::AnyDay;
    }
    match random.below(100) {
        0..=44 => RunRule::Weekday(random.pick(&[10, 20, 15, 25, 30]) as u8),
        45..=62 => RunRule::LastBusinessDay,
        63..=74 => RunRule::Fifteenth,
        75..=84 => RunRule::TwentyFifth,
        _ => RunRule::FifteenthAndLast,
    }
}

fn credit_limit(amount_median: f64, currency: Currency, random: &mut Random) -> Option<i64> {
    if random.chance(0.1) {
        return None;
    }
    let units = amount_median * currency.minor_units_per_dollar() / 10_f64.powi(currency.decimals() as i32);
    let limit = units * random.range(4.0, 25.0);
    Some((limit / 100.0).round().max(1.0) as i64 * 100)
}

/// Pareto with exponent 1.1, cut off, times the share of the period in which the customer is billed.
fn weight(world: &World, segment: Segment, billing_from: Day, billing_until: Day, random: &mut Random) -> u64 {
    let span = (f64::from(world.customer_count) / CUSTOMERS_PER_SPAN).clamp(8.0, WEIGHT_SPAN);
    let tail = super::random::exponential_function(random.waiting(1.0 / 1.1)).min(span);
    let size = [3.0, 1.4, 1.0, 1.2][segment as usize];
    let days = f64::from((billing_until - billing_from).max(0) + 1);
    ((tail + 0.6) * size * days * 16.0) as u64
}

fn billing_until(world: &World, latent: &LatentPath, billing_from: Day, random: &mut Random) -> Day {
    let end = world.calendar.end;
    let left = if random.chance(0.08) { random.between(billing_from + 60, end + 400) } else { end };
    let stopped = match latent.stop {
        Some(stop) if stop.outcome != Outcome::Cure => stop.day + random.between(20, 60),
        _ => end,
    };
    left.min(stopped).min(end)
}

/// The chance that a customer stops paying in this month of trouble: low at first, so that the signs come before.
fn stop_probability(rates: &ProfileRates, trouble_months: u8) -> f64 {
    rates.stop_in_trouble_monthly * (f64::from(trouble_months) / 5.0).min(1.0)
}

fn latent_path(world: &World, segment: Segment, delay_mean: f64, billing_from: Day, random: &mut Random) -> LatentPath {
    let rates = &world.rates_of_profile;
    let calendar = &world.calendar;
    let months = calendar.month_starts().len();
    // Risk differs between customers by more than their size and lateness explain.
    let risk = random.lognormal(0.6) * [0.6, 0.9, 1.25, 0.15][segment as usize] * (1.0 + delay_mean.max(0.0) / 40.0);
    let trouble_monthly = (rates.trouble_monthly * risk).min(0.2);
    let sudden_monthly = (rates.sudden_stop_monthly * risk).min(0.05);
    let mut path = LatentPath { trouble_months: vec![0; months], stop: None, trouble_monthly, sudden_monthly };
    let mut in_trouble = 0_u8;
    let mut paused_until = billing_from;
    for month in calendar.month_index(billing_from) + 1..months {
        let first = calendar.month_starts()[month];
        if first < paused_until {
            continue;
        }
        let draw = random.unit();
        let stops = if in_trouble == 0 { sudden_monthly } else { stop_probability(rates, in_trouble) };
        if draw < stops && path.stop.is_none() {
            let day = first + random.between(0, 27);
            let outcome = [Outcome::Insolvency, Outcome::Agency, Outcome::Cure, Outcome::Silence][random.pick(&[42, 25, 20, 13])];
            let resume = day + random.between(110, 200);
            path.stop = Some(Stop { day, outcome, resume });
            path.trouble_months[month] = in_trouble.max(1);
            if outcome != Outcome::Cure {
                path.trouble_months[month..].fill(in_trouble.max(1));
                break;
            }
            in_trouble = 0;
            paused_until = resume + 60;
            continue;
        }
        in_trouble = match in_trouble {
            0 => u8::from(draw < stops + trouble_monthly),
            // Recovery is drawn from the other end of the same number.
            _ if 1.0 - draw < rates.recovery_monthly => 0,
            months_so_far => months_so_far.saturating_add(1),
        };
        path.trouble_months[month] = in_trouble;
    }
    path
}

/// P(payments stop within `months` months), seen from the end of a month with `trouble_months` months in trouble.
///
/// The recursion branches three ways a month and is asked for at most five months, so it needs no table.
pub(super) fn stop_probability_within(rates: &ProfileRates, latent: &LatentPath, trouble_months: u8, months: u32) -> f64 {
    if months == 0 {
        return 0.0;
    }
    let later = |state| stop_probability_within(rates, latent, state, months - 1);
    if trouble_months == 0 {
        let healthy = 1.0 - latent.sudden_monthly - latent.trouble_monthly;
        return latent.sudden_monthly + latent.trouble_monthly * later(1) + healthy * later(0);
    }
    let stops = stop_probability(rates, trouble_months);
    let recovers = rates.recovery_monthly.min(1.0 - stops);
    let stays = 1.0 - stops - recovers;
    stops + recovers * later(0) + stays * later(trouble_months.saturating_add(1))
}

/// A made-up name that a reader can tell apart; never that of a real customer.
pub(super) fn name(customer: &Customer) -> String {
    const FIRST: [&str; 16] = [
        "Alder", "Birch", "Cedar", "Dover", "Elm", "Fern", "Garnet", "Hazel", "Iris", "Juniper", "Kestrel", "Linden", "Maple", "North",
        "Oak", "Pine",
    ];
    const SECOND: [&str; 12] = ["bridge", "brook", "dale", "field", "ford", "gate", "haven", "hill", "mark", "port", "stone", "wick"];
    let index = customer.index as usize;
    let industry = INDUSTRIES[customer.industry];
    let suffix = match COUNTRIES[customer.country].0 {
        "US" | "CA" => "Inc",
        "DE" => "GmbH",
        "FR" => "SA",
        "IT" => "SpA",
        "NL" => "BV",
        "JP" => "KK",
        "SG" | "AU" => "Pty",
        _ => "Co",
    };
    let (first, second) = (FIRST[index % 16], SECOND[index / 16 % 12]);
    format!("{first}{second} {industry} {} {suffix}", index / 192 + 1)
}
