//! The collectors' list, worked out by hand: every action, who has to be left in peace and until when, and in what order customers come.
//!
//! The night is Monday 30 June 2025; the business day before it is Friday 27 June. Weekends rest.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::{Place, Row, cell, end_of, is, money, money_in, number_in, scenario, table, table_where, the_row};

const AS_OF: &str = "2025-06-30";

const OFF: &str = "[forecast]\nenabled = false\n";

/// A ledger of tables, each without the columns that are the same in all its lines.
#[derive(Default)]
struct Ledger {
    config: String,
    /// document, customer, issued, due, amount, currency; `-` for nothing.
    invoices: String,
    /// document, customer, date, amount, the invoice it pays (or `-`), how much of it.
    receipts: String,
    /// customer, document or `-`, made, promised, amount.
    promises: String,
    /// customer, document or `-`, date, outcome or `-`.
    contacts: String,
    /// document, opened, closed or `-`, amount or `-`.
    disputes: String,
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .map(|line| line.split_whitespace().map(|cell| if cell == "-" { "" } else { cell }).collect())
        .filter(|line: &Vec<&str>| !line.is_empty())
}

impl Ledger {
    fn place(&self) -> Place {
        let place = Place::empty();
        let source = "\n[[source]]\nname = \"ledger\"\npath = \"ledger/\"\nshape = \"canonical\"\n";
        place.write("arrears.toml", format!("base_currency = \"USD\"\noutput = \"out\"\n\n{}{source}", self.config));
        let mut documents = String::from("document_id,item_no,document_type,customer_id,document_date,due_date,amount,currency\n");
        for line in lines(&self.invoices) {
            let (id, number) = line[0].split_once('/').unwrap_or((line[0], "1"));
            documents += &format!("{id},{number},invoice,{},{},{},{},{}\n", line[1], line[2], line[3], line[4], line[5]);
        }
        let mut applications = String::from("application_id,credit_document_id,debit_document_id,applied_date,amount\n");
        for line in lines(&self.receipts) {
            documents += &format!("{},1,receipt,{},{},,{},USD\n", line[0], line[1], line[2], line[3]);
            if !line[4].is_empty() {
                applications += &format!("A{},{},{},{},{}\n", line[0], line[0], line[4], line[2], line[5]);
            }
        }
        place.write("ledger/documents.csv", documents);
        place.write("ledger/applications.csv", applications);
        place.write("ledger/fx_rates.csv", "rate_date,currency,rate\n2025-01-01,EUR,1.20\n");
        let numbered = |name: &str, heading: &str, text: &str| {
            if !text.is_empty() {
                let lines: String = lines(text).enumerate().map(|(at, line)| format!("{name}{at},{}\n", line.join(","))).collect();
                place.write(&format!("ledger/{name}.csv"), format!("{heading}\n{lines}"));
            }
        };
        numbered("promises", "promise_id,customer_id,document_id,made_date,promised_date,amount", &self.promises);
        numbered("contacts", "contact_id,customer_id,document_id,contact_date,outcome", &self.contacts);
        numbered("disputes", "dispute_id,document_id,opened_date,closed_date,amount", &self.disputes);
        place
    }

    fn list(&self) -> Vec<Row> {
        let place = self.place();
        place.run(AS_OF).expect(0);
        table(&place.night(AS_OF), "worklist")
    }
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    cell(row, column).unwrap_or("-")
}

/// Compares the list of a ledger with lines of: document (with `/2` for its second item), action, amount, why and until when it waits.
#[track_caller]
fn assert_list(rows: &[Row], expected: &str) {
    let expected: Vec<Vec<String>> = scenario(expected, &["document", "action", "amount", "waits", "until"])
        .into_iter()
        .map(|line| line.into_iter().map(str::to_owned).collect())
        .collect();
    let mut found: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let number = text(row, "item_no");
            let document = text(row, "document_id").to_owned() + &if number == "1" { String::new() } else { format!("/{number}") };
            let amount = money_in(row, "action_amount");
            assert_eq!(amount % 10_000, 0, "these ledgers have whole amounts");
            let cells = [text(row, "action"), text(row, "quiet_reason"), text(row, "quiet_until")].map(str::to_owned);
            let [action, waits, until] = cells;
            assert_eq!(cell(row, "is_quiet"), Some(if waits == "-" { "false" } else { "true" }), "{document}");
            vec![document, action, (amount / 10_000).to_string(), waits, until]
        })
        .collect();
    let mut wanted = expected;
    found.sort();
    wanted.sort();
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found, wanted);
    }
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
}

