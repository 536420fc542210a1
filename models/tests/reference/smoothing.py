"""Reference values for `arrears_models::smoothing`: writes smoothing_expected.csv beside itself.

    pip install statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1
    python3 smoothing.py

statsmodels: ExponentialSmoothing (additive damped trend) and SimpleExpSmoothing, once with given parameters and start, once with
all of them estimated. The series are drawn by a generator written out here, so that they do not change with a library.
"""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

HERE = Path(__file__).resolve().parent
HORIZON = 8
GIVEN = [(0.1, 0.05, 0.9), (0.4, 0.2, 0.98), (0.8, 0.7, 0.8), (1.0, 0.0, 0.95)]


class Generator:
    """Knuth's 64-bit linear congruential generator, upper bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def noise(self) -> float:
        """Roughly normal, standard deviation 1: twelve uniform numbers less 6."""
        return sum(self.below(1_000) for _ in range(12)) / 1_000 - 6


def series(seed: int, length: int, level: float, walk: float, trend: float, noise: float) -> list[float]:
    generator = Generator(seed)
    values = []
    for _ in range(length):
        level += trend + walk * generator.noise()
        trend *= 0.97
        values.append(round(level + noise * generator.noise(), 2))
    return values


def books() -> dict[str, list[float]]:
    return {
        "noise": series(1, 60, 1_000, 0, 0, 100),
        "walk": series(2, 104, 1_000, 50, 0, 20),
        "trend": series(3, 80, 500, 5, 20, 30),
        "fall": series(4, 52, 5_000, 20, -60, 100),
        "short": series(5, 12, 100, 5, 3, 10),
        "long": series(6, 520, 20_000, 200, 0, 2_000),
        "bursts": [value if number % 4 == 0 else 0.0 for number, value in enumerate(series(7, 60, 900, 10, 0, 50))],
    }


def numbers(values) -> str:
    return " ".join(repr(float(value)) for value in values)


def main() -> None:
    warnings.simplefilter("ignore")
    with open(HERE / "smoothing_expected.csv", "w", newline="") as outputs:
        write = csv.writer(outputs, lineterminator="\n").writerow
        write(["book", "kind", "parameters", "values"])
        for book, values in books().items():
            write([book, "series", "", numbers(values)])
            array = numpy.array(values)
            for level, trend, damping in GIVEN:
                start = (values[0] * 0.9, (values[1] - values[0]) * 0.5)
                model = ExponentialSmoothing(
                    array, trend="add", damped_trend=True, initialization_method="known", initial_level=start[0], initial_trend=start[1]
                )
                fit = model.fit(smoothing_level=level, smoothing_trend=trend, damping_trend=damping, optimized=False)
                parameters = numbers((level, trend, damping, *start))
                write([book, "damped", parameters, numbers([*fit.fittedvalues, *fit.forecast(HORIZON)])])
                simple = SimpleExpSmoothing(array, initialization_method="known", initial_level=start[0])
                fit = simple.fit(smoothing_level=level, optimized=False)
                write([book, "simple", numbers((level, start[0])), numbers([*fit.fittedvalues, *fit.forecast(HORIZON)])])
            damped = ExponentialSmoothing(array, trend="add", damped_trend=True, initialization_method="estimated").fit()
            write([book, "damped_squares", "", repr(float(damped.sse))])
            simple = SimpleExpSmoothing(array, initialization_method="estimated").fit()
            write([book, "simple_squares", "", repr(float(simple.sse))])


if __name__ == "__main__":
    main()
