//! Expected cash is one sum told in several ways: components and the total, days and weeks, segments and companies,
//! companies and the group, the last line of the bridge and the open items.

use super::Context;
use crate::error::Result;
use crate::ledger::scopes::{ALL_COMPANIES, Scope};
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

/// Days are forecast for so many weeks.
const WEEKS_OF_DAYS: i64 = 6;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.scan("cash_forecast")?, context.scan("cash_bridge")?)
}

fn find_in(forecast: LazyFrame, bridge: LazyFrame) -> Result<DataFrame> {
    let is = |column: &str, word: &'static str| col(column).eq(lit(word));
    let of_open_items = || is("component", "open_items").or(is("component", "promises"));
    let components = || of_open_items().or(is("component", "new_billing")).or(is("component", "orders"));
    let company = || is("scope", Scope::Company.word());
    let weeks = || is("grid", "week");
    let cell = ["company_id", "scope", "scope_value", "basis", "currency", "grid", "horizon"];

    let total = sums(forecast.clone().filter(components()), &cell);
    let open = sums(forecast.clone().filter(of_open_items()), &cell);
    let of_days = forecast.clone().filter(is("grid", "day")).with_columns([
        (((col("horizon") - lit(1)).cast(DataType::Float64) / lit(7.0)).cast(DataType::Int64) + lit(1)).alias("horizon"),
        lit("week").alias("grid"),
    ]);
    let with_component = [cell.as_slice(), &["component"]].concat();
    let days = sums(of_days, &with_component);
    let first_weeks = forecast.clone().filter(weeks().and(col("horizon").lt_eq(lit(WEEKS_OF_DAYS))));
    let in_company = ["company_id", "grid", "horizon", "component"];
    let segments = sums(forecast.clone().filter(is("scope", Scope::Segment.word())), &in_company);
    let is_base_of_company = || company().and(is("basis", "base")).and(components()).and(col("company_id").neq(lit(ALL_COMPANIES)));
    let in_group = ["grid", "horizon", "component"];
    let companies = sums(forecast.clone().filter(is_base_of_company()), &in_group);
    let group = forecast.clone().filter(col("company_id").eq(lit(ALL_COMPANIES)).and(components()));
    let of_bridge = ["company_id", "basis", "currency", "horizon"];
    let lines = sums(bridge.clone().filter(is("line", "expected").not()).rename(["amount"], ["mean"], true), &of_bridge);
    let expected = bridge.filter(is("line", "expected")).rename(["amount"], ["mean"], true);

    let differences = [
        differing("components and total", forecast.clone().filter(is("component", "total")), total, &cell),
        differing("open items and promises", forecast.clone().filter(is("component", "open_items_and_promises")), open, &cell),
        differing("days and weeks", first_weeks, days, &with_component),
        differing("segments and company", forecast.clone().filter(is_base_of_company()), segments, &in_company),
        differing("companies and group", group, companies, &in_group),
        differing("lines of the bridge", expected.clone(), lines, &of_bridge),
        differing(
            "bridge and forecast",
            forecast.filter(company().and(weeks()).and(is("component", "open_items_and_promises"))),
            expected.select([col("company_id"), col("basis"), col("currency"), col("horizon"), col("mean").alias("sum")]),
            &of_bridge,
        ),
    ];
    Ok(concat(differences, UnionArgs::default())?.sort(["what", "place"], SortMultipleOptions::default()).collect()?)
}

fn sums(rows: LazyFrame, keys: &[&str]) -> LazyFrame {
    rows.group_by(keys.iter().map(|key| col(*key)).collect::<Vec<_>>()).agg([col("mean").sum().alias("sum")])
}

