//! Ledgers too small to learn from. Every night of them ends well, says what can be said and labels the rest: which step of the
//! ladder an expected date stands on, whether a band is calibrated, why a score is null. The figures are worked out by hand where
//! a hand can do it.

mod support;

use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;
use support::{Place, Row, cell, is, money, money_in, number_in, table, table_where, the_row};

const AS_OF: &str = "2025-06-30";

const CONFIG: &str = "base_currency = \"USD\"\noutput = \"out\"\n\n\
    [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";

/// The components that sum to the total.
const COMPONENTS: [&str; 4] = ["new_billing", "open_items", "orders", "promises"];
/// The published quantiles, from low to high.
const QUANTILES: [&str; 9] = ["p025", "p050", "p100", "p250", "p500", "p750", "p900", "p950", "p975"];

/// An invoice in whole dollars, and when it was paid.
struct Invoice {
    customer: usize,
    issued: NaiveDate,
    due: NaiveDate,
    amount: usize,
    paid: Option<NaiveDate>,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text} is a day"))
}

fn as_of() -> NaiveDate {
    day(AS_OF)
}

/// The day so many days before the night.
fn before(days: usize) -> NaiveDate {
    as_of() - Days::new(days as u64)
}

/// An invoice of 100 dollars that nobody has paid.
fn open(issued: &str, due: &str) -> Invoice {
    Invoice { customer: 0, issued: day(issued), due: day(due), amount: 100, paid: None }
}

/// Whether an invoice is paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paid {
    /// From three days before to eleven days after its due date, where that has come.
    WhenItIsTime,
    /// Also where that has not come.
    Always,
    Never,
}

/// Invoices spread evenly over a year, on terms of 30 days.
fn spread(count: usize, customers: usize, paid: Paid) -> Vec<Invoice> {
    let invoice = |number: usize| {
        let issued = before((count - number) * 360 / count + 1);
        let due = issued + Days::new(30);
        let pays = due + Days::new((number * 7 % 15) as u64) - Days::new(3);
        let paid = match paid {
            Paid::WhenItIsTime => Some(pays).filter(|pays| *pays <= as_of()),
            Paid::Always => Some(pays.min(as_of())),
            Paid::Never => None,
        };
        Invoice { customer: number % customers, issued, due, amount: 100 + number, paid }
    };
    (0..count).map(invoice).collect()
}

/// A night, and what it published.
struct Night {
    sentence: String,
    invoices: Vec<Row>,
    cash: Vec<Row>,
    accuracy: Vec<Row>,
    /// What is open, ten-thousandths.
    open: i128,
}

/// Publishes the night of a ledger, and asserts what holds of every night.
#[track_caller]
fn night(invoices: &[Invoice]) -> Night {
    let mut documents = String::from("document_id,document_type,customer_id,document_date,due_date,amount,currency\n");
    let mut applications = String::from("application_id,credit_document_id,debit_document_id,applied_date,amount\n");
    for (number, Invoice { customer, issued, due, amount, paid }) in invoices.iter().enumerate() {
        documents += &format!("I{number},invoice,C{customer},{issued},{due},{amount}.00,USD\n");
        if let Some(paid) = paid {
            documents += &format!("R{number},receipt,C{customer},{paid},,{amount}.00,USD\n");
            applications += &format!("A{number},R{number},I{number},{paid},{amount}.00\n");
        }
    }
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    place.write("ledger/documents.csv", documents);
    place.write("ledger/applications.csv", applications);
    let ended = place.run(AS_OF).expect(0);
    let checks = ended.stderr.lines().find_map(|line| line.strip_prefix("checks: ")?.strip_suffix(" hold")?.split_once(" of "));
    assert!(checks.is_some_and(|(held, all)| held == all), "every check holds: {}", ended.stderr);

    let folder = place.night(AS_OF);
    let items = table(&folder, "open_items");
    let night = Night {
        sentence: ended.stdout,
        invoices: table(&folder, "invoice_forecasts"),
        cash: table_where(&folder, "cash_forecast", &[("basis", "base")]),
        accuracy: table(&folder, "forecast_accuracy"),
        open: items.iter().map(|item| money_in(item, "open_amount")).sum(),
    };
    let unpaid: usize = invoices.iter().filter(|invoice| invoice.paid.is_none()).map(|invoice| invoice.amount).sum();
    assert_eq!(night.open, unpaid as i128 * 10_000, "what is open is what nobody has paid");
    night.assert_invoices();
    night.assert_cash();
    night.assert_accuracy();
    night
}

