"""Reference values for `arrears_models::survival`: writes survival_items.csv (input) and survival_expected.csv (output) beside itself.

    pip install lifelines==0.30.0 statsmodels==0.15.0 numpy==2.4.6 pandas==3.1.1 scipy==1.17.1
    python3 survival.py

Three references, none of which shares code with the crate:

- lifelines: KaplanMeierFitter (weights, late entry, Greenwood, log-log interval) on all books but those whose weights overflow
  its integers; AalenJohansenFitter (late entry) only where no two items leave at the same age, because it jitters ties.
- statsmodels: SurvfuncRight (late entry) and CumIncidenceRight (weights, ties; no late entry).
- exact: the textbook definitions in rational numbers, item by item, rounded once at the end, on every book.

lifelines counts an item at its entry age as at risk, statsmodels and this crate only after it: lifelines is given entry + 1/2.
The books are drawn by a generator written out here, so that they do not change with a library.
"""

from __future__ import annotations

import csv
import warnings
from decimal import Decimal, getcontext
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

HERE = Path(__file__).resolve().parent
CAUSES = ["censored", "cash", "credit", "write_off"]
MEASURES = ["survival", "standard_error", "lower", "upper", "cash", "credit", "write_off"]
getcontext().prec = 60


class Item(NamedTuple):
    entry: int  # age at which it came under observation; -1 when it was from the start
    exit: int
    cause: int  # index into CAUSES
    weight: int


