"""The rules of docs/data-contract.md as a person would write them with polars and deltalake: a peer for the embedded engine.

    python test/bench/peers.py <lake> <rows per batch, 0: all at once>

Reads <lake>/bronze, writes the five Delta tables below <lake>/peers, and prints seconds and CPU seconds as JSON. The tables
hold the same rows as the engine's (`peers_same.py` compares them). Each batch commits with its `txn`, as the contract asks;
what is left out is what a person leaves out at first: checkpoints of its own, compaction, retention, and a start that goes on
where the last one ended. Of JSON's rarer forms (repeated keys, numbers as texts) it does what polars does.
"""
import hashlib
import json
import resource
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

FIELDS = [
    "eventId", "deviceId", "deviceSequenceNumber", "city", "temperature", "humidity", "timestamp", "createdAt",
    "EventEnqueuedUtcTime", "PartitionId", "SequenceNumber",
]
READING = [
    "eventId", "deviceId", "deviceSequenceNumber", "city", "temperature", "humidity", "timestamp", "createdAt",
    "enqueuedAt", "partitionId",
]
WINDOW = timedelta(minutes=10)
EARLIEST = 1900


def time_of(name: str, form: str) -> pl.Expr:
    return pl.col(name).str.to_datetime(form, strict=False, time_zone="UTC", time_unit="us")


def whole(name: str) -> pl.Expr:
    """An integer by its value; null for anything else."""
    value = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when((value == value.floor()) & (value.abs() < 1e9)).then(value.cast(pl.Int32, strict=False))


def number_reasons(name: str, low: int, high: int) -> pl.Expr:
    return (
        pl.when(pl.col(f"{name} as sent").is_null()).then(pl.lit(f"{name} is missing"))
        .when(pl.col(name).is_null()).then(pl.lit(f"{name} is not an integer"))
        .when(~pl.col(name).is_between(low, high)).then(pl.lit(f"{name} out of range"))
    )


def derived_id(row: dict) -> str:
    if (row["deviceId"] or "").strip() and row["deviceSequenceNumber"] is not None:
        text = f"{row['deviceId']}:{row['deviceSequenceNumber']}"
    else:
        text = row["raw"]
    return str(uuid.UUID(bytes=hashlib.md5(text.encode()).digest(), version=3))


def validated(lines: list[str]) -> pl.DataFrame:
    """Typed columns, the reasons, and whether the row is valid."""
    raw = pl.DataFrame({"raw": lines}).with_columns(
        pl.col("raw").str.json_path_match("$").str.starts_with("{").fill_null(False).alias("object"),
        *(pl.col("raw").str.json_path_match(f"$.{name}").alias(name) for name in FIELDS),
    )
    typed = raw.with_columns(
        *(pl.col(name).alias(f"{name} as sent") for name in ("temperature", "humidity", "timestamp")),
        pl.col("city").str.strip_chars().replace("", None),
        whole("temperature").alias("temperature"),
        whole("humidity").alias("humidity"),
        pl.col("deviceSequenceNumber").cast(pl.Int64, strict=False),
        time_of("timestamp", "%Y-%m-%d %H:%M:%S"),
        time_of("createdAt", "%Y-%m-%dT%H:%M:%S%.fZ"),
        time_of("EventEnqueuedUtcTime", "%Y-%m-%dT%H:%M:%S%.fZ").alias("enqueuedAt"),
        whole("PartitionId").alias("partitionId"),
    )
    reasons = (
        pl.when(~pl.col("object"))
        .then(pl.concat_list(pl.lit("not a JSON object")))
        .otherwise(
            pl.concat_list(
                pl.when(pl.col("city").is_null()).then(pl.lit("city is missing")),
                number_reasons("temperature", -90, 60),
                number_reasons("humidity", 0, 100),
                pl.when(pl.col("timestamp as sent").is_null()).then(pl.lit("timestamp is missing"))
                .when(pl.col("timestamp").is_null()).then(pl.lit("timestamp does not parse"))
                .when(pl.col("timestamp").dt.year() < EARLIEST).then(pl.lit("timestamp out of range")),
                pl.when(pl.col("enqueuedAt").is_null()).then(pl.lit("enqueued time is missing")),
            ).list.drop_nulls()
        )
    )
    judged = typed.with_columns(reasons.alias("reasons")).with_columns(valid=pl.col("reasons").list.len() == 0)
    nameless = pl.col("eventId").is_null() | (pl.col("eventId").str.strip_chars() == "")
    derived = pl.struct("raw", "deviceId", "deviceSequenceNumber").map_elements(derived_id, return_dtype=pl.String)
    return pl.concat([
        judged.with_row_index().filter(~nameless),
        judged.with_row_index().filter(nameless).with_columns(derived.alias("eventId")),
    ]).sort("index")


