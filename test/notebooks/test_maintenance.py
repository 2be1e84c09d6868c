"""Small files are kept in check: compacted by who writes them, and deleted once no version and no stream needs them."""
import os
import time

import pytest
from pyspark.errors import PySparkException

import rtstream_lake
from rtstream_lake import LakeTable, StateError, read_settings

FILES = 5


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


def silver_of(lake):
    """An empty table silver/weather, and a function that adds a reading at a minute as silver does, without its work."""
    table = LakeTable(lake.spark, read_settings(environment={"RTSTREAM_LAKE_ROOT": str(lake.root)}), "silver", app_id="test").create()

    def add(minute):
        values = dict.fromkeys(table.schema.names, "NULL") | {
            "eventId": f"'{minute}'", "city": "'Oslo'", "temperature": "20", "humidity": "50",
            "timestamp": "'2026-03-01 12:00:00'", "enqueuedAt": f"'2026-03-01 12:{minute:02}:00'"}
        columns = [f"CAST({values[field.name]} AS {field.dataType.simpleString()}) AS {field.name}" for field in table.schema]
        lake.spark.sql(f"SELECT {', '.join(columns)}").write.format("delta").mode("append").save(table.path)

    return add


def on_disk(lake, table):
    return {path.name for path in (lake.root / table).glob("*.parquet")}


def active(lake, table):
    return {path.rsplit("/", 1)[-1] for path in lake.spark.read.format("delta").load(str(lake.root / table)).inputFiles()}


def compactions(lake, table):
    history = lake.spark.sql(f"DESCRIBE HISTORY delta.`{lake.root / table}`")
    return history.where("operation = 'OPTIMIZE'").count()


@pytest.mark.usual_spark(3, "the notebook's own numbers of batches; what Delta does then is asked of both when its version is raised")
def test_files_are_compacted_and_deleted_when_neither_a_version_nor_a_stream_needs_them(lake, spark, eager, monkeypatch):
    """A new process compacts what it finds, once, and then by number."""
    monkeypatch.setattr(rtstream_lake, "BATCHES_PER_CLEANING", FILES)
    for minute in range(2):
        place_minute(lake, minute)
    lake.run("silver", RTSTREAM_MAX_FILES="1")
    assert compactions(lake, "silver/weather") == 0
    # What Delta knows of a table's files is its process's.
    stats = spark._jvm.org.apache.spark.sql.delta.stats.AutoCompactPartitionStats
    stats.instance(spark._jsparkSession).resetTestOnly()
    for minute in range(2, FILES):
        place_minute(lake, minute)
    lake.run("silver", RTSTREAM_MAX_FILES="1")
    assert compactions(lake, "silver/weather") == 1
    # A file for each batch, and fewer that hold the same rows.
    everything = on_disk(lake, "silver/weather")
    assert len(active(lake, "silver/weather")) == 3 < FILES < len(everything)
    assert lake.ids() == [str(minute) for minute in range(FILES)]
    # No stream reads the quarantine: silver has cleaned it, with its last batch.
    assert on_disk(lake, "silver/weather_quarantine") == active(lake, "silver/weather_quarantine")

    silver = LakeTable(spark, read_settings(), "silver", app_id="silver")
    silver.clean(read_from=0)
    assert on_disk(lake, "silver/weather") == everything
    newest = silver.spark.sql(f"DESCRIBE HISTORY delta.`{silver.path}`").first()["version"]
    silver.clean(read_from=newest + 1)
    assert on_disk(lake, "silver/weather") == active(lake, "silver/weather")


@pytest.mark.one_spark(3, "the notebook's own reckoning; files are deleted and kept on Spark 4 too, in the test before, when both are asked for")
def test_what_a_stream_has_still_to_read_keeps_everything_and_a_retention_too_short_is_refused(lake, spark, monkeypatch):
    """Whatever a version of Delta makes of the hours given to VACUUM: none are given."""
    said = []
    silver = LakeTable(spark, read_settings(environment={"RTSTREAM_LAKE_ROOT": str(lake.root)}), "silver", app_id="silver").create()

    class Spy:
        def sql(self, statement):
            said.append(statement)
            return spark.sql(statement)

    monkeypatch.setattr(silver, "spark", Spy())

    def vacuums(**arguments):
        said.clear()
        silver.clean(**arguments)
        return [statement for statement in said if statement.startswith("VACUUM")]

    assert vacuums() == [f"VACUUM delta.`{silver.path}`"]
    # Begun a moment ago, well within a week.
    assert len(vacuums(read_from=0)) == 1
    week = 7 * 24 * 3600
    monkeypatch.setattr(rtstream_lake.time, "time", lambda now=time.time: now() + week + 60)
    assert vacuums(read_from=0) == []
    # Vacuum itself may leave commits.
    assert len(vacuums(read_from=silver.history(1).first()["version"] + 1)) == 1
    spark.sql(f"ALTER TABLE delta.`{silver.path}` SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 59 minutes')")
    with pytest.raises(StateError, match="of silver/weather is interval 59 minutes.*Set it to 3600 seconds or more"):
        silver.clean()


