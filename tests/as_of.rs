//! The as-of contract: what is computed for the end of a day from the ledger as it is now is, to the bit, what was computed on
//! that day. Truncating the ledger at the day, adding whatever is recorded after it, or reading rows in another order changes
//! nothing.

mod support;
#[path = "support/views.rs"]
mod views;

use arrears::config::DueDates;
use arrears::forecast::billing::Billing;
use arrears::forecast::cells::Detail;
use arrears::forecast::design::column_names;
use arrears::forecast::payment_runs::PaymentRuns;
use arrears::forecast::snapshot::{Sample, Snapshot};
use arrears::forecast::training::{FOLLOWED_DAYS, Training, TrainingRows};
use arrears::ingest::LedgerIndex;
use arrears::ingest::known::LedgerView;
use arrears::ingest::load::due_dates::DueDateRules;
use arrears::ingest::load::knowledge::knowledge;
use arrears::ingest::load::{LoadOptions, load};
use arrears::scoring::facts::{Exit, Facts};
use arrears::scoring::leaks::suspected_leaks;
use arrears_models::classification::Scores;
use arrears_models::logistic;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{Place, end_of, real_ledger, told};
use views::{HALF_LIFE, View, assert_same, day};

const CONFIG: &str = "base_currency = \"USD\"\n\n[quality]\nmax_quarantined_rows_share = 1.0\nmax_quarantined_amount_share = 1.0\n\n\
    [[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";

/// Ingests what is new in a place.
fn ingest(place: &Place, as_of: &str) {
    end_of(&mut place.arrears(&["ingest", "--as-of", as_of])).expect(0);
}

fn view(place: &Place, out: &Path, at: &str, is_truncated: bool) -> View {
    View::new(&place.path().join("arrears.toml"), out, day(at), is_truncated)
}

/// How much is compared at a day.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    Features,
    Everything,
}

fn describe(view: &View, at: &str, extent: Extent) -> Vec<String> {
    let mut lines = view.describe(day(at));
    if extent == Extent::Everything {
        lines.extend(view.describe_training(day(at)));
        // Segments are those of now; companies are compared.
        lines.extend(view.describe_forecast(day(at), Detail::Companies, None));
    }
    lines
}

/// Asserts that the ledger as it is now says of a day what the ledger as it was known at its end says.
#[track_caller]
fn assert_truncation_changes_nothing(place: &Place, out: &Path, at: &str, extent: Extent) -> Vec<String> {
    let now = describe(&view(place, out, at, false), at, extent);
    let then = describe(&view(place, out, at, true), at, extent);
    assert_same(&now, &then, &format!("{at} as it is known now, against what was known then"));
    now
}

/// A number below `below` that looks arbitrary and is always the same for a text.
fn arbitrary(text: &str, below: u64) -> u64 {
    // The last bits of the hash alone would follow those of the text.
    let hash = text.bytes().fold(14_695_981_039_346_656_037_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211));
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) % 1_000_003 % below
}

// --- a generated ledger in which everything is late, corrected or deleted at times --------------------------------------------------

/// The rows of a table: heading and cells.
struct Rows {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    fn read(text: &str) -> Self {
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let heading = lines.next().expect("a heading");
        Rows { heading, rows: lines.collect() }
    }

    fn column(&self, name: &str) -> usize {
        self.heading.iter().position(|column| column == name).unwrap_or_else(|| panic!("there is a column {name}"))
    }

    fn add_column(&mut self, name: &str) {
        if !self.heading.iter().any(|column| column == name) {
            self.heading.push(name.to_owned());
            self.rows.iter_mut().for_each(|row| row.push(String::new()));
        }
    }

    fn text(&self) -> String {
        let lines = std::iter::once(&self.heading).chain(&self.rows).map(|row| row.join(","));
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }
}

/// An instant or a date some days later; a blank stays blank.
fn later(text: &str, days: i32) -> String {
    if text.is_empty() {
        return String::new();
    }
    let date = arrears::ledger::calendar::date_of(day(&text[..10]) + days);
    format!("{date}{}", &text[10..])
}

