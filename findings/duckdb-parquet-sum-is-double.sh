#!/usr/bin/env bash
# Expected: a sum of whole numbers, written to Parquet with COPY, is a column of whole numbers, as the table that CREATE TABLE makes of the same
#           query has one (HUGEINT), or COPY says that it cannot write it.
# Seen:     DuckDB's sum of any integer column, even of TINYINT, is a HUGEINT, and COPY writes a HUGEINT as DOUBLE, without a word: 9007199254740993
#           comes back as ...992. count(*) beside it stays INT64. DECIMAL(38, 0), which Parquet has and which holds the same digits, is exact.
# Matters:  totals in a gold table lose digits from 2^53 on, and a table whose column is a long (Delta, a folder of Parquet) gets files with a
#           double. Cast every sum before it is written.
# Versions: DuckDB 1.5.6 and 2.0.1 (PyPI), pyarrow 26.0.1 (looks into the files); seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.py <<'PY'
import sys

import duckdb
import pyarrow.parquet

duckdb.sql("CREATE TABLE readings AS SELECT * FROM (VALUES (9007199254740992, 1::TINYINT), (1, 1::TINYINT)) AS of(bytes, small)")
SUMS = "SELECT sum(bytes) AS total, sum(small) AS few, count(*) AS rows, CAST(sum(bytes) AS DECIMAL(38, 0)) AS exact FROM readings"
duckdb.sql(f"CREATE TABLE kept AS {SUMS}")
duckdb.sql(f"COPY ({SUMS}) TO 'sums.parquet'")
table = duckdb.sql("FROM kept")
file = duckdb.sql("FROM 'sums.parquet'")
print(f"DuckDB {duckdb.__version__}")
print("  table:  ", dict(zip(table.columns, map(str, table.types))), table.fetchall()[0])
print("  file:   ", dict(zip(file.columns, map(str, file.types))), file.fetchall()[0])
types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema("sums.parquet")}
print("  pyarrow:", types)
is_same = types == {"total": "double", "few": "double", "rows": "int64", "exact": "decimal128(38, 0)"}
total, _, _, exact = duckdb.sql("FROM 'sums.parquet'").fetchall()[0]
if not is_same or int(total) != 9007199254740992 or int(exact) != 9007199254740993:
    sys.exit("The behaviour has changed.")
PY
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
for version in 1.5.6 2.0.1; do
  venv/bin/pip install --quiet --disable-pip-version-check "duckdb==$version"
  venv/bin/python run.py
done
