"""Parameters and settings where the platform is not a cluster of one's own."""
import pytest

import rtstream_lake
from rtstream_lake import ParameterError, open_session, read_settings

SERVERLESS = {"RTSTREAM_LAKE_ROOT": "/lake", "DATABRICKS_RUNTIME_VERSION": "client.4.9"}


def test_serverless_is_told_in_one_sentence_what_cannot_run_there():
    with pytest.raises(ParameterError, match="^Serverless compute has no trigger processingTime, [^.]*RTSTREAM_TRIGGER=availableNow.$"):
        read_settings(environment=SERVERLESS)
    assert read_settings(environment={**SERVERLESS, "RTSTREAM_TRIGGER": "availableNow"}).source == "cloudFiles"
    assert read_settings(environment={**SERVERLESS, "DATABRICKS_RUNTIME_VERSION": "16.4"}).trigger == "processingTime"


def test_a_setting_that_is_refused_takes_no_other_with_it(spark, monkeypatch):
    """The first is one that no Spark lets be changed once it runs."""
    monkeypatch.setattr(
        rtstream_lake, "_SETTINGS", {"spark.sql.warehouse.dir": ("/nowhere", None), **rtstream_lake._SETTINGS}
    )
    spark.conf.unset("spark.sql.parquet.outputTimestampType")
    spark.conf.set("spark.sql.shuffle.partitions", "200")
    open_session()
    assert spark.conf.get("spark.sql.parquet.outputTimestampType") == "TIMESTAMP_MICROS"
    assert spark.conf.get("spark.sql.shuffle.partitions") == "4"
    # What somebody has chosen stays.
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    open_session()
    assert spark.conf.get("spark.sql.shuffle.partitions") == "1"
