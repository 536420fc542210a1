//! The customers of a company in three orders, each with its 80/20 mark.

use super::MARKED_SHARE;

/// A customer with something overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<'a> {
    /// Its id.
    pub id: &'a str,
    /// Days past due of its oldest item.
    pub days_past_due_max: i32,
    /// What is overdue, base currency, ten-thousandths.
    pub overdue: i128,
    /// Σ open × P(not paid in 30 days) of what is overdue; `None` where nothing was forecast.
    pub expected_value: Option<i128>,
}

/// A place in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 1 for the first; no two customers of a company share one.
    pub rank: i64,
    /// Whether it is one of the first customers that together make up 80 % of the money.
    pub is_marked: bool,
}

/// The places of a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// By the age of the oldest item; the mark by overdue amount.
    pub by_oldest: Option<Place>,
    /// By overdue amount.
    pub by_largest: Option<Place>,
    /// By expected value, and the mark by it; `None` where that is not known.
    pub by_expected_value: Option<Place>,
}

/// The places of the customers of one company, in their order. Ties are decided by the overdue amount, then by the id.
pub fn places(customers: &[Ranked]) -> Vec<Places> {
    let mut found = vec![Places::default(); customers.len()];
    let overdue = |at: usize| customers[at].overdue;
    let expected = |at: usize| customers[at].expected_value.unwrap_or(0);
    let tie = |at: usize| (-overdue(at), customers[at].id);
    let all = || (0..customers.len()).collect::<Vec<usize>>();

    let mut order = all();
    order.sort_by_key(|at| (-customers[*at].days_past_due_max, tie(*at)));
    for (at, place) in marked(&order, overdue) {
        found[at].by_oldest = Some(place);
    }
    order.sort_by_key(|at| tie(*at));
    for (at, place) in marked(&order, overdue) {
        found[at].by_largest = Some(place);
    }
    order.retain(|at| customers[*at].expected_value.is_some());
    order.sort_by_key(|at| (-expected(*at), tie(*at)));
    for (at, place) in marked(&order, expected) {
        found[at].by_expected_value = Some(place);
    }
    found
}

/// Ranks in order, and the mark of those before whom less than 80 % of the money lies.
fn marked(order: &[usize], money: impl Fn(usize) -> i128) -> Vec<(usize, Place)> {
    let total: i128 = order.iter().map(|at| money(*at)).sum();
    let (share, of) = MARKED_SHARE;
    let mut before = 0_i128;
    let mut places = Vec::with_capacity(order.len());
    for (rank, at) in (1_i64..).zip(order) {
        places.push((*at, Place { rank, is_marked: before * of < total * share }));
        before += money(*at);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(id: &'static str, days_past_due_max: i32, overdue: i128, expected_value: Option<i128>) -> Ranked<'static> {
        Ranked { id, days_past_due_max, overdue, expected_value }
    }

    fn ids(customers: &[Ranked<'static>], place: impl Fn(&Places) -> Option<Place>) -> (Vec<&'static str>, usize) {
        let mut order: Vec<(Place, &str)> =
            places(customers).iter().zip(customers).filter_map(|(places, customer)| Some((place(places)?, customer.id))).collect();
        order.sort_by_key(|(place, _)| place.rank);
        assert!(order.iter().zip(1..).all(|((place, _), rank)| place.rank == rank), "ranks are 1, 2, 3, …");
        let marked = order.iter().filter(|(place, _)| place.is_marked).count();
        assert!(order.iter().take(marked).all(|(place, _)| place.is_marked), "the marked ones come first");
        (order.into_iter().map(|(_, id)| id).collect(), marked)
    }

    #[test]
    fn three_orders_of_one_book() {
        // Overdue in all 1,000; 80 % is 800. Expected in all 250; 80 % is 200.
        let customers = [
            customer("a", 10, 500, Some(20)),
            customer("b", 200, 100, Some(100)),
            customer("c", 30, 300, Some(90)),
            customer("d", 5, 100, Some(40)),
        ];
        // Oldest: b 100, c 400, a 900: the third crosses 800.
        assert_eq!(ids(&customers, |places| places.by_oldest), (vec!["b", "c", "a", "d"], 3));
        // Largest: a 500, c 800: exactly 80 %, so two are enough. b and d owe the same: the id decides.
        assert_eq!(ids(&customers, |places| places.by_largest), (vec!["a", "c", "b", "d"], 2));
        // Expected: b 100, c 190, d 230: the third crosses 200.
        assert_eq!(ids(&customers, |places| places.by_expected_value), (vec!["b", "c", "d", "a"], 3));
    }

    #[test]
    fn ties_are_decided_by_the_amount_and_then_by_the_id() {
        let customers = [customer("z", 9, 5, Some(3)), customer("m", 9, 7, Some(3)), customer("a", 9, 5, Some(3))];
        for place in [|places: &Places| places.by_oldest, |places: &Places| places.by_expected_value] {
            assert_eq!(ids(&customers, place).0, ["m", "a", "z"]);
        }
        let mut turned = customers.to_vec();
        turned.reverse();
        assert_eq!(ids(&turned, |places| places.by_oldest).0, ["m", "a", "z"], "whatever the order of the rows");
    }

    #[test]
    fn nothing_is_marked_where_there_is_no_money_and_nothing_ranked_where_nothing_is_known() {
        assert_eq!(places(&[]), []);
        let none = places(&[customer("a", 1, 0, None)]);
        assert_eq!(none[0].by_largest, Some(Place { rank: 1, is_marked: false }));
        assert_eq!(none[0].by_expected_value, None);
        let one = places(&[customer("a", 1, 1, Some(1))]);
        assert_eq!(one[0].by_expected_value, Some(Place { rank: 1, is_marked: true }), "one customer is all of it");
    }
}
