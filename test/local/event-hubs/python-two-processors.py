"""Two processors of one group, which share the partitions out through a checkpoint store of blobs. Prints one JSON object."""

import json
import sys
import threading
import time

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore

CONNECTION, HUB, ACCOUNT = sys.argv[1:4]
EACH = 25


class Processor:
    def __init__(self):
        self.owned = set()
        self.received = []
        store = BlobCheckpointStore.from_connection_string(ACCOUNT, "checkpoints")
        self.client = EventHubConsumerClient.from_connection_string(
            CONNECTION,
            consumer_group="$Default",
            eventhub_name=HUB,
            checkpoint_store=store,
            load_balancing_interval=1,
            partition_ownership_expiration_interval=20,
        )
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        self.client.receive(
            self.take,
            on_partition_initialize=lambda partition: self.owned.add(partition.partition_id),
            on_partition_close=lambda partition, reason: self.owned.discard(partition.partition_id),
            on_error=lambda partition, error: None,
            starting_position="-1",
        )

    def take(self, partition, event):
        self.received.append(event.body_as_str())
        partition.update_checkpoint(event)

    def close(self):
        self.client.close()
        self.thread.join()


def until(what, condition):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: {first.owned} {second.owned} {len(first.received)} {len(second.received)}")
        time.sleep(0.05)


def send(name):
    with EventHubProducerClient.from_connection_string(CONNECTION, eventhub_name=HUB) as producer:
        for partition in producer.get_partition_ids():
            batch = producer.create_batch(partition_id=partition)
            for index in range(EACH):
                batch.add(EventData(f"{name} {partition} {index}"))
            producer.send_batch(batch)


first = Processor()
second = first
until("one owns all", lambda: len(first.owned) == 4)
second = Processor()
until("two own half", lambda: (len(first.owned), len(second.owned)) == (2, 2))
shared = [sorted(first.owned), sorted(second.owned)]
send("shared")
until("all were read", lambda: len(first.received) + len(second.received) >= 4 * EACH)
each = [len(first.received), len(second.received)]
first.close()
until("the other takes over", lambda: len(second.owned) == 4)
send("alone")
until("all were read again", lambda: len(first.received) + len(second.received) >= 8 * EACH)
second.close()
everything = first.received + second.received
print(json.dumps({"shared": shared, "each": each, "events": len(everything), "distinct": len(set(everything))}))
