"""Reference values for `arrears_models::logistic`: writes logistic_rows.csv (input) and logistic_expected.csv (output) beside itself.

    pip install scikit-learn==1.9.1 statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1
    python3 logistic.py

- scikit-learn: LogisticRegression on standardised columns, C = 1 / (ridge * sum of weights). It takes no fractional targets: each of
  these rows is given twice, as an event and as none, with its weight split.
- statsmodels: Logit (no ridge; standard errors), and GLM with a binomial family for weights with offsets.

The rows are drawn by a generator written out here, so that they do not change with a library. All numbers are multiples of 1/64, so
that single precision holds them exactly.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy
import statsmodels.api
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
COLUMNS = 4


class Case(NamedTuple):
    rows: numpy.ndarray
    target: numpy.ndarray
    weight: numpy.ndarray | None
    offset: numpy.ndarray | None
    ridge: float


class Generator:
    """Knuth's 64-bit linear congruential generator, upper bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def uniform(self) -> float:
        return self.below(2**24) / 2**24


def drawn(seed: int, ridge: float, shift: float, weight: bool = False, offset: bool = False, fractions: bool = False) -> Case:
    """A share, a mark, an amount in another order of magnitude, and a column that leans on the share."""
    generator = Generator(seed)
    rows, target, weights, offsets = [], [], [], []
    for _ in range(200):
        share = generator.below(64) / 64
        row = [share, float(generator.below(4) == 0), 500 + generator.below(64_000) / 64, share * 8 + generator.below(128) / 64]
        known = (generator.below(192) - 96) / 64 if offset else 0.0
        log_odds = shift + known + 2 * row[0] - 1.5 * row[1] + (row[2] - 1000) / 400 - 0.3 * row[3]
        probability = 1 / (1 + numpy.exp(-log_odds))
        event = float(generator.uniform() < probability)
        rows.append(row)
        target.append(round(32 * (probability + event)) / 64 if fractions else event)
        weights.append(generator.below(256) / 64)
        offsets.append(known)
    return Case(
        numpy.array(rows), numpy.array(target), numpy.array(weights) if weight else None, numpy.array(offsets) if offset else None, ridge
    )


CASES = {
    "events_rare": drawn(1, 0.01, -1.0),
    "events_common": drawn(2, 0.01, 2.0),
    "ridge_strong": drawn(3, 1.0, 2.0),
    "ridge_weak": drawn(4, 1e-6, -1.5),
    "weights": drawn(5, 0.05, 0.0, weight=True),
    "fractions": drawn(6, 0.02, 0.5, weight=True, fractions=True),
    "no_ridge": drawn(7, 0.0, -0.5),
    "no_ridge_events_common": drawn(8, 0.0, 2.0),
    "offsets": drawn(9, 0.0, 0.0, weight=True, offset=True),
}


def loss(case: Case, estimates: numpy.ndarray) -> float:
    log_odds = estimates[0] + case.rows @ estimates[1:] + (0 if case.offset is None else case.offset)
    losses = numpy.logaddexp(0, log_odds) - case.target * log_odds
    return float(numpy.average(losses, weights=case.weight))


def by_scikit_learn(case: Case) -> tuple[numpy.ndarray, None]:
    weight = numpy.ones(len(case.target)) if case.weight is None else case.weight
    mean = numpy.average(case.rows, axis=0, weights=weight)
    scale = numpy.sqrt(numpy.average((case.rows - mean) ** 2, axis=0, weights=weight))
    standard = (case.rows - mean) / scale
    strength = 1 / (case.ridge * weight.sum())
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-13, max_iter=1000)
    model.fit(
        numpy.vstack([standard, standard]),
        numpy.repeat([1, 0], len(case.target)),
        sample_weight=numpy.concatenate([weight * case.target, weight * (1 - case.target)]),
    )
    coefficients = model.coef_[0] / scale
    return numpy.concatenate([[model.intercept_[0] - coefficients @ mean], coefficients]), None


def by_statsmodels(case: Case) -> tuple[numpy.ndarray, numpy.ndarray]:
    rows = statsmodels.api.add_constant(case.rows)
    if case.weight is None:
        fitted = statsmodels.api.Logit(case.target, rows).fit(method="newton", tol=1e-14, maxiter=100, disp=False)
    else:
        family = statsmodels.api.families.Binomial()
        model = statsmodels.api.GLM(case.target, rows, family=family, offset=case.offset, freq_weights=case.weight)
        fitted = model.fit(tol=1e-14, maxiter=100, scale=1.0)
    return fitted.params, fitted.bse


def main() -> None:
    with open(HERE / "logistic_rows.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "target", "weight", "offset", *[f"x{column}" for column in range(1, COLUMNS + 1)]])
        for name, case in CASES.items():
            for index, row in enumerate(case.rows):
                given = ["" if values is None else values[index] for values in (case.weight, case.offset)]
                writer.writerow([name, case.target[index], *given, *row])
    with open(HERE / "logistic_expected.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [f"{what}{column}" for what in ("estimate", "standard_error") for column in range(COLUMNS + 1)]
        writer.writerow(["case", "reference", "ridge", "log_loss", *names])
        for name, case in CASES.items():
            reference, by = ("statsmodels", by_statsmodels) if case.ridge == 0 else ("scikit-learn", by_scikit_learn)
            estimates, errors = by(case)
            errors = [""] * (COLUMNS + 1) if errors is None else [repr(float(error)) for error in errors]
            writer.writerow([name, reference, case.ridge, loss(case, estimates), *[repr(float(x)) for x in estimates], *errors])


if __name__ == "__main__":
    main()
