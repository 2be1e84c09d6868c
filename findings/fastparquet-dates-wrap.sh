#!/usr/bin/env bash
# Expected: a Parquet DATE (days since 1970 in 32 bits) is read as that day, or refused where the reader's type has no room for it. pandas holds
#           times in seconds, milliseconds or microseconds, and fastparquet reads a TIMESTAMP of the year 9999 that way.
# Seen:     a DATE is put into nanoseconds, which end in the year 2262, and wraps round without a word: 9999-12-31 becomes 1816-03-29, and
#           0001-01-01 the year 1754. pyarrow, DuckDB and polars read both days.
# Matters:  9999-12-31 is what tables with a time of validity (slowly changing dimensions) have for "until now": WHERE valid_to > today finds no
#           row that is valid.
# Versions: fastparquet 2026.9.0 (the newest), pandas 3.1.1, pyarrow 26.0.1 as the writer, DuckDB 2.0.1, Python 3.11; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1
cat >run.py <<'PY'
import sys
from datetime import date, datetime

import duckdb, fastparquet, pyarrow
from pyarrow import parquet

days = [date(2026, 1, 1), date(9999, 12, 31), date(1, 1, 1)]
times = [datetime(day.year, day.month, day.day) for day in days]
parquet.write_table(pyarrow.table({"day": days, "time": pyarrow.array(times, pyarrow.timestamp("us"))}), "v.parquet")
read = fastparquet.ParquetFile("v.parquet").to_pandas()
seen = {
    "fastparquet, DATE": [str(day)[:10] for day in read["day"]],
    "fastparquet, TIMESTAMP": [str(time)[:10] for time in read["time"]],
    "DuckDB, DATE": [str(row[0]) for row in duckdb.sql("SELECT day FROM 'v.parquet'").fetchall()],
}
for what, values in seen.items():
    print(f"{what}: {values}")
right = [str(day) for day in days]
wrapped, *others = seen.values()
if wrapped[0] != right[0] or wrapped[1] != "1816-03-29" or wrapped[2][:4] != "1754" or others != [right, right]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
