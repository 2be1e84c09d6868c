"""Small files are kept in check: compacted by who writes them, and deleted once no version and no stream needs them."""
import os

import pytest
import rtstream_lake
from rtstream_lake import LakeTable, read_settings

FILES = 4


@pytest.fixture
def eager(spark, monkeypatch):
    """Compaction after three files, cleaning after every second batch, of whatever is superseded."""
    options = {
        "spark.databricks.delta.autoCompact.minNumFiles": "3",
        "spark.databricks.delta.properties.defaults.deletedFileRetentionDuration": "interval 0 seconds",
    }
    for name, value in options.items():
        spark.conf.set(name, value)
    monkeypatch.setattr(rtstream_lake, "BATCHES_PER_CLEANING", 2)
    monkeypatch.setattr(rtstream_lake, "LEAST_RETENTION", 0)
    yield
    for name in options:
        spark.conf.unset(name)


def place_minute(lake, minute):
    placed = lake.place(f"{minute}.json", lake.event(f"{minute}", minute=minute), f"junk {minute}")
    # Spark takes files in the order of their times, to the millisecond.
    os.utime(placed, (1_772_366_400 + minute,) * 2)


def on_disk(lake, table):
    return {path.name for path in (lake.root / table).glob("*.parquet")}


def active(lake, table):
    return {path.rsplit("/", 1)[-1] for path in lake.spark.read.format("delta").load(str(lake.root / table)).inputFiles()}


def test_files_are_compacted_and_deleted_when_neither_a_version_nor_a_stream_needs_them(lake, spark, eager):
    for minute in range(FILES):
        place_minute(lake, minute)
    lake.run("silver", RTSTREAM_MAX_FILES="1")
    # A file for each batch, and fewer that hold the same rows.
    everything = on_disk(lake, "silver/weather")
    assert len(active(lake, "silver/weather")) < FILES < len(everything)
    assert lake.ids() == [str(minute) for minute in range(FILES)]
    # No stream reads the quarantine: silver has cleaned it, with its last batch.
    assert on_disk(lake, "silver/weather_quarantine") == active(lake, "silver/weather_quarantine")

    silver = LakeTable(spark, read_settings(), "silver", app_id="silver")
    silver.clean(read_from=0)
    assert on_disk(lake, "silver/weather") == everything
    newest = silver.spark.sql(f"DESCRIBE HISTORY delta.`{silver.path}`").first()["version"]
    silver.clean(read_from=newest + 1)
    assert on_disk(lake, "silver/weather") == active(lake, "silver/weather")


def test_gold_cleans_what_it_has_read_and_copies_no_minute_that_is_over(lake, eager, monkeypatch):
    """`gold/weather_by_minute` grows all day: what a batch rewrites must follow the batch, not the table."""
    cleaned = []
    monkeypatch.setattr(LakeTable, "clean", lambda table, read_from=None: cleaned.append((table.title, read_from)))
    for minute in (0, 1):
        place_minute(lake, minute)
    lake.run("silver")
    lake.run("gold")
    first = active(lake, "gold/weather_by_minute")
    place_minute(lake, 2)
    lake.run("silver")
    lake.run("gold")
    assert first < active(lake, "gold/weather_by_minute")
    assert sorted(row["minute"].minute for row in lake.rows("gold/weather_by_minute")) == [0, 1, 2]
    # Version 0 made the table, 1 is what gold's first batch had read: the second reads on from behind it.
    assert cleaned == [
        ("silver/weather_quarantine", None), ("gold/weather_by_minute", None), ("silver/weather", 2)]
