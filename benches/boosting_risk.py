"""Gradient boosting on the rows that `arrears backtest risk … --rows` writes: what a model without structure makes of the same figures.

    python3 -m venv /tmp/boosting && /tmp/boosting/bin/pip install lightgbm==4.6.0 numpy==2.2.6 pyarrow==20.0.0 scikit-learn==1.6.1
    arrears backtest risk --config arrears.toml --rows /tmp/risk.parquet
    /tmp/boosting/bin/python3 benches/boosting_risk.py /tmp/risk.parquet
    arrears backtest risk --config arrears.toml --outcomes outcomes.csv.gz --rows /tmp/outcomes.parquet
    /tmp/boosting/bin/python3 benches/boosting_risk.py /tmp/outcomes.parquet

Outside the product: nothing of it is built, run or tested with it. 150 trees of 8 leaves, at least 30 rows in each, on the same
characteristics, unbinned. Rows of month ends: for each one that was tested, boosting learns from those whose outcome was known by then
(180 days and ten more), of 36 months. Rows of given outcomes: it learns from the other folds. Both stand beside what the model said and the
rule of thumb, over the same rows, all month ends together.
"""

from __future__ import annotations

import argparse
import json

import lightgbm
import numpy
import pyarrow.parquet
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

NOT_FEATURES = {"day", "company_id", "customer_id", "family", "target", "rule", "said", "fold"}
TREES = {"n_estimators": 150, "num_leaves": 8, "min_child_samples": 30, "learning_rate": 0.05}
ALWAYS = {"random_state": 0, "n_jobs": 1, "verbose": -1, "deterministic": True, "force_row_wise": True}
KNOWN_AFTER_DAYS = 190
MONTHS = 36


def boosted(features: numpy.ndarray, target: numpy.ndarray, train: numpy.ndarray, test: numpy.ndarray) -> numpy.ndarray:
    if target[train].min() == target[train].max():
        return numpy.full(test.sum(), target[train].mean())
    model = lightgbm.LGBMClassifier(**TREES, **ALWAYS).fit(features[train], target[train])
    return model.predict_proba(features[test])[:, 1]


def slope(probability: numpy.ndarray, target: numpy.ndarray) -> float:
    clipped = numpy.clip(probability, 1e-9, 1 - 1e-9)
    log_odds = numpy.log(clipped / (1 - clipped)).reshape(-1, 1)
    return float(LogisticRegression(penalty=None).fit(log_odds, target).coef_[0, 0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    table = pyarrow.parquet.read_table(arguments.rows)
    names = [name for name in table.column_names if name not in NOT_FEATURES]
    features = numpy.column_stack([table[name].to_numpy(zero_copy_only=False).astype(float) for name in names])
    column = {name: table[name].to_numpy(zero_copy_only=False) for name in ("target", "rule", "said")}
    day = table["day"].cast("int32").to_numpy()
    is_tested = ~numpy.isnan(column["said"].astype(float))
    boosting = numpy.full(len(day), numpy.nan)
    if "fold" in table.column_names:
        fold = table["fold"].to_numpy()
        for one in numpy.unique(fold):
            boosting[fold == one] = boosted(features, column["target"], fold != one, fold == one)
    else:
        for origin in numpy.unique(day[is_tested]):
            known = numpy.unique(day[day + KNOWN_AFTER_DAYS <= origin])[-MONTHS:]
            test = (day == origin) & is_tested
            boosting[test] = boosted(features, column["target"], numpy.isin(day, known), test)
    target = column["target"][is_tested]
    figures = {"rows": int(is_tested.sum()), "events": int(target.sum())}
    for name, said in (("model", column["said"]), ("rule of thumb", column["rule"]), ("boosting", boosting)):
        said = said[is_tested].astype(float)
        figures[name] = {"auc": float(roc_auc_score(target, said))}
        if name != "rule of thumb":
            figures[name] |= {"log_loss": float(log_loss(target, said)), "slope": slope(said, target)}
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"{figures['rows']} rows, {figures['events']} with a default")
    for name in ("model", "rule of thumb", "boosting"):
        print(f"{name:14}" + "".join(f" {what} {value:.4f}" for what, value in figures[name].items()))


if __name__ == "__main__":
    main()
