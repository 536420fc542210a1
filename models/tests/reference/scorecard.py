"""Reference values for `arrears_models::scorecard`, `isotonic` and `intervals`: writes the files scorecard_*.csv beside itself.

    pip install optbinning==1.0.0 toad==0.1.7 scikit-learn==1.9.1 statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1
    python3 scorecard.py

- optbinning and toad, given the edges in EDGES, which are ours: weights of evidence and information value; given counts: PSI.
  optbinning writes weights of evidence with the opposite sign.
- scikit-learn: LogisticRegression on the standardised weights of evidence, with C = 1 / (n * ridge); without a penalty on log-odds
  (Platt); IsotonicRegression.
- statsmodels: GLM with a binomial family and an offset (intercept alone); covariances clustered by group.
- scipy: quantiles of the beta distribution (Jeffreys).

The rows are drawn by a generator written out here, so that they do not change with a library.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy
import pandas
import scipy.stats
import statsmodels.api
import toad
from optbinning import OptimalBinning
from optbinning.binning.metrics import jeffrey
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
ROWS, ROWS_OF_A_GROUP = 1_500, 5
NAMES = ["rising", "falling", "with_missing"]
# Inclusive upper edges, as `Bins::of` finds them; the test asserts that it does.
EDGES = {"rising": [3.25, 4.5, 5.0, 7.0], "falling": [2.75, 5.25, 6.5, 8.0], "with_missing": [1.0, 4.5, 7.25]}
# Relative to the variance of the target.
RIDGE = 0.1


class Generator:
    """Knuth's 64-bit linear congruential generator, upper bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def uniform(self) -> float:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return ((self.state >> 33) + 0.5) / 2**31


