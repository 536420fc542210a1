//! What the model of lateness promises, on ledgers small enough to work out by hand and on large ones made from random numbers.

use super::columns::{COLUMNS, EXPECTED_DAYS_LATE, LATE_RATE, column_names};
use super::rows::{IssueRow, Issued, Outcome, Rows, issued};
use super::walk::over_days;
use super::*;
use crate::ingest::load::knowledge::Knowledge;
use crate::ledger::book::{Application, Book, Customer, DocumentType, Item, NO_DATE, Supplied};
use crate::ledger::rates::Rates;
use crate::scoring::as_of::{CustomerAsOf, customer_as_of};
use arrears_models::classification::Scores;
use arrears_models::random::{below, uniform};

/// Ten-thousandths of a unit of money.
const ONE: i64 = 10_000;

/// A ledger in the making.
#[derive(Clone, Default)]
struct Ledger {
    items: Vec<Item>,
    applications: Vec<Application>,
}

impl Ledger {
    fn document(&mut self, document_type: DocumentType, customer: u32, date: Day, due_date: Day, amount: i64) -> ItemIndex {
        self.items.push(Item::plain(document_type, customer, 0, amount, date, due_date));
        u32::try_from(self.items.len() - 1).expect("a test has few items")
    }

    fn invoice(&mut self, customer: u32, date: Day, due_date: Day, amount: i64) -> ItemIndex {
        self.document(DocumentType::Invoice, customer, date, due_date, amount)
    }

    fn apply(&mut self, credit: ItemIndex, debit: ItemIndex, date: Day, amount: i64) {
        let row = u32::try_from(self.applications.len()).expect("a test has few applications");
        self.applications.push(Application { debit, credit, visible_date: date, amount, credit_amount: amount, row });
    }

    /// The invoice, or what is told of it, is paid.
    fn pay(&mut self, invoice: ItemIndex, date: Day, amount: i64) -> ItemIndex {
        let customer = self.items[invoice as usize].customer;
        let receipt = self.document(DocumentType::Receipt, customer, date, NO_DATE, amount);
        self.apply(receipt, invoice, date, amount);
        receipt
    }

    fn book(&self, customers: usize, companies: u32) -> Book {
        let customer = |number: usize| Customer {
            company: u32::try_from(number).expect("few") % companies,
            id: format!("{number:05}"),
            labels: [0; 4],
            account_manager: 0,
            is_intercompany: false,
            credit_limit: None,
            credit_limit_currency: None,
            insured_amount: None,
        };
        let names = (0..companies).map(|company| format!("company {company}")).collect();
        let rates = Rates::new("EUR", 100, 0, 1, vec![("EUR".into(), Vec::new())]);
        let (items, applications) = (self.items.clone(), self.applications.clone());
        let customers = (0..customers).map(customer).collect();
        Book::assemble(names, vec![String::new()], customers, items, applications, Default::default(), Supplied::default(), rates)
    }

    /// What was there at the end of a day.
    fn until(&self, day: Day) -> Ledger {
        let mut ledger = self.clone();
        // The numbers of the items stay: what came later has no amount and is nothing.
        for item in ledger.items.iter_mut().filter(|item| item.document_date > day) {
            item.amount = 0;
        }
        ledger.applications.retain(|application| application.visible_date <= day);
        ledger
    }
}

fn facts_of(book: &Book) -> Facts {
    Facts::new(book, &Knowledge::default(), Day::MIN / 2, true)
}

/// Customers that are issued an invoice every nine days, due after 30; every other customer pays late more often than not. The
/// share that is late among all depends on `days`, which is added to every payment.
fn repeating(customers: u32, invoices: i32, days: f64, seed: u64) -> Ledger {
    let mut ledger = Ledger::default();
    for customer in 0..customers {
        let habit = if customer % 2 == 0 { -6.0 } else { 6.0 };
        for number in 0..invoices {
            let draw = |which: u64| uniform(seed, u64::from(customer), number as u64 * 4 + which);
            let date = 1_000 + 9 * number + i32::try_from(customer % 9).expect("few");
            let amount = (1.0 + 1_000.0 * draw(0)).round() as i64 * ONE;
            let invoice = ledger.invoice(customer, date, date + 30, amount);
            let late = habit + days + 16.0 * (draw(1) - 0.5);
            ledger.pay(invoice, date + 30 + late.round() as i32, amount);
        }
    }
    ledger
}