fn row<'a>(rows: &'a [Row], document: &str) -> &'a Row {
    the_row(rows, &[("document_id", document)])
}

#[test]
fn every_age_of_an_item_has_its_action() {
    let ledger = Ledger {
        config: OFF.into(),
        // Three business days before Thursday 3 July is the Monday of the night; seven days before 5 and 6 July lie on the weekend
        // before it; those before 4 July lie on Friday, whose list had it.
        invoices: "I01 A 2025-05-02 2025-07-03 100 USD
                   I02 A 2025-05-02 2025-07-04 100 USD
                   I03 A 2025-05-02 2025-07-05 100 USD
                   I04 A 2025-05-02 2025-07-06 100 USD
                   I05 A 2025-05-02 2025-07-07 100 USD
                   I06 A 2025-05-02 2025-07-08 100 USD
                   I07 A 2025-05-02 2025-06-30 100 USD
                   I08 A 2025-05-02 2025-06-29 100 USD
                   I09 A 2025-05-02 2025-06-27 100 USD
                   I10 A 2025-05-02 2025-06-26 100 USD
                   I11 A 2025-05-02 2025-06-21 100 USD
                   I12 A 2025-05-02 2025-06-20 100 USD
                   I13 A 2025-05-02 2025-06-10 100 USD
                   I14 A 2025-05-02 2025-05-26 100 USD
                   I15 A 2025-04-02 2025-05-01 100 USD
                   I16 A 2025-03-02 2025-04-01 100 USD
                   I17 A 2025-05-30 -          100 USD
                   I18 A 2025-05-31 -          100 USD"
            .into(),
        ..Ledger::default()
    };
    let rows = ledger.list();
    let expected = "document action                     amount waits until
                    I01      reminder_before_due_3_days 100    -     -
                    I03      reminder_before_due_7_days 100    -     -
                    I04      reminder_before_due_7_days 100    -     -
                    I05      reminder_before_due_7_days 100    -     -
                    I08      newly_overdue              100    -     -
                    I09      newly_overdue              100    -     -
                    I10      first_reminder             100    -     -
                    I11      first_reminder             100    -     -
                    I12      second_reminder            100    -     -
                    I13      call                       100    -     -
                    I14      formal_notice              100    -     -
                    I15      final_notice               100    -     -
                    I16      legal_review               100    -     -
                    I17      due_date_missing           100    -     -";
    assert_list(&rows, expected);
    let stages: Vec<&str> = ["I01", "I09", "I13", "I17"].iter().map(|id| text(row(&rows, id), "stage")).collect();
    assert_eq!(stages, ["-", "first_reminder", "call", "-"], "newly overdue, and on the first step");
    assert!(rows.iter().all(|row| is(row, &[("work_date", AS_OF), ("customer_stage", "legal_review")])));
    assert_eq!(text(row(&rows, "I13"), "reason"), "20 days past due since 2025-06-10: call from day 20");
    assert_eq!(text(row(&rows, "I01"), "reason"), "due in 3 days, on 2025-07-03");
    assert_eq!(text(row(&rows, "I08"), "reason"), "1 day past due since 2025-06-29, for the first time on a list");
    assert_eq!(text(row(&rows, "I16"), "agency_decision"), "no_forecast", "90 days past due");
    assert_eq!(text(row(&rows, "I15"), "agency_decision"), "-");
}

