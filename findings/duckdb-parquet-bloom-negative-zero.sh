#!/usr/bin/env bash
# Expected: 0.0 and -0.0 are equal in SQL, so WHERE change = 0 finds a row with -0.0, be it in a table or in a Parquet file that the same
#           DuckDB made of it.
# Seen:     from the file, the row is not found: COPY writes a Bloom filter for a column of few different values, which is asked for the bits
#           of 0.0 and has those of -0.0. A row group that has both is read, and then the rows with either are found. With
#           WRITE_BLOOM_FILTER false the answer is right; polars, asked for 0, finds the rows of either file.
# Matters:  rounding makes -0.0 of every small negative number (round(-0.04, 1)): "which readings are exactly 0" leaves out a part of them.
# Versions: DuckDB 1.5.6 (PyPI), polars 2.1.0; the same with DuckDB 1.4.4; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.6 polars==2.1.0
cat >run.py <<'PY'
import sys

import duckdb
import polars

print("DuckDB", duckdb.__version__)
count = lambda source: duckdb.sql(f"SELECT count(*) FROM {source} WHERE change = 0").fetchone()[0]
# Every third change is a little below zero, and rounded.
duckdb.execute("CREATE TABLE changes AS SELECT round(CASE i % 3 WHEN 0 THEN -0.04::DOUBLE WHEN 1 THEN 0.5 ELSE -0.5 END, 1) AS change FROM range(3000) r(i)")
duckdb.execute("COPY changes TO 'default.parquet'")
duckdb.execute("COPY changes TO 'without.parquet' (WRITE_BLOOM_FILTER false)")
seen = {
    "table": count("changes"),
    "Parquet": count("'default.parquet'"),
    "Parquet without Bloom filters": count("'without.parquet'"),
    "polars of the first": polars.scan_parquet("default.parquet").filter(polars.col("change") == 0).collect().height,
}
for name, rows in seen.items():
    print(f"{name}: {rows} rows with change = 0")
if list(seen.values()) != [1000, 0, 1000, 1000]:
    print("The behaviour has changed.")
    sys.exit(1)
PY
venv/bin/python run.py