/// Makes the rows of a table come late, be wrong at first, or be deleted for a while or for good. `wrong` gives what a row said
/// at first.
fn disturb(rows: &mut Rows, wrong: impl Fn(&Rows, &[String], u64) -> Vec<String>) {
    rows.add_column("is_deleted");
    let (recorded, deleted) = (rows.column("recorded_at"), rows.column("is_deleted"));
    let mut disturbed = Vec::new();
    for row in &rows.rows {
        let text = row.join(",");
        let mut row = row.clone();
        if arbitrary(&text, 10) == 0 {
            row[recorded] = later(&row[recorded], 1 + arbitrary(&text, 37) as i32);
        }
        let first = row[recorded].clone();
        match arbitrary(&text, 29) {
            0..=2 => {
                let mut other = wrong(rows, &row, arbitrary(&text, 5));
                other[recorded] = first.clone();
                row[recorded] = later(&first, arbitrary(&text, 50) as i32);
                // Of two versions of one instant only one counts, whichever it is: here they differ.
                if row[recorded] != first {
                    disturbed.push(other);
                }
            }
            // Deleted for good, for a while, and corrected by the very same row.
            kind @ 3..=5 => {
                disturbed.push(row.clone());
                let mut other = row.clone();
                other[deleted] = if kind == 5 { String::new() } else { "true".to_owned() };
                other[recorded] = later(&first, 3 + arbitrary(&text, 40) as i32);
                disturbed.push(other);
                if kind != 4 {
                    continue;
                }
                row[recorded] = later(&first, 60);
            }
            _ => {}
        }
        disturbed.push(row);
    }
    rows.rows = disturbed;
}

/// Rows of applications that are un-applied some days later, half of them to be applied again.
fn unapply(rows: &mut Rows) {
    let [id, date, amount, credit_amount, recorded] =
        ["application_id", "applied_date", "amount", "credit_amount", "recorded_at"].map(|name| rows.column(name));
    let mut added = Vec::new();
    for row in &rows.rows {
        let text = row.join(",");
        if arbitrary(&text, 13) != 0 {
            continue;
        }
        let mut back = row.clone();
        back[id] += "-back";
        for money in [amount, credit_amount].into_iter().filter(|money| !row[*money].is_empty()) {
            back[money] = format!("-{}", row[money]);
        }
        let days = 2 + arbitrary(&text, 40) as i32;
        back[date] = later(&row[date], days);
        // Some are recorded before what they take back, and some long after they count.
        back[recorded] = later(&row[recorded], days + arbitrary(&text, 9) as i32 - 4);
        if arbitrary(&text, 2) == 0 {
            let mut again = row.clone();
            again[id] += "-again";
            again[date] = later(&back[date], 5);
            again[recorded] = later(&back[recorded], 5);
            added.push(again);
        }
        added.push(back);
    }
    rows.rows.extend(added);
}

/// Leaves due dates to the customers' terms, some of which come late or change.
fn leave_due_dates_to_customers(tables: &mut BTreeMap<String, Rows>) {
    let documents = tables.get_mut("documents").expect("it was read");
    let due_date = documents.column("due_date");
    for row in documents.rows.iter_mut().filter(|row| arbitrary(&row.join(","), 4) == 0) {
        row[due_date].clear();
    }
    let customers = tables.get_mut("customers").expect("it was read");
    let [terms, recorded] = ["payment_terms_days", "recorded_at"].map(|name| customers.column(name));
    let mut added = Vec::new();
    for row in &mut customers.rows {
        let text = row.join(",");
        let days = 60 + arbitrary(&text, 400) as i32;
        if arbitrary(&text, 3) == 0 {
            row[recorded] = later(&row[recorded], days);
        }
        if arbitrary(&text, 5) < 3 {
            let mut other = row.clone();
            other[terms] = ["", "0", "75", "400"][arbitrary(&text, 4) as usize].to_owned();
            other[recorded] = later(&row[recorded], days / 2);
            added.push(other);
        }
    }
    customers.rows.extend(added);
}