class Generator:
    """Knuth's 64-bit linear congruential generator, upper bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def drawn(
    seed: int, count: int, ages: int, first: int = 1, weight_limit: int = 1, late: bool = False, untied: bool = False
) -> list[Item]:
    """Items of which about half are settled by cash; those that enter late do so after the first few ages."""
    generator = Generator(seed)
    items = []
    for number in range(count):
        exit = number + 1 if untied else first + (generator.below(ages) + generator.below(ages)) // 2
        cause = [1, 1, 1, 1, 2, 3, 0, 0][generator.below(8)]
        entry = generator.below(exit) if late and generator.below(2) and exit > 4 else -1
        items.append(Item(entry, exit, cause, 1 + generator.below(weight_limit)))
    return items


def books() -> dict[str, list[Item]]:
    paid = [Item(-1, age, 1, 1) for age in [20, 25, 30, 32, 35, 40]]
    still_open = [Item(-1, age, 0, 1) for age in [45, 60, 75, 90]]
    # Weeks of remission under 6-mercaptopurine: E. J. Freireich et al. (1963), Blood 21, 699-716; the example of most textbooks.
    relapsed = [Item(-1, age, 1, 1) for age in [6, 6, 6, 7, 10, 13, 16, 22, 23]]
    lost = [Item(-1, age, 0, 1) for age in [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]]
    return {
        "censoring_example": paid + still_open,
        "freireich": relapsed + lost,
        "ties": drawn(1, 150, 30),
        "paid_to_the_last": [item._replace(cause=1 + item.cause % 3) for item in drawn(2, 40, 12)],
        "weights": drawn(3, 60, 20, weight_limit=1_000),
        "amounts": drawn(4, 60, 20, first=0, weight_limit=10**15),
        "late_entry": drawn(5, 150, 25, late=True),
        "late_amounts": drawn(6, 60, 20, weight_limit=10**15, late=True),
        "late_untied": drawn(7, 40, 40, late=True, untied=True),
    }


def exact(items: list[Item]) -> dict[int, dict[str, float]]:
    survival = open_share = Fraction(1)
    greenwood: Fraction | None = Fraction(0)
    incidence = {cause: Fraction(0) for cause in CAUSES[1:]}
    rows = {}
    for age in sorted({item.exit for item in items}):
        at_risk = sum(item.weight for item in items if item.entry < age <= item.exit)
        leaving = {cause: sum(i.weight for i in items if i.exit == age and CAUSES[i.cause] == cause) for cause in incidence}
        for cause in incidence:
            incidence[cause] += open_share * Fraction(leaving[cause], at_risk)
        open_share *= 1 - Fraction(sum(leaving.values()), at_risk)
        paid = leaving["cash"]
        survival *= 1 - Fraction(paid, at_risk)
        greenwood = None if paid == at_risk or greenwood is None else greenwood + Fraction(paid, at_risk * (at_risk - paid))
        rows[age] = {"survival": float(survival), **{cause: float(share) for cause, share in incidence.items()}}
        if greenwood is not None:
            rows[age] |= exact_interval(survival, greenwood)
    return rows


def exact_interval(survival: Fraction, greenwood: Fraction) -> dict[str, float]:
    if greenwood == 0:
        return {"standard_error": 0.0, "lower": 1.0, "upper": 1.0}
    decimal = lambda fraction: Decimal(fraction.numerator) / Decimal(fraction.denominator)
    deviation, log_survival = decimal(greenwood).sqrt(), decimal(survival).ln()
    spread = Decimal("1.959963984540054") * deviation / -log_survival
    return {
        "standard_error": float(decimal(survival) * deviation),
        "lower": float((log_survival * spread.exp()).exp()),
        "upper": float((log_survival * (-spread).exp()).exp()),
    }


def lifelines(items: list[Item]) -> dict[int, dict[str, float]]:
    exits = numpy.array([float(item.exit) for item in items])
    causes = numpy.array([item.cause for item in items])
    weights = numpy.array([item.weight for item in items])
    late = any(item.entry >= 0 for item in items)
    entries = numpy.array([item.entry + 0.5 if item.entry >= 0 else 0.0 for item in items]) if late else None
    curve = KaplanMeierFitter().fit(exits, causes == 1, entry=entries, weights=weights)
    bounds = curve.confidence_interval_
    rows = {}
    for age in sorted({item.exit for item in items}):
        survival = float(curve.survival_function_.iloc[:, 0][age])
        rows[age] = {"survival": survival}
        if survival > 0:
            rows[age]["standard_error"] = survival * float(numpy.sqrt(curve._cumulative_sq_[age]))
            rows[age]["lower"], rows[age]["upper"] = float(bounds.iloc[:, 0][age]), float(bounds.iloc[:, 1][age])
    if len(set(exits)) == len(exits):
        for cause in {1, 2, 3} & set(causes.tolist()):
            fitted = AalenJohansenFitter(calculate_variance=False).fit(exits, causes, event_of_interest=cause, entry=entries, weights=weights)
            for age in rows:
                rows[age][CAUSES[cause]] = float(fitted.cumulative_density_.iloc[:, 0][age])
    return rows


def statsmodels(items: list[Item]) -> dict[int, dict[str, float]]:
    exits, causes, weights = (numpy.array(column) for column in list(zip(*items))[1:])
    late = any(item.entry >= 0 for item in items)
    rows: dict[int, dict[str, float]] = {age: {} for age in sorted(set(exits.tolist()))}
    if late or weights.max() == 1:
        curve = SurvfuncRight(exits, causes == 1, entry=numpy.array([item.entry for item in items]) if late else None)
        if weights.max() == 1:
            for age, survival, error in zip(curve.surv_times, curve.surv_prob, curve.surv_prob_se):
                rows[int(age)] |= {"survival": float(survival)} | ({"standard_error": float(error)} if survival > 0 else {})
    if not late:
        shares = CumIncidenceRight(exits, causes, freq_weights=weights.astype(float))
        for cause, share in enumerate(shares.cinc, start=1):
            for age, value in zip(shares.times, share):
                rows[int(age)][CAUSES[cause]] = float(value)
    return rows


def main() -> None:
    # The logarithm of a survival of 0, and of an interval before the first payment.
    warnings.simplefilter("ignore", RuntimeWarning)
    with open(HERE / "survival_items.csv", "w", newline="") as inputs, open(HERE / "survival_expected.csv", "w", newline="") as outputs:
        write_item, write_row = (csv.writer(file, lineterminator="\n").writerow for file in (inputs, outputs))
        write_item(["book", "entry", "exit", "cause", "weight"])
        write_row(["book", "source", "age", *MEASURES])
        for book, items in books().items():
            for item in items:
                write_item([book, item.entry if item.entry >= 0 else "", item.exit, CAUSES[item.cause], item.weight])
            sources = [exact, statsmodels] + ([lifelines] if max(item.weight for item in items) < 10**6 else [])
            for source in sources:
                for age, values in source(items).items():
                    if values:
                        write_row([book, source.__name__, age, *(repr(values[name]) if name in values else "" for name in MEASURES)])


if __name__ == "__main__":
    main()
