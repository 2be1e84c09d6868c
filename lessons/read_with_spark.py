"""Reads the event hub with Spark, as Databricks does.

`rtstream-tui endpoints --json > endpoints.json`, then `python read_with_spark.py endpoints.json`.
Needs Java 17 and `pip install pyspark`, 3.5 or 4.
"""
import json
import sys

import pyspark
from pyspark.sql import functions as F

with open(sys.argv[1]) as file:
    at = json.load(file)
# The source of one 3.5 fits every 3.5.
source = "2.12:3.5.7" if pyspark.__version__.startswith("3.5.") else f"2.13:{pyspark.__version__}"
package = f"org.apache.spark:spark-sql-kafka-0-10_{source}"
spark = pyspark.sql.SparkSession.builder.config("spark.jars.packages", package).getOrCreate()

events = spark.readStream.format("kafka").options(**{
    "kafka.bootstrap.servers": at["kafka"],
    "kafka.security.protocol": "SASL_PLAINTEXT",
    "kafka.sasl.mechanism": "PLAIN",
    "kafka.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="$ConnectionString" password="{at["eventHubsConnectionString"]}";',
    "subscribe": at["eventHub"],
    "startingOffsets": "earliest",
}).load()

# What a station sent is the value. Rubbish is null in each field: the exercise is to find out how much of it there is.
reading = F.from_json(events.value.cast("string"), "city string, temperature double").alias("reading")
cities = (
    events.select("partition", "offset", reading)
    .groupBy("reading.city")
    .agg(F.count("*").alias("readings"), F.round(F.avg("reading.temperature"), 1).alias("mean"))
    .orderBy("city")
)
# All that is there now; without the trigger it goes on, and counts what the generator sends.
cities.writeStream.outputMode("complete").format("console").trigger(availableNow=True).start().awaitTermination()
