#!/usr/bin/env bash
# Expected: what deltalake writes into one table has one compression, whichever of its operations wrote it.
# Seen:     write_deltalake and update write Snappy, optimize.compact and delete Zstandard. The table's property
#           delta.parquet.compression.codec is not set, and no message tells of the change.
# Matters:  a reader that has only what Parquet readers commonly bring along (hyparquet by itself: none and Snappy) reads the table for
#           weeks, and not a row of it once somebody has compacted it or deleted one row.
# Versions: deltalake 1.6.6, pyarrow 26.0.1 (looks into the files), hyparquet 1.33.0, Node 24 and 20; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent hyparquet@1.33.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
cat >read.mjs <<'JS'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

try {
  let rows = 0
  for (const path of process.argv.slice(2)) rows += (await parquetReadObjects({ file: await asyncBufferFromFile(path) })).length
  console.log(`${rows} rows`)
} catch (error) {
  console.log(error.message)
}
JS
cat >run.py <<'PY'
import json, subprocess, sys
import pyarrow as pa, pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

def fresh():
    """A table of three files with two rows each."""
    for number in range(3):
        rows = pa.table({"id": [2 * number, 2 * number + 1]})
        write_deltalake("table", rows, mode="append" if number else "overwrite")
    return DeltaTable("table")

operations = {
    "write_deltalake": lambda table: None,
    "update": lambda table: table.update({"id": "100"}, predicate="id = 1"),
    "optimize.compact": lambda table: table.optimize.compact(),
    "delete": lambda table: table.delete("id = 1"),
}
seen = {}
for name, operation in operations.items():
    operation(fresh())
    actions = DeltaTable("table")
    paths = ["table/" + uri.rsplit("/", 1)[1] for uri in actions.file_uris()]
    codecs = sorted({pq.ParquetFile(path).metadata.row_group(0).column(0).compression for path in paths})
    by_hyparquet = subprocess.check_output(["node", "read.mjs", *paths], text=True).strip()
    seen[name] = codecs, by_hyparquet.endswith("rows")
    print(f"{name}: {', '.join(codecs)}; hyparquet: {by_hyparquet}")
if seen != {
    "write_deltalake": (["SNAPPY"], True),
    "update": (["SNAPPY"], True),
    "optimize.compact": (["ZSTD"], False),
    "delete": (["SNAPPY", "ZSTD"], False),
}:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
