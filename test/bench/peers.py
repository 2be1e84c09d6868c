"""The rules of docs/data-contract.md as a person would write them with polars and deltalake: a peer for the embedded engine.

    python test/bench/peers.py <lake> <rows per batch, 0: all at once>

Reads <lake>/bronze, writes Delta tables below <lake>/peers, and prints seconds and CPU seconds as JSON. Simpler than the
contract where that costs a person nothing in a demo: times and numbers by plain casts, duplicates of a whole run.
"""
import json
import resource
import sys
import time
from pathlib import Path

import polars as pl
from deltalake import DeltaTable, write_deltalake

FIELDS = [
    "eventId", "deviceId", "deviceSequenceNumber", "city", "temperature", "humidity", "timestamp", "createdAt",
    "EventEnqueuedUtcTime", "PartitionId", "SequenceNumber",
]
READING = [
    "eventId", "deviceId", "deviceSequenceNumber", "city", "temperature", "humidity", "timestamp", "createdAt",
    "enqueuedAt", "partitionId",
]


def validated(lines: list[str]) -> pl.DataFrame:
    """Typed columns and the list of reasons; a field that is not there, or no value of its type, is null."""
    raw = pl.DataFrame({"raw": lines}).with_columns(
        pl.col("raw").str.json_path_match(f"$.{name}").alias(name) for name in FIELDS
    )
    typed = raw.with_columns(
        pl.col("city").str.strip_chars().replace("", None),
        pl.col("temperature").cast(pl.Int32, strict=False),
        pl.col("humidity").cast(pl.Int32, strict=False),
        pl.col("deviceSequenceNumber").cast(pl.Int64, strict=False),
        pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_zone="UTC", time_unit="us"),
        pl.col("createdAt").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False, time_zone="UTC", time_unit="us"),
        pl.col("EventEnqueuedUtcTime")
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False, time_zone="UTC", time_unit="us")
        .alias("enqueuedAt"),
        pl.col("PartitionId").cast(pl.Int32, strict=False).alias("partitionId"),
        pl.coalesce(
            pl.col("eventId"), pl.format("{}:{}", "PartitionId", "SequenceNumber"), pl.col("raw")
        ).alias("eventId"),
    )

    def reason(broken: pl.Expr, text: str) -> pl.Expr:
        return pl.when(broken).then(pl.lit(text))

    reasons = pl.concat_list(
        reason(pl.col("city").is_null(), "city is missing"),
        reason(~pl.col("temperature").is_between(-90, 60).fill_null(False), "temperature out of range"),
        reason(~pl.col("humidity").is_between(0, 100).fill_null(False), "humidity out of range"),
        reason(pl.col("timestamp").is_null(), "timestamp does not parse"),
        reason(pl.col("enqueuedAt").is_null(), "enqueued time is missing"),
    ).list.drop_nulls()
    return typed.with_columns(reasons.alias("reasons"), valid=reasons.list.len() == 0)


def means(readings: pl.DataFrame, keys: list[pl.Expr]) -> pl.DataFrame:
    return readings.group_by(keys).agg(
        readings=pl.len().cast(pl.Int64),
        temperatures=pl.col("temperature").sum().cast(pl.Int64),
        humidities=pl.col("humidity").sum().cast(pl.Int64),
    )


def merge(table: Path, rows: pl.DataFrame, keys: list[str]) -> None:
    if not DeltaTable.is_deltatable(str(table)):
        write_deltalake(str(table), rows)
        return
    sums = ["readings", "temperatures", "humidities"]
    (
        DeltaTable(str(table))
        .merge(rows, " AND ".join(f"t.{key} = s.{key}" for key in keys), source_alias="s", target_alias="t")
        .when_matched_update({name: f"t.{name} + s.{name}" for name in sums})
        .when_not_matched_insert_all()
        .execute()
    )


def batches(files: list[Path], rows: int):
    lines: list[str] = []
    for file in files:
        lines += [line for line in file.read_text().split("\n") if line.strip()]
        if rows and len(lines) >= rows:
            yield lines
            lines = []
    if lines:
        yield lines


def main() -> None:
    lake, rows = Path(sys.argv[1]), int(sys.argv[2])
    files = sorted((lake / "bronze").rglob("*.json"))
    out = lake / "peers"
    seen = pl.DataFrame(schema={"eventId": pl.String, "valid": pl.Boolean})
    begun, total = time.monotonic(), 0
    for lines in batches(files, rows):
        total += len(lines)
        frame = validated(lines).unique(["eventId", "valid"], keep="first", maintain_order=True)
        frame = frame.join(seen, on=["eventId", "valid"], how="anti", maintain_order="left")
        seen = pl.concat([seen, frame.select("eventId", "valid")])
        silver = frame.filter("valid").select(READING)
        write_deltalake(str(out / "silver"), silver, mode="append")
        refused = frame.filter(~pl.col("valid")).select("raw", "reasons", "enqueuedAt")
        if len(refused):
            write_deltalake(str(out / "quarantine"), refused, mode="append")
        gold = silver.with_columns(date=pl.col("timestamp").dt.date(), hour=pl.col("timestamp").dt.hour().cast(pl.Int32))
        write_deltalake(str(out / "gold"), gold, mode="append")
        minute = pl.col("enqueuedAt").dt.truncate("1m").alias("minute")
        merge(out / "by_minute", means(silver, [minute, pl.col("city")]), ["minute", "city"])
        keys = ["city", "date", "hour"]
        merge(out / "aggregated", means(gold, [pl.col(key) for key in keys]), keys)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "lines": total,
        "seconds": time.monotonic() - begun,
        "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "maxRssMb": usage.ru_maxrss * 1024 / 1e6,
    }))


main()
