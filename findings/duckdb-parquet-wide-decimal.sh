#!/usr/bin/env bash
# Expected: a Parquet DECIMAL of more than 38 digits, which DuckDB has no type for, is refused, or read as the nearest DOUBLE: 1.5 is 1.5.
# Seen:     it is read as a DOUBLE without a word, and right only where the value's bytes, as many as the precision needs, are a multiple of
#           eight. Otherwise it is too large by 256 for each byte that is missing to the next multiple: 1.5 of DECIMAL(60, 1), 26 bytes,
#           becomes 422212465065984, which is 1.5 × 2^48.
# Matters:  pyarrow (decimal256) makes such columns; sums over them are wrong by orders of magnitude. polars refuses them.
# Versions: DuckDB 1.5.6 (PyPI), pyarrow 25.0.0; the same with DuckDB 1.4.4; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.6 pyarrow==25.0.0
cat >run.py <<'PY'
import sys
from decimal import Decimal

import duckdb
import pyarrow
import pyarrow.parquet

print("DuckDB", duckdb.__version__)
is_same = True
for precision in (38, 39, 43, 45, 52, 55, 57, 60, 65, 76):
    column = pyarrow.array([Decimal("1.5")], pyarrow.decimal256(precision, 1) if precision > 38 else pyarrow.decimal128(precision, 1))
    pyarrow.parquet.write_table(pyarrow.table({"v": column}), "file.parquet")
    width = pyarrow.parquet.ParquetFile("file.parquet").schema.column(0).length
    kind, value = duckdb.sql("SELECT typeof(v), v FROM 'file.parquet'").fetchone()
    print(f"DECIMAL({precision}, 1), {width} bytes: {kind} {value}")
    missing = -width % 8 if precision > 38 else 0
    is_same &= float(value) == 1.5 * 256**missing
if not is_same:
    print("The behaviour has changed.")
    sys.exit(1)
PY
venv/bin/python run.py
