#!/usr/bin/env bash
# Expected: a folder whose Parquet files have a column as INT64 in some and as DOUBLE in others (a writer that infers types makes INT64 of a
#           batch of whole numbers) is refused, or read in a type that holds both.
# Seen:     DuckDB casts every file to the type that the first one has, by name of the file: behind an INT64 the 21.5 and 22.7 of all later
#           files become 22 and 23. Nothing is printed. With union_by_name = true the column is DOUBLE and the values are whole; with the DOUBLE
#           first too. polars and pyarrow refuse to read the folder.
# Matters:  one early batch of whole numbers rounds all readings after it, in every query over the folder: read with union_by_name, or give
#           the writer a schema.
# Versions: DuckDB 1.5.6 and 2.0.1 (PyPI), pyarrow 26.0.1, polars 2.1.0; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.py <<'PY'
import sys

import duckdb
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet

pyarrow.parquet.write_table(pyarrow.table({"celsius": [21, 22]}), "1.parquet")
pyarrow.parquet.write_table(pyarrow.table({"celsius": [21.5, 22.7]}), "2.parquet")


def values(source):
    return [row[0] for row in duckdb.sql(f"SELECT celsius FROM {source} ORDER BY ALL").fetchall()]


def refused(read):
    try:
        read()
        return "read"
    except Exception as error:
        return f"refused, {type(error).__name__}"


seen = {
    "plain": values("'*.parquet'"),
    "union_by_name": values("read_parquet('*.parquet', union_by_name = true)"),
    "DOUBLE first": values("read_parquet(['2.parquet', '1.parquet'])"),
    "polars": refused(lambda: polars.scan_parquet("*.parquet").collect()),
    "pyarrow": refused(lambda: pyarrow.dataset.dataset(".", format="parquet", exclude_invalid_files=True).to_table()),
}
print(f"DuckDB {duckdb.__version__}")
for name, value in seen.items():
    print(f"  {name}: {value}")
right = [21, 21.5, 22, 22.7]
is_same = seen["plain"] == [21, 22, 22, 23] and seen["union_by_name"] == seen["DOUBLE first"] == right
if not is_same or not seen["polars"].startswith("refused") or not seen["pyarrow"].startswith("refused"):
    sys.exit("The behaviour has changed.")
PY
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0
for version in 1.5.6 2.0.1; do
  venv/bin/pip install --quiet --disable-pip-version-check "duckdb==$version"
  venv/bin/python run.py
done
