"""A small random ledger from a seed: four currencies, two companies, every document type, and every way an invoice can end.

    python3 tests/parity/random_ledger.py --seed 7 --out /tmp/random-7

Writes canonical CSV to OUT/ledger and OUT/arrears.toml (books in USD). Half of it is chaos: documents of any type, joined by applications at
random, across customers and currencies. The other half is trade: invoices with instalments, discounts, deliveries and promises, which each
customer pays in its own manner, so that there is something to say about manners. Nothing is over-applied at any time; some documents have no
rate yet, some customers are intercompany. For comparing whatever publishes the marts with the twins, seed after seed.
"""

from __future__ import annotations

import argparse
import csv
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

FIRST_DAY, DAYS = date(2024, 6, 1), 420
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
USUAL_RATES = {"EUR": 1.1, "JPY": 0.0067, "KWD": 3.2}
DEBITS = ["invoice"] * 6 + ["debit_note", "refund", "reinstatement", "increase", "receipt_reversal"]
CREDITS = ["receipt"] * 6 + ["credit_note", "write_off", "discount", "decrease"]
ENDINGS = (["cash"] * 10 + ["two_receipts"] * 3 + ["discount"] * 5 + ["credit", "credit_and_cash", "write_off", "rest_written_off", "decrease"]
           + ["reopened"] * 3 + ["part_paid", "open", "open", "prepaid", "other_currency"])
CONFIG = 'output = "out"\nbase_currency = "USD"\n\n[quality]\nmax_quarantined_rows_share = 0.5\n\n[[source]]\nname = "ledger"\npath = "ledger/"\nshape = "canonical"\ndue_date_from_customer = true\n'


def days(count: int) -> timedelta:
    return timedelta(days=count)


def text(units: int, currency: str) -> str:
    """Minor units as an amount: 1234 in KWD is 1.234, −5 in USD is -0.05."""
    digits, sign, units = DIGITS.get(currency, 2), "-" if units < 0 else "", abs(units)
    return sign + (f"{units // 10**digits}.{units % 10**digits:0{digits}d}" if digits else str(units))


@dataclass
class Customer:
    """A customer and how it pays: around `delay` days after the due date, give or take `spread`, later by `drift` days each month."""

    company: str
    id: str
    country: str
    segment: str
    manager: str
    is_intercompany: bool
    delay: int
    spread: int
    drift: int

    def row(self) -> list:
        return [self.company, self.id, self.country, self.segment, self.manager, str(self.is_intercompany).lower()]


@dataclass
class Item:
    """One item of a document; `left` is what no application has taken yet, in minor units of its currency."""

    type: str
    id: str
    number: int
    customer: Customer
    date: date
    currency: str
    amount: int
    due: date | str = ""
    base: str = ""
    terms: str = ""
    manager: str = ""
    discount_percent: str = ""
    discount_date: date | str = ""
    delivery_date: date | str = ""
    left: int = field(init=False)

    def __post_init__(self):
        self.left = self.amount

    @property
    def company(self) -> str:
        return self.customer.company

    @property
    def is_debit(self) -> bool:
        return self.type in DEBITS

    def row(self) -> list:
        return [self.company, self.id, self.number, self.type, self.customer.id, self.date, self.due, text(self.amount, self.currency), self.currency,
                self.base, self.terms, self.manager, self.discount_percent, self.discount_date, self.delivery_date]


@dataclass
class Application:
    """What one application took; its number orders it after those made before it, should they become visible on one day."""

    credit: Item
    debit: Item
    visible: date
    taken: int
    given: int


class Ledger:
    """The rows so far. `apply` never takes more than is left on either side, and what is un-applied is not free to others again."""

    def __init__(self, pick: random.Random):
        self.pick = pick
        self.items: list[Item] = []
        self.application_rows: list[list] = []
        self.promise_rows: list[list] = []
        self.documents = 0

    def add(self, type: str, customer: Customer, when: date, currency: str, amount: int, id: str = "", number: int = 1, **others) -> Item:
        if not id:
            self.documents += 1
            id = f"D{self.documents}"
        if amount > 0 and "base" not in others and self.pick.random() < 0.2:
            others["base"] = f"{amount / 10 ** DIGITS[currency] * self.pick.uniform(0.5, 2):.2f}"
        self.items.append(Item(type, id, number, customer, when, currency, amount, **others))
        return self.items[-1]

    def write_application(self, credit: Item, debit: Item, when: date, taken: int, given: int) -> Application:
        other = "" if credit.currency == debit.currency else text(given, credit.currency)
        name = f"A{len(self.application_rows):05d}"
        self.application_rows.append([debit.company, name, credit.id, credit.number, debit.id, debit.number, when, text(taken, debit.currency), other])
        return Application(credit, debit, max(when, credit.date, debit.date), taken, given)

    def apply(self, credit: Item, debit: Item, when: date, taken: int, given: int | None = None) -> Application:
        given = taken if given is None else given
        assert 0 < taken <= debit.left and 0 < given <= credit.left
        debit.left -= taken
        credit.left -= given
        return self.write_application(credit, debit, when, taken, given)

    def un_apply(self, done: Application, after_days: int) -> Application:
        """Takes back an application; the same pair may be joined again by `repeat`, and nothing else takes its place."""
        return self.write_application(done.credit, done.debit, done.visible + days(after_days), -done.taken, -done.given)

    def repeat(self, undone: Application, after_days: int) -> Application:
        return self.write_application(undone.credit, undone.debit, undone.visible + days(after_days), -undone.taken, -undone.given)