/// A generated ledger of two years in which rows say when they were recorded.
fn disturbed(invoices: u32) -> BTreeMap<String, Rows> {
    let generated = Place::empty();
    let folder = generated.path().display().to_string();
    let invoices = invoices.to_string();
    let arguments = ["generate", "--out", &folder, "--invoices", &invoices, "--start-date", "2023-01-01", "--end-date", "2024-12-31"];
    end_of(support::program().args(arguments)).expect(0);
    let tables = ["customers", "documents", "applications", "disputes", "promises", "fx_rates"];
    let mut tables: BTreeMap<String, Rows> =
        tables.iter().map(|name| ((*name).to_owned(), Rows::read(&generated.read(&format!("ledger/{name}.csv"))))).collect();
    leave_due_dates_to_customers(&mut tables);
    let customers = &tables["customers"];
    let (company, id) = (customers.column("company_id"), customers.column("customer_id"));
    let mut of_company: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &customers.rows {
        of_company.entry(row[company].clone()).or_default().push(row[id].clone());
    }
    let at = |rows: &Rows, row: &[String], name: &str| row[rows.column(name)].clone();
    disturb(tables.get_mut("documents").expect("it was read"), |rows, row, kind| {
        let mut other = row.to_vec();
        let others = &of_company[&at(rows, row, "company_id")];
        match kind {
            0 => other[rows.column("amount")] = "77".to_owned(),
            1 => other[rows.column("document_date")] = later(&at(rows, row, "document_date"), -9),
            2 => other[rows.column("due_date")] = later(&at(rows, row, "due_date"), 17),
            3 => other[rows.column("customer_id")] = others[arbitrary(&row.join("/"), others.len() as u64) as usize].clone(),
            _ => other[rows.column("document_type")] = "credit_note".to_owned(),
        }
        other
    });
    let applications = tables.get_mut("applications").expect("it was read");
    unapply(applications);
    disturb(applications, |rows, row, kind| {
        let mut other = row.to_vec();
        match kind {
            0 | 1 => other[rows.column("amount")] = "33".to_owned(),
            2 => other[rows.column("applied_date")] = later(&at(rows, row, "applied_date"), 12),
            _ => {
                other[rows.column("debit_document_id")] =
                    rows.rows[arbitrary(&row.join("/"), 50) as usize][rows.column("debit_document_id")].clone()
            }
        }
        other
    });
    let change = |name: &'static str, value: &'static str| {
        move |rows: &Rows, row: &[String], _: u64| {
            let mut other = row.to_vec();
            other[rows.column(name)] = value.to_owned();
            other
        }
    };
    disturb(tables.get_mut("disputes").expect("it was read"), change("amount", "5"));
    disturb(tables.get_mut("promises").expect("it was read"), change("amount", "12"));
    disturb(tables.get_mut("fx_rates").expect("it was read"), |rows, row, _| {
        let mut other = row.to_vec();
        let rate = rows.column("rate");
        other[rate] = format!("{}1", &row[rate][..row[rate].len() - 1]).replacen("0.00", "0.01", 1);
        other
    });
    tables
}

fn place_of(tables: &BTreeMap<String, Rows>) -> Place {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    for (name, rows) in tables {
        place.write(&format!("ledger/{name}.csv"), rows.text());
    }
    place
}

#[test]
fn truncating_a_generated_ledger_in_which_everything_is_corrected_changes_nothing() {
    let place = place_of(&disturbed(3_000));
    ingest(&place, "2024-12-31");
    let mut sizes = Vec::new();
    for at in ["2023-02-14", "2023-09-30", "2024-02-29", "2024-06-30", "2024-12-30"] {
        sizes.push(assert_truncation_changes_nothing(&place, &place.out(), at, Extent::Everything).len());
    }
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "the ledger grows: {sizes:?}");
}

/// The rows of a table by the delivery that brought them: each is delivered by the first of `days` on or after its instant, and
/// what was delivered after the last is left out.
fn deliveries<'a>(tables: &BTreeMap<String, Rows>, days: &[&'a str]) -> Vec<(&'a str, String, String)> {
    let mut delivered = Vec::new();
    for (name, rows) in tables {
        let recorded = rows.column("recorded_at");
        let without = |row: &[String]| {
            row.iter().enumerate().filter(|(at, _)| *at != recorded).map(|(_, cell)| cell.as_str()).collect::<Vec<_>>().join(",")
        };
        for (place, until) in days.iter().enumerate() {
            let after = place.checked_sub(1).map_or("", |before| days[before]);
            let is_in = |row: &&Vec<String>| &row[recorded][..10] <= *until && &row[recorded][..10] > after;
            let lines: String = rows.rows.iter().filter(is_in).map(|row| without(row) + "\n").collect();
            delivered.push((*until, format!("{name}_{until}.csv"), format!("{}\n{lines}", without(&rows.heading))));
        }
    }
    delivered
}