def book() -> pandas.DataFrame:
    """Values in quarters, which single precision holds exactly."""
    generator = Generator(5)
    rows = []
    for row in range(ROWS):
        rising, falling, third = (round(40 * generator.uniform()) / 4 for _ in range(3))
        missing = generator.uniform() < 0.12
        log_odds = 0.25 * rising - 0.2 * falling + (1.0 if missing else 0.15 * third) - 2.2
        target = int(generator.uniform() < 1 / (1 + math.exp(-log_odds)))
        rows.append([row // ROWS_OF_A_GROUP, target, rising, falling, math.nan if missing else third])
    return pandas.DataFrame(rows, columns=["group", "target", *NAMES])


def write(name: str, header: list[str], rows: list[list[object]]) -> None:
    with open(HERE / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([repr(float(cell)) if isinstance(cell, float) else cell for cell in row] for row in rows)


def bin_of(values: pandas.Series, edges: list[float]) -> numpy.ndarray:
    """Missing values have the last."""
    return numpy.where(values.isna(), len(edges) + 1, numpy.searchsorted(edges, values, side="left"))


def bins(data: pandas.DataFrame) -> dict[str, list[float]]:
    """Writes both libraries' weights of evidence; returns optbinning's with our sign."""
    rows, evidence = [], {}
    for name in NAMES:
        edges = EDGES[name]
        # Its bins are open above: a split between the edge and the next quarter.
        splits = [edge + 0.125 for edge in edges]
        binning = OptimalBinning(name=name, user_splits=splits, user_splits_fixed=[True] * len(splits), min_prebin_size=0.001)
        binning.fit(data[name].to_numpy(), data["target"].to_numpy())
        table = binning.binning_table.build(add_totals=False)
        table = table[table["Bin"] != "Special"]
        total, parts = toad.stats.IV(bin_of(data[name], edges), data["target"], return_sub=True)
        ours = []
        for place, (_, of_bin) in enumerate(table.iterrows()):
            if of_bin["Count"] == 0:
                continue
            inside = (bin_of(data[name], edges) == place).astype(bool)
            shares = toad.stats.probability(data["target"].to_numpy(), mask=inside)
            ours.append(-float(of_bin["WoE"]))
            counts = [int(of_bin["Count"]), int(of_bin["Event"])]
            rows.append([name, place, *counts, -float(of_bin["WoE"]), float(of_bin["IV"]), float(toad.stats.WOE(*shares)), float(parts[place])])
        assert abs(total - table["IV"].sum()) < 1e-12
        evidence[name] = ours
    write("scorecard_bins.csv", ["name", "bin", "rows", "events", "woe", "iv", "woe_toad", "iv_toad"], rows)
    return evidence


def regression(data: pandas.DataFrame, evidence: dict[str, list[float]]) -> None:
    """Ridge regression on single precision columns, its sandwich, and the calibrations of its log-odds."""
    target = data["target"].to_numpy()
    columns = numpy.column_stack([numpy.array(evidence[name], dtype=numpy.float32)[bin_of(data[name], EDGES[name])] for name in NAMES])
    columns = columns.astype(float)
    means, scales = columns.mean(axis=0), columns.std(axis=0)
    standardised = (columns - means) / scales
    ridge = RIDGE * target.mean() * (1 - target.mean())
    model = LogisticRegression(C=1 / (ROWS * ridge), tol=1e-12, max_iter=10_000).fit(standardised, target)
    coefficients = model.coef_[0] / scales
    intercept = model.intercept_[0] - coefficients @ means
    rows = [["ridge", "intercept", float(intercept)], *[["ridge", name, float(value)] for name, value in zip(NAMES, coefficients)]]

    # The sandwich, with the penalty in its bread, by the formula.
    design = numpy.column_stack([numpy.ones(ROWS), columns])
    probability = 1 / (1 + numpy.exp(-(intercept + columns @ coefficients)))
    penalty = numpy.diag([0.0, *(ROWS * ridge * scales**2)])
    bread = numpy.linalg.inv(design.T @ (design * (probability * (1 - probability))[:, None]) + penalty)
    scores = pandas.DataFrame(design * (probability - target)[:, None]).groupby(data["group"].to_numpy()).sum().to_numpy()
    groups = len(scores)
    covariance = bread @ (scores.T @ scores) @ bread * groups / (groups - 1)
    rows += [["standard_error", name, float(value)] for name, value in zip(["intercept", *NAMES], numpy.sqrt(numpy.diag(covariance)))]

    # Log-odds that are off: of one characteristic alone, too far apart and too low.
    log_odds = 1.5 * columns[:, 0] - 2.0
    platt = LogisticRegression(C=numpy.inf, tol=1e-12, max_iter=10_000).fit(log_odds[:, None], target)
    rows += [["platt", "intercept", float(platt.intercept_[0])], ["platt", "slope", float(platt.coef_[0][0])]]
    family = statsmodels.api.families.Binomial()
    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": data["group"].to_numpy(), "use_correction": False}, "tol": 1e-14}
    glm = statsmodels.api.GLM(target, numpy.column_stack([numpy.ones(ROWS), log_odds]), family=family).fit(**clustered)
    both = numpy.asarray(glm.cov_params()) * groups / (groups - 1)
    level = statsmodels.api.GLM(target, numpy.ones(ROWS), family=family, offset=log_odds).fit(**clustered)
    rows += [["platt", f"covariance_{place}", float(value)] for place, value in enumerate(both.ravel())]
    rows.append(["level", "intercept", float(level.params[0])])
    rows.append(["level", "covariance_0", float(numpy.asarray(level.cov_params()).ravel()[0] * groups / (groups - 1))])
    weight = 0.5 + (numpy.arange(ROWS) % 4) / 2
    weighted = LogisticRegression(C=numpy.inf, tol=1e-12, max_iter=10_000).fit(log_odds[:, None], target, sample_weight=weight)
    rows += [["weighted", "intercept", float(weighted.intercept_[0])], ["weighted", "slope", float(weighted.coef_[0][0])]]
    write("scorecard_regression.csv", ["what", "name", "value"], rows)


def stability() -> None:
    cases = {
        "little": ([120, 240, 360, 200, 80], [130, 250, 330, 210, 90]),
        "much": ([5_000, 3_000, 1_500, 500], [700, 1_100, 1_900, 2_400]),
        "two": ([1, 99], [40, 60]),
    }
    rows = []
    for name, (then, now) in cases.items():
        parts = jeffrey(numpy.array(now) / sum(now), numpy.array(then) / sum(then))
        values = [numpy.repeat(numpy.arange(len(counts)), counts) for counts in (now, then)]
        total = toad.metrics.PSI(pandas.Series(values[0]), pandas.Series(values[1]))
        assert abs(total - parts.sum()) < 1e-12
        rows += [[name, *counts, float(part), float(total)] for *counts, part in zip(then, now, parts)]
    write("scorecard_psi.csv", ["case", "expected", "actual", "part", "psi_toad"], rows)


def jeffreys() -> None:
    rows = []
    for events, trials in [(0, 1), (1, 1), (0, 100), (1, 100), (50, 100), (7, 31), (3, 100_000), (31_000, 100_000), (1, 3_000_000), (2.5, 77.25)]:
        for level in (0.9, 0.95):
            of = scipy.stats.beta(events + 0.5, trials - events + 0.5)
            lower = 0.0 if events == 0 else of.ppf((1 - level) / 2)
            upper = 1.0 if events == trials else of.ppf((1 + level) / 2)
            rows.append([float(events), float(trials), level, (events + 0.5) / (trials + 1), float(lower), float(upper)])
    write("scorecard_jeffreys.csv", ["events", "trials", "level", "mean", "lower", "upper"], rows)


def isotonic() -> None:
    rows = []
    for case, (count, distinct, weighted) in enumerate([(200, 10**9, False), (200, 30, True), (60, 5, True), (1, 1, True)]):
        generator = Generator(40 + case)
        x = [math.floor(distinct * generator.uniform()) / distinct for _ in range(count)]
        y = [value + 2 * generator.uniform() for value in x]
        weight = [round(3 * generator.uniform(), 2) + 0.01 if weighted else 1.0 for _ in range(count)]
        fitted = IsotonicRegression().fit(x, y, sample_weight=weight).predict(x)
        rows += [[case, *map(float, row)] for row in zip(x, y, weight, fitted)]
    write("scorecard_isotonic.csv", ["case", "x", "y", "weight", "fitted"], rows)


def main() -> None:
    data = book()
    write("scorecard_rows.csv", list(data.columns), [[int(row[0]), int(row[1]), *map(float, row[2:])] for row in data.itertuples(index=False)])
    regression(data, bins(data))
    stability()
    jeffreys()
    isotonic()


if __name__ == "__main__":
    main()
