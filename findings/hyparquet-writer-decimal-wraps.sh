#!/usr/bin/env bash
# Expected: a number that has no room in a DECIMAL(10, 2) is refused, as pyarrow does, and as hyparquet-writer itself does with an INT32 or
#           INT64 that has none.
# Seen:     in a FIXED_LEN_BYTE_ARRAY the digits that don't fit fall off at the front: of 10,000,000,000.00 in five bytes -995,116,277.76 is
#           left, without a word, and with it as the column's maximum, below the minimum of -1.25 beside it.
# Matters:  a total that outgrows its column turns negative in the file, and the column's bounds say that it has no values.
# Versions: hyparquet-writer 0.17.0, read by pyarrow 26.0.1 and DuckDB 2.0.1; Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent hyparquet-writer@0.17.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 duckdb==2.0.1
cat >write.mjs <<'JS'
import { parquetWriteFile } from 'hyparquet-writer'

const root = { name: 'root', num_children: 1 }
const decimal = { name: 'v', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 5, converted_type: 'DECIMAL', precision: 10, scale: 2, repetition_type: 'OPTIONAL' }
const rows = [-1.25, 2.5, 10_000_000_000]
parquetWriteFile({ filename: 'decimal.parquet', columnData: [{ name: 'v', data: rows }], schema: [root, decimal] })
try {
  parquetWriteFile({ filename: 'int.parquet', columnData: [{ name: 'v', data: [10_000_000_000], type: 'INT32' }] })
  console.log('INT32: written')
} catch (error) {
  console.log('INT32: refused')
}
JS
cat >read.py <<'PY'
import sys

import duckdb
from pyarrow import parquet

said = sys.argv[1]
rows = [str(value) for value in parquet.read_table("decimal.parquet")["v"].to_pylist()]
statistics = parquet.ParquetFile("decimal.parquet").metadata.row_group(0).column(0).statistics
bounds = (str(statistics.min), str(statistics.max))
found = duckdb.sql("SELECT count(*) FROM 'decimal.parquet' WHERE v > 1").fetchall()[0][0]
print(f"{said}\nDECIMAL(10, 2): {rows}, min and max {bounds}, rows above 1 for DuckDB: {found}")
if said != "INT32: refused" or rows != ["-1.25", "2.50", "-995116277.76"] or bounds != ("-1.25", "-995116277.76"):
    sys.exit("The behaviour has changed.")
PY
venv/bin/python read.py "$(node write.mjs)"
