"""kafka-python against the hub: produce idempotently and gzipped, read in a group, commit, find offsets by time. `kafka-python-client.py SERVERS CA PASSWORD HUB`"""
import json
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

servers, ca, password, hub = sys.argv[1:]
client = {
    "bootstrap_servers": servers,
    "security_protocol": "SASL_SSL",
    "ssl_cafile": ca,
    "sasl_mechanism": "PLAIN",
    "sasl_plain_username": "$ConnectionString",
    "sasl_plain_password": password,
}
producer = KafkaProducer(**client, compression_type="gzip", acks="all", enable_idempotence=True)
sent = [
    producer.send(hub, key=f"station-{number % 20:05d}".encode(), value=json.dumps({"number": number}).encode(), headers=[("n", b"%d" % number)])
    for number in range(200)
]
# A key that is no text, and no value.
sent.append(producer.send(hub, key=bytes([0, 0, 0, 0, 0, 0, 0x81, 0xFF]), value=None, partition=0))
placed = sorted((one.partition, one.offset) for one in (future.get(30) for future in sent))
producer.close()

refused = ""
other = KafkaProducer(**client, transactional_id="t")
try:
    other.init_transactions()
except KafkaError as error:
    refused = type(error).__name__
other.close(timeout=0)

consumer = KafkaConsumer(hub, **client, group_id="kafka-python", auto_offset_reset="earliest", enable_auto_commit=False)
seen = []
while len(seen) < len(sent):
    batches = consumer.poll(30_000)
    if not batches:
        break
    for records in batches.values():
        seen.extend(records)
consumer.commit()
partitions = [TopicPartition(hub, number) for number in sorted(consumer.partitions_for_topic(hub))]
first = min(seen, key=lambda record: record.timestamp)
found = consumer.offsets_for_times({one: first.timestamp for one in partitions})
numbered = [record for record in seen if record.value is not None]
print(json.dumps({
    "same": sorted((record.partition, record.offset) for record in seen) == placed,
    "numbers": sorted(json.loads(record.value)["number"] for record in numbered) == list(range(200)),
    "headers": all(dict(record.headers)["n"] == b"%d" % json.loads(record.value)["number"] for record in numbered),
    "odd": [list(record.key) for record in seen if record.value is None],
    "committed": sum(consumer.committed(one) or 0 for one in partitions),
    "found": min(one.offset for one in found.values() if one),
    "refused": refused,
}))
consumer.close()
