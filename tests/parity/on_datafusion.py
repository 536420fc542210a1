"""The same SQL on Apache DataFusion: every step and mart, compared cell by cell with DuckDB's.

    pip install duckdb datafusion
    python3 tests/parity/on_datafusion.py --ledger tests/ledgers/nasty/ledger --as-of 2025-08-20 --base EUR

The twins are written in what both engines say the same way, so that they can run past one machine; this is the proof.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import twins  # noqa: E402

INPUTS = [*twins.CANONICAL, "parameters", "scope_pairs", "alerts", "currencies", "calendar", "over_applied"]


def main() -> int:
    import datafusion

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ledger", type=Path, required=True)
    twins.add_parameters(parser)
    options = parser.parse_args()

    con = twins.connect()
    twins.load(con, options.ledger, twins.parameters_of(options))
    twins.run_steps(con)
    twins.create_marts(con)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        context = datafusion.SessionContext()
        for table in INPUTS:
            con.execute(f"COPY {table} TO '{work / (table + '.parquet')}' (FORMAT parquet)")
            context.register_parquet(table, str(work / f"{table}.parquet"))
        for step in twins.STEPS:
            try:
                context.sql(f"CREATE TABLE {step} AS {twins.statement('steps', step)}").collect()
            except Exception as error:
                print(f"steps/{step}.sql does not run on DataFusion: {error}", file=sys.stderr)
                return 1
        for mart in twins.MARTS:
            target = work / "marts" / mart
            target.mkdir(parents=True)
            try:
                context.sql(twins.statement("marts", mart)).write_parquet(str(target / "part-00000.parquet"))
                context.register_parquet(mart, str(target / "part-00000.parquet"))
            except Exception as error:
                print(f"marts/{mart}.sql does not run on DataFusion: {error}", file=sys.stderr)
                return 1
        return 1 if twins.compare(con, work / "marts") else 0


if __name__ == "__main__":
    sys.exit(main())
