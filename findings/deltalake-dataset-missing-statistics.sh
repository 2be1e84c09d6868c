#!/usr/bin/env bash
# Expected: a file of a Delta table is passed over only where its statistics say that no row can match. They are optional, for the file and for each
#           column (PROTOCOL.md, Per-file Statistics): where a column has none, its rows are read.
# Seen:     to_pyarrow_dataset makes "b >= null and b <= null" of a column without min and max in a file with such of another column, and no file
#           passes that: filters on b find no row, and none where b is null if nullCount is missing too. to_pyarrow_table and to_pandas with filters,
#           and DuckDB over the dataset, likewise. QueryBuilder and scan_delta of polars find them.
# Matters:  Delta for Spark writes neither min nor max for booleans, so "b = true" over its tables finds nothing, without an error (seen with a
#           table of delta-spark 4.4.0); what the same library has written has them, so tests pass.
# Versions: deltalake 1.6.6 (the newest), pyarrow 25.0.0, polars 2.1.0, DuckDB 2.0.1; the log here is written by hand, by the book; seen
#           2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==25.0.0 polars==2.1.0 duckdb==2.0.1
cat >run.py <<'PY'
import json
import os
import sys

import duckdb
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

rows = pyarrow.table({"a": [1, 2, 3], "b": [True, None, True]})
fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in [("a", "long"), ("b", "boolean")]]
of_a = {"minValues": {"a": 1}, "maxValues": {"a": 3}}
STATISTICS = {
    "of all columns": {"minValues": {"a": 1, "b": True}, "maxValues": {"a": 3, "b": True}, "nullCount": {"a": 0, "b": 1}},
    "none at all": None,
    "b without min and max": {**of_a, "nullCount": {"a": 0, "b": 1}},
    "of a alone": {**of_a, "nullCount": {"a": 0}},
}
seen = {}
for number, (name, statistics) in enumerate(STATISTICS.items()):
    path = f"table{number}"
    os.makedirs(f"{path}/_delta_log")
    pyarrow.parquet.write_table(rows, f"{path}/part.parquet")
    add = {"path": "part.parquet", "partitionValues": {}, "size": os.path.getsize(f"{path}/part.parquet"), "modificationTime": 0, "dataChange": True}
    if statistics is not None:
        add["stats"] = json.dumps({"numRecords": 3, **statistics})
    metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
                "schemaString": json.dumps({"type": "struct", "fields": fields}), "partitionColumns": [], "configuration": {}}
    with open(f"{path}/_delta_log/{0:020}.json", "w") as log:
        for action in [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}, {"add": add}]:
            log.write(json.dumps(action) + "\n")
    table = DeltaTable(path)
    dataset = table.to_pyarrow_dataset()
    b = pyarrow.dataset.field("b") == True
    seen[name] = {
        "dataset, b = true": dataset.count_rows(filter=b),
        "dataset, b is null": dataset.count_rows(filter=pyarrow.dataset.field("b").is_null()),
        "to_pyarrow_table, b = true": table.to_pyarrow_table(filters=[("b", "=", True)]).num_rows,
        "DuckDB over the dataset": duckdb.execute("SELECT count(*) FROM dataset WHERE b = true").fetchall()[0][0],
        "QueryBuilder, b": pyarrow.table(QueryBuilder().register("t", table).execute("SELECT a FROM t WHERE b").read_all()).num_rows,
        "polars, b": polars.scan_delta(path).filter(polars.col("b")).collect().height,
    }
    print(f"{name}: {seen[name]}")
whole = [2, 1, 2, 2, 2, 2]
if [list(one.values()) for one in seen.values()] != [whole, whole, [0, 1, 0, 0, 2, 2], [0, 0, 0, 0, 2, 2]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