#[test]
fn whatever_is_delivered_later_changes_nothing_of_a_day() {
    let days = ["2023-06-30", "2023-10-31", "2024-01-31", "2024-03-15", "2024-08-31", "2024-12-31"];
    let place = Place::empty();
    place.write("arrears.toml", format!("{CONFIG}delivered_at = \"%Y-%m-%d\"\n"));
    let files = deliveries(&disturbed(2_000), &days);
    let mut said = Vec::new();
    for delivery in days {
        for (_, name, text) in files.iter().filter(|(day, _, _)| *day == delivery) {
            place.write(&format!("ledger/{name}"), text);
        }
        ingest(&place, delivery);
        said.push(describe(&view(&place, &place.out(), delivery, false), delivery, Extent::Everything));
    }
    for (delivery, said) in days.iter().zip(&said) {
        let now = describe(&view(&place, &place.out(), delivery, false), delivery, Extent::Everything);
        assert_same(&now, said, &format!("{delivery}, after all that was delivered since"));
        let then = describe(&view(&place, &place.out(), delivery, true), delivery, Extent::Everything);
        assert_same(&then, said, &format!("{delivery}, truncated"));
    }
}

/// The rows in an order that looks arbitrary, half of them in another file.
fn shuffled(tables: &BTreeMap<String, Rows>, seed: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (name, rows) in tables {
        let mut lines: Vec<String> = rows.rows.iter().map(|row| row.join(",")).collect();
        lines.sort_by_key(|line| arbitrary(&format!("{seed}{line}"), 1_000_000));
        let heading = rows.heading.join(",");
        let (first, second) = lines.split_at(lines.len() / 3);
        for (part, lines) in [("2", first), ("1", second)] {
            files.push((format!("ledger/{name}_2024-12-0{part}.csv"), format!("{heading}\n{}\n", lines.join("\n"))));
        }
    }
    files
}

#[test]
fn the_order_of_rows_and_files_changes_nothing() {
    let mut tables = disturbed(2_000);
    // Items that differ only in what does not order them: their currency, their terms, what was paid of them.
    let documents = tables.get_mut("documents").expect("it is there");
    let [id, currency, reference] = ["document_id", "currency", "terms"].map(|name| documents.column(name));
    let twins: Vec<Vec<String>> = documents
        .rows
        .iter()
        .filter(|row| row[id].starts_with("INV") && arbitrary(&row[id], 4) == 0)
        .map(|row| {
            let mut twin = row.clone();
            twin[id] = format!("TWIN-{}", row[id]);
            twin[currency] = if row[currency] == "EUR" { "USD".to_owned() } else { "EUR".to_owned() };
            twin[reference] = "as agreed".to_owned();
            twin
        })
        .collect();
    documents.rows.extend(twins);
    let mut said: Vec<Vec<String>> = Vec::new();
    for seed in ["one", "another"] {
        let place = Place::empty();
        place.write("arrears.toml", format!("{CONFIG}delivered_at = \"%Y-%m-%d\"\n"));
        for (name, text) in shuffled(&tables, seed) {
            place.write(&name, text);
        }
        ingest(&place, "2024-12-31");
        let view = view(&place, &place.out(), "2024-07-31", false);
        let mut lines = view.describe(day("2024-07-31"));
        lines.extend(view.describe_training(day("2024-07-31")));
        lines.extend(view.describe_forecast(day("2024-07-31"), Detail::Full { customers: 5 }, None));
        said.push(lines);
    }
    assert_same(&said[0], &said[1], "the same rows in another order");
}

// --- real ledgers ------------------------------------------------------------------------------------------------------------------

fn place_of_real(data: &Path, base_currency: &str, tables: &[(&str, &str)]) -> Place {
    let place = Place::empty();
    let mut config = format!("base_currency = \"{base_currency}\"\n\n[quality]\nmax_quarantined_rows_share = 1.0\n");
    for (table, file) in tables {
        std::os::unix::fs::symlink(data.join(file), place.path().join(file)).expect("a link can be made");
        config += &format!("\n[[source]]\nname = \"{table}\"\npath = \"{file}\"\nshape = \"canonical\"\ntable = \"{table}\"\n");
    }
    place.write("arrears.toml", config);
    place
}

#[test]
fn truncating_small_loans_changes_nothing() {
    let Some(data) = real_ledger("superlender") else { return };
    let tables = [("customers", "customers.csv.gz"), ("documents", "documents.csv.gz"), ("applications", "applications.csv.gz")];
    let place = place_of_real(&data, "NGN", &tables);
    ingest(&place, "2017-07-31");
    for at in ["2016-11-30", "2017-03-31", "2017-06-30", "2017-07-15"] {
        assert_truncation_changes_nothing(&place, &place.out(), at, Extent::Everything);
    }
}