# --- chaos -----------------------------------------------------------------------------------------------------------------------

def chaos(ledger: Ledger, customers: list[Customer], documents: int, matches: int) -> None:
    """Documents of any type, and applications of any credit to any debit of one company; some are un-applied, some of those applied again."""
    pick = ledger.pick
    items = []
    for _ in range(documents):
        kind, when = pick.choice(DEBITS + CREDITS), FIRST_DAY + days(pick.randint(0, DAYS))
        due = when + days(pick.choice([0, 14, 30, 60])) if pick.random() < 0.75 and kind not in ("receipt", "discount") else ""
        items.append(ledger.add(kind, pick.choice(customers), when, pick.choice(list(DIGITS)), pick.randint(1, 5_000_000), due=due,
                                terms=pick.choice(["", "", "t30"]), manager=pick.choice(["", "", "m9"])))
    for _ in range(matches):
        company = pick.choice("xy")
        debits = [i for i in items if i.company == company and i.is_debit and i.left > 0]
        credits = [i for i in items if i.company == company and not i.is_debit and i.left > 0]
        if not debits or not credits:
            continue
        debit = pick.choice(debits)
        alike = [i for i in credits if i.currency == debit.currency]
        credit = pick.choice(alike if alike and pick.random() < 0.6 else credits)
        same = credit.currency == debit.currency
        taken = min(pick.choice([debit.left, pick.randint(1, debit.left)]), credit.left if same else debit.left)
        done = ledger.apply(credit, debit, FIRST_DAY + days(pick.randint(0, DAYS + 20)), taken, taken if same else pick.randint(1, credit.left))
        if pick.random() < 0.2:
            undone = ledger.un_apply(done, pick.randint(0, 40))
            if pick.random() < 0.4:
                ledger.repeat(undone, pick.randint(0, 30))


# --- trade -----------------------------------------------------------------------------------------------------------------------

def invoice(ledger: Ledger, customer: Customer) -> list[Item]:
    """An invoice or debit note of one to three items, each with its own due date, seldom in two currencies, seldom of nothing."""
    pick = ledger.pick
    ledger.documents += 1
    id, kind, when = f"D{ledger.documents}", pick.choice(["invoice"] * 9 + ["debit_note"]), FIRST_DAY + days(pick.randint(0, DAYS))
    currency, first = pick.choice(["USD", "USD", "USD", *DIGITS]), pick.choice([1, 1, 1, 1, 2, 5])
    terms = {}
    if pick.random() < 0.45:
        terms = {"discount_percent": pick.choice(["2", "3", "1.5", "2.125", "2", "0"]), "discount_date": when + days(pick.choice([7, 10, 14, 14, -3]))}
        if pick.random() < 0.1:
            del terms[pick.choice(["discount_percent", "discount_date"])]
    delivered = when - days(pick.randint(-4, 12)) if pick.random() < 0.6 else ""
    items = []
    for number in range(first, first + pick.choice([1, 1, 1, 2, 3])):
        items.append(ledger.add(
            kind, customer, when, pick.choice(list(DIGITS)) if number > first and pick.random() < 0.15 else currency,
            0 if pick.random() < 0.03 else pick.randint(2, 900_000), id, number,
            due=when + days(pick.choice([14, 30, 30, 60]) + 30 * (number - first)) if pick.random() < 0.9 else "",
            terms=pick.choice(["", "net 30"]), delivery_date=delivered, **terms))
    return items


