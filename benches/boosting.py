"""Gradient boosting on the rows that `arrears backtest … --rows` writes: what a model without structure makes of the same figures.

    python3 -m venv /tmp/boosting && /tmp/boosting/bin/pip install lightgbm==4.6.0 numpy==2.2.6 scipy==1.15.3 pyarrow==20.0.0 scikit-learn==1.6.1
    arrears backtest late --config arrears.toml --cut 2013-05-06 --rows /tmp/rows.parquet
    /tmp/boosting/bin/python3 benches/boosting.py /tmp/rows.parquet
    arrears backtest forecast --config arrears.toml --from 2013-01-07 --to 2013-10-07 --rows /tmp/rows
    /tmp/boosting/bin/python3 benches/boosting.py /tmp/rows

Outside the product: nothing of it is built, run or tested with it. Both kinds of rows are read:

- `backtest late`, a file: `split` is train or test, `target` 1 for a late invoice. 150 trees of 8 leaves, at least 30 rows in each, once for
  the chance of being late and once (absolute error) for the days late of what was paid.
- `backtest forecast`, a folder: `fits/` has an item-day a row with the share that is paid on it (`target`) and its `weight`, `items/` the
  business days ahead of every item open at an origin, `actuals.parquet` what came. 200 trees of 15 leaves, rate 0.05, at least 100 rows in
  each; a row with a share counts as two, an event and none. Hazards become shares paid with the model's own chances of credit and
  write-off, times amounts the cash of weeks, and that the weekly error (WAPE), over the same weeks as the model's.

Columns that are not features are named in NOT_FEATURES; all others go in as they are, unbinned and unscaled. The product's own figures are
computed from its columns in the same files, over the same rows, so that both stand in one table.
"""

from __future__ import annotations

import argparse
import pathlib
import warnings

import lightgbm
import numpy
import pyarrow.parquet
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

NOT_FEATURES = {
    "split", "origin", "weight", "target", "days_late", "company_id", "customer_id", "document_id", "document_date", "paid_before",
    "fitted_on", "currency", "item", "amount", "week", "credit", "write_off", "said", "said_late", "said_expected_days_late", "said_median_days_late", "said_average_days_late", "due_date", "day",
}
LATE = {"n_estimators": 150, "num_leaves": 8, "min_child_samples": 30, "learning_rate": 0.05}
HAZARD = {"n_estimators": 200, "num_leaves": 15, "min_child_samples": 100, "learning_rate": 0.05}
ALWAYS = {"random_state": 0, "n_jobs": 2, "verbose": -1, "deterministic": True, "force_row_wise": True}
# As many invoices a customer must have paid before for the model to be asked.
PAID_BEFORE_MIN = 3


warnings.filterwarnings("ignore", message="X does not have valid feature names")


def measures(probability: numpy.ndarray, target: numpy.ndarray, weight: numpy.ndarray) -> dict[str, float]:
    """AUC, log-loss, Brier score, slope and intercept of the calibration; targets may be shares."""
    p = numpy.clip(probability, 1e-15, 1 - 1e-15)
    total = weight.sum()
    log_odds = logit(p)

    def loss(at: numpy.ndarray) -> float:
        z = at[0] + at[1] * log_odds
        return float((weight * (numpy.logaddexp(0, z) - target * z)).sum() / total)

    constant = numpy.ptp(log_odds) < 1e-12
    intercept, slope = (numpy.nan, numpy.nan) if constant else minimize(loss, [0.0, 1.0], method="BFGS").x
    labels = numpy.concatenate([numpy.ones_like(target), numpy.zeros_like(target)])
    shares = numpy.concatenate([weight * target, weight * (1 - target)])
    kept = shares > 0
    return {
        "auc": roc_auc_score(labels[kept], numpy.concatenate([p, p])[kept], sample_weight=shares[kept]),
        "log-loss": float(-(weight * (target * numpy.log(p) + (1 - target) * numpy.log1p(-p))).sum() / total),
        "brier": float((weight * (target * (1 - p) ** 2 + (1 - target) * p**2)).sum() / total),
        "slope": slope,
        "intercept": intercept,
    }


def shown(name: str, figures: dict[str, float]) -> None:
    print(f"{name:28}" + "".join(f" {what} {figure:.4f}" for what, figure in figures.items()))


def late(rows: dict[str, numpy.ndarray], features: numpy.ndarray, paid_before_min: int) -> None:
    train, test = rows["split"] == "train", (rows["split"] == "test") & (rows["paid_before"] >= paid_before_min)
    target, weight = rows["target"], rows["weight"]
    print(f"late at issue: {train.sum()} rows to learn from, {test.sum()} to be tested on, of customers who had paid {paid_before_min} or more")
    model = lightgbm.LGBMClassifier(**LATE, **ALWAYS).fit(features[train], target[train], sample_weight=weight[train])
    shown("boosting", measures(model.predict_proba(features[test])[:, 1], target[test], weight[test]))
    said = rows["said_late"][test]
    if not numpy.isnan(said).any():
        shown("arrears", measures(said, target[test], weight[test]))
    paid = ~numpy.isnan(rows["days_late"])
    train, test = train & paid, test & paid
    print(f"days late, mean absolute error: {train.sum()} rows to learn from, {test.sum()} to be tested on")
    model = lightgbm.LGBMRegressor(objective="l1", **LATE, **ALWAYS).fit(features[train], rows["days_late"][train])
    for name, days in [
        ("boosting", model.predict(features[test])),
        ("expected days late", rows["said_expected_days_late"][test]),
        ("median of the timing model", rows["said_median_days_late"][test]),
        ("average of past delays", rows["said_average_days_late"][test]),
        ("due date", 0.0),
    ]:
        shown(name, {"days": float(numpy.abs(rows["days_late"][test] - days).mean())})


