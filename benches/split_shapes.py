"""Exports whose rows are split, read by `arrears ingest`: open and cleared items as SAP lists them, and postings that name what they settle.

    pip install -r tests/requirements.txt
    python3 benches/split_shapes.py --arrears target/release/arrears --shape open_and_cleared --rows 1000000 --work /tmp/split

Three runs, each a process of its own: the whole list into an empty ledger; the second night with one row in a hundred, delivered as a delta
(half of them new, half of them rows of known items that were cleared, applied or taken back since); the second night with the whole list
delivered again, in another order, with that delta in it, as a full delivery. Wall time, processor time, peak memory, and the ratios to the
first night. Several `--arrears` take turns on the same files.

With `--shape open_and_cleared` four items in five are cleared, three invoices with one payment each; with `--shape transactions` six
postings in ten are invoices, and of the payments one in ten names nothing yet.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from messy_versus_duckdb import timed

CONFIG = {
    "open_and_cleared": 'preset = "sap_customer_items"\nencoding = "utf-8"',
    "transactions": """shape = "transactions"
delimiter = ";"
decimal = ","
date_format = "%d.%m.%Y"
columns = { document_id = "Beleg", document_type = "Art", customer_id = "Konto", name = "Name", document_date = "Datum", due_date = "Fällig", amount = "Betrag", currency = "Währung", applies_to = "Zahlt auf", credit_document_id = "Bezahlt durch" }
""",
}
DAY = "strftime({}, '%d.%m.%Y')"
CENTS = "replace(format('{{:d}}.{{:02d}}', {0} // 100, {0} % 100), '.', ',')"


def items(first: int, last: int, groups: int, cleared: str) -> str:
    """SQL for the items of the clearings with these numbers: three invoices each and, where `cleared` says so, their payment."""
    cents = "(100 + hash(g * 4 + i) % 2000000)::BIGINT"
    of_all = " + ".join(cents.replace("+ i)", f"+ {at})") for at in range(3))
    return f"""
        SELECT '1000' AS "Company Code", lpad((g * 4 + i)::VARCHAR, 10, '0') AS "Document Number", '1' AS "Line item",
            CASE WHEN i < 3 THEN 'RV' ELSE 'DZ' END AS "Document Type", lpad((hash(g) % 100000)::VARCHAR, 10, '0') AS "Account",
            'Müller & Söhne ' || hash(g) % 100000 || ' GmbH' AS "Name 1", {DAY.format("d + (i * 9)::INTEGER")} AS "Document Date",
            {DAY.format("d + (i * 9 + 30)::INTEGER")} AS "Net due date",
            CASE WHEN i < 3 THEN {CENTS.format(cents)} ELSE {CENTS.format(f"({of_all})")} || '-' END AS "Amount in doc. curr.",
            'EUR' AS "Document currency", CASE WHEN c THEN lpad((4000000000 + g)::VARCHAR, 10, '0') END AS "Clearing Document",
            CASE WHEN c THEN {DAY.format("d + (35 + hash(g + 5) % 40)::INTEGER")} END AS "Clearing date", g * 4 + i AS n
        FROM (SELECT g, i, DATE '2022-01-01' + (g * 900 // {groups})::INTEGER AS d, {cleared} AS c
              FROM range({first}, {last}) AS a(g), range(4) AS b(i)) WHERE i < 3 OR c"""


def postings(first: int, last: int, count: int, applied: str) -> str:
    """SQL for the postings with these numbers: of each ten six invoices and four payments, of the first four of them, where `applied`."""
    invoice = "(n - 6)"
    cents = lambda of: f"(100 + hash({of}) % 2000000)::BIGINT"
    return f"""
        SELECT CASE WHEN pay THEN 'ZE' ELSE 'RE' END || lpad(n::VARCHAR, 9, '0') AS "Beleg", CASE WHEN pay THEN 'receipt' ELSE 'invoice' END AS "Art",
            'D' || lpad((hash(n // 10) % 100000)::VARCHAR, 6, '0') AS "Konto", 'Müller & Söhne ' || hash(n // 10) % 100000 || ' GmbH' AS "Name",
            {DAY.format("d + (CASE WHEN pay THEN 40 ELSE 0 END)::INTEGER")} AS "Datum", CASE WHEN NOT pay THEN {DAY.format("d + 30")} END AS "Fällig",
            CASE WHEN pay THEN {CENTS.format(cents(invoice))} ELSE {CENTS.format(cents("n"))} END AS "Betrag", 'EUR' AS "Währung",
            CASE WHEN pay AND {applied} THEN 'RE' || lpad({invoice}::VARCHAR, 9, '0') END AS "Zahlt auf", NULL AS "Bezahlt durch", n
        FROM (SELECT n, n % 10 >= 6 AS pay, DATE '2022-01-01' + (n * 900 // {count})::INTEGER AS d FROM range({first}, {last}) AS a(n))"""


def parts(shape: str, rows: int) -> dict[str, str]:
    """SQL for the three files."""
    new = rows // 200
    if shape == "open_and_cleared":
        # Cleared groups have four rows, open ones three; the open ones come last.
        groups = rows * 5 // 19
        open_from, moved, fresh = groups * 4 // 5, new // 4, new // 3
        old = items(0, groups, groups, f"g < {open_from}")
        now = f"g < {open_from + moved}"
        delta = f"{items(open_from, open_from + moved, groups, now)} UNION ALL {items(groups, groups + fresh, groups, 'false')}"
        again = items(0, groups + fresh, groups, now)
    else:
        named = "hash(n) % 10 > 0"
        # What named nothing names its invoice, what named one no longer does: of the last payments every tenth and ninth.
        since = f"CASE WHEN n < {rows - new * 5 // 2} OR n >= {rows} THEN {named} ELSE hash(n) % 10 <> 1 END"
        changed = f"SELECT * FROM ({postings(rows - new * 5 // 2, rows, rows, since)}) WHERE n % 10 >= 6 AND n % 2 = 0"
        old = postings(0, rows, rows, named)
        delta = f"{changed} UNION ALL {postings(rows, rows + new, rows, 'false')}"
        again = postings(0, rows + new, rows, f"CASE WHEN n >= {rows} THEN false WHEN n % 2 = 0 THEN {since} ELSE {named} END")
    return {"first": f"{old} ORDER BY n", "delta": delta, "again": f"SELECT * FROM ({again}) ORDER BY n // 1000, n DESC"}


def write(path: Path, sql: str) -> None:
    import duckdb

    con = duckdb.connect()
    con.execute("SET memory_limit = '3GB'")
    con.execute(f"COPY (SELECT * EXCLUDE (n) FROM ({sql})) TO '{path}' (FORMAT csv, DELIMITER ';', HEADER true)")


def files(work: Path, shape: str, rows: int) -> dict[str, Path]:
    made = {}
    for name, sql in parts(shape, rows).items():
        made[name] = work / f"{shape}_{name}_{rows}.csv"
        if not made[name].exists():
            # In a process of its own: the peak memory of a child begins with its parent's.
            process = multiprocessing.get_context("spawn").Process(target=write, args=(made[name], sql))
            process.start()
            process.join()
            if process.exitcode != 0:
                sys.exit(f"{made[name]} could not be written")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrears", type=Path, required=True, action="append")
    parser.add_argument("--shape", choices=CONFIG, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path("/tmp/split"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="leave the ledgers of the last run")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    made = files(arguments.work, arguments.shape, arguments.rows)
    print({name: f"{path.stat().st_size / 1e6:.0f} MB" for name, path in made.items()}, flush=True)
    figures: dict[tuple[Path, str], list[tuple[float, float, float]]] = {}

    def ingest(program: Path, folder: Path, name: str, delivery: str) -> None:
        (folder / "in").mkdir(parents=True, exist_ok=True)
        for old in (folder / "in").iterdir():
            old.unlink()
        os.link(made[name], folder / "in" / f"{name}.csv")
        source = f'name = "export"\npath = "in/*.csv"\ndelivery = "{delivery}"\n{CONFIG[arguments.shape]}'
        (folder / "arrears.toml").write_text(f'output = "out"\nbase_currency = "EUR"\n[[source]]\n{source}', encoding="utf-8")
        command = [str(program.resolve()), "ingest", "--as-of", "2025-06-30" if name == "first" else "2025-07-01"]
        figures.setdefault((program, name), []).append(timed(command, folder))

    for _ in range(arguments.runs):
        for number, program in enumerate(arguments.arrears):
            for second, delivery in (("delta", "delta"), ("again", "full")):
                folder = arguments.work / f"{arguments.shape}-{number}-{second}"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                ingest(program, folder, "first", delivery)
                ingest(program, folder, second, delivery)
                if not arguments.keep:
                    shutil.rmtree(folder)
    median = {key: [statistics.median(run[at] for run in runs) for at in range(3)] for key, runs in figures.items()}
    for (program, name), (wall, processor, memory) in median.items():
        ratio = wall / median[program, "first"][0]
        print(f"{program.name:16} {name:6} {wall:7.2f} s wall  {processor:7.2f} s processor  {memory:6.0f} MiB  ÷ first {ratio:.3f}")
    base = arguments.arrears[0]
    for (program, name), (wall, _, _) in median.items():
        if program != base:
            print(f"{name} of {program.name} ÷ {base.name}: {wall / median[base, name][0]:.3f}")


if __name__ == "__main__":
    main()