impl Night {
    /// Every open item is forecast; chances are chances, and rise with the days.
    #[track_caller]
    fn assert_invoices(&self) {
        let open: i128 = self.invoices.iter().map(|invoice| money_in(invoice, "open_amount")).sum();
        assert_eq!(open, self.open, "every open item has a forecast");
        for invoice in &self.invoices {
            let chance = |column: &str| {
                let chance = number_in(invoice, column);
                assert!((0.0..=1.0).contains(&chance), "{column} is a chance: {chance}");
                chance
            };
            let within = [7, 14, 30, 60, 90].map(|days| chance(&format!("paid_probability_{days}d")));
            assert!(within.is_sorted(), "chances rise with the days: {within:?}");
            if cell(invoice, "late_30_probability").is_some() {
                assert!(chance("late_30_probability") <= chance("late_probability"));
            }
            let rest = ["credit_probability", "write_off_probability", "beyond_horizon_probability"].map(chance);
            assert!(within[4] + rest.iter().sum::<f64>() <= 1.0 + 1e-9, "nothing leaves twice: {invoice:?}");
        }
    }

    /// Components sum to the total, quantiles rise, and no more of what is open can come than is open.
    #[track_caller]
    fn assert_cash(&self) {
        let place = |row: &Row| {
            let columns = ["company_id", "scope", "scope_value", "grid", "horizon"];
            columns.map(|column| cell(row, column).unwrap_or_default().to_owned())
        };
        let mut sums: BTreeMap<[String; 5], i128> = BTreeMap::new();
        for row in self.cash.iter().filter(|row| COMPONENTS.iter().any(|word| is(row, &[("component", word)]))) {
            *sums.entry(place(row)).or_default() += money_in(row, "mean");
        }
        for row in self.cash.iter().filter(|row| is(row, &[("component", "total")])) {
            assert_eq!(sums.remove(&place(row)), Some(money_in(row, "mean")), "{:?}", place(row));
        }
        assert!(sums.is_empty(), "every sum has its total: {sums:?}");
        for row in self.cash.iter().filter(|row| cell(row, "calibration").is_some()) {
            let quantiles = QUANTILES.map(|column| money_in(row, column));
            assert!(quantiles.is_sorted(), "quantiles rise: {row:?}");
            if is(row, &[("component", "open_items_and_promises")]) {
                assert!(quantiles[0] >= 0 && quantiles[8] <= self.open, "within nothing and what is open: {row:?}");
            }
            if is(row, &[("scope", "company")]) {
                let is_calibrated = number_in(row, "origins") >= 12.0;
                let word = if is_calibrated { "calibrated" } else { "uncalibrated" };
                assert_eq!(cell(row, "calibration"), Some(word), "{row:?}");
            }
        }
    }

    /// A score that is null says why.
    #[track_caller]
    fn assert_accuracy(&self) {
        for row in &self.accuracy {
            let (came, origins) = (money_in(row, "actual"), number_in(row, "origins"));
            let reason = match (came, origins) {
                (0, _) => Some("zero_base"),
                (_, origins) if origins < 2.0 => Some("too_few"),
                _ => None,
            };
            assert_eq!(cell(row, "reason"), reason, "{row:?}");
            assert_eq!(cell(row, "wape").is_none(), came == 0, "{row:?}");
            assert_eq!(cell(row, "wape_lower").is_none(), reason.is_some(), "{row:?}");
        }
    }

    /// The step of the ladder that every invoice stands on.
    #[track_caller]
    fn tier(&self) -> &str {
        let tiers: std::collections::BTreeSet<&str> = self.invoices.iter().filter_map(|invoice| cell(invoice, "tier")).collect();
        assert_eq!(tiers.len(), 1, "all items stand on one step: {tiers:?}");
        tiers.first().expect("there is one")
    }

    /// A row of the company's forecast.
    #[track_caller]
    fn of(&self, grid: &str, horizon: usize, component: &str) -> &Row {
        let horizon = horizon.to_string();
        the_row(
            &self.cash,
            &[("company_id", "main"), ("scope", "company"), ("grid", grid), ("horizon", &horizon), ("component", component)],
        )
    }

    /// The periods in which open items bring anything, and what.
    fn expected(&self, grid: &str) -> Vec<(usize, i128)> {
        let of_grid = [("company_id", "main"), ("scope", "company"), ("grid", grid), ("component", "open_items")];
        let rows = self.cash.iter().filter(|row| is(row, &of_grid) && money_in(row, "mean") != 0);
        rows.map(|row| (number_in(row, "horizon") as usize, money_in(row, "mean"))).collect()
    }
}

#[test]
fn an_empty_ledger_has_nothing_to_forecast() {
    let night = night(&[]);
    assert!(night.invoices.is_empty() && night.cash.is_empty() && night.accuracy.is_empty());
    assert_eq!(night.sentence, "2025-06-30: the ledger has no document yet; 0 rows quarantined\n");
}

