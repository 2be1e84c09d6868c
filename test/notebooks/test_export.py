"""The exported notebooks, run cell by cell where none of their modules can be found."""
import json
import os
import sys
from pathlib import Path

import pytest

from conftest import NOTEBOOKS


@pytest.fixture
def exported():
    return Path(os.environ["RTSTREAM_EXPORTED"])


def run_cells(path):
    names = {"__name__": "__main__"}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name} {cell['id']}", "exec"), names)


@pytest.mark.one_spark(3, "Spark 4 runs silver and gold as exported too, on Connect (on_connect.py)")
def test_exported_notebooks_need_no_file_beside_them(lake, exported, monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(NOTEBOOKS)])
    for name in [name for name in sys.modules if name.startswith("rtstream_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("RTSTREAM_LAKE_ROOT", str(lake.root))
    monkeypatch.setenv("RTSTREAM_TRIGGER", "availableNow")
    lake.place("a.json", lake.event("a"), lake.event("a"), lake.event("b", temperature=30), "junk")
    for notebook in ("silver", "gold", "aggregate"):
        run_cells(exported / f"{notebook}.ipynb")
    assert lake.ids("gold/weather") == ["a", "b"]
    assert [row["raw"] for row in lake.rows("silver/weather_quarantine")] == ["junk"]
    assert [(row["readings"], row["avg_temperature"]) for row in lake.rows("gold/weather_aggregated")] == [(2, 25.0)]