#[test]
fn truncating_road_traffic_fines_as_they_were_recorded_changes_nothing() {
    let Some(data) = real_ledger("road_traffic_fines") else { return };
    let tables = [
        ("customers", "customers.csv.gz"),
        ("documents", "documents_as_recorded.csv.gz"),
        ("applications", "applications.csv.gz"),
        ("disputes", "disputes.csv.gz"),
    ];
    let place = place_of_real(&data, "EUR", &tables);
    ingest(&place, "2008-12-31");
    for at in ["2003-01-31", "2006-06-30"] {
        assert_truncation_changes_nothing(&place, &place.out(), at, Extent::Features);
    }
    assert_truncation_changes_nothing(&place, &place.out(), "2007-03-31", Extent::Everything);
}

// --- the leaks that the contract names, each as the smallest ledger that shows it ----------------------------------------------------

const DOCUMENTS: &str = "document_id,document_type,customer_id,document_date,due_date,amount,currency,recorded_at\n";
const APPLICATIONS: &str = "application_id,credit_document_id,debit_document_id,applied_date,amount,recorded_at\n";

/// A ledger of rows that were recorded at noon of their own date, where they do not say otherwise.
fn small(documents: &str, applications: &str) -> Place {
    let place = Place::empty();
    place.write("arrears.toml", CONFIG);
    // Columns of a row: as the heading has them, without the currency; the last may be left out.
    let rows = |text: &str, date: usize, cells: usize, currency: bool| -> String {
        let of_line = |line: &str| {
            let mut row: Vec<String> = line.split_whitespace().map(|cell| if cell == "_" { "" } else { cell }.to_owned()).collect();
            if row.len() == cells {
                row.push(row[date].clone());
            }
            if currency {
                row.insert(cells, "USD".to_owned());
            }
            let recorded = row.pop().expect("a last cell");
            format!("{},{recorded}T12:00:00Z\n", row.join(","))
        };
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(of_line).collect()
    };
    place.write("ledger/documents.csv", DOCUMENTS.to_owned() + &rows(documents, 3, 6, true));
    place.write("ledger/applications.csv", APPLICATIONS.to_owned() + &rows(applications, 3, 5, false));
    ingest(&place, "2025-12-31");
    place
}

fn snapshot_of(view: &View, at: &str) -> Snapshot {
    let calendars = view.calendars.at(&view.facts, &view.companies, day(at));
    let runs = Arc::new(PaymentRuns::learn(&view.facts, &view.companies, &calendars, day(at), Sample::ALL));
    Snapshot::new(&view.facts, &view.companies, runs, day(at), HALF_LIFE, Sample::ALL)
}

fn training_rows(view: &View, known: &str) -> TrainingRows {
    let calendars = view.calendars.at(&view.facts, &view.companies, day(known));
    let training = Training { facts: &view.facts, companies: &view.companies, calendars: &calendars, half_life: HALF_LIFE };
    training.rows(&[day(known)], Sample::ALL, |_, _| {}).remove(0)
}

#[test]
fn a_part_payment_to_come_does_not_split_an_item() {
    let place = small(
        "I1 invoice A 2025-01-01 2025-01-31 1000.00
         R1 receipt A 2025-03-03 _          400.00
         R2 receipt A 2025-04-07 _          600.00",
        "P1 R1 I1 2025-03-03 400.00
         P2 R2 I1 2025-04-07 600.00",
    );
    let view = view(&place, &place.out(), "2025-12-31", false);
    let snapshot = snapshot_of(&view, "2025-02-15");
    let [open] = snapshot.customers[0].open.as_slice() else { panic!("one item: {:?}", snapshot.customers[0].open) };
    assert_eq!((open.open, open.is_partly_paid), (10_000_000, false));
    let item = &view.facts.all_items_of(0)[0];
    let left: Vec<(i32, i64)> =
        view.facts.left_since(item, day("2025-02-15"), day("2025-12-31")).map(|left| (left.effective_date, left.amount)).collect();
    assert_eq!(left, [(day("2025-03-03"), 4_000_000), (day("2025-04-07"), 6_000_000)], "two parts of the one item's balance");
    // Known on 2025-04-30, the item is followed from the landmarks 01-08, 01-22 … 04-02, for six weeks at most. On each business
    // day the landmarks that see it share the weight of what is left of the balance that they saw: the item counts once.
    let rows = training_rows(&view, "2025-04-30");
    let calendar = view.calendars.at(&view.facts, &view.companies, day("2025-04-30"))[0];
    let landmarks: Vec<i32> = (0..7).map(|back| day("2025-04-02") - 14 * back).collect();
    assert_eq!(landmarks[6], day("2025-01-08"));
    let (mut weight, mut events) = (0.0, 0.0);
    for index in calendar.index(day("2025-01-09"))..=calendar.index(day("2025-04-07")) {
        let date = calendar.day_at(index);
        let covering: Vec<&i32> = landmarks.iter().filter(|landmark| (date - FOLLOWED_DAYS..date).contains(*landmark)).collect();
        let mut there = 0.0;
        for landmark in &covering {
            there += if date > day("2025-03-03") && **landmark < day("2025-03-03") { 0.6 } else { 1.0 };
        }
        there /= covering.len() as f64;
        weight += there;
        events += if date == day("2025-03-03") { 0.4 } else { 0.0 };
        events += if date == day("2025-04-07") { there } else { 0.0 };
    }
    let found: f64 = rows.weight.iter().map(|weight| f64::from(*weight)).sum();
    assert!((found - weight).abs() < 1e-4, "{found} item-days instead of {weight}");
    assert!((rows.events - events).abs() < 1e-9 && (events - 1.4).abs() < 1e-9, "{} events", rows.events);
}