#[test]
fn one_open_invoice_is_expected_on_its_due_date() {
    let night = night(&[open("2025-06-20", "2025-07-16")]);
    assert_eq!(night.tier(), "no_model");
    let [invoice] = night.invoices.as_slice() else { panic!("one invoice is open: {:?}", night.invoices) };
    let chances = [7, 14, 30].map(|days| number_in(invoice, &format!("paid_probability_{days}d")));
    assert_eq!(chances, [0.0, 0.0, 1.0], "due in sixteen days");
    for date in ["expected_date", "paid_date_p10", "paid_date_p50", "paid_date_p90"] {
        assert_eq!(cell(invoice, date), Some("2025-07-16"), "{date}");
    }
    assert_eq!((number_in(invoice, "late_probability"), cell(invoice, "driver_1")), (0.0, None));
    // The sixteenth day is in the third week, and in July.
    assert_eq!(night.expected("day"), [(16, money("100"))]);
    assert_eq!(night.expected("week"), [(3, money("100"))]);
    assert_eq!(night.expected("month"), [(1, money("100"))]);
    let week = night.of("week", 3, "open_items_and_promises");
    assert_eq!(QUANTILES.map(|column| money_in(week, column)), [money("100"); 9]);
    assert_eq!((cell(week, "calibration"), cell(week, "origins")), (Some("uncalibrated"), Some("0")));
    // Nothing was billed before that week, so nobody can say what will be.
    assert_eq!(money_in(night.of("month", 1, "new_billing"), "mean"), 0);
    assert!(night.accuracy.is_empty(), "there was no earlier forecast");
    let sentence = "2025-06-30: 100.00 USD receivable in 1 open item, 0.0 % of the open debit overdue, DSO 11.0 days; \
                    0 rows quarantined or left out\n";
    assert_eq!(night.sentence, sentence, "nothing is expected within seven days, and nothing is said");
}

#[test]
fn one_overdue_invoice_is_expected_on_the_next_day() {
    let night = night(&[open("2025-05-05", "2025-06-04")]);
    assert_eq!(night.tier(), "no_model");
    let [invoice] = night.invoices.as_slice() else { panic!("one invoice is open: {:?}", night.invoices) };
    assert_eq!((number_in(invoice, "paid_probability_7d"), cell(invoice, "expected_date")), (1.0, Some("2025-07-01")));
    assert_eq!(number_in(invoice, "late_probability"), 1.0);
    assert_eq!(night.expected("day"), [(1, money("100"))]);
    assert_eq!(night.expected("week"), [(1, money("100"))]);
    assert!(
        night.sentence.contains("; 100.00 USD expected in the next 7 days (80 %, uncalibrated: 100.00 to 100.00); 0 rows"),
        "{}",
        night.sentence
    );
}

/// The night looks ahead until the end of June 2026. Whether an invoice is late that is due after it nobody can say.
#[test]
fn lateness_beyond_the_days_ahead_is_not_told() {
    for (due, late, late_30, beyond) in
        [("2026-05-15", Some("0.0"), Some("0.0"), "0.0"), ("2026-06-15", Some("0.0"), None, "0.0"), ("2027-12-31", None, None, "1.0")]
    {
        let night = night(&[open("2025-06-20", due)]);
        let [invoice] = night.invoices.as_slice() else { panic!("one invoice is open: {:?}", night.invoices) };
        let told = ["late_probability", "late_30_probability", "beyond_horizon_probability"].map(|column| cell(invoice, column));
        assert_eq!(told, [late, late_30, Some(beyond)], "due on {due}");
    }
}

#[test]
fn fifty_invoices_are_too_few_for_a_curve() {
    let night = night(&spread(50, 5, Paid::WhenItIsTime));
    assert_eq!(night.tier(), "no_model");
    // None is past due: each stands in the week of its due date.
    let by_week: Vec<usize> = night.expected("week").into_iter().map(|(week, _)| week).collect();
    assert!(by_week.iter().all(|week| *week <= 5), "terms are 30 days: {by_week:?}");
    let expected: i128 = night.expected("week").into_iter().map(|(_, amount)| amount).sum();
    assert_eq!(expected, night.open, "all of it comes");
    assert_eq!(cell(night.of("week", 1, "total"), "calibration"), Some("calibrated"), "a year is enough to see how due dates fare");
    assert!(night.sentence.contains(" USD expected in the next 7 days (80 %: "), "{}", night.sentence);
    let told = night.accuracy.iter().filter(|row| cell(row, "wape").is_some()).count();
    assert!(told > 0, "what can be scored is scored");
}

