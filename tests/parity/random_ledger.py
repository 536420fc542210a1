"""A small random ledger from a seed: four currencies, two companies, every document type, crossing and un-applied applications.

    python3 tests/parity/random_ledger.py --seed 7 --out /tmp/random-7

Writes canonical CSV to OUT/ledger and OUT/arrears.toml (books in USD). Nothing is over-applied; some documents have no rate yet, some customers
are intercompany. For comparing whatever publishes the marts with the twins, seed after seed.
"""

from __future__ import annotations

import argparse
import csv
import random
from datetime import date, timedelta
from pathlib import Path

FIRST_DAY = date(2024, 10, 1)
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
USUAL_RATES = {"EUR": 1.1, "JPY": 0.0067, "KWD": 3.2}
DEBITS = ["invoice"] * 6 + ["debit_note", "refund", "reinstatement", "increase", "receipt_reversal"]
CREDITS = ["receipt"] * 6 + ["credit_note", "write_off", "discount", "decrease"]
CONFIG = 'output = "out"\nbase_currency = "USD"\n\n[quality]\nmax_quarantined_rows_share = 0.5\n\n[[source]]\nname = "ledger"\npath = "ledger/"\nshape = "canonical"\n'


def days(count: int) -> timedelta:
    return timedelta(days=count)


def text(units: int, currency: str) -> str:
    """Minor units as an amount: 1234 in KWD is 1.234."""
    digits = DIGITS[currency]
    return f"{units // 10**digits}.{units % 10**digits:0{digits}d}" if digits else str(units)


def signed(units: int, currency: str) -> str:
    return ("-" if units < 0 else "") + text(abs(units), currency)


class Item:
    def __init__(self, pick: random.Random, number: int, company: str, customer: str):
        self.id, self.company, self.customer = f"D{number}", company, customer
        self.type = pick.choice(DEBITS + CREDITS)
        self.is_debit = self.type in DEBITS
        self.date = FIRST_DAY + days(pick.randint(0, 300))
        self.currency = pick.choice(list(DIGITS))
        self.amount = self.left = pick.randint(1, 5_000_000)
        self.due = self.date + days(pick.choice([0, 14, 30, 60])) if pick.random() < 0.75 and self.type not in ("receipt", "discount") else ""
        self.base = f"{self.amount / 10 ** DIGITS[self.currency] * pick.uniform(0.5, 2):.2f}" if pick.random() < 0.3 else ""
        self.terms, self.manager = pick.choice(["", "", "t30"]), pick.choice(["", "", "m9"])

    def row(self) -> list:
        return [self.company, self.id, 1, self.type, self.customer, self.date, self.due, text(self.amount, self.currency), self.currency,
                self.base, self.terms, self.manager]


def disputes(pick: random.Random, items: list[Item]) -> list[list]:
    rows = []
    for number, item in enumerate(items):
        if item.type == "invoice" and pick.random() < 0.3:
            closed = item.date + days(pick.randint(41, 90)) if pick.random() < 0.6 else ""
            amount = text(int(item.amount * pick.uniform(0.1, 1.2)), item.currency) if pick.random() < 0.5 else ""
            rows.append([item.company, f"P{number}", item.id, 1, item.date + days(pick.randint(0, 40)), closed, amount])
    return rows


def applications(pick: random.Random, items: list[Item], count: int) -> list[list]:
    """Applications within what is left of both sides; some are un-applied later, and what they took is not given again."""
    rows = []
    for number in range(count):
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
        given = taken if same else pick.randint(1, credit.left)
        applied = FIRST_DAY + days(pick.randint(0, 320))

        def row(name: str, when: date, sign: int) -> list:
            other = "" if same else signed(sign * given, credit.currency)
            return [company, name, credit.id, 1, debit.id, 1, when, signed(sign * taken, debit.currency), other]

        rows.append(row(f"A{number}", applied, 1))
        if pick.random() < 0.2:
            rows.append(row(f"U{number}", max(applied, debit.date, credit.date) + days(pick.randint(0, 40)), -1))
        debit.left -= taken
        credit.left -= given
    return rows


def write(folder: Path, table: str, header: str, rows: list[list]) -> None:
    with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def generate(seed: int, out: Path, documents: int = 90, matches: int = 120) -> None:
    pick = random.Random(seed)
    rates = {}
    for currency, rate in USUAL_RATES.items():
        for step in range(12):
            day = FIRST_DAY + days(25 * step + pick.randint(-20, 40))
            rates[day, currency] = f"{rate * pick.uniform(0.9, 1.1):.{pick.choice([4, 6, 10])}f}"
    customers = [
        [company, f"K{number}", pick.choice(["DE", "US", ""]), pick.choice(["s1", "s2"]), pick.choice(["m1", "m2", ""]),
         str(pick.random() < 0.15).lower()]
        for company in "xy" for number in range(5)
    ]
    items = [Item(pick, number, *pick.choice(customers)[:2]) for number in range(documents)]
    folder = out / "ledger"
    folder.mkdir(parents=True, exist_ok=True)
    (out / "arrears.toml").write_text(CONFIG, encoding="utf-8")
    write(folder, "documents", "company_id,document_id,item_no,document_type,customer_id,document_date,due_date,amount,currency,base_amount,"
          "terms,account_manager", [item.row() for item in items])
    write(folder, "disputes", "company_id,dispute_id,document_id,item_no,opened_date,closed_date,amount", disputes(pick, items))
    write(folder, "applications", "company_id,application_id,credit_document_id,credit_item_no,debit_document_id,debit_item_no,applied_date,"
          "amount,credit_amount", applications(pick, items, matches))
    write(folder, "customers", "company_id,customer_id,country,segment,account_manager,is_intercompany", customers)
    write(folder, "fx_rates", "rate_date,currency,rate", [[day, currency, rate] for (day, currency), rate in sorted(rates.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=90)
    options = parser.parse_args()
    generate(options.seed, options.out, options.documents, options.documents * 4 // 3)


if __name__ == "__main__":
    main()