#[test]
fn a_balance_that_will_be_written_off_stays_in() {
    let place = small(
        "I1 invoice   A 2025-01-01 2025-01-31 500.00
         W1 write_off A 2025-06-02 _          500.00",
        "P1 W1 I1 2025-06-02 500.00",
    );
    let place_write_off_known = view(&place, &place.out(), "2025-12-31", false);
    let snapshot = snapshot_of(&place_write_off_known, "2025-05-31");
    assert_eq!(snapshot.customers[0].open.iter().map(|open| open.open).collect::<Vec<_>>(), [5_000_000]);
    assert!(snapshot_of(&place_write_off_known, "2025-06-02").customers[0].open.is_empty());
    // It was there to be paid on every day until then, and was not.
    let rows = training_rows(&place_write_off_known, "2025-06-30");
    assert!(rows.len() > 80, "{} rows", rows.len());
    assert!(rows.target.iter().all(|target| *target == 0.0));
    let written_off: f64 = rows.others.iter().map(|band| band.write_off).sum();
    assert!((written_off - 1.0).abs() < 1e-6, "one item is written off once: {written_off}");
}

#[test]
fn a_payment_that_will_be_returned_is_a_payment_until_it_is() {
    let place = small(
        "I1 invoice          A 2025-01-01 2025-01-31 1000.00
         R1 receipt          A 2025-02-03 _          1000.00
         B1 receipt_reversal A 2025-03-10 _          1000.00",
        "P1 R1 I1 2025-02-03 1000.00
         P2 R1 I1 2025-03-10 -1000.00
         P3 R1 B1 2025-03-10 1000.00",
    );
    let view = view(&place, &place.out(), "2025-12-31", false);
    let before = snapshot_of(&view, "2025-03-09");
    let paid = &before.customers[0];
    assert_eq!((paid.open.len(), paid.settled, paid.settled_late), (0, 1, 1));
    assert_eq!(paid.payments.iter().map(|payment| (payment.date, payment.days_late)).collect::<Vec<_>>(), [(day("2025-02-03"), 3.0)]);
    let after = snapshot_of(&view, "2025-03-10");
    let owed = &after.customers[0];
    assert_eq!((owed.open.len(), owed.open[0].due_date, owed.settled, owed.payments.len()), (1, day("2025-01-31"), 0, 0));
    assert!(owed.unapplied.is_empty(), "the receipt is used up by its reversal: {:?}", owed.unapplied);
}

