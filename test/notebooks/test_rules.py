"""The rules as functions: JSON to the letter, and each rule of the contract."""
import hashlib
import json
import uuid
from collections import namedtuple

import pytest
from pyspark.sql import functions as F

from rtstream_lake import metadata_in
from rtstream_rules import parse_object, read_line, validate

DEEP = 5000


@pytest.mark.parametrize(
    "text",
    [
        "junk", "", "[]", '"text"', "1", "null", "{} x", "{},{}", "{'a':1}", '{"a":1,}', '{"a":[1,]}', '{"a":NaN}',
        '{"a":-Infinity}', '{"a":01}', '{"a":1.}', '{"a":+1}', "{a:1}", '{"a":1 /* no */}', '{"a":"\t"}', '{"a":"\\x"}',
        '{"a":"\\ud83d"}', '{"a":"\\ude00\\ud83d"}', '{"\\udc00":1}', '\ufeff{"a":1}', '\xa0{"a":1}', '{"a":1',
        '{"a":' + "[" * DEEP + "]" * (DEEP - 1) + "}", '{"a":' + "[" * DEEP + "]" * DEEP + "} x",
    ],
)
def test_what_is_no_json_object(text):
    assert parse_object(text) is None


def test_what_is_one():
    assert parse_object(' {"a":"\\ud83d\\ude00", "b":"\\\\ud83d"}\t') == {"a": "😀", "b": "\\ud83d"}
    assert parse_object('{"a":1,"a":2}') == {"a": "1"}
    assert parse_object('{"a":1e999,"b":' + "9" * 5000 + "}")["a"] == "1e999"


def test_nesting_has_no_limit():
    deep = '{"a":"x","b":' + '[{"c":' * DEEP + "1" + "}]" * DEEP + ',"a":2,"n":null,"d":-1.5e3}'
    fields = parse_object(deep)
    assert (fields["a"], fields["n"], fields["d"]) == ("x", None, "-1.5e3")


def test_bytes_that_are_no_utf8_become_replacement_characters():
    repaired, is_object, *fields = read_line(b'{"city":"Z\xfcrich"}')
    assert (repaired, is_object, fields[3]) == ('{"city":"Z\ufffdrich"}', True, "sZ\ufffdrich")


GOOD = {
    "eventId": "a", "city": "Oslo", "temperature": 20, "humidity": 50, "timestamp": "2026-03-01 12:00:00",
    "PartitionId": 0, "SequenceNumber": 1804, "EventEnqueuedUtcTime": "2026-03-01T12:00:00.1234567Z",
}

CASES = [
    # field, value as JSON, the column, what it must be
    ("city", '"\\u00a0 Zürich\\u3000"', "city", "Zürich"),
    ("city", "5", "city", None), ("city", '["Oslo"]', "city", None), ("city", '" \\u2003"', "city", None),
    ("city", "true", "city", None), ("city", "null", "city", None),
    ("temperature", "21.0", "temperature", 21), ("temperature", "2.1e1", "temperature", 21),
    ("temperature", '" -21.00 "', "temperature", -21), ("temperature", '"2.1e1"', "temperature", None),
    ("temperature", "21.5", "temperature", None), ("temperature", "1e999", "temperature", None),
    ("temperature", "-0", "temperature", 0), ("temperature", "[21]", "temperature", None),
    ("temperature", '"+21"', "temperature", None), ("temperature", "1e9", "temperature", None),
    ("timestamp", '"2024-02-29T00:00:00Z"', "timestamp", 1709164800),
    ("timestamp", '"1900-01-01 00:00:00"', "reasons", []),
    # A clock that was never set, and the last second before.
    ("timestamp", '"0001-01-01 00:00:00"', "reasons", ["timestamp out of range"]),
    ("timestamp", '"1899-12-31 23:59:59"', "reasons", ["timestamp out of range"]),
    ("createdAt", '"1899-12-31T23:59:59.999Z"', "createdAt", None), ("createdAt", '"1900-01-01T00:00:00Z"', "createdAt", -2208988800),
    ("EventEnqueuedUtcTime", '"0001-01-01T00:00:00Z"', "reasons", ["enqueued time is missing"]),
    ("timestamp", '"2026-02-29 00:00:00"', "timestamp", None), ("timestamp", '"0000-01-01 00:00:00"', "timestamp", None),
    ("timestamp", '"2026-03-01 24:00:00"', "timestamp", None), ("timestamp", '"2016-12-31 23:59:60"', "timestamp", None),
    ("timestamp", '" 2026-03-01 12:00:00"', "timestamp", None), ("timestamp", '"2026-03-01 12:00:00\\n"', "timestamp", None),
    ("deviceSequenceNumber", '" 999999999999999999 "', "deviceSequenceNumber", 999999999999999999),
    ("deviceSequenceNumber", "1e3", "deviceSequenceNumber", 1000), ("deviceSequenceNumber", "-1", "deviceSequenceNumber", None),
    ("deviceSequenceNumber", "9007199254740993", "deviceSequenceNumber", 9007199254740993),
    ("deviceSequenceNumber", "1234567890123456789", "deviceSequenceNumber", None),
    ("eventId", '" a "', "eventId", " a "),
    ("eventId", "7", "eventId", None),
    ("deviceId", "7", "deviceId", None), ("PartitionId", "-1", "partitionId", None),
]