/// Dunned, promised, disputed, contacted: who is left in peace, and what goes before what.
#[test]
fn nobody_is_forgotten_and_nobody_is_harassed() {
    let ledger = Ledger {
        config: format!(
            "{}direct_debits = [\"Debited\"]\n\n[worklist]\nnever_contact = [\"main/Never\"]\nunreached_outcomes = [\"no_answer\"]\n",
            OFF
        ),
        invoices: "B1 Recent    2025-05-02 2025-06-20 100 USD
                   C1 Week      2025-05-02 2025-06-20 100 USD
                   D1 Saturday  2025-05-02 2025-06-20 100 USD
                   E1 Promised  2025-05-02 2025-06-20 100 USD
                   E2 Promised  2025-05-02 2025-06-20 100 USD
                   F1 Partly    2025-05-02 2025-06-10 100 USD
                   G1 Kept      2025-05-02 2025-06-10 100 USD
                   H1 Spoken    2025-05-02 2025-06-10 100 USD
                   J1 Weekend   2025-05-02 2025-06-10 100 USD
                   K1 Disputed  2025-05-02 2025-06-10 100 USD
                   L1 PartDisp  2025-05-02 2025-06-10 100 USD
                   M1 Closed    2025-05-02 2025-06-10 100 USD
                   N1 Credit    2025-05-02 2025-06-10 100 USD
                   N2 Credit    2025-05-02 2025-06-20 100 USD
                   O1 Never     2025-05-02 2025-06-10 100 USD
                   P1 Debited   2025-05-02 2025-07-03 100 USD
                   P2 Debited   2025-05-02 2025-06-20 100 USD
                   Q1 Account   2025-05-02 2025-06-10 100 USD
                   Q2 Account   2025-05-02 2025-06-12 100 USD
                   Q3 Account   2025-05-02 2025-06-20 100 USD
                   R1 Again     2025-05-02 2025-06-10 100 USD
                   S1 LongAgo   2025-04-02 2025-05-01 100 USD
                   T1 NoAnswer  2025-05-02 2025-06-20 100 USD
                   U1 Other     2025-05-02 2025-06-10 100 USD
                   U2 Other     2025-05-02 2025-08-10 100 USD
                   V1 Later     2025-05-02 2025-06-20 100 USD
                   W1   Twice   2025-05-02 2025-06-20 100 USD
                   W1/2 Twice   2025-05-02 2025-06-25 100 USD
                   X1 Plan      2025-05-02 2025-06-10 100 USD
                   Y1 Reminded  2025-05-02 2025-07-03 100 USD
                   Z1 PaidLate  2025-05-02 2025-06-10 100 USD
                   Z2 Younger   2025-06-17 2025-06-20 100 USD
                   Z3 LastYear  2024-04-02 2024-05-01 100 USD"
            .into(),
        receipts: "RF Partly   2025-06-20 20  F1 20
                   RG Kept     2025-06-24 60  G1 60
                   RN Credit   2025-06-25 130 -  -
                   RX Plan     2025-06-19 50  X1 50
                   RZ PaidLate 2025-06-27 60  Z1 60"
            .into(),
        promises: "Promised E1 2025-06-16 2025-07-04 50
                   Partly   F1 2025-06-12 2025-06-25 60
                   Kept     G1 2025-06-12 2025-06-25 60
                   Spoken   H1 2025-06-12 2025-06-25 100
                   Weekend  J1 2025-06-12 2025-06-28 100
                   Account  -  2025-06-16 2025-07-04 150
                   Again    R1 2025-06-12 2025-06-20 100
                   Again    R1 2025-06-19 2025-07-04 100
                   LongAgo  S1 2025-05-12 2025-05-30 100
                   Other    U1 2025-06-12 2025-06-20 100
                   Twice    W1 2025-06-16 2025-07-04 100
                   Plan     X1 2025-06-16 2025-06-20 50
                   Plan     X1 2025-06-16 2025-07-11 50
                   PaidLate Z1 2025-06-12 2025-06-20 60
                   Younger  -  2025-06-16 2025-07-04 100
                   LastYear Z3 2024-05-12 2024-05-30 100"
            .into(),
        contacts: "Recent   -  2025-06-25 reminded
                   Week     -  2025-06-23 reminded
                   Saturday -  2025-06-28 reminded
                   Spoken   -  2025-06-27 reminded
                   Disputed -  2025-06-29 reminded
                   Credit   -  2025-06-29 reminded
                   NoAnswer -  2025-06-10 reminded
                   NoAnswer -  2025-06-27 no_answer
                   Other    U2 2025-06-23 reminded
                   Later    -  2025-07-01 reminded
                   Reminded -  2025-06-29 reminded"
            .into(),
        disputes: "K1 2025-06-15 -          -
                   L1 2025-06-15 -          40
                   M1 2025-06-15 2025-06-29 -"
            .into(),
    };
    let rows = ledger.list();
    // Contacts: seven days after Wednesday 25 June; after Monday 23 June, which is the night itself; after Saturday 28 June, which is a
    // Saturday and carried to Monday. Promises: the first business day on which the money is missing. Money promised for Saturday
    // 28 June may come on the Monday. H was spoken to on 27 June, after its promise was broken on the 26th: the ladder goes on, and
    // rests for a week. U was spoken to about something else. The promise of S is a month old.
    let expected = "document action                     amount waits           until
                    B1       second_reminder            100    recent_contact  2025-07-02
                    C1       second_reminder            100    -               -
                    D1       second_reminder            100    recent_contact  2025-07-07
                    E1       second_reminder            100    promise_running 2025-07-07
                    E2       second_reminder            100    -               -
                    F1       broken_promise             80     -               -
                    G1       call                       40     -               -
                    H1       call                       100    recent_contact  2025-07-04
                    J1       call                       100    promise_running 2025-07-01
                    K1       dispute_open               100    -               -
                    L1       dispute_open               40     -               -
                    L1       call                       60     -               -
                    M1       call                       100    -               -
                    N1       apply_credit               100    -               -
                    N2       second_reminder            100    recent_contact  2025-07-07
                    O1       call                       100    never_contact   -
                    P2       second_reminder            100    -               -
                    Q1       call                       100    promise_running 2025-07-07
                    Q2       second_reminder            100    promise_running 2025-07-07
                    Q3       second_reminder            100    -               -
                    R1       call                       100    promise_running 2025-07-07
                    S1       final_notice               100    -               -
                    T1       second_reminder            100    -               -
                    U1       broken_promise             100    -               -
                    V1       second_reminder            100    -               -
                    W1       second_reminder            100    promise_running 2025-07-07
                    W1/2     first_reminder             100    promise_running 2025-07-07
                    X1       call                       50     promise_running 2025-07-14
                    Y1       reminder_before_due_3_days 100    recent_contact  2025-07-07
                    Z1       call                       40     -               -
                    Z2       second_reminder            100    -               -
                    Z3       legal_review               100    -               -";
    assert_list(&rows, expected);

    let partly = row(&rows, "F1");
    let promise = ["promise_state", "promised_date", "promised_amount", "promise_received", "promise_currency"].map(|c| text(partly, c));
    assert_eq!(promise, ["broken", "2025-06-25", "60.0000", "20.0000", "USD"]);
    let says = "60.00 USD promised by 2025-06-25, 20.00 USD came; 20 days past due since 2025-06-10";
    assert_eq!(text(partly, "reason"), says);
    let credit = row(&rows, "N2");
    assert_eq!(text(credit, "unapplied_credit"), "30.0000", "130 less the 100 of the older item");
    let says = "10 days past due since 2025-06-20: second_reminder from day 10; unapplied credits would take 30.00 USD of it; \
                quiet until 2025-07-07: contacted on 2025-06-29";
    assert_eq!(text(credit, "reason"), says);
    let states = ["S1", "Z2", "Z3"].map(|id| text(row(&rows, id), "promise_state"));
    assert_eq!(states, ["broken", "-", "-"], "told for a year, though the ladder goes on; not of items that came after it was made");
    let last = ["last_contact_date", "last_contact_outcome"].map(|column| text(row(&rows, "T1"), column));
    assert_eq!(last, ["2025-06-27", "no_answer"], "an attempt is told, and starts no quiet days");
    assert_eq!(text(row(&rows, "V1"), "last_contact_date"), "-", "a contact of tomorrow is not known");
    let parts = rows.iter().filter(|row| is(row, &[("document_id", "L1")]));
    assert!(parts.clone().all(|row| is(row, &[("open_amount", "100.0000"), ("disputed_amount", "40.0000")])));
    assert_eq!(parts.count(), 2);
}

