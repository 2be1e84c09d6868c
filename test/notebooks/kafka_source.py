"""Spark reads the hub over Kafka, through silver and gold to the aggregate, and writes to it: `format("kafka")` as docs/clients.md has it.

Arguments: the file of `rtstream-tui endpoints --json`, a folder for the lake.
"""
import json
import os
import runpy
import sys

import conftest  # The parent's pipe, where the notebooks are, and a Spark that is small.

endpoints, root = sys.argv[1:3]
with open(endpoints) as file:
    at = json.load(file)
broker, connection_string, hub = at["kafka"], at["eventHubsConnectionString"], at["eventHub"]

import pyspark
from pyspark.sql import functions as F

from delta import configure_spark_with_delta_pip

scala = "2.12" if pyspark.__version__.startswith("3.") else "2.13"
builder = pyspark.sql.SparkSession.builder
for name, value in {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # A few rows, as in the suite's other Sparks; parity.py runs with Spark's own settings.
    **{name: without for name, (without, _) in conftest.GENERATED_CODE.items()},
}.items():
    builder = builder.config(name, value)
# The source of one 3.5 fits every 3.5.
version = "3.5.7" if pyspark.__version__.startswith("3.5.") else pyspark.__version__
package = f"org.apache.spark:spark-sql-kafka-0-10_{scala}:{version}"
spark = configure_spark_with_delta_pip(builder, extra_packages=[package]).getOrCreate()
spark.sparkContext.setLogLevel("ERROR")

client = {
    "kafka.bootstrap.servers": broker,
    "kafka.security.protocol": "SASL_PLAINTEXT",
    "kafka.sasl.mechanism": "PLAIN",
    "kafka.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="$ConnectionString" password="{connection_string}";',
}
records = spark.readStream.format("kafka").options(**client, subscribe=hub, startingOffsets="earliest").load()

# What Stream Analytics adds to each event, from what Kafka tells of it.
utc = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
spark.conf.set("spark.sql.session.timeZone", "UTC")
reading = "eventId string, deviceId string, city string, temperature double, humidity double, timestamp string"
events = records.select(
    F.from_json(F.col("value").cast("string"), reading).alias("event"),
    F.col("partition").alias("PartitionId"),
    F.col("offset").alias("SequenceNumber"),
    F.date_format("timestamp", utc).alias("EventEnqueuedUtcTime"),
).select("event.*", "PartitionId", "SequenceNumber", "EventEnqueuedUtcTime", F.col("EventEnqueuedUtcTime").alias("EventProcessedUtcTime"))


def place(rows, _batch):
    rows.coalesce(1).write.mode("append").json(f"{root}/bronze/weather/kafka")


def read():
    """What has come since the last call: the checkpoint knows how far that was."""
    stream = events.writeStream.foreachBatch(place).option("checkpointLocation", f"{root}/checkpoints/kafka")
    stream.trigger(availableNow=True).start().awaitTermination()


read()
more = {"eventId": "from spark", "deviceId": "spark", "city": "Oslo", "temperature": 30, "humidity": 50, "timestamp": "2026-03-01 12:30:00"}
spark.createDataFrame([("spark", json.dumps(more))], "key string, value string").write.format("kafka").options(
    **client, topic=hub
).save()
read()
os.environ.update(RTSTREAM_LAKE_ROOT=root, RTSTREAM_TRIGGER="availableNow")
for notebook in ("silver", "gold", "aggregate"):
    runpy.run_path(str(conftest.NOTEBOOKS / f"{notebook}.py"), run_name="__main__")

# The workshop's exercise, as it stands. It goes on with the session that there is.
sys.argv = ["read_with_spark.py", endpoints]
runpy.run_path(str(conftest.NOTEBOOKS.parent / "lessons" / "read_with_spark.py"), run_name="__main__")
rows = lambda table: spark.read.format("delta").load(f"{root}/{table}")
print(
    json.dumps(
        {
            "silver": sorted([row.eventId, row.partitionId] for row in rows("silver/weather").collect()),
            "quarantined": rows("silver/weather_quarantine").count(),
            "aggregate": sorted(
                [row.city, row.hour, row.readings, row.avg_temperature] for row in rows("gold/weather_aggregated").collect()
            ),
        }
    )
)
spark.stop()