fn rows_of(facts: &Facts, companies: &Companies, customer: usize, known: Day) -> Vec<IssueRow> {
    let rows = Rows::new(facts, companies, 75.0, Sample::ALL, known);
    rows.of(&[(customer, issued(facts, customer, known))])
}

fn column(row: &IssueRow, name: &str) -> f64 {
    f64::from(row.columns[column_names().position(|column| column == name).expect("there is such a column")])
}

#[test]
fn every_column_has_a_name() {
    assert_eq!(column_names().count(), COLUMNS);
    let named: Vec<&str> = column_names().collect();
    assert_eq!((named[LATE_RATE], named[EXPECTED_DAYS_LATE]), ("late_rate", "expected_days_late"));
}

#[test]
fn the_row_of_an_invoice_is_what_can_be_worked_out_by_hand() {
    // 2023-01-01 is day 19,358, a Sunday; due after 30 days.
    let start = 19_358;
    let mut ledger = Ledger::default();
    // Three invoices paid 4 days early, on the day, 10 days late; one open and past due, one open and not yet due.
    for (date, late) in [(0, -4), (10, 0), (20, 10)] {
        let invoice = ledger.invoice(0, start + date, start + date + 30, 100 * ONE);
        ledger.pay(invoice, start + date + 30 + late, 100 * ONE);
    }
    ledger.invoice(0, start + 40, start + 70, 50 * ONE);
    ledger.invoice(0, start + 60, start + 90, 50 * ONE);
    // The invoice in question: on 2023-03-22, a Wednesday, day 80; due on 2023-05-06, a Saturday.
    ledger.invoice(0, start + 80, start + 125, 200 * ONE);
    let book = ledger.book(1, 1);
    let (facts, companies) = (facts_of(&book), Companies::of(&book));
    let row = rows_of(&facts, &companies, 0, start + 400).pop().expect("the last invoice has a row");
    assert_eq!(row.issued.invoice.document_date, start + 80);
    assert_eq!(row.paid_before, 3);
    // At the end of February (day 58) the first two had been paid, none late: the pool is (0 + 1) ÷ (2 + 2) = 1/4, and the
    // customer's rate (1 + 2 · 1/4) ÷ (3 + 2) = 0.3.
    assert!((column(&row, "late_rate") - 0.3).abs() < 1e-6);
    // One customer makes no constant of credibility: the pool of February counts alone. Payments on days 26 and 40.
    let weight = |age: f64| (-age / 75.0_f64).exp2();
    let pool = (-4.0 * weight(58.0 - 26.0) + 0.0) / (weight(58.0 - 26.0) + weight(58.0 - 40.0));
    assert!((column(&row, "expected_days_late") - pool).abs() < 1e-6, "{row:?}");
    // Variance of −4, 0, 10 about 2 is (36 + 4 + 64) ÷ 3; one payment more with a variance of 100, as nothing is known.
    assert!((column(&row, "days_late_spread") - ((104.0 + 100.0) / 4.0_f64).sqrt()).abs() < 1e-6);
    let expected = [
        ("log_paid_count", 4.0_f64.ln()),
        ("days_late_last", 10.0),
        ("days_late_last_three", 2.0),
        ("log_open_count", 3.0_f64.ln()),
        ("log_overdue_count", 2.0_f64.ln()),
        ("log_amount", 200.0_f64.ln()),
        ("terms_days", 45.0),
        ("day_of_month", 22.0),
        ("issued_tuesday", 0.0),
        ("issued_wednesday", 1.0),
        ("due_friday", 0.0),
        ("due_saturday", 1.0),
    ];
    for (name, value) in expected {
        assert!((column(&row, name) - value).abs() < 1e-6, "{name}: {} instead of {value}", column(&row, name));
    }
}

#[test]
fn what_happens_on_the_day_of_an_invoice_is_not_known_to_it() {
    let mut ledger = Ledger::default();
    let first = ledger.invoice(0, 1_000, 1_030, 100 * ONE);
    ledger.pay(first, 1_040, 100 * ONE);
    ledger.invoice(0, 1_040, 1_070, 100 * ONE);
    ledger.invoice(0, 1_041, 1_071, 100 * ONE);
    let book = ledger.book(1, 1);
    let rows = rows_of(&facts_of(&book), &Companies::of(&book), 0, 1_200);
    let seen: Vec<(u32, f64)> = rows.iter().map(|row| (row.paid_before, column(row, "log_open_count").exp_m1().round())).collect();
    assert_eq!(seen, [(0, 0.0), (0, 1.0), (1, 1.0)]);
}

