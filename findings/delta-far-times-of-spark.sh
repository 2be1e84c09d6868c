#!/usr/bin/env bash
# Expected: a TIMESTAMP of a Delta table that Spark wrote is read as that moment. Delta holds it in microseconds, of the years 1 to 9999, and
#           9999-12-31 is how "valid until further notice" is written. A reader whose own type has no room for it refuses it.
# Seen:     Spark writes such columns as INT96 (spark.sql.parquet.outputTimestampType, still the default of Spark 4): a day, and the nanoseconds
#           in it. deltalake and daft make 64 bits of nanoseconds of that first, which end in the year 2262, and only then the microseconds that
#           the table has: 9999-12-31 comes out as 1816-03-30 and the year 1 as 1754, without an error. polars cuts instead and gives
#           2262-04-11 for both: the earliest time of all becomes a late one. DuckDB reads the same file right.
# Matters:  a row that is valid for ever has been over since 1816, or the other way round. Times of 1678 to 2262 are right in all of them.
# Versions: deltalake 1.6.6, daft 0.7.26, polars 2.1.0, duckdb 1.5.5, pyarrow 25.0.1, Python 3.11, Linux. The file is pyarrow's, in the form (and without Arrow's note) that
#           Spark writes (a table of delta-spark 4 gave the same); the log is written by hand, by the book; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 daft==0.7.26 polars==2.1.0 duckdb==1.5.5 pyarrow==25.0.1 pytz
cat >run.py <<'PY'
import json
import os
import sys
from datetime import datetime, timezone

import daft
import duckdb
import polars
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

MOMENTS = [datetime(1, 1, 1), datetime(2026, 1, 1, 12), datetime(9999, 12, 31, 23, 59, 59)]
os.makedirs("table/_delta_log")
table = pyarrow.table({"at": pyarrow.array(MOMENTS, pyarrow.timestamp("us", "UTC"))})
pyarrow.parquet.write_table(table, "table/part.parquet", use_deprecated_int96_timestamps=True, store_schema=False)
schema = {"type": "struct", "fields": [{"name": "at", "type": "timestamp", "nullable": True, "metadata": {}}]}
metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
            "schemaString": json.dumps(schema), "partitionColumns": [], "configuration": {}}
add = {"path": "part.parquet", "partitionValues": {}, "size": os.path.getsize("table/part.parquet"), "modificationTime": 0, "dataChange": True}
with open(f"table/_delta_log/{0:020}.json", "w") as log:
    for action in [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}, {"add": add}]:
        log.write(json.dumps(action) + "\n")


def years(values):
    return [value.astimezone(timezone.utc).year if value.tzinfo else value.year for value in values]


query = QueryBuilder().register("t", DeltaTable("table")).execute("SELECT * FROM t")
seen = {
    "DuckDB, the file": years(row[0] for row in duckdb.sql("SELECT CAST(\"at\" AS TIMESTAMP) FROM 'table/part.parquet'").fetchall()),
    "deltalake": years(pyarrow.table(query.read_all())["at"].to_pylist()),
    "daft": years(daft.read_deltalake("table").to_pydict()["at"]),
    "polars": years(polars.scan_delta("table").collect()["at"].to_list()),
}
for name, one in seen.items():
    print(f"{name}: {one}")
if list(seen.values()) != [[1, 2026, 9999], [1754, 2026, 1816], [1754, 2026, 1816], [2262, 2026, 2262]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
