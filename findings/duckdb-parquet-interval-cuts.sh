#!/usr/bin/env bash
# Expected: COPY to Parquet keeps an INTERVAL, which DuckDB holds in microseconds, or says that it cannot: the format's INTERVAL has milliseconds. Of
#           a negative one, which the format does not have either, it says so and ends.
# Seen:     what is below a millisecond is cut off without a word: 1.999 ms come back as 1 ms, 999 microseconds as nothing. The sum of a
#           thousand such steps is smaller by up to a second. TIME and TIMESTAMP keep all of their microseconds.
# Matters:  latencies, and differences of two times, are short intervals: a file of them has zeros. Write epoch_us(…) as a BIGINT.
# Versions: DuckDB 1.5.6 and 2.0.1 (PyPI); seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.py <<'PY'
import sys

import duckdb

connection = duckdb.connect()
print(f"DuckDB {duckdb.__version__}")
seen = []
for value in ["INTERVAL '1999 microseconds'", "INTERVAL '999 microseconds'", "TIME '00:00:00.000999'", "TIMESTAMP '2026-06-01 00:00:00.000999'"]:
    connection.execute(f"COPY (SELECT {value} AS v) TO 'file.parquet'")
    before = connection.execute(f"SELECT CAST({value} AS VARCHAR)").fetchall()[0][0]
    after = connection.execute("SELECT CAST(v AS VARCHAR) FROM 'file.parquet'").fetchall()[0][0]
    print(f"  {value}: {before} before, {after} after")
    seen.append(after == before)
try:
    connection.execute("COPY (SELECT INTERVAL '-1 second' AS v) TO 'file.parquet'")
    refused = False
except duckdb.IOException as error:
    print(f"  a negative one: {error}")
    refused = True
if seen != [False, False, True, True] or not refused:
    sys.exit("The behaviour has changed.")
PY
python3 -m venv venv
for version in 1.5.6 2.0.1; do
  venv/bin/pip install --quiet --disable-pip-version-check "duckdb==$version"
  venv/bin/python run.py
done
