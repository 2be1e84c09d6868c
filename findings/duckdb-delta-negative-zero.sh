#!/usr/bin/env bash
# Expected: -0.0 equals 0.0 in DuckDB, so WHERE change >= 0 finds a row with -0.0 in a table and in a Parquet file; it finds the same row when that
#           file is part of a Delta table. A file's statistics only say which files need not be opened.
# Seen:     delta_scan leaves the file out: by the statistics in the log its greatest value is -0.0, and that counts as less than 0 there. So
#           WHERE change = 0 and WHERE change >= 0 find no row of it, though WHERE change < 0 does not find it either. The
#           same file without statistics in the log gives its rows. A partition whose value is -0.0 is left out likewise.
# Matters:  differences that are rounded to 0 from below are -0.0; delta-spark (3.3.3) and the writers by the book put them into the log as they
#           are. Then what is "not falling" has fewer rows, by how the rows happened to be divided among files.
# Versions: duckdb 1.5.5 with its extension delta of PyPI, 1.5.5 (the newest there), pyarrow 26.0.1, Python 3.11, Linux; the log here is written by
#           hand, by the book; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5 duckdb-extension-delta==1.5.5 pyarrow==26.0.1
cat >run.py <<'PY'
import json
import os
import sys
from pathlib import Path

import duckdb
import duckdb_extension_delta
import pyarrow
import pyarrow.parquet

connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
extension = next(Path(list(duckdb_extension_delta.__path__)[0]).rglob("delta.duckdb_extension"))
connection.load_extension(str(extension))

CHANGES = [-1.5, -0.0]
STATISTICS = {"numRecords": 2, "minValues": {"change": -1.5}, "maxValues": {"change": -0.0}, "nullCount": {"change": 0}}
seen = {}
for name, statistics in {"with statistics": STATISTICS, "without": {"numRecords": 2}}.items():
    path = os.path.abspath(name.replace(" ", "-"))
    os.makedirs(f"{path}/_delta_log")
    pyarrow.parquet.write_table(pyarrow.table({"change": CHANGES}), f"{path}/part.parquet")
    schema = {"type": "struct", "fields": [{"name": "change", "type": "double", "nullable": True, "metadata": {}}]}
    metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
                "schemaString": json.dumps(schema), "partitionColumns": [], "configuration": {}}
    add = {"path": "part.parquet", "partitionValues": {}, "size": os.path.getsize(f"{path}/part.parquet"), "modificationTime": 0,
           "dataChange": True, "stats": json.dumps(statistics)}
    with open(f"{path}/_delta_log/{0:020}.json", "w") as log:
        for action in [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}, {"add": add}]:
            log.write(json.dumps(action) + "\n")
    count = lambda source, where: connection.sql(f"SELECT count(*) FROM {source} WHERE {where}").fetchone()[0]
    for source in (f"delta_scan('{path}')", f"read_parquet('{path}/part.parquet')"):
        label = f"{source.split('(')[0]} {name}"
        seen[label] = [count(source, where) for where in ("true", "change < 0", "change = 0", "change >= 0")]
        print(f"{label}: all, < 0, = 0, >= 0: {seen[label]}")
if list(seen.values()) != [[2, 1, 0, 0], [2, 1, 1, 1], [2, 1, 1, 1], [2, 1, 1, 1]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
