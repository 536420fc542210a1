"""A second witness of `expected_credit_loss` and its backtest: the definitions taken word for word over the ledger's files, every item
looked at on every month end and on every day on which it gets to a bucket, in exact decimals. Slow, and shares nothing with the program.

    python3 tests/parity/expected_credit_loss.py --ledger FOLDER --published OUT --as-of DATE

FOLDER holds canonical CSV files with base currency USD; OUT was published with the default settings and without pools. Exit status 1
and the rows when anything differs.
"""

import argparse
import bisect
import calendar
import datetime
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

import duckdb

DEBITS = {"invoice", "debit_note", "receipt_reversal", "refund", "reinstatement", "increase"}
SALES = {"invoice", "debit_note"}
FIRST_DAYS = {"1_30": 1, "31_60": 31, "61_90": 61, "91_120": 91, "over_120": 121}
BUCKETS = ["not_due", *FIRST_DAYS]
LOST_AFTER_DAYS, HISTORY_MONTHS = 365, 36
ZERO, DAY = Decimal(0), datetime.timedelta(1)


def cents(amount):
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def date(text):
    return datetime.date.fromisoformat(text) if text else None


def months_before(day, months):
    """The same day so many months before, clipped; of a month end the month end."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_month_end = (day + DAY).day == 1
    return datetime.date(year, month + 1, last if is_month_end else min(day.day, last))


@dataclass
class Item:
    company: str
    customer: str
    kind: str
    document_date: datetime.date
    due_date: datetime.date | None
    amount: Decimal
    currency: str
    base_amount: Decimal | None
    applied: list = field(default_factory=list)  # visible date, amount, credit item
    write_offs: list = field(default_factory=list)  # date, amount: net of what came back
    left: Decimal = ZERO

    def open(self, day):
        if self.document_date > day:
            return ZERO
        return self.amount - sum((amount for visible, amount, _ in self.applied if visible <= day), ZERO)

    def age_from(self):
        return self.due_date or (self.document_date if self.kind in SALES else None)

    def is_lost(self, day):
        return self.age_from() is not None and (day - self.age_from()).days > LOST_AFTER_DAYS

    def written_off(self, after=datetime.date.min, until=datetime.date.max):
        return sum((amount for day, amount in self.write_offs if after < day <= until), ZERO)

    def bucket(self, day):
        if self.due_date is None:
            return "no_due_date"
        late = (day - self.due_date).days
        return next((name for name in reversed(FIRST_DAYS) if late >= FIRST_DAYS[name]), "not_due")


class Ledger:
    def __init__(self, folder):
        self.engine = duckdb.connect()
        self.rates = defaultdict(list)
        for row in self.rows(folder, "fx_rates"):
            self.rates[row["currency"]].append((date(row["rate_date"]), Decimal(row["rate"])))
        for dated in self.rates.values():
            dated.sort()
        of_group = {(row["company_id"], row["customer_id"]) for row in self.rows(folder, "customers") if row["is_intercompany"] == "true"}
        self.items, self.of_group = {}, of_group
        for row in self.rows(folder, "documents"):
            self.items[row["company_id"], row["document_id"], row["item_no"]] = Item(
                row["company_id"],
                row["customer_id"],
                row["document_type"],
                date(row["document_date"]),
                date(row["due_date"]),
                Decimal(row["amount"]),
                row["currency"],
                Decimal(row["base_amount"]) if row["base_amount"] else None,
            )
        for row in self.rows(folder, "applications"):
            credit = row["company_id"], row["credit_document_id"], row["credit_item_no"]
            debit = row["company_id"], row["debit_document_id"], row["debit_item_no"]
            visible = max(date(row["applied_date"]), self.items[credit].document_date, self.items[debit].document_date)
            self.items[debit].applied.append((visible, Decimal(row["amount"]), credit))

    def rows(self, folder, table):
        result = self.engine.execute(f"SELECT * FROM read_csv('{folder}/{table}.csv', all_varchar = true)")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row)) for row in result.fetchall()]

    def rate(self, currency, day):
        if currency == "USD":
            return Decimal(1)
        dated = self.rates[currency]
        return dated[bisect.bisect_right(dated, (day, Decimal("Infinity"))) - 1][1]

    def closing(self, item, amount, day):
        return cents(amount * self.rate(item.currency, day))

    def historical(self, item, part):
        if item.base_amount is not None and item.amount > 0:
            return cents(item.base_amount * part / item.amount)
        return cents(part * self.rate(item.currency, item.document_date))

    def debits(self, day):
        counted = [
            item
            for item in self.items.values()
            if item.kind in DEBITS and item.document_date <= day and (item.company, item.customer) not in self.of_group
        ]
        for item in counted:
            item.left, item.write_offs = item.open(day), []
            by_credit = defaultdict(lambda: defaultdict(Decimal))
            for visible, amount, credit in item.applied:
                if visible <= day and self.items[credit].kind == "write_off":
                    by_credit[credit][visible] += amount
            for by_day in by_credit.values():
                item.write_offs += net(sorted(by_day.items()))
        self.take_back(counted, day)
        return counted

    @staticmethod
    def take_back(counted, day):
        """What reinstatements brought back goes off what was written off last before."""
        by_customer = defaultdict(list)
        for item in counted:
            by_customer[item.company, item.customer].append(item)
        for items in by_customer.values():
            reinstated = [
                (item.document_date, item.currency, item.amount - item.written_off() - (item.left if item.is_lost(day) else ZERO))
                for item in items
                if item.kind == "reinstatement"
            ]
            events = [(event, item) for item in items if item.kind != "reinstatement" for event in item.write_offs]
            order = lambda item: (item.due_date or datetime.date.min, item.document_date, item.amount)
            events.sort(key=lambda pair: (-pair[0][0].toordinal(), *order(pair[1])))
            for known_from, currency, amount in sorted(reinstated):
                for event, item in events:
                    if event[0] <= known_from and item.currency == currency:
                        part = min(event[1], max(amount, ZERO))
                        event[1] -= part
                        amount -= part


def net(dated):
    """Write-offs of one document, by day; what is un-applied goes off what was applied last."""
    kept = []
    for day, amount in dated:
        if amount > 0:
            kept.append([day, amount])
        while amount < 0:
            part = min(-amount, kept[-1][1])
            kept[-1][1] -= part
            amount += part
            if kept[-1][1] == 0:
                kept.pop()
    return kept


def gross(ledger, debits, day):
    sums = defaultdict(Decimal)
    for item in debits:
        if item.left > 0:
            sums[item.company, item.bucket(day)] += ledger.closing(item, item.left, day)
    return sums


def run_off(ledger, debits, day):
    """By company and bucket, what was lost and what reached it, of the items that had their time."""
    last = day - datetime.timedelta(LOST_AFTER_DAYS + 1)
    first = months_before(last, HISTORY_MONTHS) + DAY
    sums = defaultdict(lambda: [ZERO, ZERO])
    for item in debits:
        if item.kind not in SALES or item.amount == 0 or not first <= item.age_from() <= last:
            continue
        begins = item.bucket(item.document_date)
        later = [] if item.due_date is None else BUCKETS[BUCKETS.index(begins) + 1 :]
        entries = [(name, item.due_date + datetime.timedelta(FIRST_DAYS[name])) for name in later]
        for name, entry in [(begins, None), *entries]:
            reached = item.amount if entry is None else item.open(entry)
            if reached > 0:
                lost = item.written_off(after=entry or datetime.date.min) + item.left
                value = ledger.historical(item, reached)
                sums[item.company, name][0] += min(ledger.historical(item, min(max(lost, ZERO), reached)), value)
                sums[item.company, name][1] += value
    return {key: tuple(value) for key, value in sums.items() if value[1] > 0}


def roll_rates(ledger, debits, day):
    """By company and bucket, the chain: what is lost of what left it, and what left it."""
    newest = day if (day + DAY).day == 1 else day.replace(day=1) - DAY
    ends = [months_before(newest, months) for months in range(HISTORY_MONTHS, -1, -1)]
    left = defaultdict(lambda: [ZERO, ZERO, defaultdict(Decimal)])
    for item in debits:
        for start, end in zip(ends, ends[1:]):
            if item.kind == "reinstatement" or item.document_date > start or item.is_lost(start) or item.open(start) <= 0:
                continue
            opening = ledger.historical(item, item.open(start))
            stays = min(ledger.historical(item, item.open(end)), opening)
            lost = min(ledger.historical(item, item.written_off(start, end)), opening - stays)
            settled = opening - stays - lost
            cell = left[item.company, item.bucket(start)]
            if item.is_lost(end):
                never = min(ledger.historical(item, item.written_off(end) + item.left), stays)
                lost, settled = lost + never, settled + stays - never
            elif item.bucket(end) != item.bucket(start):
                cell[2][item.bucket(end)] += stays
            cell[0] += lost
            cell[1] += settled
    chain = {}
    for company in {company for company, _ in left}:
        for name in reversed([*BUCKETS, "no_due_date"]):
            lost, settled, rolled = left.get((company, name), (ZERO, ZERO, {}))
            all_of_it = lost + settled + sum(rolled.values())
            if all_of_it and all((company, to) in chain for to, amount in rolled.items() if amount):
                later = sum(amount * chain[company, to][0] / chain[company, to][1] for to, amount in rolled.items() if amount)
                chain[company, name] = lost + later, all_of_it
    return chain


def followed(ledger, debits, before, day):
    """By company and bucket on the earlier day: what was open, lost since, and is open without being lost."""
    sums = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for item in debits:
        then = item.open(before)
        if then > 0:
            lost = min(max(item.written_off(after=before) + (item.left if item.is_lost(day) else ZERO), ZERO), then)
            undetermined = ZERO if item.is_lost(day) else min(item.left, then - lost)
            for at, amount in enumerate([then, lost, undetermined]):
                sums[item.company, item.bucket(before)][at] += ledger.closing(item, amount, before)
    return sums


def main():
    parser = argparse.ArgumentParser()
    for name in ["ledger", "published", "as-of"]:
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    day = date(arguments.as_of)
    ledger = Ledger(arguments.ledger)
    debits = ledger.debits(day)
    own = "FILTER (rate_source = 'pool')"

    def published(table, columns):
        path = f"{arguments.published}/marts/as_of_date={day}/{table}/part-00000.parquet"
        result = ledger.engine.execute(f"SELECT company_id, method, bucket, {columns} FROM '{path}' GROUP BY ALL ORDER BY ALL")
        return {row[:3]: row[3:] for row in result.fetchall()}

    differ, compared = [], 0
    open_now, rates = gross(ledger, debits, day), {"run_off": run_off(ledger, debits, day), "roll_rate": roll_rates(ledger, debits, day)}
    columns = f"sum(gross_amount), sum(numerator) {own}, sum(denominator) {own}"
    for (company, method, bucket), found in published("expected_credit_loss", columns).items():
        expected = (open_now[company, bucket], *rates[method].pop((company, bucket), (None, None)))
        compared += 1
        # A step of the chain is rounded to a ten-thousandth.
        same = all(a == b or (a is not None and b is not None and abs(a - b) < Decimal("0.001")) for a, b in zip(found, expected))
        if not same or found[0] != expected[0] or found[2] != expected[2]:
            differ.append((company, method, bucket, found, expected))
    differ += [(method, key, "missing") for method, known in rates.items() for key in known]
    before = months_before(day, 12)
    then = followed(ledger, debits, before, day)
    tested = published("expected_credit_loss_backtest", "sum(gross_amount), sum(actual_loss), sum(undetermined_amount)")
    for method in rates:
        for (company, bucket), expected in then.items():
            found = tested.pop((company, method, bucket), None)
            compared += 1
            if found is None or list(found) != expected:
                differ.append(("backtest", company, method, bucket, found, expected))
    differ += [("backtest", key, "too many") for key in tested]
    for row in differ:
        print(*row)
    print(f"{compared} compared, {len(differ)} differ")
    sys.exit(1 if differ or not compared else 0)


if __name__ == "__main__":
    main()