/// Rows whose mean is not the sum that stands beside it.
fn differing(what: &'static str, rows: LazyFrame, sums: LazyFrame, keys: &[&str]) -> LazyFrame {
    let columns = || keys.iter().map(|key| col(*key)).collect::<Vec<_>>();
    let place =
        keys.iter().skip(1).fold(col(keys[0]).cast(DataType::String), |place, key| place + lit("/") + col(*key).cast(DataType::String));
    // What has no parts is a sum of none: before the first invoice there is no company, and the group expects nothing.
    let zero = lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    rows.join(sums, columns(), columns(), JoinArgs::new(JoinType::Left))
        .with_column(col("sum").fill_null(zero))
        .filter(col("mean").neq(col("sum")))
        .select([lit(what).alias("what"), place.alias("place"), col("mean"), col("sum")])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{sums as amounts, texts};

    /// Week 1 of a company with one segment, its seven days, the group, and the bridge.
    fn night(total: i128, segment: i128, expected: i128) -> (LazyFrame, LazyFrame) {
        let mut rows: Vec<(&str, &str, &str, i64, &str, i128)> = Vec::new();
        for (company, scope, open) in [("a", "company", 70), ("a", "segment", segment), (ALL_COMPANIES, "company", 70)] {
            rows.push((company, scope, "week", 1, "open_items", open));
            rows.push((company, scope, "week", 1, "new_billing", 0));
            rows.push((company, scope, "week", 1, "promises", 0));
            rows.push((company, scope, "week", 1, "open_items_and_promises", open));
            rows.push((company, scope, "week", 1, "total", if scope == "segment" { open } else { total }));
            rows.extend((1..=7).map(|day| (company, scope, "day", day, "open_items", open / 7)));
            rows.extend((1..=7).flat_map(|day| ["new_billing", "promises"].map(|component| (company, scope, "day", day, component, 0))));
            rows.extend(
                (1..=7).flat_map(|day| {
                    ["open_items_and_promises", "total"].map(|component| (company, scope, "day", day, component, open / 7))
                }),
            );
        }
        let forecast = DataFrame::new_infer_height(vec![
            texts("company_id", rows.iter().map(|row| Some(row.0))),
            texts("scope", rows.iter().map(|row| Some(row.1))),
            texts("scope_value", rows.iter().map(|row| Some(row.1))),
            texts("basis", rows.iter().map(|_| Some("base"))),
            texts("currency", rows.iter().map(|_| Some("EUR"))),
            texts("grid", rows.iter().map(|row| Some(row.2))),
            Column::new("horizon".into(), rows.iter().map(|row| row.3).collect::<Vec<i64>>()),
            texts("component", rows.iter().map(|row| Some(row.4))),
            amounts("mean", rows.iter().map(|row| row.5).collect()),
        ]);
        let lines = [("due_date_view", 50), ("timing", 20), ("expected", expected)];
        let bridge = ["a", ALL_COMPANIES].iter().flat_map(|company| lines.map(|(line, amount)| (*company, line, amount)));
        let bridge: Vec<(&str, &str, i128)> = bridge.collect();
        let bridge = DataFrame::new_infer_height(vec![
            texts("company_id", bridge.iter().map(|row| Some(row.0))),
            texts("basis", bridge.iter().map(|_| Some("base"))),
            texts("currency", bridge.iter().map(|_| Some("EUR"))),
            Column::new("horizon".into(), vec![1_i64; bridge.len()]),
            texts("line", bridge.iter().map(|row| Some(row.1))),
            amounts("amount", bridge.iter().map(|row| row.2).collect()),
        ]);
        (forecast.expect("columns of one length").lazy(), bridge.expect("columns of one length").lazy())
    }

    fn found(total: i128, segment: i128, expected: i128) -> Vec<String> {
        let (forecast, bridge) = night(total, segment, expected);
        let rows = find_in(forecast, bridge).expect("it runs");
        let what = rows.column("what").and_then(|what| what.str().cloned()).expect("a column of words");
        let mut what: Vec<String> = what.iter().flatten().map(str::to_owned).collect();
        what.dedup();
        what
    }

    #[test]
    fn a_sum_that_is_told_in_two_ways_is_found() {
        assert_eq!(found(70, 70, 70), [""; 0]);
        assert_eq!(found(71, 70, 70), ["components and total", "days and weeks"]);
        assert_eq!(found(70, 63, 70), ["segments and company"]);
        assert_eq!(found(70, 70, 69), ["bridge and forecast", "lines of the bridge"]);
    }
}
