#!/usr/bin/env bash
# Expected: a table with delta.enableInCommitTimestamps keeps the time of each version in its log, so that a copy of it, or a restored one, has the
#           same history; readers that look for the version of a time use that and not the files' dates (PROTOCOL.md, In-Commit
#           Timestamps, Recommendations for Readers of Tables).
# Seen:     deltalake's load_as_version with a time, and polars' scan_delta(version=time), go by the dates of the log's files. After a copy every
#           version is as old as the copy: the state "as of 2023" is version 0, though version 1 is of 2022. load_cdf of the same library
#           goes by the times in the log, for its filter and for _commit_timestamp.
# Matters:  one library has two clocks for one table, and the older state comes without an error. Look up the version in history(), which
#           has inCommitTimestamp, and load that number.
# Versions: deltalake 1.6.6, polars 2.1.0, pyarrow 25.0.0, Python 3.11; the log here is written by hand, by the book; seen 2026-11-29.
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
from datetime import datetime, timezone

import polars
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable

of = lambda year: datetime(year, 1, 1, tzinfo=timezone.utc)
settings = {"delta.enableInCommitTimestamps": "true", "delta.enableChangeDataFeed": "true"}
fields = [{"name": "a", "type": "long", "nullable": True, "metadata": {}}]
metadata = {"id": "00000000-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "createdTime": 0,
            "schemaString": json.dumps({"type": "struct", "fields": fields}), "partitionColumns": [], "configuration": settings}
protocol = {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["inCommitTimestamp", "changeDataFeed"]}
os.makedirs("table/_delta_log")
for version, year in enumerate([2020, 2022]):
    pyarrow.parquet.write_table(pyarrow.table({"a": [year]}), f"table/{version}.parquet")
    milliseconds = int(of(year).timestamp() * 1000)
    actions = [{"commitInfo": {"inCommitTimestamp": milliseconds, "timestamp": milliseconds, "operation": "WRITE", "operationParameters": {}}}]
    actions += [{"protocol": protocol}, {"metaData": metadata}] if version == 0 else []
    actions += [{"add": {"path": f"{version}.parquet", "partitionValues": {}, "size": os.path.getsize(f"table/{version}.parquet"),
                         "modificationTime": milliseconds, "dataChange": True}}]
    with open(f"table/_delta_log/{version:020}.json", "w") as log:
        log.write("".join(json.dumps(action) + "\n" for action in actions))


def as_of(year):
    table = DeltaTable("table")
    table.load_as_version(of(year))
    return table.version()


changes = lambda **start: sorted(pyarrow.table(DeltaTable("table").load_cdf(**start).read_all())["a"].to_pylist())
seen = {
    "history": sorted(datetime.fromtimestamp(one["inCommitTimestamp"] / 1000, timezone.utc).year for one in DeltaTable("table").history()),
    "load_as_version of 2021": as_of(2021),
    "load_as_version of 2023": as_of(2023),
    "polars as of 2023": sorted(polars.scan_delta("table", version=of(2023)).collect()["a"].to_list()),
    "changes since 2021": changes(starting_timestamp="2021-01-01T00:00:00Z"),
}
for name, one in seen.items():
    print(f"{name}: {one}")
if list(seen.values()) != [[2020, 2022], 0, 0, [2020], [2022]]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
