"""Counts what a data folder holds without any code of the product: SQLite for the hub, the file system for bronze, deltalake for the tables.

Argument: the data folder. Prints one JSON object.
"""

import glob
import json
import os
import sqlite3
import sys

import deltalake

data = sys.argv[1]


def rows(table, columns):
    path = os.path.join(data, "lake", table)
    if not deltalake.DeltaTable.is_deltatable(path):
        return []
    return deltalake.DeltaTable(path).to_pyarrow_table(columns=columns).to_pylist()


hub = sqlite3.connect(f"file:{os.path.join(data, 'hub', 'log.db')}?mode=ro", uri=True)
# A table for each partition; one for all in logs of before.
tables = [name for (name,) in hub.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'appends%'")]
spans = sorted(
    span
    for table in tables
    for span in hub.execute(
        f"SELECT {'partition' if table == 'appends' else table.split('_')[1]}, first, count FROM {table}"
    )
)
spans = [(int(partition), first, count) for partition, first, count in spans]
gaps = sum(
    one[0] == two[0] and one[1] + one[2] != two[1] for one, two in zip(spans, spans[1:], strict=False)
)

# What retention has deleted by the hub's own clock was there: each partition is counted by its next sequence number.
heads = dict(hub.execute("SELECT partition, next FROM heads").fetchall())
for partition, first, count in spans:
    heads[partition] = max(heads.get(partition, 0), first + count)

lines = 0
for path in glob.glob(os.path.join(data, "lake/bronze/weather/2*/**/*.json"), recursive=True):
    with open(path, "rb") as file:
        lines += sum(1 for _ in file)
# A day forward and back lets retention delete files that silver has read; it notes how many rows they had.
deleted = os.path.join(data, "lake/bronze/weather/_totals.json")
if os.path.exists(deleted):
    with open(deleted, encoding="utf-8") as file:
        lines += sum(partition["rows"] for partition in json.load(file)["partitions"].values())

silver = rows("silver/weather", ["eventId", "deviceId", "deviceSequenceNumber"])
numbers = {}
for row in silver:
    numbers.setdefault(row["deviceId"], []).append(row["deviceSequenceNumber"])

print(
    json.dumps(
        {
            "hub": sum(heads.values()),
            "hubGaps": gaps,
            "bronze": lines,
            "silver": len(silver),
            "ids": len({row["eventId"] for row in silver}),
            "readings": sum(len(set(one)) for one in numbers.values()),
            "stationGaps": sum(max(one) + 1 - len(set(one)) for one in numbers.values()),
            "quarantined": len(rows("silver/weather_quarantine", ["raw"])),
            "gold": len(rows("gold/weather", ["eventId"])),
            "byMinute": sum(row["readings"] for row in rows("gold/weather_by_minute", ["readings"])),
            "aggregated": sum(row["readings"] for row in rows("gold/weather_aggregated", ["readings"])),
            "devices": {
                device: len(one)
                for device, one in numbers.items()
                if device.startswith(("foreign-", "phone-"))
            },
        }
    )
)
sys.stdout.flush()
os._exit(0)
