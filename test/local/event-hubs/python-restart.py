"""Sends and reads while the hub goes away and comes back. Prints what was acknowledged and what was read, as JSON."""

import json
import sys
import threading

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

connection, hub, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
acknowledged, read, errors = [], set(), []
all_read = threading.Event()

consumer = EventHubConsumerClient.from_connection_string(connection, "$Default", eventhub_name=hub)


def on_event(_, event):
    read.add(int(event.body_as_str()))
    if len(read) == count:
        all_read.set()


reader = threading.Thread(
    target=lambda: consumer.receive(
        on_event,
        on_error=lambda _, error: errors.append(str(error)),
        partition_id="0",
        starting_position="-1",
    )
)
reader.start()
producer = EventHubProducerClient.from_connection_string(connection, eventhub_name=hub)
with producer:
    for number in range(count):
        producer.send_event(EventData(str(number)), partition_id="0")
        acknowledged.append(number)
all_read.wait(30)
consumer.close()
reader.join()
print(json.dumps({"acknowledged": acknowledged, "read": sorted(read), "errors": errors}))