#[test]
fn a_night_on_a_day_of_rest_makes_the_list_of_the_next_business_day() {
    let ledger = Ledger {
        config: format!(
            "{OFF}\n[[calendar.holiday]]\ndate = 2025-06-30\n\n[worklist]\nquiet_days = 3\n\
             [[worklist.stage]]\nname = \"letter\"\nfrom_days_past_due = 5\nchannel = \"post\"\n"
        ),
        // The night is Saturday 28 June; Monday is a holiday, so that the list is that of Tuesday 1 July, and the one before was Friday's.
        invoices: "I1 A 2025-05-02 2025-06-29 100 USD
                   I2 A 2025-05-02 2025-06-27 100 USD
                   I3 A 2025-05-02 2025-06-26 100 USD
                   I4 A 2025-05-02 2025-06-25 100 USD
                   I5 A 2025-05-02 2025-07-08 100 USD
                   I6 A 2025-05-02 2025-07-04 100 USD
                   I7 B 2025-05-02 2025-06-20 100 USD
                   I8 C 2025-05-02 2025-06-20 100 USD"
            .into(),
        // Three days after 27 June is the holiday, so that B is spoken to on Tuesday: the list's own day. C, on Thursday.
        contacts: "B - 2025-06-27 -
                   C - 2025-06-28 -"
            .into(),
        ..Ledger::default()
    };
    let place = ledger.place();
    place.run("2025-06-28").expect(0);
    let rows = table(&place.night("2025-06-28"), "worklist");
    // I3 is 5 days past due on the Tuesday: the ladder is that of the day on which the list is worked.
    let expected = "document action                     amount waits until
                    I2       newly_overdue              100    -     -
                    I3       letter                     100    -     -
                    I4       letter                     100    -     -
                    I5       reminder_before_due_7_days 100    -     -
                    I6       reminder_before_due_3_days 100    -     -
                    I7       letter                     100    -     -
                    I8       letter                     100    -     -";
    assert_list(&rows, expected);
    assert!(rows.iter().all(|row| text(row, "work_date") == "2025-07-01"));
    assert_eq!((text(row(&rows, "I3"), "days_past_due"), text(row(&rows, "I3"), "channel")), ("2", "post"), "as in open_items");
}

