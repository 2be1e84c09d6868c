#!/usr/bin/env bash
# Expected: a predicate on a timestamp column that deltalake's own SQL (QueryBuilder) takes is taken by its delete and update, too: both
#           are DataFusion's. Careful people write the literal with its type, ts > timestamp '2026-03-01T12:00:00.1Z'.
# Seen:     QueryBuilder answers. delete and update end with "Kernel error: Invalid comparison operation: Timestamp(µs, "UTC") > Timestamp(ns)" for
#           timestamp '…', CAST('…' AS timestamp), to_timestamp and to_timestamp_micros, in which the Z is of no consequence. A bare text,
#           ts > '2026-03-01T12:00:00.1Z', and arrow_cast with the zone in its type are taken by both.
# Matters:  what was tried out as a query cannot be used to delete by. Leave the literal bare.
# Versions: deltalake 1.6.6, pyarrow 25.0.1, Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==25.0.1
cat >run.py <<'PY'
import datetime
import os
import sys

import pyarrow
from deltalake import DeltaTable, QueryBuilder, write_deltalake

TIMES = [datetime.datetime(2026, 3, 1, 12, 0, second, tzinfo=datetime.timezone.utc) for second in (1, 2)]
LITERALS = {
    "'2026-03-01T12:00:01.5Z'": "taken",
    """arrow_cast('2026-03-01T12:00:01.5Z', 'Timestamp(Microsecond, Some("UTC"))')""": "taken",
    "timestamp '2026-03-01T12:00:01.5Z'": "refused",
    "CAST('2026-03-01T12:00:01.5Z' AS timestamp)": "refused",
    "to_timestamp('2026-03-01T12:00:01.5Z')": "refused",
    "to_timestamp_micros('2026-03-01T12:00:01.5Z')": "refused",
}


def deleted(predicate, name):
    rows = pyarrow.table({"ts": pyarrow.array(TIMES, pyarrow.timestamp("us", "UTC"))})
    write_deltalake(name, rows)
    table = DeltaTable(name)
    found = QueryBuilder().register("t", table).execute(f"SELECT * FROM t WHERE {predicate}").read_all()
    assert pyarrow.table(found).num_rows == 1, predicate
    try:
        assert table.delete(predicate)["num_deleted_rows"] == 1, predicate
        return "taken"
    except Exception as error:
        assert "Invalid comparison operation" in str(error), error
        return "refused"


is_same = True
for number, (literal, expected) in enumerate(LITERALS.items()):
    seen = deleted(f"ts > {literal}", f"table-{number}")
    print(f"delete where ts > {literal}: {seen}; the query finds 1 row")
    is_same &= seen == expected
if not is_same:
    print("The behaviour has changed.")
sys.stdout.flush()
# The package may abort while the interpreter ends.
os._exit(0 if is_same else 1)
PY
venv/bin/python run.py
