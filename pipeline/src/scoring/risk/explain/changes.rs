//! What would change a grade: one characteristic at a time, the cheapest that does it, and two where none does alone.

use super::words::{PHRASES, Reader, Soon};
use crate::scoring::characteristics::COUNT;
use crate::scoring::grades::Grade;
use arrears_models::scorecard::Scorecard;
use arrears_models::scorecard::card::probability_of_score;
use serde::Serialize;

/// No grade is further away than so many tenths of a point.
const TENTHS_AWAY_MAX: i32 = 20_000;

/// A better bin of a characteristic, everything else staying as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which characteristic.
    pub characteristic: &'static str,
    /// In words.
    pub label: &'static str,
    /// Its value now, in words.
    pub value: String,
    /// What it would have to be, in words, rounded to the safe side.
    pub target: String,
    /// The edge of the bin: a value up to it for `at_most`, above it for `above`.
    pub target_value: f64,
    /// `at_most` or `above`.
    pub target_kind: &'static str,
    /// Bins between the two, that of the target counted.
    pub bins: usize,
    /// Points more.
    pub points_gained: f64,
    /// The score then.
    pub score: f64,
    /// The chance of default within the horizon then.
    pub pd: f64,
    /// The grade then, hysteresis included.
    pub grade: &'static str,
    /// Whether that grade is better than the present one.
    pub is_lift: bool,
    /// `at_once` or `with_time`.
    pub soon: &'static str,
    /// What does it.
    pub moved_by: &'static str,
    #[serde(skip)]
    gained_tenths: i32,
    #[serde(skip)]
    place: usize,
    #[serde(skip)]
    rank: Soon,
}

/// Changes that lift the grade together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lift {
    /// One, or two where none alone is enough.
    pub changes: Vec<Change>,
    /// The score with all of them.
    pub score: f64,
    /// The chance of default within the horizon.
    pub pd: f64,
    /// The grade.
    pub grade: &'static str,
}

/// What would change a grade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    /// Why nothing is said: `in_default`, `unrated` or `best_grade`; `None` where something is.
    pub none_reason: Option<&'static str>,
    /// The score from which on the grade is a better one; `None` without such a grade.
    pub better_from_score: Option<f64>,
    /// Its chance of default.
    pub better_from_pd: Option<f64>,
    /// That grade.
    pub better_grade: Option<&'static str>,
    /// The score below which the grade is a worse one; `None` without such a grade.
    pub worse_below_score: Option<f64>,
    /// Every better bin of every characteristic that is not in its best one.
    pub single: Vec<Change>,
    /// The cheapest way to a better grade; `None` where no two changes lead there.
    pub cheapest: Option<Lift>,
}

impl Changes {
    /// Nothing to say.
    pub fn none(reason: &'static str) -> Self {
        Changes {
            none_reason: Some(reason),
            better_from_score: None,
            better_from_pd: None,
            better_grade: None,
            worse_below_score: None,
            single: Vec::new(),
            cheapest: None,
        }
    }

    /// Of a customer with a class: its values, its grade, and the one before, which a grade clings to.
    pub fn new(card: &Scorecard, values: &[f32; COUNT], grade: Grade, previous: Option<Grade>) -> Self {
        let graded = Graded { score_tenths: card.score_of(values).score_tenths, grade, previous };
        let single = single(card, values, &graded);
        let better = graded.first(1, |next| next < grade);
        let worse = graded.first(-1, |next| next > grade);
        Changes {
            none_reason: (grade == Grade::A).then_some("best_grade"),
            better_from_score: better.map(points),
            better_from_pd: better.map(probability_of_score),
            better_grade: better.map(|score| graded.at(score).word()),
            worse_below_score: worse.map(|score| points(score + 1)),
            cheapest: cheapest(&single, &graded),
            single,
        }
    }
}

struct Graded {
    score_tenths: i32,
    grade: Grade,
    previous: Option<Grade>,
}

