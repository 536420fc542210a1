//! A ledger seen at the end of a day, written down as lines that can be compared between views: whatever a view numbers as it
//! likes (items, labels, currencies) is named by its content, and floating-point numbers are shown with every bit.
#![allow(dead_code, reason = "each test binary uses its part")]

use arrears::config::{Config, Overrides};
use arrears::forecast::baselines;
use arrears::forecast::calendars::Calendars;
use arrears::forecast::cash::{Simulation, forecast_cash};
use arrears::forecast::cells::Detail;
use arrears::forecast::direct_debits::DirectDebits;
use arrears::forecast::grid::Periods;
use arrears::forecast::payment_runs::PaymentRuns;
use arrears::forecast::replay::{Forecaster, ITEMS_MOST};
use arrears::forecast::snapshot::{Companies, Sample, Snapshot};
use arrears::forecast::timing::Tier;
use arrears::forecast::training::Training;
use arrears::ingest::LedgerIndex;
use arrears::ingest::known::{KnownAsOf, LedgerView};
use arrears::ingest::load::due_dates::DueDateRules;
use arrears::ingest::load::knowledge::{Knowledge, knowledge};
use arrears::ingest::load::{LoadOptions, Loaded, load};
use arrears::ledger::calendar::{Day, day_of};
use arrears::scoring::characteristics::{CHARACTERISTICS, RiskSnapshot, Sources};
use arrears::scoring::defaults::{Defaults, Families, Rule};
use arrears::scoring::facts::Facts;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

pub const HALF_LIFE: f64 = 75.0;
/// How far back the facts of these tests go: further than anything that is asked.
const BACK_DAYS: i32 = 1_500;

pub fn day(text: &str) -> Day {
    day_of(text.parse().expect("a date of the test"))
}

/// A ledger that was loaded, and what was known of it when.
pub struct View {
    pub loaded: Loaded,
    pub knowledge: Knowledge,
    pub facts: Facts,
    pub companies: Companies,
    pub calendars: Calendars,
}

impl View {
    /// The ledger in `out` for features at `at`: all that is known now, or what was known at the end of that day.
    pub fn new(config: &Path, out: &Path, at: Day, is_truncated: bool) -> Self {
        let config = Config::load(config, &Overrides::default()).expect("the configuration is good");
        let index = LedgerIndex::read(out).expect("the ledger can be read").expect("there is a ledger");
        let known = is_truncated.then(|| KnownAsOf::end_of(at));
        let view = LedgerView::new(out, &index, known).expect("the ledger can be read");
        let options = LoadOptions {
            base_currency: (*config.base_currency).clone(),
            as_of: at,
            known_as_of: known.map(KnownAsOf::microseconds),
            due_dates: DueDateRules::default(),
        };
        let loaded = load(&view.files, &options).expect("the ledger can be loaded");
        let knowledge = knowledge(&view.files, &options, &loaded).expect("the ledger can be read");
        // Who belongs to the group is as it is now, not as it was known: with everybody in it does not matter.
        let facts = Facts::new(&loaded.book, &knowledge, at - BACK_DAYS, true);
        let companies = Companies::of(&loaded.book);
        let calendars = Calendars::new(&config.calendar, &loaded.book.companies);
        View { loaded, knowledge, facts, companies, calendars }
    }

    fn customer(&self, customer: usize) -> String {
        let book = &self.loaded.book;
        format!("{}/{}", book.companies[self.companies.company(customer)], book.customers[customer].id)
    }

    fn code(&self, currency: u16) -> &str {
        self.loaded.book.rates.code(currency)
    }

    fn snapshot(&self, at: Day) -> Snapshot {
        let calendars = self.calendars.at(&self.facts, &self.companies, at);
        let runs = Arc::new(PaymentRuns::learn(&self.facts, &self.companies, &calendars, at, Sample::ALL));
        Snapshot::new(&self.facts, &self.companies, runs, at, HALF_LIFE, Sample::ALL)
    }

