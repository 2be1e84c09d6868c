#!/usr/bin/env bash
# Expected: a text that is empty in a column that a Delta table is partitioned by is refused, or read back the same by every reader of the
#           library that wrote it. (PROTOCOL.md, Partition Value Serialization: an empty string stands for null, so it cannot be kept.)
# Seen:     write_deltalake takes it and says nothing. to_pyarrow_table reads null, QueryBuilder and polars read '': the one finds the row by
#           c IS NULL, the others by c = ''. In a column without partitions all read ''.
# Matters:  two programs over one table, in one language, disagree about which rows are unknown; and after a rewrite by the one or the other
#           the difference is in the data.
# Versions: deltalake 1.6.6, pyarrow 25.0.0, polars 2.1.0; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==25.0.0 polars==2.1.0
cat >run.py <<'PY'
import sys

import polars
import pyarrow
from deltalake import DeltaTable, QueryBuilder, write_deltalake

rows = pyarrow.table({"c": ["", "x", None], "v": [1, 2, 3]})
seen = {}
for name, by in {"partitioned": ["c"], "plain": None}.items():
    write_deltalake(name, rows, partition_by=by)
    table = DeltaTable(name)
    found = {
        "to_pyarrow_table": table.to_pyarrow_table().to_pylist(),
        "QueryBuilder": pyarrow.table(QueryBuilder().register("t", table).execute("SELECT c, v FROM t").read_all()).to_pylist(),
        "polars": polars.scan_delta(name).collect().to_dicts(),
    }
    for reader, read in found.items():
        seen[name, reader] = next(row["c"] for row in read if row["v"] == 1)
        print(f"{name}, {reader}: the empty text is read as {seen[name, reader]!r}")
wanted = {("partitioned", "to_pyarrow_table"): None}
if any(value != wanted.get(reader, "") for reader, value in seen.items()):
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
