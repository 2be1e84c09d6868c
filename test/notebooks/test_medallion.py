"""The notebooks as they are, on a lake of files: what goes in comes out once, in the right table, with a balanced ledger."""
import threading

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from rtstream_lake import StateError

COUNTS = ("input", "output", "quarantined", "duplicates")


def totals(lake):
    ledger = lake.ledger("silver/weather")
    return tuple(ledger[-1]["totals"][name] for name in COUNTS)


def test_good_and_bad_rows_flow_to_the_aggregate(lake):
    seed_form = lake.event(minute=1, deviceId=None, deviceSequenceNumber=None, createdAt=None, temperature=30,
                           timestamp="1987-06-05 04:03:02")
    del seed_form["eventId"]
    lake.place("a.json", lake.event("a", city=" Zürich "), lake.event("b", humidity="51"), seed_form, "junk", "",
               lake.event("c", temperature=99, city=None), end="\r\n")
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    assert len(lake.rows("silver/weather")) == len(lake.rows("gold/weather")) == 3
    assert {row["raw"]: row["reasons"] for row in lake.rows("silver/weather_quarantine")}["junk"] == ["not a JSON object"]
    assert totals(lake) == (5, 3, 2, 0)
    assert sorted((row["city"], row["readings"]) for row in lake.rows("gold/weather_by_minute")) == [
        ("Oslo", 1), ("Oslo", 1), ("Zürich", 1)]
    aggregated = {(row["city"], str(row["date"]), row["hour"]): row["avg_temperature"]
                  for row in lake.rows("gold/weather_aggregated")}
    assert aggregated == {("Zürich", "2026-03-01", 12): 20.0, ("Oslo", "2026-03-01", 12): 20.0,
                          ("Oslo", "1987-06-05", 4): 30.0}
    # Merged into what is there: an exact mean over both batches.
    lake.place("b.json", lake.event("d", temperature=21), lake.event("e", temperature=21, minute=2))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    oslo = [row for row in lake.rows("gold/weather_aggregated") if row["city"] == "Oslo" and row["hour"] == 12]
    assert [(row["readings"], row["avg_temperature"]) for row in oslo] == [(3, 62 / 3)]
    assert [ledger["totals"]["output"] for ledger in lake.ledger("gold/weather_aggregated")] == [3, 5]


def test_rows_of_another_writer_without_a_time_or_a_measurement_are_in_no_mean(lake, spark):
    lake.place("a.json", lake.event("a", temperature=10, humidity=40))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    silver = str(lake.root / "silver/weather")
    row = spark.read.format("delta").load(silver)
    for column in ("temperature", "humidity", "enqueuedAt", "timestamp"):
        lacking = row.where("eventId = 'a'").withColumn("eventId", F.lit(f"without {column}"))
        lacking.withColumn(column, F.lit(None).cast(row.schema[column].dataType)).write.format("delta").mode("append").save(silver)
    lake.place("b.json", lake.event("b", temperature=20, humidity=60))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    # Without a time of its own a reading has no hour; without the hub's it has no minute.
    means = {table: [(row["readings"], row["avg_temperature"], row["avg_humidity"]) for row in lake.rows(table)]
             for table in ("gold/weather_by_minute", "gold/weather_aggregated")}
    assert means == {"gold/weather_by_minute": [(3, 40 / 3, 140 / 3)], "gold/weather_aggregated": [(3, 40 / 3, 140 / 3)]}
    assert len(lake.rows("gold/weather")) == lake.ledger("gold/weather_aggregated")[-1]["totals"]["output"] == 6


def test_duplicates_inside_a_batch_across_batches_and_a_restart(lake):
    lake.place("a.json", lake.event("a", temperature=1), lake.event("a", temperature=2), lake.event("b"),
               lake.event("a", temperature=99), lake.event("a", temperature=98))
    lake.run("silver")
    lake.place("b.json", lake.event("a", minute=9), lake.event("a", minute=11), lake.event("b", minute=10),
               lake.event("a", minute=3, temperature=97))
    lake.run("silver")
    assert lake.ids() == ["a", "a", "b"]
    assert min(row["temperature"] for row in lake.rows("silver/weather")) == 1
    assert [row["reasons"] for row in lake.rows("silver/weather_quarantine")] == [["temperature out of range"]]
    assert totals(lake) == (9, 3, 1, 5)


@pytest.mark.one_spark(3, "the notebook's own order of lines")
def test_of_duplicates_in_one_file_the_first_line_stays_whatever_it_says(lake):
    lake.place("a.json", *(lake.event(id, deviceSequenceNumber=7, city=city, temperature=temperature)
                           for id, city, temperature in [("a", "Zürich", 30), ("b", "Oslo", 1), ("a", "Bergen", 20), ("a", "Aswan", 40)]))
    lake.run("silver")
    assert [(row["eventId"], row["temperature"]) for row in lake.rows("silver/weather")] == [("a", 30), ("b", 1)]