    /// What is known of every customer and open item at the end of a day, and the features made from it.
    pub fn describe(&self, at: Day) -> Vec<String> {
        let mut lines = Vec::new();
        let snapshot = self.snapshot(at);
        lines.push(format!("customers known {}, items known {}", self.facts.customers_known(at), self.facts.items_known(at)));
        for customer in 0..self.facts.customers() {
            self.describe_items(customer, at, &mut lines);
            self.describe_customer(customer, &snapshot, &mut lines);
        }
        for (company, name) in self.loaded.book.companies.iter().enumerate() {
            let terms = snapshot.usual_terms.of(company);
            let pool = snapshot.behaviour.pool(company).map(bits);
            let constant = snapshot.behaviour.constant(company).map(|constant| format!("{constant:?}"));
            if terms.is_some() || pool.is_some() {
                lines.push(format!("company {name} usual terms {terms:?} pool {pool:?} constant {constant:?}"));
            }
        }
        for promise in self.facts.promises(at) {
            let mut items: Vec<i64> = promise.items.iter().map(|item| self.knowledge.key(*item)).collect();
            items.sort_unstable();
            lines.push(format!(
                "promise {} made {} promised {} {} {} on {items:?}",
                self.customer(promise.customer as usize),
                promise.made_date,
                promise.promised_date,
                promise.amount,
                self.code(promise.currency),
            ));
        }
        self.describe_risk(at, &mut lines);
        lines
    }

    /// What the risk model reads of every customer, and the defaults that were known.
    fn describe_risk(&self, at: Day, lines: &mut Vec<String>) {
        let families = Families::new(&self.facts, &self.companies, at);
        let sources = Sources::new(&self.facts, &self.loaded.book);
        let snapshot = RiskSnapshot::new(&sources, &self.companies, &families, at, HALF_LIFE);
        for row in &snapshot.rows {
            let values = CHARACTERISTICS.iter().zip(row.values).map(|(of, value)| format!("{} {value:?}", of.name));
            let values: Vec<String> = values.collect();
            lines.push(format!("risk {} {:?} {}", self.customer(row.customer as usize), row.account, values.join(", ")));
        }
        for event in Defaults::new(&self.facts, &Rule::default(), at).all() {
            lines.push(format!(
                "default {} {} {:?} {:?} {} {} {} until {:?}",
                self.customer(event.customer as usize),
                event.event_date,
                event.cause,
                event.technical,
                event.amount,
                event.threshold,
                event.exposure,
                event.cured_date,
            ));
        }
    }

    fn describe_items(&self, customer: usize, at: Day, lines: &mut Vec<String>) {
        let name = self.customer(customer);
        let facts = &self.facts;
        for item in facts.items_of(customer, at) {
            if std::env::var("AS_OF_KEY").is_ok_and(|key| key == format!("{:x}", item.key)) {
                self.explain(item.item);
            }
            let mut left: Vec<String> = facts.left(item, at).map(|left| format!("{left:?}")).collect();
            let mut since: Vec<String> = facts.left_since(item, at - 45, at).map(|left| format!("{left:?}")).collect();
            left.sort_unstable();
            since.sort_unstable();
            let (open, before) = (facts.open(item, at), facts.open(item, at - 45));
            // What is settled for longer than anybody asks may be left out of one view and not of the other.
            lines.push(format!(
                "item {name} {:x} {} {} {} {} {} sale {} from {} open {open} before {before} disputed {} left {left:?} since {since:?}",
                item.key,
                self.code(item.currency),
                item.document_date,
                item.due_date,
                item.amount,
                bits(item.base_rate),
                item.is_sale,
                item.visible_from(),
                facts.disputed(item, open, at),
            ));
        }
        for item in facts.account_of(customer, at) {
            lines.push(format!(
                "account {name} {:x} {} {} {} cash {} unapplied {}",
                item.key,
                self.code(item.currency),
                item.document_date,
                item.signed_amount(),
                item.is_cash,
                facts.unapplied(item, at)
            ));
        }
    }