#[test]
fn before_the_first_step_of_the_ladder_an_item_waits() {
    let ladder = "[worklist]\n\
        [[worklist.stage]]\nname = \"court\"\nfrom_days_past_due = 20\namount_min = 150\n\
        [[worklist.stage]]\nname = \"letter\"\nfrom_days_past_due = 10\namount_min = 50\n\
        [[worklist.stage]]\nname = \"visit\"\nfrom_days_past_due = 6\nsegment = \"public\"\n";
    let ledger = Ledger {
        config: format!("{OFF}\n{ladder}"),
        invoices: "I1 A 2025-05-02 2025-06-22 100 USD
                   I2 A 2025-05-02 2025-06-10 60  USD
                   I3 B 2025-05-02 2025-06-10 100 USD
                   I4 C 2025-05-02 2025-06-10 40  USD
                   I5 P 2025-05-02 2025-06-10 10  USD
                   I6 P 2025-05-02 2025-06-25 10  USD"
            .into(),
        ..Ledger::default()
    };
    let place = ledger.place();
    place.write("ledger/customers.csv", "customer_id,name,segment\nA,A,\nB,B,\nC,C,\nP,P,public\n");
    place.run(AS_OF).expect(0);
    let rows = table(&place.night(AS_OF), "worklist");
    // A owes 160 in all, so that its 60 go to court. 22 June and ten days is Wednesday 2 July. Nothing is done about C's 40.
    let expected = "document action             amount waits              until
                    I1       before_first_stage 100    before_first_stage 2025-07-02
                    I2       court              60     -                  -
                    I3       letter             100    -                  -
                    I4       before_first_stage 40     before_first_stage -
                    I5       visit              10     -                  -
                    I6       before_first_stage 10     before_first_stage 2025-07-01";
    assert_list(&rows, expected);
    assert_eq!(text(row(&rows, "I4"), "reason"), "20 days past due since 2025-06-10; quiet: the ladder has no step for so little");
}

/// Four customers, one of them in euros at 1.20. Overdue: A 500, B 120 (100 EUR), C 300, D 120: in all 1,040, of which 80 % are 832.
#[test]
fn customers_come_in_three_orders() {
    let ledger = Ledger {
        config: OFF.into(),
        invoices: "I1 A 2025-05-02 2025-06-20 500 USD
                   I2 B 2025-01-02 2025-02-10 100 EUR
                   I3 C 2025-05-02 2025-05-31 300 USD
                   I4 D 2025-05-02 2025-06-25 120 USD
                   I5 E 2025-05-02 2025-07-03 900 USD"
            .into(),
        disputes: "I1 2025-06-15 - -".into(),
        ..Ledger::default()
    };
    let rows = ledger.list();
    let of = |id: &str, order: &str| {
        let row = row(&rows, id);
        (text(row, &format!("rank_by_{order}")).to_owned(), text(row, &format!("is_first_80_percent_by_{order}")).to_owned())
    };
    let all = |order: &str| ["I1", "I2", "I3", "I4", "I5"].map(|id| of(id, order));
    let place = |rank: &str, marked: bool| (rank.to_owned(), marked.to_string());
    let nothing = || ("-".to_owned(), "-".to_owned());
    // Oldest: B 120, C 420, A 920: the third crosses 832; in dispute or not, it is owed.
    assert_eq!(all("oldest"), [place("3", true), place("1", true), place("2", true), place("4", false), nothing()]);
    // Largest: A 500, C 800, B 920; B and D owe 120 each, and the id decides.
    assert_eq!(all("largest"), [place("1", true), place("3", true), place("2", true), place("4", false), nothing()]);
    // No forecast: no order by expected value, and a word why.
    assert_eq!(all("expected_value"), [(); 5].map(|()| nothing()));
    assert!(rows.iter().all(|row| is(row, &[("expected_value_reason", "forecast_disabled")]) && cell(row, "expected_value").is_none()));
    let euros = row(&rows, "I2");
    let amounts = ["currency", "action_amount", "action_amount_base", "customer_overdue_amount_base"].map(|column| text(euros, column));
    assert_eq!(amounts, ["EUR", "100.0000", "120.0000", "120.0000"]);
}