@pytest.mark.one_spark(3, "Spark 4 has a partition that lags in test_duplicates.py")
def test_a_partition_that_lags_loses_nothing(lake):
    lake.place("a.json", lake.event("new", minute=90))
    lake.run("silver")
    lake.place("b.json", lake.event("old", partition=1, minute=5), lake.event("old", partition=1, minute=6))
    lake.run("silver")
    assert lake.ids() == ["new", "old"]
    assert totals(lake) == (3, 2, 0, 1)


def test_late_rows_find_their_minute_and_their_hour(lake):
    lake.place("a.json", lake.event("on time", minute=5, temperature=10), lake.event("later", minute=90))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    lake.place("b.json", lake.event("late", partition=1, minute=5, temperature=21))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    minutes = {row["minute"].strftime("%H:%M"): row for row in lake.rows("gold/weather_by_minute")}
    assert {minute: row["readings"] for minute, row in minutes.items()} == {"12:05": 2, "13:30": 1}
    late = minutes["12:05"]
    assert (late["min_temperature"], late["avg_temperature"], late["max_temperature"]) == (10, 15.5, 21)
    (hour,) = lake.rows("gold/weather_aggregated")
    assert (hour["readings"], hour["avg_temperature"]) == (3, 17.0)


def test_without_input_the_tables_are_empty_and_nothing_is_committed(lake):
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    assert lake.rows("silver/weather") == lake.rows("gold/weather_aggregated") == []
    assert lake.ledger("silver/weather") == []


@pytest.mark.one_spark(3, "a file source has read a path once and for all in both")
def test_rows_appended_to_a_file_that_was_read_are_lost_which_is_why_each_file_is_written_once(lake):
    grown = lake.place("a.json", lake.event("a"))
    lake.run("silver")
    lake.place("a.json", lake.event("a"), lake.event("lost"))
    lake.run("silver")
    assert grown.read_text().count("\n") == 2 and lake.ids() == ["a"]
    lake.place("b.json", lake.event("kept"), folder="2026/03/01/12/01")
    lake.run("silver")
    assert lake.ids() == ["a", "kept"]


def test_a_stream_goes_on_until_it_is_stopped(lake):
    lake.place("a.json", lake.event("a"))
    errors = []

    def run():
        try:
            lake.run("silver", RTSTREAM_TRIGGER="processingTime", RTSTREAM_INTERVAL="0 seconds")
        except Exception as error:  # Shown by the assertion below.
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        while not lake.spark.streams.active and thread.is_alive():
            thread.join(0.05)
        (query,) = lake.spark.streams.active
        query.processAllAvailable()
        lake.place("b.json", lake.event("b"))
        query.processAllAvailable()
        assert lake.ids() == ["a", "b"]
    finally:
        for query in lake.spark.streams.active:
            query.stop()
        thread.join()
    assert errors == []


@pytest.mark.one_spark(3, "Spark 4 is killed there in earnest (test_kill.py)")
def test_a_batch_that_fails_between_its_commits_is_finished_by_the_next_run(lake, monkeypatch):
    import rtstream_lake

    lake.place("a.json", lake.event("a"), lake.event("a"), "junk")
    append = rtstream_lake.LakeTable.append

    def cut(table, *arguments):
        if table.app_id == "silver-quarantine":
            raise OSError("cut")
        append(table, *arguments)

    monkeypatch.setattr(rtstream_lake.LakeTable, "append", cut)
    with pytest.raises(PySparkException, match="cut"):
        lake.run("silver")
    assert (lake.ids(), lake.rows("silver/weather_quarantine")) == (["a"], [])
    monkeypatch.setattr(rtstream_lake.LakeTable, "append", append)
    lake.run("silver")
    assert lake.ids() == ["a"] and len(lake.rows("silver/weather_quarantine")) == 1
    assert lake.ledger("silver/weather") == lake.ledger("silver/weather_quarantine")
    assert totals(lake) == (3, 1, 1, 1)


@pytest.mark.one_spark(3, "Spark 4 refuses one that is missing, and one that is ahead of its table, on Connect (on_connect.py)")
def test_a_checkpoint_that_is_another_querys_or_does_not_fit_the_table_is_refused(lake):
    import shutil

    lake.place("a.json", lake.event("a"))
    lake.run("silver")
    lake.run("gold")
    checkpoints = lake.root / "checkpoints"
    owner = next((checkpoints / "silver" / "owner").glob("part-*"))
    kept = owner.read_text()
    crc = owner.with_name(f".{owner.name}.crc")
    crc.unlink()
    owner.write_text(kept.replace("1", "7"))
    with pytest.raises(StateError, match="belongs to version 7 of the query silver, this is version 1"):
        lake.run("silver")
    owner.write_text(kept)
    shutil.move(checkpoints / "gold", checkpoints / "moved")
    shutil.copytree(checkpoints / "silver", checkpoints / "gold")
    with pytest.raises(StateError, match="query silver, this is version 1 of gold"):
        lake.run("gold")
    lake.place("b.json", lake.event("b"))
    lake.run("silver")
    shutil.rmtree(checkpoints / "silver")
    with pytest.raises(StateError, match="is missing, but the table silver/weather holds batch 1"):
        lake.run("silver")