def test_tables_are_made_for_every_reader_whatever_the_workspace_makes_them_with(lake, spark):
    defaults = {"enableDeletionVectors": "true", "checkpointPolicy": "v2", "columnMapping.mode": "name"}
    for name, value in defaults.items():
        spark.conf.set(f"spark.databricks.delta.properties.defaults.{name}", value)
    try:
        table = LakeTable(spark, read_settings(environment={"RTSTREAM_LAKE_ROOT": str(lake.root)}), "gold", app_id="gold").create()
    finally:
        for name in defaults:
            spark.conf.unset(f"spark.databricks.delta.properties.defaults.{name}")
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{table.path}`").first()
    assert detail["minReaderVersion"] == 1, detail


@pytest.mark.usual_spark(3, "the notebook's own reckoning of what it has read")
def test_gold_cleans_what_it_has_read_and_copies_no_minute_that_is_over(lake, eager, monkeypatch):
    """`gold/weather_by_minute` grows all day: what a batch rewrites must follow the batch, not the table."""
    cleaned = []
    monkeypatch.setattr(LakeTable, "clean", lambda table, read_from=None: cleaned.append((table.title, read_from)))
    add = silver_of(lake)
    add(0)
    lake.run("gold")
    first = active(lake, "gold/weather_by_minute")
    add(2)
    lake.run("gold")
    assert first < active(lake, "gold/weather_by_minute")
    assert sorted(row["minute"].minute for row in lake.rows("gold/weather_by_minute")) == [0, 2]
    # Version 0 made the table, 1 is what gold's first batch had read: the second reads on from behind it.
    assert cleaned == [("gold/weather_by_minute", None), ("silver/weather", 2)]


def test_a_log_goes_back_no_longer_than_its_files_unless_the_session_says_so(lake, spark):
    defaults = "spark.databricks.delta.properties.defaults."
    settings = read_settings(environment={"RTSTREAM_LAKE_ROOT": str(lake.root)})

    def properties_of(name):
        made = LakeTable(spark, settings, name, app_id="test").create()
        return spark.sql(f"DESCRIBE DETAIL {made.name}").first()["properties"]

    assert properties_of("silver").items() >= {
        "delta.logRetentionDuration": "interval 7 days", "delta.checkpointInterval": "100"
    }.items()
    spark.conf.set(f"{defaults}logRetentionDuration", "interval 2 days")
    try:
        assert properties_of("gold")["delta.logRetentionDuration"] == "interval 2 days"
    finally:
        spark.conf.unset(f"{defaults}logRetentionDuration")
    # A commit is one file; Databricks decides for itself.
    assert not list((lake.root / "silver/weather/_delta_log").glob("0*.crc"))


@pytest.mark.parametrize("runtime, value", [(None, "false"), ("16.4", None)])
def test_settings_of_open_source_delta_are_not_made_on_databricks(monkeypatch, spark, runtime, value):
    name = "spark.databricks.delta.writeChecksumFile.enabled"
    before = spark.conf.get(name)
    if runtime is not None:
        monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", runtime)
    spark.conf.unset(name)
    try:
        rtstream_lake.open_session()
        assert spark.conf.get(name, None) == value
    finally:
        spark.conf.set(name, before)


@pytest.mark.usual_spark(3, "Delta's source refuses it on both; the notebook asks for that in one setting")
def test_a_stream_whose_source_has_lost_its_log_stops_and_skips_nothing(lake, spark):
    defaults = "spark.databricks.delta.properties.defaults.checkpointInterval"
    spark.conf.set(defaults, "2")
    try:
        add = silver_of(lake)
        add(0)
        lake.run("gold")
    finally:
        spark.conf.unset(defaults)
    for minute in range(1, 4):
        add(minute)
    log = lake.root / "silver/weather/_delta_log"
    # The checkpoint stands for what gold has still to read.
    newest = max(int(path.name[:20]) for path in log.glob("*.checkpoint.parquet"))
    for path in log.glob("0*.json"):
        if int(path.name[:20]) < newest:
            path.unlink()
    # As after a cleanup by another process.
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    with pytest.raises(PySparkException):
        lake.run("gold")
    assert lake.ids("gold/weather") == ["0"]