class Seen:
    """What was kept within the last ten minutes, to know a duplicate by."""

    def __init__(self) -> None:
        self.kept = pl.DataFrame(
            schema={"eventId": pl.String, "valid": pl.Boolean, "keptAt": pl.Datetime("us", "UTC")}
        )

    def first_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        timed = rows.filter(pl.col("enqueuedAt").is_not_null())
        timed = timed.unique(["eventId", "valid"], keep="first", maintain_order=True)
        again = timed.join(self.kept, on=["eventId", "valid"]).filter(
            (pl.col("enqueuedAt") - pl.col("keptAt")).abs() <= WINDOW
        )
        timed = timed.join(again, on="index", how="anti")
        self.kept = pl.concat([self.kept, timed.select("eventId", "valid", pl.col("enqueuedAt").alias("keptAt"))])
        self.kept = self.kept.filter(pl.col("keptAt") >= pl.col("keptAt").max() - 2 * WINDOW)
        return pl.concat([timed, rows.filter(pl.col("enqueuedAt").is_null())]).sort("index")


def means(readings: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    return readings.group_by(keys, maintain_order=True).agg(
        readings=pl.len().cast(pl.Int64),
        min_temperature=pl.col("temperature").min(),
        avg_temperature=pl.col("temperature").mean(),
        max_temperature=pl.col("temperature").max(),
        avg_humidity=pl.col("humidity").mean(),
    )


def once(app: str, batch: int) -> CommitProperties:
    return CommitProperties(app_transactions=[Transaction(app_id=app, version=batch)])


def merge(table: Path, rows: pl.DataFrame, keys: list[str], commit: CommitProperties) -> None:
    if not DeltaTable.is_deltatable(str(table)):
        write_deltalake(str(table), rows, commit_properties=commit)
        return
    updates = {"readings": "t.readings + s.readings"}
    for name in ("avg_temperature", "avg_humidity"):
        updates[name] = f"(t.{name} * t.readings + s.{name} * s.readings) / (t.readings + s.readings)"
    if "min_temperature" in rows.columns:
        updates["min_temperature"] = "least(t.min_temperature, s.min_temperature)"
        updates["max_temperature"] = "greatest(t.max_temperature, s.max_temperature)"
    (
        DeltaTable(str(table))
        .merge(
            rows, " AND ".join(f"t.{key} = s.{key}" for key in keys),
            source_alias="s", target_alias="t", commit_properties=commit,
        )
        .when_matched_update(updates)
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
    # By minute, and in it by partition and number, as their names say.
    files = sorted((lake / "bronze").rglob("*.json"))
    out = lake / "peers"
    seen = Seen()
    begun, total = time.monotonic(), 0
    for batch, lines in enumerate(batches(files, rows)):
        total += len(lines)
        kept = seen.first_of(validated(lines))
        silver = kept.filter("valid").select(READING)
        write_deltalake(str(out / "silver"), silver, mode="append", commit_properties=once("silver", batch))
        refused = kept.filter(~pl.col("valid")).select("raw", "reasons", "enqueuedAt")
        if len(refused):
            commit = once("silver-quarantine", batch)
            write_deltalake(str(out / "quarantine"), refused, mode="append", commit_properties=commit)
        gold = silver.with_columns(
            date=pl.col("timestamp").dt.date(), hour=pl.col("timestamp").dt.hour().cast(pl.Int32)
        )
        write_deltalake(str(out / "gold"), gold, mode="append", commit_properties=once("gold", batch))
        by_minute = means(silver.with_columns(minute=pl.col("enqueuedAt").dt.truncate("1m")), ["minute", "city"])
        merge(out / "by_minute", by_minute, ["minute", "city"], once("gold-by-minute", batch))
        by_hour = means(gold, ["city", "date", "hour"]).drop("min_temperature", "max_temperature")
        merge(out / "aggregated", by_hour, ["city", "date", "hour"], once("aggregate", batch))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "lines": total,
        "seconds": time.monotonic() - begun,
        "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "maxRssMb": usage.ru_maxrss * 1024 / 1e6,
    }))


main()