#[test]
fn outcomes_are_late_where_money_came_late_or_not_at_all() {
    let mut ledger = Ledger::default();
    let in_time = ledger.invoice(0, 1_000, 1_030, ONE);
    ledger.pay(in_time, 1_030, ONE);
    let in_parts = ledger.invoice(0, 1_001, 1_030, 2 * ONE);
    ledger.pay(in_parts, 1_020, ONE);
    ledger.pay(in_parts, 1_037, ONE);
    let credited = ledger.invoice(0, 1_002, 1_030, ONE);
    let credit = ledger.document(DocumentType::CreditNote, 0, 1_050, NO_DATE, ONE);
    ledger.apply(credit, credited, 1_050, ONE);
    let written_off = ledger.invoice(0, 1_003, 1_030, ONE);
    let write_off = ledger.document(DocumentType::WriteOff, 0, 1_080, NO_DATE, ONE);
    ledger.apply(write_off, written_off, 1_080, ONE);
    ledger.invoice(0, 1_004, 1_030, ONE);
    ledger.invoice(0, 1_005, 1_100, ONE);
    let returned = ledger.invoice(0, 1_006, 1_030, ONE);
    let receipt = ledger.pay(returned, 1_020, ONE);
    ledger.apply(receipt, returned, 1_060, -ONE);
    let book = ledger.book(1, 1);
    let outcomes: Vec<Option<Outcome>> = issued(&facts_of(&book), 0, 1_100).iter().map(|issued| issued.outcome).collect();
    let late = |days_late| Some(Outcome { is_late: true, days_late });
    let expected = [Some(Outcome { is_late: false, days_late: Some(0) }), late(Some(7)), None, late(None), late(None), None, late(None)];
    assert_eq!(outcomes, expected);
}

/// A ledger in which about everything happens but corrections.
fn eventful(seed: u64) -> (Ledger, Knowledge) {
    let (mut ledger, knowledge) = (Ledger::default(), Knowledge::default());
    for customer in 0..6_u32 {
        for number in 0..60_u64 {
            let draw =
                |which: u64, limit: usize| i32::try_from(below(seed, u64::from(customer), number * 16 + which, limit)).expect("small");
            let date = 1_000 + draw(0, 1_200);
            let amount = i64::from(2 + draw(1, 50)) * ONE;
            let due_date = if draw(2, 6) == 0 { NO_DATE } else { date + 10 * draw(3, 6) };
            let kind = if draw(4, 12) == 0 { DocumentType::Reinstatement } else { DocumentType::Invoice };
            let invoice = ledger.document(kind, customer, date, due_date, amount);
            let parts = draw(5, 4);
            let mut receipt = None;
            for part in 0..parts {
                receipt = Some((ledger.pay(invoice, date - 3 + draw(6, 60) + 7 * part, amount / i64::from(parts)), part));
            }
            match draw(7, 5) {
                0 if receipt.is_some() => {
                    let (receipt, _) = receipt.expect("there is one");
                    let on = ledger.applications.last().expect("there is one").visible_date + draw(8, 30);
                    ledger.apply(receipt, invoice, on, -(amount / i64::from(parts)));
                }
                1 if parts == 0 => {
                    let write_off = ledger.document(DocumentType::WriteOff, customer, date + 100, NO_DATE, amount);
                    ledger.apply(write_off, invoice, date + 100, amount);
                }
                _ => {}
            }
        }
    }
    for application in &mut ledger.applications {
        let documents = [application.debit, application.credit].map(|item| ledger.items[item as usize].document_date);
        application.visible_date = application.visible_date.max(documents[0]).max(documents[1]);
    }
    (ledger, knowledge)
}

#[test]
fn one_pass_sees_of_every_day_what_a_look_at_that_day_sees() {
    for seed in 0..4 {
        let (ledger, knowledge) = eventful(seed);
        let book = ledger.book(6, 1);
        let facts = Facts::new(&book, &knowledge, Day::MIN / 2, true);
        let days: Vec<Day> = (990..3_100).step_by(7).collect();
        let usual_terms = 20;
        let due_date = |item: &crate::scoring::facts::DebitItem| crate::scoring::as_of::due_date_of(item, Some(usual_terms));
        for customer in 0..6 {
            let mut shown = 0;
            over_days(&facts, customer, &days, due_date, |day, seen| {
                let mut expected = customer_as_of(&facts, customer, day, Some(usual_terms));
                expected.unapplied = Vec::new();
                expected.median_amount = None;
                assert_eq!(seen, &expected, "customer {customer} on day {day}, seed {seed}");
                shown += 1;
            });
            assert_eq!(shown, days.len());
        }
        let some: CustomerAsOf = customer_as_of(&facts, 0, 2_000, Some(usual_terms));
        assert!(some.payments.len() > 5 && some.settled > 3 && !some.open.is_empty(), "the ledger says little: {some:?}");
    }
}

