#!/usr/bin/env bash
# Expected: of a Delta table with column mapping daft reads a column of lists as it reads one of numbers or structs: it finds the column by its
#           number in the Parquet file, and the elements of a list have none there, as parquet-format and Spark's writer have it. Or it
#           refuses the table, as it does one with deletion vectors.
# Seen:     every list is None, without an error, whatever is in it; numbers and structs beside it are right. A column of maps ends the whole
#           read with "Child of map field must have two children", also where another column alone is asked for. The same file read by
#           read_parquet, or from a table without column mapping, gives both. deltalake's QueryBuilder reads the table right.
# Matters:  one RENAME COLUMN on a table (for which Spark asks to turn column mapping on) empties its lists for a job that worked the day
#           before (seen with tables of delta-spark 3.3.3).
# Versions: daft 0.7.26, deltalake 1.6.6, pyarrow 25.0.1, Python 3.11, Linux; the log here is written by hand, by the book; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check daft==0.7.26 deltalake==1.6.6 pyarrow==25.0.1
cat >run.py <<'PY'
import json
import os
import sys

import daft
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

# Name, type in Delta's log, type in the file, value.
COLUMNS = [
    ("number", "long", pyarrow.int64(), 1),
    ("list", {"type": "array", "elementType": "string", "containsNull": True}, pyarrow.list_(pyarrow.string()), ["x", "y"]),
    ("map", {"type": "map", "keyType": "string", "valueType": "long", "valueContainsNull": True},
     pyarrow.map_(pyarrow.string(), pyarrow.int64()), [("k", 1)]),
]


def made(path, columns, is_mapped):
    os.makedirs(f"{path}/_delta_log")
    fields, logged = [], []
    for number, (name, kind, arrow, _) in enumerate(columns, 1):
        fields.append(pyarrow.field(f"col-{number}" if is_mapped else name, arrow, metadata={"PARQUET:field_id": str(number)}))
        mapping = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{number}"}
        logged.append({"name": name, "type": kind, "nullable": True, "metadata": mapping if is_mapped else {}})
    values = [[value] for _, _, _, value in columns]
    pyarrow.parquet.write_table(pyarrow.table(values, schema=pyarrow.schema(fields)), f"{path}/part.parquet")
    mode = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": str(len(columns))} if is_mapped else {}
    metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
                "schemaString": json.dumps({"type": "struct", "fields": logged}), "partitionColumns": [], "configuration": mode}
    add = {"path": "part.parquet", "partitionValues": {}, "size": os.path.getsize(f"{path}/part.parquet"), "modificationTime": 0, "dataChange": True}
    with open(f"{path}/_delta_log/{0:020}.json", "w") as log:
        for action in [{"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}, {"metaData": metadata}, {"add": add}]:
            log.write(json.dumps(action) + "\n")
    return path


def tried(read):
    try:
        return [list(row.values()) for row in read().to_pylist()]
    except Exception as error:
        return "two children" if "must have two children" in str(error) else type(error).__name__


whole, lists = COLUMNS, COLUMNS[:2]
query = lambda path: pyarrow.table(QueryBuilder().register("t", DeltaTable(path)).execute('SELECT * FROM t').read_all())
seen = {
    "lists, not mapped": tried(lambda: daft.read_deltalake(made("plain", lists, False))),
    "lists, mapped": tried(lambda: daft.read_deltalake(made("lists", lists, True))),
    "their file alone": tried(lambda: daft.read_parquet("lists/part.parquet")),
    "maps too, not mapped": tried(lambda: daft.read_deltalake(made("plain-maps", whole, False))),
    "maps too, mapped": tried(lambda: daft.read_deltalake(made("maps", whole, True))),
    "the same, QueryBuilder": tried(lambda: query("maps")),
}
for name, one in seen.items():
    print(f"{name}: {one}")
right = [1, ["x", "y"]]
if list(seen.values())[:3] != [[right], [[1, None]], [right]] or seen["maps too, mapped"] != "two children" or seen["maps too, not mapped"] == "two children":
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>/dev/null
