"""
Seattle's weather of 1,461 days (vega-datasets) as events, and what pandas makes of it. A day has two readings, its highest and
its lowest temperature; the data set has no humidity, so the day's precipitation (mm) stands in its place.
"""
import json

import pandas as pd
from vega_datasets import local_data

# In the seed's four fields, or with all.
FORMS = {"four": "Seattle", "full": "Seattle (full form)"}


def _day_by_day():
    days = local_data.seattle_weather()
    both = [
        pd.DataFrame({"at": days["date"] + pd.Timedelta(at), "temperature": days[column], "humidity": days["precipitation"]})
        for column, at in (("temp_max", "15:00:00"), ("temp_min", "15:30:00"))
    ]
    readings = pd.concat(both).sort_values("at", ignore_index=True)
    # The contract has whole numbers.
    return readings.assign(**{name: readings[name].round().astype(int) for name in ("temperature", "humidity")})


def expected_readings():
    """All readings, of both forms."""
    return pd.concat([_day_by_day().assign(city=city) for city in FORMS.values()], ignore_index=True)


def expected_hours():
    """By city, date and hour: mean temperature, mean humidity, readings."""
    readings = expected_readings()
    hours = readings.groupby(["city", readings["at"].dt.date, readings["at"].dt.hour]).agg(
        {"temperature": "mean", "humidity": "mean", "at": "size"}
    )
    return {(city, str(date), hour): tuple(row) for (city, date, hour), row in zip(hours.index, hours.itertuples(index=False))}


def events(form):
    """What a sender sends."""
    for number, row in enumerate(_day_by_day().itertuples(index=False)):
        at = row.at.strftime("%Y-%m-%d %H:%M:%S")
        event = {"temperature": row.temperature, "humidity": row.humidity, "city": FORMS[form], "timestamp": at}
        if form == "full":
            event |= {
                "eventId": f"00000000-0000-4000-8000-{number:012}",
                "deviceId": "station-00001",
                "deviceSequenceNumber": number,
                "createdAt": row.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            }
        yield event


def lines(form):
    """The events as the Stream Analytics job writes them."""
    partition = list(FORMS).index(form)
    for number, event in enumerate(events(form)):
        enqueued = f"2026-03-01T12:{number // 60 % 60:02}:{number % 60:02}.0000000Z"
        more = {"EventProcessedUtcTime": enqueued, "PartitionId": partition, "EventEnqueuedUtcTime": enqueued}
        yield json.dumps({**event, **more, "SequenceNumber": number})


def assert_equal(silver, gold, aggregated):
    """The three tables, as pandas has read them, hold what pandas has reckoned."""
    wanted = expected_readings().rename(columns={"at": "timestamp"})
    for table in (silver, gold):
        found = table[["timestamp", "temperature", "humidity", "city"]].copy()
        found["timestamp"] = pd.to_datetime(found["timestamp"], utc=True).dt.tz_localize(None)
        order = ["city", "timestamp"]
        left, right = (
            frame[["timestamp", "temperature", "humidity", "city"]].sort_values(order, ignore_index=True)
            for frame in (found, wanted)
        )
        pd.testing.assert_frame_equal(left, right, check_dtype=False)
    assert (gold["date"].astype(str) == pd.to_datetime(gold["timestamp"], utc=True).dt.strftime("%Y-%m-%d")).all()
    hours = {
        (row.city, str(row.date)[:10], row.hour): (row.avg_temperature, row.avg_humidity, row.readings)
        for row in aggregated.itertuples(index=False)
    }
    wanted = expected_hours()
    assert hours.keys() == wanted.keys() and len(hours) > 2900
    for key, numbers in wanted.items():
        assert all(abs(found - number) <= 1e-9 for found, number in zip(hours[key], numbers)), (key, hours[key], numbers)