#[test]
fn what_comes_after_the_day_of_the_fit_changes_nothing() {
    let ledger = repeating(60, 40, 0.0, 3);
    let day = 1_250;
    let [now, then] = [&ledger, &ledger.until(day)].map(|ledger| {
        let book = ledger.book(60, 2);
        late_at_issue_of_open_items(&facts_of(&book), &Companies::of(&book), 75.0, day)
    });
    assert!(now.model.companies[0].is_ok() && now.items.len() > 100, "{:?}", now.model.companies[0]);
    assert_eq!((&now.model.companies, &now.model.pooled), (&then.model.companies, &then.model.pooled));
    assert_eq!(now.items, then.items);
}

#[test]
fn the_row_of_an_invoice_is_the_same_on_the_eve_and_years_later() {
    for seed in 0..3 {
        let (ledger, knowledge) = eventful(seed);
        let compare = |customer: usize, known: Day, ledger: &Ledger| {
            let book = ledger.book(6, 1);
            let facts = Facts::new(&book, &knowledge, Day::MIN / 2, true);
            let rows = rows_of(&facts, &Companies::of(&book), customer, known);
            let before = rows.into_iter().filter(|row| row.issued.invoice.document_date <= 2_000);
            before.map(|row| (row.issued.item, row.columns, row.paid_before)).collect::<Vec<_>>()
        };
        for customer in 0..6 {
            let truncated = compare(customer, 2_000, &ledger.until(2_000));
            assert!(truncated.len() > 10);
            let later: Vec<_> = compare(customer, 2_000, &ledger);
            assert_eq!(truncated, later);
        }
    }
}

#[test]
fn the_order_of_the_ledger_does_not_matter() {
    let ledger = repeating(40, 30, 0.0, 5);
    let mut turned = Ledger::default();
    let last = u32::try_from(ledger.items.len() - 1).expect("few");
    turned.items.extend(ledger.items.iter().rev().copied());
    let turn =
        |application: &Application| Application { debit: last - application.debit, credit: last - application.credit, ..*application };
    turned.applications.extend(ledger.applications.iter().rev().map(turn));
    let [straight, turned] = [&ledger, &turned].map(|ledger| {
        let book = ledger.book(40, 1);
        LateModel::fit(&facts_of(&book), &Companies::of(&book), 75.0, 1_250, 1_250).0.companies
    });
    assert!(straight[0].is_ok());
    assert_eq!(straight, turned);
}

#[test]
fn probabilities_mean_lateness_whichever_of_the_two_is_rarer() {
    for (days, rarer_is_late) in [(-4.0, true), (4.0, false)] {
        let book = repeating(60, 30, days, 7).book(60, 1);
        let (facts, companies) = (facts_of(&book), Companies::of(&book));
        let (model, rows) = LateModel::fit(&facts, &companies, 75.0, 1_260, 1_260);
        let fitted = model.companies[0].as_ref().expect("there is enough to learn from");
        assert_eq!(2 * fitted.late < fitted.invoices, rarer_is_late);
        let mean = |of: &dyn Fn(&IssueRow) -> bool| {
            let said: Vec<f64> = rows.iter().filter(|row| of(row)).filter_map(|row| model.of(0, row).probability).collect();
            said.iter().sum::<f64>() / said.len() as f64
        };
        assert!(mean(&|row| row.customer % 2 == 1) > mean(&|row| row.customer % 2 == 0) + 0.2);
        // With an intercept the probabilities of the fit sum to what came.
        assert!((mean(&|_| true) - fitted.late as f64 / fitted.invoices as f64).abs() < 1e-6);
        assert!(fitted.fit.standard_errors.iter().all(|error| error.is_finite()));
    }
}

