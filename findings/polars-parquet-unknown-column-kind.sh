#!/usr/bin/env bash
# Expected: a Parquet file with one column of a logical type that a reader does not know is read without that column, or with the bytes of
#           it: the types are an annotation of the physical ones, and Thrift lets a reader pass over a member of a union that it does not know.
# Seen:     polars 2.1.0 refuses the whole file, whichever columns are asked for, and says that the file is "out of specification" where a column
#           is a VARIANT, which is in parquet.thrift since 2025 and what DuckDB 2 writes for its type of that name. pyarrow reads the other
#           columns, and the VARIANT as a struct.
# Matters:  one new column of a table ends every job that reads the old ones, and the words send one to look for a fault in the writer.
# Versions: polars 2.1.0, DuckDB 2.0.1, pyarrow 25.0.0; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 pyarrow==25.0.0
cat >run.py <<'PY'
import sys

import duckdb
import polars
import pyarrow.parquet

duckdb.connect().execute("COPY (SELECT 21 AS temperature, 42::VARIANT AS more) TO 'file.parquet'")
ways = {
    "DuckDB": lambda: duckdb.sql("SELECT temperature FROM 'file.parquet'").fetchall(),
    "pyarrow": lambda: pyarrow.parquet.read_table("file.parquet", columns=["temperature"]).to_pylist(),
    "pyarrow, all columns": lambda: pyarrow.parquet.read_table("file.parquet").num_rows,
    "polars, read_parquet": lambda: polars.read_parquet("file.parquet", columns=["temperature"]).to_dicts(),
    "polars, scan_parquet": lambda: polars.scan_parquet("file.parquet").select("temperature").collect().to_dicts(),
}
seen = []
for name, read in ways.items():
    try:
        said = str(read())
    except polars.exceptions.ComputeError as error:
        said = f"refused: {error}"
    print(f"{name}: {said}")
    seen.append("out of specification" in said.lower())
if seen != [False, False, False, True, True]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