#[test]
fn two_hundred_invoices_have_a_curve() {
    for customers in [5, 1] {
        let night = night(&spread(200, customers, Paid::WhenItIsTime));
        assert_eq!(night.tier(), "pooled_curve", "{customers} customers");
        let day_1: Vec<f64> = night.invoices.iter().map(|invoice| number_in(invoice, "paid_probability_7d")).collect();
        assert!(day_1.iter().all(|chance| *chance > 0.0 && *chance < 1.0), "neither sure nor impossible: {day_1:?}");
        assert!(night.invoices.iter().all(|invoice| cell(invoice, "driver_1").is_none()), "a curve has no drivers");
    }
}

#[test]
fn where_nothing_was_paid_yet_due_dates_stand_and_scores_say_why_they_are_null() {
    let night = night(&spread(60, 5, Paid::Never));
    assert_eq!(night.tier(), "no_model");
    let is_overdue = |invoice: &&Invoice| invoice.due <= as_of();
    let invoices = spread(60, 5, Paid::Never);
    let overdue: usize = invoices.iter().filter(is_overdue).map(|invoice| invoice.amount).sum();
    let first_day = money_in(night.of("day", 1, "open_items"), "mean");
    assert!(first_day >= overdue as i128 * 10_000, "what is overdue is expected at once: {first_day}");
    assert!(!night.accuracy.is_empty());
    assert!(night.accuracy.iter().all(|row| is(row, &[("reason", "zero_base")])));
    // Nobody has paid after any number of days: nothing is expected of what will be billed.
    assert_eq!(money_in(night.of("month", 12, "total"), "mean"), 0);
}

#[test]
fn where_everything_is_paid_only_new_billing_is_expected() {
    let night = night(&spread(200, 5, Paid::Always));
    assert!(night.invoices.is_empty(), "nothing is open");
    assert!(night.expected("week").is_empty());
    let month = night.of("month", 2, "total");
    assert!(money_in(month, "mean") > 0, "billing goes on");
    assert_eq!(money_in(month, "mean"), money_in(night.of("month", 2, "new_billing"), "mean"));
    let open = night.of("week", 1, "open_items_and_promises");
    assert_eq!((money_in(open, "p025"), money_in(open, "p975")), (0, 0));
}

/// A week counts ten days after its end, so three weeks before the night is the last origin whose first week does; an origin needs
/// 56 days of ledger behind it. Twelve origins so need 11 · 7 + 21 + 56 = 154 days.
#[test]
fn bands_are_calibrated_from_twelve_weeks_on() {
    for (days, origins, calibration) in [(153, "11", "uncalibrated"), (154, "12", "calibrated")] {
        let mut invoices = spread(30, 3, Paid::WhenItIsTime);
        invoices.retain(|invoice| invoice.issued > before(days));
        invoices.push(Invoice { customer: 0, issued: before(days), due: before(days - 30), amount: 500, paid: Some(before(days - 30)) });
        let night = night(&invoices);
        let week = night.of("week", 1, "total");
        assert_eq!((cell(week, "origins"), cell(week, "calibration")), (Some(origins), Some(calibration)), "{days} days");
        let last = night.of("week", 26, "total");
        assert_eq!((cell(last, "origins"), cell(last, "calibration")), (Some("0"), Some("uncalibrated")));
        let word = if calibration == "calibrated" { "(80 %: " } else { "(80 %, uncalibrated: " };
        assert!(night.sentence.contains(&format!(" USD expected in the next 7 days {word}")), "{}", night.sentence);
    }
}

#[test]
fn one_earlier_forecast_has_a_score_and_no_interval() {
    // 77 days: the origin of 2025-06-09 alone, whose week ends on 2025-06-16.
    let paid = Invoice { customer: 0, issued: before(77), due: day("2025-06-12"), amount: 100, paid: Some(day("2025-06-12")) };
    let night = night(&[paid, open("2025-06-20", "2025-07-16")]);
    let of_week = |target: &str, method: &str| {
        the_row(
            &night.accuracy,
            &[("company_id", "main"), ("basis", "base"), ("target", target), ("method", method), ("horizon", "1"), ("kind", "replay")],
        )
    };
    let row = of_week("open_items", "due_date");
    assert_eq!((money_in(row, "actual"), number_in(row, "wape"), cell(row, "reason")), (money("100"), 0.0, Some("too_few")));
    let row = of_week("open_items", "model");
    assert_eq!((number_in(row, "origins"), number_in(row, "wape")), (1.0, 0.0), "without a model the due date stands");
    assert_eq!(cell(row, "coverage_80"), None, "no band was calibrated");
}

#[test]
fn without_forecasts_nothing_is_said_of_cash() {
    let place = Place::copy_of("data-samples/corner-shop");
    place.write("arrears.toml", place.read("arrears.toml") + "\n[forecast]\nenabled = false\n");
    let ended = place.run(AS_OF).expect(0);
    assert!(ended.stdout.contains("receivable") && !ended.stdout.contains("expected in"), "{}", ended.stdout);
}