#[test]
fn drivers_are_the_three_strongest_and_tell_the_direction() {
    let book = repeating(60, 30, 0.0, 7).book(60, 1);
    let (facts, companies) = (facts_of(&book), Companies::of(&book));
    let (model, rows) = LateModel::fit(&facts, &companies, 75.0, 1_260, 1_260);
    let fitted = model.companies[0].as_ref().expect("there is enough to learn from");
    for row in &rows {
        let said = model.of(0, row);
        assert_eq!(said.drivers.len(), 3);
        assert!(said.drivers.windows(2).all(|pair| pair[0].log_odds.abs() >= pair[1].log_odds.abs()));
        let all = drivers(&fitted.fit, &row.columns);
        let mean: Vec<f32> = fitted.fit.means.iter().map(|mean| *mean as f32).collect();
        let sum: f64 = all.iter().map(|driver| driver.log_odds).sum();
        assert!((fitted.fit.log_odds(&mean) + sum - fitted.fit.log_odds(&row.columns)).abs() < 1e-4);
    }
}

#[test]
fn with_too_little_to_learn_from_there_is_no_probability_and_a_reason() {
    let words = |ledger: &Ledger, customers: usize, companies: u32, day: Day| {
        let book = ledger.book(customers, companies);
        let said = late_at_issue_of_open_items(&facts_of(&book), &Companies::of(&book), 75.0, day);
        assert!(
            said.items
                .iter()
                .all(|(_, said)| said.probability.is_some_and(|p| (0.0..=1.0).contains(&p)) != matches!(said.basis, Basis::None(_)))
        );
        let mut words: Vec<&str> = said.items.iter().map(|(_, said)| said.basis.word()).collect();
        words.sort_unstable();
        words.dedup();
        words
    };
    assert_eq!(words(&Ledger::default(), 0, 1, 1_250), [""; 0]);
    assert_eq!(words(&Ledger::default(), 3, 2, 1_250), [""; 0]);
    // Nobody has ever paid.
    let mut unpaid = Ledger::default();
    for number in 0..1_000 {
        unpaid.invoice(number % 10, 1_000 + i32::try_from(number / 5).expect("few"), 1_230, ONE);
    }
    assert_eq!(words(&unpaid, 10, 1, 1_250), ["too_few_invoices"]);
    // All are late; one customer.
    assert_eq!(words(&repeating(60, 40, 40.0, 1), 60, 1, 1_250), ["too_few_late_or_in_time"]);
    assert_eq!(words(&repeating(1, 40, 0.0, 1), 1, 1, 1_250), ["too_few_invoices"]);
    // Three companies with enough, sixty with too little each.
    assert_eq!(words(&repeating(60, 40, 0.0, 1), 60, 3, 1_250), ["company_model"]);
    assert_eq!(words(&repeating(60, 40, 0.0, 1), 60, 60, 1_250), ["pooled_model"]);
}

#[test]
fn a_new_customer_has_the_late_rate_of_its_company() {
    let mut ledger = repeating(60, 40, 0.0, 1);
    let new = ledger.invoice(60, 1_240, 1_270, ONE);
    let book = ledger.book(61, 1);
    let said = late_at_issue_of_open_items(&facts_of(&book), &Companies::of(&book), 75.0, 1_250);
    let (_, said) = said.items.iter().find(|(item, _)| *item == new).expect("it is open");
    assert_eq!(said.basis, Basis::LateRate);
    let probability = said.probability.expect("the company has a model");
    assert!((probability - 0.5).abs() < 0.05, "{probability}");
}

#[test]
fn outcomes_that_are_shuffled_cannot_be_told() {
    let book = repeating(200, 60, 0.0, 11).book(200, 1);
    let (facts, companies) = (facts_of(&book), Companies::of(&book));
    let (_, mut rows) = LateModel::fit(&facts, &companies, 75.0, 1_600, 1_600);
    let auc = |rows: &[IssueRow]| {
        let (learnt, tested): (Vec<&IssueRow>, Vec<&IssueRow>) = rows.iter().partition(|row| row.issued.invoice.document_date < 1_300);
        let fitted = fit(&learnt).expect("there is enough to learn from");
        let said: Vec<f64> = tested.iter().map(|row| fitted.fit.probability(&row.columns)).collect();
        let came: Vec<f64> = tested.iter().map(|row| f64::from(u8::from(is_late(row)))).collect();
        Scores::new(&said, &came, None).expect("scores").auc().expect("both classes")
    };
    assert!(auc(&rows) > 0.75, "{}", auc(&rows));
    let mut outcomes: Vec<Option<Outcome>> = rows.iter().map(|row| row.issued.outcome).collect();
    for place in (1..outcomes.len()).rev() {
        outcomes.swap(place, below(5, 0, place as u64, place + 1));
    }
    for (row, outcome) in rows.iter_mut().zip(outcomes) {
        row.issued = Issued { outcome, ..row.issued };
    }
    assert!((0.45..0.55).contains(&auc(&rows)), "{}", auc(&rows));
}
