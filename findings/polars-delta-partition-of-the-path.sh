#!/usr/bin/env bash
# Expected: the values of a Delta table's partition columns are those of its log. The folders' names "are only used to follow existing conventions",
#           and "actual partition values for a file must be read from the transaction log" (PROTOCOL.md, Data Files). deltalake, by which
#           scan_delta finds the files, does so.
# Seen:     polars takes them from the path of each file, as of a Hive table, though it has the log at hand. Of a file in a folder without a name and
#           a sign of equality every partition column is null, and a filter on one finds nothing; of one in a folder p=old that the log
#           has as p=new it is "old". read_delta(use_pyarrow=True), which takes deltalake's dataset, is right.
# Matters:  delta.randomizeFilePrefixes makes folders of random letters: of such a table written by delta-spark 3.3.3 polars has null for each
#           partition (4.4.0 writes the values into the files as well, where polars finds them). The rows are there, so counts agree.
# Versions: polars 2.1.0 (the newest), deltalake 1.6.6, pyarrow 25.0.0, Python 3.11; the log here is written by hand, by the book; seen 2026-11-29.
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
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

FIELDS = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in [("a", "long"), ("p", "string")]]
seen = {}
for number, place in enumerate(["p=new", "Xq", "p=old"]):
    path = f"table{number}"
    os.makedirs(f"{path}/_delta_log")
    os.makedirs(f"{path}/{place}")
    file = f"{path}/{place}/part.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), file)
    metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
                "schemaString": json.dumps({"type": "struct", "fields": FIELDS}), "partitionColumns": ["p"], "configuration": {}}
    add = {"path": f"{place}/part.parquet", "partitionValues": {"p": "new"}, "size": os.path.getsize(file), "modificationTime": 0,
           "dataChange": True}
    with open(f"{path}/_delta_log/{0:020}.json", "w") as log:
        for action in [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}, {"add": add}]:
            log.write(json.dumps(action) + "\n")
    table = DeltaTable(path)
    builder = QueryBuilder().register("t", table)
    seen[place] = {
        "deltalake's query": pyarrow.table(builder.execute("SELECT p FROM t").read_all())["p"].to_pylist(),
        "deltalake's dataset": table.to_pyarrow_table()["p"].to_pylist(),
        "polars by pyarrow": polars.read_delta(path, use_pyarrow=True)["p"].to_list(),
        "polars": polars.scan_delta(path).collect()["p"].to_list(),
        "rows of polars with p = new": polars.scan_delta(path).filter(polars.col("p") == "new").collect().height,
    }
    print(f"file in {place}/, p of the log is new: {seen[place]}")
right = [["new"]] * 3
if [list(one.values()) for one in seen.values()] != [[*right, ["new"], 1], [*right, [None], 0], [*right, ["old"], 0]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