    fn explain(&self, item: u32) {
        let (book, known) = (&self.loaded.book, &self.knowledge);
        let show = |item: u32| {
            let now = book.items.get(item as usize);
            println!(
                "item {item} {:x} from {:?} {now:?}\n  versions {:?}",
                known.key(item),
                known.item_from(item),
                known.versions_of(item)
            );
        };
        show(item);
        for found in known.matches_of_debit(item) {
            println!("  match {found:?}");
            show(found.fact.credit);
        }
        if (item as usize) < book.items.len() {
            for position in book.application_positions(item) {
                println!("  application from {:?} {:?}", known.application_from(position), book.applications[position as usize]);
                show(book.applications[position as usize].credit);
            }
        }
    }

    fn describe_customer(&self, customer: usize, snapshot: &Snapshot, lines: &mut Vec<String>) {
        let name = self.customer(customer);
        let as_of = &snapshot.customers[customer];
        let items = self.facts.all_items_of(customer);
        if as_of.open.is_empty() && as_of.payments.is_empty() && as_of.unapplied.is_empty() && as_of.median_amount.is_none() {
            return;
        }
        for payment in &as_of.payments {
            lines.push(format!("payment {name} {} {} {}", payment.date, bits(payment.days_late), bits(payment.amount)));
        }
        let mut unapplied: Vec<(&str, i64)> = as_of.unapplied.iter().map(|(currency, amount)| (self.code(*currency), *amount)).collect();
        unapplied.sort_unstable();
        let median = as_of.median_amount.map(bits);
        lines.push(format!(
            "customer {name} settled {} late {} unapplied {unapplied:?} median {median:?}",
            as_of.settled, as_of.settled_late
        ));
        let behaviour = snapshot.behaviour.customer(customer);
        lines.push(format!(
            "behaviour {name} number {} mean {:?} credibility {} spread {:?} {} payments {} last {:?} last three {:?}",
            bits(behaviour.effective_number),
            behaviour.mean.map(bits),
            bits(behaviour.credibility),
            behaviour.spread.map(bits),
            bits(snapshot.behaviour.spread(customer)),
            behaviour.payments,
            behaviour.last.map(bits),
            behaviour.last_three.map(bits),
        ));
        lines.push(format!("habit {name} {:?}", snapshot.habits.of(customer)));
        for open in &as_of.open {
            let item = &items[open.position as usize];
            let features = snapshot.features(customer, item, open);
            lines.push(format!(
                "open {name} {:x} {} disputed {} due {} ({}) partly paid {} expected {} columns {:?}",
                item.key,
                open.open,
                open.disputed,
                open.due_date,
                open.has_due_date,
                open.is_partly_paid,
                bits(features.expected_days_late),
                features.columns.map(f32::to_bits),
            ));
        }
    }

    /// The rows that the timing model learns from at the end of a day.
    pub fn describe_training(&self, at: Day) -> Vec<String> {
        let calendars = self.calendars.at(&self.facts, &self.companies, at);
        let training = Training { facts: &self.facts, companies: &self.companies, calendars: &calendars, half_life: HALF_LIFE };
        // As a fit does: of many items those of some customers.
        let sample = Sample::of(self.facts.items_known(at), ITEMS_MOST);
        let rows = training.rows(&[at], sample, |_, _| {}).remove(0);
        let mut lines = vec![format!(
            "training {} rows {} events {} customers {:?} others",
            rows.len(),
            bits(rows.events),
            rows.customers,
            rows.others
        )];
        let columns = rows.values.len() / rows.len().max(1);
        for (part, values) in rows.values.chunks(columns.max(1) * 1_000).enumerate() {
            lines.push(format!("training values {part} {:x}", hash(values)));
        }
        lines.push(format!("training target {:x} weight {:x}", hash(&rows.target), hash(&rows.weight)));
        lines
    }

