//! Each trigger just on either side of its edge.

use super::*;

fn list(scene: &Scene) -> String {
    scene.review().triggers.list().unwrap_or_default()
}

#[test]
fn two_grades_down() {
    let of = |before: Grade, now: Grade| list(&Scene::bought(now, 0.01).previous(before));
    assert_eq!(of(Grade::A, Grade::C), "two_grades_down");
    assert_eq!(of(Grade::B, Grade::C), "");
    assert_eq!(of(Grade::E, Grade::C), "", "two grades up");
    assert_eq!(of(Grade::H, Grade::InDefault), "two_grades_down", "default is told whatever came before");
    assert_eq!(of(Grade::InDefault, Grade::InDefault), "");
    assert_eq!((of(Grade::Unrated, Grade::H), of(Grade::A, Grade::Unrated)), (String::new(), String::new()));
    assert_eq!(list(&Scene::bought(Grade::H, 0.01)), "", "nothing is known of before");
}

#[test]
fn newly_more_than_30_days_past_due() {
    let of = |due: Day, amount: i64| list(&Scene::new(&format!("I1 invoice A 400 {due} {amount} USD -"), ""));
    assert_eq!(of(469, 100), "newly_past_due", "31 days");
    assert_eq!(of(470, 100), "", "30 days");
    assert_eq!(of(469, 99), "", "not enough to weigh");
    // 30 days ago it was 30 days past due, or 31 already.
    assert_eq!((of(440, 100).as_str(), of(439, 100).as_str()), ("newly_past_due", ""));
    // Of 20,000 a hundredth weighs.
    let of = |late: i64| list(&Scene::new(&format!("I1 invoice A 400 469 {late} USD -\nI2 invoice A 400 520 {} USD -", 20_000 - late), ""));
    assert_eq!((of(200).as_str(), of(199).as_str()), ("newly_past_due", ""));
    // What has no due date is not past due.
    assert_eq!(list(&Scene::new("I1 invoice A 400 - 100 USD -", "")), "");
    assert_eq!(Scene::new("I1 invoice A 400 - 100 USD -", "").review().worst_days_past_due, None);
    assert_eq!(Scene::new("I1 invoice A 400 469 100 USD -", "").review().worst_days_past_due, Some(31));
}

/// Invoices due on the first day, paid on the second, of 100 each; one of 10 is open and due on 600.
fn paid(payments: &[(Day, Day)]) -> Scene {
    let mut documents = String::from("O invoice A 300 600 10 USD -\n");
    let mut applications = String::new();
    for (number, (due, paid)) in payments.iter().enumerate() {
        documents += &format!("I{number} invoice A 200 {due} 100 USD -\nR{number} receipt A {paid} - 100 USD -\n");
        applications += &format!("P{number} R{number} I{number} {paid} 100 -\n");
    }
    Scene::new(&documents, &applications)
}

#[test]
fn average_days_late_ten_more_than_in_the_90_days_before() {
    // Before: on time on 350 and 410 (the last day of the 90 before). Then 10 days late on average: 5 and 15.
    let slower = paid(&[(350, 350), (410, 410), (425, 430), (450, 465)]);
    let review = slower.review();
    assert_eq!((review.paying.late_before, review.paying.late_now), (Some(0.0), Some(10.0)));
    assert_eq!(list(&slower), "pays_slower");
    assert_eq!(list(&paid(&[(350, 350), (410, 410), (425, 430), (450, 464)])), "", "9.5 days");
    // One payment says nothing, on either side.
    assert_eq!(paid(&[(350, 350), (410, 410), (430, 470)]).review().paying.late_now, None);
    assert_eq!(list(&paid(&[(350, 350), (425, 465), (450, 490)])), "");
}

#[test]
fn silence_of_more_than_three_usual_gaps_while_something_is_due() {
    // Paid every 30 days until 410: 90 days of silence are three gaps. Something of 10 has been due since 480.
    let of = |shift: Day, due: Day| {
        let dates: Vec<(Day, Day)> = [320, 350, 380, 410].into_iter().map(|day| (day - shift, day - shift)).collect();
        let mut scene = paid(&dates);
        scene.documents += &format!("D invoice A 300 {due} 10 USD -\n");
        scene
    };
    assert_eq!(list(&of(0, 480)), "");
    assert_eq!(list(&of(1, 480)), "silent");
    assert_eq!(list(&of(1, 500)), "", "nothing is past due: nobody has to pay");
    let review = of(1, 480).review();
    assert_eq!((review.paying.silent_days, review.paying.usual_gap), (Some(91), Some(30)));
    // Of two payments no gap is usual.
    assert_eq!(paid(&[(300, 300), (310, 310)]).review().paying.usual_gap, None);
}

#[test]
fn a_broken_promise() {
    let promise = |made_date, promised_date, amount: i64| KnownPromise {
        customer: Some(A),
        has_document: false,
        items: Vec::new(),
        made_date,
        promised_date,
        amount: amount * 10_000,
        currency: None,
    };
    // R2 came on 480.
    let of = |promises: &[KnownPromise]| {
        let review = Scene { promises: promises.to_vec(), ..Scene::bought(Grade::C, 0.01) }.review();
        (review.broken_promises, review.triggers.list())
    };
    let broken = Some("broken_promise".to_owned());
    assert_eq!(of(&[promise(481, 490, 500)]), (1, broken.clone()));
    assert_eq!(of(&[promise(475, 490, 5_000)]), (0, None), "kept");
    assert_eq!(of(&[promise(475, 490, 9_000)]), (0, None), "partly kept");
    assert_eq!(of(&[promise(481, 500, 500)]), (1, broken.clone()), "until the end of its day");
    assert_eq!(of(&[promise(481, 501, 500)]), (0, None), "not due yet");
    assert_eq!((of(&[promise(405, 411, 500)]), of(&[promise(405, 410, 500)])), ((1, broken), (0, None)), "90 days");
}

#[test]
fn the_list_has_a_fixed_order_and_a_word_for_each_column() {
    let all =
        Triggers { two_grades_down: true, over_limit: true, newly_past_due: true, pays_slower: true, silent: true, broken_promise: true };
    assert_eq!(all.list().as_deref(), Some("two_grades_down, over_limit, newly_past_due, pays_slower, silent, broken_promise"));
    let table = crate::catalog::credit_reviews::CREDIT_REVIEWS;
    for word in Triggers::WORDS {
        assert!(table.columns.iter().any(|column| column.name == format!("trigger_{word}")), "{word}");
    }
}
