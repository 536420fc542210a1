"""Reference values for `arrears_models::classification`: writes classification_rows.csv (input) and classification_expected.csv
(output) beside itself.

    pip install scikit-learn==1.9.1 statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1
    python3 classification.py

- scikit-learn: roc_auc_score, log_loss, brier_score_loss, mean_absolute_error; the largest distance of roc_curve's two rates.
- statsmodels: GLM with a binomial family for the calibration, with the log-odds as a column and as an offset.

The rows are drawn by a generator written out here, so that they do not change with a library.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy
import statsmodels.api
from sklearn import metrics

HERE = Path(__file__).resolve().parent
MEASURES = ["auc", "ks", "log_loss", "brier", "slope", "intercept", "in_the_large", "mean_absolute_error"]


class Generator:
    """Knuth's 64-bit linear congruential generator, upper bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def uniform(self) -> float:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return ((self.state >> 33) + 0.5) / 2**31


def drawn(seed: int, count: int, digits: int, power: float, weighted: bool) -> tuple[numpy.ndarray, ...]:
    """Probabilities rounded to `digits` (few make ties), off by `power` from how often the event comes."""
    generator = Generator(seed)
    probability, target, weight = [], [], []
    for _ in range(count):
        said = min(max(round(generator.uniform() ** 2, digits), 10.0**-digits), 1 - 10.0**-digits)
        probability.append(said)
        target.append(float(generator.uniform() < said**power))
        weight.append(round(3 * generator.uniform(), 2) if weighted else 1.0)
    return numpy.array(probability), numpy.array(target), numpy.array(weight)


CASES = {
    "no_ties": drawn(1, 150, 9, 1.0, False),
    "ties": drawn(2, 150, 1, 0.7, False),
    "weights": drawn(3, 150, 9, 1.4, True),
    "weights_and_ties": drawn(4, 150, 1, 1.0, True),
}


def measures(probability: numpy.ndarray, target: numpy.ndarray, weight: numpy.ndarray) -> list[float]:
    false_rate, true_rate, _ = metrics.roc_curve(target, probability, sample_weight=weight, drop_intermediate=False)
    log_odds = numpy.log(probability) - numpy.log1p(-probability)
    constant = numpy.ones_like(log_odds)

    def glm(columns: list[numpy.ndarray], offset: numpy.ndarray | None) -> numpy.ndarray:
        family = statsmodels.api.families.Binomial()
        model = statsmodels.api.GLM(target, numpy.column_stack(columns), family=family, offset=offset, freq_weights=weight)
        return model.fit(tol=1e-14, maxiter=100, scale=1.0).params

    intercept, slope = glm([constant, log_odds], None)
    return [
        metrics.roc_auc_score(target, probability, sample_weight=weight),
        numpy.abs(true_rate - false_rate).max(),
        metrics.log_loss(target, probability, sample_weight=weight),
        metrics.brier_score_loss(target, probability, sample_weight=weight),
        slope,
        intercept,
        glm([constant], log_odds)[0],
        metrics.mean_absolute_error(target, probability, sample_weight=weight),
    ]


def main() -> None:
    with open(HERE / "classification_rows.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "probability", "target", "weight"])
        for name, columns in CASES.items():
            writer.writerows([name, *[repr(float(number)) for number in row]] for row in zip(*columns))
    with open(HERE / "classification_expected.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", *MEASURES])
        for name, columns in CASES.items():
            writer.writerow([name, *[repr(float(number)) for number in measures(*columns)]])


if __name__ == "__main__":
    main()