/// A promise in another currency than the invoice, and one about the account in a currency that nothing is open in.
#[test]
fn promises_in_other_currencies_count_by_their_value() {
    let ledger = Ledger {
        config: OFF.into(),
        invoices: "I1 A 2025-05-02 2025-06-10 100 EUR
                   I2 B 2025-05-02 2025-06-10 100 EUR
                   I3 B 2025-05-02 2025-06-12 100 EUR"
            .into(),
        ..Ledger::default()
    };
    let place = ledger.place();
    // 130 dollars are 108 euros: the first item of B, and a part of the second.
    let heading = "promise_id,customer_id,document_id,made_date,promised_date,amount,currency\n";
    place.write("ledger/promises.csv", format!("{heading}P1,A,I1,2025-06-12,2025-06-20,60,USD\nP2,B,,2025-06-12,2025-07-04,130,USD\n"));
    let receipt = "R1,1,receipt,A,2025-06-18,,40,EUR\n";
    place.write("ledger/documents.csv", place.read("ledger/documents.csv") + receipt);
    place.write("ledger/applications.csv", place.read("ledger/applications.csv") + "AR1,R1,I1,2025-06-18,40\n");
    place.run(AS_OF).expect(0);
    let rows = table(&place.night(AS_OF), "worklist");
    let expected = "document action          amount waits           until
                    I1       broken_promise  60     -               -
                    I2       call            100    promise_running 2025-07-07
                    I3       second_reminder 100    promise_running 2025-07-07";
    assert_list(&rows, expected);
    assert_eq!(text(row(&rows, "I1"), "promise_received"), "48.0000", "40 euros at 1.20");
}

#[test]
fn what_is_recorded_later_is_not_known_yet() {
    let ledger = Ledger { config: OFF.into(), invoices: "I1 A 2025-05-02 2025-06-10 100 USD".into(), ..Ledger::default() };
    let place = ledger.place();
    let contacts = "contact_id,customer_id,contact_date,channel,recorded_at,is_deleted\n\
        K1,A,2025-06-27,phone,2025-07-02T08:00:00Z,\nK2,A,2025-06-26,email,2025-06-26T08:00:00Z,\nK2,A,2025-06-26,email,2025-07-01T08:00:00Z,true\n";
    place.write("ledger/contacts.csv", contacts);
    for (night, channel, until) in [("2025-06-30", "email", "2025-07-03"), ("2025-07-02", "phone", "2025-07-04")] {
        place.run(night).expect(0);
        let rows = table(&place.night(night), "worklist");
        let found = ["last_contact_channel", "quiet_until"].map(|column| text(row(&rows, "I1"), column));
        assert_eq!(found, [channel, until], "{night}");
    }
}

#[test]
fn the_same_is_done_whether_or_not_something_is_forecast() {
    let ledger = |config: &str| Ledger {
        config: config.into(),
        invoices: "I1 A 2025-05-02 2025-06-10 100 USD
                   I2 B 2025-05-02 2025-07-03 100 USD
                   I3 C 2025-02-02 2025-03-03 90  USD
                   I4 D 2025-02-02 2025-03-03 400 USD"
            .into(),
        promises: "A I1 2025-06-12 2025-06-20 60".into(),
        contacts: "B - 2025-06-29 -".into(),
        ..Ledger::default()
    };
    let (without, with) = (ledger(OFF).list(), ledger("").list());
    let said = |rows: &[Row]| -> Vec<Vec<String>> {
        let columns = ["document_id", "action", "action_amount", "quiet_reason", "quiet_until", "promise_state", "rank_by_oldest"];
        rows.iter().map(|row| columns.iter().map(|column| text(row, column).to_owned()).collect()).collect()
    };
    assert_eq!(said(&without), said(&with));
    assert!(with.iter().all(|row| cell(row, "expected_value").is_some() && cell(row, "expected_value_reason").is_none()));
    assert_eq!((text(row(&with, "I3"), "agency_decision"), text(row(&without, "I4"), "agency_decision")), ("too_small", "no_forecast"));
}

