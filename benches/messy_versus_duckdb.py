"""A messy flat export, read by `arrears ingest` and by DuckDB: wall time, processor time, peak memory, as ratios.

    pip install -r tests/requirements.txt
    python3 benches/messy_versus_duckdb.py --arrears target/release/arrears --invoices 10000000 --work /tmp/messy

The file is what a German ERP writes: semicolons, decimal commas, dd.mm.yyyy, text in Windows-1252 or UTF-8, one row an invoice with its
payment where there is one. Four runs, one after the other, A B A B …, each a process of its own, on the same files and threads:

- first       the whole file into an empty ledger, beside DuckDB reading the same file in three ways a user would write it:
              `options`: one table, by the options of its reader (dateformat, decimal_separator), to Parquet;
              `casts`: one table, read as text, with strptime, replace and CAST, to Parquet;
              `ledger`: the three tables that the ledger is (documents with their receipts, applications, customers), to Parquet.
- delta       the second night: one row in a hundred is new, delivered as a delta (a tenth of it corrections and payments of known invoices).
- again       the second night: the whole file delivered again, in another order, with that delta in it, as a full delivery.

`arrears` checks every value, keeps versions and keys and accounts for every row; DuckDB does none of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HEADER = "Belegnummer;Debitor;Name;Land;Belegdatum;Fällig am;Betrag;Währung;Bezahlt am;Bezahlt;Sachbearbeiter"
CONFIG = """output = "out"
base_currency = "EUR"
[[source]]
name = "export"
path = "{path}"
shape = "flat_invoices"
delimiter = ";"
decimal = ","
date_format = "%d.%m.%Y"
delivery = "{delivery}"
columns = {{ document_id = "Belegnummer", customer_id = "Debitor", name = "Name", country = "Land", document_date = "Belegdatum", due_date = "Fällig am", amount = "Betrag", currency = "Währung", paid_date = "Bezahlt am", paid_amount = "Bezahlt", account_manager = "Sachbearbeiter" }}
"""


def rows(first: int, last: int, paid_share: int) -> str:
    """SQL for the rows with these numbers; the same numbers give the same rows, but for what was paid meanwhile."""
    return f"""
        SELECT 'RE' || lpad(n::VARCHAR, 9, '0') AS a, 'D' || lpad(c::VARCHAR, 6, '0') AS b,
            'Müller & Söhne ' || c || ' GmbH' AS name, ['DE','AT','CH','FR','IT'][(1 + c % 5)::INTEGER] AS land,
            strftime(d, '%d.%m.%Y') AS datum, strftime(d + 30, '%d.%m.%Y') AS fällig,
            replace(format('{{:d}}.{{:02d}}', cents // 100, cents % 100), '.', ',') AS betrag, 'EUR' AS währung,
            CASE WHEN h % 100 < {paid_share} THEN strftime(d + (20 + h % 40)::INTEGER, '%d.%m.%Y') END AS bezahlt_am,
            CASE WHEN h % 100 < {paid_share} THEN replace(format('{{:d}}.{{:02d}}', cents // 100, cents % 100), '.', ',') END AS bezahlt,
            'SB' || c % 40 AS sb, n
        FROM (SELECT n, (hash(n) % 100000)::INTEGER AS c, (hash(n + 7) % 1000000)::INTEGER AS h, DATE '2022-01-01' + (n * 1000 // {last})::INTEGER AS d,
                     (100 + hash(n + 13) % 2000000)::BIGINT AS cents
              FROM range({first}, {last}) AS t(n))"""


def write(path: Path, sql: str) -> None:
    import duckdb

    con = duckdb.connect()
    body = path.with_suffix(".body")
    con.execute(f"COPY (SELECT * EXCLUDE (n) FROM ({sql})) TO '{body}' (FORMAT csv, DELIMITER ';', HEADER false, QUOTE '\"')")
    with path.open("wb") as out:
        out.write((HEADER + "\n").encode())
        with body.open("rb") as inner:
            shutil.copyfileobj(inner, out, 1 << 24)
    body.unlink()


def files(work: Path, invoices: int) -> dict[str, Path]:
    made = {name: work / f"{name}_{invoices}.csv" for name in ("first", "delta", "again")}
    new, corrected = invoices // 100, invoices // 1000
    if not made["first"].exists():
        write(made["first"], rows(0, invoices, 80) + " ORDER BY n")
    if not made["delta"].exists():
        known = rows(0, invoices, 90) + f" WHERE n >= {invoices - corrected}"
        write(made["delta"], f"SELECT * FROM ({known}) UNION ALL SELECT * FROM ({rows(invoices, invoices + new - corrected, 10)})")
    if not made["again"].exists():
        old = rows(0, invoices, 80) + f" WHERE n < {invoices - corrected}"
        known = rows(0, invoices, 90) + f" WHERE n >= {invoices - corrected}"
        all_rows = " UNION ALL ".join(f"SELECT * FROM ({part})" for part in (old, known, rows(invoices, invoices + new - corrected, 10)))
        write(made["again"], f"SELECT * FROM ({all_rows}) ORDER BY n // 1000, a DESC")
    return made


def child(way: str, path: Path, out: Path, threads: int) -> None:
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET threads = {threads}")
    con.execute("SET preserve_insertion_order = false")
    money, day = "DECIMAL(18,4)", "DATE"
    types = dict.fromkeys(HEADER.split(";"), "VARCHAR") | {"Belegdatum": day, "Fällig am": day, "Betrag": money, "Bezahlt am": day, "Bezahlt": money}
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in types.items()) + "}"
    read = f"read_csv('{path}', header = true, auto_detect = false, delim = ';', quote = '\"', dateformat = '%d.%m.%Y', decimal_separator = ',', columns = {columns})"
    to = lambda sql, name: con.execute(f"COPY ({sql}) TO '{out / name}.parquet' (FORMAT parquet, COMPRESSION snappy)")
    if way == "options":
        to(f"SELECT * FROM {read}", "invoices")
        return
    if way == "casts":
        text = f"read_csv('{path}', header = true, delim = ';', quote = '\"', all_varchar = true)"
        date = lambda name: f"CAST(strptime(\"{name}\", '%d.%m.%Y') AS DATE) AS \"{name}\""
        amount = lambda name: f"CAST(replace(replace(\"{name}\", '.', ''), ',', '.') AS DECIMAL(18,4)) AS \"{name}\""
        casts = [date("Belegdatum"), date("Fällig am"), amount("Betrag"), date("Bezahlt am"), amount("Bezahlt")]
        others = [f'"{name}"' for name in HEADER.split(";") if not any(f'AS "{name}"' in cast for cast in casts)]
        to(f"SELECT {', '.join(others + casts)} FROM {text}", "invoices")
        return
    to(f"""SELECT Belegnummer AS document_id, 'invoice' AS document_type, Debitor AS customer_id, Belegdatum AS document_date,
                  "Fällig am" AS due_date, Betrag AS amount, Währung AS currency, Sachbearbeiter AS account_manager FROM {read}
           UNION ALL
           SELECT Belegnummer || '-R', 'receipt', Debitor, "Bezahlt am", NULL, Bezahlt, Währung, NULL FROM {read} WHERE "Bezahlt am" IS NOT NULL""", "documents")
    to(f"""SELECT Belegnummer || '-A' AS application_id, Belegnummer || '-R' AS credit_document_id, Belegnummer AS debit_document_id,
                  "Bezahlt am" AS applied_date, least(Bezahlt, Betrag) AS amount FROM {read} WHERE "Bezahlt am" IS NOT NULL""", "applications")
    to(f"SELECT Debitor AS customer_id, arg_max(Name, Belegdatum) AS name, arg_max(Land, Belegdatum) AS country FROM {read} GROUP BY 1", "customers")


def timed(command: list[str], directory: Path) -> tuple[float, float, float]:
    """Wall and processor seconds, and peak memory in MiB, of a command."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command}: {errors.decode()}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrears", type=Path)
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path("/tmp/messy"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--child", nargs=3, metavar=("WAY", "FILE", "OUT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], Path(arguments.child[1]), Path(arguments.child[2]), arguments.threads)
        return
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    made = files(work, arguments.invoices)
    print({name: f"{path.stat().st_size / 1e6:.0f} MB" for name, path in made.items()})
    figures: dict[str, list[tuple[float, float, float]]] = {}
    note = lambda name, figure: figures.setdefault(name, []).append(figure)

    def ingest(folder: Path, name: str, delivery: str) -> tuple[float, float, float]:
        (folder / "in").mkdir(parents=True, exist_ok=True)
        for old in (folder / "in").iterdir():
            old.unlink()
        os.link(made[name], folder / "in" / f"{name}.csv")
        (folder / "arrears.toml").write_text(CONFIG.format(path="in/*.csv", delivery=delivery), encoding="utf-8")
        command = [str(arguments.arrears.resolve()), "ingest", "--as-of", "2025-06-30" if name == "first" else "2025-07-01"]
        return timed(command, folder)

    for _ in range(arguments.runs):
        for way in ("options", "casts", "ledger"):
            out = work / "duckdb"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            command = [sys.executable, __file__, "--threads", str(arguments.threads), "--child", way, str(made["first"]), str(out)]
            note(f"duckdb {way}", timed(command, work))
        for second, delivery in (("delta", "delta"), ("again", "full")):
            folder = work / f"arrears-{second}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            note("arrears first", ingest(folder, "first", delivery))
            note(f"arrears {second}", ingest(folder, second, delivery))
    median = {name: [statistics.median(run[at] for run in runs) for at in range(3)] for name, runs in figures.items()}
    for name, (wall, processor, memory) in median.items():
        print(f"{name:16} {wall:7.2f} s wall  {processor:7.2f} s processor  {memory:6.0f} MiB")
    first = median["arrears first"][0]
    ratios = ", ".join(f"÷ duckdb {way} {first / median[f'duckdb {way}'][0]:.2f}" for way in ("options", "casts", "ledger"))
    print(f"first {ratios}; delta ÷ first {median['arrears delta'][0] / first:.3f}; again ÷ first {median['arrears again'][0] / first:.2f}")


if __name__ == "__main__":
    main()
