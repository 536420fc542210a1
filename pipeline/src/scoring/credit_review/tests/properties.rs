//! What holds of every ledger: the order of its rows and the number of threads change nothing, what was owed is what a look at each
//! day says, and the check finds what is wrong.

use super::*;
use crate::catalog::credit_reviews::CREDIT_REVIEWS;
use crate::checks::credit_reviews_broken_laws;
use crate::scoring::credit_review::export::Queue;
use crate::scoring::credit_review::history::History;
use crate::scoring::facts::Exit;
use arrears_models::random::uniform;

/// Invoices, receipts in part and credit notes of both customers, in both currencies, as one seed draws them.
fn drawn(seed: u64) -> (Vec<String>, Vec<String>) {
    let draw = |number: u64, which: u64, most: u64| (uniform(seed, number, which) * most as f64) as u64;
    let (mut documents, mut applications) = (Vec::new(), Vec::new());
    for number in 0..60 {
        let customer = ["A", "B"][draw(number, 0, 2) as usize];
        let currency = ["USD", "EUR"][draw(number, 1, 2) as usize];
        let (date, amount) = (100 + draw(number, 2, 400), 100 + draw(number, 3, 900));
        let due = date + draw(number, 4, 60);
        documents.push(format!("I{number} invoice {customer} {date} {due} {amount} {currency} -"));
        let (paid, part) = (due + draw(number, 5, 90), 1 + draw(number, 6, amount));
        let kind = ["receipt", "credit_note"][draw(number, 7, 2) as usize];
        documents.push(format!("R{number} {kind} {customer} {paid} - {part} {currency} -"));
        if draw(number, 8, 4) > 0 {
            applications.push(format!("P{number} R{number} I{number} {} {part} -", paid + draw(number, 9, 40)));
        }
    }
    (documents, applications)
}

fn scene(seed: u64, is_reversed: bool) -> Scene {
    let (mut documents, mut applications) = drawn(seed);
    if is_reversed {
        documents.reverse();
        applications.reverse();
    }
    Scene { limit: Some(10_000_000), ..Scene::new(&documents.join("\n"), &applications.join("\n")) }
}

fn text_of(made: &Made) -> String {
    Queue::of(&made.table(), "1971-05-16", "USD").expect("the columns are there").to_json()
}

#[test]
fn neither_the_order_of_rows_nor_the_number_of_threads_changes_a_byte() {
    for seed in 0..4 {
        let expected = text_of(&scene(seed, false).made());
        assert_eq!(text_of(&scene(seed, true).made()), expected, "seed {seed}: rows the other way round");
        for threads in [1, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
            assert_eq!(pool.install(|| text_of(&scene(seed, false).made())), expected, "seed {seed}: {threads} threads");
        }
    }
}

#[test]
fn what_was_owed_is_what_a_look_at_each_day_says() {
    for seed in 0..4 {
        let made = scene(seed, false).made();
        let (facts, rate) = (&made.facts, |currency| if currency == 0 { 1 } else { 2 });
        for customer in 0..2 {
            let owed = |day: Day| -> i128 {
                let items = facts.items_of(customer, AS_OF).filter(|item| item.document_date <= day);
                let debit = items.map(|item| {
                    let left = facts.left(item, AS_OF).filter(|left| left.effective_date <= day);
                    i128::from(item.amount - left.map(|left| left.amount).sum::<i64>()) * rate(item.currency)
                });
                let credits = facts.account_of(customer, AS_OF).filter(|credit| credit.document_date <= day);
                debit.sum::<i128>() - credits.map(|credit| i128::from(facts.unapplied(credit, AS_OF)) * rate(credit.currency)).sum::<i128>()
            };
            let history = History::of(facts, customer, AS_OF);
            let highest = |from: Day, to: Day| (from..=to).map(owed).max();
            assert_eq!(Some(history.peaks[0]), highest(471, 500), "seed {seed}, 17 April to 16 May");
            assert_eq!(Some(history.peaks[1]), highest(440, 470), "17 March to 16 April");
            // 17 May 1970 to 16 June.
            assert_eq!(Some(history.peaks[11]), highest(136, 166));
            let review = made.reviews().into_iter().find(|review| review.customer as usize == customer).expect("it owes something");
            assert_eq!(review.position.open(), owed(AS_OF), "the past ends with the present");
            assert!(facts.items_of(customer, AS_OF).flat_map(|item| facts.left(item, AS_OF)).any(|left| left.exit == Exit::Cash));
        }
    }
}

#[test]
fn the_table_has_the_columns_of_the_catalogue_and_holds_what_the_check_asserts() {
    let made = scene(1, false).made();
    let table = made.table();
    let columns: Vec<&str> = CREDIT_REVIEWS.columns.iter().map(|column| column.name).collect();
    assert_eq!(table.get_column_names(), columns);
    assert_eq!(credit_reviews_broken_laws(&table, 100), [""; 0]);
}