#[test]
fn a_sale_that_was_recorded_later_is_unseen_until_then() {
    let early = "I1 invoice A 2025-01-01 2025-01-31 1000.00\n";
    let late = "I2 invoice A 2025-01-15 2025-03-16 9000.00 2025-03-01\n";
    let with = small(&format!("{early}{late}"), "");
    let without = small(early, "");
    let (with, without) = (view(&with, &with.out(), "2025-12-31", false), view(&without, &without.out(), "2025-12-31", false));
    assert_same(&with.describe(day("2025-02-28")), &without.describe(day("2025-02-28")), "before the sale is recorded");
    let weeks = |view: &View, at: &str| {
        let billing = Billing::all(&view.facts, &view.companies, day(at));
        billing.into_values().map(|billing| billing.weeks).collect::<Vec<_>>()
    };
    assert_eq!(weeks(&with, "2025-02-28"), weeks(&without, "2025-02-28"));
    assert_ne!(weeks(&with, "2025-03-01"), weeks(&without, "2025-03-01"), "from its day on it counts where it belongs");
    let snapshot = snapshot_of(&with, "2025-03-01");
    assert_eq!(snapshot.customers[0].open.len(), 2);
    assert_eq!(snapshot.usual_terms.of(0), Some(30), "the lower of 30 and 60 days");
    let item = with.facts.items_of(0, day("2025-03-01")).find(|item| item.amount == 90_000_000).expect("it is known");
    assert_eq!(item.visible_from(), day("2025-03-01"));
}

#[test]
fn a_document_that_nobody_known_had_at_first_holds_its_place() {
    // The receipt was booked to Z, of whom nothing else is known, and it paid A's invoice from the first day.
    let place = small(
        "I1 invoice A 2025-01-01 2025-01-31 500.00
         R1 receipt Z 2025-02-03 _          500.00
         R1 receipt A 2025-02-03 _          500.00 2025-02-20",
        "P1 R1 I1 2025-02-03 500.00",
    );
    for at in ["2025-02-10", "2025-02-28"] {
        let view = view(&place, &place.out(), at, false);
        let left: Vec<_> = view.facts.left(&view.facts.all_items_of(0)[0], day(at)).collect();
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].effective_date, left[0].visible_date, left[0].amount), (day("2025-02-03"), day("2025-02-03"), 5_000_000));
    }
}

#[test]
fn a_receipt_before_its_invoice_pays_it_on_the_invoice_date() {
    let place = small(
        "R1 receipt A 2025-01-10 _          300.00
         I1 invoice A 2025-02-01 2025-03-03 500.00",
        "P1 R1 I1 2025-01-10 300.00",
    );
    let view = view(&place, &place.out(), "2025-12-31", false);
    let of = |at: &str| snapshot_of(&view, at).customers[0].clone();
    assert_eq!(of("2025-01-31").unapplied, [(0, 3_000_000)]);
    assert!(of("2025-01-31").open.is_empty());
    assert!(of("2025-02-01").unapplied.is_empty());
    assert_eq!(of("2025-02-01").open.iter().map(|open| (open.open, open.is_partly_paid)).collect::<Vec<_>>(), [(2_000_000, true)]);
    let left: Vec<_> = view.facts.left(&view.facts.all_items_of(0)[0], day("2025-02-01")).collect();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].exit, left[0].effective_date, left[0].visible_date), (Exit::Cash, day("2025-02-01"), day("2025-02-01")));
}

// --- targets without a reason, features that know the outcome ----------------------------------------------------------------------

/// Area under the curve of a logistic regression fitted on every other row, over the rest.
fn auc_out_of_sample(rows: &TrainingRows, target: &[f32]) -> f64 {
    let columns = rows.values.len() / rows.len();
    let half = |rest: usize| (0..rows.len()).filter(move |row| row % 2 == rest);
    let values: Vec<f32> = half(0).flat_map(|row| rows.values[row * columns..(row + 1) * columns].iter().copied()).collect();
    let targets: Vec<f32> = half(0).map(|row| target[row]).collect();
    let sample = logistic::Sample { rows: logistic::Rows { values: &values, columns }, target: &targets, weight: None, offset: None };
    let fit = logistic::fit(&sample, &logistic::Options::with_ridge(1e-3)).expect("the fit is certified");
    let scores: Vec<f64> = half(1).map(|row| fit.log_odds(&rows.values[row * columns..(row + 1) * columns])).collect();
    let targets: Vec<f64> = half(1).map(|row| f64::from(target[row])).collect();
    Scores::new(&scores, &targets, None).expect("scores are finite").auc().expect("there are events and others")
}