def read(path: pathlib.Path) -> tuple[dict[str, numpy.ndarray], numpy.ndarray]:
    """The columns of a file, and its features row by row."""
    table = pyarrow.parquet.read_table(path)
    rows = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names if name in NOT_FEATURES}
    names = [name for name in table.column_names if name not in NOT_FEATURES]
    return rows, numpy.column_stack([table[name].to_numpy() for name in names])


def fitted(rows: dict[str, numpy.ndarray], features: numpy.ndarray) -> lightgbm.LGBMClassifier:
    """The hazard: each row an event of the share that was paid, and none of the rest."""
    target, weight = rows["target"].astype(float), rows["weight"].astype(float)
    doubled = numpy.concatenate([features, features])
    labels = numpy.concatenate([numpy.ones(len(target)), numpy.zeros(len(target))])
    # Weights are scaled to a mean of 1: the least curvature of a leaf is in their unit.
    shares = numpy.concatenate([weight * target, weight * (1 - target)]) / weight.mean()
    kept = shares > 0
    return lightgbm.LGBMClassifier(**HAZARD, **ALWAYS).fit(doubled[kept], labels[kept], sample_weight=shares[kept])


def cash_by_week(rows: dict[str, numpy.ndarray], hazard: numpy.ndarray) -> dict[tuple, float]:
    """Expected cash by company, currency and week: rows of an item stand together, in the order of their days."""
    cash: dict[tuple, float] = {}
    item, there = None, 1.0
    columns = [rows[name] for name in ["item", "company_id", "currency", "week", "amount", "credit", "write_off"]]
    for number, company, currency, week, amount, credit, write_off, paid in zip(*columns, hazard):
        if number != item:
            item, there = number, 1.0
        leaves = paid + credit + write_off
        scale = 1 / leaves if leaves > 1 else 1.0
        key = (company, currency, week)
        cash[key] = cash.get(key, 0.0) + amount * there * paid * scale
        there *= 1 - leaves * scale
    return cash


def in_base(rows: list[dict], amount) -> dict[tuple, float]:
    """Amounts by origin and week in base currency at the origin's rates."""
    sums: dict[tuple, float] = {}
    for row in rows:
        key = (row["origin"], row["week"])
        sums[key] = sums.get(key, 0.0) + amount(row) * row["rate"]
    return sums


def forecast(folder: pathlib.Path) -> None:
    actuals = pyarrow.parquet.read_table(folder / "actuals.parquet").to_pylist()
    boosting: dict[tuple, float] = {}
    said: dict[tuple, float] = {}
    for fit in sorted((folder / "fits").glob("*.parquet")):
        rows, features = read(fit)
        model = fitted(rows, features)
        origins = sorted({row["origin"] for row in actuals if str(row["fitted_on"]) == fit.stem})
        for origin in origins:
            items, asked = read(folder / "items" / f"{origin}.parquet")
            hazard = expit(model.predict(asked, raw_score=True))
            boosting.update({(origin, *key): cash for key, cash in cash_by_week(items, hazard).items()})
            if not numpy.isnan(items["said"].astype(float)).any():
                said.update({(origin, *key): cash for key, cash in cash_by_week(items, items["said"]).items()})
        print(f"fit of {fit.stem}: {len(features)} rows, {features.shape[1]} features, {len(origins)} origins")
    scored = [row for row in actuals if row["actual"] is not None]
    weeks = sorted({(row["origin"], row["week"]) for row in scored})
    key = lambda row: (row["origin"], row["company_id"], row["currency"], row["week"])
    methods = {
        "boosting": lambda row: boosting.get(key(row), 0.0) + row["promises"],
        "arrears": lambda row: row["model"],
    }
    # Where every fit is a hazard its chances, put together here, must give the product's own figures.
    if len(said) and all((row["tier"] == "hazard") for row in scored):
        methods["arrears, put together here"] = lambda row: said.get(key(row), 0.0) + row["promises"]
    print(f"weekly cash of open items, all companies in base currency: {len(weeks)} weeks of {len({week[0] for week in weeks})} origins")
    actual = in_base(scored, lambda row: row["actual"])
    for name, method in methods.items():
        said_of = in_base(scored, method)
        errors = numpy.array([said_of[week] - actual[week] for week in weeks])
        all_actual = sum(abs(actual[week]) for week in weeks)
        shown(name, {"wape": float(numpy.abs(errors).sum() / all_actual), "bias": float(errors.sum() / all_actual)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=pathlib.Path, help="the file or folder that --rows wrote")
    parser.add_argument("--paid-before-min", type=int, default=PAID_BEFORE_MIN, help="test late at issue on customers who had paid so many")
    arguments = parser.parse_args()
    if arguments.rows.is_dir():
        print(f"lightgbm {lightgbm.__version__}, numpy {numpy.__version__}")
        return forecast(arguments.rows)
    table = pyarrow.parquet.read_table(arguments.rows)
    rows = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    names = [name for name in table.column_names if name not in NOT_FEATURES]
    features = numpy.column_stack([rows[name].astype(float) for name in names])
    print(f"{table.num_rows} rows, {len(names)} features; lightgbm {lightgbm.__version__}, numpy {numpy.__version__}")
    for name in ["target", "weight", "days_late"]:
        if name in rows:
            rows[name] = rows[name].astype(float)
    late(rows, features, arguments.paid_before_min)


if __name__ == "__main__":
    main()
