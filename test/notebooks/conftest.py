"""One small local Spark for the whole suite, and a lake per test, on which the notebooks run as they are."""
import json
import os
import runpy
import sys
import tempfile
import threading
from pathlib import Path

import pyspark
import pytest
from py4j.java_gateway import JavaClass, JavaMember, JavaPackage, JVMView

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))
sys.dont_write_bytecode = True


def end_with_parent(pipe):
    """The pipe carries nothing: it ends when whoever started the tests is gone. Java then ends with this process."""
    os.read(pipe, 1)
    os._exit(1)


if "RTSTREAM_PARENT_PIPE" in os.environ:
    threading.Thread(target=end_with_parent, args=(int(os.environ.pop("RTSTREAM_PARENT_PIPE")),), daemon=True).start()



def remember_names(kind):
    """What a name of Java is does not change. Asked at each use, Java looks for it in each of its 300 archives, which was 5 % of the work."""
    ask = kind.__getattr__

    def find(self, name):
        found = ask(self, name)
        if isinstance(found, (JavaClass, JavaMember, JavaPackage)):
            self.__dict__[name] = found
        return found

    kind.__getattr__ = find


for kind in (JVMView, JavaPackage, JavaClass):
    remember_names(kind)

os.environ["PYSPARK_PYTHON"] = sys.executable
# Java's own options come from python-process.ts.
os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join(
    [
        "--master local[1] --driver-memory 1g",
        "--conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false",
        # Each plan is written down for a screen that is not there.
        "--conf spark.sql.ui.explainMode=simple",
        "--conf spark.databricks.delta.snapshotPartitions=1 --conf spark.sql.shuffle.partitions=1",
        "--conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1",
        # Not in the folder that the tests were started from.
        f"--conf spark.sql.warehouse.dir={tempfile.gettempdir()}/rtstream-spark-warehouse",
        "pyspark-shell",
    ]
)

# Java made for each plan is for many rows; here a batch has a few, and compiling was a third of the suite's work.
GENERATED_CODE = {
    "spark.sql.codegen.wholeStage": ("false", "true"),
    "spark.sql.codegen.factoryMode": ("NO_CODEGEN", "FALLBACK"),
    "spark.sql.adaptive.enabled": ("false", "true"),
}


# A marker of tests whose claim one version of Spark cannot keep otherwise than the other; it says why, and where the other's is proved.
# Spark 4 has its own suite for what differs: ANSI mode, Delta 4, its names of files, Connect.
ONE_SPARK = "one_spark(version, why): run on this version of Spark alone"
# Two Sparks through everything would be half of the suite's time: these take one of them, or none, unless both are asked for.
USUAL_SPARK = "usual_spark(version, why): run on this version of Spark alone, 0 on none, unless RTSTREAM_SPARKS is all (npm run test:sparks)"
ASKED = ("one_spark",) if os.environ.get("RTSTREAM_SPARKS") == "all" else ("one_spark", "usual_spark")


def pytest_collection_modifyitems(config, items):
    major = pyspark.__version__.split(".")[0]

    def is_of_another(item):
        return any((mark := item.get_closest_marker(name)) and str(mark.args[0]) != major for name in ASKED)

    others = [item for item in items if is_of_another(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def pytest_configure(config):
    """For this process and the Sparks that a test starts; programs that only import this file keep Spark's own settings."""
    for marker in (ONE_SPARK, USUAL_SPARK):
        config.addinivalue_line("markers", marker)
    interpreted = " ".join(f"--conf {name}={without}" for name, (without, _) in GENERATED_CODE.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{interpreted} {os.environ['PYSPARK_SUBMIT_ARGS']}"


@pytest.fixture
def generated_code(spark):
    """With Spark's own settings after all: tests of the rules, and of many rows."""
    for name, (_, default) in GENERATED_CODE.items():
        spark.conf.set(name, default)
    yield
    for name, (without, _) in GENERATED_CODE.items():
        spark.conf.set(name, without)


@pytest.fixture(scope="session")
def spark():
    from rtstream_lake import open_session

    session = open_session()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def run_cells(path):
    names = {"__name__": "__main__"}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name} {cell['id']}", "exec"), names)


class Lake:
    def __init__(self, root, spark, monkeypatch):
        self.root, self.spark, self.monkeypatch = root, spark, monkeypatch
        self.sequence_numbers = {}

    def event(self, event_id=None, *, partition=0, minute=0, second=0, **fields):
        """A line's object as the Stream Analytics job writes it; a field given as None is left out."""
        number = self.sequence_numbers.get(partition, 0)
        self.sequence_numbers[partition] = number + 1
        enqueued = f"2026-03-01T{12 + minute // 60:02}:{minute % 60:02}:{second:02}.1230000Z"
        event = {
            "eventId": event_id or f"e{partition}-{number}",
            "deviceId": "station-00001",
            "deviceSequenceNumber": number,
            "city": "Oslo",
            "temperature": 20,
            "humidity": 50,
            "timestamp": "2026-03-01 12:00:00",
            "createdAt": "2026-03-01T12:00:00.123Z",
            "EventProcessedUtcTime": enqueued,
            "PartitionId": partition,
            "EventEnqueuedUtcTime": enqueued,
            "SequenceNumber": number,
            **fields,
        }
        return {name: value for name, value in event.items() if value is not None}

    def place(self, name, *lines, end="\n", folder="2026/03/01/12/00"):
        """Places a file atomically, as the job does. @returns its path."""
        target = self.root / "bronze" / "weather" / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        unfinished = target.with_name(f".{name}.unfinished")
        unfinished.write_bytes("".join(text + end for text in texts).encode())
        unfinished.rename(target)
        return target

    def run(self, notebook, **parameters):
        settings = {"RTSTREAM_LAKE_ROOT": str(self.root), "RTSTREAM_TRIGGER": "availableNow", **parameters}
        for name, value in settings.items():
            self.monkeypatch.setenv(name, value)
        runpy.run_path(str(NOTEBOOKS / f"{notebook}.py"), run_name="__main__")

    def run_exported(self, *notebooks):
        """As exported, cell by cell, where none of their modules can be found."""
        folder = Path(os.environ["RTSTREAM_EXPORTED"])
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(NOTEBOOKS)])
            for name in [name for name in sys.modules if name.startswith("rtstream_")]:
                monkeypatch.delitem(sys.modules, name)
            monkeypatch.setenv("RTSTREAM_LAKE_ROOT", str(self.root))
            monkeypatch.setenv("RTSTREAM_TRIGGER", "availableNow")
            for notebook in notebooks:
                run_cells(folder / f"{notebook}.ipynb")
            assert not [name for name in sys.modules if name.startswith("rtstream_")]

    def rows(self, table):
        return [row.asDict() for row in self.spark.read.format("delta").load(str(self.root / table)).collect()]

    def ids(self, table="silver/weather"):
        return sorted(row["eventId"] for row in self.rows(table))

    def ledger(self, table):
        """The ledger in the log, oldest first."""
        commits = sorted((self.root / table / "_delta_log").glob("*.json"))
        infos = [json.loads(line).get("commitInfo") for path in commits for line in path.read_text().splitlines()]
        return [json.loads(info["userMetadata"]) for info in infos if info and "userMetadata" in info]


@pytest.fixture
def lake(tmp_path, spark, monkeypatch):
    return Lake(tmp_path / "lake", spark, monkeypatch)
