"""Why silver looks ids up in its tables: what Spark's own operator makes of the same rows (docs/decisions/008)."""
import os

import pytest

from rtstream_rules import validate


def place_in_order(lake, *events):
    for number, event in enumerate(events):
        # Spark takes files in the order of their times.
        os.utime(lake.place(f"{number}.json", event), (1_772_366_400 + number,) * 2)


@pytest.mark.one_spark(3, "how Spark's operator loses rows is a reason, not a promise; silver keeps those of a lagging partition on both (test_medallion.py)")
def test_a_lagging_partition_is_dropped_by_sparks_own_operator_and_kept_by_silver(lake, spark):
    place_in_order(
        lake,
        lake.event("x", minute=0),
        # Further away than ten minutes: another reading.
        lake.event("x", minute=15),
        lake.event("y", minute=90),
        # Read late, with an id that never was before.
        lake.event("old", partition=1, minute=5),
    )
    lines = (
        spark.readStream.format("text")
        .option("maxFilesPerTrigger", 1)
        .option("recursiveFileLookup", "true")
        .load(str(lake.root / "bronze"))
    )
    rows = validate(lines).withWatermark("enqueuedAt", "10 minutes").dropDuplicatesWithinWatermark(["eventId"])
    query = (
        rows.writeStream.format("memory")
        .queryName("kept_by_the_operator")
        .option("checkpointLocation", str(lake.root / "operator"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    assert sorted(row.eventId for row in spark.table("kept_by_the_operator").collect()) == ["x", "y"]
    # It counts what it drops, but only in the progress: after the batch, and in no commit.
    states = [state for progress in query.recentProgress for state in progress["stateOperators"]]
    assert sum(state["numRowsDroppedByWatermark"] for state in states) == 1

    lake.run("silver")
    assert lake.ids() == ["old", "x", "x", "y"]
    assert lake.ledger("silver/weather")[-1]["totals"] == {"input": 4, "output": 4, "quarantined": 0, "duplicates": 0}