    /// The whole forecast at the end of a day, its baselines included.
    pub fn describe_forecast(&self, at: Day, detail: Detail, tier: Option<Tier>) -> Vec<String> {
        let View { loaded, facts, companies, calendars, .. } = self;
        let book = &loaded.book;
        let forecaster =
            Forecaster { book, facts, companies, calendars, half_life: HALF_LIFE, tier, direct_debits: DirectDebits::default() };
        let fitted = forecaster.fit(&[at]).expect("the fit is certified").remove(0);
        let snapshot = forecaster.snapshot(at, &fitted);
        let simulation = Simulation { paths: 100, correlation: 0.3, seed: 7 };
        let (forecast, expected, _) = forecast_cash(&forecaster, &fitted, &snapshot, Periods::all_grids(at), detail, &simulation);
        let mut lines =
            vec![format!("fitted {} on {} events of {} customers", fitted.model.tier.word(), fitted.model.events, fitted.model.customers)];
        for item in &expected {
            let debit = &facts.all_items_of(item.customer as usize)[item.open_item.position as usize];
            let left: Vec<f32> = item.left.iter().flatten().map(|share| *share as f32).collect();
            lines.push(format!(
                "expected {} {:x} {} {} left {:x} promised {:?} drawn as {:x}",
                self.customer(item.customer as usize),
                debit.key,
                item.amount,
                self.code(item.currency),
                hash(&left),
                item.promised,
                item.name
            ));
        }
        let mut cells: Vec<String> = Vec::new();
        for (place, cell) in forecast.cells.all().iter().enumerate() {
            let company = cell.company.map(|company| book.companies[company].as_str());
            let currency = cell.currency.map(|currency| self.code(currency));
            for period in 0..forecast.periods.all().len() {
                let at = forecast.place(place, period);
                cells.push(format!(
                    "cash {company:?} {:?} {} {currency:?} period {period} means {:?} quantiles {:?} open {:?}",
                    cell.scope,
                    cell.value,
                    forecast.means[at],
                    forecast.quantiles[at].map(bits),
                    forecast.open_quantiles[at].map(bits),
                ));
            }
        }
        cells.sort_unstable();
        lines.extend(cells);
        lines.extend(self.describe_baselines(&snapshot));
        lines
    }

    fn describe_baselines(&self, snapshot: &Snapshot) -> Vec<String> {
        let (facts, companies) = (&self.facts, &self.companies);
        let all = [
            ("due_date", baselines::due_date(facts, companies, snapshot, 13)),
            ("due_date_and_average_delay", baselines::due_date_and_average_delay(facts, companies, snapshot, 13)),
            ("aging_percentages", baselines::aging_percentages(facts, companies, snapshot, 13)),
        ];
        let mut lines = Vec::new();
        for (name, weekly) in all {
            for ((company, currency), weeks) in weekly {
                let weeks: Vec<String> = weeks.into_iter().map(bits).collect();
                lines.push(format!("baseline {name} {} {} {weeks:?}", self.loaded.book.companies[company], self.code(currency)));
            }
        }
        lines.sort_unstable();
        lines
    }
}

fn bits(number: f64) -> String {
    format!("{number}#{:x}", number.to_bits())
}

fn hash(numbers: &[f32]) -> u64 {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_bits().to_le_bytes()).collect();
    xxh3_64(&bytes)
}

/// Asserts that two views say the same, showing the first lines that they do not share.
#[track_caller]
pub fn assert_same(found: &[String], expected: &[String], what: &str) {
    if found == expected {
        return;
    }
    let (mut only_found, mut only_expected) = (Vec::new(), Vec::new());
    let expected_lines: std::collections::BTreeSet<&String> = expected.iter().collect();
    let found_lines: std::collections::BTreeSet<&String> = found.iter().collect();
    only_found.extend(found.iter().filter(|line| !expected_lines.contains(line)));
    only_expected.extend(expected.iter().filter(|line| !found_lines.contains(line)));
    let show = |lines: &[&String]| {
        lines.iter().take(6).map(|line| format!("  {}\n", line.chars().take(700).collect::<String>())).collect::<String>()
    };
    let order = found.iter().zip(expected).find(|(a, b)| a != b);
    panic!(
        "{what}: {} and {} lines, {} and {} of them only there\nonly found:\n{}only expected:\n{}first in another place: {order:.400?}",
        found.len(),
        expected.len(),
        only_found.len(),
        only_expected.len(),
        show(&only_found),
        show(&only_expected)
    );
}