impl Graded {
    fn at(&self, score_tenths: i32) -> Grade {
        Grade::next(self.previous, probability_of_score(score_tenths))
    }

    /// The nearest score above (1) or below (−1) whose grade is as wanted.
    fn first(&self, step: i32, is_wanted: impl Fn(Grade) -> bool) -> Option<i32> {
        (1..=TENTHS_AWAY_MAX).map(|away| self.score_tenths + step * away).find(|score| is_wanted(self.at(*score)))
    }

    fn lift(&self, changes: Vec<Change>) -> Option<Lift> {
        let score = self.score_tenths + changes.iter().map(|change| change.gained_tenths).sum::<i32>();
        let grade = self.at(score);
        (grade < self.grade).then(|| Lift { changes, score: points(score), pd: probability_of_score(score), grade: grade.word() })
    }
}

fn points(tenths: i32) -> f64 {
    f64::from(tenths) / 10.0
}

fn single(card: &Scorecard, values: &[f32; COUNT], graded: &Graded) -> Vec<Change> {
    let mut found = Vec::new();
    for (place, part) in card.characteristics.iter().enumerate() {
        let value = values[part.column];
        let now = part.bins.bin_of(value);
        let reader = Reader::new(part, value);
        let phrase = &PHRASES[part.column];
        let of_values = part.bins.edges.len() + 1;
        let mut better: Vec<usize> = (0..of_values).filter(|bin| part.points_tenths[*bin] > part.points_tenths[now]).collect();
        better.sort_by_key(|bin| (part.points_tenths[*bin], *bin));
        // Of bins with the same points the one that is nearest is asked for.
        better.dedup_by(|later, kept| {
            let is_same = part.points_tenths[*later] == part.points_tenths[*kept];
            if is_same && part.direction == arrears_models::scorecard::Direction::Rising {
                *kept = (*kept).max(*later);
            }
            is_same
        });
        // A single bin of values has no edge to name.
        for (step, bin) in better.into_iter().enumerate().filter(|_| of_values > 1) {
            let gained_tenths = part.points_tenths[bin] - part.points_tenths[now];
            let score = graded.score_tenths + gained_tenths;
            let grade = graded.at(score);
            let (target, target_value) = reader.target(bin);
            found.push(Change {
                characteristic: phrase.name,
                label: phrase.label,
                value: reader.value(value),
                target,
                target_value,
                target_kind: match part.direction {
                    arrears_models::scorecard::Direction::Rising => "at_most",
                    arrears_models::scorecard::Direction::Falling => "above",
                },
                bins: step + 1,
                points_gained: points(gained_tenths),
                score: points(score),
                pd: probability_of_score(score),
                grade: grade.word(),
                is_lift: grade < graded.grade,
                soon: phrase.soon.word(),
                moved_by: phrase.moved_by,
                gained_tenths,
                place,
                rank: phrase.soon,
            });
        }
    }
    found
}

/// What can be done at once before what takes time; then the fewest bins, then the fewest points, then the order of the card.
fn cheapest(single: &[Change], graded: &Graded) -> Option<Lift> {
    let cost = |changes: &[&Change]| {
        let soon = changes.iter().map(|change| change.rank).max();
        let bins: usize = changes.iter().map(|change| change.bins).sum();
        let gained: i32 = changes.iter().map(|change| change.gained_tenths).sum();
        (soon, bins, gained, changes.iter().map(|change| change.place).collect::<Vec<usize>>())
    };
    let lifts = |changes: &[&Change]| graded.lift(changes.iter().map(|change| (*change).clone()).collect());
    let alone = single.iter().map(|change| vec![change]).filter(|changes| lifts(changes).is_some()).min_by_key(|changes| cost(changes));
    let pairs = || {
        let pair = single.iter().flat_map(|first| single.iter().map(move |second| vec![first, second]));
        pair.filter(|pair| pair[0].place < pair[1].place && lifts(pair).is_some()).min_by_key(|changes| cost(changes))
    };
    lifts(&alone.or_else(pairs)?)
}
