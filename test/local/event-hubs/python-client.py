"""What a person's own script would do: send, look, and read with azure-eventhub. Prints one JSON object."""

import datetime
import json
import sys
import threading

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import EventHubError

CONNECTION = sys.argv[1]
OPTIONS = json.loads(sys.argv[2])
HUB = "weather"


def producer():
    return EventHubProducerClient.from_connection_string(CONNECTION, eventhub_name=HUB, **OPTIONS)


def read(starting_position, count, **options):
    """Bodies of the first events of partition 0 from there on, until there are so many."""
    consumer = EventHubConsumerClient.from_connection_string(
        CONNECTION, consumer_group="$Default", eventhub_name=HUB, **OPTIONS
    )
    found = []

    def on_event(partition_context, event):
        if event is not None:
            found.append(event)
        if len(found) >= count:
            threading.Thread(target=consumer.close).start()

    def on_error(partition_context, error):
        found.append(error)
        threading.Thread(target=consumer.close).start()

    consumer.receive(
        on_event,
        on_error=on_error,
        partition_id="0",
        starting_position=starting_position,
        max_wait_time=1,
        **options,
    )
    for error in found:
        if isinstance(error, Exception):
            raise error
    return found[:count]


def bodies(events):
    return [event.body_as_str() for event in events]


def sequence_numbers(events):
    return [event.sequence_number for event in events]


result = {}
with producer() as sender:
    result["partitions"] = sender.get_partition_ids()
    batch = sender.create_batch(partition_id="0")
    result["maxSize"] = batch.max_size_in_bytes
    for index in range(10):
        event = EventData(json.dumps({"index": index, "city": "Zürich"}))
        event.properties = {"n": index}
        batch.add(event)
    sender.send_batch(batch)
    by_key = sender.create_batch(partition_key="station-00007")
    by_key.add(EventData("by key"))
    sender.send_batch(by_key)
    large = sender.create_batch(partition_id="1")
    while True:
        try:
            large.add(EventData("x" * 5000))
        except ValueError:
            break
    sender.send_batch(large)
    result["large"] = len(large)
    sender.send_event(EventData("alone"), partition_id="2")
    result["properties"] = sender.get_partition_properties("0")["last_enqueued_sequence_number"]

earliest = read("-1", 10)
result["earliest"] = sequence_numbers(earliest)
result["first"] = {
    "body": json.loads(earliest[0].body_as_str()),
    "offset": earliest[0].offset,
    "n": earliest[0].properties[b"n"],
    "enqueued": earliest[0].enqueued_time.timestamp() * 1000,
}
result["afterOffset"] = sequence_numbers(read("6", 3))
result["atSequenceNumber"] = sequence_numbers(read(8, 2, starting_position_inclusive=True))
before = earliest[0].enqueued_time - datetime.timedelta(seconds=1)
result["byTime"] = sequence_numbers(read(before, 10))
tracked = read(8, 1, track_last_enqueued_event_properties=True)
result["tracked"] = sequence_numbers(tracked)

wrong = EventHubProducerClient.from_connection_string(
    CONNECTION.replace("SharedAccessKey=", "SharedAccessKey=wrong"), eventhub_name=HUB, retry_total=0, **OPTIONS
)
try:
    with wrong:
        wrong.send_event(EventData("never"))
    result["wrongKey"] = "let in"
except EventHubError as error:
    result["wrongKey"] = type(error).__name__

print(json.dumps(result))
