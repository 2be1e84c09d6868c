"""Sends through the buffered producer, then reads as a group of one with checkpoints, is stopped, and goes on."""

import json
import sys
import threading
import time

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

connection, hub, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
acknowledged, refused = [], []


class MemoryCheckpoints:
    """What a checkpoint store has to do, without the store."""

    def __init__(self):
        self.owners, self.checkpoints, self.claims = {}, {}, 0

    def list_ownership(self, *_, **__):
        return list(self.owners.values())

    def claim_ownership(self, ownerships, **_):
        claimed = []
        for ownership in ownerships:
            self.claims += 1
            claimed.append({**ownership, "etag": str(self.claims), "last_modified_time": time.time()})
            self.owners[ownership["partition_id"]] = claimed[-1]
        return claimed

    def update_checkpoint(self, checkpoint, **_):
        self.checkpoints[checkpoint["partition_id"]] = checkpoint

    def list_checkpoints(self, *_, **__):
        return list(self.checkpoints.values())


def send(first, last):
    producer = EventHubProducerClient.from_connection_string(
        connection,
        eventhub_name=hub,
        buffered_mode=True,
        on_success=lambda events, _: acknowledged.extend(events),
        on_error=lambda _events, _partition, error: refused.append(str(error)),
    )
    with producer:
        for index in range(first, last):
            producer.send_event(EventData(str(index)), partition_key=f"station-{index % 17}")
        producer.flush()


def receive(store, wanted):
    bodies, done = [], threading.Event()
    consumer = EventHubConsumerClient.from_connection_string(
        connection, "$Default", eventhub_name=hub, checkpoint_store=store, load_balancing_interval=1
    )

    # One by one, the SDK waits at every idle partition before it looks at the next.
    def take(partition, events):
        bodies.extend(int(event.body_as_str()) for event in events)
        partition.update_checkpoint()
        if len(bodies) == wanted:
            done.set()

    reader = threading.Thread(target=lambda: consumer.receive_batch(take, starting_position="-1"))
    reader.start()
    done.wait(20)
    consumer.close()
    reader.join()
    return sorted(bodies)


checkpoints = MemoryCheckpoints()
send(0, count)
first = receive(checkpoints, count)
send(count, 2 * count)
second = receive(checkpoints, count)
print(json.dumps({"acknowledged": len(acknowledged), "refused": refused, "first": first, "second": second}))
