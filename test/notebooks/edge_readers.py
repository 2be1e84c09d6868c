"""Reads silver with `deltalake` and polars: `edge_readers.py LAKE`. Holds both against edges.json; says what they found."""
import hashlib
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def plain(name, value):
    if value is None:
        return None
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return str((at - EPOCH) // timedelta(microseconds=1))
    return hashlib.md5(value.encode()).hexdigest() if name in ("city", "deviceId") else str(value)


def check(lake, reader, silver, quarantine):
    """:param silver: rows as dictionaries. :param quarantine: likewise."""
    wanted = json.loads((Path(lake) / "edges.json").read_text())
    found = {row["eventId"]: row for row in silver}
    assert found.keys() == wanted["silver"].keys(), (reader, found.keys() ^ wanted["silver"].keys())
    for event_id, columns in wanted["silver"].items():
        for name, value in columns.items():
            told = plain(name, found[event_id][name])
            assert told == value, (reader, event_id, name, told, value)
    told = {hashlib.md5(row["raw"].encode()).hexdigest(): list(row["reasons"]) for row in quarantine}
    assert told == wanted["quarantine"], (reader, [told.get(key) for key in wanted["quarantine"] if told.get(key) != wanted["quarantine"][key]])
    return [reader, len(found), len(told)]


def main(lake):
    import deltalake
    import polars

    tables = [f"{lake}/silver/{name}" for name in ("weather", "weather_quarantine")]
    print(json.dumps([
        check(lake, "deltalake", *(deltalake.DeltaTable(table).to_pyarrow_table().to_pylist() for table in tables)),
        check(lake, "polars", *(polars.read_delta(table).to_dicts() for table in tables)),
    ]))


if __name__ == "__main__":
    main(sys.argv[1])
