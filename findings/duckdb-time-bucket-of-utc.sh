#!/usr/bin/env bash
# Expected: time_bucket(INTERVAL '1 day', t) and date_trunc('day', t) of a TIMESTAMPTZ give the same day, in the session's time zone: both follow
#           it when they print, and one by hours agrees.
# Seen:     date_trunc cuts at midnight of the time zone, time_bucket at midnight UTC, which is 02:00 in Berlin's summer. A reading of 00:30 on
#           1 June is in the bucket of 31 May by day and, by month, in that of May.
# Matters:  totals by day differ between two charts of one table, at night only; an hour of tests at noon shows nothing.
# Versions: DuckDB 1.5.6 and 2.0.1 (PyPI, ICU inside); seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.py <<'PY'
import sys

import duckdb

connection = duckdb.connect()
connection.execute("SET TimeZone = 'Europe/Berlin'")
READING = "TIMESTAMPTZ '2026-06-01 00:30:00+02'"
ways = {
    "date_trunc, day": f"date_trunc('day', {READING})",
    "time_bucket, 1 day": f"time_bucket(INTERVAL '1 day', {READING})",
    "date_trunc, month": f"date_trunc('month', {READING})",
    "time_bucket, 1 month": f"time_bucket(INTERVAL '1 month', {READING})",
    "date_trunc, hour": f"date_trunc('hour', {READING})",
    "time_bucket, 1 hour": f"time_bucket(INTERVAL '1 hour', {READING})",
}
seen = {name: connection.execute(f"SELECT CAST({way} AS VARCHAR)").fetchone()[0] for name, way in ways.items()}
print(f"DuckDB {duckdb.__version__}")
for name, time in seen.items():
    print(f"  {name}: {time}")
june, hour = "2026-06-01 00:00:00+02", "2026-06-01 00:00:00+02"
if list(seen.values()) != [june, "2026-05-31 02:00:00+02", june, "2026-05-01 02:00:00+02", hour, hour]:
    sys.exit("The behaviour has changed.")
PY
python3 -m venv venv
for version in 1.5.6 2.0.1; do
  venv/bin/pip install --quiet --disable-pip-version-check "duckdb==$version"
  venv/bin/python run.py
done
