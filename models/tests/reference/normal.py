"""Reference values for the normal distribution of `arrears_models::random`: writes normal_expected.csv beside itself.

    pip install mpmath==1.4.1
    python3 normal.py

mpmath computes with 60 digits; the arguments are doubles, taken exactly.
"""

from __future__ import annotations

import csv
from pathlib import Path

from mpmath import erfc, findroot, log, mp, mpf, sqrt

HERE = Path(__file__).resolve().parent


def probability(x: float) -> mpf:
    return erfc(-mpf(x) / sqrt(2)) / 2


def quantile(p: mpf) -> mpf:
    if p >= 0.5:
        return mpf(0) if p == 0.5 else -quantile(1 - p)
    # Newton's method on ln Φ converges from any start below the root's own scale.
    return findroot(lambda x: log(erfc(-x / sqrt(2)) / 2) - log(p), -sqrt(-2 * log(2 * p)))


def main() -> None:
    mp.dps = 60
    arguments = [step / 16 + 0.001 for step in range(-16 * 9, 16 * 9)] + [-38.0, -37.5, -30.0, -20.0, -12.0, -5.65685, -5.657, -0.67448975, 0.67449, 5.65685, 5.657]
    shares = [step / 64 for step in range(1, 64)] + [0.075, 0.925, 0.0749, 0.9251]
    shares += [10.0**-power for power in [*range(11, 16), *range(2, 300, 7)]] + [2.0**-53, 1 - 2.0**-53, 1 - 1e-10, 1.3887e-11, 1.3888e-11]
    with open(HERE / "normal_expected.csv", "w", newline="") as outputs:
        write = csv.writer(outputs, lineterminator="\n").writerow
        write(["function", "argument", "value"])
        for x in arguments:
            write(["probability", repr(x), repr(float(probability(x)))])
        for p in shares:
            write(["quantile", repr(p), repr(float(quantile(mpf(p))))])


if __name__ == "__main__":
    main()
