"""Holds the five tables against Delta's protocol, file by file: the log, the statistics, the types, the checkpoints."""

import datetime
import json
import os
import re
import sys

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

UTC = pa.timestamp("us", tz="UTC")
TYPES = {"string": pa.string(), "integer": pa.int32(), "long": pa.int64(), "double": pa.float64(), "date": pa.date32(), "timestamp": UTC}
CHECKPOINT = {
    "txn": {"appId": "string", "version": "int64", "lastUpdated": "int64"},
    "add": {"path": "string", "partitionValues": "map", "size": "int64", "modificationTime": "int64", "dataChange": "bool", "tags": "map", "stats": "string"},
    "remove": {"path": "string", "deletionTimestamp": "int64", "dataChange": "bool", "extendedFileMetadata": "bool", "partitionValues": "map", "size": "int64"},
    "metaData": {"id": "string", "name": "string", "description": "string", "format": "struct", "schemaString": "string", "partitionColumns": "list", "configuration": "map", "createdTime": "int64"},
    "protocol": {"minReaderVersion": "int32", "minWriterVersion": "int32"},
}
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def check_statistics(path: str, add: dict) -> None:
    stats, rows = json.loads(add["stats"]), pq.read_table(path)
    assert os.path.getsize(path) == add["size"] and rows.num_rows == stats["numRecords"] > 0, path
    for name in rows.column_names:
        column = rows[name]
        if pa.types.is_list(column.type):
            continue
        assert column.null_count == stats["nullCount"][name], (path, name)
        bounds = pc.min_max(column).as_py()
        for key, side in (("minValues", "min"), ("maxValues", "max")):
            told, true = stats[key].get(name), bounds[side]
            if true is None:
                assert told is None, (path, name)
                continue
            if isinstance(true, datetime.datetime):
                assert STAMP.match(told), told
                told = datetime.datetime.fromisoformat(told.replace("Z", "+00:00"))
                assert abs(told - true) < datetime.timedelta(milliseconds=1), (path, name)
            elif isinstance(true, datetime.date):
                told = datetime.date.fromisoformat(told)
            assert told <= true if side == "min" else told >= true, (path, name, told, true)


def check_checkpoint(log: str, version: int) -> None:
    schema, rows = pq.read_schema(log + f"{version:020}.checkpoint.parquet"), pq.read_table(log + f"{version:020}.checkpoint.parquet").to_pylist()
    for action, fields in CHECKPOINT.items():
        found = {field.name: str(field.type).split("<")[0] for field in schema.field(action).type}
        assert found == fields, (action, found)
    assert all(sum(value is not None for value in row.values()) == 1 for row in rows)
    assert sum(row["protocol"] is not None for row in rows) == sum(row["metaData"] is not None for row in rows) == 1
    assert not any(row["add"] and row["add"]["dataChange"] for row in rows)


def check(table: str) -> str:
    log = table + "/_delta_log/"
    names = sorted(os.listdir(log))
    assert all(re.match(r"^(\d{20}\.(json|checkpoint\.parquet)|_last_checkpoint)$", name) for name in names), names
    versions = [int(name[:20]) for name in names if name.endswith(".json")]
    checkpoints = [int(name[:20]) for name in names if name.endswith(".parquet")]
    assert versions == list(range(versions[0], versions[-1] + 1)), versions
    assert versions[0] == 0 or versions[0] in checkpoints, (versions[0], checkpoints)
    last, commit_metadata, transactions = 0, {}, set()
    for version in versions:
        with open(log + f"{version:020}.json") as file:
            actions = [json.loads(line) for line in file]
        assert all(len(action) == 1 for action in actions)
        info = actions[0]["commitInfo"]
        assert info["timestamp"] >= last and info["operation"]
        assert all(isinstance(value, str) for value in {**info["operationParameters"], **info.get("operationMetrics", {})}.values())
        last, commit_metadata = info["timestamp"], json.loads(info.get("userMetadata", "{}"))
        rewrites = info["operation"] == "OPTIMIZE"
        for action in actions:
            if "txn" in action:
                transactions.add(action["txn"]["appId"])
                assert commit_metadata["batchId"] == action["txn"]["version"]
            change = action.get("add") or action.get("remove")
            if change:
                assert change["dataChange"] is not rewrites and change["partitionValues"] == {}
            if "add" in action and os.path.exists(path := f"{table}/{action['add']['path']}"):
                check_statistics(path, action["add"])
    for version in checkpoints:
        check_checkpoint(log, version)
    if checkpoints:
        with open(log + "_last_checkpoint") as file:
            pointer = json.load(file)
        name = log + f"{pointer['version']:020}.checkpoint.parquet"
        assert pointer["version"] == checkpoints[-1] and pointer["sizeInBytes"] == os.path.getsize(name)
        assert pointer["size"] == pq.read_metadata(name).num_rows
    found = deltalake.DeltaTable(table)
    protocol = found.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2) and found.metadata().partition_columns == []
    fields = json.loads(found.schema().to_json())["fields"]
    assert all(field["nullable"] for field in fields)
    for uri in found.file_uris():
        stored = pq.read_schema(uri)
        assert stored.names == [field["name"] for field in fields]
        for field in fields:
            kind = field["type"]
            assert stored.field(field["name"]).type == (pa.list_(pa.field("element", pa.string())) if isinstance(kind, dict) else TYPES[kind]), field
            assert stored.field(field["name"]).nullable
    rewritten = commit_metadata.get("totals", {}).get("output")
    return f"{'/'.join(table.split('/')[-2:])} {sorted(transactions)} {len(checkpoints) > 0} {rewritten}"


for place in sys.argv[2:]:
    print(check(f"{sys.argv[1]}/{place}"))
