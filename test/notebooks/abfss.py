"""Spark writes a Delta table to the local lake over abfss://, with Hadoop's own driver, which has no PATCH.

Arguments: the lake's address over TLS (host:port), account, key, a trust store for Java and its password, a container.
"""
import os
import sys

import conftest  # noqa: F401  The parent's pipe, and a Spark that is small.

endpoint, account, key, trust_store, password, container = sys.argv[1:7]

from pyspark.sql import SparkSession

from delta import configure_spark_with_delta_pip

# Of the Hadoop that this Spark has.
DRIVER = "org.apache.hadoop:hadoop-azure:3.3.4"
host = f"{account}.dfs.core.windows.net"
java = f"-Djavax.net.ssl.trustStore={trust_store} -Djavax.net.ssl.trustStorePassword={password}"
os.environ["PYSPARK_SUBMIT_ARGS"] = f'--driver-java-options "{java}" {os.environ["PYSPARK_SUBMIT_ARGS"]}'
settings = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Another address than the account's own; the path then begins with the account.
    "spark.hadoop.fs.azure.abfs.endpoint": endpoint,
    f"spark.hadoop.fs.azure.account.key.{host}": key,
    f"spark.hadoop.fs.azure.account.auth.type.{host}": "SharedKey",
    "spark.hadoop.fs.azure.account.hns.enabled": "true",
    "spark.hadoop.fs.azure.ssl.channel.mode": "Default_JSSE",
    "spark.hadoop.fs.azure.io.retry.max.retries": "1",
}
builder = SparkSession.builder
for name, value in settings.items():
    builder = builder.config(name, value)
spark = configure_spark_with_delta_pip(builder, extra_packages=[DRIVER]).getOrCreate()
spark.sparkContext.setLogLevel("ERROR")

table = f"abfss://{container}@{host}/spark/weather"
rows = lambda *ids: spark.createDataFrame([(number, f"Zürich {number}") for number in ids], "id int, city string").coalesce(1)
rows(1, 2).write.format("delta").save(table)
rows(3).write.format("delta").mode("append").save(table)
print(sorted((row.id, row.city) for row in spark.read.format("delta").load(table).collect()))
path = spark._jvm.org.apache.hadoop.fs.Path(table)
files = path.getFileSystem(spark._jsc.hadoopConfiguration())
moved = spark._jvm.org.apache.hadoop.fs.Path(f"abfss://{container}@{host}/spark/moved")
print(files.rename(path, moved), files.exists(path), files.getFileStatus(moved).isDirectory(), files.delete(moved, True))
spark.stop()
