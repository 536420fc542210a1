//! K22 = K5 × NCS ÷ days: trapped cash is what the average days delinquent hold, to 1e-9.

use super::Context;
use crate::error::Result;
use polars::prelude::*;

pub(super) fn find(context: &Context) -> Result<DataFrame> {
    let keys = ["company_id", "scope", "scope_value", "period_end"];
    let metric = |name: &str| -> Result<LazyFrame> { Ok(context.scan("kpis")?.filter(col("metric").eq(lit(name.to_owned())))) };
    let trapped =
        metric("trapped_cash")?.select([keys.map(col).as_slice(), &[col("amount").cast(DataType::Float64).alias("trapped")]].concat());
    let days = (col("period_end").cast(DataType::Int32) - col("period_start").cast(DataType::Int32) + lit(1)).cast(DataType::Float64);
    let delinquent = metric("average_days_delinquent")?
        .filter(col("value").is_not_null())
        .with_column((col("value") * col("denominator").cast(DataType::Float64) / days).alias("from_days"));
    let tolerance = lit(1e-9) * (col("trapped").cast(DataType::Float64) * col("trapped")).sqrt() + lit(1e-6);
    let difference = col("trapped") - col("from_days");
    let wrong = difference.clone().gt(tolerance.clone()).or(difference.lt(lit(0.0) - tolerance));
    Ok(delinquent
        .join(trapped, keys.map(col), keys.map(col), JoinArgs::new(JoinType::Left))
        .filter(wrong.fill_null(lit(true)))
        .collect()?)
}
