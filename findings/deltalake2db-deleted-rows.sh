#!/usr/bin/env bash
# Expected: a reader of Delta tables that does not know deletion vectors refuses a table that has them, as the protocol asks: the table names
#           them among its reader features. DuckDB's and Polars' ways to Delta do, or read them.
# Seen:     the SQL that deltalake2db makes for DuckDB (get_sql_for_delta) reads the data files whole: rows that were deleted are back, without a
#           word. deltalake's own SQL reads two rows of four here.
# Matters:  Databricks makes tables with deletion vectors by default. Ask DeltaTable.protocol() before you use that SQL, or deltalake's QueryBuilder.
# Versions: deltalake2db 1.2.2, deltalake 1.6.6, DuckDB 1.5.6, pyarrow 25.0.1, Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake2db==1.2.2 deltalake==1.6.6 duckdb==1.5.6 pyarrow==25.0.1
cat >run.py <<'PY'
import json
import os
import struct
import sys

import deltalake2db
import duckdb
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def inline_vector(rows):
    """A vector in the log itself: a 64-bit roaring bitmap with one array of positions, in ZeroMQ's Base85."""
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16) + b"".join(struct.pack("<H", row) for row in rows)
    data = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    text = ""
    for (word,) in struct.iter_unpack(">I", data + bytes(-len(data) % 4)):
        text += "".join(DIGITS[word // 85**power % 85] for power in (4, 3, 2, 1, 0))
    return {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": len(data), "cardinality": len(rows)}


os.makedirs("table/_delta_log")
pyarrow.parquet.write_table(pyarrow.table({"id": [1, 2, 3, 4]}), "table/a.parquet")
fields = [{"name": "id", "type": "long", "nullable": True, "metadata": {}}]
actions = [
    {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}},
    {
        "metaData": {
            "id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9",
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": fields}),
            "partitionColumns": [],
            "configuration": {"delta.enableDeletionVectors": "true"},
            "createdTime": 1,
        }
    },
    {
        "add": {
            "path": "a.parquet",
            "partitionValues": {},
            "size": os.path.getsize("table/a.parquet"),
            "modificationTime": 1,
            "dataChange": True,
            "stats": json.dumps({"numRecords": 4, "tightBounds": False}),
            "deletionVector": inline_vector([1, 3]),
        }
    },
]
with open(f"table/_delta_log/{0:020}.json", "w") as log:
    log.write("".join(json.dumps(action) + "\n" for action in actions))
by_deltalake = pyarrow.table(QueryBuilder().register("t", DeltaTable("table")).execute("SELECT id FROM t").read_all())["id"].to_pylist()
by_duckdb = [id for (id,) in duckdb.sql(deltalake2db.get_sql_for_delta("table")).fetchall()]
print("deltalake:", by_deltalake)
print("deltalake2db, in DuckDB:", by_duckdb)
is_same = by_deltalake == [1, 3] and by_duckdb == [1, 2, 3, 4]
if not is_same:
    print("The behaviour has changed.")
sys.stdout.flush()
os._exit(0 if is_same else 1)
PY
venv/bin/python run.py
