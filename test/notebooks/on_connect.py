"""
Silver and gold on a Spark Connect server of this process, as Databricks' standard access mode has it: `on_connect.py FOLDER EXPORTED`.
As exported, with RTSTREAM_SPARKS=all also with the modules beside the notebooks; and how a failure reaches who runs them. Prints one JSON
object.
"""
import json
import os
import runpy
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from delta.pip_utils import configure_spark_with_delta_pip  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

import conftest  # noqa: E402,F401  The parent's pipe, and where the notebooks are.

FOLDER, EXPORTED = map(Path, sys.argv[1:3])


def connect():
    for name in ("PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE"):
        os.environ.pop(name, None)
    # It takes no other builder; what it says is wanted of Maven goes to the server too.
    local = configure_spark_with_delta_pip(SparkSession.Builder())
    packages = {"spark.jars.packages": local._options["spark.jars.packages"]}
    builder = SparkSession.builder.remote("local[1]")
    options = {
        **packages,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        # With Spark's own settings the suite beside this runs the rules, edge values and Seattle's weather: here it is how code and errors travel.
        **{name: without for name, (without, _) in conftest.GENERATED_CODE.items()},
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


# Spark gives the process of a foreachBatch function ten seconds to start, and has no setting for it. It imports pandas and gRPC first,
# which takes that long on a machine that does other things: nothing has run yet then, and the same notebook may start again.
SLOW_START = "failed to connect back"
STARTS = 6


def patiently(run, notebook):
    for start in range(1, STARTS + 1):
        try:
            return run(notebook)
        except Exception as error:
            if SLOW_START not in str(error) or start == STARTS:
                raise
            print(f"{notebook}: the process of the batches was too slow to start ({start}), once more", file=sys.stderr)


def place(lake, name, number, *events):
    fields = {"city": "Oslo", "temperature": 20, "humidity": 50, "timestamp": "2026-03-01 12:00:00", "PartitionId": 0}
    lines = []
    for event_id in events:
        at = {"EventEnqueuedUtcTime": f"2026-03-01T12:{number:02}:00Z", "SequenceNumber": number}
        lines.append(event_id if event_id == "junk" else json.dumps({"eventId": event_id, **fields, **at}))
    target = lake / "bronze" / "weather" / "2026" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_name(f".{name}").write_text("\n".join(lines))
    target.with_name(f".{name}").rename(target)


def run_beside_modules(notebook):
    sys.path.insert(0, str(ROOT / "notebooks"))
    try:
        runpy.run_path(str(ROOT / "notebooks" / f"{notebook}.py"), run_name="__main__")
    finally:
        sys.path.remove(str(ROOT / "notebooks"))


def run_exported(notebook):
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("rtstream_")}
    names = {"__name__": "__main__"}
    for cell in json.loads((EXPORTED / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{notebook} {cell['id']}", "exec"), names)
    sys.modules.update(hidden)


def contents(spark, lake):
    def column(table, name):
        return sorted(row[0] for row in spark.read.format("delta").load(str(lake / table)).select(name).collect())

    return {
        "silver": column("silver/weather", "eventId"),
        "quarantine": column("silver/weather_quarantine", "raw"),
        "gold": column("gold/weather", "eventId"),
    }


def said(action):
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def main():
    sys.path[:] = [entry for entry in sys.path if entry != str(conftest.NOTEBOOKS)]
    spark = connect()
    os.environ["RTSTREAM_TRIGGER"] = "availableNow"
    result = {}
    forms = {"exported": run_exported, **({"modules": run_beside_modules} if os.environ.get("RTSTREAM_SPARKS") == "all" else {})}
    for form, run in forms.items():
        lake = FOLDER / form
        os.environ["RTSTREAM_LAKE_ROOT"] = str(lake)
        place(lake, "a", 0, "a", "a", "b", "junk")
        patiently(run, "silver")
        patiently(run, "gold")
        result[form] = contents(spark, lake)
    # In the client, before the stream begins; and in the batch function, which runs elsewhere.
    lake = FOLDER / "exported"
    os.environ["RTSTREAM_LAKE_ROOT"] = str(lake)
    shutil.move(lake / "checkpoints" / "silver", FOLDER / "kept")
    result["refusal"] = said(lambda: run_exported("silver"))
    shutil.move(FOLDER / "kept", lake / "checkpoints" / "silver")
    shutil.rmtree(lake / "silver" / "weather")
    place(lake, "b", 1, "c")
    result["inBatch"] = said(lambda: patiently(run_exported, "silver"))
    print(json.dumps(result, ensure_ascii=False), flush=True)


main()
os._exit(0)
