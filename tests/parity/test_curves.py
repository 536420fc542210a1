"""The twins give the curves, delays, habits and alerts that were worked by hand.

    python3 tests/parity/test_curves.py

Also collected by pytest. The two ledgers of files say in their README how each figure comes about; that of the habits is written here.
"""

from __future__ import annotations

import math
import sys
import tempfile
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import random_ledger  # noqa: E402
import twins  # noqa: E402

LEDGERS = Path(__file__).resolve().parents[1] / "ledgers"
AS_OF = "2025-06-30"


class Marts:
    """The marts of one ledger at one date."""

    def __init__(self, ledger: Path, as_of: str = AS_OF, **parameters):
        self.con = twins.connect()
        twins.load(self.con, ledger, twins.Parameters(as_of, "USD", **parameters))
        twins.run_steps(self.con)
        twins.create_marts(self.con)

    def rows(self, sql: str, *values) -> list[tuple]:
        return self.con.execute(sql, list(values)).fetchall()

    def curve(self, columns: str, weighting: str, scope: str = "company", value: str = "main") -> dict[int, tuple]:
        return {row[0]: row[1:] for row in self.rows(
            f"SELECT days, {columns} FROM twin_payment_curves WHERE company_id = 'main' AND scope = ? AND scope_value = ? AND weighting = ? "
            "ORDER BY days", scope, value, weighting)}


def assert_equal(found, expected, what):
    assert found == expected, f"{what}: {found}, expected {expected}"


def assert_close(found, expected, what, tolerance=1e-9):
    found, expected = [list(x) if isinstance(x, (list, tuple)) else [x] for x in (found, expected)]
    alike = len(found) == len(expected) and all(
        (f is None and e is None) or (f is not None and e is not None and abs(f - float(e)) <= tolerance) for f, e in zip(found, expected))
    assert alike, f"{what}: {found}, expected {expected}"


def assert_laws(marts: Marts):
    """What holds for the curves of every ledger."""
    broken = marts.rows("""
        SELECT * FROM twin_payment_curves
        WHERE NOT (abs(incidence_cash + incidence_credit + incidence_write_off + open_share - 1) <= 1e-9)
            OR NOT (survival BETWEEN 0 AND 1) OR NOT (open_share BETWEEN 0 AND 1) OR open_share > survival + 1e-9
            OR standard_error < 0 OR survival_lower > survival + 1e-9 OR survival_upper < survival - 1e-9 OR paid > at_risk""")
    assert_equal(broken, [], "curve points that cannot be")
    rising = marts.rows("""
        SELECT * FROM (
            SELECT *, LAG(survival) OVER w AS before, LAG(days) OVER w AS days_before FROM twin_payment_curves
            WINDOW w AS (PARTITION BY company_id, scope, scope_value, weighting ORDER BY days)
        ) WHERE survival > before + 1e-12 OR (days <= 365 AND days <> COALESCE(days_before + 1, 0))""")
    assert_equal(rising, [], "curves that rise or lack a day")
    silent = marts.rows("SELECT * FROM twin_conditional_curves WHERE (probability IS NULL) <> (reason IS NOT NULL)")
    assert_equal(silent, [], "conditional nulls without a reason")
    impossible = marts.rows("SELECT * FROM twin_conditional_curves WHERE NOT (probability BETWEEN -1e-9 AND 1 + 1e-9)")
    assert_equal(impossible, [], "probabilities that are none")
    silent = marts.rows("SELECT * FROM twin_collection_curves WHERE (rate IS NULL) <> (reason IS NOT NULL) OR (estimate IS NOT NULL AND reason <> 'immature')")
    assert_equal(silent, [], "collection rates without a reason")
    uneven = marts.rows("""
        SELECT h.company_id, h.scope, h.scope_value FROM
            (SELECT company_id, scope, scope_value, SUM(items) AS items FROM twin_delay_histogram GROUP BY ALL) h
            FULL JOIN (SELECT * FROM twin_payment_delays WHERE time_window = 'trailing_12m' AND measure = 'delay' AND items > 0) d
                ON d.company_id = h.company_id AND d.scope = h.scope AND d.scope_value = h.scope_value
        WHERE h.items IS DISTINCT FROM d.items""")
    assert_equal(uneven, [], "histograms that do not hold the settled items")
    outside = marts.rows("SELECT * FROM twin_delay_histogram WHERE days < -30 OR days > 180")
    assert_equal(outside, [], "delays beyond the ends of the histogram")
    uneven = marts.rows("""
        SELECT company_id, SUM(customers), (SELECT COUNT(*) FROM twin_customer_behaviour b WHERE b.company_id = g.company_id) AS customers_of_company
        FROM twin_behaviour_grid g GROUP BY company_id HAVING SUM(customers) <> customers_of_company""")
    assert_equal(uneven, [], "grids that do not hold every customer")


