"""Sends through the buffered producer, then reads as a group of one with checkpoints in the lake, is stopped, and goes on."""

import json
import sys
import threading
import time
from urllib.parse import urlparse

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore

GROUP = "$Default"
connection, hub, count, lake = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
acknowledged, refused = [], []


def store():
    return BlobCheckpointStore.from_connection_string(lake, "checkpoints")


def claims():
    """Who holds which partition, by the tag of the claim: each renewal makes a new one."""
    with store() as checkpoints:
        owned = checkpoints.list_ownership(urlparse(connection[len("Endpoint="):].split(";")[0]).netloc, hub, GROUP)
    return {claim["partition_id"]: (claim["owner_id"], claim["etag"]) for claim in owned}


def renewed(before):
    """Waits until all claims were renewed by who held them."""
    for _ in range(200):
        now = claims()
        if len(before) == len(now) == 4 and all(
            now[one][0] == owner and now[one][1] != etag for one, (owner, etag) in before.items()
        ):
            return True
        time.sleep(0.1)
    return False


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


def receive(wanted):
    bodies, done = [], threading.Event()
    consumer = EventHubConsumerClient.from_connection_string(
        connection, GROUP, eventhub_name=hub, checkpoint_store=store(), load_balancing_interval=1
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
    held = renewed(claims())
    consumer.close()
    reader.join()
    return {"bodies": sorted(bodies), "renewed": held}


send(0, count)
first = receive(count)
send(count, 2 * count)
second = receive(count)
print(json.dumps({"acknowledged": len(acknowledged), "refused": refused, "first": first, "second": second}))
