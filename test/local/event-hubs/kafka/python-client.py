"""librdkafka against the hub: produce idempotently and gzipped, read in a group, commit. `python-client.py SERVERS CA PASSWORD HUB`"""
import json
import sys

from confluent_kafka import Consumer, Producer, TopicPartition

servers, ca, password, hub = sys.argv[1:]
kafka = {
    "bootstrap.servers": servers,
    "security.protocol": "SASL_SSL",
    "ssl.ca.location": ca,
    "sasl.mechanism": "PLAIN",
    "sasl.username": "$ConnectionString",
    "sasl.password": password,
}
delivered, errors = [], []


def on_delivery(error, message):
    if error:
        errors.append(str(error))
    else:
        delivered.append((message.partition(), message.offset()))


producer = Producer({**kafka, "enable.idempotence": True, "compression.type": "gzip"})
for number in range(500):
    producer.produce(hub, key=f"station-{number % 20:05d}", value=json.dumps({"number": number}), on_delivery=on_delivery)
producer.flush(30)

consumer = Consumer({**kafka, "group.id": "python", "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe([hub])
seen = []
while len(seen) < 500:
    messages = consumer.consume(500, 30)
    if not messages:
        break
    for message in messages:
        assert message.error() is None, message.error()
        seen.append((message.partition(), message.offset(), json.loads(message.value())["number"]))
consumer.commit(asynchronous=False)
committed = sum(one.offset for one in consumer.committed([TopicPartition(hub, number) for number in range(4)]))
consumer.close()
print(json.dumps({
    "errors": errors,
    "delivered": len(set(delivered)),
    "same": sorted(delivered) == sorted((partition, offset) for partition, offset, _ in seen),
    "numbers": sorted(number for _, _, number in seen) == list(range(500)),
    "committed": committed,
}))