def test_open_invoices_are_censored_and_neither_left_out_nor_counted_to_today():
    marts = Marts(LEDGERS / "censored_payments" / "ledger")
    assert_laws(marts)

    curve = marts.curve("at_risk, paid, survival", "items")
    assert_equal(sorted(curve), list(range(366)), "days of the curve")
    for day, survival in {0: 1, 19: 1, 20: 0.9, 25: 0.8, 30: 0.7, 32: 0.6, 34: 0.6, 35: 0.5, 39: 0.5, 40: 0.4, 90: 0.4, 365: 0.4}.items():
        assert_close(curve[day][2], survival, f"S({day})")
    assert_equal([(day, *map(int, curve[day][:2])) for day in (0, 20, 21, 40, 45, 46, 75, 90, 91)],
                 [(0, 10, 0), (20, 10, 1), (21, 9, 0), (40, 5, 1), (45, 4, 0), (46, 3, 0), (75, 2, 0), (90, 1, 0), (91, 0, 0)], "at risk and paid")
    assert_close(marts.curve("survival", "amount")[40], (Fraction(900, 1500),), "S(40) by amount")
    error = marts.curve("standard_error, survival_lower, survival_upper", "items")
    assert_equal(error[19], (0.0, 1.0, 1.0), "nothing known yet")
    spread = math.sqrt(0.4 * 0.6 / 10)
    bounds = [0.4 ** math.exp(sign * 1.959963984540054 * spread / 0.4 / -math.log(0.4)) for sign in (1, -1)]
    assert_close(error[40], (spread, *bounds), "error at day 40")
    assert_equal([f"{x:.4f}" for x in error[40]], ["0.1549", "0.1227", "0.6702"], "error at day 40")
    assert_equal(marts.curve("standard_error, survival_lower, survival_upper", "amount")[40], (None, None, None), "no error by amount")
    # A's curve comes to 0, and there an interval is no more
    assert_equal(marts.curve("survival, standard_error, survival_lower, survival_upper", "items", "segment", "prompt")[40], (0.0, None, None, None), "S = 0")

    assert_equal(
        marts.rows("SELECT censored_p10, censored_p25, censored_p50, censored_p75, censored_p90, censored_p95, censored_reason, items, open_items "
                   "FROM twin_payment_delays WHERE company_id = 'main' AND scope = 'company' AND measure = 'days_to_pay' AND time_window = 'trailing_12m'"),
        [(20, 30, 35, None, None, None, "immature", 6, 4)], "censored quantiles")
    mean, *rest = marts.rows(
        "SELECT mean, weighted_mean, p10, p25, p50, p75, p90, p95, reason, censored_p50, censored_reason FROM twin_payment_delays "
        "WHERE company_id = 'main' AND scope = 'company' AND measure = 'delay' AND time_window = 'trailing_12m'")[0]
    assert_close((mean, rest[0]), (Fraction(1, 3), Fraction(1, 3)), "mean delay")
    assert_equal(rest[1:], [-10, -5, 0, 5, 10, 10, None, None, None], "quantiles of the delay")
    assert_equal(
        marts.rows("SELECT scope_value, items, open_items, mean, p50, reason, censored_p50, censored_reason FROM twin_payment_delays "
                   "WHERE scope = 'customer' AND measure = 'days_to_pay' ORDER BY 1"),
        [("A", 3, 0, None, None, "too_few", 30, None), ("B", 0, 4, None, None, "too_few", None, "too_few")], "customers, last three months")
    assert_equal(marts.rows("SELECT days, items, amount FROM twin_delay_histogram WHERE company_id = 'main' AND scope = 'company' ORDER BY 1"),
                 [(day, 1, Decimal(100)) for day in (-10, -5, 0, 2, 5, 10)], "histogram")

    def conditional(age, horizon, scope="company", value="main", company="main"):
        return marts.rows("SELECT probability, from_scope, reason FROM twin_conditional_curves WHERE company_id = ? AND scope = ? AND scope_value = ? "
                          "AND weighting = 'items' AND age = ? AND horizon = ?", company, scope, value, age, horizon)[0]

    for age, horizon, expected in ((0, 30, 0.3), (30, 7, Fraction(2, 7)), (30, 14, Fraction(3, 7)), (30, 60, Fraction(3, 7)), (60, 30, 0), (90, 7, None)):
        assert_close(conditional(age, horizon)[0], expected, f"open at {age}, paid within {horizon}")
    assert_equal(conditional(60, 60)[1:], ("company", "immature"), "the curve ends at 90")
    assert_equal(conditional(120, 7)[1:], (None, "immature"), "nobody is that old")
    assert_close(conditional(30, 60, "segment", "prompt")[0], 1, "A has paid all by day 40")
    assert_equal(conditional(60, 30, "segment", "prompt"), (0.0, "company", None), "beyond A's own curve: the company's")

    cohorts = {row[:2]: row[2:] for row in marts.rows(
        "SELECT CAST(cohort_month AS VARCHAR), days, items, billed, credited, collected, rate, reason, estimate FROM twin_collection_curves "
        "WHERE company_id = 'main' AND scope = 'company'")}
    assert_equal({month for month, _ in cohorts}, {"2025-03-01", "2025-04-01", "2025-05-01"}, "cohorts")
    for (month, days), expected in {
        ("2025-03-01", 30): (6, 600, 0, 300, 0.5, None, None), ("2025-03-01", 60): (6, 600, 0, 600, 1.0, None, None),
        ("2025-03-01", 120): (6, 600, 0, 600, 1.0, None, None), ("2025-03-01", 180): (6, 600, 0, 600, None, "immature", 1.0),
        ("2025-04-01", 60): (2, 600, 0, 0, 0.0, None, None), ("2025-04-01", 90): (2, 600, 0, 0, None, "immature", 0.0),
        ("2025-04-01", 120): (2, 600, 0, 0, None, "immature", None), ("2025-05-01", 30): (2, 300, 0, 0, 0.0, None, None),
        ("2025-05-01", 60): (2, 300, 0, 0, None, "immature", 0.0),
    }.items():
        assert_equal(cohorts[month, days], expected, f"cohort {month} within {days} days")


