#!/usr/bin/env bash
# Expected: a time in microseconds that becomes a JavaScript Date, which has milliseconds, loses what is below them in one direction, so that
#           the order and the day stay: 23:59:59.9995 on a day is still on that day, as it is with DuckDB's date_trunc.
# Seen:     hyparquet cuts towards 1970 (it divides BigInts): after it times go back to the millisecond, before it forward to the next. The last
#           half of a millisecond of 1969-12-31 becomes 1970-01-01T00:00:00.000Z, another day, and the same Date as the half millisecond after
#           midnight. It is so for microseconds and nanoseconds; no option hands the integer over instead (a parser of one's own does).
# Matters:  counts by day, and joins by a time cut to the millisecond elsewhere, differ for data from before 1970: birthdays, long weather series.
# Versions: hyparquet 1.33.0, written by pyarrow 26.0.1, beside duckdb 2.0.1, Node 24 and 20; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent hyparquet@1.33.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 duckdb==2.0.1
cat >write.py <<'PY'
import duckdb
import pyarrow as pa, pyarrow.parquet as pq

# Half a millisecond before and after the beginning of 1970 and of 1960.
MICROSECONDS = [-500, 500, -315619200000500, -315619199999500]
pq.write_table(pa.table({
    "micros": pa.array(MICROSECONDS, pa.timestamp("us", "UTC")),
    "nanos": pa.array([one * 1000 for one in MICROSECONDS], pa.timestamp("ns", "UTC")),
}), "table.parquet")
print("DuckDB:   ", [row[0] for row in duckdb.sql("SELECT epoch_ms(date_trunc('milliseconds', micros)) FROM 'table.parquet'").fetchall()])
PY
venv/bin/python write.py
cat >read.mjs <<'JS'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

const rows = await parquetReadObjects({ file: await asyncBufferFromFile('table.parquet') })
const seen = ['micros', 'nanos'].map((name) => rows.map((row) => row[name].getTime()))
console.log('hyparquet:', ...seen, rows.map((row) => row.micros.toISOString()))
const expected = [0, 0, -315619200000, -315619199999]
if (JSON.stringify(seen) !== JSON.stringify([expected, expected])) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node read.mjs