#[test]
fn the_check_finds_each_figure_that_is_wrong() {
    let documents = format!("{BOUGHT}\nB1 invoice B 490 520 9000 USD -");
    let made = Scene::new(&documents, PAID).limit(30_000_000).made();
    let good = made.reviews();
    let found = |change: &dyn Fn(&mut Vec<Review>)| {
        let mut reviews = good.clone();
        change(&mut reviews);
        let table = reviews_table(&made.book, &made.terms, &reviews).expect("columns of one length");
        credit_reviews_broken_laws(&table, 100)
    };
    assert_eq!(found(&|_| {}), [""; 0]);
    assert_eq!(found(&|reviews| reviews[0].expected_loss = Some(24 * ONE + 100)), ["expected loss"], "a cent");
    assert_eq!(found(&|reviews| reviews[0].loss_share = 5_990), ["expected loss"]);
    let unrated = |reviews: &mut Vec<Review>| {
        reviews[0].grade = Grade::Unrated;
        reviews[0].risk.grade = Grade::Unrated;
    };
    assert_eq!(found(&unrated), ["increase where none may be proposed", "increase by the model where none may be proposed"]);
    assert_eq!(found(&|reviews| reviews[0].proposal.limit = Some(10_500 * ONE)), ["proposal above a candidate"]);
    assert_eq!(found(&|reviews| reviews[0].proposal.binding = None), ["binding rule"]);
    let swapped = |reviews: &mut Vec<Review>| {
        reviews[0].queue_rank = 2;
        reviews[1].queue_rank = 1;
    };
    assert_eq!(found(&swapped), ["order of the queue"]);
    assert_eq!(found(&|reviews| reviews[1].queue_rank = 3), ["order of the queue"]);
    // One alone is the first; of two alike the first by id.
    let alone = |reviews: &mut Vec<Review>| {
        reviews.truncate(1);
        reviews[0].queue_rank = 2;
    };
    assert_eq!(found(&alone), ["order of the queue"]);
    let alike = |reviews: &mut Vec<Review>| {
        let first = Review { customer: B, queue_rank: 1, ..reviews[0].clone() };
        reviews[0].queue_rank = 2;
        reviews[1] = first;
    };
    assert_eq!(found(&alike), ["order of the queue"]);
    // What a person decided may be more.
    let decided = |reviews: &mut Vec<Review>| {
        reviews[0].proposal = Proposal { limit: Some(90_000 * ONE), binding: Some(Binding::Override), reason: None };
    };
    assert_eq!(found(&decided), [""; 0]);
}

#[test]
fn formulas_are_harmless_in_csv_and_come_back() {
    let scene = Scene { ids: ["=HYPERLINK(\"http://x\",\"pay, here\")", "-2+3"], ..Scene::bought(Grade::C, 0.01) };
    let reason = KnownOverride { reason: "@SUM(A1)\nsecond line".into(), made_by: "'Ada".into(), ..limit_of(5, "\tO1", 400, None) };
    let made = scene.decided(&[reason]).made();
    let queue = Queue::of(&made.table(), "1971-05-16", "USD").expect("the columns are there");
    let text = queue.to_csv();
    assert!(text.ends_with("\r\n") && text.contains(",\"'=HYPERLINK(\"\"http://x\"\",\"\"pay, here\"\")\",1,"), "{text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heading = reader.headers().expect("a heading").clone();
    let row = reader.records().next().expect("a row").expect("it is CSV");
    let cell = |name: &str| row.get(heading.iter().position(|column| column == name).expect("a column")).expect("a cell").to_owned();
    assert_eq!((heading.len(), row.len()), (CREDIT_REVIEWS.columns.len() + 2, CREDIT_REVIEWS.columns.len() + 2));
    assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '@', '\t', '\r', '\n'])), "{row:?}");
    let back = |name: &str| export::csv::as_written(&cell(name)).to_owned();
    assert_eq!(back("customer_id"), "=HYPERLINK(\"http://x\",\"pay, here\")");
    assert_eq!(
        (back("override_reason"), back("override_by"), back("override_id")),
        ("@SUM(A1)\nsecond line".into(), "'Ada".into(), "\tO1".into())
    );
    assert_eq!((cell("expected_loss_base"), cell("as_of_date")), ("24.0000".into(), "1971-05-16".into()));
    // JSON says them as they are.
    let json: serde_json::Value = serde_json::from_str(&queue.to_json()).expect("it is JSON");
    assert_eq!(json["reviews"][0]["override_reason"], "@SUM(A1)\nsecond line");
    assert_eq!((&json["reviews"][0]["expected_loss_base"], &json["reviews"][0]["queue_rank"]), (&"24.0000".into(), &1.into()));
}

#[test]
fn a_negative_amount_is_a_number_also_in_csv() {
    let scene = Scene { documents: format!("{BOUGHT}\nR3 receipt A 495 - 9000 USD -"), ..Scene::bought(Grade::C, 0.01) };
    let text = Queue::of(&scene.made().table(), "1971-05-16", "USD").expect("the columns are there").to_csv();
    assert!(text.contains(",4000.0000,9000.0000,-5000.0000,"), "{text}");
}
