"""Files of bronze that are not as a batch of silver needs them: cut, empty, moved. Told by name, and once they are back all is read."""
import os
import time

import pytest

from rtstream_lake import StateError

ROWS = 4
# As the job names them: partition, sequence numbers, rows.
NAME = f"0_{0:014}-{ROWS - 1:014}_{ROWS}.json"


@pytest.mark.one_spark(3, "the notebook's own counting; on Spark 4 it is told of a file without a byte, of which only Spark's checkpoint knows, in the test after this")
def test_a_file_that_was_cut_is_named_and_read_once_it_is_back(lake):
    """And a lake that was moved between two runs is told as moved; a file without its end of line, and rows that break a rule, are no cut."""
    placed = lake.place(NAME, *(lake.event(f"{number}") for number in range(ROWS)))
    lake.place(f"1_{0:014}-{1:014}_2.json", lake.event("bad", partition=1, temperature=99), lake.event("good", partition=1))
    last = lake.place(f"1_{2:014}-{3:014}_1_1.json", lake.event("last", partition=1))
    last.write_bytes(last.read_bytes().rstrip(b"\n"))
    # Names of other writers promise nothing.
    lake.place("1_2_3.json", lake.event("foreign", partition=1), '{"city":')
    whole = placed.read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    # Behind a whole line, in its last line, before its first byte.
    for end, held in ((ends[1], 2), (ends[3] - 9, ROWS - 1), (0, 0)):
        placed.write_bytes(whole[:end])
        with pytest.raises(StateError, match=f"^file:.*/bronze/weather/2026/03/01/12/00/{NAME} was cut: it holds {held} of the {ROWS} rows .*Put it back"):
            lake.run("silver")
    assert lake.rows("silver/weather") == lake.rows("silver/weather_quarantine") == []
    placed.write_bytes(whole)

    first, second = lake.root, lake.root.with_name("elsewhere ö")
    first.rename(second)
    lake.root = second
    # The first of them by name.
    with pytest.raises(StateError, match=f"^file:{first}/bronze/weather/.*/{NAME} is what silver had begun .* bronze is at file:{second}/bronze/weather/ now: the lake was moved") as told:
        lake.run("silver")
    assert "was cut" not in str(told.value) and "Move the lake back" in str(told.value)
    assert lake.rows("silver/weather") == []
    second.rename(first)
    lake.root = first

    lake.run("silver")
    assert lake.ids() == [*map(str, range(ROWS)), "foreign", "good", "last"]
    assert len(lake.rows("silver/weather_quarantine")) == 2


@pytest.mark.usual_spark(3, "the notebook's own sentence")
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