def test_credit_and_write_off_compete_with_cash():
    marts = Marts(LEDGERS / "competing_outcomes" / "ledger")
    assert_laws(marts)

    part = Fraction
    columns = "at_risk, survival, incidence_cash, incidence_credit, incidence_write_off, open_share"
    by_items, by_amount = marts.curve(columns, "items"), marts.curve(columns, "amount")
    for day, expected in {
        9: (8, 1, 0, 0, 0, 1),
        10: (8, part(7, 8), part(1, 8), 0, 0, part(7, 8)),
        20: (7, part(3, 4), part(2, 8), part(1, 8), 0, part(5, 8)),
        30: (5, part(3, 4), part(2, 8), part(1, 8), part(1, 8), part(4, 8)),
        40: (3, part(1, 2), part(5, 12), part(1, 8), part(1, 8), part(1, 3)),
        50: (2, part(1, 2), part(5, 12), part(7, 24), part(1, 8), part(1, 6)),
        365: (0, part(1, 2), part(5, 12), part(7, 24), part(1, 8), part(1, 6)),
    }.items():
        assert_close([float(x) for x in by_items[day]], expected, f"by items, age {day}")
    for day, expected in {
        10: (1600, part(15, 16), part(1, 16), 0, 0, part(15, 16)),
        20: (1500, part(13, 16), part(3, 16), part(1, 16), 0, part(12, 16)),
        30: (1200, part(13, 16), part(3, 16), part(1, 16), part(1, 16), part(11, 16)),
        40: (800, part(13, 32), part(17, 32), part(1, 16), part(1, 16), part(11, 32)),
        50: (400, part(13, 32), part(17, 32), part(19, 128), part(1, 16), part(33, 128)),
    }.items():
        assert_close([float(x) for x in by_amount[day]], expected, f"by amount, age {day}")
    # Greenwood at age 40: 1/(8 × 7) + 1/(7 × 6) + 1/(3 × 2)
    assert_close(marts.curve("standard_error", "items")[40], (0.5 * math.sqrt(1 / 56 + 1 / 42 + 1 / 6),), "standard error at 40")
    # G was settled by a credit note, but with some cash: it is among the settled; C and E are not
    assert_equal(marts.rows("SELECT items, open_items, p50, p95 FROM twin_payment_delays WHERE company_id = 'main' AND scope = 'company' "
                            "AND measure = 'days_to_pay' AND time_window = 'trailing_12m'"), [(4, 2, None, None)], "settled items")
    # April: F 400 and G 100, of it credit notes 190 + 60, cash 190 on day 40 and 40 on day 4; the discount is no cash
    assert_equal(marts.rows("SELECT days, items, billed, credited, collected, rate FROM twin_collection_curves WHERE company_id = 'main' "
                            "AND scope = 'company' AND cohort_month = DATE '2025-04-01' AND days <= 60 ORDER BY days"),
                 [(30, 2, 500, 250, 40, 0.16), (60, 2, 500, 250, 230, 0.92)], "cohort of April")

    late = Marts(LEDGERS / "competing_outcomes" / "ledger", history_start_date="2025-02-11")
    assert_laws(late)
    curve = late.curve("at_risk, survival", "items")
    assert_equal([int(curve[day][0]) for day in (0, 10, 11, 20, 21)], [5, 5, 7, 7, 5], "at risk with late entry")
    assert_close([curve[day][1] for day in (10, 20, 40)], (1, part(6, 7), part(4, 7)), "survival with late entry")


