#!/usr/bin/env bash
# Expected: of a table with column mapping (what RENAME COLUMN and DROP COLUMN of Delta need) a reader finds each column by its physical name, or
#           refuses the table, as polars does and deltalake did while it could not. In mode "id" it goes by the field's number in the Parquet
#           file and nothing else (PROTOCOL.md, Column Mapping, Reader Requirements).
# Seen:     in mode "name" deltalake's QueryBuilder is right, and to_pyarrow_dataset, to_pyarrow_table and to_pandas give nulls: all rows, none
#           of their values, no error. Only partition columns have theirs. A filter finds no row. In mode "id", with a file whose names are
#           others than the log's, which is what the mode is for, QueryBuilder has nulls too.
# Matters:  one ALTER TABLE … RENAME COLUMN in Spark empties what a Python job reads (seen with tables of delta-spark 3.3.3 and 4.4.0); row
#           counts, schema and names stay right.
# Versions: deltalake 1.6.6 (the newest), pyarrow 25.0.0, polars 2.1.0, Python 3.11; the log here is written by hand, by the book; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==25.0.0 polars==2.1.0
cat >run.py <<'PY'
import json
import os
import sys

import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder


def mapped(number, name, kind):
    return {"name": name, "type": kind, "nullable": True,
            "metadata": {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{number}"}}


def tried(read):
    try:
        return read()
    except Exception as error:
        return f"{type(error).__name__}"


# The names of the file's columns, with the numbers 1 and 2, in either mode.
NAMES = {"name": ["col-1", "col-2"], "id": ["first", "second"]}
seen = {}
for mode, names in NAMES.items():
    path = f"table-{mode}"
    os.makedirs(f"{path}/_delta_log")
    fields = [pyarrow.field(name, kind, metadata={"PARQUET:field_id": str(number)})
              for number, (name, kind) in enumerate(zip(names, [pyarrow.int64(), pyarrow.string()]), 1)]
    pyarrow.parquet.write_table(pyarrow.table([[1, 2], ["u", "v"]], schema=pyarrow.schema(fields)), f"{path}/part.parquet")
    schema = {"type": "struct", "fields": [mapped(1, "a", "long"), mapped(2, "b", "string"), mapped(3, "p", "string")]}
    metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
                "schemaString": json.dumps(schema), "partitionColumns": ["p"],
                "configuration": {"delta.columnMapping.mode": mode, "delta.columnMapping.maxColumnId": "3"}}
    add = {"path": "part.parquet", "partitionValues": {"col-3": "x"}, "size": os.path.getsize(f"{path}/part.parquet"), "modificationTime": 0,
           "dataChange": True}
    with open(f"{path}/_delta_log/{0:020}.json", "w") as log:
        for action in [{"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}, {"metaData": metadata}, {"add": add}]:
            log.write(json.dumps(action) + "\n")
    rows = lambda table: [list(row.values()) for row in table.to_pylist()]
    seen[mode] = {
        "QueryBuilder": tried(lambda: rows(pyarrow.table(QueryBuilder().register("t", DeltaTable(path)).execute("SELECT a, b, p FROM t").read_all()))),
        "to_pyarrow_table": tried(lambda: rows(DeltaTable(path).to_pyarrow_table())),
        "rows of the dataset with a = 1": tried(lambda: DeltaTable(path).to_pyarrow_dataset().count_rows(filter=pyarrow.dataset.field("a") == 1)),
        "polars": tried(lambda: polars.scan_delta(path).collect().height),
    }
    for name, one in seen[mode].items():
        print(f"mode {mode}, {name}: {one}")
right, empty = [[1, "u", "x"], [2, "v", "x"]], [[None, None, "x"]] * 2
if [list(one.values()) for one in seen.values()] != [[right, empty, 0, "DeltaProtocolError"], [empty, empty, 0, "DeltaProtocolError"]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
