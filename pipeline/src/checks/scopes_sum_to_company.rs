//! Law 3, second half: every scope sums to its company, and the companies to the group.

use super::Context;
use crate::error::Result;
use crate::ledger::scopes::{ALL_COMPANIES, Scope};
use crate::marts::frame::{SCALE, SUM_PRECISION};
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    find_in(context.receivable()?, context.timeline.as_of, &context.walked.scope_order)
}

fn find_in(receivable: LazyFrame, as_of: i32, labelled: &[Scope]) -> Result<DataFrame> {
    let is_company = || col("scope").eq(lit(Scope::Company.word()));
    let is_group = || col("company_id").eq(lit(ALL_COMPANIES));
    let companies =
        receivable.clone().filter(is_company()).select([col("company_id"), col("period_end"), col("receivable").alias("company")]);
    let scopes = receivable
        .clone()
        .filter(is_company().not())
        .group_by([col("company_id"), col("period_end"), col("scope")])
        .agg([col("receivable").sum()]);
    let group = receivable
        .filter(is_company().and(is_group().not()))
        .group_by([col("period_end")])
        .agg([col("receivable").sum()])
        .select([lit(ALL_COMPANIES).alias("company_id"), col("period_end"), lit("companies").alias("scope"), col("receivable")]);
    // Customers stand there at as_of only, and not for the group.
    let by_scope: Vec<LazyFrame> =
        scope_words(labelled).into_iter().map(|word| companies.clone().with_column(lit(word).alias("scope"))).collect();
    let expected = concat(by_scope, UnionArgs::default())?.filter(
        col("scope")
            .neq(lit(Scope::Customer.word()))
            .or(col("period_end").eq(lit(as_of).cast(DataType::Date)).and(is_group().not()))
            .and(col("scope").neq(lit("companies")).or(is_group())),
    );
    let zero = lit(0).cast(DataType::Decimal(SUM_PRECISION, SCALE));
    let keys = || [col("company_id"), col("period_end"), col("scope")];
    Ok(expected
        .join(concat([scopes, group], UnionArgs::default())?, keys(), keys(), JoinArgs::new(JoinType::Left))
        .with_column(col("receivable").fill_null(zero))
        .filter(col("receivable").neq(col("company")))
        .sort(["company_id", "period_end", "scope"], SortMultipleOptions::default())
        .collect()?)
}

fn scope_words(labelled: &[Scope]) -> Vec<&'static str> {
    let labelled = labelled.iter().filter(|scope| **scope != Scope::Company).map(|scope| scope.word());
    labelled.chain([Scope::Customer.word(), "companies"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marts::frame::{dates, sums, texts};

    fn frame(rows: &[(&'static str, &'static str, i128)]) -> LazyFrame {
        DataFrame::new_infer_height(vec![
            texts("company_id", rows.iter().map(|row| Some(row.0))),
            texts("scope", rows.iter().map(|row| Some(row.1))),
            dates("period_end", rows.iter().map(|_| Some(20_000))),
            sums("receivable", rows.iter().map(|row| row.2).collect()),
        ])
        .expect("columns of one length")
        .lazy()
    }

    fn book() -> Vec<(&'static str, &'static str, i128)> {
        let mut rows = vec![("a", "customer", 4), ("a", "customer", 6), ("b", "customer", 1)];
        for scope in Scope::LABELLED {
            rows.extend([("a", scope.word(), 10), ("b", scope.word(), 1), (ALL_COMPANIES, scope.word(), 11)]);
        }
        rows
    }

    #[test]
    fn a_customer_counted_twice_or_left_out_is_found() {
        assert_eq!(find_in(frame(&book()), 20_000, &Scope::LABELLED).expect("it runs").height(), 0);
        let mut twice = book();
        twice.push(("a", "segment", 4));
        assert_eq!(find_in(frame(&twice), 20_000, &Scope::LABELLED).expect("it runs").height(), 1);
        let mut missing = book();
        missing.remove(0);
        assert_eq!(find_in(frame(&missing), 20_000, &Scope::LABELLED).expect("it runs").height(), 1);
        let mut group = book();
        group.iter_mut().filter(|row| row.0 == ALL_COMPANIES && row.1 == "company").for_each(|row| row.2 = 12);
        // The group's other scopes no longer match it either.
        assert!(find_in(frame(&group), 20_000, &Scope::LABELLED).expect("it runs").height() > 1);
    }
}
