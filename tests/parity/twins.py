"""The SQL twins of the marts, run on DuckDB, and compared cell by cell with what `arrears` published.

    python3 tests/parity/twins.py build   --ledger DIR --out DIR --as-of 2025-06-30 --base USD
    python3 tests/parity/twins.py compare --ledger DIR --published OUT/marts/as_of_date=2025-06-30 --as-of 2025-06-30 --base USD

DIR is a folder of canonical files named for their tables (documents.csv, applications.csv.gz, customers.parquet …).
`build` writes DIR/<table>/part-00000.parquet; `compare` exits 1 when a row or a cell differs. Needs `pip install -r tests/requirements.txt`.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

SQL = Path(__file__).resolve().parents[2] / "sql"


def order() -> tuple[list[str], dict[str, list[str]], dict[str, list[str]]]:
    """What sql/order.txt says: the steps, which tables go after which step, and the marts with their keys."""
    steps, drop_after, marts = [], {}, {}
    for line in (SQL / "order.txt").read_text().splitlines():
        kind, *words = line.split(" ") if line and not line.startswith("#") else [""]
        if kind == "step":
            steps.append(words[0])
        elif kind == "drop":
            drop_after.setdefault(steps[-1], []).append(words[0])
        elif kind == "mart":
            marts[words[0]] = words[1:]
    return steps, drop_after, marts


STEPS, DROP_AFTER, MARTS = order()

MONEY, RATE = "DECIMAL(18,4)", "DECIMAL(18,10)"
VERSION = {"recorded_at": "TIMESTAMP", "is_deleted": "BOOLEAN"}
# Where a row was delivered: here all of them in one file.
PLACE = {"source_file": "INTEGER", "source_line": "BIGINT"}

# The canonical tables of this cut: key columns and all columns with their types.
CANONICAL = {
    "documents": (["company_id", "document_id", "item_no"], {
        "company_id": "VARCHAR", "document_id": "VARCHAR", "item_no": "BIGINT", "document_type": "VARCHAR", "customer_id": "VARCHAR",
        "document_date": "DATE", "due_date": "DATE", "amount": MONEY, "currency": "VARCHAR", "base_amount": MONEY, "terms": "VARCHAR",
        "discount_percent": RATE, "discount_date": "DATE", "delivery_date": "DATE", "account_manager": "VARCHAR",
        "payment_method": "VARCHAR", "reason": "VARCHAR", "reference": "VARCHAR"}),
    "applications": (["company_id", "application_id"], {
        "company_id": "VARCHAR", "application_id": "VARCHAR", "credit_document_id": "VARCHAR", "credit_item_no": "BIGINT",
        "debit_document_id": "VARCHAR", "debit_item_no": "BIGINT", "applied_date": "DATE", "amount": MONEY, "credit_amount": MONEY}),
    "customers": (["company_id", "customer_id"], {
        "company_id": "VARCHAR", "customer_id": "VARCHAR", "name": "VARCHAR", "parent_id": "VARCHAR", "country": "VARCHAR",
        "region": "VARCHAR", "industry": "VARCHAR", "segment": "VARCHAR", "account_manager": "VARCHAR", "payment_terms_days": "BIGINT",
        "credit_limit": MONEY, "credit_limit_currency": "VARCHAR", "insured_amount": MONEY, "opened_date": "DATE",
        "is_intercompany": "BOOLEAN"}),
    "disputes": (["company_id", "dispute_id"], {
        "company_id": "VARCHAR", "dispute_id": "VARCHAR", "document_id": "VARCHAR", "item_no": "BIGINT", "opened_date": "DATE",
        "closed_date": "DATE", "amount": MONEY, "reason": "VARCHAR"}),
    "promises": (["company_id", "promise_id"], {
        "company_id": "VARCHAR", "promise_id": "VARCHAR", "customer_id": "VARCHAR", "document_id": "VARCHAR", "made_date": "DATE",
        "promised_date": "DATE", "amount": MONEY, "currency": "VARCHAR"}),
    "fx_rates": (["rate_date", "currency"], {"rate_date": "DATE", "currency": "VARCHAR", "rate": RATE}),
    "gl_balances": (["company_id", "balance_date", "account"], {
        "company_id": "VARCHAR", "balance_date": "DATE", "account": "VARCHAR", "amount": MONEY}),
}
DEFAULTS = {"company_id": "'main'", "item_no": "1", "credit_item_no": "1", "debit_item_no": "1"}

# What one alert says, in the order of `--alert`.
ALERT = {"alert": "VARCHAR", "metric": "VARCHAR", "convention": "VARCHAR", "time_window": "VARCHAR", "scope": "VARCHAR", "rule": "VARCHAR",
         "threshold": "DOUBLE"}

# ISO 4217: every currency that does not have two digits after the point.
MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


# --- the ledger ------------------------------------------------------------------------------------------------------------------

def table_files(ledger: Path, table: str) -> list[Path]:
    """The files of one canonical table; change this, and `read_columns`, for another kind of ledger."""
    found = [p for suffix in ("csv", "csv.gz", "parquet") for p in [ledger / f"{table}.{suffix}"] if p.exists()]
    return found or sorted((ledger / table).glob("*.parquet"))


def relation(files: list[Path]) -> str:
    names = "[" + ", ".join("'" + str(f).replace("'", "''") + "'" for f in files) + "]"
    if files[0].suffix == ".parquet":
        return f"read_parquet({names}, union_by_name = true)"
    return f"read_csv({names}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', union_by_name = true)"


def load_table(con: duckdb.DuckDBPyConnection, ledger: Path, table: str, known_as_of: str | None) -> bool:
    """Creates `table` with the current version of every key; an absent table is created empty. Tells whether it was supplied."""
    key, columns = CANONICAL[table]
    files = table_files(ledger, table)
    # Due dates that no row says are filled in by sql/inputs/documents.sql.
    resolved = "documents_as_delivered" if table == "documents" else table
    if not files:
        of_versions = {**columns, **VERSION, **PLACE}
        con.execute(f"CREATE TABLE {table}_versions (" + ", ".join(f"{name} {kind}" for name, kind in of_versions.items()) + ")")
        con.execute(f"CREATE VIEW {resolved} AS SELECT {', '.join(columns)}, source_file, recorded_at FROM {table}_versions")
        return False
    source = relation(files)
    present = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}

    def typed(name: str, kind: str) -> str:
        value = f"CAST({name} AS {kind})" if name in present else f"CAST(NULL AS {kind})"
        return f"COALESCE({value}, {DEFAULTS[name]}) AS {name}" if name in DEFAULTS else f"{value} AS {name}"

    # Parquet is read where it lies; text is converted once.
    kind_of_copy = "VIEW" if files[0].suffix == ".parquet" else "TABLE"
    rows = ", ".join(typed(name, kind) for name, kind in {**columns, **VERSION}.items())
    known = f"recorded_at IS NULL OR recorded_at < CAST(DATE '{known_as_of}' + 1 AS TIMESTAMP)" if known_as_of else "TRUE"
    con.execute(f"""CREATE {kind_of_copy} {table}_versions AS
        SELECT * FROM (SELECT {rows}, CAST(0 AS INTEGER) AS source_file, CAST(0 AS BIGINT) AS source_line FROM {source}) WHERE {known}""")
    keys, names = ", ".join(key), ", ".join(columns)
    con.execute(f"CREATE TABLE {table}_repeated AS SELECT {keys} FROM {table}_versions WHERE {known} GROUP BY {keys} HAVING COUNT(*) > 1")
    # Of a key with several versions the latest counts (a row without an instant was known from the beginning); equal rows are one.
    # Different rows of one key and one instant are all left out, as at ingest (`duplicate_key`).
    same_key = " AND ".join(f"v.{k} = r.{k}" for k in key)
    con.execute(f"""
        CREATE TABLE {table}_latest AS
        WITH repeated AS (
            SELECT DISTINCT {", ".join("v." + n for n in columns)}, COALESCE(v.is_deleted, FALSE) AS is_deleted,
                COALESCE(v.recorded_at, TIMESTAMP '0001-01-01') AS known_at
            FROM {table}_versions v JOIN {table}_repeated r ON {same_key} WHERE {known.replace("recorded_at", "v.recorded_at")}
        ),
        counted AS (SELECT repeated.*, COUNT(*) OVER (PARTITION BY {keys}, known_at) AS rivals FROM repeated),
        latest AS (SELECT {keys}, MAX(known_at) AS known_at FROM counted WHERE rivals = 1 GROUP BY {keys})
        SELECT v.* FROM counted v JOIN latest r ON {same_key} AND v.known_at = r.known_at""")
    lost = con.execute(f"SELECT COUNT(*) FROM {table}_repeated v WHERE NOT EXISTS (SELECT 1 FROM {table}_latest r WHERE {same_key})").fetchone()[0]
    if lost:
        print(f"note: {lost:,} keys of {table} left out: different rows with one instant (duplicate_key)", file=sys.stderr)
    once = f" AND NOT EXISTS (SELECT 1 FROM {table}_repeated r WHERE {same_key})"
    if con.execute(f"SELECT COUNT(*) FROM {table}_repeated").fetchone()[0] == 0:
        once = ""
    con.execute(f"""
        CREATE VIEW {resolved} AS
        SELECT {names}, 0 AS source_file, recorded_at FROM {table}_versions v WHERE ({known}) AND NOT COALESCE(is_deleted, FALSE){once}
        UNION ALL
        SELECT {names}, 0 AS source_file, CASE WHEN known_at > TIMESTAMP '0001-01-01' THEN known_at END AS recorded_at
        FROM {table}_latest WHERE NOT is_deleted""")
    return True


# --- the twins -------------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Parameters:
    """What a run is asked for; the defaults are those of `arrears.toml`."""

    as_of: str
    base: str
    history_months: int = 60
    known_as_of: str | None = None
    on_time_grace_days: int = 0
    late_interest_rate: str = "0.08"
    history_start_date: str | None = None
    scope_pairs: tuple[tuple[str, str], ...] = ()  # ("segment", "country") …
    alerts: tuple[tuple, ...] = ()                 # rows of ALERT
    due_date_from_customer: bool = False           # the key of the source


def load(con, ledger: Path, parameters: Parameters) -> None:
    """Creates the inputs of the steps: the canonical tables, parameters, scope_pairs, alerts, currencies and calendar."""
    supplied = {table: load_table(con, ledger, table, parameters.known_as_of) for table in CANONICAL}
    con.execute(f"""CREATE TABLE ledger_files AS
        SELECT 0 AS source_file, 0 AS follows_at, 0 AS says_at, {parameters.due_date_from_customer} AS fills_from_customer,
            CAST(NULL AS BIGINT) AS default_payment_days""")
    con.execute("CREATE TABLE over_applied (source_file INTEGER, source_line BIGINT, record_key VARCHAR)")
    con.execute(f"CREATE VIEW documents AS {statement('inputs', 'documents')}")
    base = parameters.base
    con.execute(f"""CREATE TABLE parameters (as_of DATE, base_currency VARCHAR, history_months BIGINT, has_disputes BOOLEAN,
        has_promises BOOLEAN, on_time_grace_days BIGINT, late_interest_rate {RATE}, history_start_date DATE)""")
    con.execute(f"INSERT INTO parameters VALUES (?, ?, ?, ?, ?, ?, CAST(? AS {RATE}), ?)", [
        parameters.as_of, base, parameters.history_months, supplied["disputes"], supplied["promises"], parameters.on_time_grace_days,
        str(parameters.late_interest_rate), parameters.history_start_date])
    con.execute("CREATE TABLE scope_pairs (first_scope VARCHAR, second_scope VARCHAR)")
    con.execute("CREATE TABLE alerts (" + ", ".join(f"{name} {kind}" for name, kind in ALERT.items()) + ")")
    for table, rows in (("scope_pairs", parameters.scope_pairs), ("alerts", parameters.alerts)):
        for row in rows:
            con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in row)})", list(row))
    con.execute("CREATE TABLE currencies (currency VARCHAR, minor_digits BIGINT)")
    con.executemany("INSERT INTO currencies VALUES (?, ?)", sorted({base: 2, **MINOR_DIGITS}.items()))
    con.execute(f"CREATE TABLE calendar AS {statement('inputs', 'calendar')}")


def statement(folder: str, name: str) -> str:
    return (SQL / folder / f"{name}.sql").read_text()


def run_steps(con, timings: dict[str, float] | None = None) -> None:
    for name in STEPS:
        started = time.perf_counter()
        con.execute(f"CREATE TABLE {name} AS {statement('steps', name)}")
        for gone in DROP_AFTER.get(name, []):
            con.execute(f"DROP TABLE {gone}")
        if timings is not None:
            timings[name] = time.perf_counter() - started


def write_marts(con, out: Path, timings: dict[str, float] | None = None) -> None:
    """Writes each mart as out/<table>/part-00000.parquet."""
    for name in MARTS:
        started = time.perf_counter()
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "part-00000.parquet"
        con.execute(f"COPY ({statement('marts', name)}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{file}', hive_partitioning = false)")
        if timings is not None:
            timings[name] = time.perf_counter() - started


def create_marts(con) -> None:
    for name in MARTS:
        con.execute(f"CREATE TABLE twin_{name} AS {statement('marts', name)}")
        con.execute(f"CREATE VIEW {name} AS SELECT * FROM twin_{name}")


def connect(threads: int | None = None, memory_limit: str | None = None, temp: Path | None = None):
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order = false")
    if threads:
        con.execute(f"SET threads = {threads}")
    if memory_limit:
        con.execute(f"SET memory_limit = '{memory_limit}'")
    if temp:
        con.execute(f"SET temp_directory = '{temp}'")
    return con


# --- the comparison --------------------------------------------------------------------------------------------------------------

def differs(name: str, kind: str, tolerance: float) -> str:
    twin, published = f"t.{name}", f"p.{name}"
    if kind != "DOUBLE":
        return f"{twin} IS DISTINCT FROM {published}"
    return (f"(({twin} IS NULL) <> ({published} IS NULL) OR isnan({twin}) OR isnan({published}) "
            f"OR abs({twin} - {published}) > {tolerance} + {tolerance} * abs({twin}))")


def compare_table(con, name: str, key: list[str], published: Path, tolerance: float, show: int) -> int:
    """Prints what differs between the twin and the published table; returns how many rows and cells do."""
    con.execute(f"CREATE OR REPLACE VIEW published AS SELECT * FROM read_parquet('{published}', hive_partitioning = false)")
    twin_columns = {r[0]: r[1] for r in con.execute(f"DESCRIBE twin_{name}").fetchall()}
    published_columns = {r[0]: r[1] for r in con.execute("DESCRIBE published").fetchall()}
    findings = 0
    for column in twin_columns.keys() | published_columns.keys():
        ours, theirs = twin_columns.get(column), published_columns.get(column)
        if ours != theirs:
            findings += 1
            print(f"  column {column}: twin {ours or 'absent'}, published {theirs or 'absent'}")
    cells = [c for c in twin_columns if c in published_columns and c not in key]
    join = " AND ".join(f"t.{k} = p.{k}" for k in key)
    twins, rows = (con.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in (f"twin_{name}", "published"))
    for side, here, there in (("only in the twin", "t", "p"), ("only published", "p", "t")):
        source = (f"FROM twin_{name} t" if here == "t" else "FROM published p")
        other = (f"published p" if here == "t" else f"twin_{name} t")
        missing = f"{source} WHERE NOT EXISTS (SELECT 1 FROM {other} WHERE {join})"
        count = con.execute(f"SELECT COUNT(*) {missing}").fetchone()[0]
        if count:
            findings += count
            print(f"  {count:,} rows {side}")
            for row in con.execute(f"SELECT {here}.* {missing} ORDER BY {', '.join(here + '.' + k for k in key)} LIMIT {show}").fetchall():
                print("    " + " | ".join(str(v) for v in row))
    for order, source in (("twin", f"twin_{name}"), ("published", "published")):
        doubled = con.execute(f"SELECT COUNT(*) FROM (SELECT 1 FROM {source} GROUP BY {', '.join(key)} HAVING COUNT(*) > 1)").fetchone()[0]
        if doubled:
            findings += doubled
            print(f"  {doubled:,} keys more than once in the {order}")
    matched = con.execute(f"SELECT COUNT(*) FROM twin_{name} t JOIN published p ON {join}").fetchone()[0]
    for column in cells:
        if twin_columns[column] != published_columns[column] and "DOUBLE" in (twin_columns[column], published_columns[column]):
            continue
        condition = differs(column, twin_columns[column], tolerance)
        count = con.execute(f"SELECT COUNT(*) FROM twin_{name} t JOIN published p ON {join} WHERE {condition}").fetchone()[0]
        if count:
            findings += count
            print(f"  {count:,} cells differ in {column}")
            keys = ", ".join("t." + k for k in key)
            for row in con.execute(f"SELECT {keys}, t.{column}, p.{column} FROM twin_{name} t JOIN published p ON {join} "
                                   f"WHERE {condition} ORDER BY {keys} LIMIT {show}").fetchall():
                print("    " + " | ".join(str(v) for v in row[:-2]) + f" | twin {row[-2]} | published {row[-1]}")
    verdict = "equal" if not findings else f"{findings:,} differences"
    print(f"{name}: {twins:,} rows in the twin, {rows:,} published, {matched * len(cells):,} cells compared: {verdict}")
    return findings


def compare(con, published: Path, tolerance: float = 1e-9, show: int = 5, tables: list[str] | None = None) -> int:
    findings = 0
    for name in tables or MARTS:
        path = published / name / "part-00000.parquet"
        if not path.exists():
            print(f"{name}: not published: {path}")
            findings += 1
            continue
        findings += compare_table(con, name, MARTS[name], path, tolerance, show)
    return findings


# --- the command -----------------------------------------------------------------------------------------------------------------

def pair(text: str) -> tuple[str, str]:
    first, second = text.split(",")
    return first, second


def alert(text: str) -> tuple:
    *words, threshold = text.split(",")
    if len(words) != len(ALERT) - 1:
        raise ValueError(text)
    return *words, float(threshold)


def add_parameters(command: argparse.ArgumentParser) -> None:
    """The options that `parameters_of` reads."""
    command.add_argument("--as-of", required=True, type=lambda text: str(datetime.date.fromisoformat(text)))
    command.add_argument("--base", required=True, help="base currency")
    command.add_argument("--history-months", type=int, default=60)
    command.add_argument("--known-as-of", help="rows recorded after this date are invisible")
    command.add_argument("--on-time-grace-days", type=int, default=0)
    command.add_argument("--late-interest-rate", default="0.08", help="a year, as a share (default: %(default)s)")
    command.add_argument("--history-start-date", help="items dated before enter the payment curves late")
    command.add_argument("--due-date-from-customer", action="store_true", help="the source asks for it")
    command.add_argument("--scope-pair", type=pair, action="append", default=[], help="such as segment,country (may be repeated)")
    command.add_argument("--alert", type=alert, action="append", default=[], help=",".join(ALERT) + " (may be repeated)")


def parameters_of(options: argparse.Namespace) -> Parameters:
    return Parameters(
        options.as_of, options.base, options.history_months, options.known_as_of, options.on_time_grace_days, options.late_interest_rate,
        options.history_start_date, tuple(options.scope_pair), tuple(options.alert), options.due_date_from_customer)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, summary in (("build", "write each mart as Parquet"), ("compare", "compare each mart with what was published")):
        command = commands.add_parser(name, help=summary)
        command.add_argument("--ledger", type=Path, required=True, help="folder of canonical files")
        add_parameters(command)
        command.add_argument("--threads", type=int)
        command.add_argument("--timings", action="store_true", help="seconds of each step, to stderr")
        if name == "build":
            command.add_argument("--out", type=Path, required=True)
        else:
            command.add_argument("--published", type=Path, required=True, help="OUT/marts/as_of_date=YYYY-MM-DD")
            command.add_argument("--tolerance", type=float, default=1e-9, help="for DOUBLE, relative plus absolute (default: %(default)s)")
            command.add_argument("--show", type=int, default=5, help="differences to show of each kind")
            command.add_argument("--table", action="append", choices=list(MARTS), help="only this mart (may be repeated)")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    con = connect(options.threads)
    timings: dict[str, float] = {}
    load(con, options.ledger, parameters_of(options))
    run_steps(con, timings)
    if options.command == "build":
        write_marts(con, options.out, timings)
        findings = 0
    else:
        create_marts(con)
        findings = compare(con, options.published, options.tolerance, options.show, options.table)
    if options.timings:
        for name, seconds in timings.items():
            print(f"{seconds:8.2f} s  {name}", file=sys.stderr)
        print(f"{sum(timings.values()):8.2f} s  in all", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
