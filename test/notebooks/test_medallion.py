"""The notebooks as they are, on a lake of files: what goes in comes out once, in the right table, with a balanced ledger."""
import threading
from functools import reduce

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conftest import Lake
from rtstream_lake import StateError

COUNTS = ("input", "output", "quarantined", "duplicates")


def totals(lake):
    ledger = lake.ledger("silver/weather")
    return tuple(ledger[-1]["totals"][name] for name in COUNTS)


NOTEBOOKS = ("silver", "gold", "aggregate")
# What another writer may leave out, each in a reading of its own.
LACKING = ("temperature", "humidity", "enqueuedAt", "timestamp")


def run_all(lake):
    for notebook in NOTEBOOKS:
        lake.run(notebook)


@pytest.fixture(scope="module")
def chain(tmp_path_factory, spark):
    """
    One lake that all three notebooks have run on three times, for tests that only look at it, each at its own cities: without
    input, on the first files (as exported, with no file beside them), and on later ones and another writer's rows.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        lake = Lake(tmp_path_factory.mktemp("chain") / "lake", spark, monkeypatch)
        run_all(lake)
        lake.at_first = (lake.rows("silver/weather"), lake.rows("gold/weather_aggregated"), lake.ledger("silver/weather"))

        seed_form = lake.event(minute=1, deviceId=None, deviceSequenceNumber=None, createdAt=None, temperature=30,
                               timestamp="1987-06-05 04:03:02")
        del seed_form["eventId"]
        lake.place("a.json", lake.event("a", city=" Zürich "), lake.event("b", humidity="51"), seed_form, "junk", "",
                   lake.event("c", temperature=99, city=None), end="\r\n")
        lake.place("late.json", lake.event("on time", city="Bergen", minute=5, temperature=10), lake.event("later", city="Bergen", minute=90))
        lake.place("other.json", lake.event("whole", city="Tromsø", temperature=10, humidity=40))
        lake.run_exported(*NOTEBOOKS)
        lake.totals_of_first = totals(lake)
        silver = str(lake.root / "silver/weather")
        row = spark.read.format("delta").load(silver)
        lacking = [row.where("eventId = 'whole'").withColumn("eventId", F.lit(f"without {column}"))
                   .withColumn(column, F.lit(None).cast(row.schema[column].dataType)) for column in LACKING]
        reduce(DataFrame.unionByName, lacking).write.format("delta").mode("append").save(silver)

        lake.place("b.json", lake.event("d", temperature=21), lake.event("e", temperature=21, minute=2))
        lake.place("b-late.json", lake.event("late", city="Bergen", partition=1, minute=5, temperature=21))
        lake.place("b-other.json", lake.event("whole again", city="Tromsø", temperature=20, humidity=60))
        run_all(lake)
        yield lake


def of_city(lake, table, city):
    return [row for row in lake.rows(table) if row["city"] == city]


def test_without_input_the_tables_are_empty_and_nothing_is_committed(chain):
    assert chain.at_first == ([], [], [])


def test_good_and_bad_rows_flow_to_the_aggregate(chain):
    assert chain.totals_of_first == (8, 6, 2, 0)
    assert {row["raw"]: row["reasons"] for row in chain.rows("silver/weather_quarantine")}["junk"] == ["not a JSON object"]
    assert len(chain.rows("silver/weather")) == len(chain.rows("gold/weather"))
    assert sorted((row["city"], row["minute"].minute, row["readings"]) for row in chain.rows("gold/weather_by_minute")
                  if row["city"] in ("Oslo", "Zürich")) == [("Oslo", 0, 2), ("Oslo", 1, 1), ("Oslo", 2, 1), ("Zürich", 0, 1)]
    # Merged into what is there: an exact mean over both batches.
    aggregated = {(row["city"], str(row["date"]), row["hour"]): (row["readings"], row["avg_temperature"])
                  for row in chain.rows("gold/weather_aggregated") if row["city"] in ("Oslo", "Zürich")}
    assert aggregated == {("Zürich", "2026-03-01", 12): (1, 20.0), ("Oslo", "2026-03-01", 12): (3, 62 / 3),
                          ("Oslo", "1987-06-05", 4): (1, 30.0)}
    # The last has another writer's rows too.
    assert [ledger["totals"]["output"] for ledger in chain.ledger("gold/weather_aggregated")][-2:] == [6, 6 + 4 + len(LACKING)]


def test_rows_of_another_writer_without_a_time_or_a_measurement_are_in_no_mean(chain):
    # Without a time of its own a reading has no hour; without the hub's it has no minute.
    tables = ("gold/weather_by_minute", "gold/weather_aggregated")
    means = {table: [(row["readings"], row["avg_temperature"], row["avg_humidity"]) for row in of_city(chain, table, "Tromsø")]
             for table in tables}
    assert means == {table: [(3, 40 / 3, 140 / 3)] for table in tables}
    assert len(of_city(chain, "gold/weather", "Tromsø")) == 2 + len(LACKING)


def test_late_rows_find_their_minute_and_their_hour(chain):
    minutes = {row["minute"].strftime("%H:%M"): row for row in of_city(chain, "gold/weather_by_minute", "Bergen")}
    assert {minute: row["readings"] for minute, row in minutes.items()} == {"12:05": 2, "13:30": 1}
    late = minutes["12:05"]
    assert (late["min_temperature"], late["avg_temperature"], late["max_temperature"]) == (10, 15.5, 21)
    (hour,) = of_city(chain, "gold/weather_aggregated", "Bergen")
    assert (hour["readings"], hour["avg_temperature"]) == (3, 17.0)


def test_duplicates_inside_a_batch_across_batches_and_a_restart(lake):
    """Beside them, what else two runs of silver show: a partition that lags, and a file that somebody appended to."""
    lake.place("a.json", lake.event("a", temperature=1), lake.event("a", temperature=2), lake.event("b"),
               lake.event("a", temperature=99), lake.event("a", temperature=98))
    # The first line stays, whatever it says.
    lake.place("first.json", *(lake.event(id, deviceSequenceNumber=7, city=city, temperature=temperature)
                               for id, city, temperature in [("c", "Zürich", 30), ("d", "Oslo", 1), ("c", "Bergen", 20), ("c", "Aswan", 40)]))
    grown = lake.place("grown.json", lake.event("new", minute=90))
    lake.run("silver")
    lake.place("b.json", lake.event("a", minute=9), lake.event("a", minute=11), lake.event("b", minute=10),
               lake.event("a", minute=3, temperature=97))
    lake.place("lags.json", lake.event("old", partition=1, minute=5), lake.event("old", partition=1, minute=6))
    # Read once and for all: why each file is written once.
    lake.place("grown.json", lake.event("new", minute=90), lake.event("lost", minute=91))
    lake.run("silver")
    assert grown.read_text().count("\n") == 2
    assert lake.ids() == ["a", "a", "b", "c", "d", "new", "old"]
    assert {row["eventId"]: row["temperature"] for row in lake.rows("silver/weather") if row["eventId"] in "cd"} == {"c": 30, "d": 1}
    assert min(row["temperature"] for row in lake.rows("silver/weather") if row["eventId"] == "a") == 1
    assert [row["reasons"] for row in lake.rows("silver/weather_quarantine")] == [["temperature out of range"]]
    assert totals(lake) == (16, 7, 1, 8)


@pytest.mark.one_spark(4, "on Spark 3.5 streams of the product go on until they are stopped (spark-engine.test.ts, spark.test.ts)")
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