#[test]
fn a_permuted_target_cannot_be_told_and_no_feature_knows_the_outcome() {
    let place = place_of(&disturbed(3_000));
    ingest(&place, "2024-12-31");
    let view = view(&place, &place.out(), "2024-11-30", false);
    let rows = training_rows(&view, "2024-11-30");
    let target: Vec<f32> = rows.target.iter().map(|share| f32::from(u8::from(*share > 0.5))).collect();
    let events = target.iter().filter(|target| **target > 0.5).count();
    assert!(events > 500, "{events} events");

    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|row| arbitrary(&format!("row {row}"), 1_000_000));
    let permuted: Vec<f32> = order.iter().map(|row| target[*row]).collect();
    let (of_target, of_permuted) = (auc_out_of_sample(&rows, &target), auc_out_of_sample(&rows, &permuted));
    // The standard error of an AUC of chance with this many events is below 0.3 ÷ √events: four of them.
    let most = 4.0 * 0.3 / (events as f64 / 2.0).sqrt();
    assert!((of_permuted - 0.5).abs() < most, "a permuted target is told with an AUC of {of_permuted}");
    assert!(of_target > 0.65, "the target is told with an AUC of {of_target}");

    let names = column_names();
    let as_f64: Vec<f64> = target.iter().map(|target| f64::from(*target)).collect();
    assert_eq!(suspected_leaks(&rows.values, &as_f64, &names), Vec::<String>::new(), "no feature of the timing model is a leak");
    // A column that was written after the fact, beside the honest ones, is found.
    let columns = names.len();
    let mut leaking = rows.values.clone();
    for (row, target) in target.iter().enumerate() {
        leaking[row * columns + 3] = target * 5.0 + arbitrary(&format!("noise {row}"), 100) as f32 / 20.0;
    }
    assert_eq!(suspected_leaks(&leaking, &as_f64, &names), [names[3].clone()]);
}

// --- how long it takes -------------------------------------------------------------------------------------------------------------

/// Run with `--ignored`; a ledger that is there already is named by `ARREARS_MILLION` (a folder with `arrears.toml` and `out`).
#[test]
#[ignore = "generates a million invoices and measures"]
fn the_facts_of_a_million_invoices_take_two_seconds_at_most() {
    let generated = Place::empty();
    let folder = std::env::var_os("ARREARS_MILLION").map_or_else(|| generated.path().to_path_buf(), PathBuf::from);
    if !folder.join("out").is_dir() {
        let name = folder.display().to_string();
        end_of(support::program().args(["generate", "--out", &name, "--invoices", "1000000", "--format", "parquet"])).expect(0);
        end_of(support::program().args(["ingest", "--as-of", "2024-12-31", "--config"]).arg(folder.join("arrears.toml"))).expect(0);
    }
    let at = day("2024-12-31");
    let index = LedgerIndex::read(&folder.join("out")).expect("the ledger can be read").expect("there is a ledger");
    let files = LedgerView::new(&folder.join("out"), &index, None).expect("the ledger can be read").files;
    let due_dates = DueDateRules::same(DueDates { from_customer: true, ..DueDates::default() });
    let options = LoadOptions { base_currency: "USD".to_owned(), as_of: at, known_as_of: None, due_dates };
    let (loaded, _) = measured("the book is loaded", || load(&files, &options).expect("the ledger can be loaded"));
    let (known, _) = measured("and what was known of it when", || knowledge(&files, &options, &loaded).expect("the ledger can be read"));
    let mut fastest = f64::MAX;
    for since in [arrears::scoring::facts::since(at), at - 1_100] {
        for _ in 0..3 {
            let (facts, seconds) = measured("facts", || Facts::new(&loaded.book, &known, since, true));
            fastest = fastest.min(seconds);
            let items: usize = (0..facts.customers()).map(|customer| facts.all_items_of(customer).len()).sum();
            told(&format!("  since {since}: {items} debit items of {} items", loaded.book.items.len()));
        }
    }
    // Of two cores both are used, and others may be using them too: what counts is the time that was computed.
    assert!(fastest < 4.0, "{fastest} s of computing");
}

/// Says how long something took on the clock, and how many seconds of computing it needed; returns the latter.
fn measured<T>(what: &str, action: impl FnOnce() -> T) -> (T, f64) {
    let ticks = || -> f64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let numbers: Vec<f64> =
            stat.rsplit(") ").next().into_iter().flat_map(|rest| rest.split(' ')).map(|n| n.parse().unwrap_or(0.0)).collect();
        numbers.get(11).zip(numbers.get(12)).map_or(0.0, |(user, system)| user + system)
    };
    let (begun, before) = (std::time::Instant::now(), ticks());
    let done = action();
    let computed = (ticks() - before) / 100.0;
    told(&format!("{what}: {:.2?} on the clock, {computed:.2} s of computing", begun.elapsed()));
    (done, computed)
}