#[test]
fn nothing_is_on_the_list_of_an_empty_ledger() {
    let place = Ledger { config: "[worklist]\nquiet_days = 3\n".into(), ..Ledger::default() }.place();
    place.run(AS_OF).expect(0);
    assert!(table(&place.night(AS_OF), "worklist").is_empty());
}

#[test]
fn a_contact_with_a_customer_that_nobody_knows_is_named() {
    let ledger = Ledger {
        config: format!("[quality]\nmax_quarantined_rows_share = 1.0\n\n{OFF}"),
        invoices: "I1 A 2025-05-02 2025-06-20 100 USD".into(),
        contacts: "Typo - 2025-06-29 reminded".into(),
        ..Ledger::default()
    };
    let place = ledger.place();
    place.run(AS_OF).expect(0);
    let night = place.night(AS_OF);
    let quarantined = table(&night, "quarantine");
    the_row(&quarantined, &[("table_name", "contacts"), ("record_key", "main/contacts0"), ("reason", "unknown_customer")]);
    assert_list(&table(&night, "worklist"), "document action amount waits until\nI1 second_reminder 100 - -");
}

#[test]
fn a_slip_in_the_configuration_is_refused() {
    let stage = |lines: &str| format!("[[worklist.stage]]\n{lines}");
    let cases = [
        ("[worklist]\nnever_contact = [\"Nobody\"]\n".to_owned(), "unknown_customer"),
        ("[worklist]\nagency_fee_share = 25\n".to_owned(), "not a share between 0 and 1: 25"),
        (stage("name = \"newly_overdue\"\nfrom_days_past_due = 3\n"), "a word that the list uses itself"),
        (stage("name = \"First reminder\"\nfrom_days_past_due = 3\n"), "not a word"),
        (stage("name = \"early\"\nfrom_days_past_due = 0\n"), "before anything is past due"),
        (stage("name = \"a\"\nfrom_days_past_due = 3\n[[worklist.stage]]\nname = \"b\"\nfrom_days_past_due = 3\n"), "on the same day"),
        ("[worklist]\nquiet_day = 3\n".to_owned(), "unknown key: quiet_day"),
    ];
    for (config, says) in cases {
        let place = Ledger { config, invoices: "I1 A 2025-05-02 2025-06-20 100 USD".into(), ..Ledger::default() }.place();
        let ended = place.run(AS_OF).expect(2);
        assert!(ended.stderr.contains(says) && ended.stderr.contains("hint:"), "{says}: {}", ended.stderr);
    }
    let shown = end_of(&mut Ledger::default().place().arrears(&["config", "show"])).expect(0).stdout;
    for line in ["worklist.quiet_days = 7", "worklist.agency_recovery_rate = 0.2", "name = \"formal_notice\"\nfrom_days_past_due = 35"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

// --- a generated book --------------------------------------------------------------------------------------------------------------

fn cents(text: &str) -> i128 {
    money(text) / 100
}

/// Every figure of the list again, from the other tables of the night and by another road.
#[test]
fn the_list_of_a_book_agrees_with_the_rest_of_the_night() {
    let as_of = "2024-12-31";
    let place = Place::generated(6_000);
    place.run(as_of).expect(0);
    let night = place.night(as_of);
    let (list, open) = (table(&night, "worklist"), table_where(&night, "open_items", &[("side", "debit")]));
    let forecasts = table(&night, "invoice_forecasts");
    let item = |row: &Row| ["company_id", "document_id", "item_no"].map(|column| text(row, column).to_owned());
    let chances: BTreeMap<_, _> =
        forecasts.iter().map(|row| (item(row), [30, 90].map(|days| number_in(row, &format!("paid_probability_{days}d"))))).collect();
    let seen: BTreeSet<&str> = list.iter().map(|row| text(row, "action")).collect();
    assert!(
        seen.len() >= 10 && list.iter().any(|row| cell(row, "is_quiet") == Some("true")),
        "the book has something of everything: {seen:?}"
    );

    // Every overdue item, with all that is open of it.
    let mut listed: BTreeMap<_, i128> = BTreeMap::new();
    for row in &list {
        *listed.entry(item(row)).or_default() += money_in(row, "action_amount");
    }
    let is_overdue = |row: &&Row| cell(row, "days_past_due").is_some_and(|days| days.parse::<i64>().expect("a number") > 0);
    for row in open.iter().filter(is_overdue) {
        assert_eq!(listed.get(&item(row)), Some(&money_in(row, "open_amount")), "{row:?}");
    }

    // Expected values and the arithmetic of an agency, in whole cents: the book's base currency is the dollar.
    let mut of_customers: BTreeMap<(String, String), (i64, i128, i128)> = BTreeMap::new();
    for row in open.iter().filter(is_overdue) {
        let customer = (text(row, "company_id").to_owned(), text(row, "customer_id").to_owned());
        let (oldest, overdue, expected) = of_customers.entry(customer).or_default();
        *oldest = (*oldest).max(text(row, "days_past_due").parse().expect("a number"));
        *overdue += money_in(row, "open_amount_base");
        if let Some([thirty, _]) = chances.get(&item(row)) {
            // In billionths, as chances are kept, and to the cent, halves up.
            let not_paid = 1_000_000_000 - (thirty * 1e9).round() as i128;
            *expected += (cents(text(row, "open_amount_base")) * not_paid + 500_000_000) / 1_000_000_000 * 100;
        }
    }
    let mut decided: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &list {
        let Some([thirty, ninety]) = chances.get(&item(row)) else { continue };
        let amount = cents(text(row, "action_amount_base")) as f64;
        let is_near = |column: &str, wanted: f64| {
            let found = cents(text(row, column)) as f64;
            assert!((found - wanted).abs() <= 1.0, "{column}: {found} and {wanted} in {row:?}");
        };
        is_near("expected_value", amount * (1.0 - thirty));
        let decision = text(row, "agency_decision");
        *decided.entry(decision).or_default() += 1;
        if ["send", "keep"].contains(&decision) {
            is_near("own_expected", amount * ninety);
            is_near("agency_expected", amount * 0.2 * 0.75);
            let sends = money_in(row, "agency_expected") > money_in(row, "own_expected");
            assert_eq!(sends, decision == "send");
            assert_eq!(text(row, "action") == "agency_candidate", decision == "send", "{row:?}");
        }
    }
    assert!(decided.get("send").is_some_and(|count| *count > 0), "{decided:?}");

    // The three orders and their marks, company by company.
    let companies: BTreeSet<&String> = of_customers.keys().map(|(company, _)| company).collect();
    for company in companies {
        let customers: Vec<(&String, i64, i128, i128)> = of_customers
            .iter()
            .filter(|((of, _), _)| of == company)
            .map(|((_, id), (oldest, overdue, expected))| (id, *oldest, *overdue, *expected))
            .collect();
        type Order = fn(&(&String, i64, i128, i128)) -> (i128, i128);
        let orders: [(&str, Order); 3] = [
            ("oldest", |customer| (i128::from(customer.1), customer.2)),
            ("largest", |customer| (customer.2, customer.2)),
            ("expected_value", |customer| (customer.3, customer.3)),
        ];
        for (order, by) in orders {
            let mut sorted = customers.clone();
            sorted.sort_by_key(|customer| (std::cmp::Reverse(by(customer).0), std::cmp::Reverse(customer.2), customer.0));
            let total: i128 = sorted.iter().map(|customer| by(customer).1).sum();
            let mut before = 0;
            for (rank, customer) in (1..).zip(&sorted) {
                let rows: Vec<&Row> = list.iter().filter(|row| is(row, &[("company_id", company), ("customer_id", customer.0)])).collect();
                assert!(!rows.is_empty());
                for row in rows {
                    assert_eq!(text(row, &format!("rank_by_{order}")), rank.to_string(), "{order} {row:?}");
                    let is_marked = before * 5 < total * 4;
                    assert_eq!(text(row, &format!("is_first_80_percent_by_{order}")), is_marked.to_string(), "{order} {row:?}");
                    assert_eq!(money_in(row, "customer_overdue_amount_base"), customer.2);
                    assert_eq!(money_in(row, "customer_expected_value"), customer.3);
                }
                before += by(customer).1;
            }
        }
    }
}
