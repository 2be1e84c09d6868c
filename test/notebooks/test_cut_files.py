"""Files of bronze that are not as a batch of silver needs them: cut, empty, moved. Told by name, and once they are back all is read."""
import os
import time

import pytest

from rtstream_lake import StateError

ROWS = 4
# As the job names them: partition, sequence numbers, rows.
NAME = f"0_{0:014}-{ROWS - 1:014}_{ROWS}.json"


COUNTING = "the notebook's own counting; Spark 4 has the hardest of the three cuts"


@pytest.mark.parametrize("cut, held", [
    pytest.param("behind a whole line", 2, marks=pytest.mark.one_spark(3, COUNTING)),
    ("in its last line", ROWS - 1),
    pytest.param("before its first byte", 0, marks=pytest.mark.one_spark(3, COUNTING)),
])
def test_a_file_that_was_cut_is_named_and_read_once_it_is_back(lake, cut, held):
    placed = lake.place(NAME, *(lake.event(f"{number}") for number in range(ROWS)))
    lake.place(f"1_{0:014}-{0:014}_1.json", lake.event("other", partition=1))
    whole = placed.read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    placed.write_bytes(whole[: {"behind a whole line": ends[1], "in its last line": ends[3] - 9, "before its first byte": 0}[cut]])
    with pytest.raises(StateError, match=f"^file:.*/bronze/weather/2026/03/01/12/00/{NAME} was cut: it holds {held} of the {ROWS} rows .*Put it back"):
        lake.run("silver")
    assert lake.rows("silver/weather") == lake.rows("silver/weather_quarantine") == []
    placed.write_bytes(whole)
    lake.run("silver")
    assert lake.ids() == [*map(str, range(ROWS)), "other"]


def test_a_lake_that_was_moved_between_two_runs_is_told_as_moved(lake):
    placed = lake.place(NAME, *(lake.event(f"{number}") for number in range(ROWS)))
    whole = placed.read_bytes()
    placed.write_bytes(b"")
    with pytest.raises(StateError, match="was cut: it holds 0 of"):
        lake.run("silver")
    placed.write_bytes(whole)
    first, second = lake.root, lake.root.with_name("elsewhere ö")
    first.rename(second)
    lake.root = second
    with pytest.raises(StateError, match=f"^file:{first}/bronze/weather/.*/{NAME} is what silver had begun .* bronze is at file:{second}/bronze/weather/ now: the lake was moved") as told:
        lake.run("silver")
    assert "was cut" not in str(told.value) and "Move the lake back" in str(told.value)
    assert lake.rows("silver/weather") == []
    second.rename(first)
    lake.root = first
    lake.run("silver")
    assert lake.ids() == [*map(str, range(ROWS))]


@pytest.mark.one_spark(3, COUNTING)
def test_a_file_without_its_end_of_line_is_whole_and_rows_that_break_a_rule_are_no_cut(lake):
    lake.place(f"0_{0:014}-{1:014}_2.json", lake.event("bad", temperature=99), lake.event("good"))
    last = lake.place(f"0_{2:014}-{3:014}_1_1.json", lake.event("last"))
    last.write_bytes(last.read_bytes().rstrip(b"\n"))
    # Names of other writers promise nothing.
    lake.place("1_2_3.json", lake.event("foreign"), '{"city":')
    lake.run("silver")
    assert lake.ids() == ["foreign", "good", "last"]
    assert len(lake.rows("silver/weather_quarantine")) == 2


def test_an_empty_file_of_another_writer_is_named_once_and_the_stream_goes_on(lake, capsys):
    names = ["whole ö%2B.json", "empty file é.json", "empty in the second half.json", "last.json"]
    for number, name in enumerate(names):
        placed = lake.place(name, *([] if "empty" in name else [lake.event(name)]))
        os.utime(placed, (time.time() - 60 + number,) * 2)
    # Every second batch puts the source's log together with what came before.
    interval = "spark.sql.streaming.fileSource.log.compactInterval"
    lake.spark.conf.set(interval, "2")
    try:
        lake.run("silver", RTSTREAM_MAX_FILES="1")
    finally:
        lake.spark.conf.unset(interval)
    assert sorted(path.name for path in (lake.root / "checkpoints/silver/sources/0").glob("[0-9]*")) == ["0", "1.compact", "2", "3.compact"]
    said = [line for line in capsys.readouterr().out.splitlines() if " was empty" in line]
    assert [line.split(" was empty")[0].rpartition("/")[2] for line in said] == names[1:3]
    assert lake.ids() == ["last.json", "whole ö%2B.json"]