@pytest.mark.parametrize("ansi", ["false", "true"])
@pytest.mark.parametrize("is_compiled", [False, True])
def test_each_rule(spark, ansi, is_compiled, request):
    if is_compiled:
        request.getfixturevalue("generated_code")
    lines = []
    for number, (field, value, _, _) in enumerate(CASES):
        rest = json.dumps({name: content for name, content in GOOD.items() if name != field}, ensure_ascii=False)
        lines.append((number, f'{{"{field}":{value},{rest[1:]}'))
    before = spark.conf.get("spark.sql.ansi.enabled")
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    spark.conf.set("spark.sql.session.timeZone", "Asia/Kolkata")
    try:
        validated = validate(spark.createDataFrame(lines, "number int, value string"))
        for name in ("timestamp", "createdAt"):
            validated = validated.withColumn(name, F.unix_seconds(name))
        rows = {row.number: row for row in validated.drop("enqueuedAt").collect()}
    finally:
        spark.conf.set("spark.sql.ansi.enabled", before)
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    for number, (field, value, column, wanted) in enumerate(CASES):
        if column == "eventId" and value == "7":
            wanted = uuid_of("0:1804:" + lines[number][1])
        assert rows[number][column] == wanted, (field, value)


def uuid_of(text):
    return str(uuid.UUID(bytes=hashlib.md5(text.encode()).digest(), version=3))


def test_derived_ids(spark):
    place = '"PartitionId":0,"SequenceNumber":5'
    lines = [
        '{"deviceId":"d","deviceSequenceNumber":3,%s}' % place,
        '{"deviceId":"d","deviceSequenceNumber":" 3 ","PartitionId":1,"SequenceNumber":9}',
        '{"deviceId":" ","deviceSequenceNumber":3,"EventProcessedUtcTime":"2026-03-01T12:00:00Z",%s}' % place,
        '{"deviceId":"d","city":"Oslo",%s}' % place,
        '{"city":"Oslo"}',
    ]
    rows = validate(spark.createDataFrame([(line,) for line in lines], "value string")).collect()
    assert [row.eventId for row in rows] == [
        uuid_of("d:3"),
        uuid_of("d:3"),
        uuid_of('0:5:{"deviceId":" ","deviceSequenceNumber":3,,%s}' % place),
        uuid_of("0:5:" + lines[3]),
        uuid_of(lines[4]),
    ]


def test_all_reasons_in_order(spark):
    lines = ["x", "{}", '{"city":1,"temperature":99,"humidity":"x","timestamp":"x"}', " \u2003\t"]
    rows = validate(spark.createDataFrame([(line,) for line in lines], "value string")).collect()
    assert [row.reasons for row in rows] == [
        ["not a JSON object"],
        ["city is missing", "temperature is missing", "humidity is missing", "timestamp is missing", "enqueued time is missing"],
        ["city is missing", "temperature out of range", "humidity is not an integer", "timestamp does not parse",
         "enqueued time is missing"],
    ]


def test_only_white_space_makes_a_line_blank(spark):
    """Bytes that are no UTF-8 are not white space, though the ends of U+00A0, U+0085 and others in its list are such bytes."""
    kept = [
        b"\xa0", b"\x85", b"\x80", b"\xa8", b"\xc2", b"\xe3\x80", b" \xa0\t", b"\xa0\xa0\x85",
        b"\x00", b"\x1c", b"\x1f", "\ufeff".encode(), "\u200b".encode(), "\u2060".encode(), "\ufffd".encode(),
    ]
    blank = [b"", b" \t\x0b\x0c\r", *(char.encode() for char in "\x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000")]
    lines = spark.createDataFrame([(bytearray(line),) for line in kept + blank], "value binary")
    rows = validate(lines.select(F.col("value").cast("string").alias("value"))).collect()
    assert [row.raw for row in rows] == [line.decode("utf-8", "replace") for line in kept]
    assert {tuple(row.reasons) for row in rows} == {("not a JSON object",)}


Commit = namedtuple("Commit", "version operation operationParameters userMetadata")


def history(*commits):
    """Newest first. A number: a micro-batch; `to 3`: a RESTORE; `to None`: one to a time; any other text: another writer's."""
    rows = []
    for version, commit in enumerate(commits):
        if isinstance(commit, int):
            rows.append(Commit(version, "WRITE", {}, json.dumps({"batchId": commit, "batch": {}, "totals": {}})))
        elif commit.startswith("to "):
            rows.append(Commit(version, "RESTORE", {"version": commit[3:], "timestamp": None}, None))
        else:
            rows.append(Commit(version, "OPTIMIZE", None, commit))
    return rows[::-1]


@pytest.mark.parametrize(
    "commits, newest, held, restored",
    [
        (("", 0, 1, "nightly", '{"batchId":7}'), 1, 1, None),
        (("", 0, 1, "to 1"), 1, 0, 3),
        (("", 0, 1, "to 1", "", "to 2"), 1, 1, 5),
        # To where the first one had put it.
        (("", 0, 1, "to 1", "to 3"), 1, 0, 3),
        (("", 0, 1, "to None"), 1, None, 3),
        (("", 0, "to 0"), 0, None, 2),
        (("", 0, 1, "to 2", 2), 2, 2, None),
        (("", ""), None, None, None),
    ],
)
def test_what_a_restore_took_out_is_not_in_the_table(commits, newest, held, restored):
    batch = lambda metadata: metadata and metadata["batchId"]
    found = metadata_in(history(*commits))
    assert (batch(found[0]), batch(found[1]), found[2]) == (newest, held, restored)
