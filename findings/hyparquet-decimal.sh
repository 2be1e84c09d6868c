#!/usr/bin/env bash
# Expected: a Parquet reader that hands INT64 over as BigInt, so that no digit is lost, does not lose those of a DECIMAL either.
# Seen:     hyparquet makes every DECIMAL a JavaScript number: 12345678901234567.89 arrives as 12345678901234568 and, in a column without
#           decimals, 9007199254740993 as ...992, while the INT64 beside it is exact. No option of the reader keeps the digits.
# Matters:  sums and amounts of a Delta table (Spark's sum of DECIMAL(10,2) is DECIMAL(20,2)) are wrong in a browser or Node, unnoticed.
# Versions: hyparquet 1.33.0 (src/convert.js), written by pyarrow 26.0.1, Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent hyparquet@1.33.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
cat >write.py <<'PY'
from decimal import Decimal
import pyarrow as pa, pyarrow.parquet as pq

columns = {
    "amount": pa.array([Decimal("12345678901234567.89")], pa.decimal128(20, 2)),
    "count": pa.array([Decimal("9007199254740993")], pa.decimal128(20, 0)),
    "int64": pa.array([9007199254740993], pa.int64()),
}
pq.write_table(pa.table(columns), "table.parquet")
print("pyarrow reads  ", pq.read_table("table.parquet").to_pylist()[0])
PY
venv/bin/python write.py
cat >read.mjs <<'JS'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

const [row] = await parquetReadObjects({ file: await asyncBufferFromFile('table.parquet') })
console.log('hyparquet reads', row)
const isRounded = row.amount === 12345678901234568 && row.count === 9007199254740992
if (!isRounded || row.int64 !== 9007199254740993n) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node read.mjs
