"""
Runs the notebooks on one lake and compares its tables with those of another: `parity.py EMBEDDED OWN CRASHED`.
Prints, as JSON, the rows of each table, and the first rows that one has and the other has not; and the rows that Spark and
`deltalake` find in a copy of the embedded engine's tables that was taken when it had been killed.
"""
import json
import os
import runpy
import sys
from pathlib import Path

try:
    from deltalake import DeltaTable
except ImportError:
    # Not in the environment of Spark 4: the tables are compared all the same.
    DeltaTable = None

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "notebooks"))
sys.path.insert(0, str(ROOT / "test" / "notebooks"))
sys.dont_write_bytecode = True

import conftest  # noqa: E402,F401  The options of a small local Spark.
from rtstream_lake import TABLES, open_session  # noqa: E402

KEYS = {
    "silver": ["eventId", "enqueuedAt", "partitionId", "deviceSequenceNumber"],
    "quarantine": ["raw", "enqueuedAt"],
    "gold": ["eventId", "enqueuedAt", "partitionId", "deviceSequenceNumber"],
    "byMinute": ["minute", "city"],
    "aggregated": ["city", "date", "hour"],
}
SHOWN = 20


def is_same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9
    return one == other


def as_text(table):
    """Times as text: Python's do not reach as far as Spark's."""
    names = {name for name, kind in table.dtypes if kind in ("timestamp", "date")}
    return table.select([table[name].cast("string").alias(name) if name in names else table[name] for name in table.columns])


def compare(ours, theirs, keys):
    """Rows by key, each compared by itself; a key may stand several times."""

    def by_key(rows):
        found = {}
        for row in rows:
            found.setdefault(tuple(str(row[key]) for key in keys), []).append(row)
        return found

    left, right = by_key(ours), by_key(theirs)
    differences = []
    for key in left.keys() | right.keys():
        some, others = (sorted(side.get(key, []), key=str) for side in (left, right))
        if len(some) != len(others) or any(
            not is_same(one[name], other[name]) for one, other in zip(some, others) for name in one.__fields__
        ):
            differences.append({"embedded": [str(row) for row in some], "spark": [str(row) for row in others]})
    return differences


def overwrites(table):
    """Commits that put new files in the place of old ones."""
    commits = (path.read_text() for path in Path(table, "_delta_log").glob("*.json"))
    return sum('{"remove"' in commit and '{"add"' in commit for commit in commits)


def count(table):
    return None if DeltaTable is None else sum(batch.num_rows for batch in DeltaTable(table).to_pyarrow_dataset().to_batches())


def main(embedded, own, crashed):
    os.environ.update(RTSTREAM_LAKE_ROOT=own, RTSTREAM_TRIGGER="availableNow", RTSTREAM_MAX_FILES="250")
    spark = open_session()
    spark.sparkContext.setLogLevel("ERROR")
    for notebook in ("silver", "gold", "aggregate"):
        runpy.run_path(str(ROOT / "notebooks" / f"{notebook}.py"), run_name="__main__")
    result = {}
    for name, (container, path, _) in TABLES.items():
        tables = [spark.read.format("delta").load(f"{root}/{container}/{path}") for root in (embedded, own)]
        rows = [as_text(table).collect() for table in tables]
        differences = compare(*rows, KEYS[name])
        if tables[0].dtypes != tables[1].dtypes:
            differences.append({"embedded": [str(tables[0].dtypes)], "spark": [str(tables[1].dtypes)]})
        result[name] = {
            "rows": len(rows[1]),
            "deltalake": count(f"{embedded}/{container}/{path}"),
            "overwrites": overwrites(f"{embedded}/{container}/{path}"),
            "different": len(differences),
            "differences": differences[:SHOWN],
        }
    tables = {name: f"{crashed}/{container}/{path}" for name, (container, path, _) in TABLES.items()}
    result["crashed"] = {
        name: {"spark": spark.read.format("delta").load(table).count(), "deltalake": count(table)}
        for name, table in tables.items()
        if os.path.exists(f"{table}/_delta_log/00000000000000000000.json")
    }
    print(json.dumps(result, ensure_ascii=False))


main(*sys.argv[1:])
# The `deltalake` package may abort while the interpreter ends, when all has been said.
sys.stdout.flush()
os._exit(0)
