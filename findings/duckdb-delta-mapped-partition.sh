#!/usr/bin/env bash
# Expected: of a partitioned table with column mapping (what RENAME COLUMN and DROP COLUMN of Delta need) delta_scan gives each partition column
#           the value that the log has under the column's physical name (PROTOCOL.md, Column Mapping, Reader Requirements), or refuses the table.
# Seen:     as soon as one column of the data files has a physical name of its own, which Spark gives to all of a table that is made with column
#           mapping, the partition column is NULL in every row, without an error, and WHERE city = 'Oslo' finds none of them. The values of
#           the other columns are right. With a mapped partition column alone, beside columns under their own names, as in a table whose
#           mapping was turned on later and whose partition column was then renamed, it is right too. deltalake's QueryBuilder reads both.
# Matters:  a table that Spark made is read with its rows, counts and names right, and its partition empty (seen with delta-spark 3.3.3).
# Versions: duckdb 1.5.5 with its extension delta of PyPI, 1.5.5 (the newest there), deltalake 1.6.6, pyarrow 26.0.1, Python 3.11, Linux; the log here
#           is written by hand, by the book; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5 duckdb-extension-delta==1.5.5 deltalake==1.6.6 pyarrow==26.0.1
cat >run.py <<'PY'
import json
import os
import sys
from pathlib import Path

import duckdb
import duckdb_extension_delta
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
extension = next(Path(list(duckdb_extension_delta.__path__)[0]).rglob("delta.duckdb_extension"))
connection.load_extension(str(extension))


def mapped(number, name, kind, physical):
    return {"name": name, "type": kind, "nullable": True,
            "metadata": {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": physical}}


seen = {}
for physical in ("id", "col-1"):
    path = os.path.abspath(f"table-{physical}")
    os.makedirs(f"{path}/_delta_log")
    field = pyarrow.field(physical, pyarrow.int64(), metadata={"PARQUET:field_id": "1"})
    pyarrow.parquet.write_table(pyarrow.table([[1, 2]], schema=pyarrow.schema([field])), f"{path}/part.parquet")
    schema = {"type": "struct", "fields": [mapped(1, "id", "long", physical), mapped(2, "city", "string", "col-2")]}
    metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
                "schemaString": json.dumps(schema), "partitionColumns": ["city"],
                "configuration": {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "2"}}
    add = {"path": "part.parquet", "partitionValues": {"col-2": "Oslo"}, "size": os.path.getsize(f"{path}/part.parquet"),
           "modificationTime": 0, "dataChange": True}
    with open(f"{path}/_delta_log/{0:020}.json", "w") as log:
        for action in [{"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}, {"metaData": metadata}, {"add": add}]:
            log.write(json.dumps(action) + "\n")
    table = pyarrow.table(QueryBuilder().register("t", DeltaTable(path)).execute("SELECT id, city FROM t").read_all())
    seen[physical] = {
        "delta_scan": connection.sql(f"SELECT id, city FROM delta_scan('{path}') ORDER BY id").fetchall(),
        "delta_scan, rows of Oslo": connection.sql(f"SELECT count(*) FROM delta_scan('{path}') WHERE city = 'Oslo'").fetchone()[0],
        "QueryBuilder": [tuple(row.values()) for row in table.to_pylist()],
    }
    for name, one in seen[physical].items():
        print(f"the other column is {physical} in the file, {name}: {one}")
whole, empty = [(1, "Oslo"), (2, "Oslo")], [(1, None), (2, None)]
if [list(one.values()) for one in seen.values()] != [[whole, 2, whole], [empty, 0, whole]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