def settle(ledger: Ledger, item: Item, ending: str) -> date:
    """Brings an item to its end, one way or another; returns the day of its first money, or of what it had instead."""
    pick, customer = ledger.pick, item.customer
    months = (item.date - FIRST_DAY).days // 30
    usual = (item.due or item.date + days(30)) + days(customer.delay + customer.drift * months + pick.randint(-customer.spread, customer.spread))
    paid = max(usual, item.date)

    def credit(kind: str, when: date, amount: int, matched: int = 0) -> Application:
        """A credit of that amount, found to belong to the item `matched` days later."""
        found = ledger.add(kind, customer, when, item.currency, amount)
        return ledger.apply(found, item, when + days(matched), amount)

    part = pick.randint(1, item.amount - 1)
    matched = pick.choice([0, 0, 0, 2, 9, 40])
    if ending == "cash":
        credit("receipt", paid, item.amount, matched)
    elif ending == "two_receipts":
        credit("receipt", paid, part, matched)
        credit("receipt", paid + days(pick.randint(0, 40)), item.amount - part)
    elif ending == "discount" and item.amount >= 100:
        paid = item.date + days(pick.choice([3, 7, 10, 12, 20]))
        allowed = max(1, item.amount // pick.choice([30, 50]))
        credit("receipt", paid, item.amount - allowed, matched)
        taken = credit("discount", paid + days(pick.choice([0, 0, 0, 1, 5])), allowed, matched)
        if pick.random() < 0.2:
            undone = ledger.un_apply(taken, pick.randint(0, 60))
            if pick.random() < 0.5:
                ledger.repeat(undone, pick.randint(0, 30))
    elif ending == "credit":
        credit("credit_note", paid, item.amount)
    elif ending == "credit_and_cash":
        credit("credit_note", item.date + days(pick.randint(0, 30)), part)
        credit("receipt", paid, item.amount - part, matched)
    elif ending == "decrease":
        credit("decrease", paid, item.amount)
    elif ending == "write_off":
        credit("write_off", paid + days(90), item.amount)
    elif ending == "rest_written_off":
        credit("receipt", paid, part, matched)
        credit("write_off", paid + days(60), item.amount - part)
    elif ending == "reopened":
        undone = ledger.un_apply(credit("receipt", paid, item.amount, matched), pick.randint(0, 50))
        if pick.random() < 0.7:
            ledger.repeat(undone, pick.randint(0, 60))
    elif ending == "part_paid":
        credit("receipt", paid, part, matched)
    elif ending == "prepaid":
        paid = item.date - days(pick.randint(1, 30))
        credit("receipt", paid, item.amount)
    elif ending == "other_currency":
        found = ledger.add("receipt", customer, paid, pick.choice(list(DIGITS)), item.amount)
        ledger.apply(found, item, paid, item.amount)
    return paid


def promise(ledger: Ledger, item: Item, paid: date) -> None:
    """A promise about the time of the money: of the document or of the customer, for all, some or more, in this currency or another."""
    pick = ledger.pick
    made = paid - days(pick.randint(-3, 15))
    currency = pick.choice(["", "", item.currency, item.currency, "USD", "EUR", "GBP"])
    amount = max(1, int(item.amount * pick.choice([1, 1, 1, 0.5, 0.01, 1.5])))
    document = pick.choice([item.id, item.id, item.id, "", f"D{pick.randint(1, ledger.documents)}", "unheard of"])
    ledger.promise_rows.append([item.company, f"P{len(ledger.promise_rows)}", item.customer.id, document, made, made + days(pick.randint(0, 30)),
                                text(amount, currency or item.currency), currency])


def trade(ledger: Ledger, customers: list[Customer], invoices: int) -> None:
    """Half of the invoices go to the first customer of each company, so that it has enough of them for every statistic."""
    pick = ledger.pick
    for _ in range(invoices):
        company = pick.choice("xy")
        theirs = [c for c in customers if c.company == company]
        for item in invoice(ledger, theirs[0] if pick.random() < 0.5 else pick.choice(theirs)):
            paid = item.date + days(30)
            if item.amount > 1:
                paid = settle(ledger, item, "discount" if item.discount_percent and pick.random() < 0.35 else pick.choice(ENDINGS))
            if pick.random() < 0.4:
                promise(ledger, item, paid)


def disputes(pick: random.Random, items: list[Item]) -> list[list]:
    """Mostly of invoices; some were opened before the invoice was written, some are of an amount, some are still open."""
    rows = []
    for number, item in enumerate(items):
        if pick.random() >= {"invoice": 0.25, "debit_note": 0.25, "refund": 0.1, "receipt": 0.02}.get(item.type, 0):
            continue
        opened = item.date + days(pick.randint(-5, 40))
        closed = opened + days(pick.choice([0, pick.randint(1, 20), pick.randint(20, 90)])) if pick.random() < 0.6 else ""
        amount = text(int(item.amount * pick.uniform(0.1, 1.2)), item.currency) if pick.random() < 0.5 else ""
        rows.append([item.company, f"Q{number}", item.id, item.number, opened, closed, amount])
    return rows


# --- the files -------------------------------------------------------------------------------------------------------------------

def write(folder: Path, table: str, header: str, rows: list[list]) -> None:
    with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def recorded(more: random.Random, rows: list[list]) -> list[list]:
    """Documents with the instant at which they were entered: some before their date, some long after it, some nobody knows when."""
    def instant(row: list) -> str:
        return "" if more.random() < 0.3 else f"{row[5] + days(more.choice([-4, 0, 0, 1, 12, 45]))}T{more.randint(0, 23):02}:30:00Z"
    return [[*row, instant(row)] for row in rows]


def agreed(more: random.Random, rows: list[list]) -> list[list]:
    """Customers with terms that fill due dates; some come late, or change."""
    versions = []
    for row in rows:
        first = more.choice(["", f"{FIRST_DAY + days(more.randint(20, 200))}T12:00:00Z"])
        versions.append([*row, more.choice(["", 10, 30, 45]), first])
        if more.random() < 0.5:
            versions.append([*row, more.choice(["", 0, 60, 400]), f"{FIRST_DAY + days(more.randint(201, DAYS))}T12:00:00Z"])
    return versions


def balances(more: random.Random) -> list[list]:
    """The general ledger, which agrees with nothing."""
    dates = [FIRST_DAY + days(more.randint(0, DAYS)) for _ in range(12)]
    accounts = [(company, when, account) for company in "xy" for when in dates for account in more.choice([["1200"], ["1200", "1210"]])]
    return [[*key, text(more.randint(-5_000_00, 90_000_00), "USD")] for key in sorted(set(accounts))]


def generate(seed: int, out: Path, documents: int = 90, matches: int = 120, invoices: int = 150) -> None:
    # What came later draws from a stream of its own, so that the rest stays as it was.
    pick, more = random.Random(seed), random.Random(f"{seed} more")
    rates = {}
    for currency, rate in USUAL_RATES.items():
        for step in range(DAYS // 25):
            day = FIRST_DAY + days(25 * step + pick.randint(-20, 40))
            rates[day, currency] = f"{rate * pick.uniform(0.9, 1.1):.{pick.choice([4, 6, 10])}f}"
    customers = [
        Customer(company, f"K{number}", pick.choice(["DE", "US", ""]), pick.choice(["s1", "s2"]), pick.choice(["m1", "m2", ""]),
                 number > 0 and pick.random() < 0.15, pick.choice([-10, 0, 2, 15]), pick.choice([0, 5, 30]), pick.choice([0, 0, 3]))
        for company in "xy" for number in range(5)
    ]
    ledger = Ledger(pick)
    chaos(ledger, customers, documents, matches)
    trade(ledger, customers, invoices)
    folder = out / "ledger"
    folder.mkdir(parents=True, exist_ok=True)
    (out / "arrears.toml").write_text(CONFIG, encoding="utf-8")
    write(folder, "documents", "company_id,document_id,item_no,document_type,customer_id,document_date,due_date,amount,currency,base_amount,"
          "terms,account_manager,discount_percent,discount_date,delivery_date,recorded_at", recorded(more, [item.row() for item in ledger.items]))
    write(folder, "disputes", "company_id,dispute_id,document_id,item_no,opened_date,closed_date,amount", disputes(pick, ledger.items))
    write(folder, "promises", "company_id,promise_id,customer_id,document_id,made_date,promised_date,amount,currency", ledger.promise_rows)
    write(folder, "applications", "company_id,application_id,credit_document_id,credit_item_no,debit_document_id,debit_item_no,applied_date,"
          "amount,credit_amount", ledger.application_rows)
    write(folder, "customers", "company_id,customer_id,country,segment,account_manager,is_intercompany,payment_terms_days,recorded_at",
          agreed(more, [c.row() for c in customers]))
    write(folder, "gl_balances", "company_id,balance_date,account,amount", balances(more))
    write(folder, "fx_rates", "rate_date,currency,rate", [[day, currency, rate] for (day, currency), rate in sorted(rates.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=90, help="of the chaos; the invoices of the trade are as many and two thirds more")
    options = parser.parse_args()
    generate(options.seed, options.out, options.documents, options.documents * 4 // 3, options.documents * 5 // 3)


if __name__ == "__main__":
    main()
