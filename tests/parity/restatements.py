"""The SQL twin of `restatements`, run on DuckDB over the nights of an output, and compared with what was published.

    python3 tests/parity/restatements.py --published OUT --as-of 2025-07-31

Exits 1 when a row or a cell differs, or the rows of a restated amount do not sum to its difference.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

import duckdb

SQL = Path(__file__).resolve().parents[2] / "sql/marts/restatements.sql"
COLUMNS = ["company_id", "scope", "scope_value", "table_name", "period_end", "line", "first_as_of_date", "first_amount", "amount", "first_value", "value"]


def oldest_period_end(as_of: datetime.date, history_months: int) -> datetime.date:
    """The first of the last so many month ends on or before a date."""
    after = as_of + datetime.timedelta(days=1)
    months = after.year * 12 + after.month - 1 - (history_months - 1)
    return datetime.date(months // 12, months % 12 + 1, 1) - datetime.timedelta(days=1)


def load(con: duckdb.DuckDBPyConnection, output: Path, as_of: str) -> None:
    folder = lambda night: output / f"marts/as_of_date={night}"
    nights = sorted(path.name.removeprefix("as_of_date=") for path in (output / "marts").iterdir())
    earlier = [night for night in nights if night < as_of]
    con.execute("CREATE TABLE parameters AS SELECT CAST(? AS DATE) AS as_of", [as_of])
    con.execute("CREATE TABLE earlier_nights (as_of_date DATE, oldest_period_end DATE)")
    for night in earlier:
        manifest = json.loads((folder(night) / "manifest.json").read_text())
        oldest = oldest_period_end(datetime.date.fromisoformat(night), manifest["history_months"])
        con.execute("INSERT INTO earlier_nights VALUES (?, ?)", [night, oldest])
    for table in ["roll_forward", "aging", "kpis", "restatements", "restatement_rows"]:
        con.execute(f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{folder(as_of)}/{table}/*.parquet', hive_partitioning = false)")
    for table in ["roll_forward", "aging", "kpis"]:
        parts = [f"SELECT *, DATE '{night}' AS as_of_date FROM read_parquet('{folder(night)}/{table}/*.parquet', hive_partitioning = false)" for night in earlier]
        none = f"SELECT *, CAST(NULL AS DATE) AS as_of_date FROM {table} WHERE FALSE"
        con.execute(f"CREATE TABLE first_{table} AS " + " UNION ALL ".join(parts or [none]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path, required=True)
    parser.add_argument("--as-of", required=True)
    arguments = parser.parse_args()
    con = duckdb.connect()
    load(con, arguments.published, arguments.as_of)
    con.execute("CREATE TABLE twin AS " + SQL.read_text())
    key = COLUMNS[:6]
    same = " AND ".join(f"t.{name} = p.{name}" for name in key)
    exact = " OR ".join(f"t.{name} IS DISTINCT FROM p.{name}" for name in COLUMNS[6:9])
    ratios = " OR ".join(
        f"(t.{name} IS NULL) <> (p.{name} IS NULL) OR ABS(t.{name} - p.{name}) > 1e-9 * GREATEST(1.0, ABS(t.{name}))" for name in COLUMNS[9:]
    )
    wrong = con.execute(f"""
        SELECT {", ".join(f"COALESCE(t.{name}, p.{name})" for name in key)}, t.amount, p.amount, t.value, p.value
        FROM twin AS t FULL OUTER JOIN restatements AS p ON {same}
        WHERE t.line IS NULL OR p.line IS NULL OR {exact} OR {ratios}""").fetchall()
    unexplained = con.execute("SELECT * FROM twin WHERE unexplained <> 0").fetchall()
    stray = con.execute(f"SELECT * FROM restatement_rows AS p WHERE NOT EXISTS (SELECT 1 FROM twin AS t WHERE {same})").fetchall()
    for rows, what in [(wrong, "differs"), (unexplained, "is not explained"), (stray, "explains nothing")]:
        for row in rows[:5]:
            print(f"{what}: {row}")
    print(f"{con.execute('SELECT COUNT(*) FROM twin').fetchone()[0]} restated, {len(wrong)} differ, {len(unexplained)} unexplained, {len(stray)} stray")
    return 1 if wrong or unexplained or stray else 0


if __name__ == "__main__":
    sys.exit(main())
