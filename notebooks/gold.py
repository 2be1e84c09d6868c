# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: rows that are ready for questions
# MAGIC
# MAGIC Silver is read **as a Delta table**, never by a glob over its Parquet files: a file counts once it is committed, and once
# MAGIC only. Two tables come out of it:
# MAGIC
# MAGIC | table | content |
# MAGIC |---|---|
# MAGIC | `gold/weather` | silver + `date` and `hour` of the measurement (UTC) |
# MAGIC | `gold/weather_by_minute` | per minute of arrival and city: readings, lowest, mean and highest temperature, mean humidity |
# MAGIC
# MAGIC The parameters are those of the silver notebook (`RTSTREAM_LAKE_ROOT` and its companions).

# COMMAND ----------

from pyspark.sql import functions as F

from rtstream_lake import Cached, LakeTable, mean_of_both, open_session, read_settings, run_stream

spark = open_session()
settings = read_settings(globals().get("dbutils"))

# Made when it is missing, so that gold may start before silver.
silver = LakeTable(spark, settings, "silver", app_id="silver").create()
gold = LakeTable(spark, settings, "gold", app_id="gold").create()
by_minute = LakeTable(spark, settings, "byMinute", app_id="gold-by-minute").create()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Minutes that go on growing
# MAGIC
# MAGIC A streaming aggregation would keep each minute's numbers in its state until the watermark closes it, and drop what comes
# MAGIC later. Here the table is the state: each micro-batch is summed up by itself and **merged** into the rows that are there.
# MAGIC `MERGE` touches only the minutes of the batch, and a reading that comes hours late still finds its minute.
# MAGIC
# MAGIC Means can be merged without loss: all readings are whole numbers, so mean × count gives back the exact sum.

# COMMAND ----------


def minutes_of(rows):
    return rows.groupBy(F.date_trunc("minute", "enqueuedAt").alias("minute"), "city").agg(
        F.count("*").alias("readings"),
        F.min("temperature").alias("min_temperature"),
        F.avg("temperature").alias("avg_temperature"),
        F.max("temperature").alias("max_temperature"),
        F.avg("humidity").alias("avg_humidity"),
    )


def merge_minutes(rows, books):
    with Cached(minutes_of(rows)) as minutes:
        earliest, latest = minutes.select(F.unix_micros(F.min("minute")), F.unix_micros(F.max("minute"))).first()
        # Named as constants, the bounds let Delta skip the files of all other minutes.
        span = f"table.minute BETWEEN timestamp_micros({earliest or 0}) AND timestamp_micros({latest or 0})"
        by_minute.merge(
            minutes,
            f"table.minute = new.minute AND table.city = new.city AND {span}",
            {
                "readings": "table.readings + new.readings",
                "min_temperature": "least(table.min_temperature, new.min_temperature)",
                "avg_temperature": mean_of_both("avg_temperature"),
                "max_temperature": "greatest(table.max_temperature, new.max_temperature)",
                "avg_humidity": mean_of_both("avg_humidity"),
            },
            books,
        )


# COMMAND ----------

# MAGIC %md
# MAGIC ## One micro-batch
# MAGIC
# MAGIC Again two commits, each with the batch's number: whatever a crash left undone is done by the next run, and nothing twice.

# COMMAND ----------


def write(rows, batch):
    with Cached(rows.withColumn("date", F.to_date("timestamp")).withColumn("hour", F.hour("timestamp"))) as readings:
        if batch.is_repeated:
            books = batch.books()
        else:
            count = readings.count()
            books = batch.books(input=count, output=count)
            gold.append(readings, books)
        merge_minutes(readings, books)


readings = spark.readStream.format("delta").load(silver.path)
run_stream(spark, settings, "gold", version=1, rows=readings, table=gold, write=write)
