# Runs a script on DuckDB and prints the rows of the query below it; started by arrears, which gives the SQL on standard input.
# Arguments: csv or json, and the line that stands between the script and the query. Exits 1 with DuckDB's words on an error.
import csv
import json
import sys

import duckdb

ROWS_AT_A_TIME = 10_000
BARE = {"BOOLEAN", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"}


def result(text):
    """The query's rows as a table, and its columns with their types: the casts to text below are then DuckDB's, not Python's."""
    script, query = text.rsplit(sys.argv[2], 1)
    con = duckdb.connect()
    con.execute(script)
    rows = con.sql(query)
    if rows is None:
        return con, []
    rows.create("arrears_result")
    return con, [(row[0], row[1]) for row in con.execute("DESCRIBE arrears_result").fetchall()]


def parts(con):
    con.execute("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM arrears_result")
    while rows := con.fetchmany(ROWS_AT_A_TIME):
        yield rows


def print_csv(con, columns):
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    for rows in parts(con):
        writer.writerows(rows)


def json_value(text, kind):
    """As the command `duckdb` writes it: DECIMAL as text, because a JSON number is a binary float to most who read it."""
    if text is None:
        return "null"
    if kind in BARE and text not in ("nan", "inf", "-inf"):
        return text
    return json.dumps(text, ensure_ascii=False)


def print_json(con, columns):
    separator = "["
    for rows in parts(con):
        for row in rows:
            cells = (json.dumps(name, ensure_ascii=False) + ":" + json_value(text, kind) for (name, kind), text in zip(columns, row))
            sys.stdout.write(separator + "{" + ",".join(cells) + "}")
            separator = ",\n"
    sys.stdout.write("]\n" if separator != "[" else "[]\n")


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    try:
        con, columns = result(sys.stdin.read())
    except duckdb.Error as error:
        sys.exit(str(error))
    (print_csv if sys.argv[1] == "csv" else print_json)(con, columns)


main()