# --- habits ----------------------------------------------------------------------------------------------------------------------

def habits_ledger(folder: Path):
    """One invoice a month of each customer, due after 30 days and paid in the middle of July 2024 to June 2025, so many days late."""
    documents, applications = [], []

    def paid(customer: str, amount: int, delays: list[int], kind: str = "receipt", first_month: int = 0):
        for month, delay in enumerate(delays, first_month):
            day = date(2024 + (6 + month) // 12, (6 + month) % 12 + 1, 15)
            due, number = day - timedelta(delay), f"{customer}{month}"
            documents.append(["main", f"I{number}", 1, "invoice", customer, due - timedelta(30), due, amount, "USD"])
            documents.append(["main", f"R{number}", 1, kind, customer, day, "", amount, "USD"])
            applications.append(["main", f"A{number}", f"R{number}", 1, f"I{number}", 1, day, amount, ""])

    def unpaid(customer: str, amount: int, days_past_due: int):
        due = date.fromisoformat(AS_OF) - timedelta(days_past_due)
        documents.append(["main", f"O{customer}{days_past_due}", 1, "invoice", customer, due - timedelta(30), due, amount, "USD"])

    paid("steady", 1000, [2] * 12)
    paid("slow", 100, [6, 10] * 6)
    paid("erratic", 50, [45, 0] * 6)
    paid("worse", 10, [0] * 9 + [12] * 3)
    paid("stepped", 10, [0, 2] * 3 + [10, 12] * 3)
    paid("fresh", 10, [1] * 4, first_month=8)
    paid("risky", 10, [1] * 11)
    paid("risky", 10, [1], kind="write_off", first_month=11)
    paid("stuck", 10, [1] * 12)
    unpaid("stuck", 100, 61)
    unpaid("stuck", 300, 60)
    paid("almost", 10, [1] * 12)
    unpaid("almost", 99, 61)
    unpaid("almost", 300, 60)
    paid("gone", 10, [3] * 2, first_month=-3)
    paid("undone", 10, [1] * 5, first_month=7)
    applications.append(["main", "Uundone", "Rundone11", 1, "Iundone11", 1, date(2025, 6, 20), -10, ""])
    paid("odd", 10, [200], first_month=11)
    random_ledger.write(folder, "documents", "company_id,document_id,item_no,document_type,customer_id,document_date,due_date,amount,currency", documents)
    random_ledger.write(folder, "applications", "company_id,application_id,credit_document_id,credit_item_no,debit_document_id,debit_item_no,"
                        "applied_date,amount,credit_amount", applications)


def test_customers_are_classed_by_their_habits():
    with tempfile.TemporaryDirectory() as folder:
        habits_ledger(Path(folder))
        marts = Marts(Path(folder))
    assert_laws(marts)
    found = {row[0]: row[1:] for row in marts.rows(
        "SELECT customer_id, behaviour, behaviour_now, items, consistently_late, size, sales_12m, reason FROM twin_customer_behaviour")}
    # The invoice paid in July 2024 is dated in May or June, so eleven of twelve are sales of the year. Of 14,099 in all, 80 % is 11,279.20
    # (steady and slow), 95 % is 13,394.05 (erratic, stuck, almost).
    for customer, expected in {
        "steady": ("reliable", "reliable", 12, True, "large", 11000, None),
        "slow": ("slow_but_sure", "slow_but_sure", 12, True, "large", 1100, None),
        "erratic": ("erratic", "erratic", 12, False, "medium", 550, None),
        "worse": ("reliable", "deteriorating", 12, False, "small", 110, None),
        "stepped": ("slow_but_sure", "slow_but_sure", 12, False, "small", 110, None),
        "fresh": ("new", "new", 4, False, "small", 40, "too_few"),
        "risky": ("at_risk", "at_risk", 11, True, "small", 110, None),
        "stuck": ("at_risk", "at_risk", 12, True, "medium", 510, None),
        "almost": ("reliable", "reliable", 12, True, "medium", 509, None),
        "gone": ("new", "new", 0, False, "none", 0, "too_few"),
        "undone": ("new", "new", 4, False, "small", 50, "too_few"),
        "odd": ("at_risk", "new", 1, False, "small", 10, "too_few"),
    }.items():
        assert_equal(found.pop(customer), expected, customer)
    assert_equal(found, {}, "further customers")

    numbers = {row[0]: row[1:] for row in marts.rows(
        "SELECT customer_id, mean_delay, delay_deviation, late_share, trend_days_per_month, change_days, change_statistic FROM twin_customer_behaviour")}
    months = {row[0]: row[1] for row in marts.rows("SELECT customer_id, change_month FROM twin_customer_behaviour WHERE change_month IS NOT NULL")}
    assert_close(numbers["steady"], (2, 0, 1, 0, None, None), "steady: nothing varies, nothing changed")
    assert_close(numbers["fresh"], (None,) * 6, "fresh: too few")
    assert_close(numbers["slow"][:3], (8, math.sqrt(48 / 11), 1), "slow")
    assert_close(numbers["erratic"][:3], (22.5, math.sqrt(12 * 22.5**2 / 11), 0.5), "erratic")
    # 0 × 9, 12 × 3: Σ(x − 5.5)(y − 3) = 12 × (3.5 + 4.5 + 5.5) = 162 over Σ(x − 5.5)² = 143; nothing is left within the parts
    assert_close(numbers["worse"], (3, math.sqrt((9 * 9 + 3 * 81) / 11), 0.25, 162 / 143, 12, None), "worse")
    # 0 2 0 2 0 2 | 10 12 10 12 10 12: between 12 × 25 = 300, within 12, F = 300 ÷ (12 ÷ 10)
    assert_close(numbers["stepped"][4:], (10, 250), "stepped")
    assert_equal(months, {"worse": date(2025, 4, 1), "stepped": date(2025, 1, 1)}, "months of change")
    assert_equal(marts.rows("SELECT MAX(days), SUM(items) FROM twin_delay_histogram WHERE company_id = 'main' AND scope = 'company'"), [(180, 104)], "histogram")
    assert_equal(str(marts.rows("SELECT DISTINCT evaluated_date FROM twin_customer_behaviour")[0][0]), AS_OF, "evaluated on")

    assert_equal(
        marts.rows("SELECT size, behaviour, customers, sales_12m, net_amount_base, overdue_amount_base FROM twin_behaviour_grid ORDER BY 1, 2"),
        [("large", "reliable", 1, 11000, 0, 0), ("large", "slow_but_sure", 1, 1100, 0, 0), ("medium", "at_risk", 1, 510, 400, 400),
         ("medium", "erratic", 1, 550, 0, 0), ("medium", "reliable", 1, 509, 399, 399), ("none", "new", 1, 0, 0, 0), ("small", "at_risk", 2, 120, 0, 0),
         ("small", "new", 2, 90, 0, 10), ("small", "reliable", 1, 110, 0, 0), ("small", "slow_but_sure", 1, 110, 0, 0)], "grid")


# --- alerts ----------------------------------------------------------------------------------------------------------------------

def test_alerts_fire_beyond_their_threshold_and_name_the_largest_part_of_a_change():
    con = twins.connect()
    alerts = [
        ("slow", "dso", "conventional", "trailing_3m", "company", "rises_by", 5.0),
        ("quicker", "dso", "conventional", "trailing_3m", "segment", "falls_by", 3.0),
        ("long", "dso", "conventional", "trailing_3m", "company", "above", 60.0),
        ("at the line", "overdue_share", "standard", "point", "company", "above", 0.25),
        ("under the line", "overdue_share", "standard", "point", "company", "below", 0.25),
        ("much", "ar_net", "closing", "point", "customer", "above", 900.0),
        ("more", "ar_net", "closing", "point", "customer", "rises_by", 0.0),
        ("other window", "dso", "conventional", "month", "company", "above", 0.0),
    ]
    twins.load(con, LEDGERS / "censored_payments" / "ledger", twins.Parameters("2025-06-20", "USD", alerts=tuple(alerts)))
    twins.run_steps(con)
    con.execute("CREATE TABLE kpis (company_id VARCHAR, scope VARCHAR, scope_value VARCHAR, period_end DATE, time_window VARCHAR, metric VARCHAR, "
                "convention VARCHAR, value DOUBLE, amount DECIMAL(38, 4))")
    con.execute("CREATE TABLE dso_bridge (company_id VARCHAR, scope VARCHAR, scope_value VARCHAR, period_end DATE, part VARCHAR, part_order BIGINT, days DOUBLE)")
    now, before, older = "2025-06-20", "2025-05-31", "2025-04-30"
    for scope, value, day, window, metric, convention, figure, amount in (
        ("company", "main", now, "trailing_3m", "dso", "conventional", 60.0, None),
        ("company", "main", before, "trailing_3m", "dso", "conventional", 55.0, None),
        ("company", "main", older, "trailing_3m", "dso", "conventional", 10.0, None),
        ("company", "other", now, "trailing_3m", "dso", "conventional", 61.0, None),
        ("company", "other", before, "trailing_3m", "dso", "conventional", 57.0, None),
        ("company", "fresh", now, "trailing_3m", "dso", "conventional", 90.0, None),
        ("company", "fresh", older, "trailing_3m", "dso", "conventional", 10.0, None),
        ("segment", "s", now, "trailing_3m", "dso", "conventional", 40.0, None),
        ("segment", "s", before, "trailing_3m", "dso", "conventional", 47.0, None),
        ("company", "main", now, "point", "overdue_share", "standard", 0.25, None),
        ("company", "other", now, "point", "overdue_share", "standard", None, None),
        ("company", "fresh", now, "point", "overdue_share", "standard", 0.2, None),
        ("customer", "A", now, "point", "ar_net", "closing", None, "900.01"),
        ("customer", "B", now, "point", "ar_net", "closing", None, "900"),
    ):
        con.execute("INSERT INTO kpis VALUES ('main', ?, ?, ?, ?, ?, ?, ?, ?)", [scope, value, day, window, metric, convention, figure, amount])
    for scope, value, day, parts in (
        ("company", "main", now, {"opening": 55.0, "sales_volume": -4.0, "not_yet_due": 6.0, "overdue_undisputed": 6.0, "disputed": None, "closing": 60.0}),
        ("company", "main", before, {"sales_volume": 45.0}),
        ("segment", "s", now, {"opening": 47.0, "sales_volume": 9.0, "not_yet_due": -1.0, "overdue_undisputed": -12.0, "fx": -3.0, "closing": 40.0}),
    ):
        orders = {part: order for order, part in enumerate(
            ("opening", "sales_volume", "not_yet_due", "overdue_undisputed", "disputed", "unapplied_credits", "fx", "closing"), 1)}
        for part, days in parts.items():
            con.execute("INSERT INTO dso_bridge VALUES ('main', ?, ?, ?, ?, ?, ?)", [scope, value, day, part, orders[part], days])
    found = con.execute("SELECT scope_value, alert, CAST(previous_period_end AS VARCHAR), previous_value, value, change, bridge_part, bridge_days "
                        f"FROM ({twins.statement('marts', 'kpi_alerts')}) ORDER BY ALL").fetchall()
    assert_equal(found, [
        ("A", "much", None, None, 900.01, None, None, None),
        ("fresh", "long", None, None, 90.0, None, None, None),
        ("fresh", "under the line", None, None, 0.2, None, None, None),
        ("main", "slow", before, 55.0, 60.0, 5.0, "not_yet_due", 6.0),
        ("other", "long", before, 57.0, 61.0, 4.0, None, None),
        ("s", "quicker", before, 47.0, 40.0, -7.0, "overdue_undisputed", -12.0)], "alerts")


def test_random_ledgers_keep_the_laws_of_the_curves():
    for seed in (1, 2, 3):
        with tempfile.TemporaryDirectory() as folder:
            random_ledger.generate(seed, Path(folder), 400, 600)
            assert_laws(Marts(Path(folder) / "ledger", "2025-06-13", history_months=6))
            assert_laws(Marts(Path(folder) / "ledger", "2025-06-30", history_months=2, history_start_date="2025-01-15"))


def main() -> int:
    for test in [value for name, value in globals().items() if name.startswith("test_")]:
        test()
        print(f"ok       {test.__name__[5:].replace('_', ' ')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
