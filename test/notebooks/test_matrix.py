"""Writes the matrix of Delta tables (delta_matrix.py) for the readers that are not Spark's; delta-forms.ts holds those against it."""
import json
import os
from pathlib import Path

import pytest

from delta_matrix import write_matrix


@pytest.mark.usual_spark(0, "what it writes is kept (recorded-tables.ts) and read in delta-recorded.test.ts")
def test_spark_reads_what_it_wrote(spark):
    root = Path(os.environ["RTSTREAM_MATRIX"])
    found = write_matrix(spark, root)
    assert all(table["rows"] > 20 for table in found.values())
    (root / "truth.json").write_text(json.dumps(found))
