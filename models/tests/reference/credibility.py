"""Reference values for `arrears_models::credibility`: writes credibility_expected.csv beside itself.

    python3 credibility.py          (the standard library only; written with Python 3.11)

Two references, neither of which shares code with the crate:

- literature: the data of C. A. Hachemeister (1975), average claim amounts and numbers of claims of five states over twelve
  quarters, *Credibility for Regression Models with Application to Trend*, in P. M. Kahn (ed.), *Credibility: Theory and
  Applications*. R's actuar, `cm(~state, hachemeister, ratios = ratio.1:ratio.12, weights = weight.1:weight.12)`, prints for it:
  collective premium 1683.713, between state variance 89638.73, within state variance 139120026.
- exact: the definitions in rational numbers, observation by observation, rounded once at the end. Powers of two with whole
  exponents are exact; the others are rounded to 80 digits first.
"""

from __future__ import annotations

import csv
from decimal import Decimal, getcontext
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
getcontext().prec = 80

RATIOS = [
    [1738, 1642, 1794, 2051, 2079, 2234, 2032, 2035, 2115, 2262, 2267, 2517],
    [1364, 1408, 1597, 1444, 1342, 1675, 1470, 1448, 1464, 1831, 1612, 1471],
    [1759, 1685, 1479, 1763, 1674, 2103, 1502, 1622, 1828, 2155, 2233, 2059],
    [1223, 1146, 1010, 1257, 1426, 1532, 1953, 1123, 1343, 1243, 1762, 1306],
    [1456, 1499, 1609, 1741, 1482, 1572, 1606, 1735, 1607, 1573, 1613, 1690],
]
WEIGHTS = [
    [7861, 9251, 8706, 8575, 7917, 8263, 9456, 8003, 7365, 7832, 7849, 9077],
    [1622, 1742, 1523, 1515, 1622, 1602, 1964, 1515, 1527, 1748, 1654, 1861],
    [1147, 1357, 1329, 1204, 998, 1077, 1277, 1218, 896, 1003, 1108, 1121],
    [407, 396, 348, 341, 315, 328, 352, 331, 287, 384, 321, 342],
    [2902, 3172, 3046, 3068, 2693, 2910, 3275, 2697, 2663, 3017, 3242, 3425],
]


class Generator:
    """Knuth's 64-bit linear congruential generator, upper bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def variances(groups: list[dict[str, Fraction]]) -> tuple[Fraction, Fraction]:
    within = sum(g["squares"] for g in groups) / sum(g["freedom"] for g in groups)
    total = sum(g["number"] for g in groups)
    mean = sum(g["number"] * g["mean"] for g in groups) / total
    spread = sum(g["number"] * (g["mean"] - mean) ** 2 for g in groups) - (len(groups) - 1) * within
    return within, spread / (total - sum(g["number"] ** 2 for g in groups) / total)


def collective(groups: list[dict[str, Fraction]], k: Fraction) -> Fraction:
    factors = [g["number"] / (g["number"] + k) for g in groups]
    return sum(z * g["mean"] for z, g in zip(factors, groups)) / sum(factors)


def hachemeister() -> list[dict[str, Fraction]]:
    groups = []
    for ratios, weights in zip(RATIOS, WEIGHTS):
        total = Fraction(sum(weights))
        mean = sum(Fraction(w * x) for w, x in zip(weights, ratios)) / total
        squares = sum(w * (x - mean) ** 2 for w, x in zip(weights, ratios))
        groups.append({"number": total, "mean": mean, "squares": squares, "freedom": Fraction(len(ratios) - 1)})
    return groups


def recent(observations: list[tuple[int, int]], half_life: int) -> dict[str, Fraction]:
    """One customer: (days late, age in days) under the weights 2^(-age / half-life)."""
    weights = [Fraction(Decimal(2) ** (Decimal(-age) / Decimal(half_life))) for _, age in observations]
    total, squared = sum(weights), sum(w * w for w in weights)
    mean = sum(w * x for w, (x, _) in zip(weights, observations)) / total
    variance = sum(w * (x - mean) ** 2 for w, (x, _) in zip(weights, observations)) / total
    number = total**2 / squared
    return {"number": number, "mean": mean, "squares": number * variance, "freedom": number - 1, "variance": variance}


def customers(seed: int, count: int) -> list[list[tuple[int, int]]]:
    generator = Generator(seed)
    customers = []
    for _ in range(count):
        level, spread = generator.below(40), 3 + generator.below(20)
        observations = [(level + generator.below(spread) - spread // 2, generator.below(700)) for _ in range(2 + generator.below(9))]
        customers.append(observations)
    return customers


def main() -> None:
    with open(HERE / "credibility_expected.csv", "w", newline="") as outputs:
        write = csv.writer(outputs, lineterminator="\n").writerow
        write(["book", "kind", "position", "values"])
        groups = hachemeister()
        within, between = variances(groups)
        for position, (ratios, weights) in enumerate(zip(RATIOS, WEIGHTS)):
            write(["hachemeister", "ratios", position, " ".join(map(str, ratios))])
            write(["hachemeister", "weights", position, " ".join(map(str, weights))])
        write(["hachemeister", "variances", 0, f"{float(within)!r} {float(between)!r}"])
        write(["hachemeister", "pool_mean", 0, repr(float(collective(groups, within / between)))])
        for seed, half_life in [(1, 75), (2, 30)]:
            book = f"half_life_{half_life}"
            drawn = customers(seed, 60)
            groups = [recent(observations, half_life) for observations in drawn]
            for position, (observations, group) in enumerate(zip(drawn, groups)):
                write([book, "observations", position, " ".join(f"{x}@{age}" for x, age in observations)])
                write([book, "customer", position, " ".join(repr(float(group[name])) for name in ("number", "mean", "variance"))])
            within, between = variances(groups)
            write([book, "variances", 0, f"{float(within)!r} {float(between)!r}"])
            write([book, "pool_mean", 0, repr(float(collective(groups, within / between)))])


if __name__ == "__main__":
    main()
