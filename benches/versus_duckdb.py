"""`arrears` and DuckDB on the same ledger, one after the other: wall time, processor time, peak memory.

    pip install -r tests/requirements.txt
    python3 benches/versus_duckdb.py --arrears target/release/arrears --invoices 1000000 --work /tmp/versus

(a) ingest: canonical CSV to Parquet. `arrears ingest` against one `COPY (SELECT … FROM read_csv(…)) TO … (FORMAT parquet)` a table.
(b) marts:  every mart of sql/marts from Parquet. `arrears run` on the ledger ingested in (a) against the SQL twins on DuckDB.

Each part runs A B A B … in one session, on the same files, on the same number of threads, each run a process of its own; the figures are
medians. The two sides do not do the same work: `arrears ingest` also checks every value, keeps versions and numbers the keys, which `run`
then profits from, and `arrears run` also checks the ledger's laws and writes the manifest. DuckDB converts only, and its marts resolve
versions and match applications by their keys. So look at the sum of (a) and (b) too.

Without --arrears only the DuckDB side runs, on --ledger DIR (a folder of canonical CSV files).
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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "parity"))

# Types of the canonical columns, by name; whatever is not here is text.
MONEY, RATE = "DECIMAL(18,4)", "DECIMAL(18,10)"
TYPES = {
    "item_no": "BIGINT", "credit_item_no": "BIGINT", "debit_item_no": "BIGINT", "payment_terms_days": "BIGINT",
    "amount": MONEY, "base_amount": MONEY, "credit_amount": MONEY, "credit_limit": MONEY, "insured_amount": MONEY,
    "discount_percent": MONEY, "rate": RATE, "is_intercompany": "BOOLEAN", "is_deleted": "BOOLEAN", "recorded_at": "TIMESTAMP",
}


def column_type(name: str) -> str:
    return TYPES.get(name) or ("DATE" if name.endswith("_date") else "VARCHAR")


# --- the children: what DuckDB does, in a process of its own ------------------------------------------------------------------------

def child_convert(ledger: Path, out: Path, threads: int) -> None:
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET threads = {threads}")
    con.execute("SET preserve_insertion_order = false")
    for path in sorted(ledger.glob("*.csv")):
        names = path.open(encoding="utf-8").readline().strip().split(",")
        columns = "{" + ", ".join(f"'{name}': '{column_type(name)}'" for name in names) + "}"
        con.execute(
            f"COPY (SELECT * FROM read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', columns = {columns})) "
            f"TO '{out / (path.stem + '.parquet')}' (FORMAT parquet, COMPRESSION zstd)")


def child_marts(ledger: Path, out: Path, as_of: str, base: str, threads: int, timings: bool) -> None:
    import twins

    con = twins.connect(threads, temp=out.parent / "duckdb-temporary")
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    twins.load(con, ledger, twins.Parameters(as_of, base))
    seconds["load"] = time.perf_counter() - started
    twins.run_steps(con, seconds)
    twins.write_marts(con, out, seconds)
    if timings:
        for name, value in seconds.items():
            print(f"{value:8.2f} s  {name}", file=sys.stderr)


# --- the measurement ----------------------------------------------------------------------------------------------------------------

class Run:
    """One process: how long it took, how much processor time, how much memory at most."""

    def __init__(self, command: list[str], threads: int, log: Path):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "POLARS_MAX_THREADS": str(threads)}
        with log.open("ab") as output:
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"error: exit status {process.returncode}: {' '.join(command)}\n  --> {log}")
        self.processor = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def removed(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def median(runs: list[Run], field: str) -> float:
    return statistics.median(getattr(run, field) for run in runs)


def report(part: str, sides: dict[str, list[Run]]) -> None:
    print(f"\n{part}")
    print(f"  {'':10}{'wall s':>9}{'processor s':>13}{'peak MB':>10}   wall of each run")
    for side, runs in sides.items():
        print(f"  {side:10}{median(runs, 'wall'):9.2f}{median(runs, 'processor'):13.2f}{median(runs, 'peak_mb'):10.0f}   "
              + " ".join(f"{run.wall:.2f}" for run in runs))
    if len(sides) == 2:
        ours, theirs = sides["arrears"], sides["duckdb"]
        ratios = [b.wall / a.wall for a, b in zip(ours, theirs)]
        print(f"  duckdb ÷ arrears: wall {median(theirs, 'wall') / median(ours, 'wall'):.2f} (pairs {min(ratios):.2f} to {max(ratios):.2f}), "
              f"peak memory {median(theirs, 'peak_mb') / median(ours, 'peak_mb'):.2f}")


def alternate(sides: dict, runs: int) -> dict[str, list[Run]]:
    """A B A B …: each side is (prepare, command builder)."""
    done: dict[str, list[Run]] = {side: [] for side in sides}
    for _ in range(runs):
        for side, run in sides.items():
            done[side].append(run())
    return done


def rows_of(folder: Path) -> str:
    import duckdb

    counts = []
    for path in sorted(folder.glob("*.parquet")):
        (count,) = duckdb.connect().execute("SELECT COUNT(*) FROM read_parquet(?)", [str(path)]).fetchone()
        counts.append(f"{path.stem} {count:,}")
    return ", ".join(counts)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arrears", type=Path, help="the binary; without it only the DuckDB side runs")
    parser.add_argument("--invoices", type=int, default=1_000_000, help="size of the generated ledger (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="folder for everything written; the generated ledger is kept and used again")
    parser.add_argument("--runs", type=int, default=3, help="runs of each side (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of each side (default: %(default)s)")
    parser.add_argument("--as-of", default="2025-06-30")
    parser.add_argument("--base", default="USD", help="base currency of the ledger (default: %(default)s)")
    parser.add_argument("--ledger", type=Path, help="folder of canonical CSV files to use instead of generating")
    parser.add_argument("--parity", action="store_true", help="compare what both sides published, cell by cell, at the end")
    parser.add_argument("--timings", action="store_true", help="seconds of each SQL step, in WORK/duckdb.log")
    parser.add_argument("--child", choices=["convert", "marts"], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.child == "convert":
        child_convert(options.ledger, options.out, options.threads)
        return 0
    if options.child == "marts":
        child_marts(options.ledger, options.out, options.as_of, options.base, options.threads, options.timings)
        return 0
    if not options.work:
        raise SystemExit("error: --work is needed: the folder for everything written")

    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    binary = str(options.arrears.resolve()) if options.arrears else None
    ledger = options.ledger
    if not ledger:
        if not binary:
            raise SystemExit("error: nothing to measure: give --arrears, to generate a ledger, or --ledger")
        book = work / f"generated-{options.invoices}-{options.seed}"
        if not (book / "arrears.toml").exists():
            removed(book)
            Run([binary, "generate", "--out", str(book), "--invoices", str(options.invoices), "--seed", str(options.seed), "--format", "csv"],
                options.threads, work / "generate.log")
        ledger = book / "ledger"

    output, converted, marts = work / "arrears-out", work / "duckdb-ledger", work / "duckdb-marts"
    config = work / "arrears.toml"
    config.write_text(f'output = "{output}"\nbase_currency = "{options.base}"\n\n[[source]]\nname = "ledger"\n'
                      f'path = "{ledger.resolve()}/"\nshape = "canonical"\n')
    this = [sys.executable, str(Path(__file__).resolve()), "--threads", str(options.threads), "--as-of", options.as_of, "--base", options.base]

    def arrears_ingest() -> Run:
        removed(output)
        return Run([binary, "ingest", "--config", str(config), "--as-of", options.as_of], options.threads, work / "arrears.log")

    def duckdb_convert() -> Run:
        return Run([*this, "--child", "convert", "--ledger", str(ledger), "--out", str(emptied(converted))], options.threads, work / "duckdb.log")

    def arrears_run() -> Run:
        for folder in ("marts", "replaced", "staging"):
            removed(output / folder)
        return Run([binary, "run", "--config", str(config), "--as-of", options.as_of, "--output", str(output)], options.threads, work / "arrears.log")

    def duckdb_marts() -> Run:
        more = ["--timings"] if options.timings else []
        return Run([*this, "--child", "marts", "--ledger", str(converted), "--out", str(emptied(marts)), *more], options.threads, work / "duckdb.log")

    both = (lambda ours, theirs: {"arrears": ours, "duckdb": theirs} if binary else {"duckdb": theirs})
    ingest = alternate(both(arrears_ingest, duckdb_convert), options.runs)
    print(f"ledger: {rows_of(converted)}")
    print(f"threads: {options.threads}, runs: {options.runs}, as of {options.as_of}")
    report("(a) CSV to Parquet", ingest)
    computed = alternate(both(arrears_run, duckdb_marts), options.runs)
    report("(b) marts from Parquet", computed)
    if binary:
        whole = {side: median(ingest[side], "wall") + median(computed[side], "wall") for side in ingest}
        print(f"\n(a) + (b), medians: arrears {whole['arrears']:.2f} s, duckdb {whole['duckdb']:.2f} s: {whole['duckdb'] / whole['arrears']:.2f}")

    if options.parity and binary:
        import twins

        print("\nparity")
        con = twins.connect(options.threads)
        for name in twins.MARTS:
            con.execute(f"CREATE VIEW twin_{name} AS SELECT * FROM read_parquet('{marts / name / 'part-00000.parquet'}')")
        return 1 if twins.compare(con, output / "marts" / f"as_of_date={options.as_of}") else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
