//! Credibility against Hachemeister's data and exact rational arithmetic: `reference/credibility.py` writes the file.

use std::collections::BTreeMap;

use arrears_models::credibility::{Constant, Group, Recency, Variances};

const EXPECTED: &str = include_str!("reference/credibility_expected.csv");
const TOLERANCE: f64 = 1e-12;

type Rows = BTreeMap<(&'static str, &'static str), Vec<&'static str>>;

/// The values of each book and kind, by position.
fn rows() -> Rows {
    let mut rows = Rows::new();
    for line in EXPECTED.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        rows.entry((fields[0], fields[1])).or_default().push(fields[3]);
    }
    rows
}

fn numbers(fields: &str) -> Vec<f64> {
    fields.split(' ').map(|field| field.parse().unwrap_or_else(|_| panic!("not a number: {field}"))).collect()
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance * expected.abs(), "{actual} is not {expected}");
}

/// Both variances and the pool's mean under the constant that they give, which need not lie within the product's bounds.
fn assert_structure(groups: &[Group], rows: &Rows, book: &'static str) {
    let variances = Variances::estimate(groups).expect("the groups tell their variances");
    let expected = numbers(rows[&(book, "variances")][0]);
    assert_near(variances.within, expected[0], TOLERANCE);
    assert_near(variances.between, expected[1], 10.0 * TOLERANCE);
    let constant = Constant { k: variances.within / variances.between, variances, groups: groups.len() };
    assert_near(constant.pool_mean(groups).expect("there are groups"), numbers(rows[&(book, "pool_mean")][0])[0], TOLERANCE);
}

#[test]
fn hachemeisters_five_states_come_out_as_r_prints_them() {
    let rows = rows();
    let states = rows[&("hachemeister", "ratios")].iter().zip(&rows[&("hachemeister", "weights")]);
    let groups: Vec<Group> = states
        .map(|(ratios, weights)| {
            let (ratios, weights) = (numbers(ratios), numbers(weights));
            let total: f64 = weights.iter().sum();
            let mean = ratios.iter().zip(&weights).map(|(ratio, weight)| ratio * weight).sum::<f64>() / total;
            let squares = ratios.iter().zip(&weights).map(|(ratio, weight)| weight * (ratio - mean).powi(2)).sum();
            let degrees_of_freedom = (ratios.len() - 1) as f64;
            Group { observations: ratios.len(), effective_number: total, mean, within_sum_of_squares: squares, degrees_of_freedom }
        })
        .collect();
    assert_eq!(groups.len(), 5);
    assert_structure(&groups, &rows, "hachemeister");
    // As printed: R's actuar, cm(~state, …), and the vignette of that package.
    let variances = Variances::estimate(&groups).expect("five states");
    assert_near(variances.within, 139_120_026.0, 1e-8);
    assert_near(variances.between, 89_638.73, 1e-7);
    let constant = Constant { k: variances.within / variances.between, variances, groups: 5 };
    let pool = constant.pool_mean(&groups).expect("five states");
    let premiums = groups.iter().map(|group| constant.blend(group.effective_number, group.mean, pool).round());
    assert_eq!(premiums.collect::<Vec<_>>(), [2055.0, 1524.0, 1793.0, 1443.0, 1603.0]);
    // Five groups are too few for the product, and k = 1552 claims is no number of payments.
    assert_eq!(Constant::estimate(&groups), None);
}

#[test]
fn the_weighted_moments_of_every_customer_and_the_variances_are_exact() {
    let rows = rows();
    for (book, half_life) in [("half_life_75", 75.0), ("half_life_30", 30.0)] {
        let mut groups = Vec::new();
        for (observations, expected) in rows[&(book, "observations")].iter().zip(&rows[&(book, "customer")]) {
            let mut recency = Recency::new(half_life);
            for observation in observations.split(' ') {
                let (value, age) = observation.split_once('@').expect("value@age");
                recency.add(numbers(value)[0], numbers(age)[0]);
            }
            let expected = numbers(expected);
            assert_near(recency.effective_number(), expected[0], TOLERANCE);
            assert!((recency.mean().expect("observed") - expected[1]).abs() <= TOLERANCE * 40.0);
            assert!((recency.variance().expect("observed") - expected[2]).abs() <= TOLERANCE * 400.0);
            groups.extend(recency.group());
        }
        assert_eq!(groups.len(), 60);
        assert_structure(&groups, &rows, book);
    }
}
